"""The portfolio rules over columns: records counted by period, group and what their conditions say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import polars as pl
from attrs import define

from complaint_policy.audit.portfolio import Portfolio
from complaint_policy.columns.numbers import finite
from complaint_policy.columns.plan import constant
from complaint_policy.columns.sheet import Sheet
from complaint_policy.columns.tabulating import among
from complaint_policy.columns.values import LEFT, Coded, Column
from complaint_policy.expressions import nodes as n
from complaint_policy.periods import period_of
from complaint_policy.possible import Maybe, all_of_conditions
from complaint_policy.rules.portfolio.cell import label_of
from complaint_policy.rules.portfolio.measure import UNKNOWN

__all__ = ["Portion", "portions"]


@define
class Portion:
    """One portfolio rule of one version: the columns its records are counted by, and how their values read."""

    rule: Any
    columns: dict[str, pl.Expr]
    readers: dict[str, Callable[[Any], Any]]
    levels: tuple[str, ...]

    def counted(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """How many of the rows stand in each combination."""
        return rows.select(e.alias(name) for name, e in self.columns.items()).group_by(list(self.columns)).agg(pl.len().alias("times"))

    def add_to(self, portfolio: Portfolio, counts: pl.DataFrame, key: int) -> None:
        """Add counted combinations to the portfolio's measure."""
        measure = portfolio.measure(self.rule.id)
        axes = [name for name in self.columns if name.startswith("by")]
        for row in counts.iter_rows(named=True):
            scope, times = self.readers["scope"](row["scope"]), row["times"]
            # A receipt that is still to come lies in no period.
            if scope is False or row["day"] is None:
                measure.count_apart(times, outside=scope is False)
                continue
            day = self.readers["day"](row["day"])
            group = tuple(self.readers[a](row[a]) for a in axes)
            member = all_of_conditions(scope, self.readers["among"](row["among"]))
            measure.add_counted(key, day, group, member, self.readers["of"](row["of"]), times, self.levels)


def portions(sheet: Sheet) -> list[Portion] | None:
    """The portfolio rules of a version as columns; None where one of them has none.

    Rows on which what they test is left to the record evaluation are left altogether: call it before ``sheet.left()`` is.
    """
    rules = sheet.model.sections.get("portfolio", ())
    found = [_portion(rule, sheet) for rule in rules]
    known = [p for p in found if p is not None]
    return known if len(known) == len(found) else None


def _portion(rule: Any, sheet: Sheet) -> Portion | None:
    columns: dict[str, pl.Expr] = {}
    readers: dict[str, Callable[[Any], Any]] = {}
    received = sheet.moment("received_at")
    if received.low is None:
        return None
    first = sheet.clock.first
    period = _periods(sheet, rule.per)
    table = pl.lit(pl.Series(period[0], dtype=pl.UInt32))
    columns["day"] = table.gather(sheet.day_index(received.low).expr)
    readers["day"] = lambda index: first + timedelta(days=period[1][index])
    for number, axis in enumerate(rule.by):
        axis_column = _axis(axis, sheet)
        if axis_column is None:
            return None
        columns[f"by{number}"], readers[f"by{number}"] = axis_column
    member = sheet.condition(rule.among).coded(sheet.plan) if rule.among is not None else _ALWAYS
    columns["among"], readers["among"] = _coded(sheet, member)
    if rule.of is None:
        columns["of"], readers["of"] = pl.lit(True), lambda value: value
    elif isinstance(rule.of, n.Condition):
        columns["of"], readers["of"] = _coded(sheet, sheet.condition(rule.of).coded(sheet.plan), member)
    else:
        found = sheet.value(rule.of)
        coded = finite(sheet, found)
        if coded is not None:
            columns["of"], readers["of"] = _coded(sheet, coded, member)
        elif isinstance(found, Column) and found.kind in ("number", "string") and found.value is not None and found.scale is None:
            columns["of"], readers["of"] = _values(sheet, found, member)
        else:
            return None
    columns["scope"], readers["scope"] = _coded(sheet, sheet.scope().coded(sheet.plan) if sheet.model.scope is not None else _ALWAYS)
    return Portion(rule, columns, readers, sheet.model.section("severity").levels)


_ALWAYS: Final = Coded(constant(0, pl.UInt8), (True,))


def _coded(sheet: Sheet, coded: Coded, member: Coded = _ALWAYS) -> tuple[pl.Expr, Callable[[Any], Any]]:
    _leave(sheet, coded, member)
    return coded.code.expr, lambda code: coded.domain[code]


def _leave(sheet: Sheet, coded: Coded, member: Coded) -> None:
    """Of records that are not looked at what they have does not matter."""
    if any(isinstance(v, Maybe) and LEFT in v.missing for v in coded.domain):
        sheet.leave(among(coded, lambda v: isinstance(v, Maybe) and LEFT in v.missing) & among(member, lambda v: v is not False))


def _values(sheet: Sheet, column: Column, member: Coded = _ALWAYS) -> tuple[pl.Expr, Callable[[Any], Any]]:
    """Values as they stand; the special of a null one beside it, where it can be one of several."""
    value = column.value
    assert value is not None
    _leave(sheet, column.state(sheet.plan), member)
    index = column.special(sheet.plan)
    as_it_is = column.whole or column.kind == "string"

    def read(found: Any, special: int = 0) -> Any:
        if found is None:
            return column.specials[special]
        return found if as_it_is else Decimal(repr(found))

    if index is None:
        return value.expr, read
    both = pl.struct(value.expr.alias("value"), pl.when(value.expr.is_null()).then(index.expr).alias("special"))
    return both, lambda found: read(found["value"], found["special"] or 0)


def _axis(axis: str, sheet: Sheet) -> tuple[pl.Expr, Callable[[Any], Any]] | None:
    """An axis as a column, and the label of a value."""
    levels: tuple[str, ...] | None = sheet.model.section("severity").levels if axis == "severity" else None
    found: Any
    if axis in ("severity", "owner"):
        found = sheet.severity() if axis == "severity" else sheet.owner()
    elif axis in sheet.model.fields:
        found = sheet.field_column(axis)
    else:
        fact = sheet.model.facts[axis]
        levels = sheet.model.section("severity").levels if fact.kind == "level" else None
        found = sheet.value(n.NamedValue(axis, fact.kind, "fact"))
    if not isinstance(found, Coded):
        coded = finite(sheet, found)
        if coded is None and (found.kind not in ("string", "number") or found.scale is not None):
            return None
        if coded is None:
            expr, value = _values(sheet, found)
            return expr, lambda v: label_of(value(v)) or UNKNOWN
        found = coded
    expr, value = _coded(sheet, found)
    return expr, lambda code: label_of(value(code), levels) or UNKNOWN


def _periods(sheet: Sheet, per: str) -> tuple[list[int], list[int]]:
    """For each day of the clock the number of its period, and of each period a day."""
    key = ("periods", per)
    if key not in sheet.tables:
        first: date = sheet.clock.first
        numbers: list[int] = []
        samples: list[int] = []
        seen: dict[str, int] = {}
        for index in range(sheet.clock.days):
            name = period_of(first + timedelta(days=index), per)
            if name not in seen:
                seen[name] = len(samples)
                samples.append(index)
            numbers.append(seen[name])
        sheet.tables[key] = numbers, samples
    made: tuple[list[int], list[int]] = sheet.tables[key]
    return made


