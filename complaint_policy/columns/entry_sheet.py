"""The entries of the log that are asked for: a sheet over entries, one row each, and what it chooses put together by record again.

Names of the record inside ``where`` are columns of its own sheet, brought along to each of its entries.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl
from attrs import define, field

from complaint_policy.columns.entries import ENTRY_PREFIX, RECORD, attributes_of_kind, entry_sources, readable, unfolded
from complaint_policy.columns.plan import Ex, Plan, constant, on
from complaint_policy.columns.sheet import Hints, Sheet, Waiving
from complaint_policy.columns.tabulating import among
from complaint_policy.columns.values import ANY, EXACT, LATER, LEFT_OVER, Coded, Column, Instants, Shape
from complaint_policy.event_log import EVENTS
from complaint_policy.expressions import nodes as n
from complaint_policy.fields import Field, LogField

__all__ = ["Chosen", "Counted", "Listed", "chosen_entries", "counted_entries", "listed_entries"]

_LISTS: Final = pl.List(pl.Int64)
_MOST_REASONS: Final = 8


@define
class Chosen:
    """By record the ticks of the entries, in order of time, null where only the record evaluation can tell.

    ``value`` and ``place`` are of an attribute of the last of them: its value, or its place among ``specials``; both null where there is no entry.
    """

    ticks: Ex
    value: Ex | None = None
    place: Ex | None = None
    specials: tuple[Any, ...] = ()
    kind: str = ""
    whole: bool = False


@define
class Listed:
    """By record the ticks of entries, null where only the record evaluation can tell, and beside each its attributes.

    ``lists``: for each attribute its ticks, null where it has not happened, and whether nobody knows it; ``odd``: the entries of which one is something else.
    """

    ticks: Ex
    odd: Ex | None = None
    lists: tuple[Ex, ...] = ()

    @property
    def columns(self) -> tuple[Ex, ...]:
        return (self.ticks, *(() if self.odd is None else (self.odd,)), *self.lists)


@define
class Counted:
    """By record how many entries are chosen for certain, how many perhaps, and why these are not certain: a bit for each of ``reasons``."""

    certain: Ex
    perhaps: Ex
    why: Ex
    reasons: tuple[Any, ...]


@define
class EntrySheet(Sheet):
    """One kind of entries; ``outer`` is the sheet of their records."""

    outer: Any = None
    attributes: Mapping[str, Field] = field(factory=dict)
    brought: dict[str, Ex] = field(factory=dict)  # columns of the records that are looked at, by name

    def declared(self, name: str) -> Field:
        return self.attributes[name]

    def condition(self, node: n.Condition | None, around: Any = None) -> Column:
        if node is None or not _of_record(node):
            return Sheet.condition(self, node)
        found = self.outer.condition(node)
        return Column("boolean", self._bring(found.value), found.specials, self._code(found))

    def value(self, node: n.Value) -> Column | Coded:
        if not _of_record(node):
            return Sheet.value(self, node)
        found = self.outer.value(node)
        if isinstance(found, Coded):
            code = self._bring(found.code)
            assert code is not None
            return Coded(code, found.domain)
        return Column(found.kind, self._bring(found.value), found.specials, self._code(found), found.whole, found.scale, found.bound)

    def instant(self, node: n.Instant, around: Any = None) -> Instants:
        if not _of_record(node):
            return Sheet.instant(self, node)
        found = self.outer.instant(node)
        code = self._bring(found.state(self.outer.plan).code)
        assert code is not None
        end = found.day_end if isinstance(found.day_end, bool) else self._bring(found.day_end)
        return Instants(self._bring(found.low), self._bring(found.high), found.shapes, lambda: code, end if end is not None else False)

    def _code(self, found: Column) -> Any:
        code = self._bring(found.special(self.outer.plan))
        return None if code is None else lambda: code

    def _bring(self, ex: Ex | None) -> Ex | None:
        """A column of the records beside their entries."""
        if ex is None:
            return None
        kept = self.outer.plan.keep(ex)
        for name in kept.expr.meta.root_names():
            self.brought[name] = kept
        return Ex(kept.expr, 0, True)


def _of_record(node: n.Expression) -> bool:
    """Whether an expression says nothing of the entry; in the ``where`` of other entries the names are their own."""
    waiting: list[n.Expression] = [node]
    while waiting:
        match waiting.pop():
            case n.NamedInstant(kind="entry") | n.FactHolds(kind="entry") | n.NamedValue(source="entry") | n.EntryHas():
                return False
            case n.Entries():
                continue
            case part:
                waiting += n.children(part)
    return True


def chosen_entries(sheet: Sheet, node: n.Entries, take: str | None = None) -> Chosen | None:
    """The entries; ``None`` where columns cannot give what is to be taken."""
    kinds = _kinds_of(sheet, node, take)
    specials: tuple[Any, ...] = ()
    if take is not None:
        columns = [one.taken for one in kinds if one.taken is not None]
        if len(columns) < len(kinds) or len({(c.kind, c.whole) for c in columns}) > 1 or any(c.scale is not None or c.kind == "list" for c in columns):
            return None
        specials = tuple(special for c in columns for special in c.specials)
    kind = _PHYSICAL[columns[0].kind, columns[0].whole] if take is not None else pl.Boolean()
    ticks, value, place = _gathered(sheet, kinds, {"ticks": _LISTS, "value": kind, "place": pl.UInt16})
    made = Chosen(ticks)
    if take is not None:
        made.value, made.place, made.specials = value, place, specials
        made.kind, made.whole = columns[0].kind, columns[0].whole
    return made


def listed_entries(sheet: Sheet, node: n.Entries, attributes: tuple[str, ...]) -> Listed | None:
    """The entries with attributes of theirs that are instants; ``None`` where columns cannot read the log."""
    cells = sheet.cells("events")
    if cells is None or cells.value is None or not readable(sheet.sources["events"]):
        return None
    flags = pl.List(pl.Boolean)
    shape: dict[str, Any] = {"ticks": _LISTS, "odd": flags}
    for i in range(len(attributes)):
        shape |= {f"list{i}": _LISTS, f"unknown{i}": flags}
    ticks, odd, *lists = _gathered(sheet, _kinds_of(sheet, node, None, attributes), shape)
    return Listed(ticks, odd, tuple(lists))


def counted_entries(sheet: Sheet, node: n.Entries) -> Counted | None:
    """How many entries there are; ``None`` where columns cannot read the log, or there are too many reasons not to know."""
    cells = sheet.cells("events")
    if cells is None or cells.value is None or not readable(sheet.sources["events"]):
        return None
    kinds = _kinds_of(sheet, node, None)
    reasons = tuple(reason for one in kinds for reason in one.reasons)
    if len(reasons) > _MOST_REASONS:
        return None
    certain, perhaps, why = _gathered(sheet, kinds, {"certain": pl.Int64(), "perhaps": pl.Int64(), "why": pl.UInt16()}, _Count)
    return Counted(certain, perhaps, why, reasons)


def _kinds_of(sheet: Sheet, node: n.Entries, take: str | None, listed: tuple[str, ...] = ()) -> list[_OneKind]:
    source, declared = sheet.sources["events"], sheet.declared("events")
    assert isinstance(declared, LogField)
    return [_OneKind(sheet, source.kind, declared, kind, node.where, take, listed) for kind in node.kinds]


def _gathered(sheet: Sheet, kinds: list[_OneKind], shape: dict[str, Any], how: type[_Gather] | None = None) -> list[Ex]:
    """By record what is told of the entries of those kinds together."""
    brought = {name: ex for one in kinds for name, ex in one.sheet.brought.items()}
    gather, kind = (how or _Gather)(kinds, tuple(brought), shape), pl.Struct(shape)
    source = Ex(sheet.sources["events"].expr)
    kept = sheet.plan.keep(on(lambda *exprs: pl.map_batches(list(exprs), gather, return_dtype=kind, is_elementwise=True), source, *brought.values()))
    return [sheet.plan.keep(on(lambda k, name=name: k.struct.field(name), kept)) for name in shape]


_PHYSICAL: Final[dict[tuple[str, bool], Any]] = {
    ("boolean", False): pl.Boolean(),
    ("string", False): pl.String(),
    ("number", False): pl.Float64(),
    ("number", True): pl.Int64(),
}


class _OneKind:
    """How the entries of one kind are chosen."""

    def __init__(self, outer: Sheet, kind: Any, declared: LogField, name: str, where: n.Condition | None, take: str | None, listed: tuple[str, ...]) -> None:
        self.name = name
        attributes = attributes_of_kind(declared, name)
        nothing: dict[str, Any] = {}
        self.sheet = sheet = EntrySheet(
            outer.model,
            outer.setting,
            outer.clock,
            outer.as_of,
            entry_sources(kind, attributes),
            frozenset(),
            nothing,
            frozenset(),
            Hints(),
            Waiving(),
            outer.tables,
            Plan(prefix=ENTRY_PREFIX),
            outer=outer,
            attributes=attributes,
        )
        plan = sheet.plan
        kinds, at = sheet.cells("kind"), sheet.cells("at")
        assert kinds is not None and kinds.value is not None and at is not None
        now = sheet.now
        self.ticks = plan.keep(at.value if at.value is not None else constant(None, pl.Int64))
        self.asked = plan.keep(on(lambda k, t: (k == name) & (t <= now), kinds.value, self.ticks))
        holds = Column("boolean", Ex(pl.lit(True))) if where is None else sheet.condition(where)
        self.holds = plan.keep(holds.value if holds.value is not None else constant(None, pl.Boolean))
        # Why nobody knows whether an entry is chosen: the last where only the record evaluation does.
        self.reasons = (*holds.specials, LEFT_OVER)
        reason = holds.special(plan)
        self.why = constant(0, pl.UInt16) if reason is None else plan.keep(reason.cast(pl.UInt16))
        self.taken = None if take is None else _taken(sheet, take)
        self.value = self.place = constant(None, pl.UInt16)
        if self.taken is not None:
            self.value = plan.keep(self.taken.value) if self.taken.value is not None else constant(None, _PHYSICAL[self.taken.kind, self.taken.whole])
            place = self.taken.special(plan)
            self.place = constant(0, pl.UInt16) if place is None else plan.keep(place.cast(pl.UInt16))
        odd = Ex(pl.lit(False))
        self.lists: dict[str, Ex] = {}
        for i, attribute in enumerate(listed):
            found = sheet.instant(n.NamedInstant(attribute, "entry"))
            state = found.state(plan)
            unknown = plan.keep(among(state, _is_unknown))
            self.lists |= {f"list{i}": constant(None, pl.Int64) if found.low is None else plan.keep(found.low), f"unknown{i}": unknown}
            odd = odd | among(state, lambda shape: shape.kind not in (EXACT, LATER) and not _is_unknown(shape))
        self.odd = plan.keep(odd)
        self.left = sheet.left()

    def chosen(self, entries: pl.DataFrame) -> pl.DataFrame:
        """Entries of the kind that are, or may be, among those asked for; ``holds`` is null where they only may."""
        for stage in self.sheet.plan.stages:
            entries = entries.with_columns(stage)
        holds = self.holds.expr if self.left is None else pl.when(~self.left.expr).then(self.holds.expr)
        columns = [holds.alias("holds"), self.ticks.expr.alias("ticks"), self.value.expr.alias("value"), self.place.expr.alias("place")]
        why = self.why.expr if self.left is None else pl.when(self.left.expr).then(len(self.reasons) - 1).otherwise(self.why.expr)
        columns += [why.cast(pl.UInt16).alias("why"), self.odd.expr.alias("odd"), *(one.expr.alias(name) for name, one in self.lists.items())]
        return entries.filter(self.asked.expr.fill_null(False)).select(RECORD, "\x1fplace", *columns).filter(pl.col("holds").fill_null(True))


def _is_unknown(shape: Shape) -> bool:
    """Whether nobody knows an instant, for want of the log and nothing else."""
    return shape.kind == ANY and shape.missing == EVENTS and not shape.open


def _taken(sheet: EntrySheet, attribute: str) -> Column | None:
    """An attribute as a column."""
    from complaint_policy.columns.conditions import as_column

    found = sheet.field_column(attribute)
    if isinstance(found, Coded):
        return as_column(sheet, found, "string")
    return found if (found.kind, found.whole) in _PHYSICAL else None


class _Gather:
    """Of a batch of logs, and what is looked at of their records, the entries asked for."""

    def __init__(self, kinds: list[_OneKind], brought: tuple[str, ...], shape: dict[str, Any]) -> None:
        self.kinds, self.brought, self.shape = kinds, brought, shape

    def chosen(self, parts: Any) -> pl.DataFrame | None:
        """The entries asked for, and those that may be, in order; ``None`` where there is no entry at all."""
        events = parts[0]
        height = len(events)
        entries = unfolded(events).with_row_index("\x1fplace")
        records = dict(zip(self.brought, parts[1:], strict=True))
        if records and entries.height:
            at = entries[RECORD]
            beside = {n: part.gather(at) if len(part) == height else part.new_from_index(0, len(at)) for n, part in records.items()}
            entries = entries.with_columns(column.alias(n) for n, column in beside.items())
        found, first, reasons = [], 0, 0
        for one in self.kinds:
            if entries.height:
                more = pl.col("value").cast(self.shape.get("value", pl.Boolean()))
                found.append(one.chosen(entries).with_columns(pl.col("place") + first, pl.col("why") + reasons, more))
            first += len(one.taken.specials) if one.taken is not None else 0
            reasons += len(one.reasons)
        return pl.concat(found).sort(RECORD, "ticks", "\x1fplace") if found else None

    def __call__(self, parts: Any) -> pl.Series:
        rows, chosen = _rows(parts), self.chosen(parts)
        lists = [name for name, kind in self.shape.items() if isinstance(kind, pl.List)]
        if chosen is None:
            empty = {name: _nothing(kind) if name in lists else pl.lit(None, kind) for name, kind in self.shape.items()}
            return rows.with_columns(**empty).drop(RECORD).to_struct("entries")
        told = [pl.col(name) if name in lists else pl.col(name).last() for name in self.shape]
        by_record = chosen.group_by(RECORD, maintain_order=True).agg(*told, pl.col("holds").is_null().any().alias("unsure"))
        whole = rows.join(by_record, on=RECORD, how="left", maintain_order="left")
        unsure = pl.col("unsure")
        listed = [pl.when(unsure.is_null()).then(_nothing(self.shape[name])).when(~unsure).then(pl.col(name)).alias(name) for name in lists]
        return whole.with_columns(listed).select(*self.shape).to_struct("entries")


class _Count(_Gather):
    """How many of them there are."""

    def __call__(self, parts: Any) -> pl.Series:
        rows, chosen = _rows(parts), self.chosen(parts)
        if chosen is None:
            return rows.with_columns(pl.lit(0, kind).alias(name) for name, kind in self.shape.items()).drop(RECORD).to_struct("entries")
        unsure = pl.col("holds").is_null()
        why = pl.lit(2).pow(pl.col("why").filter(unsure).unique().cast(pl.Float64)).sum()
        counts = {"certain": pl.col("holds").fill_null(False).sum(), "perhaps": unsure.sum(), "why": why}
        by_record = chosen.group_by(RECORD).agg(count.cast(self.shape[name]).alias(name) for name, count in counts.items())
        return rows.join(by_record, on=RECORD, how="left", maintain_order="left").with_columns(pl.all().fill_null(0)).select(*self.shape).to_struct("entries")


def _rows(parts: Any) -> pl.DataFrame:
    return pl.DataFrame({RECORD: pl.int_range(len(parts[0]), dtype=pl.UInt32, eager=True)})


def _nothing(kind: Any) -> pl.Expr:
    return pl.lit(pl.Series([[]], dtype=kind)).first()
