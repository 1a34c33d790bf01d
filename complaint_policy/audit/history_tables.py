"""Tables with what was counted of their rows beside them, as columns of the policy's own names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl
from attrs import evolve

from complaint_policy.audit.blocks import BLOCK, Block
from complaint_policy.audit.delimited import DelimitedTable
from complaint_policy.audit.mapping import ColumnMapping, FieldMapping
from complaint_policy.audit.records import Counts, Entry, Progress, RecordStream
from complaint_policy.audit.sources import Row, SourceTable
from complaint_policy.audit.tables import FrameTable
from complaint_policy.normalising import Normalised, Normalisers
from complaint_policy.zones import Zone

__all__ = ["MergedStream", "beside"]

Columns = Mapping[str, pl.Series]


def beside(table: SourceTable, mapping: ColumnMapping, columns: Columns) -> tuple[SourceTable, ColumnMapping]:
    """The table with one more column for each count, and the mapping that reads them; a column of the table may have such a name and not be read."""
    names: dict[str, str] = {}
    for name in columns:
        shown = name
        while shown in table.columns:
            shown += "'"
        names[name] = shown
    fields = tuple(FieldMapping(name, (shown,), blank=frozenset()) for name, shown in names.items())
    read = evolve(mapping, fields=(*mapping.fields, *fields))
    put = {shown: columns[name].rename(shown) for name, shown in names.items()}
    if isinstance(table, FrameTable) and table.columns:
        return table.beside(put), read
    if isinstance(table, DelimitedTable):
        return _Delimited(table, put), read
    return _Rows(table, put), read


class _Rows(SourceTable):
    """Any table, row by row."""

    def __init__(self, table: SourceTable, put: Columns) -> None:
        # Opened already: nothing of the source is looked at again.
        self._table, self._put = table, put
        self.name, self.kind, self.columns = table.name, table.kind, (*table.columns, *put)
        self.encoding, self.remarks = table.encoding, table.remarks

    def share(self) -> float | None:
        return self._table.share()

    def unchanged(self) -> bool:
        return self._table.unchanged()

    def rows(self, wanted: Sequence[str]) -> Iterator[Row]:
        return _with_cells(self._table, wanted, self._put)


class _Delimited(_Rows, DelimitedTable):
    """A file of delimited text; what stands beside it is text too."""

    def __init__(self, table: DelimitedTable, put: Columns) -> None:
        super().__init__(table, {name: column.cast(pl.String) for name, column in put.items()})
        self._file = table

    def blocks(self, wanted: Sequence[str], row: str, size: int = BLOCK) -> Iterator[Block]:
        own, last = [name for name in wanted if name not in self._put], [name for name in wanted if name in self._put]
        for block in self._file.blocks(own, row, size):
            places = block.frame[row]
            frame = block.frame.with_columns(self._put[name].gather(places).alias(name) for name in last)
            others = ((at, _with(r, wanted, own, {name: self._put[name][at] for name in last})) for at, r in block.others)
            yield Block(block.first, block.rows, frame, tuple(others))


def _with_cells(table: SourceTable, wanted: Sequence[str], put: Columns) -> Iterator[Row]:
    own = [name for name in wanted if name not in put]
    values = {name: put[name].to_list() for name in wanted if name in put}
    for place, row in enumerate(table.rows(own)):
        yield _with(row, wanted, own, {name: column[place] for name, column in values.items()})


def _with(row: Row, wanted: Sequence[str], own: Sequence[str], more: dict[str, object]) -> Row:
    if row.fault is not None:
        return row
    cells = dict(zip(own, row.cells, strict=True)) | more
    return Row(row.line, [cells[name] for name in wanted])


class MergedStream(RecordStream):
    """The records of a table with those of one matter as one case, which stands where its first record stands."""

    def __init__(
        self,
        table: SourceTable,
        mapping: ColumnMapping,
        zone: Zone,
        normalisers: Normalisers | None,
        *,
        into: Mapping[int, int],
        merged: Mapping[int, dict[str, object]],
        columns: Columns,
    ) -> None:
        super().__init__(table, mapping, zone, normalisers)
        self._into, self._merged = into, merged
        self._values = {name: column.to_list() for name, column in columns.items()}

    @property
    def source_fields(self) -> frozenset[str]:
        return super().source_fields | self._values.keys()

    def entries(self, counts: Counts, progress: Progress | None = None) -> Iterator[Entry]:
        for entry in super().entries(counts, progress):
            if entry.position in self._into:
                counts.merged += 1
                continue
            record = self._merged.get(entry.position)
            if record is not None:
                entry.record = entry.record.with_cells(record) if isinstance(entry.record, Normalised) else dict(record)
            if entry.fault is None:
                entry.record |= {name: values[entry.position] for name, values in self._values.items() if values[entry.position] is not None}
            yield entry
