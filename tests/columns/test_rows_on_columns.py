"""Records that come one by one are judged as columns, whatever classes their cells are of; what they say stays what `evaluate` reads."""

from __future__ import annotations

import importlib
import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from complaint_policy import Policy, load_policy_text
from complaint_policy.audit import Audit, read_mapping
from complaint_policy.audit.typed_cells import Reading, TypedCells
from complaint_policy.fields import LogField
from tests.equality.small import small_pieces

pd: Any = importlib.import_module("pandas")  # without types of its own
AS_OF = "2026-03-20T18:00"
POLICY = load_policy_text("""format: 1
policy: test/rows
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
currency: CNY
record:
  events: {paid: {sum: money, pieces: integer, by: string}}
  fields:
    word: {type: string}
    kind: {type: enum, values: [fee, "7"]}
    amount: {type: money}
    share: {type: number}
    pieces: {type: integer}
    urgent: {type: boolean}
    day: {type: date}
    moment: {type: datetime}
    answered_at: {type: event}
    tags: {type: list}
    waits: {type: intervals}
    visits: {type: instants}
severity:
  levels: [low, middle, high]
  rules:
    - {id: S1, level: high, when: {any: [{amount: {at_least: 100}}, {share: {at_least: 5}}, {pieces: {at_least: 9}}]}}
    - {id: S2, level: middle, when: {any: [{word: "7"}, {kind: "7"}, {tags: {contains: a}}, {urgent: true}]}}
  otherwise: low
deadlines:
  - {id: ANSWER, from: received_at, to: answered_at, within: 2 days, pauses: [waits]}
  - {id: DAY, from: day, to: moment, within: 3 days}
  - {id: VISITS, from: received_at, to: {nth: 2, of: visits}, within: 1 day}
facts:
  paid: {count: {event: paid, where: {any: [{sum: {at_least: 10}}, {pieces: {at_least: 2}}, {by: "7"}]}}}
requirements:
  - {id: PAID, require: {paid: {at_least: 1}}}
  - {id: HAS, require: {all: [{tags: present}, {visits: present}, {waits: present}]}}
""")
POLICY_LOGS = [field for field in (POLICY.versions[0].model.fields["events"],) if isinstance(field, LogField)]
RECEIVED = "2026-03-01T09:00"
SHANGHAI = ZoneInfo("Asia/Shanghai")
EAST = timezone(timedelta(hours=5, minutes=30))
TIMES: list[Any] = [
    "2026-03-02 10:00", "2026-03-02", "", " ", "soon", "2026-03-02T10:00:00+05:30", date(2026, 3, 2), datetime(2026, 3, 2, 10), datetime(2026, 3, 2, 10, tzinfo=UTC),
    datetime(2026, 3, 2, 10, tzinfo=SHANGHAI), datetime(2026, 3, 2, 10, 0, 0, 7, tzinfo=EAST), datetime(2026, 3, 2, 10, fold=1), datetime(1, 1, 1, tzinfo=SHANGHAI),
    datetime(9999, 12, 31, 23, tzinfo=timezone(-timedelta(hours=9))), datetime(2026, 3, 2, tzinfo=timezone(timedelta(seconds=61))), pd.Timestamp("2026-03-02 10:00"),
    pd.Timestamp("2026-03-02 10:00:00.000000999", tz="Asia/Shanghai"), pd.NaT, 7, True,
]  # fmt: skip
NUMBERS: list[Any] = [
    7, 100, -3, 0, 10**14, 10**17 + 1, 10**31, -(10**62), True, 7.0, 100.5, 1e-7, -0.0, 1e300, float("nan"), float("inf"), "7", "1,234.50", "¥ 100", " 9 ", "", "x", "1e3",
    Decimal(7), Decimal("100.10"), Decimal("9.0"), Decimal("1E+2"), Decimal("1e-31"), Decimal("12345678901234567.25"), Decimal("1E+999999"), Decimal("NaN"), [7], date(2026, 3, 2),
]  # fmt: skip
PARTS: list[Any] = ["a", "b;c", "a/b", "7", "", " ", 7, 1.5, None, True, "断网", "a，b", ["a"], "\ud800"]
EDGES: list[Any] = [
    "2026-03-01T10:00", "2026-03-02", "2026-03-09", "", None, "soon", "a/b", "x;y", 5, date(2026, 3, 3), datetime(2026, 3, 3, 4), datetime(2026, 3, 3, 4, tzinfo=EAST),
    datetime(2026, 3, 3, 4, fold=1), datetime(2026, 3, 3, 4, tzinfo=timezone(timedelta(seconds=61))),
]  # fmt: skip


def picked(values: list[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from([None, *values])


WAITS = st.lists(st.one_of(st.fixed_dictionaries({}, optional={"from": picked(EDGES), "to": picked(EDGES)}), st.tuples(picked(EDGES), picked(EDGES)).map(list), st.just(3)), max_size=2)
LISTS = st.lists(picked(PARTS), max_size=3)
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "word": picked([*NUMBERS, *PARTS, datetime(2026, 3, 2, tzinfo=SHANGHAI)]),
    "kind": picked(["fee", "7", 7, 7.0, Decimal(7), "x", " fee ", True]),
    "amount": picked(NUMBERS),
    "share": picked(NUMBERS),
    "pieces": picked(NUMBERS),
    "urgent": picked([True, False, 1, 0, "yes", "否", "x", "", 1.0]),
    "day": picked(TIMES),
    "moment": picked(TIMES),
    "answered_at": picked(TIMES),
    "tags": st.one_of(LISTS, LISTS.map(tuple), picked(["a", "b；a", " ", "", 7, {"a"}])),
    "waits": st.one_of(WAITS, WAITS.map(tuple), picked(["2026-03-01T10:00/2026-03-02; 2026-03-04/", "/", "", "x", 5])),
    "visits": st.one_of(st.lists(picked(EDGES), max_size=3), picked(["2026-03-01T10:00; 2026-03-02", " ; ", "x", 5, datetime(2026, 3, 2)])),
    "events": st.lists(
        st.fixed_dictionaries({"kind": st.sampled_from(["paid", "paid", "else", 7, "7", None, True]), "at": picked(TIMES)}, optional={"sum": picked(NUMBERS), "pieces": picked(NUMBERS), "by": picked(PARTS)}),
        max_size=3,
    ),
}
RECORDS = st.lists(st.fixed_dictionaries({}, optional=CELLS), min_size=1, max_size=7)


def numbered(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"id": str(n), "received_at": RECEIVED, **record} for n, record in enumerate(records)]


def same(records: Sequence[dict[str, Any]], audit: Audit, policy: Policy = POLICY) -> None:
    """Each record's row of decisions is what `evaluate` says of it alone."""
    known = {name for record in records for name in record}
    rows = audit.decisions.to_dicts()
    assert [row["id"] for row in rows] == [record["id"] for record in records]
    unusable: list[str] = []
    for record, row in zip(records, rows, strict=True):
        alone = policy.evaluate(record, as_of=AS_OF, source_fields=known)
        assert (row["severity"], row["status"]) == (alone.severity.level, alone.status), record
        unusable += alone.unusable
        for result in alone.judged():
            assert row[f"{result.rule}.outcome"] == result.outcome, (result.rule, record)
            assert row[f"{result.rule}.missing"] == (list(result.missing) or None), (result.rule, record)
    assert audit.summary().unusable == Counter(unusable)


def audited(source: Any, rows: int) -> Audit:
    with small_pieces(rows):
        audit: Audit = POLICY.audit(source, as_of=AS_OF, columns=["missing"])
    return audit


@settings(max_examples=120, deadline=None)
@given(records=RECORDS, rows=st.sampled_from([2, 3, 100]))
@example(records=[{"amount": 7}, {"amount": Decimal("100.10")}, {"amount": "¥ 100"}, {"amount": 10**17 + 1}], rows=100)
@example(records=[{"visits": [date(2026, 3, 3)]}, {"visits": ["2026-03-01T10:00", "2026-03-02"]}, {"visits": [""]}], rows=100)
@example(records=[{"tags": [""]}, {"tags": []}, {"tags": ["a", ""]}, {"tags": "a"}], rows=100)
def test_cells_of_any_class(records: list[dict[str, Any]], rows: int) -> None:
    records = numbered(records)

    same(records, audited(records, rows))


def plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(plain, value))
    if isinstance(value, dict):
        return all(map(plain, value.values()))
    return value is None or isinstance(value, (bool, int, str)) or (isinstance(value, float) and value == value and abs(value) < 1e299)


@settings(max_examples=60, deadline=None)
@given(records=RECORDS, rows=st.sampled_from([2, 3, 100]))
def test_the_same_records_as_json_lines(tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]], rows: int) -> None:
    records = [{name: value for name, value in record.items() if plain(value)} for record in numbered(records)]
    path = tmp_path_factory.mktemp("lines") / "t.jsonl"
    torn = "\\ud800" in json.dumps(records)
    lines = [json.dumps(record, ensure_ascii=torn or len(records) % 2 == 0, separators=(",", ":") if rows == 2 else None) for record in records]
    path.write_text("\n".join(lines))

    # A file's numbers are the digits it writes: 7.0 is no 7 where a text is read.
    same([json.loads(line, parse_float=Decimal) for line in lines], audited(path, rows))


# --------------------------------------------------------------------------- what fits a column
SAME: dict[str, list[Any]] = {
    "amount": [7, Decimal("100.10"), "1,234.50", 99.5, None],
    "pieces": [10**14 + 1, Decimal(9), 3],
    "word": ["a", 7, 10**20],
    "moment": [datetime(2026, 3, 2, 10, tzinfo=SHANGHAI), datetime(2026, 3, 2, 10, tzinfo=EAST), pd.Timestamp("2026-03-02 10:00", tz="UTC"), pd.NaT],
    "answered_at": [datetime(2026, 3, 2, 10), pd.Timestamp("2026-03-02 10:00")],
    "tags": [["a", "b"], ["c", 7], "d;e", []],
    "waits": [[{"from": "2026-03-01T10:00", "to": "2026-03-02"}, {"from": date(2026, 3, 4)}], [["2026-03-05", None]], "2026-03-01/"],
    "visits": [["2026-03-01T10:00", datetime(2026, 3, 2)], ["2026-03-03 09:00"], "2026-03-03 09:00; 2026-03-04 09:00"],
    "events": [[{"kind": "paid", "at": "2026-03-02 10:00", "sum": 10**14 + 1}, {"kind": "paid", "at": "2026-03-02 10:00", "sum": Decimal("12.5")}], []],
    "events at offsets": [[{"kind": "paid", "at": datetime(2026, 3, 2, 10, tzinfo=SHANGHAI), "sum": "70"}, {"kind": "paid", "at": datetime(2026, 3, 3, 10, tzinfo=EAST), "sum": 75.5}],
                          [{"kind": "paid", "at": pd.Timestamp("2026-03-02 10:00", tz="UTC"), "sum": 80}, {"kind": "paid", "at": datetime(2026, 3, 2, 10, tzinfo=UTC), "sum": 90}]],
}


@pytest.mark.parametrize("name", SAME)
def test_written_one_way_they_are_one_column(one_by_one: list[int], name: str) -> None:
    records = numbered([{name.split()[0]: value} for value in SAME[name]])

    same(records, audited(records, 100))

    assert one_by_one == []


def test_a_whole_number_beside_fractions_keeps_its_last_digit() -> None:
    """In a log, and in the column of a field: 10**17 + 1 is no float."""
    odd: set[int] = set()
    log = TypedCells({"events": Reading.LOG}, POLICY_LOGS).column("events", [[{"kind": "paid", "sum": 10**17 + 1}, {"kind": "paid", "sum": Decimal("0.5")}]], odd)
    column = TypedCells({"n": Reading.NUMBER}).column("n", [10**17 + 1, Decimal("0.5"), 10**31], odd)

    assert [entry["sum"] for entry in log[0]] == ["100000000000000001", "0.5"]
    assert (column.to_list(), odd) == (["100000000000000001", "0.5", None], {2})


def test_a_number_is_what_the_source_shows_where_a_mapping_asks_for_its_text() -> None:
    """`7.0` of a filter, of a value map and of the words that say nothing is no 7."""
    head = "format: 1\nmapping: m\nfields:\n  id: {column: id}\n  received_at: {column: received_at}\n"
    records = [{"id": str(n), "received_at": RECEIVED, "x": value} for n, value in enumerate([Decimal("7.0"), 7, "7.0", Decimal("250.00"), 9])]
    for field, expected in (
        ("{column: x, values: {'7.0': '300'}}", [True, False, True, True, False]),
        ("{column: x, blank: ['250']}", [False, False, False, True, False]),
        ("{column: x, blank: ['250.00']}", [False] * 5),
    ):
        with small_pieces(100):
            audit = POLICY.audit(records, as_of=AS_OF, mapping=read_mapping(f"{head}  amount: {field}\n"))
        assert (audit.decisions["severity"] == "high").fill_null(False).to_list() == expected, field
    with small_pieces(100):
        kept = POLICY.audit(records, as_of=AS_OF, mapping=read_mapping(f"{head}  amount: {{column: x}}\nrows: {{where: {{x: ['7.0', '9']}}}}\n"))
    assert kept.decisions["id"].to_list() == ["0", "2", "4"]


def test_a_column_of_nothing_keeps_the_type_it_had(one_by_one: list[int]) -> None:
    records = numbered([{"answered_at": value} for value in ("2026-03-02 10:00:00", None, None, "2026-03-09 10:00:00", None, None)])

    audit = audited(records, 2)

    same(records, audit)
    assert one_by_one == []
    assert len(audit.decisions) == 6


def test_rows_that_are_none_keep_their_places(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"id": "A", "received_at": "2026-03-01T09:00"}\n\nnot json\n{"id": "B", "received_at": "2026-03-01T09:00", "amount": [1]}\n[1]\n{"id": "C", "received_at": " "}\n')
    audit = audited(path, 2)

    assert audit.decisions["id"].to_list() == ["A", "B"]
    assert audit.rejected.select("row", "source_row", "id").rows() == [(1, 3, None), (3, 5, None), (4, 6, "C")]
    assert audit.decision("B").unusable.keys() == {"amount"}
    assert audit.summary().identity.rows == 5


def test_a_decision_shows_the_cell_that_was_given() -> None:
    records = numbered([{"tags": ["a", "b"], "amount": 7}, {"amount": Decimal("100.10")}])
    audit = audited(records, 100)

    assert audit.decision(0).to_dict() == POLICY.evaluate(records[0], as_of=AS_OF, source_fields={"id", "received_at", "tags", "amount"}).to_dict()


def test_times_at_offsets_are_instants() -> None:
    cells = TypedCells({"m": Reading.MOMENT})
    odd: set[int] = set()
    column = cells.column("m", [datetime(2026, 3, 2, 10, tzinfo=SHANGHAI), datetime(2026, 3, 2, 10, tzinfo=EAST), datetime(2026, 3, 2, 10)], odd)

    assert (column.dtype, odd) == (pl.Datetime("us", "UTC"), {2})
    assert column.to_list()[:2] == [datetime(2026, 3, 2, 2, tzinfo=UTC), datetime(2026, 3, 2, 4, 30, tzinfo=UTC)]


# --------------------------------------------------------------------------- words that say nothing
def by_mapping(records: Any, fields: str, head: str = "") -> Audit:
    with small_pieces(100):
        audit: Audit = POLICY.audit(records, as_of=AS_OF, mapping=read_mapping(f"format: 1\nmapping: m\n{head}fields:\n{fields}"), columns=["missing"])
    return audit


def test_a_list_of_a_word_that_says_nothing_is_a_list() -> None:
    records = numbered([{"tags": ["-"]}, {"tags": "-"}, {"tags": ["a"]}])
    audit = by_mapping(records, "".join(f"  {name}: {{column: {name}}}\n" for name in ("id", "received_at", "tags")), "blank: ['-']\n")

    # The list is there, the blank cell is not: what else is missing is the same.
    missing = [set(names) for names in audit.decisions["HAS.missing"].to_list()]
    assert ["tags" in names for names in missing] == [False, False, False]
    assert audit.decisions["HAS.outcome"].to_list() == [POLICY.evaluate({"id": "0", "received_at": RECEIVED, **tags}, as_of=AS_OF, source_fields={"id", "received_at", "tags"}).outcomes["HAS"] for tags in ({"tags": ["-"]}, {}, {"tags": ["a"]})]  # fmt: skip


@pytest.mark.parametrize("name", ["amount", "tags"])
def test_a_row_is_blank_by_the_cells_as_they_were_given(name: str) -> None:
    """`blank` of the mapping says which rows are; a field may have words of its own."""
    both: dict[str, list[Any]] = {"amount": [Decimal("1E+2"), 7, "100"], "tags": [["a", "b"], ["c"], "a;b"]}
    cells = both[name]
    head = "blank: ['100', 'a;b']\n"
    audit = by_mapping([{name: cell} for cell in cells], f"  received_at: {{constant: '{RECEIVED}'}}\n  {name}: {{column: {name}, blank: []}}\n", head)

    assert audit.rejected["row"].to_list() == [2]


@pytest.mark.parametrize("form", ["list", "csv", "jsonl", "frame"])
def test_an_empty_row_is_none_where_the_receipt_is_a_constant(tmp_path: Path, form: str) -> None:
    records: list[dict[str, Any]] = [{"id": None, "word": None}, {"id": "a", "word": "x"}]
    frame = pl.DataFrame(records)
    source: Any = {"list": records, "frame": frame}.get(form) if form in ("list", "frame") else tmp_path / f"t.{form}"
    if form == "csv":
        frame.write_csv(source)
    elif form == "jsonl":
        frame.write_ndjson(source)
    audit = by_mapping(source, f"  received_at: {{constant: '{RECEIVED}'}}\n  id: {{column: id}}\n  word: {{column: word}}\n")

    assert (audit.decisions["id"].to_list(), audit.rejected["row"].to_list()) == (["a"], [0])


@pytest.mark.parametrize("constant", ["", "2026-03-02T10:00", "2026-03-02T10:00; 2026-03-04T10:00"])
def test_a_constant_list_of_times_stands_in_every_row(constant: str) -> None:
    records = numbered([{"answered_at": "2026-03-02 10:00:00"}] * 40 + [{}] * 3)
    audit = by_mapping(records, "".join(f"  {name}: {{column: {name}}}\n" for name in ("id", "received_at", "answered_at")) + f"  visits: {{constant: '{constant}'}}\n")
    alone = POLICY.evaluate({"id": "0", "received_at": RECEIVED, "answered_at": "2026-03-02 10:00:00", "visits": constant}, as_of=AS_OF, source_fields={"id", "received_at", "answered_at", "visits"})  # fmt: skip

    assert audit.decisions["VISITS.outcome"].to_list() == [alone.outcomes["VISITS"]] * 43


def test_an_amount_longer_than_any_text_of_one() -> None:
    """Thirty digits before the point and thirty behind are an amount; the text of it is none."""
    records = numbered([{"amount": Decimal("1" * 30 + "." + "1" * 30)}, {"amount": Decimal("7.10")}])

    same(records, audited(records, 100))
