"""A term that runs from an event, or else from another deadline's due instant (47 CFR 1.718), and choices that leave nothing out."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest

from complaint_policy import Decision, load_policy_text
from tests.meaning.time_support import judged, policy, shown

# A formal complaint relates back if it is filed within six months of the answer or, if there is none, of the day it was due.
FORMAL = policy(
    """
deadlines:
  - {id: DL-answer, from: received_at, to: answered_at, within: 30 days}
  - {id: DL-formal, duty_of: complainant, from: {first_known: [answered_at, {due: DL-answer}]}, to: filed_at, within: 6 months}
""",
    fields="    answered_at: {type: event}\n    filed_at: {type: event}\n",
)


def formal(as_of: str, **record: str) -> tuple[str, str | None, str | None]:
    """Of a complaint of 2 March 10:00, whose answer is due with 1 April: outcome, start and due time."""
    found = judged(FORMAL, as_of, received_at="2026-03-02T10:00", **record).deadline("DL-formal")
    return found.outcome, shown(found.start), shown(found.due_at)


def test_from_the_answer_also_a_late_one() -> None:
    assert formal("2026-03-25T00:00", answered_at="2026-03-20T09:00") == ("pending", "2026-03-20T09:00:00", "2026-09-20T23:59:59")
    assert formal("2026-05-01T00:00", answered_at="2026-04-10T09:00") == ("pending", "2026-04-10T09:00:00", "2026-10-10T23:59:59")


def test_without_an_answer_from_the_day_it_was_due() -> None:
    unanswered = ("2026-04-01T23:59:59", "2026-10-01T23:59:59")
    assert formal("2026-03-25T00:00") == ("pending", *unanswered)
    assert formal("2026-10-01T23:59:59") == ("pending", *unanswered)
    assert formal("2026-10-02T00:00") == ("breached", *unanswered)
    assert formal("2026-10-02T00:00", filed_at="2026-10-01T23:59") == ("met", *unanswered)
    assert formal("2026-10-03T00:00", filed_at="2026-10-02T00:00") == ("breached", *unanswered)
    # An answer dated after the moment of judgement has not happened yet.
    assert formal("2026-04-09T00:00", answered_at="2026-04-10T09:00") == ("pending", *unanswered)


def test_filed_before_a_start_that_was_computed_is_in_time() -> None:
    assert formal("2026-03-25T00:00", filed_at="2026-03-15T10:00")[0] == "met"
    assert formal("2026-04-25T00:00", filed_at="2026-03-15T10:00")[0] == "met"
    # Before an answer that was written down it may be a slip of the keyboard.
    decision = judged(FORMAL, "2026-04-25T00:00", received_at="2026-03-02T10:00", answered_at="2026-03-20T09:00", filed_at="2026-03-15T10:00")
    assert decision.deadline("DL-formal").outcome == "indeterminate"
    assert decision.deadline("DL-formal").missing == ("answered_at", "filed_at")


def test_a_table_has_the_same() -> None:
    rows = [
        {"id": str(i), "received_at": "2026-03-02T10:00", "answered_at": answered, "filed_at": filed}
        for i, (answered, filed) in enumerate(
            [(None, "2026-03-15T10:00"), ("2026-03-20T09:00", "2026-03-15T10:00"), (None, "2026-10-02T00:00"), ("2026-03-20T09:00", None), (None, "x")]
        )
    ]
    audit = FORMAL.audit(pl.DataFrame(rows), as_of="2026-10-03T00:00")
    assert audit.decisions["DL-formal.outcome"].to_list() == ["met", "indeterminate", "breached", "breached", "indeterminate"]


MORNING = """format: 1
policy: t/morning
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
calendars:
  night: {hours: {mon-sun: ["22:00-06:00"]}}
  morning: {hours: {mon-sun: ["08:00-22:00"]}}
facts:
  begun:
    choose:
      - {when: {received_at: {during: night}}, then: {from: received_at, within: 0 working hours, counting: {calendar: morning, after_hours: next_opening}}}
      - {otherwise: received_at}
deadlines: [{id: DL, from: begun, to: responded_at, within: 2 hours}]
"""


def test_done_before_a_start_counted_from_another_instant_is_in_time() -> None:
    """A call at night counts from 08:00; one that is answered at night is answered in time."""
    night = load_policy_text(MORNING)
    rows = [
        ("2026-03-01T23:00", "2026-03-02T01:00", "met"),
        ("2026-03-02T05:59", "2026-03-02T10:00", "met"),
        ("2026-03-02T05:59", "2026-03-02T10:01", "breached"),
        # By day the start was written down: an answer before it may be a slip of the keyboard.
        ("2026-03-02T06:00", "2026-03-02T05:00", "indeterminate"),
    ]
    records = [{"id": str(i), "received_at": received, "responded_at": answered} for i, (received, answered, _) in enumerate(rows)]
    outcomes = [outcome for _, _, outcome in rows]
    assert [night.evaluate(record, as_of="2026-03-03T00:00").deadline("DL").outcome for record in records] == outcomes
    typed = [{**record, **{k: datetime.fromisoformat(record[k]) for k in ("received_at", "responded_at")}} for record in records]
    assert [night.evaluate(record, as_of="2026-03-03T00:00").deadline("DL").outcome for record in typed] == outcomes
    assert night.audit(pl.DataFrame(records), as_of="2026-03-03T00:00").decisions["DL.outcome"].to_list() == outcomes


# --------------------------------------------------------------------------- every value has its branch
def case(as_of: str, fields: str, choice: str, **record: object) -> Decision:
    return judged(policy(f"deadlines: [{{id: DL, from: received_at, to: closed_at, within: {{choose: [{choice}]}}}}]", fields=fields), as_of, received_at="2026-03-02T10:00", **record)


REGION = "    region: {type: enum, values: [home, abroad]}\n"
BOTH = "{when: {region: home}, then: 15 days}, {when: {region: abroad}, then: 18 days}"


@pytest.mark.parametrize("region", [{}, {"region": "hmoe"}])
def test_a_missing_region_gives_two_possible_dues(region: dict[str, str]) -> None:
    # 2 March and 15 days: the 17th; and 18: the 20th.
    for as_of, outcome in (("2026-03-17T23:59", "pending"), ("2026-03-18T00:00", "indeterminate"), ("2026-03-21T00:00", "breached")):
        found = case(as_of, REGION, BOTH, **region).deadline("DL")
        assert (found.outcome, shown(found.due_at), shown(found.due_latest)) == (outcome, "2026-03-17T23:59:59", "2026-03-20T23:59:59")
        assert found.missing == (("region",) if outcome == "indeterminate" else ())


def test_a_value_without_a_branch_has_no_limit() -> None:
    third = REGION.replace("abroad]", "abroad, sea]")
    found = case("2026-03-21T00:00", third, BOTH).deadline("DL")
    assert (found.outcome, found.due_at) == ("indeterminate", None)
    stated_none = case("2026-03-21T00:00", REGION.replace("abroad]", "abroad], empty: none"), BOTH).deadline("DL")
    assert (stated_none.outcome, stated_none.due_at) == ("indeterminate", None)


def test_yes_and_no_and_lists_of_values_leave_nothing_out() -> None:
    flag = "{when: {complex: true}, then: 18 days}, {when: {complex: false}, then: 15 days}"
    assert shown(case("2026-03-04T00:00", "", flag).deadline("DL").due_latest) == "2026-03-20T23:59:59"
    lists = "{when: {region: [abroad]}, then: 18 days}, {when: {region: [home, sea]}, then: 15 days}"
    found = case("2026-03-04T00:00", REGION.replace("abroad]", "abroad, sea]"), lists).deadline("DL")
    assert (shown(found.due_at), shown(found.due_latest)) == ("2026-03-17T23:59:59", "2026-03-20T23:59:59")
    two = "{when: {region: home}, then: 18 days}, {when: {complex: false}, then: 15 days}"
    assert case("2026-03-04T00:00", REGION, two).deadline("DL").due_at is None
