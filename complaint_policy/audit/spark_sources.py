"""Where the rows of an audit on Spark come from: a DataFrame, or Parquet files that the workers read themselves.

From a DataFrame Spark hands every row to Python one by one, which costs more than judging it.  Files are dealt out by row
groups instead, and Polars reads from them only the columns it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import unquote, urlsplit

import polars as pl
from attrs import evolve, frozen

from complaint_policy.audit.batches import BatchJudge
from complaint_policy.audit.spark_types import quoted, spark_schema
from complaint_policy.audit.spark_worker import ROW, Piece, Shipment, read_piece
from complaint_policy.errors import InputError, UsageError
from complaint_policy.texts import Text

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["FileSource", "FrameSource", "Source", "parquet_files", "pieces_of"]

Task = Callable[[Iterator[Any]], Iterator[Any]]
# Rows a task judges: enough to be worth a task, few enough for the memory of a core.
_LEAST: Final = 100_000
_MOST: Final = 1_000_000
_TASKS_PER_CORE: Final = 4
_READERS: Final = 16


class Source(Protocol):
    """Rows that Spark's workers can be sent to."""

    @property
    def numbered(self) -> bool:
        """Whether rows are numbered from 0."""

    def mapped(self, shipment: Shipment, schema: pl.Schema, *, with_row: bool) -> DataFrame:
        """What the work gives over all rows."""

    def found(self, shipment: Shipment, which: str | int, limit: int) -> pl.DataFrame:
        """The cells of the rows with that id or row, and their :data:`ROW`; no more than ``limit``."""


@frozen
class FrameSource:
    """A Spark DataFrame; ``row`` names the column that numbers its rows."""

    frame: DataFrame
    row: str | None
    wanted: tuple[str, ...]

    @property
    def numbered(self) -> bool:
        return self.row is not None

    def mapped(self, shipment: Shipment, schema: pl.Schema, *, with_row: bool) -> DataFrame:
        return self._columns(with_row=with_row).mapInArrow(_task(shipment), spark_schema(schema))

    def found(self, shipment: Shipment, which: str | int, limit: int) -> pl.DataFrame:
        rows = self._columns(with_row=True)
        found = rows.where(rows[ROW] == which) if isinstance(which, int) else rows.mapInArrow(_task(shipment), rows.schema)
        cells = pl.DataFrame(found.limit(limit).toArrow())
        cells.columns = [*self.wanted, ROW]
        return cells

    def _columns(self, *, with_row: bool) -> DataFrame:
        """The columns the mapping reads, in its order and under plain names, and with them the identity of rows."""
        functions = import_module("pyspark.sql.functions")
        spelled = {name.strip(): name for name in self.frame.columns}
        cells = [functions.col(quoted(spelled[name])) for name in self.wanted]
        # Spark itself cannot hand on every name it allows.
        chosen = [cell.alias(f"c{i}") for i, cell in enumerate(cells)]
        if self.row is not None:
            chosen.append(functions.col(quoted(self.row)).cast("long").alias(ROW))
        elif with_row:
            chosen.append(functions.xxhash64(*cells).alias(ROW))
        return self.frame.select(*chosen)


@frozen
class FileSource:
    """Row groups of Parquet files, one piece a task; rows are numbered through all files."""

    spark: SparkSession
    pieces: tuple[Piece, ...]
    judge: BatchJudge
    numbered: bool = True

    def mapped(self, shipment: Shipment, schema: pl.Schema, *, with_row: bool) -> DataFrame:
        count = len(self.pieces)
        # One number a partition, and so one piece a task.
        numbers = self.spark.range(0, count, 1, max(count, 1))
        return numbers.mapInArrow(_task(evolve(shipment, pieces=self.pieces)), spark_schema(schema))

    def found(self, shipment: Shipment, which: str | int, limit: int) -> pl.DataFrame:
        rows = [which] if isinstance(which, int) else self._rows_of(shipment, limit)
        cells = [read_piece(Piece(piece.file, piece.start + row - piece.first, 1, row), self.judge.schema) for row in rows for piece in self._holding(row)]
        return pl.concat(cells) if cells else pl.DataFrame(schema=dict(self.judge.schema) | {ROW: pl.Int64})

    def _rows_of(self, shipment: Shipment, limit: int) -> list[int]:
        found = self.mapped(shipment, pl.Schema({ROW: pl.Int64()}), with_row=True).limit(limit)
        return [int(row[0]) for row in found.collect()]

    def _holding(self, row: int) -> list[Piece]:
        return [piece for piece in self.pieces if piece.first <= row < piece.first + piece.rows]


def _task(shipment: Shipment) -> Task:
    def task(batches: Iterator[Any]) -> Iterator[Any]:
        # Before Polars is imported: as many workers run as there are cores.
        import os

        os.environ.setdefault("POLARS_MAX_THREADS", "1")
        from complaint_policy.audit.spark_worker import run

        return run(shipment, batches)

    return task


def parquet_files(spark: SparkSession, paths: str | Sequence[str]) -> tuple[pl.Schema, list[tuple[str, list[int]]]]:
    """The columns of Parquet files, and for each file, in order, the rows of its row groups.

    Raises :class:`InputError` where there is no file, :class:`UsageError` for a file system only Spark can read.
    """
    given = [paths] if isinstance(paths, str) else list(paths)
    found = sorted(_address(uri) for uri in spark.read.parquet(*given).inputFiles())
    if not found:
        raise InputError(Text(f"no Parquet file in {', '.join(given)}", f"{'、'.join(given)} 中没有 Parquet 文件"))
    with ThreadPoolExecutor(_READERS) as pool:
        footers = list(pool.map(_footer, found))
    kinds = dict(pl.read_parquet_schema(found[0]))
    for number in range(footers[0].num_columns):
        column = footers[0].schema.column(number)
        # Spark's old form of an instant: it is one, though nothing in the file says so.
        if column.physical_type == "INT96" and column.path in kinds:
            kinds[column.path] = pl.Datetime("us", "UTC")
    return pl.Schema(kinds), [(file, [footer.row_group(i).num_rows for i in range(footer.num_row_groups)]) for file, footer in zip(found, footers, strict=True)]


def pieces_of(files: Sequence[tuple[str, list[int]]], cores: int) -> tuple[Piece, ...]:
    """The files cut between row groups, into some pieces for each core."""
    total = sum(sum(groups) for _, groups in files)
    size = min(max(total // (cores * _TASKS_PER_CORE), _LEAST), _MOST)
    pieces: list[Piece] = []
    first = 0
    for file, groups in files:
        start = rows = 0
        for number, group in enumerate(groups, start=1):
            rows += group
            if rows and (rows >= size or number == len(groups)):
                pieces.append(Piece(file, start, rows, first))
                start, first, rows = start + rows, first + rows, 0
    return tuple(pieces)


def _address(uri: str) -> str:
    """A file's name as Polars understands it."""
    scheme = urlsplit(uri).scheme
    if scheme in ("", "file"):
        return unquote(urlsplit(uri).path)
    if scheme in ("s3a", "s3n"):
        return "s3" + uri[len(scheme) :]
    if scheme not in ("s3", "gs", "abfs", "abfss", "az", "https"):
        en = f"workers cannot read '{scheme}:' by themselves; give a DataFrame to audit_spark"
        raise UsageError(Text(en, f"工作进程无法直接读取“{scheme}:”；请把 DataFrame 交给 audit_spark"))
    return uri


def _footer(file: str) -> Any:
    parquet, fs = import_module("pyarrow.parquet"), import_module("pyarrow.fs")
    if urlsplit(file).scheme in ("", "file"):
        return parquet.read_metadata(file)
    system, path = fs.FileSystem.from_uri(file)
    return parquet.read_metadata(path, filesystem=system)
