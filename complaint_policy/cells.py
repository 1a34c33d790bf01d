"""All complaints that conditions can tell apart: one cell for every combination of cut points.

A field's values fall into finitely many classes under the tests made of it: enumerated values,
true and false, the numbers at, between and beyond the cut points, and *missing*.  A test that
compares with anything but a literal is a question of its own, with the answers it can have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import pairwise, product
from math import ceil, floor, prod
from typing import Any, Final

from attrs import frozen

from complaint_policy.expressions import nodes as n
from complaint_policy.fields import NUMERIC, Field
from complaint_policy.lengths import Length
from complaint_policy.model import PolicyModel
from complaint_policy.outcomes import AT_RISK, BREACHED, MET, PENDING
from complaint_policy.patterns import compiled

__all__ = ["MISSING", "OTHER", "Cell", "Cells", "Key", "shown", "special"]


class _Class:
    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


MISSING: Final = _Class("missing")  # an empty cell that leaves the question open
OTHER: Final = _Class("any other")
NOTHING: Final = _Class("none")  # an empty cell that means: none was stated
DEFAULTED: Final = _Class("not given")  # an empty cell that its default fills


def special(value: Any) -> bool:
    """Whether a value of a cell stands for others, or for none."""
    return isinstance(value, _Class)


@frozen
class Order:
    """A question: on which side of the right side the left one lies (-1, 0, 1, or nothing stated)."""

    left: n.Expression
    right: n.Expression


@frozen
class Has:
    """A question: whether a list has a text, or a text has it within it."""

    name: str
    text: str


@frozen
class Outcome:
    """A question: the outcome of another rule."""

    rule: str


# A name of the record, or a question.
Key = str | Order | Has | Outcome | n.Condition
Cell = dict[Key, Any]
Judge = Callable[[Cell], bool | None]

# More combinations, or more work over them, are not gone through: nothing is then claimed.
_MOST: Final = 6_000
_MOST_WORK: Final = 1_500_000
_MOST_FACTS: Final = 200
_SIGNS: Final[dict[str, frozenset[int]]] = {
    "at_least": frozenset((0, 1)), "at_most": frozenset((-1, 0)), "above": frozenset((1,)), "below": frozenset((-1,)),
    "not_before": frozenset((0, 1)), "by": frozenset((-1, 0)), "after": frozenset((1,)), "before": frozenset((-1,)), "equal": frozenset((0,)),
}  # fmt: skip


class Cells:
    """The cells of some conditions of a policy.  ``complete`` is false where there are too many to look at."""

    def __init__(self, model: PolicyModel, conditions: list[n.Condition], axes: tuple[str, ...] = ()) -> None:
        self.model = model
        self._cuts: dict[str, set[Any]] = {}
        self._named: dict[str, n.NamedValue] = {}
        self._presence: set[str] = set()
        self._answers: dict[Key, dict[Any, None]] = {}
        self._facts: dict[str, n.Condition] = {}  # each after those it rests on
        self._weight = 1
        facts = self._facts_below(conditions)
        self.fact_axes = tuple(a for a in axes if a in model.facts and isinstance(model.facts[a].expression, n.Condition))
        facts.update(self._facts_below([n.FactHolds(a) for a in self.fact_axes]))
        self._facts = facts
        self.complete = len(facts) <= _MOST_FACTS
        self.values: dict[Key, list[Any]] = {}
        self.size = 0
        if not self.complete:
            return
        for condition in facts.values():
            self._collect(condition)
        self.weight_of_facts = self._weight
        for condition in conditions:
            self._collect(condition)
        for axis in axes:
            if axis not in self.fact_axes:
                self._see(_axis(axis, model))
        self.values = {name: self._classes(named) for name, named in self._named.items()}
        self.values.update((key, list(answers)) for key, answers in self._answers.items())
        self._ordered = self._chains()
        self.size = prod(len(values) for values in self.values.values())
        self.complete = self.size <= _MOST and self.size * self._weight <= _MOST_WORK

    def __iter__(self) -> Iterator[Cell]:
        keys = list(self.values)
        for combination in product(*self.values.values()):
            cell: Cell = dict(zip(keys, combination, strict=True))
            if self._possible(cell):
                for name, condition in self._facts.items():
                    cell[n.FactHolds(name)] = self.holds(condition, cell)
                yield cell

    # ---------------------------------------------------------------- collecting
    def _facts_below(self, conditions: Iterable[n.Condition]) -> dict[str, n.Condition]:
        """The facts that are conditions and that these rest on, bases first; each looked at once."""
        found: dict[str, n.Condition] = {}
        for root in conditions:
            waiting = [iter(self._facts_in(root))]
            path: list[str] = []
            while waiting:
                name = next((f for f in waiting[-1] if f not in found), None)
                if name is not None:
                    expression = self.model.facts[name].expression
                    assert isinstance(expression, n.Condition)
                    path.append(name)
                    waiting.append(iter(self._facts_in(expression)))
                    continue
                waiting.pop()
                if path:
                    name = path.pop()
                    expression = self.model.facts[name].expression
                    assert isinstance(expression, n.Condition)
                    found[name] = expression
        return found

    def _facts_in(self, condition: n.Condition) -> list[str]:
        names = [part.name for part in _conditions(condition) if isinstance(part, n.FactHolds) and part.kind == "fact"]
        return [name for name in dict.fromkeys(names) if isinstance(self.model.facts[name].expression, n.Condition)]

    def _collect(self, condition: n.Condition) -> None:
        for node in _conditions(condition):
            self._weight += 1
            match node:
                case n.FactHolds(name=name, kind="fact") if name in self._facts:
                    pass
                case n.FactHolds(name=name, kind=kind):
                    self._see(self._resolved(n.NamedValue(name, "boolean", kind)))
                case n.Equals(left=left, right=n.Literal(value=value)) | n.Compare(left=left, right=n.Literal(value=value)):
                    self._see(self._resolved(left), value)
                case n.OneOf(left=left, values=values):
                    self._see(self._resolved(left), *values)
                case n.Equals(left=left, right=right) | n.Compare(left=left, right=right):
                    self._ask(Order(self._resolved(left), right), *((-1, 0, 1) if left.kind in NUMERIC or left.kind == "level" else (0, 1)), node=node)
                case n.Moment(left=first, right=second):
                    self._ask(Order(first, second), -1, 0, 1, node=node)
                case n.HasAny(left=left, texts=texts):
                    named = self._resolved(left)
                    self._see(named)
                    if self._declared(named) is None or named.kind != "enum":
                        for text in texts:
                            self._ask(Has(named.name, text), True, False)
                case n.Matches(left=left):
                    named = self._resolved(left)
                    self._see(named)
                    if self._declared(named) is None or named.kind != "enum":
                        self._ask(node, True, False)
                case n.Present(name=name) if not self._is_time(name):
                    self._presence.add(name)
                    self._see(n.NamedValue(name, self.model.fields[name].kind))
                case n.OutcomeIs(rule=rule, outcomes=outcomes):
                    self._ask(Outcome(rule), *outcomes, OTHER)
                    if {MET, BREACHED} & set(outcomes):
                        self._ask(Outcome(rule), PENDING)
                case n.All() | n.Any_() | n.Not() | n.Always():
                    pass
                case _:
                    self._ask(node, True, False)

    def _is_time(self, name: str) -> bool:
        return self.model.fields[name].kind in ("instant", "intervals")

    def _ask(self, key: Key, *answers: Any, node: n.Condition | None = None) -> None:
        known = self._answers.setdefault(key, {})
        known.update(dict.fromkeys(answers))
        if node is not None and any((f := self.model.fields.get(name)) is not None and f.empty == "none" for name in n.fields_in(node)):
            known[NOTHING] = None

    def _see(self, named: n.NamedValue, *values: Any) -> None:
        if named.kind in ("instant", "intervals"):
            return  # an axis of time has no classes of its own: its tests are questions
        self._named.setdefault(named.name, named)
        self._cuts.setdefault(named.name, set()).update(values)

    def _resolved(self, named: n.NamedValue) -> n.NamedValue:
        """A fact that only names a field is that field."""
        for _ in range(_MOST_FACTS):
            if named.source != "fact":
                break
            expression = self.model.facts[named.name].expression
            if not isinstance(expression, n.NamedValue):
                break
            named = expression
        return named

    def _declared(self, named: n.NamedValue) -> Field | None:
        return self.model.fields.get(named.name) if named.source == "field" else None

    def _classes(self, named: n.NamedValue) -> list[Any]:
        name, kind = named.name, named.kind
        declared = self._declared(named)
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
        if declared is None:
            return values
        if declared.default is not None:
            return [*values, DEFAULTED] if name in self._presence else values
        return [*values, NOTHING if declared.empty == "none" else MISSING]

    def _chains(self) -> list[list[Order]]:
        """Questions that hold one instant against lengths of one unit from one start: their answers follow each other."""
        chains: dict[Any, list[tuple[int, Order]]] = {}
        for key in self._answers:
            if isinstance(key, Order) and isinstance(key.right, n.Counted) and isinstance(key.right.length, Length) and not key.right.ahead:
                right, length = key.right, key.right.length
                chains.setdefault((key.left, right.base, length.unit, right.counting), []).append((length.amount, key))
        return [[key for _, key in sorted(chain, key=lambda c: c[0])] for chain in chains.values() if len(chain) > 1]

    def _possible(self, cell: Cell) -> bool:
        """Whether the answers of a cell can stand together."""
        for chain in self._ordered:
            answers = [cell[key] for key in chain if cell[key] is not NOTHING]
            if answers and (len(answers) < len(chain) or any(b > a for a, b in pairwise(answers))):
                return False
        has = [key for key in self._answers if isinstance(key, Has) and self._named[key.name].kind != "list"]
        held = [key for key in has if cell[key] is True]
        return not any(h.name == key.name and key.text in h.text for h in held for key in has if cell[key] is False)

    # ---------------------------------------------------------------- single values
    def entry(self, node: n.Condition) -> Key | None:
        """The one entry of a cell that a condition asks; ``None`` where it asks several, or the record itself."""
        match node:
            case n.All(parts=parts) | n.Any_(parts=parts):
                asked = {self.entry(part) for part in parts}
                return asked.pop() if len(asked) == 1 else None
            case n.Not(part=part):
                return self.entry(part)
            case n.FactHolds(name=name, kind=kind):
                return node if kind == "fact" and name in self._facts else self._resolved(n.NamedValue(name, "boolean", kind)).name
            case n.Equals(left=left, right=n.Literal()) | n.OneOf(left=left) | n.Compare(left=left, right=n.Literal()):
                return self._resolved(left).name
            case n.Present(name=name) if name in self.values:
                return name
        return None

    def values_of(self, entry: Key) -> list[Any]:
        """The values an entry of a cell can have."""
        return self.values.get(entry, [True, False, None])

    # ---------------------------------------------------------------- judging
    def holds(self, node: n.Condition, cell: Cell) -> bool | None:
        """Whether a condition holds in a cell; ``None`` where a missing value leaves it open."""
        match node:
            case n.All(parts=parts):
                return _conjunction(self.holds(p, cell) for p in parts)
            case n.Any_(parts=parts):
                return _negated(_conjunction(_negated(self.holds(p, cell)) for p in parts))
            case n.Not(part=part):
                return _negated(self.holds(part, cell))
            case n.Always(value=value):
                return value
            case n.FactHolds(name=name, kind="fact") if name in self._facts:
                known: bool | None = cell[node]
                return known
            case n.FactHolds(name=name, kind=kind):
                return self._of(n.NamedValue(name, "boolean", kind), cell, bool)
            case n.Equals(left=left, right=n.Literal(value=value)):
                return self._of(left, cell, lambda v: v == value)
            case n.OneOf(left=left, values=values):
                return self._of(left, cell, lambda v: v in values)
            case n.Compare(left=left, operation=operation, right=n.Literal(value=value)):
                return self._of(left, cell, lambda v: (v > value) - (v < value) in _SIGNS[operation])
            case n.Equals(left=left, right=right):
                return bool(cell[Order(self._resolved(left), right)] == 0)
            case n.Compare(left=left, operation=operation, right=right):
                return cell[Order(self._resolved(left), right)] in _SIGNS[operation]
            case n.Moment(left=first, operation=operation, right=second):
                return cell[Order(first, second)] in _SIGNS[operation]
            case n.HasAny(left=left, texts=texts):
                name = self._resolved(left).name
                return self._of(left, cell, lambda v: any(t in v if isinstance(v, str) else cell[Has(name, t)] for t in texts))
            case n.Matches(left=left, pattern=pattern):
                return self._of(left, cell, lambda v: compiled(pattern).fullmatch(v) is not None if isinstance(v, str) else cell[node])
            case n.Present(name=name) if name in cell:
                return cell[name] not in (MISSING, NOTHING, DEFAULTED)
            case n.OutcomeIs(rule=rule, outcomes=outcomes):
                outcome: Any = cell[Outcome(rule)]
                if outcome in outcomes:
                    return True
                return None if outcome in (PENDING, AT_RISK) and {MET, BREACHED} & set(outcomes) else False
        answer = cell.get(node)
        return answer if isinstance(answer, bool) else None

    def _of(self, left: n.NamedValue, cell: Cell, test: Callable[[Any], Any]) -> bool | None:
        named = self._resolved(left)
        value = cell[named.name]
        if value is MISSING:
            return None
        if value is NOTHING:
            return False
        if value is DEFAULTED:
            value = self.model.fields[named.name].default
        return bool(test(value))


def _conditions(root: n.Condition) -> Iterator[n.Condition]:
    """The conditions a condition is put together from, down to its tests; not those inside `choose`."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        match node:
            case n.All(parts=parts) | n.Any_(parts=parts):
                stack += reversed(parts)
            case n.Not(part=part):
                stack.append(part)


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
    """A number below, at, between and above the cut points; whole numbers only where the field has no others."""
    if not cuts:
        return [0]
    values: list[Any] = [ceil(cuts[0]) - 1 if whole else cuts[0] - 1]
    for cut, following in zip(cuts, [*cuts[1:], None], strict=True):
        if not whole or cut == int(cut):
            values.append(cut)
        beyond = floor(cut) + 1 if whole or following is None else (Decimal(cut) + Decimal(following)) / 2
        if (following is None or beyond < following) and beyond not in values:
            values.append(beyond)
    return values


def _negated(value: bool | None) -> bool | None:
    return None if value is None else not value


def _conjunction(values: Iterator[bool | None]) -> bool | None:
    unknown = False
    for value in values:
        if value is False:
            return False
        unknown = unknown or value is None
    return None if unknown else True


def shown(cell: Cell, cells: Cells) -> str:
    """A cell as the record it stands for: ``category: network, severity: major``."""
    parts: list[str] = []
    for key, value in cell.items():
        if isinstance(key, n.Present):
            parts.append(f"{key.name}: {'present' if value else 'missing'}")
        elif isinstance(key, n.FactHolds) and key.name in cells.fact_axes and value is not None:
            parts.append(f"{key.name}: {_word(value)}")
        elif isinstance(key, Has) and value is True and cell[key.name] is OTHER:
            parts.append(f"{key.name}: {key.text}")
        elif isinstance(key, str) and not (value is OTHER and any(isinstance(k, Has) and k.name == key and v for k, v in cell.items())):
            word = _levels(cells.model)[value] if key == "severity" and isinstance(value, int) else _word(value)
            parts.append(f"{key}: {word}")
    return ", ".join(parts)


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is NOTHING or value is DEFAULTED:
        return "missing"
    return n.shown_number(value) if isinstance(value, (int, Decimal)) else str(value)
