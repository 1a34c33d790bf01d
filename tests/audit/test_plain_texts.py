"""Texts that tell times, numbers or yes and no in one plain form are read as columns; the audit says what it says of their records."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from complaint_policy import Policy, load_policy_text
from complaint_policy.audit import Audit, read_mapping, run, run_audit
from complaint_policy.audit.plain_texts import plain_texts

AS_OF = datetime(2024, 6, 1)
POLICY = """\
format: 1
policy: test/plain
effective: {from: 2020-01-01}
timezone: Asia/Shanghai
currency: CNY
title: {en: Plain texts, zh: 纯文本}
sources: {rule: {title: {en: House rule, zh: 内部规定}, status: company}}
record:
  fields:
    paid: {type: money}
    people: {type: integer, default: 1}
    share: {type: number}
    urgent: {type: boolean}
    agreed: {type: boolean, default: false}
    told_on: {type: date}
severity:
  levels: [low, middle, high]
  rules:
    - {id: SEV-high, level: high, when: {any: [{paid: {at_least: 1000.5}}, {urgent: true}]}, title: {en: H, zh: 高}, source: {ref: rule}}
    - {id: SEV-middle, level: middle, when: {any: [{people: {at_least: 7}}, {share: {above: 0.123}}]}, title: {en: M, zh: 中}, source: {ref: rule}}
  otherwise: low
deadlines:
  - id: DL-close
    title: {en: Close, zh: 办结}
    from: received_at
    to: closed_at
    within: {choose: [{when: {agreed: true}, then: 20 days}, {otherwise: 10 days}]}
    source: {ref: rule}
  - {id: DL-tell, title: {en: Tell, zh: 告知}, from: received_at, to: told_on, within: 3 days, source: {ref: rule}}
penalties:
  - id: PN-late
    title: {en: Late, zh: 逾期}
    for: [DL-close]
    per: case
    amount: {times: [{field: paid}, 0.3]}
    payable_to: company
    source: {ref: rule}
"""
NAMES = ("id", "received_at", "closed_at", "told_on", "paid", "people", "share", "urgent", "agreed")
BLANK = ["N/A", "-", "0", "1900-01-01 00:00:00", "no"]


def mapping(blank: list[str]) -> dict[str, Any]:
    return {"format": 1, "mapping": "plain", "blank": blank, "fields": {name: {"column": name} for name in NAMES}}


def file(path: Path, seed: int, rows: int = 500) -> None:
    draw = random.Random(seed)

    def some(plain: Any, *others: str) -> str:
        return plain if draw.random() < 0.8 else draw.choice(others)

    lines = [",".join(NAMES)]
    for number in range(rows):
        start = datetime(2024, 1, 1) + timedelta(seconds=draw.randrange(140 * 86400))
        closed, told = start + timedelta(hours=draw.randrange(-3, 600)), start + timedelta(hours=draw.randrange(200))
        cells = [
            f"C{number}",
            some(f"{start:%Y-%m-%d %H:%M:%S}", f"{start:%Y-%m-%dT%H:%M}", "1900-01-01 00:00:00", "", "N/A"),
            some(f"{closed:%Y-%m-%d %H:%M:%S}", "", "-", "soon", "1900-01-01 00:00:00", f"{closed:%Y-%m-%d}"),
            some(f"{told:%Y-%m-%d}", "", "N/A", f"{told:%Y/%m/%d}", "2024-02-30"),
            some(f"{draw.random() * 2000:.2f}", "", "0", "-", "1e3", "12.3456", '"1,234.50"', " 7", "-5", "007", "1234567890123", "nan", "inf", "多"),
            some(str(draw.randrange(1, 12)), "", "0", "-0", "3.0", "3.5", "007", "+4", "N/A", "9999999999999", "٣"),
            some(f"{draw.random():.3f}", "", "0", ".5", "0.1230", "0.12300000000000001", "-", "1/3", "5%"),
            some(draw.choice(["true", "false"]), "", "no", "TRUE", "1", "0", " true", "yes?", "是"),
            some(draw.choice(["是", "否"]), "", "no", "N/A", "y", "Y", "-", "无", "对 "),
        ]
        lines.append(",".join(cells))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def same(found: Audit, expected: Audit) -> None:
    for name in ("decisions", "rejected"):
        mine, theirs = (getattr(a, name).with_columns(pl.col(pl.Enum).cast(pl.String)) for a in (found, expected))
        assert mine.rows() == theirs.rows(), name
    assert found.summary().to_dict() == expected.summary().to_dict()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("blank", [[], ["N/A"], BLANK], ids=["none", "word", "values"])
def test_a_file_of_texts_is_judged_as_its_records_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blank: list[str], seed: int) -> None:
    path, policy = tmp_path / "a.csv", load_policy_text(POLICY)
    file(path, seed)
    found = run_audit(policy, path, as_of=AS_OF, mapping=read_mapping(yaml.safe_dump(mapping(blank))))
    with monkeypatch.context() as patched:
        patched.setattr(run, "DelimitedTable", int)
        expected = run_audit(policy, path, as_of=AS_OF, mapping=read_mapping(yaml.safe_dump(mapping(blank))))
    same(found, expected)
    for row in found.decisions["row"].to_list()[::50]:
        assert found.decision(row).to_dict() == expected.decision(row).to_dict()


@pytest.mark.parametrize("blank", [[], BLANK], ids=["none", "values"])
def test_every_kind_of_plain_text_is_read(tmp_path: Path, blank: list[str]) -> None:
    path = tmp_path / "a.csv"
    file(path, 9)
    policy = load_policy_text(POLICY)
    frame = pl.read_csv(path, infer_schema=False)
    plain = plain_texts(frame, read_mapping(yaml.safe_dump(mapping(blank))), [version.model.fields for version in policy.versions], policy.zone)
    typed, others = plain.read(frame)
    places = {field.name: field.columns[0] for field in plain.mapping.fields}
    kinds = {name: typed.schema[place] for name, place in places.items()}

    assert kinds == {
        "id": pl.String, "received_at": pl.Datetime("us"), "closed_at": pl.Datetime("us"), "told_on": pl.Date, "paid": pl.Float64,
        "people": pl.Int64, "share": pl.Float64, "urgent": pl.Boolean, "agreed": pl.Boolean,
    }  # fmt: skip
    assert typed.height
    assert others.height
    assert typed.height + others.height == frame.height
    marks = [mark for mark in blank if mark != "no"]
    if marks:
        kept = typed.filter(pl.col("received_at").is_in(marks) | pl.col("paid").is_in(marks) | pl.col("closed_at").is_in(marks))
        assert kept.height
        for name in ("received_at", "paid", "closed_at"):
            assert kept.filter(pl.col(name).is_in(marks))[places[name]].null_count() == kept[name].is_in(marks).sum()


# --------------------------------------------------------------------------- columns that are typed already
def typed_frame(seed: int) -> pl.DataFrame:
    draw, rows = random.Random(seed), 120
    start = [None if draw.random() < 0.1 else datetime(2024, 1, 1) + timedelta(hours=draw.randrange(3000)) for _ in range(rows)]
    start[0] = datetime(1900, 1, 1)
    return pl.DataFrame(
        {
            "id": [f"C{i}" for i in range(rows)],
            "received_at": start,
            "closed_at": [None if s is None or draw.random() < 0.2 else s + timedelta(hours=draw.randrange(500)) for s in start],
            "told_on": [draw.choice([None, datetime(1900, 1, 1).date(), datetime(2024, 3, draw.randrange(1, 29)).date()]) for _ in range(rows)],
            "paid": [draw.choice([None, 0.0, -0.0, 5.0, 1200.5, float("nan")]) for _ in range(rows)],
            "people": [draw.choice([None, 0, 3, 9]) for _ in range(rows)],
            "share": [draw.choice([None, 0.0, 0.5]) for _ in range(rows)],
            "urgent": [draw.choice([None, True, False]) for _ in range(rows)],
            "agreed": pl.Series([draw.choice([None, "no", "是", "N/A"]) for _ in range(rows)], dtype=pl.Categorical),
        },
        schema_overrides={"received_at": pl.Datetime("us"), "closed_at": pl.Datetime("us")},
    )


def by_record(policy: Policy, frame: pl.DataFrame, blank: list[str], monkeypatch: pytest.MonkeyPatch) -> Audit:
    with monkeypatch.context() as patched:
        patched.setattr(run, "has_columns", lambda policy: False)
        return run_audit(policy, frame, as_of=AS_OF, mapping=read_mapping(yaml.safe_dump(mapping(blank))))


@pytest.mark.parametrize("blank", [["N/A"], ["-", "NaN", "n.a."], ["0"], ["false"], ["1900-01-01 00:00:00", "1900-01-01"], ["-0", "x"]], ids=str)
def test_what_is_blank_of_typed_columns(monkeypatch: pytest.MonkeyPatch, blank: list[str]) -> None:
    policy = load_policy_text(POLICY)
    for seed in range(2):
        frame = typed_frame(seed)
        same(run_audit(policy, frame, as_of=AS_OF, mapping=read_mapping(yaml.safe_dump(mapping(blank)))), by_record(policy, frame, blank, monkeypatch))


@pytest.mark.parametrize(("cell", "blank"), [(0, "0"), (True, "true"), (1.5, "1.5"), (datetime(1900, 1, 1).date(), "1900-01-01")])
def test_a_row_of_blank_typed_cells_is_a_blank_row(cell: Any, blank: str) -> None:
    policy = load_policy_text(POLICY)
    name = {bool: "urgent", int: "people", float: "paid"}.get(type(cell), "told_on")
    frame = pl.DataFrame({"received_at": pl.Series([None, None], dtype=pl.Datetime("us")), name: [cell, None], "id": pl.Series([None, "a"], dtype=pl.String)})
    fields = {column: {"column": column} for column in frame.columns}
    found = run_audit(policy, frame, as_of=AS_OF, mapping=read_mapping(yaml.safe_dump({"format": 1, "blank": [blank], "fields": fields})))

    assert [reason[:12] for reason in found.rejected["reason"].to_list()] == ["nothing in t", "received_at "]


# --------------------------------------------------------------------------- found by a reviewer
FEW = """\
format: 1
policy: test/few
effective: {from: 2000-01-01}
timezone: ZONE
sources: {rule: {title: {en: House rule, zh: 内部规定}, status: company}}
record: {fields: {urgent: {type: boolean}, told_on: {type: date}}}
severity:
  levels: [low, high]
  rules: [{id: SEV, level: high, when: {urgent: true}, title: {en: U, zh: 急}, source: {ref: rule}}]
  otherwise: low
deadlines: [{id: DL, from: received_at, to: told_on, within: 10 days, title: {en: Tell, zh: 告知}, source: {ref: rule}}]
"""


def both_ways(monkeypatch: pytest.MonkeyPatch, path: Path, fields: dict[str, Any], zone: str = "Asia/Shanghai", **more: Any) -> Audit:
    policy = load_policy_text(FEW.replace("ZONE", zone))
    read = read_mapping(yaml.safe_dump({"format": 1, "fields": {name: {"column": name} for name in ("id", "received_at", "told_on", "urgent")} | fields, **more}))
    found = run_audit(policy, path, as_of=AS_OF, mapping=read)
    with monkeypatch.context() as patched:
        patched.setattr(run, "DelimitedTable", int)
        same(found, run_audit(policy, path, as_of=AS_OF, mapping=read))
    return found


@pytest.mark.parametrize(("plain", "odd", "blank"), [("true", "no ", "no"), ("true", " false", "false"), ("否", "\u3000是", "是"), ("Y", "n\t", "n")])
def test_a_blank_word_with_white_space_around_it_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain: str, odd: str, blank: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,received_at,told_on,urgent\n" + f"C,2024-05-01,2024-05-02,{plain}\n" * 3 + f"C,2024-05-01,2024-05-02,{odd}\n", encoding="utf-8")
    for found in (both_ways(monkeypatch, path, {}, blank=[blank]), both_ways(monkeypatch, path, {"urgent": {"column": "urgent", "blank": [blank]}})):
        assert found.decisions["severity"].to_list()[-1] is None


@pytest.mark.parametrize("form", ["%Y-%m-%d %M", "%Y-%m-%d %S", "%Y-%m-%d %M:%S"])
def test_a_format_of_minutes_without_hours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    path = tmp_path / "a.csv"
    times = [datetime(2024, 5, 1, 0, 30, 20) + timedelta(minutes=i) for i in range(5)]
    path.write_text("id,received_at,told_on,urgent\n" + "".join(f"C,{t.strftime(form)},2024-05-02,true\n" for t in times))
    assert both_ways(monkeypatch, path, {"received_at": {"column": "received_at", "format": form}}).decisions.height == 5


@pytest.mark.parametrize(("zone", "told"), [("Pacific/Apia", "2011-12-30 10:00:00"), ("America/Scoresbysund", "2024-03-30 23:30:00"), ("Europe/Berlin", "2024-03-31 02:30:00"), ("Asia/Shanghai", "2024-03-30 23:30:00")])
def test_a_day_of_a_time_that_a_clock_leapt_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zone: str, told: str) -> None:
    path = tmp_path / "a.csv"
    start = datetime.fromisoformat(told) - timedelta(days=10)
    path.write_text("id,received_at,told_on,urgent\n" + f"C,{start},{told},true\n" * 3 + f"C,{start},{told[:10]} 01:00:00,true\n")
    both_ways(monkeypatch, path, {"told_on": {"column": "told_on", "as": "date"}}, zone)


@pytest.mark.parametrize("kind", [pl.Categorical, pl.Enum(["", " ", "N/A", "x"])])
@pytest.mark.parametrize("blank", [[], ["N/A"]])
def test_a_row_of_a_blank_text_that_is_an_enumeration_is_a_blank_row(kind: Any, blank: list[str]) -> None:
    frame = pl.DataFrame({"id": pl.Series([None] * 4, dtype=pl.String), "received_at": pl.Series([None] * 4, dtype=pl.Datetime("us")), "channel": pl.Series(["", " ", "N/A", "x"], dtype=kind)})
    read = read_mapping(yaml.safe_dump({"format": 1, "blank": blank, "fields": {column: {"column": column} for column in frame.columns}}))
    found = run_audit(load_policy_text(FEW.replace("ZONE", "Asia/Shanghai")), frame, as_of=AS_OF, mapping=read)
    assert [reason[:11] == "nothing in " for reason in found.rejected["reason"].to_list()] == [True, True, bool(blank), False]


def test_rows_are_filtered_by_cells_of_any_type() -> None:
    policy = load_policy_text(FEW.replace("ZONE", "America/New_York"))
    first = datetime(2023, 11, 5, 5, 30)
    frame = pl.DataFrame(
        {
            "id": ["a", "b", "c"],
            "received_at": pl.Series([first + timedelta(hours=i) for i in range(3)]).dt.replace_time_zone("UTC").dt.convert_time_zone("America/New_York"),
            "tags": [["x"], ["y"], None],
            "parts": [{"k": 1}, {"k": 2}, None],
            "share": [0.5, float("nan"), -0.0],
        }
    )

    def kept(**where: list[str]) -> list[str]:
        read = read_mapping(yaml.safe_dump({"format": 1, "fields": {"id": {"column": "id"}, "received_at": {"column": "received_at"}}, "rows": {"where": where}}))
        found = run_audit(policy, frame, as_of=AS_OF, mapping=read)
        assert found.decisions.height + found.rejected.height == 3
        return found.decisions["id"].to_list()

    assert kept(received_at=["2023-11-05 01:30:00-05:00"]) == ["b"]
    assert kept(tags=["['x']"]) == ["a"]
    assert kept(parts=["{'k': 2}"]) == ["b"]
    assert kept(share=["nan"]) == ["b"]
    assert kept(share=["0"]) == ["c"]
