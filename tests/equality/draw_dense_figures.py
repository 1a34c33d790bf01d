"""Dense policies of portfolio figures: every measure over values that may be missing, groups that are not known, receipts of many periods."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Final

from tests.equality.draw_dense import Around, Document, Draw, Lengths
from tests.equality.draw_dense_rules import Duties
from tests.equality.draw_dense_values import Values

__all__ = ["Figures"]

_RECEIVED: Final = (datetime(2025, 12, 29), datetime(2025, 12, 31, 23, 59, 59), datetime(2026, 1, 1), datetime(2026, 2, 28), datetime(2026, 3, 2, 10), datetime(2026, 3, 8, 3),
                    datetime(2026, 3, 19, 23), datetime(2026, 3, 25), None)  # fmt: skip
_RECEIVED_AS_TEXT: Final = ("2025-03-02", "2025-12-31T23:30", "2025-12-31T23:30+01:00", "2026-01-01", "2026-01-05", "2026-03-01T17:00Z", "2026-03-02", "2026-03-20", "2026-04-01", "soon")
_PERIODS: Final = ("week", "month", "quarter", "half_year", "year", "all")


class Figures(Around):
    kinds: ClassVar[tuple[type[Draw], ...]] = (Values, Values, Lengths, Duties)
    received: ClassVar[tuple[tuple[Any, ...], ...]] = (_RECEIVED, _RECEIVED_AS_TEXT)

    def document(self) -> Document:
        made = super().document()
        axes = [name for name, field in made["record"]["fields"].items() if field["type"] in ("enum", "boolean", "string", "integer")]
        axes += [name for name in made.get("facts", ()) if name.startswith("c")] + ["severity"] * ("severity" in made) + ["owner"] * ("responsibility" in made)
        made["portfolio"] = [self.figure(number, axes) for number in range(3)]
        return made

    def few(self, document: Document) -> Document:
        figures = self.random.sample(document.pop("portfolio"), self.one(1, 2, 2, 3))
        return {**super().few(document), "portfolio": figures}

    def holds(self) -> Any:
        if isinstance(self.inner, Lengths) and self.chance(0.4):
            return {self.one("l0", "l1"): {self.one("at_least", "above", "below"): self.one("0", "1", "48")}}
        return self.inner.condition(self.one(0, 1, 2))

    def value(self) -> Any:
        if isinstance(self.inner, Values):
            value = self.inner.number(self.one(0, 1, 2), self.one("money", "plain"))
            return {"field": self.one("m", "k", "q")} if isinstance(value, str) else value
        return {"field": self.one("l0", "l1") if isinstance(self.inner, Lengths) else "n"}

    def measure(self, axes: list[str]) -> Document:
        kind = self.one("share", "count", "sum", "sum", "mean", "largest", "quantile", "spread", "different", "rate")
        match kind:
            case "rate":
                return {"rate": "complaints", "exposure": "orders", "per": 1000}
            case "share" | "count":
                return {kind: self.holds()}
            case "different" if axes:
                return {kind: {"field": self.one(*[axis for axis in axes if axis not in ("severity", "owner")])}}
            case "quantile":
                return {kind: self.value(), "at": self.one("50%", "90%", "33.3%", "0.05", "99.9%")}
            case "sum" | "mean" | "largest" | "spread":
                return {kind: self.value()}
        return {"count": self.holds()}

    def figure(self, number: int, axes: list[str]) -> Document:
        measure, per = self.measure(axes), self.one(*_PERIODS)
        if per != "all" and self.chance(0.15):
            measure = {"periods_rising": measure}
        if self.chance(0.5):
            measure["among"] = self.holds()
        made: Document = {"id": f"PF{number}", "measure": measure, "per": per}
        if axes and self.chance(0.6):
            made["by"] = self.random.sample(axes, min(len(axes), self.one(1, 1, 2)))
        if self.chance(0.7):
            made["expect"] = {self.one("at_least", "at_most", "above", "below"): self.limit(per)}
        if self.chance(0.3):
            made["min_count"] = self.one(1, 2, 3, 8)
        return made

    def limit(self, per: str) -> Any:
        number = self.one("50%", 10, 0, "33.3%", 2, 100)
        if per == "all" or self.chance(0.5):
            return number
        back = {"mean_of_same_period" if per != "year" and self.chance(0.3) else "mean_of_previous": self.one(1, 2, 3)}
        return self.one(back, {"times": [1.5, back]}, {"max_of": [number, back]}, {"plus": [1, {"minus": [back, number]}]})
