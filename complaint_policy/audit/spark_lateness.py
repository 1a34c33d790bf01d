"""How late each deadline is, exactly, without collecting every span: the counts of stretches say in which of them the median lies."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

import polars as pl

from complaint_policy.audit.columns import DecisionColumns
from complaint_policy.audit.partials import LATE, span, straddled
from complaint_policy.audit.tally import Lateness
from complaint_policy.outcomes import BREACHED

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["lateness_of"]

_NONE: Final = (None, None)


def lateness_of(counts: DataFrame, total: pl.DataFrame, shape: DecisionColumns) -> dict[str, Lateness]:
    """How late each deadline with a breach is; ``counts`` are the partials, ``total`` what they add up to."""
    f = import_module("pyspark.sql.functions")
    stretches = {rule: _stretches(total, rule) for rule in (r.id for r in shape.rules if r.kind == "deadline")}
    middle = {rule: _middle(table) for rule, table in stretches.items() if table.height}
    asked = f.lit(False)
    for rule, (keys, _) in middle.items():
        asked = asked | ((f.col("rule") == rule) & f.col("key").isin([str(key) for key in keys]))
    chosen = counts.where((f.col("part") == LATE) & asked).select("rule", f.explode("values").alias("value"))
    spans = pl.DataFrame(chosen.toArrow()) if middle else pl.DataFrame(schema={"rule": pl.String, "value": pl.Int64})
    found = {}
    for rule, table in stretches.items():
        breached, opened = _count(total, "outcome", rule, BREACHED), _count(total, "open", rule, None)
        median, longest = _NONE if rule not in middle else (
            span(straddled(spans.filter(pl.col("rule") == rule)["value"].sort(), middle[rule][1])), span(table["longest"].max())
        )  # fmt: skip
        found[rule] = Lateness(breached, opened, int(table["records"].sum()), median, longest)
    return found


def _stretches(total: pl.DataFrame, rule: str) -> pl.DataFrame:
    late = total.filter((pl.col("part") == LATE) & (pl.col("rule") == rule))
    return late.select(pl.col("key").cast(pl.Int64), "records", "longest").sort("key").with_columns(before=pl.col("records").cum_sum() - pl.col("records"))


def _middle(stretches: pl.DataFrame) -> tuple[list[int], tuple[int, int]]:
    """The stretches in which the median lies, and the places of its two neighbours among their spans."""
    known = int(stretches["records"].sum())
    places = (known - 1) // 2, known // 2
    held = [stretches.filter((pl.col("before") <= place) & (place < pl.col("before") + pl.col("records"))).row(0, named=True) for place in places]
    keys = sorted({int(stretch["key"]) for stretch in held})
    first = int(held[0]["before"])
    return keys, (places[0] - first, places[1] - first)


def _count(total: pl.DataFrame, part: str, rule: str, key: str | None) -> int:
    return int(total.filter((pl.col("part") == part) & (pl.col("rule") == rule) & pl.col("key").eq_missing(key))["records"].sum())
