"""Deadlines that begin anew: one result for every start, and the worst of them for the rule.

2026-03-02 is a Monday; five days from a day end with the fifth day after it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from complaint_policy import Decision, UsageError
from complaint_policy.policy import Policy
from complaint_policy.results import DeadlineResult
from tests.meaning.time_support import judged, policy, shown

FIELDS = """
    again_at: {type: event}
    third_at: {type: event}
    answered_at: {type: event}
    kept: {type: boolean}
"""
RULE = """
deadlines:
  - id: DL
    from: {each: [received_at, again_at, third_at]%s}
    to: %s
    within: 5 days
%s
"""


def each(to: str = "{first_of: [answered_at, closed_at]}", until: str = "", more: str = "", beside: str = "") -> Policy:
    """One repeated deadline; `more` are further lines of it, `beside` further sections."""
    own = "".join(f"    {line}\n" for line in more.splitlines())
    return policy(RULE % (f", until: {until}" if until else "", to, own) + beside, fields=FIELDS)


def times(decision: Decision, rule: str = "DL") -> list[tuple[str, str | None]]:
    """Outcome and due time of every time it began."""
    return [(one.outcome, shown(one.due_at)) for one in decision.deadline(rule).instances]


def one(decision: Decision, identity: str) -> DeadlineResult:
    return decision.deadline(identity)


# --------------------------------------------------------------------------- instances
def test_every_start_has_a_result_in_order_of_time() -> None:
    decision = judged(each(), "2026-03-13T00:00", again_at="2026-03-10T09:00", received_at="2026-03-02T10:00", answered_at="2026-03-11T08:00")
    # From the 2nd: due with the 7th; from the 10th: with the 15th.  The answer of the 11th is late for the first alone.
    assert times(decision) == [("breached", "2026-03-07T23:59:59"), ("met", "2026-03-15T23:59:59")]
    rule = decision.deadline("DL")
    assert rule.outcome == decision.outcomes["DL"] == decision.status == "breached"
    assert [r.rule for r in rule.instances] == ["DL#1", "DL#2"]
    assert [r.rule for r in decision.breaches] == ["DL#1"]
    # 8 March 00:00 to 11 March 08:00
    assert one(decision, "DL#1").over_by == rule.over_by
    assert str(rule.over_by) == "3 days, 8:00:00"
    assert decision.next_deadline is None
    assert shown(rule.due_at) == "2026-03-15T23:59:59"  # none is open: the last


def test_the_next_that_is_open_is_shown() -> None:
    record = {"received_at": "2026-03-02T10:00", "again_at": "2026-03-10T09:00", "third_at": "2026-03-12T09:00"}
    decision = judged(each(), "2026-03-13T00:00", **record)
    assert times(decision) == [("breached", "2026-03-07T23:59:59"), ("pending", "2026-03-15T23:59:59"), ("pending", "2026-03-17T23:59:59")]
    assert shown(decision.deadline("DL").due_at) == "2026-03-15T23:59:59"
    following = decision.next_deadline
    assert following is not None
    assert following.rule == "DL#2"
    # What changes next is that the second is late too: the first instant after its last.
    assert shown(decision.next_change_at) == "2026-03-16T00:00:00"
    later = judged(each(), "2026-03-16T00:00", **record)
    assert [outcome for outcome, _ in times(later)] == ["breached", "breached", "pending"]


def test_several_at_one_instant_begin_it_once() -> None:
    decision = judged(each(), "2026-03-04T00:00", received_at="2026-03-02T10:00", again_at="2026-03-02T10:00", third_at="2026-03-02")
    assert times(decision) == [("pending", "2026-03-07T23:59:59")] * 2  # the third is known by its day only
    decision = judged(each(), "2026-03-04T00:00", received_at="2026-03-02", again_at="2026-03-02", third_at="2026-03-02T10:00")
    assert times(decision) == [("pending", "2026-03-07T23:59:59")] * 2


def test_a_start_after_the_moment_of_judgement_has_not_happened() -> None:
    decision = judged(each(), "2026-03-04T00:00", received_at="2026-03-02T10:00", again_at="2026-03-05T10:00")
    assert times(decision) == [("pending", "2026-03-07T23:59:59")]
    decision = judged(each(), "2026-03-05T10:00", received_at="2026-03-02T10:00", again_at="2026-03-05T10:00")
    assert times(decision) == [("pending", "2026-03-07T23:59:59"), ("pending", "2026-03-10T23:59:59")]


def test_until_ends_what_begins_not_what_runs() -> None:
    of = each("answered_at", "closed_at")
    record = {"received_at": "2026-03-02T10:00", "again_at": "2026-03-05T12:00", "third_at": "2026-03-06T12:00"}
    at = judged(of, "2026-03-09T00:00", closed_at="2026-03-06T12:00", **record)
    # The third lies at the end and begins nothing; what ran goes on.
    assert times(at) == [("breached", "2026-03-07T23:59:59"), ("pending", "2026-03-10T23:59:59")]
    after = judged(of, "2026-03-09T00:00", closed_at="2026-03-06T12:01", **record)
    assert [outcome for outcome, _ in times(after)] == ["breached", "pending", "pending"]
    open_ = judged(of, "2026-03-06T13:00", closed_at="2026-03-20", **record)
    assert len(times(open_)) == 3


def test_what_lies_past_the_end_alone_never_begins() -> None:
    of = policy((RULE % (", until: closed_at", "answered_at", "")).replace("received_at, ", ""), fields=FIELDS)
    early = judged(of, "2026-03-09T00:00", received_at="2026-03-02", again_at="2026-03-06T10:00", closed_at="2026-03-05")
    assert early.outcomes == {"DL": "not_applicable"}
    assert times(early) == []
    never = judged(of, "2026-03-09T00:00", received_at="2026-03-02", closed_at="2026-03-05")
    assert never.outcomes == {"DL": "not_applicable"}
    waiting = judged(of, "2026-03-09T00:00", received_at="2026-03-02")
    assert (waiting.outcomes, waiting.deadline("DL").due_at) == ({"DL": "pending"}, None)
    without_end = policy((RULE % ("", "answered_at", "")).replace("received_at, ", ""), fields=FIELDS)
    assert judged(without_end, "2026-03-09T00:00", received_at="2026-03-02", closed_at="2026-03-05").outcomes == {"DL": "not_applicable"}


# --------------------------------------------------------------------------- the act of each
def test_of_several_acts_the_first_from_the_start_on_counts() -> None:
    of = each("{first_of: [answered_at, closed_at]}")
    record = {"received_at": "2026-03-02T10:00", "again_at": "2026-03-10T09:00", "answered_at": "2026-03-05T09:00"}
    decision = judged(of, "2026-03-20T00:00", closed_at="2026-03-12T09:00", **record)
    # The answer of the 5th is before the second start: there the closing counts.
    assert [shown(r.done_at) for r in decision.deadline("DL").instances] == ["2026-03-05T09:00:00", "2026-03-12T09:00:00"]
    assert [outcome for outcome, _ in times(decision)] == ["met", "met"]
    open_ = judged(of, "2026-03-12T00:00", **record)
    assert [outcome for outcome, _ in times(open_)] == ["met", "pending"]


def test_a_field_alone_is_held_to_its_order() -> None:
    decision = judged(each("answered_at"), "2026-03-12T00:00", received_at="2026-03-02T10:00", again_at="2026-03-10T09:00", answered_at="2026-03-05T09:00")
    assert [r.outcome for r in decision.deadline("DL").instances] == ["met", "indeterminate"]
    assert one(decision, "DL#2").missing == ("again_at", "answered_at")
    assert decision.deadline("DL").missing == ("again_at", "answered_at")


def test_what_begins_a_time_does_not_end_it() -> None:
    of = each("{first_of: [again_at, closed_at]}")
    decision = judged(of, "2026-03-20T00:00", received_at="2026-03-02T10:00", again_at="2026-03-06T09:00")
    # Silence: from the 2nd to the 6th in time, from the 6th on never again (due with the 11th).
    assert times(decision) == [("met", "2026-03-07T23:59:59"), ("breached", "2026-03-11T23:59:59")]
    closed = judged(of, "2026-03-20T00:00", received_at="2026-03-02T10:00", again_at="2026-03-06T09:00", closed_at="2026-03-11T23:59")
    assert [outcome for outcome, _ in times(closed)] == ["met", "met"]


def test_one_act_serves_every_start_before_it() -> None:
    decision = judged(each("answered_at"), "2026-03-20T00:00", received_at="2026-03-02T10:00", again_at="2026-03-04T09:00", answered_at="2026-03-07T09:00")
    assert [outcome for outcome, _ in times(decision)] == ["met", "met"]
    late = judged(each("answered_at"), "2026-03-20T00:00", received_at="2026-03-02T10:00", again_at="2026-03-04T09:00", answered_at="2026-03-09T09:00")
    assert [outcome for outcome, _ in times(late)] == ["breached", "met"]


# --------------------------------------------------------------------------- unknown
def test_an_unusable_start_may_be_any_or_none() -> None:
    record = {"received_at": "2026-03-02T10:00", "again_at": "soon"}
    met = judged(each("answered_at"), "2026-03-20T00:00", answered_at="2026-03-07T09:00", **record)
    assert [outcome for outcome, _ in times(met)] == ["met", "indeterminate"]
    assert (met.outcomes["DL"], met.deadline("DL").missing) == ("indeterminate", ("again_at",))
    assert met.next_deadline is None
    late = judged(each("answered_at"), "2026-03-20T00:00", answered_at="2026-03-08T00:00", **record)
    assert late.outcomes["DL"] == "breached"  # whatever the other was


def test_what_all_possibilities_of_the_end_agree_on_is_decided() -> None:
    of = each("answered_at", "closed_at")
    record = {"received_at": "2026-03-02T10:00", "again_at": "2026-03-05T12:00"}
    # Closed some time on the 5th: perhaps before the second start.  Answered in time either way: met.
    both = judged(of, "2026-03-20T00:00", closed_at="2026-03-05", answered_at="2026-03-06T09:00", **record)
    assert one(both, "DL#2").outcome == "indeterminate"
    assert one(both, "DL#2").would_be == "met"
    assert both.outcomes == {"DL": "met"}
    # Answered on the 11th: the first is late for certain.
    late = judged(of, "2026-03-20T00:00", closed_at="2026-03-05", answered_at="2026-03-11T09:00", **record)
    assert late.outcomes == {"DL": "breached"}
    # The first is late alone, of the second nobody knows: one breach or two.
    assert [r.rule for r in late.breaches] == ["DL#1"]


def test_the_outcomes_a_rule_may_have() -> None:
    of = each("answered_at", "closed_at", beside="facts: {broken: {outcome: {DL: breached}}, kept_it: {outcome: {DL: met}}}\n")
    record = {"received_at": "2026-03-02T10:00", "again_at": "2026-03-04T12:00", "closed_at": "2026-03-04"}
    # Answered on the 8th at noon: the first (due with the 7th) is late.
    assert judged(of, "2026-03-20T00:00", answered_at="2026-03-08T12:00", **record).fact("broken") is True
    # On the 7th: in time for both.
    decision = judged(of, "2026-03-20T00:00", answered_at="2026-03-07T12:00", **record)
    assert (decision.fact("broken"), decision.fact("kept_it")) == (False, True)


# --------------------------------------------------------------------------- everything a deadline may have
def test_pauses_warnings_and_extensions_are_of_each_time() -> None:
    of = each(
        "answered_at",
        more="pauses: [waiting]\nat_risk: 80%\nextend: [{id: longer, within: 8 days, when: {hard: true}}]",
    )
    waiting = [{"from": "2026-03-03T00:00", "to": "2026-03-05T00:00"}]
    record = {"received_at": "2026-03-02T00:00", "again_at": "2026-03-06T00:00", "waiting": waiting}
    decision = judged(of, "2026-03-10T00:00", **record)
    # Two days of pause lie in the first time alone: the 7th and two days, the 9th; the second ends with the 11th.
    assert times(decision) == [("breached", "2026-03-09T23:59:59"), ("pending", "2026-03-11T23:59:59")]
    # 6 to 12 March 00:00 are 6 days; 80 % of 144 hours are 115.2 hours: 10 March 19:12.
    assert shown(one(decision, "DL#2").at_risk_at) == "2026-03-10T19:12:00"
    at_risk = judged(of, "2026-03-10T19:13", **record)
    assert [outcome for outcome, _ in times(at_risk)] == ["breached", "at_risk"]
    longer = judged(of, "2026-03-10T00:00", hard="yes", **record)
    # Eight days: the 10th and two days of pause, the 12th; the second with the 14th.
    assert times(longer) == [("pending", "2026-03-12T23:59:59"), ("pending", "2026-03-14T23:59:59")]
    assert [r.step for r in longer.deadline("DL").instances] == ["longer", "longer"]


def test_exempt_waived_and_not_applicable() -> None:
    of = each("answered_at", more="when: {kept: true}\nexempt: [{when: {hard: true}, reason: {en: Hard, zh: 难}}]\nwaivable: {by: [boss]}")
    record = {"id": "T", "received_at": "2026-03-02T10:00", "again_at": "2026-03-06T00:00", "answered_at": "2026-03-09T00:00"}
    assert judged(of, "2026-03-20T00:00", kept=False, **record).outcomes == {"DL": "not_applicable"}
    exempt = judged(of, "2026-03-20T00:00", kept=True, hard=True, **record)
    assert [r.outcome for r in exempt.deadline("DL").instances] == ["exempt", "exempt"]
    reason = exempt.deadline("DL").reason
    assert exempt.outcomes == {"DL": "exempt"}
    assert reason is not None
    assert reason.en == "Hard"
    perhaps = judged(of, "2026-03-20T00:00", **record)
    assert (perhaps.outcomes, perhaps.deadline("DL").missing) == ({"DL": "indeterminate"}, ("kept",))

    def waived(rule: str) -> Decision:
        waiver = {"rule": rule, "records": ["T"], "reason": "agreed", "by": "boss"}
        return of.evaluate({**record, "kept": True}, as_of="2026-03-20T00:00", waivers=[waiver])

    whole = waived("DL")
    assert [r.outcome for r in whole.deadline("DL").instances] == ["waived", "met"]
    assert (whole.outcomes, whole.deadline("DL").without_waiver) == ({"DL": "waived"}, "breached")
    assert [r.outcome for r in waived("DL#1").deadline("DL").instances] == ["waived", "met"]
    assert [r.outcome for r in waived("DL#2").deadline("DL").instances] == ["breached", "met"]
    assert [f.outcome for f in waived("DL#x").findings] == ["breached", "waiver_ignored"]


def test_penalties_count_the_times_and_join_their_delays() -> None:
    penalties = """
penalties:
  - {id: PN-each, for: [DL], per: breach, amount: 10}
  - {id: PN-case, for: [DL], amount: 10}
  - {id: PN-days, for: [DL], amount: {times: [1, {length: {late: DL}, in: days}]}}
"""
    of = each("answered_at", beside=penalties)
    record = {"received_at": "2026-03-02T10:00", "again_at": "2026-03-04T10:00"}
    decision = judged(of, "2026-03-20T00:00", answered_at="2026-03-11T12:00", **record)
    # Due with the 7th and with the 9th, done on the 11th at noon: late from the 8th 00:00 in all, three days and a half.
    amounts = {p.rule: (p.state, p.amount, p.breaches) for p in decision.penalties}
    assert amounts == {
        "PN-each": ("proposed", Decimal("20.00"), ("DL#1", "DL#2")),
        "PN-case": ("proposed", Decimal("10.00"), ("DL#1", "DL#2")),
        "PN-days": ("proposed", Decimal("4.00"), ("DL#1", "DL#2")),
    }
    unsure = judged(of, "2026-03-20T00:00", received_at="2026-03-02T10:00", again_at="soon", answered_at="2026-03-08T00:00")
    each_, case = unsure.result("PN-each"), unsure.result("PN-case")
    # One breach for certain; how many more nobody can say.
    assert (each_.state, each_.min, each_.max, each_.missing) == ("indeterminate", Decimal("10.00"), None, ("again_at",))
    assert (case.state, case.amount) == ("proposed", Decimal("10.00"))


def test_the_due_instant_others_refer_to() -> None:
    of = each("answered_at", beside="facts: {next_due: {first_of: [{due: DL}]}}\n")
    record = {"received_at": "2026-03-02T10:00", "again_at": "2026-03-04T10:00"}
    assert shown(judged(of, "2026-03-08T12:00", **record).fact("next_due")) == "2026-03-09T23:59:59.999999"
    done = judged(of, "2026-03-20T00:00", answered_at="2026-03-05T00:00", **record)
    assert shown(done.fact("next_due")) == "2026-03-09T23:59:59.999999"


# --------------------------------------------------------------------------- seen from outside
def test_names_of_times_that_never_began() -> None:
    decision = judged(each(), "2026-03-04T00:00", received_at="2026-03-02T10:00")
    for name in ("DL#2", "DL#", "DX#1", "#1"):
        with pytest.raises(UsageError):
            decision.deadline(name)
        with pytest.raises(UsageError):
            decision.result(name)
    assert decision.result("DL#1") is decision.deadline("DL#1")


def test_data_and_words() -> None:
    decision = judged(each("answered_at"), "2026-03-13T00:00", received_at="2026-03-02T10:00", again_at="2026-03-10T09:00")
    (line,) = decision.to_dict()["deadlines"]
    assert (line["rule"], line["outcome"], line["due_at"]) == ("DL", "breached", "2026-03-15T23:59:59+08:00")
    assert [(i["rule"], i["outcome"], i["from"]) for i in line["instances"]] == [
        ("DL#1", "breached", "2026-03-02T10:00:00+08:00"),
        ("DL#2", "pending", "2026-03-10T09:00:00+08:00"),
    ]
    assert [(f.rule, f.message.en) for f in decision.findings] == [("DL#1", "DL (no. 1): due 2026-03-07 23:59:59, not done, late by 5 d so far.")]
    assert "DL: began 2 times, late 1; next due 2026-03-15 23:59:59." in decision.explain("en")
    assert "DL（第2次）：应于2026年3月15日 23:59:59前完成。" in decision.explain("zh")


def test_a_table_has_the_same_and_counts_the_breaches() -> None:
    of = each("answered_at", "closed_at", more="when: {kept: true}")
    records: list[dict[str, Any]] = [
        {"id": "a", "received_at": "2026-03-02T10:00", "again_at": "2026-03-04T10:00", "answered_at": "2026-03-11T12:00", "kept": "yes"},
        {"id": "b", "received_at": "2026-03-02T10:00", "again_at": None, "answered_at": None, "kept": "yes"},
        {"id": "c", "received_at": "2026-03-02T10:00", "again_at": None, "answered_at": None, "kept": "no"},
    ]
    audit = of.audit(pl.DataFrame([{**r, "third_at": None, "closed_at": None} for r in records]), as_of="2026-03-20T00:00")
    names = ["DL.outcome", "DL.due_at", "DL.breaches"]
    assert audit.decisions.columns[-3:] == names
    rows = [(o, shown(due), count) for o, due, count in audit.decisions.select(names).iter_rows()]
    assert rows == [("breached", "2026-03-09T23:59:59", 2), ("breached", "2026-03-07T23:59:59", 1), ("not_applicable", None, 0)]
    assert [r.rule for r in audit.decision("a").deadline("DL").instances] == ["DL#1", "DL#2"]
    assert not audit.notes  # nothing went record by record
    without = of.audit(pl.DataFrame([{**r, "closed_at": None} for r in records[:2]]), as_of="2026-03-20T00:00").decisions
    # Without a column for the third start nobody knows how often it began; what is broken stays so.
    assert without["DL.outcome"].to_list() == ["breached", "breached"]
    assert without["DL.due_at"].to_list() == [None, None]
    late = audit.summary().late["DL"]
    # a: late since the 8th for 3 days and a half; b: open since the 8th, 12 days.
    assert (late.breached, late.open, str(late.longest)) == (2, 1, "12 days, 0:00:00")


def test_the_clock_of_each_time_adds_up() -> None:
    decision = judged(each("answered_at"), "2026-03-13T00:00", received_at="2026-03-02T10:00", again_at="2026-03-10T09:00")
    ledger = decision.ledger("DL#2")
    assert ledger is not None
    assert (ledger.rule, ledger.total, ledger.stretches[0].start.isoformat()) == ("DL#2", 5, "2026-03-10T09:00:00+08:00")
