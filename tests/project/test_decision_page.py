"""docs/decision.md names every part of a decision, and nothing that is none."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from complaint_policy import Decision, results

PAGE = (Path(__file__).parents[2] / "docs" / "decision.md").read_text("utf-8")
SHARED = "Every result of a rule"
# Parts of the library's own making, and texts of the page's first section that are no names.
INTERNAL = {"begun", "due", "done", "keep", "deleted", "details", "own_details", "late_span", "noted", "signature"}


def named(section: str) -> set[str]:
    """The names in the first column of a section's table."""
    body = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return {re.split(r"\W", word)[0] for row in re.findall(r"^\| (`.*?) \|", body, re.MULTILINE) for word in re.findall(r"`([^`]*)`", row)}


def public(kind: type) -> set[str]:
    names = {name for name, _ in inspect.getmembers(kind) if not name.startswith("_")}
    return (names | {name for base in kind.__mro__ for name in getattr(base, "__slots__", ()) if not name.startswith("_")}) - INTERNAL


KINDS: dict[str, type[Any]] = {
    "DeadlineResult": results.GeneralDeadline,
    "RequirementResult": results.RequirementResult,
    "AdmissionResult": results.AdmissionResult,
    "RetentionResult": results.RetentionResult,
}


@pytest.mark.parametrize("section", KINDS)
def test_results_with_an_outcome(section: str) -> None:
    assert named(section) | named(SHARED) == public(KINDS[section])


@pytest.mark.parametrize("kind", [results.SeverityResult, results.ResponsibilityResult, results.PenaltyResult], ids=lambda kind: kind.__name__)
def test_other_results(kind: type) -> None:
    assert named(kind.__name__) == public(kind)


def test_the_decision() -> None:
    assert named("Decision") == public(Decision)
