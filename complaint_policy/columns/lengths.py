"""Counting a length from instants on columns: due instants by tables of days, made once by the record evaluation's own counter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from attrs import frozen

from complaint_policy.columns.announcing import announced
from complaint_policy.columns.asking import counted_or_none
from complaint_policy.columns.clock import DAY, FIRST_TICK, LAST_TICK, micros
from complaint_policy.columns.plan import BELOW, SAME, Ex, on
from complaint_policy.columns.values import EXACT, NO_END, NO_START, SPAN, Coded, Instants, Shape
from complaint_policy.counting import Counter, Counting, calendar_of
from complaint_policy.expressions import nodes as n
from complaint_policy.lengths import Length
from complaint_policy.possible import DayEnd
from complaint_policy.possible import day_end as day_end_of

if TYPE_CHECKING:
    from complaint_policy.columns.instants import Around
    from complaint_policy.columns.sheet import Sheet

__all__ = ["after_share", "agreed", "counted", "due_of", "met_shape", "moved", "plain", "put_off", "shown"]

# The most opening hours of one day a table holds.
_MOST_SPELLS: Final = 6
_MICRO: Final = timedelta(microseconds=1)
_NOON: Final = time(12)


def counted(sheet: Sheet, node: n.Counted, around: Around | None) -> Instants:
    """``within`` a length from an instant, or ``ahead`` of it."""

    base = sheet.instant(node.base, around)
    pauses = around.pauses if around is not None and isinstance(node.base, n.RuleStart) else None
    if not isinstance(node.length, Length):
        from complaint_policy.columns.promised import promised

        return promised(sheet, base, node, sheet.value(node.length.amount), pauses)
    counter = Counter(node.length, node.counting, ahead=node.ahead)
    made = moved(sheet, base, counter) if pauses is None else pauses.moved(base, counter)
    if counter.provisional_from() is not None and not isinstance(node.base, n.RuleStart):
        return announced(sheet, counter, base, made)
    return made


def moved(sheet: Sheet, base: Instants, counter: Counter) -> Instants:
    """Instants moved by a counter that never puts a later instant before an earlier one."""
    if base.low is None:
        return Instants(None, None, base.shapes, base._state)
    if base.high is not None and not base.exact:
        return _moved_spans(sheet, base, counter)
    low = sheet.plan.keep(due_of(sheet, base.low, counter, base.day_end))
    _leave_lost(sheet, counter, base.low, low)
    table = None if _may_precede(counter) else _table_of(sheet, base.low, counter)
    return Instants(low, None, base.shapes, base._state, _ends_days(base, counter), table)


def _ends_days(base: Instants, counter: Counter) -> bool | Ex:
    """Whether what is counted are ends of days."""
    return counter.counting.ends == "end_of_day" if counter.length.counts_days else base.day_end if counter.length.is_exact else False


def _moved_spans(sheet: Sheet, base: Instants, counter: Counter) -> Instants:
    """Both ends moved; an end that lies nowhere stays there."""
    assert base.low is not None and base.high is not None
    moved_ends: list[Ex] = []
    for end, ended in ((base.low, base.day_end), (base.high, base.ends)):
        known = sheet.plan.keep(on(lambda v: pl.when((v > NO_START) & (v < NO_END)).then(v), end))
        due = sheet.plan.keep(due_of(sheet, known, counter, ended))
        _leave_lost(sheet, counter, known, due)
        moved_ends.append(sheet.plan.keep(on(lambda k, d, v: pl.when(k.is_not_null()).then(d).otherwise(v), known, due, end)))
    last = base.last_end if counter.length.is_exact else None
    return agreed(sheet, Instants(moved_ends[0], moved_ends[1], base.shapes, base._state, _ends_days(base, counter), last_end=last))


def _leave_lost(sheet: Sheet, counter: Counter, start: Ex, due: Ex) -> None:
    """Starts outside the days of the clock, and due instants that are."""
    if counter.length.is_exact:
        return
    table = _table_of(sheet, start, counter)
    if table is not None and None not in table[1]:
        if str(start.expr) in sheet._inside:
            return
        sheet.leave_once(("days", str(start.expr)), lambda: on(lambda b, d: b.is_not_null() & d.is_null(), start, table[0]))
    else:
        sheet.leave(on(lambda b, d: b.is_not_null() & d.is_null(), start, due))


def agreed(sheet: Sheet, one: Instants) -> Instants:
    """Spans whose ends have become one are exact."""
    from complaint_policy.columns.tabulating import tabulated

    assert one.low is not None and one.high is not None
    met = Coded(None, (False, True), sheet.plan.keep(on(lambda a, b: SAME(a, b).fill_null(False), one.low, one.high)))
    again = tabulated(sheet.plan, [one.state(sheet.plan), met], met_shape, key=lambda s: s)
    if len(again.domain) == 1 and again.domain[0].kind == EXACT:
        return Instants(one.low, None, again.domain, None, one.day_end)
    return Instants(one.low, one.high, again.domain, lambda: again.code, one.day_end, last_end=one.last_end, moved_from=(one, met))


def met_shape(shape: Shape, met: bool) -> Shape:
    """Of a span that has become one instant, or has not."""
    return Shape(EXACT) if met and shape.kind == SPAN else shape


def due_of(sheet: Sheet, start: Ex, counter: Counter, day_end: bool | Ex) -> Ex:
    """The due ticks of start ticks, null where a table ends: by tables of days or hours, or the counter asked once for each different start."""
    clock, length, counting = sheet.clock, counter.length, counter.counting
    if length.is_exact:
        span = (length.exactly() * counter.sign) // _MICRO
        return start + pl.lit(span, pl.Int64)
    if clock.zone.name != counting.timezone:
        return _asked(sheet, start, counter, day_end)
    if length.unit == "working hours":
        return _working_time(sheet, start, counter, day_end)
    if counting.after_hours != "as_received" and length.unit == "working days":
        if counting.ends == "same_time" or not clock.steady:  # where clocks change, a day may begin twice
            return _asked(sheet, start, counter, day_end)
        return _not_before(sheet, start, counter, day_end, _by_hours(sheet, start, counter))
    if counting.ends == "same_time":
        return _asked(sheet, start, counter, day_end) if day_end is not False else _same_time(sheet, start, counter)
    key = ("due", length, counting, counter.sign)
    table = sheet.tables.get(key)
    if table is None:
        days = _day_table(sheet, counter)
        table = sheet.tables[key] = pl.lit(pl.Series(days, dtype=pl.Int64)), days
    series = table[0]
    due = on(lambda d: series.gather(d), sheet.day_index(start))
    return _not_before(sheet, start, counter, day_end, due) if _may_precede(counter) else due


def _not_before(sheet: Sheet, start: Ex, counter: Counter, ended: bool | Ex, due: Ex) -> Ex:
    """Of what would end before its start (rolled back, or past the day's closing) the counter is asked."""
    if counter.sign < 0:
        return due
    due = sheet.plan.keep(due)
    early = sheet.plan.keep(on(lambda d, s: pl.when(BELOW(d, s)).then(s), due, start))
    return on(lambda e, a, d: pl.when(e.is_not_null()).then(a).otherwise(d), early, _asked(sheet, early, counter, ended), due)


def _by_hours(sheet: Sheet, start: Ex, counter: Counter) -> Ex:
    """The due day of a start within or outside the opening hours: between one opening or closing and the next all starts have the same."""
    clock, key = sheet.clock, ("hours", counter.length, counter.counting, counter.sign)
    if key not in sheet.tables:
        spans = calendar_of(counter.counting.calendar).open_spans
        by_day: list[int] = []
        first = clock.first.toordinal()
        starts = clock.day_starts()
        hours = [(clock.of_utc(low), clock.of_utc(high)) for index in range(-1, clock.days + 1) for low, high in spans(date.fromordinal(first + index))]
        # Whether an end of an opening hour lies within is a matter of the convention: each is a step of its own.
        edges = sorted({*starts[:-1], *(edge + after for span in hours for edge in span for after in (0, 1) if starts[0] < edge + after < starts[-1])})
        place = 0
        for index in range(clock.days):
            while edges[place] < starts[index]:
                place += 1
            by_day.append(place)
        most = max(b - a for a, b in pairwise([*by_day, len(edges)]))
        points = [_counted_from(sheet, counter, edge) for edge in edges]
        sheet.tables[key] = tuple(pl.lit(pl.Series(v, dtype=k)) for v, k in ((edges, pl.Int64), (points, pl.Int64), (by_day, pl.UInt32))), most
    (edges_, dues, days), most = sheet.tables[key]

    def step(ticks: pl.Expr, day: pl.Expr) -> pl.Expr:
        first = days.gather(day)
        found: pl.Expr = dues.gather(first, null_on_oob=True)
        for offset in range(1, most):
            place = first + pl.lit(offset, pl.UInt32)
            found = pl.when(ticks >= edges_.gather(place, null_on_oob=True)).then(dues.gather(place, null_on_oob=True)).otherwise(found)
        return found

    return on(step, start, sheet.day_index(start))


def _counted_from(sheet: Sheet, counter: Counter, ticks: int) -> int | None:
    return counted_or_none(lambda: sheet.clock.of_utc(plain(counter._count(sheet.clock.to_utc(ticks)))))


def _asked(sheet: Sheet, start: Ex, counter: Counter, ended: bool | Ex) -> Ex:
    """The counter itself asked, once for each different start; ``ended``: whether these are ends of days."""
    clock = sheet.clock

    def due(ticks: int, ends: bool) -> int:
        begin = clock.to_utc(ticks)
        return clock.of_utc(plain(counter.due(day_end_of(begin + _MICRO) if ends else begin)))

    def asking(ends: bool) -> Ex:
        def run(cells: pl.Series) -> pl.Series:
            # A span without a beginning has no time to count from, nor has a cell that no calendar has a day for.
            different = cells.filter(cells.is_between(FIRST_TICK, LAST_TICK)).unique()
            if not different.len():
                return pl.Series(cells.name, [None], dtype=pl.Int64).new_from_index(0, cells.len())
            found = pl.Series([counted_or_none(due, ticks, ends) for ticks in different.to_list()], dtype=pl.Int64)
            return cells.replace_strict(different, found, default=None, return_dtype=pl.Int64)

        return sheet.plan.keep(on(lambda s: s.map_batches(run, return_dtype=pl.Int64, is_elementwise=True), start))

    if isinstance(ended, bool):
        return asking(ended)
    return sheet.plan.keep(on(lambda e, a, b: pl.when(e).then(a).otherwise(b), ended, asking(True), asking(False)))


def _table_of(sheet: Sheet, start: Ex, counter: Counter) -> tuple[Ex, list[int | None]] | None:
    """The table a due instant was looked up in, where it was."""
    length = counter.length
    found = sheet.tables.get(("due", length, counter.counting, counter.sign))
    return None if length.is_exact or found is None else (sheet.day_index(start), found[1])


def _may_precede(counter: Counter) -> bool:
    return counter.sign > 0 and (counter.counting.roll == "previous_working_day" or counter.counting.ends == "close_of_business")


def _day_table(sheet: Sheet, counter: Counter) -> list[int | None]:
    """The due ticks for each day of the clock."""
    clock = sheet.clock
    simple = counter.length.unit == "days" and counter.counting.ends == "end_of_day" and counter.counting.roll == "none" and clock.steady
    if simple:
        days = 0 if counter.length.same_day or not counter.amount else counter.amount - (counter.sign if counter.counting.first_day == "included" else 0)
        return [(clock.base + i + days + 1) * DAY - 1 for i in range(clock.days)]
    found: list[int | None] = []
    first = clock.first.toordinal()
    for index in range(clock.days):
        # Any instant of the day, since the due day depends on nothing but the day: noon, for the clocks may come back past midnight.
        found.append(_counted_from(sheet, counter, clock.of_utc(_noon(sheet, first + index))))
    return found


def _noon(sheet: Sheet, day: int) -> datetime:
    return sheet.zone.to_utc(datetime.combine(date.fromordinal(day), _NOON))


def plain(moment: datetime) -> datetime:
    """An instant of which ticks are made: of a day's end its last microsecond."""
    if isinstance(moment, DayEnd):
        return moment.boundary - _MICRO
    return moment


def _same_time(sheet: Sheet, start: Ex, counter: Counter) -> Ex:
    """The due day at the clock time of the start: the later reading in a fold, shifted on in a gap."""
    clock, zone = sheet.clock, sheet.zone
    key = ("day", counter.length, counter.counting, counter.sign)
    table = sheet.tables.get(key)
    if table is None:
        found: list[int | None] = []
        first = clock.first.toordinal()
        for index in range(clock.days):
            found.append(counted_or_none(lambda start: micros(zone.to_wall(plain(counter._count(start)))) // DAY * DAY, _noon(sheet, first + index)))
        table = sheet.tables[key] = pl.lit(pl.Series(found, dtype=pl.Int64))
    wall = clock.to_wall(start)
    due_wall = on(lambda d, w: table.gather(d) + w % DAY, sheet.day_index(start), wall)
    return _not_before(sheet, start, counter, False, clock.from_wall_late(due_wall))


# --------------------------------------------------------------------------- working hours
_HOUR: Final = 3_600_000_000


@frozen
class Spells:
    """Opening hours as tables: where each spell begins and ends, the time worked before it, the first spell of each day of the clock
    and of each hour of worked time, and in how many spells from there on an instant, or an amount of work, must be sought."""

    begin: pl.Expr
    end: pl.Expr
    before: pl.Expr
    by_day: pl.Expr
    by_hour: pl.Expr
    day_steps: int
    hour_steps: int


def _working_time(sheet: Sheet, start: Ex, counter: Counter, day_end: bool | Ex) -> Ex:
    """Working time counted by the sum of worked time up to the start, whatever is said of starts outside hours: then the clock stands still."""
    spells = _spells(sheet, counter.counting) if counter.length.amount else None
    if spells is None:
        return _asked(sheet, start, counter, day_end)
    if day_end is not False:  # of an end of a day the time goes on from the next day's first instant
        start = sheet.plan.keep(start + 1 if day_end is True else on(lambda s, e: s + e.cast(pl.Int64), start, day_end))
    span = (counter.length.exactly() * counter.sign) // _MICRO
    target = sheet.plan.keep(on(lambda s, d: _worked(spells, s, d) + span, start, sheet.day_index(start)))
    # Used up exactly at a closing (counted back: at an opening) it stays there, or rolls to the next opening (the closing before).
    onward = (counter.counting.at_closing == "roll") is (counter.sign > 0)
    return on(lambda t: _placed(spells, t, onward=onward), target)


def _worked(spells: Spells, ticks: pl.Expr, day: pl.Expr) -> pl.Expr:
    """The time worked since the clock began, over the few spells of the ticks' day."""
    first = spells.by_day.gather(day)
    total = spells.before.gather(first, null_on_oob=True)
    for offset in range(spells.day_steps):
        spell = first + pl.lit(offset, pl.UInt32)
        low, high = spells.begin.gather(spell, null_on_oob=True), spells.end.gather(spell, null_on_oob=True)
        total = total + (pl.min_horizontal(ticks, high) - low).clip(lower_bound=0).fill_null(0)
    return total


def _placed(spells: Spells, worked: pl.Expr, *, onward: bool = False) -> pl.Expr:
    """When so much has been worked since the clock began: at a closing, or (``onward``) at the opening after it."""
    hour = (worked if onward else worked - 1) // _HOUR
    guess = spells.by_hour.gather(hour.cast(pl.UInt32, strict=False), null_on_oob=True)
    chain: Any = pl
    for offset in range(spells.hour_steps):
        spell = guess + pl.lit(offset, pl.UInt32)
        done, low, high = (table.gather(spell, null_on_oob=True) for table in (spells.before, spells.begin, spells.end))
        within = worked < done + (high - low) if onward else worked <= done + (high - low)
        chain = chain.when(within).then(low + (worked - done))
    result: pl.Expr = chain.otherwise(None)
    return result


def after_share(sheet: Sheet, begin: Ex, end: Ex, counter: Counter, of_net: Callable[[pl.Expr], pl.Expr]) -> Ex | None:
    """When so much of the working time between two instants has passed as ``of_net`` says, null past the clock's days; None where no table says it."""
    spells, plan = _spells(sheet, counter.counting) if counter.counting.timezone == sheet.zone.name else None, sheet.plan
    if spells is None:
        return None
    first, last = (plan.keep(on(lambda t, d: _worked(spells, t, d), one, sheet.day_index(one))) for one in (begin, end))
    part = plan.keep(on(lambda a, b: of_net(b - a), first, last))
    target = plan.keep(first + part)

    def placed(t: pl.Expr, p: pl.Expr, s: pl.Expr) -> pl.Expr:
        return pl.when(p > 0).then(_placed(spells, t)).when(p < 0).then(_placed(spells, t, onward=True)).when(p == 0).then(s)

    return on(placed, target, part, begin)


def put_off(sheet: Sheet, start: Ex, low: Ex, high: Ex, counter: Counter) -> Ex | None:
    """Starts put off by the time from ``low`` to ``high`` that the counter counts (null: by none); None where only the record evaluation can."""
    counting = counter.counting
    if counting.pause_on_days == "elapsed" or counting.calendar is None:
        return on(lambda s, a, b: s + (b - a).fill_null(0), start, low, high)
    if counting.pause_on_days == "whole_days" or counting.timezone != sheet.zone.name:
        return None
    spells = _spells(sheet, counting)
    if spells is None:
        return None
    known = [sheet.plan.keep(end) for end in (start, low, high)]
    found = [on(lambda t, d: _worked(spells, t, d), end, sheet.day_index(end)) for end in known]
    worked = sheet.plan.keep(found[2] - found[1])
    target = sheet.plan.keep(found[0] + worked)
    later = on(lambda s, w, t: pl.when(w != 0).then(_placed(spells, t)).otherwise(s), known[0], worked, target)
    # A pause beyond the days of the clock.
    sheet.leave(on(lambda a, w: a.is_not_null() & w.is_null(), known[1], worked))
    return later


def _spells(sheet: Sheet, counting: Counting) -> Spells | None:
    key = ("spells", counting.calendar)
    if key not in sheet.tables:
        sheet.tables[key] = spells_of(sheet, counting)
    found: Spells | None = sheet.tables[key]
    return found


def spells_of(sheet: Sheet, counting: Counting) -> Spells | None:
    """The opening hours of a calendar over the clock's days."""
    if counting.calendar is None:
        return None
    calendar, clock = calendar_of(counting.calendar), sheet.clock
    begins: list[int] = []
    ends: list[int] = []
    by_day: list[int] = []
    first, most = clock.first.toordinal(), 1
    for index in range(clock.days):
        by_day.append(len(begins))
        spans = calendar.open_spans(date.fromordinal(first + index))
        most = max(most, len(spans))
        begins += [clock.of_utc(low) for low, _ in spans]
        ends += [clock.of_utc(high) for _, high in spans]
    if not begins:
        return None
    before: list[int] = []
    total = 0
    for low, high in zip(begins, ends, strict=True):
        before.append(total)
        total += high - low
    by_hour: list[int] = []
    place, steps = 0, 1
    for worked in range(0, total, _HOUR):
        while before[place] + ends[place] - begins[place] <= worked:
            place += 1
        if by_hour:
            steps = max(steps, place - by_hour[-1] + 1)
        by_hour.append(place)
    if most > _MOST_SPELLS or steps > 2 * _MOST_SPELLS:
        return None
    begin, end, worked_before = (pl.lit(pl.Series(values, dtype=pl.Int64)) for values in (begins, ends, before))
    days, hours = (pl.lit(pl.Series(values, dtype=pl.UInt32)) for values in (by_day, by_hour))
    return Spells(begin, end, worked_before, days, hours, most, steps)


def shown(sheet: Sheet, due: Instants) -> Ex | None:
    """Naive UTC microseconds of the earliest due instants as they are printed: the end of a day as its last second."""
    if due.low is None:
        return None
    low = due.low if due.exact else on(lambda v: pl.when(v > NO_START).then(v), due.low)
    if isinstance(due.day_end, bool):
        return sheet.clock.to_utc_column(low, earlier=999_999 if due.day_end else 0)
    ticks = sheet.clock.to_utc_column(low)
    return on(lambda t, e: pl.when(e).then(t - 999_999).otherwise(t), ticks, due.day_end)
