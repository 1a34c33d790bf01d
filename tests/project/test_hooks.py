"""The pages of the hooks: one a hook, its signature the real one, its example run, and a test that names it."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from complaint_policy.plugins.contributions import HOOKS
from complaint_policy.plugins.hookspecs import HookSpecs
from tests.project.tree import ROOT

PAGES = ROOT / "docs" / "hooks"
PLUGINS = (ROOT / "docs" / "plugins.md").read_text("utf-8")
PREFIX = "complaint_policy_"
NAMES = [name for name in vars(HookSpecs) if name.startswith(PREFIX)]
TESTS = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__))


def page(hook: str) -> str:
    return (PAGES / f"{hook.removeprefix(PREFIX)}.md").read_text("utf-8")


def block(text: str, mark: str) -> str:
    (found,) = re.findall(rf"^```python {mark}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return str(found)


def test_every_hook_has_a_page_and_no_page_is_stray() -> None:
    assert set(NAMES) == set(HOOKS)
    assert {file.stem for file in PAGES.glob("*.md")} == {name.removeprefix(PREFIX) for name in NAMES}


@pytest.mark.parametrize("hook", NAMES)
def test_the_page_has_the_real_signature(hook: str) -> None:
    signature = inspect.signature(getattr(HookSpecs, hook))
    returned = signature.return_annotation
    plain = signature.replace(return_annotation=inspect.Signature.empty)
    assert block(page(hook), "signature").strip() == f"def {hook}{plain} -> {returned}"
    assert page(hook).startswith("# ")
    assert f"`{hook}`\n" in page(hook).splitlines(keepends=True)[0]


@pytest.mark.parametrize("part", ["What for", "When it is called", "What it gives", "How results combine", "When it fails"])
def test_every_page_answers_the_same_questions(part: str) -> None:
    assert [hook for hook in NAMES if f"**{part}.**" not in page(hook)] == []


@pytest.mark.parametrize("hook", NAMES)
def test_the_example_runs(hook: str) -> None:
    code = block(page(hook), "example")
    assert f"def {hook}(self)" in code
    assert "assert " in code
    exec(compile(code, f"docs/hooks/{hook}", "exec"), {"__name__": "example"})


def test_the_five_minutes_run() -> None:
    code = block(PLUGINS, "example")
    assert "assert " in code
    exec(compile(code, "docs/plugins.md", "exec"), {"__name__": "example"})


def test_the_page_of_plugins_leads_to_every_hook() -> None:
    linked = re.findall(r"\(hooks/(\w+)\.md\) \|$", PLUGINS, re.MULTILINE)
    assert linked == [hook.removeprefix(PREFIX) for hook in NAMES]  # in the order of the hooks


@pytest.mark.parametrize("hook", NAMES)
def test_a_test_names_it(hook: str) -> None:
    assert hook in TESTS
