"""An event log, one row an event, folded to one record a case.

Only what the mapping takes is kept of a case, so memory grows with the cases, not with the events (unless each row becomes an entry of
the record's ``events``).  A case
stands where its first event stands in the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from attrs import define, field

from complaint_policy.audit.cells import RecordReader, as_text
from complaint_policy.audit.mapping import ColumnMapping, EventLog
from complaint_policy.audit.sources import Row
from complaint_policy.coerce import Unusable, day_interval, parse_boolean, read_moment
from complaint_policy.texts import Text
from complaint_policy.zones import Zone

__all__ = ["Case", "Folding"]

_NO_CASE = Text("no case number", "没有案件编号")
_NO_ORDER = Text("the instant that orders the events cannot be read", "无法读取用于排序的时间")
# Orders and instants are compared as naive UTC.
_Instant = datetime


@define
class _Kept:
    """The value a field has so far, and what it is compared by."""

    value: object
    key: tuple[Any, ...]


@define
class Case:
    """One case: where it begins in the source, how many rows it took, its record so far."""

    position: int
    line: int
    rows: int = 0
    kept: dict[str, _Kept] = field(factory=dict)
    constants: dict[str, Any] = field(factory=dict)
    entries: list[dict[str, Any]] = field(factory=list)

    def record(self) -> dict[str, Any]:
        found = self.constants | {name: kept.value for name, kept in self.kept.items()}
        return found | {"events": self.entries} if self.entries else found


class Folding:
    """Takes the rows of a log one after the other; then gives its cases, in order of their first row."""

    def __init__(self, mapping: ColumnMapping, reader: RecordReader, zone: Zone) -> None:
        log = mapping.events
        assert log is not None
        self._zone, self._reader = zone, reader
        self._case_of = reader.case_of(log.case)
        self._order = None if log.order is None else reader.dated(log.order, log.order_formats)
        self._fields = {f.name for f in mapping.fields if f.constant is None}
        self._take: dict[str, Callable[[Case, str, object, tuple[Any, ...]], None]] = {
            name: self._taker(log, name) for name in self._fields
        }
        self._where = {name: reader.passes(condition) for name, condition in log.where.items()}
        self._cases: dict[str, Case] = {}

    def take(self, row: Row, position: int) -> Text | None:
        """Fold one row in; the reason where it cannot be."""
        case_id = self._case_of(row.cells)
        if not case_id:
            return _NO_CASE
        moment = self._moment(row)
        if moment is None:
            return _NO_ORDER
        record = self._reader.record(row.cells)
        case = self._cases.get(case_id)
        if case is None:
            case = self._cases[case_id] = Case(position, row.line)
            case.constants = {n: v for n, v in record.items() if n not in self._fields}
        case.rows += 1
        entry = self._reader.entry(row.cells)
        if entry is not None:
            case.entries.append(entry)
        key = (moment, position)
        for name, value in record.items():
            if name in self._fields:
                passes = self._where.get(name)
                if passes is None or passes(row.cells):
                    self._take[name](case, name, value, key)
        return None

    def cases(self) -> Iterator[Case]:
        """The cases, each given once and then forgotten."""
        for case_id in list(self._cases):
            yield self._cases.pop(case_id)

    def _moment(self, row: Row) -> object | None:
        if self._order is None:
            return 0
        value = self._order(row.cells)
        return None if value is None else _instant(value, self._zone)

    def _taker(self, log: EventLog, name: str) -> Callable[[Case, str, object, tuple[Any, ...]], None]:
        how = log.take.get(name, "last")
        if how == "first":
            return lambda case, field_name, value, key: _keep(case, field_name, value, key, smaller=True)
        if how == "last":
            return lambda case, field_name, value, key: _keep(case, field_name, value, key, smaller=False)
        if how == "any":
            return _keep_any
        zone, smaller = self._zone, how == "earliest"

        def by_instant(case: Case, field_name: str, value: object, key: tuple[Any, ...]) -> None:
            del key
            instant = _instant(value, zone)
            # A value that is no instant is kept only where there is none that is: it makes the field unusable.
            rank = (1, _Instant.min) if instant is None else (0, instant)
            if not smaller:
                rank = (-rank[0], rank[1])
            _keep(case, field_name, value, rank, smaller=smaller)

        return by_instant


def _keep(case: Case, name: str, value: object, key: tuple[Any, ...], *, smaller: bool) -> None:
    kept = case.kept.get(name)
    if kept is None or (key < kept.key if smaller else key >= kept.key):
        case.kept[name] = _Kept(value, key)


def _keep_any(case: Case, name: str, value: object, key: tuple[Any, ...]) -> None:
    """True once any row says so; else false; a value that says neither is kept only where it is alone."""
    del key
    try:
        rank = 2 if parse_boolean(value) else 1
    except Unusable:
        rank = 0
    _keep(case, name, value, (rank,), smaller=False)


def _instant(value: object, zone: Zone) -> datetime | None:
    """A value as an instant to compare by; a bare day by its first."""
    try:
        moment = read_moment(value if not isinstance(value, (int, float)) else as_text(value), zone)
        return moment if isinstance(moment, datetime) else day_interval(moment, zone, "").low
    except Unusable:
        return None
