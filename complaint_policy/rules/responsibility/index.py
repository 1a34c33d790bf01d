"""The rows of a matrix by the values of its axes: how long it takes to find one does not grow with their number.

What a part of a row lets pass is asked of the part itself, once for each value of its axis.  A free text has the texts that
rows name, and any other; a number has the bounds that rows name, and what lies between them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from complaint_policy.expressions import nodes as n
from complaint_policy.kinds import Setting
from complaint_policy.possible import all_of_conditions
from complaint_policy.rules.responsibility.model import Matrix
from complaint_policy.sieve import Sieve, TooManyRows, places

__all__ = ["AGAINST_LITERALS", "OTHER_TEXT", "Axis", "Index", "bounds_of", "literals_of", "samples", "slot_name"]

State = list[Any]
Function = Callable[[State], Any]

AGAINST_LITERALS: Final = (n.All, n.Any_, n.Not, n.Equals, n.OneOf, n.Compare, n.FactHolds, n.Literal, n.NamedValue, n.Present)
# No text of a record is this one.
OTHER_TEXT: Final = "\x1fother"
# Values tried of all parts together.
_MOST_TRIED: Final = 1_200_000


def slot_name(axis: str, slots: dict[str, int]) -> str:
    return axis if axis == "severity" else f"fact:{axis}" if f"fact:{axis}" in slots else f"field:{axis}"


def literals_of(tests: Iterable[n.Expression]) -> list[Any] | None:
    """The literals that tests compare with; ``None`` where one compares with anything else."""
    found: dict[Any, None] = {}
    for test in tests:
        if isinstance(test, n.OneOf):
            found.update(dict.fromkeys(test.values))
        elif isinstance(test, (n.Equals, n.Compare)) and isinstance(test.right, n.Literal):
            found[test.right.value] = None
        else:
            return None
    return list(found)


def bounds_of(literals: list[Any] | None) -> list[Any] | None:
    """Literals as the bounds of a number, in order; ``None`` where they are not, or none."""
    if not literals or not all(isinstance(v, (int, Decimal)) and not isinstance(v, bool) for v in literals):
        return None
    return sorted(set(literals))


def samples(bounds: list[Any], *, whole: bool = False) -> list[Any]:
    """A number below the first bound, at it, between it and the next, …; none where they lie too near one another."""
    step = Decimal(1)
    for low, high in pairwise(bounds):
        step = min(step, (Decimal(high) - Decimal(low)) / 2)
    if whole and step < 1:
        step = Decimal("0.5")
    found: list[Any] = [bounds[0] - 1]
    for bound in bounds:
        found += [bound, Decimal(bound) + step / 2]
    return found if all(a < b for a, b in pairwise(found)) else []


class Axis:
    """An axis: its values or, of free texts and numbers, one for all that no row tells apart."""

    def __init__(self, name: str, setting: Setting, tests: list[n.Expression]) -> None:
        self.name = name
        self.graph_name = slot_name(name, setting.slots)
        self.slot = setting.slots[self.graph_name]
        declared = setting.model.fields.get(name) if self.graph_name.startswith("field:") else None
        kind = "level" if name == "severity" else declared.kind if declared is not None else setting.model.facts[name].kind
        self.listed: tuple[Any, ...] | None = None
        self.values: tuple[Any, ...] = ()  # none: nothing is known of the axis
        self._bounds: list[Any] = []
        if kind == "level":
            self.listed = tuple(range(len(setting.model.section("severity").levels)))
        elif kind == "boolean":
            self.listed = (True, False)
        elif kind == "enum" and declared is not None:
            self.listed = declared.values
        literals = None if self.listed is not None else literals_of(tests)
        if self.listed is not None:
            self.values = self.listed
        elif kind in ("string", "enum") and literals is not None and all(isinstance(v, str) for v in literals):
            self.values = (*literals, OTHER_TEXT)
        elif kind in ("integer", "number", "money") and (bounds := bounds_of(literals)):
            self._bounds = bounds
            self.values = tuple(samples(bounds))
        self._known = frozenset(self.values)

    def among(self, values: Iterable[Any]) -> Iterator[Any]:
        """Those of some values that the axis has."""
        return (value for value in values if value in self._known)

    def value_of(self, value: Any) -> Any:
        """The value of the axis that stands for one of a record; ``None`` for one that may be several, or is none."""
        kind = value.__class__
        if self._bounds:
            if not self.values or (kind is not int and kind is not Decimal):
                return None
            place = bisect_left(self._bounds, value)
            at = place < len(self._bounds) and self._bounds[place] == value
            return self.values[2 * place + 1 if at else 2 * place]
        if kind is not str and kind is not bool and kind is not int:
            return None
        if value in self._known:
            return value
        return OTHER_TEXT if kind is str and OTHER_TEXT in self._known else None


class Index:
    """Finds the rows that may hold, and where every axis is known and rows ask for nothing but single values, the one that does."""

    def __init__(self, section: Matrix, setting: Setting, given: frozenset[n.Condition] = frozenset()) -> None:
        """``given``: parts whose answer the setting's compiler is handed.  Raises ``KeyError`` for another part that asks for a name without a slot."""
        self._setting = setting
        numbers: dict[n.Condition, int] = {}  # rows share most of their parts
        self._rows = [[numbers.setdefault(part, len(numbers)) for part in n.conjuncts(row.when)] for row in section.rows]
        self._parts = list(numbers)
        self._functions: list[Function | None] = [None] * len(numbers)
        asked_of = [None if part in given else self._axis_of(part) for part in self._parts]
        tests: dict[str, list[n.Expression]] = {}
        for part, name in zip(self._parts, asked_of, strict=True):
            if name is not None:
                tests.setdefault(name, []).extend(p for p in n.walk(part) if isinstance(p, (n.Equals, n.OneOf, n.Compare)))
        self.axes = [Axis(axis, setting, tests.get(slot_name(axis, setting.slots), [])) for axis in section.by]
        passing = self._passing(asked_of)
        self._sieve = self._sifted(passing) if passing is not None else None
        self.decides = self._sieve is not None and passing is not None and len(passing) == len(self._parts) and all(axis.values for axis in self.axes)
        # What may hold although an axis is missing.
        self.of_missing = [row for row, parts in enumerate(self._rows) if any(_asks_presence(self._parts[part]) for part in parts)]

    def _axis_of(self, part: n.Condition) -> str | None:
        """The one name that a part holds against literals."""
        names = list(n.names_in(part))
        for name in names:
            if name not in self._setting.slots:
                raise KeyError(name)
        if len(names) != 1 or not all(isinstance(p, AGAINST_LITERALS) for p in n.walk(part)):
            return None
        # Whether a field was given is not told by its value where that may be a default.
        return None if _asks_presence(part) and f"given:{names[0].removeprefix('field:')}" in self._setting.slots else names[0]

    def _passing(self, asked_of: list[str | None]) -> dict[int, tuple[str, frozenset[Any]]] | None:
        """For each part that asks one known axis, the values it lets pass."""
        axes = {axis.graph_name: axis for axis in self.axes if axis.values}
        found: dict[int, tuple[str, frozenset[Any]]] = {}
        state: State = [None] * (max(self._setting.slots.values()) + 1)
        tried = 0
        for index, (part, name) in enumerate(zip(self._parts, asked_of, strict=True)):
            axis = axes.get(name or "")
            if axis is None:
                continue
            named = _named_by(part)
            tried += len(axis.values if named is None else named)
            if tried > _MOST_TRIED:
                return None
            passed = self._holding(index, axis, state) if named is None else axis.among(named)
            found[index] = axis.graph_name, frozenset(passed)
        return found

    def _holding(self, part: int, axis: Axis, state: State) -> Iterator[Any]:
        test = self._function(part)
        for value in axis.values:
            state[axis.slot] = value
            if test(state) is True:
                yield value

    def _sifted(self, passing: dict[int, tuple[str, frozenset[Any]]]) -> Sieve | None:
        asked = ((row, *passing[part]) for row, parts in enumerate(self._rows) for part in parts if part in passing)
        try:
            return Sieve(len(self._rows), {axis.graph_name: axis.values for axis in self.axes if axis.values}, asked)
        except TooManyRows:
            return None

    def _function(self, part: int) -> Function:
        made = self._functions[part]
        if made is None:
            made = self._functions[part] = self._setting.compiler.condition(self._parts[part])
        assert made is not None
        return made

    # ---------------------------------------------------------------- finding
    def first(self, values: Iterable[Any]) -> int | None:
        """The first row for one value of each axis, where the index decides; ``None`` where there is none."""
        assert self._sieve is not None
        bits = self._sieve.every
        for axis, value in zip(self.axes, values, strict=True):
            bits &= self._sieve.passing(axis.graph_name, value)
        return (bits & -bits).bit_length() - 1 if bits else None

    def candidates(self, state: State) -> Iterable[int]:
        """The rows that the known axes of a state let pass: no other can hold."""
        if self._sieve is None:
            return range(len(self._rows))
        bits = self._sieve.every
        for axis in self.axes:
            value = axis.value_of(state[axis.slot])
            if value is not None:
                bits &= self._sieve.passing(axis.graph_name, value)
        return range(len(self._rows)) if bits == self._sieve.every else places(bits)

    def asked(self, state: State) -> Callable[[int], Any]:
        """Whether rows hold for a state: each part is asked once."""
        answers: dict[int, Any] = {}

        def holds(row: int) -> Any:
            unknown: list[Any] = []
            for part in self._rows[row]:
                if part not in answers:
                    answers[part] = self._function(part)(state)
                answer = answers[part]
                if answer is False:
                    return False
                if answer is not True:
                    unknown.append(answer)
            return all_of_conditions(*unknown)

        return holds


def _asks_presence(part: n.Condition) -> bool:
    return any(isinstance(p, n.Present) for p in n.walk(part))


def _named_by(part: n.Condition) -> tuple[Any, ...] | None:
    """The values for which a part holds, where it names them."""
    if isinstance(part, n.OneOf):
        return part.values
    return (part.right.value,) if isinstance(part, n.Equals) and isinstance(part.right, n.Literal) else None
