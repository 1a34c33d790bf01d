"""Tests of numbers on columns: exact comparisons with literals, and with numbers that may be one of several or still grow."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from math import ceil, floor
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from complaint_policy.columns.measures import Value, levelled, measured
from complaint_policy.columns.plan import ABOVE, AT_LEAST, AT_MOST, BELOW, SAME, Ex, constant, on
from complaint_policy.columns.tabulating import TooWide, boolean_of, tabulated
from complaint_policy.columns.values import KNOWN, LEFT_OVER, Coded, Column, Open, is_left
from complaint_policy.expressions import nodes as n
from complaint_policy.possible import Growing, Maybe

if TYPE_CHECKING:
    from complaint_policy.columns.sheet import Sheet

__all__ = ["SIGNS", "number_test", "several_tested", "written_as"]

SIGNS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "at_least": AT_LEAST,
    "at_most": AT_MOST,
    "above": ABOVE,
    "below": BELOW,
    "equals": SAME,
}

# How all that one number may be lies to all that the other may be: each as two numbers that lie so, where it may be several.
_ALIKE, _ABOVE, _DOWN_TO, _UP_TO, _BELOW, _MIXED = range(6)
_LYING: Final = (((5, 5), (5, 5)), ((20, 21), (0, 1)), ((10, 11), (9, 10)), ((9, 10), (10, 11)), ((0, 1), (20, 21)))


def several_tested(sheet: Sheet, left: n.Value, operation: str, right: n.Value) -> Column | None:
    """A comparison of numbers of which each may be one of several, or still grow; None where columns cannot say.

    The record evaluation is asked with numbers that lie to each other as those of the row do.
    """
    sign = SIGNS[operation]

    def answer(a: Any, b: Any, lie: int) -> Any:
        if any(isinstance(v, Maybe) and (v.options is not None or is_left(v.missing)) for v in (a, b)):
            return LEFT_OVER
        several = [isinstance(v, Open) and v.options > 1 for v in (a, b)]
        if lie == _MIXED:
            # Whether one equals any of the others has to be held against each, unless only time tells.
            if all(several) or (operation == "equals" and not any(isinstance(v, Open) and v.growing for v in (a, b))):
                return LEFT_OVER
            ones, others = ((0, 10), (5, 5)) if several[0] else ((5, 5), (0, 10))
        else:
            ones, others = _LYING[lie]
        told = sign(_standing(a, ones, 1 if lie == _UP_TO else 0), _standing(b, others, 0 if lie == _UP_TO else 1))
        return Maybe(None, told.missing, told.open) if isinstance(told, Maybe) else bool(told)

    try:
        one, two = measured(sheet, left), measured(sheet, right)
        place = None if one is None or two is None else _lying(sheet, one, two)
        if one is None or two is None or place is None:
            return None
        return boolean_of(sheet.plan, tabulated(sheet.plan, [one.state, two.state, place], answer, left=LEFT_OVER))
    except TooWide:
        return None


def _standing(value: Any, numbers: tuple[int, int], which: int) -> Any:
    """What the record evaluation has in place of a number."""
    if value is KNOWN:
        return numbers[which]
    if not isinstance(value, Open):
        return value
    options = numbers if value.options > 1 else (numbers[which],)
    return Maybe(options, value.missing, value.open) if value.rising is None else Growing(options, value.missing, value.rising)


def _lying(sheet: Sheet, one: Value, two: Value) -> Coded | None:
    """How the numbers of each row lie to each other; None where their units are too far apart."""
    if one.least is None or one.highest is None or two.least is None or two.highest is None:
        return Coded(constant(_ALIKE, pl.UInt8), (_ALIKE,))
    ends = levelled([one.least, one.highest, two.least, two.highest])
    if ends is None:
        return None

    def lie(least: pl.Expr, most: pl.Expr, other_least: pl.Expr, other_most: pl.Expr) -> pl.Expr:
        above, below = least >= other_most, most <= other_least
        return (
            pl.when(above & below)
            .then(_ALIKE)
            .when(above)
            .then(pl.when(least > other_most).then(_ABOVE).otherwise(_DOWN_TO))
            .when(below)
            .then(pl.when(most < other_least).then(_BELOW).otherwise(_UP_TO))
            .otherwise(pl.when(least.is_null() | other_least.is_null()).then(_ALIKE).otherwise(_MIXED))
            .cast(pl.UInt8)
        )

    return Coded(sheet.plan.keep(on(lie, *(end.value for end in ends))), tuple(range(_MIXED + 1)))


def number_test(value: Ex, operation: str, literal: int | Decimal, *, whole: bool, scale: int | None) -> Ex:
    """Exact comparison with a literal: whole numbers with whole bounds, floats as the shortest text they are written with.

    ``whole`` and ``scale`` are those of the column.
    """
    if operation == "equals":
        same = written_as(literal, whole=whole, scale=scale)
        if same is None:
            return on(lambda e: pl.when(e.is_not_null()).then(False), value)
        return on(lambda e: SIGNS[operation](e, pl.lit(same, pl.Int64 if whole else pl.Float64)), value)
    if scale is not None:
        literal = Decimal(literal).scaleb(scale)
    if whole:
        if literal != int(literal):
            literal = ceil(literal) if operation in ("at_least", "below") else floor(literal)
        bound = int(literal)
        if abs(bound) >= 2**62:
            truth = operation in (("at_most", "below") if bound > 0 else ("at_least", "above"))
            return on(lambda e: pl.when(e.is_not_null()).then(truth), value)
        return on(lambda e: SIGNS[operation](e, pl.lit(bound, pl.Int64)), value)
    near = float(literal)
    written = Decimal(repr(near))
    if written != literal:
        # No float is written like the bound: the next one below or above stands for it.
        reached = operation in ("at_least", "above")
        operation = ("at_least" if reached else "below") if written > literal else ("above" if reached else "at_most")
    return on(lambda e: SIGNS[operation](e, pl.lit(near, pl.Float64)), value)


def written_as(literal: int | Decimal, *, whole: bool, scale: int | None) -> int | float | None:
    """The value of a column that equals a literal; ``None``: there is none."""
    if scale is not None:
        literal = Decimal(literal).scaleb(scale)
    if whole:
        return int(literal) if literal == int(literal) and abs(int(literal)) < 2**62 else None
    near = float(literal)
    return near if Decimal(repr(near)) == literal else None
