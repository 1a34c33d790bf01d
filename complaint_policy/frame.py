"""The frame every rule has: id, title, source, when, exempt, duty_of, waivable; and how it settles an outcome."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from attrs import field, frozen

from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.compile import Compiler
from complaint_policy.outcomes import AT_RISK, BREACHED, EXEMPT, INDETERMINATE, MET, NOT_APPLICABLE, PENDING, WAIVED
from complaint_policy.possible import any_of_conditions
from complaint_policy.problems import NOWHERE, Place
from complaint_policy.results import Settled
from complaint_policy.texts import Text

__all__ = ["COMPANY", "Exemption", "Framing", "Held", "Laxer", "Rule", "SourceRef", "Transition", "Waived", "perhaps", "settler"]

COMPANY: Final = "company"
_WAIVABLE: Final = frozenset({PENDING, AT_RISK, BREACHED, INDETERMINATE})

State = list[Any]


@frozen
class SourceRef:
    """The clause a rule rests on."""

    ref: str
    clause: str | None = None
    status: str | None = None
    title: Text | None = None

    def to_dict(self) -> dict[str, str | None]:
        return {"ref": self.ref, "clause": self.clause, "status": self.status}


@frozen
class Exemption:
    when: n.Condition
    reason: Text


@frozen
class Laxer:
    """That a rule is laxer than its base's on purpose, why, and by which clause."""

    reason: Text
    source: SourceRef | None = None


@frozen
class Transition:
    """Complaints on the other side of a version's first day that it, or the version before, judges all the same.

    ``when`` is asked as of that day, so that nothing which happens later moves a complaint.
    """

    when: n.Condition
    use: str  # this, previous
    reason: Text
    source: SourceRef | None = None
    place: Place = field(default=NOWHERE, eq=False, repr=False)


@frozen(kw_only=True)
class Rule:
    """What every rule has."""

    id: str
    title: Text | None = None
    source: SourceRef | None = None
    when: n.Condition | None = None
    exempt: tuple[Exemption, ...] = ()
    duty_of: str = COMPANY
    waivable_by: tuple[str, ...] = ()
    laxer: Laxer | None = None
    place: Place = field(default=NOWHERE, eq=False, repr=False)

    @property
    def name(self) -> Text:
        """The title, or the id where there is none."""
        return self.title or Text(self.id, self.id)

    @property
    def is_companys(self) -> bool:
        """Whether the duty is the company's: only those colour the status."""
        return self.duty_of == COMPANY


@frozen
class Waived:
    """A waiver that holds for this record and rule."""

    rule: str
    by: str
    reason: Text
    at: datetime | None = None  # naive UTC
    until: datetime | None = None  # naive UTC, exclusive


class Held(dict[str, Waived]):
    """The waivers that hold for a record, by rule; ``named``: the numbers of all that name it and are in force."""

    named: tuple[str, ...] = ()


class Framing:
    """How the frame of a rule settles its results, in the order scope, when, exempt, waiver, outcome."""

    __slots__ = ("applies", "exemptions", "waivable", "waivers")

    def __init__(self, rule: Rule, compiler: Compiler, scope: n.Condition | None, waivers: int) -> None:
        conditions = tuple(c for c in (scope, rule.when) if c is not None)
        self.applies = compiler.condition(n.All(conditions) if len(conditions) > 1 else conditions[0] if conditions else None)
        self.exemptions = [(compiler.condition(e.when), e.reason) for e in rule.exempt]
        self.waivable = bool(rule.waivable_by)
        self.waivers = waivers

    def settle(self, result: Settled, holds: Any, state: State) -> None:
        """A result of a rule that applies, or may (``holds``)."""
        if self.exemptions:
            _exempt(result, self.exemptions, state)
        if holds is not True:
            perhaps(result, holds)
        if self.waivable and state[self.waivers]:
            _waive(result, state[self.waivers])


def settler(
    rule: Rule, compiler: Compiler, scope: n.Condition | None, judge: Callable[[State], Settled], waivers: int, apart: Settled
) -> Callable[[State], Settled]:
    """The function that settles a rule for a state.

    ``judge`` gives the outcome if the rule applies; ``waivers`` is the slot of the record's waivers;
    ``apart`` is the result of a rule that does not apply, shared by all records.
    """
    if scope is None and rule.when is None and not rule.exempt and not rule.waivable_by:
        return judge
    framing = Framing(rule, compiler, scope, waivers)
    applies, settled = framing.applies, framing.settle

    def settle(state: State) -> Settled:
        holds = True if applies is None else applies(state)
        if holds is False:
            return apart
        result = judge(state)
        settled(result, holds, state)
        return result

    return settle


def _exempt(result: Settled, exemptions: list[tuple[Any, Text]], state: State) -> None:
    unknown: Any = None
    for when, reason in exemptions:
        holds = when(state)
        if holds is True:
            result.outcome = EXEMPT
            details = result.own_details()
            details.reason, details.missing, details.possible = reason, (), None
            return
        if holds is not False:
            unknown = holds if unknown is None else any_of_conditions(unknown, holds)
    if unknown is None or result.outcome in (MET, PENDING, AT_RISK, NOT_APPLICABLE):
        return
    details = result.own_details()
    possible = (details.possible or frozenset({result.outcome})) | {EXEMPT}
    if result.outcome == BREACHED:
        result.outcome = INDETERMINATE if unknown.missing else PENDING
        details.missing = tuple(sorted(unknown.missing))
        details.would_be = BREACHED
    else:
        details.missing = tuple(sorted({*details.missing, *unknown.missing}))
    details.possible = possible


def perhaps(result: Settled, holds: Any) -> None:
    """Whether the rule applies is unknown: its outcome is what it would be, or not applicable."""
    would_be = result.outcome
    if would_be == NOT_APPLICABLE:
        return
    details = result.own_details()
    details.would_be = would_be
    possible = details.possible if would_be == INDETERMINATE else frozenset({would_be})
    details.possible = None if possible is None else possible | {NOT_APPLICABLE}
    if holds.missing:
        result.outcome = INDETERMINATE
        details.missing = tuple(sorted({*details.missing, *holds.missing}))
    elif would_be != INDETERMINATE:
        result.outcome = PENDING


def _waive(result: Settled, waivers: dict[str, Waived]) -> None:
    # One time of a repeated duty is waived by itself, or with all the others.
    waiver = waivers.get(result.rule) or waivers.get(result.model.id)
    if waiver is None or result.outcome not in _WAIVABLE:
        return
    details = result.own_details()
    details.without_waiver = result.outcome
    details.reason = waiver.reason
    result.outcome = WAIVED
