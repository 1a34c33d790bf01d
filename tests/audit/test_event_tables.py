"""The events of records in a table of their own, in the records, or folded from the same log: each gives what `evaluate` says of the record with its events."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from complaint_policy import Policy, load_policy_text
from complaint_policy.audit import Audit, read_mapping, run_audit
from complaint_policy.audit.batches import BatchJudge
from complaint_policy.errors import InputError, MappingError, UsageError

AS_OF = "2026-04-01T00:00"
POLICY = """\
format: 1
policy: test/log
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
record:
  events: {dissatisfied: {}, response: {}, handover: {accepted_at: event}}
facts:
  rounds: {count: {event: dissatisfied}}
  owner_now: {first_known: [{last: {event: handover, where: {accepted_at: present}}, take: to}, {field: first_contact}]}
deadlines:
  - {id: DL-again, from: {event: dissatisfied}, to: {event: response}, within: 15 days}
  - {id: DL-close, from: received_at, to: closed_at, within: 30 days}
requirements:
  - {id: RQ-rounds, require: {rounds: {below: 2}}, before: received_at}
  - {id: RQ-owner, require: {owner_now: Li}, before: received_at}
"""
RECORDS: list[dict[str, Any]] = [
    {"id": "A", "received_at": "2026-03-01T10:00", "first_contact": "Li", "closed_at": "2026-03-20T10:00"},
    {"id": "B", "received_at": "2026-03-01T10:00", "first_contact": "Li", "closed_at": None},
    {"id": "C", "received_at": "2026-03-01T10:00", "first_contact": "Wu", "closed_at": "2026-03-20T10:00"},
    {"id": "D", "received_at": None, "first_contact": "Wu", "closed_at": None},
]
# The response of A lies before its dissatisfaction in the table, not in time; B's entries stand apart.
EVENTS: list[dict[str, Any]] = [
    {"id": "A", "at": "2026-03-03T10:00", "kind": "response", "to": None, "accepted_at": None},
    {"id": "B", "at": "2026-03-02T10:00", "kind": "dissatisfied", "to": None, "accepted_at": None},
    {"id": "A", "at": "2026-03-02T10:00", "kind": "dissatisfied", "to": None, "accepted_at": None},
    {"id": "A", "at": "2026-03-04T10:00", "kind": "handover", "to": "Wu", "accepted_at": "2026-03-05"},
    {"id": "B", "at": "2026-03-09T10:00", "kind": "dissatisfied", "to": None, "accepted_at": None},
    {"id": "B", "at": "2026-03-09T10:00", "kind": "note", "to": None, "accepted_at": None},
    {"id": "D", "at": "2026-03-09T10:00", "kind": "note", "to": None, "accepted_at": None},
    {"id": "Z", "at": "2026-03-09T10:00", "kind": "response", "to": None, "accepted_at": None},
    {"id": None, "at": "2026-03-09T10:00", "kind": "response", "to": None, "accepted_at": None},
]
RULES = ("DL-again", "DL-close", "RQ-rounds", "RQ-owner")


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy_text(POLICY, name="log.yaml")


def with_events() -> list[dict[str, Any]]:
    return [{**r, "events": [{k: v for k, v in e.items() if k != "id"} for e in EVENTS if e["id"] == r["id"]]} for r in RECORDS]


def wanted(policy: Policy, records: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [policy.evaluate(r, as_of=AS_OF).outcomes for r in records if r["received_at"]]


def outcomes(audit: Audit) -> list[dict[str, str]]:
    return [{rule: row[f"{rule}.outcome"] for rule in RULES} for row in audit.decisions.to_dicts()]


def written(folder: Path, name: str, rows: list[dict[str, Any]]) -> Path:
    path = folder / name
    if name.endswith(".jsonl"):
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    elif name.endswith(".parquet"):
        pl.DataFrame(rows).write_parquet(path)
    else:
        pl.DataFrame(rows).write_csv(path)
    return path


def test_the_outcomes_by_hand(policy: Policy) -> None:
    """A: answered a day after 2 March. B: 15 days from 2 March end on 17 March, nobody answered, two rounds; 30 days end on 31 March."""
    assert wanted(policy, with_events()) == [
        {"DL-again": "met", "DL-close": "met", "RQ-rounds": "met", "RQ-owner": "breached"},
        {"DL-again": "breached", "DL-close": "breached", "RQ-rounds": "breached", "RQ-owner": "met"},
        {"DL-again": "not_applicable", "DL-close": "met", "RQ-rounds": "met", "RQ-owner": "breached"},
    ]


@pytest.mark.parametrize("events", ["list", "frame", "events.csv", "events.jsonl", "events.parquet"])
@pytest.mark.parametrize("records", ["list", "frame", "records.csv", "records.jsonl", "records.parquet"])
def test_a_table_of_events_of_any_kind(policy: Policy, tmp_path: Path, records: str, events: str) -> None:
    def table(kind: str, rows: list[dict[str, Any]]) -> Any:
        return rows if kind == "list" else pl.DataFrame(rows) if kind == "frame" else written(tmp_path, kind, rows)

    audit = run_audit(policy, table(records, RECORDS), as_of=AS_OF, events=table(events, EVENTS))
    assert outcomes(audit) == wanted(policy, with_events())
    counts = audit.summary().events
    assert counts is not None
    assert (counts.rows, counts.joined, counts.unknown_ids, counts.without_id, counts.refused, counts.other_kinds) == (9, 7, 1, 1, 0, 2)
    assert audit.decision("A").outcomes == wanted(policy, with_events())[0]
    assert audit.decision(1).outcomes == wanted(policy, with_events())[1]
    assert audit.rejected["row"].to_list() == [3]


@pytest.mark.parametrize("kind", ["list", "frame", "records.jsonl", "records.json", "records.parquet"])
def test_events_in_the_records(policy: Policy, tmp_path: Path, kind: str) -> None:
    records = with_events()
    source: Any = records
    if kind == "frame":
        source = pl.DataFrame(records)
    elif kind == "records.json":
        source = tmp_path / kind
        source.write_text(json.dumps(records), "utf-8")
    elif kind != "list":
        source = written(tmp_path, kind, records)
    audit = run_audit(policy, source, as_of=AS_OF)
    assert outcomes(audit) == wanted(policy, records)
    assert audit.summary().events is None


def test_numbers_join_texts(policy: Policy) -> None:
    records = [{"id": 7, "received_at": "2026-03-01T10:00", "first_contact": "Li"}]
    events = pl.DataFrame({"id": ["7 "], "at": [datetime(2026, 3, 2, 10)], "kind": ["dissatisfied"]})
    audit = run_audit(policy, records, as_of="2026-03-18T00:00", events=events)
    assert audit.decisions["DL-again.outcome"].to_list() == ["breached"]  # 15 days from 2 March end on 17 March


def test_an_id_that_is_missing_or_shared(policy: Policy) -> None:
    records = [dict(RECORDS[0]), dict(RECORDS[1], id=None), dict(RECORDS[2], id="B"), dict(RECORDS[2], id="B")]
    audit = run_audit(policy, records, as_of=AS_OF, events=EVENTS)
    assert audit.decisions["RQ-rounds.outcome"].to_list() == ["met", "indeterminate", "indeterminate", "indeterminate"]
    assert audit.decisions["DL-close.outcome"].to_list() == ["met", "breached", "met", "met"]
    assert "whose events they are" in audit.decision(2).unusable["events"].en
    assert "编号" in audit.decision(1).unusable["events"].zh
    assert audit.summary().unusable == {"events": 3}


def test_a_table_without_events_leaves_the_log_unknown(policy: Policy) -> None:
    audit = run_audit(policy, RECORDS, as_of=AS_OF)
    assert audit.decisions["RQ-rounds.outcome"].to_list() == ["indeterminate"] * 3
    assert audit.decisions["DL-close.outcome"].to_list() == ["met", "breached", "met"]


MAPPING = """\
format: 1
mapping: steps
blank: ["-"]
rows: {where: {system: [crm]}}
fields:
  id: {column: case_no}
  at: {column: time, format: "%d.%m.%Y %H:%M"}
  kind: {column: step, values: {Complained again: dissatisfied, Reply: response}, otherwise: other}
  to: {constant: plant}
"""


def test_a_mapping_of_its_own(policy: Policy, tmp_path: Path) -> None:
    rows = [
        {"case_no": "A", "time": "02.03.2026 10:00", "step": "Complained again", "system": "crm"},
        {"case_no": "A", "time": "03.03.2026 10:00", "step": "Reply", "system": "crm"},
        {"case_no": "A", "time": "04.03.2026 10:00", "step": "Complained again", "system": "other"},
        {"case_no": "-", "time": "04.03.2026 10:00", "step": "Call", "system": "crm"},
    ]
    mapping = tmp_path / "steps.yaml"
    mapping.write_text(MAPPING, "utf-8")
    for given in (str(mapping), mapping, read_mapping(MAPPING, of_records=False)):
        audit = run_audit(policy, RECORDS[:1], as_of=AS_OF, events=rows, events_mapping=given)
        assert outcomes(audit)[0] == {"DL-again": "met", "DL-close": "met", "RQ-rounds": "met", "RQ-owner": "met"}
        counts = audit.summary().events
        assert counts is not None
        assert (counts.rows, counts.joined, counts.without_id, counts.refused) == (4, 2, 1, 1)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("  at: {column: time, format: \"%d.%m.%Y %H:%M\"}\n", ""), "mapping-no-entry"),
        (("to: {constant: plant}", "too: {constant: plant}"), "mapping-unknown-field"),
        (("column: case_no", "column: case"), "mapping-no-column"),
        (("  to: {constant: plant}\n", "events: {case: case_no}\n"), "mapping-folds-events"),
    ],
)
def test_a_wrong_mapping(policy: Policy, change: tuple[str, str], code: str) -> None:
    text = MAPPING.replace(*change)
    rows = [{"case_no": "A", "time": "02.03.2026 10:00", "step": "Reply", "system": "crm"}]
    with pytest.raises(MappingError) as caught:
        run_audit(policy, RECORDS, as_of=AS_OF, events=rows, events_mapping=read_mapping(text, of_records=False))
    assert {p.code for p in caught.value.problems} == {code}


def test_wrong_calls(policy: Policy) -> None:
    with pytest.raises(InputError, match="has no column 'kind'"):
        run_audit(policy, RECORDS, as_of=AS_OF, events=[{"id": "A", "at": "2026-03-01T10:00", "king": "response"}])
    with pytest.raises(UsageError, match="give events, too"):
        run_audit(policy, RECORDS, as_of=AS_OF, events_mapping=read_mapping(MAPPING, of_records=False))
    with pytest.raises(UsageError, match="events of their own"):
        run_audit(policy, with_events(), as_of=AS_OF, events=EVENTS)
    plain = load_policy_text("format: 1\npolicy: t/x\neffective: {from: 2026-01-01}\ntimezone: UTC\n", name="x.yaml")
    with pytest.raises(UsageError, match="declares no events"):
        run_audit(plain, RECORDS, as_of=AS_OF, events=EVENTS)
    with pytest.raises(MappingError):  # of a table of records, which needs a receipt
        read_mapping(MAPPING)


FOLDED = """\
format: 1
mapping: folded
fields:
  id: {column: id}
  received_at: {column: received}
  first_contact: {constant: Li}
  closed_at: {column: closed}
events:
  case: id
  take: {received_at: earliest, closed_at: latest}
  entries: {at: {column: at}, kind: {column: kind, values: {R: response}}, to: {column: to}, accepted_at: {column: accepted_at}}
"""


def test_a_log_folded_to_records_with_their_events(policy: Policy) -> None:
    closed = {r["id"]: r["closed_at"] for r in RECORDS}
    rows = [{**e, "received": "2026-03-01T10:00", "closed": closed.get(e["id"]), "kind": "R" if e["kind"] == "response" else e["kind"]} for e in EVENTS if e["id"] in ("A", "B")]
    audit = run_audit(policy, rows, as_of=AS_OF, mapping=read_mapping(FOLDED))
    assert outcomes(audit) == wanted(policy, with_events())[:2]
    without = FOLDED.replace(FOLDED[FOLDED.index("  entries:") :], "")
    audit = run_audit(policy, rows, as_of=AS_OF, mapping=read_mapping(without))
    assert audit.decisions["RQ-rounds.outcome"].to_list() == ["indeterminate"] * 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("at: {column: at}, ", ""), "mapping-no-entry"),
        (("to: {column: to}", "too: {column: to}"), "mapping-unknown-field"),
        (("kind: {column: kind,", "kind: {column: sort,"), "mapping-no-column"),
        (("accepted_at: {column: accepted_at}", "accepted_at: {constant: soon}"), "mapping-value"),
    ],
)
def test_wrong_entries_of_a_folded_log(policy: Policy, change: tuple[str, str], code: str) -> None:
    rows = [{**EVENTS[0], "received": "2026-03-01T10:00", "closed": None}]
    with pytest.raises(MappingError) as caught:
        run_audit(policy, rows, as_of=AS_OF, mapping=read_mapping(FOLDED.replace(*change)))
    assert {p.code for p in caught.value.problems} == {code}


def test_the_summary_tells_where_the_events_went(policy: Policy) -> None:
    audit = run_audit(policy, RECORDS, as_of=AS_OF, events=EVENTS)
    shown = audit.summary().render("en")
    assert "Events (records)" in shown
    assert "+ whose id no record has" in shown
    assert "编号无对应记录" in audit.summary().render("zh")
    told = audit.summary().to_dict()["events"]
    assert told["rows"] == sum(told[name] for name in ("joined", "shared_ids", "unknown_ids", "without_id", "refused", "unreadable"))


GOOD_EVENTS = "id,at,kind,by\nA,2026-03-02T10:00,dissatisfied,{}\nA,2026-03-03T10:00,response,\nB,2026-03-02T10:00,dissatisfied,\n"


@pytest.mark.parametrize(("by", "unreadable"), [("", 0), ('"Ann', 1), (",,,,", 1)])
def test_a_row_that_is_none_may_be_anybodys_event(policy: Policy, tmp_path: Path, by: str, unreadable: int) -> None:
    """An open quote swallows the answers that stand behind it: nobody is late for that."""
    path = tmp_path / "events.csv"
    path.write_text(GOOD_EVENTS.format(by))
    audit = run_audit(policy, RECORDS, as_of=AS_OF, events=path)
    counts = audit.summary().events
    assert counts is not None
    assert counts.unreadable == unreadable
    again = audit.decisions["DL-again.outcome"].to_list()
    assert again == (["indeterminate"] * 3 if unreadable else ["met", "breached", "not_applicable"])
    assert audit.decisions["DL-close.outcome"].to_list() == ["met", "breached", "met"]
    if unreadable:
        assert "line 2 of 'events.csv' cannot be read" in audit.decision("B").unusable["events"].en
        assert "“events.csv”第2行无法读取" in audit.decision("B").unusable["events"].zh


def test_events_of_an_id_that_several_records_have_are_of_none(policy: Policy) -> None:
    audit = run_audit(policy, [*RECORDS, RECORDS[0]], as_of=AS_OF, events=EVENTS)
    counts = audit.summary().events
    assert counts is not None
    assert (counts.rows, counts.joined, counts.shared_ids, counts.unknown_ids, counts.without_id) == (9, 4, 3, 1, 1)


def test_a_key_twice_in_an_entry_makes_the_row_no_record(policy: Policy, tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text('{"id": "A", "received_at": "2026-03-01T10:00", "events": [{"at": "2026-03-02", "kind": "response", "kind": "dissatisfied"}]}\n{"id": "B", "received_at": "2026-03-01T10:00"}\n', "utf-8")
    audit = run_audit(policy, path, as_of=AS_OF)
    assert audit.rejected["reason"].to_list() == ["a key stands twice in the object"]


def test_batches_with_a_column_of_entries(policy: Policy) -> None:
    """As Spark's workers judge them."""
    frame = pl.DataFrame(with_events())
    judge = BatchJudge(policy, schema=frame.schema, as_of=AS_OF)
    inner, rejected = judge.judge(frame)
    found = [{rule: row[f"{rule}.outcome"] for rule in RULES} for row in judge.public(inner).to_dicts()]
    assert found == wanted(policy, with_events())
    assert rejected["row"].to_list() == [3]


MERGING = POLICY + "history: {merge: {same: [first_contact], within: 7 days, take: {received_at: earliest, others: first}}}\n"


def test_a_merged_case_has_the_events_of_all_its_records() -> None:
    """A and B are one matter, received a day apart: the two dissatisfactions are those of the case, and so is what A's id and B's id stand for."""
    merging = load_policy_text(MERGING, name="merging.yaml")
    records = [RECORDS[0], dict(RECORDS[1], received_at="2026-03-02T09:00"), dict(RECORDS[2], id="E"), dict(RECORDS[2], id="E", received_at="2026-03-02T10:00")]
    events = [
        {"id": "A", "at": "2026-03-03T10:00", "kind": "dissatisfied"},
        {"id": "B", "at": "2026-03-04T10:00", "kind": "dissatisfied"},
        {"id": "E", "at": "2026-03-04T10:00", "kind": "dissatisfied"},
        {"id": "Z", "at": "2026-03-04T10:00", "kind": "dissatisfied"},
    ]
    audit = run_audit(merging, records, as_of=AS_OF, events=events)
    assert audit.decisions["id"].to_list() == ["A", "E"]
    assert audit.decisions["RQ-rounds.outcome"].to_list() == ["breached", "met"]  # two rounds are too many; both rows of E are one case
    counts = audit.summary().events
    assert counts is not None
    assert (counts.joined, counts.unknown_ids) == (3, 1)
    assert audit.decision("A").result("RQ-rounds").outcome == "breached"
