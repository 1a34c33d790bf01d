"""What several tests of the audit need."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from complaint_policy.audit import load_mapping
from complaint_policy.audit.sources import open_source


def texts_of(path: Path, mapping: Path, rows: int) -> pl.DataFrame:
    """A file's cells as they stand in it."""
    table = open_source(path, load_mapping(mapping).input)
    cells = [dict(zip(table.columns, row.cells, strict=True)) for row, _ in zip(table.rows(table.columns), range(rows), strict=False) if row.fault is None]
    return pl.DataFrame(cells, schema=dict.fromkeys((c for c in table.columns if c), pl.String))
