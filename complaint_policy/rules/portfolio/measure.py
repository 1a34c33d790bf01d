"""Measuring a portfolio rule over decisions: exact, and an interval where records are undecided."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from attrs import astuple, define, frozen

from complaint_policy.expressions import nodes as n
from complaint_policy.kinds import Setting
from complaint_policy.outcomes import BREACHED, INDETERMINATE, MET, NOT_APPLICABLE
from complaint_policy.possible import NONE, NOT_YET, options_of
from complaint_policy.rules.portfolio.model import PortfolioRule

__all__ = ["Measure", "PortfolioResult", "period_of"]

State = list[Any]
_TESTS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "at_least": lambda a, b: a >= b,
    "at_most": lambda a, b: a <= b,
    "above": lambda a, b: a > b,
    "below": lambda a, b: a < b,
}


@frozen
class PortfolioResult:
    """One figure: ``low`` and ``high`` are equal where every record is decided; ``None`` where nothing bounds it.

    ``members`` counts the records in the denominator for certain, ``undecided`` those that leave the figure open.
    """

    rule: PortfolioRule
    period: str
    group: tuple[str, ...]
    outcome: str | None  # None where nothing is expected
    low: Fraction | None
    high: Fraction | None
    members: int
    undecided: int


@define
class _Cell:
    """The records of one period and group: in for certain, perhaps in; the condition true, false, unknown."""

    true: int = 0
    false: int = 0
    unknown: int = 0
    perhaps_true: int = 0
    perhaps_false: int = 0
    perhaps_unknown: int = 0
    least: Fraction | None = Fraction(0)
    most: Fraction | None = Fraction(0)


_COUNTS: Final = ("true", "false", "unknown", "perhaps_true", "perhaps_false", "perhaps_unknown")


class Measure:
    """Gathers one portfolio rule; each record counts under the version that judged it."""

    def __init__(self) -> None:
        self.rule: PortfolioRule | None = None
        self._functions: dict[int, tuple[Any, Callable[[State], Any], list[tuple[str, int]]]] = {}
        self._cells: dict[tuple[str, tuple[str, ...]], _Cell] = {}

    def add_version(self, key: int, rule: PortfolioRule, setting: Setting) -> None:
        """The rule as a version has it; the last one added says what is expected."""
        compiler = setting.compiler
        among = compiler.condition(rule.among)
        of = compiler.condition(rule.of) if isinstance(rule.of, n.Condition) else compiler.value(rule.of) if isinstance(rule.of, n.Value) else None
        if of is None:
            raise TypeError(type(rule.of).__name__)
        slots = [(axis, setting.slots[axis if axis in ("severity", "owner") else f"field:{axis}"]) for axis in rule.by]
        self.rule = rule
        self._functions[key] = (among, of, slots)

    def add(self, key: int, state: State, received: date | None, levels: tuple[str, ...]) -> None:
        """One judged record: its state under the version ``key``."""
        found = self._functions.get(key)
        if found is None or self.rule is None or received is None:
            return
        among, of, slots = found
        member = True if among is None else among(state)
        if member is False:
            return
        self._put(received, tuple(_label(axis, state[slot], levels) for axis, slot in slots), member, of(state), 1)

    def add_counted(self, key: int, received: date, group: tuple[str, ...], member: Any, value: Any, times: int) -> None:
        """So many records of a period and group, judged by the version ``key``, of which the conditions say the same."""
        if key in self._functions and member is not False:
            self._put(received, group, member, value, times)

    def _put(self, received: date, group: tuple[str, ...], member: Any, value: Any, times: int) -> None:
        if self.rule is None:
            return
        cell = self._cells.setdefault((period_of(received, self.rule.per), group), _Cell())
        if self.rule.measure in ("share", "count"):
            self._count(cell, member is True, value, times)
        else:
            self._sum(cell, member is True, value, times)

    @staticmethod
    def _count(cell: _Cell, certain: bool, value: Any, times: int) -> None:
        answer = "true" if value is True else "false" if value is False else "unknown"
        name = answer if certain else f"perhaps_{answer}"
        setattr(cell, name, getattr(cell, name) + times)

    @staticmethod
    def _sum(cell: _Cell, certain: bool, value: Any, times: int) -> None:
        options = options_of(value)
        numbers = [Fraction(o) for o in options or () if isinstance(o, (int, Decimal)) and not isinstance(o, bool)]
        if value is NONE or value is NOT_YET:
            return  # nothing was stated: nothing to add
        if certain:
            cell.true += times
        else:
            cell.perhaps_true += times
        if not options or len(numbers) < len(options):
            cell.unknown += times
            cell.least = cell.most = None
            return
        low, high = min(numbers), max(numbers)
        cell.unknown += times * (low != high)
        if not certain:
            low, high = min(low, Fraction(0)), max(high, Fraction(0))
        cell.least = None if cell.least is None else cell.least + times * low
        cell.most = None if cell.most is None else cell.most + times * high

    def cells(self) -> Iterable[tuple[str, tuple[str, ...], tuple[Any, ...]]]:
        """What was gathered, by period and group, for :meth:`add_cell` of another measure of the same rule."""
        for (period, group), cell in self._cells.items():
            yield period, group, astuple(cell)

    def add_cell(self, period: str, group: tuple[str, ...], values: Iterable[Any], times: int = 1) -> None:
        """Add what another measure gathered, as often as it was gathered."""
        more = _Cell(*values)
        cell = self._cells.setdefault((period, group), _Cell())
        for name in _COUNTS:
            setattr(cell, name, getattr(cell, name) + times * getattr(more, name))
        cell.least = None if cell.least is None or more.least is None else cell.least + times * more.least
        cell.most = None if cell.most is None or more.most is None else cell.most + times * more.most

    def results(self) -> Iterable[PortfolioResult]:
        """Every figure, by period and group."""
        rule = self.rule
        if rule is None:
            return
        for (period, group), cell in sorted(self._cells.items()):
            low, high, members, undecided = _figures(rule.measure, cell)
            yield PortfolioResult(rule, period, group, _outcome(rule, low, high, members), low, high, members, undecided)


def _figures(measure: str, c: _Cell) -> tuple[Fraction | None, Fraction | None, int, int]:
    if measure == "count":
        undecided = c.unknown + c.perhaps_true + c.perhaps_unknown
        return Fraction(c.true), Fraction(c.true + undecided), c.true + c.false + c.unknown, undecided
    if measure == "share":
        members = c.true + c.false + c.unknown
        undecided = c.unknown + c.perhaps_true + c.perhaps_false + c.perhaps_unknown
        worst = members + c.perhaps_false + c.perhaps_unknown
        hits = c.true + c.unknown + c.perhaps_true + c.perhaps_unknown
        best = members + c.perhaps_true + c.perhaps_unknown
        low = Fraction(c.true, worst) if worst else (Fraction(0) if undecided else None)
        high = Fraction(hits, best) if best else (Fraction(0) if undecided else None)
        return low, high, members, undecided
    undecided = c.unknown + c.perhaps_true
    if measure == "sum":
        return c.least, c.most, c.true, undecided
    if not c.true or c.perhaps_true or c.least is None or c.most is None:
        return None, None, c.true, undecided
    return c.least / c.true, c.most / c.true, c.true, undecided


def _outcome(rule: PortfolioRule, low: Fraction | None, high: Fraction | None, members: int) -> str | None:
    """Met or breached only where both ends of the figure agree on it; too few records are no ground to judge."""
    if not rule.expect:
        return None
    if members < rule.min_count or (members == 0 and low is None):
        return NOT_APPLICABLE
    if low is None or high is None:
        return INDETERMINATE
    answers = [{_TESTS[operation](end, Fraction(limit)) for end in (low, high)} for operation, limit in rule.expect]
    if {False} in answers:
        return BREACHED  # one limit fails at both ends, and so between them
    return MET if all(answer == {True} for answer in answers) else INDETERMINATE


def period_of(day: date, per: str) -> str:
    """The name of the period a day lies in: ``2026-W10``, ``2026-03``, ``2026-Q1``, ``2026-H1``, ``2026``, ``all``."""
    if per == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    if per == "month":
        return f"{day.year}-{day.month:02}"
    if per == "quarter":
        return f"{day.year}-Q{(day.month + 2) // 3}"
    if per == "half_year":
        return f"{day.year}-H{1 if day.month <= 6 else 2}"
    return str(day.year) if per == "year" else "all"


def _label(axis: str, value: Any, levels: tuple[str, ...]) -> str:
    if axis == "severity" and isinstance(value, int) and value < len(levels):
        return levels[value]
    if isinstance(value, (str, bool, int, Decimal)):
        return str(value)
    return "?"
