"""Clocks and limits on columns against the record evaluation's own zones and counters."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product
from random import Random
from typing import Any

import polars as pl
import pytest
from attrs import evolve

from complaint_policy import load_policy_text
from complaint_policy.columns.clock import Clock, micros
from complaint_policy.columns.lengths import due_of
from complaint_policy.columns.plan import Ex, Plan
from complaint_policy.columns.sheet import Hints, Sheet, Waiving
from complaint_policy.counting import CONVENTIONS, TAKEN_BY, CalendarSpec, Counter, Counting, calendar_of
from complaint_policy.lengths import Length
from complaint_policy.possible import DayEnd, day_end
from complaint_policy.zones import zone_named
from tests.equality.comparing import compare

ZONES = ("Asia/Shanghai", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Tehran", "UTC")
FIRST, LAST = date(2022, 1, 1), date(2027, 12, 31)
OFFICE = CalendarSpec(
    "office",
    "UTC",
    weekdays=("mon", "tue", "wed", "thu", "fri"),
    hours=(("mon", (("09:00", "12:00"), ("13:30", "18:00"))), ("tue", (("09:00", "17:00"),)), ("thu", (("22:00", "24:00"),)), ("fri", (("00:00", "02:00"), ("09:00", "15:00")))),
    holidays=(date(2024, 5, 1), date(2024, 12, 25)),
    extra_working_days=(date(2024, 5, 11),),
)


def instants(zone: str, count: int = 400) -> list[datetime]:
    """Instants in UTC: anywhere, on the borders of days, and around changes of the clock."""
    random, found = Random(f"instants {zone}"), []
    local = zone_named(zone)
    for _ in range(count):
        day = date(2023, 1, 1) + timedelta(days=random.randrange(1400))
        start = local.day_start(day.toordinal())
        found += [start, start - timedelta(microseconds=1), start + timedelta(seconds=random.randrange(86_400), microseconds=random.choice((0, 1, 999_999)))]
    for year in (2023, 2024, 2025):
        for month in (3, 4, 10, 11):
            for hour in range(0, 24 * 30, 7):
                found.append(datetime(year, month, 1) + timedelta(hours=hour, minutes=random.choice((0, 15, 59)), seconds=random.choice((0, 59))))
    return found


def column(values: list[int]) -> pl.LazyFrame:
    return pl.LazyFrame({"x": pl.Series(values, dtype=pl.Int64)})


def computed(plan: Plan, values: list[int], ex: Ex) -> list[int | None]:
    found: list[int | None] = plan.applied(column(values)).select(ex.expr.alias("y")).collect()["y"].to_list()
    return found


@pytest.mark.parametrize("name", ZONES)
def test_a_clock_tells_the_times_of_its_zone(name: str) -> None:
    zone = zone_named(name)
    clock = Clock(zone, FIRST, LAST)
    utc = instants(name)
    ticks = [clock.of_utc(moment) for moment in utc]
    assert [clock.to_utc(t) for t in ticks] == utc
    walls = [zone.to_wall(moment).replace(fold=0) for moment in utc]
    assert computed(Plan(), ticks, clock.to_wall(Ex(pl.col("x")))) == [micros(wall) for wall in walls]
    back = computed(Plan(), [micros(wall) for wall in walls], clock.from_wall(Ex(pl.col("x"))))
    assert back == [clock.of_utc(zone.to_utc(wall)) for wall in walls]
    assert computed(Plan(), ticks, clock.day(Ex(pl.col("x")))) == [(wall.date() - FIRST).days for wall in walls]


def sheet_of(zone: str) -> Sheet:
    policy = load_policy_text(f"format: 1\npolicy: t/columns\neffective: {{from: 2010-01-01}}\ntimezone: {zone}\n")
    compiled = policy.compiled(policy.versions[0])
    return Sheet(compiled.model, compiled.setting, Clock(compiled.zone, FIRST, LAST), datetime(2026, 1, 1), {}, frozenset(), {}, frozenset(), Hints(), Waiving(), {})


def conventions(unit: str, zone: str) -> list[Counting]:
    """Every value of every convention the unit takes, one at a time."""
    base = Counting(calendar=evolve(OFFICE, timezone=zone), timezone=zone)
    found = [base]
    for key, values in CONVENTIONS.items():
        if unit in TAKEN_BY[key] and key != "pause_on_days":
            found += [evolve(base, **{key: value}) for value in values[1:]]  # type: ignore[arg-type]  # the value is one of the convention
    return found


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("unit", ["minutes", "hours", "days", "weeks", "months", "years", "working days", "working hours"])
def test_limits_are_those_of_the_counter(unit: str, zone: str) -> None:
    told = 0
    for counting in conventions(unit, zone):
        for amount, ahead in ((1, False), (7, False), (0, False), (3, True)):
            counter = Counter(Length(amount, unit), counting, ahead=ahead)
            sheet = sheet_of(zone)
            utc = instants(zone, 60)
            due = due_of(sheet, Ex(pl.col("x"), 0, True), counter, False)
            left = sheet.left()
            ticks = [sheet.clock.of_utc(moment) for moment in utc]
            found = computed(sheet.plan, ticks, due)
            rows_left = [False] * len(utc) if left is None else computed(sheet.plan, ticks, left)
            for moment, tick, gone in zip(utc, found, rows_left, strict=True):
                if gone or tick is None:  # a limit beyond the clock leaves its row
                    continue
                expected: Any = counter.due(moment)
                plain = expected.boundary - timedelta(microseconds=1) if isinstance(expected, DayEnd) else expected
                assert tick == sheet.clock.of_utc(plain), (moment, counter.length, counting)
                told += 1
    assert told > 500


@pytest.mark.parametrize("unit", ["working hours", "working days"])
def test_limits_from_the_very_edges_of_opening_hours(unit: str) -> None:
    """Combinations of conventions, from a microsecond before, at and after each opening and closing, and from ends of days."""
    zone = "Asia/Shanghai"
    office = evolve(OFFICE, timezone=zone)
    spans = [edge for day in range(16) for span in calendar_of(office).open_spans(date(2024, 4, 27) + timedelta(days=day)) for edge in span]
    edges = [edge + timedelta(microseconds=beside) for edge in spans for beside in (-1, 0, 1)]
    days = [day_end(zone_named(zone).day_start(date(2024, 4, 27).toordinal() + day)) for day in range(16)]
    keys = [key for key in CONVENTIONS if unit in TAKEN_BY[key] and key != "pause_on_days"]
    told = 0
    combinations = list(product(*(CONVENTIONS[key] for key in keys)))
    for values in Random(1).sample(combinations, min(10, len(combinations))):
        counting: Any = evolve(Counting(calendar=office, timezone=zone), **dict(zip(keys, values, strict=True)))  # type: ignore[arg-type]  # each value is one of its convention
        for amount, ahead in ((3, False), (8, False), (0, False), (6, True)):
            counter = Counter(Length(amount, unit), counting, ahead=ahead)
            for starts in (edges, days):
                sheet = sheet_of(zone)
                due = due_of(sheet, Ex(pl.col("x"), 0, True), counter, starts is days)
                assert sheet.left() is None
                found = computed(sheet.plan, [sheet.clock.of_utc(start) for start in starts], due)
                dues = [counter.due(start) for start in starts]
                assert found == [sheet.clock.of_utc(due) for due in dues], (values, amount, ahead)
                told += len(found)
    assert told > 2_000


BACK = """
format: 1
policy: test/back
effective: {from: 1990-01-01}
timezone: ZONE
calendars: {workdays: {country: CA}}
deadlines:
  - {id: DL-days, from: received_at, to: responded_at, within: 2 days}
  - {id: DL-same, from: received_at, to: responded_at, within: 2 days, counting: {ends: same_time}}
  - {id: DL-work, from: received_at, to: responded_at, within: 2 working days, counting: {calendar: workdays}}
"""


@pytest.mark.parametrize("zone", ["America/St_Johns", "America/Goose_Bay", "America/Moncton"])
def test_days_to_which_the_clocks_come_back(zone: str) -> None:
    """At one minute past midnight it was one minute past eleven once more: the first half hour of the day lies in the day before."""
    policy = load_policy_text(BACK.replace("ZONE", zone))
    instants = [datetime(year, month, day, 0, tzinfo=UTC) + timedelta(minutes=37 * i) for year, month, day in ((2006, 10, 28), (2010, 11, 6)) for i in range(90)]
    frame = pl.DataFrame({"received_at": instants, "responded_at": [i + timedelta(hours=50) for i in instants]})
    assert not compare(policy, frame, "2011-03-01T00:00")


def test_how_late_where_the_end_of_a_day_is_the_end_of_a_bare_day() -> None:
    """Found by drawing: the last of a bare day and the end of that day is the end of the day, and lateness counts from the boundary it stands for."""
    policy = load_policy_text("""
format: 1
policy: test/last
effective: {from: 2020-01-01}
timezone: Asia/Shanghai
record: {fields: {b: {type: datetime}, d: {type: event}}}
facts: {done: {from: received_at, within: 4 days}}
deadlines:
  - {id: DL, from: b, to: done, within: {last_of: [d, 2 days]}}
""")
    frame = pl.DataFrame({"received_at": ["2026-03-08T02:30"] * 3, "b": ["2026-03-03T10:00"] * 3, "d": ["2026-03-05", "2026-03-05T10:00", "2026-03-06"]})
    assert not compare(policy, frame, "2026-03-20T12:00")
    assert policy.audit(frame, as_of="2026-03-20T12:00").summary().late["DL"].longest == timedelta(days=7) - timedelta(microseconds=1)
