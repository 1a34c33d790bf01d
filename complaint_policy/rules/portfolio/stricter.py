"""Whether a figure over many records is held to no weaker a target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from complaint_policy.comparing import Comparison, Objection
from complaint_policy.rules.portfolio.model import PortfolioRule
from complaint_policy.texts import Text

# The tests that bound a figure from below, and from above; the closed one of each comes first.
_BELOW: Final = ("at_least", "above")
_ABOVE: Final = ("at_most", "below")


def compare(base: tuple[PortfolioRule, ...], own: tuple[PortfolioRule, ...], comparison: Comparison) -> None:
    for earlier, rule in comparison.replaced(base, own):
        comparison.of_rule(rule, *comparison.frame(earlier, rule), *comparison.rest_equal(earlier, rule, "expect", "min_count"), *_targets(earlier, rule))


def _targets(base: PortfolioRule, own: PortfolioRule) -> Iterator[Objection | None]:
    if own.min_count > base.min_count:
        a, b = own.min_count, base.min_count
        yield Objection(Text(f"min_count is {a} instead of {b}", f"min_count 为{a}，基础制度为{b}"), certain=True)
    mine: dict[str, Any] = dict(own.expect)
    for test, bound in base.expect:
        if mine.get(test) != bound and not _as_strict(test, bound, mine):
            yield Objection(Text(f"its target does not imply the base's '{test}'", f"其目标不蕴含基础制度的“{test}”"), certain=True)


def _as_strict(test: str, bound: Any, mine: dict[str, Any]) -> bool:
    for side, sign in ((_BELOW, 1), (_ABOVE, -1)):
        if test in side:
            for other, value in mine.items():
                if other in side:
                    try:
                        ahead = (value - bound) * sign
                    except TypeError:  # a target that is no number
                        continue
                    if ahead > 0 or (ahead == 0 and (other == test or other == side[1])):
                        return True
    return False
