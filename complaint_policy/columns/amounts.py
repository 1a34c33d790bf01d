"""Money that differs row by row: proposals whose amounts are columns of whole numbers of a unit.

What a proposal comes to is asked of the record evaluation, as everything on columns is, with a number in place of each value that stands
apart from any other: by it the answer tells which value its amount, least and most are, and how many times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import polars as pl
from attrs import evolve, frozen

from complaint_policy.columns.arithmetic import Scaled
from complaint_policy.columns.plan import Ex, on
from complaint_policy.columns.tabulating import lookup
from complaint_policy.columns.values import Coded
from complaint_policy.results import PenaltyResult

if TYPE_CHECKING:
    from complaint_policy.columns.sheet import Sheet

__all__ = ["STANDS", "MeasuredProposal", "Proposals", "proposals"]

# What stands for a lower end, an amount, the most of several and an upper end: in this order, and further apart than any number of times.
STANDS: Final[dict[str, Decimal]] = {"low": Decimal(10**6), "amount": Decimal(10**12), "most": Decimal(10**18), "high": Decimal(10**24)}
_MOST_TIMES: Final = 10**5
_PARTS: Final = ("amount", "min", "max")

@frozen
class Times:
    """So many times a value; of no value: nothing."""

    source: str | None
    number: int


class MeasuredProposal(PenaltyResult):
    """A proposal whose amount, least and most are those of its row."""

    __slots__ = ("parts",)

    def __init__(self, made: PenaltyResult) -> None:
        super().__init__(made.model, made.state, made.breaches, None, None, None, made.currency, made.charge, None, made.missing)
        self.parts: dict[str, Times | None] = {part: _times(getattr(made, part)) for part in _PARTS}


def _times(found: Decimal | None) -> Times | None:
    if found is None or not found:
        return None if found is None else Times(None, 0)
    for source, stand in STANDS.items():
        number, rest = divmod(found, stand)
        if not rest and 0 < number < _MOST_TIMES:
            return Times(source, int(number))
    raise ValueError("a proposal of none of its values")  # nothing else is handed in


class Proposals(Coded):
    """Codes of proposals, some of them with amounts from ``columns`` (by the names of :data:`STANDS`), none of which is below nothing."""

    def __init__(self, coded: Coded, columns: Mapping[str, Scaled]) -> None:
        # Only what is not known yet has to be told by a value.
        domain = tuple(p if p is None or (p.amount is None and p.min is None and p.max is None) else MeasuredProposal(p) for p in coded.domain)
        super().__init__(coded._code, domain, coded.test, placed=coded.placed, tests=coded.tests, made=coded.made)
        self.columns = columns

    def minor(self, part: str, digits: int) -> Ex | None:
        """The amounts of a ``part`` in minor units of so many digits, half up; null where a proposal has none, None where none has."""
        wanted = [p.parts[part] if isinstance(p, MeasuredProposal) else None for p in self.domain]
        found: Ex | None = None
        for source in (None, *STANDS):
            numbers = [t.number if t is not None and t.source == source else None for t in wanted]
            if all(number is None for number in numbers):
                continue
            times = lookup(self, numbers, pl.Int64)
            one = times.cast(pl.Int128) if source is None else on(_rounding(self.columns[source], digits), self.columns[source].value, times)
            found = one if found is None else on(lambda a, b: pl.coalesce(a, b), found, one)
        return found


def _rounding(column: Scaled, digits: int) -> Callable[[pl.Expr, pl.Expr], pl.Expr]:
    """Numbers so many times, in units of so many decimal places, half up."""
    places = column.scale - digits
    more, unit = 10 ** max(0, -places), 10 ** max(0, places) * column.parts

    def rounded(value: pl.Expr, times: pl.Expr) -> pl.Expr:
        whole = value * times.cast(pl.Int128) * pl.lit(more, pl.Int128)
        return whole if unit == 1 else (whole * pl.lit(2, pl.Int128) + pl.lit(unit, pl.Int128)) // pl.lit(2 * unit, pl.Int128)

    return rounded


# Amounts of more digits before the point are left; so the sum of many is within what a column holds.
_LARGEST: Final = 20
# So that it can be doubled as many times as a duty is broken.
_WIDEST: Final = 10**32


def proposals(sheet: Sheet, coded: Coded, columns: Mapping[str, Scaled]) -> Proposals:
    """Proposals told with :data:`STANDS`; rows with a value below nothing, which may be least where others are most, are left, or one beyond all sense."""
    most = {name: pl.lit(min(10 ** (_LARGEST + one.scale) * one.parts, _WIDEST), pl.Int128) for name, one in columns.items()}
    for name, one in columns.items():
        sheet.leave(on(lambda v, most: (v < pl.lit(0, pl.Int128)) | (v >= most), one.value, most[name]))
    # Rows that are left have a column, too: what it cannot hold would end the query.
    held = {name: on(_held, one.value, most[name]) for name, one in columns.items()}
    return Proposals(coded, {name: evolve(one, value=sheet.plan.keep(held[name])) for name, one in columns.items()})


def _held(value: pl.Expr, most: pl.Expr) -> pl.Expr:
    return pl.when((value > -most) & (value < most)).then(value)
