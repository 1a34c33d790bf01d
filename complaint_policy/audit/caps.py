"""Caps: what one bearer is charged in one period, over many records, and how much of it a cap leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from attrs import define, frozen

from complaint_policy.audit.interfaces import AnyDecision, AnyPolicy
from complaint_policy.audit.records import Entry
from complaint_policy.exactness import exactly
from complaint_policy.instants import day_of, lowest
from complaint_policy.money import rounded
from complaint_policy.periods import period_of
from complaint_policy.results import Charge
from complaint_policy.rules.penalties.model import Penalty

if TYPE_CHECKING:
    from complaint_policy.audit.result import Audit

__all__ = ["CapResult", "CapTotals", "Caps", "held_to_caps", "totals"]


@frozen
class CapResult:
    """What a penalty proposes for one bearer in one period of receipt, and what the cap leaves of it.

    ``undecided`` cases have no settled amount and are in no sum; a sum that the cap holds without them it holds with them.
    """

    rule: Penalty
    period: str
    charge: Charge
    cases: int
    undecided: int
    proposed: Decimal
    cap: Decimal
    currency: str | None

    @property
    def allowed(self) -> Decimal:
        return min(self.proposed, self.cap)

    @property
    @exactly
    def over(self) -> Decimal:
        """How much is proposed beyond the cap."""
        return self.proposed - self.allowed

    def to_dict(self, *, reveal: bool = False) -> dict[str, Any]:
        name = self.charge.name if reveal or not self.charge.sensitive else None
        return {
            "rule": self.rule.id,
            "period": self.period,
            "charge": {"field": self.charge.field, "name": name},
            "cases": self.cases,
            "undecided": self.undecided,
            "proposed": f"{self.proposed:f}",
            "cap": f"{self.cap:f}",
            "allowed": f"{self.allowed:f}",
            "over": f"{self.over:f}",
            "currency": self.currency,
        }


@frozen
class CapTotals:
    """The bearers of one penalty in one period together: no name stands in it."""

    rule: str
    period: str
    bearers: int
    bearers_over: int
    undecided: int
    proposed: Decimal
    allowed: Decimal

    @property
    @exactly
    def over(self) -> Decimal:
        return self.proposed - self.allowed

    def to_dict(self) -> dict[str, Any]:
        counts = {"bearers": self.bearers, "bearers_over": self.bearers_over, "undecided": self.undecided}
        return {"rule": self.rule, "period": self.period, **counts, "proposed": f"{self.proposed:f}", "allowed": f"{self.allowed:f}", "over": f"{self.over:f}"}


def totals(results: Mapping[str, tuple[CapResult, ...]]) -> tuple[CapTotals, ...]:
    """By rule and period, in the order given."""
    found: dict[tuple[str, str], list[CapResult]] = {}
    for rule, ones in results.items():
        for one in ones:
            found.setdefault((rule, one.period), []).append(one)
    return tuple(
        CapTotals(
            rule,
            period,
            len(ones),
            sum(one.over > 0 for one in ones),
            sum(one.undecided for one in ones),
            sum((one.proposed for one in ones), Decimal(0)),
            sum((one.allowed for one in ones), Decimal(0)),
        )
        for (rule, period), ones in found.items()
    )


@define
class _Sum:
    charge: Charge
    rule: Penalty
    last: datetime
    cases: int = 0
    undecided: int = 0
    proposed: Decimal = Decimal(0)


class Caps:
    """Adds up the proposals of the penalties that have a cap; of several versions that of the last case in the period holds."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str, str | None, str], _Sum] = {}

    def add(self, decision: Any) -> None:
        """The proposals of one decision, each in the period in which its record was received."""
        for penalty in decision.penalties:
            rule = penalty.model
            if rule.cap is None or penalty.charge is None or penalty.state == "waived":
                continue
            compiled = decision._compiled
            received = lowest(decision._state[compiled.received_slot])
            day = day_of(received, compiled.zone)
            if received is None or day is None:
                continue
            key = (rule.id, period_of(day, rule.cap.period), penalty.charge.field, penalty.charge.name)
            found = self._sums.setdefault(key, _Sum(penalty.charge, rule, received))
            if received >= found.last:
                found.rule, found.last = rule, received
            found.cases += 1
            if penalty.amount is None or penalty.state == "indeterminate":
                found.undecided += 1
            else:
                found.proposed += penalty.amount

    def results(self, currency: str | None) -> Mapping[str, tuple[CapResult, ...]]:
        """By rule, in the order of period and bearer."""
        found: dict[str, list[CapResult]] = {}
        for (rule, period, _, _), one in sorted(self._sums.items(), key=lambda item: tuple(part or "" for part in item[0])):
            found.setdefault(rule, []).append(_result(period, one, currency))
        return {rule: tuple(results) for rule, results in found.items()}


def _result(period: str, one: _Sum, currency: str | None) -> CapResult:
    assert one.rule.cap is not None
    return CapResult(one.rule, period, one.charge, one.cases, one.undecided, one.proposed, rounded(one.rule.cap.amount, currency), currency)


def held_to_caps(
    policy: AnyPolicy, entries: Callable[[], Iterable[Entry]], judge: Callable[[Entry], AnyDecision]
) -> Callable[[Audit], Mapping[str, tuple[CapResult, ...]]] | None:
    """What each bearer is charged, judged record by record (no table holds names); ``None`` where nothing has a cap."""
    rules = dict.fromkeys(rule for version in getattr(policy, "versions", ()) for rule in _capped(version.model))
    if not rules:
        return None

    def hold(audit: Audit) -> Mapping[str, tuple[CapResult, ...]]:
        refused, sums = set(audit.rejected["row"]), Caps()
        for entry in entries():
            if entry.fault is None and entry.position not in refused:
                sums.add(judge(entry))
        return sums.results(policy.currency)

    return hold


def _capped(model: Any) -> Iterator[str]:
    """The penalties of a policy version that have a cap, by id."""
    for rule in model.section("penalties"):
        if getattr(rule, "cap", None) is not None:
            yield rule.id
