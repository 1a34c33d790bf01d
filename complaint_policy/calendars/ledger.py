"""Sums over days in logarithmic time: a weekly pattern, and the few days that differ from it.

One ledger counts working days (each day is 0 or 1), another adds up working time (microseconds a
day).  A day is a proleptic ordinal: 1 is Monday, 0001-01-01.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from datetime import date
from itertools import accumulate
from typing import Final

__all__ = ["LAST_DAY", "Ledger", "year_of"]

LAST_DAY: Final = date.max.toordinal()
FIRST_YEAR, LAST_YEAR = date.min.year, date.max.year

# With no working weekday only exceptional days can count; how many further years are asked for one.
_SPARSE_YEARS: Final = 20

_TOO_LATE: Final = "the result lies past the year 9999"
_TOO_EARLY: Final = "the result lies before the year 1"


def year_of(day: int) -> int:
    """The year of a day; ``OverflowError`` outside the years 1 to 9999."""
    if not 1 <= day <= LAST_DAY:
        raise OverflowError("the result lies outside the years 1 to 9999")
    return date.fromordinal(day).year


class _Page:
    """The exceptions of the years ``first`` to ``last``, sorted, with running totals."""

    __slots__ = ("days", "first", "last", "prefix", "totals", "week")

    def __init__(self, first: int, last: int, week: tuple[int, ...], exceptions: dict[int, int]) -> None:
        self.first = first
        self.last = last
        self.week = sum(week)
        self.prefix = (0, *accumulate(week))[:7]
        self.days = sorted(day for day, change in exceptions.items() if change)
        self.totals = [0, *accumulate(exceptions[day] for day in self.days)]

    def through(self, day: int) -> int:
        """The sum over all days up to and including ``day``; only differences inside the page mean anything."""
        weeks, rest = divmod(day, 7)
        return weeks * self.week + self.prefix[rest] + self.totals[bisect_right(self.days, day)]


class Ledger:
    """Sums of a daily amount that follows ``week`` (Monday first) except on some days.

    ``changes(year)`` gives, for the days of a year that differ, the difference from the pattern; it is
    asked once a year, when the year is first needed.  ``fixed``: all changes there will ever be, if
    they are known at once.  ``most``: the largest amount a day can have.
    """

    def __init__(
        self,
        week: tuple[int, ...],
        changes: Callable[[int], Mapping[int, int]],
        *,
        most: int,
        fixed: Mapping[int, int] | None = None,
    ) -> None:
        self.week = week
        self._most = most
        self._changes = changes
        self._years: dict[int, Mapping[int, int]] = {}
        self._lock = threading.Lock()
        self._page: _Page | None = None
        if fixed is not None:
            self._page = _Page(FIRST_YEAR, LAST_YEAR, week, dict(fixed))

    def _cover(self, first: int, last: int) -> _Page:
        """A page that holds at least these years."""
        page = self._page
        if page is not None and page.first <= first and last <= page.last:
            return page
        first, last = max(first, FIRST_YEAR), min(last, LAST_YEAR)
        with self._lock:
            page = self._page
            if page is not None:
                first, last = min(first, page.first), max(last, page.last)
                if (first, last) == (page.first, page.last):
                    return page
            exceptions: dict[int, int] = {}
            for year in range(first, last + 1):
                found = self._years.get(year)
                if found is None:
                    found = self._years[year] = self._changes(year)
                exceptions.update(found)
            self._page = page = _Page(first, last, self.week, exceptions)
            return page

    def between(self, after: int, through: int) -> int:
        """The sum over the days later than ``after`` up to and including ``through`` (``after <= through``)."""
        if through <= after:
            return 0
        page = self._cover(year_of(max(after, 1)), year_of(through))
        return page.through(through) - page.through(after)

    def forward(self, after: int, amount: int) -> int | None:
        """The first day later than ``after`` by which ``amount`` (above 0) has been summed.

        ``None`` if no such day can exist; ``OverflowError`` past the year 9999.
        """
        start = year_of(max(after, 1))
        weekly = sum(self.week)
        if weekly and amount > (LAST_DAY - after) * self._most:
            raise OverflowError(_TOO_LATE)
        reach = start + 1 + (amount * 7 // weekly) // 366 if weekly else start + 1
        limit = LAST_YEAR if weekly else min(LAST_YEAR, start + _SPARSE_YEARS)
        while True:
            page = self._cover(start, min(reach, limit))
            wanted = page.through(after) + amount
            end = date(page.last, 12, 31).toordinal()
            if page.through(end) >= wanted:
                return bisect_left(range(end + 1), wanted, after + 1, end + 1, key=page.through)
            if page.last >= limit:
                break
            missing = wanted - page.through(end)
            reach = page.last + 1 + (missing * 7 // weekly // 366 if weekly else 1)
        if weekly:
            raise OverflowError(_TOO_LATE)
        return None

    def backward(self, before: int, amount: int) -> int | None:
        """The last day earlier than ``before`` from which on ``amount`` (above 0) has been summed.

        ``None`` if no such day can exist; ``OverflowError`` before the year 1.
        """
        start = year_of(min(before, LAST_DAY))
        weekly = sum(self.week)
        if weekly and amount > before * self._most:
            raise OverflowError(_TOO_EARLY)
        reach = start - 1 - (amount * 7 // weekly) // 366 if weekly else start - 1
        limit = FIRST_YEAR if weekly else max(FIRST_YEAR, start - _SPARSE_YEARS)
        while True:
            page = self._cover(max(reach, limit), start)
            wanted = page.through(before - 1) - amount
            begin = date(page.first, 1, 1).toordinal()
            if page.through(begin - 1) <= wanted:
                # The last day d with through(d - 1) <= wanted is the first one with through(d) > wanted.
                return bisect_right(range(before), wanted, begin, before, key=page.through)
            if page.first <= limit:
                break
            missing = page.through(begin - 1) - wanted
            reach = page.first - 1 - (missing * 7 // weekly // 366 if weekly else 1)
        if weekly:
            raise OverflowError(_TOO_EARLY)
        return None
