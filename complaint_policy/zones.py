"""Time zones read from the pinned ``tzdata`` package, never from the machine.

An *instant* inside the library is a naive ``datetime`` in UTC.  ``Zone`` turns wall time into
instants and back, with the daylight-saving rules of docs/language.md written out:

* a wall time in a gap is shifted on by the gap's length;
* a wall time in a fold is its first reading, unless its ``fold`` says otherwise;
* a day begins at its first instant, which need not be midnight.
"""

from __future__ import annotations

import io
import struct
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

__all__ = ["UnknownZone", "Zone", "zone_data_version", "zone_named"]

_EPOCH = datetime(1970, 1, 1)
_FAR = datetime(2500, 1, 1)


class UnknownZone(ValueError):
    """The name is not a zone of the pinned table."""


@lru_cache(maxsize=1)
def zone_data_version() -> str:
    """The version of the pinned time-zone table, such as ``2026f``."""
    import tzdata

    return str(tzdata.IANA_VERSION)


def _zone_bytes(name: str) -> bytes:
    parts = name.split("/")
    if not name.isascii() or any(not p or p.startswith(".") or "\\" in p for p in parts):
        raise UnknownZone(name)
    try:
        data = resources.files("tzdata").joinpath("zoneinfo", *parts).read_bytes()
    except (OSError, ValueError):
        raise UnknownZone(name) from None
    if not data.startswith(b"TZif"):
        raise UnknownZone(name)
    return data


class Zone(tzinfo):
    """One time zone: a ``tzinfo`` that pickles by name and converts instants.

    Use :func:`zone_named` to get one; equal names give the same object.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        data = _zone_bytes(name)
        self._info = ZoneInfo.from_file(io.BytesIO(data), key=name)
        # Most instants lie after the last change of a zone that has stopped changing: one comparison decides.
        self.steady_from = _last_change(data)
        self.steady_offset = self.offset_at(_FAR) if self.steady_from < _FAR else timedelta(0)

    def __reduce__(self) -> tuple[object, ...]:
        return (zone_named, (self.name,))

    def __repr__(self) -> str:
        return f"Zone({self.name!r})"

    def __str__(self) -> str:
        return self.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Zone) and other.name == self.name

    def __hash__(self) -> int:
        return hash(("Zone", self.name))

    # -- the tzinfo protocol: what aware datetimes handed to the user call
    def utcoffset(self, when: datetime | None) -> timedelta | None:
        return None if when is None else self._info.utcoffset(when.replace(tzinfo=self._info))

    def dst(self, when: datetime | None) -> timedelta | None:
        return None if when is None else self._info.dst(when.replace(tzinfo=self._info))

    def tzname(self, when: datetime | None) -> str | None:
        return self.name if when is None else self._info.tzname(when.replace(tzinfo=self._info))

    def fromutc(self, when: datetime) -> datetime:
        return self._info.fromutc(when.replace(tzinfo=self._info)).replace(tzinfo=self)

    # -- instants (naive UTC) and wall times (naive, of this zone)
    def offset_at(self, instant: datetime) -> timedelta:
        """The offset from UTC in force at an instant."""
        return self._info.fromutc(instant.replace(tzinfo=self._info)).replace(tzinfo=None) - instant

    def to_utc(self, wall: datetime) -> datetime:
        """The instant of a naive wall time (``fold`` respected; a gap is shifted on by its length)."""
        if wall >= self.steady_from:
            return wall - self.steady_offset
        offset = self._info.utcoffset(wall.replace(tzinfo=self._info)) or timedelta(0)
        # In a gap the reading with fold=0 uses the offset before it: shifted on by the gap's length.
        return (wall - offset).replace(fold=0)

    def to_wall(self, instant: datetime) -> datetime:
        """The naive wall time of an instant (``fold=1`` in the second reading of a fold)."""
        if instant >= self.steady_from:
            return instant + self.steady_offset
        return self._info.fromutc(instant.replace(tzinfo=self._info)).replace(tzinfo=None)

    def to_aware(self, instant: datetime) -> datetime:
        """The aware datetime, in this zone, of an instant."""
        if instant >= self.steady_from:
            return (instant + self.steady_offset).replace(tzinfo=self)
        return self.fromutc(instant)

    def changes_on(self, day: int) -> bool:
        """Whether the offset changes on a local day, or where it meets its neighbours."""
        begin, end = self.day_start(day), self.day_start(day + 1)
        second = timedelta(seconds=1)
        return len({self.offset_at(moment) for moment in (begin - second, begin, end - second, end)}) > 1

    def day_start(self, day: int) -> datetime:
        """The first instant of the local day with this proleptic ordinal."""
        midnight = datetime.fromordinal(day)
        if midnight >= self.steady_from:
            return midnight - self.steady_offset
        instant = self.to_utc(midnight)
        if self.to_wall(instant) == midnight:
            return instant
        # Midnight lies in a gap: the day begins where the clocks jump.
        before = instant - timedelta(days=1)
        old = self.offset_at(before)
        while instant - before > timedelta(seconds=1):
            middle = before + timedelta(seconds=int((instant - before).total_seconds()) // 2)
            if self.offset_at(middle) == old:
                before = middle
            else:
                instant = middle
        return instant

    def beginning(self, day: date) -> datetime:
        """The first instant of a local day; where that lies before or after all instants there are, the first or last of them."""
        try:
            return self.day_start(day.toordinal())
        except OverflowError:
            return datetime.min if day.year == date.min.year else datetime.max


def _last_change(data: bytes) -> datetime:
    """When a TZif file's zone changed its offset for the last time; ``datetime.max`` if it still does."""
    header = struct.Struct(">4sc15x6l")
    _, version, *counts = header.unpack_from(data)
    if version < b"2":
        return datetime.max
    isut, isstd, leap, times, kinds, chars = counts
    second = header.size + times * 5 + kinds * 6 + chars + leap * 8 + isstd + isut
    isut, isstd, leap, times, kinds, chars = header.unpack_from(data, second)[2:]
    start = second + header.size
    footer = data[start + times * 9 + kinds * 6 + chars + leap * 12 + isstd + isut :]
    if b"," in footer:
        return datetime.max
    last = struct.unpack_from(f">{times}q", data, start)[-1] if times else 0
    return max(_EPOCH + timedelta(seconds=last), _EPOCH) + timedelta(days=2)


@lru_cache(maxsize=256)
def zone_named(name: str) -> Zone:
    """The zone of that IANA name, from the pinned table.

    Raises :class:`UnknownZone` (a ``ValueError``) for any other name.
    """
    return Zone(name)
