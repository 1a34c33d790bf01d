"""Tables of pandas, PyArrow and DuckDB: what Polars does not take as they mean it, and what it does not take at all."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from complaint_policy import InputError, Policy, load_policy_text
from complaint_policy.audit import run_audit

duckdb: Any = importlib.import_module("duckdb")
pd: Any = importlib.import_module("pandas")
pa: Any = importlib.import_module("pyarrow")
pq: Any = importlib.import_module("pyarrow.parquet")

AS_OF = datetime(2024, 6, 1)
POLICY = """\
format: 1
policy: test/arrow
effective: {from: 2020-01-01}
timezone: Asia/Kolkata
title: {en: Tables, zh: 表}
sources: {rule: {title: {en: House rule, zh: 内部规定}, status: company}}
deadlines:
  - {id: DL-close, title: {en: Close, zh: 办结}, from: received_at, to: closed_at, within: 24 hours, source: {ref: rule}}
"""
INDIA = timezone(timedelta(hours=5, minutes=30))
NAIVE = [datetime(2024, 3, 1, 10)] * 2
# Closed one minute before, and one minute after 24 hours have gone by.
RECEIVED = [datetime(2024, 3, 1, 10, tzinfo=INDIA), datetime(2024, 3, 2, 10, tzinfo=INDIA)]
CLOSED = [datetime(2024, 3, 2, 9, 59, tzinfo=INDIA), datetime(2024, 3, 3, 10, 1, tzinfo=INDIA)]


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy_text(POLICY)


def objects(*cells: Any) -> Any:
    return pd.Series(list(cells), dtype=object)


def arrow(zone: str = "+05:30", unit: str = "us") -> Any:
    kind = pa.timestamp(unit, zone)
    return pa.table({"id": ["a", "b"], "received_at": pa.array(RECEIVED, kind), "closed_at": pa.array(CLOSED, kind)})


SOURCES: dict[str, Callable[[], Any]] = {
    "table": arrow,
    "nanoseconds": lambda: arrow(unit="ns"),
    "seconds": lambda: arrow(unit="s"),
    "no colon": lambda: arrow("+0530"),
    "Z": lambda: arrow("Z"),
    "whole hours": lambda: arrow("+08:00"),
    "before UTC": lambda: arrow("-03:30"),
    "named": lambda: arrow("Asia/Kolkata"),
    "batch": lambda: arrow().to_batches()[0],
    "reader": lambda: arrow().to_reader(),
    "pandas": lambda: pd.DataFrame({"id": ["a", "b"], "received_at": RECEIVED, "closed_at": CLOSED}),
    "pandas, names that are no texts": lambda: pd.DataFrame({5: [1, 2], "received_at": RECEIVED, "closed_at": CLOSED}),
    "polars": lambda: pl.DataFrame({"received_at": RECEIVED, "closed_at": CLOSED}),
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_times_at_an_offset_without_a_name(policy: Policy, source: Callable[[], Any]) -> None:
    audit = run_audit(policy, source(), as_of=AS_OF)

    assert audit.decisions["DL-close.outcome"].to_list() == ["met", "breached"]
    assert [due.astimezone(UTC) for due in audit.decisions["DL-close.due_at"]] == [received.astimezone(UTC) + timedelta(days=1) for received in RECEIVED]


def test_a_day_of_64_bits_is_a_day(policy: Policy) -> None:
    """As a time it would be midnight, before the receipt."""
    received = pa.array([datetime(2024, 3, 1, 10)] * 2)
    for kind in (pa.date32(), pa.date64()):
        audit = run_audit(policy, pa.table({"received_at": received, "closed_at": pa.array([date(2024, 3, 1), date(2024, 3, 3)], kind)}), as_of=AS_OF)
        assert audit.decisions["DL-close.outcome"].to_list() == ["met", "breached"]


def closed() -> Any:
    connection = duckdb.connect()
    relation = connection.sql("select timestamp '2024-03-01 10:00' received_at")
    connection.close()
    return relation


def failing() -> Any:
    def batches() -> Iterator[Any]:
        yield from ()
        raise RuntimeError("the network is gone")

    return pa.RecordBatchReader.from_batches(arrow().schema, batches())


WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "a query that fails": (lambda: duckdb.sql("select now() received_at, cast(x as int) y from (values ('xa')) t(x)"), "Could not convert string 'xa'"),
    "a connection that is closed": (closed, "already been closed"),
    "a reader that fails": (failing, "the network is gone|external error"),
    "a name that stands twice": (lambda: pa.table([[1], [2]], names=["received_at", "received_at"]), "received_at"),
    "a zone that nobody knows": (lambda: arrow("Mars/Phobos"), r"Mars/Phobos.*\(write times in UTC"),
}


@pytest.mark.parametrize(("source", "told"), WRONG.values(), ids=WRONG)
def test_a_table_that_cannot_be_taken_in_is_an_error_of_the_input(policy: Policy, source: Callable[[], Any], told: str) -> None:
    with pytest.raises(InputError, match=f"(?s)'table' cannot be read: .*(?:{told})") as raised:
        run_audit(policy, source(), as_of=AS_OF).summary()
    assert "unwrap" not in str(raised.value)


@pytest.mark.parametrize("names", [["received_at", "received_at"], [0, "0"], ["id", " id"]], ids=str)
def test_a_name_that_stands_twice_is_told(policy: Policy, names: list[Any]) -> None:
    with pytest.raises(InputError, match=f"^'table': the column name '{str(names[0]).strip()}' stands more than once"):
        run_audit(policy, pd.DataFrame([[1, 2]], columns=names), as_of=AS_OF)


def test_a_column_that_polars_does_not_take_is_nothing_to_the_others(policy: Policy) -> None:
    """Whether it is used or not: no cell of it can be read, and the rest is judged."""
    strange = {
        "complex": [1j, 2j],
        "wide": objects(Decimal(10) ** 40, Decimal(1) / 3),
        "sparse": pd.arrays.SparseArray([1, 0]),
        "mixed": pd.Categorical([1, "a"]),
    }
    zoned = {5: RECEIVED}  # a name that is no text, at an offset without a name
    audit = run_audit(policy, pd.DataFrame({"received_at": RECEIVED, "closed_at": CLOSED} | strange | zoned), as_of=AS_OF)

    assert audit.decisions["DL-close.outcome"].to_list() == ["met", "breached"]


FOREIGN: dict[str, Callable[[], Any]] = {
    "interval": lambda: pa.array([(1, 2, 3)] * 2, pa.month_day_nano_interval()),
    "decimal256": lambda: pa.array([Decimal(1), None], pa.decimal256(60, 2)),
    "run end encoded": lambda: pa.RunEndEncodedArray.from_arrays([2], ["x"]),
    "list view": lambda: pa.array([[1], [2]], pa.list_view(pa.int64())),
    "union": lambda: pa.UnionArray.from_dense(pa.array([0, 1], pa.int8()), pa.array([0, 0], pa.int32()), [pa.array([1]), pa.array(["x"])]),
}


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize("form", ["table", "reader"])
def test_a_type_that_polars_does_not_know_is_nothing_to_the_others(kind: str, form: str, policy: Policy) -> None:
    table = arrow().append_column("took", FOREIGN[kind]())
    audit = run_audit(policy, table if form == "table" else table.to_reader(), as_of=AS_OF)
    assert audit.decisions["DL-close.outcome"].to_list() == ["met", "breached"]
    assert "took" in audit.summary().to_dict()["source"]["unused_columns"]


@pytest.mark.parametrize("kind", ["closed_at - received_at", "union_value(k := 1)", "{'a': INTERVAL 3 DAY}"])
def test_a_relation_with_such_a_type(kind: str, policy: Policy) -> None:
    table = arrow("Asia/Kolkata")
    relation = duckdb.from_arrow(table).project(f"*, {kind} AS took")
    assert run_audit(policy, relation, as_of=AS_OF).decisions["DL-close.outcome"].to_list() == ["met", "breached"]


def test_a_file_with_a_zone_without_a_name(tmp_path: Path, policy: Policy) -> None:
    pq.write_table(arrow(), tmp_path / "a.parquet")

    with pytest.raises(InputError, match=r"^'a.parquet' cannot be read: unable to parse time zone: '\+05:30'.*\(write times in UTC"):
        run_audit(policy, tmp_path / "a.parquet", as_of=AS_OF)
    # Read by PyArrow it is a table like any other.
    audit = run_audit(policy, pq.read_table(tmp_path / "a.parquet"), as_of=AS_OF)
    assert audit.decisions["DL-close.outcome"].to_list() == ["met", "breached"]


MIXED: dict[str, Callable[[], dict[str, Any]]] = {
    "naive and aware": lambda: {"received_at": objects(datetime(2024, 3, 1, 10), datetime(2024, 3, 1, 10, tzinfo=UTC))},
    "aware and naive": lambda: {"received_at": objects(datetime(2024, 3, 1, 10, tzinfo=UTC), pd.Timestamp("2024-03-01 10:00"))},
    "two zones": lambda: {"closed_at": objects(datetime(2024, 3, 2, 10, tzinfo=INDIA), datetime(2024, 3, 2, 10, tzinfo=UTC))},
    "day and time": lambda: {"closed_at": objects(date(2024, 3, 1), datetime(2024, 3, 2, 9))},
    "time and day": lambda: {"closed_at": objects(datetime(2024, 3, 2, 9), date(2024, 3, 1))},
    "text and time": lambda: {"closed_at": objects("2024-03-01 12:00", pd.Timestamp("2024-03-02 09:00"))},
    "numbers and texts": lambda: {"id": objects(1, "B2")},
    "time and nothing": lambda: {"closed_at": objects(pd.NaT, datetime(2024, 3, 1, 12))},
    "text and nothing": lambda: {"id": objects("a", float("nan")), "closed_at": objects(None, "2024-03-01 12:00")},
    "half a surrogate": lambda: {"id": objects("a\ud800", "b")},
    "more than 64 bits": lambda: {"other": objects(2**70, 1)},
    "no type of Arrow's": lambda: {"other": objects(1j, 2j)},
    "lists and texts": lambda: {"other": objects([1], "x")},
    "nothing else": lambda: {"received_at": objects("2024-03-01 10:00", datetime(2024, 3, 1)), "closed_at": objects(1, "x"), "id": objects(1, "x")},
}


@pytest.mark.parametrize("columns", MIXED.values(), ids=MIXED)
def test_cells_of_different_kinds_are_read_one_by_one(policy: Policy, columns: Callable[[], dict[str, Any]]) -> None:
    """Made one type, a naive time would be of the zone of the aware ones, a time beside a day would lose its hours."""
    given: dict[str, Any] = {"id": ["a", "b"], "received_at": NAIVE, "closed_at": NAIVE} | columns()
    frame = pd.DataFrame(given)
    records = [{name: None if cell is None or cell is pd.NaT or cell != cell else cell for name, cell in row.items()} for row in frame.to_dict("records")]

    found, expected = run_audit(policy, frame, as_of=AS_OF), run_audit(policy, records, as_of=AS_OF)

    for name in ("decisions", "rejected"):
        mine, theirs = (getattr(audit, name).with_columns(pl.col(pl.Enum).cast(pl.String)) for audit in (found, expected))
        assert mine.rows() == theirs.rows()
    assert found.summary().outcomes == expected.summary().outcomes


def test_an_aware_time_beside_a_naive_one_keeps_its_zone(policy: Policy) -> None:
    received = objects(datetime(2024, 3, 1, 10), datetime(2024, 3, 1, 10, tzinfo=UTC))
    audit = run_audit(policy, pd.DataFrame({"received_at": received, "closed_at": NAIVE}), as_of=AS_OF)

    assert [due.isoformat() for due in audit.decisions["DL-close.due_at"]] == ["2024-03-02T10:00:00+05:30", "2024-03-02T15:30:00+05:30"]
