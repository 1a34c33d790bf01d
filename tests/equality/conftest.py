"""The counts of the run, shown at its end with ``-s`` or ``-v`` and after fresh seeds."""

from __future__ import annotations

import os

import pytest

from tests.equality.counts import MET, table_of


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    asked = config.getoption("capture") == "no" or config.getoption("verbose") > 0 or os.environ.get("COMPLAINT_POLICY_FUZZ")
    if MET and asked:
        terminalreporter.section("what the drawn policies and tables held")
        terminalreporter.write_line(table_of(MET))
