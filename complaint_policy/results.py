"""What a rule gave for one record: small objects whose texts and local times are made when asked for."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from complaint_policy.expressions.moments import AS_OF, Stretch
from complaint_policy.instants import day_of, highest, local, lowest, missing_of
from complaint_policy.outcomes import AT_RISK, BREACHED, INDETERMINATE, NOT_APPLICABLE, PENDING
from complaint_policy.possible import NOT_YET, DayEnd, Interval, Maybe, options_of
from complaint_policy.texts import Text
from complaint_policy.zones import Zone

if TYPE_CHECKING:
    from complaint_policy.frame import Rule

__all__ = [
    "AdmissionResult",
    "Charge",
    "DeadlineResult",
    "Details",
    "EscalationResult",
    "GeneralDeadline",
    "Judged",
    "PenaltyResult",
    "RequirementResult",
    "ResponsibilityResult",
    "RetentionResult",
    "Settled",
    "SeverityResult",
    "copied",
    "times_of",
    "with_roles",
]


class Details:
    """What only some results have."""

    __slots__ = ("at_risk_at", "missing", "paused", "possible", "provisional", "reason", "step", "unannounced", "without_waiver", "would_be")

    def __init__(self) -> None:
        self.missing: tuple[str, ...] = ()
        self.possible: frozenset[str] | None = None
        self.would_be: str | None = None
        self.without_waiver: str | None = None
        self.reason: Text | None = None
        self.provisional = False
        self.unannounced: Interval | None = None  # where a provisional due instant may lie
        self.paused = False
        self.step: str | None = None
        self.at_risk_at: datetime | None = None


_PLAIN: Final = Details()
R = TypeVar("R", bound="Details | Settled")


def copied(one: R) -> R:
    """A copy that may be changed; ``copy.copy`` takes five times as long."""
    kind: Any = one.__class__
    made: R = kind.__new__(kind)
    for name in _slots(kind):
        setattr(made, name, getattr(one, name))
    return made


@cache
def _slots(kind: Any) -> tuple[str, ...]:
    return tuple(name for base in kind.__mro__ for name in getattr(base, "__slots__", ()))


_NEVER_STARTED: Final = Text("its start never happened", "起算事件未发生")


class Judged:
    """The outcome of one rule that can be kept or broken."""

    __slots__ = ()

    if TYPE_CHECKING:
        model: Rule
        outcome: str
        _more: Details | None

    @property
    def rule(self) -> str:
        """The rule's id."""
        return self.model.id

    @property
    def name(self) -> Text:
        """The rule's title, or its id where it has none."""
        return self.model.name

    @property
    def details(self) -> Details:
        return self._more or _PLAIN

    @property
    def missing(self) -> tuple[str, ...]:
        """The fields (or calendar years) that would settle an indeterminate outcome, by name."""
        return self.details.missing

    @property
    def possible(self) -> frozenset[str] | None:
        """The outcomes still possible where the outcome is indeterminate; ``None``: any."""
        return self.details.possible

    @property
    def would_be(self) -> str | None:
        """The outcome if the rule applies, where whether it applies is unknown."""
        return self.details.would_be

    @property
    def without_waiver(self) -> str | None:
        """What the outcome would be without the waiver."""
        return self.details.without_waiver

    @property
    def reason(self) -> Text | None:
        """Why the rule is exempt, waived or not applicable, where a reason is known."""
        return self.details.reason

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.rule!r}, {self.outcome!r})"


class Settled(Judged):
    """A result that its rule's frame may still change: exempt, waived, not applicable."""

    __slots__ = ("_more", "model", "outcome")

    def __init__(self, model: Rule, outcome: str, more: Details | None = None) -> None:
        self.model = model
        self.outcome = outcome
        self._more = more

    def own_details(self) -> Details:
        """Details that may be written to."""
        if self._more is None:
            self._more = Details()
        return self._more


class DeadlineResult(Judged):
    """The outcome of a deadline.  ``due`` and its kind are internal instants; use ``due_at``."""

    __slots__ = ()

    if TYPE_CHECKING:
        begun: Any
        due: Any
        done: Any
        _zone: Zone

    # Of a deadline that begins anew (`each`): a result for every time it began, in order.
    instances: tuple[DeadlineResult, ...] = ()

    @property
    def reason(self) -> Text | None:
        """Why the rule is exempt, waived or not applicable, where a reason is known."""
        if self.details.reason is None and self.outcome == NOT_APPLICABLE and self.begun is NOT_YET:
            return _NEVER_STARTED
        return self.details.reason

    @property
    def start(self) -> datetime | None:
        """When the time began to run, in the policy's zone."""
        return local(self.begun, self._zone)

    @property
    def due_at(self) -> datetime | None:
        """The due instant in the policy's zone; the end of a day reads 23:59:59; the earliest where several are possible."""
        return local(lowest(self.due), self._zone)

    @property
    def due_latest(self) -> datetime | None:
        """The latest possible due instant, where it differs from ``due_at``."""
        low, high = lowest(self.due), highest(self.due)
        return local(high, self._zone) if high is not None and high != low else None

    @property
    def due_on(self) -> date | None:
        """The local day of ``due_at``."""
        due = lowest(self.due)
        return None if due is None else self._zone.to_wall(due).date()

    @property
    def done_at(self) -> datetime | None:
        return local(self.done, self._zone)

    @property
    def started_on(self) -> date | None:
        """The local day of the start, also where only the day is known."""
        return day_of(self.begun, self._zone)

    @property
    def done_on(self) -> date | None:
        """The local day of the act, also where only the day is known."""
        return day_of(self.done, self._zone)

    @property
    def over_by(self) -> timedelta | None:
        """How long after the boundary the act was done, where it was done late; the least where only its day is known."""
        done, due = lowest(self.done), highest(self.due)
        if self.outcome != BREACHED or done is None or due is None or done <= due:
            return None
        return done - (due.boundary if isinstance(due, DayEnd) else due)

    @property
    def provisional(self) -> bool:
        """The due instant lies past the last announced day of its calendar."""
        return self.details.provisional

    @property
    def paused(self) -> bool:
        """The clock stands still at ``as_of``; the due instant is shown as if the pause ended there."""
        return self.details.paused

    @property
    def step(self) -> str | None:
        """The extension in force, by its id."""
        return self.details.step

    @property
    def at_risk_at(self) -> datetime | None:
        """When an open duty becomes at risk."""
        return local(self.details.at_risk_at, self._zone)

    def late_span(self, state: list[Any]) -> Any:
        """The stretch from the boundary to the act, or to ``as_of`` while it is not done; empty but running while it is pending."""
        if self.outcome != BREACHED:
            if self.outcome in (PENDING, AT_RISK):
                # Not late so far; that may change.
                return ((state[AS_OF], state[AS_OF], True),)
            possible = self.possible
            if self.outcome != INDETERMINATE or not (possible is None or BREACHED in possible):
                return ()
        running = self.done is NOT_YET
        edges = [lowest(self.due), highest(self.due), *(() if running else (lowest(self.done), highest(self.done)))]
        if self.outcome == BREACHED and None in edges:  # late for certain, nobody knows how long
            return Maybe(None, missing_of(self.due) | missing_of(self.done))
        begins = [v for v in edges[:2] if v is not None]
        ends = [state[AS_OF]] if running else [v for v in edges[2:] if v is not None]
        spans: list[tuple[Stretch, ...]] = []
        for begin in begins:
            for end in ends:
                span: tuple[Stretch, ...] = ((begin, end, running),) if end > begin else ()
                if span not in spans:
                    spans.append(span)
        if self.outcome == INDETERMINATE:
            # Late for so long, or not at all.
            known = spans and all(options_of(v) is not None for v in (self.due, self.done))
            return Maybe((*spans, *(() if () in spans else ((),))) if known else None, frozenset(self.missing))
        if len(spans) == 1:
            return spans[0]
        return Maybe(tuple(spans) or None, missing_of(self.due) | missing_of(self.done))


def times_of(result: Any) -> tuple[Any, ...]:
    """The times a repeated deadline began; any other result by itself."""
    return getattr(result, "instances", ()) or (result,)


class GeneralDeadline(DeadlineResult, Settled):
    """Any deadline on any record."""

    __slots__ = ("_zone", "begun", "done", "due")

    def __init__(self, model: Rule, outcome: str, begun: Any, due: Any, done: Any, zone: Zone, more: Details | None = None) -> None:
        self.model = model
        self.outcome = outcome
        self.begun = begun
        self.due = due
        self.done = done
        self._zone = zone
        self._more = more


class RequirementResult(Settled):
    __slots__ = ("before",)

    def __init__(self, model: Rule, outcome: str, before: str | None, more: Details | None = None) -> None:
        super().__init__(model, outcome, more)
        self.before = before


class AdmissionResult(Settled):
    __slots__ = ()

    @property
    def admitted(self) -> bool | None:
        """Whether the complaint is admitted under this rule; ``None`` where it cannot be decided yet."""
        return {"met": True, "breached": False}.get(self.outcome)


class RetentionResult(Settled):
    __slots__ = ("_zone", "deleted", "keep")

    def __init__(self, model: Rule, outcome: str, keep: Any, deleted: Any, zone: Zone, more: Details | None = None) -> None:
        super().__init__(model, outcome, more)
        self.keep = keep
        self.deleted = deleted
        self._zone = zone

    @property
    def keep_until(self) -> datetime | None:
        """The last instant at which the file must still exist (the latest possible)."""
        return local(highest(self.keep), self._zone)

    @property
    def deleted_at(self) -> datetime | None:
        return local(self.deleted, self._zone)

    @property
    def deleted_on(self) -> date | None:
        """The local day of the deletion, also where only the day is known."""
        return day_of(self.deleted, self._zone)


class SeverityResult:
    """The level, or the levels still possible."""

    __slots__ = ("at_least", "level", "missing", "possible", "rank", "rule")

    def __init__(
        self, level: str | None, rank: int | None, rule: str | None, possible: tuple[str, ...], at_least: str | None, missing: tuple[str, ...]
    ) -> None:
        self.level = level
        self.rank = rank  # 1 is the lowest
        self.rule = rule
        self.possible = possible
        self.at_least = at_least
        self.missing = missing

    def __repr__(self) -> str:
        return f"SeverityResult({self.level or '|'.join(self.possible)!r})"


class ResponsibilityResult:
    """Who owns the case, or who may."""

    __slots__ = ("accountable", "candidates", "consulted", "escalate_to", "informed", "missing", "owner", "rule")

    def __init__(
        self,
        owner: str | None,
        candidates: tuple[str, ...],
        accountable: str | None,
        consulted: tuple[str, ...],
        informed: tuple[str, ...],
        rule: str | None,
        missing: tuple[str, ...] = (),
        escalate_to: tuple[str, ...] = (),
    ) -> None:
        self.owner = owner
        self.candidates = candidates
        self.accountable = accountable
        self.consulted = consulted
        self.informed = informed
        self.rule = rule
        self.missing = missing
        self.escalate_to = escalate_to

    def __repr__(self) -> str:
        return f"ResponsibilityResult({self.owner or '|'.join(self.candidates)!r})"


def with_roles(owner: ResponsibilityResult, roles: tuple[str, ...]) -> ResponsibilityResult:
    """An owner, and the roles the case is escalated to."""
    return ResponsibilityResult(owner.owner, owner.candidates, owner.accountable, owner.consulted, owner.informed, owner.rule, owner.missing, roles)


class EscalationResult:
    __slots__ = ("holds", "model", "to")

    def __init__(self, model: Rule, holds: Any, to: Any) -> None:
        self.model = model
        self.holds = holds  # True, False or a Maybe
        self.to = to

    @property
    def rule(self) -> str:
        return self.model.id


class Charge:
    """To whom a penalty is charged: the field it was found in, and the name there."""

    __slots__ = ("field", "name", "sensitive")

    def __init__(self, field: str | None, name: str, sensitive: bool) -> None:
        self.field = field
        self.name = name
        self.sensitive = sensitive

    def __repr__(self) -> str:
        return f"Charge({self.field!r})"


class PenaltyResult:
    """A proposal, never automatic: state, range and amount in the policy's currency, rounded once to its minor unit."""

    __slots__ = ("amount", "approver", "breaches", "charge", "clamped", "currency", "max", "min", "missing", "model", "recovers_from", "state")

    def __init__(
        self,
        model: Rule,
        state: str,
        breaches: tuple[str, ...],
        minimum: Decimal | None,
        maximum: Decimal | None,
        amount: Decimal | None,
        currency: str | None,
        charge: Charge | None,
        clamped: str | None = None,
        missing: tuple[str, ...] = (),
    ) -> None:
        self.model = model
        self.state = state  # proposed, accruing, indeterminate, waived
        self.breaches = breaches  # ids of the breached rules it is for
        self.min = minimum
        self.max = maximum
        self.amount = amount
        self.currency = currency
        self.charge = charge
        self.clamped = clamped  # "min" or "max": the bound that clamped the amount
        self.missing = missing
        self.approver: Charge | None = None  # who approves it, where the rule says so and it is known
        self.recovers_from: Charge | None = None  # from whom the payer may recover it

    @property
    def rule(self) -> str:
        return self.model.id

    @property
    def payable_to(self) -> str:
        return str(getattr(self.model, "payable_to", "company"))

    def __repr__(self) -> str:
        return f"PenaltyResult({self.rule!r}, {self.state!r}, {self.amount!r})"
