"""The figures of portfolio rules as a manager reads them, and as plain data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from complaint_policy.outcomes import BREACHED, INDETERMINATE, OUTCOME_TEXTS
from complaint_policy.rules.portfolio.explain import LIMIT_TEXTS
from complaint_policy.rules.portfolio.series import PortfolioResult
from complaint_policy.texts import Text, joined

if TYPE_CHECKING:
    from complaint_policy.audit.portfolio import LeftOut

__all__ = ["figure_dict", "figure_tables", "figures_note", "shown_figure"]

# Of a rule with more figures than this a summary shows those that need a look, and says how many there are.
_MOST_SHOWN: Final = 60
_PLACES: Final = 10_000
_PRESSING: Final = {BREACHED: 0, INDETERMINATE: 1}
_COLUMNS: Final = (
    Text("period", "期间"),
    Text("group", "分组"),
    Text("figure", "数值"),
    Text("expected", "目标"),
    Text("records", "记录数"),
    Text("undecided", "未定"),
    Text("excluded", "除外"),
    Text("outcome", "结果"),
    Text("why", "原因"),
)
_RULE: Final = Text("rule", "规则")
_ALWAYS_SHOWN: Final = ("figure", "records")
_ALL: Final = Text("Over all records", "总体指标")
Head = tuple[Text, ...]
Rows = tuple[tuple[Any, ...], ...]


def figure_tables(portfolio: Mapping[str, tuple[PortfolioResult, ...]]) -> Iterator[tuple[Text, Head, Rows]]:
    """Title, columns and rows: one table of the rules with one figure, and one for each rule with several."""
    single = [results[0] for results in portfolio.values() if len(results) == 1]
    if single:
        yield _ALL, *_narrowed((_RULE, *_COLUMNS), [(r.rule.name, *_row(r)) for r in single])
    for rule, results in portfolio.items():
        if len(results) > 1:
            name = results[0].rule.name
            title = name if name.en == rule else name + Text(f" ({rule})", f"（{rule}）")
            yield _ALL + Text(": ", "：") + title, *_narrowed(_COLUMNS, [_row(r) for r in _chosen(results)])


def _row(result: PortfolioResult) -> tuple[Any, ...]:
    outcome = OUTCOME_TEXTS[result.outcome] if result.outcome is not None else None
    period = None if result.period == "all" else Text(result.period, result.period)
    counts = result.members, result.undecided, result.excluded
    return period, " / ".join(result.group), shown_figure(result), _expected(result), *counts, outcome, result.reason


def _narrowed(columns: Head, rows: list[tuple[Any, ...]]) -> tuple[Head, Rows]:
    """Without the columns that say nothing of any figure."""
    kept = [i for i, column in enumerate(columns) if column.en in _ALWAYS_SHOWN or any(row[i] for row in rows)]
    return tuple(columns[i] for i in kept), tuple(tuple(row[i] for i in kept) for row in rows)


def _chosen(results: tuple[PortfolioResult, ...]) -> list[PortfolioResult]:
    if len(results) <= _MOST_SHOWN:
        return list(results)
    pressing = sorted(range(len(results)), key=lambda i: (_PRESSING.get(str(results[i].outcome), 2), -i))
    return [results[i] for i in sorted(pressing[:_MOST_SHOWN])]


def figures_note(portfolio: Mapping[str, tuple[PortfolioResult, ...]], left_out: Mapping[str, LeftOut], rejected: int) -> Text:
    """What is in no figure, and which figures are not shown."""
    outside = max((out for out, _ in left_out.values()), default=0)
    later = max((after for _, after in left_out.values()), default=0)
    parts = [Text(f"in no figure: {outside:,} out of scope, {rejected:,} rejected", f"未计入指标：不适用{outside:,}条，未采用{rejected:,}条")]
    if later:
        parts.append(Text(f"{later:,} not received yet", f"尚未受理{later:,}条"))
    for results in portfolio.values():
        if len(results) > _MOST_SHOWN:
            name, hidden = results[0].rule.name, len(results) - _MOST_SHOWN
            parts.append(Text("{r}: and {n} more figures", "{r}：另有{n}个数值").filled(r=name, n=hidden))
    return joined(parts)


def shown_figure(result: PortfolioResult) -> str | None:
    """The figure, rounded for the eye: one number, or the two ends it lies between."""
    return _interval(result.low, result.high, _percent if result.rule.in_percent else _rounded)


def _expected(result: PortfolioResult) -> Text | None:
    show = _exact_percent if result.rule.in_percent else _exact
    shown = [LIMIT_TEXTS[limit.operation].filled(n=_interval(limit.low, limit.high, show) or "?") for limit in result.limits]
    return joined(shown, ", ", "，") if shown else None


def _interval(low: Fraction | None, high: Fraction | None, show: Callable[[Fraction], str]) -> str | None:
    if low is None and high is None:
        return None
    ends = ["?" if end is None else show(end) for end in (low, high)]
    return ends[0] if low == high else f"{ends[0]} – {ends[1]}"


def _percent(share: Fraction) -> str:
    """A share that is not all or none is never shown as one."""
    text = f"{float(share):.1%}"
    if text == "100.0%" and share < 1:
        return "< 100%"
    return "> 0%" if text == "0.0%" and share > 0 else text


def _exact_percent(share: Fraction) -> str:
    return f"{_exact(share * 100)}%"


def _exact(number: Fraction) -> str:
    """As it was written, where it was."""
    scaled = number * _PLACES
    if scaled.denominator > 1:
        return _rounded(number)
    return f"{number.numerator:,}" if number.denominator == 1 else f"{float(number):.4f}".rstrip("0")


def _rounded(number: Fraction) -> str:
    """Four significant digits of a small number, two places of a large one."""
    if number.denominator == 1:
        return f"{number.numerator:,}"
    return f"{float(number):,.2f}" if abs(number) >= 1 else f"{float(number):.4g}"


def figure_dict(rule: str, result: PortfolioResult) -> dict[str, Any]:
    """A figure as plain data: exact fractions as texts, such as ``3/4``."""
    return {
        "rule": rule,
        "period": result.period,
        "group": list(result.group),
        "outcome": result.outcome,
        "low": _text(result.low),
        "high": _text(result.high),
        "expected": [{"is": limit.operation, "low": _text(limit.low), "high": _text(limit.high)} for limit in result.limits],
        "members": result.members,
        "undecided": result.undecided,
        "excluded": result.excluded,
        "unstated": result.unstated,
        "reason": result.reason.to_dict() if result.reason is not None else None,
    }


def _text(number: Fraction | None) -> str | None:
    return None if number is None else str(number)
