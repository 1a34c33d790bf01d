"""Sections that plugins add to the summary of an audit."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from complaint_policy import PluginError, load_policy_text
from complaint_policy.plugins import ReportSection, ReportTable, Text, hookimpl, make_manager

POLICY = """
format: 1
policy: test/report
effective: {from: 2020-01-01}
timezone: Asia/Shanghai
plugins: [shares]
requirements: [{id: RQ-1, before: closed_at, require: {root_cause: present}}]
"""
RECORDS = [
    {"id": str(i), "received_at": "2026-05-01T10:00", "closed_at": "2026-05-02T10:00", "root_cause": "x" if i % 4 else None} for i in range(8)
]
AS_OF = "2026-06-01T00:00"


def _share(summary: Mapping[str, Any]) -> list[Any]:
    counts = summary["rules"][0]["outcomes"]
    met, all_of = counts["met"], sum(counts.values())
    table = ReportTable((Text("met", "符合"), Text("share", "占比")), ((met, Decimal(met) / all_of),))
    return [Text("Of all records.", "按全部记录计。"), table]


def _changes(summary: Any) -> list[Any]:
    summary["rules"][0]["outcomes"]["met"] = 8
    return []


def _endless(summary: Any) -> Any:
    while True:
        yield Text("more", "更多")


def _crooked(summary: Any) -> list[Any]:
    return [ReportTable((Text("a", "甲"),), ((1, 2),))]


def _manager(function: Any, *, strict: bool = False) -> Any:
    class Shares:
        @hookimpl
        def complaint_policy_report_sections(self) -> list[ReportSection]:
            return [ReportSection(name="share", title=Text("Share met", "符合率"), function=function)]

    return make_manager({"shares": Shares()}, strict=strict)


def test_a_section_stands_after_the_librarys_own() -> None:
    audit = load_policy_text(POLICY, plugins=_manager(_share)).audit(RECORDS, as_of=AS_OF)
    section = audit.summary().sections()[-1]
    assert (section.id, section.rows) == ("plugin:shares:share", ((6, "0.75"),))  # 8 records, every fourth without a cause: 6 of 8
    assert "符合率" in audit.summary().render("zh") and "按全部记录计。" in audit.summary().render("zh")
    assert audit.summary().to_dict()["plugins"][0]["rows"] == [[6, "0.75"]]


@pytest.mark.parametrize(("function", "why"), [(_changes, "TypeError"), (_endless, "more than 50"), (_crooked, "as long as its headings"), (len, "list")])
def test_a_bad_one_costs_itself_only(function: Any, why: str) -> None:
    audit = load_policy_text(POLICY, plugins=_manager(function)).audit(RECORDS, as_of=AS_OF)
    summary = audit.summary()
    assert summary.outcomes["RQ-1"]["met"] == 6
    assert [s.id for s in summary.sections()][-1] == "plugin-failures"
    assert why in summary.sections()[-1].rows[0][2].en
    with pytest.raises(PluginError, match="shares"):
        load_policy_text(POLICY, plugins=_manager(function, strict=True)).audit(RECORDS, as_of=AS_OF).summary()
