"""Telecom: outages by month, samples, portings and bills, each fact beside what YAML alone would say."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.plugins.facts import entry, facts_of


def held(wanted: dict[str, str], head: str = "telecom: {refund_by: day_begun, weak_below_dbm: -105, signal_percentile: 20}", **record: Any) -> dict[str, Any]:
    return facts_of("telecom", head, wanted, **record)


# --------------------------------------------------------------------------- outages
def test_each_month_has_its_own_days() -> None:
    """From 27 February 20:00 to 1 March 08:00: two of 28 days and one of 31 are begun: 28 x (2/28 + 1/31) = 2.903, so 2.90.

    YAML counts 36 hours, 2 days begun, and divides by one number of days: 28 x 2 = 56, by 30 1.87.
    """
    yaml = "telecom: {refund_by: day_begun}\nfacts: {in_yaml: {times: [{field: monthly_rent}, {length: {except: [outages, planned_maintenance]}, in: days}]}}"
    found = held({"in_yaml": "number", "outage_refund": "number"}, yaml, monthly_rent=28, outages="2026-02-27T20:00/2026-03-01T08:00")
    assert found == {"in_yaml": 56, "outage_refund": Decimal("2.90")}


def test_by_the_minute() -> None:
    """28 hours of February's 672 and 8 of March's 744: 28 x (28/672 + 8/744) = 1.16667 + 0.30108 = 1.47."""
    assert held({"outage_refund": "number"}, "telecom: {refund_by: minute}", monthly_rent=28, outages="2026-02-27T20:00/2026-03-01T08:00")["outage_refund"] == Decimal("1.47")


def test_overlaps_planned_work_and_the_time_outside_the_service() -> None:
    """1 to 3 March and 2 to 5 March are 1 to 5; without the 2nd, from the 3rd at noon on, the service ends on the 4th at noon: the 3rd and 4th, 2/31 of 31."""
    record: dict[str, Any] = {"monthly_rent": 31, "outages": "2026-03-01T00:00/2026-03-03T00:00; 2026-03-02T00:00/2026-03-05T00:00", "planned_maintenance": "2026-03-02T00:00/2026-03-03T00:00", "activated_at": "2026-03-03T12:00", "terminated_at": "2026-03-04T12:00"}
    assert held({"outage_refund": "number", "worst_month_outage_minutes": "number"}, **record) == {"outage_refund": 2, "worst_month_outage_minutes": 1440}


def test_the_worst_month_is_no_sum() -> None:
    """60 minutes in January, 90 and 30 seconds in February, so 91; YAML has the sum of 151 (150 and a half, rounded up)."""
    yaml = "facts: {in_yaml: {length: {except: [outages, planned_maintenance]}, in: minutes}}"
    found = held({"in_yaml": "number", "worst_month_outage_minutes": "number"}, yaml, outages="2026-01-31T23:00:00/2026-02-01T01:00:00; 2026-02-10T10:00:00/2026-02-10T10:30:30")
    assert found == {"in_yaml": 151, "worst_month_outage_minutes": 91}


def test_an_outage_that_goes_on_counts_to_the_moment_of_judging() -> None:
    """From 30 April 23:00 to 1 May 00:00, as of then; none recorded is none."""
    assert held({"worst_month_outage_minutes": "number"}, outages="2026-04-30T23:00/")["worst_month_outage_minutes"] == 60
    assert held({"worst_month_outage_minutes": "number"})["worst_month_outage_minutes"] == 0


# --------------------------------------------------------------------------- signal
def test_samples_are_compared_as_numbers() -> None:
    """Below -105: -110 and -105.5; YAML can only look for a text in the list, and finds none that is called -105.

    20 per cent of five samples are one: the least, -110.
    """
    wanted = {"in_yaml": "boolean", "samples_taken": "number", "weak_samples": "number", "signal_at_percentile": "number"}
    yaml = 'telecom: {weak_below_dbm: -105, signal_percentile: 20}\nfacts: {in_yaml: {signal_samples: {contains: "-105"}}}'
    found = held(wanted, yaml, signal_samples=["-90", "-110 dBm", "-105.5", "-105.0", "-99"])
    assert found == {"in_yaml": False, "samples_taken": 5, "weak_samples": 2, "signal_at_percentile": -110}


@pytest.mark.parametrize(("percent", "level"), [(20, -110), (21, Decimal("-105.5")), (100, -90)])
def test_nearest_rank(percent: int, level: Any) -> None:
    samples = ["-90", "-110", "-105.5", "-105", "-99"]
    assert held({"signal_at_percentile": "number"}, f"telecom: {{signal_percentile: {percent}}}", signal_samples=samples)["signal_at_percentile"] == level


def test_a_sample_that_is_no_number_leaves_it_open() -> None:
    assert held({"weak_samples": "number", "samples_taken": "number"}, signal_samples=["-90", "weak"]) == {"weak_samples": None, "samples_taken": None}
    assert held({"weak_samples": "number"}, "", signal_samples=["-90"]) == {"weak_samples": None}


# --------------------------------------------------------------------------- porting
def steps(*given: tuple[str, str]) -> list[dict[str, Any]]:
    return [entry("porting_step", f"2026-03-02T{at}", step=step) for at, step in given]


PORTING = {"porting_holder": "enum", "losing_operator_minutes": "number", "longest_porting_minutes": "number"}


def test_an_answer_belongs_to_its_question() -> None:
    """Asked at 10:00, answered at 12:00; the code asked for at 11:00 and issued at 13:30: open from 10:00 to 13:30, 210 minutes, the longer wait 150.

    YAML's last step at 12:30 would be the answer, so that the user would have to act; its span between the first question and the first answer is 120.
    """
    yaml = (
        "facts:\n  last_in_yaml: {last: {event: porting_step}, take: step}\n"
        "  in_yaml: {length: {between: [{event: porting_step, where: {step: [eligibility_asked, code_asked]}}, {event: porting_step, where: {step: [eligibility_answered, code_issued]}}]}, in: minutes}"
    )
    log = steps(("10:00", "eligibility_asked"), ("11:00", "code_asked"), ("12:00", "eligibility_answered"))
    found = held({"last_in_yaml": "enum", "porting_holder": "enum"}, yaml.split("\n  in_yaml")[0], events=log)
    assert found == {"last_in_yaml": "eligibility_answered", "porting_holder": "losing_operator"}
    log += steps(("13:30", "code_issued"))
    found = held({"in_yaml": "number", **PORTING}, yaml, events=log)
    assert found == {"in_yaml": 120, "porting_holder": "user", "losing_operator_minutes": 210, "longest_porting_minutes": 150}


@pytest.mark.parametrize(
    ("last", "holder"), [("port_applied", "gaining_operator"), ("ported", "nobody"), ("refused", "user"), ("withdrawn", "nobody"), ("code_issued", "user"), (None, None)]
)
def test_who_has_to_act(last: Any, holder: Any) -> None:
    assert held({"porting_holder": "enum"}, events=steps(("10:00", "code_asked"), ("11:00", "code_issued"), ("12:00", last)))["porting_holder"] == holder


def test_no_porting_waits_for_nobody() -> None:
    assert held(PORTING, events=[]) == {"porting_holder": "nobody", "losing_operator_minutes": 0, "longest_porting_minutes": 0}


def test_what_is_asked_twice_waits_from_the_first_time() -> None:
    """Asked on 30 April at 23:00 and 23:30, not answered by midnight."""
    log = [entry("porting_step", f"2026-04-30T{at}", step="code_asked") for at in ("23:00", "23:30")]
    assert held(PORTING, events=log) == {"porting_holder": "losing_operator", "losing_operator_minutes": 60, "longest_porting_minutes": 60}


# --------------------------------------------------------------------------- bills
def test_a_tariff_with_steps_of_its_own() -> None:
    """30 + 100 x 0.15 + 50.5 x 0.10 = 50.05; the bill of 60 is 9.95 above.  YAML at one price: 30 + 150.5 x 0.15 = 52.575."""
    yaml = "facts: {in_yaml: {plus: [{field: monthly_rent}, {times: [{field: usage}, 0.15]}]}}"
    record: dict[str, Any] = {"usage": "150.5", "tariff_steps": ["100@0.15", "*@0.10"], "monthly_rent": 30, "bill_amount": 60}
    found = held({"in_yaml": "number", "recomputed_bill": "number", "overcharged": "number"}, yaml, **record)
    assert found == {"in_yaml": Decimal("52.575"), "recomputed_bill": Decimal("50.05"), "overcharged": Decimal("9.95")}


@pytest.mark.parametrize(
    ("usage", "tariff", "bill"),
    [
        ("100", ["100@0.15", "*@0.10"], "15.00"),
        ("0.5", ["*@0.01"], "0.01"),  # half a fen, up
        ("0", ["100@0.15"], "0"),
        ("100.1", ["100@0.15"], None),  # beyond the last step
        ("10", ["100@0.15", "50@0.10"], None),  # a step that goes back
        ("10", ["fifteen"], None),
        ("10", ["100@-0.15"], None),
    ],
)
def test_the_steps(usage: str, tariff: list[str], bill: str | None) -> None:
    found = held({"recomputed_bill": "number"}, usage=usage, tariff_steps=tariff)["recomputed_bill"]
    assert found == (None if bill is None else Decimal(bill))
