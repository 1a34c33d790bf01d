"""Deadlines that begin anew at entries of the log: updates, cycles, silence, reminders.

2026-03-02 is a Monday; Wednesday 18 March is a holiday, Saturday 21 March is made up (the calendar `days`).
"""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest

from complaint_policy import Decision
from complaint_policy.policy import Policy
from complaint_policy.rules.deadlines.each import MOST_STARTS
from tests.meaning.time_support import judged, policy, shown

KINDS = """
  events:
    update: {}
    contact: {channel: string}
    response: {to_level: string}
    reopened: {reason: string}
    dissatisfied: {}
    reminder: {}
"""


def rules(*lines: str, beside: str = "") -> Policy:
    return policy("deadlines:\n" + "".join(f"  - {line}\n" for line in lines) + beside, fields=KINDS)


def log(*entries: str, **common: Any) -> list[dict[str, Any]]:
    """Entries as `kind at`, further attributes as `name=value`."""
    found = []
    for entry in entries:
        kind, at, *more = entry.split()
        found.append({"kind": kind, "at": at, **dict(part.split("=") for part in more), **common})
    return found


def outcomes(decision: Decision, rule: str) -> list[str]:
    return [one.outcome for one in decision.deadline(rule).instances]


def dues(decision: Decision, rule: str) -> list[str | None]:
    return [shown(one.due_at) for one in decision.deadline(rule).instances]


# --------------------------------------------------------------------------- every so often until closed (D20, Ireland)
UPDATES = rules(
    "{id: DL-update, from: {each: [received_at, {event: update}], until: closed_at}, to: {first_of: [{event: update}, closed_at]}, within: 5 working days, counting: {calendar: days}}"
)


def test_an_update_serves_what_began_before_it_and_begins_the_next() -> None:
    record = {"received_at": "2026-03-02T10:00", "events": log("update 2026-03-09T16:00", "update 2026-03-17T09:00")}
    # Monday 2: five working days end on Monday 9.  From the 9th: Monday 16, so the update of the 17th is late.
    # From Tuesday 17, without the 18th, with Saturday 21: 19, 20, 21, 23, 24.
    decision = judged(UPDATES, "2026-03-20T00:00", **record)
    assert dues(decision, "DL-update") == ["2026-03-09T23:59:59", "2026-03-16T23:59:59", "2026-03-24T23:59:59"]
    assert outcomes(decision, "DL-update") == ["met", "breached", "pending"]
    assert [shown(one.done_at) for one in decision.deadline("DL-update").instances] == ["2026-03-09T16:00:00", "2026-03-17T09:00:00", None]
    assert str(decision.deadline("DL-update#2").over_by) == "9:00:00"
    assert shown(decision.next_change_at) == "2026-03-25T00:00:00"
    assert outcomes(judged(UPDATES, "2026-03-24T23:59:59", **record), "DL-update") == ["met", "breached", "pending"]
    assert outcomes(judged(UPDATES, "2026-03-25T00:00", **record), "DL-update") == ["met", "breached", "breached"]


def test_closing_ends_the_last_and_begins_none() -> None:
    events = log("update 2026-03-09T16:00", "update 2026-03-13T09:00", "update 2026-03-16T09:00")
    decision = judged(UPDATES, "2026-04-20T00:00", received_at="2026-03-02T10:00", closed_at="2026-03-13T09:00", events=events)
    # Closed with the second update: neither it nor the third begins anything.
    assert outcomes(decision, "DL-update") == ["met", "met"]
    assert decision.status == "met"


def test_entries_after_the_moment_of_judgement_have_not_happened() -> None:
    events = log("update 2026-03-09T16:00", "update 2026-03-12T09:00")
    decision = judged(UPDATES, "2026-03-10T00:00", received_at="2026-03-02T10:00", events=events)
    assert outcomes(decision, "DL-update") == ["met", "pending"]
    assert shown(decision.next_change_at) == "2026-03-12T09:00:00"


def test_two_entries_at_one_instant_are_one_start_and_end_nothing_of_it() -> None:
    events = log("update 2026-03-04T09:00", "update 2026-03-04T09:00", "update 2026-03-05T09:00")
    decision = judged(UPDATES, "2026-03-10T00:00", received_at="2026-03-02T10:00", events=events)
    assert [shown(one.done_at) for one in decision.deadline("DL-update").instances] == ["2026-03-04T09:00:00", "2026-03-05T09:00:00", None]


def test_the_order_of_the_log_does_not_matter() -> None:
    events = log("update 2026-03-17T09:00", "update 2026-03-09T16:00")
    decision = judged(UPDATES, "2026-03-20T00:00", received_at="2026-03-02T10:00", events=events)
    assert outcomes(decision, "DL-update") == ["met", "breached", "pending"]


# --------------------------------------------------------------------------- re-opened, answered again (D44, S18)
CYCLES = rules("{id: DL-answer, from: {each: [received_at, {event: reopened}]}, to: {event: response}, within: 15 days}")


def test_every_reopening_is_answered_by_the_next_response() -> None:
    events = log("response 2026-03-10T10:00", "reopened 2026-03-12T10:00", "response 2026-03-28T10:00", "reopened 2026-04-01T10:00")
    decision = judged(CYCLES, "2026-04-10T00:00", received_at="2026-03-02T10:00", events=events)
    # 2 + 15 = 17 March; 12 + 15 = 27 March, answered on the 28th; 1 + 15 = 16 April, open.
    assert dues(decision, "DL-answer") == ["2026-03-17T23:59:59", "2026-03-27T23:59:59", "2026-04-16T23:59:59"]
    assert outcomes(decision, "DL-answer") == ["met", "breached", "pending"]


def test_one_response_answers_two_reopenings_before_it() -> None:
    events = log("response 2026-03-10T10:00", "reopened 2026-03-12T10:00", "reopened 2026-03-14T10:00", "response 2026-03-27T23:00")
    decision = judged(CYCLES, "2026-04-10T00:00", received_at="2026-03-02T10:00", events=events)
    assert outcomes(decision, "DL-answer") == ["met", "met", "met"]


def test_a_response_at_the_instant_of_a_reopening_answers_it() -> None:
    events = log("reopened 2026-03-12T10:00", "response 2026-03-12T10:00")
    decision = judged(CYCLES, "2026-04-10T00:00", received_at="2026-03-12T10:00", events=events)
    assert outcomes(decision, "DL-answer") == ["met"]


def test_again_until_satisfied_with_a_cap_and_a_way_out() -> None:
    of = rules(
        "{id: DL-again, from: {each: [{event: dissatisfied}]}, to: {event: response}, within: 15 days}",
        beside="""
facts: {rounds: {count: {event: dissatisfied}}}
escalation: [{id: ESC-3, when: {rounds: {at_least: 3}}, to: general_manager}]
requirements:
  - {id: RQ-cap, require: {any: [{rounds: {at_most: 2}}, {closed_at: present}]}, before: as_of}
""",
    )
    record = {"received_at": "2026-03-02T10:00"}
    none = judged(of, "2026-03-20T00:00", **record)
    assert (none.outcomes["DL-again"], none.deadline("DL-again").instances) == ("pending", ())
    closed = judged(of, "2026-03-20T00:00", closed_at="2026-03-05", **record)
    assert closed.outcomes["DL-again"] == "not_applicable"
    twice = log("dissatisfied 2026-03-03T10:00", "response 2026-03-04T10:00", "dissatisfied 2026-03-05T10:00")
    decision = judged(of, "2026-03-20T00:00", events=twice, **record)
    assert outcomes(decision, "DL-again") == ["met", "pending"]
    assert decision.responsibility.escalate_to == ()
    third = judged(of, "2026-03-20T00:00", events=[*twice, *log("dissatisfied 2026-03-06T10:00")], **record)
    assert third.responsibility.escalate_to == ("general_manager",)


# --------------------------------------------------------------------------- silence, reminders, restarts
def test_silence_longer_than_a_week() -> None:
    of = rules("{id: DL-silence, from: {each: [received_at, {event: contact}]}, to: {first_of: [{event: contact}, closed_at]}, within: 1 weeks}")
    record = {"received_at": "2026-03-02T10:00", "events": log("contact 2026-03-06T10:00", "contact 2026-03-16T10:00")}
    decision = judged(of, "2026-03-20T00:00", **record)
    # 2 to 6 March: 4 days; 6 to 16 March: the week ended with the 13th; from the 16th open until the 23rd.
    assert outcomes(decision, "DL-silence") == ["met", "breached", "pending"]
    closed = judged(of, "2026-03-30T00:00", closed_at="2026-03-23T23:59", **record)
    assert outcomes(closed, "DL-silence") == ["met", "breached", "met"]
    # Contact after the closing is met by nothing any more, and silence after it is silence all the same: write `until`.
    later = judged(of, "2026-04-30T00:00", closed_at="2026-03-14T10:00", **record)
    assert outcomes(later, "DL-silence") == ["met", "breached", "breached"]


def test_only_entries_that_are_asked_for_begin_and_end() -> None:
    of = rules("{id: DL, from: {each: [{event: contact, where: {by: customer}}]}, to: {event: contact, where: {by: company}}, within: 2 days}")
    events = log("contact 2026-03-02T10:00 by=customer", "contact 2026-03-03T09:00 by=customer", "contact 2026-03-04T10:00 by=company")
    decision = judged(of, "2026-03-10T00:00", received_at="2026-03-02T09:00", events=events)
    assert outcomes(decision, "DL") == ["met", "met"]
    same = log("contact 2026-03-02T10:00 by=customer", "contact 2026-03-02T10:00 by=company")
    assert outcomes(judged(of, "2026-03-10T00:00", received_at="2026-03-02T09:00", events=same), "DL") == ["met"]


def test_a_reminder_on_fixed_days_and_a_choice_of_acts() -> None:
    reminders = "{each: [{from: received_at, within: 5 days, counting: {ends: same_time}}, {from: received_at, within: 10 days, counting: {ends: same_time}}], until: responded_at}"
    of = rules(f"{{id: DL-remind, from: {reminders}, to: {{event: reminder}}, within: 1 days}}")
    record = {"received_at": "2026-03-02T10:00", "events": log("reminder 2026-03-07T12:00")}
    early = judged(of, "2026-03-07T11:00", **record)
    assert outcomes(early, "DL-remind") == ["pending"]  # the tenth day lies ahead
    assert shown(early.next_change_at) == "2026-03-07T12:00:00"
    assert outcomes(judged(of, "2026-03-12T10:00", **record), "DL-remind") == ["met", "pending"]
    assert outcomes(judged(of, "2026-03-14T00:00", **record), "DL-remind") == ["met", "breached"]
    assert outcomes(judged(of, "2026-03-14T00:00", responded_at="2026-03-12T09:59", **record), "DL-remind") == ["met"]
    # Without reminders: the fifth day, late after the sixth, the tenth day, late after the eleventh.
    silent = [shown(judged(of, moment, received_at="2026-03-02T10:00").next_change_at) for moment in ("2026-03-03T00:00", "2026-03-08T00:00", "2026-03-09T00:00")]
    assert silent == ["2026-03-07T10:00:00", "2026-03-09T00:00:00", "2026-03-12T10:00:00"]
    chosen = rules(
        "{id: DL, from: {each: [received_at, {event: update}]}, to: {choose: [{when: {hard: true}, then: {event: update}}, {otherwise: {event: contact}}]}, within: 5 days}"
    )
    events = log("update 2026-03-04T10:00", "contact 2026-03-08T10:00")
    easy = judged(chosen, "2026-03-20T00:00", received_at="2026-03-02T10:00", events=events)
    assert outcomes(easy, "DL") == ["breached", "met"]  # due with the 7th and the 9th
    hard = judged(chosen, "2026-03-20T00:00", received_at="2026-03-02T10:00", hard=True, events=events)
    assert outcomes(hard, "DL") == ["met", "breached"]


def test_all_of_several_after_each_start() -> None:
    of = rules("{id: DL, from: {each: [received_at, {event: reopened}]}, to: {all_of: [{event: response}, {event: contact}]}, within: 5 days}")
    events = log("response 2026-03-03T10:00", "contact 2026-03-04T10:00", "reopened 2026-03-10T10:00", "contact 2026-03-11T10:00")
    decision = judged(of, "2026-03-12T00:00", received_at="2026-03-02T10:00", events=events)
    assert [shown(one.done_at) for one in decision.deadline("DL").instances] == ["2026-03-04T10:00:00", None]
    assert outcomes(decision, "DL") == ["met", "pending"]


# --------------------------------------------------------------------------- unknown
def test_without_a_log_nobody_knows_but_what_the_record_has() -> None:
    decision = UPDATES.evaluate({"id": "T", "received_at": "2026-03-02T10:00"}, as_of="2026-03-20T00:00", source_fields=["id", "received_at", "closed_at"])
    assert decision.outcomes["DL-update"] == "indeterminate"
    assert decision.deadline("DL-update").missing == ("events",)
    empty = judged(UPDATES, "2026-03-20T00:00", received_at="2026-03-02T10:00")
    assert empty.outcomes["DL-update"] == "breached"


def test_an_entry_without_its_time_may_be_any_start_and_any_act() -> None:
    events = [*log("update 2026-03-04T10:00", "update 2026-03-10T10:00"), {"kind": "update", "at": "some day"}]
    decision = judged(UPDATES, "2026-03-13T00:00", received_at="2026-03-02T10:00", events=events)
    # Received on the 2nd and updated on the 4th, from the 4th due with the 11th, updated on the 10th: met whatever the third is.
    # The 10th is open until the 17th, if the third was not after it.
    assert [one.outcome for one in decision.deadline("DL-update").instances[:2]] == ["met", "met"]
    assert decision.outcomes["DL-update"] == "indeterminate"
    assert decision.deadline("DL-update").missing == ("events",)
    late = judged(UPDATES, "2026-03-13T00:00", received_at="2026-02-02T10:00", events=log("update 2026-03-04T10:00", "response some-day"))
    assert late.outcomes["DL-update"] == "breached"


def test_days_without_a_time() -> None:
    events = log("update 2026-03-04", "update 2026-03-10")
    decision = judged(UPDATES, "2026-03-13T00:00", received_at="2026-03-02T10:00", events=events)
    assert outcomes(decision, "DL-update") == ["met", "met", "pending"]
    # Two on one day begin it once; the update of the 10th serves both.
    same = judged(UPDATES, "2026-03-13T00:00", received_at="2026-03-02T10:00", events=log("update 2026-03-04", "update 2026-03-04", "update 2026-03-10"))
    assert outcomes(same, "DL-update") == ["met", "met", "pending"]


def test_so_many_starts_are_told_and_no_more() -> None:
    entries = [{"kind": "update", "at": f"2026-01-{1 + i // 1440:02d}T{i // 60 % 24:02d}:{i % 60:02d}"} for i in range(MOST_STARTS)]
    begin = process_time()
    # The receipt is the first of the thousand starts: 999 updates beside it.
    full = judged(UPDATES, "2026-01-02T00:00", received_at="2026-01-01T00:00", events=entries[1:])
    assert len(full.deadline("DL-update").instances) == MOST_STARTS
    assert full.outcomes["DL-update"] == "pending"
    more = judged(UPDATES, "2026-01-02T00:00", received_at="2025-12-31T23:59", events=entries)
    rule = more.deadline("DL-update")
    assert (rule.outcome, rule.instances, rule.missing) == ("indeterminate", (), ("events", "received_at"))
    assert process_time() - begin < 5
    assert "DL-update: cannot be decided: it began more than 1,000 times." in more.explain("en")
    assert "DL-update：起算超过1000次，无法判定。" in more.explain("zh")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_a_rule_says_of_itself(language: str) -> None:
    decision = judged(CYCLES, "2026-04-10T00:00", received_at="2026-03-02T10:00", events=log("response 2026-03-18T10:00"))
    said = {"en": "DL-answer (no. 1): due 2026-03-17 23:59:59, done 2026-03-18 10:00, late by 10 h.", "zh": "DL-answer（第1次）：应于2026年3月17日 23:59:59前完成"}
    assert said[language] in decision.explain(language)
