"""Of a duty that has begun several times, the one time that stands for all: where each of them was kept, or still waits.

Starts and acts of a record are put one beside the other, a row each time; the limit of each is counted by a sheet of its own.  The times
of a record are worked out in the language's order: what began a time never ends it, of several acts the first from the start on counts.
"""

from __future__ import annotations

from typing import Any, Final

import polars as pl
from attrs import define, frozen

from complaint_policy.columns import several
from complaint_policy.columns.clock import DAY
from complaint_policy.columns.instants import Around
from complaint_policy.columns.plan import Ex, Plan, constant, on
from complaint_policy.columns.sheet import Hints, Sheet, Waiving
from complaint_policy.columns.tabulating import among
from complaint_policy.columns.values import EXACT, LATER, Instants, Shape
from complaint_policy.expressions import nodes as n
from complaint_policy.lengths import Length
from complaint_policy.rules.deadlines.each import MOST_STARTS
from complaint_policy.rules.deadlines.model import Deadline
from complaint_policy.rules.deadlines.record import General

__all__ = ["Times", "acts_of", "entries_of", "is_event"]

_ROW: Final = "\x1frecord"
_START: Final = "\x1fstart"
_AT: Final = "\x1fat"
_LISTS: Final = pl.List(pl.Int64)
_SHAPE: Final = pl.Struct({"start": pl.Int64, "act": pl.Int64, "kept": pl.Boolean})


def acts_of(rule: Deadline) -> tuple[n.Instant, ...]:
    """What each time waits for: one act, or the first of several."""
    return rule.act.parts if isinstance(rule.act, n.FirstOf) else (rule.act,)


def is_event(sheet: Sheet, part: n.Instant) -> bool:
    """Whether an instant is an event of the record."""
    return isinstance(part, n.NamedInstant) and part.kind == "field" and sheet.declared(part.name).type == "event"


def entries_of(sheet: Sheet, part: n.Instant) -> n.Entries | None:
    """The entries an instant is the first of; None where it is something else."""
    if isinstance(part, n.NamedInstants) and part.kind == "fact":
        expression = sheet.model.facts[part.name].expression
        return expression if isinstance(expression, n.Entries) else None
    return part if isinstance(part, n.Entries) else None


@frozen
class _Act:
    """One of the acts: ``alone``: a field by itself, which is held to its order; ``begins``: what it is may begin a time as well."""

    alone: bool
    begins: bool


@define
class Times:
    """By record the start and the act (null: not yet) of the time that stands for all, and whether there is one (``kept``)."""

    start: Ex
    act: Ex
    kept: Ex

    @classmethod
    def of(cls, rule: Deadline, each: n.Each, sheet: Sheet) -> Times | None:
        """None where the limit of a time is more than a length from its start, or a time may be exempt, or nothing is known of the log."""
        limit = rule.within
        plain = isinstance(limit, n.Counted) and isinstance(limit.base, n.RuleStart) and isinstance(limit.length, Length)
        settled = rule.exempt or (rule.waivable_by and sheet.waived(rule.id) is not None)
        if not plain or settled or rule.extend or rule.pauses or rule.at_risk is not None:
            return None
        inner = Sheet(
            sheet.model, sheet.setting, sheet.clock, sheet.as_of, {}, frozenset(), {}, frozenset(), Hints(), Waiving(), sheet.tables, Plan(prefix="\x1fe"),
        )  # fmt: skip
        due = inner.instant(limit, Around(Instants(Ex(pl.col(_START)), None, (Shape(EXACT),))))
        if due.low is None or due.high is not None or any(shape.kind != EXACT for shape in due.shapes):
            return None
        starts = [_ticks(sheet, part) for part in each.parts]
        acts = [_ticks(sheet, act) for act in acts_of(rule)]
        until = constant(None, pl.Int64) if each.until is None else sheet.instant(each.until).low
        if any(one is None for one in (*starts, *acts)):
            return None
        kinds = {kind for part in each.parts if (own := entries_of(sheet, part)) is not None for kind in own.kinds}
        told: list[_Act] = []
        for act in acts_of(rule):
            own = entries_of(sheet, act)
            shares = own is not None and not kinds.isdisjoint(own.kinds)
            if shares and act not in each.parts:
                return None  # which of the entries it began with is asked entry by entry
            told.append(_Act(own is None and not isinstance(rule.act, n.FirstOf), act in each.parts))
        general = General(rule, sheet.setting)
        edge = None if general.provisional_from is None else sheet.clock.of_utc(general.provisional_from) - 15 * DAY
        gather = _Gather(inner, inner.plan.keep(due.low), tuple(told), len(starts), edge)
        given = [*(one for one in starts if one is not None), until or constant(None, pl.Int64), *(one for one in acts if one is not None)]
        found = sheet.plan.keep(on(lambda *exprs: pl.map_batches(list(exprs), gather, return_dtype=_SHAPE, is_elementwise=True), *given))
        return cls(*(sheet.plan.keep(on(lambda f, name=name: f.struct.field(name), found)) for name in ("start", "act", "kept")))


def _ticks(sheet: Sheet, part: n.Instant) -> Ex | None:
    """The ticks of an event or of entries as lists, null where they are not known; None where they are known nowhere."""
    if not is_event(sheet, part):
        return several.of(sheet, part).ticks
    one = sheet.instant(part)
    low = one.low if one.low is not None else constant(None, pl.Int64)
    listed = on(lambda v: pl.concat_list(v.cast(pl.Int64)).list.drop_nulls(), low)
    if all(shape.kind in (EXACT, LATER) for shape in one.shapes):
        return listed
    known = among(one.state(sheet.plan), lambda shape: shape.kind in (EXACT, LATER))
    return sheet.plan.keep(on(lambda k, v: pl.when(k).then(v), known, listed))


class _Gather:
    """Of a batch of records, by their starts, the end, and the lists of each act."""

    def __init__(self, sheet: Sheet, due: Ex, acts: tuple[_Act, ...], parts: int, edge: int | None) -> None:
        self.plan, self.due, self.acts, self.parts, self.now, self.edge = sheet.plan, due, acts, parts, sheet.now, edge
        self.left = sheet.left()

    def __call__(self, columns: Any) -> pl.Series:
        height = max(map(len, columns)) if all(map(len, columns)) else 0
        if not height:  # a batch of no rows may still have constants
            return pl.Series("times", [], dtype=_SHAPE)
        spread = [column if len(column) == height else column.new_from_index(0, height) for column in columns]
        starts, until, acts = spread[: self.parts], spread[self.parts], spread[self.parts + 1 :]
        rows = pl.int_range(height, dtype=pl.UInt32, eager=True).alias(_ROW)
        known = pl.DataFrame([rows, until.alias("until"), *(one.is_not_null().alias(f"known{i}") for i, one in enumerate((*starts, *acts)))])
        known = known.filter(pl.all_horizontal(pl.exclude(_ROW, "until"))).select(_ROW, "until")
        times = pl.concat([_listed(rows, one, _START) for one in starts]).unique().join(known, on=_ROW)
        times = times.filter(pl.col("until").is_null() | (pl.col(_START) < pl.col("until"))).sort(_START)
        early = pl.lit(False)
        for index, (act, ticks) in enumerate(zip(self.acts, acts, strict=True)):
            listed = _listed(rows, ticks, _AT).sort(_AT).with_columns(pl.col(_AT).alias(f"act{index}"))
            from_it_on = not act.begins
            times = times.join_asof(
                listed, left_on=_START, right_on=_AT, by=_ROW, strategy="forward", allow_exact_matches=from_it_on, check_sortedness=False
            ).drop(_AT, strict=False)  # fmt: skip
            if act.alone:
                first = listed.group_by(_ROW).agg(pl.col(_AT).min().alias("first"))
                times = times.join(first, on=_ROW, how="left").sort(_START)
                early = pl.col("first") < pl.col(_START)
        times = times.with_columns(pl.min_horizontal(f"act{index}" for index in range(len(self.acts))).alias("act"))
        for stage in self.plan.stages:
            times = times.with_columns(stage)
        due = self.due.expr
        odd = (pl.col("act").fill_null(self.now) > due) | due.is_null() | early
        if self.left is not None:
            odd = odd | self.left.expr
        if self.edge is not None:
            odd = odd | (due >= self.edge)
        times = times.select(_ROW, _START, "act", due.alias("due"), odd.fill_null(False).alias("odd"))
        # The next that waits, else the last.
        waiting = pl.col("act").is_null()
        order = pl.when(waiting).then(pl.col("due")).otherwise(None)
        shown = times.sort(~waiting, order, -pl.col(_START)).group_by(_ROW, maintain_order=True).agg(
            pl.col(_START).first().alias("start"), pl.col("act").first(), (~pl.col("odd").any() & (pl.len() <= MOST_STARTS)).alias("kept")
        )  # fmt: skip
        return rows.to_frame().join(shown, on=_ROW, how="left", maintain_order="left").select("start", "act", "kept").to_struct("times")


def _listed(rows: pl.Series, ticks: pl.Series, name: str) -> pl.DataFrame:
    """Ticks one row each, with the place of their record."""
    return pl.DataFrame([rows, ticks.cast(_LISTS).alias(name)]).explode(name).drop_nulls()
