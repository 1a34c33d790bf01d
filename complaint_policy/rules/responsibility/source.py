"""The matrix in the straight line: one look-up."""

from __future__ import annotations

from typing import Any

from complaint_policy.expressions import nodes as n
from complaint_policy.results import ResponsibilityResult
from complaint_policy.rules.responsibility.model import Matrix
from complaint_policy.rules.responsibility.record import matrix_table
from complaint_policy.straight import Straight, Unsupported


def emit(section: Matrix, source: Straight) -> dict[str, str]:
    if not section.by:
        source.line(f"owner = {source.constant(ResponsibilityResult(None, (), None, (), (), None))}")
        return {"responsibility": "owner"}
    table = matrix_table(section, source.setting)
    if table is None:
        raise Unsupported("matrix")
    others = [_axis(axis, source) for axis in section.by if axis != "severity"]
    if "severity" not in section.by or not others:
        key = ", ".join("rank" if axis == "severity" else _axis(axis, source) for axis in section.by)
        source.line(f"owner = {source.constant(table)}; owner = owner[{key},]")
        return {"responsibility": "owner"}
    # One table a level: the severity has already been told apart.
    position = section.by.index("severity")
    levels: list[dict[Any, Any]] = [{} for _ in source.model.section("severity").levels]
    for found, result in table.items():
        rest = found[:position] + found[position + 1 :]
        levels[found[position]][rest if len(rest) > 1 else rest[0]] = result
    source.line(f"owner = {source.constant(tuple(levels))}[rank][{', '.join(others)}]")
    return {"responsibility": "owner"}


def _axis(axis: str, source: Straight) -> str:
    if axis in source.model.fields:
        return source.field(axis)
    fact = source.model.facts[axis].expression
    if not isinstance(fact, n.Condition):
        raise Unsupported("fact")
    return source.condition(fact)
