"""Instants counted from ``as_of`` itself: they move on with it, and pass others by without anything happening.

They are told apart only while somebody asks when a decision changes by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from complaint_policy.possible import MICROSECOND, DayEnd

__all__ = ["advancing", "counted_on", "crossings", "moves_on"]

Count = Callable[[datetime], Any]
# How far ahead of a limit the count from it is looked for: 100 years.
_FARTHEST: Final = timedelta(days=36_525)


class _Advancing(datetime):
    __slots__ = ("count",)
    count: Count


class _AdvancingEnd(DayEnd):
    __slots__ = ("count",)
    count: Count


_MARKED: Final = (_Advancing, _AdvancingEnd)


def advancing(moment: Any, count: Count) -> Any:
    """``moment``, marked as what ``count`` gives for ``as_of``; what is no single instant as it is."""
    if not isinstance(moment, datetime):
        return moment
    kind = _AdvancingEnd if isinstance(moment, DayEnd) else _Advancing
    made = kind(moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second, moment.microsecond)
    made.count = count
    return made


def counted_on(start: Any, due: Count) -> Count | None:
    """How an instant counted on from ``start`` depends on ``as_of``; ``None``: not at all."""
    if not isinstance(start, _MARKED):
        return None
    count = start.count
    return lambda as_of: due(count(as_of))


def moves_on(moment: Any) -> bool:
    """Whether an instant is marked as one that moves on with ``as_of``."""
    return isinstance(moment, _MARKED)


def crossings(moment: Any, other: datetime, now: datetime) -> Iterator[datetime]:
    """The first instants from ``now`` on at which a moment that moves on with ``as_of`` reaches ``other``, and lies beyond it."""
    if not isinstance(moment, _MARKED):
        return
    count = moment.count
    for reached in (lambda end: end >= other, lambda end: end > other):
        found = _first(count, reached, now, other)
        if found is not None:
            yield found


def _first(count: Count, reached: Callable[[datetime], bool], now: datetime, other: datetime) -> datetime | None:
    """The first instant whose count has ``reached`` something: later instants never have earlier ones."""

    def holds(as_of: datetime) -> bool:
        end = count(as_of)
        return isinstance(end, datetime) and reached(end)

    try:
        if holds(now):
            return None
        low, step = now, max(other - now, MICROSECOND)
        while not holds(now + step):
            low, step = now + step, 2 * step
            if step > _FARTHEST:
                return None
        high = now + step
        while high - low > MICROSECOND:
            middle = low + (high - low) // 2
            low, high = (low, middle) if holds(middle) else (middle, high)
    except (OverflowError, ValueError):  # past the year 9999, or more working time than a calendar has
        return None
    return high
