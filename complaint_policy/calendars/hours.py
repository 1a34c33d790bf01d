"""Working time: open spans as instants, and arithmetic on them in logarithmic time.

Every instant belongs to one local day.  The working time of a day is its own spans and what runs
over from the day before; the sums of an ordinary week and the exceptional days (holidays, the day
after them, days on which the clocks change) give the sum over any stretch.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

from complaint_policy.calendars.days import Days, NoWorkingTime
from complaint_policy.calendars.ledger import LAST_DAY, Ledger
from complaint_policy.calendars.moments import Local
from complaint_policy.calendars.schedule import DAY, MICROSECOND, Spans, merged

__all__ = ["STUCK", "Pauses", "WorkingTime"]

Segments = tuple[tuple[datetime, datetime], ...]
Pauses = tuple[tuple[datetime, datetime | None], ...]

_ONE_DAY: Final = timedelta(days=1)
# Days after which an open calendar is taken to stay open.
_LONG_OPEN: Final = 800
STUCK: Final = "a pause without an end stops the clock before the time is used up"


class WorkingTime:
    """The open spans of a calendar in instants (naive UTC).

    A span is open from its start to just before its end.
    """

    def __init__(self, days: Days, local: Local, *, fixed: bool) -> None:
        self._days = days
        self._local = local
        self._fixed = fixed and days.own_exceptions is not None
        self._ledger: Ledger | None = None
        weekly = days.hours or ()
        self._overnight = any(end > DAY for spans in (*weekly, *days.dates.values()) for _, end in spans)

    # ---------------------------------------------------------------- one day
    def _at(self, day: int, offset: int) -> datetime:
        """The instant of an opening or closing: a midnight is the first instant of its day."""
        if offset % DAY == 0:
            day += offset // DAY
            return self._local.day_start(day) if day <= LAST_DAY else datetime.max
        try:
            return self._local.to_utc(datetime.fromordinal(day) + offset * MICROSECOND)
        except OverflowError:
            return datetime.max if day >= LAST_DAY - 1 else datetime.min

    def _belonging(self, day: int) -> Segments:
        """The open spans that belong to a day, as instants; those of a day that the zone left out do not exist.

        Each span finds its own place: one that the clocks jump over takes nothing from its neighbours.
        """
        spans = self._days.spans(day)
        if not spans or (day < LAST_DAY and self._local.day_start(day) == self._local.day_start(day + 1)):
            return ()
        found = ((self._at(day, start), self._at(day, end)) for start, end in spans)
        return tuple((low, high) for low, high in found if low < high)

    def _reaching(self, day: int, first: datetime) -> tuple[int, ...]:
        """The days whose spans can reach into a day, which begins at ``first``; itself first."""
        if day == 1:
            return (day,)
        before = self._local.day_start(day - 1)
        if before == first and day > 2:
            return (day, day - 1, day - 2)
        # A closing in a gap before midnight is moved past it.
        return (day, day - 1) if self._overnight or first - before != _ONE_DAY else (day,)

    def segments(self, day: int) -> Segments:
        """The open spans inside a local day, in order, as instants; spans that meet or overlap are one."""
        local = self._local
        first = local.day_start(day)
        last = local.day_start(day + 1) if day < LAST_DAY else datetime.max
        return merged(
            (max(low, first), min(high, last))
            for owner in self._reaching(day, first)
            for low, high in self._belonging(owner)
        )

    def _total(self, day: int) -> int:
        return sum((high - low) // MICROSECOND for low, high in self.segments(day))

    # ---------------------------------------------------------------- sums
    @property
    def ledger(self) -> Ledger:
        """The sum of working time, in microseconds a local day."""
        ledger = self._ledger
        if ledger is None:
            week = self._week_totals()
            fixed = None
            if self._fixed:
                own = self._days.own_exceptions or frozenset()
                fixed = self._changes({*own, *(day + 1 for day in own)}, week)
            ledger = Ledger(week, lambda year: self._year_changes(year, week), most=2 * DAY, fixed=fixed)
            self._ledger = ledger
        return ledger

    def _week_totals(self) -> tuple[int, ...]:
        days = self._days
        spans: list[Spans] = []
        for weekday in range(7):
            if not days.week[weekday]:
                spans.append(())
            else:
                spans.append(days.hours[weekday] if days.hours is not None else ((0, DAY),))
        totals = []
        for weekday in range(7):
            own = [(start, min(end, DAY)) for start, end in spans[weekday]]
            own += [(max(start - DAY, 0), end - DAY) for start, end in spans[weekday - 1] if end > DAY]
            totals.append(sum(end - start for start, end in merged(own)))
        return tuple(totals)

    def _year_changes(self, year: int, week: tuple[int, ...]) -> dict[int, int]:
        days = self._days.exceptional(year) | set(self._local.switch_days(year))
        if self._overnight:
            # What runs over from a day changes the next one too, and New Year's Eve is in the year before.
            first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
            days |= {day + 1 for day in days if day < last}
            if year > 1 and first - 1 in self._days.exceptional(year - 1):
                days.add(first)
        return self._changes(days, week)

    def _changes(self, days: Iterable[int], week: tuple[int, ...]) -> dict[int, int]:
        return {day: self._total(day) - week[(day - 1) % 7] for day in days if day <= LAST_DAY}

    def _day_of(self, instant: datetime) -> int:
        """The day between whose first instant and the next one's an instant lies."""
        wall = self._local.to_wall(instant)
        day = wall.toordinal()
        # Clocks put back over midnight read the evening a second time when the next day has begun.
        return day + 1 if wall.fold and instant >= self._local.day_start(day + 1) else day

    def _inside(self, day: int, low: datetime, high: datetime) -> int:
        """The working time of one day between two instants, in microseconds."""
        return sum(max((min(end, high) - max(start, low)) // MICROSECOND, 0) for start, end in self.segments(day))

    def worked(self, start: datetime, end: datetime) -> int:
        """The working time from ``start`` to ``end`` (not reversed), in microseconds."""
        if end <= start:
            return 0
        first, last = self._day_of(start), self._day_of(end)
        if first == last:
            return self._inside(first, start, end)
        total = self._inside(first, start, datetime.max) + self._inside(last, datetime.min, end)
        return total + self.ledger.between(first, last - 1)

    # ---------------------------------------------------------------- openings and closings
    def is_open(self, instant: datetime) -> bool:
        """Whether an instant lies in an open span (its closing does not)."""
        return any(start <= instant < end for start, end in self.segments(self._day_of(instant)))

    def next_opening(self, instant: datetime) -> datetime:
        """The instant itself if it is open, else the next opening."""
        day = self._day_of(instant)
        for start, end in self.segments(day):
            if instant < end:
                return max(start, instant)
        later = self.ledger.forward(day, 1)
        if later is None:
            raise NoWorkingTime("the calendar has no working time ahead")
        return self.segments(later)[0][0]

    def next_turn(self, instant: datetime) -> datetime | None:
        """When it closes that is open at an instant, or opens that is closed; ``None`` where nothing changes, or not for so many days."""
        if not self.is_open(instant):
            try:
                return self.next_opening(instant)
            except NoWorkingTime:
                return None
        end = instant
        for _ in range(_LONG_OPEN):
            # A span ends with its day, and may go on with the next.
            end = next(high for low, high in self.segments(self._day_of(end)) if low <= end < high)
            if not self.is_open(end):
                return end
        return None

    def previous_closing(self, instant: datetime) -> datetime:
        """The instant itself if it is later than an opening and not later than its closing, else the last closing before."""
        day = self._day_of(instant)
        for start, end in reversed(self.segments(day)):
            if instant > start:
                return min(end, instant)
        earlier = self.ledger.backward(day, 1)
        if earlier is None:
            raise NoWorkingTime("the calendar has no working time before")
        return self.segments(earlier)[-1][1]

    def owner(self, instant: datetime, *, closing: bool) -> int | None:
        """The day whose span is open at an instant; ``closing``: that was open just before it."""
        today = self._day_of(instant)
        # A span ends on the next day at the latest, and a zone may have left that day out.
        for day in range(today, max(today - 3, 0), -1):
            for low, high in self._belonging(day):
                if low < instant <= high if closing else low <= instant < high:
                    return day
        return None

    def closing_of(self, day: int) -> datetime:
        """The last closing of the spans that belong to a worked day, even if after midnight."""
        found = self._belonging(day)
        return max(high for _, high in found) if found else self._at(day, max(end for _, end in self._days.spans(day)))

    def opening_of(self, day: int) -> datetime:
        """The first opening of a worked day."""
        found = self._belonging(day)
        return min(low for low, _ in found) if found else self._at(day, self._days.spans(day)[0][0])

    # ---------------------------------------------------------------- adding
    def add(self, start: datetime, amount: int) -> datetime:
        """The first instant by which ``amount`` microseconds (not 0) have been worked from ``start`` on.

        A negative amount counts back: the last instant from which on so much was worked until ``start``.
        """
        return self._forward(start, amount) if amount > 0 else self._backward(start, -amount)

    def _forward(self, start: datetime, amount: int) -> datetime:
        day = self._day_of(start)
        today = self._inside(day, start, datetime.max)
        low = start
        if amount > today:
            amount -= today
            found = self.ledger.forward(day, amount)
            if found is None:
                raise NoWorkingTime("the calendar has not that much working time ahead")
            amount -= self.ledger.between(day, found - 1)
            day, low = found, datetime.min
        for begin, end in self.segments(day):
            begin = max(begin, low)
            size = (end - begin) // MICROSECOND
            if size <= 0:
                continue
            if amount <= size:
                return begin + amount * MICROSECOND
            amount -= size
        raise AssertionError("the ledger and the spans disagree")

    def _backward(self, start: datetime, amount: int) -> datetime:
        day = self._day_of(start)
        today = self._inside(day, datetime.min, start)
        high = start
        if amount > today:
            amount -= today
            found = self.ledger.backward(day, amount)
            if found is None:
                raise NoWorkingTime("the calendar has not that much working time before")
            amount -= self.ledger.between(found, day - 1)
            day, high = found, datetime.max
        for begin, end in reversed(self.segments(day)):
            end = min(end, high)
            size = (end - begin) // MICROSECOND
            if size <= 0:
                continue
            if amount <= size:
                return end - amount * MICROSECOND
            amount -= size
        raise AssertionError("the ledger and the spans disagree")

    def add_around(self, start: datetime, amount: int, pauses: Pauses) -> datetime:
        """Like :meth:`add`, with the clock standing still during ``pauses`` (disjoint, in order)."""
        if amount < 0:
            return self._back_around(start, -amount, pauses)
        now = start
        for low, high in pauses:
            if high is not None and high <= now:
                continue
            if low > now:
                free = self.worked(now, low)
                if free >= amount:
                    break
                amount -= free
            if high is None:
                raise ValueError(STUCK)
            now = high
        return self._forward(now, amount)

    def _back_around(self, start: datetime, amount: int, pauses: Pauses) -> datetime:
        now = start
        for low, high in reversed(pauses):
            if low >= now:
                continue
            if high is not None and high < now:
                free = self.worked(high, now)
                if free >= amount:
                    break
                amount -= free
            now = low
        return self._backward(now, amount)

    def roll_around(self, instant: datetime, pauses: Pauses, *, back: bool) -> datetime:
        """An instant on a closing moved to the next opening (``back``: the closing before) outside ``pauses``."""
        if back:
            instant = self.previous_closing(instant)
            for low, high in reversed(pauses):
                if low < instant and (high is None or instant <= high):
                    instant = self.previous_closing(low)
            return instant
        instant = self.next_opening(instant)
        for low, high in pauses:
            if low <= instant and (high is None or instant < high):
                if high is None:
                    raise ValueError(STUCK)
                instant = self.next_opening(high)
        return instant

    def worked_without(self, start: datetime, end: datetime, pauses: Pauses) -> int:
        """The working time from ``start`` to ``end`` outside ``pauses`` (disjoint), in microseconds."""
        total = self.worked(start, end)
        for low, high in pauses:
            total -= self.worked(max(low, start), end if high is None else min(high, end))
        return total
