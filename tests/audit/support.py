"""What several tests of the audit need."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from complaint_policy.audit import load_mapping
from complaint_policy.audit.batches import BatchJudge
from complaint_policy.audit.partials import count_ids, late_in_buckets, merged, partials, reject_partials, tally_of
from complaint_policy.audit.sources import open_source
from complaint_policy.audit.tally import Tally

COUNTS = (
    "decided", "status", "severity", "owner", "versions", "unusable", "missing", "penalties", "missing_ids", "repeated_ids", "records_with_repeated_ids",
)  # fmt: skip


def texts_of(path: Path, mapping: Path, rows: int) -> pl.DataFrame:
    """A file's cells as they stand in it."""
    table = open_source(path, load_mapping(mapping).input)
    cells = [dict(zip(table.columns, row.cells, strict=True)) for row, _ in zip(table.rows(table.columns), range(rows), strict=False) if row.fault is None]
    return pl.DataFrame(cells, schema=dict.fromkeys((c for c in table.columns if c), pl.String))


def assert_same(found: Tally, wanted: Tally) -> None:
    for name in COUNTS:
        assert getattr(found, name) == getattr(wanted, name), name
    for rule in wanted.columns.rules:
        if rule.judged:
            assert found.outcomes[rule.id] == wanted.outcomes[rule.id]
        if rule.kind == "deadline":
            assert found.lateness(rule.id) == wanted.lateness(rule.id)


def assert_partials_hold(judge: BatchJudge, frame: pl.DataFrame, size: int) -> None:
    whole = Tally(judge.shape)
    pieces = []
    for start in range(0, frame.height, size):
        inner, rejected = judge.judge(frame.slice(start, size), start)
        whole.add(inner)
        pieces += [partials(inner, judge.shape), reject_partials(rejected, judge.shape)]
    ids = count_ids(pl.concat([judge.judge(frame)[0]])["id"])
    counts = pl.concat(pieces)
    assert_same(tally_of(counts, judge.shape, ids=ids), whole)
    assert_same(tally_of(merged(counts), judge.shape, ids=ids), whole)
    assert_same(tally_of(late_in_buckets(counts), judge.shape, ids=ids), whole)
