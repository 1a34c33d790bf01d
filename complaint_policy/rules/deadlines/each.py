"""Deadlines that begin anew, every time: `from: {each: […], until: …}`."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime
from functools import partial
from typing import Any, Final

from attrs import evolve, frozen

from complaint_policy.expressions import moments
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.compile import Compiler, Function
from complaint_policy.frame import Framing, perhaps
from complaint_policy.instants import highest, lowest
from complaint_policy.kinds import Setting
from complaint_policy.outcomes import INDETERMINATE, NOT_APPLICABLE, PENDING
from complaint_policy.possible import (
    MAX_INSTANT,
    NONE,
    NOT_YET,
    NOWHERE_MISSING,
    Interval,
    Maybe,
    all_of_conditions,
    any_of_conditions,
    each_possibility,
    possibilities,
)
from complaint_policy.results import Settled
from complaint_policy.rules.deadlines.model import Deadline
from complaint_policy.rules.deadlines.record import General
from complaint_policy.rules.deadlines.repeated import Instance, RepeatedDeadline, combined
from complaint_policy.texts import Text

State = list[Any]

MOST_STARTS: Final = 1_000
# More moments of which nobody knows whether or when they were are not tried one by one.
_MOST_UNKNOWN: Final = 8
_TOO_MANY: Final = Text(f"it began more than {MOST_STARTS:,} times", f"起算超过{MOST_STARTS}次")
_ENDED: Final = Text("it had ended before it began", "起算时已终止")


@frozen
class Moment:
    """Something that may have happened; ``identity`` tells it from everything else that did."""

    value: Any
    identity: Hashable
    names: frozenset[str]


@frozen
class Start:
    """When the duty began anew: at ``value``, by those moments; ``certain`` is a condition."""

    value: Any
    certain: Any
    by: frozenset[Hashable]
    names: frozenset[str]


def compile_each(rule: Deadline, each: n.Each, setting: Setting) -> Callable[[State], Settled]:
    """The function gives a :class:`RepeatedDeadline`."""
    framing = Framing(rule, setting.compiler, setting.scope, setting.waivers)
    general, zone = General(rule, setting), setting.zone
    compiler = setting.compiler
    starts = _Starts(each, compiler)
    find = _acts(rule.act, compiler, alone=True)
    apart = RepeatedDeadline(rule, NOT_APPLICABLE, NONE, NONE, NONE, zone)

    def one(number: int, start: Start, acts: Any, holds: Any, state: State) -> Instance:
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


# --------------------------------------------------------------------------- what has happened
def _moments(node: n.Instant, compiler: Compiler) -> Callable[[State], list[Moment]]:
    """What an instant of the record, or several, may be."""
    function, names = compiler.instant(node), frozenset(n.fields_in(node))
    identity: Hashable = (node.kind, node.name) if isinstance(node, n.NamedInstant) else node
    return lambda state: [Moment(function(state), identity, names)]


class _Starts:
    """The starts of a repeated deadline."""

    def __init__(self, each: n.Each, compiler: Compiler) -> None:
        self._parts = [_moments(part, compiler) for part in each.parts]
        self._until = compiler.instant(each.until) if each.until is not None else None
        self.names = frozenset(name for part in each.parts for name in n.fields_in(part))

    def of(self, state: State) -> tuple[list[Start], Any]:
        """The starts in order of time; without any, whether there is none yet or never will be."""
        until = NOT_YET if self._until is None else self._until(state)
        found: dict[Any, Start] = {}
        begun: Any = NONE
        for part in self._parts:
            for moment in part(state):
                if moment.value is not NONE:
                    begun = NOT_YET
                start = _start(moment)
                if start is None:
                    continue
                certain = all_of_conditions(start.certain, each_possibility(partial(_before, state), start.value, until))
                if certain is False:
                    continue
                key = _key(start.value) or len(found)
                other = found.get(key)
                # Several at one instant, or known only by one day, begin it once.
                found[key] = (
                    evolve(start, certain=certain)
                    if other is None
                    else Start(start.value, any_of_conditions(certain, other.certain), start.by | other.by, start.names | other.names)
                )
        if not found and self.ended(state):
            begun = NONE
        return sorted(found.values(), key=lambda s: (lowest(s.value) or MAX_INSTANT, highest(s.value) or MAX_INSTANT)), begun

    def ended(self, state: State) -> bool:
        """Whether it certainly begins no more."""
        until = None if self._until is None else self._until(state)
        end = highest(until)
        return end is not None and end <= state[moments.AS_OF] and not (isinstance(until, Maybe) and NOT_YET in (until.options or (NOT_YET,)))


def _start(moment: Moment) -> Start | None:
    """A moment as a start; what may not have happened begins the duty perhaps."""
    value, by = moment.value, frozenset({moment.identity})
    if value is NOT_YET or value is NONE:
        return None
    if not isinstance(value, Maybe):
        return Start(value, True, by, moment.names)
    unsure = Maybe(None, value.missing, value.open)
    if value.options is None:
        return Start(unsure, unsure, by, moment.names)
    happened = [option for option in value.options if option is not NOT_YET and option is not NONE]
    if not happened:
        return None
    certain = True if len(happened) == len(value.options) else unsure
    return Start(possibilities(happened, value.missing, value.open), certain, by, moment.names)


def _before(state: State, start: Any, until: Any) -> Any:
    return True if until is NOT_YET or until is NONE else moments.compare("before", start, until, state)


def _key(value: Any) -> Any:
    """What equal starts have in common."""
    if isinstance(value, datetime):
        return value, value
    return (value.low, value.high) if value.__class__ is Interval else None


# --------------------------------------------------------------------------- the act of each
Acts = Callable[[State], Callable[[Start], Any]]
_COMBINED: Final[tuple[tuple[type[n.Instant], Callable[[list[Any]], Any]], ...]] = (
    (n.FirstOf, moments.earliest),
    (n.LastOf, moments.latest),
    (n.AllOf, moments.all_happened),
    (n.FirstKnownInstant, moments.first_known),
)


def _acts(node: n.Instant, compiler: Compiler, *, alone: bool = False) -> Acts:
    """For a state the function that gives, for a start, the act it waits for.

    What began a time never ends it; several are looked at from the start on.
    """
    for kind, combine in _COMBINED:
        if isinstance(node, kind):
            return _together([_acts(part, compiler) for part in node.parts], combine)  # type: ignore[attr-defined]
    happened = _moments(node, compiler)
    if alone and not _is_several(node):
        # A field alone is held to its order: an act before its start may be a slip of the keyboard.
        def only(state: State) -> Callable[[Start], Any]:
            (moment,) = happened(state)
            return lambda start: NOT_YET if moment.identity in start.by else moment.value

        return only
    return lambda state: _Found(happened(state)).first


def _together(parts: list[Acts], combine: Callable[[list[Any]], Any]) -> Acts:
    def of(state: State) -> Callable[[Start], Any]:
        found = [part(state) for part in parts]
        return lambda start: combine([first(start) for first in found])

    return of


class _Found:
    """Moments in order, to find the first that is not before a start."""

    def __init__(self, happened: Iterable[Moment]) -> None:
        exact: list[Moment] = []
        spans: list[Moment] = []
        self._unknown: list[Moment] = []
        for moment in happened:
            if isinstance(moment.value, datetime):
                exact.append(moment)
            elif moment.value.__class__ is Interval:
                spans.append(moment)
            elif isinstance(moment.value, Maybe):
                self._unknown.append(moment)
        self._ordered = [_Ordered(exact, lambda value: value), _Ordered(spans, lambda value: value.high)]

    def first(self, start: Start) -> Any:
        """The first from the start on: that which began it, and what is certainly before it, are passed over."""
        unknown = [moment.value for moment in self._unknown if moment.identity not in start.by]
        if len(unknown) > _MOST_UNKNOWN:
            return Maybe(None, NOWHERE_MISSING.union(*(value.missing for value in unknown)), any(value.open for value in unknown))

        def after(begun: Any) -> Any:
            low = begun.low if begun.__class__ is Interval else begun
            known = [value for ordered in self._ordered if (value := ordered.from_(low, start.by)) is not None]
            later = [each_possibility(partial(_not_before, low), value) for value in unknown]
            return moments.earliest([*known, *later]) if known or later else NOT_YET

        return each_possibility(after, start.value)


class _Ordered:
    """Moments in the order of their latest ends."""

    def __init__(self, happened: list[Moment], end: Callable[[Any], datetime]) -> None:
        self._moments = sorted(happened, key=lambda moment: end(moment.value))
        self._ends = [end(moment.value) for moment in self._moments]

    def from_(self, low: datetime, without: frozenset[Hashable]) -> Any:
        """The first that does not end before an instant."""
        index = bisect_left(self._ends, low)
        while index < len(self._moments):
            if self._moments[index].identity not in without:
                return self._moments[index].value
            index += 1
        return None


def _not_before(low: datetime, value: Any) -> Any:
    if value is NOT_YET or value is NONE:
        return NOT_YET
    return NOT_YET if (value.high if value.__class__ is Interval else value) < low else value


def _is_several(node: n.Instant) -> bool:
    return False


__all__ = ["MOST_STARTS", "Function", "compile_each"]
