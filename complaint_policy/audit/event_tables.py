"""The events of the records in a table of their own: one row an event, joined to the records by ``id``.

The table is read whole before the first record is judged; memory grows with its rows.  A record whose id is missing or stands on
several records has no events that could be told to be its own: for it the log is unknown.  So are all logs where a row of the table is
no row at all (a quote that is never closed may hold a thousand of them): it may be anybody's event.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Final

from attrs import define, field, frozen

from complaint_policy.audit.cells import RecordReader, as_text
from complaint_policy.audit.interfaces import AnyPolicy
from complaint_policy.audit.mapping import ColumnMapping, by_name, check_against_columns, check_against_policy, load_mapping
from complaint_policy.audit.messages import add
from complaint_policy.audit.records import Counts, Entry, Progress, RecordStream
from complaint_policy.audit.sources import InputOptions, SourceTable, open_source
from complaint_policy.audit.tables import memory_table
from complaint_policy.errors import InputError, MappingError, UsageError
from complaint_policy.event_log import NoLog
from complaint_policy.fields import Field, LogField
from complaint_policy.problems import Problems, nearest
from complaint_policy.texts import Text
from complaint_policy.zones import Zone

__all__ = ["EventCounts", "EventTable", "RecordsWithEvents", "entry_fields", "event_table"]

# What a row needs to be an entry of somebody's log.
NEEDED: Final = ("id", "at", "kind")
_SEVERAL: Final = -1
_NO_ID: Final = Text("the record has no id to find its events by", "记录没有编号，无法找到其事件")
_BROKEN: Final = Text("line {n} of '{t}' cannot be read ({why}): whose event it is cannot be told", "“{t}”第{n}行无法读取（{why}），无法确定属于哪条记录")
_SHARED_ID: Final = Text("several records have this id: whose events they are cannot be told", "多条记录使用同一编号，无法确定事件属于哪一条")


@frozen
class EventCounts:
    """Where the rows of a table of events went: ``rows`` is the sum of the others but ``other_kinds``."""

    name: str
    rows: int
    joined: int  # to a record with their id
    shared_ids: int  # several records have their id: joined to none
    unknown_ids: int  # no record has their id
    without_id: int
    refused: int  # left out by the mapping
    unreadable: int  # no rows at all
    other_kinds: int  # of those joined: of kinds the policy does not ask for

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "rows": self.rows,
            "joined": self.joined,
            "shared_ids": self.shared_ids,
            "unknown_ids": self.unknown_ids,
            "without_id": self.without_id,
            "refused": self.refused,
            "unreadable": self.unreadable,
            "other_kinds": self.other_kinds,
        }


@define
class EventTable:
    """A table of events and how its rows are read."""

    table: SourceTable
    mapping: ColumnMapping
    kinds: frozenset[str]
    zone: Zone
    by_id: dict[str, list[dict[str, Any]]] = field(factory=dict)
    rows: int = 0
    without_id: int = 0
    refused: int = 0
    unreadable: int = 0
    broken: Text | None = None  # the first row that is none

    def read(self) -> None:
        """Every row to the log of its id, in the order of the table."""
        reader = RecordReader(self.mapping, self.zone)
        for row in self.table.rows(reader.wanted):
            self.rows += 1
            if row.fault is not None:
                self.unreadable += 1
                self.broken = self.broken or _BROKEN.filled(n=row.line, t=self.table.name, why=row.fault)
                continue
            if reader.refused(row.cells) is not None:
                self.refused += 1
                continue
            entry = reader.record(row.cells)
            identity = _identity(entry.pop("id", None))
            if identity is None:
                self.without_id += 1
            else:
                self.by_id.setdefault(identity, []).append(entry)

    def counts(self, known: Mapping[str, int]) -> EventCounts:
        joined = [entry for identity, entries in self.by_id.items() if known.get(identity, _SEVERAL) != _SEVERAL for entry in entries]
        shared = sum(len(entries) for identity, entries in self.by_id.items() if known.get(identity) == _SEVERAL)
        others = sum("kind" in entry and as_text(entry["kind"]) not in self.kinds for entry in joined)
        strangers = self.rows - len(joined) - shared - self.without_id - self.refused - self.unreadable
        return EventCounts(self.table.name, self.rows, len(joined), shared, strangers, self.without_id, self.refused, self.unreadable, others)


class RecordsWithEvents(RecordStream):
    """The records of a table, each with its events; a case has those of every record that was merged ``into`` it."""

    def __init__(self, stream: RecordStream, events: EventTable, into: Mapping[int, int]) -> None:
        super().__init__(stream.table, stream.mapping, stream.zone, stream.normalisers)
        self._stream = stream
        if "events" in stream.source_fields:
            raise UsageError(Text("the records have events of their own: a table of events cannot be joined", "记录自带事件，不能再关联事件表"))
        events.read()
        self._events = events
        self._case_of: dict[str, int] = {}  # by the row it stands on; several: none
        self._merged: dict[int, list[str | None]] = {case: [] for case in into.values()}
        for entry in super().entries(Counts()):
            if entry.fault is None:
                identity, case = _identity(entry.record.get("id")), into.get(entry.position, entry.position)
                if identity is not None:
                    self._case_of[identity] = case if self._case_of.get(identity, case) == case else _SEVERAL
                if case in self._merged:
                    self._merged[case].append(identity)

    @property
    def source_fields(self) -> frozenset[str]:
        return self._stream.source_fields | {"events"}

    def counts(self) -> EventCounts:
        return self._events.counts(self._case_of)

    def entries(self, counts: Counts, progress: Progress | None = None) -> Iterator[Entry]:
        for entry in self._stream.entries(counts, progress):
            if entry.fault is None:
                self._join(entry)
            yield entry

    def _join(self, entry: Entry) -> None:
        if self._events.broken is not None:
            entry.record["events"] = NoLog(self._events.broken)
            return
        ids = self._merged.get(entry.position) or [_identity(entry.record.get("id"))]
        found: list[dict[str, Any]] = []
        for identity in dict.fromkeys(ids):
            if identity is None or self._case_of.get(identity) == _SEVERAL:
                entry.record["events"] = NoLog(_NO_ID if identity is None else _SHARED_ID)
                return
            found += self._events.by_id.get(identity, ())
        if found:
            entry.record["events"] = found


def _identity(value: object) -> str | None:
    """What joins: the id as its source shows it, in Unicode's NFC."""
    text = "" if value is None else unicodedata.normalize("NFC", as_text(value))
    return text or None


def entry_fields(policy: AnyPolicy) -> dict[str, Field]:
    """The attributes that entries of any kind have, in any version; empty where the policy asks for no entries."""
    found: dict[str, Field] = {}
    for version in policy.versions:
        log = version.model.fields.get("events") if hasattr(version, "model") else None
        if isinstance(log, LogField):
            found |= log.all_attributes()
    return found


def event_table(policy: AnyPolicy, source: object, mapping: ColumnMapping | str | PathLike[str] | None) -> EventTable:
    """The table of events, its mapping checked against the policy and the table.

    Raises :class:`UsageError` where the policy asks for no entries, :class:`InputError` and :class:`MappingError` as for the table of records.
    """
    attributes = entry_fields(policy)
    if not attributes:
        raise UsageError(Text("the policy declares no events (record: {events: ...})", "制度未声明事件（record: {events: ...}）"))
    fields = [Field("id", "string", Text("Case number", "编号")), *attributes.values()]
    if isinstance(mapping, (str, PathLike)):
        mapping = load_mapping(Path(mapping), of_records=False)
    options = mapping.input if mapping is not None else InputOptions()
    table = open_source(Path(source), options) if isinstance(source, (str, PathLike)) else memory_table(source)
    if mapping is None:
        mapping = by_name(table.columns, fields)
        lacking = [name for name in NEEDED if mapping.field(name) is None]
        if lacking and table.names_columns:
            raise InputError(_lacks(table, lacking[0]))
    else:
        problems = Problems()
        if mapping.events is not None:
            add(problems, "mapping-folds-events", mapping.events.place)
        for name in NEEDED:
            if mapping.field(name) is None:
                add(problems, "mapping-no-entry", mapping.place, name=name)
        problems.extend(check_against_policy(mapping, fields, policy.zone, policy.currency))
        if not problems.has_any() and table.names_columns:
            problems.extend(check_against_columns(mapping, table.columns))
        if problems.has_any():
            raise MappingError(problems.sorted())
    kinds = frozenset(k.name for v in policy.versions if isinstance(log := v.model.fields.get("events"), LogField) for k in log.kinds)
    return EventTable(table, mapping, kinds, policy.zone)


def _lacks(table: SourceTable, name: str) -> Text:
    message = Text(
        f"'{table.name}' has no column '{name}': an event needs id, at and kind; say with a mapping file of its own which columns they are",
        f"“{table.name}”没有“{name}”列：事件须有 id、at 和 kind；请用事件表自己的映射文件指明对应的列",
    )
    hint = nearest(name, [c for c in table.columns if c])
    return message if hint is None else message + Text(f" ({hint.en})", f"（{hint.zh}）")
