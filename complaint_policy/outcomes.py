"""The eight outcomes, the same for every rule that can be kept or broken."""

from __future__ import annotations

from typing import Final

from complaint_policy.texts import Text

MET: Final = "met"
BREACHED: Final = "breached"
PENDING: Final = "pending"
AT_RISK: Final = "at_risk"
EXEMPT: Final = "exempt"
NOT_APPLICABLE: Final = "not_applicable"
WAIVED: Final = "waived"
INDETERMINATE: Final = "indeterminate"

# The first of these among the company's rules is the status of the decision.
STATUS_ORDER: Final = (BREACHED, INDETERMINATE, AT_RISK, PENDING, WAIVED, MET, EXEMPT, NOT_APPLICABLE)
OUTCOMES: Final = frozenset(STATUS_ORDER)
# The worst first: of several possible outcomes, or of several instances of a rule.
RANK: Final = {outcome: rank for rank, outcome in enumerate(STATUS_ORDER)}

OUTCOME_TEXTS: Final = {
    MET: Text("met", "符合"),
    BREACHED: Text("breached", "违反"),
    PENDING: Text("pending", "未到期"),
    AT_RISK: Text("at risk", "临近到期"),
    EXEMPT: Text("exempt", "豁免"),
    NOT_APPLICABLE: Text("not applicable", "不适用"),
    WAIVED: Text("waived", "经批准豁免"),
    INDETERMINATE: Text("indeterminate", "无法判定"),
}


def worst(outcomes: list[str]) -> str:
    """The worst of several outcomes."""
    return min(outcomes, key=RANK.__getitem__)
