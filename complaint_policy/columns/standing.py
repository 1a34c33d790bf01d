"""The record evaluation asked on made-up states, with what columns have made of its parts in their place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from complaint_policy.columns.values import Coded
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.compile import Compiler
from complaint_policy.expressions.moments import FIRST_FREE

if TYPE_CHECKING:
    from complaint_policy.columns.instants import Around
    from complaint_policy.columns.sheet import Sheet

__all__ = ["Stand", "atoms"]


class Stand:
    """The record evaluation on made-up states: every part that has a column stands as a slot of its own."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.slots = {"severity": FIRST_FREE}
        self._free = FIRST_FREE + 1
        self.order: list[int] = []  # the slots of the inputs, in the order they are handed in
        self._values: dict[n.Value, int] = {}
        self._conditions: dict[n.Condition, int] = {}
        self.compiler = _Standing(self, sheet)

    def _slot(self) -> int:
        self._free += 1
        self.order.append(self._free - 1)
        return self._free - 1

    def severity(self) -> None:
        self.order.append(FIRST_FREE)

    def value(self, node: n.Value) -> None:
        """A part of the expression that is handed in."""
        slot = self._slot()
        self._values.setdefault(node, slot)

    def condition(self) -> n.Condition:
        """A condition that is handed in."""
        slot = self._slot()
        self.slots[f"fact:{slot}"] = slot
        return n.FactHolds(str(slot), "fact")

    def whole_condition(self, node: n.Condition) -> None:
        """A condition of the expression that is handed in where it stands."""
        slot = self._slot()
        self._conditions.setdefault(node, slot)

    def held(self, node: n.Expression) -> int | None:
        if isinstance(node, n.Value):
            return self._values.get(node)
        return self._conditions.get(node) if isinstance(node, n.Condition) else None

    def state(self, values: tuple[Any, ...]) -> list[Any]:
        state: list[Any] = [None] * (self._free + 1)
        for slot, one in zip(self.order, values, strict=True):
            state[slot] = one
        return state

    def asked(self, function: Callable[[list[Any]], Any]) -> Callable[..., Any]:
        """The function of the inputs' values."""
        return lambda *values: function(self.state(values))


class _Standing(Compiler):
    """Compiles expressions whose parts may be handed in."""

    def __init__(self, stand: Stand, sheet: Sheet) -> None:
        super().__init__(stand.slots, sheet.zone)
        self.stand = stand

    def value(self, node: n.Value) -> Callable[[list[Any]], Any]:
        slot = self.stand.held(node)
        return super().value(node) if slot is None else lambda state: state[slot]

    def condition(self, node: n.Condition | None) -> Callable[[list[Any]], Any] | None:
        slot = None if node is None else self.stand.held(node)
        return super().condition(node) if slot is None else lambda state: state[slot]


def _free_of_severity(node: n.Expression) -> bool:
    return "severity" not in n.names_in(node)


def atoms(sheet: Sheet, stand: Stand, node: n.Condition, inputs: list[Coded], around: Around | None) -> n.Condition | None:
    """The condition with every part that says nothing of severity handed in; None where that cannot be."""
    if _free_of_severity(node):
        inputs.append(sheet.condition(node, around).coded(sheet.plan))
        return stand.condition()
    if isinstance(node, n.Not):
        part = atoms(sheet, stand, node.part, inputs, around)
        return None if part is None else n.Not(part)
    if isinstance(node, (n.All, n.Any_)):
        parts = [atoms(sheet, stand, p, inputs, around) for p in node.parts]
        known = tuple(p for p in parts if p is not None)
        return type(node)(known) if len(known) == len(parts) else None
    plain = isinstance(node, (n.Equals, n.Compare)) and isinstance(node.right, n.Literal) and node.left.source == "severity"
    if plain or (isinstance(node, n.OneOf) and node.left.source == "severity"):
        return node
    return None
