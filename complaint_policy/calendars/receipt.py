"""Where the counting of working days starts: the conventions ``after_hours`` and ``zero``."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import frozen

from complaint_policy.calendars.days import Days
from complaint_policy.calendars.hours import WorkingTime
from complaint_policy.calendars.moments import Local, Reading, wall_at

__all__ = ["Receipt", "receipt_of"]


@frozen
class Receipt:
    """The start of a count: its day, and what a same-time result is on the last day.

    That is ``instant`` itself where nothing is counted, the day's first opening or last closing
    (``edge``) for a start that was moved there, else the time of day ``clock``.  ``settle`` is the
    convention that moves a result outside hours.
    """

    day: int
    clock: timedelta
    settle: str = "as_received"
    edge: str = ""
    instant: datetime | None = None

    def count(self, days: Days, n: int, first_day: str, from_closed_day: str) -> int:
        """The day on which ``n`` working days end."""
        if n == 0:
            return self.day
        sign = 1 if n > 0 else -1
        zero = self.day
        if not days.is_working(zero):
            if first_day == "included" or from_closed_day == "next_day_is_one":
                return days.move(zero, n)
            zero = days.move(zero, sign)
        elif first_day == "included":
            n -= sign
        return days.move(zero, n) if n else zero

    def same_time(self, time: WorkingTime, local: Local, day: int, n: int) -> tuple[int, datetime]:
        """The result at the same time of day, with the day it belongs to."""
        if self.instant is not None:
            return day, self.instant
        if self.edge:
            return day, time.opening_of(day) if self.edge == "opening" else time.closing_of(day)
        result = wall_at(local, day, self.clock)
        if self.settle == "as_received":
            return day, result
        deemed = self.settle == "deemed_next_opening"
        if _owner(time, result, n, deemed=deemed) is not None:
            return day, result
        moved = _moved(time, local, result, n, deemed=deemed)
        return moved.day, wall_at(local, moved.day, moved.clock)


def receipt_of(
    days: Days, time: WorkingTime, local: Local, begin: Reading, n: int, after_hours: str, zero: str
) -> Receipt:
    """The start of a count of ``n`` working days from ``begin``."""
    if n == 0:
        return _of_zero(days, time, local, begin, after_hours, zero)
    if begin.is_date or after_hours == "as_received":
        return Receipt(begin.day, begin.clock)
    deemed = after_hours == "deemed_next_opening"
    owner = _owner(time, begin.instant, n, deemed=deemed)
    if owner is not None:
        # A moment in a night shift belongs to the day the shift began on.
        return Receipt(owner, begin.clock + timedelta(days=begin.day - owner), after_hours)
    if not deemed and not days.is_working(begin.day):
        # The day stays, for `from_closed_day` to judge; only the moment moves.
        return Receipt(begin.day, begin.clock, after_hours, "opening" if n > 0 else "closing")
    return _moved(time, local, begin.instant, n, deemed=deemed)


def _of_zero(days: Days, time: WorkingTime, local: Local, begin: Reading, after_hours: str, zero: str) -> Receipt:
    if zero == "stay":
        return Receipt(begin.day, begin.clock, instant=begin.instant)
    direction = 1 if zero == "next_opening" else -1
    if begin.is_date or days.hours is None:
        return Receipt(days.roll(begin.day, direction), begin.clock)
    deemed = after_hours == "deemed_next_opening"
    if deemed and _owner(time, begin.instant, direction, deemed=True) is not None:
        return Receipt(begin.day, begin.clock, instant=begin.instant)
    return _moved(time, local, begin.instant, direction, deemed=deemed)


def _moved(time: WorkingTime, local: Local, instant: datetime, n: int, *, deemed: bool) -> Receipt:
    """An instant outside hours, at the next opening; counted back, at the closing before (``deemed``: the opening
    of the day that closing belongs to)."""
    settle = "deemed_next_opening" if deemed else "next_opening"
    moved = time.next_opening(instant) if n > 0 else time.previous_closing(instant)
    day = time.owner(moved, closing=n < 0) or local.to_wall(moved).toordinal()
    if n < 0 and deemed:
        moved = time.opening_of(day)
    edge = ""
    if moved != instant or deemed:
        edge = "opening" if moved == time.opening_of(day) else "closing" if moved == time.closing_of(day) else ""
    return Receipt(day, local.to_wall(moved).replace(fold=0) - datetime.fromordinal(day), settle, edge)


def _owner(time: WorkingTime, instant: datetime, n: int, *, deemed: bool) -> int | None:
    """The day in whose hours an instant lies; the far end of a span is inside for ``deemed`` only."""
    owner = time.owner(instant, closing=n < 0)
    return time.owner(instant, closing=n > 0) if owner is None and deemed else owner
