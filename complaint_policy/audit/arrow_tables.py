"""Tables of other libraries, taken in through the Arrow C stream interface, and what Polars does not take as they mean it."""

from __future__ import annotations

import importlib
import re
from datetime import datetime, timedelta
from typing import Any, Final

import polars as pl

from complaint_policy.audit.sources import checked_columns

__all__ = ["frame_of", "panics"]

_HOUR: Final = timedelta(hours=1)
# Types, as PyArrow and DuckDB call them, that Polars does not take.
_FOREIGN: Final = re.compile(r"interval|union|decimal256|run_end_encoded|list_view|INTERVAL|UNION")
# Offsets without a zone's name; of whole hours Polars knows a name.
_NAMELESS: Final = re.compile(r"Z|[+-][0-9]{2}:?(?!00)[0-9]{2}")


def frame_of(source: Any) -> pl.DataFrame:
    """The table as a frame; raises whatever the library that holds it raises, and :class:`InputError` for a name that stands twice.

    Times at an offset without a name (``+05:30``) are given in UTC, Arrow's ``date64`` as days.  A column of Python objects of
    different kinds stays one, so that each cell is read by itself: made one type, naive times would take others' zones.
    """
    if hasattr(source, "dtypes") and hasattr(source, "assign"):
        return _of_pandas(source)
    schema = getattr(source, "schema", None)
    is_pyarrow = hasattr(source, "cast") and hasattr(schema, "set")
    kinds = list(map(str, getattr(schema, "types", ()) if is_pyarrow else getattr(source, "types", ())))
    if any(map(_FOREIGN.search, kinds)) and (found := _by_columns(source)) is not None:
        return found
    return _of_pyarrow(source, schema) if is_pyarrow else pl.DataFrame(source)


def _by_columns(source: Any) -> pl.DataFrame | None:
    """Each column by itself, what Polars has no type for as Python's objects: used or not, it is nothing to the others."""
    try:
        pyarrow = importlib.import_module("pyarrow")
    except ImportError:
        return None
    table = pyarrow.table(source)
    checked_columns(table.column_names, "table")
    found: list[pl.Series] = []
    for field, column in zip(table.schema, table.columns, strict=True):
        if _FOREIGN.search(str(field.type)):
            found.append(pl.Series(field.name, column.to_pylist(), dtype=pl.Object))
        else:
            one = pyarrow.table([column], schema=pyarrow.schema([field]))
            found.append(_of_pyarrow(one, one.schema).to_series())
    return pl.DataFrame(found)


def panics(error: BaseException) -> bool:
    """What Polars does where it meets a type it does not have, which is no Exception."""
    return type(error).__name__ == "PanicException"


def _of_pyarrow(source: Any, schema: Any) -> pl.DataFrame:
    """Of a table, batch or reader."""
    named = schema
    for index, field in enumerate(schema):
        zone = getattr(field.type, "tz", None)
        if zone is not None and _NAMELESS.fullmatch(zone):
            timestamp = importlib.import_module("pyarrow").timestamp
            named = named.set(index, field.with_type(timestamp(field.type.unit, "UTC")))
    frame = pl.DataFrame(source if named is schema else source.cast(named))
    # A day, which Polars takes for a time.
    days = [field.name for field in schema if str(field.type) == "date64[ms]"]
    return frame.with_columns(pl.col(days).cast(pl.Date)) if days else frame


def _of_pandas(source: Any) -> pl.DataFrame:
    """Column by column: one that Polars does not take, used or not, is nothing to the others."""
    if not len(source.columns):
        return pl.DataFrame(source)
    checked_columns(list(map(str, source.columns)), "table")
    return pl.DataFrame([_column(str(name), source[name]) for name in source.columns])


def _column(name: str, column: Any) -> pl.Series:
    zone = getattr(column.dtype, "tz", None)
    # A fixed offset is the same at any time, so that it needs none to be told.
    offset = zone.utcoffset(None) if zone is not None else None
    if offset is not None and offset % _HOUR:
        column = column.dt.tz_convert("UTC")
    if str(column.dtype) != "object" or not _is_mixed(column):
        try:
            return pl.DataFrame(column.to_frame(name)).to_series()
        except BaseException as error:
            if not isinstance(error, Exception) and not panics(error):
                raise
    # Read one by one: what is of several kinds, and what fits none of Arrow's types.
    cells, absent = column.tolist(), column.isna().tolist()
    return pl.Series(name, [None if gone else cell for cell, gone in zip(cells, absent, strict=True)], dtype=pl.Object)


def _is_mixed(column: Any) -> bool:
    """Whether its cells are of several kinds, or times of several zones."""
    cells = column[~column.isna()].tolist()
    kinds = set(map(type, cells))
    return len(kinds) > 1 or (any(issubclass(kind, datetime) for kind in kinds) and len({cell.tzinfo for cell in cells}) > 1)
