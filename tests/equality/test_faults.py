"""The comparison finds a fault in either side: each of many, within so many drawn tables."""

from __future__ import annotations

import pytest
from attrs import evolve

from tests.equality.column_faults import COLUMN_FAULTS
from tests.equality.faults import AUDIT, FAULTS, LOOP, Fault, examples_until_found, told
from tests.equality.policies import draw_policy
from tests.equality.records import draw_table
from tests.equality.reducing import reduced

MOST = 150


@pytest.mark.parametrize("fault", (*FAULTS, *COLUMN_FAULTS), ids=lambda fault: fault.name)
def test_a_fault_is_found(fault: Fault) -> None:
    assert examples_until_found(fault, MOST) is not None


@pytest.mark.parametrize("side", [LOOP, AUDIT])
def test_without_a_fault_nothing_is_found(side: str) -> None:
    assert examples_until_found(Fault("none", (), list, side), 4) is None


def test_a_fault_of_the_audit_is_found_and_shown_small() -> None:
    fault = evolve(FAULTS[0], side=AUDIT)
    drawn = draw_policy(0, fault.features)
    policy = drawn.load()
    table = next(table for seed in range(20) if told(fault, policy, table := draw_table(drawn, policy, seed)))
    small, rows = reduced(drawn, table, lambda policy, table: told(fault, policy, table))
    assert told(fault, small.load(), rows)
    assert len(rows.records) == 1
    assert rows.columns == ("received_at",)
    assert len(str(small).splitlines()) < 12
