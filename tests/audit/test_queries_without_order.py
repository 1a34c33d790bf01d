"""A query that may give its rows in another order each time is asked once: rows are told by their places."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from complaint_policy import Policy, load_policy_text
from complaint_policy.audit.tables import FrameTable, memory_table

AS_OF = "2026-06-01T00:00"
Query = Callable[[pl.LazyFrame], pl.LazyFrame]
ORDERED: dict[str, Query] = {
    "as it is": lambda q: q,
    "filtered": lambda q: q.filter(pl.col("id") != "C3"),
    "with columns": lambda q: q.with_columns(note=pl.lit("x")),
    "two of them": lambda q: pl.concat([q, q.with_columns(id=pl.col("id") + "b")]),
    "some": lambda q: q.head(700),
}
UNORDERED: dict[str, Query] = {
    "joined": lambda q: q.join(q.select("id", again="complainant_id"), on="id"),
    "unique": lambda q: q.unique(),
    "grouped": lambda q: q.group_by("id").agg(pl.all().first()),
    "sorted": lambda q: q.sort("complainant_id"),
    "shuffled": lambda q: q.select(pl.all().shuffle(seed=None)),
    "opaque": lambda q: q.map_batches(lambda frame: frame),
}


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    received = [datetime(2026, 1, 1) + timedelta(minutes=7 * i) for i in range(4_000)]
    return pl.DataFrame(
        {
            "id": [f"C{i}" for i in range(4_000)],
            "received_at": [None if i % 9 == 4 else r for i, r in enumerate(received)],
            "responded_at": [r + timedelta(days=i % 30) for i, r in enumerate(received)],
            "complainant_id": [f"P{i % 900}" for i in range(4_000)],
            "unused": [0] * 4_000,
        }
    )


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy_text(
        "format: 1\npolicy: test/order\neffective: {from: 2020-01-01}\ntimezone: Asia/Shanghai\n"
        "record: {fields: {earlier: {type: integer}}}\n"
        "history: {earlier: {count: {same: [complainant_id], within: 30 days}, title: {en: Before, zh: 此前}}}\n"
        "severity: {levels: [general, major], rules: [{id: SEV-again, level: major, when: {earlier: {at_least: 2}}}], otherwise: general}\n"
        "deadlines: [{id: DL-a, from: received_at, to: responded_at, within: 15 days}]\n"
    )


@pytest.mark.parametrize("name", ORDERED)
def test_queries_that_keep_their_order_are_not_held(name: str, frame: pl.DataFrame) -> None:
    table = memory_table(ORDERED[name](frame.lazy()))
    assert isinstance(table, FrameTable)
    assert table.settled(("id",)) is table


@pytest.mark.parametrize("name", UNORDERED)
def test_rows_stay_what_they_are(name: str, frame: pl.DataFrame, policy: Policy) -> None:
    audit = policy.audit(UNORDERED[name](frame.lazy()), as_of=AS_OF)
    assert audit.summary().to_dict()["identity"]["rejected"] == audit.rejected.height == frame["received_at"].null_count()
    decisions = audit.decisions
    for row, number in decisions.select("row", "id").sample(25, seed=1).iter_rows():
        assert audit.decision(row).complaint_id == number
        found = audit.decision(number)
        assert found is not None and found.complaint_id == number
        assert [d.outcome for d in found.deadlines] == decisions.filter(pl.col("id") == number)["DL-a.outcome"].to_list()
    wanted = policy.audit(frame, as_of=AS_OF)
    if name != "shuffled":  # whose columns are no records any more
        assert decisions.drop("row").sort("id").equals(wanted.decisions.drop("row").sort("id"))
        assert {**audit.summary().to_dict(), "source": None, "rejected": None} == {**wanted.summary().to_dict(), "source": None, "rejected": None}
    # What the mapping does not read is told by its name, though it is not held.
    assert "unused" in audit.summary().to_dict()["source"]["unused_columns"]


def test_a_file_is_never_held(frame: pl.DataFrame, tmp_path: Path) -> None:
    frame.write_parquet(tmp_path / "t.parquet")
    table = memory_table(pl.scan_parquet(tmp_path / "t.parquet").select("id", "received_at"))
    assert isinstance(table, FrameTable)
    assert table.settled(("id",)) is table
