"""A schedule: in every period, something to be done within a limit of the period's end, its start, or a day in it."""

from __future__ import annotations

from attrs import frozen

from complaint_policy.counting import Counting
from complaint_policy.expressions import nodes as n
from complaint_policy.frame import Rule
from complaint_policy.lengths import MonthDays

__all__ = ["Schedule"]


@frozen(kw_only=True)
class Schedule(Rule):
    """``start`` is the period's end or start, or days of the year of which each period has one."""

    period: str
    start: n.NamedInstant | MonthDays
    within: n.Instant
    counting: Counting

    def figures(self) -> dict[str, n.NamedValue]:
        """The portfolio figures it looks at, by id, each where it stands first."""
        found: dict[str, n.NamedValue] = {}
        for part in (self.when, self.within, *(e.when for e in self.exempt)):
            for node in n.walk(part) if part is not None else ():
                if isinstance(node, n.NamedValue):
                    found.setdefault(node.name, node)
        return found
