"""``complaint-policy plugins``: which plugins there are, what each brings, and what went wrong with others."""

from __future__ import annotations

from typing import Any, Final

from rich.text import Text as Line

from complaint_policy.cli.plugging import manager_of
from complaint_policy.cli.spec import FAILED, FINE, Command, Option
from complaint_policy.cli.terminal import Terminal, visible
from complaint_policy.cli.views.tables import table
from complaint_policy.contributed import Plugin
from complaint_policy.plugins import make_manager
from complaint_policy.texts import Text

__all__ = ["COMMAND"]

# What a plugin can bring, in the order of the hooks.
_PARTS: Final = {
    "folders": Text("folders of policies", "制度文件夹"),
    "fields": Text("fields", "字段"),
    "settings": Text("settings", "设置"),
    "facts": Text("facts", "事实"),
    "operators": Text("words for conditions", "条件用词"),
    "calendars": Text("calendars", "日历"),
    "kinds": Text("rule kinds", "规则类型"),
    "normalisers": Text("normalisers", "规范化"),
    "finders": Text("finders", "附加发现"),
    "classifiers": Text("classifiers", "分类器"),
    "similarities": Text("likenesses", "相似度"),
    "report_sections": Text("report sections", "报告章节"),
    "messages": Text("messages", "消息"),
}
_ORIGINS: Final = {"built-in": Text("the library", "本库"), "industry": Text("the library", "本库"), "given": Text("the call", "调用时传入")}


def run(terminal: Terminal, fail: bool) -> int:
    """Print one row a plugin."""
    # The faults stand below the table.
    manager = (manager_of(terminal.plugins) if terminal.plugins is not None else None) or make_manager()
    if terminal.as_json:
        plugins = [_dict(plugin) for plugin in manager.plugins]
        faults = [{"plugin": f.plugin, "hook": f.hook, "reason": f.reason.to_dict()} for f in manager.faults]
        terminal.json({"plugins": plugins, "faults": faults, "disabled": sorted(manager.disabled), "policies": list(manager.policies)})
    else:
        t = terminal.t
        shown = table(t("plugin", "插件"), t("version", "版本"), t("from", "来源"), t("brings", "内容"))
        for plugin in manager.plugins:
            origin = _ORIGINS.get(plugin.origin) or Text(plugin.origin, plugin.origin)
            shown.add_row(Line(plugin.name, style="bold"), visible(plugin.version), terminal.say(origin), _brings(plugin, terminal))
        terminal.print(shown)
        for fault in manager.faults:
            terminal.line(Line(terminal.say(fault.message), style="red"))
    return FAILED if fail and manager.faults else FINE


def _brings(plugin: Plugin, terminal: Terminal) -> str:
    counted = [(len(getattr(plugin, part)), title) for part, title in _PARTS.items()]
    return terminal.t(", ", "、").join(f"{terminal.say(title)} {count}" for count, title in counted if count)


def _dict(plugin: Plugin) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for part in _PARTS:
        items = getattr(plugin, part)
        names[part] = sorted(items) if part == "messages" else [getattr(item, "name", None) or getattr(item, "key", None) for item in items]
    return {"name": plugin.name, "version": plugin.version, "origin": plugin.origin, **names}


COMMAND = Command(
    name="plugins",
    summary=Text("List the plugins and what they bring.", "列出插件及其内容。"),
    text=Text(
        "List the plugins a policy may name: the library's own, and with --plugins those of installed packages. What went wrong with a plugin stands below.",
        "列出制度可以引用的插件：本库自带的，以及使用 --plugins 时已安装软件包提供的。出错的插件列于其后。",
    ),
    run=run,
    options=(Option(("--fail", "fail"), Text("exit with 1 where a plugin is at fault", "有插件出错时退出码为 1")),),
    examples=("complaint-policy plugins --plugins", "complaint-policy plugins --plugin insurance=./insurance.py --format json"),
)
