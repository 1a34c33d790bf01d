"""The outcome of a requirement for one record: pending until its moment, judged on the record as it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

from complaint_policy.expressions import moments
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.moments import AS_OF
from complaint_policy.frame import settler
from complaint_policy.kinds import Setting, Step
from complaint_policy.outcomes import BREACHED, INDETERMINATE, MET, NOT_APPLICABLE, PENDING
from complaint_policy.possible import DayEnd, Maybe
from complaint_policy.results import RequirementResult, Settled
from complaint_policy.rules.requirements.model import Requirement

State = list[Any]


def steps(section: tuple[Requirement, ...]) -> Iterable[Step]:
    for rule in section:
        found: dict[str, None] = {}
        for part in (rule.when, rule.require, rule.before, *(e.when for e in rule.exempt)):
            found.update(n.names_in(part))
        yield Step(f"rule:{rule.id}", tuple(found), partial(_compile, rule), rule.place)


def _compile(rule: Requirement, setting: Setting) -> Callable[[State], Settled]:
    require = setting.compiler.condition(rule.require)
    before = setting.compiler.instant(rule.before)

    def judge(state: State) -> RequirementResult:
        holds = require(state) if require is not None else True
        if holds is True:
            return RequirementResult(rule, MET, rule.event)
        # The moment has come once as_of is not before it.
        return judged(rule, holds, moments.compare("by", moments.moved(before(state), _boundary), state[AS_OF], state))

    return settler(rule, setting.compiler, setting.scope, judge, setting.waivers, RequirementResult(rule, NOT_APPLICABLE, rule.event))


def judged(rule: Requirement, holds: Any, reached: Any) -> RequirementResult:
    """The outcome by whether the condition holds, and whether its moment has come."""
    event = rule.event
    if holds is True:
        return RequirementResult(rule, MET, event)
    if reached is False or (reached is not True and reached.open and not reached.missing):
        return RequirementResult(rule, PENDING, event)
    result = RequirementResult(rule, BREACHED if holds is False else INDETERMINATE, event)
    if reached is True:
        if holds is not False:
            _unknown(result, holds, frozenset({MET, BREACHED}))
        return result
    result.outcome = INDETERMINATE
    details = result.own_details()
    details.missing = tuple(sorted(reached.missing | (holds.missing if isinstance(holds, Maybe) else frozenset())))
    details.possible = frozenset({PENDING, BREACHED} | ({MET} if isinstance(holds, Maybe) else set()))
    return result


def _boundary(moment: datetime) -> datetime:
    """A day ends with the next day's first instant."""
    return moment.boundary if isinstance(moment, DayEnd) else moment


def _unknown(result: RequirementResult, holds: Any, possible: frozenset[str]) -> None:
    if holds.missing:
        details = result.own_details()
        details.missing, details.possible = tuple(sorted(holds.missing)), possible
    else:
        result.outcome = PENDING
