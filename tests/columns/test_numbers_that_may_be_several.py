"""Numbers that nobody knows exactly, or that still grow, in conditions, lengths, counts and amounts: decided on columns, as `evaluate` decides."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import product
from random import Random
from typing import Any

import pytest

from complaint_policy import Policy, load_policy, load_policy_text
from complaint_policy.money import parted, rounded
from complaint_policy.possible import Growing, Maybe, possibilities
from tests.equality.comparing import audited, differences, entries_of, loop

AS_OF = "2026-03-20T12:00"
FIRST = datetime(2026, 3, 2, 10)
HEAD = """format: 1
policy: test/several
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
currency: CNY
calendars: {week: {weekdays: mon-fri}}
counting: {calendar: week, first_day: excluded, ends: end_of_day, roll: next_working_day}
record:
  fields:
    kind: {type: enum, values: [cargo, goods, post]}
    class: {type: enum, values: [first, second]}
    urgent: {type: boolean}
    n: {type: integer}
    m: {type: integer, default: 0}
    share: {type: number}
    fee: {type: money}
    asked_at: {type: event}
    waited: {type: intervals, empty: none}
    lent: {type: intervals}
  events: {call: {hard: boolean, loud: boolean}}
facts:
  # One of 20, 9 and 4, or nobody knows at all: there is no `otherwise`.
  km: {choose: [{when: {kind: cargo, class: first}, then: 20}, {when: {kind: cargo}, then: 9}, {when: {kind: goods}, then: {field: n}}, {when: {kind: post}, then: 4}]}
  span_days: {max_of: [{choose: [{when: {kind: cargo, class: first}, then: 12}, {when: {kind: cargo}, then: 5}, {otherwise: 3}]}, {field: m}]}
  overdue: {length: {late: DL}, in: days, round: up}
  asked_for: {length: {between: [asked_at, responded_at]}, in: hours}
  calls: {count: {event: call, where: {any: [{hard: true}, {loud: true}]}}}
"""
DEADLINE = "deadlines:\n  - {id: DL, from: received_at, to: responded_at, within: 3 days}\n"


def at(day: float) -> str:
    return (FIRST + timedelta(days=day)).isoformat()


def policy(rest: str, deadline: str = DEADLINE) -> Policy:
    return load_policy_text(HEAD + deadline + rest)


def drawn(seed: int, count: int = 90, gone: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    random = Random(seed)

    def later(day: int, most: int) -> str | None:
        return None if random.random() < 0.3 else at(day + random.randrange(24 * most) / 24)

    records = []
    for number in range(count):
        day = random.randrange(17)
        first, second = at(day + random.randrange(3)), at(day + 3 + random.randrange(5))
        records.append({
            "id": str(number), "received_at": at(day), "responded_at": later(day, 9), "closed_at": later(day, 18), "asked_at": later(day, 6),
            "kind": random.choice((None, "cargo", "goods", "post")), "class": random.choice((None, "first", "second")), "urgent": random.choice((None, True, False)),
            "n": random.choice((None, 0, 4, 9, 20)), "m": random.choice((None, 2, 5, 30)), "share": random.choice((None, 0.5, 9.0)), "fee": random.choice((None, 100, 12.5)),
            "waited": random.choice((None, f"{first}/{second}", f"{first}/", f"{at(day - 2)}/{at(day + 1)}; {second}/{at(day + 9)}")),
            "lent": random.choice((None, f"{first}/{second}")),
            "events": [{"at": at(day + random.randrange(9)), "kind": "call", "hard": random.choice((None, True, False)), "loud": random.choice((None, True, False))}
                       for _ in range(random.choice((0, 1, 2, 5)))],
        })  # fmt: skip
    return [{name: value for name, value in record.items() if name not in gone} for record in records]


def apart(of: Policy, records: list[dict[str, Any]]) -> list[str]:
    return differences(loop(of, entries_of(of, records), records[0].keys(), AS_OF), audited(of, records, AS_OF))


GONE: tuple[tuple[str, ...], ...] = ((), ("class",), ("kind",), ("n", "m"), ("responded_at",), ("events", "asked_at"))


# --------------------------------------------------------------------------- conditions
@pytest.mark.parametrize("gone", GONE)
@pytest.mark.parametrize("fact", ["km", "span_days", "overdue", "asked_for", "calls"])
def test_held_against_others_as_evaluate(one_by_one: list[int], fact: str, gone: tuple[str, ...]) -> None:
    """Below, at and above each of what it may be, either way round."""
    tests = [f"{{{fact}: {{{sign}: {other}}}}}" for sign, other in product(("at_least", "at_most", "above", "below"), (4, 9, "{field: n}"))]
    tests += [f"{{n: {{{sign}: {{field: {fact}}}}}}}" for sign in ("at_least", "above")]
    of = policy("requirements:\n" + "".join(f"  - {{id: RQ-{i}, require: {test}, before: closed_at}}\n" for i, test in enumerate(tests)))

    assert apart(of, drawn(len(fact) + len(gone), gone=gone)) == []
    # Whether one of several is among several others has to be looked at one by one.
    assert fact in ("km", "span_days") or one_by_one == []


@pytest.mark.parametrize(("n", "outcomes"), [
    # 20 or 9 kilometres: 8 and 9 are reached by either, 12 and 20 by one of them, 21 by none.
    (8, ("met", "breached")), (9, ("met", "indeterminate")), (12, ("indeterminate", "indeterminate")), (20, ("indeterminate", "met")), (21, ("breached", "met")),
])  # fmt: skip
def test_what_every_possibility_agrees_on_is_decided(one_by_one: list[int], n: int, outcomes: tuple[str, ...]) -> None:
    tests = ("{km: {at_least: {field: n}}}", "{km: {at_most: {field: n}}}")
    of = policy("requirements:\n" + "".join(f"  - {{id: RQ-{i}, require: {test}, before: closed_at}}\n" for i, test in enumerate(tests)))
    audit = of.audit([{"id": "1", "received_at": at(0), "closed_at": at(1), "kind": "cargo", "n": n}], as_of=AS_OF)

    assert audit.decisions.select("RQ-0.outcome", "RQ-1.outcome").row(0) == outcomes
    lacking = {("RQ-0", "class"), ("RQ-1", "class")}
    assert {(one["rule"], one["field"]) for one in audit.summary().to_dict()["missing"]} & lacking == {
        (f"RQ-{i}", "class") for i, outcome in enumerate(outcomes) if outcome == "indeterminate"
    }
    assert one_by_one == []


def test_of_a_choice_of_which_no_branch_is_certain_what_those_lack_that_may_hold(one_by_one: list[int]) -> None:
    """Goods have as many kilometres as the record says, and it does not; of cargo that is not missing."""
    of = policy("requirements:\n  - {id: RQ, require: {km: {at_least: 5}}, before: closed_at}\n")
    records = [{"id": str(i), "received_at": at(0), "closed_at": at(1), "kind": kind, "class": None, "n": None} for i, kind in enumerate((None, "goods", "cargo", "post"))]
    audit = of.audit(records, as_of=AS_OF)

    # Of the first the class, the kind and the number are missing, of the second the number.
    assert {one["field"]: one["records"] for one in audit.summary().to_dict()["missing"] if one["rule"] == "RQ"} == {"class": 1, "kind": 1, "n": 2}
    assert audit.decisions["RQ.outcome"].to_list() == ["indeterminate", "indeterminate", "met", "breached"]
    assert apart(of, records) == []
    assert one_by_one == []


def test_conditions_that_look_at_the_same_fields_have_few_combinations(one_by_one: list[int]) -> None:
    """Twelve branches over two fields: each condition by itself would have more combinations than a table holds."""
    branches = ", ".join(f"{{when: {{kind: {kind}, class: {of_class}, urgent: {urgent}}}, then: {i}}}" for i, (kind, of_class, urgent) in enumerate(
        product(("cargo", "goods", "post"), ("first", "second"), ("true", "false"))))  # fmt: skip
    of = policy(f"requirements:\n  - {{id: RQ, require: {{n: {{at_least: {{choose: [{branches}]}}}}}}, before: closed_at}}\n")
    for seed in range(3):
        assert apart(of, drawn(seed)) == []

    assert one_by_one == []


def test_many_that_may_be_missing(one_by_one: list[int]) -> None:
    """Nine questions that nobody has answered: of 512 answers which names are missing none is left out."""
    names = [f"q{i}" for i in range(9)]
    fields = "".join(f"    {name}: {{type: boolean}}\n" for name in names)
    of = load_policy_text(HEAD.replace("    kind:", f"{fields}    kind:") + DEADLINE + "requirements:\n  - {id: RQ, require: {all: ["
                          + ", ".join(f"{{{name}: true}}" for name in names) + "]}, before: closed_at}\n")  # fmt: skip
    random = Random(4)
    records = [{"id": str(i), "received_at": at(0), "closed_at": at(1), **{name: random.choice((None, None, True)) for name in names}} for i in range(200)]

    assert apart(of, records) == []
    assert one_by_one == []


# --------------------------------------------------------------------------- limits
@pytest.mark.parametrize("gone", GONE)
@pytest.mark.parametrize("unit", ["days", "working_days", "hours", "working_hours"])
def test_a_limit_of_so_many_days_as_evaluate(one_by_one: list[int], unit: str, gone: tuple[str, ...]) -> None:
    if unit == "working_hours":
        of = load_policy_text(HEAD.replace("{weekdays: mon-fri}", "{hours: {mon-fri: ['09:00-17:00']}}") + DEADLINE.replace("3 days", "{working_hours: {field: span_days}}"))
    else:
        of = policy("", DEADLINE.replace("3 days", f"{{{unit}: {{field: span_days}}}}"))
    assert apart(of, drawn(len(unit), gone=gone)) == []

    assert one_by_one == []


@pytest.mark.parametrize("pauses", ["[waited]", "[{between: [asked_at, responded_at]}]", "[waited, {between: [asked_at, closed_at]}]"])
@pytest.mark.parametrize("number", ["{field: n}", "{field: span_days}"])
def test_a_limit_that_a_record_says_put_off_by_pauses(one_by_one: list[int], number: str, pauses: str) -> None:
    for unit in ("days", "working_days", "hours"):
        of = policy("", f"deadlines:\n  - {{id: DL, from: received_at, to: responded_at, within: {{{unit}: {number}}}, at_risk: 1 day, pauses: {pauses}}}\n")
        assert apart(of, drawn(len(number + unit))) == []

    assert one_by_one == []


def test_a_number_that_is_no_number_of_days(one_by_one: list[int]) -> None:
    """Five less nine or less twenty are none, whichever it is; half a day is none either."""
    minus = "{minus: [5, {choose: [{when: {urgent: true}, then: 9}, {otherwise: 20}]}]}"
    for number in (minus, "{times: [{field: share}, {choose: [{when: {urgent: true}, then: 1}, {otherwise: 3}]}]}"):
        of = policy("", DEADLINE.replace("3 days", f"{{days: {number}}}"))
        assert apart(of, drawn(3)) == []
    assert one_by_one == []


# --------------------------------------------------------------------------- lengths
@pytest.mark.parametrize("span", ["waited", "{except: [{between: [asked_at, closed_at]}, waited]}", "{together: [waited, lent]}", "{except: [{together: [waited, lent]}, {between: [asked_at, closed_at]}]}"])
@pytest.mark.parametrize("rest", ["in: hours, round: down", "in: days, round: up, per: span", "in: weeks, round: half_up"])
def test_how_long_several_intervals_are_as_evaluate(one_by_one: list[int], span: str, rest: str) -> None:
    tests = [f"{{length: {span}, {rest}}}"]
    of = policy(f"requirements:\n  - {{id: RQ, require: {{n: {{at_least: {tests[0]}}}}}, before: closed_at}}\n"
                f"penalties:\n  - {{id: PN, for: [DL], amount: {{times: [{{field: fee}}, {tests[0]}]}}, payable_to: company, legal_basis: {{en: x, zh: x}}}}\n")  # fmt: skip
    for seed in range(2):
        assert apart(of, drawn(seed)) == []
    assert apart(of, drawn(5, gone=("waited",))) == []

    assert one_by_one == []


def test_two_days_of_waiting_in_two_parts(one_by_one: list[int]) -> None:
    """From noon to noon twice, and once so far: an interval without an end runs."""
    of = policy("penalties:\n  - {id: PN, for: [DL], amount: {times: [10, {length: waited, in: days}]}, payable_to: company, legal_basis: {en: x, zh: x}}\n")
    waited = [None, "2026-03-03T12:00/2026-03-04T12:00; 2026-03-07T12:00/2026-03-08T12:00", "2026-03-03T12:00/2026-03-04T12:00; 2026-03-18T12:00/"]
    audit = of.audit([{"id": str(i), "received_at": at(0), "responded_at": at(9), "waited": one} for i, one in enumerate(waited)], as_of=AS_OF)

    assert audit.decisions["PN.amount"].to_list() == [0, 20, 30]
    assert [one["state"] for one in audit.summary().to_dict()["penalties"]] == ["accruing", "proposed"]
    assert one_by_one == []


# --------------------------------------------------------------------------- amounts
@pytest.mark.parametrize("gone", GONE)
@pytest.mark.parametrize("more", ["", ", range: [20, 90]", ", range: [{field: m}, 90]", ", divided_by: 30", ", divided_by: 7, range: [1, 40]", ", divided_by: 365, per: breach"])
def test_amounts_as_evaluate(one_by_one: list[int], more: str, gone: tuple[str, ...]) -> None:
    amounts = ("{times: [{field: fee}, {field: overdue}]}", "{times: [{field: span_days}, {field: calls}]}", "{minus: [{field: fee}, {times: [{field: fee}, {field: overdue}]}]}")
    for number, amount in enumerate(amounts):
        of = policy(f"penalties:\n  - {{id: PN, for: [DL], amount: {amount}{more}, payable_to: company, legal_basis: {{en: x, zh: x}}}}\n")
        assert apart(of, drawn(number + len(more), gone=gone)) == []
    assert len(one_by_one) < 80  # below nothing, or an end of the range above the other


def test_a_months_rent_for_days_of_fault(one_by_one: list[int]) -> None:
    """100 a month, 7 days: 23.333…; and of two breaches 100 / 30 each is 6.67 together, rounded once."""
    rest = "penalties:\n  - {id: PN, for: [DL, DM], amount: {times: [{field: fee}, 7]}, divided_by: 30, payable_to: company, legal_basis: {en: x, zh: x}}\n"
    rest += "  - {id: PB, for: [DL, DM], per: breach, amount: {field: fee}, divided_by: 30, payable_to: company, legal_basis: {en: x, zh: x}}\n"
    of = policy(rest, DEADLINE + "  - {id: DM, from: received_at, to: closed_at, within: 3 days}\n")
    audit = of.audit([{"id": "1", "received_at": at(0), "responded_at": at(9), "closed_at": at(9), "fee": 100}], as_of=AS_OF)

    assert audit.decisions.select("PN.amount", "PB.amount").row(0) == (Decimal("23.33"), Decimal("6.67"))
    assert one_by_one == []


def test_what_the_range_holds_grows_no_more(one_by_one: list[int]) -> None:
    """Ten a day, at most fifty: after five days it has come to that."""
    of = policy("penalties:\n  - {id: PN, for: [DL], amount: {times: [10, {field: overdue}]}, range: [0, 50], payable_to: company, legal_basis: {en: x, zh: x}}\n")
    records = [{"id": str(day), "received_at": at(day), "responded_at": None} for day in (8, 9, 11, 12)]
    audit = of.audit(records, as_of=AS_OF)

    # Due by the end of the 13th, 16th (the 14th is a Saturday), 16th and 17th; by noon of the 20th seven, four, four and three days have begun.
    assert audit.decisions["PN.amount"].to_list() == [50, 40, 40, 30]
    assert [audit.decision(record["id"]).penalties[0].state for record in records] == ["proposed", "accruing", "accruing", "accruing"]
    assert {one["state"]: one["cases"] for one in audit.summary().to_dict()["penalties"]} == {"proposed": 1, "accruing": 3}
    assert one_by_one == []


# --------------------------------------------------------------------------- whatever it is
def test_the_same_number_written_in_two_ways_is_one() -> None:
    assert possibilities((10, Decimal("10.0")), frozenset({"kind"})) == 10
    assert isinstance(possibilities((1, True), frozenset({"kind"})), Maybe)
    grown = possibilities((Growing((0,), frozenset(), 1), 0), frozenset({"kind"}))
    assert (grown.options, grown.missing) == ((0,), frozenset({"kind"}))


@pytest.mark.parametrize(("value", "by", "times", "wanted"), [("0.05", 6, 3, "0.03"), ("0.05", 6, 1, "0.01"), ("1", 3, 3, "1.00"), ("0.1", 12, 6, "0.05"), ("0.01", 3, 4, "0.01")])
def test_so_many_times_a_part_is_rounded_as_it_is_exactly(value: str, by: int, times: int, wanted: str) -> None:
    """A sixth of five cents three times is two and a half, which is three."""
    assert rounded(parted(Decimal(value), by), "CNY", times) == Decimal(wanted)


# --------------------------------------------------------------------------- shipped policies
def test_a_repair_shop_that_does_not_say_what_was_repaired(one_by_one: list[int]) -> None:
    """The warranty is one of several lengths; where the car has gone further than the longest, or less far than the shortest, it is decided."""
    random = Random(2)
    records = [{
        "id": str(i), "received_at": at(0), "handed_over_at": at(-random.randrange(1, 130)), "vehicle_class": random.choice((None, "car_or_dangerous_goods", "motorcycle", "other")),
        "repair_class": random.choice((None, "whole_or_assembly", "second_level", "minor_or_special")), "km_since_handover": random.choice((None, 500, 2000, 5000, 20000, 20001)),
        "promised_km": random.choice((None, 3000)), "promised_days": random.choice((None, 50)), "unusable": random.choice((None, True)), "failed_repairs": 2, "closed_at": at(10),
    } for i in range(120)]  # fmt: skip

    assert apart(load_policy("cn/auto_repair"), records) == []
    assert one_by_one == []


@pytest.mark.parametrize("closed", [0, 0.5, 5, 40])
def test_closed_cases_that_nobody_kept_a_log_of(one_by_one: list[int], closed: float) -> None:
    assert apart(load_policy("cn/service_levels"), [{"id": str(n), "received_at": at(n), "closed_at": at(n + closed)} for n in range(9)]) == []

    assert one_by_one == []


def test_a_balance_of_a_limit_nobody_knows(one_by_one: list[int]) -> None:
    """Referred back while the first limit ran, which depends on what the complaint is about: that is not recorded."""
    records = [{"id": str(n), "received_at": at(0), "referred_at": at(n)} for n in range(15)]

    assert apart(load_policy("au/rg271"), records) == []
    assert one_by_one == []
