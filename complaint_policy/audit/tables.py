"""Tables that are in memory already, and Parquet: Arrow streams, Polars, and plain lists of records."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, Final

import polars as pl

from complaint_policy.audit.arrow_tables import frame_of, panics
from complaint_policy.audit.json_files import Keys
from complaint_policy.audit.sources import FileHandle, Row, SourceTable, checked_columns
from complaint_policy.columns.python_cells import python_rows
from complaint_policy.errors import InputError
from complaint_policy.intake import fetched, getter_of
from complaint_policy.texts import Text

__all__ = ["FrameTable", "ListTable", "changed", "memory_table", "parquet_table", "unreadable"]

_BATCH: Final = 10_000


class FrameTable(SourceTable):
    """A Polars query: only the wanted columns are ever collected, batch by batch."""

    def __init__(self, frame: pl.LazyFrame, name: str, kind: str, *, handle: FileHandle | None = None, in_memory: bool = False) -> None:
        self.name, self.kind = name, kind
        self._frame, self._handle = frame, handle
        self._done, self._height = 0, 0
        try:
            names = frame.collect_schema().names()
        except BaseException as error:
            if not isinstance(error, (pl.exceptions.PolarsError, OSError)) and not panics(error):
                raise
            raise unreadable(name, error) from None
        self.columns = checked_columns(names, name) if names else ()
        # Names as the frame spells them: a header may carry blanks.
        self._spelled = dict(zip(self.columns, names, strict=True))
        self.in_memory = in_memory

    @property
    def frame(self) -> pl.LazyFrame:
        """The query itself."""
        return self._frame

    def spelled(self, name: str) -> str:
        """A column's name as the frame spells it."""
        return self._spelled[name]

    def beside(self, columns: Mapping[str, pl.Series]) -> FrameTable:
        """The same table with more columns, one value a row."""
        if self.in_memory:
            frame = self._frame.with_columns(column.alias(name) for name, column in columns.items())
        else:
            frame = pl.concat([self._frame, pl.DataFrame(list(columns.values())).lazy()], how="horizontal")
        found = FrameTable(frame, self.name, self.kind, handle=self._handle, in_memory=self.in_memory)
        found.columns = (*self.columns, *(name for name in columns if name not in self.columns))
        return found

    def share(self) -> float | None:
        return self._done / self._height if self._height else None

    def unchanged(self) -> bool:
        return self._handle is None or self._handle.unchanged()

    def settled(self, wanted: Sequence[str]) -> FrameTable:
        """A query that may give its rows in another order each time is asked for the wanted columns once, and held: rows are told by their places."""
        if self.in_memory or self._handle is not None or not _may_reorder(self._frame):
            return self
        with self.reading():
            held = self._frame.select(self._spelled[name] for name in wanted or self.columns[:1]).collect(engine="streaming")
        found = FrameTable(held.lazy(), self.name, self.kind, in_memory=True)
        found.columns = self.columns
        return found

    def failed(self, error: BaseException) -> InputError:
        """What an error while reading means: a file that is another one by now need not be broken."""
        if not self.unchanged():
            return changed()
        return unreadable(self.name, error)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Errors and panics of Polars meanwhile are :class:`InputError`."""
        try:
            yield
        except BaseException as error:
            if not isinstance(error, (pl.exceptions.PolarsError, OSError)) and not panics(error):
                raise
            raise self.failed(error) from None

    def hold(self) -> None:
        """Raises :class:`InputError` where the file is no longer the one that was opened."""
        if not self.unchanged():
            raise changed()

    def height(self) -> int | None:
        """How many rows there are, where that is known without going through them."""
        return self._frame.select(pl.len()).collect().item() if self.in_memory or self._handle is not None else None

    def batches(self, wanted: Sequence[str], size: int) -> Iterator[pl.DataFrame]:
        """The rows in order with the wanted columns, about ``size`` at a time."""
        chosen = self._frame.select(pl.col(self._spelled[name]).alias(name) for name in wanted)
        if self.in_memory:
            whole = chosen.collect()
            yield from (whole.slice(first, size) for first in range(0, whole.height, size))
            return
        with self.reading():
            yield from (batch for batch in chosen.collect_batches(chunk_size=size, maintain_order=True) if batch.height)
        self.hold()

    def at(self, wanted: Sequence[str], position: int) -> pl.DataFrame:
        """One row with the wanted columns; none where there is none."""
        with self.reading():
            return self._frame.slice(position, 1).select(pl.col(self._spelled[name]).alias(name) for name in wanted).collect()

    def rows(self, wanted: Sequence[str]) -> Iterator[Row]:
        with self.reading():
            yield from self._rows(wanted)

    def _rows(self, wanted: Sequence[str]) -> Iterator[Row]:
        self._height = self._frame.select(pl.len()).collect().item() if self._handle else 0
        self._done = 0
        if not wanted:
            for number in range(1, self._frame.select(pl.len()).collect().item() + 1):
                yield Row(number, ())
            return
        chosen = self._frame.select(self._spelled[name] for name in dict.fromkeys(wanted))
        positions = {name: i for i, name in enumerate(dict.fromkeys(wanted))}
        order = [positions[name] for name in wanted]
        for batch in chosen.collect_batches(chunk_size=_BATCH):
            for cells in python_rows(batch):
                self._done += 1
                yield Row(self._done, [cells[i] for i in order])


class ListTable(SourceTable):
    """Records in memory: mappings, or objects with named attributes."""

    def __init__(self, records: Iterable[Any]) -> None:
        self.name, self.kind = "records", "list"
        self._records = [_as_mapping(r) for r in records]
        self._keys = Keys.of((r for r in self._records if not isinstance(r, Text)), self.name)
        self.columns = tuple(self._keys.spelled)

    def rows(self, wanted: Sequence[str]) -> Iterator[Row]:
        yield from map(self._keys.row(wanted), count(1), self._records)


_NO_RECORD: Final = Text("not a record: no mapping and no attrs, dataclass or pydantic object", "不是记录：既非映射，也非 attrs、dataclass 或 pydantic 对象")


def _as_mapping(record: Any) -> Mapping[str, Any] | Text:
    """A record by its names, or why it is none; what somebody's class cannot give costs the one field."""
    if record.__class__ is dict:
        return record if all(isinstance(k, str) for k in record) else _NO_RECORD
    if isinstance(record, Mapping):
        try:
            keys = list(record)
        except Exception:  # noqa: BLE001  a stranger's mapping may raise anything
            return _NO_RECORD
        return fetched(record.__getitem__, keys) if all(isinstance(k, str) for k in keys) else _NO_RECORD
    for names in ("model_fields", "__attrs_attrs__", "__dataclass_fields__"):
        described = getattr(type(record), names, None)
        if described is not None:
            keys = [a.name for a in described] if names == "__attrs_attrs__" else list(described)
            return fetched(getter_of(record), keys)
    return _NO_RECORD


def memory_table(source: object) -> SourceTable:
    """The reader for a table in memory; raises :class:`InputError` for anything that is none."""
    if isinstance(source, pl.LazyFrame):
        return FrameTable(source, "table", "polars")
    if isinstance(source, pl.DataFrame):
        return FrameTable(source.lazy(), "table", "polars", in_memory=True)
    if hasattr(source, "__arrow_c_stream__"):
        return FrameTable(_from_arrow(source).lazy(), "table", "arrow", in_memory=True)
    if isinstance(source, Iterable) and not isinstance(source, (str, bytes, Mapping)):
        return ListTable(source)
    raise InputError(
        Text(
            f"a {type(source).__name__} is no table: give a path, a Polars, pandas, PyArrow or DuckDB table, or a list "
            "of mappings",
            f"{type(source).__name__} 不是表：请给出文件路径、Polars、pandas、PyArrow、DuckDB 表或映射列表",
        )
    )


def _from_arrow(source: Any) -> pl.DataFrame:
    """The table of another library; its own errors, of a query that fails or a connection that is closed, are of any class."""
    try:
        return frame_of(source)
    except InputError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and not panics(error):
            raise
        raise unreadable("table", error) from error


def parquet_table(handle: FileHandle) -> FrameTable:
    """The reader for a Parquet file; a compressed one is unpacked whole."""
    if not handle.compressed:
        # Not a glob: a name with brackets is a name.
        frame = pl.scan_parquet(handle.path, glob=False)
    else:
        content = handle.whole()
        try:
            frame = pl.read_parquet(io.BytesIO(content)).lazy()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise unreadable(handle.path.name, error) from None
    return FrameTable(frame, handle.path.name, "parquet", handle=handle)


def changed() -> InputError:
    """A file is no longer what was audited."""
    return InputError(Text("the file has changed since the audit", "审计之后文件已被更改"))


# What does not keep the order of rows, or takes what it likes of several, in a plan as Polars shows it.
_REORDERS: Final = re.compile(
    r"JOIN|UNIQUE|AGGREGATE|SORT|PYTHON|maintain_order: false|\.(?:shuffle|sample\w*|unique|mode|value_counts|top_k\w*|bottom_k\w*|sort\w*)\("
)


def _may_reorder(query: pl.LazyFrame) -> bool:
    try:
        return _REORDERS.search(query.explain(optimized=False)) is not None
    except pl.exceptions.PolarsError:  # told when it is read
        return False


_CELLS: Final = re.compile(r"( out of [0-9]+ values?): .*")


def unreadable(name: str, error: BaseException) -> InputError:
    first = str(error).splitlines()[0] if str(error) else type(error).__name__
    # Of a panic only what it was about.
    first = first.rpartition('ErrString("')[2].split("\\n")[0].removesuffix('"))') if panics(error) else first
    # What stands in the cells is nobody's business: `conversion from `str` to `i64` failed in column 'n' for 1 out of 9 values: ["13800…"]`.
    first = _CELLS.sub(r"\1", first)
    told = Text(f"'{name}' cannot be read: {first}", f"无法读取“{name}”：{first}")
    if "time zone" in first:
        told += Text(" (write times in UTC or in a zone with a name, such as Asia/Shanghai)", "（时间请用 UTC 或有名称的时区，如 Asia/Shanghai）")
    return InputError(told)
