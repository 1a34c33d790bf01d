"""Limits with a pause on columns, for every way a pause counts, as `evaluate` has them."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import polars as pl
import pytest

from complaint_policy import Policy, load_policy_text
from tests.equality.comparing import compare

AS_OF = datetime(2026, 4, 10, 11)
POLICY = """\
format: 1
policy: test/pauses
effective: {from: "2020-01-01"}
timezone: %s
calendars:
  office: {hours: {mon-thu: ['09:00-12:00', '13:30-18:00'], fri: ['09:00-15:00']}}
  days: {weekdays: mon-fri}
sources: {rule: {title: {en: House rule, zh: 内部规定}, status: company}}
counting: {%s}
record: {fields: {asked_at: {type: event}, answered_at: {type: event}}}
deadlines:
  - {id: DL-a, from: received_at, to: closed_at, within: %s, pauses: [{between: [asked_at, answered_at]}], source: {ref: rule}}
  - {id: DL-b, from: acknowledged_at, to: closed_at, within: %s, pauses: [{between: [asked_at, responded_at]}], source: {ref: rule}}
"""
WAYS = [
    ("", "48 hours"),
    ("", "5 days"),
    ("", "2 weeks"),
    ("", "1 month"),
    ("calendar: days", "5 working days"),
    ("calendar: office", "5 working days"),
    ("calendar: office", "6 days"),
    ("calendar: office, pause_on_days: elapsed", "5 working days"),
    ("calendar: office, roll: next_working_day", "6 days"),
    ("calendar: days, pause_on_days: whole_days", "5 working days"),
    ("ends: same_time", "5 days"),
    ("first_day: included", "5 days"),
    ("calendar: days, pause_on_days: whole_days, roll: next_working_day", "6 days"),
    ("calendar: office", "9 working hours"),
    ("calendar: office, at_closing: roll", "4 working hours"),
    ("calendar: office, after_hours: next_opening", "9 working hours"),
    ("calendar: office, after_hours: next_opening", "5 working days"),
    ("calendar: office, after_hours: deemed_next_opening, ends: same_time", "3 working days"),
]


def policy_of(zone: str, counting: str, length: str) -> Policy:
    return load_policy_text(POLICY % (zone, counting, length, length))


def frame_of(count: int = 400, seed: int = 1) -> pl.DataFrame:
    """Around the change of the clock in Europe and America; questions before the receipt, after the limit, without an answer."""
    random = Random(seed)
    rows: list[dict[str, Any]] = []
    for number in range(count):
        received = datetime(2026, 3, random.choice((5, 6, 7, 26, 27, 28))) + timedelta(hours=random.choice((0, 2, 9, 10, 12, 18, 23)))

        def later(one: Random = random, start: datetime = received) -> datetime | None:
            hours = one.choice((None, None, -30, 0, 1, 5, 20, 24, 30, 48, 72, 100, 130, 168, 200, 900))
            return None if hours is None else start + timedelta(hours=hours, microseconds=one.choice((-1, 0, 0, 1)))

        names = ("acknowledged_at", "asked_at", "answered_at", "responded_at", "closed_at")
        rows.append({"id": f"C{number}", "received_at": received, **{name: later() for name in names}})
    return pl.DataFrame(rows)


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York"])
@pytest.mark.parametrize(("counting", "length"), WAYS)
def test_a_pause_counts_as_it_does_in_a_record(zone: str, counting: str, length: str) -> None:
    assert compare(policy_of(zone, counting, length), frame_of(), AS_OF) == []


@pytest.mark.parametrize(("counting", "length"), WAYS)
def test_rows_with_one_pause_go_by_columns(counting: str, length: str, one_by_one: list[int]) -> None:
    frame = frame_of()
    audit = policy_of("Asia/Shanghai", counting, length).audit(frame, as_of=AS_OF)
    due = audit.decisions["DL-a.due_at"]
    without = policy_of("Asia/Shanghai", counting, length).audit(frame.with_columns(asked_at=pl.lit(None, pl.Datetime("us"))), as_of=AS_OF).decisions["DL-a.due_at"]
    assert (due != without).sum() > 40  # many have been put off
    assert one_by_one == []


LISTED = POLICY.replace("{between: [asked_at, answered_at]}", "waiting").replace("{between: [asked_at, responded_at]}", "waiting")
LISTED = LISTED.replace("record: {fields: {asked_at: {type: event}, answered_at: {type: event}}}", "record: {fields: {waiting: {type: intervals, empty: EMPTY}}}")


def listed_of(zone: str, counting: str, length: str, empty: str = "none") -> Policy:
    return load_policy_text(LISTED.replace("EMPTY", empty) % (zone, counting, length, length))


def intervals_of(frame: pl.DataFrame, seed: int = 2) -> list[list[tuple[datetime, datetime | None]]]:
    """None, one or several for each row: apart, overlapping, out of order, still open, to come, a microsecond long."""
    random, found = Random(seed), []
    for received in frame["received_at"]:
        spans: list[tuple[datetime, datetime | None]] = []
        for _ in range(random.choice((0, 1, 1, 2, 3))):
            low = received + timedelta(hours=random.choice((-40, -1, 0, 3, 20, 45, 48, 90, 200, 900)), microseconds=random.choice((0, 0, 1)))
            longer = random.choice((timedelta(0), timedelta(microseconds=1), timedelta(hours=2), timedelta(hours=30), timedelta(days=9), None))
            spans.append((low, None if longer is None else low + longer))
        found.append(spans)
    return found


def as_texts(spans: list[list[tuple[datetime, datetime | None]]]) -> pl.Series:
    cells = ["; ".join(f"{low:%Y-%m-%dT%H:%M:%S.%f}/{f'{high:%Y-%m-%dT%H:%M:%S.%f}' if high else ''}" for low, high in one) for one in spans]
    odd = {3: "soon", 7: "2026-03-08/2026-03-12", 11: "2026-03-08/", 13: "/2026-03-08", 17: "  ", 19: "2026-03-12/2026-03-08"}
    return pl.Series("waiting", [odd.get(i, cell) for i, cell in enumerate(cells)])


def as_structures(spans: list[list[tuple[datetime, datetime | None]]]) -> pl.Series:
    kind = pl.List(pl.Struct({"from": pl.Datetime("us"), "to": pl.Datetime("us")}))
    return pl.Series("waiting", [[{"from": low, "to": high} for low, high in one] for one in spans], dtype=kind)


@pytest.mark.parametrize("form", [as_texts, as_structures])
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York"])
@pytest.mark.parametrize(("counting", "length"), WAYS)
def test_pauses_in_a_list_count_as_they_do_in_a_record(form: Any, zone: str, counting: str, length: str) -> None:
    frame = frame_of(150, seed=5)
    frame = frame.with_columns(form(intervals_of(frame)))
    for empty in ("none", "unknown"):
        assert compare(listed_of(zone, counting, length, empty), frame, AS_OF) == []


@pytest.mark.parametrize(("counting", "length"), WAYS)
def test_rows_with_pauses_in_a_list_go_by_columns(counting: str, length: str, one_by_one: list[int]) -> None:
    frame = frame_of()
    policy = listed_of("Asia/Shanghai", counting, length)
    due = policy.audit(frame.with_columns(as_structures(intervals_of(frame))), as_of=AS_OF).decisions["DL-a.due_at"]
    without = policy.audit(frame.with_columns(waiting=pl.lit(None, pl.String)), as_of=AS_OF).decisions["DL-a.due_at"]
    assert (due != without).sum() > 40  # many have been put off
    assert one_by_one == []


def test_a_worked_case() -> None:
    """48 hours from Monday 10:00; asked on Tuesday 9:00, answered 30 hours later: due on Thursday 16:00.  What is asked after the limit puts nothing off."""
    frame = pl.DataFrame(
        {
            "id": ["A", "B"],
            "received_at": [datetime(2026, 3, 2, 10)] * 2,
            "asked_at": [datetime(2026, 3, 3, 9), datetime(2026, 3, 4, 10, 0, 0, 1)],
            "answered_at": [datetime(2026, 3, 4, 15), datetime(2026, 3, 6)],
        }
    )
    decisions = policy_of("Asia/Shanghai", "", "48 hours").audit(frame, as_of=AS_OF).decisions
    assert [at.strftime("%d %H:%M") for at in decisions["DL-a.due_at"]] == ["05 16:00", "04 10:00"]
