"""A table in memory whose cells are all texts, as ``pandas`` with ``dtype=str`` or DuckDB with ``all_varchar`` reads a file.

Its texts are what a file of delimited text holds: as there, those of one plain form are read as columns of times and numbers first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import polars as pl

from complaint_policy.audit.blocks import LINE, Block
from complaint_policy.audit.sources import Row, SourceTable
from complaint_policy.audit.tables import FrameTable
from complaint_policy.columns.cells import WHITE

__all__ = ["FEWEST", "TextFrame", "text_frame"]

# Of fewer rows the texts are told apart one by one in no time.
FEWEST: Final = 2_000
_BATCH: Final = 250_000


def text_frame(table: FrameTable, wanted: Sequence[str], fewest: int = FEWEST) -> TextFrame | None:
    """The table as blocks of texts; ``None`` where it is none, or small."""
    if not table.in_memory or not wanted:
        return None
    schema = table.frame.collect_schema()
    if any(schema[table.spelled(name)] != pl.String for name in wanted):
        return None
    height = table.frame.select(pl.len()).collect().item()
    return TextFrame(table, height) if height >= fewest else None


class TextFrame(SourceTable):
    """A :class:`FrameTable` of texts, a block at a time."""

    def __init__(self, table: FrameTable, height: int) -> None:
        self._table, self._height, self._done = table, height, 0
        self.name, self.kind, self.columns, self.remarks = table.name, table.kind, table.columns, table.remarks

    def share(self) -> float | None:
        return self._done / self._height if self._height else None

    def rows(self, wanted: Sequence[str]) -> Iterator[Row]:
        return self._table.rows(wanted)

    def blocks(self, wanted: Sequence[str], row: str, size: int = _BATCH) -> Iterator[Block]:
        """The rows in order, ``size`` at a time and never more than a quarter of a million; a cell of nothing but blanks is null."""
        size = min(size, _BATCH)
        for first in range(0, self._height, size):
            cells = (pl.col(self._table.spelled(name)).alias(name) for name in wanted)
            told = (pl.when(cell.str.strip_chars(WHITE) != "").then(cell) for cell in cells)
            numbers = pl.int_range(first, first + min(size, self._height - first), dtype=pl.Int64)
            frame = self._table.frame.slice(first, size).select(numbers.alias(row), (numbers + 1).alias(LINE), *told).collect()
            self._done = first + frame.height
            yield Block(first, frame.height, frame)
