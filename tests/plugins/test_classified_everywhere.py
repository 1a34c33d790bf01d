"""A classifier wherever a value may stand: drawn records judged one by one and as a table of columns say the same."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import polars as pl

from complaint_policy import load_policy_text
from complaint_policy.plugins import Classifier, DerivedFact, Evidence, Text, hookimpl, make_manager

POLICY = """
format: 1
policy: test/everywhere
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
currency: CNY
plugins: [words]
record: {fields: {category: {type: enum, values: [a, b, c]}, own: {type: enum, values: [a, b]}}}
facts:
  about: {first_known: [{field: category}, {classified_by: topic, at_least: 0.4}]}
  sure: {classified_by: topic, at_least: 0.8}
  dear: {classified_by: worth, at_least: 0.6}
  owned: {own: {classified_by: topic, at_least: 0.5}}
  both: {all: [{about: a}, {dear: high}]}
  picked: {choose: [{when: {dear: high}, then: {classified_by: topic, at_least: 0.3}}, {otherwise: b}]}
severity:
  levels: [general, major, critical]
  rules: [{id: S-both, level: critical, when: {both: true}}, {id: S-sure, level: major, when: {sure: [a, b]}}]
  otherwise: general
responsibility:
  by: [about]
  rows: [{id: R-a, when: {about: a}, owner: desk_a}, {id: R-b, when: {about: b}, owner: desk_b}]
  otherwise: {owner: desk}
deadlines:
  - id: DL-one
    when: {owned: true}
    from: received_at
    to: responded_at
    within: {choose: [{when: {about: a}, then: 1 days}, {when: {picked: b}, then: 3 days}, {otherwise: 5 days}]}
  - id: DL-two
    from: received_at
    to: responded_at
    within: {choose: [{when: {severity: {at_least: major}}, then: 1 days}, {otherwise: 5 days}]}
    exempt: [{when: {dear: low}, reason: {en: cheap, zh: 金额低}}]
requirements:
  - {id: RQ-other, when: {picked: a}, require: {product: {not: {classified_by: topic, at_least: 0.2}}}, before: closed_at}
penalties:
  - {id: PN-late, title: {en: Late, zh: 逾期}, for: [DL-one, DL-two], payable_to: company, amount: {choose: [{when: {dear: high}, then: 100}, {otherwise: 10}]}}
"""


def topic(text: str, size: int, category: str | None) -> Evidence | None:
    """As sure as the text is long, and certain where a person has said something; some texts raise, some say nothing."""
    if text == "raise":
        raise ZeroDivisionError
    if text == "nothing":
        return None
    return Evidence(text[0], Decimal(size % 11) / 10 if category is None else Decimal(1))


def worth(price: Decimal) -> Evidence:
    return Evidence("high" if price > 50 else "low", 0.5 if price < 20 else 0.9)


class Words:
    @hookimpl
    def complaint_policy_facts(self) -> list[DerivedFact]:
        return [DerivedFact(name="size", kind="integer", title=Text("Size", "长度"), reads=("description",), function=len)]

    @hookimpl
    def complaint_policy_classifiers(self) -> list[Classifier]:
        reads = ("description", "size", "category")
        return [
            Classifier(name="topic", title=Text("Topic", "主题"), labels=("a", "b"), reads=reads, optional=("category",), function=topic),
            Classifier(name="worth", title=Text("Worth", "价值"), labels=("high", "low"), reads=("price",), function=worth),
        ]


def drawn(draw: random.Random, number: int) -> dict[str, Any]:
    return {
        "id": str(number),
        "received_at": f"2026-03-0{draw.randint(1, 5)}T10:00",
        "responded_at": draw.choice([None, "2026-03-04T10:00", "2026-03-06T12:00"]),
        "closed_at": draw.choice([None, "2026-03-06T13:00"]),
        "category": draw.choice([None, None, "a", "b", "c", "no category"]),
        "own": draw.choice(["a", "b", None]),
        "product": draw.choice(["a", "b", None]),
        "description": draw.choice([None, "raise", "nothing", *(draw.choice("ab") + "x" * draw.randint(0, 12) for _ in range(8))]),
        "price": draw.choice([None, "10", "20", "60", "no price"]),
    }


def test_the_same_everywhere() -> None:
    draw = random.Random(1)
    policy = load_policy_text(POLICY, plugins=make_manager({"words": Words()}))
    rows = [drawn(draw, number) for number in range(120)]
    as_of = "2026-03-07T00:00"
    audit = policy.audit(pl.DataFrame(rows, infer_schema_length=None), as_of=as_of, columns=["missing", "severity.possible"])
    seen = set()
    for record, row in zip(rows, audit.decisions.iter_rows(named=True), strict=True):
        decision = policy.evaluate(record, as_of=as_of)
        told: dict[str, Any] = {"status": decision.status, "severity": decision.severity.level, "owner": decision.responsibility.owner}
        told["severity.possible"] = list(decision.severity.possible) or None
        for rule, outcome in decision.outcomes.items():
            told |= {f"{rule}.outcome": outcome, f"{rule}.missing": list(decision.result(rule).missing) or None}
            seen.add(outcome)
        told["PN-late.amount"] = decision.penalties[0].amount if decision.penalties else None
        assert {name: row[name] for name in told} == told, record
    assert seen >= {"breached", "met", "indeterminate", "exempt", "not_applicable"}
