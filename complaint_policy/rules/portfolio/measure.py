"""Measuring a portfolio rule over decisions: exact, and an interval where records are undecided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any

from attrs import define, field, frozen

from complaint_policy.expressions import nodes as n
from complaint_policy.kinds import Setting
from complaint_policy.periods import first_day, kind_of, period_of, within
from complaint_policy.possible import all_of_conditions
from complaint_policy.rules.portfolio.cell import Cell, Ends, label_of, read_value
from complaint_policy.rules.portfolio.exposures import NO_EXPOSURES, Exposures
from complaint_policy.rules.portfolio.model import PortfolioRule
from complaint_policy.rules.portfolio.series import UNKNOWN, PortfolioResult, RuleVersion, Series

__all__ = ["UNKNOWN", "Measure", "Placed", "PortfolioResult"]

State = list[Any]
Group = tuple[str, ...]


@frozen
class Placed:
    """Where one record stands: its period and group, whether it is among those looked at, what its value can be."""

    period: str
    group: Group
    member: Any
    found: tuple[Ends, bool] | None


@define
class _Version:
    """The rule as one version has it, and what a state gives for it."""

    rule: PortfolioRule
    among: Callable[[State], Any] | None
    of: Callable[[State], Any] | None
    axes: list[tuple[int, bool]]  # the slot, and whether it is a level
    scope: int


@define
class Measure:
    """Gathers one portfolio rule; each record counts under the version that judged it."""

    outside: int = 0  # records out of scope
    elsewhere: int = 0  # records that are in no period: not received yet
    _versions: dict[int, _Version] = field(factory=dict)
    _lasting: list[RuleVersion] = field(factory=list)
    _cells: dict[tuple[int, str, Group], Cell] = field(factory=dict)
    _shapes: list[Any] = field(factory=list)

    def add_version(self, key: int, rule: PortfolioRule, setting: Setting, start: date, until: date | None) -> None:
        """The rule as the version in force on those days has it; versions come in their order."""
        compiler = setting.compiler
        of = compiler.condition(rule.of) if isinstance(rule.of, n.Condition) else compiler.value(rule.of) if isinstance(rule.of, n.Value) else None
        axes = [(_slot(axis, setting), axis == "severity" or _is_level(axis, setting)) for axis in rule.by]
        self._versions[key] = _Version(rule, compiler.condition(rule.among), of, axes, setting.slots["scope"])
        self._lasting.append(RuleVersion(start, until, rule))
        if rule.shape not in self._shapes:
            self._shapes.append(rule.shape)

    # ---------------------------------------------------------------- gathering
    def place(self, key: int, state: State, received: date | None, levels: tuple[str, ...]) -> Placed | None:
        """Where a judged record stands; ``None`` where it stands in no figure."""
        version = self._versions.get(key)
        scope = state[version.scope] if version is not None else False
        if version is None or received is None or scope is False:
            return None
        member = True if version.among is None else version.among(state)
        group = tuple(label_of(state[slot], levels if is_level else None) or UNKNOWN for slot, is_level in version.axes)
        value = None if version.of is None else version.of(state)
        found = read_value(version.rule.measure, value, levels if _of_level(version.rule) else None)
        return Placed(period_of(received, version.rule.per), group, all_of_conditions(scope, member), found)

    def add(self, key: int, state: State, received: date | None, levels: tuple[str, ...]) -> None:
        """One judged record: its state under the version ``key``."""
        placed = self.place(key, state, received, levels)
        if placed is not None:
            self._put(self._versions[key].rule, placed, 1)
        elif key in self._versions:
            self.count_apart(1, outside=state[self._versions[key].scope] is False)

    def count_apart(self, times: int, *, outside: bool) -> None:
        """Records of a version with the rule that are in no figure."""
        if outside:
            self.outside += times
        else:
            self.elsewhere += times

    def add_counted(self, key: int, received: date, group: Group, member: Any, value: Any, times: int, levels: tuple[str, ...]) -> None:
        """So many records of a period and group, judged by the version ``key``, of which the conditions say the same."""
        version = self._versions.get(key)
        if version is not None:
            rule = version.rule
            found = read_value(rule.measure, value, levels if _of_level(rule) else None)
            self._put(rule, Placed(period_of(received, rule.per), group, member, found), times)

    def _put(self, rule: PortfolioRule, placed: Placed, times: int) -> None:
        shape = self._shapes.index(rule.shape) if len(self._shapes) > 1 else 0
        key = shape, placed.period, placed.group
        cell = self._cells.get(key)
        if cell is None:
            cell = self._cells[key] = Cell()
        cell.add(rule.measure, placed.member, placed.found, times)

    # ---------------------------------------------------------------- putting together
    def parts(self) -> Iterator[list[Any]]:
        """What was gathered, as plain data for :meth:`add_part` of another measure of the same rule."""
        if self.outside or self.elsewhere:
            yield [self.outside, self.elsewhere]
        for (shape, period, group), cell in self._cells.items():
            yield [shape, period, list(group), cell.parts()]

    def add_part(self, part: list[Any], times: int = 1) -> None:
        """Add what another measure gathered, as often as it was gathered."""
        if len(part) == 2:
            self.outside, self.elsewhere = self.outside + times * part[0], self.elsewhere + times * part[1]
            return
        shape, period, group, values = part
        self._cells.setdefault((shape, period, tuple(group)), Cell()).merge(Cell.of(values, self._shapes[shape][0]), times)

    # ---------------------------------------------------------------- figures
    def results(self, today: date, exposures: Exposures = NO_EXPOSURES) -> Iterable[PortfolioResult]:
        """Every figure, by period and group, as things stood on a day."""
        for shape in range(len(self._shapes)):
            yield from self._series(shape, today, exposures).results()

    def figure(self, period: str, today: date, exposures: Exposures = NO_EXPOSURES) -> PortfolioResult | None:
        """The figure of one period over all groups, also of one that the rule's own periods fill; ``None`` where nothing is known of it."""
        latest = self._lasting[-1].rule
        shape = self._shapes.index(latest.shape)
        kind = kind_of(period)
        if kind is None or not within(latest.per, kind) or (latest.rising and (kind != latest.per or latest.by)):
            return None
        series = self._series(shape, today, exposures)
        if kind == latest.per and not latest.by:
            return series.known(period)
        return series.together(period)

    def _series(self, shape: int, today: date, exposures: Exposures) -> Series:
        cells = {(period, group): cell for (of, period, group), cell in self._cells.items() if of == shape}
        periods = [period for period, _ in cells if period != "all"]
        first = min(periods, key=first_day, default=None)
        rule = next(v.rule for v in reversed(self._lasting) if v.rule.shape == self._shapes[shape])
        return Series(rule, tuple(self._lasting), cells, first, today, exposures)


def _slot(axis: str, setting: Setting) -> int:
    if axis in ("severity", "owner"):
        return setting.slots[axis]
    return setting.slots[f"field:{axis}" if axis in setting.model.fields else f"fact:{axis}"]


def _is_level(axis: str, setting: Setting) -> bool:
    fact = setting.model.facts.get(axis)
    return fact is not None and fact.kind == "level"


def _of_level(rule: PortfolioRule) -> bool:
    return isinstance(rule.of, n.Value) and rule.of.kind == "level"
