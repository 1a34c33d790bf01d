"""A requirement: a condition that must hold before a moment."""

from __future__ import annotations

from attrs import frozen

from complaint_policy.expressions import nodes as n
from complaint_policy.frame import Rule


@frozen(kw_only=True)
class Requirement(Rule):
    require: n.Condition
    before: n.Instant

    @property
    def event(self) -> str | None:
        """The event the requirement gates, where its moment is a plain event."""
        return self.before.name if isinstance(self.before, n.NamedInstant) else None
