"""Whether a record is escalated, and to whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from complaint_policy.expressions import nodes as n
from complaint_policy.kinds import Setting, Step
from complaint_policy.results import EscalationResult
from complaint_policy.rules.escalation.model import Escalation


def steps(section: tuple[Escalation, ...]) -> Iterable[Step]:
    for rule in section:
        needs = tuple({**n.names_in(rule.when), **n.names_in(rule.to)})
        yield Step(f"rule:{rule.id}", needs, partial(_compile, rule), rule.place)


def _compile(rule: Escalation, setting: Setting) -> Callable[[list[Any]], EscalationResult]:
    when = setting.compiler.condition(rule.when)
    to = setting.compiler.value(rule.to)
    quiet = EscalationResult(rule, False, None)

    def escalate(state: list[Any]) -> EscalationResult:
        holds = when(state) if when is not None else True
        return quiet if holds is False else EscalationResult(rule, holds, to(state))

    return escalate
