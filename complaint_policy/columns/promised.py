"""Lengths whose number is a value of the record, counted for each different day and number."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from complaint_policy.columns.conditions import as_column
from complaint_policy.columns.instants import left_instants
from complaint_policy.columns.lengths import agreed
from complaint_policy.columns.plan import Ex, on
from complaint_policy.columns.tabulating import tabulated
from complaint_policy.columns.values import ANY, KNOWN, LATER, LEFT_SHAPE, NO_END, NO_START, STATED_NONE, Coded, Column, Instants, Shape
from complaint_policy.counting import Counter
from complaint_policy.expressions import nodes as n
from complaint_policy.lengths import Length
from complaint_policy.possible import NONE, DayEnd, Maybe

if TYPE_CHECKING:
    from complaint_policy.columns.sheet import Sheet

__all__ = ["promised"]

_MOST: Final = 100_000
_MICRO: Final = timedelta(microseconds=1)


def promised(sheet: Sheet, base: Instants, node: n.Counted, amount: Column | Coded) -> Instants:
    """``base`` moved by a length whose number is a value; ``node.length`` says its unit."""
    assert isinstance(node.length, n.LengthValue)
    plan, unit = sheet.plan, node.length.unit
    column = as_column(sheet, amount, "number") if isinstance(amount, Coded) else amount
    if column.kind != "number" or base.day_end is not False:
        return left_instants()
    count = _whole(column)
    usable = Coded(pl_zero(), (True,)) if count is None else Coded(None, (False, True), plan.keep(count.is_not_null()))
    names = frozenset(n.fields_in(node.length.amount))

    def answer(shape: Shape, special: Any, fits: bool) -> Shape:
        unknown = [m for m in (special,) if isinstance(m, Maybe)]
        if any(m.options is not None for m in unknown) or shape == LEFT_SHAPE:
            return LEFT_SHAPE
        if unknown or shape.kind == ANY:
            missing = shape.missing.union(*(m.missing for m in unknown)) if shape.kind == ANY or not shape.interval else unknown[0].missing
            return Shape(ANY, missing, shape.open or any(m.open for m in unknown))
        if special is NONE:
            return Shape(STATED_NONE)
        if shape.kind in (LATER, STATED_NONE):
            return shape
        return shape if special is KNOWN and fits else Shape(ANY, names)

    coded = tabulated(plan, [base.state(plan), column.state(plan), usable], answer, key=lambda s: s, left=LEFT_SHAPE)
    if base.low is None or count is None:
        return Instants(None, None, coded.domain, lambda: coded.code)
    number = plan.keep(count)
    low = _counted(sheet, base.low, number, node, unit)
    high = None if base.high is None or base.exact else _counted(sheet, base.high, number, node, unit)
    from complaint_policy.columns.choosing import settled

    day_end = node.counting.ends == "end_of_day" and Length(1, unit).counts_days
    found = settled(sheet, low, high, coded, day_end)
    return found if found.high is None else agreed(sheet, found)


def pl_zero() -> Ex:
    return Ex(pl.lit(0, dtype=pl.UInt8), 0, True)


def _whole(column: Column) -> Ex | None:
    """The number as a whole one that can be counted, null where it is none."""
    if column.value is None:
        return None
    scale = column.scale

    def fitting(v: pl.Expr) -> pl.Expr:
        if scale:
            unit = pl.lit(10**scale, pl.Int128)
            v = pl.when(v % unit == 0).then(v // unit)
        elif not column.whole:
            v = pl.when(v == v.floor()).then(v)
        return pl.when((v >= 0) & (v <= _MOST)).then(v).cast(pl.Int64, strict=False)

    return on(fitting, column.value)


def _counted(sheet: Sheet, start: Ex, number: Ex, node: n.Counted, unit: str) -> Ex:
    """The due ticks of each start and number; ends that lie nowhere stay there."""
    clock, zone = sheet.clock, sheet.zone
    sample = Counter(Length(1, unit), node.counting, ahead=node.ahead)
    by_day = sample.by_day and zone.name == node.counting.timezone
    counters: dict[int, Counter] = {}

    def due(where: int, count: int) -> int | None:
        counter = counters.get(count) or counters.setdefault(count, Counter(Length(count, unit), node.counting, ahead=node.ahead))
        try:
            begin = zone.day_start(clock.first.toordinal() + where) + timedelta(minutes=30) if by_day else clock.to_utc(where)
            found = counter._count(begin) if by_day else counter.due(begin)
        except (OverflowError, ValueError):
            return None
        return clock.of_utc(found.boundary - _MICRO if isinstance(found, DayEnd) else found)

    def run(parts: Any) -> pl.Series:
        rows = min(map(len, parts)) and max(map(len, parts))
        # What is the same for all rows comes as one value.
        where, count = (part.head(rows) if len(part) >= rows else part.new_from_index(0, rows) for part in parts)
        pairs = pl.DataFrame({"where": where, "count": count})
        different = pairs.drop_nulls().unique(maintain_order=True)
        dues = [due(where, count) for where, count in different.iter_rows()]
        table = different.with_columns(pl.Series("due", dues, dtype=pl.Int64))
        return pairs.join(table, on=["where", "count"], how="left", maintain_order="left")["due"]

    known = sheet.plan.keep(on(lambda v: pl.when((v > NO_START) & (v < NO_END)).then(v), start))
    where = sheet.day_index(known).cast(pl.Int64) if by_day else known
    found = sheet.plan.keep(on(lambda w, c: pl.map_batches([w, c], run, return_dtype=pl.Int64, is_elementwise=True), where, number))
    # A start outside the clock, a limit beyond the calendar, what would end before its start: the record evaluation's.
    sheet.leave(on(lambda k, c, f: k.is_not_null() & c.is_not_null() & f.is_null(), known, number, found))
    if by_day and not node.ahead:
        sheet.leave(on(lambda k, f: f < k, known, found))
    return sheet.plan.keep(on(lambda k, f, v: pl.when(k.is_not_null()).then(f).otherwise(v), known, found, start))
