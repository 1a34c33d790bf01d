"""What the straight line gives for an ordinary deadline on an ordinary record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from complaint_policy.frame import Rule
from complaint_policy.ordinary import first_of
from complaint_policy.outcomes import AT_RISK, EXEMPT, PENDING
from complaint_policy.possible import NOT_YET, day_end
from complaint_policy.results import DeadlineResult, Details
from complaint_policy.texts import Text
from complaint_policy.zones import Zone


class Ordinary:
    """What an ordinary deadline's results have in common: its rule, and where its start and act stand among a record's values."""

    __slots__ = ("acts", "model", "start", "whole_days", "zone")

    def __init__(self, model: Rule, zone: Zone, start: str, acts: tuple[str, ...], whole_days: bool) -> None:
        self.model = model
        self.zone = zone
        self.start = start
        self.acts = acts  # the first of them counts
        self.whole_days = whole_days  # due at the end of a day


class OrdinaryDeadline(DeadlineResult):
    """An ordinary deadline on an ordinary record; made and filled by the straight line."""

    __slots__ = ("_of", "_values", "due_at", "outcome")

    if TYPE_CHECKING:
        outcome: str
        due_at: datetime | None  # filled beforehand here
        _of: Ordinary
        _values: dict[str, Any]  # the record's, wall times; None for what has not happened

    _more: Details | None = None

    @property
    def model(self) -> Rule:  # type: ignore[override]  # read only
        return self._of.model

    @property
    def _zone(self) -> Zone:  # type: ignore[override]
        return self._of.zone

    @property
    def begun(self) -> Any:
        return self._instant(self._values[self._of.start])

    @property
    def due(self) -> Any:
        due, zone = self.due_at, self._of.zone
        if due is not None and self._of.whole_days:
            return day_end(zone.day_start(due.toordinal() + 1))
        return self._instant(due)

    @property
    def done(self) -> Any:
        return self._instant(first_of(*[self._values[act] for act in self._of.acts]))

    def _instant(self, wall: datetime | None) -> Any:
        return NOT_YET if wall is None else self._of.zone.to_utc(wall.replace(tzinfo=None))


class DetailedDeadline(OrdinaryDeadline):
    """The few of them that have details: open with a warning, or exempt."""

    __slots__ = ("_more",)

    def __init__(self, line: OrdinaryDeadline, outcome: str) -> None:
        self._of, self._values, self.due_at, self.outcome = line._of, line._values, line.due_at, outcome
        self._more = more = Details()
        more.at_risk_at, more.step = line.details.at_risk_at, line.details.step


def extended(line: OrdinaryDeadline, step: str) -> OrdinaryDeadline:
    """A deadline whose limit is that of an extension."""
    made = DetailedDeadline(line, line.outcome)
    made.details.step = step
    return made


class Warner:
    """Sets the warning of an open deadline, which is at risk when it has passed."""

    def __init__(self, warning: Callable[[datetime, datetime], datetime | None]) -> None:
        self._warning = warning

    def __call__(self, line: OrdinaryDeadline, as_of: datetime) -> OrdinaryDeadline:
        """``as_of`` is in wall time."""
        at = self._warning(line.begun, line.due) if line.due_at is not None else None
        if at is None:
            return line
        made = DetailedDeadline(line, AT_RISK if line._zone.to_utc(as_of) > at else PENDING)
        made.details.at_risk_at = at
        return made


class Exempting:
    """Makes a deadline exempt."""

    def __init__(self, reason: Text) -> None:
        self._reason = reason

    def __call__(self, line: OrdinaryDeadline) -> OrdinaryDeadline:
        made = DetailedDeadline(line, EXEMPT)
        made.details.reason = self._reason
        return made
