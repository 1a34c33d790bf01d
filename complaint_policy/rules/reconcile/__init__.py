"""Reconcile: the records of a table against a second list, such as a hotline's log: what one has and the other lacks."""

from complaint_policy.kinds import RuleKind, ids_of_list
from complaint_policy.rules.reconcile.build import SCHEMA, build, check
from complaint_policy.texts import Text

__all__ = ["KIND"]

KIND = RuleKind(
    key="reconcile",
    kind="reconciliation",
    title=Text("Reconcile", "核对"),
    schema=SCHEMA,
    ids=ids_of_list,
    build=build,
    steps=lambda section: (),
    check=check,
)
