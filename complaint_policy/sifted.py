"""Which of many conditions hold in a cell, without asking each of them.

Most rows of a matrix ask for single values: ``{category: network, severity: [major, critical]}``.  What such a part lets
pass is found once for each value of its name, and a cell sifts all rows at once.  A part that asks for more is asked in the
cells that the rest of its row lets pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from complaint_policy.cells import Cell, Cells, Key, special
from complaint_policy.expressions import nodes as n
from complaint_policy.sieve import Sieve, TooManyRows, places

__all__ = ["Sifted", "sifted"]

# More cells, or more work over them, are not gone through.
_MOST_CELLS: Final = 100_000
_MOST_WORK: Final = 1_500_000
# So many rows are sifted in one step of work.
_ROWS_A_STEP: Final = 2_000


def sifted(cells: Cells, conditions: list[n.Condition]) -> Sifted | None:
    """``None`` where there are too many cells, or too many conditions that ask for more than single values."""
    if not 0 < cells.size <= _MOST_CELLS:
        return None
    try:
        found = Sifted(cells, conditions)
    except TooManyRows:
        return None
    step = cells.weight_of_facts + found.weight + len(conditions) // _ROWS_A_STEP
    return found if cells.size * step <= _MOST_WORK else None


class Sifted:
    """The conditions, ready to be sifted."""

    def __init__(self, cells: Cells, conditions: list[n.Condition]) -> None:
        self._cells = cells
        self._passing: dict[n.Condition, frozenset[Any]] = {}
        self._plain: dict[Key, tuple[frozenset[Any], list[Any]]] = {}
        self._work = 0
        self._others: dict[int, list[n.Condition]] = {}
        self.weight = 0  # of what is asked for again in a cell
        asked = list(self._asked(conditions))
        self._sieve = Sieve(len(conditions), {entry: cells.values_of(entry) for _, entry, _ in asked}, asked)
        self._again = sum(1 << row for row in self._others)

    def holding(self, cell: Cell) -> int:
        """The bits of the conditions that hold in a cell."""
        bits = self._sieve.left(cell)
        for row in places(bits & self._again):
            if not all(self._cells.holds(part, cell) is True for part in self._others[row]):
                bits ^= 1 << row
        return bits

    def _asked(self, conditions: list[n.Condition]) -> Iterator[tuple[int, Key, frozenset[Any]]]:
        for row, condition in enumerate(conditions):
            for part in n.conjuncts(condition):
                entry = self._cells.entry(part)
                if entry is not None:
                    yield row, entry, self._passed(part, entry)
                else:
                    self._others.setdefault(row, []).append(part)
                    self.weight += sum(1 for _ in n.walk(part))

    def _passed(self, part: n.Condition, entry: Key) -> frozenset[Any]:
        """The values of an entry for which a part holds."""
        known = self._passing.get(part)
        if known is None:
            tried = self._tried(part, entry)
            self._work += len(tried) * sum(1 for _ in n.walk(part))
            if self._work > _MOST_WORK:
                raise TooManyRows
            known = self._passing[part] = frozenset(v for v in tried if self._cells.holds(part, {entry: v}) is True)
        return known

    def _tried(self, part: n.Condition, entry: Key) -> list[Any]:
        """The values for which a part may hold: of one that names them those, and what stands for a value."""
        values = self._cells.values_of(entry)
        match part:
            case n.Equals(right=n.Literal(value=value)):
                named: tuple[Any, ...] = (value,)
            case n.OneOf(values=named):
                pass
            case _:
                return values
        if entry not in self._plain:
            self._plain[entry] = frozenset(values), [v for v in values if special(v)]
        plain, others = self._plain[entry]
        return [*(v for v in dict.fromkeys(named) if v in plain), *others]
