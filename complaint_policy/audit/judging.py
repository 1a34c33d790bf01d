"""What the audit needs to know of a policy beforehand: its rules as columns, its fields, the names of its levels, its waivers."""

from __future__ import annotations

from os import PathLike
from typing import Any

from complaint_policy.audit.columns import DecisionColumns, RuleColumn
from complaint_policy.audit.interfaces import AnyPolicy
from complaint_policy.expressions.nodes import Each
from complaint_policy.fields import Field, LogField
from complaint_policy.loader import load_waivers
from complaint_policy.money import minor_digits
from complaint_policy.texts import Text
from complaint_policy.waivers import WaiverSet

__all__ = ["classifiers_of_policy", "columns_of_policy", "fields_of_policy", "levels_of_policy", "logs_of_policy", "roles_of_policy", "waivers_of"]


def columns_of_policy(policy: AnyPolicy) -> DecisionColumns:
    """The rules of every version, in the order of the policy; a rule of several versions stands once."""
    rules: dict[str, RuleColumn] = {}
    for kind in policy.kinds:
        if kind.judged or kind.kind == "penalty":
            for version in policy.versions:
                for rule in version.model.section(kind.key):
                    repeated = isinstance(getattr(rule, "start", None), Each) or (rule.id in rules and rules[rule.id].repeated)
                    waivable = bool(getattr(rule, "waivable_by", ())) or (rule.id in rules and rules[rule.id].waivable)
                    rules[rule.id] = RuleColumn(rule.id, kind.kind, rule.name, kind.judged, rule.duty_of, waivable, repeated)
    return DecisionColumns(tuple(rules.values()), policy.zone.name, minor_digits(policy.currency))


def fields_of_policy(policy: AnyPolicy) -> tuple[Field, ...]:
    """The fields of every version; of one that changed, its latest form."""
    fields: dict[str, Field] = {}
    for version in policy.versions:
        fields |= version.model.fields
    return tuple(fields.values())


def logs_of_policy(policy: AnyPolicy) -> tuple[LogField, ...]:
    """The event log as each version declares it."""
    found = (version.model.fields.get("events") for version in policy.versions if hasattr(version, "model"))
    return tuple(log for log in found if isinstance(log, LogField))


def classifiers_of_policy(policy: AnyPolicy) -> dict[str, Text]:
    """The titles of the classifiers that are asked: what they leave undecided is missing under their names."""
    found: dict[str, Text] = {}
    for version in policy.versions:
        found |= {name: one.title for name, one in getattr(getattr(version, "model", None), "classifiers", {}).items()}
    return found


def levels_of_policy(policy: AnyPolicy) -> dict[str, Text]:
    """The levels of severity, the highest first, with their titles."""
    levels: dict[str, Text] = {}
    for version in reversed(policy.versions):
        section = version.model.section("severity")
        for level in reversed(getattr(section, "levels", ())):
            levels.setdefault(level, section.title_of(level))
    return levels


def roles_of_policy(policy: AnyPolicy) -> dict[str, Text]:
    """The titles of departments and roles, where the policy gives them; the latest version's."""
    titles: dict[str, Text] = {}
    for version in getattr(policy, "versions", ()):
        titles |= getattr(getattr(version, "model", None), "roles", {})
    return titles


def waivers_of(policy: AnyPolicy, given: Any) -> WaiverSet:
    """Waivers as they are handed to an audit: a path, YAML text, a list, or checked ones."""
    if isinstance(given, PathLike) or (isinstance(given, str) and "\n" not in given and given.lower().endswith((".yaml", ".yml"))):
        return load_waivers(policy, given)  # type: ignore[arg-type]  # a stranger's policy reads its own
    if isinstance(given, WaiverSet):
        return given
    checked: WaiverSet = policy.read_waivers(given if isinstance(given, (str, bytes)) else list(given))
    return checked
