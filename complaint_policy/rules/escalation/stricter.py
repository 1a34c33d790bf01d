"""Whether an escalation tells the same people, no less often."""

from __future__ import annotations

from complaint_policy.comparing import Comparison
from complaint_policy.rules.escalation.model import Escalation


def compare(base: tuple[Escalation, ...], own: tuple[Escalation, ...], comparison: Comparison) -> None:
    for earlier, rule in comparison.replaced(base, own):
        comparison.of_rule(rule, *comparison.frame(earlier, rule), *comparison.rest_equal(earlier, rule))
