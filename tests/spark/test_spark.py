"""An audit on Spark says, row by row, what the audit of one machine says."""

from __future__ import annotations

import importlib
import random
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import make_demo
import polars as pl
import pytest
import workload

from complaint_policy import MissingExtra, Policy, load_policy, load_policy_text
from complaint_policy.audit import Audit
from complaint_policy.audit.batches import BatchJudge
from complaint_policy.audit.spark import SparkAudit, audit_parquet, audit_spark
from complaint_policy.audit.spark_sources import FrameSource, _address, _task, pieces_of
from complaint_policy.audit.spark_types import spark_schema
from complaint_policy.errors import InputError, MappingError, UsageError
from tests.audit.support import texts_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.slow

DEMO = Path(make_demo.__file__).parent
MAPPING = DEMO / "mapping.yaml"


def told(summary: Any) -> dict[str, Any]:
    """A summary but for the name of its source."""
    found: dict[str, Any] = summary.to_dict()
    return found | {"source": None}


def collected(frame: DataFrame) -> pl.DataFrame:
    return pl.DataFrame(frame.toArrow()).sort("row")


def as_spark_keeps_it(frame: pl.DataFrame) -> pl.DataFrame:
    plain: dict[Any, Any] = {pl.Enum: pl.String}
    kinds = {n: pl.Datetime("us", "UTC") if isinstance(k, pl.Datetime) else plain.get(k.base_type(), k) for n, k in frame.schema.items()}
    return frame.cast(kinds)  # type: ignore[arg-type]


def in_spark(spark: SparkSession, records: pl.DataFrame, folder: Path) -> DataFrame:
    """The records as Spark reads them from Parquet: local times stay local."""
    path = folder / "records.parquet"
    records.write_parquet(path)
    return spark.read.parquet(str(path))


def assert_equal(found: SparkAudit, single: Audit) -> None:
    assert collected(found.decisions).equals(as_spark_keeps_it(single.decisions))
    assert collected(found.rejected).equals(single.rejected)
    assert told(found.summary()) == told(single.summary())
    assert dict(found.portfolio) == dict(single.portfolio)


@pytest.fixture(scope="module")
def demo(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> tuple[SparkAudit, Audit]:
    """Cells as texts, many of them spoilt, in three partitions."""
    texts = texts_of(DEMO / "complaints.csv", MAPPING, 10_000).with_row_index("nr").cast({"nr": pl.Int32})
    frame = in_spark(spark, texts, tmp_path_factory.mktemp("demo"))
    policy = load_policy("cn/telecom")
    options: dict[str, Any] = {"as_of": make_demo.AS_OF, "mapping": MAPPING, "columns": ("severity.possible", "missing")}
    return audit_spark(policy, frame.repartition(3), row="nr", **options), policy.audit(texts, **options)


def test_texts(demo: tuple[SparkAudit, Audit]) -> None:
    assert_equal(*demo)


WORKLOAD_EXTRA = """
portfolio:
  - {id: PF-share, measure: {share: {satisfied: true}}, per: month, expect: {at_least: 90%}}
  - {id: PF-sum, measure: {sum: {field: amount_claimed}}, per: year, by: [region, severity]}
"""


def typed_records() -> pl.DataFrame:
    rng = random.Random(5)
    rows = workload.records(1_500)
    for row in rows:
        row["satisfied"] = rng.choice([True, False, None])
        if rng.random() < 0.03:
            row["received_at"] = None
        if rng.random() < 0.05:
            row["id"] = rng.choice(["again", "twice", None])
        if rng.random() < 0.02:
            row["category"] = "never heard of"
    return pl.DataFrame(rows, infer_schema_length=None).with_row_index("number").cast({"number": pl.Int64, "amount_claimed": pl.Decimal(18, 2)})


@pytest.fixture(scope="module")
def workload_policy() -> Policy:
    return load_policy_text(workload.policy_text() + WORKLOAD_EXTRA)


@pytest.fixture(scope="module")
def typed(spark: SparkSession, workload_policy: Policy, tmp_path_factory: pytest.TempPathFactory) -> tuple[SparkAudit, Audit]:
    """Typed cells: local times, decimals, truth values, a policy with a portfolio."""
    records = typed_records()
    frame = in_spark(spark, records, tmp_path_factory.mktemp("typed")).repartition(4)
    return audit_spark(workload_policy, frame, as_of=workload.AS_OF, row="number"), workload_policy.audit(records, as_of=workload.AS_OF)


def test_typed_columns(typed: tuple[SparkAudit, Audit]) -> None:
    found, single = typed
    assert_equal(found, single)
    assert single.summary().repeated_ids == 2 and single.rejected.height > 20
    assert found.summary() is found.summary()


def test_instants_with_a_zone(spark: SparkSession, workload_policy: Policy) -> None:
    """Spark shows instants in the zone of its session; the judge is given the instants."""
    records = typed_records().with_columns(pl.selectors.datetime().dt.replace_time_zone("Asia/Shanghai"))
    frame = spark.createDataFrame(records.to_arrow())
    assert dict(frame.dtypes)["received_at"] == "timestamp"
    found = audit_spark(workload_policy, frame, as_of=workload.AS_OF, row="number")
    assert_equal(found, workload_policy.audit(records, as_of=workload.AS_OF))


def test_a_shipped_policy(spark: SparkSession, tmp_path: Path) -> None:
    policy = load_policy("cn/banking")
    records = typed_records().select("number", "id", "received_at", "acknowledged_at", "responded_at", "closed_at", "repeat_count", "injury")
    found = audit_spark(policy, in_spark(spark, records, tmp_path), as_of=workload.AS_OF, row="number")
    assert_equal(found, policy.audit(records, as_of=workload.AS_OF))


# --------------------------------------------------------------------------- files read by the workers
@pytest.fixture(scope="module")
def filed(spark: SparkSession, workload_policy: Policy, tmp_path_factory: pytest.TempPathFactory) -> tuple[SparkAudit, Audit]:
    """Three files of small row groups; as small pieces as there can be."""
    folder = tmp_path_factory.mktemp("files")
    records = typed_records()
    for number, start in enumerate(range(0, records.height, 500)):
        records.slice(start, 500).write_parquet(folder / f"part-{number} 部分.parquet", row_group_size=200)
    (folder / "_SUCCESS").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("complaint_policy.audit.spark_sources._LEAST", 1)
        found = audit_parquet(workload_policy, spark, str(folder), as_of=workload.AS_OF)
    return found, workload_policy.audit(records, as_of=workload.AS_OF)


def test_parquet_files(filed: tuple[SparkAudit, Audit]) -> None:
    found, single = filed
    assert_equal(found, single)
    assert found.decision(1_200).to_dict() == single.decision(1_200).to_dict()
    number = single.decisions["id"].drop_nulls().unique(maintain_order=True)[-1]
    assert found.decision(number).complaint_id == number
    with pytest.raises(UsageError, match="more than one record has the id 'again'"):
        found.decision("again")


def test_instants_as_spark_used_to_write_them(spark: SparkSession, workload_policy: Policy, tmp_path: Path) -> None:
    """Spark's 96-bit times are instants, though nothing in the file says so."""
    records = typed_records().with_columns(pl.selectors.datetime().dt.replace_time_zone("Asia/Shanghai"))
    spark.conf.set("spark.sql.parquet.outputTimestampType", "INT96")
    spark.createDataFrame(records.to_arrow()).coalesce(1).write.parquet(str(tmp_path / "old"))
    found = audit_parquet(workload_policy, spark, str(tmp_path / "old"), as_of=workload.AS_OF)
    assert collected(found.decisions).equals(as_spark_keeps_it(workload_policy.audit(records, as_of=workload.AS_OF).decisions))


def test_files_are_cut_between_row_groups() -> None:
    files = [("a", [100_000, 50_000, 60_000]), ("empty", []), ("b", [1])]
    cut = [(piece.file, piece.start, piece.rows, piece.first) for piece in pieces_of(files, 1)]
    assert cut == [("a", 0, 100_000, 0), ("a", 100_000, 110_000, 100_000), ("b", 0, 1, 210_000)]
    assert pieces_of([], 2) == ()


def test_files_only_spark_can_read() -> None:
    with pytest.raises(UsageError, match="workers cannot read 'hdfs:'"):
        _address("hdfs://name/x.parquet")
    assert _address("s3a://bucket/a%20b.parquet") == "s3://bucket/a%20b.parquet"


# --------------------------------------------------------------------------- rows and single decisions
def test_one_decision_in_full(demo: tuple[SparkAudit, Audit]) -> None:
    found, single = demo
    row = single.decisions["row"][17]
    number = single.decisions["id"][17]
    assert found.decision(row).to_dict() == single.decision(row).to_dict()
    assert found.decision(number).to_dict() == single.decision(row).to_dict()
    with pytest.raises(UsageError, match="no record has the id 'nobody'"):
        found.decision("nobody")
    with pytest.raises(UsageError, match="was rejected"):
        found.decision(single.rejected["row"][0])
    twice = single.decisions["id"].drop_nulls().value_counts().filter(pl.col("count") > 1)["id"][0]
    with pytest.raises(UsageError, match="more than one record"):
        found.decision(twice)


def test_without_numbers_a_row_is_known_by_its_content(spark: SparkSession, workload_policy: Policy) -> None:
    frame = spark.createDataFrame(typed_records().drop("number").to_arrow())
    one = audit_spark(workload_policy, frame.repartition(3), as_of=workload.AS_OF)
    other = audit_spark(workload_policy, frame.repartition(2), as_of=workload.AS_OF)
    rows = collected(one.decisions)
    assert rows.equals(collected(other.decisions))
    assert rows["row"].n_unique() == rows.height
    assert collected(one.rejected)["source_row"].null_count() == collected(one.rejected).height
    assert one.decision(rows["row"][3]).complaint_id == rows["id"][3]
    assert told(one.summary())["rejected"][0]["first"] == []


def test_ids_need_not_be_counted(spark: SparkSession, workload_policy: Policy) -> None:
    frame = spark.createDataFrame(typed_records().to_arrow())
    assert audit_spark(workload_policy, frame, as_of=workload.AS_OF, count_ids=False).summary().repeated_ids == 0


# --------------------------------------------------------------------------- files
def test_parquet(demo: tuple[SparkAudit, Audit], spark: SparkSession, tmp_path: Path) -> None:
    found, single = demo
    found.write_decisions(tmp_path / "decisions")
    written = spark.read.parquet(str(tmp_path / "decisions"))
    assert collected(written).equals(as_spark_keeps_it(single.decisions))
    found.write_decisions(tmp_path / "decisions", separator="__", mode="overwrite")
    names = spark.read.parquet(str(tmp_path / "decisions")).columns
    assert "DL-respond__outcome" in names and not any("." in name for name in names)
    found.write_rejected(tmp_path / "rejected")
    assert pl.read_parquet(tmp_path / "rejected" / "*.parquet").height == single.rejected.height


# --------------------------------------------------------------------------- how it travels
def test_a_judge_travels(workload_policy: Policy) -> None:
    pickling = importlib.import_module("pickle")
    records = typed_records()
    judge = BatchJudge(workload_policy, schema=records.schema, as_of=workload.AS_OF, columns=("missing",))
    again = pickling.loads(pickling.dumps(judge))
    decided, rejected = judge.judge(records, 7)
    assert again.judge(records, 7)[0].equals(decided) and rejected.height
    assert again.public(decided).columns == judge.public(decided).columns
    assert min(decided["row"].min(), rejected["row"].min()) == 7  # type: ignore[type-var]


def test_a_worker_makes_the_policy_ready_once(spark: SparkSession, workload_policy: Policy) -> None:
    frame = spark.createDataFrame(typed_records().to_arrow()).repartition(8)
    audit = audit_spark(workload_policy, frame, as_of=workload.AS_OF)
    task = _task(audit._shipment("counts"))

    def counted(batches: Any) -> Any:
        import os

        pyarrow = importlib.import_module("pyarrow")
        list(task(batches))
        made = sys.modules["complaint_policy.audit.spark_worker"]._made_ready.cache_info()
        polars = importlib.import_module("polars")
        yield pyarrow.RecordBatch.from_pylist([{"a": os.getpid(), "b": made.misses, "c": polars.thread_pool_size()}])

    schema = spark_schema(pl.Schema({"a": pl.Int64, "b": pl.Int64, "c": pl.Int64}))
    source = audit._source
    assert isinstance(source, FrameSource)
    before: dict[int, int] = {}
    for _ in range(2):
        told_by = source._columns(with_row=False).mapInArrow(counted, schema).collect()
        assert len(told_by) == 8 and {row["c"] for row in told_by} == {1}
        for row in told_by:
            # Other tests' policies were made ready by the same process; this one adds one to them, once.
            assert row["b"] == before.setdefault(row["a"], row["b"])


def test_waivers_travel(spark: SparkSession, tmp_path: Path) -> None:
    text = workload.policy_text().replace("to: acknowledged_at, within: 24 hours", "to: acknowledged_at, within: 24 hours, waivable: {by: [director]}")
    policy = load_policy_text(text)
    records = typed_records()
    late = policy.audit(records, as_of=workload.AS_OF).decisions.filter(pl.col("DL-ack.outcome") == "breached")["id"][0]
    waivers = [{"rule": "DL-ack", "records": [late], "reason": "flood", "by": "director"}]
    found = audit_spark(policy, in_spark(spark, records, tmp_path), as_of=workload.AS_OF, waivers=waivers)
    assert found.summary().outcomes["DL-ack"]["waived"] == 1


# --------------------------------------------------------------------------- wrong calls
def test_wrong_calls(spark: SparkSession, workload_policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = spark.createDataFrame(typed_records().to_arrow())
    as_of = workload.AS_OF
    with pytest.raises(UsageError, match="no Spark DataFrame"):
        audit_spark(workload_policy, typed_records(), as_of=as_of)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no column of whole numbers"):
        audit_spark(workload_policy, frame, as_of=as_of, row="id")
    with pytest.raises(InputError, match="received_at"):
        audit_spark(workload_policy, frame.drop("received_at"), as_of=as_of)
    with pytest.raises(MappingError):
        audit_spark(workload_policy, frame, as_of=as_of, mapping=MAPPING)
    with pytest.raises(UsageError, match="'region' has a type that no field has: map<string,int>"):
        audit_spark(workload_policy, frame.selectExpr("received_at", "map('a', 1) AS region"), as_of=as_of)
    with pytest.raises(UsageError, match="unknown column"):
        audit_spark(workload_policy, frame, as_of=as_of, columns=("everything",))
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(MissingExtra, match=r"complaint-policy\[audit,spark\]"):
        audit_spark(workload_policy, frame, as_of=as_of)


def test_columns_named_with_dots_and_blanks(spark: SparkSession, workload_policy: Policy, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("format: 1\nfields:\n  received_at: {column: case.in}\n  id: {column: 编号}\n  region: {column: a`b}\n", encoding="utf-8")
    records = pl.DataFrame({" case.in ": [datetime(2024, 1, 2, 3)], "编号": ["一"], "a`b": ["overseas"], "struct": [{"x": 1}]})
    found = audit_spark(workload_policy, spark.createDataFrame(records.to_arrow()), as_of=workload.AS_OF, mapping=mapping)
    assert collected(found.decisions)["id"].to_list() == ["一"]
    assert found.decision("一").complaint_id == "一"
    assert found.summary().source.unused_columns == ("struct",)


def test_no_rows(spark: SparkSession, workload_policy: Policy, tmp_path: Path) -> None:
    nothing = typed_records().clear()
    frame = in_spark(spark, nothing, tmp_path)
    for found in (audit_spark(workload_policy, frame, as_of=workload.AS_OF, row="number"), audit_parquet(workload_policy, spark, [str(tmp_path)], as_of=workload.AS_OF)):
        assert found.decisions.count() == found.rejected.count() == found.summary().identity.rows == 0
        assert told(found.summary()) == told(workload_policy.audit(nothing, as_of=workload.AS_OF).summary())
        with pytest.raises(UsageError, match="no record has row 0"):
            found.decision(0)


def test_an_event_log_is_for_one_machine(spark: SparkSession, workload_policy: Policy, tmp_path: Path) -> None:
    mapping = tmp_path / "log.yaml"
    mapping.write_text("format: 1\nfields:\n  id: {column: id}\n  received_at: {column: received_at}\nevents: {case: id}\n", encoding="utf-8")
    with pytest.raises(UsageError, match="event log"):
        audit_spark(workload_policy, spark.createDataFrame(typed_records().to_arrow()), as_of=workload.AS_OF, mapping=mapping)
