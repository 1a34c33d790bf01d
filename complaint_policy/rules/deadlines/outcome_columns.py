"""A deadline over the rows of a table: from its start, its act and its limit to its outcome."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import combinations
from typing import Any, Final

import polars as pl

from complaint_policy.columns import choosing, lengths
from complaint_policy.columns.announcing import years_past
from complaint_policy.columns.clock import DAY
from complaint_policy.columns.conditions import conjunction
from complaint_policy.columns.instants import Around
from complaint_policy.columns.plan import ABOVE, AT_MOST, SAME, Ex, constant, on
from complaint_policy.columns.settling import applies_to, key_for, rank_of, settled_results
from complaint_policy.columns.sheet import Sheet, Verdicts
from complaint_policy.columns.tabulating import among, tabulated
from complaint_policy.columns.values import ANY, EXACT, LATER, LEFT, LEFT_OVER, LEFT_SHAPE, NO_END, NO_START, SPAN, STATED_NONE, Coded, Instants, Shape, is_left
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.moments import AS_OF
from complaint_policy.lengths import Length
from complaint_policy.outcomes import AT_RISK, BREACHED, INDETERMINATE, MET, NOT_APPLICABLE, PENDING
from complaint_policy.possible import NONE, NOT_YET, Maybe, possibilities
from complaint_policy.results import Details, GeneralDeadline
from complaint_policy.rules.deadlines.model import Deadline
from complaint_policy.rules.deadlines.paused_columns import Pauses
from complaint_policy.rules.deadlines.record import General
from complaint_policy.rules.deadlines.warning_columns import past_warning

_DAYS: Final = [datetime(2000, 1, 1) + timedelta(days=i) for i in range(60)]


class Judged:
    """One deadline over a sheet."""

    def __init__(self, rule: Deadline, sheet: Sheet) -> None:
        self.rule, self.sheet, self.plan = rule, sheet, sheet.plan
        self.general = General(rule, sheet.setting)
        self.start = self._start()
        self.done = self._done()
        self.pauses = Pauses.of(rule, sheet, self.start, self.done)

    def _start(self) -> Instants:
        return self.sheet.instant(self.rule.start)

    def _done(self) -> Instants:
        return self.sheet.instant(self.rule.act, Around(self.start, acting=True))

    def verdicts(self) -> Verdicts:
        rule, sheet = self.rule, self.sheet
        due = self._due()
        if self.pauses is not None and any(unknown is not None for unknown in self.pauses.unknown.domain):
            due = self._without_end(due, self.pauses.unknown)
        due = self._begun(due)
        provisional = self._provisional(due)
        raw, due = self._kept(self._outcomes(due, provisional), due)
        nothing = GeneralDeadline(rule, NOT_APPLICABLE, NONE, NONE, NONE, sheet.zone)
        coded = settled_results(sheet, rule, raw, nothing)
        start, done = self.start, self.done
        applies = applies_to(sheet, rule)
        if applies is not None:
            held = applies().coded(self.plan)
            start, due, done = (apart(sheet, one, held) for one in (start, due, done))
        return Verdicts(coded, start, due, done, provisional[0] if provisional is not None else None)

    def _kept(self, raw: Coded, due: Instants) -> tuple[Coded, Instants]:
        """Results and limits of the rows that are judged here."""
        return raw, due

    # ---------------------------------------------------------------- the limit
    def _due(self) -> Instants:
        """The limit, and the extensions that hold: an unknown one gives two possible limits."""
        rule, sheet = self.rule, self.sheet
        limits = [sheet.instant(rule.within, Around(self.start, pauses=self.pauses))]
        conditions: list[Coded] = []
        for step in rule.extend:
            around = Around(self.start, limits[-1], self.pauses)
            parts = [sheet.condition(c, around) for c in (step.when, step.needs) if c is not None]
            conditions.append(conjunction(sheet, parts).coded(self.plan))
            limits.append(sheet.instant(step.within, around))
        if not conditions:
            return limits[0]

        def climb(index: int, holds: tuple[Any, ...]) -> Any:
            step = index
            while step < len(holds):
                held = holds[step]
                if held is False:
                    return step
                if held is not True:
                    return possibilities((step, climb(step + 1, holds)), held.missing, held.open)
                step += 1
            return step

        chosen = tabulated(self.plan, conditions, lambda *holds: climb(0, holds), left=LEFT_OVER)
        self._agreeing(chosen, limits)
        return choosing.picked(sheet, chosen, limits)

    def _agreeing(self, chosen: Coded, limits: list[Instants]) -> None:
        """Where further steps nobody knows give one limit, what is missing of them does not matter: the record evaluation's.

        Of limits that are not known it does: with what is missing of the step they may become known.
        """

        def further(value: Any) -> tuple[int, ...]:
            return value.options[1:] if isinstance(value, Maybe) and value.options is not None and len(value.options) > 2 else ()

        several = among(chosen, lambda value: bool(further(value)))
        for i, j in combinations(sorted({step for value in chosen.domain for step in further(value)}), 2):
            a, b = limits[i].low, limits[j].low
            if a is not None and b is not None:
                self.sheet.leave(several & on(lambda x, y: SAME(x, y).fill_null(False), a, b))

    def _without_end(self, due: Instants, pauses: Coded) -> Instants:
        """With a pause nobody knows, the limit may lie anywhere from where it would be without it."""
        if due.low is None:
            return due

        def answer(shape: Shape, unknown: Any, endless: bool) -> Shape:
            if unknown is not None and is_left(unknown.missing) and shape.bounded:
                return LEFT_SHAPE
            return shape if unknown is None or endless or not shape.bounded else Shape(SPAN, shape.missing | unknown.missing)

        # A limit that may lie anywhere before an instant is moved nowhere by a pause.
        endless = Coded(constant(0, pl.UInt8), (False,))
        if any(shape.kind == SPAN for shape in due.shapes):
            endless = Coded(None, (False, True), self.plan.keep(on(lambda low: (low <= NO_START).fill_null(False), due.low)))
        coded = tabulated(self.plan, [due.state(self.plan), pauses, endless], answer, key=lambda s: s)
        beyond = among(pauses, lambda unknown: unknown is not None) & ~among(endless, bool)
        high = self.plan.keep(on(lambda h, low, b: pl.when(b & low.is_not_null()).then(NO_END).otherwise(h), due.high or due.low, due.low, beyond))
        return Instants(due.low, high, coded.domain, lambda: coded.code, due.day_end, last_end=due.last_end)

    def _begun(self, due: Instants) -> Instants:
        """Nothing is due of what has not begun, whatever the limit refers to."""
        if not any(s.kind == LATER for s in self.start.shapes) or _counts_from_start(self.rule):
            return due
        coded = tabulated(
            self.plan, [self.start.state(self.plan), due.state(self.plan)], lambda s, d: Shape(LATER) if s.kind == LATER else d, key=lambda s: s
        )
        return choosing.settled(self.sheet, due.low, due.high, coded, due.day_end, due.last_end)

    # ---------------------------------------------------------------- calendar and warning
    def _provisional(self, due: Instants) -> tuple[Ex, Coded] | None:
        """Rows whose limit lies past the last announced day, and in which year after that day it lies."""
        limit = self.general.provisional_from
        if limit is None or due.low is None:
            return None
        sheet, high = self.sheet, due.high or due.low
        edge = sheet.clock.of_utc(limit)
        if any(c.counting.roll == "previous_working_day" or c.sign < 0 for c in self.general.own_counters):
            # Rolled back, or counted back, it may rest on days that lie after it.
            sheet.leave(on(lambda h: (h >= edge - 15 * DAY) & (h < edge), high))
        return years_past(sheet, limit, high, self.general.calendar_name)

    # ---------------------------------------------------------------- the outcome
    def _outcomes(self, due: Instants, provisional: tuple[Ex, Coded] | None) -> Coded:
        """Results by what start, limit and act are, and where they lie against one another."""
        plan, sheet, rule = self.plan, self.sheet, self.rule
        start, done = self.start, self.done
        lies, reversed_ = self._against(due), self._reversed()
        closed = sheet.moment("closed_at") if any(s.kind in (LATER, ANY) for s in start.shapes) else None
        risk = past_warning(rule, sheet, start, due, done, self.pauses)
        nothing = Coded(constant(0, pl.UInt8), (None,))
        # Counted from the start alone, the limit is there where the start is.
        alike = due.shapes == start.shapes and due._state is start._state and _counts_from_start(rule)
        # And where it is there, it is known or not as the start is, but for ends that have become one.
        met = None if due.moved_from is None or due.moved_from[0]._state is not start._state or due.moved_from[0].shapes != start.shapes else due.moved_from[1]
        inputs = [start.state(plan), nothing if alike else due.state(plan) if met is None else met, done.state(plan), lies, reversed_]
        inputs.append(nothing if closed is None else closed.state(plan))
        inputs.append(risk or nothing)
        inputs.append(provisional[1] if provisional is not None else nothing)

        def answer(s: Shape, given: Any, a: Shape, where: str, early: str, close: Shape | None, risky: Any, year: str | None) -> GeneralDeadline:
            d: Shape = s if given is None else given if met is None else lengths.met_shape(s, given)
            if any(is_left(shape.missing) for shape in (s, d, a)) or (s.kind == SPAN and not s.interval and (a.bounded or self.general.act_by_start)):
                return left_of(rule, sheet)
            result = self._judged(s, d, a, where, early, close)
            if year is not None:
                result.own_details().provisional = True
                if result.outcome == BREACHED:
                    result.outcome = INDETERMINATE
                    result.own_details().possible = frozenset({MET, BREACHED} if a.kind != LATER else {PENDING, BREACHED})
                    result.own_details().missing = (year,)
            if risk is not None and result.outcome == PENDING and s.bounded and d.bounded and risky:
                result.outcome = AT_RISK
            return result

        return tabulated(plan, inputs, answer, key=key_for(sheet, rule), place=rank_of, left=left_of(rule, sheet))

    def _judged(self, s: Shape, d: Shape, a: Shape, where: str, early: str, close: Shape | None) -> GeneralDeadline:
        """The record evaluation's outcome of instants that lie as the row's do."""
        return self._result(self.general, s, d, a, where, early, close)

    def _result(self, general: General, s: Shape, d: Shape, a: Shape, where: str, early: str, close: Shape | None) -> GeneralDeadline:
        state: list[Any] = [None] * len(self.sheet.setting.slots)
        due = d.value(*((_DAYS[20], _DAYS[20]) if d.kind == EXACT else (_DAYS[10], _DAYS[20])))
        as_of = {"in time": _DAYS[5], "late": _DAYS[30], "either": _DAYS[15]}[where]
        if a.kind == EXACT:
            low = high = {"in time": _DAYS[5], "late": _DAYS[30], "either": _DAYS[15]}[where]
        else:
            low, high = {"in time": (_DAYS[4], _DAYS[5]), "late": (_DAYS[30], _DAYS[31]), "either": (_DAYS[5], _DAYS[30])}[where]
        done = a.value(low, high)
        begin = {"none": _DAYS[1], "some": low + timedelta(hours=1), "all": high + timedelta(days=1)}[early]
        start = s.value(begin, begin if s.kind == EXACT else begin + timedelta(hours=1))
        state[AS_OF] = as_of
        state[general.closed] = close.value(_DAYS[2], _DAYS[2]) if close is not None else NOT_YET
        result = GeneralDeadline(self.rule, PENDING, start, due, done, self.sheet.zone)
        general._decide(result, state, start, due, done)
        return result

    def _against(self, due: Instants) -> Coded:
        """Where the act, or without one the moment of judgement, lies: in time, late, or such that it depends."""
        now, done = self.sheet.now, self.done
        if due.low is None:
            return Coded(constant(0, pl.UInt8), ("in time",))
        if due.exact and done.exact:
            # Two comparisons cost less than a column of acts with the moment of judgement filled in.
            open_late = due.low < now
            late = open_late if done.low is None else on(lambda a, d, o: ABOVE(a, d).fill_null(o), done.low, due.low, open_late)
            return Coded(None, ("in time", "late"), self.plan.keep(late if due.simple else late.fill_null(False)))
        low = self.sheet.ended(done)
        high = low if done.high is None else done.high.fill_null(now)

        def settle(a: pl.Expr, b: pl.Expr, first: pl.Expr, last: pl.Expr) -> pl.Expr:
            in_time, late = AT_MOST(a, last), ABOVE(b, first)
            return pl.when(in_time & late).then(2).when(late).then(1).otherwise(0).cast(pl.UInt8)

        return Coded(self.plan.keep(on(settle, low, high, due.low, due.high or due.low)), ("in time", "late", "either"))

    def _reversed(self) -> Coded:
        """Which of the acts it may have been are before its start: none, all, or some of several possibilities."""
        start, done, plan = self.start, self.done, self.plan
        if start.low is None or done.low is None:
            return Coded(constant(0, pl.UInt8), ("none",))
        early = (done.high or done.low) < start.low
        apart = done.high is not None and any(s.kind == SPAN and not s.interval for s in done.shapes)
        first = done.low < start.low if apart else early
        if self.sheet.hints.hopeful or self.general.recorded is not None:
            self.sheet.leave(first)
            return Coded(constant(0, pl.UInt8), ("none",))
        if not apart:
            return Coded(None, ("none", "all"), plan.keep(early.fill_null(False)))
        lies = Coded(plan.keep(on(_how_many, first, early)), ("none", "some", "all"))
        return tabulated(plan, [done.state(plan), lies], lambda s, lie: "none" if lie == "some" and (s.kind != SPAN or s.interval) else lie)


def _how_many(*tests: pl.Expr) -> pl.Expr:
    """How many of the tests hold."""
    return pl.sum_horizontal(*(test.fill_null(False).cast(pl.UInt8) for test in tests)).cast(pl.UInt8)


def apart(sheet: Sheet, one: Instants, held: Coded) -> Instants:
    """Of a rule that does not apply nothing is shown."""
    coded = tabulated(sheet.plan, [held, one.state(sheet.plan)], lambda h, s: Shape(STATED_NONE) if h is False else s, key=lambda s: s)
    return choosing.settled(sheet, one.low, one.high, coded, one.day_end, one.last_end)


def _counts_from_start(rule: Deadline) -> bool:
    """Whether every limit is a length from the start, which has no due instant before it has begun."""
    plain = (isinstance(limit, n.Counted) and isinstance(limit.base, n.RuleStart) and isinstance(limit.length, Length) for limit in rule.limits)
    return not rule.extend and all(plain)


def left_of(rule: Deadline, sheet: Sheet) -> GeneralDeadline:
    """The result that leaves a row to the record evaluation."""
    details = Details()
    details.missing = (LEFT,)
    return GeneralDeadline(rule, INDETERMINATE, NOT_YET, NOT_YET, NOT_YET, sheet.zone, details)
