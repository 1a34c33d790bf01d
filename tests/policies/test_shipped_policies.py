"""The policies that ship: they load, they prove themselves, and nothing in them stands without its clause."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from complaint_policy import check_policy, load_policy, load_policy_text
from complaint_policy.cases import run_cases
from complaint_policy.errors import PolicyError

SHIPPED = Path(__file__).parents[2] / "policies"
# What a company starts from has tests of its own: test_templates.py.
FILES = sorted(f for f in SHIPPED.glob("*/*/*.yaml") if f.parts[-3] != "templates")
FOLDERS = sorted({f.parent for f in FILES})
STATUSES = {"verified", "second-hand", "company"}
# The time zone and currency of each region.
PLACES = {"iso": ("UTC", None), "bh": ("Asia/Bahrain", "BHD"), "ca": ("America/Toronto", "CAD"), "za": ("Africa/Johannesburg", "ZAR"), "au": ("Australia/Sydney", "AUD"), "eu": ("Europe/Brussels", "EUR"), "ie": ("Europe/Dublin", "EUR"), "in": ("Asia/Kolkata", "INR"), "cn": ("Asia/Shanghai", "CNY"), "uk": ("Europe/London", "GBP"), "us": ("America/New_York", "USD")}
WAYS = {"hit", "near_miss", "border", "missing"}
# Every section of rules, and where its rules stand.
SECTIONS = ("severity", "responsibility", "escalation", "admission", "deadlines", "requirements", "penalties", "retention", "portfolio", "schedules", "numbering", "reconcile")
# Rules over many records, proved by cases that hold a table; those that take dozens of records to show by test_company_tables.py.
OVER_TABLES = {"portfolio", "numbering", "reconcile"}


def named(path: Path) -> str:
    return path.relative_to(SHIPPED).as_posix()


@cache
def document(path: Path) -> dict[str, Any]:
    """The file with every scalar as text, as the library reads it."""
    found: dict[str, Any] = yaml.load(path.read_text("utf-8"), yaml.BaseLoader)
    return found


def rules(policy: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for section in SECTIONS:
        body = policy.get(section, [])
        for rule in body if isinstance(body, list) else [*body.get("rules", []), *body.get("rows", [])]:
            yield section, rule


# What every template has among its bases.
COMMON = {"cn/base", "iso/base", "iso/complaints_handling"}
every_file = pytest.mark.parametrize("path", FILES, ids=named)
every_folder = pytest.mark.parametrize("folder", FOLDERS, ids=named)


def test_the_policies_are_there() -> None:
    assert {named(f) for f in FOLDERS} >= {"au/acma_complaints", "cn/air_transport", "cn/auto_repair", "cn/banking", "cn/base", "cn/consumer", "cn/ecommerce", "cn/enterprise", "cn/express", "cn/food", "cn/it_service", "cn/manufacturing", "cn/market_regulation", "cn/optimisation", "cn/petitions", "cn/property", "cn/property_hangzhou", "cn/service_levels", "cn/telecom", "cn/telecom_henan", "cn/travel", "cn/travel_followup", "ie/consumer_code", "in/ombudsman", "iso/base", "iso/complaints_handling", "uk/fca_disp", "uk/ofcom_c4", "us/cfpb_portal", "us/fcc_informal", "us/reg_e"}
    assert {f.parent.name for f in FOLDERS} == set(PLACES)


@every_folder
def test_loads_without_a_problem(folder: Path) -> None:
    policy = load_policy(folder)
    assert policy.id == named(folder)
    # A new version of the base starts a version of its own.
    assert {date.fromisoformat(f.stem) for f in folder.glob("*.yaml")} <= {v.start for v in policy.versions}
    assert (policy.zone.name, policy.currency) == PLACES[folder.parent.name]


@every_folder
def test_check_finds_nothing(folder: Path) -> None:
    assert [str(p) for p in check_policy(folder)] == []
    assert [str(r) for r in load_policy(folder).remarks()] == []


@every_folder
def test_its_own_tests_pass(folder: Path) -> None:
    results = run_cases(load_policy(folder))
    assert len(results) == sum(len(document(f)["tests"]) for f in folder.glob("*.yaml"))
    assert [f"{d.place}: {d.message.en}" for r in results for d in r.differences] == []


@every_folder
def test_loads_by_its_shipped_name(folder: Path) -> None:
    assert load_policy(named(folder)).id == named(folder)


@every_file
def test_named_by_the_day_it_comes_into_force(path: Path) -> None:
    policy = document(path)
    assert policy["effective"]["from"] == path.stem
    assert policy["policy"] == named(path.parent)
    date.fromisoformat(policy["reviewed_on"])


@every_file
def test_every_rule_is_bilingual_and_cited(path: Path) -> None:
    policy = document(path)
    for _, rule in rules(policy):
        assert set(rule["title"]) == {"en", "zh"}, rule["id"]
        assert rule["source"]["ref"] in policy["sources"], rule["id"]
        assert rule["source"]["clause"], rule["id"]
        for exempt in rule.get("exempt", []):
            assert set(exempt["reason"]) == {"en", "zh"}, rule["id"]
        for key in ("reason", "legal_basis"):
            assert set(rule.get(key, {"en": "", "zh": ""})) == {"en", "zh"}, rule["id"]


@every_file
def test_every_text_of_the_head_is_bilingual(path: Path) -> None:
    policy = document(path)
    texts = [policy["title"], *(s["title"] for s in policy["sources"].values())]
    texts += [f["title"] for f in policy.get("record", {}).get("fields", {}).values() if "title" in f]
    levels = policy.get("severity", {}).get("levels", [])
    assert set(policy.get("severity", {}).get("titles", {})) == set(levels)
    texts += list(policy.get("severity", {}).get("titles", {}).values())
    for text in texts:
        assert set(text) == {"en", "zh"}, text


@every_file
def test_every_declared_field_has_a_title(path: Path) -> None:
    for name, field in document(path).get("record", {}).get("fields", {}).items():
        assert "title" in field, name


@every_file
def test_every_source_says_how_far_it_carries(path: Path) -> None:
    policy = document(path)
    cited = {rule["source"]["ref"] for _, rule in rules(policy)}
    for name, source in policy["sources"].items():
        assert source["status"] in STATUSES, name
        date.fromisoformat(source["reviewed_on"])
        assert source["issuer"], name
        # A table of facts has no place for a citation: its comment names the source.
        assert name in cited or not cited or f"# {name}" in path.read_text("utf-8"), f"{name} is cited by nothing"


@every_folder
def test_second_hand_and_house_numbers_are_shown_to_the_reader(folder: Path) -> None:
    english, chinese = (folder / "README.md").read_text("utf-8"), (folder / "README.zh-CN.md").read_text("utf-8")
    policies = [document(f) for f in folder.glob("*.yaml")]
    if any(s["status"] == "second-hand" for p in policies for s in p["sources"].values()):
        assert "second-hand" in english
        assert "转引" in chinese
    if any(t.get("house") == "true" for p in policies for t in p.get("terms", {}).values()):
        assert "house number" in english
        assert "内部自定" in chinese


@every_file
def test_a_second_hand_source_stands_at_its_findings(path: Path) -> None:
    """Every decision of the file's own tests names the status beside the clause."""
    policy, text = load_policy(path.parent), document(path)
    status = {name: s["status"] for name, s in text["sources"].items()}
    cited = {rule["id"]: rule["source"]["ref"] for _, rule in rules(text)}
    for test in (t for t in text["tests"] if "record" in t):
        for finding in policy.evaluate(test["record"], as_of=test["as_of"]).to_dict()["findings"]:
            if finding["rule"] in cited:
                assert finding["source"]["status"] == status[cited[finding["rule"]]], finding


@every_folder
def test_read_me_in_both_languages(folder: Path) -> None:
    english, chinese = (folder / "README.md").read_text("utf-8"), (folder / "README.zh-CN.md").read_text("utf-8")
    assert "No legal advice" in english
    assert "不构成法律意见" in chinese
    for file in folder.glob("*.yaml"):
        reviewed = document(file)["reviewed_on"]
        assert reviewed in english
        assert reviewed in chinese
    headings = ("## Readings", "## Missing, and why", "## Sources\n", "## Overlay\n"), ("## 解读\n", "## 缺少的内容", "## 依据\n", "## 扩展\n")
    extending = [t.parent.name for t in (SHIPPED / "templates").glob("*/*.yaml") if named(folder) in document(t)["extends"] and named(folder) not in COMMON]
    for page, wanted, language in ((english, headings[0], "en"), (chinese, headings[1], "zh")):
        places = [page.index(f"\n{heading}") for heading in wanted]
        assert places == sorted(places)
        listed = page[places[2] :]
        for file in folder.glob("*.yaml"):
            for source in document(file)["sources"].values():
                assert f"| {source['title'][language]} |" in listed
        # How to write one's own over it: the template, where there is one, and the page that says how to start.
        overlay = page[places[3] :]
        assert "../../templates/README" in overlay
        assert all(f"complaint-policy new {name} " in overlay or f"[`{name}`]" in overlay for name in extending)


@every_file
def test_names_of_people_are_sensitive(path: Path) -> None:
    sensitive = set(document(path)["record"]["sensitive"])
    assert {"complainant_name", "complainant_phone", "handler", "responsible_person", "first_contact"} <= sensitive
    versions = [v for v in load_policy(path.parent).versions if v.effective.isoformat() == path.stem]
    assert versions
    for version in versions:
        assert {name for name, f in version.model.fields.items() if f.sensitive} >= sensitive


@every_file
def test_every_rule_is_proved_in_four_ways(path: Path) -> None:
    policy = document(path)
    shown: dict[str, set[str]] = {rule["id"]: set() for _, rule in rules(policy)}
    over = {rule["id"] for section, rule in rules(policy) if section in OVER_TABLES}
    for test in policy["tests"]:
        for rule, ways in test.get("covers", {}).items():
            assert rule in shown, f"{test['name']}: no rule {rule}"
            assert set(ways) <= WAYS, test["name"]
            shown[rule] |= set(ways)
    lacking = {rule: sorted(WAYS - ways) for rule, ways in shown.items() if ways != WAYS and rule not in over}
    assert not lacking


@every_file
def test_every_kind_of_rule_over_tables_is_hit_and_nearly(path: Path) -> None:
    policy = document(path)
    covers = [test["covers"] for test in policy["tests"] if "records" in test and "covers" in test]
    for section in OVER_TABLES & policy.keys():
        ids = {rule["id"] for rule in policy[section]}
        assert {way for covered in covers for rule, ways in covered.items() if rule in ids for way in ways} >= {"hit", "near_miss"}, section
    counts = {count for test in policy["tests"] for record in test["expect"].get("records", {}).values() for count in record.get("history", {})}
    assert policy.get("history", {}).keys() - {"merge"} <= counts
    assert "merge" not in policy.get("history", {}) or any(test["expect"].get("merged") for test in policy["tests"])


@every_file
def test_what_a_test_covers_it_also_expects(path: Path) -> None:
    """A `covers` entry is a claim; the expectation beside it must speak of that rule."""
    policy = document(path)
    kind = {rule["id"]: section for section, rule in rules(policy)}
    for test in policy["tests"]:
        expect = test["expect"]
        for rule in test.get("covers", {}):
            spoken = {
                "severity": {"severity", "possible"} & set(expect),
                "responsibility": {"owner", "candidates"} & set(expect),
                "escalation": {"escalate_to"} & set(expect),
                "penalties": rule in expect.get("penalties", {}) or rule in expect.get("missing", {}),
            }.get(kind[rule], any(rule in expect.get(key, {}) for key in ("outcomes", "figures" if "records" in test else "outcomes", "findings")))
            assert spoken, f"{test['name']}: expects nothing of {rule}"


@every_file
def test_records_have_their_own_names(path: Path) -> None:
    tests = document(path)["tests"]
    for key in ("name", "id"):
        values = [t[key] if key == "name" else t["record"]["id"] for t in tests if key == "name" or "record" in t]
        assert len(values) == len(set(values)), key


# A number of a rule: a length, a bound, a value of a table, an end of a range, a factor.
NUMBER = re.compile(
    r"(?<![\w.])\d+(?= (?:working )?(?:minute|hour|day|week|month|year)s?\b)"
    r"|(?<=at_least: )\d+|(?<=at_most: )\d+|(?<=then: )\d+(?=\})|(?<=\[)\d+(?=, \d+\])|(?<=, )\d+(?=\])|(?<=times: \[)\d+"
)
# The lower end of the range lifts a smaller default back to itself.
EQUIVALENT = {
    ("cn/enterprise/2022-06-10.yaml", "    amount: {first_known: [{field: proposed_penalty}, 200]}", -1),
    # What it requires is open until the thirtieth day itself: a day earlier it blames nobody.
    ("cn/consumer_zhejiang/2025-05-01.yaml", "    before: {from: closes_at, ahead: 30 days, counting: {roll: none}}", +1),
}
# Numbers over many records, proved by test_company_tables.py.
PROVED_BY_TABLES = {
    ("cn/optimisation/2024-01-01.yaml", "    within: 7 days"),
    ("cn/optimisation/2024-01-01.yaml", "    expect: {at_most: 1}"),
    ("cn/optimisation/2024-01-01.yaml", "    expect: {at_most: {times: [2, {mean_of_previous: 4}]}}"),
    ("cn/optimisation/2024-01-01.yaml", "    expect: {at_most: {times: [1.3, {mean_of_same_period: 1}]}}"),
    ("cn/property/2022-06-10.yaml", "    expect: {at_least: 100%}"),
    ("cn/optimisation/2024-01-01.yaml", "    expect: {at_least: 100%}"),
    ("cn/manufacturing/2022-06-10.yaml", "    expect: {at_most: {times: [2, {mean_of_previous: 3}]}}"),
    ("cn/it_service/2022-06-10.yaml", "    expect: {at_most: 1}"),
    ("cn/service_levels/2025-05-21.yaml", "    expect: {at_least: 90%}"),
    ("cn/service_levels/2025-05-21.yaml", "    expect: {at_least: 55%}"),
    ("cn/service_levels/2025-05-21.yaml", "    expect: {at_most: {times: [2, {mean_of_previous: 4}]}}"),
    ("cn/service_levels/2025-05-21.yaml", "  complaints_before: {title: {en: Earlier complaints, zh: 此前投诉次数}, count: {same: [complainant_id], within: 12 months}, source: {ref: levels, clause: 六、2}}"),
}


def spoilt() -> Iterator[Any]:
    """Every number a rule rests on, one less and one more; warning points, texts and comments are left out."""
    for path in FILES:
        text = path.read_text("utf-8")
        for line in re.finditer(r"^.*$", text[: text.index("\ntests:")], re.MULTILINE):
            code = line[0].split("#")[0]
            if re.search(r"at_risk:|title:|reason:|legal_basis:|clause:", code):
                continue
            for match in NUMBER.finditer(text, line.start(), line.start() + len(code)):
                for step in (-1, +1):
                    if (named(path), line[0], step) not in EQUIVALENT and (named(path), line[0]) not in PROVED_BY_TABLES:
                        where = f"{named(path)}:{text.count(chr(10), 0, match.start()) + 1}:{match[0]}{step:+d}"
                        yield pytest.param(path, match.start(), match.end(), step, id=where)


MUTANTS = list(spoilt())


@pytest.mark.parametrize(("path", "start", "end", "step"), MUTANTS)
def test_a_wrong_number_is_found_by_the_tests_beside_it(path: Path, start: int, end: int, step: int) -> None:
    text = path.read_text("utf-8")
    try:
        wrong = load_policy_text(f"{text[:start]}{int(text[start:end]) + step}{text[end:]}", name=path.name)
    except PolicyError as refused:
        # A whole shorter than its stages, or laxer than the base of an overlay that only tightens, is found before any test.
        assert {problem.code for problem in refused.problems} <= {"part-too-long", "parts-too-long", "laxer-than-base"}
        return
    assert any(result.differences for result in run_cases(wrong))


def test_numbers_were_found_to_spoil() -> None:
    assert len(MUTANTS) > 60
