"""A limit during which the clock stood still once, on columns: the pause between two instants that are known."""

from __future__ import annotations

import polars as pl
from attrs import frozen

from complaint_policy.columns import lengths, spans
from complaint_policy.columns.plan import Ex, constant, on
from complaint_policy.columns.sheet import Sheet
from complaint_policy.columns.tabulating import among, tabulated
from complaint_policy.columns.values import KNOWN, Coded, Instants
from complaint_policy.counting import Counter
from complaint_policy.expressions import nodes as n
from complaint_policy.lengths import Length, MonthDays
from complaint_policy.possible import Maybe
from complaint_policy.rules.deadlines.model import Deadline

__all__ = ["Paused", "only_counter"]


def only_counter(rule: Deadline, start: Instants, done: Instants) -> Counter | None:
    """What counts the one limit of a rule, a length from a start that is known; None for any other rule."""
    limit = rule.within
    if not isinstance(limit, n.Counted) or not isinstance(limit.base, n.RuleStart) or not isinstance(limit.length, Length) or limit.ahead:
        return None
    if rule.extend or rule.at_risk is not None:
        return None
    known = start.low is not None and start.day_end is False and start.exact and done.exact
    return Counter(limit.length, limit.counting) if known else None


@frozen
class Paused:
    """``unknown``: what is missing of each row's pause, None where it is known; ``low`` and ``high`` are the known ones, after the start."""

    sheet: Sheet
    start: Instants
    counter: Counter
    unknown: Coded
    low: Ex
    high: Ex

    @classmethod
    def of(cls, rule: Deadline, sheet: Sheet, start: Instants, done: Instants) -> Paused | None:
        """The pauses of a rule that has one kind of them and one limit, a length from its start; None for any other."""
        span, counter = rule.pauses[0] if len(rule.pauses) == 1 else None, only_counter(rule, start, done)
        # A day of the year stays where it is.
        if not isinstance(span, n.Between) or counter is None or isinstance(counter.length, MonthDays):
            return None
        begin, end = sheet.instant(span.start), sheet.instant(span.end)
        if begin.low is None or begin.day_end is not False or end.day_end is not False:
            return None
        return cls._with(sheet, start, done, counter, begin, end, frozenset(n.fields_in(span)))

    @classmethod
    def _with(cls, sheet: Sheet, start: Instants, done: Instants, counter: Counter, begin: Instants, end: Instants, names: frozenset[str]) -> Paused:
        plan, now = sheet.plan, sheet.now
        stretch = spans.between(sheet, begin, end, names)
        assert stretch.low is not None and stretch.high is not None
        unknown = tabulated(plan, [stretch.state], lambda v: Maybe(None, v.missing) if isinstance(v, Maybe) else None)
        act = constant(None, pl.Int64) if done.low is None else done.low
        stands = among(stretch.state, lambda v: v is KNOWN or v is spans.RUNNING)
        low = plan.keep(on(lambda b, s: pl.max_horizontal(b, s), stretch.low, start.low))
        high = plan.keep(on(lambda e, a: pl.min_horizontal(e, a.fill_null(now)), stretch.high, act))
        held = plan.keep(on(lambda t, s, a, b: (t & s.is_not_null() & (b > a)).fill_null(False), stands, start.low, low, high))
        first, after = (plan.keep(on(lambda v, h: pl.when(h).then(v), end_, held)) for end_ in (low, high))
        return cls(sheet, start, counter, unknown, first, after)

    def due(self, without: Instants) -> Instants:
        """The limit, put off by the pause of each row if it began before the limit had passed; ``without`` is what it would be without."""
        sheet, plan = self.sheet, self.sheet.plan
        if without.low is None or not without.exact:
            return without
        low = plan.keep(on(lambda a, d: pl.when(a <= d).then(a), self.low, without.low))
        high = plan.keep(on(lambda a, b: pl.when(a.is_not_null()).then(b), low, self.high))
        if self.counter.length.is_exact:
            later = plan.keep(on(lambda d, a, b: d + (b - a).fill_null(0), without.low, low, high))
            return Instants(later, None, without.shapes, without._state, without.day_end)
        start = self.start.low
        assert start is not None
        begun = lengths.put_off(sheet, start, low, high, self.counter)
        if begun is None:
            put_off: Ex | None = plan.keep(self._asked(start, low, high))
            # A limit beyond what can be counted.
            sheet.leave(on(lambda a, m: a.is_not_null() & m.is_null(), low, put_off))
        else:
            put_off = lengths.moved(sheet, Instants(plan.keep(begun), None, self.start.shapes, self.start._state), self.counter).low
        assert put_off is not None
        later = plan.keep(on(lambda a, d, m: pl.when(a.is_not_null()).then(m).otherwise(d), low, without.low, put_off))
        return Instants(later, None, without.shapes, without._state, without.day_end)

    def _asked(self, start: Ex, low: Ex, high: Ex) -> Ex:
        """The counter itself asked, once for each different start and pause."""
        clock, counter = self.sheet.clock, self.counter

        def due(start: int, low: int, high: int) -> int:
            begin, first, after = (clock.to_utc(ticks) for ticks in (start, low, high))
            return clock.of_utc(lengths.plain(counter.due_with_pauses(begin, ((first, after),))))

        def run(cells: pl.Series) -> pl.Series:
            rows = cells.struct.unnest()
            different = rows.drop_nulls().unique()
            dues = pl.Series("due", [lengths.counted_or_none(due, *row) for row in different.iter_rows()], dtype=pl.Int64)
            return rows.join(different.with_columns(dues), on=rows.columns, how="left", maintain_order="left")["due"].alias(cells.name)

        def ask(*parts: pl.Expr) -> pl.Expr:
            return pl.struct(part.alias(str(i)) for i, part in enumerate(parts)).map_batches(run, return_dtype=pl.Int64, is_elementwise=True)

        return on(ask, on(lambda s, a: pl.when(a.is_not_null()).then(s), start, low), low, high)
