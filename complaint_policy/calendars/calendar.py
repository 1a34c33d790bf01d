"""The public class :class:`Calendar`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeVar

from complaint_policy.calendars.base import CalendarOfDays
from complaint_policy.calendars.conventions import (
    AfterHours,
    AtClosing,
    Count,
    Ends,
    FirstDay,
    FromClosedDay,
    IfReversed,
    PauseOnDays,
    Roll,
    Zero,
    check_conventions,
)
from complaint_policy.calendars.moments import Reading, wall_at
from complaint_policy.calendars.pauses import read_pauses, with_pauses
from complaint_policy.calendars.receipt import receipt_of
from complaint_policy.calendars.schedule import MICROSECOND
from complaint_policy.calendars.units import checked, days_on, months_on, weeks_on, whole, years_on

__all__ = ["Calendar"]

Moment = TypeVar("Moment", date, datetime)
Given = Iterable[tuple[date | datetime, date | datetime | None]]
_SECOND: Final = timedelta(seconds=1)


class Calendar(CalendarOfDays):
    """Working days and working hours of one place.  Immutable, picklable, thread-safe, equal by its arguments.

    ``timezone``: an IANA name, or ``None`` for naive local time only.
    ``country``, ``subdivision``: public holidays and make-up working days, from the ``holidays`` library
    (ISO 3166 code; years 1901 to 2100).
    ``announced_until``: the last day (inclusive) whose holidays are officially known; later days are predicted.
    ``weekdays``: the worked weekdays (``"mon-fri"``, ``["mon", "tue"]``); without it, those with hours, else all
    but the country's weekend, else Monday to Friday.
    ``hours``: open spans by weekday or range of weekdays, as pairs of ``"HH:MM"`` text or ``datetime.time``, or
    ``"09:00-12:00"``; ``"24:00"`` is the end of the day; a span whose end is not after its start runs past
    midnight and belongs to the day it starts on.  A weekday without spans is closed.  ``None``: days are whole.
    ``holidays``: closed days (or a mapping of dates to names).  ``extra_working_days``: worked whatever else says;
    one on a weekday without hours has those of the week's first worked day.  ``dates``: hours that replace those
    of one day; an empty list closes it.

    A span is open from its start to just before its end.  Durations are elapsed time, so a span over a change of
    the clocks is an hour shorter or longer.  A ``date`` gives a ``date``, a naive ``datetime`` (local) a naive one,
    an aware one an aware one in the calendar's zone.  A result in a gap of the clocks is shifted on by its length,
    one in a fold is the later reading.

    Raises ``ValueError`` for values that make no sense (an unknown zone, weekday or time; a country or subdivision
    when its first day is needed), ``TypeError`` for wrong types.  Methods raise ``ValueError`` for an unknown
    convention, an aware datetime without a zone, and where the calendar has no working time at all, and
    ``OverflowError`` outside the years 1 to 9999.
    """

    __slots__ = ()

    def roll(self, day: Moment, how: Roll) -> Moment:
        """The day itself if it is worked or ``how`` is ``"none"``, else the ``"next_working_day"`` or the
        ``"previous_working_day"``.  The time of day stays."""
        check_conventions(roll=how)
        given = self._read(day, "day")
        rolled = self._roll(given.day, how)
        instant = given.instant if rolled == given.day else wall_at(self._local, rolled, given.clock)
        result: Moment = given.answer(instant, rolled)
        return result

    def _roll(self, day: int, how: str) -> int:
        if how == "none":
            return day
        return self._days.roll(day, 1 if how == "next_working_day" else -1)

    # ---------------------------------------------------------------- adding working days
    def add_working_days(
        self,
        start: Moment,
        n: int,
        from_closed_day: FromClosedDay = "next_day_is_one",
        after_hours: AfterHours = "as_received",
        ends: Ends = "same_time",
        zero: Zero = "stay",
        first_day: FirstDay = "excluded",
        pauses: Given = (),
        pause_on_days: PauseOnDays = "working_time",
    ) -> Moment:
        """The ``n``-th working day after ``start``; a negative ``n`` counts back, by the mirror image of each rule.

        ``first_day="included"``: the day of receipt, if worked, is day one.
        ``from_closed_day``: from a closed day the next working day is day one, or day zero.
        ``after_hours`` (needs hours; a bare date has none): ``as_received`` keeps day and time of day.
        ``next_opening`` moves the moment: a start outside hours (at the closing is outside) counts from the next
        opening, the day of which is day zero; from a closed day ``from_closed_day`` says whether it is zero or one.
        ``deemed_next_opening`` moves the day of receipt too: what comes outside hours (at the closing is inside) or
        on a closed day counts as received on the day of the next opening, and ``from_closed_day`` has no say.
        A start moved to the opening gives the opening of the last day; a same-time result outside hours moves on
        like a start.  Counted back, ``next_opening`` mirrors to the closing before, ``deemed_next_opening`` to the
        opening of the day that closing belongs to.
        ``ends``: ``same_time`` of day; ``end_of_day``, 23:59:59 (the second before the next day's first instant);
        ``close_of_business``, the last closing of that day (needs hours).  Counted on, nothing ends before its
        start: in a night shift that began the day before, ``end_of_day`` is at least the
        end of the day of ``start``; after the last closing of its own day, ``close_of_business`` is the next one.
        ``zero``, for ``n`` of 0: stay, or move a start on a closed day or outside hours.
        ``pauses``: pairs of start and end (exclusive; ``None``: still open); the count runs as if it had begun later
        by the paused working time, by the elapsed time, or by as many working days as lie wholly inside
        (``pause_on_days``).
        """
        check_conventions(
            from_closed_day=from_closed_day,
            after_hours=after_hours,
            ends=ends,
            zero=zero,
            first_day=first_day,
            pause_on_days=pause_on_days,
        )
        self._needs_hours(ends, after_hours)
        given, n = self._read(start), whole(n)
        days, time, local = self._days, self._time, self._local

        def due(begin: Reading, more: int) -> tuple[int, datetime]:
            count = n + more
            receipt = receipt_of(days, time, local, begin, count, after_hours, zero)
            day = receipt.count(days, count, first_day, from_closed_day)
            found = receipt.same_time(time, local, day, count) if ends == "same_time" else (day, self._end(day, ends))
            back = n < 0 or (n == 0 and zero == "previous_closing")
            return found if back else self._not_before(begin, *found, ends)

        result: Moment = self._due(given, n, pauses, pause_on_days, due, working=True)
        return result

    # ---------------------------------------------------------------- adding calendar days, weeks, months, years
    def add_days(
        self,
        start: Moment,
        n: int,
        first_day: FirstDay = "excluded",
        ends: Ends = "same_time",
        roll: Roll = "none",
        pauses: Given = (),
        pause_on_days: PauseOnDays = "working_time",
    ) -> Moment:
        """``n`` calendar days after ``start`` (before it, if negative), then rolled, then ended.

        ``first_day="included"``: the day of ``start`` is day one, so one day less.  ``roll``: where a last day that
        is not worked moves to.  ``ends``, ``pauses``: as in :meth:`add_working_days` (``whole_days`` counts calendar
        days); ``close_of_business`` on a closed day is the last closing before the end of that day.  Counted on,
        nothing ends before its start, rolled back or not.
        """
        return self._add(days_on, start, n, first_day, ends, roll, pauses, pause_on_days)

    def add_weeks(
        self,
        start: Moment,
        n: int,
        first_day: FirstDay = "excluded",
        ends: Ends = "same_time",
        roll: Roll = "none",
        pauses: Given = (),
        pause_on_days: PauseOnDays = "working_time",
    ) -> Moment:
        """``n`` weeks after ``start``; everything else as in :meth:`add_days`."""
        return self._add(weeks_on, start, n, first_day, ends, roll, pauses, pause_on_days)

    def add_months(
        self,
        start: Moment,
        n: int,
        first_day: FirstDay = "excluded",
        ends: Ends = "same_time",
        roll: Roll = "none",
        pauses: Given = (),
        pause_on_days: PauseOnDays = "working_time",
    ) -> Moment:
        """The same day of the month ``n`` months later, or that month's last day where it has none.

        ``first_day="included"``: one day less, after that.  Everything else as in :meth:`add_days`.
        """
        return self._add(months_on, start, n, first_day, ends, roll, pauses, pause_on_days)

    def add_years(
        self,
        start: Moment,
        n: int,
        first_day: FirstDay = "excluded",
        ends: Ends = "same_time",
        roll: Roll = "none",
        pauses: Given = (),
        pause_on_days: PauseOnDays = "working_time",
    ) -> Moment:
        """The same date ``n`` years later (28 February for the 29th); everything else as in :meth:`add_months`."""
        return self._add(years_on, start, n, first_day, ends, roll, pauses, pause_on_days)

    def _add(
        self,
        unit: Callable[[int, int], int],
        start: Moment,
        n: int,
        first_day: str,
        ends: str,
        roll: str,
        pauses: Given,
        pause_on_days: str,
    ) -> Moment:
        check_conventions(first_day=first_day, ends=ends, roll=roll, pause_on_days=pause_on_days)
        self._needs_hours(ends)
        given, n = self._read(start), whole(n)

        def due(begin: Reading, more: int) -> tuple[int, datetime]:
            day = checked(unit(begin.day, n)) + more
            if first_day == "included" and n:
                day -= 1 if n > 0 else -1
            moved = self._roll(checked(day), roll)
            if ends != "same_time":
                instant = self._end(moved, ends)
            else:
                stays = moved == begin.day and begin is given
                instant = begin.instant if stays else wall_at(self._local, moved, begin.clock)
            return (moved, instant) if n < 0 else self._not_before(begin, moved, instant, ends)

        result: Moment = self._due(given, n, pauses, pause_on_days, due, working=False)
        return result

    def _due(
        self,
        given: Reading,
        n: int,
        pauses: Given,
        pause_on_days: str,
        due: Callable[[Reading, int], tuple[int, datetime]],
        *,
        working: bool,
    ) -> Any:
        """The answer of a count, with pauses if there are any."""
        spans = read_pauses(self._local, pauses)
        if spans and n < 0:
            raise ValueError("pauses cannot be combined with counting days back")
        if not spans:
            day, instant = due(given, 0)
        else:
            day, instant = with_pauses(
                self._days, self._time, self._local, given, spans, pause_on_days, due, working=working
            )
        return given.answer(instant, day)

    # ---------------------------------------------------------------- working time
    def add_working_time(
        self,
        start: Moment,
        duration: timedelta,
        at_closing: AtClosing = "stay",
        zero: Zero = "stay",
        pauses: Given = (),
    ) -> Moment:
        """The instant by which ``duration`` of working time has passed since ``start``; negative counts back.

        ``at_closing``: a span used up exactly at a closing (counting back: at an opening) stays there, or rolls to
        the next opening (the closing before).  ``zero``, for a duration of nothing: stay, or move a start outside
        hours to the next opening or the closing before.  A start outside hours needs no convention: the clock runs
        only while it is open.  ``pauses``: pairs of start and end (exclusive; ``None``: still open) during which the
        clock stands still.  A bare date is its first instant.

        Raises ``ValueError`` if a pause without an end is reached.
        """
        check_conventions(at_closing=at_closing, zero=zero)
        if not isinstance(duration, timedelta):
            raise TypeError(f"duration must be a timedelta, not {type(duration).__name__}")
        given, spans, time = self._read(start), read_pauses(self._local, pauses), self._time
        amount = duration // MICROSECOND
        try:
            if amount == 0:
                instant = given.instant
                if zero != "stay":
                    instant = time.next_opening(instant) if zero == "next_opening" else time.previous_closing(instant)
            else:
                instant = time.add_around(given.instant, amount, spans)
                if at_closing == "roll":
                    instant = time.roll_around(instant, spans, back=amount < 0)
        except OverflowError:
            raise OverflowError("the result lies outside the years 1 to 9999") from None
        result: Moment = given.answer(instant)
        return result

    def working_time_between(
        self, a: date | datetime, b: date | datetime, pauses: Given = (), if_reversed: IfReversed = "negative"
    ) -> timedelta:
        """The working time from ``a`` (inclusive) to ``b`` (exclusive), as elapsed time, outside ``pauses``.

        If ``b`` is before ``a``: the same with a minus sign, without one, or nothing.  A bare date is its first
        instant.  ``pauses`` may overlap each other and the ends; only their working time counts.
        """
        check_conventions(if_reversed=if_reversed)
        first, last = self._read(a, "a").instant, self._read(b, "b").instant
        spans = read_pauses(self._local, pauses)
        sign = 1
        if last < first:
            first, last = last, first
            sign = {"negative": -1, "absolute": 1, "zero": 0}[if_reversed]
        return timedelta(microseconds=sign * self._time.worked_without(first, last, spans))

    def working_days_between(
        self,
        a: date | datetime,
        b: date | datetime,
        count: Count = "start_out_end_in",
        if_reversed: IfReversed = "negative",
    ) -> int:
        """How many working days lie from ``a`` to ``b``; of a datetime only its (local) day matters.

        ``count`` says whether the days of ``a`` (start) and ``b`` (end) are in.  If ``b`` is before ``a``, with
        ``absolute`` the two change places and with ``zero`` the answer is 0.  With ``negative`` they change places
        and the answer has a minus sign, except for ``start_in_end_out``, which stays true to its name: the later day
        ``a`` is in, the earlier day ``b`` is out (as numpy and date-fns count).
        """
        check_conventions(count=count, if_reversed=if_reversed)
        start, end = self._read(a, "a"), self._read(b, "b")
        turned = end.day < start.day if start.is_date or end.is_date else end.instant < start.instant
        if not turned:
            return self._count(start.day, end.day, count)
        if if_reversed == "zero":
            return 0
        if if_reversed == "absolute":
            return self._count(end.day, start.day, count)
        return -self._count(end.day, start.day, "start_out_end_in" if count == "start_in_end_out" else count)

    def _count(self, first: int, last: int, count: str) -> int:
        after = first - 1 if count in ("start_in_end_out", "both_in") else first
        through = last if count in ("start_out_end_in", "both_in") else last - 1
        return self._days.count(after, through)

    # ---------------------------------------------------------------- openings and closings
    def open_spans(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """The working time inside a local day, in order: pairs of start and end (exclusive), naive UTC (without a time zone: naive local)."""
        return self._time.segments(day.toordinal())

    def is_working_time(self, moment: datetime) -> bool:
        """Whether the calendar is open at a moment (an opening is inside, a closing is not)."""
        return self._time.is_open(self._read(moment, "moment").instant)

    def next_opening(self, moment: Moment) -> Moment:
        """The moment itself if the calendar is open then, else the next opening."""
        given = self._read(moment, "moment")
        result: Moment = given.answer(self._time.next_opening(given.instant))
        return result

    def next_turn(self, moment: datetime) -> datetime | None:
        """When the calendar next closes, if it is open at a moment, else when it next opens (naive UTC; without a time zone: naive local).

        ``None`` where it stays as it is, an open one for 800 days.
        """
        return self._time.next_turn(self._read(moment, "moment").instant)

    def previous_closing(self, moment: Moment) -> Moment:
        """The moment itself if it is inside hours or at a closing, else the last closing before."""
        given = self._read(moment, "moment")
        result: Moment = given.answer(self._time.previous_closing(given.instant))
        return result

    # ---------------------------------------------------------------- inside
    def _needs_hours(self, ends: str, after_hours: str = "as_received") -> None:
        if self.has_hours:
            return
        if ends == "close_of_business":
            raise ValueError("ends='close_of_business' needs a calendar with hours")
        if after_hours != "as_received":
            raise ValueError(f"after_hours={after_hours!r} needs a calendar with hours")

    def _end(self, day: int, ends: str) -> datetime:
        """The instant at which a limit whose last day is ``day`` ends."""
        after = self._local.day_start(checked(day + 1))
        if ends == "end_of_day":
            return after - _SECOND
        return self._time.closing_of(day) if self._days.spans(day) else self._time.previous_closing(after)

    def _not_before(self, begin: Reading, day: int, instant: datetime, ends: str) -> tuple[int, datetime]:
        """A result counted on; what would lie before the start ends with the start's own day, or the next closing."""
        if begin.is_date:
            return (day, instant) if day >= begin.day else (begin.day, begin.instant)
        if instant >= begin.instant:
            return day, instant
        if ends == "same_time":
            return begin.day, begin.instant
        if ends == "end_of_day":
            # A start within a day's last second is later than the 23:59:59 that is shown.
            begun = begin.instant >= self._local.day_start(checked(begin.day + 1))
            return begin.day, max(self._end(begin.day + begun, ends), begin.instant)
        opening = self._time.next_opening(begin.instant)
        closing = self._time.closing_of(self._time.owner(opening, closing=False) or day)
        return self._local.to_wall(closing).toordinal(), closing
