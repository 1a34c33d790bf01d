"""Schedules in an audit: its own figures, a register from a file or a table, the summary, and the command."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from complaint_policy import InputError, UsageError, load_policy_text
from complaint_policy.audit import run_audit
from complaint_policy.cli import main

POLICY = """
format: 1
policy: test/schedules
effective: {from: 2020-01-01}
timezone: Asia/Shanghai
title: {en: Reports, zh: 报送制度}
portfolio:
  - {id: PF-received, title: {en: Complaints received, zh: 受理投诉数}, measure: {count: {received_at: present}}, per: half_year}
  - {id: PF-upheld, measure: {count: {upheld: true}}, per: half_year}
schedules:
  - {id: SC-report, title: {en: Quarterly report, zh: 季度报告}, period: quarter, from: period_end, within: 20 days, done: register, waivable: {by: [officer]}}
  - {id: SC-publish, period: half_year, from: period_end, within: {month_day: [08-31, 02-28]}, when: {PF-received: {at_least: 500}}, done: register}
  - {id: SC-upheld, period: half_year, from: period_end, within: 20 days, when: {PF-upheld: {at_least: 2}}, done: register}
"""
AS_OF = "2026-09-01T00:00"
REGISTER = [
    {"schedule": "SC-report", "period": "2026-Q1", "at": "2026-04-20"},
    {"schedule": "SC-report", "period": "2026-Q2", "at": "2026-07-21 00:30"},
    {"schedule": "SC-repot", "period": "2026-Q2", "at": "2026-07-20"},
]


def table(count: int, upheld: tuple[bool | None, ...] = ()) -> pl.DataFrame:
    """So many complaints of the first half of 2026."""
    days = [datetime(2026, 1, 5, 10) + timedelta(hours=i) for i in range(count)]
    return pl.DataFrame({"id": [f"C{i}" for i in range(count)], "received_at": days, "upheld": [*upheld, *[False] * (count - len(upheld))]})


def audited(source: Any, register: Any = REGISTER, **more: Any) -> Any:
    return run_audit(load_policy_text(POLICY), source, as_of=AS_OF, register=register, since="2026-01-01", **more)


def outcomes(audit: Any) -> dict[tuple[str, str], str]:
    return {(r.rule, r.period): r.outcome for r in audit.schedules.results}


@pytest.mark.parametrize(("count", "expected"), [(499, "not_applicable"), (500, "breached")])
def test_figures_are_those_of_the_audit(count: int, expected: str) -> None:
    audit = audited(table(count, (True,)))
    assert outcomes(audit) == {
        ("SC-report", "2026-Q1"): "met",
        ("SC-report", "2026-Q2"): "breached",
        ("SC-report", "2026-Q3"): "pending",
        ("SC-publish", "2026-H1"): expected,
        ("SC-publish", "2026-H2"): "pending",
        ("SC-upheld", "2026-H1"): "not_applicable",
        ("SC-upheld", "2026-H2"): "pending",
    }
    assert audit.portfolio["PF-received"][0].low == count


def test_undecided_records_leave_it_undecided() -> None:
    """One complaint upheld, one of which nobody knows: one or two."""
    result = audited(table(10, (True, None))).schedules.result("SC-upheld", "2026-H1")
    assert (result.outcome, result.missing) == ("indeterminate", ("PF-upheld",))
    assert outcomes(audited(table(10, (True, True, None))))["SC-upheld", "2026-H1"] == "breached"


def test_the_same_from_files_and_tables(tmp_path: Path) -> None:
    complaints, register = tmp_path / "complaints.csv", tmp_path / "register.csv"
    table(500).write_csv(complaints)
    register.write_text("note,schedule,period,at\n" + "".join(f"x,{r['schedule']},{r['period']},{r['at']}\n" for r in REGISTER), encoding="utf-8")
    expected = audited(table(500))
    for source in (complaints, table(500).lazy(), table(500).to_dicts(), table(500).to_arrow()):
        for given in (register, str(register), pl.DataFrame(REGISTER), pl.DataFrame(REGISTER).to_arrow(), tuple(REGISTER)):
            audit = audited(source, given)
            assert outcomes(audit) == outcomes(expected)
            assert audit.schedules.to_dict() == expected.schedules.to_dict()
    assert audited(table(500), decisions_to=tmp_path / "d.csv", keep=False).schedules.to_dict() == expected.schedules.to_dict()


def test_a_summary_has_them() -> None:
    summary = audited(table(500)).summary()
    assert [r["outcome"] for r in summary.to_dict()["schedules"]["results"]][:2] == ["met", "breached"]
    json.dumps(summary.to_dict(), ensure_ascii=False)
    english, chinese = summary.render("en"), summary.render("zh")
    assert "Duties that come back" in english and "Due next" in english and "the policy has no schedule 'SC-repot'" in english
    assert "定期义务" in chinese and "下一次到期" in chinese and "制度没有定期义务“SC-repot”" in chinese
    assert "季度报告" in chinese and "2026年第2季度" in chinese
    # what calls for somebody stands first
    section = next(s for s in summary.sections() if s.id == "schedules")
    assert [row[-1].en for row in section.rows][:2] == ["breached", "pending"]
    assert section.rows[0][1:5] == (section.rows[0][1], "2026-07-20", "2026-07-21 00:30", section.rows[0][4])
    assert section.rows[-1][-1].en in ("met", "not applicable")


def test_undecided_ones_say_why() -> None:
    section = next(s for s in audited(table(10, (True, None))).summary().sections() if s.id == "schedules")
    assert section.note is not None
    assert section.note.en == "undecided for want of PF-upheld"


def test_nothing_where_nobody_asked() -> None:
    audit = run_audit(load_policy_text(POLICY), table(3), as_of=AS_OF)
    assert audit.schedules is None
    assert audit.summary().to_dict()["schedules"] is None
    assert "schedules" not in {s.id for s in audit.summary().sections()}


def test_since_without_a_register() -> None:
    """Nobody knows what was done; whether it was due is known all the same."""
    found = run_audit(load_policy_text(POLICY), table(499), as_of=AS_OF, since="2026-01-01").schedules
    assert found is not None
    assert found.result("SC-report", "2026-Q1").missing == ("register",)
    assert found.result("SC-publish", "2026-H1").outcome == "not_applicable"


def test_an_empty_register() -> None:
    assert outcomes(audited(table(3), []))["SC-report", "2026-Q1"] == "breached"


def test_a_register_needs_since_and_columns(tmp_path: Path) -> None:
    policy = load_policy_text(POLICY)
    with pytest.raises(UsageError, match="a register needs since"):
        run_audit(policy, table(3), as_of=AS_OF, register=REGISTER)
    with pytest.raises(InputError, match="has no column period, at"):
        audited(table(3), [{"schedule": "SC-report"}])
    with pytest.raises(InputError):
        audited(table(3), tmp_path / "nowhere.csv")


def test_rows_that_are_none(tmp_path: Path) -> None:
    """A line with too many cells is no row; it may stand for anything."""
    register = tmp_path / "register.csv"
    register.write_text("schedule,period,at\nSC-report,2026-Q1,2026-04-20,x\n", encoding="utf-8")
    audit = audited(table(3), register)
    assert [(f.row, f.code) for f in audit.schedules.findings] == [(1, "unusable")]
    assert outcomes(audit)["SC-report", "2026-Q1"] == "indeterminate"


def test_waivers_of_an_audit() -> None:
    waivers = [{"rule": "SC-report", "records": ["2026-Q2"], "reason": "flood", "by": "officer"}]
    audit = audited(table(3), waivers=waivers)
    assert outcomes(audit)["SC-report", "2026-Q2"] == "waived"
    assert set(audit.decisions["status"]) == {"not_applicable"}


def test_figures_of_an_earlier_audit_are_not_known() -> None:
    """An audit as of June has not seen the half-year to its end."""
    policy = load_policy_text(POLICY)
    early = run_audit(policy, table(499), as_of="2026-06-30T00:00")
    result = policy.schedules([], as_of=AS_OF, since="2026-01-01", audit=early).result("SC-publish", "2026-H1")
    assert (result.outcome, result.missing) == ("indeterminate", ("PF-received",))
    late = run_audit(policy, table(499), as_of="2026-07-01T00:00")
    assert policy.schedules([], as_of=AS_OF, since="2026-01-01", audit=late).result("SC-publish", "2026-H1").outcome == "not_applicable"


# --------------------------------------------------------------------------- the command
def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "policy.yaml").write_text(POLICY, encoding="utf-8")
    table(500).write_csv(tmp_path / "complaints.csv")
    pl.DataFrame(REGISTER).write_csv(tmp_path / "register.csv")
    base = ["audit", str(tmp_path / "policy.yaml"), str(tmp_path / "complaints.csv"), "--as-of", AS_OF, "--register", str(tmp_path / "register.csv")]
    assert main([*base, "--since", "2026-01-01", "--format", "json", "--fail-on", "breached"]) == 1
    shown = json.loads(capsys.readouterr().out)
    assert [(r["rule"], r["period"]) for r in shown["schedules"]["results"] if r["outcome"] == "breached"] == [("SC-report", "2026-Q2"), ("SC-publish", "2026-H1")]
    assert main([*base, "--since", "2026-01-01", "--fail-on", "waived", "--lang", "zh"]) == 0
    assert "定期义务" in capsys.readouterr().out
    assert main(base) == 2
    assert "since" in capsys.readouterr().err
    assert main([*base, "--since", "2026-01-01", "--rejects", str(tmp_path / "register.csv")]) == 2  # an audit never writes over what it reads
