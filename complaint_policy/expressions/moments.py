"""Instants and spans at work: comparing, choosing and measuring them, with everything they may be.

``state[AS_OF]`` is the moment of judgement.  While ``state[TRACE]`` is a list, instants at which an
open question will be settled by time alone are added to it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from operator import ge, gt, le, lt
from typing import Any, Final

from complaint_policy.expressions.advancing import crossings, moves_on
from complaint_policy.possible import (
    MAX_INSTANT,
    MICROSECOND,
    MIN_INSTANT,
    NONE,
    NOT_YET,
    NOWHERE_MISSING,
    DayEnd,
    Empty,
    Growing,
    Interval,
    Maybe,
    each_possibility,
    possibilities,
)

__all__ = [
    "AS_OF",
    "FIRST_FREE",
    "MOST_VALUES",
    "PAUSES",
    "PREVIOUS",
    "START",
    "TRACE",
    "UNITS",
    "Stretch",
    "all_happened",
    "announced",
    "between",
    "compare",
    "earliest",
    "first_known",
    "latest",
    "low_end",
    "measure",
    "moved",
    "stretches",
    "union",
    "watch_turn",
    "without",
]

AS_OF: Final = 0
START: Final = 1
PREVIOUS: Final = 2
TRACE: Final = 3
PAUSES: Final = 4
FIRST_FREE: Final = 5

State = list[Any]
# A stretch of time: begin, end (exclusive), and whether it still runs at `as_of`.
Stretch = tuple[datetime, datetime, bool]

_OPERATIONS: Final[dict[str, Callable[[Any, Any], bool]]] = {"by": le, "before": lt, "after": gt, "not_before": ge}


def low_end(value: Any) -> datetime | None:
    """The earliest an instant can be; ``None`` where it has no lower end."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, Interval):
        return value.low
    return None


def compare(operation: str, a: Any, b: Any, state: State) -> Any:
    """``a by b`` and its kind: True, False, or a Maybe that is open or names what is missing."""
    if a.__class__ is datetime and b.__class__ is datetime:
        result: bool = _OPERATIONS[operation](a, b)
        if state[TRACE] is not None:
            _watch_either(state, a, b)
        return result
    return each_possibility(lambda x, y: _compare(operation, x, y, state), a, b)


def _compare(operation: str, a: Any, b: Any, state: State) -> Any:
    if a is NONE or b is NONE:
        return False  # nothing is by, before, after or not before an instant that was never stated
    as_of = state[AS_OF]
    forward = operation in ("by", "before")
    if a is NOT_YET:
        if b is NOT_YET:
            return Maybe(None, NOWHERE_MISSING, True)
        high = b.high if b.__class__ is Interval else b
        low = b.low if b.__class__ is Interval else b
        if high <= as_of:
            return not forward
        _watch(state, high)
        if low <= as_of:
            return Maybe(None, b.missing, True)
        return Maybe(None, NOWHERE_MISSING, True)
    if b is NOT_YET:
        high = a.high if a.__class__ is Interval else a
        if high <= as_of:
            return forward
        _watch(state, high)
        return Maybe(None, NOWHERE_MISSING, True)
    operate = _OPERATIONS[operation]
    a_ends = (a.low, a.high) if a.__class__ is Interval else (a,)
    b_ends = (b.low, b.high) if b.__class__ is Interval else (b,)
    results = {operate(x, y) for x in a_ends for y in b_ends}
    if len(results) == 1:
        _watch_either(state, a, b)
        return results.pop()
    _watch_either(state, a, b)
    missing = NOWHERE_MISSING
    for side in (a, b):
        if side.__class__ is Interval:
            missing |= side.missing
    return Maybe(None, missing)


def _watch_either(state: State, a: Any, b: Any) -> None:
    """Against the moment of judgement itself, the other side is what time will pass."""
    as_of = state[AS_OF]
    if a is as_of or b is as_of:
        for side in (a, b):
            if side is as_of:
                continue
            for end in (side.low, side.high) if side.__class__ is Interval else (side,):
                _watch(state, end)
    elif state[TRACE] is not None:
        for one, other in ((a, b), (b, a)):
            for end in (other.low, other.high) if other.__class__ is Interval else (other,):
                state[TRACE].extend(crossings(one, end, as_of))


def _watch(state: State, instant: datetime) -> None:
    # A day that is not over is known up to the moment of judgement: that end of it goes along.
    if state[TRACE] is not None and state[AS_OF] <= instant < MAX_INSTANT and instant is not state[AS_OF]:
        state[TRACE].append(instant)


def watch_turn(state: State, moment: Any, turn: Callable[[], datetime | None]) -> None:
    """Where a moment goes along with ``as_of``, the instant at which it comes to the next opening or closing."""
    if moment is not state[AS_OF] and not moves_on(moment):
        return
    end = turn()
    if end is not None:
        if moment is state[AS_OF]:
            _watch(state, end)
        else:
            state[TRACE].extend(crossings(moment, end, state[AS_OF]))


def earliest(values: list[Any]) -> Any:
    """The first of those that have happened or are stated (the due as things stand)."""
    return each_possibility(_earliest, *values) if _simple(values) else _bounded(values, first=True)


def latest(values: list[Any]) -> Any:
    """The last of those that have happened or are stated."""
    return each_possibility(_latest, *values) if _simple(values) else _bounded(values, first=False)


def _simple(values: list[Any]) -> bool:
    return all(not isinstance(v, Maybe) or v.options is not None for v in values)


def _bounded(values: list[Any], *, first: bool) -> Any:
    """With a member that may be anything, the known ones still bound the result from one side."""
    unknown = [v for v in values if isinstance(v, Maybe) and v.options is None]
    missing = NOWHERE_MISSING.union(*(v.missing for v in unknown))
    open_ = any(v.open for v in unknown)
    known = [v for v in values if not (isinstance(v, Maybe) and v.options is None)]
    rest = earliest(known) if first else latest(known)
    if isinstance(rest, datetime):
        return Interval(MIN_INSTANT, rest, missing) if first else Interval(rest, MAX_INSTANT, missing)
    if rest.__class__ is Interval:
        return Interval(MIN_INSTANT, rest.high, missing | rest.missing) if first else Interval(rest.low, MAX_INSTANT, missing | rest.missing)
    return Maybe(None, missing, open_)


def _earliest(*values: Any) -> Any:
    return _extreme(values, min)


def _latest(*values: Any) -> Any:
    return _extreme(values, max)


def _extreme(values: tuple[Any, ...], choose: Callable[..., Any]) -> Any:
    stated = [v for v in values if v is not NOT_YET and v is not NONE]
    if not stated:
        return NOT_YET if any(v is NOT_YET for v in values) else NONE
    if not any(v.__class__ is Interval for v in stated):
        return choose(stated)
    low = choose(v.low if v.__class__ is Interval else v for v in stated)
    high = choose(v.high if v.__class__ is Interval else v for v in stated)
    if low == high:
        return low
    missing = NOWHERE_MISSING.union(*(v.missing for v in stated if v.__class__ is Interval))
    return Interval(low, high, missing)


def all_happened(values: list[Any]) -> Any:
    """The last of all, once every one has happened; until then not yet."""
    return each_possibility(lambda *vs: NOT_YET if any(v is NOT_YET for v in vs) else _latest(*vs), *values)


def first_known(values: list[Any]) -> Any:
    """The first that is not an empty cell; an unusable one stops the search."""
    missing = NOWHERE_MISSING
    last: Any = NONE
    for value in values:
        if value is NOT_YET or value is NONE:
            last = value if last is NONE else last
            continue
        if value.__class__ is Empty:
            missing |= value.missing
            continue
        return value
    return Empty(None, missing) if missing else last


def moved(value: Any, by: Callable[[datetime], datetime]) -> Any:
    """An instant moved by a function that never puts a later instant before an earlier one."""
    if isinstance(value, datetime):
        return by(value)
    if value is NOT_YET or value is NONE:
        return value
    if value.__class__ is Interval:
        low = value.low if value.low == MIN_INSTANT else by(value.low)
        high = value.high if value.high == MAX_INSTANT else by(value.high)
        return low if low == high else Interval(low, high, value.missing)
    if value.options is None:
        return value
    return possibilities((moved(option, by) for option in value.options), value.missing, value.open)


def announced(start: Any, due: Any, unannounced: Callable[[datetime, datetime], Interval | None]) -> Any:
    """A counted instant as it is known: past the last announced day of its calendar it is one of many."""
    ends = [v for v in (start.low, start.high) if v not in (MIN_INSTANT, MAX_INSTANT)] if start.__class__ is Interval else [start]
    dues = [due.low, due.high] if due.__class__ is Interval else [due]
    if not all(isinstance(v, datetime) for v in (*ends, *dues)):
        return due
    found = [i for a in ends for b in dues if b not in (MIN_INSTANT, MAX_INSTANT) and (i := unannounced(a, b)) is not None]
    if not found:
        return due
    missing = frozenset().union(*(i.missing for i in found))
    return Interval(min([*(i.low for i in found), *dues]), max(i.high for i in found), missing)


# --------------------------------------------------------------------------- spans
def between(start: Any, end: Any, state: State, missing: frozenset[str]) -> Any:
    """The stretch from one instant to another; open at the end, it runs to ``as_of``."""
    if start is NOT_YET or start is NONE or end is NONE:
        return ()  # whatever the other is
    return each_possibility(lambda a, b: _between(a, b, state, missing), start, end)


def _between(start: Any, end: Any, state: State, missing: frozenset[str]) -> Any:
    if start is NOT_YET or start is NONE or end is NONE:  # one of the possibilities
        return ()
    running = end is NOT_YET
    finish = state[AS_OF] if running else end
    if start.__class__ is Interval or finish.__class__ is Interval:
        a_low, a_high = (start.low, start.high) if start.__class__ is Interval else (start, start)
        b_low, b_high = (finish.low, finish.high) if finish.__class__ is Interval else (finish, finish)
        if b_high < a_low:
            return Maybe(None, missing)
        short = ((a_high, max(a_high, b_low), running),)
        return Maybe((short, ((a_low, b_high, running),)), missing)
    if finish < start:
        return Maybe(None, missing)
    return ((start, finish, running),)


def stretches(value: Any, state: State) -> Any:
    """A field of intervals as stretches up to ``as_of``."""
    if value is NONE:
        return ()
    if isinstance(value, Maybe):
        return value
    as_of = state[AS_OF]
    found: list[Stretch] = []
    for low, high in value:
        if low >= as_of:
            _watch(state, low)
            continue
        running = high is None or high > as_of
        if running and high is not None:
            _watch(state, high)  # from its stated end on the clock runs again
        found.append((low, as_of if running else high, running))
    return union(tuple(found))


def union(parts: tuple[Stretch, ...]) -> tuple[Stretch, ...]:
    """Overlapping stretches as one, in order."""
    merged: list[Stretch] = []
    for low, high, running in sorted(parts):
        if merged and low <= merged[-1][1]:
            last = merged[-1]
            merged[-1] = (last[0], max(last[1], high), last[2] or running)
        else:
            merged.append((low, high, running))
    return tuple(merged)


def without(base: tuple[Stretch, ...], removed: tuple[Stretch, ...]) -> tuple[Stretch, ...]:
    """The parts of ``base`` outside ``removed``; while both run, what is left stands still and may run again."""
    left = list(base)
    for low, high, _ in removed:
        following: list[Stretch] = []
        for a, b, running in left:
            if high <= a or low >= b:
                following.append((a, b, running))
                continue
            if a < low:
                following.append((a, low, False))
            if high < b:
                following.append((high, b, running))
        left = following
    last = max((high for _, high, running in base if running), default=None)
    if last is not None and not any(running for _, _, running in left):
        left.append((last, last, True))
    return tuple(left)


UNITS: Final = {"minutes": timedelta(minutes=1), "hours": timedelta(hours=1), "days": timedelta(days=1), "weeks": timedelta(weeks=1)}
MOST_VALUES: Final = 64


def measure(span: Any, unit: str, rounding: str, per: str, state: State) -> Any:
    """How many whole units the span has, rounded once in all or for each stretch; growing while it runs."""
    if isinstance(span, Maybe):
        if span.options is None:
            return span
        counts = sorted(_count(option, unit, rounding, per, state) for option in span.options)
        running = any(stretch[2] for option in span.options for stretch in option)
        if counts[-1] - counts[0] > MOST_VALUES:
            return Maybe(None, span.missing, span.open or running)
        values = range(counts[0], counts[-1] + 1)
        return Growing(tuple(values), span.missing, 1) if running else possibilities(values, span.missing, span.open)
    count = _count(span, unit, rounding, per, state)
    return Growing((count,), NOWHERE_MISSING, 1) if any(stretch[2] for stretch in span) else count


def _count(span: tuple[Stretch, ...], unit: str, rounding: str, per: str, state: State) -> int:
    """The units as things stand."""
    size = UNITS[unit]
    lengths = [_stretch_length(low, high) for low, high, _ in span]
    if state[TRACE] is not None:
        _watch_accrual(span, lengths, size, rounding, per, state)
    if per == "span":
        return sum(_rounded(length, size, rounding) for length in lengths)
    return _rounded(sum(lengths, timedelta(0)), size, rounding)


def _stretch_length(low: datetime, high: datetime) -> timedelta:
    # Late time counts from the boundary a day's end stands for.
    return high - (low.boundary if isinstance(low, DayEnd) else low)


def _rounded(length: timedelta, size: timedelta, rounding: str) -> int:
    if rounding == "up":
        return -(-length // size)
    if rounding == "down":
        return length // size
    return (2 * length + size) // (2 * size)


def _watch_accrual(span: tuple[Stretch, ...], lengths: list[timedelta], size: timedelta, rounding: str, per: str, state: State) -> None:
    """The next instant at which a span that runs, or is measured up to ``as_of`` itself, counts one unit more."""
    # What stands still (not late so far, or left out for now) runs only once something else has changed.
    running = [i for i, (low, high, runs) in enumerate(span) if (runs or high is state[AS_OF]) and low is not high]
    if not running:
        return
    done = lengths[running[0]] if per == "span" else sum(lengths, timedelta(0))
    offset = size // 2 if rounding == "half_up" else timedelta(0)
    step = -(-done // size) * size if rounding == "up" else ((done + offset) // size + 1) * size - offset
    # Rounded up, the count changes just after a whole unit; rounded down or half up, at it.
    state[TRACE].append(state[AS_OF] + (step - done) + (MICROSECOND if rounding == "up" else timedelta(0)))
