"""How time and memory grow: with rows, with rules, with cells of a matrix; and the memory of the audit of a large CSV file.

    python benchmarks/growth.py [--only rows,rules,cells,memory] [--rows 10000000] [--rules 1000] [--cells 10000] [--csv-rows 2000000]

Each line gives the time, the time for one unit, and how that compares with the first line: 1 is linear, less is
better.  Answers are checked in the same run: every row decided or rejected and, by rules and cells, against what
Polars computes by hand from the numbers the policy was made of.  A part goes on to larger sizes while the next one still fits
into ``--seconds``; sizes left out are named.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import hand_polars
import paired
import polars as pl
import table_data
from workload import AS_OF, LEVELS, exceptions, policy_text

from complaint_policy import Policy, PolicyError, load_policy_text

PARTS = ("rows", "rules", "cells", "memory")
ROWS = (10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
RULES = (10, 30, 100, 300, 1_000)
CELLS = (24, 100, 400, 1_000, 4_000, 10_000)
# So many rows are judged one by one as well.
RECORDS = 300
KINDS = {"summary": "summary, keep=False", "parquet": "decisions_to Parquet, keep=False"}


def growing(sizes: Sequence[int], largest: int, seconds: float) -> Iterator[int]:
    """The sizes in turn, while the next one still fits into the time there is."""
    start = time.perf_counter()
    before, last = start, 0
    chosen = [size for size in sizes if size <= largest] or [largest]
    for size in chosen:
        now = time.perf_counter()
        if last and now - start + (now - before) * size / last > seconds:
            print(f"  {', '.join(f'{left:,}' for left in chosen[chosen.index(size) :])}: left out, they do not fit into {seconds:.0f} s (--seconds)")
            return
        before, last = now, size
        yield size


def best(run: Callable[[], Any], rounds: int) -> float:
    """The shortest of some runs."""
    return min(paired.timed(run) for _ in range(rounds))


# --------------------------------------------------------------------------- rows
def rows(largest: int, seconds: float, rounds: int) -> None:
    """The workload over more and more rows, beside the tuned Polars."""
    policy = load_policy_text(policy_text())
    print(f"\nrows: a table in memory to decisions, best of {rounds}, beside the tuned Polars with due instants")
    print(f"  {'rows':>12} {'seconds':>10} {'ns/row':>10} {'to first':>9} {'Polars s':>10} {'to Polars':>10}")
    first = 0.0
    for size in growing(ROWS, largest, seconds):
        frame = pl.read_parquet(table_data.parquet(size))
        audit = policy.audit(frame, as_of=AS_OF)
        assert audit.decisions.height + audit.rejected.height == size
        assert audit.decisions.height == frame["received_at"].count()
        del audit
        taken = best(lambda frame=frame: policy.audit(frame, as_of=AS_OF).decisions, rounds)  # type: ignore[misc]  # a lambda with a default is not inferred
        by_hand = best(lambda frame=frame: hand_polars.decisions(frame.lazy(), "dues", "streaming"), rounds)  # type: ignore[misc]  # a lambda with a default is not inferred
        first = first or taken / size
        print(f"  {size:12,} {taken:10.3f} {taken / size * 1e9:10.1f} {taken / size / first:9.2f} {by_hand:10.4f} {by_hand / taken:10.3f}", flush=True)


# --------------------------------------------------------------------------- rules
def rules_policy(count: int) -> str:
    """A policy of so many rules: four tenths deadlines, three tenths requirements, the rest rules of severity; no two the same."""
    deadlines, requirements = count * 4 // 10, count * 3 // 10
    return _policy(
        severity="\n".join(
            f"    - {{id: SEV-{i}, level: critical, when: {{affected_customers: {{at_least: {100 + i}}}, amount_claimed: {{at_least: {2000 - i}}}}}}}"
            for i in range(count - deadlines - requirements)
        ),
        rest="deadlines:\n"
        + "\n".join(f"  - {_deadline(i)}" for i in range(deadlines))
        + "\nrequirements:\n"
        + "\n".join(f"  - {{id: RQ-{i}, require: {{affected_customers: {{at_most: {10 + i}}}}}, before: closed_at}}" for i in range(requirements)),
    )


def _deadline(i: int) -> str:
    number, kind = i // 4, i % 4
    if kind == 0:
        span, act = f"{24 + number} hours", "acknowledged_at"
    elif kind == 1:
        span, act = f"{1 + number % 40} working days", "investigated_at"
    elif kind == 2:
        span, act = f"{{choose: [{{when: {{region: overseas}}, then: {18 + number} days}}, {{otherwise: {15 + number} days}}]}}", "responded_at"
    else:
        span, act = f"{{choose: [{{when: {{severity: critical}}, then: {5 + number % 40} working days}}, {{otherwise: {15 + number} days}}]}}", "closed_at"
    return f"{{id: DL-{i}, from: received_at, to: {act}, within: {span}}}"


def _policy(severity: str, rest: str, categories: str = "") -> str:
    holidays, made_up = exceptions()
    return f"""
format: 1
policy: bench/growth
effective: {{from: 2022-01-01}}
timezone: Asia/Shanghai
currency: CNY
calendars:
  office:
    weekdays: mon-fri
    holidays: [{", ".join(d.isoformat() for d in holidays)}]
    extra_working_days: [{", ".join(d.isoformat() for d in made_up)}]
counting: {{calendar: office, first_day: excluded, ends: end_of_day, roll: none}}
record:
  fields:
    region: {{type: enum, values: [domestic, overseas]}}
    amount_claimed: {{default: 0}}
{categories}
severity:
  levels: [{", ".join(LEVELS)}]
  rules:
{severity}
  otherwise: low
{rest}
"""


def check_rules(count: int, decisions: pl.DataFrame, frame: pl.DataFrame) -> None:
    """Severity, the first and the last deadline in hours, the first and the last requirement, on every row."""
    deadlines, requirements = count * 4 // 10, count * 3 // 10
    c = pl.col
    frame = frame.filter(c("received_at").is_not_null())
    amount = c("amount_claimed").fill_null(0)
    critical = pl.any_horizontal([(c("affected_customers") >= 100 + i) & (amount >= 2000 - i) for i in range(count - deadlines - requirements)])
    wanted = {"severity": pl.when(critical).then(pl.lit("critical")).otherwise(pl.lit("low"))}
    for i in (0, (deadlines - 1) // 4 * 4):
        late = c("acknowledged_at").fill_null(AS_OF) > c("received_at") + timedelta(hours=24 + i // 4)
        still = pl.when(c("acknowledged_at").is_null()).then(pl.lit("pending")).otherwise(pl.lit("met"))
        wanted[f"DL-{i}.outcome"] = pl.when(late).then(pl.lit("breached")).otherwise(still)
    for i in (0, requirements - 1):
        open_still = pl.when(c("closed_at").is_null()).then(pl.lit("pending")).otherwise(pl.lit("breached"))
        wanted[f"RQ-{i}.outcome"] = pl.when(c("affected_customers") <= 10 + i).then(pl.lit("met")).otherwise(open_still)
    expected = frame.select(**wanted)
    for name in expected.columns:
        found = decisions[name].cast(pl.String)
        assert found.equals(expected[name]), f"{count} rules: {name} differs on {found.ne_missing(expected[name]).sum()} rows"


def rules(largest: int, table_rows: int, seconds: float, rounds: int) -> None:
    """Policies of more and more rules over one table."""
    frame = pl.read_parquet(table_data.parquet(table_rows))
    _grown("rules", RULES, largest, frame, seconds, rounds, rules_policy, lambda count, decisions: check_rules(count, decisions, frame))


# --------------------------------------------------------------------------- cells
def _owner(cell: int) -> str:
    return f"team_{cell * 7 % 97}"


def cells_policy(count: int) -> str:
    """A policy with a matrix of so many cells: four levels, and a category for every four of them."""
    categories = [f"c{i}" for i in range(count // 4)]
    matrix = "\n".join(
        f"    - {{id: RS-{i}-{level}, when: {{category: {category}, severity: {level}}}, owner: {_owner(i * 4 + j)}}}"
        for i, category in enumerate(categories)
        for j, level in enumerate(LEVELS)
    )
    bounds = {"critical": 100, "high": 20, "medium": 5}
    return _policy(
        severity="\n".join(f"    - {{id: SEV-{level}, level: {level}, when: {{affected_customers: {{at_least: {n}}}}}}}" for level, n in bounds.items()),
        rest=f"responsibility:\n  by: [category, severity]\n  rows:\n{matrix}\n  otherwise: {{owner: nobody}}\n",
        categories=f"    category: {{type: enum, values: [{', '.join(categories)}]}}",
    )


def _categorised(frame: pl.DataFrame, count: int) -> pl.DataFrame:
    number = pl.int_range(pl.len()) % (count // 4)
    return frame.with_columns(category=pl.lit("c") + number.cast(pl.String))


def check_cells(count: int, decisions: pl.DataFrame, frame: pl.DataFrame) -> None:
    """The owner of every row."""
    c = pl.col
    level = sum(((c("affected_customers") >= n).cast(pl.Int64) for n in (5, 20, 100)), pl.lit(0))
    cell = _categorised(frame, count).filter(c("received_at").is_not_null()).select(c("category").str.slice(1).cast(pl.Int64) * 4 + level).to_series()
    found, expected = decisions["owner"].cast(pl.String), "team_" + (cell * 7 % 97).cast(pl.String)
    assert found.equals(expected), f"{count} cells: the owner differs on {found.ne_missing(expected).sum()} rows"


def cells(largest: int, table_rows: int, seconds: float, rounds: int) -> None:
    """A matrix of more and more cells over one table."""
    frame = pl.read_parquet(table_data.parquet(table_rows))
    _grown("cells", CELLS, largest, frame, seconds, rounds, cells_policy, lambda count, decisions: check_cells(count, decisions, frame), table_of=_categorised)


def one_by_one(policy: Policy, records: Sequence[dict[str, Any]]) -> None:
    """Judges records; their decisions are let go, so that Python has none to look through for garbage."""
    for record in records:
        policy.evaluate(record, as_of=AS_OF)


def _grown(
    what: str,
    sizes: Sequence[int],
    largest: int,
    frame: pl.DataFrame,
    seconds: float,
    rounds: int,
    text_of: Callable[[int], str],
    check: Callable[[int, pl.DataFrame], None],
    table_of: Callable[[pl.DataFrame, int], pl.DataFrame] = lambda frame, count: frame,
) -> None:
    """Policies of growing size over one table: loading, making ready (the audit of one row), audit, one record."""
    unit = f"us/{what[:-1]}"
    print(
        f"\n{what}: {frame.height:,} rows in memory to decisions, best of {rounds}; ready is the first audit, of one row; one is `evaluate` of an ordinary record"
    )
    print(
        f"  {what:>8} {'load ms':>9} {'ready ms':>9} {unit:>8} {'to first':>8} {'audit ms':>9} {unit:>8} {'to first':>8} {'one us':>8} {unit:>8} {'to first':>8}"
    )
    load_policy_text(text_of(sizes[0])).audit(table_of(frame.head(1), sizes[0]), as_of=AS_OF)  # what is imported late is not counted
    first: tuple[float, ...] | None = None
    for size in growing(sizes, largest, seconds):
        text, table = text_of(size), table_of(frame, size)
        start = time.perf_counter()
        try:
            policy = load_policy_text(text)
        except PolicyError as error:
            # The check that a matrix has neither holes nor overlaps refuses those it cannot look through.
            print(f"  {size:8,} refused after {(time.perf_counter() - start) * 1e3:.1f} ms: {error.problems[0].code}", flush=True)
            continue
        loaded = time.perf_counter() - start
        ready = paired.timed(lambda policy=policy, table=table: policy.audit(table.head(1), as_of=AS_OF).decisions)  # type: ignore[misc]  # a lambda with a default is not inferred
        check(size, policy.audit(table, as_of=AS_OF).decisions)
        taken = best(lambda policy=policy, table=table: policy.audit(table, as_of=AS_OF).decisions, rounds)  # type: ignore[misc]  # a lambda with a default is not inferred
        records = [record for record in table.head(RECORDS).to_dicts() if record["received_at"] is not None]
        one = best(partial(one_by_one, policy, records), rounds + 2) / len(records)
        parts = (loaded + ready) / size, taken / size, one / size
        first = first or parts
        before, each, alone = (f"{part * 1e6:8.2f} {part / start:8.2f}" for part, start in zip(parts, first, strict=True))
        print(f"  {size:8,} {loaded * 1e3:9.1f} {ready * 1e3:9.1f} {before} {taken * 1e3:9.1f} {each} {one * 1e6:8.2f} {alone}", flush=True)


# --------------------------------------------------------------------------- memory
def memory(largest: int, seconds: float) -> None:
    """CSV files audited each in a process of its own, rows with ids; the bound is 2 GiB at 20 million rows."""
    print("\nmemory: a CSV file with ids, audited with keep=False in a process of its own")
    print(f"  {'rows':>12} {'file MiB':>9} {'':34} {'seconds':>9} {'rows/s':>12} {'peak MiB':>9}")
    for size in growing([size for size in (largest // 16, largest // 4, largest) if size], largest, seconds):
        path = table_data.csv(size, ids=True)
        for kind, title in KINDS.items():
            command = [sys.executable, __file__, "--alone", kind, str(path)]
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
            assert found["decided"] + found["rejected"] == size
            assert kind != "parquet" or found["written"] == found["decided"]
            speed = size / found["seconds"]
            print(f"  {size:12,} {path.stat().st_size / 2**20:9,.0f} {title:34} {found['seconds']:9.2f} {speed:12,.0f} {found['peak']:9,.0f}", flush=True)


def alone(kind: str, path: str) -> None:
    """One audit, measured by the process that does it."""
    policy = load_policy_text(policy_text())
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "decisions.parquet"
        start = time.perf_counter()
        audit = policy.audit(path, as_of=AS_OF, keep=False, **({"decisions_to": target} if kind == "parquet" else {}))
        identity = audit.summary().to_dict()["identity"]
        seconds, peak = time.perf_counter() - start, paired.peak_memory()
        written = pl.scan_parquet(target).select(pl.len()).collect().item() if kind == "parquet" else 0
    print(json.dumps({"decided": identity["decided"], "rejected": identity["rejected"], "written": written, "seconds": seconds, "peak": peak}))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(PARTS), help=", ".join(PARTS))
    parser.add_argument("--rows", type=int, default=10_000_000, help="the largest table in memory")
    parser.add_argument("--rules", type=int, default=1_000, help="the most rules")
    parser.add_argument("--cells", type=int, default=10_000, help="the largest matrix")
    parser.add_argument("--csv-rows", type=int, default=2_000_000, help="the largest CSV file; the bound is about 20,000,000")
    parser.add_argument("--table-rows", type=int, default=20_000, help="the table that rules and cells are held against")
    parser.add_argument("--seconds", type=float, default=60, help="for each part")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alone", nargs=2, metavar=("KIND", "PATH"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.alone:
        alone(*options.alone)
        return
    parts = options.only.split(",")
    if "rows" in parts:
        rows(options.rows, options.seconds, options.rounds)
    if "rules" in parts:
        rules(options.rules, options.table_rows, options.seconds, options.rounds)
    if "cells" in parts:
        cells(options.cells, options.table_rows, options.seconds, options.rounds)
    if "memory" in parts:
        memory(options.csv_rows, options.seconds)


if __name__ == "__main__":
    main()
