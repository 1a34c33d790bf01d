"""Mappings for a drawn table: other headers, words for blank cells, values, formats, joined columns, constants, rows that are left out.

What a mapping makes of a row is said once, by the record's reader; an audit that goes by columns has to say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

import polars as pl
import yaml

from complaint_policy import Policy
from complaint_policy.audit import read_mapping
from complaint_policy.audit.cells import as_text
from complaint_policy.audit.judging import fields_of_policy
from complaint_policy.audit.mapping import ColumnMapping
from complaint_policy.errors import MappingError
from complaint_policy.fields import Field

__all__ = ["FEATURES", "draw_mapping", "features_of_mapping", "headed"]

_WORDS: Final = ("N/A", "-", "0", "无", "null", "1900-01-01 00:00:00")
_FORMATS: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%Y/%m/%d %H:%M", "%Y-%m-%dT%H:%M:%S.%f", "%d.%m.%Y", "%Y-%m-%d %H:%M:%S%z")
_MOMENTS: Final = ("2026-03-02 09:30:00", "2026-03-29T01:30:00", "2026-03-08", "2026-03-01T10:00:00Z")
# What a cell may mean, by the type of the field.
_MEANINGS: Final[dict[str, Sequence[str]]] = {
    "boolean": ("true", "否", "Y"), "integer": ("0", "3", "1,000"), "number": ("0", "2.5", "-1"), "money": ("0", "12.50", "1000"), "string": ("x", "fraud", " a b "),
    "event": _MOMENTS, "datetime": _MOMENTS, "date": _MOMENTS, "list": ("a; b", "x"),
}  # fmt: skip


FEATURES: Final[dict[str, Callable[[ColumnMapping], bool]]] = {
    "blank": lambda m: bool(m.blank),
    "where": lambda m: bool(m.where),
    "skip_blank: false": lambda m: not m.skip_blank,
    "blank of a field": lambda m: any(f.blank is not None for f in m.fields),
    "values": lambda m: any(f.values is not None for f in m.fields),
    "otherwise": lambda m: any(f.otherwise is not None for f in m.fields),
    "format": lambda m: any(f.formats for f in m.fields),
    "as: date": lambda m: any(f.as_date for f in m.fields),
    "join": lambda m: any(len(f.columns) > 1 for f in m.fields),
    "constant": lambda m: any(f.constant is not None for f in m.fields),
}


def features_of_mapping(mapping: ColumnMapping) -> list[str]:
    """What a mapping has, by name."""
    return [name for name, has in FEATURES.items() if has(mapping)]


def headed(frame: pl.DataFrame, random: Random) -> pl.DataFrame:
    """The frame under the headers of somebody's export."""
    shapes = ("{0}", "{1}. {0}", " {0} ", "列 {0}", '"{0}"', "{0}, {1}")
    return frame.rename({name: random.choice(shapes).format(name, number) for number, name in enumerate(frame.columns)})


def draw_mapping(policy: Policy, names: Sequence[str], shown: pl.DataFrame, random: Random) -> ColumnMapping | None:
    """A mapping of a table whose columns are those of ``shown`` and hold the fields ``names``; ``None`` where what was drawn is refused."""
    known = {declared.name: declared for declared in fields_of_policy(policy)}
    drawing = _Mapping(shown, random)
    fields: dict[str, Any] = {}
    for name, header in zip(names, shown.columns, strict=True):
        if name in known and (name == "received_at" or random.random() < 0.95):
            fields[name] = drawing.field(known[name], header)
    written: dict[str, Any] = {"format": 1, "mapping": "drawn", "fields": fields}
    if random.random() < 0.5:
        written["blank"] = drawing.some(drawing.texts(random.choice(shown.columns)))
    rows: dict[str, Any] = {}
    if random.random() < 0.3:
        rows["skip_blank"] = random.choice(("true", "false"))
    if random.random() < 0.25 and drawing.flat:
        column = random.choice(drawing.flat)
        if texts := drawing.texts(column):
            rows["where"] = {column.strip(): [*random.sample(texts, (len(texts) + 1) // 2), *random.choice(([], [""]))]}
    if rows:
        written["rows"] = rows
    try:
        return read_mapping(yaml.safe_dump(written, allow_unicode=True))
    except MappingError:
        return None


class _Mapping:
    def __init__(self, shown: pl.DataFrame, random: Random) -> None:
        self.shown, self.random = shown, random
        self.flat = [name for name, kind in shown.schema.items() if not kind.is_nested()]
        self._texts: dict[str, list[str]] = {}

    def texts(self, header: str) -> list[str]:
        """Some different texts of a column's cells."""
        if header not in self._texts:
            cells = self.shown[header].to_list() if header in self.flat else []
            self._texts[header] = [text for text in dict.fromkeys(as_text(cell) for cell in cells if cell is not None) if text][:12]
        return self._texts[header]

    def some(self, texts: Sequence[str]) -> list[str]:
        """Words for blank cells: a few of the column's own, and others."""
        own = self.random.sample(texts, min(len(texts), self.random.randint(0, 2)))
        return [*own, *self.random.sample(_WORDS, self.random.randint(1, 3))]

    def field(self, declared: Field, header: str) -> dict[str, Any]:
        random, name = self.random, declared.name
        # Of receipts nearly all are left as they are, so that most rows are judged.
        often = 0.05 if name == "received_at" else 1.0
        if random.random() < 0.06:
            return {"constant": random.choice((*(() if name == "received_at" else ("",)), *self.meanings(declared)))}
        found: dict[str, Any] = {"column": header.strip()}
        if header not in self.flat:
            return found
        if random.random() < 0.08 * often:
            found = {"columns": [header.strip(), random.choice(self.flat).strip()], "join": random.choice((" ", "T", "", "; "))}
        if random.random() < 0.25 * often:
            found["blank"] = self.some(self.texts(header))
        if random.random() < 0.25 * often and (texts := self.texts(header)):
            meanings = ("", *self.meanings(declared))
            found["values"] = {text: random.choice(meanings) for text in random.sample(texts, random.randint(1, min(4, len(texts))))}
            if random.random() < 0.3:
                found["otherwise"] = random.choice(meanings)
        if declared.is_moment and random.random() < 0.15 * often:
            found["format"] = random.sample(_FORMATS, random.randint(1, 3))
        if declared.is_moment and random.random() < 0.15 * often:
            found["as"] = "date"
        return found

    def meanings(self, declared: Field) -> Sequence[str]:
        return tuple(map(str, declared.values)) if declared.type == "enum" else _MEANINGS.get(declared.type, ())
