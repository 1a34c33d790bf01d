"""The exposure table of an audit: ``period``, the groups, and a column for each exposure that a rate of the policy names."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import Any, Final

from complaint_policy.audit.cells import as_text
from complaint_policy.audit.interfaces import AnyPolicy
from complaint_policy.audit.sources import InputOptions, Row, open_source
from complaint_policy.audit.tables import memory_table
from complaint_policy.coerce import is_empty, parse_decimal
from complaint_policy.errors import InputError, UsageError
from complaint_policy.periods import kind_of
from complaint_policy.problems import nearest
from complaint_policy.rules.portfolio.exposures import NO_EXPOSURES, Axes, Exposures
from complaint_policy.texts import Text, joined

__all__ = ["read_exposures"]

_PERIOD: Final = "period"
_MOST_TOLD: Final = 10


def read_exposures(policy: AnyPolicy, source: object) -> Exposures:
    """The exposures in a file or table, for the rates of a policy; nothing of ``None``.

    A row holds for the groups whose cells are filled: one with a blank ``product`` is for all products together.  Raises
    :class:`InputError` with every row that cannot be used, :class:`UsageError` where the policy has no rate.
    """
    if source is None:
        return NO_EXPOSURES
    if isinstance(source, Exposures):
        return source
    rates = [r for v in policy.versions for r in getattr(v.model, "sections", {}).get("portfolio", ()) if r.exposure is not None]
    if not rates:
        raise UsageError(Text("the policy has no rate: exposures are of no use", "制度中没有 rate 指标，无需 exposures"))
    table = open_source(Path(source), InputOptions()) if isinstance(source, (str, PathLike)) else memory_table(source)
    names = tuple(n for n in dict.fromkeys(r.exposure for r in rates) if n in table.columns)
    groups = {"severity", "owner"}.union(*({*v.model.fields, *v.model.facts} for v in policy.versions))
    axes = tuple(c for c in table.columns if c in groups and c not in names)
    if _PERIOD not in table.columns or not names:
        wanted = _PERIOD if _PERIOD not in table.columns else rates[0].exposure
        message = Text(f"'{table.name}' has no column '{wanted}'", f"“{table.name}”没有“{wanted}”列")
        hint = nearest(wanted, table.columns)
        raise InputError(message if hint is None else message + Text(f"; {hint.en}", f"；{hint.zh}"))
    numbers: dict[tuple[str, str], dict[Axes, Fraction]] = {}
    told: list[Text] = []
    lines: dict[tuple[str, str, Axes], int] = {}
    for row in table.rows((_PERIOD, *axes, *names)):
        for name, period, group, number in _read(row, axes, names, told):
            first = lines.setdefault((name, period, group), row.line)
            if first != row.line:
                told.append(Text(f"row {row.line}: '{name}' of {period} stands in row {first} already", f"第{row.line}行：{period}的“{name}”已见于第{first}行"))
            numbers.setdefault((name, period), {})[group] = number
    if told:
        shown = told[:_MOST_TOLD]
        if len(told) > len(shown):
            shown.append(Text(f"and {len(told) - len(shown)} more", f"另有{len(told) - len(shown)}处"))
        raise InputError(Text(f"'{table.name}': ", f"“{table.name}”：") + joined(shown))
    return Exposures(numbers)


def _read(row: Row, axes: tuple[str, ...], names: tuple[str, ...], told: list[Text]) -> Iterator[tuple[str, str, Axes, Fraction]]:
    """The numbers of one row; what cannot be used is told."""
    place = Text(f"row {row.line}: ", f"第{row.line}行：")
    if row.fault is not None:
        told.append(place + row.fault)
        return
    period = _label(row.cells[0])
    if kind_of(period) is None:
        form = "2026-W10, 2026-03, 2026-Q1, 2026-H1, 2026, all"
        told.append(place + Text(f"'{period}' is no period (as in {form})", f"“{period}”不是期间（例如 {form}）"))
        return
    cells = row.cells[1 : 1 + len(axes)]
    group = frozenset((axis, _label(cell)) for axis, cell in zip(axes, cells, strict=True) if not is_empty(cell))
    for name, cell in zip(names, row.cells[1 + len(axes) :], strict=True):
        if is_empty(cell):
            continue
        number = None if isinstance(cell, bool) else parse_decimal(as_text(cell))
        if number is None or number < 0:
            told.append(place + Text(f"'{_label(cell)}' is no number for '{name}'", f"“{_label(cell)}”不是“{name}”可用的数字"))
        else:
            yield name, period, group, Fraction(number)


def _label(cell: Any) -> str:
    return unicodedata.normalize("NFC", as_text(cell).strip()) if not is_empty(cell) else ""
