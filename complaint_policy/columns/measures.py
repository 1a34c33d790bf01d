"""Numbers that differ row by row as whole numbers of a unit, with all they may be: one, the least and the most of several, or one that still grows."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import lcm, prod
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from attrs import evolve, frozen

from complaint_policy.columns import spans
from complaint_policy.columns.arithmetic import Scaled, at_scale, lacking, of_codes, operated, scaled
from complaint_policy.columns.branches import branch_codes, unknown_of_choice
from complaint_policy.columns.plan import SAME, Ex, on
from complaint_policy.columns.several import perhaps_counted
from complaint_policy.columns.tabulating import among, tabulated
from complaint_policy.columns.values import KNOWN, LEFT_OVER, Coded, Column, Open, is_left
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.operators import direction
from complaint_policy.possible import MAX_COMBINATIONS, NONE, NOWHERE_MISSING, Empty, Growing, Maybe

if TYPE_CHECKING:
    from complaint_policy.columns.sheet import Sheet

__all__ = ["Value", "divided_by", "held_between", "is_several", "levelled", "measured", "picked_values", "settled"]

_PLACES: Final = 10
_WIDEST: Final = 10**36
_MOST_PARTS: Final = 10**6
# Of factors beside two others none may be larger, so that their product can be held.
_FACTOR: Final = 10**7


@frozen
class Value:
    """By row what a number is: KNOWN (``least``), :class:`Open` (from ``least`` to ``most``), NONE or why it is not known, where the columns are null.

    ``least``: None where it is known nowhere; ``most``: None where no row has several.
    """

    least: Scaled | None
    state: Coded
    most: Scaled | None = None

    @property
    def highest(self) -> Scaled | None:
        return self.most or self.least


def measured(sheet: Sheet, node: n.Value, largest: int | None = None) -> Value | None:
    """The values of an expression; None where columns cannot say."""
    if isinstance(node, n.NamedValue) and node.source == "fact":
        expression = sheet.model.facts[node.name].expression
        kept: Value | None = sheet.remembered(("measured", node.name, largest), lambda: _kept(sheet, expression, largest))
        return kept
    if isinstance(node, n.Choose):
        return picked_values(sheet, node, [branch.when for branch in node.branches], [measured(sheet, branch.then, largest) for branch in node.branches])
    if isinstance(node, n.FirstKnown):
        return _first_known(sheet, [measured(sheet, part, largest) for part in node.parts])
    if isinstance(node, n.Arithmetic):
        factor = _FACTOR if node.operation == "times" and len(node.parts) > 2 else largest
        parts = [measured(sheet, part, factor) for part in node.parts]
        known = [part for part in parts if part is not None]
        return _combined(sheet, node, known) if len(known) == len(parts) else None
    if isinstance(node, n.LengthOf):
        return _length(sheet, node, largest)
    if isinstance(node, n.CountOf):
        return _count(sheet, node, largest)
    found = sheet.value(node)
    if isinstance(found, Coded):
        return _of_column(sheet, *of_codes(sheet, found), largest)
    return _of_column(sheet, found, found.state(sheet.plan), largest) if found.kind == "number" else None


def is_several(sheet: Sheet, node: n.Value, found: Column | Coded) -> bool:
    """Whether a number may be one of several on some rows, or still grow, and :func:`measured` says more of these than its values."""
    if isinstance(node, n.NamedValue) and node.source == "fact":
        expression = sheet.model.facts[node.name].expression
        return isinstance(expression, n.Value) and is_several(sheet, expression, found)
    if not isinstance(node, (n.Choose, n.FirstKnown, n.Arithmetic, n.LengthOf, n.CountOf)):
        return False
    specials = found.specials if isinstance(found, Column) else found.domain
    return any(isinstance(s, Maybe) and (s.options is not None or is_left(s.missing)) for s in specials)


def settled(sheet: Sheet, one: Value, *, computed: bool = False) -> Value:
    """A value of which several that are all the same are one; of a ``computed`` one that grows nothing is missing then."""
    if one.most is None or one.least is None or not any(isinstance(v, Open) and v.options > 1 for v in one.state.domain):
        return one
    least, most = levelled([one.least, one.most]) or (None, None)
    if least is None or most is None:
        return evolve(one, state=one.state.meaning(tuple(LEFT_OVER if isinstance(v, Open) else v for v in one.state.domain)))
    same = Coded(None, (False, True), sheet.plan.keep(on(lambda a, b: SAME(a, b).fill_null(False), least.value, most.value)))

    def answer(value: Any, agreed: bool) -> Any:
        if not agreed or not isinstance(value, Open):
            return value
        if not value.growing:
            return KNOWN
        return evolve(value, options=1, missing=NOWHERE_MISSING) if computed else evolve(value, options=1)

    return evolve(one, state=tabulated(sheet.plan, [one.state, same], answer))


# --------------------------------------------------------------------------- what is looked at
def _of_column(sheet: Sheet, column: Column, state: Coded, largest: int | None) -> Value:
    return Value(scaled(sheet, column) if largest is None else scaled(sheet, column, largest), state)


def _kept(sheet: Sheet, expression: n.Expression, largest: int | None) -> Value | None:
    """The values of a fact, as columns: an expression would double with every two mentions of it (as in ``Sheet.fact``)."""
    found = measured(sheet, expression, largest) if isinstance(expression, n.Value) else None
    if found is None:
        return None
    least, most = (None if one is None else evolve(one, value=sheet.plan.keep(one.value)) for one in (found.least, found.most))
    return Value(least, found.state, most)


def _length(sheet: Sheet, node: n.LengthOf, largest: int | None) -> Value:
    """How long a stretch is, or is so far; where it may be none, nothing is the least."""
    column, state = spans.so_far(sheet, node)
    most = _of_column(sheet, column, state, largest).least
    perhaps = [isinstance(v, Open) and v.options > 1 for v in state.domain]
    if most is None or not any(perhaps):
        return Value(most, state)
    none = among(state, lambda v: isinstance(v, Open) and v.options > 1)
    least = sheet.plan.keep(on(lambda p, v: pl.when(p).then(pl.lit(0, pl.Int128)).otherwise(v), none, most.value))
    return settled(sheet, Value(evolve(most, value=least), state, most))


def _count(sheet: Sheet, node: n.CountOf, largest: int | None) -> Value | None:
    """How many entries there are."""
    found = perhaps_counted(sheet, node)
    if found is None:
        column = sheet.value(node)
        return _of_column(sheet, column, column.state(sheet.plan), largest) if isinstance(column, Column) else None
    state, *ends = found
    least, most = (_of_column(sheet, Column("number", end, whole=True), state, largest).least for end in ends)
    told = None if all(isinstance(v, Maybe) for v in state.domain) else among(state, lambda v: not isinstance(v, Maybe))
    if least is None or most is None or told is None:
        return Value(None, state)
    return settled(sheet, Value(_where(sheet, told, least), state, _where(sheet, told, most)))


# --------------------------------------------------------------------------- what is made of it
def _combined(sheet: Sheet, node: n.Arithmetic, parts: list[Value]) -> Value | None:
    """``plus``, ``minus``, ``times``, ``max_of`` or ``min_of`` of values; None where that is too wide."""
    names = frozenset(n.fields_in(node))

    def answer(*values: Any) -> Any:
        unknown = lacking(values, names)
        several = [v for v in values if isinstance(v, Open)]
        missing = frozenset[str]().union(*(v.missing for v in several if v.options > 1))
        open_ = any(v.open for v in several if not v.growing)
        if unknown is not None:
            return Maybe(None, unknown.missing | missing, unknown.open or open_ or any(v.growing for v in several))
        if not all(v is KNOWN or isinstance(v, Open) for v in values) or prod(v.options for v in several) > MAX_COMBINATIONS:
            return LEFT_OVER
        return Open(prod(v.options for v in several), _direction(node.operation, values), missing, open_) if several else KNOWN

    state = tabulated(sheet.plan, [part.state for part in parts], answer)
    leasts, mosts = [part.least for part in parts], [part.highest for part in parts]
    if node.operation == "minus":
        leasts, mosts = [leasts[0], *mosts[1:]], [mosts[0], *leasts[1:]]
    known = [one for one in leasts if one is not None]
    if len(known) < len(parts) or not any(v is KNOWN or isinstance(v, Open) for v in state.domain):
        return Value(None, state)
    least = operated(node.operation, known)
    apart = any(part.most is not None for part in parts)
    most = operated(node.operation, [one for one in mosts if one is not None]) if apart else None
    if least is None or (apart and most is None):
        return None
    if node.operation == "times" and any(isinstance(v, Open) for v in state.domain):
        # With a factor below nothing the least is the most.
        below = [on(lambda v: v < pl.lit(0, pl.Int128), one.value) for one in known]
        sheet.leave(among(state, lambda v: isinstance(v, Open)) & on(lambda *v: pl.any_horizontal(*v), *below))
    # The greatest and the least of several are told without those that are null.
    there = None if all(v is KNOWN or isinstance(v, Open) for v in state.domain) else among(state, lambda v: v is KNOWN or isinstance(v, Open))
    return settled(sheet, Value(_where(sheet, there, least), state, None if most is None else _where(sheet, there, most)), computed=True)


def _direction(operation: str, parts: Sequence[Any]) -> int | None:
    """Which way a result still moves, none of whose parts is below nothing if it is a product; None where it stands still."""
    standing = [Growing((0,), NOWHERE_MISSING, part.rising) if isinstance(part, Open) and part.rising is not None else 0 for part in parts]
    return direction(operation, standing) if any(isinstance(part, Growing) for part in standing) else None


def _where(sheet: Sheet, there: Ex | None, one: Scaled) -> Scaled:
    return one if there is None else evolve(one, value=sheet.plan.keep(on(lambda k, v: pl.when(k).then(v), there, one.value)))


def picked_values(sheet: Sheet, node: n.Expression, whens: list[n.Condition | None], parts: list[Value | None]) -> Value | None:
    """One of several values by the conditions of a choice."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    chosen = branch_codes(sheet, whens, frozenset(n.fields_in(node)), None)

    def answer(choice: Any, *states: Any) -> Any:
        if isinstance(choice, int):
            return states[choice], (choice,) if states[choice] is KNOWN or isinstance(states[choice], Open) else ()
        if choice.options is None:
            return unknown_of_choice(choice, states), ()
        possible = [states[i] for i in choice.options]
        unknown = [s for s in possible if isinstance(s, Maybe)]
        if any(s.options is not None for s in unknown) or any(s is NONE for s in possible):
            return LEFT_OVER, ()
        several = [s for s in possible if isinstance(s, Open)]
        missing = choice.missing.union(*(s.missing for s in unknown), *(s.missing for s in several))
        open_ = choice.open or any(s.open for s in unknown) or any(s.open for s in several)
        moving = {s.rising for s in several if s.rising is not None}
        if unknown:
            return Maybe(None, missing, open_ or bool(moving)), ()
        count = sum(s.options if isinstance(s, Open) else 1 for s in possible)
        rising = None if not moving else moving.pop() if len(moving) == 1 else 0
        return (Open(count, rising, missing, open_), tuple(choice.options)) if count <= MAX_COMBINATIONS else (LEFT_OVER, ())

    return _of_picks(sheet, tabulated(sheet.plan, [chosen, *(part.state for part in known)], answer), known)


def _first_known(sheet: Sheet, parts: list[Value | None]) -> Value | None:
    """The first value that is not an empty cell; an unusable one stops the search."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None

    def answer(*states: Any) -> Any:
        missing = frozenset[str]()
        for index, state in enumerate(states):
            if state is KNOWN or isinstance(state, Open):
                return state, (index,)
            if isinstance(state, Empty):
                missing |= state.missing
            elif isinstance(state, Maybe):
                return state, ()
        return Empty(None, missing) if missing else next((s for s in states if not isinstance(s, Empty)), states[0]), ()

    return _of_picks(sheet, tabulated(sheet.plan, [part.state for part in known], answer), known)


def _of_picks(sheet: Sheet, picks: Coded, parts: list[Value]) -> Value | None:
    """Values by codes of (what it is, the parts it may be)."""
    used = sorted({place for _, places in picks.domain for place in places})
    state = picks.meaning(tuple(what for what, _ in picks.domain))
    if not used:
        return Value(None, state)
    level = levelled([one for place in used for one in (parts[place].least, parts[place].highest) if one is not None])
    if level is None or len(level) < 2 * len(used):
        return None
    ends = {place: (level[2 * i], level[2 * i + 1]) for i, place in enumerate(used)}

    def side(which: int) -> Scaled:
        best = pl.max_horizontal if which else pl.min_horizontal

        def pick(code: pl.Expr, *columns: pl.Expr) -> pl.Expr:
            values = dict(zip(used, columns, strict=True))
            chain: Any = pl
            for number, (_, places) in enumerate(picks.domain):
                if places:
                    one = values[places[0]] if len(places) == 1 else best(*(values[place] for place in places))
                    chain = chain.when(code == number).then(one)
            picked: pl.Expr = chain.otherwise(None)
            return picked

        value = sheet.plan.keep(on(pick, picks.code, *(ends[place][which].value for place in used)))
        return evolve(level[0], value=value, bound=max(one.bound for one in level))

    several = any(isinstance(what, Open) and what.options > 1 for what, _ in picks.domain)
    return settled(sheet, Value(side(0), state, side(1) if several else None))


def levelled(values: Sequence[Scaled]) -> list[Scaled] | None:
    """Values in one unit; None where that is too wide."""
    scale, parts = max(one.scale for one in values), lcm(*(one.parts for one in values))
    found = [at_scale(one, scale, parts) for one in values]
    known = [one for one in found if one is not None]
    return known if len(known) == len(values) else None


def divided_by(one: Scaled, by: int | Decimal) -> Scaled | None:
    """Values in so many parts: decimal numbers, where these tell each part; None where the parts are none, or too many."""
    sign, digits, exponent = Decimal(by).as_tuple()
    number = int("".join(map(str, digits)))
    if sign or not number or not isinstance(exponent, int):
        return None
    # By number * 10 ** exponent: times factor, with so many places more.
    places, parts = next(((places, 1) for places in range(_PLACES) if not 10**places % number), (0, number))
    factor, scale = max(1, 10**places // number), one.scale + places + exponent
    if scale < 0:
        factor, scale = factor * 10**-scale, 0
    if one.bound * factor > _WIDEST or parts > _MOST_PARTS:
        return None
    return Scaled(on(lambda v: v * pl.lit(factor, pl.Int128), one.value), scale, one.bound * factor, parts)


def held_between(low: Scaled | None, amount: Scaled, high: Scaled | None) -> Scaled | None:
    """An amount cut to a range, where its ends are known; None where that is too wide."""
    level = levelled([one for one in (amount, low, high) if one is not None])
    if level is None:
        return None
    rest = iter(level)
    value, least, most = next(rest), next(rest) if low is not None else None, next(rest) if high is not None else None
    cut = value.value
    if least is not None:
        cut = on(lambda v, e: pl.when(v.is_not_null()).then(pl.max_horizontal(v, e)), cut, least.value)
    if most is not None:
        cut = on(lambda v, e: pl.when(v.is_not_null()).then(pl.min_horizontal(v, e)), cut, most.value)
    return evolve(value, value=cut, bound=max(one.bound for one in level))
