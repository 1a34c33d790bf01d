"""Banking: losses, codes, chains of handlers and extensions, each fact beside what YAML alone would say."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from tests.plugins.facts import entry, facts_of

CAPS = "banking: {report_hours: 48, cap_in_time: 50, cap_late: 500, window_hours: 24}"


def held(wanted: dict[str, str], head: str = CAPS, **record: Any) -> dict[str, Any]:
    return facts_of("banking", head, wanted, **record)


def lost(*given: tuple[str, Any], authorised: Any = False) -> list[dict[str, Any]]:
    return [entry("transaction", f"2026-03-{at}", amount=amount, authorised=authorised) for at, amount in given]


SPLIT = {"fraud_loss": "number", "loss_after_report": "number", "customer_bears": "number", "bank_bears": "number"}


# --------------------------------------------------------------------------- losses
def test_each_transaction_is_held_against_the_report() -> None:
    """Learned of on the 2nd at 10:00, reported on the 5th at 10:00, so late: the 48 hours end on the 4th at 10:00.

    Up to then 30 + 40 = 70, of which 50; from then to the report 200; the customer bears 250, the bank the rest of 1 270.
    YAML adds nothing up: of the amount claimed at most 500, or the number of transactions.
    """
    log = lost(("01T10:00", 30), ("04T10:00", 40), ("04T10:01", 200), ("05T10:00", 900), ("06T10:00", 100)) + lost(("03T10:00", 77), authorised=True)
    yaml = CAPS + "\nfacts: {in_yaml: {min_of: [{field: amount_claimed}, 500]}, counted: {count: {event: transaction, where: {authorised: false}}}}"
    record = {"loss_learned_at": "2026-03-02T10:00", "loss_reported_at": "2026-03-05T10:00", "amount_claimed": 1270}
    found = held({"in_yaml": "number", "counted": "number", **SPLIT}, yaml, events=log, **record)
    assert found == {"in_yaml": 500, "counted": 5, "fraud_loss": 1270, "loss_after_report": 1000, "customer_bears": 250, "bank_bears": 1020}


@pytest.mark.parametrize(("reported", "customer"), [("2026-03-04T10:00:00", 50), ("2026-03-04T10:00:01", 50), ("2026-03-04T12:00", 130), ("2026-03-05T12:00", 500)])
def test_in_time_late_and_the_two_caps(reported: str, customer: int) -> None:
    """In time 50 of 60; a second late too, with nothing lost since; at noon 50 + 80; the day after 50 + 80 + 900, at most 500."""
    log = lost(("01T10:00", 60), ("04T11:00", 80), ("05T11:00", 900))
    found = held({"customer_bears": "number"}, events=log, loss_learned_at="2026-03-02T10:00", loss_reported_at=reported)
    assert found["customer_bears"] == customer


def test_what_nobody_knows_of_the_transactions_leaves_the_split_open() -> None:
    record = {"loss_learned_at": "2026-03-02T10:00", "loss_reported_at": "2026-03-03T10:00"}
    for log in (lost(("01T10:00", 60)) + lost(("01T11:00", 5), authorised=None), lost(("01T10:00", None)), lost(("01T10:00", -60))):
        assert held(SPLIT, events=log, **record) == dict.fromkeys(SPLIT)
    # Not reported yet: time will tell; without the policy's caps nobody can.
    assert held({"customer_bears": "number"}, events=lost(("01T10:00", 60)), loss_learned_at="2026-03-02T10:00") == {"customer_bears": None}
    assert held({"customer_bears": "number"}, "", events=lost(("01T10:00", 60)), **record) == {"customer_bears": None}


def test_the_largest_loss_in_any_24_hours() -> None:
    """1 March 10:00 100; 2 March 10:00 200, exactly 24 hours on, together 300; 2 March 10:01 50: 250 with the one before, 300 stays the largest.

    YAML counts what lies near one moment that the policy names, such as the receipt, and adds no amounts.
    """
    log = lost(("01T10:00", 100), ("02T10:00", 200), ("02T10:01", 50))
    yaml = CAPS + "\nfacts: {in_yaml: {count: {event: transaction, where: {at: {after: {from: received_at, ahead: 24 hours}}}}}}"
    assert held({"in_yaml": "number", "largest_loss_in_window": "number"}, yaml, events=log) == {"in_yaml": 0, "largest_loss_in_window": 300}
    log[1]["at"] = "2026-03-02T10:00:01"
    assert held({"largest_loss_in_window": "number"}, events=log) == {"largest_loss_in_window": 250}
    assert held({"largest_loss_in_window": "number"}, events=[]) == {"largest_loss_in_window": 0}


def test_amounts_are_exact() -> None:
    """Ten times 0.1 are 1, which no sum of floats is."""
    assert held({"fraud_loss": "number"}, events=lost(*[(f"0{i}T10:00", "0.1") for i in range(1, 10)], ("10T10:00", "0.1"))) == {"fraud_loss": Decimal(1)}


# --------------------------------------------------------------------------- identity checks
def test_a_code_is_the_same_however_it_was_typed() -> None:
    """YAML compares texts: the full-width code with a dash is not E01."""
    head = 'banking: {check_codes: ["E01=document expired", "E-02=names differ"]}\nfacts: {in_yaml: {check_code: E01}}'
    found = held({"in_yaml": "boolean", "identity_check_cause": "enum"}, head, check_code="ｅ-01")
    assert found == {"in_yaml": False, "identity_check_cause": "document expired"}
    for code in ("E03", None, "--"):
        assert held({"identity_check_cause": "enum"}, head.split("\n")[0], check_code=code) == {"identity_check_cause": None}


# --------------------------------------------------------------------------- who had the case
def passed(*hands: str | None) -> list[dict[str, Any]]:
    return [entry("transfer", f"2026-03-0{day}T10:00", by=giver, to=taker) for day, (giver, taker) in enumerate(pairwise(hands), 1)]


CHAIN = {"transfer_cycle": "boolean", "recusal_broken": "boolean"}


def test_a_chain_is_followed_from_hand_to_hand() -> None:
    """Wang, Li, Zhao, Li: back to Li, whom YAML does not see: three transfers, and neither the first contact nor the handler is Li."""
    yaml = "facts: {passed_on: {count: {event: transfer}}, in_yaml: {any: [{related_persons: {contains: Li}, first_contact: Li}, {related_persons: {contains: Li}, handler: Li}]}}"
    record = {"first_contact": "Wang", "handler": "Wu", "related_persons": ["Li"]}
    found = held({"passed_on": "number", "in_yaml": "boolean", **CHAIN}, yaml, events=passed("Wang", "Li", "Zhao", "Li"), **record)
    assert found == {"passed_on": 3, "in_yaml": False, "transfer_cycle": True, "recusal_broken": True}


@pytest.mark.parametrize(
    ("hands", "handler", "related", "cycle", "broken"),
    [
        (("Wang", "Li", "Zhao"), "Zhao", ["Sun"], False, False),
        (("Wang", "Li"), "Li", [], False, False),
        (("Wang", "Li"), "Li", ["ＬＩ "], False, True),
        (("Wang", None), "Li", ["Sun"], None, None),
        (("Wang", None), "Sun", ["Sun"], None, True),
        (("Wang", "Li", "Wang"), None, ["Sun"], True, None),
    ],
)
def test_who_had_it(hands: tuple[str | None, ...], handler: str | None, related: list[str], cycle: Any, broken: Any) -> None:
    assert held(CHAIN, events=passed(*hands), first_contact="Wang", handler=handler, related_persons=related) == {"transfer_cycle": cycle, "recusal_broken": broken}


# --------------------------------------------------------------------------- extensions
LADDER = 'banking: {base_days: 15, approver_levels: ["1", "2"], may_move_days: 3}'
DAYS = {"extensions_that_count": "number", "days_allowed": "number"}


def granted(*given: tuple[str, int | None, int | None]) -> list[dict[str, Any]]:
    return [entry("extension", f"2026-{at}", approver_level=level, days=days) for at, level, days in given]


def test_an_extension_rests_on_those_before_it() -> None:
    """From 2 March 15 days end on the 17th.  10 days by level 1 on the 17th: to the 27th.  10 by level 1 on the 20th: the second needs level 2.  20 by level 2 on the 27th.

    15 + 10 + 20 = 45 days; YAML counts three.
    """
    log = granted(("03-17T23:59", 1, 10), ("03-20T10:00", 1, 10), ("03-27T10:00", 2, 20))
    yaml = LADDER + "\nfacts: {in_yaml: {count: {event: extension}}}"
    found = held({"in_yaml": "number", **DAYS}, yaml, received_at="2026-03-02T10:00", events=log)
    assert found == {"in_yaml": 3, "extensions_that_count": 2, "days_allowed": 45}


@pytest.mark.parametrize(
    ("log", "count", "days"),
    [
        ([("03-18T00:00", 1, 10)], None, None),  # in time if the last day moved
        ([("03-21T00:00", 1, 10)], 0, 15),  # too late wherever it moved
        ([("03-18T00:00", 0, 10)], 0, 15),  # too low in any case
        ([("03-10T00:00", None, 10)], None, None),
        ([("03-10T00:00", 1, None)], None, None),
        ([("03-10T00:00", 2, 5), ("03-11T00:00", 2, 5), ("03-12T00:00", 9, 5)], 2, 25),  # there is no third
        ([], 0, 15),
    ],
)
def test_which_extensions_count(log: list[tuple[str, int | None, int | None]], count: int | None, days: int | None) -> None:
    assert held(DAYS, LADDER, received_at="2026-03-02T10:00", events=granted(*log)) == {"extensions_that_count": count, "days_allowed": days}


def test_a_policy_without_its_numbers_counts_none() -> None:
    assert held(DAYS, "", received_at="2026-03-02T10:00", events=[]) == {"extensions_that_count": None, "days_allowed": None}
