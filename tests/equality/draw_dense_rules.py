"""Dense policies of what surrounds a rule: what it applies to, exemptions, waivers, extensions, pauses; how time is counted; the matrix."""

from __future__ import annotations

from itertools import product
from typing import Any, ClassVar, Final

from complaint_policy import Policy
from complaint_policy.counting import CONVENTIONS, TAKEN_BY
from tests.equality.draw_dense import TIMES, Document, Draw, Instants

__all__ = ["Counted", "Duties", "Matrix"]

_REASON: Final = {"en": "x", "zh": "x"}
_STOPS: Final = (None, "", "2026-03-03/2026-03-05", "2026-03-04T08:00/2026-03-04T16:30; 2026-03-10/2026-03-12T09:00", "2026-03-19/", "2026-03-22/2026-03-23",
                 "2026-03-05/2026-03-04", "never", "2026-03-01/2026-03-03T10:00")  # fmt: skip


# --------------------------------------------------------------------------- what surrounds a rule
class Duties(Instants):
    """Rules of every kind that may be exempt, waived, somebody else's, extended or paused."""

    fields: ClassVar[tuple[str, ...]] = ("a", "b", "c")

    def document(self) -> Document:
        forms = ({"type": "event"}, {"type": "event"}, {"type": "event", "empty": "unknown"}, {"type": "event", "empty": "none"}, {"type": "datetime"})
        declared: dict[str, Document] = {name: dict(self.one(*forms)) for name in self.fields}
        declared["x"] = {"type": "boolean", **self.one({}, {}, {"default": "false"}, {"empty": "none"})}
        declared["e"] = {"type": "enum", "values": ["u", "v", "w"], **self.one({}, {}, {"default": "v"}, {"empty": "none"})}
        declared["n"] = {"type": "integer", **self.one({}, {"unit": "days"}, {"default": 2, "unit": "days"}, {"empty": "none"})}
        declared["hold"] = {"type": "intervals", **self.one({}, {"empty": "none"}, {"empty": "none"})}
        made = self.head(self.one("Asia/Shanghai", "America/New_York"), declared)
        if self.chance(0.3):
            self.facts.append("f0")
            made["facts"] = {"f0": {"last_of": [self.instant(1)]}}
        if self.chance(0.15):
            made["scope"] = {"when": self.condition(1)}
        made["admission"] = [self.framed({"id": f"AD{number}", "require": self.condition(1), "reason": _REASON}) for number in range(2)]
        made["deadlines"] = [self.deadline(number) for number in range(2)]
        made["requirements"] = [self.framed(self.requirement(number)) for number in range(2)]
        made["retention"] = [self.framed({"id": f"RT{number}", "keep_until": self.kept(), "deleted": self.one(*self.fields)}) for number in range(2)]
        made["penalties"] = [self.penalty(number) for number in range(2)]
        return made

    def kept(self) -> Any:
        length = self.one("2 days", "1 working days", "30 hours", "1 months")
        return self.one({"from": self.instant(1), "within": length}, self.instant(1))

    def few(self, document: Document) -> Document:
        """Rules of one or two kinds, and those they ask for."""
        kinds = ("admission", "deadlines", "requirements", "retention")
        rules = {rule["id"]: (kind, rule) for kind in kinds for rule in document.pop(kind)}
        asked = {kind: [name for name in rules if rules[name][0] == kind] for kind in self.random.sample((*kinds, "deadlines"), self.one(1, 1, 2))}
        kept = {name for names in asked.values() for name in self.random.sample(names, self.one(1, 1, 2))}
        penalties = self.random.sample(document.pop("penalties"), self.one(0, 0, 1))
        while more := {name for name in rules.keys() - kept if f"'{name}'" in str([rules[one] for one in kept]) + str(document.get("facts")) + str(document.get("scope"))}:
            kept |= more
        for penalty in penalties:
            penalty["for"] = self.random.sample(sorted(kept), min(len(kept), self.one(1, 2)))
            kept |= {name for name in rules if f"'{name}'" in str(penalty)}
        for name in sorted(kept):
            document.setdefault(rules[name][0], []).append(rules[name][1])
        return {**document, **({"penalties": penalties} if penalties else {})}

    def condition(self, depth: int) -> Any:
        share = self.random.random()
        if share < 0.25:
            return {"x": self.one("true", "false")}
        if share < 0.4:
            return {"e": self.one("u", ["u", "w"], {"not": "v"})}
        if share < 0.48:
            return {"n": self.one({"at_least": 1}, {"below": 3}, "2", "present")}
        if share < 0.6 and self.judged:
            wanted = self.one("breached", "met", ["met", "exempt"], "pending", ["breached", "indeterminate"], ["waived", "exempt"], "not_applicable", "at_risk")
            return {"outcome": {self.one(*self.judged): wanted}}
        return super().condition(depth)

    def framed(self, made: Document) -> Document:
        if self.chance(0.35):
            made["when"] = self.condition(1)
        if self.chance(0.35):
            made["exempt"] = [{"when": self.condition(self.one(0, 1)), "reason": _REASON} for _ in range(self.one(1, 1, 2))]
        if self.chance(0.15):
            made["duty_of"] = self.one("complainant", "merchant")
        if self.chance(0.4):
            made["waivable"] = {"by": ["boss"]}
        self.judged.append(made["id"])
        return made

    def requirement(self, number: int) -> Document:
        made: Document = {"id": f"RQ{number}", "require": self.condition(self.one(1, 2))}
        if self.chance(0.7):
            made["before"] = self.one("closed_at", self.instant(1), self.one(*self.fields))
        return made

    def deadline(self, number: int) -> Document:
        start = self.one("received_at", self.one(*self.names), self.instant(1))
        plain = self.one("2 days", "3 working days", "48 hours", "6 working hours", "1 months", {"days": {"field": "n"}}, {"working_hours": {"field": "n"}})
        limit = self.one(plain, plain, plain, {"first_of": [self.one(*self.names), plain]}, {"choose": [{"when": self.condition(0), "then": plain}, {"otherwise": "9 days"}]})
        made: Document = {"id": f"D{number}", "from": start, "to": self.one(*self.names, "closed_at"), "within": limit}
        if self.chance(0.45):
            made["extend"] = [self.step(index) for index in range(self.one(1, 2, 3))]
        if self.chance(0.35):
            made["pauses"] = [self.one("hold", "hold", {"between": [self.one(*self.names), self.one(*self.names)]}) for _ in range(self.one(1, 1, 2))]
        if self.chance(0.4):
            made["at_risk"] = self.one("1 days", "6 hours", "80%", "20%", "2 working days")
        if self.chance(0.3):
            made["counting"] = {"calendar": "office", **({"ends": self.one("same_time", "close_of_business")} if "hours" not in str(limit) else {})}
        return self.framed(made)

    def step(self, index: int) -> Document:
        longer = self.one(("4 days", "10 days", "20 days"), ("4 working days", "8 working days", "15 working days"), ("80 hours", "200 hours", "400 hours"))[index]
        made: Document = {"id": f"s{index}", "within": self.one(longer, longer, {"last_of": [longer, self.one(*self.names)]}, {"from": {"due": "previous"}, "within": "2 days"})}
        if self.chance(0.5):
            made["when"] = self.condition(0)
        if "when" not in made or self.chance(0.6):
            event = self.one(*self.fields)
            made["needs"] = self.one({event: {"by": {"due": "previous"}}}, {"present": [event]}, {event: "present"}, self.condition(0))
        if self.chance(0.3):
            made["late"] = "allowed"
        return made

    def penalty(self, number: int) -> Document:
        made: Document = {"id": f"PN{number}", "payable_to": "company", "amount": self.one("12.5", {"times": ["3", {"field": "n"}]})}
        if self.chance(0.4):
            made["per"] = "breach"
        if self.chance(0.4):
            made["waivable"] = {"by": ["boss"]}
        if self.chance(0.3):
            made["when"] = self.condition(1)
        return made

    def table(self, rows: int) -> dict[str, list[Any]]:
        times = (None, "soon", *self.random.sample(TIMES, 5))
        cells = self.random.sample(list(product(times, repeat=len(self.fields))), min(rows, len(times) ** len(self.fields)))
        cells += [self.one(*cells) for _ in range(rows - len(cells))]
        made = {name: [row[place] for row in cells] for place, name in enumerate(self.fields)}
        stops = self.random.sample(_STOPS, 4)
        others = {"x": (None, "true", "false", "true", "perhaps"), "e": (None, "u", "v", "w", "zz"), "n": (None, "0", "1", "2", "5", "-1", "x"), "hold": stops}
        made |= {name: [self.one(*options) for _ in range(rows)] for name, options in others.items()}
        return {"id": [f"R{number}" for number in range(rows)], **made}

    def waivers(self, policy: Policy) -> list[Document]:
        rules = [rule.id for version in policy.versions for rule in version.model.all_rules() if rule.waivable_by]
        made = []
        for rule in rules:
            meant = self.one([f"R{number}" for number in range(0, 400, 2)], {"x": "true"}, {"e": ["u", "v"]}, {self.one(*self.fields): {"by": "as_of"}}, {"n": {"at_least": 1}})
            waiver: Document = {"rule": rule, "by": self.one("boss", "boss", "boss", "nobody"), "reason": "x", "records": meant}
            if self.chance(0.2):
                waiver[self.one("at", "until")] = self.one("2026-03-04", "2026-03-05", "2026-03-20", "2026-03-25")
            made += [waiver] * self.chance(0.85)
        return made


# --------------------------------------------------------------------------- how time is counted
_HOURS: Final = ("00:00", "08:30", "09:00", "10:15", "12:00", "12:30", "17:00", "19:00", "23:59", "02:30", "01:30")
_UNITS: Final[dict[str, tuple[int, ...]]] = {
    "minutes": (15, 90, 1500), "hours": (1, 24, 30, 100), "working hours": (1, 3, 7, 8, 20), "days": (0, 1, 2, 3, 9), "working days": (0, 1, 2, 3, 6),
    "weeks": (1, 2), "months": (1, 2), "years": (1,),
}  # fmt: skip


class Counted(Draw):
    """A limit or two under any conventions, over every start and act of a few weeks that hold holidays, make-up days and a change of clocks."""

    def document(self) -> Document:
        zone = self.one("Asia/Shanghai", "America/New_York", "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe")
        declared: dict[str, Document] = {"a": {"type": self.one("event", "event", "datetime", "date")}, "b": {"type": "event"}, "hold": {"type": "intervals", "empty": "none"}}
        made = self.head(zone, declared)
        made["calendars"] = {
            "office": {
                "weekdays": "mon-fri", "hours": {"mon-sun": self.one(["09:00-12:00", "13:00-17:00"], ["08:30-17:30"], ["10:00-10:15", "17:00-24:00"])},
                "holidays": self.random.sample(("2026-03-05", "2026-03-06", "2026-03-09", "2026-03-27"), 2), "extra_working_days": ["2026-03-07", "2026-03-28"],
                "dates": {"2026-03-10": [], "2026-03-12": ["10:00-11:00"]},
            },
            "long": {"hours": {"mon-fri": ["22:00-06:00"], "sat": ["08:00-24:00"]}},
            "workdays": {"country": self.one("CN", "US", "DE")},
        }  # fmt: skip
        for calendar in made["calendars"].values():
            if self.chance(0.25):
                calendar["announced_until"] = self.one("2026-03-06", "2026-03-12", "2026-03-31")
        self.calendar = self.one("office", "office", "long", "workdays")
        made["counting"] = {"calendar": self.calendar, **({"roll": self.one("none", "next_working_day", "previous_working_day")} if self.chance(0.4) else {})}
        made["deadlines"] = [self.deadline(number) for number in range(2)]
        if self.chance(0.3):
            back = {"from": "a", self.one("ahead", "within"): self.length(), "counting": self.counting}
            made["requirements"] = [{"id": "RQ0", "require": {"b": {self.one("by", "after", "before", "not_before"): back}}}]
        if self.chance(0.3):
            made.setdefault("requirements", []).append({"id": "RQ1", "require": {"a": {"during": self.one("office", "long")}}})
        return made

    def length(self) -> str:
        """A length, and the conventions it takes."""
        unit = self.one(*_UNITS)
        calendar = self.one("office", "office", self.calendar, "long")
        taken = [key for key, units in TAKEN_BY.items() if unit in units and key != "pause_on_days"]
        kept = self.random.sample(taken, min(len(taken), self.one(0, 1, 2, 3)))
        self.counting = {"calendar": calendar, **{key: self.one(*CONVENTIONS[key]) for key in kept}}
        return f"{self.one(*_UNITS[unit])} {unit}"

    def deadline(self, number: int) -> Document:
        length = self.length()
        unit = length.split(" ", 1)[1]
        made: Document = {"id": f"D{number}", "from": self.one("a", "a", "received_at"), "to": self.one("b", "b", "closed_at"), "within": length, "counting": dict(self.counting)}
        if unit in TAKEN_BY["first_day"] and unit != "working days" and self.chance(0.2):
            made["within"] = {"month_day": self.random.sample(["03-05", "03-07", "03-09", "03-31", "02-29"], 2)}
            made["counting"] = {key: value for key, value in made["counting"].items() if key in ("calendar", "first_day", "ends", "roll")}
        if self.chance(0.35):
            made["at_risk"] = self.one("80%", "33.3%", "1 days", "90 minutes", "1 working days", "2 working hours")
        if self.chance(0.25):
            made["pauses"] = [self.one("hold", {"between": ["a", "b"]}, {"between": ["b", "a"]}, {"between": ["b", "closed_at"]})]
            if unit in TAKEN_BY["pause_on_days"] and self.chance(0.7):
                made["counting"]["pause_on_days"] = self.one(*CONVENTIONS["pause_on_days"])
        elif self.chance(0.2):
            amount, unit = length.split(" ", 1)
            made["extend"] = [{"id": "longer", "within": f"{int(amount) + self.one(1, 2, 5)} {unit}", "needs": {"b": {"by": {"due": "previous"}}}}]
        return made

    def table(self, rows: int) -> dict[str, list[Any]]:
        days = [f"2026-03-{day:02}" for day in self.random.sample(range(1, 32), 7)] + ["2026-03-08", "2026-03-29", "2026-04-05"]
        times = [*days, *(f"{day}T{hour}" for day in days for hour in self.random.sample(_HOURS, 5)), None]
        starts = [self.one(*times) for _ in range(rows)]
        stops = self.random.sample(_STOPS, 4)
        return {"a": starts, "b": [self.one(*times) for _ in range(rows)], "hold": [self.one(*stops) for _ in range(rows)]}


# --------------------------------------------------------------------------- the matrix
_AXES: Final[dict[str, tuple[tuple[Any, ...], ...]]] = {
    "k": (({"below": 1}, {"at_least": 1, "below": 3}, {"at_least": 3}), ("1", ["2", "3"], "missing"), ({"at_most": 0}, {"above": 0, "at_most": 2}, {"above": 2})),
    "m": (({"below": "100"}, {"at_least": "100"}), ({"at_most": "99.995"}, {"above": "99.995"}, "missing")),
    "x": (("true", "false"), ("true", "missing")),
    "e": (("u", "v", "w"), ("u", ["v", "w"]), ({"not": "u"}, "u"), ("missing", "v")),
    "s": (("ab", ["abc", "u"]), ("ab", {"not": ["ab", "abc"]}), ({"contains": "b"}, {"not": {"contains": "b"}}), ({"matches": "a.*"}, "u"),
          (["ab", "u"], {"contains": "c"})),
    "g": (({"contains": "a"}, {"not": {"contains": "a"}}), (["a", "c"], {"not": ["a", "c"]})),
    "severity": (("low", "mid", "high"), ({"at_least": "mid"}, {"below": "mid"}), (["low", "high"], "mid")),
    "c0": (("true", "false"),),
    "n0": (({"below": "1"}, {"at_least": "1"}), ("2", {"above": "2"}, {"below": "2"}), ({"at_most": "0.5"}, {"above": "0.5", "at_most": "3"}), (["1", "2.5"], "4", {"above": "4"})),
    "s0": (("ab", ["u", "zz"]), ({"contains": "b"}, {"not": {"contains": "b"}}), ("ab", {"not": "ab"}), ({"matches": ".b.*"}, "u", "zz")),
}  # fmt: skip
_MATRIX_CELLS: Final[dict[str, tuple[str | None, ...]]] = {
    "m": (None, "0", "99.995", "100", "much"), "k": (None, "0", "1", "2", "3", "lots"), "x": (None, "true", "false", "perhaps"), "e": (None, "u", "v", "w", "zz"),
    "s": (None, "ab", "abc", "u"), "g": (None, "a;b", "b", "c;a", ""), "y": (None, "true", "false", "?"), "q": (None, "0.5", "1", "2", "?"),
}  # fmt: skip
_OWNERS: Final = ("boss", "desk", "legal", "ops")


class Matrix(Draw):
    """Owners over every axis there is, levels of several rules, and what is asked of either."""

    def document(self) -> Document:
        kinds = {"m": "money", "k": "integer", "q": "number", "x": "boolean", "y": "boolean", "s": "string", "g": "list"}
        declared: dict[str, Document] = {name: {"type": kind} for name, kind in kinds.items()}
        declared["e"] = {"type": "enum", "values": ["u", "v", "w"]}
        self.loosen(declared, "mkxesg", 0.15)
        made = self.head("Asia/Shanghai", declared)
        number, text = ({self.one("plus", "max_of"): [{"field": self.one("k", "q")}, "1"]}, {"first_known": [{"field": "k"}, {"field": "q"}]}), {"first_known": [{"field": "s"}, {"field": "e"}]}
        choice = {"choose": [{"when": self.test(), "then": self.one("ab", "zz")}, {"otherwise": {"field": self.one("s", "e")}}]}
        made["facts"] = {"c0": {self.one("any", "all"): [self.test(), self.test()]}, "n0": self.one(*number), "s0": self.one(choice, text)}
        levels = self.one(["low", "mid", "high"], ["low", "mid", "high"], ["mid", "low", "high"])
        rules = [{"id": f"SEV{number}", "level": self.one(*levels), "when": self.one(self.test(), {"any": [self.test(), self.test()]})} for number in range(self.one(1, 2, 3, 4))]
        made["severity"] = {"levels": levels, "rules": rules, "otherwise": self.one(*levels)}
        made["responsibility"] = self.responsibility()
        asked = self.one({"owner": self.one("boss", ["desk", "ops"], {"not": "legal"})}, {"severity": self.one("high", {"at_least": "mid"}, {"below": "high"}, {"not": "mid"}, ["low", "high"])})
        other = self.one({"not": asked}, {"any": [asked, self.test()]}, {"all": [asked, self.test()]}, asked)
        made["requirements"] = [{"id": "RQ0", "require": other, "before": "closed_at"}, {"id": "RQ1", "require": {"all": [self.test()]}, "when": asked}]
        made["penalties"] = [
            {"id": "PN0", "payable_to": "company", "when": asked, "amount": {"choose": [{"when": asked, "then": "5"}, {"otherwise": {"field": "m"}}]}, "charge": {"field": self.one("owner", "s")}},
            {"id": "PN1", "payable_to": "company", "for": ["RQ1"], "amount": {"field": "m"}, "charge": {"choose": [{"when": self.test(), "then": "desk"}, {"otherwise": {"field": "owner"}}]}},
        ]  # fmt: skip
        return made

    def few(self, document: Document) -> Document:
        for section in ("requirements", "penalties"):
            document[section] = self.random.sample(document[section], 1)
        if any("for" in penalty for penalty in document["penalties"]) and document["requirements"][0]["id"] != "RQ1":
            document["penalties"][0]["for"] = ["RQ0"]
        return document

    def condition(self, depth: int) -> Any:
        return self.test()

    def test(self) -> Document:
        name = self.one(*"kxesgyqm")
        of = {"y": ("true", "false"), "q": ({"at_least": "1"}, {"below": "1"})}
        return {name: self.one(*(of[name] if name in of else self.one(*_AXES[name])))}

    def responsibility(self) -> Document:
        axes = self.random.sample(sorted(_AXES), self.one(1, 2, 2, 3))
        parts = [self.one(*_AXES[axis]) for axis in axes]
        rows: list[Document] = []
        for tests in product(*parts):
            if self.chance(0.75):
                left = [place for place in range(len(axes)) if place == 0 or self.chance(0.93)]
                rows.append({"id": f"RS{len(rows)}", "when": {axes[place]: tests[place] for place in left}, "owner": self.one(*_OWNERS)})
        return {"by": axes, "rows": rows or [{"id": "RS0", "when": {axes[0]: parts[0][0]}, "owner": "boss"}], "otherwise": {"owner": self.one(*_OWNERS)}}

    def table(self, rows: int) -> dict[str, list[Any]]:
        live = self.random.sample(sorted(_MATRIX_CELLS), 5)
        return {name: [self.one(*cells) for _ in range(rows)] if name in live else [self.one(*cells[1:3])] * rows for name, cells in _MATRIX_CELLS.items()}
