"""Spark, from Parquet to the summary: the library against Spark SQL written by hand for the same workload, in one session.

    python benchmarks/spark.py [--rows 1000000] [--copies 4] [--rounds 3] [--cores 2] [--only library] [--floor]

``Spark SQL``            by owner and level the records, those with a breach, and the sum of the amounts; calendar and matrix joined
``Spark SQL, the whole`` what the library's summary says: states, levels, owners, outcomes, lateness with its median, amounts
``library, DataFrame``   ``audit_spark(policy, spark.read.parquet(...)).summary()``
``library, files``       ``audit_parquet(policy, spark, ...).summary()``

With ``--floor`` the library's two are measured once more with a judge that has its answers ready: what travel and counting cost.

The contenders take turns; a ratio is the median of the rounds' ratios.  All answers are held equal first.  Core-seconds are
those of the JVM and of its Python workers together, and tell more than the clock does on a machine that is busy otherwise.
"""

from __future__ import annotations

import argparse
import importlib
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import workload
from workload import AS_OF, CATEGORIES, CHANNELS, FIRST, LAST, LEVELS, OWNER

from complaint_policy import load_policy_text
from complaint_policy.audit import Summary
from complaint_policy.audit.spark import audit_parquet, audit_spark

STEPS = ("ack", "investigate", "respond", "close", "followup")
DONE = ("acknowledged_at", "investigated_at", "responded_at", "closed_at", "followed_up_at")
# A deadline in days ends with its last microsecond, and late is what comes after.
IN_DAYS = ("investigate", "respond", "close")
SQL, WHOLE, FRAME, FILES = "Spark SQL", "Spark SQL, the whole", "library, DataFrame", "library, files"


def parquet(rows: int) -> Path:
    """A table of invented complaints as a Parquet file, written once; no act before its start, one row in twenty without ``received_at``."""
    folder = Path(os.environ.get("BENCH_DATA") or Path(tempfile.gettempdir()) / "complaint-policy-bench")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"spark_v1_{rows}.parquet"
    if not path.exists():
        part = path.with_suffix(f".{os.getpid()}")
        _table(rows).write_parquet(part, compression="snappy", row_group_size=131_072)
        part.replace(path)
    return path


def _table(rows: int) -> pl.DataFrame:
    import numpy as np

    r = np.random.default_rng(42)
    base, last = (int((t - datetime(1970, 1, 1)).total_seconds()) for t in (datetime(2023, 1, 1), AS_OF))
    received = base + r.integers(0, last - base, rows)
    closed = received + (r.gamma(3, 80, rows) * 3600).astype("int64")

    def moments(seconds: Any, gone: Any) -> pl.Series:
        kept = pl.Series(seconds * 1_000_000).cast(pl.Datetime("us"))
        return pl.DataFrame({"at": kept, "gone": pl.Series(gone | (seconds > last))}).select(pl.when(~pl.col("gone")).then("at"))["at"]

    def within(scale: float) -> Any:
        return (r.exponential(scale, rows) * 3600).astype("int64")

    shut = r.random(rows) < 0.08
    columns: dict[str, Any] = {
        "received_at": moments(received, r.random(rows) < 0.05),
        "acknowledged_at": moments(received + within(14), r.random(rows) < 0.06),
        "investigated_at": moments(received + within(30), r.random(rows) < 0.08),
        "responded_at": moments(received + (r.gamma(3, 90, rows) * 3600).astype("int64"), r.random(rows) < 0.08),
        "closed_at": moments(closed, shut),
        "followed_up_at": moments(closed + within(14), shut | (r.random(rows) < 0.10)),
        "channel": np.array(CHANNELS)[r.choice(8, rows, p=[0.3, 0.25, 0.1, 0.15, 0.1, 0.06, 0.02, 0.02])],
        "category": np.array(CATEGORIES)[r.integers(0, 6, rows)],
        "region": np.array(["domestic", "overseas"])[(r.random(rows) < 0.2).astype(int)],
        "amount_claimed": pl.Series([a if a >= 0 else None for a in np.where(r.random(rows) < 0.1, -1, np.round(r.lognormal(6, 2, rows), 2)).tolist()]),
        "affected_customers": r.lognormal(1, 1.8, rows).astype("int64") + 1,
        "repeat_count": r.poisson(0.8, rows),
        "media_exposure": r.random(rows) < 0.03,
        "injury": r.random(rows) < 0.01,
        "regulator_involved": r.random(rows) < 0.05,
    }
    return pl.DataFrame(columns)


# --------------------------------------------------------------------------- by hand
_SEVERITY = """CASE WHEN injury OR (regulator_involved AND amount_claimed >= 50000) OR affected_customers >= 1000 THEN 4
 WHEN media_exposure OR amount_claimed >= 10000 OR affected_customers >= 100 THEN 3
 WHEN repeat_count >= 3 OR amount_claimed >= 1000 OR channel IN ('regulator', 'media') THEN 2 ELSE 1 END"""
_AS_OF = f"TIMESTAMP_NTZ'{AS_OF}'"
_DUES = (
    "received_at + INTERVAL 24 HOUR",
    "c.d1",
    "CAST(CAST(received_at AS DATE) AS TIMESTAMP_NTZ) + CASE WHEN region = 'overseas' THEN INTERVAL '19' DAY ELSE INTERVAL '16' DAY END - INTERVAL '0.000001' SECOND",
    "CASE WHEN s.severity <= 2 THEN c.d7 ELSE c.d15 END",
    "closed_at + INTERVAL 1 DAY",
)


def views(spark: Any, source: Any) -> None:
    """The complaints, the calendar and the matrix as views."""
    source.createOrReplaceTempView("w")
    holidays, made_up = (set(days) for days in workload.exceptions())
    days = [FIRST + timedelta(i) for i in range((LAST - FIRST).days + 1)]
    works = [(d.weekday() < 5 and d not in holidays) or d in made_up for d in days]
    positions = [i for i, w in enumerate(works) if w]
    rows: list[tuple[date | datetime, ...]] = []
    passed = 0
    for day, w in zip(days, works, strict=True):
        passed += w
        ends = (days[positions[min(passed + n - 1, len(positions) - 1)]] for n in (1, 7, 15))
        rows.append((day, *(datetime.combine(end, datetime.max.time()) for end in ends)))
    owners = [(k, i + 1, o) for k, v in OWNER.items() for i, o in enumerate(v)]
    for name, table in (
        ("calendar", spark.createDataFrame(rows, "day date, d1 timestamp_ntz, d7 timestamp_ntz, d15 timestamp_ntz")),
        ("owners", spark.createDataFrame(owners, "category string, severity int, owner string")),
    ):
        table.cache().createOrReplaceTempView(name)
        table.count()


def decided() -> str:
    """The decisions as the common table ``o``."""
    dues = ", ".join(f"{due} AS due_{s}" for s, due in zip(STEPS, _DUES, strict=True))
    states = ", ".join(
        f"CASE WHEN due_{s} IS NULL THEN NULL WHEN coalesce({done}, {_AS_OF}) > due_{s} THEN 1 WHEN {done} IS NULL THEN 2 ELSE 0 END AS st_{s}"
        for s, done in zip(STEPS, DONE, strict=True)
    )
    breached = " OR ".join(f"coalesce(st_{s} = 1, false)" for s in STEPS)
    return f"""WITH s AS (SELECT *, {_SEVERITY} AS severity FROM w WHERE received_at IS NOT NULL),
 d AS (SELECT s.*, owners.owner, {dues} FROM s LEFT JOIN calendar c ON c.day = CAST(received_at AS DATE)
       LEFT JOIN owners ON owners.category = s.category AND owners.severity = s.severity),
 st AS (SELECT *, {states} FROM d), b AS (SELECT *, ({breached}) AS breached FROM st),
 o AS (SELECT *, CASE WHEN NOT breached THEN 0 ELSE least(1500, (CASE severity WHEN 1 THEN 200 WHEN 2 THEN 500 WHEN 3 THEN 1000 ELSE 1500 END)
   * (CASE WHEN repeat_count >= 3 THEN 3 ELSE 2 END) DIV 2) END AS penalty FROM b)"""


def grouped(spark: Any) -> dict[str, Any]:
    """The usual report, in one query."""
    rows = spark.sql(f"{decided()} SELECT owner, severity, count(*), sum(CAST(breached AS INT)), sum(penalty) FROM o GROUP BY owner, severity").collect()
    severity: Counter[str] = Counter()
    owner: Counter[str] = Counter()
    for name, level, count, _, _ in rows:
        severity[LEVELS[level - 1]] += count
        owner[name] += count
    return {"severity": severity, "owner": owner, "penalty": (sum(r[3] for r in rows), sum(r[4] for r in rows))}


def whole(spark: Any) -> dict[str, Any]:
    """What the library's summary says, in one query: the states and the lateness in one row a cell of the matrix would lose the median."""
    pending = " OR ".join(f"coalesce(st_{s} = 2, true)" for s in STEPS)
    parts = ["count(*) AS n", "sum(CAST(breached AS INT)) AS breached", "sum(penalty) AS amount", f"count_if(NOT breached AND ({pending})) AS pending"]
    for level in range(1, 5):
        parts.append(f"count_if(severity = {level}) AS level_{level}")
    names = sorted({o for owners in OWNER.values() for o in owners})
    parts += [f"count_if(owner = '{name}') AS owner_{name}" for name in names]
    for s, done in zip(STEPS, DONE, strict=True):
        # One microsecond less where the last of a day is due.
        over = f"(timestampdiff(MICROSECOND, due_{s}, coalesce({done}, {_AS_OF})) - {int(s in IN_DAYS)})"
        parts += [f"count_if(st_{s} = 0) AS {s}_met", f"count_if(st_{s} = 1) AS {s}_breached", f"count_if(st_{s} = 1 AND {done} IS NULL) AS {s}_open"]
        parts += [f"percentile({over}, 0.5) FILTER (WHERE st_{s} = 1) AS {s}_median", f"max({over}) FILTER (WHERE st_{s} = 1) AS {s}_longest"]
    (row,) = spark.sql(f"{decided()} SELECT {', '.join(parts)} FROM o").collect()
    found = row.asDict()
    n, breached = found["n"], found["breached"]
    return {
        "severity": {level: found[f"level_{i}"] for i, level in enumerate(LEVELS, 1)},
        "owner": {name: found[f"owner_{name}"] for name in names},
        "penalty": (breached, found["amount"]),
        "status": {"breached": breached, "pending": found["pending"], "met": n - breached - found["pending"]},
        "outcomes": {s: (found[f"{s}_met"], found[f"{s}_breached"], n - found[f"{s}_met"] - found[f"{s}_breached"]) for s in STEPS},
        "late": {s: (found[f"{s}_open"], *(int(found[f"{s}_{w}"]) for w in ("median", "longest"))) for s in STEPS},
    }


def of_library(summary: Summary) -> dict[str, Any]:
    """The same of the library's summary."""
    (states,) = summary.penalties.values()
    microsecond = timedelta(microseconds=1)
    return {
        "severity": summary.severity,
        "owner": summary.owner,
        "penalty": (sum(s.cases for s in states.values()), int(sum((s.total for s in states.values()), Decimal(0)))),
        "status": summary.status,
        "outcomes": {s: tuple(summary.outcomes[f"DL-{s}"].get(o, 0) for o in ("met", "breached", "pending")) for s in STEPS},
        "late": {s: (late.open, (late.median or timedelta()) // microsecond, (late.longest or timedelta()) // microsecond) for s, late in _late(summary)},
    }


def _late(summary: Summary) -> Iterable[tuple[str, Any]]:
    return ((s, summary.late[f"DL-{s}"]) for s in STEPS)


# --------------------------------------------------------------------------- travel and counting alone
class Ready:
    """Stands in for the judge: gives decisions made beforehand, as many as there are rows, whatever stands in them."""

    def __init__(self, judge: Any, sample: pl.DataFrame) -> None:
        self.policy, self.shape, self.schema = judge.policy, judge.shape, judge.schema
        self.decided, self.rejected = judge.judge(sample.select(judge.wanted))
        self.made: dict[int, tuple[pl.DataFrame, pl.DataFrame]] = {}

    def judge(self, frame: pl.DataFrame, first_row: int = 0, portfolio: Any = None) -> tuple[pl.DataFrame, pl.DataFrame]:
        height = frame.height
        if height not in self.made:
            kept = height * self.decided.height // (self.decided.height + self.rejected.height)
            self.made[height] = self._first(self.decided, kept), self._first(self.rejected, height - kept)
        return self.made[height]

    @staticmethod
    def _first(frame: pl.DataFrame, count: int) -> pl.DataFrame:
        return pl.concat([frame] * (count // frame.height + 1)).head(count).rechunk()


def floor(audit: Any, ready: list[Any], sample: pl.DataFrame) -> Any:
    """The audit with ready answers in place of its judge."""
    if not ready:
        serializer: Any = importlib.import_module("pyspark.serializers").CPickleSerializer()
        ready.append(serializer.dumps(Ready(audit._sent, sample)))
    audit._bytes = ready[0]
    return audit.summary().identity.rows


# --------------------------------------------------------------------------- measuring
def core_seconds() -> float:
    """The processor time so far of this process and all below it (Linux)."""
    stats: dict[int, list[str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                text = (entry / "stat").read_text()
            except OSError:
                continue
            stats[int(entry.name)] = text[text.rindex(")") + 2 :].split()
    waiting, total = [os.getpid()], 0
    while waiting:
        process = waiting.pop()
        total += sum(int(stats[process][field]) for field in (11, 12, 13, 14)) if process in stats else 0
        waiting += [child for child, fields in stats.items() if int(fields[1]) == process]
    return total / os.sysconf("SC_CLK_TCK")


def session(cores: int) -> Any:
    """A session on this machine."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    from pyspark.sql import SparkSession

    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": "6g",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(cores),
        "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",
    }
    builder = SparkSession.builder.master(f"local[{cores}]").appName("benchmark")
    for name, value in settings.items():
        builder = builder.config(name, value)
    made = builder.getOrCreate()
    made.sparkContext.setLogLevel("OFF")
    return made


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=1_000_000, help="rows of the file")
    arguments.add_argument("--copies", type=int, default=4, help="files, each the same: Spark's fixed cost a query is some tenths of a second")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--cores", type=int, default=2)
    arguments.add_argument("--floor", action="store_true", help="also with a judge that has its answers ready")
    arguments.add_argument("--only", default="", help="only the contenders with one of these, parted by commas, in their name")
    options = arguments.parse_args()
    warnings.simplefilter("ignore")  # pyspark speaks of the version of pandas at every call
    start = time.perf_counter()
    spark = session(options.cores)
    spark.range(1).count()
    print(f"session and first job: {time.perf_counter() - start:.1f} s", flush=True)
    path = parquet(options.rows)
    policy = load_policy_text(workload.policy_text())
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.copies):
            (Path(folder) / f"{number:03}.parquet").symlink_to(path)
        frame = spark.read.parquet(folder)
        views(spark, frame)
        contenders: dict[str, Callable[[], Any]] = {
            SQL: lambda: grouped(spark),
            WHOLE: lambda: whole(spark),
            FRAME: lambda: of_library(audit_spark(policy, frame, as_of=AS_OF).summary()),
            FILES: lambda: of_library(audit_parquet(policy, spark, folder, as_of=AS_OF).summary()),
        }
        if options.floor:
            sample = pl.read_parquet(path, n_rows=20_000)
            ready: list[Any] = []
            contenders[f"{FRAME}, floor"] = lambda: floor(audit_spark(policy, frame, as_of=AS_OF), ready, sample)
            contenders[f"{FILES}, floor"] = lambda: floor(audit_parquet(policy, spark, folder, as_of=AS_OF), ready, sample)
        contenders = {name: run for name, run in contenders.items() if any(part in name for part in options.only.split(","))}
        answers = {name: run() for name, run in contenders.items()}
        for name, answer in answers.items():
            for other in (other for other in answers.values() if isinstance(answer, dict) and isinstance(other, dict)):
                for part in answer.keys() & other.keys():
                    assert answer[part] == other[part], (name, part, answer[part], other[part])
        print(f"equal: {', '.join(answers)}", flush=True)
        measure(contenders, options.rows * options.copies, options.rounds)
    spark.stop()


def measure(contenders: dict[str, Callable[[], Any]], rows: int, rounds: int) -> None:
    """Rounds in turn, and a line for each contender."""
    walls: dict[str, list[float]] = {name: [] for name in contenders}
    cores: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            before, start = core_seconds(), time.perf_counter()
            run()
            walls[name].append(time.perf_counter() - start)
            cores[name].append(core_seconds() - before)
    print(f"{rows:,} rows, {rounds} rounds\n{'':27} {'rows/s':>12} {'to SQL':>8} {'to whole':>9} {'core-s/M rows':>14} {'to SQL':>8} {'to whole':>9}")
    for name in contenders:
        ratios = [f"{ratio(times, name, other):8.3f}" if other in times else " " * 8 for times in (walls, cores) for other in (SQL, WHOLE)]
        core = statistics.median(cores[name]) / rows * 1e6
        print(f"{name:27} {rows / statistics.median(walls[name]):12,.0f} {ratios[0]} {ratios[1]}  {core:13.2f} {ratios[2]} {ratios[3]}", flush=True)


def ratio(times: dict[str, list[float]], name: str, reference: str) -> float:
    """How many times as fast as the reference a contender is."""
    return statistics.median(r / t for t, r in zip(times[name], times[reference], strict=True))


if __name__ == "__main__":
    main()
