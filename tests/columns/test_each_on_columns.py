"""Deadlines that begin anew, on columns: rows that begin once are judged there, and every row as `evaluate` judges it."""

from __future__ import annotations

from random import Random
from typing import Any

import polars as pl
import pytest

from tests.meaning.test_each import each

EVENTS = ("again_at", "third_at", "answered_at", "closed_at")


def rows(seed: int, count: int) -> list[dict[str, Any]]:
    """Mostly begun once; some with other starts, bare days, times before the receipt or after the moment of judgement, and cells nobody can read."""
    random = Random(seed)

    def cell(share: float) -> str | None:
        if random.random() >= share:
            return None
        day, kind = random.randint(1, 26), random.random()
        if kind < 0.08:
            return f"2026-03-{day:02d}"
        return "soon" if kind > 0.96 else f"2026-03-{day:02d}T{random.choice((0, 9, 10, 23)):02d}:00"

    shares = dict(zip(EVENTS, (0.15, 0.1, 0.7, 0.6), strict=True))
    return [
        {
            "id": str(i),
            "received_at": random.choice(("2026-03-02T10:00", "2026-03-09T10:00", "2026-03-09", "2026-03-18T00:00")),
            "kept": random.choice((True, True, True, False, None)),
            **{name: cell(share) for name, share in shares.items()},
        }
        for i in range(count)
    ]


@pytest.mark.parametrize("until", ["", "closed_at"])
@pytest.mark.parametrize("to", ["answered_at", "{first_of: [answered_at, closed_at]}", "{first_of: [third_at, closed_at]}"])
@pytest.mark.parametrize("more", ["", "when: {kept: true}\nat_risk: 80%\nextend: [{id: x, within: 9 days, when: {kept: true}}]"])
def test_as_evaluate(until: str, to: str, more: str) -> None:
    beside = "facts: {broken: {outcome: {DL: breached}}}\nrequirements: [{id: RQ, require: {broken: false}, before: closed_at}]\n"
    of = each(to, until, more, beside)
    records = rows(len(to) + len(more), 250)
    audit = of.audit(pl.DataFrame(records), as_of="2026-03-20T12:00", columns=("missing",))
    for record, found in zip(records, audit.decisions.iter_rows(named=True), strict=True):
        decision = of.evaluate(record, as_of="2026-03-20T12:00")
        result = decision.deadline("DL")
        assert found["DL.outcome"] == result.outcome, record
        assert found["DL.due_at"] == result.due_at, record
        assert found["DL.breaches"] == sum(one.outcome == "breached" for one in result.instances), record
        assert (found["DL.missing"] or []) == list(result.missing), record
        assert (found["RQ.outcome"], found["status"]) == (decision.outcomes["RQ"], decision.status), record
    one_by_one = next((int(note.en.split()[0]) for note in audit.notes if "one by one" in note.en), 0)
    assert one_by_one < 200  # of 250, with the odd rows these records have


def test_a_waiver_of_one_time_reaches_its_record() -> None:
    of = each("answered_at", more="waivable: {by: [boss]}")
    records = [{"id": i, "received_at": "2026-03-02T10:00", "again_at": None, "third_at": None, "answered_at": None, "closed_at": None} for i in ("a", "b")]
    waivers = [{"rule": "DL#1", "records": ["a"], "reason": "agreed", "by": "boss"}]
    audit = of.audit(pl.DataFrame(records), as_of="2026-03-20T12:00", waivers=waivers)
    assert audit.decisions["DL.outcome"].to_list() == ["waived", "breached"]
