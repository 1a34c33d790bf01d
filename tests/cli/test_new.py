"""``new``: a template written out, under a name of one's own."""

from __future__ import annotations

from pathlib import Path

from complaint_policy import load_policy
from complaint_policy.loader import shipped_templates
from tests.cli.conftest import Run


def test_the_templates_are_listed(cli: Run) -> None:
    listed = cli("new", "--format", "json").data
    assert [row["template"] for row in listed] == list(shipped_templates())
    assert all(row["extends"] and row["title"]["zh"] for row in listed)
    shown = cli("new", "--lang", "zh").out
    assert all(row["template"].removeprefix("templates/") in shown and row["title"]["zh"] in shown for row in listed)


def test_written_out_it_is_a_policy_of_ones_own(cli: Run, tmp_path: Path) -> None:
    target = tmp_path / "my.yaml"
    ran = cli("new", "cn_telecom", "--output", target)
    assert (ran.status, ran.out) == (0, "")
    assert f"written: {target}" in ran.err
    assert load_policy(target).id == "mycompany/complaints"
    assert cli("check", target).out == f"{target}: no problems (1 version, 29 rules, 6 tests)\n"
    assert cli("test", target).status == 0
    assert target.read_text("utf-8") == cli("new", "templates/cn_telecom").out
    assert cli("new", "cn_telecom", "--format", "json").data["text"] == target.read_text("utf-8")


def test_nothing_is_written_over(cli: Run, tmp_path: Path) -> None:
    target = tmp_path / "my.yaml"
    target.write_text("mine", encoding="utf-8")
    ran = cli("new", "cn_telecom", "--output", target)
    assert (ran.status, target.read_text("utf-8")) == (2, "mine")
    assert "cannot write" in ran.err


def test_a_name_that_is_no_template(cli: Run) -> None:
    ran = cli("new", "cn_telecm")
    assert ran.status == 2
    assert "there is no template 'cn_telecm' (did you mean 'templates/cn_telecom'?)" in ran.err
    assert "没有模板“cn/telecom”" in cli("new", "cn/telecom", "--lang", "zh").err
