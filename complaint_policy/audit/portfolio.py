"""The portfolio rules of a policy over the decisions of an audit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from complaint_policy.instants import day_of
from complaint_policy.rules.portfolio.measure import Measure, PortfolioResult

__all__ = ["Portfolio"]


class Portfolio:
    """Gathers every portfolio rule while the audit runs; costs nothing where the policy has none."""

    def __init__(self, policy: Any) -> None:
        self._measures: dict[str, Measure] = {}
        for version in getattr(policy, "versions", ()):
            model = getattr(version, "model", None)
            rules = getattr(model, "sections", {}).get("portfolio", ())
            if not rules:
                continue
            compiled = policy.compiled(version)
            for rule in rules:
                self._measures.setdefault(rule.id, Measure()).add_version(id(compiled), rule, compiled.setting)

    def add(self, decision: Any) -> None:
        """One decision; a record out of scope is in no figure."""
        if not self._measures or decision.in_scope is False:
            return
        compiled, state = decision._compiled, decision._state
        received = state[compiled.received_slot]
        day = day_of(received, compiled.zone) if isinstance(received, datetime) or hasattr(received, "low") else None
        levels = compiled.model.section("severity").levels
        for measure in self._measures.values():
            measure.add(id(compiled), state, day, levels)

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
            for period, group, values in measure.cells():
                yield rule, json.dumps([period, group, [str(v) if isinstance(v, Fraction) else v for v in values]], ensure_ascii=False)

    def add_part(self, rule: str, text: str, times: int = 1) -> None:
        """Add what another portfolio gathered."""
        period, group, values = json.loads(text)
        self._measures[rule].add_cell(period, tuple(group), (Fraction(v) if isinstance(v, str) else v for v in values), times)

    def results(self) -> Mapping[str, tuple[PortfolioResult, ...]]:
        """The figures by rule id, each by period and group."""
        return MappingProxyType({rule: tuple(measure.results()) for rule, measure in self._measures.items()})
