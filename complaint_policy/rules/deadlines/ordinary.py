"""What the straight line gives for an ordinary deadline on an ordinary record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attrs import frozen

from complaint_policy.frame import Rule
from complaint_policy.ordinary import first_of
from complaint_policy.outcomes import AT_RISK, PENDING
from complaint_policy.possible import NOT_YET, day_end
from complaint_policy.results import DeadlineResult, Details
from complaint_policy.texts import Text
from complaint_policy.zones import Zone


@frozen(eq=False)
class Ordinary:
    """What results of an ordinary deadline have in common: its rule, and where its start and act stand among a record's values.

    Results that have something to tell beside that have one of their own.
    """

    model: Rule
    zone: Zone
    start: str
    acts: tuple[str, ...]  # the first of them counts
    whole_days: bool  # due at the end of a day
    more: Details | None = None

    def but(self, *, reason: Text | None = None, at_risk_at: datetime | None = None, step: str | None = None) -> Ordinary:
        """The same with these details, and those of them that it has."""
        more, had = Details(), self.more
        if had is not None:
            reason, at_risk_at, step = reason or had.reason, at_risk_at or had.at_risk_at, step or had.step
        more.reason, more.at_risk_at, more.step = reason, at_risk_at, step
        return Ordinary(self.model, self.zone, self.start, self.acts, self.whole_days, more)


class OrdinaryDeadline(DeadlineResult):
    """An ordinary deadline on an ordinary record; made and filled by the straight line."""

    __slots__ = ("_of", "_values", "due_at", "outcome")

    if TYPE_CHECKING:
        outcome: str
        due_at: datetime | None  # filled beforehand here
        _of: Ordinary
        _values: dict[str, Any]  # the record's, wall times; None for what has not happened

    @property
    def _more(self) -> Details | None:  # type: ignore[override]  # read only
        return self._of.more

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
        if wall is None:
            return NOT_YET
        return self._of.zone.to_utc(wall if wall.tzinfo is None else wall.replace(tzinfo=None))  # Python takes a microsecond to replace


def line_of(of: Ordinary | DeadlineResult, values: dict[str, Any], outcome: str, due_at: datetime | None) -> DeadlineResult:
    """The result of one deadline; one that does not apply is there already."""
    if not isinstance(of, Ordinary):
        return of
    line = OrdinaryDeadline()
    line._of, line._values, line.outcome, line.due_at = of, values, outcome, due_at
    return line


class Warner:
    """The warning of an open deadline that has begun, which is at risk when it has passed."""

    def __init__(self, warning: Callable[[datetime, datetime], datetime | None]) -> None:
        self._warning = warning

    def __call__(self, of: Ordinary, values: dict[str, Any], due_at: datetime, as_of: datetime) -> tuple[Ordinary, str]:
        """What its result has in common with others or to itself, and its outcome; ``as_of`` is in wall time."""
        line = line_of(of, values, PENDING, due_at)
        at = self._warning(line.begun, line.due)
        if at is None:
            return of, PENDING
        return of.but(at_risk_at=at), AT_RISK if of.zone.to_utc(as_of) > at else PENDING
