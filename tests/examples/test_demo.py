"""The demo records are invented, reproducible, and show every kind of finding."""

from __future__ import annotations

from pathlib import Path

import make_demo
import pytest
import run

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


def test_the_demo_runs(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run.main(tmp_path) == 0
    shown = capfd.readouterr().out
    # 158.00 x 1 % x 4: due 9 March, installed on the 13th at 15:00; a day begun counts.
    assert "6.32" in shown
    assert {"按规则", "By rule"} <= {line.strip() for line in shown.splitlines()}
    assert {p.name for p in tmp_path.iterdir()} == {"decisions.csv", "rejects.csv"}
