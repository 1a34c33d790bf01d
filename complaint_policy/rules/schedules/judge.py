"""The outcome of a schedule for one period: where its due dates are computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from itertools import product
from typing import Any, Final

from complaint_policy.expressions.compile import Compiler
from complaint_policy.expressions.moments import AS_OF, FIRST_FREE, PAUSES, PREVIOUS, START, TRACE
from complaint_policy.frame import Waived, settler
from complaint_policy.instants import missing_of
from complaint_policy.lengths import MonthDays
from complaint_policy.outcomes import BREACHED, INDETERMINATE, MET, NOT_APPLICABLE, PENDING
from complaint_policy.periods import first_day, next_start
from complaint_policy.possible import NONE, NOT_YET, Interval, Maybe, day_end
from complaint_policy.results import Settled
from complaint_policy.rules.schedules.model import Schedule
from complaint_policy.rules.schedules.result import ScheduleResult
from complaint_policy.texts import Text
from complaint_policy.zones import Zone

__all__ = ["Judge", "begins"]

State = list[Any]
_NAMES: Final = ("period:period_start", "period:period_end", "period:from", "waivers", "done", "period")


def begins(rule: Schedule, period: str, zone: Zone) -> datetime:
    """The instant a period's time begins to run at: what is done before it, or at the very end of a day it is, does not count."""
    first, after = first_day(period), next_start(period)
    if isinstance(rule.start, MonthDays):
        days = (day for year in range(first.year, after.year + 1) for day in rule.start.in_year(year))
        return _start_of(next(day for day in days if first <= day < after), zone)
    return _end_before(after, zone) if rule.start.name == "period_end" else _start_of(first, zone)


def _start_of(day: date, zone: Zone) -> datetime:
    return zone.day_start(day.toordinal())


def _end_before(day: date, zone: Zone) -> datetime:
    return day_end(zone.day_start(day.toordinal()))


class Judge:
    """One schedule of one version."""

    def __init__(self, rule: Schedule, zone: Zone, titles: Mapping[str, Text]) -> None:
        names = (*_NAMES, *(f"figure:{name}" for name in rule.figures()))
        slots = {"as_of": AS_OF, "start": START, "previous": PREVIOUS, "trace": TRACE, "pauses": PAUSES}
        slots |= {name: place for place, name in enumerate(names, FIRST_FREE)}
        self.rule, self.zone, self._slots, self._titles = rule, zone, slots, titles
        compiler = Compiler(slots, zone)
        self._within = compiler.instant(rule.within)
        # What does not apply is told apart by its identity: each period gets a result of its own.
        self._apart = Settled(rule, NOT_APPLICABLE)
        self._settle: Callable[[State], Any] = settler(rule, compiler, None, self._judge, slots["waivers"], self._apart)

    def result(self, period: str, done: Any, figures: Mapping[str, Any], as_of: datetime, waivers: dict[str, Waived]) -> ScheduleResult:
        """What was done: an instant, the interval of a day, NOT_YET, or all it may be."""
        slots, zone = self._slots, self.zone
        state: State = [None] * (FIRST_FREE + len(slots))
        state[AS_OF], state[PAUSES] = as_of, ()
        state[slots["period:period_start"]] = _start_of(first_day(period), zone)
        state[slots["period:period_end"]] = _end_before(next_start(period), zone)
        state[slots["period:from"]] = begins(self.rule, period, zone)
        state[slots["waivers"]], state[slots["done"]], state[slots["period"]] = waivers, done, period
        for name, value in figures.items():
            state[slots[f"figure:{name}"]] = value
        settled = self._settle(state)
        if settled is not self._apart:
            found: ScheduleResult = settled
            return found
        return self._made(state, NOT_APPLICABLE, NONE)

    def _made(self, state: State, outcome: str, due: Any) -> ScheduleResult:
        slots = self._slots
        begun, done, period = state[slots["period:from"]], state[slots["done"]], state[slots["period"]]
        return ScheduleResult(self.rule, period, outcome, begun, due, done, self.zone, state[AS_OF], self._titles)

    def _judge(self, state: State) -> ScheduleResult:
        due, done = self._within(state), state[self._slots["done"]]
        result = self._made(state, PENDING, due)
        possible: set[str] = set()
        for a, b in product(_options(due), _options(done)):
            possible |= _outcomes(state[AS_OF], a, b)
        missing = missing_of(due) | missing_of(done)
        if due.__class__ is Interval:  # it rests on days its calendar is not announced for
            result.own_details().provisional = True
        if len(possible) == 1:
            result.outcome = possible.pop()
            return result
        open_ = any(isinstance(value, Maybe) and value.open for value in (due, done))
        result.outcome = INDETERMINATE if missing or not open_ else PENDING
        details = result.own_details()
        details.missing = tuple(sorted(missing)) if result.outcome == INDETERMINATE else ()
        details.possible = frozenset(possible)
        return result


def _options(value: Any) -> tuple[Any, ...]:
    """All a value may be; None stands for any instant, or none, at all."""
    if isinstance(value, Maybe):
        return value.options if value.options is not None else (None,)
    return (value,)


def _outcomes(as_of: datetime, due: Any, done: Any) -> set[str]:
    if due is NONE or due is NOT_YET:
        return {NOT_APPLICABLE}
    low, high = _ends(due)
    undone = ({PENDING} if as_of <= high else set()) | ({BREACHED} if as_of > low else set())
    if done is NOT_YET:
        return undone
    if done is None:
        return {MET, *undone}
    first, last = _ends(done)
    return ({MET} if first <= high else set()) | ({BREACHED} if last > low else set())


def _ends(value: Any) -> tuple[datetime, datetime]:
    if value is None:
        return datetime.min, datetime.max
    return (value.low, value.high) if value.__class__ is Interval else (value, value)
