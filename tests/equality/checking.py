"""One seed after the other: draw a policy and tables, hold the audit against the loop, count what was met."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any, Final
from unittest.mock import patch

from attrs import Factory, define

from complaint_policy import Policy, PolicyError
from complaint_policy.audit import Audit
from complaint_policy.audit import run as audit_run
from tests.equality.comparing import Loop, audited, differences, entries_of, loop, same_whatever_the_order
from tests.equality.counts import count_decisions, count_policy, count_table
from tests.equality.policies import Drawn, draw_policy, features_of
from tests.equality.records import Table, draw_table, split_frame
from tests.equality.reducing import reduced, shown

__all__ = ["Found", "Run", "both", "check_seed", "check_table"]

TABLES: Final = 2  # of each policy


@define
class Found:
    """A seed whose audit and loop differ."""

    seed: int
    table: int
    differences: list[str]
    small: str = ""

    def __str__(self) -> str:
        told = "\n  ".join(self.differences[:12])
        return f"seed {self.seed}, table {self.table} (again: COMPLAINT_POLICY_FUZZ_SEED={self.seed}):\n  {told}\n{self.small}"


@define
class Run:
    """What a run has met so far."""

    counts: Counter[tuple[str, str]] = Factory(Counter)
    found: list[Found] = Factory(list)

    def add(self, other: Run) -> None:
        self.counts.update(other.counts)
        self.found += other.found


def both(policy: Policy, table: Table) -> tuple[Loop, Audit]:
    """The loop over a table, and its audit."""
    expected = loop(policy, entries_of(policy, table.records), table.columns, table.as_of, table.waivers)
    return expected, audited(policy, table.source, table.as_of, table.waivers)


def check_table(policy: Policy, table: Table, random: Random, run: Run | None = None) -> list[str]:
    """The audit against the loop, and against itself in another order and in other chunks."""
    try:
        expected, audit = both(policy, table)
    except Exception as error:  # noqa: BLE001  an audit never raises on records
        return [f"raised: {type(error).__name__}: {error}"]
    if run is not None:
        count_decisions(run.counts, expected)
    found = differences(expected, audit)
    if found or len(table.records) < 2:
        return found
    order = random.sample(range(len(table.records)), len(table.records))
    source: Any = table.taken(order)
    source = source.source if table.frame is None else split_frame(source.frame, [random.randrange(len(order)) for _ in range(2)])
    if table.frame is None and set(table.columns) != {name for record in source for name in record}:
        return found
    with patch.object(audit_run, "CHUNK", random.randint(1, len(order)), create=True):  # decisions go out in small chunks
        again = audited(policy, source, table.as_of, table.waivers)
    return same_whatever_the_order(audit, again, order)


def check_seed(seed: int, features: Sequence[str] | None = None, *, small: bool = True) -> Run:
    """The policy of a seed on its tables, with the ``features`` that have their turn, or these; the first difference is made ``small``."""
    run = Run()
    drawn = draw_policy(seed, tuple(features) if features is not None else features_of(seed))
    policy = loaded(drawn, run)
    if policy is None:
        return run
    count_policy(run.counts, policy, drawn)
    for number in range(TABLES):
        table = draw_table(drawn, policy, seed * TABLES + number)
        count_table(run.counts, table)
        told = check_table(policy, table, Random(f"order {seed} {number}"), run)
        if told:
            order = f"order {seed} {number}"
            cut = small and not run.found
            run.found.append(Found(seed, number, told, smallest(drawn, table, order) if cut else ""))
    return run


def smallest(drawn: Drawn, table: Table, order: str) -> str:
    """A small policy and table that still differ."""

    def differ(policy: Policy, table: Table) -> list[str]:
        return check_table(policy, table, Random(order))

    drawn, table = reduced(drawn, table, differ)
    return shown(drawn, table, differ(drawn.load(), table))


def loaded(drawn: Drawn, run: Run) -> Policy | None:
    """The policy, or ``None`` where drawing has gone wrong: rare, and counted."""
    try:
        policy = drawn.load()
    except PolicyError:
        run.counts["policies", "not valid"] += 1
        return None
    run.counts["policies", "loaded"] += 1
    return policy
