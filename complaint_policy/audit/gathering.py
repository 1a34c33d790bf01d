"""What an audit keeps of its batches until the summary: counts, how late cases are, and which ids repeat, in bounded memory.

A decided record costs sixteen bytes while the audit runs (two hashes of its id), a late case eight bytes a deadline or, where spans
repeat, less.  Counts are a few hundred rows, whatever was counted.
"""

from __future__ import annotations

from typing import Final

import polars as pl
from attrs import define, field

from complaint_policy.audit.columns import DecisionColumns
from complaint_policy.audit.partials import LATE, merged, middles, partials_schema, span, straddled, tally_of
from complaint_policy.audit.tally import Lateness, Tally
from complaint_policy.outcomes import BREACHED

__all__ = ["Gathered", "Ids", "Spans"]

# So many numbers are kept as they come; then equal ones are counted together.
_MOST: Final = 5_000_000
_FEW_TABLES: Final = 200
# Two ids that differ agree in both hashes once in 2**128 pairs.
_SEEDS: Final = (0x51ED2701, 0x2545F491)


@define
class Ids:
    """Which ids stand on more than one record, by two hashes of each."""

    _first: list[pl.Series] = field(factory=list)
    _second: list[pl.Series] = field(factory=list)

    def add(self, ids: pl.Series) -> None:
        known = ids.drop_nulls()
        if len(known):
            first, second = (known.hash(seed).rename("hash") for seed in _SEEDS)
            self._first.append(first)
            self._second.append(second)

    def count(self) -> tuple[int, int]:
        """How many ids stand on more than one record, and on how many records they do."""
        if not self._first:
            return 0, 0
        first = pl.concat(self._first, rechunk=True)
        self._first = [first]
        ordered = first.sort()
        twice = ordered.filter(ordered == ordered.shift(1)).unique()
        del ordered
        if not len(twice):
            return 0, 0
        both = pl.concat(
            pl.DataFrame({"first": a, "second": b}).filter(pl.col("first").is_in(twice.implode())) for a, b in zip(self._pieces(), self._second, strict=True)
        )
        often = both.group_by("first", "second").len("times").filter(pl.col("times") > 1)["times"]
        return len(often), int(often.sum())

    def _pieces(self) -> list[pl.Series]:
        """The first hashes, cut like the second ones."""
        whole, at, pieces = self._first[0], 0, []
        for other in self._second:
            pieces.append(whole.slice(at, len(other)))
            at += len(other)
        self._first = pieces
        return pieces


@define
class Spans:
    """By how much the cases of one deadline are late."""

    _loose: list[pl.Series] = field(factory=list)
    _counted: pl.DataFrame | None = None  # spans, each once, with their number, in order

    def add(self, spans: pl.Series) -> None:
        self._loose.append(spans)

    @property
    def loose(self) -> int:
        return sum(map(len, self._loose))

    def settle(self) -> None:
        """Counts equal spans together."""
        if not self._loose:
            return
        new = pl.concat(self._loose).rename("span").to_frame().group_by("span").agg(pl.len().cast(pl.Int64).alias("times"))
        self._loose = []
        both = new if self._counted is None else pl.concat([self._counted, new]).group_by("span").agg(pl.col("times").sum())
        self._counted = both.sort("span")

    def lateness(self, breached: int, still_open: int) -> Lateness:
        if self._counted is None:
            spans = pl.concat(self._loose)
            return Lateness(breached, still_open, len(spans), *middles({"": spans})[""])
        self.settle()
        ordered, reached = self._counted["span"], self._counted["times"].cum_sum()
        known = int(reached[-1])
        at = [int(reached.search_sorted(place, side="right")) for place in ((known - 1) // 2, known // 2)]
        return Lateness(breached, still_open, known, span(straddled(ordered, (at[0], at[1]))), span(ordered[-1]))


@define
class Gathered:
    """Partial counts put together as they come."""

    columns: DecisionColumns
    most: int = _MOST
    decided: int = 0
    _counts: list[pl.DataFrame] = field(factory=list)
    _spans: dict[str, Spans] = field(factory=dict)
    _ids: Ids = field(factory=Ids)

    def add(self, counts: pl.DataFrame) -> None:
        """The partial counts of a batch."""
        late = counts.filter(pl.col("part") == LATE)
        for rule, spans in zip(late["rule"], late["values"], strict=True):
            self._spans.setdefault(rule, Spans()).add(spans)
        if sum(s.loose for s in self._spans.values()) > self.most:
            for gathered in self._spans.values():
                gathered.settle()
        self._counts.append(counts.filter(pl.col("part") != LATE))
        if len(self._counts) > _FEW_TABLES:
            schema = partials_schema(self.columns)
            self._counts = [merged(pl.concat(self._counts)).select(pl.col(n).cast(t) for n, t in schema.items())]

    def add_ids(self, ids: pl.Series) -> None:
        """The ids of decided records."""
        self._ids.add(ids)

    def tally(self) -> Tally:
        counts = pl.concat([pl.DataFrame(schema=partials_schema(self.columns)), *self._counts])
        breached, still_open = (self._by_rule(counts, part) for part in ((pl.col("part") == "outcome") & (pl.col("key") == BREACHED), pl.col("part") == "open"))
        late = {rule: spans.lateness(breached.get(rule, 0), still_open.get(rule, 0)) for rule, spans in self._spans.items()}
        return tally_of(counts, self.columns, ids=self._ids.count(), late=late)

    def _by_rule(self, counts: pl.DataFrame, part: pl.Expr) -> dict[str, int]:
        return dict(counts.filter(part).group_by("rule").agg(pl.col("records").sum()).iter_rows())
