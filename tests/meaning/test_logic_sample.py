"""The sample policy of the design, its test, and what follows when one value of the record changes."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from complaint_policy import Policy, load_policy_text
from complaint_policy.cases import run_cases

SAMPLE = """
format: 1
policy: cn/telecom
effective: {from: 2016-07-30}
title: {en: Telecom complaint handling, zh: 电信客户投诉处理}
timezone: Asia/Shanghai
currency: CNY
sources:
  miit35: {title: {zh: 电信用户申诉处理办法}, issuer: 工业和信息化部, number: 令第35号, status: verified, reviewed_on: 2026-11-22}
calendars:
  workdays: {country: CN, announced_until: 2026-12-31}
  office: {country: CN, announced_until: 2026-12-31, hours: {mon-fri: ["09:00-12:00", "13:30-18:00"]}, dates: {2026-02-14: ["10:00-12:00"]}}
counting: {calendar: workdays, first_day: excluded, ends: end_of_day, roll: next_working_day}
record:
  fields:
    category: {type: enum, values: [network, tariff, service, porting, contract]}
    network_outage: {type: boolean, default: false, title: {en: Network outage, zh: 是否断网}}
    complex: {type: boolean, default: false}
    legal_risk: {default: false}
    affected_customers: {default: 1}
    amount_claimed: {default: 0}
    responsible_handled_at: {type: event}
    staff_trained_at: {type: event}
    deleted_at: {type: event}
  sensitive: [complainant_name, complainant_phone, handler, responsible_person]
facts:
  urgent: {any: [{network_outage: true}, {description: {contains: [断网, 诈骗]}}]}
severity:
  levels: [general, significant, major, critical]
  rules:
    - {id: SEV-critical, level: critical, when: {any: [{legal_risk: true}, {affected_customers: {at_least: 1000}}]}}
    - {id: SEV-major, level: major, when: {amount_claimed: {at_least: 50000}}}
    - {id: SEV-significant, level: significant, when: {repeat_count: {at_least: 2}}}
  otherwise: general
responsibility:
  by: [category, severity]
  rows:
    - {id: RS-network, when: {category: network, severity: [general, significant]}, owner: network_ops, informed: [service_desk]}
    - {id: RS-network-major, when: {category: network, severity: [major, critical]}, owner: cto_office, consulted: [network_ops, legal]}
  otherwise: {owner: service_desk}
escalation:
  - {id: ESC-unsatisfied, when: {satisfied: false}, to: service_director}
  - {id: ESC-late, when: {outcome: {DL-respond: breached}}, to: service_director}
deadlines:
  - id: DL-respond
    title: {en: Answer the customer, zh: 答复用户}
    from: received_at
    to: responded_at
    within: 15 days
    extend:
      - {id: complex, within: 30 days, when: {complex: true}, needs: {extension_notified_at: {by: {due: previous}}}}
    pauses: [waiting_on_customer]
    at_risk: 80%
    source: {ref: miit35, clause: 第十条}
  - {id: DL-followup, title: {en: Call the customer back, zh: 回访}, from: closed_at, to: followed_up_at, within: same day}
requirements:
  - {id: RQ-four, title: {en: Four no-let-offs, zh: 四不放过}, when: {upheld: true}, require: {present: [root_cause, responsible_handled_at, corrective_action, staff_trained_at]}, before: closed_at}
  - {id: RQ-recusal, title: {en: Recusal, zh: 回避}, require: {handler: {not: {field: responsible_person}}}, before: closed_at}
penalties:
  - id: PN-liability
    title: {en: Liability, zh: 责任处罚}
    for: [DL-respond, DL-followup]
    when: {responsibility_determined_at: present}
    per: case
    payable_to: company
    range: [200, 1500]
    amount: {plus: [200, {choose: [{when: {repeat_count: {at_least: 2}}, then: 300}, {otherwise: 0}]}]}
    charge: {first_known: [{field: responsible_person}, {field: responsible_team}, {field: responsible_department}]}
    legal_basis: {zh: 公司客户投诉管理制度第七条}
retention: [{id: RT-file, title: {en: Keep the file, zh: 档案保存}, keep_until: {from: {last_of: [closed_at, followed_up_at]}, within: 3 years}, deleted: deleted_at}]
portfolio: [{id: PF-followup, title: {en: Follow-up rate, zh: 回访率}, measure: {share: {followed_up_at: present}, among: {closed_at: present}}, per: month, expect: {at_least: 100%}}]
tests:
  - name: Answered on day 16
    as_of: 2026-03-20T09:00
    record: {id: T-1, received_at: 2026-03-01T10:00, responded_at: 2026-03-17T08:00, category: network, repeat_count: 0}
    expect: {severity: general, owner: network_ops, outcomes: {DL-respond: breached}}
"""
T1: dict[str, Any] = {"id": "T-1", "received_at": "2026-03-01T10:00", "responded_at": "2026-03-17T08:00", "category": "network", "repeat_count": 0}
AS_OF = "2026-03-20T09:00"


@cache
def sample(text: str = SAMPLE) -> Policy:
    return load_policy_text(text, name="sample.yaml")


def test_its_own_test_holds() -> None:
    assert [case.passed for case in run_cases(sample())] == [True]


def test_its_decision_in_data() -> None:
    """Section 5 of the design, without the penalty (responsibility is not established) and with what the fields add."""
    shown = sample().evaluate(T1, as_of=AS_OF).to_dict()
    assert (shown["complaint_id"], shown["as_of"], shown["status"]) == ("T-1", "2026-03-20T09:00:00+08:00", "breached")
    assert shown["policy"]["id"] == "cn/telecom" and shown["policy"]["version"] == "2016-07-30" and shown["policy"]["digest"].startswith("sha256:")
    assert set(shown["engine"]) >= {"complaint_policy", "holidays", "tzdata", "plugins"} and shown["engine"]["plugins"] == []
    assert {k: shown["severity"][k] for k in ("level", "rank", "rule", "possible", "missing")} == {
        "level": "general",
        "rank": 1,
        "rule": None,
        "possible": ["general"],
        "missing": [],
    }
    assert {k: shown["responsibility"][k] for k in ("owner", "candidates", "accountable", "consulted", "informed", "escalate_to", "rule")} == {
        "owner": "network_ops",
        "candidates": ["network_ops"],
        "accountable": None,
        "consulted": [],
        "informed": ["service_desk"],
        "escalate_to": ["service_director"],
        "rule": "RS-network",
    }
    respond, followup = shown["deadlines"]
    keys = ("rule", "outcome", "from", "due_at", "due_on", "done_at", "over_by", "provisional", "paused", "missing")
    assert {k: respond[k] for k in keys} == {
        "rule": "DL-respond",
        "outcome": "breached",
        "from": "2026-03-01T10:00:00+08:00",
        "due_at": "2026-03-16T23:59:59+08:00",
        "due_on": "2026-03-16",
        "done_at": "2026-03-17T08:00:00+08:00",
        "over_by": "PT8H",
        "provisional": False,
        "paused": False,
        "missing": [],
    }
    assert {k: followup[k] for k in keys} == {
        "rule": "DL-followup",
        "outcome": "pending",
        "from": None,
        "due_at": None,
        "due_on": None,
        "done_at": None,
        "over_by": None,
        "provisional": False,
        "paused": False,
        "missing": [],
    }
    assert shown["requirements"][0] == {"rule": "RQ-four", "outcome": "indeterminate", "before": "closed_at", "missing": ["upheld"], "would_be": "pending"}
    assert [r["outcome"] for r in shown["retention"]] == ["pending"]
    assert (shown["admission"], shown["waivers"], shown["penalties"]) == ([], [], [])
    finding = shown["findings"][0]
    assert (finding["rule"], finding["outcome"], set(finding["message"])) == ("DL-respond", "breached", {"en", "zh"})
    assert finding["source"] == {"ref": "miit35", "clause": "第十条", "status": "verified"}


VARIED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"responded_at": "2026-03-16T23:59:59"}, {"DL-respond": "met", "status": "indeterminate"}),  # RQ-four waits for `upheld`
    ({"responded_at": "2026-03-16T23:59:59", "upheld": False}, {"DL-respond": "met", "RQ-four": "not_applicable", "status": "pending"}),
    ({"responded_at": "2026-03-17T00:00"}, {"DL-respond": "breached"}),
    ({"responded_at": None, "as_of": "2026-03-10T09:00"}, {"DL-respond": "pending"}),
    ({"responded_at": None, "as_of": "2026-03-15T09:00"}, {"DL-respond": "at_risk"}),  # 80 % of 1 March 10:00 to 17 March: 13 March, 21:12
    ({"responded_at": None, "as_of": "2026-03-17T00:00"}, {"DL-respond": "breached"}),
    ({"complex": True, "extension_notified_at": "2026-03-16T20:00"}, {"DL-respond": "met"}),  # told by the first due instant
    ({"complex": True, "extension_notified_at": "2026-03-17T00:00"}, {"DL-respond": "breached"}),  # a late extension does not heal
    ({"complex": True}, {"DL-respond": "breached"}),
    ({"complex": "?", "extension_notified_at": "2026-03-16T20:00"}, {"DL-respond": "indeterminate"}),
    ({"complex": "?", "responded_at": "2026-03-10T08:00"}, {"DL-respond": "met"}),  # by either limit
    ({"waiting_on_customer": "2026-03-05T10:00/2026-03-07T10:00"}, {"DL-respond": "met"}),  # two days more
    (
        {"closed_at": "2026-03-17T09:00", "followed_up_at": "2026-03-17T20:00", "upheld": False},
        {"DL-followup": "met", "RQ-recusal": "indeterminate", "RT-file": "met"},
    ),
    ({"closed_at": "2026-03-17T09:00", "followed_up_at": "2026-03-18T00:00", "upheld": False}, {"DL-followup": "breached"}),
    ({"closed_at": "2026-03-17T09:00", "handler": "王", "responsible_person": "王"}, {"RQ-recusal": "breached"}),
    ({"closed_at": "2026-03-17T09:00", "handler": "王", "responsible_person": "李"}, {"RQ-recusal": "met"}),
    ({"legal_risk": True}, {"severity": "critical", "owner": "cto_office"}),
    ({"affected_customers": 1000}, {"severity": "critical", "owner": "cto_office"}),
    ({"affected_customers": 999, "amount_claimed": 50000}, {"severity": "major", "owner": "cto_office"}),
    ({"amount_claimed": "¥49,999.99", "repeat_count": 2}, {"severity": "significant", "owner": "network_ops"}),
    ({"repeat_count": None}, {"severity": None, "owner": "network_ops"}),  # general or significant: one row
    ({"amount_claimed": "many"}, {"severity": None, "owner": None}),
    ({"category": "tariff", "amount_claimed": "many"}, {"severity": None, "owner": "service_desk"}),
    ({"category": "netwrok"}, {"severity": "general", "owner": None}),
]


@pytest.mark.parametrize(("changed", "expected"), VARIED)
def test_variations(changed: dict[str, Any], expected: dict[str, Any]) -> None:
    as_of = changed.get("as_of", AS_OF)
    decision = sample().evaluate({**T1, **{k: v for k, v in changed.items() if k != "as_of"}}, as_of=as_of)
    got = {**decision.outcomes, "status": decision.status, "severity": decision.severity.level, "owner": decision.responsibility.owner}
    assert {name: got[name] for name in expected} == expected


LIABLE = {**T1, "responsibility_determined_at": "2026-03-18T10:00"}


@pytest.mark.parametrize(
    ("changed", "state", "amount", "charge"),
    [
        ({"responsible_team": "ops-2"}, "proposed", "200.00", ("responsible_team", "ops-2")),
        ({"responsible_team": "ops-2", "repeat_count": 2}, "proposed", "500.00", ("responsible_team", "ops-2")),
        ({"responsible_person": "李", "responsible_team": "ops-2"}, "proposed", "200.00", ("responsible_person", "李")),
        ({"responsible_team": "ops-2", "repeat_count": None}, "indeterminate", None, ("responsible_team", "ops-2")),
        ({}, "indeterminate", None, None),  # to whom is unknown: never proposed
        ({"responsibility_determined_at": None, "responsible_team": "ops-2"}, None, None, None),
        ({"responsible_team": "ops-2", "responded_at": "2026-03-16T08:00"}, None, None, None),
    ],
)
def test_liability(changed: dict[str, Any], state: str | None, amount: str | None, charge: tuple[str, str] | None) -> None:
    penalties = sample().evaluate({**LIABLE, **changed}, as_of=AS_OF).penalties
    if state is None:
        assert penalties == ()
        return
    (penalty,) = penalties
    assert (penalty.state, None if penalty.amount is None else str(penalty.amount)) == (state, amount)
    # Proposed: the range around it.  Undecided: the least and the most it can be.
    ends = ("200.00", "1500.00") if state == "proposed" else ("200.00", "500.00" if changed.get("repeat_count", 0) is None else "200.00")
    assert (str(penalty.min), str(penalty.max)) == ends
    assert ((penalty.charge.field, penalty.charge.name) if penalty.charge else None) == charge


def test_legal_risk_without_its_default_and_missing() -> None:
    """Section 5, case 1 of the language page."""
    decision = sample(SAMPLE.replace("    legal_risk: {default: false}\n", "")).evaluate(T1, as_of=AS_OF)
    severity, owner = decision.severity, decision.responsibility
    assert (severity.level, severity.at_least, severity.possible, severity.missing) == (None, "general", ("general", "critical"), ("legal_risk",))
    assert (owner.owner, set(owner.candidates), owner.missing) == (None, {"network_ops", "cto_office"}, ("legal_risk",))
    assert decision.outcomes["DL-respond"] == "breached"
    assert decision.status == "breached"
    shown = decision.to_dict()
    assert (shown["severity"]["level"], shown["severity"]["rank"], shown["severity"]["possible"], shown["severity"]["at_least"]) == (
        None,
        None,
        ["general", "critical"],
        "general",
    )
    other = sample(SAMPLE.replace("    legal_risk: {default: false}\n", "")).evaluate({**T1, "category": "tariff"}, as_of=AS_OF)
    assert (other.responsibility.owner, other.severity.level) == ("service_desk", None)


def test_a_column_absent_against_a_cell_empty() -> None:
    """Section 5, case 2."""
    record = {k: v for k, v in T1.items() if k != "responded_at"}
    assert sample().evaluate(record, as_of=AS_OF).outcomes["DL-respond"] == "breached"
    unknown = sample().evaluate(record, as_of=AS_OF, source_fields=set(record)).deadline("DL-respond")
    assert unknown.outcome == "indeterminate" and "responded_at" in unknown.missing
    # A default does not stand in for a column: without legal_risk and the rest nobody knows the severity.
    assert sample().evaluate(record, as_of=AS_OF, source_fields=set(record)).severity.possible == ("general", "major", "critical")


def test_the_facts() -> None:
    assert sample().evaluate({**T1, "description": "昨晚断网"}, as_of=AS_OF).fact("urgent") is True
    assert sample().evaluate({**T1, "network_outage": "是"}, as_of=AS_OF).fact("urgent") is True
    assert sample().evaluate({**T1, "description": "话费有误"}, as_of=AS_OF).fact("urgent") is False
    assert sample().evaluate(T1, as_of=AS_OF).fact("urgent") is None  # what the text says is unknown


def test_escalation() -> None:
    assert sample().evaluate({**T1, "responded_at": "2026-03-10T10:00"}, as_of=AS_OF).responsibility.escalate_to == ()
    assert sample().evaluate({**T1, "responded_at": "2026-03-10T10:00", "satisfied": "否"}, as_of=AS_OF).responsibility.escalate_to == ("service_director",)
    assert sample().evaluate({**T1, "satisfied": "否"}, as_of=AS_OF).responsibility.escalate_to == ("service_director",)  # once
