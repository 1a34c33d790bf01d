"""Tests beside schedules: what passes, and that whatever is wrong is found at its own place."""

from __future__ import annotations

import pytest

from complaint_policy import PolicyError, load_policy_text
from complaint_policy.cases import CaseResult, covered, run_cases

HEAD = """format: 1
policy: test/cases
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
portfolio: [{id: PF-received, measure: {count: {received_at: present}}, per: half_year}]
schedules:
  - {id: SC-report, period: quarter, from: period_end, within: 20 days, done: register, waivable: {by: [officer]}}
  - {id: SC-publish, period: half_year, from: period_end, within: {month_day: [08-31, 02-28]}, when: {PF-received: {at_least: 500}}, done: register}
tests:
"""
CASE = """  - name: one
    as_of: 2026-09-01T00:00
    since: 2026-01-01
    register: [{schedule: SC-report, period: 2026-Q1, at: 2026-04-20}, {schedule: SC-report, period: 2026-Q9, at: 2026-07-20}]
    figures: {PF-received: {2026-H1: [499, 500]}}
"""


def ran(expect: str, case: str = CASE) -> CaseResult:
    (result,) = run_cases(load_policy_text(f"{HEAD}{case}    expect: {expect}\n", name="cases.yaml"))
    return result


@pytest.mark.parametrize(
    "expect",
    [
        "{outcomes: {SC-report: {2026-Q1: met, 2026-Q2: indeterminate, 2026-Q3: pending}, SC-publish: {2026-H1: indeterminate}}}",
        "{due: {SC-report: {2026-Q1: 2026-04-20}, SC-publish: {2026-H1: 2026-08-31}}}",
        "{due: {SC-report: {2026-Q1: 2026-04-20T23:59:59}}}",
        "{missing: {SC-report: {2026-Q1: [], 2026-Q2: [register.period]}, SC-publish: {2026-H1: [PF-received]}}}",
        "{next_due: {SC-report: 2026-10-20, SC-publish: 2027-02-28}}",
        "{set_aside: [2], status: indeterminate}",
    ],
)
def test_what_holds(expect: str) -> None:
    assert ran(expect).differences == ()


@pytest.mark.parametrize(
    ("expect", "what", "expected", "found"),
    [
        ("{outcomes: {SC-report: {2026-Q1: breached}}}", "SC-report 2026-Q1", "breached", "met"),
        ("{due: {SC-report: {2026-Q1: 2026-04-21}}}", "SC-report 2026-Q1", "2026-04-21", "2026-04-20T23:59:59+08:00"),
        ("{missing: {SC-publish: {2026-H1: [PF-upheld]}}}", "SC-publish 2026-H1 missing", "PF-upheld", "PF-received"),
        ("{next_due: {SC-report: 2026-10-21}}", "next_due SC-report", "2026-10-21", "2026-10-20T23:59:59+08:00"),
        ("{next_due: {SC-nothing: 2026-10-21}}", "next_due SC-nothing", "2026-10-21", "null"),
        ("{set_aside: []}", "set_aside", "none", "2"),
        ("{status: met}", "status", "met", "indeterminate"),
        ("{outcomes: {SC-report: {2025-Q4: met}}}", "SC-report", "a period that is looked at", "no period '2025-Q4' of 'SC-report' was looked at"),
        ("{outcomes: {SC-report: met}}", "SC-report", "periods, as {2026-Q1: met}", "met"),
        ("{severity: major}", "severity", "what a register gives", "severity"),
    ],
)
def test_what_does_not_hold(expect: str, what: str, expected: str, found: str) -> None:
    (difference,) = ran(expect).differences
    assert (difference.what, difference.expected, difference.found) == (what, expected, found)
    assert difference.place.file == "cases.yaml"
    assert difference.place.line == HEAD.count("\n") + CASE.count("\n") + 1


def test_without_figures_and_with_waivers() -> None:
    case = CASE.replace("    figures: {PF-received: {2026-H1: [499, 500]}}\n", "    waivers: [{rule: SC-report, records: [2026-Q3], by: officer, reason: flood}]\n")
    assert ran("{outcomes: {SC-publish: {2026-H1: indeterminate}, SC-report: {2026-Q3: waived}}}", case).differences == ()


def test_a_call_that_is_wrong() -> None:
    case = CASE.replace("since: 2026-01-01", "since: 2027-01-01")
    assert ran("{error: since is after as_of}", case).differences == ()
    (difference,) = ran("{status: met}", case).differences
    assert difference.found == "since is after as_of"


def test_it_covers_rules() -> None:
    case = CASE + "    covers: {SC-report: [hit, border]}\n"
    policy = load_policy_text(f"{HEAD}{case}    expect: {{status: indeterminate}}\n")
    assert covered(policy) == {"PF-received": set(), "SC-report": {"hit", "border"}, "SC-publish": set()}


@pytest.mark.parametrize(
    ("case", "code"),
    [
        (CASE.replace("    register", "    regster"), "unknown-key"),
        (CASE.replace("    since: 2026-01-01\n", ""), "missing-key"),
        (CASE + "    record: {received_at: 2026-03-01}\n", "one-key-only"),
        (CASE.replace("at: 2026-04-20", "on: 2026-04-20"), "unknown-key"),
        ("  - name: one\n    as_of: 2026-09-01T00:00\n", "missing-key"),
        (CASE.replace("since: 2026-01-01", "since: soon"), "bad-form"),
        (CASE.replace("[499, 500]", "[499]"), "too-few"),
    ],
)
def test_what_is_refused(case: str, code: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy_text(f"{HEAD}{case}    expect: {{status: met}}\n")
    assert code in {p.code for p in caught.value.problems}
