"""What goes with a penalty, put into a policy that was drawn, from a random source of its own: what else was drawn stays as it is."""

from __future__ import annotations

from random import Random
from typing import Any, Final

__all__ = ["with_money"]

Document = dict[str, Any]

_SHARE: Final = 0.4


def with_money(files: dict[str, Document], seed: int) -> dict[str, Document]:
    """The same files, in some of them with penalties that are divided, approved, recovered and capped; seeds of the faults stay as they are."""
    random = Random(seed * 1_000_003 + 29)
    if 7000 <= seed < 8000 or random.random() >= _SHARE:
        return files
    for document in files.values():
        for rule in document.get("penalties", ()):
            _beside(rule, random)
    return files


def _beside(rule: Document, random: Random) -> None:
    if "amount" in rule and random.random() < 0.6:
        rule["divided_by"] = random.choice(("3", "30", "0.5", {"field": "affected_customers"}, {"field": "repeat_count"}, _chosen(random)))
    if random.random() < 0.4:
        rule["approver"] = random.choice(("manager", {"field": "handler"}, {"choose": [{"when": {"upheld": "true"}, "then": "manager"}, {"otherwise": "desk"}]}))
    if random.random() < 0.4:
        rule["recovers_from"] = {"first_known": [{"field": "product"}, {"field": "channel"}]}
    if "charge" in rule and random.random() < 0.6:
        rule["cap"] = {"per": "charge", "in": random.choice(("week", "month", "year")), "amount": random.choice(("1", "500"))}


def _chosen(random: Random) -> Document:
    """One of several divisors, of which one may be nothing."""
    return {"choose": [{"when": {"injury": "true"}, "then": random.choice(("7", "0"))}, {"otherwise": "30"}]}
