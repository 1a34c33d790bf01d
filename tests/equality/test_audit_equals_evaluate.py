"""An audit says of every record what ``evaluate`` says of it: on drawn policies and tables, whatever their form.

Every run tries the same seeds.  COMPLAINT_POLICY_FUZZ=1 tries 5,000 fresh ones (a larger number that many),
COMPLAINT_POLICY_FUZZ_MINUTES=60 goes on for so long; what differs is printed with its seed, and
COMPLAINT_POLICY_FUZZ_SEED=<seed> tries that one alone.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from functools import cache
from random import SystemRandom

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from complaint_policy import PolicyError
from tests.equality.checking import Found, Run, check_seed
from tests.equality.counts import MET
from tests.equality.dense import DRAWN, check_dense
from tests.equality.floors import FLOORS
from tests.equality.policies import Drawn, draw_policy, policies
from tests.equality.records import draw_table

FUZZ = int(os.environ.get("COMPLAINT_POLICY_FUZZ") or 0)
MINUTES = float(os.environ.get("COMPLAINT_POLICY_FUZZ_MINUTES") or 0)
SEED = os.environ.get("COMPLAINT_POLICY_FUZZ_SEED")

BLOCK, BLOCKS = 14, 10
DENSE_ROWS = 400
FRESH = SystemRandom().randrange(2**31) if FUZZ or MINUTES else 0
FOUND: list[Found] = []


@cache
def block(number: int) -> Run:
    """The seeds of a block; only the first difference of a run is made small."""
    run = Run()
    for seed in [int(SEED)] if SEED else range(number * BLOCK, (number + 1) * BLOCK):
        run.add(check_seed(seed, small=not FOUND))
        FOUND.extend(run.found)
    MET.update(run.counts)
    return run


@pytest.mark.parametrize("number", range(1 if SEED else BLOCKS))
def test_an_audit_equals_the_loop(number: int) -> None:
    assert not block(number).found, "\n".join(map(str, block(number).found))


def test_the_run_has_met_everything() -> None:
    """Whatever the language has was drawn and judged often enough that a fault in it would show."""
    if SEED:
        return
    counts: Counter[tuple[str, str]] = Counter()
    for number in range(BLOCKS):
        counts.update(block(number).counts)
    few = {f"{group}: {name}": counts[group, name] for (group, name), floor in FLOORS.items() if counts[group, name] < floor}
    assert not few
    assert counts["policies", "not valid"] * 20 <= counts["policies", "loaded"]
    assert counts["records", "decided"] > counts["rows", "rows"] * 0.8


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=policies(), seed=st.integers(0, 2**20))
def test_a_seed_draws_the_same_again(drawn: Drawn, seed: int) -> None:
    """What a run prints is found again from its seed alone."""
    again = draw_policy(drawn.seed, drawn.features)
    assert str(again) == str(drawn)
    try:
        policy = drawn.load()
    except PolicyError:
        return
    assert repr(draw_table(drawn, policy, seed).records) == repr(draw_table(again, policy, seed).records)


if (FUZZ or MINUTES) and not SEED:  # else nothing is skipped: the test is not there

    def test_fresh_seeds() -> None:
        run, tried, ends = Run(), 0, time.monotonic() + MINUTES * 60
        wanted = 0 if MINUTES else 5_000 if FUZZ == 1 else FUZZ
        while (tried < wanted or time.monotonic() < ends) and len(run.found) < 20:
            one = check_seed(FRESH + tried)
            for kind in DRAWN if tried % 4 == 0 else ():
                told, _ = check_dense(kind, FRESH + tried, DENSE_ROWS)
                one.found += [Found(FRESH + tried, -1, told)] if told else []
            for found in one.found:
                print(f"\n{found}", flush=True)
            run.add(one)
            tried += 1
        MET.update(run.counts)
        print(f"\n{tried} policies from seed {FRESH} on")
        assert not run.found, "\n".join(map(str, run.found))
