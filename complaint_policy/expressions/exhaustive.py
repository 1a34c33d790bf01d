"""Whether the branches of a choice leave nothing out: then the last of them needs no condition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from complaint_policy.expressions import nodes as n
from complaint_policy.fields import Field

__all__ = ["exhausted"]


def exhausted(conditions: Iterable[n.Condition], fields: Mapping[str, Field]) -> bool:
    """Whether one of the conditions holds whatever the value of the one field they all test.

    A field that may be stated to be none has a value that no test of its values takes.
    """
    tested: set[str] = set()
    taken: set[Any] = set()
    for condition in conditions:
        found = _values(condition)
        if found is None:
            return False
        name, values = found
        tested.add(name)
        taken |= values
    declared = fields.get(next(iter(tested))) if len(tested) == 1 else None
    if declared is None or declared.empty == "none":
        return False
    return taken >= ({True, False} if declared.type == "boolean" else set(declared.values or (None,)))


def _values(condition: n.Condition) -> tuple[str, set[Any]] | None:
    """The field a condition tests, and the values for which it holds."""
    match condition:
        case n.FactHolds(name=name, kind="field"):
            return name, {True}
        case n.Not(part=n.FactHolds(name=name, kind="field")):
            return name, {False}
        case n.Equals(left=n.NamedValue(name=name, kind="enum", source="field"), right=n.Literal(value=value)):
            return name, {value}
        case n.OneOf(left=n.NamedValue(name=name, kind="enum", source="field"), values=values):
            return name, set(values)
    return None
