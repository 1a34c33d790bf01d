"""Reading the arguments of a calendar: weekdays, hours of a day, dates.

A time of day is kept in microseconds since the day's midnight; a span past midnight ends after
``DAY`` and belongs to the day it starts on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final, TypeVar

__all__ = [
    "DAY",
    "WEEKDAYS",
    "Spans",
    "merged",
    "read_date",
    "read_dates",
    "read_dates_with_hours",
    "read_holidays",
    "read_hours",
    "read_spans",
    "read_weekdays",
]

Spans = tuple[tuple[int, int], ...]
Place = TypeVar("Place", int, datetime)

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MICROSECOND: Final = timedelta(microseconds=1)
DAY: Final = timedelta(days=1) // MICROSECOND

_LONG_NAMES: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NUMBER_OF: Final = {name: n for names in (WEEKDAYS, _LONG_NAMES) for n, name in enumerate(names)}
_TIME: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?", re.ASCII)


def _weekday(name: str) -> int:
    number = _NUMBER_OF.get(name.strip().lower())
    if number is None:
        raise ValueError(f"weekday {name!r} is not known; use {', '.join(WEEKDAYS)} or a range such as mon-fri")
    return number


def _weekdays_of(text: object) -> list[int]:
    """The weekdays of ``mon``, ``mon-fri``, ``sun-thu`` or several of them with commas."""
    if not isinstance(text, str):
        raise TypeError(f"a weekday is text such as 'mon' or 'mon-fri', not {type(text).__name__}")
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        low = _weekday(first)
        high = _weekday(last) if dash else low
        found += [(low + n) % 7 for n in range((high - low) % 7 + 1)]
    return found


def read_weekdays(given: str | Iterable[str] | None) -> tuple[int, ...] | None:
    """Weekday numbers (0 is Monday), sorted; ``None`` stays ``None``."""
    if given is None:
        return None
    parts: Iterable[object] = [given] if isinstance(given, str) else given
    return tuple(sorted({day for part in parts for day in _weekdays_of(part)}))


def _time_of_day(given: object) -> int:
    if isinstance(given, time):
        if given.tzinfo is not None:
            raise ValueError(f"opening hours are local times without a zone: {given!r}")
        moment = timedelta(hours=given.hour, minutes=given.minute, seconds=given.second, microseconds=given.microsecond)
        return moment // MICROSECOND
    if not isinstance(given, str):
        raise TypeError(f"a time of day is text such as '09:00' or a datetime.time, not {type(given).__name__}")
    match = _TIME.fullmatch(given.strip())
    if match is None:
        raise ValueError(f"time of day {given!r} is not of the form HH:MM or HH:MM:SS")
    hour, minute, second, part = match.groups(default="0")
    moment = timedelta(hours=int(hour), minutes=int(minute), seconds=int(second), microseconds=int(part.ljust(6, "0")))
    if int(minute) > 59 or int(second) > 59 or moment > timedelta(days=1):
        raise ValueError(f"time of day {given!r} is not between 00:00 and 24:00")
    return moment // MICROSECOND


def _span(given: object) -> tuple[int, int]:
    ends: Any = given
    if isinstance(given, str):
        ends = re.split(r"\s*[-\u2013]\s*", given.strip())
    if not isinstance(ends, (list, tuple)) or len(ends) != 2:
        raise ValueError(f"a span of hours is a pair such as ('09:00', '12:00') or text '09:00-12:00', not {given!r}")
    start, end = _time_of_day(ends[0]), _time_of_day(ends[1])
    if start == DAY:
        raise ValueError(f"a span cannot start at 24:00: {given!r}")
    if start == end and start != 0:
        raise ValueError(f"the span {given!r} is empty; a whole day is 00:00 to 24:00")
    # A closing not after the opening is on the next day; from 00:00 to 00:00 is a whole day.
    return start, end if end > start else end + DAY


def merged(spans: Iterable[tuple[Place, Place]]) -> tuple[tuple[Place, Place], ...]:
    """The union of spans: sorted, apart from each other."""
    union: list[tuple[Place, Place]] = []
    for start, end in sorted(spans):
        if end <= start:
            continue
        if union and start <= union[-1][1]:
            union[-1] = (union[-1][0], max(union[-1][1], end))
        else:
            union.append((start, end))
    return tuple(union)


def read_spans(given: object) -> Spans:
    """The open spans of one day, in order.  They are joined as instants: clocks that jump may part them."""
    if given is None:
        return ()
    if isinstance(given, str):
        given = [part for part in given.split(",") if part.strip()]
    if isinstance(given, Mapping) or not isinstance(given, Iterable):
        raise TypeError(f"the hours of a day are a list of spans, not {type(given).__name__}")
    return tuple(sorted({_span(span) for span in given}))


def read_hours(given: Mapping[str, Any] | None) -> tuple[Spans, ...] | None:
    """The spans of the seven weekdays, Monday first; ``None`` (whole days) stays ``None``."""
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise TypeError(
            f"hours map weekdays to spans, such as {{'mon-fri': ['09:00-17:00']}}, not {type(given).__name__}"
        )
    week: dict[int, Spans] = {}
    for name, spans in given.items():
        for day in _weekdays_of(name):
            if day in week:
                raise ValueError(f"the hours of {WEEKDAYS[day]} are given twice")
            week[day] = read_spans(spans)
    return tuple(week.get(day, ()) for day in range(7))


def read_date(given: object, what: str) -> date:
    """A date, or its ISO text; ``TypeError`` for a datetime, whose day depends on a zone."""
    if isinstance(given, str):
        try:
            return date.fromisoformat(given)
        except ValueError:
            raise ValueError(f"{what}: {given!r} is not a date of the form YYYY-MM-DD") from None
    if not isinstance(given, date) or isinstance(given, datetime):
        raise TypeError(f"{what}: a date is wanted, not {type(given).__name__}")
    return given


def read_dates(given: Iterable[date | str], what: str) -> frozenset[int]:
    """The ordinals of dates."""
    if isinstance(given, str):
        raise TypeError(f"{what} are a list of dates, not text")
    return frozenset(read_date(day, what).toordinal() for day in given)


def read_holidays(given: Iterable[date | str] | Mapping[date | str, str]) -> tuple[tuple[int, str], ...]:
    """Dates, or a mapping of dates to names, as sorted pairs of ordinal and name (text may be empty)."""
    if isinstance(given, Mapping):
        return tuple(sorted((read_date(day, "holidays").toordinal(), str(name)) for day, name in given.items()))
    return tuple((day, "") for day in sorted(read_dates(given, "holidays")))


def read_dates_with_hours(given: Mapping[date | str, Any]) -> tuple[tuple[int, Spans], ...]:
    """The days with hours of their own, as sorted pairs of ordinal and spans (none: closed)."""
    if not isinstance(given, Mapping):
        raise TypeError(f"dates map a date to its spans, not {type(given).__name__}")
    return tuple(sorted((read_date(day, "dates").toordinal(), read_spans(spans)) for day, spans in given.items()))
