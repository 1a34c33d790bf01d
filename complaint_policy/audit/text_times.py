"""Columns of text that tell times in one plain form, read by Polars: what the mapping's formats read cell by cell, for most cells at once.

Only cells of exactly the expected shape are read, those on which ``strptime`` and the mapping's own reader cannot differ; a row with any
other cell keeps its texts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import polars as pl
from attrs import evolve, frozen

from complaint_policy.audit.mapping import ColumnMapping, FieldMapping
from complaint_policy.columns.cells import WHITE

__all__ = ["TextTimes", "text_times"]

_SHAPES: Final = {
    "Y": "[12][0-9]{3}",
    "y": "(?:[0-5][0-9]|6[0-8]|[7-9][0-9])",  # strptime and Polars differ on 69
    "m": "(?:0[1-9]|1[0-2])",
    "d": "(?:0[1-9]|[12][0-9]|3[01])",
    "H": "(?:[01][0-9]|2[0-3])",
    "I": "(?:0[1-9]|1[0-2])",
    "M": "[0-5][0-9]",
    "S": "[0-5][0-9]",
    "p": "(?:AM|PM)",
    "b": "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)",
}
_BETWEEN: Final = " -/.:,T"
_ISO: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
_TYPED: Final = "\x1ft"
_LOOKED_AT: Final = 1000


@frozen
class _Column:
    field: str
    raw: str
    typed: str
    form: str
    shape: str
    kind: Any
    blank: frozenset[str]

    def read(self) -> pl.Expr:
        raw = pl.col(self.raw)
        plain = pl.when(raw.str.contains(self.shape)).then(raw)
        if any(letter in self.form for letter in "HI"):
            moment = plain.str.to_datetime(self.form, time_unit="us", strict=False, cache=False)
            return (moment.dt.date() if self.kind == pl.Date else moment).alias(self.typed)
        return plain.str.to_date(self.form, strict=False, cache=False).alias(self.typed)

    def other(self) -> pl.Expr:
        """Rows whose cell says something else."""
        raw = pl.col(self.raw)
        other = raw.is_not_null() & pl.col(self.typed).is_null()
        return other & ~raw.str.strip_chars(WHITE).is_in(["", *sorted(self.blank)]) if self.blank else other


@frozen
class TextTimes:
    """The columns that are read, and the mapping for a table that has them beside its texts."""

    columns: tuple[_Column, ...]
    mapping: ColumnMapping

    def read(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rows of which every time could be read, with their times, and the others as they are."""
        if not self.columns:
            return frame, frame.clear()
        typed = frame.lazy().with_columns(c.read() for c in self.columns).collect(engine="streaming")
        others = typed.select(pl.any_horizontal(c.other() for c in self.columns).alias("other"))["other"]
        return (typed.filter(~others), frame.filter(others)) if others.any() else (typed, frame.clear())


def text_times(frame: pl.DataFrame, mapping: ColumnMapping, declared: Sequence[Any]) -> TextTimes:
    """The columns whose cells look like times in one form, by some rows of the table; ``declared``: the fields of each version of the policy."""
    columns: list[_Column] = []
    fields: list[FieldMapping] = []
    for field in mapping.fields:
        column = _column(field, mapping, frame, [f[field.name] for f in declared if field.name in f])
        fields.append(field if column is None else FieldMapping(field.name, (column.typed,)))
        columns += [column] if column is not None else []
    return TextTimes(tuple(columns), evolve(mapping, fields=tuple(fields)))


def _column(field: FieldMapping, mapping: ColumnMapping, frame: pl.DataFrame, declared: Sequence[Any]) -> _Column | None:
    days = field.as_date or (bool(field.formats) and not field.formats[0].has_time)
    wanted = ("event", "datetime", "date") if days else ("event", "datetime")
    if field.constant is not None or len(field.columns) != 1 or field.values is not None or not declared:
        return None
    if any(f.type not in wanted or (f.formats and not field.formats) for f in declared):
        return None
    raw = field.columns[0]
    cells = frame[raw].drop_nulls().head(_LOOKED_AT)
    # Only the first format is sure to be the one that reads a cell.
    for form in [field.formats[0].text] if field.formats else _ISO:
        shape = _shape(form)
        if shape is not None and len(cells) and cells.str.contains(shape).mean() > 0.5:  # type: ignore[operator]
            bare = not any(letter in form for letter in "HI")
            if bare and not days and any(f.type == "date" for f in declared):
                return None
            blank = mapping.blank if field.blank is None else field.blank
            return _Column(field.name, raw, _TYPED + field.name, form, shape, pl.Date if days or bare else pl.Datetime("us"), blank)
    return None


def _shape(form: str) -> str | None:
    """The pattern of the texts of a form, where every part of it is plain."""
    parts: list[str] = []
    for directive, other in re.findall(r"%(.)|(.)", form, re.DOTALL):
        if directive in _SHAPES:
            parts.append(_SHAPES[directive])
        elif other and other in _BETWEEN:
            parts.append(re.escape(other))
        else:
            return None
    if ("%H" in form or "%I" in form) and "%M" not in form:
        return None
    return "^" + "".join(parts) + "$" if "  " not in form else None
