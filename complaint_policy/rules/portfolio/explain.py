"""A portfolio rule in words: labels and what stands behind them, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from complaint_policy.exactness import exactly
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.describe import Describer
from complaint_policy.rules.portfolio.model import PortfolioRule
from complaint_policy.texts import Text, joined

__all__ = ["LIMIT_TEXTS", "described"]

LIMIT_TEXTS: Final = {
    "at_least": Text("at least {n}", "不少于{n}"),
    "at_most": Text("at most {n}", "不超过{n}"),
    "above": Text("above {n}", "大于{n}"),
    "below": Text("below {n}", "小于{n}"),
}
_PERIODS: Final = {
    "week": Text("week", "周"),
    "month": Text("month", "月"),
    "quarter": Text("quarter", "季度"),
    "half_year": Text("half-year", "半年"),
    "year": Text("year", "年"),
    "all": Text("all records together", "全部记录"),
}
_EVERY: Final = Text("how many complaints there are", "投诉数")
_MEASURES: Final = {
    "share": Text("the share for which {v}", "“{v}”的占比"),
    "count": Text("how many there are for which {v}", "“{v}”的数量"),
    "sum": Text("the sum of {v}", "{v}的合计"),
    "mean": Text("the mean of {v}", "{v}的平均值"),
    "quantile": Text("the {at} quantile of {v}", "{v}的{at}分位数"),
    "largest": Text("the largest {v}", "{v}的最大值"),
    "spread": Text("the largest {v} less the smallest", "{v}的最大值与最小值之差"),
    "different": Text("how many different values of {v}", "{v}的不同取值数"),
    "rate": Text("complaints per {each}{exposure}", "每{each}{exposure}的投诉数"),
}


def described(rule: PortfolioRule, words: Describer) -> Iterator[tuple[Text, Text]]:
    """Labels and words: what is measured, of which records, by what, and what is expected."""
    value = words.condition(rule.of) if isinstance(rule.of, n.Condition) else words.value(rule.of) if isinstance(rule.of, n.Value) else None
    each = f"{rule.each:,} " if rule.each > 1 else ""
    at = _percent(rule.at) if rule.at is not None else ""
    every = rule.measure == "count" and rule.of == n.Present("received_at")  # every record has been received
    measure = _EVERY if every else _MEASURES[rule.measure].filled(v=value or "", at=at, exposure=rule.exposure or "", each=each)
    if rule.rising:
        measure = Text("for how many periods it has been rising: {m}", "连续上升的期数：{m}").filled(m=measure)
    yield Text("measures", "指标"), measure
    if rule.among is not None:
        yield Text("among", "统计范围"), words.condition(rule.among)
    yield Text("per", "期间"), _PERIODS[rule.per]
    if rule.by:
        yield Text("by", "分组"), joined([_axis(axis, words) for axis in rule.by], ", ", "、")
    if rule.expect:
        limits = [LIMIT_TEXTS[operation].filled(n=_limit(limit, rule, words)) for operation, limit in rule.expect]
        yield Text("expected", "目标"), joined(limits, ", ", "，")
    if rule.min_count:
        yield Text("judged from", "判定所需"), Text(f"{rule.min_count} records on", f"至少{rule.min_count}条记录")


def _axis(axis: str, words: Describer) -> Text:
    if axis in ("severity", "owner"):
        return words.value(n.NamedValue(axis, "string", axis))
    return words.name(axis)


def _limit(limit: n.Value, rule: PortfolioRule, words: Describer) -> Any:
    if isinstance(limit, n.Literal) and rule.in_percent:
        return _percent(Decimal(limit.value))
    return words.value(limit)


@exactly
def _percent(share: Decimal) -> str:
    return f"{n.shown_number(share * 100)}%"
