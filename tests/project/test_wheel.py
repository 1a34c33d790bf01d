"""The wheel: what travels in it, and that it works outside the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.project.tree import ROOT

pytestmark = pytest.mark.slow


def built(source: Path, folder: Path) -> Path:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(ROOT, tmp_path_factory.mktemp("wheel"))


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


# --------------------------------------------------------------------------- a plugin beside it
PLUGIN = ROOT / "examples" / "plugin_insurance"
NAME = "insurance/claims_complaints"


class Installed:
    """A clean environment with the two wheels; what they depend on is this one's."""

    def __init__(self, folder: Path, wheels: list[Path]) -> None:
        self.folder = folder
        self.python = folder / "venv" / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
        (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target", str(site), *map(str, wheels)]
        subprocess.run(install, check=True, cwd=folder)
        # A path in a .pth is a path only: the editable installation of this checkout is not found through it.
        (site / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n", "utf-8")

    def run(self, *arguments: str, status: int = 0) -> str:
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | {"LANG": "C.UTF-8"}
        done = subprocess.run([str(self.python), *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def command(self, *arguments: str, status: int = 0) -> str:
        return self.run("-m", "complaint_policy", *arguments, "--lang", "en", status=status)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("beside")
    return Installed(folder, [wheel, built(PLUGIN, folder)])


def test_a_plugin_is_found_where_it_is_asked_for(installed: Installed) -> None:
    code = f"""if True:
        import complaint_policy as c, json
        from complaint_policy.plugins import make_manager
        manager = make_manager(entry_points=True, strict=True)
        plugin = manager.plugin("insurance")
        policy = c.load_policy("{NAME}", plugins=manager)
        record = dict(id="C-1", received_at="2026-03-02T09:00", claim_number="4539-1488 0341", responded_at="2026-03-03T09:00")
        decision = policy.evaluate(record, as_of="2026-03-04T09:00")
        audit = policy.audit([record], as_of="2026-03-04T09:00")
        outcomes = [decision.outcomes["RQ-number"], audit.decisions["RQ-number.outcome"][0]]
        print(json.dumps([c.__file__, plugin.origin, plugin.version, outcomes, decision.to_dict()["engine"]["plugins"], make_manager().names]))
    """
    where, origin, version, outcomes, used, without = json.loads(installed.run("-c", code))
    assert Path(where).is_relative_to(installed.folder)
    assert (origin, version) == ("complaint-policy-insurance 1.0.0", "1.0.0")
    assert outcomes == ["breached", "breached"]  # the Luhn sum is 61
    assert used == [{"name": "insurance", "version": "1.0.0"}]
    assert "insurance" not in without


def test_it_works_from_the_command_line_and_disappears_when_disabled(installed: Installed) -> None:
    (installed.folder / "records.csv").write_text("id,received_at,responded_at,claim_number\nC-1,2026-03-02 09:00,2026-03-03 09:00,453914880340\n", "utf-8")
    assert "all 3 tests pass" in installed.command("test", NAME, "--plugins")
    shown = installed.command("audit", NAME, "records.csv", "--as-of", "2026-03-04T09:00", "--plugins")
    assert "Promises kept" in shown
    assert "unknown-policy" in installed.command("check", NAME, status=2)
    assert "unknown-policy" in installed.command("check", NAME, "--plugins", "--disable-plugin", "insurance", status=2)
    (installed.folder / "own.yaml").write_text(OWN, "utf-8")
    assert "no problems" in installed.command("check", "own.yaml", "--plugins")
    assert "plugin-disabled" in installed.command("check", "own.yaml", "--plugins", "--disable-plugin", "insurance", status=2)


OWN = """
format: 1
policy: mine/claims
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
currency: CNY
plugins: [insurance]
claims: {excess: 100, yearly_depreciation: 0.2}
requirements: [{id: RQ-number, title: {en: Number, zh: 编号}, require: {claim_number_is_right: true}, before: responded_at}]
"""
