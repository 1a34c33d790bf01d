"""Tables, colours and times, the same in every command."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from rich import box
from rich.table import Table as _Table
from rich.text import Text as Line

from complaint_policy.cli.terminal import visible
from complaint_policy.cli.views.flow import Flow
from complaint_policy.outcomes import OUTCOME_TEXTS
from complaint_policy.texts import Text
from complaint_policy.wording import SOURCE_TEXTS, STATE_TEXTS

__all__ = ["OUTCOME_STYLE", "STATUS_STYLE", "Table", "moment", "outcome", "pairs", "source_status", "state", "table"]

OUTCOME_STYLE: Final = {
    "breached": "bold red",
    "indeterminate": "bold magenta",
    "at_risk": "bold yellow",
    "pending": "cyan",
    "waived": "blue",
    "met": "green",
    "exempt": "dim",
    "not_applicable": "dim",
}
STATUS_STYLE: Final = {"verified": "green", "second-hand": "yellow", "company": "cyan"}
_STATE_STYLE: Final = {"proposed": "bold red", "accruing": "bold yellow", "indeterminate": "bold magenta", "waived": "blue"}


class Table(_Table):
    """A table whose cells are texts, wrapped for both languages."""

    def add_row(self, *cells: Any, **settings: Any) -> None:
        super().add_row(*(Flow.of(cell) if isinstance(cell, (str, Line)) else cell for cell in cells), **settings)


def table(*columns: str, title: str | None = None, fixed: int = 1) -> Table:
    """An open table; a column whose heading ends with ``>`` is set right, the first ``fixed`` ones are never broken."""
    made = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", header_style="bold dim", pad_edge=False, show_edge=False)
    made.padding = (0, 1, 0, 0)
    for position, column in enumerate(columns):
        right = column.endswith(" >")
        made.add_column(Flow(column.removesuffix(" >")), justify="right" if right else "left", no_wrap=position < fixed)
    return made


def pairs(*, gap: int = 2, style: str = "dim") -> Table:
    """A list of labels and values."""
    made = Table(box=None, show_header=False, show_edge=False, pad_edge=False, padding=(0, gap, 0, 0))
    made.add_column(style=style, no_wrap=True)
    made.add_column()
    return made


def outcome(word: str, language: str) -> Line:
    """An outcome in its colour."""
    text = OUTCOME_TEXTS.get(word) or Text(word, word)
    return Line(visible(text.get(language)), style=OUTCOME_STYLE.get(word, ""))


def state(word: str, language: str) -> Line:
    """A penalty's state in its colour."""
    text = STATE_TEXTS.get(word) or Text(word, word)
    return Line(visible(text.get(language)), style=_STATE_STYLE.get(word, ""))


def source_status(word: str) -> Text:
    """How far a source is verified."""
    return SOURCE_TEXTS.get(word) or (Text(word, word) if word else Text("status not stated", "未注明"))


def moment(value: datetime | None) -> str:
    """A local time, the same in both languages; seconds only where there are any."""
    if value is None:
        return "–"
    return value.strftime("%Y-%m-%d %H:%M:%S" if value.second else "%Y-%m-%d %H:%M")
