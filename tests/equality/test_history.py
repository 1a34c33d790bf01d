"""An audit that counts earlier records judges as ``evaluate`` does of records with the counts put into them: on drawn policies and tables."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from random import SystemRandom
from typing import Any

import pytest
from attrs import evolve, frozen

from complaint_policy import Policy, PolicyError, RecordError, load_policy_text
from tests.equality.comparing import audited, differences, entries_of, loop
from tests.equality.dense import draw_dense
from tests.equality.draw_history import NAMES, Holds, counts_of, with_history
from tests.equality.policies import draw_policy, yaml_text
from tests.equality.records import draw_table
from tests.equality.small import asked, small_pieces

FUZZ = int(os.environ.get("COMPLAINT_POLICY_FUZZ") or 0)
FRESH = SystemRandom().randrange(2**31) if FUZZ else 0
SEEDS = 36
DENSE = 24
DENSE_NAMES = ("h0", "h1", "h2")
MET: dict[str, dict[str, int]] = {"drawn": {}, "dense": {}}


@frozen
class Counted:
    """A table, and by a loop over all pairs of its records what each is told of the others."""

    policy: Policy
    source: Any
    records: Sequence[Mapping[str, Any]]
    columns: Sequence[str]
    as_of: Any
    counts: Sequence[Mapping[str, int]]
    waivers: Any = ()


def check_counts(table: Counted, names: Sequence[str], met: dict[str, int]) -> list[str]:
    """Where the audit of a table differs from the loop over its records with the counts in them, or counts otherwise."""
    policy, counts = table.policy, table.counts
    told = [{**record, **known} for record, known in zip(table.records, counts, strict=True)]
    entries = entries_of(policy, told)
    # A row with nothing in it is blank whatever is counted of it.
    blank = {entry.row for entry in entries_of(policy, table.records) if entry.fault is not None}
    entries = [evolve(entry, fault=("nothing in the columns read", "所读取的列均为空白") if entry.row in blank else entry.fault) for entry in entries]
    expected = loop(policy, entries, [*table.columns, *names], table.as_of, table.waivers)
    audit = asked(audited(policy, table.source, table.as_of, table.waivers, history="counted"))
    for name in names:
        values: list[Any] = audit.history[name].to_list()
        for known in values:
            word = "unknown" if known is None else "some" if known else "none"
            met[word] = met.get(word, 0) + 1
    found = differences(expected, audit)
    judged = {row["row"] for row in expected.rows}
    shown = [dict(zip(names, values, strict=True)) for values in audit.history.select(names).iter_rows()]
    for row, known in enumerate(counts):
        if row in judged and {name: count for name, count in shown[row].items() if count is not None} != known:
            found.append(f"row {row}: {shown[row]}, by all pairs {known}")
    return found


def check(seed: int) -> list[str]:
    drawn = with_history(draw_policy(7_000 + seed))
    try:
        policy = drawn.load()
    except PolicyError:
        return []
    table = draw_table(drawn, policy, seed)
    columns = [name for name in table.columns if name not in NAMES]
    counts = counts_of(policy, table.records, columns, table.as_of)
    return check_counts(Counted(policy, table.source, table.records, columns, table.as_of, counts, table.waivers), NAMES, MET["drawn"])


def check_dense(seed: int, rows: int) -> list[str]:
    """The same of dense policies; whether a record is one that counts says the severity of a policy that asks for just that."""
    dense = draw_dense("past", seed, rows)
    records, columns = dense.frame.to_dicts(), dense.frame.columns
    holds = {rule: _holds(dense.document, rule, columns, dense.as_of) for rule in DENSE_NAMES if "where" in dense.document["history"][rule]["count"]}
    counts = counts_of(dense.policy, records, columns, dense.as_of, holds)
    source: Any = (dense.frame, dense.frame.lazy(), records)[seed % 3]
    with small_pieces(max(rows // 4, 2)):
        found = check_counts(Counted(dense.policy, source, records, columns, dense.as_of, counts), DENSE_NAMES, MET["dense"])
    return [f"seed {seed} at {dense.as_of}: {line}" for line in found[:6]] + [dense.text] if found else []


def _holds(document: Mapping[str, Any], rule: str, columns: Sequence[str], as_of: str) -> Holds:
    asked_for = {"levels": ["no", "yes"], "rules": [{"id": "SEV", "level": "yes", "when": document["history"][rule]["count"]["where"]}], "otherwise": "no"}
    kept = {key: value for key, value in document.items() if key not in ("history", "requirements")}
    policy = load_policy_text(yaml_text({**kept, "severity": asked_for}), name="where.yaml")

    def holds(record: Mapping[str, Any]) -> bool | None:
        try:
            level = policy.evaluate(record, as_of=as_of, source_fields=frozenset(columns)).severity.level
        except RecordError:  # a record without a receipt counts for nobody
            return None
        return None if level is None else level == "yes"

    return holds


if FUZZ:  # else nothing is skipped: the test is not there

    def test_fresh_dense_history() -> None:
        for seed in range(FRESH, FRESH + 200):
            found = check_dense(seed, 60)
            assert not found, "\n".join(found)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_an_audit_with_history_equals_the_loop(seed: int) -> None:
    assert check(seed) == []


@pytest.mark.parametrize("seed", range(DENSE))
def test_dense_history_equals_the_loop(seed: int) -> None:
    found = check_dense(seed, 60)
    assert not found, "\n".join(found)


def test_the_run_has_met_everything() -> None:
    for kind, judge in (("drawn", check), ("dense", lambda seed: check_dense(seed, 60))):
        met = MET[kind]
        if not met:
            for seed in range(SEEDS if kind == "drawn" else DENSE):
                judge(seed)
        assert (met["unknown"] >= 100, met["none"] >= 100, met["some"] >= 50) == (True, True, True), met
