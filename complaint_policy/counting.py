"""Counting a length from an instant: the conventions, and the due instant they give.

Conventions and their values are the table of docs/language.md; the first value of each is the
default.  Sources of the defaults: Civil Code of China, articles 200 to 204.
"""

from __future__ import annotations

import calendar as month_lengths
from datetime import MAXYEAR, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from complaint_policy.lengths import MONTH_DAY, Length, MonthDays
from complaint_policy.possible import MAX_INSTANT, MICROSECOND, MIN_INSTANT, DayEnd, Interval, day_end
from complaint_policy.texts import Text
from complaint_policy.zones import Zone, zone_named

if TYPE_CHECKING:
    from complaint_policy.calendars import Calendar

__all__ = ["CONVENTIONS", "TAKEN_BY", "CalendarSpec", "Counter", "Counting", "calendar_of"]

CONVENTIONS: Final[dict[str, tuple[str, ...]]] = {
    "first_day": ("excluded", "included"),
    "ends": ("end_of_day", "same_time", "close_of_business"),
    "roll": ("none", "next_working_day", "previous_working_day"),
    "after_hours": ("as_received", "next_opening", "deemed_next_opening"),
    "from_closed_day": ("next_day_is_one", "next_working_day_is_zero"),
    "at_closing": ("stay", "roll"),
    "pause_on_days": ("working_time", "elapsed", "whole_days"),
}

_DAYS: Final = ("days", "weeks", "months", "years", MONTH_DAY)
# Which units take which convention; any other pair in a rule's own `counting` is a load error.
TAKEN_BY: Final[dict[str, frozenset[str]]] = {
    "first_day": frozenset((*_DAYS, "working days")),
    "ends": frozenset((*_DAYS, "working days")),
    "roll": frozenset(_DAYS),
    "after_hours": frozenset(("working days", "working hours")),
    "from_closed_day": frozenset(("working days",)),
    "at_closing": frozenset(("working hours",)),
    "pause_on_days": frozenset((*_DAYS, "working days")) - {MONTH_DAY},
}


@frozen
class CalendarSpec:
    """A calendar as the policy declares it.  Two equal declarations are one calendar."""

    name: str = field(eq=False)
    timezone: str
    country: str | None = None
    subdivision: str | None = None
    weekdays: tuple[str, ...] | None = None
    announced_until: date | None = None
    hours: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] | None = None
    holidays: tuple[date, ...] = ()
    extra_working_days: tuple[date, ...] = ()
    dates: tuple[tuple[date, tuple[tuple[str, str], ...]], ...] = ()
    title: Text | None = field(default=None, eq=False)

    @property
    def called(self) -> Text:
        return self.title or Text(self.name, self.name)

    @property
    def never_opens(self) -> bool:
        """Whether its hours leave no day of the week to work on: days opened by date run out."""
        worked = [spans for day, spans in self.hours or () if self.weekdays is None or day in self.weekdays]
        return self.hours is not None and not any(worked)


@lru_cache(maxsize=256)
def calendar_of(spec: CalendarSpec) -> Calendar:
    """The calendar of a declaration; equal declarations share one."""
    from complaint_policy.calendars import Calendar

    return Calendar(
        timezone=spec.timezone,
        country=spec.country,
        subdivision=spec.subdivision,
        weekdays=list(spec.weekdays) if spec.weekdays is not None else None,
        announced_until=spec.announced_until,
        hours={day: list(spans) for day, spans in spec.hours} if spec.hours is not None else None,
        holidays=spec.holidays,
        extra_working_days=spec.extra_working_days,
        dates={day: list(spans) for day, spans in spec.dates},
    )


@frozen
class Counting:
    """The conventions in force for a rule, with the calendar they use (or none)."""

    calendar: CalendarSpec | None = None
    first_day: str = "excluded"
    ends: str = "end_of_day"
    roll: str = "none"
    after_hours: str = "as_received"
    from_closed_day: str = "next_day_is_one"
    at_closing: str = "stay"
    pause_on_days: str = "working_time"
    timezone: str = "UTC"


Pause = tuple[datetime, datetime]  # naive UTC, end exclusive

# Cached due instants of one counter; a policy judges few different days, but a table may bring many.
_CACHE_SIZE: Final = 16_384


class Counter:
    """Counts one length by one set of conventions: ``due(start)`` in naive UTC.

    A due instant at the end of a day is a :class:`DayEnd`; an act is in time up to and including
    the due instant.
    """

    def __init__(self, length: Length, counting: Counting, *, ahead: bool = False) -> None:
        self.length = length
        self.counting = counting
        self.zone: Zone = zone_named(counting.timezone)
        self.sign = -1 if ahead else 1
        self.amount = length.amount * self.sign
        self._exact = length.exactly() * self.sign if length.is_exact else None
        self._by_day: dict[int, datetime] = {}
        # The due day depends on nothing but the day of the start.
        self.by_day = length.counts_days and counting.ends != "same_time" and (length.unit != "working days" or counting.after_hours == "as_received")

    @property
    def uses_calendar(self) -> bool:
        """Whether the due instant rests on the calendar's working days."""
        return self.length.is_working or (self.length.counts_days and (self.counting.roll != "none" or self.counting.ends == "close_of_business"))

    def due(self, start: datetime) -> datetime:
        """The due instant counted from ``start`` (both naive UTC), without pauses; counted on, never before it."""
        if self._exact is not None:
            return start + self._exact
        due = self._on_day(start) if self.by_day else self._count(start)
        return due if due >= start or self.sign < 0 else self._at_the_start(start)

    def _on_day(self, start: datetime) -> datetime:
        """The due instant of all starts on a day."""
        zone = self.zone
        wall = start + zone.steady_offset if start >= zone.steady_from else zone.to_wall(start)
        day = wall.toordinal()
        known = self._by_day.get(day)
        if known is None:
            known = self._count(start)
            if len(self._by_day) >= _CACHE_SIZE:
                self._by_day.clear()
            self._by_day[day] = known
        return known

    def _at_the_start(self, start: datetime) -> datetime:
        """What would end before its start (rolled back, or past the day's closing) ends with the start's own day, or the next closing."""
        if self.counting.ends == "same_time":
            return start
        if self.counting.ends == "end_of_day":
            day = self.zone.to_wall(start).toordinal() + 1
            boundary = self.zone.day_start(day)
            # Clocks put back over midnight read the evening a second time when the next day has begun.
            return day_end(boundary if start < boundary else self.zone.day_start(day + 1))
        return _to_utc(self._calendar().add_days(self.zone.to_aware(start), 0, ends="close_of_business"))

    def _count(self, start: datetime) -> datetime:
        length, counting = self.length, self.counting
        if length.unit == "working hours":
            return self._working_time(start, length.exactly() * self.sign, ())
        if isinstance(start, DayEnd):
            start = start.boundary - MICROSECOND
        wall = self.zone.to_wall(start)
        if length.unit == "working days":
            return self._working_day(start, wall)
        due_day = self.last_day(wall.date())
        if counting.roll != "none":
            due_day = self._calendar().roll(due_day, counting.roll)
        return self.ending(due_day, wall)

    def last_day(self, day: date) -> date:
        """The last day of a calendar length counted from ``day``, before any roll (Civil Code 201, 202)."""
        length, amount = self.length, self.amount
        if isinstance(length, MonthDays):
            return length.next(day, included=self.counting.first_day == "included")
        if length.same_day or amount == 0:
            return day
        if length.unit == "days":
            moved = day + timedelta(days=amount)
        elif length.unit == "weeks":
            moved = day + timedelta(weeks=amount)
        else:
            moved = _months_on(day, amount * (12 if length.unit == "years" else 1))
        return moved - timedelta(days=self.sign) if self.counting.first_day == "included" else moved

    def _working_day(self, start: datetime, wall: datetime) -> datetime:
        counting = self.counting
        if counting.after_hours == "as_received" or counting.ends == "end_of_day":
            return self.ending(self.last_working_day(start, wall.date(), self.amount), wall)
        # A closing after midnight is that of the day before: the calendar knows whose it is.
        return _to_utc(self._moved(start, self.amount, counting.ends))

    def last_working_day(self, start: datetime, day: date, amount: int) -> date:
        """The last of so many working days counted from ``start``, which lies on ``day``."""
        counting = self.counting
        if counting.after_hours == "as_received":
            last: date = self._calendar().add_working_days(day, amount, first_day=counting.first_day, from_closed_day=counting.from_closed_day)
            return last
        return self._moved(start, amount, "end_of_day").date()

    def _moved(self, start: datetime, amount: int, ends: str) -> datetime:
        counting = self.counting
        moved: datetime = self._calendar().add_working_days(
            self.zone.to_aware(start),
            amount,
            first_day=counting.first_day,
            from_closed_day=counting.from_closed_day,
            after_hours=counting.after_hours,
            ends=ends,
        )
        return moved

    def ending(self, day: date, clock: datetime) -> datetime:
        """The instant at which a limit ending on ``day`` ends."""
        ends = self.counting.ends
        if ends == "end_of_day":
            return day_end(self.zone.day_start(day.toordinal() + 1))
        if ends == "close_of_business":
            return self._closing(day)
        wall = datetime.combine(day, clock.time().replace(fold=0))
        first = self.zone.to_utc(wall)
        # A computed time in a fold takes the later reading; in a gap it is shifted on by the gap's length.
        return self.zone.to_utc(wall.replace(fold=1)) if self.zone.to_wall(first).replace(fold=0) == wall else first

    def _closing(self, day: date) -> datetime:
        calendar, zone = self._calendar(), self.zone
        if calendar.is_working_day(day):
            return _to_utc(calendar.add_days(zone.to_aware(zone.day_start(day.toordinal())), 0, ends="close_of_business"))
        return _to_utc(calendar.previous_closing(zone.to_aware(zone.day_start(day.toordinal() + 1))))

    def _working_time(self, start: datetime, amount: timedelta, pauses: tuple[Pause, ...]) -> datetime:
        calendar, zone = self._calendar(), self.zone
        begin = zone.to_aware(start.boundary if isinstance(start, DayEnd) else start)
        if self.counting.after_hours != "as_received":
            begin = calendar.next_opening(begin)
        aware = [(zone.to_aware(low), zone.to_aware(high)) for low, high in pauses]
        return _to_utc(calendar.add_working_time(begin, amount, at_closing=self.counting.at_closing, pauses=aware))

    def _calendar(self) -> Any:
        if self.counting.calendar is None:
            raise AssertionError("check lets no working unit or roll through without a calendar")
        return calendar_of(self.counting.calendar)

    # ---------------------------------------------------------------- pauses
    def due_with_pauses(self, start: datetime, pauses: tuple[Pause, ...]) -> datetime:
        """The due instant when the clock stood still during ``pauses`` (disjoint, in order, after ``start``)."""
        if not pauses or isinstance(self.length, MonthDays):  # a day of the year stays where it is
            return self.due(start)
        if self._exact is not None:
            return _stand_still(start + self._exact, pauses)
        if self.length.unit == "working hours":
            return self._working_time(start, self.length.exactly() * self.sign, pauses)
        if self.counting.pause_on_days == "whole_days":
            return self.whole_days(start, pauses)[0]
        return self.due(self.begun_later(start, pauses)[0])

    def begun_later(self, start: datetime, pauses: tuple[Pause, ...]) -> tuple[datetime, tuple[Pause, ...]]:
        """The limit runs as if it had begun later by the time the clock stood still: that start, and the pauses that counted."""
        shifted, used = start, 0
        for low, high in pauses:
            if low > self.due(shifted):
                break
            shifted = self.later(shifted, low, high)
            used += 1
        return shifted, pauses[:used]

    def later(self, start: datetime, low: datetime, high: datetime) -> datetime:
        """A start put off by one pause."""
        if self.counting.pause_on_days == "elapsed" or self.counting.calendar is None:
            return start + (high - low)
        calendar, zone = self._calendar(), self.zone
        worked = calendar.working_time_between(zone.to_aware(low), zone.to_aware(high))
        if not worked:
            return start
        return _to_utc(calendar.add_working_time(zone.to_aware(start), worked))

    def whole_days(self, start: datetime, pauses: tuple[Pause, ...]) -> tuple[datetime, tuple[date, ...]]:
        """The due instant, and the days wholly inside a pause that moved it."""
        working = self.length.unit == "working days"
        calendar = self._calendar() if working else None
        paused: list[date] = []
        for low, high in pauses:
            first, last = self._days_inside(low, high)
            day = first
            while day < last:
                if calendar is None or calendar.is_working_day(day):
                    paused.append(day)
                day += timedelta(days=1)
        due, used = self.due(start), 0
        for moved, day in enumerate(paused, 1):
            if self.zone.day_start(day.toordinal()) > due:
                break
            longer = Length(self.length.amount + moved, self.length.unit)
            due = Counter(longer, self.counting).due(start) if self.length.unit in ("days", "working days") else self._shift_days(start, moved)
            used = moved
        return due, tuple(paused[:used])

    def _shift_days(self, start: datetime, moved: int) -> datetime:
        wall = self.zone.to_wall(start)
        day = self.last_day(wall.date()) + timedelta(days=moved)
        if self.counting.roll != "none":
            day = self._calendar().roll(day, self.counting.roll)
        return self.ending(day, wall)

    def _days_inside(self, low: datetime, high: datetime) -> tuple[date, date]:
        """The days wholly inside a pause: the first, and the day after the last."""
        first = self.zone.to_wall(low).date()
        if self.zone.day_start(first.toordinal()) < low:
            first += timedelta(days=1)
        return first, self.zone.to_wall(high).date()

    # ---------------------------------------------------------------- shares of the limit
    def net_between(self, start: datetime, end: datetime) -> timedelta:
        """How much of the limit's own kind of time lies between two instants."""
        if isinstance(end, DayEnd):
            end = end.boundary
        if not self.length.is_working:
            return end - start
        net: timedelta = self._calendar().working_time_between(self.zone.to_aware(start), self.zone.to_aware(end))
        return net

    def after_net(self, start: datetime, net: timedelta, pauses: tuple[Pause, ...]) -> datetime:
        """The instant at which so much of the limit's own kind of time has passed."""
        if self.length.is_working:
            aware = [(self.zone.to_aware(low), self.zone.to_aware(high)) for low, high in pauses]
            return _to_utc(self._calendar().add_working_time(self.zone.to_aware(start), net, pauses=aware))
        return _stand_still(start + net, pauses)

    def provisional_from(self) -> datetime | None:
        """The first instant past the last announced day of the calendar the limit rests on."""
        spec = self.counting.calendar
        if spec is None or spec.announced_until is None or not self.uses_calendar:
            return None
        return self.zone.day_start(spec.announced_until.toordinal() + 1)

    def unannounced(self, start: datetime, due: datetime) -> Interval | None:
        """Where the due instant may lie when it rests on days the calendar is not announced for; else ``None``.

        ``missing`` of the interval names the calendar and the year.
        """
        limit = self.provisional_from()
        if limit is None:
            return None
        spec, length = self.counting.calendar, self.length
        low, high = limit, MAX_INSTANT
        if length.is_working:
            if max(start, due) < limit:
                return None
            if self.sign < 0:
                low, high = MIN_INSTANT, start
        else:
            raw = day_end(self.zone.day_start(self.last_day(self.zone.to_wall(start).date()).toordinal() + 1))
            if max(raw, due) < limit:
                return None
            if self.counting.roll == "previous_working_day":
                # No further back than the last working day that is announced.
                before = self._calendar().roll(self.zone.to_wall(limit - MICROSECOND).date(), "previous_working_day")
                low, high = day_end(self.zone.day_start(before.toordinal() + 1)), raw
            elif self.counting.roll == "next_working_day":
                low = raw
            else:
                return None
        year = self.zone.to_wall(max(start, due, limit)).year
        return Interval(low, high, frozenset({f"{spec.name if spec is not None else 'calendar'} {year}"}))


def _stand_still(due: datetime, pauses: tuple[Pause, ...]) -> datetime:
    for low, high in pauses:
        if low > due:
            break
        due += high - low
    return due


def _to_utc(aware: datetime) -> datetime:
    offset = aware.utcoffset() or timedelta(0)
    return aware.replace(tzinfo=None, fold=0) - offset


def _months_on(day: date, months: int) -> date:
    """The matching day of a later month, or that month's last day where it has none (Civil Code 202)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    if year > MAXYEAR:
        raise OverflowError("past the year 9999")
    return date(year, month + 1, min(day.day, month_lengths.monthrange(year, month + 1)[1]))
