"""The audit of a table against the same workload written by hand: Polars, DuckDB, Narwhals, pandas, all in one run.

    python benchmarks/tables.py [--rows 1000000] [--rounds 5] [--only decisions,parquet,csv] [--memory]

``decisions``  a table in memory, to the decisions of all rows, read in full
``parquet``    a Parquet file, to the summary (of the library: ``summary().to_dict()``)
``csv``        a CSV file, to the summary

Before anything is timed every contender's answers are held equal to those of the tuned Polars, on every row and column:
severity, owner, five outcomes, the amount, and the due instants of those that give them.  How codes and words compare, and
what is done about rows without ``received_at``, stands in ``comparable``.

The library gives more than the hand-written ones: due instants, the state of the case, row and id, words in place of codes,
decimals; and in its summary every rule's outcomes and lateness.  So it is set against ``tuned`` (the cheapest that gives
the decision), ``tuned, due instants`` and ``tuned, the library's columns``, and against ``the whole summary``.

Without ``--rows`` the library is tried on 20,000 rows first, and the table is as large as fits into ``--seconds``.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import hand_polars
import hand_summary
import paired
import polars as pl
import table_data
from hand import COLUMNS, DONE, DUES, OFFSET, STEPS
from hand_duckdb import Duck
from hand_narwhals import Narwhals
from hand_pandas import Pandas
from workload import AS_OF, LEVELS, policy_text

from complaint_policy import load_policy_text

MODES = ("decisions", "parquet", "csv")
TUNED, DUE_TUNED, SAME = "polars tuned, streaming", "polars tuned, due instants", "polars tuned, the library's columns"
DUCK, DUCK_WHOLE, POLARS_WHOLE = "duckdb tuned", "duckdb tuned, the whole summary", "polars tuned, the whole summary"
LIBRARY = "complaint_policy"
# What a ratio is taken to, those first that the design's bounds are about.
REFERENCES = {"decisions": (TUNED, DUE_TUNED, SAME), "parquet": (DUCK, DUCK_WHOLE, TUNED), "csv": (DUCK, DUCK_WHOLE, TUNED)}
SIZES = (5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000)
# Seconds all other contenders take together for a row.
OTHERS = 7e-6
Run = Callable[[], Any]
# A contender, made ready when its turn comes; asked for it, its decisions have the number of each row, by which they are compared.
Make = Callable[[bool], Run]


class Tables:
    """The table in all the shapes contenders take it in; each is made when it is first asked for."""

    def __init__(self, rows: int, threads: int) -> None:
        self.rows, self.threads = rows, threads
        self.policy = load_policy_text(policy_text())

    @cached_property
    def frame(self) -> pl.DataFrame:
        return pl.read_parquet(self.parquet)

    @cached_property
    def with_ids(self) -> pl.DataFrame:
        return pl.read_parquet(table_data.parquet(self.rows, ids=True))

    @cached_property
    def parquet(self) -> Path:
        return table_data.parquet(self.rows)

    @cached_property
    def csv(self) -> Path:
        return table_data.csv(self.rows)

    @cached_property
    def duck(self) -> Duck:
        return Duck(self.threads)

    @cached_property
    def duck_table(self) -> Duck:
        self.duck.load(self.frame)
        return self.duck

    @cached_property
    def pandas(self) -> Pandas:
        return Pandas()

    def scan(self, path: Path, how: str = "tuned") -> pl.LazyFrame:
        if path.suffix != ".csv":
            return pl.scan_parquet(path)
        if how == "plain":
            return pl.scan_csv(path, try_parse_dates=True)
        # Read as texts and parsed by one known format: six times as fast as what `try_parse_dates` does.
        instants = pl.col("received_at", *DONE).str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", cache=False)
        return pl.scan_csv(path).with_columns(instants)


# --------------------------------------------------------------------------- contenders
def contenders_of(tables: Tables, mode: str) -> dict[str, Make]:
    """The contenders of a mode, as far as their libraries are there."""
    return _decisions(tables) if mode == "decisions" else _summaries(tables, mode)


def _decisions(tables: Tables) -> dict[str, Make]:
    def library(frame: pl.DataFrame) -> Run:
        return lambda: tables.policy.audit(frame, as_of=AS_OF).decisions

    def polars(how: str, engine: hand_polars.Engine) -> Make:
        def made(numbered: bool) -> Run:
            frame = tables.frame.with_row_index("row") if numbered and how != "same" else tables.frame
            return lambda: hand_polars.decisions(frame.lazy(), how, engine, ("row",) if numbered else ())

        return made

    def duckdb(how: str) -> Make:
        def made(numbered: bool) -> Run:
            duck = tables.duck_table
            return lambda: duck.decisions(how, ("row",) if numbered else ())

        return made

    def pandas(numbered: bool) -> Run:
        written, frame = tables.pandas, tables.pandas.read(tables.parquet)
        return lambda: written.decisions(frame)

    found: dict[str, Make] = {
        LIBRARY: lambda numbered: library(tables.frame),
        f"{LIBRARY}, rows with ids": lambda numbered: library(tables.with_ids),
        "polars plain, in memory": polars("plain", "in-memory"),
        "polars plain, streaming": polars("plain", "streaming"),
        "polars tuned, in memory": polars("tuned", "in-memory"),
        TUNED: polars("tuned", "streaming"),
        DUE_TUNED: polars("dues", "streaming"),
        SAME: polars("same", "streaming"),
    }
    with_duckdb = paired.installed("duckdb", "pyarrow")
    if with_duckdb:
        found |= {f"duckdb {how}": duckdb(how) for how in ("plain", "tuned")}
    if paired.installed("narwhals"):
        found["narwhals on polars, streaming"] = lambda numbered: _narwhals_polars(tables.frame.with_row_index("row").lazy(), "decisions", numbered)
    if paired.installed("narwhals") and with_duckdb:
        found["narwhals on duckdb"] = lambda numbered: _narwhals_duckdb(tables.duck_table, "w", "decisions", numbered)
    if paired.installed("pandas", "pyarrow"):
        found["pandas"] = pandas
    return found


def _summaries(tables: Tables, mode: str) -> dict[str, Make]:
    path = tables.csv if mode == "csv" else tables.parquet

    def library(**options: Any) -> Make:
        return lambda _: lambda: tables.policy.audit(path, as_of=AS_OF, **options).summary().to_dict()

    def polars(how: str) -> Make:
        return lambda _: lambda: hand_polars.summary(tables.scan(path, how), how, "streaming")

    def duckdb(how: str) -> Make:
        return lambda _: lambda duck=tables.duck: duck.summary(path, how)  # type: ignore[misc]

    found: dict[str, Make] = {
        LIBRARY: library(),
        f"{LIBRARY}, keep=False": library(keep=False),
        "polars plain, streaming": polars("plain"),
        TUNED: polars("tuned"),
        POLARS_WHOLE: lambda _: lambda: hand_summary.polars(tables.scan(path)),
    }
    with_duckdb = paired.installed("duckdb", "pyarrow")
    if with_duckdb:
        found |= {f"duckdb {how}": duckdb(how) for how in ("plain", "tuned")}
        found[DUCK_WHOLE] = lambda _: lambda duck=tables.duck: hand_summary.duckdb(duck, path)  # type: ignore[misc]
    if paired.installed("narwhals"):
        found["narwhals on polars, streaming"] = lambda _: _narwhals_polars(tables.scan(path), "summary", False)
    if paired.installed("narwhals") and with_duckdb:
        found["narwhals on duckdb"] = lambda _: _narwhals_duckdb(tables.duck, path, "summary", False)
    if paired.installed("pandas", "pyarrow") and mode == "parquet":
        found["pandas"] = lambda _: lambda written=tables.pandas: written.summary(written.read(path))  # type: ignore[misc]
    return found


def _narwhals_polars(frame: pl.LazyFrame, what: str, numbered: bool) -> Run:
    written = Narwhals(numbers=True)
    calendar, owners = written.calendar().lazy(), written.owners().lazy()
    if what == "decisions":
        return lambda: written.decisions(frame, calendar, owners, ("row",) if numbered else ()).collect(engine="streaming")
    return lambda: written.summary(frame, calendar, owners).collect(engine="streaming").rows()


def _narwhals_duckdb(duck: Duck, source: str | Path, what: str, numbered: bool) -> Run:
    written = Narwhals(numbers=False)
    calendar, owners = duck.table("narwhals_calendar", written.calendar()), duck.table("narwhals_owners", written.owners())
    if what == "decisions":
        return lambda: written.decisions(duck.relation(source), calendar, owners, ("row",) if numbered else ()).to_arrow_table()
    return lambda: written.summary(duck.relation(source), calendar, owners).fetchall()


# --------------------------------------------------------------------------- equality
def comparable(found: Any) -> pl.DataFrame:
    """Any contender's decisions in one form: rows that were decided, in the order of the table.

    Levels are 1 to 4, owners texts, amounts whole yuan and 0 without a breach.  States are 0 met, 1 breached, 2 pending;
    a deadline whose start has not come is ``pending`` to the library and null (or -1) to the references.  Due instants are
    wall time in whole seconds: the end of a day is 23:59:59 to the library and its last microsecond to the references.
    """
    frame = found if isinstance(found, pl.DataFrame) else pl.DataFrame(found)
    c = pl.col
    if "DL-ack.outcome" in frame.columns:
        dues = {f"due_{s}": c(f"DL-{s}.due_at").dt.convert_time_zone("UTC").dt.replace_time_zone(None) + OFFSET for s in STEPS}
        codes = {f"st_{s}": c(f"DL-{s}.outcome").cast(pl.String).replace_strict({"met": 0, "breached": 1, "pending": 2}, return_dtype=pl.Int8) for s in STEPS}
        levels = {level: i for i, level in enumerate(LEVELS, 1)}
        severity = c("severity").cast(pl.String).replace_strict(levels, return_dtype=pl.Int8)
        frame = frame.sort("row").select(
            "row", severity=severity, owner=c("owner").cast(pl.String), **codes, penalty=c("PN-case.amount").fill_null(0).cast(pl.Int64), **dues
        )
    else:
        if "row" not in frame.columns:  # only pandas, which keeps the order
            frame = frame.with_row_index("row").filter("decided")
        frame = frame.sort("row")
        dues = {name: c(name).dt.replace_time_zone(None) for name in DUES if name in frame.columns}
        frame = frame.with_columns(c("owner").cast(pl.String), c("severity").cast(pl.Int8), *(c(f"st_{s}").cast(pl.Int8) for s in STEPS), **dues)
        frame = frame.with_columns(pl.when(c(f"st_{s}") < 0).then(2).otherwise(c(f"st_{s}")).fill_null(2).cast(pl.Int8).alias(f"st_{s}") for s in STEPS)
    names = [name for name in ("row", *COLUMNS, *DUES) if name in frame.columns]
    instants = [name for name in DUES if name in frame.columns]
    seconds = [c(name).cast(pl.Datetime("us")).dt.truncate("1s") for name in instants]
    return frame.select(names).with_columns(c("row").cast(pl.Int64), c("penalty").cast(pl.Int64), *seconds)


def assert_decisions(name: str, found: pl.DataFrame, wanted: pl.DataFrame, decided: pl.Series) -> None:
    """Every column a contender gives, on every row that is decided."""
    if found.height != wanted.height:
        found = found.filter(pl.col("row").is_in(decided.implode()))
    assert found["row"].equals(wanted["row"]), f"{name}: other rows than expected ({found.height}, not {wanted.height})"
    for column in found.columns:
        differing = (found[column].ne_missing(wanted[column])).arg_true()
        if len(differing):
            row = differing[0]
            both = f"{found.row(row, named=True)} instead of {wanted.row(row, named=True)}"
            raise AssertionError(f"{name}: {column} differs on {len(differing)} rows, first {both}")


def check_decisions(tables: Tables, contenders: Mapping[str, Make]) -> None:
    """Hold every contender's decisions equal."""
    decided = tables.frame.with_row_index("row").filter(pl.col("received_at").is_not_null())["row"].cast(pl.Int64)
    wanted = comparable(contenders[DUE_TUNED](True)()).filter(pl.col("row").is_in(decided.implode()))
    for name, make in contenders.items():
        assert_decisions(name, comparable(make(True)()), wanted, decided)
    rejected = tables.rows - wanted.height
    print(f"decisions: {len(contenders)} contenders equal on {wanted.height:,} rows and {wanted.width - 1} columns ({rejected:,} rows rejected)")


def check_summaries(what: str, contenders: Mapping[str, Make]) -> None:
    """Hold every contender's summary equal: by owner and severity, or whole."""
    grouped = _grouped(contenders[TUNED](False)())
    whole = contenders[POLARS_WHOLE](False)()
    margins = hand_summary.margins(grouped)
    assert margins == {name: whole[name] for name in margins}, (margins, whole)
    for name, make in contenders.items():
        found = make(False)()
        wanted: Any = whole if isinstance(found, dict) else grouped
        if isinstance(found, dict):
            found = hand_summary.of_library(found) if "identity" in found else found
        else:
            found = _grouped(found)
        assert found == wanted, f"{name}: {found}, not {wanted}"
    print(f"{what}: {len(contenders)} summaries equal")


def _grouped(rows: Sequence[Any]) -> list[tuple[str, int, int, int, int]]:
    return sorted((str(o), int(s), int(n), int(b), int(p)) for o, s, n, b, p in rows if n)


# --------------------------------------------------------------------------- runs
def measured(tables: Tables, mode: str, makers: Mapping[str, Make], rounds: int) -> None:
    """Equality, then time."""
    if mode == "decisions":
        check_decisions(tables, makers)
    else:
        check_summaries(mode, makers)
    if not rounds:
        return
    contenders = {name: make(False) for name, make in makers.items()}
    for run in contenders.values():
        run()
    title = f"{tables.rows:,} rows in memory to decisions" if mode == "decisions" else f"{mode} of {tables.rows:,} rows to the summary"
    references = [name for name in REFERENCES[mode] if name in contenders]
    paired.show(title, paired.rounds_of(contenders, rounds), tables.rows, references)


def fitting(seconds: float, rounds: int, modes: Sequence[str]) -> int:
    """As many rows as are judged in the time there is."""
    rows = SIZES[2]
    run = contenders_of(Tables(rows, 1), "decisions")[LIBRARY](False)
    run()
    taken = paired.timed(run) / rows
    # Every contender is compared, warmed up and measured in each round; the library twice in each mode.
    each = (2 * taken + OTHERS) * len(modes) * (rounds + 2)
    fits = max((size for size in SIZES if size * each <= seconds), default=SIZES[0])
    print(f"the library judges about {1 / taken:,.0f} rows/s: {fits:,} rows in each table (--rows takes another number)")
    return fits


def memory(tables: Tables, mode: str, names: Iterable[str]) -> None:
    """The peak memory of each contender, each in a process of its own."""
    # The files are written before, not in those processes.
    paths = (tables.parquet, table_data.parquet(tables.rows, ids=True)) if mode == "decisions" else (getattr(tables, mode),)
    size = sum(path.stat().st_size for path in paths[:1]) / 2**20
    print(f"\n{mode}, {tables.rows:,} rows ({size:,.0f} MiB): memory in MiB of a process that does only this once, before and at its peak")
    for name in names:
        command = [sys.executable, __file__, "--rows", str(tables.rows), "--threads", str(tables.threads), "--alone", mode, name]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
        print(f"  {name:36} before {found['before']:8,.0f}   peak {found['peak']:8,.0f}   {found['seconds']:8.2f} s", flush=True)


def alone(tables: Tables, mode: str, name: str) -> None:
    """One contender, once."""
    run = contenders_of(tables, mode)[name](False)
    before = paired.peak_memory()
    seconds = paired.timed(run)
    print(json.dumps({"before": before, "peak": paired.peak_memory(), "seconds": seconds}))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, help="as many as fit into --seconds unless said")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--rounds", type=int, default=5, help="0: only the comparison")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 2, help="of DuckDB; for Polars set POLARS_MAX_THREADS")
    parser.add_argument("--only", default=",".join(MODES), help="decisions, parquet, csv")
    parser.add_argument("--name", default="", help="only contenders whose name has this (a regular expression), beside those that ratios are taken to")
    parser.add_argument("--memory", action="store_true", help="peak memory of each contender instead of time")
    parser.add_argument("--alone", nargs=2, metavar=("MODE", "NAME"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    modes = [mode for mode in options.only.split(",") if mode in MODES]
    if options.alone:
        alone(Tables(options.rows, options.threads), *options.alone)
        return
    paired.missing([name for name in ("duckdb", "narwhals", "pandas", "pyarrow") if not paired.installed(name)])
    tables = Tables(options.rows or fitting(options.seconds, options.rounds, modes), options.threads)
    for mode in modes:
        needed = set() if options.memory else {*REFERENCES[mode], POLARS_WHOLE}
        makers = {name: make for name, make in contenders_of(tables, mode).items() if name in needed or re.search(options.name, name)}
        if options.memory:
            memory(tables, mode, makers)
        else:
            measured(tables, mode, makers, options.rounds)


if __name__ == "__main__":
    main()
