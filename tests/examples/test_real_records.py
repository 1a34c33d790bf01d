"""The example policies give the counts that an independent script gives, and those stated about the files.

The records are not part of the project; where their folder is missing, what needs them is skipped.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

import check
import holidays
import independent_counts
import pytest

from complaint_policy import Policy, load_policy
from complaint_policy.audit import load_mapping
from complaint_policy.audit.batches import BatchJudge
from complaint_policy.cases import run_cases
from tests.audit.support import assert_partials_hold, texts_of

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT / "examples" / "real"
DATA = ROOT.parent / "shared" / "data"

Test = TypeVar("Test", bound=Callable[..., object])
_absent = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"the real records are not part of the project: no folder {DATA}"
)


def needs_records(test: Test) -> Test:
    marked: Test = pytest.mark.records(_absent(test))
    return marked


@pytest.fixture(scope="module")
def independent() -> dict[str, independent_counts.Counts]:
    return {name: count(DATA, 0) for name, count in independent_counts.FILES.items()}


@needs_records
@pytest.mark.slow
@pytest.mark.parametrize("name", check.SOURCES)
def test_every_outcome_of_every_rule_agrees(name: str, independent: dict[str, independent_counts.Counts]) -> None:
    assert check.counts_of(check.audited(DATA, name)) == independent[name]


@needs_records
@pytest.mark.slow
@pytest.mark.parametrize("name", check.SOURCES)
def test_partial_counts_add_up(name: str) -> None:
    source = check.SOURCES[name]
    mapping = check.HERE / source.mapping
    frame = texts_of(DATA / source.file, mapping, 3_000)
    policy = load_policy(load_mapping(mapping).policy_reference() or "")
    assert_partials_hold(BatchJudge(policy, schema=frame.schema, as_of=source.as_of, mapping=mapping), frame, 800)


@needs_records
def test_the_counts_are_those_stated(independent: dict[str, independent_counts.Counts]) -> None:
    told = [line for name, counts in independent.items() for line in check.lines(name, counts, counts)]
    assert [line for line in told if not line.agrees] == []
    assert sum(line.stated is not None for line in told) == len(check.STATED)


# What changing every limit of a policy by a day does to its text.
EDITS = {
    "new_york": [("within: due_by", "within: {{from: due_by, {days}, counting: {{ends: same_time}}}}"),
                 ("within: {from: due_by, within: same day}", "within: {{from: due_by, {days}}}")],
    "baltimore": [("within: due_by", "within: {{from: due_by, {days}, counting: {{ends: same_time}}}}"),
                  ("within: {from: due_by, within: same day}", "within: {{from: due_by, {days}}}")],
    "los_angeles": [("within: service_time", "within: {{from: service_time, {days}, counting: {{ends: same_time}}}}"),
                    ("from: service_day, within: same day", "from: service_day, {days}")],
}  # fmt: skip


def edited(name: str, shift: int, folder: Path) -> Policy:
    """The policy of a file with every limit longer (or shorter) by so many days, as a person would edit it."""
    text = (REAL / check.SOURCES[name].mapping).with_name("policy.yaml").read_text("utf-8")
    rules = text.split("\ntests:\n")[0]
    days = f"within: {shift} days" if shift > 0 else f"ahead: {-shift} days"
    for old, new in EDITS.get(name, []):
        assert old in rules
        rules = rules.replace(old, new.format(days=days))
    if name not in EDITS:
        rules = re.sub(r"(within:|at_most:|above:) (\d+)", lambda m: f"{m[1]} {int(m[2]) + shift}", rules)
        rules = rules.replace("within: same day", f"within: {shift} days")
    path = folder / "policy.yaml"
    path.write_text(rules, "utf-8")
    return load_policy(path)


@needs_records
@pytest.mark.slow
@pytest.mark.parametrize("shift", [-1, 1])
@pytest.mark.parametrize("name", ["new_york", "baltimore", "los_angeles", "kansas_city", "cn_messages"])
def test_a_limit_changed_by_a_day_changes_the_counts_alike(name: str, shift: int, tmp_path: Path) -> None:
    independent = independent_counts.FILES[name](DATA, shift)
    assert check.counts_of(check.audited(DATA, name, edited(name, shift, tmp_path))) == independent
    assert independent != independent_counts.FILES[name](DATA, 0)


@needs_records
def test_forwarding_a_day_later(tmp_path: Path) -> None:
    summary = check.audited(DATA, "cfpb_2014", edited("cfpb_2014", 1, tmp_path))
    assert check.counts_of(summary) == independent_counts.cfpb_2014(DATA, 1)


@needs_records
@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_pages_show_the_counts(page: str, independent: dict[str, independent_counts.Counts]) -> None:
    text = (REAL / page).read_text("utf-8").replace(",", "")
    shown = {int(found) for found in re.findall(r"\d+", text)}
    for counts in independent.values():
        for rule, outcomes in counts.items():
            assert outcomes.get("breached", 0) in shown, rule


@pytest.mark.parametrize("name", check.SOURCES)
def test_the_cases_beside_the_rules_come_true(name: str) -> None:
    mapping = load_mapping(REAL / check.SOURCES[name].mapping)
    results = run_cases(load_policy(mapping.policy_reference() or ""))
    assert results
    assert [(r.name, [d.message.en for d in r.differences]) for r in results if not r.passed] == []


def test_the_announced_days_off_are_those_of_the_holidays_library() -> None:
    china = holidays.country_holidays("CN", years=range(2011, 2021))
    day = date(2011, 1, 1)
    while day < date(2020, 2, 3):
        library = day in china.weekend_workdays or (day.weekday() < 5 and day not in china)
        assert independent_counts.working_day(day) == library, day
        day += timedelta(days=1)
