"""The trial of `complaint_policy.testing`: what conforms passes, and each broken promise is told in words."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from complaint_policy.fields import FIELD_TYPES
from complaint_policy.plugins import DerivedFact, Field, Operator, Settings, Similarity, Text, hookimpl
from complaint_policy.testing import assert_plugin_conforms, cells_of, conformance, records_of

TITLE = Text("Title", "标题")
POLICY = """
format: 1
policy: test/claims
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
currency: CNY
title: {en: Claims, zh: 理赔}
plugins: [claims]
excesses: {excess: 100}
severity:
  levels: [low, high]
  rules: [{id: SEV-high, title: {en: High, zh: 高}, level: high, when: {over: true}}]
  otherwise: low
tests:
  - {name: Above, as_of: 2026-03-03T09:00, record: {id: A, received_at: 2026-03-02T09:00, loss: 100.01}, expect: {severity: high}}
"""


def over(loss: Decimal, *, settings: Any) -> bool:
    """Whether the loss is above the excess."""
    return bool(loss > settings["excess"])


def rounded(loss: Decimal) -> int:
    """Whole yuan, downwards."""
    return int(loss // 1)


def begins(value: str, operand: str) -> bool:
    """Whether the text begins so."""
    return value.startswith(operand)


def fact(function: Callable[..., Any], column: Any = None, kind: str = "boolean", **more: Any) -> DerivedFact:
    return DerivedFact(name="over", kind=kind, title=TITLE, reads=("loss",), function=function, column=column, **more)


class Claims:
    version = "1"

    def __init__(self, *facts: DerivedFact) -> None:
        self.facts = facts or (fact(over, lambda loss, *, settings: loss > float(settings["excess"]), settings="excesses"),)

    @hookimpl
    def complaint_policy_record_fields(self) -> Iterable[Field]:
        return [Field("loss", "money", TITLE)]

    @hookimpl
    def complaint_policy_settings(self) -> Iterable[Settings]:
        return [Settings(key="excesses", title=TITLE, fields=(Field("excess", "money", TITLE),))]

    @hookimpl
    def complaint_policy_facts(self) -> Iterable[DerivedFact]:
        return self.facts


class More(Claims):
    @hookimpl
    def complaint_policy_facts(self) -> Iterable[DerivedFact]:
        return [*self.facts, DerivedFact(name="rounded", kind="integer", title=TITLE, reads=("loss",), function=rounded)]

    @hookimpl
    def complaint_policy_operators(self) -> Iterable[Operator]:
        title = Text("{value} begins with {operand}", "{value}以{operand}开头")
        return [Operator(name="begins_with", title=title, kinds=("string",), operand="string", function=begins)]


def test_what_keeps_its_promises_conforms(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(POLICY.replace("test/claims", "test/filed"), "utf-8")
    report = assert_plugin_conforms(More(), name="claims", policies=[POLICY, file], records=[{"received_at": "2026-03-02T09:00", "loss": "77"}])
    assert report.failures == ()
    assert {speed.what for speed in report.speeds} == {"over", "rounded", "begins_with"}
    assert "符合要求" in report.render("zh")


def _clock(loss: Decimal) -> bool:
    """By the clock."""
    return datetime.now(UTC).year > 2000


def _chance(loss: Decimal) -> bool:
    """By chance, though it comes out the same."""
    return random.random() < 2


def _disk(loss: Decimal) -> bool:
    """By a file."""
    with open(__file__, encoding="utf-8") as file:  # noqa: PTH123  the plain call is what an impure plugin makes
        return bool(file.read(1))


def _raises(loss: Decimal) -> bool:
    """Fails for 0."""
    return bool(1 / loss > 0)


def _word(loss: Decimal) -> Any:
    """Gives no truth."""
    return "yes"


def _above(loss: Decimal) -> bool:
    """Above a hundred."""
    return loss > 100


def _bare(loss: Decimal) -> bool:
    return loss > 100


def counting() -> Callable[[Decimal], bool]:
    seen: list[Decimal] = []

    def over(loss: Decimal) -> bool:
        """Whether it was asked often."""
        seen.append(loss)
        return len(seen) % 2 == 0

    return over


BAD = [
    (fact(_clock), "purity", "it calls datetime.now"),
    (fact(_chance), "purity", "it calls random.random"),
    (fact(_disk), "purity", ".open"),
    (fact(counting()), "purity", "it answered otherwise for (Decimal("),
    (fact(_raises), "answers", "it raised DivisionByZero for (Decimal('0'))"),
    (fact(_word), "answers", "it gave str where a bool is expected"),
    (fact(_above, lambda loss: loss >= 100), "tables", "evaluate gives"),  # 100 itself, found in the function's own text
    (fact(_above, lambda loss: loss > pl.col("other")), "answers", "ColumnNotFoundError"),
    (fact(_bare), "documentation", "its function has no docstring"),
    (fact(over, settings="none"), "registration", "asks for settings 'none'"),
    (DerivedFact(name="over", kind="boolean", title=TITLE, reads=("shelf",), function=_above), "registration", "it reads 'shelf', which neither"),
]


@pytest.mark.parametrize(("contribution", "check", "said"), BAD, ids=lambda v: v if isinstance(v, str) else "")
def test_each_broken_promise_is_told(contribution: DerivedFact, check: str, said: str) -> None:
    report = conformance(Claims(contribution), name="claims")
    told = [failure for failure in report.failures if failure.check == check and said in failure.problem.en]
    assert told, report.render()
    assert all(failure.advice.zh and failure.problem.zh for failure in told)
    with pytest.raises(AssertionError, match="does not conform"):
        assert_plugin_conforms(Claims(contribution), name="claims")


def test_all_are_told_at_once_and_policies_are_tried() -> None:
    wrong = POLICY.replace("severity: high", "severity: low").replace("title: {en: High, zh: 高}, ", "")
    report = conformance(Claims(), name="claims", policies=[wrong, "format: 1\n"])
    assert {failure.what for failure in report.failures if failure.check == "policy"} == {"test/claims", "format: 1"}
    assert "test 'Above': severity: expected low, found high" in report.render()
    assert "it does not load" in report.render()


def test_likeness_is_held_to_its_bounds() -> None:
    def like(a: str, b: str) -> float:
        """Longer first."""
        return len(a) / (len(b) + 1)

    class Likes:
        version = "1"

        @hookimpl
        def complaint_policy_similarities(self) -> Iterable[Similarity]:
            return [Similarity(name="longer", title=TITLE, function=like)]

    assert any(failure.what == "longer" and "it gives" in failure.problem.en for failure in conformance(Likes(), name="likes").failures)


def test_a_time_budget_is_only_judged_where_one_is_given() -> None:
    assert conformance(Claims(), name="claims").failures == ()
    assert {failure.check for failure in conformance(Claims(), name="claims", time_budget=0.0).failures} == {"speed"}


@pytest.mark.parametrize("kind", FIELD_TYPES)
def test_every_type_has_cells_with_an_empty_one(kind: str) -> None:
    declared = Field("f", kind, TITLE, values=("a", "b") if kind == "enum" else ())
    cells = cells_of(declared)
    assert None in cells
    assert len(set(cells)) == len(cells) >= 3
    assert records_of([declared]) == records_of([declared])
    assert {record["f"] for record in records_of([declared])} == set(cells)
