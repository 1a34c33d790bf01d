"""Of a duty that has begun several times, what stands for all of them: the time that is shown, and those that were not kept.

Starts and acts of a record are put one beside the other, a row each time; the limit of each is counted by a sheet of its own.  The times
of a record are worked out in the language's order: what began a time never ends it, of several acts the first from the start on counts.
"""

from __future__ import annotations

from typing import Any, Final

import polars as pl
from attrs import define, frozen

from complaint_policy.columns import several
from complaint_policy.columns.clock import DAY
from complaint_policy.columns.entry_sheet import Listed, listed_entries
from complaint_policy.columns.instants import Around
from complaint_policy.columns.plan import Ex, Plan, constant, on
from complaint_policy.columns.sheet import Hints, Repeats, Sheet, Waiving
from complaint_policy.columns.tabulating import among
from complaint_policy.columns.values import ANY, EXACT, LATER, Instants, Shape
from complaint_policy.event_log import EVENTS
from complaint_policy.expressions import nodes as n
from complaint_policy.lengths import Length
from complaint_policy.rules.deadlines.each import MOST_STARTS, attributes_of_entry
from complaint_policy.rules.deadlines.model import Deadline
from complaint_policy.rules.deadlines.record import General

__all__ = ["UNKNOWN", "Times", "acts_of", "attribute_of", "entries_of", "happens_once", "is_event"]

_ROW: Final = "\x1frecord"
_START: Final = "\x1fstart"
_AT: Final = "\x1fat"
_ODD: Final = "\x1fodd"
_PLACE: Final = "\x1fplace"
_LISTS: Final = pl.List(pl.Int64)
_TOLD: Final = {
    "start": pl.Int64, "act": pl.Int64, "due": pl.Int64, "ends": pl.Boolean, "plain": pl.Boolean, "unknown_act": pl.Boolean, "unknown_due": pl.Boolean,
    "broken": pl.Int64, "late": pl.Int64, "done": pl.Int64,
}  # fmt: skip
_SHAPE: Final = pl.Struct(_TOLD)
_KNOWN: Final = (EXACT, LATER)
# An attribute of an entry that nobody knows.
UNKNOWN: Final = Shape(ANY, EVENTS)


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


def happens_once(sheet: Sheet, part: n.Instant) -> bool:
    """Whether an instant is an event of the record, or the first or last of events and entries: none of these lies ahead."""
    match part:
        case n.NamedInstant(kind="fact"):
            expression = sheet.model.facts[part.name].expression
            return isinstance(expression, n.Instant) and happens_once(sheet, expression)
        case n.FirstOf() | n.LastOf() | n.AllOf():
            return all(entries_of(sheet, one) is not None or happens_once(sheet, one) for one in part.parts)
        case _:
            return is_event(sheet, part)


def attribute_of(node: n.Expression) -> str | None:
    """The attribute of the entry it began with."""
    return node.name if isinstance(node, n.NamedInstant) and node.kind == "entry" else None


@frozen
class _Act:
    """One of the acts: ``alone``: a field by itself, which is held to its order; ``begins``: what it is may begin a time as well."""

    alone: bool
    begins: bool
    attribute: str | None = None  # of the entry that began it


@define
class Times:
    """By record what is told of all times together; where it is not ``plain``, nothing is.

    ``start``, ``act`` (null: not yet), ``due`` and whether that ends a day are of the time that is shown: the next that waits, else the last.
    Where it is the only one, its act or limit may be an attribute that nobody knows: ``unknown``.
    """

    start: Ex
    act: Ex
    due: Ex
    ends: Ex
    plain: Ex
    unknown_act: Ex
    unknown_due: Ex
    repeats: Repeats

    @classmethod
    def of(cls, rule: Deadline, each: n.Each, sheet: Sheet) -> Times | None:
        """None where the limit of a time is more than a length from it, or nothing is known of the log."""
        own = tuple(sorted(attributes_of_entry(rule)))
        if rule.extend or rule.pauses or not _counted_alone(rule.within) or (own and rule.at_risk is not None):
            return None
        inner = _OneTime(
            sheet.model, sheet.setting, sheet.clock, sheet.as_of, {}, frozenset(), {}, frozenset(), Hints(), Waiving(), sheet.tables, Plan(prefix="\x1fe"),
        )  # fmt: skip
        due = inner.instant(rule.within, Around(Instants(Ex(pl.col(_START)), None, (Shape(EXACT),))))
        if due.low is None or due.high is not None:
            return None
        starts = [_starting(sheet, part, own) for part in each.parts]
        told = [_Act(entries_of(sheet, act) is None and not isinstance(rule.act, n.FirstOf), act in each.parts, attribute_of(act)) for act in acts_of(rule)]
        acts = [_ticks(sheet, act) for act in acts_of(rule) if attribute_of(act) is None]
        until = constant(None, pl.Int64) if each.until is None else sheet.instant(each.until).low
        if any(one is None for one in (*starts, *acts)):
            return None
        kinds = {kind for part in each.parts if (entries := entries_of(sheet, part)) is not None for kind in entries.kinds}
        for act in acts_of(rule):
            entries = entries_of(sheet, act)
            if entries is not None and act not in each.parts and not kinds.isdisjoint(entries.kinds):
                return None  # which of the entries it began with is asked entry by entry
        general = General(rule, sheet.setting)
        edge = None if general.provisional_from is None else sheet.clock.of_utc(general.provisional_from) - 15 * DAY
        given = [ex for one in starts if one is not None for ex in one.columns]
        given += [until or constant(None, pl.Int64), *(one for one in acts if one is not None)]
        gather = _Gather(inner, due, tuple(told), len(starts), own, edge)
        found = sheet.plan.keep(on(lambda *exprs: pl.map_batches(list(exprs), gather, return_dtype=_SHAPE, is_elementwise=True), *given))
        parts = {name: sheet.plan.keep(on(lambda f, name=name: f.struct.field(name), found)) for name in _TOLD}
        repeats = Repeats(*(parts.pop(name) for name in ("broken", "late", "done")))
        return cls(**parts, repeats=repeats)


def _counted_alone(limit: n.Instant) -> bool:
    """Whether a limit rests on nothing but the start and the attributes of its entry."""

    def plain(node: n.Expression) -> bool:
        if isinstance(node, n.Counted):
            return isinstance(node.length, Length)
        return isinstance(node, (n.RuleStart, n.FirstOf, n.LastOf, n.AllOf)) or attribute_of(node) is not None

    return all(map(plain, n.walk(limit)))


class _OneTime(Sheet):
    """A row each time: its start and the attributes of its entry, null where they are not yet."""

    def instant(self, node: n.Instant, around: Around | None = None) -> Instants:
        name = attribute_of(node)
        if name is None:
            return Sheet.instant(self, node, around)
        ticks, unknown = pl.col(_own(name)), pl.col(_unknown(name))
        state = Ex(pl.when(unknown).then(2).when(ticks.is_null()).then(1).otherwise(0).cast(pl.UInt8))
        return Instants(Ex(ticks), None, (Shape(EXACT), Shape(LATER), UNKNOWN), lambda: state)


def _own(attribute: str) -> str:
    return f"\x1fown {attribute}"


def _unknown(attribute: str) -> str:
    return f"\x1funknown {attribute}"


def _starting(sheet: Sheet, part: n.Instant, own: tuple[str, ...]) -> Listed | None:
    """What a part begins, as lists; with the attributes that are looked at."""
    if not own:
        ticks = _ticks(sheet, part)
        return None if ticks is None else Listed(ticks)
    entries = entries_of(sheet, part)
    return None if entries is None else listed_entries(sheet, entries, own)


def _ticks(sheet: Sheet, part: n.Instant) -> Ex | None:
    """The ticks of an event or of entries as lists, null where they are not known; None where they are known nowhere."""
    if not is_event(sheet, part):
        return several.of(sheet, part).ticks
    one = sheet.instant(part)
    low = one.low if one.low is not None else constant(None, pl.Int64)
    listed = on(lambda v: pl.concat_list(v.cast(pl.Int64)).list.drop_nulls(), low)
    if all(shape.kind in _KNOWN for shape in one.shapes):
        return listed
    known = among(one.state(sheet.plan), lambda shape: shape.kind in _KNOWN)
    return sheet.plan.keep(on(lambda k, v: pl.when(k).then(v), known, listed))


class _Gather:
    """Of a batch of records, by their starts (with what is looked at of their entries), the end, and the lists of each act."""

    def __init__(self, sheet: Sheet, due: Instants, acts: tuple[_Act, ...], parts: int, own: tuple[str, ...], edge: int | None) -> None:
        plan = sheet.plan
        assert due.low is not None
        self.due, self.ends = plan.keep(due.low), due.ends if isinstance(due.ends, bool) else plan.keep(due.ends)
        state = due.state(plan)
        self.known = plan.keep(among(state, lambda shape: shape.kind == EXACT))
        self.later = plan.keep(among(state, lambda shape: shape.kind == LATER))
        self.unknown = plan.keep(among(state, lambda shape: shape == UNKNOWN))
        self.plan, self.acts, self.parts, self.own, self.now, self.edge = plan, acts, parts, own, sheet.now, edge
        self.left = sheet.left()

    def __call__(self, columns: Any) -> pl.Series:
        height = max(map(len, columns)) if all(map(len, columns)) else 0
        if not height:  # a batch of no rows may still have constants
            return pl.Series("times", [], dtype=_SHAPE)
        spread = [column if len(column) == height else column.new_from_index(0, height) for column in columns]
        rows = pl.int_range(height, dtype=pl.UInt32, eager=True).alias(_ROW)
        width = 2 + 2 * len(self.own) if self.own else 1
        starts = [spread[i * width : (i + 1) * width] for i in range(self.parts)]
        until, *acts = spread[self.parts * width :]
        known = [one.is_not_null().alias(f"known{i}") for i, one in enumerate((*(ticks for ticks, *_ in starts), *acts))]
        whole = pl.DataFrame([rows, until.alias("until"), pl.DataFrame(known).select(pl.all_horizontal(pl.all()).alias("whole")).to_series()])
        times = self._begun(rows, starts, whole.filter("whole").drop("whole"), acts)
        for stage in self.plan.stages:
            times = times.with_columns(stage)
        told = rows.to_frame().join(self._told(times), on=_ROW, how="left", maintain_order="left").join(whole, on=_ROW, how="left", maintain_order="left")
        # Where all is known, and no time is left of those that might have begun, nothing has.
        return told.with_columns(pl.col("plain").fill_null(pl.col("whole"))).select(*_TOLD).to_struct("times")

    def _begun(self, rows: pl.Series, starts: list[list[pl.Series]], whole: pl.DataFrame, acts: list[pl.Series]) -> pl.DataFrame:
        """The times of records of which everything is known, in order, each with its act."""
        names = [_START, *([_ODD] if self.own else []), *(name for one in self.own for name in (_own(one), _unknown(one)))]
        times = pl.concat([_listed(rows, dict(zip(names, part, strict=True))) for part in starts])
        if not self.own:  # entries at one instant begin it once, unless something of theirs is looked at
            times = times.unique().with_columns(pl.lit(False).alias(_ODD))
        times = times.join(whole, on=_ROW, maintain_order="left").filter(pl.col("until").is_null() | (pl.col(_START) < pl.col("until")))
        times = times.sort(_START, maintain_order=True).with_row_index(_PLACE)
        lists = iter(acts)
        early: list[pl.Expr] = []
        unknown = pl.lit(False)
        for index, act in enumerate(self.acts):
            if act.attribute is not None:
                times = times.with_columns(pl.col(_own(act.attribute)).alias(f"act{index}"))
                early.append(pl.col(f"act{index}") < pl.col(_START))
                if len(self.acts) == 1:
                    unknown = pl.col(_unknown(act.attribute))
                else:
                    early.append(pl.col(_unknown(act.attribute)))
                continue
            listed = _listed(rows, {_AT: next(lists)}).sort(_AT).with_columns(pl.col(_AT).alias(f"act{index}"))
            from_it_on = not act.begins
            times = times.join_asof(
                listed, left_on=_START, right_on=_AT, by=_ROW, strategy="forward", allow_exact_matches=from_it_on, check_sortedness=False
            ).drop(_AT, strict=False)  # fmt: skip
            if act.alone:
                first = listed.group_by(_ROW).agg(pl.col(_AT).min().alias(f"first{index}"))
                times = times.join(first, on=_ROW, how="left", maintain_order="left")
                early.append(pl.col(f"first{index}") < pl.col(_START))
        if self.own and any(act.begins for act in self.acts):  # of entries at one instant each may end another
            early.append(pl.struct(_ROW, _START).is_duplicated())
        odd = pl.any_horizontal(_ODD, *(test.fill_null(False) for test in early))
        return times.with_columns(pl.min_horizontal(f"act{index}" for index in range(len(self.acts))).alias("act"), odd.alias(_ODD), unknown.alias("unknown"))

    def _told(self, times: pl.DataFrame) -> pl.DataFrame:
        """By record what is told of all its times."""
        due = self.due.expr
        odd = pl.col(_ODD) | ~(self.known.expr | self.later.expr | self.unknown.expr) | (self.known.expr & due.is_null())
        if self.left is not None:
            odd = odd | self.left.expr
        if self.edge is not None:
            odd = odd | (due >= self.edge).fill_null(False)
        ends = pl.lit(self.ends) if isinstance(self.ends, bool) else self.ends.expr.fill_null(False)
        late = pl.col("act").fill_null(self.now) - due
        # Time counts from the boundary that a day's end stands for.
        late = pl.when((late > 0).fill_null(False) & ~pl.col("unknown")).then(late - ends.cast(pl.Int64))
        unknown = [pl.col("unknown").alias("unknown_act"), self.unknown.expr.alias("unknown_due")]
        times = times.select(_ROW, _START, _PLACE, "act", due.alias("due"), ends.alias("ends"), odd.alias(_ODD), late.alias("late"), *unknown)
        waiting = pl.col("act").is_null() & pl.col("late").is_null()
        place = pl.col(_PLACE).cast(pl.Int64)
        shown = times.sort(~waiting, pl.when(waiting).then(pl.col("due")), pl.when(waiting).then(place).otherwise(-place), nulls_last=True)
        first = [pl.col(_START).first().alias("start"), *(pl.col(name).first() for name in ("act", "due", "ends", "unknown_act", "unknown_due"))]
        certain = ~pl.any_horizontal("unknown_act", "unknown_due").any() | (pl.len() == 1)
        plain = ~pl.col(_ODD).any() & certain & (pl.len() <= MOST_STARTS)
        told = shown.group_by(_ROW, maintain_order=True).agg(*first, plain.alias("plain"), pl.col("late").count().cast(pl.Int64).alias("broken"))
        # Of several that are as late the first.
        latest = times.filter(pl.col("late").is_not_null()).sort("late", _PLACE, descending=[True, False])
        latest = latest.group_by(_ROW, maintain_order=True).agg(pl.col("late").first(), pl.col("act").first().alias("done"))
        return told.join(latest, on=_ROW, how="left")


def _listed(rows: pl.Series, lists: dict[str, pl.Series]) -> pl.DataFrame:
    """What is listed one row each, with the place of its record; the first of the lists are ticks."""
    ticks = next(iter(lists))
    columns = [one.cast(_LISTS).alias(name) if name == ticks else one.alias(name) for name, one in lists.items()]
    return pl.DataFrame([rows, *columns]).explode(list(lists)).drop_nulls(ticks)
