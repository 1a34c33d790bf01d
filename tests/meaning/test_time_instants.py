"""Instants made of instants, and what is decided where a member has not happened, is stated to be none, or is unknown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.meaning.time_support import deadline, judged, outcome, policy, shown

MON = "2026-03-02T10:00"
BOTH = ("promised_at", "responded_at")
LAW = "2026-03-17T23:59:59"  # 15 days

EARLIER, LATER = "{first_of: [promised_at, 15 days]}", "{last_of: [promised_at, 15 days]}"
BOTH_DONE = "{from: {all_of: [noted_at, agreed_at]}, within: 2 days}"
KNOWN = "{first_known: [promised_at, stated_at, 15 days]}"
CHOICE = "{choose: [{when: {complex: true}, then: 15 days}, {otherwise: 2 days}]}"
TENTH = ("2026-03-10T00:00:00", "2026-03-10T23:59:59.999999")

# within, the rest of the record, as_of, outcome, due_at, due_latest, missing
LIMITS: list[tuple[str, dict[str, Any], str, str, str | None, str | None, tuple[str, ...]]] = [
    # --- first_of: the promise, bounded by law
    (EARLIER, {"promised_at": "2026-03-10T12:00"}, "2026-03-10T12:00", "pending", "2026-03-10T12:00:00", None, ()),
    (EARLIER, {"promised_at": "2026-03-10T12:00"}, "2026-03-10T12:01", "breached", "2026-03-10T12:00:00", None, ()),
    (EARLIER, {"promised_at": "2026-03-20T12:00"}, "2026-03-18T00:00", "breached", LAW, None, ()),
    (EARLIER, {}, "2026-03-17T23:59", "pending", LAW, None, ()),  # none was made
    # an unusable promise: what is after the law is late whatever it was; before, nothing is sure
    (EARLIER, {"promised_at": "soon"}, "2026-03-10T12:00", "indeterminate", None, LAW, ("promised_at",)),
    (EARLIER, {"promised_at": "soon"}, "2026-03-18T00:00", "breached", None, LAW, ()),
    (EARLIER, {"promised_at": "soon", "responded_at": "2026-03-10T10:00"}, "2026-04-18T00:00", "indeterminate", None, LAW, ("promised_at",)),
    (EARLIER, {"promised_at": "soon", "responded_at": "2026-03-18"}, "2026-04-18T00:00", "breached", None, LAW, ()),
    # a promise by day only: due somewhere within that day
    (EARLIER, {"promised_at": "2026-03-10"}, "2026-03-09T12:00", "pending", *TENTH, ()),
    (EARLIER, {"promised_at": "2026-03-10", "responded_at": "2026-03-10"}, "2026-04-18T00:00", "indeterminate", *TENTH, BOTH),
    (EARLIER, {"promised_at": "2026-03-10", "responded_at": "2026-03-09"}, "2026-04-18T00:00", "met", *TENTH, ()),
    (EARLIER, {"promised_at": "2026-03-10", "responded_at": "2026-03-11"}, "2026-04-18T00:00", "breached", *TENTH, ()),
    # an event among them that has not happened is left out: the due as things stand
    ("{first_of: [{from: noted_at, within: 2 days}, 15 days]}", {}, "2026-03-10T00:00", "pending", LAW, None, ()),
    ("{first_of: [{from: noted_at, within: 2 days}, 15 days]}", {"noted_at": "2026-03-06T09:00"}, "2026-03-09T00:00", "breached", "2026-03-08T23:59:59", None, ()),
    ("{first_of: [{from: noted_at, within: 2 days}, {from: agreed_at, within: 2 days}]}", {}, "2026-03-30T00:00", "pending", None, None, ()),
    # --- last_of: a floor under a right
    (LATER, {"promised_at": "2026-03-20T12:00"}, "2026-03-20T12:00", "pending", "2026-03-20T12:00:00", None, ()),
    (LATER, {"promised_at": "2026-03-10T12:00"}, "2026-03-18T00:00", "breached", LAW, None, ()),
    (LATER, {}, "2026-03-18T00:00", "breached", LAW, None, ()),
    (LATER, {"promised_at": "soon"}, "2026-03-17T12:00", "pending", LAW, None, ()),  # not before the law, whatever it was
    (LATER, {"promised_at": "soon"}, "2026-03-18T00:00", "indeterminate", LAW, None, ("promised_at",)),
    (LATER, {"promised_at": "soon", "responded_at": "2026-03-17"}, "2026-04-18T00:00", "met", LAW, None, ()),
    (LATER, {"promised_at": "soon", "responded_at": "2026-03-18T00:00"}, "2026-04-18T00:00", "indeterminate", LAW, None, ("promised_at",)),
    # --- all_of waits for all
    (BOTH_DONE, {"noted_at": "2026-03-04T10:00"}, "2026-03-30T00:00", "pending", None, None, ()),
    (BOTH_DONE, {"noted_at": "2026-03-04T10:00", "agreed_at": "2026-03-06T10:00"}, "2026-03-09T00:00", "breached", "2026-03-08T23:59:59", None, ()),
    (BOTH_DONE, {"noted_at": "2026-03-04T10:00", "agreed_at": "2026-03-06T10:00"}, "2026-03-05T00:00", "pending", None, None, ()),
    # --- first_known passes over empty cells, stops at an unusable one
    (KNOWN, {"promised_at": "2026-03-20T12:00", "stated_at": "2026-03-10T12:00"}, "2026-03-12T00:00", "pending", "2026-03-20T12:00:00", None, ()),
    (KNOWN, {"stated_at": "2026-03-10T12:00"}, "2026-03-12T00:00", "breached", "2026-03-10T12:00:00", None, ()),
    (KNOWN, {}, "2026-03-12T00:00", "pending", LAW, None, ()),
    ("{first_known: [promised_at, 15 days]}", {"promised_at": "soon"}, "2026-03-30T00:00", "indeterminate", None, None, ("promised_at",)),
    ("{first_known: [promised_at, stated_at]}", {}, "2026-03-30T00:00", "indeterminate", None, None, ("stated_at",)),
    # --- stated to be none: nothing is due
    ("promised_at", {}, "2026-03-30T00:00", "not_applicable", None, None, ()),
    ("{from: promised_at, within: 2 days}", {}, "2026-03-30T00:00", "not_applicable", None, None, ()),
    ("stated_at", {}, "2026-03-30T00:00", "indeterminate", None, None, ("stated_at",)),
    # --- choose
    (CHOICE, {"complex": True}, "2026-03-05T00:00", "pending", LAW, None, ()),
    (CHOICE, {"complex": False}, "2026-03-05T00:00", "breached", "2026-03-04T23:59:59", None, ()),
    (CHOICE, {}, "2026-03-04T12:00", "pending", "2026-03-04T23:59:59", LAW, ()),
    (CHOICE, {}, "2026-03-05T00:00", "indeterminate", "2026-03-04T23:59:59", LAW, ("complex",)),
    (CHOICE, {}, "2026-03-18T00:00", "breached", "2026-03-04T23:59:59", LAW, ()),
    (CHOICE, {"responded_at": "2026-03-04"}, "2026-04-18T00:00", "met", "2026-03-04T23:59:59", LAW, ()),
    ("{choose: [{when: {complex: true}, then: 15 days}, {otherwise: 15 days}]}", {}, "2026-03-18T00:00", "breached", LAW, None, ()),  # both alike
    ("{choose: [{when: {complex: true}, then: 15 days}]}", {"complex": False}, "2026-03-18T00:00", "indeterminate", None, None, ("complex",)),  # no branch holds
    # --- a number of days that is one of two
    ("{days: {choose: [{when: {complex: true}, then: 15}, {otherwise: 2}]}}", {}, "2026-03-05T00:00", "indeterminate", "2026-03-04T23:59:59", LAW, ("complex",)),
    # --- counted from another instant, nested
    ("{from: {from: noted_at, within: 24 hours}, within: 1 day}", {"noted_at": "2026-03-04T10:00"}, "2026-03-07T00:00", "breached", "2026-03-06T23:59:59", None, ()),
    ("{from: promised_at, ahead: 2 days}", {"promised_at": "2026-03-12T10:00"}, "2026-03-11T00:00", "breached", "2026-03-10T23:59:59", None, ()),
]


@pytest.mark.parametrize(("within", "record", "as_of", "found", "due", "latest", "missing"), LIMITS, ids=lambda v: str(v))
def test_limits(within: str, record: dict[str, Any], as_of: str, found: str, due: str | None, latest: str | None, missing: tuple[str, ...]) -> None:
    line = judged(deadline(within), as_of, received_at=MON, **record).deadline("DL")
    assert (line.outcome, shown(line.due_at), line.missing) == (found, due, missing)
    assert shown(line.due_latest) == latest


SEVERITY = (
    "severity:\n  levels: [low, medium, high]\n  rules:\n"
    "    - {id: SEV-high, level: high, when: {injury: true}}\n"
    "    - {id: SEV-medium, level: medium, when: {repeat_count: {at_least: 2}}}\n"
    "  otherwise: low\n"
)


@pytest.mark.parametrize(
    ("record", "as_of", "found", "due", "latest"),
    [
        # high: 1 day (the 3rd), medium: 2 (the 4th), low: 5 (the 7th)
        ({"injury": True}, "2026-03-04T00:00", "breached", "2026-03-03T23:59:59", None),
        ({"injury": False, "repeat_count": 2}, "2026-03-04T00:00", "pending", "2026-03-04T23:59:59", None),
        ({"injury": False, "repeat_count": 0}, "2026-03-05T00:00", "pending", "2026-03-07T23:59:59", None),
        # not classified: the shortest as a warning, never as a breach
        ({}, "2026-03-03T12:00", "pending", "2026-03-03T23:59:59", "2026-03-07T23:59:59"),
        ({}, "2026-03-04T00:00", "indeterminate", "2026-03-03T23:59:59", "2026-03-07T23:59:59"),
        ({}, "2026-03-08T00:00", "breached", "2026-03-03T23:59:59", "2026-03-07T23:59:59"),
        ({"responded_at": "2026-03-03T23:59"}, "2026-03-09T00:00", "met", "2026-03-03T23:59:59", "2026-03-07T23:59:59"),
        # low or medium, never high
        ({"injury": False}, "2026-03-04T12:00", "pending", "2026-03-04T23:59:59", "2026-03-07T23:59:59"),
        # high or medium, never low: due on the 3rd or the 4th, and on the 5th late either way
        ({"repeat_count": 3}, "2026-03-04T12:00", "indeterminate", "2026-03-03T23:59:59", "2026-03-04T23:59:59"),
        ({"repeat_count": 3}, "2026-03-05T00:00", "breached", "2026-03-03T23:59:59", "2026-03-04T23:59:59"),
    ],
)
def test_limits_of_an_unknown_severity(record: dict[str, Any], as_of: str, found: str, due: str, latest: str | None) -> None:
    of = policy(
        SEVERITY + "deadlines:\n  - id: DL\n    from: received_at\n    to: responded_at\n"
        "    within: {choose: [{when: {severity: high}, then: 1 day}, {when: {severity: medium}, then: 2 days}, {otherwise: 5 days}]}"
    )
    line = judged(of, as_of, received_at=MON, **record).deadline("DL")
    assert (line.outcome, shown(line.due_at), shown(line.due_latest)) == (found, due, latest)


def test_the_due_of_another_deadline() -> None:
    of = policy(
        "deadlines:\n"
        "  - {id: DI, from: received_at, to: noted_at, within: 15 days}\n"
        "  - {id: DL, from: assigned_at, to: responded_at, within: {choose: [{when: {assigned_at: {by: {due: DI}}}, then: {due: DI}}, {otherwise: 21 days}]}}\n"
        "  - {id: DM, from: {due: DI}, to: agreed_at, within: 2 days}\n"
        "  - {id: DH, from: {due: DI}, to: agreed_at, within: 2 hours}"
    )
    # assigned on the last day: due with it; a moment later: 21 days from the 18th, 8 April
    for assigned, due in (("2026-03-17T23:59:59.999999", LAW), ("2026-03-18T00:00", "2026-04-08T23:59:59")):
        assert shown(judged(of, "2026-03-20T00:00", received_at=MON, assigned_at=assigned).deadline("DL").due_at) == due
    lines = judged(of, "2026-03-20T00:00", received_at=MON)
    assert shown(lines.deadline("DM").due_at) == "2026-03-19T23:59:59"  # from the 17th, its last day
    # Two hours from the end of the 17th.
    assert outcome(of, "2026-03-20T00:00", rule="DH", received_at=MON, agreed_at="2026-03-18T01:59:59.999999") == "met"
    assert outcome(of, "2026-03-20T00:00", rule="DH", received_at=MON, agreed_at="2026-03-18T02:00:00.000001") == "breached"


def test_tests_of_time_against_a_length() -> None:
    of = policy(
        "counting: {calendar: office}\n"
        "facts:\n"
        "  early: {responded_at: {by: {from: received_at, within: 3 working days}, counting: {ends: close_of_business}}}\n"
        "  sooner: {responded_at: {before: {from: received_at, within: 2 hours}}}\n"
        "  later: {responded_at: {after: {from: received_at, within: 3 days}}}\n"
        "  no_sooner: {responded_at: {not_before: {from: received_at, within: 2 hours}}}\n"
        "  open_hours: {received_at: {during: office}}\n"
        "deadlines: [{id: DL, from: received_at, to: responded_at, within: 1 day}]"
    )

    def facts(as_of: str, **record: Any) -> dict[str, Any]:
        decision = judged(of, as_of, received_at=MON, **record)
        return {name: decision.fact(name) for name in ("early", "sooner", "later", "no_sooner", "open_hours")}

    base = {"open_hours": True}
    assert facts("2026-04-01T00:00", responded_at="2026-03-02T11:59:59.999999") == {"early": True, "sooner": True, "later": False, "no_sooner": False} | base
    assert facts("2026-04-01T00:00", responded_at="2026-03-02T12:00") == {"early": True, "sooner": False, "later": False, "no_sooner": True} | base
    assert facts("2026-04-01T00:00", responded_at="2026-03-05T18:00") == {"early": True, "sooner": False, "later": False, "no_sooner": True} | base
    assert facts("2026-04-01T00:00", responded_at="2026-03-05T18:00:00.000001")["early"] is False
    assert facts("2026-04-01T00:00", responded_at="2026-03-05T23:59:59.999999")["later"] is False
    assert facts("2026-04-01T00:00", responded_at="2026-03-06T00:00")["later"] is True
    # Not answered: what is past is known, what is not is open.
    assert facts("2026-03-02T12:00") == {"early": None, "sooner": False, "later": None, "no_sooner": True} | base
    assert facts("2026-03-06T00:00") == {"early": False, "sooner": False, "later": True, "no_sooner": True} | base


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [("2026-03-02T08:59:59.999999", False), ("2026-03-02T09:00", True), ("2026-03-02T11:59:59.999999", True), ("2026-03-02T12:00", False), ("2026-03-18T10:00", False)],
)
def test_during_a_calendar_is_from_its_opening_to_just_before_its_closing(moment: str, is_open: bool) -> None:
    of = policy("facts: {in_hours: {received_at: {during: office}}}\ndeadlines: [{id: DL, from: received_at, to: responded_at, within: 1 day, when: {in_hours: true}}]")
    assert judged(of, "2026-04-01T00:00", received_at=moment).fact("in_hours") is is_open
