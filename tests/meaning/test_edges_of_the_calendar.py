"""Days at the edges of the calendar: a version from its first day, or until its last, and waivers for good."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from complaint_policy import Policy, load_policy, load_policy_text

AS_OF = datetime(2026, 6, 30, 12)
ZONES = ["UTC", "Asia/Shanghai", "America/St_Johns"]


def text(effective: str, zone: str, more: str = "") -> str:
    rules = "deadlines:\n  - {id: DL, from: received_at, to: closed_at, within: 15 days, waivable: {by: [head]}}\n"
    return f"format: 1\npolicy: test/edges\neffective: {effective}\ntimezone: {zone}\n{more}{rules}"


def frame(*receipts: datetime | str | None) -> pl.DataFrame:
    return pl.DataFrame({"id": [str(i) for i in range(len(receipts))], "received_at": receipts, "closed_at": pl.Series([None] * len(receipts), dtype=pl.Datetime)})


def decided(policy: Policy, table: pl.DataFrame) -> list[Any]:
    audit = policy.audit(table, as_of=AS_OF)
    assert audit.decisions.height + audit.rejected.height == table.height
    found: list[Any] = audit.decisions["DL.outcome"].cast(pl.String).to_list()
    return found


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("effective", ["{from: 0001-01-01}", "{from: 0001-01-02}", "{from: 2020-01-01, until: 9999-12-31}", "{from: 2020-01-01, until: 9999-12-30}"])
def test_versions(effective: str, zone: str) -> None:
    policy = load_policy_text(text(effective, zone))
    always = "2020" not in effective
    assert policy.evaluate({"received_at": datetime(2026, 3, 2, 10)}, as_of=AS_OF).outcomes == {"DL": "breached"}
    assert decided(policy, frame(datetime(2026, 3, 2, 10), datetime(2019, 3, 2, 10), None)) == ["breached"] * (1 + always)
    assert decided(policy, frame("2026-03-02T10:00", "2019-03-02T10:00", None)) == ["breached"] * (1 + always)


@pytest.mark.parametrize("zone", ZONES)
def test_a_version_that_moves_complaints(zone: str, tmp_path: Path) -> None:
    (tmp_path / "0001-01-01.yaml").write_text(text("{from: 0001-01-01}", zone), encoding="utf-8")
    moves = "transition: [{when: {closed_at: missing}, use: this, reason: {en: Open cases, zh: 未办结}}]\n"
    (tmp_path / "2026-01-01.yaml").write_text(text("{from: 2026-01-01}", zone, moves).replace("15 days", "1500 days"), encoding="utf-8")
    policy = load_policy(tmp_path)
    # Of 2025, and open: judged by the version of 2026, which gives it four years.
    assert policy.evaluate({"received_at": datetime(2025, 3, 2, 10), "closed_at": None}, as_of=AS_OF).outcomes == {"DL": "pending"}
    assert decided(policy, frame(datetime(2025, 3, 2, 10), datetime(2026, 3, 2, 10))) == ["pending", "pending"]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("times", [{"until": "9999-12-31"}, {"until": "9999-12-30"}, {"at": "0001-01-01"}, {"at": "0001-01-01", "until": "9999-12-31"}])
def test_waivers(times: dict[str, str], zone: str) -> None:
    policy = load_policy_text(text("{from: 2020-01-01}", zone))
    waivers = [{"rule": "DL", "records": ["0", "\ud800"], "by": "head", "reason": "r", **times}]  # no table holds the second id
    table = frame(datetime(2026, 3, 2, 10), datetime(2026, 3, 2, 10))
    assert policy.evaluate(table.row(0, named=True), as_of=AS_OF, waivers=waivers).outcomes == {"DL": "waived"}
    audit = policy.audit(table, as_of=AS_OF, waivers=waivers)
    assert audit.decisions["DL.outcome"].cast(pl.String).to_list() == ["waived", "breached"]
    assert "9999-12-31" not in audit.summary().render("en")  # for good
