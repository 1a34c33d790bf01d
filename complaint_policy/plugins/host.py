"""The manager of one host's plugins: no global state, one plugin after another, every fault with its plugin's name."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

import pluggy
from attrs import field, frozen

from complaint_policy.contributed import Plugin
from complaint_policy.errors import PluginError, UsageError
from complaint_policy.guarded import Failed, Fault, Guarded, Refused, Watch
from complaint_policy.kinds import RuleKind
from complaint_policy.plugins.builtin import BUILTIN, Builtin
from complaint_policy.plugins.contributions import HOOKS, Listed, claims, gathered
from complaint_policy.plugins.hookspecs import PROJECT, HookSpecs
from complaint_policy.plugins.industries import INDUSTRIES
from complaint_policy.plugins.shapes import SLIPS, raised
from complaint_policy.problems import nearest
from complaint_policy.texts import Text

__all__ = ["GROUP", "Manager", "default_manager", "make_manager"]

GROUP: Final = "complaint_policy"  # of entry points
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_DATED: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOST_FOLDERS: Final = 2000


@frozen
class Manager:
    """The plugins of one host, in order.  Immutable; safe to share between threads.

    ``plugins`` those that are there, ``faults`` what went wrong with others, ``disabled`` the names left out.  ``time_limit``: how many
    seconds one call of a plugin may take in an audit.
    """

    plugins: tuple[Plugin, ...]
    faults: tuple[Fault, ...] = ()
    disabled: frozenset[str] = frozenset()
    strict: bool = False
    time_limit: float = 10.0
    _folders: Mapping[str, Path] = field(factory=dict, repr=False)

    def plugin(self, name: str) -> Plugin | None:
        """The plugin of that name, if it is there."""
        return next((p for p in self.plugins if p.name == name), None)

    @property
    def names(self) -> tuple[str, ...]:
        """What a policy file may name: every plugin but the built-in one."""
        return tuple(p.name for p in self.plugins if p.name != BUILTIN)

    @property
    def kinds(self) -> tuple[RuleKind, ...]:
        """The rule kinds of all plugins, in order."""
        return tuple(kind for p in self.plugins for kind in p.kinds)

    def fault_of(self, name: str) -> Fault | None:
        return next((f for f in self.faults if f.plugin == name), None)

    @property
    def policies(self) -> Mapping[str, Path]:
        """The policies that come with plugins: their names, and the folders of their versions."""
        return self._folders


def make_manager(
    plugins: Mapping[str, Any] | None = None,
    *,
    entry_points: bool = False,
    disable: Collection[str] = (),
    strict: bool = False,
    time_limit: float = 10.0,
) -> Manager:
    """The manager of these plugins: the library's own, its industries, then ``plugins`` in the order given, then entry points by name.

    ``plugins``: modules or objects with hooks, by the names that policies use for them (small letters, digits, - and _).
    ``entry_points``: also those that installed packages have in the group ``complaint_policy``; else nothing installed is looked at.
    ``disable``: names left out, as if they were not there; an unknown one raises :class:`UsageError`.
    ``strict``: the first fault of a plugin raises :class:`PluginError`, now or when a record is judged.  Otherwise the plugin is left out
    whole and its fault is kept, or what its function was to give is unknown and the decision says so.
    """
    if isinstance(disable, (str, bytes)):
        raise UsageError(Text("disable is a collection of names", "disable 应为名称的集合"))
    if plugins is not None and not isinstance(plugins, Mapping):
        raise UsageError(
            Text('plugins are a mapping of names to modules or objects: {"name": plugin}', 'plugins 应为从名称到模块或对象的映射：{"name": plugin}')
        )
    making = _Making(strict, time_limit)
    off = frozenset(disable)
    listed = _listed(plugins or {}, entry_points, making)
    unknown = sorted(off - {name for name, _, _ in listed} - {f.plugin for f in making.faults})
    if unknown:
        raise UsageError(Text(f"no plugin '{unknown[0]}' to disable", f"没有可停用的插件“{unknown[0]}”"))
    if BUILTIN in off:
        raise UsageError(Text("the library's own rule kinds cannot be disabled", "不能停用内置的规则类型"))
    for name, plugin, origin in listed:
        if name not in off:
            making.add(name, plugin, origin)
    return making.manager(off)


@lru_cache(maxsize=1)
def default_manager() -> Manager:
    """The manager of the library's own plugins: what a policy is loaded with where none is handed in."""
    return make_manager()


def _listed(plugins: Mapping[str, Any], with_entry_points: bool, making: _Making) -> list[tuple[str, Any, str]]:
    found: list[tuple[str, Any, str]] = [(BUILTIN, Builtin(), "built-in"), *((name, plugin, "industry") for name, plugin in INDUSTRIES.items())]
    for name, plugin in plugins.items():
        if _NAME.fullmatch(str(name)) is None:
            raise UsageError(Text(f"'{name}' is no name for a plugin (small letters, digits, - and _)", f"“{name}”不能作为插件名（小写字母、数字、-和_）"))
        if any(name == other for other, _, _ in found):
            raise PluginError(name, Text("there is a plugin of that name already", "已有同名插件"))
        found.append((name, plugin, "given"))
    for point in sorted(entry_points(group=GROUP), key=lambda p: (p.name, p.value)) if with_entry_points else ():
        where = f"{point.dist.name} {point.dist.version}" if point.dist is not None else "entry point"
        if _NAME.fullmatch(point.name) is None:
            making.fault(Fault(point.name[:64], "entry point", Text("its name is not of small letters, digits, - and _", "名称须由小写字母、数字、-和_组成")))
        elif (other := next((o for n, _, o in found if n == point.name), None)) is not None:
            taken = Text(f"'{where}' claims the name of a plugin already there ({other})", f"“{where}”与已有插件重名（{other}）")
            making.fault(Fault(point.name, "entry point", taken))
        else:
            loaded = making.guarded(point.name, "entry point", point.load)
            if loaded is not None:
                found.append((point.name, loaded, where))
    return found


class _Making:
    """A manager under construction."""

    def __init__(self, strict: bool, time_limit: float) -> None:
        self.strict, self.time_limit = strict, time_limit
        self.plugins: list[Plugin] = []
        self.faults: list[Fault] = []
        self.owners: dict[tuple[str, str], str] = {}
        self.folders: dict[str, Path] = {}
        self.owner_of_policy: dict[str, str] = {}
        self._watch = Watch(time_limit)

    def fault(self, fault: Fault) -> None:
        if self.strict:
            raise PluginError(fault.plugin, Text(f"{fault.hook}: ", f"{fault.hook}：") + fault.reason)
        self.faults.append(fault)

    def guarded(self, name: str, hook: str, function: Any, accept: Any = None) -> Any:
        """What a function of a plugin gives, within the limit of time; ``None`` after a fault."""
        guarded = Guarded(name, hook, "", _telling(function), accept or (lambda given: given), self.strict)
        found = self._watch.each(guarded, [()], {})[0]
        if isinstance(found, Failed):
            self.faults.append(found.fault)
            return None
        return found

    def add(self, name: str, given: Any, origin: str) -> None:
        """All of a plugin, or nothing of it."""
        before = len(self.faults)
        plugin = self._whole(name, given, origin)
        if plugin is None:
            del self.faults[before + 1 :]  # the first says it
            return
        claimed = list(claims(plugin))
        for claim in claimed:
            owner = self.owners.get(claim)
            # An industry that comes with the library is in nobody's way: only a policy that names both is refused.
            if owner is not None and not (claim[0] == "name" and owner in INDUSTRIES):
                both = Text(f"'{claim[1]}' ({claim[0]}) is claimed by the plugin '{owner}' too", f"“{claim[1]}”（{claim[0]}）与插件“{owner}”冲突")
                self.fault(Fault(name, "registration", both))
                return
        policies = self._policies(plugin)
        if policies is None:
            return
        self.owners |= dict.fromkeys(claimed, name)
        self.folders |= policies
        self.owner_of_policy |= dict.fromkeys(policies, name)
        self.plugins.append(plugin)

    def _whole(self, name: str, given: Any, origin: str) -> Plugin | None:
        hooks = pluggy.PluginManager(PROJECT)
        hooks.add_hookspecs(HookSpecs)

        def registered() -> bool:
            _held_against_hooks(given)
            hooks.register(given, name)
            return bool(hooks.get_hookcallers(given))

        ours = self.guarded(name, "registration", registered, _registered)
        if not ours:
            return None
        found: dict[str, Any] = {}
        for hook in HOOKS:
            caller = getattr(hooks.hook, hook)
            if caller.get_hookimpls():
                found[hook] = self.guarded(name, hook, lambda caller=caller: _one(caller()), Listed(hook))
                if found[hook] is None:
                    return None
        try:
            parts = gathered(found)
        except Refused as refused:
            self.fault(Fault(name, "registration", refused.reason))
            return None
        return Plugin(name=name, version=_version(given, origin), origin=origin, strict=self.strict, time_limit=self.time_limit, **parts)

    def _policies(self, plugin: Plugin) -> dict[str, Path] | None:
        """The policies in a plugin's folders; ``None`` where one has a name that is taken."""
        from complaint_policy.shipped import shipped_names

        found: dict[str, Path] = {}
        for folder in plugin.folders:
            if not folder.is_dir():
                lacking = Text(f"the folder '{folder.name}' of policies is not there", f"制度文件夹“{folder.name}”不存在")
                self.fault(Fault(plugin.name, "complaint_policy_policy_folders", lacking))
                return None
            for file in sorted(folder.glob("*/*/*.yaml"))[:_MOST_FOLDERS]:
                if _DATED.fullmatch(file.stem):
                    found[file.parent.relative_to(folder).as_posix()] = file.parent
        for name in found:
            owner = self.owner_of_policy.get(name) or ("complaint_policy" if name in shipped_names() else None)
            if owner is not None:
                taken = Text(f"the policy '{name}' comes with '{owner}' already", f"制度“{name}”已由“{owner}”提供")
                self.fault(Fault(plugin.name, "complaint_policy_policy_folders", taken))
                return None
        return found

    def manager(self, disabled: frozenset[str]) -> Manager:
        self._watch.close()
        return Manager(tuple(self.plugins), tuple(self.faults), disabled, self.strict, self.time_limit, dict(sorted(self.folders.items())))


def _telling(function: Callable[[], Any]) -> Callable[[], Any]:
    """The function, with the words of a slip in its fault."""

    def told() -> Any:
        try:
            return function()
        except SLIPS as error:
            raise Refused(raised(error)) from error

    return told


def _held_against_hooks(given: Any) -> None:
    """Refuses what pluggy passes over or names after its own classes."""
    if isinstance(given, type):
        raise Refused(Text(f"it is a class: hand over an object, {given.__name__}()", f"传入的是类，应传入对象：{given.__name__}()"))
    for name in dir(given):
        if not name.startswith(f"{PROJECT}_"):
            continue
        function = getattr(given, name, None)
        marked = hasattr(function, f"{PROJECT}_impl")
        if marked and name not in HOOKS:
            near = nearest(name, HOOKS)
            raise Refused(
                Text(f"there is no hook '{name}'", f"没有名为“{name}”的钩子")
                + (Text(" (", "（") + near + Text(")", "）") if near is not None else Text("", ""))
            )
        if name in HOOKS and callable(function) and not marked:
            raise Refused(Text(f"'{name}' is not marked with @hookimpl", f"“{name}”没有用@hookimpl标记"))


def _registered(ours: Any) -> Any:
    if not ours:
        raise Refused(Text("it has no hook of this library", "没有实现本库的任何钩子"))
    return ours


def _one(answers: Any) -> Any:
    """What the one plugin gives; ``None`` of a hook is nothing, which pluggy leaves out."""
    if not answers:
        raise Refused(Text("it gave nothing (None)", "没有返回内容（None）"))
    return answers[0]


def _version(given: Any, origin: str) -> str:
    """What the plugin says of itself, or the version of the distribution that brought it."""
    own = getattr(given, "version", None) or getattr(given, "__version__", None)
    if isinstance(own, str) and 0 < len(own) <= 64 and own.isprintable():
        return own
    return origin.rpartition(" ")[2] if " " in origin else "unversioned"
