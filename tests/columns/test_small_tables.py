"""What a table does not need is not made ready for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from complaint_policy import Policy, load_policy
from complaint_policy.audit import plain_texts
from complaint_policy.audit.engine import Engine
from complaint_policy.audit.judging import fields_of_policy
from complaint_policy.audit.mapping import by_name
from tests.equality.comparing import compare_file
from tests.equality.small import csv, parquet

AS_OF = "2026-01-10T18:00"


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    """Four versions, a year each."""
    for year in (2022, 2023, 2024, 2025):
        (tmp_path / f"{year}-01-01.yaml").write_text(
            f"format: 1\npolicy: test/versions\neffective: {{from: {year}-01-01}}\ntimezone: Asia/Shanghai\n"
            f"deadlines: [{{id: DL-a, from: received_at, to: responded_at, within: {2030 - year} days}}]\n",
            "utf-8",
        )
    return load_policy(tmp_path)


def table(years: tuple[int, ...], rows: int = 40) -> pl.DataFrame:
    received = [datetime(years[i % len(years)], 3, 1, 9) + timedelta(days=i) for i in range(rows)]
    return pl.DataFrame({"received_at": received, "responded_at": [r + timedelta(days=i % 12) for i, r in enumerate(received)]})


def in_memory(frame: pl.DataFrame, folder: Path) -> Any:
    return frame


@pytest.mark.parametrize("form", [in_memory, parquet, csv])
@pytest.mark.parametrize("years", [(2023,), (2022, 2025), (2022, 2023, 2024, 2025), (2021,)])
def test_versions_without_a_row_are_not_made_ready(form: Any, years: tuple[int, ...], policy: Policy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    make = Engine._made

    def told(engine: Engine, version: int, hopeful: bool) -> Any:
        made.append(version)
        return make(engine, version, hopeful)

    monkeypatch.setattr(Engine, "_made", told)
    source = form(table(years), tmp_path)
    audit = policy.audit(source, as_of=AS_OF)
    audit.summary()
    assert audit.decisions.height == (0 if years == (2021,) else 40)
    assert set(made) == {year - 2022 for year in years if year >= 2022}
    assert not compare_file(policy, source, by_name(("received_at", "responded_at"), fields_of_policy(policy)), AS_OF)


@pytest.mark.parametrize(("odd", "few", "singly"), [(3, 5, 3), (6, 5, 0), (3, 0, 0)])
def test_few_texts_of_another_form_are_judged_one_by_one(
    odd: int, few: int, singly: int, policy: Policy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_by_one: list[int]
) -> None:
    """The table has one form of times; ``odd`` rows have another."""
    monkeypatch.setattr(plain_texts, "FEW_OTHERS", few)
    texts = table((2025,)).with_columns(pl.all().dt.to_string("%Y-%m-%d %H:%M:%S"))
    place = pl.int_range(pl.len())
    frame = texts.with_columns(responded_at=pl.when(place < odd).then(pl.col("responded_at").str.replace(" ", "T") + "+08:00").otherwise("responded_at"))
    mapping = by_name(frame.columns, fields_of_policy(policy))
    for source in (frame, csv(frame, tmp_path), frame.to_dicts()):
        one_by_one.clear()
        audit = policy.audit(source, as_of=AS_OF)
        assert audit.decisions.height == 40
        assert sorted(one_by_one) == list(range(singly))
        assert audit.notes == ()  # columns can judge them: making them ready would take longer
    assert not compare_file(policy, frame, mapping, AS_OF)
