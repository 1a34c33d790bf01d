"""``complaint-policy schema``: the JSON Schema of policy files, for editors."""

from __future__ import annotations

import json
from pathlib import Path

from complaint_policy.causes import cause_of
from complaint_policy.cli.spec import FINE, Command, Option
from complaint_policy.cli.terminal import Terminal
from complaint_policy.contributed import Plugin
from complaint_policy.errors import UsageError
from complaint_policy.registry import BUILTIN_KINDS
from complaint_policy.schema_check import policy_schema
from complaint_policy.texts import Text

__all__ = ["COMMAND", "schema_text"]


def schema_text(plugins: tuple[Plugin, ...] = ()) -> str:
    """The schema as the published file has it, with the sections and words of plugins."""
    return json.dumps(policy_schema(BUILTIN_KINDS, plugins), ensure_ascii=False, indent=2) + "\n"


def run(terminal: Terminal, output: str | None) -> int:
    """Print the schema, or write it to a file."""
    manager = terminal.manager
    text = schema_text(tuple(p for p in manager.plugins if p.name in manager.names) if manager is not None else ())
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


COMMAND = Command(
    name="schema",
    summary=Text("Print the JSON Schema of policy files.", "输出制度文件的 JSON Schema。"),
    text=Text(
        "Print the JSON Schema (2020-12) of policy files, for editors that complete and check while you write.",
        "输出制度文件的 JSON Schema（2020-12），供编辑器在书写时补全和检查。",
    ),
    run=run,
    options=(Option(("--output", "-o"), Text("write it to this file", "写入此文件"), value="FILE"),),
    examples=("complaint-policy schema --output policy.schema.json",),
)
