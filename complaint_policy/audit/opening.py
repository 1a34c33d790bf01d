"""A figure opened to its records: the source is read once more, and each record says where it stands.

Nothing is kept while an audit runs, so that it costs nothing and holds nothing; an opened figure holds its own records alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import polars as pl

from complaint_policy.audit.interfaces import AnyDecision, AnyPolicy
from complaint_policy.audit.portfolio import Portfolio
from complaint_policy.audit.records import Entry
from complaint_policy.errors import ComplaintPolicyError, RecordError, UsageError
from complaint_policy.model import fields_below
from complaint_policy.problems import nearest
from complaint_policy.rules.portfolio.cell import Ends
from complaint_policy.rules.portfolio.measure import Placed
from complaint_policy.rules.portfolio.model import CONDITIONS
from complaint_policy.rules.portfolio.series import PARTS
from complaint_policy.texts import Text

__all__ = ["FOUND_SCHEMA", "figure_records"]

FOUND_SCHEMA: Final[dict[str, Any]] = {
    "period": pl.String, "group": pl.List(pl.String), "part": pl.String, "row": pl.Int64, "id": pl.String, "value": pl.String,
}  # fmt: skip


def figure_records(
    policy: AnyPolicy,
    entries: Iterable[Entry],
    judge: Callable[[Entry], AnyDecision],
    rule: str,
    *,
    parts: Iterable[str] = PARTS,
    where: tuple[str, tuple[str, ...]] | None = None,
) -> pl.DataFrame:
    """The records behind the figures of a rule, one row for each part it belongs to; ``where``: of one period and group only.

    Raises :class:`UsageError` for a rule or part that is not there.
    """
    wanted = frozenset(parts)
    for part in wanted - frozenset(PARTS):
        hint = nearest(part, PARTS)
        known = ", ".join(PARTS)
        text = Text(f"a figure has no part '{part}' (one of {known})", f"没有“{part}”这一部分（可用：{known}）")
        raise UsageError(text if hint is None else text + Text(f"; {hint.en}", f"；{hint.zh}"))
    figures = {r.id: r for v in policy.versions for r in getattr(v.model, "sections", {}).get("portfolio", ())}
    if rule not in figures:
        hint = nearest(rule, figures)
        text = Text(f"the policy has no portfolio rule '{rule}'", f"制度中没有总体指标“{rule}”")
        raise UsageError(text if hint is None else text + Text(f"; {hint.en}", f"；{hint.zh}"))
    measure = figures[rule].measure
    hidden = _is_sensitive(policy, rule)
    portfolio = Portfolio(policy)
    found: list[tuple[Any, ...]] = []
    for entry in entries:
        placed = _placed(portfolio, rule, entry, judge)
        if placed is None or (where is not None and (placed.period, placed.group) != where):
            continue
        for part in _parts(measure, placed):
            if part in wanted:
                found.append((placed.period, list(placed.group), part, entry.position, entry.id, None if hidden else _shown(measure, placed)))
    order = ["period", "group", pl.col("part").cast(pl.Enum(PARTS)), "row"]
    return pl.DataFrame(found, schema=FOUND_SCHEMA, orient="row").sort(order)


def _is_sensitive(policy: AnyPolicy, rule: str) -> bool:
    """Whether a value of the rule is made of fields whose values are not shown."""
    models = [v.model for v in policy.versions]
    measured = [(m, r.of) for m in models for r in m.sections.get("portfolio", ()) if r.id == rule]
    return any(m.fields[name].sensitive for m, of in measured for name in fields_below(of, m))


def _placed(portfolio: Portfolio, rule: str, entry: Entry, judge: Callable[[Entry], AnyDecision]) -> Placed | None:
    if entry.fault is not None:
        return None
    try:
        return portfolio.placed(rule, judge(entry))
    except RecordError:
        return None
    except ComplaintPolicyError:
        raise
    except Exception:  # noqa: BLE001 (the audit has rejected it)
        return None


def _parts(measure: str, placed: Placed) -> Iterator[str]:
    """What a record is to its figure."""
    if placed.member is False:
        yield "excluded"
        return
    if placed.found is None:
        if placed.member is True:
            yield "unstated"
        return
    ends, certain = placed.found
    if placed.member is not True or not certain:
        yield "undecided"
        return
    yield "among"
    if len(ends) == 1 or (len(ends) == 2 and measure != "different" and ends[0] == ends[1] and ends[0] is not None):
        if measure in CONDITIONS:
            yield "numerator" if ends[0] else "rest"
        else:
            yield "numerator"
    else:
        yield "undecided"


def _shown(measure: str, placed: Placed) -> str | None:
    """The record's value, or the values it may have."""
    if placed.found is None:
        return None
    ends: Ends = placed.found[0]
    if measure in CONDITIONS:
        return ("yes" if ends[0] else "no") if ends[0] == ends[1] else None
    if measure == "rate" or None in ends or not ends:
        return None
    return " – ".join(dict.fromkeys(str(end) for end in ends))
