"""The example's own tests, as its author runs them."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.project.tree import ROOT

PLUGIN = ROOT / "examples" / "plugin_insurance"


def test_the_examples_own_tests_pass() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=PLUGIN, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout
