"""Counting over the decisions table, chunk by chunk: what the summary says is gathered here.

Only the columns of the table are read, so it does not matter who filled them.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from statistics import median
from typing import Any

import polars as pl
from attrs import Factory, define, frozen

from complaint_policy.audit.columns import DecisionColumns

__all__ = ["Lateness", "PenaltySum", "Tally"]

_MICROSECOND = timedelta(microseconds=1)


@frozen
class Lateness:
    """How late the breached cases of a deadline are: of ``known`` of the ``breached`` the span is known.

    A case still ``open`` is late by what has gone by at ``as_of``.
    """

    breached: int
    open: int
    known: int
    median: timedelta | None
    longest: timedelta | None


@define
class PenaltySum:
    """The cases of a penalty in one state: the sum of their amounts, and between what it lies.

    ``least`` and ``most`` are ``None`` where a case has no such bound.
    """

    cases: int = 0
    total: Decimal = Decimal(0)
    least: Decimal | None = Decimal(0)
    most: Decimal | None = Decimal(0)

    def add(self, cases: int, total: Decimal, least: Decimal | None, most: Decimal | None) -> None:
        self.cases += cases
        self.total += total
        self.least = None if self.least is None or least is None else self.least + least
        self.most = None if self.most is None or most is None else self.most + most


@define
class Tally:
    """Counts that grow with every frame of decisions."""

    columns: DecisionColumns
    decided: int = 0
    status: Counter[str] = Factory(Counter)
    severity: Counter[str | None] = Factory(Counter)
    owner: Counter[str | None] = Factory(Counter)
    versions: Counter[str] = Factory(Counter)
    unusable: Counter[str] = Factory(Counter)
    waivers: Counter[str] = Factory(Counter)  # the marks of `Decision.waiver_marks`
    outcomes: defaultdict[str, Counter[str]] = Factory(lambda: defaultdict(Counter))
    missing: Counter[tuple[str, str]] = Factory(Counter)
    penalties: dict[str, dict[str, PenaltySum]] = Factory(dict)
    missing_ids: int = 0
    _over: dict[str, array[int]] = Factory(dict)
    _open: Counter[str] = Factory(Counter)
    _ids: set[str] = Factory(set)
    _repeated: Counter[str] = Factory(Counter)

    def add(self, frame: pl.DataFrame) -> None:
        """Count one frame of the decisions table (all its inner columns)."""
        self.decided += frame.height
        self.status.update(dict(_counts(frame["status"])))
        self.versions.update(dict(_counts(frame["version"])))
        # A record outside the policy, and a policy without levels or owners, leave nothing undecided.
        self.severity.update(dict(_counts(frame.drop_nulls("severity.possible")["severity"])))
        self.owner.update(dict(_counts(frame.filter("owned")["owner"])))
        self.unusable.update(dict(_counts(frame["unusable"].drop_nulls().explode())))
        self.waivers.update(dict(_counts(frame["waivers"].drop_nulls().explode())))
        self._count_missing("severity", frame["severity.missing"])
        self._count_missing("owner", frame["owner.missing"])
        self._count_ids(frame["id"])
        for rule in self.columns.rules:
            if rule.judged:
                self._count_rule(frame, rule.id)
            if rule.kind == "deadline":
                late = frame.filter(pl.col(f"{rule.id}.outcome") == "breached")
                self._open[rule.id] += int(late[f"{rule.id}.open"].sum())
                spans = late[f"{rule.id}.over_by"].drop_nulls().dt.total_microseconds()
                self._over.setdefault(rule.id, array("q")).extend(spans.to_list())
            if rule.kind == "penalty":
                self._count_penalty(frame, rule.id)

    def lateness(self, rule: str) -> Lateness:
        """How late the breached cases of a deadline are."""
        spans = self._over.get(rule, array("q"))
        breached = self.outcomes[rule]["breached"]
        if not spans:
            return Lateness(breached, self._open[rule], 0, None, None)
        return Lateness(
            breached, self._open[rule], len(spans), int(median(spans)) * _MICROSECOND, max(spans) * _MICROSECOND
        )

    @property
    def repeated_ids(self) -> int:
        """How many ids stand on more than one record."""
        return len(self._repeated)

    @property
    def records_with_repeated_ids(self) -> int:
        return sum(self._repeated.values()) + len(self._repeated)

    def _count_ids(self, ids: pl.Series) -> None:
        for number in ids:
            if number is None:
                self.missing_ids += 1
            elif number in self._ids:
                self._repeated[number] += 1
            else:
                self._ids.add(number)

    def _count_rule(self, frame: pl.DataFrame, rule: str) -> None:
        outcome = frame[f"{rule}.outcome"]
        self.outcomes[rule].update(dict(_counts(outcome.drop_nulls())))
        self._count_missing(rule, frame.filter(pl.col(f"{rule}.outcome") == "indeterminate")[f"{rule}.missing"])

    def _count_missing(self, what: str, lacking: pl.Series) -> None:
        for field, times in _counts(lacking.drop_nulls().explode()):
            self.missing[what, field] += times

    def _count_penalty(self, frame: pl.DataFrame, rule: str) -> None:
        states = self.penalties.setdefault(rule, {})
        parts = {name: pl.col(f"{rule}.{name}") for name in ("state", "amount", "min", "max")}
        grouped = (
            frame.select(**parts)
            .drop_nulls("state")
            .group_by("state")
            .agg(
                pl.len(),
                pl.col("amount").sum(),
                # One case without a bound leaves the sum without it.
                *(pl.when(pl.col(b).null_count() == 0).then(pl.col(b).sum()) for b in ("min", "max")),
            )
        )
        for state, cases, total, least, most in grouped.sort("state").iter_rows():
            states.setdefault(state, PenaltySum()).add(cases, total, least, most)


def _counts(values: pl.Series) -> Iterator[tuple[Any, int]]:
    """The values with their numbers."""
    return ((value, times) for value, times in values.cast(pl.String).value_counts(sort=True).iter_rows())
