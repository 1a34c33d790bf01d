"""Whether a figure over many records is held to no weaker a target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from complaint_policy.comparing import Comparison, Objection
from complaint_policy.expressions import nodes as n
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
    for test, limit in base.expect:
        if (test, limit) not in own.expect and not any(_implies(other, value, test, limit) for other, value in own.expect):
            comparable = all(_parts(value)[1] == _parts(limit)[1] for other, value in own.expect if _side(other) == _side(test))
            yield Objection(Text(f"its target does not imply the base's '{test}'", f"其目标不蕴含基础制度的“{test}”"), certain=comparable)


def _implies(other: str, value: n.Value, test: str, limit: n.Value) -> bool:
    """Whether one bound implies another of the same side."""
    side = _side(test)
    (mine, of), (theirs, same) = _parts(value), _parts(limit)
    if other not in side or of != same or mine is None or theirs is None:
        return False
    ahead = (mine - theirs) * (1 if side is _BELOW else -1)
    return bool(ahead > 0 or (ahead == 0 and other in (test, side[1])))


def _side(test: str) -> tuple[str, str]:
    return _BELOW if test in _BELOW else _ABOVE


def _parts(limit: n.Value) -> tuple[Any, tuple[n.Value, ...]]:
    """A limit as a number of times something: a figure of earlier periods, or nothing; the number is None where it is not so made."""
    match limit:
        case n.Literal(value=value):
            return value, ()
        case n.Arithmetic(operation="times", parts=(n.Literal(value=value), *rest)):
            return value, tuple(rest)
    return (1, (limit,)) if isinstance(limit, n.Baseline) else (None, (limit,))
