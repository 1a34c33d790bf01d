"""The workload in Narwhals expressions, which run on several engines: here on Polars and on DuckDB, each in its faster form.

Narwhals gathers from no table, so the calendar and the matrix are joins.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

import polars as pl
from hand import AS_OF_US, BASE_DAY, COLUMNS, DAY_US, DONE, STEPS, calendar_days, capped, working_days
from workload import AS_OF, BASE_PENALTY, OWNER


class Narwhals:
    """``numbers``: instants as microseconds, which DuckDB does not take."""

    def __init__(self, *, numbers: bool) -> None:
        self._nw: Any = importlib.import_module("narwhals")
        self._numbers = numbers

    def calendar(self) -> pl.DataFrame:
        """By the day of the start, the ends of the deadlines in days."""
        days = calendar_days()
        ends = {f"d{n}": v for n, v in working_days().items()}
        ends |= {f"r{n}": [(BASE_DAY + i + n + 1) * DAY_US - 1 for i in range(len(days))] for n in (15, 18)}
        if self._numbers:
            return pl.DataFrame({"day": range(BASE_DAY, BASE_DAY + len(days)), **ends})
        instants = {name: pl.Series(v).cast(pl.Datetime("us")) for name, v in ends.items()}
        return pl.DataFrame({"day": [datetime.combine(d, time()) for d in days], **instants})

    def owners(self) -> pl.DataFrame:
        """The matrix."""
        return pl.DataFrame([{"category": k, "severity": i + 1, "owner": o} for k, v in OWNER.items() for i, o in enumerate(v)])

    def decisions(self, complaints: Any, calendar: Any, owners: Any, extra: Sequence[str] = ()) -> Any:
        """The decisions, a lazy table of the engine's own."""
        return self._decided(complaints, calendar, owners).select(*extra, *COLUMNS).to_native()

    def summary(self, complaints: Any, calendar: Any, owners: Any) -> Any:
        """By owner and severity the rows decided, those with a breach, and the sum of the amounts."""
        c = self._nw.col
        frame = self._decided(complaints, calendar, owners).with_columns(b=c("breached").cast(self._nw.Int64))
        return frame.group_by("owner", "severity").agg(n=c("b").count(), b2=c("b").sum(), p=c("penalty").sum()).to_native()

    def _case(self, pairs: Sequence[tuple[Any, Any]], default: Any) -> Any:
        found = default
        for condition, value in reversed(pairs):
            found = self._nw.when(condition).then(value).otherwise(found)
        return found

    def _decided(self, complaints: Any, calendar: Any, owners: Any) -> Any:
        nw, c, numbers = self._nw, self._nw.col, self._numbers
        lit, case = nw.lit, self._case
        frame = nw.from_native(complaints).filter(~c("received_at").is_null())
        severity = case(
            [
                (c("injury") | (c("regulator_involved") & (c("amount_claimed") >= 50000)) | (c("affected_customers") >= 1000), lit(4)),
                (c("media_exposure") | (c("amount_claimed") >= 10000) | (c("affected_customers") >= 100), lit(3)),
                ((c("repeat_count") >= 3) | (c("amount_claimed") >= 1000) | c("channel").is_in(["regulator", "media"]), lit(2)),
            ],
            lit(1),
        )
        frame = frame.with_columns(severity=severity.cast(nw.Int64))
        if numbers:
            frame = frame.with_columns(**{name: c(name).dt.timestamp("us") for name in ("received_at", *DONE)})
            frame = frame.with_columns(day=c("received_at") // DAY_US)
        else:
            frame = frame.with_columns(day=c("received_at").dt.truncate("1d"))
        frame = frame.join(nw.from_native(calendar), on="day", how="left").join(nw.from_native(owners), on=["category", "severity"], how="left")
        as_of = lit(AS_OF_US if numbers else AS_OF)
        dues = (
            c("received_at") + DAY_US if numbers else c("received_at").dt.offset_by("24h"),
            c("d1"),
            nw.when(c("region") == "overseas").then(c("r18")).otherwise(c("r15")),
            nw.when(c("severity") <= 2).then(c("d7")).otherwise(c("d15")),
            c("closed_at") + DAY_US if numbers else c("closed_at").dt.offset_by("1d"),
        )
        frame = frame.with_columns(**{f"due_{s}": due for s, due in zip(STEPS, dues, strict=True)})
        states = {}
        for s, done in zip(STEPS, DONE, strict=True):
            due = c(f"due_{s}")
            late = case([(c(done).is_null(), as_of > due)], c(done) > due)
            states[f"st_{s}"] = nw.when(~due.is_null()).then(case([(late, lit(1)), (c(done).is_null(), lit(2))], lit(0)))
        frame = frame.with_columns(**states)
        breached = (c("st_ack") == 1).fill_null(False)
        for s in STEPS[1:]:
            breached = breached | (c(f"st_{s}") == 1).fill_null(False)
        frame = frame.with_columns(breached=breached)
        repeated = c("repeat_count") >= 3
        amounts = [((c("severity") == s) & repeated, lit(capped(BASE_PENALTY[s], True))) for s in (1, 2, 3, 4)]
        amounts += [(c("severity") == s, lit(BASE_PENALTY[s])) for s in (1, 2, 3)]
        return frame.with_columns(penalty=case([(c("breached"), case(amounts, lit(BASE_PENALTY[4])))], lit(0)))


