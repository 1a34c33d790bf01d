"""What the columns of a policy's tables are enumerations of: the values of its fields, its levels, its owners."""

from __future__ import annotations

from typing import Any

import polars as pl

from complaint_policy.audit.interfaces import AnyPolicy, has_columns

__all__ = ["enums_of", "level_type", "owner_type"]


def level_type(policy: AnyPolicy) -> Any:
    """Levels as an enumeration, from the lowest, those of the latest version first."""
    if not has_columns(policy):
        return pl.String()
    levels = list(dict.fromkeys(level for version in reversed(policy.versions) for level in getattr(version.model.section("severity"), "levels", ())))
    return pl.Enum(levels) if levels else pl.String()


def owner_type(policy: AnyPolicy) -> Any:
    if not has_columns(policy):
        return pl.String()
    owners = owners_of(policy)
    return pl.Enum(owners) if owners else pl.String()


def enums_of(policy: AnyPolicy) -> frozenset[str]:
    """The fields that are enumerations in every version, few enough of values to be compared with each."""
    kinds = [{n for n, f in version.model.fields.items() if f.type == "enum" and 0 < len(f.values) <= 64} for version in policy.versions]
    return frozenset(set.intersection(*kinds)) if kinds else frozenset()


def owners_of(policy: AnyPolicy) -> list[str]:
    """Every owner a version of the policy can name."""
    found: dict[str, None] = {}
    for version in policy.versions:
        section = version.model.section("responsibility")
        for row in getattr(section, "rows", ()):
            found[row.roles.owner] = None
        if getattr(section, "otherwise", None) is not None:
            found[section.otherwise.owner] = None
    return list(found)
