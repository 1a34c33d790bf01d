"""What a calendar is made of, and what it says of single days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, tzinfo
from typing import Any

from complaint_policy.calendars.conventions import DayKind
from complaint_policy.calendars.days import Days
from complaint_policy.calendars.hours import WorkingTime
from complaint_policy.calendars.moments import NoZone, Reading, ZoneTime, local_time
from complaint_policy.calendars.schedule import (
    read_date,
    read_dates,
    read_dates_with_hours,
    read_holidays,
    read_hours,
    read_weekdays,
)

__all__ = ["CalendarOfDays"]


class CalendarOfDays:
    """The arguments of a calendar and its days; :class:`Calendar` adds the arithmetic."""

    __slots__ = ("_arguments", "_days", "_local", "_time")

    _arguments: dict[str, Any]
    _days: Days
    _local: NoZone | ZoneTime
    _time: WorkingTime

    def __init__(
        self,
        timezone: str | tzinfo | None = "Asia/Shanghai",
        country: str | None = None,
        subdivision: str | None = None,
        announced_until: date | str | None = None,
        weekdays: str | Iterable[str] | None = None,
        hours: Mapping[str, Any] | None = None,
        holidays: Iterable[date | str] | Mapping[date | str, str] = (),
        extra_working_days: Iterable[date | str] = (),
        dates: Mapping[date | str, Any] | None = None,
    ) -> None:
        for name, text in (("country", country), ("subdivision", subdivision)):
            if text is not None and not isinstance(text, str):
                raise TypeError(f"{name} must be text, not {type(text).__name__}")
        if subdivision is not None and country is None:
            raise ValueError("a subdivision needs a country")
        local = local_time(timezone)
        until = None if announced_until is None else read_date(announced_until, "announced_until").toordinal()
        arguments: dict[str, Any] = {
            "timezone": local.name,
            "country": country,
            "subdivision": subdivision,
            "announced_until": until,
            "weekdays": read_weekdays(weekdays),
            "hours": read_hours(hours),
            "holidays": read_holidays(holidays),
            "extra_working_days": tuple(sorted(read_dates(extra_working_days, "extra_working_days"))),
            "dates": read_dates_with_hours({} if dates is None else dates),
        }
        self._build(arguments)

    def _build(self, arguments: dict[str, Any]) -> None:
        local = local_time(arguments["timezone"])
        days = Days(
            country=arguments["country"],
            subdivision=arguments["subdivision"],
            weekdays=arguments["weekdays"],
            hours=arguments["hours"],
            holidays=dict(arguments["holidays"]),
            extra=frozenset(arguments["extra_working_days"]),
            dates=dict(arguments["dates"]),
            announced_until=arguments["announced_until"],
        )
        values = (arguments, days, local, WorkingTime(days, local, fixed=isinstance(local, NoZone)))
        for name, value in zip(("_arguments", "_days", "_local", "_time"), values, strict=True):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Calendar cannot be changed: {name}")

    def __getstate__(self) -> dict[str, Any]:
        return self._arguments

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._build(state)

    def __eq__(self, other: object) -> bool:
        return self._arguments == other._arguments if isinstance(other, CalendarOfDays) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self._arguments.values()))

    def __repr__(self) -> str:
        parts = [f"timezone={self._arguments['timezone']!r}"]
        parts += [f"{name}={self._arguments[name]!r}" for name in ("country", "subdivision") if self._arguments[name]]
        parts += [f"{name}=..." for name in ("weekdays", "hours", "holidays", "dates") if self._arguments[name]]
        return f"Calendar({', '.join(parts)})"

    # ---------------------------------------------------------------- days
    @property
    def has_hours(self) -> bool:
        """Whether working days have opening hours (else they are whole days)."""
        return self._days.hours is not None

    def is_working_day(self, day: date | datetime) -> bool:
        """Whether the (local) day is worked.  A weekday without hours is not."""
        return self._days.is_working(self._read(day, "day").day)

    def is_announced(self, day: date | datetime) -> bool:
        """Whether the day is known officially: ``False`` past ``announced_until``."""
        return self._days.is_announced(self._read(day, "day").day)

    def day_kind(self, day: date | datetime) -> DayKind:
        """``working``, ``weekend``, ``holiday`` (also one on a weekend), ``make_up`` (worked although a rest day or
        holiday), ``closed`` (by ``dates``), or ``unannounced``."""
        return self._days.kind(self._read(day, "day").day)

    def holidays_between(self, a: date | datetime, b: date | datetime, language: str = "en") -> list[tuple[date, str]]:
        """The closed days from ``a`` to ``b`` (both inclusive) that are not ordinary weekly rest days, each with its
        name (empty if it has none) in ``en`` or ``zh`` where the country has it."""
        first, last = self._read(a, "a").day, self._read(b, "b").day
        days: set[int] = set()
        for year in range(date.fromordinal(first).year, date.fromordinal(max(first, last)).year + 1):
            days |= self._days.exceptional(year)
        return [
            (date.fromordinal(day), self._days.name(day, language))
            for day in sorted(days)
            if first <= day <= last and not self._days.is_working(day) and not self._plain_rest(day, language)
        ]

    def _plain_rest(self, day: int, language: str) -> bool:
        return (
            not self._days.week[(day - 1) % 7]
            and self._days.kind(day) in ("weekend", "unannounced")
            and not (self._days.name(day, language))
        )

    def cover(self, first_year: int, last_year: int) -> tuple[tuple[str, DayKind], ...]:
        """The days of these years (both inclusive) that differ from the ordinary week or have hours of their own:
        ISO date and kind, in order.  It tells two calendars apart, whatever the library versions behind them."""
        found: set[int] = set()
        for year in range(first_year, last_year + 1):
            found |= self._days.exceptional(year)
        days, week = self._days, self._days.week
        return tuple(
            (date.fromordinal(day).isoformat(), days.kind(day))
            for day in sorted(found)
            if day in days.dates or days.is_working(day) != week[(day - 1) % 7]
        )

    def _read(self, given: object, what: str = "start") -> Reading:
        return Reading(self._local, given, what)
