"""``check``: every problem at once, as compilers print them."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len

from complaint_policy import check_policy, shipped_policies
from tests.cli.conftest import POLICY, Run


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    path = tmp_path / "wrong.yaml"
    text = POLICY.replace("{loss: {at_least: 1000}}", "{los: {at_least: 1000}}").replace("timezone: Asia/Shanghai", "timezone: Asia/Shangai")
    path.write_text(text.replace("within: 5 working days", "within: 5"), encoding="utf-8")
    return path


def test_shipped_policies_have_no_problems(cli: Run) -> None:
    ran = cli("check", *shipped_policies())
    assert ran.status == 0
    assert [line.partition(": ")[0] for line in ran.out.splitlines() if ": no problems (" in line] == list(shipped_policies())


def test_remarks_stand_under_the_policy_they_are_about(cli: Run, policy: Path) -> None:
    ran = cli("check", policy)
    assert ran.status == 0
    lines = ran.out.splitlines()
    # Sourced is DL-respond alone, of six rules, and a person is charged before responsibility is established.
    assert lines[0] == f"{policy}: no problems (1 version, 6 rules, 1 test); 6 warnings"
    assert sum(": warning rule-without-source '" in line for line in lines) == 5
    at = next(i for i, line in enumerate(lines) if "'DL-call'" in line)
    assert lines[at + 2].index("^") == lines[at + 1].index("DL-call")
    text = policy.read_text("utf-8")
    policy.write_text(text[: text.index("severity:")] + text[text.index("responsibility:") :], encoding="utf-8")
    assert f"{policy}: note no-levels the policy has no levels of severity" in cli("check", policy).out
    assert f"{policy}: 提示 no-levels 制度没有投诉分级" in cli("check", policy, "--lang", "zh").out
    policy.write_text(policy.read_text("utf-8") + "accepted_remarks: [{remark: no-levels, reason: {en: None are needed., zh: 无须分级。}}]\n", encoding="utf-8")
    accepted = cli("check", policy).out
    assert "; 5 warnings, 1 accepted remark" in accepted
    assert "no-levels" not in accepted
    assert "None are needed." in cli("show", policy, "--lang", "en").out


def test_strict(cli: Run, policy: Path) -> None:
    assert cli("check", policy, "--strict").status == 1
    text = policy.read_text("utf-8")
    text = text[: text.index("severity:")] + text[text.index("responsibility:") :]
    start = text.index("sources:")
    policy.write_text(text[:start] + text[text.index("calendars:") :].replace("    source: {ref: house, clause: '3'}\n", "").replace("    charge: {field: responsible_person}\n", ""), encoding="utf-8")
    ran = cli("check", policy, "--strict")
    assert (ran.status, "no-levels" in ran.out) == (0, True)  # a note is no warning


def test_what_was_to_be_reviewed(cli: Run, policy: Path) -> None:
    policy.write_text(policy.read_text("utf-8").replace("status: company}", "status: company, review_by: 2026-06-01}"), encoding="utf-8")
    assert "review-due" not in cli("check", policy).out
    assert "review-due" not in cli("check", policy, "--as-of", "2026-06-01").out
    assert "warning review-due 'house' was to be reviewed by 2026-06-01" in cli("check", policy, "--as-of", "2026-06-02T09:00").out
    assert "review-due" in cli("check", policy, "--as-of", "now").out
    refused = cli("check", policy, "--as-of", "soon")
    assert refused.status == 2
    assert "'soon' is no day" in refused.err


def test_a_path_and_a_folder(cli: Run, policy: Path) -> None:
    assert cli("check", policy).out.startswith(f"{policy}: no problems (1 version, 6 rules, 1 test)")
    folder = policy.parent / "shop"
    folder.mkdir()
    policy.rename(folder / "2026-01-01.yaml")
    assert cli("check", folder, "--lang", "zh").out.startswith(f"{folder}: 没有问题（1个版本，6条规则，1个测试）；6个警告\n")


def test_what_is_there_is_a_path_whatever_its_name(cli: Run, policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = policy.parent / "cn" / "telecom"
    folder.mkdir(parents=True)
    policy.rename(folder / "2026-01-01.yaml")
    monkeypatch.chdir(folder.parent.parent)
    assert "(1 version, 6 rules, 1 test)" in cli("check", "cn/telecom").out


def test_every_problem_with_place_excerpt_and_caret(cli: Run, wrong: Path) -> None:
    ran = cli("check", wrong)
    assert ran.status == 2
    assert not ran.err
    lines = ran.out.splitlines()
    for problem in check_policy(wrong):
        at = lines.index(str(problem))
        assert lines[at + 1].startswith(f"{problem.place.line:>5} │ ")
        excerpt, caret = lines[at + 1], lines[at + 2]
        marked = wrong.read_text("utf-8").split("\n")[problem.place.line - 1][problem.place.column - 1 :]
        start = next(i for i in range(len(excerpt)) if cell_len(excerpt[:i]) == caret.index("^"))
        assert marked.startswith(excerpt[start:].rstrip("…"))
    assert "Asia/Shanghai" in lines[0]
    assert lines[-1] == f"{len(check_policy(wrong))} problems"


def test_the_caret_stands_under_the_word_after_chinese_text(cli: Run, tmp_path: Path) -> None:
    path = tmp_path / "wide.yaml"
    path.write_text(POLICY.replace("{en: Great loss, zh: 损失较大}, level: major", "{en: Great loss, zh: 损失较大}, level: mayor"), encoding="utf-8")
    lines = cli("check", path).out.splitlines()
    at = next(i for i, line in enumerate(lines) if "unknown-level" in line)
    excerpt, caret = lines[at + 1], lines[at + 2]
    before = excerpt[: excerpt.index("mayor")]
    assert "损失较大" in excerpt
    assert caret.index("^") == len(before) + 4  # four characters of two cells
    assert caret.endswith("^^^^^")


def test_chinese(cli: Run, wrong: Path) -> None:
    ran = cli("check", wrong, "cn/telecom", "--lang", "zh")
    assert ran.status == 2
    assert "不是时区（是否想写“Asia/Shanghai”？）" in ran.out
    assert ran.out.splitlines()[-1].startswith("2项制度中有1项存在问题，共")


def test_json_is_the_list_of_problems(cli: Run, wrong: Path) -> None:
    ran = cli("check", wrong, "cn/telecom", "--format", "json")
    assert ran.status == 2
    assert not ran.err
    assert [p for p in ran.data if p["level"] == "problem"] == [p.to_dict() for p in check_policy(wrong)]
    assert cli("check", "cn/base", "--format", "json").data == []
    assert cli("check", "cn/telecom", "--format", "json").data == []  # a law
    assert cli("check", "cn/manufacturing", "--format", "json").data == []  # its remarks are answered


def test_a_long_line_is_cut_around_its_problem(cli: Run, tmp_path: Path) -> None:
    path = tmp_path / "long.yaml"
    filler = "x" * 300
    path.write_text(POLICY.replace("{en: Great loss, zh: 损失较大}, level: major", f"{{en: {filler}, zh: b}}, level: mayor"), encoding="utf-8")
    lines = cli("check", path).out.splitlines()
    at = next(i for i, line in enumerate(lines) if "unknown-level" in line)
    assert "…" in lines[at + 1]
    assert len(lines[at + 1]) < 100
    assert lines[at + 1][lines[at + 2].index("^") :].startswith("mayor")


def test_a_problem_of_two_policies_is_said_once(cli: Run, wrong: Path) -> None:
    assert len(cli("check", wrong, wrong, "--format", "json").data) == len(check_policy(wrong))


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"", b"a: *x", b"- 1", b"\x1b[31m: 1", b"a: " + b"[" * 5000, b"format: 1\n" * 3])
def test_hostile_files(cli: Run, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "hostile.yaml"
    path.write_bytes(content)
    ran = cli("check", path)
    assert ran.status == 2
    assert ran.out.startswith(f"{path}:")
    assert "\x1b" not in ran.out
    assert "Traceback" not in ran.err
