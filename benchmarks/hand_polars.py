"""The workload in Polars, as people write it (``plain``) and tuned (``tuned``): what a person who knows Polars well can reach.

Tuned: chains of ``==`` instead of ``is_in``, days as integers, due instants and owners gathered from tables made once, states
and levels by adding up booleans, conditions shared between levels.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal, NamedTuple

import polars as pl
from hand import BASE_DAY, COLUMNS, DAY_US, DEPARTMENTS, DONE, DUES, OFFSET, STEPS, ZONE, calendar_days, capped, working_days
from workload import AS_OF, BASE_PENALTY, CAP, CATEGORIES, OWNER

from complaint_policy.outcomes import STATUS_ORDER

Engine = Literal["in-memory", "streaming"]
_I8, _U32 = pl.Int8, pl.UInt32
_INSTANT = pl.Datetime("us")


# --------------------------------------------------------------------------- plain
@functools.cache
def _joined() -> tuple[pl.LazyFrame, pl.LazyFrame]:
    ends = {f"d{n}": pl.Series(v).cast(_INSTANT) for n, v in working_days().items()}
    owners = [{"category": k, "severity": i + 1, "owner": o} for k, v in OWNER.items() for i, o in enumerate(v)]
    return pl.LazyFrame({"day": calendar_days(), **ends}), pl.LazyFrame(owners, schema_overrides={"severity": _I8})


def plain(frame: pl.LazyFrame) -> pl.LazyFrame:
    """``is_in``, ``when``/``then``, a join with the calendar and one with the matrix."""
    c = pl.col
    calendar, owners = _joined()
    severity = (
        pl.when(c("injury") | (c("regulator_involved") & (c("amount_claimed") >= 50000)) | (c("affected_customers") >= 1000))
        .then(4)
        .when(c("media_exposure") | (c("amount_claimed") >= 10000) | (c("affected_customers") >= 100))
        .then(3)
        .when((c("repeat_count") >= 3) | (c("amount_claimed") >= 1000) | c("channel").is_in(["regulator", "media"]))
        .then(2)
        .otherwise(1)
        .cast(_I8)
    )
    frame = frame.with_columns(severity=severity, day=c("received_at").dt.date(), decided=c("received_at").is_not_null())
    frame = frame.join(calendar, on="day", how="left").join(owners, on=["category", "severity"], how="left")
    midnight = c("day").cast(_INSTANT)
    end = pl.duration(microseconds=DAY_US - 1)
    dues = (
        c("received_at").dt.offset_by("24h"),
        c("d1"),
        midnight + pl.when(c("region") == "overseas").then(pl.duration(days=18)).otherwise(pl.duration(days=15)) + end,
        pl.when(c("severity") <= 2).then(c("d7")).otherwise(c("d15")),
        c("closed_at").dt.offset_by("1d"),
    )
    frame = frame.with_columns(**dict(zip(DUES, dues, strict=True)))
    states = {}
    for step, done in zip(STEPS, DONE, strict=True):
        due = c(f"due_{step}")
        states[f"st_{step}"] = (
            pl.when(due.is_null())
            .then(None)
            .when(c(done).is_not_null())
            .then(pl.when(c(done) <= due).then(0).otherwise(1))
            .when(pl.lit(AS_OF) > due)
            .then(1)
            .otherwise(2)
            .cast(_I8)
        )
    frame = frame.with_columns(**states)
    frame = frame.with_columns(breached=c("decided") & pl.any_horizontal([(c(f"st_{s}") == 1).fill_null(False) for s in STEPS]))
    base: pl.Expr = pl.lit(0, pl.Int32)
    for level, amount in BASE_PENALTY.items():
        base = pl.when(c("severity") == level).then(amount).otherwise(base)
    penalty = pl.min_horizontal(base * pl.when(c("repeat_count") >= 3).then(1.5).otherwise(1.0), pl.lit(float(CAP)))
    return frame.with_columns(penalty=pl.when(c("breached")).then(penalty).otherwise(0).cast(pl.Int32))


def grouped(frame: pl.LazyFrame) -> pl.LazyFrame:
    """The summary of both: by owner and severity the rows decided, those with a breach, and the sum of the amounts."""
    c = pl.col
    return frame.group_by("owner", "severity").agg(n=c("decided").sum(), b=c("breached").sum(), p=c("penalty").cast(pl.Int64).sum())


# --------------------------------------------------------------------------- tuned
class _Tables(NamedTuple):
    one: pl.Expr
    seven_fifteen: pl.Expr
    days: int
    amounts: pl.Expr
    owners: pl.Expr


@functools.cache
def _tables() -> _Tables:
    ends = working_days()
    amounts = [0] * 8 + [capped(BASE_PENALTY[s], repeated) for s in (1, 2, 3, 4) for repeated in (False, True)]
    owners = [o for k in CATEGORIES for o in OWNER[k]]
    return _Tables(
        pl.lit(pl.Series(ends[1]).cast(_INSTANT)),
        pl.lit(pl.Series(ends[7] + ends[15]).cast(_INSTANT)),
        len(ends[7]),
        pl.lit(pl.Series(amounts, dtype=pl.Int32)),
        pl.lit(pl.Series(owners, dtype=pl.Enum(DEPARTMENTS))),
    )


def tuned(frame: pl.LazyFrame, *, dues: bool = False) -> pl.LazyFrame:
    """The same answers; with ``dues`` the due instants too, as wall time."""
    c = pl.col
    tables = _tables()
    one = pl.lit(1, _I8)

    def at_least(name: str, bound: float) -> pl.Expr:
        return c(name) >= bound

    critical = c("injury") | (c("regulator_involved") & at_least("amount_claimed", 50000.0)) | at_least("affected_customers", 1000)
    high = c("media_exposure") | at_least("amount_claimed", 10000.0) | at_least("affected_customers", 100)
    medium = at_least("repeat_count", 3) | at_least("amount_claimed", 1000.0) | (c("channel") == "regulator") | (c("channel") == "media")
    category: pl.Expr = pl.lit(0, pl.UInt8)
    for i, name in enumerate(CATEGORIES[1:], 1):
        category = category + (c("category") == name).cast(pl.UInt8) * pl.lit(i, pl.UInt8)
    frame = frame.with_columns(
        _c4=critical.fill_null(False),
        _c3=high.fill_null(False),
        _c2=medium.fill_null(False),
        _category=category,
        _day=c("received_at").to_physical() // DAY_US,
        decided=c("received_at").is_not_null(),
    )
    frame = frame.with_columns(_c3=c("_c3") | c("_c4")).with_columns(_c2=c("_c2") | c("_c3"))
    frame = frame.with_columns(
        severity=c("_c2").cast(_I8) + c("_c3").cast(_I8) + c("_c4").cast(_I8) + one,
        _i=(c("_day") - BASE_DAY).cast(_U32),
    )
    ends = (
        c("received_at") + timedelta(hours=24),
        tables.one.gather(c("_i")),
        ((c("_day") + 16 + (c("region") == "overseas").cast(pl.Int64) * 3) * DAY_US - 1).cast(_INSTANT),
        tables.seven_fifteen.gather(c("_i") + c("_c3").cast(_U32) * tables.days),
        c("closed_at") + timedelta(days=1),
    )
    named = dict(zip(DUES, ends, strict=True))
    if dues:
        frame = frame.with_columns(**named)
        named = {name: c(name) for name in DUES}
    frame = frame.with_columns(**{f"_late_{s}": c(done).fill_null(AS_OF) > named[f"due_{s}"] for s, done in zip(STEPS, DONE, strict=True)})
    states = {
        f"st_{s}": c(f"_late_{s}").cast(_I8) + ((~c(f"_late_{s}")) & c(done).is_null()).cast(_I8) * pl.lit(2, _I8)
        for s, done in zip(STEPS, DONE, strict=True)
    }
    breached = c("_late_ack").fill_null(False)
    for s in STEPS[1:]:
        breached = breached | c(f"_late_{s}").fill_null(False)
    frame = frame.with_columns(**states, breached=breached & c("decided"))
    level = c("severity").cast(_U32)
    return frame.with_columns(
        _cell=c("_category").cast(_U32) * 4 + level - 1,
        penalty=tables.amounts.gather(c("breached").cast(_U32) * 8 + (level - 1) * 2 + (c("repeat_count") >= 3).cast(_U32)),
    ).with_columns(owner=tables.owners.gather(c("_cell")))


def zoned() -> list[pl.Expr]:
    """The due instants in the policy's zone."""
    return [(pl.col(name) - OFFSET).dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE) for name in DUES]


def grouped_by_cell(frame: pl.LazyFrame) -> pl.LazyFrame:
    """The summary of tuned: by the cell of the matrix first, a number; its 24 rows are folded afterwards."""
    c = pl.col
    cells = frame.group_by("_cell").agg(n=c("decided").sum(), b=c("breached").sum(), p=c("penalty").cast(pl.Int64).sum())
    owners = [o for k in CATEGORIES for o in OWNER[k]]
    names = pl.LazyFrame({"_cell": pl.Series(range(24), dtype=_U32), "owner": owners, "severity": [1, 2, 3, 4] * 6})
    return cells.join(names, on="_cell").group_by("owner", "severity").agg(c("n", "b", "p").sum())


# --------------------------------------------------------------------------- the library's own table
_LEVELS = ("low", "medium", "high", "critical")
_OUTCOME = pl.Enum(list(STATUS_ORDER))


def same_table(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Tuned, in the very columns and types the library gives: rejects left out, words for codes, due instants, decimals."""
    c = pl.col
    words = pl.lit(pl.Series(["met", "breached", "pending"], dtype=_OUTCOME))
    levels = pl.lit(pl.Series(_LEVELS, dtype=pl.Enum(_LEVELS)))
    frame = tuned(frame.with_row_index("row").filter(c("received_at").is_not_null()), dues=True).with_columns(zoned())
    pending = pl.any_horizontal([c(f"st_{s}") == 2 for s in STEPS]) | c("st_followup").is_null()
    columns = [
        c("row").cast(pl.Int64),
        pl.lit(None, pl.String).alias("id"),
        words.gather(pl.when(c("breached")).then(pl.lit(1, _U32)).otherwise(pending.cast(_U32) * 2)).alias("status"),
        levels.gather(c("severity").cast(_U32) - 1).alias("severity"),
        c("owner"),
    ]
    for s in STEPS:
        state = c(f"st_{s}").fill_null(2) if s == "followup" else c(f"st_{s}")
        columns += [words.gather(state.cast(_U32)).alias(f"DL-{s}.outcome"), c(f"due_{s}").alias(f"DL-{s}.due_at")]
    columns.append(pl.when(c("breached")).then(c("penalty")).cast(pl.Decimal(38, 2)).alias("PN-case.amount"))
    return frame.select(columns)


# --------------------------------------------------------------------------- runs
def decisions(frame: pl.LazyFrame, how: str, engine: Engine, extra: Sequence[str] = ()) -> pl.DataFrame:
    """The decisions table of ``plain``, ``tuned``, ``dues`` (tuned, with due instants) or ``same`` (the library's columns)."""
    if how == "same":
        return same_table(frame).collect(engine=engine)
    made = plain(frame) if how == "plain" else tuned(frame, dues=how == "dues")
    return made.select(*extra, *COLUMNS, *(zoned() if how == "dues" else ())).collect(engine=engine)


def summary(frame: pl.LazyFrame, how: str, engine: Engine) -> list[tuple[Any, ...]]:
    """The summary by owner and severity."""
    made = grouped(plain(frame)) if how == "plain" else grouped_by_cell(tuned(frame))
    return made.collect(engine=engine).rows()
