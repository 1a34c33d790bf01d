"""Stretches of time on columns and how long they are: between two instants, or from a limit to a late act.

A stretch that still runs grows with time, and one whose ends nobody knows exactly may have several lengths: :func:`so_far` tells both, and
:mod:`~.measures` what amounts, conditions and limits make of them.  Rows with several stretches are asked of the record evaluation (:mod:`~.stretches`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from attrs import define, evolve

from complaint_policy.columns.choosing import end_flag
from complaint_policy.columns.plan import ABOVE, SAME, Ex, constant, on
from complaint_policy.columns.tabulating import among, lookup, tabulated, unknown_of
from complaint_policy.columns.values import ANY, EXACT, KNOWN, LATER, LEFT_OVER, SPAN, STATED_NONE, Coded, Column, Instants, Open, Shape, is_left
from complaint_policy.expressions import moments
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.moments import AS_OF, FIRST_FREE, MOST_VALUES
from complaint_policy.intake import empty_value
from complaint_policy.outcomes import AT_RISK, BREACHED, INDETERMINATE, PENDING
from complaint_policy.possible import NONE, Maybe

if TYPE_CHECKING:
    from complaint_policy.columns.cells import Cells
    from complaint_policy.columns.sheet import Sheet

__all__ = ["RUNNING", "Stretch", "between", "measured", "so_far", "state_of", "stretch"]


class _Running:
    def __repr__(self) -> str:
        return "RUNNING"


# What a row has: a stretch that has ended (KNOWN), or still runs (RUNNING), none, or what is missing of it.
RUNNING: Final = _Running()
_NO_STRETCH: Final = ()
# Of a stretch with an end that is a day: it may be one of several.
_SEVERAL: Final = ((), ())
_DAY: Final = datetime(2000, 1, 1)
_MICRO: Final = timedelta(microseconds=1)


@define
class Stretch:
    """By row at most one stretch: ``state`` says which rows have one, ``low`` and ``high`` are the ticks of its ends."""

    state: Coded
    low: Ex | None = None
    high: Ex | None = None


def measured(sheet: Sheet, node: n.LengthOf) -> Column:
    """How many whole units the stretches of each row have, where that is one number for good."""
    if _may_have_several(node):
        column, state = so_far(sheet, node)
        told = tabulated(sheet.plan, [state], lambda v: LEFT_OVER if isinstance(v, Open) else v)
        unknown, place = unknown_of(told)
        if column.value is None:
            return Column("number", None, unknown, place, whole=True)
        ended = on(lambda k, v: pl.when(k).then(v), among(told, lambda v: v is KNOWN), column.value)
        return Column("number", sheet.plan.keep(ended), unknown, place, whole=True)
    found = _ended(sheet, stretch(sheet, node.span))
    unknown, place = unknown_of(found.state)
    if len(unknown) == found.state.width:
        return Column("number", None, unknown, place, whole=True)
    return Column("number", _units(sheet, node, found, lambda v: v is KNOWN), unknown, place, whole=True)


def so_far(sheet: Sheet, node: n.LengthOf) -> tuple[Column, Coded]:
    """The same as things stand, at most where it may be nothing (the least is nothing then); and what each row's is: KNOWN, :class:`Open`, or unknown."""
    if not _may_have_several(node):
        return _of_one(sheet, node)
    told: tuple[Column, Coded] = sheet.remembered(("stretches", node), lambda: _of_several(sheet, node))
    return told


def _may_have_several(node: n.LengthOf) -> bool:
    """Whether a row may have several stretches."""
    return any(isinstance(part, (n.NamedSpan, n.Together, n.Except)) for part in n.walk(node.span))


def _of_several(sheet: Sheet, node: n.LengthOf) -> tuple[Column, Coded]:
    """One stretch is arithmetic; of the rows that have others each is asked."""
    from complaint_policy.columns.stretches import lengths

    column, state = _of_one(sheet, node)
    others = among(state, _left_to_others)
    asked = lengths(sheet, node, others) if any(_left_to_others(v) for v in state.domain) else None
    if asked is None:
        return column, state
    plan, (more, states) = sheet.plan, asked
    told = tabulated(plan, [state, states], lambda own, other: other if _left_to_others(own) else own)
    values = [one.value for one in (column, more) if one.value is not None]
    if not values:
        return Column("number", None, whole=True), told
    value = values[0] if len(values) == 1 else plan.keep(on(lambda a, b: pl.coalesce(a, b), *values))
    return Column("number", value, whole=True), told


def _left_to_others(value: Any) -> bool:
    return isinstance(value, Maybe) and is_left(value.missing)


def _of_one(sheet: Sheet, node: n.LengthOf) -> tuple[Column, Coded]:
    found = stretch(sheet, node.span)

    def what(value: Any) -> Any:
        if value is KNOWN or isinstance(value, tuple):
            return KNOWN
        if value is RUNNING:
            return Open(1, rising=1)
        if value.options is None:
            return value
        return Open(MOST_VALUES + 1, 1 if RUNNING in value.options else None, value.missing, value.open) if _perhaps(value) else LEFT_OVER

    state = tabulated(sheet.plan, [found.state], what)
    if all(isinstance(v, Maybe) for v in state.domain):
        return Column("number", None, whole=True), state
    value = _units(sheet, node, found, lambda v: v is KNOWN or v is RUNNING or _perhaps(v))
    far = Coded(None, (False, True), sheet.plan.keep(on(lambda v: (v > MOST_VALUES).fill_null(False), value)))

    def held(one: Any, long: bool) -> Any:
        return Maybe(None, one.missing, one.open or one.growing) if long and isinstance(one, Open) and one.options > 1 else one

    return Column("number", value, whole=True), tabulated(sheet.plan, [state, far], held)


def _perhaps(value: Any) -> bool:
    """Whether there is a stretch or none."""
    return isinstance(value, Maybe) and value.options is not None and (KNOWN in value.options or RUNNING in value.options)


def _units(sheet: Sheet, node: n.LengthOf, found: Stretch, there: Callable[[Any], bool]) -> Ex:
    """The units of the stretches that are there."""
    state, size = found.state, moments.UNITS[node.unit] // _MICRO

    def count(length: pl.Expr) -> pl.Expr:
        if node.round == "up":
            return -(-length // size)
        return length // size if node.round == "down" else (2 * length + size) // (2 * size)

    value = lookup(state, [0 if isinstance(v, tuple) else None for v in state.domain], pl.Int64)
    if found.low is not None and found.high is not None:
        some = among(state, there)
        value = on(lambda k, low, high, zero: pl.when(k).then(count(high - low)).otherwise(zero), some, found.low, found.high, value)
    return sheet.plan.keep(value)


def _ended(sheet: Sheet, one: Stretch) -> Stretch:
    """What still runs, and what may have several lengths, has no one number: :func:`so_far` tells of both."""

    def answer(value: Any) -> Any:
        return LEFT_OVER if value is RUNNING or (isinstance(value, Maybe) and value.options is not None) else value

    return evolve(one, state=tabulated(sheet.plan, [one.state], answer))


def stretch(sheet: Sheet, node: n.Span) -> Stretch:
    match node:
        case n.Between(start=start, end=end):
            return between(sheet, sheet.instant(start), sheet.instant(end), frozenset(n.fields_in(node)))
        case n.Late(rule=rule):
            return _late(sheet, rule)
        case n.NamedSpan(name=name):
            return _named(sheet, name)
        case n.Except(base=base, removed=removed):
            return _one_of(sheet, stretch(sheet, base), [stretch(sheet, removed)])
        case n.Together(parts=(first, *rest)):
            found = stretch(sheet, first)
            for part in rest:
                other = stretch(sheet, part)
                found = _one_of(sheet, found, [other]) if found.low is not None or other.low is None else _one_of(sheet, other, [found])
            return found
    return _left()


def _left() -> Stretch:
    return Stretch(Coded(constant(0, pl.UInt8), (LEFT_OVER,)))


def _one_of(sheet: Sheet, base: Stretch, others: list[Stretch]) -> Stretch:
    """A stretch that nothing is added to or taken from."""

    def answer(own: Any, *more: Any) -> Any:
        if any(one is KNOWN or one is RUNNING for one in more):
            return LEFT_OVER
        unknown = [one for one in (own, *more) if isinstance(one, Maybe)]
        if any(u.options is not None for u in unknown):
            return LEFT_OVER
        return Maybe(None, frozenset().union(*(u.missing for u in unknown)), any(u.open for u in unknown)) if unknown else own

    return Stretch(tabulated(sheet.plan, [base.state, *(o.state for o in others)], answer), base.low, base.high)


def _named(sheet: Sheet, name: str) -> Stretch:
    """A field of intervals: rows that have some are left."""
    cells, empty = sheet.cells(name), empty_value(sheet.declared(name))
    unknown = Maybe(None, frozenset({name}))
    nothing = _NO_STRETCH if empty is NONE else empty
    if cells is None:
        return Stretch(Coded(constant(0, pl.UInt8), (unknown,)))
    if not isinstance(nothing, (tuple, Maybe)):
        return _left()
    return Stretch(state_of(sheet, cells, nothing, LEFT_OVER, unknown))


def state_of(sheet: Sheet, cells: Cells, nothing: Any, some: Any, unknown: Maybe) -> Coded:
    """Of a field of intervals what each row's are, by whether it has none, some, or a cell that nobody can read."""
    if cells.value is None:
        return Coded(constant(0, pl.UInt8), (nothing,))
    code = on(lambda v: pl.when(v.is_not_null()).then(1).otherwise(0).cast(pl.UInt8), cells.value)
    if cells.bad is not None:
        code = on(lambda c, b: pl.when(b.fill_null(False)).then(2).otherwise(c).cast(pl.UInt8), code, cells.bad)
    return Coded(sheet.plan.keep(code), (nothing, some, unknown))


def between(sheet: Sheet, start: Instants, end: Instants, names: frozenset[str]) -> Stretch:
    """From one instant to another; without an end it runs to the moment of judgement.  ``names``: what is missing where it ends before it begins."""
    plan, now = sheet.plan, sheet.now
    lasts = among(end.state(plan).meaning(tuple(shape.kind == LATER for shape in end.shapes)), bool)
    high = constant(None, pl.Int64) if end.low is None else end.low
    high = plan.keep(on(lambda e, r: pl.when(r).then(pl.lit(now, pl.Int64)).otherwise(e), high, lasts))
    backwards = Coded(constant(0, pl.UInt8), (False,))
    if start.low is not None:
        backwards = Coded(None, (False, True), plan.keep(on(lambda e, s: (e < s).fill_null(False), high, start.low)))
    alone = Coded(constant(0, pl.UInt8), (False,))
    if start.low is not None and not (start.exact and end.exact):
        # A day that has only just begun, and nothing from a day's last instant to that day: the stretch is known all the same.
        last = high if end.high is None else plan.keep(on(lambda e, r: pl.when(r).then(pl.lit(now, pl.Int64)).otherwise(e), end.high, lasts))

        def is_one(a: pl.Expr, b: pl.Expr, e: pl.Expr, f: pl.Expr) -> pl.Expr:
            found: pl.Expr = SAME(a, b) & SAME(pl.max_horizontal(b, e), f)
            return found.fill_null(False)

        alone = Coded(None, (False, True), plan.keep(on(is_one, start.low, start.high or start.low, high, last)))
    state: list[Any] = [None] * FIRST_FREE
    state[AS_OF] = _DAY

    def answer(s: Shape, e: Shape, reverse: bool, one: bool) -> Any:
        if s.kind in (LATER, STATED_NONE) or e.kind == STATED_NONE:
            return _NO_STRETCH
        if s.kind == EXACT and e.kind in (EXACT, LATER):
            return Maybe(None, names) if reverse else KNOWN if e.kind == EXACT else RUNNING
        if SPAN in (s.kind, e.kind):
            known = all(end.kind in (EXACT, LATER) or (end.kind == SPAN and end.interval) for end in (s, e))
            return Maybe(_SEVERAL, names) if known and not one else LEFT_OVER
        found = moments.between(s.value(_DAY, _DAY), e.value(_DAY, _DAY), state, names)
        return found if isinstance(found, Maybe) and found.options is None else LEFT_OVER

    coded = tabulated(plan, [start.state(plan), end.state(plan), backwards, alone], answer)
    return Stretch(coded, _boundary(sheet, start), high)


def _boundary(sheet: Sheet, one: Instants) -> Ex | None:
    """Time counts from the boundary that a day's end stands for."""
    if one.low is None or one.day_end is False:
        return one.low
    return sheet.plan.keep(on(lambda low, end: low + end.cast(pl.Int64), one.low, end_flag(one)))


def _late(sheet: Sheet, rule: str) -> Stretch:
    """From a limit to the act that was late."""
    verdicts, plan = sheet.verdicts(rule), sheet.plan
    due, done = verdicts.due, verdicts.done
    if due is None or done is None:
        return _left()
    after = Coded(constant(0, pl.UInt8), (False,))
    ended = sheet.ended(done)
    if due.low is not None:
        after = Coded(None, (False, True), plan.keep(on(lambda a, d: ABOVE(a, d).fill_null(False), ended, due.low)))

    # Of several times each that was not kept has its own.
    times, repeats = Coded(constant(0, pl.UInt8), ("once",)), verdicts.repeats
    if repeats is not None:

        def which(broken: pl.Expr, done: pl.Expr) -> pl.Expr:
            return pl.when(broken.is_null()).then(0).when(broken > 1).then(3).when(done.is_null()).then(2).otherwise(1).cast(pl.UInt8)

        times = Coded(plan.keep(on(which, repeats.broken, repeats.done)), ("once", "one of several", "one that is open", "several"))

    def answer(result: Any, limit: Shape, act: Shape, late: bool, which: str) -> Any:
        possible = result.possible
        if result.outcome in (PENDING, AT_RISK):
            return RUNNING  # not late so far; that may change
        if result.outcome != BREACHED:
            if result.outcome != INDETERMINATE or not (possible is None or BREACHED in possible):
                return _NO_STRETCH
            # Late by nobody knows how much, where nobody knows from when, or until when.
            if which != "once" or is_left(result.missing):
                return LEFT_OVER
            if limit.kind in (ANY, LATER, STATED_NONE) or act.kind == ANY:
                return Maybe(None, frozenset(result.missing))
            if limit.kind != EXACT or act.kind not in (EXACT, LATER):
                return LEFT_OVER
            # Late for so long, or not at all.
            return Maybe((KNOWN if act.kind == EXACT else RUNNING, ()), frozenset(result.missing)) if late else _NO_STRETCH
        if act.kind not in (EXACT, LATER) or which == "several" or (limit.kind != EXACT and which == "once"):
            return LEFT_OVER
        if act.kind == LATER or which == "one that is open":  # of several times another than the late one may wait
            return RUNNING
        return KNOWN if late or which != "once" else _NO_STRETCH

    coded = tabulated(plan, [verdicts.coded, due.state(plan), done.state(plan), after, times], answer)
    low, high = _boundary(sheet, due) or constant(None, pl.Int64), ended
    if repeats is not None:
        high = plan.keep(on(lambda late, d, h: pl.when(late.is_null()).then(h).otherwise(d), repeats.late, sheet.ended(Instants(repeats.done, None, ())), high))
        low = plan.keep(on(lambda late, h, o: pl.when(late.is_null()).then(o).otherwise(h - late), repeats.late, high, low))
    now = sheet.now
    waiting = among(verdicts.coded, lambda result: result.outcome in (PENDING, AT_RISK))
    low, high = (plan.keep(on(lambda w, v: pl.when(w).then(pl.lit(now, pl.Int64)).otherwise(v), waiting, end)) for end in (low, high))
    return Stretch(coded, low, high)
