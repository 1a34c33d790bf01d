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

from complaint_policy import load_policy_text
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


SMALL = "format: 1\npolicy: t/w\neffective: {from: 2020-01-01}\ntimezone: Asia/Shanghai\ndeadlines: [{id: D1, from: received_at, to: closed_at, within: 2 days}]\n"


@pytest.mark.parametrize("read_as", ["source", "mapping", "events", "waivers", "register", "exposures", "lists"])
def test_decisions_are_not_written_over_what_is_read(read_as: str, tmp_path: Path) -> None:
    path, other = tmp_path / "a.csv", tmp_path / "b.csv"
    for one in (path, other):
        one.write_text("id,received_at\n1,2026-03-01\n", "utf-8")
    read: dict[str, Any] = {"lists": {"hotline": (path, None)}} if read_as == "lists" else {read_as: path}
    source = read.pop("source", other)
    with pytest.raises(UsageError, match="is read by this audit") as refused:
        load_policy_text(SMALL).audit(source, as_of="2026-03-05T00:00", decisions_to=path, since="2026-01-01", **read)
    assert refused.value.render("zh").endswith("是本次审计要读取的文件：请写入其他文件")
    assert path.read_text("utf-8") == "id,received_at\n1,2026-03-01\n"
    link = tmp_path / "c.csv"
    link.symlink_to(path)
    with pytest.raises(UsageError, match="is read by this audit"):
        load_policy_text(SMALL).audit(path, as_of="2026-03-05T00:00", decisions_to=link)
