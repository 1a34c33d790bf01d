"""Long spans look at few days: look-ups are counted, no clock is read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from complaint_policy.calendars import Calendar
from complaint_policy.calendars.days import Days
from complaint_policy.calendars.hours import WorkingTime


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The days that were looked at."""
    seen: list[int] = []

    def spied(method: Callable[..., object]) -> Callable[..., object]:
        def call(self: object, day: int) -> object:
            seen.append(day)
            return method(self, day)

        return call

    monkeypatch.setattr(Days, "is_working", spied(Days.is_working))
    monkeypatch.setattr(WorkingTime, "segments", spied(WorkingTime.segments))
    return seen


def office(timezone: str | None, country: str | None) -> Calendar:
    return Calendar(timezone=timezone, country=country, hours={"mon-fri": ["09:00-12:00", "13:00-17:00"]})


START = datetime(2026, 3, 2, 10)


@pytest.mark.parametrize("n", [10_000, -10_000])
def test_ten_thousand_working_days(lookups: list[int], n: int) -> None:
    calendar = Calendar(timezone=None, holidays=[date(2026 + k // 12, k % 12 + 1, 1) for k in range(24)])
    calendar.add_working_days(START, n)
    assert len(lookups) <= 24 + 5
    lookups.clear()
    calendar.add_working_days(START, n)
    assert len(lookups) <= 5


def test_ten_thousand_working_days_of_a_country(lookups: list[int]) -> None:
    calendar = Calendar(country="CN")
    calendar.add_working_days(START, 10_000)
    # Forty years, some thirty exceptional days in each.
    assert len(lookups) < 1_600
    lookups.clear()
    calendar.add_working_days(START, 10_000)
    calendar.working_days_between(START, START + timedelta(days=14_000))
    assert len(lookups) <= 5


@pytest.mark.parametrize(
    ("timezone", "country"),
    [(None, None), ("Asia/Shanghai", "CN"), ("America/New_York", "US"), ("Asia/Shanghai", None)],
)
def test_ten_years_of_working_time(lookups: list[int], timezone: str | None, country: str | None) -> None:
    calendar = office(timezone, country)
    amount = timedelta(hours=7 * 250 * 10)
    due = calendar.add_working_time(START, amount)
    lookups.clear()
    assert calendar.add_working_time(START, amount) == due
    assert len(lookups) <= 20
    lookups.clear()
    assert calendar.working_time_between(START, due) == amount
    assert len(lookups) <= 20
    lookups.clear()
    calendar.add_working_time(due, -amount)
    assert len(lookups) <= 20


def test_the_first_time_looks_at_exceptional_days_only(lookups: list[int]) -> None:
    office("America/New_York", "US").add_working_time(START, timedelta(hours=7 * 250 * 10))
    # Twelve years, each with a dozen holidays and eight days around the changes of the clocks, looked at twice.
    assert len(lookups) < 12 * 2 * (12 + 12)


def test_the_last_year_is_reached_without_walking(lookups: list[int]) -> None:
    calendar = Calendar(timezone=None)
    assert calendar.add_working_days(date(2026, 3, 2), 2_000_000) == date(2026, 3, 2) + timedelta(weeks=400_000)
    with pytest.raises(OverflowError):
        calendar.add_working_days(date(2026, 3, 2), 2_100_000)
    assert len(lookups) <= 5
