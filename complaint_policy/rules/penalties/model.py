"""A penalty: a proposal inside a range, with its legal basis, never automatic."""

from __future__ import annotations

from attrs import frozen

from complaint_policy.expressions import nodes as n
from complaint_policy.frame import Rule
from complaint_policy.texts import Text


@frozen(kw_only=True)
class Penalty(Rule):
    """Triggered by a breach of one of ``breaches_of`` (by ``when`` alone where there are none)."""

    breaches_of: tuple[str, ...] = ()
    per: str = "case"  # or "breach"
    amount: n.Value | None = None
    range: n.Range | n.ChooseRange | None = None
    payable_to: str = "company"
    charge: n.Value | None = None
    legal_basis: Text | None = None
