"""Deadlines that begin anew, put into a policy that was drawn, from a random source of their own: what else was drawn stays as it is."""

from __future__ import annotations

from random import Random
from typing import Any, Final

__all__ = ["with_each"]

Document = dict[str, Any]

_SHARE: Final = 0.25
_EVENTS: Final = ("received_at", "responded_at", "closed_at", "reopened_at", "followed_up_at", "assigned_at")


def with_each(files: dict[str, Document], seed: int) -> dict[str, Document]:
    """The same files, in some of them with deadlines of several starts; seeds of the faults stay as they are."""
    random = Random(seed * 1_000_003 + 45)
    if 7000 <= seed < 8000 or random.random() >= _SHARE:
        return files
    own: dict[str, Any] = {}
    kinds: dict[str, Any] = {}
    for document in files.values():
        own |= document.get("record", {}).get("fields", {})
        kinds |= document.get("record", {}).get("events", {})
    # A core field may be narrowed to something that is no event.
    events = [name for name in (*_EVENTS, *own) if own.get(name, {"type": "event" if name in _EVENTS else ""}).get("type", "event") == "event"]
    rules = [rule for document in files.values() for rule in document.get("deadlines", ())]
    if random.random() < 0.5:
        # One alone, over events of the record: what columns have a form for.
        plain = [rule for rule in rules if rule["from"] in events and rule["to"] in events]
        for rule in random.sample(plain, min(1, len(plain))):
            _begin_anew(rule, sorted(set(events)), [], random)
        return files
    entries = Random(seed * 1_000_003 + 46)
    for rule in rules:
        if "step" in kinds and entries.random() < 0.3:
            _of_the_entry(rule, entries)
        elif random.random() < 0.6:
            _begin_anew(rule, sorted(set(events)), sorted(kinds), random)
    return files


def _of_the_entry(rule: Document, random: Random) -> None:
    """What begins with entries, and ends or is due at an instant of the entry."""
    rule["from"] = {"each": [random.choice(({"event": "step"}, {"event": "step", "where": {"level": {"at_least": 1}}}))]}
    if random.random() < 0.7:
        rule["to"] = random.choice(("done_at", {"first_of": ["done_at", "closed_at"]}))
    if random.random() < 0.7:
        rule.pop("counting", None)  # of the limit that was there
        rule["within"] = random.choice(({"from": "at", "within": "48 hours"}, {"last_of": ["done_at", rule["within"]]}, {"from": "done_at", "within": "3 days"}))


def _begin_anew(rule: Document, events: list[str], kinds: list[str], random: Random) -> None:
    def one() -> Any:
        return {"event": random.choice(kinds)} if kinds and random.random() < 0.6 else random.choice(events)

    rule["from"] = {"each": [rule["from"], *(one() for _ in range(random.randint(0, 2)))]}
    if random.random() < 0.4:
        rule["from"]["until"] = one()
    if random.random() < 0.5:
        rule["to"] = random.choice(({"first_of": [rule["to"], one()]}, {"all_of": [one(), one()]}, {"first_of": [one(), one()]}, one()))
