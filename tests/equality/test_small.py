"""Small audits are small: pieces hold the rows asked for, and beliefs rest on the first of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest

from complaint_policy import load_policy_text
from complaint_policy.audit.tiers import Tiers
from tests.equality.small import asked, csv, parquet, small_pieces

POLICY = """
format: 1
policy: test/small
effective: {from: 2020-01-01}
timezone: Asia/Shanghai
deadlines: [{id: D1, from: received_at, to: responded_at, within: 24 hours}]
"""
START = datetime(2026, 3, 2, 10)


@pytest.mark.parametrize("form", [lambda f, _: f.lazy(), lambda f, _: f.to_dicts(), parquet, csv], ids=["query", "records", "parquet", "csv"])
def test_tables_that_are_not_in_memory_go_in_pieces(form: Any, tmp_path: Path) -> None:
    received = [START + timedelta(hours=i) for i in range(30)]
    frame = pl.DataFrame({"received_at": received, "responded_at": [None if i % 7 == 6 else r + timedelta(hours=i) for i, r in enumerate(received)]})
    heights: list[int] = []
    run = Tiers.run

    def counting(self: Tiers, rows: pl.DataFrame, **options: Any) -> Any:
        heights.append(rows.height)
        return run(self, rows, **options)

    policy = load_policy_text(POLICY)
    whole = asked(policy.audit(frame, as_of="2026-03-05T12:00"))
    with small_pieces(5), patch.object(Tiers, "run", counting):
        audit = asked(policy.audit(form(frame, tmp_path), as_of="2026-03-05T12:00"))
    assert len(heights) >= 6
    assert max(heights) < 20
    assert audit.decisions.to_dicts() == whole.decisions.to_dicts()
