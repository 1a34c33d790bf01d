"""Partial counts, put together in any way, are the counts of the whole."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import make_demo
import polars as pl
import pytest

from complaint_policy import load_policy, load_policy_text
from complaint_policy.audit import run_audit
from complaint_policy.audit.batches import BatchJudge
from complaint_policy.audit.columns import DecisionColumns, RuleColumn
from complaint_policy.audit.partials import (
    add_portfolio,
    count_ids,
    late_in_buckets,
    merged,
    middles,
    partials,
    portfolio_partials,
    reasons_of,
    reject_partials,
    tally_of,
)
from complaint_policy.audit.portfolio import Portfolio
from complaint_policy.audit.tally import PenaltySum, Tally
from complaint_policy.outcomes import STATUS_ORDER
from complaint_policy.texts import Text
from tests.audit.support import assert_partials_hold, assert_same, texts_of

DEMO = Path(make_demo.__file__).parent
def in_pieces(frame: pl.DataFrame, size: int) -> list[pl.DataFrame]:
    return [frame.slice(start, size) for start in range(0, frame.height, size)] or [frame]


def test_the_demo() -> None:
    frame = texts_of(DEMO / "complaints.csv", DEMO / "mapping.yaml", 10_000)
    policy = load_policy("cn/telecom")
    judge = BatchJudge(policy, schema=frame.schema, as_of=make_demo.AS_OF, mapping=DEMO / "mapping.yaml")
    assert_partials_hold(judge, frame, 50)
    single = run_audit(policy, frame, as_of=make_demo.AS_OF, mapping=DEMO / "mapping.yaml")
    inner, rejected = judge.judge(frame)
    assert judge.public(inner).equals(single.decisions)
    assert rejected.equals(single.rejected)
    pieces = [reject_partials(piece, judge.shape) for piece in in_pieces(rejected, 2)]
    assert reasons_of(pl.concat(pieces)) == single.summary().rejects


COLUMNS = DecisionColumns(
    (
        RuleColumn("D", "deadline", Text("D", "期限"), True),
        RuleColumn("E", "deadline", Text("E", "期限"), True),
        RuleColumn("R", "requirement", Text("R", "要求"), True),
        RuleColumn("P", "penalty", Text("P", "处罚"), False),
    ),
    "Asia/Shanghai",
    2,
)


def invented(rng: random.Random, height: int) -> pl.DataFrame:
    """Decisions no policy has made: any value beside any other."""

    def cell(name: str, kind: Any) -> Any:
        if name != "status" and rng.random() < 0.3:
            return None
        if kind == pl.Boolean:
            return rng.random() < 0.5
        if kind == pl.List(pl.String):
            return rng.choices(["a", "b", "投诉"], k=rng.randrange(1, 3))
        if kind == pl.Duration("us"):
            return timedelta(microseconds=rng.choice([0, 1, 2**34 - 1, 2**34, rng.randrange(10**13), 2**53 + rng.randrange(9)]))
        if isinstance(kind, pl.Decimal):
            return Decimal(rng.randrange(10**6)) / 100
        if isinstance(kind, pl.Enum):
            return rng.choice(STATUS_ORDER)
        if kind == pl.Int64:
            return 0
        return rng.choice(["one", "two", "一个比较长的名字，超过十二字节"]) if kind == pl.String else None

    schema = COLUMNS.inner_schema()
    frame = pl.DataFrame({name: pl.Series([cell(name, kind) for _ in range(height)], dtype=kind) for name, kind in schema.items()})
    # Where something is owned or possible, and whether a late case is open, is always said.
    return frame.with_columns(pl.col("owned").fill_null(False), pl.col("^.*\\.open$").fill_null(False), pl.col("version").fill_null("2024-01-01"))


@pytest.mark.parametrize("seed", range(12))
def test_random_frames(seed: int) -> None:
    rng = random.Random(seed)
    frame = invented(rng, rng.choice([0, 1, 7, 200]))
    pieces = in_pieces(frame, rng.choice([1, 3, 50, 1000]))
    whole = Tally(COLUMNS)
    for piece in pieces:
        whole.add(piece)
    counts = pl.concat([partials(piece, COLUMNS) for piece in pieces])
    ids = count_ids(frame["id"])
    for gathered in (counts, merged(counts), late_in_buckets(counts), merged(late_in_buckets(counts))):
        assert_same(tally_of(gathered, COLUMNS, ids=ids), whole)
    names = pl.Enum(pl.concat([frame["severity"], frame["owner"]]).drop_nulls().unique().sort())
    enumerated = frame.with_columns(pl.col("severity", "owner").cast(names))
    assert_same(tally_of(partials(enumerated, COLUMNS), COLUMNS, ids=ids), whole)


def test_an_open_bound_stays_open() -> None:
    schema = COLUMNS.inner_schema()
    row: dict[str, Any] = dict.fromkeys(schema) | {"status": "met", "owned": False, "version": "v", "P.state": "proposed", "P.amount": 5, "P.min": 1}
    bound, unbound = (pl.DataFrame([row | {"P.max": most}], schema=schema) for most in (9, None))
    counts = pl.concat([partials(bound, COLUMNS), partials(unbound, COLUMNS), partials(bound, COLUMNS)])
    assert tally_of(counts, COLUMNS).penalties == {"P": {"proposed": PenaltySum(3, Decimal("15.00"), Decimal("3.00"), None)}}


def test_money_beyond_machine_numbers_is_exact() -> None:
    schema = COLUMNS.inner_schema()
    row: dict[str, Any] = dict.fromkeys(schema) | {"status": "met", "owned": False, "version": "v", "P.state": "proposed"}
    large, small = Decimal("900000000000000000000000000000000000.01"), Decimal("0.01")
    frame = pl.DataFrame([row | {"P.amount": amount, "P.min": amount, "P.max": amount} for amount in (large, small, small)], schema=schema)
    total = partials(frame, COLUMNS).filter(pl.col("part") == "penalty")["total"]
    assert total.to_list() == [Decimal("900000000000000000000000000000000000.03")]


def test_the_median_is_that_of_whole_numbers() -> None:
    assert middles({"": pl.Series([1, 4])})[""][0] == timedelta(microseconds=2)
    assert middles({"": pl.Series([2**60, 5, 2**60 + 2])})[""][0] == timedelta(microseconds=2**60)


def test_the_figures_of_a_portfolio_add_up() -> None:
    text = (make_policy_text()).replace("within: 5 days", "within: 3 days")
    policy = load_policy_text(text)
    rng = random.Random(3)
    frame = pl.DataFrame(
        [
            {"id": str(n), "received_at": f"2026-0{rng.randrange(1, 4)}-02T09:00", "satisfied": rng.choice([True, False, None]),
             "amount_claimed": rng.choice(["0.10", "7", None]), "product": rng.choice(["card", "phone"])}
            for n in range(200)
        ]
    )  # fmt: skip
    single = policy.audit(frame, as_of="2026-06-01T00:00").portfolio
    judge = BatchJudge(policy, schema=frame.schema, as_of="2026-06-01T00:00")
    pieces = []
    for start in range(0, frame.height, 30):
        part = Portfolio(policy)
        judge.judge(frame.slice(start, 30), start, part)
        pieces.append(portfolio_partials(part, judge.shape))
    gathered = Portfolio(policy)
    add_portfolio(merged(pl.concat(pieces)), gathered)
    assert dict(gathered.results(date(2026, 6, 1))) == dict(single)
    assert {len(results) for results in single.values()} >= {3, 6}


def make_policy_text() -> str:
    return """
format: 1
policy: test/figures
effective: {from: 2024-01-01}
timezone: UTC
record: {fields: {satisfied: {empty: unknown}}}
deadlines: [{id: DL, from: received_at, to: responded_at, within: 5 days}]
portfolio:
  - {id: PF-share, measure: {share: {satisfied: true}}, per: month, expect: {at_least: 50%}}
  - {id: PF-count, measure: {count: {satisfied: true}}, per: month, by: [product]}
  - {id: PF-sum, measure: {sum: {field: amount_claimed}}, per: month, by: [product]}
  - {id: PF-mean, measure: {mean: {field: amount_claimed}}}
"""
