"""From the cells of a row to the record a policy judges, by a mapping.

A blank cell is left out of the record (its field stays known: the source has the column).  A cell that no
format and no value map reads is handed on as it is, so that the policy marks that one field unusable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from complaint_policy.audit.mapping import ColumnMapping, FieldMapping, RowFilter
from complaint_policy.coerce import Unusable, is_empty, read_moment
from complaint_policy.dates import DateFormat
from complaint_policy.texts import Text
from complaint_policy.zones import Zone

__all__ = ["RecordReader", "as_text", "day_of"]

Cells = Sequence[object]
_LEFT_OUT_BLANK = Text("nothing in the columns read", "所读取的列均为空白")


def as_text(cell: object) -> str:
    """The text of a cell as its source shows it; whole floats without ``.0``."""
    if isinstance(cell, str):
        return str.strip(cell)  # of a stranger's class the text, not what it makes of it
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, bytes):
        return cell.decode("ascii", "replace")
    try:
        return str(cell)
    except Exception:  # noqa: BLE001  a stranger's class may raise anything
        return f"<{type(cell).__name__}>"


def day_of(value: object, zone: Zone) -> object:
    """The local day a value names; the value itself where it names none."""
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.date()
    try:
        moment = read_moment(value, zone)
    except Unusable:
        return value
    return zone.to_wall(moment).date() if isinstance(moment, datetime) else moment


class RecordReader:
    """A mapping made ready for the columns of one table.

    ``wanted`` are the columns it needs, in the order its methods expect the cells; ``source_fields`` are
    the fields the table knows something about.
    """

    def __init__(self, mapping: ColumnMapping, zone: Zone) -> None:
        self._zone = zone
        log = mapping.events
        filters = (*mapping.where, *(log.where.values() if log else ()))
        entries = log.entries if log else ()
        named = [c for f in (*mapping.fields, *entries) for c in f.columns] + [f.column for f in filters]
        if log is not None:
            named += [log.case, *([log.order] if log.order is not None else [])]
        self.wanted: tuple[str, ...] = tuple(dict.fromkeys(named))
        self._index = {name: i for i, name in enumerate(self.wanted)}
        self.source_fields = frozenset(f.name for f in mapping.fields) | ({"events"} if entries else frozenset())
        self._constants = _constants(mapping.fields)
        self._fields = tuple((f.name, self._of_field(f, mapping.blank)) for f in mapping.fields if f.constant is None)
        self._of_entry = (_constants(entries), tuple((f.name, self._of_field(f, mapping.blank)) for f in entries if f.constant is None))
        self._blank = mapping.blank
        self._skip_blank = mapping.skip_blank
        self._where = tuple((self.passes(f), f.column) for f in mapping.where)

    def refused(self, cells: Cells) -> Text | None:
        """Why a row is no record, or ``None``."""
        if self._skip_blank and all(is_empty(c) or as_text(c) in self._blank for c in cells):
            return _LEFT_OUT_BLANK
        for holds, column in self._where:
            if not holds(cells):
                return _left_out(column)
        return None

    def left_out(self, condition: RowFilter) -> Text:
        """Why a row that fails a filter is no record."""
        return _left_out(condition.column)

    def record(self, cells: Cells) -> dict[str, Any]:
        """The record of one row: fields that are not blank."""
        record: dict[str, Any] = dict(self._constants)
        for name, read in self._fields:
            value = read(cells)
            if value is not None:
                record[name] = value
        return record

    def entry(self, cells: Cells) -> dict[str, Any] | None:
        """One row of a log as an entry of its record's events; ``None`` where the mapping fills none."""
        constants, fields = self._of_entry
        if not fields and not constants:
            return None
        found = {name: read(cells) for name, read in fields}
        return constants | {name: value for name, value in found.items() if value is not None}

    def only_field(self) -> Callable[[Cells], object]:
        """The reader of the one field of a mapping that has one."""
        ((_, read),) = self._fields
        return read

    def passes(self, condition: RowFilter) -> Callable[[Cells], bool]:
        """The test of one filter."""
        index, values = self._index[condition.column], condition.values
        return lambda cells: ("" if cells[index] is None else as_text(cells[index])) in values

    def cell(self, column: str) -> Callable[[Cells], object]:
        """The reader of one wanted column."""
        index = self._index[column]
        return lambda cells: cells[index]

    def case_of(self, column: str) -> Callable[[Cells], str]:
        """The reader of the case's number; empty where it is blank."""
        index, blank = self._index[column], self._blank

        def read(cells: Cells) -> str:
            cell = cells[index]
            text = "" if is_empty(cell) else as_text(cell)
            return "" if text in blank else text

        return read

    def dated(self, column: str, formats: tuple[DateFormat, ...]) -> Callable[[Cells], object]:
        """The reader of a column of dates outside the record."""
        return self._of_field(FieldMapping(column, (column,), formats=formats), self._blank)

    def _of_field(self, field: FieldMapping, blanks: frozenset[str]) -> Callable[[Cells], object]:
        blank = blanks if field.blank is None else field.blank
        raw = self._joined(field, blank) if len(field.columns) > 1 else self._single(field, blank)
        meaning = self._meaning(field)
        if meaning is None:
            return raw

        def read(cells: Cells) -> object:
            value = raw(cells)
            return None if value is None else meaning(value)

        return read

    def _single(self, field: FieldMapping, blank: frozenset[str]) -> Callable[[Cells], object]:
        index = self._index[field.columns[0]]

        def read(cells: Cells) -> object:
            cell = cells[index]
            if isinstance(cell, str):
                cell = str.strip(cell)
                return None if not cell or cell in blank else cell
            if is_empty(cell) or (blank and as_text(cell) in blank):
                return None
            return cell

        return read

    def _joined(self, field: FieldMapping, blank: frozenset[str]) -> Callable[[Cells], object]:
        indices, join = [self._index[c] for c in field.columns], field.join

        def read(cells: Cells) -> object:
            texts = []
            for number, index in enumerate(indices):
                cell = cells[index]
                text = "" if is_empty(cell) else _part(cell, number)
                if text in blank:
                    text = ""
                if not text and not number:
                    return None
                if text:
                    texts.append(text)
            return join.join(texts)

        return read

    def _meaning(self, field: FieldMapping) -> Callable[[object], object] | None:
        """What a cell that is not blank means; ``None`` where it means itself."""
        steps: list[Callable[[object], object]] = []
        if field.values is not None:
            steps.append(_mapped(field.values, field.otherwise))
        if field.formats:
            steps.append(_by_formats(field.formats))
        if field.as_date:
            zone = self._zone
            steps.append(lambda value: day_of(value, zone))
        if not steps:
            return None

        def meaning(value: object) -> object:
            for step in steps:
                if value is not None:
                    value = step(value)
            return value

        return meaning


def _constants(fields: Sequence[FieldMapping]) -> dict[str, Any]:
    return {f.name: f.constant for f in fields if f.constant is not None and f.constant.strip()}


def _left_out(column: str) -> Text:
    return Text(f"left out by the mapping: rows: where: {column}", f"按映射文件排除：rows: where: {column}")


def _part(cell: object, number: int) -> str:
    """A cell of a joined field: of a typed date the first column gives the day, a later one the time."""
    if isinstance(cell, datetime) and cell.tzinfo is None:
        return cell.date().isoformat() if number == 0 else cell.time().isoformat()
    return as_text(cell)


def _mapped(values: dict[str, str], otherwise: str | None) -> Callable[[object], object]:
    def step(value: object) -> object:
        found = values.get(as_text(value), otherwise)
        if found is None:
            return value
        return found.strip() or None

    return step


def _by_formats(formats: tuple[DateFormat, ...]) -> Callable[[object], object]:
    def step(value: object) -> object:
        if isinstance(value, date):
            return value
        text = as_text(value)
        for form in formats:
            found = form.read(text)
            if found is not None:
                return found if form.has_time else found.date()
        return value

    return step
