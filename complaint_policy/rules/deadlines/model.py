"""A deadline: from an instant, to an act, within a limit."""

from __future__ import annotations

from decimal import Decimal

from attrs import frozen

from complaint_policy.counting import Counting
from complaint_policy.expressions import nodes as n
from complaint_policy.frame import Rule
from complaint_policy.lengths import Length


@frozen
class Extension:
    """One step of a ladder; it counts only if ``needs`` held by the due instant before it."""

    id: str
    within: n.Instant
    when: n.Condition | None = None
    needs: n.Condition | None = None
    late_allowed: bool = False


@frozen(kw_only=True)
class Deadline(Rule):
    """``at_risk`` is a share of the net time (a ``Decimal`` from 0 to 1) or a length before the due instant."""

    start: n.Instant
    act: n.Instant
    within: n.Instant
    extend: tuple[Extension, ...] = ()
    pauses: tuple[n.Span, ...] = ()
    at_risk: Decimal | Length | None = None
    part_of: str | None = None
    counting: Counting

    @property
    def limits(self) -> tuple[n.Instant, ...]:
        """The limit and those of every extension."""
        return (self.within, *(step.within for step in self.extend))

    def counted(self) -> tuple[n.Counted, ...]:
        """Every counted length of the limits."""
        return tuple(part for limit in self.limits for part in n.walk(limit) if isinstance(part, n.Counted))
