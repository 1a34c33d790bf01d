"""Expressions as functions of a record's state.

Conditions and values become one small Python function each, whose source is made of slot numbers
and pooled constants only: no text of a policy ever becomes code.  A *state* is a list; ``slots``
says at which position each name stands.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial, reduce
from typing import Any

from complaint_policy.counting import Counter, calendar_of
from complaint_policy.expressions import log, moments
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.advancing import advancing, counted_on
from complaint_policy.expressions.computed import ComputedInstant, computed
from complaint_policy.expressions.moments import AS_OF, PAUSES, PREVIOUS, START, TRACE
from complaint_policy.expressions.operators import OPERATIONS, direction, present
from complaint_policy.expressions.source import Source, slot
from complaint_policy.lengths import Length
from complaint_policy.possible import (
    NONE,
    NOT_YET,
    NOWHERE_MISSING,
    Growing,
    Interval,
    Maybe,
    all_of_conditions,
    as_things_stand,
    each_possibility,
    options_of,
    possibilities,
)
from complaint_policy.zones import Zone

__all__ = ["Compiler", "Function", "State"]

State = list[Any]
Function = Callable[[State], Any]


class Compiler:
    """Compiles expressions against one layout of slots."""

    def __init__(self, slots: dict[str, int], zone: Zone, *, paused: bool = False, since: str | None = None, inside: bool = False) -> None:
        self.slots = slots
        self.zone = zone
        self.paused = paused  # lengths from the rule's start stand still during state[PAUSES]
        self.since = since  # entries are those `not_before`, or `after`, state[START]
        self.inside = inside  # in the `where` of entries

    def acts(self, *, after: bool = False) -> Compiler:
        """For the act that ends a rule: entries before its start (with ``after``: at it, too) are ignored, the next one counts."""
        return Compiler(self.slots, self.zone, paused=self.paused, since="after" if after else "not_before")

    # ---------------------------------------------------------------- conditions
    def condition(self, node: n.Condition | None) -> Function | None:
        """The function of a condition; ``None`` where there is none."""
        return None if node is None else Source(self._plain()).function(lambda source: source.condition(node))

    def _plain(self) -> Compiler:
        """For what is no act itself: every entry counts, those before the start as well."""
        return self if self.since is None else Compiler(self.slots, self.zone, paused=self.paused)

    def value(self, node: n.Value) -> Function:
        return Source(self).function(lambda source: source.value(node))

    # ---------------------------------------------------------------- instants
    def instant(self, node: n.Instant) -> Function:
        match node:
            case n.NamedInstant(name=name, kind=kind):
                return slot(self.slots[f"{kind}:{name}"]) if kind != "entry" else self._attribute(name)
            case n.Instants():
                return _end_of(self.entries(node), "first")
            case n.Nth(number=number, of=of, after=after):
                source = frozenset({of.name}) if isinstance(of, n.NamedInstants) and of.kind == "field" else None
                return log.nth(self.entries(of), number, None if after is None else self._plain().instant(after), source, self.slots["memo"])
            case n.AsOf():
                return slot(AS_OF)
            case n.RuleStart():
                return slot(START)
            case n.PreviousDue():
                return slot(PREVIOUS)
            case n.DueOf(rule=rule):
                return _due_of(self.slots[f"rule:{rule}"])
            case n.Counted():
                return self._counted(node)
            case n.FirstOf(parts=parts):
                return _over([self.instant(p) for p in parts], moments.earliest)
            case n.LastOf(parts=parts):
                return _over([self._last(p) for p in parts], moments.latest)
            case n.AllOf(parts=parts):
                return _over([self._last(p) for p in parts], moments.all_happened)
            case n.FirstKnownInstant(parts=parts):
                return _over([self.instant(p) for p in parts], moments.first_known)
            case n.ChooseInstant(branches=branches):
                return self.choose([(b.when, self.instant(b.then)) for b in branches], frozenset(n.fields_in(node)))
            case ComputedInstant():
                return computed(node, self)
        raise TypeError(type(node).__name__)

    # ---------------------------------------------------------------- several instants
    def entries(self, node: n.Instant) -> Function:
        """The function gives several instants, in order, as a :class:`log.Several`; a Maybe where nothing is known of them."""
        match node:
            case n.Entries(kinds=kinds, where=where):
                inner = Compiler(self.slots, self.zone, inside=True)
                found = log.chosen_entries(self.slots["field:events"], kinds, inner.condition(where), self.slots["entry"], self.slots["memo"])
                found = log.once(found, self.slots["memo"]) if self.inside else found
            case n.NamedInstants(name=name, kind="fact"):
                found = slot(self.slots[f"entries:{name}"])
            case n.NamedInstants(name=name):
                found = log.listed_at(self.slots[f"field:{name}"])
            case _:
                single = self.instant(node)
                return lambda state: log.only(single(state))
        return found if self.since is None else log.since(found, self.since)

    def named_entries(self, node: n.Entries, name: str) -> Function:
        """A fact that is a name for entries: it keeps all of them beside the first."""
        found, index = self.entries(node), self.slots[f"entries:{name}"]
        first = _end_of(slot(index), "first")

        def named(state: State) -> Any:
            state[index] = found(state)
            return first(state)

        return named

    def _last(self, node: n.Instant) -> Function:
        """Several instants as one, where the last of all is asked for."""
        return _end_of(self.entries(node), "last") if isinstance(node, n.Instants) else self.instant(node)

    def _attribute(self, name: str) -> Function:
        index = self.slots["entry"]
        return lambda state: state[index].values[name]

    def entry_has(self, name: str) -> Function:
        index, has = self.slots["entry"], log.entry_has
        return lambda state: has(state[index], name)

    def last_of_entries(self, node: n.LastOfEntries) -> Function:
        return log.taken(self.entries(node.entries), node.attribute, NOT_YET if node.kind == "instant" else NONE)

    def counter(self, length: Length, node: n.Counted) -> Counter:
        return Counter(length, node.counting, ahead=node.ahead)

    def _counted(self, node: n.Counted) -> Function:
        base = self.instant(node.base)
        if isinstance(node.length, Length):
            counter = self.counter(node.length, node)
            due = counter.due
            if self.paused and isinstance(node.base, n.RuleStart):
                return lambda state: moments.moved(base(state), lambda start: counter.due_with_pauses(start, state[PAUSES]))

            def counted(state: State) -> Any:
                start = base(state)
                try:
                    if state[TRACE] is not None and (count := due if start is state[AS_OF] else counted_on(start, due)) is not None:
                        return advancing(due(start), count)
                    return due(start) if start.__class__ is datetime else moments.moved(start, due)
                except OverflowError:  # a chain of lengths past the year 9999
                    return Maybe(None, NOWHERE_MISSING)

            if counter.provisional_from() is None or isinstance(node.base, n.RuleStart):
                return counted  # a rule's own limit says of itself that it is provisional
            return lambda state: moments.announced(base(state), counted(state), counter.unannounced)
        amount, unit = self.value(node.length.amount), node.length.unit
        counters: dict[int, Counter] = {}

        def due_after(start: Any, count: Any, pauses: tuple[tuple[datetime, datetime], ...] = ()) -> Any:
            if count is NONE:
                return NONE
            if start is NOT_YET or start is NONE:
                return start
            whole = int(count)
            if whole != count or not 0 <= whole <= 100_000:
                return Maybe(None, missing)
            counter = counters.get(whole) or counters.setdefault(whole, self.counter(Length(whole, unit), node))
            try:
                return moments.moved(start, lambda begun: counter.due_with_pauses(begun, pauses))
            except (OverflowError, ValueError):  # past the year 9999, or more working time than the calendar has
                return Maybe(None, missing)

        missing = frozenset(n.fields_in(node.length.amount))
        if self.paused and isinstance(node.base, n.RuleStart):
            return lambda state: each_possibility(partial(due_after, pauses=state[PAUSES]), base(state), as_things_stand(amount(state)))
        return lambda state: each_possibility(due_after, base(state), as_things_stand(amount(state)))

    # ---------------------------------------------------------------- choose
    def choose(self, branches: list[tuple[n.Condition | None, Function]], names: frozenset[str]) -> Function:
        """The first branch whose condition holds, or every branch that may be it."""
        compiled_branches = [(self.condition(when), then) for when, then in branches]

        def chosen(state: State) -> Any:
            possible: list[Any] = []
            missing, open_ = NOWHERE_MISSING, False
            for when, then in compiled_branches:
                holds = True if when is None else when(state)
                if holds is False:
                    continue
                if holds is True:
                    if not possible:
                        return then(state)
                    possible.append(then(state))
                    return possibilities(possible, missing, open_)
                missing, open_ = missing | holds.missing, open_ or holds.open
                possible.append(then(state))
            # No branch is certain: what would settle the conditions settles the choice.
            possible.append(Maybe(None, missing or names, open_))
            return possibilities(possible, missing, open_)

        by_level = any("severity" in n.names_in(when) for when, _ in branches)
        return _for_each_level(chosen, self.slots["severity"]) if by_level and "severity" in self.slots else chosen

    # ---------------------------------------------------------------- spans
    def span(self, node: n.Span) -> Function:
        """The function gives disjoint stretches in order, or a Maybe of them."""
        match node:
            case n.NamedSpan(name=name):
                index = self.slots[f"field:{name}"]
                return lambda state: moments.stretches(state[index], state)
            case n.Between(start=start, end=end):
                a, b = self.instant(start), self.instant(end)
                names = frozenset(n.fields_in(node))
                return lambda state: moments.between(a(state), b(state), state, names)
            case n.Late(rule=rule):
                index = self.slots[f"rule:{rule}"]
                return lambda state: state[index].late_span(state)
            case n.Together(parts=parts):
                spans = [self.span(p) for p in parts]
                return lambda state: each_possibility(lambda *all_: moments.union(tuple(s for one in all_ for s in one)), *(f(state) for f in spans))
            case n.Except(base=base, removed=removed):
                kept, taken = self.span(base), self.span(removed)
                return lambda state: each_possibility(moments.without, kept(state), taken(state))
        raise TypeError(type(node).__name__)

    def moment_test(self, node: n.Moment) -> Function:
        left, right, operation = self.instant(node.left), self.instant(node.right), node.operation
        compare = moments.compare
        return lambda state: compare(operation, left(state), right(state), state)

    def during(self, node: n.During) -> Function:
        instant, spec, zone = self.instant(node.left), node.calendar, self.zone

        def open_at(moment: Any, state: State) -> Any:
            if moment is NOT_YET:
                return Maybe(None, NOWHERE_MISSING, True)
            if moment is NONE:
                return False
            if moment.__class__ is Interval:
                return Maybe(None, moment.missing)
            calendar = calendar_of(spec)
            if state[TRACE] is not None:
                moments.watch_turn(state, moment, lambda: calendar.next_turn(zone.to_aware(moment)))
            return calendar.is_working_time(zone.to_aware(moment))

        return lambda state: each_possibility(partial(open_at, state=state), instant(state))

    def in_order(self, node: n.InOrder) -> Function:
        instants = [self.instant(i) for i in node.instants]

        def pair(earlier: Any, later: Any, state: State) -> Any:
            if later is NOT_YET or later is NONE or earlier is NONE:
                return True
            # An act recorded before one that has not happened is out of order.
            return False if earlier is NOT_YET else moments.compare("by", earlier, later, state)

        def ordered(state: State) -> Any:
            values = [f(state) for f in instants]
            tests = []
            for index, later in enumerate(values):
                for earlier in values[:index]:
                    if later is NOT_YET or later is NONE or earlier is NONE:
                        continue
                    known = not isinstance(earlier, Maybe) and not isinstance(later, Maybe)
                    tests.append(pair(earlier, later, state) if known else each_possibility(partial(pair, state=state), earlier, later))
            return all_of_conditions(*tests)

        return ordered

    def length_of(self, node: n.LengthOf) -> Function:
        span, unit, rounding, per = self.span(node.span), node.unit, node.round, node.per
        return lambda state: moments.measure(span(state), unit, rounding, per, state)

    def present(self, name: str) -> Function:
        index = self.slots.get(f"given:{name}")
        if index is not None:
            return slot(index)
        index = self.slots[f"field:{name}"]
        return lambda state: present(state[index])

    def present_by(self, name: str) -> Function:
        index = self.slots[f"field:{name}"]
        return lambda state: moments.compare("by", state[index], state[PREVIOUS], state)

    # ---------------------------------------------------------------- arithmetic
    def arithmetic(self, node: n.Arithmetic) -> Function:
        parts = [self.value(p) for p in node.parts]
        names = frozenset(n.fields_in(node))
        operate = OPERATIONS[node.operation]

        def computed(*values: Any) -> Any:
            if any(v is NONE for v in values):
                return Maybe(None, names)
            try:
                return reduce(operate, values)
            except ArithmeticError:
                return Maybe(None, names)

        def calculated(state: State) -> Any:
            values = [part(state) for part in parts]
            if not any(value.__class__ is Growing for value in values):
                return each_possibility(computed, *values)
            now = each_possibility(computed, *(as_things_stand(value) for value in values))
            options = options_of(now)
            missing = now.missing if isinstance(now, Maybe) else NOWHERE_MISSING
            return Maybe(None, missing, True) if options is None else Growing(options, missing, direction(node.operation, values))

        return calculated

    def first_known(self, node: n.FirstKnown) -> Function:
        parts = [self.value(p) for p in node.parts]
        return lambda state: moments.first_known([part(state) for part in parts])


def _for_each_level(chosen: Function, severity: int) -> Function:
    """A choice by severity: with several levels possible, what each of them gives, and nothing that none of them gives."""

    def over_levels(state: State) -> Any:
        level = state[severity]
        if level.__class__ is not Maybe or level.options is None:
            return chosen(state)
        found: list[Any] = []
        try:
            for option in level.options:
                state[severity] = option
                found.append(chosen(state))
        finally:
            state[severity] = level
        return possibilities(found, level.missing, level.open)

    return over_levels


def _due_of(index: int) -> Function:
    """The due instant of a rule; where it rests on days not announced yet, all it may be."""

    def due(state: State) -> Any:
        result = state[index]
        return result.due if result.details.unannounced is None else result.details.unannounced

    return due


def _end_of(several: Function, end: str) -> Function:
    """The first or last of several instants."""

    def found(state: State) -> Any:
        those = several(state)
        if those.__class__ is not log.Several:
            return Maybe(None, those.missing, those.open)
        return those.first() if end == "first" else those.last()

    return found


def _over(parts: list[Function], combine: Callable[[list[Any]], Any]) -> Function:
    return lambda state: combine([part(state) for part in parts])
