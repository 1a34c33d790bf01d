"""Requirements: what a record must have or be before a moment, such as its closing."""

from complaint_policy.kinds import RuleKind, ids_of_list
from complaint_policy.rules.requirements.build import SCHEMA, build
from complaint_policy.rules.requirements.explain import message, to_dict
from complaint_policy.rules.requirements.record import steps
from complaint_policy.rules.requirements.source import emit
from complaint_policy.texts import Text

__all__ = ["KIND"]

KIND = RuleKind(
    key="requirements",
    kind="requirement",
    title=Text("Requirements", "要求"),
    schema=SCHEMA,
    ids=ids_of_list,
    build=build,
    steps=steps,
    judged=True,
    to_dict=to_dict,
    message=message,
    emit=emit,
    stricter="complaint_policy.rules.requirements.stricter",
    columns="complaint_policy.rules.requirements.columns",
)
