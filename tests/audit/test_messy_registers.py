"""What registers hold that nobody planned for: each costs its own cell, or is told by name, and never ends an audit with somebody else's error."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import polars as pl
import pytest

from complaint_policy import PolicyError, load_policy_text
from complaint_policy.audit import read_mapping, run_audit
from complaint_policy.audit.workbooks import errors_of
from complaint_policy.errors import InputError, MappingError, UsageError

AS_OF = "2026-04-01T00:00"
POLICY = """\
format: 1
policy: test/messy
effective: {from: "2020-01-01"}
timezone: Asia/Shanghai
title: {en: Messy, zh: 杂乱}
sources: {rule: {title: {en: House rule, zh: 内部规定}, status: company}}
currency: CNY
record:
  fields:
    fee: {type: money}
    got_on: {type: date FORMATS}
severity:
  levels: [low, high]
  rules:
    - {id: SEV-high, level: high, when: {fee: {at_least: 1000}}, title: {en: H, zh: 高}, source: {ref: rule}}
  otherwise: low
deadlines:
  - {id: DL, title: {en: Answer, zh: 答复}, from: received_at, to: responded_at, within: 24 hours, source: {ref: rule}}
requirements:
  - {id: RQ, title: {en: Told, zh: 告知}, require: {got_on: {by: responded_at}}, source: {ref: rule}}
"""
PLAIN = POLICY.replace(" FORMATS", "")


def policy() -> Any:
    return load_policy_text(PLAIN)


def as_records(records: list[dict[str, Any]]) -> Any:
    audit = run_audit(policy(), records, as_of=AS_OF)
    columns = sorted({name for record in records for name in record})
    decided = dict(zip(audit.decisions["row"], audit.decisions.iter_rows(named=True), strict=True))
    for row, record in enumerate(records):
        if row in decided:
            decision = policy().evaluate(record, as_of=AS_OF, source_fields=columns)
            assert decided[row]["DL.outcome"] == decision.outcomes["DL"]
            assert decided[row]["severity"] == decision.severity.level
    return audit


@pytest.mark.parametrize("seconds", ["59", "60", "61"])
def test_there_are_no_leap_seconds(seconds: str) -> None:
    records = [{"id": "1", "received_at": "2026-03-01T10:00:00", "responded_at": f"2026-03-02T09:59:{seconds}"} for _ in range(3)]

    assert set(as_records(records).decisions["DL.outcome"]) == {"met" if seconds == "59" else "indeterminate"}
    records = [{"id": "1", "received_at": f"2026-03-02T09:59:{seconds}", "responded_at": "2026-03-02T10:00:00"}]
    assert as_records(records).rejected.height == (0 if seconds == "59" else 1)


@pytest.mark.parametrize("torn", ["手\ud83d", "\udc00", "a\ud83d\ud83dz"])
@pytest.mark.parametrize("name", ["id", "description", "category", "responded_at", "fee"])
@pytest.mark.parametrize("form", ["records", "jsonl", "json"])
def test_half_an_emoji_costs_its_own_field(tmp_path: Path, form: str, name: str, torn: str) -> None:
    """Systems that cut texts at a number of UTF-16 units leave such halves."""
    records: list[dict[str, Any]] = [
        {"id": "1", "received_at": "2026-03-01T10:00", "description": "好😀", "responded_at": "2026-03-01T11:00", "fee": "12", "category": "x"},
        {"id": "2", "received_at": "2026-03-01T10:00", "description": "ok", "responded_at": "2026-03-01T11:00", "fee": "12", "category": "x"},
    ]
    records[1][name] = torn
    source: Any = records
    if form != "records":
        source = tmp_path / f"a.{form}"
        source.write_text("\n".join(map(json.dumps, records)) if form == "jsonl" else json.dumps(records), "ascii")

    audit = run_audit(policy(), source, as_of=AS_OF)

    assert audit.decisions.height == 2
    assert audit.decisions["DL.outcome"].to_list() == ["met", "indeterminate" if name == "responded_at" else "met"]
    assert audit.decision(0).unusable == {}
    assert set(audit.decision(1).unusable) == ({name} if name in ("id", "responded_at", "fee") else set())  # of what the policy reads


@pytest.mark.parametrize("far", ["0001-01-01", date(1, 1, 1), "0001-01-02", "9999-12-31", "1849-12-31", "0001-01-02T00:00"])
def test_days_nobody_means_are_passed_over_in_a_log(far: object) -> None:
    events = {"case": "n", "take": {"received_at": "earliest", "closed_at": "latest"}}
    fields = {"id": {"column": "n"}, "received_at": {"column": "o"}, "closed_at": {"column": "c"}}
    mapping = read_mapping(json.dumps({"format": 1, "mapping": "x", "fields": fields, "events": events}))
    rows = [{"n": 1, "o": far, "c": far}, {"n": 1, "o": "2026-03-01T10:00", "c": "2026-03-02T10:00"}]

    audit = run_audit(policy(), rows, as_of=AS_OF, mapping=mapping)

    assert audit.decisions.height == 1
    decision = audit.decision(0)
    assert decision.deadlines[0].due_at == datetime.fromisoformat("2026-03-02T10:00+08:00")
    assert decision.unusable == {}


@pytest.mark.parametrize("far", ["0001-01-01", date(1, 1, 1), "9999-12-31"])
def test_such_a_day_orders_no_log(far: object) -> None:
    events = {"case": "n", "order": {"column": "c"}}
    mapping = read_mapping(json.dumps({"format": 1, "mapping": "x", "fields": {"id": {"column": "n"}, "received_at": {"column": "o"}}, "events": events}))

    audit = run_audit(policy(), [{"n": 1, "o": "2026-03-01T10:00", "c": far}, {"n": 1, "o": "2026-03-01T10:00", "c": "2026-03-02"}], as_of=AS_OF, mapping=mapping)

    assert audit.decisions["row"].to_list() == [1]
    assert audit.rejected["reason"].to_list() == ["the instant that orders the events cannot be read"]


def test_an_encoding_that_makes_no_text_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,received_at\n1,2026-03-01T10:00\n")
    for name in ("base64", "zip", "rot13", "nothing"):
        with pytest.raises((InputError, MappingError), match=f"'{name}'"):
            mapping = {"format": 1, "mapping": "x", "input": {"encoding": name}, "fields": {"received_at": {"column": "received_at"}}}
            run_audit(policy(), tmp_path / "a.csv", as_of=AS_OF, mapping=read_mapping(json.dumps(mapping)))


def test_rows_are_whole_numbers_of_any_library() -> None:
    audit = run_audit(policy(), [{"id": "1", "received_at": "2026-03-01T10:00"}] * 2, as_of=AS_OF)

    assert audit.decision(np.int64(1)).to_dict() == audit.decision(1).to_dict()
    wrong: Any
    for wrong in (1.5, None, Decimal(1), b"1"):
        with pytest.raises(UsageError, match=r"its id \(a text\) or its row"):
            audit.decision(wrong)


def test_a_mapping_is_no_dict() -> None:
    wrong: Any = {"fields": {"id": {"column": "id"}}}
    with pytest.raises(UsageError, match="the path of a mapping file"):
        run_audit(policy(), [{"id": "1", "received_at": "2026-03-01T10:00"}], as_of=AS_OF, mapping=wrong)


@pytest.mark.parametrize("amount", ["１２００", "￥１２００", "１，２００元", "1200", "¥1,200.00", "1,200元"])
def test_money_in_full_width_digits(amount: str) -> None:
    records = [{"id": "1", "received_at": "2026-03-01T10:00", "fee": amount}, {"id": "2", "received_at": "2026-03-01T10:00", "fee": "５"}]
    assert as_records(records).decisions["severity"].to_list() == ["high", "low"]


# --------------------------------------------------------------------------- workbooks
def workbook(path: Path, rows: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    book.create_sheet("别的 & 'one'")
    for row in rows:
        book["别的 & 'one'"].append(row)
    book.save(path)
    return path


@pytest.mark.parametrize("error", ["#N/A", "#VALUE!", "#DIV/0!", "#REF!", "#NAME?"])
def test_an_error_cell_is_not_an_empty_one(tmp_path: Path, error: str) -> None:
    """A lookup that failed does not say that nobody has answered."""
    head = ["id", "received_at", "responded_at"]
    rows: list[list[Any]] = [["1", "2026-03-01T09:05", error], ["2", "2026-03-01T09:05", "2026-03-01T10:05"], ["3", "2026-03-01T09:05", None], ["4", error, None]]

    audit = run_audit(policy(), workbook(tmp_path / "a.xlsx", [head, *rows]), as_of=AS_OF)

    assert audit.decisions["DL.outcome"].to_list() == ["indeterminate", "met", "breached"]
    assert set(audit.decision(0).unusable) == {"responded_at"}
    assert audit.rejected["reason"].to_list() == ["received_at is unusable: not a time (ISO 8601 or a declared format)"]


@pytest.mark.parametrize(
    "sheet", [b"<c " * 300_000, b"<c t='e' " * 100_000, b"<c r='A1' t='e'>" * 50_000, b"<a:" * 300_000, b"<c " + b't="e" ' * 200_000, b"<c r='A1' t='e'><f>" + b"x" * 9_000]
)
def test_a_hostile_sheet_takes_no_time(sheet: bytes) -> None:
    """Each pattern looks a bounded way ahead; one that looked further would take hours."""
    assert errors_of(_archive(sheet), "S") in ([], [(0, 0, "#N/A")], [(0, 0, "#N/A")] * 50_000)


def test_a_long_formula_that_failed() -> None:
    cell = b"<c r='C12' s='3' t='e'><f>" + b"A1+" * 2_500 + b"</f><v>#REF!</v></c><c r='D12'><v>3</v></c>"
    assert errors_of(_archive(cell), "S") == [(11, 2, "#REF!")]


def _archive(sheet: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("xl/workbook.xml", '<workbook><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>')
        archive.writestr("xl/_rels/workbook.xml.rels", '<Relationships><Relationship Id="rId1" Target="worksheets/a.xml"/></Relationships>')
        archive.writestr("xl/worksheets/a.xml", sheet)
    return made.getvalue()


def test_numbers_as_names_of_columns(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["id", "received_at", 2026], ["1", "2026-03-01T09:05", "2026-03-01T10:05"]])
    fields = {"id": {"column": "id"}, "received_at": {"column": "received_at"}, "responded_at": {"column": "2026"}}

    audit = run_audit(policy(), path, as_of=AS_OF, mapping=read_mapping(json.dumps({"format": 1, "mapping": "x", "fields": fields})))

    assert audit.decisions["DL.outcome"].to_list() == ["met"]


# --------------------------------------------------------------------------- headers
MAPPING = read_mapping(json.dumps({"format": 1, "mapping": "x", "fields": {"id": {"column": "id"}, "received_at": {"column": "received"}}}))


@pytest.mark.parametrize("mapping", [None, MAPPING], ids=["by name", "mapped"])
@pytest.mark.parametrize("first", ["张三,13800001111,2026-03-01T10:00", "张三,甲,2026/3/1", "张三,13800001111,13800001111"])
def test_a_line_of_data_is_not_shown_as_names(tmp_path: Path, mapping: Any, first: str) -> None:
    (tmp_path / "a.csv").write_text(f"{first}\n李四,13900002222,2026-03-01T10:00\n", "utf-8")

    with pytest.raises((InputError, MappingError)) as caught:
        run_audit(policy(), tmp_path / "a.csv", as_of=AS_OF, mapping=mapping)

    problems = getattr(caught.value, "problems", ())
    told = str(caught.value) + "".join(f"{p.hint.en} {p.hint.zh}" for p in problems if p.hint is not None)
    for personal in ("张三", "13800001111", "2026-03-01T10:00", "2026/3/1"):
        assert personal not in told
    assert "header: false" in told


@pytest.mark.parametrize("mapping", [None, MAPPING], ids=["by name", "mapped"])
def test_a_title_above_the_names(tmp_path: Path, mapping: Any) -> None:
    (tmp_path / "a.csv").write_text("投诉登记表,,\nid,received,x\n1,2026-03-01T10:00,y\n", "utf-8")

    with pytest.raises((InputError, MappingError)) as caught:
        run_audit(policy(), tmp_path / "a.csv", as_of=AS_OF, mapping=mapping)

    problems = getattr(caught.value, "problems", ())
    told = str(caught.value) + "".join(p.hint.en for p in problems if p.hint is not None)
    assert "input: {header: 2}" in told


# --------------------------------------------------------------------------- formats of a policy
def with_formats(*formats: str) -> Any:
    return load_policy_text(POLICY.replace(" FORMATS", ", formats: " + json.dumps(formats, ensure_ascii=False)))


@pytest.mark.parametrize("form", ["%m月%d日", "%H:%M", "%Y-%m", "%j %Y", "%c", "%Y-%m-%d %Y"])
def test_a_format_tells_a_whole_date(form: str) -> None:
    with pytest.raises(PolicyError) as caught:
        with_formats(form)
    (problem,) = caught.value.problems
    assert (problem.code, problem.place.line) == ("bad-format", 11)


def test_formats_do_not_ask_the_machine() -> None:
    """``%p`` and ``%b`` mean the same in every locale."""
    program = (
        "import locale, sys\nlocale.setlocale(locale.LC_ALL, sys.argv[1])\n"
        "from complaint_policy.coerce import read_moment\nfrom complaint_policy.zones import zone_named\nzone = zone_named('UTC')\n"
        "print(read_moment('2026年3月1日 下午9:05', zone, ('%Y年%m月%d日 %p%I:%M',)), read_moment('1 Mar 2026', zone, ('%d %b %Y',)))"
    )
    for name in ("C", "C.UTF-8"):
        told = subprocess.run([sys.executable, "-c", program, name], capture_output=True, text=True, check=True).stdout
        assert told == "2026-03-01 21:05:00 2026-03-01\n"


def test_formats_of_a_policy_in_a_table() -> None:
    found = run_audit(with_formats("%Y年%m月%d日"), pl.DataFrame({"id": ["1", "2"], "received_at": ["2026-03-01T10:00"] * 2, "got_on": ["2026年3月1日", "3月1日"]}), as_of=AS_OF)
    assert found.summary().unusable == {"got_on": 1}
