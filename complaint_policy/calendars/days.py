"""Which days are worked, and arithmetic on working days.

A day is a proleptic ordinal.  Order of say: dated hours, extra working days, holidays of the
calendar's own, the country's make-up days and holidays, the week.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from complaint_policy.calendars import countries
from complaint_policy.calendars.conventions import DayKind
from complaint_policy.calendars.ledger import LAST_DAY, Ledger, year_of
from complaint_policy.calendars.schedule import DAY, WEEKDAYS, Spans

__all__ = ["Days", "NoWorkingTime"]

_WHOLE_DAY: Spans = ((0, DAY),)


class NoWorkingTime(ValueError):
    """The calendar has no working day, or no working time, in the direction asked for."""


class Days:
    """The days of a calendar.  Immutable; years of a country are generated when first needed."""

    def __init__(
        self,
        *,
        country: str | None,
        subdivision: str | None,
        weekdays: tuple[int, ...] | None,
        hours: tuple[Spans, ...] | None,
        holidays: Mapping[int, str],
        extra: frozenset[int],
        dates: Mapping[int, Spans],
        announced_until: int | None,
    ) -> None:
        self.country = country
        self.subdivision = subdivision
        self.hours = hours
        self.dates = dates
        self.announced_until = announced_until
        self._weekdays = weekdays
        self._holidays = holidays
        self._extra = extra
        self._own = frozenset((*holidays, *extra, *dates))
        self._week: tuple[bool, ...] | None = None
        self._ledger: Ledger | None = None

    # ---------------------------------------------------------------- single days
    @property
    def week(self) -> tuple[bool, ...]:
        """Which weekdays are worked in an ordinary week, Monday first."""
        week = self._week
        if week is None:
            chosen: frozenset[int] | set[int]
            if self._weekdays is not None:
                chosen = set(self._weekdays)
            elif self.hours is not None:
                chosen = set(range(7))
            elif self.country is not None:
                chosen = set(range(7)) - countries.country_weekend(self.country, self.subdivision)
            else:
                chosen = set(range(5))
            self._week = week = tuple(n in chosen and (self.hours is None or bool(self.hours[n])) for n in range(7))
        return week

    @property
    def _follows_country_week(self) -> bool:
        return self.country is not None and self._weekdays is None and self.hours is None

    def _year(self, day: int) -> countries.CountryYear | None:
        if self.country is None:
            return None
        return countries.country_year(self.country, self.subdivision, year_of(day))

    def is_working(self, day: int) -> bool:
        """Whether a day is worked."""
        if day in self._own:
            if day in self.dates:
                return bool(self.dates[day])
            return day in self._extra
        week, year = self.week, self._year(day)
        if year is not None:
            if day in year.worked:
                return True
            if day in year.closed:
                return False
            if self._follows_country_week:
                if day in year.rest:
                    return False
                if day in year.no_rest:
                    return True
        return week[(day - 1) % 7]

    def spans(self, day: int) -> Spans:
        """The hours that belong to a day (those past midnight included); none on a closed day."""
        dated = self.dates.get(day)
        if dated is not None:
            return dated
        if not self.is_working(day):
            return ()
        if self.hours is None:
            return _WHOLE_DAY
        return self.hours[(day - 1) % 7] or self._usual_spans()

    def _usual_spans(self) -> Spans:
        """The hours of a make-up day on a weekday without any: those of the week's first worked day."""
        assert self.hours is not None
        worked = [spans for n, spans in enumerate(self.hours) if self.week[n]]
        return next(iter([*worked, *(spans for spans in self.hours if spans)]), ())

    def kind(self, day: int) -> DayKind:
        """What a day is, in one word."""
        if not self.is_announced(day):
            return "unannounced"
        usual = self.week[(day - 1) % 7]
        if self.is_working(day):
            return "working" if usual and not self._holiday_by_country(day) and day not in self._holidays else "make_up"
        if day in self.dates:
            return "closed"
        if day in self._holidays or self._holiday_by_country(day):
            return "holiday"
        return "weekend"

    def _holiday_by_country(self, day: int) -> bool:
        year = self._year(day)
        return year is not None and day in year.closed

    def is_announced(self, day: int) -> bool:
        """Whether the calendar's days are known up to this one."""
        return self.announced_until is None or day <= self.announced_until

    def name(self, day: int, language: str) -> str:
        """The holiday's name, or empty text."""
        own = self._holidays.get(day)
        if own or self.country is None:
            return own or ""
        names = countries.holiday_names(self.country, self.subdivision, year_of(day), language)
        return names.get(date.fromordinal(day), "")

    def exceptional(self, year: int) -> set[int]:
        """The days of a year that may differ from the ordinary week."""
        first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
        days = {day for day in self._own if first <= day <= last}
        if self.country is not None:
            special = countries.country_year(self.country, self.subdivision, year)
            days |= special.closed | special.worked
            if self._follows_country_week:
                days |= special.rest | special.no_rest
        return days

    @property
    def own_exceptions(self) -> frozenset[int] | None:
        """All days that may differ from the ordinary week, if no country adds to them."""
        return self._own if self.country is None else None

    # ---------------------------------------------------------------- counting
    @property
    def ledger(self) -> Ledger:
        """The count of working days."""
        ledger = self._ledger
        if ledger is None:
            own = self.own_exceptions
            fixed = None if own is None else self._changes(own)
            week = tuple(map(int, self.week))
            ledger = Ledger(week, lambda year: self._changes(self.exceptional(year)), most=1, fixed=fixed)
            self._ledger = ledger
        return ledger

    def _changes(self, days: set[int] | frozenset[int]) -> dict[int, int]:
        week = self.week
        changes = {day: int(self.is_working(day)) - week[(day - 1) % 7] for day in days}
        return {day: change for day, change in changes.items() if change}

    def count(self, after: int, through: int) -> int:
        """How many working days are later than ``after`` and not later than ``through``."""
        return self.ledger.between(after, through)

    def move(self, day: int, n: int) -> int:
        """The ``n``-th working day after ``day`` (before it if ``n`` is negative; ``n`` is not 0)."""
        found = self.ledger.forward(day, n) if n > 0 else self.ledger.backward(day, -n)
        if found is None:
            direction = "ahead" if n > 0 else "before"
            raise NoWorkingTime(
                f"the calendar has fewer than {abs(n)} working days {direction}; weekdays: {self._worked()}"
            )
        return found

    def roll(self, day: int, direction: int) -> int:
        """The day itself if it is worked, else the next working day (the previous one if ``direction`` is negative)."""
        if not 1 <= day <= LAST_DAY:
            raise OverflowError("the result lies outside the years 1 to 9999")
        return day if self.is_working(day) else self.move(day, direction)

    def _worked(self) -> str:
        return ", ".join(name for name, worked in zip(WEEKDAYS, self.week, strict=True) if worked) or "none"
