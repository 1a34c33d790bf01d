"""Delimited text a block at a time, as columns of text: the rows of ``DelimitedTable.rows``, many at once.

A line with the right number of delimiters and no quotation mark is a row as it stands, and Polars cuts it up.  Every other line
goes through Python's ``csv``, which also takes the lines its quotes run on to.  So both give the same rows, faults and line numbers.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any, Final

import polars as pl
from attrs import define, field, frozen

from complaint_policy.audit.sources import Row
from complaint_policy.texts import Text

__all__ = ["BLOCK", "END", "LINE", "Block", "Blocks", "Dialect"]

LINE: Final = "\x1fline"  # the line a row begins on, beside its cells
# Characters read at a time.
BLOCK: Final = 1 << 24
# Goes in after the last line: a row that ends with it was still inside a quoted cell when the file ended.
END: Final = "\0EndOfFile\0"
# Lines are told apart by cutting them at a character that none of them holds.
_RARE: Final = "\x1f\x1e\x1d\x1c\x01\x02"
# Wider tables have quotes read by ``csv`` alone.
_WIDE: Final = 200
# From every so-manieth line on, all of them go through ``csv``.
_DENSE: Final = 4
_NEWLINE: Final = ord("\n")
_MARK: Final = "\ufeff"  # at the beginning Polars takes it for a byte-order mark


@frozen
class Dialect:
    """How a file of delimited text is read."""

    encoding: str
    errors: str
    delimiter: str
    quoted: bool
    width: int
    header: bool
    skipped: int  # lines above the header
    longest: int  # characters of a line, at most
    too_long: Callable[[], Exception]
    reader: Callable[[Iterator[str]], Any]
    readable: Callable[[str], object]
    width_fault: Callable[[int, int], Text]
    csv_fault: Callable[[csv.Error], Text]
    open_quote: Text


@frozen
class Block:
    """Some rows that follow one another: ``frame`` has the number ``position``, the line and the wanted cells of each, an empty cell being null.

    ``others`` are the rows with a fault, or with cells that are no text, each with its position.
    """

    first: int
    rows: int
    frame: pl.DataFrame
    others: tuple[tuple[int, Row], ...] = ()


class _Unfinished(Exception):
    """A row runs on beyond the lines at hand."""


@define
class _Feed:
    """Lines for ``csv``, from any place on."""

    lines: Sequence[str]
    final: bool
    longest: int
    too_long: Callable[[], Exception]
    at: int = 0

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        at = self.at
        if at < len(self.lines):
            self.at = at + 1
            line = self.lines[at]
            if len(line) >= self.longest:
                raise self.too_long()
            return line
        if not self.final:
            raise _Unfinished
        if at == len(self.lines):
            self.at = at + 1
            return END
        raise StopIteration


@define
class _Cut:
    """The rows of one piece of text, by the number of the line each begins on."""

    lines: int = 0
    plain: pl.Series | None = None  # numbers of lines that are rows as they stand; None: all of them
    cells: pl.DataFrame | None = None
    numbers: list[int] = field(factory=list)
    rows: list[list[str]] = field(factory=list)
    others: list[Row] = field(factory=list)


@define
class Blocks:
    """The rows of a file in blocks; ``opened`` opens its bytes."""

    opened: Callable[[], IO[bytes]]
    dialect: Dialect
    wanted: Sequence[str]
    places: Sequence[int]
    row: str  # what the column of positions is called
    size: int = BLOCK
    _header: bool = False
    _line: int = 1
    _position: int = 0

    def __iter__(self) -> Iterator[Block]:
        self._header, self._line, self._position = self.dialect.header, 1, 0
        pending, skipped, wide = "", self.dialect.skipped, 1
        for text, final in self._texts():
            pending += text
            # A row that runs on through many pieces is not read again for each of them.
            if not final and wide > 1 and len(pending) < self.size * wide:
                continue
            cut = len(pending) if final else self._line_end(pending)
            if not cut:
                continue
            piece, rest = pending[:cut], pending[cut:]
            if skipped:
                piece, gone = self._without(piece, skipped)
                skipped -= gone
            if self._header and not skipped:
                piece = self._without_header(piece)
            found, left = self._cut(piece, final) if piece else (_Cut(), "")
            pending = left + rest
            wide = wide * 2 if left and not found.lines else 1
            block = self._block(found)
            if block.rows:
                yield block

    def _texts(self) -> Iterator[tuple[str, bool]]:
        decoder = codecs.getincrementaldecoder(self.dialect.encoding)(self.dialect.errors)
        with self.opened() as stream:
            while piece := stream.read(self.size):
                yield decoder.decode(piece), False
        yield decoder.decode(b"", final=True), True

    def _line_end(self, text: str) -> int:
        """Where the last line ends; a carriage return at the very end may be half a line end."""
        end = text.rfind("\n") + 1 or text.rfind("\r", 0, len(text) - 1) + 1
        if not end and len(text) >= self.dialect.longest:
            raise self.dialect.too_long()
        return end

    def _without(self, piece: str, skipped: int) -> tuple[str, int]:
        """The piece without its first lines, and how many those were."""
        lines = io.StringIO(piece, newline="")
        gone = 0
        while gone < skipped and (line := lines.readline()):
            gone += 1
            if len(line) >= self.dialect.longest:
                raise self.dialect.too_long()
        self._line += gone
        return lines.read(), gone

    def _without_header(self, piece: str) -> str:
        """The piece without a header that is one plain line; any other is for ``csv`` to find."""
        end = piece.find("\n") + 1
        head = piece[:end].removesuffix("\n").removesuffix("\r")
        if not head or '"' in head or "\r" in head or len(head) >= min(self.dialect.longest, csv.field_size_limit()):
            return piece
        self._header = False
        self._line += 1
        return piece[end:]

    # ---------------------------------------------------------------- one piece
    def _cut(self, piece: str, final: bool) -> tuple[_Cut, str]:
        """The rows of a piece, and its end that is no whole row yet."""
        data = self._data(piece)
        cells = self._all_plain(data, piece) if data is not None else None
        if cells is not None:
            return _Cut(cells.height, None, cells), ""
        lines = self._lines(data, piece) if data is not None else None
        if data is None or lines is None:
            return self._all_through_csv(list(io.StringIO(piece, newline="")), final, data is not None)
        odd = self._odd(lines)
        if not self._header and not odd.any():
            return _Cut(lines.len(), None, self._cells(data, lines)), ""
        # Their own line ends stand in cells that are quoted.
        kept = [line + "\n" for line in piece.split("\n")]
        kept[-1] = kept[-1][:-1]
        if not kept[-1]:
            kept.pop()
        if odd.sum() * _DENSE > lines.len():
            return self._all_through_csv(kept, final, True)
        found, left = self._through_csv(kept, odd, final)
        assert found.plain is not None
        if found.plain.len():
            plain = lines.gather(found.plain)
            found.cells = self._cells(data if plain.len() == lines.len() else "".join(kept[i] for i in found.plain.to_list()).encode(), plain)
        return found, left

    def _data(self, piece: str) -> bytes | None:
        """A piece for Polars, or None where ``csv`` has to see it all."""
        alone = piece.count("\r") != piece.count("\r\n") if "\r" in piece else False
        marked = not piece.isascii() and (piece[0] == _MARK or "\n" + _MARK in piece)
        if alone or marked or not self.dialect.delimiter.isascii() or self.dialect.delimiter in '"\r\n' + _RARE:
            return None
        try:
            return piece.encode()
        except UnicodeEncodeError:
            return None

    def _all_plain(self, data: bytes, piece: str) -> pl.DataFrame | None:
        """The wanted cells where every line is a row as it stands, which is seen without a look at each; None where it cannot be seen so."""
        dialect, limit = self.dialect, csv.field_size_limit() // 2
        if self._header or dialect.width == 1 or len(set(self.places)) * 2 < dialect.width or (dialect.quoted and b'"' in data):
            return None
        if data[-1] != _NEWLINE:  # of a last line without an end an empty cell too many is not noticed
            return None
        # A line of the longest kind has no end in some stretch of half its length.
        if any(data.find(b"\n", at, at + limit) < 0 for at in range(0, len(data) - limit, limit)):
            return None
        try:
            cells = self._read(data, None, None)
        except pl.exceptions.PolarsError:  # a line has too many cells, or the first too few
            return None
        # Of a line with too few cells, and of an empty one, delimiters are lacking.
        ends = cells.height + piece.count("\r")
        told = sum(cells.select(pl.all().str.len_bytes().sum()).row(0))
        return self._chosen(cells) if told + cells.height * (dialect.width - 1) + ends == len(data) else None

    def _lines(self, data: bytes, piece: str) -> pl.Series | None:
        rare = next((c for c in _RARE if c not in piece), None)
        if rare is None:
            return None
        lines = pl.read_csv(data, has_header=False, separator=rare, quote_char=None, schema={"line": pl.String})["line"].fill_null("")
        return lines if lines.len() == piece.count("\n") + (piece[-1] != "\n") else None

    def _odd(self, lines: pl.Series) -> pl.Series:
        """The lines that are no row as they stand."""
        delimiters = lines.str.count_matches(self.dialect.delimiter, literal=True)
        odd = (delimiters != self.dialect.width - 1) | (lines.str.len_bytes() > csv.field_size_limit())
        if not self.dialect.quoted:
            return odd
        quoted = lines.str.contains('"', literal=True)
        if not quoted.any():
            return odd
        if not 1 < self.dialect.width <= _WIDE:
            return odd | quoted
        # Quotes around whole cells, and none within: such a line is a row whatever its quotes hold.
        delimiter = re.escape(self.dialect.delimiter)
        cell = f'(?:"[^"]*"|[^"{delimiter}]*)'
        whole = lines.filter(quoted).str.contains(f"^{cell}(?:{delimiter}{cell}){{{self.dialect.width - 1}}}$")
        return odd.set(quoted, False).scatter(quoted.arg_true(), ~whole | (lines.filter(quoted).str.len_bytes() > csv.field_size_limit()))

    def _cells(self, data: bytes, lines: pl.Series) -> pl.DataFrame:
        """The wanted cells of lines that are rows as they stand."""
        if not self.places:
            return pl.DataFrame(height=lines.len())
        if self.dialect.width == 1:
            return lines.set(lines == "", None).alias(self.wanted[0]).to_frame()
        quote = '"' if self.dialect.quoted and b'"' in data else None
        cells = self._chosen(self._read(data, quote, sorted(self.places)))
        return cells if quote is None else _emptied(cells)

    def _read(self, data: bytes, quote: str | None, columns: list[int] | None) -> pl.DataFrame:
        schema = {str(i): pl.String for i in range(self.dialect.width)}
        return pl.read_csv(data, has_header=False, separator=self.dialect.delimiter, quote_char=quote, schema=schema, columns=columns)

    def _chosen(self, cells: pl.DataFrame) -> pl.DataFrame:
        return cells.select(pl.col(str(place)).alias(name) for place, name in zip(self.places, self.wanted, strict=True))

    # ---------------------------------------------------------------- rows by Python's csv
    def _all_through_csv(self, lines: list[str], final: bool, is_text: bool) -> tuple[_Cut, str]:
        """Every line through ``csv``, whose own count of lines tells where a row begins."""
        found = _Cut(plain=pl.Series([], dtype=pl.Int64))
        if max(map(len, lines)) >= self.dialect.longest:
            raise self.dialect.too_long()
        reader = self.dialect.reader(iter([*lines, END]))
        while True:
            start = reader.line_num
            if start >= len(lines):
                found.lines = len(lines)
                return found, ""
            try:
                cells: list[str] = next(reader)
            except csv.Error as error:
                if reader.line_num > len(lines) and not final:
                    break  # it may be another error, or none, with the lines to come
                # Reading goes on at the next line.
                found.others.append(Row(start, (), self.dialect.csv_fault(error)))
                continue
            if reader.line_num > len(lines) and not final:
                break
            self._take(start, cells, found, is_text)
        found.lines = start
        return found, "".join(lines[start:])

    def _through_csv(self, lines: list[str], odd: pl.Series, final: bool) -> tuple[_Cut, str]:
        dialect = self.dialect
        feed = _Feed(lines, final, dialect.longest, dialect.too_long)
        reader = dialect.reader(feed)
        found = _Cut()
        at, ends = 0, len(lines)
        taken: list[int] = []  # lines that are no rows as they stand though they look it
        queue = iter(odd.arg_true().to_list())
        while True:
            start = at if self._header else next(queue, ends)
            if start >= ends:
                break
            if start < at:
                continue  # a row before it went on through this line
            feed.at = start
            try:
                cells: list[str] = next(reader)
            except csv.Error as error:
                # Reading goes on at the next line.
                found.others.append(Row(start, (), dialect.csv_fault(error)))
            except _Unfinished:
                ends = start
                break
            else:
                self._take(start, cells, found, True)
            at = feed.at
            taken += range(start, min(at, ends))
        found.lines = ends
        found.plain = (~(odd.scatter(taken, True) if taken else odd).head(ends)).arg_true().cast(pl.Int64)
        return found, "".join(lines[ends:])

    def _take(self, start: int, cells: list[str], found: _Cut, is_text: bool) -> None:
        dialect = self.dialect
        if cells and cells[-1].endswith(END):
            found.others.append(Row(start, (), dialect.open_quote))
            return
        if not cells and (dialect.width > 1 or self._header):
            return  # an empty line between two rows is no row
        if self._header:
            self._header = False
            return
        cells = cells or [""]
        if len(cells) != dialect.width:
            found.others.append(Row(start, (), dialect.width_fault(len(cells), dialect.width)))
            return
        chosen = [cells[i] for i in self.places]
        if is_text or _is_text(chosen):
            found.numbers.append(start)
            found.rows.append(chosen)
        else:
            found.others.append(Row(start, [dialect.readable(cell) for cell in chosen]))

    # ---------------------------------------------------------------- a block
    def _block(self, found: _Cut) -> Block:
        """The rows with their positions and lines, in order."""
        first, base = self._position, self._line
        self._line += found.lines
        if found.plain is None:
            cells = found.cells if found.cells is not None else self._empty()
            numbers = pl.int_range(cells.height, eager=True)
            self._position += cells.height
            return Block(first, cells.height, self._frame(numbers, numbers, cells, first, base))
        parts = [found.cells] if found.cells is not None else []
        numbers = found.plain if found.cells is not None else found.plain.clear()
        if found.rows:
            columns = list(zip(*found.rows, strict=True)) or []
            slow = pl.DataFrame([pl.Series(n, c, dtype=pl.String) for n, c in zip(self.wanted, columns, strict=True)])
            parts.append(_emptied(slow) if columns else pl.DataFrame(height=len(found.rows)))
            numbers = pl.concat([numbers, pl.Series(found.numbers, dtype=pl.Int64)])
        cells = pl.concat(parts) if parts else self._empty()
        aside = pl.Series([row.line for row in found.others], dtype=pl.Int64)
        everything = pl.concat([numbers, aside]).sort()
        self._position += everything.len()
        frame = self._frame(everything.search_sorted(numbers), numbers, cells, first, base)
        places = everything.search_sorted(aside).to_list() if aside.len() else []
        others = tuple((first + place, row._replace(line=base + row.line)) for place, row in zip(places, found.others, strict=True))
        return Block(first, everything.len(), frame if len(parts) < 2 else frame.sort(self.row), others)

    def _frame(self, places: pl.Series, lines: pl.Series, cells: pl.DataFrame, first: int, base: int) -> pl.DataFrame:
        position, line = places.cast(pl.Int64) + first, lines.cast(pl.Int64) + base
        return pl.DataFrame([position.alias(self.row), line.alias(LINE), *cells.get_columns()])

    def _empty(self) -> pl.DataFrame:
        return pl.DataFrame(schema=dict.fromkeys(self.wanted, pl.String))


def _emptied(cells: pl.DataFrame) -> pl.DataFrame:
    """The cells, empty ones as null."""
    return cells.select(pl.when(pl.col(name) != "").then(pl.col(name)) for name in cells.columns)


def _is_text(cells: list[str]) -> bool:
    try:
        "".join(cells).encode()
    except UnicodeEncodeError:
        return False
    return True
