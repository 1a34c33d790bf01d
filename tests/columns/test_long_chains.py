"""Chains of facts longer than Python can go down: `evaluate` says what they are, and an audit says the same, row by row where it must."""

from __future__ import annotations

import polars as pl
import pytest

from complaint_policy import load_policy_text
from tests.equality.comparing import audited, differences, entries_of, loop

HEAD = "format: 1\npolicy: test/chains\neffective: {from: 2020-01-01}\ntimezone: Asia/Shanghai\nfacts:\n"
AS_OF = "2026-03-20T12:00"
# The first fact, each following one (of the one before, ONE, and its number, N), and what is asked of the last.
CHAINS = {
    "choices of numbers": ("{plus: [{field: affected_customers}, 1]}", "{choose: [{when: {repeat_count: N}, then: {plus: [{field: ONE}, 1]}}, {otherwise: {field: ONE}}]}", "{LAST: {at_least: 5}}"),
    "sums": ("{plus: [{field: affected_customers}, 1]}", "{plus: [{field: ONE}, {field: repeat_count}]}", "{LAST: {at_least: 150}}"),
    "conditions": ("{injury: true}", "{any: [{repeat_count: N}, {ONE: false}]}", "{LAST: true}"),
    "choices of texts": ("{choose: [{when: {injury: true}, then: a}, {otherwise: b}]}", "{choose: [{when: {repeat_count: N}, then: cN}, {otherwise: {field: ONE}}]}", "{LAST: [a, c3]}"),
}  # fmt: skip


@pytest.mark.parametrize("length", [30, 120])
@pytest.mark.parametrize("chain", CHAINS)
def test_a_long_chain_of_facts(chain: str, length: int) -> None:
    first, more, asked = CHAINS[chain]
    facts = [f"  f0: {first}", *(f"  f{i}: {more.replace('ONE', f'f{i - 1}').replace('N', str(i))}" for i in range(1, length))]
    rule = f"requirements: [{{id: RQ-last, require: {asked.replace('LAST', f'f{length - 1}')}, before: received_at}}]"
    policy = load_policy_text(HEAD + "\n".join([*facts, rule]))
    rows = {
        "received_at": ["2026-03-02T10:00"] * 5,
        "affected_customers": ["3", None, "1", "x", "9"],
        "repeat_count": ["2", "3", None, "1", "500"],
        "injury": ["true", None, "false", "true", "x"],
    }
    frame = pl.DataFrame(rows)

    audit = audited(policy, frame, AS_OF)

    assert not differences(loop(policy, entries_of(policy, frame.to_dicts()), frame.columns, AS_OF), audit)
    # What cannot be judged on columns is named.
    assert all("no columns for: RQ-last" in note.en for note in audit.notes if "no columns for" in note.en)
