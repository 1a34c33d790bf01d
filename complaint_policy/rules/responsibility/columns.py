"""The owner of every row, or the candidates."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import polars as pl
from attrs import frozen

from complaint_policy.columns.numbers import finite
from complaint_policy.columns.plan import Ex, constant, on
from complaint_policy.columns.sheet import Sheet
from complaint_policy.columns.standing import Stand
from complaint_policy.columns.tabulating import TooWide, tabulated
from complaint_policy.columns.values import LEFT, LEFT_OVER, Coded, Column, code_type
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.compile import Compiler
from complaint_policy.kinds import Setting
from complaint_policy.results import ResponsibilityResult
from complaint_policy.rules.responsibility.index import AGAINST_LITERALS, OTHER_TEXT, Index, bounds_of, literals_of, samples
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


@frozen(eq=False)
class _Axis:
    """An axis as codes; not ``exact`` where values that no row compares with stand for one another."""

    coded: Coded
    exact: bool


# Nothing is told of an axis: what rows ask of it is asked by itself.
_UNTOLD: Final = Coded(constant(0, pl.UInt8), (None,))
# More parts that may hold or not have more combinations than are worth making.
_MOST_ASKED: Final = 15
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
    axes = {_name(axis, sheet): _axis(section, sheet, axis) for axis in section.by}
    parts = dict.fromkeys(part for row in section.rows for part in n.conjuncts(row.when))
    # What the codes of the axes do not tell is asked of the rows of the table, part by part.
    asked = [part for part in parts if not _told(part, axes)]
    beside = asked or None in axes.values()
    if len(asked) > _MOST_ASKED or (beside and _by_values(section, sheet, [*axes, *(name for part in parts for name in n.names_in(part))])):
        return _left_over(sheet)
    stand = Stand(sheet)
    stand.slots |= {"responsibility_result": stand._slot()}
    stand.order.clear()
    for name in axes:
        if name == "severity":
            stand.severity()
        else:
            stand.slots[name] = stand._slot()
    for part in asked:
        stand.whole_condition(part)
    show = stand.slots["responsibility_result"]
    decide = compile_matrix(section, _setting(sheet, stand.compiler, stand.slots), frozenset(asked))
    known = [_UNTOLD if axis is None else axis.coded for axis in axes.values()]

    def answer(*values: Any) -> Owned:
        state = stand.state(values)
        return Owned(decide(state), state[show])

    try:
        return tabulated(sheet.plan, [*known, *(sheet.condition(part).coded(sheet.plan) for part in asked)], answer, key=_key, left=_LEFT)
    except TooWide:
        return _left_over(sheet)


def _setting(sheet: Sheet, compiler: Compiler, slots: dict[str, int]) -> Setting:
    return Setting(compiler, compiler, sheet.zone, None, sheet.model, 0, slots)


def _told(part: n.Condition, axes: dict[str, _Axis | None]) -> bool:
    """Whether the codes of the axes say what a part of a row says."""
    asked = [axes.get(name) for name in n.names_in(part)]
    plain = all(isinstance(one, AGAINST_LITERALS) for one in n.walk(part))
    return all(axis is not None and (axis.exact or plain) for axis in asked)


def _by_values(section: Matrix, sheet: Sheet, names: list[str]) -> bool:
    """Whether a record finds its owner by the values of the axes: what is undecided is told otherwise than row by row."""
    fields = [name.removeprefix("field:") for name in names if name.startswith("field:")]
    given = [f"given:{field}" for field in fields if sheet.declared(field).default is not None]
    slots = {name: slot for slot, name in enumerate(dict.fromkeys([*names, *given]))}
    return Index(section, _setting(sheet, Compiler(slots, sheet.zone), slots)).decides


def _left_over(sheet: Sheet) -> Coded:
    sheet.reasons.append("responsibility")
    return Coded(constant(0, pl.UInt8), (_LEFT,))


def _key(owned: Owned) -> Any:
    r = owned.result
    return (r.owner, r.candidates, r.missing, getattr(owned.value, "missing", None), getattr(owned.value, "open", None))


def _name(axis: str, sheet: Sheet) -> str:
    return axis if axis == "severity" else f"fact:{axis}" if axis in sheet.model.facts else f"field:{axis}"


def _axis(section: Matrix, sheet: Sheet, axis: str) -> _Axis | None:
    """An axis as codes: its values, or the classes its rows can tell apart."""
    if axis == "severity":
        return _Axis(sheet.severity(), exact=True)
    tests = [part for row in section.rows for part in n.walk(row.when) if _left(part) == axis]
    if axis in sheet.model.facts:
        expression = sheet.model.facts[axis].expression
        if isinstance(expression, n.Condition):
            return _Axis(sheet.condition(expression).coded(sheet.plan), exact=True)
        found = sheet.value(expression) if isinstance(expression, n.Value) else None
    else:
        asked = any(isinstance(part, n.Present) and part.name == axis for row in section.rows for part in n.walk(row.when))
        if asked and sheet.declared(axis).default is not None:
            return None  # whether it was given is hidden by the default
        found = sheet.field_column(axis)
    if found is None:
        return None
    coded = finite(sheet, found)
    if coded is not None:
        return _Axis(coded, exact=True)
    if not isinstance(found, Column):
        return None
    coded = _texts(sheet, found, tests) if found.kind == "string" else _numbers(sheet, found, tests) if found.kind == "number" else None
    return None if coded is None else _Axis(coded, exact=False)


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
    if bounds is None or len(bounds) > 60 or column.value is None:
        return None
    from complaint_policy.columns.number_tests import number_test

    values = samples(bounds, whole=column.whole and column.scale is None)
    if not values:
        return None
    total: Ex = constant(0, pl.UInt8)
    for bound in bounds:
        for operation in ("at_least", "above"):
            total = total + number_test(column.value, operation, bound, whole=column.whole, scale=column.scale).cast(pl.UInt8)
    domain = (*values, *column.specials)
    special = column.special(sheet.plan)
    absent = special if special is not None else constant(0, pl.UInt8)
    size = len(values) if column.specials else 0
    codes = code_type(len(domain))
    code = on(lambda t, a, v: pl.when(v.is_null()).then(a.cast(codes) + size).otherwise(t).cast(codes), total, absent, column.value)
    return Coded(sheet.plan.keep(code), domain)


