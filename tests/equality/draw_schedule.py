"""Days of the year in limits, and schedules, put into a policy that was drawn, from a random source of their own: what else was drawn stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any, Final

__all__ = ["with_schedules"]

Document = dict[str, Any]

_SHARE: Final = 0.3
_DAYS: Final = ("02-28", "02-29", "03-31", "05-01", "08-31", "10-30", "12-31")
_COUNTED: Final = ("day", "week", "month", "year")


def with_schedules(files: dict[str, Document], seed: int) -> dict[str, Document]:
    """The same files, in some of them with schedules and limits that end on days of the year; seeds of the faults stay as they are."""
    random = Random(seed * 1_000_003 + 17)
    if 7000 <= seed < 8000 or random.random() >= _SHARE:
        return files
    for document in files.values():
        for rule in _limits(document):
            if random.random() < 0.6:
                rule["within"] = _on_a_day(rule["within"], random)
    first = next(iter(files.values()))
    first["schedules"] = [_schedule(index, first, random) for index in range(random.randint(1, 2))]
    return files


def _schedule(index: int, document: Document, random: Random) -> Document:
    """No record has an outcome of it, so nothing that is held equal may change."""
    period, days = random.choice((("half_year", ["06-01", "12-01"]), ("year", ["02-29"])))
    start: Any = random.choice(("period_end", "period_start", {"month_day": days}))
    made: Document = {"id": f"SC-{index}", "period": period, "from": start, "within": random.choice(("20 days", "2 months", {"month_day": "03-31"})), "done": "register"}
    figures = [rule["id"] for rule in document.get("portfolio", ()) if rule.get("per") == period and "by" not in rule]
    if figures:
        made["when"] = {random.choice(figures): {"at_least": 1}}
    return made


def _limits(document: Document) -> Iterator[Document]:
    """Whatever has a limit that counts days of the calendar: conventions that the limit takes, a day of the year takes too."""
    for section in ("deadlines", "retention"):
        for rule in document.get(section, ()):
            yield from (part for part in (rule, rule.get("keep_until")) if isinstance(part, dict) and _counts_days(part) and "pauses" not in rule)


def _counts_days(part: Document) -> bool:
    within = part.get("within")
    if not isinstance(within, str) or "pause_on_days" in part.get("counting", ()) or "part_of" in part or "extend" in part:
        return False
    amount, _, unit = within.partition(" ")
    return amount.isdigit() and unit.rstrip("s") in _COUNTED


def _on_a_day(within: str, random: Random) -> Document:
    days: Any = random.sample(_DAYS, random.randint(1, 3))
    day: Document = {"month_day": days if len(days) > 1 or random.random() < 0.5 else days[0]}
    return day if random.random() < 0.4 else {random.choice(("first_of", "last_of")): [day, within]}
