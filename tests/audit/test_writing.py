from __future__ import annotations

import csv
import json
import os
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from complaint_policy.audit.writing import neutralised, write_frames
from complaint_policy.errors import UsageError

# Read with another library than the one that writes; it brings no types.
openpyxl: Any = import_module("openpyxl")
RISKY = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "  =1", "＝1", "'ok", "a=b", None]
FRAME = pl.DataFrame(
    {
        "id": RISKY,
        "n": list(range(-5, 6)),
        "list": [["=a", "b"]] * 11,
        "at": [datetime(2024, 1, 1)] * 11,
        "sum": [Decimal("-1.50")] * 11,
    }
).with_columns(pl.col("at").dt.replace_time_zone("Asia/Shanghai"))
HARMLESS = ["'=1+1", "'+1", "'-1", "'@x", "'\tx", "'\rx", "'  =1", "'＝1", "'ok", "a=b", None]


def test_nothing_that_a_spreadsheet_would_run_gets_out() -> None:
    shown = neutralised(FRAME)

    assert shown["id"].to_list() == HARMLESS
    assert shown["n"].to_list() == FRAME["n"].to_list()
    assert shown["list"][0] == "'=a; b"
    assert shown["at"][0] == "2024-01-01T00:00:00+08:00"
    assert neutralised(pl.DataFrame(schema=FRAME.schema)).height == 0


def test_csv_and_xlsx_are_neutralised(tmp_path: Path) -> None:
    for name in ("a.csv", "a.xlsx"):
        write_frames(tmp_path / name, FRAME.schema, [FRAME.head(4), FRAME.tail(7)])
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    cells = [[c.value for c in row] for row in sheet.iter_rows()]

    assert rows[0] == cells[0] == FRAME.columns
    assert [r[0] for r in rows[1:]] == [h or "" for h in HARMLESS]
    assert [str(c[0] or "").replace("_x000D_", "\r") for c in cells[1:]] == [h or "" for h in HARMLESS]
    assert all(c.data_type != "f" for row in sheet.iter_rows() for c in row)
    assert rows[1][4] == "-1.50"


def test_programs_get_the_values_as_they_are(tmp_path: Path) -> None:
    for name in ("a.parquet", "a.jsonl"):
        write_frames(tmp_path / name, FRAME.schema, [FRAME.head(4), FRAME.tail(7)])

    assert pl.read_parquet(tmp_path / "a.parquet").equals(FRAME)
    first = json.loads((tmp_path / "a.jsonl").read_text().splitlines()[0])
    assert first["id"] == "=1+1"
    assert first["sum"] == "-1.50"
    assert first["at"] == "2024-01-01T00:00:00+08:00"


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".xlsx"])
def test_a_file_is_whole_or_not_at_all(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"

    def frames() -> object:
        yield FRAME
        assert not path.exists()
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk"):
        write_frames(path, FRAME.schema, frames())  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []

    write_frames(path, FRAME.schema, [])
    assert list(tmp_path.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o666 & ~_umask()


def _umask() -> int:
    now = os.umask(0)
    os.umask(now)
    return now


@pytest.mark.parametrize("name", ["a.txt", "none/a.csv"])
def test_a_wrong_destination(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        write_frames(tmp_path / name, FRAME.schema, [])
