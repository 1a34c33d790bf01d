"""Instants on columns: naming, comparing and choosing them, with all they may be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, Protocol

import polars as pl
from attrs import define, evolve

from complaint_policy.columns import choosing, lengths, several
from complaint_policy.columns.branches import branch_codes
from complaint_policy.columns.computed import computed_instants
from complaint_policy.columns.opening import opened
from complaint_policy.columns.plan import ABOVE, AT_LEAST, AT_MOST, BELOW, SAME, Ex, constant, on
from complaint_policy.columns.tabulating import boolean_of, tabulated
from complaint_policy.columns.values import ANY, EXACT, LATER, LEFT_OVER, LEFT_SHAPE, NO_END, SPAN, STATED_NONE, Coded, Column, Instants, Shape, is_left
from complaint_policy.expressions import moments
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.computed import ComputedInstant
from complaint_policy.expressions.moments import AS_OF, FIRST_FREE
from complaint_policy.intake import empty_value
from complaint_policy.possible import NOWHERE_MISSING, Maybe

if TYPE_CHECKING:
    from complaint_policy.columns.sheet import Sheet
    from complaint_policy.counting import Counter

__all__ = ["Around", "Pausing", "compared", "during", "happened", "in_order", "instant", "left_instants", "of_field", "tested"]

_SIGNS: Final = {"by": AT_MOST, "before": BELOW, "after": ABOVE, "not_before": AT_LEAST}
# Representatives: where instants lie against one another is all that comparisons see.
_DAYS: Final = [datetime(2000, 1, 1) + timedelta(days=i) for i in range(60)]


class Pausing(Protocol):
    """When the clock of a deadline stood still."""

    def moved(self, base: Instants, counter: Counter) -> Instants:
        """The start of the deadline moved by a counter, put off by each row's pauses."""

    def of_numbers(self, start: Ex, number: Ex, without: Ex, counter_of: Callable[[int], Counter]) -> Ex:
        """The due ticks of starts by a length whose number is each row's, put off likewise; ``without`` is what they would be without a pause."""


@define(eq=False)
class Around:
    """The deadline an expression stands in: its start, its pauses, and inside a ladder the due instant before."""

    start: Instants | None = None
    previous: Instants | None = None
    pauses: Pausing | None = None
    acting: bool = False  # of several instants those before the start do not count: it is the act that ends the rule

    def matters(self, node: n.Expression) -> bool:
        seen = (n.RuleStart, n.PreviousDue, n.PresentBy, *((n.Instants,) if self.acting else ()))
        return any(isinstance(part, seen) for part in n.walk(node))

    def plain(self) -> Around:
        """For what is no act itself."""
        return evolve(self, acting=False) if self.acting else self


def left_instants() -> Instants:
    """Instants that are left to the record evaluation."""
    return Instants(None, None, (LEFT_SHAPE,))


def instant(sheet: Sheet, node: n.Instant, around: Around | None) -> Instants:
    match node:
        case n.NamedInstant(name=name, kind="field" | "entry"):
            return sheet.moment(name)
        case n.Instants():
            return several.first_of(sheet, several.of(sheet, node, around))
        case n.Nth():
            return several.nth(sheet, node, around)
        case n.NamedInstant(name=name):
            expression = sheet.model.facts[name].expression
            return sheet.instant(expression) if isinstance(expression, n.Instant) else left_instants()
        case n.AsOf():
            return Instants(constant(sheet.now, pl.Int64), None, (Shape(EXACT),))
        case n.RuleStart():
            return around.start if around is not None and around.start is not None else left_instants()
        case n.PreviousDue():
            return around.previous if around is not None and around.previous is not None else left_instants()
        case n.DueOf(rule=rule):
            return _due_of(sheet, rule)
        case n.Counted():
            return lengths.counted(sheet, node, around)
        case n.FirstOf(parts=parts):
            return choosing.extreme(sheet, [sheet.instant(p, around) for p in parts], first=True)
        case n.LastOf(parts=parts):
            return choosing.extreme(sheet, [_last(sheet, p, around) for p in parts], first=False)
        case n.AllOf(parts=parts):
            return choosing.extreme(sheet, [_last(sheet, p, around) for p in parts], first=False, all_of=True)
        case n.FirstKnownInstant(parts=parts):
            return choosing.first_known(sheet, [sheet.instant(p, around) for p in parts])
        case n.ChooseInstant(branches=branches):
            chosen = branch_codes(sheet, [b.when for b in branches], frozenset(n.fields_in(node)), None if around is None else around.plain())
            return choosing.picked(sheet, chosen, [sheet.instant(b.then, around) for b in branches])
        case ComputedInstant():
            return computed_instants(sheet, node)
    return left_instants()


def _last(sheet: Sheet, node: n.Instant, around: Around | None) -> Instants:
    """Of several instants the last, where the last of all is asked for."""
    return several.last_of(sheet, several.of(sheet, node, around)) if isinstance(node, n.Instants) else sheet.instant(node, around)


def _due_of(sheet: Sheet, rule: str) -> Instants:
    """The due instant of a deadline; where it rests on days not announced yet it is one of many."""
    verdicts = sheet.verdicts(rule)
    if verdicts.due is None:
        return left_instants()
    if verdicts.provisional is not None:
        sheet.leave(verdicts.provisional)
    if verdicts.due.low is not None and verdicts.due.high is not None:
        # A limit without a known end.
        sheet.leave(on(lambda h: h >= NO_END, verdicts.due.high))
    return verdicts.due


def of_field(sheet: Sheet, name: str) -> Instants:
    """A field that is an instant: an event after ``as_of`` has not happened yet, a bare date is a span."""
    declared, cells = sheet.declared(name), sheet.cells(name)
    if cells is None:
        return Instants(None, None, (Shape(ANY, frozenset({name})),))
    if name == "received_at" and cells.value is not None and cells.high is None and (sheet.hints.hopeful or name in sheet.hints.happened):
        # Rows without a receipt are rejected before anything is judged; few are still to come.
        now = sheet.now
        if name not in sheet.hints.happened:
            sheet.leave(on(lambda v: v > now, cells.value))
        return Instants(cells.value, None, (Shape(EXACT),))
    empty = Shape.of(empty_value(declared))
    if cells.value is None:
        return Instants(None, None, (empty,))
    low, high, plan = cells.value, cells.high, sheet.plan
    shapes = [Shape(EXACT)]
    if high is not None:
        shapes.append(Shape(SPAN, frozenset({name})))
    if declared.type == "event" and high is None and (name in sheet.hints.happened or sheet.expected(name)):
        seen = low
        shapes.append(Shape(LATER))
    elif declared.type == "event":
        now = sheet.now
        seen = low
        low = plan.keep(on(lambda v: pl.when(v <= now).then(v), seen))
        if high is not None:
            high = plan.keep(on(lambda v, h: pl.when(v <= now).then(pl.min_horizontal(h, pl.lit(now, pl.Int64))), seen, high))
        shapes.append(Shape(LATER))
    else:
        seen = low
    if high is None and cells.bad is None and (declared.type != "event" or empty.kind == LATER):
        if declared.type != "event":
            shapes.append(empty)
        return Instants(low, None, tuple(shapes))
    where = {shape: index for index, shape in enumerate(shapes)}
    for shape in (empty, Shape(ANY, frozenset({name}))):
        where.setdefault(shape, len(where))
    bad, later = cells.bad, where.get(Shape(LATER), 0)
    exact, empties, unusable = 0, where[empty], where[Shape(ANY, frozenset({name}))]
    ends = cells.high  # a day that has only just begun is a day all the same

    def state() -> Ex:
        def settle(s: pl.Expr, v: pl.Expr, *more: pl.Expr) -> pl.Expr:
            rest = iter(more)
            known: Any = pl.when(s == next(rest)).then(exact).otherwise(1) if ends is not None else pl.lit(exact)
            absent: Any = pl.when(s.is_not_null()).then(later).otherwise(empties)
            if bad is not None:
                absent = pl.when(next(rest).fill_null(False)).then(unusable).otherwise(absent)
            return pl.when(v.is_not_null()).then(known).otherwise(absent).cast(pl.UInt8)

        return on(settle, seen, low, *([ends] if ends is not None else []), *([bad] if bad is not None else []))

    return Instants(low, high, tuple(where), state)


def happened(sheet: Sheet, node: n.NamedInstant) -> Column:
    """Whether an event is there."""
    moment = sheet.moment(node.name)

    def answer(shape: Shape) -> Any:
        if shape.bounded:
            return True
        if shape.kind in (LATER, STATED_NONE) or shape.empty:
            return False
        return Maybe(None, shape.missing, shape.open)

    if moment.low is not None and moment._state is None and len(moment.shapes) == 2:
        return Column("boolean", moment.low.is_not_null())
    return boolean_of(sheet.plan, tabulated(sheet.plan, [moment.state(sheet.plan)], answer))


# --------------------------------------------------------------------------- comparing
def compared(sheet: Sheet, operation: str, a: Instants, b: Instants) -> Column:
    """``a by b`` and its kind."""
    plan, sign = sheet.plan, _SIGNS[operation]
    if a.simple and b.simple:
        assert a.low is not None and b.low is not None
        return Column("boolean", on(sign, a.low, b.low))
    bounded = any(s.bounded for s in a.shapes) and any(s.bounded for s in b.shapes)
    relation = _relation(sheet, sign, a, b) if bounded else None
    beside = [_against_now(sheet, x) if any(s.kind == LATER for s in y.shapes) else None for x, y in ((a, b), (b, a))]
    inputs = [a.state(plan), b.state(plan), *(c if c is not None else _nothing() for c in (relation, *beside))]

    def answer(s: Shape, t: Shape, between: Any, a_now: Any, b_now: Any) -> Any:
        if s.bounded and t.bounded:
            if isinstance(between, bool):
                return between
            if s.kind == EXACT and t.kind == EXACT:
                return LEFT_OVER  # no such rows
            if s.kind == t.kind and s.interval != t.interval:
                return LEFT_OVER  # whether a day is missing depends on where each of the possibilities lies
            return Maybe(None, s.missing | t.missing, s.open or t.open)
        # Where each lies against the moment of judgement is all that is seen of it.
        found = moments.compare(operation, s.value(*_ends(s, a_now)), t.value(*_ends(t, b_now)), _state())
        return Maybe(None, found.missing, found.open) if isinstance(found, Maybe) else found

    return boolean_of(plan, tabulated(plan, inputs, answer, left=LEFT_OVER))


def tested(sheet: Sheet, operation: str, left: n.Instant, right: n.Instant, around: Around | None) -> Column:
    """``left by right`` and its kind of two expressions."""
    a, b = sheet.instant(left, around), sheet.instant(right, around)
    found = compared(sheet, operation, a, b)
    if not isinstance(right, n.ChooseInstant) or not any(is_left(s.missing) for s in b.shapes):
        return found
    # Of a choice among days each of them by itself: a day is missing where it is one of those that it depends on.
    plan = sheet.plan
    chosen = branch_codes(sheet, [branch.when for branch in right.branches], frozenset(n.fields_in(right)), None if around is None else around.plain())
    parts = [sheet.instant(branch.then, around) for branch in right.branches]
    for one, other in combinations(parts, 2):
        if one.low is not None and other.low is not None:
            ends = one.low, one.high or one.low, other.low, other.high or other.low
            sheet.leave(on(lambda a, b, c, d: (SAME(a, c) & SAME(b, d)).fill_null(False), *ends))  # then it is one day, and no choice

    def of_part(shape: Shape, result: Any) -> Any:
        return result if shape.bounded else LEFT_OVER

    results = [tabulated(plan, [part.state(plan), compared(sheet, operation, a, part).coded(plan)], of_part) for part in parts]

    def answer(whole: Any, choice: Any, *told: Any) -> Any:
        if not isinstance(whole, Maybe) or not is_left(whole.missing) or not isinstance(choice, Maybe) or choice.options is None:
            return whole
        possible = [told[i] for i in choice.options]
        unknown = [v for v in possible if isinstance(v, Maybe)]
        if any(is_left(v.missing) for v in unknown):
            return whole
        if not unknown and len(set(possible)) == 1:
            return possible[0]
        return Maybe(None, choice.missing.union(*(v.missing for v in unknown)), choice.open or any(v.open for v in unknown))

    return boolean_of(plan, tabulated(plan, [found.coded(plan), chosen, *results], answer, left=LEFT_OVER))


def _nothing() -> Coded:
    return Coded(constant(0, pl.UInt8), (None,))


def _state() -> list[Any]:
    state: list[Any] = [None] * FIRST_FREE
    state[AS_OF] = _DAYS[30]
    return state


def _ends(shape: Shape, now: Any) -> tuple[datetime, datetime]:
    """Two instants that lie against ``as_of`` as the row's do: both up to it, across it, or both after it."""
    if now == "across":
        return _DAYS[20], _DAYS[40]
    if now == "after":
        return (_DAYS[40], _DAYS[40]) if shape.kind == EXACT else (_DAYS[40], _DAYS[45])
    return (_DAYS[20], _DAYS[20]) if shape.kind == EXACT else (_DAYS[10], _DAYS[20])


def _relation(sheet: Sheet, sign: Any, a: Instants, b: Instants) -> Coded:
    """Of bounded rows: whether it holds, fails, or depends (None)."""
    assert a.low is not None and b.low is not None
    plan = sheet.plan
    if a.exact and b.exact:
        return Column("boolean", on(sign, a.low, b.low), (None,)).coded(plan)
    a_high, b_high = a.high or a.low, b.high or b.low
    # The comparison is monotone: it holds for all if it holds for the worst ends.
    forward = sign(0, 1)
    worst = on(sign, a_high, b.low) if forward else on(sign, a.low, b_high)
    best = on(sign, a.low, b_high) if forward else on(sign, a_high, b.low)
    value = on(lambda w, x: pl.when(w).then(True).when(~x).then(False), worst, best)
    return Column("boolean", value, (None,)).coded(plan)


def _against_now(sheet: Sheet, one: Instants) -> Coded:
    """Where bounded instants lie against the moment of judgement."""
    if one.low is None:
        return _nothing()
    now = sheet.now
    if one.exact:
        return Coded(None, ("up to", "after"), sheet.plan.keep((one.low > pl.lit(now, pl.Int64)).fill_null(False)))
    high = one.high or one.low

    def settle(low: pl.Expr, high: pl.Expr) -> pl.Expr:
        return pl.when(high <= now).then(0).when(low > now).then(1).otherwise(2).cast(pl.UInt8)

    return Coded(sheet.plan.keep(on(settle, one.low, high)), ("up to", "after", "across"))


def in_order(sheet: Sheet, parts: list[Instants]) -> Column:
    """Each instant that has happened is no earlier than those before it."""
    plan = sheet.plan
    tests: list[Column] = []
    for index, later in enumerate(parts):
        for earlier in parts[:index]:
            raw = compared(sheet, "by", earlier, later).coded(plan)

            def answer(s: Shape, t: Shape, found: Any) -> Any:
                if t.kind in (LATER, STATED_NONE):
                    return True
                if s.kind == LATER:
                    return False if t.bounded else Maybe(None, t.missing, t.open)
                return True if s.kind == STATED_NONE else found

            if earlier.simple and later.simple:
                tests.append(compared(sheet, "by", earlier, later))
            else:
                tests.append(boolean_of(plan, tabulated(plan, [earlier.state(plan), later.state(plan), raw], answer)))
    from complaint_policy.columns.conditions import conjunction

    return conjunction(sheet, tests)


def during(sheet: Sheet, moment: Instants, spec: Any) -> Column:
    """Whether an instant lies in a calendar's working time."""
    plan = sheet.plan
    if moment.low is None:
        found: Coded = _nothing()
    else:
        found = Column("boolean", opened(sheet, moment.low, spec), (None,)).coded(plan)

    def answer(shape: Shape, is_open: Any) -> Any:
        if shape.kind == EXACT:
            return is_open if is_open is not None else LEFT_OVER
        if shape.kind == SPAN:
            return Maybe(None, shape.missing, shape.open) if shape.interval else LEFT_OVER
        if shape.kind == LATER:
            return Maybe(None, NOWHERE_MISSING, True)
        return False if shape.kind == STATED_NONE else Maybe(None, shape.missing, shape.open)

    return boolean_of(plan, tabulated(plan, [moment.state(plan), found], answer))
