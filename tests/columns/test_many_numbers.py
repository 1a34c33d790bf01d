"""A number that is one of many: looked up in an audit, and equal to what `evaluate` says, whatever the column's type."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from complaint_policy import load_policy_text
from tests.equality.comparing import audited, differences, entries_of, loop

AS_OF = "2026-03-20T12:00"
ODD = "0, 1, 2, 0.1, 0.30, 100, -3, 2.50, 1234567890123456, 0.3333333333333333333, 99999999999999999999, 4611686018427387904"
MANY = ", ".join(map(str, range(7, 90)))
WHOLE = f"0, 1, 2, -4, {10**15}, {2**61}, {2**62}, {MANY}"
POLICY = f"""format: 1
policy: test/many
effective: {{from: 2020-01-01}}
timezone: Asia/Shanghai
currency: CNY
record: {{fields: {{number: {{type: number}}, integer: {{type: integer}}, money: {{type: money}}}}}}
requirements:
  - {{id: RQ-1, require: {{number: [{ODD}, {MANY}]}}, before: received_at}}
  - {{id: RQ-2, require: {{integer: [{WHOLE}]}}, before: received_at}}
  - {{id: RQ-3, require: {{money: [{ODD}, {MANY}]}}, before: received_at}}
  - {{id: RQ-4, require: {{not: {{number: [{ODD}, {MANY}]}}}}, before: received_at}}
"""
COLUMNS: list[tuple[Any, list[Any]]] = [
    (pl.Float64, [0.1, 0.3, 2.5, None, float("nan"), -0.0, 1e15, 100.0, 1 / 3]),
    (pl.Float32, [0.1, 0.3, 2.5, None, 1, 2, 3, 100, 7]),
    (pl.Int64, [1, 2, None, -3, -4, 5, 100, 2**61, 10**15]),
    (pl.UInt8, [1, 2, 3, None, 250, 7, 8, 0, 1]),
    (pl.UInt64, [1, 2, 3, None, 2**63, 7, 8, 0, 1]),
    (pl.Int128, [1, 2, 3, None, -3, 7, 8, 0, 1]),
    (pl.String, ["0.1", "0.30", "x", None, "2.5", "0.3333333333333333333", "7", "-3", "100"]),
    (pl.Decimal(38, 2), [Decimal("0.10"), Decimal("0.30"), None, Decimal(7), Decimal("2.5"), Decimal(1), Decimal(2), Decimal(3), Decimal("0.11")]),
]


@pytest.mark.parametrize(("kind", "cells"), COLUMNS, ids=lambda v: str(v) if not isinstance(v, list) else "")
def test_one_of_many_numbers(kind: Any, cells: list[Any]) -> None:
    policy = load_policy_text(POLICY)
    column = pl.Series(cells, dtype=kind)
    frame = pl.DataFrame({"received_at": ["2026-03-02T10:00"] * len(cells), "number": column, "integer": column, "money": column})
    expected = loop(policy, entries_of(policy, frame.to_dicts()), frame.columns, AS_OF)
    met = {row["RQ-1.outcome"] for row in expected.rows}
    assert {"met", "breached", "indeterminate"} >= met >= {"met", "indeterminate"}
    for source in (frame, frame.lazy()):
        assert not differences(expected, audited(policy, source, AS_OF))
