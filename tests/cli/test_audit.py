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
    assert ran.data == json.loads(json.dumps({**summary.to_dict(), "written": {"decisions": None, "rejected": None, "findings": None}, "notes": []}))
    assert ran.data["identity"]["holds"] is True
    assert ran.err == ""


def test_notes_are_told_of_large_files(cli: Run, tmp_path: Path) -> None:
    """What no column can say is named where it costs time; of a few records nobody need know."""
    facts = "  f0: {plus: [{field: affected_customers}, 1]}\n" + "".join(
        f"  f{i}: {{choose: [{{when: {{repeat_count: {i}}}, then: {{plus: [{{field: f{i - 1}}}, 1]}}}}, {{otherwise: {{field: f{i - 1}}}}}]}}\n" for i in range(1, 120)
    )
    policy = tmp_path / "chain.yaml"
    head = "format: 1\npolicy: test/chain\neffective: {from: 2026-01-01}\ntimezone: Asia/Shanghai\n"
    policy.write_text(f"{head}requirements: [{{id: RQ-note, require: {{f119: {{at_least: 1}}}}}}]\nfacts:\n{facts}", encoding="utf-8")
    for rows, told in ((20, False), (10_000, True)):
        table = tmp_path / f"{rows}.csv"
        table.write_text("id,received_at\n" + "".join(f"{i},2026-03-02 10:00\n" for i in range(rows)), encoding="utf-8")
        ran = cli("audit", policy, table, "--as-of", AS_OF)
        assert ran.status == 0
        assert ("no columns for: RQ-note" in ran.err) == told
        zh = cli("audit", policy, table, "--as-of", AS_OF, "--format", "json").data["notes"]
        assert [("RQ-note" in note["en"], "RQ-note" in note["zh"]) for note in zh] == [(True, True)]


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
        (["--output", "table.csv"], "'table.csv' is read by this audit"),
        (["--exposure", "e.csv", "--output", "e.csv"], "'e.csv' is read by this audit"),
        (["--waivers", "e.csv", "--rejects", "e.csv"], "'e.csv' is read by this audit"),
        (["--output", "o.csv", "--rejects", "./o.csv"], "--output and --rejects name the same file"),
        (["--output", "o.csv", "--rejects", "r.txt"], "'r.txt': write to one of"),
        (["--output", "folder.csv"], "'folder.csv' is a folder"),
        (["--output", "a\0b.csv"], "null character"),
        (["--columns", "price"], "unknown column 'price'"),
        (["--as-of", "2026-03-12"], "bare date"),
        (["--mapping", "none.yaml"], "cannot read 'none.yaml'"),
        (["--waivers", "none.yaml"], "cannot read 'none.yaml'"),
    ],
)
def test_refused(cli: Run, policy: Path, table: Path, mapping: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str) -> None:
    monkeypatch.chdir(table.parent)
    Path("e.csv").write_text("period\n")
    Path("folder.csv").mkdir()
    ran = cli("audit", policy, "table.csv", "-m", mapping, "--as-of", AS_OF, *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert words in ran.err
    assert not Path("o.csv").exists()
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


# --------------------------------------------------------------------------- figures
FIGURES = """
portfolio:
  - {id: PF-answered, title: {en: Answered, zh: 答复率}, measure: {share: {responded_at: present}, among: {category: goods}}, per: month, expect: {at_least: 100%}}
  - {id: PF-rate, measure: {rate: complaints, exposure: orders, per: 100}, per: month, by: [category], expect: {at_most: {times: [2, {mean_of_previous: 1}]}}}
"""


@pytest.fixture
def measured(policy: Path, mapping: Path, tmp_path: Path) -> tuple[object, ...]:
    """The call of an audit of goods of February and March, some of them not answered."""
    policy.write_text(policy.read_text("utf-8") + FIGURES, encoding="utf-8")
    table, orders = tmp_path / "measured.csv", tmp_path / "orders.csv"
    rows = ["B-1,2026-02-02 10:00,2026-02-03 08:00,goods", "B-2,2026-02-03 10:00,,goods", "B-3,2026-02-04 10:00,,service", "B-4,2026-03-02 10:00,,goods"]
    table.write_text("No,In,Out,Kind\n" + "\n".join(rows) + "\n", encoding="utf-8")
    orders.write_text("period,category,orders\n2026-02,goods,100\n2026-03,goods,100\n", encoding="utf-8")
    return "audit", policy, table, "-m", mapping, "--as-of", "2026-04-01T09:00", "--exposure", orders


def test_figures_in_the_summary(cli: Run, measured: tuple[object, ...]) -> None:
    ran = cli(*measured)
    assert (ran.status, ran.err) == (0, "")
    # Of the goods one of two was answered in February, none of one in March; 2 and 1 complaints on 100 orders.
    for expected in ("Over all records: Answered (PF-answered)", "2026-02 50.0% at least 100% 2 1 breached", "2026-03 0.0% at least 100% 1 0 breached"):
        assert expected in ran.words
    assert "goods · 1 · at most 4" in ran.words and "no exposure 'orders' for 2026-02 service" in ran.words
    assert "in no figure: 0 out of scope, 0 rejected" in ran.words
    chinese = cli(*measured, "--lang", "zh").words
    for expected in ("总体指标：答复率（PF-answered）", "2026-02 50.0% 不少于100% 2 1 违反", "缺少“orders”：2026-02 service"):
        assert expected in chinese
    figures = {(f["rule"], f["period"], *f["group"]): f for f in cli(*measured, "--format", "json").data["portfolio"]}
    assert figures["PF-rate", "2026-03", "goods"]["expected"] == [{"is": "at_most", "low": "4", "high": "4"}]
    assert cli(*measured, "--fail-on", "breached").status == 1


def test_the_records_behind_a_figure(cli: Run, measured: tuple[object, ...]) -> None:
    ran = cli(*measured, "--figure", "PF-answered", "--part", "rest")
    assert (ran.status, ran.err) == (0, "")
    assert "PF-answered: 2 records" in ran.words and "2026-02 rest 1 B-2 no" in ran.words and "2026-03 rest 3 B-4 no" in ran.words
    assert "2026-02 除外 2 B-3" in cli(*measured, "--figure", "PF-answered", "--lang", "zh").words
    found = cli(*measured, "--figure", "PF-rate", "--format", "json").data
    assert found["rule"] == "PF-rate"
    assert [(r["period"], r["group"], r["part"], r["id"]) for r in found["records"]] == [
        ("2026-02", ["goods"], "numerator", "B-1"),
        ("2026-02", ["goods"], "numerator", "B-2"),
        ("2026-02", ["service"], "numerator", "B-3"),
        ("2026-03", ["goods"], "numerator", "B-4"),
    ]


def test_wrong_calls_for_figures(cli: Run, measured: tuple[object, ...], policy: Path, table: Path, mapping: Path) -> None:
    for call, told in (
        ((*measured, "--part", "rest"), "--part belongs to --figure"),
        ((*measured, "--figure", "PF-answerd"), "no portfolio rule 'PF-answerd'"),
        ((*measured, "--figure", "PF-rate", "--part", "rset"), "no part 'rset'"),
        (("audit", "cn/base", table, "-m", mapping, "--as-of", AS_OF, "--exposure", table), "no rate"),
    ):
        ran = cli(*call)
        assert ran.status == 2 and told in ran.err


def test_a_portfolio_rule_in_words(cli: Run, measured: tuple[object, ...], policy: Path) -> None:
    words = cli("explain", policy, "PF-rate").words
    for expected in ("measures complaints per 100 orders", "per month", "by Category", "expected at most 2 × the figure of the period before"):
        assert expected in words
    chinese = cli("explain", policy, "PF-answered", "--lang", "zh").words
    for expected in ("指标 “已记录答复时间”的占比", "统计范围 类别为goods", "目标 不少于100%"):
        assert expected in chinese
