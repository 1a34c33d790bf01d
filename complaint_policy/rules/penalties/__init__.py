"""Penalties: what a breach costs, as a proposal inside a range."""

from complaint_policy.kinds import RuleKind, ids_of_list
from complaint_policy.rules.penalties.build import SCHEMA, build, check
from complaint_policy.rules.penalties.explain import message, to_dict
from complaint_policy.rules.penalties.record import steps
from complaint_policy.rules.penalties.source import emit
from complaint_policy.texts import Text

__all__ = ["KIND"]

KIND = RuleKind(
    key="penalties",
    kind="penalty",
    title=Text("Penalties", "处罚与赔偿"),
    schema=SCHEMA,
    ids=ids_of_list,
    build=build,
    steps=steps,
    check=check,
    to_dict=to_dict,
    message=message,
    emit=emit,
    stricter="complaint_policy.rules.penalties.stricter",
    columns="complaint_policy.rules.penalties.columns",
)
