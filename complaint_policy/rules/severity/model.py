"""Severity: ordered levels, and rules tried from the top."""

from __future__ import annotations

from attrs import field, frozen

from complaint_policy.expressions import nodes as n
from complaint_policy.frame import Rule
from complaint_policy.problems import NOWHERE, Place
from complaint_policy.texts import Text


@frozen(kw_only=True)
class LevelRule(Rule):
    level: str
    when: n.Condition


@frozen
class Severity:
    """``levels`` from the lowest to the highest; the first rule whose condition holds decides."""

    levels: tuple[str, ...]
    rules: tuple[LevelRule, ...]
    otherwise: str | None
    titles: tuple[tuple[str, Text], ...] = ()
    place: Place = field(default=NOWHERE, eq=False, repr=False)

    def rules_of_section(self) -> tuple[LevelRule, ...]:
        return self.rules

    def rank(self, level: str) -> int:
        """The level's position, 0 for the lowest."""
        return self.levels.index(level)

    def title_of(self, level: str) -> Text:
        return dict(self.titles).get(level, Text(level, level))
