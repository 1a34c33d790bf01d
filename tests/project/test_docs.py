"""The pages: every YAML example is loaded, every example test passes, every table is in step with the code."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from complaint_policy import Policy, PolicyError, load_policy_text
from complaint_policy.audit.messages import MAPPING_PROBLEMS
from complaint_policy.cases import run_cases
from complaint_policy.counting import CONVENTIONS
from complaint_policy.expressions.parse_conditions import TEST_KEYS
from complaint_policy.expressions.parse_instants import INSTANT_KEYS, SPAN_KEYS
from complaint_policy.expressions.parse_values import VALUE_KEYS
from complaint_policy.fields import CORE_FIELDS, FIELD_TYPES
from complaint_policy.lengths import UNIT_KEYS, UNITS
from complaint_policy.messages import PROBLEMS
from complaint_policy.outcomes import STATUS_ORDER
from complaint_policy.registry import BUILTIN_KINDS
from complaint_policy.schema_check import policy_schema
from complaint_policy.schemas import BASELINE_KEYS
from docs.images import make
from tests.project.tree import ROOT

DOCS = ROOT / "docs"
LANGUAGE = (DOCS / "language.md").read_text("utf-8")
_BLOCK = re.compile(r"^```yaml(?P<mark>[^\n]*)\n(?P<body>.*?)^```", re.DOTALL | re.MULTILINE)


class Example(NamedTuple):
    line: int
    kind: str  # policy, fragment, wrong
    code: str  # of the problem a wrong one shows
    text: str


def examples() -> list[Example]:
    found = []
    for block in _BLOCK.finditer(LANGUAGE):
        kind, _, code = block["mark"].strip().partition(" ")
        found.append(Example(LANGUAGE.count("\n", 0, block.start()) + 1, kind, code, block["body"]))
    return found


def sections(text: str) -> dict[str, str]:
    """The text of each top-level key."""
    parts = re.split(r"^(?=[a-z_]+:)", text, flags=re.MULTILINE)
    return {part.partition(":")[0]: part for part in parts if part.strip()}


HEAD = {k: v for k, v in sections(examples()[0].text).items() if k not in ("deadlines", "tests")}


def whole(example: Example) -> str:
    """A fragment in a file with the head of the page's first policy."""
    return example.text if example.kind == "policy" else "".join({**HEAD, **sections(example.text)}.values())


def loaded(example: Example) -> Policy:
    return load_policy_text(whole(example), name=f"docs/language.md@{example.line}")


good = pytest.mark.parametrize("example", [e for e in examples() if e.kind != "wrong"], ids=lambda e: f"line-{e.line}")
wrong = pytest.mark.parametrize("example", [e for e in examples() if e.kind == "wrong"], ids=lambda e: e.code)


def test_every_example_is_marked() -> None:
    assert {e.kind for e in examples()} == {"policy", "fragment", "wrong"}
    assert LANGUAGE.count("```yaml") == len(examples())
    assert len(examples()) > 20


@good
def test_every_example_loads_and_its_tests_pass(example: Example) -> None:
    failed = [str(d.message) for case in run_cases(loaded(example)) for d in case.differences]
    assert failed == []


@wrong
def test_every_wrong_example_is_refused_as_said(example: Example) -> None:
    with pytest.raises(PolicyError) as caught:
        loaded(example)
    assert {p.code for p in caught.value.problems} == {example.code}


# --------------------------------------------------------------------------- nothing untold
def test_every_section_is_taught() -> None:
    schema = policy_schema(BUILTIN_KINDS)
    assert [key for key in schema["properties"] if f"`{key}" not in LANGUAGE and f"{key}:" not in LANGUAGE] == []
    assert [kind.key for kind in BUILTIN_KINDS if f"\n## {kind.key.capitalize()}\n" not in LANGUAGE] == []


@pytest.mark.parametrize("keys", [INSTANT_KEYS, SPAN_KEYS, VALUE_KEYS, TEST_KEYS, BASELINE_KEYS, STATUS_ORDER, FIELD_TYPES, UNITS], ids=lambda k: k[0])
def test_every_word_is_taught(keys: tuple[str, ...]) -> None:
    skipped = set(UNIT_KEYS) - {"days", "working_days", "hours"}
    assert [k for k in keys if k not in skipped and not re.search(rf"[`{{ ]{k}[`: ,]", LANGUAGE)] == []


def test_every_rule_key_is_taught() -> None:
    """The keys of every room's rules and of the frame stand in the page."""
    schema = policy_schema(BUILTIN_KINDS)["properties"]
    keys: set[str] = set()
    for kind in BUILTIN_KINDS:
        piece = schema[kind.key]
        keys |= set(piece.get("properties", {})) | set(piece.get("items", {}).get("properties", {}))
        for inner in (*piece.get("properties", {}).values(), *piece.get("items", {}).get("properties", {}).values()):
            keys |= set(inner.get("properties", {})) | set(inner.get("items", {}).get("properties", {}))
    assert [k for k in sorted(keys) if not re.search(rf"`(\{{[^`]*)?{k}\b", LANGUAGE)] == []


def test_the_conventions_are_those_of_the_code() -> None:
    table = dict(re.findall(r"^\| `(\w+)` \| (`[^|]*`) \| (?:days|working)[^|]*\|", LANGUAGE, re.MULTILINE))
    assert {key: tuple(re.findall(r"`(\w+)`", values)) for key, values in table.items()} == CONVENTIONS


def test_the_core_fields_are_those_of_the_code() -> None:
    text = LANGUAGE[LANGUAGE.index("**Core fields**") :]
    listed = re.search(r"`(id .*?)`", text, re.DOTALL)
    assert listed is not None
    assert listed[1].split() == list(CORE_FIELDS)


# --------------------------------------------------------------------------- problems
def test_the_page_of_problems_is_in_step() -> None:
    page = (DOCS / "problems.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `([a-z0-9-]+)` \| (.*?) \| .{15,} \|$", page, re.MULTILINE))
    codes = {code: message for code, (message, _) in PROBLEMS.items()} | MAPPING_PROBLEMS
    expected = {code: f"{text.en}<br>{text.zh}".replace("{{", "{").replace("}}", "}") for code, text in codes.items()}
    stale = [code for code in rows if code not in expected]
    lacking = [f"| `{code}` | {shown} | what it means, and what to do |" for code, shown in expected.items() if rows.get(code) != shown]
    assert not stale, f"no such problem: {stale}"
    assert not lacking, "rows of docs/problems.md to write or to mend:\n" + "\n".join(lacking)


# --------------------------------------------------------------------------- the readmes
@pytest.mark.slow
@pytest.mark.parametrize("picture", make.PICTURES, ids=lambda p: str(p[0]))
def test_the_pictures_show_what_is_printed(picture: tuple[str, str, tuple[str, ...]]) -> None:
    language, name, titles = picture
    drawn = (DOCS / "images" / name).read_text("utf-8")
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "").replace("https://www.textualize.io", "")
    shown = "".join(html.unescape(t) for t in re.findall(r"<text [^>]*>([^<]*)</text>", drawn))
    printed = make.excerpt(make.printed(language), titles)
    assert "".join(printed.split()) in "".join(shown.split()), "run: make images"


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_five_lines_of_python_run(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / page).read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len([line for line in code.splitlines() if line]) <= 5
    exec(compile(code, page, "exec"), {})
    assert capsys.readouterr().out.startswith("breached operator ")


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_readme_is_one_screen_and_names_the_audit(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert len(text.splitlines()) < 90
    assert " ".join(("complaint-policy", *make.COMMAND)) in text
    assert all(f"make {target}" in text for target in ("demo", "test"))


# --------------------------------------------------------------------------- links and names
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "examples").rglob("*.md"), *(ROOT / "policies").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        if "://" in target:
            continue
        file = (page.parent / path) if path else page
        if not file.exists() or (anchor and anchor not in anchors(file.read_text("utf-8"))):
            broken.append(target)
    assert broken == []


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_named_path_exists(page: Path) -> None:
    named = set(re.findall(r"`((?:complaint_policy|tests|docs|policies|examples|benchmarks)/[\w./-]+)`", page.read_text("utf-8")))
    assert [p for p in sorted(named) if not (ROOT / p).exists()] == []
