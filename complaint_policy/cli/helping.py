"""Help pages, drawn so that Chinese (two cells a character) lines up."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text as Line

from complaint_policy.cli.views.flow import Flow

if TYPE_CHECKING:
    from complaint_policy.cli.terminal import Terminal

__all__ = ["help_page"]

_WIDEST = 100


def help_page(
    terminal: Terminal,
    ctx: click.Context,
    text: str,
    arguments: Sequence[tuple[str, str]],
    commands: Sequence[tuple[str, str]],
    closing: str | None,
    examples: Sequence[str] = (),
) -> str:
    """The page of the program (with its commands) or of one command (with its arguments)."""
    console = Console(file=io.StringIO(), width=min(_WIDEST, terminal.out.width), highlight=False, markup=False, emoji=False)
    usage = " ".join(ctx.command.collect_usage_pieces(ctx))
    console.print(Line(f"{terminal.t('Usage: ', '用法：')}{ctx.command_path} {usage}"), soft_wrap=True)
    console.print()
    console.print(Padding(Flow(text), (0, 0, 0, 2)))
    required = terminal.t("(required)", "（必填）")
    options = [
        (name, help_text.replace("[required]", required))
        for p in ctx.command.get_params(ctx)
        if isinstance(p, click.Option) and (record := p.get_help_record(ctx)) is not None
        for name, help_text in [record]
    ]
    for title, rows in (
        (terminal.t("Arguments", "参数"), arguments),
        (terminal.t("Commands", "命令"), commands),
        (terminal.t("Options", "选项"), options),
    ):
        if rows:
            console.print()
            console.print(Line(f"{title}{terminal.t(':', '：')}"))
            console.print(Padding(_grid(rows), (0, 0, 0, 2)))
    if examples:
        console.print()
        console.print(Line(terminal.t("Examples:", "示例：")))
        for example in examples:
            console.print(Line(f"  {example}"), soft_wrap=True)
    if closing is not None:
        console.print()
        console.print(Line(closing))
    file = console.file
    assert isinstance(file, io.StringIO)
    return "\n".join(line.rstrip() for line in file.getvalue().rstrip().splitlines())


def _grid(rows: Sequence[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, text in rows:
        grid.add_row(Line(name), Flow(text))
    return grid
