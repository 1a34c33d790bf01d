"""Working time on the days the clocks change: elapsed time, gaps, folds, missing midnights."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from complaint_policy.calendars import Calendar

HOUR = timedelta(hours=1)


def zone(name: str, **more: Any) -> Calendar:
    return Calendar(timezone=name, **{"weekdays": "mon-sun", **more})


NEW_YORK = zone("America/New_York")  # 2026: 8 March 02:00 to 03:00, 1 November 02:00 back to 01:00
BERLIN = zone("Europe/Berlin")  # 2026: 29 March 02:00 to 03:00, 25 October 03:00 back to 02:00
SAO_PAULO = zone("America/Sao_Paulo")  # 2018-11-04 begins at 01:00; 2018-02-18 00:00 back to 17 February 23:00


@pytest.mark.parametrize(
    ("calendar", "day", "hours"),
    [
        (NEW_YORK, date(2026, 3, 7), 24),
        (NEW_YORK, date(2026, 3, 8), 23),
        (NEW_YORK, date(2026, 11, 1), 25),
        (BERLIN, date(2026, 3, 29), 23),
        (BERLIN, date(2026, 10, 25), 25),
        (SAO_PAULO, date(2018, 11, 3), 24),
        (SAO_PAULO, date(2018, 11, 4), 23),
        (SAO_PAULO, date(2018, 2, 17), 25),
        (SAO_PAULO, date(2018, 2, 18), 24),
    ],
)
def test_the_length_of_a_day(calendar: Calendar, day: date, hours: int) -> None:
    after = day + timedelta(days=1)
    assert calendar.working_time_between(day, after) == hours * HOUR
    assert calendar.working_time_between(day - timedelta(days=400), after + timedelta(days=400)) == (
        calendar.working_time_between(day - timedelta(days=400), day)
        + hours * HOUR
        + calendar.working_time_between(after, after + timedelta(days=400))
    )


def test_a_shift_over_the_change_is_elapsed_time() -> None:
    night = zone("America/New_York", weekdays=None, hours={"mon-sun": [("22:00", "06:00")]})
    assert night.working_time_between(datetime(2026, 3, 7, 12), datetime(2026, 3, 8, 12)) == 7 * HOUR
    assert night.working_time_between(datetime(2026, 10, 31, 12), datetime(2026, 11, 1, 12)) == 9 * HOUR
    assert night.add_working_time(datetime(2026, 3, 7, 22), 7 * HOUR) == datetime(2026, 3, 8, 6)
    assert night.add_working_time(datetime(2026, 10, 31, 22), 9 * HOUR) == datetime(2026, 11, 1, 6)
    assert night.add_working_time(datetime(2026, 3, 7, 22), 7 * HOUR, at_closing="roll") == datetime(2026, 3, 8, 22)


def test_office_hours_are_not_touched() -> None:
    office = zone("Europe/Berlin", weekdays=None, hours={"mon-fri": ["09:00-17:00"]})
    friday = datetime.fromisoformat("2026-03-27T16:00:00+01:00")
    assert office.add_working_time(friday, 2 * HOUR).isoformat() == "2026-03-30T10:00:00+02:00"
    assert office.working_time_between(friday, datetime.fromisoformat("2026-03-30T10:00:00+02:00")) == 2 * HOUR


def test_a_result_in_the_gap_is_shifted_on() -> None:
    assert NEW_YORK.add_days(datetime(2026, 3, 7, 2, 30), 1) == datetime(2026, 3, 8, 3, 30)
    assert NEW_YORK.add_working_days(datetime(2026, 3, 7, 2, 30), 1) == datetime(2026, 3, 8, 3, 30)
    assert NEW_YORK.add_months(datetime(2026, 2, 8, 2, 30), 1) == datetime(2026, 3, 8, 3, 30)
    assert SAO_PAULO.add_days(datetime(2018, 11, 3, 0, 15), 1) == datetime(2018, 11, 4, 1, 15)
    # The day after has its own time of day again.
    assert NEW_YORK.add_days(datetime(2026, 3, 7, 2, 30), 2) == datetime(2026, 3, 9, 2, 30)


def test_a_result_in_the_fold_is_the_later_reading() -> None:
    start = datetime.fromisoformat("2026-10-31T01:30:00-04:00")
    assert NEW_YORK.add_days(start, 1).isoformat() == "2026-11-01T01:30:00-05:00"
    assert NEW_YORK.add_working_days(start, 1).isoformat() == "2026-11-01T01:30:00-05:00"
    assert NEW_YORK.add_days(datetime(2026, 10, 31, 1, 30), 1).fold == 1


def test_a_start_in_the_fold_is_the_reading_that_was_given() -> None:
    first = datetime(2026, 11, 1, 1, 30)
    assert NEW_YORK.working_time_between(first, datetime(2026, 11, 1, 3)) == 2.5 * HOUR
    assert NEW_YORK.working_time_between(first.replace(fold=1), datetime(2026, 11, 1, 3)) == 1.5 * HOUR
    assert NEW_YORK.add_days(first, 0).fold == 0


@pytest.mark.parametrize(
    ("calendar", "start", "end"),
    [
        (NEW_YORK, datetime(2026, 3, 7, 10), "2026-03-08T23:59:59-04:00"),
        (NEW_YORK, datetime(2026, 10, 31, 10), "2026-11-01T23:59:59-05:00"),
        (SAO_PAULO, datetime(2018, 11, 2, 10), "2018-11-03T23:59:59-03:00"),
        # 23:59:59 is read twice on 17 February; the day ends with the second one.
        (SAO_PAULO, datetime(2018, 2, 16, 10), "2018-02-17T23:59:59-03:00"),
    ],
)
def test_the_end_of_a_day(calendar: Calendar, start: datetime, end: str) -> None:
    aware = calendar.add_days(start, 0).replace(tzinfo=calendar.add_days(datetime.fromisoformat(end), 0).tzinfo)
    assert calendar.add_days(aware, 1, ends="end_of_day").isoformat() == end
    assert calendar.add_working_days(aware, 1, ends="end_of_day").isoformat() == end


def test_a_day_without_midnight_begins_where_the_clocks_jump() -> None:
    early = zone("America/Sao_Paulo", weekdays=None, hours={"sun": ["00:00-02:00"], "sat": ["22:00-24:00"]})
    start = datetime(2018, 11, 3, 23)
    assert early.next_opening(datetime(2018, 11, 3, 12)) == datetime(2018, 11, 3, 22)
    assert early.working_time_between(start, datetime(2018, 11, 4, 12)) == 2 * HOUR
    assert early.add_working_time(start, 1.5 * HOUR) == datetime(2018, 11, 4, 1, 30)
    assert early.add_working_time(start, HOUR) == datetime(2018, 11, 4, 1)


def test_hours_inside_the_gap_do_not_exist() -> None:
    short = zone("Europe/Berlin", weekdays=None, hours={"sun": ["02:00-03:00"]})
    assert short.working_time_between(date(2026, 3, 29), date(2026, 3, 30)) == timedelta(0)
    assert short.next_opening(datetime(2026, 3, 28, 12)) == datetime(2026, 4, 5, 2)
    assert short.add_working_time(datetime(2026, 3, 28, 12), HOUR) == datetime(2026, 4, 5, 3)


@pytest.mark.parametrize(
    ("more", "opened"),
    [({}, 15), ({"sat": [("01:15", "01:00")]}, 15), ({"sun": [("00:00", "00:15"), ("00:15", "01:00")]}, 15)],
)
def test_hours_where_midnight_is_missing_do_not_depend_on_their_neighbours(more: dict[str, Any], opened: int) -> None:
    # Sunday 16 October 2011 begins at 01:00; a quarter from its midnight is a quarter from its first instant.
    early = zone("America/Sao_Paulo", weekdays=None, hours={"sun": [("00:00", "00:15")], **more})
    first = datetime(2011, 10, 16, 1)
    assert early.is_working_time(first)
    assert not early.is_working_time(first + timedelta(minutes=opened))
    assert early.working_time_between(first, datetime(2011, 10, 17)) == timedelta(minutes=opened)
    assert early.next_opening(first) == first
    # The shift that is open there is Sunday's: day one is Sunday.
    due = early.add_working_days(first, 1, first_day="included", after_hours="next_opening", ends="end_of_day")
    assert due == datetime(2011, 10, 16, 23, 59, 59)


def test_a_closing_in_a_gap_before_midnight_is_moved_past_it() -> None:
    # Toronto went from Sunday 30 March 1919 23:30 to Monday 00:30.
    late = zone("America/Toronto", weekdays=None, hours={"sun": ["23:00-23:45"], "mon": ["00:00-00:40"]})
    assert late.working_time_between(date(1919, 3, 30), date(1919, 3, 31)) == HOUR / 2
    assert late.working_time_between(date(1919, 3, 30), date(1919, 4, 2)) == 0.75 * HOUR
    assert late.working_time_between(date(1919, 3, 1), date(1919, 3, 30)) + 0.75 * HOUR == (
        late.working_time_between(date(1919, 3, 1), date(1919, 4, 5))
    )
    assert late.add_working_time(datetime(1919, 3, 30, 12), 0.75 * HOUR) == datetime(1919, 3, 31, 0, 45)
    assert late.previous_closing(datetime(1919, 4, 1)) == datetime(1919, 3, 31, 0, 45)


def test_an_evening_that_is_read_twice_after_the_next_day_began() -> None:
    # Goose Bay went from Sunday 7 November 2010 00:01 back to Saturday 23:01.
    late = zone("America/Goose_Bay", weekdays=None, hours={"sat": ["22:00-23:30"], "sun": ["00:00-00:30", "10:00-11:00"]})
    first = datetime.fromisoformat("2010-11-06T23:45:00-03:00")
    second = datetime.fromisoformat("2010-11-06T23:45:00-04:00")
    assert late.working_time_between(second, datetime.fromisoformat("2010-11-07T12:00:00-04:00")) + late.working_time_between(first, second) == (
        late.working_time_between(first, datetime.fromisoformat("2010-11-07T12:00:00-04:00"))
    )
    # Sunday's first span began at the first 00:00 and goes on over the second evening.
    assert late.is_working_time(second)
    assert late.previous_closing(first).isoformat() == "2010-11-06T23:30:00-03:00"
    assert late.add_days(second, 0, ends="end_of_day") == datetime.fromisoformat("2010-11-07T23:59:59-04:00")


def test_a_summer_time_of_one_week_is_seen() -> None:
    recife = zone("America/Recife")
    assert recife.working_time_between(date(2000, 10, 8), date(2000, 10, 9)) == 23 * HOUR
    assert recife.working_time_between(date(2000, 10, 14), date(2000, 10, 15)) == 25 * HOUR
    assert recife.working_time_between(date(2000, 9, 1), date(2000, 10, 12)) == 41 * 24 * HOUR - HOUR


def test_a_day_that_a_zone_left_out() -> None:
    # Samoa went from Thursday 29 to Saturday 31 December 2011.
    apia = zone("Pacific/Apia")
    assert apia.working_time_between(date(2011, 12, 29), date(2012, 1, 1)) == 48 * HOUR
    assert apia.working_time_between(date(2011, 12, 30), date(2011, 12, 31)) == timedelta(0)
    assert apia.add_working_time(datetime(2011, 12, 29, 23), 2 * HOUR) == datetime(2011, 12, 31, 1)
    # Thursday's shift goes on on Saturday; Friday's never began.
    night = zone("Pacific/Apia", weekdays=None, hours={"thu-fri": [("22:00", "06:00")]})
    assert night.working_time_between(date(2011, 12, 29), date(2012, 1, 2)) == 8 * HOUR
    assert night.add_working_time(datetime(2011, 12, 29, 12), 8 * HOUR) == datetime(2011, 12, 31, 6)


def test_an_aware_start_from_elsewhere_is_read_in_the_zone_of_the_calendar() -> None:
    start = datetime.fromisoformat("2026-03-08T04:30:00+00:00")  # 7 March 23:30 in New York
    assert NEW_YORK.add_days(start, 1, ends="end_of_day").isoformat() == "2026-03-08T23:59:59-04:00"
    assert NEW_YORK.working_days_between(start, datetime.fromisoformat("2026-03-09T03:59:00+00:00")) == 1
