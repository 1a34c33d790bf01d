"""A digest over what a policy means: its resolved model, its calendars' days, its time-zone table.

Layout, comments, the order of keys, file names and tests do not enter it.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from decimal import Decimal
from typing import Any

import attrs

from complaint_policy.counting import CalendarSpec, calendar_of
from complaint_policy.expressions.nodes import shown_number
from complaint_policy.model import PolicyModel
from complaint_policy.zones import zone_data_version

__all__ = ["canonical", "digest_of"]


def digest_of(model: PolicyModel) -> str:
    """``sha256:…`` of the model's meaning."""
    meaning = {"format": 1, "model": canonical(model), "calendars": _days(model), "tzdata": zone_data_version()}
    text = json.dumps(meaning, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode("utf-8")).hexdigest()


def canonical(value: Any) -> Any:
    """Model objects as plain data: every attribute that is part of their equality."""
    if attrs.has(type(value)):
        body = {a.name: canonical(getattr(value, a.name)) for a in attrs.fields(type(value)) if a.eq is not False}
        return {"": type(value).__name__, **body}
    if isinstance(value, dict):
        return {str(k): canonical(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [canonical(v) for v in value]
    if isinstance(value, (set, frozenset)):
        return sorted(canonical(v) for v in value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (Decimal, int)) and not isinstance(value, bool):
        return shown_number(value)
    return value


def _days(model: PolicyModel) -> dict[str, list[list[str]]]:
    """The exceptional days of each calendar over the years it is announced for."""
    return {name: _exceptions(spec, model.effective.year) for name, spec in model.calendars.items() if spec.country is not None}


def _exceptions(spec: CalendarSpec, first: int) -> list[list[str]]:
    last = spec.announced_until.year if spec.announced_until is not None else first
    return [[str(day), kind] for day, kind in calendar_of(spec).cover(first, max(first, last))]
