"""Numbering: how case numbers are made, held against the numbers of a whole table."""

from complaint_policy.kinds import RuleKind, ids_of_list
from complaint_policy.rules.numbering.build import SCHEMA, build, check
from complaint_policy.texts import Text

__all__ = ["KIND"]

KIND = RuleKind(
    key="numbering",
    kind="numbering",
    title=Text("Numbering", "编号规则"),
    schema=SCHEMA,
    ids=ids_of_list,
    build=build,
    steps=lambda section: (),  # one number says nothing: an audit looks at all of them
    check=check,
)
