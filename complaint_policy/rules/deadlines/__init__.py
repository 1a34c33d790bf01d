"""Deadlines: an act due within a limit of an instant, with ladders, pauses and warnings."""

from complaint_policy.kinds import RuleKind, ids_of_list
from complaint_policy.rules.deadlines.build import SCHEMA, build, check
from complaint_policy.rules.deadlines.explain import message, to_dict
from complaint_policy.rules.deadlines.record import steps
from complaint_policy.rules.deadlines.source import emit
from complaint_policy.texts import Text

__all__ = ["KIND"]

KIND = RuleKind(
    key="deadlines",
    kind="deadline",
    title=Text("Deadlines", "时限"),
    schema=SCHEMA,
    ids=ids_of_list,
    build=build,
    steps=steps,
    check=check,
    judged=True,
    to_dict=to_dict,
    message=message,
    emit=emit,
    stricter="complaint_policy.rules.deadlines.stricter",
    columns="complaint_policy.rules.deadlines.columns",
)
