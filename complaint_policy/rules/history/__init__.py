"""History: what the other records of a table say of one: how many came before it, and which of them are one matter."""

from complaint_policy.kinds import RuleKind
from complaint_policy.rules.history.build import SCHEMA, build, check, fields, ids
from complaint_policy.rules.history.model import NO_HISTORY
from complaint_policy.texts import Text

__all__ = ["KIND"]

KIND = RuleKind(
    key="history",
    kind="history",
    title=Text("History", "历史"),
    schema=SCHEMA,
    ids=ids,
    build=build,
    steps=lambda section: (),
    empty=NO_HISTORY,
    check=check,
    fields=fields,
)
