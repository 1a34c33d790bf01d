"""What plugins cost: a hook nobody uses, a fact in Python beside its own call, a column fact beside the same condition in YAML.

    python benchmarks/plugin_facts.py [--rows 1000000] [--rounds 7]

The pairs of a line run by turns in one process; answers are compared in the same run.  Bounds: an unused hook costs nothing that can be
measured; a Python fact costs its own call (and what the general evaluation takes for one more condition); a column fact keeps the speed of a table.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

import paired
import polars as pl

from complaint_policy import Policy, load_policy_text
from complaint_policy.plugins import DerivedFact, Field, Operator, Text, hookimpl, make_manager

AS_OF = "2026-06-01T00:00"
HEAD = """
format: 1
policy: test/legs
effective: {from: 2020-01-01}
timezone: Asia/Shanghai
PLUGINS
record: {fields: {legs: {type: integer}, arms: {type: integer}}}
deadlines: [{id: DL-1, from: received_at, to: closed_at, within: 15 days}]
requirements: [{id: RQ-1, before: closed_at, require: {CONDITION}}]
"""


def few(legs: int) -> bool:
    return legs < 50


def few_column(legs: pl.Expr) -> pl.Expr:
    return legs < 50


def unlike(legs: int, operand: Any) -> bool:
    return bool(legs != operand)


class Used:
    """A fact in Python, the same with columns."""

    @hookimpl
    def complaint_policy_facts(self) -> list[DerivedFact]:
        slow = DerivedFact(name="few_python", kind="boolean", title=Text("few", "少"), reads=("legs",), function=few)
        fast = DerivedFact(name="few_column", kind="boolean", title=Text("few", "少"), reads=("legs",), function=few, column=few_column)
        return [slow, fast]


class Unused:
    """Something on every kind of shelf, and nobody takes it."""

    @hookimpl
    def complaint_policy_record_fields(self) -> list[Field]:
        return [Field(f"spare_{i}", "string", Text("spare", "备用")) for i in range(50)]

    @hookimpl
    def complaint_policy_facts(self) -> list[DerivedFact]:
        return [DerivedFact(name=f"fact_{i}", kind="boolean", title=Text("f", "事"), reads=("legs",), function=few) for i in range(50)]

    @hookimpl
    def complaint_policy_operators(self) -> list[Operator]:
        return [Operator(name="unlike", title=Text("{value} {operand}", "{value}{operand}"), kinds=("integer",), operand="number", function=unlike)]


MANAGER = make_manager({"used": Used(), "unused": Unused()}, strict=True)


def policy(plugins: str, condition: str) -> Policy:
    return load_policy_text(HEAD.replace("PLUGINS", plugins).replace("CONDITION", condition), plugins=MANAGER)


def by_turns(rounds: int, *runs: Callable[[], Any]) -> list[float]:
    """The shortest time of each, taken by turns."""
    times = paired.rounds_of({str(index): run for index, run in enumerate(runs)}, rounds)
    return [min(taken) for taken in times.values()]


def line(what: str, one: float, other: float, unit: float, word: str) -> None:
    print(f"  {what:<62} {one * unit:>8.2f} {word}  {other * unit:>8.2f} {word}  ratio {other / one:>5.2f}")


def records(rounds: int) -> None:
    count = 20_000
    given: list[dict[str, Any]] = [{"id": str(i), "received_at": "2026-05-01T10:00", "closed_at": "2026-05-02T10:00", "legs": i % 100, "arms": i % 7} for i in range(count)]
    plain, unused = policy("", "legs: {below: 50}"), policy("plugins: [unused]", "legs: {below: 50}")
    general, fact = policy("", "any: [{legs: {below: 50}}, {in_order: [closed_at, received_at]}]"), policy("plugins: [used]", "few_python: true")

    def judged(which: Policy) -> list[str]:
        evaluate = which.evaluate
        return [evaluate(record, as_of=AS_OF).outcomes["RQ-1"] for record in given]

    assert judged(plain) == judged(unused) == judged(fact)
    a, b = by_turns(rounds, lambda: judged(plain), lambda: judged(unused))
    line("a record, plugin named and not used (µs a record)", a, b, 1e6 / count, "µs")
    own = by_turns(rounds, lambda: [few(record["legs"]) for record in given])[0]
    c, d = by_turns(rounds, lambda: judged(general), lambda: judged(fact))
    line("a record, two conditions in YAML / fact in Python", c, d, 1e6 / count, "µs")
    print(f"  the function by itself takes {own * 1e6 / count:.2f} µs a record")


def tables(rows: int, rounds: int) -> None:
    frame = pl.select(i=pl.int_range(0, rows)).select(
        id=pl.col("i").cast(pl.String),
        received_at=pl.lit("2026-05-01 10:00:00").str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us"),
        closed_at=pl.lit("2026-05-02 10:00:00").str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us"),
        legs=(pl.col("i") * 7919) % 100,
        arms=pl.col("i"),
    )
    plain, unused = policy("", "legs: {below: 50}"), policy("plugins: [unused]", "legs: {below: 50}")
    fast, slow = policy("plugins: [used]", "few_column: true"), policy("plugins: [used]", "few_python: true")

    def audited(which: Policy) -> pl.DataFrame:
        decisions: pl.DataFrame = which.audit(frame, as_of=AS_OF).decisions
        return decisions

    assert audited(plain).equals(audited(unused)) and audited(plain).equals(audited(fast)) and audited(plain).equals(audited(slow))
    times = by_turns(rounds, *(lambda which=which: audited(which) for which in (plain, unused, fast, slow)))
    for what, other in zip(("plugin named and not used", "fact with columns", "fact in Python, 100 different values"), times[1:], strict=True):
        line(f"{rows:,} rows, {what} (ns a row)", times[0], other, 1e9 / rows, "ns")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args(arguments)
    print(f"plugins beside the same without them (one process, best of {asked.rounds} by turns)")
    records(asked.rounds)
    tables(asked.rows, asked.rounds)


if __name__ == "__main__":
    main()
