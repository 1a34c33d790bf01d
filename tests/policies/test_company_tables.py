"""What the companies' systems say of many records: to the exact limit, with more of them than a page holds."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from complaint_policy import Policy, load_policy
from complaint_policy.rules.deadlines.stages import time_to_spare

AS_OF = "2022-08-01T00:00"


@cache
def shipped(name: str) -> Policy:
    return load_policy(name)


def followed(matter: str, share: int, of: int) -> list[dict[str, Any]]:
    """That many records of one kind, done and ready to be followed up; the first `share` were."""
    done = {"complaint": "closed_at", "repair": "work_order_returned_at", "survey": "corrected_at"}[matter]
    times = {name: "2022-06-14T10:00" if name == done else None for name in ("closed_at", "work_order_returned_at", "corrected_at")}
    return [
        {"id": f"{matter}{i}", "received_at": "2022-06-13T09:00", "matter": matter, **times, "followed_up_at": "2022-06-15T09:00" if i < share else None}
        for i in range(of)
    ]


@pytest.mark.parametrize(("matter", "figure"), [("complaint", "PF-complaints"), ("repair", "PF-repairs"), ("survey", "PF-survey")])
def test_a_hundred_per_cent_is_no_case_less(matter: str, figure: str) -> None:
    policy = shipped("cn/property")
    for share, outcome in ((200, "met"), (199, "breached")):  # 199 of 200 are 99.5 %: above 99, below 100
        (quarter,) = [r for r in policy.audit(followed(matter, share, 200), as_of=AS_OF).portfolio[figure] if r.members]
        assert (quarter.low, quarter.outcome) == (Fraction(share, 200), outcome)


def test_one_whose_follow_up_is_unreadable_leaves_the_rate_open() -> None:
    records = followed("complaint", 4, 5)
    records[4]["followed_up_at"] = "近日"
    (quarter,) = [r for r in shipped("cn/property").audit(records, as_of=AS_OF).portfolio["PF-complaints"] if r.members]
    assert (quarter.low, quarter.high, quarter.outcome) == (Fraction(4, 5), 1, "indeterminate")


def test_numbers_by_month() -> None:
    """June: 01, 03 and 03 again, so 02 is missing and one is double; July begins with 01; a June number in July; three digits."""
    rows = [("0601", "06-13"), ("0603", "06-14"), ("0603", "06-15"), ("0701", "07-01"), ("0604", "07-02"), ("07002", "07-03")]
    records = [{"id": str(i), "case_number": number, "received_at": f"2022-{day}T09:00"} for i, (number, day) in enumerate(rows)]
    findings = shipped("cn/manufacturing").audit(records, as_of=AS_OF).findings
    found = sorted(findings.filter(findings["rule"] == "NR-case").select("finding", "row", "value").rows(), key=str)
    assert ("duplicate", 2, "0603") in found
    assert ("period", 4, "0604") in found
    assert ("form", 5, "07002") in found
    assert [(row, value) for finding, row, value in found if finding == "gap"] == [(None, "2")]
    assert not [f for f in found if f[1] in (0, 1, 3)]


def test_a_shop_that_kept_one_back() -> None:
    records = [
        {"id": "A", "received_at": "2022-06-13T09:00", "complainant_id": "c1", "product": "门", "quality_abnormal": True},
        {"id": "B", "received_at": "2022-06-13T10:00", "complainant_id": "c2", "product": "门", "quality_abnormal": False},
    ]
    said = [{"received_at": "2022-06-13T09:00", "complainant_id": c, "product": "门", "quality_abnormal": True} for c in ("c1", "c2", "c3")]
    findings = shipped("cn/manufacturing").audit(records, as_of=AS_OF, lists={"spot_check": said}).findings
    # The first agrees, the second was reported as no fault of the product, of the third nothing was reported.
    assert findings.filter(findings["rule"] == "RC-shops").select("finding", "list_row").sort("list_row").rows() == [("mismatch", 2), ("concealed", 3)]


def test_a_second_complaint_is_counted() -> None:
    records = [
        {"id": i, "received_at": f"2022-06-{day}T09:00", "complainant_id": who, "product": "门", "quality_abnormal": False, "ignored": False, "responsibility_determined_at": "2022-06-22T10:00", "responsible_side": "service", "proposed_penalty": 100}
        for i, day, who in (("A", 13, "c1"), ("B", 14, "c2"), ("C", 20, "c1"))
    ]
    audit = shipped("cn/manufacturing").audit(records, as_of=AS_OF)
    proposed = [{p["rule"] for p in audit.decision(i).to_dict()["penalties"]} for i in ("A", "B", "C")]
    assert proposed == [{"PN-other"}, {"PN-other"}, {"PN-other", "PN-second"}]


# --------------------------------------------------------------------------- cn/optimisation
def received(days: list[str], **more: Any) -> list[dict[str, Any]]:
    """One complaint on each of these days, each of another customer."""
    return [{"id": f"{day}-{i}", "received_at": f"{day}T10:00", "complainant_id": f"c{i}", **more} for i, day in enumerate(days)]


def test_two_channels_are_one_work_order_for_seven_days() -> None:
    """Monday 2 March and 7 days: Monday the 9th is in, the 10th is out; the technical clock is that of the case."""
    records = [{"id": i, "received_at": f"2026-03-{day}", "complainant_id": "c1", "product": "p", "channel": channel} for i, day, channel in (("A", "02T09:00", "social"), ("B", "09T23:59", "phone"), ("C", "10T00:00", "phone"))]
    audit = shipped("cn/optimisation").audit(records, as_of="2026-04-01T00:00")
    assert audit.merged.select("row", "into_row").rows() == [(1, 0)]


def test_like_cases_like_remedies() -> None:
    policy = shipped("cn/optimisation")
    for second, outcome in (("exchange", "met"), ("voucher", "breached")):
        records = [{"id": i, "received_at": "2026-03-02T10:00", "complainant_id": i, "kind": "product", "product": "p", "upheld": True, "remedy": remedy} for i, remedy in (("A", "exchange"), ("B", second))]
        (figure,) = [f for f in policy.audit(records, as_of="2026-06-01T00:00").portfolio["PF-alike"] if f.members]
        assert figure.outcome == outcome
    # None at all is one too few, so that 0 would not do as the limit.
    assert figure.low == 2


@pytest.mark.parametrize(("last", "outcome"), [(10, "met"), (11, "breached")])
def test_a_surge_is_more_than_twice_the_four_weeks_before(last: int, outcome: str) -> None:
    """Five in each week of 2, 9, 16, 23 March; twice five are ten."""
    days = [day for day in ("2026-03-03", "2026-03-10", "2026-03-17", "2026-03-24") for _ in range(5)] + ["2026-03-31"] * last
    figures = shipped("cn/optimisation").audit(received(days, kind="service"), as_of="2026-06-01T00:00").portfolio["PF-surge"]
    assert {f.period: f.outcome for f in figures}["2026-W14"] == outcome


@pytest.mark.parametrize(("last", "outcome"), [(13, "met"), (14, "breached")])
def test_a_known_peak_gives_no_alarm(last: int, outcome: str) -> None:
    """Ten in November 2024; 1.3 times ten are thirteen in November 2025."""
    days = ["2024-11-12"] * 10 + ["2025-11-12"] * last
    figures = shipped("cn/optimisation").audit(received(days, kind="logistics"), as_of="2026-01-05T00:00").portfolio["PF-season"]
    assert {f.period: f.outcome for f in figures}["2025-11"] == outcome


def test_a_rate_that_keeps_rising() -> None:
    """Per thousand sold 12, 10, 11, 12, 13: fallen in January, risen once in February, twice in March, three times in April."""
    days = ["2025-12-12"] * 12 + ["2026-01-12"] * 10 + ["2026-02-12"] * 11 + ["2026-03-12"] * 12 + ["2026-04-13"] * 13
    sold = [{"period": month, "product": "p", "sold": 1000} for month in ("2025-12", "2026-01", "2026-02", "2026-03", "2026-04")]
    figures = shipped("cn/optimisation").audit(received(days, product="p"), as_of="2026-05-05T00:00", exposures=sold).portfolio["PF-rising"]
    outcomes = {f.period: (f.low, f.outcome) for f in figures}
    assert (outcomes["2026-03"], outcomes["2026-04"]) == ((2, "met"), (3, "breached"))


def test_figures_that_are_only_shown() -> None:
    """Four complaints of March 2026: two by phone, one out of hours (Saturday the 7th), three of one kind and product."""
    rows = [("A", "03-03T10:00", "phone", "product", "p", "emotion"), ("B", "03-04T10:00", "phone", "product", "p", "communication"), ("C", "03-05T10:00", "shop", "product", "p", "emotion"), ("D", "03-07T10:00", "social", "service", "s", "emotion")]
    records = [{"id": i, "received_at": f"2026-{at}", "complainant_id": i, "channel": channel, "kind": kind, "product": product, "cause": cause, "acknowledged_at": None, "closed_at": "2026-03-08T10:00", "survey_sent_at": "2026-03-08T10:01" if i in "AB" else None, "survey_answered_at": "2026-03-08T11:00" if i == "A" else None} for i, at, channel, kind, product, cause in rows]
    portfolio = shipped("cn/optimisation").audit(records, as_of="2026-06-01T00:00").portfolio

    def values(rule: str) -> dict[Any, Any]:
        return {f.group: f.low for f in portfolio[rule] if f.members}

    assert values("PF-channels") == {("phone",): 2, ("shop",): 1, ("social",): 1}
    assert values("PF-hours") == {(): Fraction(1, 4)}
    # Of the one out of hours nobody has said a word; one of the two surveys came back.
    assert [(f.low, f.outcome) for f in portfolio["PF-night"] if f.members] == [(0, "breached")]
    assert values("PF-response") == {(): Fraction(1, 2)}
    assert values("PF-frequent") == {("product", "p"): 3, ("service", "s"): 1}
    assert values("PF-causes") == {("communication",): 1, ("emotion",): 3}
    # After-sales: from the 3rd, 4th and 5th to the 8th at ten: 120, 96, 72 hours; the service desk: 24.
    assert values("PF-efficiency") == {("after_sales",): 96, ("service_desk",): 24}


def test_shares_that_are_only_shown() -> None:
    made = [{"id": str(i), "received_at": "2022-06-13T09:00", "quality_abnormal": True, "handbook_given": given, "spot_checked_at": checked} for i, (given, checked) in enumerate(((True, None), (False, "2022-07-01T09:00"), (True, None)))]
    portfolio = shipped("cn/manufacturing").audit(made, as_of=AS_OF).portfolio
    assert [[f.low for f in portfolio[rule] if f.members] for rule in ("PF-handbook", "PF-checked")] == [[Fraction(1, 3)], [Fraction(1, 3)]]
    visits = [{"id": str(i), "received_at": "2022-06-13T09:00", "key_customer": key, "visit_kind": kind} for i, (key, kind) in enumerate(((True, "special"), (True, "routine"), (False, "routine")))]
    (share,) = [f for f in shipped("cn/travel_followup").audit(visits, as_of=AS_OF).portfolio["PF-key"] if f.members]
    assert (share.low, share.members, share.excluded) == (Fraction(1, 2), 2, 1)


@pytest.mark.parametrize(("at", "outcome"), [("2026-03-08T00:15:00", "met"), ("2026-03-08T00:15:01", "breached")])
def test_somebody_answers_at_night_too(at: str, outcome: str) -> None:
    """Saturday night at 23:45 and half an hour."""
    records = [{"id": "A", "received_at": "2026-03-07T23:45", "complainant_id": "c", "acknowledged_at": at}, {"id": "B", "received_at": "2026-03-06T10:00", "complainant_id": "d"}]
    (share,) = [f for f in shipped("cn/optimisation").audit(records, as_of="2026-06-01T00:00").portfolio["PF-night"] if f.members]
    assert (share.members, share.outcome) == (1, outcome)


@pytest.mark.parametrize(("last", "outcome"), [(12, "met"), (13, "breached")])
def test_a_change_is_more_than_twice_the_three_months_before(last: int, outcome: str) -> None:
    """Five, six and seven doors in June, July and August; twice six are twelve.  One customer comes again."""
    days = ["2022-06-15"] * 5 + ["2022-07-15"] * 6 + ["2022-08-15"] * 7 + ["2022-09-15"] * last
    records = [{"id": str(i), "received_at": f"{day}T10:00", "complainant_id": str(i), "product": "门", "quality_abnormal": True} for i, day in enumerate(days)]
    records[-1]["complainant_id"] = "0"
    portfolio = shipped("cn/manufacturing").audit(records, as_of="2022-11-01T00:00").portfolio
    assert {f.period: f.outcome for f in portfolio["PF-change"]}["2022-09"] == outcome
    assert [f.low for f in portfolio["PF-again"] if f.members] == [0, Fraction(1, 13 + last)]


@pytest.mark.parametrize(("last", "outcome"), [(6, "met"), (7, "breached")])
def test_a_rate_that_is_lowered_is_not_above_the_quarter_before(last: int, outcome: str) -> None:
    """Three for a thousand services in the third quarter; six for two thousand in the fourth are as many, seven are more."""
    days = ["2022-07-15"] * 3 + ["2022-10-17"] * last
    records = [{"id": str(i), "received_at": f"{day}T10:00"} for i, day in enumerate(days)]
    services = [{"period": "2022-Q3", "services": 1000}, {"period": "2022-Q4", "services": 2000}]
    figures = shipped("cn/enterprise").audit(records, as_of="2023-01-05T00:00", exposures=services).portfolio["PF-rate"]
    assert {f.period: f.outcome for f in figures}["2022-Q4"] == outcome


def test_one_complaint_number() -> None:
    for second, outcome in (("400-1", "met"), ("400-2", "breached")):
        records = [{"id": i, "received_at": "2022-06-13T09:00", "about_service": True, "channel": channel, "catalogue_line": line} for i, channel, line in (("A", "phone", "400-1"), ("B", "phone", second), ("C", "mail", "400-9"))]
        (figure,) = [f for f in shipped("cn/it_service").audit(records, as_of="2023-01-02T00:00").portfolio["PF-line"] if f.members]
        assert (figure.members, figure.outcome) == (2, outcome)


def test_the_stages_leave_three_days_and_six() -> None:
    """15 - 7 - 5 = 3, 18 - 7 - 5 = 6; 7 - 2 = 5."""
    model = shipped("cn/manufacturing").versions[-1].model
    section = model.section("deadlines")
    told = [spare.en for rule in section for spare in time_to_spare(rule, section, model)]
    assert [t.partition(" leave ")[2] for t in told] == ["3 days of 15 days", "6 days of 18 days", "5 days of 7 days"]


# --------------------------------------------------------------------------- cn/service_levels
@pytest.mark.parametrize(("outside", "outcome"), [(10, "met"), (11, "breached")])
def test_ninety_in_a_hundred_are_solved_inside(outside: int, outcome: str) -> None:
    records = [{"id": str(i), "received_at": "2026-03-02T09:00", "closed_at": "2026-03-05T09:00", "external_at": "2026-03-04T09:00" if i < outside else None} for i in range(100)]
    (share,) = [f for f in shipped("cn/service_levels").audit(records, as_of="2026-06-01T00:00").portfolio["PF-inside"] if f.members]
    assert (share.low, share.outcome) == (Fraction(100 - outside, 100), outcome)


@pytest.mark.parametrize(("same_day", "outcome"), [(55, "met"), (54, "breached")])
def test_fifty_five_in_a_hundred_are_solved_on_the_day(same_day: int, outcome: str) -> None:
    """Saturday 7 March: to its last second and no longer, a rest day moves nothing."""
    records: list[dict[str, Any]] = [{"id": str(i), "received_at": "2026-03-07T09:00", "closed_at": "2026-03-07T23:59:59" if i < same_day else "2026-03-08T00:00:00", "complainant_id": str(i), "events": []} for i in range(100)]
    portfolio = shipped("cn/service_levels").audit(records, as_of="2026-06-01T00:00").portfolio
    (share,) = [f for f in portfolio["PF-same-day"] if f.members]
    assert (share.low, share.outcome) == (Fraction(same_day, 100), outcome)
    # A hundred were heard; were 4 in 100 all who complain, 100 x 25 were dissatisfied.
    assert [f.low for rule in ("PF-captured", "PF-hidden") for f in portfolio[rule] if f.members] == [100, 2500]


@pytest.mark.parametrize(("last", "outcome"), [(10, "met"), (11, "breached")])
def test_a_common_failure_spreads(last: int, outcome: str) -> None:
    """Five lost bags in each week of 2, 9, 16, 23 March; twice five are ten."""
    days = [day for day in ("2026-03-03", "2026-03-10", "2026-03-17", "2026-03-24") for _ in range(5)] + ["2026-03-31"] * last
    figures = shipped("cn/service_levels").audit(received(days, failure="行李"), as_of="2026-06-01T00:00").portfolio["PF-failures"]
    assert {f.period: f.outcome for f in figures}["2026-W14"] == outcome


def test_the_third_complaint_in_twelve_months_is_frequent_and_loses_no_right() -> None:
    """From 2 March 2025 twelve months end on 2 March 2026: the third is within them of the first, one a day later is not."""
    days = {"A": "2025-03-02T09:00", "B": "2025-09-01T09:00", "C": "2026-03-02T23:59:59"}
    policy, decided = shipped("cn/service_levels"), {}
    for last in ("2026-03-02T23:59:59", "2026-03-03T00:00:00"):
        records = [{"id": i, "received_at": at, "complainant_id": "c1", "level_at_receipt": "general", "care_at": None, "closed_at": "2026-03-05T09:00" if i == "C" else None} for i, at in (days | {"C": last}).items()]
        decided[last] = policy.audit(records, as_of="2026-03-06T00:00").decision("C")
    assert [d.fact("frequent") for d in decided.values()] == [True, False]
    rules = [{r["rule"]: r["outcome"] for section in ("deadlines", "requirements") for r in d.to_dict()[section]} for d in decided.values()]
    assert [r.pop("RQ-care") for r in rules] == ["breached", "not_applicable"]
    assert rules[0] == rules[1]


def test_staff_departments_and_dealers() -> None:
    """Two by 017 with scores 5 and 2, one by 018 with 3; the plant helped once; of the dealer's two one was passed on too late."""
    rows = [("A", "017", 5, "工厂", "d1", "2026-03-02T09:00", True, True), ("B", "017", 2, None, "d1", "2026-03-04T09:00", False, True), ("C", "018", 3, None, None, None, True, False)]
    # Soon is one day: received by the dealer on the 1st, so by the end of the 2nd.
    records = [{"id": i, "received_at": "2026-03-02T10:00", "complainant_id": i, "level_at_receipt": "general", "handler_number": number, "outcome_score": score, "helping_department": helper, "dealer": dealer, "dealer_received_at": "2026-03-01T09:00" if dealer else None, "dealer_passed_at": passed, "says_solved": solved, "says_in_time": in_time, "focus": "tariff" if in_time else "other", "channel": number, "handled_via": "phone" if solved else "other", "closed_at": "2026-03-05T09:00", "archived_at": "2026-03-06T09:00", "events": [{"at": "2026-03-02T11:00", "kind": "step"}] * (3 if solved else 13)} for i, number, score, helper, dealer, passed, solved, in_time in rows]
    portfolio = shipped("cn/service_levels").audit(records, as_of="2026-06-01T00:00").portfolio

    def values(rule: str) -> dict[Any, Any]:
        return {f.group: f.low for f in portfolio[rule] if f.members}

    assert values("PF-handled") == {("017",): 2, ("018",): 1}
    assert values("PF-quality") == {("017",): Fraction(7, 2), ("018",): 3}
    assert values("PF-helped") == {("工厂",): 1}
    assert values("PF-dealers") == {("d1",): Fraction(1, 2)}
    assert values("PF-focus") == {("tariff",): 2, ("other",): 1}
    assert [values(rule)[()] for rule in ("PF-solved", "PF-time", "PF-simple", "PF-listening")] == [Fraction(2, 3), Fraction(2, 3), Fraction(2, 3), 2]
    assert values("PF-steps") == {(): Fraction(19, 3)}  # 3 + 13 + 3 steps


def test_figures_of_levels_effort_and_scores() -> None:
    """Three complaints: answered in 2, 4 and 24 hours, the first two live; 1, 2 and 6 contacts; scores 5, 4 and 3."""
    rows = [("A", "general", 2, True, 1, 5, True), ("B", "general", 4, True, 2, 4, False), ("C", "major", 24, False, 6, 3, False)]
    answered = {2: "2026-03-02T11:00", 4: "2026-03-02T13:00", 24: "2026-03-03T09:00"}
    records = [{"id": i, "received_at": "2026-03-02T09:00", "level_at_receipt": level, "responded_at": answered[hours], "live": live, "contacts": contacts, "process_score": score, "knowledge_value": knows, "closed_at": "2026-03-05T09:00", "archived_at": "2026-03-06T09:00", "events": []} for i, level, hours, live, contacts, score, knows in rows]
    portfolio = shipped("cn/service_levels").audit(records, as_of="2026-06-01T00:00").portfolio

    def values(rule: str) -> list[Any]:
        return sorted(f.low for f in portfolio[rule] if f.members)

    assert values("PF-levels") == [1, 2]
    assert values("PF-effort") == [3]       # (1 + 2 + 6) / 3
    assert values("PF-perception") == [4]   # (5 + 4 + 3) / 3
    assert values("PF-knowledge") == [Fraction(1, 3)]
    assert values("PF-live") == [3, 24]     # (2 + 4) / 2 live, 24 not
