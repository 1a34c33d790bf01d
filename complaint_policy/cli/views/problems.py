"""Problems as compilers print them: place, code, message, the line itself and a caret under it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text as Line

from complaint_policy.cli.terminal import Terminal, visible
from complaint_policy.loader import shipped_root
from complaint_policy.problems import Place, Problem

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["print_problems"]

_TOKEN = re.compile(r'"[^"]*"|\'[^\']*\'|[\w.%/+-]+|\S')
_STYLES = {"problem": "bold red", "warning": "bold yellow", "note": "bold cyan"}
_LONGEST = 76
_MOST = 200
MAX_EXCERPT_FILE = 4 * 1024 * 1024


def print_problems(problems: Iterable[Problem], terminal: Terminal, console: Console) -> None:
    """Every problem with its excerpt; of very many the first ones."""
    listed = list(problems)
    for problem in listed[:_MOST]:
        console.print(_headline(problem, terminal), soft_wrap=True)
        for line in _excerpt(problem.place, _STYLES[problem.level]):
            console.print(line, soft_wrap=True)
    if len(listed) > _MOST:
        more = len(listed) - _MOST
        console.print(terminal.t(f"... and {more} more (--format json lists all)", f"……另有 {more} 个问题（--format json 列出全部）"))


def _headline(problem: Problem, terminal: Terminal) -> Line:
    """``file:line:column: CODE message (hint)``, the text of ``Problem.render`` in colours."""
    text = visible(problem.render(terminal.language))
    place = visible(f"{problem.place}:")
    line = Line(text)
    label = problem.label(terminal.language)
    if text.startswith(f"{place} {label}"):
        line.stylize("bold", 0, len(place))
        line.stylize(_STYLES[problem.level], len(place) + 1, len(place) + 1 + len(label))
    return line


def _excerpt(place: Place, style: str) -> list[Line]:
    """The line of a problem, cut to what fits around its column, and a caret; nothing where it cannot be read."""
    source = _line_of(place.file, place.line)
    if source is None or not source.strip() or place.column < 1 or place.column > len(source) + 1:
        return []
    start = place.column - 1
    token = _TOKEN.match(source, start)
    length = token.end() - start if token is not None else 1
    begin = 0
    if len(source) > _LONGEST:
        begin = max(0, min(start - _LONGEST // 3, len(source) - _LONGEST))
    shown = source[begin : begin + _LONGEST]
    before, marked = visible(shown[: start - begin]), visible(shown[start - begin : start - begin + length])
    left = "…" if begin else ""
    right = "…" if begin + _LONGEST < len(source) else ""
    number = f"{place.line:>5} │ "
    blank = " " * (len(number) - 2) + "│ "
    gap = " " * (cell_len(left) + cell_len(before))
    code = Line.assemble((number, "dim"), left + visible(shown) + right)
    caret = Line.assemble((blank, "dim"), gap, ("^" * max(1, cell_len(marked)), style))
    return [code, caret]


def _line_of(file: str, number: int) -> str | None:
    lines = _lines(file)
    return lines[number - 1] if lines is not None and 0 < number <= len(lines) else None


@lru_cache(maxsize=32)
def _lines(file: str) -> tuple[str, ...] | None:
    """The lines of a file named in a problem: a path, or a shipped policy's ``cn/telecom/2016-07-30.yaml``."""
    for path in (Path(file), shipped_root() / file):
        try:
            if path.is_file() and path.stat().st_size <= MAX_EXCERPT_FILE:
                return tuple(path.read_text("utf-8", errors="replace").split("\n"))
        except (OSError, ValueError):
            continue
    return None
