from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from complaint_policy.audit import read_mapping
from complaint_policy.audit.cells import RecordReader
from complaint_policy.audit.records import Counts, Entry, RecordStream
from complaint_policy.audit.tables import memory_table
from complaint_policy.zones import zone_named

ZONE = zone_named("Asia/Shanghai")
HEAD = "format: 1\nblank: ['?', '-']\nfields:\n  received_at: {column: At}\n"


def value(field: str, cell: object, *more: object) -> object:
    """What a field whose mapping is ``field`` makes of a cell in column C (and D)."""
    mapping = read_mapping(f"{HEAD}  x: {field}\n")
    reader = RecordReader(mapping, ZONE)
    cells = {"At": "2024-01-01", "C": cell, "D": more[0] if more else None}
    return reader.record([cells[c] for c in reader.wanted]).get("x", "left out")


@pytest.mark.parametrize(
    ("field", "cell", "expected"),
    [
        ("{column: C}", "  a b ", "a b"),
        ("{column: C}", " ? ", "left out"),
        ("{column: C}", None, "left out"),
        ("{column: C}", float("nan"), "left out"),
        ("{column: C}", [], "left out"),
        ("{column: C}", 5, 5),
        ("{column: C}", b"\xff", b"\xff"),
        ("{column: C, blank: [N/A]}", "?", "?"),
        ("{column: C, blank: [N/A]}", "N/A", "left out"),
        ("{column: C, blank: [N/A]}", "", "left out"),
        ("{column: C, blank: ['0']}", 0, "left out"),
        ("{column: C, values: {Yes: 'true'}}", "Yes", "true"),
        ("{column: C, values: {Yes: 'true'}}", "No", "No"),
        ("{column: C, values: {Yes: 'true'}, otherwise: 'false'}", "No", "false"),
        ("{column: C, values: {Yes: 'true'}, otherwise: 'false'}", "-", "left out"),
        ("{column: C, values: {Unknown: ''}}", "Unknown", "left out"),
        ("{column: C, values: {1: one, true: 'yes'}}", 1.0, "one"),
        ("{column: C, values: {1: one, true: 'yes'}}", True, "yes"),
        ("{column: C, format: '%d.%m.%Y %H:%M'}", "05.01.2024 9:30", datetime(2024, 1, 5, 9, 30)),
        ("{column: C, format: '%d.%m.%Y'}", "05.01.2024", date(2024, 1, 5)),
        ("{column: C, format: ['%d.%m.%Y', '%Y%m%d']}", 20240105, date(2024, 1, 5)),
        ("{column: C, format: '%d.%m.%Y'}", "soon", "soon"),
        ("{column: C, format: '%d.%m.%Y'}", datetime(2024, 1, 5, 9), datetime(2024, 1, 5, 9)),
        ("{column: C, format: '%d.%m.%Y %H:%M', as: date}", "05.01.2024 00:00", date(2024, 1, 5)),
        ("{column: C, as: date}", "2024-01-05T00:00:00", date(2024, 1, 5)),
        ("{column: C, as: date}", "2024-01-05T20:00:00Z", date(2024, 1, 6)),  # 04:00 of the 6th in Shanghai
        ("{column: C, as: date}", datetime(2024, 1, 5), date(2024, 1, 5)),
        ("{column: C, as: date}", "x", "x"),
        ("{constant: web}", None, "web"),
        ("{constant: ''}", None, "left out"),
    ],
)
def test_what_a_cell_becomes(field: str, cell: object, expected: object) -> None:
    found = value(field, cell)

    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("day", "time", "expected"),
    [
        ("1/7/20", "12:59 PM", datetime(2020, 1, 7, 12, 59)),
        ("1/7/20", "?", date(2020, 1, 7)),
        ("", "12:59 PM", "left out"),
    ],
)
def test_columns_are_joined_and_blank_if_the_first_is(day: str, time: str, expected: object) -> None:
    found = value("{columns: [C, D], format: ['%m/%d/%y %I:%M %p', '%m/%d/%y']}", day, time)

    assert found == expected


def test_typed_days_and_times_of_a_sheet_are_joined() -> None:
    day, time = datetime(2020, 1, 7), datetime(1899, 12, 31, 12, 59)

    assert value("{columns: [C, D]}", day, time) == "2020-01-07 12:59:00"


def test_a_constant_makes_a_field_known_though_it_is_empty() -> None:
    reader = RecordReader(read_mapping(f"{HEAD}  responded_at: {{constant: ''}}\n"), ZONE)

    assert reader.source_fields == {"received_at", "responded_at"}


def stream(text: str, rows: list[dict[str, Any]]) -> tuple[list[Entry], Counts]:
    counts = Counts()
    entries = list(RecordStream(memory_table(rows), read_mapping(text), ZONE).entries(counts))
    return entries, counts


def test_rows_that_are_no_records() -> None:
    text = HEAD + "  id: {column: K}\nrows: {where: {S: [Open, 1]}}\n"
    rows: list[dict[str, Any]] = [
        {"At": "a", "S": "Open", "K": 1},
        {"At": "?", "S": "", "K": None},
        {"At": "b", "S": 1},
        {"At": "c", "S": "x", "K": 4},
    ]
    entries, counts = stream(text, rows)

    assert [(e.position, e.id, e.fault and e.fault.en) for e in entries] == [
        (0, "1", None),
        (1, None, "nothing in the columns read"),
        (2, None, None),
        (3, "4", "left out by the mapping: rows: where: S"),
    ]
    assert counts.rows == 4


LOG = """\
format: 1
blank: ["?"]
fields:
  id: {column: case}
  received_at: {column: opened, format: "%d-%m-%Y %H:%M"}
  responded_at: {column: at, format: "%d-%m-%Y %H:%M"}
  closed_at: {column: closed, format: "%d-%m-%Y %H:%M"}
  status: {column: state}
  urgent: {column: hot}
  channel: {constant: phone}
events:
  case: case
  order: {column: at, format: "%d-%m-%Y %H:%M"}
  take: {received_at: earliest, responded_at: first, closed_at: latest, urgent: any}
  where: {responded_at: {state: [Reply]}}
"""
EVENTS = [
    {"case": "A", "at": "03-01-2024 09:00", "opened": "02-01-2024 08:00", "state": "Reply", "hot": "no", "closed": "?"},
    {"case": "B", "at": "01-01-2024 09:00", "opened": "01-01-2024 09:00", "state": "New", "hot": "?", "closed": "?"},
    {"case": "A", "at": "02-01-2024 09:00", "opened": "01-01-2024 08:00", "state": "New", "hot": "yes", "closed": "?"},
    {"case": "?", "at": "02-01-2024 09:00", "opened": "?", "state": "New", "hot": "?", "closed": "?"},
    {"case": "A", "at": "05-01-2024 09:00", "opened": "?", "state": "Done", "hot": "?", "closed": "05-01-2024 09:00"},
    {"case": "A", "at": "04-01-2024 09:00", "opened": "?", "state": "Reply", "hot": "no", "closed": "04-01-2024 09:00"},
    {"case": "B", "at": "when?", "opened": "?", "state": "Lost", "hot": "?", "closed": "?"},
    {"case": "B", "at": "01-01-2024 09:00", "opened": "01-01-2024 09:00", "state": "?", "hot": "?", "closed": "?"},
]


def test_a_log_is_folded_to_one_record_a_case() -> None:
    entries, counts = stream(LOG, EVENTS)
    faults = [(e.position, e.fault.en) for e in entries if e.fault]
    records = {e.id: e for e in entries if not e.fault}

    assert faults == [(3, "no case number"), (6, "the instant that orders the events cannot be read")]
    assert records["A"].record == {
        "channel": "phone",
        "id": "A",
        "received_at": datetime(2024, 1, 1, 8),
        "responded_at": datetime(2024, 1, 3, 9),  # the first reply, not the first event
        "closed_at": datetime(2024, 1, 5, 9),
        "status": "Done",  # the last in time, though not the last in the file
        "urgent": "yes",
    }
    assert records["B"].record["status"] == "New"  # the last that is not blank
    assert "responded_at" not in records["B"].record
    assert (records["A"].position, records["B"].position) == (0, 1)
    assert counts.rows == len(EVENTS) == len(entries) + counts.folded


def test_a_log_in_file_order() -> None:
    text = LOG.replace('  order: {column: at, format: "%d-%m-%Y %H:%M"}\n', "")
    entries, _ = stream(text, EVENTS)

    assert {e.id: e.record.get("status") for e in entries if not e.fault} == {"A": "Reply", "B": "Lost"}


def test_an_unreadable_instant_makes_a_field_unusable_only_where_there_is_no_other() -> None:
    rows = [
        {"case": "A", "at": "02-01-2024 09:00", "opened": "soon", "state": "New"},
        {"case": "A", "at": "03-01-2024 09:00", "opened": "02-01-2024 08:00", "state": "New"},
        {"case": "B", "at": "03-01-2024 09:00", "opened": "soon", "state": "New"},
    ]
    entries, _ = stream(LOG, rows)

    assert [e.record["received_at"] for e in entries] == [datetime(2024, 1, 2, 8), "soon"]
