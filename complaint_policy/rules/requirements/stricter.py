"""Whether a requirement asks no less than the one it replaces, and no later."""

from __future__ import annotations

from complaint_policy.comparing import Comparison
from complaint_policy.comparing.limits import never_later
from complaint_policy.rules.requirements.model import Requirement
from complaint_policy.texts import Text

_ASKS = Text("what satisfies it does not satisfy the base's: {c}", "满足它却不满足基础制度：{c}")


def compare(base: tuple[Requirement, ...], own: tuple[Requirement, ...], comparison: Comparison) -> None:
    for earlier, rule in comparison.replaced(base, own):
        comparison.of_rule(
            rule,
            *comparison.frame(earlier, rule),
            *comparison.rest_equal(earlier, rule, "require", "before"),
            comparison.no_less(rule.require, earlier.require, _ASKS),
            never_later(rule.before, earlier.before, comparison),
        )
