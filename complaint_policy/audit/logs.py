"""The event logs of records that come one by one as a typed column: lists of structures, one field an attribute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import polars as pl

from complaint_policy.event_log import MOST_ENTRIES
from complaint_policy.fields import ENTRY_FIELDS, Field, LogField

__all__ = ["attributes_of", "log_column"]

_ROW: Final = "row"
# Makes a column of the cells of one attribute, and tells the places of those that do not fit.
Typed = Callable[[str, list[Any], set[int]], pl.Series]


def attributes_of(declared: Sequence[LogField]) -> dict[str, list[Field]]:
    """The attributes that entries may have, each as every kind of every version declares it."""
    found: dict[str, list[Field]] = {}
    for log in declared:
        for one in (*ENTRY_FIELDS.values(), *(attribute for kind in log.kinds for attribute in kind.attributes)):
            found.setdefault(one.name, []).append(one)
    return found


def log_column(name: str, values: Sequence[Any], attributes: Sequence[str], typed: Typed, odd: set[int]) -> pl.Series:
    """The logs with those attributes; the places of the ones that a column cannot hold go to ``odd`` and are null."""
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
    unfit: set[int] = set()
    columns = [typed(attribute, [entry.get(attribute) for entry in entries], unfit) for attribute in attributes]
    odd.update(rows[place] for place in unfit)
    kept = pl.DataFrame([pl.Series(_ROW, rows, dtype=pl.UInt32), pl.DataFrame(columns).to_struct("log")])
    if odd:
        kept = kept.filter(~pl.col(_ROW).is_in(sorted(odd)))
    logs = kept.group_by(_ROW, maintain_order=True).agg("log")
    every = pl.DataFrame({_ROW: pl.int_range(len(values), dtype=pl.UInt32, eager=True)})
    return every.join(logs, on=_ROW, how="left", maintain_order="left")["log"].alias(name)
