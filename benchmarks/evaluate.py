"""One record at a time: the library against the function written by hand, paired in one run.

    python benchmarks/evaluate.py [--rounds 7] [--records 5000]

Both read everything: severity, owner, every outcome, every due instant, the amount.  Equality is
asserted before anything is timed.  Ratios are medians of paired rounds.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import workload

from complaint_policy import load_policy_text

IDS = ("DL-ack", "DL-investigate", "DL-respond", "DL-close", "DL-followup")
CODES = {"met": 0, "breached": 1, "pending": 2}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--records", type=int, default=5000)
    options = arguments.parse_args()
    policy = load_policy_text(workload.policy_text())
    rows = workload.records(options.records)
    as_of = workload.AS_OF

    def library(row: dict[str, Any]) -> tuple[Any, ...]:
        decision = policy.evaluate(row, as_of=as_of)
        ack, investigate, respond, close, followup = decision.deadlines
        outcomes = ack.outcome, investigate.outcome, respond.outcome, close.outcome, followup.outcome
        dues = ack.due_at, investigate.due_at, respond.due_at, close.due_at, followup.due_at
        penalties = decision.penalties
        return decision.severity.rank, decision.responsibility.owner, *outcomes, *dues, penalties[0].amount if penalties else 0

    for row in rows:
        check(row, library(row))
    print(f"equal on {len(rows)} records")
    ratios = [timed(workload.by_hand, rows) / timed(library, rows) for _ in range(options.rounds)]
    per_record = timed(library, rows) / len(rows)
    print(f"library: {1 / per_record:,.0f} records/s ({per_record * 1e6:.2f} us)")
    print(f"ratio to the function written by hand: {statistics.median(ratios):.3f} (min {min(ratios):.3f}, max {max(ratios):.3f})")


def check(row: dict[str, Any], found: tuple[Any, ...]) -> None:
    wanted = workload.by_hand(row)
    assert found[:2] == wanted[:2], (row, found, wanted)
    for outcome, code in zip(found[2:7], wanted[2:7], strict=True):
        assert (None if code is None else code) == (CODES[outcome] if code is not None else None), (row, found, wanted)
    for due, expected in zip(found[7:12], wanted[7:12], strict=True):
        assert (due is None) == (expected is None)
        assert due is None or due.replace(tzinfo=None) == expected.replace(microsecond=0), (row, due, expected)
    assert found[12] == wanted[12], (row, found, wanted)


def timed(function: Callable[[dict[str, Any]], Any], rows: list[dict[str, Any]]) -> float:
    start = time.perf_counter()
    for row in rows:
        function(row)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
