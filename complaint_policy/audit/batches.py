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
from attrs import evolve

from complaint_policy.audit.columns import DecisionColumns
from complaint_policy.audit.counts import Counted, count_rows
from complaint_policy.audit.engine import ROW, Engine
from complaint_policy.audit.enumerations import enums_of
from complaint_policy.audit.interfaces import AnyDecision, AnyPolicy
from complaint_policy.audit.judging import columns_of_policy, fields_of_policy, waivers_of
from complaint_policy.audit.look import looked_at
from complaint_policy.audit.mapping import ColumnMapping, by_name, check_against_columns, check_against_policy, load_mapping
from complaint_policy.audit.plain_texts import plain_texts
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
        self._engines: dict[Any, Engine] = {}
        self.as_of = policy.zone.to_aware(self.instant)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.policy, self.schema, self.as_of, self.mapping, self.waivers, self.extra)

    def judge(self, frame: pl.DataFrame, first_row: int = 0, portfolio: Portfolio | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The decisions of a batch, with every inner column, and the rows rejected; ``row`` counts from ``first_row``.

        ``portfolio`` gathers what the rules over many records need.
        """
        found = [tiers.run(rows) for rows, tiers in self._ways(frame, first_row, portfolio)]
        if len(found) == 1:
            return found[0].decided, found[0].rejected
        decided, rejected = (pl.concat(parts).sort("row") for parts in ([f.decided for f in found], [f.rejected for f in found]))
        return decided, rejected

    def count(self, frame: pl.DataFrame, first_row: int = 0, portfolio: Portfolio | None = None) -> Counted:
        """What a summary counts of a batch, without its decisions."""
        counted = Counted()
        for rows, tiers in self._ways(frame, first_row, portfolio or Portfolio(self.policy)):
            found = count_rows(rows.lazy(), tiers, ids="id" in self.source_fields)
            counted.rows += found.rows
            counted.counts += found.counts
            counted.rejected += found.rejected
            counted.numbers += found.numbers
        return counted

    def _ways(self, frame: pl.DataFrame, first_row: int, portfolio: Portfolio | None) -> Iterator[tuple[pl.DataFrame, Tiers]]:
        """The rows of which every text that has to be read could be read as columns, and the others, if there are any."""
        frame = numbered(frame.rename(str.strip), first_row)
        plain = plain_texts(frame, self.mapping, [version.model.fields for version in self.policy.versions], self.policy.zone)
        typed, texts = plain.read(frame)
        for rows, mapping in ((typed, plain.mapping), (texts, self.mapping)):
            if rows.height or rows is typed:
                yield rows, Tiers(self._engine(rows, mapping), self._entries_of, self.evaluate, True, self.extra, portfolio)

    def _engine(self, frame: pl.DataFrame, mapping: ColumnMapping) -> Engine:
        """The policy over tables like this one; what is believed of them is seen of the first."""
        schema = {name: kind for name, kind in frame.schema.items() if name != ROW}
        key = tuple(schema.items())
        if key not in self._engines:
            spelled, enums = {name: name for name in schema}, enums_of(self.policy)
            table = typed_table(schema, mapping, self.policy.zone, spelled, enums)
            # Whether there is nothing in a row its own cells say, not what was read of them.
            table = evolve(table, kinds=typed_table(schema, self.mapping, self.policy.zone, spelled, enums).kinds)
            look = looked_at(frame.head(_LOOKED_AT), table, whole=False)
            self._engines[key] = Engine(self.policy, table, self.shape, self.instant, self.waivers, look, schema)
        return self._engines[key]

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
