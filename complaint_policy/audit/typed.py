"""The columns of a table as the fields of a policy: which are read as they stand, and which through the mapping, cell by cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final

import polars as pl
from attrs import frozen

from complaint_policy.audit.cells import RecordReader
from complaint_policy.audit.mapping import ColumnMapping, FieldMapping
from complaint_policy.columns.cells import WHITE
from complaint_policy.columns.python_cells import python_cells
from complaint_policy.columns.sheet import Source
from complaint_policy.zones import Zone

__all__ = ["TypedTable", "passes", "typed_table"]

_WHITE: Final = WHITE


@frozen(slots=False)  # for what is made once
class TypedTable:
    """How a table of one schema gives the fields: ``sources`` by field, ``keeps`` says which rows the mapping keeps (None: all)."""

    sources: Mapping[str, Source]
    keeps: pl.Expr | None
    enums: frozenset[str]  # fields that are read by comparing with their values
    kinds: Mapping[str, Any]  # the types of the columns that are read
    blank_words: frozenset[str]
    skips_blank: bool  # whether a row with nothing in any of them is no record

    def blank_in(self, name: str) -> pl.Expr:
        """The rows with nothing in a column that is read."""
        return _is_blank(pl.col(name), self.kinds[name], self.blank_words)

    @cached_property
    def blank(self) -> pl.Expr:
        """Rows with nothing in any column that is read."""
        return pl.all_horizontal(*map(self.blank_in, self.kinds)) if self.kinds and self.skips_blank else pl.lit(False)


def typed_table(
    schema: Mapping[str, Any], mapping: ColumnMapping, zone: Zone, spelled: Mapping[str, str], enums: frozenset[str] = frozenset()
) -> TypedTable:
    """The fields of a table whose columns are called ``spelled[name]``."""
    sources = {f.name: _source(f, mapping, schema, zone, spelled) for f in mapping.fields}
    reader = RecordReader(mapping, zone)
    kinds = {spelled[c]: schema[spelled[c]] for c in reader.wanted}
    keeps = [passes(pl.col(spelled[f.column]), schema[spelled[f.column]], f.values) for f in mapping.where]
    receipt = mapping.field("received_at")
    if receipt is not None and receipt.constant is not None and mapping.skip_blank and kinds:
        # Where every row has a receipt one with nothing in any column is still none.
        keeps.append(~TypedTable(sources, None, enums, kinds, mapping.blank, True).blank)
    return TypedTable(sources, pl.all_horizontal(keeps) if keeps else None, enums, kinds, mapping.blank, mapping.skip_blank)


def _source(field: FieldMapping, mapping: ColumnMapping, schema: Mapping[str, Any], zone: Zone, spelled: Mapping[str, str]) -> Source:
    if field.constant is not None:
        text = field.constant if field.constant.strip() else None
        return Source(pl.lit(text, dtype=pl.String), pl.String())
    blank = mapping.blank if field.blank is None else field.blank
    plain = len(field.columns) == 1 and field.values is None and not field.formats and not field.as_date
    first = spelled[field.columns[0]]
    kind = schema[first]
    if plain and not _may_show(kind, blank):
        return Source(pl.col(first), kind)
    if plain and kind == pl.String:
        cell = pl.col(first)
        return Source(pl.when(~cell.str.strip_chars(_WHITE).is_in(sorted(blank))).then(cell), kind, blank=blank)
    one = RecordReader(ColumnMapping("", blank=mapping.blank, fields=(field,)), zone)
    read = one.only_field()
    names = [spelled[c] for c in one.wanted]
    if len(names) == 1:
        return Source(pl.col(names[0]), kind, lambda cell: read((cell,)))
    together = pl.struct(pl.col(n).alias(str(i)) for i, n in enumerate(names))
    return Source(together, pl.Struct({str(i): schema[n] for i, n in enumerate(names)}), _by_struct(read))


def _may_show(kind: Any, texts: frozenset[str]) -> bool:
    """Whether a cell of a type may show as one of some texts (see :func:`as_text`)."""
    base = kind.base_type()
    if not texts or base == pl.Null:
        return False
    if base in (pl.Date, pl.Datetime):
        return any(text[:1].isdecimal() for text in texts)
    if base == pl.Boolean:
        return not texts.isdisjoint(("true", "false"))
    return not kind.is_numeric() or any(map(_is_number, texts))


def _is_number(text: str) -> bool:
    try:
        value = float(text)
    except ValueError:
        return False
    return value == value  # what is no number is empty however it shows


def _by_struct(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda cell: read(tuple(cell.values()) if cell is not None else ())


def _is_blank(column: pl.Expr, kind: Any, blank: frozenset[str]) -> pl.Expr:
    if kind.base_type() in (pl.String, pl.Categorical, pl.Enum):
        return column.is_null() | column.cast(pl.String).str.strip_chars(_WHITE).is_in(["", *sorted(blank)])
    if kind.is_float():
        nothing = column.is_null() | column.is_nan()
    elif kind == pl.List:
        nothing = column.is_null() | (column.list.len() == 0)
    else:
        nothing = column.is_null()
    told_apart = not kind.is_nested() and kind != pl.Object
    return nothing | passes(column, kind, blank) if told_apart and _may_show(kind, blank) else nothing


def passes(column: pl.Expr, kind: Any, values: frozenset[str]) -> pl.Expr:
    """Whether a column has one of the values a filter names."""
    from complaint_policy.audit.cells import as_text

    if kind == pl.String:
        return column.fill_null("").str.strip_chars(_WHITE).is_in(sorted(values))

    def answers(cells: pl.Series) -> list[bool]:
        return [("" if cell is None else as_text(cell)) in values for cell in python_cells(cells)]

    def test(cells: pl.Series) -> pl.Series:
        if kind.is_nested() or kind == pl.Object:  # such cells cannot be told apart
            return pl.Series(cells.name, answers(cells), dtype=pl.Boolean)
        # By their places: in Python two times that a clock shows twice are one.
        unique = cells.unique().alias("cell")
        different = unique.to_frame().with_columns(pl.Series("answer", answers(unique), dtype=pl.Boolean))
        found = cells.alias("cell").to_frame().join(different, on="cell", how="left", nulls_equal=True, maintain_order="left")
        return found["answer"].alias(cells.name)

    return column.map_batches(test, return_dtype=pl.Boolean, is_elementwise=True)
