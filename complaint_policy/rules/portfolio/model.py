"""A portfolio rule: a measure over many records, by period and group, held against an expectation."""

from __future__ import annotations

from decimal import Decimal

from attrs import frozen

from complaint_policy.expressions import nodes as n
from complaint_policy.frame import Rule

PERIODS = ("week", "month", "quarter", "half_year", "year", "all")


@frozen(kw_only=True)
class PortfolioRule(Rule):
    """``measure`` is share, count, sum or mean; a share and a count have a condition, the others a value."""

    measure: str
    of: n.Expression
    among: n.Condition | None
    per: str
    by: tuple[str, ...]
    expect: tuple[tuple[str, int | Decimal], ...]
    min_count: int
