"""Words of plugins for conditions: read, judged on records and tables, explained, refused where they do not fit."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from complaint_policy import PolicyError, load_policy_text
from complaint_policy.plugins import DerivedFact, Operator, Text, hookimpl, make_manager
from complaint_policy.schema_check import policy_schema

POLICY = """
format: 1
policy: test/plates
effective: {from: 2020-01-01}
timezone: Asia/Shanghai
plugins: [plates]
record:
  fields:
    plate: {type: string, title: {en: Plate, zh: 车牌}}
    legs: {type: integer}
severity:
  levels: [low, high]
  rules: [{id: SEV-1, level: high, when: {legs: {divisible_by: 4}}}]
  otherwise: low
requirements:
  - {id: RQ-home, title: {en: Home plate, zh: 本地车牌}, before: closed_at, require: {plate: {begins_with_one_of: [浙A, 浙B]}}}
  - {id: RQ-odd, before: closed_at, require: {not: {legs: {divisible_by: 2}}}}
"""


def begins(value: str, operand: tuple[str, ...]) -> bool:
    if value == "boom":
        raise ValueError(value)
    return value.startswith(operand)


def divisible(value: int, operand: Any) -> bool:
    return bool(value % int(operand) == 0)


def divisible_column(value: pl.Expr, operand: Any) -> pl.Expr:
    return value % int(operand) == 0


class Plates:
    @hookimpl
    def complaint_policy_operators(self) -> list[Operator]:
        return [
            Operator(
                name="begins_with_one_of",
                title=Text("{value} begins with {operand}", "{value}以{operand}开头"),
                kinds=("string",),
                operand="list",
                function=begins,
            ),
            Operator(
                name="divisible_by",
                title=Text("{value} can be divided by {operand}", "{value}可被{operand}整除"),
                kinds=("integer",),
                operand="number",
                function=divisible,
                column=divisible_column,
            ),
        ]


MANAGER = make_manager({"plates": Plates()}, strict=False)
AS_OF = "2026-06-01T00:00"
CASES = [
    ({"plate": "浙A12345", "legs": 4}, "met", "breached", "high"),  # 4 = 2 × 2, 4 × 1
    ({"plate": "浙C12345", "legs": 7}, "breached", "met", "low"),
    ({"plate": None, "legs": 6}, "indeterminate", "breached", "low"),
    ({"plate": "浙B", "legs": None}, "met", "indeterminate", None),
    ({"plate": "boom", "legs": 0}, "indeterminate", "breached", "high"),  # 0 = 4 × 0
]


def test_manager() -> None:
    assert MANAGER.faults == ()


@pytest.mark.parametrize(("record", "home", "odd", "level"), CASES)
def test_records_and_tables(record: dict[str, Any], home: str, odd: str, level: str | None) -> None:
    policy = load_policy_text(POLICY, plugins=MANAGER)
    whole = {"id": "1", "received_at": "2026-05-01T10:00", "closed_at": "2026-05-02T10:00", **record}
    decision = policy.evaluate(whole, as_of=AS_OF)
    assert decision.outcomes == {"RQ-home": home, "RQ-odd": odd}
    assert decision.severity.level == level

    audit = policy.audit(pl.DataFrame([whole], schema_overrides={"legs": pl.Int64, "plate": pl.String}), as_of=AS_OF)
    assert audit.decisions.select("RQ-home.outcome", "RQ-odd.outcome", "severity").row(0) == (home, odd, level)


def test_a_failure_is_a_finding_and_a_note() -> None:
    policy = load_policy_text(POLICY, plugins=MANAGER)
    record = {"id": "1", "received_at": "2026-05-01T10:00", "closed_at": "2026-05-02T10:00", "plate": "boom", "legs": 1}
    decision = policy.evaluate(record, as_of=AS_OF)
    assert decision.requirements[0].missing == ("plugin:plates",)
    audit = policy.audit([record], as_of=AS_OF)
    assert audit.decisions["RQ-home.outcome"][0] == "indeterminate"
    assert any("begins_with_one_of" in note.en and "ValueError" in note.en for note in audit.notes)
    assert audit.summary().sections()[-1].id == "plugin-failures"


def test_words() -> None:
    policy = load_policy_text(POLICY, plugins=MANAGER)
    record = {"id": "1", "received_at": "2026-05-01T10:00", "closed_at": "2026-05-02T10:00", "plate": "沪A1", "legs": 1}
    decision = policy.evaluate(record, as_of=AS_OF)
    assert "车牌以“浙A”或“浙B”开头" in decision.explain("zh")
    assert "Plate begins with '浙A' or '浙B'" in decision.explain("en")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("divisible_by: 4", "divisible_bi: 4", "did you mean 'divisible_by'?"),
        ("legs: {divisible_by: 4}", "plate: {divisible_by: 4}", "'divisible_by' is no test for 'plate', which is of kind string (it tests integer)"),
        ("divisible_by: 4", "divisible_by: four", "four"),
        ("divisible_by: 4", "divisible_by: {field: legs}", "single value"),
        ("plugins: [plates]", "", "divisible_by"),
    ],
)
def test_what_does_not_fit_is_refused(old: str, new: str, said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy_text(POLICY.replace(old, new), plugins=MANAGER)
    assert said in str(caught.value)


def test_the_schema_knows_them() -> None:
    plain = policy_schema(())["$defs"]["test"]["properties"]
    plugged = policy_schema((), tuple(p for p in MANAGER.plugins if p.name == "plates"))["$defs"]["test"]["properties"]
    assert plugged.keys() - plain.keys() == {"begins_with_one_of", "divisible_by"}


def test_the_digest_sees_operand_and_version() -> None:
    digest = load_policy_text(POLICY, plugins=MANAGER).digest
    assert digest != load_policy_text(POLICY.replace("divisible_by: 2", "divisible_by: 3"), plugins=MANAGER).digest

    class Newer(Plates):
        version = "2"

    assert digest != load_policy_text(POLICY, plugins=make_manager({"plates": Newer()})).digest


def test_unused_facts_are_not_computed() -> None:
    """A fact nobody names is never called."""
    calls: list[str] = []

    def count(plate: str) -> bool:
        calls.append(plate)
        return True

    class More(Plates):
        @hookimpl
        def complaint_policy_facts(self) -> list[DerivedFact]:
            return [DerivedFact(name="counted", kind="boolean", title=Text("c", "计"), reads=("plate",), function=count)]

    policy = load_policy_text(POLICY, plugins=make_manager({"plates": More()}, strict=True))
    policy.evaluate({"received_at": "2026-05-01T10:00", "plate": "浙A"}, as_of=AS_OF)
    assert calls == []
