"""Operators at work on the values of a record: arithmetic, exact or not at all, and the tests of conditions."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from complaint_policy.exactness import exact_context
from complaint_policy.outcomes import AT_RISK, BREACHED, INDETERMINATE, MET, NOT_APPLICABLE, PENDING
from complaint_policy.patterns import compiled
from complaint_policy.possible import NONE, NOT_YET, NOWHERE_MISSING, Empty, Growing, Maybe, each_possibility, options_of

__all__ = ["OPERATIONS", "direction", "fits", "has_any", "is_in", "outcome_is", "present"]

# Exact arithmetic or none: a result that would need rounding makes the cell unusable.
_EXACT: Final = exact_context(60)
_MOST_BITS: Final = 200  # whole numbers are held to the same sixty digits


def direction(operation: str, values: list[Any]) -> int:
    """Which way a result moves with its growing operands: 1 only up, -1 only down, 0 either way."""
    moving = {index: value.rising for index, value in enumerate(values) if value.__class__ is Growing}
    if operation == "minus":
        ways = {rising if index == 0 else -rising for index, rising in moving.items()}
    elif operation == "times" and ((len(moving) > 1 and -1 in moving.values()) or any(option < 0 for value in values for option in options_of(value) or (-1,))):
        ways = {0}
    else:
        ways = set(moving.values())
    return ways.pop() if len(ways) == 1 else 0


def _decimal(value: Any) -> Decimal:
    return value if value.__class__ is Decimal else Decimal(value)


def _exactly(operation: Callable[[Decimal, Decimal], Decimal], whole: Callable[[int, int], int]) -> Callable[[Any, Any], Any]:
    def operate(a: Any, b: Any) -> Any:
        if a.__class__ is int and b.__class__ is int:
            result = whole(a, b)
            if result.bit_length() > _MOST_BITS:
                raise ArithmeticError
            return result
        return operation(_decimal(a), _decimal(b))

    return operate


OPERATIONS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "plus": _exactly(_EXACT.add, lambda a, b: a + b),
    "minus": _exactly(_EXACT.subtract, lambda a, b: a - b),
    "times": _exactly(_EXACT.multiply, lambda a, b: a * b),
    "max_of": max,
    "min_of": min,
}


def present(value: Any) -> Any:
    """Whether a cell was given: an unusable cell or an unknown column leaves it open."""
    if value is NOT_YET or value is NONE or value.__class__ is Empty:
        return False
    if value.__class__ is Maybe:
        return value.named()
    return True


def is_in(value: Any, values: frozenset[Any]) -> Any:
    if isinstance(value, Maybe):
        return value.is_in(values)
    return False if value is NONE else value in values


def has_any(value: Any, texts: tuple[str, ...]) -> Any:
    """A list has one of the texts; a text has one of them within it."""
    return each_possibility(lambda v: v is not NONE and any(t in v for t in texts), value)


def fits(value: Any, pattern: str) -> Any:
    """A text fits a pattern whole."""
    return each_possibility(lambda v: v is not NONE and compiled(pattern).fullmatch(v) is not None, value)


def outcome_is(result: Any, outcomes: frozenset[str]) -> Any:
    """Whether a rule's outcome is one of those; what time will settle is open, what a datum will is unknown."""
    outcome = result.outcome
    if outcome in outcomes:
        return True
    if outcome == INDETERMINATE:
        possible = result.possible
        if possible is None or possible & outcomes:
            return Maybe(None, frozenset(result.missing))
        # What may be pending may yet become the outcome asked for.
        return Maybe(None, frozenset(result.missing), True) if possible & _WAITING and _future(result) & outcomes else False
    if outcome in _WAITING and _future(result) & outcomes:
        return Maybe(None, NOWHERE_MISSING, True)
    return False


_WAITING: Final = frozenset({PENDING, AT_RISK})


def _future(result: Any) -> frozenset[str]:
    """What a rule that waits can become."""
    future = {MET, BREACHED, *(result.possible or ())}
    if getattr(result, "begun", None) is NOT_YET:
        future.add(NOT_APPLICABLE)  # once the case is closed, its start never happened
    if getattr(result.model, "at_risk", None) is not None and result.outcome != AT_RISK:
        future.add(AT_RISK)
    return frozenset(future)
