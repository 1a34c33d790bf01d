"""The application: commands built in the language of the run, arguments parsed, failures turned into exit statuses."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Never

import click

from complaint_policy.cli.failures import report
from complaint_policy.cli.helping import help_page
from complaint_policy.cli.spec import COMMON, PLUGIN_OPTIONS, WRONG, Argument, Asked, Command, Option
from complaint_policy.cli.terminal import Terminal
from complaint_policy.errors import UsageError
from complaint_policy.problems import nearest
from complaint_policy.texts import Language, Text
from complaint_policy.versions import library_version

__all__ = ["PROGRAM", "SUMMARIES", "application", "run"]

PROGRAM: Final = "complaint-policy"
# Each in complaint_policy/cli/commands/<name>.py (with _ for -), imported when it is called.
SUMMARIES: Final = {
    "check": Text("find every problem of a policy", "检查制度文件，一次列出所有问题"),
    "evaluate": Text("judge a record", "判定一条投诉记录"),
    "test": Text("run the tests beside the rules", "运行制度文件中的测试"),
    "show": Text("show a policy as a document for people", "把制度显示为供人阅读的文本"),
    "explain": Text("explain a decision, a rule or a problem code", "解释判定结果、规则或问题代码"),
    "list": Text("list the shipped policies", "列出内置制度"),
    "new": Text("begin a policy of your own from a template", "从模板开始编写自己的制度"),
    "new-plugin": Text("begin a plugin of your own as a package", "开始编写自己的插件软件包"),
    "plugins": Text("list the plugins and what they bring", "列出插件及其内容"),
    "schema": Text("print the JSON Schema of policy files", "输出制度文件的 JSON Schema"),
    "audit": Text("judge a file of records and summarise", "审计一份记录文件并汇总"),
}
_ABOUT: Final = Text(
    "Complaint policies as data: checked, tested, applied to one record or to many.",
    "把投诉管理制度写成数据：检查、测试，并用于判定单条或批量投诉记录。",
)
_EXIT: Final = Text(
    "Exit status: 0 fine; 1 findings you asked to fail on; 2 the policy, the input or the call is wrong.",
    "退出码：0 正常；1 出现了要求视为失败的结果；2 制度、输入或调用有误。",
)


if TYPE_CHECKING:
    _Type = click.ParamType[str]
else:
    _Type = click.ParamType  # no generic before click 8.4


class OneOf(_Type):
    """One of a few words, refused in the user's language."""

    name = "choice"

    def __init__(self, words: tuple[str, ...]) -> None:
        self.words = words

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value in self.words:
            return str(value)
        option = param.opts[0] if param is not None else ""
        known = nearest(str(value), self.words) or Text("one of: " + ", ".join(self.words), "可用：" + "、".join(self.words))
        raise UsageError(Text("{o}: unknown word '{v}' ({k})", "{o}：未知的词“{v}”（{k}）").filled(o=option, v=value, k=known))

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        return "|".join(self.words)


class _Group(click.Group):
    """The program: commands are found by name and built when they are called."""

    def __init__(self, terminal: Terminal, **settings: Any) -> None:
        super().__init__(**settings)
        self.terminal = terminal

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in SUMMARIES:
            return None
        spec: Command = import_module(f"complaint_policy.cli.commands.{cmd_name.replace('-', '_')}").COMMAND
        return _built(spec, self.terminal)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in SUMMARIES and not args[0].startswith("-"):
            known = nearest(args[0], SUMMARIES)
            hint = Text(" ({k})", "（{k}）").filled(k=known) if known is not None else Text("", "")
            raise UsageError(Text("there is no command '{c}'", "没有命令“{c}”").filled(c=args[0]) + hint)
        return super().resolve_command(ctx, args)

    def get_help(self, ctx: click.Context) -> str:
        text = self.terminal.say(_ABOUT)
        commands = [(name, self.terminal.say(summary)) for name, summary in SUMMARIES.items()]
        return help_page(self.terminal, ctx, text, (), commands, self.terminal.say(_EXIT))


class _Command(click.Command):
    def __init__(self, spec: Command, terminal: Terminal, **settings: Any) -> None:
        super().__init__(spec.name, **settings)
        self.spec = spec
        self.terminal = terminal

    def get_help(self, ctx: click.Context) -> str:
        spec, say = self.spec, self.terminal.say
        text = say(spec.text) if spec.text is not None else say(spec.summary)
        arguments = [(a.shown or a.name, say(a.help)) for a in spec.arguments]
        return help_page(self.terminal, ctx, text, arguments, (), None, spec.examples)


def _built(spec: Command, terminal: Terminal) -> click.Command:
    """The command for the parser, in the language of the terminal."""

    def call(form: str | None, lang: str | None, plugins: bool, plugin: tuple[str, ...], disable_plugin: tuple[str, ...], **values: Any) -> int:
        del lang  # known before parsing
        terminal.plugins = Asked(plugins, plugin, disable_plugin, values.pop("strict_plugins"))
        terminal.as_json = form == "json"
        return spec.run(terminal, **values)

    parameters: list[click.Parameter] = [
        click.Argument([a.name.lower()], required=a.required, nargs=-1 if a.many else 1, metavar=_metavar(a)) for a in spec.arguments
    ]
    parameters += [_option(o, terminal) for o in (*spec.options, *PLUGIN_OPTIONS, *COMMON)]
    parameters.append(_help(terminal))
    return _Command(spec, terminal, params=parameters, callback=call, add_help_option=False)


def _metavar(argument: Argument) -> str:
    name = argument.shown or argument.name
    shown = f"{name}..." if argument.many and not argument.shown else name
    return shown if argument.required else f"[{shown}]"


def _option(option: Option, terminal: Terminal) -> click.Option:
    switch = not option.value and not option.choices
    settings: dict[str, Any] = {"is_flag": True} if switch else {"type": OneOf(option.choices) if option.choices else str}
    if option.value:
        settings["metavar"] = option.value
    return click.Option(list(option.flags), help=terminal.say(option.help), required=option.required, multiple=option.many, **settings)


def _help(terminal: Terminal) -> click.Option:
    def show(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        if value and not ctx.resilient_parsing:
            terminal.write(ctx.get_help() + "\n")
            ctx.exit(0)

    text = terminal.t("show this page", "显示本页")
    return click.Option(["-h", "--help"], is_flag=True, expose_value=False, is_eager=True, help=text, callback=show)


def _version(terminal: Terminal) -> click.Option:
    def show(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        if value and not ctx.resilient_parsing:
            terminal.write(f"{PROGRAM} {library_version}\n")
            ctx.exit(0)

    text = terminal.t("show the version", "显示版本")
    return click.Option(["--version"], is_flag=True, expose_value=False, is_eager=True, help=text, callback=show)


def application(terminal: Terminal) -> click.Group:
    """The program for the parser, in the language of the terminal."""

    def ignore(lang: str | None) -> None:
        del lang  # known before parsing

    language = COMMON[1]
    parameters: list[click.Parameter] = [_option(language, terminal), _version(terminal), _help(terminal)]
    return _Group(terminal, name=PROGRAM, params=parameters, callback=ignore, add_help_option=False, no_args_is_help=False)


def run(arguments: Sequence[str], language: Language) -> int:
    """Parse, run, and say what went wrong in one place; gives the exit status."""
    terminal = Terminal(language, as_json=_asks_for_json(arguments))
    try:
        status = _status(arguments, terminal)
    finally:
        terminal.close()
    return status


def _status(arguments: Sequence[str], terminal: Terminal) -> int:
    group = application(terminal)
    if not arguments:
        with click.Context(group, info_name=PROGRAM) as context:
            terminal.err.print(group.get_help(context), soft_wrap=True)
        return WRONG
    try:
        with _tidied_up():
            status = group.main(list(arguments), prog_name=PROGRAM, standalone_mode=False)
    except (click.exceptions.Exit, SystemExit) as ending:
        code = ending.exit_code if isinstance(ending, click.exceptions.Exit) else ending.code
        return code if isinstance(code, int) else WRONG
    except (KeyboardInterrupt, click.Abort):
        terminal.note(terminal.t("interrupted", "已中断"))
        return 130
    except Exception as error:  # noqa: BLE001 (the last line of defence: one line and exit status 2, never a traceback)
        return report(error, terminal)
    return status if isinstance(status, int) else 0


@contextmanager
def _tidied_up() -> Iterator[None]:
    """``timeout``, cron and Kubernetes end a run by SIGTERM: then, too, what is half written is removed."""

    def ended(number: int, _: object) -> Never:
        raise SystemExit(128 + number)

    ours = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if ours:
        signal.signal(signal.SIGTERM, ended)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _asks_for_json(arguments: Sequence[str]) -> bool:
    """Whether a call that may not even parse wants its failure as JSON."""
    pairs = zip(arguments, [*arguments[1:], ""], strict=False)
    return any(a == "--format=json" or (a == "--format" and b == "json") for a, b in pairs)
