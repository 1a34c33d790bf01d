"""Auto repair: what the car's visits say, each fact beside what YAML alone would say."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from complaint_policy import load_policy
from tests.plugins.facts import entry, facts_of

SETTINGS = "auto_repair: {least_warranty_days: 100, least_warranty_km: 20000}\n"


def held(wanted: dict[str, str], head: str = "", **record: Any) -> dict[str, Any]:
    return facts_of("auto_repair", SETTINGS + head, wanted, **record)


def visit(come: str, back: str | None = None, **more: Any) -> dict[str, Any]:
    return entry("visit", come, out_at=back, **more)


# --------------------------------------------------------------------------- days in the shop
def test_a_stay_is_rounded_once_however_often_it_was_interrupted() -> None:
    """The engine from the 2nd at 10:00 to the 4th at 10:00, the brakes within it: one stay of 48 hours; 12 of them a part was on its way: 36 hours, 2 days.

    YAML rounds each stretch: until the 2nd at 20:00 10 hours, from the 3rd at 08:00 26 hours, so 1 + 2 days.
    """
    yaml = (
        "record: {fields: {repairs: {type: intervals}}}\n"
        "facts: {in_yaml: {length: {except: [repairs, parts_transport]}, in: days, round: up, per: span}}\n"
    )
    found = held(
        {"in_yaml": "number", "days_in_shop": "number"},
        yaml,
        repairs="2026-03-02T10:00/2026-03-04T10:00; 2026-03-03T10:00/2026-03-04T08:00",
        parts_transport="2026-03-02T20:00/2026-03-03T08:00",
        events=[visit("2026-03-02T10:00", "2026-03-04T10:00"), visit("2026-03-03T10:00", "2026-03-04T08:00")],
    )
    assert found == {"in_yaml": 3, "days_in_shop": 2}


@pytest.mark.parametrize(("back", "days"), [("2026-03-03T10:00:00", 1), ("2026-03-03T10:00:01", 2), ("2026-03-02T10:00", 0)])
def test_a_part_of_a_day_is_a_whole_one(back: str, days: int) -> None:
    assert held({"days_in_shop": "number"}, events=[visit("2026-03-02T10:00", back)])["days_in_shop"] == days


def test_a_car_still_in_the_shop_counts_to_the_moment_of_judging() -> None:
    """From 30 April at 10:00 to 1 May at 00:00 14 hours: a day begun; two stays are two."""
    log = [visit("2026-04-10T10:00", "2026-04-10T12:00"), visit("2026-04-30T10:00")]
    assert held({"days_in_shop": "number"}, events=log)["days_in_shop"] == 2


def test_a_car_given_back_before_it_came_decides_nothing() -> None:
    assert held({"days_in_shop": "number"}, events=[visit("2026-03-02T10:00", "2026-03-01T10:00")])["days_in_shop"] is None


# --------------------------------------------------------------------------- the same fault
def test_a_code_typed_in_three_ways_is_one_fault() -> None:
    """YAML compares texts: of the three only one is written like the complaint."""
    log = [
        visit("2026-01-10T10:00", "2026-01-11T10:00", odometer=1000, fault_code="P0301"),
        visit("2026-02-10T10:00", "2026-02-11T10:00", odometer=2000, fault_code="ｐ０３０１"),
        visit("2026-03-10T10:00", "2026-03-11T10:00", odometer=3000, fault_code="p-03 01"),
    ]
    yaml = "facts: {in_yaml: {count: {event: visit, where: {fault_code: {field: fault_code}}}}}\n"
    wanted = {"in_yaml": "number", "repeated_repairs": "number", "most_repairs_of_one_fault": "number"}
    found = held(wanted, yaml, events=log, fault_code="P0301", odometer_now=4000)
    assert found == {"in_yaml": 1, "repeated_repairs": 3, "most_repairs_of_one_fault": 3}


def test_a_repair_whose_warranty_was_over_breaks_the_chain() -> None:
    """Out on 10 November 2025 and 100 days: 18 February (20 + 31 + 31 + 18).  In again on the 19th, so only the later one counts; YAML counts both."""
    log = [
        visit("2025-11-09T10:00", "2025-11-10T18:00", odometer=1000, part="机油泵"),
        visit("2026-02-19T08:00", "2026-02-20T10:00", odometer=2000, part="机油泵"),
    ]
    yaml = "facts: {in_yaml: {count: {event: visit, where: {part: {field: fault_part}}}}}\n"
    found = held({"in_yaml": "number", "repeated_repairs": "number"}, yaml, events=log, fault_part="机油泵", odometer_now=3000)
    assert found == {"in_yaml": 2, "repeated_repairs": 1}
    log[1]["at"] = "2026-02-18T23:59:59"
    assert held({"repeated_repairs": "number"}, events=log, fault_part="机油泵", odometer_now=3000)["repeated_repairs"] == 2


@pytest.mark.parametrize(("now", "count"), [(22000, 1), (22001, 0), (None, None), (1999, None)])
def test_the_last_kilometre(now: int | None, count: int | None) -> None:
    """2 000 and 20 000: 22 000 is within.  Unknown, or less than at the repair: nobody can tell."""
    log = [visit("2026-03-10T10:00", "2026-03-11T10:00", odometer=2000, fault_code="P0301")]
    assert held({"repeated_repairs": "number"}, events=log, fault_code="P0301", odometer_now=now)["repeated_repairs"] == count


def test_no_warranty_said_anywhere_decides_nothing() -> None:
    log = [visit("2026-03-10T10:00", "2026-03-11T10:00", odometer=2000, fault_code="P0301")]
    assert facts_of("auto_repair", "", {"repeated_repairs": "number"}, events=log, fault_code="P0301", odometer_now=3000) == {"repeated_repairs": None}
    log[0] |= {"warranty_days": 30, "warranty_km": 1000}
    assert facts_of("auto_repair", "", {"repeated_repairs": "number"}, events=log, fault_code="P0301", odometer_now=3000) == {"repeated_repairs": 1}


def test_what_cannot_be_compared_is_undecided() -> None:
    log = [visit("2026-03-10T10:00", "2026-03-11T10:00", odometer=2000, part="机油泵")]
    assert held({"repeated_repairs": "number"}, events=log, fault_code="P0301", odometer_now=3000)["repeated_repairs"] is None
    # Maintenance is for no fault.
    log[0]["part"] = None
    assert held({"repeated_repairs": "number"}, events=log, fault_code="P0301", odometer_now=3000)["repeated_repairs"] == 0


def test_the_warranty_of_the_item_starts_anew() -> None:
    """YAML's last visit is the maintenance of 20 March; the item was given back on the 11th."""
    log = [
        visit("2026-03-10T10:00", "2026-03-11T10:00", odometer=2000, fault_code="P-0301"),
        visit("2026-03-20T10:00", "2026-03-20T12:00", odometer=2500),
    ]
    yaml = "facts: {in_yaml: {last_of: [handed_over_at, {event: visit}]}}\n"
    wanted = {"item_warranty_from": "instant"}
    found = held({"in_yaml": "instant", **wanted}, yaml, events=log, fault_code="P0301", handed_over_at="2026-01-05T10:00")
    assert found["in_yaml"] == datetime.fromisoformat("2026-03-20T10:00+08:00")
    assert found["item_warranty_from"] == datetime.fromisoformat("2026-03-11T10:00+08:00")
    log[0]["fault_code"] = "P0420"
    assert held(wanted, events=log, fault_code="P0301", handed_over_at="2026-01-05T10:00")["item_warranty_from"] == datetime.fromisoformat("2026-01-05T10:00+08:00")


def test_the_same_assembly_changed_twice() -> None:
    """YAML counts changes of any assembly, three; the gearbox was changed twice."""
    log = [visit(f"2026-03-0{day}T10:00", f"2026-03-0{day}T18:00", assembly_changed=name) for day, name in ((1, "变速箱"), (2, "发动机"), (3, " 变速箱"))]
    yaml = "facts: {in_yaml: {count: {event: visit, where: {assembly_changed: present}}}}\n"
    found = held({"in_yaml": "number", "most_changes_of_one_assembly": "number"}, yaml, events=log)
    assert found == {"in_yaml": 3, "most_changes_of_one_assembly": 2}


# --------------------------------------------------------------------------- kilometres
KM = {"km_at_least": "number", "km_at_most": "number", "km_estimated": "number", "odometer_rolled_back": "boolean"}


def test_kilometres_between_readings() -> None:
    """Handed over on 1 March at 00:00 with 1 000; read on 21 March with 3 000 and on 10 April (20 days later) with 7 000; received on 31 March, half way: 5 000 - 1 000.

    YAML has the last reading alone: 7 000 - 1 000 = 6 000, driven in part after the complaint.
    """
    log = [entry("odometer_reading", f"2026-{day}T00:00", odometer=km) for day, km in (("03-01", 1000), ("03-21", 3000), ("04-10", 7000))]
    yaml = "facts: {in_yaml: {minus: [{last: {event: odometer_reading}, take: odometer}, 1000]}}\n"
    found = held({"in_yaml": "number", **KM}, yaml, events=log, received_at="2026-03-31T00:00", handed_over_at="2026-03-01T00:00")
    assert found == {"in_yaml": 6000, "km_at_least": 2000, "km_at_most": 6000, "km_estimated": 4000, "odometer_rolled_back": False}


def test_readings_that_fall_are_worth_nothing() -> None:
    """YAML takes the last, 2 000, and sees 1 000 km; the car had shown 9 000 before."""
    log = [entry("odometer_reading", f"2026-03-{day}T00:00", odometer=km) for day, km in (("01", 1000), ("10", 9000), ("20", 2000))]
    yaml = "facts: {in_yaml: {minus: [{last: {event: odometer_reading}, take: odometer}, 1000]}}\n"
    found = held({"in_yaml": "number", **KM}, yaml, events=log, received_at="2026-03-15T00:00", handed_over_at="2026-03-01T00:00")
    assert found == {"in_yaml": 1000, "km_at_least": None, "km_at_most": None, "km_estimated": None, "odometer_rolled_back": True}


def test_no_reading_after_the_complaint_leaves_the_upper_bound_open() -> None:
    log = [entry("odometer_reading", "2026-03-01T00:00", odometer=1000), entry("odometer_reading", "2026-03-10T00:00", odometer=1500)]
    found = held(KM, events=log, handed_over_at="2026-03-01T00:00")
    assert found == {"km_at_least": 500, "km_at_most": None, "km_estimated": None, "odometer_rolled_back": False}


# --------------------------------------------------------------------------- what is unknown
@pytest.mark.parametrize("bad", [{"kind": "visit", "odometer": 5}, {"at": "2026-03-02", "kind": "visit"}, {"at": "2026-03-02T10:00"}, {"at": "2026-03-02T10:00", "kind": "visit", "odometer": "many"}, "visit"])
def test_an_entry_that_cannot_be_read_leaves_the_facts_unknown(bad: Any) -> None:
    found = held({"most_repairs_of_one_fault": "number", "odometer_rolled_back": "boolean"}, events=[visit("2026-03-01T10:00", fault_code="P1"), bad])
    assert found == {"most_repairs_of_one_fault": None, "odometer_rolled_back": None}


def test_what_is_dated_after_as_of_has_not_happened() -> None:
    log = [visit("2026-04-01T10:00", "2026-04-02T10:00", fault_code="P1"), visit("2026-05-02T10:00", fault_code="P1")]
    assert held({"most_repairs_of_one_fault": "number"}, events=log)["most_repairs_of_one_fault"] == 1
    assert held({"most_repairs_of_one_fault": "number"})["most_repairs_of_one_fault"] == 0


def test_the_shipped_policy_names_the_plugin() -> None:
    decision = load_policy("cn/auto_repair_claims").evaluate({"id": "A", "received_at": "2026-04-01T10:00"}, as_of="2026-05-01T00:00")
    assert [p["name"] for p in decision.to_dict()["engine"]["plugins"]] == ["auto_repair"]
