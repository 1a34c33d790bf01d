"""CSV and TSV, streamed: quoted line breaks, every row with its line number, no row shifted or lost."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from complaint_policy.audit.blocks import BLOCK, END, Block, Blocks, Dialect
from complaint_policy.audit.encodings import Encoding, find_encoding, undecodable
from complaint_policy.audit.sources import FileHandle, InputOptions, Row, SourceTable, checked_columns, damaged
from complaint_policy.errors import InputError
from complaint_policy.texts import Text

__all__ = ["DelimitedTable"]

_DELIMITERS: Final = (",", ";", "\t", "|")
_NAMES: Final = {
    ",": Text("comma", "逗号"),
    ";": Text("semicolon", "分号"),
    "\t": Text("tab", "制表符"),
    "|": Text("vertical bar", "竖线"),
}
_MAGIC: Final = ((b"PK\x03\x04", "XLSX", "xlsx"), (b"PAR1", "Parquet", "parquet"))
_SAMPLE: Final = 1 << 16
_MAX_LINE: Final = 1 << 24


class DelimitedTable(SourceTable):
    """A CSV or TSV file."""

    def __init__(self, handle: FileHandle, options: InputOptions, kind: str) -> None:
        self.name, self.kind = handle.path.name, kind
        self._handle, self._options = handle, options
        self._refuse_other_kinds()
        try:
            self.encoding: Encoding = find_encoding(handle.opened, options.encoding)
            self._delimiter = self._find_delimiter()
            self._header = options.header if options.header is not None else not options.columns
            self.columns = self._find_columns()
        except (OSError, EOFError) as error:
            raise damaged(self.name, error) from None
        except UnicodeError:
            raise self._undecodable() from None
        self.remarks = (
            Text("delimiter: ", "分隔符：") + _NAMES.get(self._delimiter, Text(*[repr(self._delimiter)] * 2)),
        )

    def share(self) -> float | None:
        return self._handle.share()

    def unchanged(self) -> bool:
        return self._handle.unchanged()

    def _refuse_other_kinds(self) -> None:
        with self._handle.opened() as stream:
            try:
                head = stream.read(4)
            except (OSError, EOFError) as error:
                raise damaged(self.name, error) from None
        for magic, what, kind in _MAGIC:
            if head.startswith(magic):
                raise InputError(
                    Text(
                        f"'{self.name}' is no {self.kind.upper()} but a {what} file; rename it or declare it: "
                        f"input: {{type: {kind}}}",
                        f"“{self.name}”不是 {self.kind.upper()}，而是 {what} 文件；请改名，"
                        f"或声明：input: {{type: {kind}}}",
                    )
                )

    def _undecodable(self) -> InputError:
        found = find_encoding(self._handle.opened, None)
        return InputError(
            Text(
                f"'{self.name}' does not read as {self.encoding.name}; by its bytes it is {found.name}",
                f"“{self.name}”无法按 {self.encoding.name} 读取；根据字节判断为 {found.name}",
            )
        )

    @property
    def _errors(self) -> str:
        return "strict" if self.encoding.strict else "surrogateescape"

    def _text(self) -> io.TextIOWrapper:
        # A stray byte costs its own cell (see _readable), not the file.
        text = io.TextIOWrapper(self._handle.opened(), encoding=self.encoding.name, errors=self._errors, newline="")
        for _ in islice(self._lines(text), (self._options.header_line or 1) - 1):
            pass
        return text

    def _lines(self, text: io.TextIOWrapper) -> Iterator[str]:
        """The lines of a file, none of them without bound: a compressed file may hold one of many gigabytes."""
        while line := text.readline(_MAX_LINE):
            if len(line) >= _MAX_LINE:
                raise self._too_long()
            yield line

    def _too_long(self) -> InputError:
        return InputError(Text(f"'{self.name}' has a line of more than {_MAX_LINE} characters", f"“{self.name}”有一行超过 {_MAX_LINE} 个字符"))

    def _reader(self, lines: Iterable[str], delimiter: str) -> Any:
        if self._options.quoted:
            return csv.reader(lines, delimiter=delimiter)
        return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)

    def _find_delimiter(self) -> str:
        if self._options.delimiter is not None:
            return self._options.delimiter
        if self.kind == "tsv":
            return "\t"
        with self._text() as text:
            sample = text.read(_SAMPLE)

        def cells(delimiter: str) -> int:
            try:
                first: list[str] = next((r for r in self._reader(io.StringIO(sample, newline=""), delimiter) if r), [])
            except csv.Error:
                return 0
            declared = self._options.columns
            return len(declared) * 1000 if declared and len(first) == len(declared) else len(first)

        return max(_DELIMITERS, key=cells)

    def _find_columns(self) -> tuple[str, ...]:
        if not self._header:
            if not self._options.columns:
                raise InputError(
                    Text(
                        f"'{self.name}' has no header line; name its columns: input: {{header: false, columns: [...]}}",
                        f"“{self.name}”没有表头；请声明列名：input: {{header: false, columns: [...]}}",
                    )
                )
            return checked_columns(self._options.columns, self.name)
        with self._text() as text:
            try:
                first = next((cells for cells in self._reader(self._lines(text), self._delimiter) if cells), None)
            except csv.Error as error:
                raise damaged(self.name, error) from None
        if first is None:
            raise InputError(Text(f"'{self.name}' is empty", f"“{self.name}”为空文件"))
        if self._options.columns:
            return checked_columns(self._options.columns, self.name)
        if any(undecodable(cell) for cell in first):
            raise self._undecodable()
        # GB18030 has a byte-order mark of its own, which is read as a letter.
        return checked_columns([first[0].lstrip("\ufeff"), *first[1:]], self.name)

    def rows(self, wanted: Sequence[str]) -> Iterator[Row]:
        try:
            yield from self._rows([self.columns.index(name) for name in wanted])
        except (OSError, EOFError) as error:
            raise damaged(self.name, error) from None
        except UnicodeError:
            raise self._undecodable() from None

    def blocks(self, wanted: Sequence[str], row: str, size: int = BLOCK) -> Iterator[Block]:
        """The same rows in order, many at once, as columns of text; ``row`` names the column of their positions."""
        dialect = Dialect(
            encoding=self.encoding.name,
            errors=self._errors,
            delimiter=self._delimiter,
            quoted=self._options.quoted,
            width=len(self.columns),
            header=self._header,
            skipped=(self._options.header_line or 1) - 1,
            longest=_MAX_LINE,
            too_long=self._too_long,
            reader=lambda lines: self._reader(lines, self._delimiter),
            readable=(lambda cell: cell) if self.encoding.strict else (lambda cell: _readable(cell, self.encoding.name)),
            width_fault=_width,
            csv_fault=_unreadable,
            open_quote=_OPEN_QUOTE,
        )
        try:
            yield from Blocks(self._handle.opened, dialect, tuple(wanted), [self.columns.index(name) for name in wanted], row, size)
        except (OSError, EOFError) as error:
            raise damaged(self.name, error) from None
        except UnicodeError:
            raise self._undecodable() from None

    def _rows(self, indices: list[int]) -> Iterator[Row]:
        width = len(self.columns)
        before = (self._options.header_line or 1) - 1
        escaped = not self.encoding.strict
        header = self._header
        with self._text() as text:
            reader = self._reader(_with_end(self._lines(text)), self._delimiter)
            while True:
                line = before + reader.line_num + 1
                try:
                    cells: list[str] = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    # Reading goes on at the next line.
                    yield Row(line, (), _unreadable(error))
                    continue
                if cells == [END]:
                    return
                if cells and cells[-1].endswith(END):
                    yield Row(line, (), _OPEN_QUOTE)
                    return
                if not cells and (width > 1 or header):
                    continue  # an empty line between two rows is no row
                if header:
                    header = False
                    continue
                if len(cells) != width:
                    cells = cells or [""]
                    if len(cells) != width:
                        yield Row(line, (), _width(len(cells), width))
                        continue
                if escaped:
                    yield Row(line, [_readable(cells[i], self.encoding.name) for i in indices])
                else:
                    yield Row(line, [cells[i] for i in indices])


def _with_end(lines: Iterable[str]) -> Iterator[str]:
    yield from lines
    yield END


def _readable(cell: str, encoding: str) -> object:
    """The cell, or its bytes where the encoding could not read them: bytes are no value of any field."""
    if undecodable(cell):
        return cell.encode(encoding, "surrogateescape")
    return cell


def _width(found: int, expected: int) -> Text:
    if found < expected:
        return Text(f"too few cells: {found} of {expected}", f"单元格过少：应为 {expected} 个，实为 {found} 个")
    return Text(f"too many cells: {found} instead of {expected}", f"单元格过多：应为 {expected} 个，实为 {found} 个")


_OPEN_QUOTE: Final = Text(
    "a quoted cell is still open where the file ends; everything from this line on stands in it",
    "直到文件结束引号仍未闭合；自本行起的全部内容都在该单元格内",
)


def _unreadable(error: csv.Error) -> Text:
    limit = csv.field_size_limit()
    if "limit" in str(error):
        return Text(
            f"a cell longer than {limit} characters (a quotation mark that is never closed?)",
            f"单元格超过 {limit} 个字符（引号未闭合？）",
        )
    return Text(f"not a row: {error}", f"无法读取该行：{error}")
