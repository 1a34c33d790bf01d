"""An audit of a file of delimited text: its blocks are judged as columns, one after the other, and nothing of them is kept but what was asked for.

Where no decisions are wanted the summary is summed up from codes; rows that columns leave over go record by record, as everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

import polars as pl
from attrs import define, field

from complaint_policy.audit.blocks import LINE, Block
from complaint_policy.audit.cells import RecordReader, as_text
from complaint_policy.audit.columns import REJECTED_SCHEMA, DecisionColumns
from complaint_policy.audit.counts import Counting, read_row
from complaint_policy.audit.delimited import DelimitedTable
from complaint_policy.audit.engine import ROW, Engine, Look, looked_at
from complaint_policy.audit.frames import judged_key, shown
from complaint_policy.audit.gathering import Gathered
from complaint_policy.audit.interfaces import AnyDecision, AnyPolicy
from complaint_policy.audit.mapping import ColumnMapping
from complaint_policy.audit.partials import partials
from complaint_policy.audit.portfolio import Portfolio
from complaint_policy.audit.records import Entry, Progress, RecordStream
from complaint_policy.audit.summary import Identity, SourceNotes, Summary, summarise
from complaint_policy.audit.tiers import BLANK_ROW, Tiers, inner_types
from complaint_policy.audit.typed import passes, typed_table

__all__ = ["TextAudit"]

_LOOKED_AT: Final = 20_000
Keep = Callable[[pl.DataFrame], None]


@define
class TextAudit:
    """Judges a file while it is read."""

    policy: AnyPolicy
    table: DelimitedTable
    stream: RecordStream
    mapping: ColumnMapping
    shape: DecisionColumns
    instant: datetime
    waivers: Any
    judge: Callable[[Entry], AnyDecision]
    extra: tuple[str, ...]
    progress: Progress | None
    _reader: RecordReader = field(init=False)
    _portfolio: Portfolio = field(init=False)
    _gathered: Gathered = field(init=False)
    _rejects: list[pl.DataFrame] = field(init=False)
    _engine: Engine | None = field(default=None, init=False)
    _countings: dict[int, Counting] = field(factory=dict, init=False)

    def run(self, keep: Keep | None) -> tuple[Summary, pl.DataFrame]:
        """Judges everything; ``keep`` is handed the public columns of each block, in order; None: no decisions are wanted."""
        self._reader = RecordReader(self.mapping, self.policy.zone)
        self._portfolio, self._gathered = Portfolio(self.policy), Gathered(self.shape)
        self._rejects = [pl.DataFrame(schema=REJECTED_SCHEMA)]
        rows = 0
        for block in self.table.blocks(self.stream.wanted, ROW):
            rows = block.first + block.rows
            self._take(block, keep)
            if self.progress is not None:
                self.progress(rows, self.table.share())
        if not rows:
            self._take(Block(0, 0, pl.DataFrame(schema={ROW: pl.Int64, LINE: pl.Int64} | dict.fromkeys(self.stream.wanted, pl.String))), keep)
        rejected = pl.concat(self._rejects).sort("row")
        tally = self._gathered.tally()
        identity = Identity(rows, tally.decided, rejected.height, 0)
        identity.check()
        if self.progress is not None:
            self.progress(rows, 1.0)
        notes = SourceNotes.of(self.table, self.mapping, self.stream, self.policy.zone.to_aware(self.instant))
        return summarise(tally, self.policy, notes, identity, rejected, self._portfolio.results()), rejected

    # ---------------------------------------------------------------- one block
    def _take(self, block: Block, keep: Keep | None) -> None:
        engine = self._engine_for(block.frame)
        frame, refused = self._left_out(block.frame)
        self._rejects.append(refused)
        tiers = Tiers(engine, self._entries_of, self.judge, True, self.extra, self._portfolio, plain_rejects=False)
        entries = (Entry(position, r.line, {} if r.fault else self._reader.record(r.cells), r.fault or self._reader.refused(r.cells)) for position, r in block.others)
        parts = []
        if block.others:
            decided, rejected = tiers.records_of(entries)
            parts.append(decided)
            self._rejects.append(rejected)
        if keep is None and self._one_pass():
            parts += self._counted(frame, tiers)
        elif frame.height:
            found = tiers.run(frame)
            parts.append(found.decided)
            self._rejects.append(found.rejected)
        for part in parts:
            self._gathered.add(partials(part, self.shape))
            self._gathered.add_ids(part["id"])
        if keep is not None:
            names, types = Tiers(engine, self._entries_of, self.judge, False, self.extra).names(), inner_types(engine)
            parts = [part.select(names) for part in parts] or [pl.DataFrame(schema={name: types[name] for name in names})]
            keep(shown(parts[0] if len(parts) == 1 else pl.concat(parts).sort("row"), self.shape))

    def _engine_for(self, frame: pl.DataFrame) -> Engine:
        """The policy over the columns of the file; what it believes of them it sees in the first rows."""
        if self._engine is None:
            schema = dict(frame.schema)
            table = typed_table(schema, self.mapping, self.policy.zone, {name: name for name in self.stream.wanted})
            look = looked_at(frame.head(_LOOKED_AT), table, whole=False) if frame.height else Look()
            self._engine = Engine(self.policy, table, self.shape, self.instant, self.waivers, look, schema)
        return self._engine

    def _entries_of(self, rows: pl.DataFrame) -> Iterator[Entry]:
        """The records of some rows."""
        for position, line, *cells in rows.select(ROW, LINE, *self.stream.wanted).iter_rows():
            yield Entry(position, line, self._reader.record(cells), self._reader.refused(cells))

    def _left_out(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rows that the mapping's filters keep, and the rejects of the others."""
        none = pl.DataFrame(schema=REJECTED_SCHEMA)
        if not self.mapping.where or not frame.height:
            return frame, none
        assert self._engine is not None
        table = self._engine.table
        assert table.keeps is not None
        keeps = frame.select(table.keeps.alias("keeps"))["keeps"]
        if keeps.all():
            return frame, none
        gone = frame.filter(~keeps)
        reasons: Any = pl.when(table.blank).then(pl.lit(0))
        texts = [BLANK_ROW]
        for condition in self.mapping.where:
            reasons = reasons.when(~passes(pl.col(condition.column), pl.String(), condition.values)).then(pl.lit(len(texts)))
            texts.append(self._reader.left_out(condition))
        code = gone.select(reasons.alias("code"))["code"]
        records = (self._reader.record(cells).get("id") for cells in gone.select(self.stream.wanted).iter_rows())
        ids = pl.Series([None if found is None else as_text(found) for found in records], dtype=pl.String)
        en, zh = (code.replace_strict(list(range(len(texts))), words, return_dtype=pl.String) for words in ([t.en for t in texts], [t.zh for t in texts]))
        columns = {"row": gone[ROW], "source_row": gone[LINE], "id": ids, "reason": en, "reason_zh": zh}
        return frame.filter(keeps), pl.DataFrame(columns).with_columns(field=pl.lit(None, dtype=pl.String))

    # ---------------------------------------------------------------- no table of decisions
    def _one_pass(self) -> bool:
        """Whether columns can count every version."""
        assert self._engine is not None
        for version in range(len(self.policy.versions)):
            judged = self._engine.tier(version, hopeful=True)
            if judged is None or (not self._portfolio.empty and judged.portions is None):
                return False
        return True

    def _counted(self, frame: pl.DataFrame, tiers: Tiers) -> list[pl.DataFrame]:
        """Counts a block in one pass a version; gives the decisions of what columns leave over."""
        engine = tiers.engine
        plan, _, _ = engine.receipt()
        received = plan.applied(frame.lazy())
        routes = engine.routes()
        left: list[pl.DataFrame] = []
        routed = 0
        for version, route in enumerate(routes):
            judged = engine.tier(version, hopeful=True)
            assert judged is not None
            if version not in self._countings:
                self._countings[version] = Counting(judged, self.shape, self.policy.versions[version].model.effective.isoformat())
            counting = self._countings[version]
            wanted = counting.expressions()  # they add columns to the plan
            mine = judged.sheet.plan.applied(received.filter(route))
            kept = mine if judged.left is None else mine.filter(~judged.left.expr)
            portions = [] if self._portfolio.empty else list(judged.portions or ())
            queries = [kept.select(wanted), kept.select(judged.id.expr.alias("id")), *(p.counted(kept) for p in portions)]
            if judged.left is not None:
                queries.append(mine.filter(judged.left.expr).select(frame.columns))
            found = pl.collect_all(queries, engine="streaming")
            row = read_row(found[0])
            self._gathered.add(counting.partials(row))
            self._gathered.add_ids(found[1]["id"])
            routed += row["0"]
            for portion, cells in zip(portions, found[2:], strict=False):
                portion.add_to(self._portfolio, cells, id(judged_key(self.policy, version)))
            if judged.left is not None and found[-1].height:
                left.append(found[-1])
        routed += sum(rows.height for rows in left)
        if routed < frame.height:
            left.append(received.filter(~pl.any_horizontal(*routes).fill_null(False)).select(frame.columns).collect(engine="streaming"))
        parts = []
        for rows in left:
            judgement = tiers.run(rows.sort(ROW), believed=False)
            parts.append(judgement.decided)
            self._rejects.append(judgement.rejected)
        return parts
