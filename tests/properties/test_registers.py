"""What a register of which rows cannot be read gives, against every register it may stand for."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from complaint_policy import load_policy_text

POLICY = load_policy_text("""
format: 1
policy: test/registers
effective: {from: 2020-01-01}
timezone: UTC
schedules:
  - {id: SC-report, period: quarter, from: period_end, within: 20 days, done: register}
  - {id: SC-survey, period: quarter, from: period_start, within: period_end, done: register}
""")
AS_OF: Final = datetime(2026, 10, 10)
PERIODS: Final = ("2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4")
IDS: Final = ("SC-report", "SC-survey")
# Where times can lie against the starts and dues of these periods up to as_of: 1 January, 31 March, 20 April and so on.
TIMES: Final = tuple(datetime(2026, month, day, 12) for month, day in ((1, 5), (3, 31), (4, 1), (4, 20), (4, 21), (6, 30), (7, 1), (7, 20), (7, 21), (9, 30), (10, 1), (10, 9)))
UNREAD: Final = None

Row = tuple[str | None, str | None, datetime | None]
Judged = dict[tuple[str, str], str]


def judged(rows: list[Row]) -> Judged:
    register = [{"schedule": s, "period": p, "at": "unreadable" if at is None else at} for s, p, at in rows]
    found = POLICY.schedules(register, as_of=AS_OF, since="2026-01-01")
    assert sum(found.rows.values()) == len(rows)
    return {(r.rule, r.period): r.outcome for r in found.results}


def naive(rows: list[Row]) -> Judged:
    """Judged by hand from a register of which every row can be read: the earliest row from the start on."""
    found: Judged = {}
    for quarter, period in enumerate(PERIODS):
        begin = datetime(2026, 3 * quarter + 1, 1)
        end = datetime(2026, 3 * quarter + 4, 1) if quarter < 3 else datetime(2027, 1, 1)
        for identity, start, due in (("SC-report", end, end + timedelta(days=20)), ("SC-survey", begin, end)):
            acts = [at for s, p, at in rows if (s, p) == (identity, period) and at is not None and start <= at <= AS_OF]
            found[identity, period] = "met" if acts and min(acts) < due else "breached" if acts or due <= AS_OF else "pending"
    return found


def readings(row: Row) -> list[Row]:
    """All that a row may stand for: nobody's schedule among them where the schedule cannot be read."""
    schedule, period, at = row
    return list(
        product(
            (schedule,) if schedule is not UNREAD else (*IDS, "SOMEBODYS"),
            (period,) if period is not UNREAD else (*PERIODS, "2025-Q4"),
            (at,) if at is not UNREAD else (*TIMES, datetime(2027, 1, 1)),
        )
    )


known = st.tuples(st.sampled_from(IDS), st.sampled_from(PERIODS), st.sampled_from(TIMES))
partly = known.flatmap(lambda row: st.sampled_from([(UNREAD, row[1], row[2]), (row[0], UNREAD, row[2]), (row[0], row[1], UNREAD), (UNREAD, UNREAD, row[2])]))


@given(st.lists(known, max_size=6))
@settings(max_examples=150, deadline=None)
def test_a_register_that_can_be_read(rows: list[Row]) -> None:
    assert judged(rows) == naive(rows)


@given(st.lists(known, max_size=3), st.lists(partly, min_size=1, max_size=2))
@settings(max_examples=120, deadline=None)
def test_what_all_readings_agree_on_is_decided_and_nothing_else(rows: list[Row], unread: list[Row]) -> None:
    possible: dict[tuple[str, str], set[str]] = {}
    for chosen in product(*map(readings, unread)):
        for key, outcome in naive([*rows, *chosen]).items():
            possible.setdefault(key, set()).add(outcome)
    assert judged([*rows, *unread]) == {key: next(iter(found)) if len(found) == 1 else "indeterminate" for key, found in possible.items()}


@given(st.lists(st.one_of(known, partly), max_size=5), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_order_of_the_rows_does_not_matter(rows: list[Row], random: Any) -> None:
    assert judged(random.sample(rows, len(rows))) == judged(rows)
