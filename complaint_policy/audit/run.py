"""The audit: a table of records held against a policy, record by record.

Reading (sources, cells, folding), judging (``policy.evaluate``), gathering (columns) and summarising (summary) each
stand in their own module; this one only passes the records along and sees that none is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any, Final

import polars as pl

from complaint_policy.audit.columns import REJECTED_SCHEMA, DecisionColumns, DecisionRows
from complaint_policy.audit.interfaces import AnyDecision, AnyPolicy
from complaint_policy.audit.judging import columns_of_policy, fields_of_policy
from complaint_policy.audit.mapping import (
    ColumnMapping,
    by_name,
    check_against_columns,
    check_against_policy,
    load_mapping,
)
from complaint_policy.audit.portfolio import Portfolio
from complaint_policy.audit.records import Counts, Entry, Progress, RecordStream
from complaint_policy.audit.result import Audit
from complaint_policy.audit.sources import InputOptions, SourceTable, open_source
from complaint_policy.audit.summary import Identity, SourceNotes, summarise
from complaint_policy.audit.tables import memory_table
from complaint_policy.audit.tally import Tally
from complaint_policy.audit.writing import FrameWriter
from complaint_policy.errors import ComplaintPolicyError, InputError, MappingError, RecordError
from complaint_policy.problems import nearest
from complaint_policy.texts import Text
from complaint_policy.waivers import WaiverSet

__all__ = ["run_audit"]

CHUNK: Final = 5_000
Judge = Callable[[Entry], AnyDecision]


def run_audit(
    policy: AnyPolicy,
    source: object,
    *,
    as_of: datetime | str,
    mapping: ColumnMapping | str | PathLike[str] | None = None,
    waivers: Any = (),
    progress: Progress | None = None,
    columns: Sequence[str] = (),
    decisions_to: str | PathLike[str] | None = None,
    keep: bool = True,
) -> Audit:
    """Hold every record of ``source`` against ``policy`` as things stood at ``as_of``.

    ``source``: a path (CSV, TSV, JSON, JSON Lines, Parquet, XLSX, each also ``.gz``), anything with the Arrow C
    stream interface, a Polars LazyFrame, or an iterable of mappings (read whole).  ``mapping``: a mapping file or
    what :func:`load_mapping` gave; without it columns named like fields are those fields.  ``waivers``: as in
    ``Policy.evaluate``.  ``progress`` is called with the rows read and the share of the source (0 to 1, or
    ``None``).  ``columns`` adds ``severity.possible`` and ``missing`` to the decisions; ``decisions_to`` writes them to
    a file while they are made; with ``keep=False`` they are then not held in memory.

    A record that cannot be judged is rejected with its reason and stops nothing.  Raises :class:`InputError` for a
    table that cannot be read, :class:`MappingError` for a mapping that fits neither policy nor table,
    :class:`UsageError` for a wrong call.
    """
    instant = policy.instant(as_of)
    table, mapping = _opened(policy, source, mapping)
    stream = RecordStream(table, mapping, policy.zone)
    judge = _judge(policy, policy.zone.to_wall(instant), stream.source_fields, waivers)
    decided = _Decided(columns_of_policy(policy), instant, columns, keep)
    portfolio = Portfolio(policy)
    rejected: list[tuple[Any, ...]] = []
    counts = Counts()

    with ExitStack() as stack:
        if decisions_to is not None:
            decided.writer = stack.enter_context(FrameWriter(Path(decisions_to), decided.schema))
        for entry in stream.entries(counts, progress):
            try:
                if entry.fault is not None:
                    raise RecordError(entry.fault)
                decision = judge(entry)
                decided.add(entry.position, decision)
                portfolio.add(decision)
            except RecordError as error:
                rejected.append(_reject(entry, error.reason, error.field))
            except ComplaintPolicyError:
                raise
            except Exception as error:  # noqa: BLE001 (one record never stops an audit)
                rejected.append(_reject(entry, _failure(error), None))
        decided.flush()

    if progress is not None:
        progress(counts.rows, 1.0)
    rejects = pl.DataFrame(rejected, schema=REJECTED_SCHEMA, orient="row").sort("row")
    identity = Identity(counts.rows, decided.tally.decided, rejects.height, counts.folded)
    identity.check()
    notes = SourceNotes.of(table, mapping, stream, policy.zone.to_aware(instant))
    return Audit(
        decisions=decided.frame() if keep else None,
        rejected=rejects,
        summary=summarise(decided.tally, policy, notes, identity, rejects, portfolio.results()),
        entries=lambda: stream.entries(Counts()),
        judge=judge,
        unchanged=table.unchanged,
    )


class _Decided:
    """What becomes of decisions: gathered, counted, written and kept, a chunk at a time."""

    def __init__(self, shape: DecisionColumns, instant: datetime, extra: Sequence[str], keep: bool) -> None:
        self._gathered, self.tally = DecisionRows(shape, instant), Tally(shape)
        self._public = shape.public(extra)
        self._empty = pl.DataFrame(schema=shape.inner_schema()).select(self._public)
        self._kept: list[pl.DataFrame] = []
        self._keep = keep
        self.writer: FrameWriter | None = None

    @property
    def schema(self) -> pl.Schema:
        """The columns handed out."""
        return self._empty.schema

    def add(self, row: int, decision: AnyDecision) -> None:
        self._gathered.add(row, decision)
        if len(self._gathered) >= CHUNK:
            self.flush()

    def flush(self) -> None:
        if not len(self._gathered):
            return
        frame = self._gathered.frame()
        self.tally.add(frame)
        shown = frame.select(self._public)
        if self.writer is not None:
            self.writer.write(shown)
        if self._keep:
            self._kept.append(shown)

    def frame(self) -> pl.DataFrame:
        """All decisions, in the order of the source."""
        return pl.concat([self._empty, *self._kept]).sort("row")


def _judge(policy: AnyPolicy, as_of: datetime, source_fields: frozenset[str], waivers: Any) -> Judge:
    # Waivers are read once: they are held against every record.
    held = waivers if isinstance(waivers, (WaiverSet, str, bytes)) else list(waivers)
    held = held if isinstance(held, WaiverSet) else policy.read_waivers(held)

    def judge(entry: Entry) -> AnyDecision:
        return policy.evaluate(entry.record, as_of=as_of, source_fields=source_fields, waivers=held)

    return judge


def _opened(
    policy: AnyPolicy, source: object, mapping: ColumnMapping | str | PathLike[str] | None
) -> tuple[SourceTable, ColumnMapping]:
    """The table and the mapping, each checked against the policy and against the other."""
    fields = fields_of_policy(policy)
    if isinstance(mapping, (str, PathLike)):
        mapping = load_mapping(Path(mapping))
    if mapping is not None:
        problems = check_against_policy(mapping, fields, policy.zone, policy.currency)
        if problems:
            raise MappingError(problems)
    options = mapping.input if mapping is not None else InputOptions()
    is_path = isinstance(source, (str, PathLike))
    table = open_source(Path(source), options) if isinstance(source, (str, PathLike)) else memory_table(source)
    if mapping is None:
        mapping = by_name(table.columns, fields)
        if mapping.field("received_at") is None and (table.columns or is_path):
            raise InputError(_no_receipt(table))
    else:
        problems = check_against_columns(mapping, table.columns)
        if problems and (table.columns or is_path):
            raise MappingError(problems)
    return table, mapping


def _no_receipt(table: SourceTable) -> Text:
    message = Text(
        f"'{table.name}' has no column 'received_at': without it no record can be judged; say with a "
        "mapping file which column it is",
        f"“{table.name}”没有“received_at”列，无法判定任何记录；请用映射文件指明对应的列",
    )
    hint = nearest("received_at", [c for c in table.columns if c])
    return message if hint is None else message + Text(f" ({hint.en})", f"（{hint.zh}）")


def _reject(entry: Entry, reason: Text, field: str | None) -> tuple[Any, ...]:
    return (entry.position, entry.line, entry.id, reason.en, reason.zh, field)


def _failure(error: Exception) -> Text:
    name = type(error).__name__
    return Text(f"judging the record failed ({name})", f"判定该记录时出错（{name}）")
