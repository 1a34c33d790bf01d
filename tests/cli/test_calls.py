"""Wrong calls: exit status 2, one clear line in the user's language, never a traceback."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import complaint_policy.cli.commands.check as check
from complaint_policy.cli.app import SUMMARIES, application
from complaint_policy.cli.terminal import Terminal
from complaint_policy.versions import library_version
from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("arguments", "en", "zh"),
    [
        (["evalute"], "there is no command 'evalute' (did you mean 'evaluate'?)", "没有命令“evalute”（是否想写“evaluate”？）"),
        (["list", "--foo"], "--foo", "没有选项 --foo"),
        (["list", "extra"], "unexpected extra argument", "多余的参数：extra"),
        (["check"], "POLICY", "缺少 POLICY"),
        (["evaluate", "cn/telecom", "r.json"], "--as-of", "缺少 --as-of"),
        (["list", "--format", "xml"], "--format: unknown word 'xml' (one of: json, text)", "--format：未知的词“xml”（可用：json、text）"),
        (["list", "--format"], "requires an argument", "选项 --format 用法有误：需要一个值"),
        (["explain"], "name a policy", "请给出制度"),
        (["explain", "--code", "duplicate-kee"], "did you mean 'duplicate-key'?", "是否想写“duplicate-key”？"),
        (["check", "cn/telecon"], "did you mean 'cn/telecom'?", "是否想写“cn/telecom”？"),
        (["test", "./nowhere.yaml"], "nowhere.yaml: no-such-file there is no such file", "文件不存在"),
        (["audit", "a", "b", "c", "--as-of", "now"], "too many arguments: c", "多余的参数：c"),
        (["audit", "a.csv", "--as-of", "now"], "name the policy", "请给出制度"),
        (["audit", "cn/telecom", "nowhere.csv", "--as-of", "now"], "nowhere.csv", "nowhere.csv"),
        (["evaluate", "cn/telecom", "nowhere.json", "--as-of", "now"], "cannot read 'nowhere.json'", "无法读取“nowhere.json”"),
        (["evaluate", "cn/telecom", "x", "--as-of", "now", "--fail-on", "breeched"], "did you mean 'breached'?", "是否想写“breached”？"),
    ],
)
def test_refused(cli: Run, arguments: list[str], en: str, zh: str) -> None:
    english, chinese = cli(*arguments), cli(*arguments, "--lang", "zh") if arguments[-1] != "--format" else cli("--lang", "zh", *arguments)
    assert english.status == chinese.status == 2
    assert en in english.out + english.err
    assert zh in chinese.out + chinese.err
    assert "Traceback" not in english.err + chinese.err


def test_without_arguments_it_shows_its_page_and_fails(cli: Run) -> None:
    ran = cli()
    assert ran.status == 2
    assert not ran.out
    assert all(name in ran.err for name in SUMMARIES)


def test_version(cli: Run) -> None:
    assert cli("--version") == (0, f"complaint-policy {library_version}\n", "")


def test_a_failure_is_json_too(cli: Run, tmp_path: Path) -> None:
    ran = cli("evaluate", "cn/telecom", tmp_path / "none.json", "--as-of", "now", "--format", "json")
    assert ran.status == 2
    assert ran.data["error"]["kind"] == "input"
    assert set(ran.data["error"]["message"]) == {"en", "zh"}
    assert "cannot read" in ran.err

    ran = cli("test", "cn/telecon", "--format=json")
    assert ran.data["error"]["problems"][0]["code"] == "unknown-policy"

    ran = cli("list", "--format", "json", "--nonsense")
    assert ran.status == 2
    assert ran.data["error"]["kind"] == "call"


def test_an_unexpected_failure_is_one_line(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object, **named: object) -> None:
        raise KeyError("a value of a record")

    monkeypatch.setattr(check, "policy_of", fail)
    ran = cli("check", "cn/telecom")
    assert ran.status == 2
    assert ran.err.count("\n") == 1
    assert "KeyError" in ran.err
    assert "a value" not in ran.err

    monkeypatch.setenv("COMPLAINT_POLICY_TRACEBACK", "1")
    assert "Traceback" in cli("check", "cn/telecom").err


def test_an_interrupt_is_quiet(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*given: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(check, "policy_of", stop)
    ran = cli("check", "cn/telecom")
    assert (ran.status, ran.out, ran.err.strip()) == (130, "", "interrupted")


def test_the_parser_knows_every_command() -> None:
    group = application(Terminal("en"))
    context = click.Context(group)
    assert group.list_commands(context) == list(SUMMARIES)
    for name in SUMMARIES:
        command = group.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert {"form", "lang"} <= {p.name for p in command.params}
        assert all(p.help for p in command.params if isinstance(p, click.Option))
    assert group.get_command(context, "nothing") is None


def test_under_the_runner_of_click() -> None:
    result = CliRunner().invoke(application(Terminal("en")), ["explain", "--code", "alias"], standalone_mode=False)
    assert result.exception is None
    assert result.return_value == 0
