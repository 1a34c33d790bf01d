"""Internal instants as people see them: local times, days, and the ends of what is not known exactly."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from complaint_policy.possible import MAX_INSTANT, MIN_INSTANT, NOWHERE_MISSING, DayEnd, Interval, Maybe, options_of
from complaint_policy.zones import Zone

__all__ = ["day_of", "highest", "local", "lowest", "missing_of"]


def local(value: Any, zone: Zone) -> datetime | None:
    """An internal instant as an aware local time; the end of a day as 23:59:59 of that day."""
    if value.__class__ is datetime:
        return zone.to_aware(value)
    if isinstance(value, DayEnd):
        return zone.to_aware(datetime(value.year, value.month, value.day, value.hour, value.minute, value.second))
    return None


def day_of(value: Any, zone: Zone) -> date | None:
    """The local day of an instant, or of an interval within one day."""
    if isinstance(value, datetime):
        return zone.to_wall(value).date()
    if isinstance(value, Interval) and value.low > MIN_INSTANT and value.high < MAX_INSTANT:
        first, last = zone.to_wall(value.low).date(), zone.to_wall(value.high).date()
        return first if first == last else None
    return None


def lowest(value: Any) -> datetime | None:
    """The earliest instant a value can be; ``None`` where none is known."""
    ends = _ends(value, low=True)
    return min(ends) if ends else None


def highest(value: Any) -> datetime | None:
    """The latest instant a value can be; ``None`` where none is known."""
    ends = _ends(value, low=False)
    return max(ends) if ends else None


def _ends(value: Any, *, low: bool) -> list[datetime]:
    if isinstance(value, datetime):
        return [value]
    found: list[datetime] = []
    for option in options_of(value) or ():
        if isinstance(option, datetime):
            found.append(option)
        elif isinstance(option, Interval):
            end = option.low if low else option.high
            if end not in (MIN_INSTANT, MAX_INSTANT):
                found.append(end)
            elif low:
                continue
            else:
                return []
    return found


def missing_of(value: Any) -> frozenset[str]:
    """The names that keep a value from being known exactly."""
    if isinstance(value, Interval):
        return value.missing
    if isinstance(value, Maybe):
        return value.missing.union(*(missing_of(o) for o in value.options or ()))
    return NOWHERE_MISSING
