"""An escalation: a condition, and to whom the case goes."""

from __future__ import annotations

from attrs import frozen

from complaint_policy.expressions import nodes as n
from complaint_policy.frame import Rule


@frozen(kw_only=True)
class Escalation(Rule):
    when: n.Condition
    to: n.Value
