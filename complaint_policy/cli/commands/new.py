"""``complaint-policy new``: an overlay of one's own, begun from a template."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text as Line

from complaint_policy import load_policy
from complaint_policy.causes import cause_of
from complaint_policy.cli.spec import FINE, Argument, Command, Option
from complaint_policy.cli.terminal import Terminal
from complaint_policy.cli.views.tables import table
from complaint_policy.errors import UsageError
from complaint_policy.loader import shipped_templates, template_text
from complaint_policy.problems import nearest
from complaint_policy.texts import Text

__all__ = ["COMMAND"]

_FOLDER = "templates/"


def run(terminal: Terminal, template: str | None, output: str | None) -> int:
    """Write a template out, or list the templates there are."""
    if template is None:
        return _list(terminal)
    name = template if template.startswith(_FOLDER) else _FOLDER + template
    known = shipped_templates()
    if name not in known:
        hint = nearest(name, known) or Text("complaint-policy new lists them", "complaint-policy new 列出全部模板")
        raise UsageError(Text("there is no template '{n}' ({h})", "没有模板“{n}”（{h}）").filled(n=template, h=hint))
    text = template_text(name)
    if terminal.as_json:
        terminal.json({"template": name, "text": text})
    if output is not None:
        _write(output, text)
        terminal.note(terminal.t(f"written: {output}; next, change what is marked FILL IN", f"已写入：{output}；请修改标有“填写”的各处"))
    elif not terminal.as_json:
        terminal.write(text)
    return FINE


def _write(output: str, text: str) -> None:
    """Never over a file that is there: it may be somebody's policy."""
    try:
        with Path(output).open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except OSError as error:
        why = cause_of(error)
        raise UsageError(Text(f"cannot write '{output}': {why.en}", f"无法写入“{output}”：{why.zh}")) from None


def _list(terminal: Terminal) -> int:
    policies = [load_policy(name) for name in shipped_templates()]
    if terminal.as_json:
        terminal.json([{"template": p.id, "title": p.title.to_dict(), "extends": list(p.versions[-1].model.extends)} for p in policies])
        return FINE
    shown = table(terminal.t("template", "模板"), terminal.t("title", "名称"), terminal.t("builds on", "扩展"))
    for policy in policies:
        shown.add_row(Line(policy.id.removeprefix(_FOLDER), style="bold"), terminal.say(policy.title), ", ".join(policy.versions[-1].model.extends))
    terminal.print(shown)
    return FINE


COMMAND = Command(
    name="new",
    summary=Text("Begin a policy of your own from a template.", "从模板开始编写自己的制度。"),
    text=Text(
        "Write a template out: an overlay over a shipped policy with the places to fill in and its own tests. Without a name, list the templates.",
        "输出一个模板：扩展内置制度，标明应填写之处，并附测试。不写名称则列出全部模板。",
    ),
    run=run,
    arguments=(Argument("TEMPLATE", Text("the name of a template, as in cn_telecom", "模板名称，例如 cn_telecom"), required=False),),
    options=(Option(("--output", "-o"), Text("write it to this file, which must not be there yet", "写入此文件（不得已存在）"), value="FILE"),),
    examples=("complaint-policy new", "complaint-policy new cn_telecom --output my.yaml"),
)
