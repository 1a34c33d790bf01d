"""What a mapping says of every record, and columns with one value for all: judged by columns as the records are."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from complaint_policy import Policy, load_policy, load_policy_text
from complaint_policy.audit import read_mapping, run_audit
from complaint_policy.columns.plan import ABOVE, AT_LEAST, AT_MOST, BELOW, SAME, Ex, Plan, on
from tests.equality.comparing import compare_file

AS_OF = datetime(2024, 6, 1)
POLICY = """\
format: 1
policy: test/constants
effective: {from: 2020-01-01}
timezone: Asia/Shanghai
currency: CNY
title: {en: Constants, zh: 常量}
sources: {rule: {title: {en: House rule, zh: 内部规定}, status: company}}
record:
  fields:
    appealed_at: {type: event}
    bought_at: {type: datetime}
    told_on: {type: date}
    paid: {type: money}
    people: {type: integer}
    urgent: {type: boolean}
    kind: {type: enum, values: [a, b]}
    note: {type: string}
severity:
  levels: [low, middle, high]
  rules:
    - {id: SEV-high, level: high, when: {any: [{bought_at: {before: received_at}}, {paid: {at_least: 1000}}, {urgent: true}]}, title: {en: H, zh: 高}, source: {ref: rule}}
    - {id: SEV-middle, level: middle, when: {any: [{kind: b}, {note: x}, {people: {at_least: 3}}]}, title: {en: M, zh: 中}, source: {ref: rule}}
  otherwise: low
deadlines:
  - {id: DL-close, title: {en: Close, zh: 办结}, from: {first_of: [received_at, bought_at]}, to: closed_at, within: 10 days, source: {ref: rule}}
  - {id: DL-appeal, title: {en: Appeal, zh: 申诉}, from: {last_of: [closed_at, told_on]}, to: appealed_at, within: 3 days, source: {ref: rule}}
  - {id: DL-early, title: {en: Early, zh: 提前}, from: bought_at, to: received_at, within: 30 days, when: {told_on: {by: closed_at}}, source: {ref: rule}}
"""
CONSTANTS = [
    {"appealed_at": ""},
    {"appealed_at": "2024-03-02"},
    {"appealed_at": "2024-12-01 10:00"},
    {"bought_at": "2024-02-01", "told_on": ""},
    {"bought_at": "2024-03-01 09:00", "told_on": "2024-03-01"},
    {"bought_at": "", "told_on": "2024-03-05", "appealed_at": "2024-03-05 08:00"},
    {"paid": "1,000.00"},
    {"paid": "", "people": "3", "urgent": "no"},
    {"people": "2", "urgent": "是"},
    {"kind": "b"},
    {"kind": "a", "note": " x "},
    {"id": " C 1 "},
    {"id": "", "closed_at": "2024-03-04 12:00"},
    {"closed_at": ""},
    {"received_at": "2024-03-01"},
]


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy_text(POLICY)


def records(rows: int = 9) -> pl.DataFrame:
    received = [None if row == 3 else datetime(2024, 2, 27 + row % 3, 9, row) for row in range(rows)]
    return pl.DataFrame(
        {
            "no": [f"C{row // 2}" for row in range(rows)],
            "in": received,
            "out": [None if row % 4 == 1 else datetime(2024, 3, 1 + row % 9, 17) for row in range(rows)],
            "paid": [100.0 * row for row in range(rows)],
        }
    )


def given(table: pl.DataFrame, form: str, folder: Path) -> Any:
    """The table as it is handed to an audit."""
    if form in ("frame", "query"):
        return table if form == "frame" else table.lazy()
    path = folder / f"a.{form}"
    (table.write_parquet if form == "parquet" else table.write_csv)(path)
    return path


FIELDS = {"id": "no", "received_at": "in", "closed_at": "out", "paid": "paid"}


@pytest.mark.parametrize("form", ["frame", "query", "parquet", "csv"])
@pytest.mark.parametrize("constants", CONSTANTS, ids=str)
def test_a_constant_is_what_every_record_says(tmp_path: Path, policy: Policy, constants: dict[str, str], form: str) -> None:
    fields = {name: {"column": column} for name, column in FIELDS.items()} | {name: {"constant": value} for name, value in constants.items()}
    mapping = read_mapping(yaml.safe_dump({"format": 1, "mapping": "constants", "fields": fields}))
    source = given(records(), form, tmp_path)

    assert compare_file(policy, source, mapping, AS_OF) == []


def test_a_number_for_all_stands_on_every_record(tmp_path: Path, policy: Policy) -> None:
    fields: dict[str, Any] = {name: {"column": column} for name, column in FIELDS.items()} | {"id": {"constant": " C 1 "}}
    mapping = read_mapping(yaml.safe_dump({"format": 1, "mapping": "constants", "fields": fields}))
    records().write_csv(tmp_path / "a.csv")

    for source in (records(), tmp_path / "a.csv"):
        audit = run_audit(policy, source, as_of=AS_OF, mapping=mapping)
        assert audit.summary().to_dict()["ids"] == {"missing": 0, "repeated": 1, "records_with_repeated": 8}
        assert audit.decisions["id"].to_list() == ["C 1"] * 8
        assert audit.rejected["id"].to_list() == ["C 1"]


VALUES: dict[str, Any] = {
    "appealed_at": datetime(2024, 3, 2, 8), "bought_at": datetime(2024, 2, 28), "told_on": date(2024, 3, 3), "closed_at": datetime(2024, 3, 4),
    "received_at": datetime(2024, 3, 1), "paid": 1000.0, "people": 3, "urgent": True, "kind": "b", "note": "x", "id": "C1",
}  # fmt: skip


@pytest.mark.parametrize("lazy", [False, True], ids=["frame", "query"])
@pytest.mark.parametrize("given", [True, False], ids=["value", "null"])
@pytest.mark.parametrize("names", [*([name] for name in VALUES), ["bought_at", "told_on", "closed_at", "appealed_at"], [*VALUES]], ids=str)
def test_a_column_of_one_value_is_a_column(policy: Policy, names: list[str], given: bool, lazy: bool) -> None:
    """Polars holds such a column once, and compares a value with it to one answer instead of one a row."""
    table: Any = records().rename({column: name for name, column in FIELDS.items()})
    kinds = dict(table.schema) | {"told_on": pl.Date}
    table = table.lazy() if lazy else table
    alike = [pl.lit(VALUES[name] if given or name == "received_at" else None, dtype=kinds.get(name)).alias(name) for name in names]
    fields = {name: {"column": name} for name in {*FIELDS, *names}}
    mapping = read_mapping(yaml.safe_dump({"format": 1, "mapping": "alike", "fields": fields}))

    assert compare_file(policy, table.with_columns(alike), mapping, AS_OF) == []


@pytest.mark.parametrize("compare", [BELOW, AT_MOST, ABOVE, AT_LEAST, SAME])
def test_the_column_stands_first_in_a_comparison(compare: Any) -> None:
    """Also where the value is a ``when`` without ``otherwise``, of whose comparisons Python would take the other side's first."""
    frame = pl.DataFrame({"a": [1, 2, 3]}).with_columns(k=pl.lit(2))
    one = Ex(pl.lit(2, dtype=pl.Int64))
    choice = on(lambda v: pl.when(v > 1).then(v), one)
    for value in (one, choice):
        for column in ("a", "k"):
            plan = Plan()
            found = [plan.keep(on(compare, value, Ex(pl.col(column)))), plan.keep(on(compare, Ex(pl.col(column)), value))]
            shown = plan.applied(frame.lazy()).select(x.expr.alias(str(i)) for i, x in enumerate(found)).collect()
            cells = [2, 2, 2] if column == "k" else [1, 2, 3]
            assert shown["0"].to_list() == [compare(2, cell) for cell in cells]
            assert shown["1"].to_list() == [compare(cell, 2) for cell in cells]


@pytest.mark.parametrize("form", ["frame", "query", "parquet", "csv"])
def test_a_mapping_may_read_no_column(tmp_path: Path, policy: Policy, form: str) -> None:
    constants = {"received_at": "2024-03-01 09:00", "closed_at": "2024-03-05 09:00", "paid": "5"}
    fields = {name: {"constant": value} for name, value in constants.items()}
    mapping = read_mapping(yaml.safe_dump({"format": 1, "mapping": "constants", "fields": fields, "rows": {"skip_blank": False}}))
    source = given(records(4), form, tmp_path)

    assert compare_file(policy, source, mapping, AS_OF) == []
    audit = run_audit(policy, source, as_of=AS_OF, mapping=mapping)
    assert audit.summary().identity.decided == 4
    assert audit.decisions["severity"].null_count() == 4  # nobody knows what was bought when


def test_what_is_made_of_one_value_does_not_grow() -> None:
    """Written out wherever it is used it would have 2 to the power of 60 parts."""
    plan, one = Plan(), Ex(pl.lit(2, dtype=pl.Int64))
    for _ in range(60):
        one = plan.keep(on(lambda a, b: pl.when(a > b).then(a).otherwise(b), one, one))

    assert one.expr.meta.eq(pl.lit(2, dtype=pl.Int64))
    assert not plan.stages


MANY = """\
deadlines:
  - id: DL-close
    title: {en: Close, zh: 办结}
    from: received_at
    to: closed_at
    within: 15 days
    extend: [{id: longer, within: 30 days, when: {urgent: true}, needs: {appealed_at: {by: {due: previous}}}}]
    pauses: [waiting_on_customer]
    at_risk: 80%
    source: {ref: rule}
  - {id: DL-appeal, title: {en: Appeal, zh: 申诉}, from: {first_of: [received_at, bought_at, told_on]}, to: appealed_at, within: {choose: [{when: {kind: a}, then: 3 days}, {otherwise: 26 hours}]}, at_risk: 4 hours, source: {ref: rule}}
penalties:
  - id: PN-late
    title: {en: Late, zh: 逾期}
    for: [DL-close, DL-appeal]
    per: breach
    payable_to: complainant
    amount: {times: [0.01, {field: paid}, {length: {late: DL-close}, in: days, round: up}]}
    range: [0, {field: paid}]
    source: {ref: rule}
"""


@pytest.mark.parametrize("form", ["frame", "parquet", "csv"])
def test_rules_over_constants_take_no_longer_than_over_columns(tmp_path: Path, form: str) -> None:
    policy = load_policy_text(POLICY.split("deadlines:")[0] + MANY)
    constants = {
        "received_at": "2024-03-01",
        "closed_at": "2024-03-20",
        "bought_at": "2024-02-29 10:00",
        "told_on": "",
        "kind": "b",
        "appealed_at": "2024-03-09 08:00",
    }
    fields: dict[str, Any] = {name: {"constant": value} for name, value in constants.items()}
    fields |= {"id": {"column": "no"}, "paid": {"column": "paid"}}
    mapping = read_mapping(yaml.safe_dump({"format": 1, "mapping": "constants", "fields": fields, "rows": {"where": {"no": ["C0", "C2"]}}}))
    source = given(records(), form, tmp_path)

    assert compare_file(policy, source, mapping, AS_OF) == []


@pytest.mark.parametrize("form", ["list", "frame", "csv", "jsonl"])
def test_a_mapping_that_reads_no_column_finds_nothing_in_any_row(tmp_path: Path, form: str) -> None:
    frame = pl.DataFrame({"x": ["a", "b"]})
    frame.write_csv(tmp_path / "t.csv")
    frame.write_ndjson(tmp_path / "t.jsonl")
    source: Any = {"list": frame.to_dicts(), "frame": frame}.get(form, tmp_path / f"t.{form}")
    mapping = read_mapping("format: 1\nmapping: m\nfields:\n  received_at: {constant: '2026-03-01T09:00'}\n")

    audit = load_policy("cn/base").audit(source, as_of="2026-03-20T18:00", mapping=mapping)

    assert (audit.decisions.height, audit.rejected["reason"].to_list()) == (0, ["nothing in the columns read"] * 2)
