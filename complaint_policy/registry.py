"""The rule kinds there are, in the order a decision lists them."""

from __future__ import annotations

from complaint_policy.kinds import RuleKind
from complaint_policy.rules import (
    admission,
    deadlines,
    escalation,
    history,
    numbering,
    penalties,
    portfolio,
    reconcile,
    requirements,
    responsibility,
    retention,
    schedules,
    severity,
)

__all__ = ["BUILTIN_KINDS", "kind_of"]

BUILTIN_KINDS: tuple[RuleKind, ...] = (
    severity.KIND,
    responsibility.KIND,
    escalation.KIND,
    admission.KIND,
    deadlines.KIND,
    requirements.KIND,
    retention.KIND,
    penalties.KIND,
    portfolio.KIND,
    schedules.KIND,
    history.KIND,
    numbering.KIND,
    reconcile.KIND,
)


def kind_of(key: str) -> RuleKind:
    """The kind with that section key."""
    return next(kind for kind in BUILTIN_KINDS if kind.key == key)
