"""Hard clauses of real regulations, written in the language and judged; the arithmetic stands beside each value."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from complaint_policy import Decision, Policy, load_policy_text
from complaint_policy.results import PenaltyResult

POLICY = """\
format: 1
policy: t/x
effective: {from: 2020-01-01}
timezone: Asia/Shanghai
currency: CNY
calendars: {office: {weekdays: mon-fri, hours: {mon-fri: ["09:00-17:00"]}}}
counting: {calendar: office}
record:
  fields:
    complex: {type: boolean}
    very_complex: {type: boolean}
    special_approved_at: {}
    special_notified_at: {}
    approver_role: {type: string}
    credit_at: {}
    notice_at: {}
    new_account: {type: boolean}
    point_of_sale: {type: boolean}
    foreign: {type: boolean}
    decided_at: {}
    handed_over_at: {}
    complained_at: {}
    km_since_handover: {type: number, unit: km}
    ordered_at: {}
    installed_at: {}
    promised_at: {type: datetime, empty: none}
    promised_until: {type: datetime, empty: none}
    referred_at: {}
    answered_body_at: {}
    accepted_at: {}
    final_response_at: {}
    appealed_at: {}
    matter_at: {}
    told_operator_at: {}
    dispute: {type: enum, values: [charge, other]}
    shelf_life_ends: {type: date, empty: none}
    purchased_at: {}
    deleted_at: {}
    delay_hours: {type: number}
    extraordinary: {type: boolean}
    km: {type: number}
    intra_eu: {type: boolean}
    rerouted_in_band: {type: boolean}
    fee: {type: money}
    stalling: {type: boolean}
    repair_padding: {type: boolean}
    illegal_income: {type: money}
    site: {type: enum, values: [plant, sales]}
    shift_team: {type: string}
    plant: {type: string}
    branch: {type: string}
    parts_transport: {type: intervals, empty: none}
    repairs: {type: intervals, empty: none}
    marketing_received_at: {}
    sales_received_at: {}
    sales_done_at: {}
    plant_received_at: {}
    plant_done_at: {}
    unreachable: {type: boolean}
    attempts: {type: integer}
    region: {type: enum, values: [home, abroad]}
    product: {type: enum, values: [ucits, other]}
facts:
  credited_in_time: {credit_at: {by: {from: notice_at, within: {choose: [{when: {new_account: true}, then: 20 working days}, {otherwise: 10 working days}]}}}}
  in_warranty: {complained_at: {by: {from: handed_over_at, within: 100 days}}, km_since_handover: {at_most: 20000}}
  warranty_ends: {last_of: [promised_until, {from: handed_over_at, within: 100 days}]}
  repair_days: {length: {except: [repairs, parts_transport]}, in: days, round: up, per: span}
  may_return: {any: [{repair_days: {above: 30}}]}
  solved_early: {accepted_at: {by: {from: received_at, within: 3 working days, counting: {ends: close_of_business}}}}
  stalled: {outcome: {DL-decide: breached}}
deadlines:
  - {id: DL-respond, from: received_at, to: responded_at, within: 15 days, extend: [
      {id: complex, within: 30 days, when: {complex: true}},
      {id: special, within: 60 days, when: {very_complex: true}, needs: {all: [{special_approved_at: {by: {due: previous}}}, {special_notified_at: {by: {due: previous}}}, {approver_role: [superior, head_office]}]}}]}
  - {id: DL-decide, from: notice_at, to: decided_at, within: 10 working days, extend: [
      {id: credited, within: 45 days, when: {credited_in_time: true}}, {id: long, within: 90 days, when: {any: [{new_account: true}, {point_of_sale: true}, {foreign: true}]}}]}
  - {id: DL-install, from: ordered_at, to: installed_at, within: {first_of: [promised_at, 15 days]}}
  - {id: DL-idr, from: received_at, to: responded_at, within: 21 days}
  - {id: DL-external, from: referred_at, to: answered_body_at, within: {choose: [{when: {referred_at: {by: {due: DL-idr}}}, then: {due: DL-idr}}, {otherwise: 21 days}]}}
  - {id: DL-final, from: received_at, to: final_response_at, within: 8 weeks, exempt: [{when: {solved_early: true}, reason: {en: Solved within three business days}}]}
  - {id: DL-plan, from: {last_of: [received_at, reopened_at]}, to: plan_proposed_at, within: 2 days}
  - {id: DL-case, from: marketing_received_at, to: closed_at, within: {choose: [{when: {region: home}, then: 15 days}, {when: {region: abroad}, then: 18 days}]}}
  - {id: DL-sales, part_of: DL-case, from: sales_received_at, to: sales_done_at, within: 5 days}
  - {id: DL-market, part_of: DL-case, from: sales_done_at, to: reported_at, within: 7 days}
  - {id: DL-plant, part_of: DL-market, from: plant_received_at, to: plant_done_at, within: 2 days}
admission:
  - {id: AD-window, require: {appealed_at: {by: {from: matter_at, within: {choose: [{when: {dispute: charge}, then: 5 months}, {otherwise: 2 years}]}}}}, reason: {zh: 超过期限}}
  - {id: AD-first, require: {any: [{satisfied: false}, {appealed_at: {after: {from: told_operator_at, within: 15 days}}}]}, reason: {zh: 未先向企业投诉}}
retention:
  - {id: RT-purchase, keep_until: {first_known: [{from: shelf_life_ends, within: 6 months}, {from: purchased_at, within: 2 years}]}, deleted: deleted_at}
  - {id: RT-file, keep_until: {from: {last_of: [closed_at, followed_up_at]}, within: {choose: [{when: {product: ucits}, then: 5 years}, {otherwise: 3 years}]}}, deleted: deleted_at}
penalties:
  - {id: PN-air, when: {delay_hours: {at_least: 3}, extraordinary: false}, payable_to: complainant, amount: {times: [{choose: [{when: {km: {at_most: 1500}}, then: 250}, {when: {any: [{intra_eu: true}, {km: {at_most: 3500}}]}, then: 400}, {otherwise: 600}]}, {choose: [{when: {rerouted_in_band: true}, then: 0.5}, {otherwise: 1}]}]}}
  - {id: PN-late, for: [DL-install], payable_to: complainant, amount: {times: [0.01, {field: fee}, {length: {late: DL-install}, in: days, round: up}]}}
  - {id: PN-fine, when: {stalling: true}, payable_to: regulator, range: {choose: [{when: {repair_padding: true}, then: [0, {min_of: [{times: [3, {field: illegal_income}]}, 30000]}]}, {when: {illegal_income: {above: 0}}, then: [{field: illegal_income}, {times: [10, {field: illegal_income}]}]}, {otherwise: [0, 500000]}]}}
  - {id: PN-case, when: {responsibility_determined_at: present, upheld: true}, range: [200, 1500], amount: 200, per: case, charge: {choose: [{when: {site: plant}, then: {first_known: [{field: shift_team}, {field: plant}]}}, {otherwise: {first_known: [{field: responsible_person}, {field: branch}]}}]}}
portfolio:
  - {id: PF-followup, measure: {share: {followed_up_at: present}, among: {closed_at: present, not: {all: [{unreachable: true}, {attempts: {at_least: 3}}]}}}, expect: {at_least: 100%}}
"""
AS_OF = "2026-03-20T09:00"


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy_text(POLICY)


def judged(policy: Policy, **record: Any) -> Decision:
    return policy.evaluate({"id": "1", "received_at": "2026-03-02T10:00", **record}, as_of=AS_OF)


def proposal(rule: str, policy: Policy, **record: Any) -> PenaltyResult:
    found = judged(policy, **record).result(rule)
    assert isinstance(found, PenaltyResult)
    return found


def test_a_promise_bounds_the_limit(policy: Policy) -> None:
    # Ordered 2 March: 15 days end on the 17th; the firm promised the 10th, which comes first.
    due = judged(policy, ordered_at="2026-03-02T10:00", promised_at="2026-03-10T00:00").deadline("DL-install").due_at
    assert due is not None and due.isoformat() == "2026-03-10T00:00:00+08:00"
    due = judged(policy, ordered_at="2026-03-02T10:00").deadline("DL-install").due_at
    assert due is not None and due.isoformat() == "2026-03-17T23:59:59+08:00"


def test_one_percent_a_day_late_accrues(policy: Policy) -> None:
    # Promised 10 March 00:00, open on 20 March 09:00: 10 days and 9 hours, so 11 days begun; 1 % of 100 each.
    penalty = proposal("PN-late", policy, ordered_at="2026-03-02T10:00", promised_at="2026-03-10T00:00", fee="100")
    assert (penalty.state, penalty.amount) == ("accruing", Decimal("11.00"))


def test_a_stepped_amount_with_an_unknown_reduction(policy: Policy) -> None:
    # 2,000 km: 400; halved if re-routed in time, which is unknown.
    penalty = proposal("PN-air", policy, delay_hours=4, extraordinary=False, km=2000)
    assert (penalty.state, penalty.min, penalty.max) == ("indeterminate", Decimal("200.00"), Decimal("400.00"))
    assert "rerouted_in_band" in penalty.missing


def test_a_range_by_income_with_a_cap(policy: Policy) -> None:
    # Repair padding: up to 3 x 2,000 = 6,000, below the cap of 30,000; 3 x 20,000 is above it.
    for income, most in ((2000, "6000.00"), (20000, "30000.00")):
        penalty = proposal("PN-fine", policy, stalling=True, repair_padding=True, illegal_income=income)
        assert (penalty.state, penalty.min, penalty.max) == ("proposed", Decimal("0.00"), Decimal(most))
    # Otherwise 1 to 10 times the income; without income up to 500,000.
    penalty = proposal("PN-fine", policy, stalling=True, repair_padding=False, illegal_income=2000)
    assert (penalty.min, penalty.max) == (Decimal("2000.00"), Decimal("20000.00"))
    penalty = proposal("PN-fine", policy, stalling=True, repair_padding=False, illegal_income=0)
    assert (penalty.min, penalty.max) == (Decimal("0.00"), Decimal("500000.00"))


def test_solved_by_the_close_of_the_third_business_day(policy: Policy) -> None:
    # Received Monday 2 March: the third business day is Thursday the 5th, which closes at 17:00.
    assert judged(policy, accepted_at="2026-03-05T17:00").outcomes["DL-final"] == "exempt"
    assert judged(policy, accepted_at="2026-03-05T17:00:01").outcomes["DL-final"] == "pending"


def test_the_appeal_window_depends_on_the_dispute(policy: Policy) -> None:
    # Five months from 10 September 2025 end on 10 February 2026; the day after is too late for a charge only.
    for appealed, dispute, outcome in (
        ("2026-02-10T23:59", "charge", "met"),
        ("2026-02-11T00:00", "charge", "breached"),
        ("2026-02-11T00:00", "other", "met"),
        ("2026-02-11T00:00", None, "indeterminate"),
        ("2026-02-10T23:59", None, "met"),
    ):
        decision = judged(policy, matter_at="2025-09-10T09:00", appealed_at=appealed, dispute=dispute)
        assert decision.outcomes["AD-window"] == outcome
        assert "AD-window" not in [broken.rule for broken in decision.breaches]  # the complainant's duty, not the company's


def test_a_shift_team_that_is_unclear_leaves_the_whole_plant(policy: Policy) -> None:
    known = {"responsibility_determined_at": "2026-03-10T09:00", "upheld": True, "site": "plant", "plant": "north"}
    penalty = proposal("PN-case", policy, **known, shift_team="B")
    assert penalty.charge is not None and (penalty.charge.field, penalty.charge.name) == ("shift_team", "B")
    penalty = proposal("PN-case", policy, **known)
    assert penalty.charge is not None and (penalty.charge.field, penalty.charge.name) == ("plant", "north")
    penalty = proposal("PN-case", policy, responsibility_determined_at="2026-03-10T09:00", upheld=True, site="plant")
    assert (penalty.state, penalty.charge) == ("indeterminate", None)


def test_part_days_round_up_and_transport_is_left_out(policy: Policy) -> None:
    # 1 March 08:00 to 4 March 09:00 is 3 days and an hour; without two days of transport 25 hours: 2 days begun.
    repairs = [{"from": "2026-03-01T08:00", "to": "2026-03-04T09:00"}]
    assert judged(policy, repairs=repairs).fact("repair_days") == 4
    transport = [{"from": "2026-03-01T08:00", "to": "2026-03-03T08:00"}]
    assert judged(policy, repairs=repairs, parts_transport=transport).fact("repair_days") == 2


def test_the_balance_of_the_first_limit_on_referral(policy: Policy) -> None:
    # The internal limit: 21 days from 2 March end on the 23rd.  Referred before, the balance is what is left of it.
    due = judged(policy, referred_at="2026-03-10T09:00").deadline("DL-external").due_at
    assert due is not None and due.isoformat() == "2026-03-23T23:59:59+08:00"


def test_provisional_credit_buys_the_longer_limit(policy: Policy) -> None:
    # Notice Monday 2 February: ten working days end on Monday the 16th (plain mon-fri calendar); 45 days on 19 March.
    known = {"received_at": "2026-02-02T09:00", "notice_at": "2026-02-02T09:00", "new_account": False, "point_of_sale": False, "foreign": False}
    assert judged(policy, **known).outcomes["DL-decide"] == "breached"
    due = judged(policy, **known, credit_at="2026-02-16T17:00").deadline("DL-decide").due_at
    assert due is not None and due.date().isoformat() == "2026-03-19"
    due = judged(policy, **known, credit_at="2026-02-17T09:00").deadline("DL-decide").due_at
    assert due is not None and due.date().isoformat() == "2026-02-16"
