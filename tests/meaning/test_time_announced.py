"""Limits that end past the last announced day of their calendar.

The calendar of China is announced to 31 December 2026.  1 January 2027 is a Friday; the days of the
Spring Festival of 2027 (6 February) are predictions until the State Council's notice.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.meaning.time_support import deadline, judged, policy, shown

THREE = deadline("3 working days", "calendar: cn")
TUESDAY = "2026-12-29T10:00"  # 30, 31 December, then Monday 4 January 2027

NAMED = ("cn 2027",)


@pytest.mark.parametrize(
    ("as_of", "record", "found", "missing"),
    [
        ("2026-12-30T00:00", {}, "pending", ()),
        ("2027-01-04T23:59:59.999999", {}, "pending", ()),
        ("2027-01-05T00:00", {}, "indeterminate", NAMED),  # past the due day of a calendar nobody has announced
        ("2027-06-01T00:00", {}, "indeterminate", NAMED),
        ("2027-06-01T00:00", {"responded_at": "2027-01-05T00:00"}, "indeterminate", NAMED),
        ("2027-06-01T00:00", {"responded_at": "2027-01-05"}, "indeterminate", NAMED),
        ("2027-06-01T00:00", {"responded_at": "2027-01-04"}, "met", ()),
        ("2027-06-01T00:00", {"responded_at": "2026-12-30T09:00"}, "met", ()),
        ("2027-06-01T00:00", {"responded_at": "2026-12-28T09:00"}, "indeterminate", ("received_at", "responded_at")),
    ],
)
def test_past_due_on_a_provisional_day_is_not_decided(as_of: str, record: dict[str, Any], found: str, missing: tuple[str, ...]) -> None:
    line = judged(THREE, as_of, received_at=TUESDAY, **record).deadline("DL")
    assert (line.outcome, line.missing, line.provisional) == (found, missing, True)
    assert shown(line.due_at) == "2027-01-04T23:59:59"


def test_nothing_provisional_is_breached_in_status_or_penalty() -> None:
    of = policy(
        "deadlines: [{id: DL, from: received_at, to: responded_at, within: 3 working days, counting: {calendar: cn}}]\n"
        "penalties: [{id: PN, for: [DL], payable_to: company, amount: 200}]"
    )
    decision = judged(of, "2027-06-01T00:00", received_at=TUESDAY)
    assert (decision.status, decision.breaches, [p.state for p in decision.penalties]) == ("indeterminate", (), ["indeterminate"])
    assert any(f.rule == "DL" and "2027" in f.message.en and "2027" in f.message.zh for f in decision.findings)


@pytest.mark.parametrize(
    ("within", "counting", "received", "due", "provisional"),
    [
        ("2 working days", "calendar: cn", TUESDAY, "2026-12-31T23:59:59", False),  # the last announced day
        ("3 working days", "calendar: cn", TUESDAY, "2027-01-04T23:59:59", True),
        ("3 days", "calendar: cn", "2026-12-30T10:00", "2027-01-02T23:59:59", False),  # plain days rest on no calendar
        ("2 months", "calendar: cn", "2026-12-30T10:00", "2027-02-28T23:59:59", False),
        ("48 hours", "calendar: cn", "2026-12-30T10:00", "2027-01-01T10:00:00", False),
        ("3 days", "calendar: cn, roll: next_working_day", "2026-12-30T10:00", "2027-01-04T23:59:59", True),
        ("1 day", "calendar: cn, roll: next_working_day", "2026-12-30T10:00", "2026-12-31T23:59:59", False),
        # Sunday 7 February 2027 rolls over the predicted festival (5 to 10 February) to Thursday 11
        ("15 days", "calendar: cn, roll: next_working_day", "2027-01-23T10:00", "2027-02-11T23:59:59", True),
    ],
)
def test_what_is_provisional(within: str, counting: str, received: str, due: str, provisional: bool) -> None:
    line = judged(deadline(within, counting), "2027-01-23T12:00", received_at=received).deadline("DL")
    assert (shown(line.due_at), line.provisional) == (due, provisional)
    late = judged(deadline(within, counting), "2027-06-01T00:00", received_at=received).deadline("DL")
    assert late.outcome == ("indeterminate" if provisional else "breached")


def test_the_spring_festival_of_an_announced_year_is_known() -> None:
    # 2026: 15 to 23 February are free, Saturday the 14th and Saturday the 28th are worked.
    three = deadline("3 working days", "calendar: cn")
    assert shown(judged(three, "2026-02-13T12:00", received_at="2026-02-13T10:00").deadline("DL").due_at) == "2026-02-25T23:59:59"  # 14, 24, 25
    rolled = deadline("15 days", "calendar: cn, roll: next_working_day")
    # 3 February and 15 days: Wednesday the 18th, in the festival; Tuesday the 24th
    line = judged(rolled, "2026-02-25T00:00", received_at="2026-02-03T10:00").deadline("DL")
    assert (line.outcome, shown(line.due_at), line.provisional) == ("breached", "2026-02-24T23:59:59", False)


def test_a_step_that_is_not_provisional_still_decides() -> None:
    """Two possible limits, one within the announced days: late for both is not decided, in time for both is."""
    of = deadline("{choose: [{when: {complex: true}, then: 3 working days}, {otherwise: 1 working day}]}", "calendar: cn")
    line = judged(of, "2027-06-01T00:00", received_at=TUESDAY, complex=False).deadline("DL")
    assert (line.outcome, line.provisional) == ("breached", False)
    line = judged(of, "2027-06-01T00:00", received_at=TUESDAY).deadline("DL")
    assert line.outcome == "indeterminate"
    assert judged(of, "2027-06-01T00:00", received_at=TUESDAY, responded_at="2026-12-30").deadline("DL").outcome == "met"
