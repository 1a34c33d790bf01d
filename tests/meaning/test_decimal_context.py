"""The same inputs give the same answers whatever decimal context the caller has set."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import polars as pl
import pytest

from complaint_policy import Policy, load_policy_text

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


def answers() -> Iterator[tuple[str, Callable[[Policy], Any]]]:
    for number, row in enumerate(ROWS):
        yield f"decision {number}", lambda p, row=row: p.evaluate(row, as_of=AS_OF).to_dict()  # type: ignore[misc]
        yield f"explained {number}", lambda p, row=row: (p.evaluate(row, as_of=AS_OF).explain("en"), p.evaluate(row, as_of=AS_OF).explain("zh"))  # type: ignore[misc]
        yield f"findings {number}", lambda p, row=row: [str(f) for f in p.evaluate(row, as_of=AS_OF).findings]  # type: ignore[misc]
    for kind, table in (("rows", ROWS), ("table", pl.DataFrame([{**row, "fee": None if row["fee"] is None else str(row["fee"]), "n": i / 7} for i, row in enumerate(ROWS)]))):
        yield f"decisions of {kind}", lambda p, t=table: p.audit(t, as_of=AS_OF).decisions.to_dicts()  # type: ignore[misc]
        yield f"summary of {kind}", lambda p, t=table: p.audit(t, as_of=AS_OF).summary().to_dict()  # type: ignore[misc]
        yield f"report of {kind}", lambda p, t=table: p.audit(t, as_of=AS_OF).summary().render("zh")  # type: ignore[misc]
        yield f"caps of {kind}", lambda p, t=table: [one.to_dict() for found in p.audit(t, as_of=AS_OF).caps.values() for one in found]  # type: ignore[misc]
        yield f"portfolio of {kind}", lambda p, t=table: [one for found in p.audit(t, as_of=AS_OF).portfolio.values() for one in found]  # type: ignore[misc]


def all_answers() -> dict[str, str]:
    policy = load_policy_text(TEXT)
    return {name: str(find(policy)) for name, find in answers()}


@pytest.mark.parametrize("name", CONTEXTS)
def test_the_callers_context(name: str) -> None:
    wanted = all_answers()
    with decimal.localcontext(CONTEXTS[name]):
        found = all_answers()
    assert {key: found[key] for key in found if found[key] != wanted[key]} == {}


def test_a_plugin_counts_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions of plugins work under the library's context, and leave the caller's as it was."""
    del monkeypatch
    from complaint_policy.guarded import Guarded

    third = Guarded("p", "h", "w", lambda: decimal.Decimal(1) / 3, lambda given: given)
    wanted = third()
    assert str(wanted) == "0." + "3" * 80
    with decimal.localcontext(decimal.Context(prec=2)):
        assert third() == wanted
        assert decimal.getcontext().prec == 2
