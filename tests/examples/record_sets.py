"""The record sets of ``examples/records``: what is written down for each record, and what a decision or an audit says differently."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from complaint_policy import Decision, Policy
from complaint_policy.coerce import read_moment
from complaint_policy.outcomes import OUTCOMES

ROOT = Path(__file__).resolve().parents[2] / "examples" / "records"
SETS = sorted(str(path.parent.relative_to(ROOT)) for path in ROOT.glob("*/*/expected.yaml"))
KEYS = {*OUTCOMES, "status", "severity", "possible", "owner", "candidates", "escalate_to", "due", "missing", "penalties", "rejected"}
# What a set has to reach of every rule, unless it says why it cannot.
REACHED = ("met", "breached", "indeterminate", "not_applicable")


class RecordSet:
    """One folder: the records beside what is expected of them."""

    def __init__(self, name: str) -> None:
        folder = ROOT / name
        self.name = name
        self.records = next(path for path in (folder / "records.csv", folder / "records.jsonl") if path.exists())
        # All scalars are read as text: a time or an amount means what it looks like.
        page = yaml.load((folder / "expected.yaml").read_text("utf-8"), yaml.BaseLoader)
        self.as_of: str = page["as_of"]
        self.not_reached: dict[str, list[str]] = page.get("not_reached", {})
        # The rules a set is about, where another set has the rest.
        self.only: list[str] = page.get("only", [])
        # Per count of earlier records, the records that have any; an audit counts them, a single record is told.
        self.counted: dict[str, dict[str, str]] = page.get("counted", {})
        # What the policy's schedules give by ``register.csv``, per schedule and period, from ``since`` on.
        self._register = folder / "register.csv"
        self.since: str | None = page.get("since")
        self.schedules: dict[str, dict[str, dict[str, str]]] = page.get("schedules", {})
        usual = page.get("usual", {})
        self.expected: dict[str, dict[str, Any]] = {id_: _over(usual, wanted) for id_, wanted in page["records"].items()}
        unknown = {key for wanted in self.expected.values() for key in wanted} - KEYS
        assert not unknown, unknown

    def rows(self) -> list[dict[str, Any]]:
        with self.records.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file)) if self.records.suffix == ".csv" else [json.loads(line) for line in file]
        return [row | {name: counts.get(row["id"], "0") for name, counts in self.counted.items()} for row in rows]

    def register_rows(self) -> list[dict[str, str]]:
        with self._register.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def outcomes(self, id_: str, rules: Iterable[str]) -> dict[str, str]:
        """The outcome of every rule; one that is not named does not apply."""
        wanted = self.expected[id_]
        listed = [(rule, outcome) for outcome in OUTCOMES for rule in wanted.get(outcome, ())]
        named = dict(listed)
        assert len(named) == len(listed), f"{id_} names a rule twice"
        assert not named.keys() - set(rules), (id_, named.keys() - set(rules))
        return {rule: named.get(rule, "not_applicable") for rule in rules}


def _over(usual: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """What is usual in a set, without the rules that a record puts under another outcome."""
    own = {rule for outcome in OUTCOMES for rule in wanted.get(outcome, ())}
    kept = {key: [rule for rule in value if rule not in own] if key in OUTCOMES else value for key, value in usual.items()}
    return {**kept, **wanted}


def _due(text: str, found: datetime | None, policy: Policy) -> bool:
    if found is None:
        return text == "null"
    read = read_moment(text, policy.zone)
    if isinstance(read, datetime):
        return policy.zone.to_aware(read) == found.replace(microsecond=read.microsecond)
    return found.date() == read


def _penalty(wanted: Any, found: Any) -> bool:
    """A list is the bounds, a number the amount, a word the state."""
    if isinstance(wanted, list):
        return found is not None and [Decimal(bound) for bound in wanted] == [found.min, found.max]
    if wanted.replace(".", "").isdigit():
        return found is not None and found.amount == Decimal(wanted)
    return found is not None and bool(found.state == wanted)


def differences(wanted: Mapping[str, Any], outcomes: Mapping[str, str], decision: Decision, policy: Policy) -> Iterator[str]:
    """Whatever a decision says otherwise than it is written down."""
    for rule, outcome in decision.outcomes.items():
        if outcomes[rule] != outcome:
            yield f"{rule}: expected {outcomes[rule]}, found {outcome}"
    if wanted["status"] != decision.status:
        yield f"status: expected {wanted['status']}, found {decision.status}"
    level = decision.severity.level
    for key, expected, found in (
        ("severity", wanted.get("severity", "null"), level or "null"),
        ("owner", wanted.get("owner", "null"), decision.responsibility.owner or "null"),
        ("escalate_to", sorted(wanted.get("escalate_to", [])), sorted(decision.responsibility.escalate_to)),
    ):
        if expected != found:
            yield f"{key}: expected {expected}, found {found}"
    if "possible" in wanted and set(wanted["possible"]) != set(decision.severity.possible):
        yield f"possible: found {decision.severity.possible}"
    if "candidates" in wanted and set(wanted["candidates"]) != set(decision.responsibility.candidates):
        yield f"candidates: found {decision.responsibility.candidates}"
    for rule, text in wanted.get("due", {}).items():
        if not _due(text, decision.result(rule).due_at, policy):
            yield f"{rule}.due_at: expected {text}, found {decision.result(rule).due_at}"
    for rule, fields in wanted.get("missing", {}).items():
        missing = set(decision.result(rule).missing)
        if set(fields) != missing:
            yield f"{rule}.missing: expected {fields}, found {sorted(missing)}"
    amounts: dict[str, Any] = wanted.get("penalties", {})
    proposed = {penalty.rule: penalty for penalty in decision.penalties}
    for rule in proposed.keys() | amounts.keys():
        penalty = proposed.get(rule)
        if rule not in amounts or not _penalty(amounts[rule], penalty):
            shown = penalty and f"{penalty.state} {penalty.amount} [{penalty.min}, {penalty.max}]"
            yield f"{rule}: expected {amounts.get(rule)}, found {shown}"
