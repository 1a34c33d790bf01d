"""Columns under construction: expressions, the stage at which each can be computed, and shared parts computed once."""

from __future__ import annotations

from collections.abc import Callable
from operator import eq, ge, gt, le, lt
from typing import Any, Final

import polars as pl
from attrs import define, field, frozen

__all__ = ["ABOVE", "AT_LEAST", "AT_MOST", "BELOW", "SAME", "Ex", "Plan", "constant", "looked_up", "on"]

_PREFIX: Final = "\x1f"  # no column of a table is called so


def _flipping(straight: Any, flipped: Any) -> Any:
    """A comparison; of one value with a column, the column stands first: Polars takes that for a column, the other way for one value."""

    def compare(a: Any, b: Any) -> Any:
        if isinstance(a, pl.Expr) and isinstance(b, pl.Expr) and not a.meta.root_names() and b.meta.root_names():
            return flipped(b, a)
        return straight(a, b)

    return compare


BELOW: Final = _flipping(lt, gt)
AT_MOST: Final = _flipping(le, ge)
ABOVE: Final = _flipping(gt, lt)
AT_LEAST: Final = _flipping(ge, le)
SAME: Final = _flipping(eq, eq)


def _plain(expr: pl.Expr) -> pl.Expr:
    """A ``when`` without an ``otherwise`` is of a class of its own, whose comparisons Python prefers even where it stands second."""
    ended = getattr(expr, "otherwise", None)
    return expr if ended is None else ended(None)


@frozen(eq=False)
class Ex:
    """An expression, and the stage of the plan from which on it can be computed."""

    expr: pl.Expr = field(converter=_plain)
    stage: int = 0
    kept: bool = False  # a column by itself

    def __and__(self, other: Ex) -> Ex:
        return on(lambda a, b: a & b, self, other)

    def __or__(self, other: Ex) -> Ex:
        return on(lambda a, b: a | b, self, other)

    def __invert__(self) -> Ex:
        return on(lambda a: ~a, self)

    def __add__(self, other: Any) -> Ex:
        return on(lambda a, b: a + b, self, other)

    def __sub__(self, other: Any) -> Ex:
        return on(lambda a, b: a - b, self, other)

    def __mul__(self, other: Any) -> Ex:
        return on(lambda a, b: a * b, self, other)

    def __floordiv__(self, other: Any) -> Ex:
        return on(lambda a, b: a // b, self, other)

    def __lt__(self, other: Any) -> Ex:
        return on(BELOW, self, other)

    def __le__(self, other: Any) -> Ex:
        return on(AT_MOST, self, other)

    def __gt__(self, other: Any) -> Ex:
        return on(ABOVE, self, other)

    def __ge__(self, other: Any) -> Ex:
        return on(AT_LEAST, self, other)

    def equals(self, other: Any) -> Ex:
        return on(SAME, self, other)

    def cast(self, kind: Any, *, strict: bool = True) -> Ex:
        return on(lambda a: a.cast(kind, strict=strict), self)

    def is_null(self) -> Ex:
        return on(lambda a: a.is_null(), self)

    def is_not_null(self) -> Ex:
        return on(lambda a: a.is_not_null(), self)

    def fill_null(self, value: Any) -> Ex:
        return on(lambda a, b: a.fill_null(b), self, value)


def on(function: Callable[..., pl.Expr], *parts: Any) -> Ex:
    """``function`` over expressions; anything else among ``parts`` is handed on as it is."""
    stage = max((p.stage for p in parts if isinstance(p, Ex)), default=0)
    return Ex(function(*(p.expr if isinstance(p, Ex) else p for p in parts)), stage)


def looked_up(table: pl.Expr, index: Ex) -> Ex:
    """What stands in a table at each row's index, an unsigned number; one index for all rows gives one value for all."""
    found = on(table.gather, index)
    return found if index.expr.meta.root_names() else Ex(found.expr.first(), found.stage)


def constant(value: Any, kind: Any) -> Ex:
    return Ex(pl.lit(value, dtype=kind), 0, True)


def _folded(expr: pl.Expr) -> pl.Expr:
    """The value of an expression over no column; the expression itself would double with every two uses of what it is made of."""
    if expr.meta.is_literal():
        return expr
    found = pl.select(expr).to_series()
    return expr if len(found) != 1 or found.dtype.is_nested() else pl.lit(found.item(), dtype=found.dtype)


@define
class Plan:
    """Columns to be added to a table, in stages: each may use those of the stages before it."""

    stages: list[list[pl.Expr]] = field(factory=list)
    prefix: str = _PREFIX
    _count: int = 0
    _nulls: dict[str, Ex] = field(factory=dict)

    def keep(self, ex: Ex) -> Ex:
        """The same expression as a column, computed once however often it is used."""
        if ex.kept:
            return ex
        if not ex.expr.meta.root_names():
            return Ex(_folded(ex.expr), ex.stage, True)  # one value for all rows stays one
        name = f"{self.prefix}{self._count}"
        self._count += 1
        while len(self.stages) <= ex.stage:
            self.stages.append([])
        self.stages[ex.stage].append(ex.expr.alias(name))
        return Ex(pl.col(name), ex.stage + 1, True)

    def null(self, ex: Ex) -> Ex:
        """Where a column is null, computed once for each column."""
        if not ex.kept:
            return self.keep(ex.is_null())
        name = str(ex.expr)
        if name not in self._nulls:
            self._nulls[name] = self.keep(ex.is_null())
        return self._nulls[name]

    def applied(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """The table with every column of the plan."""
        for stage in self.stages:
            frame = frame.with_columns(stage)
        return frame
