"""The records behind a figure of a portfolio rule, on a terminal or as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text as Line

from complaint_policy.cli.terminal import Terminal, visible
from complaint_policy.cli.views.tables import table
from complaint_policy.texts import Text

if TYPE_CHECKING:
    from complaint_policy.audit import Audit

__all__ = ["print_figure"]

_PARTS: Final = {
    "numerator": Text("numerator", "分子"),
    "rest": Text("rest", "分母中其余"),
    "among": Text("among", "分母"),
    "undecided": Text("undecided", "未定"),
    "excluded": Text("excluded", "除外"),
}
# Whoever asks for no part sees each record once.
_DEFAULT: Final = ("numerator", "rest", "undecided", "excluded")


def print_figure(audit: Audit, rule: str, parts: tuple[str, ...], terminal: Terminal) -> None:
    """Every record of the figures of a rule, by period, group and part; with several figures each group stands by itself."""
    found = audit.figure_records(rule, parts or _DEFAULT)
    if terminal.as_json:
        terminal.json({"rule": rule, "records": found.to_dicts()})
        return
    t = terminal.t
    columns = {
        "period": t("period", "期间"), "group": t("group", "分组"), "part": t("part", "部分"), "row": t("row", "行"), "id": t("id", "编号"),
        "value": t("value", "数值"),
    }  # fmt: skip
    shown = [name for name in columns if name in ("part", "row", "id") or _says(found, name)]
    drawn = table(*(columns[name] for name in shown), title=f"{rule}: {t(f'{found.height:,} records', f'{found.height:,}条记录')}")
    for record in found.iter_rows(named=True):
        texts = {**record, "group": " / ".join(record["group"]), "part": terminal.say(_PARTS[record["part"]]), "row": str(record["row"])}
        drawn.add_row(*(Line(visible(texts[name] or "")) for name in shown))
    terminal.print(drawn)


def _says(found: object, name: str) -> bool:
    """Whether a column says anything that is not the same for every record."""
    import polars as pl

    assert isinstance(found, pl.DataFrame)
    values = found[name]
    if name == "group":
        return bool((values.list.len() > 0).any())
    return values.null_count() < len(values) and (name == "value" or values.n_unique() > 1)
