"""A penalty: a proposal inside a range, with its legal basis, never automatic."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from attrs import frozen

from complaint_policy.expressions import nodes as n
from complaint_policy.frame import Rule
from complaint_policy.texts import Text

_PERIODS: Final = {
    "week": ("week", "周"),
    "month": ("month", "月"),
    "quarter": ("quarter", "季度"),
    "half_year": ("half-year", "半年"),
    "year": ("year", "年"),
}


@frozen
class Cap:
    """At most so much for one bearer in one period of receipt: a matter of many records, which an audit judges."""

    period: str
    amount: Decimal

    @property
    def text(self) -> Text:
        en, zh = _PERIODS[self.period]
        return Text(f"at most {self.amount:f} a {en} for each bearer", f"每一承担者每{zh}不超过{self.amount:f}")


@frozen(kw_only=True)
class Penalty(Rule):
    """Triggered by a breach of one of ``breaches_of`` (by ``when`` alone where there are none)."""

    breaches_of: tuple[str, ...] = ()
    per: str = "case"  # or "breach"
    amount: n.Value | None = None
    divided_by: n.Value | None = None  # of the amount, once, at the end
    range: n.Range | n.ChooseRange | None = None
    payable_to: str = "company"
    charge: n.Value | None = None
    recovers_from: n.Value | None = None  # who bears in the end what the one that was asked first has paid
    approver: n.Value | None = None
    cap: Cap | None = None
    legal_basis: Text | None = None
