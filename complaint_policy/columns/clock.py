"""Instants as whole microseconds: the clock of a sheet.

A zone that has stopped changing runs on its wall time (which is where most tables have their times); any other on UTC, with the
zone's changes as tables by day.  Times outside the days a clock knows are null: their rows are left to the record evaluation.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

import polars as pl

from complaint_policy.columns.plan import Ex, on
from complaint_policy.zones import Zone

__all__ = ["DAY", "FIRST_TICK", "LAST_TICK", "Clock", "changes", "epoch_day", "micros"]

DAY: Final = 86_400_000_000
_EPOCH: Final = datetime(1970, 1, 1)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_MICRO: Final = timedelta(microseconds=1)
# Between these every tick of every clock is a time that Python has, in every zone.
FIRST_TICK, LAST_TICK = ((datetime(year, 1, 1) - _EPOCH) // _MICRO for year in (2, 9999))
# No change of a zone's clock is undone within three days.
_STEP: Final = timedelta(days=3)


def micros(moment: datetime) -> int:
    """A naive time as microseconds since 1970."""
    return (moment - _EPOCH) // _MICRO


def epoch_day(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH_DAY


@lru_cache(maxsize=64)
def changes(zone: Zone, first: date, last: date) -> tuple[tuple[datetime, int, int], ...]:
    """Every change of the zone's offset between two days: the instant (naive UTC), the offset before and after (microseconds)."""
    found: list[tuple[datetime, int, int]] = []
    begin = datetime.combine(first, datetime.min.time()) - _STEP
    end = datetime.combine(last, datetime.min.time()) + _STEP
    before = zone.offset_at(begin)
    while begin < end:
        following = begin + _STEP
        after = zone.offset_at(following)
        if after != before:
            low, high = begin, following
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
                low, high = (middle, high) if zone.offset_at(middle) == before else (low, middle)
            found.append((high, before // _MICRO, after // _MICRO))
        begin, before = following, after
    return tuple(found)


class Clock:
    """The ticks of one sheet: microseconds of wall time (``steady``) or of UTC, from one day to another (both inclusive)."""

    def __init__(self, zone: Zone, first: date, last: date) -> None:
        self.zone = zone
        self.first, self.last = first, last
        self.base = epoch_day(first)
        self.days = epoch_day(last) - self.base + 1
        self.steady = datetime.combine(first, datetime.min.time()) - timedelta(days=2) >= zone.steady_from
        self.offset = zone.steady_offset // _MICRO if self.steady else 0
        self._changes = () if self.steady else changes(zone, first, last)
        # The ticks between which this clock is right; what lies outside is left to the record evaluation.
        self.lowest = self.of_utc(zone.day_start(first.toordinal()))
        self.highest = self.of_utc(zone.day_start(last.toordinal() + 1)) - 1

    # ---------------------------------------------------------------- single instants
    def of_utc(self, instant: datetime) -> int:
        """The ticks of an instant (naive UTC)."""
        return micros(instant) + self.offset

    def to_utc(self, ticks: int) -> datetime:
        """The instant (naive UTC) of ticks between :data:`FIRST_TICK` and :data:`LAST_TICK`; raises ``OverflowError`` far beyond."""
        return _EPOCH + timedelta(microseconds=ticks - self.offset)

    def day_starts(self) -> list[int]:
        """The ticks at which each day of the clock begins, and the day after the last."""
        if self.steady:
            return [(self.base + i) * DAY for i in range(self.days + 1)]
        zone, first = self.zone, self.first.toordinal()
        return [micros(zone.day_start(first + i)) for i in range(self.days + 1)]

    # ---------------------------------------------------------------- columns
    def from_utc(self, physical: Ex) -> Ex:
        """Ticks of a column of UTC microseconds."""
        return physical + pl.lit(self.offset, pl.Int64) if self.offset else physical

    def to_utc_column(self, ticks: Ex, *, earlier: int = 0) -> Ex:
        """UTC microseconds of ticks, so many microseconds ``earlier``."""
        behind = self.offset + earlier
        return ticks - pl.lit(behind, pl.Int64) if behind else ticks

    def from_wall(self, wall: Ex) -> Ex:
        """Ticks of a column of naive local microseconds: the first reading in a fold, shifted on in a gap."""
        if self.steady:
            return wall
        # A local time is of the old offset up to where both readings have passed.
        steps = [(micros(at) + max(before, after), before, after) for at, before, after in self._changes]
        return wall - self._offset(wall, steps)

    def to_wall(self, ticks: Ex) -> Ex:
        """Naive local microseconds."""
        return ticks if self.steady else ticks + self._offset(ticks, [(micros(at), before, after) for at, before, after in self._changes])

    def from_wall_late(self, wall: Ex) -> Ex:
        """As :meth:`from_wall`, but the later reading in a fold: as computed limits are read."""
        if self.steady:
            return wall
        steps = [
            # In a gap as before; in a fold the new offset holds from its first reading on.
            (micros(at) + max(before, after) if after > before else micros(at) + after, before, after)
            for at, before, after in self._changes
        ]
        return wall - self._offset(wall, steps)

    def _offset(self, at: Ex, steps: list[tuple[int, int, int]]) -> Ex:
        """The offset in force at a column of microseconds, by steps; null on days with two steps."""
        if not steps:
            return Ex(pl.lit(self.zone.offset_at(_EPOCH + timedelta(microseconds=self.base * DAY)) // _MICRO, dtype=pl.Int64))
        places = [place for place, _, _ in steps]
        olds: list[int | None] = []
        news: list[int | None] = []
        whens: list[int | None] = []
        for index in range(-2, self.days + 2):
            start = (self.base + index) * DAY
            first = bisect_right(places, start)
            after = bisect_right(places, start + DAY - 1)
            old = steps[first - 1][2] if first else steps[0][1]
            twice = after - first > 1
            olds.append(None if twice else old)
            news.append(None if twice else steps[after - 1][2] if after > first else old)
            whens.append(places[first] if after > first else start + DAY)
        old_table, new_table, when_table = (pl.lit(pl.Series(v, dtype=pl.Int64)) for v in (olds, news, whens))
        base = self.base - 2

        size = len(olds)

        def looked_up(x: pl.Expr) -> pl.Expr:
            found = (x // DAY - base).cast(pl.UInt32, strict=False)
            day = pl.when(found < size).then(found)
            old, new, when = (table.gather(day) for table in (old_table, new_table, when_table))
            return pl.when(x < when).then(old).otherwise(new)

        return on(looked_up, at)

    def day(self, ticks: Ex, *, inside: bool = False) -> Ex:
        """The local day of instants, counted from the clock's first; null outside the clock (unless all are known to be ``inside``)."""
        base = self.base
        days = self.days

        def index(wall: pl.Expr) -> pl.Expr:
            day = wall // DAY - base
            if inside:  # then nothing has to be looked out for
                return day.cast(pl.UInt32, wrap_numerical=True)
            day = day.cast(pl.UInt32, strict=False)
            return pl.when(day < days).then(day)

        return on(index, self.to_wall(ticks))
