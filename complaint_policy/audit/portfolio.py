"""The portfolio rules of a policy over the decisions of an audit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from complaint_policy.instants import day_of
from complaint_policy.rules.portfolio.exposures import NO_EXPOSURES, Exposures
from complaint_policy.rules.portfolio.measure import Measure, Placed, PortfolioResult

__all__ = ["LeftOut", "Portfolio"]

# Records that stand in no figure of a rule: out of scope, and not received yet.
LeftOut = tuple[int, int]


class Portfolio:
    """Gathers every portfolio rule while the audit runs; costs nothing where the policy has none."""

    def __init__(self, policy: Any, exposures: Exposures = NO_EXPOSURES) -> None:
        self._measures: dict[str, Measure] = {}
        self._exposures = exposures
        for version in getattr(policy, "versions", ()):
            model = getattr(version, "model", None)
            rules = getattr(model, "sections", {}).get("portfolio", ())
            if not rules:
                continue
            compiled = policy.compiled(version)
            for rule in rules:
                self._measures.setdefault(rule.id, Measure()).add_version(id(compiled), rule, compiled.setting, version.start, version.until)

    def add(self, decision: Any) -> None:
        """One decision; a record out of scope is in no figure."""
        if not self._measures:
            return
        key, state, day, levels = _judged(decision)
        for measure in self._measures.values():
            measure.add(key, state, day, levels)

    def placed(self, rule: str, decision: Any) -> Placed | None:
        """Where a decision stands among the figures of a rule."""
        return self._measures[rule].place(*_judged(decision))

    @property
    def empty(self) -> bool:
        """Whether the policy has no such rule."""
        return not self._measures

    def measure(self, rule: str) -> Measure:
        """What one rule gathers."""
        return self._measures[rule]

    def parts(self) -> Iterable[tuple[str, str]]:
        """What was gathered, each as the rule's id and a text that :meth:`add_part` of another portfolio reads."""
        for rule, measure in self._measures.items():
            for part in measure.parts():
                yield rule, json.dumps(part, ensure_ascii=False)

    def add_part(self, rule: str, text: str, times: int = 1) -> None:
        """Add what another portfolio gathered."""
        self._measures[rule].add_part(json.loads(text), times)

    def results(self, today: date) -> Mapping[str, tuple[PortfolioResult, ...]]:
        """The figures by rule id, each by period and group, as things stood on a day."""
        return MappingProxyType({rule: tuple(measure.results(today, self._exposures)) for rule, measure in self._measures.items()})

    def figure(self, rule: str, period: str, today: date) -> PortfolioResult | None:
        """The figure of a rule in one period and over all its groups, for a rule that rests on it.

        The period may be one that the rule's own fill: a quarter of a rule by month.  ``None`` where the rule is not known, or the
        table does not speak of the whole period.
        """
        measure = self._measures.get(rule)
        return None if measure is None else measure.figure(period, today, self._exposures)

    def left_out(self) -> Mapping[str, LeftOut]:
        """For each rule the records that are in none of its figures: out of scope, not received yet."""
        return MappingProxyType({rule: (m.outside, m.elsewhere) for rule, m in self._measures.items()})


def _judged(decision: Any) -> tuple[int, list[Any], date | None, tuple[str, ...]]:
    compiled, state = decision._compiled, decision._state
    received = state[compiled.received_slot]
    day = day_of(received, compiled.zone) if isinstance(received, datetime) or hasattr(received, "low") else None
    return id(compiled), state, day, compiled.model.section("severity").levels
