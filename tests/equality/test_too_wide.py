"""A table too wide to be made costs the rows it is for, and never an answer."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest

from complaint_policy import load_policy_text
from complaint_policy.columns import tabulating
from tests.equality.checking import check_seed
from tests.equality.comparing import compare
from tests.equality.dense import DRAWN, check_dense

LIMITS = (2, 4, 9, 25, 80, 300)  # of 60,000


@pytest.mark.parametrize("limit", LIMITS)
def test_audits_agree_wherever_tables_end(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabulating, "MOST_ROWS", limit)
    for seed in (700 + limit, 701 + limit):
        assert not check_seed(seed, small=False).found
    kind = list(DRAWN)[LIMITS.index(limit) % len(DRAWN)]
    told, _ = check_dense(kind, 700 + limit, 100)
    assert not told


POLICY = """
format: 1
policy: test/wide
effective: {from: 2020-01-01}
timezone: Asia/Shanghai
currency: CNY
severity:
  levels: [general, major]
  rules: [{id: SEV-many, level: major, when: {affected_customers: {at_least: 10}}}]
  otherwise: general
deadlines:
  - {id: DL-plain, from: received_at, to: acknowledged_at, within: 24 hours}
  - {id: DL-wide, from: received_at, to: responded_at, within: {last_of: [15 days, promised_at, plan_proposed_at]}, when: {injury: true}}
  - {id: DL-after, from: {first_known: [investigated_at, {due: DL-wide}]}, to: closed_at, within: 10 days, when: {injury: true}}
penalties:
  - {id: PN-wide, for: [DL-wide, DL-plain], when: {injury: true}, per: breach, amount: {choose: [{when: {severity: major}, then: 100}, {otherwise: 50}]}, range: [10, 500]}
record: {fields: {promised_at: {type: datetime}}}
"""


@pytest.mark.parametrize(("limit", "wide", "rows"), [(10, "DL-wide", 10), (24, "PN-wide", 8), (60_000, "", 0)])
def test_a_rule_too_wide_costs_its_own_rows(limit: int, wide: str, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten rows of a hundred are what the rules are for, and eight of those have a breach that a penalty could follow."""
    monkeypatch.setattr(tabulating, "MOST_ROWS", limit)
    received = [datetime(2026, 3, 2, 10) + timedelta(hours=i) for i in range(100)]
    frame = pl.DataFrame(
        {
            "received_at": received,
            "injury": [i % 10 == 3 for i in range(100)],
            "affected_customers": [None if i % 7 == 0 else i % 20 for i in range(100)],
            "acknowledged_at": [r + timedelta(hours=i) if i % 3 else None for i, r in enumerate(received)],
            "responded_at": [r + timedelta(days=i % 40) if i % 4 else None for i, r in enumerate(received)],
            "plan_proposed_at": [r + timedelta(days=i % 30) if i % 6 else None for i, r in enumerate(received)],
            "promised_at": [r + timedelta(days=i % 50) if i % 5 else None for i, r in enumerate(received)],
            "closed_at": [r + timedelta(days=i % 60) if i % 9 else None for i, r in enumerate(received)],
        }
    )
    policy = load_policy_text(POLICY)
    audit = policy.audit(frame, as_of="2026-04-02T18:00")
    assert audit.decisions.height == 100
    notes = " ".join(note.en for note in audit.notes)
    assert notes.startswith(f"{rows} records") if wide else notes == ""
    assert wide in notes
    assert not compare(policy, frame, "2026-04-02T18:00")
