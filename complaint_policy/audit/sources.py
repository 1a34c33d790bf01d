"""From a file to rows: what kind of file it is, how it is opened, and the reader for it.

A reader is a :class:`SourceTable`: named columns and, as often as asked, an iterator over rows.  CSV, TSV and
JSON Lines are streamed; a row that cannot be read as a row carries its ``fault`` instead of vanishing.
"""

from __future__ import annotations

import gzip
import os
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Final, NamedTuple, cast

from attrs import frozen

from complaint_policy.audit.encodings import Encoding
from complaint_policy.causes import cause_of
from complaint_policy.errors import InputError
from complaint_policy.texts import Text

__all__ = ["KINDS", "FileHandle", "InputOptions", "Row", "SourceTable", "checked_columns", "open_source"]

SUFFIXES: Final = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xls": "xlsx",
    ".ods": "xlsx",
}
KINDS: Final = ("csv", "tsv", "jsonl", "json", "parquet", "xlsx")
# A file that must be read whole (JSON, XLSX, compressed Parquet) may be this large once unpacked.
MAX_WHOLE: Final = 1 << 30


class Row(NamedTuple):
    """One row of a source: its number as a person would find it, the wanted cells, or why it is none."""

    line: int
    cells: Sequence[object]
    fault: Text | None = None


@frozen
class InputOptions:
    """What a mapping declares about its file; ``None`` means: found out."""

    kind: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    quoted: bool = True
    header: bool | None = None
    header_line: int | None = None
    columns: tuple[str, ...] = ()
    sheet: str | None = None


class SourceTable(ABC):
    """Rows under named columns, read as often as asked."""

    name: str = ""
    kind: str = ""
    columns: tuple[str, ...] = ()
    encoding: Encoding | None = None
    remarks: tuple[Text, ...] = ()

    @property
    def names_columns(self) -> bool:
        """Whether a column that is not there is really lacking: records that name their own fields have none where there is no record."""
        return bool(self.columns) or self.kind not in ("json", "jsonl", "list", "polars", "arrow")

    @abstractmethod
    def rows(self, wanted: Sequence[str]) -> Iterator[Row]:
        """The rows in order, each with its cells of the wanted columns in the order wanted."""

    def share(self) -> float | None:
        """How much of the source the running iteration has read, 0 to 1; ``None`` if that is not known."""
        return None

    def unchanged(self) -> bool:
        """Whether the source is still what it was when it was opened."""
        return True


class FileHandle:
    """A file on disk, gzip-compressed or not, opened as often as needed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as raw:
                head = raw.read(4)
                self._stamp = _stamp(raw.fileno())
        except (OSError, ValueError) as error:  # a null character is in no file's name
            why = cause_of(error)
            told = Text(f"cannot read '{path}': {why.en}", f"无法读取“{path}”：{why.zh}")
            if isinstance(error, IsADirectoryError):
                query = f"pl.scan_parquet('{path}/**/*.parquet')"
                told += Text(f"; all Parquet files of a folder: {query}", f"；读取文件夹中的全部 Parquet 文件：{query}")
            raise InputError(told) from None
        self.compressed = head.startswith(b"\x1f\x8b")
        if not self.compressed and path.suffix.lower() == ".gz" and head:
            raise InputError(Text(f"'{path.name}' is not a gzip file", f"“{path.name}”不是 gzip 文件"))
        self._raw: IO[bytes] | None = None

    @property
    def plain_name(self) -> str:
        """The file's name without ``.gz``."""
        name = self.path.name
        return name[:-3] if name.lower().endswith(".gz") else name

    def opened(self) -> IO[bytes]:
        """The bytes, unpacked."""
        self._raw = self.path.open("rb")  # closed with what wraps it
        if not self.compressed:
            return self._raw
        return cast("IO[bytes]", _GzipOwner(self._raw))

    def whole(self) -> bytes:
        """All bytes at once; raises :class:`InputError` beyond the bound or for a damaged file."""
        try:
            with self.opened() as stream:
                content = stream.read(MAX_WHOLE + 1)
        except (OSError, EOFError) as error:
            raise damaged(self.path.name, error) from None
        if len(content) > MAX_WHOLE:
            raise too_large(self.path.name)
        return content

    def share(self) -> float | None:
        if self._raw is None or self._raw.closed or not self._stamp[0]:
            return None
        return min(1.0, self._raw.tell() / self._stamp[0])

    def unchanged(self) -> bool:
        try:
            with self.path.open("rb") as raw:
                return _stamp(raw.fileno()) == self._stamp
        except OSError:
            return False


class _GzipOwner(gzip.GzipFile):
    """A gzip stream that closes the file it reads from."""

    def __init__(self, raw: IO[bytes]) -> None:
        super().__init__(fileobj=cast("gzip._ReadableFileobj", raw), mode="rb")
        self._owned = raw

    def close(self) -> None:
        super().close()
        self._owned.close()


def _stamp(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_size, status.st_mtime_ns


def too_large(name: str) -> InputError:
    """The file would have to be read whole and is too large for it."""
    return InputError(
        Text(
            f"'{name}' is larger than {MAX_WHOLE >> 20} MB; use CSV, JSON Lines or Parquet",
            f"“{name}”超过 {MAX_WHOLE >> 20} MB；请改用 CSV、JSON Lines 或 Parquet",
        )
    )


def damaged(name: str, error: Exception) -> InputError:
    """The file breaks off or is damaged where it was being read."""
    return InputError(Text(f"'{name}' is damaged: {error}", f"文件“{name}”已损坏：{error}"))


def checked_columns(names: Sequence[object], source: str) -> tuple[str, ...]:
    """Header cells as column names, trimmed; an unnamed column keeps the empty name and cannot be mapped.

    Raises :class:`InputError` where a name stands twice or no column has a name.
    """
    columns = tuple("" if n is None else str(n).strip() for n in names)
    twice = sorted(n for n, times in Counter(columns).items() if times > 1 and n)
    if twice:
        shown, hint = shown_names(twice)
        which = f" {_list(shown)}" if shown else ""
        message = Text(
            f"'{source}': the column name{which} stands more than once; which one is meant cannot be told",
            f"“{source}”：列名{which} 重复，无法确定所指",
        )
        raise InputError(message if shown or hint is None else message + Text(f" ({hint.en})", f"（{hint.zh}）"))
    if not any(columns):
        raise InputError(Text(f"'{source}' has no header line", f"“{source}”没有表头"))
    return columns


# A date, or as many digits as a telephone number has.
_LIKE_DATA: Final = re.compile(r"[0-9]{7}|[0-9]{4}[-/.年][0-9]")


def shown_names(columns: Iterable[str]) -> tuple[list[str], Text | None]:
    """The names of columns that may be shown, and a hint where they look like no names: a line of data may hold personal data."""
    names = [name for name in columns if name]
    if any(_LIKE_DATA.search(name) for name in names):
        return [], Text(
            "the header line looks like data: for a table without names say with a mapping: input: {header: false, columns: [...]}",
            "表头一行看起来是数据：如表中没有列名，请在映射文件中声明：input: {header: false, columns: [...]}",
        )
    if len(names) == 1:
        return names, Text(
            "if the names stand in a line further down, say which with a mapping: input: {header: 2}",
            "如列名在下方某一行，请在映射文件中声明该行：input: {header: 2}",
        )
    return names, None


def _list(names: Sequence[str]) -> str:
    return ", ".join(f"'{n}'" for n in names)


def kind_of(handle: FileHandle, options: InputOptions) -> str:
    """The kind of a file: declared, or by its suffix."""
    if options.kind is not None:
        return options.kind
    suffix = Path(handle.plain_name).suffix.lower()
    if suffix not in SUFFIXES:
        known = " ".join(SUFFIXES)
        raise InputError(
            Text(
                f"what kind of file '{handle.path.name}' is cannot be told from its name (known: {known}, each also "
                ".gz); declare it in a mapping: input: {type: csv}",
                f"无法从文件名判断“{handle.path.name}”的类型（可用：{known}，均可加 .gz）；"
                "请在映射文件中声明：input: {type: csv}",
            )
        )
    return SUFFIXES[suffix]


def open_source(path: Path, options: InputOptions) -> SourceTable:
    """The reader for a file.

    Raises :class:`InputError` for a file that cannot be read as what it is named or declared, and
    :class:`MissingExtra` where an optional library is needed.
    """
    handle = FileHandle(path)
    kind = kind_of(handle, options)
    if kind in ("csv", "tsv"):
        from complaint_policy.audit.delimited import DelimitedTable

        return DelimitedTable(handle, options, kind)
    if kind in ("json", "jsonl"):
        from complaint_policy.audit.json_files import JsonLinesTable, JsonTable

        return JsonLinesTable(handle, options) if kind == "jsonl" else JsonTable(handle, options)
    if kind == "xlsx":
        from complaint_policy.audit.workbooks import WorkbookTable

        return WorkbookTable(handle, options)
    from complaint_policy.audit.tables import parquet_table

    return parquet_table(handle)
