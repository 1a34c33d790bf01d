"""Responsibility: a matrix whose rows never overlap, and `otherwise` for the rest."""

from __future__ import annotations

from attrs import field, frozen

from complaint_policy.expressions import nodes as n
from complaint_policy.frame import Rule
from complaint_policy.problems import NOWHERE, Place


@frozen
class Roles:
    """RACI: who owns the case (responsible), who is accountable, consulted and informed."""

    owner: str
    accountable: str | None = None
    consulted: tuple[str, ...] = ()
    informed: tuple[str, ...] = ()


@frozen(kw_only=True)
class Row(Rule):
    when: n.Condition
    roles: Roles


@frozen
class Matrix:
    by: tuple[str, ...]
    rows: tuple[Row, ...]
    otherwise: Roles | None
    place: Place = field(default=NOWHERE, eq=False, repr=False)
    names: tuple[str, ...] = ()  # the axes as names of the graph: field:category, fact:urgent, severity

    def rules_of_section(self) -> tuple[Row, ...]:
        return self.rows
