"""The figures of one rule: held against what is expected, against exposures and against their own past."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Final

from attrs import define, evolve, field, frozen

from complaint_policy.errors import UsageError
from complaint_policy.expressions import nodes as n
from complaint_policy.outcomes import BREACHED, INDETERMINATE, MET, NOT_APPLICABLE, PENDING
from complaint_policy.periods import earlier, first_day, kind_of, next_start, period_of
from complaint_policy.rules.portfolio.cell import Cell
from complaint_policy.rules.portfolio.exposures import Exposures
from complaint_policy.rules.portfolio.figures import NO_FIGURE, Figure, figure_of
from complaint_policy.rules.portfolio.limits import Interval, Lacking, Limit, held, limit_of
from complaint_policy.rules.portfolio.model import PortfolioRule
from complaint_policy.texts import Text

__all__ = ["PARTS", "UNKNOWN", "PortfolioResult", "RuleVersion", "Series"]

Group = tuple[str, ...]
# The records behind a figure, by what they are to it.
PARTS: Final = ("numerator", "rest", "among", "undecided", "excluded", "unstated")
_FILLED: Final = ("count", "sum", "rate")
# Over a longer time only the periods with records are shown: a thousand weeks or months, and so on.
_MOST_DAYS: Final = {"week": 7_000, "month": 31_000, "quarter": 92_000, "half_year": 184_000, "year": 366_000}
# The group of records whose group is not known.
UNKNOWN: Final = "?"
# As far as a rise is followed back.
_MOST_RISES: Final = 520

_NO_RECORD: Final = Text("no record to measure", "没有可计量的记录")
_RUNNING: Final = Text("the period is still running", "本期尚未结束")
_NOT_IN_FORCE: Final = Text("not in force at the end of the period", "期末该规则未生效")
_NO_GROUP: Final = Text("records of no known group have no exposure", "分组未知的记录没有对应的基数")
_TOO_EARLY: Final = Text("the table does not reach back far enough", "数据未覆盖所需的前期")


@frozen
class RuleVersion:
    """The rule while a version was in force."""

    start: date
    until: date | None
    rule: PortfolioRule


@frozen
class PortfolioResult:
    """One figure: ``low`` and ``high`` are equal where every record is decided; ``None`` is an end that nothing bounds.

    ``members`` counts the records in the denominator for certain, ``undecided`` those that are open, ``excluded``
    those in scope that are not among the records looked at, ``unstated`` those without a value.  ``reason`` says why the figure
    is not judged, or cannot be.
    """

    rule: PortfolioRule
    period: str
    group: Group
    outcome: str | None  # None where nothing is expected
    low: Fraction | None
    high: Fraction | None
    members: int
    undecided: int
    excluded: int = 0
    unstated: int = 0
    limits: tuple[Limit, ...] = ()
    reason: Text | None = None
    _open: Callable[[PortfolioResult, str], Any] | None = field(default=None, eq=False, repr=False, alias="open")

    def records(self, part: str = "among") -> Any:
        """The records behind the figure, found by reading the table again: a table of ``row``, ``id`` and ``value``.

        ``part``: ``among`` (the denominator), ``numerator``, ``rest`` (of the denominator, not in the numerator), ``undecided``, ``excluded``,
        ``unstated`` (looked at, but without a value).
        """
        if self._open is None:
            raise UsageError(Text("this figure does not open to its records: ask audit.portfolio", "该数值不能打开为记录：请使用 audit.portfolio"))
        return self._open(self, part)

    def ids(self, part: str = "among") -> list[str | None]:
        """The ids of those records; ``None`` for one without."""
        found: list[str | None] = self.records(part)["id"].to_list()
        return found


@define
class Series:
    """The cells of one rule by period and group; ``first`` is the table's first period."""

    rule: PortfolioRule
    versions: tuple[RuleVersion, ...]
    cells: Mapping[tuple[str, Group], Cell]
    first: str | None
    today: date
    exposures: Exposures
    _found: dict[tuple[str, Group], Figure | Lacking] = field(factory=dict)

    # ---------------------------------------------------------------- which figures there are
    def results(self) -> Iterable[PortfolioResult]:
        """Every figure, by period and group."""
        keys = set(self.cells)
        if self.rule.measure in _FILLED and not self.rule.by:
            keys |= {(period, ()) for period in self._between()}
        if self.rule.exposure is not None:
            # A table of exposures may speak of quarters too, for the sake of ``figure``.
            stated = self.exposures.stated(self.rule.exposure, self.rule.by)
            keys |= {key for key in stated if kind_of(key[0]) == self.rule.per and self._reached(key[0])}
        for period, group in sorted(keys, key=lambda key: (date.min if key[0] == "all" else first_day(key[0]), key)):
            yield self.result(period, group)

    def _between(self) -> Iterable[str]:
        """The periods from the first to the last that has a record: in one without, nothing happened."""
        if self.first is None:
            return
        last = max((first_day(period) for period, _ in self.cells), default=date.min)
        day = first_day(self.first)
        if (last - day).days > _MOST_DAYS[self.rule.per]:
            return  # a day of another century is a slip of the keyboard
        while day <= last:
            name = period_of(day, self.rule.per)
            yield name
            day = next_start(name)

    def _reached(self, period: str) -> bool:
        """Whether the table speaks of a period: from its first one on, and not of the future."""
        if period == "all":
            return self.rule.per == "all" and bool(self.cells)
        return self.first is not None and first_day(self.first) <= first_day(period) <= self.today

    def known(self, period: str) -> PortfolioResult | None:
        """The figure of a period, also where no record lies in it."""
        return self.result(period, ()) if self._reached(period) else None

    def together(self, period: str) -> PortfolioResult | None:
        """The figure of all groups, and of the rule's own periods that fill this one."""
        if period == "all":
            inside = list(self.cells)
        else:
            start, end = first_day(period), next_start(period)
            if self.first is None or not (first_day(self.first) < end and start <= self.today) or start < first_day(self.first):
                return None
            inside = [key for key in self.cells if start <= first_day(key[0]) < end]
        total = Cell()
        for key in inside:
            total.merge(self.cells[key])
        rule = evolve(self.rule, by=(), expect=(), per=period)
        alone = evolve(self, rule=rule, cells={(period, ()): total}, found={})
        return evolve(alone.result(period, ()), rule=self.rule)

    # ---------------------------------------------------------------- one figure
    def result(self, period: str, group: Group) -> PortfolioResult:
        cell = self.cells.get((period, group)) or Cell()
        expected = self._expected(period)
        rule = expected or self.rule
        found, cut = self._rises(period, group) if rule.rising else (self._figure(period, group), None)
        figure, reason = (NO_FIGURE, found.reason) if isinstance(found, Lacking) else (found, None)
        outcome: str | None = None
        limits: tuple[Limit, ...] = ()
        if expected is not None and expected.expect:
            outcome, limits, reason = self._judged(expected, period, group, cell, found)
            if cut is not None and outcome == INDETERMINATE:
                outcome, reason = cut.outcome, cut.reason
        elif expected is None and self.rule.expect:
            reason = _NOT_IN_FORCE
        return PortfolioResult(
            rule, period, group, outcome, figure.low, figure.high, cell.members, cell.undecided, cell.excluded, cell.unstated, limits, reason
        )

    def _expected(self, period: str) -> PortfolioRule | None:
        """The rule as the version in force at the end of the period has it, if that measures the same."""
        day = self.today if period == "all" else next_start(period) - timedelta(days=1)
        for version in self.versions:
            if version.start <= day and (version.until is None or day < version.until):
                return version.rule if version.rule.shape == self.rule.shape else None
        return None

    def _judged(self, rule: PortfolioRule, period: str, group: Group, cell: Cell, found: Figure | Lacking) -> tuple[str, tuple[Limit, ...], Text | None]:
        """The outcome, what it was held against, and why it is no clear one."""
        if rule.looks_back and period != "all" and next_start(period) > self.today:
            return PENDING, (), _RUNNING
        if isinstance(found, Lacking):
            return found.outcome, (), found.reason
        if found.there is False:
            return NOT_APPLICABLE, (), _NO_RECORD
        if cell.members + cell.possible < rule.min_count:
            least = rule.min_count
            return NOT_APPLICABLE, (), Text(f"fewer than {least} records", f"记录少于{least}条")
        limits: list[Limit] = []
        for operation, value in rule.expect:
            limit = limit_of(value, lambda baseline: self._baseline(baseline, period, group))
            if isinstance(limit, Lacking):
                return limit.outcome, (), limit.reason
            limits.append(Limit(operation, *limit))
        outcome = held(found.low, found.high, tuple(limits))
        if found.there is None or cell.members < rule.min_count:
            outcome = INDETERMINATE  # whether there is anything to judge is itself undecided
        return outcome, tuple(limits), None

    def _figure(self, period: str, group: Group) -> Figure | Lacking:
        """The figure of a period and group, before it is held against anything."""
        key = period, group
        if key not in self._found:
            self._found[key] = self._made(period, group)
        return self._found[key]

    def _made(self, period: str, group: Group) -> Figure | Lacking:
        rule = self.rule
        figure = figure_of(rule.measure, rule.at, self.cells.get((period, group)) or Cell())
        if rule.exposure is None:
            return figure
        exposure = self.exposures.of(rule.exposure, period, rule.by, group)
        where = " ".join((period, *group))
        if UNKNOWN in group:
            return Lacking(INDETERMINATE, _NO_GROUP)
        if exposure is None:
            return Lacking(INDETERMINATE, Text(f"no exposure '{rule.exposure}' for {where}", f"缺少“{rule.exposure}”：{where}"))
        if exposure == 0:
            return Lacking(NOT_APPLICABLE, Text(f"the exposure '{rule.exposure}' is zero for {where}", f"“{rule.exposure}”为零：{where}"))
        share = Fraction(rule.each) / exposure
        return Figure(None if figure.low is None else figure.low * share, None if figure.high is None else figure.high * share)

    # ---------------------------------------------------------------- the past
    def _before(self, period: str, times: int, group: Group, *, years: bool = False) -> Figure | Lacking:
        """An earlier figure; in a period of the table without a record nothing happened."""
        name = earlier(period, times, years=years)
        if name is None and years:
            return Lacking(NOT_APPLICABLE, Text("an earlier year has no such period", "往年没有对应的期间"))
        if name is None or self.first is None or first_day(name) < first_day(self.first):
            return Lacking(NOT_APPLICABLE, _TOO_EARLY)
        found = self._figure(name, group)
        if isinstance(found, Figure) and found.there is not True:
            outcome = NOT_APPLICABLE if found.there is False else INDETERMINATE
            return Lacking(outcome, Text(f"no figure for {name}", f"{name}没有数值"))
        return found

    def _baseline(self, node: n.Baseline, period: str, group: Group) -> Interval | Lacking:
        """The mean of earlier figures."""
        low: Fraction | None = Fraction(0)
        high: Fraction | None = Fraction(0)
        lacking: Lacking | None = None
        for times in range(node.periods, 0, -1):
            found = self._before(period, times, group, years=node.same)
            if isinstance(found, Lacking):
                if lacking is None or found.outcome == NOT_APPLICABLE:
                    lacking = found
                continue
            low = None if low is None or found.low is None else low + found.low
            high = None if high is None or found.high is None else high + found.high
        if lacking is not None:
            return lacking
        return None if low is None else low / node.periods, None if high is None else high / node.periods

    def _rises(self, period: str, group: Group) -> tuple[Figure | Lacking, Lacking | None]:
        """How many periods the figure has been rising, each above the one before; without a bound, and why, where the past is not known."""
        now = self._figure(period, group)
        if isinstance(now, Lacking) or now.there is not True:
            return now, None
        certain, possible, surely = 0, 0, True
        for times in range(1, _MOST_RISES + 1):
            before = self._before(period, times, group)
            if isinstance(before, Lacking):
                # A period without a figure ends the rise; where the past is not known it may go on for ever.
                if before.outcome == NOT_APPLICABLE and before.reason is not _TOO_EARLY:
                    break
                return Figure(Fraction(certain), None), before
            rising = held(now.low, now.high, (Limit("above", before.low, before.high),))
            if rising == BREACHED:
                break
            possible += 1
            surely = surely and rising == MET
            certain += surely
            now = before
        return Figure(Fraction(certain), Fraction(possible)), None
