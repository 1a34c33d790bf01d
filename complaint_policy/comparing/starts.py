"""Two lengths held against each other from every start day that the calendars know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from attrs import evolve

from complaint_policy.comparing.comparison import Objection
from complaint_policy.counting import TAKEN_BY, Counter, Counting
from complaint_policy.expressions import nodes as n
from complaint_policy.lengths import Length, MonthDays
from complaint_policy.possible import DayEnd
from complaint_policy.texts import Text
from complaint_policy.wording import day_text, moment_text

if TYPE_CHECKING:
    from complaint_policy.comparing.comparison import Comparison

__all__ = ["longer"]

_MOST_DAYS: Final = 4_000  # almost eleven years
_MOST_WORK: Final = 16_000  # of one comparison: where the time of day matters, the last days are looked at
_WORK_OF_HOURS: Final = 4  # what working hours cost against days
_LEAP_CYCLE: Final = 1_461
_LAST: Final = timedelta(microseconds=1)
_NOT_ANNOUNCED: Final = Objection(Text("its calendar is not announced for the days that would have to be compared", "日历未公布须比较的日期"))


def longer(low: n.Counted, high: n.Counted, comparison: Comparison, *, swapped: bool = False) -> Objection | None:
    """An example of a start from which ``low`` ends after ``high``; ``swapped``: ``low`` is the base's."""
    a, b = low.length, high.length
    assert isinstance(a, Length) and isinstance(b, Length)
    # One unit counted in one way: the numbers decide.
    if _alike(a, low.counting, b, high.counting) and ((a.amount >= b.amount) if low.ahead else (a.amount <= b.amount)):
        return None
    unrolled: Objection | None = None
    if _roll_alike(low) and _roll_alike(high) and (low.counting.roll, low.counting.calendar) == (high.counting.roll, high.counting.calendar):
        # The same roll keeps the order of the last days, on days not announced yet as well.
        plain = [n.Counted(part.base, part.length, evolve(part.counting, roll="none"), part.ahead) for part in (low, high)]
        unrolled = _compared(plain[0], plain[1], comparison, swapped)
        if unrolled is None:
            return None
    found = _compared(low, high, comparison, swapped)
    return unrolled if found is _NOT_ANNOUNCED and unrolled is not None else found


def _roll_alike(part: n.Counted) -> bool:
    """Whether a length ends on a day of the plain calendar, which then rolls."""
    return isinstance(part.length, Length) and part.length.counts_days and not part.length.is_working and part.counting.roll != "none"


def _compared(low: n.Counted, high: n.Counted, comparison: Comparison, swapped: bool) -> Objection | None:
    """The first start from which ``low`` ends later."""
    a, b = low.length, high.length
    assert isinstance(a, Length) and isinstance(b, Length)
    first, second = Counter(a, low.counting, ahead=low.ahead), Counter(b, high.counting, ahead=high.ahead)
    compared, cost = 0, _cost(first, second)
    for start in _starts(first, second, comparison):
        comparison.work_left -= cost
        if comparison.work_left < 0:
            return Objection(Text("too many start days would have to be looked at", "须比较的起算日过多"))
        try:
            ends = first.due(start), second.due(start)
            if first.unannounced(start, ends[0]) is not None or second.unannounced(start, ends[1]) is not None:
                continue
        except (OverflowError, ValueError):  # past the end of time
            continue
        compared += 1
        if ends[0] > ends[1]:
            lengths = (a.text, b.text)
            return _example(start, (lengths[1], lengths[0]) if swapped else lengths, (ends[1], ends[0]) if swapped else ends, first, second)
    return None if compared else _NOT_ANNOUNCED


def _example(start: datetime, lengths: tuple[Text, Text], ends: tuple[datetime, datetime], first: Counter, second: Counter) -> Objection:
    """The overlay's length and end beside the base's."""
    zone = first.zone
    wall = zone.to_wall(start)
    began = day_text(wall.date()) if _of_days(first) and _of_days(second) else moment_text(wall)
    told = Text(
        "{a} instead of {b}: from {s} it ends on {x}, the base's on {y}",
        "{a}（基础制度为{b}）：自{s}起算，它至{x}届满，基础制度至{y}届满",
    )
    mine, theirs = (_shown(end, zone.to_wall(end)) for end in ends)
    return Objection(told.filled(a=lengths[0], b=lengths[1], s=began, x=mine, y=theirs), certain=True)


def _shown(due: datetime, wall: datetime) -> Text:
    return day_text(wall.date()) if isinstance(due, DayEnd) else moment_text(wall)


def _alike(a: Length, first: Counting, b: Length, second: Counting) -> bool:
    """Whether two lengths differ in their number alone."""
    if a.unit != b.unit or a.same_day != b.same_day or isinstance(a, MonthDays):
        return False
    taken = [key for key, units in TAKEN_BY.items() if a.unit in units and key != "pause_on_days"]
    return first.calendar == second.calendar and all(getattr(first, key) == getattr(second, key) for key in taken)


# --------------------------------------------------------------------------- the starts
def _starts(first: Counter, second: Counter, comparison: Comparison) -> Iterator[datetime]:
    """Every day of the version that both calendars know, at the times of day that may matter."""
    zone = first.zone
    times = [time(12)] if _of_days(first) and _of_days(second) else _times(first.counting, second.counting)
    begin, end = _days(first, second, comparison)
    begin = max(begin, end - timedelta(days=max(_MOST_WORK // _cost(first, second) // len(times), 1) - 1))
    for ordinal in range(begin.toordinal(), end.toordinal() + 1):
        for clock in times:
            yield zone.to_utc(datetime.combine(date.fromordinal(ordinal), clock))


def _of_days(counter: Counter) -> bool:
    """Whether nothing but the day of a start matters; a start after the day's closing may end with the next one."""
    return counter.by_day and counter.counting.ends != "close_of_business"


def _cost(first: Counter, second: Counter) -> int:
    return _WORK_OF_HOURS if "working hours" in (first.length.unit, second.length.unit) else 1


def _days(first: Counter, second: Counter, comparison: Comparison) -> tuple[date, date]:
    begin = comparison.since
    known = [c.counting.calendar for c in (first, second) if c.uses_calendar and c.counting.calendar is not None]
    announced = [spec.announced_until for spec in known if spec.announced_until is not None]
    if not announced:
        return begin, begin + timedelta(days=_LEAP_CYCLE)
    end = min(announced)
    # A version that begins after its calendar ends is compared on the last year that is announced.
    return min(begin, end - timedelta(days=366)) if begin > end else max(begin, end - timedelta(days=_MOST_DAYS)), end


def _times(*countings: Counting) -> list[time]:
    """The times of day at which something begins or ends, and the moments before and after each."""
    found = {time(0), time(12)}
    for counting in countings:
        spec = counting.calendar
        spans = [span for _, day in spec.hours or () for span in day] + [s for _, day in spec.dates for s in day] if spec is not None else []
        for clock in {end for span in spans for end in span}:
            hour, minute = int(clock[:2]), int(clock[3:])
            found.add(time(hour % 24, minute))
    beside = {(datetime.combine(date(2000, 1, 2), t) + step).time() for t in found for step in (-_LAST, _LAST)}
    return sorted(found | beside)
