"""The overlays a company starts from: they load, only tighten, prove themselves, and `check` has nothing to say."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from complaint_policy import Policy, PolicyError, load_policy, load_policy_text, shipped_policies
from complaint_policy.cases import run_cases
from complaint_policy.loader import shipped_templates, template_text
from tests.policies.test_shipped_policies import WAYS, document, rules

ROOT = Path(__file__).parents[2] / "policies" / "templates"
every_template = pytest.mark.parametrize("name", shipped_templates())


@cache
def template(name: str) -> Policy:
    return load_policy(name)


@cache
def written(name: str) -> dict[str, Any]:
    (file,) = (ROOT.parent / name).glob("*.yaml")
    return document(file)


def test_the_sectors_have_one() -> None:
    sectors = {"cn": {"telecom", "banking", "auto_repair", "property", "travel", "ecommerce", "air_transport", "food", "it_service", "manufacturing", "express", "retail", "car_sales", "company"}}
    sectors |= {"uk": {"financial", "telecom"}, "us": {"bank", "financial"}, "eu": {"payments", "airline"}, "au": {"financial", "telecom"}, "ie": {"financial"}}
    assert set(shipped_templates()) == {f"templates/{region}_{sector}" for region, names in sectors.items() for sector in names}
    assert not set(shipped_templates()) & set(shipped_policies())


@every_template
def test_loads_silently_and_proves_itself(name: str) -> None:
    policy = template(name)
    assert policy.id == name
    assert [str(r) for r in policy.remarks()] == []
    results = run_cases(policy)
    assert len(results) == len(written(name)["tests"])
    assert [f"{d.place}: {d.message.en}" for r in results for d in r.differences] == []


@every_template
def test_builds_on_shipped_policies_and_only_tightens(name: str) -> None:
    body = written(name)
    assert body["tighten_only"] == "true"
    assert set(body["extends"]) <= set(shipped_policies())
    # The ISO record is in every one, by itself or through its base.
    assert {"requested_remedy", "due_on", "assessed_severity"} <= {f.name for f in template(name).versions[-1].model.fields.values()}
    if name != "templates/cn_company":  # it builds on no law
        assert any(rule.get("replaces") == "true" for _, rule in rules(body))


def test_a_template_made_laxer_is_refused() -> None:
    for name, tight, lax in (("templates/cn_telecom", "within: 24 hours", "within: 49 hours"), ("templates/au_telecom", "within: 8 working days", "within: 11 working days")):
        text = template_text(name)
        assert text.count(tight) == 1
        with pytest.raises(PolicyError, match="laxer-than-base"):
            load_policy_text(text.replace(tight, lax))


@every_template
def test_every_rule_is_bilingual_cited_and_proved_in_four_ways(name: str) -> None:
    body = written(name)
    shown: dict[str, set[str]] = {}
    for section, rule in rules(body):
        assert set(rule["title"]) == {"en", "zh"}, rule["id"]
        assert body["sources"][rule["source"]["ref"]]["status"] == "company"
        assert rule["source"]["clause"], rule["id"]
        assert section not in ("portfolio", "numbering", "reconcile")  # proved by tables only
        shown[rule["id"]] = set()
    for test in body["tests"]:
        for rule_id, ways in test.get("covers", {}).items():
            shown[rule_id] |= set(ways)
    assert {rule: sorted(WAYS - ways) for rule, ways in shown.items() if ways != WAYS} == {}


@every_template
def test_the_places_to_fill_in_are_marked_in_both_languages(name: str) -> None:
    (file,) = (ROOT.parent / name).glob("*.yaml")
    text, body = file.read_text("utf-8"), written(name)
    assert body["effective"]["from"] == file.stem
    assert date.fromisoformat(body["reviewed_on"]) >= date(2026, 11, 27)
    for key in ("calendars", "roles", "record"):
        assert body[key]
    assert any("waivable" in rule for _, rule in rules(body))
    assert all("approver" in rule for rule in body["penalties"])
    # Every limit of its own is one of them, and so are the head's.
    own = [line for line in text.splitlines() if re.match(r"    within: \d|policy:|effective:|  soon:", line)]
    assert len(own) >= 4
    unmarked = [line for line in own if "FILL IN / 填写" not in line]
    assert not unmarked
    assert "No legal advice" in text
    assert "不构成法律意见" in text


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_page_lists_every_template_with_what_it_builds_on(page: str) -> None:
    rows = dict(re.findall(r"^\| \[`(\w+)`\]\([^)]+\) \| [^|]+ \| ([^|]+) \|", (ROOT / page).read_text("utf-8"), re.MULTILINE))
    assert {f"templates/{name}": re.findall(r"\[([\w/]+)\]", cell) for name, cell in rows.items()} == {name: written(name)["extends"] for name in shipped_templates()}


def test_a_record_and_a_table_are_judged_alike() -> None:
    """What a template adds is judged in both evaluators: the cases of one of each shape, as tables."""
    for name in ("templates/cn_food", "templates/cn_company"):
        policy = template(name)
        tests = [test for test in written(name)["tests"] if "record" in test and "waivers" not in test]
        instant = tests[0]["as_of"]
        known = dict.fromkeys(f.name for f in policy.versions[-1].model.fields.values() if f.name != "events")
        rows = [{**known, **test["record"]} for test in tests]
        decisions = [policy.evaluate(row, as_of=instant) for row in rows]
        frame = policy.audit(rows, as_of=instant).decisions
        for rule in ("DL-receipt", "DL-callback", "RQ-close", "RT-record" if name.endswith("food") else "DL-answer"):
            assert frame[f"{rule}.outcome"].to_list() == [d.outcomes[rule] for d in decisions]
        assert frame["severity"].to_list() == [d.severity.level for d in decisions]
