"""A command of the command line as data: bilingual words, arguments, options, and the function that runs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import frozen

from complaint_policy.texts import LANGUAGES, Text

__all__ = ["COMMON", "FAILED", "FINE", "PLUGIN_OPTIONS", "WRONG", "Argument", "Asked", "Command", "Option"]

# Exit statuses.
FINE: Final = 0
FAILED: Final = 1  # findings the caller asked to fail on
WRONG: Final = 2  # the policy, the input or the call is wrong


@frozen
class Argument:
    """A positional argument; ``many`` takes all that follow; ``shown`` stands for it in the usage line."""

    name: str
    help: Text
    required: bool = True
    many: bool = False
    shown: str = ""


@frozen
class Option:
    """An option; one without ``value`` (what stands after it) and without ``choices`` is a switch."""

    flags: tuple[str, ...]
    help: Text
    value: str = ""
    choices: tuple[str, ...] = ()
    required: bool = False
    many: bool = False


@frozen
class Command:
    """One command: ``run`` takes the terminal and the values by name, and gives the exit status."""

    name: str
    summary: Text
    run: Callable[..., int]
    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()
    text: Text | None = None
    examples: tuple[str, ...] = ()


# What every command takes; "form" and "lang" are read by the application itself.
COMMON: Final = (
    Option(
        ("--format", "form"),
        Text("text for people, json for programs (on standard output, nothing else there)", "text 供阅读，json 供程序使用（标准输出只有 JSON）"),
        choices=("text", "json"),
    ),
    Option(("--lang",), Text("language; otherwise that of the environment", "语言；默认取自环境"), choices=LANGUAGES),
)

# The plugins of a run; plugging.py makes a manager of them.
PLUGIN_OPTIONS: Final = (
    Option(("--plugins",), Text("also the plugins that installed packages bring", "同时使用已安装软件包提供的插件")),
    Option(
        ("--plugin", "plugin"),
        Text("a plugin of one's own: a module, or a file of Python", "自己的插件：模块名，或 Python 文件"),
        value="NAME=MODULE|FILE",
        many=True,
    ),
    Option(("--disable-plugin", "disable_plugin"), Text("leave a plugin out", "停用某个插件"), value="NAME", many=True),
    Option(("--strict-plugins",), Text("stop at the first fault of a plugin", "插件一出错即停止")),
)


@frozen
class Asked:
    """What the options of a run ask for."""

    installed: bool = False
    own: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    strict: bool = False
