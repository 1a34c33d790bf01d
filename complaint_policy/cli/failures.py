"""What went wrong, in words and in data."""

from __future__ import annotations

import os
import traceback
from typing import Any

import click
from rich.text import Text as Line

from complaint_policy.causes import cause_of
from complaint_policy.cli.spec import WRONG
from complaint_policy.cli.terminal import Terminal, visible
from complaint_policy.errors import ComplaintPolicyError, InputError, MappingError, MissingExtra, PluginError, PolicyError, RecordError, UsageError, WaiverError
from complaint_policy.texts import Text

__all__ = ["report"]

_KINDS = (
    (PolicyError, "policy"),
    (MappingError, "mapping"),
    (WaiverError, "waivers"),
    (RecordError, "record"),
    (PluginError, "plugin"),
    (InputError, "input"),
    (MissingExtra, "installation"),
    (UsageError, "call"),
    (click.ClickException, "call"),
)


def report(error: Exception, terminal: Terminal) -> int:
    """Say what went wrong on standard error, as JSON also on standard output; gives the exit status."""
    kind = next((name for kinds, name in _KINDS if isinstance(error, kinds)), "unexpected")
    problems = getattr(error, "problems", ()) if isinstance(error, ComplaintPolicyError) else ()
    message = _message(error)
    if problems:
        from complaint_policy.cli.views.problems import print_problems

        print_problems(problems, terminal, terminal.err)
    else:
        text = visible(message.get(terminal.language)).replace("\n", " ")
        terminal.note(Line.assemble((terminal.t("error: ", "错误："), "bold red"), text))
    if kind == "call" and isinstance(error, click.UsageError) and error.ctx is not None:
        terminal.note(terminal.t(f"see: {error.ctx.command_path} --help", f"参见：{error.ctx.command_path} --help"))
    if kind == "unexpected" and os.environ.get("COMPLAINT_POLICY_TRACEBACK"):
        terminal.note(Line("".join(traceback.format_exception(error))))
    if terminal.as_json:
        shown: dict[str, Any] = {"kind": kind, "message": message.to_dict(), "problems": [p.to_dict() for p in problems]}
        if isinstance(error, RecordError):
            shown["field"] = error.field
        terminal.json({"error": shown})
    return WRONG


def _message(error: Exception) -> Text:
    if isinstance(error, ComplaintPolicyError):
        return Text(error.render("en"), error.render("zh"))
    if isinstance(error, click.ClickException):
        return _of_call(error)
    if isinstance(error, OSError):
        why = cause_of(error)
        name = f"{error.filename}: " if error.filename else ""
        return Text(f"{name}{why.en}", f"{name}{why.zh}")
    if isinstance(error, RecursionError):
        return Text("the input is nested too deeply", "输入嵌套过深")
    if isinstance(error, MemoryError):
        return Text("out of memory", "内存不足")
    # The text of an unknown exception may quote a record; its name may not.
    name = type(error).__name__
    return Text(
        f"unexpected {name}: a fault of this program; COMPLAINT_POLICY_TRACEBACK=1 shows where",
        f"意外错误 {name}：程序自身的缺陷；设置 COMPLAINT_POLICY_TRACEBACK=1 可显示位置",
    )


def _of_call(error: click.ClickException) -> Text:
    """The parser's refusals in both languages."""
    en = error.format_message().rstrip(".")
    match error:
        case click.NoSuchOption():
            close = f"（是否想写 {error.possibilities[0]}？）" if error.possibilities else ""
            return Text(en, f"没有选项 {error.option_name}{close}")
        case click.MissingParameter():
            name = error.param.get_error_hint(error.ctx).replace("'", "") if error.param is not None and error.ctx is not None else ""
            return Text(en, f"缺少 {name}")
        case click.BadOptionUsage():
            return Text(en, f"选项 {error.option_name} 用法有误：需要一个值")
    if "unexpected extra argument" in en:
        return Text(en, f"多余的参数：{en.partition('(')[2].rstrip(')')}")
    return Text(en, f"调用有误：{en}")
