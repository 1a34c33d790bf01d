"""Figures of a portfolio as values of conditions: exact, an interval, or unknown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from operator import ge, gt, le, lt
from typing import Any, Final

from complaint_policy.periods import first_day, next_start
from complaint_policy.possible import NONE, NOWHERE_MISSING, Maybe, any_of_conditions, negation
from complaint_policy.zones import Zone

__all__ = ["Between", "figure_value"]

_ENDLESS: Final = float("inf")
# Without any record a count and a sum are nothing; a share, a mean and the others are not there.
_ADDED_UP: Final = frozenset({"count", "sum"})


class Between(Maybe):
    """A number that lies between two ends: compared, it is decided where every number between agrees."""

    __slots__ = ("high", "low")
    __hash__ = None

    def __init__(self, low: Fraction | float, high: Fraction | float, missing: frozenset[str]) -> None:
        super().__init__(None, missing)
        self.low = low
        self.high = high

    def _ends(self, other: Any) -> tuple[Fraction | float, Fraction | float] | None:
        if isinstance(other, Between):
            return other.low, other.high
        return (Fraction(other), Fraction(other)) if isinstance(other, (int, Decimal, Fraction)) else None

    def _ordered(self, operate: Callable[[Any, Any], bool], other: Any) -> Any:
        ends = self._ends(other)
        answers = {operate(a, b) for a in (self.low, self.high) for b in ends or ()}
        return answers.pop() if len(answers) == 1 else self._unknown(other)

    def _unknown(self, other: Any) -> Maybe:
        return Maybe(None, self.missing | (other.missing if isinstance(other, Maybe) else NOWHERE_MISSING))

    def __lt__(self, other: Any) -> Any:
        return self._ordered(lt, other)

    def __le__(self, other: Any) -> Any:
        return self._ordered(le, other)

    def __gt__(self, other: Any) -> Any:
        return self._ordered(gt, other)

    def __ge__(self, other: Any) -> Any:
        return self._ordered(ge, other)

    def __eq__(self, other: object) -> Any:
        ends = self._ends(other)
        if ends is not None and (self.high < ends[0] or self.low > ends[1]):
            return False
        if ends is not None and self.low == self.high == ends[0] == ends[1]:
            return True
        return self._unknown(other)

    def __ne__(self, other: object) -> Any:
        return negation(self == other)

    def is_in(self, values: frozenset[Any]) -> Any:
        return any_of_conditions(*(self == value for value in values))


def figure_value(audit: Any, name: str, measure: str, period: str, as_of: datetime, zone: Zone) -> Any:
    """What an audit measured of a period: a number, an interval, or unknown; open while the period runs.

    ``audit`` has ``portfolio`` (figures by rule, each with ``period``, ``group``, ``low`` and ``high``) and perhaps ``as_of``.
    """
    over = zone.day_start(next_start(period).toordinal())
    if over > as_of:
        return Maybe(None, NOWHERE_MISSING, True)
    made = getattr(audit, "as_of", None)
    if audit is None or (isinstance(made, datetime) and zone.to_aware(over) > made):
        return Maybe(None, frozenset({name}))
    figures = audit.portfolio.get(name, ())
    found = next((f for f in figures if f.period == period and not f.group), None)
    if found is None and figures and all(first_day(period) < first_day(f.period) for f in figures):
        return Maybe(None, frozenset({name}))  # the table begins later, and says nothing of it
    if found is None:
        return 0 if measure in _ADDED_UP else NONE
    # Where nobody is in for certain there may be no share or mean at all.
    perhaps_none = measure not in (*_ADDED_UP, "rate") and getattr(found, "members", 1) == 0
    if perhaps_none or (found.low is None and found.high is None):
        return Maybe(None, frozenset({name}))
    low, high = _end(found.low, -_ENDLESS), _end(found.high, _ENDLESS)
    return int(low) if low == high and Fraction(low).denominator == 1 else Between(low, high, frozenset({name}))


def _end(value: Any, endless: float) -> Fraction | float:
    """An end of a figure; where nothing bounds it, it lies beyond every number."""
    return endless if value is None else Fraction(value)
