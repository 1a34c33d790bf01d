"""The audit of a Spark DataFrame: the policy travels to the records, and only decisions or counts travel back.

docs/scale.md says when that pays.  Needs ``pip install 'complaint-policy[audit,spark]'`` here and on the workers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from importlib import import_module
from os import PathLike
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from attrs import evolve

from complaint_policy.audit.batches import BatchJudge
from complaint_policy.audit.columns import REJECTED_SCHEMA, DecisionColumns
from complaint_policy.audit.exposures import read_exposures
from complaint_policy.audit.history import COUNTED, looks_back
from complaint_policy.audit.interfaces import AnyDecision, AnyPolicy
from complaint_policy.audit.mapping import ColumnMapping
from complaint_policy.audit.partials import KEYS, LATE, REJECT, SUMS, add_portfolio, reasons_of, tally_of
from complaint_policy.audit.portfolio import Portfolio
from complaint_policy.audit.spark_lateness import lateness_of
from complaint_policy.audit.spark_sources import FileSource, FrameSource, Source, parquet_files, pieces_of
from complaint_policy.audit.spark_types import polars_schema
from complaint_policy.audit.spark_worker import IDS, ROW, ROWS, Shipment, conformed, counts_schema, decisions_schema
from complaint_policy.audit.summary import Identity, SourceNotes, Summary, summarise
from complaint_policy.errors import MissingExtra, RecordError, UsageError
from complaint_policy.exactness import exactly
from complaint_policy.rules.portfolio.exposures import Exposures
from complaint_policy.rules.portfolio.measure import PortfolioResult
from complaint_policy.texts import Text

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["SparkAudit", "audit_parquet", "audit_spark"]

_SHOWN: Final = 10


def audit_spark(
    policy: AnyPolicy,
    frame: DataFrame,
    *,
    as_of: datetime | str,
    mapping: ColumnMapping | str | PathLike[str] | None = None,
    waivers: Any = (),
    columns: Sequence[str] = (),
    row: str | None = None,
    count_ids: bool = True,
    history: str = COUNTED,
    exposures: Any = None,
) -> SparkAudit:
    """Hold every record of a Spark DataFrame against ``policy`` as things stood at ``as_of``.

    ``mapping``, ``waivers``, ``columns`` and ``exposures`` are those of ``Policy.audit``; nothing is computed before it is asked for.

    The rows of a Spark table have no position.  ``row`` names a column of whole numbers that gives each its own, from 0, if
    the decisions are to be those of one machine to the letter.  Without it ``row`` is a key made of the row's content (Spark's
    ``xxhash64`` of the columns the mapping reads): the same in every run, and shared by rows that are alike throughout.
    ``history`` as in ``Policy.audit``, where a policy has any: here it can only be ``given``.
    ``count_ids=False`` spares the summary its count of repeated ids, which takes a shuffle of all of them.

    Raises :class:`MissingExtra` without pyspark and pyarrow, :class:`MappingError` for a mapping that fits neither policy nor table,
    :class:`UsageError` for a wrong call, such as the mapping of an event log.
    """
    _installed()
    _without_history(policy, history)
    if not isinstance(frame, import_module("pyspark.sql").DataFrame):
        name = type(frame).__name__
        raise UsageError(Text(f"a {name} is no Spark DataFrame", f"{name} 不是 Spark DataFrame"))
    schema, unreadable = polars_schema(frame.schema)
    judge = BatchJudge(policy, schema=schema, as_of=as_of, mapping=mapping, waivers=waivers, columns=columns)
    for name in judge.wanted:
        if name in unreadable:
            kind = unreadable[name]
            raise UsageError(Text(f"column '{name}' has a type that no field has: {kind}", f"列“{name}”的类型不能用于任何字段：{kind}"))
    if row is not None and schema.get(row) not in (pl.Int64, pl.Int32, pl.Int16, pl.Int8):
        raise UsageError(Text(f"row: '{row}' is no column of whole numbers", f"row：“{row}”不是整数列"))
    return SparkAudit(FrameSource(frame, row, judge.wanted), judge, _narrowed(judge, waivers), count_ids, read_exposures(policy, exposures))


def audit_parquet(
    policy: AnyPolicy,
    spark: SparkSession,
    paths: str | Sequence[str],
    *,
    as_of: datetime | str,
    mapping: ColumnMapping | str | PathLike[str] | None = None,
    waivers: Any = (),
    columns: Sequence[str] = (),
    count_ids: bool = True,
    history: str = COUNTED,
    exposures: Any = None,
) -> SparkAudit:
    """The same over Parquet files, read by the workers themselves: several times as fast as through a DataFrame.

    ``paths`` are files and folders as ``spark.read.parquet`` takes them, which this machine and every worker can open with
    Polars: a shared or local disk, S3, Google Cloud or Azure storage.  ``row`` is the row's number through all files, in
    the order of their names.  Columns made of the names of folders are not read.
    """
    _installed()
    _without_history(policy, history)
    schema, files = parquet_files(spark, paths)
    judge = BatchJudge(policy, schema=pl.Schema({n.strip(): k for n, k in schema.items()}), as_of=as_of, mapping=mapping, waivers=waivers, columns=columns)
    sent, exposed = _narrowed(judge, waivers), read_exposures(policy, exposures)
    return SparkAudit(FileSource(spark, pieces_of(files, spark.sparkContext.defaultParallelism), sent), judge, sent, count_ids, exposed)


def _without_history(policy: AnyPolicy, history: str) -> None:
    """A worker sees its own records only: it cannot count the others."""
    if looks_back(policy, history):
        raise UsageError(
            Text(
                "the policy counts or merges records (history), which Spark's workers cannot: count on one machine or in SQL, and hand in "
                "the counts as columns with history='given'",
                "该制度须对记录计数或合并（history），Spark 的工作进程无法做到：请在单机或 SQL 中计数，将结果作为列提供，并使用 history='given'",
            )
        )


def _installed() -> None:
    for package in ("pyspark", "pyarrow", "pandas"):
        try:
            import_module(package)
        except ImportError:
            raise MissingExtra(package, "audit,spark") from None


def _narrowed(judge: BatchJudge, waivers: Any) -> BatchJudge:
    """The judge of the columns that are read."""
    wanted = pl.Schema({name: judge.schema[name] for name in judge.wanted})
    return BatchJudge(judge.policy, schema=wanted, as_of=judge.as_of, mapping=judge.mapping, waivers=waivers, columns=judge.extra)


class SparkAudit:
    """The audit of a table on Spark.  Every part is computed by Spark, when and as often as it is asked for."""

    def __init__(self, source: Source, judge: BatchJudge, sent: BatchJudge, count_ids: bool, exposures: Exposures) -> None:
        self._source, self._judge, self._count_ids, self._exposures = source, judge, count_ids, exposures
        self._sent = sent
        self._bytes: bytes = import_module("pyspark.serializers").CPickleSerializer().dumps(sent)
        self._summary: Summary | None = None

    @cached_property
    def decisions(self) -> DataFrame:
        """One row a decided record, as in ``Audit.decisions``; due dates are instants, shown in the session's time zone."""
        return self._mapped("decisions", decisions_schema(self._sent))

    @cached_property
    def rejected(self) -> DataFrame:
        """One row a rejected row of the source; ``source_row`` is known where ``row`` was given."""
        return self._mapped("rejected", pl.Schema(REJECTED_SCHEMA))

    @property
    def as_of(self) -> datetime:
        """The instant of judgement, in the policy's zone; with ``portfolio`` it is what ``Policy.schedules`` needs of an audit."""
        return self._judge.as_of

    @property
    def portfolio(self) -> Mapping[str, tuple[PortfolioResult, ...]]:
        """The figures of the rules over many records; they do not open to their records: filter :attr:`decisions`."""
        return self.summary().portfolio

    def figure(self, rule: str, period: str = "all") -> PortfolioResult | None:
        """The figure of one period over all groups, as ``Audit.figure`` gives it."""
        return self.summary().figure(rule, period)

    @exactly
    def summary(self) -> Summary:
        """Counts, shares and sums; computed once.  From Python only counts travel back, and the ids, to be counted."""
        if self._summary is None:
            self._summary = self._summarised()
        return self._summary

    def write_decisions(self, path: str | PathLike[str], *, separator: str = ".", mode: str = "errorifexists") -> None:
        """Write the decisions as Parquet; ``separator="__"`` gives ``<rule>__outcome`` for ``<rule>.outcome``, which SQL need not quote.

        ``mode`` is Spark's: ``errorifexists``, ``overwrite``, ``append`` or ``ignore``.
        """
        decided = self.decisions
        names = [name.replace(".", separator) for name in decided.columns]
        decided.toDF(*names).write.mode(mode).parquet(str(path))

    def write_rejected(self, path: str | PathLike[str], *, mode: str = "errorifexists") -> None:
        """Write the rejects as Parquet."""
        self.rejected.write.mode(mode).parquet(str(path))

    def decision(self, which: str | int) -> AnyDecision:
        """The full decision of one record, made here: a text is its ``id``, a number its ``row``.

        Raises :class:`UsageError` where no record, or more than one, is meant, or where it was rejected.
        """
        en, zh = (f"row {which}", f"第 {which} 行") if isinstance(which, int) else (f"the id '{which}'", f"编号“{which}”")
        rows = self._source.found(self._shipment("sought", str(which)), which, _SHOWN + 1)
        if rows.height != 1:
            raise UsageError(_not_one(en, zh, rows))
        entry = next(self._sent.entries(conformed(rows, self._sent.schema)))
        try:
            if entry.fault is not None:
                raise RecordError(entry.fault)
            return self._sent.evaluate(entry)
        except RecordError as error:
            raise UsageError(Text(f"{en} was rejected: {error.reason.en}", f"{zh}未被采用：{error.reason.zh}")) from None

    # ---------------------------------------------------------------- on Spark
    def _mapped(self, work: str, schema: pl.Schema, *, with_row: bool = True) -> DataFrame:
        return self._source.mapped(self._shipment(work), schema, with_row=with_row)

    def _shipment(self, work: str, wanted_id: str = "") -> Shipment:
        return Shipment(self._bytes, work, self._source.numbered, wanted_id)

    def _summarised(self) -> Summary:
        shape: DecisionColumns = self._judge.shape
        counts = self._mapped("counts", counts_schema(shape), with_row=False).persist()
        try:
            total = self._added_up(counts)
            ids = self._repeated(counts) if total.filter(pl.col("part") == IDS).height else (0, 0)
            late = lateness_of(counts, total, shape)
        finally:
            counts.unpersist()
        numbers = {part: int(total.filter(pl.col("part") == part)["records"].sum()) for part in (ROWS, "decided", REJECT)}
        identity = Identity(numbers[ROWS], numbers["decided"], numbers[REJECT], 0)
        identity.check()
        policy = self._judge.policy
        gathered = Portfolio(policy, self._exposures)
        add_portfolio(total, gathered)
        tally = tally_of(total.filter(pl.col("part") != LATE), shape, ids=ids, late=late)
        summary = summarise(tally, policy, self._notes(), identity, pl.DataFrame(schema=REJECTED_SCHEMA), gathered, self._judge.waivers)
        return evolve(summary, rejects=reasons_of(total))

    def _added_up(self, counts: DataFrame) -> pl.DataFrame:
        """All partials added up by Spark; of values only the places of rejects come along, and how long the longest was late."""
        f = import_module("pyspark.sql.functions")
        sums = [f.sum(name).alias(name) for name in SUMS]
        places = f.collect_list(f.when(f.col("part") == REJECT, f.col("values"))).alias("places")
        longest = f.max(f.when(f.col("part") == LATE, f.array_max("values"))).alias("longest")
        added = pl.DataFrame(counts.groupBy(*KEYS).agg(*sums, places, longest).toArrow())
        # Spark widens the sums of decimals.
        money = [pl.col(name).cast(counts_schema(self._judge.shape)[name]) for name in ("total", "least", "most")]
        return added.with_columns(*money, pl.col("places").list.eval(pl.element().explode()).alias("values")).drop("places")

    def _repeated(self, counts: DataFrame) -> tuple[int, int]:
        f = import_module("pyspark.sql.functions")
        if not self._count_ids:
            return 0, 0
        times = counts.where(f.col("part") == IDS).select(f.explode(IDS).alias("id")).groupBy("id").count().where(f.col("count") > 1)
        (found,) = times.agg(f.count("count"), f.coalesce(f.sum("count"), f.lit(0))).collect()
        return int(found[0]), int(found[1])

    def _notes(self) -> SourceNotes:
        judge = self._judge
        row = self._source.row if isinstance(self._source, FrameSource) else None
        unused = tuple(name for name in judge.unused_columns if name != row)
        fields = tuple(sorted(judge.source_fields))
        return SourceNotes("table", "spark", None, None, True, (), judge.mapping.name, fields, unused, judge.as_of)


def _not_one(en: str, zh: str, rows: pl.DataFrame) -> Text:
    if not rows.height:
        return Text(f"no record has {en}", f"没有{zh}的记录")
    shown = ", ".join(map(str, rows[ROW].head(_SHOWN)))
    return Text(f"more than one record has {en}; ask by row: {shown}", f"{zh}对应多条记录；请按行号查询：{shown}")
