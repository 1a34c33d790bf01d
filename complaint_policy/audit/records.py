"""From the rows of a table to records: every row becomes a record, a reject, or part of a record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

from attrs import define

from complaint_policy.audit.cells import RecordReader, as_text
from complaint_policy.audit.folding import Folding
from complaint_policy.audit.mapping import ColumnMapping
from complaint_policy.audit.sources import Row, SourceTable
from complaint_policy.normalising import Normalised, Normalisers
from complaint_policy.texts import Text
from complaint_policy.zones import Zone

__all__ = ["Counts", "Entry", "Progress", "RecordStream"]


# Rows read, and the share of the source, 0 to 1, where it is known.
Progress = Callable[[int, float | None], None]
TOLD_EVERY: Final = 1000
# So many records are handed to a plugin's normalisers together.
_BATCH: Final = 1000
_Rows = tuple[int, Row, Text | None]


@define
class Counts:
    """Rows read so far, those of them that went into a record beside its first row, and the records merged into a case."""

    rows: int = 0
    folded: int = 0
    merged: int = 0


@define
class Entry:
    """One record with its place in the source, or the ``fault`` for which a row is none.

    ``position`` counts from 0 over all rows; ``line`` is the line or row number a person finds in the file.
    """

    position: int
    line: int
    record: dict[str, Any]
    fault: Text | None = None

    @property
    def id(self) -> str | None:
        """The record's number as the source shows it."""
        found = self.record.get("id")
        return None if found is None else as_text(found)


class RecordStream:
    """The records of a table under a mapping; may be gone through again and again."""

    def __init__(self, table: SourceTable, mapping: ColumnMapping, zone: Zone, normalisers: Normalisers | None = None) -> None:
        self.table, self.mapping, self.zone, self.normalisers = table, mapping, zone, normalisers
        self._reader = RecordReader(mapping, zone)

    @property
    def source_fields(self) -> frozenset[str]:
        """The fields the table knows something about: those with a column or a constant."""
        known = self._reader.source_fields
        return known if self.normalisers is None else known | self.normalisers.writes

    @property
    def wanted(self) -> tuple[str, ...]:
        """The columns the mapping reads."""
        return self._reader.wanted

    @property
    def unused_columns(self) -> tuple[str, ...]:
        """Named columns of the table that the mapping does not read."""
        used = set(self._reader.wanted)
        return tuple(c for c in self.table.columns if c and c not in used)

    def entries(self, counts: Counts, progress: Progress | None = None) -> Iterator[Entry]:
        """Every record and every reject, counting rows as they are read."""
        rows = self._rows(counts, progress)
        found = self._plain(rows) if self.mapping.events is None else self._folded(rows, counts)
        return found if self.normalisers is None else self._normalised(found, self.normalisers.of_source(self._reader.source_fields))

    def _normalised(self, entries: Iterator[Entry], change: Callable[[list[dict[str, Any]]], list[Normalised]]) -> Iterator[Entry]:
        while batch := list(islice(entries, _BATCH)):
            records = [entry for entry in batch if entry.fault is None]
            for entry, record in zip(records, change([entry.record for entry in records]), strict=True):
                entry.record = record
            yield from batch

    def _rows(self, counts: Counts, progress: Progress | None) -> Iterator[_Rows]:
        refused = self._reader.refused
        for position, row in enumerate(self.table.rows(self._reader.wanted)):
            counts.rows += 1
            yield position, row, row.fault or refused(row.cells)
            if progress is not None and counts.rows % TOLD_EVERY == 0:
                progress(counts.rows, self.table.share())

    def _plain(self, rows: Iterator[_Rows]) -> Iterator[Entry]:
        record = self._reader.record
        for position, row, fault in rows:
            yield Entry(position, row.line, {} if row.fault else record(row.cells), fault)

    def _folded(self, rows: Iterator[_Rows], counts: Counts) -> Iterator[Entry]:
        folding = Folding(self.mapping, self._reader, self.zone)
        for position, row, fault in rows:
            fault = fault or folding.take(row, position)
            if fault is not None:
                yield Entry(position, row.line, {} if row.fault else self._reader.record(row.cells), fault)
        for case in folding.cases():
            counts.folded += case.rows - 1
            yield Entry(case.position, case.line, case.record())
