"""What plugins add to a decision that is made: notes of their finders, in the words of their catalogues."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from complaint_policy.contributed import Note
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.computed import Call, handed
from complaint_policy.guarded import Failed, Refused, read_only
from complaint_policy.possible import Maybe
from complaint_policy.texts import Text

if TYPE_CHECKING:
    from complaint_policy.kinds import Setting

__all__ = ["MOST_NOTES", "Looker", "Noted", "NotesOf", "clipped"]

MOST_NOTES: Final = 50
_LONGEST: Final = 200
_NAMES: Final = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
_WITHHELD: Final = Text("(withheld)", "（不显示）")


@frozen
class Noted:
    """A note in words: ``shown`` for everybody, ``whole`` for whoever may see what was read."""

    rule: str
    shown: Text
    whole: Text


@frozen
class Looker:
    """A finder of a plugin, with what it reads.  It looks at a decision and changes nothing of it."""

    call: Call
    parts: tuple[n.Expression, ...]

    def notes(self, setting: Setting, state: Sequence[Any], decided: Mapping[str, Any]) -> tuple[Noted, ...] | Failed:
        """What it has to say of a record whose state is known."""
        values: list[Any] = []
        held = list(state)
        for read, part in zip(self.call.reads, self.parts, strict=True):
            get: Callable[[Any], Any] = setting.compiler.instant(part) if isinstance(part, n.Instant) else setting.compiler.value(_value(part))
            value = handed(read, setting.zone)(get(held))
            values.append(None if isinstance(value, Maybe) else value)
        found: tuple[Noted, ...] | Failed = self.call.guarded(*values, decided=read_only(decided), **self.call.named)
        return found


def _value(part: n.Expression) -> n.Value:
    assert isinstance(part, n.Value)
    return part


@frozen
class NotesOf:
    """Takes the notes of a finder: in words of its plugin's catalogue, about rules that there are."""

    plugin: str
    messages: Mapping[str, Text] = field(eq=False, repr=False)
    rules: frozenset[str]
    quotes: bool  # whether it reads what is not shown to everybody

    def __call__(self, given: Any) -> tuple[Noted, ...]:
        if isinstance(given, (str, bytes, Mapping, Note)) or not isinstance(given, Iterable):
            raise Refused(Text(f"it gave {type(given).__name__} where a list of notes is expected", f"返回了{type(given).__name__}，应为Note的列表"))
        notes = list(islice(iter(given), MOST_NOTES + 1))
        if len(notes) > MOST_NOTES:
            raise Refused(Text(f"it gave more than {MOST_NOTES} notes", f"返回的说明超过{MOST_NOTES}条"))
        return tuple(self._words(notes))

    def _words(self, notes: Iterable[Any]) -> Iterator[Noted]:
        for note in notes:
            if not isinstance(note, Note):
                raise Refused(Text(f"{type(note).__name__} is no Note", f"{type(note).__name__}不是Note"))
            code: Any = note.code
            message = self.messages.get(code) if isinstance(code, str) else None
            if message is None:
                raise Refused(Text("its code is none of the plugin's messages", "代码不在该插件的消息中"))
            rule: Any = note.rule
            if rule is not None and rule not in self.rules:
                raise Refused(Text(f"'{code}' is about a rule that the policy does not have", f"“{code}”所指的规则不在该制度中"))
            names = {*_NAMES.findall(message.en), *_NAMES.findall(message.zh)}
            lacking = sorted(names - set(note.values))
            if lacking:
                raise Refused(Text(f"'{code}' lacks a value for '{lacking[0]}'", f"“{code}”缺少“{lacking[0]}”的值"))
            values = {name: _shown(note.values[name], code) for name in names}
            shown = dict.fromkeys(values, _WITHHELD) if self.quotes else values
            yield Noted(str(rule) if rule is not None else f"plugin:{self.plugin}", message.filled(**shown), message.filled(**values))


def _shown(value: Any, code: str) -> Text:
    """A text or number of a note, on one line and no longer than a person reads."""
    if isinstance(value, Text):
        return Text(clipped(value.en), clipped(value.zh))
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        raise Refused(Text(f"'{code}' has a value that is neither text nor number", f"“{code}”的值既不是文本也不是数字"))
    text = clipped(value if isinstance(value, str) else n.shown_number(value) if isinstance(value, (int, Decimal)) else repr(value))
    return Text(text, text)


def clipped(text: str) -> str:
    """On one line, and no longer than a person reads."""
    line = " ".join(text[: _LONGEST * 4].split())
    line.encode("utf-8")
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
