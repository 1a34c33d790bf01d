"""Whether a file is kept no shorter than the rule it replaces says."""

from __future__ import annotations

from typing import Any

from complaint_policy.comparing import Comparison
from complaint_policy.comparing.limits import never_earlier


def compare(base: tuple[Any, ...], own: tuple[Any, ...], comparison: Comparison) -> None:
    for earlier, rule in comparison.replaced(base, own):
        comparison.of_rule(
            rule,
            *comparison.frame(earlier, rule),
            *comparison.rest_equal(earlier, rule, "keep_until"),
            never_earlier(rule.keep_until, earlier.keep_until, comparison),
        )
