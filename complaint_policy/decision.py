"""What a policy says of one record at one instant.

The parts are views over the computed state, made when they are looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attrs import frozen

from complaint_policy.compiled import CompiledVersion
from complaint_policy.errors import UsageError
from complaint_policy.outcomes import AT_RISK, BREACHED, INDETERMINATE, NOT_APPLICABLE, PENDING, RANK
from complaint_policy.possible import Maybe, as_things_stand
from complaint_policy.results import (
    AdmissionResult,
    DeadlineResult,
    EscalationResult,
    Judged,
    PenaltyResult,
    RequirementResult,
    ResponsibilityResult,
    RetentionResult,
    SeverityResult,
)
from complaint_policy.texts import Text

if TYPE_CHECKING:
    from complaint_policy.policy import Policy

__all__ = ["Block", "Decision", "Finding", "Origin"]

_NO_SEVERITY = SeverityResult(None, None, None, (), None, ())
_NO_OWNER = ResponsibilityResult(None, (), None, (), (), None)


@frozen
class Finding:
    """Something a person should see: the rule, its outcome, a sentence, and the clause it rests on."""

    rule: str
    outcome: str
    message: Text
    source: Mapping[str, str | None] | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "outcome": self.outcome,
            "message": self.message.to_dict(),
            "source": dict(self.source) if self.source is not None else None,
        }


@frozen
class Block:
    """What still stands in the way of an event: the rule, the fields it waits for, and who owes them."""

    rule: str
    outcome: str
    fields: tuple[str, ...]
    by: str | None
    message: Text


@frozen
class Origin:
    """What a decision was asked with, beside its record and instant."""

    policy: Policy
    compiled: CompiledVersion
    source_fields: Collection[str] | None = None
    waivers: Any = ()


class Decision:
    """The decision on one record.  Every part is read-only; times are in the policy's zone."""

    __slots__ = ("__dict__", "_asked", "_ordinary", "_origin", "_record")

    def __init__(self, origin: Origin, record: Any, asked: datetime, ordinary: tuple[Any, ...] | None = None) -> None:
        self._origin = origin
        self._record = record  # the decision's own copy
        self._asked = asked  # naive UTC; of an ordinary record the policy's wall time
        # What the straight line gave for an ordinary record; everything else is computed when asked for.
        self._ordinary = ordinary

    @property
    def _as_of(self) -> datetime:
        """The moment of judgement, naive UTC."""
        return self._asked if self._ordinary is None else self._compiled.zone.to_utc(self._asked)

    @property
    def _policy(self) -> Policy:
        return self._origin.policy

    @property
    def _compiled(self) -> CompiledVersion:
        return self._origin.compiled

    @cached_property
    def _judged(self) -> tuple[list[Any], dict[str, Text], list[Finding]]:
        """The general evaluation: the state, what is unusable, and its own findings."""
        return self._policy.judge(self)

    @property
    def _state(self) -> list[Any]:
        return self._judged[0]

    @property
    def unusable(self) -> Mapping[str, Text]:
        """The fields that could not be read, with the reason."""
        return self._judged[1] if self._ordinary is None else self._overlooked

    @cached_property
    def _overlooked(self) -> Mapping[str, Text]:
        return self._compiled.unusable(self._record, self._as_of)

    @property
    def _notes(self) -> list[Finding]:
        return self._judged[2] if self._ordinary is None else []

    def __repr__(self) -> str:
        return f"Decision({self.complaint_id!r}, {self.status!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # A decision is a function of what it was asked with: it is made again.
        origin = self._origin
        return (_made_again, (origin.policy, self._record, self.as_of, origin.source_fields, origin.waivers))

    # ---------------------------------------------------------------- identity
    @property
    def complaint_id(self) -> str | None:
        """The record's ``id``, or ``None``."""
        value = self._state[self._compiled.slots["field:id"]]
        return value if isinstance(value, str) else None

    @property
    def as_of(self) -> datetime:
        return self._compiled.zone.to_aware(self._as_of)

    @property
    def policy_version(self) -> str:
        """The day the version in force took effect, ISO 8601."""
        return self._compiled.model.effective.isoformat()

    @property
    def in_scope(self) -> bool | None:
        """Whether the policy speaks of this record at all; ``None`` where that is unknown."""
        if self._ordinary is not None:
            return True
        scope = self._state[self._compiled.scope_slot]
        return scope if isinstance(scope, bool) else None

    # ---------------------------------------------------------------- parts
    @property
    def severity(self) -> SeverityResult:
        if self._ordinary is not None:
            ordinary: SeverityResult = self._ordinary[0]
            return ordinary
        if self.in_scope is False:
            return _NO_SEVERITY
        result: SeverityResult | None = self._state[self._compiled.slots["severity_result"]]
        return result or _NO_SEVERITY

    @property
    def responsibility(self) -> ResponsibilityResult:
        if self._ordinary is not None:
            ordinary: ResponsibilityResult = self._ordinary[1]
            return ordinary
        return self._responsibility

    @cached_property
    def _responsibility(self) -> ResponsibilityResult:
        if self.in_scope is False:
            return _NO_OWNER
        result: ResponsibilityResult = self._state[self._compiled.slots["responsibility_result"]] or _NO_OWNER
        roles = self._escalations()
        if not roles:
            return result
        return ResponsibilityResult(result.owner, result.candidates, result.accountable, result.consulted, result.informed, result.rule, result.missing, roles)

    def _escalations(self) -> tuple[str, ...]:
        roles: dict[str, None] = {}
        for rule in self._compiled.model.section("escalation"):
            result: EscalationResult = self._state[self._compiled.rule_slots[rule.id]]
            if result.holds is True and isinstance(result.to, str):
                roles[result.to] = None
        return tuple(roles)

    def _results(self, key: str) -> tuple[Any, ...]:
        if self._ordinary is not None:
            results: tuple[Any, ...] = self._ordinary[2] if key == "deadlines" else self._ordinary[3] if key == "penalties" else ()
            return results
        slots, state = self._compiled.rule_slots, self._state
        return tuple(state[slots[rule.id]] for rule in self._compiled.model.section(key))

    @property
    def deadlines(self) -> tuple[DeadlineResult, ...]:
        return self._ordinary[2] if self._ordinary is not None else self._results("deadlines")

    @property
    def requirements(self) -> tuple[RequirementResult, ...]:
        return self._results("requirements")

    @property
    def retention(self) -> tuple[RetentionResult, ...]:
        return self._results("retention")

    @property
    def admission(self) -> tuple[AdmissionResult, ...]:
        return self._results("admission")

    @property
    def penalties(self) -> tuple[PenaltyResult, ...]:
        """The penalties triggered; one that is not triggered is not here."""
        if self._ordinary is not None:
            triggered: tuple[PenaltyResult, ...] = self._ordinary[4]
            return triggered
        return tuple(p for p in self._results("penalties") if p is not None)

    def deadline(self, rule: str) -> DeadlineResult:
        """The result of one deadline; raises :class:`UsageError` for any other id."""
        found = self._ordinary
        if found is not None and (index := found[5].get(rule)) is not None:
            deadline: DeadlineResult = found[2][index]
            return deadline
        slot = self._compiled.rule_slots.get(rule)
        result = self._state[slot] if slot is not None else None
        if not isinstance(result, DeadlineResult):
            raise UsageError(Text(f"the policy has no deadline '{rule}'", f"该制度没有时限“{rule}”"))
        return result

    def result(self, rule: str) -> Any:
        """The result of any rule by its id (``None`` for a penalty not triggered)."""
        slot = self._compiled.rule_slots.get(rule)
        if slot is None:
            raise UsageError(Text(f"the policy has no rule '{rule}' with a result", f"该制度没有可判定的规则“{rule}”"))
        return self._state[slot]

    def fact(self, name: str) -> Any:
        """The value of a fact, of one that still grows as things stand; ``None`` where it is unknown, has not happened or is stated to be none."""
        slot = self._compiled.slots.get(f"fact:{name}")
        if slot is None:
            raise UsageError(Text(f"the policy has no fact '{name}'", f"该制度没有事实“{name}”"))
        value = as_things_stand(self._state[slot])
        if isinstance(value, datetime):
            return self._compiled.zone.to_aware(value)
        return value if isinstance(value, (bool, int, str, tuple, Decimal)) else None

    def judged(self) -> tuple[Judged, ...]:
        """Every result with an outcome, in the order of the policy."""
        keys = [kind.key for kind in self._compiled.kinds if kind.judged]
        return tuple(result for key in keys for result in self._results(key))

    @property
    def outcomes(self) -> dict[str, str]:
        """Rule id to outcome, for every rule that can be kept or broken."""
        if self._ordinary is not None:
            return {result[0].id: result[1] for result in self._ordinary[2]}
        return {result.rule: result.outcome for result in self.judged()}

    # ---------------------------------------------------------------- the whole
    @cached_property
    def status(self) -> str:
        """The first of breached, indeterminate, at_risk, pending, waived, met, exempt, not_applicable
        among the company's rules."""
        if self.in_scope is False:
            return NOT_APPLICABLE
        ranks = [RANK[r.outcome] for r in self.judged() if r.model.is_companys]
        if not ranks:
            return NOT_APPLICABLE if self.in_scope else INDETERMINATE
        lowest = min(ranks)
        return next(outcome for outcome, rank in RANK.items() if rank == lowest)

    @property
    def breaches(self) -> tuple[Judged, ...]:
        """The company's broken rules."""
        return tuple(r for r in self.judged() if r.outcome == BREACHED and r.model.is_companys)

    @property
    def next_deadline(self) -> DeadlineResult | None:
        """The company's open deadline that is due first."""
        waiting = [d for d in self.deadlines if d.outcome in (PENDING, AT_RISK) and d.due_at is not None and d.model.is_companys]
        return min(waiting, key=lambda d: d.due_at or self.as_of) if waiting else None

    @cached_property
    def next_change_at(self) -> datetime | None:
        """The earliest instant after ``as_of`` at which the same record gives another decision; ``None`` if never."""
        instant = self._policy.next_change(self)
        return self._compiled.zone.to_aware(instant) if instant is not None else None

    def blocks(self, event: str) -> tuple[Block, ...]:
        """What stands in the way of an event (such as ``closed_at``): each requirement before it that does not hold."""
        from complaint_policy.explaining import blocks

        return blocks(self, event)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What a person should see: breaches, what is at risk, undecided or waived, and notes on the record."""
        from complaint_policy.explaining import findings

        return findings(self)

    def to_dict(self, *, reveal: bool = False) -> dict[str, Any]:
        """The decision as JSON-ready data.  Sensitive values stay out unless ``reveal``."""
        from complaint_policy.explaining import decision_dict

        return decision_dict(self, reveal=reveal)

    def explain(self, language: str = "en", *, reveal: bool = False) -> str:
        """The decision as a text for people: each rule, its clause, values and arithmetic (``en`` or ``zh``)."""
        from complaint_policy.explaining import explain
        from complaint_policy.texts import as_language

        return explain(self, as_language(language), reveal=reveal)

    def signature(self) -> tuple[Any, ...]:
        """Everything a change of which makes it another decision."""
        penalties = tuple((p.rule, p.state, p.amount, p.min, p.max) for p in self.penalties)
        severity, owner = self.severity, self.responsibility
        slots = self._compiled.slots
        known = (as_things_stand(self._state[slots[f"fact:{name}"]]) for name in self._compiled.model.facts)
        facts = tuple("?" if isinstance(value, Maybe) else str(value) for value in known)
        return (
            self.in_scope,
            severity.level,
            severity.possible,
            owner.owner,
            owner.candidates,
            owner.escalate_to,
            tuple(self.outcomes.items()),
            penalties,
            facts,
        )


def _made_again(policy: Policy, record: Any, as_of: datetime, source_fields: Any, waivers: Any) -> Decision:
    return policy.evaluate(record, as_of=as_of, source_fields=source_fields, waivers=waivers)
