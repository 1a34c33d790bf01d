"""A table that comes row by row (JSON, JSON Lines, a workbook, records in memory) in blocks: many rows at once, as typed columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

import polars as pl

from complaint_policy.audit.blocks import LINE, Block
from complaint_policy.audit.sources import Row, SourceTable
from complaint_policy.audit.typed_cells import TypedCells
from complaint_policy.columns.cells import WHITE

__all__ = ["MOST_CELLS", "RowBlocks", "emptied"]

_ROWS: Final = 50_000
# Of lines that lack most keys a block would be a table many times as large as they are.
MOST_CELLS: Final = 5_000_000


class RowBlocks:
    """The rows of ``table`` a block at a time; a cell that fits no column is with the ``others`` of its block, whole as the row was."""

    def __init__(self, table: SourceTable, cells: TypedCells) -> None:
        self._table, self._cells = table, cells

    def share(self) -> float | None:
        return self._table.share()

    def blocks(self, wanted: Sequence[str], row: str, size: int = _ROWS) -> Iterator[Block]:
        """The rows in order; a text of nothing but blanks is null, as is a column of nothing whatever type it had before."""
        rows, first, most = self._table.rows(wanted), 0, min(size, _ROWS, MOST_CELLS // max(len(wanted), 1))
        kinds: dict[str, Any] = {}
        while True:
            block = self._block(enumerate(islice(rows, most), first), wanted, row, first)
            if not block.rows:
                return
            bare = [name for name in wanted if block.frame.schema[name] == pl.Null and name in kinds]
            yield Block(block.first, block.rows, block.frame.cast({name: kinds[name] for name in bare}), block.others)
            kinds |= {name: kind for name, kind in block.frame.schema.items() if kind != pl.Null}
            first += block.rows

    def _block(self, rows: Iterable[tuple[int, Row]], wanted: Sequence[str], row: str, first: int) -> Block:
        # One list of all cells: lists of rows would lie all over the memory.
        cells: list[Any] = []
        places: list[int] = []
        lines: list[int] = []
        others: dict[int, Row] = {}
        for place, one in rows:
            line, found, fault = one
            if fault is None:
                cells += found
                places.append(place)
                lines.append(line)
            else:
                others[place] = one
        width, odd = len(wanted), set[int]()
        columns = [self._cells.column(name, cells[index::width], odd) for index, name in enumerate(wanted)]
        frame = pl.DataFrame([pl.Series(row, places, dtype=pl.Int64), pl.Series(LINE, lines, dtype=pl.Int64), *columns])
        if odd:
            others |= {places[at]: Row(lines[at], cells[at * width : (at + 1) * width]) for at in odd}
            frame = frame.filter(pl.Series([at not in odd for at in range(len(places))], dtype=pl.Boolean))
        held = len(places) + len(others) - len(odd)
        return Block(first, held, emptied(frame), tuple(sorted(others.items())))


def emptied(cells: pl.DataFrame) -> pl.DataFrame:
    """The cells, with null for a text of nothing but blanks."""
    blank = [name for name, kind in cells.schema.items() if kind == pl.String and _has_blanks(cells[name])]
    return cells.with_columns(pl.when(pl.col(name).str.strip_chars(WHITE) != "").then(pl.col(name)) for name in blank)


def _has_blanks(texts: pl.Series) -> bool:
    """Whether a text is nothing but blanks, each of which stands before or behind all that is printed of ASCII."""
    return bool((texts.filter((texts < "!") | (texts > "~")).str.strip_chars(WHITE) == "").any())
