"""Tables of other libraries, taken in through the Arrow C stream interface, and what Polars does not take as they mean it."""

from __future__ import annotations

import importlib
import re
from datetime import datetime, timedelta
from typing import Any, Final

import polars as pl

__all__ = ["frame_of"]

_HOUR: Final = timedelta(hours=1)
# Offsets without a zone's name; of whole hours Polars knows a name.
_NAMELESS: Final = re.compile(r"Z|[+-][0-9]{2}:?(?!00)[0-9]{2}")


def frame_of(source: Any) -> pl.DataFrame:
    """The table as a frame; raises whatever the library that holds it raises.

    Times at an offset without a name (``+05:30``) are given in UTC, Arrow's ``date64`` as days.  A column of Python objects of
    different kinds stays one, so that each cell is read by itself: made one type, naive times would take others' zones.
    """
    schema = getattr(source, "schema", None)
    kinds = {field.name: field.type for field in schema or ()} if hasattr(source, "cast") and hasattr(schema, "set") else {}
    if kinds:
        source = _in_utc(source, schema)
    elif hasattr(source, "dtypes") and hasattr(source, "assign"):
        return _of_pandas(source)
    frame = pl.DataFrame(source)
    # A day, which Polars takes for a time.
    days = [name for name, kind in kinds.items() if str(kind) == "date64[ms]"]
    return frame.with_columns(pl.col(days).cast(pl.Date)) if days else frame


def _in_utc(source: Any, schema: Any) -> Any:
    """Of a table, batch or reader of PyArrow."""
    found = schema
    for index, field in enumerate(schema):
        zone = getattr(field.type, "tz", None)
        if zone is not None and _NAMELESS.fullmatch(zone):
            timestamp = importlib.import_module("pyarrow").timestamp
            found = found.set(index, field.with_type(timestamp(field.type.unit, "UTC")))
    return source if found is schema else source.cast(found)


def _of_pandas(source: Any) -> pl.DataFrame:
    if not source.columns.is_unique:
        return pl.DataFrame(source)  # which says what is wrong
    source = _pandas_in_utc(source)
    objects = [name for name, dtype in source.dtypes.items() if str(dtype) == "object"]
    try:
        return _beside_objects(source, [name for name in objects if _is_mixed(source[name])])
    except Exception:
        if not objects:
            raise
        return _beside_objects(source, objects)  # a cell that fits none of Arrow's types


def _beside_objects(source: Any, names: list[Any]) -> pl.DataFrame:
    """A frame of pandas of which some columns stay columns of objects."""
    objects = {}
    for name in names:
        cells, absent = source[name].tolist(), source[name].isna().tolist()
        objects[str(name)] = pl.Series(str(name), [None if gone else cell for cell, gone in zip(cells, absent, strict=True)], dtype=pl.Object)
    if len(objects) == len(source.columns):
        return pl.DataFrame([*objects.values()])
    frame = pl.DataFrame(source.drop(columns=names))
    return frame.with_columns(objects.values()).select(map(str, source.columns)) if objects else frame


def _is_mixed(column: Any) -> bool:
    cells = column[~column.isna()].tolist()
    kinds = set(map(type, cells))
    return len(kinds) > 1 or (bool(kinds) and issubclass(next(iter(kinds)), datetime) and len({cell.tzinfo for cell in cells}) > 1)


def _pandas_in_utc(source: Any) -> Any:
    """Of a frame of pandas."""
    zones = {name: getattr(dtype, "tz", None) for name, dtype in source.dtypes.items()}
    # A fixed offset is the same at any time, so that it needs none to be told.
    offsets = {name: zone.utcoffset(None) for name, zone in zones.items() if zone is not None}
    nameless = [name for name, offset in offsets.items() if offset is not None and offset % _HOUR]
    return source.assign(**{name: source[name].dt.tz_convert("UTC") for name in nameless}) if nameless else source
