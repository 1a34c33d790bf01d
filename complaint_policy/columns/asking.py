"""What only the record evaluation's own functions count, asked of them once for each different row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from complaint_policy.columns.plan import Ex, on

__all__ = ["asked", "counted_or_none", "where_all"]


def counted_or_none(count: Callable[..., int | None], *given: Any) -> int | None:
    """What is counted, or None where it lies outside all calendars."""
    try:
        return count(*given)
    except (OverflowError, ValueError):
        return None


def asked(count: Callable[..., int | None], *columns: Ex) -> Ex:
    """``count`` asked of each different row of the columns, lists as tuples; null where one of them is null, or nothing can be counted."""

    def run(cells: pl.Series) -> pl.Series:
        known: dict[tuple[Any, ...], int | None] = {}

        def one(row: tuple[Any, ...]) -> int | None:
            if row not in known:
                known[row] = counted_or_none(count, *row)
            return known[row]

        def answers(rows: pl.DataFrame) -> list[int | None]:
            columns = [map(tuple, part.to_list()) if part.dtype == pl.List else part.to_list() for part in rows.get_columns()]
            return [one(row) for row in zip(*columns, strict=True)]

        return where_all(cells, pl.Int64, answers)

    def ask(*parts: pl.Expr) -> pl.Expr:
        return pl.struct(part.alias(str(i)) for i, part in enumerate(parts)).map_batches(run, return_dtype=pl.Int64, is_elementwise=True)

    return on(ask, *columns)


def where_all(cells: pl.Series, kind: Any, answers: Callable[[pl.DataFrame], list[Any]], names: Sequence[str] | None = None) -> pl.Series:
    """What is answered of the rows of a structure in which every part (or each of ``names``) is there; null elsewhere."""
    rows = cells.struct.unnest()
    there = rows.select(pl.all_horizontal(pl.col(names or rows.columns).is_not_null())).to_series()
    if not there.any():
        return pl.Series(cells.name, [None], dtype=kind).new_from_index(0, len(cells))
    answered = pl.DataFrame({"place": there.arg_true(), "found": pl.Series(answers(rows.filter(there)), dtype=kind)})
    placed = pl.DataFrame({"place": pl.int_range(len(cells), dtype=pl.UInt32, eager=True)}).join(answered, on="place", how="left", maintain_order="left")
    return placed["found"].alias(cells.name)
