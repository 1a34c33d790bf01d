"""Arithmetic on working time, worked out on paper."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from complaint_policy.calendars import Calendar

# 2026-03-02 is a Monday.
OFFICE = Calendar(
    timezone=None, hours={"mon-fri": ["09:00-12:00", "13:00-17:00"]}, dates={date(2026, 3, 4): ["10:00-12:00"]}
)
SHIFT = Calendar(timezone=None, hours={"mon-fri": [("22:00", "06:00")]}, holidays=[date(2026, 3, 4)])
ALWAYS = Calendar(timezone=None, hours={"mon-sun": ["00:00-24:00"]})


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute)


def h(hours: float) -> timedelta:
    return timedelta(hours=hours)


@pytest.mark.parametrize(
    ("calendar", "start", "hours", "stay", "roll"),
    [
        (OFFICE, at(2, 10), 1, at(2, 11), at(2, 11)),
        (OFFICE, at(2, 11), 1, at(2, 12), at(2, 13)),  # used up at the midday closing
        (OFFICE, at(2, 11), 2, at(2, 14), at(2, 14)),
        (OFFICE, at(2, 9), 7, at(2, 17), at(3, 9)),
        (OFFICE, at(2, 17), 1, at(3, 10), at(3, 10)),  # starts at the closing
        (OFFICE, at(1, 8), 1, at(2, 10), at(2, 10)),  # starts on a Sunday
        (OFFICE, at(2, 12, 30), 1, at(2, 14), at(2, 14)),  # starts in the break
        (OFFICE, at(3, 16), 2, at(4, 11), at(4, 11)),  # Wednesday has hours of its own
        (OFFICE, at(3, 16), 3, at(4, 12), at(5, 9)),
        (OFFICE, at(6, 16), 2, at(9, 10), at(9, 10)),  # over a weekend
        (OFFICE, at(3, 10), -1, at(3, 9), at(2, 17)),  # back, used up at an opening
        (OFFICE, at(3, 9), -1, at(2, 16), at(2, 16)),
        (OFFICE, at(9, 8), -1, at(6, 16), at(6, 16)),
        (OFFICE, at(3, 13), -1, at(3, 11), at(3, 11)),
        (SHIFT, at(2, 23), 8, at(3, 22) + h(1), at(3, 23)),  # 7 h until Tuesday 06:00, then from 22:00
        (SHIFT, at(2, 22), 8, at(3, 6), at(3, 22)),
        (SHIFT, at(3, 23), 7, at(4, 6), at(5, 22)),  # Tuesday's shift runs into the holiday, which has none
        (SHIFT, at(6, 22), 8, at(7, 6), at(9, 22)),  # Friday's shift ends on Saturday
        (SHIFT, at(7, 3), 4, at(9, 23), at(9, 23)),
        (SHIFT, at(7, 3), -6, at(6, 5), at(6, 5)),  # 5 h back to Friday 22:00, then 1 h before 06:00
        (ALWAYS, at(7, 20), 30, at(9, 2), at(9, 2)),
        (ALWAYS, at(7, 20), 4, at(8, 0), at(8, 0)),  # midnight is no closing
    ],
)
def test_adding(calendar: Calendar, start: datetime, hours: float, stay: datetime, roll: datetime) -> None:
    assert calendar.add_working_time(start, h(hours)) == stay
    assert calendar.add_working_time(start, h(hours), at_closing="roll") == roll


def test_a_night_shift_and_the_day_after_are_counted_once() -> None:
    calendar = Calendar(timezone=None, hours={"mon": [("22:00", "06:00")], "tue": [("04:00", "08:00")]})
    assert calendar.working_time_between(at(2, 0), at(4, 0)) == h(10)
    assert calendar.add_working_time(at(2, 23), h(9)) == at(3, 8)


def test_spans_that_end_at_midnight() -> None:
    calendar = Calendar(
        timezone=None, hours={"mon": ["20:00-24:00"], "tue": ["00:00-02:00"], "wed": [("18:00", "00:00")]}
    )
    assert calendar.add_working_time(at(2, 21), h(4)) == at(3, 1)
    assert calendar.add_working_time(at(2, 21), h(3)) == at(3, 0)
    assert calendar.add_working_time(at(2, 21), h(3), at_closing="roll") == at(3, 0)  # open again at once
    assert calendar.working_time_between(at(2, 0), at(5, 0)) == h(12)
    assert calendar.add_days(at(2, 10), 0, ends="close_of_business") == at(3, 0)
    assert calendar.is_working_time(at(3, 0))
    assert Calendar(timezone=None, hours={"mon": ["00:00-00:00"]}).working_time_between(at(2, 0), at(4, 0)) == h(24)


@pytest.mark.parametrize(
    ("start", "zero", "expected"),
    [
        (at(7, 10), "stay", at(7, 10)),
        (at(7, 10), "next_opening", at(9, 9)),
        (at(7, 10), "previous_closing", at(6, 17)),
        (at(2, 12), "next_opening", at(2, 13)),  # at a closing it is closed
        (at(2, 12), "previous_closing", at(2, 12)),
        (at(2, 9), "next_opening", at(2, 9)),
        (at(2, 9), "previous_closing", datetime(2026, 2, 27, 17)),
        (at(2, 10), "previous_closing", at(2, 10)),
    ],
)
def test_nothing_added(start: datetime, zero: Any, expected: datetime) -> None:
    assert OFFICE.add_working_time(start, timedelta(0), zero=zero) == expected


@pytest.mark.parametrize(
    ("a", "b", "hours"),
    [
        (at(2, 9), at(2, 9), 0),
        (at(2, 8), at(2, 20), 7),
        (at(2, 11), at(2, 14), 2),
        (at(2, 12), at(2, 13), 0),
        (at(2, 0), at(7, 0), 7 + 7 + 2 + 7 + 7),
        (at(7, 0), at(9, 0), 0),
        (at(6, 16), at(9, 10), 2),
        (date(2026, 3, 2), date(2026, 3, 4), 14),
    ],
)
def test_between(a: date, b: date, hours: float) -> None:
    assert OFFICE.working_time_between(a, b) == h(hours)
    assert OFFICE.working_time_between(b, a) == h(-hours)
    assert OFFICE.working_time_between(b, a, if_reversed="absolute") == h(hours)
    if a != b:
        assert OFFICE.working_time_between(b, a, if_reversed="zero") == h(0)


def test_pauses() -> None:
    pause = [(at(2, 11), at(2, 14))]
    assert OFFICE.working_time_between(at(2, 9), at(2, 17), pauses=pause) == h(5)
    assert OFFICE.add_working_time(at(2, 10), h(2), pauses=pause) == at(2, 15)
    assert OFFICE.add_working_time(at(2, 10), h(1), pauses=pause) == at(2, 11)  # used up as the pause begins
    assert OFFICE.add_working_time(at(2, 15), h(-2), pauses=pause) == at(2, 10)
    overlapping = [(at(2, 11), at(2, 13)), (at(2, 12), at(2, 14)), (at(1, 0), at(2, 0))]
    assert OFFICE.working_time_between(at(2, 9), at(2, 17), pauses=overlapping) == h(5)
    assert OFFICE.add_working_time(at(2, 10), h(2), pauses=overlapping) == at(2, 15)
    over_night = [(at(2, 20), at(3, 8))]
    assert OFFICE.add_working_time(at(2, 16), h(2), pauses=over_night) == at(3, 10)
    still_open = [(at(2, 11), None)]
    assert OFFICE.working_time_between(at(2, 9), at(2, 17), pauses=still_open) == h(2)
    assert OFFICE.add_working_time(at(2, 10), h(1), pauses=still_open) == at(2, 11)
    with pytest.raises(ValueError, match="without an end"):
        OFFICE.add_working_time(at(2, 10), h(2), pauses=still_open)
    with pytest.raises(ValueError, match="ends before it starts"):
        OFFICE.working_time_between(at(2, 9), at(2, 17), pauses=[(at(2, 14), at(2, 11))])


def test_a_roll_skips_a_pause() -> None:
    pause = [(at(3, 8), at(3, 11))]
    assert OFFICE.add_working_time(at(2, 16), h(1), at_closing="roll", pauses=pause) == at(3, 11)
    assert OFFICE.add_working_time(at(3, 14), h(-1), at_closing="roll", pauses=[(at(3, 11), at(3, 12))]) == at(3, 11)


@pytest.mark.parametrize(
    ("how", "days", "working_days"),
    [
        # 6 + 2 + 1 h of the pause are working time; nine such hours later than Monday 10:00 is Tuesday 12:00.
        ("working_time", at(13, 12), at(10, 12)),
        # 48 h later than Monday 10:00 is Wednesday 10:00.
        ("elapsed", at(14, 10), at(11, 10)),
        # Wednesday alone lies wholly inside.
        ("whole_days", at(13, 10), at(10, 10)),
    ],
)
def test_pauses_and_days(how: Any, days: datetime, working_days: datetime) -> None:
    pause = [(at(3, 10), at(5, 10))]
    assert OFFICE.add_days(at(2, 10), 10, pauses=pause, pause_on_days=how) == days
    assert OFFICE.add_working_days(at(2, 10), 5, pauses=pause, pause_on_days=how) == working_days


def test_pauses_and_days_at_the_edges() -> None:
    later = [(at(20, 0), at(25, 0))]
    assert OFFICE.add_days(at(2, 10), 10, pauses=later, pause_on_days="elapsed") == at(12, 10)
    # A pause that begins before the limit, already moved by an earlier one, ends counts too.
    twice = [(at(3, 0), at(5, 0)), (at(13, 0), at(14, 0)), (at(1, 0), at(2, 0))]
    assert OFFICE.add_days(at(2, 10), 10, pauses=twice, pause_on_days="elapsed") == at(15, 10)
    assert OFFICE.add_days(at(2, 10), 10, pauses=twice, pause_on_days="whole_days") == at(15, 10)
    with pytest.raises(ValueError, match="without an end"):
        OFFICE.add_days(at(2, 10), 10, pauses=[(at(3, 0), None)])
    with pytest.raises(ValueError, match="without an end"):
        OFFICE.add_days(at(2, 10), 10, pauses=[(at(3, 0), None)], pause_on_days="whole_days")
    with pytest.raises(ValueError, match="counting days back"):
        OFFICE.add_working_days(at(2, 10), -1, pauses=twice)


def test_openings_and_closings() -> None:
    assert OFFICE.next_opening(at(2, 8)) == at(2, 9)
    assert OFFICE.next_opening(at(2, 17)) == at(3, 9)
    assert OFFICE.previous_closing(at(3, 8)) == at(2, 17)
    assert OFFICE.previous_closing(at(3, 10)) == at(3, 10)
    assert OFFICE.is_working_time(at(2, 9))
    assert not OFFICE.is_working_time(at(2, 17))


def test_an_extra_day_has_the_hours_of_the_first_worked_day() -> None:
    calendar = Calendar(
        timezone=None, hours={"mon": ["08:00-10:00"], "tue-fri": ["09:00-17:00"]}, extra_working_days=[date(2026, 3, 7)]
    )
    assert calendar.working_time_between(at(7, 0), at(8, 0)) == h(2)
    own = Calendar(
        timezone=None,
        weekdays="mon-fri",
        hours={"mon-fri": ["09:00-17:00"], "sat": ["10:00-13:00"]},
        extra_working_days=[date(2026, 3, 7)],
    )
    assert own.working_time_between(at(7, 0), at(8, 0)) == h(3)
    assert not own.is_working_day(date(2026, 3, 14))


def test_wrong_calls() -> None:
    with pytest.raises(TypeError, match="timedelta"):
        OFFICE.add_working_time(at(2, 9), 3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="stay, roll"):
        OFFICE.add_working_time(at(2, 9), h(1), at_closing="next")  # type: ignore[arg-type]
    with pytest.raises(OverflowError, match="9999"):
        OFFICE.add_working_time(at(2, 9), timedelta(days=2_000_000))
    never = Calendar(timezone=None, hours={})
    with pytest.raises(ValueError, match="working time ahead"):
        never.add_working_time(at(2, 9), h(1))
    with pytest.raises(ValueError, match="working time before"):
        never.add_working_time(at(2, 9), h(-1))
    assert never.working_time_between(at(2, 9), at(9, 9)) == h(0)
    once = Calendar(timezone=None, weekdays=[], dates={date(2026, 3, 9): ["10:00-12:00"]})
    assert once.add_working_time(at(2, 9), h(1)) == at(9, 11)
    with pytest.raises(ValueError, match="not that much"):
        once.add_working_time(at(2, 9), h(3))
