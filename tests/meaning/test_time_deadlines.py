"""Outcomes of a deadline: warnings, bare dates, acts before their start, things after the moment of judgement."""

from __future__ import annotations

from typing import Any

import pytest

from tests.meaning.time_support import MICRO, deadline, judged, outcome, policy, shown, wall

MON = "2026-03-02T10:00"

# within, counting, at_risk, received, the instant past which the open duty is at risk (naive local)
WARNINGS = [
    # 10:00 to the boundary 18 March 00:00 are 374 hours; 80 % are 299.2: 12 days, 11 hours, 12 minutes
    ("15 days", "", "80%", MON, "2026-03-14T21:12"),
    ("15 days", "ends: same_time", "80%", MON, "2026-03-14T10:00"),  # 12 days
    ("10 hours", "", "50%", MON, "2026-03-02T15:00"),
    ("48 hours", "", "12.5%", MON, "2026-03-02T16:00"),
    ("1 month", "ends: same_time", "50%", "2026-03-01T00:00", "2026-03-16T12:00"),  # 31 days
    # working hours: Monday 6.5, Tuesday 1.5; half of 8 is Monday 10:00 + 2 and 2 after the break
    ("8 working hours", "calendar: office", "50%", MON, "2026-03-02T15:30"),
    ("8 working hours", "calendar: office", "75%", "2026-03-06T17:00", "2026-03-09T15:30"),  # 6: 1 on Friday, 3 + 2 on Monday
    # working days in working time: 6.5 + 3 × 7.5 = 29; half 14.5: Monday 6.5, Tuesday 7.5, half an hour of Wednesday
    ("3 working days", "calendar: office", "50%", MON, "2026-03-04T09:30"),
    # without hours a working day is a whole day: Monday 14, 3 × 24 = 86; half 43: Tuesday 24, 5 on Wednesday
    ("3 working days", "calendar: days", "50%", MON, "2026-03-04T05:00"),
    # a length before the due instant
    ("15 days", "", "12 hours", MON, "2026-03-17T12:00"),
    ("15 days", "", "90 minutes", MON, "2026-03-17T22:30"),
    ("15 days", "", "1 day", MON, "2026-03-17T00:00"),  # from the 17th on
    ("15 days", "", "3 days", MON, "2026-03-15T00:00"),
    ("15 days", "ends: same_time", "3 days", MON, "2026-03-14T10:00"),
    ("15 days", "", "1 week", MON, "2026-03-11T00:00"),
    ("15 days", "calendar: days", "2 working days", MON, "2026-03-14T00:00"),  # the 17th and the 16th are left: Friday 13 is over
    ("5 days", "calendar: days, roll: next_working_day", "1 day", MON, "2026-03-09T00:00"),  # rolled to Monday 9; a day back is not rolled
    ("8 working hours", "calendar: office", "2 working hours", "2026-03-06T17:00", "2026-03-09T15:30"),  # due Monday 17:30
    ("8 working hours", "calendar: office", "1 hour", "2026-03-06T17:00", "2026-03-09T16:30"),
]


@pytest.mark.parametrize(("within", "counting", "at_risk", "received", "at"), WARNINGS, ids=lambda v: str(v))
def test_at_risk_past_its_warning_point(within: str, counting: str, at_risk: str, received: str, at: str) -> None:
    of = deadline(within, counting, f"at_risk: {at_risk}")
    line = judged(of, wall(at) + MICRO, received_at=received).deadline("DL")
    assert (line.outcome, shown(line.at_risk_at)) == ("at_risk", wall(at).isoformat())
    assert outcome(of, wall(at), received_at=received) == "pending"
    due = line.due_at
    assert due is not None
    assert outcome(of, due, received_at=received) == "at_risk"
    assert outcome(of, due.replace(microsecond=0) + 1_000_000 * MICRO, received_at=received) == "breached"
    assert outcome(of, wall(at) + MICRO, received_at=received, responded_at=at) == "met"


@pytest.mark.parametrize(
    ("at_risk", "as_of", "waiting", "found", "at"),
    [
        # 10 hours from 10:00, paused 12:00 to 14:00: due at 22:00; half of the ten is 17:00
        ("50%", "2026-03-02T17:00", "2026-03-02T12:00/2026-03-02T14:00", "pending", "2026-03-02T17:00:00"),
        ("50%", "2026-03-02T17:01", "2026-03-02T12:00/2026-03-02T14:00", "at_risk", "2026-03-02T17:00:00"),
        # paused before its warning point and still: it cannot be reached
        ("50%", "2026-03-02T23:00", "2026-03-02T12:00/", "pending", None),
        # paused after the warning point was passed: not while paused
        ("50%", "2026-03-02T19:00", "2026-03-02T18:00/", "pending", None),
        ("1 hour", "2026-03-02T21:00", "2026-03-02T12:00/2026-03-02T14:00", "pending", "2026-03-02T21:00:00"),
        ("1 hour", "2026-03-02T21:30", "2026-03-02T12:00/2026-03-02T14:00", "at_risk", "2026-03-02T21:00:00"),
        ("1 hour", "2026-03-02T19:59", "2026-03-02T19:30/", "pending", None),
    ],
)
def test_at_risk_and_pauses(at_risk: str, as_of: str, waiting: str, found: str, at: str | None) -> None:
    line = judged(deadline("10 hours", more=f"at_risk: {at_risk}\npauses: [waiting]"), as_of, received_at=MON, waiting=waiting).deadline("DL")
    assert line.outcome == found
    if at is not None:
        assert shown(line.at_risk_at) == at
    else:
        assert line.paused


def test_at_risk_is_a_share_of_the_step_in_force() -> None:
    of = deadline(
        "10 days", "ends: same_time", "at_risk: 50%\nextend:\n  - {id: more, within: 20 days, needs: {extension_notified_at: {by: {due: previous}}}}"
    )
    assert outcome(of, "2026-03-08T00:00", received_at=MON) == "at_risk"  # 5 days: the 7th at 10:00
    assert outcome(of, "2026-03-12T10:00", received_at=MON, extension_notified_at="2026-03-05T10:00") == "pending"  # 10 days: the 12th
    assert outcome(of, "2026-03-12T10:01", received_at=MON, extension_notified_at="2026-03-05T10:00") == "at_risk"


# within, received, responded, outcome, missing
BOTH = ("received_at", "responded_at")
BARE = [
    # --- two hours: a bare date is any moment of its day
    ("2 hours", "2026-03-02", "2026-03-02", "indeterminate", BOTH),
    ("2 hours", "2026-03-02", "2026-03-03", "indeterminate", BOTH),  # received 23:00, answered 00:30
    ("2 hours", "2026-03-02", "2026-03-04", "breached", ()),  # due on the 3rd before 02:00 at the latest
    ("2 hours", MON, "2026-03-02", "indeterminate", ("responded_at",)),
    ("2 hours", MON, "2026-03-03", "breached", ()),
    ("2 hours", "2026-03-02T22:00", "2026-03-02", "met", ()),  # due at 24:00: that day is in time, whenever after the start
    ("2 hours", "2026-03-02T21:59", "2026-03-02", "indeterminate", ("responded_at",)),
    ("2 hours", "2026-03-02", "2026-03-02T01:59", "met", ()),  # due at 02:00 at the earliest
    ("2 hours", "2026-03-02", "2026-03-02T02:00", "met", ()),
    ("2 hours", "2026-03-02", "2026-03-02T02:01", "indeterminate", ("received_at",)),
    ("2 hours", "2026-03-02", "2026-03-03T02:00", "breached", ()),  # received at 23:59:59.999999 at the latest
    ("2 hours", "2026-03-02", "2026-03-03T01:59:59.999999", "indeterminate", ("received_at",)),
    # --- limits in days rest on the day alone
    ("3 days", "2026-03-02", "2026-03-05", "met", ()),
    ("3 days", "2026-03-02", "2026-03-06", "breached", ()),
    ("3 days", "2026-03-02", "2026-03-05T23:59:59.999999", "met", ()),
    ("3 days", "2026-03-02", "2026-03-06T00:00", "breached", ()),
    ("same day", "2026-03-02", "2026-03-02", "met", ()),
    ("same day", "2026-03-02", "2026-03-03", "breached", ()),
    ("1 month", "2026-01-31", "2026-02-28", "met", ()),
    ("1 month", "2026-01-31", "2026-03-01", "breached", ()),
    # --- before the start, for certain
    ("3 days", "2026-03-02", "2026-03-01", "indeterminate", BOTH),
    ("3 days", "2026-03-02", "2026-03-01T23:59:59.999999", "indeterminate", BOTH),
    ("3 days", MON, "2026-03-02T09:59:59.999999", "indeterminate", BOTH),
    ("3 days", MON, MON, "met", ()),  # at once
    ("3 days", MON, "2026-03-02", "met", ()),  # the same day
]


@pytest.mark.parametrize(("within", "received", "responded", "found", "missing"), BARE, ids=lambda v: str(v))
def test_bare_dates_and_acts_before_the_start(within: str, received: str, responded: str, found: str, missing: tuple[str, ...]) -> None:
    line = judged(deadline(within), "2026-04-20T00:00", received_at=received, responded_at=responded).deadline("DL")
    assert (line.outcome, line.missing) == (found, missing)


def test_bare_dates_not_answered() -> None:
    of = deadline("2 hours")
    for as_of, found in (("2026-03-02T00:30", "pending"), ("2026-03-02T02:00", "pending"), ("2026-03-02T12:00", "indeterminate"), ("2026-03-03T02:00", "breached")):
        assert outcome(of, as_of, received_at="2026-03-02") == found, as_of
    line = judged(deadline("3 days"), "2026-03-05T12:00", received_at="2026-03-02").deadline("DL")
    assert (line.outcome, shown(line.due_at), line.due_latest, line.start, str(line.started_on)) == ("pending", "2026-03-05T23:59:59", None, None, "2026-03-02")


def test_under_same_time_a_bare_date_of_receipt_spans_a_day() -> None:
    of = deadline("3 days", "ends: same_time")  # due from 5 March 00:00 to 24:00
    for responded, found in (("2026-03-04", "met"), ("2026-03-05", "indeterminate"), ("2026-03-06", "breached")):
        assert outcome(of, "2026-04-20T00:00", received_at="2026-03-02", responded_at=responded) == found
    line = judged(of, "2026-03-03T00:00", received_at="2026-03-02").deadline("DL")
    assert (shown(line.due_at), shown(line.due_latest)) == ("2026-03-05T00:00:00", "2026-03-05T23:59:59.999999")


def test_over_by_of_an_act_known_by_its_day_is_the_least() -> None:
    line = judged(deadline("3 days"), "2026-04-20T00:00", received_at="2026-03-02", responded_at="2026-03-08").deadline("DL")
    assert line.over_by is not None
    assert line.over_by.days == 2  # from 6 March 00:00 to 8 March 00:00


def test_what_is_dated_after_as_of_has_not_happened() -> None:
    of = deadline("3 days")
    answered = {"received_at": MON, "responded_at": "2026-03-04T10:00"}
    assert outcome(of, "2026-03-04T09:59:59", **answered) == "pending"
    assert outcome(of, "2026-03-04T10:00", **answered) == "met"
    late = {"received_at": MON, "responded_at": "2026-03-09T10:00"}
    assert outcome(of, "2026-03-05T23:59:59.999999", **late) == "pending"
    assert outcome(of, "2026-03-06T00:00", **late) == "breached"
    line = judged(of, "2026-03-06T00:00", **late).deadline("DL")
    assert (line.done_at, line.over_by) == (None, None)
    # A promise is no event: it lies in the future by right.
    assert shown(judged(deadline("promised_at"), "2026-03-02T12:00", received_at=MON, promised_at="2026-03-09T10:00").deadline("DL").due_at) == "2026-03-09T10:00:00"
    # A bare date of today may still be to come: what is certain is only that it is not before.
    assert outcome(of, "2026-03-04T10:00", received_at=MON, responded_at="2026-03-05") == "pending"


def test_received_after_as_of_everything_is_pending_with_one_finding() -> None:
    of = policy(
        "deadlines:\n"
        "  - {id: DL, from: received_at, to: responded_at, within: 3 days, at_risk: 50%}\n"
        "  - {id: D2, from: closed_at, to: followed_up_at, within: same day}\n"
        "  - {id: D3, from: received_at, to: closed_at, within: {days: {field: amount}}}\n"
        "requirements: [{id: RQ, require: {present: [root_cause]}}]"
    )
    decision = judged(of, "2026-03-01T10:00", received_at=MON, responded_at="2026-03-03", closed_at="2026-03-04", amount=3)
    assert set(decision.outcomes.values()) == {"pending"}
    assert decision.status == "pending"
    assert len(decision.findings) == 1
    for as_of in (wall(MON) - MICRO, "2026-02-01T00:00"):
        assert set(judged(of, as_of, received_at=MON, amount=None).outcomes.values()) <= {"pending", "indeterminate"}


def test_a_start_that_never_happened() -> None:
    of = policy(
        "deadlines:\n"
        "  - {id: DL, from: acknowledged_at, to: responded_at, within: 3 days}\n"
        "  - {id: DF, from: closed_at, to: followed_up_at, within: same day}\n"
        "  - {id: DA, from: {all_of: [noted_at, agreed_at]}, to: responded_at, within: 3 days}\n"
        "  - {id: DO, from: {first_of: [noted_at, agreed_at]}, to: responded_at, within: 3 days}"
    )
    open_ = judged(of, "2026-06-01T00:00", received_at=MON)
    assert open_.outcomes == dict.fromkeys(("DL", "DF", "DA", "DO"), "pending")
    assert all(d.due_at is None and d.start is None for d in open_.deadlines)
    closed = judged(of, "2026-03-03T12:00", received_at=MON, closed_at="2026-03-03T10:00", noted_at="2026-03-02T12:00")
    assert closed.outcomes == {"DL": "not_applicable", "DF": "pending", "DA": "not_applicable", "DO": "pending"}
    # Closed only after as_of: still open.
    assert outcome(of, "2026-03-03T09:59", received_at=MON, closed_at="2026-03-03T10:00") == "pending"
    # Whether it began is not known.
    unknown = judged(of, "2026-06-01T00:00", received_at=MON, acknowledged_at="soon").deadline("DL")
    assert (unknown.outcome, unknown.missing) == ("indeterminate", ("acknowledged_at",))
    # Whether the case is closed is not known.
    perhaps = judged(of, "2026-06-01T00:00", received_at=MON, closed_at="soon").deadline("DL")
    assert (perhaps.outcome, perhaps.missing) == ("indeterminate", ("closed_at",))


@pytest.mark.parametrize(
    ("noted", "responded", "found", "missing"),
    [
        ("soon", None, "indeterminate", ("noted_at",)),  # perhaps nobody asked yet
        ("soon", "2026-03-04T10:00", "indeterminate", ("noted_at",)),  # perhaps only after this act
        ("soon", "2026-03-09T10:00", "indeterminate", ("noted_at",)),
        ("2026-03-03", None, "breached", ()),  # on that day, whenever: begun for certain
        (None, None, "pending", ()),
    ],
)
def test_a_limit_that_does_not_rest_on_the_start(noted: str | None, responded: str | None, found: str, missing: tuple[str, ...]) -> None:
    """A promise for 6 March is over on the 10th, but binds only what has begun."""
    of = policy("deadlines: [{id: DL, from: noted_at, to: responded_at, within: promised_at}]")
    line = judged(of, "2026-03-10T00:00", received_at=MON, noted_at=noted, promised_at="2026-03-06T12:00", responded_at=responded).deadline("DL")
    assert (line.outcome, line.missing) == (found, missing)


def test_a_column_the_source_does_not_have_is_unknown() -> None:
    of = deadline("3 days")
    line = of.evaluate({"received_at": MON}, as_of="2026-06-01T00:00", source_fields={"received_at"}).deadline("DL")
    assert (line.outcome, line.missing) == ("indeterminate", ("responded_at",))
    early = of.evaluate({"received_at": MON}, as_of="2026-03-04T00:00", source_fields={"received_at"}).deadline("DL")
    assert early.outcome == "indeterminate"  # answered, or open
    whole = of.evaluate({"received_at": MON}, as_of="2026-06-01T00:00", source_fields={"received_at", "responded_at"}).deadline("DL")
    assert whole.outcome == "breached"


@pytest.mark.parametrize("cell", ["yesterday", "2026-13-01", "2026-02-30T10:00", "1026-03-01", 3, "2026-03-02T25:00"])
def test_an_unusable_act_is_unknown(cell: Any) -> None:
    decision = judged(deadline("3 days"), "2026-06-01T00:00", received_at=MON, responded_at=cell)
    assert (decision.deadline("DL").outcome, decision.deadline("DL").missing) == ("indeterminate", ("responded_at",))
    assert "responded_at" in decision.unusable


def test_next_deadline_and_breaches_are_the_companys() -> None:
    of = policy(
        "deadlines:\n"
        "  - {id: DC, duty_of: complainant, from: received_at, to: noted_at, within: 1 day}\n"
        "  - {id: DL, from: received_at, to: responded_at, within: 3 days}\n"
        "  - {id: D2, from: received_at, to: closed_at, within: 2 days}"
    )
    decision = judged(of, "2026-03-02T12:00", received_at=MON)
    assert decision.next_deadline is not None
    assert decision.next_deadline.rule == "D2"
    late = judged(of, "2026-03-05T00:00", received_at=MON)
    assert [b.rule for b in late.breaches] == ["D2"]
    assert late.next_deadline is not None
    assert (late.next_deadline.rule, late.status, late.outcomes["DC"]) == ("DL", "breached", "breached")


def test_an_act_before_its_start_is_told_as_what_it_is() -> None:
    """Both times are there: it is their order that cannot be right."""
    decision = judged(deadline("2 days"), "2026-03-20T00:00", received_at="2026-03-05T10:00", responded_at="2026-03-02T09:00")
    (finding,) = [f for f in decision.findings if f.rule == "DL"]
    assert finding.message.en == "DL: cannot be decided: done 2026-03-02 09:00, before it began 2026-03-05 10:00 (Received (received_at), Answered (responded_at))."
    assert finding.message.zh == "DL：完成时间2026年3月2日 09:00早于起算时间2026年3月5日 10:00（收到投诉时间（received_at）、答复时间（responded_at）），无法判定。"


@pytest.mark.parametrize("length", ["100 years", "1200 months", "36500 days", "5000 weeks", "876000 hours"])
def test_limits_that_add_up_past_the_year_9999(length: str) -> None:
    """84 times a hundred years from 2026 lie beyond the calendar: that rule is not decided, the other is."""
    facts = "".join(f"  f{i}: {{from: {f'f{i - 1}' if i else 'received_at'}, within: {length}}}\n" for i in range(84))
    rules = "deadlines: [{id: DL, from: received_at, to: responded_at, within: f83}, {id: D2, from: received_at, to: closed_at, within: 3 days}]"
    of = policy(f"facts:\n{facts}{rules}")
    records: list[dict[str, Any]] = [{"id": "A", "received_at": MON}, {"id": "B", "received_at": "2026-03-02", "closed_at": "2026-03-03"}]
    expected = [("indeterminate", "breached"), ("indeterminate", "met")]
    assert [tuple(of.evaluate(r, as_of="2026-06-01T00:00").outcomes[d] for d in ("DL", "D2")) for r in records] == expected
    assert of.audit(records, as_of="2026-06-01T00:00").decisions.select("DL.outcome", "D2.outcome").rows() == expected
