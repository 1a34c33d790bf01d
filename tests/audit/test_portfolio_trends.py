"""Rates, early warning and baselines, worked by hand; what is not known is said."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from complaint_policy import Policy, PolicyError, load_policy_text
from complaint_policy.audit.portfolio import Portfolio
from complaint_policy.errors import InputError, UsageError

HEAD = """
format: 1
policy: test/trends
effective: {from: 2020-01-01}
timezone: Asia/Shanghai
record: {fields: {product: {type: enum, values: [phone, card]}}}
portfolio:
"""
# Mondays of the ISO weeks 2 to 6 of 2026; week 7 begins on 9 February.
MONDAYS = {2: "2026-01-05", 3: "2026-01-12", 4: "2026-01-19", 5: "2026-01-26", 6: "2026-02-02", 7: "2026-02-09"}
AS_OF = "2026-02-09T12:00"
Told = dict[str, tuple[Any, Any, Any, str | None]]


def complaints(weeks: dict[int, int], product: str | None = "phone") -> list[dict[str, Any]]:
    return [{"received_at": f"{MONDAYS[week]}T09:00", "product": product, "injury": True} for week, times in weeks.items() for _ in range(times)]


def policy_of(*rules: str) -> Policy:
    return load_policy_text(HEAD + "".join(f"  - {rule}\n" for rule in rules))


def told(rule: str, records: list[dict[str, Any]], as_of: str = AS_OF, **options: Any) -> Told:
    """By period and group: the ends, the outcome, the reason."""
    policy = policy_of(rule)
    found: list[Told] = []
    for source in (records, pl.DataFrame(records)):
        (results,) = policy.audit(source, as_of=as_of, **options).portfolio.values()
        found.append({" ".join((r.period, *r.group)): (r.low, r.high, r.outcome, r.reason and r.reason.en) for r in results})
    assert found[0] == found[1]  # one by one, and on columns
    return found[0]


EARLY = "the table does not reach back far enough"
RUNNING = "the period is still running"


def test_a_surge_over_the_mean_of_the_periods_before() -> None:
    # 4, 2, none, 6: the mean of 4 and 2 is 3, of 2 and 0 it is 1; one and a half times that is 4.5 and 1.5.
    rule = "{id: PF, measure: {count: {injury: true}}, per: week, expect: {at_most: {times: [1.5, {mean_of_previous: 2}]}}}"
    assert told(rule, complaints({2: 4, 3: 2, 5: 6, 7: 1})) == {
        "2026-W02": (4, 4, "not_applicable", EARLY),
        "2026-W03": (2, 2, "not_applicable", EARLY),
        "2026-W04": (0, 0, "met", None),
        "2026-W05": (6, 6, "breached", None),
        "2026-W06": (0, 0, "met", None),
        "2026-W07": (1, 1, "pending", RUNNING),
    }


def test_at_the_limit_itself() -> None:
    # 4 and 2: their mean is 3, the limit 4.5 of 9/2; twice 3 is 6.
    for limit, outcome in (("at_most: {times: [2, {mean_of_previous: 2}]}", "met"), ("below: {times: [2, {mean_of_previous: 2}]}", "breached")):
        rule = f"{{id: PF, measure: {{count: {{injury: true}}}}, per: week, expect: {{{limit}}}}}"
        assert told(rule, complaints({2: 4, 3: 2, 4: 6}))["2026-W04"] == (6, 6, outcome, None)


ORDERS = [
    {"period": "2026-W02", "product": "phone", "orders": 1000},
    {"period": "2026-W03", "product": "phone", "orders": 1000},
    {"period": "2026-W04", "product": "phone", "orders": 4000},
    {"period": "2026-W02", "product": "card", "orders": 0},
    {"period": "2026-W04", "product": None, "orders": 9999},
]


def test_a_rate_by_exposure() -> None:
    # Phones: 2 in 1,000 orders, 4 in 1,000, 8 in 4,000: 2, 4 and 2 a thousand.  A rate falls while its number doubles.
    rule = "{id: PF, measure: {rate: complaints, exposure: orders, per: 1000}, per: week, by: [product], expect: {at_most: 3}}"
    records = complaints({2: 2, 3: 4, 4: 8, 5: 1}) + complaints({2: 1}, "card") + complaints({2: 1}, None)
    assert told(rule, records, exposures=ORDERS) == {
        "2026-W02 phone": (2, 2, "met", None),
        "2026-W02 card": (None, None, "not_applicable", "the exposure 'orders' is zero for 2026-W02 card"),
        "2026-W02 ?": (None, None, "indeterminate", "records of no known group have no exposure"),
        "2026-W03 phone": (4, 4, "breached", None),
        "2026-W04 phone": (2, 2, "met", None),
        "2026-W05 phone": (None, None, "indeterminate", "no exposure 'orders' for 2026-W05 phone"),
    }
    # For all products together the row with a blank product holds: 8 of 9,999; nothing is added up for the other weeks.
    rule = "{id: PF, measure: {rate: complaints, exposure: orders}, per: week}"
    found = told(rule, records, exposures=ORDERS)
    assert found["2026-W04"][0] == Fraction(8, 9999) and found["2026-W02"][3] == "no exposure 'orders' for 2026-W02"


def test_a_period_with_exposure_and_no_complaint_has_a_rate() -> None:
    rule = "{id: PF, measure: {rate: complaints, exposure: orders}, per: week, by: [product], expect: {at_most: 1%}}"
    orders = [{"period": f"2026-W0{week}", "product": "phone", "orders": 10} for week in (1, 2, 3, 8)]
    # Week 1 lies before the table's first record, week 8 after the moment of judgement.
    assert told(rule, complaints({2: 1}), exposures=orders) == {"2026-W02 phone": (Fraction(1, 10), Fraction(1, 10), "breached", None), "2026-W03 phone": (0, 0, "met", None)}


def test_without_exposures_every_rate_is_undecided() -> None:
    rule = "{id: PF, measure: {rate: complaints, exposure: orders}, per: week, expect: {at_most: 1%}}"
    assert told(rule, complaints({2: 1})) == {"2026-W02": (None, None, "indeterminate", "no exposure 'orders' for 2026-W02")}


def test_a_rate_that_keeps_rising() -> None:
    # 1, 2, 3, 3, 4 in weeks 2 to 6: one rise in week 3, two in week 4, none in week 5, one in week 6.
    rule = "{id: PF, measure: {periods_rising: {count: {injury: true}}}, per: week, expect: {below: 2}}"
    assert told(rule, complaints({2: 1, 3: 2, 4: 3, 5: 3, 6: 4})) == {
        "2026-W02": (0, None, "not_applicable", EARLY),
        "2026-W03": (1, None, "not_applicable", EARLY),
        "2026-W04": (2, None, "breached", None),
        "2026-W05": (0, 0, "met", None),
        "2026-W06": (1, 1, "met", None),
    }


def test_a_rise_that_undecided_records_leave_open() -> None:
    # 1, then 1 or 2, then 3, then 3: week 4 certainly rises once; if week 3 has two, twice, and then from the table's beginning on.
    records = [*complaints({2: 1, 3: 1, 4: 3, 5: 3}), {"received_at": "2026-01-12T09:00", "product": "phone", "injury": None}]
    rule = "{id: PF, measure: {periods_rising: {count: {injury: true}}}, per: week, expect: {below: 2}}"
    found = told(rule, records)
    assert found["2026-W03"] == (0, None, "not_applicable", EARLY)
    assert found["2026-W04"] == (1, None, "not_applicable", EARLY)
    assert found["2026-W05"] == (0, 0, "met", None)


def test_the_same_season_of_the_years_before() -> None:
    # November: 10 and 14 in the years before, 15 now: the mean is 12, a quarter more is 15.
    def year(number: int, times: int, month: int = 11) -> list[dict[str, Any]]:
        return [{"received_at": f"{number}-{month:02}-11T09:00", "injury": True} for _ in range(times)]

    rule = "{id: PF, measure: {count: {injury: true}}, per: month, expect: {at_most: {times: [1.25, {mean_of_same_period: 2}]}}}"
    for now, outcome in ((15, "met"), (16, "breached")):
        found = told(rule, year(2023, 10) + year(2024, 14) + year(2025, now) + year(2025, 1, 1))
        assert found["2025-11"] == (now, now, outcome, None)
        assert found["2025-01"] == (1, 1, "not_applicable", EARLY)
    # The mean of the previous months is 0, so a known peak would alarm: 15 of an expected 0.
    previous = rule.replace("mean_of_same_period", "mean_of_previous")
    assert told(previous, year(2023, 10) + year(2024, 14) + year(2025, 15))["2025-11"][2] == "breached"


def test_week_53_has_no_counterpart() -> None:
    # 2026 has a week 53 (28 December to 3 January), 2025 has none.
    records = [{"received_at": day, "injury": True} for day in ("2025-12-22T09:00", "2026-12-28T09:00")]
    rule = "{id: PF, measure: {count: {injury: true}}, per: week, expect: {at_most: {mean_of_same_period: 1}}}"
    assert told(rule, records, "2027-02-01T00:00")["2026-W53"] == (1, 1, "not_applicable", "an earlier year has no such period")


def test_a_share_without_records_is_no_baseline() -> None:
    rule = "{id: PF, measure: {share: {injury: true}}, per: week, expect: {at_most: {mean_of_previous: 1}}}"
    assert told(rule, complaints({2: 1, 4: 1})) == {"2026-W02": (1, 1, "not_applicable", EARLY), "2026-W04": (1, 1, "not_applicable", "no figure for 2026-W03")}


def test_small_numbers() -> None:
    # Two, then five: more than double, but fewer than ten.
    rule = "{id: PF, measure: {count: {injury: true}}, per: week, expect: {at_most: {max_of: [10, {times: [2, {mean_of_previous: 1}]}]}}}"
    assert told(rule, complaints({2: 2, 3: 5, 4: 11})) == {"2026-W02": (2, 2, "not_applicable", EARLY), "2026-W03": (5, 5, "met", None), "2026-W04": (11, 11, "breached", None)}
    rule = "{id: PF, measure: {count: {injury: true}}, per: week, expect: {at_most: {mean_of_previous: 1}}, min_count: 5}"
    assert told(rule, complaints({2: 2, 3: 4, 4: 5}))["2026-W03"] == (4, 4, "not_applicable", "fewer than 5 records")
    assert told(rule, complaints({2: 2, 3: 4, 4: 5}))["2026-W04"] == (5, 5, "breached", None)


def test_undecided_records_could_reach_the_least_number() -> None:
    # One certain, one perhaps: two would be enough, so whether there is anything to judge is open; three never are.
    records: list[dict[str, Any]] = [{"received_at": "2026-01-05T09:00", "upheld": upheld, "injury": True} for upheld in (True, None)]
    rule = "{{id: PF, measure: {{share: {{injury: true}}, among: {{upheld: true}}}}, expect: {{at_most: 50%}}, min_count: {least}}}"
    outcomes = [told(rule.format(least=least), records)["all"][2] for least in (1, 2, 3)]
    assert outcomes == ["breached", "indeterminate", "not_applicable"]


# --------------------------------------------------------------------------- versions, scope
def test_the_version_at_the_end_of_a_period_says_what_is_expected(tmp_path: Path) -> None:
    for start, limit in (("2025-01-01", 5), ("2026-02-15", 1)):
        text = HEAD.replace("2020-01-01", start) + f"  - {{id: PF, measure: {{count: {{injury: true}}}}, per: month, expect: {{at_most: {limit}}}}}\n"
        (tmp_path / f"{start}.yaml").write_text(text, "utf-8")
    from complaint_policy import load_policy

    policy = load_policy(tmp_path)
    # Three a month: January ends under the old version, February, though most of it fell under the old one, under the new.
    records = [{"received_at": f"2026-0{month}-0{day}T09:00", "injury": True} for month in (1, 2) for day in (1, 2, 3)]
    for source in (records, pl.DataFrame(records)):
        found = {r.period: (r.low, r.outcome) for r in policy.audit(source, as_of="2026-03-01T00:00").portfolio["PF"]}
        assert found == {"2026-01": (3, "met"), "2026-02": (3, "breached")}


def test_a_rule_that_measures_otherwise_from_some_day_on_makes_other_figures(tmp_path: Path) -> None:
    for start, per in (("2025-01-01", "month"), ("2026-02-01", "quarter")):
        text = HEAD.replace("2020-01-01", start) + f"  - {{id: PF, measure: {{count: {{injury: true}}}}, per: {per}, expect: {{at_most: 1}}}}\n"
        (tmp_path / f"{start}.yaml").write_text(text, "utf-8")
    from complaint_policy import load_policy

    records = [{"received_at": day, "injury": True} for day in ("2026-01-05T09:00", "2026-02-05T09:00", "2026-02-06T09:00")]
    policy = load_policy(tmp_path)
    found = {r.period: (r.low, r.outcome) for r in policy.audit(records, as_of="2026-03-01T00:00").portfolio["PF"]}
    # January's own record stands in a month, the two of February in the quarter.
    assert found == {"2026-01": (1, "met"), "2026-Q1": (2, "breached")}


def test_what_is_out_of_scope_is_counted_and_in_no_figure() -> None:
    scope = "scope: {when: {product: phone}}\nportfolio:\n"
    policy = load_policy_text(HEAD.replace("portfolio:\n", scope) + "  - {id: PF, measure: {count: {injury: true}}, expect: {at_most: 2}}\n")
    records = complaints({2: 2}) + complaints({2: 3}, "card") + complaints({2: 1}, None) + [{"received_at": None}]
    for source in (records, pl.DataFrame(records)):
        summary = policy.audit(source, as_of=AS_OF).summary()
        (result,) = summary.portfolio["PF"]
        # Two are in, one perhaps: whether the policy speaks of it is not known.
        assert (result.low, result.high, result.members, result.undecided, result.outcome) == (2, 3, 2, 1, "indeterminate")
        assert summary.to_dict()["portfolio_left_out"] == [{"rule": "PF", "out_of_scope": 3, "not_received": 0, "rejected": 1}]
        assert "3 out of scope, 1 rejected" in summary.render("en")


# --------------------------------------------------------------------------- a figure for a rule that rests on it
def test_the_figure_of_a_period_over_all_groups() -> None:
    rule = "{id: PF, measure: {count: {injury: true}}, per: month, by: [product]}"
    policy = policy_of(rule)
    records = complaints({2: 2, 3: 1, 6: 4}) + complaints({3: 5}, "card") + [{"received_at": "2026-02-03T09:00", "product": None, "injury": None}]
    audit = policy.audit(records, as_of=AS_OF)
    # January: 3 phones and 5 cards; February: 4 phones and one that nobody knows; the quarter: both.
    for period, ends in (("2026-01", (8, 8)), ("2026-02", (4, 5)), ("2026-Q1", (12, 13)), ("2026-H1", (12, 13)), ("all", (12, 13))):
        figure = audit.figure("PF", period)
        assert figure is not None and (figure.low, figure.high) == ends and figure.group == (), period
    # Weeks do not fill months from months; nothing is known of the time before the table, of the future, or of another rule.
    assert [audit.figure("PF", period) for period in ("2026-W05", "2025-12", "2025-Q4", "2026-03", "soon")] == [None] * 5
    assert audit.figure("other", "2026-01") is None
    assert Portfolio(policy).figure("PF", "2026-01", audit.summary().source.as_of.date()) is None


# --------------------------------------------------------------------------- wrong tables
@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"period": "2026-13", "orders": 1}], "row 1: '2026-13' is no period"),
        ([{"period": "2026-01", "orders": -1}], "row 1: '-1' is no number for 'orders'"),
        ([{"period": "2026-01", "orders": "many"}], "'many' is no number"),
        ([{"period": "2026-01", "orders": 1}, {"period": "2026-01", "orders": 1}], "row 2: 'orders' of 2026-01 stands in row 1 already"),
        ([{"period": "2026-01", "order": 1}], "has no column 'orders'; did you mean 'order'?"),
        ([{"perod": "2026-01", "orders": 1}], "has no column 'period'; did you mean 'perod'?"),
    ],
)
def test_a_wrong_exposure_table(rows: list[dict[str, Any]], message: str) -> None:
    policy = policy_of("{id: PF, measure: {rate: complaints, exposure: orders}, per: month}")
    with pytest.raises(InputError) as caught:
        policy.audit(complaints({2: 1}), as_of=AS_OF, exposures=rows)
    assert message in str(caught.value)


def test_exposures_of_other_periods_make_no_figure_of_the_rule() -> None:
    """Of a rule by month the quarter is asked for by name: 3 of 600; a figure of it without complaints would be a false one."""
    policy = policy_of("{id: PF, measure: {rate: complaints, exposure: orders, per: 100}, per: month, expect: {at_most: 1}}")
    rows = [{"period": "2026-01", "orders": 100}, {"period": "2026-Q1", "orders": 600}, {"period": "2026", "orders": 900}, {"period": "all", "orders": 1}]
    audit = policy.audit(complaints({2: 3}), as_of=AS_OF, exposures=rows)
    assert [(f.period, f.low, f.outcome) for f in audit.portfolio["PF"]] == [("2026-01", 3, "breached")]
    assert audit.figure("PF", "2026-Q1").low == Fraction(1, 2)


def test_exposures_without_a_rate() -> None:
    with pytest.raises(UsageError, match="no rate"):
        policy_of("{id: PF, measure: {count: {injury: true}}}").audit(complaints({2: 1}), as_of=AS_OF, exposures=ORDERS)


def test_exposures_out_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text('period,orders\n2026-01,"1,000"\n', "utf-8")
    policy = policy_of("{id: PF, measure: {rate: complaints, exposure: orders, per: 100}, per: month}")
    (figure,) = policy.audit(complaints({2: 3}), as_of=AS_OF, exposures=path).portfolio["PF"]
    assert figure.low == Fraction(3, 10)


@pytest.mark.parametrize(
    ("rule", "codes"),
    [
        ("{id: PF, measure: {mean: {field: category}}}", {"not-a-number"}),
        ("{id: PF, measure: {different: {field: received_at}}}", {"different-kind"}),
        ("{id: PF, measure: {count: {injury: true}}, by: [received_at]}", {"different-kind"}),
        ("{id: PF, measure: {count: {injury: true}}, by: [product, product]}", {"axis-twice"}),
        ("{id: PF, measure: {count: {injury: true}}, by: [produkt]}", {"unknown-field"}),
        ("{id: PF, measure: {mean: {field: price}, at: 50%}}", {"measure-key"}),
        ("{id: PF, measure: {count: {injury: true}, per: 1000}}", {"measure-key"}),
        ("{id: PF, measure: {quantile: {field: price}}}", {"missing-key"}),
        ("{id: PF, measure: {quantile: {field: price}, at: 100%}}", {"quantile-at"}),
        ("{id: PF, measure: {quantile: {field: price}, at: 0}}", {"quantile-at"}),
        ("{id: PF, measure: {rate: complaints}}", {"missing-key"}),
        ("{id: PF, measure: {rate: orders, exposure: orders}}", {"unknown-word"}),
        ("{id: PF, measure: {rate: complaints, exposure: orders, per: 0}}", {"literal-type"}),
        ("{id: PF, measure: {periods_rising: {count: {injury: true}}}}", {"trend-without-period"}),
        ("{id: PF, measure: {count: {injury: true}}, per: year, expect: {below: {mean_of_same_period: 1}}}", {"same-period-of-years"}),
        ("{id: PF, measure: {count: {injury: true}}, per: week, expect: {below: {mean_of_previous: 0}}}", {"baseline-count"}),
        ("{id: PF, measure: {count: {injury: true}}, per: week, expect: {below: {field: price}}}", {"unknown-key"}),
        ("{id: PF, measure: {count: {price: {above: {mean_of_previous: 4}}}}, per: week}", {"portfolio-only"}),
        ("{id: PF, measure: {count: {injury: true}, mean: {field: price}}}", {"measure-not-one"}),
    ],
)
def test_wrong_rules(rule: str, codes: set[str]) -> None:
    with pytest.raises(PolicyError) as caught:
        policy_of(rule)
    assert {p.code for p in caught.value.problems} == codes


def test_a_slip_of_the_keyboard_fills_no_century_with_weeks() -> None:
    rule = "{id: PF, measure: {count: {injury: true}}, per: week}"
    policy = load_policy_text((HEAD + f"  - {rule}\n").replace("2020-01-01", "1900-01-01"))
    records = [{"received_at": day, "injury": True} for day in ("1902-03-03T09:00", "2026-01-05T09:00", "2026-01-19T09:00")]
    assert [r.period for r in policy.audit(records, as_of=AS_OF).portfolio["PF"]] == ["1902-W10", "2026-W02", "2026-W04"]
