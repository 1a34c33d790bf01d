"""Figures against a naive recomputation: every possibility of every undecided record, one after the other, in Fractions."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import product
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaint_policy import load_policy_text
from complaint_policy.possible import NONE, Maybe
from complaint_policy.rules.portfolio.cell import Cell, read_value
from complaint_policy.rules.portfolio.figures import Figure, figure_of

UNKNOWN = Maybe(None, frozenset({"x"}))
AT = Fraction(2, 3)


def quantile(values: Sequence[int]) -> Fraction:
    """The nearest rank, by counting: the least value that at least two thirds do not exceed."""
    return Fraction(next(v for v in sorted(values) if sum(w <= v for w in values) >= AT * len(values)))


NAIVE: dict[str, Callable[[Sequence[int]], Fraction | None]] = {
    "sum": lambda values: Fraction(sum(values)),
    "count": lambda values: Fraction(sum(values)),
    "share": lambda values: Fraction(sum(values), len(values)) if values else None,
    "mean": lambda values: Fraction(sum(values), len(values)) if values else None,
    "quantile": lambda values: quantile(values) if values else None,
    "largest": lambda values: Fraction(max(values)) if values else None,
    "spread": lambda values: Fraction(max(values) - min(values)) if values else None,
    "different": lambda values: Fraction(len(set(values))) if values else None,
}
# A record: whether it is a member (None: perhaps), and the values it may have.
Record = tuple[bool | None, tuple[int, ...]]


def possible(records: Sequence[Record]) -> Iterator[list[int]]:
    """The values of the members in every possible world."""
    choices = [[*(values if member is not False else ()), *([None] if member is not True else [])] for member, values in records]
    for world in product(*choices):
        yield [value for value in world if value is not None]


def gathered(measure: str, records: Sequence[Record]) -> Cell:
    cell = Cell()
    for member, values in records:
        if measure in ("share", "count"):
            value: Any = bool(values[0]) if len(values) == 1 else UNKNOWN
        else:
            value = values[0] if len(values) == 1 else Maybe(values, frozenset({"x"}))
        cell.add(measure, UNKNOWN if member is None else member, read_value(measure, value), 1)
    return cell


members = st.sampled_from([True, True, True, False, None])
numbers = st.integers(-3, 6)
ranges = st.tuples(numbers, st.integers(0, 2)).map(lambda pair: tuple(range(pair[0], pair[0] + pair[1] + 1)))
truths = st.sampled_from([(1,), (0,), (0, 1)])


def check(measure: str, records: Sequence[Record]) -> None:
    found = [NAIVE[measure](world) for world in possible(records)]
    figures = [f for f in found if f is not None]
    figure = figure_of(measure, AT, gathered(measure, records))
    if not figures:
        assert figure == Figure(None, None, False)
        return
    assert figure.there is (None if None in found else True)
    assert figure.low is not None and figure.high is not None
    if measure == "different":  # of values that may be one of several only bounds are given
        assert figure.low <= min(figures) and max(figures) <= figure.high
        if all(len(values) == 1 for _, values in records):
            assert (figure.low, figure.high) == (min(figures), max(figures))
        return
    assert (figure.low, figure.high) == (min(figures), max(figures))


@settings(max_examples=150)
@given(st.sampled_from(["sum", "mean", "quantile", "largest", "spread", "different"]), st.lists(st.tuples(members, ranges), max_size=6))
def test_numbers(measure: str, records: list[Record]) -> None:
    check(measure, records)


@settings(max_examples=60)
@given(st.sampled_from(["share", "count"]), st.lists(st.tuples(members, truths), max_size=7))
def test_conditions(measure: str, records: list[Record]) -> None:
    check(measure, records)


@settings(max_examples=60)
@given(st.sampled_from([*NAIVE]), st.lists(st.tuples(members, truths), max_size=8), st.integers(0, 8))
def test_cells_add_up(measure: str, records: list[Record], cut: int) -> None:
    """Two cells put together, also through texts, are the cell of both, in whatever order."""
    whole = gathered(measure, records)
    parts = [gathered(measure, records[cut:]), gathered(measure, records[:cut])]
    total = Cell()
    for part in parts:
        total.merge(Cell.of(part.parts(), measure))
    assert total == whole


def test_what_is_open_on_one_side_only() -> None:
    # One value of 5, and one that nobody knows: the largest is at least 5, the median 5 or less, at two thirds anything.
    cell = Cell()
    for value in (5, UNKNOWN):
        cell.add("largest", True, read_value("largest", value), 1)
    assert figure_of("largest", None, cell) == Figure(Fraction(5), None)
    assert figure_of("quantile", Fraction(1, 2), cell) == Figure(None, Fraction(5))
    assert figure_of("quantile", AT, cell) == Figure(Fraction(5), None)
    cell.add("largest", True, read_value("largest", NONE), 1)
    assert (cell.members, cell.unstated) == (2, 1)


# --------------------------------------------------------------------------- whole audits
POLICY = """
format: 1
policy: test/naive
effective: {from: 2025-01-01}
timezone: Asia/Shanghai
currency: CNY
record: {fields: {product: {type: enum, values: [phone, card]}, fault: {type: string}}}
portfolio:
  - {id: share, measure: {share: {injury: true}, among: {upheld: true}}, per: week, by: [product]}
  - {id: count, measure: {count: {injury: true}, among: {upheld: true}}, per: week, by: [product]}
  - {id: sum, measure: {sum: {field: compensation_paid}, among: {upheld: true}}, per: week, by: [product]}
  - {id: mean, measure: {mean: {field: compensation_paid}, among: {upheld: true}}, per: week, by: [product]}
  - {id: quantile, measure: {quantile: {field: affected_customers}, at: 66.67%, among: {upheld: true}}, per: week, by: [product]}
  - {id: largest, measure: {largest: {field: affected_customers}, among: {upheld: true}}, per: week, by: [product]}
  - {id: spread, measure: {spread: {field: affected_customers}, among: {upheld: true}}, per: week, by: [product]}
  - {id: different, measure: {different: {field: fault}, among: {upheld: true}}, per: week, by: [product]}
  - {id: surge, measure: {count: {injury: true}}, per: week, expect: {at_most: {times: [1.5, {mean_of_previous: 2}]}}}
  - {id: rising, measure: {periods_rising: {count: {injury: true}}}, per: week, expect: {below: 2}}
"""
START = date(2026, 1, 5)  # a Monday
AS_OF = datetime(2026, 2, 9, 9)  # Monday of week 7, which has only begun
ZONE = "+08:00"


def drawn(seed: int) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    return [
        {
            "id": f"R{n}",
            "received_at": (datetime.combine(START, datetime.min.time()) + timedelta(hours=rng.randrange(24 * 35 + 9))).isoformat(),
            "product": rng.choice(["phone", "card", "phone", None]),
            "upheld": rng.choice([True, True, True, False, None]),
            "injury": rng.choice([True, False]),
            "compensation_paid": rng.choice(["0", "10.50", "99.95"]),
            "affected_customers": rng.choice([1, 2, 3, 50]),
            "fault": rng.choice(["screen", "battery"]),
        }
        for n in range(rng.choice([0, 3, 40]))
    ]


FIELDS = {"share": "injury", "count": "injury", "sum": "compensation_paid", "mean": "compensation_paid", "different": "fault"}


BY_DEFINITION: dict[str, Callable[[list[Any]], Any]] = {
    "share": lambda world: sum(world, Fraction(0)) / len(world),
    "mean": lambda world: sum(world, Fraction(0)) / len(world),
    "largest": max,
    "spread": lambda world: max(world) - min(world),
    "different": lambda world: Fraction(len(set(world))),
}


def naive(rule: str, records: list[dict[str, Any]]) -> tuple[Fraction | None, Fraction | None, int, int]:
    """Low, high, members and excluded of a group by the definition."""
    name = FIELDS.get(rule, "affected_customers")
    values = [(r["upheld"], r[name] if name == "fault" else Fraction(r[name])) for r in records]
    sure = [v for upheld, v in values if upheld is True]
    perhaps = [v for upheld, v in values if upheld is None]
    worlds = []
    for mask in product([False, True], repeat=len(perhaps)):
        world: list[Any] = sure + [v for v, taken in zip(perhaps, mask, strict=True) if taken]
        if rule == "quantile" and world:
            worlds.append(sorted(world)[math.ceil(Fraction("0.6667") * len(world)) - 1])
        elif rule in ("count", "sum"):
            worlds.append(sum(world, Fraction(0)))
        elif world:
            worlds.append(BY_DEFINITION[rule](world))
    ends = (min(worlds), max(worlds)) if worlds else (None, None)
    return *ends, len(sure), sum(upheld is False for upheld, _ in values)


@pytest.mark.parametrize("form", ["records", "frame", "query"])
@pytest.mark.parametrize("seed", range(6))
def test_an_audit(seed: int, form: str) -> None:
    records = drawn(seed)
    policy = load_policy_text(POLICY)
    frame = pl.DataFrame(records, schema_overrides={"id": pl.String, "upheld": pl.Boolean}, infer_schema_length=None) if records else None
    source: Any = records if form == "records" or frame is None else frame if form == "frame" else frame.lazy()
    audit = policy.audit(source, as_of=AS_OF)
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    weeks: dict[int, int] = defaultdict(int)
    for record in records:
        day = datetime.fromisoformat(record["received_at"]).date()
        groups[f"2026-W{day.isocalendar().week:02}", record["product"] or "?"].append(record)
        weeks[day.isocalendar().week] += record["injury"]
    for rule in ("share", "count", "sum", "mean", "quantile", "largest", "spread", "different"):
        told = {(r.period, r.group[0]): (r.low, r.high, r.members, r.excluded) for r in audit.portfolio[rule]}
        assert told == {key: naive(rule, found) for key, found in groups.items()}, rule
    if weeks:
        check_trends(audit.portfolio, weeks)


def check_trends(portfolio: Any, weeks: dict[int, int]) -> None:
    first, last = min(weeks), max(weeks)
    counted = {week: weeks.get(week, 0) for week in range(first, last + 1)}
    surge = {r.period: r.outcome for r in portfolio["surge"]}
    rising = {r.period: (r.low, r.outcome) for r in portfolio["rising"]}
    for week, count in counted.items():
        name = f"2026-W{week:02}"
        rises = 0
        while week - rises > first and counted[week - rises] > counted[week - rises - 1]:
            rises += 1
        to_the_start = week - rises == first
        if week == 7:  # from Monday 9 February on: not over that day
            assert surge[name] == "pending" and rising[name][1] == "pending"
            continue
        if week - 2 < first:
            assert surge[name] == "not_applicable"
        else:
            limit = Fraction(3, 2) * Fraction(counted[week - 1] + counted[week - 2], 2)
            assert surge[name] == ("met" if count <= limit else "breached")
        # Fewer than two rises are seen: whether there are more is known unless the table begins within them.
        wanted = "breached" if rises >= 2 else "not_applicable" if to_the_start else "met"
        assert rising[name] == (rises, wanted)
