"""Whom a penalty charges over the rows of a table: whether that is known; the name itself is in no table."""

from __future__ import annotations

from typing import Any

import polars as pl

from complaint_policy.columns.branches import branch_codes, unknown_of_choice
from complaint_policy.columns.plan import SAME, Ex, constant, on
from complaint_policy.columns.sheet import Sheet
from complaint_policy.columns.standing import Stand
from complaint_policy.columns.tabulating import TooWide, tabulated
from complaint_policy.columns.values import KNOWN, LEFT, Coded, Column
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.moments import first_known
from complaint_policy.possible import NONE, Maybe
from complaint_policy.rules.penalties.record import charging

__all__ = ["charge_state"]


def charge_state(node: n.Value, sheet: Sheet) -> Coded:
    """What is missing to know whom to charge (None where it is known): the name itself is in no table."""
    stand = Stand(sheet)
    inputs: list[Coded] = []
    if not _stands(node, sheet, stand, inputs, set()):
        return Coded(constant(0, pl.UInt8), (frozenset({LEFT}),))
    find = charging(node, _setting(stand, sheet))

    def answer(*values: Any) -> Any:
        charge, missing = find(stand.state(values))
        return None if charge is not None else missing

    try:
        return tabulated(sheet.plan, inputs, answer, key=lambda v: v)
    except TooWide:
        return Coded(constant(0, pl.UInt8), (frozenset({LEFT}),))


def _whether_known(sheet: Sheet, node: n.Value) -> Coded:
    """Whether a name is known: "somebody", or what the record evaluation has in its place."""
    expression = sheet.model.facts[node.name].expression if isinstance(node, n.NamedValue) and node.source == "fact" else node
    if isinstance(expression, n.Value) and expression is not node:
        return _whether_known(sheet, expression)
    if isinstance(node, n.FirstKnown):
        return tabulated(sheet.plan, [_whether_known(sheet, part) for part in node.parts], lambda *states: first_known(list(states)))
    if isinstance(node, n.Choose) and not any(branch.when is not None and "severity" in n.names_in(branch.when) for branch in node.branches):
        return _whether_chosen(sheet, node)
    found = sheet.value(node)
    state = found.state(sheet.plan) if isinstance(found, Column) else found
    return state.meaning(tuple("somebody" if v is KNOWN or isinstance(v, str) else v for v in state.domain))


def _whether_chosen(sheet: Sheet, node: n.Choose) -> Coded:
    """The same of a choice: of several names that are open none is known, unless they are one name."""
    from complaint_policy.columns.conditions import as_column

    chosen = branch_codes(sheet, [branch.when for branch in node.branches], frozenset(n.fields_in(node)), None)
    texts = [found if isinstance(found := sheet.value(branch.then), Column) else as_column(sheet, found, "string") for branch in node.branches]
    agreed = _one_name(sheet, chosen, [text.value for text in texts])

    def answer(choice: Any, agree: bool, *states: Any) -> Any:
        if isinstance(choice, int):
            return states[choice]
        if choice.options is None:
            return unknown_of_choice(choice, states)
        if agree:
            return "somebody"
        possible = [states[i] for i in choice.options]
        if all(s is NONE for s in possible):
            return NONE
        unknown = [s for s in possible if isinstance(s, Maybe)]
        return Maybe(None, choice.missing.union(*(s.missing for s in unknown)), choice.open or any(s.open for s in unknown))

    return tabulated(sheet.plan, [chosen, agreed, *(_whether_known(sheet, branch.then) for branch in node.branches)], answer)


def _one_name(sheet: Sheet, chosen: Coded, texts: list[Ex | None]) -> Coded:
    """Whether all names of the branches that may hold are one."""
    open_ = {code: choice.options for code, choice in enumerate(chosen.domain) if isinstance(choice, Maybe) and choice.options is not None}
    told = {code: options for code, options in open_.items() if all(texts[i] is not None for i in options)}
    if not told:
        return Coded(constant(0, pl.UInt8), (False,))

    def agree(code: pl.Expr, *names: pl.Expr) -> pl.Expr:
        same = {one: [SAME(names[first], names[i]) for i in rest] for one, (first, *rest) in told.items()}
        return pl.any_horizontal(*((code == one) & pl.all_horizontal(*tests) for one, tests in same.items()))

    columns = [constant(None, pl.String) if text is None else text for text in texts]
    return Coded(None, (False, True), sheet.plan.keep(on(lambda *parts: agree(*parts).fill_null(False), chosen.code, *columns)))


def _setting(stand: Stand, sheet: Sheet) -> Any:
    from complaint_policy.kinds import Setting

    return Setting(stand.compiler, stand.compiler, sheet.zone, None, sheet.model, 0, stand.slots)


def _stands(node: n.Value, sheet: Sheet, stand: Stand, inputs: list[Coded], seen: set[Any]) -> bool:
    """Hands in every field, fact and condition of the chain of who is charged; whether that could be done."""
    if isinstance(node, n.NamedValue) and node.source in ("field", "fact"):
        name = f"{node.source}:{node.name}"
        if name not in seen:
            seen.add(name)
            stand.slots[name] = stand._slot()
            inputs.append(_whether_known(sheet, node))
        return True
    if isinstance(node, n.FirstKnown):
        return all(_stands(p, sheet, stand, inputs, seen) for p in node.parts)
    if isinstance(node, n.Choose):
        for branch in node.branches:
            if branch.when is not None and branch.when not in seen:
                seen.add(branch.when)
                stand.whole_condition(branch.when)
                inputs.append(sheet.condition(branch.when).coded(sheet.plan))
            if not _stands(branch.then, sheet, stand, inputs, seen):
                return False
        return True
    return isinstance(node, n.Literal)
