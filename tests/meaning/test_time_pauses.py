"""Pauses: their union, clipped to the time from the start to the act, in every unit and convention."""

from __future__ import annotations

from typing import Any

import pytest

from tests.meaning.time_support import assert_border, deadline, judged, outcome, policy, shown, wall

MON = "2026-03-02T10:00"
PAUSED = "pauses: [waiting]"


def spans(*pairs: tuple[str, str | None]) -> list[dict[str, str | None]]:
    return [{"from": low, "to": high} for low, high in pairs]


TUE_WED = spans(("2026-03-03T10:00", "2026-03-04T10:00"))  # 24 hours, of them 2 + 4.5 + 1 = 7.5 working hours
WEEKEND = spans(("2026-03-06T12:00", "2026-03-09T12:00"))  # 72 hours, of them 4.5 + 3 + 3 on Saturday closed = 7.5 working
WHOLE_TUE = spans(("2026-03-03", "2026-03-03"))  # a bare day is the whole of it

# within, counting, waiting, received, boundary, whether it ends a day
MOVED = [
    # --- elapsed time stands still
    ("24 hours", "", spans(("2026-03-02T12:00", "2026-03-02T14:00")), MON, "2026-03-03T12:00", False),
    ("24 hours", "", spans(("2026-03-03T09:00", "2026-03-03T11:00")), MON, "2026-03-03T12:00", False),  # begins before the due instant
    ("24 hours", "", spans(("2026-03-03T10:30", "2026-03-03T11:00")), MON, "2026-03-03T10:00", False),  # begins after it
    ("24 hours", "", spans(("2026-03-01T00:00", "2026-03-02T12:00")), MON, "2026-03-03T12:00", False),  # clipped to the start: 2 hours
    ("24 hours", "", spans(("2026-03-01T00:00", "2026-03-02T09:00")), MON, "2026-03-03T10:00", False),  # wholly before it
    ("90 minutes", "", spans(("2026-03-02T10:30", "2026-03-02T10:45"), ("2026-03-02T11:40", "2026-03-02T12:00")), MON, "2026-03-02T12:05", False),
    # overlapping spans are one: 12:00 to 16:00
    ("24 hours", "", spans(("2026-03-02T12:00", "2026-03-02T15:00"), ("2026-03-02T14:00", "2026-03-02T16:00")), MON, "2026-03-03T14:00", False),
    # the second begins only within the time the first has won
    ("24 hours", "", spans(("2026-03-02T12:00", "2026-03-02T14:00"), ("2026-03-03T11:00", "2026-03-03T15:00")), MON, "2026-03-03T16:00", False),
    # --- working hours: 8 from Monday 10:00 end on Tuesday at 10:30 (6.5 + 1.5)
    ("8 working hours", "calendar: office", spans(("2026-03-02T11:00", "2026-03-02T14:00")), MON, "2026-03-03T12:00", False),  # 1.5 h
    ("8 working hours", "calendar: office", spans(("2026-03-02T18:00", "2026-03-03T09:00")), MON, "2026-03-03T10:30", False),  # the night costs nothing
    ("8 working hours", "calendar: office", spans(("2026-03-02T12:00", "2026-03-02T13:30")), MON, "2026-03-03T10:30", False),
    # --- days; 5 from Monday end on Saturday 7
    ("5 days", "", WEEKEND, MON, "2026-03-11", True),  # without a calendar by its length: from Thursday 5 at 10:00
    ("4 days", "calendar: office", TUE_WED, MON, "2026-03-08", True),  # 7.5 working hours on from Monday 10:00 is Tuesday 10:00: Saturday 7
    ("5 days", "calendar: office, pause_on_days: elapsed", WEEKEND, MON, "2026-03-11", True),
    ("5 days", "calendar: office, pause_on_days: whole_days", WEEKEND, MON, "2026-03-10", True),  # Saturday and Sunday: Monday 9
    ("5 days", "pause_on_days: whole_days", TUE_WED, MON, "2026-03-08", True),  # no day is wholly inside
    ("5 days", "pause_on_days: whole_days", WHOLE_TUE, MON, "2026-03-09", True),
    ("5 days", "pause_on_days: elapsed", TUE_WED, MON, "2026-03-09", True),
    ("5 days", "pause_on_days: elapsed", spans(("2026-03-03T10:00", "2026-03-03T23:59")), MON, "2026-03-08", True),  # 13 h 59: still Monday
    ("5 days", "pause_on_days: elapsed", spans(("2026-03-03T10:00", "2026-03-04T00:00")), MON, "2026-03-09", True),  # 14 h: Tuesday begins
    ("5 days", "ends: same_time, pause_on_days: elapsed", spans(("2026-03-03T10:00", "2026-03-03T16:00")), MON, "2026-03-07T16:00", False),
    ("5 days", "calendar: days, roll: next_working_day, pause_on_days: elapsed", TUE_WED, MON, "2026-03-10", True),  # Sunday 8: Monday 9
    ("5 days", "calendar: days, roll: next_working_day, pause_on_days: whole_days", WHOLE_TUE, MON, "2026-03-10", True),
    ("5 days", "pause_on_days: whole_days", spans(("2026-03-08", "2026-03-09")), MON, "2026-03-08", True),  # after the due day
    ("5 days", "pause_on_days: whole_days", spans(("2026-03-07", "2026-03-09")), MON, "2026-03-11", True),  # 7, 8, 9: three days more
    # --- weeks, months, years
    ("1 week", "pause_on_days: elapsed", TUE_WED, MON, "2026-03-11", True),
    ("1 week", "pause_on_days: whole_days", WHOLE_TUE, MON, "2026-03-11", True),
    ("1 month", "pause_on_days: whole_days", WHOLE_TUE, MON, "2026-04-04", True),  # 2 April and a day
    ("1 month", "pause_on_days: elapsed", TUE_WED, MON, "2026-04-04", True),
    ("1 year", "pause_on_days: whole_days", WHOLE_TUE, MON, "2027-03-04", True),
    # --- working days; 3 from Monday end on Thursday 5
    ("3 working days", "calendar: office", TUE_WED, MON, "2026-03-07", True),  # 7.5 working hours: as if from Tuesday
    ("3 working days", "calendar: office, pause_on_days: elapsed", TUE_WED, MON, "2026-03-07", True),
    ("3 working days", "calendar: office, pause_on_days: whole_days", TUE_WED, MON, "2026-03-06", True),
    ("3 working days", "calendar: office, pause_on_days: whole_days", WHOLE_TUE, MON, "2026-03-07", True),
    ("3 working days", "calendar: office", spans(("2026-03-03T19:00", "2026-03-04T08:00")), MON, "2026-03-06", True),  # closed hours cost nothing
    # 3 from Thursday 5 end on Tuesday 10
    ("3 working days", "calendar: office", WEEKEND, "2026-03-05T10:00", "2026-03-12", True),  # from Friday 6: Wednesday 11
    ("3 working days", "calendar: office, pause_on_days: elapsed", WEEKEND, "2026-03-05T10:00", "2026-03-12", True),  # from Sunday 8: 9, 10, 11
    ("3 working days", "calendar: office, pause_on_days: whole_days", WEEKEND, "2026-03-05T10:00", "2026-03-11", True),  # no working day wholly inside
    ("3 working days", "calendar: days", TUE_WED, MON, "2026-03-07", True),  # a calendar without hours: 24 hours of working time
]


@pytest.mark.parametrize(("within", "counting", "waiting", "received", "boundary", "ends_day"), MOVED, ids=lambda v: str(v))
def test_pauses_move_the_due_instant(within: str, counting: str, waiting: Any, received: str, boundary: str, ends_day: bool) -> None:
    assert_border(deadline(within, counting, PAUSED), wall(boundary), ends_day=ends_day, received_at=wall(received), waiting=waiting)


def test_closed_hours_of_a_pause_do_not_lengthen_days_by_working_time() -> None:
    # 5 days end on Saturday 7.  From Friday 12:00 to Monday 12:00 are 7.5 working hours: as if from Tuesday, Sunday 8, whatever of it is a weekend.
    line = judged(deadline("5 days", "calendar: office", PAUSED), "2026-03-09T12:00", received_at=MON, waiting=WEEKEND).deadline("DL")
    assert (line.outcome, shown(line.due_at)) == ("breached", "2026-03-08T23:59:59")


def test_several_spans_stand_still_once() -> None:
    of = deadline("24 hours", more="pauses: [waiting, holding, {between: [shipped_at, agreed_at]}]")
    # 12 to 15, 14 to 17 and 16 to 18 are together 12 to 18: six hours
    record: dict[str, Any] = {
        "waiting": "2026-03-02T12:00/2026-03-02T15:00",
        "holding": [["2026-03-02T14:00", "2026-03-02T17:00"]],
        "shipped_at": "2026-03-02T16:00",
        "agreed_at": "2026-03-02T18:00",
    }
    assert_border(of, wall("2026-03-03T16:00"), ends_day=False, received_at=MON, **record)


def test_one_span_without_another() -> None:
    of = deadline("24 hours", more="pauses: [{except: [waiting, holding]}]")
    # 12 to 18 without 13 to 14 and 17 to 20: 1 + 3 hours
    record = {"waiting": "2026-03-02T12:00/2026-03-02T18:00", "holding": "2026-03-02T13:00/2026-03-02T14:00; 2026-03-02T17:00/2026-03-02T20:00"}
    assert_border(of, wall("2026-03-03T14:00"), ends_day=False, received_at=MON, **record)


def test_a_pause_ends_with_the_act() -> None:
    # Paused from 12:00 to 20:00, done at 15:00: three hours of it count, so due at 13:00 the next day.
    record = {"received_at": MON, "waiting": "2026-03-02T12:00/2026-03-02T20:00", "responded_at": "2026-03-02T15:00"}
    line = judged(deadline("24 hours", more=PAUSED), "2026-03-05T00:00", **record).deadline("DL")
    assert (line.outcome, shown(line.due_at), line.paused) == ("met", "2026-03-03T13:00:00", False)


@pytest.mark.parametrize(
    ("as_of", "found", "due"),
    [
        ("2026-03-02T12:00", "pending", "2026-03-03T10:00:00"),  # just begins
        ("2026-03-02T15:00", "pending", "2026-03-03T13:00:00"),  # shown as if it ended now
        ("2026-03-20T15:00", "pending", "2026-03-21T13:00:00"),  # 18 days later still
    ],
)
def test_a_running_pause(as_of: str, found: str, due: str) -> None:
    for waiting in ([{"from": "2026-03-02T12:00"}], "2026-03-02T12:00/", [{"from": "2026-03-02T12:00", "to": "2026-05-01"}]):
        result = judged(deadline("24 hours", more=PAUSED), as_of, received_at=MON, waiting=waiting)
        line = result.deadline("DL")
        assert (line.outcome, shown(line.due_at)) == (found, due)
        assert line.paused is (as_of > "2026-03-02T12:00")


def test_a_pause_that_begins_after_the_due_instant_heals_nothing() -> None:
    line = judged(deadline("24 hours", more=PAUSED), "2026-03-05T00:00", received_at=MON, waiting="2026-03-04T12:00/").deadline("DL")
    assert (line.outcome, shown(line.due_at)) == ("breached", "2026-03-03T10:00:00")


def test_a_pause_after_as_of_has_not_begun() -> None:
    of = deadline("24 hours", more=PAUSED)
    line = judged(of, "2026-03-02T11:00", received_at=MON, waiting="2026-03-02T12:00/2026-03-02T14:00").deadline("DL")
    assert (line.outcome, shown(line.due_at), line.paused) == ("pending", "2026-03-03T10:00:00", False)


def test_no_pauses_and_unknown_pauses() -> None:
    of, doubtful = deadline("24 hours", more=PAUSED), deadline("24 hours", more="pauses: [doubtful]")
    late, early = "2026-03-04T10:00", "2026-03-03T10:00"
    assert outcome(of, late, received_at=MON) == "breached"  # none
    # A column nobody has: a pause may have been; what is done before the shortest limit is in time.
    assert judged(doubtful, late, received_at=MON).deadline("DL").missing == ("doubtful",)
    assert outcome(doubtful, late, received_at=MON) == "indeterminate"
    assert outcome(doubtful, early, received_at=MON) == "pending"
    assert outcome(doubtful, late, received_at=MON, responded_at=early) == "met"
    assert outcome(doubtful, late, received_at=MON, responded_at="2026-03-03T10:00:01") == "indeterminate"
    # The same for an unusable cell: an end before the start.
    broken = judged(of, late, received_at=MON, waiting="2026-03-03T10:00/2026-03-02T11:00")
    assert (broken.deadline("DL").outcome, broken.deadline("DL").missing) == ("indeterminate", ("waiting",))
    assert "waiting" in broken.unusable
    assert outcome(of, late, received_at=MON, waiting="2026-03-03T10:00/2026-03-02T11:00", responded_at=early) == "met"
    # And for a source that has no such column.
    held = of.evaluate({"received_at": MON}, as_of=late, source_fields={"received_at", "responded_at"}).deadline("DL")
    assert (held.outcome, held.missing) == ("indeterminate", ("waiting",))


def test_an_unknown_pause_cannot_outlast_the_time_that_has_passed() -> None:
    """With an act long after even the longest pause (from the start to the act) nothing is decided: the clock may have stood all the time."""
    doubtful = deadline("24 hours", more="pauses: [doubtful]")
    assert outcome(doubtful, "2027-03-04T10:00", received_at=MON, responded_at="2026-12-01T10:00") == "indeterminate"


def test_a_known_pause_beside_an_unknown_one_moves_the_earliest_due() -> None:
    of = deadline("24 hours", more="pauses: [waiting, doubtful]")
    record = {"received_at": MON, "waiting": "2026-03-02T12:00/2026-03-02T14:00"}
    assert outcome(of, "2026-03-05T00:00", responded_at="2026-03-03T12:00", **record) == "met"  # 24 + 2 hours at least
    assert outcome(of, "2026-03-05T00:00", responded_at="2026-03-03T12:00:01", **record) == "indeterminate"


def test_pauses_hold_for_every_step_of_a_ladder() -> None:
    ladder = "extend:\n  - {id: more, within: 10 days, needs: {extension_notified_at: {by: {due: previous}}}}"
    of = deadline("5 days", "pause_on_days: elapsed", f"{PAUSED}\n{ladder}")
    record = {"received_at": MON, "waiting": TUE_WED}
    # 5 days and one: Sunday 8; 10 days and one: Friday 13
    assert shown(judged(of, "2026-03-09T00:00", extension_notified_at="2026-03-08T23:59", **record).deadline("DL").due_at) == "2026-03-13T23:59:59"
    assert shown(judged(of, "2026-03-09T00:00", extension_notified_at="2026-03-09T00:00", **record).deadline("DL").due_at) == "2026-03-08T23:59:59"


def test_a_promise_is_not_moved_by_pauses() -> None:
    """Only what is counted from the rule's start stands still."""
    of = deadline("{first_of: [promised_at, 48 hours]}", more=PAUSED)
    record = {"received_at": MON, "waiting": "2026-03-02T12:00/2026-03-02T18:00"}
    assert shown(judged(of, "2026-03-03T00:00", **record).deadline("DL").due_at) == "2026-03-04T16:00:00"
    assert shown(judged(of, "2026-03-03T00:00", promised_at="2026-03-04T12:00", **record).deadline("DL").due_at) == "2026-03-04T12:00:00"


def test_a_number_of_days_in_the_record_stands_still_too() -> None:
    of = deadline("{hours: {field: amount}}", more=PAUSED)
    assert_border(of, wall("2026-03-03T12:00"), ends_day=False, received_at=MON, amount=24, waiting="2026-03-02T12:00/2026-03-02T14:00")


def test_pause_over_a_change_of_the_clocks_is_elapsed_time() -> None:
    # New York, Saturday 22:00 to Sunday 10:00 is 11 hours that night; 24 hours from Saturday 12:00 end 35 hours on: Monday 00:00 (EDT).
    of = deadline("24 hours", more=PAUSED, zone="America/New_York")
    assert_border(of, wall("2026-03-09T00:00"), ends_day=False, received_at="2026-03-07T12:00", waiting="2026-03-07T22:00/2026-03-08T10:00")


def test_the_late_span_of_another_deadline_may_pause() -> None:
    of = policy(
        "deadlines:\n"
        "  - {id: DC, duty_of: complainant, from: received_at, to: noted_at, within: 2 days}\n"  # due at the end of the 4th
        "  - {id: DL, from: received_at, to: responded_at, within: 10 days, pauses: [{late: DC}], counting: {pause_on_days: elapsed}}"
    )
    # Two days late (to 7 March 00:00): 10 days from the 4th at 10:00 end on the 14th.
    assert_border(of, wall("2026-03-15"), ends_day=True, received_at=MON, noted_at="2026-03-07T00:00")
