"""Every convention of counting with every unit that takes it, worked by hand, and its border instants."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from complaint_policy import PolicyError
from tests.meaning.time_support import assert_border, deadline, judged, outcome, policy, shown, wall

MON, FRI, SAT = "2026-03-02T10:00", "2026-03-06T17:00", "2026-03-07T10:00"

# within, counting, received, boundary; a boundary at 00:00 that `ends` nothing else is the end of the day before it
END_OF_DAY = [
    # --- first_day, days
    ("3 days", "", MON, "2026-03-06"),  # 3, 4, 5 March
    ("3 days", "first_day: included", MON, "2026-03-05"),  # 2, 3, 4
    ("1 day", "first_day: included", MON, "2026-03-03"),  # the day itself
    ("1 day", "", "2026-03-02T00:00", "2026-03-04"),  # the first instant of a day is in that day
    ("1 day", "", "2026-03-02T23:59:59.999999", "2026-03-04"),  # and so is its last
    ("15 days", "", "2026-03-01T10:00", "2026-03-17"),  # 1 March does not count; day 15 is the 16th
    ("same day", "", MON, "2026-03-03"),
    ("same day", "", SAT, "2026-03-08"),
    ("0 days", "", MON, "2026-03-03"),
    # --- weeks
    ("1 week", "", MON, "2026-03-10"),
    ("2 weeks", "", SAT, "2026-03-22"),
    ("1 week", "first_day: included", MON, "2026-03-09"),  # Monday to Sunday
    ("8 weeks", "", "2026-01-05T10:00", "2026-03-03"),
    # --- months
    ("1 month", "", "2026-01-31T10:00", "2026-03-01"),  # February has no 31st: the 28th
    ("1 month", "", "2028-01-31T10:00", "2028-03-01"),  # a leap year: the 29th
    ("1 month", "first_day: included", "2026-01-31T10:00", "2026-02-28"),  # clipped to the 28th, then a day less
    ("1 month", "first_day: included", "2028-01-31T10:00", "2028-02-29"),
    ("1 month", "first_day: included", "2026-03-01T10:00", "2026-04-01"),  # 1 to 31 March
    ("1 month", "", "2026-02-28T10:00", "2026-03-29"),  # the same number, not the end of the month
    ("2 months", "", "2026-06-30T10:00", "2026-08-31"),  # 30 August
    ("2 months", "", "2026-12-31T10:00", "2027-03-01"),
    ("12 months", "", "2028-02-29T10:00", "2029-03-01"),
    ("13 months", "", "2026-11-30T10:00", "2027-12-31"),
    # --- years
    ("1 year", "", "2028-02-29T10:00", "2029-03-01"),  # 28 February 2029
    ("4 years", "", "2028-02-29T10:00", "2032-03-01"),  # 29 February again
    ("1 year", "first_day: included", "2028-02-29T10:00", "2029-02-28"),
    ("1 year", "first_day: included", "2026-01-01T10:00", "2027-01-01"),  # to 31 December
    ("3 years", "", "2026-03-02T10:00", "2029-03-03"),
    # --- roll; day 5 from Monday is Saturday the 7th
    ("5 days", "", MON, "2026-03-08"),
    ("5 days", "calendar: days, roll: next_working_day", MON, "2026-03-10"),
    ("5 days", "calendar: days, roll: previous_working_day", MON, "2026-03-07"),
    ("5 days", "calendar: office, roll: next_working_day", MON, "2026-03-10"),
    ("4 days", "calendar: days, roll: next_working_day", MON, "2026-03-07"),  # Friday is worked: stays
    ("16 days", "calendar: days, roll: next_working_day", MON, "2026-03-20"),  # holiday Wednesday 18: Thursday 19
    ("16 days", "calendar: days, roll: previous_working_day", MON, "2026-03-18"),  # Tuesday 17
    ("19 days", "calendar: days, roll: next_working_day", MON, "2026-03-22"),  # Saturday 21 is made up: stays
    ("6 days", "calendar: days, roll: next_working_day, first_day: included", MON, "2026-03-10"),
    ("1 week", "calendar: days, roll: next_working_day", SAT, "2026-03-17"),  # Saturday 14: Monday 16
    ("1 month", "calendar: days, roll: next_working_day", "2026-02-07T10:00", "2026-03-10"),  # Saturday 7 March: Monday 9
    ("1 month", "calendar: days, roll: previous_working_day", "2026-02-07T10:00", "2026-03-07"),
    ("1 year", "calendar: days, roll: next_working_day", "2025-03-07T10:00", "2026-03-10"),
    ("same day", "calendar: days, roll: next_working_day", SAT, "2026-03-10"),  # that day, then roll
    ("1 week", "calendar: days, roll: previous_working_day", SAT, "2026-03-14"),  # Saturday 14: Friday 13
    # --- working days
    ("3 working days", "calendar: days", MON, "2026-03-06"),
    ("3 working days", "calendar: days, first_day: included", MON, "2026-03-05"),
    ("1 working day", "calendar: days, first_day: included", MON, "2026-03-03"),
    ("1 working day", "calendar: days", "2026-03-17T10:00", "2026-03-20"),  # over the holiday: Thursday 19
    ("3 working days", "calendar: days", "2026-03-18T10:00", "2026-03-22"),  # 19, 20, and the made-up 21
    ("10 working days", "calendar: days", MON, "2026-03-17"),
    # --- from_closed_day
    ("3 working days", "calendar: days", SAT, "2026-03-12"),  # Monday is one: Wednesday 11
    ("3 working days", "calendar: days, from_closed_day: next_working_day_is_zero", SAT, "2026-03-13"),  # Monday is zero: Thursday
    ("3 working days", "calendar: days, from_closed_day: next_working_day_is_zero", MON, "2026-03-06"),  # Monday is no closed day
    ("3 working days", "calendar: days, first_day: included", SAT, "2026-03-12"),  # day one is Monday
    ("1 working day", "calendar: days, first_day: included", SAT, "2026-03-10"),
    ("3 working days", "calendar: days, first_day: included, from_closed_day: next_working_day_is_zero", SAT, "2026-03-12"),
    # --- after_hours, working days
    ("1 working day", "calendar: office", "2026-03-02T19:00", "2026-03-04"),  # as received on Monday
    ("1 working day", "calendar: office, after_hours: next_opening", "2026-03-02T19:00", "2026-03-05"),  # begins on Tuesday
    ("1 working day", "calendar: office, after_hours: deemed_next_opening", "2026-03-02T19:00", "2026-03-05"),
    ("1 working day", "calendar: office, after_hours: next_opening", "2026-03-02T08:00", "2026-03-04"),  # still Monday
    ("1 working day", "calendar: office, after_hours: next_opening", "2026-03-02T12:30", "2026-03-04"),  # the break: still Monday
    ("1 working day", "calendar: office, after_hours: next_opening", "2026-03-02T18:00", "2026-03-05"),  # the closing is outside
    ("1 working day", "calendar: office, after_hours: deemed_next_opening", "2026-03-02T18:00", "2026-03-04"),  # and yet received that day
    ("1 working day", "calendar: office, after_hours: next_opening", SAT, "2026-03-10"),  # Monday is one
    ("1 working day", "calendar: office, after_hours: deemed_next_opening", SAT, "2026-03-11"),  # received on Monday: Tuesday
    ("1 working day", "calendar: office, after_hours: next_opening, from_closed_day: next_working_day_is_zero", SAT, "2026-03-11"),
    ("1 working day", "calendar: office, after_hours: deemed_next_opening", "2026-03-06T19:00", "2026-03-11"),  # Friday evening: Monday, then Tuesday
    ("1 working day", "calendar: office, after_hours: next_opening", "2026-03-06T19:00", "2026-03-11"),
    # --- a number kept in the record
    ("{days: {field: amount}}", "", MON, "2026-03-06"),
    ("{working_days: {field: amount}}", "calendar: days", "2026-03-05T10:00", "2026-03-11"),  # Friday, Monday, Tuesday
    ("{weeks: {field: amount}}", "", MON, "2026-03-24"),
    ("{months: {field: amount}}", "", "2026-11-30T10:00", "2027-03-01"),
    ("{years: {field: amount}}", "", "2028-02-29T10:00", "2031-03-01"),
]


@pytest.mark.parametrize(("within", "counting", "received", "boundary"), END_OF_DAY, ids=lambda v: str(v))
def test_limit_that_ends_with_a_day(within: str, counting: str, received: str, boundary: str) -> None:
    amount: dict[str, Any] = {"amount": 3} if "amount" in within else {}
    assert_border(deadline(within, counting), wall(boundary), ends_day=True, received_at=wall(received), **amount)


SAME = "ends: same_time"
CLOSE = "calendar: office, ends: close_of_business"
EXACT = [
    # --- elapsed units
    ("15 minutes", "", MON, "2026-03-02T10:15"),
    ("48 hours", "", SAT, "2026-03-09T10:00"),
    ("{minutes: {field: amount}}", "", MON, "2026-03-02T10:03"),
    ("{hours: {field: amount}}", "", MON, "2026-03-02T13:00"),
    # --- ends: same_time
    ("3 days", SAME, MON, "2026-03-05T10:00"),
    ("3 days", f"{SAME}, first_day: included", MON, "2026-03-04T10:00"),
    ("same day", SAME, MON, "2026-03-02T10:00"),
    ("2 weeks", SAME, "2026-03-02T23:59:59.999999", "2026-03-16T23:59:59.999999"),
    ("1 month", SAME, "2026-01-31T10:00", "2026-02-28T10:00"),
    ("1 year", SAME, "2028-02-29T00:00", "2029-02-28T00:00"),
    ("5 days", f"{SAME}, calendar: days, roll: next_working_day", MON, "2026-03-09T10:00"),
    ("3 working days", f"{SAME}, calendar: days", MON, "2026-03-05T10:00"),
    ("3 working days", f"{SAME}, calendar: days", SAT, "2026-03-11T10:00"),
    ("1 working day", f"{SAME}, calendar: office, after_hours: next_opening", "2026-03-02T19:00", "2026-03-04T09:00"),
    ("1 working day", f"{SAME}, calendar: office, after_hours: next_opening", "2026-03-02T08:00", "2026-03-03T09:00"),
    ("1 working day", f"{SAME}, calendar: office, after_hours: deemed_next_opening", SAT, "2026-03-10T09:00"),
    ("1 working day", f"{SAME}, calendar: office, after_hours: deemed_next_opening", "2026-03-02T18:00", "2026-03-03T18:00"),
    # --- ends: close_of_business
    ("3 days", CLOSE, MON, "2026-03-05T18:00"),
    ("5 days", CLOSE, MON, "2026-03-06T18:00"),  # Saturday is closed: the closing before
    ("5 days", f"{CLOSE}, roll: next_working_day", MON, "2026-03-09T18:00"),
    ("same day", CLOSE, MON, "2026-03-02T18:00"),
    ("1 month", CLOSE, "2026-02-05T10:00", "2026-03-05T18:00"),
    ("3 working days", CLOSE, MON, "2026-03-05T18:00"),
    ("1 working day", CLOSE, "2026-03-20T10:00", "2026-03-21T12:00"),  # the made-up Saturday closes at noon
    ("1 working day", f"{CLOSE}, after_hours: next_opening", "2026-03-02T19:00", "2026-03-04T18:00"),
    # --- working hours: 8 = 1 on Friday and 7 on Monday (3 + 4)
    ("8 working hours", "calendar: office", FRI, "2026-03-09T17:30"),
    ("1 working hour", "calendar: office", SAT, "2026-03-09T10:00"),
    ("1 working hour", "calendar: office", "2026-03-02T11:30", "2026-03-02T14:00"),
    ("1 working hour", "calendar: office", "2026-03-02T19:00", "2026-03-03T10:00"),
    ("1 working hour", "calendar: office, after_hours: next_opening", "2026-03-02T19:00", "2026-03-03T10:00"),
    ("1 working hour", "calendar: office, after_hours: deemed_next_opening", SAT, "2026-03-09T10:00"),
    ("2 working hours", "calendar: office", "2026-03-02T16:00", "2026-03-02T18:00"),  # used up at the closing: stays
    ("2 working hours", "calendar: office, at_closing: roll", "2026-03-02T16:00", "2026-03-03T09:00"),
    ("2 working hours", "calendar: office, at_closing: roll", "2026-03-06T16:00", "2026-03-09T09:00"),
    ("2 working hours", "calendar: office", MON, "2026-03-02T12:00"),
    ("2 working hours", "calendar: office, at_closing: roll", MON, "2026-03-02T13:30"),  # the break is a closing too
    ("2 working hours", "calendar: office, at_closing: roll", "2026-03-02T09:00", "2026-03-02T11:00"),  # inside: nothing to roll
    ("75 working hours", "calendar: office", "2026-03-02T09:00", "2026-03-13T18:00"),  # ten days of 7.5
    ("{working_hours: {field: amount}}", "calendar: office", FRI, "2026-03-09T11:00"),
    ("10 working hours", "calendar: night", "2026-03-02T12:00", "2026-03-04T00:00"),  # 8 in the first night, 2 in the second
    ("24 working hours", "calendar: days", "2026-03-06T12:00", "2026-03-09T12:00"),  # without hours a working day is open all day
]


@pytest.mark.parametrize(("within", "counting", "received", "boundary"), EXACT, ids=lambda v: str(v))
def test_limit_that_ends_at_an_instant(within: str, counting: str, received: str, boundary: str) -> None:
    amount: dict[str, Any] = {"amount": 3} if "amount" in within else {}
    assert_border(deadline(within, counting), wall(boundary), ends_day=False, received_at=wall(received), **amount)


def test_words_of_terms_count_like_their_length() -> None:
    of = policy(
        "counting: {calendar: office}\n"
        "terms: {at_once: {is: 15 minutes, house: true}, promptly: {is: 2 working days}}\n"
        "deadlines:\n"
        "  - {id: DL, from: received_at, to: responded_at, within: at_once}\n"
        "  - {id: DP, from: received_at, to: responded_at, within: promptly}"
    )
    assert_border(of, wall("2026-03-06T17:15"), ends_day=False, received_at=wall(FRI))
    assert_border(of, wall("2026-03-11"), ends_day=True, rule="DP", received_at=wall(FRI))  # Monday, Tuesday 10


@pytest.mark.parametrize(
    ("amount", "found"),
    [
        (0, ("pending", "2026-03-02T23:59:59")),
        ("3", ("pending", "2026-03-05T23:59:59")),
        (100_000, ("pending", "2299-12-16T23:59:59")),  # 100,000 days after 2026-03-02
        (-1, ("indeterminate", None)),
        (100_001, ("indeterminate", None)),
        ("2.5", ("indeterminate", None)),
        ("many", ("indeterminate", None)),
        (None, ("indeterminate", None)),
    ],
)
def test_number_of_days_kept_in_the_record(amount: object, found: tuple[str, str | None]) -> None:
    result = judged(deadline("{days: {field: amount}}"), "2026-03-02T12:00", received_at=wall(MON), amount=amount).deadline("DL")
    assert (result.outcome, shown(result.due_at)) == found
    assert result.missing == (("amount",) if found[1] is None else ())


def test_number_of_days_stated_to_be_none() -> None:
    assert outcome(deadline("{days: {field: agreed}}"), "2026-03-20T12:00", received_at=wall(MON)) == "not_applicable"


# within, counting (ends_of_day unless said), act to count back from, expected due as shown
BACK = [
    ("3 days", "", "2026-03-12T10:00", "2026-03-09T23:59:59"),
    ("3 working days", "calendar: days", "2026-03-12T10:00", "2026-03-09T23:59:59"),
    ("3 working days", "calendar: days", "2026-03-10T10:00", "2026-03-05T23:59:59"),  # Monday 9, Friday 6, Thursday 5
    ("1 month", "", "2026-03-31T10:00", "2026-02-28T23:59:59"),
    ("1 year", "", "2028-02-29T10:00", "2027-02-28T23:59:59"),
    ("3 days", "ends: same_time", "2026-03-12T10:00", "2026-03-09T10:00:00"),
    ("2 hours", "", "2026-03-12T10:00", "2026-03-12T08:00:00"),
    ("2 working hours", "calendar: office", "2026-03-09T10:00", "2026-03-06T17:00:00"),  # one on Monday, one on Friday
    ("3 days", "first_day: included", "2026-03-12T10:00", "2026-03-10T23:59:59"),  # 12, 11, 10
]


@pytest.mark.parametrize(("ahead", "counting", "promised", "due"), BACK, ids=lambda v: str(v))
def test_counted_back(ahead: str, counting: str, promised: str, due: str) -> None:
    of = deadline(f"{{from: promised_at, ahead: {ahead}}}", counting)
    result = judged(of, "2026-01-01T00:00", received_at="2025-12-01T10:00", promised_at=promised).deadline("DL")
    assert shown(result.due_at) == due


def test_the_innermost_counting_wins_key_by_key() -> None:
    of = policy(
        "counting: {calendar: days, roll: next_working_day, first_day: included}\n"
        "deadlines:\n"
        "  - {id: DL, from: received_at, to: responded_at, within: 6 days}\n"  # 2 to 7 March, Saturday: Monday 9
        "  - {id: D2, from: received_at, to: responded_at, within: 6 days, counting: {roll: none}}\n"  # Saturday 7
        "  - {id: D3, from: received_at, to: responded_at, within: 6 days, counting: {first_day: excluded}}\n"  # Sunday 8: Monday 9
        "  - {id: D4, from: received_at, to: responded_at, counting: {roll: none},"
        " within: {from: received_at, within: 6 days, counting: {first_day: excluded}}}\n"
        "  - {id: D5, from: received_at, to: responded_at, within: 6 hours}\n"  # takes none of them
    )
    dues = {d.rule: shown(d.due_at) for d in judged(of, MON, received_at=MON).deadlines}
    assert dues == {
        "DL": "2026-03-09T23:59:59",
        "D2": "2026-03-07T23:59:59",
        "D3": "2026-03-09T23:59:59",
        "D4": "2026-03-08T23:59:59",
        "D5": "2026-03-02T16:00:00",
    }


REFUSED = {
    ("15 minutes", "2 hours"): ("first_day: included", "ends: same_time", "roll: next_working_day", "after_hours: next_opening", "pause_on_days: elapsed"),
    ("2 working hours",): ("first_day: included", "ends: same_time", "roll: next_working_day", "from_closed_day: next_day_is_one", "pause_on_days: elapsed"),
    ("2 working days",): ("roll: next_working_day", "at_closing: roll"),
    ("2 days", "2 weeks", "2 months", "2 years"): ("after_hours: next_opening", "from_closed_day: next_working_day_is_zero", "at_closing: roll"),
}


@pytest.mark.parametrize(("within", "counting"), [(unit, pair) for units, pairs in REFUSED.items() for unit in units for pair in pairs])
def test_a_convention_the_unit_does_not_take_is_refused(within: str, counting: str) -> None:
    with pytest.raises(PolicyError):
        deadline(within, f"calendar: office, {counting}")


@pytest.mark.parametrize(
    ("within", "counting"),
    [
        ("2 working days", ""),
        ("2 working hours", ""),
        ("2 days", "roll: next_working_day"),
        ("2 days", "ends: close_of_business"),
        ("2 days", "calendar: days, ends: close_of_business"),
        ("2 working days", "calendar: days, after_hours: next_opening"),
        ("15", ""),
        ("2 fortnights", ""),
    ],
)
def test_what_needs_a_calendar_or_hours_is_refused_without(within: str, counting: str) -> None:
    with pytest.raises(PolicyError):
        deadline(within, counting)


def test_events_are_cut_to_microseconds() -> None:
    of = deadline("2 hours")
    # A nanosecond after the last microsecond in time is cut to it.
    assert outcome(of, "2026-03-03T00:00", received_at="2026-03-02T10:00:00.000000", responded_at="2026-03-02T12:00:00.000000999") == "met"
    late = judged(of, "2026-03-03T00:00", received_at="2026-03-02T10:00", responded_at="2026-03-02T12:00:00.000001").deadline("DL")
    assert (late.outcome, late.over_by) == ("breached", timedelta(microseconds=1))
