"""Plugins on the command line: none unless asked for, by name, and told of when they fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run

PLUGIN = '''
from complaint_policy.plugins import DerivedFact, Text, hookimpl

version = "3.0"


def shout(description):
    return description.isupper()


@hookimpl
def complaint_policy_facts():
    return [DerivedFact(name="shouted", kind="boolean", title=Text("Shouted", "大写"), reads=("description",), function=shout)]
'''
POLICY = """
format: 1
policy: test/shouting
effective: {from: 2020-01-01}
timezone: Asia/Shanghai
plugins: [shouting]
requirements: [{id: RQ-calm, before: closed_at, require: {shouted: false}}]
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shouting.py").write_text(PLUGIN, "utf-8")
    (tmp_path / "policy.yaml").write_text(POLICY, "utf-8")
    (tmp_path / "records.csv").write_text(
        "id,received_at,closed_at,description\n1,2026-05-01 10:00,2026-05-02 10:00,HELP\n2,2026-05-01 10:00,2026-05-02 10:00,help\n", "utf-8"
    )
    (tmp_path / "broken.py").write_text("raise ZeroDivisionError\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_file_is_a_plugin(cli: Run, files: Path) -> None:
    ran = cli("audit", "policy.yaml", "records.csv", "--as-of", "2026-06-01T00:00", "--plugin", "shouting=shouting.py", "--format", "json")
    assert ran.status == 0, ran.err
    assert {k: v for k, v in ran.data["rules"][0]["outcomes"].items() if v} == {"met": 1, "breached": 1}
    assert cli("check", "policy.yaml", "--plugin", "shouting=shouting.py").status == 0


def test_without_it_or_disabled_the_policy_is_refused(cli: Run, files: Path) -> None:
    without = cli("check", "policy.yaml")
    assert without.status == 2
    assert "unknown-plugin" in without.out
    off = cli("check", "policy.yaml", "--plugin", "shouting=shouting.py", "--disable-plugin", "shouting", "--lang", "zh")
    assert off.status == 2
    assert "已停用" in off.out


def test_they_are_listed(cli: Run, files: Path) -> None:
    ran = cli("plugins", "--plugin", "shouting=shouting.py", "--format", "json")
    assert ran.data["plugins"][-1]["name"] == "shouting"
    assert ran.data["plugins"][-1]["facts"] == ["shouted"]
    shown = cli("plugins", "--plugin", "shouting=shouting.py", "--lang", "zh")
    assert "shouting" in shown.out and "3.0" in shown.out and "事实 1" in shown.out


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("shouting", "NAME=MODULE"),
        ("shouting=nowhere.py", "there is no file 'nowhere.py'"),
        ("shouting=broken.py", "plugin 'shouting': importing 'broken.py': it raised ZeroDivisionError"),
        ("shouting=no_such_module", "it raised ModuleNotFoundError: No module named 'no_such_module'"),
        ("telecom=shouting.py", "already"),
    ],
)
def test_what_cannot_be_loaded_is_told_in_one_line(cli: Run, files: Path, given: str, said: str) -> None:
    if given.startswith("telecom"):
        given = given.replace("telecom", "built-in")
    ran = cli("plugins", "--plugin", given)
    assert ran.status == 2
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_the_schema_has_what_plugins_add(cli: Run, files: Path) -> None:
    ran = cli("schema", "--plugin", "shouting=shouting.py")
    assert '"plugins"' in ran.out


def test_what_is_left_out_is_said_beside_the_results(cli: Run, files: Path) -> None:
    """The cause, not only that what the plugin brings is unknown."""
    (files / "misspelt.py").write_text(PLUGIN.replace("complaint_policy_facts", "complaint_policy_fact"), "utf-8")
    ran = cli("check", "insurance/claims", "--plugin", "shouting=misspelt.py")
    assert ran.status == 2
    assert "left out: plugin 'shouting', registration: there is no hook 'complaint_policy_fact'" in ran.err
    assert "left out are the plugins: shouting" in ran.out
    listed = cli("plugins", "--plugin", "shouting=misspelt.py")
    assert "there is no hook 'complaint_policy_fact'" in listed.out and "left out" not in listed.err


def test_policies_of_plugins_are_listed(cli: Run, files: Path) -> None:
    folder = files / "carried" / "shop" / "calm"
    folder.mkdir(parents=True)
    (folder / "2020-01-01.yaml").write_text(POLICY.replace("test/shouting", "shop/calm"), "utf-8")
    carried = "\n\n@hookimpl\ndef complaint_policy_policy_folders():\n    from pathlib import Path\n\n    return [Path('carried')]\n"
    (files / "carrying.py").write_text(PLUGIN + carried, "utf-8")
    assert cli("list", "--plugin", "shouting=carrying.py", "--format", "json").data[-1]["policy"] == "shop/calm"
    near = cli("check", "shop/clam", "--plugin", "shouting=carrying.py")
    assert "did you mean 'shop/calm'?" in near.out
