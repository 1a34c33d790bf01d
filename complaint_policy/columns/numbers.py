"""Values on columns: what can be enumerated as codes, numbers and texts as columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import polars as pl

from complaint_policy.columns import arithmetic, several, spans
from complaint_policy.columns.branches import branch_codes, chosen_values, unknown_of_choice
from complaint_policy.columns.computed import computed_value
from complaint_policy.columns.plan import constant, looked_up, on
from complaint_policy.columns.standing import Stand
from complaint_policy.columns.tabulating import TooWide, tabulated
from complaint_policy.columns.values import KNOWN, LEFT_OVER, Coded, Column, left_column
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.computed import Computed
from complaint_policy.expressions.evidence import Classified
from complaint_policy.possible import Empty, Maybe

if TYPE_CHECKING:
    from complaint_policy.columns.sheet import Sheet

__all__ = ["finite", "value"]


def value(sheet: Sheet, node: n.Value) -> Column | Coded:
    match node:
        case n.Literal(value=literal):
            return Coded(constant(0, pl.UInt8), (literal,))
        case n.NamedValue(name=name, source="field" | "entry", kind=kind):
            if kind == "instant":
                return left_column("instant")
            return sheet.field_column(name)
        case n.NamedValue(name=name, source="fact"):
            expression = sheet.model.facts[name].expression
            if isinstance(expression, n.Value):
                return sheet.fact(name, lambda: sheet.value(expression))
            return sheet.fact(name, lambda: sheet.condition(expression)) if isinstance(expression, n.Condition) else left_column("instant")
        case n.NamedValue(source="severity"):
            return sheet.severity()
        case n.NamedValue(source="owner"):
            return sheet.owner()
        case n.Arithmetic(parts=parts):
            inputs = [finite(sheet, sheet.value(p)) for p in parts]
            if all(i is not None for i in inputs):
                stand = Stand(sheet)
                for part in parts:
                    stand.value(part)
                calculated = stand.asked(stand.compiler.arithmetic(node))
                return _or_left(lambda: tabulated(sheet.plan, [i for i in inputs if i is not None], calculated, left=LEFT_OVER))
            return arithmetic.calculated(sheet, node, [sheet.value(p) for p in parts])
        case n.FirstKnown(parts=parts):
            return _first_known(sheet, node, parts)
        case n.Choose(branches=branches):
            return _choose(sheet, node, branches)
        case Computed() | Classified():
            return computed_value(sheet, node)
        case n.LengthOf():
            return spans.measured(sheet, node)
        case n.CountOf():
            return several.counted(sheet, node)
        case n.LastOfEntries():
            return several.taken(sheet, node)
    return left_column(node.kind)


def _or_left(make: Callable[[], Coded]) -> Coded | Column:
    try:
        return make()
    except TooWide:
        return left_column("number")


def finite(sheet: Sheet, found: Column | Coded) -> Coded | None:
    """The values as codes, where they can be enumerated."""
    if isinstance(found, Coded):
        return found
    if found.kind == "boolean":
        return found.coded(sheet.plan)
    if found.value is not None:
        return None
    return found.state(sheet.plan)


def _first_known(sheet: Sheet, node: n.FirstKnown, parts: tuple[n.Value, ...]) -> Column | Coded:
    found = [sheet.value(p) for p in parts]
    inputs = [finite(sheet, f) for f in found]
    stand = Stand(sheet)
    if all(i is not None for i in inputs):
        for part in parts:
            stand.value(part)
        return _or_left(lambda: tabulated(sheet.plan, [i for i in inputs if i is not None], stand.asked(stand.compiler.first_known(node)), left=LEFT_OVER))
    from complaint_policy.columns.conditions import as_column

    kind = "string" if node.kind in ("enum", "string") else "number"
    columns = [f if isinstance(f, Column) else as_column(sheet, f, kind) for f in found]
    if any(c.kind != kind or c.scale is not None for c in columns) or len({c.whole for c in columns if c.value is not None}) > 1:
        return left_column(kind)
    plan = sheet.plan

    def answer(*states: Any) -> Any:
        missing = frozenset[str]()
        for index, state in enumerate(states):
            if state is KNOWN:
                return index
            if isinstance(state, Empty):
                missing |= state.missing
            elif isinstance(state, Maybe):
                return state
        return Empty(None, missing) if missing else next((s for s in states if not isinstance(s, Empty)), states[0])

    chosen = tabulated(plan, [c.state(plan) for c in columns], answer)
    return _gathered(sheet, chosen, columns, kind)


def _gathered(sheet: Sheet, chosen: Coded, columns: list[Column], kind: str) -> Column:
    """The column that each row's code names; other codes are specials."""
    specials = tuple(v for v in chosen.domain if not (isinstance(v, int) and not isinstance(v, bool)))
    picks = [(code, v) for code, v in enumerate(chosen.domain) if isinstance(v, int) and not isinstance(v, bool) and columns[v].value is not None]

    def build(code: pl.Expr, *values: pl.Expr) -> Any:
        chain: Any = None
        for (number, _), one in zip(picks, values, strict=True):
            chain = (pl if chain is None else chain).when(code == number).then(one)
        return chain

    if not picks:
        return left_column(kind)
    picked = sheet.plan.keep(on(build, chosen.code, *(columns[v].value for _, v in picks)))
    where = {id(s): i for i, s in enumerate(specials)}
    table = pl.lit(pl.Series([where.get(id(v), 0) for v in chosen.domain], dtype=pl.UInt16))
    whole = all(columns[v].whole for _, v in picks)
    return Column(kind, picked, specials, lambda: looked_up(table, chosen.code), whole)


def _choose(sheet: Sheet, node: n.Choose, branches: tuple[n.ValueBranch, ...]) -> Column | Coded:
    found = [sheet.value(b.then) for b in branches]
    names = frozenset(n.fields_in(node))
    inputs = [finite(sheet, f) for f in found]
    if all(i is not None for i in inputs):
        coded = chosen_values(sheet, [b.when for b in branches], [i for i in inputs if i is not None], names)
        if coded is not None:
            return coded
        return left_column(node.kind)
    from complaint_policy.columns.conditions import as_column

    kind = "string" if node.kind in ("enum", "string") else "number"
    columns = [f if isinstance(f, Column) else as_column(sheet, f, kind) for f in found]
    if any(c.kind != kind or c.scale is not None for c in columns) or len({c.whole for c in columns if c.value is not None}) > 1:
        return left_column(kind)
    chosen = branch_codes(sheet, [b.when for b in branches], names, None)
    plan = sheet.plan

    def answer(choice: Any, *states: Any) -> Any:
        if isinstance(choice, int):
            return choice if states[choice] is KNOWN else states[choice]
        return LEFT_OVER if choice.options is not None else unknown_of_choice(choice, states)

    return _gathered(sheet, tabulated(plan, [chosen, *(c.state(plan) for c in columns)], answer), columns, kind)
