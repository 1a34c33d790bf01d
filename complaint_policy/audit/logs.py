"""The event logs of records that come one by one as a typed column: lists of structures, one field an attribute."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from math import isinf
from typing import Any, Final

import polars as pl

from complaint_policy.event_log import MOST_ENTRIES
from complaint_policy.exactness import as_numeral
from complaint_policy.fields import ENTRY_FIELDS, LogField

__all__ = ["log_column"]

_TYPES: Final[dict[type, Any]] = {str: pl.String, bool: pl.Boolean, int: pl.Int64, float: pl.Float64, date: pl.Date, datetime: pl.Datetime("us")}
_WHOLE: Final = 2**62
_ROW: Final = "row"


def log_column(name: str, values: Sequence[Any], declared: Sequence[LogField], odd: set[int]) -> pl.Series:
    """The logs, as every version of a policy declares them; the places of those that a column cannot hold go to ``odd`` and are null."""
    rows: list[int] = []
    entries: list[dict[str, Any]] = []
    for row, log in enumerate(values):
        if log is None or row in odd:
            continue
        if log.__class__ is not list or len(log) > MOST_ENTRIES or any(entry.__class__ is not dict for entry in log):
            odd.add(row)
            continue
        rows += [row] * len(log)
        entries += log
    if not entries:
        return pl.Series(name, [None], dtype=pl.Null).new_from_index(0, len(values))
    cells: dict[str, list[Any]] = {}
    types: dict[str, Any] = {}
    for attribute in dict.fromkeys(name for log in declared for name in log.all_attributes()):
        column = [entry.get(attribute) for entry in entries]
        types[attribute] = _settle(column, rows, _is_numeric(declared, attribute), odd)
        cells[attribute] = column
    table = pl.DataFrame([pl.Series(n, column, dtype=types[n], strict=True) for n, column in cells.items()])
    kept = pl.DataFrame([pl.Series(_ROW, rows, dtype=pl.UInt32), table.to_struct("log")])
    if odd:
        kept = kept.filter(~pl.col(_ROW).is_in(sorted(odd)))
    logs = kept.group_by(_ROW, maintain_order=True).agg("log")
    every = pl.DataFrame({_ROW: pl.int_range(len(values), dtype=pl.UInt32, eager=True)})
    return every.join(logs, on=_ROW, how="left", maintain_order="left")["log"].alias(name)


def _is_numeric(declared: Sequence[LogField], attribute: str) -> bool:
    """Whether an attribute is a number in every kind that has it."""
    found = [a for log in declared for kind in log.kinds for a in kind.attributes if a.name == attribute]
    return attribute not in ENTRY_FIELDS and all(field.is_numeric for field in found)


def _settle(values: list[Any], rows: list[int], numeric: bool, odd: set[int]) -> Any:
    """The type of an attribute, whose values may be changed to ones that mean the same; records with other ones are ``odd``."""
    kinds = set(map(type, values)) - {type(None)}
    if not kinds:
        return pl.Null
    if kinds == {str} and not _torn(values):
        return pl.String
    if numeric and Decimal in kinds and kinds <= {int, Decimal}:
        # As texts they are the same numbers to every reader.
        for place, value in enumerate(values):
            if value is not None:
                values[place] = as_numeral(value)
                if values[place] is None:
                    odd.add(rows[place])
        return pl.String
    chosen = max(kinds, key=lambda kind: (sum(type(v) is kind for v in values), kind.__name__))
    for place, value in enumerate(values):
        if value is not None and not (type(value) is chosen and _fits(value)):
            odd.add(rows[place])
            values[place] = None
    return _TYPES.get(chosen, pl.Null)


def _fits(value: Any) -> bool:
    """Whether a column holds a value as it is."""
    if type(value) not in _TYPES:
        return False
    if isinstance(value, str):
        return not _torn([value])
    if isinstance(value, datetime):
        return value.tzinfo is None and not value.fold
    if isinstance(value, float):
        return not isinf(value)
    return type(value) is not int or -_WHOLE < value < _WHOLE


def _torn(values: list[Any]) -> bool:
    """Whether a text has half of a surrogate pair, which no column of text can hold."""
    try:
        "".join(value for value in values if value is not None).encode()
    except UnicodeEncodeError:
        return True
    return False
