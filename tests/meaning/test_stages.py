"""Stages of a deadline (`part_of`): what `check` adds up, what is to spare, and when they may end after the whole."""

from __future__ import annotations

import pytest

from complaint_policy import PolicyError, Problem, load_policy_text
from complaint_policy.rules.deadlines.stages import time_to_spare
from complaint_policy.texts import Text

HEAD = """format: 1
policy: t/stages
effective: {{from: 2026-01-01}}
timezone: Asia/Shanghai
calendars:
  cn: {{country: CN, announced_until: 2026-12-31}}
  week: {{weekdays: mon-fri, hours: {{mon-fri: ["09:00-17:00"]}}}}
counting: {{calendar: cn, roll: {roll}}}
scope: {{when: {{amount_claimed: {{at_least: 0}}}}}}
severity: {{levels: [low], otherwise: low}}
record:
  fields:
    region: {{type: enum, values: [home, abroad]}}
    complex: {{type: boolean}}
    promised_at: {{type: datetime, empty: none}}
    sales_done_at: {{}}
    plant_done_at: {{}}
deadlines:
{rules}
"""
# S14: 15 days at home, 18 abroad; sales 5, marketing 7, of which the plant 2.
CASE = "{id: DL-case, from: received_at, to: closed_at, within: {choose: [{when: {region: home}, then: 15 days}, {when: {region: abroad}, then: 18 days}]}}"
SALES = "{id: DL-sales, part_of: DL-case, from: assigned_at, to: sales_done_at, within: 5 days}"
MARKET = "{id: DL-market, part_of: DL-case, from: sales_done_at, to: reported_at, within: 7 days}"
PLANT = "{id: DL-plant, part_of: DL-market, from: investigated_at, to: plant_done_at, within: 2 days}"


def text(*rules: str, roll: str = "none") -> str:
    return HEAD.format(roll=roll, rules="\n".join(f"  - {rule}" for rule in rules))


def remarks(*rules: str, roll: str = "none") -> list[Problem]:
    return [r for r in load_policy_text(text(*rules, roll=roll)).remarks() if r.code.startswith("stages")]


def spare(*rules: str, roll: str = "none") -> list[tuple[str, Text]]:
    model = load_policy_text(text(*rules, roll=roll)).versions[-1].model
    section = model.section("deadlines")
    return [(rule.id, told) for rule in section for told in time_to_spare(rule, section, model)]


def said(*rules: str, roll: str = "none") -> list[str]:
    return [f"{rule}: {told.en}" for rule, told in spare(*rules, roll=roll)]


def refused(*rules: str) -> list[tuple[str, int, str]]:
    with pytest.raises(PolicyError) as found:
        load_policy_text(text(*rules))
    return [(p.code, p.place.line - 18, p.message.en) for p in found.value.problems]


def test_what_the_stages_leave() -> None:
    # 5 + 7 = 12: three of 15 days, six of 18; of the market's 7 days the plant's 2 leave 5.
    assert said(CASE, SALES, MARKET, PLANT) == [
        "DL-case: DL-sales 5 days + DL-market 7 days (Region: home) leave 3 days of 15 days",
        "DL-case: DL-sales 5 days + DL-market 7 days (Region: abroad) leave 6 days of 18 days",
        "DL-market: DL-plant 2 days leave 5 days of 7 days",
    ]
    ((_, first), *_) = spare(CASE, SALES, MARKET, PLANT)
    assert first.zh == "DL-sales 5日 + DL-market 7日（地区：home），在15日中余3日"
    assert remarks(CASE, SALES, MARKET, PLANT) == []  # nothing is asked for


@pytest.mark.parametrize(("days", "left"), [(10, "0 days"), (9, "1 day")])
def test_at_the_border(days: int, left: str) -> None:
    assert f"leave {left} of 15 days" in said(CASE, SALES, MARKET.replace("7 days", f"{days} days"))[0]


def test_stages_that_take_longer_than_the_whole() -> None:
    # 5 + 11 = 16 days: too long at home, though not abroad
    home = "the parts of 'DL-case' together allow DL-sales 5 days + DL-market 11 days (region: home), more than its 15 days"
    assert refused(CASE, SALES, MARKET.replace("7 days", "11 days")) == [("parts-too-long", 1, home)]
    alone = "'DL-market' allows 16 days (region: home), more than the 15 days of 'DL-case' it is part of"
    assert refused(CASE, SALES, MARKET.replace("7 days", "16 days")) == [("part-too-long", 3, alone)]
    nested = "'DL-plant' allows 8 days, more than the 7 days of 'DL-market' it is part of"
    assert refused(CASE, SALES, MARKET, PLANT.replace("2 days", "8 days")) == [("part-too-long", 4, nested)]


def test_stages_that_begin_together_run_side_by_side() -> None:
    beside = MARKET.replace("from: sales_done_at", "from: assigned_at").replace("7 days", "14 days")
    # Neither adds to the other: 14 of 15 days, and 5 of 15.
    assert "DL-market 14 days (Region: home) leave 1 day of 15 days" in "".join(said(CASE, SALES, beside))
    after = "{id: DL-after, part_of: DL-case, from: reported_at, to: plant_done_at, within: 2 days}"
    # What follows the longer one is added to it: 14 + 2.
    assert [code for code, *_ in refused(CASE, SALES, beside, after)] == ["parts-too-long"]


def test_limits_that_depend_on_the_same_thing_are_held_together() -> None:
    whole = CASE.replace("choose: [{when: {region: home}, then: 15 days}, {when: {region: abroad}, then: 18 days}]", "choose: [{when: {complex: true}, then: 30 days}, {otherwise: 10 days}]")
    stage = "{id: DL-sales, part_of: DL-case, from: assigned_at, to: sales_done_at, within: {choose: [{when: {complex: true}, then: 25 days}, {otherwise: 5 days}]}}"
    # 25 days never meet the limit of 10.
    assert sorted(line.partition("leave ")[2] for line in said(whole, stage)) == ["5 days of 10 days", "5 days of 30 days"]


def test_different_units_are_held_against_each_other_from_every_day() -> None:
    whole = "{id: DL-case, from: received_at, to: closed_at, within: 15 days}"
    stage = "{id: DL-sales, part_of: DL-case, from: received_at, to: sales_done_at, within: %s}"
    # 7 working days over the Spring Festival of 2026 (15 to 23 February off; the 14th and the 28th are worked):
    # from Friday 6 February: 9, 10, 11, 12, 13, 14, 24, which is 18 days; 15 days end on the 21st.
    (late,) = remarks(whole, stage % "7 working days")
    assert (late.code, late.level) == ("stages-may-be-late", "warning")
    assert "begun 2026-02-06 (Fri), end 2026-02-24 (Tue), the whole 2026-02-21 (Sat)" in late.message.en
    assert "自2026年2月6日（周五）起算至2026年2月24日（周二）届满，总期限至2026年2月21日（周六）届满" in late.message.zh
    # 5 working days from Wednesday 23 September: 24, 28 (25 to 27 is Mid-Autumn), 29, 30, 8 October (1 to 7 off); the whole ends that day.
    assert said(whole, stage % "5 working days") == ["DL-case: DL-sales 5 working days leave nothing of 15 days"]
    # 4 working days from Tuesday 10 February: 11, 12, 13, 14; from Thursday 24 September: 28, 29, 30, 8 October, one day before the whole.
    assert said(whole, stage % "4 working days") == ["DL-case: DL-sales 4 working days leave 1 d of 15 days"]
    # 12 working days fit from 5 May alone (Saturday the 9th is worked): 6 to 9, 11 to 15, 18 to 20; 13 fit from no day.
    assert [r.level for r in remarks(whole, stage % "12 working days")] == ["warning"]
    assert [code for code, *_ in refused(whole, stage % "13 working days")] == ["part-too-long"]
    # From the last instant of a day 15 days are 360 hours and that instant.
    assert [r.code for r in remarks(whole, stage % "360 hours")] == []
    assert [r.code for r in remarks(whole, stage % "361 hours")] == ["stages-may-be-late"]


def test_last_days_that_move_one_after_the_other() -> None:
    whole = "{id: DL-case, from: received_at, to: closed_at, within: 15 days}"
    (late,) = remarks(whole, SALES, MARKET, roll="next_working_day")
    # From 10 February: 5 days end on the 15th, moved to the 24th; 7 days more on 3 March.  The whole ends on the 25th.
    assert late.code == "stages-may-be-late"
    assert "begun 2026-02-10 (Tue), end 2026-03-03 (Tue), the whole 2026-02-25 (Wed)" in late.message.en


def test_a_promise_beside_a_length_only_shortens_it() -> None:
    whole = "{id: DL-case, from: received_at, to: closed_at, within: {first_of: [promised_at, 5 days]}}"
    assert [code for code, *_ in refused(whole, SALES.replace("5 days", "6 days"))] == ["part-too-long"]
    assert said(whole, SALES) == ["DL-case: DL-sales 5 days leave 0 days of 5 days"]
    # A floor may lengthen it: nothing is claimed.
    assert said(whole.replace("first_of", "last_of"), SALES.replace("5 days", "6 days")) == []


def test_working_hours_add_up() -> None:
    whole = "{id: DL-case, from: received_at, to: closed_at, within: 16 working hours, counting: {calendar: week}}"
    stages = [f"{{id: DL-{i}, part_of: DL-case, from: {a}, to: {b}, within: {h} working hours, counting: {{calendar: week}}}}" for i, a, b, h in (("x", "assigned_at", "sales_done_at", 6), ("y", "sales_done_at", "plant_done_at", 8))]
    assert said(whole, *stages) == ["DL-case: DL-x 6 working hours + DL-y 8 working hours leave 2 working hours of 16 working hours"]


def test_stages_in_a_circle_end() -> None:
    whole = "{id: DL-case, from: received_at, to: closed_at, within: 15 days}"
    circle = ["{id: DL-x, part_of: DL-case, from: sales_done_at, to: plant_done_at, within: 2 days}", "{id: DL-y, part_of: DL-case, from: plant_done_at, to: sales_done_at, within: 3 days}"]
    assert said(whole, *circle) == []
    assert "leave 8 days" in said(whole, *circle, SALES.replace("sales_done_at", "reported_at").replace("5 days", "7 days"))[0]
