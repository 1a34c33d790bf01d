"""Amounts that nobody can owe are not counted with: the penalty is open, and one record of them spoils no audit."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from complaint_policy import Policy, load_policy_text

AS_OF = datetime(2026, 6, 30, 12)


def policy(penalty: str, currency: str = "CNY") -> Policy:
    head = f"format: 1\npolicy: test/sums\neffective: {{from: 2020-01-01}}\ntimezone: Asia/Shanghai\ncurrency: {currency}\n"
    fields = "record: {fields: {n: {type: number}, k: {type: integer}}}\n"
    rules = "deadlines: [{id: DL, from: received_at, to: closed_at, within: 5 days}]\n"
    return load_policy_text(f"{head}{fields}{rules}penalties: [{{id: PN, for: [DL], {penalty}}}]\n")


def rows(*cells: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"id": str(i), "received_at": datetime(2026, 3, 2, 10), "closed_at": None, **cell} for i, cell in enumerate(cells)]


CASES: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    # the amount, the cells of a record, what is missing
    ("amount: {times: [{field: n}, {field: price}]}", {"n": 1e40, "price": 1e40}, ("n", "price")),
    ("amount: {field: price}", {"price": 1e36}, ("price",)),
    ("amount: {field: price}", {"price": "-" + "9" * 31}, ("price",)),
    ("amount: {field: price}, divided_by: {field: n}", {"price": 1.5, "n": 5e-324}, ("n", "price")),
    ("amount: {field: price}, divided_by: {field: n}", {"price": 1.5, "n": 1e-38}, ("n", "price")),
    ("amount: {times: [{field: k}, {field: k}, {field: k}, {field: k}]}", {"k": 10**9}, ("k",)),
    ("amount: 5, range: [0, {field: price}]", {"price": 1e36}, ("price",)),
    ("range: [{field: price}, {times: [{field: price}, 2]}]", {"price": "6" + "0" * 29}, ("price",)),
]


@pytest.mark.parametrize(("penalty", "cells", "missing"), CASES)
@pytest.mark.parametrize("currency", ["CNY", "KWD", "JPY"])
def test_too_large(penalty: str, cells: dict[str, Any], missing: tuple[str, ...], currency: str) -> None:
    made = policy(penalty, currency)
    small = {name: type(value)(1) if not isinstance(value, str) else "1" for name, value in cells.items()}
    records = rows(cells, small)
    found = made.evaluate(records[0], as_of=AS_OF).penalties[0]
    assert (found.state, found.amount, found.min, found.max, found.missing) == ("indeterminate", None, None, None, missing)
    assert made.evaluate(records[1], as_of=AS_OF).penalties[0].state == "proposed"
    for table in (records, pl.DataFrame(records)):
        audit = made.audit(table, as_of=AS_OF)
        assert audit.decisions["PN.amount"][0] is None
        states = {one["state"]: one["cases"] for one in audit.summary().to_dict()["penalties"]}
        assert states == {"indeterminate": 1, "proposed": 1}


def test_a_range_holds_what_is_too_large() -> None:
    made = policy("amount: {field: price}, range: [10, 5000]")
    records = rows({"price": 1e40}, {"price": 20})
    assert [made.evaluate(record, as_of=AS_OF).penalties[0].amount for record in records] == [5000, 20]
    assert made.audit(pl.DataFrame(records), as_of=AS_OF).decisions["PN.amount"].to_list() == [5000, 20]


def test_too_large_by_the_policy_itself() -> None:
    made = policy(f"amount: {{times: [{'9' * 30}, {'9' * 30}]}}")
    records = rows({}, {})
    assert [(p.state, p.amount) for r in records for p in made.evaluate(r, as_of=AS_OF).penalties] == [("indeterminate", None)] * 2
    assert made.audit(pl.DataFrame(records, schema_overrides={"closed_at": pl.Datetime}), as_of=AS_OF).decisions["PN.amount"].to_list() == [None, None]


def test_sums_are_exact() -> None:
    """Of thirty digits each, in more rows than the sum of all of them would have let a column of 38 digits hold by its largest."""
    made = policy("amount: {field: price}")
    nines = "9" * 30
    audit = made.audit(rows(*[{"price": nines}] * 12, {"price": "0.01"}), as_of=AS_OF)
    total = Decimal("11999999999999999999999999999988.01")  # twelve times 10^30 - 1, and a cent
    assert [row["sum"] for row in audit.summary().to_dict()["penalties"]] == [str(total)]
    assert audit.decisions["PN.amount"].to_list()[0] == Decimal(nines)
