"""``complaint-policy show``: a policy as a document for people."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

from complaint_policy import Policy, PolicyVersion
from complaint_policy.causes import cause_of
from complaint_policy.cli.commands.evaluate import POLICY
from complaint_policy.cli.inputs import policy_of
from complaint_policy.cli.spec import FINE, Command, Option
from complaint_policy.cli.terminal import Terminal
from complaint_policy.cli.views.document import document
from complaint_policy.cli.views.papers import as_data, as_html, as_markdown, print_document
from complaint_policy.errors import UsageError
from complaint_policy.texts import Text

__all__ = ["COMMAND"]

_BY_ENDING: Final = {".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html"}


def run(terminal: Terminal, policy: str, on: str | None, kind: str | None, output: str | None) -> int:
    """Print the document, or write it to a file in the form that its name says."""
    loaded = policy_of(policy, terminal)
    version = _version(loaded, on)
    blocks = document(loaded, version)
    wanted = kind or (_BY_ENDING.get(Path(output).suffix.lower()) if output is not None else None)
    if output is not None and wanted is None:
        raise UsageError(Text("say with --as what the file is, or end its name with .md or .html", "请用 --as 指明文件格式，或使用 .md、.html 结尾的文件名"))
    if terminal.as_json:
        terminal.json({"policy": loaded.id, "from": version.start.isoformat(), "blocks": as_data(blocks)})
        return FINE
    if wanted is None or wanted == "terminal":
        if output is not None:
            raise UsageError(Text("a file is markdown or html", "文件只能是 markdown 或 html"))
        print_document(blocks, terminal)
        return FINE
    text = as_html(blocks, terminal.language) if wanted == "html" else as_markdown(blocks, terminal.language)
    if output is None:
        terminal.write(text)
        return FINE
    try:
        Path(output).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        why = cause_of(error)
        raise UsageError(Text(f"cannot write '{output}': {why.en}", f"无法写入“{output}”：{why.zh}")) from None
    terminal.note(terminal.t(f"written: {output}", f"已写入：{output}"))
    return FINE


def _version(policy: Policy, on: str | None) -> PolicyVersion:
    """The version that judges a complaint received on that day; the latest where no day is given."""
    if on is None:
        return policy.versions[-1]
    try:
        day = date.fromisoformat(on)
    except ValueError:
        raise UsageError(Text(f"--on takes a day such as 2026-03-01, not '{on}'", f"--on 需要日期，例如 2026-03-01，而不是“{on}”")) from None
    for version in policy.versions:
        if version.start <= day and (version.until is None or day < version.until):
            return version
    raise UsageError(Text("no version of {p} is in force on {d}", "{p}在{d}没有施行的版本").filled(p=policy.id, d=day))


COMMAND = Command(
    name="show",
    summary=Text("Show a policy as a document for people.", "把制度显示为供人阅读的文本。"),
    text=Text(
        "The policy as a document: sources, scope, how time is counted, levels, who is responsible, every rule in words with its clause, "
        "and what a record holds. On the terminal, or as Markdown or one HTML page, in Chinese or English.",
        "把制度显示为文档：依据、适用范围、期限计算、等级、责任分工、逐条规则及其条款，以及记录字段。"
        "可在终端显示，或输出 Markdown、单个 HTML 页面，中英文皆可。",
    ),
    run=run,
    arguments=(POLICY,),
    options=(
        Option(("--on",), Text("the version for complaints received on this day; otherwise the latest", "该日收到的投诉所适用的版本；默认最新"), value="DAY"),
        Option(
            ("--as", "kind"),
            Text("terminal, markdown or html; otherwise by the name of the file", "terminal、markdown 或 html；默认由文件名决定"),
            choices=("terminal", "markdown", "html"),
        ),
        Option(("--output", "-o"), Text("write it to this file", "写入此文件"), value="FILE"),
    ),
    examples=("complaint-policy show cn/telecom --lang zh", "complaint-policy show cn/banking --on 2019-05-01 --output banking.html"),
)
