"""An audit says what ``evaluate`` says of deep expressions over nearly every combination of a few cells.

Every run tries the same seeds, and with ``COMPLAINT_POLICY_FUZZ`` the fresh ones of ``test_fresh_seeds`` beside the other drawn policies.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Final

import pytest

from tests.equality.dense import DRAWN, check_dense, draw_dense

SEEDS: Final = {"instants": range(12), "lengths": range(7), "logs": range(8), "lists": range(6), "values": range(9), "duties": range(8), "counted": range(8), "matrix": range(8), "again": range(7), "versions": range(5), "overlays": range(5), "figures": range(6)}
ROWS: Final = 250
FLOORS: Final = {
    "instants": {"met": 400, "breached": 200, "pending": 1000, "indeterminate": 1000, "not_applicable": 300},
    "lengths": {"met": 250, "breached": 20, "pending": 300, "indeterminate": 400, "not_applicable": 100},
    "logs": {"met": 300, "breached": 100, "pending": 600, "indeterminate": 300, "not_applicable": 200},
    "lists": {"met": 200, "breached": 100, "pending": 400, "indeterminate": 300, "not_applicable": 50},
    "values": {"met": 400, "breached": 600, "pending": 600, "indeterminate": 150, "not_applicable": 100, "exempt": 100},
    "duties": {"met": 200, "breached": 200, "pending": 100, "indeterminate": 400, "not_applicable": 300, "exempt": 150, "waived": 80},
    "counted": {"met": 100, "breached": 250, "pending": 400, "indeterminate": 100, "not_applicable": 20},
    "again": {"met": 100, "breached": 200, "pending": 400, "indeterminate": 200, "not_applicable": 100, "waived": 20},
    "matrix": {"met": 300, "breached": 50, "pending": 400, "indeterminate": 100, "not_applicable": 100},
    "versions": {"met": 250, "breached": 80, "pending": 200, "indeterminate": 250, "not_applicable": 100},
    "overlays": {"met": 150, "breached": 80, "pending": 500, "indeterminate": 250, "not_applicable": 200, "waived": 40},
    "figures": {"met": 300, "breached": 250, "pending": 500, "indeterminate": 500, "not_applicable": 300, "exempt": 80},
}

# What the policies of a kind are made of: a word that none of them holds is one whose drawing was never valid.
WORDS: Final = {
    "instants": ("at_risk", "pauses", "extend", "choose", "in_order", "first_known", "all_of", "during", "ahead", "due"),
    "lengths": ("late", "between", "except", "together", "round", "penalties", "pauses"),
    "lists": ("nth", "count", "after", "i", "j"),
    "logs": ("each", "nth", "count", "take", "where"),
    "values": ("severity", "responsibility", "owner", "exempt", "outcome", "per", "divided_by", "charge", "range", "choose", "first_known", "default", "empty"),
    "duties": ("scope", "admission", "retention", "waivable", "exempt", "duty_of", "extend", "needs", "late", "hold", "at_risk", "outcome", "penalties", "due"),
    "counted": ("month_day", "first_day", "ends", "roll", "after_hours", "from_closed_day", "at_closing", "pause_on_days", "announced_until", "at_risk", "ahead", "during"),
    "again": ("each", "until", "waivable", "late", "per", "exempt", "due"),
    "matrix": ("contains", "matches", "severity", "n0", "s0", "g", "charge", "owner"),
    "versions": ("transition", "previous", "this", "scope", "severity", "responsibility", "retention", "zz"),
    "overlays": ("extends", "replaces", "own", "severity", "scope"),
    "figures": ("share", "count", "sum", "mean", "largest", "quantile", "spread", "different", "rate", "periods_rising", "among", "by", "min_count", "mean_of_previous", "mean_of_same_period"),
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


@pytest.mark.parametrize("kind", list(DRAWN))
def test_the_policies_hold_every_construct(kind: str) -> None:
    texts = [draw_dense(kind, seed, rows=5).text for seed in range(60)]
    few = {word: held for word in WORDS[kind] if (held := sum(f'"{word}"' in text or f"\n{word}:" in text for text in texts)) < 3}
    assert not few
