"""Limits with a pause on columns, for every way a pause counts, as `evaluate` has them."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import polars as pl
import pytest

from complaint_policy import Policy, load_policy_text
from tests.equality.comparing import compare
from tests.equality.small import small_pieces

AS_OF = datetime(2026, 4, 10, 11)
HEAD = """\
format: 1
policy: test/pauses
effective: {from: "2020-01-01"}
timezone: %s
calendars:
  office: {hours: {mon-thu: ['09:00-12:00', '13:30-18:00'], fri: ['09:00-15:00']}}
  days: {weekdays: mon-fri}
sources: {rule: {title: {en: House rule, zh: 内部规定}, status: company}}
counting: {%s}
"""
POLICY = HEAD + """\
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


# --------------------------------------------------------------------------- beside a ladder, a warning, other limits, other pauses
BESIDE = HEAD + """\
record: {fields: {asked_at: {type: event}, answered_at: {type: event}, promised_at: {type: datetime, empty: none}, waiting: {type: intervals, empty: none}}}
deadlines:
  - {id: DL-a, from: received_at, to: closed_at, %s, source: {ref: rule}}
"""
ASKED = "pauses: [{between: [asked_at, answered_at]}]"
LADDER = "extend: [{id: once, within: %s, needs: {acknowledged_at: {by: {due: previous}}}}, {id: twice, within: {from: {due: previous}, within: %s}, when: {category: billing}}]"
BESIDES = [
    ("", f"within: 48 hours, at_risk: 80%, {ASKED}"),
    ("", f"within: 5 days, at_risk: 80%, {ASKED}"),
    ("", f"within: 5 days, at_risk: 1 day, {ASKED}"),
    ("calendar: days", f"within: 5 working days, at_risk: 2 working days, {ASKED}"),
    ("calendar: office", f"within: 5 working days, at_risk: 75%, {ASKED}"),
    ("calendar: office", f"within: 9 working hours, at_risk: 75%, {ASKED}"),
    ("calendar: office, pause_on_days: whole_days", f"within: 5 working days, at_risk: 75%, {ASKED}"),
    ("", f"within: 5 days, {LADDER % ('9 days', '3 days')}, {ASKED}"),
    ("calendar: office", f"within: 5 working days, at_risk: 50%, {LADDER % ('8 working days', '2 working days')}, {ASKED}"),
    # one step ends with its day, the other within it
    ("calendar: office", f"within: 5 working days, at_risk: 50%, {LADDER % ('8 working days', '9 working hours')}, {ASKED}"),
    ("calendar: office", f"within: 9 working hours, at_risk: 1 day, {LADDER % ('5 working days', '2 working days')}"),
    ("calendar: office", f"within: 5 working hours, at_risk: 50%, {LADDER % ('9 working hours', '3 working hours')}, {ASKED}"),
    ("", f"within: {{first_of: [5 days, promised_at]}}, at_risk: 50%, {ASKED}"),
    ("", f"within: {{last_of: [48 hours, 2 days]}}, {ASKED}"),
    ("calendar: days", "within: 5 working days, at_risk: 80%, pauses: [{between: [asked_at, answered_at]}, {between: [responded_at, assigned_at]}]"),
    ("calendar: office", "within: 9 working hours, at_risk: 80%, pauses: [{between: [asked_at, answered_at]}, waiting]"),
    ("", f"within: 48 hours, {LADDER % ('96 hours', '12 hours')}, pauses: [waiting, {{between: [asked_at, answered_at]}}, {{between: [responded_at, assigned_at]}}]"),
    ("", "within: 5 days, at_risk: 2 days, pauses: [{between: [asked_at, {first_of: [answered_at, {from: asked_at, within: 3 days}]}]}]"),
    ("", "within: 5 days, pauses: [{together: [{between: [asked_at, answered_at]}, {between: [asked_at, responded_at]}]}]"),
]


def beside_of(zone: str, counting: str, rule: str) -> Policy:
    return load_policy_text(BESIDE % (zone, counting, rule))


def open_frame(seed: int) -> pl.DataFrame:
    """As :func:`frame_of`, two of three cases still open."""
    random, frame = Random(seed), frame_of(200, seed)
    frame = frame.with_columns(
        closed_at=pl.Series([at if random.random() < 0.35 else None for at in frame["closed_at"]], dtype=pl.Datetime("us")),
        category=pl.Series([random.choice(("billing", "service")) for _ in range(frame.height)]),
        **{name: frame["received_at"] + pl.Series([timedelta(hours=random.choice((1, 30, 60, 200))) for _ in range(frame.height)]) for name in ("assigned_at", "promised_at")},
    )
    return frame.with_columns(as_structures(intervals_of(frame, seed)))


@pytest.mark.parametrize("as_of", [datetime(2026, 3, 10, 11), AS_OF])
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York"])
@pytest.mark.parametrize(("counting", "rule"), BESIDES)
def test_a_pause_beside_other_things_counts_as_it_does_in_a_record(as_of: datetime, zone: str, counting: str, rule: str) -> None:
    assert compare(beside_of(zone, counting, rule), open_frame(7), as_of) == []


@pytest.mark.parametrize(("counting", "rule"), BESIDES)
def test_days_without_a_time_are_judged_as_they_are_in_a_record(counting: str, rule: str) -> None:
    frame = open_frame(11)
    days = frame.with_columns(
        pl.when(pl.int_range(pl.len()) % 3 > at).then(pl.col(name).dt.strftime("%Y-%m-%d")).otherwise(pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%S%.6f")).alias(name)
        for at, name in enumerate(("received_at", "asked_at", "answered_at", "closed_at"))
    )
    with small_pieces(1_000):  # a few texts of another form are judged one by one otherwise
        assert compare(beside_of("Asia/Shanghai", counting, rule), days, datetime(2026, 3, 10, 11)) == []


# Of stretches put together, two are the record evaluation's.
@pytest.mark.parametrize(("counting", "rule"), [(counting, rule) for counting, rule in BESIDES if "together" not in rule])
def test_rows_with_pauses_beside_other_things_go_by_columns(counting: str, rule: str, one_by_one: list[int]) -> None:
    frame = open_frame(7)
    found = [beside_of("Asia/Shanghai", counting, rule).audit(frame, as_of=datetime(2026, 3, day, 10, 30)).decisions for day in (6, 10, 12, 30)]
    if "at_risk" in rule:
        assert any("at_risk" in decisions["DL-a.outcome"].to_list() for decisions in found)
    assert one_by_one == []


@pytest.mark.parametrize("counting", ["", "at_closing: roll", "after_hours: next_opening", "pause_on_days: elapsed", "pause_on_days: whole_days"])
@pytest.mark.parametrize("length", ["3 working hours", "4 working hours", "9 working hours"])
def test_a_pause_at_the_very_end_of_working_hours(counting: str, length: str, one_by_one: list[int]) -> None:
    """Hours used up where a pause begins have ended there; in hours a clock stands still by working time, whatever is said of days."""
    ends = [datetime(2026, 3, 5, 9), datetime(2026, 3, 5, 10), datetime(2026, 3, 5, 14)]
    offsets = [timedelta(minutes=30 * step, microseconds=micro) for step in range(60) for micro in (-1, 0, 1)]
    rows = [
        {"id": f"{begin:%H}-{offset}", "received_at": begin, "acknowledged_at": begin, "asked_at": begin + offset, "answered_at": begin + offset + timedelta(hours=2)}
        for begin in ends
        for offset in offsets
    ]
    frame = pl.DataFrame(rows).with_columns(responded_at=pl.col("answered_at") + pl.duration(hours=20), closed_at=pl.lit(None, pl.Datetime("us")))
    policy = policy_of("Asia/Shanghai", f"calendar: office, {counting}" if counting else "calendar: office", length)
    policy.audit(frame, as_of=AS_OF).summary()
    assert one_by_one == []
    assert compare(policy, frame, AS_OF) == []


def test_a_pause_that_begins_as_the_hours_end() -> None:
    """Three working hours from 9:00 end at noon; what is asked at noon puts nothing off, what is asked a moment before does."""
    begin, noon = datetime(2026, 3, 5, 9), datetime(2026, 3, 5, 12)
    frame = pl.DataFrame(
        {
            "id": ["A", "B"],
            "received_at": [begin] * 2,
            "asked_at": [noon, noon - timedelta(minutes=10)],
            "answered_at": [noon + timedelta(hours=3)] * 2,
        }
    )
    decisions = policy_of("Asia/Shanghai", "calendar: office", "3 working hours").audit(frame, as_of=AS_OF).decisions
    assert [at.strftime("%H:%M") for at in decisions["DL-a.due_at"]] == ["12:00", "15:10"]


FOUND = """\
format: 1
policy: test/found
effective: {from: "2020-01-01"}
timezone: Asia/Shanghai
calendars: {office: {hours: {mon-fri: ['09:00-12:00', '13:00-17:00']}}}
counting: {calendar: office}
record: {fields: {a: {type: event, empty: unknown}, c: {type: event}, i: {type: instants}}}
deadlines: [%s]
"""


def test_a_start_that_may_lie_anywhere_has_no_pauses_after_it() -> None:
    """Found by drawing: only the last of its possible starts has a limit, which nothing puts off."""
    policy = load_policy_text(FOUND % "{id: D0, from: {first_of: [i, a]}, to: closed_at, within: 6 working hours, pauses: [{between: [a, c]}]}")
    frame = pl.DataFrame({"received_at": ["2026-03-02T10:00"] * 2, "a": ["2026-03-03T10:00"] * 2, "c": ["2026-03-19T10:00"] * 2, "i": ["soon", None], "closed_at": [None, None]})
    with small_pieces(1_000):
        assert compare(policy, frame.cast(pl.String), datetime(2026, 3, 20)) == []


def test_a_pause_to_a_day_that_has_only_just_begun() -> None:
    """Found by drawing: at midnight the day is one instant, and the pause up to it as long as it looks; an hour later it is not known."""
    policy = load_policy_text(FOUND % "{id: D0, from: a, to: c, within: {first_of: [responded_at, 3 days]}, pauses: [{between: [a, c]}]}")
    begun = ["2026-03-03T10:00", "2026-03-03", "2026-03-19T23:59:59.999999", "2026-03-19T10:00"]
    frame = pl.DataFrame({"received_at": ["2026-03-02T10:00"] * 4, "a": begun, "c": ["2026-03-20", "2026-03-20", "2026-03-19", "2026-03-19T11:00"], "responded_at": ["2026-03-03T10:00", None, None, None]})
    with small_pieces(1_000):
        for hour in (0, 1):
            assert compare(policy, frame, datetime(2026, 3, 20, hour)) == []


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
