"""``complaint-policy check``: every problem of a policy at once."""

from __future__ import annotations

from rich.text import Text as Line

from complaint_policy import Policy, PolicyError, Problem
from complaint_policy.cli.inputs import policy_of
from complaint_policy.cli.spec import FINE, WRONG, Argument, Command
from complaint_policy.cli.terminal import Terminal, visible
from complaint_policy.cli.views.problems import print_problems
from complaint_policy.texts import Text

__all__ = ["COMMAND"]


def run(terminal: Terminal, policy: tuple[str, ...]) -> int:
    """Load each policy and print what is wrong with it."""
    found: dict[Problem, None] = {}
    wrong = 0
    for name in policy:
        try:
            loaded = policy_of(name)
        except PolicyError as error:
            wrong += 1
            fresh = [p for p in error.problems if p not in found]
            found.update(dict.fromkeys(fresh))
            if not terminal.as_json:
                print_problems(fresh, terminal, terminal.out)
        else:
            if not terminal.as_json:
                terminal.line(_fine(name, loaded, terminal))
    if terminal.as_json:
        terminal.json([problem.to_dict() for problem in found])
    elif found:
        terminal.line(Line(_total(len(found), wrong, len(policy), terminal), style="bold red"))
    return WRONG if wrong else FINE


def _fine(name: str, policy: Policy, terminal: Terminal) -> Line:
    rules = {rule.id for version in policy.versions for rule in version.model.all_rules()}
    files = {file for version in policy.versions for file in version.model.files[-1:]}
    cases = {(case.place.file, case.place.line) for version in policy.versions for case in version.model.cases}
    counts = terminal.t(
        f"no problems ({_many(len(files), 'version')}, {_many(len(rules), 'rule')}, {_many(len(cases), 'test')})",
        f"没有问题（{len(files)}个版本，{len(rules)}条规则，{len(cases)}个测试）",
    )
    return Line(visible(f"{name}: ")) + Line(counts, style="green")


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
        "Find every problem of a policy at once: each with its place, what is wrong and, where one is known, what to write instead.",
        "一次列出制度文件的所有问题：每个问题都标明位置、错误内容，并尽可能给出正确写法。",
    ),
    run=run,
    arguments=(
        Argument(
            "POLICY",
            Text("a file, a folder of versions, or the name of a shipped policy (see list)", "文件、存放各版本的文件夹，或内置制度的名称（见 list）"),
            many=True,
        ),
    ),
    examples=("complaint-policy check cn/telecom", "complaint-policy check ./policies/*.yaml --format json"),
)
