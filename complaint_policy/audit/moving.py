"""Transitions on columns: which version judges each row, where a version takes or leaves complaints of another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import polars as pl
from attrs import frozen

from complaint_policy.audit.interfaces import AnyPolicy
from complaint_policy.columns.clock import Clock
from complaint_policy.columns.plan import Ex, Plan
from complaint_policy.columns.sheet import Hints, Sheet, Waiving
from complaint_policy.columns.tabulating import TooWide, among
from complaint_policy.expressions import nodes as n

__all__ = ["Moving", "moving_of"]


@frozen
class _Asked:
    """Whether an edition's entries hold for a row, or nobody (not here, at least) knows."""

    holds: pl.Expr
    unknown: pl.Expr


@frozen
class Moving:
    """What the entries of every edition say, as of its first instant."""

    editions: tuple[Any, ...]
    back: Mapping[int, _Asked]
    forth: Mapping[int, _Asked]  # of the editions in force

    def routes(self, received: list[pl.Expr]) -> list[pl.Expr]:
        """For each version the rows it judges, by those received under each; rows nobody can tell of are in none."""
        routes = [pl.lit(False)] * len(received)
        for index, under in enumerate(received):
            unknown, ends = pl.lit(False), dict[int, pl.Expr]()
            for place, there, open_ in self._ends(index):
                ends[place] = ends[place] | there if place in ends else there
                unknown = unknown | open_
            for place, there in ends.items():
                routes[place] = routes[place] | (under & there & ~unknown)
        return routes

    def _ends(self, index: int) -> Iterator[tuple[int, pl.Expr, pl.Expr]]:
        """Where a row received under a version may end: the version, whether it does, and whether nobody knows."""
        own = next(i for i, e in enumerate(self.editions) if e.first <= index <= e.last)
        here, never = pl.lit(True), pl.lit(False)
        stays: pl.Expr = here
        for place in range(own, -1, -1):
            asked = self.back.get(place) if place else None
            goes = here & asked.holds if asked is not None else never
            if place == own:
                stays = here & ~goes
                yield index, never, asked.unknown if asked is not None else never
            else:
                yield self.editions[place].last, here & ~goes, here & asked.unknown if asked is not None else never
            here = goes
            if asked is None:
                break
        later = [(place, asked) for place, asked in sorted(self.forth.items()) if place > own]
        for number, (place, asked) in enumerate(later):
            taken = asked.holds
            for _, after in later[number + 1 :]:
                taken = taken & ~after.holds
            yield self.editions[place].first, stays & taken, stays & asked.unknown
        for _, asked in later:
            stays = stays & ~asked.holds
        yield index, stays, never


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
    return Moving(editions, back, forth)


def _asked(conditions: list[n.Condition], policy: Any, edition: Any, sources: Mapping[str, Any], clock: Clock, plan: Plan) -> _Asked:
    compiled = policy.compiled(policy.versions[edition.first])
    condition = n.Any_(tuple(conditions))
    used = frozenset(n.fields_in(condition))
    sheet = Sheet(compiled.model, compiled.setting, clock, edition.begins, sources, used, {}, frozenset(), Hints(), Waiving(), {}, plan)
    coded = sheet.condition(condition).coded(plan)
    holds, unknown = (plan.keep(among(coded, test)) for test in (lambda v: v is True, lambda v: not isinstance(v, bool)))
    left = sheet.left()
    doubtful = unknown.expr.fill_null(True)
    return _Asked(holds.expr.fill_null(False), doubtful if left is None else doubtful | _kept(plan, left))


def _kept(plan: Plan, rows: Ex) -> pl.Expr:
    return plan.keep(rows).expr.fill_null(True)
