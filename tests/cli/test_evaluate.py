"""``evaluate``: records in, decisions out."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from complaint_policy import load_policy
from tests.cli.conftest import AS_OF, GOOD, LATE, Run

Record = Callable[..., Path]


def test_json_is_the_decision(cli: Run, policy: Path, record: Record) -> None:
    ran = cli("evaluate", policy, record(), "--as-of", AS_OF, "--format", "json")
    assert (ran.status, ran.err) == (0, "")
    assert ran.data == load_policy(policy).evaluate(LATE, as_of=AS_OF).to_dict()
    assert ran.data["status"] == "breached"
    assert "张三" not in ran.out


def test_reveal(cli: Run, policy: Path, record: Record) -> None:
    assert cli("evaluate", policy, record(), "--as-of", AS_OF, "--format", "json", "--reveal").data["penalties"][0]["charge"]["name"] == "张三"
    assert "张三" in cli("evaluate", policy, record(), "--as-of", AS_OF, "--reveal").out
    assert "张三" not in cli("evaluate", policy, record(), "--as-of", AS_OF).out


def test_page(cli: Run, policy: Path, record: Record) -> None:
    ran = cli("evaluate", policy, record(), "--as-of", AS_OF)
    assert (ran.status, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == "Complaint T-1: breached"
    for expected in (
        "Shop complaints (test/shop, in force from 2026-01-01)",
        "2026-03-12 09:00 (times in Asia/Shanghai)",
        "major (SEV-major)",
        "the warehouse (RS-goods)",
        "DL-respond",
        "2026-03-09 23:59:59",
        "8 h",
        "200.00 CNY",
        "100.00 – 500.00",
        "[House rules 3; company rule]",
    ):
        assert expected in ran.words
    assert all(len(line) <= 100 for line in lines)
    assert "1 rule does not apply (--all shows them)" in ran.out
    assert "not applicable" not in ran.out
    assert "not applicable" in cli("evaluate", policy, record(), "--as-of", AS_OF, "--all").out


def test_page_in_chinese(cli: Run, policy: Path, record: Record) -> None:
    ran = cli("evaluate", policy, record(), "--as-of", AS_OF, "--lang", "zh")
    for expected in (
        "投诉 T-1：违反",
        "商店投诉处理（test/shop，2026-01-01起施行）",
        "重大（SEV-major）",
        "仓库（RS-goods）",
        "答复客户",
        "8小时",
        "［店规 3；",
    ):
        assert expected in ran.out


def test_an_open_breach_says_how_late_it_is_by_now(cli: Run, policy: Path, record: Record) -> None:
    path = record({**LATE, "responded_at": None})
    # Due at the end of Monday 9 March, judged on Thursday 12 March at 9:00.
    page = cli("evaluate", policy, path, "--as-of", AS_OF).out
    assert "2 d 9 h," in page
    assert "still open" in page
    assert "Answer the customer: due 2026-03-09 23:59:59, not done, late by 2 d 9 h so far." in cli("evaluate", policy, path, "--as-of", AS_OF).words
    assert "已逾期2天9小时，" in cli("evaluate", policy, path, "--as-of", AS_OF, "--lang", "zh").out
    assert "尚未完成" not in cli("explain", policy, path, "--as-of", AS_OF, "--lang", "zh").out
    assert cli("evaluate", policy, path, "--as-of", AS_OF, "--format", "json").data["deadlines"][0]["over_by"] is None


def test_who_is_paid_is_said_in_chinese(cli: Run, policy: Path, record: Record) -> None:
    words = cli("evaluate", policy, record(), "--as-of", AS_OF, "--lang", "zh").words
    assert "企业 责任人" in words
    assert "company" not in words


def test_missing_values_are_named_by_title(cli: Run, policy: Path, record: Record) -> None:
    ran = cli("evaluate", policy, record({**LATE, "loss": "much", "category": None, "responded_at": None}), "--as-of", AS_OF)
    assert "general or major; settled by Loss (loss)" in ran.out
    assert "the warehouse or the desk; settled by Category (category)" in ran.out
    assert "Loss (loss) cannot be used" in ran.out


@pytest.mark.parametrize("command", ["evaluate", "explain"])
def test_ids_of_records_that_cannot_be_judged(command: str, cli: Run, policy: Path, record: Record) -> None:
    """They are the texts that judged records have: numbers of a file are no other ids there."""
    path = record([{**GOOD, "id": 1.5}, {"id": 1.5}, {"id": 7}, {"id": [1.5]}, {"id": " "}, {**GOOD, "id": 7}])
    ran = cli(command, policy, path, "--as-of", AS_OF, "--format", "json")
    assert ran.status == 2
    assert [d["complaint_id"] for d in ran.data] == ["1.5", "1.5", "7", None, None, "7"]
    page = cli(command, policy, path, "--as-of", AS_OF).out
    assert [f"Complaint {shown}: cannot be judged" in page for shown in ("1.5", "7", "#4", "#5")] == [True] * 4


def test_a_list_of_records_with_one_that_cannot_be_judged(cli: Run, policy: Path, record: Record) -> None:
    path = record([LATE, {"id": "T-9"}, GOOD])
    ran = cli("evaluate", policy, path, "--as-of", AS_OF, "--format", "json")
    assert ran.status == 2
    assert [d["complaint_id"] for d in ran.data] == ["T-1", "T-9", "T-2"]
    assert ran.data[1]["error"]["field"] == "received_at"
    page = cli("evaluate", policy, path, "--as-of", AS_OF)
    assert page.status == 2
    assert "Complaint T-9: cannot be judged\n  received_at is missing" in page.out
    assert "Complaint T-2: met" in page.out


def test_one_record_that_cannot_be_judged(cli: Run, policy: Path, record: Record) -> None:
    ran = cli("evaluate", policy, record({"id": "T-9"}), "--as-of", AS_OF, "--lang", "zh")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("错误：缺少收到投诉时间")


@pytest.mark.parametrize(
    ("data", "fail_on", "status"),
    [
        (LATE, "breached", 1),
        (LATE, "indeterminate, breached", 1),
        (LATE, "indeterminate", 0),
        (GOOD, "breached", 0),
        (GOOD, "met", 1),
        ([GOOD, LATE], "breached", 1),
        ([GOOD, {"id": "x"}, LATE], "breached", 2),
    ],
)
def test_fail_on(cli: Run, policy: Path, record: Record, data: Any, fail_on: str, status: int) -> None:
    assert cli("evaluate", policy, record(data), "--as-of", AS_OF, "--fail-on", fail_on, "--format", "json").status == status


def test_unknown_fields_are_said_aloud(cli: Run, policy: Path, record: Record) -> None:
    ran = cli("evaluate", policy, record([{**LATE, "losss": 3}, {**GOOD, "losss": 4}]), "--as-of", AS_OF, "--format", "json")
    assert ran.status == 0
    assert ran.err == "warning: the policy has no field 'losss': it is ignored; did you mean 'loss'?\n"
    assert "是否想写“loss”" in cli("evaluate", policy, record({**LATE, "losss": 3}), "--as-of", AS_OF, "--lang", "zh").err


def test_standard_input(cli: Run, policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbf " + json.dumps(GOOD).encode())))
    assert cli("evaluate", policy, "-", "--as-of", AS_OF, "--format", "json").data["status"] == "met"


def test_yaml_records(cli: Run, policy: Path, tmp_path: Path) -> None:
    path = tmp_path / "record.yaml"
    path.write_text("id: T-3\nreceived_at: 2026-03-02T10:00\nresponded_at: 2026-03-10T08:00\ncategory: goods\nupheld: no\n", encoding="utf-8")
    assert cli("evaluate", policy, path, "--as-of", AS_OF, "--format", "json").data["status"] == "breached"
    path.write_text("id: a\nid: b\n", encoding="utf-8")
    ran = cli("evaluate", policy, path, "--as-of", AS_OF)
    assert ran.status == 2
    assert f"{path}:2:1: duplicate-key" in ran.err


def test_numbers_keep_their_digits(cli: Run, policy: Path, tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    # As a binary float this would be 1000 and so "at least 1000".
    path.write_text(json.dumps(LATE).replace("1200.5", "999.99999999999999999"), encoding="utf-8")
    assert cli("evaluate", policy, path, "--as-of", AS_OF, "--format", "json").data["severity"]["level"] == "general"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "record.json:1:2: this is not JSON"),
        (b"", "this is not JSON"),
        (b"3", "a record is an object of fields and values"),
        (b"[{}, 3]", "record 2: a record is an object"),
        (b'{"id": 1, "id": 2}', "the key 'id' stands twice"),
        (b'{"loss": NaN}', "NaN is no value"),
        (b"\xff", "is not UTF-8 text"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[" + b"9" * 5000 + b"]", "a number is too long"),
    ],
)
def test_hostile_records(cli: Run, policy: Path, tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "record.json"
    path.write_bytes(content)
    ran = cli("evaluate", policy, path, "--as-of", AS_OF)
    assert (ran.status, ran.out) == (2, "")
    assert words in ran.err
    assert ran.err.count("\n") == 1


def test_no_value_steers_the_terminal(cli: Run, policy: Path, record: Record) -> None:
    evil = "\x1b[31m[bold]x[/bold]\u202e\x9b\r"
    path = record({**LATE, "id": evil, evil: 1, "responsible_person": evil})
    for ran in (
        cli("evaluate", policy, path, "--as-of", AS_OF, "--reveal"),
        cli("evaluate", policy, path, "--as-of", AS_OF, "--reveal", "--format", "json"),
        cli("explain", policy, path, "--as-of", AS_OF, "--reveal"),
    ):
        assert ran.status == 0
        for character in "\x1b\u202e\x9b\r":
            assert character not in ran.out + ran.err
        assert "[bold]x[/bold]" in ran.out
    assert cli("evaluate", policy, path, "--as-of", AS_OF, "--format", "json").data["complaint_id"] == evil.strip()


def test_as_of(cli: Run, policy: Path, record: Record) -> None:
    bare = cli("evaluate", policy, record(), "--as-of", "2026-03-12")
    assert bare.status == 2
    assert "bare date" in bare.err
    decided = cli("evaluate", policy, record(), "--as-of", "now", "--format", "json").data
    assert abs(datetime.fromisoformat(decided["as_of"]) - datetime.now(UTC)) < timedelta(minutes=5)
    assert cli("evaluate", policy, record(), "--as-of", "2026-03-12T01:00Z", "--format", "json").data["as_of"] == "2026-03-12T09:00:00+08:00"


def test_waivers(cli: Run, tmp_path: Path, policy: Path, record: Record) -> None:
    policy.write_text(
        policy.read_text("utf-8").replace("    within: 5 working days", "    waivable: {by: [desk]}\n    within: 5 working days"), encoding="utf-8"
    )
    waivers = tmp_path / "waivers.yaml"
    waivers.write_text("- {rule: DL-respond, records: [T-1], reason: {en: flood, zh: 水灾}, by: desk}\n", encoding="utf-8")
    ran = cli("evaluate", policy, record(), "--as-of", AS_OF, "--waivers", waivers, "--format", "json")
    assert ran.data["deadlines"][0]["outcome"] == "waived"
    assert "flood" in cli("evaluate", policy, record(), "--as-of", AS_OF, "--waivers", waivers).out
    waivers.write_text("a: [", encoding="utf-8")
    broken = cli("evaluate", policy, record(), "--as-of", AS_OF, "--waivers", waivers)
    assert broken.status == 2
    assert str(waivers) in broken.err
