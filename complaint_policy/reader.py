"""YAML text to a located tree, strictly.

Every node knows its file, line and column.  Scalars stay text: what a word means is decided by
the place it stands in, so ``NO``, ``13:30`` and ``0.10`` mean what they look like.  Tags, anchors,
aliases, merge keys and duplicate keys are refused.  Size and depth are bounded on the event
stream, before anything is built, so a hostile file costs little.
"""

from __future__ import annotations

import re
from typing import Any, Final

import yaml
from attrs import define, field, frozen

from complaint_policy.problems import Place, Problems
from complaint_policy.texts import Text

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_NODES", "Mapping", "Node", "Scalar", "Sequence", "from_plain", "plain", "read_yaml"]

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_DEPTH: Final = 64
MAX_NODES: Final = 250_000

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@frozen
class Scalar:
    """A text with its place; ``plain`` is false when it was quoted or a block."""

    value: str
    place: Place = field(eq=False)
    plain: bool = field(default=True, eq=False)


@frozen
class Sequence:
    items: tuple[Node, ...]
    place: Place = field(eq=False)


@frozen
class Entry:
    """One ``key: value`` of a mapping."""

    key: str
    value: Node
    place: Place = field(eq=False)  # of the key


@frozen
class Mapping:
    entries: tuple[Entry, ...]
    place: Place = field(eq=False)

    def get(self, key: str) -> Node | None:
        for entry in self.entries:
            if entry.key == key:
                return entry.value
        return None

    def key_place(self, key: str) -> Place:
        """The place of a key, or of the mapping where it has no such key."""
        for entry in self.entries:
            if entry.key == key:
                return entry.place
        return self.place

    def __contains__(self, key: object) -> bool:
        return any(e.key == key for e in self.entries)

    def keys(self) -> tuple[str, ...]:
        return tuple(e.key for e in self.entries)


Node = Scalar | Sequence | Mapping


def plain(node: Node) -> Any:
    """The tree as dicts, lists and texts, without places."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(n) for n in node.items]
    return {e.key: plain(e.value) for e in node.entries}


def read_yaml(text: str | bytes, file: str, problems: Problems) -> Node | None:
    """The one document in ``text``; ``None`` where nothing usable could be read.

    Problems are added to ``problems`` with their places; nothing is raised.
    """
    where = Place(file, 1, 1)
    if len(text) > MAX_BYTES:
        problems.add("too-large", where, limit=MAX_BYTES)
        return None
    if isinstance(text, bytes):
        decoded = _decoded(text, file, problems)
        if decoded is None:
            return None
        text = decoded
    try:
        return _built(file, text, problems)
    except UnicodeEncodeError as error:  # half of a surrogate pair, in a text handed in
        _bad_character(file, text, error.object[error.start], problems)
    except yaml.reader.ReaderError as error:
        # What the parser counts in (characters or bytes) depends on how it was built: the character itself tells.
        _bad_character(file, text, chr(error.character), problems)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else where
        problems.add("yaml-syntax", place, detail=_syntax(error), hint=_syntax_hint(text, mark))
    except yaml.YAMLError as error:
        problems.add("yaml-syntax", where, detail=str(error).splitlines()[0] if str(error) else "unreadable")
    except _Stop:
        pass
    return None


def _built(file: str, text: str, problems: Problems) -> Node | None:
    try:
        return _Builder(file, problems).build(text, _Loader)
    except yaml.MarkedYAMLError as error:
        # Newer libyaml scans ahead to its own limit before it hands over what passes ours.
        if "nesting depth" not in (error.problem or ""):
            raise
    return _Builder(file, problems).build(text, yaml.SafeLoader)


def _decoded(data: bytes, file: str, problems: Problems) -> str | None:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        problems.add("not-utf8", Place(file, before.count(b"\n") + 1, column))
        return None


# A comparison sign where a value begins: YAML reads `>` as the start of a block of text.
_SIGN: Final = re.compile(r"[:{,]\s*[\"']?(>=|<=|>|<|==|!=)\s*[0-9]")
_WORDS: Final = {">=": "at_least", "<=": "at_most", ">": "above", "<": "below", "==": "the value itself", "!=": "not"}


def _syntax_hint(text: str, mark: Any) -> Text | None:
    """What was probably meant on the line where the parser gave up."""
    if mark is None:
        return None
    lines = text.split("\n", mark.line + 1)
    line = lines[mark.line][: mark.column + 20] if mark.line < len(lines) else ""  # the mark may stand after the end
    found = _SIGN.search(line)
    if found is not None:
        return Text(f"write {_WORDS[found[1]]}", f"请写 {_WORDS[found[1]]}")
    if line[mark.column : mark.column + 1] in ("@", "`", "%"):
        return Text("put the text in quotes", "请给文本加引号")
    if line[mark.column : mark.column + 2] == ": " and ":" in line[: mark.column]:
        return Text("put the text in quotes: it has a colon in it", "请给文本加引号：其中含有冒号")
    if "\t" in line[: mark.column + 1]:
        return Text("indent with blanks, not with tabs", "请用空格缩进，不要用制表符")
    return None


def _syntax(error: yaml.MarkedYAMLError) -> str:
    parts = [p for p in (error.context, error.problem) if p]
    return ", ".join(parts) or "unreadable"


def _bad_character(file: str, text: str, character: str, problems: Problems) -> None:
    before = text[: max(text.find(character), 0)]
    place = Place(file, before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
    problems.add("bad-character", place, character=f"U+{ord(character):04X}")


class _Stop(Exception):
    """Reading goes no further."""


@define
class _Open:
    """A collection being read."""

    place: Place
    is_map: bool
    items: list[Node] = field(factory=list)
    entries: dict[str, Entry] = field(factory=dict)
    key: Scalar | None = None
    waiting_for_value: bool = False


class _Builder:
    def __init__(self, file: str, problems: Problems) -> None:
        self.file = file
        self.problems = problems
        self.stack: list[_Open] = []
        self.root: Node | None = None
        self.documents = 0
        self.nodes = 0

    def build(self, text: str, reader: Any) -> Node | None:
        loader = reader(text)
        try:
            while True:
                event = loader.get_event()
                if event is None or isinstance(event, yaml.StreamEndEvent):
                    break
                self._take(event)
        finally:
            loader.dispose()
        if self.root is None:
            self.problems.add("empty-file", Place(self.file, 1, 1))
        return self.root

    def _place(self, event: Any) -> Place:
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _take(self, event: Any) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self.problems.add("several-documents", self._place(event))
                raise _Stop
        elif isinstance(event, yaml.AliasEvent):
            place = self._place(event)
            self.problems.add("alias", place, name=event.anchor)
            self._node(Scalar("", place))
        elif isinstance(event, yaml.ScalarEvent):
            place = self._place(event)
            self._refuse_marks(event, place)
            self._node(Scalar(event.value, place, not event.style))
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            place = self._place(event)
            self._refuse_marks(event, place)
            if len(self.stack) >= MAX_DEPTH:
                self.problems.add("too-deep", place, limit=MAX_DEPTH)
                raise _Stop
            self.stack.append(_Open(place, isinstance(event, yaml.MappingStartEvent)))
        elif isinstance(event, yaml.MappingEndEvent):
            done = self.stack.pop()
            self._node(Mapping(tuple(done.entries.values()), done.place))
        elif isinstance(event, yaml.SequenceEndEvent):
            done = self.stack.pop()
            self._node(Sequence(tuple(done.items), done.place))

    def _refuse_marks(self, event: Any, place: Place) -> None:
        if event.anchor is not None:
            self.problems.add("anchor", place, name=event.anchor)
        if event.tag is not None:
            self.problems.add("tag", place, tag=event.tag)

    def _node(self, node: Node) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self.problems.add("too-many-nodes", node.place, limit=MAX_NODES)
            raise _Stop
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        if not top.is_map:
            top.items.append(node)
        elif not top.waiting_for_value:
            top.waiting_for_value = True
            top.key = self._key(node)
        else:
            top.waiting_for_value = False
            if top.key is not None:
                self._entry(top, top.key, node)

    def _key(self, node: Node) -> Scalar | None:
        if not isinstance(node, Scalar):
            self.problems.add("key-not-text", node.place)
            return None
        if node.value == "<<" and node.plain:
            self.problems.add("merge-key", node.place)
            return None
        return node

    def _entry(self, top: _Open, key: Scalar, node: Node) -> None:
        earlier = top.entries.get(key.value)
        if earlier is None:
            top.entries[key.value] = Entry(key.value, node, key.place)
        else:
            self._duplicate(earlier, key)

    def _duplicate(self, earlier: Entry, key: Scalar) -> None:
        for here, there in ((earlier.place, key.place), (key.place, earlier.place)):
            self.problems.add("duplicate-key", here, name=key.value, other=_line(there))


def _line(place: Place) -> Text:
    return Text(f"line {place.line}", f"第 {place.line} 行")


def from_plain(data: Any, file: str) -> Node:
    """Plain data (dicts, lists, scalars) as a tree without places of its own."""
    place = Place(file)
    if isinstance(data, dict):
        return Mapping(tuple(Entry(str(k), from_plain(v, file), place) for k, v in data.items()), place)
    if isinstance(data, (list, tuple)):
        return Sequence(tuple(from_plain(v, file) for v in data), place)
    if isinstance(data, bool):
        return Scalar("true" if data else "false", place)
    return Scalar("" if data is None else str(data), place)
