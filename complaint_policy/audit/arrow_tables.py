"""Tables of other libraries, taken in through the Arrow C stream interface, and what Polars does not take as they mean it."""

from __future__ import annotations

import importlib
import re
from datetime import timedelta
from typing import Any, Final

import polars as pl

__all__ = ["frame_of"]

_HOUR: Final = timedelta(hours=1)
# Offsets without a zone's name; of whole hours Polars knows a name.
_NAMELESS: Final = re.compile(r"Z|[+-][0-9]{2}:?(?!00)[0-9]{2}")


def frame_of(source: Any) -> pl.DataFrame:
    """The table as a frame; raises whatever the library that holds it raises.

    Times at an offset without a name (``+05:30``) are given in UTC, Arrow's ``date64`` as days.
    """
    schema = getattr(source, "schema", None)
    kinds = {field.name: field.type for field in schema or ()} if hasattr(source, "cast") and hasattr(schema, "set") else {}
    if kinds:
        source = _in_utc(source, schema)
    elif hasattr(source, "dtypes") and hasattr(source, "assign"):
        source = _pandas_in_utc(source)
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


def _pandas_in_utc(source: Any) -> Any:
    """Of a frame of pandas."""
    if not source.columns.is_unique:
        return source
    zones = {name: getattr(dtype, "tz", None) for name, dtype in source.dtypes.items()}
    # A fixed offset is the same at any time, so that it needs none to be told.
    offsets = {name: zone.utcoffset(None) for name, zone in zones.items() if zone is not None}
    nameless = [name for name, offset in offsets.items() if offset is not None and offset % _HOUR]
    return source.assign(**{name: source[name].dt.tz_convert("UTC") for name in nameless}) if nameless else source
