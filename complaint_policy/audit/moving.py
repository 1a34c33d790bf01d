"""Transitions on columns: which version judges each row, where a version takes or leaves complaints of another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import polars as pl
from attrs import frozen

from complaint_policy.audit.interfaces import AnyPolicy
from complaint_policy.columns.clock import Clock
from complaint_policy.columns.plan import Ex, Plan, constant
from complaint_policy.columns.sheet import Hints, Sheet, Waiving
from complaint_policy.columns.tabulating import TooWide, among
from complaint_policy.expressions import nodes as n

__all__ = ["Moving", "moving_of"]


@frozen
class _Asked:
    """Whether an edition's entries hold for a row, or nobody (not here, at least) knows."""

    holds: Ex
    unknown: Ex


@frozen
class Moving:
    """Where rows received under each version end."""

    ways: tuple[tuple[Mapping[int, Ex], Ex], ...]  # by the version of the receipt: who judges which of them, and of which somebody knows that

    def routes(self, received: list[pl.Expr]) -> list[pl.Expr]:
        """For each version the rows it judges, by those received under each; rows nobody can tell of are in none."""
        routes = [pl.lit(False)] * len(received)
        for under, (ends, known) in zip(received, self.ways, strict=True):
            for place, there in ends.items():
                routes[place] = routes[place] | (under & there.expr & known.expr)
        return routes


@frozen
class _Entries:
    """What the entries of every edition say, as of its first instant."""

    editions: tuple[Any, ...]
    back: Mapping[int, _Asked]
    forth: Mapping[int, _Asked]  # of the editions in force
    plan: Plan
    untaken: Mapping[int, Ex]  # of those, the rows that no edition after it takes

    def way(self, index: int) -> tuple[Mapping[int, Ex], Ex]:
        unknown, ends = _NEVER, dict[int, Ex]()
        for place, there, open_ in self._ends(index):
            ends[place] = ends[place] | there if place in ends else there
            unknown = unknown | open_
        # Columns by themselves: they are asked in the test of every version.
        return {place: self.plan.keep(there) for place, there in ends.items()}, self.plan.keep(~unknown)

    def _ends(self, index: int) -> Iterator[tuple[int, Ex, Ex]]:
        """Where a row received under a version may end: the version, whether it does, and whether nobody knows."""
        own = next(i for i, e in enumerate(self.editions) if e.first <= index <= e.last)
        here = stays = _ALWAYS
        for place in range(own, -1, -1):
            asked = self.back.get(place) if place else None
            goes = here & asked.holds if asked is not None else _NEVER
            open_ = here & asked.unknown if asked is not None else _NEVER
            if place == own:
                stays = here & ~goes
                yield index, _NEVER, open_
            else:
                yield self.editions[place].last, here & ~goes, open_
            here = goes
            if asked is None:
                break
        later = [place for place in sorted(self.forth) if place > own]
        stays = self.plan.keep(stays) if len(later) > 1 else stays
        for place in later:
            asked = self.forth[place]
            yield self.editions[place].first, stays & asked.holds & self.untaken[place], stays & asked.unknown
        if later:
            stays = stays & ~self.forth[later[0]].holds & self.untaken[later[0]]
        yield index, stays, _NEVER


_ALWAYS: Final = constant(True, pl.Boolean)
_NEVER: Final = constant(False, pl.Boolean)


def moving_of(policy: AnyPolicy, sources: Mapping[str, Any], clock: Clock, plan: Plan, as_of: datetime) -> Moving | None:
    """The transitions of a policy over a table; ``None`` where columns cannot ask them."""
    whole: Any = policy
    editions = whole.transitions.editions
    back: dict[int, _Asked] = {}
    forth: dict[int, _Asked] = {}
    try:
        for place, edition in enumerate(editions):
            for found, entries in ((back, edition.back), (forth, edition.forth if edition.begins <= as_of else ())):
                if entries:
                    found[place] = _asked([entry.when for entry, _ in entries], whole, edition, sources, clock, plan)
    except TooWide:
        return None
    untaken: dict[int, Ex] = {}
    free = _ALWAYS
    for place in sorted(forth, reverse=True):
        untaken[place] = free
        free = plan.keep(free & ~forth[place].holds)
    entries = _Entries(editions, back, forth, plan, untaken)
    return Moving(tuple(entries.way(index) for index in range(len(whole.versions))))


def _asked(conditions: list[n.Condition], policy: Any, edition: Any, sources: Mapping[str, Any], clock: Clock, plan: Plan) -> _Asked:
    compiled = policy.compiled(policy.versions[edition.first])
    condition = n.Any_(tuple(conditions))
    used = frozenset(n.fields_in(condition))
    sheet = Sheet(compiled.model, compiled.setting, clock, edition.begins, sources, used, {}, frozenset(), Hints(), Waiving(), {}, plan)
    coded = sheet.condition(condition).coded(plan)
    holds, unknown = (plan.keep(among(coded, test)) for test in (lambda v: v is True, lambda v: not isinstance(v, bool)))
    left = sheet.left()
    doubtful = unknown.fill_null(True)
    if left is not None:
        doubtful = doubtful | plan.keep(left).fill_null(True)
    return _Asked(plan.keep(holds.fill_null(False)), plan.keep(doubtful))
