"""Columns of text that tell times, numbers or yes and no in one plain form, read by Polars: most of their cells at once, not one by one.

Only cells of exactly the expected shape are read, those on which the record's own reader cannot differ; a row with any other cell keeps
its texts.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import polars as pl
from attrs import define, evolve, frozen

from complaint_policy.audit.mapping import ColumnMapping, FieldMapping
from complaint_policy.coerce import Unusable, parse_boolean
from complaint_policy.columns.cells import PLAIN_NUMBER, PLAIN_WHOLE, WHITE
from complaint_policy.columns.clock import changes
from complaint_policy.zones import Zone

__all__ = ["Others", "PlainTexts", "plain_texts"]

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
_DAY: Final = "%Y-%m-%d"
_ISO: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", _DAY)
_TYPED: Final = "\x1ft"
# So many rows of a table that are no columns are judged one by one: to make ready for them would take longer.
FEW_OTHERS: Final = 1_000
_LOOKED_AT: Final = 1000
_WORDS: Final = 6
_MICRO: Final = timedelta(microseconds=1)


@frozen
class _Column(ABC):
    """A column ``raw`` of texts that is read to a column ``typed`` beside it; ``blank`` are texts that say nothing."""

    raw: str
    typed: str
    blank: frozenset[str]

    @abstractmethod
    def read(self) -> pl.Expr:
        """The values of plain cells, null elsewhere."""

    def told(self, shape: str) -> pl.Expr:
        """The cells of a shape that say something."""
        raw = pl.col(self.raw)
        blank = sorted(text for text in self.blank if re.search(shape, text))
        return pl.when(raw.str.contains(shape) & ~raw.is_in(blank) if blank else raw.str.contains(shape)).then(raw)

    def other(self) -> pl.Expr:
        """Rows whose cell says something else."""
        raw = pl.col(self.raw)
        other = raw.is_not_null() & pl.col(self.typed).is_null()
        return other & ~raw.str.strip_chars(WHITE).is_in(["", *sorted(self.blank)]) if self.blank else other


@frozen
class _Times(_Column):
    """Times of one form and its shape, or their days; those between the ends of ``gaps`` are left to the record's reader."""

    form: str
    shape: str
    days: bool
    gaps: tuple[tuple[datetime, datetime], ...]

    def read(self) -> pl.Expr:
        plain = self.told(self.shape)
        if any(letter in self.form for letter in "HI"):
            moment = plain.str.to_datetime(self.form, time_unit="us", strict=False, cache=False)
            if self.gaps:
                moment = pl.when(~pl.any_horizontal(moment.is_between(*gap, closed="left") for gap in self.gaps)).then(moment)
            return (moment.dt.date() if self.days else moment).alias(self.typed)
        return plain.str.to_date(self.form, strict=False, cache=False).alias(self.typed)


@frozen
class _Numbers(_Column):
    whole: bool

    def read(self) -> pl.Expr:
        return self.told(PLAIN_WHOLE if self.whole else PLAIN_NUMBER).cast(pl.Int64 if self.whole else pl.Float64, strict=False).alias(self.typed)


@frozen
class _Answers(_Column):
    """Yes and no, in a few words each."""

    words: tuple[tuple[str, bool], ...]

    def read(self) -> pl.Expr:
        raw = pl.col(self.raw)
        yes, no = ([raw == word for word, answer in self.words if answer is meant] for meant in (True, False))
        return pl.when(pl.any_horizontal(pl.lit(False), *yes)).then(True).when(pl.any_horizontal(pl.lit(False), *no)).then(False).alias(self.typed)


@frozen
class PlainTexts:
    """The columns that are read, and the mapping for a table that has them beside its texts."""

    columns: tuple[_Column, ...]
    mapping: ColumnMapping

    def read(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rows of which every such cell could be read, with what it says, and the others as they are."""
        if not self.columns:
            return frame, frame.clear()
        # A block is one piece of work to the streaming engine; the other one reads its columns side by side.
        typed = frame.lazy().with_columns(c.read() for c in self.columns).collect(engine="in-memory")
        others = typed.select(pl.any_horizontal(c.other() for c in self.columns).alias("other"))["other"]
        return (typed.filter(~others), frame.filter(others)) if others.any() else (typed, frame.clear())


@define
class Others:
    """How many rows of a table have been no columns so far."""

    rows: int = 0

    def are_few(self, more: int) -> bool:
        """Whether so many ``more`` are judged one by one."""
        self.rows += more
        return self.rows <= FEW_OTHERS


def plain_texts(frame: pl.DataFrame, mapping: ColumnMapping, declared: Sequence[Any], zone: Zone) -> PlainTexts:
    """The columns whose cells look plain, by some rows of the table; ``declared``: the fields of each version of the policy, whose zone is ``zone``."""
    columns: list[_Column] = []
    fields: list[FieldMapping] = []
    for field in mapping.fields:
        column = _column(field, mapping, frame, [f[field.name] for f in declared if field.name in f], zone)
        # What is blank is null there.
        fields.append(field if column is None else FieldMapping(field.name, (column.typed,), blank=frozenset()))
        columns += [column] if column is not None else []
    return PlainTexts(tuple(columns), evolve(mapping, fields=tuple(fields)))


def _column(field: FieldMapping, mapping: ColumnMapping, frame: pl.DataFrame, declared: Sequence[Any], zone: Zone) -> _Column | None:
    if field.constant is not None or len(field.columns) != 1 or field.values is not None or not declared:
        return None
    raw = field.columns[0]
    if frame.schema[raw] != pl.String:
        return None
    cells = frame[raw].drop_nulls().head(_LOOKED_AT)
    if not len(cells):
        return None
    place = raw, _TYPED + field.name, mapping.blank if field.blank is None else field.blank
    kinds = {f.type for f in declared}
    if not field.formats and not field.as_date:
        if kinds <= {"number", "money"} or kinds == {"integer"}:
            whole = kinds == {"integer"}
            return _Numbers(*place, whole) if _mostly(cells, PLAIN_WHOLE if whole else PLAIN_NUMBER) else None
        if kinds == {"boolean"}:
            return _answers(cells, *place)
    return _times(field, cells, declared, zone, *place)


def _times(field: FieldMapping, cells: pl.Series, declared: Sequence[Any], zone: Zone, raw: str, typed: str, blank: frozenset[str]) -> _Times | None:
    plainly = not field.formats and not field.as_date and all(f.type == "date" for f in declared)
    days = field.as_date or plainly or (bool(field.formats) and not field.formats[0].has_time)
    wanted = ("event", "datetime", "date") if days else ("event", "datetime")
    if any(f.type not in wanted or (f.formats and not field.formats) for f in declared):
        return None
    # Only the first format is sure to be the one that reads a cell.
    for form in [field.formats[0].text] if field.formats else [_DAY] if plainly else _ISO:
        shape = _shape(form)
        if shape is not None and _mostly(cells, shape):
            # Without a format the day of a time is that of the instant it tells.
            gaps = _leaps(zone) if field.as_date and not field.formats and form != _DAY else ()
            return _Times(raw, typed, blank, form, shape, days, gaps)
    return None


@lru_cache(maxsize=64)
def _leaps(zone: Zone) -> tuple[tuple[datetime, datetime], ...]:
    """Wall times that the zone's clock leapt over, where reading them as later by the gap may give another day (ends exclusive)."""
    gaps = ((at + before * _MICRO, at + after * _MICRO) for at, before, after in changes(zone, date(1850, 1, 1), date(2200, 1, 1)) if after > before)
    return tuple((begin, end) for begin, end in gaps if (end + (end - begin) - _MICRO).date() != begin.date())


def _answers(cells: pl.Series, raw: str, typed: str, blank: frozenset[str]) -> _Answers | None:
    """The words of the first cells that mean yes or no."""
    words: list[tuple[str, bool]] = []
    for word in sorted(cells.unique(maintain_order=True).head(_WORDS + 1)):
        if word.strip() in blank:
            continue
        try:
            words.append((word, parse_boolean(word)))
        except Unusable:
            continue
    known = int(cells.is_in([word for word, _ in words]).sum())
    return _Answers(raw, typed, blank, tuple(words)) if known * 2 > len(cells) else None


def _mostly(cells: pl.Series, shape: str) -> bool:
    return int(cells.str.contains(shape).sum()) * 2 > len(cells)


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
    if ("%H" in form or "%I" in form) is not ("%M" in form):
        return None
    if "%S" in form and "%M" not in form:
        return None
    return "^" + "".join(parts) + "$" if "  " not in form else None
