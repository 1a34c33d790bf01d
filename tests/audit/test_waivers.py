"""Waivers handed to an audit: by file, by ids or a condition; which were used, which not, and what would be without them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from complaint_policy import InputError, Policy, UsageError, WaiverError, load_policy, load_policy_text, load_waivers
from complaint_policy.audit.sections import Section

POLICY = """format: 1
policy: t/waived
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
currency: CNY
record: {fields: {network: {type: boolean}, promised_on: {type: date, empty: none}}}
deadlines:
  - {id: DL, from: received_at, to: responded_at, within: 2 days, waivable: {by: [head, director]}}
  - {id: HARD, from: received_at, to: responded_at, within: 2 days, duty_of: regulator}
requirements:
  - {id: RQ, require: {present: [root_cause]}, before: closed_at, waivable: {by: [head]}}
penalties:
  - {id: PN, for: [DL], payable_to: company, amount: 10}
"""
WAIVERS = """# who let what pass
- {rule: DL, records: [A, Z], by: head, reason: {en: Storm, zh: 台风}, at: 2026-03-01, until: 2026-12-31}
- {rule: DL, records: {network: true}, by: director, reason: outage}
- {rule: DL, records: [B], by: head, reason: agreed, until: 2026-03-09}
- {rule: DL, records: [B], by: head, reason: agreed, at: 2026-03-11}
- {rule: DL, records: [B], by: nobody, reason: agreed}
- {rule: HARD, records: [B], by: head, reason: agreed}
- {rule: RQ, records: [Q], by: head, reason: agreed}
- {rule: RQ, records: [A, C], by: head, reason: agreed}
"""
# Received 2 March 2026, 2 days end on the 4th; judged on the 10th.  F is answered in time.
ROWS: list[dict[str, Any]] = [
    {"id": "A", "received_at": "2026-03-02", "responded_at": None, "closed_at": None, "root_cause": None, "network": False},
    {"id": "B", "received_at": "2026-03-02", "responded_at": None, "closed_at": None, "root_cause": "x", "network": False},
    {"id": "C", "received_at": "2026-03-02", "responded_at": "2026-03-05", "closed_at": "2026-03-06", "root_cause": None, "network": True},
    {"id": "D", "received_at": "2026-03-02", "responded_at": None, "closed_at": None, "root_cause": "x", "network": None},
    {"id": "E", "received_at": "2026-03-09", "responded_at": None, "closed_at": None, "root_cause": "x", "network": True},
    {"id": "F", "received_at": "2026-03-02", "responded_at": "2026-03-03", "closed_at": None, "root_cause": "x", "network": True},
]
AS_OF = "2026-03-10T00:00"


@pytest.fixture
def policy() -> Policy:
    return load_policy_text(POLICY)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "waivers.yaml"
    path.write_text(WAIVERS, encoding="utf-8")
    return path


def sources(tmp_path: Path) -> dict[str, Any]:
    """The same table on columns, record by record, and as a file of texts."""
    frame = pl.DataFrame(ROWS)
    frame.write_csv(tmp_path / "table.csv")
    return {"columns": frame, "records": list(ROWS), "texts": tmp_path / "table.csv", "query": frame.lazy()}


@pytest.mark.parametrize("form", ["columns", "records", "texts", "query"])
def test_every_form_of_a_table_tells_the_same(policy: Policy, file: Path, tmp_path: Path, form: str) -> None:
    audit = policy.audit(sources(tmp_path)[form], as_of=AS_OF, waivers=file, columns=["without_waiver"])
    rows = {row["id"]: row for row in audit.decisions.to_dicts()}
    assert {i: (row["DL.outcome"], row["DL.without_waiver"]) for i, row in rows.items()} == {
        "A": ("waived", "breached"),
        "B": ("breached", None),
        "C": ("waived", "breached"),
        "D": ("breached", None),  # whether it is meant is not known: not waived
        "E": ("waived", "pending"),
        "F": ("met", None),  # what is met needs no waiver
    }
    assert (rows["A"]["RQ.without_waiver"], rows["C"]["RQ.without_waiver"]) == ("pending", "breached")
    assert [i for i, row in rows.items() if row["PN.amount"] is not None] == ["B", "D"]
    summary = audit.summary()
    assert [(use.rule, use.state, use.records, use.ids) for use in summary.waivers] == [
        ("DL", "used", 1, 2),  # Z is in no table
        ("DL", "used", 3, None),  # C, E and F
        ("DL", "expired", 0, 1),  # the 9th was its last day
        ("DL", "not_yet", 0, 1),
        ("DL", "unusable", 0, 1),
        ("HARD", "unusable", 0, 1),
        ("RQ", "unused", 0, 1),
        ("RQ", "used", 2, 2),
    ]
    assert summary.waived == {"DL": {"breached": 2, "pending": 1}, "RQ": {"breached": 1, "pending": 1}}
    for row in ROWS:
        decision = policy.evaluate(row, as_of=AS_OF, source_fields=set(row), waivers=load_waivers(policy, file))
        assert (decision.outcomes["DL"], decision.deadline("DL").without_waiver) == (rows[row["id"]]["DL.outcome"], rows[row["id"]]["DL.without_waiver"])


def test_a_file_is_named_as_a_path_or_as_a_text(policy: Policy, file: Path) -> None:
    expected = policy.audit(ROWS, as_of=AS_OF, waivers=file).decisions
    assert policy.audit(ROWS, as_of=AS_OF, waivers=str(file)).decisions.equals(expected)
    assert policy.audit(ROWS, as_of=AS_OF, waivers=file.read_text("utf-8")).decisions.equals(expected)
    with pytest.raises(WaiverError, match=r"nowhere.yaml: no-such-file"):
        policy.audit(ROWS, as_of=AS_OF, waivers="nowhere.yaml")


def test_the_summary_is_shown_in_both_languages(policy: Policy, file: Path) -> None:
    summary = policy.audit(ROWS, as_of=AS_OF, waivers=file).summary()
    told: dict[str, Section] = {section.id: section for section in summary.sections()}
    states = [row[-1] for row in told["waivers"].rows]
    assert [str(s) for s in states][2:5] == ["expired", "not yet in force", "unusable: 'nobody' may not waive it (only head, director)"]
    assert "不可用：“nobody”无权豁免" in summary.render("zh")
    assert "2026-12-31" in summary.render("en")  # its last day, as it was written
    assert told["waived"].rows == (("DL", 2, 1), ("RQ", 1, 1))
    shown = summary.to_dict()["waivers"][0]
    assert (shown["by"], shown["reason"], shown["until"], shown["place"]) == ("head", {"en": "Storm", "zh": "台风"}, "2027-01-01T00:00:00+08:00", f"{file}:2:3")
    assert policy.audit(ROWS, as_of=AS_OF).summary().to_dict()["waivers"] == []


def test_the_decision_echoes_who_and_until_when(policy: Policy, file: Path) -> None:
    (shown,) = [w for w in policy.evaluate(ROWS[0], as_of=AS_OF, waivers=load_waivers(policy, file)).to_dict()["waivers"] if w["rule"] == "DL"]
    assert shown["at"] == "2026-03-01T00:00:00+08:00"
    assert shown["until"] == "2027-01-01T00:00:00+08:00"


def test_a_file_that_is_none(policy: Policy, tmp_path: Path) -> None:
    with pytest.raises(WaiverError, match="no-such-file"):
        load_waivers(policy, tmp_path / "absent.yaml")
    (tmp_path / "no.yaml").write_text("rule: DL\n", encoding="utf-8")
    with pytest.raises(WaiverError, match="a list of waivers"):
        policy.audit(ROWS, as_of=AS_OF, waivers=tmp_path / "no.yaml")
    with pytest.raises(UsageError, match="load_waivers"):
        policy.evaluate(ROWS[0], as_of=AS_OF, waivers="waivers.yaml")
    with pytest.raises((UsageError, InputError), match="without_waiver"):
        policy.audit(ROWS, as_of=AS_OF, columns=["without"])


def test_a_version_that_lets_another_role_waive(tmp_path: Path) -> None:
    """The role is that of the version which judges the record, on columns and beside them."""
    for since, role in (("2026-01-01", "head"), ("2026-03-01", "director")):
        text = POLICY.replace("2026-01-01", since).replace("by: [head, director]", f"by: [{role}]")
        (tmp_path / f"{since}.yaml").write_text(text, encoding="utf-8")
    of = load_policy(tmp_path)
    rows = [{**ROWS[0], "received_at": received, "id": received} for received in ("2026-02-20", "2026-03-02")]
    waivers = [{"rule": "DL", "records": {"network": False}, "by": "director", "reason": "agreed"}]
    decisions = [of.evaluate(row, as_of=AS_OF, waivers=waivers) for row in rows]
    assert [d.outcomes["DL"] for d in decisions] == ["breached", "waived"]
    assert [f.message.en for f in decisions[0].findings if f.outcome == "waiver_ignored"] == ["Waiver ignored: 'director' may not waive it under this version."]
    for source in (pl.DataFrame(rows), rows):
        audit = of.audit(source, as_of=AS_OF, waivers=waivers)
        assert audit.decisions["DL.outcome"].to_list() == ["breached", "waived"]
        assert [(use.state, use.records) for use in audit.summary().waivers] == [("used", 1)]


def test_an_event_in_the_future_is_missing_for_a_waiver_too(policy: Policy) -> None:
    """As in the policy: on 10 March an answer of 20 March has not been given."""
    row = {**ROWS[0], "responded_at": "2026-03-20"}
    waivers = [{"rule": "DL", "records": {"responded_at": "missing"}, "by": "head", "reason": "agreed"}]
    assert policy.evaluate(row, as_of=AS_OF, waivers=waivers).outcomes["DL"] == "waived"
    assert policy.audit(pl.DataFrame([row]), as_of=AS_OF, waivers=waivers).decisions["DL.outcome"].to_list() == ["waived"]
