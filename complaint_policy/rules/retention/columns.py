"""Whether the file of every row was kept long enough."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import polars as pl

from complaint_policy.columns.plan import ABOVE, AT_MOST, constant, on
from complaint_policy.columns.settling import key_for, left_where_it_may_apply, rank_of, settled_results
from complaint_policy.columns.sheet import Sheet, Verdicts
from complaint_policy.columns.tabulating import tabulated
from complaint_policy.columns.values import ANY, EXACT, LEFT, SPAN, Coded, Instants, Shape
from complaint_policy.outcomes import INDETERMINATE, NOT_APPLICABLE
from complaint_policy.possible import NONE
from complaint_policy.results import Details, RetentionResult
from complaint_policy.rules.retention import Retention, judged

_DAYS: Final = [datetime(2000, 1, 1) + timedelta(days=i) for i in range(60)]


def columns(section: tuple[Retention, ...]) -> Iterable[tuple[str, Callable[[Sheet], Any]]]:
    for rule in section:
        yield f"rule:{rule.id}", partial(_verdicts, rule)


def _verdicts(rule: Retention, sheet: Sheet) -> Verdicts:
    apart = RetentionResult(rule, NOT_APPLICABLE, NONE, NONE, sheet.zone)
    return left_where_it_may_apply(sheet, rule, apart, lambda: _judged(rule, sheet, apart))


def _judged(rule: Retention, sheet: Sheet, apart: RetentionResult) -> Verdicts:
    plan = sheet.plan
    until, gone = sheet.instant(rule.keep_until), sheet.instant(rule.deleted)
    lies = _against(sheet, until, gone)

    def answer(kept: Shape, deleted: Shape, where: str) -> RetentionResult:
        if kept.kind == ANY and LEFT in kept.missing:
            return _left(rule, sheet)
        first, last = (_DAYS[20], _DAYS[20]) if kept.kind == EXACT else (_DAYS[10], _DAYS[20])
        if deleted.kind == EXACT:
            low = high = _DAYS[25] if where == "after" else _DAYS[15] if where == "within" else _DAYS[5]
        else:
            low, high = {"after": (_DAYS[25], _DAYS[30]), "within": (_DAYS[5], _DAYS[30]), "before": (_DAYS[4], _DAYS[5])}[where]
        if kept.kind == EXACT and deleted.kind == EXACT and where == "within":
            low = high = _DAYS[20]
        return judged(rule, kept.value(first, last), deleted.value(low, high), sheet.zone)

    raw = tabulated(plan, [until.state(plan), gone.state(plan), lies], answer, key=key_for(sheet, rule), place=rank_of, left=_left(rule, sheet))
    return Verdicts(settled_results(sheet, rule, raw, apart))


def _against(sheet: Sheet, until: Instants, gone: Instants) -> Coded:
    """Where the deletion lies: after every possible end of the period, before every one, or such that it depends."""
    if until.low is None or gone.low is None:
        return Coded(constant(0, pl.UInt8), ("after",))
    if not any(s.kind == SPAN for s in (*until.shapes, *gone.shapes)):
        return Coded(None, ("after", "before"), sheet.plan.keep((gone.low <= until.low).fill_null(False)))
    gone_high, until_high = gone.high or gone.low, until.high or until.low

    def settle(first: pl.Expr, last: pl.Expr, low: pl.Expr, high: pl.Expr) -> pl.Expr:
        # Met is possible where the last possible deletion is after the first possible end, a breach the other way round.
        return pl.when(ABOVE(first, high)).then(0).when(AT_MOST(last, low)).then(1).when(first.is_null() | low.is_null()).then(0).otherwise(2).cast(pl.UInt8)

    return Coded(sheet.plan.keep(on(settle, gone.low, gone_high, until.low, until_high)), ("after", "before", "within"))


def _left(rule: Retention, sheet: Sheet) -> RetentionResult:
    details = Details()
    details.missing = (LEFT,)
    return RetentionResult(rule, INDETERMINATE, NONE, NONE, sheet.zone, details)
