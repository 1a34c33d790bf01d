"""Every shipped policy's record set comes out as written down; tests/equality holds the table to the records."""

from __future__ import annotations

import pytest

from complaint_policy import load_policy
from complaint_policy.errors import RecordError
from complaint_policy.loader import shipped_policies
from tests.examples.record_sets import REACHED, SETS, RecordSet, differences


def test_every_shipped_policy_has_a_set() -> None:
    assert sorted(SETS) == sorted(shipped_policies())


@pytest.mark.parametrize("name", SETS)
def test_a_set_comes_out_as_written_down(name: str) -> None:
    records = RecordSet(name)
    policy = load_policy(name)
    rows = records.rows()
    assert [row["id"] for row in rows] == list(records.expected)
    fields = frozenset(key for row in rows for key in row)
    known = {field for version in policy.versions for field in version.model.fields}
    assert fields <= known | {"events"}, fields - known
    wrong: list[str] = []
    reached: dict[str, set[str]] = {}
    for row in rows:
        id_ = row["id"]
        refused = records.expected[id_].get("rejected")
        if refused is not None:
            with pytest.raises(RecordError, match=refused):
                policy.evaluate(row, as_of=records.as_of, source_fields=fields)
            continue
        decision = policy.evaluate(row, as_of=records.as_of, source_fields=fields)
        outcomes = records.outcomes(id_, decision.outcomes)
        wrong += [f"{id_} {said}" for said in differences(records.expected[id_], outcomes, decision, policy)]
        for rule, outcome in outcomes.items():
            reached.setdefault(rule, set()).add(outcome)
    assert wrong == []
    lacking = {rule: [o for o in REACHED if o not in found] for rule, found in reached.items() if not records.only or rule in records.only}
    assert {rule: outcomes for rule, outcomes in lacking.items() if outcomes} == records.not_reached


@pytest.mark.parametrize("name", [name for name in SETS if RecordSet(name).counted])
def test_earlier_records_are_counted_as_written_down(name: str) -> None:
    records = RecordSet(name)
    counts = load_policy(name).audit(records.records, as_of=records.as_of).history
    for count in records.counted:
        assert counts[count].to_list() == [int(row[count]) for row in records.rows()]


@pytest.mark.parametrize("name", [name for name in SETS if RecordSet(name).schedules])
def test_schedules_come_out_as_written_down(name: str) -> None:
    records = RecordSet(name)
    policy = load_policy(name)
    assert records.since is not None
    found = policy.schedules(records.register_rows(), as_of=records.as_of, since=records.since)
    told: dict[str, dict[str, dict[str, str]]] = {}
    for result in found.results:
        assert result.due_at is not None
        told.setdefault(result.rule, {})[result.period] = {"outcome": result.outcome, "due": str(result.due_at.date())}
    assert told == records.schedules
