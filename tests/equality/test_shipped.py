"""The shipped policies and those of the examples: an audit equals the loop, on drawn records and on real ones."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path
from random import Random

import check
import polars as pl
import pytest

from complaint_policy import Policy, load_policy
from complaint_policy.audit import load_mapping
from complaint_policy.loader import shipped_policies
from tests.equality.checking import check_table
from tests.equality.comparing import compare, compare_file
from tests.equality.records import draw_table_for
from tests.equality.small import few_days
from tests.examples.record_sets import RecordSet
from tests.examples.test_real_records import DATA, REAL, needs_records

CENTRES = (date(2026, 2, 13), date(2025, 10, 1), date(2024, 2, 28))
# Local law, and overlays of a policy that stands here itself: their kinds of rule are compared there, with two tables.
ONE_TABLE = {
    "bh/consumer_protection",
    "ca/bank_act",
    "cn/auto_repair_claims",
    "cn/auto_repair_ningbo",
    "cn/banking_casework",
    "cn/consumer_shanghai",
    "cn/consumer_zhejiang",
    "cn/number_portability",
    "cn/property_hangzhou",
    "cn/property_law",
    "cn/property_shandong",
    "cn/property_shanghai",
    "cn/telecom_chongqing",
    "cn/telecom_claims",
    "cn/telecom_henan",
    "cn/three_guarantees_log",
    "us/reg_z",
    "za/postal_licence",
}
# So many lines of each file of real records.
LINES = 2_000


def told(policy: Policy, tables: int, first: int = 0) -> list[str]:
    """What tables tell that lie around one centre after the other, from the ``first`` on."""
    found = []
    for seed in range(tables):
        table = draw_table_for(policy, seed, CENTRES[(first + seed) % len(CENTRES)])
        found += [f"table {seed}: {line}" for line in check_table(policy, table, Random(f"order {seed}"))]
    return found


@pytest.mark.parametrize("name", shipped_policies())
def test_shipped_policies(name: str) -> None:
    policy = load_policy(name)
    assert not told(policy, 1 if name in ONE_TABLE else 2, shipped_policies().index(name))
    # The invented records beside it, whose outcomes are written down, in place of a further table.
    records = RecordSet(name)
    rows = records.rows()
    with few_days():
        assert not compare(policy, pl.DataFrame(rows) if records.records.suffix == ".csv" else rows, records.as_of)


@pytest.mark.parametrize("name", sorted(path.parent.name for path in REAL.glob("*/policy.yaml")))
def test_policies_of_the_examples(name: str) -> None:
    assert not told(load_policy(REAL / name / "policy.yaml"), 3)


@needs_records
@pytest.mark.slow
@pytest.mark.parametrize("name", check.SOURCES)
def test_real_records(name: str, tmp_path: Path) -> None:
    """The first lines of each file, through the mapping of its example."""
    source = check.SOURCES[name]
    data = (DATA / source.file).read_bytes()
    data = gzip.decompress(data) if source.file.endswith(".gz") else data
    path = tmp_path / source.file.removesuffix(".gz")
    path.write_bytes(b"".join(data.splitlines(keepends=True)[:LINES]))
    mapping = load_mapping(REAL / source.mapping)
    policy = load_policy(mapping.policy_reference() or "")
    assert not compare_file(policy, path, mapping, source.as_of)
