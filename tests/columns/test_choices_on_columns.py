"""A text held against one that is chosen, and a penalty charged to whoever a fact names, where the choice is open."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import Any

import pytest

from complaint_policy import load_policy_text
from tests.equality.small import small_pieces

AS_OF = "2026-03-20T12:00"
HEAD = """format: 1
policy: test/chosen
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
currency: CNY
record:
  fields: {serious: {type: boolean}, odd: {type: boolean}, decider: {type: string}, other: {type: string}, team: {type: string}}
facts:
  decides: {choose: [{when: {serious: true}, then: manager}, {when: {odd: true}, then: deputy}, {otherwise: branch}]}
  same: {choose: [{when: {serious: true}, then: manager}, {otherwise: manager}]}
  charged: {first_known: [{field: team}, plant]}
"""
DECIDERS = ["manager", "deputy", "branch", "somebody", None]
FLAGS = ["true", "false", None, "x"]


def records(**columns: list[Any]) -> list[dict[str, Any]]:
    rows = [dict(zip(columns, cells, strict=True)) for cells in product(*columns.values())]
    return [{"id": str(n), "received_at": "2026-03-02 10:00:00", "closed_at": "2026-03-05 10:00:00", **row} for n, row in enumerate(rows)]


@pytest.mark.parametrize("test", ["{decider: {field: decides}}", "{decides: {field: decider}}", "{not: {decider: {field: decides}}}", "{decides: {field: same}}", "{decider: {field: same}}"])
@pytest.mark.parametrize("known", [["serious", "odd", "decider"], ["serious", "decider"], ["decider"], ["serious"], []])
def test_a_text_against_a_choice(one_by_one: list[int], test: str, known: list[str]) -> None:
    of = load_policy_text(f"{HEAD}requirements: [{{id: RQ, require: {test}, before: closed_at}}]\n")
    columns: dict[str, list[Any]] = {"serious": FLAGS, "odd": FLAGS, "decider": DECIDERS}
    rows = records(**{name: columns[name] for name in known})
    with small_pieces(1000):
        audit = of.audit(rows, as_of=AS_OF, columns=("missing",))
    for row, found in zip(rows, audit.decisions.iter_rows(named=True), strict=True):
        result = of.evaluate(row, as_of=AS_OF, source_fields=rows[0].keys()).result("RQ")
        assert (found["RQ.outcome"], found["RQ.missing"] or []) == (result.outcome, list(result.missing)), row

    assert "same" in test or one_by_one == []


@pytest.mark.parametrize("charge", ["charged", "decides"])
@pytest.mark.parametrize("known", [["serious", "odd", "team"], ["serious", "odd"], ["serious"], []])
def test_a_penalty_is_charged_to_whoever_a_fact_names(one_by_one: list[int], charge: str, known: list[str]) -> None:
    of = load_policy_text(f"{HEAD}penalties: [{{id: PN, when: {{received_at: present}}, payable_to: company, amount: 5, charge: {{field: {charge}}}}}]\n")
    columns: dict[str, list[Any]] = {"serious": FLAGS, "odd": FLAGS, "team": ["one", "plant", None]}
    rows = records(**{name: columns[name] for name in known})
    with small_pieces(1000):
        audit = of.audit(rows, as_of=AS_OF)
    states: Counter[str] = Counter()
    for row, found in zip(rows, audit.decisions.iter_rows(named=True), strict=True):
        decision = of.evaluate(row, as_of=AS_OF, source_fields=rows[0].keys())
        (penalty,) = decision.penalties
        assert (found["PN.amount"], found["status"]) == (penalty.amount, decision.status), row
        states[penalty.state] += 1

    assert {state: one.cases for state, one in audit.summary().penalties["PN"].items()} == states
    assert one_by_one == []
