"""Decisions and rejects to a file: CSV, JSON Lines, Parquet or XLSX by its suffix, whole or not at all.

The file is written beside its destination under another name and then put in its place, so a reader never sees
half of it and a failure leaves nothing.  In CSV and XLSX a text that a spreadsheet would run as a formula gets a
leading apostrophe.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

import polars as pl

from complaint_policy.errors import MissingExtra, UsageError
from complaint_policy.texts import Text

__all__ = ["FrameWriter", "check_target", "neutralised", "write_frames"]

SUFFIXES: Final = (".csv", ".jsonl", ".ndjson", ".parquet", ".xlsx")
_SHEET_ROWS: Final = 1_048_576
# What spreadsheets take for a formula, in their full-width forms too.
_FORMULA: Final = r"^(?:[\t\r\n]|\s*[=+\-@＝＋－＠])"


def neutralised(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame for spreadsheets: lists as text, instants as ISO text, no text that begins like a formula."""
    out = []
    for name, kind in frame.schema.items():
        column = pl.col(name)
        if isinstance(kind, pl.List):
            column = column.list.join("; ")
        elif isinstance(kind, pl.Datetime):
            column = column.dt.to_string("%Y-%m-%dT%H:%M:%S%:z" if kind.time_zone else "%Y-%m-%dT%H:%M:%S")
        elif isinstance(kind, (pl.Enum, pl.Categorical)):
            column = column.cast(pl.String)
        elif not isinstance(kind, pl.String):
            continue
        risky = column.str.contains(_FORMULA)
        out.append(pl.when(risky).then(pl.lit("'") + column).otherwise(column).alias(name))
    return frame.with_columns(out)


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A path in the same folder that takes the place of ``path`` when all went well."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary)
        else:
            temporary.unlink(missing_ok=True)


def check_target(path: str | Path, reads: Iterable[object] = ()) -> None:
    """Raises :class:`UsageError` where a table cannot be written to a path, or is one of the files ``reads`` (what is no path is none)."""
    target = Path(path)
    if target.suffix.lower() not in SUFFIXES:
        known = " ".join(SUFFIXES)
        raise UsageError(Text(f"'{path}': write to one of {known}", f"“{path}”：输出文件须为以下类型之一：{known}"))
    if "\0" in str(path):
        raise UsageError(Text("the name of a file cannot hold a null character", "文件名不能含空字符"))
    if not target.parent.is_dir():
        raise UsageError(Text(f"the folder '{target.parent}' does not exist", f"文件夹“{target.parent}”不存在"))
    if target.is_dir():
        raise UsageError(Text(f"'{path}' is a folder", f"“{path}”是文件夹"))
    if target.exists() and any(_is_file(target, source) for source in reads):
        raise UsageError(Text(f"'{path}' is read by this audit: write to another file", f"“{path}”是本次审计要读取的文件：请写入其他文件"))


def _is_file(target: Path, source: object) -> bool:
    if not isinstance(source, (str, PathLike)):
        return False
    try:
        return Path(source).exists() and target.samefile(source)
    except (OSError, ValueError):  # no name a file can have
        return False


class FrameWriter:
    """Writes frames of one schema, one after the other, to one file.

    A context manager: leaving it well puts the file in its place, leaving it by an exception removes what
    was written.  Raises :class:`UsageError` for a suffix that is not known or a folder that does not exist.
    """

    def __init__(self, path: str | Path, schema: pl.Schema) -> None:
        check_target(path)
        self.path, self._schema = Path(path), schema
        self._suffix = self.path.suffix.lower()
        self._stack = ExitStack()
        self._sink: _CsvSink | _JsonLinesSink | _ParquetSink | _XlsxSink

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            temporary = stack.enter_context(_replacing(self.path))
            sinks = {".csv": _CsvSink, ".parquet": _ParquetSink, ".xlsx": _XlsxSink}
            self._sink = stack.enter_context(sinks.get(self._suffix, _JsonLinesSink)(temporary, self._schema))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, failure, trace)

    def write(self, frame: pl.DataFrame) -> None:
        """Append a frame."""
        self._sink.write(frame)


def write_frames(path: str | Path, schema: pl.Schema, frames: Iterable[pl.DataFrame]) -> None:
    """Write frames to a file in one go."""
    with FrameWriter(path, schema) as writer:
        for frame in frames:
            writer.write(frame)


class _Sink:
    def __init__(self, path: Path, schema: pl.Schema) -> None:
        self._path, self._schema = path, schema
        self._file: IO[bytes] | None = None

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            self._file = self._path.open("xb")  # closed on leaving
        return self._file

    def __enter__(self) -> Any:
        self._opened()
        return self

    def __exit__(self, *failure: object) -> None:
        if self._file is not None:
            self._file.close()


class _CsvSink(_Sink):
    def __enter__(self) -> Any:
        neutralised(pl.DataFrame(schema=self._schema)).write_csv(self._opened())
        return self

    def write(self, frame: pl.DataFrame) -> None:
        neutralised(frame).write_csv(self._opened(), include_header=False)


class _JsonLinesSink(_Sink):
    def write(self, frame: pl.DataFrame) -> None:
        exact = [pl.col(n).cast(pl.String) for n, t in frame.schema.items() if isinstance(t, (pl.Decimal, pl.Enum))]
        frame.with_columns(exact).write_ndjson(self._opened())


class _ParquetSink(_Sink):
    """Frames are laid aside as Arrow files and streamed into one Parquet file at the end."""

    def __init__(self, path: Path, schema: pl.Schema) -> None:
        super().__init__(path, schema)
        self._aside = path.with_suffix(".d")
        self._count = 0

    def __enter__(self) -> Any:
        self._aside.mkdir()
        return self

    def write(self, frame: pl.DataFrame) -> None:
        frame.write_ipc(self._aside / f"{self._count:08d}.arrow")
        self._count += 1

    def __exit__(self, *failure: object) -> None:
        try:
            if failure[0] is None:
                if not self._count:
                    self.write(pl.DataFrame(schema=self._schema))
                pieces = [self._aside / f"{n:08d}.arrow" for n in range(self._count)]
                pl.scan_ipc(pieces, glob=False).sink_parquet(self._path)
        finally:
            shutil.rmtree(self._aside)


class _XlsxSink(_Sink):
    def __init__(self, path: Path, schema: pl.Schema) -> None:
        super().__init__(path, schema)
        try:
            xlsxwriter: Any = import_module("xlsxwriter")
        except ImportError:
            raise MissingExtra("xlsxwriter", "audit") from None
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "in_memory": False}
        self._book = xlsxwriter.Workbook(str(path), options)
        self._sheet = self._book.add_worksheet()
        self._row = 0

    def __enter__(self) -> Any:
        self._line(self._schema.names())
        return self

    def _line(self, cells: Iterable[Any]) -> None:
        if self._row >= _SHEET_ROWS:
            raise UsageError(
                Text(
                    f"a sheet holds {_SHEET_ROWS} rows; write CSV or Parquet",
                    f"一个工作表最多 {_SHEET_ROWS} 行；请输出 CSV 或 Parquet",
                )
            )
        for number, cell in enumerate(cells):
            if cell is not None:
                self._sheet.write(self._row, number, cell)
        self._row += 1

    def write(self, frame: pl.DataFrame) -> None:
        for cells in neutralised(frame).iter_rows():
            self._line(cells)

    def __exit__(self, *failure: object) -> None:
        self._book.close()
