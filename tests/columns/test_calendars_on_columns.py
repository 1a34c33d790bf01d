"""Opening hours and announced days on columns, as `evaluate` has them, and without asking a calendar row by row."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import polars as pl
import pytest

from complaint_policy import Policy, load_policy_text
from complaint_policy.audit import run_audit
from complaint_policy.calendars import Calendar

POLICY = """\
format: 1
policy: test/open
effective: {from: "2020-01-01"}
timezone: %s
calendars:
  office: {%s}
sources: {rule: {title: {en: House rule, zh: 内部规定}, status: company}}
record: {fields: {told_on: {type: date}}}
requirements:
  - {id: RQ-open, title: {en: Open, zh: 营业}, require: {responded_at: {during: office}}, before: as_of, source: {ref: rule}}
  - {id: RQ-told, title: {en: Told, zh: 告知}, require: {told_on: {during: office}}, before: as_of, source: {ref: rule}}
"""
HOURS = {
    "office hours": "hours: {mon-thu: ['09:00-12:00', '13:30-18:00'], fri: ['09:00-15:00']}, country: CN, announced_until: 2026-12-31",
    "nights": "hours: {mon-sun: ['22:00-06:00']}",
    "through the change of the clock": "hours: {mon-sun: ['01:30-02:30', '02:45-03:15']}",
    "whole days": "weekdays: mon-fri",
    "never": "hours: {mon-sun: []}",
    "nine spells a day": "hours: {mon-sun: [" + ", ".join(f"'{h:02}:00-{h:02}:30'" for h in range(4, 22, 2)) + "]}",
}
AS_OF = datetime(2025, 12, 1, 12)


def moments(zone: str, count: int) -> list[datetime]:
    """Wall times: on openings and closings, a microsecond beside them, around changes of the clock, anywhere."""
    random = Random(f"moments {zone}")
    days = [date(2025, 3, 9), date(2025, 3, 30), date(2025, 11, 2), date(2025, 10, 26), date(2025, 4, 25), date(2025, 10, 1), date(2025, 9, 28)]
    found = []
    for _ in range(count):
        day = random.choice(days) if random.random() < 0.4 else date(2025, 1, 1) + timedelta(days=random.randrange(330))
        at = datetime(day.year, day.month, day.day) + timedelta(minutes=random.choice((0, 30, 45, 15)), hours=random.randrange(24))
        found.append(at + timedelta(microseconds=random.choice((0, 0, -1, 1, 1_234_567))))
    return found


def table(zone: str, count: int = 600) -> pl.DataFrame:
    at = moments(zone, count)
    return pl.DataFrame(
        {
            "id": [f"C{i}" for i in range(count)],
            "received_at": [datetime(2024, 12, 31)] * count,
            "responded_at": [None if i % 17 == 0 else moment for i, moment in enumerate(at)],
            "told_on": [moment.date() if i % 5 else None for i, moment in enumerate(at)],
        }
    )


def as_evaluate(policy: Policy, frame: pl.DataFrame, as_of: datetime, names: tuple[str, ...], **options: Any) -> pl.DataFrame:
    decisions = run_audit(policy, frame, as_of=as_of, **options).decisions
    assert decisions.height == frame.height
    for record, found in zip(frame.iter_rows(named=True), decisions.iter_rows(named=True), strict=True):
        outcomes = policy.evaluate(record, as_of=as_of).outcomes
        assert {name: found[f"{name}.outcome"] for name in names} == {name: outcomes[name] for name in names}, record
    return decisions


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "Europe/London", "Africa/Cairo", "Australia/Lord_Howe"])
@pytest.mark.parametrize("hours", HOURS)
def test_during_opening_hours(zone: str, hours: str) -> None:
    policy = load_policy_text(POLICY % (zone, HOURS[hours]))

    decisions = as_evaluate(policy, table(zone), AS_OF, ("RQ-open", "RQ-told"))

    outcomes = set(decisions["RQ-open.outcome"].cast(pl.String))
    assert outcomes == {"pending", "breached", *(() if hours == "never" else ("met",))}


def test_no_calendar_is_asked_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = load_policy_text(POLICY % ("America/New_York", HOURS["office hours"]))

    def refuse(self: Calendar, moment: datetime) -> bool:
        raise AssertionError("asked")

    frame = table("America/New_York").drop("told_on").filter(pl.col("responded_at").is_not_null())
    expected = run_audit(policy, frame, as_of=AS_OF).decisions["RQ-open.outcome"].to_list()
    with monkeypatch.context() as patched:
        patched.setattr(Calendar, "is_working_time", refuse)
        again = run_audit(load_policy_text(POLICY % ("America/New_York", HOURS["office hours"])), frame, as_of=AS_OF)
        assert again.decisions["RQ-open.outcome"].to_list() == expected
    assert set(expected) == {"met", "breached"}


# --------------------------------------------------------------------------- announced days
LIMITED = """\
format: 1
policy: test/announced
effective: {from: "2020-01-01"}
timezone: %s
calendars: {workdays: {country: CN, announced_until: 2026-12-31}}
counting: {calendar: workdays, first_day: %s, ends: end_of_day, roll: %s}
sources: {rule: {title: {en: House rule, zh: 内部规定}, status: company}}
record: {fields: {happened_on: {type: date}, happened_at: {type: datetime}}}
admission:
  - {id: AD-days, title: {en: In time, zh: 按时}, require: {responded_at: {by: {from: %s, within: 2 years}}}, source: {ref: rule}, reason: {en: late, zh: 逾期}}
  - {id: AD-working, title: {en: In time, zh: 按时}, require: {responded_at: {by: {from: %s, within: 300 working days}}}, source: {ref: rule}, reason: {en: late, zh: 逾期}}
  - {id: AD-ahead, title: {en: In time, zh: 按时}, require: {responded_at: {by: {from: %s, ahead: 20 working days}}}, source: {ref: rule}, reason: {en: late, zh: 逾期}}
"""
LIMITS = [datetime(2026, 12, 31, 23, 59, 59, 999_999), datetime(2027, 1, 1), datetime(2027, 1, 4, 23, 59, 59, 999_999), datetime(2027, 1, 5), datetime(2028, 1, 2)]


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York"])
@pytest.mark.parametrize(("first_day", "roll"), [("excluded", "next_working_day"), ("included", "next_working_day"), ("excluded", "previous_working_day"), ("excluded", "none")])
@pytest.mark.parametrize("base", ["happened_on", "happened_at"])
def test_limits_past_the_announced_days(zone: str, first_day: str, roll: str, base: str) -> None:
    """What is done before the last announced day was in time, whatever the days after it will be."""
    policy = load_policy_text(LIMITED % (zone, first_day, roll, base, base, base))
    starts = [datetime(2024, 6, 1, 10), datetime(2024, 12, 31, 10), datetime(2025, 1, 1), datetime(2025, 1, 3, 23), datetime(2025, 6, 1), datetime(2025, 12, 30), datetime(2027, 2, 1)]
    done = [None, datetime(2026, 3, 1), *(limit + timedelta(microseconds=step) for limit in LIMITS for step in (-1, 0, 1))]
    pairs = [(start, end) for start in starts for end in done]
    frame = pl.DataFrame(
        {
            "id": [f"C{i}" for i in range(len(pairs))],
            "received_at": [datetime(2024, 5, 1)] * len(pairs),
            "responded_at": [end for _, end in pairs],
            "happened_on": [start.date() for start, _ in pairs],
            "happened_at": [start for start, _ in pairs],
        }
    )

    names = ("AD-days", "AD-working", "AD-ahead")
    decisions = as_evaluate(policy, frame, datetime(2029, 1, 1), names)

    missing = run_audit(policy, frame, as_of=datetime(2029, 1, 1), columns=("missing",)).decisions
    for record, found in zip(frame.iter_rows(named=True), missing.iter_rows(named=True), strict=True):
        decision = policy.evaluate(record, as_of=datetime(2029, 1, 1))
        told = {one.rule: list(one.missing) for one in decision.admission}
        assert {name: found[f"{name}.missing"] or [] for name in names} == {name: told[name] for name in names}, record
    if roll == "next_working_day":
        assert {"met", "indeterminate"} <= set(decisions["AD-days.outcome"].cast(pl.String))
    assert {"met", "indeterminate"} <= set(decisions["AD-working.outcome"].cast(pl.String))


def test_they_go_by_columns() -> None:
    policy = load_policy_text(LIMITED % ("Asia/Shanghai", "excluded", "next_working_day", *["happened_on"] * 3))
    count = 500
    frame = pl.DataFrame(
        {
            "id": [f"C{i}" for i in range(count)],
            "received_at": [datetime(2025, 11, 1)] * count,
            "responded_at": [datetime(2025, 12, 1) + timedelta(days=i % 90) for i in range(count)],
            "happened_on": [date(2025, 10, 1) + timedelta(days=i % 28) for i in range(count)],
        }
    )

    audit = policy.audit(frame, as_of="2026-06-01T00:00")

    assert set(audit.decisions["AD-days.outcome"].cast(pl.String)) == {"met"}
    assert audit.notes == ()
