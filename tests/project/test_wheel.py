"""The wheel: what travels in it, and that it works outside the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.project.tree import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_policies_travel(names: set[str]) -> None:
    shipped = {f"complaint_policy/policies/{p.relative_to(ROOT / 'policies').as_posix()}" for p in (ROOT / "policies").rglob("*.yaml")}
    assert shipped
    assert shipped <= names


def test_the_package_travels_and_nothing_else(names: set[str]) -> None:
    sources = {p.relative_to(ROOT).as_posix() for p in (ROOT / "complaint_policy").rglob("*") if p.suffix in (".py", ".json", ".typed")}
    assert sources <= names
    assert {"complaint_policy/py.typed", "complaint_policy/audit/mapping.schema.json"} <= names
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"complaint_policy"}
    assert [name for name in names if "tests" in Path(name).parts or Path(name).name.startswith("test_") or name.endswith(".pyc")] == []


def test_it_works_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "installed"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target", str(target), str(wheel)]
    subprocess.run(install, check=True, cwd=tmp_path)
    code = (
        "import json, complaint_policy as c; d = c.load_policy('cn/base');"
        "print(json.dumps([c.__file__, c.__version__, list(c.shipped_policies()), d.id]))"
    )
    environment = {**os.environ, "PYTHONPATH": str(target)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)

    where, version, shipped, loaded = json.loads(done.stdout)
    assert Path(where).is_relative_to(target)
    assert wheel.name.startswith(f"complaint_policy-{version}-")
    assert shipped == sorted({f.parent.relative_to(ROOT / "policies").as_posix() for f in (ROOT / "policies").glob("*/*/*.yaml") if f.parts[-3] != "templates"})
    assert len(shipped) > 4
    assert loaded == "cn/base"
