"""Several instants on columns: entries of the log and listed times as lists of ticks; the first, the last, the n-th, how many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
from attrs import define, evolve

from complaint_policy.columns import choosing
from complaint_policy.columns.entries import readable
from complaint_policy.columns.plan import Ex, constant, on
from complaint_policy.columns.tabulating import among, lookup, tabulated, unknown_of
from complaint_policy.columns.values import (
    ANY,
    EXACT,
    KNOWN,
    LATER,
    LEFT_OVER,
    LEFT_SHAPE,
    NO_END,
    SPAN,
    STATED_NONE,
    Coded,
    Column,
    Instants,
    Open,
    Shape,
    is_left,
    left_column,
)
from complaint_policy.event_log import EVENTS, UNKNOWN_LOG
from complaint_policy.expressions import nodes as n
from complaint_policy.intake import empty_value
from complaint_policy.possible import NONE, Maybe

if TYPE_CHECKING:
    from complaint_policy.columns.instants import Around
    from complaint_policy.columns.sheet import Sheet

__all__ = ["Several", "counted", "first_of", "last_of", "nth", "of", "perhaps_counted", "taken"]

_LISTS = pl.List(pl.Int64)
# So many numbers a count of entries may be; with more of them only perhaps counted it is the record evaluation's.
_MOST_COUNTS = 64


@define
class Several:
    """Instants in order of time; ``state`` is KNOWN where they are known, else why they are not."""

    state: Coded
    ticks: Ex | None  # lists of Int64, null where they are not known; None: there are none
    skip: Ex | None = None  # so many of the first do not count
    ahead: bool = False  # whether some may lie after the moment of judgement

    @property
    def known(self) -> bool:
        """Whether they are known on every row."""
        return self.state.width == 1 and self.state.domain[0] is KNOWN


def of(sheet: Sheet, node: n.Instant, around: Around | None = None) -> Several:
    """The instants of an expression; for the act that ends a rule only those from its start on."""
    match node:
        case n.Entries():
            found = _entries(sheet, node)
        case n.NamedInstants(name=name, kind="field"):
            found = _listed(sheet, name)
        case n.NamedInstants(name=name):
            expression = sheet.model.facts[name].expression
            found = _entries(sheet, expression) if isinstance(expression, n.Entries) else _left()
        case _:
            return _single(sheet, sheet.instant(node, around))
    return found if around is None or not around.acting else _since(sheet, found, around.start)


def _left() -> Several:
    return Several(Coded(constant(0, pl.UInt8), (LEFT_OVER,)), None)


def _known(ticks: Ex | None = None) -> Several:
    return Several(Coded(constant(0, pl.UInt8), (KNOWN,)), ticks)


def _unless(sheet: Sheet, ticks: Ex | None, unknown: Ex, why: Maybe) -> Several:
    """Known but on the rows that are ``unknown``."""
    return Several(Coded(None, (KNOWN, why), sheet.plan.keep(unknown.fill_null(False))), ticks)


def _entries(sheet: Sheet, node: n.Entries) -> Several:
    cells = sheet.cells("events")
    if cells is None:
        return Several(Coded(constant(0, pl.UInt8), (UNKNOWN_LOG,)), None)
    if cells.value is None:
        return _known()
    if not readable(sheet.sources["events"]):
        # A log with entries is left; what is no log at all is known to be none.
        return _known() if cells.bad is None else _unless(sheet, None, cells.bad, UNKNOWN_LOG)
    found = _chosen(sheet, node, None)
    return _unless(sheet, found.ticks, found.ticks.is_null(), LEFT_OVER)


def _chosen(sheet: Sheet, node: n.Entries, take: str | None) -> Any:
    from complaint_policy.columns.entry_sheet import chosen_entries

    return sheet.remembered(("entries", node, take), lambda: chosen_entries(sheet, node, take))


def _listed(sheet: Sheet, name: str) -> Several:
    cells, empty = sheet.cells(name), empty_value(sheet.declared(name))
    unknown = Maybe(None, frozenset({name}))
    if empty is not NONE and not isinstance(empty, Maybe):
        return _left()
    if cells is None:
        return Several(Coded(constant(0, pl.UInt8), (unknown,)), None)
    if cells.value is None:
        return _known() if empty is NONE else Several(Coded(constant(0, pl.UInt8), (empty,)), None)
    plan, value = sheet.plan, cells.value
    if not value.expr.meta.root_names():  # a constant: what is asked of a list Polars does not spread over the rows
        value = plan.keep(on(lambda v: pl.when(pl.int_range(pl.len()) >= 0).then(v.first()), value))
    states = [KNOWN, *([] if empty is NONE else [empty]), *([] if cells.bad is None else [unknown])]
    last = len(states) - 1

    def state(v: pl.Expr, *bad: pl.Expr) -> pl.Expr:
        found: pl.Expr = pl.lit(0, pl.UInt8) if empty is NONE else v.is_null().cast(pl.UInt8)
        return pl.when(bad[0].fill_null(False)).then(last).otherwise(found).cast(pl.UInt8) if bad else found

    ticks = value
    if empty is NONE:
        ticks = on(lambda v, *bad: pl.when(v.is_not_null() | (bad[0].fill_null(False) if bad else False)).then(v).otherwise(_nothing()), value, *_bad(cells))
    code = constant(0, pl.UInt8) if last == 0 else plan.keep(on(state, value, *_bad(cells)))
    return Several(Coded(code, tuple(states)), plan.keep(ticks), ahead=True)


def _bad(cells: Any) -> tuple[Ex, ...]:
    return () if cells.bad is None else (cells.bad,)


def _nothing() -> pl.Expr:
    return pl.lit(pl.Series([[]], dtype=_LISTS)).first()


def _single(sheet: Sheet, one: Instants) -> Several:
    """A single instant as several: one, or none."""
    plan = sheet.plan

    def answer(shape: Shape) -> Any:
        if shape.kind in (EXACT, LATER, STATED_NONE):
            return KNOWN
        return LEFT_OVER if shape.kind == SPAN else shape.value(None, None)

    state = tabulated(plan, [one.state(plan)], answer)
    ticks = None if one.low is None else plan.keep(on(lambda v: pl.concat_list(v).list.drop_nulls(), one.low))
    return Several(state, None if ticks is None else _where_known(sheet, ticks, state), ahead=True)


def _since(sheet: Sheet, found: Several, start: Instants | None) -> Several:
    """Only those not before the start of the rule."""
    if start is None:
        return _left()
    if found.ticks is None:
        return found
    plan, now = sheet.plan, sheet.now
    beyond = Coded(constant(0, pl.UInt8), (False,))
    if found.ahead and any(shape.kind == LATER for shape in start.shapes):
        beyond = Coded(None, (False, True), plan.keep(on(lambda t: (t.list.last() > now).fill_null(False), found.ticks)))

    def answer(state: Any, shape: Shape, ahead: bool) -> Any:
        if state is not KNOWN or shape.kind == EXACT:
            return state
        # What has happened lies before a start that has not; none lies after one that is stated to be none.
        return KNOWN if shape.kind == STATED_NONE or (shape.kind == LATER and not ahead) else LEFT_OVER

    state = tabulated(plan, [found.state, start.state(plan), beyond], answer)
    low = start.low if start.low is not None else constant(None, pl.Int64)

    def before(t: pl.Expr, s: pl.Expr) -> pl.Expr:
        return pl.when(s.is_not_null()).then((t - s).list.agg((pl.element() < 0).sum())).otherwise(t.list.len())

    known = evolve(found, state=state, ticks=_where_known(sheet, found.ticks, state))
    return evolve(known, skip=plan.keep(on(lambda t, s: before(t, s).cast(pl.Int64), found.ticks, low)))


def _where_known(sheet: Sheet, ticks: Ex, state: Coded) -> Ex:
    if state.width == 1:
        return ticks
    known = next((code for code, value in enumerate(state.domain) if value is KNOWN), -1)
    return sheet.plan.keep(on(lambda t, c: pl.when(c == known).then(t), ticks, state.code))


# --------------------------------------------------------------------------- one of them
def first_of(sheet: Sheet, found: Several) -> Instants:
    """The first of them, or not yet."""
    if found.ticks is None:
        return _one(sheet, found, None)
    if found.skip is None:
        return _one(sheet, found, on(lambda t: t.list.first(), found.ticks))
    return _one(sheet, found, on(lambda t, s: t.list.get(s, null_on_oob=True), found.ticks, found.skip))


def last_of(sheet: Sheet, found: Several) -> Instants:
    """The last of them, or not yet."""
    if found.ticks is None:
        return _one(sheet, found, None)
    if found.skip is None:
        return _one(sheet, found, on(lambda t: t.list.last(), found.ticks))
    return _one(sheet, found, on(lambda t, s: pl.when(t.list.len() > s).then(t.list.last()), found.ticks, found.skip))


def _one(sheet: Sheet, found: Several, value: Ex | None) -> Instants:
    plan = sheet.plan
    value = None if value is None else plan.keep(value)
    if value is not None and found.known:
        return Instants(value, None, (Shape(EXACT), Shape(LATER)))

    def answer(state: Any, there: bool) -> Shape:
        return _unknown(state) if state is not KNOWN else Shape(EXACT) if there else Shape(LATER)

    coded = tabulated(plan, [found.state, _there(sheet, value)], answer, key=lambda shape: shape)
    return choosing.settled(sheet, value, None, coded, False)


def _unknown(state: Maybe) -> Shape:
    return Shape(ANY, state.missing, state.open)


def _there(sheet: Sheet, value: Ex | None) -> Coded:
    return Coded(constant(0, pl.UInt8), (False,)) if value is None else Coded(None, (False, True), sheet.plan.keep(value.is_not_null()))


def nth(sheet: Sheet, node: n.Nth, around: Around | None) -> Instants:
    """The n-th of them, of those strictly after an instant where one is given."""
    found = of(sheet, node.of, around)
    begin = None if node.after is None else sheet.instant(node.after, None if around is None else around.plain())
    plan, skip = sheet.plan, found.skip
    if found.ticks is not None and begin is not None and begin.low is not None:

        def passed(t: pl.Expr, s: pl.Expr, *skipped: pl.Expr) -> pl.Expr:
            return pl.max_horizontal((t - s).list.agg((pl.element() <= 0).sum()).cast(pl.Int64), *skipped)

        skip = plan.keep(on(passed, found.ticks, begin.low, *([] if skip is None else [skip])))
    value = None
    if found.ticks is not None and (begin is None or begin.low is not None):
        place = constant(node.number - 1, pl.Int64) if skip is None else skip + pl.lit(node.number - 1, pl.Int64)
        value = plan.keep(on(lambda t, i: t.list.get(i, null_on_oob=True), found.ticks, place))
    states = [found.state, _there(sheet, value), Coded(constant(0, pl.UInt8), (Shape(EXACT),)) if begin is None else begin.state(plan)]
    # Where the next of a list lies that has no more, is known from one side.
    source = node.of.name if isinstance(node.of, n.NamedInstants) and node.of.kind == "field" else None
    edge = None if source is None else _edge(sheet, found, skip, begin)

    def answer(state: Any, there: bool, after: Shape, beyond: bool) -> Shape:
        if state is not KNOWN:
            return _unknown(state)
        if after.kind in (LATER, STATED_NONE):
            return Shape(after.kind)
        if after.kind != EXACT:
            return LEFT_SHAPE
        if there:
            return Shape(EXACT)
        if source is None:
            return Shape(LATER)
        return Shape(SPAN, frozenset({source})) if beyond else Shape(ANY, frozenset({source}))

    coded = tabulated(plan, [*states, _there(sheet, edge)], answer, key=lambda shape: shape)
    if edge is None:
        return choosing.settled(sheet, value, None, coded, False)
    held = among(coded, lambda shape: shape.kind == SPAN)
    own = constant(None, pl.Int64) if value is None else value
    low = plan.keep(on(lambda v, e, h: pl.when(h).then(e).otherwise(v), own, edge, held))
    high = plan.keep(on(lambda v, h: pl.when(h).then(NO_END).otherwise(v), own, held))
    return choosing.settled(sheet, low, high, coded, False)


def _edge(sheet: Sheet, found: Several, skip: Ex | None, begin: Instants | None) -> Ex | None:
    """The last time that a list tells of those that count, or the instant it is asked from."""
    parts = [last_of(sheet, evolve(found, skip=skip)).low] if found.ticks is not None else []
    if begin is not None and begin.low is not None:
        parts.append(begin.low)
    known = [part for part in parts if part is not None]
    return sheet.plan.keep(on(lambda *ticks: pl.max_horizontal(*ticks), *known)) if known else None


# --------------------------------------------------------------------------- values
def counted(sheet: Sheet, node: n.CountOf) -> Column:
    """How many have happened."""
    found = of(sheet, node.of)
    unknown, place = unknown_of(found.state)
    specials = tuple(s if s is LEFT_OVER else Maybe(None, s.missing, s.open) for s in unknown)
    now = sheet.now
    if len(unknown) == found.state.width:
        return Column("number", None, specials, place, True)
    if found.ticks is None:
        value = lookup(found.state, [0 if s is KNOWN else None for s in found.state.domain], pl.Int64)
    elif not found.ahead:
        value = on(lambda t: t.list.len().cast(pl.Int64), _where_known(sheet, found.ticks, found.state))
    else:
        # Times written down in advance may lie ahead.
        value = on(lambda t: t.list.agg((pl.element() <= now).sum()).cast(pl.Int64), _where_known(sheet, found.ticks, found.state))
    return Column("number", sheet.plan.keep(value), specials, place, True)


def perhaps_counted(sheet: Sheet, node: n.CountOf) -> tuple[Coded, Ex, Ex] | None:
    """How many entries there are at least and at most, where nobody knows of some whether they count; None where columns cannot say."""
    from complaint_policy.columns.entry_sheet import counted_entries

    entries: Any = node.of
    if isinstance(entries, n.NamedInstants) and entries.kind == "fact":
        entries = sheet.model.facts[entries.name].expression
    found = counted_entries(sheet, entries) if isinstance(entries, n.Entries) else None
    if found is None:
        return None
    reasons = found.reasons
    ways = Coded(found.why, tuple(tuple(r for bit, r in enumerate(reasons) if mask >> bit & 1) for mask in range(2 ** len(reasons))))
    far = Coded(None, (False, True), sheet.plan.keep(on(lambda p: p >= _MOST_COUNTS, found.perhaps)))

    def answer(why: tuple[Maybe, ...], many: bool) -> Any:
        if any(is_left(reason.missing) for reason in why):
            return LEFT_OVER
        missing, open_ = frozenset[str]().union(*(reason.missing for reason in why)), any(reason.open for reason in why)
        if many and why:
            return LEFT_OVER
        return Open(_MOST_COUNTS, None, missing, open_) if why else KNOWN

    state = tabulated(sheet.plan, [ways, far], answer)
    return state, found.certain, sheet.plan.keep(found.certain + found.perhaps)


def taken(sheet: Sheet, node: n.LastOfEntries) -> Column:
    """The attribute of the latest entry; none where there is no entry."""
    entries: Any = node.entries
    if isinstance(entries, n.NamedInstants) and entries.kind == "fact":
        entries = sheet.model.facts[entries.name].expression
    kind = {"integer": "number", "money": "number", "enum": "string"}.get(node.kind, node.kind)
    if not isinstance(entries, n.Entries) or node.kind in ("instant", "list"):
        return left_column(kind)
    found = _entries(sheet, entries)
    if found.ticks is None:
        specials = tuple(NONE if s is KNOWN else s if s is LEFT_OVER else Maybe(None, EVENTS) for s in found.state.domain)
        return Column(kind, None, specials, (lambda: found.state.code) if len(specials) > 1 else None)
    chosen = _chosen(sheet, entries, node.attribute)
    if chosen is None or chosen.kind != kind:
        return left_column(kind)
    size = len(chosen.specials)

    def code(place: pl.Expr, ticks: pl.Expr) -> pl.Expr:
        return pl.when(ticks.is_null()).then(size + 1).otherwise(place.fill_null(size)).cast(pl.UInt16)

    # An attribute of an entry that is only perhaps the last is not taken.
    value = sheet.plan.keep(on(lambda v, t: pl.when(t.is_not_null()).then(v), chosen.value, chosen.ticks))
    place = sheet.plan.keep(on(code, chosen.place, chosen.ticks))
    return Column(kind, value, (*chosen.specials, NONE, LEFT_OVER), lambda: place, chosen.whole)
