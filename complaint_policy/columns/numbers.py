"""Values on columns: what can be enumerated as codes, numbers and texts as columns."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import polars as pl
from attrs import evolve

from complaint_policy.columns import arithmetic, several, spans
from complaint_policy.columns.computed import computed_value
from complaint_policy.columns.plan import constant, looked_up, on
from complaint_policy.columns.tabulating import TooWide, tabulated
from complaint_policy.columns.values import KNOWN, LEFT_OVER, Coded, Column, left_column
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.compile import Compiler
from complaint_policy.expressions.computed import Computed
from complaint_policy.expressions.evidence import Classified
from complaint_policy.expressions.moments import FIRST_FREE
from complaint_policy.possible import Empty, Maybe

if TYPE_CHECKING:
    from complaint_policy.columns.instants import Around
    from complaint_policy.columns.sheet import Sheet

__all__ = ["Stand", "atoms", "branch_codes", "finite", "value"]


def value(sheet: Sheet, node: n.Value) -> Column | Coded:
    match node:
        case n.Literal(value=literal):
            return Coded(constant(0, pl.UInt8), (literal,))
        case n.NamedValue(name=name, source="field" | "entry", kind=kind):
            if kind == "instant":
                return left_column("instant")
            return sheet.field_column(name)
        case n.NamedValue(name=name, source="fact"):
            expression = sheet.model.facts[name].expression
            if isinstance(expression, n.Value):
                return sheet.fact(name, lambda: sheet.value(expression))
            return sheet.fact(name, lambda: sheet.condition(expression)) if isinstance(expression, n.Condition) else left_column("instant")
        case n.NamedValue(source="severity"):
            return sheet.severity()
        case n.NamedValue(source="owner"):
            return sheet.owner()
        case n.Arithmetic(parts=parts):
            inputs = [finite(sheet, sheet.value(p)) for p in parts]
            if all(i is not None for i in inputs):
                stand = Stand(sheet)
                for part in parts:
                    stand.value(part)
                calculated = stand.asked(stand.compiler.arithmetic(node))
                return _or_left(lambda: tabulated(sheet.plan, [i for i in inputs if i is not None], calculated, left=LEFT_OVER))
            return arithmetic.calculated(sheet, node, [sheet.value(p) for p in parts])
        case n.FirstKnown(parts=parts):
            return _first_known(sheet, node, parts)
        case n.Choose(branches=branches):
            return _choose(sheet, node, branches)
        case Computed() | Classified():
            return computed_value(sheet, node)
        case n.LengthOf():
            return spans.measured(sheet, node)
        case n.CountOf():
            return several.counted(sheet, node)
        case n.LastOfEntries():
            return several.taken(sheet, node)
    return left_column(node.kind)


def _or_left(make: Callable[[], Coded]) -> Coded | Column:
    try:
        return make()
    except TooWide:
        return left_column("number")


def finite(sheet: Sheet, found: Column | Coded) -> Coded | None:
    """The values as codes, where they can be enumerated."""
    if isinstance(found, Coded):
        return found
    if found.kind == "boolean":
        return found.coded(sheet.plan)
    if found.value is not None:
        return None
    return found.state(sheet.plan)


def _first_known(sheet: Sheet, node: n.FirstKnown, parts: tuple[n.Value, ...]) -> Column | Coded:
    found = [sheet.value(p) for p in parts]
    inputs = [finite(sheet, f) for f in found]
    stand = Stand(sheet)
    if all(i is not None for i in inputs):
        for part in parts:
            stand.value(part)
        return _or_left(lambda: tabulated(sheet.plan, [i for i in inputs if i is not None], stand.asked(stand.compiler.first_known(node)), left=LEFT_OVER))
    from complaint_policy.columns.conditions import as_column

    kind = "string" if node.kind in ("enum", "string") else "number"
    columns = [f if isinstance(f, Column) else as_column(sheet, f, kind) for f in found]
    if any(c.kind != kind or c.scale is not None for c in columns) or len({c.whole for c in columns if c.value is not None}) > 1:
        return left_column(kind)
    plan = sheet.plan

    def answer(*states: Any) -> Any:
        missing = frozenset[str]()
        for index, state in enumerate(states):
            if state is KNOWN:
                return index
            if isinstance(state, Empty):
                missing |= state.missing
            elif isinstance(state, Maybe):
                return state
        return Empty(None, missing) if missing else next((s for s in states if not isinstance(s, Empty)), states[0])

    chosen = tabulated(plan, [c.state(plan) for c in columns], answer)
    return _gathered(sheet, chosen, columns, kind)


def _gathered(sheet: Sheet, chosen: Coded, columns: list[Column], kind: str) -> Column:
    """The column that each row's code names; other codes are specials."""
    specials = tuple(v for v in chosen.domain if not (isinstance(v, int) and not isinstance(v, bool)))
    picks = [(code, v) for code, v in enumerate(chosen.domain) if isinstance(v, int) and not isinstance(v, bool) and columns[v].value is not None]

    def build(code: pl.Expr, *values: pl.Expr) -> Any:
        chain: Any = None
        for (number, _), one in zip(picks, values, strict=True):
            chain = (pl if chain is None else chain).when(code == number).then(one)
        return chain

    if not picks:
        return left_column(kind)
    picked = sheet.plan.keep(on(build, chosen.code, *(columns[v].value for _, v in picks)))
    where = {id(s): i for i, s in enumerate(specials)}
    table = pl.lit(pl.Series([where.get(id(v), 0) for v in chosen.domain], dtype=pl.UInt16))
    whole = all(columns[v].whole for _, v in picks)
    return Column(kind, picked, specials, lambda: looked_up(table, chosen.code), whole)


def _choose(sheet: Sheet, node: n.Choose, branches: tuple[n.ValueBranch, ...]) -> Column | Coded:
    found = [sheet.value(b.then) for b in branches]
    names = frozenset(n.fields_in(node))
    inputs = [finite(sheet, f) for f in found]
    if all(i is not None for i in inputs):
        coded = chosen_values(sheet, [b.when for b in branches], [i for i in inputs if i is not None], names)
        if coded is not None:
            return coded
        return left_column(node.kind)
    from complaint_policy.columns.conditions import as_column

    kind = "string" if node.kind in ("enum", "string") else "number"
    columns = [f if isinstance(f, Column) else as_column(sheet, f, kind) for f in found]
    if any(c.kind != kind or c.scale is not None for c in columns) or len({c.whole for c in columns if c.value is not None}) > 1:
        return left_column(kind)
    chosen = branch_codes(sheet, [b.when for b in branches], names, None)
    plan = sheet.plan

    def answer(choice: Any, *states: Any) -> Any:
        if isinstance(choice, int):
            return choice if states[choice] is KNOWN else states[choice]
        # Which branches may hold is not said where none is certain: what they lack is missing too.
        return LEFT_OVER if choice.options is not None or any(isinstance(s, Maybe) for s in states) else choice

    return _gathered(sheet, tabulated(plan, [chosen, *(c.state(plan) for c in columns)], answer), columns, kind)


# --------------------------------------------------------------------------- asking the record evaluation
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
    """Which branch holds: its number, or a ``Maybe`` of the numbers of those that may."""
    numbers_ = [Coded(constant(0, pl.UInt8), (index,)) for index in range(len(whens))]
    found = chosen_values(sheet, whens, numbers_, names, around)
    if found is None:
        raise TooWide
    return found
