"""Rows that may have several stretches: fields of intervals, and what is put together or taken from another.

Where each of a row's stretches is known, the record evaluation's own functions are asked, row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from attrs import frozen

from complaint_policy.coerce import is_empty
from complaint_policy.columns import spans
from complaint_policy.columns.asking import where_all
from complaint_policy.columns.plan import Ex, constant, on
from complaint_policy.columns.python_cells import python_cells
from complaint_policy.columns.tabulating import among, tabulated, unknown_of
from complaint_policy.columns.values import KNOWN, LEFT_OVER, Coded, Column, Open
from complaint_policy.expressions import moments
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.moments import AS_OF, FIRST_FREE, Stretch
from complaint_policy.intake import cell_reader, empty_value
from complaint_policy.possible import NONE, Growing, Maybe

if TYPE_CHECKING:
    from complaint_policy.columns.sheet import Sheet

__all__ = ["Kind", "Reading", "field_of_intervals", "lengths", "read_together", "stands"]

Reading = Callable[[Any], Iterable[Stretch]]

_ASKED: Final = pl.Struct({"count": pl.Int64, "runs": pl.Boolean})


@frozen
class Kind:
    """One kind of stretches: ``state`` is None or empty where a row has none, KNOWN or RUNNING where it has some, or what is missing of them."""

    state: Coded
    low: Ex | None = None
    high: Ex | None = None
    field: str | None = None  # a field of intervals, of which the cell itself is read

    @property
    def possible(self) -> bool:
        return any(stands(value) for value in self.state.domain)


def stands(value: Any) -> bool:
    """Whether there are stretches."""
    return value is KNOWN or value is spans.RUNNING


def field_of_intervals(sheet: Sheet, name: str) -> Kind:
    cells, source, empty = sheet.cells(name), sheet.sources.get(name), empty_value(sheet.declared(name))
    unknown = Maybe(None, frozenset({name}))
    if cells is None:
        return Kind(Coded(constant(0, pl.UInt8), (unknown,)))
    readable = source is not None and source.kind != pl.Object
    return Kind(spans.state_of(sheet, cells, None if empty is NONE else empty, KNOWN if readable else LEFT_OVER, unknown), field=name)


def read_together(sheet: Sheet, kinds: Sequence[Kind], there: Sequence[Ex]) -> tuple[dict[str, Ex], list[Reading]]:
    """Columns with each row's stretches of every kind, where they are ``there``, and what reads these as the record evaluation does."""
    clock = sheet.clock
    inputs: dict[str, Ex] = {}
    reading: list[Reading] = []
    for number, (kind, here) in enumerate(zip(kinds, there, strict=True)):
        if kind.field is not None:
            inputs[str(number)] = on(lambda t, cell: pl.when(t).then(cell), here, Ex(sheet.sources[kind.field].expr))
            reading.append(_reader(sheet, kind.field))
        else:
            low, high = (constant(None, pl.Int64) if end is None else end for end in (kind.low, kind.high))
            inputs[str(number)] = on(_one_stretch, here, low, high, among(kind.state, lambda v: v is spans.RUNNING))
            reading.append(lambda cell: [] if cell is None else [(clock.to_utc(cell["low"]), clock.to_utc(cell["high"]), cell["runs"])])
    return inputs, reading


def _reader(sheet: Sheet, name: str) -> Reading:
    """The stretches that a cell of a field of intervals says, up to the moment of judgement."""
    reader, meaning, as_of = cell_reader(sheet.declared(name), sheet.zone, sheet.model.currency), sheet.sources[name].meaning, sheet.as_of
    state: list[Any] = [None] * FIRST_FREE
    state[AS_OF] = as_of

    def read(cell: Any) -> Iterable[Stretch]:
        cell = cell if meaning is None else meaning(cell)
        found: Iterable[Stretch] = () if is_empty(cell) else moments.stretches(reader(cell, as_of), state)
        return found

    return read


def _one_stretch(there: pl.Expr, low: pl.Expr, high: pl.Expr, runs: pl.Expr) -> pl.Expr:
    return pl.when(there).then(pl.struct(low.alias("low"), high.alias("high"), runs.alias("runs")))


# --------------------------------------------------------------------------- how long they are
def lengths(sheet: Sheet, node: n.LengthOf, rows: Ex) -> tuple[Column, Coded] | None:
    """How many whole units the stretches of those rows have as things stand, and whether they still grow or why nobody knows; None where columns cannot say."""
    leaves = tuple(dict.fromkeys(part for part in n.walk(node.span) if isinstance(part, (n.NamedSpan, n.Between, n.Late))))
    found = [_kind_of(sheet, leaf) for leaf in leaves]
    kinds = [kind for kind in found if kind is not None]
    if len(kinds) < len(leaves):
        return None
    plan = sheet.plan

    def whole(*states: Any) -> Any:
        unknown = [state for state in states if isinstance(state, Maybe)]
        if any(state.options is not None for state in unknown):
            return LEFT_OVER
        return Maybe(None, frozenset().union(*(u.missing for u in unknown)), any(u.open for u in unknown)) if unknown else KNOWN

    state = tabulated(plan, [kind.state for kind in kinds], whole)
    if not any(value is KNOWN for value in state.domain):
        return Column("number", None, whole=True), state
    known = plan.keep(among(state, lambda value: value is KNOWN) & rows)
    inputs, reading = read_together(sheet, kinds, [plan.keep(known & among(kind.state, stands)) for kind in kinds])
    asked = plan.keep(on(_asking(_counting(sheet, node, leaves, reading), tuple(inputs)), known, *inputs.values()))
    count, runs = (plan.keep(on(lambda v, name=name: v.struct.field(name), asked)) for name in ("count", "runs"))
    # What cannot be read is the record evaluation's.
    sheet.leave(on(lambda k, c: k.fill_null(False) & c.is_null(), known, count))
    growing = Coded(None, (False, True), plan.keep(runs.fill_null(False)))
    told = tabulated(plan, [state, growing], lambda value, grows: Open(1, rising=1) if grows and value is KNOWN else value)
    unknown, place = unknown_of(told)
    return Column("number", count, unknown, place, whole=True), told


def _kind_of(sheet: Sheet, leaf: n.Span) -> Kind | None:
    if isinstance(leaf, n.NamedSpan):
        return field_of_intervals(sheet, leaf.name)
    # Where a day's end begins or ends a stretch, what is put together with it is the record evaluation's; so is how late an act was.
    if not isinstance(leaf, n.Between) or any(sheet.instant(end).day_end is not False for end in (leaf.start, leaf.end)):
        return None
    found = spans.stretch(sheet, leaf)
    return Kind(found.state, found.low, found.high)


def _counting(sheet: Sheet, node: n.LengthOf, leaves: Sequence[n.Span], reading: Sequence[Reading]) -> Callable[[Sequence[Any]], dict[str, Any] | None]:
    """The function gives, of the cells of a row, how many units its stretches have and whether one of them runs."""
    state: list[Any] = [None] * FIRST_FREE
    state[AS_OF] = sheet.as_of

    def count(cells: Sequence[Any]) -> dict[str, Any] | None:
        try:
            told = {leaf: tuple(read(cell)) for leaf, read, cell in zip(leaves, reading, cells, strict=True)}
            found = moments.measure(_together(node.span, told), node.unit, node.round, node.per, state)
        except Exception:  # noqa: BLE001  what cannot be read is the record evaluation's
            return None
        runs = isinstance(found, Growing)
        return {"count": found.options[0] if runs else found, "runs": runs}

    return count


def _together(span: n.Span, told: Mapping[n.Span, tuple[Stretch, ...]]) -> tuple[Stretch, ...]:
    if isinstance(span, n.Together):
        return moments.union(tuple(stretch for part in span.parts for stretch in _together(part, told)))
    if isinstance(span, n.Except):
        return moments.without(_together(span.base, told), _together(span.removed, told))
    return told[span]


def _asking(count: Callable[[Sequence[Any]], Any], names: Sequence[str]) -> Callable[..., pl.Expr]:
    def answers(rows: pl.DataFrame) -> list[Any]:
        return [count(cells) for cells in zip(*(python_cells(rows[name]) for name in names), strict=True)]

    def ask(known: pl.Expr, *parts: pl.Expr) -> pl.Expr:
        wanted = pl.when(known).then(True).alias("known")
        made = pl.struct(wanted, *(part.alias(name) for part, name in zip(parts, names, strict=True)))
        return made.map_batches(lambda cells: where_all(cells, _ASKED, answers, ("known",)), return_dtype=_ASKED, is_elementwise=True)

    return ask
