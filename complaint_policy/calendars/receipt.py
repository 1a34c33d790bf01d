"""Where the counting of working days starts: the conventions ``after_hours`` and ``zero``."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import frozen

from complaint_policy.calendars.days import Days
from complaint_policy.calendars.hours import WorkingTime
from complaint_policy.calendars.moments import Local, Reading, wall_at
from complaint_policy.calendars.schedule import MICROSECOND

__all__ = ["Receipt", "receipt_of"]


@frozen
class Receipt:
    """The start of a count: its day, and the time of day that a same-time result has.

    ``settle`` says what happens to a same-time result outside hours, ``instant`` is the result itself
    where nothing is counted.
    """

    day: int
    clock: timedelta
    settle: str = "as_received"
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
        result = wall_at(local, day, self.clock)
        if self.settle == "as_received" or (self.settle == "deemed_next_opening" and _inside(time, result)):
            return day, result
        moved = _moved(time, local, result, n, deemed=self.settle == "deemed_next_opening")
        return moved.day, wall_at(local, moved.day, moved.clock)


def receipt_of(
    days: Days, time: WorkingTime, local: Local, begin: Reading, n: int, after_hours: str, zero: str
) -> Receipt:
    """The start of a count of ``n`` working days from ``begin``."""
    if n == 0:
        return _of_zero(days, time, local, begin, after_hours, zero)
    if begin.is_date or after_hours == "as_received":
        return Receipt(begin.day, begin.clock)
    if after_hours == "deemed_next_opening":
        if days.is_working(begin.day) and _inside(time, begin.instant):
            return Receipt(begin.day, begin.clock, after_hours)
        return _moved(time, local, begin.instant, n, deemed=True)
    if not days.is_working(begin.day):
        return Receipt(begin.day, begin.clock, after_hours)
    return _moved(time, local, begin.instant, n, deemed=False)


def _of_zero(days: Days, time: WorkingTime, local: Local, begin: Reading, after_hours: str, zero: str) -> Receipt:
    if zero == "stay":
        return Receipt(begin.day, begin.clock, instant=begin.instant)
    direction = 1 if zero == "next_opening" else -1
    if begin.is_date or days.hours is None:
        return Receipt(days.roll(begin.day, direction), begin.clock)
    if direction < 0 and after_hours == "deemed_next_opening" and _inside(time, begin.instant):
        return Receipt(begin.day, begin.clock, instant=begin.instant)
    moved = _moved(time, local, begin.instant, direction, deemed=after_hours == "deemed_next_opening")
    return Receipt(moved.day, moved.clock)


def _moved(time: WorkingTime, local: Local, instant: datetime, n: int, *, deemed: bool) -> Receipt:
    """An instant moved to the next opening; counted back, to the closing before (``deemed``: that day's opening)."""
    settle = "deemed_next_opening" if deemed else "next_opening"
    if n > 0:
        return _at(local, time.next_opening(instant), timedelta(0), settle)
    closing = _at(local, time.previous_closing(instant), MICROSECOND, settle)
    if not deemed:
        return closing
    return _at(local, time.opening_of(closing.day), timedelta(0), settle)


def _at(local: Local, instant: datetime, back: timedelta, settle: str) -> Receipt:
    """The day of an instant (a closing at midnight belongs to the day before) and its time of day."""
    day = local.to_wall(instant - back).toordinal()
    return Receipt(day, local.to_wall(instant).replace(fold=0) - datetime.fromordinal(day), settle)


def _inside(time: WorkingTime, instant: datetime) -> bool:
    """Whether an instant lies in an open span or at its closing."""
    return time.is_open(instant) or time.previous_closing(instant) == instant
