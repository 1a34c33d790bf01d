"""A portfolio rule: a measure over many records, by period and group, held against an expectation."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from attrs import frozen

from complaint_policy.expressions import nodes as n
from complaint_policy.frame import Rule
from complaint_policy.texts import Text

if TYPE_CHECKING:
    from complaint_policy.expressions.describe import Describer

__all__ = ["MEASURES", "NUMBERS", "PortfolioRule", "Shape"]

# The measures of a condition, of numbers, of any values, and of the records themselves.
CONDITIONS: Final = ("share", "count")
NUMBERS: Final = ("sum", "mean", "quantile", "largest", "spread")
MEASURES: Final = (*CONDITIONS, *NUMBERS, "different", "rate")

# What two versions of a rule must have in common for their records to stand in one figure.
Shape = tuple[object, ...]


@frozen(kw_only=True)
class PortfolioRule(Rule):
    """``of`` is a condition (share, count), a value, or None (rate); with ``rising`` the figure says how many periods it has been rising."""

    measure: str
    of: n.Expression | None
    at: Decimal | None = None  # of a quantile
    exposure: str | None = None  # of a rate
    each: int = 1  # of a rate: per so many of the exposure
    rising: bool = False
    among: n.Condition | None
    per: str
    by: tuple[str, ...]
    expect: tuple[tuple[str, n.Value], ...]
    min_count: int

    def baselines(self) -> tuple[n.Baseline, ...]:
        """The earlier figures its expectation looks at."""
        return tuple(node for _, limit in self.expect for node in n.walk(limit) if isinstance(node, n.Baseline))

    def in_words(self, words: Describer) -> Iterator[tuple[Text, Text]]:
        """The rule in words, part by part."""
        from complaint_policy.rules.portfolio.explain import described

        return described(self, words)

    @property
    def looks_back(self) -> bool:
        """Whether it compares periods: then one that still runs is not judged."""
        return self.rising or bool(self.baselines())

    @property
    def shape(self) -> Shape:
        return (self.measure, str(self.at), self.exposure, self.each, self.rising, self.per, self.by)

    @property
    def in_percent(self) -> bool:
        """Whether its figure is shown in percent."""
        return self.measure == "share" and not self.rising
