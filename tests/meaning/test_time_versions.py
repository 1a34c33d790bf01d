"""Versions by the local day of receipt, their gaps and overlaps, and overlays whose base changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from complaint_policy import PolicyError, RecordError, load_policy
from tests.meaning.time_support import shown

RULE = "deadlines: [{{id: DL, from: received_at, to: responded_at, within: {days} days}}]\n"


def sheet(name: str, since: str, days: int | None, *, until: str | None = None, more: str = "", zone: str = "Asia/Shanghai", replaces: bool = False) -> str:
    end = f", until: {until}" if until else ""
    rule = "" if days is None else RULE.format(days=days)
    if replaces:
        rule = rule.replace("id: DL,", "id: DL, replaces: true,")
    return f"format: 1\npolicy: {name}\neffective: {{from: {since}{end}}}\ntimezone: {zone}\n{more}{rule}"


def folder(path: Path, *sheets: str) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for text in sheets:
        since = text.split("from: ", 1)[1][:10]
        (path / f"{since}.yaml").write_text(text, encoding="utf-8")
    return path


def codes(path: Path) -> set[str]:
    with pytest.raises(PolicyError) as found:
        load_policy(path)
    return {p.code for p in found.value.problems}


def test_the_version_in_force_on_the_local_day_of_receipt(tmp_path: Path) -> None:
    of = load_policy(folder(tmp_path, sheet("t/v", "2026-01-01", 5), sheet("t/v", "2026-03-01", 3, until="2026-06-01")))

    def judged(received: str) -> tuple[str, str | None]:
        decision = of.evaluate({"received_at": received}, as_of="2026-07-01T00:00")
        return decision.policy_version, shown(decision.deadline("DL").due_at)

    assert judged("2026-02-28T23:59:59.999999") == ("2026-01-01", "2026-03-05T23:59:59")  # 28 February and 5
    assert judged("2026-03-01T00:00") == ("2026-03-01", "2026-03-04T23:59:59")
    assert judged("2026-03-01") == ("2026-03-01", "2026-03-04T23:59:59")
    # 16:00Z on 28 February is midnight of 1 March in Shanghai
    assert judged("2026-02-28T15:59:59Z")[0] == "2026-01-01"
    assert judged("2026-02-28T16:00Z")[0] == "2026-03-01"
    assert judged("2026-05-31T23:59:59.999999")[0] == "2026-03-01"
    for outside in ("2025-12-31T23:59:59", "2026-06-01T00:00", "2026-06-01", "2026-05-31T16:00Z"):
        with pytest.raises(RecordError, match="no version in force"):
            judged(outside)
    for unusable in ("", "soon", "2026-02-30"):
        with pytest.raises(RecordError) as error:
            judged(unusable)
        assert error.value.field == "received_at"


def test_the_latest_and_an_earlier_version_agree_on_a_typed_record(tmp_path: Path) -> None:
    from datetime import datetime

    of = load_policy(folder(tmp_path, sheet("t/v", "2026-01-01", 5), sheet("t/v", "2026-03-01", 3)))
    for moment, due in ((datetime(2026, 2, 28, 23, 59, 59, 999999), "2026-03-05T23:59:59"), (datetime(2026, 3, 1), "2026-03-04T23:59:59")):
        decision = of.evaluate({"received_at": moment}, as_of=datetime(2026, 7, 1))
        assert shown(decision.deadline("DL").due_at) == due


def test_a_gap_and_an_overlap_are_problems(tmp_path: Path) -> None:
    assert "versions-gap" in codes(folder(tmp_path / "gap", sheet("t/v", "2026-01-01", 5, until="2026-02-01"), sheet("t/v", "2026-03-01", 3)))
    assert "versions-overlap" in codes(folder(tmp_path / "overlap", sheet("t/v", "2026-01-01", 5, until="2026-03-02"), sheet("t/v", "2026-03-01", 3)))
    load_policy(folder(tmp_path / "meet", sheet("t/v", "2026-01-01", 5, until="2026-03-01"), sheet("t/v", "2026-03-01", 3)))
    assert "policy-id-differs" in codes(folder(tmp_path / "other", sheet("t/v", "2026-01-01", 5), sheet("t/w", "2026-03-01", 3)))


def test_a_base_that_changes_in_the_middle_of_a_version(tmp_path: Path) -> None:
    folder(tmp_path / "base", sheet("t/base", "2026-01-01", 5), sheet("t/base", "2026-03-01", 3))
    own = "extends: [./base]\n"
    top = tmp_path / "top.yaml"
    top.write_text(
        sheet("t/top", "2026-02-01", None, more=own + "deadlines: [{id: DO, from: received_at, to: closed_at, within: 10 days}]\n"), encoding="utf-8"
    )
    of = load_policy(top)
    for received, due, version in (("2026-02-10", "2026-02-15", "2026-02-01"), ("2026-02-28", "2026-03-05", "2026-02-01"), ("2026-03-01", "2026-03-04", "2026-02-01")):
        decision = of.evaluate({"received_at": received}, as_of="2026-07-01T00:00")
        assert (str(decision.deadline("DL").due_on), decision.policy_version) == (due, version)
        assert decision.deadline("DO").outcome == "breached"
    with pytest.raises(RecordError):
        of.evaluate({"received_at": "2026-01-31"}, as_of="2026-07-01T00:00")


def test_a_day_without_a_version_of_the_base_is_a_problem(tmp_path: Path) -> None:
    top = tmp_path / "top.yaml"
    folder(tmp_path / "base", sheet("t/base", "2026-03-01", 5))
    top.write_text(sheet("t/top", "2026-02-01", None, more="extends: [./base]\n"), encoding="utf-8")
    assert "base-without-version" in codes(top)  # begins too late
    (tmp_path / "base" / "2026-03-01.yaml").unlink()
    folder(tmp_path / "base", sheet("t/base", "2026-01-01", 5, until="2026-06-01"))
    assert "base-without-version" in codes(top)  # ends too early
    top.write_text(sheet("t/top", "2026-02-01", None, until="2026-06-01", more="extends: [./base]\n"), encoding="utf-8")
    load_policy(top)


def test_counting_of_an_overlay_does_not_reach_into_its_base(tmp_path: Path) -> None:
    folder(tmp_path / "base", sheet("t/base", "2026-01-01", 5, more="calendars: {week: {weekdays: mon-fri}}\ncounting: {calendar: week, roll: next_working_day}\n"))
    top = tmp_path / "top.yaml"
    top.write_text(
        sheet("t/top", "2026-01-01", None, more="extends: [./base]\ncounting: {roll: none, first_day: included}\n")
        + "deadlines: [{id: DO, from: received_at, to: closed_at, within: 6 days}]\n",
        encoding="utf-8",
    )
    decision = load_policy(top).evaluate({"received_at": "2026-03-02T10:00"}, as_of="2026-03-03T00:00")
    # 5 days: Saturday 7, rolled to Monday 9 by the base's counting; 6 days with the first: Saturday 7, not rolled
    assert {d.rule: str(d.due_on) for d in decision.deadlines} == {"DL": "2026-03-09", "DO": "2026-03-07"}


def test_a_rule_replaced_by_the_overlay(tmp_path: Path) -> None:
    folder(tmp_path / "base", sheet("t/base", "2026-01-01", 5))
    top = tmp_path / "top.yaml"
    top.write_text(sheet("t/top", "2026-01-01", 2, more="extends: [./base]\n"), encoding="utf-8")
    assert codes(top)  # the same id without `replaces`
    top.write_text(sheet("t/top", "2026-01-01", 2, more="extends: [./base]\n", replaces=True), encoding="utf-8")
    decision = load_policy(top).evaluate({"received_at": "2026-03-02T10:00"}, as_of="2026-03-03T00:00")
    assert [(d.rule, str(d.due_on)) for d in decision.deadlines] == [("DL", "2026-03-04")]
    top.write_text(sheet("t/top", "2026-01-01", None, more="extends: [./base]\n", zone="Europe/Berlin"), encoding="utf-8")
    assert codes(top)  # another zone than the base's


def test_a_severity_rule_replaced_by_the_overlay_stands_where_its_base_has_it(tmp_path: Path) -> None:
    rules = """severity:
  levels: [low, mid, high]
  rules:
    - {id: A, level: high, when: {affected_customers: {at_least: 100}}}
    - {id: B, level: mid, when: {injury: true}}
  otherwise: low
"""
    folder(tmp_path / "base", sheet("t/base", "2026-01-01", None) + rules)
    top = tmp_path / "top.yaml"
    own = """severity:
  rules:
    - {id: B, replaces: true, level: mid, when: {affected_customers: {at_least: 5}}}
    - {id: C, level: mid, when: {legal_risk: true}}
"""
    top.write_text(sheet("t/top", "2026-01-01", None, more="extends: [./base]\n") + own, encoding="utf-8")
    of = load_policy(top)
    # tried from the top: C of the overlay, then A and B of the base, B with the overlay's condition
    assert [rule.id for rule in of.versions[0].model.section("severity").rules] == ["C", "A", "B"]

    def level(**record: object) -> str | None:
        return of.evaluate({"received_at": "2026-02-01", "injury": True, "legal_risk": False, **record}, as_of="2026-02-02T00:00").severity.level

    assert [level(affected_customers=count) for count in (4, 5, 99, 100)] == ["low", "mid", "mid", "high"]
    assert level(affected_customers=100, legal_risk=True) == "mid"  # C stands above A
