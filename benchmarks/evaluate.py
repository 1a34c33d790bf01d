"""One record at a time: the library against functions written by hand, paired in one run.

    python benchmarks/evaluate.py [--rounds 15] [--records 5000]

Each decision is read in full (severity, owner, every outcome, every due instant, the amount) in two ways, and in part: severity and
owner, these and the status, these and the outcomes.  One hand-written function gives everything, the other everything but the due
instants.  Equality is asserted before anything is timed.  In every round each side
judges all records once, timed by the processor time it uses; ratios are medians over the rounds.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any

import workload

from complaint_policy import load_policy_text
from complaint_policy.outcomes import STATUS_ORDER

IDS = ("DL-ack", "DL-investigate", "DL-respond", "DL-close", "DL-followup")
CODES = {"met": 0, "breached": 1, "pending": 2}

Row = dict[str, Any]
Judge = Callable[[Row], tuple[Any, ...]]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("--records", type=int, default=5000)
    options = arguments.parse_args()
    policy = load_policy_text(workload.policy_text())
    rows = workload.records(options.records)
    as_of = workload.AS_OF

    def library(row: Row) -> tuple[Any, ...]:
        decision = policy.evaluate(row, as_of=as_of)
        ack, investigate, respond, close, followup = decision.deadlines
        penalties = decision.penalties
        # fmt: off
        return (
            decision.severity.rank, decision.responsibility.owner,
            ack.outcome, investigate.outcome, respond.outcome, close.outcome, followup.outcome,
            ack.due_at, investigate.due_at, respond.due_at, close.due_at, followup.due_at,
            penalties[0].amount if penalties else 0,
        )
        # fmt: on

    def by_id(row: Row) -> tuple[Any, ...]:
        decision = policy.evaluate(row, as_of=as_of)
        found = [decision.deadline(identity) for identity in IDS]
        penalties = decision.penalties
        outcomes, dues = [line.outcome for line in found], [line.due_at for line in found]
        return decision.severity.rank, decision.responsibility.owner, *outcomes, *dues, penalties[0].amount if penalties else 0

    def head(row: Row) -> tuple[Any, ...]:
        decision = policy.evaluate(row, as_of=as_of)
        return decision.severity.rank, decision.responsibility.owner

    def status(row: Row) -> tuple[Any, ...]:
        decision = policy.evaluate(row, as_of=as_of)
        return decision.severity.rank, decision.responsibility.owner, decision.status

    def outcomes(row: Row) -> tuple[Any, ...]:
        decision = policy.evaluate(row, as_of=as_of)
        return decision.severity.rank, decision.responsibility.owner, decision.outcomes

    for row in rows:
        wanted = library(row)
        check(row, wanted)
        check(row, by_id(row))
        assert head(row) == wanted[:2] == status(row)[:2] == outcomes(row)[:2]
        assert status(row)[2] == min(wanted[2:7], key=STATUS_ORDER.index)
        assert [*outcomes(row)[2].items()] == [*zip(IDS, wanted[2:7], strict=True)]
        assert workload.by_hand(row)[:7] + workload.by_hand(row)[12:] == workload.by_hand_without_dues(row)
    print(f"equal on {len(rows)} records")
    by_hand: dict[str, Judge] = {"by hand": workload.by_hand, "by hand, no due instants": workload.by_hand_without_dues}
    read: dict[str, Judge] = {"in full": library, "in full, by id": by_id, "severity and owner": head, "and status": status, "and outcomes": outcomes}
    sides = by_hand | read
    rounds = [timed(sides, rows) for _ in range(options.rounds)]
    for side in sides:
        per_record = statistics.median(found[side] for found in rounds) / len(rows)
        print(f"{side:26} {1 / per_record:10,.0f} records/s ({per_record * 1e6:.2f} us)")
    for side, other in (*((side, "by hand") for side in read), ("in full", "by hand, no due instants")):
        ratios = [found[other] / found[side] for found in rounds]
        print(f"read {side}, to {other}: {statistics.median(ratios):.3f} (min {min(ratios):.3f}, max {max(ratios):.3f})")


def check(row: Row, found: tuple[Any, ...]) -> None:
    wanted = workload.by_hand(row)
    assert found[:2] == wanted[:2], (row, found, wanted)
    for outcome, code in zip(found[2:7], wanted[2:7], strict=True):
        assert (None if code is None else code) == (CODES[outcome] if code is not None else None), (row, found, wanted)
    for due, expected in zip(found[7:12], wanted[7:12], strict=True):
        assert (due is None) == (expected is None)
        assert due is None or due.replace(tzinfo=None) == expected.replace(microsecond=0), (row, due, expected)
    assert found[12] == wanted[12], (row, found, wanted)


def timed(sides: dict[str, Judge], rows: list[Row]) -> dict[str, float]:
    """The processor time each side uses for all rows, one after the other."""
    return {side: run(function, rows) for side, function in sides.items()}


def run(function: Judge, rows: Iterable[Row]) -> float:
    start = time.thread_time()
    for row in rows:
        function(row)
    return time.thread_time() - start


if __name__ == "__main__":
    main()
