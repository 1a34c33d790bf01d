"""What a plugin can add.  Every hook has the prefix ``complaint_policy_``.

A plugin is a module or an object with functions marked by :data:`hookimpl`::

    from complaint_policy.plugins import hookimpl

    class Insurance:
        @hookimpl
        def complaint_policy_rule_kinds(self):
            return [MY_KIND]
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from complaint_policy.kinds import RuleKind

__all__ = ["PROJECT", "HookSpecs", "hookimpl", "hookspec"]

PROJECT = "complaint_policy"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class HookSpecs:
    """The hooks."""

    @hookspec
    def complaint_policy_rule_kinds(self) -> Iterable[RuleKind]:  # type: ignore[empty-body]  # a specification has no body
        """Rule kinds (whole rooms) the plugin adds.

        Called once when the kinds are gathered, before any policy is read.  The kinds of all plugins are
        put after the built-in ones, in the order the plugins were handed in; two kinds with one section
        key or one word are an error that names both plugins.
        """
