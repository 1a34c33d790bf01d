"""COMPLAINT_POLICY_NO_SKIPS=1 turns every skip into a failure that says what was needed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.tree import ROOT

TESTS = """\
import pytest

def test_passes():
    pass

@pytest.mark.skipif(True, reason="needs a browser")
def test_marked():
    pass

def test_inside():
    pytest.skip("needs Java")

@pytest.mark.xfail(reason="known")
def test_expected_failure():
    assert False
"""


def run(folder: Path, no_skips: str) -> tuple[int, str]:
    shutil.copy(ROOT / "tests" / "conftest.py", folder)
    (folder / "pytest.ini").write_text("[pytest]\n")
    environment = {**os.environ, "COMPLAINT_POLICY_NO_SKIPS": no_skips}
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-ra", str(folder)], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_a_skip_is_a_skip_at_home(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    status, output = run(tmp_path, "")
    assert status == 0, output
    assert "1 passed, 2 skipped, 1 xfailed" in output


def test_and_a_failure_where_everything_is_there(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    status, output = run(tmp_path, "1")
    assert status == 1, output
    assert "1 failed, 1 passed, 1 xfailed, 1 error" in output  # one is skipped before it is set up
    assert "needs a browser" in output
    assert "needs Java" in output


def test_a_module_that_skips_itself_too(tmp_path: Path) -> None:
    (tmp_path / "test_module.py").write_text('import pytest\n\npytest.skip("needs a database", allow_module_level=True)\n')
    status, output = run(tmp_path, "1")
    assert status != 0, output
    assert "needs a database" in output


@pytest.mark.parametrize("script", [".ci/run"])
def test_the_script_sets_it(script: str) -> None:
    text = (ROOT / script).read_text("utf-8")
    assert "export COMPLAINT_POLICY_NO_SKIPS=1" in text
    assert "make test" in text
    assert (ROOT / script).stat().st_mode & 0o111


def test_only_what_reads_the_real_records_may_be_left_out() -> None:
    """Nothing installs them on a bare machine; everything else runs there."""
    text = (ROOT / ".ci" / "run").read_text("utf-8")
    assert text.count("PYTEST_ADDOPTS=") == 1
    assert "-m 'not records'\"" in text
    users = {path.name for path in (ROOT / "tests").rglob("*.py") if "mark." + "records" in path.read_text("utf-8")}
    assert users == {"test_real_records.py"}
