"""The public surface: the names of the package, what importing it costs, and that its types travel."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from types import ModuleType

import pytest

import complaint_policy
from complaint_policy.messages import PROBLEMS
from tests.project.tree import PACKAGE, ROOT, imports, modules

# What only some calls need is imported by those calls.
HEAVY = ("jsonschema", "holidays", "re2", "polars", "pyarrow", "click", "rich", "hypothesis", "importlib.resources.readers")


def visible(module: ModuleType) -> set[str]:
    """What ``module.`` offers: public names that are no modules."""
    return {name for name, value in vars(module).items() if not name.startswith("_") and not isinstance(value, ModuleType)}


def test_all_is_what_there_is() -> None:
    assert list(complaint_policy.__all__) == sorted(complaint_policy.__all__)
    for name in complaint_policy.__all__:
        assert getattr(complaint_policy, name) is not None, name
    machinery = {"Any", "TYPE_CHECKING", "import_module"}
    assert visible(complaint_policy) - machinery == set(complaint_policy.__all__) - {"__version__"}
    assert set(complaint_policy.__all__) <= set(dir(complaint_policy))


def test_names_come_from_where_type_checkers_see_them() -> None:
    """Names are imported when first used; the imports that tools read say the same."""
    typed = {one.target for one in imports() if one.module == "" and one.typing_only}
    found = {f"complaint_policy.{home}.{name}" for home, names in complaint_policy._HOMES.items() for name in names}
    assert typed == found
    assert {name.rpartition(".")[2] for name in typed} == set(complaint_policy.__all__) - {"__version__"}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="load_polcy"):
        complaint_policy.load_polcy  # noqa: B018


def test_the_surface_is_small() -> None:
    assert len(complaint_policy.__all__) <= 30
    assert {"load_policy", "Policy", "Decision", "PolicyError", "ComplaintPolicyError"} <= set(complaint_policy.__all__)


@pytest.mark.parametrize("module", [m for m in modules() if m and m != "__main__"])
def test_every_all_names_what_is_there(module: str) -> None:
    imported = importlib.import_module(f"complaint_policy.{module}")
    for name in getattr(imported, "__all__", ()):
        assert hasattr(imported, name), f"{module}.__all__ names {name}"


def test_the_public_packages_say_what_they_export() -> None:
    for package in ("calendars", "audit"):
        imported = importlib.import_module(f"complaint_policy.{package}")
        errors = {name for name in visible(imported) if name in complaint_policy.__all__}  # raised there, exported here
        assert set(imported.__all__) == visible(imported) - errors


def test_every_error_is_ours() -> None:
    errors = importlib.import_module("complaint_policy.errors")
    for name in errors.__all__:
        assert issubclass(getattr(errors, name), complaint_policy.ComplaintPolicyError), name


def test_importing_is_light() -> None:
    code = f"import complaint_policy, json, sys; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_the_version_is_one() -> None:
    assert re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", complaint_policy.__version__)
    assert f"## {complaint_policy.__version__} " in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_types_travel() -> None:
    assert (PACKAGE / "py.typed").is_file()


def test_every_problem_has_a_hint() -> None:
    """Whoever reads a problem is told what to do, in both languages."""
    assert [code for code, (_, hint) in PROBLEMS.items() if hint is None or not hint.en or not hint.zh] == []
