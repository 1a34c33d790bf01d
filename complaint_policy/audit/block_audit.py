"""An audit of a table that comes in blocks: each is judged as columns, one after the other, and nothing of them is kept but what was asked for.

Where no decisions are wanted the summary is summed up from codes; rows that columns leave over go record by record, as everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

import polars as pl
from attrs import define, evolve, field

from complaint_policy.audit.blocks import BLOCK, LINE, Block
from complaint_policy.audit.cells import RecordReader, as_text
from complaint_policy.audit.columns import REJECTED_SCHEMA, DecisionColumns
from complaint_policy.audit.counts import count_rows
from complaint_policy.audit.delimited import DelimitedTable
from complaint_policy.audit.engine import ROW, Engine
from complaint_policy.audit.enumerations import enums_of
from complaint_policy.audit.frames import shown
from complaint_policy.audit.gathering import Gathered
from complaint_policy.audit.interfaces import AnyDecision, AnyPolicy
from complaint_policy.audit.look import Look, looked_at
from complaint_policy.audit.mapping import ColumnMapping
from complaint_policy.audit.partials import partials
from complaint_policy.audit.plain_texts import Others, PlainTexts, plain_texts
from complaint_policy.audit.portfolio import Portfolio
from complaint_policy.audit.records import Counts, Entry, Progress, RecordStream
from complaint_policy.audit.row_blocks import RowBlocks
from complaint_policy.audit.summary import Identity, SourceNotes, Summary, summarise
from complaint_policy.audit.text_frames import TextFrame
from complaint_policy.audit.tiers import BLANK, BLANK_ROW, NO_RECEIPT, Tiers, inner_types
from complaint_policy.audit.typed import TypedTable, passes, typed_table
from complaint_policy.columns.python_cells import python_rows
from complaint_policy.rules.portfolio.exposures import Exposures

__all__ = ["BlockAudit"]

_LOOKED_AT: Final = 20_000
Keep = Callable[[pl.DataFrame], None]


@define
class _Form:
    """Tables of one schema: which of its texts are read as columns first, and the engines for what is and for what is not."""

    plain: PlainTexts
    rejecting: TypedTable
    engines: dict[bool, Engine] = field(factory=dict)


@define
class BlockAudit:
    """Judges a table while it is read."""

    policy: AnyPolicy
    table: DelimitedTable | TextFrame | RowBlocks
    stream: RecordStream
    mapping: ColumnMapping
    shape: DecisionColumns
    instant: datetime
    waivers: Any
    judge: Callable[[Entry], AnyDecision]
    extra: tuple[str, ...]
    progress: Progress | None
    exposures: Exposures
    _reader: RecordReader = field(init=False)
    _portfolio: Portfolio = field(init=False)
    _gathered: Gathered = field(init=False)
    _rejects: list[pl.DataFrame] = field(init=False)
    _others: Others = field(factory=Others, init=False)
    _forms: dict[Any, _Form] = field(factory=dict, init=False)

    def engines(self) -> list[Engine]:
        """The engines that judged, one for each form the rows had."""
        return [engine for form in self._forms.values() for engine in form.engines.values()]

    def run(self, keep: Keep | None) -> tuple[Summary, pl.DataFrame]:
        """Judges everything; ``keep`` is handed the public columns of each block, in order; None: no decisions are wanted."""
        self._reader = RecordReader(self.mapping, self.policy.zone)
        self._portfolio, self._gathered = Portfolio(self.policy, self.exposures), Gathered(self.shape)
        self._rejects = [pl.DataFrame(schema=REJECTED_SCHEMA)]
        rows = 0
        for block in self.table.blocks(self.stream.wanted, ROW, BLOCK):
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
        notes = SourceNotes.of(self.stream.table, self.mapping, self.stream, self.policy.zone.to_aware(self.instant))
        return summarise(tally, self.policy, notes, identity, rejected, self._portfolio, self.waivers), rejected

    def decision(self, row: int) -> AnyDecision | None:
        """The full decision of one row, made again."""
        if isinstance(self.table, RowBlocks):  # its cells as they were given, not as they were written for a column
            return next((self.judge(e) for e in self.stream.entries(Counts()) if e.position == row and e.fault is None), None)
        wanted = self.stream.wanted
        blocks = [self.table.block_at(wanted, ROW, row)] if isinstance(self.table, TextFrame) else self.table.blocks(wanted, ROW, BLOCK)
        for block in blocks:
            if row < block.first + block.rows:
                entries = [*self._entries_of(block.frame.filter(pl.col(ROW) == row)), *self._entries(block)]
                return next((self.judge(e) for e in entries if e.position == row and e.fault is None), None)
        return None

    # ---------------------------------------------------------------- one block
    def _take(self, block: Block, keep: Keep | None) -> None:
        form = self._form_of(block.frame)
        frame, refused = self._left_out(block.frame, form.rejecting)
        self._rejects.append(refused)
        parts: list[pl.DataFrame] = []
        typed, others = form.plain.read(frame)
        ways = [(typed, self._engine_for(typed, form, read=True))]
        few = others.height > 0 and self._others.are_few(others.height)
        if others.height and not few:
            ways.append((others, self._engine_for(others, form, read=False)))
        for rows, engine in ways:
            tiers = Tiers(engine, self._entries_of, self.judge, True, self.extra, self._portfolio, plain_rejects=False, lines=pl.col(LINE))
            if keep is None and rows.height:
                counted = count_rows(rows.lazy(), tiers, ids="id" in self.stream.source_fields, total=rows.height, collect=_collected, batches=_at_once)
                self._gathered.add(counted.partials(self.shape))
                self._gathered.add_ids(counted.ids())
                self._rejects += counted.rejected
            elif rows.height:
                found = tiers.run(rows)
                parts.append(found.decided)
                self._rejects.append(found.rejected)
        for entries, told in ((self._entries(block) if block.others else None, True), (self._entries_of(others) if few else None, False)):
            if entries is not None:
                decided, rejected = tiers.records_of(entries, told=told)
                parts.append(decided)
                self._rejects.append(rejected)
        for part in parts:
            self._gathered.add(partials(part, self.shape))
            self._gathered.add_ids(part["id"])
        if keep is not None:
            names, types = Tiers(engine, self._entries_of, self.judge, False, self.extra).names(), inner_types(engine)
            parts = [part.select(names) for part in parts] or [pl.DataFrame(schema={name: types[name] for name in names})]
            keep(shown(parts[0] if len(parts) == 1 else pl.concat(parts).sort("row"), self.shape))

    def _form_of(self, frame: pl.DataFrame) -> _Form:
        """What is known of tables with the columns of this one."""
        key = tuple(frame.schema.items())
        if key not in self._forms:
            declared, zone = [version.model.fields for version in self.policy.versions], self.policy.zone
            table = typed_table(dict(frame.schema), self.mapping, zone, {name: name for name in frame.columns})
            kept, _ = self._left_out(frame, table)
            self._forms[key] = _Form(plain_texts(kept, self.mapping, declared, zone), table)
        return self._forms[key]

    def _engine_for(self, frame: pl.DataFrame, form: _Form, *, read: bool) -> Engine:
        """The policy over tables of a form, whose texts are ``read`` or are not; what it believes of them it sees in the first rows."""
        if read not in form.engines:
            mapping = form.plain.mapping if read else self.mapping
            schema = {name: kind for name, kind in frame.schema.items() if name != ROW}
            table = typed_table(schema, mapping, self.policy.zone, {name: name for name in schema}, enums_of(self.policy))
            look = looked_at(frame.head(_LOOKED_AT), table, whole=False) if frame.height else Look()
            form.engines[read] = Engine(self.policy, table, self.shape, self.instant, self.waivers, look, schema)
        return form.engines[read]

    def _entries_of(self, rows: pl.DataFrame) -> Iterator[Entry]:
        """The records of some rows."""
        for position, line, *cells in python_rows(rows.select(ROW, LINE, *self.stream.wanted)):
            yield Entry(position, line, self._reader.record(cells), self._reader.refused(cells))

    def _entries(self, block: Block) -> Iterator[Entry]:
        """The rows of a block that are no columns."""
        for position, row in block.others:
            record = {} if row.fault else self._reader.record(row.cells)
            yield Entry(position, row.line, record, row.fault or self._reader.refused(row.cells))

    def _left_out(self, frame: pl.DataFrame, table: TypedTable) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rows that may be records, and the rejects of those that plainly are none: filtered out, blank, without a receipt."""
        receipt = self.mapping.field("received_at")
        tests = [(~passes(pl.col(f.column), frame.schema[f.column], f.values), self._reader.left_out(f)) for f in self.mapping.where]
        if receipt is None or (receipt.constant is not None and not receipt.constant.strip()):
            tests.append((pl.lit(True), NO_RECEIPT))
        elif receipt.constant is None:
            # Of several columns the first decides.
            tests.append((pl.col(receipt.columns[0]).is_null(), NO_RECEIPT))
        always = receipt is not None and receipt.constant is not None  # then a row may be blank for all that
        if not (tests or always) or not frame.height:
            return frame, pl.DataFrame(schema=REJECTED_SCHEMA)
        flags = _blank(frame, table) if always else pl.repeat(False, frame.height, dtype=pl.Boolean, eager=True)
        if tests:
            flags |= frame.select(pl.any_horizontal(test for test, _ in tests).alias("gone"))["gone"]
        if not flags.any():
            return frame, pl.DataFrame(schema=REJECTED_SCHEMA)
        gone = frame.filter(flags)
        gone = gone.with_columns(_blank(gone, table).alias(BLANK))
        cases = [(pl.col(BLANK), BLANK_ROW), *tests]
        en: Any = pl
        zh: Any = pl
        for test, text in cases:
            en, zh = en.when(test).then(pl.lit(text.en)), zh.when(test).then(pl.lit(text.zh))
        lacking: Any = pl.when(pl.any_horizontal(test for test, text in cases if text is not NO_RECEIPT)).then(None).otherwise(pl.lit("received_at"))
        ids = self._ids_of(gone)
        rejected = gone.select(row=ROW, source_row=LINE, id=ids, reason=en, reason_zh=zh, field=lacking.cast(pl.String))
        return frame.filter(~flags), rejected

    def _ids_of(self, rows: pl.DataFrame) -> pl.Series:
        """The numbers of the records of some rows, as their source shows them."""
        field = self.mapping.field("id")
        if field is None or field.constant is not None:
            number = (field.constant or "").strip() if field is not None else ""
            return pl.Series([number or None], dtype=pl.String).new_from_index(0, rows.height)
        reader = RecordReader(evolve(self.mapping, fields=(field,), where=(), events=None), self.policy.zone)
        found = (reader.record(cells).get("id") for cells in python_rows(rows.select(reader.wanted)))
        return pl.Series([None if cell is None else as_text(cell) for cell in found], dtype=pl.String)


def _blank(rows: pl.DataFrame, table: TypedTable) -> pl.Series:
    """The rows with nothing in any column; a column is looked at in those that have had nothing so far, which are soon few."""
    places = pl.int_range(rows.height if table.skips_blank else 0, eager=True)
    left = rows.head(places.len())
    for test in map(table.blank_in, table.kinds):
        if not places.len():
            break
        nothing = left.select(test.alias(BLANK))[BLANK]
        left, places = left.filter(nothing), places.filter(nothing)
    return pl.repeat(False, rows.height, dtype=pl.Boolean, eager=True).scatter(places, True)


def _at_once(query: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    yield query.collect(engine="streaming")


def _collected(queries: list[pl.LazyFrame]) -> list[pl.DataFrame]:
    return pl.collect_all(queries, engine="streaming")
