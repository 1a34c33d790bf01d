"""A package that holds one plugin, small and whole: the files that ``new-plugin`` writes.

``@NAME@`` stands for the name policies use, ``@IDENT@`` for the same as a name of Python.
"""

from __future__ import annotations

import re
from typing import Final

from complaint_policy.versions import library_version

__all__ = ["NAME", "files_of"]

NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,40}")

_PYPROJECT: Final = """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "complaint-policy-@NAME@"
version = "0.1.0"
description = "FILL IN: what this plugin adds to complaint_policy"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["complaint-policy>=@VERSION@"]

[project.optional-dependencies]
dev = ["complaint-policy[audit,cli]>=@VERSION@", "pytest>=8.3"]

# The name on the left is what policies write: `plugins: [@NAME@]`.
[project.entry-points.complaint_policy]
@NAME@ = "complaint_policy_@IDENT@"

# Every file below the package travels in the wheel, the policies too.
[tool.hatch.build.targets.wheel]
packages = ["src/complaint_policy_@IDENT@"]

[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = ["src"]
"""

_MODULE: Final = '''\
"""FILL IN: what this plugin adds to complaint_policy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from complaint_policy.plugins import DerivedFact, Field, Text, hookimpl

if TYPE_CHECKING:
    import polars as pl

__all__ = ["version"]

version = "0.1.0"  # change it whenever a function may give another answer: decisions name it


@hookimpl
def complaint_policy_policy_folders() -> list[Path]:
    return [Path(__file__).parent / "policies"]


@hookimpl
def complaint_policy_record_fields() -> list[Field]:
    return [Field("@IDENT@_reference", "string", Text("Reference", "编号"))]


@hookimpl
def complaint_policy_facts() -> list[DerivedFact]:
    return [
        DerivedFact(
            name="@IDENT@_reference_is_right",
            kind="boolean",
            title=Text("Reference is right", "编号正确"),
            reads=("@IDENT@_reference",),
            function=reference_is_right,
            column=reference_is_right_column,
        )
    ]


def reference_is_right(reference: str) -> bool:
    """Whether the digits of a reference add up to a multiple of ten, and not to zero."""
    total = sum(int(sign) for sign in reference if sign in "0123456789")
    return total > 0 and total % 10 == 0


def reference_is_right_column(reference: pl.Expr) -> pl.Expr:
    """The same for a column, which keeps audits fast; leave it out where it is not easy to write."""
    total = sum((reference.str.count_matches(str(digit), literal=True) * digit for digit in range(2, 10)), reference.str.count_matches("1", literal=True))
    return (total > 0) & (total % 10 == 0)
'''

_POLICY: Final = """\
format: 1
policy: @IDENT@/complaints
effective: {from: 2026-01-01}
title: {en: "FILL IN: Complaints", zh: 请填写：投诉处理}
timezone: Asia/Shanghai
plugins: [@NAME@]

sources:
  house: {title: {en: House rules, zh: 内部制度}, status: company}

severity:
  levels: [general, major]
  rules:
    - {id: SEV-major, title: {en: Injury, zh: 人身伤害}, level: major, when: {injury: true}, source: {ref: house}}
  otherwise: general

deadlines:
  - {id: DL-answer, title: {en: Answer, zh: 答复}, from: received_at, to: responded_at, within: 15 days, source: {ref: house}}

requirements:
  - id: RQ-reference
    title: {en: The case can be found, zh: 可查到案件}
    require: {@IDENT@_reference_is_right: true}
    before: responded_at
    source: {ref: house}

tests:
  # 1 + 9 = 10. Fifteen days after 2 March are over at the end of the 17th.
  - name: A right reference, answered on the last day
    as_of: 2026-03-20T09:00
    record: {id: A, received_at: 2026-03-02T09:00, responded_at: 2026-03-17T23:00, injury: false, @IDENT@_reference: AB-19}
    expect: {severity: general, outcomes: {DL-answer: met, RQ-reference: met}}
    covers: {SEV-major: [near_miss], DL-answer: [border], RQ-reference: [hit]}
  # 1 + 8 = 9.
  - name: A wrong reference, answered an hour later
    as_of: 2026-03-20T09:00
    record: {id: B, received_at: 2026-03-02T09:00, responded_at: 2026-03-18T00:00, injury: true, @IDENT@_reference: AB-18}
    expect: {severity: major, outcomes: {DL-answer: breached, RQ-reference: breached}}
    covers: {SEV-major: [hit], DL-answer: [near_miss], RQ-reference: [near_miss]}
  - name: Without a reference nothing is guessed
    as_of: 2026-03-20T09:00
    record: {id: C, received_at: 2026-03-02T09:00, responded_at: 2026-03-03T09:00, injury: false}
    expect: {outcomes: {DL-answer: met, RQ-reference: indeterminate}, missing: {RQ-reference: [@IDENT@_reference]}}
    covers: {DL-answer: [hit], RQ-reference: [missing]}
"""

_TESTS: Final = '''\
"""What the plugin promises, and its own answers."""

from __future__ import annotations

import pytest
from complaint_policy.testing import assert_plugin_conforms

import complaint_policy_@IDENT@
from complaint_policy_@IDENT@ import reference_is_right


def test_it_conforms() -> None:
    records = [{"received_at": "2026-03-02T09:00", "@IDENT@_reference": "AB-19"}, {"received_at": "2026-03-02T09:00", "@IDENT@_reference": "AB-18"}]
    assert_plugin_conforms(complaint_policy_@IDENT@, name="@NAME@", records=records)


@pytest.mark.parametrize(("reference", "right"), [("AB-19", True), ("AB-18", False), ("", False), ("none", False)])
def test_references(reference: str, right: bool) -> None:
    assert reference_is_right(reference) is right
'''

_README: Final = """\
# complaint-policy-@NAME@

FILL IN: what this plugin adds to `complaint_policy`. 请填写：本插件为 `complaint_policy` 增加了什么。

    pip install -e '.[dev]'
    pytest
    complaint-policy plugins --plugins
    complaint-policy test @IDENT@/complaints --plugins

What else a plugin can add: `docs/plugins.md` of the library, and a page for each hook. 插件还能增加什么，见本库的 `docs/plugins.md` 及各钩子的说明。
"""


def files_of(name: str) -> dict[str, str]:
    """The files of a package for a plugin of that name, by their paths."""
    ident = name.replace("-", "_")
    package = f"src/complaint_policy_{ident}"
    templates = {
        "pyproject.toml": _PYPROJECT,
        "README.md": _README,
        f"{package}/__init__.py": _MODULE,
        f"{package}/py.typed": "",
        f"{package}/policies/{ident}/complaints/2026-01-01.yaml": _POLICY,
        f"tests/test_{ident}.py": _TESTS,
    }
    words = {"@NAME@": name, "@IDENT@": ident, "@VERSION@": library_version}
    return {path: re.sub("@[A-Z]+@", lambda found: words[found[0]], text) for path, text in templates.items()}
