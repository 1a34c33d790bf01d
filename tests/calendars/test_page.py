"""The page on calendars says what the code does."""

from __future__ import annotations

import re
import runpy
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from complaint_policy.calendars import Calendar
from complaint_policy.calendars.conventions import ALLOWED

PAGE = (Path(__file__).parents[2] / "docs" / "calendars.md").read_text("utf-8")
DAY = {"Friday": 6, "Saturday": 7, "Monday": 9, "Tuesday": 10, "Wednesday": 11}


def test_the_table_of_conventions() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (`[^|]+`) \|", PAGE, re.MULTILINE)
    assert {name: tuple(re.findall(r"`(\w+)`", values)) for name, values in rows} == ALLOWED


def _moment(text: str) -> datetime:
    name, clock = re.match(r"(\w+) (\d\d:\d\d)", text).groups()  # type: ignore[union-attr]
    return datetime(2026, 3, DAY[name], int(clock[:2]), int(clock[3:]))


def _rows() -> list[tuple[str, ...]]:
    section = PAGE.split("### `after_hours`")[1].split("###")[0]
    return [tuple(row) for row in re.findall(r"^\| (\w+ \d.*?) \| (.*?) \| (.*?) \| (.*?) \|$", section, re.MULTILINE)]


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row[0])
def test_the_table_of_after_hours(row: tuple[str, ...]) -> None:
    office = Calendar(timezone=None, hours={"mon-fri": ["09:00-17:00"]})
    closed: Any = "next_working_day_is_zero" if "is_zero" in row[0] else "next_day_is_one"
    n = -1 if "back" in row[0] else 1
    for after_hours, expected in zip(ALLOWED["after_hours"], row[1:], strict=True):
        convention: Any = after_hours
        found = office.add_working_days(_moment(row[0]), n, from_closed_day=closed, after_hours=convention)
        assert found == _moment(expected), after_hours


def test_the_example(tmp_path: Path) -> None:
    code = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert code is not None
    example = tmp_path / "example.py"
    example.write_text(code.group(1).split("office.add")[0], "utf-8")
    office: Calendar = runpy.run_path(str(example))["office"]
    assert office.add_working_days(date(2026, 2, 13), 3) == date(2026, 2, 25)
    assert office.add_working_time(datetime(2026, 2, 13, 17), timedelta(hours=2)) == datetime(2026, 2, 14, 11)
    due = office.add_days(datetime(2026, 3, 1, 10), 15, ends="end_of_day", roll="next_working_day")
    assert due == datetime(2026, 3, 16, 23, 59, 59)
