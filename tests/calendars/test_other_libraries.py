"""Which conventions reproduce which library: the table of docs/calendars.md, case by case.

The cases are our own, worked out by hand from the documented behaviour of each library.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from complaint_policy.calendars import Calendar

# June 2015: the 1st is a Monday.  Friday the 5th is a holiday.
DAYS = Calendar(timezone=None, holidays=[date(2015, 6, 5)])
HOURS = Calendar(timezone=None, hours={"mon-fri": ["09:00-17:00"]}, holidays=[date(2015, 6, 5)])
# Days of different length, one of them a Saturday.
UNEVEN = Calendar(
    timezone=None,
    hours={"mon": ["09:00-17:00"], "tue": ["10:00-16:00"], "wed-fri": ["09:00-17:00"], "sat": ["11:00-14:30"]},
)


def d(day: int) -> date:
    return date(2015, 6, day)


def t(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2015, 6, day, hour, minute)


def h(hours: float) -> timedelta:
    return timedelta(hours=hours)


Day = Callable[[date, int], date]


def numpy_forward(start: date, n: int) -> date:
    """``busday_offset(roll="forward")``."""
    if n == 0:
        return DAYS.add_working_days(start, 0, zero="next_opening")
    return DAYS.add_working_days(start, n, "next_working_day_is_zero" if n > 0 else "next_day_is_one")


def numpy_backward(start: date, n: int) -> date:
    """``busday_offset(roll="backward")``."""
    if n == 0:
        return DAYS.add_working_days(start, 0, zero="previous_closing")
    return DAYS.add_working_days(start, n, "next_day_is_one" if n > 0 else "next_working_day_is_zero")


def pandas_day(start: date, n: int) -> date:
    """``CustomBusinessDay``; also date-fns and ``get_nth_working_day`` of holidays."""
    return DAYS.add_working_days(start, n, zero="next_opening")


def workalendar_day(start: date, n: int) -> date:
    """workalendar, moment-business-days, moment-business-time, rickar/cal, Excel: nothing added stays."""
    return DAYS.add_working_days(start, n)


def working_hours_day(start: date, n: int) -> date:
    """working_hours (Ruby): a closed start moves the way it counts; nothing added stays."""
    return DAYS.add_working_days(start, n, "next_working_day_is_zero")


def business_day(start: date, n: int) -> date:
    """``add_business_days`` and ``subtract_business_days`` of business, business_time on dates."""
    return DAYS.add_working_days(
        start, n, "next_working_day_is_zero", zero="next_opening" if n >= 0 else "previous_closing"
    )


@pytest.mark.parametrize(
    ("library", "start", "n", "expected"),
    [
        (numpy_forward, d(4), 1, d(8)),
        (numpy_forward, d(6), 0, d(8)),
        (numpy_forward, d(6), 1, d(9)),
        (numpy_forward, d(6), -1, d(4)),
        (numpy_backward, d(6), 0, d(4)),
        (numpy_backward, d(6), 1, d(8)),
        (numpy_backward, d(6), -1, d(3)),
        (pandas_day, d(6), 0, d(8)),
        (pandas_day, d(6), 1, d(8)),
        (pandas_day, d(6), -1, d(4)),
        (pandas_day, d(4), 3, d(10)),
        (workalendar_day, d(6), 0, d(6)),
        (workalendar_day, d(6), 1, d(8)),
        (workalendar_day, d(9), -3, d(3)),
        (working_hours_day, d(6), 0, d(6)),
        (working_hours_day, d(6), 1, d(9)),
        (working_hours_day, d(6), -1, d(3)),
        (business_day, d(5), 0, d(8)),
        (business_day, d(5), 2, d(10)),
    ],
)
def test_adding_days(library: Day, start: date, n: int, expected: date) -> None:
    assert library(start, n) == expected


@pytest.mark.parametrize(
    ("a", "b", "count", "if_reversed", "expected"),
    [
        # numpy busday_count, date-fns differenceInBusinessDays: the start is in, also when reversed.
        (d(1), d(8), "start_in_end_out", "negative", 4),
        (d(6), d(9), "start_in_end_out", "negative", 1),
        (d(9), d(6), "start_in_end_out", "negative", -2),
        (d(6), d(4), "start_in_end_out", "negative", 0),
        # working_hours: the end is in; reversed is the same with a minus sign.
        (d(6), d(8), "start_out_end_in", "negative", 1),
        (d(8), d(6), "start_out_end_in", "negative", -1),
        (d(6), d(4), "start_out_end_in", "negative", 0),
        # workalendar get_working_days_delta, without and with include_start.
        (d(4), d(8), "start_out_end_in", "absolute", 1),
        (d(8), d(4), "start_out_end_in", "absolute", 1),
        (d(8), d(4), "both_in", "absolute", 2),
        # holidays get_working_days_count.
        (d(1), d(30), "both_in", "absolute", 21),
        (d(30), d(1), "both_in", "absolute", 21),
        # rickar/cal WorkdaysInRange, NETWORKDAYS.
        (d(30), d(1), "both_in", "negative", -21),
        # business_time business_days_until: an upside-down range is empty.
        (d(1), d(8), "start_in_end_out", "zero", 4),
        (d(8), d(1), "start_in_end_out", "zero", 0),
    ],
)
def test_counting_days(a: date, b: date, count: Any, if_reversed: Any, expected: int) -> None:
    assert DAYS.working_days_between(a, b, count=count, if_reversed=if_reversed) == expected


@pytest.mark.parametrize(
    ("start", "hours", "stay", "roll"),
    [
        # stay: business_time, working_hours, biz, businesstimedelta, rickar/cal, moment- and dayjs-business-time.
        # roll: pandas BusinessHour.
        (t(1, 9), 8, t(1, 17), t(2, 9)),
        (t(1, 17), 1, t(2, 10), t(2, 10)),
        (t(1, 16, 30), 1, t(2, 9, 30), t(2, 9, 30)),
        (t(4, 16), 2, t(8, 10), t(8, 10)),
        (t(6, 12), 1, t(8, 10), t(8, 10)),
        (t(1, 7), 9, t(2, 10), t(2, 10)),
        (t(2, 10), -1, t(2, 9), t(1, 17)),
        (t(2, 9), -1, t(1, 16), t(1, 16)),
        (t(8, 9), -8, t(4, 9), t(3, 17)),
        (t(7, 12), -3, t(4, 14), t(4, 14)),
        (t(1, 9), 40, t(8, 17), t(9, 9)),
    ],
)
def test_adding_hours(start: datetime, hours: float, stay: datetime, roll: datetime) -> None:
    assert HOURS.add_working_time(start, h(hours)) == stay
    assert HOURS.add_working_time(start, h(hours), at_closing="roll") == roll


@pytest.mark.parametrize(
    ("start", "zero", "expected"),
    [
        (t(6, 12), "next_opening", t(8, 9)),  # 0.business_hours.after; biz; moment-business-time
        (t(6, 12), "previous_closing", t(4, 17)),  # 0.business_hours.before; biz
        (t(6, 12), "stay", t(6, 12)),  # rickar/cal, working_hours
    ],
)
def test_adding_no_hours(start: datetime, zero: Any, expected: datetime) -> None:
    assert HOURS.add_working_time(start, timedelta(0), zero=zero) == expected


@pytest.mark.parametrize(
    ("start", "n", "expected"),
    [
        # Worked Saturdays, days of different length: what biz gives for schedule.time(n, :days).
        (t(5, 12), 1, t(6, 12)),
        (t(5, 15), 1, t(8, 9)),  # Saturday closes at 14:30
        (t(2, 8), 2, t(4, 9)),
        (t(2, 18), 2, t(5, 9)),
        # Tuesday 18:00 moves to its closing at 16:00; two working days before is Saturday, closed since 14:30.
        (t(2, 18), -2, datetime(2015, 5, 30, 14, 30)),
        (t(4, 8), -2, t(1, 17)),
    ],
)
def test_days_of_biz(start: datetime, n: int, expected: datetime) -> None:
    assert UNEVEN.add_working_days(start, n, after_hours="next_opening") == expected


@pytest.mark.parametrize(
    ("start", "n", "expected"),
    [
        (t(7, 12), 1, t(8, 12)),  # from a Sunday: Monday is day one, the time of day stays
        (t(7, 20), 1, t(9, 10)),  # Monday 20:00 is after closing
        (t(5, 15), 1, t(8, 9)),
    ],
)
def test_days_of_biz_from_a_closed_day(start: datetime, n: int, expected: datetime) -> None:
    """biz moves the result: the same in two steps."""
    assert UNEVEN.next_opening(UNEVEN.add_working_days(start, n)) == expected


@pytest.mark.parametrize(
    ("start", "n", "expected"),
    [
        # business_time on times: n.business_days.after and .before.
        (t(2, 11), 1, t(3, 11)),
        (t(2, 2), 1, t(3, 9)),
        (t(2, 22), 1, t(4, 9)),
        (t(6, 11), 1, t(9, 9)),
        (t(6, 23), 1, t(9, 9)),
        (t(6, 11), -1, t(3, 9)),
        (t(3, 2), -1, t(1, 9)),
        (t(3, 22), -1, t(2, 9)),
        (t(2, 17), 1, t(3, 17)),
    ],
)
def test_days_of_business_time(start: datetime, n: int, expected: datetime) -> None:
    assert HOURS.add_working_days(start, n, after_hours="deemed_next_opening") == expected


def test_no_days_of_business_time() -> None:
    deemed: Any = "deemed_next_opening"
    assert HOURS.add_working_days(t(6, 12), 0, after_hours=deemed, zero="next_opening") == t(8, 9)
    assert HOURS.add_working_days(t(6, 12), 0, after_hours=deemed, zero="previous_closing") == t(4, 9)


@pytest.mark.parametrize(
    ("a", "b", "if_reversed", "hours"),
    [
        (t(4, 15), t(8, 11), "negative", 4),
        (t(8, 11), t(4, 15), "negative", -4),  # working_hours, business_time, dayjs-business-time
        (t(8, 11), t(4, 15), "absolute", 4),  # rickar/cal, businesstimedelta
        (t(8, 11), t(4, 15), "zero", 0),  # biz
        (t(5, 0), t(8, 9), "negative", 0),
        (t(1, 0), t(30, 0), "negative", 20 * 8),
    ],
)
def test_time_between(a: datetime, b: datetime, if_reversed: Any, hours: float) -> None:
    assert HOURS.working_time_between(a, b, if_reversed=if_reversed) == h(hours)


def test_hours_of_one_date_replace_those_of_the_week() -> None:
    """``holiday_hours`` of working_hours, ``shifts`` of biz: also on a holiday, and with a longer break."""
    calendar = Calendar(
        timezone=None,
        hours={"thu": ["08:00-18:00"], "fri": ["08:00-12:00", "13:00-18:00"]},
        holidays=[d(5)],
        dates={d(5): ["08:00-12:00", "14:00-18:00"], d(7): ["10:00-11:00"]},
    )
    assert calendar.add_working_time(t(5, 10), h(4)) == t(5, 16)
    assert calendar.add_working_time(t(5, 16), h(-4)) == t(5, 10)
    assert calendar.add_working_time(t(5, 17, 30), h(1)) == t(7, 10, 30)
    assert calendar.is_working_day(d(7))


def test_breaks_of_biz_are_pauses() -> None:
    breaks = [(t(2, 10), t(2, 11, 30))]
    assert UNEVEN.add_working_time(t(2, 9), h(1), pauses=breaks) == t(2, 12, 30)
    assert UNEVEN.working_time_between(t(2, 0), t(3, 0), pauses=breaks) == h(4.5)


def test_a_lunch_break_shorter_than_the_step() -> None:
    calendar = Calendar(timezone=None, hours={"mon-fri": ["09:00-13:00", "13:30-17:30"]})
    assert calendar.add_working_time(t(1, 12, 45), h(1)) == t(1, 14, 15)
    assert calendar.add_working_time(t(1, 14, 15), h(-1)) == t(1, 12, 45)


def test_night_shift_of_businesstimedelta() -> None:
    calendar = Calendar(timezone=None, hours={"mon-fri": ["09:00-17:00", "23:00-07:00"]})
    assert calendar.working_time_between(t(8, 9), t(15, 9)) == h(80)


def test_whole_days_over_the_year_of_working_hours() -> None:
    mondays = Calendar(timezone="UTC", hours={"mon": ["00:00-24:00"]})
    # 105 Mondays from Sunday 6 April 2014 to Wednesday 6 April 2016.
    assert mondays.working_time_between(datetime(2014, 4, 6, 12), datetime(2016, 4, 6, 12)) == 105 * h(24)
    assert mondays.add_working_time(datetime(2014, 4, 7, 23, 59, 30), h(1 / 60)) == datetime(2014, 4, 14, 0, 0, 30)


def test_zones_of_working_hours() -> None:
    tokyo = Calendar(timezone="Asia/Tokyo", weekdays="mon-fri", hours={"mon-fri": ["09:00-17:00"]})
    friday = datetime.fromisoformat("2015-06-05T07:00:00+00:00")  # 16:00 in Tokyo
    assert tokyo.add_working_time(friday, h(3)).isoformat() == "2015-06-08T11:00:00+09:00"
    thursday = datetime.fromisoformat("2015-06-04T21:00:00+00:00")  # Friday 06:00 in Tokyo
    assert tokyo.add_working_days(thursday, 1).isoformat() == "2015-06-08T06:00:00+09:00"
