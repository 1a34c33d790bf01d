"""Money that differs row by row: the values of an expression as whole numbers of a unit, and proposals whose amounts are such columns.

What a proposal comes to is asked of the record evaluation, as everything on columns is, with a number in place of each value that stands
apart from any other: by it the answer tells which value its amount, least and most are, and how many times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from attrs import evolve, frozen

from complaint_policy.columns.arithmetic import Scaled, at_scale, combined, of_codes, scaled
from complaint_policy.columns.plan import Ex, on
from complaint_policy.columns.tabulating import lookup, tabulated
from complaint_policy.columns.values import KNOWN, LEFT_OVER, Coded
from complaint_policy.expressions import nodes as n
from complaint_policy.possible import Empty, Maybe
from complaint_policy.results import PenaltyResult

if TYPE_CHECKING:
    from complaint_policy.columns.sheet import Sheet

__all__ = ["STANDS", "MeasuredProposal", "Proposals", "divided_by", "held_between", "measured", "picked_values", "proposals"]

# What stands for a lower end, an amount and an upper end: in this order, and further apart than any number of times.
STANDS: Final[dict[str, Decimal]] = {"low": Decimal(10**6), "amount": Decimal(10**12), "high": Decimal(10**18)}
_MOST_TIMES: Final = 10**5
_PLACES: Final = 10
_WIDEST: Final = 10**36
_PARTS: Final = ("amount", "min", "max")

Value = tuple[Scaled | None, Coded]


@frozen
class Times:
    """So many times a value; of no value: nothing."""

    source: str | None
    number: int


class MeasuredProposal(PenaltyResult):
    """A proposal whose amount, least and most are those of its row."""

    __slots__ = ("parts",)

    def __init__(self, made: PenaltyResult) -> None:
        super().__init__(made.model, made.state, made.breaches, None, None, None, made.currency, made.charge, None, made.missing)
        self.parts: dict[str, Times | None] = {part: _times(getattr(made, part)) for part in _PARTS}


def _times(found: Decimal | None) -> Times | None:
    if found is None or not found:
        return None if found is None else Times(None, 0)
    for source, stand in STANDS.items():
        number, rest = divmod(found, stand)
        if not rest and 0 < number < _MOST_TIMES:
            return Times(source, int(number))
    raise ValueError("a proposal of none of its values")  # nothing else is handed in


class Proposals(Coded):
    """Codes of proposals, some of them with amounts from ``columns`` (``low``, ``amount``, ``high``), none of which is below nothing."""

    def __init__(self, coded: Coded, columns: Mapping[str, Scaled]) -> None:
        # Only what is not known yet has to be told by a value.
        domain = tuple(p if p is None or (p.amount is None and p.min is None and p.max is None) else MeasuredProposal(p) for p in coded.domain)
        super().__init__(coded._code, domain, coded.test, placed=coded.placed, tests=coded.tests, made=coded.made)
        self.columns = columns

    def minor(self, part: str, digits: int) -> Ex | None:
        """The amounts of a ``part`` in minor units of so many digits, half up; null where a proposal has none, None where none has."""
        wanted = [p.parts[part] if isinstance(p, MeasuredProposal) else None for p in self.domain]
        found: Ex | None = None
        for source in (None, *STANDS):
            numbers = [t.number if t is not None and t.source == source else None for t in wanted]
            if all(number is None for number in numbers):
                continue
            times = lookup(self, numbers, pl.Int64)
            one = times.cast(pl.Int128) if source is None else on(_rounding(self.columns[source].scale - digits), self.columns[source].value, times)
            found = one if found is None else on(lambda a, b: pl.coalesce(a, b), found, one)
        return found


def _rounding(places: int) -> Callable[[pl.Expr, pl.Expr], pl.Expr]:
    """Numbers so many times, with so many decimal places fewer."""
    unit = pl.lit(10 ** abs(places), pl.Int128)
    if places <= 0:
        return lambda value, times: value * times.cast(pl.Int128) * unit
    return lambda value, times: (value * times.cast(pl.Int128) + pl.lit(10**places // 2, pl.Int128)) // unit


# Amounts of more digits before the point are left; so the sum of many is within what a column holds.
_LARGEST: Final = 20


def proposals(sheet: Sheet, coded: Coded, columns: Mapping[str, Scaled]) -> Proposals:
    """Proposals told with :data:`STANDS`; rows with a value below nothing, which may be least where others are most, are left, or one beyond all sense."""
    for one in columns.values():
        sheet.leave(on(lambda v, most: (v < pl.lit(0, pl.Int128)) | (v >= most), one.value, pl.lit(10 ** (_LARGEST + one.scale), pl.Int128)))
    # Rows that are left have a column, too: what it cannot hold would end the query.
    held = {name: on(_held, one.value, pl.lit(10 ** (_LARGEST + one.scale), pl.Int128)) for name, one in columns.items()}
    return Proposals(coded, {name: evolve(one, value=sheet.plan.keep(held[name])) for name, one in columns.items()})


def _held(value: pl.Expr, most: pl.Expr) -> pl.Expr:
    return pl.when((value > -most) & (value < most)).then(value)


# --------------------------------------------------------------------------- values
# Of factors beside two others none may be larger, so that their product can be held.
_FACTOR: Final = 10**7


def measured(sheet: Sheet, node: n.Value, largest: int | None = None) -> Value | None:
    """The values of an expression, and what each row's is (KNOWN: the value); None where columns cannot say."""
    if isinstance(node, n.NamedValue) and node.source == "fact":
        expression = sheet.model.facts[node.name].expression
        kept: Value | None = sheet.remembered(("measured", node.name, largest), lambda: _kept(sheet, expression, largest))
        return kept
    if isinstance(node, n.Choose):
        return _chosen(sheet, node, largest)
    if isinstance(node, n.FirstKnown):
        return _first_known(sheet, [measured(sheet, part, largest) for part in node.parts])
    if isinstance(node, n.Arithmetic):
        factor = _FACTOR if node.operation == "times" and len(node.parts) > 2 else largest
        parts = [measured(sheet, part, factor) for part in node.parts]
        known = [(part[0], part[1]) for part in parts if part is not None and part[0] is not None]
        return combined(sheet, node, known) if len(known) == len(parts) else None
    found = sheet.value(node)
    if isinstance(found, Coded):
        column, state = of_codes(sheet, found)
    elif found.kind == "number":
        column, state = found, found.state(sheet.plan)
    else:
        return None
    return (scaled(sheet, column) if largest is None else scaled(sheet, column, largest)), state


def _kept(sheet: Sheet, expression: n.Expression, largest: int | None) -> Value | None:
    """The values of a fact, as a column: an expression would double with every two mentions of it (as in ``Sheet.fact``)."""
    found = measured(sheet, expression, largest) if isinstance(expression, n.Value) else None
    if found is None or found[0] is None:
        return found
    return evolve(found[0], value=sheet.plan.keep(found[0].value)), found[1]


def _chosen(sheet: Sheet, node: n.Choose, largest: int | None) -> Value | None:
    """A choice among values by conditions."""
    return picked_values(sheet, node, [branch.when for branch in node.branches], [measured(sheet, branch.then, largest) for branch in node.branches])


def picked_values(sheet: Sheet, node: n.Expression, whens: list[n.Condition | None], parts: list[Value | None]) -> Value | None:
    """One of several values by the conditions of a choice."""
    from complaint_policy.columns.numbers import branch_codes

    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    chosen = branch_codes(sheet, whens, frozenset(n.fields_in(node)), None)

    def answer(choice: Any, *states: Any) -> Any:
        if not isinstance(choice, int):
            # Which branches may hold is not said where none is certain: what they lack is missing too.
            return LEFT_OVER if choice.options is not None or any(isinstance(s, Maybe) for s in states) else choice, None
        return (KNOWN, choice) if states[choice] is KNOWN else (states[choice], None)

    return _of_picks(sheet, tabulated(sheet.plan, [chosen, *(state for _, state in known)], answer), known)


def _first_known(sheet: Sheet, parts: list[Value | None]) -> Value | None:
    """The first value that is not an empty cell; an unusable one stops the search."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None

    def answer(*states: Any) -> Any:
        missing = frozenset[str]()
        for index, state in enumerate(states):
            if state is KNOWN:
                return KNOWN, index
            if isinstance(state, Empty):
                missing |= state.missing
            elif isinstance(state, Maybe):
                return state, None
        return Empty(None, missing) if missing else next((s for s in states if not isinstance(s, Empty)), states[0]), None

    return _of_picks(sheet, tabulated(sheet.plan, [state for _, state in known], answer), known)


def _of_picks(sheet: Sheet, picks: Coded, parts: list[Value]) -> Value | None:
    """Values by codes of (KNOWN, the part it is) or (what it is, None)."""
    used = sorted({place for _, place in picks.domain if place is not None})
    values = [parts[place][0] for place in used]
    there = [value for value in values if value is not None]
    state = picks.meaning(tuple(what for what, _ in picks.domain))
    if not there:
        return None, state
    scale = max(value.scale for value in there)
    levelled = [at_scale(value, scale) for value in there]
    known = [value for value in levelled if value is not None]
    if len(known) < len(used):
        return None

    def pick(code: pl.Expr, *columns: pl.Expr) -> pl.Expr:
        chain: Any = pl
        for place, value in zip(used, columns, strict=True):
            for number, (_, one) in enumerate(picks.domain):
                if one == place:
                    chain = chain.when(code == number).then(value)
        picked: pl.Expr = chain.otherwise(None)
        return picked

    value = sheet.plan.keep(on(pick, picks.code, *(one.value for one in known)))
    return Scaled(value, scale, max(one.bound for one in known)), state


def divided_by(one: Scaled, by: int | Decimal) -> Scaled | None:
    """Values in so many parts, where a decimal number tells each part; None where none does."""
    sign, digits, exponent = Decimal(by).as_tuple()
    number = int("".join(map(str, digits)))
    if sign or not number or not isinstance(exponent, int):
        return None
    # By number * 10 ** exponent: times factor, with so many places more.
    places = next((places for places in range(_PLACES) if not 10**places % number), None)
    if places is None:
        return None
    factor, scale = 10**places // number, one.scale + places + exponent
    if scale < 0:
        factor, scale = factor * 10**-scale, 0
    if one.bound * factor > _WIDEST:
        return None
    return Scaled(on(lambda v: v * pl.lit(factor, pl.Int128), one.value), scale, one.bound * factor)


def held_between(low: Scaled | None, amount: Scaled, high: Scaled | None) -> Scaled | None:
    """An amount cut to a range, where its ends are known; None where that is too wide."""
    scale = max(one.scale for one in (low, amount, high) if one is not None)
    levelled = [None if one is None else at_scale(one, scale) for one in (low, amount, high)]
    if any(new is None and old is not None for new, old in zip(levelled, (low, amount, high), strict=True)):
        return None
    least, value, most = levelled
    assert value is not None
    cut = value.value
    if least is not None:
        cut = on(lambda v, e: pl.when(v.is_not_null()).then(pl.max_horizontal(v, e)), cut, least.value)
    if most is not None:
        cut = on(lambda v, e: pl.when(v.is_not_null()).then(pl.min_horizontal(v, e)), cut, most.value)
    return Scaled(cut, scale, max(one.bound for one in (least, value, most) if one is not None))


