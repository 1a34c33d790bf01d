"""One record at a time: `evaluate` against the function written by hand, and against rule engines given a part of the work.

    python benchmarks/records.py [--records 5000] [--rounds 7]

Two whole decisions are read in full: severity, owner, every outcome, every due instant, the amount.  Of a third, as whole,
severity and owner are read, which is what the engines give.  Everything is held equal to the hand-written functions before it is timed; an engine that is slow
judges fewer records.  An engine that is not installed is named and left out.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

import paired
import record_peers
import workload
from evaluate import check

from complaint_policy import load_policy_text

WHOLE, PART = "by hand, whole decision", "by hand, severity and owner"
LIBRARY, READ_IN_PART = "complaint_policy, whole decision, read in full", "complaint_policy, whole decision, severity and owner read"
# A turn of a slow engine takes no longer than this.
SECONDS = 0.1


Reader = Callable[[dict[str, Any]], tuple[Any, ...]]


def readers() -> tuple[Reader, Reader]:
    """The library's decision of a record: read in full, and of it severity and owner."""
    policy = load_policy_text(workload.policy_text())
    as_of = workload.AS_OF

    def read(row: dict[str, Any]) -> tuple[Any, ...]:
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

    def read_in_part(row: dict[str, Any]) -> tuple[Any, ...]:
        decision = policy.evaluate(row, as_of=as_of)
        return decision.severity.rank, decision.responsibility.owner

    return read, read_in_part


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=7, help="0: only the comparison")
    options = parser.parse_args(arguments)
    rows = workload.records(options.records)
    part = [{name: row[name] for name in record_peers.FIELDS} for row in rows]
    read, read_in_part = readers()
    for row in rows:
        check(row, read(row))
        assert read_in_part(row) == record_peers.by_hand(row)

    # Contenders, and how many records each judges in a turn.
    runs: dict[str, Callable[[], Any]] = {
        WHOLE: lambda: [workload.by_hand(row) for row in rows],
        LIBRARY: lambda: [read(row) for row in rows],
        READ_IN_PART: lambda: [read_in_part(row) for row in rows],
        PART: lambda: [record_peers.by_hand(row) for row in part],
    }
    counts = dict.fromkeys(runs, len(rows))
    wanted = [record_peers.by_hand(row) for row in part]
    absent = []
    for peer in record_peers.PEERS:
        if peer.version is None:
            absent.append(peer.distribution)
            continue
        sample = part[:50]
        peer.ready(sample)()
        count = min(len(part), max(50, int(SECONDS / paired.timed(peer.ready(sample)) * len(sample))))
        run = peer.ready(part[:count])
        assert run() == wanted[:count], f"{peer.name} gives other answers than the function written by hand"
        name = f"{peer.name} {peer.version}"
        runs[name], counts[name] = run, count
    paired.missing(list(dict.fromkeys(absent)))
    print(f"records: {len(runs)} contenders equal, the library on {len(rows):,} records")
    if options.rounds:
        for run in runs.values():
            run()
        times = {name: [t / counts[name] for t in taken] for name, taken in paired.rounds_of(runs, options.rounds).items()}
        fewest = min(counts.values())
        title = f"one record at a time, {len(rows):,} records" + (f" (slow engines fewer, at least {fewest:,})" if fewest < len(rows) else "")
        paired.show(title, times, 1, [WHOLE, LIBRARY, READ_IN_PART, PART], unit="records/s", scale=(1e6, "us"))


if __name__ == "__main__":
    main()
