"""What goes with a penalty: an amount divided, who approves, who pays in the end, a cap over many records; worked by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from complaint_policy import load_policy_text
from complaint_policy.results import PenaltyResult
from tests.equality.comparing import audited, differences, entries_of, loop
from tests.meaning.logic_support import FIELDS, HEAD, decide

UNIT = """
penalties:
  - id: PN
    when: {responsibility_determined_at: present}
    range: [200, 1500]
    amount: {field: sum}
    charge: {first_known: [{field: responsible_person}, {field: responsible_team}]}
    cap: {per: charge, in: month, amount: 3000}
"""


def penalty(body: str, record: dict[str, Any] | None = None, **more: Any) -> PenaltyResult:
    found = decide(f"penalties:\n  - {{id: PN, when: {{flag: true}}, {body}}}", {"flag": True, **(record or {})}, **more).result("PN")
    assert isinstance(found, PenaltyResult)
    return found


@pytest.mark.parametrize(
    ("total", "parts", "amount"),
    [
        ("100", "3", "33.33"),  # 33.333…
        ("200", "3", "66.67"),  # 66.666…
        ("0.03", "6", "0.01"),  # 0.005, half up
        ("0.05", "10", "0.01"),  # 0.005
        ("99.99", "7", "14.28"),  # 14.28428…
        ("100", "0.5", "200.00"),
    ],
)
def test_divided_once_at_the_end(total: str, parts: str, amount: str) -> None:
    assert penalty("amount: {field: sum}, divided_by: {field: size}", {"sum": total, "size": parts}).amount == Decimal(amount)


def test_divided_before_the_range() -> None:
    # 300 / 3 = 100 is below 200; 6000 / 3 = 2000 above 1500
    found = penalty("amount: {field: sum}, divided_by: 3, range: [200, 1500]", {"sum": 300})
    assert (found.amount, found.clamped) == (Decimal("200.00"), "min")
    found = penalty("amount: {field: sum}, divided_by: 3, range: [200, 1500]", {"sum": 6000})
    assert (found.amount, found.clamped) == (Decimal("1500.00"), "max")


@pytest.mark.parametrize(("record", "missing"), [({"sum": 5}, ("size",)), ({"size": 5}, ("sum",)), ({"sum": 5, "size": 0}, ("size",)), ({"sum": 5, "size": -1}, ("size",))])
def test_nothing_to_divide_or_to_divide_by(record: dict[str, Any], missing: tuple[str, ...]) -> None:
    found = penalty("amount: {field: sum}, divided_by: {field: size}", record)
    assert (found.state, found.missing) == ("indeterminate", missing)


def test_a_running_amount_divided_still_grows() -> None:
    # From 3 March 10:00 to 10 March 12:00: 7 days and 2 hours, 8 begun; 30 x 8 / 30
    found = penalty("amount: {times: [30, {length: pause, in: days}]}, divided_by: 30", {"pause": [["2026-03-03T10:00", None]]})
    assert (found.state, found.amount) == ("accruing", Decimal("8.00"))


def test_several_possible_amounts_are_divided_each() -> None:
    found = penalty("amount: {choose: [{when: {other: true}, then: 100}, {otherwise: 200}]}, divided_by: 3")
    assert (found.min, found.max) == (Decimal("33.33"), Decimal("66.67"))


def test_who_approves_and_who_pays_in_the_end() -> None:
    body = "amount: 5, approver: {choose: [{when: {sum: {at_least: 1000}}, then: general_manager}, {otherwise: quality}]}, recovers_from: {field: word}"
    found = penalty(body, {"sum": 1000, "word": "maker"})
    assert (found.approver and found.approver.name, found.recovers_from and found.recovers_from.name) == ("general_manager", "maker")
    found = penalty(body, {"sum": 999.99, "word": "maker"})
    assert found.approver is not None
    assert found.approver.name == "quality"
    # What is not known of them leaves the amount settled.
    found = penalty(body, {})
    assert (found.state, found.amount, found.approver, found.recovers_from) == ("proposed", Decimal("5.00"), None, None)


def test_they_are_told() -> None:
    decision = decide(
        "penalties:\n  - {id: PN, when: {flag: true}, amount: 6, divided_by: 4, charge: {field: handler}, approver: general_manager, recovers_from: {field: word}, cap: {per: charge, in: week, amount: 3000}}",
        {"flag": True, "handler": "Li", "word": "maker"},
    )
    english, chinese = decision.explain("en"), decision.explain("zh")
    for line in ("To be recovered from: word.", "To be approved by: general_manager.", "divided by: 4", "at most 3000 a week for each bearer"):
        assert line in english
    for line in ("可向word追偿。", "须经general_manager批准。", "除以：4", "每一承担者每周不超过3000"):
        assert line in chinese
    shown = decision.to_dict()["penalties"][0]
    assert shown["approver"] == {"field": None, "name": "general_manager"}
    assert shown["recovers_from"] == {"field": "word", "name": "maker"}
    assert shown["cap"] == {"per": "charge", "in": "week", "amount": "3000.00", "applied": False}
    assert "Li" not in str(shown)


# --------------------------------------------------------------------------- a cap over many records
def rows(*given: tuple[str, Any, str | None, str | None]) -> list[dict[str, Any]]:
    keys = ("received_at", "sum", "responsible_person", "responsibility_determined_at")
    return [{"id": f"R-{n}", **dict(zip(keys, row, strict=True))} for n, row in enumerate(given)]


def test_a_cap_adds_up_in_an_audit() -> None:
    policy = load_policy_text(HEAD.format(zone="Asia/Shanghai", currency="CNY") + FIELDS + UNIT)
    table = rows(
        ("2026-03-02T10:00", 1500, "Li", "2026-03-04"),
        ("2026-03-20T10:00", 1500, "Li", "2026-03-21"),
        ("2026-03-31T23:59", "0.01", "Li", "2026-04-02"),  # raised to 200: 3200 in March
        ("2026-04-01T00:00", 1500, "Li", "2026-04-02"),  # April
        ("2026-03-05T10:00", 1500, "Wu", "2026-03-06"),
        ("2026-03-06T10:00", 1500, "Wu", "2026-03-07"),  # 3000, just the cap
        ("2026-03-07T10:00", None, "Wu", "2026-03-08"),  # its amount is not known
        ("2026-03-08T10:00", 1500, "Zhao", None),  # nobody's responsibility is established
        ("2026-03-09T10:00", 1500, None, "2026-03-10"),  # nobody to charge
        ("no day", 1500, "Li", "2026-03-10"),  # rejected
    )
    audit = policy.audit(table, as_of="2026-05-01T00:00")
    found = [(c.period, c.charge.name, c.cases, c.undecided, c.proposed, c.allowed, c.over) for c in audit.caps["PN"]]
    assert found == [
        ("2026-03", "Li", 3, 0, Decimal("3200.00"), Decimal("3000.00"), Decimal("200.00")),
        ("2026-03", "Wu", 3, 1, Decimal("3000.00"), Decimal("3000.00"), Decimal("0.00")),
        ("2026-04", "Li", 1, 0, Decimal("1500.00"), Decimal("1500.00"), Decimal("0.00")),
    ]
    # The summary has no names: in March two bearers, one over, 6200 proposed, 6000 left of it.
    assert audit.summary().to_dict()["caps"][0] == {
        "rule": "PN", "period": "2026-03", "bearers": 2, "bearers_over": 1, "undecided": 1, "proposed": "6200.00", "allowed": "6000.00", "over": "200.00",
    }  # fmt: skip
    section = next(s for s in audit.summary().sections() if s.id == "caps")
    assert [row[2].en if hasattr(row[2], "en") else row[2] for row in section.rows] == ["2026-03", "2026-04"]
    assert "Li" not in str(section.rows)
    # The amounts of single records are what they were.
    assert audit.decisions["PN.amount"].to_list()[:4] == [Decimal("1500.00"), Decimal("1500.00"), Decimal("200.00"), Decimal("1500.00")]
    one = audit.caps["PN"][0]
    assert one.to_dict()["charge"] == {"field": "responsible_person", "name": None}
    assert one.to_dict(reveal=True)["charge"] == {"field": "responsible_person", "name": "Li"}


def test_without_a_cap_nothing_is_added_up() -> None:
    policy = load_policy_text(HEAD.format(zone="Asia/Shanghai", currency="CNY") + FIELDS + UNIT.replace("    cap: {per: charge, in: month, amount: 3000}\n", ""))
    audit = policy.audit(rows(("2026-03-02T10:00", 1500, "Li", "2026-03-04")), as_of="2026-05-01T00:00")
    assert (audit.caps, audit.summary().to_dict()["caps"]) == ({}, [])


def test_tables_divide_alike() -> None:
    """Divided by a literal, a field of few values and one of many, next to running and unknown amounts."""
    body = """
penalties:
  - {id: PN-a, when: {flag: true}, amount: {choose: [{when: {kind: network}, then: 100}, {otherwise: 55}]}, divided_by: 3}
  - {id: PN-b, when: {flag: true}, amount: 100, divided_by: {choose: [{when: {kind: network}, then: 7}, {when: {kind: tariff}, then: 0}, {otherwise: 30}]}, range: [1, 20]}
  - {id: PN-c, when: {flag: true}, amount: {field: sum}, divided_by: {field: size}}
  - {id: PN-d, when: {flag: true}, amount: {times: [3, {length: pause, in: days}]}, divided_by: 7, approver: quality, cap: {per: charge, in: year, amount: 5}, charge: {field: handler}}
"""
    policy = load_policy_text(HEAD.format(zone="Asia/Shanghai", currency="CNY") + FIELDS + body)
    values = [("network", 100, 3), ("tariff", "99.99", 7), ("service", None, 0), (None, 5, None), ("bad", "x", "0.5"), ("network", 1, -2)]
    records = [
        {"id": str(n), "received_at": "2026-03-02T10:00", "flag": n != 3, "kind": kind, "sum": total, "size": size, "handler": "Li", "pause": "2026-03-03T10:00/"}
        for n, (kind, total, size) in enumerate(values)
    ]
    columns = list(records[0])
    expected = loop(policy, entries_of(policy, records), columns, "2026-03-10T12:00")
    assert differences(expected, audited(policy, records, "2026-03-10T12:00")) == []
    assert [d.result("PN-b") and d.result("PN-b").amount for d in expected.decisions] == [
        Decimal("14.29"), None, Decimal("3.33"), None, None, Decimal("14.29"),
    ]  # fmt: skip
