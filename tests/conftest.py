"""What holds for every test: with COMPLAINT_POLICY_NO_SKIPS=1 a skipped test is a failed test.

A test that needs something beyond Python is skipped by name where that is absent; on the machine
that judges a change everything is there, and a skip would hide a test that never runs.

Properties are tried on the same examples in every run.  COMPLAINT_POLICY_FUZZ=1 searches 5,000 random
examples a property instead, and a larger number searches that many; what it finds is pinned by an
``@example``.  A property that fixes its own ``derandomize`` or ``max_examples`` keeps it.
"""
from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

NO_SKIPS = os.environ.get("COMPLAINT_POLICY_NO_SKIPS") == "1"
FUZZ = int(os.environ.get("COMPLAINT_POLICY_FUZZ") or 0)

settings.register_profile("same", derandomize=True, deadline=None, max_examples=200, print_blob=True)
settings.register_profile("fuzz", deadline=None, max_examples=5_000 if FUZZ == 1 else max(FUZZ, 1), print_blob=True)
settings.load_profile("fuzz" if FUZZ else "same")


# What takes minutes begins first, so that no worker is left alone with it at the end.
_LONG = frozenset({"spark", "equality", "benchmarks"})


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not _LONG & set(item.path.parts))


def _refused(report: pytest.TestReport | pytest.CollectReport) -> None:
    # An expected failure also reports as skipped; only real skips are meant.
    if NO_SKIPS and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}\nskipped, which COMPLAINT_POLICY_NO_SKIPS forbids. {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refused(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refused(report)
    return report
