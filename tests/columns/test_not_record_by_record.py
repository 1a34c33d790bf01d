"""Tables of ordinary records go by columns alone, and what does not is told."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import workload

from complaint_policy import Policy, load_policy, load_policy_text
from complaint_policy.audit import load_mapping

DEMO = Path(__file__).parents[2] / "examples" / "demo"


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy_text(workload.policy_text())


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return pl.DataFrame(workload.records(3_000), infer_schema_length=None)


def test_the_workload_goes_by_columns(policy: Policy, frame: pl.DataFrame, one_by_one: list[int]) -> None:
    audit = policy.audit(frame, as_of=workload.AS_OF)
    assert audit.decisions.height == frame.height
    assert one_by_one == []
    assert audit.notes == ()


def test_so_do_missing_values_and_acts_before_their_start(policy: Policy, frame: pl.DataFrame, one_by_one: list[int]) -> None:
    row = pl.int_range(pl.len())
    names = ("injury", "affected_customers", "category", "repeat_count", "region")
    worn = frame.with_columns(pl.when(row % 5 != at).then(pl.col(name)) for at, name in enumerate(names)).with_columns(
        acknowledged_at=pl.when(row % 3 == 0).then(pl.col("received_at").dt.offset_by("-1d")).otherwise("acknowledged_at")
    )
    audit = policy.audit(worn, as_of=workload.AS_OF)
    assert audit.decisions["severity"].null_count() > 300
    assert one_by_one == []


def test_every_way_gives_the_same_decisions(policy: Policy, frame: pl.DataFrame, tmp_path: Path) -> None:
    wanted = policy.audit(frame, as_of=workload.AS_OF).decisions
    frame.write_parquet(tmp_path / "w.parquet", row_group_size=700)
    frame.with_columns(pl.col(pl.Datetime).dt.to_string("%Y-%m-%d %H:%M:%S")).write_csv(tmp_path / "w.csv")
    written = tmp_path / "decisions.parquet"
    policy.audit(tmp_path / "w.parquet", as_of=workload.AS_OF, decisions_to=written, keep=False)
    for other in (
        policy.audit(frame.lazy().filter(pl.col("id") != ""), as_of=workload.AS_OF).decisions,
        policy.audit(frame.to_arrow(), as_of=workload.AS_OF).decisions,
        policy.audit(tmp_path / "w.parquet", as_of=workload.AS_OF).decisions,
        policy.audit(tmp_path / "w.csv", as_of=workload.AS_OF).decisions,
        policy.audit(frame.to_dicts(), as_of=workload.AS_OF).decisions,
        pl.read_parquet(written),
    ):
        assert other.equals(wanted)


def test_a_summary_counts_what_the_decisions_say(policy: Policy, frame: pl.DataFrame) -> None:
    """The summary is made without a table of decisions."""
    audit = policy.audit(frame, as_of=workload.AS_OF)
    numbers, decisions = audit.summary().to_dict(), audit.decisions
    assert {r["level"]: r["records"] for r in numbers["severity"]} == dict(decisions["severity"].cast(pl.String).value_counts().iter_rows())
    for rule in numbers["rules"]:
        assert rule["outcomes"] == dict(decisions[f"{rule['rule']}.outcome"].cast(pl.String).value_counts().iter_rows())
    (penalty,) = numbers["penalties"]
    assert penalty["sum"] == str(decisions["PN-case.amount"].sum())


def test_records_judged_one_by_one_are_told() -> None:
    mapping = load_mapping(DEMO / "mapping.yaml")
    policy = load_policy(mapping.policy_reference() or "")
    waiting = pl.DataFrame(
        {
            "received_at": ["2026-03-01T10:00"] * 3,
            "responded_at": ["2026-03-09T10:00"] * 3,
            "waiting_on_customer": ["2026-03-02/2026-03-04", None, None],
        }
    )
    notes = policy.audit(waiting, as_of="2026-03-25T09:00").notes
    assert len(notes) <= 1
    for note in notes:
        assert note.en and note.zh


PAUSED = """
format: 1
policy: test/paused
effective: {from: 2020-01-01}
timezone: Asia/Shanghai
deadlines: [{id: DL-ack, from: received_at, to: acknowledged_at, within: 8 days, pauses: [{between: [{from: acknowledged_at, within: 1 day}, responded_at]}]}]
"""


def test_what_columns_cannot_say_is_told_every_time() -> None:
    policy = load_policy_text(PAUSED)
    frame = pl.DataFrame(workload.records(50), infer_schema_length=None)
    told = []
    for _ in range(3):
        audit = policy.audit(frame, as_of=workload.AS_OF)
        assert audit.decisions.height == 50
        told.append([note.to_dict() for note in audit.notes])
    assert told[0] and "no columns for: DL-ack: pauses" in told[0][0]["en"]
    assert told[0] == told[1] == told[2]
