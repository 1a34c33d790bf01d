"""Small policies about logic, money and words, written from docs/language.md alone; each expected value is worked by hand.

A test here builds a policy from a few sections, so that a reader sees the whole of it beside the expectation.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from complaint_policy import Decision, Policy, load_policy_text

RECEIVED = "2026-03-02T10:00"  # a Monday
NOW = "2026-03-10T12:00"

HEAD = """
format: 1
policy: test/logic
effective: {{from: 2020-01-01}}
title: {{en: Test policy, zh: 测试制度}}
timezone: {zone}
currency: {currency}
"""

# Fields of every type, none of them with a default but `preset`.
FIELDS = """
record:
  fields:
    flag: {type: boolean, title: {en: Flag, zh: 标志}}
    other: {type: boolean}
    preset: {type: boolean, default: false}
    pieces: {type: integer}
    tally: {type: integer}
    size: {type: number, unit: km}
    width: {type: number, unit: mm}
    sum: {type: money}
    limit: {type: money}
    word: {type: string}
    second: {type: string}
    kind: {type: enum, values: [network, tariff, service]}
    tags: {type: list}
    day: {type: date}
    at: {type: datetime}
    promised: {type: datetime, empty: none}
    agreed: {type: integer, empty: none}
    happened_at: {type: event}
    later_at: {type: event}
    pause: {type: intervals, empty: none}
"""


@lru_cache(maxsize=4096)
def policy(body: str, *, fields: str = FIELDS, zone: str = "Asia/Shanghai", currency: str = "CNY") -> Policy:
    """A policy of the head, the fields and ``body``."""
    return load_policy_text(HEAD.format(zone=zone, currency=currency) + fields + "\n" + body + "\n", name="logic.yaml")


def decide(body: str, record: dict[str, Any] | None = None, as_of: str = NOW, **more: Any) -> Decision:
    """The decision of a policy of ``body`` on a record received on Monday 2 March, 10:00."""
    options = {key: more.pop(key) for key in ("source_fields", "waivers") if key in more}
    return policy(body, **more).evaluate({"id": "L-1", "received_at": RECEIVED, **(record or {})}, as_of=as_of, **options)


def condition(text: str, record: dict[str, Any] | None = None, as_of: str = NOW, **more: Any) -> str:
    """What a condition is: ``true``, ``false``, ``open`` or ``?`` with the names that would settle it.

    It is asked by a requirement whose moment (the receipt) has passed: met, breached, pending or indeterminate.
    """
    facts = more.pop("facts", "")
    decision = decide(f"{facts}\nrequirements: [{{id: RQ, require: {text}, before: received_at}}]", record, as_of, **more)
    result = decision.result("RQ")
    if result.outcome == "indeterminate":
        return " ".join(["?", *result.missing])
    return {"met": "true", "breached": "false", "pending": "open"}[result.outcome]


def value(text: str, record: dict[str, Any] | None = None, as_of: str = NOW, **more: Any) -> Any:
    """A value as a fact; ``None`` where it is unknown."""
    return decide(
        f"facts: {{f: {text}}}\nrequirements: [{{id: RQ, require: {{f: {more.pop('use', '{at_least: 0}')}}}, before: received_at}}]", record, as_of, **more
    ).fact("f")
