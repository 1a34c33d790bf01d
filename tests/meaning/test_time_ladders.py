"""Ladders of extensions: which step is in force, and what is due where that is not known."""

from __future__ import annotations

from typing import Any

import pytest

from tests.meaning.time_support import deadline, judged, policy, shown

# Received on Monday 2 March at 10:00: 15 days end on the 17th, 30 on 1 April, 60 on 1 May.
RECEIVED = "2026-03-02T10:00"
D15, D30, D60 = "2026-03-17T23:59:59", "2026-04-01T23:59:59", "2026-05-01T23:59:59"

LADDER = deadline(
    "15 days",
    more="""extend:
  - {id: complex, within: 30 days, when: {complex: true}, needs: {extension_notified_at: {by: {due: previous}}}}
  - {id: special, within: 60 days, needs: {present: [extension_approved_at]}}""",
)

TOLD = {"complex": True, "extension_notified_at": "2026-03-10"}

# what else the record says, as_of, outcome, due_at, due_latest, step
STEPS: list[tuple[dict[str, Any], str, str, str, str | None, str | None]] = [
    # --- the first step
    ({"complex": False}, "2026-03-17T23:59", "pending", D15, None, None),
    ({"complex": False}, "2026-03-18T00:00", "breached", D15, None, None),
    ({"complex": True}, "2026-03-17T23:59", "pending", D15, D60, None),  # the customer may still be told in time: both are possible
    ({"complex": True, "extension_notified_at": "2026-03-17T23:59:59.999999"}, "2026-03-18T00:00", "pending", D30, D60, "complex"),  # approval may still come
    ({"complex": True, "extension_notified_at": "2026-03-18T00:00"}, "2026-03-18T00:00", "breached", D15, None, None),  # late does not heal
    ({"complex": True}, "2026-03-18T00:00", "breached", D15, None, None),
    ({"complex": False, "extension_notified_at": "2026-03-10T10:00"}, "2026-03-18T00:00", "breached", D15, None, None),  # told, and yet not complex
    # --- the second is climbed from the first only, by its due
    ({**TOLD, "extension_approved_at": "2026-04-01T23:59"}, "2026-04-02T00:00", "pending", D60, None, "special"),
    ({**TOLD, "extension_approved_at": "2026-04-02T00:00"}, "2026-04-02T00:00", "breached", D30, None, "complex"),
    ({"complex": False, "extension_approved_at": "2026-03-03T00:00"}, "2026-03-18T00:00", "breached", D15, None, None),  # no leaping over a step
    # --- an unknown step: two possible dues, decided where both agree
    ({"extension_notified_at": "2026-03-10"}, "2026-03-17T00:00", "pending", D15, D60, None),
    ({"extension_notified_at": "2026-03-10"}, "2026-03-18T00:00", "indeterminate", D15, D60, None),
    ({"extension_notified_at": "2026-03-10"}, "2026-04-02T00:00", "breached", D15, D30, None),
    ({"extension_notified_at": "2026-03-10", "responded_at": "2026-03-17T23:00"}, "2026-05-02T00:00", "met", D15, D30, None),
    ({"extension_notified_at": "2026-03-10", "responded_at": "2026-03-18T00:00"}, "2026-05-02T00:00", "indeterminate", D15, D30, None),
    ({"extension_notified_at": "2026-03-10", "responded_at": "2026-04-02T00:00"}, "2026-05-02T00:00", "breached", D15, D30, None),
    # approved as well: 15, 30 or 60 days
    ({"extension_notified_at": "2026-03-10", "extension_approved_at": "2026-03-11"}, "2026-04-02T00:00", "indeterminate", D15, D60, None),
    # told on the last day, known by day only: in time at any moment of it
    ({"complex": True, "extension_notified_at": "2026-03-17"}, "2026-03-18T00:00", "pending", D30, D60, "complex"),
    ({"complex": True, "extension_notified_at": "2026-03-18"}, "2026-03-19T00:00", "breached", D15, None, None),
    # an unusable cell of the notice: cannot be told
    ({"complex": True, "extension_notified_at": "soon"}, "2026-03-18T00:00", "indeterminate", D15, D60, None),
    # `complex` not known, and not told by the due: the step cannot hold whatever it is
    ({}, "2026-03-18T00:00", "breached", D15, None, None),
]


@pytest.mark.parametrize(("record", "as_of", "found", "due", "latest", "step"), STEPS, ids=lambda v: str(v))
def test_steps(record: dict[str, Any], as_of: str, found: str, due: str, latest: str | None, step: str | None) -> None:
    result = judged(LADDER, as_of, received_at=RECEIVED, **record).deadline("DL")
    assert (result.outcome, shown(result.due_at), shown(result.due_latest), result.step) == (found, due, latest, step)


def test_what_is_missing_is_named() -> None:
    result = judged(LADDER, "2026-03-18T00:00", received_at=RECEIVED, extension_notified_at="2026-03-10").deadline("DL")
    assert result.missing == ("complex",)
    result = judged(LADDER, "2026-03-18T00:00", received_at=RECEIVED, complex=True, extension_notified_at="soon").deadline("DL")
    assert result.missing == ("extension_notified_at",)


def test_late_allowed_heals_from_the_moment_it_is_granted() -> None:
    of = deadline("15 days", more="extend:\n  - {id: late, within: 30 days, late: allowed, needs: {present: [extension_approved_at]}}")
    approved = "2026-03-20T10:00"
    assert judged(of, "2026-03-18T00:00", received_at=RECEIVED, extension_approved_at=approved).deadline("DL").outcome == "breached"
    assert judged(of, "2026-03-20T10:00", received_at=RECEIVED, extension_approved_at=approved).deadline("DL").outcome == "pending"
    after = judged(of, "2026-04-02T00:00", received_at=RECEIVED, extension_approved_at=approved).deadline("DL")
    assert (after.outcome, shown(after.due_at), after.step) == ("breached", D30, "late")


def test_the_previous_due_is_after_the_roll() -> None:
    # 12 days end on Saturday 14 March and roll to Monday 16; told on Sunday 15 is in time.
    of = deadline(
        "12 days",
        "calendar: days, roll: next_working_day",
        "extend:\n  - {id: more, within: 20 days, needs: {extension_notified_at: {by: {due: previous}}}}",
    )
    for told, due in (("2026-03-15T12:00", "2026-03-23T23:59:59"), ("2026-03-16T23:59:59", "2026-03-23T23:59:59"), ("2026-03-17T00:00", "2026-03-16T23:59:59")):
        # 20 days: Sunday 22, Monday 23
        assert shown(judged(of, "2026-03-18T00:00", received_at=RECEIVED, extension_notified_at=told).deadline("DL").due_at) == due


def test_a_ladder_may_depend_on_another_deadlines_due() -> None:
    of = policy(
        "deadlines:\n"
        "  - {id: DN, from: received_at, to: noted_at, within: 5 days}\n"
        "  - id: DL\n    from: received_at\n    to: responded_at\n    within: 10 days\n"
        "    extend: [{id: kept, within: 20 days, when: {noted_at: {by: {due: DN}}}}]"
    )
    # 5 days: the 7th; 10: the 12th; 20: the 22nd
    assert shown(judged(of, "2026-03-09T00:00", received_at=RECEIVED, noted_at="2026-03-07T23:59").deadline("DL").due_at) == "2026-03-22T23:59:59"
    assert shown(judged(of, "2026-03-09T00:00", received_at=RECEIVED, noted_at="2026-03-08T00:00").deadline("DL").due_at) == "2026-03-12T23:59:59"
    assert shown(judged(of, "2026-03-09T00:00", received_at=RECEIVED).deadline("DL").due_at) == "2026-03-12T23:59:59"


def test_an_open_step_is_pending_past_the_first_due() -> None:
    """The step rests on something time will settle after the first due: neither breached nor missing."""
    of = deadline("5 days", more="extend:\n  - {id: noted, within: 30 days, late: allowed, when: {noted_at: {by: {from: received_at, within: 10 days}}}}")
    result = judged(of, "2026-03-10T00:00", received_at=RECEIVED).deadline("DL")  # due on the 7th, or 1 April if noted by the 12th
    assert (result.outcome, result.missing) == ("pending", ())
    assert judged(of, "2026-03-13T00:00", received_at=RECEIVED).deadline("DL").outcome == "breached"
    assert judged(of, "2026-03-13T00:00", received_at=RECEIVED, noted_at="2026-03-12T23:00").deadline("DL").outcome == "pending"


def test_a_step_counted_from_the_limit_before_may_be_shorter() -> None:
    """Fifteen days, then ten more: Tuesday 17 March and ten days are Friday the 27th."""
    twice = deadline("15 days", more="extend: [{id: more, within: {from: {due: previous}, within: 10 days}, when: {complex: true}}]")
    assert shown(judged(twice, "2026-03-20T00:00", received_at=RECEIVED, complex=True).deadline("DL").due_at) == "2026-03-27T23:59:59"
