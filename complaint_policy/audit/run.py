"""The audit: a table of records held against a policy.

A table of columns is judged on its columns (frames), records that come one by one are gathered to tables first (streams).
Reading (sources, cells, folding), judging (tiers), counting and summarising each stand in their own module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import date, datetime
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import polars as pl
from attrs import evolve

from complaint_policy.audit.across import across_of, check_lists
from complaint_policy.audit.block_audit import BlockAudit
from complaint_policy.audit.caps import held_to_caps
from complaint_policy.audit.cells import RecordReader
from complaint_policy.audit.columns import DecisionColumns
from complaint_policy.audit.delimited import DelimitedTable
from complaint_policy.audit.engine import remarks
from complaint_policy.audit.event_tables import RecordsWithEvents, event_table
from complaint_policy.audit.exposures import read_exposures
from complaint_policy.audit.frames import FrameAudit
from complaint_policy.audit.history import COUNTED, History, history_of
from complaint_policy.audit.history_records import SourceRecords
from complaint_policy.audit.history_tables import beside
from complaint_policy.audit.interfaces import AnyDecision, AnyPolicy, has_columns
from complaint_policy.audit.json_blocks import JsonBlocks
from complaint_policy.audit.json_files import JsonLinesTable
from complaint_policy.audit.judging import columns_of_policy, fields_of_policy, logs_of_policy, waivers_of
from complaint_policy.audit.mapping import (
    ColumnMapping,
    by_name,
    check_against_columns,
    check_against_policy,
    load_mapping,
)
from complaint_policy.audit.opening import figure_records
from complaint_policy.audit.records import Counts, Entry, Progress, RecordStream
from complaint_policy.audit.registers import check_register, rows_of_register
from complaint_policy.audit.result import Audit
from complaint_policy.audit.row_blocks import RowBlocks
from complaint_policy.audit.sources import InputOptions, SourceTable, open_source, shown_names
from complaint_policy.audit.streams import StreamAudit
from complaint_policy.audit.summary import Summary
from complaint_policy.audit.tables import FrameTable, memory_table
from complaint_policy.audit.text_frames import TextFrame, text_frame
from complaint_policy.audit.typed_cells import TypedCells
from complaint_policy.audit.watching import watched
from complaint_policy.audit.writing import FrameWriter, check_target
from complaint_policy.errors import InputError, MappingError, UsageError
from complaint_policy.exactness import exactly
from complaint_policy.problems import nearest
from complaint_policy.texts import Text
from complaint_policy.waivers import WaiverSet

__all__ = ["run_audit"]

Judge = Callable[[Entry], AnyDecision]


@watched
@exactly
def run_audit(
    policy: AnyPolicy,
    source: object,
    *,
    as_of: datetime | str,
    mapping: ColumnMapping | str | PathLike[str] | None = None,
    waivers: Any = (),
    progress: Progress | None = None,
    columns: Sequence[str] = (),
    events: object = None,
    events_mapping: ColumnMapping | str | PathLike[str] | None = None,
    decisions_to: str | PathLike[str] | None = None,
    keep: bool = True,
    register: object = None,
    since: date | str | None = None,
    history: str = COUNTED,
    exposures: object = None,
    lists: Mapping[str, object] | None = None,
) -> Audit:
    """Hold every record of ``source`` against ``policy`` as things stood at ``as_of``.

    ``source``: a path (CSV, TSV, JSON, JSON Lines, Parquet, XLSX, each also ``.gz``), anything with the Arrow C
    stream interface, a Polars LazyFrame, or an iterable of mappings (read whole).  ``mapping``: a mapping file or
    what :func:`load_mapping` gave; without it columns named like fields are those fields.  ``waivers``: as in
    ``Policy.evaluate``, or the path of a file of them.  ``progress`` is called with the rows read and the share of the source (0 to 1, or
    ``None``).  ``events``: a second table, one row an event, joined to the records by ``id`` and, unless ``events_mapping`` says
    otherwise, with the columns ``id``, ``at``, ``kind`` and those of the attributes.  ``columns`` adds ``severity.possible``,
    ``missing`` and ``without_waiver`` to the decisions; ``decisions_to`` writes them to a file while they are made; with ``keep=False`` they are then
    not held in memory.  ``register``: what was done for the policy's schedules (a path, a table or a list of
    ``{schedule, period, at}``), judged for every period with a day from ``since`` on, with the figures this audit measures;
    ``since`` alone judges them without a register.  ``history="given"``: what the policy counts of earlier records is taken from
    columns of the table, and nothing is merged.  ``lists``: by name the tables the policy reconciles with, each as ``source`` is
    given, or a pair of that and a mapping.
    ``exposures``: a table with ``period``, the groups and a column for each exposure that a rate of the policy names, in any
    form ``source`` may have.

    A record that cannot be judged is rejected with its reason and stops nothing.  Raises :class:`InputError` for a
    table that cannot be read, :class:`MappingError` for a mapping that fits neither policy nor table,
    :class:`UsageError` for a wrong call.
    """
    instant = policy.instant(as_of)
    check_register(register, since)
    if decisions_to is not None:
        listed = [one for given in (lists or {}).values() for one in (given if isinstance(given, tuple) else (given,))]
        check_target(Path(decisions_to), (source, mapping, events, events_mapping, waivers, register, exposures, *listed))
    rows = rows_of_register(register) if register is not None else None
    table, mapping = _opened(policy, source, mapping)
    check_lists(policy, lists or {})
    others = {name: _listed(policy, given) for name, given in (lists or {}).items()}
    normalisers = getattr(policy, "normalisers", None)
    across = across_of(policy, RecordStream(table, mapping, policy.zone, normalisers), SourceRecords(policy, table, mapping, instant), instant, others)
    past = history_of(policy, table, mapping, instant, history)
    if past is not None and not past.into:
        table, mapping = beside(table, mapping, past.columns)
    stream = past.merged_stream() if past is not None and past.into else RecordStream(table, mapping, policy.zone, normalisers)
    joined: RecordsWithEvents | None = None
    if events is not None:
        stream = joined = RecordsWithEvents(stream, event_table(policy, events, events_mapping), past.into if past is not None else {})
    elif events_mapping is not None:
        raise UsageError(Text("events_mapping says how a table of events is read: give events, too", "events_mapping 说明如何读取事件表：请同时给出 events"))
    # Waivers are read once: they are held against every record.
    held = waivers_of(policy, waivers)
    judge = _judge(policy, policy.zone.to_wall(instant), stream.source_fields, held)
    exposed = read_exposures(policy, exposures)
    shape = columns_of_policy(policy)
    schedules: Callable[[Audit], Any] | None = None
    if since is not None:
        judged: Any = policy

        def schedules(audit: Audit) -> Any:
            return judged.schedules(rows, as_of=policy.zone.to_aware(instant), since=since, audit=audit, waivers=held)

    caps = held_to_caps(policy, lambda: stream.entries(Counts()), judge)
    opened = partial(_opened_figure, policy, stream, judge)
    public = shape.public(columns)  # refuses a column nobody knows
    merging = past is not None and bool(past.into)
    by_record = mapping.events is not None or merging or joined is not None or normalisers is not None or not has_columns(policy)
    # A mapping of constants alone reads no column.
    blocks = None if by_record else _in_blocks(policy, table, mapping)
    if isinstance(table, FrameTable) and stream.wanted and not by_record and blocks is None:
        lazily = FrameAudit(policy, table, mapping, stream, shape, instant, held, judge, columns, progress, exposed)
        if decisions_to is not None:
            with FrameWriter(Path(decisions_to), _schema_of(shape, public)) as writer:
                for piece in lazily.public_batches():
                    writer.write(piece)
        return Audit(
            decisions=(lambda: lazily.decisions) if keep else None,
            rejected=lambda: lazily.rejected,
            summary=lambda: _told(lazily.summary(), past),
            find=lazily.decision,
            entries=lambda: stream.entries(Counts()),
            unchanged=table.unchanged,
            notes=lambda: remarks([lazily.engine]),
            schedules=schedules,
            past=past,
            caps=caps,
            opened=opened,
            across=across,
        )
    whole: BlockAudit | StreamAudit
    if blocks is not None:
        whole = BlockAudit(policy, blocks, stream, mapping, shape, instant, held, judge, tuple(columns), progress, exposed)
    else:
        whole = StreamAudit(policy, stream, mapping, shape, instant, held, judge, tuple(columns), progress, exposed)
    kept: list[pl.DataFrame] = []
    with ExitStack() as stack:
        writer_ = stack.enter_context(FrameWriter(Path(decisions_to), _schema_of(shape, public))) if decisions_to is not None else None

        def take(piece: pl.DataFrame) -> None:
            if writer_ is not None:
                writer_.write(piece)
            if keep:
                kept.append(piece)

        summary, rejected = whole.run(take if keep or writer_ is not None else None)
        if joined is not None:
            summary = evolve(summary, events=joined.counts())

    def find(row: int) -> AnyDecision | None:
        if isinstance(whole, BlockAudit):
            return whole.decision(row)
        return next((judge(e) for e in stream.entries(Counts()) if e.position == row and e.fault is None), None)

    return Audit(
        decisions=(lambda: pl.concat(kept).sort("row")) if keep else None,
        rejected=lambda: rejected,
        summary=lambda: _told(summary, past),
        find=find,
        entries=lambda: stream.entries(Counts()),
        unchanged=table.unchanged,
        notes=lambda: remarks(whole.engines()),
        across=across,
        schedules=schedules,
        past=past,
        caps=caps,
        opened=opened,
    )


def _told(summary: Summary, past: History | None) -> Summary:
    return summary if past is None else evolve(summary, history=past.notes())


def _in_blocks(policy: AnyPolicy, table: SourceTable, mapping: ColumnMapping) -> DelimitedTable | TextFrame | RowBlocks | None:
    """A table of texts to be read, or of rows, as blocks; ``None`` for one whose columns are judged as they stand."""
    if isinstance(table, DelimitedTable):
        return table
    versions = [version.model.fields for version in policy.versions]
    if isinstance(table, FrameTable):
        return text_frame(table, mapping, versions)
    cells = TypedCells.of(mapping, versions, logs_of_policy(policy))
    return JsonBlocks(table, cells) if isinstance(table, JsonLinesTable) else RowBlocks(table, cells)


def _opened_figure(policy: AnyPolicy, stream: RecordStream, judge: Judge, rule: str, **options: Any) -> pl.DataFrame:
    return figure_records(policy, stream.entries(Counts()), judge, rule, **options)


def _judge(policy: AnyPolicy, as_of: datetime, source_fields: frozenset[str], waivers: WaiverSet) -> Judge:
    def judge(entry: Entry) -> AnyDecision:
        return policy.evaluate(entry.record, as_of=as_of, source_fields=source_fields, waivers=waivers)

    return judge


def _listed(policy: AnyPolicy, given: object) -> RecordStream:
    """A list to reconcile with: a table, or one with its mapping."""
    source, mapping = given if isinstance(given, tuple) and len(given) == 2 else (given, None)
    table, read = _opened(policy, source, mapping, dated=False)
    return RecordStream(table, read, policy.zone)


def _schema_of(shape: DecisionColumns, public: Sequence[pl.Expr]) -> pl.Schema:
    """The types of a table of decisions."""
    return pl.DataFrame(schema=shape.inner_schema()).select(public).schema


def _opened(
    policy: AnyPolicy, source: object, mapping: ColumnMapping | str | PathLike[str] | None, *, dated: bool = True
) -> tuple[SourceTable, ColumnMapping]:
    """The table and the mapping, each checked against the policy and against the other; ``dated``: it has receipts."""
    fields = fields_of_policy(policy)
    if isinstance(mapping, (str, PathLike)):
        mapping = load_mapping(Path(mapping))
    if mapping is not None and not isinstance(mapping, ColumnMapping):
        raise UsageError(
            Text(
                "mapping is the path of a mapping file, or what load_mapping or read_mapping gave",
                "mapping 应为映射文件的路径，或 load_mapping、read_mapping 的结果",
            )
        )
    if mapping is not None:
        problems = check_against_policy(mapping, fields, policy.zone, policy.currency)
        if problems:
            raise MappingError(problems)
    options = mapping.input if mapping is not None else InputOptions()
    table = open_source(Path(source), options) if isinstance(source, (str, PathLike)) else memory_table(source)
    if mapping is None:
        mapping = by_name(table.columns, fields)
        if dated and mapping.field("received_at") is None and table.names_columns:
            raise InputError(_no_receipt(table))
    else:
        problems = check_against_columns(mapping, table.columns)
        if problems and table.names_columns:
            raise MappingError(problems)
    return table.settled(RecordReader(mapping, policy.zone).wanted) if isinstance(table, FrameTable) else table, mapping


def _no_receipt(table: SourceTable) -> Text:
    message = Text(
        f"'{table.name}' has no column 'received_at': without it no record can be judged; say with a "
        "mapping file which column it is",
        f"“{table.name}”没有“received_at”列，无法判定任何记录；请用映射文件指明对应的列",
    )
    names, like_data = shown_names(table.columns)
    hint = like_data or nearest("received_at", names)
    return message if hint is None else message + Text(f" ({hint.en})", f"（{hint.zh}）")
