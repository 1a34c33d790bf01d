"""Complaint policies as data: one YAML file that is regulation, procedure and rule at once.

A decision is a function of a record, a policy version and an instant::

    from complaint_policy import load_policy

    policy = load_policy("cn/telecom")
    decision = policy.evaluate(record, as_of=now)
    print(decision.status, decision.explain("zh"))
"""

from complaint_policy.decision import Block, Decision, Finding
from complaint_policy.errors import (
    ComplaintPolicyError,
    InputError,
    MappingError,
    MissingExtra,
    PolicyError,
    RecordError,
    UsageError,
    WaiverError,
)
from complaint_policy.loader import check_policy, load_policy, load_policy_text, shipped_policies
from complaint_policy.policy import Policy, PolicyVersion
from complaint_policy.problems import Place, Problem
from complaint_policy.texts import Text
from complaint_policy.versions import library_version as __version__

__all__ = [
    "Block",
    "ComplaintPolicyError",
    "Decision",
    "Finding",
    "InputError",
    "MappingError",
    "MissingExtra",
    "Place",
    "Policy",
    "PolicyError",
    "PolicyVersion",
    "Problem",
    "RecordError",
    "Text",
    "UsageError",
    "WaiverError",
    "__version__",
    "check_policy",
    "load_policy",
    "load_policy_text",
    "shipped_policies",
]
