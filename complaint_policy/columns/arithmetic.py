"""Exact arithmetic on columns: whole numbers of a decimal unit, wide enough that nothing overflows; what is not exact is left."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import reduce
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from attrs import define

from complaint_policy.columns.plan import Ex, on
from complaint_policy.columns.tabulating import lookup, tabulated
from complaint_policy.columns.values import KNOWN, LEFT_OVER, Coded, Column, left_column
from complaint_policy.expressions import nodes as n
from complaint_policy.possible import NONE, Maybe

if TYPE_CHECKING:
    from complaint_policy.columns.sheet import Sheet

__all__ = ["Scaled", "at_scale", "calculated", "lacking", "of_codes", "operated", "scaled", "side_by_side"]

_WIDE: Final = pl.Int128
# A number with more decimal places, or larger, is left to the record evaluation; so is what could outgrow the width.
_PLACES: Final = 4
_LARGEST: Final = 10**11
_WIDEST: Final = 10**36


@define
class Scaled:
    """A column of whole numbers of ``10 ** -scale``, or of one of ``parts`` of that; none is larger than ``bound``."""

    value: Ex
    scale: int
    bound: int
    parts: int = 1


def scaled(sheet: Sheet, column: Column, largest: int = _LARGEST) -> Scaled | None:
    """A column of numbers as whole numbers of a unit; rows whose number is none, or not below the ``largest``, are left."""
    value = column.value
    if value is None:
        return None
    if column.scale is not None:
        return Scaled(value, column.scale, column.bound)
    if column.whole:
        sheet.leave(on(lambda v: v.abs() >= largest, value))
        return Scaled(value.cast(_WIDE), 0, largest)
    unit = 10**_PLACES
    near = sheet.plan.keep(on(lambda v: (v * unit).round(), value))
    # Of so few digits a float is the nearest to one number only.  Divided by a column: by one number Polars multiplies with its
    # reciprocal on some rows of a query, and divides on others.
    sheet.leave(on(lambda v, k: (v.abs() >= largest) | (k / (k * 0 + unit) != v), value, near))
    return Scaled(on(lambda k: k.cast(_WIDE, strict=False), near), _PLACES, largest * unit)


def of_codes(sheet: Sheet, coded: Coded) -> tuple[Column, Coded]:
    """Codes of numbers as a column with the state of each row."""
    numbers = [v if isinstance(v, (int, Decimal)) and not isinstance(v, bool) else None for v in coded.domain]
    specials = tuple(v for v, number in zip(coded.domain, numbers, strict=True) if number is None)
    places = max((-int(Decimal(v).as_tuple().exponent) for v in numbers if v is not None), default=0)
    places = max(places, 0)
    whole = [None if v is None else int(Decimal(v).scaleb(places)) for v in numbers]
    if places > 8 or any(v is not None and abs(v) >= 10**18 for v in whole):
        return left_column("number"), coded.meaning((LEFT_OVER,) * coded.width)
    bound = max((abs(v) for v in whole if v is not None), default=0)
    value = on(lambda v: v.cast(_WIDE), lookup(coded, whole, pl.Int64)) if bound or any(v == 0 for v in whole) else None
    state = tabulated(sheet.plan, [coded], lambda v: v if not isinstance(v, (int, Decimal)) or isinstance(v, bool) else KNOWN)
    return Column("number", value, specials, None, True, places, bound + 1), state


def calculated(sheet: Sheet, node: n.Arithmetic, parts: list[Column | Coded]) -> Column:
    """``plus``, ``minus``, ``times``, ``max_of`` or ``min_of`` of numbers."""
    plan = sheet.plan
    columns: list[Scaled] = []
    states: list[Coded] = []
    for part in parts:
        if isinstance(part, Coded):
            column, state = of_codes(sheet, part)
        elif part.kind == "number":
            column, state = part, part.state(plan)
        else:
            return left_column("number")
        found = scaled(sheet, column)
        if found is not None:
            columns.append(found)
        states.append(state)
    state = _states(sheet, node, states)
    specials = tuple(v for v in state.domain if v is not KNOWN)
    where = {id(s): i for i, s in enumerate(specials)}

    def place() -> Ex:
        return lookup(state, [where.get(id(v), 0) for v in state.domain], pl.UInt16)

    if len(columns) < len(parts):  # a part that is known nowhere
        return Column("number", None, specials, place, True)
    result = operated(node.operation, columns)
    if result is None:
        return left_column("number")
    value = result.value
    if specials:
        # The greatest and the least of several are told without those that are null.
        known = lookup(state, [v is KNOWN for v in state.domain], pl.Boolean)
        value = on(lambda k, v: pl.when(k).then(v), known, value)
    return Column("number", plan.keep(value), specials, place if specials else None, True, result.scale, result.bound)


def _states(sheet: Sheet, node: n.Arithmetic, parts: list[Coded]) -> Coded:
    """What each row's result is, by the states of the parts (KNOWN: a number)."""
    names = frozenset(n.fields_in(node))

    def answer(*values: Any) -> Any:
        unknown = lacking(values, names)
        if unknown is not None:
            return unknown
        return KNOWN if all(v is KNOWN for v in values) else LEFT_OVER

    return tabulated(sheet.plan, parts, answer)


def lacking(values: Sequence[Any], names: frozenset[str]) -> Maybe | None:
    """What is missing of a result by what is missing of its parts; None where nothing is.  ``names``: what is missing where a part is stated to be none."""
    unknown = [v for v in values if isinstance(v, Maybe)]
    if any(v.options is not None for v in unknown):
        return LEFT_OVER
    if unknown:
        return Maybe(None, frozenset().union(*(v.missing for v in unknown)), any(v.open for v in unknown))
    return Maybe(None, names) if any(v is NONE for v in values) else None


def operated(operation: str, parts: list[Scaled]) -> Scaled | None:
    """The result of values, of any of which it may be null; None where that is too wide."""
    if operation == "times":
        bound = reduce(lambda a, b: a * b, (p.bound for p in parts))
        if bound > _WIDEST:
            return None
        value = reduce(lambda a, b: on(lambda x, y: x * y, a, b), (p.value for p in parts))
        return Scaled(value, sum(p.scale for p in parts), bound)
    scale = max(p.scale for p in parts)
    levelled = [Scaled(_at(p.value, scale - p.scale), scale, p.bound * 10 ** (scale - p.scale)) for p in parts]
    bound = sum(p.bound for p in levelled)
    if bound > _WIDEST:
        return None
    if operation in ("max_of", "min_of"):
        best = pl.max_horizontal if operation == "max_of" else pl.min_horizontal
        return Scaled(on(lambda *v: best(*v), *(p.value for p in levelled)), scale, bound)
    sign = (lambda x, y: x + y) if operation == "plus" else (lambda x, y: x - y)
    return Scaled(reduce(lambda a, b: on(sign, a, b), (p.value for p in levelled)), scale, bound)


def at_scale(one: Scaled, scale: int, parts: int = 1) -> Scaled | None:
    """The same numbers with as many decimal places or more, in a multiple of their parts; None where that is too wide."""
    times = 10 ** (scale - one.scale) * (parts // one.parts)
    return None if one.bound * times > _WIDEST else Scaled(_times(one.value, times), scale, one.bound * times, parts)


def _at(value: Ex, places: int) -> Ex:
    return _times(value, 10**places)


def _times(value: Ex, number: int) -> Ex:
    return value if number == 1 else on(lambda v: v * pl.lit(number, _WIDE), value)


def side_by_side(sheet: Sheet, one: Column, two: Column) -> tuple[Ex, Ex] | None:
    """Two columns of numbers in one unit."""
    a, b = scaled(sheet, one), scaled(sheet, two)
    if a is None or b is None:
        return None
    scale = max(a.scale, b.scale)
    if max(a.bound * 10 ** (scale - a.scale), b.bound * 10 ** (scale - b.scale)) > _WIDEST:
        return None
    return _at(a.value, scale - a.scale), _at(b.value, scale - b.scale)
