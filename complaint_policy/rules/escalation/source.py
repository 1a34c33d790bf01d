"""Escalation in the straight line: the owner, with the roles the case is escalated to."""

from __future__ import annotations

from typing import Final

from complaint_policy.expressions import nodes as n
from complaint_policy.results import ResponsibilityResult, with_roles
from complaint_policy.rules.escalation.model import Escalation
from complaint_policy.straight import Straight, Unsupported

_MOST: Final = 4096


def emit(section: tuple[Escalation, ...], source: Straight) -> dict[str, str]:
    """Adds to ``owner`` what the section of owners has left there."""
    if section:
        source.line("told = 0")
    roles = []
    for index, rule in enumerate(section):
        if not isinstance(rule.to, n.Literal) or not isinstance(rule.to.value, str):
            raise Unsupported(rule.id)
        roles.append(rule.to.value)
        source.line(f"if {source.condition(rule.when)}: told |= {1 << index:d}")
    if section:
        source.line(f"if told: owner = {source.call(_Owners(roles).told, 'owner, told')}")
    return {}


class _Owners:
    """Owners with the roles told, by the rules that hold: there are few different ones."""

    def __init__(self, roles: list[str]) -> None:
        self._roles = roles
        self._known: dict[tuple[ResponsibilityResult, int], ResponsibilityResult] = {}

    def told(self, owner: ResponsibilityResult, rules: int) -> ResponsibilityResult:
        made = self._known.get((owner, rules))
        if made is None:
            made = with_roles(owner, tuple(dict.fromkeys(role for index, role in enumerate(self._roles) if rules >> index & 1)))
            if len(self._known) < _MOST:
                self._known[owner, rules] = made
        return made
