"""What runs inside Spark's Python workers: Arrow batches in, decisions, rejects or partial counts out.

A worker makes the policy ready once and keeps it while it lives; small batches are put together first, since a call of
Polars costs some milliseconds however few rows it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

import polars as pl
from attrs import frozen

from complaint_policy.audit.batches import BatchJudge
from complaint_policy.audit.columns import REJECTED_SCHEMA, DecisionColumns
from complaint_policy.audit.partials import LATE, late_in_buckets, merged, partials_schema, portfolio_partials, reject_partials
from complaint_policy.audit.portfolio import Portfolio

__all__ = ["IDS", "ROW", "ROWS", "Piece", "Shipment", "conformed", "counts_schema", "decisions_schema", "read_piece", "run"]

# The column that carries a row's identity beside the columns of the record.
ROW: Final = "#row"
ROWS: Final = "rows"
IDS: Final = "ids"
# Rows judged at a time: the fixed cost of a call is small beside them, and they fit a core's share of memory.
BATCH: Final = 131_072
# Rows after which a task hands on what it counted so far.
_FLUSHED: Final = 8_000_000
_KEPT: Final = 4


@frozen
class Piece:
    """A stretch of a Parquet file: ``rows`` rows from ``start``, of which the first is row ``first`` of the whole source."""

    file: str
    start: int
    rows: int
    first: int


@frozen
class Shipment:
    """What a task is sent: the judge as Spark pickles it, once for all tasks of an audit.

    ``work`` names what to do, ``numbered`` says that :data:`ROW` counts rows from 0, so that places can be told.  With
    ``pieces`` the batches hold the numbers of pieces to be read, else the cells themselves.
    """

    judge: bytes
    work: str
    numbered: bool
    wanted_id: str = ""
    pieces: tuple[Piece, ...] = ()


def run(shipment: Shipment, batches: Iterator[Any]) -> Iterator[Any]:
    """The batches a task gives for those it is given."""
    worker = _Worker(shipment)
    work: Callable[[Iterator[Any]], Iterator[Any]] = getattr(worker, shipment.work)
    return work(batches)


@lru_cache(maxsize=_KEPT)
def _made_ready(judge: bytes) -> BatchJudge:
    """The judge of this process: made when its first batch comes, used for all that follow."""
    made: BatchJudge = import_module("pyspark.serializers").CPickleSerializer().loads(judge)
    return made


def decisions_schema(judge: BatchJudge) -> pl.Schema:
    """The columns of the decisions: those of ``Audit.decisions``, with instants in UTC, as Spark keeps them."""
    empty = judge.public(pl.DataFrame(schema=judge.shape.inner_schema()))
    return pl.Schema({name: _plain_type(kind) for name, kind in empty.schema.items()})


def counts_schema(columns: DecisionColumns) -> pl.Schema:
    """The columns of partial counts, and the ids a batch decided."""
    return pl.Schema(dict(partials_schema(columns)) | {IDS: pl.List(pl.String)})


class _Worker:
    def __init__(self, shipment: Shipment) -> None:
        self._judge = _made_ready(shipment.judge)
        self._numbered, self._id, self._pieces = shipment.numbered, shipment.wanted_id, shipment.pieces

    def decisions(self, batches: Iterator[Any]) -> Iterator[Any]:
        schema = decisions_schema(self._judge)
        for frame, rows in self._frames(batches):
            decided, _ = self._judge.judge(frame)
            yield from _sent(_plain(self._judge.public(_with_rows(decided, rows))), schema)

    def rejected(self, batches: Iterator[Any]) -> Iterator[Any]:
        for frame, rows in self._frames(batches):
            _, rejected = self._judge.judge(frame)
            yield from _sent(self._placed(rejected, rows), pl.Schema(REJECTED_SCHEMA))

    def counts(self, batches: Iterator[Any]) -> Iterator[Any]:
        """Counts of a whole task, but for the ids, which are handed on batch by batch."""
        schema = counts_schema(self._judge.shape)
        portfolio = Portfolio(self._judge.policy)
        gathered: list[pl.DataFrame] = []
        since = 0
        for frame, rows in self._frames(batches):
            counted = self._judge.count(frame, portfolio=portfolio)
            gathered.append(counted.partials(self._judge.shape))
            gathered += [reject_partials(self._placed(rejected, rows), self._judge.shape) for rejected in counted.rejected]
            gathered.append(_one(ROWS, frame.height, partials_schema(self._judge.shape)))
            ids = counted.ids().drop_nulls()
            if len(ids):
                yield from _sent(_one(IDS, len(ids), schema).with_columns(ids.implode().alias(IDS)), schema)
            since += frame.height
            if since >= _FLUSHED:
                yield from _sent(_summed(gathered), schema)
                gathered, since = [], 0
        gathered.append(portfolio_partials(portfolio, self._judge.shape))
        yield from _sent(_summed(gathered), schema)

    def sought(self, batches: Iterator[Any]) -> Iterator[Any]:
        """The source's own rows whose id is the wanted one; of pieces only their numbers."""
        if self._pieces:
            for frame, rows in self._frames(batches):
                yield from _sent(pl.DataFrame({ROW: rows}).filter(self._meant(frame)), pl.Schema({ROW: pl.Int64()}))
            return
        pyarrow = import_module("pyarrow")
        for batch in batches:
            frame, _ = self._frame(batch)
            yield batch.filter(pyarrow.array(self._meant(frame)))

    def _meant(self, frame: pl.DataFrame) -> pl.Series:
        places = [entry.position for entry in self._judge.entries(frame) if entry.id == self._id]
        return pl.int_range(frame.height, eager=True).is_in(places)

    def _frames(self, batches: Iterator[Any]) -> Iterator[tuple[pl.DataFrame, pl.Series | None]]:
        if self._pieces:
            numbers = [number for batch in batches for number in batch.column(0).to_pylist()]
            for piece in (self._pieces[number] for number in numbers):
                for part in read_piece(piece, self._judge.schema).iter_slices(BATCH):
                    yield part.drop(ROW), part[ROW]
            return
        pyarrow = import_module("pyarrow")
        for together in _together(batches):
            yield self._frame(pyarrow.Table.from_batches(together))

    def _frame(self, batch: Any) -> tuple[pl.DataFrame, pl.Series | None]:
        """The cells of a batch under their own names, and the identity of its rows."""
        frame: Any = pl.from_arrow(batch)
        rows = frame[ROW] if ROW in frame.columns else None
        cells = frame.drop(ROW, strict=False)
        cells.columns = [*self._judge.schema]
        return conformed(cells, self._judge.schema), rows

    def _placed(self, rejected: pl.DataFrame, rows: pl.Series | None) -> pl.DataFrame:
        """Rejects with the identity of their rows; a place can be told only where rows are numbered."""
        placed = _with_rows(rejected, rows)
        return placed.with_columns(source_row=pl.col("row") + 1 if self._numbered else pl.lit(None, pl.Int64))


def read_piece(piece: Piece, schema: pl.Schema) -> pl.DataFrame:
    """The wanted cells of a piece, read from the file, and their :data:`ROW`."""
    scanned = pl.scan_parquet(piece.file, glob=False)
    spelled = {name.strip(): name for name in scanned.collect_schema().names()}
    chosen = scanned.slice(piece.start, piece.rows).select(pl.col(spelled[name]).alias(name) for name in schema)
    cells = conformed(chosen.collect(), schema)
    return cells.with_columns(pl.int_range(piece.first, piece.first + cells.height, dtype=pl.Int64).alias(ROW))


def _summed(gathered: list[pl.DataFrame]) -> pl.DataFrame:
    counts = late_in_buckets(pl.concat(gathered))
    late = pl.col("part") == LATE
    return pl.concat([merged(counts.filter(~late)), counts.filter(late)], how="diagonal_relaxed")


def _together(batches: Iterator[Any]) -> Iterator[list[Any]]:
    held: list[Any] = []
    height = 0
    for batch in batches:
        if batch.num_rows:
            held.append(batch)
            height += batch.num_rows
        if height >= BATCH:
            yield held
            held, height = [], 0
    if held:
        yield held


def conformed(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """The columns of the record, typed as the judge was told: Spark shows instants in the zone of the session."""
    return frame.select(pl.col(name) if frame.schema[name] == kind else pl.col(name).cast(kind) for name, kind in schema.items())


def _with_rows(frame: pl.DataFrame, rows: pl.Series | None) -> pl.DataFrame:
    """The positions in a batch replaced by the identity of the rows."""
    row = pl.lit(None, pl.Int64) if rows is None else rows.gather(frame["row"])
    return frame.with_columns(row.alias("row"))


def _one(part: str, records: int, schema: pl.Schema) -> pl.DataFrame:
    row = dict.fromkeys(schema) | {"part": part, "records": records, "least_open": 0, "most_open": 0}
    return pl.DataFrame([row], schema=schema)


def _plain_type(kind: Any) -> Any:
    if isinstance(kind, pl.Enum):
        return pl.String()
    return pl.Datetime("us", "UTC") if isinstance(kind, pl.Datetime) and kind.time_zone else kind


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Words as texts and instants in UTC."""
    return frame.cast({name: _plain_type(kind) for name, kind in frame.schema.items()})


def _sent(frame: pl.DataFrame, schema: pl.Schema) -> Iterator[Any]:
    """A frame as the Arrow batches Spark reads: it knows no views and, in lists, no large offsets."""
    pyarrow = import_module("pyarrow")
    missing = [pl.lit(None, kind).alias(name) for name, kind in schema.items() if name not in frame.columns]
    table = frame.with_columns(missing).select(schema.names()).to_arrow(compat_level=pl.CompatLevel.oldest())
    kinds = pyarrow.schema([pyarrow.field(field.name, _arrow(pyarrow, field.type)) for field in table.schema])
    yield from table.cast(kinds).combine_chunks().to_batches()


def _arrow(pyarrow: Any, kind: Any) -> Any:
    if kind == pyarrow.large_string():
        return pyarrow.string()
    return pyarrow.list_(_arrow(pyarrow, kind.value_type)) if pyarrow.types.is_large_list(kind) else kind
