"""JSON Lines in blocks: Polars reads the lines that are plainly of the file's shape, Python the others, and both give the same columns."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import polars as pl
from attrs import frozen

from complaint_policy.audit.blocks import BLOCK, LINE, Block
from complaint_policy.audit.json_files import MAX_LINE, JsonLinesTable, lines_of
from complaint_policy.audit.json_shapes import of_shape, split_up
from complaint_policy.audit.row_blocks import MOST_CELLS, RowBlocks, emptied
from complaint_policy.audit.sources import Row
from complaint_policy.audit.tables import changed
from complaint_policy.audit.typed_cells import Reading, TypedCells
from complaint_policy.columns.cells import WHITE

__all__ = ["JsonBlocks"]

# Of so many lines at least one must be of the shape for Polars to read them.
_WORTH: Final = 2
# Rows of one block, unless a piece has more.
_ROWS: Final = 100_000
# Whole numbers below it are floats.
_EXACT: Final = 10**15


class JsonBlocks(RowBlocks):
    """The records of a file of JSON Lines, a piece of its text at a time."""

    def __init__(self, table: JsonLinesTable, cells: TypedCells) -> None:
        super().__init__(table, cells)
        self._lines = table
        self._share: float | None = None

    def share(self) -> float | None:
        return self._share

    def blocks(self, wanted: Sequence[str], row: str, size: int = BLOCK) -> Iterator[Block]:
        """The rows in order, those of some pieces at once; a text of nothing but blanks is null."""
        schema = self._schema(wanted)
        if schema is not None:
            yield from self._gathered(self._pieces(schema, row), size)
            return
        for block in super().blocks(wanted, row, size):
            self._share = self._lines.share()
            yield block

    def _gathered(self, blocks: Iterator[Block], size: int) -> Iterator[Block]:
        """Blocks with the same columns as one, up to some size: what is done for each costs more than its rows, where they are few."""
        held: list[Block] = []
        for block in blocks:
            rows = sum(one.rows for one in held)
            if held and (rows + block.rows > min(size, _ROWS, MOST_CELLS // block.frame.width) or block.frame.schema != held[0].frame.schema):
                yield _joined(held)
                held = []
            held.append(block)
        if held:
            yield _joined(held)

    def _pieces(self, schema: dict[str, Any], row: str) -> Iterator[Block]:
        """The rows of each piece."""
        read = self._lines.reader(list(schema))
        first, line = 0, 1
        most = max(MOST_CELLS // len(schema), 1)
        for number, whole in enumerate(self._lines.pieces()):
            self._share = self._lines.share()
            for piece in _cut(whole, most):
                at = _Place(row, first, line, read)
                block = self._of_shape(piece, number, schema, at) or self._by_row(piece, schema, at)
                if block.rows:
                    yield block
                first += block.rows
                line += 1 if piece is None else piece.count("\n")
        if not self._lines.unchanged():  # what the first reading learnt may be of another file
            raise changed()

    def _schema(self, wanted: Sequence[str]) -> dict[str, Any] | None:
        """The types of the columns where Polars may read them."""
        shape = self._lines.survey.shape
        if not wanted or shape.pattern is None or not self._lines.spells(wanted):
            return None
        return shape.schema(wanted, lambda name: self._cells.readings.get(name) is Reading.NUMBER)

    def _by_row(self, piece: str | None, schema: dict[str, Any], at: _Place) -> Block:
        """The rows of a piece by Python."""
        lines = (at.read(number, line) for number, line in enumerate(lines_of(piece), at.line) if line is None or line.strip())
        block = self._block(enumerate(lines, at.first), list(schema), at.row, at.first)
        bare = {name: kind for name, kind in schema.items() if block.frame.schema[name] == pl.Null}
        return Block(block.first, block.rows, block.frame.cast(pl.Schema(bare)), block.others)

    def _of_shape(self, piece: str | None, number: int, schema: dict[str, Any], at: _Place) -> Block | None:
        """The rows of a piece, most of them by Polars; ``None`` where Python has to read them all."""
        if piece is None or len(piece) >= MAX_LINE:
            return None
        if number in self._lines.survey.plain:
            cells, height = _read(piece.encode(), schema), piece.count("\n") + (piece[-1] != "\n")
            every = pl.int_range(height, dtype=pl.Int64, eager=True)
            return Block(at.first, height, at.frame(every, every, cells)) if cells is not None and cells.height == height else None
        lines = split_up(piece)
        fits = of_shape(lines, self._lines.survey.shape) if lines is not None else None
        if lines is None or fits is None or fits.sum() * _WORTH < lines.len():
            return None
        numbers, others = fits.arg_true().cast(pl.Int64), (~fits & (lines.str.strip_chars(WHITE) != "")).arg_true().cast(pl.Int64)
        cells = _read("\n".join(lines.gather(numbers).to_list()).encode(), schema)
        if cells is None or cells.height != numbers.len():
            return None
        everything = pl.concat([numbers, others]).sort()
        frame = at.frame(everything.search_sorted(numbers).cast(pl.Int64), numbers, cells)
        if not others.len():
            return Block(at.first, everything.len(), frame)
        places, texts = everything.search_sorted(others).to_list(), lines.gather(others).to_list()
        rows = ((at.first + place, at.read(at.line + line, text)) for place, line, text in zip(places, others.to_list(), texts, strict=True))
        left = self._block(rows, list(schema), at.row, at.first)
        both = _together(frame, left.frame)
        return None if both is None else Block(at.first, everything.len(), both.sort(at.row), left.others)


def _cut(piece: str | None, lines: int) -> Iterator[str | None]:
    """A piece as it is, or where it has many short lines in parts of so many."""
    if piece is None or piece.count("\n") <= lines:
        yield piece
        return
    begin = end = 0
    while begin < len(piece):
        for _ in range(lines):
            end = piece.find("\n", end) + 1
            if not end:
                end = len(piece)
                break
        yield piece[begin:end]
        begin = end


def _joined(blocks: Sequence[Block]) -> Block:
    if len(blocks) == 1:
        return blocks[0]
    rows, others = sum(block.rows for block in blocks), tuple(other for block in blocks for other in block.others)
    return Block(blocks[0].first, rows, pl.concat([block.frame for block in blocks], rechunk=True), others)


@frozen
class _Place:
    """Where a piece begins: the position of its first row and the number of its first line; ``read`` makes a line a row."""

    row: str
    first: int
    line: int
    read: Callable[[int, str | None], Row]

    def frame(self, places: pl.Series, lines: pl.Series, cells: pl.DataFrame) -> pl.DataFrame:
        """Cells with their positions and lines."""
        return pl.DataFrame([(places + self.first).alias(self.row), (lines + self.line).alias(LINE), *emptied(cells).get_columns()])


def _read(data: bytes, schema: dict[str, Any]) -> pl.DataFrame | None:
    """The cells of lines of a shape; ``None`` where a line is no JSON after all."""
    try:
        return pl.read_ndjson(io.BytesIO(data), schema=schema)
    except pl.exceptions.PolarsError:
        return None


def _together(frame: pl.DataFrame, left: pl.DataFrame) -> pl.DataFrame | None:
    """Both, where the columns are of the same types or can be made so; else ``None``."""
    kinds: dict[str, Any] = {}
    for name, kind in frame.schema.items():
        other = left.schema[name]
        if other == kind or other == pl.Null:
            kinds[name] = kind
        elif kind == pl.Null or (kind == pl.Int64 and other == pl.Float64):
            kinds[name] = other
        elif kind == pl.Float64 and other == pl.Int64:
            kinds[name] = kind
        else:
            return None
    for one in (frame, left):
        for name, kind in kinds.items():
            if kind == pl.Float64 and one.schema[name] == pl.Int64 and not one[name].drop_nulls().abs().lt(_EXACT).all():
                return None
    return pl.concat([frame.cast(pl.Schema(kinds)), left.cast(pl.Schema(kinds))])
