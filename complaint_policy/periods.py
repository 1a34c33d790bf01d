"""Periods of the calendar by their names: ``2026-W10``, ``2026-03``, ``2026-Q1``, ``2026-H1``, ``2026``, ``all``."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

__all__ = ["PERIODS", "earlier", "first_day", "kind_of", "next_start", "period_of", "within"]

PERIODS: Final = ("week", "month", "quarter", "half_year", "year", "all")
_FORM: Final = re.compile(r"(?!0000)([0-9]{4})(?:-(?:W([0-9]{2})|Q([1-4])|H([12])|([0-9]{2})))?")
_LAST_WEEK: Final = date.max - timedelta(days=7)
# How many months a period has.
_MONTHS: Final = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}


def period_of(day: date, per: str) -> str:
    """The name of the period a day lies in; weeks are those of ISO 8601."""
    if per == "week":
        year, week, _ = day.isocalendar()
        return f"{year:04}-W{week:02}"
    if per == "month":
        return f"{day.year:04}-{day.month:02}"
    if per == "quarter":
        return f"{day.year:04}-Q{(day.month + 2) // 3}"
    if per == "half_year":
        return f"{day.year:04}-H{1 if day.month <= 6 else 2}"
    return f"{day.year:04}" if per == "year" else "all"


def kind_of(name: str) -> str | None:
    """``week``, ``month``, … of a period's name; ``None`` where it is the name of none."""
    if name == "all":
        return "all"
    found = _FORM.fullmatch(name)
    if found is None:
        return None
    _, week, quarter, half, month = found.groups()
    if week is not None:
        return "week" if _week_start(name) is not None else None
    if month is not None:
        return "month" if 1 <= int(month) <= 12 else None
    return "quarter" if quarter is not None else "half_year" if half is not None else "year"


def first_day(name: str) -> date:
    """The first day of a period other than ``all``."""
    found = _FORM.fullmatch(name)
    if found is None:
        raise ValueError(name)
    year, week, quarter, half, month = found.groups()
    if week is not None:
        start = _week_start(name)
        if start is None:
            raise ValueError(name)
        return start
    number = int(month) if month is not None else 3 * int(quarter) - 2 if quarter is not None else 6 * int(half) - 5 if half is not None else 1
    return date(int(year), number, 1)


def next_start(name: str) -> date:
    """The first day after a period other than ``all``."""
    start = first_day(name)
    kind = kind_of(name)
    if kind == "week":
        return start + timedelta(days=7) if start < _LAST_WEEK else date.max
    months = start.year * 12 + start.month - 1 + _MONTHS[str(kind)]
    return date(months // 12, months % 12 + 1, 1) if months < 120_000 else date.max


def earlier(name: str, times: int, *, years: bool = False) -> str | None:
    """The period so many periods before; with ``years`` the one of the same name so many years before, where there is one."""
    if years:
        moved = f"{int(name[:4]) - times:04}{name[4:]}"
        return moved if kind_of(moved) is not None else None
    start, kind = first_day(name), str(kind_of(name))
    if kind == "week":
        return period_of(start - timedelta(days=7 * times), kind) if 7 * times < start.toordinal() else None
    months = start.year * 12 + start.month - 1 - _MONTHS[kind] * times
    return period_of(date(months // 12, months % 12 + 1, 1), kind) if months >= 12 else None


def within(per: str, wanted: str) -> bool:
    """Whether periods of one kind fill those of another without a rest."""
    return per == wanted or wanted == "all" or (per in _MONTHS and wanted in _MONTHS and _MONTHS[wanted] % _MONTHS[per] == 0)


def _week_start(name: str) -> date | None:
    try:
        return date.fromisocalendar(int(name[:4]), int(name[6:8]), 1)
    except ValueError:
        return None
