"""``complaint-policy new-plugin``: a package that holds a plugin, begun."""

from __future__ import annotations

from pathlib import Path

from complaint_policy.causes import cause_of
from complaint_policy.cli.scaffold import NAME, files_of
from complaint_policy.cli.spec import FINE, Argument, Command, Option
from complaint_policy.cli.terminal import Terminal
from complaint_policy.errors import UsageError
from complaint_policy.texts import Text

__all__ = ["COMMAND"]


def run(terminal: Terminal, name: str, output: str | None) -> int:
    """Write the files of a small package that passes its own tests."""
    if NAME.fullmatch(name) is None:
        raise UsageError(Text(f"'{name}' is no name for a plugin (small letters, digits, - and _)", f"“{name}”不能作为插件名（小写字母、数字、-和_）"))
    folder = Path(output or f"complaint-policy-{name}")
    files = files_of(name)
    try:
        # Never over what is there: it may be somebody's package.
        folder.mkdir(parents=True)
        for path, text in files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        why = cause_of(error)
        raise UsageError(Text(f"cannot write '{folder}': {why.en}", f"无法写入“{folder}”：{why.zh}")) from None
    if terminal.as_json:
        terminal.json({"plugin": name, "folder": str(folder), "files": list(files)})
    steps = f"cd {folder}, pip install -e '.[dev]', pytest"
    terminal.note(terminal.t(f"written: {folder}; next: {steps}", f"已写入：{folder}；下一步：{steps}"))
    return FINE


COMMAND = Command(
    name="new-plugin",
    summary=Text("Begin a plugin of your own as a package.", "开始编写自己的插件软件包。"),
    text=Text(
        "Write a small package that adds a field, a fact with a column version and a policy, with tests that pass as they are; change what is marked FILL IN.",
        "生成一个小软件包：增加一个字段、一个带列版本的事实和一项制度，并附可直接通过的测试。应修改之处标有“FILL IN”或“请填写”。",
    ),
    run=run,
    arguments=(Argument("NAME", Text("what policies will call it: small letters, digits, - and _", "制度中引用的名称：小写字母、数字、-和_")),),
    options=(
        Option(
            ("--output", "-o"),
            Text("the folder, which must not be there yet; otherwise complaint-policy-NAME", "目录（不得已存在）；默认 complaint-policy-NAME"),
            value="DIR",
        ),
    ),
    examples=("complaint-policy new-plugin parcels", "complaint-policy new-plugin parcels --output ../parcels"),
)
