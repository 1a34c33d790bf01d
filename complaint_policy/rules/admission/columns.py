"""Whether each row is admitted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from complaint_policy.columns.settling import key_for, left_result, left_where_it_may_apply, rank_of, settled_results
from complaint_policy.columns.sheet import Sheet, Verdicts
from complaint_policy.columns.tabulating import tabulated
from complaint_policy.outcomes import NOT_APPLICABLE
from complaint_policy.results import AdmissionResult
from complaint_policy.rules.admission import Admission, judged


def columns(section: tuple[Admission, ...]) -> Iterable[tuple[str, Callable[[Sheet], Any]]]:
    for rule in section:
        yield f"rule:{rule.id}", partial(_verdicts, rule)


def _verdicts(rule: Admission, sheet: Sheet) -> Verdicts:
    apart = AdmissionResult(rule, NOT_APPLICABLE)

    def made() -> Verdicts:
        holds = sheet.condition(rule.require).coded(sheet.plan)
        raw = tabulated(sheet.plan, [holds], lambda answer: judged(rule, answer), key=key_for(sheet, rule), place=rank_of, left=left_result(rule))
        return Verdicts(settled_results(sheet, rule, raw, apart))

    return left_where_it_may_apply(sheet, rule, apart, made)
