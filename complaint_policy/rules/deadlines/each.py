"""Deadlines that begin anew, every time: `from: {each: […], until: …}`."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterator
from datetime import datetime
from functools import partial
from typing import Any, Final

from attrs import evolve, frozen

from complaint_policy.event_log import EVENTS, Entry
from complaint_policy.expressions import moments
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.compile import Compiler
from complaint_policy.expressions.log import Several
from complaint_policy.frame import Framing, perhaps
from complaint_policy.instants import highest, lowest
from complaint_policy.kinds import Setting
from complaint_policy.outcomes import INDETERMINATE, NOT_APPLICABLE, PENDING
from complaint_policy.possible import (
    MAX_INSTANT,
    NONE,
    NOT_YET,
    Interval,
    Maybe,
    all_of_conditions,
    any_of_conditions,
    each_possibility,
    options_of,
    possibilities,
)
from complaint_policy.results import Settled
from complaint_policy.rules.deadlines.model import Deadline
from complaint_policy.rules.deadlines.record import General
from complaint_policy.rules.deadlines.repeated import Instance, RepeatedDeadline, combined
from complaint_policy.texts import Text

State = list[Any]

MOST_STARTS: Final = 1_000
# Looked through again for every start, unsure acts more than these are not looked through at all.
_MOST_AGAIN: Final = 500
_TOO_MANY: Final = Text(f"it began more than {MOST_STARTS:,} times", f"起算超过{MOST_STARTS}次")
_ENDED: Final = Text("it had ended before it began", "起算时已终止")


@frozen
class Start:
    """When the duty began anew: at ``value``, by those events and entries; ``certain`` is a condition."""

    value: Any
    certain: Any
    by: frozenset[Hashable]
    names: frozenset[str]


def compile_each(rule: Deadline, each: n.Each, setting: Setting) -> Callable[[State], Settled]:
    """The function gives a :class:`RepeatedDeadline`."""
    framing = Framing(rule, setting.compiler, setting.scope, setting.waivers)
    general, zone = General(rule, setting), setting.zone
    compiler = setting.compiler
    looked_at = attributes_of_entry(rule)
    starts = _Starts(each, compiler, apart=bool(looked_at))
    find = _acts(rule.act, each, compiler, alone=True)
    entry_slot = setting.slots["entry"]
    # Where there is no log that can be read.
    anything = Maybe(None, EVENTS)
    unknown = Entry(anything, 0, False, dict.fromkeys(looked_at, anything), frozenset())
    apart = RepeatedDeadline(rule, NOT_APPLICABLE, NONE, NONE, NONE, zone)

    def one(number: int, start: Start, acts: Any, holds: Any, state: State) -> Instance:
        if looked_at:
            state[entry_slot] = next((by for by in start.by if isinstance(by, Entry)), unknown)
        result = general.judged(Instance(rule, number, start.value, acts(start), zone), state, start.names)
        if start.certain is not True:
            perhaps(result, start.certain)
        framing.settle(result, holds, state)
        return result

    def none(begun: Any, holds: Any, state: State) -> RepeatedDeadline:
        """Nothing has begun it, or nothing ever will."""
        result = RepeatedDeadline(rule, PENDING, begun, begun, NOT_YET, zone)
        general._decide(result, state, begun, begun, NOT_YET)
        framing.settle(result, holds, state)
        return result

    def settle(state: State) -> Settled:
        holds = True if framing.applies is None else framing.applies(state)
        if holds is False:
            return apart
        found, begun = starts.of(state)
        if not found:
            result = none(begun, holds, state)
            if begun is NONE and starts.ended(state):
                result.own_details().reason = _ENDED
            return result
        if len(found) > MOST_STARTS:
            result = RepeatedDeadline(rule, INDETERMINATE, NOT_YET, Maybe(None, starts.names), NOT_YET, zone)
            details = result.own_details()
            details.missing, details.reason = tuple(sorted(starts.names)), _TOO_MANY
            framing.settle(result, holds, state)
            return result
        acts = find(state)
        return combined(rule, tuple(one(number, start, acts, holds, state) for number, start in enumerate(found, 1)), zone)

    return settle


def attributes_of_entry(rule: Deadline) -> frozenset[str]:
    """The attributes of the entry it began with, that its limit or act looks at."""
    found: set[str] = set()
    waiting: list[n.Expression] = [rule.act, *rule.limits]
    while waiting:
        node = waiting.pop()
        if isinstance(node, n.NamedInstant) and node.kind == "entry":
            found.add(node.name)
        elif not isinstance(node, n.Entries):  # in their `where` the names are their own
            waiting += n.children(node)
    return frozenset(found)


# --------------------------------------------------------------------------- the starts
class _Part:
    """An instant of the record, or several of them: what may have happened, and what it is told from the rest by."""

    def __init__(self, node: n.Instant, compiler: Compiler) -> None:
        self._several = compiler.entries(node)
        self._first = compiler.instant(node)
        self._key: Hashable = (node.kind, node.name) if isinstance(node, (n.NamedInstant, n.NamedInstants)) else node
        self.names = frozenset(n.fields_in(node))

    def several(self, state: State) -> Any:
        """A :class:`Several`, or a Maybe where nothing is known."""
        return self._several(state)

    def identity(self, several: Several, index: int) -> Hashable:
        """An entry is itself; any other instant is known by where it stands."""
        return several.entries[index] if several.entries else (self._key, index)

    def starts(self, state: State) -> Iterator[Start]:
        found = self._several(state)
        if found.__class__ is not Several:
            unsure = Maybe(None, found.missing, found.open)
            yield Start(unsure, unsure, frozenset(), self.names)
            return
        for index, value in enumerate(found.values):
            sure = True if found.sure is None else found.sure[index]
            start = _start(value, sure, frozenset({self.identity(found, index)}), self.names)
            if start is not None:
                yield start

    def is_none(self, state: State) -> bool:
        return self._first(state) is NONE


def _start(value: Any, sure: Any, by: frozenset[Hashable], names: frozenset[str]) -> Start | None:
    """What may have happened begins the duty perhaps."""
    if not isinstance(value, Maybe):
        return Start(value, sure, by, names)
    unsure = Maybe(None, value.missing, value.open)
    if value.options is None:
        return Start(unsure, unsure, by, names)
    happened = [option for option in value.options if option is not NOT_YET and option is not NONE]
    if not happened:
        return None
    return Start(possibilities(happened, value.missing, value.open), sure if len(happened) == len(value.options) else unsure, by, names)


class _Starts:
    """The starts of a repeated deadline."""

    def __init__(self, each: n.Each, compiler: Compiler, *, apart: bool = False) -> None:
        self._apart = apart  # entries at one instant begin it each by itself: they differ in what is looked at
        self._parts = [_Part(part, compiler) for part in each.parts]
        self._until = compiler.instant(each.until) if each.until is not None else None
        self.names = frozenset(name for part in self._parts for name in part.names)

    def of(self, state: State) -> tuple[list[Start], Any]:
        """The starts in order of time; without any, whether there is none yet or never will be."""
        until = NOT_YET if self._until is None else self._until(state)
        found: dict[Any, Start] = {}
        for start in (start for part in self._parts for start in part.starts(state)):
            certain = self._begins(state, start, until)
            if certain is False:
                continue
            key = len(found) if self._apart else _key(start.value) or len(found)
            other = found.get(key)
            # Several at one instant, or known only by one day, begin it once.
            found[key] = (
                evolve(start, certain=certain)
                if other is None
                else Start(start.value, any_of_conditions(certain, other.certain), start.by | other.by, start.names | other.names)
            )
        if not found:
            return [], NONE if self.ended(state) or all(part.is_none(state) for part in self._parts) else NOT_YET
        return sorted(found.values(), key=lambda s: (lowest(s.value) or MAX_INSTANT, highest(s.value) or MAX_INSTANT)), NOT_YET

    def _begins(self, state: State, start: Start, until: Any) -> Any:
        """Whether it has happened, before the end."""
        happened = moments.compare("by", start.value, state[moments.AS_OF], state)
        if happened is False or until is NOT_YET or until is NONE:
            return all_of_conditions(start.certain, happened)
        return all_of_conditions(start.certain, happened, each_possibility(partial(_before, state), start.value, until))

    def ended(self, state: State) -> bool:
        """Whether it certainly begins no more."""
        until = NOT_YET if self._until is None else self._until(state)
        options = options_of(until) or (NOT_YET,)
        return all(option is not NOT_YET and option is not NONE and (highest(option) or MAX_INSTANT) <= state[moments.AS_OF] for option in options)


def _before(state: State, start: Any, until: Any) -> Any:
    return True if until is NOT_YET or until is NONE else moments.compare("before", start, until, state)


def _key(value: Any) -> Any:
    """What equal starts have in common."""
    if isinstance(value, datetime):
        return value, value
    return (value.low, value.high) if value.__class__ is Interval else None


# --------------------------------------------------------------------------- the act of each
Acts = Callable[[State], Callable[[Start], Any]]
_COMBINED: Final[dict[type[n.Instant], Callable[[list[Any]], Any]]] = {
    n.FirstOf: moments.earliest,
    n.LastOf: moments.latest,
    n.AllOf: moments.all_happened,
    n.FirstKnownInstant: moments.first_known,
}


def _acts(node: n.Instant, each: n.Each, compiler: Compiler, *, alone: bool = False) -> Acts:
    """For a state the function that gives, for a start, the act it waits for.

    What began a time never ends it; of several the first from the start on counts.
    """
    if isinstance(node, (n.FirstOf, n.LastOf, n.AllOf, n.FirstKnownInstant)):
        return _together([_acts(part, each, compiler) for part in node.parts], _COMBINED[type(node)])
    if isinstance(node, (n.ChooseInstant, n.Nth)):
        return _anew(node, each, compiler)
    if isinstance(node, n.NamedInstant) and node.kind == "entry":
        attribute = compiler.instant(node)
        return lambda state: lambda start: attribute(state)
    part = _Part(node, compiler)
    if alone and not isinstance(node, n.Instants):
        return _alone(node, compiler)

    def of(state: State) -> Callable[[Start], Any]:
        several = part.several(state)
        if several.__class__ is not Several:
            return lambda start: Maybe(None, several.missing, several.open)
        return lambda start: _first(part, several, start, state)

    return of


def _together(parts: list[Acts], combine: Callable[[list[Any]], Any]) -> Acts:
    def of(state: State) -> Callable[[Start], Any]:
        found = [part(state) for part in parts]
        return lambda start: combine([first(start) for first in found])

    return of


def _alone(node: n.Instant, compiler: Compiler) -> Acts:
    """A field alone is held to its order: an act before its start may be a slip of the keyboard."""
    function = compiler.instant(node)
    own: Hashable = ((node.kind, node.name), 0) if isinstance(node, n.NamedInstant) else None

    def of(state: State) -> Callable[[Start], Any]:
        act = function(state)
        return lambda start: NOT_YET if own in start.by else act

    return of


def _anew(node: n.Instant, each: n.Each, compiler: Compiler) -> Acts:
    """What is computed for every start by itself; entries of a kind that begins the duty count from after the start."""
    shared = _kinds(node) & frozenset(kind for part in each.parts for kind in _kinds(part))
    function = compiler.acts(after=bool(shared)).instant(node)

    def of(state: State) -> Callable[[Start], Any]:
        def act(start: Start) -> Any:
            state[moments.START] = start.value
            return function(state)

        return act

    return of


def _kinds(node: n.Instant) -> frozenset[str]:
    return frozenset(kind for part in n.walk(node) for kind in n.kinds_of(part))


def _first(part: _Part, several: Several, start: Start, state: State) -> Any:
    """The first from a start on, but for what began it."""
    if several.plain and start.value.__class__ is datetime:
        for index in range(bisect_left(several.values, start.value), len(several.values)):
            if part.identity(several, index) not in start.by:
                return several.values[index]
        return NOT_YET
    if several.plain:
        # Nothing after the first that is certainly later matters.
        low, high = lowest(start.value), highest(start.value)
        begin = bisect_left(several.values, low) if low is not None else 0
        end = bisect_left(several.values, high) + 1 + len(start.by) if high is not None else len(several.values)
        places = range(begin, min(end, len(several.values)))
    else:
        places = range(len(several.values))
    if len(places) > _MOST_AGAIN:
        return Maybe(None, several.missing() | part.names, False)
    kept = [index for index in places if part.identity(several, index) not in start.by]
    sure = None if several.sure is None else tuple(several.sure[index] for index in kept)
    rest = Several(tuple(several.values[index] for index in kept), sure, tuple(several.entries[index] for index in kept) if several.entries else ())
    return rest.not_before(start.value, state).first()


__all__ = ["MOST_STARTS", "attributes_of_entry", "compile_each"]
