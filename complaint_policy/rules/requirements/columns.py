"""The outcome of a requirement for every row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import polars as pl

from complaint_policy.columns.instants import compared
from complaint_policy.columns.plan import constant, on
from complaint_policy.columns.settling import key_for, left_result, left_where_it_may_apply, rank_of, settled_results
from complaint_policy.columns.sheet import Sheet, Verdicts
from complaint_policy.columns.tabulating import tabulated
from complaint_policy.columns.values import EXACT, Instants, Shape, is_left
from complaint_policy.outcomes import NOT_APPLICABLE
from complaint_policy.possible import Maybe
from complaint_policy.results import RequirementResult, Settled
from complaint_policy.rules.requirements.model import Requirement
from complaint_policy.rules.requirements.record import judged


def columns(section: tuple[Requirement, ...]) -> Iterable[tuple[str, Callable[[Sheet], Any]]]:
    for rule in section:
        yield f"rule:{rule.id}", partial(_verdicts, rule)


def _verdicts(rule: Requirement, sheet: Sheet) -> Verdicts:
    apart = RequirementResult(rule, NOT_APPLICABLE, rule.event)
    return left_where_it_may_apply(sheet, rule, apart, lambda: _judged(rule, sheet, apart))


def _judged(rule: Requirement, sheet: Sheet, apart: Settled) -> Verdicts:
    plan = sheet.plan
    holds = sheet.condition(rule.require).coded(plan)
    now = Instants(constant(sheet.now, pl.Int64), None, (Shape(EXACT),))
    reached = compared(sheet, "by", _boundaries(sheet, sheet.instant(rule.before)), now).coded(plan)

    def answer(held: Any, moment: Any) -> Settled:
        # What is only not known here may hold, and then its moment does not matter.
        return left_result(rule) if isinstance(held, Maybe) and is_left(held.missing) else judged(rule, held, moment)

    raw = tabulated(plan, [holds, reached], answer, key=key_for(sheet, rule), place=rank_of, left=left_result(rule))
    return Verdicts(settled_results(sheet, rule, raw, apart))


def _boundaries(sheet: Sheet, before: Instants) -> Instants:
    """A day ends with the next day's first instant."""
    if before.low is None or (before.day_end is False and before.ends is False):
        return before

    def later(value: Any, end: Any) -> Any:
        if value is None or end is False:
            return value
        if end is True:
            return sheet.plan.keep(value + pl.lit(1, pl.Int64))
        return sheet.plan.keep(on(lambda v, e: pl.when(e).then(v + 1).otherwise(v), value, end))

    state = None if before._state is None and len(before.shapes) <= 2 else before.state(sheet.plan).code
    return Instants(later(before.low, before.day_end), later(before.high, before.ends), before.shapes, None if state is None else (lambda: state))
