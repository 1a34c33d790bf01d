"""JSON Lines, streamed, and JSON: an array of objects, or an object that holds one such array.

The keys are the columns.  An object inside an object is opened with a dot (``customer.id``); lists stay lists.
Numbers with a fraction are read exactly.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count
from operator import itemgetter
from typing import Any, Final

from attrs import frozen

from complaint_policy.audit.encodings import Encoding, find_encoding
from complaint_policy.audit.json_shapes import Survey
from complaint_policy.audit.sources import FileHandle, InputOptions, Row, SourceTable, damaged
from complaint_policy.errors import InputError
from complaint_policy.exactness import decimal_of
from complaint_policy.texts import Text

__all__ = ["MAX_LINE", "JsonLinesTable", "JsonTable", "Keys", "lines_of", "object_of"]

MAX_LINE: Final = 1 << 24
# Characters read at a time: a piece that is as long as a line may be has a line that is far longer than others.
_PIECE: Final = MAX_LINE // 2
_MAX_COLUMNS: Final = 10_000
_MAX_OPENED: Final = 8
_NOT_OBJECT: Final = Text("not a JSON object", "不是 JSON 对象")
_TWICE: Final = Text("a key stands twice in the object", "对象中有重复的键")
_TOO_LONG: Final = Text(f"a line longer than {MAX_LINE} characters", f"一行超过 {MAX_LINE} 个字符")


def opened_up(record: dict[str, Any], prefix: str = "", depth: int = 0) -> dict[str, Any]:
    """A record with the objects inside it opened up under dotted names."""
    if not any(isinstance(v, dict) for v in record.values()):
        return record if not prefix else {prefix + k: v for k, v in record.items()}
    flat: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, dict) and value and depth < _MAX_OPENED:
            flat.update(opened_up(value, f"{prefix}{key}.", depth + 1))
        else:
            flat[prefix + key] = value
    return flat


def columns_of(records: Iterable[Mapping[str, Any]], name: str) -> tuple[str, ...]:
    """The keys of all records, in order of first appearance."""
    columns: dict[str, None] = {}
    known = columns.keys()
    for record in records:
        if record.keys() <= known:
            continue
        columns.update(dict.fromkeys(record))
        if len(columns) > _MAX_COLUMNS:
            raise InputError(
                Text(
                    f"'{name}' has more than {_MAX_COLUMNS} different keys: no table of records",
                    f"“{name}”的键超过 {_MAX_COLUMNS} 个，不是记录表",
                )
            )
    return tuple(columns)


@frozen
class Keys:
    """The keys of records as columns: by its name, which is trimmed, the ways a column is spelled."""

    spelled: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, records: Iterable[Mapping[str, Any]], name: str) -> Keys:
        spelled: dict[str, tuple[str, ...]] = {}
        for key in columns_of(records, name):
            name_of = str.strip(key)
            spelled[name_of] = (*spelled.get(name_of, ()), key)
        return cls(spelled)

    def are_plain(self, names: Sequence[str]) -> bool:
        """Whether these columns are spelled as they are called."""
        return all(self.spelled.get(name, (name,)) == (name,) for name in names)

    def row(self, wanted: Sequence[str]) -> Callable[[int, Mapping[str, Any] | Text], Row]:
        """How a record with its number is a row of the wanted columns."""
        plain = self.are_plain(wanted)
        # Of several names it gives their values in a tuple; most files have every key in every record.
        all_of: Callable[[Any], Any] | None = itemgetter(*wanted) if len(wanted) > 1 else None

        def read(number: int, record: Mapping[str, Any] | Text) -> Row:
            if isinstance(record, Text):
                return Row(number, (), record)
            if plain:
                if all_of is not None:
                    try:
                        return Row(number, all_of(record))
                    except KeyError:
                        pass
                return Row(number, [record.get(name) for name in wanted])
            keys = [[key for key in self.spelled[name] if key in record] for name in wanted]
            if any(len(there) > 1 for there in keys):
                return Row(number, (), _TWICE)
            return Row(number, [record.get(there[0]) if there else None for there in keys])

        return read


class _Doubled(dict[str, Any]):
    """An object in which a key stands twice: which value is meant cannot be told."""


def _paired(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    within = (one for value in found.values() for one in (value if isinstance(value, list) else (value,)))
    doubled = len(found) < len(pairs) or any(isinstance(one, _Doubled) for one in within)
    return _Doubled(found) if doubled else found


# Made once: ``json.loads`` makes a decoder a call.
_EXACT: Final = json.JSONDecoder(parse_float=decimal_of, object_pairs_hook=_paired).decode
_QUICK: Final[Callable[[str, int], tuple[Any, int]]] = json.JSONDecoder(parse_float=decimal_of).raw_decode


def _loads(text: str) -> Any:
    if text.startswith("\ufeff"):
        return json.loads(text)  # refuses it in its own words
    return _EXACT(text)


def _record(value: Any) -> dict[str, Any] | Text:
    """One value of an array or a line as a record, or why it is none."""
    if not isinstance(value, dict):
        return _NOT_OBJECT
    return _TWICE if isinstance(value, _Doubled) else opened_up(value)


class JsonLinesTable(SourceTable):
    """One JSON object a line.  The file is read once for its keys and once more for its rows."""

    def __init__(self, handle: FileHandle, options: InputOptions) -> None:
        self.name, self.kind = handle.path.name, "jsonl"
        self._handle = handle
        try:
            self.encoding: Encoding = find_encoding(handle.opened, options.encoding)
        except (OSError, EOFError) as error:
            raise damaged(self.name, error) from None
        self.survey = Survey(object_of)
        self._keys = Keys.of(self.survey.records(self.pieces()), self.name)
        self.columns = tuple(self._keys.spelled)

    def share(self) -> float | None:
        return self._handle.share()

    def unchanged(self) -> bool:
        return self._handle.unchanged()

    def spells(self, names: Sequence[str]) -> bool:
        """Whether every record spells these columns in the one way they are called here."""
        return self._keys.are_plain(names)

    def pieces(self) -> Iterator[str | None]:
        """The text in pieces of whole lines; ``None`` in the place of a line that is too long."""
        try:
            with io.TextIOWrapper(self._handle.opened(), encoding=self.encoding.name, errors="replace") as text:
                pending, skipping = "", False
                while part := text.read(_PIECE):
                    if skipping:
                        end = part.find("\n")
                        part, skipping = part[end + 1 :] if end >= 0 else "", end < 0
                    pending += part
                    if end := pending.rfind("\n") + 1:
                        yield pending[:end]
                        pending = pending[end:]
                    if len(pending) >= MAX_LINE:
                        yield None
                        pending, skipping = "", True
                if pending:
                    yield pending
        except (OSError, EOFError) as error:
            raise damaged(self.name, error) from None

    def rows(self, wanted: Sequence[str]) -> Iterator[Row]:
        row, number = self.reader(wanted), 0
        for piece in self.pieces():
            for line in lines_of(piece):
                number += 1
                if line is None or line.strip():
                    yield row(number, line)

    def reader(self, wanted: Sequence[str]) -> Callable[[int, str | None], Row]:
        """How a line with its number is a row of the wanted columns; ``None`` is a line too long."""
        row = self._keys.row(wanted)
        return lambda number, line: row(number, _TOO_LONG if line is None or len(line) >= MAX_LINE else object_of(line))


def lines_of(piece: str | None) -> list[str] | list[None]:
    """The lines of a piece, without their ends."""
    return [None] if piece is None else piece.removesuffix("\n").split("\n")


def _flat(line: str) -> dict[str, Any] | None:
    """A line that is plainly one object without objects inside it, each key once; None where that takes a closer look."""
    if line[:1] != "{" or '" ' in line or '"\t' in line:
        return None
    try:
        record, end = _QUICK(line, 0)
    except (ValueError, RecursionError):
        return None
    if line[end:].strip(" \t\r\n"):
        return None
    # Every key here is followed by ``":``, so there are no more pairs than those: as many as keys, and none twice.
    return record if type(record) is dict and len(record) == line.count('":') else None


def object_of(line: str) -> dict[str, Any] | Text:
    """A line as a record, or why it is none."""
    flat = _flat(line)
    if flat is not None:
        return flat
    try:
        record = _loads(line)
    except (ValueError, RecursionError) as error:
        where = f" ({error.msg}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        return Text(f"not JSON{where}", f"不是 JSON{where}")
    return _record(record)


class JsonTable(SourceTable):
    """A JSON file: read whole."""

    def __init__(self, handle: FileHandle, options: InputOptions) -> None:
        self.name, self.kind = handle.path.name, "json"
        self._handle = handle
        content = handle.whole()
        self.encoding: Encoding = find_encoding(lambda: io.BytesIO(content), options.encoding)
        try:
            found = self._records_in(_loads(content.decode(self.encoding.name)))
        except UnicodeError as error:
            raise damaged(self.name, error) from None
        except (ValueError, RecursionError) as error:
            if isinstance(error, json.JSONDecodeError):
                why = Text(
                    f"line {error.lineno}, column {error.colno}: {error.msg}",
                    f"第 {error.lineno} 行第 {error.colno} 列：{error.msg}",
                )
            else:
                why = Text("nested too deeply or a number too long", "嵌套过深或数字过长")
            message = Text("'{name}' is not JSON: {why}", "“{name}”不是 JSON：{why}")
            raise InputError(message.filled(name=self.name, why=why)) from None
        self._found = [_record(r) for r in found]
        self._keys = Keys.of((r for r in self._found if isinstance(r, dict)), self.name)
        self.columns = tuple(self._keys.spelled)

    def _records_in(self, document: Any) -> list[Any]:
        if isinstance(document, list):
            return document
        arrays = {}
        if isinstance(document, dict):
            arrays = {
                k: v for k, v in document.items() if isinstance(v, list) and all(isinstance(entry, dict) for entry in v)
            }
        if len(arrays) == 1:
            ((key, records),) = arrays.items()
            self.remarks = (Text(f"records under the key '{key}'", f"记录位于键“{key}”下"),)
            return list(records)
        names = ", ".join(sorted(arrays))
        raise InputError(
            Text(
                f"'{self.name}' holds {len(arrays)} arrays of objects ({names}); one is needed, or an array alone"
                if arrays
                else f"'{self.name}' holds no array of objects",
                f"“{self.name}”含 {len(arrays)} 个对象数组（{names}）；须恰为一个，或直接为数组"
                if arrays
                else f"“{self.name}”不含对象数组",
            )
        )

    def unchanged(self) -> bool:
        return self._handle.unchanged()

    def rows(self, wanted: Sequence[str]) -> Iterator[Row]:
        yield from map(self._keys.row(wanted), count(1), self._found)
