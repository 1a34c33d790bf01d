"""A calendar as an object: reading its arguments, equality, pickling, immutability, threads."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from complaint_policy.calendars import Calendar
from complaint_policy.zones import zone_named

ARGUMENTS: dict[str, Any] = {
    "timezone": "Asia/Shanghai",
    "country": "CN",
    "announced_until": date(2026, 12, 31),
    "hours": {"mon-fri": [("09:00", "12:00"), ("13:30", "18:00")]},
    "holidays": [date(2026, 3, 5)],
    "extra_working_days": [date(2026, 3, 7)],
    "dates": {date(2026, 3, 6): []},
}


def test_equal_arguments_make_equal_calendars() -> None:
    spelled_out = {
        **ARGUMENTS,
        "announced_until": "2026-12-31",
        "timezone": ZoneInfo("Asia/Shanghai"),
        "hours": {day: ["09:00-12:00", (time(13, 30), time(18))] for day in ("mon", "Tuesday", "wed", "thu", "fri")},
        "holidays": ["2026-03-05"],
        "dates": {"2026-03-06": ()},
    }
    assert Calendar(**ARGUMENTS) == Calendar(**spelled_out)
    assert hash(Calendar(**ARGUMENTS)) == hash(Calendar(**spelled_out))
    assert Calendar(**ARGUMENTS) != Calendar()
    assert Calendar(timezone=zone_named("UTC")) == Calendar(timezone="UTC") == Calendar(timezone=UTC)
    assert Calendar() != 1


def test_pickle_and_copy() -> None:
    calendar = Calendar(**ARGUMENTS)
    due = calendar.add_working_days(date(2026, 3, 4), 3)
    for other in (pickle.loads(pickle.dumps(calendar)), copy.copy(calendar), copy.deepcopy(calendar)):
        assert other == calendar
        assert other.add_working_days(date(2026, 3, 4), 3) == due
    aware = calendar.add_working_days(datetime.fromisoformat("2026-03-04T10:00+08:00"), 1)
    assert pickle.loads(pickle.dumps(aware)) == aware


def test_it_cannot_be_changed() -> None:
    calendar = Calendar()
    with pytest.raises(AttributeError, match="cannot be changed"):
        calendar.country = "US"
    with pytest.raises(AttributeError):
        calendar._days = None  # type: ignore[assignment]
    assert repr(Calendar(**ARGUMENTS)).startswith("Calendar(timezone='Asia/Shanghai', country='CN'")


def test_threads_share_one_calendar() -> None:
    calendar = Calendar(**ARGUMENTS)
    starts = [date(1990, 1, 1) + timedelta(days=97 * n) for n in range(200)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda day: calendar.add_working_days(day, 100), starts))
    alone = Calendar(**ARGUMENTS)
    assert found == [alone.add_working_days(day, 100) for day in starts]


@pytest.mark.parametrize(
    ("weekdays", "worked"),
    [
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("sun-thu", {6, 0, 1, 2, 3}),
        (["mon", "tue"], {0, 1}),
        ("mon, wed, fri-sat", {0, 2, 4, 5}),
        (["Monday", "SAT"], {0, 5}),
        ([], set()),
        (None, {0, 1, 2, 3, 4}),
    ],
)
def test_weekdays(weekdays: Any, worked: set[int]) -> None:
    calendar = Calendar(timezone=None, weekdays=weekdays)
    assert {n for n in range(7) if calendar.is_working_day(date(2026, 3, 2) + timedelta(days=n))} == worked


def test_weekdays_follow_the_hours() -> None:
    calendar = Calendar(timezone=None, hours={"tue": ["09:00-10:00"], "wed": []})
    assert calendar.has_hours
    assert [calendar.is_working_day(date(2026, 3, 2 + n)) for n in range(7)] == [False, True] + [False] * 5
    assert not Calendar(timezone=None).has_hours


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"timezone": "Mars/Phobos"}, ValueError, "Mars/Phobos"),
        ({"timezone": 8}, TypeError, "IANA name"),
        ({"country": 86}, TypeError, "country must be text"),
        ({"weekdays": "mon-funday"}, ValueError, "weekday 'funday'"),
        ({"weekdays": [1]}, TypeError, "weekday is text"),
        ({"hours": {"mon": ["9-17"]}}, ValueError, "HH:MM"),
        ({"hours": {"mon": ["25:00-26:00"]}}, ValueError, "between 00:00 and 24:00"),
        ({"hours": {"mon": ["09:60-10:00"]}}, ValueError, "between 00:00 and 24:00"),
        ({"hours": {"mon": ["24:00-25:00"]}}, ValueError, "24:00"),
        ({"hours": {"mon": ["09:00-09:00"]}}, ValueError, "is empty"),
        ({"hours": {"mon": [("09:00",)]}}, ValueError, "a pair"),
        ({"hours": {"mon": [(9, 17)]}}, TypeError, "time of day is text"),
        ({"hours": {"mon": 9}}, TypeError, "a list of spans"),
        ({"hours": ["09:00-17:00"]}, TypeError, "map weekdays"),
        ({"hours": {"mon-wed": ["09:00-17:00"], "tue": ["09:00-17:00"]}}, ValueError, "tue are given twice"),
        ({"hours": {"mon": [(time(9, tzinfo=ZoneInfo("UTC")), time(17))]}}, ValueError, "without a zone"),
        ({"holidays": "2026-03-05"}, TypeError, "a list of dates"),
        ({"holidays": [datetime(2026, 3, 5)]}, TypeError, "a date is wanted"),
        ({"holidays": ["5 March"]}, ValueError, "YYYY-MM-DD"),
        ({"dates": [date(2026, 3, 5)]}, TypeError, "map a date"),
        ({"announced_until": 2026}, TypeError, "a date is wanted"),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Calendar(**arguments)


def test_times_of_day() -> None:
    half = Calendar(timezone=None, hours={"mon": [("09:00:00.25", "09:00:01")], "tue": "09:00-10:00, 10:00-11:00"})
    assert half.working_time_between(date(2026, 3, 2), date(2026, 3, 3)) == timedelta(milliseconds=750)
    # Spans that meet are one: ten o'clock is no closing.
    start = datetime(2026, 3, 3, 9)
    assert half.add_working_time(start, timedelta(hours=1), at_closing="roll") == datetime(2026, 3, 3, 10)


def test_the_next_turn() -> None:
    """Shut for the holiday on Thursday 5 March and on the 6th; open on the extra Saturday, in the hours of the first worked day."""
    local = Calendar(**ARGUMENTS | {"timezone": None, "country": None, "announced_until": None})

    def turn(text: str, calendar: Calendar = local) -> str | None:
        found = calendar.next_turn(datetime.fromisoformat(text))
        return None if found is None else found.isoformat(" ", "minutes")

    assert turn("2026-03-04 08:59") == "2026-03-04 09:00"
    assert turn("2026-03-04 09:00") == "2026-03-04 12:00"
    assert turn("2026-03-04 12:00") == "2026-03-04 13:30"  # a closing is outside
    assert turn("2026-03-04 13:30") == "2026-03-04 18:00"
    assert turn("2026-03-04 18:00") == turn("2026-03-05 12:00") == "2026-03-07 09:00"
    assert turn("2026-03-07 13:30") == "2026-03-07 18:00"
    assert turn("2026-03-08 12:00") == "2026-03-09 09:00"
    night = Calendar(weekdays="mon-fri", timezone=None, hours={"mon-thu": [("20:00", "04:00")], "fri": [("20:00", "24:00")]})
    assert turn("2026-03-02 21:00", night) == "2026-03-03 04:00"  # over midnight
    assert turn("2026-03-06 21:00", night) == "2026-03-07 00:00"
    assert turn("2026-03-02 21:00", Calendar(weekdays="mon-fri", timezone=None)) == "2026-03-07 00:00"  # whole days
    assert turn("2026-03-02 21:00", Calendar(weekdays="mon-sun", timezone=None)) is None
    shanghai = Calendar(**ARGUMENTS)
    assert shanghai.next_turn(datetime(2026, 3, 4, 9, 30, tzinfo=UTC)) == datetime(2026, 3, 4, 10)  # 17:30 to 18:00, told in UTC
