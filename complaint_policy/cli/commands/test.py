"""``complaint-policy test``: the tests beside the rules."""

from __future__ import annotations

from typing import Any, Final

from rich.text import Text as Line

from complaint_policy import Policy
from complaint_policy.cases import CaseResult, covered, run_cases
from complaint_policy.cli.inputs import policy_of
from complaint_policy.cli.spec import FAILED, FINE, Argument, Command, Option
from complaint_policy.cli.terminal import Terminal, visible
from complaint_policy.cli.views.tables import table
from complaint_policy.texts import Text

__all__ = ["COMMAND"]

WAYS: Final = {
    "hit": Text("hit", "命中"),
    "near_miss": Text("near miss", "接近而未命中"),
    "border": Text("border", "恰在边界"),
    "missing": Text("missing", "缺失"),
}


def run(terminal: Terminal, policy: tuple[str, ...], coverage: bool, verbose: bool) -> int:
    """Run the tests of each policy; a wrong policy stops the run with exit status 2."""
    failed = 0
    data: list[dict[str, Any]] = []
    for position, (name, loaded) in enumerate([(n, policy_of(n, terminal)) for n in policy]):
        results = run_cases(loaded)
        failed += sum(not r.passed for r in results)
        if terminal.as_json:
            data.append(_dict(loaded, results, coverage))
            continue
        if position and (verbose or coverage):
            terminal.print("")
        _print(name, results, terminal, verbose)
        if coverage:
            _print_coverage(loaded, terminal)
    if terminal.as_json:
        terminal.json({"passed": sum(d["passed"] for d in data), "failed": failed, "policies": data})
    return FAILED if failed else FINE


def _print(name: str, results: tuple[CaseResult, ...], terminal: Terminal, verbose: bool) -> None:
    for result in results:
        if result.passed and not verbose:
            continue
        mark = (terminal.t("pass", "通过"), "green") if result.passed else (terminal.t("FAIL", "失败"), "bold red")
        terminal.line(Line.assemble(mark, f" {visible(str(result.place))}: {visible(result.name)}"))
        for difference in result.differences:
            terminal.line(Line.assemble((f"     {visible(str(difference.place))}: ", "dim"), terminal.say(difference.message)))
    passed = sum(r.passed for r in results)
    if not results:
        terminal.line(Line(f"{visible(name)}: ") + Line(terminal.t("no tests", "没有测试"), style="yellow"))
    elif passed == len(results):
        terminal.line(
            Line(f"{visible(name)}: ")
            + Line(terminal.t(f"all {passed} tests pass" if passed > 1 else "1 test passes", f"{passed}个测试全部通过"), style="green")
        )
    else:
        text = terminal.t(f"{len(results) - passed} of {len(results)} tests fail", f"{len(results)}个测试中有{len(results) - passed}个失败")
        terminal.line(Line(f"{visible(name)}: ") + Line(text, style="bold red"))


def _print_coverage(policy: Policy, terminal: Terminal) -> None:
    found = covered(policy)
    t = terminal.t
    lacking = {rule: ways for rule, ways in found.items() if not ways.issuperset(WAYS)}
    full = len(found) - len(lacking)
    line = t(f"{full} of {len(found)} rules are proved in all four ways", f"{len(found)}条规则中有{full}条从四个方面得到验证")
    terminal.line(Line(line, style="yellow" if lacking else "green"))
    if not lacking:
        return
    shown = table(t("rule", "规则"), *(terminal.say(title) for title in WAYS.values()))
    for rule, ways in lacking.items():
        shown.add_row(Line(visible(rule)), *(Line("✓", style="green") if way in ways else Line(t("lacking", "缺"), style="yellow") for way in WAYS))
    terminal.print(shown)


def _dict(policy: Policy, results: tuple[CaseResult, ...], coverage: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "policy": policy.id,
        "passed": sum(r.passed for r in results),
        "failed": sum(not r.passed for r in results),
        "tests": [_case(r) for r in results],
    }
    if coverage:
        shown["coverage"] = [
            {"rule": rule, "covered": [w for w in WAYS if w in ways], "lacking": [w for w in WAYS if w not in ways]} for rule, ways in covered(policy).items()
        ]
    return shown


def _case(result: CaseResult) -> dict[str, Any]:
    differences = [
        {"file": d.place.file, "line": d.place.line, "column": d.place.column, "what": d.what, "expected": d.expected, "found": d.found}
        for d in result.differences
    ]
    return {"name": result.name, "file": result.place.file, "line": result.place.line, "passed": result.passed, "differences": differences}


COMMAND = Command(
    name="test",
    summary=Text("Run the tests beside the rules.", "运行制度文件中的测试。"),
    text=Text(
        "Run the tests that stand beside the rules of each policy. Exit status 1 when one fails.",
        "运行各项制度中与规则写在一起的测试。有测试失败时退出码为 1。",
    ),
    run=run,
    arguments=(Argument("POLICY", Text("files, folders or names of shipped policies", "文件、文件夹或内置制度的名称"), many=True),),
    options=(
        Option(
            ("--coverage",),
            Text("show which rules lack a test as hit, near miss, border or missing value", "显示哪些规则尚缺命中、接近而未命中、恰在边界或缺失值的测试"),
        ),
        Option(("--verbose", "-v"), Text("name the tests that pass too", "同时列出通过的测试")),
    ),
    examples=("complaint-policy test cn/telecom cn/banking", "complaint-policy test ./policy.yaml --coverage -v"),
)
