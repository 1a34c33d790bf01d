"""Entries of the event log and lists of instants, put into a policy that was drawn, and the cells of records that hold them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Final

import polars as pl

__all__ = ["LOG_FORMS", "LOG_SERIES", "draw_log", "log_fields", "with_log"]

Document = dict[str, Any]

_SHARE: Final = 0.3
_KINDS: Final = {"step": {"level": {"type": "integer", "default": 1}, "to": {"type": "enum", "values": ["ops", "desk"]}, "done_at": "event"}, "call": {"level": "integer"}}
_WHERE: Final[tuple[Document, ...]] = (
    {"level": {"at_least": 2}}, {"to": "ops"}, {"by": "present"}, {"done_at": "missing"}, {"not": {"to": ["ops", "desk"]}},
    {"at": {"after": "received_at"}}, {"done_at": {"by": {"from": "at", "within": "48 hours"}}}, {"by": {"field": "handler"}},
    {"at": {"after": {"nth": 1, "of": {"event": "call"}}}}, {"done_at": {"after": {"nth": 1, "of": {"event": "call"}, "after": "at"}}},
)  # fmt: skip
_OF_BOTH: Final[tuple[Document, ...]] = ({"level": {"above": 1}}, {"by": "present"}, {"at": {"before": "closed_at"}})
# Texts with a time, typed times, typed days, and what is no log at all.
_FIELDS: Final = {"at": pl.String, "kind": pl.String, "by": pl.String, "to": pl.String, "level": pl.Int64, "done_at": pl.String}
LOG_FORMS: Final = {"log": ("entries", "entries", "entries", "entries_typed", "entries_days", "text", "null"), "instants": ("text", "moments", "days", "null")}


def with_log(files: dict[str, Document], seed: int) -> dict[str, Document]:
    """The same files, in some of them with kinds of entries and rules that ask for them; seeds of the faults stay as they are."""
    random = Random(seed * 1_000_003 + 40)
    if 7000 <= seed < 8000 or random.random() >= _SHARE:
        return files
    empty = random.choice(({}, {"empty": "none"}))
    for number, document in enumerate(files.values()):
        record = document.setdefault("record", {})
        record["events"] = _KINDS
        record.setdefault("fields", {})["visits"] = {"type": "instants", **empty}
        facts = document.setdefault("facts", {})
        facts |= {f"steps_{number}": _entries(random), f"many_{number}": {"count": random.choice((_entries(random), f"steps_{number}", "visits"))}}
        facts[f"level_{number}"] = {"last": random.choice((_entries(random), f"steps_{number}")), "take": random.choice(("level", "level", "by", "kind"))}
        for rule in document.get("deadlines", ()):
            _ended_by_entries(rule, f"steps_{number}", random)
        for rule in document.get("requirements", ()):
            if random.random() < 0.5:
                rule["require"] = {"all": [rule["require"], _asked(facts, number, random)]}
    return files


def _entries(random: Random) -> Document:
    if random.random() < 0.2:
        entries: Document = {"event": ["call", "step"]}
        return entries | ({"where": random.choice(_OF_BOTH)} if random.random() < 0.6 else {})
    return {"event": "step", "where": random.choice(_WHERE)} if random.random() < 0.7 else {"event": random.choice(("call", "step"))}


def _asked(facts: Document, number: int, random: Random) -> Document:
    takes_number = facts[f"level_{number}"]["take"] == "level"
    tests: tuple[Document, ...] = (
        {f"many_{number}": random.choice((0, {"at_least": 1}, {"below": 2}, {"above": 2}))},
        {f"level_{number}": {"at_least": 2} if takes_number else {"not": random.choice(("step", "ops"))}},
        {f"steps_{number}": {random.choice(("by", "before", "after", "not_before")): random.choice(("closed_at", {"from": "received_at", "within": "72 hours"}))}},
        {"in_order": ["received_at", f"steps_{number}", {"event": "call"}]},
    )
    return random.choice(tests)


def _ended_by_entries(rule: Document, steps: str, random: Random) -> None:
    one: Callable[[], Any] = lambda: random.choice((_entries(random), steps))  # noqa: E731
    if random.random() < 0.4:
        rule["to"] = random.choice((one(), {"first_of": [one(), rule["to"]]}, {"nth": 2, "of": one()}))
    if random.random() < 0.3:
        rule["from"] = random.choice((one(), {"last_of": [rule["from"], one()]}, {"all_of": [rule["from"], one()]}, {"first_known": [one(), rule["from"]]}))
    if random.random() < 0.15 and isinstance(rule.get("within"), str) and "pauses" not in rule and "extend" not in rule:
        rule["within"] = {"first_of": [{"nth": random.randint(1, 2), "of": "visits", "after": "received_at"}, rule["within"]]}


def log_fields(files: dict[str, Document]) -> dict[str, dict[str, Any]]:
    """The fields of records that such a policy looks at."""
    if not any("events" in document.get("record", {}) for document in files.values()):
        return {}
    return {"events": {"type": "log"}, "visits": {"type": "instants"}}


# --------------------------------------------------------------------------- cells
def draw_log(tables: Any, kind: str, form: str, received: Any, odd: bool) -> Any:
    """A cell of ``events`` or of a list of instants."""
    one, chance = tables.one, tables.chance

    def moment() -> Any:
        wall = tables.zone.to_wall(tables.instant(received)).replace(fold=0)
        return wall.date() if form in ("days", "entries_days") else wall

    def told(value: Any) -> Any:
        return value.isoformat() if chance(0.8) else value.isoformat()[:10]

    if kind == "instants":
        moments = [moment() for _ in range(tables.random.randint(0, 4))]
        if form != "text":
            return [*moments, None] if odd else moments
        return one(("soon", "2026-03-05/2026-03-06", ";;")) if odd else one(("; ", "；")).join(map(told, moments))
    if form == "text":
        return one(("step", "[]", None))
    log = []
    for _ in range(tables.random.randint(0, one((1, 3, 6)))):
        at = moment()
        entry = {"at": told(at) if form == "entries" else at, "kind": one(("step", "step", "call", "note")), "by": one(("ops", "x", None, "")),
                 "to": one(("ops", "desk", None)), "level": one((None, 1, 2, 3)), "done_at": one((None, told(moment())))}  # fmt: skip
        if odd and chance(0.5):
            entry |= one(({"at": None}, {"kind": None}, {"to": "nobody"}, {"done_at": "soon"}, {"at": None, "kind": " "}))
        log.append(entry)
    return log


def _structs(at: Any) -> Callable[[str, list[Any], Any], pl.Series]:
    return lambda name, values, _: pl.Series(name, values, dtype=pl.List(pl.Struct(_FIELDS | {"at": at})), strict=False)


LOG_SERIES: Final[dict[str, Any]] = {
    "entries": _structs(pl.String),
    "entries_typed": _structs(pl.Datetime("us")),
    "entries_days": _structs(pl.Date),
    "moments": lambda name, values, _: pl.Series(name, values, dtype=pl.List(pl.Datetime("us"))),
    "days": lambda name, values, _: pl.Series(name, values, dtype=pl.List(pl.Date)),
}
