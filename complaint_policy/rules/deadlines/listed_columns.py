"""A limit during which the clock stood still as a field of intervals says, on columns: the counter is asked for each record that has some."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
from attrs import frozen

from complaint_policy.coerce import is_empty
from complaint_policy.columns import lengths, spans
from complaint_policy.columns.plan import Ex, constant, on
from complaint_policy.columns.python_cells import python_cells
from complaint_policy.columns.sheet import Sheet
from complaint_policy.columns.values import Coded, Instants
from complaint_policy.counting import Counter
from complaint_policy.expressions import moments
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.moments import AS_OF, FIRST_FREE
from complaint_policy.intake import cell_reader, empty_value
from complaint_policy.possible import NONE, Maybe
from complaint_policy.rules.deadlines.model import Deadline
from complaint_policy.rules.deadlines.paused_columns import only_counter

__all__ = ["Listed"]


@frozen
class Listed:
    """``unknown``: what is missing of each row's pauses, None where they are known; ``there``: the rows that have some."""

    sheet: Sheet
    start: Instants
    done: Instants
    counter: Counter
    name: str
    unknown: Coded
    there: Ex

    @classmethod
    def of(cls, rule: Deadline, sheet: Sheet, start: Instants, done: Instants) -> Listed | None:
        """The pauses of a rule that has one field of them and one limit, a length from its start; None for any other."""
        span, counter = rule.pauses[0] if len(rule.pauses) == 1 else None, only_counter(rule, start, done)
        if not isinstance(span, n.NamedSpan) or counter is None:
            return None
        cells, source = sheet.cells(span.name), sheet.sources.get(span.name)
        if cells is None or cells.value is None or source is None or source.kind == pl.Object:
            return None
        empty = empty_value(sheet.declared(span.name))
        unknown = spans.state_of(sheet, cells, None if empty is NONE else empty, None, Maybe(None, frozenset({span.name})))
        return cls(sheet, start, done, counter, span.name, unknown, sheet.plan.keep(cells.value.is_not_null()))

    def due(self, without: Instants) -> Instants:
        """The limit, put off by the pauses of each row; ``without`` is what it would be without."""
        sheet, plan = self.sheet, self.sheet.plan
        if without.low is None or not without.exact:
            sheet.leave(self.there)
            return without
        assert self.start.low is not None
        act = constant(None, pl.Int64) if self.done.low is None else self.done.low
        asked = plan.keep(self._asked(self.start.low, act))
        stood = plan.keep(on(lambda t, s: t & s.is_not_null(), self.there, self.start.low))
        # A limit beyond what can be counted.
        sheet.leave(on(lambda t, a: t & a.is_null(), stood, asked))
        later = plan.keep(on(lambda t, a, d: pl.when(t).then(a).otherwise(d), stood, asked, without.low))
        return Instants(later, None, without.shapes, without._state, without.day_end)

    def _asked(self, start: Ex, act: Ex) -> Ex:
        """The counter asked with the pauses that the record evaluation's own reader finds in the cell, up to the act or the moment of judgement."""
        sheet, clock, counter = self.sheet, self.sheet.clock, self.counter
        source, declared = sheet.sources[self.name], sheet.declared(self.name)
        reader, meaning = cell_reader(declared, sheet.zone, sheet.model.currency), source.meaning
        state: list[Any] = [None] * FIRST_FREE
        state[AS_OF] = sheet.as_of

        def due(start: int, act: int | None, cell: Any) -> int:
            begin, end = clock.to_utc(start), sheet.as_of if act is None else clock.to_utc(act)
            found = moments.stretches(reader(cell, sheet.as_of), state)
            clipped = ((max(low, begin), min(high, end)) for low, high, _ in found)
            return clock.of_utc(lengths.plain(counter.due_with_pauses(begin, tuple((low, high) for low, high in clipped if high > low))))

        def one(start: int | None, act: int | None, cell: Any) -> int | None:
            cell = cell if meaning is None else meaning(cell)
            return None if start is None or is_empty(cell) else _or_none(due, start, act, cell)

        def run(cells: pl.Series) -> pl.Series:
            starts, acts, raw = (cells.struct.field(name) for name in ("start", "act", "cell"))
            dues = [one(*row) for row in zip(starts.to_list(), acts.to_list(), python_cells(raw), strict=True)]
            return pl.Series(cells.name, dues, dtype=pl.Int64)

        def ask(s: pl.Expr, a: pl.Expr, c: pl.Expr) -> pl.Expr:
            return pl.struct(s.alias("start"), a.alias("act"), c.alias("cell")).map_batches(run, return_dtype=pl.Int64, is_elementwise=True)

        # Of rows without a pause nothing is asked.
        begun = on(lambda t, s: pl.when(t).then(s), self.there, start)
        return on(ask, begun, act, Ex(source.expr))


def _or_none(count: Callable[..., int], *given: Any) -> int | None:
    try:
        return lengths.counted_or_none(count, *given)
    except Exception:  # noqa: BLE001  what cannot be read is the record evaluation's
        return None
