"""Admission: whether a complaint is to be taken on at all.  A refusal is no breach of the company's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import frozen

from complaint_policy.building import Builder
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.parse_conditions import parse_condition
from complaint_policy.frame import Rule, settler
from complaint_policy.head import text_of
from complaint_policy.kinds import Piece, RuleKind, Setting, Step, ids_of_list
from complaint_policy.outcomes import BREACHED, EXEMPT, INDETERMINATE, MET, NOT_APPLICABLE, PENDING
from complaint_policy.results import AdmissionResult, Settled
from complaint_policy.schemas import ref, rules
from complaint_policy.texts import Text

if TYPE_CHECKING:
    from complaint_policy.explaining import Words
    from complaint_policy.straight import Straight

__all__ = ["KIND"]

State = list[Any]


@frozen(kw_only=True)
class Admission(Rule):
    require: n.Condition
    refusal: Text | None = None


def build(pieces: list[Piece], builder: Builder) -> tuple[Admission, ...]:
    made: list[Admission] = []
    for node, env in builder.merged(pieces):
        frame = builder.frame(node, env)
        if "duty_of" not in node:
            frame["duty_of"] = "complainant"
        given = node.get("require")
        require = parse_condition(given, env) if given is not None else None
        if require is not None:
            made.append(Admission(**frame, require=require, refusal=text_of(node.get("reason"))))
    return tuple(made)


def steps(section: tuple[Admission, ...]) -> Iterable[Step]:
    for rule in section:
        found: dict[str, None] = {}
        for part in (rule.when, rule.require, *(e.when for e in rule.exempt)):
            found.update(n.names_in(part))
        yield Step(f"rule:{rule.id}", tuple(found), partial(_compile, rule), rule.place)


def _compile(rule: Admission, setting: Setting) -> Callable[[State], Settled]:
    require = setting.compiler.condition(rule.require)

    def judge(state: State) -> AdmissionResult:
        return judged(rule, require(state) if require is not None else True)

    return settler(rule, setting.compiler, setting.scope, judge, setting.waivers, AdmissionResult(rule, NOT_APPLICABLE))


def judged(rule: Admission, holds: Any) -> AdmissionResult:
    """The outcome by whether the condition holds."""
    if holds is True:
        return AdmissionResult(rule, MET)
    if holds is False:
        result = AdmissionResult(rule, BREACHED)
        if rule.refusal is not None:
            result.own_details().reason = rule.refusal
        return result
    result = AdmissionResult(rule, INDETERMINATE if holds.missing else PENDING)
    details = result.own_details()
    details.missing, details.possible = tuple(sorted(holds.missing)), frozenset({MET, BREACHED})
    return result


def emit(section: tuple[Admission, ...], source: Straight) -> dict[str, str]:
    """Admission in the straight line: every result there can be is made beforehand."""
    for index, rule in enumerate(section):
        source.line(f"a{index} = {_emitted(rule, source)}")
        source.results[rule.id] = f"a{index}"
    return {"_admission": "(" + "".join(f"a{index}, " for index in range(len(section))) + ")"} if section else {}


def _emitted(rule: Admission, source: Straight) -> str:
    """The expression of the result, in the order of the frame: when, exempt, outcome."""
    text = f"{source.constant(judged(rule, True))} if {source.condition(rule.require)} else {source.constant(judged(rule, False))}"
    for exemption in reversed(rule.exempt):
        exempt = AdmissionResult(rule, EXEMPT)
        exempt.own_details().reason = exemption.reason
        text = f"{source.constant(exempt)} if {source.condition(exemption.when)} else {text}"
    if rule.when is not None:
        text = f"({text}) if {source.condition(rule.when)} else {source.constant(AdmissionResult(rule, NOT_APPLICABLE))}"
    return f"({text})"


def to_dict(result: AdmissionResult) -> dict[str, Any]:
    reason = result.reason.to_dict() if result.reason is not None else None
    return {"rule": result.rule, "outcome": result.outcome, "admitted": result.admitted, "reason": reason, "missing": list(result.missing)}


def message(result: AdmissionResult, words: Words) -> Text:
    rule: Any = result.model
    if result.outcome == BREACHED:
        reason = rule.refusal or words.condition(rule.require)
        return Text("{t}: not admitted ({r}).", "{t}：不予受理（{r}）。").filled(t=rule.name, r=reason)
    if result.outcome == INDETERMINATE:
        return Text("{t}: cannot be decided without {m}.", "{t}：缺少{m}，无法判定。").filled(t=rule.name, m=words.fields(result.missing))
    return words.settled(result)


KIND = RuleKind(
    key="admission",
    kind="admission",
    title=Text("Admission", "受理条件"),
    schema=rules({"require": ref("condition"), "reason": ref("text")}, ("require",)),
    ids=ids_of_list,
    build=build,
    steps=steps,
    judged=True,
    to_dict=to_dict,
    message=message,
    emit=emit,
    stricter="complaint_policy.rules.admission.stricter",
    columns="complaint_policy.rules.admission.columns",
)
