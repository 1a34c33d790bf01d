"""Normalisers: cells changed before a record is read, in records and tables alike; a failure is unknown, never a guess."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from complaint_policy import Decision, PluginError, Policy, PolicyError, RecordError, UsageError, load_policy_text
from complaint_policy.audit.batches import BatchJudge
from complaint_policy.fields import FIELD_TYPES
from complaint_policy.plugins import Field, Normaliser, Text, hookimpl, make_manager

AS_OF = "2026-03-05T00:00"
POLICY = """
format: 1
policy: test/normalised
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
plugins: [cells]
deadlines:
  - {id: DL-network, when: {category: network}, from: received_at, to: responded_at, within: 2 days}
  - {id: DL-any, from: received_at, to: responded_at, within: 2 days}
"""
# A category in the words of the form; "boom" raises, "odd" changes what it must not.
WORDS = {"网络": "network", "资费": "tariff"}


def category(cells: Any) -> Any:
    word = cells["category"]
    if word == "boom":
        raise ZeroDivisionError
    if word == "odd":
        return {"responded_at": "2026-03-02T10:00"}
    return {"category": WORDS[word]} if word in WORDS else {}


def one(function: Callable[[Any], Any] = category, reads: tuple[str, ...] = ("category",), writes: tuple[str, ...] = ("category",), name: str = "words") -> Normaliser:
    return Normaliser(name=name, title=Text("Words", "用语"), reads=reads, writes=writes, function=function)


class Cells:
    version = "3"

    def __init__(self, *given: Normaliser) -> None:
        self.given = given or (one(),)

    @hookimpl
    def complaint_policy_normalisers(self) -> list[Normaliser]:
        return list(self.given)


def policy(*given: Normaliser, text: str = POLICY, strict: bool = False) -> Policy:
    return load_policy_text(text, plugins=make_manager({"cells": Cells(*given)}, strict=strict))


def record(word: str | None, **more: Any) -> dict[str, Any]:
    return {"id": "1", "received_at": "2026-03-01T10:00", "responded_at": None, "category": word} | more


def decided(word: str | None, *given: Normaliser, **more: Any) -> Decision:
    return policy(*given).evaluate(record(word, **more), as_of=AS_OF)


# By hand: due at the end of 3 March, judged on the 5th: breached wherever the rule applies.
EXPECTED = {
    "网络": ("breached", "breached"),
    "network": ("breached", "breached"),
    "资费": ("not_applicable", "breached"),
    "boom": ("indeterminate", "breached"),
    "odd": ("indeterminate", "breached"),
    None: ("indeterminate", "breached"),
}


@pytest.mark.parametrize("word", EXPECTED, ids=str)
def test_a_cell_is_changed_before_it_is_read(word: str | None) -> None:
    assert tuple(decided(word).outcomes.values()) == EXPECTED[word]


def test_the_callers_record_stays_and_changes_are_told() -> None:
    given = record("网络")
    decision = policy().evaluate(given, as_of=AS_OF)
    assert given == record("网络")
    (told,) = [f for f in decision.findings if f.outcome == "normalised"]
    assert (told.rule, told.message.en) == ("plugin:cells", "Category was changed by the plugin 'cells', from '网络' to 'network'.")
    assert "类别已由插件“cells”由“网络”改写为“network”。" in decision.explain("zh")
    assert [f.outcome for f in decided("network").findings] == ["breached", "breached"]


def test_sensitive_cells_are_told_only_where_they_may_be_seen() -> None:
    tidy = one(lambda cells: {"complainant_phone": cells["complainant_phone"].replace(" ", "")}, ("complainant_phone",), ("complainant_phone",))
    decision = decided("network", tidy, complainant_phone="138 00")
    assert [f.message.en.partition(" was ")[2] for f in decision.findings if f.outcome == "normalised"] == ["changed by the plugin 'cells'."]
    assert "138" not in str(decision.to_dict()) + decision.explain("en")
    assert "from '138 00' to '13800'" in decision.explain("en", reveal=True)


def test_a_failure_is_unknown_with_its_plugin() -> None:
    decision = decided("boom")
    assert decision.result("DL-network").missing == ("plugin:cells",)
    assert [f.message.en for f in decision.findings if f.outcome == "plugin-failed"] == [
        "plugin 'cells', complaint_policy_normalisers (words): it raised ZeroDivisionError"
    ]
    with pytest.raises(PluginError) as caught:
        policy(strict=True).evaluate(record("boom"), as_of=AS_OF)
    assert caught.value.plugin == "cells"


def _mutates(cells: Any) -> Any:
    cells["category"] = "network"
    return {}


WRONG: dict[str, tuple[Any, str]] = {
    "it changes what it is handed": (_mutates, "it raised TypeError"),
    "no mapping": (lambda cells: "network", "it gave str where a mapping of changes is expected"),
    "none": (lambda cells: None, "it gave NoneType where a mapping of changes is expected"),
    "another field": (lambda cells: {"product": "x"}, "it changed a field that it does not declare in writes"),
    "no cell": (lambda cells: {"category": object()}, "it gave a cell that is no text, number, yes or no, time, or list of these"),
    "a long text": (lambda cells: {"category": "x" * 100_001}, "it gave a text of more than 100000 characters"),
}


@pytest.mark.parametrize(("function", "reason"), WRONG.values(), ids=WRONG)
def test_anything_else_is_a_failure(function: Any, reason: str) -> None:
    decision = decided("network", one(function))
    assert tuple(decision.outcomes.values()) == ("indeterminate", "breached")
    assert [f.message.en.partition("(words): ")[2] for f in decision.findings if f.outcome == "plugin-failed"] == [reason]


def test_they_go_in_order_and_a_failure_goes_on() -> None:
    first = one(lambda cells: {"product": cells["category"]}, writes=("product",), name="first")
    second = one(lambda cells: {"region": cells["product"] + "!"}, ("product",), ("region",), "second")
    found = policy(first, second).evaluate(record("x"), as_of=AS_OF)
    assert [f.message.en.partition("to ")[2] for f in found.findings if f.outcome == "normalised"] == ["'x'.", "'x!'."]
    broken = one(lambda cells: 1 / 0, writes=("category",), name="broken")
    rests = one(lambda cells: {"product": "guess"}, ("category",), ("product",), "rests")
    after = policy(broken, rests).evaluate(record("x"), as_of=AS_OF)
    assert [f.outcome for f in after.findings if f.rule == "plugin:cells"] == ["plugin-failed"]  # nothing was guessed from it


@pytest.mark.parametrize("kind", FIELD_TYPES)
def test_a_cell_of_any_type_can_be_unknown(kind: str) -> None:
    """Whatever its type, a field that a plugin failed to write is unknown, and no usable cell."""
    values = ", values: [a, b]" if kind == "enum" else ""
    text = POLICY + f"  - {{id: DL-own, when: {{own: present}}, from: received_at, to: responded_at, within: 2 days}}\nrecord: {{fields: {{own: {{type: {kind}{values}}}}}}}\ncurrency: CNY\n"
    found = policy(one(lambda cells: 1 / 0, ("id",), ("own",)), text=text).evaluate(record("network", own="a"), as_of=AS_OF)
    assert found.result("DL-own").missing == ("plugin:cells",)
    assert found.unusable == {}


def test_the_receipt_may_be_written() -> None:
    received = one(lambda cells: {"received_at": cells["received_at"].replace("号", "").replace("3月", "2026-03-0") + "T10:00"}, ("received_at",), ("received_at",))
    assert policy(received).evaluate(record("network", received_at="3月1号"), as_of=AS_OF).outcomes["DL-any"] == "breached"
    with pytest.raises(RecordError, match="plugin 'cells'"):
        policy(one(lambda cells: 1 / 0, ("id",), ("received_at",))).evaluate(record("network"), as_of=AS_OF)


ROWS = [record(word, id=str(number)) for number, word in enumerate(EXPECTED)]


@pytest.mark.parametrize("kind", ["frame", "parquet", "csv", "records"])
def test_a_table_says_what_records_say(kind: str, tmp_path: Path) -> None:
    frame = pl.DataFrame(ROWS).with_columns(pl.col("responded_at").cast(pl.String))
    source: Any = {"frame": frame, "parquet": tmp_path / "t.parquet", "csv": tmp_path / "t.csv", "records": ROWS}[kind]
    if kind == "parquet":
        frame.write_parquet(source)
    elif kind == "csv":
        frame.write_csv(source)
    found = policy()
    audit = found.audit(source, as_of=AS_OF, columns=["missing"])
    for row, word in enumerate(EXPECTED):
        decision = found.evaluate(ROWS[row], as_of=AS_OF)
        assert {rule: audit.decisions[f"{rule}.outcome"][row] for rule in decision.outcomes} == decision.outcomes
        assert (audit.decisions["DL-network.missing"][row] is None) == (decision.result("DL-network").missing == ()), word
    assert audit.decision(0).findings == found.evaluate(ROWS[0], as_of=AS_OF).findings
    assert any("it raised ZeroDivisionError" in note.en for note in audit.notes)


def test_a_field_the_table_lacks_is_known_only_where_it_is_written() -> None:
    """The table has no answers: where the plugin wrote none, whether there was one is unknown, and nothing is breached."""

    def answered(cells: Any) -> Any:
        return {"responded_at": "2026-03-02T10:00"} if cells["description"] == "answered" else {}

    found = policy(one(answered, ("description",), ("responded_at",)))
    frame = pl.DataFrame({"id": ["1", "2"], "received_at": ["2026-03-01T10:00"] * 2, "description": ["answered", "open"]})
    audit = found.audit(frame, as_of=AS_OF)
    assert audit.decisions["DL-any.outcome"].to_list() == ["met", "indeterminate"]
    lacks = found.evaluate({"received_at": "2026-03-01T10:00", "description": "open"}, as_of=AS_OF, source_fields=["received_at", "description"])
    assert lacks.outcomes["DL-any"] == "indeterminate"
    wrote = found.evaluate({"received_at": "2026-03-01T10:00", "description": "answered"}, as_of=AS_OF, source_fields=["received_at", "description"])
    assert wrote.outcomes["DL-any"] == "met"


HISTORY = """
history:
  repeat_count: {count: {same: [complainant_phone], within: 30 days}}
  merge: {same: [complainant_phone, category], within: 2 days}
"""


def test_what_came_before_is_counted_and_merged_by_the_normalised_cells() -> None:
    tidy = one(lambda cells: {"complainant_phone": (cells["complainant_phone"] or "").replace(" ", "")}, ("complainant_phone",), ("complainant_phone",))
    rows = [
        record("network", id="1", complainant_phone="138 1"),
        record("network", id="2", complainant_phone="1381", received_at="2026-03-02T10:00"),  # one matter with 1
        record("tariff", id="3", complainant_phone="13 81", received_at="2026-03-04T10:00"),  # the second of the same phone
    ]
    found = policy(tidy, text=POLICY + HISTORY)
    audit = found.audit(pl.DataFrame(rows).with_columns(pl.col("responded_at").cast(pl.String)), as_of=AS_OF)
    assert audit.decisions["id"].to_list() == ["1", "3"]
    assert audit.summary().to_dict()["history"]["merged"] == 1
    assert audit.decision(2)._record["repeat_count"] == 1
    assert policy(text=POLICY + HISTORY).audit(pl.DataFrame(rows), as_of=AS_OF).decisions.height == 3  # as they stand, three phones


def test_asked_once_for_equal_cells_of_a_table() -> None:
    asked: list[str] = []

    def noted(cells: Any) -> Any:
        asked.append(cells["category"])
        return category(cells)

    policy(one(noted)).audit([record("网络", id=str(n)) for n in range(50)], as_of=AS_OF).summary()
    assert len(asked) < 10  # once a pass over the table


def test_not_batch_by_batch() -> None:
    with pytest.raises(UsageError, match="normalisers"):
        BatchJudge(policy(), schema=pl.Schema({"id": pl.String, "received_at": pl.String}), as_of=AS_OF)


def test_it_is_declared() -> None:
    with pytest.raises(PolicyError, match="plugin-reads"):
        policy(one(reads=("shelf",)))
    manager = make_manager({"cells": Cells(one(writes=("events",)))})
    assert "writes the log of events" in manager.faults[0].message.en

    class Other:
        @hookimpl
        def complaint_policy_record_fields(self) -> list[Field]:
            return []

        @hookimpl
        def complaint_policy_normalisers(self) -> list[Normaliser]:
            return [one(name="others")]

    both = make_manager({"cells": Cells(), "other": Other()})
    assert both.faults[0].plugin == "other"


def test_provenance_and_keeping() -> None:
    decision = decided("网络")
    assert decision.to_dict()["engine"]["plugins"] == [{"name": "cells", "version": "3"}]
    again = pickle.loads(pickle.dumps(decision))
    assert again.to_dict() == decision.to_dict()
    assert decision.next_change_at is None
