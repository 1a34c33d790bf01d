"""All complaints that conditions can tell apart: one cell for every combination of cut points.

A field's values fall into finitely many classes under the tests made of it: enumerated values,
true and false, the numbers at, between and beyond the cut points, and *missing*.  A test that
compares with anything but a literal is taken as a question of its own, answered yes or no.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import product
from typing import Any, Final

from complaint_policy.expressions import nodes as n
from complaint_policy.fields import NUMERIC
from complaint_policy.model import PolicyModel

__all__ = ["MISSING", "OTHER", "Cell", "Cells", "shown"]


class _Missing:
    def __repr__(self) -> str:
        return "missing"


class _Other:
    def __repr__(self) -> str:
        return "any other"


MISSING: Final = _Missing()
OTHER: Final = _Other()
Cell = dict[Any, Any]

# More combinations are not enumerated: nothing is then claimed.
_MOST: Final = 6_000


class Cells:
    """The cells of some conditions of a policy.  ``complete`` is false where there are too many to look at."""

    def __init__(self, model: PolicyModel, conditions: list[n.Condition], axes: tuple[str, ...] = (), *, missing: bool = True) -> None:
        self.model = model
        self.missing = missing
        self.values: dict[str, list[Any]] = {}
        self._cuts: dict[str, set[Any]] = {}
        self._named: dict[str, n.NamedValue] = {}
        questions: dict[n.Condition, None] = {}
        for condition in conditions:
            self._collect(condition, questions, 0)
        for axis in axes:
            self._named.setdefault(axis, _axis(axis, model))
            self._cuts.setdefault(axis, set())
        for name, named in self._named.items():
            self.values[name] = self._classes(named)
        self.questions = list(questions)
        size = 1
        for values in self.values.values():
            size *= len(values)
        self.complete = size * 2 ** len(self.questions) <= _MOST if len(self.questions) < 20 else False

    def __iter__(self) -> Iterator[Cell]:
        names = [*self.values, *self.questions]
        for combination in product(*self.values.values(), *([(True, False)] * len(self.questions))):
            yield dict(zip(names, combination, strict=True))

    # ---------------------------------------------------------------- collecting
    def _collect(self, node: n.Condition, questions: dict[n.Condition, None], depth: int) -> None:
        match node:
            case n.All(parts=parts) | n.Any_(parts=parts):
                for part in parts:
                    self._collect(part, questions, depth)
            case n.Not(part=part):
                self._collect(part, questions, depth)
            case n.FactHolds(name=name, kind="fact"):
                expression = self.model.facts[name].expression
                if isinstance(expression, n.Condition) and depth < 20:
                    self._collect(expression, questions, depth + 1)
                else:
                    questions[node] = None
            case n.FactHolds(name=name):
                self._see(n.NamedValue(name, "boolean"))
            case n.Equals(left=left, right=n.Literal(value=value)):
                self._see(left, value)
            case n.Compare(left=left, right=n.Literal(value=value)):
                self._see(left, value)
            case n.OneOf(left=left, values=values):
                self._see(left, *values)
            case n.Present(name=name) if not self._moment(name):
                declared = self.model.fields[name]
                self._see(n.NamedValue(name, declared.kind))
            case n.Always():
                pass
            case _:
                questions[node] = None

    def _moment(self, name: str) -> bool:
        return self.model.fields[name].kind in ("instant", "intervals", "list")

    def _see(self, named: n.NamedValue, *values: Any) -> None:
        self._named.setdefault(named.name, named)
        self._cuts.setdefault(named.name, set()).update(values)

    def _classes(self, named: n.NamedValue) -> list[Any]:
        name, kind = named.name, named.kind
        declared = self.model.fields.get(name)
        values: list[Any]
        if kind == "boolean":
            values = [True, False]
        elif kind == "level":
            values = list(range(len(_levels(self.model))))
        elif kind == "enum" and declared is not None:
            values = list(declared.values)
        elif kind in NUMERIC:
            values = _numbers(sorted(self._cuts[name]), whole=kind == "integer")
        else:
            values = [*sorted(self._cuts[name]), OTHER]
        can_miss = declared is not None and declared.default is None
        return [*values, MISSING] if can_miss and self.missing else values

    # ---------------------------------------------------------------- judging
    def holds(self, node: n.Condition, cell: Cell) -> bool | None:
        """Whether a condition holds in a cell; ``None`` where a missing value leaves it open."""
        match node:
            case n.All(parts=parts):
                return _conjunction(self.holds(p, cell) for p in parts)
            case n.Any_(parts=parts):
                answer = _conjunction(_negated(self.holds(p, cell)) for p in parts)
                return _negated(answer)
            case n.Not(part=part):
                return _negated(self.holds(part, cell))
            case n.Always(value=value):
                return value
            case n.FactHolds(name=name, kind="fact") if node not in cell:
                expression = self.model.facts[name].expression
                return self.holds(expression, cell) if isinstance(expression, n.Condition) else None
            case n.FactHolds(name=name) if name in cell:
                value = cell[name]
                return None if value is MISSING else bool(value)
            case n.Present(name=name) if name in cell:
                return cell[name] is not MISSING
            case n.Equals(left=left, right=n.Literal(value=value)):
                return _of(cell[left.name], lambda v: v == value)
            case n.OneOf(left=left, values=values):
                return _of(cell[left.name], lambda v: v in values)
            case n.Compare(left=left, operation=operation, right=n.Literal(value=value)):
                return _of(cell[left.name], lambda v: _compared(v, operation, value))
        answer = cell.get(node)
        return answer if isinstance(answer, bool) else None


def _axis(name: str, model: PolicyModel) -> n.NamedValue:
    if name == "severity":
        return n.NamedValue("severity", "level", "severity")
    declared = model.fields.get(name)
    if declared is not None:
        return n.NamedValue(name, declared.kind)
    return n.NamedValue(name, model.facts[name].kind, "fact")


def _levels(model: PolicyModel) -> tuple[str, ...]:
    levels: tuple[str, ...] = model.section("severity").levels
    return levels


def _numbers(cuts: list[Any], *, whole: bool) -> list[Any]:
    """A number below, at, between and above the cut points."""
    if not cuts:
        return [0]
    values: list[Any] = [cuts[0] - 1]
    for index, cut in enumerate(cuts):
        values.append(cut)
        if index + 1 < len(cuts):
            following = cuts[index + 1]
            if not whole:
                values.append((Decimal(cut) + Decimal(following)) / 2)
            elif following - cut > 1:
                values.append(cut + 1)
    values.append(cuts[-1] + 1)
    return values


def _of(value: Any, test: Any) -> bool | None:
    return None if value is MISSING else bool(test(value))


def _compared(value: Any, operation: str, limit: Any) -> bool:
    return bool({"at_least": value >= limit, "at_most": value <= limit, "above": value > limit, "below": value < limit}[operation])


def _negated(value: bool | None) -> bool | None:
    return None if value is None else not value


def _conjunction(values: Iterator[bool | None]) -> bool | None:
    unknown = False
    for value in values:
        if value is False:
            return False
        unknown = unknown or value is None
    return None if unknown else True


def shown(cell: Cell, model: PolicyModel) -> str:
    """A cell as the record it stands for: ``category: network, severity: major``."""
    parts: list[str] = []
    for name, value in cell.items():
        if not isinstance(name, str):
            continue
        if name == "severity" and isinstance(value, int):
            value = _levels(model)[value]
        elif isinstance(value, bool):
            value = "true" if value else "false"
        elif isinstance(value, (int, Decimal)):
            value = n.shown_number(value)
        parts.append(f"{name}: {value}")
    return ", ".join(parts)
