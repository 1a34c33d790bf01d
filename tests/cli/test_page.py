"""docs/cli.md names every command and every option, and no other; its examples are true."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from complaint_policy.cli.app import SUMMARIES
from complaint_policy.cli.spec import COMMON, Command
from tests.cli.conftest import Run

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## (\S[^\n]*)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))


def spec(name: str) -> Command:
    command: Command = import_module(f"complaint_policy.cli.commands.{name.replace('-', '_')}").COMMAND
    return command


def test_every_command_has_a_section_and_a_row() -> None:
    assert set(SECTIONS) == {"In every command", *SUMMARIES}
    for name, summary in SUMMARIES.items():
        assert f"| [`{name}`](#{name}) | {summary.en} |" in PAGE


@pytest.mark.parametrize("name", SUMMARIES)
def test_every_option_has_a_row(name: str) -> None:
    written = {flag for row in re.findall(r"^\| (`-[^|]*) \|", SECTIONS[name], re.MULTILINE) for flag in re.findall(r"(--?[a-z-]+)", row)}
    assert written == {flag for option in spec(name).options for flag in option.flags if flag.startswith("-")}


def test_the_common_options_are_told() -> None:
    for option in COMMON:
        assert f"**`{option.flags[0]} {'|'.join(option.choices)}`.**" in SECTIONS["In every command"]


@pytest.mark.parametrize("name", SUMMARIES)
def test_words(name: str) -> None:
    """A command says of itself what the program's page says of it, in both languages."""
    command = spec(name)
    assert command.name == name
    assert command.summary.en.rstrip(".").casefold() == SUMMARIES[name].en.casefold()
    assert command.summary.zh.rstrip("。") == SUMMARIES[name].zh
    assert all(example.startswith(f"complaint-policy {name}") for example in command.examples)


def test_the_rule_shown_reads_so(cli: Run) -> None:
    (shown,) = re.findall(r"```text\n(.*?)  …\n```", SECTIONS["explain"], re.DOTALL)
    assert cli("explain", "cn/telecom", "DL-respond").out.startswith(shown)
