"""Dense policies of history: every way to count earlier records, over few keys and instants that lie close together."""

from __future__ import annotations

from typing import Any, Final

from tests.equality.draw_dense import Document, Draw

__all__ = ["Past"]

_WINDOWS: Final[dict[str, tuple[str, ...]]] = {
    "5 days": ("first_day", "ends"), "2 days": ("first_day", "ends"), "36 hours": (), "1 months": ("ends",), "1 week": ("ends",), "same day": (),
    "2 working days": ("first_day", "ends", "from_closed_day"), "6 working hours": (), "0 days": (), "90 minutes": (),
}  # fmt: skip
_CONVENTIONS: Final = {"first_day": ("excluded", "included"), "ends": ("end_of_day", "same_time"), "from_closed_day": ("as_is", "next_working_day")}
_CELLS: Final[dict[str, tuple[str | None, ...]]] = {
    "k": (None, "A", "A", "B", " A ", "a"),
    "j": (None, "1", "1", "01", "1.0", "2", "x"),
    "x": (None, "true", "true", "false", "perhaps"),
    "e": ("u", "u", "v", None, "zz"),
}
_TIMES: Final = (
    "2026-03-02T10:00", "2026-03-02T10:00", "2026-03-02", "2026-03-02T09:00", "2026-03-03T10:00", "2026-03-03", "2026-03-04T10:00:00.000001", "2026-03-04T10:00", "2026-03-05",
    "2026-03-05T00:00", "2026-03-07T23:59", "2026-03-08T02:30", "2026-03-08T03:30", "2026-03-10", "2026-03-19T23:00", "2026-03-25", "soon", None,
)  # fmt: skip


class Past(Draw):
    def document(self) -> Document:
        forms = ({"type": "event"}, {"type": "event"}, {"type": "event", "empty": "unknown"}, {"type": "event", "empty": "none"}, {"type": "datetime"})
        fields: dict[str, Document] = {"k": {"type": "string"}, "j": {"type": self.one("integer", "number", "string")}, "x": {"type": "boolean"}, "e": {"type": "enum", "values": ["u", "v"]}}
        fields |= {name: dict(self.one(*forms)) for name in "ab"}
        for name, default in {"k": "A", "j": 1, "x": "false", "e": "v"}.items():
            if self.chance(0.15):
                fields[name]["default"] = default
            elif self.chance(0.15):
                fields[name]["empty"] = "none"
        made = self.head(self.one("Asia/Shanghai", "America/New_York"), fields)
        made["facts"] = {"c": self.condition(0)}
        made["history"] = {f"h{number}": {"count": self.count()} for number in range(3)}
        made["requirements"] = [{"id": "RQ0", "require": {"h0": {"at_least": 1}}}, {"id": "RQ1", "require": {"any": [{"h1": "0"}, {"h2": {"above": 1}}]}}]
        return made

    def count(self) -> Document:
        made: Document = {"same": self.random.sample(("k", "j", "e", "x"), self.one(1, 1, 2))}
        if self.chance(0.2):
            return {**made, "within": self.one(*_WINDOWS), "chained": "true"}
        if self.chance(0.75):
            made["within"] = self.one(*_WINDOWS)
            if self.chance(0.6):
                chosen = {key: self.one(*_CONVENTIONS[key]) for key in _WINDOWS[made["within"]] if self.chance(0.5)}
                made["counting"] = {"calendar": "office", **chosen}
        for key, share in (("from", 0.4), ("before", 0.4)):
            if self.chance(share):
                made[key] = self.one("a", "b", "closed_at")
        if self.chance(0.4):
            made["where"] = self.one({"c": "true"}, self.condition(0))
        return made

    def condition(self, depth: int) -> Document:
        tests: tuple[Document, ...] = ({"x": "true"}, {"e": ["u"]}, {"a": {"by": "b"}}, {"closed_at": "present"}, {"any": [{"x": "true"}, {"a": "present"}]}, {"not": {"j": "1"}})
        return tests[self.random.randrange(len(tests))]

    def receipts(self) -> tuple[Any, ...] | None:
        return _TIMES

    def table(self, rows: int) -> dict[str, list[Any]]:
        made: dict[str, list[Any]] = {name: [self.one(*cells) for _ in range(rows)] for name, cells in _CELLS.items()}
        times = self.random.sample(_TIMES, 9)
        return made | {name: [self.one(*times) for _ in range(rows)] for name in "ab"}
