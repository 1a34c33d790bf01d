"""What is known of the regulations is shipped, or left for a reason; nothing ships that is not known, and nothing says more than it was read."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from complaint_policy import check_policy, load_policy

SHIPPED = Path(__file__).parents[2] / "policies"
FACTS: dict[str, dict[str, Any]] = yaml.load((Path(__file__).parent / "facts.yaml").read_text("utf-8"), yaml.BaseLoader)
# Companies' own systems, and the base without rules: no regulation is behind them.
NOT_LAW = {"cn/base", "cn/enterprise", "cn/it_service", "cn/manufacturing", "cn/optimisation", "cn/property", "cn/service_levels", "cn/travel_followup"}


def stated() -> dict[str, dict[str, set[str]]]:
    """Of every regulation that ships, by rule or fact: the statuses of the sources it rests on, over its versions."""
    found: dict[str, dict[str, set[str]]] = {}
    for path in sorted(SHIPPED.glob("*/*/*.yaml")):
        name = path.parent.relative_to(SHIPPED).as_posix()
        if name in NOT_LAW or name.split("/")[0] in ("iso", "templates"):
            continue
        page = yaml.load(path.read_text("utf-8"), yaml.BaseLoader)
        parts = {key: fact for key, fact in page.get("facts", {}).items() if "source" in fact}
        for section in ("severity", "responsibility", "escalation", "admission", "deadlines", "requirements", "retention", "penalties", "portfolio", "schedules"):
            body = page.get(section, [])
            parts |= {rule["id"]: rule for rule in (body if isinstance(body, list) else [*body.get("rules", []), *body.get("rows", [])])}
        for key, part in parts.items():
            found.setdefault(name, {}).setdefault(key, set()).add(page["sources"][part["source"]["ref"]]["status"])
    return found


STATED = stated()
# What a plugin reads of a log goes back to a rule of the policy it extends, which is held to its fact there.
PLUGGED = {path.parent.relative_to(SHIPPED).as_posix() for path in SHIPPED.glob("*/*/*.yaml") if "\nplugins:" in path.read_text("utf-8")}
NAMED = {status: [reference for entry in facts.values() if isinstance(entry, list) for reference in entry] for status, facts in FACTS.items()}


@pytest.mark.parametrize("status", ["verified", "second-hand"])
def test_every_fact_is_shipped_with_its_status(status: str) -> None:
    wrong = []
    for reference in NAMED[status]:
        name, _, part = reference.partition("#")
        # A fact without a source of its own is cited by the rules that use it.
        if part not in STATED.get(name, {}):
            shown = any(part in version.model.facts for version in load_policy(name).versions)
            wrong += [] if shown else [f"{reference}: no such rule"]
        elif status not in STATED[name][part]:
            wrong.append(f"{reference}: rests on {sorted(STATED[name][part])}")
    assert wrong == []


def test_every_rule_of_a_regulation_rests_on_a_known_fact() -> None:
    """Who handles the matter is a reading, not a figure; a company's own rule beside the law has its own status."""
    known = {reference for references in NAMED.values() for reference in references}
    unknown = {
        f"{name}#{part}"
        for name, parts in STATED.items()
        for part, statuses in parts.items()
        if name not in PLUGGED and not part.startswith(("RS-", "ESC-")) and statuses != {"company"} and f"{name}#{part}" not in known
    }
    assert unknown == set()


def test_what_is_left_out_has_a_page_that_says_so() -> None:
    for facts in FACTS.values():
        for fact, entry in facts.items():
            if isinstance(entry, dict):
                folder = SHIPPED / str(entry["left"] if "left" in entry else entry["counted"])
                assert (folder / "README.md").is_file(), fact
                assert "counted" in entry or entry["why"], fact


# A regulation that changed, a day before and the day itself, and the number its version asks for.
CHANGED = [
    ("cn/travel", "2026-03-14", "DL-accept", "2013-11-01", "5 working days"),
    ("cn/travel", "2026-03-15", "DL-accept", "2026-03-15", "2 working days"),
    ("uk/ofcom_c4", "2026-04-07", "DL-adr-letter", "2021-01-01", "8 weeks"),
    ("uk/ofcom_c4", "2026-04-08", "DL-adr-letter", "2026-04-08", "6 weeks"),
    ("cn/market_regulation", "2026-04-14", "DL-accept", "2020-01-01", "7 working days"),
    ("cn/market_regulation", "2026-04-15", "DL-accept", "2026-04-15", None),
    ("cn/banking", "2020-02-29", "DL-decide", "2013-11-01", "10 working days"),
    ("cn/banking", "2020-03-01", "DL-decide", "2020-03-01", "15 days"),
    ("in/ombudsman", "2026-06-30", "PN-loss", "2022-01-01", "2000000"),
    ("in/ombudsman", "2026-07-01", "PN-loss", "2026-07-01", "3000000"),
]


@pytest.mark.parametrize(("name", "day", "rule", "file", "number"), CHANGED)
def test_the_day_of_a_change(name: str, day: str, rule: str, file: str, number: str | None) -> None:
    received = date.fromisoformat(day)
    (version,) = [v for v in load_policy(name).versions if v.start <= received and (v.until is None or received < v.until)]
    assert version.effective == date.fromisoformat(file)
    page = yaml.load((SHIPPED / name / f"{file}.yaml").read_text("utf-8"), yaml.BaseLoader)
    found = [r for section in ("deadlines", "penalties") for r in page.get(section, []) if r["id"] == rule]
    assert [str(number) in str(r) for r in found] == ([True] if number else [])


@pytest.mark.parametrize(
    ("base", "pinned", "told"),
    [
        ("cn/market_regulation", "2020-01-01", {"base-newer", "source-ended"}),
        ("cn/travel", "2013-11-01", {"base-newer", "source-ended"}),
        ("uk/ofcom_c4", "2021-01-01", {"base-newer", "source-ended"}),
        ("in/ombudsman", "2022-01-01", {"base-newer"}),
        # That file says itself when it ends: nothing can stand on it afterwards.
        ("cn/banking", "2013-11-01", {"base-without-version"}),
    ],
)
def test_an_overlay_pinned_to_the_old_version_is_told(base: str, pinned: str, told: set[str], tmp_path: Path) -> None:
    """The old version stays where it is; who builds on its file learns that there is a newer one."""
    path = SHIPPED / base / f"{pinned}.yaml"
    page = yaml.load(path.read_text("utf-8"), yaml.BaseLoader)
    own = tmp_path / f"{pinned}.yaml"
    head = f"format: 1\npolicy: test/own\neffective: {{from: {pinned}}}\nextends: [{path}]\ntimezone: {page['timezone']}\ncurrency: {page['currency']}\n"
    own.write_text(head + "requirements: [{id: RQ-own, title: {en: Own, zh: 自定}, require: {handler: present}}]\n", "utf-8")
    found = {problem.code for problem in check_policy(own)} or {remark.code for remark in load_policy(own).remarks(on=date(2026, 11, 27))}
    assert told <= found
