"""Counted instants past the last announced day of their calendar: each is one of many, as the record evaluation says."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Final

import polars as pl

from complaint_policy.columns.clock import DAY
from complaint_policy.columns.plan import Ex, constant, on
from complaint_policy.columns.tabulating import among, tabulated
from complaint_policy.columns.values import EXACT, NO_END, SPAN, Coded, Instants, Shape
from complaint_policy.counting import Counter

if TYPE_CHECKING:
    from complaint_policy.columns.sheet import Sheet

__all__ = ["announced", "years_past"]

# Years past the last announced one that have a name on columns; what lies beyond is left.
_YEARS: Final = 3


def years_past(sheet: Sheet, limit: datetime, high: Ex, calendar: str) -> tuple[Ex, Coded]:
    """Rows whose instant lies past the first instant that is not announced, and the calendar's year in which it lies (None: before)."""
    edge, plan = sheet.clock.of_utc(limit), sheet.plan
    year = sheet.zone.to_wall(limit).year
    bounds = [sheet.clock.of_utc(sheet.zone.day_start(date(year + k, 1, 1).toordinal())) for k in range(1, _YEARS + 1)]
    past = plan.keep(on(lambda h: ((h >= edge) & (h < NO_END)).fill_null(False), high))
    sheet.leave(on(lambda h: (h >= bounds[-1]) & (h < NO_END), high))

    def count(p: pl.Expr, h: pl.Expr) -> pl.Expr:
        total = p.cast(pl.UInt8)
        for bound in bounds[:-1]:
            total = total + (p & (h >= bound).fill_null(False)).cast(pl.UInt8)
        return total

    return past, Coded(plan.keep(on(count, past, high)), (None, *(f"{calendar} {year + k}" for k in range(_YEARS))))


def announced(sheet: Sheet, counter: Counter, base: Instants, due: Instants) -> Instants:
    """``due``, counted from ``base``, as it is known; what columns cannot say of it is left."""
    limit, spec = counter.provisional_from(), counter.counting.calendar
    if limit is None or spec is None or base.low is None or due.low is None:
        return due
    edge, plan = sheet.clock.of_utc(limit), sheet.plan
    lowest = None if sheet.hints.hopeful else _lowest(sheet, counter, base.low, limit)
    if lowest is None:
        # A limit that is rolled back rests on days up to a fortnight after it.
        ends = (base.high or base.low, due.high or due.low)
        sheet.leave(on(lambda *ticks: pl.any_horizontal(*(t >= edge - 15 * DAY for t in ticks)), *ends))
        return due
    state = due.state(plan)
    if not due.exact:
        sheet.leave(on(lambda h, span: (h >= edge) & span, due.high or due.low, among(state, lambda shape: shape.kind == SPAN)))
    past, years = years_past(sheet, limit, due.low, spec.name)
    sheet.leave(on(lambda p, least: p & least.is_null(), past, lowest))

    def answer(shape: Shape, year: str | None) -> Shape:
        return Shape(SPAN, frozenset({year})) if year is not None and shape.kind == EXACT else shape

    coded = tabulated(plan, [state, years], answer, key=lambda shape: shape)
    low = plan.keep(on(lambda p, least, v: pl.when(p).then(least).otherwise(v), past, lowest, due.low))
    high = plan.keep(on(lambda p, v: pl.when(p).then(NO_END).otherwise(v), past, due.high or due.low))
    # An unrolled limit is the end of its day; the first day not announced begins with its first instant.
    of_spans = not counter.length.is_working
    flag: bool | Ex = due.day_end
    if isinstance(flag, bool):
        flag = flag if flag == of_spans else plan.keep(past if of_spans else ~past)
    else:
        flag = plan.keep(on(lambda p, e: pl.when(p).then(of_spans).otherwise(e), past, flag))
    return Instants(low, high, coded.domain, lambda: coded.code, flag)


def _lowest(sheet: Sheet, counter: Counter, start: Ex, limit: datetime) -> Ex | None:
    """The first instant that a limit past the announced days may be; None where that has to be asked for each start."""
    if counter.sign < 0:
        return None
    if counter.length.is_working:
        return constant(sheet.clock.of_utc(limit), pl.Int64)
    if counter.counting.roll != "next_working_day":
        return None
    # The end of the last day before it is rolled on.
    key = ("unrolled", counter.length, counter.counting)
    if key not in sheet.tables:
        first, zone, clock = sheet.clock.first.toordinal(), sheet.zone, sheet.clock
        ticks: list[int | None] = []
        for index in range(clock.days):
            try:
                ticks.append(clock.of_utc(zone.day_start(counter.last_day(date.fromordinal(first + index)).toordinal() + 1)) - 1)
            except (OverflowError, ValueError):
                ticks.append(None)
        sheet.tables[key] = pl.lit(pl.Series(ticks, dtype=pl.Int64))
    table: pl.Expr = sheet.tables[key]
    return on(lambda day: table.gather(day), sheet.day_index(start))
