"""The matrix in the straight line: one look-up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from complaint_policy.expressions import nodes as n
from complaint_policy.kinds import Setting
from complaint_policy.results import ResponsibilityResult
from complaint_policy.rules.responsibility.index import OTHER_TEXT, Index
from complaint_policy.rules.responsibility.model import Matrix
from complaint_policy.rules.responsibility.record import MOST_KEYS, matrix_table, results_of
from complaint_policy.straight import Straight, Unsupported


def emit(section: Matrix, source: Straight) -> dict[str, str]:
    if not section.by:
        source.line(f"owner = {source.constant(ResponsibilityResult(None, (), None, (), (), None))}")
        return {"responsibility": "owner"}
    table = matrix_table(section, source.setting)
    if table is None:
        owners = Owners(section, source.setting)
        key = ", ".join("rank" if axis == "severity" else _axis(axis, source) for axis in section.by)
        source.line(f"owner = {source.constant(owners)}; owner = owner[{key},]")
        return {"responsibility": "owner"}
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


class Owners(dict[tuple[Any, ...], ResponsibilityResult]):
    """The owner by the values of the axes, found when they first come up."""

    def __init__(self, section: Matrix, setting: Setting) -> None:
        super().__init__()
        self._index = Index(section, setting)
        if not self._index.decides:
            raise Unsupported("matrix")
        self._results, self._rest = results_of(section)

    def __missing__(self, key: tuple[Any, ...]) -> ResponsibilityResult:
        """Raises ``KeyError`` for a value that an axis cannot have, and where nobody is named: not ordinary."""
        values = [axis.value_of(_exact(value)) for axis, value in zip(self._index.axes, key, strict=True)]
        if None in values:
            raise KeyError(key)
        row = self._index.first(values)
        found = self._rest if row is None else self._results[row]
        if found is None:
            raise KeyError(key)
        if OTHER_TEXT not in values and len(self) < MOST_KEYS:  # other texts are many, and may be long
            self[key] = found
        return found


def _exact(value: Any) -> Any:
    """A float as the number of its shortest text."""
    return Decimal(repr(value)) if value.__class__ is float else value


def _axis(axis: str, source: Straight) -> str:
    if axis in source.model.fields:
        return source.field(axis)
    fact = source.model.facts[axis].expression
    if not isinstance(fact, n.Condition):
        raise Unsupported("fact")
    return source.condition(fact)
