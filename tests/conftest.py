"""What holds for every test: with COMPLAINT_POLICY_NO_SKIPS=1 a skipped test is a failed test.

A test that needs something beyond Python is skipped by name where that is absent; on the machine
that judges a change everything is there, and a skip would hide a test that never runs.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

NO_SKIPS = os.environ.get("COMPLAINT_POLICY_NO_SKIPS") == "1"


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
