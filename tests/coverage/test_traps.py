"""The traps of the documents: what a quick reading of their words gives, and what the policies give.

The words are the documents' own; every expected value was worked out by hand, and the quick reading's beside it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from functools import cache
from typing import Any, Final

import pytest

from complaint_policy import Decision, Policy, load_policy, load_policy_text
from complaint_policy.errors import PolicyError

HEAD: Final = "format: 1\npolicy: trap/trap\neffective: {from: 2022-01-01}\ntimezone: Asia/Shanghai\n"


@cache
def policy(name: str) -> Policy:
    return load_policy(name)


def judged(name: str, as_of: str, **record: Any) -> Decision:
    return policy(name).evaluate({"id": "T", **record}, as_of=as_of)


def outcome(decision: Decision, rule: str) -> str:
    found: dict[str, str] = {r["rule"]: r["outcome"] for section in ("deadlines", "requirements") for r in decision.to_dict()[section]}
    return found[rule]


def due(decision: Decision, rule: str) -> str:
    at = decision.deadline(rule).due_at
    assert at is not None
    return at.replace(tzinfo=None).isoformat()


def cited(name: str) -> dict[str, tuple[str, str | None]]:
    """Source and clause of every rule."""
    return {rule.id: (rule.source.ref, rule.source.clause) for rule in policy(name).versions[-1].model.all_rules() if rule.source is not None}


# --------------------------------------------------------------------------- durations without day, calendar, anchor or zone
@pytest.mark.parametrize(
    ("written", "code"),
    [
        # "需在1天内明确责任": one of what, counted how?
        ("deadlines: [{id: DL-a, from: received_at, to: closed_at, within: 1}]", "number-without-unit"),
        ("deadlines: [{id: DL-a, from: received_at, to: closed_at, within: 3 working days}]", "working-unit-without-calendar"),
        ("counting: {roll: next_working_day}\ndeadlines: [{id: DL-a, from: received_at, to: closed_at, within: 3 days}]", "roll-without-calendar"),
        # "三天内提出报告": from when?
        ("deadlines: [{id: DL-a, to: closed_at, within: 3 days}]", "missing-key"),
        # "立即受理": how long is that?
        ("deadlines: [{id: DL-a, from: received_at, to: closed_at, within: at_once}]", "unknown-instant"),
    ],
)
def test_a_duration_that_leaves_something_open_is_asked_about(written: str, code: str) -> None:
    with pytest.raises(PolicyError) as refused:
        load_policy_text(HEAD + written)
    assert [p.code for p in refused.value.problems] == [code]
    assert all(p.hint is not None for p in refused.value.problems)


def test_a_policy_without_a_zone_is_asked_for_one() -> None:
    with pytest.raises(PolicyError) as refused:
        load_policy_text(HEAD.replace("timezone: Asia/Shanghai\n", "") + "deadlines: [{id: DL-a, from: received_at, to: closed_at, within: 3 days}]")
    assert "timezone" in str(refused.value)


def test_three_days_are_no_72_hours() -> None:
    """「调查处理后三天内提出报告」.  The investigation ended on Wednesday 15 June 2022 at 16:00.

    Read quickly: 72 hours, Saturday the 18th at 16:00, so a report of Monday at 09:00 is late.  Ours: the 16th, 17th, 18th;
    the third is a rest day and moves to Monday the 20th, to its end."""
    investigated = datetime(2022, 6, 15, 16)
    assert investigated + timedelta(days=3) == datetime(2022, 6, 18, 16) < datetime(2022, 6, 20, 9)
    decision = judged("cn/enterprise", "2022-06-21T09:00", received_at="2022-06-13T09:00", investigated_at="2022-06-15T16:00", reported_at="2022-06-20T09:00")
    assert (due(decision, "DL-report"), outcome(decision, "DL-report")) == ("2022-06-20T23:59:59", "met")


def test_the_same_day_is_a_day_and_not_24_hours() -> None:
    """「在处理完当天打电话」.  Closed on Friday 17 June at 15:00, called on Saturday at 10:00.

    Read quickly: 19 hours, within a day.  Ours: the 17th was over."""
    assert datetime(2022, 6, 18, 10) - datetime(2022, 6, 17, 15) < timedelta(days=1)
    decision = judged("cn/enterprise", "2022-06-20T09:00", received_at="2022-06-13T09:00", closed_at="2022-06-17T15:00", followed_up_at="2022-06-18T10:00")
    assert (due(decision, "DL-call"), outcome(decision, "DL-call")) == ("2022-06-17T23:59:59", "breached")


def test_two_hours_are_not_two_working_hours_unless_it_is_said() -> None:
    """「技术部门需承诺在2小时内响应」.  A ticket of Friday 6 March 2026 at 17:30, answered on Monday at 09:30.

    Read quickly with the desk's hours (to 18:00): half an hour on Friday and half on Monday, in time.  Ours: the text says hours,
    and they run at night: 19:30.  The customer's own clock is another."""
    decision = judged("cn/optimisation", "2026-03-10T09:00", received_at="2026-03-06T17:00", ticket_at="2026-03-06T17:30", ticket_answered_at="2026-03-09T09:30")
    assert (due(decision, "DL-technical"), outcome(decision, "DL-technical")) == ("2026-03-06T19:30:00", "breached")


# --------------------------------------------------------------------------- two clocks of fifteen days, and another company's week
def test_the_customers_fifteen_days_end_before_the_companys() -> None:
    """「告知顾客十五天内给予答复」 and 「处理期限自市场部受理起，国内15天」.  Told on 13 June, received by marketing on the 15th.

    Read quickly: one limit of 15 days, to the 30th, so an answer on the 29th is in time.  Ours: 13 + 15 is the 28th for what the
    customer was told, 15 + 15 the 30th for the handling; the answer of the 29th keeps the one and breaks the other."""
    decision = judged(
        "cn/manufacturing",
        "2022-07-01T09:00",
        received_at="2022-06-13T09:00",
        region="domestic",
        marketing_received_at="2022-06-15T10:00",
        closed_at="2022-06-29T10:00",
        events=[{"at": "2022-06-13T09:40", "kind": "dissatisfied", "told_at": "2022-06-13T09:41"}, {"at": "2022-06-29T10:00", "kind": "answer"}],
    )
    assert (due(decision, "DL-again"), due(decision, "DL-case")) == ("2022-06-28T23:59:59", "2022-06-30T23:59:59")
    assert (outcome(decision, "DL-again"), outcome(decision, "DL-case")) == ("breached", "met")


def test_a_region_that_is_not_known_is_not_at_home() -> None:
    """「国内15天，国外18天」.  Received by marketing on 14 June, open on the 30th, the region is not written down.

    Read quickly: 15 days, over on the 29th.  Ours: the 29th or 2 July, so undecided until 2 July is over."""
    record = {"received_at": "2022-06-13T09:00", "marketing_received_at": "2022-06-14T10:00"}
    assert outcome(judged("cn/manufacturing", "2022-06-30T00:00", region="domestic", **record), "DL-case") == "breached"
    assert [outcome(judged("cn/manufacturing", as_of, **record), "DL-case") for as_of in ("2022-06-30T00:00", "2022-07-02T23:59:59", "2022-07-03T00:00")] == ["indeterminate", "indeterminate", "breached"]


def test_one_companys_week_is_not_anothers_fifteen_days() -> None:
    """「一周内处理完毕」 (the testing company) and 「国内15天」 (the manufacturer): read as one system a case of day 10 would be both late and not.

    Ours: received 13 June, closed the 23rd: over the week to the 20th, within the 15 days to the 28th; neither knows the other's rules."""
    record = {"received_at": "2022-06-13T09:00", "closed_at": "2022-06-23T10:00"}
    week = judged("cn/enterprise", "2022-07-05T09:00", **record)
    fifteen = judged("cn/manufacturing", "2022-07-05T09:00", region="domestic", marketing_received_at="2022-06-13T09:00", **record)
    assert (due(week, "DL-case"), outcome(week, "DL-case")) == ("2022-06-20T23:59:59", "breached")
    assert (due(fifteen, "DL-case"), outcome(fifteen, "DL-case")) == ("2022-06-28T23:59:59", "met")
    assert not {ref for ref, _ in cited("cn/enterprise").values()} & {ref for ref, _ in cited("cn/manufacturing").values()}


# --------------------------------------------------------------------------- without an end, without an exception
@pytest.mark.parametrize(("satisfied", "filing", "told"), [(False, "breached", ("quality_officer",)), (True, "met", ())])
def test_until_satisfied_has_no_end_and_gets_none(satisfied: bool, filing: str, told: tuple[str, ...]) -> None:
    """「客户不满意，…再次投诉处理，直至客户满意为止」.

    Read quickly: closed after so many rounds, or a clock that never ends.  Ours: no round and no date is invented; filed without a
    satisfied customer the rule is broken, and each dissatisfaction is the quality officer's."""
    record = {"received_at": "2022-06-13T09:00", "followed_up_at": "2022-06-17T16:00", "call_record": "第五次回访", "archived_at": "2024-06-17T09:00"}
    levels = {"legal_risk": False, "survival_threat": False, "impact": "small", "emotion": "calm", "churn_risk": False, "reputation_risk": False}
    decision = judged("cn/enterprise", "2024-06-18T09:00", satisfied=satisfied, **record, **levels)
    assert outcome(decision, "RQ-file") == filing
    assert set(told) <= set(decision.responsibility.escalate_to)
    assert ("quality_officer" in decision.responsibility.escalate_to) is not satisfied
    # Two years on nothing is late that was not late then: the last of its clocks ended on 20 June 2022.
    before = judged("cn/enterprise", "2022-06-21T00:00", satisfied=satisfied, **record, **levels)
    assert [outcome(d, "DL-case") for d in (before, decision)] == ["breached", "breached"]


def test_a_hundred_per_cent_counts_the_unreachable() -> None:
    """「客户投诉的回访率为100%」.  Five complaints, one customer never answered the phone.

    Read quickly: 4 of the 4 that could be reached, 100 %.  Ours: the rule knows no such customer, 4 of 5, broken."""
    cases = [{"id": str(i), "received_at": "2022-06-13T09:00", "matter": "complaint", "closed_at": "2022-06-14T10:00", "followed_up_at": "2022-06-15T09:00" if i < 4 else None} for i in range(5)]
    (rate,) = [r for r in policy("cn/property").audit(cases, as_of="2022-08-01T00:00").portfolio["PF-complaints"] if r.members]
    assert (rate.low, rate.high, rate.members, rate.outcome) == (Fraction(4, 5), Fraction(4, 5), 5, "breached")


# --------------------------------------------------------------------------- staff: privacy, and judging oneself
def test_the_customer_is_told_that_it_was_dealt_with_and_not_about_whom() -> None:
    """「对责任人的处理结果，尽快…向客户耐心解释」.

    Read quickly: the answer names the person and the sanction.  Ours: that it was told is required, and in time after it was done;
    who it was stays out of explanation and JSON."""
    record = {"received_at": "2026-04-16T09:00", "upheld": True, "responsible_person": "王五", "handler": "赵六", "responsible_handled_at": "2026-04-18T10:00", "handling_told_at": "2026-04-20T11:00", "closed_at": "2026-04-21T10:00"}
    decision = judged("cn/auto_repair", "2026-04-25T09:00", **record)
    assert outcome(decision, "RQ-told") == "met"
    told = [str(decision.to_dict()), *(str(decision.explain(language)) for language in ("zh", "en"))]
    assert not [text for text in told if "王五" in text or "赵六" in text]
    early = judged("cn/auto_repair", "2026-04-25T09:00", **record | {"handling_told_at": "2026-04-17T11:00"})
    assert outcome(early, "RQ-told") == "breached"


def test_whoever_receives_it_is_responsible_but_does_not_judge_oneself() -> None:
    """「谁受理谁负责」 and 「实事求是地判断，不应加个人情绪和喜好」.  Wang takes the call, and it is about Wang.

    Read quickly: Wang handles it.  Ours: Wang reports it (kept), and closing it by Wang is a breach; with the call taken by Wang and
    the handling by Li both duties are kept."""
    record = {"received_at": "2022-06-13T09:00", "about_service": True, "first_contact": "王", "responsible_person": "王", "logged_at": "2022-06-13T09:10", "evidence": "录音", "closed_at": "2022-06-14T17:00"}
    found = [[outcome(judged("cn/it_service", "2022-06-15T09:00", handler=who, **record), rule) for rule in ("DL-report", "RQ-fair")] for who in ("王", "李")]
    assert found == [["met", "breached"], ["met", "met"]]


# --------------------------------------------------------------------------- the number
def test_a_number_without_a_year_comes_again_and_a_hundredth_has_none() -> None:
    """「(××)月份(××)流水编号」.  0601 in June 2022 and 0601 in June 2023; a hundredth complaint in June.

    Read quickly: a running number per month is never given twice, and 06100 is a number like any other.  Ours: the number is found
    to come again after twelve months, and the hundredth to have none; `check` says both beforehand, and the policy answers for it."""
    rows = [("0601", "2022-06-13"), ("0601", "2023-06-13"), ("0602", "2023-06-14"), ("06100", "2023-06-30")]
    records = [{"id": str(i), "case_number": number, "received_at": f"{day}T09:00"} for i, (number, day) in enumerate(rows)]
    findings = policy("cn/manufacturing").audit(records, as_of="2023-08-01T00:00").findings
    assert sorted(findings.filter(findings["rule"] == "NR-case").select("finding", "value").rows()) == [("duplicate", "0601"), ("form", "06100")]
    assert {a.remark for a in policy("cn/manufacturing").versions[-1].model.accepted} >= {"number-comes-again", "number-runs-out"}


# --------------------------------------------------------------------------- reported at once, before anybody knows how grave it is
def test_a_critical_complaint_is_not_safe_while_it_has_no_level() -> None:
    """「特大投诉…需立即上报」, but the level is known only when it was fixed.  Received 09:00, at 10:00 without level and report.

    Read quickly: no level, so it is general, and nothing is due.  Ours: it may be critical; the report may be late, which names the
    level as what is missing, and that nobody fixed a level by 09:30 is late in any case."""
    decision = judged("cn/service_levels", "2026-03-02T10:00", received_at="2026-03-02T09:00")
    assert decision.severity.level is None
    assert "critical" in decision.severity.possible
    assert (outcome(decision, "DL-alert"), outcome(decision, "DL-classify")) == ("indeterminate", "breached")
    assert "level_at_receipt" in decision.deadline("DL-alert").missing
    # Fixed as critical afterwards, the report was due from receipt; raised later, from the raising.
    fixed = judged("cn/service_levels", "2026-03-02T10:00", received_at="2026-03-02T09:00", level_at_receipt="critical")
    raised = judged("cn/service_levels", "2026-03-02T11:10", received_at="2026-03-02T09:00", level_at_receipt="major", events=[{"at": "2026-03-02T11:00", "kind": "raised", "level": "critical"}])
    assert [(due(d, "DL-alert"), outcome(d, "DL-alert")) for d in (fixed, raised)] == [("2026-03-02T09:30:00", "breached"), ("2026-03-02T11:30:00", "pending")]


# --------------------------------------------------------------------------- a notice with a training text between its lines
def test_items_six_and_seven_belong_to_the_notice() -> None:
    """「6、投诉内容若涉及其他公司…7、投诉处理实行首问负责制」 are printed in the middle of 「一、换位思考」 of a training text.

    Read quickly: advice of the trainer, or items of part 6, which ends with 3.  Ours: items 6 and 7 of the flow of handling, whose
    own items end with 5, and duties of the notice; what the trainer advises is cited as the training text."""
    sources = cited("cn/manufacturing")
    assert {name for name, source in sources.items() if source == ("notice", "三、7")} == {"RQ-first", "RQ-handover"}
    assert {name for name, source in sources.items() if source == ("notice", "三、6")} == {"RS-third"}
    assert {name for name, (ref, _) in sources.items() if ref == "training"} == {"DL-on-site", "DL-fulfil", "DL-later", "RQ-reasons", "RQ-goodwill", "RQ-conduct", "RQ-manner", "PF-handbook"}
