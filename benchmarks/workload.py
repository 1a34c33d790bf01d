"""The measured workload: invented records, the policy in YAML, and the function an expert would write by hand.

Four severity levels, a 6 by 4 matrix, five deadlines, one penalty.  Seeded, so every run is the same.
"""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

CHANNELS = ["web", "phone", "branch", "email", "app", "letter", "regulator", "media"]
CATEGORIES = ["billing", "service", "product", "privacy", "fraud", "other"]
LEVELS = ["low", "medium", "high", "critical"]
OWNER = {
    "billing": ["frontline", "service_desk", "quality", "executive"],
    "service": ["frontline", "service_desk", "quality", "executive"],
    "product": ["frontline", "product_team", "quality", "executive"],
    "privacy": ["service_desk", "privacy_office", "legal", "executive"],
    "fraud": ["service_desk", "security", "legal", "executive"],
    "other": ["frontline", "service_desk", "quality", "legal"],
}
BASE_PENALTY = {1: 200, 2: 500, 3: 1000, 4: 1500}
CAP = 1500
AS_OF = dt.datetime(2025, 6, 30)
FIRST, LAST = dt.date(2022, 1, 1), dt.date(2026, 12, 31)


def exceptions() -> tuple[list[dt.date], list[dt.date]]:
    """About 30 weekday holidays and 7 make-up working Saturdays a year."""
    rng = random.Random(7)
    holidays: list[dt.date] = []
    made_up: list[dt.date] = []
    for year in range(FIRST.year, LAST.year + 1):
        days = [dt.date(year, 1, 1) + dt.timedelta(i) for i in range(365)]
        holidays += rng.sample([d for d in days if d.weekday() < 5], 30)
        made_up += rng.sample([d for d in days if d.weekday() == 5], 7)
    return sorted(holidays), sorted(made_up)


def policy_text() -> str:
    """The workload's policy."""
    holidays, made_up = exceptions()
    rows = "\n".join(
        f"    - {{id: RS-{category}-{level}, when: {{category: {category}, severity: {level}}}, owner: {owner}}}"
        for category, owners in OWNER.items()
        for level, owner in zip(LEVELS, owners, strict=True)
    )
    return f"""
format: 1
policy: bench/workload
effective: {{from: 2022-01-01}}
timezone: Asia/Shanghai
currency: CNY
calendars:
  office:
    weekdays: mon-fri
    holidays: [{", ".join(d.isoformat() for d in holidays)}]
    extra_working_days: [{", ".join(d.isoformat() for d in made_up)}]
counting: {{calendar: office, first_day: excluded, ends: end_of_day, roll: none}}
record:
  fields:
    channel: {{type: enum, values: [{", ".join(CHANNELS)}]}}
    category: {{type: enum, values: [{", ".join(CATEGORIES)}]}}
    region: {{type: enum, values: [domestic, overseas]}}
    amount_claimed: {{default: 0}}
severity:
  levels: [{", ".join(LEVELS)}]
  rules:
    - {{id: SEV-critical, level: critical, when: {{any: [{{injury: true}}, {{regulator_involved: true, amount_claimed: {{at_least: 50000}}}}, {{affected_customers: {{at_least: 1000}}}}]}}}}
    - {{id: SEV-high, level: high, when: {{any: [{{media_exposure: true}}, {{amount_claimed: {{at_least: 10000}}}}, {{affected_customers: {{at_least: 100}}}}]}}}}
    - {{id: SEV-medium, level: medium, when: {{any: [{{repeat_count: {{at_least: 3}}}}, {{amount_claimed: {{at_least: 1000}}}}, {{channel: [regulator, media]}}]}}}}
  otherwise: low
responsibility:
  by: [category, severity]
  rows:
{rows}
  otherwise: {{owner: service_desk}}
deadlines:
  - {{id: DL-ack, from: received_at, to: acknowledged_at, within: 24 hours}}
  - {{id: DL-investigate, from: received_at, to: investigated_at, within: 1 working day}}
  - {{id: DL-respond, from: received_at, to: responded_at, within: {{choose: [{{when: {{region: overseas}}, then: 18 days}}, {{otherwise: 15 days}}]}}}}
  - {{id: DL-close, from: received_at, to: closed_at, within: {{choose: [{{when: {{severity: {{at_most: medium}}}}, then: 7 working days}}, {{otherwise: 15 working days}}]}}}}
  - {{id: DL-followup, from: closed_at, to: followed_up_at, within: 24 hours}}
penalties:
  - id: PN-case
    for: [DL-ack, DL-investigate, DL-respond, DL-close, DL-followup]
    payable_to: company
    amount:
      min_of:
        - {CAP}
        - times:
            - {{choose: [{{when: {{severity: critical}}, then: 1500}}, {{when: {{severity: high}}, then: 1000}}, {{when: {{severity: medium}}, then: 500}}, {{otherwise: 200}}]}}
            - {{choose: [{{when: {{repeat_count: {{at_least: 3}}}}, then: 1.5}}, {{otherwise: 1}}]}}
"""


def records(count: int = 20_000, seed: int = 42) -> list[dict[str, Any]]:
    """Typed records: naive datetimes of the policy's zone, numbers, booleans, texts."""
    rng = random.Random(seed)
    base = dt.datetime(2023, 1, 1)
    span = int((AS_OF - base).total_seconds())

    def maybe(moment: dt.datetime, missing: float) -> dt.datetime | None:
        return None if moment > AS_OF or rng.random() < missing else moment

    found: list[dict[str, Any]] = []
    for index in range(count):
        received = base + dt.timedelta(seconds=rng.randrange(span))
        closed = received + dt.timedelta(hours=int(rng.gammavariate(3, 80)))
        found.append(
            {
                "id": str(index),
                "received_at": received,
                "acknowledged_at": maybe(received + dt.timedelta(hours=int(rng.expovariate(1 / 14))), 0.06),
                "investigated_at": maybe(received + dt.timedelta(hours=int(rng.expovariate(1 / 30))), 0.08),
                "responded_at": maybe(received + dt.timedelta(hours=int(rng.gammavariate(3, 90))), 0.08),
                "closed_at": maybe(closed, 0.08),
                "followed_up_at": maybe(closed + dt.timedelta(hours=int(rng.expovariate(1 / 14))), 0.10),
                "channel": rng.choices(CHANNELS, [0.3, 0.25, 0.1, 0.15, 0.1, 0.06, 0.02, 0.02])[0],
                "category": rng.choice(CATEGORIES),
                "region": "overseas" if rng.random() < 0.2 else "domestic",
                "amount_claimed": None if rng.random() < 0.1 else round(rng.lognormvariate(6, 2), 2),
                "affected_customers": int(rng.lognormvariate(1, 1.8)) + 1,
                "repeat_count": min(9, int(rng.expovariate(1 / 0.8))),
                "media_exposure": rng.random() < 0.03,
                "injury": rng.random() < 0.01,
                "regulator_involved": rng.random() < 0.05,
            }
        )
    for record in found:  # a follow-up without a recorded closing would be before its start
        if record["closed_at"] is None:
            record["followed_up_at"] = None
    return found


# --------------------------------------------------------------------------- by hand
_H24 = dt.timedelta(hours=24)
_MICRO = dt.timedelta(microseconds=1)


def _tables() -> tuple[dict[int, list[dt.datetime]], dict[int, list[dt.datetime]], int]:
    holidays, made_up = (set(days) for days in exceptions())
    days = [FIRST + dt.timedelta(i) for i in range((LAST - FIRST).days + 1)]
    working = [(d.weekday() < 5 and d not in holidays) or d in made_up for d in days]
    positions = [i for i, w in enumerate(working) if w]
    counts, seen = [], 0
    for w in working:
        seen += w
        counts.append(seen)

    def end(i: int) -> dt.datetime:
        return dt.datetime.combine(FIRST + dt.timedelta(i + 1), dt.time()) - _MICRO

    business = {n: [end(positions[min(c + n - 1, len(positions) - 1)]) for c in counts] for n in (1, 7, 15)}
    calendar = {n: [end(i + n) for i in range(len(days))] for n in (15, 18)}
    return business, calendar, FIRST.toordinal()


_BUSINESS, _CALENDAR, _ZERO = _tables()
_D1, _D7, _D15, _C15, _C18 = _BUSINESS[1], _BUSINESS[7], _BUSINESS[15], _CALENDAR[15], _CALENDAR[18]
_PENALTY = {s: (b, min(CAP, b * 3 // 2)) for s, b in BASE_PENALTY.items()}


def by_hand(r: dict[str, Any], as_of: dt.datetime = AS_OF) -> tuple[Any, ...]:
    """Severity, owner, five outcomes (0 met, 1 breached, 2 pending, None not started), five due instants, penalty."""
    a = r["amount_claimed"]
    n = r["affected_customers"]
    if r["injury"] or (r["regulator_involved"] and a is not None and a >= 50000) or n >= 1000:
        s = 4
    elif r["media_exposure"] or (a is not None and a >= 10000) or n >= 100:
        s = 3
    elif r["repeat_count"] >= 3 or (a is not None and a >= 1000) or r["channel"] in ("regulator", "media"):
        s = 2
    else:
        s = 1
    owner = OWNER[r["category"]][s - 1]
    received, closed = r["received_at"], r["closed_at"]
    i = received.toordinal() - _ZERO
    x, due1 = r["acknowledged_at"], received + _H24
    s1 = (1 if as_of > due1 else 2) if x is None else (1 if x > due1 else 0)
    x, due2 = r["investigated_at"], _D1[i]
    s2 = (1 if as_of > due2 else 2) if x is None else (1 if x > due2 else 0)
    x, due3 = r["responded_at"], (_C18 if r["region"] == "overseas" else _C15)[i]
    s3 = (1 if as_of > due3 else 2) if x is None else (1 if x > due3 else 0)
    due4 = (_D7 if s <= 2 else _D15)[i]
    s4 = (1 if as_of > due4 else 2) if closed is None else (1 if closed > due4 else 0)
    if closed is None:
        s5 = due5 = None
    else:
        x, due5 = r["followed_up_at"], closed + _H24
        s5 = (1 if as_of > due5 else 2) if x is None else (1 if x > due5 else 0)
    if s1 == 1 or s2 == 1 or s3 == 1 or s4 == 1 or s5 == 1:
        p = _PENALTY[s][r["repeat_count"] >= 3]
    else:
        p = 0
    return s, owner, s1, s2, s3, s4, s5, due1, due2, due3, due4, due5, p


def by_hand_without_dues(r: dict[str, Any], as_of: dt.datetime = AS_OF) -> tuple[Any, ...]:
    """The same without the due instants: severity, owner, five outcomes, penalty."""
    a = r["amount_claimed"]
    n = r["affected_customers"]
    if r["injury"] or (r["regulator_involved"] and a is not None and a >= 50000) or n >= 1000:
        s = 4
    elif r["media_exposure"] or (a is not None and a >= 10000) or n >= 100:
        s = 3
    elif r["repeat_count"] >= 3 or (a is not None and a >= 1000) or r["channel"] in ("regulator", "media"):
        s = 2
    else:
        s = 1
    owner = OWNER[r["category"]][s - 1]
    received, closed = r["received_at"], r["closed_at"]
    i = received.toordinal() - _ZERO
    x, due = r["acknowledged_at"], received + _H24
    s1 = (1 if as_of > due else 2) if x is None else (1 if x > due else 0)
    x, due = r["investigated_at"], _D1[i]
    s2 = (1 if as_of > due else 2) if x is None else (1 if x > due else 0)
    x, due = r["responded_at"], (_C18 if r["region"] == "overseas" else _C15)[i]
    s3 = (1 if as_of > due else 2) if x is None else (1 if x > due else 0)
    due = (_D7 if s <= 2 else _D15)[i]
    s4 = (1 if as_of > due else 2) if closed is None else (1 if closed > due else 0)
    if closed is None:
        s5 = None
    else:
        x, due = r["followed_up_at"], closed + _H24
        s5 = (1 if as_of > due else 2) if x is None else (1 if x > due else 0)
    if s1 == 1 or s2 == 1 or s3 == 1 or s4 == 1 or s5 == 1:
        p = _PENALTY[s][r["repeat_count"] >= 3]
    else:
        p = 0
    return s, owner, s1, s2, s3, s4, s5, p
