"""A table whose times, numbers or answers are texts, in memory, in a query or in Parquet: what `pandas.read_csv` gives without being told.

Its texts are what a file of delimited text holds: as there, those of one plain form are read as columns of times and numbers first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import polars as pl

from complaint_policy.audit.blocks import LINE, Block
from complaint_policy.audit.mapping import ColumnMapping
from complaint_policy.audit.sources import Row, SourceTable
from complaint_policy.audit.tables import FrameTable
from complaint_policy.columns.cells import WHITE

__all__ = ["TextFrame", "text_frame"]

_BATCH: Final = 250_000
# The types of fields whose texts have to be read.
_READ: Final = frozenset({"event", "datetime", "date", "number", "money", "integer", "boolean"})


def text_frame(table: FrameTable, mapping: ColumnMapping, declared: Sequence[Mapping[str, Any]]) -> TextFrame | None:
    """The table as blocks; ``None`` where no text of it has to be read.  ``declared``: the fields of each version of the policy."""
    schema = table.frame.collect_schema()
    named = [*(name for field in mapping.fields for name in field.columns), *(test.column for test in mapping.where)]
    kinds = {name: schema[table.spelled(name)] for name in named}
    if pl.Object in kinds.values():  # of such cells nothing is known
        return None
    read = (f for f in mapping.fields if any(f.name in fields and fields[f.name].type in _READ for fields in declared))
    return TextFrame(table) if any(kinds[name] == pl.String for f in read for name in f.columns) else None


class TextFrame(SourceTable):
    """A :class:`FrameTable` with texts that have to be read, a block at a time."""

    def __init__(self, table: FrameTable) -> None:
        self._table, self._done = table, 0
        self._height: int | None = None
        self.name, self.kind, self.columns, self.remarks = table.name, table.kind, table.columns, table.remarks

    def share(self) -> float | None:
        return self._done / self._height if self._height else None

    def unchanged(self) -> bool:
        return self._table.unchanged()

    def rows(self, wanted: Sequence[str]) -> Iterator[Row]:
        return self._table.rows(wanted)

    def blocks(self, wanted: Sequence[str], row: str, size: int = _BATCH) -> Iterator[Block]:
        """The rows in order, about ``size`` at a time and never many more than a quarter of a million; a text of nothing but blanks is null."""
        self._done, self._height = 0, self._table.height()
        for rows in self._table.batches(wanted, min(size, _BATCH)):
            first, self._done = self._done, self._done + rows.height
            yield _block(rows, row, first)

    def block_at(self, wanted: Sequence[str], row: str, position: int) -> Block:
        """One row."""
        return _block(self._table.at(wanted, position), row, position)


def _block(rows: pl.DataFrame, row: str, first: int) -> Block:
    told = (pl.when(pl.col(n).str.strip_chars(WHITE) != "").then(pl.col(n)) if kind == pl.String else pl.col(n) for n, kind in rows.schema.items())
    numbers = pl.int_range(first, first + rows.height, dtype=pl.Int64)
    return Block(first, rows.height, rows.select(numbers.alias(row), (numbers + 1).alias(LINE), *told))
