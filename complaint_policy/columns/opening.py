"""Whether instants lie in a calendar's working time, on columns: by a table of opening hours by day."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from attrs import frozen

from complaint_policy.columns.clock import FIRST_TICK, LAST_TICK, Clock
from complaint_policy.columns.plan import Ex, on
from complaint_policy.counting import calendar_of

if TYPE_CHECKING:
    from complaint_policy.columns.sheet import Sheet

__all__ = ["opened"]

# The most opening hours of one day that are looked through on columns.
_MOST_SPELLS: Final = 8


@frozen
class _Hours:
    """Where each opening hour begins and ends (exclusive), in ticks; the first that reaches into each day of the clock; and how many reach
    into one day at most."""

    begin: pl.Expr
    end: pl.Expr
    by_day: pl.Expr
    most: int


def opened(sheet: Sheet, ticks: Ex, spec: Any) -> Ex:
    """Whether the calendar is open at ``ticks``; null for what lies outside the clock, which is the record evaluation's."""
    key = ("opening", spec)
    if key not in sheet.tables:
        sheet.tables[key] = _hours(sheet.clock, spec)
    hours: _Hours | None = sheet.tables[key]
    if hours is None:
        return sheet.plan.keep(on(lambda t: t.map_batches(_asking(sheet, spec), return_dtype=pl.Boolean, is_elementwise=True), ticks))
    table = hours

    def inside(t: pl.Expr, day: pl.Expr) -> pl.Expr:
        first = table.by_day.gather(day)
        found: pl.Expr = t.is_null() & t.is_not_null()  # of the length of the column
        for offset in range(table.most):
            spell = first + pl.lit(offset, pl.UInt32)
            begin, end = (edges.gather(spell, null_on_oob=True) for edges in (table.begin, table.end))
            found = found | ((t >= begin) & (t < end)).fill_null(False)
        return pl.when(day.is_not_null()).then(found)

    return sheet.plan.keep(on(inside, ticks, sheet.day_index(ticks)))


def _hours(clock: Clock, spec: Any) -> _Hours | None:
    """The calendar's hours over the clock's days; ``None`` where a day has too many of them.  The calendar's days may be another zone's."""
    calendar = calendar_of(spec)
    first = clock.first.toordinal()
    spans = [
        (clock.of_utc(low), clock.of_utc(high))
        for index in range(-1, clock.days + 1)
        for low, high in calendar.open_spans(date.fromordinal(first + index))
    ]
    starts = clock.day_starts()
    by_day: list[int] = []
    place = after = most = 0
    for index in range(clock.days):
        while place < len(spans) and spans[place][1] <= starts[index]:
            place += 1
        while after < len(spans) and spans[after][0] < starts[index + 1]:
            after += 1
        by_day.append(place)
        most = max(most, after - place)
    if most > _MOST_SPELLS:
        return None
    begin, end = (pl.lit(pl.Series([span[edge] for span in spans], dtype=pl.Int64)) for edge in (0, 1))
    return _Hours(begin, end, pl.lit(pl.Series(by_day, dtype=pl.UInt32)), most)


def _asking(sheet: Sheet, spec: Any) -> Any:
    """The calendar itself asked, once for each different instant."""
    clock, zone = sheet.clock, sheet.zone

    def run(cells: pl.Series) -> pl.Series:
        # A span without a beginning has no time to ask for, nor has a cell that no calendar has a day for.
        different = cells.filter(cells.is_between(FIRST_TICK, LAST_TICK)).unique()
        if not different.len():
            return pl.Series(cells.name, [None], dtype=pl.Boolean).new_from_index(0, cells.len())
        is_open = calendar_of(spec).is_working_time
        answers = pl.Series([is_open(zone.to_aware(clock.to_utc(ticks))) for ticks in different.to_list()], dtype=pl.Boolean)
        return cells.replace_strict(different, answers, default=None, return_dtype=pl.Boolean)

    return run
