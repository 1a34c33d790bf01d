"""``list`` and ``schema``."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

from complaint_policy import load_policy, shipped_policies
from complaint_policy.cli.commands.schema import schema_text
from tests.cli.conftest import Run

PUBLISHED = Path(__file__).parents[2] / "docs" / "schema" / "policy.schema.json"


def test_list_as_data(cli: Run) -> None:
    ran = cli("list", "--format", "json")
    assert (ran.status, ran.err) == (0, "")
    assert [p["policy"] for p in ran.data] == list(shipped_policies())
    for listed in ran.data:
        policy = load_policy(listed["policy"])
        assert listed["title"] == policy.title.to_dict()
        assert [v["effective"] for v in listed["versions"]] == sorted({v.effective.isoformat() for v in policy.versions})
        assert listed["versions"][-1]["until"] is None
        assert {s["status"] for s in listed["sources"]} <= {"verified", "second-hand", "company"}


def test_list_for_people(cli: Run) -> None:
    english, chinese = cli("list"), cli("list", "--lang", "zh")
    assert all(name in english.out and name in chinese.out for name in shipped_policies())
    assert "2016-07-30" in english.out
    assert "verified" in english.out
    assert "已核实" in chinese.out
    assert all(len(line) <= 100 for line in english.out.splitlines())


def test_the_published_schema_is_in_step() -> None:
    fresh = "write it again: complaint-policy schema --output docs/schema/policy.schema.json"
    assert PUBLISHED.read_text("utf-8") == schema_text(), fresh


def test_schema(cli: Run, tmp_path: Path) -> None:
    ran = cli("schema")
    assert (ran.status, ran.err, ran.out) == (0, "", schema_text())
    jsonschema.Draft202012Validator.check_schema(json.loads(ran.out))
    target = tmp_path / "policy.schema.json"
    assert cli("schema", "--output", target) == (0, "", f"written: {target}\n")
    assert target.read_text("utf-8") == schema_text()


def test_schema_cannot_be_written(cli: Run, tmp_path: Path) -> None:
    ran = cli("schema", "-o", tmp_path / "nowhere" / "s.json", "--lang", "zh")
    assert ran.status == 2
    assert ran.err.startswith("错误：无法写入")
