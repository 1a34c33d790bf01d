"""An audit says what ``evaluate`` says of deep expressions over nearly every combination of a few cells.

Every run tries the same seeds, and with ``COMPLAINT_POLICY_FUZZ`` the fresh ones of ``test_fresh_seeds`` beside the other drawn policies.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Final

import pytest

from tests.equality.draw_dense import DRAWN, check_dense

SEEDS: Final = {"instants": range(14), "values": range(10)}
ROWS: Final = 250
FLOORS: Final = {
    "instants": {"met": 2000, "breached": 500, "pending": 4000, "indeterminate": 3000, "not_applicable": 1000, "at_risk": 15},
    "values": {"met": 800, "breached": 1500, "pending": 800, "indeterminate": 400, "not_applicable": 700, "exempt": 300},
}


@cache
def met(kind: str, seed: int) -> Counter[str]:
    found, outcomes = check_dense(kind, seed, ROWS)
    assert not found, "\n".join(found)
    return Counter(outcomes)


@pytest.mark.parametrize(("kind", "seed"), [(kind, seed) for kind in DRAWN for seed in SEEDS[kind]])
def test_an_audit_equals_the_loop(kind: str, seed: int) -> None:
    assert met(kind, seed).total() > 0


@pytest.mark.parametrize("kind", list(DRAWN))
def test_the_tables_hold_every_outcome(kind: str) -> None:
    counts: Counter[str] = Counter()
    for seed in SEEDS[kind]:
        counts.update(met(kind, seed))
    assert not {outcome: counts[outcome] for outcome, floor in FLOORS[kind].items() if counts[outcome] < floor}
