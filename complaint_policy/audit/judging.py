"""The rules of a policy as columns of the decisions table."""

from __future__ import annotations

from typing import Any, Final

from complaint_policy.audit.columns import DecisionColumns, RuleColumn
from complaint_policy.audit.interfaces import AnyPolicy

__all__ = ["columns_of_policy"]

_KINDS: Final = (
    ("deadlines", "deadline"),
    ("requirements", "requirement"),
    ("retention", "retention"),
    ("penalties", "penalty"),
)


def columns_of_policy(policy: AnyPolicy) -> DecisionColumns:
    """The rules of every version, in the order of the policy; a rule of several versions stands once."""
    versions: tuple[Any, ...] = tuple(policy.versions)
    rules: dict[str, RuleColumn] = {}
    for section, kind in _KINDS:
        for version in versions:
            for rule in getattr(version, section):
                rules[rule.id] = RuleColumn(rule.id, kind, rule.name)
    return DecisionColumns(tuple(rules.values()), policy.zone.name, 2)
