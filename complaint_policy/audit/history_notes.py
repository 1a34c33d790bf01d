"""What a summary says of history: how many records have earlier ones, and how many are one matter with another."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from complaint_policy.texts import Text

__all__ = ["CountNote", "HistoryNotes"]


@frozen
class CountNote:
    """One count: the records with at least one earlier, the highest count, the records of which it is not known."""

    name: str
    title: Text
    records: int
    highest: int
    unknown: int


@frozen
class HistoryNotes:
    """All counts; ``uncounted`` rows are no record with a usable receipt, so they may be missing from them."""

    counts: tuple[CountNote, ...]
    uncounted: int
    cases: int
    merged: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "counts": [{"name": c.name, "title": c.title.to_dict(), "records": c.records, "highest": c.highest, "unknown": c.unknown} for c in self.counts],
            "uncounted": self.uncounted,
            "cases_of_several": self.cases,
            "merged": self.merged,
        }
