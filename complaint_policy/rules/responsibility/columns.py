"""The owner of every row, or the candidates."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import polars as pl

from complaint_policy.columns.numbers import Stand, finite
from complaint_policy.columns.plan import Ex, constant, on
from complaint_policy.columns.sheet import Sheet
from complaint_policy.columns.tabulating import TooWide, tabulated
from complaint_policy.columns.values import LEFT, LEFT_OVER, Coded, Column
from complaint_policy.expressions import nodes as n
from complaint_policy.kinds import Setting
from complaint_policy.results import ResponsibilityResult
from complaint_policy.rules.responsibility.index import OTHER_TEXT, bounds_of, literals_of, samples
from complaint_policy.rules.responsibility.model import Matrix
from complaint_policy.rules.responsibility.record import compile_matrix


class Owned:
    """What the matrix gives: the owner as other rules see it, and the result the table shows."""

    __slots__ = ("result", "value")

    def __init__(self, value: Any, result: ResponsibilityResult) -> None:
        self.value = value
        self.result = result

    @property
    def missing(self) -> frozenset[str]:
        """What is missing to name one owner."""
        return frozenset(self.result.missing)


# So many texts are told apart.
_MOST_TEXTS: Final = 20_000
_LEFT = Owned(LEFT_OVER, ResponsibilityResult(None, (), None, (), (), None, (LEFT,)))


def columns(section: Matrix) -> Iterable[tuple[str, Callable[[Sheet], Any]]]:
    yield "owned", lambda sheet: _owned(section, sheet)
    yield "owner", lambda sheet: _owner(sheet)


def _owner(sheet: Sheet) -> Coded:
    return tabulated(sheet.plan, [sheet.made("owned")], lambda owned: owned.value, left=LEFT_OVER)


def _owned(section: Matrix, sheet: Sheet) -> Coded:
    """Codes of :class:`Owned`."""
    axes = [_axis(section, sheet, axis) for axis in section.by]
    stand = Stand(sheet)
    stand.slots |= {"responsibility_result": stand._slot()}
    stand.order.clear()
    for axis, name in zip(section.by, (_name(axis, sheet) for axis in section.by), strict=True):
        if axis == "severity":
            stand.severity()
        else:
            stand.slots[name] = stand._slot()
    show = stand.slots["responsibility_result"]
    known = [a for a in axes if a is not None]
    if len(known) < len(axes):
        return _left_over(sheet)
    setting = Setting(stand.compiler, stand.compiler, sheet.zone, None, sheet.model, 0, stand.slots)
    try:
        decide = compile_matrix(section, setting)
    except KeyError:  # a row tests more than the axes
        return _left_over(sheet)

    def answer(*values: Any) -> Owned:
        state = stand.state(values)
        return Owned(decide(state), state[show])

    try:
        return tabulated(sheet.plan, known, answer, key=_key, left=_LEFT)
    except TooWide:
        return _left_over(sheet)


def _left_over(sheet: Sheet) -> Coded:
    sheet.reasons.append("responsibility")
    return Coded(constant(0, pl.UInt8), (_LEFT,))


def _key(owned: Owned) -> Any:
    r = owned.result
    return (r.owner, r.candidates, r.missing, getattr(owned.value, "missing", None), getattr(owned.value, "open", None))


def _name(axis: str, sheet: Sheet) -> str:
    return f"fact:{axis}" if axis in sheet.model.facts else f"field:{axis}"


def _axis(section: Matrix, sheet: Sheet, axis: str) -> Coded | None:
    """An axis as codes: its values, or the classes its rows can tell apart."""
    if axis == "severity":
        return sheet.severity()
    tests = [part for row in section.rows for part in n.walk(row.when) if _left(part) == axis]
    if axis in sheet.model.facts:
        expression = sheet.model.facts[axis].expression
        if isinstance(expression, n.Condition):
            return sheet.condition(expression).coded(sheet.plan)
        found = sheet.value(expression) if isinstance(expression, n.Value) else None
    else:
        asked = any(isinstance(part, n.Present) and part.name == axis for row in section.rows for part in n.walk(row.when))
        if asked and sheet.declared(axis).default is not None:
            return None  # whether it was given is hidden by the default
        found = sheet.field_column(axis)
    if found is None:
        return None
    coded = finite(sheet, found)
    if coded is not None or not isinstance(found, Column):
        return coded
    return _texts(sheet, found, tests) if found.kind == "string" else _numbers(sheet, found, tests) if found.kind == "number" else None


def _left(part: n.Expression) -> str | None:
    return part.left.name if isinstance(part, (n.Equals, n.OneOf, n.Compare)) else None


def _texts(sheet: Sheet, column: Column, tests: list[n.Expression]) -> Coded | None:
    """A free text by the texts the rows name, and any other."""
    literals = literals_of(tests)
    if literals is None or not all(isinstance(v, str) for v in literals) or column.value is None or len(literals) > _MOST_TEXTS:
        return None
    domain = (OTHER_TEXT, *literals, *column.specials)
    special = column.special(sheet.plan)
    named = pl.Enum(literals)

    def build(value: pl.Expr, *more: pl.Expr) -> pl.Expr:
        number = value.cast(named, strict=False).to_physical().cast(pl.UInt16)
        # Without specials a null row is one that is left: it may look up anything.
        absent = more[0] + len(literals) + 1 if more else pl.lit(len(literals) + 1 if column.specials else 0)
        return pl.when(value.is_null()).then(absent).otherwise((number + 1).fill_null(0)).cast(pl.UInt16)

    return Coded(sheet.plan.keep(on(build, column.value, *([special] if special is not None else []))), domain)


def _numbers(sheet: Sheet, column: Column, tests: list[n.Expression]) -> Coded | None:
    """A number by where it lies among the bounds the rows name."""
    bounds = bounds_of(literals_of(tests))
    if bounds is None or len(bounds) > 60 or column.value is None or column.scale is not None:
        return None
    from complaint_policy.columns.conditions import _number_test

    values = samples(bounds, whole=column.whole)
    if not values:
        return None
    total: Ex = constant(0, pl.UInt8)
    for bound in bounds:
        for operation in ("at_least", "above"):
            total = total + _number_test(column.value, operation, bound, column.whole).cast(pl.UInt8)
    domain = (*values, *column.specials)
    special = column.special(sheet.plan)
    absent = special if special is not None else constant(0, pl.UInt8)
    size = len(values) if column.specials else 0
    code = on(lambda t, a, v: pl.when(v.is_null()).then(a.cast(pl.UInt8) + size).otherwise(t).cast(pl.UInt8), total, absent, column.value)
    return Coded(sheet.plan.keep(code), domain)


