"""Real clauses on how long a file must be kept (fragment 12, D28), judged for single records and for a table alike.

The limits are counted in calendar time: a period of years ends with the day of the same number, kept through that day.
"""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from complaint_policy import load_policy_text

POLICY = load_policy_text("""
format: 1
policy: test/retention
effective: {from: 2000-01-01}
timezone: Asia/Shanghai
sources:
  food: {title: {zh: 食品安全法}, status: verified}
  shanghai: {title: {zh: 上海市消费者权益保护条例}, status: verified}
  disp: {title: {en: FCA Handbook DISP}, status: verified}
  repair: {title: {zh: 家用汽车产品修理更换退货责任规定}, status: verified}
  ecommerce: {title: {zh: 电子商务法}, status: verified}
record:
  fields:
    product: {type: enum, values: [ucits, loan]}
    shelf_life_ends: {type: date, empty: none, title: {en: Shelf life, zh: 保质期至}}
    purchased_at: {type: event}
    performed_at: {type: event, title: {en: Performance ended, zh: 合同履行完毕}}
    repaired_at: {type: event}
    completed_at: {type: event, title: {en: Transaction completed, zh: 交易完成}}
    dispute_ended_at: {type: event, empty: none}
    house_years: {type: integer, empty: none}
    deleted_at: {type: event}
retention:
  # purchase records: 6 months after the shelf life; none stated: 2 years
  - id: RT-food
    keep_until: {first_known: [{from: shelf_life_ends, within: 6 months}, {from: purchased_at, within: 2 years}]}
    deleted: deleted_at
    when: {purchased_at: present}
    source: {ref: food, clause: 第五十条}
  # contract data: 2 years after performance ended
  - {id: RT-shanghai, keep_until: {from: performed_at, within: 2 years}, deleted: deleted_at, source: {ref: shanghai, clause: 第三十七条}}
  # complaints: 3 years from receipt, 5 for collective portfolio management
  - {id: RT-disp, keep_until: {from: received_at, within: {choose: [{when: {product: ucits}, then: 5 years}, {otherwise: 3 years}]}}, deleted: deleted_at, source: {ref: disp, clause: 1.9.1R}}
  # repair records: 6 years
  - {id: RT-repair, when: {repaired_at: present}, keep_until: {from: repaired_at, within: 6 years}, deleted: deleted_at, source: {ref: repair, clause: 第十七条}}
  # trade data: 3 years from completion; the original until the dispute is over, whichever is later
  - {id: RT-trade, keep_until: {last_of: [{from: completed_at, within: 3 years}, dispute_ended_at]}, deleted: deleted_at, source: {ref: ecommerce, clause: 第三十一条}}
  # the company's own number of years, where it has one, never less than the law's
  - {id: RT-house, keep_until: {from: {last_of: [closed_at, followed_up_at]}, within: {last_of: [3 years, {years: {field: house_years}}]}}, deleted: deleted_at}
""")

AS_OF = "2026-06-01T00:00"
RECEIVED = {"received_at": "2020-02-03T10:00", "product": "loan"}
HELD = {"RT-food": "not_applicable", "RT-shanghai": "pending", "RT-disp": "met", "RT-repair": "not_applicable", "RT-trade": "pending", "RT-house": "pending"}
BOUGHT = {"purchased_at": "2020-06-01T09:00"}
LIFE = {**BOUGHT, "shelf_life_ends": "2020-08-31"}
TRADE = {"completed_at": "2020-03-01T12:00"}

# rule, record, outcome
CASES: list[tuple[str, dict[str, Any], str]] = [
    # food 50: 31 August and 6 months is 28 February, February having no 31st
    ("RT-food", {**LIFE, "deleted_at": "2021-02-28T23:59:59.999999"}, "breached"),
    ("RT-food", {**LIFE, "deleted_at": "2021-03-01T00:00"}, "met"),
    ("RT-food", {**LIFE, "deleted_at": "2021-02-28"}, "breached"),
    ("RT-food", {**LIFE}, "met"),  # kept so far
    # no shelf life is stated: 1 June 2020 and 2 years
    ("RT-food", {**BOUGHT, "deleted_at": "2022-06-01T23:59"}, "breached"),
    ("RT-food", {**BOUGHT, "deleted_at": "2022-06-02T00:00"}, "met"),
    # a shelf life that cannot be read is not none: 28 February 2021 or any other day
    ("RT-food", {**BOUGHT, "shelf_life_ends": "soon", "deleted_at": "2022-06-02T00:00"}, "indeterminate"),
    ("RT-food", {**BOUGHT, "shelf_life_ends": "soon"}, "met"),  # whatever it is, the file is there
    # Shanghai 37: two years after performance, which has not ended
    ("RT-shanghai", {}, "pending"),
    ("RT-shanghai", {"deleted_at": "2025-01-01"}, "breached"),  # before the period even began
    ("RT-shanghai", {"performed_at": "2024-02-29T12:00", "deleted_at": "2026-02-28T23:00"}, "breached"),  # 2026 has no 29 February
    ("RT-shanghai", {"performed_at": "2024-02-29T12:00", "deleted_at": "2026-03-01T00:00"}, "met"),
    ("RT-shanghai", {"performed_at": "2023-03", "deleted_at": "2026-03-01T00:00"}, "indeterminate"),
    # DISP 1.9: received on 3 February 2020: to 3 February 2023, or 2025
    ("RT-disp", {"deleted_at": "2023-02-03T23:59"}, "breached"),
    ("RT-disp", {"deleted_at": "2023-02-04T00:00"}, "met"),
    ("RT-disp", {"product": "ucits", "deleted_at": "2025-02-03T12:00"}, "breached"),
    ("RT-disp", {"product": "ucits", "deleted_at": "2025-02-04T00:00"}, "met"),
    ("RT-disp", {"product": None, "deleted_at": "2023-02-03T12:00"}, "breached"),  # in both
    ("RT-disp", {"product": None, "deleted_at": "2023-02-04T12:00"}, "indeterminate"),
    ("RT-disp", {"product": None, "deleted_at": "2025-02-04T12:00"}, "met"),
    # 三包 17: repaired on 5 May 2020, kept to 5 May 2026
    ("RT-repair", {"repaired_at": "2020-05-05T10:00", "deleted_at": "2026-05-05T10:00"}, "breached"),
    ("RT-repair", {"repaired_at": "2020-05-05T10:00", "deleted_at": "2026-05-06T00:00"}, "met"),
    ("RT-repair", {"deleted_at": "2020-05-06T00:00"}, "not_applicable"),
    # e-commerce 31: completed on 1 March 2020, kept to 1 March 2023; a dispute that ended later keeps it longer
    ("RT-trade", {**TRADE, "deleted_at": "2023-03-01T20:00"}, "breached"),
    ("RT-trade", {**TRADE, "deleted_at": "2023-03-02T00:00"}, "met"),
    ("RT-trade", {**TRADE, "dispute_ended_at": "2023-09-01T10:00", "deleted_at": "2023-09-01T10:00"}, "breached"),
    ("RT-trade", {**TRADE, "dispute_ended_at": "2023-09-01T10:00", "deleted_at": "2023-09-01T10:00:01"}, "met"),
    ("RT-trade", {**TRADE, "dispute_ended_at": "2021-09-01T10:00", "deleted_at": "2023-03-01T20:00"}, "breached"),
    # when the dispute ended cannot be read: within the three years it is too early all the same, afterwards nobody knows
    ("RT-trade", {**TRADE, "dispute_ended_at": "later", "deleted_at": "2023-03-01T20:00"}, "breached"),
    ("RT-trade", {**TRADE, "dispute_ended_at": "later", "deleted_at": "2023-03-02T00:00"}, "indeterminate"),
    # the larger of two numbers of years, from the later of two events: closed 10 March 2020, called back 10 May 2020
    ("RT-house", {"closed_at": "2020-03-10T10:00", "deleted_at": "2023-03-11T00:00"}, "met"),
    ("RT-house", {"closed_at": "2020-03-10T10:00", "followed_up_at": "2020-05-10T10:00", "deleted_at": "2023-03-11T00:00"}, "breached"),
    ("RT-house", {"closed_at": "2020-03-10T10:00", "house_years": 5, "deleted_at": "2025-03-10T23:00"}, "breached"),
    ("RT-house", {"closed_at": "2020-03-10T10:00", "house_years": 5, "deleted_at": "2025-03-11T00:00"}, "met"),
    ("RT-house", {"closed_at": "2020-03-10T10:00", "house_years": 2, "deleted_at": "2022-03-11T00:00"}, "breached"),
    ("RT-house", {"closed_at": "2020-03-10T10:00", "house_years": "five", "deleted_at": "2023-03-10T12:00"}, "breached"),
    ("RT-house", {"closed_at": "2020-03-10T10:00", "house_years": "five", "deleted_at": "2023-03-11T12:00"}, "indeterminate"),
    # whether it was deleted cannot be read
    ("RT-disp", {"deleted_at": "gone"}, "indeterminate"),
    ("RT-repair", {"deleted_at": "gone"}, "not_applicable"),
    # deleted on a day of which only the day is known: the last day of the period, and the one after
    ("RT-disp", {"deleted_at": "2023-02-03"}, "breached"),
    ("RT-disp", {"deleted_at": "2023-02-04"}, "met"),
]


@pytest.mark.parametrize(("rule", "record", "outcome"), CASES)
def test_a_file_is_kept_long_enough(rule: str, record: dict[str, Any], outcome: str) -> None:
    assert POLICY.evaluate({**RECEIVED, **record}, as_of=AS_OF).result(rule).outcome == outcome


def test_each_rule_of_one_file_is_judged() -> None:
    """One file, six rules: each says for itself how long."""
    assert POLICY.evaluate(RECEIVED, as_of=AS_OF).outcomes == HELD
    decision = POLICY.evaluate({**RECEIVED, **BOUGHT, **TRADE, "deleted_at": "2022-07-01T00:00"}, as_of=AS_OF)
    assert decision.outcomes == {**HELD, "RT-food": "met", "RT-shanghai": "breached", "RT-disp": "breached", "RT-trade": "breached", "RT-house": "breached"}


def test_a_table_says_the_same() -> None:
    records = [{**RECEIVED, **record} for _, record, _ in CASES]
    names = sorted({name for record in records for name in record})
    table = pl.DataFrame({name: [None if (value := r.get(name)) is None else str(value) for r in records] for name in names})
    audit = POLICY.audit(table, as_of=AS_OF)
    found = audit.decisions
    assert [found[f"{rule}.outcome"][row] for row, (rule, _, _) in enumerate(CASES)] == [outcome for _, _, outcome in CASES]
    fields = set(names)
    for row, record in enumerate(records):
        expected = POLICY.evaluate(record, as_of=AS_OF, source_fields=fields).outcomes
        assert {rule: found[f"{rule}.outcome"][row] for rule in expected} == expected


def test_missing_and_in_words() -> None:
    decision = POLICY.evaluate({**RECEIVED, **BOUGHT, "shelf_life_ends": "soon", "deleted_at": "2022-06-02T00:00"}, as_of=AS_OF)
    assert decision.result("RT-food").missing == ("shelf_life_ends",)
    late = POLICY.evaluate({**RECEIVED, "deleted_at": "2023-02-03T12:00"}, as_of=AS_OF)
    assert "to be kept until 2023-02-03 23:59:59, deleted 2023-02-03 12:00" in late.explain("en")
    assert "应保存至2023年2月3日 23:59:59，已于2023年2月3日 12:00删除" in late.explain("zh")
