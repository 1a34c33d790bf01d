"""Whether a duty that comes back is no laxer than the one it replaces: as often, from the same start, due no later."""

from __future__ import annotations

from complaint_policy.comparing import Comparison
from complaint_policy.comparing.limits import never_later
from complaint_policy.rules.schedules.model import Schedule


def compare(base: tuple[Schedule, ...], own: tuple[Schedule, ...], comparison: Comparison) -> None:
    for earlier, rule in comparison.replaced(base, own):
        comparison.of_rule(
            rule,
            *comparison.frame(earlier, rule),
            *comparison.rest_equal(earlier, rule, "within", "counting"),
            never_later(rule.within, earlier.within, comparison),
        )
