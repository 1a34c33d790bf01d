"""Limits during which the clock stood still, on columns.

One stretch between two instants is arithmetic over columns.  For several, for those of a field of intervals, and where whole days stand
still, the counter is asked: once for each different start and the pauses that lie after it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

import polars as pl
from attrs import evolve, frozen

from complaint_policy.columns import choosing, lengths, spans
from complaint_policy.columns.asking import asked, where_all
from complaint_policy.columns.clock import Clock
from complaint_policy.columns.plan import AT_MOST, BELOW, Ex, constant, on
from complaint_policy.columns.python_cells import python_cells
from complaint_policy.columns.sheet import Sheet
from complaint_policy.columns.stretches import Kind, field_of_intervals, read_together, stands
from complaint_policy.columns.tabulating import among, tabulated
from complaint_policy.columns.values import LATER, LEFT_OVER, NO_END, NO_START, Coded, Instants, is_left
from complaint_policy.counting import Counter, Pause
from complaint_policy.expressions import moments
from complaint_policy.expressions import nodes as n
from complaint_policy.lengths import MonthDays
from complaint_policy.possible import MICROSECOND, Maybe
from complaint_policy.possible import day_end as day_end_of
from complaint_policy.rules.deadlines.model import Deadline

__all__ = ["Pauses"]

_ASKED: Final = pl.Struct({"pauses": pl.List(pl.Int64), "runs": pl.Boolean})


@frozen
class Pauses:
    """``unknown``: what is missing of each row's pauses, None where they are known.

    ``low`` and ``high`` are the ticks of rows that have one stretch alone, after the start and before the act or the moment of judgement;
    ``several``: of the other rows that have some their ends in order, and whether one of them runs.  ``running``: rows of which one does.
    """

    sheet: Sheet
    start: Instants
    unknown: Coded
    low: Ex | None
    high: Ex | None
    several: Ex | None
    running: Ex

    @classmethod
    def of(cls, rule: Deadline, sheet: Sheet, start: Instants, done: Instants) -> Pauses | None:
        """The pauses of a rule; None where its clock never stands still."""
        kinds = [_kind(sheet, span) for span in rule.pauses]
        if start.day_end is not False or done.day_end is not False:
            # Where an end of a day is a start, what lies after it is the record evaluation's.
            kinds = [Kind(tabulated(sheet.plan, [kind.state], lambda v: LEFT_OVER if stands(v) else v)) for kind in kinds]
        if all(value is None for kind in kinds for value in kind.state.domain):
            return None
        if any(isinstance(value, Maybe) and is_left(value.missing) for kind in kinds for value in kind.state.domain):
            sheet.reasons.append(f"{rule.id}: pauses")
        unknown = tabulated(sheet.plan, [kind.state for kind in kinds], _unknown_of_all)
        some = [kind for kind in kinds if kind.possible]
        if not some or start.low is None:
            return cls(sheet, start, unknown, None, None, None, constant(False, pl.Boolean))
        return cls._with(sheet, start, done, unknown, some)

    @classmethod
    def _with(cls, sheet: Sheet, start: Instants, done: Instants, unknown: Coded, kinds: Sequence[Kind]) -> Pauses:
        plan, now = sheet.plan, sheet.now
        assert start.low is not None
        # What begins or ends nowhere has no end that a pause could be cut off by.
        begin = start.low if start.exact else plan.keep(on(lambda s: pl.when(s > NO_START).then(s), start.low))
        act = constant(None, pl.Int64) if done.low is None else done.high or done.low
        end = plan.keep(on(lambda a: pl.when(a < NO_END).then(a).otherwise(now), act))
        there = [plan.keep(on(lambda t, s: (t & s.is_not_null()).fill_null(False), among(kind.state, stands), begin)) for kind in kinds]
        several, alone = None, there
        if len(kinds) > 1 or kinds[0].field is not None:
            counts = [on(lambda t, k: t.cast(pl.UInt8) * k, t, 2 if kind.field is not None else 1) for t, kind in zip(there, kinds, strict=True)]
            many = plan.keep(on(_more_than_one, *counts))
            several = _found(sheet, on(lambda m, s: pl.when(m).then(s), many, begin), end, kinds, there)
            alone = [plan.keep(t & ~many) for t in there]
        low = high = None
        runs: Ex = constant(False, pl.Boolean)
        for kind, mine in zip(kinds, alone, strict=True):
            if kind.field is not None:
                continue
            a = on(lambda m, v, s: pl.when(m).then(pl.max_horizontal(v, s)), mine, kind.low, begin)
            b = on(lambda m, v, e: pl.when(m).then(pl.min_horizontal(v, e)), mine, kind.high, end)
            low, high = (a, b) if low is None or high is None else (on(_either, low, a), on(_either, high, b))
            runs = runs | (mine & among(kind.state, lambda v: v is spans.RUNNING))
        if low is not None and high is not None:
            held = plan.keep(on(lambda a, b: (b > a).fill_null(False), low, high))
            low, high = (plan.keep(on(lambda v, h: pl.when(h).then(v), end_, held)) for end_ in (low, high))
            runs = runs & held
        if several is not None:
            runs = runs | on(lambda v: v.struct.field("runs").fill_null(False), several)
            several = plan.keep(on(lambda v: v.struct.field("pauses"), several))
        still_open = among(done.state(plan), lambda shape: shape.kind == LATER)
        return cls(sheet, start, unknown, low, high, several, plan.keep((runs & still_open).fill_null(False)))

    # ---------------------------------------------------------------- lengths
    def moved(self, base: Instants, counter: Counter) -> Instants:
        """The start moved by a counter, put off by the pauses of each row that began before the limit had passed."""
        without = lengths.moved(self.sheet, base, counter)
        # A day of the year stays where it is.
        if base.low is None or without.low is None or not self._stood or isinstance(counter.length, MonthDays):
            return without
        low = self._later(base.low, without.low, counter)
        if base.high is None or base.exact:
            return Instants(low, None, without.shapes, without._state, without.day_end)
        high = self._later(base.high, without.high or without.low, counter)
        return lengths.agreed(self.sheet, Instants(low, high, base.shapes, base._state, without.day_end, last_end=without.last_end))

    def of_numbers(self, start: Ex, number: Ex, without: Ex, counter_of: Callable[[int], Counter]) -> Ex:
        """The due ticks of starts by a length whose number is each row's; ``without`` is what they would be without a pause."""
        clock, plan, ends = self.sheet.clock, self.sheet.plan, self._ends
        if ends is None:
            return without
        wanted = plan.keep(on(lambda p, s, w: pl.when(w.is_not_null() & (s > NO_START) & (s < NO_END)).then(p), ends, start, without))

        def due(start: int, number: int, ends: tuple[int, ...]) -> int:
            return clock.of_utc(lengths.plain(counter_of(number).due_with_pauses(clock.to_utc(start), _pairs(ends, clock))))

        later = plan.keep(asked(due, start, number, wanted))
        # A limit beyond what can be counted.
        self.sheet.leave(on(lambda p, m: p.is_not_null() & m.is_null(), wanted, later))
        return plan.keep(on(lambda p, d, m: pl.when(p.is_not_null()).then(m).otherwise(d), wanted, without, later))

    @property
    def _stood(self) -> list[Ex]:
        """What is there of rows whose clock stood still."""
        return [one for one in (self.low, self.several) if one is not None]

    @property
    def _ends(self) -> Ex | None:
        """The ends of each row's pauses in order; null where its clock has not stood still."""
        if self.low is None or self.high is None:
            return self.several
        one = on(_listed, self.low, self.high)
        return one if self.several is None else on(lambda p, q: pl.coalesce(p, q), one, self.several)

    def _later(self, start: Ex, without: Ex, counter: Counter) -> Ex:
        """The due ticks of one end of each row's start; ``without`` is what they would be without a pause."""
        plan = self.sheet.plan
        # An end that lies nowhere stays there.
        begun = start if self.start.exact else plan.keep(on(lambda s: pl.when((s > NO_START) & (s < NO_END)).then(s), start))
        due = without
        if self.low is not None and self.high is not None:
            due = plan.keep(self._put_off(begun, self.low, self.high, without, counter))
        if self.several is not None:
            ends = on(lambda p, s: pl.when(s.is_not_null()).then(p), self.several, begun)
            due = plan.keep(self._counted(begun, plan.keep(ends), due, counter))
        return due

    def _put_off(self, start: Ex, low: Ex, high: Ex, without: Ex, counter: Counter) -> Ex:
        """What is due of rows that have one stretch or none."""
        sheet, plan, counting = self.sheet, self.sheet.plan, counter.counting
        working = counter.length.unit == "working hours"
        if working and not counter.amount:
            return without  # nothing is counted, wherever the clock stands
        if working and not self.start.exact:
            # Of a pause hours are counted around what lies after the start, of which the day alone is known.
            low = plan.keep(on(lambda a, b, s: pl.when(b > s).then(pl.max_horizontal(a, s)), low, high, start))
        # Hours that are used up where a pause begins have ended there, unless they go on to the next opening.
        before = BELOW if working and counting.at_closing == "stay" else AT_MOST
        low = plan.keep(on(lambda a, d, s: pl.when(before(a, d) & s.is_not_null()).then(a), low, without, start))
        if counter.length.is_exact:
            return on(lambda d, a, b: d + (b - a).fill_null(0), without, low, high)
        high = plan.keep(on(lambda a, b: pl.when(a.is_not_null()).then(b), low, high))
        begun = lengths.put_off(sheet, start, low, high, Counter(counter.length, evolve(counting, pause_on_days="working_time")) if working else counter)
        if begun is None:
            return self._counted(start, plan.keep(on(_listed, low, high)), without, counter)
        later = plan.keep(lengths.due_of(sheet, plan.keep(begun), counter, False))
        # A limit beyond what can be counted.
        sheet.leave(on(lambda a, m: a.is_not_null() & m.is_null(), low, later))
        return on(lambda a, d, m: pl.when(a.is_not_null()).then(m).otherwise(d), low, without, later)

    def _counted(self, start: Ex, ends: Ex, without: Ex, counter: Counter) -> Ex:
        """What is due where ``ends`` are those of pauses, elsewhere what would be due without."""
        clock, plan = self.sheet.clock, self.sheet.plan

        def due(start: int, ends: tuple[int, ...]) -> int:
            return clock.of_utc(lengths.plain(counter.due_with_pauses(clock.to_utc(start), _pairs(ends, clock))))

        later = plan.keep(asked(due, start, ends))
        # A limit beyond what can be counted.
        self.sheet.leave(on(lambda p, m: p.is_not_null() & m.is_null(), ends, later))
        return on(lambda p, d, m: pl.when(p.is_not_null()).then(m).otherwise(d), ends, without, later)

    # ---------------------------------------------------------------- the warning
    def warned(self, without: Ex, due: Instants, still_open: Ex, warning: Callable[[datetime, datetime, tuple[Pause, ...]], datetime | None]) -> Ex:
        """When an open duty is at risk: ``without`` is that of rows whose clock has not stood still; of those that stand still nothing is asked."""
        clock, plan = self.sheet.clock, self.sheet.plan
        ends = self._ends
        if ends is None or due.low is None or self.start.low is None:
            return without
        wanted = plan.keep(on(lambda o, r, s, d: o & ~r & (s > NO_START) & (d > NO_START), still_open, self.running, self.start.low, due.low))
        wanted_ends = plan.keep(on(lambda w, p: pl.when(w).then(p), wanted, ends))

        def at(start: int, due: int, ended: bool, ends: tuple[int, ...]) -> int | None:
            limit = day_end_of(clock.to_utc(due) + MICROSECOND) if ended else clock.to_utc(due)
            found = warning(clock.to_utc(start), limit, _pairs(ends, clock))
            return None if found is None else clock.of_utc(lengths.plain(found))

        ended = choosing.flag_of(due.day_end)
        found = plan.keep(asked(at, self.start.low, due.low, ended, wanted_ends))
        self.sheet.leave(on(lambda p, f: p.is_not_null() & f.is_null(), wanted_ends, found))
        return on(lambda p, f, a: pl.when(p.is_not_null()).then(f).otherwise(a), wanted_ends, found, without)


# --------------------------------------------------------------------------- what a row has
def _kind(sheet: Sheet, span: n.Span) -> Kind:
    if isinstance(span, n.NamedSpan):
        return field_of_intervals(sheet, span.name)
    stretch = spans.stretch(sheet, span)
    plain = not any(isinstance(part, n.Late) for part in n.walk(span))
    for part in n.walk(span):
        if isinstance(part, n.Between):
            plain = plain and sheet.instant(part.start).day_end is False

    def of_pause(value: Any) -> Any:
        if isinstance(value, Maybe):  # how long it may be does not matter
            return Maybe(None, value.missing)
        if isinstance(value, tuple):
            return None
        return value if plain else LEFT_OVER

    return Kind(tabulated(sheet.plan, [stretch.state], of_pause), stretch.low, stretch.high)


def _unknown_of_all(*values: Any) -> Any:
    unknown = [v for v in values if isinstance(v, Maybe)]
    return Maybe(None, frozenset().union(*(u.missing for u in unknown))) if unknown else None


def _listed(low: pl.Expr, high: pl.Expr) -> pl.Expr:
    return pl.when(low.is_not_null()).then(pl.concat_list(low, high))


def _pairs(ends: Sequence[int], clock: Clock) -> tuple[Pause, ...]:
    moments_ = [clock.to_utc(tick) for tick in ends]
    return tuple(zip(moments_[::2], moments_[1::2], strict=True))


def _found(sheet: Sheet, begin: Ex, end: Ex, kinds: Sequence[Kind], there: Sequence[Ex]) -> Ex:
    """Of rows that have a ``begin`` their pauses from there to ``end``, all kinds together, read as the record evaluation reads them."""
    clock = sheet.clock
    told, reading = read_together(sheet, kinds, there)
    inputs: dict[str, Ex] = {"begin": begin, "end": end, **told}

    def one(begin: int, end: int, cells: Sequence[Any]) -> dict[str, Any] | None:
        try:
            first, last = clock.to_utc(begin), clock.to_utc(end)
            every = moments.union(tuple(stretch for cell, read in zip(cells, reading, strict=True) for stretch in read(cell)))
            clipped = [(max(low, first), min(high, last), runs) for low, high, runs in every if high > first and low < last]
            ends = [clock.of_utc(at) for low, high, _ in clipped if high > low for at in (low, high)]
        except Exception:  # noqa: BLE001  what cannot be read is the record evaluation's
            return None
        return {"pauses": ends, "runs": any(runs for _, _, runs in clipped)}

    def answers(rows: pl.DataFrame) -> list[Any]:
        return [one(begin, end, cells) for begin, end, *cells in zip(*(python_cells(column) for column in rows.get_columns()), strict=True)]

    def ask(*parts: pl.Expr) -> pl.Expr:
        made = pl.struct(part.alias(name) for part, name in zip(parts, inputs, strict=True))
        return made.map_batches(lambda cells: where_all(cells, _ASKED, answers, ("begin", "end")), return_dtype=_ASKED, is_elementwise=True)

    found = sheet.plan.keep(on(ask, *inputs.values()))
    sheet.leave(on(lambda b, f: b.is_not_null() & f.is_null(), begin, found))
    return found


def _more_than_one(*counts: pl.Expr) -> pl.Expr:
    return pl.sum_horizontal(*counts) > 1


def _either(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    return pl.coalesce(one, other)
