"""The demo records are invented, reproducible, and show every kind of finding."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import make_demo
import pytest

from complaint_policy import load_policy
from complaint_policy.audit import Audit, run_audit

DEMO = Path(make_demo.__file__).parent


def test_the_generator_writes_the_committed_file(tmp_path: Path) -> None:
    again = tmp_path / "complaints.csv"
    make_demo.write(again)
    assert again.read_bytes() == (DEMO / "complaints.csv").read_bytes()


@pytest.fixture(scope="module")
def audit() -> Audit:
    source, mapping = DEMO / "complaints.csv", DEMO / "mapping.yaml"
    return run_audit(load_policy("cn/telecom"), source, as_of=make_demo.AS_OF, mapping=mapping)


def test_no_row_is_lost(audit: Audit) -> None:
    identity = audit.summary().identity
    # The complaints, a blank line and the line of totals; four receipts cannot be read or lie before the first version.
    assert identity.rows == identity.decided + identity.rejected
    assert identity.decided == make_demo.ROWS - 4
    assert 5 <= identity.rejected <= 6


def test_every_kind_of_finding_is_there(audit: Audit) -> None:
    summary = audit.summary()
    assert {"breached", "indeterminate", "at_risk", "pending", "met"} <= summary.status.keys()
    assert {"breached", "at_risk", "pending", "met", "indeterminate"} <= summary.outcomes["DL-respond"].keys()
    assert {"breached", "met", "exempt", "indeterminate"} <= summary.outcomes["DL-repair"].keys()
    assert {"proposed", "indeterminate"} <= summary.penalties["PN-install"].keys()
    assert {"category", "responded_at", "bill_amount", "published_install_days", "area"} <= summary.unusable.keys()
    assert {"operator", "appeal_body"} <= summary.owner.keys()
    assert summary.repeated_ids == 1


def test_the_single_record() -> None:
    record = json.loads((DEMO / "complaint.json").read_text("utf-8"))
    decision = load_policy("cn/telecom").evaluate(record, as_of=make_demo.AS_OF)
    # Ordered Sunday 1 March, seven days: Sunday the 8th moves to Monday the 9th; still not installed on the 25th at 09:00:
    # 15 days and 9 hours, a day begun counts: 16.  108.25 x 1 % x 16 = 17.32.
    assert decision.outcomes["DL-install"] == "breached"
    assert [(p.state, p.amount) for p in decision.penalties] == [("accruing", Decimal("17.32"))]
