"""Tables with few of a policy's columns, and what rests on the others: decided on columns, as `evaluate` decides."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from complaint_policy import Policy, load_policy, load_policy_text
from tests.equality.comparing import audited, differences, entries_of, loop

AS_OF = "2026-03-20T12:00"
FIRST = datetime(2026, 3, 2, 10)


def apart(of: Policy, records: list[dict[str, Any]], as_of: str = AS_OF) -> list[str]:
    return differences(loop(of, entries_of(of, records), records[0].keys(), as_of), audited(of, records, as_of))


def at(day: float) -> str:
    return (FIRST + timedelta(days=day)).isoformat()


# Each had a rule that sent every record of such a table to the record evaluation.
SHIPPED = ["cn/telecom", "cn/express", "cn/three_guarantees", "cn/food", "cn/consumer", "cn/manufacturing", "cn/travel_followup", "cn/optimisation",
           "us/reg_e", "templates/cn_telecom", "templates/us_bank", "templates/cn_auto_repair"]  # fmt: skip


@pytest.mark.parametrize("columns", [("id", "received_at"), ("id", "received_at", "responded_at", "closed_at")])
@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_policy_over_a_table_of_dates(one_by_one: list[int], name: str, columns: tuple[str, ...]) -> None:
    records: list[dict[str, Any]] = [
        {"id": str(n), "received_at": at(n / 7), "responded_at": (None, at(n / 7 + 3), at(n / 7 + 40))[n % 3], "closed_at": (None, at(n / 7 + 8), at(n / 7 + 50))[n % 3]}
        for n in range(9)
    ]  # fmt: skip
    records = [{name: record[name] for name in columns} for record in records]
    assert apart(load_policy(name), records, "2026-03-31T18:00") == []

    assert one_by_one == []


def test_tracking_from_the_raising_of_a_level_where_nobody_keeps_a_log(one_by_one: list[int]) -> None:
    """It begins with the last of the receipt and a raising that nobody knows of, which may lie anywhere after it."""
    assert apart(load_policy("cn/service_levels"), [{"id": str(n), "received_at": at(n)} for n in range(9)]) == []

    assert one_by_one == []


HEAD = """format: 1
policy: test/few
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
currency: CNY
record:
  fields:
    kind: {type: enum, values: [cargo, goods]}
    urgent: {type: boolean}
    fee: {type: money}
    loss: {type: money}
    share: {type: number}
    matter_on: {type: date}
    asked_at: {type: event}
    payer: {type: string}
    seller: {type: string}
"""
# Beyond what columns hold: of the larger alone a number with ten decimal places, and one that outgrows a product of three.
TOO_WIDE = [
    "{times: [{field: fee}, {choose: [{when: {urgent: true}, then: 2}, {otherwise: 2.1234567891}]}]}",
    "{times: [{field: fee}, {field: share}, {choose: [{when: {urgent: true}, then: 2}, {otherwise: 100000000000000000}]}]}",
]
LATE = "{length: {late: DL}, in: days, round: up}"


def policy(rest: str, within: str = "5 days", when: str = "") -> Policy:
    return load_policy_text(f"{HEAD}deadlines:\n  - {{id: DL, from: received_at, to: responded_at, within: {within}{when}}}\n{rest}")


# --------------------------------------------------------------------------- amounts
AMOUNTS = [
    f"{{times: [0.01, {{field: fee}}, {LATE}]}}",
    f"{{min_of: [{{times: [{{field: fee}}, {LATE}]}}, 500]}}",
    f"{{plus: [{{field: loss}}, {{times: [10, {LATE}]}}]}}",
    f"{{minus: [5000, {{times: [10, {LATE}]}}]}}",
    "{choose: [{when: {kind: cargo}, then: {times: [3, {field: fee}]}}, {otherwise: {field: loss}}]}",
    "{max_of: [{choose: [{when: {kind: cargo}, then: {times: [10, {field: fee}]}}, {when: {kind: goods}, then: {field: loss}}]}, 1000]}",
    f"{{choose: [{{when: {{urgent: true}}, then: {{times: [{{field: fee}}, {LATE}]}}}}, {{otherwise: {{field: fee}}}}]}}",
    "{first_known: [{field: loss}, {times: [2, {choose: [{when: {urgent: true}, then: {field: fee}}, {otherwise: 7}]}]}]}",
    "{times: [{field: fee}, {choose: [{when: {urgent: true}, then: 2}, {otherwise: 3}]}]}",
    "{times: [{choose: [{when: {urgent: true}, then: {field: fee}}, {otherwise: 3}]}, {choose: [{when: {kind: cargo}, then: {field: share}}, {otherwise: 2}]}]}",
]


def drawn(seed: int, gone: tuple[str, ...], count: int = 60) -> list[dict[str, Any]]:
    random = Random(seed)

    def money() -> Any:
        return random.choice((None, 0, 5, 120.5, 300, -20))

    records = []
    for n in range(count):
        day = random.randrange(18)
        records.append({
            "id": str(n), "received_at": at(day), "responded_at": at(day + random.choice((2, 6, 9, 30))) if random.random() < 0.6 else None,
            "closed_at": None, "kind": random.choice(("cargo", "goods", None)), "urgent": random.choice((True, False, None)),
            "fee": money(), "loss": money(), "share": random.choice((None, 0.5, 3)), "matter_on": random.choice((None, at(day - 30)[:10], at(day - 170)[:10])),
            "asked_at": random.choice((None, at(day + 1))), "payer": random.choice((None, "a", "b")), "seller": random.choice((None, "a", "c")),
        })  # fmt: skip
    return [{name: value for name, value in record.items() if name not in gone} for record in records]


@pytest.mark.parametrize("gone", [(), ("fee",), ("kind", "urgent"), ("responded_at",)])
@pytest.mark.parametrize("amount", [*AMOUNTS, *TOO_WIDE])
def test_amounts_as_evaluate(amount: str, gone: tuple[str, ...]) -> None:
    for number, more in enumerate(("", ", divided_by: 4", ", when: {urgent: true}", ", per: breach", ", range: [50, 400]")):
        of = policy(f"penalties:\n  - {{id: PN, for: [DL], payable_to: company, amount: {amount}{more}}}\n", when=", when: {kind: cargo}" if number % 2 else "")
        assert apart(of, drawn(len(amount) * 10 + number, gone)) == []


def test_an_amount_that_still_grows(one_by_one: list[int]) -> None:
    """One per cent of the fee for every day that has begun: what is still open grows, and is told as it stands."""
    of = policy(f"penalties:\n  - {{id: PN, for: [DL], payable_to: complainant, amount: {AMOUNTS[0]}}}\n")
    records = [{"id": str(n), "received_at": at(day), "responded_at": done, "fee": fee} for n, (day, done, fee) in enumerate([
        (0, None, 300), (0, at(7), 300), (0, at(4), 300), (15, None, 300), (0, None, None)])]  # fmt: skip
    audit = of.audit(records, as_of=AS_OF)

    # Due by the end of the 7th: thirteen days have begun by noon of the 20th; one and ten hours to the 9th; the last has no fee.
    assert audit.decisions["PN.amount"].to_list() == [39, 6, None, None, None]
    sums = audit.summary().to_dict()["penalties"]
    assert {one["state"]: one["cases"] for one in sums} == {"accruing": 1, "proposed": 1, "indeterminate": 1}
    assert one_by_one == []


def test_an_amount_that_may_be_one_of_two(one_by_one: list[int]) -> None:
    """Whether it was cargo is not known: three times the fee, or the loss; where these are the same it does not matter."""
    of = policy(f"penalties:\n  - {{id: PN, for: [DL], payable_to: complainant, amount: {AMOUNTS[4]}}}\n")
    fees: list[tuple[Any, Any, Any]] = [(None, 100, 50), (None, 100, 300), ("goods", 100, 50), (None, None, 50)]
    audit = of.audit([{"id": str(n), "received_at": at(0), "kind": kind, "fee": fee, "loss": loss} for n, (kind, fee, loss) in enumerate(fees)], as_of="2026-05-01T00:00")
    decided = [audit.decision(str(n)).penalties for n in range(4)]

    assert audit.decisions["PN.amount"].to_list() == [None, None, None, None]  # nobody knows when it was answered
    assert [(p.min, p.max) for (p,) in decided] == [(Decimal(0), Decimal(300)), (Decimal(0), Decimal(300)), (Decimal(0), Decimal(50)), (Decimal(0), None)]
    found = of.audit([{"id": "1", "received_at": at(0), "responded_at": at(9), "kind": None, "fee": 100, "loss": loss} for loss in (50, 300)], as_of="2026-05-01T00:00")
    assert found.decisions["PN.amount"].to_list() == [None, 300]
    assert one_by_one == []


# --------------------------------------------------------------------------- whoever is charged, choices, figures
@pytest.mark.parametrize("gone", [(), ("kind",), ("payer",), ("seller", "urgent")])
def test_whoever_a_choice_would_charge_as_evaluate(one_by_one: list[int], gone: tuple[str, ...]) -> None:
    facts = "facts:\n  pays: {choose: [{when: {kind: cargo}, then: {first_known: [{field: payer}, plant]}}, {when: {urgent: true}, then: {field: seller}}, {otherwise: a}]}\n"
    of = policy(f"{facts}penalties:\n  - {{id: PN, for: [DL], payable_to: company, amount: 100, charge: {{field: pays}}}}\n")
    assert apart(of, drawn(len(gone), gone)) == []

    assert one_by_one == []


@pytest.mark.parametrize("gone", [(), ("kind",), ("asked_at",), ("matter_on",)])
def test_a_choice_among_days_as_evaluate(one_by_one: list[int], gone: tuple[str, ...]) -> None:
    """Charges within a month of the day of the matter, anything else within five."""
    window = "{asked_at: {by: {from: matter_on, within: {choose: [{when: {kind: cargo}, then: 1 month}, {otherwise: 5 months}]}}}}"
    of = policy(f"requirements:\n  - {{id: RQ, require: {window}, before: closed_at}}\n  - {{id: RC, require: {{not: {window}}}, before: received_at}}\n")
    for seed in range(3):
        assert apart(of, drawn(seed, gone)) == []

    assert one_by_one == []


@pytest.mark.parametrize("gone", [("received_at_",), ("urgent",), ("urgent", "kind"), ("asked_at",)])
def test_two_extensions_as_evaluate(gone: tuple[str, ...]) -> None:
    ladder = "[{id: A, within: 9 days, when: {urgent: true}}, {id: B, within: 12 days, when: {kind: cargo}}]"
    of = load_policy_text(f"{HEAD}deadlines:\n  - {{id: DL, from: asked_at, to: responded_at, within: 5 days, extend: {ladder}}}\n")
    for seed in range(3):
        assert apart(of, drawn(seed, gone)) == []


def test_figures_of_those_that_are_looked_at_alone(one_by_one: list[int]) -> None:
    """The mean time to the answer of those that were answered: how long the others have waited so far does not matter."""
    facts = "facts:\n  hours: {length: {between: [received_at, responded_at]}, in: hours}\n"
    figures = "portfolio:\n  - {id: PF, title: {en: Hours, zh: 小时}, measure: {mean: {field: hours}, among: {responded_at: present}}, per: month}\n"
    of = policy(facts + figures)
    assert apart(of, drawn(5, ())) == []

    assert one_by_one == []


# --------------------------------------------------------------------------- duties that begin anew
@pytest.mark.parametrize("start", ["{each: [{event: answer}], until: closed_at}", "{each: [asked_at, {event: answer}], until: closed_at}", "{each: [{event: answer}]}",
                                   "{each: [{last_of: [asked_at, {event: answer}]}, {event: answer}], until: closed_at}"])  # fmt: skip
@pytest.mark.parametrize("columns", [(), ("closed_at",), ("asked_at",), ("asked_at", "closed_at"), ("responded_at", "closed_at")])
def test_duties_that_begin_anew_without_what_would_tell(one_by_one: list[int], start: str, columns: tuple[str, ...]) -> None:
    """Neither a log, nor when it began, nor until when: it may have begun any number of times, so no penalty of each time has an upper bound."""
    head = HEAD + "  events: {answer: {by: datetime}}\n"
    rest = "penalties:\n  - {id: PB, for: [DL], per: breach, payable_to: company, amount: 10}\n  - {id: PC, for: [DL], payable_to: company, amount: 10}\n"
    for act in ("{event: answer}", "{first_of: [{event: answer}, closed_at]}", "responded_at"):
        for within in ("5 days", "by") if start == "{each: [{event: answer}]}" else ("5 days",):
            of = load_policy_text(f"{head}deadlines:\n  - {{id: DL, from: {start}, to: {act}, within: {within}, when: {{urgent: true}}}}\n{rest}")
            records = [{"id": str(n), "received_at": at(n), **{c: at(n + 1) if n % 2 else None for c in columns}} for n in range(12)]
            assert apart(of, records) == []
