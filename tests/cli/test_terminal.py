"""What reaches a terminal: escapes, widths, wrapping in both languages."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from complaint_policy.cli.terminal import Terminal, visible
from complaint_policy.cli.views.flow import Flow
from complaint_policy.cli.views.tables import table


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain 文字　full width", "plain 文字　full width"),
        ("\x1b[31m", "\\u001b[31m"),
        ("a\tb\u00a0c", "a b c"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\x9b2J\x07\r", "\\u009b2J\\u0007\\u000d"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_nothing_unprintable_is_left(text: str) -> None:
    assert all(c.isprintable() or c in "\n\u3000" for c in visible(text))
    assert visible(visible(text)) == visible(text)


def wrapped(text: str, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    return [line.plain for line in Flow(text).wrap(console, width)]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three", 8, ["one two", "three"]),
        ("缺少损失（closed_at），无法判定。", 16, ["缺少损失", "（closed_at），", "无法判定。"]),
        ("一二三四。", 8, ["一二三", "四。"]),
        ("【一】二三", 6, ["【一】", "二三"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("一\n\n二", 10, ["一", "", "二"]),
        ("", 10, [""]),
    ],
)
def test_wrapping(text: str, width: int, lines: list[str]) -> None:
    assert wrapped(text, width) == lines


alphabet = st.sampled_from("ab_9 一二，。（）“”[]\n😀")


@given(st.text(alphabet, max_size=60), st.integers(2, 20))
def test_wrapping_loses_nothing_and_fits(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@pytest.fixture
def streams(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.CaptureFixture[str]]:
    monkeypatch.setenv("COLUMNS", "40")
    yield capfd


def test_markup_and_controls_are_text(streams: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal("en")
    shown = table("[b]head[/b]", "text")
    shown.add_row("[red]x", "\x1b[2J:smile:")
    terminal.print(shown)
    terminal.line("[link=http://x]y[/link]\x07")
    terminal.note("[bold]z\u202e")
    out, err = streams.readouterr()
    assert "[b]head[/b]" in out
    assert "[red]x" in out
    assert "\\u001b[2J:smile:" in out
    assert "[link=http://x]y[/link]\\u0007" in out
    assert err == "[bold]z\\u202e\n"
    assert "\x1b" not in out


def test_json_is_valid_and_steers_nothing(streams: pytest.CaptureFixture[str]) -> None:
    import json

    data = {"text": "中文\x1b[31m\u202e\x9b\U000e0041\u3000\u00a0", "list": [1, None]}
    Terminal("en").json(data)
    out = streams.readouterr().out
    assert json.loads(out) == data
    assert "中文" in out
    assert all(c.isprintable() or c in "\n\u3000" for c in out)
