"""An audit of records that are put together first: events folded to cases or joined, cases merged, records that plugins have changed.

They are gathered to typed tables, a batch at a time, and judged on columns; what fits no column goes record by record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

import polars as pl
from attrs import define, field

from complaint_policy.audit.columns import REJECTED_SCHEMA, DecisionColumns
from complaint_policy.audit.engine import ROW, Engine
from complaint_policy.audit.frames import shown
from complaint_policy.audit.gathering import Gathered
from complaint_policy.audit.interfaces import AnyDecision, AnyPolicy, has_columns
from complaint_policy.audit.judging import logs_of_policy
from complaint_policy.audit.look import looked_at
from complaint_policy.audit.mapping import ColumnMapping, FieldMapping
from complaint_policy.audit.partials import partials
from complaint_policy.audit.plain_texts import Others, plain_texts
from complaint_policy.audit.portfolio import Portfolio
from complaint_policy.audit.records import Counts, Entry, Progress, RecordStream
from complaint_policy.audit.summary import Identity, SourceNotes, Summary, summarise
from complaint_policy.audit.tiers import Tiers
from complaint_policy.audit.typed import typed_table
from complaint_policy.audit.typed_cells import TypedCells, reading_of
from complaint_policy.rules.portfolio.exposures import Exposures

__all__ = ["StreamAudit"]

BATCH: Final = 100_000
_LOOKED_AT: Final = 20_000


@define
class StreamAudit:
    """Judges the records of a stream while it is read, and keeps what was asked for."""

    policy: AnyPolicy
    stream: RecordStream
    mapping: ColumnMapping
    shape: DecisionColumns
    instant: datetime
    waivers: Any
    judge: Callable[[Entry], AnyDecision]
    extra: tuple[str, ...]
    progress: Progress | None
    exposures: Exposures
    _engines: dict[Any, Engine] = field(factory=dict)
    _counts: Counts = field(factory=Counts)
    _others: Others = field(factory=Others)

    def engines(self) -> list[Engine]:
        """The engines that judged, one for each form the rows had."""
        return list(self._engines.values())

    def run(self, keep: Callable[[pl.DataFrame], None] | None) -> tuple[Summary, pl.DataFrame]:
        """Judges everything; ``keep`` is handed the public columns of each batch, in order."""
        portfolio = Portfolio(self.policy, self.exposures)
        gathered = Gathered(self.shape)
        rejects = [pl.DataFrame(schema=REJECTED_SCHEMA)]
        names: list[str] | None = None
        for batch in self._batches():
            decided, rejected, tiers = self._judged(batch, portfolio)
            if names is None:
                names = Tiers(tiers.engine, tiers.entries, self.judge, False, self.extra).names()
            gathered.add(partials(decided, self.shape))
            gathered.add_ids(decided["id"])
            rejects.append(rejected)
            if keep is not None:
                keep(shown(decided.select(names), self.shape))
        rejected = pl.concat(rejects).sort("row")
        tally = gathered.tally()
        identity = Identity(self._counts.rows, tally.decided, rejected.height, self._counts.folded, self._counts.merged)
        identity.check()
        if self.progress is not None:
            self.progress(self._counts.rows, 1.0)
        notes = SourceNotes.of(self.stream.table, self.mapping, self.stream, self.policy.zone.to_aware(self.instant))
        return summarise(tally, self.policy, notes, identity, rejected, portfolio, self.waivers), rejected

    def _batches(self) -> Iterator[list[Entry]]:
        batch: list[Entry] = []
        for entry in self.stream.entries(self._counts, self.progress):
            batch.append(entry)
            if len(batch) >= BATCH:
                yield batch
                batch = []
        yield batch

    # ---------------------------------------------------------------- one batch
    def _judged(self, batch: list[Entry], portfolio: Portfolio) -> tuple[pl.DataFrame, pl.DataFrame, Tiers]:
        records = [e for e in batch if e.fault is None]
        if has_columns(self.policy):
            frame, odd = _typed(records, sorted(self.stream.source_fields), self._cells())
        else:
            frame, odd = pl.DataFrame(schema={ROW: pl.Int64}), records
        by_row = {e.position: e for e in batch}

        def entries(rows: pl.DataFrame) -> Iterator[Entry]:
            return (by_row[row] for row in rows[ROW].to_list())

        mapping = ColumnMapping("", fields=tuple(FieldMapping(name, (name,)) for name in frame.columns if name != ROW))
        plain = plain_texts(frame, mapping, [version.model.fields for version in self.policy.versions], self.policy.zone)
        typed, texts = plain.read(frame)
        parts, rejects = [], []
        few: list[Entry] = []
        if texts.height and self._others.are_few(texts.height):
            few, texts = [*entries(texts)], texts.clear()
        for rows, read_by in ((typed, plain.mapping), (texts, mapping)):
            if rows.height or rows is typed:
                tiers = Tiers(self._engine(rows, read_by), entries, self.judge, True, self.extra, portfolio, plain_rejects=False, lines=None)
            if rows.height:
                found = tiers.run(rows)
                parts.append(found.decided)
                rejects.append(found.rejected)
        for found_odd, told in (([*odd, *(e for e in batch if e.fault is not None)], True), (few, False)):
            decided, rejected = tiers.records_of(found_odd, told=told)
            parts.append(decided)
            rejects.append(rejected)
        return pl.concat(parts).sort("row"), pl.concat(rejects), tiers

    def _cells(self) -> TypedCells:
        """How the values of fields, which the mapping has been through, become columns."""
        versions = [version.model.fields for version in self.policy.versions]
        names = self.stream.source_fields
        return TypedCells({name: reading_of(fields[name] for fields in versions if name in fields) for name in names}, logs_of_policy(self.policy))

    def _engine(self, frame: pl.DataFrame, mapping: ColumnMapping) -> Engine:
        schema = dict(frame.schema)
        key = tuple(schema.items())
        if key not in self._engines:
            table = typed_table(schema, mapping, self.policy.zone, {n: n for n in schema})
            look = looked_at(frame.head(_LOOKED_AT), table, whole=False)
            self._engines[key] = Engine(self.policy, table, self.shape, self.instant, self.waivers, look, schema)
        return self._engines[key]


def _typed(entries: list[Entry], names: list[str], cells: TypedCells) -> tuple[pl.DataFrame, list[Entry]]:
    """The records as a table of one type a field; records with a value of another type are handed back."""
    odd: set[int] = set()
    columns = [cells.column(name, [e.record.get(name) for e in entries], odd) for name in names]
    frame = pl.DataFrame([pl.Series(ROW, [e.position for e in entries], dtype=pl.Int64), *columns])
    if odd:
        frame = frame.filter(pl.Series([place not in odd for place in range(len(entries))], dtype=pl.Boolean))
    return frame, [entries[place] for place in sorted(odd)]
