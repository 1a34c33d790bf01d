"""Dense policies of values: numbers and texts that may be missing, levels, owners, outcomes and what they cost."""

from __future__ import annotations

from typing import Any, Final

from tests.equality.draw_dense import Document, Draw

__all__ = ["Values"]

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


class Values(Draw):
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
        self.loosen(fields, "mqxesg", 0.2)
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
            return {fact: self.one("true", "false") if fact.startswith("c") else self.one({self.one("at_least", "below"): self.one(*_LITERALS)}, self.random.sample(_LITERALS, 3))}
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
