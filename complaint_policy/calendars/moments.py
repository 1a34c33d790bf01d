"""Turning what callers give into instants and days, and results back into the kind that was given.

An *instant* is a naive ``datetime`` in UTC (in local time for a calendar without a zone).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any, Final, Literal, Protocol

from complaint_policy.calendars.ledger import LAST_DAY
from complaint_policy.zones import Zone, zone_named

__all__ = ["Local", "NoZone", "local_time", "wall_at"]

Kind = Literal["date", "naive", "aware"]

_ONE_DAY: Final = timedelta(days=1)
_ZERO: Final = timedelta(0)


class Local(Protocol):
    """What the arithmetic needs to know of a zone."""

    def to_utc(self, wall: datetime) -> datetime: ...
    def to_wall(self, instant: datetime) -> datetime: ...
    def day_start(self, day: int) -> datetime: ...
    def switch_days(self, year: int) -> frozenset[int]: ...


class NoZone:
    """Plain local time: no offsets, no switches."""

    name = None

    def to_utc(self, wall: datetime) -> datetime:
        return wall

    def to_wall(self, instant: datetime) -> datetime:
        return instant

    def day_start(self, day: int) -> datetime:
        return datetime.fromordinal(day)

    def switch_days(self, year: int) -> frozenset[int]:
        return frozenset()


class ZoneTime:
    """A zone of the pinned table, with the days on which its clocks change."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.name = zone.name
        self.to_utc = zone.to_utc
        self.to_wall = zone.to_wall
        self.day_start = zone.day_start

    def switch_days(self, year: int) -> frozenset[int]:
        """The days of a year that are longer or shorter than 24 hours, and their neighbours."""
        return _switch_days(self.zone, year)


@lru_cache(maxsize=4096)
def _switch_days(zone: Zone, year: int) -> frozenset[int]:
    first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    if datetime(year, 1, 1) - _ONE_DAY > zone.steady_from:
        return frozenset()
    found: set[int] = set()
    # The shortest summer time of the table lasts a week less an hour (north-east Brazil, October 2000).
    steps = [*range(max(first - 1, 2), min(last + 2, LAST_DAY - 1), 3), min(last + 2, LAST_DAY - 1)]
    offsets = [zone.offset_at(datetime.fromordinal(day)) for day in steps]
    for low, high, before, after in zip(steps, steps[1:], offsets, offsets[1:], strict=False):
        if before == after:
            continue
        offset = before
        for day in range(low + 1, high + 1):
            now = zone.offset_at(datetime.fromordinal(day))
            if now != offset:
                # The change lies in the day before this UTC midnight: locally there, or a day beside it.
                found.update((day - 2, day - 1, day, day + 1))
            offset = now
    return frozenset(day for day in found if first <= day <= last)


def local_time(timezone: str | tzinfo | None) -> NoZone | ZoneTime:
    """The local time of a zone's name (or a ``tzinfo`` that has one).

    Raises ``ValueError`` (``UnknownZone``) for an unknown name, ``TypeError`` for anything else.
    """
    if timezone is None:
        return NoZone()
    if isinstance(timezone, Zone):
        return ZoneTime(timezone)
    if timezone is UTC:
        timezone = "UTC"
    name = timezone if isinstance(timezone, str) else getattr(timezone, "key", None)
    if not isinstance(name, str):
        raise TypeError(f"timezone is an IANA name such as 'Asia/Shanghai', or None, not {timezone!r}")
    return ZoneTime(zone_named(name))


def wall_at(local: Local, day: int, clock: timedelta) -> datetime:
    """The instant of a computed wall time: shifted on in a gap, the later reading in a fold.

    ``clock`` is counted from the day's midnight and may exceed 24 hours.
    """
    try:
        wall = datetime.fromordinal(day) + clock
        first = local.to_utc(wall)
        if local.to_wall(first).replace(fold=0) != wall:
            return first
        return local.to_utc(wall.replace(fold=1)).replace(fold=0)
    except (OverflowError, ValueError):
        raise OverflowError("the result lies outside the years 1 to 9999") from None


class Reading:
    """One value a caller gave: its instant, its local day, and how to answer in kind."""

    __slots__ = ("_local", "day", "instant", "kind")

    def __init__(self, local: NoZone | ZoneTime, given: object, what: str = "start") -> None:
        self._local = local
        try:
            self._read(local, given, what)
        except OverflowError:
            raise OverflowError(f"{what}: {given} lies outside the years 1 to 9999 in the calendar's zone") from None

    def _read(self, local: NoZone | ZoneTime, given: object, what: str) -> None:
        if isinstance(given, datetime):
            if given.tzinfo is None:
                self.kind: Kind = "naive"
                self.instant = local.to_utc(given).replace(fold=0)
            elif isinstance(local, NoZone):
                raise ValueError(f"{what}: a calendar without a time zone takes naive datetimes only, not {given!r}")
            else:
                self.kind = "aware"
                self.instant = (given - (given.utcoffset() or _ZERO)).replace(tzinfo=None, fold=0)
            self.day = local.to_wall(self.instant).toordinal()
        elif isinstance(given, date):
            self.kind = "date"
            self.day = given.toordinal()
            self.instant = local.day_start(self.day)
        else:
            raise TypeError(f"{what} must be a date or a datetime, not {type(given).__name__}")

    def at(self, instant: datetime) -> Reading:
        """Another instant, to be answered in the same kind."""
        other = object.__new__(Reading)
        other._local, other.kind, other.instant = self._local, self.kind, instant
        other.day = self._local.to_wall(instant).toordinal()
        return other

    @property
    def is_date(self) -> bool:
        """Whether a bare date was given."""
        return self.kind == "date"

    @property
    def clock(self) -> timedelta:
        """The wall time since the day's midnight."""
        return self._local.to_wall(self.instant).replace(fold=0) - datetime.fromordinal(self.day)

    def answer(self, instant: datetime, day: int | None = None) -> Any:
        """An instant in the kind that was given; ``day`` is the day to give for a date, if known."""
        try:
            wall = self._local.to_wall(instant)
        except OverflowError:
            raise OverflowError("the result lies outside the years 1 to 9999") from None
        if self.kind == "date":
            return date.fromordinal(day) if day is not None else wall.date()
        if self.kind == "naive":
            return wall
        assert isinstance(self._local, ZoneTime)
        return self._local.zone.to_aware(instant)
