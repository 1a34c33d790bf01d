"""Choices on columns: which branch holds, and what the values of the branches make of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from attrs import evolve

from complaint_policy.columns.plan import constant
from complaint_policy.columns.standing import Stand, atoms
from complaint_policy.columns.tabulating import TooWide, tabulated
from complaint_policy.columns.values import LEFT_OVER, Coded, Open
from complaint_policy.expressions import nodes as n
from complaint_policy.possible import Maybe

if TYPE_CHECKING:
    from complaint_policy.columns.instants import Around
    from complaint_policy.columns.sheet import Sheet

__all__ = ["branch_codes", "chosen_values", "may_hold", "unknown_of_choice"]

# A branch among what is missing: no name of a policy begins so.
_BRANCH: Final = "\x1fbranch "


class _Leaves:
    """Conditions of which every part that cannot be taken apart is handed in, and of a test of what is enumerated that value: each once."""

    def __init__(self, sheet: Sheet, around: Around | None) -> None:
        self.sheet, self.around = sheet, around
        self.stand = Stand(sheet)
        self.inputs: list[Coded] = []
        self._standing: dict[n.Expression, str] = {}

    def rebuilt(self, node: n.Condition) -> n.Condition:
        if isinstance(node, n.Not):
            return n.Not(self.rebuilt(node.part))
        if isinstance(node, (n.All, n.Any_)):
            return type(node)(tuple(self.rebuilt(part) for part in node.parts))
        if isinstance(node, n.OneOf) or (isinstance(node, (n.Equals, n.Compare)) and isinstance(node.right, n.Literal)):
            value = self.sheet.value(node.left)
            if isinstance(value, Coded):
                return evolve(node, left=evolve(node.left, name=self._handed_in(node.left, value), source="fact"))
        return n.FactHolds(self._handed_in(node, self.sheet.condition(node, self.around).coded(self.sheet.plan)), "fact")

    def _handed_in(self, node: n.Expression, value: Coded) -> str:
        if node not in self._standing:
            self.inputs.append(value)
            slot = self.stand._slot()
            self._standing[node] = str(slot)
            self.stand.slots[f"fact:{slot}"] = slot
        return self._standing[node]


def _combinations(inputs: list[Coded]) -> int:
    return prod(one.width for one in inputs)


def chosen_values(sheet: Sheet, whens: list[n.Condition | None], thens: list[Coded], names: frozenset[str], around: Around | None = None) -> Coded | None:
    """A choice among values that are codes, as the record evaluation makes it."""
    by_level = any("severity" in n.names_in(when) for when in whens)
    if not by_level:
        # Conditions that look at the same few values have far fewer combinations than each of them by itself.
        leaves = _Leaves(sheet, around)
        rebuilt = [None if when is None else leaves.rebuilt(when) for when in whens]
        tests = [when for when in whens if when is not None]
        few = _combinations(leaves.inputs)
        if few <= 2 ** len(tests) or few < _combinations([sheet.condition(when, around).coded(sheet.plan) for when in tests]):
            return _choice(leaves.stand, leaves.inputs, rebuilt, thens, names)
    stand = Stand(sheet)
    inputs: list[Coded] = []
    conditions: list[n.Condition | None] = []
    if by_level:
        stand.severity()
        inputs.append(sheet.severity())
    for when in whens:
        if when is None:
            conditions.append(None)
            continue
        standing = atoms(sheet, stand, when, inputs, around) if by_level else None
        if standing is None:
            if by_level:
                return None
            inputs.append(sheet.condition(when, around).coded(sheet.plan))
            standing = stand.condition()
        conditions.append(standing)
    return _choice(stand, inputs, conditions, thens, names)


def _choice(stand: Stand, inputs: list[Coded], conditions: list[n.Condition | None], thens: list[Coded], names: frozenset[str]) -> Coded | None:
    functions: list[Callable[[list[Any]], Any]] = []
    for then in thens:
        functions.append(itemgetter(stand._slot()))
        inputs.append(then)
    choose = stand.compiler.choose(list(zip(conditions, functions, strict=True)), names)
    try:
        return tabulated(stand.sheet.plan, inputs, stand.asked(choose), left=LEFT_OVER)
    except TooWide:
        return None


def branch_codes(sheet: Sheet, whens: list[n.Condition | None], names: frozenset[str], around: Around | None) -> Coded:
    """Which branch holds: its number, or a ``Maybe`` of the numbers of those that may; what :func:`may_hold` tells, where it may be none."""
    numbers = [Coded(constant(0, pl.UInt8), (Maybe((index,), frozenset({_marked(index)})),)) for index in range(len(whens))]
    found = chosen_values(sheet, whens, numbers, names, around)
    if found is None:
        raise TooWide
    return found.meaning(tuple(map(_told, found.domain)))


def _marked(branch: int) -> str:
    return f"{_BRANCH}{branch}"


def _told(choice: Any) -> Any:
    """Without the marks of branches that its options tell."""
    if not isinstance(choice, Maybe) or choice.options is None:
        return choice
    missing = frozenset(name for name in choice.missing if not name.startswith(_BRANCH))
    return choice.options[0] if len(choice.options) == 1 else Maybe(choice.options, missing, choice.open)


def may_hold(choice: Maybe) -> tuple[tuple[int, ...], Maybe]:
    """The branches that may hold where it may be none, and what is missing to know which."""
    marks = frozenset(name for name in choice.missing if name.startswith(_BRANCH))
    branches = tuple(sorted(int(mark.removeprefix(_BRANCH)) for mark in marks))
    return branches, Maybe(None, choice.missing - marks, choice.open)


def unknown_of_choice(choice: Maybe, values: Sequence[Any]) -> Maybe:
    """What is unknown where no branch is certain: what those that may hold lack is missing, too."""
    branches, plain = may_hold(choice)
    lacking = [value for value in (values[i] for i in branches) if isinstance(value, (Maybe, Open))]
    missing = plain.missing.union(*(value.missing for value in lacking))
    return Maybe(None, missing, plain.open or any(value.open or (isinstance(value, Open) and value.growing) for value in lacking))
