"""Which version judges a complaint on either side of a change: by its receipt, unless a declared transition says otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from complaint_policy import Policy, PolicyError, RecordError, load_policy

SHEET = """format: 1
policy: t/v
effective: {{from: {since}}}
timezone: Asia/Shanghai
currency: CNY
sources: {{law: {{title: {{en: Law, zh: 法}}, status: verified}}}}
record: {{fields: {{matter_on: {{type: date}}, contract_at: {{type: event}}, national: {{type: boolean}}}}}}
{transition}
deadlines: [{{id: DL, from: received_at, to: responded_at, within: {days} days, source: {{ref: law}}}}]
"""
OPEN = "transition: [{when: {closed_at: missing}, use: this, reason: {en: Open cases go over, zh: 未结案件适用新规}, source: {ref: law, clause: Art. 60}}]"
OLD_MATTER = "transition: [{when: {matter_on: {before: as_of}}, use: previous, reason: {en: Old matters stay}}]"


def policy(tmp_path: Path, *transitions: str, days: tuple[int, ...] = (15, 10, 5)) -> Policy:
    """Versions of 1 January, 1 March and 1 June 2026, with 15, 10 and 5 days."""
    for since, transition, limit in zip(("2026-01-01", "2026-03-01", "2026-06-01"), transitions, days, strict=False):
        (tmp_path / f"{since}.yaml").write_text(SHEET.format(since=since, transition=transition, days=limit), encoding="utf-8")
    return load_policy(tmp_path)


def version(of: Policy, as_of: str = "2026-12-01T00:00", **record: Any) -> str:
    return of.evaluate({"id": "A", **record}, as_of=as_of).policy_version


def test_without_a_transition_the_day_of_receipt_decides(tmp_path: Path) -> None:
    of = policy(tmp_path, "", "")
    assert version(of, received_at="2026-02-28T23:59") == "2026-01-01"
    assert version(of, received_at="2026-03-01T00:00") == "2026-03-01"


def test_complaints_still_open_at_the_change_go_over(tmp_path: Path) -> None:
    of = policy(tmp_path, "", OPEN)
    assert version(of, received_at="2026-02-20") == "2026-03-01"
    assert version(of, received_at="2026-02-20", closed_at="2026-03-05") == "2026-03-01"
    # closed in the last instant before the change, and in the first of the new version
    assert version(of, received_at="2026-02-20", closed_at="2026-02-28T23:59:59.999999") == "2026-01-01"
    assert version(of, received_at="2026-02-20", closed_at="2026-03-01T00:00") == "2026-01-01"  # at that instant it has happened
    assert version(of, received_at="2026-02-20", closed_at="2026-03-01T00:00:00.000001") == "2026-03-01"
    assert version(of, received_at="2026-03-02", closed_at="2026-03-03") == "2026-03-01"


def test_nothing_that_happens_later_moves_it_back(tmp_path: Path) -> None:
    """The condition is asked as of the change, so every later judgement rests on the same version."""
    of = policy(tmp_path, "", OPEN)
    for as_of in ("2026-03-01T00:00", "2026-03-04T00:00", "2026-09-01T00:00"):
        assert version(of, as_of, received_at="2026-02-20", closed_at="2026-03-03") == "2026-03-01"
    # before the change the new version is not in force
    assert version(of, "2026-02-28T23:59:59", received_at="2026-02-20") == "2026-01-01"


def test_the_change_is_an_instant_at_which_the_decision_changes(tmp_path: Path) -> None:
    of = policy(tmp_path, "", OPEN, days=(15, 5))
    # received 20 February: 15 days end on 7 March, 5 days on 25 February, so that on 1 March it is late
    decision = of.evaluate({"received_at": "2026-02-20"}, as_of="2026-02-26T00:00")
    assert (decision.policy_version, decision.status) == ("2026-01-01", "pending")
    assert decision.next_change_at is not None
    assert decision.next_change_at.isoformat() == "2026-03-01T00:00:00+08:00"
    assert of.evaluate({"received_at": "2026-02-20"}, as_of="2026-03-01T00:00").status == "breached"


def test_certain_complaints_stay_under_the_old_version(tmp_path: Path) -> None:
    of = policy(tmp_path, "", OLD_MATTER)
    assert version(of, received_at="2026-04-01", matter_on="2026-02-28") == "2026-01-01"
    assert version(of, received_at="2026-04-01", matter_on="2026-03-01") == "2026-03-01"
    assert version(of, received_at="2026-02-01", matter_on="2026-01-15") == "2026-01-01"
    # no stretch of 15 days is 10: received 1 April, due 16 April instead of 11 April
    assert str(of.evaluate({"received_at": "2026-04-01", "matter_on": "2026-02-28"}, as_of="2026-04-02T00:00").deadline("DL").due_on) == "2026-04-16"
    assert str(of.evaluate({"received_at": "2026-04-01", "matter_on": "2026-03-01"}, as_of="2026-04-02T00:00").deadline("DL").due_on) == "2026-04-11"


def test_unknown_is_no_version(tmp_path: Path) -> None:
    """As an unusable receipt: a guess between two versions is none."""
    of = policy(tmp_path, "", OLD_MATTER)
    for given in ({}, {"matter_on": "soon"}):
        with pytest.raises(RecordError, match="transition applies cannot be told without matter_on") as refused:
            version(of, received_at="2026-04-01", **given)
        assert refused.value.field == "matter_on"
        assert "过渡条款" in refused.value.render("zh")
    assert version(of, received_at="2026-02-01") == "2026-01-01"  # not asked of a complaint of the old version


def test_a_change_after_which_no_version_can_be_chosen_is_a_change(tmp_path: Path) -> None:
    """Before 1 March the old version judges whatever `closed_at` holds; from then on nobody can tell."""
    of = policy(tmp_path, "", OPEN)
    decision = of.evaluate({"id": "A", "received_at": "2026-02-20", "closed_at": "soon", "responded_at": "2026-02-21"}, as_of="2026-02-25T00:00")
    assert str(decision.next_change_at) == "2026-03-01 00:00:00+08:00"
    assert decision.explain("zh")


def test_the_first_entry_that_holds_gives_the_reason(tmp_path: Path) -> None:
    entries = (
        "transition: [{when: {national: true}, use: this, reason: {en: National}}, {when: {closed_at: missing}, use: this, reason: {en: Open}},"
        " {when: {matter_on: {before: as_of}}, use: previous, reason: {en: Old}}]"
    )
    of = policy(tmp_path, "", entries)

    def reason(**record: Any) -> str | None:
        decision = of.evaluate({"id": "A", **record}, as_of="2026-12-01T00:00")
        return next((f.message.en for f in decision.findings if f.outcome == "transition"), None)

    assert reason(received_at="2026-02-01", national=True) == "Judged by the version of 2026-03-01 by its transition: National."
    assert reason(received_at="2026-02-01", national=False) == "Judged by the version of 2026-03-01 by its transition: Open."
    assert reason(received_at="2026-02-01", closed_at="2026-02-02", national=True) == "Judged by the version of 2026-03-01 by its transition: National."
    assert reason(received_at="2026-02-01", closed_at="2026-02-02", national=False) is None
    assert reason(received_at="2026-02-01") == "Judged by the version of 2026-03-01 by its transition: Open."  # whatever `national` is
    assert reason(received_at="2026-04-01", matter_on="2026-02-01") == "Judged by the version of 2026-01-01, as the next one's transition says: Old."


def test_over_several_versions(tmp_path: Path) -> None:
    of = policy(tmp_path, "", OPEN, OPEN)
    assert version(of, received_at="2026-02-01") == "2026-06-01"
    assert version(of, received_at="2026-02-01", closed_at="2026-04-01") == "2026-03-01"
    assert version(of, "2026-05-31T00:00", received_at="2026-02-01") == "2026-03-01"  # the third is not in force yet
    assert version(of, received_at="2026-04-01") == "2026-06-01"
    back = policy(tmp_path, "", OLD_MATTER, OLD_MATTER)
    # before 1 June and before 1 March: back twice
    assert version(back, received_at="2026-07-01", matter_on="2026-02-01") == "2026-01-01"
    assert version(back, received_at="2026-07-01", matter_on="2026-04-01") == "2026-03-01"
    # back by the new version's word, and not forth again
    both = policy(tmp_path, "", OPEN, OPEN[:-1] + OLD_MATTER.replace("transition: [", ", "))
    assert version(both, received_at="2026-07-01", matter_on="2026-04-01") == "2026-03-01"


def test_the_decision_says_why(tmp_path: Path) -> None:
    decision = policy(tmp_path, "", OPEN).evaluate({"id": "A", "received_at": "2026-02-20"}, as_of="2026-12-01T00:00")
    finding = next(f for f in decision.findings if f.outcome == "transition")
    assert finding.message.en == "Judged by the version of 2026-03-01 by its transition: Open cases go over; source: Law, Art. 60 [verified]."
    assert "依过渡条款适用2026-03-01的版本：未结案件适用新规" in decision.explain("zh")
    assert decision.to_dict()["policy"]["version"] == "2026-03-01"
    assert finding.source == {"ref": "law", "clause": "Art. 60", "status": "verified"}


def test_the_digest_has_it(tmp_path: Path) -> None:
    for name in ("with", "without"):
        (tmp_path / name).mkdir()
    assert policy(tmp_path / "with", "", OPEN).digest != policy(tmp_path / "without", "", "").digest


@pytest.mark.parametrize(
    ("transition", "code"),
    [
        ("transition: [{when: {outcome: {DL: breached}}, use: this, reason: {en: r}}]", "transition-beyond-fields"),
        ("transition: [{when: {ours: true}, use: this, reason: {en: r}}]\nfacts: {ours: {national: true}}", "transition-beyond-fields"),
        ("transition: [{when: {nationel: true}, use: this, reason: {en: r}}]", "unknown-field"),
        ("transition: [{when: {national: true}, use: that, reason: {en: r}}]", "unknown-word"),
        ("transition: [{when: {national: true}, use: this}]", "missing-key"),
    ],
)
def test_what_is_refused(tmp_path: Path, transition: str, code: str) -> None:
    with pytest.raises(PolicyError) as refused:
        policy(tmp_path, "", transition)
    (problem,) = refused.value.problems
    assert problem.code == code
    assert Path(problem.place.file).name == "2026-03-01.yaml"


def test_the_first_version_has_none_before_it(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as refused:
        policy(tmp_path, OPEN)
    assert [(p.code, p.place.line) for p in refused.value.problems] == [("transition-without-previous", 8)]


OVERLAY = "format: 1\npolicy: t/own\neffective: {{from: {since}}}\nextends: [../base]\ntimezone: Asia/Shanghai\n{transition}\n"


@pytest.mark.parametrize(
    ("own", "code"),
    [
        ([("2026-01-01", "")], "transition-of-base"),
        ([("2026-01-01", ""), ("2026-02-01", "")], "transition-of-base"),
        ([("2026-01-01", ""), ("2026-03-01", "")], "transition-of-base"),
        ([("2026-01-01", ""), ("2026-03-01", OPEN)], None),
        ([("2026-01-01", ""), ("2026-03-01", "transition: []")], None),
        ([("2026-03-01", "")], None),  # nothing of its own lies before
        ([("2026-04-01", "")], None),
    ],
)
def test_an_overlay_says_for_itself_what_changes_over(tmp_path: Path, own: list[tuple[str, str]], code: str | None) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "own").mkdir()
    policy(tmp_path / "base", "", OPEN)
    for since, transition in own:
        (tmp_path / "own" / f"{since}.yaml").write_text(OVERLAY.format(since=since, transition=transition), encoding="utf-8")
    if code is not None:
        with pytest.raises(PolicyError) as refused:
            load_policy(tmp_path / "own")
        (problem,) = refused.value.problems
        assert (problem.code, problem.place.line) == (code, 4)
        assert "2026-03-01" in str(problem)
        return
    of = load_policy(tmp_path / "own")
    if own[0][0] == "2026-01-01":
        assert version(of, received_at="2026-02-20") == ("2026-03-01" if own[1][1] == OPEN else "2026-01-01")


def test_a_table_is_judged_on_columns(tmp_path: Path) -> None:
    """Only rows of which nobody can tell are asked one by one."""
    of = policy(tmp_path, "", OPEN, OPEN)
    rows = [{"id": str(i), "received_at": f"2026-0{1 + i % 6}-15", "closed_at": "2026-04-01" if i % 2 else None, "responded_at": None} for i in range(60)]
    audit = of.audit(pl.DataFrame(rows), as_of="2026-12-01T00:00")
    # open ones (received in January, March, May: 30) all go to the third; of those closed on 1 April the ones of February were open on
    # 1 March, and they and those of April closed on 1 June: 20 under the second; those of June (10) were received under the third
    assert audit.summary().versions == {"2026-03-01": 20, "2026-06-01": 40}
    assert audit.notes == ()


@pytest.mark.parametrize("transitions", [("", OPEN, OPEN), ("", OLD_MATTER, ""), ("", "", OLD_MATTER), ("", OPEN, OPEN[:-1] + OLD_MATTER.replace("transition: [", ", "))])
@pytest.mark.parametrize("as_of", ["2026-02-15T00:00", "2026-05-01T00:00", "2026-12-01T00:00"])
def test_an_audit_picks_the_same_versions(tmp_path: Path, transitions: tuple[str, ...], as_of: str) -> None:
    of = policy(tmp_path, *transitions)
    rows = [
        {"id": f"{r}{c}{m}", "received_at": r, "closed_at": c, "matter_on": m, "responded_at": None}
        for r in ("2026-02-01", "2026-02-28", "2026-03-01", "2026-05-20", "2026-06-02")
        for c in (None, "2026-02-10", "2026-03-01", "2026-05-25", "2026-07-01")
        for m in (None, "2026-01-05", "2026-03-01", "2026-06-01")
    ]
    audit = of.audit(pl.DataFrame(rows), as_of=as_of)
    decided = {row["id"]: row for row in audit.decisions.to_dicts()}
    refused = {row["id"]: row["reason"] for row in audit.rejected.to_dicts()}
    for row in rows:
        try:
            decision = of.evaluate(row, as_of=as_of, source_fields=set(row))
        except RecordError as error:
            assert refused[row["id"]] == error.reason.en
            continue
        found = decided[row["id"]]
        due = decision.deadline("DL").due_at
        assert (found["status"], found["DL.outcome"], found["DL.due_at"]) == (decision.status, decision.outcomes["DL"], due)
    assert len(decided) + len(refused) == len(rows)
    assert not any("transition" in str(note) for note in audit.notes)
    versions = audit.summary().versions
    assert sum(versions.values()) == len(decided)


def test_history_counts_under_the_version_that_judges(tmp_path: Path) -> None:
    """Only the second version counts earlier complaints; a transition takes two of the first version's into it."""
    first = SHEET.format(since="2026-01-01", transition="", days=15)
    (tmp_path / "2026-01-01.yaml").write_text(first, encoding="utf-8")
    second = SHEET.format(since="2026-03-01", transition=OPEN, days=10)
    counting = "history: {earlier: {count: {same: [complainant_id], within: 90 days, before: received_at}}}\n"
    ask = "requirements: [{id: R, require: {earlier: {at_most: 1}}, before: received_at, source: {ref: law}}]\n"
    (tmp_path / "2026-03-01.yaml").write_text(second + counting + ask, encoding="utf-8")
    of = load_policy(tmp_path)
    rows = [
        {"id": "A", "complainant_id": "c", "received_at": "2026-02-01", "closed_at": "2026-02-05"},
        {"id": "B", "complainant_id": "c", "received_at": "2026-02-10", "closed_at": "2026-03-05"},
        {"id": "C", "complainant_id": "c", "received_at": "2026-02-20", "closed_at": None},
    ]
    decisions = of.audit(pl.DataFrame(rows), as_of="2026-04-01T00:00").decisions
    # A is closed before the change and stays; B has one before it, C has two
    assert dict(zip(decisions["id"], decisions["R.outcome"], strict=True)) == {"A": None, "B": "met", "C": "breached"}
