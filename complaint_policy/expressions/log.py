"""Several instants at work: entries of the log and listed times; the first, the last, the n-th, how many.

What an entry may be is told by its instant: one that may not be among those asked for has :data:`NONE` among its
possibilities, which the choosing of instants leaves out.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from complaint_policy.event_log import EVENTS, UNKNOWN_LOG, Entry, Log, low_end
from complaint_policy.expressions import moments
from complaint_policy.expressions.moments import AS_OF, START
from complaint_policy.possible import (
    MAX_COMBINATIONS,
    MAX_INSTANT,
    MIN_INSTANT,
    NONE,
    NOT_YET,
    NOWHERE_MISSING,
    Interval,
    Maybe,
    all_of_conditions,
    each_possibility,
    possibilities,
)

__all__ = ["Several", "chosen_entries", "counted", "entry_has", "listed_at", "nth", "only", "since", "taken"]

State = list[Any]
Function = Callable[[State], Any]

# So many instants that may or may not be among the others are tried in every combination; with more, bounds are given.
_MOST_UNSURE: Final = 6
_HASHED: Final = frozenset({str, int, bool})
# Looked through again for every entry, a log with unsure entries longer than this is not looked through at all.
_MOST_AGAIN: Final = 500


class Several:
    """Instants in order of time, each with whether it is among them (True or a Maybe) and its entry, if it has one."""

    __slots__ = ("_first", "_last", "entries", "plain", "sure", "values")

    def __init__(self, values: tuple[Any, ...], sure: tuple[Any, ...] | None = None, entries: tuple[Entry, ...] = ()) -> None:
        self.values = values
        self.sure = sure  # None: every one
        self.entries = entries
        self.plain = sure is None and all(value.__class__ is datetime for value in values)
        self._first: Any = None
        self._last: Any = None

    def possible(self) -> tuple[Any, ...]:
        """The instants with all they may be."""
        if self.sure is None:
            return self.values
        return tuple(value if sure is True else _perhaps(value, sure) for value, sure in zip(self.values, self.sure, strict=True))

    def is_sure(self, index: int) -> bool:
        return self.sure is None or self.sure[index] is True

    def first(self) -> Any:
        """The first of them, or not yet."""
        if self._first is None:
            self._first = NOT_YET if not self.values else self.values[0] if self.plain else _bound(self, first=True)
        return self._first

    def last(self) -> Any:
        if self._last is None:
            self._last = NOT_YET if not self.values else self.values[-1] if self.plain else _bound(self, first=False)
        return self._last

    def not_before(self, start: Any, state: State) -> Several:
        """Those from an instant on."""
        those: Several = _beyond(self, "not_before", start, state)
        return those

    def missing(self) -> frozenset[str]:
        """What keeps them from being known exactly."""
        return _missing(self)


def _perhaps(value: Any, sure: Maybe) -> Any:
    return value if isinstance(value, Maybe) else Maybe((value, NONE), sure.missing, sure.open)


def _high(value: Any) -> datetime:
    if value.__class__ is Interval:
        return value.high
    return value if isinstance(value, datetime) else MAX_INSTANT


def _missing(several: Several) -> frozenset[str]:
    found = NOWHERE_MISSING
    for value in several.possible():
        if isinstance(value, (Maybe, Interval)):
            found |= value.missing
    return found


def _open(several: Several) -> bool:
    return any(sure is not True and sure.open for sure in several.sure or ())


def _bound(several: Several, *, first: bool) -> Any:
    """The first (or last) of instants some of which are not known exactly, or not known to be among them."""
    certain = [value for index, value in enumerate(several.values) if several.is_sure(index)]
    if first:
        edge = min((_high(value) for value in certain), default=None)
        near = [p for value, p in zip(several.values, several.possible(), strict=True) if edge is None or low_end(value) <= edge]
    else:
        edge = max((low_end(value) for value in certain), default=None)
        near = [p for value, p in zip(several.values, several.possible(), strict=True) if edge is None or _high(value) >= edge]
    if sum(isinstance(p, Maybe) for p in near) > _MOST_UNSURE:
        missing = _missing(several)
        if edge is None:
            return Maybe(None, missing, _open(several))
        ends = [value for value in several.values if not isinstance(value, Maybe)]
        return Interval(min(map(low_end, ends)), edge, missing) if first else Interval(edge, max(map(_high, ends)), missing)
    if edge is None:
        near.append(NOT_YET)  # none of them may have happened
    return moments.earliest(near) if first else moments.latest(near)


# --------------------------------------------------------------------------- entries of the log
def chosen_entries(log_slot: int, kinds: tuple[str, ...], where: Function | None, entry_slot: int, memo_slot: int) -> Function:
    """The function gives the entries of those kinds for which ``where`` holds, as a :class:`Several`, or a Maybe where there is no log."""

    def found(state: State) -> Any:
        log = state[log_slot]
        if log.__class__ is not Log:
            return log
        if where is None and kinds in log.found:
            return log.found[kinds]
        entries = log.by_kind[kinds[0]] if len(kinds) == 1 else _of_several(log, kinds)
        if where is None:
            whole = log.found[kinds] = _several((entry, True if entry.sure else UNKNOWN_LOG) for entry in entries)
            return whole
        kept: list[tuple[Entry, Any]] = []
        outer, memo = state[entry_slot], state[memo_slot]
        state[memo_slot] = {}
        try:
            for entry in entries:
                state[entry_slot] = entry
                holds = where(state)
                if holds is not False:
                    kept.append((entry, holds if entry.sure else all_of_conditions(UNKNOWN_LOG, holds)))
        finally:
            state[entry_slot], state[memo_slot] = outer, memo
        return _several(kept)

    return found


def _of_several(log: Log, kinds: tuple[str, ...]) -> list[Entry]:
    """The entries of several kinds in order; one of no known kind may be of each, and stands once."""
    found: dict[int, Entry] = {}
    for kind in kinds:
        for entry in log.by_kind[kind]:
            other = found.get(entry.place)
            if other is not None:
                shared = entry.values.keys() & other.values.keys()
                values = {name: possibilities((other.values[name], entry.values[name]), EVENTS) for name in shared}
                entry = Entry(entry.at, entry.place, False, values, entry.given & other.given)
            found[entry.place] = entry
    return sorted(found.values(), key=lambda entry: (low_end(entry.at), entry.place))


def _several(chosen: Iterable[tuple[Entry, Any]]) -> Several:
    pairs = list(chosen)
    sure = tuple(sure for _, sure in pairs)
    return Several(tuple(e.at for e, _ in pairs), None if all(s is True for s in sure) else sure, tuple(e for e, _ in pairs))


def once(found: Function, memo_slot: int) -> Function:
    """Inside ``where``: what does not rest on the entry is found once for all of them."""
    key = object()

    def remembered(state: State) -> Any:
        memo = state[memo_slot]
        if key not in memo:
            memo[key] = found(state)
        return memo[key]

    return remembered


def entry_has(entry: Entry, name: str) -> Any:
    """Whether an entry has a value for the attribute."""
    value = entry.values[name]
    if value.__class__ is Maybe:
        return value.named()
    return value is not NOT_YET and name in entry.given


def taken(found: Function, attribute: str, none: Any) -> Function:
    """The attribute of the latest entry; ``none`` where there is no entry."""

    def take(state: State) -> Any:
        several = found(state)
        if several.__class__ is not Several:
            return Maybe(None, several.missing, several.open)
        if several.plain:
            return several.entries[-1].values[attribute] if several.entries else none
        return _latest_of(several, attribute, none)

    return take


def _latest_of(several: Several, attribute: str, none: Any) -> Any:
    """What each entry that may be the latest has; of two at one instant the later in the log is."""
    options: list[Any] = []
    certain = False
    bound = MIN_INSTANT  # what is certainly later than an entry that ends before it
    exact: datetime | None = None
    for index in range(len(several.values) - 1, -1, -1):
        value = several.values[index]
        if _high(value) < bound or (exact is not None and value.__class__ is datetime and value <= exact):
            continue
        options.append(several.entries[index].values[attribute])
        if several.is_sure(index):
            certain = True
            bound = max(bound, low_end(value))
            exact = value if exact is None and value.__class__ is datetime else exact
    if not certain:
        options.append(none)
    if len(options) > MAX_COMBINATIONS:
        options = list({(option.__class__, option if option.__class__ in _HASHED else id(option)): option for option in options}.values())
    if len(options) > MAX_COMBINATIONS:
        return Maybe(None, EVENTS | _missing(several), _open(several))
    return possibilities(options, EVENTS | _missing(several) if len(options) > 1 else NOWHERE_MISSING, _open(several))


# --------------------------------------------------------------------------- any instants
def listed_at(slot: int) -> Function:
    """The instants of a field of type ``instants``."""

    def listed(state: State) -> Any:
        value = state[slot]
        if isinstance(value, Maybe):
            return value
        return Several(() if value is NONE else value)

    return listed


def only(value: Any) -> Any:
    """A single instant as several: one, or none."""
    if value is NOT_YET or value is NONE:
        return Several(())
    if not isinstance(value, Maybe):
        return Several((value,))
    if value.options is None:
        return value
    options = tuple(NONE if option is NOT_YET else option for option in value.options)
    if all(option is NONE for option in options):
        return Several(())
    sure = True if not any(option is NONE for option in options) else Maybe(None, value.missing, value.open)
    return Several((Maybe(options, value.missing, value.open),), None if sure is True else (sure,))


def since(found: Function, operation: str) -> Function:
    """Only those not before (or after) the start of the rule."""

    def later(state: State) -> Any:
        several, start = found(state), state[START]
        return several if several.__class__ is not Several else _beyond(several, operation, start, state)

    return later


def _beyond(several: Several, operation: str, start: Any, state: State) -> Any:
    """Those that lie ``not_before``, or ``after``, an instant."""
    if several.plain and start.__class__ is datetime:
        index = bisect_left(several.values, start) if operation == "not_before" else bisect_right(several.values, start)
        return several if index == 0 else Several(several.values[index:], None, several.entries[index:])
    values: list[Any] = []
    sures: list[Any] = []
    entries: list[Entry] = []
    for index, value in enumerate(several.values):
        holds = moments.compare(operation, value, start, state)
        if holds is False:
            continue
        sure = True if several.sure is None else several.sure[index]
        if holds is not True:
            sure = all_of_conditions(sure, holds)
            if value.__class__ is Interval and isinstance(start, datetime):
                value = Interval(max(value.low, start), value.high, value.missing)
        values.append(value)
        sures.append(sure)
        entries += several.entries[index : index + 1]
    return Several(tuple(values), None if all(s is True for s in sures) else tuple(sures), tuple(entries))


def nth(found: Function, number: int, after: Function | None, source: frozenset[str] | None, memo_slot: int) -> Function:
    """The n-th of them, of those strictly after an instant where one is given.

    ``source`` names the field of times written down in advance: the one after its last is not known.  Of entries it
    has not happened yet.
    """

    def found_nth(state: State) -> Any:
        several = found(state)
        begin = None if after is None else after(state)
        if several.__class__ is not Several:
            return Maybe(None, several.missing, several.open)
        if begin is NONE:
            return NONE
        if begin is NOT_YET:
            return NOT_YET
        if after is not None:
            if not several.plain and len(several.values) > _MOST_AGAIN and state[memo_slot] is not None:
                return Maybe(None, _missing(several), _open(several))
            several = _beyond(several, "after", begin, state)
        return _nth(several, number, _beyond_list(several, begin, source) if source is not None else NOT_YET)

    return found_nth


def _beyond_list(several: Several, begin: Any, source: frozenset[str]) -> Any:
    """Where the next of a list of times lies that has no more."""
    known = [low_end(value) for value in (*several.values, *(() if begin is None or isinstance(begin, Maybe) else (begin,)))]
    return Interval(max(known), MAX_INSTANT, source) if known else Maybe(None, source)


def _nth(several: Several, number: int, none: Any) -> Any:
    if several.plain:
        return several.values[number - 1] if len(several.values) >= number else none
    unsure = sum(isinstance(p, Maybe) for p in several.possible())
    if unsure <= _MOST_UNSURE:
        return each_possibility(lambda *those: _nth_of(those, number, none), *several.possible())
    certain = sorted(_high(value) for index, value in enumerate(several.values) if several.is_sure(index))
    missing = _missing(several)
    if len(certain) < number or none is not NOT_YET:
        return Maybe(None, missing, _open(several))
    low = sorted(map(low_end, several.values))[number - 1]
    return Interval(low, certain[number - 1], missing)


def _nth_of(those: tuple[Any, ...], number: int, none: Any) -> Any:
    """The n-th of spans of time lies between the n-th begin and the n-th end."""
    there = [value for value in those if value is not NONE]
    if len(there) < number:
        return none
    low = sorted(low_end(value) for value in there)[number - 1]
    high = sorted(_high(value) for value in there)[number - 1]
    if low == high:
        return low
    return Interval(low, high, NOWHERE_MISSING.union(*(value.missing for value in there if value.__class__ is Interval)))


def counted(found: Function) -> Function:
    """How many have happened."""

    def count(state: State) -> Any:
        several = found(state)
        if several.__class__ is not Several:
            return Maybe(None, several.missing, several.open)
        as_of = state[AS_OF]
        if several.plain and not (several.values and several.values[-1] > as_of):
            return len(several.values)
        least = most = 0
        missing, open_ = NOWHERE_MISSING, False
        for index, value in enumerate(several.values):
            # Times written down in advance may lie ahead.
            happened = True if isinstance(value, Maybe) else moments.compare("by", value, as_of, state)
            sure = all_of_conditions(happened, True if several.sure is None else several.sure[index])
            if sure is False:
                continue
            most += 1
            if sure is True:
                least += 1
            else:
                missing, open_ = missing | sure.missing, open_ or sure.open
        if most - least >= MAX_COMBINATIONS:
            return Maybe(None, missing, open_)
        return possibilities(range(least, most + 1), missing, open_)

    return count
