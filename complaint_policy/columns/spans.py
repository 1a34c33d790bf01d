"""Stretches of time on columns and how long they are: between two instants, or from a limit to a late act.

A stretch that still runs grows with time, and one whose ends nobody knows exactly may have several lengths: both are the record evaluation's.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from attrs import define

from complaint_policy.columns.choosing import end_flag
from complaint_policy.columns.plan import BELOW, Ex, constant, on
from complaint_policy.columns.tabulating import tabulated
from complaint_policy.columns.values import EXACT, KNOWN, LATER, LEFT_OVER, SPAN, STATED_NONE, Coded, Column, Instants, Shape
from complaint_policy.expressions import moments
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.moments import AS_OF, FIRST_FREE
from complaint_policy.intake import empty_value
from complaint_policy.outcomes import AT_RISK, BREACHED, INDETERMINATE, PENDING
from complaint_policy.possible import NONE, Maybe

if TYPE_CHECKING:
    from complaint_policy.columns.sheet import Sheet

__all__ = ["measured"]

# What a row has: one stretch (KNOWN), no stretch, or what is missing of it.
_NO_STRETCH: Final = ()
_DAY: Final = datetime(2000, 1, 1)
_MICRO: Final = timedelta(microseconds=1)


@define
class _Stretch:
    state: Coded
    low: Ex | None = None  # ticks
    high: Ex | None = None


def measured(sheet: Sheet, node: n.LengthOf) -> Column:
    """How many whole units the stretch of each row has."""
    stretch, plan = _stretch(sheet, node.span), sheet.plan
    size = moments.UNITS[node.unit] // _MICRO
    domain = stretch.state.domain
    specials = tuple(v for v in domain if isinstance(v, Maybe))
    known = next((code for code, v in enumerate(domain) if v is KNOWN), None)
    none = next((code for code, v in enumerate(domain) if isinstance(v, tuple)), None)
    where = {code: place for place, code in enumerate(code for code, v in enumerate(domain) if isinstance(v, Maybe))}

    def code() -> Ex:
        table = pl.lit(pl.Series([where.get(c, 0) for c in range(len(domain))], dtype=pl.UInt16))
        return on(lambda c: table.gather(c.cast(pl.UInt32)), stretch.state.code)

    def count(length: pl.Expr) -> pl.Expr:
        if node.round == "up":
            return -(-length // size)
        return length // size if node.round == "down" else (2 * length + size) // (2 * size)

    if known is None or stretch.low is None or stretch.high is None:
        if none is None:
            return Column("number", None, specials, code if len(specials) > 1 else None, whole=True)
        value = on(lambda c: pl.when(c == none).then(pl.lit(0, pl.Int64)), stretch.state.code)
    else:
        nothing = -1 if none is None else none

        def units(c: pl.Expr, low: pl.Expr, high: pl.Expr) -> pl.Expr:
            return pl.when(c == known).then(count(high - low)).when(c == nothing).then(pl.lit(0, pl.Int64))

        value = on(units, stretch.state.code, stretch.low, stretch.high)
    return Column("number", plan.keep(value), specials, code if len(specials) > 1 else None, whole=True)


def _stretch(sheet: Sheet, node: n.Span) -> _Stretch:
    match node:
        case n.Between(start=start, end=end):
            return _between(sheet, sheet.instant(start), sheet.instant(end), frozenset(n.fields_in(node)))
        case n.Late(rule=rule):
            return _late(sheet, rule)
        case n.NamedSpan(name=name):
            return _named(sheet, name)
        case n.Except(base=base, removed=removed):
            return _one_of(sheet, _stretch(sheet, base), [_stretch(sheet, removed)])
        case n.Together(parts=(first, *rest)):
            found = _stretch(sheet, first)
            for part in rest:
                other = _stretch(sheet, part)
                found = _one_of(sheet, found, [other]) if found.low is not None or other.low is None else _one_of(sheet, other, [found])
            return found
    return _left()


def _left() -> _Stretch:
    return _Stretch(Coded(constant(0, pl.UInt8), (LEFT_OVER,)))


def _one_of(sheet: Sheet, base: _Stretch, others: list[_Stretch]) -> _Stretch:
    """A stretch that nothing is added to or taken from."""

    def answer(own: Any, *more: Any) -> Any:
        if any(one is KNOWN for one in more):
            return LEFT_OVER
        unknown = [one for one in (own, *more) if isinstance(one, Maybe)]
        return Maybe(None, frozenset().union(*(u.missing for u in unknown)), any(u.open for u in unknown)) if unknown else own

    return _Stretch(tabulated(sheet.plan, [base.state, *(o.state for o in others)], answer), base.low, base.high)


def _named(sheet: Sheet, name: str) -> _Stretch:
    """A field of intervals: rows that have some are left."""
    cells, empty = sheet.cells(name), empty_value(sheet.declared(name))
    unknown = Maybe(None, frozenset({name}))
    nothing = _NO_STRETCH if empty is NONE else empty
    if cells is None:
        return _Stretch(Coded(constant(0, pl.UInt8), (unknown,)))
    if not isinstance(nothing, (tuple, Maybe)):
        return _left()
    if cells.bad is None:
        return _Stretch(Coded(constant(0, pl.UInt8), (nothing,)))
    return _Stretch(Coded(None, (nothing, unknown), sheet.plan.keep(cells.bad.fill_null(False))))


def _between(sheet: Sheet, start: Instants, end: Instants, names: frozenset[str]) -> _Stretch:
    plan = sheet.plan
    backwards = Coded(constant(0, pl.UInt8), (False,))
    if start.low is not None and end.low is not None:
        backwards = Coded(None, (False, True), plan.keep(on(lambda e, s: BELOW(e, s).fill_null(False), end.low, start.low)))
    state: list[Any] = [None] * FIRST_FREE
    state[AS_OF] = _DAY

    def answer(s: Shape, e: Shape, reverse: bool) -> Any:
        if s.kind in (LATER, STATED_NONE) or e.kind == STATED_NONE:
            return _NO_STRETCH
        if s.kind == EXACT and e.kind == EXACT:
            return Maybe(None, names) if reverse else KNOWN
        if SPAN in (s.kind, e.kind):
            return LEFT_OVER
        found = moments.between(s.value(_DAY, _DAY), e.value(_DAY, _DAY), state, names)
        # Without an end it runs to the moment of judgement.
        return found if isinstance(found, Maybe) and found.options is None else LEFT_OVER

    coded = tabulated(plan, [start.state(plan), end.state(plan), backwards], answer)
    return _Stretch(coded, _boundary(sheet, start), end.low)


def _boundary(sheet: Sheet, one: Instants) -> Ex | None:
    """Time counts from the boundary that a day's end stands for."""
    if one.low is None or one.day_end is False:
        return one.low
    return sheet.plan.keep(on(lambda low, end: low + end.cast(pl.Int64), one.low, end_flag(one)))


def _late(sheet: Sheet, rule: str) -> _Stretch:
    """From a limit to the act that was late."""
    verdicts, plan = sheet.verdicts(rule), sheet.plan
    due, done = verdicts.due, verdicts.done
    if due is None or done is None:
        return _left()
    after = Coded(constant(0, pl.UInt8), (False,))
    if due.low is not None and done.low is not None:
        after = Coded(None, (False, True), plan.keep(on(lambda a, d: (a > d).fill_null(False), done.low, due.low)))

    def answer(result: Any, limit: Shape, act: Shape, late: bool) -> Any:
        possible = result.possible
        if result.outcome in (PENDING, AT_RISK):
            return LEFT_OVER  # not late so far; that may change
        if result.outcome != BREACHED:
            return LEFT_OVER if result.outcome == INDETERMINATE and (possible is None or BREACHED in possible) else _NO_STRETCH
        if limit.kind != EXACT or act.kind != EXACT:
            return LEFT_OVER
        return KNOWN if late else _NO_STRETCH

    coded = tabulated(plan, [verdicts.coded, due.state(plan), done.state(plan), after], answer)
    return _Stretch(coded, _boundary(sheet, due), done.low)
