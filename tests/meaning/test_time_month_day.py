"""Days of the year as instants: the next one after the start, with the conventions a count of days takes."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest

from complaint_policy import PolicyError, load_policy_text
from complaint_policy.lengths import MonthDays, parse_month_day
from tests.meaning.time_support import deadline, judged, policy, shown

HALVES = "{month_day: [08-31, 02-28]}"

# within, counting, received_at, due_at
DUES = [
    # the trap: 30 June and two months is 30 August; the rule says 31 August
    ("2 months", "", "2026-06-30T10:00", "2026-08-30T23:59:59"),
    (HALVES, "", "2026-06-30T10:00", "2026-08-31T23:59:59"),
    (HALVES, "", "2026-12-31T10:00", "2027-02-28T23:59:59"),
    (HALVES, "", "2027-12-31T10:00", "2028-02-28T23:59:59"),  # the 28th in a leap year too
    # the day of the start is not counted: the next one
    (HALVES, "", "2026-08-30T23:59", "2026-08-31T23:59:59"),
    (HALVES, "", "2026-08-31T00:00", "2027-02-28T23:59:59"),
    (HALVES, "first_day: included", "2026-08-31T00:00", "2026-08-31T23:59:59"),
    (HALVES, "first_day: included", "2026-09-01T00:00", "2027-02-28T23:59:59"),
    # 29 February is the last day of February
    ("{month_day: 02-29}", "", "2026-01-05T10:00", "2026-02-28T23:59:59"),
    ("{month_day: 02-29}", "", "2028-01-05T10:00", "2028-02-29T23:59:59"),
    ("{month_day: 02-29}", "", "2026-02-28T10:00", "2027-02-28T23:59:59"),
    ("{month_day: [02-28, 02-29]}", "", "2028-02-28T10:00", "2028-02-29T23:59:59"),
    ("{month_day: [02-28, 02-29]}", "", "2026-02-28T10:00", "2027-02-28T23:59:59"),
    # 18 March 2026 is a holiday of the calendar, 17 and 19 are worked
    ("{month_day: 03-18}", "calendar: days, roll: next_working_day", "2026-03-02T10:00", "2026-03-19T23:59:59"),
    ("{month_day: 03-18}", "calendar: days, roll: previous_working_day", "2026-03-02T10:00", "2026-03-17T23:59:59"),
    ("{month_day: 03-17}", "calendar: office, ends: close_of_business", "2026-03-02T10:00", "2026-03-17T18:00:00"),
    ("{month_day: 03-17}", "ends: same_time", "2026-03-02T10:00", "2026-03-17T10:00:00"),
    # with other instants: the earlier, the later
    ("{first_of: [{month_day: 03-10}, 15 days]}", "", "2026-03-02T10:00", "2026-03-10T23:59:59"),
    ("{last_of: [{month_day: 03-10}, 15 days]}", "", "2026-03-02T10:00", "2026-03-17T23:59:59"),
    ("{from: {from: received_at, within: 10 days}, within: {month_day: 03-10}}", "", "2026-03-02T10:00", "2027-03-10T23:59:59"),
]


@pytest.mark.parametrize(("within", "counting", "received", "due"), DUES)
def test_the_next_such_day(within: str, counting: str, received: str, due: str) -> None:
    of = deadline(within, counting)
    assert shown(judged(of, "2026-01-01T00:00" if received < "2026" else received, received_at=received).deadline("DL").due_at) == due


@pytest.mark.parametrize(("within", "counting", "received", "due"), DUES)
def test_a_table_has_the_same(within: str, counting: str, received: str, due: str) -> None:
    audit = deadline(within, counting).audit(pl.DataFrame({"received_at": [datetime.fromisoformat(received)]}), as_of="2029-01-01T00:00")
    assert [str(d)[:19].replace(" ", "T") for d in audit.decisions["DL.due_at"]] == [due]
    assert not audit.notes or "previous" in counting or "close" in counting


def test_at_the_border() -> None:
    of = deadline(HALVES)
    for done, outcome in (("2026-08-31T23:59:59.999999", "met"), ("2026-09-01T00:00", "breached")):
        assert judged(of, "2026-10-01T00:00", received_at="2026-06-30T10:00", responded_at=done).deadline("DL").outcome == outcome
    for as_of, outcome in (("2026-08-31T23:59:59.999999", "pending"), ("2026-09-01T00:00", "breached")):
        assert judged(of, as_of, received_at="2026-06-30T10:00").deadline("DL").outcome == outcome


def test_a_day_of_which_only_the_day_is_known() -> None:
    """Received on the day itself, at whatever time: the next one."""
    assert shown(judged(deadline(HALVES), "2026-09-01T00:00", received_at="2026-08-31").deadline("DL").due_at) == "2027-02-28T23:59:59"


def test_a_pause_does_not_move_it() -> None:
    """A day of the year is a day, not a length: the clock cannot stand still before it."""
    of = deadline("{month_day: 03-10}", more="pauses: [waiting]")
    line = judged(of, "2026-03-09T00:00", received_at="2026-03-02T10:00", waiting="2026-03-03/2026-03-06").deadline("DL")
    assert shown(line.due_at) == "2026-03-10T23:59:59"
    words = judged(of, "2026-03-09T00:00", received_at="2026-03-02T10:00", waiting="2026-03-03/2026-03-06").explain("en")
    assert "2026-03-03 (Tue) to 03-10 (Tue): 8 days" in words  # nothing of them stands still


def test_in_a_condition_and_in_a_fact() -> None:
    of = policy("""
facts:
  this_year: {closed_at: {by: {from: received_at, within: {month_day: 12-31}}}}
  season: {from: received_at, within: {month_day: [06-01, 12-01]}}
deadlines: [{id: DL, from: received_at, to: responded_at, within: {first_of: [season, 1 year]}}]
""")
    decision = judged(of, "2027-02-01T00:00", received_at="2026-03-02T10:00", closed_at="2026-12-31T23:00")
    assert decision.fact("this_year") is True
    assert shown(decision.deadline("DL").due_at) == "2026-06-01T23:59:59"


def test_ladders_and_stages_are_not_held_against_it() -> None:
    """How long it is depends on the day it starts: `check` refuses nothing for it."""
    deadline("{month_day: 03-10}", more="extend: [{id: later, within: {month_day: 09-10}, when: {complex: true}}]")
    policy("""
deadlines:
  - {id: DL-whole, from: received_at, to: closed_at, within: {month_day: 03-10}}
  - {id: DL-part, part_of: DL-whole, from: received_at, to: responded_at, within: {month_day: 03-10}}
  - {id: DL-other, part_of: DL-whole, from: received_at, to: noted_at, within: {month_day: 03-10}}
""")


def test_in_words() -> None:
    of = deadline(HALVES)
    decision = judged(of, "2026-07-01T00:00", received_at="2026-06-30T10:00")
    assert "limit: the next 28 February or 31 August" in decision.explain("en")
    assert "期限：下一个2月28日或8月31日" in decision.explain("zh")


HEAD = "format: 1\npolicy: t/p\neffective: {from: 2026-01-01}\ntimezone: UTC\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("deadlines: [{id: D, from: received_at, to: closed_at, within: {month_day: 04-31}}]", "bad-month-day"),
        ("deadlines: [{id: D, from: received_at, to: closed_at, within: {month_day: 02-30}}]", "bad-month-day"),
        ("deadlines: [{id: D, from: received_at, to: closed_at, within: {month_day: 13-01}}]", "bad-month-day"),
        ("deadlines: [{id: D, from: received_at, to: closed_at, within: {month_day: 8-31}}]", "bad-form"),
        ("deadlines: [{id: D, from: received_at, to: closed_at, within: {month_day: [08-31, 08-31]}}]", "value-twice"),
        ("deadlines: [{id: D, from: received_at, to: closed_at, within: {month_day: 08-31}, counting: {from_closed_day: next_day_is_one}}]", "convention-not-taken"),
        ("deadlines: [{id: D, from: received_at, to: closed_at, within: {month_day: 08-31}, counting: {pause_on_days: elapsed}}]", "convention-not-taken"),
        ("deadlines: [{id: D, from: received_at, to: closed_at, within: {month_day: 08-31}, counting: {roll: next_working_day}}]", "roll-without-calendar"),
        ("facts: {season: {month_day: 06-01}}", "month-day-without-anchor"),
        ("deadlines: [{id: D, from: {month_day: 06-01}, to: closed_at, within: 2 days}]", "month-day-without-anchor"),
    ],
)
def test_problems(text: str, code: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy_text(HEAD + text)
    assert [p.code for p in caught.value.problems] == [code]


def test_what_no_year_has() -> None:
    assert parse_month_day("02-29") == (2, 29)
    assert [parse_month_day(text) for text in ("02-30", "06-31", "00-10", "10-00", "1-1", "08-31\n")] == [None] * 6
    assert MonthDays(1, "month_day", days=((2, 29),)).in_year(2100)[0].day == 28  # 2100 is no leap year


@pytest.mark.parametrize(
    ("days", "en", "zh"),
    [
        ([(m, 25) for m in range(1, 13)], "the next 25th of a month", "下一个25日（每月）"),
        ([(m, d) for m in range(1, 13) for d in (1, 12)], "the next 1st or 12th of a month", "下一个1日或12日（每月）"),
        ([(m, 29 if m == 2 else 30 if m in (4, 6, 9, 11) else 31) for m in range(1, 13)], "the next last day of a month", "下一个最后一日（每月）"),
        # A month that is left out, or has another day: each is said.
        ([(1, 25), (2, 26)], "the next 25 January or 26 February", "下一个1月25日或2月26日"),
    ],
)
def test_the_days_of_every_month_are_said_once(days: list[tuple[int, int]], en: str, zh: str) -> None:
    text = MonthDays(1, "month_day", days=tuple(days)).text
    assert (text.en, text.zh) == (en, zh)
