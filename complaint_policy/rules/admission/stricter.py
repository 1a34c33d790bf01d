"""Whether admission refuses nobody whom the rule it replaces admits."""

from __future__ import annotations

from typing import Any

from complaint_policy.comparing import Comparison, bound
from complaint_policy.expressions import nodes as n
from complaint_policy.frame import Rule
from complaint_policy.texts import Text

_REFUSES = Text("it refuses where the base's does not: {c}", "基础制度予以受理而它不予受理：{c}")


def compare(base: tuple[Any, ...], own: tuple[Any, ...], comparison: Comparison) -> None:
    for earlier, rule in comparison.replaced(base, own):
        comparison.of_rule(
            rule,
            *comparison.rest_equal(earlier, rule, "require", "refusal"),
            comparison.no_less(_refused(rule), _refused(earlier), _REFUSES),
        )


def _refused(rule: Rule) -> n.Condition:
    condition: Any = rule
    refused, binds = n.Not(condition.require), bound(rule)
    return refused if binds is None else n.All((binds, refused))
