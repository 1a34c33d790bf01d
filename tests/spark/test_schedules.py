"""The figures of an audit on Spark are what schedules look at, as those of one machine are."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from complaint_policy import load_policy_text
from complaint_policy.audit import run_audit
from complaint_policy.audit.spark import audit_spark

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.slow

POLICY = """
format: 1
policy: test/schedules
effective: {from: 2020-01-01}
timezone: Asia/Shanghai
portfolio: [{id: PF-received, measure: {count: {received_at: present}}, per: half_year}]
schedules: [{id: SC-publish, period: half_year, from: period_end, within: {month_day: [08-31, 02-28]}, when: {PF-received: {at_least: 5}}, done: register}]
"""


def test_schedules_by_the_figures_of_spark(spark: SparkSession, tmp_path: Path) -> None:
    policy = load_policy_text(POLICY)
    path = tmp_path / "records.parquet"
    for count, expected in ((4, "not_applicable"), (5, "breached")):
        records = pl.DataFrame({"id": [str(i) for i in range(count)], "received_at": [datetime(2026, 1, 5, 10) + timedelta(days=i) for i in range(count)]})
        records.write_parquet(path)
        audit = audit_spark(policy, spark.read.parquet(str(path)), as_of="2026-09-01T00:00")
        assert audit.as_of.isoformat() == "2026-09-01T00:00:00+08:00"
        found = policy.schedules([], as_of="2026-09-01T00:00", since="2026-01-01", audit=audit)
        single = run_audit(policy, records, as_of="2026-09-01T00:00", register=[], since="2026-01-01").schedules
        assert single is not None
        assert found.to_dict() == single.to_dict()
        assert found.result("SC-publish", "2026-H1").outcome == expected
    early = audit_spark(policy, spark.read.parquet(str(path)), as_of="2026-06-01T00:00")
    assert policy.schedules([], as_of="2026-09-01T00:00", since="2026-01-01", audit=early).result("SC-publish", "2026-H1").missing == ("PF-received",)
