"""Dense policies of several versions, and overlays over bases: what judges a complaint that was received about the day of a change."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Final

from tests.equality.draw_dense import Around, Document, Draw, Instants, Lengths
from tests.equality.draw_dense_rules import Duties, Matrix
from tests.equality.draw_dense_values import Values

__all__ = ["Overlays", "Versions"]

_CHANGES: Final = ("2026-03-03", "2026-03-05", "2026-03-08", "2026-03-20")
_RECEIVED: Final = (datetime(2026, 3, 2, 23, 59, 59), datetime(2026, 3, 3), datetime(2026, 3, 4, 10), datetime(2026, 3, 5), datetime(2026, 3, 7, 18, 30), datetime(2026, 3, 8, 3),
                    datetime(2026, 3, 19, 23), datetime(2026, 3, 20), None)  # fmt: skip
_RECEIVED_AS_TEXT: Final = ("2026-03-02T23:59", "2026-03-03", "2026-03-04", "2026-03-05", "2026-03-08T02:30", "2026-03-08", "2026-03-20", "2026-03-07T23:30+01:00", "2019-12-31T23:59",
                            "2020-01-01", "", "soon")  # fmt: skip
_HEAD: Final = ("format", "policy", "timezone", "currency")
_RULES: Final = ("admission", "deadlines", "requirements", "retention", "penalties")


class Versions(Around):
    """Two or three versions of rules of one kind that share the names of fields, often little more; complaints that move from one to another."""

    kinds: ClassVar[tuple[type[Draw], ...]] = (Duties, Values, Matrix, Instants, Lengths)
    received: ClassVar[tuple[tuple[Any, ...], ...]] = (_RECEIVED, _RECEIVED_AS_TEXT)

    def again(self) -> Draw:
        """What draws more rules over the same fields."""
        return type(self.inner)(self.random)

    def files(self) -> dict[str, Document]:
        first = self.few(self.document())
        files = {"v/2020-01-01.yaml": first}
        for day in sorted(self.random.sample(_CHANGES, self.one(1, 1, 2))):
            later = self.changed(first)
            later["effective"] = {"from": day}
            if self.chance(0.7):
                later["transition"] = [self.transition() for _ in range(self.one(1, 1, 2))]
            files[f"v/{day}.yaml"] = later
        return files

    def changed(self, first: Document) -> Document:
        """Other rules, or the same ones over fields that are read in another way."""
        draw = self.again()
        made = draw.few(draw.document())
        if self.chance(0.4):
            made = {**made, **{section: first[section] for section in (*_RULES, "facts", "severity", "responsibility", "scope") if section in first}}
        made |= {key: first[key] for key in _HEAD}
        fields = made["record"]["fields"]
        if "e" in fields and self.chance(0.3):
            fields["e"] = {**fields["e"], "values": ["w", "v", "u", "zz"]}
        return made

    def transition(self) -> Document:
        recent = {"received_at": {"after": {"from": "as_of", "ahead": "2 days"}}}
        when = self.one({"closed_at": "missing"}, recent, {"not": {"closed_at": {"by": "as_of"}}}, self.again().condition(0))
        return {"when": when, "use": self.one("this", "this", "previous"), "reason": {"en": "x", "zh": "x"}}


class Overlays(Versions):
    """An overlay that replaces rules of its base and adds some; either may have two versions."""

    def files(self) -> dict[str, Document]:
        first = self.few(self.document())
        base = {**first, "policy": "test/base"}
        days = ["2020-01-01", *self.random.sample(_CHANGES, self.one(0, 1, 1))]
        files = {f"v/{day}.yaml": {**self.overlay(first), "effective": {"from": day}} for day in days}
        files["base/2020-01-01.yaml"] = base
        if self.chance(0.5):
            day = self.one(*_CHANGES)
            later = {**self.changed(first), "policy": "test/base", "effective": {"from": day}, "record": first["record"]}
            # What the overlay replaces stands in every version of the base, and nothing else that it has a rule of.
            for section in _RULES:
                held = {rule["id"] for rule in first.get(section, ())}
                kept = [rule for rule in later.pop(section, ()) if rule["id"] in held]
                missing = held - {rule["id"] for rule in kept}
                if held:
                    later[section] = kept + [rule for rule in first[section] if rule["id"] in missing]
            files[f"base/{day}.yaml"] = later
        return files

    def overlay(self, base: Document) -> Document:
        draw = self.again()
        drawn = draw.few(draw.document())
        made = {**{key: base[key] for key in _HEAD}, "extends": ["../base"], "counting": drawn["counting"]}
        if self.chance(0.5):
            made["calendars"] = {"own": {"weekdays": "mon-sat", "hours": {"mon-sat": ["08:00-20:00"]}}}
            made["counting"] = {**drawn["counting"], "calendar": "own"}
        for section in _RULES:
            held = {rule["id"] for rule in base.get(section, ())}
            rules = [{**rule, "replaces": True} if rule["id"] in held else rule for rule in drawn.get(section, ())]
            if rules and self.chance(0.8):
                made[section] = rules
        if "severity" in base and "severity" in drawn and self.chance(0.6):
            rules = [{**rule, "id": f"OV-{rule['id']}"} for rule in drawn["severity"]["rules"]]
            made["severity"] = {"rules": rules, "otherwise": drawn["severity"]["otherwise"]}
        if self.chance(0.2):
            made["scope"] = {"when": self.transition()["when"]}
        return made
