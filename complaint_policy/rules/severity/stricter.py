"""Whether an overlay ever classes a complaint lower than its bases do."""

from __future__ import annotations

from complaint_policy.cells import Cell, Cells
from complaint_policy.comparing import Comparison, Objection
from complaint_policy.comparing.comparison import case_of
from complaint_policy.rules.severity.model import LevelRule, Severity
from complaint_policy.texts import Text


def compare(base: Severity | tuple[()], own: Severity | tuple[()], comparison: Comparison) -> None:
    """Every complaint the conditions of both can tell apart; rules that say they are laxer are let be."""
    if not isinstance(base, Severity) or not isinstance(own, Severity) or base == own:
        return
    if not base.levels:  # nothing of the base asks for a level: to have some is free
        return
    if base.levels != own.levels:
        comparison.object("severity", own.place, Objection(Text("its levels are others", "等级不同")))
        return
    cells = Cells(comparison.own, [rule.when for rule in (*base.rules, *own.rules)])
    if not cells.complete:
        comparison.object("severity", own.place, Objection(Text("its conditions are too many to compare", "条件过多，无法比较")))
        return
    told: set[str] = set()
    for cell in cells:
        theirs, mine = _levels(base, cell, cells), _levels(own, cell, cells)
        if min(mine) >= min(theirs) and max(mine) >= max(theirs):
            continue
        lowest = mine[min(mine)]
        # The rule that gives the lower level, or one that would have to give the higher and no longer does.
        changed = [rule for rule in own.rules if comparison.is_own(rule) and _changed(rule, base)]
        at_fault = lowest if lowest is not None and comparison.is_own(lowest) else next(iter(changed), None)
        name = at_fault.id if at_fault is not None else "severity"
        if name in told:
            continue
        told.add(name)
        a, b = own.title_of(own.levels[min(mine)]), own.title_of(own.levels[min(theirs)])
        if min(mine) >= min(theirs):
            a, b = own.title_of(own.levels[max(mine)]), own.title_of(own.levels[max(theirs)])
        why = Text("{a} instead of {b}: {c}", "{a}（基础制度为{b}）：{c}").filled(a=a, b=b, c=case_of(cell, cells))
        plain = all(isinstance(key, str) or type(key).__name__ == "FactHolds" for key in cell)
        place = at_fault.place if at_fault is not None else own.place
        comparison.object(name, place, Objection(why, plain), at_fault.laxer if at_fault is not None else None)


def _changed(rule: LevelRule, base: Severity) -> bool:
    return any(rule.id == other.id and rule != other for other in base.rules)


def _levels(section: Severity, cell: Cell, cells: Cells) -> dict[int, LevelRule | None]:
    """The levels a complaint may have, each with the rule that gives it."""
    found: dict[int, LevelRule | None] = {}
    for rule in section.rules:
        holds = cells.holds(rule.when, cell)
        if holds is not False:
            found.setdefault(section.rank(rule.level), rule)
        if holds is True:
            return found
    if section.otherwise is not None:
        found.setdefault(section.rank(section.otherwise), None)
    return found
