"""Days, weeks, months and years on a day (a proleptic ordinal)."""

from __future__ import annotations

import calendar as months
from datetime import date
from operator import index

from complaint_policy.calendars.ledger import LAST_DAY

__all__ = ["checked", "days_on", "months_on", "weeks_on", "whole", "years_on"]


def whole(n: object) -> int:
    """A count of days; ``TypeError`` for anything but an integer."""
    if isinstance(n, bool):
        raise TypeError("a number of days must be an integer, not bool")
    try:
        return index(n)  # type: ignore[arg-type]  # whatever is no integer, index itself refuses
    except TypeError:
        raise TypeError(f"a number of days must be an integer, not {type(n).__name__}") from None


def checked(day: int) -> int:
    """The day itself; ``OverflowError`` outside the years 1 to 9999."""
    if not 1 <= day <= LAST_DAY:
        raise OverflowError("the result lies outside the years 1 to 9999")
    return day


def days_on(day: int, n: int) -> int:
    """``n`` days later."""
    return day + n


def weeks_on(day: int, n: int) -> int:
    """``n`` weeks later."""
    return day + 7 * n


def months_on(day: int, n: int) -> int:
    """The same day ``n`` months later, or that month's last day where it has none."""
    start = date.fromordinal(day)
    year, month = divmod(start.year * 12 + start.month - 1 + n, 12)
    if not date.min.year <= year <= date.max.year:
        raise OverflowError("the result lies outside the years 1 to 9999")
    return date(year, month + 1, min(start.day, months.monthrange(year, month + 1)[1])).toordinal()


def years_on(day: int, n: int) -> int:
    """The same date ``n`` years later (28 February for the 29th)."""
    return months_on(day, 12 * n)
