"""A policy made ready for tables of one schema: whoever holds many batches judges them one by one.

Spark's workers and the streaming audit use it.  A :class:`BatchJudge` is picklable and holds nothing of the batches
it has seen, so every worker may make one and judge with it as long as it lives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any, Final

import polars as pl

from complaint_policy.audit.columns import DecisionColumns
from complaint_policy.audit.counts import Counted, count_rows
from complaint_policy.audit.engine import ROW, Engine
from complaint_policy.audit.enumerations import enums_of
from complaint_policy.audit.interfaces import AnyDecision, AnyPolicy
from complaint_policy.audit.judging import columns_of_policy, fields_of_policy, waivers_of
from complaint_policy.audit.look import looked_at
from complaint_policy.audit.mapping import ColumnMapping, by_name, check_against_columns, check_against_policy, load_mapping
from complaint_policy.audit.portfolio import Portfolio
from complaint_policy.audit.records import Counts, Entry, RecordStream
from complaint_policy.audit.tables import FrameTable
from complaint_policy.audit.tiers import Tiers, numbered
from complaint_policy.audit.typed import typed_table
from complaint_policy.errors import InputError, MappingError, UsageError
from complaint_policy.problems import nearest
from complaint_policy.texts import Text

__all__ = ["BatchJudge", "mapping_for"]

_LOOKED_AT: Final = 10_000


class BatchJudge:
    """Judges batches of one ``schema`` by one policy as of one instant.

    ``shape`` describes the columns of the decisions, ``wanted`` names the columns a batch must have, ``source_fields`` the
    fields they fill.  ``columns`` asks for more in :meth:`public`, as in ``Policy.audit``.
    """

    def __init__(
        self,
        policy: AnyPolicy,
        *,
        schema: pl.Schema,
        as_of: datetime | str,
        mapping: ColumnMapping | str | PathLike[str] | None = None,
        waivers: Any = (),
        columns: Sequence[str] = (),
    ) -> None:
        if getattr(policy, "normalisers", None) is not None:
            raise UsageError(
                Text(
                    "a plugin of the policy changes records before they are read (normalisers), which is not done batch by batch or on Spark: use Policy.audit",
                    "该制度的插件在读取前改动记录（normalisers），无法分批或在 Spark 上进行：请使用 Policy.audit",
                )
            )
        self.policy, self.schema = policy, schema
        self.instant = policy.instant(as_of)
        self.mapping = mapping_for(policy, schema.names(), mapping)
        if self.mapping.events is not None:
            raise UsageError(
                Text("an event log is folded over the whole table, not batch by batch", "事件日志须对整表合并，不能分批判定")
            )
        self.extra = tuple(columns)
        self.waivers = waivers_of(policy, waivers)
        self.shape: DecisionColumns = columns_of_policy(policy)
        self._public = self.shape.public(self.extra)
        stream = RecordStream(FrameTable(pl.LazyFrame(schema=schema), "table", "polars"), self.mapping, policy.zone)
        self.wanted, self.source_fields, self.unused_columns = stream.wanted, stream.source_fields, stream.unused_columns
        self.typed = typed_table(schema, self.mapping, policy.zone, {c.strip(): c for c in schema.names()}, enums_of(policy))
        self._engine: Engine | None = None
        self.as_of = policy.zone.to_aware(self.instant)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.policy, self.schema, self.as_of, self.mapping, self.waivers, self.extra)

    def judge(self, frame: pl.DataFrame, first_row: int = 0, portfolio: Portfolio | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The decisions of a batch, with every inner column, and the rows rejected; ``row`` counts from ``first_row``.

        ``portfolio`` gathers what the rules over many records need.
        """
        found = self.tiers(frame, portfolio=portfolio).run(numbered(frame, first_row))
        return found.decided, found.rejected

    def count(self, frame: pl.DataFrame, first_row: int = 0, portfolio: Portfolio | None = None) -> Counted:
        """What a summary counts of a batch, without its decisions."""
        return count_rows(numbered(frame, first_row).lazy(), self.tiers(frame, portfolio=portfolio or Portfolio(self.policy)), ids="id" in self.source_fields)

    def tiers(self, frame: pl.DataFrame, *, inner: bool = True, portfolio: Portfolio | None = None) -> Tiers:
        """The tiers for tables like this one; what is believed of them is seen of the first."""
        if self._engine is None:
            look = looked_at(frame.head(_LOOKED_AT), self.typed, whole=False)
            self._engine = Engine(self.policy, self.typed, self.shape, self.instant, self.waivers, look, dict(self.schema))
        return Tiers(self._engine, self._entries_of, self.evaluate, inner, self.extra, portfolio)

    def public(self, inner: pl.DataFrame) -> pl.DataFrame:
        """The columns of ``Audit.decisions``."""
        return inner.select(self._public)

    def _entries_of(self, rows: pl.DataFrame) -> Iterator[Entry]:
        """The records of some numbered rows."""
        places = rows[ROW].to_list()
        for entry in self.entries(rows.drop(ROW)):
            entry.position = places[entry.position]
            entry.line = entry.position + 1
            yield entry

    def entries(self, frame: pl.DataFrame) -> Iterator[Entry]:
        """The records of a batch."""
        return RecordStream(FrameTable(frame.lazy(), "table", "polars"), self.mapping, self.policy.zone).entries(Counts())

    def evaluate(self, entry: Entry) -> AnyDecision:
        """The full decision of one record."""
        return self.policy.evaluate(entry.record, as_of=self.as_of, source_fields=self.source_fields, waivers=self.waivers)


def _again(policy: AnyPolicy, schema: pl.Schema, as_of: datetime, mapping: ColumnMapping, waivers: Any, extra: tuple[str, ...]) -> BatchJudge:
    return BatchJudge(policy, schema=schema, as_of=as_of, mapping=mapping, waivers=waivers, columns=extra)


def mapping_for(policy: AnyPolicy, columns: Sequence[str], mapping: ColumnMapping | str | PathLike[str] | None) -> ColumnMapping:
    """The mapping of a table with these columns, checked against it and against the policy.

    Raises :class:`MappingError` with every problem, :class:`InputError` where without a mapping no column is ``received_at``.
    """
    fields = fields_of_policy(policy)
    if mapping is None:
        named = by_name((c.strip() for c in columns), fields)
        if named.field("received_at") is None:
            raise InputError(_no_receipt(columns))
        return named
    if isinstance(mapping, (str, PathLike)):
        mapping = load_mapping(Path(mapping))
    problems = check_against_policy(mapping, fields, policy.zone, policy.currency)
    problems = problems or check_against_columns(mapping, [c.strip() for c in columns])
    if problems:
        raise MappingError(problems)
    return mapping


def _no_receipt(columns: Sequence[str]) -> Text:
    message = Text(
        "the table has no column 'received_at': without it no record can be judged; say with a mapping file which column it is",
        "表中没有“received_at”列，无法判定任何记录；请用映射文件指明对应的列",
    )
    hint = nearest("received_at", [c for c in columns if c])
    return message if hint is None else message + Text(f" ({hint.en})", f"（{hint.zh}）")
