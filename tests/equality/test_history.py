"""An audit that counts earlier records judges as ``evaluate`` does of records with the counts put into them: on drawn policies and tables."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from complaint_policy import PolicyError
from tests.equality.comparing import audited, differences, entries_of, loop
from tests.equality.draw_history import NAMES, counts_of, with_history
from tests.equality.policies import draw_policy
from tests.equality.records import draw_table
from tests.equality.small import asked

SEEDS = 36
MET: dict[str, int] = {}


def check(seed: int) -> list[str]:
    drawn = with_history(draw_policy(7_000 + seed))
    try:
        policy = drawn.load()
    except PolicyError:
        return []
    table = draw_table(drawn, policy, seed)
    columns = [name for name in table.columns if name not in NAMES]
    counts = counts_of(policy, table.records, columns, table.as_of)
    told = [dict(record) | known for record, known in zip(table.records, counts, strict=True)]
    entries = entries_of(policy, told)
    # A row with nothing in it is blank whatever is counted of it.
    blank = {entry.row for entry in entries_of(policy, table.records) if entry.fault is not None}
    entries = [evolve(entry, fault=("nothing in the columns read", "所读取的列均为空白") if entry.row in blank else entry.fault) for entry in entries]
    expected = loop(policy, entries, [*columns, *NAMES], table.as_of, table.waivers)
    audit = asked(audited(policy, table.source, table.as_of, table.waivers, history="counted"))
    for name in NAMES:
        values: list[Any] = audit.history[name].to_list()
        for known in values:
            word = "unknown" if known is None else "some" if known else "none"
            MET[word] = MET.get(word, 0) + 1
    found = differences(expected, audit)
    judged = {row["row"] for row in expected.rows}
    shown = [dict(zip(NAMES, values, strict=True)) for values in audit.history.select(NAMES).iter_rows()]
    for row, known in enumerate(counts):
        if row in judged and {name: count for name, count in shown[row].items() if count is not None} != known:
            found.append(f"row {row}: {shown[row]}, by all pairs {known}")
    return found


@pytest.mark.parametrize("seed", range(SEEDS))
def test_an_audit_with_history_equals_the_loop(seed: int) -> None:
    assert check(seed) == []


def test_the_run_has_met_everything() -> None:
    if not MET:
        for seed in range(SEEDS):
            check(seed)
    assert (MET["unknown"] >= 100, MET["none"] >= 100, MET["some"] >= 50) == (True, True, True), MET
