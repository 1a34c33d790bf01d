"""An audit says what ``evaluate`` says of deep expressions over nearly every combination of a few cells.

Every run tries the same seeds, and with ``COMPLAINT_POLICY_FUZZ`` the fresh ones of ``test_fresh_seeds`` beside the other drawn policies.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Final

import pytest

from tests.equality.draw_dense import DRAWN, check_dense

# The large ones once showed a difference: an act that nobody knows, and columns do not either, of which nothing is due yet.
SEEDS: Final = {"instants": (*range(16), 770225), "lengths": range(8), "logs": (*range(10), 880268), "values": range(12)}
ROWS: Final = 300
FLOORS: Final = {
    "instants": {"met": 400, "breached": 200, "pending": 1000, "indeterminate": 1000, "not_applicable": 300},
    "lengths": {"met": 250, "breached": 20, "pending": 300, "indeterminate": 400, "not_applicable": 100},
    "logs": {"met": 300, "breached": 100, "pending": 600, "indeterminate": 300, "not_applicable": 200},
    "values": {"met": 400, "breached": 600, "pending": 600, "indeterminate": 150, "not_applicable": 100, "exempt": 100},
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
