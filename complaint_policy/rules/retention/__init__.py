"""Retention: how long the file must be kept.  Deleted before that is a breach; kept so far is met."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

from attrs import frozen

from complaint_policy.building import Builder
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.parse_instants import parse_instant
from complaint_policy.frame import Rule, settler
from complaint_policy.instants import missing_of
from complaint_policy.kinds import Piece, RuleKind, Setting, Step, ids_of_list
from complaint_policy.outcomes import BREACHED, INDETERMINATE, MET, NOT_APPLICABLE, PENDING
from complaint_policy.possible import NONE, NOT_YET, Interval, options_of
from complaint_policy.results import RetentionResult, Settled
from complaint_policy.schemas import ref, rules
from complaint_policy.texts import Text
from complaint_policy.wording import day_text, moment_text
from complaint_policy.zones import Zone

if TYPE_CHECKING:
    from complaint_policy.explaining import Words

__all__ = ["KIND"]

State = list[Any]


@frozen(kw_only=True)
class Retention(Rule):
    keep_until: n.Instant
    deleted: n.Instant


def build(pieces: list[Piece], builder: Builder) -> tuple[Retention, ...]:
    made: list[Retention] = []
    for node, env in builder.merged(pieces):
        frame = builder.frame(node, env)
        keep, deleted = node.get("keep_until"), node.get("deleted")
        until = parse_instant(keep, env) if keep is not None else None
        gone = parse_instant(deleted, env) if deleted is not None else None
        if until is not None and gone is not None:
            made.append(Retention(**frame, keep_until=until, deleted=gone))
    return tuple(made)


def steps(section: tuple[Retention, ...]) -> Iterable[Step]:
    for rule in section:
        found: dict[str, None] = {}
        for part in (rule.when, rule.keep_until, rule.deleted, *(e.when for e in rule.exempt)):
            found.update(n.names_in(part))
        yield Step(f"rule:{rule.id}", tuple(found), partial(_compile, rule), rule.place)


def _compile(rule: Retention, setting: Setting) -> Callable[[State], Settled]:
    keep, deleted = setting.compiler.instant(rule.keep_until), setting.compiler.instant(rule.deleted)
    zone = setting.zone

    def judge(state: State) -> RetentionResult:
        return judged(rule, keep(state), deleted(state), zone)

    return settler(rule, setting.compiler, setting.scope, judge, setting.waivers, RetentionResult(rule, NOT_APPLICABLE, NONE, NONE, zone))


def judged(rule: Retention, until: Any, gone: Any, zone: Zone) -> RetentionResult:
    """The outcome by the end of the period and the deletion, with all they may be."""
    result = RetentionResult(rule, PENDING, until, gone, zone)
    possible: set[str] = set()
    for a, b in product(options_of(until) or (None,), options_of(gone) or (None,)):
        possible |= _outcomes(a, b)
    if len(possible) == 1:
        result.outcome = possible.pop()
        return result
    missing = missing_of(until) | missing_of(gone)
    result.outcome = INDETERMINATE if missing else PENDING
    details = result.own_details()
    details.missing, details.possible = tuple(sorted(missing)), frozenset(possible)
    return result


def _outcomes(until: Any, gone: Any) -> set[str]:
    if until is NONE:
        return {NOT_APPLICABLE}
    if until is NOT_YET:
        # The period has not begun: a file deleted before it did was deleted too early.
        return {PENDING} if gone is NOT_YET else {BREACHED} if gone is not None else {PENDING, BREACHED}
    if gone is NOT_YET or gone is NONE:
        return {MET}
    if until is None or gone is None:
        return {MET, BREACHED}
    low, high = (until.low, until.high) if until.__class__ is Interval else (until, until)
    first, last = (gone.low, gone.high) if gone.__class__ is Interval else (gone, gone)
    return ({MET} if last > low else set()) | ({BREACHED} if first <= high else set())


def to_dict(result: RetentionResult) -> dict[str, Any]:
    keep, gone = result.keep_until, result.deleted_at or result.deleted_on
    return {
        "rule": result.rule,
        "outcome": result.outcome,
        "keep_until": keep.isoformat() if keep else None,
        "deleted_at": gone.isoformat() if gone else None,
        "missing": list(result.missing),
    }


def message(result: RetentionResult, words: Words) -> Text:
    keep = result.keep_until
    gone = moment_text(result.deleted_at) if result.deleted_at is not None else day_text(result.deleted_on) if result.deleted_on is not None else None
    if result.outcome == BREACHED and gone is not None:
        until = moment_text(keep) if keep is not None else Text("a period that had not begun", "尚未起算的保存期届满")
        return Text("{t}: to be kept until {k}, deleted {g}.", "{t}：应保存至{k}，已于{g}删除。").filled(t=result.model.name, k=until, g=gone)
    if result.outcome == INDETERMINATE:
        return Text("{t}: cannot be decided without {m}.", "{t}：缺少{m}，无法判定。").filled(t=result.model.name, m=words.fields(result.missing))
    if result.outcome == MET and keep is not None:
        return Text("{t}: to be kept until {k}.", "{t}：应保存至{k}。").filled(t=result.model.name, k=moment_text(keep))
    if result.outcome == PENDING and keep is None:
        return Text("{t}: the period has not begun to run.", "{t}：保存期尚未起算。").filled(t=result.model.name)
    return words.settled(result)


KIND = RuleKind(
    key="retention",
    kind="retention",
    title=Text("Retention", "档案保存"),
    schema=rules({"keep_until": ref("instant"), "deleted": ref("instant")}, ("keep_until", "deleted")),
    ids=ids_of_list,
    build=build,
    steps=steps,
    judged=True,
    to_dict=to_dict,
    message=message,
    stricter="complaint_policy.rules.retention.stricter",
    columns="complaint_policy.rules.retention.columns",
)
