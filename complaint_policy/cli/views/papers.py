"""A document as Markdown, as one HTML page, on a terminal, and as data.

Every text may come from a policy file of strangers: nothing of it becomes markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import Any, Final

from rich.padding import Padding
from rich.text import Text as Line

from complaint_policy.cli.terminal import Terminal, visible
from complaint_policy.cli.views.document import Block, Grid, Heading, Pairs, Paragraph
from complaint_policy.cli.views.flow import Flow
from complaint_policy.cli.views.tables import pairs, table
from complaint_policy.texts import Language, Text

__all__ = ["as_data", "as_html", "as_markdown", "print_document"]

# What Markdown could read as markup, wherever it stands.
_MARKUP: Final = re.compile(r"([\\`*_\[\]<>|~&#])")
# What it could read as one at the start of a line: the sign of a list, or the dot of a numbered one.
_LINE_START: Final = re.compile(r"^(\s*)(?=[-+=])|^(\s*\d+)(?=[.)](?:\s|$))")

_STYLE: Final = """\
body{font:16px/1.6 "Noto Sans CJK SC","PingFang SC","Microsoft YaHei",system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1c1c1c}
h1{font-size:1.7rem;border-bottom:2px solid #1c1c1c;padding-bottom:.4rem}
h2{font-size:1.3rem;margin-top:2.2rem;border-bottom:1px solid #bbb;padding-bottom:.2rem}
h3{font-size:1.05rem;margin:1.6rem 0 .3rem}
table{border-collapse:collapse;width:100%;margin:.6rem 0}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border:1px solid #ccc}
th{background:#f2f2f2;font-weight:600}
dl{display:grid;grid-template-columns:minmax(7rem,auto) 1fr;gap:.15rem 1rem;margin:.3rem 0}
dt{color:#555}dd{margin:0}
@media print{body{margin:0;max-width:none;font-size:11pt}h2,h3{break-after:avoid}tr,dl{break-inside:avoid}}
@media(prefers-color-scheme:dark){body{background:#181818;color:#e6e6e6}th{background:#2a2a2a}th,td{border-color:#444}h1{border-color:#e6e6e6}dt{color:#aaa}}
"""


def as_markdown(blocks: Iterable[Block], language: Language) -> str:
    """CommonMark with tables."""

    def say(text: Text) -> str:
        return _LINE_START.sub(r"\g<0>\\", _MARKUP.sub(r"\\\1", _one_line(text.get(language))))

    parts: list[str] = []
    for block in blocks:
        match block:
            case Heading(level=level, text=text):
                parts.append(f"{'#' * level} {say(text)}\n")
            case Paragraph(text=text):
                parts.append(f"{say(text)}\n")
            case Pairs(rows=rows):
                colon = "：" if language == "zh" else ": "
                parts.append("".join(f"- **{say(label)}**{colon}{say(value)}\n" for label, value in rows))
            case Grid(columns=columns, rows=rows):
                lines = [[say(c) for c in columns], ["---"] * len(columns), *([say(c) for c in row] for row in rows)]
                parts.append("".join(f"| {' | '.join(line)} |\n" for line in lines))
    return "\n".join(parts)


def as_html(blocks: Iterable[Block], language: Language) -> str:
    """One page that needs nothing beside it: no script, no address of anywhere."""
    listed = list(blocks)

    def say(text: Text) -> str:
        return escape(visible(text.get(language)))

    title = next((say(block.text) for block in listed if isinstance(block, Heading)), "")
    parts: list[str] = []
    for block in listed:
        match block:
            case Heading(level=level, text=text, anchor=anchor):
                identity = f' id="{escape(anchor)}"' if anchor else ""
                parts.append(f"<h{level}{identity}>{say(text)}</h{level}>")
            case Paragraph(text=text):
                parts.append(f"<p>{say(text)}</p>")
            case Pairs(rows=rows):
                parts.append("<dl>" + "".join(f"<dt>{say(label)}</dt><dd>{say(value)}</dd>" for label, value in rows) + "</dl>")
            case Grid(columns=columns, rows=rows):
                head = "".join(f'<th scope="col">{say(c)}</th>' for c in columns)
                body = "\n".join("<tr>" + "".join(f"<td>{say(c)}</td>" for c in row) + "</tr>" for row in rows)
                parts.append(f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>")
    tongue = "zh-CN" if language == "zh" else "en"
    head = f'<meta charset="utf-8">\n<meta name="viewport" content="width=device-width,initial-scale=1">\n<title>{title}</title>\n<style>\n{_STYLE}</style>'
    return f'<!DOCTYPE html>\n<html lang="{tongue}">\n<head>\n{head}\n</head>\n<body>\n<main>\n' + "\n".join(parts) + "\n</main>\n</body>\n</html>\n"


def as_data(blocks: Iterable[Block]) -> list[dict[str, Any]]:
    """The blocks as plain data, in both languages."""
    found: list[dict[str, Any]] = []
    for block in blocks:
        match block:
            case Heading(level=level, text=text, anchor=anchor):
                found.append({"heading": text.to_dict(), "level": level, **({"rule": anchor} if anchor else {})})
            case Paragraph(text=text):
                found.append({"paragraph": text.to_dict()})
            case Pairs(rows=rows):
                found.append({"pairs": [{"label": label.to_dict(), "text": value.to_dict()} for label, value in rows]})
            case Grid(columns=columns, rows=rows):
                found.append({"columns": [c.to_dict() for c in columns], "rows": [[c.to_dict() for c in row] for row in rows]})
    return found


def print_document(blocks: Iterable[Block], terminal: Terminal) -> None:
    """The document on a terminal."""
    for position, block in enumerate(blocks):
        match block:
            case Heading(level=level, text=text):
                if position:
                    terminal.print("")
                terminal.print(Flow(terminal.say(text), style="bold" if level > 1 else "bold underline"))
            case Paragraph(text=text):
                terminal.print(Flow(terminal.say(text)))
            case Pairs(rows=rows):
                shown = pairs()
                for label, value in rows:
                    shown.add_row(terminal.say(label), terminal.say(value))
                terminal.print(Padding(shown, (0, 0, 0, 2)))
            case Grid(columns=columns, rows=rows):
                grid = table(*(terminal.say(c) for c in columns), fixed=0)
                for row in rows:
                    grid.add_row(*(Line(terminal.say(c)) for c in row))
                terminal.print(grid)


def _one_line(text: str) -> str:
    return " ".join(visible(text).split())
