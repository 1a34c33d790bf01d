"""The length of a span that still runs is open: at least what has run, and what grows with it (principle 2)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.meaning.logic_support import condition, decide

FACTS = "facts: {d: {length: {between: [received_at, responded_at]}, in: days, round: down}, more: {plus: [{field: d}, 10]}, left: {minus: [30, {field: d}]}}"
DAY_14, DAY_15, DAY_16, DAY_20 = "2026-03-16T12:00", "2026-03-17T12:00", "2026-03-18T12:00", "2026-03-22T12:00"  # received 2 March 10:00

RUNNING = [
    ("{d: {at_most: 15}}", DAY_14, "open"),  # 14 so far: it may yet pass 15
    ("{d: {at_most: 15}}", DAY_15, "open"),
    ("{d: {at_most: 15}}", DAY_16, "false"),
    ("{d: {at_most: 15}}", DAY_20, "false"),
    ("{d: {below: 15}}", DAY_14, "open"),
    ("{d: {below: 15}}", DAY_15, "false"),
    ("{d: {at_least: 15}}", DAY_14, "open"),
    ("{d: {at_least: 15}}", DAY_15, "true"),
    ("{d: {above: 15}}", DAY_15, "open"),
    ("{d: {above: 15}}", DAY_16, "true"),
    ("{d: 15}", DAY_14, "open"),
    ("{d: 15}", DAY_15, "open"),  # 15 now, but it goes on
    ("{d: 15}", DAY_16, "false"),
    ("{d: [3, 15]}", DAY_16, "false"),
    ("{d: [3, 40]}", DAY_16, "open"),
    ("{d: {not: 15}}", DAY_16, "true"),
    ("{more: {above: 25}}", DAY_16, "true"),  # 16 + 10 = 26 and growing
    ("{more: {above: 26}}", DAY_16, "open"),
    ("{left: {at_least: 14}}", DAY_16, "open"),  # 30 - 16 = 14 and falling
    ("{left: {at_most: 14}}", DAY_16, "true"),
    ("{left: {at_least: 15}}", DAY_16, "false"),
]


@pytest.mark.parametrize(("test", "as_of", "expected"), RUNNING)
def test_a_running_length(test: str, as_of: str, expected: str) -> None:
    assert condition(test, as_of=as_of, facts=FACTS) == expected


ENDED = [("{d: {at_most: 15}}", "true"), ("{d: 13}", "true"), ("{d: {above: 13}}", "false"), ("{left: 17}", "true")]


@pytest.mark.parametrize(("test", "expected"), ENDED)
def test_an_ended_length(test: str, expected: str) -> None:
    assert condition(test, {"responded_at": "2026-03-16T09:00"}, DAY_20, facts=FACTS) == expected  # 13 days 23 hours


@pytest.mark.parametrize(
    ("as_of", "responded", "expected"),
    [
        (DAY_14, None, "pending"),
        (DAY_20, None, "pending"),
        (DAY_20, "2026-03-16T09:00", "met"),
        (DAY_20, "2026-03-19T09:00", "breached"),
    ],
)
def test_a_requirement_before_the_end_of_the_span(as_of: str, responded: str | None, expected: str) -> None:
    body = FACTS + "\nrequirements: [{id: RQ, require: {d: {at_most: 15}}, before: responded_at}]"
    assert decide(body, {"responded_at": responded}, as_of).outcomes == {"RQ": expected}


def test_a_running_pause_grows_too() -> None:
    facts = "facts: {w: {length: pause, in: days, round: up}}"
    running = {"pause": [{"from": "2026-03-08T12:00", "to": None}]}  # two days at NOW
    assert condition("{w: {at_most: 2}}", running, facts=facts) == "open"
    assert condition("{w: {at_most: 1}}", running, facts=facts) == "false"
    assert condition("{w: {at_least: 2}}", running, facts=facts) == "true"
    assert condition("{w: {at_most: 2}}", {"pause": "2026-03-08T12:00/2026-03-10T12:00"}, facts=facts) == "true"


LATE = """
facts: {late_days: {length: {late: DL}, in: days, round: up}}
deadlines: [{id: DL, from: received_at, to: responded_at, within: 5 days}]
penalties:
  - {id: PN, for: [DL], payable_to: complainant, amount: {times: [0.01, {field: limit}, {length: {late: DL}, in: days, round: up}]}}
"""


@pytest.mark.parametrize(
    ("as_of", "responded", "state", "amount"),
    [
        ("2026-03-07T23:59", None, None, None),  # day 5 is the 7th
        ("2026-03-08T00:01", None, "accruing", "2.00"),  # a part of a day is a day; 1 % of 200 a day
        ("2026-03-09T00:00", None, "accruing", "2.00"),
        ("2026-03-09T00:01", None, "accruing", "4.00"),
        ("2026-03-20T00:00", "2026-03-09T00:01", "proposed", "4.00"),
        ("2026-03-20T00:00", "2026-03-07T00:01", None, None),
    ],
)
def test_a_penalty_for_each_day_late_accrues(as_of: str, responded: str | None, state: str | None, amount: str | None) -> None:
    penalties = decide(LATE, {"responded_at": responded, "limit": 200}, as_of).penalties
    assert [(p.state, str(p.amount)) for p in penalties] == ([(state, amount)] if state else [])


def test_the_late_length_of_an_open_deadline_is_open() -> None:
    body = LATE + "requirements: [{id: RQ, require: {late_days: {at_most: 2}}, before: received_at}]"
    assert decide(body, {"limit": 1}, "2026-03-05T12:00").outcomes["RQ"] == "pending"  # not late yet, but may be
    assert decide(body, {"limit": 1}, "2026-03-09T12:00").outcomes["RQ"] == "pending"  # two days, going on
    assert decide(body, {"limit": 1}, "2026-03-10T12:00").outcomes["RQ"] == "breached"
    assert decide(body, {"limit": 1, "responded_at": "2026-03-06T12:00"}, "2026-03-10T12:00").outcomes["RQ"] == "met"


def test_a_fact_that_grows_is_shown_as_things_stand() -> None:
    decision = decide(FACTS + "\nrequirements: [{id: RQ, require: {more: {at_most: 15}, left: {above: 0}}, before: closed_at}]", as_of=DAY_14)
    assert (decision.fact("d"), decision.fact("more"), decision.fact("left")) == (14, 24, 16)


def test_a_growing_amount_over_an_undecided_rate_has_two_ends() -> None:
    body = LATE.replace("0.01", "{choose: [{when: {flag: true}, then: 0.01}, {otherwise: 0.03}]}")
    (penalty,) = decide(body, {"limit": 100}, "2026-03-09T12:00").penalties  # two days
    assert (penalty.state, penalty.min, penalty.max, penalty.missing) == ("indeterminate", Decimal("2.00"), Decimal("6.00"), ("flag",))


def test_the_next_change_is_the_next_day_of_delay() -> None:
    decision = decide(LATE, {"limit": 200}, "2026-03-08T12:00")
    assert str(decision.next_change_at) == "2026-03-09 00:00:00.000001+08:00"


def test_a_penalty_that_may_grow_hides_no_other_change() -> None:
    """What is not late yet grows by nothing: the change is day 5 of the other duty (the 7th), whose start comes after `as_of`."""
    body = LATE.replace("within: 5 days}]", "within: 3 years}, {id: DF, from: acknowledged_at, to: closed_at, within: 2 days}]")
    decision = decide(body, {"limit": 200, "acknowledged_at": "2026-03-05T12:00"}, "2026-03-05T11:59")
    assert decision.outcomes == {"DL": "pending", "DF": "pending"}
    assert str(decision.next_change_at) == "2026-03-08 00:00:00+08:00"


@pytest.mark.parametrize("responded", [None, "2026-03-09T12:00"])
def test_late_for_certain_but_nobody_knows_how_long(responded: str | None) -> None:
    """Due on the 7th at the latest, earlier if the promise was: so late, for at least two days, and at most 50 are asked."""
    body = LATE.replace("within: 5 days", "within: {first_of: [5 days, promised]}").replace("payable_to: complainant,", "payable_to: complainant, range: [0, 50],")
    decision = decide(body, {"responded_at": responded, "limit": 100, "promised": "soon"}, "2026-03-09T12:00")
    (penalty,) = decision.penalties
    assert decision.outcomes == {"DL": "breached"}
    assert (penalty.state, penalty.amount, penalty.min, penalty.max, penalty.missing) == ("indeterminate", None, Decimal("0.00"), Decimal("50.00"), ("promised",))


def test_an_amount_below_nothing_has_its_ends_in_order() -> None:
    """1 - 11 = -10 if it is triggered, else nothing."""
    body = "penalties: [{id: PN, when: {flag: true}, amount: {minus: [1, {field: sum}]}}]"
    (penalty,) = decide(body, {"sum": 11}).penalties
    assert (penalty.state, penalty.min, penalty.max) == ("indeterminate", Decimal("-10.00"), Decimal("0.00"))
