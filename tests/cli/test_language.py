"""The language is that of ``--lang``, else that of the environment, else English."""

from __future__ import annotations

import pytest

from complaint_policy.cli.language import language_of
from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        ([], {}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh"),
        ([], {"LANG": "de_DE.UTF-8"}, "en"),
        ([], {"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "en"),
        ([], {"LC_ALL": "", "LC_MESSAGES": "zh_TW", "LANG": "C"}, "zh"),
        (["list", "--lang", "zh"], {"LANG": "en_GB"}, "zh"),
        (["--lang=en", "list"], {"LANG": "zh_CN"}, "en"),
        (["list", "--lang"], {"LANG": "zh_CN"}, "zh"),
        (["list", "--lang", "fr"], {}, "en"),
        (["check", "--", "--lang", "zh"], {}, "en"),
    ],
)
def test_language(arguments: list[str], environment: dict[str, str], language: str) -> None:
    assert language_of(arguments, environment) == language


def test_the_environment_chooses_the_language_of_a_run(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "用法" in cli("--help").out
    assert "Usage" in cli("--help", "--lang", "en").out


@pytest.mark.parametrize("command", ["check", "evaluate", "test", "explain", "list", "new", "schema", "audit"])
def test_every_command_has_a_page_in_both_languages(cli: Run, command: str) -> None:
    english, chinese = cli(command, "--help"), cli(command, "-h", "--lang", "zh")
    assert english.status == chinese.status == 0
    assert english.out.startswith("Usage: complaint-policy " + command)
    assert chinese.out.startswith("用法：complaint-policy " + command)
    for word in ("--format text|json", "--lang en|zh"):
        assert word in english.out
        assert word in chinese.out
    # Nothing of the other language, no line wider than the terminal but examples and usage.
    assert not any("一" <= c <= "鿿" for c in english.out)
    assert all(word not in chinese.out for word in ("Options", "Arguments", "Examples", "[required]", "show this"))
