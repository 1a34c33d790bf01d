"""Complaint policies as data: one YAML file that is regulation, procedure and rule at once.

A decision is a function of a record, a policy version and an instant::

    from complaint_policy import load_policy

    policy = load_policy("cn/telecom")
    decision = policy.evaluate(record, as_of=now)
    print(decision.status, decision.explain("zh"))

Names are imported when first used, so that ``import complaint_policy`` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from complaint_policy.versions import library_version as __version__

if TYPE_CHECKING:
    from complaint_policy.decision import Decision
    from complaint_policy.errors import (
        ComplaintPolicyError,
        InputError,
        MappingError,
        MissingExtra,
        PluginError,
        PolicyError,
        RecordError,
        UsageError,
        WaiverError,
    )
    from complaint_policy.findings import Block, Finding
    from complaint_policy.loader import check_policy, load_policy, load_policy_text, load_waivers, shipped_policies
    from complaint_policy.policy import Policy, PolicyVersion
    from complaint_policy.problems import Place, Problem
    from complaint_policy.rules.schedules.looked_at import Schedules
    from complaint_policy.rules.schedules.result import ScheduleResult
    from complaint_policy.texts import Text

__all__ = [
    "Block",
    "ComplaintPolicyError",
    "Decision",
    "Finding",
    "InputError",
    "MappingError",
    "MissingExtra",
    "Place",
    "PluginError",
    "Policy",
    "PolicyError",
    "PolicyVersion",
    "Problem",
    "RecordError",
    "ScheduleResult",
    "Schedules",
    "Text",
    "UsageError",
    "WaiverError",
    "__version__",
    "check_policy",
    "load_policy",
    "load_policy_text",
    "load_waivers",
    "shipped_policies",
]

_HOMES = {
    "decision": ("Decision",),
    "errors": ("ComplaintPolicyError", "InputError", "MappingError", "MissingExtra", "PluginError", "PolicyError", "RecordError", "UsageError", "WaiverError"),
    "findings": ("Block", "Finding"),
    "loader": ("check_policy", "load_policy", "load_policy_text", "load_waivers", "shipped_policies"),
    "policy": ("Policy", "PolicyVersion"),
    "problems": ("Place", "Problem"),
    "rules.schedules.looked_at": ("Schedules",),
    "rules.schedules.result": ("ScheduleResult",),
    "texts": ("Text",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'complaint_policy' has no attribute {name!r}")
    value = getattr(import_module(f"complaint_policy.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
