"""Duties that come back, from docs/language.md alone: what is due when, what a register says of it, by figures of the period.

In 2026: 30 June is a Tuesday, 31 December a Thursday.  The arithmetic of each due day stands beside it.
"""

from __future__ import annotations

import json
import pickle
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from complaint_policy import InputError, PolicyError, UsageError, load_policy, load_policy_text
from complaint_policy.policy import Policy
from complaint_policy.rules.schedules.looked_at import Schedules

HEAD = """
format: 1
policy: test/schedules
effective: {from: 2020-01-01}
timezone: Asia/Shanghai
currency: CNY
calendars:
  cn: {country: CN, announced_until: 2026-12-31}
sources: {cbb: {title: {en: CBB BC-C, zh: 巴林央行规则}, status: verified}}
portfolio:
  - {id: PF-received, title: {en: Complaints received, zh: 受理投诉数}, measure: {count: {received_at: present}}, per: half_year}
  - {id: PF-quarter, measure: {count: {received_at: present}}, per: quarter}
  - {id: PF-late, measure: {share: {responded_at: missing}}, per: quarter}
"""


@lru_cache(maxsize=256)
def policy(body: str, head: str = HEAD) -> Policy:
    return load_policy_text(head + body)


def one(keys: str) -> Policy:
    return policy(f"schedules: [{{id: SC, done: register, {keys}}}]")


QUARTER = "period: quarter, from: period_end, within: 20 days"


def judged(of: Policy, as_of: str, rows: Any = (), since: Any = "2026-01-01", **more: Any) -> Schedules:
    register = rows if rows is None else [row if isinstance(row, dict) else dict(zip(("schedule", "period", "at"), row, strict=True)) for row in rows]
    return of.schedules(register, as_of=as_of, since=since, **more)


def outcome(of: Policy, as_of: str, *filed: str, period: str = "2026-Q2", **more: Any) -> str:
    return judged(of, as_of, [("SC", period, at) for at in filed], **more).result("SC", period).outcome


@frozen
class Figure:
    period: str
    low: Any
    high: Any
    group: tuple[str, ...] = ()
    members: int = 1


@frozen
class Measured:
    """What stands for an audit."""

    portfolio: dict[str, tuple[Figure, ...]]


def measured(rule: str, period: str, low: Any, high: Any = None) -> Measured:
    return Measured({rule: (Figure(period, low, low if high is None else high),)})


# --------------------------------------------------------------------------- due dates
# keys of the schedule, period, due
DUES = [
    # CBB: 20 days after the quarter.  31 March + 20: 20 April; 30 June + 20: 20 July; 31 December + 20: 20 January
    (QUARTER, "2026-Q1", "2026-04-20T23:59:59"),
    (QUARTER, "2026-Q2", "2026-07-20T23:59:59"),
    (QUARTER, "2026-Q4", "2027-01-20T23:59:59"),
    # DISP 1.10A: published by 31 August and by 28 February, in a leap year too; two months would be 30 August
    ("period: half_year, from: period_end, within: {month_day: [08-31, 02-28]}", "2026-H1", "2026-08-31T23:59:59"),
    ("period: half_year, from: period_end, within: {month_day: [08-31, 02-28]}", "2026-H2", "2027-02-28T23:59:59"),
    ("period: half_year, from: period_end, within: {month_day: [08-31, 02-28]}", "2027-H2", "2028-02-28T23:59:59"),
    ("period: half_year, from: period_end, within: 2 months", "2026-H1", "2026-08-30T23:59:59"),
    # S25.1: the first ten days of June and December; the first day counts
    ("period: half_year, from: {month_day: [06-01, 12-01]}, within: 10 days, counting: {first_day: included}", "2026-H1", "2026-06-10T23:59:59"),
    ("period: half_year, from: {month_day: [06-01, 12-01]}, within: 10 days, counting: {first_day: included}", "2026-H2", "2026-12-10T23:59:59"),
    # Canada 627.47: 135 days after the year's end: January 31, February 28, March 31, April 30 are 120, and 15 of May
    ("period: year, from: period_end, within: 135 days", "2026", "2027-05-15T23:59:59"),
    # ACMA: 10 working days after the quarter; of October 2026 the 1st to 7th are holidays, Saturday the 10th is worked:
    # 8, 9, 10, 12, 13, 14, 15, 16, 19, 20
    ("period: quarter, from: period_end, within: 10 working days, counting: {calendar: cn}", "2026-Q3", "2026-10-20T23:59:59"),
    # S17.4: a survey within each quarter
    ("period: quarter, from: period_start, within: period_end", "2026-Q2", "2026-06-30T23:59:59"),
    ("period: quarter, from: period_start, within: 3 months, counting: {first_day: included}", "2026-Q2", "2026-06-30T23:59:59"),
    ("period: quarter, from: period_start, within: 45 days", "2026-Q2", "2026-05-16T23:59:59"),  # 1 April + 45: 29 left of April, 16 of May
    ("period: month, from: period_end, within: {month_day: 12-15}", "2026-02", "2026-12-15T23:59:59"),
    ("period: month, from: period_end, within: 48 hours", "2026-02", "2026-03-02T23:59:59"),
    # ISO week 9 of 2026 is 23 February to 1 March
    ("period: week, from: period_end, within: 3 days", "2026-W09", "2026-03-04T23:59:59"),
    # week 53 of 2026 ends on 3 January 2027
    ("period: week, from: period_end, within: 3 days", "2026-W53", "2027-01-06T23:59:59"),
    # the last day on a Sunday: 31 May 2026 + 7 is Sunday 7 June, moved to Monday the 8th
    ("period: month, from: period_end, within: 7 days, counting: {calendar: cn, roll: next_working_day}", "2026-05", "2026-06-08T23:59:59"),
    ("period: quarter, from: period_end, within: {first_of: [20 days, {month_day: 04-15}]}", "2026-Q1", "2026-04-15T23:59:59"),
    ("period: quarter, from: period_end, within: {from: period_start, within: 100 days}", "2026-Q1", "2026-04-11T23:59:59"),  # 1 January + 100: 90 more to 1 April
]


@pytest.mark.parametrize(("keys", "period", "due"), DUES)
def test_due(keys: str, period: str, due: str) -> None:
    """Pending at the due instant, breached right after it; done then, met and breached."""
    of = one(keys)
    before = judged(of, due + ".999999", since=f"{period[:4]}-01-01").result("SC", period)
    assert (before.due_at.isoformat()[:19] if before.due_at else None, before.outcome) == (due, "pending")
    after = _next_day(due)
    assert outcome(of, after, period=period, since=f"{period[:4]}-01-01") == "breached"
    assert outcome(of, "2029-01-01T00:00", due + ".999999", period=period, since=f"{period[:4]}-01-01") == "met"
    assert outcome(of, "2029-01-01T00:00", after, period=period, since=f"{period[:4]}-01-01") == "breached"


def _next_day(due: str) -> str:
    return date.fromordinal(date.fromisoformat(due[:10]).toordinal() + 1).isoformat() + "T00:00"


def test_late_by() -> None:
    """Due at the end of 20 July; half past midnight is half an hour late."""
    result = judged(one(QUARTER), "2026-08-01T00:00", [("SC", "2026-Q2", "2026-07-21T00:30")]).result("SC", "2026-Q2")
    assert str(result.over_by) == "0:30:00"
    assert result.done_at is not None and result.done_at.isoformat() == "2026-07-21T00:30:00+08:00"
    assert result.message.en == "SC, 2026-Q2: due 2026-07-20 23:59:59, done 2026-07-21 00:30, late by 30 min."
    assert result.message.zh == "SC（2026年第2季度）：应于2026年7月20日 23:59:59前完成，实际2026年7月21日 00:30完成，逾期30分钟。"


def test_a_day_without_its_hour() -> None:
    of = one(QUARTER)
    assert outcome(of, "2026-09-01T00:00", "2026-07-20") == "met"
    assert outcome(of, "2026-09-01T00:00", "2026-07-21") == "breached"
    by_noon = one("period: quarter, from: period_end, within: {from: period_end, within: 12 hours}")  # noon of 1 July
    assert outcome(by_noon, "2026-09-01T00:00", "2026-07-01") == "indeterminate"
    assert judged(by_noon, "2026-09-01T00:00", [("SC", "2026-Q2", "2026-07-01")]).result("SC", "2026-Q2").missing == ("register.at",)


def test_times_with_an_offset() -> None:
    """20 July 17:00 in London summer time is past midnight in Shanghai."""
    assert outcome(one(QUARTER), "2026-09-01T00:00", "2026-07-20T16:59+01:00") == "met"
    assert outcome(one(QUARTER), "2026-09-01T00:00", "2026-07-20T17:00+01:00") == "breached"


def test_days_that_are_not_announced() -> None:
    """10 working days from 31 December 2026 lie in a year whose holidays are not announced."""
    of = one("period: quarter, from: period_end, within: 10 working days, counting: {calendar: cn}")
    result = judged(of, "2027-03-01T00:00").result("SC", "2026-Q4")
    assert (result.outcome, result.missing, result.provisional) == ("indeterminate", ("cn 2027",), True)
    assert outcome(of, "2026-12-31T23:59", period="2026-Q4") == "pending"


# --------------------------------------------------------------------------- periods
def test_periods_with_a_day_from_since_to_as_of() -> None:
    def names(since: Any, as_of: str) -> list[str]:
        return [r.period for r in judged(one(QUARTER), as_of, since=since).results]

    assert names("2026-01-01", "2026-07-01T00:00") == ["2026-Q1", "2026-Q2", "2026-Q3"]
    assert names("2025-12-31", "2026-03-31T23:59") == ["2025-Q4", "2026-Q1"]
    assert names(date(2026, 4, 1), "2026-04-01T00:00") == ["2026-Q2"]
    assert names("1990-01-01", "2020-04-01T00:00") == ["2020-Q1", "2020-Q2"]  # no version before


def test_the_version_in_force_at_the_end_of_the_period() -> None:
    """Monthly until May 2026, quarterly from 1 June on, within 20 days and from 1 July within 30."""

    def version(start: str, until: str, keys: str) -> Policy:
        effective = f"{{from: {start}, until: {until}}}" if until else f"{{from: {start}}}"
        return policy(f"schedules: [{{id: SC, done: register, {keys}}}]", HEAD.replace("{from: 2020-01-01}", effective))

    parts = [
        version("2020-01-01", "2026-06-01", "period: month, from: period_end, within: 10 days"),
        version("2026-06-01", "2026-07-01", QUARTER),
        version("2026-07-01", "", QUARTER.replace("20 days", "30 days")),
    ]
    of = Policy(tuple(v for p in parts for v in p.versions))
    found = judged(of, "2026-06-15T00:00", [("SC", "2026-06", "2026-07-05"), ("SC", "2026-03", "2026-04-08")], since="2026-03-01")
    # June would be a month of the first version, but that one has ended; the second quarter ends under the second.
    assert [(r.period, r.due_on.isoformat() if r.due_on else None, r.outcome) for r in found.results] == [
        ("2026-03", "2026-04-10", "met"),
        ("2026-04", "2026-05-10", "breached"),
        ("2026-05", "2026-06-10", "breached"),
        ("2026-Q2", "2026-07-20", "pending"),
    ]
    assert [(f.row, f.code) for f in found.findings] == [(1, "not_in_force")]
    assert judged(of, "2026-10-15T00:00", since="2026-07-01").result("SC", "2026-Q3").due_on == date(2026, 10, 30)
    # The running quarter ends under a version that is not in force yet.
    assert [r.period for r in judged(of, "2026-05-20T00:00", since="2026-05-01").results] == ["2026-05", "2026-Q2"]


# --------------------------------------------------------------------------- the register
def test_every_row_is_accounted_for() -> None:
    rows = [
        ("SC", "2026-Q1", "2026-04-20"),  # counts
        ("SC", "2026-Q2", "2026-06-30T23:00"),  # before the quarter was over
        ("SC", "2026-Q2", "2026-07-21T00:30"),  # counts
        ("SC", "2026-Q2", "2026-07-22"),  # a second time
        ("SD", "2026-Q2", "2026-07-01"),  # no such schedule
        ("SC", "2025-Q4", "2026-01-10"),  # another time
        ("SC", "2019-Q4", "2020-01-10"),  # before there was a policy
        ("SC", "2026-Q3", ""),  # not yet
        ("SC", "2026-Q3", "2026-12-01"),  # after as_of: not yet
        {},
    ]
    found = judged(one(QUARTER), "2026-10-10T00:00", rows)
    assert sum(found.rows.values()) == len(rows)
    assert dict(found.rows) == {"counted": 2, "set_aside": 5, "elsewhere": 1, "not_yet": 2}
    assert [(f.row, f.code) for f in found.findings] == [(2, "before_its_time"), (4, "twice"), (5, "unknown_schedule"), (7, "not_in_force"), (10, "blank")]
    assert [(r.period, r.outcome) for r in found.results] == [("2026-Q1", "met"), ("2026-Q2", "breached"), ("2026-Q3", "pending"), ("2026-Q4", "pending")]
    assert found.status == "breached"
    for finding in found.findings:
        assert finding.message.en and finding.message.zh and finding.message.en != finding.message.zh


def test_the_earliest_counts_in_whatever_order() -> None:
    assert outcome(one(QUARTER), "2026-10-10T00:00", "2026-07-25", "2026-07-19") == "met"
    assert outcome(one(QUARTER), "2026-10-10T00:00", "2026-06-30", "2026-07-25") == "breached"  # the early one does not count


def test_before_its_time() -> None:
    """A report of a quarter cannot be made before the quarter is over; the review belongs to the days from 1 June on."""
    of = one(QUARTER)
    assert outcome(of, "2026-10-10T00:00", "2026-06-30T23:59:59.999999") == "breached"
    assert outcome(of, "2026-10-10T00:00", "2026-07-01T00:00") == "met"
    review = one("period: half_year, from: {month_day: [06-01, 12-01]}, within: 10 days, counting: {first_day: included}")
    for at, expected in (("2026-05-31T23:59:59.999999", "breached"), ("2026-06-01T00:00", "met"), ("2026-06-01", "met"), ("2026-06-11T00:00", "breached")):
        assert outcome(review, "2026-10-10T00:00", at, period="2026-H1") == expected
    survey = one("period: quarter, from: period_start, within: period_end")
    assert outcome(survey, "2026-10-10T00:00", "2026-04-01T00:00") == "met"
    assert outcome(survey, "2026-10-10T00:00", "2026-03-31T23:59") == "breached"


def test_rows_that_cannot_be_read_may_stand_for_a_period() -> None:
    of = one(QUARTER)

    def second(*rows: tuple[Any, Any, Any], as_of: str = "2026-10-10T00:00") -> tuple[str, tuple[str, ...]]:
        result = judged(of, as_of, rows).result("SC", "2026-Q2")
        return result.outcome, result.missing

    in_time, late = "2026-07-10", "2026-08-10"
    # which period: dated in time it may be this one, dated late it changes nothing
    assert second(("SC", None, in_time)) == ("indeterminate", ("register.period",))
    assert second(("SC", "2026Q2", in_time)) == ("indeterminate", ("register.period",))
    assert second(("SC", "2026-H1", in_time)) == ("indeterminate", ("register.period",))
    assert second(("SC", None, late)) == ("breached", ())
    assert second(("SC", None, "2026-06-30")) == ("breached", ())  # before its time it does not count, whatever it is
    # which schedule, and when
    assert second((None, "2026-Q2", in_time)) == ("indeterminate", ("register.schedule",))
    assert second((None, "2026-Q1", in_time)) == ("breached", ())
    assert second(("SC", "2026-Q2", "soon")) == ("indeterminate", ("register.at",))
    assert second(("SC", "2026-Q2", "soon"), as_of="2026-07-05T00:00") == ("indeterminate", ("register.at",))
    # what is known to be in time stands; what is known to be late may have been earlier
    assert second(("SC", "2026-Q2", in_time), ("SC", "2026-Q2", "soon")) == ("met", ())
    assert second(("SC", "2026-Q2", late), ("SC", "2026-Q2", "soon")) == ("indeterminate", ("register.at",))
    assert second(("SC", "2026-Q2", late), ("SC", None, in_time)) == ("indeterminate", ("register.period",))
    # a schedule of somebody else's is none of ours
    assert second(("TAX", "2026-Q2", in_time)) == ("breached", ())
    # many of them at once
    assert second(*[("SC", None, in_time)] * 300) == ("indeterminate", ("register.period",))


def test_no_register_is_not_an_empty_one() -> None:
    result = judged(one(QUARTER), "2026-10-10T00:00", None).result("SC", "2026-Q2")
    assert (result.outcome, result.missing) == ("indeterminate", ("register",))
    assert outcome(one(QUARTER), "2026-10-10T00:00") == "breached"


def test_objects_and_strange_rows() -> None:
    @frozen
    class Row:
        schedule: str
        period: str
        at: Any

    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

    of = one("period: year, from: period_end, within: 20 days")
    rows: list[Any] = [Row("SC", "2026", "2027-01-05"), Broken(), 7, {"schedule": "SC", "period": 2025, "at": date(2026, 1, 5)}]
    found = of.schedules(rows, as_of="2027-02-01T00:00", since="2025-01-01")
    assert [(r.period, r.outcome) for r in found.results] == [("2025", "met"), ("2026", "met"), ("2027", "pending")]
    assert [(f.row, f.code) for f in found.findings] == [(2, "unusable"), (3, "blank")]


@pytest.mark.parametrize("register", ["2026-Q1", 7, b"x", {"schedule": "SC"}])
def test_what_is_no_register(register: Any) -> None:
    with pytest.raises(InputError, match="a register is a list of rows"):
        one(QUARTER).schedules(register, as_of="2026-10-10T00:00", since="2026-01-01")


def test_a_table_is_told_to_hand_in_its_rows() -> None:
    import polars as pl

    table = pl.DataFrame({"schedule": ["SC"], "period": ["2026-Q2"], "at": ["2026-07-01"]})
    for given in (table, table.lazy(), table.to_arrow()):
        with pytest.raises(InputError, match="to_dicts"):
            one(QUARTER).schedules(given, as_of="2026-10-10T00:00", since="2026-01-01")  # type: ignore[arg-type]
    assert one(QUARTER).schedules(table.to_dicts(), as_of="2026-10-10T00:00", since="2026-04-01").result("SC", "2026-Q2").outcome == "met"


@pytest.mark.parametrize(("since", "message"), [("soon", "since is a day"), ("2026", "since is a day"), (None, "since is a day"), ("0001-01-01", "since is a day"), ("2026-10-11", "after as_of")])
def test_since_is_a_day(since: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        judged(one(QUARTER), "2026-10-10T00:00", since=since)


def test_a_period_that_was_not_looked_at() -> None:
    with pytest.raises(UsageError, match="2025-Q4"):
        judged(one(QUARTER), "2026-10-10T00:00").result("SC", "2025-Q4")


# --------------------------------------------------------------------------- figures
SIZE = "period: half_year, from: period_end, within: {month_day: [08-31, 02-28]}, when: {PF-received: {at_least: 500}}"


def test_from_500_complaints_on() -> None:
    of = one(SIZE)

    def first(low: Any, high: Any = None) -> str:
        return outcome(of, "2026-09-01T00:00", period="2026-H1", audit=measured("PF-received", "2026-H1", low, high))

    assert [first(499), first(500), first(501)] == ["not_applicable", "breached", "breached"]
    # undecided records leave an interval: what all of it agrees on is decided
    assert [first(498, 499), first(499, 500), first(500, 700)] == ["not_applicable", "indeterminate", "breached"]
    assert first(None) == "indeterminate"
    # an end that nothing bounds lies beyond every number
    ends = [Measured({"PF-received": (Figure("2026-H1", low, high),)}) for low, high in ((500, None), (499, None), (None, 499), (None, 500))]
    assert [outcome(of, "2026-09-01T00:00", period="2026-H1", audit=audit) for audit in ends] == ["breached", "indeterminate", "not_applicable", "indeterminate"]
    # without an audit it is unknown, and named; a period without any record has none
    result = judged(of, "2026-09-01T00:00").result("SC", "2026-H1")
    assert (result.outcome, result.missing, result.would_be) == ("indeterminate", ("PF-received",), "breached")
    assert "Complaints received (PF-received)" in result.message.en and "受理投诉数（PF-received）" in result.message.zh
    assert outcome(of, "2026-09-01T00:00", period="2026-H1", audit=Measured({})) == "not_applicable"
    # done in time it is met if it applies
    assert outcome(of, "2026-09-01T00:00", "2026-08-31", period="2026-H1", audit=measured("PF-received", "2026-H1", 499, 500)) == "indeterminate"
    assert outcome(of, "2026-09-01T00:00", "2026-08-31", period="2026-H1", audit=measured("PF-received", "2026-H1", 600)) == "met"


def test_a_figure_of_a_running_period_is_open() -> None:
    found = judged(one(SIZE), "2026-09-01T00:00", audit=measured("PF-received", "2026-H2", 3))
    assert (found.result("SC", "2026-H2").outcome, found.result("SC", "2026-H2").missing) == ("pending", ())


def test_nil_reports() -> None:
    """By default a report is due though nothing happened; with a condition only where something did."""
    assert outcome(one(QUARTER), "2026-08-01T00:00", audit=Measured({})) == "breached"
    only = one(QUARTER + ", when: {PF-quarter: {above: 0}}")
    assert outcome(only, "2026-08-01T00:00", audit=Measured({})) == "not_applicable"
    assert outcome(only, "2026-08-01T00:00", audit=measured("PF-quarter", "2026-Q2", 1)) == "breached"
    assert outcome(only, "2026-08-01T00:00", audit=measured("PF-quarter", "2026-Q1", 1)) == "not_applicable"  # of that very quarter
    # Of a period before its first record a table says nothing.
    found = judged(only, "2026-08-01T00:00", audit=measured("PF-quarter", "2026-Q3", 1)).result("SC", "2026-Q2")
    assert (found.outcome, found.missing, found.would_be) == ("indeterminate", ("PF-quarter",), "breached")


def test_the_limit_by_size() -> None:
    of = one("period: quarter, from: period_end, within: {choose: [{when: {PF-quarter: {at_least: 100}}, then: 10 days}, {otherwise: 30 days}]}")

    def due(low: int, high: int | None = None) -> tuple[str, str, str | None]:
        result = judged(of, "2026-07-20T00:00", audit=measured("PF-quarter", "2026-Q2", low, high)).result("SC", "2026-Q2")
        return result.outcome, str(result.due_on), str(result.due_latest)[:10] if result.due_latest else None

    assert due(100) == ("breached", "2026-07-10", None)
    assert due(99) == ("pending", "2026-07-30", None)
    assert due(99, 100) == ("indeterminate", "2026-07-10", "2026-07-30")


def test_shares_and_other_numbers() -> None:
    """A third is no decimal number: compared it is exact all the same."""
    from fractions import Fraction

    def when(test: str, low: Any, high: Any = None) -> str:
        return outcome(one(f"{QUARTER}, when: {{PF-late: {test}}}"), "2026-08-01T00:00", audit=measured("PF-late", "2026-Q2", low, high))

    third, half = Fraction(1, 3), Fraction(1, 2)
    assert when("{above: 33.3%}", third) == "breached"
    assert when("{above: 33.4%}", third) == "not_applicable"
    assert [when(t, third, half) for t in ("{at_least: 33%}", "{at_least: 34%}", "{below: 51%}", "{at_most: 0.4}", "{above: 50%}")] == [
        "breached", "indeterminate", "breached", "indeterminate", "not_applicable",
    ]  # fmt: skip
    # equal: an interval that has the number within it may be it
    assert [when("0.5", third, half), when("0.4", third, half), when("0.6", third, half), when("0.5", half)] == ["indeterminate", "indeterminate", "not_applicable", "breached"]
    assert [when("[0.5, 0.9]", half), when("[0.6, 0.9]", third, half), when("[0.4, 0.9]", third, half)] == ["breached", "not_applicable", "indeterminate"]
    assert when("{not: {above: 50%}}", third, half) == "breached"
    # whether there is a share at all is not known
    perhaps = Measured({"PF-late": (Figure("2026-Q2", half, half, members=0),)})
    assert outcome(one(f"{QUARTER}, when: {{PF-late: {{above: 33%}}}}"), "2026-08-01T00:00", audit=perhaps) == "indeterminate"
    # no record, no share: nothing is above nothing
    assert outcome(one(f"{QUARTER}, when: {{PF-late: {{above: 0}}}}"), "2026-08-01T00:00", audit=Measured({})) == "not_applicable"
    # one figure against another
    both = Measured({"PF-late": (Figure("2026-Q2", third, half),), "PF-quarter": (Figure("2026-Q2", 1, 1),)})
    assert outcome(one(f"{QUARTER}, when: {{PF-quarter: {{above: {{field: PF-late}}}}}}"), "2026-08-01T00:00", audit=both) == "breached"
    # what is reckoned from a figure that is not known exactly is not known
    assert outcome(one(f"{QUARTER}, when: {{PF-quarter: {{above: {{times: [2, {{field: PF-late}}]}}}}}}"), "2026-08-01T00:00", audit=both) == "indeterminate"
    assert outcome(one(f"{QUARTER}, when: {{PF-quarter: {{above: {{times: [2, {{field: PF-quarter}}]}}}}}}"), "2026-08-01T00:00", audit=both) == "not_applicable"


def test_figures_by_groups_of_others_are_not_looked_at() -> None:
    other = Measured({"PF-quarter": (Figure("2026-Q2", 7, 7, ("network",)),)})
    assert outcome(one(QUARTER + ", when: {PF-quarter: {above: 0}}"), "2026-08-01T00:00", audit=other) == "not_applicable"


# --------------------------------------------------------------------------- the frame
def test_exempt_and_duty_of() -> None:
    of = policy(f"""
schedules:
  - {{id: SC, done: register, {QUARTER}, exempt: [{{when: {{PF-quarter: {{below: 10}}}}, reason: {{en: too few, zh: 数量过少}}}}]}}
  - {{id: SC-theirs, done: register, {QUARTER}, duty_of: merchant, source: {{ref: cbb, clause: BC-4.7}}}}
""")
    found = judged(of, "2026-08-01T00:00", audit=measured("PF-quarter", "2026-Q2", 9), since="2026-04-01")
    assert found.result("SC", "2026-Q2").outcome == "exempt"
    assert found.result("SC", "2026-Q2").message.zh == "SC（2026年第2季度）：豁免（数量过少）。"
    theirs = found.result("SC-theirs", "2026-Q2")
    assert (theirs.outcome, theirs.source) == ("breached", {"ref": "cbb", "clause": "BC-4.7", "status": "verified"})
    assert theirs.to_dict()["duty_of"] == "merchant"
    assert found.status == "pending"  # another's breach is not the company's


def test_waivers_name_periods() -> None:
    of = one(QUARTER + ", waivable: {by: [officer]}")

    def waived(**changes: Any) -> tuple[list[str], list[str]]:
        waiver = {"rule": "SC", "records": ["2026-Q1"], "reason": "flood", "by": "officer", **changes}
        found = judged(of, "2026-08-01T00:00", waivers=[waiver])
        return [r.outcome for r in found.results], [f.code for f in found.findings]

    assert waived() == (["waived", "breached", "pending"], [])
    assert waived(until="2026-07-01") == (["breached", "breached", "pending"], ["waiver_ignored"])
    assert waived(by="boss") == (["breached", "breached", "pending"], ["waiver_ignored"])
    assert waived(records={"upheld": True}) == (["breached", "breached", "pending"], ["waiver_ignored"])
    found = judged(of, "2026-08-01T00:00", waivers=[{"rule": "SC", "records": "2026-Q1", "reason": "flood", "by": "officer"}]).result("SC", "2026-Q1")
    assert (found.without_waiver, found.message.en) == ("breached", "SC, 2026-Q1: waived (flood).")


# --------------------------------------------------------------------------- what is due next
def test_next_due() -> None:
    of = policy(f"""
schedules:
  - {{id: SC, done: register, {QUARTER}}}
  - {{id: SC-review, done: register, period: half_year, from: {{month_day: [06-01, 12-01]}}, within: 10 days, counting: {{first_day: included}}}}
  - {{id: SC-year, done: register, period: year, from: period_end, within: 15 months}}
""")

    def ahead(as_of: str, *rows: tuple[str, str, str]) -> list[tuple[str, str, str]]:
        register = [dict(zip(("schedule", "period", "at"), row, strict=True)) for row in rows]
        return [(r.rule, r.period, str(r.due_on)) for r in of.next_due(register, as_of=as_of)]

    # of a year that is over for long something may still be due: 31 December 2025 and 15 months is 31 March 2027
    year = ("SC-year", "2025", "2027-03-31")
    assert ahead("2026-04-10T00:00") == [("SC", "2026-Q1", "2026-04-20"), ("SC-review", "2026-H1", "2026-06-10"), year]
    assert ahead("2026-04-20T23:59")[0] == ("SC", "2026-Q1", "2026-04-20")
    assert ahead("2026-04-21T00:00")[1] == ("SC", "2026-Q2", "2026-07-20")
    assert ahead("2026-04-10T00:00", ("SC", "2026-Q1", "2026-04-05"))[1] == ("SC", "2026-Q2", "2026-07-20")
    # the next half-year has not begun
    assert ahead("2026-06-06T00:00", ("SC-review", "2026-H1", "2026-06-05"))[1] == ("SC-review", "2026-H2", "2026-12-10")
    # without a register the dates are the same
    assert [r.rule for r in of.next_due(as_of="2026-04-10T00:00")] == ["SC", "SC-review", "SC-year"]
    # what does not apply is not due
    assert one(SIZE).next_due((), as_of="2026-07-10T00:00", audit=measured("PF-received", "2026-H1", 3))[0].period == "2026-H2"
    assert one(SIZE).next_due((), as_of="2026-07-10T00:00")[0].period == "2026-H1"  # it may apply


# --------------------------------------------------------------------------- as data
def test_as_data_and_pickled() -> None:
    of = one(QUARTER + ", title: {en: Quarterly report, zh: 季度报告}")
    found = judged(pickle.loads(pickle.dumps(of)), "2026-08-01T00:00", [("SC", "2026-Q1", "2026-04-20"), ("SC", "2026-Q9", "2026-04-20")])
    shown = json.loads(json.dumps(found.to_dict(), ensure_ascii=False))
    assert shown["results"][0] == {
        "rule": "SC",
        "title": {"en": "Quarterly report", "zh": "季度报告"},
        "period": "2026-Q1",
        "outcome": "met",
        "due_at": "2026-04-20T23:59:59+08:00",
        "due_on": "2026-04-20",
        "done_at": "2026-04-20",
        "over_by": None,
        "provisional": False,
        "missing": [],
        "message": {
            "en": "Quarterly report, 2026-Q1: due 2026-04-20 23:59:59, done 2026-04-20 (Mon).",
            "zh": "季度报告（2026年第1季度）：应于2026年4月20日 23:59:59前完成，已于2026年4月20日（周一）完成。",
        },
        "source": None,
    }
    assert shown["register"]["rows"] == {"counted": 1, "set_aside": 1}
    assert [f["row"] for f in shown["register"]["findings"]] == [2]
    assert shown["next_due"] == [{"rule": "SC", "period": "2026-Q3", "due_at": "2026-10-20T23:59:59+08:00", "title": {"en": "Quarterly report", "zh": "季度报告"}}]
    assert (shown["status"], shown["since"], shown["as_of"]) == ("breached", "2026-01-01", "2026-08-01T00:00:00+08:00")


def test_a_policy_without_schedules_has_none() -> None:
    found = judged(policy(""), "2026-08-01T00:00", [("SC", "2026-Q1", "2026-04-20")])
    assert (found.results, found.next_due, found.status, [f.code for f in found.findings]) == ((), (), "not_applicable", ["unknown_schedule"])


def test_a_decision_says_nothing_of_it() -> None:
    decision = one(QUARTER).evaluate({"received_at": "2026-03-01T10:00"}, as_of="2026-08-01T00:00")
    assert decision.status == "not_applicable"
    assert "schedules" not in decision.to_dict()


# --------------------------------------------------------------------------- what is refused
@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ("period: daily, from: period_end, within: 2 days", "unknown-word"),
        ("period: quarter, from: quarter_end, within: 2 days", "bad-form"),
        ("period: quarter, from: period_end, within: 2", "number-without-unit"),
        ("period: quarter, from: {month_day: [06-01, 12-01]}, within: 2 days", "day-not-in-period"),
        ("period: half_year, from: {month_day: 06-01}, within: 2 days", "day-not-in-period"),
        ("period: year, from: {month_day: [06-01, 12-01]}, within: 2 days", "day-not-in-period"),
        ("period: week, from: {month_day: [06-01, 12-01]}, within: 2 days", "day-not-in-period"),
        ("period: quarter, from: period_end, within: 2 days, when: {received_at: present}", "unknown-figure"),
        ("period: quarter, from: period_end, within: 2 days, when: {severity: major}", "unknown-figure"),
        ("period: quarter, from: period_end, within: 2 days, when: {PF-receivd: {above: 0}}", "unknown-figure"),
        ("period: quarter, from: period_end, within: 2 days, when: {PF-received: {above: 0}}", "figure-of-another-period"),
        ("period: quarter, from: period_end, within: 2 days, when: {PF-group: {above: 0}}", "figure-by-groups"),
        ("period: quarter, from: period_end, within: 2 days, when: {outcome: {DL: breached}}", "unknown-rule"),
        ("period: quarter, from: period_end, within: {from: received_at, within: 2 days}", "unknown-instant"),
        ("period: quarter, from: period_end, within: 2 days, counting: {at_closing: roll}", "convention-not-taken"),
        ("period: quarter, from: period_end, within: 2 working days", "working-unit-without-calendar"),
    ],
)
def test_problems(keys: str, code: str) -> None:
    head = HEAD + "  - {id: PF-group, measure: {count: {received_at: present}}, per: quarter, by: [category]}\ndeadlines: [{id: DL, from: received_at, to: closed_at, within: 2 days}]\n"
    with pytest.raises(PolicyError) as caught:
        policy(f"schedules: [{{id: SC, done: register, {keys}}}]", head)
    assert [p.code for p in caught.value.problems] == [code]


def test_no_record_can_rest_on_it() -> None:
    with pytest.raises(PolicyError) as caught:
        policy(f"schedules: [{{id: SC, done: register, {QUARTER}}}]\nfacts: {{tardy: {{outcome: {{SC: breached}}}}}}")
    assert [p.code for p in caught.value.problems] == ["wrong-rule-kind"]
    with pytest.raises(PolicyError) as caught:
        policy("facts: {large: {PF-received: {above: 3}}}")
    assert [p.code for p in caught.value.problems] == ["unknown-field"]


# --------------------------------------------------------------------------- overlays
@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (QUARTER, []),
        (QUARTER.replace("20 days", "15 days"), []),
        (QUARTER.replace("20 days", "21 days"), ["laxer-than-base"]),
        (QUARTER.replace("20 days", "{first_of: [20 days, {month_day: 04-10}]}"), []),
        (QUARTER.replace("20 days", "{month_day: 04-10}"), ["laxer-than-base"]),  # from the second quarter on
        (QUARTER.replace("quarter", "half_year").replace("PF-quarter", "PF-received"), ["not-shown-stricter"]),
        (QUARTER.replace("period_end", "period_start"), ["not-shown-stricter"]),
        (QUARTER + ", when: {PF-quarter: {at_least: 5}}", ["laxer-than-base"]),
    ],
)
def test_an_overlay_that_only_tightens(tmp_path: Path, keys: str, expected: list[str]) -> None:
    base = HEAD + f"schedules: [{{id: SC, done: register, {QUARTER}}}]\n"
    assert _overlaid(tmp_path, base, keys) == expected


@pytest.mark.parametrize(("size", "expected"), [(500, []), (300, []), (501, ["laxer-than-base"])])
def test_an_overlay_from_a_smaller_size_on(tmp_path: Path, size: int, expected: list[str]) -> None:
    base = HEAD + f"schedules: [{{id: SC, done: register, {SIZE}}}]\n"
    assert _overlaid(tmp_path, base, SIZE.replace("500", str(size))) == expected


@pytest.mark.parametrize(("days", "expected"), [("[08-31, 02-28]", []), ("[08-15, 02-15]", ["laxer-than-base"]), ("[02-28, 05-31, 08-31, 11-30]", [])])
def test_days_of_the_year_of_an_overlay(tmp_path: Path, days: str, expected: list[str]) -> None:
    """From 31 August on the next of 15 February is earlier, from 20 August on it is later: no set of days is shown to be earlier but one that has all of them."""
    base = HEAD + f"schedules: [{{id: SC, done: register, {SIZE}}}]\n"
    assert _overlaid(tmp_path, base, SIZE.replace("[08-31, 02-28]", days)) == expected


def _overlaid(tmp_path: Path, base: str, keys: str) -> list[str]:
    """The codes of what is wrong with an overlay that replaces SC; it is judged in place of its base's."""
    (tmp_path / "base.yaml").write_text(base, encoding="utf-8")
    (tmp_path / "top.yaml").write_text(
        "format: 1\npolicy: t/top\neffective: {from: 2020-01-01}\nextends: [./base.yaml]\ntighten_only: true\ntimezone: Asia/Shanghai\n"
        f"schedules: [{{id: SC, replaces: true, done: register, {keys}}}]\n",
        encoding="utf-8",
    )
    try:
        of = load_policy(tmp_path / "top.yaml")
    except PolicyError as error:
        return [p.code for p in error.problems]
    assert [r.rule for r in judged(of, "2026-08-01T00:00", since="2026-07-31").results] == ["SC"]
    return []
