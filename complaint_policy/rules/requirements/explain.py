"""A requirement in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from complaint_policy.outcomes import BREACHED, INDETERMINATE, PENDING
from complaint_policy.results import RequirementResult
from complaint_policy.texts import Text

if TYPE_CHECKING:
    from complaint_policy.explaining import Words

__all__ = ["message", "to_dict"]


def to_dict(result: RequirementResult) -> dict[str, Any]:
    return {"rule": result.rule, "outcome": result.outcome, "before": result.before, "missing": list(result.missing)}


def message(result: RequirementResult, words: Words) -> Text:
    rule: Any = result.model
    required = words.condition(rule.require)
    if result.outcome == BREACHED:
        return Text("{t}: not fulfilled: {r}.", "{t}：未满足：{r}。").filled(t=rule.name, r=required)
    if result.outcome == PENDING:
        return Text("{t}: to be fulfilled before {b}: {r}.", "{t}：{b}前须满足：{r}。").filled(t=rule.name, r=required, b=words.instant(rule.before))
    if result.outcome == INDETERMINATE:
        return Text("{t}: cannot be decided without {m}.", "{t}：缺少{m}，无法判定。").filled(t=rule.name, m=words.fields(result.missing))
    return words.settled(result)
