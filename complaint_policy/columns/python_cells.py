"""Cells of a column as Python's objects.

Polars knows days and times that Python has no object for: before the year 1, after 9999, or so near to either that a time zone
leads beyond it; and durations of more than 999,999,999 days.  Such a cell is given as a text, which no reader takes for a time: it
costs its own record a field, not the audit.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any, Final

import polars as pl

__all__ = ["python_cells", "python_rows", "python_time"]

# How many microseconds a tick of a unit has; nanoseconds are rounded down.
_MICROS: Final = {"ms": 1_000, "us": 1}
_EPOCH: Final = datetime(1970, 1, 1)
_EPOCH_DAY: Final = _EPOCH.toordinal()
_FIRST, _LAST = (end.toordinal() - _EPOCH_DAY for end in (date.min, date.max))
_DAY: Final = 86_400_000_000
# No offset from UTC is as long.
_MARGIN: Final = 2
# Only durations in milliseconds reach further than Python's.
_LONGEST: Final = timedelta.max.days * _DAY // _MICROS["ms"]


def python_cells(cells: pl.Series) -> list[Any]:
    """The cells of a column; what Python has no time for as a text such as ``+12021-05-01 00:00:00``."""
    if cells.dtype.is_nested():
        return _parts(cells) if _holds_far(cells) else cells.to_list()
    far = _far(cells)
    if far is None:
        return cells.to_list()
    found = cells.set(far, None).to_list()
    for place in far.arg_true():
        found[place] = _text(cells.slice(place, 1))
    return found


def python_rows(frame: pl.DataFrame) -> Iterator[tuple[Any, ...]]:
    """The rows of a frame, cell by cell as :func:`python_cells` gives them."""
    if not any(_holds_far(column) for column in frame.get_columns()):
        return frame.iter_rows()
    return zip(*(python_cells(column) for column in frame.get_columns()), strict=True)


def python_time(ticks: int | None, kind: Any) -> date | datetime | None:
    """The day or time of a physical value of type ``kind`` (of a zoned one in UTC); the nearest one where Python has none so far."""
    if ticks is None:
        return None
    first, last = _FIRST + _MARGIN, _LAST - _MARGIN
    if kind == pl.Date:
        return date.fromordinal(min(max(ticks, first), last) + _EPOCH_DAY)
    micros = ticks // 1000 if kind.time_unit == "ns" else ticks * _MICROS[kind.time_unit]
    moment = _EPOCH + timedelta(microseconds=min(max(micros, first * _DAY), last * _DAY))
    return moment if kind.time_zone is None else moment.replace(tzinfo=UTC)


def _holds_far(cells: pl.Series) -> bool:
    """Whether a cell is, or holds, something Python has no time for."""
    kind = cells.dtype
    if isinstance(kind, pl.Array):
        return _holds_far(cells.arr.to_list())
    if isinstance(kind, pl.List):
        return _may_be_far(kind) and _holds_far(cells.explode(empty_as_null=False, keep_nulls=False))
    if isinstance(kind, pl.Struct):
        return any(_holds_far(cells.struct.field(name)) for name in cells.struct.fields)
    return _far(cells) is not None


def _may_be_far(kind: Any) -> bool:
    """Whether there are times in a type."""
    if isinstance(kind, (pl.List, pl.Array)):
        return _may_be_far(kind.inner)
    if isinstance(kind, pl.Struct):
        return any(_may_be_far(field.dtype) for field in kind.fields)
    return kind == pl.Date or isinstance(kind, (pl.Datetime, pl.Duration))


def _parts(cells: pl.Series) -> list[Any]:
    """Lists and structures put together from their parts."""
    kind = cells.dtype
    if isinstance(kind, pl.Array):
        return python_cells(cells.arr.to_list())
    absent = cells.is_null().to_list()
    if isinstance(kind, pl.Struct):
        fields = {name: python_cells(cells.struct.field(name)) for name in cells.struct.fields}
        rows = zip(*fields.values(), strict=True) if fields else iter([()] * len(absent))
        return [None if gone else dict(zip(fields, row, strict=True)) for gone, row in zip(absent, rows, strict=True)]
    inner = iter(python_cells(cells.explode(empty_as_null=False, keep_nulls=False)))
    sizes = cells.list.len().fill_null(0).to_list()
    return [None if gone else list(islice(inner, size)) for gone, size in zip(absent, sizes, strict=True)]


def _far(cells: pl.Series) -> pl.Series | None:
    """Which cells Python has no time for; ``None``: it has one for each."""
    kind = cells.dtype
    if kind == pl.Date:
        ticks, ends = cells.to_physical(), (_FIRST, _LAST)
    elif isinstance(kind, pl.Datetime) and kind.time_unit in _MICROS:  # nanoseconds reach no further than the year 2262
        margin = _MARGIN if kind.time_zone is not None else 0
        day = _DAY // _MICROS[kind.time_unit]
        ticks, ends = cells.to_physical(), ((_FIRST + margin) * day, (_LAST + 1 - margin) * day - 1)
    elif isinstance(kind, pl.Duration) and kind.time_unit == "ms":
        ticks, ends = cells.to_physical(), (-_LONGEST, _LONGEST)
    else:
        return None
    ends_of: tuple[Any, Any] = ticks.min(), ticks.max()
    if ends_of[0] is None or (ends[0] <= ends_of[0] and ends_of[1] <= ends[1]):
        return None
    return ~ticks.is_between(*ends).fill_null(True)


def _text(cell: pl.Series) -> str:
    if isinstance(cell.dtype, pl.Duration):
        return f"{cell.to_physical().item()} {cell.dtype.time_unit}"
    if cell.dt.year().item() is None:  # Polars has no name for it either
        kind = cell.dtype
        unit = f"{kind.time_unit}" if isinstance(kind, pl.Datetime) else "days"
        return f"{cell.to_physical().item()} {unit} since 1970"
    return str(cell.cast(pl.String).item())
