"""Amounts of an overlay against its base's: by cut points, where they are finite."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from math import prod
from typing import Any, Final

from complaint_policy.cells import Cell, Cells
from complaint_policy.comparing.comparison import Comparison, Objection, case_of
from complaint_policy.expressions import nodes as n
from complaint_policy.texts import Text

__all__ = ["ends_of", "outside", "smaller"]

_MOST: Final = 64
Bounds = n.Range | n.ChooseRange
_UNKNOWN: Final = Objection(Text("its amount is a value of the record", "金额取自记录"))


def smaller(own: n.Value, base: n.Value, comparison: Comparison) -> Objection | None:
    """A complaint for which ``own`` may be less than ``base``."""
    if own == base:
        return None
    return _each((own, base), comparison, lambda cell, cells: _smaller(_values(own, cell, cells), _values(base, cell, cells)))


def outside(own: n.Value | Bounds, base: Bounds, comparison: Comparison) -> Objection | None:
    """A complaint for which ``own`` may lie outside the base's range."""
    if own == base:
        return None

    def judge(cell: Cell, cells: Cells) -> Objection | None:
        bounds, given = ends_of(base, cell, cells), ends_of(own, cell, cells)
        if bounds is None or given is None:
            return _UNKNOWN
        if given[0] < bounds[0] or given[1] > bounds[1]:
            return Objection(_amounts(given).filled(b=_range(bounds)), certain=True)
        return None

    return _each((own, base), comparison, judge)


def _amounts(given: tuple[Any, Any]) -> Text:
    return Text(f"{_range(given)} lies outside the base's {{b}}", f"{_range(given)}超出基础制度的{{b}}")


def _range(ends: tuple[Any, Any]) -> str:
    low, high = (n.shown_number(e) for e in ends)
    return low if low == high else f"{low}–{high}"


def _each(parts: tuple[n.Expression, ...], comparison: Comparison, judge: Any) -> Objection | None:
    """What ``judge`` says of every complaint that the choices of some values can tell apart."""
    kinds = (n.ValueBranch, n.RangeBranch)
    conditions = [node.when for part in parts for node in n.walk(part) if isinstance(node, kinds) and node.when is not None]
    cells = Cells(comparison.own, conditions)
    if not cells.complete:
        return Objection(Text("its choices are too many to compare", "选择分支过多，无法比较"))
    found: Objection | None = None
    for cell in cells:
        objection: Objection | None = judge(cell, cells)
        if objection is None:
            continue
        case = case_of(cell, cells) if cell else None
        told = Objection(objection.why if case is None else objection.why + Text(" ({c})", "（{c}）").filled(c=case), objection.certain)
        if told.certain:
            return told
        found = found or told
    return found


def _smaller(own: Any, base: Any) -> Objection | None:
    if own is None or base is None:
        return _UNKNOWN
    if min(own) < min(base) or max(own) < max(base):
        a, b = n.shown_number(min(own)), n.shown_number(min(base))
        return Objection(Text(f"{a} is less than the base's {b}", f"{a}低于基础制度的{b}"), certain=True)
    return None


def ends_of(node: n.Value | Bounds, cell: Cell, cells: Cells) -> tuple[Any, Any] | None:
    """The least and the most a range or an amount may be in a cell."""
    if isinstance(node, n.Value):
        values = _values(node, cell, cells)
        return (min(values), max(values)) if values else None
    found: list[n.Range] = []
    if isinstance(node, n.Range):
        found = [node]
    else:
        for branch in node.branches:
            holds = True if branch.when is None else cells.holds(branch.when, cell)
            if holds is not False:
                found.append(branch.then)
            if holds is True:
                break
    lows, highs = [_values(r.low, cell, cells) for r in found], [_values(r.high, cell, cells) for r in found]
    if not found or any(v is None for v in (*lows, *highs)):
        return None
    return min(v for part in lows for v in part or ()), max(v for part in highs for v in part or ())


def _values(node: n.Value, cell: Cell, cells: Cells) -> list[Any] | None:
    """All that a value may be in a cell; ``None`` where it rests on more than choices."""
    match node:
        case n.Literal(value=bool()):
            return None
        case n.Literal(value=int() | Decimal() as value):
            return [value]
        case n.Choose(branches=branches):
            found: list[Any] = []
            for branch in branches:
                holds = True if branch.when is None else cells.holds(branch.when, cell)
                if holds is not False:
                    below = _values(branch.then, cell, cells)
                    if below is None:
                        return None
                    found += below
                if holds is True:
                    break
            return found or None
        case n.Arithmetic(operation=operation, parts=parts):
            below_all = [_values(part, cell, cells) for part in parts]
            if any(b is None for b in below_all):
                return None
            known = [b for b in below_all if b is not None]
            return [_computed(operation, values) for values in product(*known)] if prod(map(len, known)) <= _MOST else None
    return None


def _computed(operation: str, values: tuple[Any, ...]) -> Any:
    match operation:
        case "plus":
            return sum(values)
        case "minus":
            return values[0] - sum(values[1:])
        case "times":
            return prod(values)
        case "max_of":
            return max(values)
    return min(values)
