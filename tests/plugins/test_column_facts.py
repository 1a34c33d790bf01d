"""Facts with a column version, several in one policy: none waits for another, and none may call Python from inside Polars."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from complaint_policy import PluginError, Policy, load_policy_text
from complaint_policy.plugins import DerivedFact, Text, hookimpl, make_manager

POLICY = """
format: 1
policy: test/columns
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
currency: CNY
plugins: [many]
requirements:
"""
TITLE = Text("Over", "超过")
RECORDS = [{"id": str(i), "received_at": "2026-03-02T09:00", "amount_claimed": str(i)} for i in range(12)]
AS_OF = "2026-03-03T09:00"


def over(limit: int) -> Callable[[Decimal], bool]:
    return lambda amount: bool(amount > limit)


def policy_of(count: int, column: Callable[[int], Callable[[pl.Expr], Any]], *, strict: bool = False) -> Policy:
    class Many:
        @hookimpl
        def complaint_policy_facts(self) -> list[DerivedFact]:
            return [
                DerivedFact(name=f"over_{i}", kind="boolean", title=TITLE, reads=("amount_claimed",), function=over(i), column=column(i)) for i in range(count)
            ]

    rules = "".join(f"  - {{id: RQ-{i}, require: {{over_{i}: true}}}}\n" for i in range(count))
    return load_policy_text(POLICY + rules, plugins=make_manager({"many": Many()}, strict=strict))


def test_many_columns_at_once_end_and_are_right() -> None:
    """Polars computes them in its own few threads: one that waits for another of them would wait for ever."""
    audit = policy_of(10, lambda limit: lambda amount: amount > limit).audit(RECORDS, as_of=AS_OF)
    # Of 0 to 11, 11 - i lie above i.
    assert [audit.decisions[f"RQ-{i}.outcome"].to_list().count("met") for i in range(10)] == [11 - i for i in range(10)]
    assert not [note for note in audit.notes if "it raised" in note.en]


@pytest.mark.parametrize(
    ("column", "why"),
    [
        (lambda limit: lambda amount: amount.map_batches(lambda cells: cells > limit, return_dtype=pl.Boolean), "its expression calls Python"),
        (lambda limit: lambda amount: amount > pl.col("no_such"), "ColumnNotFoundError"),
        (lambda limit: lambda amount: amount, "TypeError"),  # numbers are no truth
        (lambda limit: lambda amount: (amount > limit).first(), "ValueError"),  # one value for all rows
    ],
)
def test_one_that_fails_costs_time_only(column: Any, why: str) -> None:
    audit = policy_of(2, column).audit(RECORDS, as_of=AS_OF)
    assert [audit.decisions[f"RQ-{i}.outcome"].to_list().count("met") for i in range(2)] == [11, 10]
    assert any("over_1, column" in note.en and why in note.en for note in audit.notes), audit.notes
    with pytest.raises(PluginError, match=r"over_\d, column"):
        _ = policy_of(2, column, strict=True).audit(RECORDS, as_of=AS_OF).decisions


@pytest.mark.parametrize("column", [lambda limit: None, lambda limit: lambda amount: amount > limit], ids=["function", "column"])
@pytest.mark.parametrize("odd", ["many", "1.5x", "", None])
def test_a_cell_that_cannot_be_read_costs_its_own_row(column: Any, odd: str | None) -> None:
    """Also where nothing seen of the table warned of it."""
    policy = policy_of(2, column)
    closed = [{**record, "closed_at": "2026-03-02T10:00"} for record in RECORDS]
    records = [{**closed[0], "id": "odd", "amount_claimed": odd}, *closed]
    wanted = [policy.evaluate(record, as_of=AS_OF).outcomes["RQ-1"] for record in records]
    assert wanted == ["indeterminate", "breached", "breached", *["met"] * 10]
    assert policy.audit(records, as_of=AS_OF).decisions["RQ-1.outcome"].to_list() == wanted
