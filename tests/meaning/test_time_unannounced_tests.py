"""Past the last announced day nothing is silently decided: not in a test of time, and not by a day rolled back."""

from __future__ import annotations

import pytest

from complaint_policy import Decision, load_policy_text

POLICY = """
format: 1
policy: test/unannounced
effective: {from: 2020-01-01}
timezone: Asia/Shanghai
calendars: {cn: {country: CN, announced_until: 2026-12-31}}
counting: {calendar: cn, roll: none}
record: {fields: {promised_at: {type: datetime, empty: none}, sent_at: {type: event}}}
facts:
  early: {responded_at: {by: {from: received_at, within: 3 working days}}}
  by_due: {responded_at: {by: {due: DL-three}}}
deadlines:
  - {id: DL-three, from: received_at, to: acknowledged_at, within: 3 working days}
  - {id: DL-back, from: received_at, to: acknowledged_at, within: 3 days, counting: {roll: previous_working_day}}
  - {id: DL-ahead, from: received_at, to: sent_at, within: {from: promised_at, ahead: 10 working days}}
requirements:
  - {id: RQ-early, require: {early: true}, before: responded_at}
  - {id: RQ-due, require: {by_due: true}, before: responded_at}
"""


def judged(**record: str) -> Decision:
    return load_policy_text(POLICY).evaluate({"id": "1", "received_at": "2026-12-29T10:00", **record}, as_of="2027-01-20T09:00")


@pytest.mark.parametrize("rule", ["RQ-early", "RQ-due"])
def test_a_test_of_time_past_the_calendar_is_undecided(rule: str) -> None:
    # Tuesday 29 December: the 30th and 31st are two working days, the third lies in 2027, which nobody has announced.
    result = judged(responded_at="2027-01-05T10:00").result(rule)
    assert (result.outcome, result.missing) == ("indeterminate", ("cn 2027",))


@pytest.mark.parametrize("rule", ["RQ-early", "RQ-due"])
def test_before_the_calendar_ends_it_is_decided(rule: str) -> None:
    assert judged(responded_at="2026-12-31T23:59").result(rule).outcome == "met"


def test_a_due_day_rolled_back_from_unannounced_days() -> None:
    # 30 December and three days is Saturday 2 January 2027, rolled back to Thursday 31 December; were the 2nd made a
    # working day, it would be due that Saturday.
    late = judged(received_at="2026-12-30T10:00", acknowledged_at="2027-01-01T10:00").deadline("DL-back")
    assert (late.outcome, late.provisional, late.missing) == ("indeterminate", True, ("cn 2027",))
    assert judged(received_at="2026-12-30T10:00", acknowledged_at="2026-12-31T10:00").deadline("DL-back").outcome == "met"


def test_counted_back_through_unannounced_days() -> None:
    # Promised for 8 January 2027: how many of its first days are worked is not known.
    result = judged(promised_at="2027-01-08T10:00", sent_at="2027-01-04T10:00").deadline("DL-ahead")
    assert result.outcome == "indeterminate"
    assert "cn 2027" in result.missing
