"""The pictures of the two readmes, from what the command really prints: ``make images``.

A picture shows some sections of the output; it asks nothing of the network.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html import escape, unescape
from io import StringIO
from pathlib import Path
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

FOLDER: Final = Path(__file__).resolve().parent
ROOT: Final = FOLDER.parents[1]
COMMAND: Final = ("audit", "examples/demo/complaints.csv", "--mapping", "examples/demo/mapping.yaml", "--as-of", "2026-03-25T09:00")
WIDTH: Final = 100
# Language, picture, the titles of the sections shown.
PICTURES: Final = (
    ("en", "audit.svg", ("Rows", "Rejected rows", "By status", "By rule")),
    ("zh", "audit.zh.svg", ("行数核对", "未采用的行", "按状态", "按规则")),
)


def printed(language: str, *, colour: bool = False) -> str:
    """What the command prints, 100 columns wide."""
    environment = {**os.environ, "COLUMNS": str(WIDTH), "PYTHONIOENCODING": "utf-8"}
    environment.pop("NO_COLOR", None)
    environment.pop("FORCE_COLOR", None)
    if colour:
        environment |= {"FORCE_COLOR": "1", "TERM": "xterm-256color"}
    command = [sys.executable, "-m", "complaint_policy", *COMMAND, "--lang", language]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
    return done.stdout.decode("utf-8")


def excerpt(output: str, titles: tuple[str, ...]) -> str:
    """The sections of those titles; what stands between them is left out, and a line says so."""
    sections = re.split(r"\n\s*\n", output.strip("\n"))
    shown: list[str] = []
    for index, section in enumerate(sections):
        if re.sub(r"\x1b\[[0-9;]*m", "", section).splitlines()[0].strip() in titles:
            shown.append(section)
        elif index and shown and shown[-1] != "…":
            shown.append("…")
    return "\n\n".join(shown)


_TEXT: Final = re.compile(
    r'<text class="(?P<style>[^"]+-r\d+)" x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)" textLength="[\d.]+" clip-path="(?P<clip>[^"]+)">(?P<text>[^<]*)</text>'
)
_PART: Final = re.compile(r"[\u2e80-\uffef]+|[^\s\u2e80-\uffef]+(?: [^\s\u2e80-\uffef]+)*")
_CELL: Final = 12.2  # the width of one column at the size rich draws in


def _cells(found: re.Match[str]) -> str:
    """One element a table cell, each at its own column: Chinese glyphs are not exactly two columns wide."""
    text = unescape(found["text"]).replace("\xa0", " ")
    drawn = []
    for part in _PART.finditer(text):
        x = float(found["x"]) + cell_len(text[: part.start()]) * _CELL
        width = cell_len(part[0]) * _CELL
        drawn.append(
            f'<text class="{found["style"]}" x="{x:.1f}" y="{found["y"]}" textLength="{width:.1f}" clip-path="{found["clip"]}">{escape(part[0])}</text>'
        )
    return "".join(drawn)


def picture(language: str, titles: tuple[str, ...]) -> str:
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(f"$ complaint-policy {COMMAND[0]} {COMMAND[1]} … --lang {language}\n"))
    console.print(Text.from_ansi(excerpt(printed(language, colour=True), titles)))
    drawn = console.export_svg(title="complaint-policy", unique_id=f"audit-{language}")
    drawn = _TEXT.sub(_cells, drawn)
    drawn = re.sub(r"\s*@font-face \{.*?\n    \}\n", "\n", drawn, flags=re.DOTALL)
    return drawn.replace("Fira Code, monospace", "Fira Code, Menlo, Consolas, DejaVu Sans Mono, Liberation Mono, Noto Sans Mono CJK SC, monospace")


if __name__ == "__main__":
    for language, name, titles in PICTURES:
        (FOLDER / name).write_text(picture(language, titles) + "\n", encoding="utf-8")
