"""A look at a table before it is judged: what is known of its cells, and what is believed.

What is believed makes an audit faster where it is so; where it is not, rows are judged again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

import polars as pl
from attrs import evolve, field, frozen

from complaint_policy.audit.typed import TypedTable
from complaint_policy.columns.python_cells import python_time

__all__ = ["Look", "days_between", "glanced_at", "looked_at"]


@frozen
class Look:
    """What was seen of a table beforehand: see :class:`Hints`, and the first and last day of its times.

    ``past`` is believed where nothing is known: an audit usually looks back.  An engine that finds that, or ``numbers``, wrong doubts both.
    """

    full: frozenset[str] = frozenset()
    given: frozenset[str] = frozenset()
    inside: frozenset[str] = frozenset()
    seen: Mapping[str, tuple[Any, Any]] = field(factory=dict, eq=False)  # the first and last time of a column
    days: tuple[date, date] | None = None
    past: bool = False
    numbers: frozenset[str] = frozenset()
    unreceived: tuple[int, ...] = ()  # the places of rows without a receipt among the first ones

    @property
    def bounds(self) -> Mapping[str, tuple[Any, Any]]:
        """The first and last time of the columns of which these are known."""
        return {} if self.past or self.days is None else self.seen


def looked_at(frame: pl.DataFrame, table: TypedTable, *, whole: bool) -> Look:
    """A look at a table, or at its first rows (not ``whole``): then what is seen is believed, not known."""
    columns = _columns(frame, table)
    full, given = _filled(columns, table)
    floats = {n for n, c in columns.items() if c.dtype.is_float()}
    times = {n: c for n, c in columns.items() if c.dtype in (pl.Datetime, pl.Date) and c.null_count() < len(c)}
    inside: set[str] = set()
    first: date | None = None
    last: date | None = None
    ends_of, odd = _ends(frame, {n: columns[n].name for n in (*times, *(sorted(floats) if whole else ()))}, {n: columns[n].name for n in sorted(floats)})
    seen = {n: ends_of[n] for n in times}
    for ends in seen.values():
        low, high = (_day(end) for end in ends)
        first, last = min(first or low, low), max(last or high, high)
    days = days_between(first, last) if first is not None and last is not None else None
    if whole and days is not None:
        inside |= set(times)
    if whole:
        inside |= {n for n in floats - odd if _reasonable(ends_of[n])}
    unreceived = () if whole else _places(columns.get("received_at"))
    numbers = frozenset(() if whole else floats - odd)
    given = given if whole else frozenset()
    return Look(full=full, given=given, inside=frozenset(inside), seen=seen, days=days, past=not whole, numbers=numbers, unreceived=unreceived)


def glanced_at(frame: pl.DataFrame, table: TypedTable, rows: int) -> Look:
    """A look at some ``rows`` from all over a table in memory: of it is known where cells are empty, which costs nothing to ask."""
    share = -(-rows // _PIECES)
    pieces = [frame.slice((frame.height - share) * piece // (_PIECES - 1), share) for piece in range(_PIECES)]
    full, given = _filled(_columns(frame, table), table)
    return evolve(looked_at(pl.concat(pieces), table, whole=False), full=full, given=given, unreceived=())


def _columns(frame: pl.DataFrame, table: TypedTable) -> dict[str, pl.Series]:
    """The columns that are a field as they stand."""
    plain = {n: s for n, s in table.sources.items() if s.meaning is None and s.expr.meta.is_column()}
    return {n: frame.get_column(name) for n, s in plain.items() if (name := s.expr.meta.output_name()) in frame.columns}


def _filled(columns: Mapping[str, pl.Series], table: TypedTable) -> tuple[frozenset[str], frozenset[str]]:
    """The columns without an empty cell, and those of them in which every cell is a value."""
    full = frozenset(n for n, c in columns.items() if not c.null_count() and c.dtype not in (pl.Null, pl.Object))
    # A text that is there may still be blank, and a float no number.
    texts = {n for n in full if columns[n].dtype in (pl.String, pl.Categorical, pl.Enum) and n not in table.enums}
    return full, full - {n for n in full if columns[n].dtype.is_float()} - texts


def _places(receipts: pl.Series | None) -> tuple[int, ...]:
    return () if receipts is None or not receipts.null_count() else tuple(receipts.head(_FIRST).is_null().arg_true().to_list())


def days_between(first: date, last: date) -> tuple[date, date] | None:
    """The days to expect of a table with times from one day to another, in whole years, so that tables of days serve many audits."""
    days = date(max(first.year - 1, 1850), 1, 1), date(min(last.year + 2, 2400), 12, 31)
    return days if 0 < days[1].year - days[0].year <= _MOST_YEARS else None


# Rows that are told by their places.
_FIRST: Final = 5_000
# Tables are often sorted by time: rows from so many places of one show most of it.
_PIECES: Final = 4
# Wider spans of days hold typing errors, whose rows are then left.
_MOST_YEARS: Final = 80


def _day(value: Any) -> date:
    day = value.date() if isinstance(value, datetime) else value
    return date(min(max(day.year, 1), 9990), 1, 1)


def _ends(frame: pl.DataFrame, columns: Mapping[str, str], floats: Mapping[str, str]) -> tuple[dict[str, tuple[Any, Any]], set[str]]:
    """The smallest and largest value of columns, and which of the ``floats`` are sometimes no number; each on a core of its own."""
    asked = [pl.col(n).to_physical().min().alias(f"{i}<") for i, n in enumerate(columns.values())]
    asked += [pl.col(n).to_physical().max().alias(f"{i}>") for i, n in enumerate(columns.values())]
    asked += [pl.col(n).is_nan().any().alias(f"{i}?") for i, n in enumerate(floats.values())]
    if not asked:
        return {}, set()
    row = frame.lazy().select(asked).collect(engine="in-memory").row(0)
    size, kinds = len(columns), [frame.schema[n] for n in columns.values()]
    values = [value if kind.is_float() else python_time(value, kind) for value, kind in zip(row, (*kinds, *kinds), strict=False)]
    ends = dict(zip(columns, zip(values[:size], values[size:], strict=True), strict=True))
    return ends, {n for n, odd in zip(floats, row[2 * size :], strict=True) if odd}


def _reasonable(ends: tuple[Any, Any]) -> bool:
    return all(end is None or abs(end) < 1e15 for end in ends)
