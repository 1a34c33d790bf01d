"""Gathering what plugins add: no global state, the order of the call, every fault with the plugin's name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pluggy

from complaint_policy.errors import PluginError
from complaint_policy.kinds import RuleKind
from complaint_policy.plugins.builtin import Builtin
from complaint_policy.plugins.hookspecs import PROJECT, HookSpecs
from complaint_policy.texts import Text

__all__ = ["rule_kinds"]


def rule_kinds(plugins: Mapping[str, Any]) -> tuple[RuleKind, ...]:
    """The built-in rule kinds and those of the plugins, by their names and in their order.

    Hand the result to ``load_policy(..., kinds=...)``.  Raises :class:`PluginError` for a plugin that
    raises, gives anything but rule kinds, has no hook at all, or claims another's section.
    """
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(HookSpecs)
    found: list[RuleKind] = []
    owners: dict[str, str] = {}
    for name, plugin in {"built-in": Builtin(), **plugins}.items():
        for kind in _kinds_of(manager, name, plugin):
            for word in (kind.key, kind.kind):
                owner = owners.get(word)
                if owner is not None and owner != name:
                    raise PluginError(name, Text(f"'{word}' is already a rule kind of the plugin '{owner}'", f"“{word}”已是插件“{owner}”的规则类型"))
            owners |= {kind.key: name, kind.kind: name}
            found.append(kind)
    return tuple(found)


def _kinds_of(manager: pluggy.PluginManager, name: str, plugin: Any) -> Iterable[RuleKind]:
    """What one plugin gives: called alone, so that its fault is its own."""
    try:
        manager.register(plugin, name)
        manager.check_pending()
        others = [p for p in manager.get_plugins() if p is not plugin]
        answers = manager.subset_hook_caller("complaint_policy_rule_kinds", others)()
        kinds = [kind for answer in answers for kind in answer]
    except Exception as error:
        raise PluginError(
            name, Text(f"{type(error).__name__} in complaint_policy_rule_kinds", f"complaint_policy_rule_kinds 出错（{type(error).__name__}）")
        ) from error
    for kind in kinds:
        if not isinstance(kind, RuleKind):
            raise PluginError(name, Text(f"{type(kind).__name__} is no rule kind", f"{type(kind).__name__} 不是规则类型"))
    if not kinds and name != "built-in" and not manager.get_hookcallers(plugin):
        raise PluginError(name, Text("it has no hook of this library", "没有实现本库的任何钩子"))
    return kinds
