"""Every file here is wrong or hostile: it is refused at the right place, with words a person can use, quickly.

What is expected stands in the first lines of each file::

    # expect: 7:12 unknown-field | did you mean 'amount_claimed'?

a line and column, a code and, after ``|``, a part of the rendered problem.  A file has these problems
and no others, unless a line ``# and more`` says that others follow from them.  A folder holds versions;
its problems stand in the file they are expected in.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from complaint_policy import PolicyError, load_policy
from complaint_policy.loader import check_policy, load_policy_text
from complaint_policy.problems import Problem
from tests.work import Bounded

HERE = Path(__file__).resolve().parent
FILES = sorted(HERE.glob("*.yaml"))
FOLDERS = sorted(p for p in (HERE / "folders").iterdir() if p.is_dir())
# Calls a refusal may make; an ordinary load of a shipped policy makes some 200,000.
CALLS = 3_000_000

_EXPECT = re.compile(r"# expect: (\d+):(\d+) ([a-z0-9-]+)(?: \| (.*))?")


class Expected(NamedTuple):
    file: str
    line: int
    column: int
    code: str
    part: str | None


def expectations(file: Path) -> tuple[list[Expected], bool]:
    """What the head of a file says, whatever its encoding, and whether more may follow."""
    head = file.read_bytes()[:20_000].replace(b"\x00", b"").decode("utf-8", "replace").lstrip("\ufffd")
    found: list[Expected] = []
    for line in head.splitlines():
        match = _EXPECT.fullmatch(line)
        if match is None:
            return found, line == "# and more"
        found.append(Expected(file.name, int(match[1]), int(match[2]), match[3], match[4]))
    return found, False


def problems_of(source: Path) -> tuple[Problem, ...]:
    with Bounded(CALLS), pytest.raises(PolicyError) as refused:
        load_policy(source)
    assert refused.value.problems == check_policy(source)
    return refused.value.problems


def hold(problems: tuple[Problem, ...], expected: list[Expected], more: bool) -> None:
    places = {(Path(p.place.file).name, p.place.line, p.place.column, p.code): p for p in problems}
    assert expected
    for wanted in expected:
        assert wanted[:4] in places, [str(p) for p in problems[:20]]
        if wanted.part is not None:
            assert wanted.part in places[wanted[:4]].render("en")
    if not more:
        assert len(places) == len({w[:4] for w in expected}), [str(p) for p in problems[:20]]
    assert list(problems) == sorted(problems)
    for problem in problems:
        for language in ("en", "zh"):
            shown = problem.render(language)
            assert all(c.isprintable() or c == "\u3000" for c in shown), shown
        assert re.search("[\u4e00-\u9fff]", problem.message.zh)
        json.dumps(problem.to_dict()).encode()


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_file(file: Path) -> None:
    expected, more = expectations(file)
    hold(problems_of(file), expected, more)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
def test_folder(folder: Path) -> None:
    expected = [e for file in sorted(folder.glob("*.yaml")) for e in expectations(file)[0]]
    if not expected:  # the problem stands in the folder it leads to
        expected = [e for file in sorted(folder.with_name(folder.name + "_b").glob("*.yaml")) for e in expectations(file)[0]]
    hold(problems_of(folder), expected, more=False)


def test_gallery_is_large() -> None:
    codes = {e.code for file in FILES for e in expectations(file)[0]}
    assert len(FILES) >= 200
    assert len(codes) >= 90


HEAD = "format: 1\npolicy: broken/policy\neffective: {from: 2026-01-01}\ntimezone: Asia/Shanghai\ncurrency: CNY\n"
MATRIX = "".join(f"  - {{id: S{i}, owner: o, when: {{affected_customers: {{at_least: {i}, below: {i + 1}}}}}}}\n" for i in range(2500))
NESTED = "shipped_at"
for _level in range(30):
    NESTED = f"{{from: {NESTED}, within: {{choose: [{{when: {{repeat_count: {_level}}}, then: 1 days}}, {{otherwise: {_level} hours}}]}}}}"
HUGE = {
    "too-many-ways": f"{HEAD}record: {{fields: {{shipped_at: {{type: event}}}}}}\ndeadlines: [{{id: D, from: received_at, to: responded_at, within: {NESTED}}}]\n",
    "too-large": "a: " + "x" * 5_000_000,
    "too-many-nodes": HEAD + "calendars: {w: {weekdays: mon-fri, holidays: [" + "x," * 260_000 + "]}}\n",
    "anchor": "a: [" + "&a x, " * 150_000 + "]",
    "alias": "a: [" + "*a , " * 150_000 + "]",
    "duplicate-key": HEAD + "facts:\n" + "  k: {injury: true}\n" * 20_000,
    "unknown-field": HEAD + "facts:\n" + "".join(f"  k{i}: {{zzz{i}: true}}\n" for i in range(5_000)),
    "unknown-key": HEAD + "".join(f"k{i}: 1\n" for i in range(20_000)),
    "fact-cycle": HEAD + "facts:\n" + "".join(f"  k{i}: {{k{(i + 1) % 3000}: true}}\n" for i in range(3_000)),
    "part-cycle": HEAD
    + "deadlines:\n"
    + "".join(f"  - {{id: D{i}, from: received_at, part_of: D{(i + 1) % 1500}, to: closed_at, within: 5 days}}\n" for i in range(1_500)),
    "matrix-too-large": HEAD + "responsibility:\n  by: [affected_customers]\n  rows:\n" + MATRIX,
    "bad-character": HEAD + "title: {en: \ud800}\n",
}


@pytest.mark.parametrize("code", HUGE)
def test_huge(code: str) -> None:
    with Bounded(4 * CALLS), pytest.raises(PolicyError) as refused:
        load_policy_text(HUGE[code])
    assert code in {p.code for p in refused.value.problems}
    assert len(refused.value.problems) <= 501


def test_a_name_near_no_shipped_policy_may_be_a_folder() -> None:
    far, near = problems_of_name("shopdir"), problems_of_name("cn/telcom")
    assert far.hint is not None
    assert near.hint is not None
    assert far.hint.en.startswith("complaint-policy list names the shipped ones; ")
    assert far.hint.zh.startswith("complaint-policy list 列出内置制度；")
    assert far.hint.en.endswith("; one that a plugin brings needs the plugin; a file or folder ends in .yaml or starts with . or /")
    assert far.hint.zh.endswith("；插件附带的制度须传入该插件；文件或文件夹须以 .yaml 结尾，或以 . 或 / 开头")
    assert near.hint.en == "did you mean 'cn/telecom'?"


def problems_of_name(name: str) -> Problem:
    with pytest.raises(PolicyError) as refused:
        load_policy(name)
    return refused.value.problems[0]


@pytest.mark.parametrize("data", ["", "\x00.yaml", "./" + "y" * 5000 + ".yaml", "/dev/zero", "/", "./nowhere.yaml", "../..", "cn/telcom", "\ud800.yaml"])
def test_hostile_names(data: str) -> None:
    with pytest.raises(PolicyError) as refused:
        load_policy(data)
    assert all(p.render("zh") for p in refused.value.problems)
