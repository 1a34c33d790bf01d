"""Responsibility: the matrix that says who owns a case."""

from complaint_policy.kinds import RuleKind, ids_under
from complaint_policy.rules.responsibility.build import SCHEMA, build, check
from complaint_policy.rules.responsibility.model import Matrix
from complaint_policy.rules.responsibility.record import steps
from complaint_policy.rules.responsibility.source import emit
from complaint_policy.texts import Text

__all__ = ["KIND"]

KIND = RuleKind(
    key="responsibility",
    kind="responsibility",
    title=Text("Responsibility", "责任分工"),
    schema=SCHEMA,
    ids=ids_under("rows"),
    build=build,
    steps=lambda section: steps(section) if section.by else (),
    empty=Matrix((), (), None),
    check=lambda section, model, problems: check(section, model, problems) if section.by else None,
    emit=emit,
    stricter="complaint_policy.rules.responsibility.stricter",
    columns="complaint_policy.rules.responsibility.columns",
)
