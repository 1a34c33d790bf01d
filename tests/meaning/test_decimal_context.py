"""The same inputs give the same answers whatever decimal context the caller has set."""

from __future__ import annotations

import decimal
from datetime import datetime
from typing import Any

import polars as pl
import pytest

from complaint_policy import load_policy_text
from complaint_policy.guarded import Guarded

AS_OF = datetime(2026, 6, 30, 12)
TEXT = """
format: 1
policy: test/exact
effective: {from: 2020-01-01}
timezone: Asia/Shanghai
currency: CNY
record: {fields: {n: {type: number}, k: {type: integer}, fee: {type: money}, more: {type: money, default: '0.005'}, r: {type: string}}}
facts:
  s: {plus: [{field: fee}, {field: more}]}
  x: {times: [{field: n}, 0.333, {field: k}]}
  h: {length: {between: [received_at, as_of]}, in: days, round: half_up}
severity: {levels: [lo, hi], rules: [{id: S, level: hi, when: {s: {at_least: 123456.795}, x: {above: 0.1}}}], otherwise: lo}
deadlines: [{id: DL, from: received_at, to: closed_at, within: 200 days, at_risk: 33.333%}, {id: DM, from: received_at, to: closed_at, within: 5 days}]
penalties:
  - {id: PN, for: [DM], amount: {field: s}, charge: {field: r}, cap: {per: charge, in: month, amount: 200000.01}}
  - {id: PD, for: [DM], amount: {times: [{field: fee}, {length: {late: DM}}]}, divided_by: 7, range: [0, {times: [{field: fee}, 30]}]}
  - {id: PX, for: [DM], amount: {field: x}}
portfolio:
  - {id: PF, measure: {mean: {field: fee}}, per: month, expect: {at_most: 5}}
  - {id: PG, measure: {sum: {field: x}}, per: year}
  - {id: PQ, measure: {quantile: {field: fee}, at: 90%}, per: year}
"""
FEES = ["123456.789", 5, None, "9876543.215", 0.1, 1234567890.12]
ROWS: list[dict[str, Any]] = [
    {"id": str(i), "received_at": datetime(2026, 3, 2, 10), "closed_at": None, "fee": fee, "more": None, "n": fee, "k": i, "r": "a"} for i, fee in enumerate(FEES)
]
ALL = [decimal.Inexact, decimal.Rounded, decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow, decimal.Clamped, decimal.Subnormal]
CONTEXTS = {
    "one digit, everything trapped": decimal.Context(prec=1, traps=ALL),
    "six digits, down": decimal.Context(prec=6, rounding=decimal.ROUND_DOWN),
    "small exponents": decimal.Context(prec=9, Emax=5, Emin=-3),
    "small letters": decimal.Context(prec=4, capitals=0),
}


def answers() -> dict[str, str]:
    """All that is told of the records, by what tells it."""
    policy, found = load_policy_text(TEXT), dict[str, Any]()
    for row in ROWS:
        decision = policy.evaluate(row, as_of=AS_OF)
        found[f"decision {row['id']}"] = decision.to_dict()
        found[f"explained {row['id']}"] = decision.explain("en"), decision.explain("zh")
        found[f"findings {row['id']}"] = [str(finding) for finding in decision.findings]
    typed = pl.DataFrame([{**row, "fee": None if row["fee"] is None else str(row["fee"]), "n": i / 7} for i, row in enumerate(ROWS)])
    for kind, table in (("rows", ROWS), ("table", typed)):
        found[f"decisions of {kind}"] = policy.audit(table, as_of=AS_OF).decisions.to_dicts()
        audit = policy.audit(table, as_of=AS_OF)  # a summary of its own, not of decisions that are there
        found[f"summary of {kind}"] = audit.summary().to_dict()
        found[f"report of {kind}"] = audit.summary().render("zh")
        found[f"caps of {kind}"] = [one.to_dict() for results in audit.caps.values() for one in results]
        found[f"portfolio of {kind}"] = [one for figures in audit.portfolio.values() for one in figures]
    return {name: str(answer) for name, answer in found.items()}


@pytest.mark.parametrize("name", CONTEXTS)
def test_the_callers_context(name: str) -> None:
    wanted = answers()
    with decimal.localcontext(CONTEXTS[name]):
        found = answers()
    assert {key: found[key] for key in found if found[key] != wanted[key]} == {}


def test_a_plugin_counts_alike() -> None:
    """Functions of plugins work under the library's context, and leave the caller's as it was."""
    third = Guarded("p", "h", "w", lambda: decimal.Decimal(1) / 3, lambda given: given)
    wanted = third()
    assert str(wanted) == "0." + "3" * 80
    with decimal.localcontext(decimal.Context(prec=2)):
        assert third() == wanted
        assert decimal.getcontext().prec == 2
