"""The values a rule looked at name the level and the owner that chose its limit or its sum."""

from __future__ import annotations

import pytest

from complaint_policy import load_policy_text

POLICY = """\
format: 1
policy: test/levels
effective: {from: 2026-01-01}
title: {en: Levels, zh: 分级}
timezone: Asia/Shanghai
currency: CNY
roles:
  desk: {en: the desk, zh: 服务台}
  legal: {en: Legal, zh: 法务部}
facts:
  grave: {severity: {at_least: major}}
severity:
  levels: [general, major]
  titles: {general: {en: general, zh: 一般}, major: {en: major, zh: 重大}}
  rules: [{id: SEV-1, level: major, when: {amount_claimed: {at_least: 1000}}}]
  otherwise: general
responsibility:
  by: [category]
  rows: [{id: RS-1, when: {category: [goods]}, owner: legal}]
  otherwise: {owner: desk}
deadlines:
  - id: DL-1
    title: {en: Answer, zh: 答复}
    from: received_at
    to: responded_at
    within: {choose: [{when: {severity: major}, then: 2 days}, {otherwise: 5 days}]}
penalties:
  - {id: PN-fact, for: [DL-1], amount: {choose: [{when: {grave: true}, then: 500}, {otherwise: 100}]}}
  - {id: PN-owner, for: [DL-1], amount: {choose: [{when: {owner: legal}, then: 500}, {otherwise: 100}]}}
"""
RECORD = {"id": "1", "received_at": "2026-03-02T10:00", "responded_at": "2026-03-20T10:00", "amount_claimed": 1500, "category": "goods"}


@pytest.mark.parametrize(
    ("language", "seen", "open_", "owner"),
    [("en", "severity = major", "severity = general or major", "owner = Legal"), ("zh", "等级=重大", "等级=一般或重大", "责任方=法务部")],
)
def test_what_chose_the_limit_is_named(language: str, seen: str, open_: str, owner: str) -> None:
    policy = load_policy_text(POLICY)
    text = policy.evaluate(RECORD, as_of="2026-03-25T09:00").explain(language)
    assert text.count(seen) == 2  # the deadline, and the penalty through a fact
    assert text.count(owner) == 1
    unknown = policy.evaluate({**RECORD, "amount_claimed": None}, as_of="2026-03-25T09:00").explain(language)
    assert open_ in unknown
