"""What a policy says of one record at one instant.

The parts are views over the computed state, made when they are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from decimal import Decimal
from itertools import compress
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from attrs import evolve, field, frozen

from complaint_policy.compiled import CompiledVersion
from complaint_policy.errors import UsageError
from complaint_policy.exactness import exactly
from complaint_policy.findings import Block, Finding
from complaint_policy.outcomes import AT_RISK, BREACHED, INDETERMINATE, NOT_APPLICABLE, PENDING, RANK, STATUS_ORDER
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
    times_of,
    with_roles,
)
from complaint_policy.texts import Text

if TYPE_CHECKING:
    from complaint_policy.frame import Transition
    from complaint_policy.policy import Policy
    from complaint_policy.rules.deadlines.ledger import Ledger

__all__ = ["Decision", "Origin", "judged_decision"]

T = TypeVar("T")

# The slots that the straight line fills; an ordinary decision has no other results.
_FILLED: Final = {"deadlines": "deadlines", "requirements": "requirements", "penalties": "penalties", "admission": "_admission"}
_NO_SEVERITY = SeverityResult(None, None, None, (), None, ())
_NO_OWNER = ResponsibilityResult(None, (), None, (), (), None)


@frozen
class Origin:
    """What a decision was asked with, beside its record and instant."""

    policy: Policy
    compiled: CompiledVersion
    source_fields: Collection[str] | None = None
    waivers: Any = ()
    ordinary: bool = False
    remarks: tuple[Finding, ...] = ()  # what whoever asked knows beside the record
    transition: Transition | None = None  # why another version than that of the receipt judges
    index: Mapping[str, int] = field(init=False, eq=False, repr=False)  # of deadlines by their ids

    # Of an ordinary decision: the kinds of rules that can be kept or broken, and for each deadline whether it is the company's.
    judged: tuple[str, ...] = field(init=False, eq=False, repr=False)
    companys: tuple[bool, ...] = field(init=False, eq=False, repr=False)

    @judged.default
    def _judged(self) -> tuple[str, ...]:
        return tuple(key for key in self.compiled.judged if self.compiled.model.section(key)) if self.ordinary else ()

    @companys.default
    def _companys(self) -> tuple[bool, ...]:
        return tuple(rule.is_companys for rule in self.compiled.model.section("deadlines")) if self.ordinary else ()

    @index.default
    def _index(self) -> Mapping[str, int]:
        return self.compiled.deadline_index


class _Once(Generic[T]):
    """A part of a decision that is made when it is first looked at, and kept."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __get__(self, decision: Decision, owner: type | None = None) -> T:
        kept = decision._kept
        if kept is None:
            kept = decision._kept = {}
        make = self._make
        if make not in kept:
            kept.setdefault(make, make(decision))
        made: T = kept[make]
        return made


class Decision:
    """The decision on one record.  Every part is only to be read; times are in the policy's zone.

    ``severity``, ``responsibility``, ``requirements`` and ``penalties`` (those triggered) are plain attributes;
    everything else is made when it is looked at.
    """

    __slots__ = ("_admission", "_asked", "_kept", "_lines", "_origin", "_record", "_told", "penalties", "requirements", "responsibility", "severity")

    # No __init__: the straight line fills the slots itself (straight.py), anything else `judged_decision` below.
    _origin: Origin
    _record: dict[str, Any]  # the decision's own copy
    _asked: datetime  # naive UTC; of an ordinary record the policy's wall time
    _admission: tuple[AdmissionResult, ...]  # of an ordinary decision, where the policy has such rules
    _kept: dict[Any, Any] | None  # what was looked at; None until then
    severity: SeverityResult
    responsibility: ResponsibilityResult
    # What the straight line has decided of deadlines: what makes their results of this, the record's values, the outcomes, and what else it needs.
    _told: tuple[Any, ...] | None
    _lines: tuple[DeadlineResult, ...] | None  # the results of deadlines, once they are made
    requirements: tuple[RequirementResult, ...]
    penalties: tuple[PenaltyResult, ...]

    @property
    def _ordinary(self) -> bool:
        """Whether the straight line has made it: the general evaluation has not been asked."""
        return self._origin.ordinary

    @property
    def _as_of(self) -> datetime:
        """The moment of judgement, naive UTC."""
        return self._compiled.zone.to_utc(self._asked) if self._ordinary else self._asked

    @property
    def _policy(self) -> Policy:
        return self._origin.policy

    @property
    def _compiled(self) -> CompiledVersion:
        return self._origin.compiled

    @_Once
    def _judged(self) -> tuple[list[Any], dict[str, Text], list[Finding]]:
        """The general evaluation: the state, what is unusable, and its own findings."""
        return self._policy.judge(self)

    @property
    def _state(self) -> list[Any]:
        return self._judged[0]

    @property
    def unusable(self) -> Mapping[str, Text]:
        """The fields that could not be read, with the reason."""
        return self._overlooked if self._ordinary else self._judged[1]

    @_Once
    def _overlooked(self) -> Mapping[str, Text]:
        return self._compiled.unusable(self._record, self._as_of, self._origin.source_fields)

    @property
    def _notes(self) -> list[Finding]:
        return [*self._origin.remarks] if self._ordinary else [*self._origin.remarks, *self._judged[2]]

    def noted(self, remarks: tuple[Finding, ...]) -> Decision:
        """The same decision with findings that do not come from its record, such as which others were counted."""
        decision: Decision = self._policy.evaluate(self._record, as_of=self.as_of, source_fields=self._origin.source_fields, waivers=self._origin.waivers)
        decision._origin = evolve(decision._origin, remarks=remarks)
        return decision

    def __repr__(self) -> str:
        return f"Decision({self.complaint_id!r}, {self.status!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # A decision is a function of what it was asked with: it is made again.
        origin = self._origin
        return (_made_again, (origin.policy, self._record, self.as_of, origin.source_fields, origin.waivers, origin.remarks))

    # ---------------------------------------------------------------- identity
    @property
    def complaint_id(self) -> str | None:
        """The record's ``id``, or ``None``."""
        # Of an ordinary decision the one cell is read: nothing else need be judged for it.
        value = self._compiled.identity(self._record, self._origin.source_fields) if self._ordinary else self._state[self._compiled.slots["field:id"]]
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
        if self._ordinary:
            return True
        scope = self._state[self._compiled.scope_slot]
        return scope if isinstance(scope, bool) else None

    # ---------------------------------------------------------------- parts
    def _results(self, key: str) -> tuple[Any, ...]:
        if self._ordinary:
            return getattr(self, _FILLED[key], ()) if key in _FILLED else ()
        slots, state = self._compiled.rule_slots, self._state
        return tuple([state[slots[rule.id]] for rule in self._compiled.model.section(key)])

    @property
    def deadlines(self) -> tuple[DeadlineResult, ...]:
        """The results of the deadlines, in the order of the policy."""
        lines = self._lines
        if lines is None:
            told: Any = self._told
            lines = self._lines = told[0](told)
        return lines

    @property
    def retention(self) -> tuple[RetentionResult, ...]:
        return self._results("retention")

    @property
    def admission(self) -> tuple[AdmissionResult, ...]:
        return self._results("admission")

    def deadline(self, rule: str) -> DeadlineResult:
        """The result of one deadline, or of one time that it began (``DL-update#2``); raises :class:`UsageError` for any other id."""
        try:
            return (self._lines or self.deadlines)[self._origin.index[rule]]
        except (KeyError, TypeError):
            found = self._instance(str(rule))
            if found is not None:
                return found
            raise UsageError(Text(f"the policy has no deadline '{rule}'", f"该制度没有时限“{rule}”")) from None

    def _instance(self, identity: str) -> DeadlineResult | None:
        """One time that a repeated deadline began."""
        rule, mark, _ = identity.partition("#")
        index = self._origin.index.get(rule) if mark else None
        if index is None:
            return None
        return next((one for one in self.deadlines[index].instances if one.rule == identity), None)

    def ledger(self, rule: str) -> Ledger | None:
        """The clock of a deadline, stretch by stretch, adding up to its limit; ``None`` where its due instant was not counted."""
        from complaint_policy.rules.deadlines.ledger import ledger

        return ledger(self.deadline(rule), self._state, self._compiled.setting)

    def result(self, rule: str) -> Any:
        """The result of any rule by its id (``None`` for a penalty not triggered)."""
        slot = self._compiled.rule_slots.get(rule)
        if slot is None:
            found = self._instance(rule)
            if found is not None:
                return found
            raise UsageError(Text(f"the policy has no rule '{rule}' with a result", f"该制度没有可判定的规则“{rule}”"))
        return self._state[slot]

    def fact(self, name: str) -> Any:
        """The value of a fact, of one that still grows as things stand; ``None`` where it is unknown, has not happened or is stated to be none."""
        slot = self._compiled.slots.get(f"fact:{name}")
        if slot is None:
            owner = next((plugin.name for plugin in self._compiled.model.plugins for fact in plugin.facts if fact.name == name), None)
            if owner is not None:
                raise UsageError(Text(f"nothing in the policy uses the fact '{name}' of the plugin '{owner}'", f"该制度没有用到插件“{owner}”的事实“{name}”"))
            raise UsageError(Text(f"the policy has no fact '{name}'", f"该制度没有事实“{name}”"))
        value = as_things_stand(self._state[slot])
        if isinstance(value, datetime):
            return self._compiled.zone.to_aware(value)
        return value if isinstance(value, (bool, int, str, tuple, Decimal)) else None

    def judged(self) -> tuple[Judged, ...]:
        """Every result with an outcome, in the order of the policy."""
        found: tuple[Judged, ...] = ()
        for key in self._compiled.judged:
            found += self._results(key)
        return found

    @property
    def outcomes(self) -> dict[str, str]:
        """Rule id to outcome, for every rule that can be kept or broken."""
        origin = self._origin
        if not origin.ordinary:
            return {result.rule: result.outcome for result in self.judged()}
        found: dict[str, str] = {}
        for key in origin.judged:
            if key == "deadlines":
                told: Any = self._told
                found.update(zip(origin.index, told[2:], strict=False))  # the outcomes stand in front
            else:
                found.update((result.rule, result.outcome) for result in self._results(key))
        return found

    @property
    def waiver_marks(self) -> tuple[str, ...]:
        """For the counts of an audit: the numbers of the waivers that name the record, and ``rule=outcome`` for what each outcome would be without one."""
        held = None if self._ordinary else self._state[self._compiled.setting.waivers]
        if not held:
            return ()
        without = ((result.rule, getattr(result, "without_waiver", None)) for result in self.judged())
        return (*held.named, *(f"{rule}={outcome}" for rule, outcome in without if outcome is not None))

    # ---------------------------------------------------------------- the whole
    @property
    def status(self) -> str:
        """The first of breached, indeterminate, at_risk, pending, waived, met, exempt, not_applicable
        among the company's rules."""
        origin = self._origin
        if not origin.ordinary:
            return self._status
        outcomes: list[str] = []
        for key in origin.judged:
            if key == "deadlines":
                told: Any = self._told
                outcomes += compress(told[2:], origin.companys)
            else:
                outcomes += [result.outcome for result in self._results(key) if result.model.is_companys]
        for status in STATUS_ORDER:
            if status in outcomes:
                return status
        return NOT_APPLICABLE

    @_Once
    def _status(self) -> str:
        if self.in_scope is False:
            return NOT_APPLICABLE
        lowest = len(STATUS_ORDER)
        for result in self.judged():
            rank = RANK[result.outcome]
            if rank < lowest and result.model.is_companys:
                lowest = rank
        if lowest < len(STATUS_ORDER):
            return STATUS_ORDER[lowest]
        return NOT_APPLICABLE if self.in_scope else INDETERMINATE

    @property
    def breaches(self) -> tuple[Judged, ...]:
        """The company's broken rules; of a deadline that begins anew each time that is broken."""
        broken = tuple(r for r in self.judged() if r.outcome == BREACHED and r.model.is_companys)
        if not self._compiled.repeats:
            return broken
        return tuple(one for r in broken for one in times_of(r) if one.outcome == BREACHED)

    @property
    def next_deadline(self) -> DeadlineResult | None:
        """The company's open deadline that is due first; of one that begins anew its time that is."""
        times = self.deadlines if not self._compiled.repeats else tuple(one for deadline in self.deadlines for one in times_of(deadline))
        waiting = [d for d in times if d.outcome in (PENDING, AT_RISK) and d.due_at is not None and d.model.is_companys]
        return min(waiting, key=lambda d: d.due_at or self.as_of) if waiting else None

    @_Once
    def next_change_at(self) -> datetime | None:
        """The earliest instant after ``as_of`` at which the same record gives another decision; ``None`` if never."""
        instant = self._policy.next_change(self)
        return self._compiled.zone.to_aware(instant) if instant is not None else None

    def blocks(self, event: str) -> tuple[Block, ...]:
        """What stands in the way of an event (such as ``closed_at``): each requirement before it that does not hold."""
        from complaint_policy.explaining import blocks

        return blocks(self, event)

    @_Once
    @exactly
    def findings(self) -> tuple[Finding, ...]:
        """What a person should see: breaches, what is at risk, undecided or waived, and notes on the record."""
        from complaint_policy.explaining import findings

        return findings(self)

    @_Once
    def _noted(self) -> list[Any]:
        """What the finders of plugins say, asked once."""
        from complaint_policy.plugin_findings import noted

        return noted(self)

    @exactly
    def to_dict(self, *, reveal: bool = False) -> dict[str, Any]:
        """The decision as JSON-ready data.  Sensitive values stay out unless ``reveal``."""
        from complaint_policy.explaining import decision_dict

        return decision_dict(self, reveal=reveal)

    @exactly
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
            tuple((one.rule, one.outcome) for deadline in self.deadlines for one in deadline.instances),
            penalties,
            facts,
        )


def judged_decision(origin: Origin, record: dict[str, Any], instant: datetime) -> Decision:
    """A decision made by the general evaluation; ``record`` becomes its own, ``instant`` is naive UTC."""
    if origin.ordinary:
        origin = evolve(origin, ordinary=False)
    decision = Decision()
    decision._origin, decision._record, decision._asked, decision._kept = origin, record, instant, None
    compiled, state = origin.compiled, decision._state
    in_scope = state[compiled.scope_slot] is not False
    decision.severity = (state[compiled.slots["severity_result"]] if in_scope else None) or _NO_SEVERITY
    decision.responsibility = _owned(compiled, state) if in_scope else _NO_OWNER
    decision._told, decision._lines = None, decision._results("deadlines")
    decision.requirements = decision._results("requirements")
    decision.penalties = tuple([p for p in decision._results("penalties") if p is not None])
    return decision


def _owned(compiled: CompiledVersion, state: list[Any]) -> ResponsibilityResult:
    """The owner, with the roles the case is escalated to."""
    result: ResponsibilityResult = state[compiled.slots["responsibility_result"]] or _NO_OWNER
    roles: dict[str, None] = {}
    for rule in compiled.model.section("escalation"):
        escalation: EscalationResult = state[compiled.rule_slots[rule.id]]
        if escalation.holds is True and isinstance(escalation.to, str):
            roles[escalation.to] = None
    if not roles:
        return result
    return with_roles(result, tuple(roles))


def _made_again(policy: Policy, record: Any, as_of: datetime, source_fields: Any, waivers: Any, remarks: tuple[Finding, ...]) -> Decision:
    decision: Decision = policy.evaluate(record, as_of=as_of, source_fields=source_fields, waivers=waivers)
    return decision.noted(remarks) if remarks else decision
