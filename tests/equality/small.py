"""Audits made small: clocks of few days, tables in pieces of few rows, beliefs from few rows, everything asked for at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import polars as pl

from complaint_policy.audit import Audit, block_audit, counts, frames, json_files, json_shapes, plain_texts, row_blocks, streams
from complaint_policy.audit.engine import Engine

__all__ = ["asked", "csv", "few_days", "parquet", "small_pieces"]

_DAYS: Final = timedelta(days=400)
# Characters of a row of text, at least.
_WIDTH: Final = 30


def _few(engine: Engine) -> tuple[date, date]:
    """The days about the moment of judgement; more where every time is known to lie within the clock's days."""
    first, last = engine.as_of.date() - _DAYS, engine.as_of.date() + _DAYS
    ends: list[Any] = [end for pair in engine.look.bounds.values() for end in pair]
    for end in ends:
        day = end.date() if isinstance(end, datetime) else end
        first, last = min(first, day - timedelta(days=9)), max(last, day + timedelta(days=9))
    return first, last


@contextmanager
def few_days() -> Iterator[None]:
    """Tables of decades of days take most of the time of an audit of a few rows; times outside the clock are left, as ever."""
    with patch.object(Engine, "days", property(_few)):
        yield


@contextmanager
def small_pieces(rows: int) -> Iterator[None]:
    """Tables that are not in memory are judged so many rows at a time, believed to be what so many first rows are, and all on columns."""
    sizes = ((frames, "_BATCH"), (frames, "_LOOKED_AT"), (streams, "BATCH"), (streams, "_LOOKED_AT"), (block_audit, "_LOOKED_AT"), (row_blocks, "_ROWS"), (counts, "_BATCH"))
    with ExitStack() as stack:
        for module, name in sizes:
            stack.enter_context(patch.object(module, name, rows))
        stack.enter_context(patch.object(block_audit, "BLOCK", rows * _WIDTH))
        stack.enter_context(patch.object(json_files, "_PIECE", rows * _WIDTH * 2))
        stack.enter_context(patch.multiple(json_shapes, _WORTH=1, _LEARNT_FROM=rows))
        stack.enter_context(patch.object(plain_texts, "FEW_OTHERS", 0))
        yield


def asked(audit: Audit, *, summary_first: bool = False) -> Audit:
    """The audit with everything computed: of a table of columns nothing is before it is asked for, and rejects come from what was asked first."""
    if summary_first:
        audit.summary()
        assert audit.rejected is not None
    assert audit.decisions is not None
    assert audit.rejected is not None
    audit.summary()
    return audit


def parquet(frame: pl.DataFrame, folder: Path) -> Path:
    """The table as a file."""
    frame.write_parquet(folder / "table.parquet")
    return folder / "table.parquet"


def csv(frame: pl.DataFrame, folder: Path) -> Path:
    """The table as a file of texts."""
    frame.write_csv(folder / "table.csv", datetime_format="%Y-%m-%d %H:%M:%S")
    return folder / "table.csv"
