"""Classifiers: evidence counts from the policy's threshold on; below it a person decides; in records and tables alike."""

from __future__ import annotations

import pickle
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from complaint_policy import PluginError, Policy, PolicyError, load_policy_text
from complaint_policy.plugins import Classifier, Evidence, Text, hookimpl, make_manager

AS_OF = "2026-03-05T00:00"
POLICY = """
format: 1
policy: test/classified
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
plugins: [words]
facts:
  about: {first_known: [{field: category}, {classified_by: topic, at_least: 0.8}]}
  roughly: {classified_by: topic, at_least: 50%}
requirements:
  - {id: RQ-network, when: {about: network}, require: {handler: present}, before: closed_at}
  - {id: RQ-rough, when: {roughly: network}, require: {handler: present}, before: closed_at}
  - {id: RQ-product, require: {product: {classified_by: topic, at_least: 0.8}}, before: closed_at}
"""
# The confidence of each text is its last word: 0.8 is just enough for 0.8, 0.79 is not.
TEXTS = ["network 0.8", "network 0.79", "tariff 0.8", "tariff 0.3", "nothing", "raise", None]


def said(text: str) -> Any:
    if text == "raise":
        raise ZeroDivisionError
    label, _, sure = text.partition(" ")
    return Evidence(label, Decimal(sure), f"says {text}") if sure else None


class Words:
    version = "1"

    def __init__(self, function: Any = said) -> None:
        self.function = function

    @hookimpl
    def complaint_policy_classifiers(self) -> list[Classifier]:
        titles = {"network": Text("Network", "网络")}
        return [
            Classifier(
                name="topic", title=Text("Topic", "主题"), labels=("network", "tariff"), reads=("description",), function=self.function, titles=titles
            )
        ]


def policy(function: Any = said, text: str = POLICY, *, strict: bool = False) -> Policy:
    return load_policy_text(text, plugins=make_manager({"words": Words(function)}, strict=strict))


def record(description: str | None, category: str | None = None, product: str = "network") -> dict[str, Any]:
    return {
        "id": "1", "received_at": "2026-03-01T10:00", "closed_at": "2026-03-02T10:00", "handler": None, "description": description, "category": category, "product": product,
    }  # fmt: skip


# By hand: handler is empty and the case closed, so a rule that applies is breached.
EXPECTED = {
    "network 0.8": ("breached", "breached", "met"),
    "network 0.79": ("indeterminate", "breached", "indeterminate"),
    "tariff 0.8": ("not_applicable", "not_applicable", "breached"),
    "tariff 0.3": ("indeterminate", "indeterminate", "indeterminate"),
    "nothing": ("indeterminate", "indeterminate", "indeterminate"),
    "raise": ("indeterminate", "indeterminate", "indeterminate"),
    None: ("indeterminate", "indeterminate", "indeterminate"),
}
MISSING = {"network 0.79": ("topic",), "tariff 0.3": ("topic",), "nothing": ("topic",), "raise": ("plugin:words",), None: ("description",)}


@pytest.mark.parametrize("text", TEXTS, ids=str)
def test_the_threshold_decides(text: str | None) -> None:
    decision = policy().evaluate(record(text), as_of=AS_OF)
    assert tuple(decision.outcomes.values()) == EXPECTED[text]
    assert decision.result("RQ-network").missing == MISSING.get(text, ())


def test_what_a_person_filled_in_comes_first() -> None:
    decision = policy().evaluate(record("network 0.79", "tariff"), as_of=AS_OF)
    assert decision.outcomes["RQ-network"] == "not_applicable"
    assert decision.fact("about") == "tariff"


def test_what_was_said_is_shown() -> None:
    unsure = policy().evaluate(record("network 0.79"), as_of=AS_OF)
    (finding,) = [f for f in unsure.findings if f.outcome == "for-a-person"]
    assert finding.rule == "plugin:words"
    assert finding.message.en == "Topic: classified as Network with 0.79, below 0.8: for a person to decide (waiting: RQ-network, RQ-product)."
    assert "主题：归类为网络，置信度0.79，低于0.8：由人工判断" in unsure.explain("zh")
    assert "Topic: classified as Network with 0.79, at least 0.5: sure enough" in unsure.explain("en")
    assert unsure.to_dict()["evidence"] == [
        {"classifier": "topic", "plugin": "words", "label": "network", "confidence": "0.79", "because": None, "at_least": "0.8", "counted": False},
        {"classifier": "topic", "plugin": "words", "label": "network", "confidence": "0.79", "because": None, "at_least": "0.5", "counted": True},
    ]
    # The description is sensitive, and the reason quotes it.
    assert "says network" not in unsure.explain("en")
    assert "says network 0.79" in unsure.explain("en", reveal=True)
    assert unsure.to_dict(reveal=True)["evidence"][0]["because"] == "says network 0.79"


def test_no_person_is_asked_where_nothing_waits() -> None:
    decision = policy().evaluate(record("network 0.8"), as_of=AS_OF)
    assert [f.outcome for f in decision.findings if f.rule.startswith("plugin:")] == []
    other = policy(text=POLICY.replace("test/classified", "test/plain").partition("facts:")[0]).evaluate(record("network 0.1"), as_of=AS_OF)
    assert "evidence" not in other.to_dict()


def test_what_was_not_asked_is_not_told() -> None:
    decision = policy().evaluate(record(None, "network"), as_of=AS_OF)
    assert decision.outcomes["RQ-network"] == "breached"
    assert "Topic: " not in decision.explain("en")
    assert "Topic: the classifier gave no label" in policy().evaluate(record("nothing"), as_of=AS_OF).explain("en")


def test_asked_once_for_two_thresholds() -> None:
    asked: list[str] = []

    def noted(text: str) -> Any:
        asked.append(text)
        return said(text)

    one = policy(noted)
    assert one.evaluate(record("network 0.6"), as_of=AS_OF).outcomes["RQ-rough"] == "breached"
    assert asked == ["network 0.6"]


def test_an_audit_asks_once_for_equal_texts_whatever_the_thresholds() -> None:
    asked: list[str] = []

    def noted(text: str) -> Any:
        asked.append(text)
        return said(text)

    policy(noted).audit([record(text) | {"id": str(n)} for n, text in enumerate(TEXTS * 3)], as_of=AS_OF).summary()
    assert sorted(asked) == sorted(text for text in TEXTS if text is not None)


@pytest.mark.parametrize("kind", ["frame", "parquet", "csv"])
def test_a_table_says_what_records_say(kind: str, tmp_path: Path) -> None:
    rows = [record(text, category) | {"id": str(i)} for i, (text, category) in enumerate((t, c) for t in TEXTS for c in (None, "network", "tariff"))]
    frame: Any = pl.DataFrame(rows, infer_schema_length=None).with_columns(pl.col("handler").cast(pl.String))
    source: Any = frame
    if kind == "parquet":
        source = tmp_path / "t.parquet"
        frame.write_parquet(source)
    elif kind == "csv":
        source = tmp_path / "t.csv"
        frame.write_csv(source)
    one = policy()
    audit = one.audit(source, as_of=AS_OF)
    for row, given in enumerate(rows):
        outcomes = one.evaluate(given, as_of=AS_OF).outcomes
        assert {rule: audit.decisions[f"{rule}.outcome"][row] for rule in outcomes} == outcomes
    told = " ".join(note.en for note in audit.notes)
    assert "plugin 'words', topic:" in told
    assert "it raised ZeroDivisionError" in told
    undecided = [section for section in audit.summary().sections() if section.title.en == "Fields that leave something undecided"]
    assert any(cell == Text("Topic", "主题") for row in undecided[0].rows for cell in row)


WRONG = {
    "no evidence": "network",
    "another label": Evidence("fraud", 0.9),
    "too sure": Evidence("network", 1.01),
    "no number": Evidence("network", float("nan")),
    "a flag": Evidence("network", True),
    "a long reason": Evidence("network", 0.9, "x" * 501),
}


@pytest.mark.parametrize("given", WRONG.values(), ids=WRONG)
def test_anything_else_is_a_failure(given: Any) -> None:
    decision = policy(lambda text: given).evaluate(record("network 0.9"), as_of=AS_OF)
    assert decision.result("RQ-network").missing == ("plugin:words",)
    assert [f.outcome for f in decision.findings if f.rule == "plugin:words"] == ["plugin-failed"]
    with pytest.raises(PluginError) as caught:
        policy(lambda text: given, strict=True).evaluate(record("network 0.9"), as_of=AS_OF)
    assert caught.value.plugin == "words"


PROBLEMS = {
    "roughly: {classified_by: topic}": "classified-without-share",
    "roughly: {classified_by: topic, at_least: 1.2}": "bad-share",
    "roughly: {classified_by: topics, at_least: 0.5}": "unknown-classifier",
    "roughly: {classified_by: topic, at_least: 0.5, within: 2 days}": "one-key-only",
}


@pytest.mark.parametrize("line", PROBLEMS)
def test_problems_at_their_place(line: str) -> None:
    with pytest.raises(PolicyError, match=PROBLEMS[line]):
        policy(text=POLICY.replace("roughly: {classified_by: topic, at_least: 50%}", line))


def test_a_policy_with_classifiers_is_described_and_kept() -> None:
    again = pickle.loads(pickle.dumps(policy()))
    decision = again.evaluate(record("tariff 0.8", product="tariff"), as_of=AS_OF)
    assert decision.outcomes["RQ-product"] == "met"
    unfit = again.evaluate(record("tariff 0.8"), as_of=AS_OF)
    assert "Topic (by a classifier at least 0.8 sure)" in unfit.explain("en")
    assert "主题（由分类器给出，置信度不低于0.8）" in unfit.explain("zh")
