"""The severity of every row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import polars as pl

from complaint_policy.columns.plan import constant, on
from complaint_policy.columns.sheet import Sheet
from complaint_policy.columns.values import LEFT, LEFT_OVER, Coded, Column, tabulated
from complaint_policy.possible import NOWHERE_MISSING, Maybe
from complaint_policy.rules.severity.model import Severity


def columns(section: Severity) -> Iterable[tuple[str, Callable[[Sheet], Any]]]:
    yield "severity", lambda sheet: _severity(section, sheet)


def _severity(section: Severity, sheet: Sheet) -> Coded:
    """Codes of ranks (0 the lowest), or of a ``Maybe`` of the ranks still possible."""
    tests = [(sheet.condition(rule.when), section.rank(rule.level)) for rule in section.rules]
    last = section.rank(section.otherwise or section.levels[0])
    if all(test.certain for test, _ in tests):
        return _known(sheet, tests, last, len(section.levels))
    return _open(sheet, tests, last)


def _known(sheet: Sheet, tests: list[tuple[Column, int]], last: int, levels: int) -> Coded:
    """The first level whose condition holds, as a sum over how many of the conditions so far hold."""
    """The first level whose condition holds."""
    kind = pl.UInt8 if levels <= 255 else pl.UInt16

    def chain(*holds: pl.Expr) -> pl.Expr:
        found: Any = pl
        for test, (_, rank) in zip(holds, tests, strict=True):
            found = found.when(test).then(pl.lit(rank, kind))
        result: pl.Expr = found.otherwise(pl.lit(last, kind)) if holds else pl.lit(last, kind)
        return result

    return Coded(sheet.plan.keep(on(chain, *(test.value for test, _ in tests))), tuple(range(levels)))


def _open(sheet: Sheet, tests: list[tuple[Column, int]], last: int) -> Coded:
    """With conditions unknown the level is one of those above the first certain one, and that one."""
    plan = sheet.plan
    # (ranks so far, what is missing, whether time will tell, whether a condition held)
    state = Coded(constant(0, pl.UInt8), (((), NOWHERE_MISSING, False, False),))

    def step(rank: int) -> Callable[..., Any]:
        def follow(so_far: Any, holds: Any) -> Any:
            ranks, missing, open_, done = so_far
            if done or holds is False:
                return so_far
            if holds is True:
                return (*ranks, rank) if rank not in ranks else ranks, missing, open_, True
            return (*ranks, rank) if rank not in ranks else ranks, missing | holds.missing, open_ or holds.open, False

        return follow

    for test, rank in tests:
        state = tabulated(plan, [state, test.coded(plan)], step(rank), key=lambda v: v, left=((), frozenset({LEFT}), False, False))

    def settle(so_far: Any) -> Any:
        ranks, missing, open_, done = so_far
        if LEFT in missing:
            return LEFT_OVER
        possible = sorted({*ranks, *(() if done else (last,))})
        return possible[0] if len(possible) == 1 else Maybe(tuple(possible), missing, open_)

    return tabulated(plan, [state], settle, left=LEFT_OVER)
