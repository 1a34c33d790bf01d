"""Severity: from the top, the first level whose condition holds."""

from complaint_policy.kinds import RuleKind, ids_under
from complaint_policy.rules.severity.build import SCHEMA, build, check
from complaint_policy.rules.severity.model import Severity
from complaint_policy.rules.severity.record import steps
from complaint_policy.rules.severity.source import emit
from complaint_policy.texts import Text

__all__ = ["KIND"]

KIND = RuleKind(
    key="severity",
    kind="severity",
    title=Text("Severity", "投诉等级"),
    schema=SCHEMA,
    ids=ids_under("rules"),
    build=build,
    steps=lambda section: steps(section) if section.levels else (),
    empty=Severity((), (), None),
    check=check,
    emit=emit,
    stricter="complaint_policy.rules.severity.stricter",
    columns="complaint_policy.rules.severity.columns",
)
