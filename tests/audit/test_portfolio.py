"""Figures over many records, worked by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from complaint_policy import PolicyError, load_policy_text

HEAD = """
format: 1
policy: test/portfolio
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
currency: CNY
record: {fields: {product: {type: enum, values: [phone, card]}}}
portfolio:
"""
AS_OF = "2026-07-01T00:00"


def figures(rule: str, records: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    policy = load_policy_text(HEAD + f"  - {rule}\n")
    audit = policy.audit([{"received_at": "2026-03-02T09:00", **r} for r in records], as_of=AS_OF)
    (results,) = audit.portfolio.values()
    return [(r.period, r.group, r.low, r.high, r.members, r.undecided, r.outcome) for r in results]


def test_a_share_counts_what_is_certain() -> None:
    # Four closed, three of them followed up: 3/4.  The open case is not among them.
    rule = "{id: PF, measure: {share: {followed_up_at: present}, among: {closed_at: present}}, expect: {at_least: 100%}}"
    closed = {"closed_at": "2026-03-03T09:00"}
    records: list[dict[str, Any]] = [{**closed, "followed_up_at": "2026-03-04T09:00"}] * 3 + [closed, {"closed_at": None}]
    assert figures(rule, [dict(r) for r in records]) == [("all", (), Fraction(3, 4), Fraction(3, 4), 4, 0, "breached")]


def test_an_undecided_record_makes_a_share_an_interval() -> None:
    # Two yes, one no, one unknown: from 2/4 to 3/4.
    rule = "{{id: PF, measure: {{share: {{satisfied: true}}}}, expect: {{at_least: {limit}}}}}"
    records: list[dict[str, Any]] = [{"satisfied": s} for s in (True, True, False, None)]
    for limit, outcome in (("50%", "met"), ("75%", "indeterminate"), ("76%", "breached")):
        assert figures(rule.format(limit=limit), records) == [("all", (), Fraction(1, 2), Fraction(3, 4), 4, 1, outcome)]


def test_a_member_that_may_be_none_moves_both_ends() -> None:
    # Among founded complaints: one founded and satisfied; one perhaps founded and not satisfied: from 1/2 to 1.
    rule = "{id: PF, measure: {share: {satisfied: true}, among: {upheld: true}}, expect: {at_least: 60%}}"
    records: list[dict[str, Any]] = [{"upheld": True, "satisfied": True}, {"upheld": None, "satisfied": False}]
    assert figures(rule, records) == [("all", (), Fraction(1, 2), Fraction(1), 1, 1, "indeterminate")]


def test_a_count_by_month_and_product() -> None:
    rule = "{id: PF, measure: {count: {injury: true}}, per: month, by: [product], expect: {at_most: 1}}"
    records: list[dict[str, Any]] = [
        {"product": "phone", "injury": True},
        {"product": "phone", "injury": True},
        {"product": "card", "injury": True},
        {"product": "card", "injury": False, "received_at": "2026-04-01T00:00"},
    ]
    assert figures(rule, records) == [
        ("2026-03", ("card",), 1, 1, 1, 0, "met"),
        ("2026-03", ("phone",), 2, 2, 2, 0, "breached"),
        ("2026-04", ("card",), 0, 0, 1, 0, "met"),
    ]


def test_sums_and_means_are_exact() -> None:
    # 0.10 + 0.20 = 0.30 exactly; the mean is 0.15.
    records: list[dict[str, Any]] = [{"amount_claimed": "0.10"}, {"amount_claimed": "0.20"}]
    assert figures("{id: PF, measure: {sum: {field: amount_claimed}}, expect: {at_most: 0.3}}", records)[0][2:] == (
        Fraction(3, 10),
        Fraction(3, 10),
        2,
        0,
        "met",
    )
    assert figures("{id: PF, measure: {mean: {field: amount_claimed}}, expect: {above: 0.15}}", records)[0][2:] == (
        Fraction(3, 20),
        Fraction(3, 20),
        2,
        0,
        "breached",
    )


def test_an_unknown_amount_leaves_the_sum_open() -> None:
    records: list[dict[str, Any]] = [{"amount_claimed": "5"}, {"amount_claimed": None}]
    assert figures("{id: PF, measure: {sum: {field: amount_claimed}}, expect: {at_least: 1}}", records)[0][2:] == (None, None, 2, 1, "indeterminate")


def test_two_limits_over_an_interval() -> None:
    # Between 0 and 2: both ends miss "1 to 1", yet 1 would meet it.
    rule = "{id: PF, measure: {count: {injury: true}}, expect: {at_least: 1, at_most: 1}}"
    assert figures(rule, [{"injury": None}, {"injury": None}])[0][2:] == (0, 2, 2, 2, "indeterminate")


def test_too_few_records_are_no_ground_to_judge() -> None:
    rule = "{id: PF, measure: {share: {satisfied: true}}, expect: {at_least: 90%}, min_count: 20}"
    assert figures(rule, [{"satisfied": False}] * 3)[0][-1] == "not_applicable"


@pytest.mark.parametrize(("per", "name"), [("week", "2026-W10"), ("quarter", "2026-Q1"), ("half_year", "2026-H1"), ("year", "2026")])
def test_periods(per: str, name: str) -> None:
    # Monday 2 March 2026 lies in ISO week 10.
    assert figures(f"{{id: PF, measure: {{count: {{injury: true}}}}, per: {per}}}", [{"injury": True}])[0][0] == name


def test_the_summary_shows_them() -> None:
    policy = load_policy_text(HEAD + "  - {id: PF, title: {en: Satisfied, zh: 满意率}, measure: {share: {satisfied: true}}, expect: {at_least: 90%}}\n")
    summary = policy.audit([{"received_at": "2026-03-02T09:00", "satisfied": True}], as_of=AS_OF).summary()
    assert "满意率" in summary.render("zh") and "100.0%" in summary.render("zh")
    assert summary.to_dict()["portfolio"][0]["low"] == "1"


def test_a_measure_is_one_of_its_kinds() -> None:
    with pytest.raises(PolicyError, match="measure-not-one"):
        load_policy_text(HEAD + "  - {id: PF, measure: {share: {injury: true}, count: {injury: true}}}\n")
