"""An audit whose policy uses plugins watches their calls: how many, what failed, and none without end."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from complaint_policy.guarded import Watch

__all__ = ["watched"]

P = ParamSpec("P")
T = TypeVar("T")


def watched(run: Callable[P, T]) -> Callable[P, T]:
    """An audit under the watch of its policy's plugins, where it has any; what the audit does later stands under it too."""

    @wraps(run)
    def watching(*arguments: P.args, **options: P.kwargs) -> T:
        policy = arguments[0] if arguments else options.get("policy")
        plugins = {plugin.name: plugin for version in getattr(policy, "versions", ()) for plugin in _plugins(version)}
        if not plugins:
            return run(*arguments, **options)
        watch = Watch(min(plugin.time_limit for plugin in plugins.values()), tuple(plugins.values()))
        return watch.around(run)(*arguments, **options)

    return watching


def _plugins(version: Any) -> Any:
    return getattr(getattr(version, "model", None), "plugins", ())
