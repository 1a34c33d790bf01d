"""The event log as a column of lists: which logs columns can read, and which rows have an entry that only the record evaluation can.

Entries stand one row each in a table of their own (:func:`unfolded`), with the row of their record beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from attrs import evolve

from complaint_policy.columns.cells import Cells, read_cells
from complaint_policy.columns.plan import Ex, Plan, constant, on
from complaint_policy.event_log import MOST_ENTRIES
from complaint_policy.fields import ENTRY_FIELDS, Field, LogField

if TYPE_CHECKING:
    from complaint_policy.columns.sheet import Sheet, Source

__all__ = ["ENTRY_PREFIX", "RECORD", "attributes_of_kind", "entry_sources", "log_cells", "readable", "unfolded"]

# Columns of a table of entries: the place of its record, its attributes, and what is computed of them.
RECORD: Final = "\x1frecord"
_ATTRIBUTE: Final = "\x1fentry "
ENTRY_PREFIX: Final = "\x1fe"
_TEXTS: Final = (pl.String, pl.Categorical, pl.Enum)
_TIMES: Final = (pl.Datetime, pl.Date, pl.String)


def readable(source: Source) -> bool:
    """Whether the column is lists of structures whose entries can be told apart by their kind and time."""
    inner = source.kind.inner if isinstance(source.kind, pl.List) else None
    if source.meaning is not None or not isinstance(inner, pl.Struct):
        return False
    types = {f.name: f.dtype for f in inner.fields}
    return all(name in types and types[name].base_type() in kinds for name, kinds in (("kind", _TEXTS), ("at", _TIMES)))


def attributes_of_kind(declared: LogField, kind: str) -> dict[str, Field]:
    """What entries of a kind have; whatever of it is unknown, the record's log is what has to be mended."""
    own = declared.kind_named(kind)
    found = ENTRY_FIELDS | {a.name: a for a in (own.attributes if own is not None else ())}
    known = {name: evolve(one, name="events") for name, one in found.items()}
    return known | {"at": evolve(known["at"], empty="unknown")}


def entry_sources(kind: Any, names: Iterable[str]) -> Mapping[str, Source]:
    """Where a table of entries has their attributes; a structure without one has it empty everywhere."""
    from complaint_policy.columns.sheet import Source

    types = {f.name: f.dtype for f in kind.inner.fields}
    return {name: Source(pl.col(_ATTRIBUTE + name), types[name]) if name in types else Source(pl.lit(None), pl.Null()) for name in names}


def unfolded(events: pl.Series) -> pl.DataFrame:
    """The entries of a column of logs in order, one row each."""
    records = pl.int_range(len(events), dtype=pl.UInt32, eager=True)
    # So, and not row by row, nothing of the entries is copied.
    rows = records.repeat_by(events.list.len().fill_null(0)).explode(empty_as_null=False, keep_nulls=False)
    entries = events.explode(empty_as_null=False, keep_nulls=False).struct
    return pl.DataFrame([rows.alias(RECORD), *(entries.field(name).alias(_ATTRIBUTE + name) for name in entries.fields)])


def log_cells(sheet: Sheet, source: Source, declared: LogField) -> Cells:
    """The cells of a log that columns can read: whether it has entries, and whether one of them is odd: it cannot be used, or tells a day only."""
    raw = Ex(source.expr)
    check = _Checked(sheet, source.kind, declared)
    odd = sheet.plan.keep(on(lambda r: r.map_batches(check, return_dtype=pl.Boolean, is_elementwise=True), raw))
    return Cells(on(lambda r: pl.when(r.list.len() > 0).then(True), raw), None, odd)


class _Checked:
    """Of a batch of logs which have an odd entry."""

    def __init__(self, sheet: Sheet, kind: Any, declared: LogField) -> None:
        self.plan = Plan(prefix=ENTRY_PREFIX)
        sources = entry_sources(kind, declared.all_attributes())

        def cells(one: Field, name: str) -> Cells:
            from complaint_policy.columns.sheet import Hints

            return read_cells(sources[name], one, sheet.clock, self.plan, sheet.model.currency, sheet.as_of, Hints(), "events")

        kinds = cells(ENTRY_FIELDS["kind"], "kind").value
        assert kinds is not None
        kinds = self.plan.keep(kinds)
        asked = on(lambda k: k.is_in([one.name for one in declared.kinds]), kinds)
        at = cells(evolve(ENTRY_FIELDS["at"], empty="unknown"), "at")
        ticks = at.value if at.value is not None else constant(None, pl.Int64)
        faults = [ticks.is_null(), *(one for one in (at.bad, at.odd) if one is not None)]
        if at.high is not None:
            faults.append(on(lambda low, high: low != high, ticks, at.high))
        odd = kinds.is_null() | asked & _any(faults)
        now = sheet.now
        # What has not happened is not looked at.
        happened = on(lambda t, a: a & (t <= now), ticks, asked)
        for one in declared.kinds:
            read = [cells(evolve(field, name="events"), name) for name, field in attributes_of_kind(declared, one.name).items() if name not in ("at", "kind")]
            broken = [fault for c in read for fault in (c.bad, c.odd) if fault is not None]
            if broken:
                odd = odd | on(lambda h, k, b, name=one.name: h & (k == name) & b, happened, kinds, _any(broken))
        self.odd = odd

    def __call__(self, events: pl.Series) -> pl.Series:
        found = (events.list.len() > MOST_ENTRIES).fill_null(False).alias(events.name)
        entries = unfolded(events)
        if not entries.height:
            return found
        for stage in self.plan.stages:
            entries = entries.with_columns(stage)
        rows = entries.filter(self.odd.expr.fill_null(False))[RECORD].unique()
        return found.scatter(rows, True) if len(rows) else found


def _any(parts: list[Ex]) -> Ex:
    return on(lambda *tests: pl.any_horizontal(*(t.fill_null(False) for t in tests)), *parts)
