"""A file that is another one by the time it is read is told, whatever it holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from complaint_policy import InputError, Policy, load_policy_text
from complaint_policy.audit import Audit

SMALL = "format: 1\npolicy: t/w\neffective: {from: 2020-01-01}\ntimezone: Asia/Shanghai\ndeadlines: [{id: D1, from: received_at, to: closed_at, within: 2 days}]\n"


def write(path: Path, rows: int, who: str) -> None:
    pl.DataFrame({"id": [f"{who}{i}" for i in range(rows)], "received_at": [datetime(2026, 3, 1)] * rows, "closed_at": [None] * rows}).write_parquet(path)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy_text(SMALL)


ASKED: dict[str, Callable[[Audit], object]] = {
    "decisions": lambda audit: audit.decisions,
    "summary": lambda audit: audit.summary(),
    "rejected": lambda audit: audit.rejected,
    "decision": lambda audit: audit.decision(3),
}


@pytest.mark.parametrize("first", ["", "summary", "decisions"])
@pytest.mark.parametrize("then", ASKED)
@pytest.mark.parametrize("rows", [10, 5_000, 9_000])
def test_a_file_that_was_replaced(first: str, then: str, rows: int, policy: Policy, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    write(path, 5_000, "old")
    audit = policy.audit(path, as_of="2026-03-05T00:00")
    if first:
        ASKED[first](audit)
    write(path, rows, "new")
    if first == then or (first and then == "rejected"):  # found already
        ASKED[then](audit)
        return
    with pytest.raises(InputError, match="the file has changed since the audit"):
        ASKED[then](audit)
