"""Similarities: a plugin's measure in history and merging; what it fails to compare is unknown, never alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from complaint_policy import PluginError, Policy, PolicyError, load_policy_text
from complaint_policy.plugins import Similarity, Text, hookimpl, make_manager

AS_OF = "2026-03-10T00:00"
POLICY = """
format: 1
policy: test/alike
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
plugins: [words]
history:
  earlier_alike: {count: {same: [complainant_id, {like: description, at_least: 0.5, by: words}], within: 30 days}}
requirements:
  - {id: RQ-first, require: {earlier_alike: 0}}
"""
COUNT = "earlier_alike: {count: {same: [complainant_id, {like: description, at_least: 0.5, by: words}], within: 30 days}}"
MERGE = POLICY.replace(COUNT, "merge: {same: [complainant_id, {like: description, at_least: 0.5, by: words}], within: 30 days}").replace("{earlier_alike: 0}", "{handler: missing}")


def words(a: str, b: str) -> float:
    one, other = set(a.split()), set(b.split())
    return len(one & other) / len(one | other)


class Words:
    def __init__(self, function: Any) -> None:
        self.function = function

    @hookimpl
    def complaint_policy_similarities(self) -> list[Similarity]:
        return [Similarity(name="words", title=Text("Words in common", "共有词语"), function=self.function)]


def policy(function: Any = words, text: str = POLICY, *, strict: bool = False) -> Policy:
    return load_policy_text(text, plugins=make_manager({"words": Words(function)}, strict=strict))


def rows(*texts: str | None) -> list[dict[str, Any]]:
    more = {"closed_at": "2026-03-09T10:00", "complainant_id": "C"}
    return [{"id": str(n), "received_at": f"2026-03-0{n + 1}T10:00", "description": text} | more for n, text in enumerate(texts)]


# Words in common of all different ones, of each with those before it:
# b a: 2 of 2 with a b.  a b c d: 2 of 4 with both before it, 0.5 is enough.  a x y: 1 of 4, 1 of 4, 1 of 6.
TEXTS = ("a b", "b a", "a b c d", "a x y")
COUNTS = [0, 1, 2, 0]


@pytest.mark.parametrize("kind", ["records", "frame", "csv"])
def test_texts_are_alike_by_the_plugins_measure(kind: str, tmp_path: Path) -> None:
    source: Any = rows(*TEXTS)
    if kind != "records":
        source = pl.DataFrame(source)
    if kind == "csv":
        source.write_csv(tmp_path / "t.csv")
        source = tmp_path / "t.csv"
    audit = policy().audit(source, as_of=AS_OF)
    assert audit.history["earlier_alike"].to_list() == COUNTS
    assert audit.decisions["RQ-first.outcome"].to_list() == ["met", "breached", "breached", "met"]
    assert any("words:" in note.en for note in audit.notes)


def test_without_it_letters_are_compared() -> None:
    plain = policy(text=POLICY.replace(", by: words", ""))
    # All three letters of "a b" stand in "a b c d": twice 3 of 10 letters is 0.6.
    assert plain.audit(rows("a b", "a b c d"), as_of=AS_OF).history["earlier_alike"].to_list() == [0, 1]


def test_each_pair_is_asked_once_in_one_order() -> None:
    asked: list[tuple[str, str]] = []

    def noted(a: str, b: str) -> float:
        asked.append((a, b))
        return words(a, b)

    policy(noted).audit(rows("b a", "a b", "b a", "a b"), as_of=AS_OF).summary()
    assert asked == [("a b", "b a")]


def test_of_one_matter() -> None:
    audit = policy(text=MERGE).audit(rows(*TEXTS), as_of=AS_OF)
    assert audit.decisions["id"].to_list() == ["0", "3"]


def _raises(a: str, b: str) -> float:
    raise ZeroDivisionError


@pytest.mark.parametrize("function", [_raises, lambda a, b: 1.5, lambda a, b: "much", lambda a, b: True, lambda a, b: float("nan"), lambda a, b: None])
def test_a_failure_is_unknown_and_merges_nothing(function: Any) -> None:
    audit = policy(function).audit(rows("a b", "b a"), as_of=AS_OF, columns=["missing"])
    assert audit.history["earlier_alike"].to_list() == [0, None]
    assert audit.decisions["RQ-first.outcome"].to_list() == ["met", "indeterminate"]
    assert audit.decisions["RQ-first.missing"].to_list() == [None, ["earlier_alike"]]
    assert any(note.en.startswith("plugin 'words', complaint_policy_similarities (words): ") for note in audit.notes)
    told = " ".join(f.message.en for f in audit.decision(1).findings)
    assert "or the plugin 'words' failed to compare" in told
    assert policy(function, MERGE).audit(rows("a b", "b a"), as_of=AS_OF).decisions.height == 2
    with pytest.raises(PluginError) as caught:
        policy(function, strict=True).audit(rows("a b", "b a"), as_of=AS_OF)
    assert caught.value.plugin == "words"


def test_equal_texts_need_no_plugin() -> None:
    assert policy(_raises).audit(rows("a", "a"), as_of=AS_OF).history["earlier_alike"].to_list() == [0, 1]


def test_an_unknown_measure_is_refused() -> None:
    with pytest.raises(PolicyError, match="unknown-similarity"):
        policy(text=POLICY.replace("by: words", "by: letters"))
