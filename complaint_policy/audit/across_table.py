"""What is found about a table as a whole: in its case numbers, and against other lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import polars as pl
from attrs import define, field, frozen

from complaint_policy.frame import Rule
from complaint_policy.texts import Text

__all__ = ["FINDINGS_SCHEMA", "FINDING_TEXTS", "Across", "Checked", "Found"]

FINDINGS_SCHEMA: Final = pl.Schema(
    {
        "rule": pl.String, "finding": pl.String, "row": pl.Int64, "id": pl.String, "list_row": pl.Int64, "value": pl.String,
        "message": pl.String, "message_zh": pl.String,
    }
)  # fmt: skip
FINDING_TEXTS: Final[Mapping[str, Text]] = {
    "no_number": Text("without a number", "没有编号"),
    "form": Text("not of the form", "不符合格式"),
    "period": Text("of another period", "期间不符"),
    "field": Text("of another unit", "所属不符"),
    "duplicate": Text("the same number again", "编号重复"),
    "gap": Text("missing numbers", "缺号"),
    "order": Text("out of order", "次序不符"),
    "concealed": Text("on the list, without a record", "清单有而无记录"),
    "unlisted": Text("a record, not on the list", "有记录而清单无"),
    "mismatch": Text("they do not agree", "内容不一致"),
    "no_key": Text("cannot be held against the other", "无法核对"),
    "undecided": Text("not settled", "无法确定"),
}


@frozen
class Found:
    """One finding: the record or the entry of a list it is about, and what it is, a number or the name of a field."""

    rule: str
    finding: str
    row: int | None
    id: str | None
    list_row: int | None
    value: str | None
    message: Text


@frozen
class Checked:
    """A rule with what was looked at: ``records`` (and ``entries`` of a list), ``unsettled`` ones of which it is not known whether it applies."""

    rule: str
    title: Text
    records: int
    entries: int | None
    unsettled: int
    note: Text | None
    found: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "title": self.title.to_dict(),
            "records": self.records,
            "entries": self.entries,
            "unsettled": self.unsettled,
            "note": None if self.note is None else self.note.to_dict(),
            "findings": dict(self.found),
        }


@define
class Across:
    """Gathers findings rule by rule."""

    found: list[Found] = field(factory=list)
    rules: dict[str, list[Any]] = field(factory=dict)

    def add(self, found: Found) -> None:
        self.found.append(found)

    def checked(self, rule: Rule, records: int, unsettled: int, *, entries: int | None = None, note: Text | None = None) -> None:
        """How many records a rule looked at; of several versions of a rule together."""
        known = self.rules.setdefault(rule.id, [rule.name, 0, None, 0, None])
        known[0] = rule.name
        known[1] += records
        known[2] = known[2] if entries is None else (known[2] or 0) + entries
        known[3] += unsettled
        known[4] = note or known[4]

    def notes(self) -> tuple[Checked, ...]:
        times: Counter[tuple[str, str]] = Counter((f.rule, f.finding) for f in self.found)
        return tuple(
            Checked(rule, title, records, entries, unsettled, note, {finding: times[rule, finding] for finding in FINDING_TEXTS if times[rule, finding]})
            for rule, (title, records, entries, unsettled, note) in self.rules.items()
        )

    def frame(self) -> pl.DataFrame:
        rows = [(f.rule, f.finding, f.row, f.id, f.list_row, f.value, f.message.en, f.message.zh) for f in self.found]
        return pl.DataFrame(rows, schema=FINDINGS_SCHEMA, orient="row")
