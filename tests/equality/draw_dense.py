"""Policies of few fields and deep expressions, over tables that hold nearly every combination of what those few cells can be.

The policies of :mod:`tests.equality.policies` hold everything the language has, each of it seldom in the company that would show
a fault.  These hold the algebra of instants, or of values and outcomes, and little else; what a cell can be stands in ``_TIMES`` and
``_CELLS``: nothing, an exact value, a day, a border, one that is still to come, one that nobody can read.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import product
from random import Random
from typing import Any, ClassVar, Final

import polars as pl
from attrs import Factory, define, frozen

from complaint_policy import Policy, PolicyError, load_policy_text
from tests.equality.comparing import audited, differences, entries_of, loop, penalties_apart
from tests.equality.policies import yaml_text
from tests.equality.small import asked

__all__ = ["DRAWN", "Dense", "check_dense", "draw_dense"]

Document = dict[str, Any]
RECEIVED: Final = datetime(2026, 3, 2, 10)
_TRIES: Final = 40


@frozen
class Dense:
    """A policy, and a table for it."""

    text: str
    policy: Policy
    frame: pl.DataFrame
    as_of: str


@define
class _Draw:
    schema: ClassVar[dict[str, Any]] = {}
    random: Random
    facts: list[str] = Factory(list)
    judged: list[str] = Factory(list)
    graded: bool = False

    def one(self, *options: Any) -> Any:
        return options[self.random.randrange(len(options))]

    def chance(self, share: float) -> bool:
        return self.random.random() < share

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


# --------------------------------------------------------------------------- instants
_NEVER: Final = (None, "soon")
_TIMES: Final = ("2026-03-03T10:00", "2026-03-05T00:00", "2026-03-03", "2026-03-05", "2026-03-08T02:30", "2026-03-20", "2026-03-25", "2026-03-19T23:00")
_SHARED: Final = 5  # of these times are in one table
_FORMS: Final = ({"type": "event"}, {"type": "event"}, {"type": "event", "empty": "unknown"}, {"type": "event", "empty": "none"}, {"type": "datetime"},
                 {"type": "datetime", "empty": "none"})  # fmt: skip
_SIGNS: Final = ("by", "before", "after", "not_before")


class _Instants(_Draw):
    fields: Final = ("a", "b", "c", "d")

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
        times = (*_NEVER, *self.random.sample(_TIMES, _SHARED))
        cells = self.random.sample(list(product(times, repeat=len(self.fields))), rows)
        return {name: [row[place] for row in cells] for place, name in enumerate(self.fields)}


# --------------------------------------------------------------------------- lengths
class _Lengths(_Instants):
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


class _Logs(_Instants):
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


# --------------------------------------------------------------------------- values
_CELLS: Final[dict[str, tuple[str | None, ...]]] = {
    "m": (None, "0", "99.995", "100", "2500.10", "much", "-3"),
    "k": (None, "0", "1", "2", "3", "lots"),
    "q": (None, "0.5", "1", "2", "-1.25", "?"),
    "x": (None, "true", "false", "perhaps"),
    "e": (None, "u", "v", "w", "zz"),
    "s": (None, "ab", "abc", "u"),
    "g": (None, "a;b", "b", "c;a"),
    "p": (None, "2026-03-03T10:00", "2026-03-10", "2026-03-25", "soon", "2026-03-19T23:00"),
    "t": (None, "1", "5", "20", "-2", "x"),
}
_LITERALS: Final = ("0", "1", "2", "0.5", "100", "2500.10", "-1")
_LIVE: Final = 5


class _Values(_Draw):
    def document(self) -> Document:
        made = self.head("Asia/Shanghai", self.declared())
        made["facts"] = {}
        for number in range(2):
            made["facts"][f"n{number}"] = self.number(2, self.one("money", "plain"))
            made["facts"][f"c{number}"] = self.condition(2)
            self.facts += [f"n{number}", f"c{number}"]
        if self.chance(0.7):
            self.severity(made)
        made["deadlines"] = [self.deadline(number) for number in range(2)]
        made["requirements"] = [self.requirement(number) for number in range(2)]
        made["penalties"] = [self.penalty(number) for number in range(3)]
        return made

    def declared(self) -> dict[str, Document]:
        kinds = {"m": "money", "k": "integer", "q": "number", "x": "boolean", "s": "string", "g": "list", "p": "event"}
        fields: dict[str, Document] = {name: {"type": kind} for name, kind in kinds.items()}
        fields["e"] = {"type": "enum", "values": ["u", "v", "w"]}
        fields["t"] = {"type": "integer", "unit": "days"}
        for name, default in {"m": 100, "k": 1, "x": "false", "e": "v"}.items():
            if self.chance(0.2):
                fields[name]["default"] = default
        for name in "mqxesg":
            if "default" not in fields[name] and self.chance(0.2):
                fields[name]["empty"] = "none"
        return fields

    def number(self, depth: int, kind: str) -> Any:
        share = self.random.random()
        if depth == 0 or share < 0.25:
            return self.one(*_LITERALS) if self.chance(0.3) else {"field": "m" if kind == "money" else self.one("k", "q")}
        if share < 0.6:
            return {self.one("plus", "minus", "max_of", "min_of"): [self.number(depth - 1, kind) for _ in range(self.one(2, 2, 3))]}
        if share < 0.7:
            return {"times": [self.one(*_LITERALS) if self.chance(0.5) else {"field": self.one("k", "q")}, self.number(depth - 1, kind)]}
        if share < 0.8:
            return {"first_known": [{"field": "m" if kind == "money" else self.one("k", "q")}, self.number(depth - 1, kind)]}
        chosen = [{"when": self.condition(depth - 1), "then": self.number(depth - 1, kind)} for _ in range(2)]
        return {"choose": [*chosen, {"otherwise": self.number(depth - 1, kind)}]}

    def test(self, depth: int) -> Document:
        share = self.random.random()
        if share < 0.3:
            name = self.one("m", "k", "q")
            bound = self.number(depth, "money" if name == "m" else "plain") if self.chance(0.6) else self.one(*_LITERALS)
            return {name: {self.one("at_least", "at_most", "above", "below"): bound}}
        if share < 0.4:
            return {self.one("m", "k", "q"): self.one(self.one(*_LITERALS), ["0", "2", "100"], {"not": ["1", "2500.10"]}, {"at_least": "1", "below": "100"})}
        if share < 0.5:
            return {"x": self.one("true", "false")}
        if share < 0.65:
            return {"e": self.one("u", ["u", "w"], {"not": "v"}, {"not": ["v", "w"]})}
        if share < 0.72:
            return {"s": self.one("ab", {"contains": "b"}, {"matches": "ab?c"}, {"not": "ab"})}
        if share < 0.79:
            return {"g": self.one(["a"], {"contains": ["c", "b"]}, {"not": ["b"]})}
        if share < 0.88:
            return {"p": {self.one("by", "after"): self.one({"from": "received_at", "within": "8 days"}, "as_of", "closed_at")}}
        if share < 0.95 and self.judged:
            wanted = self.one("breached", "met", ["met", "exempt"], "pending", ["breached", "indeterminate"], "not_applicable")
            return {"outcome": {self.one(*self.judged): wanted}}
        return {self.one(*"mkqxes"): self.one("present", "missing")}

    def condition(self, depth: int) -> Document:
        share = self.random.random()
        if self.facts and share < 0.12:
            fact = self.one(*self.facts)
            return {fact: self.one("true", "false") if fact.startswith("c") else {self.one("at_least", "below"): self.one(*_LITERALS)}}
        if depth <= 0 or share < 0.5:
            return self.test(max(depth, 0))
        if share < 0.75:
            return {self.one("any", "all"): [self.condition(depth - 1) for _ in range(self.one(2, 3))]}
        return {"not": self.condition(depth - 1)} if share < 0.87 else {**self.test(0), **self.test(0)}

    def framed(self, made: Document) -> Document:
        if self.graded and self.chance(0.3):
            made["when"] = {"any": [{"severity": self.one("high", {"at_least": "mid"}, {"below": "mid"})}, {"owner": self.one("boss", ["desk", "ops"])}]}
        elif self.chance(0.35):
            made["when"] = self.condition(1)
        if self.chance(0.25):
            made["exempt"] = [{"when": self.condition(1), "reason": {"en": "x", "zh": "x"}}]
        return made

    def severity(self, made: Document) -> None:
        rules = [{"id": f"SEV{number}", "level": level, "when": self.condition(2)} for number, level in enumerate(("high", "mid", "mid"))]
        made["severity"] = {"levels": ["low", "mid", "high"], "rules": rules, "otherwise": "low"}
        rows = [
            {"id": "RS0", "when": {"e": "u", "severity": {"at_least": "mid"}}, "owner": "boss"},
            {"id": "RS1", "when": {"e": ["u", "v"], "severity": "low"}, "owner": "desk"},
            {"id": "RS2", "when": {"e": ["v", "w"], "severity": "high"}, "owner": "legal"},
        ]
        self.graded = True
        made["responsibility"] = {"by": ["e", "severity"], "rows": rows, "otherwise": {"owner": "ops"}}

    def deadline(self, number: int) -> Document:
        chosen = {"choose": [{"when": self.condition(1), "then": "2 days"}, {"otherwise": "10 days"}]}
        limit = self.one("2 days", "3 working days", chosen, {"days": {"field": "t"}})
        made = self.framed({"id": f"D{number}", "from": "received_at", "to": self.one("p", "closed_at"), "within": limit})
        self.judged.append(f"D{number}")
        return made

    def requirement(self, number: int) -> Document:
        made = self.framed({"id": f"RQ{number}", "require": self.condition(2)})
        if self.chance(0.5):
            made["before"] = "closed_at"
        self.judged.append(f"RQ{number}")
        return made

    def penalty(self, number: int) -> Document:
        made: Document = {"id": f"PN{number}", "payable_to": "company"}
        share = self.random.random()
        if share < 0.6:
            made["amount"] = self.number(2, "money")
            if self.chance(0.4):
                made["range"] = [self.one("0", "1", "20"), "5000"]
            if self.chance(0.5):
                made["divided_by"] = self.one("3", {"field": "k"}, {"field": "q"})
        elif share < 0.8:
            made["range"] = ["10", self.number(2, "money")]
        else:
            made["range"] = {"choose": [{"when": self.condition(1), "then": ["1", "20"]}, {"otherwise": [self.number(1, "money"), "3000"]}]}
        cause = self.one(["D0"], ["D0", "D1", "RQ0"], ["RQ1"], None)
        if cause is not None:
            made["for"] = cause
            if self.chance(0.5):
                made["per"] = "breach"
        if cause is None or self.chance(0.3):
            made["when"] = self.condition(1)
        if self.chance(0.3):
            made["charge"] = {"field": "s"}
        return made

    def table(self, rows: int) -> dict[str, list[Any]]:
        live = self.random.sample(sorted(_CELLS), _LIVE)
        return {name: [self.one(*cells) for _ in range(rows)] if name in live else [self.one(*cells[1:3])] * rows for name, cells in _CELLS.items()}


# --------------------------------------------------------------------------- drawing and checking
DRAWN: Final[dict[str, Callable[[Random], Any]]] = {"instants": _Instants, "lengths": _Lengths, "logs": _Logs, "values": _Values}


def draw_dense(kind: str, seed: int, rows: int) -> Dense:
    """The policy and the table of a seed; what is no valid policy is drawn again."""
    random = Random(f"dense {kind} {seed}")
    for _ in range(_TRIES):
        draw = DRAWN[kind](random)
        text = yaml_text(_few(draw.document(), random))
        try:
            policy = load_policy_text(text, name="dense.yaml")
        except PolicyError:
            continue
        cells = draw.table(rows)
        closed = [draw.one(None, datetime(2026, 3, 18)) for _ in range(rows)]
        columns = {"received_at": [RECEIVED] * rows, **cells, "closed_at": closed}
        frame = pl.DataFrame(columns, schema_overrides={**dict.fromkeys(cells, pl.String), **draw.schema, "closed_at": pl.Datetime("us")})
        return Dense(text, policy, frame, draw.one("2026-03-20T00:00", "2026-03-20T12:00", "2026-03-05T00:00", "2026-03-05T16:00"))
    raise AssertionError(f"no valid policy in {_TRIES} tries: {kind} {seed}")


def _few(document: Document, random: Random) -> Document:
    """With one rule of a kind, seldom two: a row that one rule leaves to the record evaluation shows nothing of the others."""
    for section in ("deadlines", "requirements", "penalties"):
        if section in document:
            document[section] = random.sample(document[section], min(len(document[section]), random.choice((0, 1, 1, 2) if section != "deadlines" else (1, 1, 1, 2))))
            if not document[section]:
                del document[section]
    return document


def check_dense(kind: str, seed: int, rows: int) -> tuple[list[str], dict[str, int]]:
    """Where audit and loop differ, with the policy that shows it; and how many outcomes there were of each kind."""
    dense = draw_dense(kind, seed, rows)
    policy, frame = dense.policy, dense.frame
    expected = loop(policy, entries_of(policy, frame.to_dicts()), frame.columns, dense.as_of, ())
    found = differences(expected, asked(audited(policy, frame, dense.as_of, ())))
    if not found and kind in ("values", "lengths"):
        found = penalties_apart(policy, frame, expected, dense.as_of, ())
    met: dict[str, int] = {}
    for row in expected.rows:
        for name, value in row.items():
            if name.endswith(".outcome"):
                met[value] = met.get(value, 0) + 1
    return ([f"dense {kind} {seed} at {dense.as_of}: {line}" for line in found[:6]] + [dense.text] if found else []), met
