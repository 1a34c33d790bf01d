"""What a cell may look like, what it then is, and that a bad one costs only what depends on it."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType, SimpleNamespace
from typing import Any

import attrs
import pytest

from complaint_policy import RecordError, UsageError
from tests.meaning.logic_support import FIELDS, NOW, RECEIVED, condition, decide, policy

BOOLEANS: list[tuple[Any, bool | None]] = [
    *((cell, True) for cell in (True, 1, 1.0, Decimal(1), "true", "TRUE", "True", "yes", "Yes", "Y", "y", "1", "是", " 是 ", "有", "对")),
    *((cell, False) for cell in (False, 0, 0.0, "false", "FALSE", "no", "No", "N", "n", "0", "否", "无", "不是")),
    *((cell, None) for cell in ("2", 2, "maybe", "是否", "-", "x", [True], {"a": 1}, date(2026, 1, 1), "true.")),
]


@pytest.mark.parametrize(("cell", "meaning"), BOOLEANS)
def test_a_boolean(cell: Any, meaning: bool | None) -> None:
    assert condition("{flag: true}", {"flag": cell}) == ("? flag" if meaning is None else str(meaning).lower())


MONEY: list[tuple[Any, str, str | None]] = [
    ("1234.5", "CNY", "1234.5"),
    ("1,234.50", "CNY", "1234.5"),
    ("1，234.50", "CNY", "1234.5"),
    ("¥1,234.50", "CNY", "1234.5"),
    ("￥1,234.50", "CNY", "1234.5"),
    ("1234.50元", "CNY", "1234.5"),
    ("人民币1234.50元", "CNY", "1234.5"),
    ("CNY 1234.50", "CNY", "1234.5"),
    ("1234.50 CNY", "CNY", "1234.5"),
    ("RMB 1,234.50", "CNY", "1234.5"),
    ("-¥5", "CNY", "-5"),
    ("¥-5", "CNY", "-5"),
    ("1,234,567", "CNY", "1234567"),
    ("$1,234.50", "USD", "1234.5"),
    ("US$1,234.50", "USD", "1234.5"),
    ("$5", "AUD", "5"),
    ("€5", "EUR", "5"),
    ("5 €", "EUR", "5"),
    ("£5", "GBP", "5"),
    ("¥500", "JPY", "500"),
    (1234.5, "CNY", "1234.5"),
    (0.1, "CNY", "0.1"),
    (Decimal("1234.50"), "CNY", "1234.5"),
    (1234, "CNY", "1234"),
    ("$5", "CNY", None),  # another currency
    ("USD 5", "CNY", None),
    ("5 EUR", "CNY", None),
    ("€5", "GBP", None),
    ("US$5", "AUD", None),
    ("HK$5", "USD", None),
    ("1,23", "CNY", None),  # no thousands, and no comma for a point
    ("1.234,50", "EUR", None),
    ("12,34,567", "CNY", None),
    ("1e5", "CNY", None),
    ("five", "CNY", None),
    ("5-", "CNY", None),
    ("--5", "CNY", None),
    (True, "CNY", None),
    (float("inf"), "CNY", None),
    ("Infinity", "CNY", None),
    (Decimal("1E+70"), "CNY", None),
]


@pytest.mark.parametrize(("cell", "currency", "meaning"), MONEY)
def test_money(cell: Any, currency: str, meaning: str | None) -> None:
    decision = decide("facts: {f: {first_known: [{field: sum}]}}", {"sum": cell}, currency=currency)
    assert decision.fact("f") == (None if meaning is None else Decimal(meaning))
    assert ("sum" in decision.unusable) is (meaning is None)


NUMBERS: list[tuple[str, Any, str | None]] = [
    ("pieces", "1,000", "1000"),
    ("pieces", "+5", "5"),
    ("pieces", "５", "5"),  # full-width
    ("pieces", "007", "7"),
    ("pieces", 3.0, "3"),
    ("pieces", Decimal("3.00"), "3"),
    ("pieces", "3.5", None),
    ("pieces", True, None),
    ("pieces", "3 pcs", None),
    ("pieces", "0x10", None),
    ("pieces", "1_000", None),
    ("size", "12.50", "12.5"),
    ("size", 1e3, "1000"),
    ("size", 1e300, None),
    ("size", ".5", None),
]


@pytest.mark.parametrize(("field", "cell", "meaning"), NUMBERS)
def test_a_number(field: str, cell: Any, meaning: str | None) -> None:
    decision = decide(f"facts: {{f: {{first_known: [{{field: {field}}}]}}}}", {field: cell})
    assert decision.fact("f") == (None if meaning is None else Decimal(meaning))


# 08:00 in London is 16:00 in Shanghai; each of these is 3 March 16:00 there.
MOMENTS: list[Any] = [
    "2026-03-03T16:00",
    "2026-03-03 16:00",
    "2026-03-03T16:00:00",
    "2026-03-03T16:00:00.000",
    "2026-03-03T16:00:00,0000009",  # cut to microseconds
    "2026-03-03T08:00Z",
    "2026-03-03T08:00:00+00:00",
    "2026-03-03 16:00:00+0800",
    "2026-03-03T16:00+08",
    " 2026-03-03T16:00 ",
    datetime(2026, 3, 3, 16),
    datetime(2026, 3, 3, 8, tzinfo=UTC),
    datetime(2026, 3, 3, 3, tzinfo=timezone(timedelta(hours=-5))),
]


@pytest.mark.parametrize("cell", MOMENTS)
def test_a_moment(cell: Any) -> None:
    body = "facts: {f: happened_at}\nrequirements: [{id: RQ, require: {happened_at: {by: {from: happened_at, within: 1 day}}}, before: received_at}]"
    assert str(decide(body, {"happened_at": cell}).fact("f")) == "2026-03-03 16:00:00+08:00"


@pytest.mark.parametrize(
    "cell",
    ["03/03/2026", "2026-3-3", "2026-03-03T25:00", "2026-02-30", "yesterday", "0001-01-01", "9999-01-01T00:00", 20260303, 45000.5, True, "2026-03-03T16"],
)
def test_no_moment(cell: Any) -> None:
    assert condition("{happened_at: present}", {"happened_at": cell}) == "? happened_at"


FORMATS = 'record: {fields: {seen_at: {type: event, formats: ["%d/%m/%Y %H:%M", "%Y年%m月%d日", "%m/%d/%Y %I:%M:%S %p"]}}}'


@pytest.mark.parametrize(
    ("cell", "before", "expected"),
    [
        ("03/04/2026 09:30", "2026-04-03T09:30", "true"),  # the first format that fits: day first
        ("03/31/2026 09:30:00 AM", "2026-03-31T09:30", "true"),
        ("2026年3月5日", "2026-03-05T23:59:59.999999", "true"),  # a format without a time: a day
        ("2026年3月5日", "2026-03-05T12:00", "?"),
        ("2026-03-05T12:00", "2026-03-05T12:00", "true"),  # ISO beside the declared ones
        ("5.3.2026", "2026-03-05T12:00", "?"),
    ],
)
def test_declared_formats(cell: str, before: str, expected: str) -> None:
    fields = FORMATS.replace("fields: {", "fields: {at: {type: datetime}, ")
    got = condition("{seen_at: {by: at}}", {"seen_at": cell, "at": before}, "2026-05-01T00:00", fields=fields)
    assert got.split()[0] == expected


SPANS: list[tuple[Any, str]] = [
    ("2026-03-04T10:00/2026-03-04T16:00; 2026-03-05T10:00/2026-03-05T11:00", "7"),
    ([{"from": "2026-03-04T10:00", "to": "2026-03-04T16:00"}, ("2026-03-04T15:00", "2026-03-04T17:00")], "7"),  # overlapping once
    ("2026-03-04/2026-03-05", "48"),  # both days whole
    ("2026-03-10T10:00/", "2"),  # running
    ([], "0"),
    (None, "0"),  # `empty: none`
    ("2026-03-04T16:00/2026-03-04T10:00", "?"),
    ("2026-03-04", "?"),
    ([{"to": "2026-03-04"}], "?"),
    (5, "?"),
]


@pytest.mark.parametrize(("cell", "hours"), SPANS)
def test_intervals(cell: Any, hours: str) -> None:
    decision = decide(
        "facts: {f: {length: pause, in: hours, round: down}}\nrequirements: [{id: RQ, require: {f: {at_least: 0}}, before: received_at}]", {"pause": cell}
    )
    assert decision.fact("f") == (None if hours == "?" else int(hours))
    assert decision.outcomes["RQ"] == ("indeterminate" if hours == "?" else "met")


# --------------------------------------------------------------------------- one bad cell
MANY = """
severity: {levels: [low, high], rules: [{id: SEV, level: high, when: {pieces: {at_least: 5}}}], otherwise: low}
responsibility: {by: [kind], rows: [{id: RS-n, when: {kind: network}, owner: ops}, {id: RS-t, when: {kind: [tariff, service]}, owner: desk}], otherwise: {owner: desk}}
deadlines:
  - {id: DL-a, from: received_at, to: responded_at, within: 2 days}
  - {id: DL-b, from: received_at, to: happened_at, within: 2 days}
requirements:
  - {id: RQ-a, require: {flag: true}, before: received_at}
  - {id: RQ-b, require: {word: present}, before: received_at}
penalties: [{id: PN, for: [DL-a], payable_to: company, amount: {times: [0.1, {field: sum}]}, range: [0, 100]}]
"""
GOOD = {"pieces": 1, "kind": "network", "responded_at": "2026-03-09T10:00", "happened_at": "2026-03-03T10:00", "flag": True, "word": "x", "sum": 500}


def _seen(record: dict[str, Any]) -> dict[str, Any]:
    decision = decide(MANY, record)
    (penalty,) = decision.penalties or (None,)
    return {"level": decision.severity.level, "owner": decision.responsibility.owner, **decision.outcomes, "PN": penalty and (penalty.state, penalty.missing)}


GOOD_SEEN = {"level": "low", "owner": "ops", "DL-a": "breached", "DL-b": "met", "RQ-a": "met", "RQ-b": "met", "PN": ("proposed", ())}

BAD = [
    ("pieces", {"level": None}),
    ("kind", {"owner": None}),
    ("happened_at", {"DL-b": "indeterminate"}),
    ("responded_at", {"DL-a": "indeterminate", "PN": ("indeterminate", ("responded_at",))}),
    ("flag", {"RQ-a": "indeterminate"}),
    ("word", {"RQ-b": "indeterminate"}),
    ("sum", {"PN": ("indeterminate", ("sum",))}),
]


def test_the_record_without_a_bad_cell() -> None:
    assert _seen(GOOD) == GOOD_SEEN


@pytest.mark.parametrize(("field", "changed"), BAD)
def test_a_bad_cell_costs_only_what_depends_on_it(field: str, changed: dict[str, Any]) -> None:
    record = {**GOOD, field: {"not": "a cell"}}
    assert _seen(record) == {**GOOD_SEEN, **changed}
    decision = decide(MANY, record)
    assert set(decision.unusable) == {field}
    notes = [f for f in decision.findings if f.rule == "record"]
    assert [f.outcome for f in notes] == ["unusable"]
    assert field in notes[0].message.en and field in notes[0].message.zh
    named = {
        *decision.severity.missing,
        *decision.responsibility.missing,
        *(m for r in decision.judged() for m in r.missing),
        *(m for p in decision.penalties for m in p.missing),
    }
    assert named == {field}


def test_an_unusable_cell_is_not_shown() -> None:
    record = {**GOOD, "pieces": "13800001111", "flag": "Wang Wu"}
    decision = decide(MANY, record)
    text = decision.explain("en") + decision.explain("zh") + str(decision.to_dict())
    assert "13800001111" not in text and "Wang Wu" not in text


# --------------------------------------------------------------------------- kinds of record
@dataclass
class Plain:
    id: str
    received_at: str
    pieces: int


@attrs.frozen
class Frozen:
    id: str
    received_at: datetime
    pieces: int


@pytest.mark.parametrize(
    "record",
    [
        {"id": "1", "received_at": RECEIVED, "pieces": 7},
        MappingProxyType({"id": "1", "received_at": RECEIVED, "pieces": 7}),
        Plain("1", RECEIVED, 7),
        Frozen("1", datetime(2026, 3, 2, 10), 7),
        SimpleNamespace(id="1", received_at=RECEIVED, pieces=7),
    ],
)
def test_a_record_is_a_mapping_or_an_object(record: Any) -> None:
    decision = policy(MANY).evaluate(record, as_of=NOW)
    assert (decision.complaint_id, decision.severity.level) == ("1", "high")


def test_a_pydantic_object() -> None:
    pydantic = pytest.importorskip("pydantic")
    model = pydantic.create_model("Complaint", id=(str, ...), received_at=(datetime, ...), pieces=(int, ...), sum=(Decimal, ...))
    record = model(id="1", received_at="2026-03-02T10:00", pieces=7, sum="12.50")
    assert policy(MANY).evaluate(record, as_of=NOW).severity.level == "high"


def test_the_callers_record_is_not_changed_and_not_kept() -> None:
    record = {
        "id": "1",
        "received_at": RECEIVED,
        "pieces": "7",
        "tags": ["b", "a"],
        "pause": [{"from": "2026-03-04", "to": None}],
        "word": "cafe\u0301",
        "unknown": object,
    }
    before = copy.deepcopy(record)
    decision = policy(MANY).evaluate(record, as_of=NOW)
    decision.to_dict()
    decision.explain("zh")
    assert record == before
    record["pieces"] = 1
    assert decision.severity.level == "high"
    ordinary: dict[str, Any] = {"id": "1", "received_at": datetime(2026, 3, 2, 10), "pieces": 7, "kind": "network", "flag": True}
    decided = policy(MANY).evaluate(ordinary, as_of=datetime(2026, 3, 10))
    ordinary.clear()
    assert decided.severity.level == "high" and decided.complaint_id == "1"


def test_unknown_keys_are_ignored_and_absent_keys_are_empty() -> None:
    assert decide(MANY, {"nobody_declared_me": 1}).outcomes == {**dict.fromkeys(("DL-a", "DL-b"), "breached"), "RQ-a": "indeterminate", "RQ-b": "breached"}


@pytest.mark.parametrize("received", [None, "", "  ", "someday", "1999-01-01", datetime(2019, 12, 31, 23, 59), float("nan")])
def test_without_receipt_or_version_there_is_no_decision(received: Any) -> None:
    with pytest.raises(RecordError) as refused:
        policy(MANY).evaluate({"id": "1", "received_at": received}, as_of=NOW)
    assert refused.value.field == "received_at"
    assert refused.value.reason.en and refused.value.reason.zh


def test_without_the_column_of_receipt_there_is_no_decision() -> None:
    with pytest.raises(RecordError):
        decide(MANY, GOOD, source_fields={"id", "pieces"})


@pytest.mark.parametrize("as_of", ["2026-03-10", date(2026, 3, 10), "soon", None, 5])
def test_the_moment_of_judgement_is_an_instant(as_of: Any) -> None:
    with pytest.raises(UsageError):
        policy(MANY).evaluate({"id": "1", "received_at": RECEIVED}, as_of=as_of)


def test_received_after_the_moment_of_judgement() -> None:
    decision = decide(MANY, {"pieces": 1, "kind": "network"}, "2026-03-01T10:00")
    assert {decision.outcomes["DL-a"], decision.outcomes["DL-b"], decision.outcomes["RQ-b"]} == {"pending"}
    assert [f.outcome for f in decision.findings if f.rule == "record"] == ["not_yet_received"]


def test_default_and_empty_are_read_by_their_field() -> None:
    fields = FIELDS.replace("preset: {type: boolean, default: false}", "preset: {type: boolean, default: true}") + "    share: {type: number, default: 0.125}\n"
    assert condition("{preset: true, share: 0.125}", {}, fields=fields) == "true"
