"""Whole policies, drawn from a seed: valid by construction, and made to hold the features they are asked for.

A policy is written down as plain data (a document) and handed to the loader as YAML text.  Expressions name only what
was made before them, so nothing goes in a circle.  What is drawn depends on the seed and the features alone, so a
policy that shows a difference is made again from its seed; :mod:`tests.equality.reducing` makes it small.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from attrs import frozen
from hypothesis import strategies as st

from complaint_policy import Policy, load_policy, load_policy_text
from complaint_policy.counting import CONVENTIONS, TAKEN_BY
from tests.equality import draw_portfolio
from tests.equality.draw_each import with_each
from tests.equality.draw_log import log_fields, with_log
from tests.equality.draw_money import with_money
from tests.equality.draw_schedule import with_schedules
from tests.equality.draw_transition import with_transitions

__all__ = ["FEATURES", "Drawn", "Name", "draw_policy", "features_of", "load_documents", "policies", "yaml_text"]

Document = dict[str, Any]

UNITS: Final = ("minutes", "hours", "working hours", "days", "working days", "weeks", "months", "years")
AMOUNTS: Final[dict[str, tuple[int, ...]]] = {
    "minutes": (15, 90, 600, 1440), "hours": (1, 2, 24, 48, 100), "working hours": (1, 4, 8, 20), "days": (0, 1, 2, 3, 5, 15, 30),
    "working days": (0, 1, 2, 3, 5, 7, 10), "weeks": (1, 2, 8), "months": (1, 2, 6), "years": (1, 3),
}  # fmt: skip
ZONES: Final[dict[str, tuple[str, ...]]] = {
    # a zone and days on or near which its clocks change; the first line has none
    **dict.fromkeys(("Asia/Shanghai", "UTC", "Asia/Kolkata"), ("2026-02-13", "2025-10-05", "2026-02-27", "2024-02-28", "2025-12-30")),
    "America/New_York": ("2026-03-08", "2025-11-02"),
    "Europe/London": ("2026-03-29", "2025-10-26"),
    "Europe/Berlin": ("2026-03-29", "2025-10-26"),
    "Australia/Lord_Howe": ("2025-10-05", "2026-04-05"),
    "Africa/Cairo": ("2026-04-24", "2025-10-31"),
    "Asia/Tehran": ("2022-03-22", "2022-09-21"),
    "America/Santiago": ("2026-04-05", "2025-09-07"),
    "Pacific/Apia": ("2011-12-29", "2026-03-10"),
}
CURRENCIES: Final = ("CNY", "JPY", "KWD", "USD")
# Written decomposed here and there, so that NFC is needed to see them equal.
WORDS: Final = ("断网", "fraud", "诈骗", "café", "slow", "投诉 举报")
TAGS: Final = ("a", "b", "急", "c")
ROLES: Final = ("desk", "ops", "boss", "legal", "director")
CUTS: Final = (0, 1, 2, 3, 5, 10, 0.5, 99.95, 1000)
OUTCOMES: Final = ("met", "breached", "pending", "at_risk", "exempt", "not_applicable", "waived", "indeterminate")

FEATURES: Final[tuple[str, ...]] = (
    *(f"unit={unit}" for unit in (*UNITS, "same day", "term")),
    *(f"convention={key}={value}" for key, values in CONVENTIONS.items() for value in values),
    *(f"zone={zone}" for zone in ZONES),
    *(f"currency={currency}" for currency in CURRENCIES),
    *(f"instant={form}" for form in ("first_of", "last_of", "all_of", "first_known", "choose", "value", "ahead", "due", "as_of", "fact", "within")),
    *(f"span={form}" for form in ("between", "late", "together", "except", "named")),
    *(f"value={form}" for form in ("plus", "minus", "times", "max_of", "min_of", "first_known", "choose", "length")),
    *(f"condition={form}" for form in ("in_order", "during", "matches", "contains", "present", "missing", "outcome", "one_of", "as_of", "order", "field")),
    *(f"deadline={part}" for part in ("ladder", "ladder_late", "pauses", "at_risk_share", "at_risk_length", "part_of", "provisional", "running")),
    *(f"penalty={part}" for part in ("range", "choose_range", "per_breach", "charge", "waivable", "accruing", "no_amount")),
    *(f"frame={part}" for part in ("exempt", "duty_of", "waivable", "when")),
    *(f"section={key}" for key in ("scope", "severity", "responsibility", "escalation", "admission", "requirements", "retention", "penalties", "portfolio")),
    *("files=overlay", "files=versions", "files=gap", "levels=1", "levels=5", "matrix=complete"),
)  # fmt: skip


class Name(NamedTuple):
    """What an expression may name: ``rests_on`` are the record's fields below it."""

    name: str
    kind: str
    source: str
    rests_on: frozenset[str]
    spec: Mapping[str, Any]

    @property
    def unit(self) -> str | None:
        found: str | None = self.spec.get("unit")
        return found


@frozen
class Drawn:
    """A policy as it was drawn: its files as documents, the one to load, the days its records should lie around."""

    seed: int
    features: tuple[str, ...]
    files: Mapping[str, Document]
    main: str
    centre: date
    zone: str
    fields: Mapping[str, Mapping[str, Any]]

    def load(self) -> Policy:
        """Raises ``PolicyError`` where the policy is not valid after all."""
        return load_documents(self.files, self.main)

    def __str__(self) -> str:
        return "\n".join(f"# --- {name}\n{yaml_text(document)}" for name, document in self.files.items())


def load_documents(files: Mapping[str, Document], main: str) -> Policy:
    """One document as text, several as files of a folder that is gone afterwards."""
    if list(files) == [main]:
        return load_policy_text(yaml_text(files[main]), name=main)
    with tempfile.TemporaryDirectory() as folder:
        for name, document in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml_text(document), encoding="utf-8")
        return load_policy(Path(folder) / main)


def yaml_text(document: Document) -> str:
    """A document as YAML: one line an entry of a section."""
    lines: list[str] = []
    for key, value in document.items():
        if isinstance(value, list):
            lines += [f"{key}:", *(f"  - {_flow(item)}" for item in value)]
        elif isinstance(value, dict) and key not in ("effective", "counting", "scope"):
            lines.append(f"{key}:")
            for name, item in value.items():
                if isinstance(item, list) and item and isinstance(item[0], dict):
                    lines += [f"  {name}:", *(f"    - {_flow(one)}" for one in item)]
                else:
                    lines.append(f"  {name}: {_flow(item)}")
        else:
            lines.append(f"{key}: {_flow(value)}")
    return "\n".join(lines) + "\n"


def _flow(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def features_of(number: int) -> tuple[str, ...]:
    """The features the policy of that number must have: in so many policies every feature has its turn, in changing company."""
    count = len(FEATURES)
    return tuple(dict.fromkeys((FEATURES[number % count], FEATURES[(number * 7 + 31) % count], FEATURES[(number * 13 + 57) % count])))


def policies(features: Sequence[str] | None = None) -> st.SearchStrategy[Drawn]:
    """Policies as a Hypothesis strategy; with the given features, or with those that have their turn."""
    return st.integers(0, 2**31 - 1).map(lambda seed: draw_policy(seed, tuple(features) if features is not None else features_of(seed)))


def draw_policy(seed: int, features: Sequence[str] = ()) -> Drawn:
    """The policy of a seed, with these features among others."""
    return _Maker(seed, tuple(features)).drawn()


# --------------------------------------------------------------------------- fields
_B: Final = "boolean"
# Each field with the forms it may be declared in.
PALETTE: Final[dict[str, tuple[dict[str, Any], ...]]] = {
    "flag": ({"type": _B}, {"type": _B, "default": "false"}, {"type": _B, "empty": "none"}),
    "other": ({"type": _B}, {"type": _B, "default": "true"}),
    "agreed": ({"type": _B}, {"type": _B, "empty": "none"}),
    "pieces": ({"type": "integer"}, {"type": "integer", "default": 2}, {"type": "integer", "empty": "none"}),
    "term_days": ({"type": "integer", "unit": "days"}, {"type": "integer", "unit": "days", "empty": "none"}, {"type": "number", "unit": "days", "default": 3}),
    "size": ({"type": "number", "unit": "km"}, {"type": "number", "unit": "km", "default": "0.5"}),
    "width": ({"type": "number", "unit": "km"}, {"type": "number", "unit": "km", "empty": "none"}),
    "score": ({"type": "number"}, {"type": "number", "default": 1}),
    "fee": ({"type": "money"}, {"type": "money", "default": "12.345"}, {"type": "money", "empty": "none"}),
    "cap": ({"type": "money"}, {"type": "money", "default": 100}),
    "word": ({"type": "string"}, {"type": "string", "default": "slow"}, {"type": "string", "empty": "none"}),
    "second": ({"type": "string"}, {"type": "string"}),
    "kind": ({"type": "enum", "values": ["network", "tariff", "service"]}, {"type": "enum", "values": ["network", "tariff", "service"], "default": "tariff"},
             {"type": "enum", "values": ["network", "tariff", "service"], "empty": "none"}),
    "band": ({"type": "enum", "values": ["低", "高"]}, {"type": "enum", "values": ["1", "2"]}, {"type": "enum", "values": ["café", "thé"]}),
    "tags": ({"type": "list"}, {"type": "list", "empty": "none"}),
    "day": ({"type": "date"}, {"type": "date", "empty": "none"}, {"type": "date", "formats": ["%d.%m.%Y"]}),
    "at": ({"type": "datetime"}, {"type": "datetime", "formats": ["%Y/%m/%d %H:%M", "%d.%m.%Y"]}),
    "promised_at": ({"type": "datetime", "empty": "none"}, {"type": "datetime"}),
    "shipped_at": ({"type": "event"}, {"type": "event", "empty": "unknown"}, {"type": "event", "empty": "none"}),
    "done_at": ({"type": "event"},),
    "deleted_at": ({"type": "event"},),
    "notified_at": ({"type": "event"},),
    "pause": ({"type": "intervals", "empty": "none"}, {"type": "intervals"}),
    "hold": ({"type": "intervals", "empty": "none"},),
    "category": ({"type": "enum", "values": ["network", "tariff"]}, {"type": "string"}),
    "region": ({"type": "list"}, {"type": "string"}),
    "injury": ({"type": _B, "default": "false"},),
    "amount_claimed": ({"type": "money", "default": 0}, {"type": "money"}),
    "reported_at": ({"type": "date"}, {"type": "event"}),
    "closed_at": ({"type": "event"}, {"type": "event"}, {"type": "datetime", "empty": "none"}),
}  # fmt: skip
# Core fields that are used without being declared.
CORE: Final[dict[str, dict[str, Any]]] = {
    **{name: {"type": "boolean"} for name in ("injury", "legal_risk", "upheld", "satisfied")},
    **{name: {"type": "integer"} for name in ("affected_customers", "repeat_count")},
    **{name: {"type": "money"} for name in ("amount_claimed", "price", "compensation_paid")},
    **{name: {"type": "string"} for name in ("channel", "description", "handler", "responsible_person", "root_cause", "category", "region")},
    **{name: {"type": "event"} for name in ("received_at", "acknowledged_at", "responded_at", "closed_at", "followed_up_at", "reported_at", "reopened_at")},
    "waiting_on_customer": {"type": "intervals", "empty": "none"},
}
_NUMERIC: Final = ("integer", "number", "money")
_TIMES: Final = ("date", "datetime", "event", "instant")


class _Conventions(NamedTuple):
    """The conventions in force at a place, as far as they bear on what may be written there."""

    calendar: str | None
    hours: bool
    values: Mapping[str, str]

    def takes(self, unit: str) -> bool:
        """Whether a length in this unit may stand here."""
        working, days = unit.startswith("working"), unit in TAKEN_BY["ends"]
        if self.calendar is None and (working or (days and self.values.get("roll", "none") != "none")):
            return False
        if days and self.values.get("ends") == "close_of_business" and not self.hours:
            return False
        return not (working and self.values.get("after_hours", "as_received") != "as_received" and not self.hours)


class _Maker:
    """Draws one policy."""

    def __init__(self, seed: int, features: tuple[str, ...]) -> None:
        self.seed, self.features = seed, features
        self.random = Random(f"policy {seed} {features}")
        self.wanted: dict[str, list[str]] = {}
        for feature in features:
            group, _, rest = feature.partition("=")
            self.wanted.setdefault(group, []).append(rest)
        self.names: list[Name] = []
        self.judged: list[tuple[str, str]] = []  # rules so far that have an outcome: id, kind
        self.levels: list[str] = []
        self.has_owner = False
        self.facts: Document = {}
        self.depth = 0

    # ---------------------------------------------------------------- drawing
    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def one(self, options: Sequence[Any]) -> Any:
        return options[self.random.randrange(len(options))]

    def some(self, options: Sequence[Any], least: int, most: int) -> list[Any]:
        count = min(self.random.randint(least, most), len(options))
        return self.random.sample(list(options), count)

    def wants(self, group: str, value: str, otherwise: float) -> bool:
        """Whether this feature is asked for; others come by chance."""
        return value in self.wanted.get(group, ()) or self.chance(otherwise)

    # ---------------------------------------------------------------- the whole
    def drawn(self) -> Drawn:
        self.zone = self.one(self.wanted.get("zone") or (*ZONES, "Asia/Shanghai"))
        self.centre = date.fromisoformat(self.one(ZONES[self.zone]))
        head = self.head()
        self.fields = self.declared()
        body = self.body()
        files, main = self.filed(head, body)
        files = with_transitions(with_each(with_schedules(with_log(files, self.seed), self.seed), self.seed), self.seed)
        files = with_money(files, self.seed)
        return Drawn(self.seed, self.features, files, main, self.centre, self.zone, {**{k: v for k, v in CORE.items() if k not in self.fields}, **self.fields, **log_fields(files)})

    def head(self) -> Document:
        self.currency = self.one(self.wanted.get("currency") or CURRENCIES)
        head: Document = {
            "format": 1,
            "policy": "test/equality",
            "effective": {"from": "2010-01-01"},
            "title": {"en": "Drawn", "zh": "随机制度"},
            "timezone": self.zone,
            "currency": self.currency,
        }
        if self.chance(0.3):
            head["effective"]["until"] = (self.centre + timedelta(days=40)).isoformat()
        self.roles = self.chance(0.3)
        if self.roles:
            head["roles"] = {role: {"en": role.title()} for role in ROLES}
        head["calendars"] = self.calendars()
        self.terms = {"at_once": {"is": "15 minutes", "house": True}, "promptly": {"is": "2 days"}}
        head["terms"] = self.terms
        counting: dict[str, str] = {"calendar": self.one(("office", "office", "office", "workdays", "long"))}
        if self.chance(0.1):
            counting["calendar"] = "none"
        if self.chance(0.4):
            for key in self.some(list(CONVENTIONS), 1, 2):
                counting[key] = self.one(CONVENTIONS[key])
        self.conventions = self.at_place(counting, _Conventions(None, False, {}))
        if not all(self.conventions.takes(unit) for unit in UNITS) and counting["calendar"] != "none":
            counting = {"calendar": "office"}
            self.conventions = self.at_place(counting, _Conventions(None, False, {}))
        if counting["calendar"] == "none":
            counting = {k: v for k, v in counting.items() if k not in ("roll", "ends", "after_hours")}
            self.conventions = self.at_place(counting, _Conventions(None, False, {}))
        head["counting"] = counting
        return head

    def calendars(self) -> Document:
        near = [self.centre + timedelta(days=shift) for shift in range(-9, 25)]
        holidays = self.some(near, 0, 3)
        extra = [day for day in self.some(near, 0, 2) if day not in holidays]
        office: Document = {
            "weekdays": self.one(("mon-fri", "mon-sat", "sun-thu")),
            "hours": {"mon-sun": self.one((["09:00-12:00", "13:30-18:00"], ["08:00-16:00"], ["09:00-17:30"]))},
            "holidays": sorted(day.isoformat() for day in holidays),
            "extra_working_days": sorted(day.isoformat() for day in extra),
        }
        dated = [day for day in self.some(near, 0, 2) if day not in holidays and day not in extra]
        if dated:
            office["dates"] = {day.isoformat(): self.one(([], ["10:00-12:00"], ["09:00-11:00", "22:00-24:00"])) for day in dated}
        long = {"hours": {"mon-fri": ["22:00-06:00"], "sat": ["08:00-24:00"]}}
        workdays: Document = dict(self.one(({"country": "CN"}, {"country": "DE"}, {"country": "DE", "subdivision": "BY"}, {"weekdays": ["mon-thu", "sat"]})))
        made: Document = {"office": office, "workdays": workdays, "long": long}
        if self.wants("deadline", "provisional", 0.3):
            for calendar in made.values():
                if self.wants("deadline", "provisional", 0.7):
                    calendar["announced_until"] = (self.centre + timedelta(days=self.random.randint(-3, 12))).isoformat()
        return made

    def at_place(self, counting: Mapping[str, str] | None, around: _Conventions) -> _Conventions:
        if counting is None:
            return around
        calendar = counting.get("calendar")
        name = around.calendar if calendar is None else None if calendar == "none" else calendar
        return _Conventions(name, name in ("office", "long"), {**around.values, **{k: v for k, v in counting.items() if k != "calendar"}})

    def declared(self) -> dict[str, Mapping[str, Any]]:
        chosen = self.some(list(PALETTE), 14, 24)
        if self.wanted.get("span") or "pauses" in self.wanted.get("deadline", ()):
            chosen += [name for name in ("pause", "hold") if name not in chosen]
        fields: dict[str, Mapping[str, Any]] = {name: self.one(PALETTE[name]) for name in chosen}
        for name, spec in {**CORE, **fields}.items():
            self.names.append(Name(name, spec["type"], "field", frozenset({name}), spec))
        return fields

    def body(self) -> Document:
        body: Document = {"record": {"fields": self.fields}}
        for _ in range(self.random.randint(2, 5)):
            self.fact()
        numbers = len(self.facts)
        for form in self.wanted.get("value", []):
            self.fact_of_value(form)
        self.asked_values = [n for n in self.names if n.source == "fact" and n.kind in _NUMERIC and int(n.name[1:]) >= numbers]
        if self.wants("instant", "fact", 0.0):
            self.fact_of_instant()
        if self.wants("section", "scope", 0.15):
            body["scope"] = {"when": self.satisfiable(set(), 0)[0]}
        if self.wants("section", "admission", 0.35):
            body["admission"] = [self.admission(i) for i in range(self.random.randint(1, 2))]
        levels = self.wanted.get("levels")
        if levels or self.wants("section", "severity", 0.7) or "complete" in self.wanted.get("matrix", ()):
            body["severity"] = self.severity(int(levels[0]) if levels else self.random.randint(2, 4))
        if self.wants("section", "responsibility", 0.6) or "matrix" in self.wanted:
            body["responsibility"] = self.matrix()
        for _ in range(self.random.randint(0, 2)):
            self.fact()
        body["deadlines"] = self.deadlines()
        for _ in range(self.random.randint(0, 2)):
            self.fact()
        asked = [self.keep_fact(self.leaf(form), "boolean") for form in self.wanted.get("condition", [])]
        if self.wants("section", "requirements", 0.6) or asked:
            # A condition asked for is shown as it is: by a requirement whose moment has passed.
            shown: list[Document] = [{"id": f"RQ-{fact.name}", "require": {fact.name: "true"}, "before": "received_at"} for fact in asked]
            for rule in shown:
                self.judged.append((rule["id"], "requirement"))
            body["requirements"] = [*shown, *(self.requirement(i) for i in range(self.random.randint(1, 3)))]
        if self.wants("section", "retention", 0.4):
            body["retention"] = [self.retention(i) for i in range(self.random.randint(1, 2))]
        if self.wants("section", "escalation", 0.3):
            body["escalation"] = [{"id": f"ESC-{i}", "when": self.condition(), "to": self.role_value()} for i in range(self.random.randint(1, 2))]
        if self.wants("section", "penalties", 0.5) or "penalty" in self.wanted or "currency" in self.wanted or self.asked_values:
            # A number asked for is shown as it is: as the amount of a penalty that is always due.
            shown = [{"id": f"PN-{n.name}", "when": {"received_at": "present"}, "amount": {"field": n.name}} for n in self.asked_values]
            body["penalties"] = [*shown, *self.penalties()]
        if self.wants("section", "portfolio", 0.3):
            body["portfolio"] = [self.figure(i) for i in range(self.random.randint(1, 2))]
        if self.facts:
            body["facts"] = self.facts
        return body

    # ---------------------------------------------------------------- files
    def filed(self, head: Document, body: Document) -> tuple[dict[str, Document], str]:
        """One file, an overlay over a base, or a folder of versions."""
        if self.wants("files", "overlay", 0.06):
            return self.overlaid(head, body)
        if "files" in self.wanted or self.chance(0.06):
            return self.dated(head, body)
        return {"policy.yaml": {**head, **body}}, "policy.yaml"

    def overlaid(self, head: Document, body: Document) -> tuple[dict[str, Document], str]:
        base: Document = {**head, "policy": "test/base", **body}
        base["effective"] = {"from": "2000-01-01"}
        overlay: Document = {**{k: head[k] for k in ("format", "policy", "effective", "timezone")}, "extends": ["./base.yaml"]}
        safe = {"first_day": ("excluded", "included"), "at_closing": ("stay", "roll"), "from_closed_day": CONVENTIONS["from_closed_day"]}
        overlay["counting"] = {key: self.one(safe[key]) for key in self.some(list(safe), 1, 2)}
        moved = body["deadlines"]
        if len(moved) > 1:  # the last of them become the overlay's own
            cut = self.random.randint(1, len(moved) - 1)
            base["deadlines"], overlay["deadlines"] = moved[:cut], moved[cut:]
        first = dict(base["deadlines"][0], replaces=True)
        if isinstance(first["within"], str) and "extend" not in first:
            overlay["deadlines"] = [first, *overlay.get("deadlines", [])]
        if self.chance(0.4):
            overlay["scope"] = {"when": self.satisfiable(set(), 0)[0]}
        if self.levels and self.chance(0.5):
            overlay["severity"] = {"otherwise": self.one(self.levels)}
        return {"base.yaml": base, "policy.yaml": overlay}, "policy.yaml"

    def dated(self, head: Document, body: Document) -> tuple[dict[str, Document], str]:
        """Two versions with the change near the records; `gap`: the first ends before that, in another file of its own."""
        second = (self.centre + timedelta(days=self.random.randint(-4, 6))).isoformat()
        later: Document = json.loads(json.dumps({**head, **body}))
        later["effective"] = {"from": second}
        for deadline in later["deadlines"]:
            if isinstance(deadline["within"], str) and "extend" not in deadline and self.chance(0.6) and "part_of" not in deadline:
                deadline.pop("at_risk", None)
                deadline.pop("counting", None)
                deadline["within"] = self.length(self.conventions)
        used = json.dumps({k: v for k, v in later.items() if k != "deadlines"}) + json.dumps(later["deadlines"][:-1])
        if len(later["deadlines"]) > 1 and later["deadlines"][-1]["id"] not in used:
            later["deadlines"].pop()
        later["deadlines"].append({"id": "DL-later", "from": "received_at", "to": "responded_at", "within": "5 days"})
        for name, spec in later["record"]["fields"].items():
            if "default" in spec and self.chance(0.5) and name not in json.dumps(later.get("responsibility", {})):
                later["record"]["fields"][name] = {k: v for k, v in spec.items() if k != "default"}
        first: Document = {**head, **body, "effective": {"from": "2010-01-01"}}
        if "gap" in self.wanted.get("files", ()):
            # A version that ends early, and none after it.
            first["effective"]["until"] = second
            return {"v/2010-01-01.yaml": first}, "v"
        return {"v/2010-01-01.yaml": first, f"v/{second}.yaml": later}, "v"

    # ---------------------------------------------------------------- names
    def of_kind(self, *kinds: str, source: str | None = None, avoid: set[str] | frozenset[str] = frozenset()) -> list[Name]:
        return [n for n in self.names if n.kind in kinds and (source is None or n.source == source) and not n.rests_on & avoid]

    def keep_fact(self, expression: Any, kind: str) -> Name:
        name = f"f{len(self.facts)}"
        self.facts[name] = expression
        made = Name(name, kind, "fact", frozenset(self.fields_below(expression)), {})
        self.names.append(made)
        return made

    def fields_below(self, expression: Any) -> set[str]:
        """The fields an expression may rest on: every word below that is a name."""
        known = {n.name: n.rests_on for n in self.names}
        found: set[str] = set()
        stack = [expression]
        while stack:
            item = stack.pop()
            if isinstance(item, dict):
                stack += [*item.keys(), *item.values()]
            elif isinstance(item, list):
                stack += item
            elif isinstance(item, str) and item in known:
                found |= known[item]
        return found

    def fact(self) -> None:
        how = self.random.random()
        if how < 0.5:
            self.keep_fact(self.condition(), "boolean")
        elif how < 0.75:
            self.fact_of_instant()
        else:
            self.fact_of_value(self.one(("plus", "minus", "times", "max_of", "min_of", "first_known", "choose", "length")))

    def fact_of_value(self, form: str) -> None:
        kind = self.one(("number", "money")) if form != "length" else "number"
        if form in ("first_known", "choose") and self.chance(0.4):
            kind = "string"
        expression = self.value(kind, 1, form)
        if isinstance(expression, dict):
            self.keep_fact(expression, kind if kind == "string" else self.kind_of(expression))

    def fact_of_instant(self) -> None:
        expression = self.instant(1)
        first = expression
        while isinstance(first, dict) and next(iter(first)) in ("first_known", "choose"):
            first = next(iter(first.values()))[0]
            first = first.get("then", first.get("otherwise", first)) if isinstance(first, dict) else first
        # What a fact is, is told by its first word: a fact's name there would be a text.
        if isinstance(first, str) and first not in {n.name for n in self.names if n.source == "field"}:
            expression = {"last_of": [expression]}
        self.keep_fact(expression, "instant")

    def kind_of(self, value: Any) -> str:
        """Whether a computed number is money, as the loader sees it."""
        if not isinstance(value, dict) or "length" in value:
            return "number"
        key, inside = next(iter(value.items()))
        if key == "field":
            return next("money" if n.kind == "money" else "number" for n in self.names if n.name == inside)
        parts = [item.get("then", item.get("otherwise")) for item in inside] if key == "choose" else inside
        return "money" if any(self.kind_of(part) == "money" for part in parts) else "number"

    # ---------------------------------------------------------------- lengths and conventions
    def length(self, place: _Conventions, unit: str | None = None) -> str:
        if unit is None:
            unit = self.one([*(u for u in UNITS if place.takes(u)), "hours", *(["days", "term", "same day"] if place.takes("days") else [])])
        if unit == "same day":
            return "same day"
        if unit == "term":
            return str(self.one(list(self.terms) if place.takes("days") else ["at_once"]))
        amount = self.one(AMOUNTS[unit])
        return f"{amount} {unit if amount != 1 or self.chance(0.5) else unit[:-1]}"

    def counting_for(self, unit: str, place: _Conventions, wanted: str | None = None) -> dict[str, str] | None:
        """A `counting` of its own for lengths in a unit, or none; ``wanted`` is ``key=value``."""
        taken = [key for key, units in TAKEN_BY.items() if unit in units]
        counting: dict[str, str] = {}
        if wanted is not None:
            key, _, value = wanted.partition("=")
            counting[key] = value
        elif not taken or self.chance(0.5):
            return None
        for key in self.some(taken, 0 if counting else 1, 2):
            counting.setdefault(key, self.one(CONVENTIONS[key]))
        if self.chance(0.4):
            counting["calendar"] = self.one(("office", "long", "workdays"))
        if not self.at_place(counting, place).takes(unit):
            counting["calendar"] = self.one(("office", "office", "long"))
        return counting

    # ---------------------------------------------------------------- instants
    def instant(self, depth: int, place: _Conventions | None = None, form: str | None = None, *, starts: bool = False, ladder: bool = False) -> Any:
        """An instant; where it ``starts`` a bare length may stand, inside a ladder `previous` too."""
        place = place or self.conventions
        deadlines = [rule for rule, kind in self.judged if kind == "deadline"]
        if form is None:
            forms = ["named"] * 3 + ["length"] * 6 * starts
            if depth > 0:
                forms += ["first_of", "last_of", "all_of", "first_known", "choose", "within", "within", "ahead"]
                forms += ["value"] * starts + ["due"] * bool(deadlines) + ["previous"] * ladder + ["as_of"] * self.chance(0.2)
            form = self.one(forms)

        def part() -> Any:
            return self.instant(depth - 1, place, starts=starts, ladder=ladder)

        match form:
            case "length":
                return self.length(place)
            case "value":
                units = [u for u in ("days", "working days", "hours", "working hours", "weeks", "months", "minutes") if place.takes(u)]
                if not starts:
                    return {"from": self.named_instant(), "within": {self.one(units).replace(" ", "_"): self.count_value()}}
                return {self.one(units).replace(" ", "_"): self.count_value()}
            case "due" if deadlines:
                return {"due": self.one(deadlines)}
            case "previous":
                return {"due": "previous"}
            case "as_of":
                return "as_of"
            case "first_of" | "last_of" | "all_of" | "first_known":
                return {form: [part() for _ in range(self.random.randint(2, 3))]}
            case "choose":
                branches: list[Any] = [{"when": self.condition(0), "then": part()} for _ in range(self.random.randint(1, 2))]
                return {"choose": [*branches, *([{"otherwise": part()}] if self.chance(0.8) else [])]}
            case "within" | "ahead":
                return self.counted(depth, place, form, starts=starts)
        return self.named_instant()

    def counted(self, depth: int, place: _Conventions, form: str, *, starts: bool) -> Any:
        units = [unit for unit in UNITS if place.takes(unit)]
        unit = self.one(units)
        own = self.counting_for(unit, place)
        inner = self.at_place(own, place)
        base = self.instant(max(0, depth - 1), place) if self.chance(0.3) else self.named_instant()
        if form == "ahead":
            counted: Document = {"from": base, "ahead": self.length(inner, unit)}
        else:
            within: Any = self.length(inner, unit)
            if depth > 1 and self.chance(0.3):
                within = {"first_of": [within, self.instant(0, inner)]}
            counted = {"from": base, "within": within}
        if own is not None:
            counted["counting"] = own
        return counted

    def named_instant(self) -> str:
        names = self.of_kind(*_TIMES)
        events = [n for n in names if n.name in ("received_at", "responded_at", "closed_at", "done_at")]
        return str(self.one(events if self.chance(0.5) else names).name)

    def count_value(self) -> Any:
        """How many days, from the record: whole or not."""
        names = [n for n in self.of_kind("integer", "number") if n.unit in (None, "days")]
        if self.chance(0.3):
            return {"max_of": [{"field": self.one(names).name}, 1]}
        return {"field": self.one(names).name} if names and self.chance(0.8) else self.random.randint(0, 9)

    # ---------------------------------------------------------------- spans
    def span(self, depth: int = 1, form: str | None = None) -> Any:
        named = self.of_kind("intervals")
        late = [rule for rule, kind in self.judged if kind == "deadline"]
        form = form or self.one(["named", "named", "between", *(["late"] if late else []), *(["together", "except"] if depth else [])])
        match form:
            case "between":
                return {"between": [self.named_instant(), self.named_instant() if self.chance(0.7) else self.instant(1)]}
            case "late" if late:
                return {"late": self.one(late)}
            case "together":
                return {"together": [self.span(depth - 1) for _ in range(2)]}
            case "except":
                return {"except": [self.span(depth - 1), self.span(depth - 1)]}
        return self.one(named).name

    # ---------------------------------------------------------------- values
    def value(self, kind: str, depth: int = 1, form: str | None = None) -> Any:
        """A number, an amount of money or a text."""
        if kind == "string":
            return self.text_value(depth, form)
        money = kind == "money"
        names = self.of_kind("money") if money else [n for n in self.of_kind("integer", "number") if n.unit in (None, "km")]
        units = self.one([None, "km"])
        if form is None:
            form = self.one(["literal"] * 4 + ["field"] * 4 * bool(names) + (["plus", "minus", "times", "max_of", "min_of", "first_known", "choose"] if depth > 0 else []) + ["length"] * (depth > 0))
        match form:
            case "field" if names:
                return {"field": self.one(names).name}
            case "plus" | "minus" | "max_of" | "min_of":
                same = names if money else [n for n in names if n.unit in (None, units)]
                parts = [{"field": self.one(same).name} if same and self.chance(0.7) else self.number() for _ in range(self.random.randint(2, 3))]
                if not money and self.chance(0.2):
                    parts.append(self.length_value())
                return {form: parts}
            case "times":
                return {"times": [self.one((0.01, 0.5, 2, 0.333, 1.005)), self.value(kind, 0), *([self.length_value()] if self.chance(0.3) else [])]}
            case "first_known":
                return {"first_known": [{"field": self.one(names).name}, self.value(kind, 0)]} if names else self.number()
            case "choose":
                branches: list[Any] = [{"when": self.condition(0), "then": self.value(kind, depth - 1)} for _ in range(self.random.randint(1, 2))]
                return {"choose": [*branches, *([{"otherwise": self.value(kind, depth - 1)}] if self.chance(0.8) else [])]}
            case "length" if not money:
                return self.length_value()
        return self.number()

    def number(self) -> float:
        found: float = self.one((*CUTS, 200, 33.335, 0.005, 1000000))
        return found

    def length_value(self, form: str | None = None) -> Document:
        """How long a span is."""
        wanted = self.wanted.get("span", ())
        value: Document = {"length": self.span(1, form or (self.one(wanted) if wanted and self.chance(0.7) else None))}
        value["in"] = self.one(("minutes", "hours", "days", "weeks"))
        for key, words in (("round", ("up", "down", "half_up")), ("per", ("total", "span"))):
            if self.chance(0.6):
                value[key] = self.one(words)
        return value

    def text_value(self, depth: int, form: str | None = None) -> Any:
        names = self.of_kind("string")
        form = form or self.one(("literal", "field", "field", *(("first_known", "choose") if depth > 0 else ())))
        match form:
            case "field":
                return {"field": self.one(names).name}
            case "first_known":
                return {"first_known": [{"field": n.name} for n in self.some(names, 2, 3)]}
            case "choose":
                return {"choose": [{"when": self.condition(0), "then": self.one(WORDS)}, {"otherwise": {"field": self.one(names).name}}]}
        return self.one(WORDS)

    def role_value(self) -> Any:
        role = self.one(ROLES)
        if self.chance(0.5):
            return role
        return {"choose": [{"when": self.condition(0), "then": role}, {"otherwise": self.one(ROLES)}]}

    # ---------------------------------------------------------------- conditions
    def condition(self, depth: int = 2) -> Document:
        draw = self.random.random()
        if depth <= 0 or draw < 0.5:
            return self.leaf()
        if draw < 0.62:
            return {"all": [self.condition(depth - 1), self.condition(depth - 1)]}
        if draw < 0.76:
            return {"any": [self.condition(depth - 1) for _ in range(self.random.randint(2, 3))]}
        if draw < 0.88:
            return {"not": self.condition(depth - 1)}
        return {**self.leaf(), **self.leaf()}

    def leaf(self, form: str | None = None) -> Document:
        """One test of one name, of any form."""
        own = form or self.one(
            ["name"] * 14 + ["moment"] * 4 + ["in_order", "during", "present", "missing", "as_of"] + ["outcome"] * 2 * bool(self.judged) + ["order", "owner", "field"]
        )
        match own:
            case "outcome" if self.judged:
                return {"outcome": {self.one(self.judged)[0]: self.one(OUTCOMES[:4]) if self.chance(0.6) else self.some(OUTCOMES, 2, 3)}}
            case "in_order":
                return {"in_order": [self.instant(1 if self.chance(0.2) else 0) for _ in range(self.random.randint(2, 4))]}
            case "during":
                test: Any = {"during": self.one(("office", "long", "workdays", "office"))}
                return {self.one(self.of_kind(*_TIMES)).name: {"not": test} if self.chance(0.3) else test}
            case "present" | "missing":
                names = [n.name for n in self.some(self.of_kind(*(n.kind for n in self.names), source="field"), 1, 3)]
                if self.chance(0.4):
                    return {names[0]: own}
                return {own: names if self.chance(0.7) else names[0]}
            case "as_of":
                return {"as_of": self.moment_test()}
            case "matches":
                return {self.one(self.of_kind("string", "enum")).name: {"matches": self.one(("1[0-9]{10}", ".*断网.*", "(?i).*FRAUD.*", "a|b|slow", "[^a-z]+", ".*"))}}
            case "contains":
                return {self.one(self.of_kind("string", "list")).name: {"contains": self.some((*WORDS, *TAGS), 1, 2)}}
            case "one_of":
                return {self.one(self.of_kind("string")).name: self.some(WORDS, 2, 3)}
            case "order":
                number = self.one(self.of_kind(*_NUMERIC))
                return {number.name: self.comparison(number)}
            case "field":
                return self.against_field()
            case "owner" if self.has_owner:
                return {"owner": self.one((self.one(ROLES), {"not": self.one(ROLES)}, {"contains": "des"}))}
            case "moment":
                return {self.one(self.of_kind(*_TIMES)).name: self.moment_test()}
        return self.name_test(self.one([n for n in self.names if n.kind not in (*_TIMES, "intervals")]))

    def against_field(self) -> Document:
        """A field compared with another of its type."""
        draw = self.random.random()
        if draw < 0.5:
            a, b = self.some(self.of_kind("string"), 2, 2)
            return {a.name: {"field": b.name} if self.chance(0.5) else {"not": {"field": b.name}}}
        if draw < 0.75:
            a, b = self.some(self.of_kind("money"), 2, 2)
            return {a.name: {self.one(("above", "at_least", "below", "at_most")): {"field": b.name}}}
        a, b = self.some(self.of_kind("boolean", source="field"), 2, 2)
        return {a.name: {"field": b.name}}

    def moment_test(self) -> Document:
        tests: Document = {self.one(("by", "before", "after", "not_before")): self.instant(2 if self.chance(0.6) else 0)}
        if self.chance(0.15):
            tests[self.one(("by", "before", "after", "not_before"))] = self.instant(1)
        return tests

    def comparison(self, name: Name) -> Document:
        kind = "money" if name.kind == "money" else "number"

        def right() -> Any:
            literal: Any = self.one(CUTS)
            if self.chance(0.7):
                return literal
            found = self.value(kind, 1)
            # A unit beside another is refused, and a choice of plain numbers is no money: a literal is safe against both.
            chosen = isinstance(found, dict) and next(iter(found)) in ("choose", "first_known", "field") and self.kind_of(found) != kind
            return literal if chosen or name.unit is not None or self.has_unit(found) else found

        tests: Document = {self.one(("at_least", "above")): right()} if self.chance(0.5) else {self.one(("at_most", "below")): right()}
        if self.chance(0.2):
            tests.setdefault("at_most", right())
        return tests

    def has_unit(self, value: Any) -> bool:
        units = {n.name for n in self.names if n.unit}
        return isinstance(value, dict) and value.get("field") in units

    def name_test(self, name: Name) -> Document:
        return {name.name: self.test(name)}

    def test(self, name: Name, *, simple: bool = False) -> Any:
        """A test that some complaint passes and some other does not."""
        test = self.plain_test(name)
        if not simple and self.chance(0.15) and test not in ("present", "missing"):
            return {"not": test}
        return test

    def plain_test(self, name: Name) -> Any:
        draw = self.random.random()
        if name.source == "field" and draw < 0.06:
            return self.one(("present", "missing"))
        match name.kind:
            case "boolean":
                return self.one(("true", "false"))
            case "integer" | "number" | "money":
                if draw < 0.2:
                    return self.one(CUTS)
                if draw < 0.3:
                    return self.some(CUTS, 2, 3)
                return self.comparison(name)
            case "string":
                if draw < 0.3:
                    return self.one(WORDS)
                if draw < 0.5:
                    return self.some(WORDS, 2, 3)
                if draw < 0.8:
                    return {"contains": self.some(WORDS, 1, 2)}
                return {"matches": self.one((".*断网.*", "(?i).*FRAUD.*", "slow|fraud"))}
            case "enum":
                values = list(name.spec["values"])
                return self.one(values) if draw < 0.6 else self.some(values, 1, 2) if draw < 0.9 else {"contains": str(self.one(values))[:1]}
            case "list":
                return self.one(TAGS) if draw < 0.4 else self.some(TAGS, 2, 2) if draw < 0.7 else {"contains": self.some(TAGS, 1, 2)}
            case "level":
                level = self.one(self.levels)
                if draw < 0.4:
                    return level
                if draw < 0.6:
                    return self.some(self.levels, 1, 2)
                return {self.one(("at_least", "at_most", "above", "below")): level}
        return "present"

    def satisfiable(self, used: set[str], depth: int = 1) -> tuple[Document, set[str]]:
        """A condition on fields that no other has spoken of, so that it neither always nor never holds; and those fields."""
        kinds = ("boolean", "integer", "number", "money", "string", "enum", "list", "instant")
        free = [n for n in self.of_kind(*kinds, avoid=used) if n.source == "field" or (n.source == "fact" and n.kind == "boolean" and self.chance(0.4))]
        if self.chance(0.15) and len(events := self.of_kind("event", source="field", avoid=used | {"received_at"})) > 1:
            one, other = self.some(events, 2, 2)
            return {one.name: {self.one(("by", "after")): {"from": other.name, "within": self.length(self.conventions)}}}, {one.name, other.name}
        if not free:
            return {"description": "present"}, {"description"}
        name = self.one(free)
        if name.source == "fact":
            return {name.name: self.one(("true", "false"))}, set(name.rests_on)
        taken = set(name.rests_on)
        test = self.strict_test(name)
        if depth > 0 and self.chance(0.4):
            more, fields = self.satisfiable(used | taken, depth - 1)
            how = self.one(("all", "any", "not", "both"))
            if how == "both" and not set(more) & {name.name}:
                return {name.name: test, **more}, taken | fields
            if how == "not":
                return {"not": {name.name: test}}, taken
            return {"all" if how == "all" else "any": [{name.name: test}, more]}, taken | fields
        return {name.name: test}, taken

    def strict_test(self, name: Name) -> Any:
        """A test against literals alone that may hold and may fail, whatever else is tested."""
        match name.kind:
            case "boolean":
                return self.one(("true", "false"))
            case "integer" | "number" | "money":
                return {self.one(("at_least", "above", "at_most", "below")): self.one((1, 2, 3, 5, 10))}
            case "string":
                return self.one((self.one(WORDS), {"contains": [self.one(WORDS)]}, self.some(WORDS, 2, 2)))
            case "enum":
                return str(self.one(name.spec["values"]))
            case "list":
                return {"contains": [self.one(TAGS)]}
        return "present"

    # ---------------------------------------------------------------- rules
    def frame(self, rule: Document, kind: str) -> Document:
        """What every rule may have beside its own keys."""
        if self.wants("frame", "when", 0.35):
            rule["when"] = self.condition(1)
        if self.wants("frame", "exempt", 0.2):
            rule["exempt"] = [{"when": self.condition(1), "reason": {"en": "Settled", "zh": "已解决"}} for _ in range(self.random.randint(1, 2))]
        if self.wants("frame", "duty_of", 0.12):
            rule["duty_of"] = self.one(("complainant", "merchant", "company"))
        if self.wants("frame", "waivable", 0.3):
            rule["waivable"] = {"by": self.some(ROLES[:3], 1, 2)}
        if self.chance(0.2):
            rule["title"] = {"en": f"Rule {rule['id']}", "zh": f"规则{rule['id']}"}
        self.judged.append((rule["id"], kind))
        return rule

    def admission(self, index: int) -> Document:
        rule: Document = {"id": f"AD-{index}", "require": self.condition(1), "reason": {"en": "Filed too late", "zh": "超过期限"}}
        return self.frame(rule, "admission")

    def severity(self, count: int) -> Document:
        self.levels = ["general", "significant", "major", "critical", "extreme"][:count]
        used: set[str] = set()
        rules = []
        for index in range(self.random.randint(1 if count == 1 else count - 1, count + 1)):
            when, fields = self.satisfiable(used)
            used |= fields
            rules.append({"id": f"SEV-{index}", "level": self.one(self.levels), "when": when})
        self.names.append(Name("severity", "level", "severity", frozenset(used), {}))
        return {"levels": self.levels, "rules": rules, "otherwise": self.one(self.levels)}

    def matrix(self) -> Document:
        """Rows that never overlap: a tree over the axes, each leaf at most one row."""
        candidates: list[Name] = [n for n in self.of_kind("enum", "boolean", "integer", "money", "string", "list", source="field") if n.name != "received_at"]
        facts = self.of_kind("boolean", source="fact")
        levels = [n for n in self.names if n.kind == "level"]
        if "complete" in self.wanted.get("matrix", ()) or (levels and self.chance(0.15)):
            rows = [{"id": f"RS-{level}", "when": {"severity": level}, "owner": self.one(ROLES)} for level in self.levels]
            self.owned()
            return {"by": ["severity"], "rows": rows}
        axes: list[Name] = list(levels) if levels and self.chance(0.8) else []
        taken: set[str] = set()
        for _ in range(self.random.randint(1, 2)):
            free = [n for n in candidates if not n.rests_on & taken] + [f for f in facts if self.chance(0.5) and len(f.rests_on) == 1 and not f.rests_on & taken]
            if not free:
                break
            axis = self.one(free)
            axes.append(axis)
            taken |= axis.rests_on
        rows = []

        def grow(index: int, when: Document) -> None:
            if when and len(rows) < 9 and (index == len(axes) or self.chance(0.15)):
                if self.chance(0.75):
                    row: Document = {"id": f"RS-{len(rows)}", "when": when, "owner": self.one(ROLES)}
                    if self.chance(0.3):
                        row |= {"accountable": self.one(ROLES), "informed": self.some(ROLES, 1, 2)}
                    rows.append(row)
                return
            if index < len(axes):
                for test in self.parts_of(axes[index]):
                    grow(index + 1, {**when, axes[index].name: test})

        grow(0, {})
        self.owned()
        return {"by": [a.name for a in axes], "rows": rows, "otherwise": {"owner": self.one(ROLES)}}

    def owned(self) -> None:
        self.has_owner = True

    def parts_of(self, axis: Name) -> list[Any]:
        """Tests of an axis no two of which hold together."""
        spec = axis.spec
        missing: list[Any] = ["missing"] if axis.source == "field" and "default" not in spec and self.chance(0.3) else []
        match axis.kind:
            case "boolean":
                return ["true", "false", *missing]
            case "enum":
                values = [str(v) for v in spec["values"]]
                return [values[0], values[1:], *missing] if self.chance(0.3) else [*values, *missing]
            case "level":
                if self.chance(0.3) and len(self.levels) > 1:
                    cut = self.one(self.levels[1:])
                    return [{"at_least": cut}, {"below": cut}]
                return list(self.levels)
            case "list":
                tag = self.one(TAGS)
                return [{"contains": tag}, {"not": {"contains": tag}}]
            case "string":
                word, *others = self.some(WORDS, 2, 3)
                return [word, others, *missing]
        low, high = sorted(self.random.sample((1, 2, 5, 10, 100), 2))
        return [{"below": low}, {"at_least": low, "below": high}, {"at_least": high}, *missing]

    # ---------------------------------------------------------------- deadlines
    def deadlines(self) -> list[Document]:
        made: list[Document] = []

        def add(make: Callable[[str], Document]) -> None:
            made.append(self.frame(make(f"DL-{len(made)}"), "deadline"))

        for unit in self.wanted.get("unit", []):
            add(lambda rule, unit=unit: self.deadline(rule, unit=unit))  # type: ignore[misc]
        for convention in self.wanted.get("convention", []):
            units = sorted(TAKEN_BY[convention.partition("=")[0]].intersection(UNITS))
            for unit in self.some(units, 1, 2):
                add(lambda rule, unit=unit, convention=convention: self.deadline(rule, unit=unit, convention=convention))  # type: ignore[misc]
        parts = self.wanted.get("deadline", [])
        if "provisional" in parts:
            add(lambda rule: self.deadline(rule, unit="working days"))
        for part in parts:
            add(lambda rule, part=part: self.deadline(rule, part=part))  # type: ignore[misc]
        for _ in range(self.random.randint(1, 3)):
            add(lambda rule: self.deadline(rule))
        for form in self.wanted.get("instant", []):
            add(lambda rule, form=form: self.deadline(rule, form=form))  # type: ignore[misc]
        for form in self.wanted.get("span", []):
            add(lambda rule, form=form: self.deadline(rule, span=form))  # type: ignore[misc]
        whole = next((d for d in made if isinstance(d["within"], str) and d["within"].split()[0].isdigit() and not d["within"].startswith("0")), None)
        if whole is not None and self.wants("deadline", "part_of", 0.1):
            stage = {"id": f"DL-{len(made)}", "from": whole["from"], "to": self.act(), "within": "1 " + whole["within"].split(" ", 1)[1], "part_of": whole["id"]}
            if "counting" in whole:
                stage["counting"] = whole["counting"]
            made.append(self.frame(stage, "deadline"))
        return made

    def deadline(
        self, rule: str, unit: str | None = None, convention: str | None = None, part: str | None = None, form: str | None = None, span: str | None = None
    ) -> Document:
        if unit is None:
            unit = self.one([u for u in UNITS if self.conventions.takes(u)])
        base = "days" if unit in ("same day", "term") else unit
        place = self.conventions
        own = self.counting_for(base, place, convention)
        if own is None and not place.takes(base):
            own = {"calendar": self.one(("office", "long"))}
        inner = self.at_place(own, place)
        # A convention of its own must be taken: the word of `terms` that counts days is.
        within: Any = "promptly" if unit == "term" and own is not None else self.length(inner, unit)
        plain = form is None and (convention is not None or part is not None or self.chance(0.6))
        if form == "fact":
            names = self.of_kind("instant")
            within = {"first_of": [within, self.one(names).name]} if names else within
        elif form is not None:
            within = self.instant(2, inner, form, starts=True)
        elif not plain:
            within = self.one(
                (
                    {"first_of": [within, self.instant(0, inner, starts=True)]},
                    {"choose": [{"when": self.condition(1), "then": within}, {"otherwise": self.length(inner, unit)}]},
                    self.instant(2, inner, starts=True),
                )
            )
        if own is not None and not self.counts(within, unit):
            within = {"first_of": [self.length(inner, base), within]}  # a convention must be taken by some length
        starts: Any = "received_at" if self.chance(0.65) else self.named_instant() if self.chance(0.7) else self.instant(1)
        made: Document = {"id": rule, "from": starts, "to": self.act(), "within": within}
        if part in ("ladder", "ladder_late") or (part is None and self.chance(0.15)):
            made["extend"] = self.ladder(made["within"], unit, inner, late=part == "ladder_late")
        running = part == "running" or (convention is not None and convention.startswith("pause_on_days"))
        if part == "pauses" or running or span is not None or (part is None and self.chance(0.2)):
            named = self.of_kind("intervals")
            pauses = [self.span(1, span)] if span is not None else []
            made["pauses"] = [*pauses, *([self.one(named).name] if running or not pauses else []), *([self.span()] if self.chance(0.3) else [])]
        if part == "at_risk_share" or (part is None and self.chance(0.2)):
            made["at_risk"] = self.one(("80%", "50%", "33.3%", "99%"))
        elif part == "at_risk_length" or (part is None and self.chance(0.15)):
            units = [u for u in UNITS if inner.takes(u) and u not in ("years",)]
            made["at_risk"] = f"{self.random.randint(1, 3)} {self.one(units)}"
        if own is not None:
            made["counting"] = own
        return made

    def counts(self, within: Any, unit: str) -> bool:
        """Whether a bare length of the rule's unit stands in the limit."""
        return isinstance(within, str) and (within.split(" ", 1)[-1].rstrip("s") == unit.rstrip("s") or within in ("same day", "promptly"))

    def act(self) -> Any:
        return self.instant(1) if self.chance(0.08) else self.one(("responded_at", "closed_at", "done_at" if "done_at" in self.fields else "followed_up_at"))

    def ladder(self, within: Any, unit: str, place: _Conventions, *, late: bool) -> list[Document]:
        """Steps that climb: in the unit of the limit, or from another instant."""
        steps: list[Document] = []
        known = within if isinstance(within, str) and within.split()[0].isdigit() else None
        amount = int(known.split()[0]) if known else 50
        for index in range(self.random.randint(1, 3)):
            amount += self.random.randint(1, 9)
            step: Document = {"id": f"step{index}", "within": f"{amount} {unit if unit in UNITS else 'days'}"}
            if self.chance(0.2) and index:
                step["within"] = {"last_of": [{"from": {"due": "previous"}, "within": self.length(place)}]}
            how = self.random.random()
            if how < 0.6:
                step["when"] = self.condition(0)
            if how > 0.4:
                event = self.one(self.of_kind("event", source="field")).name
                step["needs"] = self.one(({event: {"by": {"due": "previous"}}}, {"present": [event]}, {event: "present"}, self.condition(0)))
            if (late and not index) or self.chance(0.2):
                step["late"] = "allowed"
            steps.append(step)
        return steps

    # ---------------------------------------------------------------- the other kinds
    def requirement(self, index: int) -> Document:
        rule: Document = {"id": f"RQ-{index}", "require": self.condition()}
        if self.chance(0.6):
            rule["before"] = self.one(("received_at", "responded_at", self.instant(1)))
        return self.frame(rule, "requirement")

    def retention(self, index: int) -> Document:
        rule: Document = {
            "id": f"RT-{index}",
            "keep_until": self.one((self.counted(1, self.conventions, "within", starts=False), self.instant(2))),
            "deleted": "deleted_at" if "deleted_at" in self.fields else "followed_up_at",
        }
        return self.frame(rule, "retention")

    def penalties(self) -> list[Document]:
        wanted = self.wanted.get("penalty", [])
        parts = [*wanted, *([None] if not wanted or self.chance(0.5) else [])]
        return [self.penalty(f"PN-{index}", part) for index, part in enumerate(parts)]

    def penalty(self, rule: str, part: str | None) -> Document:
        triggers = [r for r, _ in self.judged]
        late = [r for r, kind in self.judged if kind == "deadline"]
        made: Document = {"id": rule}
        if part in ("per_breach", "accruing") or self.chance(0.75):
            made["for"] = self.some(late if part == "accruing" else triggers, 1, 3)
        if "for" not in made or self.chance(0.2):
            made["when"] = self.condition(1)
        if part == "per_breach" or self.chance(0.25):
            made["per"] = "breach"
        literal = self.one((200, 33.335, 0.005, 150))
        made["amount"] = literal if self.chance(0.3) else self.value("money", 2)
        if part == "accruing" or (part is None and self.chance(0.2)):
            money = self.of_kind("money")
            length = {"length": {"late": self.one([r for r in made.get("for", ()) if r in late] or late)}, "in": "days", "round": "up"}
            made["amount"] = {"times": [0.01, {"field": self.one(money).name}, length]}
        if part in ("range", "choose_range", "no_amount") or (part is None and self.chance(0.4)):
            low, high = sorted(self.random.sample((0, 1, 50, 100, 300, 1000), 2))
            bounds: Any = [low, high]
            if not isinstance(made["amount"], dict):
                bounds = [min(low, made["amount"]), max(high, made["amount"])]
            elif self.chance(0.4) and isinstance(end := self.value("money", 1), dict):
                bounds = [low, end]
            if part == "choose_range":
                bounds = {"choose": [{"when": self.condition(0), "then": bounds}, *([{"otherwise": [0, self.value("money", 0)]}] if self.chance(0.7) else [])]}
            made["range"] = bounds
            if part == "no_amount":
                del made["amount"]
        if part == "charge" or self.chance(0.25):
            made["charge"] = self.text_value(1)
        if part == "waivable" or self.chance(0.25):
            made["waivable"] = {"by": [self.one(ROLES[:3])]}
        made["payable_to"] = self.one(("company", "complainant", "regulator"))
        return made

    def figure(self, index: int) -> Document:
        return draw_portfolio.figure(self, index)
