"""docs/coverage.yaml names what is there, all of it, once; the page is what is rendered from it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.coverage.page import PAGE, coverage, page, written_twice

ROOT = Path(__file__).parents[2]
# How many rows each of the 32 mechanisms has.
SIZES = (10, 8, 10, 4, 13, 2, 5, 9, 3, 6, 6, 9, 5, 5, 7, 7, 11, 5, 3, 10, 1, 5, 7, 8, 4, 2, 9, 5, 4, 6, 15, 6)
READ = coverage()
ROWS: dict[str, dict[str, Any]] = READ["rows"]
every_row = pytest.mark.parametrize("name", ROWS)
OVER_TABLES = {"portfolio", "numbering", "reconcile", "merge"}


@cache
def policy(name: str) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """What a policy of that name has: the section of each id in any version, and all its cases."""
    ids: dict[str, str] = {}
    cases: list[dict[str, Any]] = []
    for path in sorted((ROOT / "policies" / name).glob("*.yaml")):
        read = yaml.load(path.read_text("utf-8"), yaml.BaseLoader)
        cases += read.get("tests", [])
        for section, body in read.items():
            if section in ("facts", "history"):
                ids |= {key: "merge" if key == "merge" else "facts" for key in body}
            elif section == "scope":
                ids["scope"] = "scope"
            else:
                listed = body if isinstance(body, list) else [*body.get("rules", ()), *body.get("rows", ())] if isinstance(body, dict) else ()
                ids |= {rule["id"]: section for rule in listed if "id" in rule}
    return ids, cases


def speaks(case: dict[str, Any], rule: str, section: str) -> bool:
    expect = case["expect"]
    if section == "scope":
        return bool(expect.get("status") == "not_applicable")
    return rule in case.get("covers", ()) or rule in expect.get("facts", ()) or any(rule in expect.get(key, ()) for key in ("outcomes", "penalties"))


def test_every_row_stands_there_once() -> None:
    assert list(ROWS) == [f"S{group}.{n}" for group, size in enumerate(SIZES, 1) for n in range(1, size + 1)]
    assert written_twice() == []
    assert len(ROWS) == 210


@every_row
def test_a_row_is_covered_or_left_out(name: str) -> None:
    row = ROWS[name]
    assert row["says"]
    assert set(row) <= {"says", "rules", "cases", "tests", "part", "left", "kind"}
    assert ("left" in row) == ("kind" in row)
    assert ("left" in row) != bool(row.get("rules") or row.get("tests"))
    if "left" in row:
        assert row["left"]
        assert row["kind"] in READ["kinds"]
        assert set(row) == {"says", "left", "kind"}


@every_row
def test_rules_and_cases_are_there(name: str) -> None:
    row = ROWS[name]
    named: list[tuple[str, str, str]] = []
    for reference in row.get("rules", ()):
        folder, rule = reference.split("#")
        assert rule in policy(folder)[0], reference
        named.append((folder, rule, policy(folder)[0][rule]))
    for case_name in row.get("cases", ()):
        cases = [(folder, case) for folder in sorted({n[0] for n in named}) for case in policy(folder)[1] if case["name"] == case_name]
        assert cases, f"no case {case_name!r} beside the rules of {name}"
        assert any(speaks(case, rule, section) for where, case in cases for folder, rule, section in named if folder == where), case_name
    for folder, rule, section in named:
        if section in OVER_TABLES:
            assert row.get("tests"), f"{rule} is proved over tables only"
        else:
            chosen = [case for case in policy(folder)[1] if case["name"] in row.get("cases", ())]
            assert row.get("tests") or any(speaks(case, rule, section) for case in chosen), f"no case of {name} speaks of {rule}"


@every_row
def test_tests_are_there(name: str) -> None:
    for reference in ROWS[name].get("tests", ()):
        path, function = reference.split("::")
        assert re.search(rf"^def {function}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE), reference


def test_every_kind_of_leaving_out_is_used_and_bilingual() -> None:
    used = {row["kind"] for row in ROWS.values() if "kind" in row}
    assert set(READ["kinds"]) == used
    assert all(set(title) == {"en", "zh"} for title in READ["kinds"].values())


def test_the_page_is_rendered_from_it() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python -m tests.coverage.page"
