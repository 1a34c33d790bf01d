from __future__ import annotations

import json
import unicodedata
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from complaint_policy.audit import Summary, run_audit
from complaint_policy.audit.summary import Identity
from complaint_policy.texts import Text
from tests.audit.fake import FakePolicy

AS_OF = datetime(2024, 2, 1)
ROWS = """\
id,received_at,responded_at,category,urgent,handler,root_cause,extra\x1b[31m
1,2024-01-01T00:00,2024-01-02T00:00,network,yes,张三,x,
2,2024-01-01T00:00,2024-01-07T00:00,network,,李四,,
3,2024-01-01T00:00,2024-01-09T00:00,netwrok,,李四,,
3,2024-01-01T00:00,,tariff,,王五,,
,2024-01-30T00:00,,other,no,王五,,
6,2024-01-30T00:00,gone,other,maybe,王五,,
7,never,,other,,赵六,,
8,2024-01-30T00:00,,other
"""


@pytest.fixture(name="summary")
def _summary(tmp_path: Path) -> Summary:
    path = tmp_path / "export.csv"
    path.write_bytes(ROWS.encode("gbk"))
    return run_audit(FakePolicy(), path, as_of=AS_OF).summary()


def test_the_numbers(summary: Summary) -> None:
    found: dict[str, Any] = json.loads(json.dumps(summary.to_dict()))

    assert found["identity"] == {"rows": 8, "decided": 6, "rejected": 2, "folded": 0, "merged": 0, "holds": True}
    assert found["as_of"] == "2024-02-01T00:00:00+08:00"
    assert found["source"]["encoding"] == "gb18030"
    assert found["source"]["encoding_certain"] is False
    assert found["source"]["unused_columns"] == ["extra\x1b[31m"]
    assert [(r["reason"]["en"], r["rows"], r["first"]) for r in found["rejected"]] == [
        ("no usable received_at", 1, [8]),
        ("too few cells: 4 of 8", 1, [9]),
    ]
    assert "merged" not in summary.render("en")
    assert found["status"] == {"breached": 3, "indeterminate": 1, "pending": 1, "met": 1}
    assert found["severity"] == [{"level": "major", "records": 1}, {"level": "general", "records": 5}]
    assert found["owner"][0] == {"owner": "network", "records": 2}
    assert {"owner": None, "records": 1} in found["owner"]
    assert found["rules"][0]["outcomes"] == {"breached": 3, "indeterminate": 1, "pending": 1, "met": 1}
    # Late by 1 day, by 3 days, and open since 6 January: 26 days at 1 February.
    assert found["late"] == [
        {"rule": "DL-answer", "breached": 3, "open": 1, "known": 3, "median": "P3D", "longest": "P26D"}
    ]
    assert found["penalties"] == [
        {
            "rule": "PN-late",
            "state": "proposed",
            "cases": 3,
            "sum": "300.00",
            "min": "300.00",
            "max": "300.00",
            "currency": "CNY",
        }
    ]
    assert found["unusable"] == [{"field": f, "records": 1} for f in ("category", "responded_at", "urgent")]
    assert found["missing"] == [
        {"rule": "DL-answer", "field": "responded_at", "records": 1},
        {"rule": "owner", "field": "category", "records": 1},
    ]
    assert found["ids"] == {"missing": 1, "repeated": 1, "records_with_repeated": 2}
    assert found["versions"] == [{"version": "2024-01-01", "records": 6}]


def test_it_reads_in_both_languages(summary: Summary) -> None:
    en, zh = summary.render("en"), summary.render("zh")

    for words in ("= decided", "Every source row is accounted for.", "Answer", "26 d", "300.00"):
        assert words in en
    for words in ("= 已判定", "所有源数据行均有去向。", "答复", "26天", "300.00", "GB18030", "重大"):
        assert words in zh
    for section in summary.sections():
        assert section.title.en != section.title.zh
        assert all(len(row) == len(section.columns) for row in section.rows)


def test_whose_duty_a_rule_is(tmp_path: Path) -> None:
    class Elsewhere(FakePolicy):
        versions = (SimpleNamespace(model=SimpleNamespace(fields=FakePolicy.versions[0].model.fields, section=None)),)

    rule = SimpleNamespace(id="RQ-cause", name=Text("Cause", "原因"), duty_of="regulator")
    known = FakePolicy.versions[0].model.section
    Elsewhere.versions[0].model.section = lambda key: (rule,) if key == "requirements" else known(key)
    summary = run_audit(Elsewhere(), [{"received_at": "2024-01-01"}], as_of=AS_OF).summary()

    assert summary.to_dict()["rules"][1]["duty_of"] == "regulator"
    assert "Cause *" in summary.render("en")
    assert "* the duty of others (regulator)" in summary.render("en")
    assert "* 为他方的义务（监管机构）" in summary.render("zh")


def test_no_name_of_a_person_appears(summary: Summary) -> None:
    text = summary.render("en") + summary.render("zh") + json.dumps(summary.to_dict(), ensure_ascii=False)

    assert not any(name in text for name in ("张三", "李四", "王五", "赵六"))


def test_nothing_of_a_file_steers_the_terminal(summary: Summary) -> None:
    assert "\x1b" not in summary.render("en")


def test_columns_are_aligned_where_characters_are_wide(summary: Summary) -> None:
    def width(line: str) -> int:
        return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)

    lines = summary.render("zh").split("\n\n")[3].splitlines()
    assert lines[0] == "按状态"
    assert len({width(line) for line in lines[1:]}) == 1


def test_rows_that_do_not_add_up_are_a_fault() -> None:
    with pytest.raises(RuntimeError, match="lost rows"):
        Identity(3, 1, 1, 0).check()
