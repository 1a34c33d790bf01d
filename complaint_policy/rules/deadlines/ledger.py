"""The clock of a deadline, stretch by stretch: what lies between its start and its due instant, and what of it counts.

The stretches tile the time from the start to the due instant; what they count adds up to the limit.  Whole days count at
their end.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from attrs import evolve, frozen

from complaint_policy.counting import Counter, Pause, calendar_of
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.moments import PAUSES, PREVIOUS, START, TRACE
from complaint_policy.instants import lowest
from complaint_policy.kinds import Setting
from complaint_policy.lengths import Length, MonthDays
from complaint_policy.possible import MICROSECOND, DayEnd
from complaint_policy.results import DeadlineResult
from complaint_policy.rules.deadlines.record import General
from complaint_policy.texts import Text
from complaint_policy.wording import duration_iso
from complaint_policy.zones import Zone

__all__ = ["KINDS", "Amount", "Ledger", "Stretch", "ledger", "tiled"]

COUNTED, MAKE_UP, FIRST_DAY, PAUSED = "counted", "make_up", "first_day", "paused"
WEEKEND, HOLIDAY, CLOSED, OUTSIDE_HOURS, ROLL, LEFT_OFF = "weekend", "holiday", "closed", "outside_hours", "roll", "left_off"
# `left_off` has no length: days of the limit that the end of it, moved back, does not reach.
KINDS: Final = (COUNTED, MAKE_UP, FIRST_DAY, PAUSED, WEEKEND, HOLIDAY, CLOSED, OUTSIDE_HOURS, ROLL, LEFT_OFF)

Amount = int | timedelta  # whole days for limits of days and longer, elapsed time for hours and minutes

_NOTHING: Final = timedelta(0)
_LONGEST: Final = timedelta(days=7_500)  # past which working days are not listed one by one


@frozen
class Stretch:
    """From ``start`` to just before ``end``, in the policy's zone: what kind of time it is, and how much of the limit it counts."""

    start: datetime
    end: datetime
    kind: str
    counted: Amount
    name: Text | None = None  # of the holiday
    step: str | None = None  # the extension it belongs to, by its id


@frozen
class Ledger:
    """The stretches of a clock, in order.  ``limit`` is ``length`` in whole days or elapsed time: what they add up to."""

    rule: str
    length: Length
    limit: Amount
    stretches: tuple[Stretch, ...]
    counted: n.Counted

    @property
    def total(self) -> Amount:
        """What the stretches count together."""
        return sum((s.counted for s in self.stretches), self.limit * 0)

    def to_dict(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "length": self.length.text.en,
            "limit": _shown(self.limit),
            "stretches": [
                {
                    "start": s.start.isoformat(),
                    "end": s.end.isoformat(),
                    "kind": s.kind,
                    "counted": _shown(s.counted),
                    "name": s.name.to_dict() if s.name is not None else None,
                    "extension": s.step,
                }
                for s in self.stretches
            ],
        }


def _shown(amount: Amount) -> int | str:
    return amount if isinstance(amount, int) else duration_iso(amount)


# --------------------------------------------------------------------------- which count it was
def ledger(result: DeadlineResult, state: list[Any], setting: Setting) -> Ledger | None:
    """The ledger of the due instant that is shown; ``None`` where it was not counted (a promise, another rule's due instant)."""
    rule: Any = result.model
    begun, due = lowest(result.begun), lowest(result.due)
    if begun is None or due is None:
        return None
    own = list(state)
    own[TRACE], own[START] = None, begun
    general = General(rule, setting)
    general._pause(own, begun, result.done)
    pauses: tuple[Pause, ...] = own[PAUSES]
    marks: list[tuple[datetime, str]] = []
    limit, before = rule.within, general.within(own)
    if result.step is not None:
        for step, (*_, within) in zip(rule.extend, general.extend, strict=True):
            earlier = lowest(before)
            if earlier is not None:
                marks.append((_plain(earlier), step.id))
            own[PREVIOUS] = before
            limit, before = step.within, within(own)
            if step.id == result.step:
                break
    for counted in _counts(limit):
        compiled = setting.compiler.instant(counted.base) if not isinstance(counted.base, n.RuleStart) else None
        start = begun if compiled is None else lowest(compiled(own))
        length = counted.length if isinstance(counted.length, Length) else _stated(counted.length, own, setting)
        if start is None or length is None:
            continue
        counter = Counter(length, counted.counting, ahead=counted.ahead)
        stood = pauses if compiled is None else ()
        if counter.due_with_pauses(start, stood) == due:
            found = tiled(counter, start, stood, [mark for mark, _ in marks])
            if found is None:
                return None
            amount, stretches = found
            return Ledger(result.rule, length, amount, tuple(_marked(stretches, marks, counter.zone)), counted)
    return None


def _counts(node: n.Instant) -> Iterable[n.Counted]:
    """The counted instants of which a limit may be one."""
    if isinstance(node, n.Counted):
        yield node
    elif isinstance(node, n.ChooseInstant):
        for branch in node.branches:
            yield from _counts(branch.then)
    elif isinstance(node, (n.FirstOf, n.LastOf, n.AllOf, n.FirstKnownInstant)):
        for part in node.parts:
            yield from _counts(part)


def _stated(length: n.LengthValue, state: list[Any], setting: Setting) -> Length | None:
    """A length whose number stands in the record."""
    amount = setting.compiler.value(length.amount)(state)
    try:
        whole = int(amount)
    except (TypeError, ValueError, ArithmeticError):
        return None
    return Length(whole, length.unit) if whole == amount and 0 <= whole <= 100_000 else None


def _marked(stretches: list[Stretch], marks: list[tuple[datetime, str]], zone: Zone) -> Iterable[Stretch]:
    """Every stretch with the extension it belongs to: those past the due instant of the step before."""
    for stretch in stretches:
        begins = zone.to_utc(stretch.start.replace(tzinfo=None))
        step = next((name for mark, name in reversed(marks) if begins >= mark), None)
        yield evolve(stretch, step=step) if step is not None else stretch


# --------------------------------------------------------------------------- tiling
# Start, end (naive UTC), kind, what it counts, the name of a holiday.
_Piece = tuple[datetime, datetime, str, Amount, Text | None]


def tiled(counter: Counter, start: datetime, pauses: tuple[Pause, ...], cuts: Sequence[datetime] = ()) -> tuple[Amount, list[Stretch]] | None:
    """The limit, and the stretches from the start to the due instant, parted at ``cuts``; ``None`` where they are too many."""
    length, zone = counter.length, counter.zone
    if isinstance(length, MonthDays):
        pauses = ()  # a day of the year stays where it is
    due = _plain(counter.due_with_pauses(start, pauses))
    begin = _plain(start)
    pieces: list[_Piece]
    limit: Amount
    if length.is_working and abs(due - begin) > _LONGEST:
        return None
    if length.is_exact:
        limit, pieces = length.exactly(), _exact(length.exactly(), begin, pauses, cuts, past=start is not begin)
    elif length.unit == "working hours":
        limit, pieces = length.exactly(), _hours(counter, begin, due, pauses, cuts)
    else:
        # No pause moves a day of the year.
        days = _Days(counter, start, () if isinstance(length, MonthDays) else pauses, due)
        limit, pieces = days.limit, days.pieces(begin, cuts)
    if counter.sign < 0:
        # Counted back, the limit lies before the start: one stretch.
        pieces = [(due if not length.is_exact else begin - length.exactly(), begin, COUNTED, limit, None)]
    return limit, [Stretch(zone.to_aware(low), zone.to_aware(high), kind, counted, name) for low, high, kind, counted, name in _folded(pieces, cuts)]


def _plain(moment: datetime) -> datetime:
    """The end of a day as the boundary it stands for."""
    return moment.boundary if isinstance(moment, DayEnd) else moment


def _folded(pieces: list[_Piece], cuts: Sequence[datetime]) -> list[_Piece]:
    """Neighbours of one kind and name as one."""
    folded: list[_Piece] = []
    for piece in pieces:
        if folded and folded[-1][2] == piece[2] and folded[-1][4] == piece[4] and piece[0] not in cuts:
            low, _, kind, counted, name = folded[-1]
            folded[-1] = (low, piece[1], kind, counted + piece[3], name)  # type: ignore[operator]  # both are days, or both time
        else:
            folded.append(piece)
    return folded


def _exact(left: timedelta, now: datetime, pauses: tuple[Pause, ...], cuts: Sequence[datetime], *, past: bool) -> list[_Piece]:
    """Elapsed time, which runs at all hours; a pause that begins with the due instant itself is ``past`` it, or not."""
    found: list[_Piece] = []
    for low, high in pauses:
        if low - now > left or (past and low - now == left):
            break
        if low > now:
            found += [(a, b, COUNTED, b - a, None) for a, b in _cut(now, low, cuts)]
            left -= low - now
        found.append((low, high, PAUSED, _NOTHING, None))
        now = high
    return found + [(a, b, COUNTED, b - a, None) for a, b in _cut(now, now + left, cuts)]


def _hours(counter: Counter, begin: datetime, due: datetime, pauses: tuple[Pause, ...], cuts: Sequence[datetime]) -> list[_Piece]:
    """Working time: only what lies inside hours and outside pauses counts."""
    zone, calendar = counter.zone, _Calendar(counter)
    left = counter.length.exactly()
    found: list[_Piece] = []
    for day in range(_day_of(zone, begin), _day_of(zone, due) + 1) if due > begin else ():
        spans = calendar.days.open_spans(date.fromordinal(day))
        ends = [*cuts, *(end for span in (*spans, *pauses) for end in span)]
        for low, high in _cut(max(begin, zone.day_start(day)), min(due, zone.day_start(day + 1)), ends):
            if _within(low, pauses):
                found.append((low, high, PAUSED, _NOTHING, None))
            elif _within(low, spans):
                found.append((low, high, COUNTED, high - low, None))
                left -= high - low
            elif not left and counter.length.amount:
                found.append((low, high, ROLL, _NOTHING, None))
            else:
                kind, name = calendar.closed(day)
                found.append((low, high, kind or OUTSIDE_HOURS, _NOTHING, name))
    return found


def _cut(low: datetime, high: datetime, ends: Iterable[datetime]) -> Iterable[tuple[datetime, datetime]]:
    """The time from one instant to another, cut at ``ends``."""
    return pairwise(sorted({low, high, *(end for end in ends if low < end < high)})) if low < high else ()


def _within(moment: datetime, spans: Iterable[tuple[datetime, datetime]]) -> bool:
    return any(low <= moment < high for low, high in spans)


def _day_of(zone: Zone, moment: datetime) -> int:
    """The day between whose first instant and the next one's a moment lies."""
    wall = zone.to_wall(moment)
    day = wall.toordinal()
    # Clocks put back over midnight read the evening a second time when the next day has begun.
    return day + 1 if wall.fold and moment >= zone.day_start(day + 1) else day


class _Calendar:
    """What the calendar of a count says of days."""

    def __init__(self, counter: Counter) -> None:
        spec = counter.counting.calendar
        self.days: Any = calendar_of(spec) if spec is not None else None

    def closed(self, day: int) -> tuple[str | None, Text | None]:
        """Why a day is not worked, and the holiday's name; ``None`` for a day that is."""
        when = date.fromordinal(day)
        if self.days is None or self.days.is_working_day(when):
            return None, None
        kind = self.days.day_kind(when)
        if kind not in (HOLIDAY, CLOSED):
            return WEEKEND, None
        en, zh = (next((name for _, name in self.days.holidays_between(when, when, language)), "") for language in ("en", "zh"))
        return kind, Text(en or zh, zh or en) if en or zh else None

    def made_up(self, day: int) -> bool:
        return self.days is not None and self.days.day_kind(date.fromordinal(day)) == MAKE_UP

    def worked_before(self, day: int, count: int) -> list[int]:
        """So many working days up to and including ``day``."""
        found: list[int] = []
        while len(found) < count:
            if self.days.is_working_day(date.fromordinal(day)):
                found.append(day)
            day -= 1
        return found[::-1]


class _Days:
    """A count of days: the days that count, each at its end, the last one at the due instant at the latest."""

    def __init__(self, counter: Counter, start: datetime, pauses: tuple[Pause, ...], due: datetime) -> None:
        self.counter, self.zone, self.due = counter, counter.zone, due
        self.working = counter.length.unit == "working days"
        self.calendar = _Calendar(counter)
        self.whole_days = bool(pauses) and counter.counting.pause_on_days == "whole_days"
        self.pauses: tuple[Pause, ...] = ()
        stood: set[int] = set()
        begun = start
        if self.whole_days:
            stood = {day.toordinal() for day in counter.whole_days(start, pauses)[1]}
            self.pauses = tuple((self.zone.day_start(day), self.zone.day_start(day + 1)) for day in sorted(stood))
        elif pauses:
            begun, self.pauses = counter.begun_later(start, pauses)
        if isinstance(begun, DayEnd):
            begun = begun.boundary - MICROSECOND
        self.first = _day_of(self.zone, begun)
        self.days = self._counted(begun, stood)
        self.limit = len(self.days)
        # Days that were over when the count began count at its end; those that begin later than that, not in any stretch.
        self.over = bisect_left(self.days, self.first)
        self.reached = bisect_left(self.days, _day_of(self.zone, due - MICROSECOND) + 1)

    def _counted(self, begun: datetime, stood: set[int]) -> Sequence[int]:
        """The days that count, in order: those from the first one to the last, without those that stood still."""
        counter, amount = self.counter, self.counter.length.amount
        if not amount or counter.sign < 0:
            return range(self._back(begun))
        day = self.zone.to_wall(begun).date()
        # A limit that ends at the very beginning of a day counts the days before it.
        early = self.counter.counting.ends == "same_time" and self.due == self.zone.day_start(_day_of(self.zone, self.due))
        days: Sequence[int]
        if self.working:
            last = counter.last_working_day(begun, day, amount + len(stood)).toordinal()
            days = self.calendar.worked_before(last, amount + len(stood))
            if early and last == _day_of(self.zone, self.due) and (before := self.calendar.worked_before(last - 1, amount + len(stood)))[0] >= self.first:
                days = before
        else:
            last = counter.last_day(day).toordinal() + len(stood)
            first = day.toordinal() + (counter.counting.first_day == "excluded")
            early = early and counter.counting.first_day == "excluded" and last == _day_of(self.zone, self.due)
            days = range(first - early, last + 1 - early)
        if not stood:
            return days
        kept = [d for d in days if d not in stood]
        # Where the day of the start stood still, the next one takes its place.
        return kept[len(kept) - (len(days) - len(stood)) :]

    def _back(self, begun: datetime) -> int:
        """How many days a limit counted back has."""
        if not self.counter.length.amount or self.working:
            return self.counter.length.amount
        day = self.zone.to_wall(begun).date()
        return (day - self.counter.last_day(day)).days + (self.counter.counting.first_day == "included")

    def _moved(self, moment: datetime) -> datetime:
        """Where in the count a moment lies, which runs as if it had begun later: on by the pauses still to come."""
        moved = moment
        for low, high in () if self.whole_days else self.pauses:
            if high > moment:
                moved = self.counter.later(moved, max(low, moment), high)
        return moved

    def _so_far(self, moment: datetime) -> int:
        """How many days have counted by then."""
        at = self._moved(moment)
        if at >= self.due:
            return self.reached
        return max(min(bisect_left(self.days, _day_of(self.zone, at)), self.reached) - self.over, 0)

    def pieces(self, begin: datetime, cuts: Sequence[datetime]) -> list[_Piece]:
        stands = [(low, high if self.whole_days else min(self.counter.later(low, low, high), high)) for low, high in self.pauses]
        ends = [*cuts, *(end for span in stands for end in span)]
        zone, last = self.zone, _day_of(self.zone, self.due)
        whole = range(self.first, last + 2)
        if not self.working:
            # Calendar days are alike: only the first one, and those past the last, are told apart.
            whole = range(max(self.days[-1] + 1 if self.days else self.first, self.first), last + 2)
            ends.append(zone.day_start(self.first + 1))
        ends += [zone.day_start(day) for day in whole]
        found: list[_Piece] = []
        before = 0
        for low, high in _cut(begin, self.due, ends):
            if _within(low, stands):
                found.append((low, high, PAUSED, 0, None))
                continue
            after = self._so_far(high)
            found.append((low, high, *self._piece(low, before, after)))
            before = after
        if before < self.limit:
            found.append((self.due, self.due, LEFT_OFF, self.limit - before, None))
        return found

    def _piece(self, low: datetime, before: int, after: int) -> tuple[str, int, Text | None]:
        kind, name = self._kind(low, before, after)
        return kind, after - before, name

    def _kind(self, low: datetime, before: int, after: int) -> tuple[str, Text | None]:
        day = _day_of(self.zone, low)
        if after > before:
            return (MAKE_UP if self.working and not self.pauses and self.calendar.made_up(day) else COUNTED), None
        closed, name = self.calendar.closed(day)
        if self.working and closed is not None:
            return closed, name
        ended = before == self.reached and self.limit > 0
        if not after:
            if day == self.first and self._received_after_hours(low, day):
                return OUTSIDE_HOURS, None
            return (COUNTED if self.counter.counting.first_day == "included" and self.limit else FIRST_DAY), None
        if ended:
            return (OUTSIDE_HOURS, None) if self.working else (ROLL, name)
        return COUNTED, None

    def _received_after_hours(self, low: datetime, day: int) -> bool:
        """Whether the start counts as begun on a later day."""
        if not self.working or self.counter.counting.after_hours == "as_received":
            return False
        return bool(self.calendar.days.next_opening(self.zone.to_aware(low)).date().toordinal() > day)
