"""An audit of a table of typed columns: a frame in memory, a Polars query, a Parquet file.

Nothing is computed before it is asked for: the decisions when they are looked at, the summary from sums of codes in one pass of
Polars' streaming engine, without a table of decisions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from typing import Any, Final

import polars as pl
from attrs import evolve

from complaint_policy.audit.columns import REJECTED_SCHEMA, DecisionColumns, frame_zone
from complaint_policy.audit.counts import count_rows
from complaint_policy.audit.engine import ROW, Engine
from complaint_policy.audit.enumerations import enums_of
from complaint_policy.audit.interfaces import AnyDecision, AnyPolicy
from complaint_policy.audit.look import Look, glanced_at, looked_at
from complaint_policy.audit.mapping import ColumnMapping
from complaint_policy.audit.partials import count_ids, tally_of_rows
from complaint_policy.audit.portfolio import Portfolio
from complaint_policy.audit.records import Counts, Entry, Progress, RecordStream
from complaint_policy.audit.summary import Identity, RejectReason, SourceNotes, Summary, in_order, summarise
from complaint_policy.audit.tables import FrameTable
from complaint_policy.audit.tiers import NO_RECEIPT, Tiers, inner_types, numbered
from complaint_policy.audit.typed import typed_table
from complaint_policy.rules.portfolio.exposures import Exposures

__all__ = ["FrameAudit"]

# Rows judged at a time where a table is not in memory.
_BATCH: Final = 250_000
_LOOKED_AT: Final = 20_000


class FrameAudit:
    """One audit of a :class:`FrameTable`; every result is computed once, when it is first asked for."""

    def __init__(
        self,
        policy: AnyPolicy,
        table: FrameTable,
        mapping: ColumnMapping,
        stream: RecordStream,
        shape: DecisionColumns,
        instant: Any,
        waivers: Any,
        judge: Any,
        extra: Sequence[str],
        progress: Progress | None,
        exposures: Exposures,
    ) -> None:
        self.policy, self.table, self.mapping, self.stream, self.shape = policy, table, mapping, stream, shape
        self._instant, self._waivers, self._judge, self._extra, self._progress = instant, waivers, judge, tuple(extra), progress
        self._exposures = exposures
        names = [table.spelled(name) for name in stream.wanted]
        self._rows = table.frame.select(names)
        self._schema = dict(self._rows.collect_schema())
        self._typed = typed_table(self._schema, mapping, policy.zone, {name: table.spelled(name) for name in stream.wanted}, enums_of(policy))
        self._done = 0

    # ---------------------------------------------------------------- the table
    @cached_property
    def _whole(self) -> pl.DataFrame | None:
        """The table, where it is in memory."""
        return self._read(self._rows) if self.table.in_memory else None

    def _read(self, query: pl.LazyFrame, engine: Any = "auto") -> pl.DataFrame:
        with self.table.reading():
            return query.collect(engine=engine)

    @cached_property
    def engine(self) -> Engine:
        """The policy over the table's columns."""
        whole, typed = self._whole, self._typed

        def made(look: Look, closer: Callable[[], Look] | None = None) -> Engine:
            return Engine(self.policy, typed, self.shape, self._instant, self._waivers, look, self._schema, closer)

        if whole is None:
            return made(self._first_look())
        closer = partial(looked_at, whole, typed, whole=True)
        if whole.height > 2 * _LOOKED_AT:
            engine = made(glanced_at(whole, typed, _LOOKED_AT), closer)
            if engine.looks_back():
                return engine
        return made(closer())

    def _first_look(self) -> Look:
        # Of the times only the receipt's say anything worth a look.
        names = [n for n, kind in self._schema.items() if not isinstance(kind, (pl.Datetime, pl.Date))]
        received = self._typed.sources.get("received_at")
        names += received.expr.meta.root_names() if received is not None else []
        first = self._rows.select(list(dict.fromkeys(names))).head(_LOOKED_AT)
        return looked_at(self._read(first), self._typed, whole=False)

    def _batches(self) -> Iterator[pl.DataFrame]:
        """The rows, a piece at a time; numbered, but for a table that comes in one piece."""
        whole = self._whole
        if whole is not None:
            yield whole
            return
        first = 0
        with self.table.reading():
            total = self._rows.select(pl.len()).collect(engine="streaming").item() if self._progress is not None else 0
            for batch in self._rows.collect_batches(chunk_size=_BATCH, maintain_order=True):
                if batch.height:
                    yield numbered(batch, first)
                    first += batch.height
                    if self._progress is not None:
                        self._progress(first, first / total if total else None)
        self.table.hold()

    def _entries_of(self, rows: pl.DataFrame) -> Iterable[Entry]:
        """The records of some numbered rows."""
        places = rows[ROW].to_list()
        mini = FrameTable(rows.drop(ROW).lazy(), self.table.name, self.table.kind)
        for entry in RecordStream(mini, self.mapping, self.policy.zone).entries(Counts()):
            entry.position = places[entry.position]
            entry.line = entry.position + 1
            yield entry

    def _tiers(self, *, inner: bool, portfolio: Portfolio | None = None) -> Tiers:
        """For going through the table once."""
        self.engine.singly.append(0)
        return Tiers(self.engine, self._entries_of, self._judge, inner, self._extra, portfolio)

    # ---------------------------------------------------------------- decisions
    @cached_property
    def _judged(self) -> tuple[pl.DataFrame, Callable[[], pl.DataFrame]]:
        tiers = self._tiers(inner=False)
        found = [tiers.run(batch) for batch in self._batches()]
        decided = [f.decided for f in found if f.decided.height] or [pl.DataFrame(schema={n: inner_types(self.engine, inner=False)[n] for n in tiers.names()})]
        return shown(pl.concat(decided), self.shape), lambda: pl.concat([pl.DataFrame(schema=REJECTED_SCHEMA), *(f.rejected for f in found)])

    @property
    def decisions(self) -> pl.DataFrame:
        return self._judged[0]

    @property
    def rejected(self) -> pl.DataFrame:
        return self._judged[1]() if "_judged" in self.__dict__ else self._refused

    @cached_property
    def _refused(self) -> pl.DataFrame:
        return self._counted[1]()

    def public_batches(self) -> Iterator[pl.DataFrame]:
        """The decisions a piece at a time, for a file."""
        tiers = self._tiers(inner=False)
        for batch in self._batches():
            yield shown(tiers.run(batch).decided, self.shape)

    def decision(self, row: int) -> AnyDecision | None:
        """The full decision of one row."""
        whole = self._whole
        rows = numbered(whole.slice(row, 1) if whole is not None else self._read(self._rows.slice(row, 1)), row)
        for entry in self._entries_of(rows):
            if entry.fault is None:
                return self._judge(entry)
        return None

    # ---------------------------------------------------------------- summary
    @cached_property
    def _counted(self) -> tuple[Summary, Callable[[], pl.DataFrame]]:
        portfolio = Portfolio(self.policy, self._exposures)
        whole = self._whole
        table = (self._rows if whole is None else whole.lazy()).with_row_index(ROW).with_columns(pl.col(ROW).cast(pl.Int64))
        tiers, total = self._tiers(inner=True, portfolio=portfolio), None if whole is None else whole.height
        ids, bare = "id" in self.stream.source_fields, self._rows if self.table.kind == "parquet" and whole is None else None
        counted = count_rows(table, tiers, ids=ids, total=total, collect=self._collected, batches=self._in_batches, bare=bare)
        seen = pl.concat([pl.DataFrame(schema=REJECTED_SCHEMA), *counted.rejected]).sort("row")
        self.table.hold()
        tally = tally_of_rows(counted.counts, self.shape, ids=count_ids(counted.ids()))
        rows, lacking = counted.rows, counted.lacking
        identity = Identity(rows, tally.decided, seen.height + (lacking.rows if lacking is not None else 0), 0)
        identity.check()
        if self._progress is not None:
            self._progress(rows, 1.0)
        notes = SourceNotes.of(self.table, self.mapping, self.stream, self.policy.zone.to_aware(self._instant))
        summary = summarise(tally, self.policy, notes, identity, seen, portfolio, self._waivers)
        if lacking is None:
            return summary, lambda: seen
        # The only reason of these rows: no other row is refused for it.
        reasons = (*summary.rejects, RejectReason(NO_RECEIPT, lacking.rows, tuple(row + 1 for row in lacking.first)))

        def read() -> pl.DataFrame:
            self.table.hold()  # what was counted is read
            return pl.concat([seen, lacking.frame()]).sort("row")

        return evolve(summary, rejects=in_order(reasons)), read

    def summary(self) -> Summary:
        return self._counted[0]

    def _in_batches(self, query: pl.LazyFrame) -> Iterator[pl.DataFrame]:
        with self.table.reading():
            yield from query.collect_batches(chunk_size=_BATCH, maintain_order=False, engine="streaming")

    def _collected(self, queries: list[pl.LazyFrame]) -> list[pl.DataFrame]:
        with self.table.reading():
            return pl.collect_all(queries, engine="streaming")


def shown(inner: pl.DataFrame, shape: DecisionColumns) -> pl.DataFrame:
    """Due instants in the policy's time zone."""
    zone = frame_zone(shape.zone)
    schema = inner.schema  # made anew whenever it is asked for
    naive = [name for r in shape.rules if r.kind == "deadline" and schema.get(name := f"{r.id}.due_at") == pl.Datetime("us")]
    return inner.with_columns(pl.col(naive).dt.replace_time_zone("UTC").dt.convert_time_zone(zone)) if naive else inner
