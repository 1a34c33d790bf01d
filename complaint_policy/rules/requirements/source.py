"""Requirements in the straight line: every result there can be is made beforehand."""

from __future__ import annotations

from complaint_policy.expressions import nodes as n
from complaint_policy.outcomes import BREACHED, EXEMPT, MET, NOT_APPLICABLE, PENDING
from complaint_policy.results import RequirementResult
from complaint_policy.rules.requirements.model import Requirement
from complaint_policy.straight import Straight, Unsupported


def emit(section: tuple[Requirement, ...], source: Straight) -> dict[str, str]:
    for index, rule in enumerate(section):
        source.line(f"r{index} = {_requirement(rule, source)}")
        source.results[rule.id] = f"r{index}"
    return {"requirements": "(" + "".join(f"r{index}, " for index in range(len(section))) + ")"}


def _requirement(rule: Requirement, source: Straight) -> str:
    """The expression of a requirement's result, in the order of the frame: when, exempt, outcome."""
    if not isinstance(rule.before, n.NamedInstant) or rule.before.kind != "field":
        raise Unsupported(rule.id)
    before, received = source.field(rule.before.name), source.field("received_at")
    # A time that nobody has compared with the receipt may be unusable: not ordinary.
    source.line(f"if {before} is not None and {before} < {received}: return None")
    met, pending, breached = (source.constant(RequirementResult(rule, outcome, rule.event)) for outcome in (MET, PENDING, BREACHED))
    text = f"{met} if {source.condition(rule.require)} else {pending} if {before} is None else {breached}"
    for exemption in reversed(rule.exempt):
        exempt = RequirementResult(rule, EXEMPT, rule.event)
        exempt.own_details().reason = exemption.reason
        text = f"{source.constant(exempt)} if {source.condition(exemption.when)} else {text}"
    if rule.when is not None:
        text = f"({text}) if {source.condition(rule.when)} else {source.constant(RequirementResult(rule, NOT_APPLICABLE, rule.event))}"
    return f"({text})"
