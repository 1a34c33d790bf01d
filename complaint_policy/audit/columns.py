"""The decisions table: its columns, in the order of the policy, and how decisions become their rows.

``row``, ``id``, ``status``, ``severity``, ``owner``; then for each rule that can be kept or broken ``<rule>.outcome``,
for each deadline ``<rule>.due_at``, for one that begins anew also ``<rule>.breaches``, for each penalty ``<rule>.amount``.  Columns that only the summary reads
(``version``, ``unusable``, ``<rule>.over_by``, ``<rule>.state``, …) stand in the same frame until it is handed out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import polars as pl
from attrs import frozen

from complaint_policy.audit.interfaces import AnyDecision
from complaint_policy.errors import UsageError
from complaint_policy.frame import COMPANY
from complaint_policy.instants import highest, lowest
from complaint_policy.outcomes import BREACHED, STATUS_ORDER
from complaint_policy.possible import NOT_YET, DayEnd
from complaint_policy.results import times_of
from complaint_policy.texts import Text
from complaint_policy.zones import zone_named

__all__ = ["ON_REQUEST", "DecisionColumns", "DecisionRows", "RuleColumn"]

ON_REQUEST: Final = ("severity.possible", "missing", "without_waiver")
REJECTED_SCHEMA: Final[dict[str, Any]] = {
    "row": pl.Int64,
    "source_row": pl.Int64,
    "id": pl.String,
    "reason": pl.String,
    "reason_zh": pl.String,
    "field": pl.String,
}
_OUTCOME: Final = pl.Enum(list(STATUS_ORDER))
_NAMES: Final = pl.List(pl.String)
_SPAN: Final = pl.Duration("us")
_NAIVE: Final = pl.Datetime("us")
# Names are gathered joined: Polars makes lists of texts much faster than of Python's lists.
_SEPARATOR: Final = "\x1f"
_NO_DEADLINE: Final = (None, None, False)
_NO_PENALTY: Final = (None, None, None, None)
# No change of a zone's clock is undone within three days.
_SAMPLES: Final = pl.datetime_range(datetime(1970, 1, 1), datetime(2060, 1, 1), "3d", eager=True)


@frozen
class RuleColumn:
    """A rule that has columns.

    ``kind`` is the word for its kind, ``judged`` whether it can be kept or broken, ``duty_of`` whose duty it is.
    """

    id: str
    kind: str
    title: Text
    judged: bool
    duty_of: str = COMPANY
    waivable: bool = False  # in one of the versions
    repeated: bool = False  # a deadline that begins anew, in one of the versions


@frozen
class DecisionColumns:
    """The columns of the decisions of one policy."""

    rules: tuple[RuleColumn, ...]
    zone: str
    minor_digits: int

    def inner_schema(self) -> dict[str, Any]:
        """Every column that is kept, with its type; instants in naive UTC."""
        schema: dict[str, Any] = {
            "row": pl.Int64,
            "id": pl.String,
            "status": _OUTCOME,
            "severity": pl.String,
            "severity.possible": _NAMES,
            "severity.missing": _NAMES,
            "owner": pl.String,
            "owned": pl.Boolean,
            "owner.missing": _NAMES,
            "version": pl.String,
            "unusable": _NAMES,
            "waivers": _NAMES,
        }
        for rule in self.rules:
            if rule.judged:
                schema[f"{rule.id}.outcome"] = _OUTCOME
                schema[f"{rule.id}.missing"] = _NAMES
                if rule.waivable:
                    schema[f"{rule.id}.without_waiver"] = _OUTCOME
            if rule.kind == "deadline":
                schema[f"{rule.id}.due_at"] = _NAIVE
                schema[f"{rule.id}.over_by"] = _SPAN
                schema[f"{rule.id}.open"] = pl.Boolean
            if rule.repeated:
                schema[f"{rule.id}.breaches"] = pl.Int64
            if rule.kind == "penalty":
                for part in ("amount", "min", "max"):
                    schema[f"{rule.id}.{part}"] = pl.Decimal(38, self.minor_digits)
                schema[f"{rule.id}.state"] = pl.String
        return schema

    def public(self, extra: Sequence[str] = ()) -> list[pl.Expr]:
        """The columns of ``Audit.decisions``; ``extra`` asks for more of them (:data:`ON_REQUEST`)."""
        unknown = [name for name in extra if name not in ON_REQUEST]
        if unknown:
            known = ", ".join(ON_REQUEST)
            raise UsageError(
                Text(f"unknown column '{unknown[0]}'; on request: {known}", f"未知列“{unknown[0]}”；可选：{known}")
            )
        chosen = [pl.col(name) for name in ("row", "id", "status", "severity")]
        if "severity.possible" in extra:
            chosen.append(pl.col("severity.possible"))
        chosen.append(pl.col("owner"))
        for rule in self.rules:
            if rule.judged:
                chosen.append(pl.col(f"{rule.id}.outcome"))
                if rule.waivable and "without_waiver" in extra:
                    chosen.append(pl.col(f"{rule.id}.without_waiver"))
            if rule.kind == "deadline":
                due = pl.col(f"{rule.id}.due_at")
                chosen.append(due.dt.replace_time_zone("UTC").dt.convert_time_zone(frame_zone(self.zone)))
            if rule.repeated:
                chosen.append(pl.col(f"{rule.id}.breaches"))
            if rule.kind == "penalty":
                chosen.append(pl.col(f"{rule.id}.amount"))
            if rule.judged and "missing" in extra:
                chosen.append(pl.col(f"{rule.id}.missing"))
        return chosen


@lru_cache(maxsize=64)
def frame_zone(name: str) -> str:
    """The zone that due dates are shown in: the policy's, or UTC where Polars' own table of zones differs from ours.

    The instants are the same either way; only a table that agrees may print local times.
    """
    try:
        shown = _SAMPLES.dt.replace_time_zone("UTC").dt.convert_time_zone(name).dt.replace_time_zone(None)
    except pl.exceptions.PolarsError:
        return "UTC"
    to_wall = zone_named(name).to_wall
    ours = [to_wall(instant).replace(fold=0) for instant in _SAMPLES]
    return name if shown.to_list() == ours else "UTC"


class DecisionRows:
    """Decisions gathered row by row into columns; ``instant`` is the audit's, naive UTC."""

    def __init__(self, columns: DecisionColumns, instant: datetime) -> None:
        self._rules, self._instant = columns.rules, instant
        self._schema = columns.inner_schema()
        self._cells: list[list[Any]] = [[] for _ in self._schema]

    def __len__(self) -> int:
        return len(self._cells[0])

    def add(self, row: int, decision: AnyDecision) -> None:
        """Append one decision, whole: parts of a decision are computed when they are looked at, and may raise."""
        cells = self._head(row, decision)
        results = {result.rule: result for result in decision.judged()}
        penalties = {penalty.rule: penalty for penalty in decision.penalties}
        for rule in self._rules:
            result = results.get(rule.id)
            if rule.judged:
                cells += (None, None) if result is None else (result.outcome, _names(result.missing))
                if rule.waivable:
                    cells.append(getattr(result, "without_waiver", None))
            if rule.kind == "deadline":
                cells += _NO_DEADLINE if result is None else self._of_deadline(result)
                if rule.repeated:
                    cells.append(None if result is None else sum(one.outcome == BREACHED for one in times_of(result)))
            elif rule.kind == "penalty":
                found = penalties.get(rule.id)
                cells += _NO_PENALTY if found is None else (found.amount, found.min, found.max, found.state)
        for column, cell in zip(self._cells, cells, strict=True):
            column.append(cell)

    def _head(self, row: int, decision: AnyDecision) -> list[Any]:
        severity, owned = decision.severity, decision.responsibility
        return [
            row,
            decision.complaint_id,
            decision.status,
            severity.level,
            _names(severity.possible),
            None if severity.level else _names(severity.missing),
            owned.owner,
            bool(owned.owner or owned.candidates),
            None if owned.owner else _names(owned.missing),
            decision.policy_version,
            _names(decision.unusable),
            _names(getattr(decision, "waiver_marks", ())),
        ]

    def _of_deadline(self, deadline: Any) -> tuple[Any, ...]:
        due = lowest(deadline.due)
        # The end of a day is printed as its last second.
        shown = due.replace(microsecond=0) if isinstance(due, DayEnd) else due
        return (shown, *_lateness(deadline, self._instant))

    def frame(self) -> pl.DataFrame:
        """The rows so far as a frame; the gathering starts anew."""
        cells = dict(zip(self._schema, self._cells, strict=True))
        self._cells = [[] for _ in self._schema]
        listed = [name for name, kind in self._schema.items() if kind == _NAMES]
        plain = self._schema | dict.fromkeys(listed, pl.String)
        return pl.DataFrame(cells, schema=plain, strict=True).with_columns(pl.col(listed).str.split(_SEPARATOR))


def _names(names: Iterable[str]) -> str | None:
    return _SEPARATOR.join(names) or None


def _lateness(deadline: Any, instant: datetime) -> tuple[timedelta | None, bool]:
    """By how much a breached deadline is late, and whether it is so still: then by what has gone by."""
    instances = getattr(deadline, "instances", ())
    if instances:  # of one that begins anew the time that is the latest
        late = [_lateness(one, instant) for one in instances if one.outcome == BREACHED]
        return max(late, key=lambda found: found[0] or timedelta(0), default=(None, False))
    if deadline.outcome != BREACHED or deadline.done is not NOT_YET:
        return deadline.over_by, False
    due = highest(deadline.due)
    if due is None:
        return None, True
    return instant - (due.boundary if isinstance(due, DayEnd) else due), True
