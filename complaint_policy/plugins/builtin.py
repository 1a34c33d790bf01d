"""The rule kinds that come with the library, registered as a stranger's plugin would."""

from __future__ import annotations

from collections.abc import Iterable

from complaint_policy.kinds import RuleKind
from complaint_policy.plugins.hookspecs import hookimpl
from complaint_policy.registry import BUILTIN_KINDS
from complaint_policy.versions import library_version

__all__ = ["BUILTIN", "Builtin"]

BUILTIN = "built-in"


class Builtin:
    """The library's own plugin: every policy uses it without naming it."""

    version = library_version

    @hookimpl
    def complaint_policy_rule_kinds(self) -> Iterable[RuleKind]:
        return BUILTIN_KINDS
