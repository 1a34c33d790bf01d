"""What a repeated deadline gave for one record: a result for every time it began, and one for the rule."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from complaint_policy.expressions import moments
from complaint_policy.frame import Rule
from complaint_policy.instants import lowest
from complaint_policy.outcomes import AT_RISK, BREACHED, INDETERMINATE, MET, NOT_APPLICABLE, PENDING, RANK
from complaint_policy.possible import Maybe, each_possibility, possibilities
from complaint_policy.results import Details, GeneralDeadline
from complaint_policy.texts import Text
from complaint_policy.zones import Zone

__all__ = ["Instance", "RepeatedDeadline", "combined", "worst"]

WAITING: Final = frozenset({PENDING, AT_RISK})
_ANY: Final = frozenset({MET, BREACHED, PENDING, NOT_APPLICABLE})


class Instance(GeneralDeadline):
    """One time that a repeated deadline began; its id is the rule's with a number, in order of time."""

    __slots__ = ("number",)

    def __init__(self, model: Rule, number: int, begun: Any, done: Any, zone: Zone) -> None:
        super().__init__(model, PENDING, begun, None, done, zone)
        self.number = number

    @property
    def rule(self) -> str:
        """The id of the rule, ``#`` and the number of the time."""
        return f"{self.model.id}#{self.number}"

    @property
    def name(self) -> Text:
        """The rule's title, and which time it is."""
        return self.model.name + Text(f" (no. {self.number})", f"（第{self.number}次）")

    @property
    def may_wait(self) -> bool:
        """Whether it may be open."""
        return self.outcome == INDETERMINATE and (self.possible is None or bool(self.possible & WAITING))


class RepeatedDeadline(GeneralDeadline):
    """A deadline that begins anew: the worst of its times, and the due instant of the next that is open, else of the last."""

    __slots__ = ("instances",)

    def __init__(self, model: Rule, outcome: str, begun: Any, due: Any, done: Any, zone: Zone, instances: tuple[Instance, ...] = ()) -> None:
        super().__init__(model, outcome, begun, due, done, zone)
        self.instances = instances

    @property
    def over_by(self) -> timedelta | None:
        """How late the latest act was that was done late."""
        return max((late for one in self.instances if (late := one.over_by) is not None), default=None)

    @property
    def endless(self) -> bool:
        """Whether it may have begun more often than its instances say."""
        return any(isinstance(one.begun, Maybe) and one.begun.options is None for one in self.instances) or (
            self.outcome == INDETERMINATE and not self.instances
        )

    def late_span(self, state: list[Any]) -> Any:
        """The time in which at least one of its times was late."""
        if not self.instances:
            return super().late_span(state)
        spans = list(dict.fromkeys(span for one in self.instances if isinstance(span := one.late_span(state), tuple)))
        unknown = [span for one in self.instances if isinstance(span := one.late_span(state), Maybe)]
        known = tuple(stretch for span in spans for stretch in span)
        return each_possibility(lambda *more: moments.union(known + tuple(stretch for span in more for stretch in span)), *unknown)


def combined(rule: Rule, instances: tuple[Instance, ...], zone: Zone) -> RepeatedDeadline:
    """The rule's result: what every possibility of its times agrees on, by the worst of them."""
    outcome, possible, free = worst(instances)
    shown = _shown(instances)
    result = RepeatedDeadline(rule, outcome, shown.begun, _due(instances, shown), shown.done, zone, instances)
    details = Details()
    result._more = details
    own = shown.details
    details.step, details.paused, details.at_risk_at = own.step, own.paused, own.at_risk_at
    details.provisional, details.unannounced = own.provisional, own.unannounced
    if outcome == INDETERMINATE:
        details.missing = tuple(sorted({name for one in instances if one.outcome == INDETERMINATE for name in one.missing}))
        details.possible = None if free else possible
        return result
    deciding = next((one.details for one in instances if one.outcome == outcome), None)
    if deciding is not None:
        details.reason, details.would_be, details.without_waiver = deciding.reason, deciding.would_be, deciding.without_waiver
        details.possible = deciding.possible if outcome == PENDING else None
    return result


def worst(instances: Sequence[GeneralDeadline]) -> tuple[str, frozenset[str], bool]:
    """The outcome; where it is indeterminate the outcomes it may be, and whether it may be any."""
    possible: frozenset[str] | None = None
    free = False
    for one in instances:
        own = frozenset({one.outcome})
        if one.outcome == INDETERMINATE:
            # Where an act may lie before its start one possibility alone is told, and is not certain.
            known = one.possible if one.possible is not None and len(one.possible) > 1 else None
            free = free or known is None
            own = known or _ANY
        possible = own if possible is None else frozenset(min(a, b, key=RANK.__getitem__) for a in possible for b in own)
    assert possible is not None
    return (next(iter(possible)), possible, False) if len(possible) == 1 else (INDETERMINATE, possible, free)


def _shown(instances: tuple[Instance, ...]) -> Instance:
    """The next that is open, else the last."""
    waiting = [one for one in instances if one.outcome in WAITING]
    return min(waiting, key=lambda one: lowest(one.due) or datetime.max) if waiting else instances[-1]


def _due(instances: tuple[Instance, ...], shown: Instance) -> Any:
    """The due instant of the one that is shown, with those of all that may be it."""
    dues = [shown.due, *(one.due for one in instances if one.may_wait)]
    if shown.outcome not in WAITING:
        for last in reversed(instances):
            dues.append(last.due)
            if last.would_be is None:
                break  # it began for certain
    missing = frozenset(name for one in instances if one.outcome == INDETERMINATE for name in one.missing)
    return possibilities(dues, missing)

