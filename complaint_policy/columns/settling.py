"""How a rule's frame settles results on columns: scope, when, exempt, by the record evaluation's own settler."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import polars as pl
from attrs import evolve

from complaint_policy.columns.plan import constant
from complaint_policy.columns.sheet import Sheet, Verdicts
from complaint_policy.columns.standing import Stand
from complaint_policy.columns.tabulating import TooWide, among, tabulated
from complaint_policy.columns.values import LEFT, Coded, is_left
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.moments import AS_OF
from complaint_policy.frame import Rule, Waived, settler
from complaint_policy.outcomes import BREACHED, INDETERMINATE, RANK
from complaint_policy.possible import NOT_YET, Maybe
from complaint_policy.results import Details, Settled, copied
from complaint_policy.texts import Text

__all__ = [
    "applies_to",
    "begins_anew",
    "fresh",
    "is_endless",
    "key_for",
    "leave_undecided",
    "left_result",
    "left_where_it_may_apply",
    "narrowed",
    "rank_of",
    "settled_results",
]

T = TypeVar("T")
R = TypeVar("R", bound=Settled)


def key_for(sheet: Sheet, rule: Rule) -> Callable[[Any], Any]:
    """What other rules, and the table of decisions, can see of a rule's results."""
    anew = begins_anew(sheet, rule.id)
    if rule.id in sheet.named:
        return lambda result: (
            result.outcome,
            result.missing,
            result.possible,
            getattr(result, "begun", None) is NOT_YET,
            result.without_waiver,
            anew and is_endless(result),
        )
    # Where no condition asks for the outcome, what it may yet become does not matter; a penalty asks for breaches,
    # and an exemption whether anything is said of it.
    return lambda result: (
        result.outcome,
        result.missing,
        result.outcome == INDETERMINATE and (result.possible is None or (BREACHED in result.possible,)),
        result.without_waiver,
        anew and is_endless(result),
    )


def begins_anew(sheet: Sheet, rule: str) -> bool:
    """Whether a rule is a duty that begins anew."""
    return isinstance(getattr(sheet.model.rule(rule), "start", None), n.Each)


def is_endless(result: Any) -> bool:
    """Of a duty that begins anew: whether it may have begun any number of times, as :attr:`~.repeated.RepeatedDeadline.endless` has it."""
    begun = getattr(result, "begun", None)
    return isinstance(begun, Maybe) and begun.options is None


def rank_of(result: Any) -> int:
    """The place of a result's outcome in the order of a decision's status: then the codes are the outcomes."""
    return RANK[result.outcome]


def left_result(rule: Rule, like: Settled | None = None) -> Settled:
    """The result that leaves a row to the record evaluation."""
    details = Details()
    details.missing = (LEFT,)
    if like is None:
        return Settled(rule, INDETERMINATE, details)
    made = copied(like)
    made.outcome, made._more = INDETERMINATE, details
    return made


def fresh(result: R) -> R:
    """A copy that may be changed."""
    made = copied(result)
    if made._more is not None:
        made._more = copied(made._more)
    return made


def settled_results(sheet: Sheet, rule: Rule, raw: Coded, apart: Settled) -> Coded:
    """The results ``raw`` as the rule's frame leaves them; rows with a waiver are left to the record evaluation."""
    scoped = sheet.model.scope is not None
    waived = sheet.waived(rule.id) if rule.waivable_by else None
    if not scoped and rule.when is None and not rule.exempt and waived is None:
        return raw
    stand = Stand(sheet)
    held: list[Any] = [None]
    inputs = [raw]
    stand.order.append(AS_OF)  # the result is handed in beside the state
    scope = None
    if scoped:
        inputs.append(sheet.scope().coded(sheet.plan))
        scope = stand.condition()
    when = None
    if rule.when is not None:
        inputs.append(sheet.condition(rule.when).coded(sheet.plan))
        when = stand.condition()
    exempt = []
    for exemption in rule.exempt:
        inputs.append(sheet.condition(exemption.when).coded(sheet.plan))
        exempt.append(evolve(exemption, when=stand.condition()))
    slot = 0
    if waived is not None:
        inputs.append(waived.coded(sheet.plan))
        slot = stand._slot()
    standing = evolve(rule, when=when, exempt=tuple(exempt), waivable_by=rule.waivable_by if waived is not None else ())
    settle = settler(standing, stand.compiler, scope, lambda state: held[0], slot, apart)
    exemptions = slice(len(inputs) - len(exempt) - (waived is not None) - 1, len(inputs) - (waived is not None) - 1)
    waiver = {rule.id: Waived(rule.id, "", Text("", ""))}

    def answer(result: Settled, *conditions: Any) -> Settled:
        # What does not apply either way is shown with its limit only where it may apply.
        # An exemption nobody knows may leave an outcome as it is; one that is only not known here must not.
        if _unsettled(conditions[: exemptions.start], False) or _unsettled(conditions[exemptions], True):
            return left_result(rule, apart)
        held[0] = fresh(result)
        state = stand.state((None, *conditions))
        if waived is not None:
            if isinstance(state[slot], Maybe):
                return left_result(rule, apart)
            state[slot] = waiver if state[slot] else None
        return settle(state)

    return tabulated(sheet.plan, inputs, answer, key=key_for(sheet, rule), place=rank_of, left=left_result(rule, apart))


def _unsettled(conditions: Sequence[Any], decisive: bool) -> bool:
    """Whether columns cannot tell one of the conditions, and none of them decides for all."""
    return any(isinstance(c, Maybe) and is_left(c.missing) for c in conditions) and not any(c is decisive for c in conditions)


def narrowed(sheet: Sheet, rule: Rule, *ways: Callable[[], T]) -> T:
    """The first of the ways that needs no table that is too wide; the last needs none.

    A rule that no column can judge costs the rows that it may apply to, not all of its version.
    """
    *tried, last = ways
    for way in tried:
        try:
            return way()
        except TooWide:
            if rule.id not in sheet.reasons:
                sheet.reasons.append(rule.id)
    return last()


def left_where_it_may_apply(sheet: Sheet, rule: Rule, apart: Settled, made: Callable[[], Verdicts]) -> Verdicts:
    """What ``made`` gives of a rule without instants; what is too wide leaves the rows the rule may apply to."""
    left = Coded(constant(0, pl.UInt8), (left_result(rule, apart),))
    return narrowed(sheet, rule, made, lambda: Verdicts(settled_results(sheet, rule, left, apart)), lambda: Verdicts(left))


def applies_to(sheet: Sheet, rule: Rule) -> Callable[[], Any] | None:
    """The column that says whether a rule applies at all, or None where every rule of its kind does."""
    if sheet.model.scope is None and rule.when is None:
        return None

    def make() -> Any:
        from complaint_policy.columns.conditions import conjunction

        parts = [sheet.scope()] if sheet.model.scope is not None else []
        return conjunction(sheet, [*parts, *([sheet.condition(rule.when)] if rule.when is not None else [])])

    return make


def leave_undecided(sheet: Sheet, coded: Coded) -> None:
    """Rows whose result columns cannot give are left to the record evaluation."""
    if any(is_left(r.missing) for r in coded.domain if r is not None):
        sheet.leave(among(coded, lambda r: r is not None and is_left(r.missing)))
