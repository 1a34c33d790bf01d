"""Escalation: who else is told, and when."""

from complaint_policy.kinds import RuleKind, ids_of_list
from complaint_policy.rules.escalation.build import SCHEMA, build
from complaint_policy.rules.escalation.record import steps
from complaint_policy.rules.escalation.source import emit
from complaint_policy.texts import Text

__all__ = ["KIND"]

KIND = RuleKind(
    key="escalation",
    kind="escalation",
    title=Text("Escalation", "升级上报"),
    schema=SCHEMA,
    ids=ids_of_list,
    build=build,
    steps=steps,
    emit=emit,
    stricter="complaint_policy.rules.escalation.stricter",
)
