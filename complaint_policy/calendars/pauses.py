"""Spans during which a clock stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime

from complaint_policy.calendars.days import Days
from complaint_policy.calendars.hours import STUCK, Pauses, WorkingTime
from complaint_policy.calendars.moments import NoZone, Reading, ZoneTime

__all__ = ["read_pauses", "with_pauses"]

Due = Callable[[Reading, int], tuple[int, datetime]]


def read_pauses(local: NoZone | ZoneTime, given: Iterable[tuple[date | datetime, date | datetime | None]]) -> Pauses:
    """The union of the pauses as instants, in order; the end is exclusive, ``None`` is open.

    Raises ``ValueError`` for a pause that ends before it starts, ``TypeError`` for one that is not a pair.
    """
    read: list[tuple[datetime, datetime | None]] = []
    for pause in given:
        if len(pause) != 2:
            raise TypeError(f"a pause is a pair of start and end, not {pause!r}")
        low = Reading(local, pause[0], "pause").instant
        high = None if pause[1] is None else Reading(local, pause[1], "pause").instant
        if high is not None and high < low:
            raise ValueError(f"a pause ends before it starts: {pause!r}")
        if high != low:
            read.append((low, high))
    union: list[tuple[datetime, datetime | None]] = []
    for low, high in sorted(read, key=lambda pause: pause[0]):
        if not union:
            union.append((low, high))
            continue
        before = union[-1]
        if before[1] is None:
            break
        if low > before[1]:
            union.append((low, high))
        else:
            union[-1] = (before[0], None if high is None else max(before[1], high))
    return tuple(union)


def with_pauses(
    days: Days,
    time: WorkingTime,
    local: NoZone | ZoneTime,
    begin: Reading,
    pauses: Pauses,
    how: str,
    due: Due,
    *,
    working: bool,
) -> tuple[int, datetime]:
    """The due day and instant when the count stood still during ``pauses``.

    ``due(begin, more)`` counts from ``begin`` with ``more`` days added to the length.
    """
    if how == "whole_days":
        return _whole_days(days, local, begin, pauses, due, working=working)
    start = begin
    for low, high in pauses:
        if high is not None and high <= begin.instant:
            continue
        # The limit runs as if it had begun later by the time the clock stood still.
        if low > due(start, 0)[1]:
            break
        if high is None:
            raise ValueError(STUCK)
        low = max(low, begin.instant)
        if how == "elapsed":
            start = start.at(start.instant + (high - low))
        elif worked := time.worked(low, high):
            start = start.at(time.add(start.instant, worked))
    return due(start, 0)


def _whole_days(
    days: Days, local: NoZone | ZoneTime, begin: Reading, pauses: Pauses, due: Due, *, working: bool
) -> tuple[int, datetime]:
    found = due(begin, 0)
    more = 0
    for day, endless in _days_inside(local, begin, pauses):
        if local.day_start(day) > found[1]:
            break
        if endless:
            raise ValueError(STUCK)
        if not working or days.is_working(day):
            more += 1
            found = due(begin, more)
    return found


def _days_inside(local: NoZone | ZoneTime, begin: Reading, pauses: Pauses) -> Iterator[tuple[int, bool]]:
    """The days wholly inside a pause and not before the start, and whether that pause has no end."""
    for low, high in pauses:
        low = max(low, begin.instant)
        day = local.to_wall(low).toordinal()
        if local.day_start(day) < low:
            day += 1
        if high is None:
            yield day, True
        else:
            yield from ((inside, False) for inside in range(day, local.to_wall(high).toordinal()))
