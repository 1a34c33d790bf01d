"""Severity, the matrix, escalation and admission, decided and undecided."""

from __future__ import annotations

from typing import Any

import pytest

from complaint_policy import PolicyError
from tests.meaning.logic_support import decide, policy

SEVERITY = """
severity:
  levels: [low, middle, high, top]
  rules:
    - {id: S-top, level: top, when: {flag: true}}
    - {id: S-high, level: high, when: {pieces: {at_least: 10}}}
    - {id: S-middle, level: middle, when: {other: true}}
  otherwise: low
"""

LEVELS: list[tuple[dict[str, Any], str | None, list[str], str, list[str], str | None]] = [
    # record, level, possible, at least, missing, rule
    ({"flag": True}, "top", ["top"], "top", [], "S-top"),  # nothing below a certain one is asked
    ({"flag": False, "pieces": 10}, "high", ["high"], "high", [], "S-high"),
    ({"flag": False, "pieces": 9, "other": True}, "middle", ["middle"], "middle", [], "S-middle"),
    ({"flag": False, "pieces": 9, "other": False}, "low", ["low"], "low", [], None),
    ({"pieces": 10}, None, ["high", "top"], "high", ["flag"], None),  # unknown above the first certain one, and that one
    ({"pieces": 10, "other": "?"}, None, ["high", "top"], "high", ["flag"], None),
    ({"pieces": 9, "other": False}, None, ["low", "top"], "low", ["flag"], None),
    ({"flag": False, "other": True}, None, ["middle", "high"], "middle", ["pieces"], None),
    ({}, None, ["low", "middle", "high", "top"], "low", ["flag", "other", "pieces"], None),
]


@pytest.mark.parametrize(("record", "level", "possible", "at_least", "missing", "rule"), LEVELS)
def test_severity(record: dict[str, Any], level: str | None, possible: list[str], at_least: str, missing: list[str], rule: str | None) -> None:
    severity = decide(SEVERITY, record).severity
    assert (severity.level, list(severity.possible), severity.at_least, list(severity.missing), severity.rule) == (level, possible, at_least, missing, rule)
    assert severity.rank == (None if level is None else ["low", "middle", "high", "top"].index(level) + 1)


def test_rules_of_one_level_agree_on_it() -> None:
    body = "severity: {levels: [low, high], rules: [{id: A, level: high, when: {flag: true}}, {id: B, level: high, when: {other: true}}], otherwise: low}"
    severity = decide(body, {"other": True}).severity
    assert (severity.level, severity.possible, severity.missing) == ("high", ("high",), ())


LEVEL_TESTS = [
    ("{severity: high}", {"pieces": 10}, "? flag"),
    ("{severity: {at_least: high}}", {"pieces": 10}, "true"),  # high or top
    ("{severity: {at_least: middle}}", {"pieces": 10}, "true"),
    ("{severity: {above: high}}", {"pieces": 10}, "? flag"),
    ("{severity: {below: high}}", {"pieces": 10}, "false"),
    ("{severity: [high, top]}", {"pieces": 10}, "true"),
    ("{severity: [low, middle]}", {"pieces": 10}, "false"),
    ("{severity: {not: low}}", {"pieces": 10}, "true"),
    ("{severity: low}", {"pieces": 10}, "false"),
    ("{severity: {at_most: top}}", {}, "true"),
]


@pytest.mark.parametrize(("test", "record", "expected"), LEVEL_TESTS)
def test_a_test_of_an_undecided_severity(test: str, record: dict[str, Any], expected: str) -> None:
    result = decide(f"{SEVERITY}\nrequirements: [{{id: RQ, require: {test}, before: received_at}}]", record).result("RQ")
    assert {"met": "true", "breached": "false"}.get(result.outcome, " ".join(["?", *result.missing])) == expected


def test_a_limit_by_an_undecided_severity() -> None:
    body = (
        SEVERITY
        + """
deadlines:
  - {id: DL, from: received_at, to: responded_at, within: {choose: [{when: {severity: top}, then: 2 days}, {otherwise: 15 days}]}}
"""
    )
    early = decide(body, {"pieces": 10, "responded_at": "2026-03-03T10:00"})
    assert early.outcomes == {"DL": "met"}  # in time, whatever the severity
    waiting = decide(body, {"pieces": 10}, "2026-03-03T10:00").deadline("DL")
    assert (waiting.outcome, str(waiting.due_at), str(waiting.due_latest)) == ("pending", "2026-03-04 23:59:59+08:00", "2026-03-17 23:59:59+08:00")
    between = decide(body, {"pieces": 10}, "2026-03-06T10:00").deadline("DL")
    assert (between.outcome, between.missing) == ("indeterminate", ("flag",))  # never a breach of the shortest possible due
    late = decide(body, {"pieces": 10}, "2026-03-18T00:00")
    assert late.outcomes == {"DL": "breached"}  # by either


MATRIX = (
    SEVERITY
    + """
responsibility:
  by: [kind, severity]
  rows:
    - {id: N-low, when: {kind: network, severity: [low, middle]}, owner: ops, informed: [desk]}
    - {id: N-high, when: {kind: network, severity: {at_least: high}}, owner: cto, consulted: [ops, legal], accountable: ceo}
    - {id: T, when: {kind: tariff}, owner: billing}
  otherwise: {owner: desk}
"""
)

OWNERS: list[tuple[dict[str, Any], str | None, set[str], list[str], str | None]] = [
    ({"kind": "network", "flag": False, "pieces": 1, "other": False}, "ops", {"ops"}, [], "N-low"),
    ({"kind": "network", "flag": True}, "cto", {"cto"}, [], "N-high"),
    ({"kind": "network", "pieces": 10}, "cto", {"cto"}, [], "N-high"),  # high or top: the same row
    ({"kind": "network", "flag": False, "pieces": 1}, "ops", {"ops"}, [], "N-low"),  # low or middle
    ({"kind": "network", "flag": False, "other": True}, None, {"ops", "cto"}, ["pieces"], None),
    ({"kind": "tariff"}, "billing", {"billing"}, [], "T"),  # whatever the severity
    ({"kind": "service"}, "desk", {"desk"}, [], None),
    ({"flag": True}, None, {"cto", "billing", "desk"}, ["kind"], None),
    ({"kind": "netwrok", "flag": True}, None, {"cto", "billing", "desk"}, ["kind"], None),
    ({}, None, {"ops", "cto", "billing", "desk"}, ["flag", "kind", "other", "pieces"], None),
]


@pytest.mark.parametrize(("record", "owner", "candidates", "missing", "rule"), OWNERS)
def test_the_owner(record: dict[str, Any], owner: str | None, candidates: set[str], missing: list[str], rule: str | None) -> None:
    result = decide(MATRIX, record).responsibility
    assert (result.owner, set(result.candidates), list(result.missing), result.rule) == (owner, candidates, missing, rule)


def test_the_other_roles_of_a_row() -> None:
    result = decide(MATRIX, {"kind": "network", "flag": True}).responsibility
    assert (result.accountable, result.consulted, result.informed) == ("ceo", ("ops", "legal"), ())


NUMERIC = """
responsibility:
  by: [pieces, flag]
  rows:
    - {id: R1, when: {pieces: {below: 5}}, owner: team}
    - {id: R2, when: {pieces: {at_least: 5}, flag: true}, owner: branch}
    - {id: R3, when: {pieces: {at_least: 5}, flag: false}, owner: plant}
  otherwise: {owner: desk}
"""


@pytest.mark.parametrize(
    ("record", "owner", "candidates"),
    [
        ({"pieces": 4}, "team", {"team"}),
        ({"pieces": 5, "flag": True}, "branch", {"branch"}),
        ({"pieces": 5, "flag": False}, "plant", {"plant"}),
        ({"pieces": 5}, None, {"branch", "plant"}),
        ({"flag": True}, None, {"team", "branch"}),
        ({}, None, {"team", "branch", "plant"}),
    ],
)
def test_numeric_and_boolean_axes(record: dict[str, Any], owner: str | None, candidates: set[str]) -> None:
    result = decide(NUMERIC, record).responsibility
    assert (result.owner, set(result.candidates) - {"desk"}) == (owner, candidates)


def test_a_row_for_what_is_missing() -> None:
    body = """
responsibility:
  by: [kind]
  rows: [{id: A, when: {kind: [network, tariff]}, owner: ops}, {id: M, when: {kind: missing}, owner: sorting}]
  otherwise: {owner: desk}
"""
    assert decide(body, {}).responsibility.owner == "sorting"
    assert decide(body, {"kind": "service"}).responsibility.owner == "desk"
    unusable = decide(body, {"kind": "netwrok"}).responsibility  # something is there, so not missing
    assert (unusable.owner, set(unusable.candidates) >= {"ops", "desk"}) == (None, True)


ROWS_REFUSED = [
    "[{id: A, when: {kind: network}, owner: a}, {id: B, when: {kind: [network, tariff]}, owner: b}]",  # two owners for network
    "[{id: A, when: {pieces: {at_least: 5}}, owner: a}, {id: B, when: {pieces: {at_most: 5}}, owner: b}]",  # both own five
    "[{when: {kind: network}, owner: a}]",  # rows need ids
    "[{id: A, when: {kind: network}}]",  # no owner
]


@pytest.mark.parametrize("rows", ROWS_REFUSED)
def test_rows_that_do_not_give_one_owner_are_refused(rows: str) -> None:
    axis = "pieces" if "pieces" in rows else "kind"
    with pytest.raises(PolicyError):
        policy(f"responsibility: {{by: [{axis}], rows: {rows}, otherwise: {{owner: d}}}}")


def test_a_hole_in_the_matrix_is_refused() -> None:
    with pytest.raises(PolicyError):
        policy("responsibility: {by: [kind], rows: [{id: A, when: {kind: [network, tariff]}, owner: a}]}")


# --------------------------------------------------------------------------- escalation, and outcomes as facts
ESCALATION = """
deadlines: [{id: DL, from: received_at, to: responded_at, within: 2 days}]
escalation:
  - {id: E-late, when: {outcome: {DL: breached}}, to: director}
  - {id: E-flag, when: {flag: true}, to: {field: word}}
  - {id: E-both, when: {flag: true}, to: director}
"""


@pytest.mark.parametrize(
    ("record", "as_of", "to"),
    [
        ({"flag": False}, "2026-03-04T10:00", ()),
        ({"flag": False}, "2026-03-05T10:00", ("director",)),
        ({"flag": True, "word": "legal"}, "2026-03-04T10:00", ("legal", "director")),
        ({"flag": True}, "2026-03-04T10:00", ("director",)),  # to whom is unknown
        ({}, "2026-03-04T10:00", ()),  # not escalated on a doubt
    ],
)
def test_escalation(record: dict[str, Any], as_of: str, to: tuple[str, ...]) -> None:
    decision = decide(ESCALATION, record, as_of)
    assert decision.responsibility.escalate_to == to


OUTCOMES = """
deadlines:
  - {id: X, from: received_at, to: happened_at, within: 2 days}
  - {id: G, from: received_at, to: later_at, within: 2 days, when: {flag: true}}
facts: {stalling: {outcome: {X: breached}}, kept: {outcome: {X: met}}, either: {outcome: {X: [met, breached]}}, waits: {outcome: {X: [pending, at_risk]}}, away: {outcome: {G: not_applicable}}}
requirements:
  - {id: R-stalling, require: {stalling: true}, before: received_at}
  - {id: R-not, require: {stalling: false}, before: received_at}
  - {id: R-kept, require: {kept: true}, before: received_at}
  - {id: R-either, require: {either: true}, before: received_at}
  - {id: R-away, require: {away: true}, before: received_at}
  - {id: R-waits, require: {waits: true}, before: received_at}
"""


@pytest.mark.parametrize(
    ("record", "as_of", "outcomes"),
    [
        ({"flag": True}, "2026-03-03T10:00", "pending pending pending pending breached met"),  # X is pending: open
        ({"flag": True}, "2026-03-05T10:00", "met breached breached met breached breached"),
        ({"flag": True, "happened_at": "2026-03-03T09:00"}, "2026-03-03T10:00", "breached met met met breached breached"),
        ({"flag": False, "happened_at": "2026-03-05T09:00"}, "2026-03-05T10:00", "met breached breached met met breached"),
        ({"happened_at": "2026-03-03T09:00"}, "2026-03-05T10:00", "breached met met met indeterminate breached"),
        ({"flag": True, "happened_at": "x"}, "2026-03-03T10:00", "indeterminate indeterminate indeterminate indeterminate breached indeterminate"),
    ],
)
def test_facts_on_outcomes(record: dict[str, Any], as_of: str, outcomes: str) -> None:
    decided = decide(OUTCOMES, record, as_of).outcomes
    assert " ".join(decided[f"R-{name}"] for name in ("stalling", "not", "kept", "either", "away", "waits")) == outcomes


UNSETTLED = [
    # a start that never comes is not_applicable once the case is closed: until then that is open
    ("{id: X, from: happened_at, to: later_at, within: 2 days}", "not_applicable", {}, "pending"),
    ("{id: X, from: happened_at, to: later_at, within: 2 days}", "not_applicable", {"closed_at": "2026-03-03T12:00"}, "met"),
    ("{id: X, from: happened_at, to: later_at, within: 20 days}", "not_applicable", {"happened_at": "2026-03-03T12:00"}, "breached"),
    ("{id: X, from: received_at, to: later_at, within: 20 days, at_risk: 80%}", "at_risk", {}, "pending"),
    ("{id: X, from: received_at, to: later_at, within: 20 days}", "at_risk", {}, "breached"),  # it has no warning
    ("{id: X, from: received_at, to: later_at, within: 9 days, at_risk: 80%}", "at_risk", {}, "met"),  # 184 of 230 hours: 10 March, 02:00
    ("{id: X, from: received_at, to: later_at, within: 20 days}", "exempt", {}, "breached"),
    ("{id: X, from: received_at, to: later_at, within: 20 days}", "breached", {"later_at": "2026-03-04"}, "breached"),
]


@pytest.mark.parametrize(("rule", "asked", "record", "outcome"), UNSETTLED)
def test_what_an_open_rule_may_yet_become_is_open(rule: str, asked: str, record: dict[str, Any], outcome: str) -> None:
    body = f"deadlines: [{rule}]\nrequirements: [{{id: R, require: {{outcome: {{X: {asked}}}}}, before: received_at}}]"
    assert decide(body, record).outcomes["R"] == outcome


def test_a_cycle_prints_its_path() -> None:
    body = """
facts: {slow: {outcome: {X: breached}}}
deadlines: [{id: X, from: received_at, to: happened_at, within: 2 days, when: {slow: true}}]
"""
    with pytest.raises(PolicyError) as refused:
        policy(body)
    (problem,) = refused.value.problems
    assert "slow" in problem.message.en and "X" in problem.message.en


def test_facts_on_facts_in_any_order() -> None:
    body = "facts: {c: {plus: [{field: b}, 1]}, b: {times: [2, {field: a}]}, a: {plus: [{field: pieces}, 1]}}\nrequirements: [{id: R, require: {c: 9}, before: received_at}]"
    assert decide(body, {"pieces": 3}).outcomes == {"R": "met"}  # ((3 + 1) * 2) + 1


# --------------------------------------------------------------------------- admission
ADMISSION = """
admission:
  - {id: AD, require: {happened_at: {by: {from: at, within: 5 months}}}, reason: {en: Out of time, zh: 超过期限}}
deadlines:
  - {id: DL, from: received_at, to: responded_at, within: 2 days, when: {outcome: {AD: met}}}
  - {id: DL-all, from: received_at, to: responded_at, within: 30 days}
"""


@pytest.mark.parametrize(
    ("record", "admitted", "outcome", "limited", "status"),
    [
        ({"at": "2026-01-05", "happened_at": "2026-03-01"}, True, "met", "breached", "breached"),
        ({"at": "2025-01-05", "happened_at": "2026-03-01"}, False, "breached", "not_applicable", "pending"),  # refused: no breach of the company's
        ({"happened_at": "2026-03-01"}, None, "indeterminate", "indeterminate", "indeterminate"),
    ],
)
def test_admission(record: dict[str, Any], admitted: bool | None, outcome: str, limited: str, status: str) -> None:
    decision = decide(ADMISSION, record)
    (result,) = decision.admission
    assert (result.admitted, result.outcome, decision.outcomes["DL"], decision.status) == (admitted, outcome, limited, status)
    assert "AD" not in [b.rule for b in decision.breaches]
    if admitted is False:
        assert (result.reason.en, result.reason.zh) == ("Out of time", "超过期限") if result.reason else False
        assert decision.deadline("DL-all").outcome == "pending"
    if admitted is None:
        assert decision.deadline("DL").would_be == "breached"


# --------------------------------------------------------------------------- recorded against computed
@pytest.mark.parametrize(
    ("record", "rules"),
    [
        ({"flag": True, "kind": "tariff", "recorded_severity": "top", "recorded_owner": "billing"}, []),
        ({"flag": True, "kind": "tariff", "recorded_severity": "low", "recorded_owner": "billing"}, ["severity"]),
        ({"flag": True, "kind": "tariff", "recorded_severity": "top", "recorded_owner": "ops"}, ["responsibility"]),
        ({"pieces": 10, "kind": "network", "recorded_severity": "high"}, []),  # possible
        ({"pieces": 10, "kind": "network", "recorded_severity": "low"}, ["severity"]),
        ({"flag": True, "kind": "tariff"}, []),
    ],
)
def test_a_recorded_value_that_differs_is_a_finding_and_the_computed_one_rules(record: dict[str, Any], rules: list[str]) -> None:
    decision = decide(MATRIX, record)
    found = [f for f in decision.findings if f.outcome == "differs"]
    assert [f.rule for f in found] == rules
    assert decision.severity.level != "low"
    for finding in found:
        assert finding.message.en and finding.message.zh and "{" not in finding.message.en + finding.message.zh
