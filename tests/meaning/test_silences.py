"""Days on which no version is in force are told by the versions: before the first, and after the last."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from complaint_policy import Policy, load_policy, load_policy_text
from complaint_policy.errors import RecordError

AS_OF = datetime(2026, 6, 1)
BEFORE = ("no version in force: received before 2022-01-01, when the first begins", "没有有效的制度版本：收到日期早于首个版本的生效日（2022年1月1日）")
AFTER = ("no version in force: received after 2024-12-31, the last day of the last one", "没有有效的制度版本：收到日期晚于末个版本的最后有效日（2024年12月31日）")
CASES = [
    ("1969-12-31T23:00:00", BEFORE),
    ("2021-12-31T23:59:59.999999", BEFORE),
    ("2022-01-01T00:00:00", None),
    ("2022-12-31T23:59:59", None),
    ("2023-01-01T00:00:00", None),
    ("2024-12-31T23:59:59.999999", None),
    ("2025-01-01T00:00:00", AFTER),
    ("2026-05-31T12:00:00", AFTER),
]


def text(effective: str, zone: str) -> str:
    head = f"format: 1\npolicy: test/silent\neffective: {effective}\ntimezone: {zone}\n"
    return f"{head}deadlines:\n  - {{id: DL, from: received_at, to: closed_at, within: 3 days}}\n"


@pytest.fixture(params=["Asia/Shanghai", "Europe/Berlin"])
def policy(request: pytest.FixtureRequest, tmp_path: Path) -> Policy:
    (tmp_path / "a.yaml").write_text(text("{from: 2022-01-01, until: 2023-01-01}", request.param), encoding="utf-8")
    (tmp_path / "b.yaml").write_text(text("{from: 2023-01-01, until: 2025-01-01}", request.param), encoding="utf-8")
    return load_policy(tmp_path)


@pytest.mark.parametrize(("received", "wanted"), CASES)
def test_a_record_is_told_why(policy: Policy, received: str, wanted: tuple[str, str] | None) -> None:
    if wanted is None:
        assert policy.evaluate({"received_at": received}, as_of=AS_OF).deadlines[0].due_at is not None
        return
    with pytest.raises(RecordError) as raised:
        policy.evaluate({"received_at": received}, as_of=AS_OF)
    assert (raised.value.reason.en, raised.value.reason.zh, raised.value.field) == (*wanted, "received_at")


@pytest.mark.parametrize("form", ["frame", "query", "parquet", "csv", "records"])
def test_a_table_is_told_the_same(policy: Policy, form: str, tmp_path: Path) -> None:
    """Each case thirty times, so that one reason stands for many rows."""
    times = [datetime.fromisoformat(received) for received, _ in CASES for _ in range(30)]
    table = pl.DataFrame({"id": [str(i) for i in range(len(times))], "received_at": times, "closed_at": [None] * len(times)}, schema_overrides={"closed_at": pl.Datetime})
    source: Any = {"frame": table, "query": table.lazy(), "records": table.to_dicts()}.get(form)
    if form == "parquet":
        table.write_parquet(source := tmp_path / "t.parquet")
    if form == "csv":
        table.with_columns(pl.col("received_at").dt.to_string("%Y-%m-%dT%H:%M:%S%.6f")).write_csv(source := tmp_path / "t.csv")
    audit = policy.audit(source, as_of=AS_OF)
    wanted = [(i * 30 + k, reason) for i, (_, reason) in enumerate(CASES) for k in range(30) if reason is not None]
    assert audit.rejected["row"].to_list() == [row for row, _ in wanted]
    assert audit.rejected["id"].to_list() == [str(row) for row, _ in wanted]
    assert list(audit.rejected.select("reason", "reason_zh").iter_rows()) == [reason for _, reason in wanted]
    assert set(audit.rejected["field"]) == {"received_at"}
    assert audit.rejected["source_row"].to_list() == [row + (2 if form == "csv" else 1) for row, _ in wanted]
    assert {(r.reason.en, r.reason.zh): r.rows for r in audit.summary().rejects} == {BEFORE: 60, AFTER: 60}
    assert audit.decisions.height == 120 and audit.notes == ()


def test_a_policy_for_good_is_silent_only_before() -> None:
    policy = load_policy_text(text("{from: 2022-01-01}", "Asia/Shanghai"))
    assert policy.evaluate({"received_at": "2090-01-01T00:00:00"}, as_of=AS_OF).deadlines[0].outcome == "pending"
