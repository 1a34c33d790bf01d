"""The measured table: invented complaints, any number of rows, the same on every machine and with every version of Polars.

    python benchmarks/table_data.py [--rows 1000000] [--ids] [--csv]

The distributions are those of the hand-written references the design was measured with.  Each cell follows from the
seed, the row's number and the column, so the first rows of a long table are the rows of a short one, and a long one is
written in little memory.  Files go to ``$BENCH_DATA`` or a folder under the system's temporary one, and are kept.

The data is made so that the library and a table engine can be held equal on every row and column: an act is never
before its start, and there is a follow-up only where there is a closing.  One row in twenty has no ``received_at``: the
library rejects it, so the references may do with such a row what is cheapest; decisions are compared without it, and
every summary counts without it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import tempfile
from collections.abc import Sequence
from datetime import datetime
from math import pi
from pathlib import Path

import polars as pl
from workload import AS_OF, CATEGORIES, CHANNELS

# Goes up with any change of the data, so that old files are not taken for new ones.
VERSION = 1
ROW_GROUP = 131_072
START = datetime(2023, 1, 1)
CHANNEL_SHARES = (0.3, 0.25, 0.1, 0.15, 0.1, 0.06, 0.02, 0.02)
# Poisson of 0.8, cumulated.
REPEATED = (0.449329, 0.808792, 0.952577, 0.990920, 0.998589, 0.999816)
SECOND = 1_000_000


def folder() -> Path:
    """Where the files are."""
    path = Path(os.environ.get("BENCH_DATA") or Path(tempfile.gettempdir()) / "complaint-policy-bench")
    path.mkdir(parents=True, exist_ok=True)
    return path


def table(rows: int, *, ids: bool = False, seed: int = 42) -> pl.LazyFrame:
    """The table, ready to be collected or written."""
    draws = _Draws(seed)
    base = int((START - datetime(1970, 1, 1)).total_seconds())
    span = int((AS_OF - START).total_seconds())
    received = pl.lit(base) + (draws.uniform("received") * span).cast(pl.Int64)
    closed = pl.col("_received") + _seconds(draws.gamma("closed", 80))

    def moment(seconds: pl.Expr, gone: pl.Expr) -> pl.Expr:
        return pl.when(~gone & (seconds <= base + span)).then(seconds * SECOND).cast(pl.Datetime("us"))

    def act(name: str, taken: pl.Expr, missing: float) -> pl.Expr:
        return moment(pl.col("_received") + _seconds(taken), draws.chance(f"{name} missing", missing))

    frame = pl.LazyFrame({"_row": pl.int_range(rows, dtype=pl.UInt64, eager=True)}).with_columns(_received=received).with_columns(_closed=closed)
    closed_at = moment(pl.col("_closed"), draws.chance("closed missing", 0.08))
    columns = {
        "received_at": moment(pl.col("_received"), draws.chance("received missing", 0.05)),
        "acknowledged_at": act("acknowledged", draws.exponential("acknowledged", 14), 0.06),
        "investigated_at": act("investigated", draws.exponential("investigated", 30), 0.08),
        "responded_at": act("responded", draws.gamma("responded", 90), 0.08),
        "closed_at": closed_at,
        "followed_up_at": moment(
            pl.col("_closed") + _seconds(draws.exponential("followed", 14)), draws.chance("followed missing", 0.10) | closed_at.is_null()
        ),
        "channel": _named(draws.uniform("channel"), CHANNELS, CHANNEL_SHARES),
        "category": _named(draws.uniform("category"), CATEGORIES, [1 / len(CATEGORIES)] * len(CATEGORIES)),
        "region": pl.when(draws.chance("region", 0.2)).then(pl.lit("overseas")).otherwise(pl.lit("domestic")),
        "amount_claimed": pl.when(~draws.chance("amount missing", 0.10)).then((draws.normal("amount") * 2 + 6).exp().round(2)),
        "affected_customers": (draws.normal("affected") * 1.8 + 1).exp().cast(pl.Int64) + 1,
        "repeat_count": sum(((draws.uniform("repeat") >= p).cast(pl.Int64) for p in REPEATED), pl.lit(0, pl.Int64)),
        "media_exposure": draws.chance("media", 0.03),
        "injury": draws.chance("injury", 0.01),
        "regulator_involved": draws.chance("regulator", 0.05),
        # No rule reads it: a real table has such columns too.
        "satisfied": pl.when(~draws.chance("satisfied missing", 0.3)).then(draws.chance("satisfied", 0.7)),
    }
    numbered = {"id": pl.lit("C") + pl.col("_row").cast(pl.String).str.zfill(9)} if ids else {}
    return frame.select(**numbered, **columns)


def parquet(rows: int, *, ids: bool = False) -> Path:
    """The table as a Parquet file, written once."""
    path = folder() / _name(rows, ids, "parquet")
    if not path.exists():
        part = path.with_suffix(f".{os.getpid()}")
        table(rows, ids=ids).sink_parquet(part, compression="snappy", row_group_size=ROW_GROUP)
        part.replace(path)
    return path


def csv(rows: int, *, ids: bool = False) -> Path:
    """The table as a CSV file, written once."""
    path = folder() / _name(rows, ids, "csv")
    if not path.exists():
        part = path.with_suffix(f".{os.getpid()}")
        table(rows, ids=ids).sink_csv(part, datetime_format="%Y-%m-%d %H:%M:%S")
        part.replace(path)
    return path


def _name(rows: int, ids: bool, suffix: str) -> str:
    return f"complaints_v{VERSION}_{rows}{'_ids' if ids else ''}.{suffix}"


class _Draws:
    """Random numbers as expressions of the row's number (splitmix64), a stream of its own for each name."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def uniform(self, name: str) -> pl.Expr:
        """At least 0, below 1."""
        start = hashlib.blake2b(f"{self._seed} {name}".encode(), digest_size=8).digest()
        x = pl.col("_row") * _u64(0x9E3779B97F4A7C15) + _u64(int.from_bytes(start, "big"))
        x = (x ^ (x // _u64(1 << 30))) * _u64(0xBF58476D1CE4E5B9)
        x = (x ^ (x // _u64(1 << 27))) * _u64(0x94D049BB133111EB)
        x = x ^ (x // _u64(1 << 31))
        return (x // _u64(1 << 11)).cast(pl.Float64) / float(1 << 53)

    def chance(self, name: str, share: float) -> pl.Expr:
        return self.uniform(name) < share

    def exponential(self, name: str, mean: float) -> pl.Expr:
        return (1 - self.uniform(name)).log() * -mean

    def gamma(self, name: str, scale: float) -> pl.Expr:
        """Of shape 3."""
        return sum((self.exponential(f"{name} {i}", scale) for i in (2, 3)), self.exponential(f"{name} 1", scale))

    def normal(self, name: str) -> pl.Expr:
        return (self.exponential(f"{name} radius", 2)).sqrt() * (self.uniform(f"{name} angle") * 2 * pi).cos()


def _u64(value: int) -> pl.Expr:
    return pl.lit(value, pl.UInt64)


def _seconds(hours: pl.Expr) -> pl.Expr:
    return (hours * 3600).cast(pl.Int64)


def _named(draw: pl.Expr, names: Sequence[str], shares: Sequence[float]) -> pl.Expr:
    bounds = [sum(shares[: i + 1]) for i in range(len(shares) - 1)]
    index = sum(((draw >= bound).cast(pl.UInt32) for bound in bounds), pl.lit(0, pl.UInt32))
    return pl.lit(pl.Series(list(names))).gather(index)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--ids", action="store_true", help="with a column 'id', a text of its own in each row")
    parser.add_argument("--csv", action="store_true", help="as CSV instead of Parquet")
    options = parser.parse_args(arguments)
    path = (csv if options.csv else parquet)(options.rows, ids=options.ids)
    print(f"{path}  {path.stat().st_size / 2**20:,.0f} MiB")


if __name__ == "__main__":
    main()
