"""An audit by a real policy of two versions: what the table says is what every single decision says."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from complaint_policy import Policy, load_policy
from complaint_policy.audit import read_mapping, run_audit
from complaint_policy.errors import MappingError

OLD = """\
format: 1
policy: test/audit
effective: {from: 2023-01-01}
timezone: Asia/Shanghai
currency: CNY
title: {en: Test of the audit, zh: 审计测试}
sources: {rule: {title: {en: House rule, zh: 内部规定}, status: company}}
record:
  fields:
    category: {type: enum, values: [network, tariff]}
    urgent: {type: boolean, default: false}
severity:
  levels: [general, major]
  rules: [{id: SEV-major, level: major, when: {urgent: true}, title: {en: Urgent, zh: 紧急}, source: {ref: rule}}]
  otherwise: general
responsibility:
  by: [category]
  rows:
    - {id: RS-network, when: {category: network}, owner: network_ops}
    - {id: RS-tariff, when: {category: tariff}, owner: billing}
  otherwise: {owner: service_desk}
deadlines:
  - id: DL-answer
    title: {en: Answer the customer, zh: 答复用户}
    from: received_at
    to: responded_at
    within: 48 hours
    source: {ref: rule}
  - id: DL-close
    title: {en: Close the case, zh: 办结}
    from: received_at
    to: closed_at
    within: 5 days
    source: {ref: rule}
requirements:
  - id: RQ-cause
    title: {en: Cause on record, zh: 记录原因}
    require: {root_cause: present}
    before: closed_at
    source: {ref: rule}
penalties:
  - id: PN-late
    title: {en: Late answer, zh: 逾期答复}
    for: [DL-answer]
    per: case
    range: [100, 500]
    amount: 200
    payable_to: company
    source: {ref: rule}
"""
NEW = (
    OLD.replace("2023-01-01", "2024-01-01")
    .replace("48 hours", "24 hours")
    .replace("DL-answer\n", "DL-answer\n    waivable: {by: [director]}\n")
    + """\
retention:
  - id: RT-file
    title: {en: Keep the file, zh: 档案保存}
    keep_until: {from: closed_at, within: 3 years}
    deleted: reported_at
    source: {ref: rule}
"""
)
AS_OF = datetime(2024, 3, 1, 9)
ROWS: list[dict[str, Any]] = [
    {"no": "1", "in": "2023-05-01 10:00", "out": "2023-05-03 10:00", "kind": "net", "hot": "否", "who": "张三"},
    {"no": "2", "in": "2024-02-01 10:00", "out": "2024-02-03 10:00", "kind": "net", "hot": "是", "who": "李四"},
    {"no": "3", "in": "2024-02-29 10:00", "out": "", "kind": "fee", "hot": "", "who": "李四"},
    {"no": "4", "in": "2024-02-01 10:00", "out": "", "kind": "??", "hot": "maybe", "who": "李四"},
    {"no": "5", "in": "2022-02-01 10:00", "out": "", "kind": "fee", "hot": "", "who": "李四"},
    {"no": "6", "in": "", "out": "", "kind": "fee", "hot": "", "who": "李四"},
    {"no": "7", "in": "2024-02-01 10:00", "out": "2024-01-01 10:00", "kind": "fee", "hot": "", "who": "李四"},
]
MAPPING = """\
format: 1
fields:
  id: {column: "no"}
  received_at: {column: in, format: "%Y-%m-%d %H:%M"}
  responded_at: {column: out, format: "%Y-%m-%d %H:%M"}
  category: {column: kind, values: {net: network, fee: tariff}}
  urgent: {column: hot}
  handler: {column: who}
"""


@pytest.fixture(name="policy", scope="module")
def _policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    folder = tmp_path_factory.mktemp("policy")
    (folder / "2023-01-01.yaml").write_text(OLD, encoding="utf-8")
    (folder / "2024-01-01.yaml").write_text(NEW, encoding="utf-8")
    return load_policy(folder)


def test_the_table_says_what_the_decisions_say(policy: Policy) -> None:
    mapping = read_mapping(MAPPING)
    result = run_audit(policy, ROWS, as_of=AS_OF, mapping=mapping, columns=("severity.possible", "missing"))

    for row in result.decisions.iter_rows(named=True):
        decision = result.decision(row["row"])
        assert row["id"] == decision.complaint_id
        assert row["status"] == decision.status
        assert row["severity"] == decision.severity.level
        assert row["severity.possible"] == list(decision.severity.possible)
        assert row["owner"] == decision.responsibility.owner
        for one in decision.judged():
            assert row[f"{one.rule}.outcome"] == one.outcome
            assert (row[f"{one.rule}.missing"] or []) == list(one.missing)
        for deadline in decision.deadlines:
            assert row[f"{deadline.rule}.due_at"] == deadline.due_at
        amounts = {p.rule: p.amount for p in decision.penalties}
        assert row["PN-late.amount"] == amounts.get("PN-late")


def test_by_hand(policy: Policy) -> None:
    result = policy.audit(ROWS, as_of=AS_OF, mapping=read_mapping(MAPPING))
    decisions = result.decisions

    assert decisions["id"].to_list() == ["1", "2", "3", "4", "7"]
    # 48 hours in 2023, 24 in 2024; the third has until 10:00 today; the last was answered before it came in.
    assert decisions["DL-answer.outcome"].to_list() == ["met", "breached", "pending", "breached", "indeterminate"]
    assert decisions["DL-answer.due_at"][0] == policy.zone.to_aware(datetime(2023, 5, 3, 2))
    assert decisions["severity"].to_list() == ["general", "major", "general", None, "general"]
    assert decisions["owner"].to_list() == ["network_ops", "network_ops", "billing", None, "billing"]
    assert decisions["PN-late.amount"].to_list() == [None, Decimal("200.00"), None, Decimal("200.00"), None]
    assert decisions["RT-file.outcome"][0] is None  # the version of 2023 has no such rule
    assert [c for c in decisions.columns if c.startswith("RT-")] == ["RT-file.outcome"]
    assert result.rejected["source_row"].to_list() == [5, 6]
    assert result.rejected["id"].to_list() == ["5", "6"]
    summary = result.summary().to_dict()
    assert summary["versions"] == [{"version": "2023-01-01", "records": 1}, {"version": "2024-01-01", "records": 4}]
    assert {u["field"] for u in summary["unusable"]} == {"category", "urgent"}
    assert {"rule": "severity", "field": "urgent", "records": 1} in summary["missing"]
    assert {"rule": "owner", "field": "category", "records": 1} in summary["missing"]
    assert summary["severity"] == [
        {"level": "major", "records": 1},
        {"level": "general", "records": 3},
        {"level": None, "records": 1},
    ]
    # Over by 24 hours, and open since 2 February 10:00: 27 days and 23 hours.
    assert summary["late"][0]["longest"] == "P27DT23H"
    assert summary["identity"] == {"rows": 7, "decided": 5, "rejected": 2, "folded": 0, "merged": 0, "holds": True}


def test_a_waiver_reaches_its_record(policy: Policy) -> None:
    waivers = [{"rule": "DL-answer", "records": ["2"], "reason": "flood", "by": "director"}]
    result = policy.audit(ROWS, as_of=AS_OF, mapping=read_mapping(MAPPING), waivers=waivers)
    outcomes = dict(result.decisions.select("id", "DL-answer.outcome").iter_rows())

    assert (outcomes["2"], outcomes["4"]) == ("waived", "breached")


def test_no_name_of_staff_gets_out(policy: Policy, tmp_path: Path) -> None:
    result = policy.audit(ROWS, as_of=AS_OF, mapping=read_mapping(MAPPING))
    result.write_decisions(tmp_path / "d.csv")
    result.write_rejected(tmp_path / "r.csv")
    written = (tmp_path / "d.csv").read_text("utf-8") + (tmp_path / "r.csv").read_text("utf-8")
    text = written + result.summary().render("zh") + str(result.summary().to_dict())

    assert not any(name in text for name in ("张三", "李四"))


def test_bytes_that_are_no_text_cost_their_field(policy: Policy, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,received_at,responded_at,category\n1,2024-02-01,2024-02-0\xff,\xfe\n")
    mapping = "format: 1\ninput: {encoding: utf-8}\nfields:\n" + "".join(
        f"  {name}: {{column: {name}}}\n" for name in ("id", "received_at", "responded_at", "category")
    )
    result = policy.audit(path, as_of=AS_OF, mapping=read_mapping(mapping))

    assert result.decisions["DL-answer.outcome"].to_list() == ["indeterminate"]
    assert sorted(result.decision(0).unusable) == ["category", "responded_at"]


def test_an_act_known_by_its_day_is_not_open(policy: Policy) -> None:
    rows = [{"id": "1", "received_at": "2024-02-01T10:00", "responded_at": "2024-02-04"}]
    late = policy.audit(rows, as_of=AS_OF).summary().to_dict()["late"]

    # Due on 2 February at 10:00, done on the 4th: at least 38 hours late.
    assert (late[0]["open"], late[0]["longest"]) == (0, "P1DT14H")


def test_a_mapping_is_held_against_the_fields_of_every_version(policy: Policy) -> None:
    with pytest.raises(MappingError, match="netwerk"):
        policy.audit(ROWS, as_of=AS_OF, mapping=read_mapping(MAPPING.replace("network", "netwerk")))


def test_as_of_may_be_text_and_has_one_meaning(policy: Policy) -> None:
    mapping = read_mapping(MAPPING)
    by_text = policy.audit(ROWS, as_of="2024-03-01T09:00", mapping=mapping)
    elsewhere = policy.audit(ROWS, as_of="2024-03-01T01:00Z", mapping=mapping)

    assert by_text.decisions.equals(elsewhere.decisions)
    assert by_text.summary().to_dict() == elsewhere.summary().to_dict()
    assert isinstance(by_text.decisions, pl.DataFrame)
