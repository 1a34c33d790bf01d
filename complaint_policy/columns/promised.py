"""Lengths whose number is a value of the record, counted for each different day and number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from complaint_policy.columns.conditions import as_column
from complaint_policy.columns.instants import left_instants
from complaint_policy.columns.lengths import agreed
from complaint_policy.columns.measures import is_several, measured
from complaint_policy.columns.plan import Ex, on
from complaint_policy.columns.tabulating import tabulated
from complaint_policy.columns.values import (
    ANY,
    EXACT,
    KNOWN,
    LATER,
    LEFT_SHAPE,
    NO_END,
    NO_START,
    SPAN,
    STATED_NONE,
    Coded,
    Column,
    Instants,
    Open,
    Shape,
)
from complaint_policy.counting import Counter
from complaint_policy.expressions import nodes as n
from complaint_policy.lengths import Length
from complaint_policy.possible import NONE, NOWHERE_MISSING, DayEnd, Maybe

if TYPE_CHECKING:
    from complaint_policy.columns.instants import Pausing
    from complaint_policy.columns.sheet import Sheet

__all__ = ["promised"]

_MOST: Final = 100_000
_MICRO: Final = timedelta(microseconds=1)


def promised(sheet: Sheet, base: Instants, node: n.Counted, amount: Column | Coded, pauses: Pausing | None = None) -> Instants:
    """``base`` moved by a length whose number is a value, and put off by ``pauses``; ``node.length`` says its unit."""
    assert isinstance(node.length, n.LengthValue)
    plan, unit = sheet.plan, node.length.unit
    column = as_column(sheet, amount, "number") if isinstance(amount, Coded) else amount
    if column.kind != "number" or base.day_end is not False:
        return left_instants()
    state = column.state(plan)
    numbers: tuple[Ex | None, ...] = (_whole(column),)
    all_whole = True
    one = measured(sheet, node.length.amount) if is_several(sheet, node.length.amount, column) else None
    if one is not None:
        # Of several numbers the least and the most tell between which instants it lies.
        columns = [Column("number", end.value, whole=True, scale=end.scale) for end in (one.least, one.most) if end is not None]
        state, numbers = one.state, tuple(_whole(column) for column in columns) or (None,)
        all_whole = not any(column.scale for column in columns)
    counts = [count for count in numbers if count is not None]
    countable = on(lambda *c: pl.all_horizontal(*(x.is_not_null() for x in c)), *counts) if counts else None
    usable = Coded(pl_zero(), (True,)) if countable is None else Coded(None, (False, True), plan.keep(countable))
    names = frozenset(n.fields_in(node.length.amount))

    def answer(shape: Shape, special: Any, fits: bool) -> Shape:
        if isinstance(special, Open) and special.growing:  # a limit is counted as things stand
            special = KNOWN if special.options == 1 else Open(special.options, None, special.missing)
        unknown = special if isinstance(special, (Maybe, Open)) else None
        if (isinstance(special, Maybe) and special.options is not None) or shape == LEFT_SHAPE:
            return LEFT_SHAPE
        if isinstance(special, Maybe) or shape.kind == ANY:
            missing = shape.missing if shape.kind == ANY or not shape.interval else NOWHERE_MISSING
            return Shape(ANY, missing if unknown is None else missing | unknown.missing, shape.open or (unknown is not None and unknown.open))
        if special is NONE:
            return Shape(STATED_NONE)
        if shape.kind in (LATER, STATED_NONE):
            return shape
        if not isinstance(special, Open):
            return shape if special is KNOWN and fits else Shape(ANY, names)
        if not fits:  # one of them, at least, is no number of days
            return Shape(ANY, names | special.missing, special.open)
        # A day has as many limits, each of them a day; and of numbers in between any may be a fraction.
        told = shape.kind == EXACT and (all_whole or special.options <= 2)
        return Shape(SPAN, special.missing, special.open, interval=False) if told else LEFT_SHAPE

    coded = tabulated(plan, [base.state(plan), state, usable], answer, key=lambda s: s, left=LEFT_SHAPE)
    if base.low is None or not counts:
        return Instants(None, None, coded.domain, lambda: coded.code)
    least, most = (counts[-1], counts[0]) if node.ahead else (counts[0], counts[-1])
    known = [plan.keep(count) for count in dict.fromkeys((least, most))]

    def due(start: Ex, number: Ex) -> Ex:
        without = _counted(sheet, start, number, node, unit)
        return without if pauses is None else pauses.of_numbers(start, number, without, _counters(node, unit))

    low = due(base.low, known[0])
    high = None if len(known) == 1 and (base.high is None or base.exact) else due(base.high or base.low, known[-1])
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


def _counters(node: n.Counted, unit: str) -> Callable[[int], Counter]:
    """The counter of so many units, made once for each number."""
    made: dict[int, Counter] = {}
    return lambda number: made.get(number) or made.setdefault(number, Counter(Length(number, unit), node.counting, ahead=node.ahead))


def _counted(sheet: Sheet, start: Ex, number: Ex, node: n.Counted, unit: str) -> Ex:
    """The due ticks of each start and number; ends that lie nowhere stay there."""
    clock, zone = sheet.clock, sheet.zone
    counter_of = _counters(node, unit)
    by_day = counter_of(1).by_day and zone.name == node.counting.timezone

    def due(where: int, count: int) -> int | None:
        counter = counter_of(count)
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
