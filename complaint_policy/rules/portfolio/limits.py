"""What a figure is held against: numbers and earlier figures, as intervals; and the outcome that all of both agree on."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any, Final

from attrs import frozen

from complaint_policy.expressions import nodes as n
from complaint_policy.outcomes import BREACHED, INDETERMINATE, MET
from complaint_policy.texts import Text

__all__ = ["Interval", "Lacking", "Limit", "held", "limit_of"]

# The two ends; None is without a bound.
Interval = tuple[Fraction | None, Fraction | None]


@frozen
class Lacking:
    """Why there is nothing to hold a figure against, and the outcome that follows."""

    outcome: str
    reason: Text


@frozen
class Limit:
    """``operation``: at_least, at_most, above or below."""

    operation: str
    low: Fraction | None
    high: Fraction | None


def limit_of(node: n.Value, baseline: Callable[[n.Baseline], Interval | Lacking]) -> Interval | Lacking:
    """The interval of an expectation's value."""
    match node:
        case n.Literal(value=value):
            return Fraction(value), Fraction(value)
        case n.Baseline():
            return baseline(node)
        case n.Arithmetic(operation=operation, parts=parts):
            known: list[Interval] = []
            for part in parts:
                found = limit_of(part, baseline)
                if isinstance(found, Lacking):
                    return found
                known.append(found)
            result = known[0]
            for one in known[1:]:
                result = _OPERATIONS[operation](result, one)
            return result
    raise TypeError(type(node).__name__)


def _plus(a: Interval, b: Interval) -> Interval:
    return _sum(a[0], b[0]), _sum(a[1], b[1])


def _minus(a: Interval, b: Interval) -> Interval:
    return _plus(a, (None if b[1] is None else -b[1], None if b[0] is None else -b[0]))


def _sum(a: Fraction | None, b: Fraction | None) -> Fraction | None:
    return None if a is None or b is None else a + b


def _times(a: Interval, b: Interval) -> Interval:
    if (Fraction(0), Fraction(0)) in (a, b):
        return Fraction(0), Fraction(0)
    known = [(x, y) for x, y in product(a, b) if x is not None and y is not None]
    if len(known) == 4:
        products = [x * y for x, y in known]
        return min(products), max(products)
    # Open upwards, and nothing below zero: the smallest product is that of the lower ends.
    if a[0] is not None and b[0] is not None and a[0] >= 0 and b[0] >= 0:
        return a[0] * b[0], None
    return None, None


def _largest(a: Interval, b: Interval) -> Interval:
    lows = [end for end in (a[0], b[0]) if end is not None]
    return max(lows, default=None), None if a[1] is None or b[1] is None else max(a[1], b[1])


def _smallest(a: Interval, b: Interval) -> Interval:
    highs = [end for end in (a[1], b[1]) if end is not None]
    return None if a[0] is None or b[0] is None else min(a[0], b[0]), min(highs, default=None)


_OPERATIONS: Final[dict[str, Callable[[Interval, Interval], Interval]]] = {
    "plus": _plus,
    "minus": _minus,
    "times": _times,
    "max_of": _largest,
    "min_of": _smallest,
}


def held(low: Fraction | None, high: Fraction | None, limits: tuple[Limit, ...]) -> str:
    """Met or breached only where every possible figure agrees on it, whatever the limit may be."""
    answers = [_answer(low, high, limit) for limit in limits]
    if False in answers:
        return BREACHED
    return MET if None not in answers else INDETERMINATE


def _answer(low: Fraction | None, high: Fraction | None, limit: Limit) -> bool | None:
    """Whether all possible figures pass, none does, or some do."""
    if limit.operation in ("at_most", "below"):
        strict = limit.operation == "below"
        return _under(low, high, limit.low, limit.high, strict=strict)
    # At least is at most, seen from the other side.
    strict = limit.operation == "above"
    return _under(limit.low, limit.high, low, high, strict=strict)


def _under(low: Any, high: Any, other_low: Any, other_high: Any, *, strict: bool) -> bool | None:
    if high is not None and other_low is not None and (high < other_low or (high == other_low and not strict)):
        return True
    if low is not None and other_high is not None and (low > other_high or (low == other_high and strict)):
        return False
    return None
