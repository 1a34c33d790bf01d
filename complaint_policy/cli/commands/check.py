"""``complaint-policy check``: every problem of a policy at once."""

from __future__ import annotations

from datetime import date

from rich.text import Text as Line

from complaint_policy import Policy, PolicyError, Problem
from complaint_policy.cli.inputs import as_of_text, policy_of
from complaint_policy.cli.spec import FAILED, FINE, WRONG, Argument, Command, Option
from complaint_policy.cli.terminal import Terminal, visible
from complaint_policy.cli.views.problems import print_problems
from complaint_policy.errors import UsageError
from complaint_policy.texts import Text

__all__ = ["COMMAND"]


def run(terminal: Terminal, policy: tuple[str, ...], as_of: str | None, strict: bool) -> int:
    """Load each policy and print what is wrong with it, or what is to be remarked about it."""
    found: dict[Problem, None] = {}
    remarks: dict[Problem, None] = {}
    on = _day(as_of) if as_of is not None else None
    wrong = 0
    for name in policy:
        try:
            loaded = policy_of(name, terminal)
        except PolicyError as error:
            wrong += 1
            fresh = [p for p in error.problems if p not in found]
            found.update(dict.fromkeys(fresh))
            if not terminal.as_json:
                print_problems(fresh, terminal, terminal.out)
        else:
            fresh = [p for p in loaded.remarks(on) if p not in remarks]
            remarks.update(dict.fromkeys(fresh))
            if not terminal.as_json:
                terminal.line(_fine(name, loaded, terminal, fresh))
                print_problems(fresh, terminal, terminal.out)
    if terminal.as_json:
        terminal.json([problem.to_dict() for problem in (*found, *remarks)])
    elif found:
        terminal.line(Line(_total(len(found), wrong, len(policy), terminal), style="bold red"))
    if wrong:
        return WRONG
    return FAILED if strict and any(remark.level == "warning" for remark in remarks) else FINE


def _day(given: str) -> date:
    """The day of ``--as-of``, which may carry a time."""
    try:
        return date.fromisoformat(as_of_text(given)[:10])
    except ValueError:
        raise UsageError(Text(f"--as-of: '{given}' is no day, as in 2026-11-26", f"--as-of：“{given}”不是日期，例如 2026-11-26")) from None


def _fine(name: str, policy: Policy, terminal: Terminal, remarks: list[Problem]) -> Line:
    rules = {rule.id for version in policy.versions for rule in version.model.all_rules()}
    files = {file for version in policy.versions for file in version.model.files[-1:]}
    cases = {(case.place.file, case.place.line) for version in policy.versions for case in version.model.cases}
    counts = terminal.t(
        f"no problems ({_many(len(files), 'version')}, {_many(len(rules), 'rule')}, {_many(len(cases), 'test')})",
        f"没有问题（{len(files)}个版本，{len(rules)}条规则，{len(cases)}个测试）",
    )
    warnings, notes = (sum(remark.level == level for remark in remarks) for level in ("warning", "note"))
    said = [_many(count, noun) for count, noun in ((warnings, "warning"), (notes, "note")) if count]
    zh = [f"{count}个{noun}" for count, noun in ((warnings, "警告"), (notes, "提示")) if count]
    known = len({entry.place for version in policy.versions for entry in version.model.accepted})
    if known:
        said.append(_many(known, "accepted remark"))
        zh.append(f"{known}个已接受的提示")
    more = terminal.t("; " + ", ".join(said), "；" + "、".join(zh)) if said else ""
    return Line(visible(f"{name}: ")) + Line(counts, style="green") + Line(more, style="yellow")


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _total(problems: int, wrong: int, policies: int, terminal: Terminal) -> str:
    if policies == 1:
        return terminal.t(_many(problems, "problem"), f"{problems}个问题")
    return terminal.t(
        f"{_many(problems, 'problem')} in {wrong} of {policies} policies",
        f"{policies}项制度中有{wrong}项存在问题，共{problems}个问题",
    )


COMMAND = Command(
    name="check",
    summary=Text("Find every problem of a policy.", "检查制度文件，一次列出所有问题。"),
    text=Text(
        "Find every problem of a policy at once: each with its place, what is wrong and, where one is known, what to write instead. "
        "Of a policy that loads, warnings and notes are listed.",
        "一次列出制度文件的所有问题：每个问题都标明位置、错误内容，并尽可能给出正确写法。可用的制度还会列出警告和提示。",
    ),
    run=run,
    arguments=(
        Argument(
            "POLICY",
            Text("a file, a folder of versions, or the name of a shipped policy (see list)", "文件、存放各版本的文件夹，或内置制度的名称（见 list）"),
            many=True,
        ),
    ),
    options=(
        Option(("--as-of",), Text("also warn of what was to be reviewed before this day (or now)", "同时提示在此日（或 now）之前应复核的内容"), value="DAY"),
        Option(("--strict",), Text("exit with 1 when there are warnings", "有警告时退出码为 1")),
    ),
    examples=("complaint-policy check cn/telecom", "complaint-policy check ./policies/*.yaml --format json"),
)
