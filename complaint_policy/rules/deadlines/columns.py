"""The outcome and due instant of a deadline for every row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import polars as pl

from complaint_policy.columns.instants import left_instants
from complaint_policy.columns.plan import constant
from complaint_policy.columns.settling import applies_to, narrowed, settled_results
from complaint_policy.columns.sheet import Sheet, Verdicts
from complaint_policy.columns.values import Coded
from complaint_policy.expressions import nodes as n
from complaint_policy.outcomes import NOT_APPLICABLE
from complaint_policy.possible import NONE
from complaint_policy.results import GeneralDeadline
from complaint_policy.rules.deadlines.each_columns import BegunOnce, may_begin_once
from complaint_policy.rules.deadlines.model import Deadline
from complaint_policy.rules.deadlines.outcome_columns import Judged, apart, left_of
from complaint_policy.rules.deadlines.without_log_columns import WithoutLog, knows_without_log


def columns(section: tuple[Deadline, ...]) -> Iterable[tuple[str, Callable[[Sheet], Any]]]:
    for rule in section:
        yield f"rule:{rule.id}", partial(_verdicts, rule)


def _verdicts(rule: Deadline, sheet: Sheet) -> Verdicts:
    left, nothing = left_of(rule, sheet), GeneralDeadline(rule, NOT_APPLICABLE, NONE, NONE, NONE, sheet.zone)

    def where_it_may_apply() -> Verdicts:
        due, applies = left_instants(), applies_to(sheet, rule)
        coded = settled_results(sheet, rule, Coded(constant(0, pl.UInt8), (left,)), nothing)
        return Verdicts(coded, due=due if applies is None else apart(sheet, due, applies().coded(sheet.plan)))

    def made() -> Verdicts:
        if not isinstance(rule.start, n.Each):
            return Judged(rule, sheet).verdicts()
        # Of a duty that begins anew rows are judged of which it is plain when it began, and what ended it.
        sheet.reasons.append(f"{rule.id}: each")
        if knows_without_log(rule, rule.start, sheet):
            return WithoutLog(rule, rule.start, sheet).verdicts()
        return BegunOnce(rule, rule.start, sheet).verdicts() if may_begin_once(rule, rule.start, sheet) else where_it_may_apply()

    return narrowed(sheet, rule, made, where_it_may_apply, lambda: Verdicts(Coded(constant(0, pl.UInt8), (left,)), due=left_instants()))
