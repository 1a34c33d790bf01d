"""Portfolio rules: every measure, groups by fields and facts, and expectations that look back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.equality.policies import _Maker

__all__ = ["figure"]


def figure(maker: _Maker, index: int) -> dict[str, Any]:
    """One portfolio rule."""
    measure = _measure(maker)
    if maker.chance(0.15):
        measure = {"periods_rising": measure}
    if maker.chance(0.5):
        measure["among"] = maker.condition(1)
    made: dict[str, Any] = {"id": f"PF-{index}", "measure": measure, "per": maker.one(("week", "month", "quarter", "half_year", "year", "all"))}
    if "periods_rising" in measure and made["per"] == "all":
        made["per"] = "week"
    axes = [n.name for n in maker.of_kind("enum", "boolean", "string", "integer")] + ["severity"] * bool(maker.levels) + ["owner"] * maker.has_owner
    if axes and maker.chance(0.5):
        made["by"] = list(dict.fromkeys(maker.some(axes, 1, 2)))
    if maker.chance(0.7):
        made["expect"] = {maker.one(("at_least", "at_most", "above", "below")): _limit(maker, made["per"])}
    if maker.chance(0.3):
        made["min_count"] = maker.random.randint(1, 5)
    return made


def _measure(maker: _Maker) -> dict[str, Any]:
    kind = maker.one(("share", "share", "count", "sum", "sum", "mean", "mean", "quantile", "largest", "spread", "different", "rate"))
    if kind == "rate":
        return {"rate": "complaints", "exposure": "orders", "per": 1000}
    if kind in ("share", "count"):
        return {kind: maker.condition(1)}
    if kind == "different":
        named = maker.of_kind("enum", "boolean", "string", "integer", "money")
        return {kind: {"field": maker.one(named).name}} if named else {"count": maker.condition(1)}
    measured: dict[str, Any] = {kind: maker.value(maker.one(("money", "number")), 1)}
    if kind == "quantile":
        measured["at"] = maker.one(("50%", "90%", "33.3%", "0.05"))
    return measured


def _limit(maker: _Maker, per: str) -> Any:
    number = maker.one(("50%", 10, 0, "33.3%", 2))
    if per == "all" or maker.chance(0.6):
        return number
    baseline: Any = {"mean_of_same_period" if per != "year" and maker.chance(0.3) else "mean_of_previous": maker.random.randint(1, 3)}
    return maker.one((baseline, {"times": [1.5, baseline]}, {"max_of": [number, baseline]}, {"plus": [1, {"minus": [baseline, number]}]}))
