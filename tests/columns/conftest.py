"""What tests of columns share."""

from __future__ import annotations

from typing import Any

import pytest

from complaint_policy.audit.tiers import Tiers


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The rows that went record by record, each as often as it did."""
    rows: list[int] = []
    records = Tiers.records_of

    def counted(self: Tiers, entries: Any, **more: Any) -> Any:
        listed = list(entries)
        rows.extend(entry.position for entry in listed)
        return records(self, listed, **more)

    monkeypatch.setattr(Tiers, "records_of", counted)
    return rows
