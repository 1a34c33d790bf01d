"""Penalties: amounts worked by hand, exact until the end and rounded once, half up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from complaint_policy import PolicyError
from tests.meaning.logic_support import decide, policy

LATE = {"responded_at": "2026-03-09T10:00"}
RULES = """
deadlines:
  - {id: A, from: received_at, to: responded_at, within: 2 days, waivable: {by: [head]}, exempt: [{when: {preset: true}, reason: {en: Not owed, zh: 不适用}}]}
  - {id: B, from: received_at, to: happened_at, within: 2 days}
  - {id: C, from: received_at, to: later_at, within: 2 days}
"""


def _penalty(keys: str, record: dict[str, Any], **more: Any) -> Any:
    found = decide(f"{RULES}\npenalties: [{{id: PN, payable_to: company, {keys}}}]", record, **more).penalties
    return found[0] if found else None


AMOUNTS: list[tuple[str, dict[str, Any], str, str]] = [
    # amount, record, currency, expected
    ("200", {}, "CNY", "200.00"),
    ("{plus: [200, {choose: [{when: {pieces: {at_least: 2}}, then: 300}, {otherwise: 0}]}]}", {"pieces": 2}, "CNY", "500.00"),
    ("{plus: [200, {choose: [{when: {pieces: {at_least: 2}}, then: 300}, {otherwise: 0}]}]}", {"pieces": 1}, "CNY", "200.00"),
    ("{times: [0.01, {field: sum}]}", {"sum": "12.50"}, "CNY", "0.13"),  # 0.125: half up
    ("{times: [0.01, {field: sum}]}", {"sum": "12.49"}, "CNY", "0.12"),
    ("{times: [0.01, {field: sum}]}", {"sum": "13.50"}, "CNY", "0.14"),  # 0.135, not to the even cent
    ("{times: [0.01, {field: sum}]}", {"sum": 12.5}, "CNY", "0.13"),
    ("{times: [0.01, {field: sum}]}", {"sum": 1.005}, "CNY", "0.01"),
    ("{times: [1, {field: sum}]}", {"sum": 1.005}, "CNY", "1.01"),  # a float by its shortest text: 1.005 is a half
    ("{times: [1, {field: sum}]}", {"sum": 2.675}, "CNY", "2.68"),
    ("{times: [0.5, {field: sum}]}", {"sum": 1}, "JPY", "1"),  # half a yen
    ("{times: [0.5, {field: sum}]}", {"sum": 3}, "JPY", "2"),
    ("{times: [0.4, {field: sum}]}", {"sum": 1}, "JPY", "0"),
    ("{times: [0.001, {field: sum}]}", {"sum": "0.5"}, "KWD", "0.001"),  # 0.0005: half a fils
    ("{times: [0.01, {field: sum}]}", {"sum": "12.345"}, "KWD", "0.123"),
    ("{times: [3, {field: sum}]}", {"sum": "0.005"}, "CNY", "0.02"),  # rounded once, at the end: 0.015
    ("{plus: [{times: [0.5, {field: sum}]}, {times: [0.5, {field: sum}]}]}", {"sum": "0.01"}, "CNY", "0.01"),  # not 0.005 twice
    ("{times: [0.01, {field: sum}, {field: pieces}]}", {"sum": 158, "pieces": 4}, "CNY", "6.32"),
    ("{times: [5%, {field: sum}]}", {"sum": 10}, "CNY", "0.50"),
    ("{minus: [{field: sum}, 3, 4]}", {"sum": 10}, "CNY", "3.00"),
    ("{max_of: [500, {times: [3, {field: sum}]}]}", {"sum": 100}, "CNY", "500.00"),
    ("{max_of: [500, {times: [3, {field: sum}]}]}", {"sum": 200}, "CNY", "600.00"),
    ("{min_of: [{times: [3, {field: sum}]}, 30000]}", {"sum": 20000}, "CNY", "30000.00"),
    ("{first_known: [{field: sum}, 7]}", {}, "CNY", "7.00"),
    (
        "{times: [{choose: [{when: {size: {at_most: 1500}}, then: 250}, {when: {any: [{flag: true}, {size: {at_most: 3500}}]}, then: 400}, {otherwise: 600}]}, 0.5]}",
        {"size": 2000, "flag": False},
        "EUR",
        "200.00",
    ),
    ("{times: [1, {field: sum}]}", {"sum": "999999999999999999999999999.995"}, "CNY", "1000000000000000000000000000.00"),
    ("{times: [0.01, {field: sum}]}", {"sum": "-12.50"}, "CNY", "-0.13"),  # half away from zero
]


@pytest.mark.parametrize(("amount", "record", "currency", "expected"), AMOUNTS)
def test_an_amount(amount: str, record: dict[str, Any], currency: str, expected: str) -> None:
    penalty = _penalty(f"for: [A], amount: {amount}", {**LATE, **record}, currency=currency)
    assert (penalty.state, str(penalty.amount), penalty.currency) == ("proposed", expected, currency)
    assert (penalty.min, penalty.max) in ((penalty.amount, penalty.amount), (None, None))


RANGES: list[tuple[str, dict[str, Any], tuple[Any, ...]]] = [
    # keys, record, (state, amount, min, max, clamped)
    ("range: [200, 1500], amount: {field: sum}", {"sum": 500}, ("proposed", "500.00", "200.00", "1500.00", None)),
    ("range: [200, 1500], amount: {field: sum}", {"sum": 200}, ("proposed", "200.00", "200.00", "1500.00", None)),
    ("range: [200, 1500], amount: {field: sum}", {"sum": 199}, ("proposed", "200.00", "200.00", "1500.00", "min")),
    ("range: [200, 1500], amount: {field: sum}", {"sum": 1501}, ("proposed", "1500.00", "200.00", "1500.00", "max")),
    ("range: [200, 1500], amount: {field: sum}", {}, ("indeterminate", None, "200.00", "1500.00", None)),
    ("range: [200, 1500]", {}, ("proposed", None, "200.00", "1500.00", None)),  # a range without a proposal inside it
    ("amount: {field: sum}", {}, ("indeterminate", None, None, None, None)),
    ("range: [{field: sum}, {times: [10, {field: sum}]}]", {"sum": 30}, ("proposed", None, "30.00", "300.00", None)),
    ("range: [{field: sum}, {times: [10, {field: sum}]}], amount: 20", {"sum": 30}, ("proposed", "30.00", "30.00", "300.00", "min")),
    ("range: [0, {min_of: [{times: [3, {field: sum}]}, 30000]}], amount: 999999", {"sum": 100}, ("proposed", "300.00", "0.00", "300.00", "max")),
    ("range: {choose: [{when: {flag: true}, then: [0, 100]}, {otherwise: [0, 500]}]}", {"flag": True}, ("proposed", None, "0.00", "100.00", None)),
    ("range: {choose: [{when: {flag: true}, then: [0, 100]}, {otherwise: [0, 500]}]}", {}, ("indeterminate", None, "0.00", "500.00", None)),
    ("range: {choose: [{when: {flag: true}, then: [0, 100]}, {otherwise: [0, 500]}]}, amount: 50", {}, ("proposed", "50.00", "0.00", "500.00", None)),
    # Of two ranges each with its own ends.
    ("range: {choose: [{when: {flag: true}, then: [0, 100]}, {otherwise: [500, 1000]}]}", {}, ("indeterminate", None, "0.00", "1000.00", None)),
    ("range: {choose: [{when: {flag: true}, then: [0, 100]}, {otherwise: [500, 1000]}]}, amount: 300", {}, ("indeterminate", None, "100.00", "500.00", None)),
    # A bound that is not known may still cut: the lower one lifts, the upper one lowers.
    ("range: [{field: sum}, 300], amount: 50", {}, ("indeterminate", None, "50.00", "300.00", None)),
    ("range: [{field: sum}, 300], amount: 500", {}, ("indeterminate", None, "300.00", "300.00", None)),
    ("range: [10, {field: sum}], amount: 50", {}, ("indeterminate", None, "10.00", "50.00", None)),
    ("range: [10, {field: sum}]", {}, ("indeterminate", None, "10.00", None, None)),
    ("range: [{field: sum}, {times: [10, {field: sum}]}], amount: 50", {}, ("indeterminate", None, None, None, None)),
    ("amount: {choose: [{when: {flag: true}, then: 100}, {otherwise: 100}]}", {}, ("proposed", "100.00", "100.00", "100.00", None)),  # it agrees
    ("amount: {choose: [{when: {flag: true}, then: 100}, {otherwise: 300}]}", {}, ("indeterminate", None, "100.00", "300.00", None)),
    ("amount: {choose: [{when: {flag: true}, then: 100}, {otherwise: 300}]}, range: [200, 250]", {}, ("indeterminate", None, "200.00", "250.00", None)),
    ("amount: {choose: [{when: {flag: true}, then: 100}, {otherwise: 150}]}, range: [200, 250]", {}, ("proposed", "200.00", "200.00", "250.00", "min")),
]


def test_a_range_upside_down_bounds_nothing() -> None:
    penalty = _penalty("for: [A], range: [{field: sum}, {field: limit}], amount: 50", {**LATE, "sum": 90, "limit": 30})
    assert (*_shown(penalty), set(penalty.missing)) == ("indeterminate", None, None, None, None, {"sum", "limit"})


def _shown(penalty: Any) -> tuple[Any, ...]:
    return (penalty.state, *(None if x is None else str(x) for x in (penalty.amount, penalty.min, penalty.max)), penalty.clamped)


@pytest.mark.parametrize(("keys", "record", "expected"), RANGES)
def test_a_range(keys: str, record: dict[str, Any], expected: tuple[Any, ...]) -> None:
    penalty = _penalty(f"for: [A], {keys}", {**LATE, **record})
    state, amount, low, high, clamped = expected
    got = _shown(penalty)
    if low is None or low == high == amount:  # without a range the ends are the amount's, or left out
        got = (*got[:2], low, high, got[4])
    assert got == (state, amount, low, high, clamped)
    if state == "indeterminate":
        assert set(penalty.missing) == ({"sum"} if "sum" in keys else {"flag"})


# The three deadlines are due at the end of 4 March; "-" kept, "!" broken, "?" unusable.
_CELLS = {"-": "2026-03-03T10:00", "!": "2026-03-09T10:00", "?": "never"}
CASES: list[tuple[str, str, tuple[Any, ...] | None]] = [
    # per, the three deadlines, (state, amount, min, max) or not triggered
    ("case", "---", None),
    ("case", "!--", ("proposed", "100.00", "100.00", "100.00")),
    ("case", "!!!", ("proposed", "100.00", "100.00", "100.00")),  # once, however many
    ("case", "!?-", ("proposed", "100.00", "100.00", "100.00")),  # certain whatever the second is
    ("case", "-?-", ("indeterminate", None, "0.00", "100.00")),
    ("breach", "---", None),
    ("breach", "!--", ("proposed", "100.00", "100.00", "100.00")),
    ("breach", "!!-", ("proposed", "200.00", "200.00", "200.00")),
    ("breach", "!?-", ("indeterminate", None, "100.00", "200.00")),  # the certain ones, and all
    ("breach", "!??", ("indeterminate", None, "100.00", "300.00")),
    ("breach", "???", ("indeterminate", None, "0.00", "300.00")),
]


@pytest.mark.parametrize(("per", "cells", "expected"), CASES)
def test_per_case_and_per_breach(per: str, cells: str, expected: tuple[Any, ...] | None) -> None:
    record = {name: _CELLS[cell] for name, cell in zip(("responded_at", "happened_at", "later_at"), cells, strict=True)}
    penalty = _penalty(f"for: [A, B, C], per: {per}, amount: 100", record)
    if expected is None:
        assert penalty is None
        return
    state, amount, low, high = expected
    got = _shown(penalty)[:4]
    assert got[:2] == (state, amount)
    assert got[2:] in ((low, high), (None, None)) if state == "proposed" else got[2:] == (low, high)
    assert penalty.breaches == tuple(name for name, cell in zip("ABC", cells, strict=True) if cell == "!")
    if state == "indeterminate":
        unknown = {name for name, cell in zip(("responded_at", "happened_at", "later_at"), cells, strict=True) if cell == "?"}
        assert set(penalty.missing) == unknown


def test_a_range_is_per_breach_too() -> None:
    penalty = _penalty("for: [A, B], per: breach, range: [200, 1500], amount: 300", {"responded_at": _CELLS["!"], "happened_at": _CELLS["!"]})
    assert _shown(penalty) == ("proposed", "600.00", "400.00", "3000.00", None)


def test_per_breach_is_rounded_once() -> None:
    penalty = _penalty(
        "for: [A, B], per: breach, amount: {times: [0.01, {field: sum}]}", {"responded_at": _CELLS["!"], "happened_at": _CELLS["!"], "sum": "12.50"}
    )
    assert str(penalty.amount) == "0.25"  # twice 0.125, not twice 0.13


TRIGGERS: list[tuple[dict[str, Any], str, str | None]] = [
    ({**LATE, "flag": True}, "when: {flag: true}", "proposed"),
    ({**LATE, "flag": False}, "when: {flag: true}", None),
    (LATE, "when: {flag: true}", "indeterminate"),
    ({"responded_at": "2026-03-03T10:00"}, "when: {flag: true}", None),  # kept: whatever the flag
    ({**LATE, "preset": True}, "payable_to: company", None),  # an exempt breach triggers none
    ({**LATE, "at": "2026-04-01"}, "when: {happened_at: {by: at}}", None),  # open: not yet
    ({}, "payable_to: company", "proposed"),  # not done at all, and past its due
]


@pytest.mark.parametrize(("record", "keys", "state"), TRIGGERS)
def test_what_triggers(record: dict[str, Any], keys: str, state: str | None) -> None:
    body = f"{RULES}\npenalties: [{{id: PN, {keys if 'payable' in keys else keys + ', payable_to: company'}, for: [A], amount: 100}}]"
    found = decide(body, record).penalties
    assert [p.state for p in found] == ([state] if state else [])


def test_no_penalty_while_the_deadline_is_open() -> None:
    assert decide(f"{RULES}\npenalties: [{{id: PN, payable_to: company, for: [A], amount: 100}}]", {}, "2026-03-04T10:00").penalties == ()


def test_a_penalty_of_a_condition_alone() -> None:
    body = "penalties: [{id: PN, payable_to: complainant, when: {size: {at_least: 3}, flag: false}, amount: 250}]"
    assert [p.state for p in decide(body, {"size": 3, "flag": False}).penalties] == ["proposed"]
    assert [p.state for p in decide(body, {"size": 3, "flag": True}).penalties] == []
    (undecided,) = decide(body, {"size": 3}).penalties
    assert (undecided.state, str(undecided.min), str(undecided.max)) == ("indeterminate", "0.00", "250.00")


def test_a_penalty_for_a_requirement() -> None:
    body = "requirements: [{id: RQ, require: {word: present}, before: received_at}]\npenalties: [{id: PN, payable_to: company, for: [RQ], amount: 10}]"
    assert [str(p.amount) for p in decide(body, {}).penalties] == ["10.00"]
    assert decide(body, {"word": "x"}).penalties == ()


def test_the_delay_of_a_rule_that_may_not_apply() -> None:
    body = """
deadlines: [{id: A, from: received_at, to: responded_at, within: 2 days, when: {flag: true}}]
penalties: [{id: PN, payable_to: company, for: [A], amount: {times: [10, {length: {late: A}, in: days}]}}]
"""
    (penalty,) = decide(body, {}, "2026-03-08T12:00").penalties  # four days late, if at all
    assert (penalty.state, str(penalty.min), str(penalty.max), penalty.missing) == ("indeterminate", "0.00", "40.00", ("flag",))
    (unknown,) = decide(body, {"flag": True, "responded_at": "x"}, "2026-03-08T12:00").penalties  # how late nobody can say
    assert (unknown.state, str(unknown.min), unknown.max, unknown.missing) == ("indeterminate", "0.00", None, ("responded_at",))


# --------------------------------------------------------------------------- who is charged
CHARGE = """
deadlines: [{id: A, from: received_at, to: responded_at, within: 2 days}]
penalties:
  - {id: PN, for: [A], payable_to: company, amount: 100, charge: {first_known: [{field: responsible_person}, {field: responsible_team}, {field: responsible_department}]}}
"""


@pytest.mark.parametrize(
    ("record", "state", "field", "name"),
    [
        ({"responsible_person": "李四", "responsible_team": "ops-2"}, "proposed", "responsible_person", "李四"),
        ({"responsible_team": "ops-2", "responsible_department": "ops"}, "proposed", "responsible_team", "ops-2"),
        ({"responsible_department": "ops"}, "proposed", "responsible_department", "ops"),
        ({"responsible_person": " "}, "indeterminate", None, None),  # nobody known
        ({"responsible_person": {"x": 1}, "responsible_team": "ops-2"}, "indeterminate", None, None),  # somebody, but who
    ],
)
def test_the_smallest_unit_known_is_charged(record: dict[str, Any], state: str, field: str | None, name: str | None) -> None:
    decision = decide(CHARGE, {**LATE, **record})
    (penalty,) = decision.penalties
    assert penalty.state == state
    assert (penalty.charge.field, penalty.charge.name) == (field, name) if penalty.charge else field is None
    shown, revealed = decision.to_dict()["penalties"][0], decision.to_dict(reveal=True)["penalties"][0]
    if penalty.charge is None:
        assert penalty.amount is None and shown["charge"] is None and "responsible_person" in penalty.missing
    else:
        assert shown["charge"] == {"field": field, "name": None if field == "responsible_person" else name}  # a person's name is sensitive
        assert revealed["charge"] == {"field": field, "name": name}


@pytest.mark.parametrize(
    ("record", "name"),
    [({"kind": "network", "word": "team"}, "team"), ({"kind": "tariff", "second": "branch"}, "branch"), ({"word": "team", "second": "branch"}, None)],
)
def test_who_is_charged_may_be_chosen(record: dict[str, Any], name: str | None) -> None:
    penalty = _penalty(
        "for: [A], amount: 1, charge: {choose: [{when: {kind: network}, then: {field: word}}, {otherwise: {field: second}}]}", {**LATE, **record}
    )
    assert (penalty.charge and penalty.charge.name) == name
    assert penalty.state == ("proposed" if name else "indeterminate")


# --------------------------------------------------------------------------- a growing amount
def test_what_grows_stops_at_its_bound() -> None:
    body = "deadlines: [{id: A, from: received_at, to: responded_at, within: 2 days}]\npenalties: [{id: PN, payable_to: company, for: [A], range: [0, 25], amount: {times: [10, {length: {late: A}, in: days}]}}]"
    (growing,) = decide(body, {}, "2026-03-05T12:00").penalties
    assert (growing.state, growing.amount) == ("accruing", Decimal("10.00"))
    (full,) = decide(body, {}, "2026-03-08T12:00").penalties  # four days: 40, held at 25
    assert (full.state, full.amount, full.clamped) == ("proposed", Decimal("25.00"), "max")


@pytest.mark.parametrize(
    "keys",
    [
        "amount: {times: [{field: sum}, {field: limit}]}",  # money times money
        "range: [1500, 200], amount: 300",
        "amount: {plus: [{field: sum}, {field: word}]}",
        "for: [NOBODY], amount: 1",
        "amount: {field: sum}, per: week",
        "for: [A], payable_to: company",  # neither amount nor range
    ],
)
def test_a_penalty_without_meaning_is_refused(keys: str) -> None:
    more = "" if "for:" in keys else "for: [A], "
    with pytest.raises(PolicyError):
        policy(f"{RULES}\npenalties: [{{id: PN, {more}{keys if 'payable' in keys else keys + ', payable_to: company'}}}]")
