"""``new-plugin``: a package written out that passes its own tests as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.project.tree import ROOT


def test_what_is_written_passes_its_own_tests(cli: Run, tmp_path: Path) -> None:
    folder = tmp_path / "parcels"
    ran = cli("new-plugin", "last-mile", "--output", folder)
    assert (ran.status, ran.out) == (0, "")
    assert f"written: {folder}" in ran.err
    assert not [file for file in folder.rglob("*") if file.is_file() and "@" in file.read_text("utf-8").replace("@hookimpl", "").replace("@pytest", "")]
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout
    assert "last-mile" in (folder / "pyproject.toml").read_text("utf-8")


def test_it_is_clean_code(cli: Run, tmp_path: Path) -> None:
    cli("new-plugin", "parcels", "--output", tmp_path / "parcels")
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--line-length", "160", "--select", "E,F,W,I,UP,B", "."]
    done = subprocess.run(command, cwd=tmp_path / "parcels", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_nothing_is_written_over(cli: Run, tmp_path: Path) -> None:
    ran = cli("new-plugin", "parcels", "--output", tmp_path)
    assert ran.status == 2
    assert "cannot write" in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["Parcels", "1st", "a b", "../up", "a.b"])
def test_a_name_policies_could_not_write_is_refused(cli: Run, name: str, tmp_path: Path) -> None:
    ran = cli("new-plugin", name, "--output", tmp_path / "x", "--lang", "zh")
    assert ran.status == 2
    assert "不能作为插件名" in ran.err
    assert not (tmp_path / "x").exists()


def test_programs_get_the_list_of_files(cli: Run, tmp_path: Path) -> None:
    data = cli("new-plugin", "parcels", "--output", tmp_path / "p", "--format", "json").data
    assert data["plugin"] == "parcels"
    assert all((tmp_path / "p" / file).is_file() for file in data["files"])
    assert len(data["files"]) == 6
