"""Industries join in here: what a sector adds that YAML alone cannot say, through pluggy hooks.

``hookspecs`` says what can be added, ``host`` gathers it for one host, without global state::

    from complaint_policy import load_policy
    from complaint_policy.plugins import rule_kinds

    policy = load_policy("./policy.yaml", kinds=rule_kinds({"insurance": Insurance()}))
"""

from complaint_policy.plugins.hookspecs import hookimpl, hookspec
from complaint_policy.plugins.host import rule_kinds

__all__ = ["hookimpl", "hookspec", "rule_kinds"]
