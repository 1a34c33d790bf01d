"""Policies of few fields and deep expressions, over tables that hold nearly every combination of what those few cells can be.

The policies of :mod:`tests.equality.policies` hold everything the language has, each of it seldom in the company that would show
a fault.  These hold the algebra of instants, how long things took, or entries of the log, and little else; what a cell can be stands
in ``TIMES``: nothing, an exact value, a day, a border, one that is still to come, one that nobody can read.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from itertools import product
from random import Random
from typing import Any, ClassVar, Final

import polars as pl
from attrs import Factory, define

from complaint_policy import Policy

__all__ = ["RECEIVED", "TIMES", "Again", "Around", "Document", "Draw", "Instants", "Lengths", "Lists", "Logs"]

Document = dict[str, Any]
RECEIVED: Final = datetime(2026, 3, 2, 10)
_RECEIVED: Final = (RECEIVED, datetime(2026, 3, 3, 10), datetime(2026, 3, 5), datetime(2026, 3, 7, 18, 30), datetime(2026, 3, 19, 23), datetime(2026, 3, 25))
_RECEIVED_AS_TEXT: Final = ("2026-03-02T10:00", "2026-03-03", "2026-03-05", "2026-03-08T02:30", "2026-03-20", "2026-03-25T10:00", "2026-03-02T09:00+01:00")


@define
class Draw(ABC):
    """Draws one policy and its table."""

    schema: ClassVar[dict[str, Any]] = {}
    random: Random
    facts: list[str] = Factory(list)
    judged: list[str] = Factory(list)
    graded: bool = False

    def one(self, *options: Any) -> Any:
        return options[self.random.randrange(len(options))]

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def few(self, document: Document) -> Document:
        """With one rule of a kind, seldom two, and those they ask for: a row that one rule leaves to the record evaluation shows nothing of the others."""
        rules = {section: document.pop(section, []) for section in ("deadlines", "requirements", "penalties")}
        kept: list[Document] = []
        for section, drawn in rules.items():
            count = self.one(1, 1, 1, 2) if section == "deadlines" else self.one(0, 1, 1, 2)
            kept += self.random.sample(drawn, min(len(drawn), count))
        others = [rule for drawn in rules.values() for rule in drawn if rule not in kept]
        while more := [rule for rule in others if f"'{rule['id']}'" in str(document) + str(kept)]:
            kept += more
            others = [rule for rule in others if rule not in more]
        return document | {section: left for section, drawn in rules.items() if (left := [rule for rule in drawn if rule in kept])}

    def waivers(self, policy: Policy) -> list[Document]:
        return []

    def files(self) -> dict[str, Document]:
        """The files of the policy; the first, or the folder it stands in, is the policy itself."""
        return {"dense.yaml": self.few(self.document())}

    def receipts(self) -> tuple[Any, ...] | None:
        """The times of receipt of a table, or ``None``: all are ``RECEIVED``."""
        return self.one(_RECEIVED, _RECEIVED_AS_TEXT) if self.chance(0.4) else None

    def condition(self, depth: int) -> Any:
        """A condition over the fields, so deep."""
        return {"closed_at": self.one("present", "missing")}

    @abstractmethod
    def document(self) -> Document:
        """The whole policy, with more rules than are kept."""

    @abstractmethod
    def table(self, rows: int) -> dict[str, list[Any]]:
        """The cells of each field."""

    def loosen(self, fields: dict[str, Document], names: str, share: float) -> None:
        """Some of the fields have a default; of some others (``names``) an empty cell says that there is none."""
        for name, default in {"m": 100, "k": 1, "x": "false", "e": "v"}.items():
            if self.chance(share):
                fields[name]["default"] = default
        for name in names:
            if "default" not in fields[name] and self.chance(0.2):
                fields[name]["empty"] = "none"

    def head(self, zone: str, fields: dict[str, Document]) -> Document:
        office = {"weekdays": "mon-fri", "hours": {"mon-fri": ["09:00-12:00", "13:00-17:00"]}, "holidays": ["2026-03-09"]}
        return {
            "format": 1,
            "policy": "test/dense",
            "effective": {"from": "2020-01-01"},
            "timezone": zone,
            "currency": "CNY",
            "calendars": {"office": office},
            "counting": {"calendar": "office", "roll": self.one("none", "next_working_day")},
            "record": {"fields": fields},
        }


@define
class Around(Draw):
    """Draws what stands around a policy that another has drawn; its complaints are received about days of change."""

    kinds: ClassVar[tuple[type[Draw], ...]]
    received: ClassVar[tuple[tuple[Any, ...], ...]]
    inner: Draw = Factory(lambda self: self.one(*self.kinds)(self.random), takes_self=True)

    def document(self) -> Document:
        return self.inner.document()

    def few(self, document: Document) -> Document:
        return self.inner.few(document)

    def receipts(self) -> tuple[Any, ...] | None:
        return self.received[self.random.randrange(len(self.received))]

    def table(self, rows: int) -> dict[str, list[Any]]:
        return self.inner.table(rows)

    def waivers(self, policy: Policy) -> list[Document]:
        return self.inner.waivers(policy)


# --------------------------------------------------------------------------- instants
_NEVER: Final = (None, "soon")
TIMES: Final = ("2026-03-03T10:00", "2026-03-05T00:00", "2026-03-03", "2026-03-05", "2026-03-08T02:30", "2026-03-20", "2026-03-25", "2026-03-19T23:00")
_SHARED: Final = 5  # of these times are in one table
_FORMS: Final = ({"type": "event"}, {"type": "event"}, {"type": "event", "empty": "unknown"}, {"type": "event", "empty": "none"}, {"type": "datetime"},
                 {"type": "datetime", "empty": "none"})  # fmt: skip
_SIGNS: Final = ("by", "before", "after", "not_before")


class Instants(Draw):
    fields: ClassVar[tuple[str, ...]] = ("a", "b", "c", "d")

    def document(self) -> Document:
        fields = {name: dict(self.one(*_FORMS)) for name in self.fields}
        made = self.head(self.one("Asia/Shanghai", "Asia/Shanghai", "America/New_York"), fields)
        for number in range(3):
            self.facts.append(f"f{number}")
            fact = self.instant(2)
            made.setdefault("facts", {})[f"f{number}"] = fact if isinstance(fact, dict) else {"first_of": [fact, "a"]}
        made["deadlines"] = [self.deadline(number) for number in range(3)]
        made["requirements"] = [
            {"id": "RQ0", "require": {self.one(*self.facts): {self.one(*_SIGNS): self.instant(1)}}},
            {"id": "RQ1", "require": self.condition(2)},
            {"id": "RQ2", "require": {"in_order": [self.one(*self.facts), self.one(*self.names)]}},
            {"id": "RQ3", "require": {self.one(*self.facts): {"during": "office"}}, "when": self.condition(1)},
        ]
        return made

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.facts, *self.fields)

    def instant(self, depth: int) -> Any:
        share = self.random.random()
        if depth == 0 or share < 0.2:
            return self.one(*self.fields)
        if share < 0.55:
            return {self.one("first_of", "last_of", "all_of", "first_known"): [self.instant(depth - 1) for _ in range(self.one(2, 2, 3))]}
        if share < 0.75:
            length = self.one("2 days", "1 working days", "30 hours", "4 working hours", "1 months")
            return {"from": self.instant(depth - 1), self.one("within", "within", "ahead"): length}
        if share < 0.92:
            chosen = [{"when": self.condition(depth - 1), "then": self.instant(depth - 1)} for _ in range(self.one(1, 1, 2))]
            return {"choose": [*chosen, {"otherwise": self.instant(depth - 1)}]}
        return {"due": self.one(*self.judged)} if self.judged else self.one(*self.fields)

    def condition(self, depth: int) -> Any:
        share = self.random.random()
        if share < 0.25:
            return {self.one(*self.fields): self.one("present", "missing")}
        if share < 0.65:
            return {self.one(*self.fields): {self.one(*_SIGNS): self.instant(depth)}}
        if share < 0.8:
            return {"in_order": self.random.sample(self.fields, self.one(2, 3))}
        if share < 0.88:
            return {self.one(*self.fields): {"during": "office"}}
        return {self.one("any", "all"): [self.condition(max(depth - 1, 0)) for _ in range(2)]}

    def deadline(self, number: int) -> Document:
        start: Any
        start, act = self.random.sample(self.names, 2)
        if self.judged and self.chance(0.3):
            start = {"due": self.one(*self.judged)}
        plain = self.one("2 days", "3 working days", "48 hours", "6 working hours", "9 days", "1 months")
        limit = self.one(plain, plain, {"first_of": [self.one(*self.names), "3 days"]}, {"last_of": [self.one(*self.names), "2 working days"]}, self.instant(1))
        made: Document = {"id": f"D{number}", "from": start, "to": act, "within": limit}
        if self.chance(0.4):
            made["at_risk"] = self.one("1 days", "6 hours", "80%", "20%", "2 working days")
        if self.chance(0.2):
            made["pauses"] = [{"between": self.random.sample(self.names, 2)} for _ in range(self.one(1, 1, 2))]
        elif self.chance(0.2):
            made["extend"] = [{"id": "longer", "within": self.one("9 days", "8 working days"), "needs": self.condition(1)}]
        if self.chance(0.2):
            made["when"] = self.condition(1)
        self.judged.append(f"D{number}")
        return made

    def table(self, rows: int) -> dict[str, list[Any]]:
        times = (*_NEVER, *self.random.sample(TIMES, _SHARED))
        cells = self.random.sample(list(product(times, repeat=len(self.fields))), rows)
        return {name: [row[place] for row in cells] for place, name in enumerate(self.fields)}


# --------------------------------------------------------------------------- lengths
class Lengths(Instants):
    """How long something took or was late, in conditions, limits and amounts; pauses of which some still run."""

    def document(self) -> Document:
        made = super().document()
        facts = made["facts"]
        for number in range(2):
            span = {"between": [self.instant(1), self.instant(1)]}
            late = {"late": self.one("D0", "D1", "D2")}
            other = {"between": self.random.sample(self.fields, 2)}
            asked = self.one(span, span, late, {"except": [span, other]}, {"together": [span, late]})
            facts[f"l{number}"] = {"length": asked, "in": self.one("hours", "days", "days", "weeks"), **self.one({}, {"round": "down"}, {"round": "half_up"})}
        tests = [{self.one("l0", "l1"): {self.one("at_least", "at_most", "above", "below"): self.one("0", "1", "3", "48")}} for _ in range(3)]
        made["requirements"] += [{"id": "RQ4", "require": tests[0]}, {"id": "RQ5", "require": {"any": tests[1:]}, "when": self.condition(1)}]
        amount = {"times": [self.one("0.5", "10"), {"field": self.one("l0", "l1")}]}
        made["penalties"] = [
            {"id": "PN0", "payable_to": "company", "for": ["D0", "D1"], "amount": {"times": ["1.5", {"length": {"late": self.one("D0", "D1")}, "in": "days"}]}},
            {"id": "PN1", "payable_to": "company", "when": tests[1], "amount": amount, **self.one({}, {"range": ["5", "100"]})},
        ]
        return made


# --------------------------------------------------------------------------- logs
_ENTRIES: Final = (
    {"at": "2026-03-03T10:00", "kind": "step", "level": 1, "done_at": "2026-03-05T00:00"},
    {"at": "2026-03-05T00:00", "kind": "step", "level": 2, "done_at": None},
    {"at": "2026-03-08T02:30", "kind": "step", "level": None, "done_at": "2026-03-19T23:00"},
    {"at": "2026-03-25T09:00", "kind": "step", "level": 2, "done_at": None},
    {"at": "2026-03-03T10:00", "kind": "call", "level": 2, "done_at": "soon"},
    {"at": "2026-03-05T12:00", "kind": "call", "level": None, "done_at": None},
    {"at": "2026-03-19T23:00", "kind": "call", "level": 1, "done_at": "2026-03-20T09:00"},
    {"at": "2026-03-01T08:00", "kind": "call", "level": 3, "done_at": None},
    {"at": "2026-03-05", "kind": "step", "level": 3, "done_at": None},
    {"at": "soon", "kind": "step", "level": 1, "done_at": None},
    {"at": "2026-03-04T09:00", "kind": None, "level": 1, "done_at": None},
)
_PLAIN_ENTRIES: Final = 8  # of these anything is known that is asked for
_LOG: Final = pl.List(pl.Struct({"at": pl.String, "kind": pl.String, "level": pl.Int64, "done_at": pl.String}))


class Logs(Instants):
    """Entries of the event log as starts, acts, limits and counts."""

    schema: ClassVar[dict[str, Any]] = {"events": _LOG}

    def document(self) -> Document:
        made = super().document()
        made["record"]["events"] = {"step": {"level": "integer", "done_at": "event"}, "call": {"level": "integer", "done_at": "event"}}
        facts = made["facts"]
        facts["many"] = {"count": self.entries()}
        facts["level"] = {"last": self.entries(), "take": "level"}
        tests = [{"many": self.one("0", {"at_least": "1"}, {"above": "1"})}, {"level": self.one({"at_least": "2"}, "1", {"not": "3"})}]
        made["requirements"] += [{"id": "RQ4", "require": tests[0]}, {"id": "RQ5", "require": tests[1], "when": self.condition(1)}]
        again: Document = {"id": "D3", "from": {"each": [self.one(self.entries(), "a")]}, "to": self.one(self.entries(), "b"), "within": self.one("2 days", "48 hours")}
        made["deadlines"].append(again)
        return made

    def entries(self) -> Any:
        kind = self.one("step", "call", ["step", "call"])
        if self.chance(0.5):
            return {"event": kind}
        where = self.one({"level": {"at_least": "2"}}, {"done_at": "missing"}, {"at": {"after": self.one(*self.fields)}}, {"not": {"level": "2"}},
                         {"done_at": {"by": {"from": "at", "within": "48 hours"}}}, {"level": "present"})  # fmt: skip
        return {"event": kind, "where": where}

    def instant(self, depth: int) -> Any:
        share = self.random.random()
        if share < 0.3:
            return self.entries()
        if share < 0.4:
            return {"nth": self.one(1, 2), "of": self.entries(), **self.one({}, {"after": self.one(*self.fields)})}
        return super().instant(depth)

    def table(self, rows: int) -> dict[str, list[Any]]:
        entries = _ENTRIES[:_PLAIN_ENTRIES] if self.chance(0.5) else _ENTRIES
        logs = [[self.one(*entries) for _ in range(self.one(0, 1, 2, 2, 3))] for _ in range(rows)]
        return super().table(rows) | {"events": [None if self.chance(0.05) else log for log in logs]}


# --------------------------------------------------------------------------- lists of instants
_LISTS: Final = (None, "", "2026-03-03T10:00", "2026-03-05", "2026-03-05T00:00; 2026-03-19T23:00", "2026-03-25; 2026-03-03", "2026-03-08T02:30; 2026-03-08T02:30; 2026-04-08",
                 "soon", "2026-03-03; soon", "2026-03-03T10:00; 2026-03-03; 2026-03-20", "2026-03-01T08:00; 2026-03-25T09:00")  # fmt: skip


class Lists(Logs):
    """Times written down in advance, in place of the log."""

    schema: ClassVar[dict[str, Any]] = {}

    def document(self) -> Document:
        made = super().document()
        del made["record"]["events"], made["facts"]["level"]
        for name in ("i", "j"):
            made["record"]["fields"][name] = {"type": "instants", **self.one({}, {"empty": "none"})}
        made["requirements"] = [one for one in made["requirements"] if one["id"] != "RQ5"]
        return made

    def entries(self) -> Any:
        return self.one("i", "i", "j")

    def table(self, rows: int) -> dict[str, list[Any]]:
        made = super().table(rows)
        del made["events"]
        lists = self.random.sample(_LISTS, 5)
        return made | {name: [self.one(*lists) for _ in range(rows)] for name in ("i", "j")}


# --------------------------------------------------------------------------- what begins anew
class Again(Logs):
    """Duties that begin anew, what is late of them and what that costs; some waived."""

    def document(self) -> Document:
        made = super().document()
        for name in self.fields:
            made["record"]["fields"][name]["type"] = "event"
        made["deadlines"] = [self.anew(number) for number in range(2)]
        late = {"length": self.one({"late": "D0"}, {"late": "D0"}, {"except": [{"late": "D0"}, {"between": self.random.sample(self.fields, 2)}]}), "in": "hours"}
        made["penalties"] = [{"id": "PN0", "payable_to": "company", "for": ["D0"], "amount": self.one("12.5", {"times": ["0.5", late]}), **self.one({}, {"per": "breach"})}]
        wanted = self.one("breached", "met", "pending", ["breached", "indeterminate"], "not_applicable")
        made["requirements"] = [{"id": "RQ0", "require": {self.one(*self.fields): {self.one("by", "after"): {"due": "D0"}}}}, {"id": "RQ1", "require": {"outcome": {"D0": wanted}}}]
        return made

    def start(self) -> Any:
        share = self.random.random()
        if share < 0.45:
            return self.one("received_at", *self.fields)
        if share < 0.7:
            return self.entries()
        return self.instant(1)

    def anew(self, number: int) -> Document:
        # What begins once, by an event of the record, is what columns have a form for.
        starts = [self.start() for _ in range(self.one(1, 2, 2, 3))] if self.chance(0.3) else [self.one("received_at", *self.fields)]
        act = self.one("closed_at", *self.fields) if self.chance(0.5) else self.one(self.one(*self.names), self.entries(), {"first_of": [self.entries(), self.one(*self.names)]}, {"first_of": self.random.sample(self.fields, 2)}, "closed_at")
        limit = self.one("2 days", "3 working days", "48 hours", "6 working hours", "1 months", {"first_of": [self.one(*self.fields), "3 days"]})
        made: Document = {"id": f"D{number}", "from": {"each": starts}, "to": act, "within": limit}
        if self.chance(0.4):
            made["from"]["until"] = self.one("closed_at", *self.fields)
        if self.chance(0.3):
            made["at_risk"] = self.one("1 days", "6 hours", "80%")
        if self.chance(0.2):
            made["when"] = self.condition(1)
        if self.chance(0.2):
            made["exempt"] = [{"when": self.condition(1), "reason": {"en": "x", "zh": "x"}}]
        if self.chance(0.3):
            made["waivable"] = {"by": ["boss"]}
        elif self.chance(0.2):
            made["pauses"] = [{"between": self.random.sample(self.names, 2)}]
        return made

    def few(self, document: Document) -> Document:
        document["deadlines"] = document["deadlines"][: self.one(1, 1, 2)]
        for section in ("requirements", "penalties"):
            if not self.chance(0.4):
                del document[section]
            else:
                document[section] = self.random.sample(document[section], 1)
        return document

    def waivers(self, policy: Policy) -> list[Document]:
        rules = [rule.id for version in policy.versions for rule in version.model.all_rules() if rule.waivable_by]
        return [
            {"rule": rule + self.one("", "", "#1", "#2"), "by": self.one("boss", "boss", "nobody"), "reason": "x", "records": {self.one(*self.fields): {self.one("by", "after"): "as_of"}}}
            for rule in rules
        ]
