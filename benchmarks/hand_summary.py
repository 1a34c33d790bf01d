"""The whole summary the library gives of the workload, by hand: counts of levels, owners, states of cases and outcomes,
lateness with its median, and the amounts.  Each gives the same plain dictionary, so that they compare with ``==``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
from hand import DONE, STEPS
from hand_duckdb import Duck, reader, sql
from hand_polars import tuned
from workload import AS_OF, CATEGORIES, LEVELS, OWNER

Whole = dict[str, Any]
STATES = ("met", "breached", "pending")
# A deadline in days ends with its last microsecond, and late is what comes after.
DAYS = ("investigate", "respond", "close")


def polars(frame: pl.LazyFrame) -> Whole:
    """From a table to the summary, tuned."""
    c = pl.col
    made = tuned(frame.filter(c("received_at").is_not_null()), dues=True)
    late = {}
    for s, done in zip(STEPS, DONE, strict=True):
        over = (c(done).fill_null(AS_OF) - c(f"due_{s}")).to_physical() - int(s in DAYS)
        late[f"over_{s}"] = pl.when(c(f"_late_{s}")).then(over)
    columns = [c("_cell").cast(pl.UInt8), c("breached"), c("penalty"), *(c(f"st_{s}") for s in STEPS)]
    opened = [(c(f"_late_{s}") & c(done).is_null()).alias(f"open_{s}") for s, done in zip(STEPS, DONE, strict=True)]
    table = made.select(*columns, *opened, **late).collect(engine="streaming").rechunk()  # a median of one piece takes a tenth of the time
    pending = pl.any_horizontal([c(f"st_{s}") == 2 for s in STEPS]) | c("st_followup").is_null()
    numbers = table.select(
        breached=c("breached").sum(),
        pending=(pending & ~c("breached")).sum(),
        sum=c("penalty").cast(pl.Int64).sum(),
        **{f"{s}_met": (c(f"st_{s}") == 0).sum() for s in STEPS},
        **{f"{s}_open": c(f"open_{s}").sum() for s in STEPS},
        **{f"{s}_breached": c(f"over_{s}").count() for s in STEPS},
        **{f"{s}_median": c(f"over_{s}").drop_nulls().median() for s in STEPS},
        **{f"{s}_longest": c(f"over_{s}").max() for s in STEPS},
    ).row(0, named=True)
    owners = [o for k in CATEGORIES for o in OWNER[k]]
    cells = ((owners[i], i % 4, n) for i, n in table["_cell"].value_counts().iter_rows())
    return _whole(table.height, cells, numbers)


def duckdb(duck: Duck, source: Path) -> Whole:
    """From a file to the summary, tuned: the decisions once, and two queries over them."""
    parts = ["count(*) AS n", "sum(breached::INT) AS breached", "sum(penalty) AS sum"]
    pending = " OR ".join(f"st_{s} IS NOT DISTINCT FROM 2" for s in STEPS)
    parts.append(f"count(*) FILTER (NOT breached AND (st_followup IS NULL OR {pending})) AS pending")
    for s, done in zip(STEPS, DONE, strict=True):
        over = f"(epoch_us(coalesce({done}, TIMESTAMP '{AS_OF}')) - epoch_us(due_{s}) - {int(s in DAYS)})"
        parts += [f"count(*) FILTER (st_{s} = 0) AS {s}_met", f"count(*) FILTER (st_{s} = 1) AS {s}_breached"]
        parts.append(f"count(*) FILTER (st_{s} = 1 AND {done} IS NULL) AS {s}_open")
        parts += [f"{name}({over}) FILTER (st_{s} = 1) AS {s}_{word}" for name, word in (("median", "median"), ("max", "longest"))]
    kept = ", ".join(("owner", "severity", "breached", "penalty", *(f"{p}_{s}" for p in ("st", "due") for s in STEPS), *DONE))
    duck.connection.execute(f"CREATE OR REPLACE TEMP TABLE decided AS {sql(reader(source), 'tuned')} SELECT {kept} FROM o")
    found = duck.connection.execute(f"SELECT {', '.join(parts)} FROM decided")
    numbers = dict(zip((d[0] for d in found.description), found.fetchone(), strict=True))
    cells = duck.connection.execute("SELECT owner, severity - 1, count(*) FROM decided GROUP BY ALL").fetchall()
    return _whole(numbers["n"], cells, numbers)


def _whole(decided: int, cells: Iterable[tuple[str, int, int]], numbers: Mapping[str, Any]) -> Whole:
    severity: Counter[str] = Counter()
    owner: Counter[str] = Counter()
    for name, level, times in cells:
        severity[LEVELS[level]] += times
        owner[name] += times
    breached, pending = int(numbers["breached"]), int(numbers["pending"])
    outcomes, late = {}, {}
    for s in STEPS:
        met, broken = int(numbers[f"{s}_met"]), int(numbers[f"{s}_breached"])
        outcomes[s] = _counted(met=met, breached=broken, pending=decided - met - broken)
        if broken:
            # The library says a duration in whole seconds.
            late[s] = (broken, int(numbers[f"{s}_open"]), *(int(numbers[f"{s}_{word}"]) // 1_000_000 for word in ("median", "longest")))
    return {
        "decided": decided,
        "status": _counted(breached=breached, pending=pending, met=decided - breached - pending),
        "severity": dict(severity),
        "owner": dict(owner),
        "outcomes": outcomes,
        "late": late,
        "penalty": (breached, int(numbers["sum"] or 0)),
    }


def of_library(summary: Mapping[str, Any]) -> Whole:
    """The same of ``Summary.to_dict()``."""
    penalties = [(p["cases"], int(Decimal(p["sum"]))) for p in summary["penalties"]]
    return {
        "decided": summary["identity"]["decided"],
        "status": summary["status"],
        "severity": {row["level"]: row["records"] for row in summary["severity"]},
        "owner": {row["owner"]: row["records"] for row in summary["owner"]},
        "outcomes": {row["rule"].removeprefix("DL-"): row["outcomes"] for row in summary["rules"]},
        "late": {
            row["rule"].removeprefix("DL-"): (row["breached"], row["open"], _seconds(row["median"]), _seconds(row["longest"]))
            for row in summary["late"]
        },
        "penalty": penalties[0] if penalties else (0, 0),
    }


def margins(grouped: Iterable[tuple[str, int, int, int, int]]) -> Whole:
    """What a summary by owner and severity tells of the whole one."""
    severity: Counter[str] = Counter()
    owner: Counter[str] = Counter()
    breached = amount = 0
    for name, level, rows, broken, amounts in grouped:
        severity[LEVELS[level - 1]] += rows
        owner[name] += rows
        breached += broken
        amount += amounts
    return {"severity": dict(severity), "owner": dict(owner), "penalty": (breached, amount)}


def _counted(**numbers: int) -> dict[str, int]:
    return {name: n for name, n in numbers.items() if n}


_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


def _seconds(span: str) -> int:
    match = _DURATION.fullmatch(span)
    assert match is not None, span
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
