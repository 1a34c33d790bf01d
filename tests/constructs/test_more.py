"""Clauses in the style of carriers, utilities, hospitals and platforms, beyond the constructs: their cases pass, and tables agree with single records."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from complaint_policy import Policy, load_policy
from complaint_policy.cases import run_cases
from complaint_policy.head import scalar_text
from complaint_policy.reader import plain
from tests.equality.comparing import audited, differences, entries_of, loop

CLAUSES = sorted((Path(__file__).parent / "more").glob("*.yaml"))


@pytest.fixture(params=CLAUSES, ids=lambda path: path.stem)
def policy(request: pytest.FixtureRequest) -> Policy:
    return load_policy(request.param)


def test_there_are_clauses() -> None:
    assert len(CLAUSES) >= 8


def test_its_cases_pass(policy: Policy) -> None:
    results = run_cases(policy)
    assert [f"{r.name}: {d.message.en}" for r in results for d in r.differences] == []
    assert len(results) >= 3


def test_a_table_of_its_records_says_the_same(policy: Policy) -> None:
    tables: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for case in policy.versions[0].model.cases:
        tables[scalar_text(case.node.get("as_of")) or ""].append(dict(plain(case.node.get("record"))))
    for as_of, records in tables.items():
        columns = sorted({name for record in records for name in record})
        expected = loop(policy, entries_of(policy, records), columns, as_of)
        assert len(expected.decisions) == len(records)
        assert differences(expected, audited(policy, records, as_of)) == []
