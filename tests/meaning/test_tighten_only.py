"""An overlay that only tightens: every rule it replaces is shown to be no laxer, or is a problem with its example."""

from __future__ import annotations

from pathlib import Path

import pytest

from complaint_policy import PolicyError, load_policy, load_policy_text
from complaint_policy.problems import Problem
from tests.work import Bounded

BASE = """format: 1
policy: t/base
effective: {{from: 2026-01-01}}
timezone: Asia/Shanghai
currency: CNY
sources: {{law: {{title: {{en: Law, zh: 法}}, status: verified}}}}
calendars:
  workdays: {{country: CN, announced_until: 2026-12-31}}
  office: {{country: CN, announced_until: 2026-12-31, hours: {{mon-fri: ["09:00-18:00"]}}}}
counting: {{calendar: workdays, roll: next_working_day}}
roles: {{desk: {{en: Desk}}, boss: {{en: Boss}}, legal: {{en: Legal}}}}
record:
  fields:
    complex: {{type: boolean}}
    urgent: {{type: boolean}}
    promised_at: {{type: datetime, empty: none}}
    waiting: {{type: intervals, empty: none}}
    category: {{type: enum, values: [network, tariff]}}
{section}
"""
TOP = """format: 1
policy: t/top
effective: {{from: 2026-01-01}}
extends: [./base.yaml]
tighten_only: true
timezone: Asia/Shanghai
counting: {{calendar: workdays, roll: next_working_day}}
{section}
"""


def told(tmp_path: Path, base: str, top: str) -> tuple[Problem, ...]:
    """The problems of an overlay over a base."""
    (tmp_path / "base.yaml").write_text(BASE.format(section=base), encoding="utf-8")
    (tmp_path / "top.yaml").write_text(TOP.format(section=top), encoding="utf-8")
    load_policy(tmp_path / "base.yaml")
    try:
        load_policy(tmp_path / "top.yaml")
    except PolicyError as error:
        return error.problems
    return ()


def codes(tmp_path: Path, base: str, top: str) -> list[str]:
    return [p.code for p in told(tmp_path, base, top)]


OK: list[str] = []
LAXER, NOT_SHOWN = ["laxer-than-base"], ["not-shown-stricter"]
DEADLINE = "deadlines: [{{id: D, from: received_at, to: responded_at, {}}}]"
OWN = "deadlines: [{{id: D, replaces: true, from: received_at, to: responded_at, {}}}]"

LIMITS = [
    ("within: 15 days", "within: 15 days", OK),
    ("within: 15 days", "within: 14 days", OK),
    ("within: 15 days", "within: 16 days", LAXER),
    ("within: 15 days", "within: 2 weeks", OK),
    ("within: 2 weeks", "within: 15 days", LAXER),
    ("within: 15 days", "within: 5 working days", OK),
    # Chongqing's working days against the national days: from 1 January 15 working days end later
    ("within: 15 days", "within: 15 working days", LAXER),
    # from 13 February 2026 nine days off follow (15 to 23): working days 14, 24, 25, 26, 27, 28 February and 2, 3 March are eight,
    # so 8 end on the 3rd of March, and 15 days on 28 February, which is worked
    ("within: 15 days", "within: 8 working days", LAXER),
    # the 15 days are counted without their roll: 28 February against 1 March
    ("within: 15 days, counting: {roll: none}", "within: 15 days", LAXER),
    ("within: 15 days", "within: 15 days, counting: {roll: none}", OK),
    ("within: 15 days", "within: 15 days, counting: {first_day: included}", OK),
    ("within: 15 days, counting: {first_day: included}", "within: 15 days", LAXER),
    # received in the last instant of a day, 48 hours end in the last instant of day two, and before it otherwise
    ("within: 2 days, counting: {roll: none}", "within: 48 hours", OK),
    ("within: 2 days, counting: {roll: none}", "within: 49 hours", LAXER),
    ("within: 48 hours", "within: 2 days", LAXER),
    ("within: 1 month", "within: 28 days", OK),  # February 2026 has 28 days
    ("within: 1 month, counting: {roll: none}", "within: 29 days, counting: {roll: none}", LAXER),
    ("within: 15 days", "within: {first_of: [promised_at, 15 days]}", OK),
    ("within: {first_of: [promised_at, 15 days]}", "within: 15 days", NOT_SHOWN),
    ("within: {first_of: [promised_at, 15 days]}", "within: {first_of: [promised_at, 10 days]}", OK),
    ("within: {first_of: [promised_at, 15 days]}", "within: {first_of: [promised_at, 20 days]}", LAXER),
    ("within: {last_of: [promised_at, 15 days]}", "within: 15 days", OK),
    # without a promise the overlay would have no limit at all
    ("within: {last_of: [promised_at, 15 days]}", "within: promised_at", NOT_SHOWN),
    ("within: {last_of: [promised_at, 15 days]}", "within: {first_of: [promised_at, 30 days]}", NOT_SHOWN),
    ("within: 15 days", "within: {choose: [{when: {complex: true}, then: 15 days}, {otherwise: 10 days}]}", OK),
    ("within: 15 days", "within: {choose: [{when: {complex: true}, then: 16 days}, {otherwise: 10 days}]}", LAXER),
    ("within: {choose: [{when: {complex: true}, then: 30 days}, {otherwise: 15 days}]}", "within: 15 days", OK),
    ("within: {choose: [{when: {complex: true}, then: 30 days}, {otherwise: 15 days}]}", "within: 16 days", LAXER),
    (
        "within: {choose: [{when: {complex: true}, then: 30 days}, {otherwise: 15 days}]}",
        "within: {choose: [{when: {complex: true}, then: 20 days}, {otherwise: 15 days}]}",
        OK,
    ),
    # received after the closing of a day, the next closing ends it: later than that day, earlier than two
    ("within: same day, counting: {roll: none}", "within: same day, counting: {calendar: office, ends: close_of_business, roll: none}", LAXER),
    ("within: 2 working days", "within: 1 working day, counting: {calendar: office, ends: close_of_business}", OK),
    # a field against a length: nobody knows
    ("within: {days: {field: affected_customers}}", "within: 15 days", NOT_SHOWN),
    ("within: {days: {field: affected_customers}}", "within: {first_of: [{days: {field: affected_customers}}, 15 days]}", OK),
]


@pytest.mark.parametrize(("base", "own", "expected"), LIMITS)
def test_a_limit_is_never_later(tmp_path: Path, base: str, own: str, expected: list[str]) -> None:
    assert codes(tmp_path, DEADLINE.format(base), OWN.format(own)) == expected


FRAMES = [
    ("when: {complex: true}", "", OK),  # binds more
    ("", "when: {complex: true}", LAXER),
    ("when: {complex: true}", "when: {any: [{complex: true}, {urgent: true}]}", OK),
    ("when: {any: [{complex: true}, {urgent: true}]}", "when: {complex: true}", LAXER),
    ("when: {amount_claimed: {at_least: 50}}", "when: {amount_claimed: {at_least: 50}}", OK),
    ("when: {amount_claimed: {at_least: 50}}", "when: {amount_claimed: {above: 50}}", LAXER),
    ("when: {amount_claimed: {at_least: 50}}", "when: {amount_claimed: {at_least: 49.99}}", OK),
    ("when: {category: network}", "when: {category: {not: tariff}}", OK),  # there is no third
    # a question about times may have no such answer
    ("when: {promised_at: {by: closed_at}}", "when: {promised_at: {by: responded_at}}", NOT_SHOWN),
    ("exempt: [{when: {complex: true}, reason: {en: r}}]", "", OK),
    ("", "exempt: [{when: {complex: true}, reason: {en: r}}]", LAXER),
    ("when: {complex: false}", "exempt: [{when: {complex: true}, reason: {en: r}}]", OK),  # the same said otherwise
    ("waivable: {by: [boss, desk]}", "waivable: {by: [boss]}", OK),
    ("waivable: {by: [boss]}", "waivable: {by: [boss, desk]}", LAXER),
    ("", "duty_of: regulator", LAXER),
    ("pauses: [waiting]", "", OK),
    ("", "pauses: [waiting]", NOT_SHOWN),
    ("pauses: [waiting]", "pauses: [{except: [waiting, {between: [responded_at, closed_at]}]}]", OK),
    ("pauses: [{together: [waiting, waiting_on_customer]}]", "pauses: [waiting]", OK),
    ("pauses: [waiting]", "pauses: [waiting], counting: {pause_on_days: elapsed}", NOT_SHOWN),
]


@pytest.mark.parametrize(("base", "own", "expected"), FRAMES)
def test_whom_and_when_it_binds(tmp_path: Path, base: str, own: str, expected: list[str]) -> None:
    assert codes(tmp_path, DEADLINE.format(f"within: 15 days, {base}"), OWN.format(f"within: 15 days, {own}")) == expected


LADDER = "within: 15 days, extend: [{id: a, within: 30 days, when: {complex: true}, needs: {present: [extension_notified_at, extension_approved_at]}}]"
LADDERS = [
    ("within: 15 days", OK),
    ("within: 15 days, extend: [{id: a, within: 30 days, when: {complex: true}, needs: {present: [extension_notified_at, extension_approved_at]}}]", OK),
    ("within: 15 days, extend: [{id: a, within: 29 days, when: {complex: true}, needs: {present: [extension_notified_at, extension_approved_at]}}]", OK),
    ("within: 15 days, extend: [{id: a, within: 31 days, when: {complex: true}, needs: {present: [extension_notified_at, extension_approved_at]}}]", LAXER),
    ("within: 15 days, extend: [{id: a, within: 30 days, needs: {present: [extension_notified_at, extension_approved_at]}}]", LAXER),
    ("within: 15 days, extend: [{id: a, within: 30 days, when: {complex: true, urgent: true}, needs: {present: [extension_notified_at, extension_approved_at]}}]", OK),
    ("within: 15 days, extend: [{id: a, within: 30 days, when: {complex: true}, needs: {present: [extension_notified_at]}}]", NOT_SHOWN),
    ("within: 15 days, extend: [{id: a, within: 30 days, when: {complex: true}, needs: {present: [extension_notified_at, extension_approved_at]}, late: allowed}]", LAXER),
    # a further step, up to the base's last and beyond
    (LADDER.replace("]}}]", "]}}, {id: b, within: 30 days, when: {urgent: true}}]").replace("30 days, when: {complex", "20 days, when: {complex"), OK),
    (LADDER.replace("]}}]", "]}}, {id: b, within: 31 days, when: {urgent: true}}]"), LAXER),
]


@pytest.mark.parametrize(("own", "expected"), LADDERS)
def test_a_ladder_is_no_longer_and_no_easier(tmp_path: Path, own: str, expected: list[str]) -> None:
    assert codes(tmp_path, DEADLINE.format(LADDER), OWN.format(own)) == expected


# From 17 January 40 days end in February, and the day of the year is 25 March: the step of the base may shorten.
BENT = "within: {month_day: [03-25, 09-30]}, extend: [{id: a, within: 40 days, when: {complex: true}}]"


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (BENT, OK),
        ("within: {month_day: [03-25, 09-30]}", LAXER),
        (BENT.replace("complex: true", "complex: true, urgent: true"), LAXER),
        ("within: {first_of: [{month_day: [03-25, 09-30]}, 40 days]}", OK),
    ],
)
def test_a_step_that_may_end_earlier_is_not_left_out(tmp_path: Path, own: str, expected: list[str]) -> None:
    assert codes(tmp_path, DEADLINE.format(BENT), OWN.format(own)) == expected


SECTIONS = [
    # requirements: more to be present, or earlier
    ("requirements: [{id: R, require: {present: [root_cause]}}]", "requirements: [{id: R, replaces: true, require: {present: [root_cause, corrective_action]}}]", OK),
    ("requirements: [{id: R, require: {present: [root_cause, corrective_action]}}]", "requirements: [{id: R, replaces: true, require: {present: [root_cause]}}]", LAXER),
    ("requirements: [{id: R, require: {upheld: true}}]", "requirements: [{id: R, replaces: true, require: {upheld: true}, before: responded_at}]", NOT_SHOWN),
    ("requirements: [{id: R, require: {upheld: true}}]", "requirements: [{id: R, replaces: true, require: {upheld: true}, before: {first_of: [responded_at, closed_at]}}]", OK),
    # admission: the complainant's way in is no narrower
    ("admission: [{id: A, require: {complex: false}}]", "admission: [{id: A, replaces: true, require: {any: [{complex: false}, {urgent: true}]}}]", OK),
    ("admission: [{id: A, require: {complex: false}}]", "admission: [{id: A, replaces: true, require: {complex: false, urgent: true}}]", LAXER),
    # a filing window of the complainant is no shorter
    ("deadlines: [{id: F, duty_of: complainant, from: promised_at, to: received_at, within: 5 months}]", "deadlines: [{id: F, replaces: true, duty_of: complainant, from: promised_at, to: received_at, within: 6 months}]", OK),
    ("deadlines: [{id: F, duty_of: complainant, from: promised_at, to: received_at, within: 5 months}]", "deadlines: [{id: F, replaces: true, duty_of: complainant, from: promised_at, to: received_at, within: 4 months}]", LAXER),
    # retention: no shorter
    ("retention: [{id: K, keep_until: {from: closed_at, within: 3 years}, deleted: reported_at}]", "retention: [{id: K, replaces: true, keep_until: {from: closed_at, within: 36 months}, deleted: reported_at}]", OK),
    ("retention: [{id: K, keep_until: {from: closed_at, within: 3 years}, deleted: reported_at}]", "retention: [{id: K, replaces: true, keep_until: {from: closed_at, within: 35 months}, deleted: reported_at}]", LAXER),
    ("retention: [{id: K, keep_until: {from: closed_at, within: 3 years}, deleted: reported_at}]", "retention: [{id: K, replaces: true, keep_until: {from: {last_of: [closed_at, followed_up_at]}, within: 3 years}, deleted: reported_at}]", OK),
    ("retention: [{id: K, keep_until: {from: {last_of: [closed_at, followed_up_at]}, within: 3 years}, deleted: reported_at}]", "retention: [{id: K, replaces: true, keep_until: {from: closed_at, within: 3 years}, deleted: reported_at}]", NOT_SHOWN),
    # the first known of as many, each from the same instant
    ("retention: [{id: K, keep_until: {first_known: [{from: promised_at, within: 6 months}, {from: closed_at, within: 2 years}]}, deleted: reported_at}]", "retention: [{id: K, replaces: true, keep_until: {first_known: [{from: promised_at, within: 6 months}, {from: closed_at, within: 3 years}]}, deleted: reported_at}]", OK),
    ("retention: [{id: K, keep_until: {first_known: [{from: promised_at, within: 6 months}, {from: closed_at, within: 2 years}]}, deleted: reported_at}]", "retention: [{id: K, replaces: true, keep_until: {first_known: [{from: promised_at, within: 5 months}, {from: closed_at, within: 3 years}]}, deleted: reported_at}]", LAXER),
    ("retention: [{id: K, keep_until: {first_known: [{from: promised_at, within: 6 months}, {from: closed_at, within: 2 years}]}, deleted: reported_at}]", "retention: [{id: K, replaces: true, keep_until: {first_known: [{from: closed_at, within: 3 years}, {from: promised_at, within: 6 months}]}, deleted: reported_at}]", NOT_SHOWN),
    # penalties: never lower, inside the base's range
    ("penalties: [{id: P, when: {upheld: true}, range: [200, 1500], amount: 200}]", "penalties: [{id: P, replaces: true, when: {upheld: true}, range: [200, 1500], amount: 300}]", OK),
    ("penalties: [{id: P, when: {upheld: true}, range: [200, 1500], amount: 300}]", "penalties: [{id: P, replaces: true, when: {upheld: true}, range: [200, 1500], amount: 200}]", LAXER),
    ("penalties: [{id: P, when: {upheld: true}, range: [200, 1500]}]", "penalties: [{id: P, replaces: true, when: {upheld: true}, range: [200, 1501]}]", LAXER),
    ("penalties: [{id: P, when: {upheld: true}, range: [200, 1500]}]", "penalties: [{id: P, replaces: true, when: {upheld: true}, range: [300, 1500]}]", OK),
    ("penalties: [{id: P, when: {upheld: true}, amount: 200}]", "penalties: [{id: P, replaces: true, when: {upheld: true}, amount: {choose: [{when: {complex: true}, then: 199}, {otherwise: 300}]}}]", LAXER),
    ("penalties: [{id: P, when: {upheld: true}, amount: {times: [2, {field: price}]}}]", "penalties: [{id: P, replaces: true, when: {upheld: true}, amount: {times: [3, {field: price}]}}]", NOT_SHOWN),
    # severity: no complaint is classed lower
    ("severity: {levels: [low, high], rules: [{id: S, level: high, when: {affected_customers: {at_least: 100}}}], otherwise: low}", "severity: {rules: [{id: S, replaces: true, level: high, when: {affected_customers: {at_least: 10}}}]}", OK),
    ("severity: {levels: [low, high], rules: [{id: S, level: high, when: {affected_customers: {at_least: 100}}}], otherwise: low}", "severity: {rules: [{id: S, replaces: true, level: high, when: {affected_customers: {at_least: 101}}}]}", LAXER),
    ("severity: {levels: [low, high], rules: [{id: S, level: high, when: {affected_customers: {at_least: 100}}}], otherwise: low}", "severity: {rules: [{id: T, level: low, when: {complex: true}}]}", LAXER),
    ("severity: {levels: [low, high], rules: [{id: S, level: high, when: {affected_customers: {at_least: 100}}}], otherwise: low}", "severity: {rules: [{id: T, level: high, when: {complex: true}}]}", OK),
    ("", "severity: {levels: [low, high], rules: [{id: S, level: high, when: {complex: true}}], otherwise: low}", OK),  # the base has no levels
    # matrix and escalation: nobody is told less
    ("responsibility: {by: [category], rows: [{id: M, when: {category: network}, owner: desk, informed: [boss]}], otherwise: {owner: desk}}", "responsibility: {rows: [{id: M, replaces: true, when: {category: network}, owner: legal, informed: [boss, desk]}]}", OK),
    ("responsibility: {by: [category], rows: [{id: M, when: {category: network}, owner: desk, informed: [boss]}], otherwise: {owner: desk}}", "responsibility: {rows: [{id: M, replaces: true, when: {category: network}, owner: legal, informed: [desk]}]}", LAXER),
    ("escalation: [{id: E, when: {complex: true}, to: boss}]", "escalation: [{id: E, replaces: true, when: {complex: {not: false}}, to: boss}]", OK),
    ("escalation: [{id: E, when: {complex: true}, to: boss}]", "escalation: [{id: E, replaces: true, when: {complex: true, urgent: true}, to: boss}]", LAXER),
    ("escalation: [{id: E, when: {complex: true}, to: boss}]", "escalation: [{id: E, replaces: true, when: {complex: true}, to: desk}]", NOT_SHOWN),
    # targets over many records
    ("portfolio: [{id: F, measure: {share: {followed_up_at: present}}, expect: {at_least: 90%}}]", "portfolio: [{id: F, replaces: true, measure: {share: {followed_up_at: present}}, expect: {at_least: 95%}}]", OK),
    ("portfolio: [{id: F, measure: {share: {followed_up_at: present}}, expect: {at_least: 90%}}]", "portfolio: [{id: F, replaces: true, measure: {share: {followed_up_at: present}}, expect: {above: 90%}}]", OK),
    ("portfolio: [{id: F, measure: {share: {followed_up_at: present}}, expect: {above: 90%}}]", "portfolio: [{id: F, replaces: true, measure: {share: {followed_up_at: present}}, expect: {at_least: 90%}}]", LAXER),
    ("portfolio: [{id: F, measure: {count: {upheld: true}}, expect: {at_most: 5}, min_count: 10}]", "portfolio: [{id: F, replaces: true, measure: {count: {upheld: true}}, expect: {at_most: 5}, min_count: 11}]", LAXER),
    ("portfolio: [{id: F, measure: {count: {upheld: true}}, per: month, expect: {at_most: {times: [1.5, {mean_of_previous: 4}]}}}]", "portfolio: [{id: F, replaces: true, measure: {count: {upheld: true}}, per: month, expect: {at_most: {times: [1.4, {mean_of_previous: 4}]}}}]", OK),
    ("portfolio: [{id: F, measure: {count: {upheld: true}}, per: month, expect: {at_most: {times: [1.5, {mean_of_previous: 4}]}}}]", "portfolio: [{id: F, replaces: true, measure: {count: {upheld: true}}, per: month, expect: {at_most: {times: [1.6, {mean_of_previous: 4}]}}}]", LAXER),
    ("portfolio: [{id: F, measure: {count: {upheld: true}}, per: month, expect: {at_most: {times: [1.5, {mean_of_previous: 4}]}}}]", "portfolio: [{id: F, replaces: true, measure: {count: {upheld: true}}, per: month, expect: {at_most: {times: [1.4, {mean_of_previous: 5}]}}}]", NOT_SHOWN),
    # the scope is no narrower
    ("", "scope: {when: {category: network}}", LAXER),
    ("scope: {when: {category: network}}", "scope: {when: {category: [network, tariff]}}", OK),
    # an empty cell read in another way
    ("", "record: {fields: {complex: {type: boolean, default: false}}}", NOT_SHOWN),
    # a rule that is added is free
    ("", "deadlines: [{id: N, from: received_at, to: closed_at, within: 99 days}]", OK),
]


@pytest.mark.parametrize(("base", "own", "expected"), SECTIONS)
def test_every_kind_of_rule(tmp_path: Path, base: str, own: str, expected: list[str]) -> None:
    assert codes(tmp_path, base, own) == expected


def test_the_example_is_shown_in_both_languages(tmp_path: Path) -> None:
    (problem,) = told(tmp_path, DEADLINE.format("within: 15 days"), OWN.format("within: 15 working days"))
    # 1 January 2026, a Thursday, and 2 January are off, so is the weekend of 3 January but Sunday the 4th, which is worked:
    # working days 4, 5 to 9, 12 to 16, 19 to 22 January are fifteen; fifteen days end on Friday 16 January
    assert "15 working days instead of 15 days: from 2026-01-01 (Thu) it ends on 2026-01-22 (Thu), the base's on 2026-01-16 (Fri)" in problem.render("en")
    assert "自2026年1月1日（周四）起算，它至2026年1月22日（周四）届满，基础制度至2026年1月16日（周五）届满" in problem.render("zh")
    assert (problem.place.line, problem.place.column) == (8, 18)
    (problem,) = told(tmp_path, DEADLINE.format("within: 15 days"), OWN.format("within: 15 days, when: {amount_claimed: {at_least: 50}}"))
    assert "it does not bind where the base's does: amount_claimed: 49" in problem.render("en")


def test_henan_and_the_national_rule() -> None:
    """D42: 河南省电信条例 Art. 38 asks for an answer in 5 working days, MIIT Order 35 in 15 days; Chongqing has 15 working days."""
    head = """format: 1
policy: test/province
effective: {from: 2021-01-01}
extends: [cn/telecom]
tighten_only: true
timezone: Asia/Shanghai
counting: {calendar: workdays, first_day: excluded, ends: end_of_day, roll: next_working_day}
deadlines: [{id: DL-respond, replaces: true, title: {zh: 答复用户}, from: received_at, to: responded_at, within: %s}]
"""
    with Bounded(6_000_000):  # calls; a load of the base alone makes some 300,000
        henan = load_policy_text(head % "5 working days")
    # Monday 2 March 2026: working days 3, 4, 5, 6, 9 March
    assert str(henan.evaluate({"received_at": "2026-03-02T10:00"}, as_of="2026-03-03T00:00").deadline("DL-respond").due_on) == "2026-03-09"
    for limit in ("15 working days", "10 working days", "16 days"):
        with pytest.raises(PolicyError) as refused:
            load_policy_text(head % limit)
        assert [p.code for p in refused.value.problems] == LAXER


REPAIR = """facts:
  floor: {from: closed_at, within: 100 days}
  warranty_ends: {last_of: [promised_at, {from: closed_at, within: 100 days}]}
retention: [{id: W, title: {en: Warranty}, keep_until: {from: closed_at, within: 100 days}, deleted: reported_at}]
"""


def test_a_promise_may_not_undercut_the_legal_warranty(tmp_path: Path) -> None:
    """D42, repair 39: the shop's own promise is not below the 100 days of article 37; a floor under a right is `last_of`."""
    own = "retention: [{id: W, replaces: true, title: {en: Warranty}, keep_until: %s, deleted: reported_at}]"
    assert codes(tmp_path, REPAIR, own % "{last_of: [promised_at, {from: closed_at, within: 100 days}]}") == OK
    assert codes(tmp_path, REPAIR, own % "{from: closed_at, within: 120 days}") == OK
    assert codes(tmp_path, REPAIR, own % "{from: closed_at, within: 99 days}") == LAXER
    assert codes(tmp_path, REPAIR, own % "promised_at") == NOT_SHOWN


DECLARED = OWN.format("within: 15 working days, laxer: {reason: {en: The province counts working days, zh: 本省按工作日计算}, source: {ref: law, clause: Art. 26}}")


def test_laxer_with_its_reason(tmp_path: Path) -> None:
    assert told(tmp_path, DEADLINE.format("within: 15 days"), DECLARED) == ()
    policy = load_policy(tmp_path / "top.yaml")
    (note,) = [r for r in policy.remarks() if r.code.startswith("laxer")]
    assert (note.code, note.level, note.place.line) == ("laxer-as-declared", "note", 8)
    assert "15 working days instead of 15 days" in note.render("en")
    assert "本省按工作日计算" in note.render("zh")
    # 15 working days from Thursday 1 January end on 22 January (see above)
    decision = policy.evaluate({"id": "A", "received_at": "2026-01-01", "responded_at": "2026-01-23"}, as_of="2026-02-01T00:00")
    (finding,) = [f for f in decision.findings if f.rule == "D"]
    assert "Laxer than the policy it extends: The province counts working days; source: Law, Art. 26 [verified]" in finding.message.en
    assert "宽于所扩展的制度：本省按工作日计算" in finding.message.zh
    assert "laxer than the policy it extends: The province counts working days" in decision.explain("en")
    assert "宽于所扩展的制度：本省按工作日计算" in decision.explain("zh")


def test_laxer_where_it_is_not(tmp_path: Path) -> None:
    assert told(tmp_path, DEADLINE.format("within: 15 days"), DECLARED.replace("15 working days", "5 working days")) == ()
    assert [r.code for r in load_policy(tmp_path / "top.yaml").remarks() if r.code.startswith("laxer")] == ["laxer-needless"]


def test_a_narrower_scope_with_its_reason(tmp_path: Path) -> None:
    own = "scope: {when: {category: network}, laxer: {reason: {en: Only networks are regulated here}}}"
    assert codes(tmp_path, "", own) == OK
    assert "laxer-as-declared" in [r.code for r in load_policy(tmp_path / "top.yaml").remarks()]


def test_without_tighten_only_nothing_is_asked(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(BASE.format(section=DEADLINE.format("within: 15 days")), encoding="utf-8")
    top = TOP.format(section=OWN.format("within: 99 days")).replace("tighten_only: true\n", "")
    (tmp_path / "top.yaml").write_text(top, encoding="utf-8")
    assert load_policy(tmp_path / "top.yaml").versions


def test_tighten_only_over_nothing(tmp_path: Path) -> None:
    (tmp_path / "top.yaml").write_text(TOP.format(section="").replace("extends: [./base.yaml]\n", "").replace("counting: {calendar: workdays, roll: next_working_day}\n", ""), encoding="utf-8")
    with pytest.raises(PolicyError) as refused:
        load_policy(tmp_path / "top.yaml")
    assert [(p.code, p.place.line) for p in refused.value.problems] == [("tighten-nothing", 4)]


def test_a_base_that_only_tightens_is_held_to_it_too(tmp_path: Path) -> None:
    told(tmp_path, DEADLINE.format("within: 15 days"), OWN.format("within: 16 days"))
    firm = TOP.format(section="").replace("./base.yaml", "./top.yaml").replace("t/top", "t/firm").replace("tighten_only: true\n", "")
    (tmp_path / "firm.yaml").write_text(firm, encoding="utf-8")
    with pytest.raises(PolicyError) as refused:
        load_policy(tmp_path / "firm.yaml")
    assert [p.code for p in refused.value.problems] == LAXER


def test_every_version_of_the_base_is_compared(tmp_path: Path) -> None:
    """The base becomes stricter in the middle of the overlay's version, and overtakes it."""
    folder = tmp_path / "base.yaml.d"
    folder.mkdir()
    base = BASE.format(section=DEADLINE.format("within: 15 days"))
    (folder / "2026-01-01.yaml").write_text(base, encoding="utf-8")
    (folder / "2026-06-01.yaml").write_text(base.replace("2026-01-01", "2026-06-01").replace("15 days", "5 days"), encoding="utf-8")
    (tmp_path / "top.yaml").write_text(TOP.format(section=OWN.format("within: 10 days")).replace("./base.yaml", "./base.yaml.d"), encoding="utf-8")
    with pytest.raises(PolicyError) as refused:
        load_policy(tmp_path / "top.yaml")
    (problem,) = refused.value.problems
    # compared over days of the version only: from 1 June 2026, a Monday, 10 days end on the 11th, 5 days on Saturday the 6th, which moves to the 8th
    assert "from 2026-06-01 (Mon) it ends on 2026-06-11 (Thu), the base's on 2026-06-08 (Mon)" in problem.render("en")


EACH = "deadlines: [{{id: D, from: {}, to: closed_at, within: 15 days{}}}]"


@pytest.mark.parametrize(
    ("base", "own", "expected"),
    [
        ("received_at", "{each: [received_at, reopened_at]}", OK),
        ("{each: [received_at, reopened_at]}", "{each: [received_at, reopened_at, followed_up_at]}", OK),
        ("{each: [received_at, reopened_at]}", "{each: [received_at]}", NOT_SHOWN),
        ("{each: [received_at, reopened_at]}", "received_at", NOT_SHOWN),
        ("{each: [received_at], until: closed_at}", "{each: [received_at, reopened_at]}", OK),
        ("{each: [received_at]}", "{each: [received_at], until: closed_at}", NOT_SHOWN),
    ],
)
def test_to_begin_anew_more_often_is_stricter(tmp_path: Path, base: str, own: str, expected: list[str]) -> None:
    assert codes(tmp_path, EACH.format(base, ""), EACH.format(own, ", replaces: true")) == expected
