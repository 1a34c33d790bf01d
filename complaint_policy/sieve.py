"""Which rows of a table a combination of values leaves, without asking every row.

For each value of each axis a whole number has a bit for every row that lets the value pass; the rows left by one
value of each axis are those numbers and-ed, 64 rows a machine word.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

__all__ = ["Sieve", "places"]

Axis = Any
# Bits of all values of all axes: memory, and with it the time to make them.
_MOST_BITS: Final = 400_000_000


class TooManyRows(Exception):
    """The bits would take more memory than a table is worth."""


class Sieve:
    """``asked``: which values of an axis a row lets pass; an axis that a row does not ask lets all pass."""

    def __init__(self, rows: int, axes: Mapping[Axis, Collection[Any]], asked: Iterable[tuple[int, Axis, frozenset[Any]]]) -> None:
        if rows * sum(len(values) for values in axes.values()) > _MOST_BITS:
            raise TooManyRows
        narrowed: dict[Axis, dict[int, frozenset[Any]]] = {axis: {} for axis in axes}
        for row, axis, passing in asked:
            own = narrowed[axis]
            own[row] = own[row] & passing if row in own else passing
        self.every = (1 << rows) - 1
        self._bits = {axis: _bits(rows, axes[axis], own) for axis, own in narrowed.items()}

    @property
    def axes(self) -> tuple[Axis, ...]:
        return tuple(self._bits)

    def passing(self, axis: Axis, value: Any) -> int:
        """The bits of the rows that let a value of an axis pass; raises ``KeyError`` for a value the axis does not have."""
        return self._bits[axis][value]

    def left(self, values: Mapping[Axis, Any]) -> int:
        """The bits of the rows that let a value of every axis pass."""
        left = self.every
        for axis, bits in self._bits.items():
            left &= bits[values[axis]]
        return left


def _bits(rows: int, values: Collection[Any], narrowed: Mapping[int, frozenset[Any]]) -> dict[Any, int]:
    size = rows // 8 + 1
    marks = {value: bytearray(size) for value in values}
    asks = bytearray(size)
    for row, passing in narrowed.items():
        place, bit = row >> 3, 1 << (row & 7)
        asks[place] |= bit
        for value in passing:
            marks[value][place] |= bit
    free = ((1 << rows) - 1) & ~int.from_bytes(asks, "little")
    return {value: int.from_bytes(mark, "little") | free for value, mark in marks.items()}


def places(bits: int) -> Iterator[int]:
    """The rows of bits, in order."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
