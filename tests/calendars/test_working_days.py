"""Arithmetic on working days: the conventions one by one, worked out on paper."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from complaint_policy import load_policy_text
from complaint_policy.calendars import Calendar

# 2026-03-02 is a Monday.
OFFICE = Calendar(timezone=None, hours={"mon-fri": ["09:00-12:00", "13:00-17:00"]})
PLAIN = Calendar(timezone=None)


def day(number: int, month: int = 3) -> date:
    return date(2026, month, number)


def at(number: int, hour: int, minute: int = 0, second: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, number, hour, minute, second)


@pytest.mark.parametrize(
    ("start", "n", "from_closed_day", "expected"),
    [
        (day(6), 1, "next_day_is_one", day(9)),  # Friday to Monday
        (day(7), 1, "next_day_is_one", day(9)),  # Saturday: Monday is day one
        (day(7), 1, "next_working_day_is_zero", day(10)),  # Saturday: Monday is day zero
        (day(6), 1, "next_working_day_is_zero", day(9)),  # no matter on a working day
        (day(7), -1, "next_day_is_one", day(6)),  # mirror image
        (day(7), -1, "next_working_day_is_zero", day(5)),
        (day(2), 5, "next_day_is_one", day(9)),
        (day(9), -5, "next_day_is_one", day(2)),
    ],
)
def test_from_closed_day(start: date, n: int, from_closed_day: Any, expected: date) -> None:
    assert PLAIN.add_working_days(start, n, from_closed_day=from_closed_day) == expected


@pytest.mark.parametrize(
    ("start", "n", "expected"),
    [
        (day(2), 1, day(2)),
        (day(2), 2, day(3)),
        (day(7), 1, day(9)),  # received on a closed day: day one is the next working day
        (day(6), -1, day(6)),
        (day(6), -2, day(5)),
    ],
)
@pytest.mark.parametrize("from_closed_day", ["next_day_is_one", "next_working_day_is_zero"])
def test_first_day_included(start: date, n: int, expected: date, from_closed_day: Any) -> None:
    assert PLAIN.add_working_days(start, n, first_day="included", from_closed_day=from_closed_day) == expected


@pytest.mark.parametrize(
    ("start", "n", "as_received", "next_opening", "deemed"),
    [
        (at(2, 8), 1, at(3, 8), at(3, 9), at(3, 9)),  # before opening: the same day
        (at(2, 10), 1, at(3, 10), at(3, 10), at(3, 10)),  # inside hours: no matter
        (at(2, 12, 30), 1, at(3, 12, 30), at(3, 13), at(3, 13)),  # in the break
        (at(2, 18), 1, at(3, 18), at(4, 9), at(4, 9)),  # after closing: Tuesday is day zero
        (at(2, 17), 1, at(3, 17), at(4, 9), at(3, 17)),  # at the closing
        (at(7, 10), 1, at(9, 10), at(9, 9), at(10, 9)),  # Saturday: Monday is one, or deemed day zero
        (at(7, 18), 1, at(9, 18), at(9, 9), at(10, 9)),
        (at(9, 8), -1, at(6, 8), at(5, 17), at(5, 9)),  # back: Friday is day zero
        (at(9, 18), -1, at(6, 18), at(6, 17), at(6, 9)),
        (at(7, 10), -1, at(6, 10), at(6, 17), at(5, 9)),
    ],
)
def test_after_hours(start: datetime, n: int, as_received: datetime, next_opening: datetime, deemed: datetime) -> None:
    assert OFFICE.add_working_days(start, n) == as_received
    assert OFFICE.add_working_days(start, n, after_hours="next_opening") == next_opening
    assert OFFICE.add_working_days(start, n, after_hours="deemed_next_opening") == deemed


def test_after_hours_with_the_end_of_the_day() -> None:
    late = at(2, 18)
    assert OFFICE.add_working_days(late, 1, ends="end_of_day") == at(3, 23, 59, 59)
    for after_hours in ("next_opening", "deemed_next_opening"):
        assert OFFICE.add_working_days(late, 1, after_hours=after_hours, ends="end_of_day") == at(4, 23, 59, 59)
    saturday = at(7, 20)
    assert OFFICE.add_working_days(saturday, 1, after_hours="next_opening", ends="end_of_day") == at(9, 23, 59, 59)
    deemed = OFFICE.add_working_days(saturday, 1, after_hours="deemed_next_opening", ends="end_of_day")
    assert deemed == at(10, 23, 59, 59)


def test_ends() -> None:
    assert OFFICE.add_working_days(at(2, 10), 1, ends="same_time") == at(3, 10)
    assert OFFICE.add_working_days(at(2, 10), 1, ends="end_of_day") == at(3, 23, 59, 59)
    assert OFFICE.add_working_days(at(2, 10), 1, ends="close_of_business") == at(3, 17)
    assert OFFICE.add_working_days(day(2), 1, ends="close_of_business") == day(3)
    with pytest.raises(ValueError, match="needs a calendar with hours"):
        PLAIN.add_working_days(at(2, 10), 1, ends="close_of_business")


@pytest.mark.parametrize(
    ("start", "zero", "expected"),
    [
        (at(7, 10), "stay", at(7, 10)),
        (at(7, 10), "next_opening", at(9, 9)),
        (at(7, 10), "previous_closing", at(6, 17)),
        (at(6, 18), "next_opening", at(9, 9)),
        (at(6, 10), "next_opening", at(6, 10)),
        (day(7), "stay", day(7)),
        (day(7), "next_opening", day(9)),
        (day(7), "previous_closing", day(6)),
    ],
)
def test_zero(start: date, zero: Any, expected: date) -> None:
    assert OFFICE.add_working_days(start, 0, zero=zero) == expected


@pytest.mark.parametrize(
    ("a", "b", "count", "expected"),
    [
        (day(2), day(6), "start_out_end_in", 4),
        (day(2), day(6), "start_in_end_out", 4),
        (day(2), day(6), "both_in", 5),
        (day(2), day(6), "both_out", 3),
        (day(6), day(7), "start_out_end_in", 0),
        (day(6), day(7), "start_in_end_out", 1),
        (day(2), day(2), "start_out_end_in", 0),
        (day(2), day(2), "both_in", 1),
        (day(2), day(2), "both_out", 0),
        # Turned round: Saturday back to Friday.  The later day of start_in_end_out is in.
        (day(7), day(6), "start_out_end_in", 0),
        (day(7), day(6), "start_in_end_out", 0),
        (day(9), day(8), "start_in_end_out", -1),
        (day(9), day(8), "start_out_end_in", -1),
        (day(6), day(2), "both_in", -5),
        (day(6), day(2), "both_out", -3),
    ],
)
def test_working_days_between(a: date, b: date, count: Any, expected: int) -> None:
    assert PLAIN.working_days_between(a, b, count=count) == expected


def test_working_days_between_reversed() -> None:
    assert PLAIN.working_days_between(day(9), day(6), if_reversed="zero") == 0
    assert PLAIN.working_days_between(day(9), day(6), if_reversed="absolute") == 1
    assert PLAIN.working_days_between(day(9), day(8), count="start_in_end_out", if_reversed="absolute") == 0


@pytest.mark.parametrize(
    ("unit", "n", "keywords", "expected"),
    [
        ("add_days", 15, {}, day(16)),
        ("add_days", 15, {"first_day": "included"}, day(15)),
        ("add_days", 6, {"roll": "next_working_day"}, day(9)),  # Saturday 7 to Monday
        ("add_days", 6, {"roll": "previous_working_day"}, day(6)),
        ("add_days", -1, {}, day(28, 2)),
        ("add_days", -2, {"first_day": "included"}, day(28, 2)),
        ("add_weeks", 8, {}, day(26, 4)),
        ("add_months", 1, {"first_day": "included"}, day(31)),
        ("add_years", 1, {}, date(2027, 3, 1)),
    ],
)
def test_calendar_days(unit: str, n: int, keywords: dict[str, str], expected: date) -> None:
    assert getattr(PLAIN, unit)(day(1), n, **keywords) == expected


def test_months_are_clipped_first() -> None:
    assert PLAIN.add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert PLAIN.add_months(date(2026, 1, 31), 1, first_day="included") == date(2026, 2, 27)
    assert PLAIN.add_months(date(2026, 3, 31), -1) == date(2026, 2, 28)
    assert PLAIN.add_years(date(2024, 2, 29), 1) == date(2025, 2, 28)
    assert PLAIN.add_months(at(31, 10), 1, ends="end_of_day") == datetime(2026, 4, 30, 23, 59, 59)


def test_close_of_business_on_a_closed_day_is_the_closing_before() -> None:
    assert OFFICE.add_days(at(6, 10), 1, ends="close_of_business") == at(6, 17)


def test_what_is_given_comes_back() -> None:
    shanghai = Calendar()
    assert shanghai.add_working_days(date(2026, 3, 2), 1) == date(2026, 3, 3)
    naive = shanghai.add_working_days(datetime(2026, 3, 2, 10), 1)
    assert naive == datetime(2026, 3, 3, 10)
    assert naive.tzinfo is None
    aware = shanghai.add_working_days(datetime.fromisoformat("2026-03-02T02:00:00+00:00"), 1)
    assert aware.isoformat() == "2026-03-03T10:00:00+08:00"
    with pytest.raises(ValueError, match="naive"):
        PLAIN.add_working_days(aware, 1)


def test_wrong_calls() -> None:
    with pytest.raises(ValueError, match="next_day_is_one, next_working_day_is_zero"):
        PLAIN.add_working_days(day(2), 1, from_closed_day="zero")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="integer"):
        PLAIN.add_working_days(day(2), 1.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="date or a datetime"):
        PLAIN.add_working_days("2026-03-02", 1)  # type: ignore[type-var]
    with pytest.raises(OverflowError, match="9999"):
        PLAIN.add_working_days(day(2), 10**7)
    with pytest.raises(OverflowError, match="before the year 1"):
        PLAIN.add_working_days(day(2), -(10**7))
    closed = Calendar(timezone=None, weekdays=[])
    with pytest.raises(ValueError, match="fewer than 1 working days ahead"):
        closed.add_working_days(day(2), 1)
    with pytest.raises(ValueError, match="no working time ahead"):
        closed.next_opening(at(2, 10))


def test_a_start_in_a_night_shift_belongs_to_the_day_the_shift_began_on() -> None:
    night = Calendar(timezone=None, hours={"mon-fri": [("22:00", "06:00")]})
    saturday = at(7, 3)
    for after_hours in ("next_opening", "deemed_next_opening"):
        # Friday's shift: one working day later is Monday's, at the same time in it.
        assert night.add_working_days(saturday, 1, after_hours=after_hours) == at(10, 3)
        assert night.add_working_days(at(7, 12), 1, after_hours="deemed_next_opening") == at(10, 22)
        assert night.add_working_days(at(3, 3), -1, after_hours=after_hours) == at(28, 3, month=2)
    assert night.add_working_days(saturday, 1) == at(9, 3)
    assert night.add_working_days(at(6, 23), 1, ends="close_of_business") == at(10, 6)


@pytest.mark.parametrize("after_hours", ["next_opening", "deemed_next_opening"])
def test_day_one_of_a_night_shift_does_not_end_before_the_start(after_hours: Any) -> None:
    night = Calendar(timezone=None, hours={"mon-fri": [("22:00", "06:00")]})

    def due(start: datetime, n: int, ends: Any) -> datetime:
        return night.add_working_days(start, n, first_day="included", after_hours=after_hours, ends=ends)

    saturday = at(7, 3)  # in Friday's shift
    assert due(saturday, 1, "end_of_day") == at(7, 23, 59, 59)
    assert due(saturday, 1, "close_of_business") == at(7, 6)
    assert due(saturday, 1, "same_time") == saturday
    assert due(saturday, 2, "end_of_day") == at(9, 23, 59, 59)
    assert due(saturday, 2, "close_of_business") == at(10, 6)
    # In Monday's shift, before and after midnight.
    assert due(at(2, 23), 1, "end_of_day") == at(2, 23, 59, 59)
    assert due(at(3, 0), 1, "end_of_day") == at(3, 23, 59, 59)
    assert due(at(3, 0), 2, "end_of_day") == at(3, 23, 59, 59)
    assert due(at(3, 0), 3, "end_of_day") == at(4, 23, 59, 59)
    for n, zero in ((0, "stay"), (0, "next_opening")):
        moved = night.add_working_days(saturday, n, after_hours=after_hours, ends="end_of_day", zero=zero)  # type: ignore[arg-type]
        assert moved == at(7, 23, 59, 59)


def test_a_start_past_the_closing_ends_at_the_next_one() -> None:
    assert OFFICE.add_working_days(at(2, 18), 1, first_day="included", ends="close_of_business") == at(3, 17)
    assert OFFICE.add_working_days(at(2, 17), 1, first_day="included", ends="close_of_business") == at(2, 17)
    assert OFFICE.add_days(at(7, 10), 0, ends="close_of_business") == at(9, 17)
    assert OFFICE.add_days(at(6, 18), 1, ends="close_of_business") == at(9, 17)
    # The day itself where it was rolled back past the start; back is back.
    assert OFFICE.add_days(at(7, 10), 0, roll="previous_working_day", ends="end_of_day") == at(7, 23, 59, 59)
    assert OFFICE.add_days(at(7, 10), 1, first_day="included", roll="previous_working_day") == at(7, 10)
    assert OFFICE.add_days(day(7), 0, roll="previous_working_day") == day(7)
    assert OFFICE.add_days(at(8, 10), -1, roll="previous_working_day") == at(6, 10)
    assert OFFICE.roll(day(7), "previous_working_day") == day(6)
    last = datetime(2026, 3, 2, 23, 59, 59, 500_000)
    assert OFFICE.add_days(last, 0, ends="end_of_day") == last


def test_a_policy_counts_a_night_shift_like_its_calendar() -> None:
    text = """\
format: 1
policy: example/night
effective: {from: 2020-01-01}
timezone: Asia/Shanghai
calendars: {night: {hours: {mon-fri: ["22:00-06:00"]}}, nights: {hours: {mon-sun: ["22:00-06:00"]}}}
deadlines:
"""
    rules = {
        "DL-day": "calendar: night",
        "DL-close": "calendar: night, ends: close_of_business",
        "DL-every": "calendar: nights, ends: close_of_business",
        "DL-same": "calendar: night, ends: same_time",
    }
    for rule, counting in rules.items():
        text += f"  - {{id: {rule}, from: received_at, to: responded_at, within: 1 working day, counting: {{{counting}, first_day: included, after_hours: next_opening}}}}\n"
    text += "  - {id: DL-back, from: received_at, to: responded_at, within: 1 day, counting: {calendar: night, first_day: included, roll: previous_working_day}}\n"
    text += "  - {id: DL-closing, from: received_at, to: responded_at, within: same day, counting: {calendar: night, ends: close_of_business}}\n"
    policy = load_policy_text(text, name="night.yaml")
    record = {"id": "A", "received_at": "2026-03-07T03:00"}
    decision = policy.evaluate(record, as_of=datetime.fromisoformat("2026-03-07T03:10+08:00"))
    shown = {line.rule: (line.outcome, line.due_at.isoformat()[:19] if line.due_at else None) for line in decision.deadlines}
    assert shown == {
        "DL-day": ("pending", "2026-03-07T23:59:59"),
        "DL-close": ("pending", "2026-03-07T06:00:00"),
        "DL-every": ("pending", "2026-03-07T06:00:00"),
        "DL-same": ("breached", "2026-03-07T03:00:00"),
        "DL-back": ("pending", "2026-03-07T23:59:59"),
        "DL-closing": ("pending", "2026-03-07T06:00:00"),
    }


def test_a_break_is_left_by_the_end_of_it() -> None:
    assert OFFICE.add_working_days(at(2, 12), 1, after_hours="next_opening") == at(3, 13)
    assert OFFICE.add_working_days(at(2, 12), 1, after_hours="deemed_next_opening") == at(3, 12)
    assert OFFICE.add_working_days(at(3, 13), -1, after_hours="next_opening") == at(2, 12)
    assert OFFICE.add_working_days(at(3, 13), -1, after_hours="deemed_next_opening") == at(2, 13)


def test_a_moved_start_ends_at_the_opening_of_the_last_day() -> None:
    uneven = Calendar(timezone=None, hours={"mon": ["10:00-16:00"], "tue-fri": ["09:00-17:00"]})
    for after_hours in ("next_opening", "deemed_next_opening"):
        assert uneven.add_working_days(at(2, 8), 1, after_hours=after_hours) == at(3, 9)
        assert uneven.add_working_days(at(6, 18), 1, after_hours=after_hours) == at(10, 9)
        # In hours on Friday, but Monday is closed by then.
        assert uneven.add_working_days(at(6, 16, 30), 1, after_hours=after_hours) == at(10, 9)
        assert uneven.add_working_days(at(6, 16, 30), 1, after_hours=after_hours, ends="close_of_business") == at(9, 16)
