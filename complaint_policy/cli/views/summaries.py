"""The summary of an audit as tables on a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.measure import Measurement
from rich.text import Text as Line

from complaint_policy.cli.terminal import Terminal, visible
from complaint_policy.cli.views.tables import OUTCOME_STYLE, pairs, table
from complaint_policy.outcomes import OUTCOME_TEXTS
from complaint_policy.texts import Text

if TYPE_CHECKING:
    from complaint_policy.audit.sections import Cell, Section
    from complaint_policy.cli.views.tables import Table

__all__ = ["print_summary"]

_ENDLESS = 10_000
_STYLES = {text: OUTCOME_STYLE[word] for word, text in OUTCOME_TEXTS.items()}


def print_summary(sections: Iterable[Section], terminal: Terminal) -> None:
    """Every section, one after the other."""
    for position, section in enumerate(sections):
        if position:
            terminal.print("")
        terminal.print(Line(terminal.say(section.title), style="bold"), _drawn(section, terminal))
        if section.note is not None:
            terminal.print(Line(f"  {terminal.say(section.note)}", style="dim"))


def _drawn(section: Section, terminal: Terminal) -> Table:
    if not any(column.get(terminal.language) for column in section.columns):
        shown = pairs()
        for row in section.rows:
            shown.add_row(*_row(row, section, terminal, indent=True))
        return shown
    numbers = [all(_numeric(row[i]) for row in section.rows) for i in range(len(section.columns))]
    headings = [terminal.say(c) + (" >" if right else "") for c, right in zip(section.columns, numbers, strict=True)]
    rows = [_row(row, section, terminal) for row in section.rows]
    texts = numbers.index(True) if True in numbers else len(numbers)
    wide = _table(headings, rows, fixed=0 if section.id == "rejected" else 1)
    if texts < 2 or _natural_width(wide, terminal) <= terminal.out.width:
        return wide
    # Too wide: the texts that name a row stand under one another.
    return _table([headings[0], *headings[texts:]], [[_stacked(row[:texts]), *row[texts:]] for row in rows], fixed=0)


def _natural_width(shown: Table, terminal: Terminal) -> int:
    return Measurement.get(terminal.out, terminal.out.options.update_width(_ENDLESS), shown).maximum


def _table(headings: list[str], rows: list[list[Line]], *, fixed: int) -> Table:
    shown = table(*headings, fixed=fixed)
    for row in rows:
        shown.add_row(*row)
    return shown


def _stacked(cells: list[Line]) -> Line:
    rest = " · ".join(cell.plain for cell in cells[1:] if cell.plain)
    return Line.assemble(cells[0], "\n", (rest, "dim"))


def _row(row: tuple[Cell, ...], section: Section, terminal: Terminal, *, indent: bool = False) -> list[Line]:
    """The cells, an outcome and the counts under one in its colour, zeros pale."""
    cells = []
    for position, cell in enumerate(row):
        style = _STYLES.get(section.columns[position], "")
        if isinstance(cell, Text):
            text, style = cell.get(terminal.language), _STYLES.get(cell, style)
        elif isinstance(cell, int):
            text, style = f"{cell:,}", style if cell else "dim"
        else:
            text = cell or ""
        blank = "  " if indent and not position else ""
        cells.append(Line(blank + visible(text), style=style))
    return cells


def _numeric(cell: Cell) -> bool:
    """Counts, shares, sums and spans: what is compared down a column."""
    if isinstance(cell, Text):
        return cell.en[:1].isdigit() and " " in cell.en
    if isinstance(cell, str):
        return cell == "–" or (cell[:1].isdigit() and (cell.endswith("%") or "." in cell))
    return True
