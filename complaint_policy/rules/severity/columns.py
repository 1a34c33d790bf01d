"""The severity of every row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import polars as pl

from complaint_policy.columns.plan import constant, on
from complaint_policy.columns.sheet import Sheet
from complaint_policy.columns.tabulating import tabulated
from complaint_policy.columns.values import LEFT, LEFT_OVER, Coded, Column
from complaint_policy.possible import NOWHERE_MISSING, Maybe
from complaint_policy.rules.severity.model import Severity

# So many conditions stand in one expression.
_DEEPEST: Final = 24


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
    """The first level whose condition holds."""
    kind = pl.UInt8 if levels <= 255 else pl.UInt16
    plan = sheet.plan

    def first(ranks: list[int], rest: int | None) -> Callable[..., pl.Expr]:
        def chain(*holds: pl.Expr) -> pl.Expr:
            found: Any = pl
            for test, rank in zip(holds, ranks, strict=True):
                found = found.when(test).then(pl.lit(rank, kind))
            result: pl.Expr = found.otherwise(pl.lit(rest, kind)) if holds else pl.lit(rest, kind)
            return result

        return chain

    # Polars takes time with the square of how deep an expression is nested.
    blocks = [tests[i : i + _DEEPEST] for i in range(0, len(tests), _DEEPEST)] or [tests]
    rests = [None] * (len(blocks) - 1) + [last]
    made = [on(first([r for _, r in block], rest), *(t.value for t, _ in block)) for block, rest in zip(blocks, rests, strict=True)]
    code = made[0] if len(made) == 1 else on(lambda *found: pl.coalesce(*found), *(plan.keep(one) for one in made))
    return Coded(plan.keep(code), tuple(range(levels)))


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
