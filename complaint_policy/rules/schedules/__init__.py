"""Schedules: duties that come back every week, month, quarter, half year or year, judged by a register of what was done."""

from complaint_policy.kinds import RuleKind, ids_of_list
from complaint_policy.rules.schedules.build import SCHEMA, build, check
from complaint_policy.texts import Text

__all__ = ["KIND"]

KIND = RuleKind(
    key="schedules",
    kind="schedule",
    title=Text("Schedules", "定期义务"),
    schema=SCHEMA,
    ids=ids_of_list,
    build=build,
    steps=lambda section: (),  # no record has an outcome of it
    check=check,
    stricter="complaint_policy.rules.schedules.stricter",
)
