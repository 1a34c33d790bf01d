"""``audit``: a file of records, its summary, and what is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from complaint_policy import load_policy
from complaint_policy.audit import run_audit
from tests.cli.conftest import AS_OF, Run

TABLE = """\
No,In,Out,Kind
A-1,2026-03-02 10:00,2026-03-10 08:00,goods
A-2,2026-03-02 10:00,2026-03-05 08:00,service
A-3,,2026-03-05 08:00,service
A-4,2026-03-02 10:00,soon,goods
"""
MAPPING = """\
format: 1
mapping: test
policy: ./policy.yaml
fields:
  id: {column: No}
  received_at: {column: In}
  responded_at: {column: Out}
  category: {column: Kind}
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "mapping.yaml"
    path.write_text(MAPPING, encoding="utf-8")
    return path


def test_summary(cli: Run, policy: Path, table: Path, mapping: Path) -> None:
    ran = cli("audit", policy, table, "--as-of", AS_OF, "--mapping", mapping)
    assert (ran.status, ran.err) == (0, "")
    for expected in ("What was audited", "source rows 4", "= decided 3", "+ rejected 1", "Every source row is accounted for.", "By severity", "warehouse 2"):
        assert expected in ran.words
    assert all(len(line) <= 100 for line in ran.out.splitlines())
    chinese = cli("audit", policy, table, "--as-of", AS_OF, "--mapping", mapping, "--lang", "zh").words
    for expected in ("审计对象", "源数据行 4", "= 已判定 3", "+ 未采用 1"):
        assert expected in chinese


def test_summary_as_data(cli: Run, policy: Path, table: Path, mapping: Path) -> None:
    ran = cli("audit", policy, table, "--as-of", AS_OF, "-m", mapping, "--format", "json")
    summary = run_audit(load_policy(policy), table, as_of=AS_OF, mapping=mapping).summary()
    assert ran.data == json.loads(json.dumps({**summary.to_dict(), "written": {"decisions": None, "rejected": None, "findings": None}}))
    assert ran.data["identity"]["holds"] is True
    assert ran.err == ""


def test_the_mapping_names_the_policy(cli: Run, policy: Path, table: Path, mapping: Path) -> None:
    assert policy.exists()
    assert cli("audit", table, "-m", mapping, "--as-of", AS_OF, "--format", "json").data["policy"]["id"] == "test/shop"
    mapping.write_text(MAPPING.replace("policy: ./policy.yaml\n", ""), encoding="utf-8")
    ran = cli("audit", table, "-m", mapping, "--as-of", AS_OF)
    assert ran.status == 2
    assert "name the policy" in ran.err


def test_decisions_and_rejects_are_written(cli: Run, policy: Path, table: Path, mapping: Path, tmp_path: Path) -> None:
    decisions, rejects = tmp_path / "decisions.csv", tmp_path / "rejects.jsonl"
    ran = cli("audit", policy, table, "-m", mapping, "--as-of", AS_OF, "-o", decisions, "--rejects", rejects, "--columns", "missing,severity.possible")
    assert ran.status == 0
    assert ran.err == f"decisions written: {decisions}\nrejected rows written: {rejects}\n"
    head, *rows = decisions.read_text("utf-8-sig").splitlines()
    assert "DL-respond.missing" in head
    assert len(rows) == 3
    assert json.loads(rejects.read_text("utf-8"))["id"] == "A-3"


@pytest.mark.parametrize(("fail_on", "status"), [("breached", 1), ("rejected", 1), ("at_risk", 0), ("waived,rejected", 1), ("exempt", 0), ("indeterminate", 1)])
def test_fail_on(cli: Run, policy: Path, table: Path, mapping: Path, fail_on: str, status: int) -> None:
    ran = cli("audit", policy, table, "-m", mapping, "--as-of", AS_OF, "--format", "json", "--fail-on", fail_on)
    assert ran.status == status
    assert ("--fail-on" in ran.err) == bool(status)
    assert ran.data["policy"]


def test_only_the_companys_rules_fail_a_run(cli: Run, policy: Path, table: Path, mapping: Path) -> None:
    text = policy.read_text("utf-8").replace("    within: 5 working days", "    duty_of: carrier\n    within: 5 working days")
    policy.write_text(text.partition("penalties:")[0], encoding="utf-8")
    assert cli("audit", policy, table, "-m", mapping, "--as-of", AS_OF, "--fail-on", "breached").status == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--output", "d.docx"], "d.docx"),
        (["--output", "nowhere/d.csv"], "nowhere"),
        (["--output", "table.csv"], "is the file that is audited"),
        (["--columns", "price"], "unknown column 'price'"),
        (["--as-of", "2026-03-12"], "bare date"),
        (["--mapping", "none.yaml"], "cannot read 'none.yaml'"),
        (["--waivers", "none.yaml"], "cannot read 'none.yaml'"),
    ],
)
def test_refused(cli: Run, policy: Path, table: Path, mapping: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str) -> None:
    monkeypatch.chdir(table.parent)
    ran = cli("audit", policy, "table.csv", "-m", mapping, "--as-of", AS_OF, *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert words in ran.err
    assert table.read_text("utf-8") == TABLE


def test_a_wrong_mapping_has_places_and_excerpts(cli: Run, policy: Path, table: Path, mapping: Path) -> None:
    mapping.write_text(MAPPING.replace("responded_at:", "respondet_at:").replace("column: Kind", "column: Kindd"), encoding="utf-8")
    ran = cli("audit", policy, table, "-m", mapping, "--as-of", AS_OF)
    assert ran.status == 2
    assert f"{mapping}:7:3: mapping-unknown-field" in ran.err
    assert "    7 │   respondet_at" in ran.err
    assert "      │   ^^^^^^^^^^^^" in ran.err


def test_hostile_names(cli: Run, policy: Path, tmp_path: Path) -> None:
    path = tmp_path / "[bold]\x1b[31mx.csv"
    path.write_text("id,received_at,\x1b[2J[red]\nA,2026-03-02 10:00,1\n", encoding="utf-8")
    ran = cli("audit", policy, path, "--as-of", AS_OF)
    assert ran.status == 0
    assert "\x1b" not in ran.out + ran.err
    assert "[bold]" in ran.out
    assert "[red]" in ran.out


def test_a_list_and_findings(cli: Run, tmp_path: Path) -> None:
    policy, table, calls, found = (tmp_path / name for name in ("p.yaml", "t.csv", "calls.csv", "found.csv"))
    policy.write_text(
        "format: 1\npolicy: test/lists\neffective: {from: 2026-01-01}\ntimezone: Asia/Shanghai\n"
        'numbering: [{id: NR, form: "{month}{serial:2}"}]\nreconcile: [{id: RC, with: hotline, same: [complainant_phone]}]\n',
        encoding="utf-8",
    )
    table.write_text("id,received_at,complainant_phone\n0301,2026-03-01T10:00,1\n0303,2026-03-02T10:00,2\n", encoding="utf-8")
    calls.write_text("complainant_phone\n1\n9\n", encoding="utf-8")
    call = ("audit", policy, table, "--as-of", AS_OF, "--list", f"hotline={calls}")
    ran = cli(*call, "--findings", found, "--fail-on", "findings", "--format", "json")
    assert ran.status == 1
    assert [rule["findings"] for rule in ran.data["across"]] == [{"gap": 1}, {"concealed": 1}]
    assert found.read_text("utf-8").splitlines()[1:] == [
        "NR,gap,,,,2,2026-03: missing: 2,2026-03：缺少2",
        "RC,concealed,,,3,,entry 3 of the list has no record,清单第 3 条没有对应记录",
    ]
    assert "清单有而无记录" in cli(*call, "--lang", "zh").out
    for wrong in (("--list", "hotline"), ("--list", "phones=x.csv"), ("--list-mapping", "phones=x.yaml")):
        assert cli("audit", policy, table, "--as-of", AS_OF, *wrong).status == 2


def test_counts_are_taken_where_asked(cli: Run, tmp_path: Path) -> None:
    policy, table = tmp_path / "p.yaml", tmp_path / "t.csv"
    policy.write_text(
        "format: 1\npolicy: test/counts\neffective: {from: 2026-01-01}\ntimezone: Asia/Shanghai\n"
        "history: {repeat_count: {count: {same: [complainant_id]}}}\n",
        encoding="utf-8",
    )
    table.write_text("id,received_at,complainant_id,repeat_count\n1,2026-03-01T10:00,A,4\n", encoding="utf-8")
    refused = cli("audit", policy, table, "--as-of", AS_OF)
    assert refused.status == 2
    assert "--history given" in refused.err
    assert cli("audit", policy, table, "--as-of", AS_OF, "--history", "given").status == 0
