"""How long something took, or was late, on columns: each way of rounding, as `evaluate` has it; what still runs is left."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import polars as pl
import pytest

from complaint_policy import Policy, load_policy_text
from tests.equality.comparing import compare

AS_OF = datetime(2026, 6, 1, 9)
SPANS = {
    "taken": "between: [received_at, closed_at]",
    "waited": "between: [asked_at, responded_at]",
    "after_limit": "between: [{due: DL-close}, closed_at]",
    "overdue": "late: DL-close",
    "overdue_hours": "late: DL-answer",
    "less_pauses": "except: [{between: [received_at, closed_at]}, stops]",
    "with_pauses": "together: [stops, {between: [received_at, closed_at]}]",
    "both": "together: [{between: [received_at, closed_at]}, {between: [asked_at, responded_at]}]",
}
POLICY = """\
format: 1
policy: test/spans
effective: {from: "2020-01-01"}
timezone: %s
currency: CNY
sources: {rule: {title: {en: House rule, zh: 内部规定}, status: company}}
record: {fields: {asked_at: {type: event}, stops: {type: intervals, empty: none}, fee: {type: money}}}
deadlines:
  - {id: DL-close, from: received_at, to: closed_at, within: 3 days, source: {ref: rule}}
  - {id: DL-answer, from: asked_at, to: responded_at, within: 20 hours, source: {ref: rule}}
penalties:
  - {id: PN-late, for: [DL-close], amount: {times: [0.01, {field: fee}, {length: {late: DL-close}, in: days, round: up}]}, source: {ref: rule}}
  - {id: PN-hours, for: [DL-answer], amount: {times: [2, {length: {late: DL-answer}, in: hours, round: half_up}]}, source: {ref: rule}}
facts:
%s
requirements:
%s
"""


def policy_of(zone: str, unit: str, rounding: str) -> Policy:
    facts = "\n".join(f"  {name}: {{length: {{{span}}}, in: {unit}, round: {rounding}}}" for name, span in SPANS.items())
    bounds = {"minutes": 2880, "hours": 48, "days": 2, "weeks": 1}
    rules = "\n".join(f"  - {{id: RQ-{name}, require: {{{name}: {{at_most: {bounds[unit]}}}}}, source: {{ref: rule}}}}" for name in SPANS)
    return load_policy_text(POLICY % (zone, facts, rules))


def frame_of(count: int = 240, seed: int = 1) -> pl.DataFrame:
    """Acts on limits and a microsecond beside them, on whole units, before their start, and none at all."""
    random = Random(seed)
    rows: list[dict[str, Any]] = []
    for number in range(count):
        received = datetime(2026, 3, 27) + timedelta(hours=random.randrange(72), minutes=random.choice((0, 30)))

        def later(one: Random = random, start: datetime = received) -> datetime | None:
            hours = one.choice((None, -5, 0, 20, 24, 48, 48.5, 60, 72, 84, 168, 252))
            return None if hours is None else start + timedelta(hours=hours, microseconds=one.choice((-1, 0, 1)))

        end_of_third_day = datetime(received.year, received.month, received.day) + timedelta(days=4)
        closed = random.choice((later(), end_of_third_day, end_of_third_day - timedelta(microseconds=1), end_of_third_day + timedelta(days=1)))
        rows.append({"id": f"C{number}", "received_at": received, "closed_at": closed, "asked_at": later(), "responded_at": later(), "fee": random.choice((None, 99.5, 120.0))})
    return pl.DataFrame(rows).with_columns(stops=pl.lit(None, pl.String))


@pytest.mark.parametrize("rounding", ["up", "down", "half_up"])
@pytest.mark.parametrize(("zone", "unit"), [("Asia/Shanghai", "days"), ("Europe/Berlin", "hours"), ("Asia/Shanghai", "minutes"), ("America/New_York", "weeks")])
def test_every_rounding(zone: str, unit: str, rounding: str) -> None:
    policy, frame = policy_of(zone, unit, rounding), frame_of()
    assert compare(policy, frame, AS_OF) == []


def test_what_has_ended_is_measured_on_columns(one_by_one: list[int]) -> None:
    frame = frame_of().filter(pl.col("closed_at").is_not_null() & pl.col("asked_at").is_not_null() & pl.col("responded_at").is_not_null())
    policy = policy_of("Asia/Shanghai", "days", "up")
    frame = frame.filter(pl.col("fee").is_not_null() & (pl.col("closed_at") >= pl.col("received_at")) & (pl.col("responded_at") >= pl.col("asked_at")))
    assert frame.height > 30
    assert compare(policy, frame, AS_OF) == []
    one_by_one.clear()
    assert policy.audit(frame.with_columns(stops=None), as_of=AS_OF).decisions["PN-late.amount"].null_count() < frame.height
    assert one_by_one == []


def test_a_worked_case() -> None:
    """Received on the 2nd, due at the end of the 5th, closed on the 7th at 0:00 and a microsecond: one day and a bit, two days begun, 2 % of 120."""
    frame = pl.DataFrame({"id": ["A", "B"], "received_at": [datetime(2026, 3, 2, 10)] * 2, "closed_at": [datetime(2026, 3, 7, 0, 0, 0, 1), datetime(2026, 3, 7)], "fee": [120.0, 120.0]})
    audit = policy_of("Asia/Shanghai", "days", "up").audit(frame, as_of=AS_OF)
    assert [str(amount) for amount in audit.decisions["PN-late.amount"]] == ["2.40", "1.20"]
