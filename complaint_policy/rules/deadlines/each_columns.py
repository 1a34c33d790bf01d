"""Deadlines that begin anew (`from: {each: […]}`) over the rows of a table: those in which one time, or none, says it all.

Most records have none of the entries that begin it, or one.  Several times are looked at together (`times_columns.py`), as is each that
begins with an entry whose attributes say until when.
Where a table has no log at all: `without_log_columns.py`.
"""

from __future__ import annotations

from typing import Any, Final

import polars as pl
from attrs import evolve, frozen

from complaint_policy.columns import choosing, several
from complaint_policy.columns.instants import compared
from complaint_policy.columns.plan import Ex, constant, on
from complaint_policy.columns.settling import applies_to, fresh, key_for, rank_of
from complaint_policy.columns.sheet import Repeats, Sheet, Verdicts
from complaint_policy.columns.tabulating import among, tabulated
from complaint_policy.columns.values import ANY, EXACT, KNOWN, LATER, LEFT_SHAPE, SPAN, STATED_NONE, Coded, Instants, Shape, is_left
from complaint_policy.event_log import UNKNOWN_LOG
from complaint_policy.expressions import nodes as n
from complaint_policy.frame import perhaps
from complaint_policy.outcomes import BREACHED, INDETERMINATE, PENDING
from complaint_policy.possible import Maybe
from complaint_policy.results import GeneralDeadline, copied
from complaint_policy.rules.deadlines.each import attributes_of_entry
from complaint_policy.rules.deadlines.model import Deadline
from complaint_policy.rules.deadlines.outcome_columns import Judged, left_of
from complaint_policy.rules.deadlines.record import General
from complaint_policy.rules.deadlines.times_columns import UNKNOWN, Times, acts_of, attribute_of, entries_of, happens_once, is_event

__all__ = ["BegunOnce", "may_begin_once"]

_NOTHING: Final = frozenset({LATER, STATED_NONE})


def may_begin_once(rule: Deadline, each: n.Each, sheet: Sheet) -> bool:
    """Whether all it looks at are events of the record and entries of its log, and no waiver is of one time alone."""
    own = bool(attributes_of_entry(rule))
    starts = all(entries_of(sheet, part) is not None or (happens_once(sheet, part) and not own) for part in each.parts)
    others = [*(act for act in acts_of(rule) if attribute_of(act) is None), *((each.until,) if each.until is not None else ())]
    plain = starts and all(entries_of(sheet, part) is not None or is_event(sheet, part) for part in others)
    return plain and not any(waived.startswith(f"{rule.id}#") for waived in sheet.waivers.of_rule)


@frozen
class _Begun:
    """What began it: of which shape its start is, and the place of the part that gave it (-1: none)."""

    shape: Shape
    part: int


_LEFT: Final = _Begun(LEFT_SHAPE, -1)
# Several times, of which one stands for all.
_SEVERAL: Final = _Begun(Shape(EXACT), -2)


class BegunOnce(Judged):
    """A duty that begins anew, as one that begins with the only one of its starts, or the one that stands for all."""

    def __init__(self, rule: Deadline, each: n.Each, sheet: Sheet) -> None:
        self.each = each
        self.own = bool(attributes_of_entry(rule))  # entries that differ in what is looked at begin it each by itself
        self.times = Times.of(rule, each, sheet)
        self.whole = General(rule, sheet.setting)
        super().__init__(evolve(rule, start=each.parts[0]), sheet)

    # ---------------------------------------------------------------- the start
    def _start(self) -> Instants:
        sheet, plan, each = self.sheet, self.sheet.plan, self.each
        inputs: list[Coded] = []
        lows: list[Ex] = []
        highs: list[Ex] = []
        for part in each.parts:
            if entries_of(sheet, part) is None:
                one = sheet.instant(part)
                inputs.append(one.state(plan))
                lows += [one.low] if one.low is not None else []
                highs += [high] if (high := one.high if one.high is not None else one.low) is not None else []
                continue
            found = several.of(sheet, part)
            inputs.append(found.state)
            if found.ticks is not None:
                # Entries at one instant begin it once.
                times = plan.keep(on(lambda t: t.list.n_unique().fill_null(0).clip(0, 2).cast(pl.UInt8), found.ticks))
                inputs.append(Coded(times, (0, 1, 2)))
                lows.append(plan.keep(on(lambda t: t.list.first(), found.ticks)))
                highs.append(lows[-1])
            else:
                inputs.append(Coded(constant(0, pl.UInt8), (0,)))
        self.begun = tabulated(plan, inputs, self._begun_by, left=_LEFT)
        low = plan.keep(on(lambda *v: pl.coalesce(*v), *lows)) if lows else None
        high = plan.keep(on(lambda *v: pl.coalesce(*v), *highs)) if highs and any(b.shape.kind == SPAN for b in self.begun.domain) else None
        start = self._shaped(low, high)
        if each.until is not None:
            until = sheet.instant(each.until)
            before = compared(sheet, "before", start, until).coded(plan)
            self.begun = tabulated(plan, [self.begun, until.state(plan), before], _before_the_end, left=_LEFT)
            start = self._shaped(low, high)
        if self.times is None:
            return start
        # What is told of several times, if it can be.
        told = plan.keep(on(lambda p, s: pl.when(p.fill_null(False)).then(s.is_null() + 1).otherwise(0).cast(pl.UInt8), self.times.plain, self.times.start))
        over = _Begun(Shape(STATED_NONE), -1)
        self.begun = tabulated(plan, [self.begun, Coded(told, (_LEFT, _SEVERAL, over))], lambda begun, many: many if begun is _SEVERAL else begun, left=_LEFT)
        return self._of_several(self._shaped(low, high), self.times.start)

    def _done(self) -> Instants:
        done = self._of_its_entry() if any(attribute_of(act) is not None for act in acts_of(self.rule)) else super()._done()
        return done if self.times is None else self._of_several(done, self.times.act, unknown=self.times.unknown_act)

    def _due(self) -> Instants:
        by_entry = any(attribute_of(part) is not None for limit in self.rule.limits for part in n.walk(limit))
        due = self._of_its_entry() if by_entry else super()._due()
        return due if not self.own or self.times is None else self._of_several(due, self.times.due, ends=self.times.ends, unknown=self.times.unknown_due)

    def _of_its_entry(self) -> Instants:
        """What an entry says where it is not told which began it: nobody knows, or none has."""
        shapes = tabulated(self.plan, [self.begun], lambda begun: begun.shape if begun.shape.kind == ANY else Shape(LATER), key=lambda shape: shape)
        return choosing.settled(self.sheet, None, None, shapes, False)

    def _of_several(self, one: Instants, ticks: Ex, *, ends: Ex | None = None, unknown: Ex | None = None) -> Instants:
        """What is known of one time, and of several the ticks of the one that is shown."""
        if _SEVERAL not in self.begun.domain:
            return one
        plan, many = self.plan, self._many()
        there = Coded(None, (Shape(LATER), Shape(EXACT)), plan.keep(ticks.is_not_null()))
        if unknown is not None:
            code = on(lambda t, u: pl.when(u).then(2).when(t.is_null()).then(0).otherwise(1).cast(pl.UInt8), ticks, unknown)
            there = Coded(plan.keep(code), (*there.domain, UNKNOWN))

        def shape_of(begun: _Begun, several_: Shape, shape: Shape) -> Shape:
            return several_ if begun is _SEVERAL else shape

        shapes = tabulated(plan, [self.begun, there, one.state(plan)], shape_of, key=lambda shape: shape)

        def chosen(value: Ex | None) -> Ex:
            return plan.keep(on(lambda m, t, v: pl.when(m).then(t).otherwise(v), many, ticks, constant(None, pl.Int64) if value is None else value))

        day_end = one.day_end if ends is None else plan.keep(many & ends)
        return choosing.settled(self.sheet, chosen(one.low), None if one.high is None else chosen(one.high), shapes, day_end, one.last_end)

    def _many(self) -> Ex:
        return among(self.begun, lambda begun: begun is _SEVERAL)

    def _shaped(self, low: Ex | None, high: Ex | None) -> Instants:
        shapes = tabulated(self.sheet.plan, [self.begun], lambda begun: begun.shape, key=lambda shape: shape)
        return choosing.settled(self.sheet, low, high, shapes, False)

    def _begun_by(self, *values: Any) -> _Begun:
        """The one part that has happened, by the state of each, of entries with how many there are."""
        given = iter(values)
        found, many, exact = _Begun(Shape(LATER), -1), False, True
        for place, part in enumerate(self.each.parts):
            state = next(given)
            if entries_of(self.sheet, part) is not None:
                if state is not KNOWN:
                    return self._perhaps(state)
                count = next(given)
                many |= count > 1
                state = Shape(EXACT) if count else Shape(LATER)
            if state.kind == LATER:
                continue
            if state.kind != EXACT and not (state.kind == SPAN and state.interval):
                return _LEFT
            many |= self.own or found.part >= 0 or self._may_end(part)
            exact &= state.kind == EXACT
            found = _Begun(state, place)
        if many:
            return _SEVERAL if self.times is not None and exact else _LEFT
        return found

    def _perhaps(self, state: Maybe) -> _Begun:
        """Without a log nobody knows whether it has begun; with other starts, or an act that may lie before it, that is several possibilities."""
        alone = len(self.each.parts) == 1 and not isinstance(self.rule.act, n.FirstOf)
        return _Begun(Shape(ANY, state.missing, state.open), -1) if alone and state is UNKNOWN_LOG else _LEFT

    def _may_end(self, part: n.Instant) -> bool:
        """Whether what begins it may be an act as well."""
        entries = entries_of(self.sheet, part)
        for act in acts_of(self.rule):
            other = entries_of(self.sheet, act)
            if act == part or (entries is not None and other is not None and not set(entries.kinds).isdisjoint(other.kinds)):
                return True
        return False

    # ---------------------------------------------------------------- the outcome
    def verdicts(self) -> Verdicts:
        found = super().verdicts()
        rule, sheet, plan, due = self.rule, self.sheet, self.plan, found.due
        assert due is not None

        def told(begun: _Begun, result: GeneralDeadline) -> GeneralDeadline:
            return result if begun.shape.kind in _NOTHING else _of_one_time(result)  # nothing is put together of no time

        coded = tabulated(plan, [self.begun, found.coded], told, key=key_for(sheet, rule), place=rank_of, left=left_of(rule, sheet))
        limits = tabulated(plan, [found.coded, due.state(plan)], _due_of_one_time, key=lambda shape: shape)
        limit = choosing.settled(sheet, due.low, due.high, limits, due.day_end, due.last_end)
        if self.times is None or _SEVERAL not in self.begun.domain:
            return evolve(found, coded=coded, due=limit)
        left = left_of(rule, sheet)

        def sure(begun: _Begun, one: GeneralDeadline, applies: Any, *lifted: Any) -> GeneralDeadline:
            # Of several times that may not apply none waits for certain; and one that is exempt is not open.
            return left if begun is _SEVERAL and (isinstance(applies, Maybe) or any(held is not False for held in lifted)) else one

        applies, waived = applies_to(sheet, rule), sheet.waived(rule.id) if rule.waivable_by else None
        nothing = Coded(constant(0, pl.UInt8), (True,))
        inputs = [self.begun, coded, nothing if applies is None else applies().coded(plan)]
        inputs += [sheet.condition(exemption.when).coded(plan) for exemption in rule.exempt]
        inputs += [] if waived is None else [waived.coded(plan)]
        coded = tabulated(plan, inputs, sure, key=key_for(sheet, rule), place=rank_of, left=left)
        repeats, many = self.times.repeats, self._many()
        each_of = Repeats(*(plan.keep(on(lambda m, v: pl.when(m).then(v), many, one)) for one in (repeats.broken, repeats.late, repeats.done)))
        return evolve(found, coded=coded, due=limit, repeats=each_of)

    def _judged(self, s: Shape, d: Shape, a: Shape, where: str, early: str, close: Shape | None) -> GeneralDeadline:
        # What has not begun waits for nothing.
        if s.kind in _NOTHING:
            return self._result(self.whole, s, s, Shape(LATER), where, "none", close)
        return super()._judged(s, d, a, where, early, close)

    def _kept(self, raw: Coded, due: Instants) -> tuple[Coded, Instants]:
        """Rows with another start, perhaps, are left, and with several acts those of which the first is not plainly the one."""
        rule, sheet, plan = self.rule, self.sheet, self.plan
        inputs = [self.begun, self.done.state(plan), self._reversed()]
        fields = isinstance(rule.act, n.FirstOf)
        broken = Coded(constant(0, pl.UInt8), (False,))
        if self.times is not None:
            broken = Coded(None, (False, True), plan.keep(on(lambda b: (b > 0).fill_null(False), self.times.repeats.broken)))

        def is_plain(begun: _Begun, a: Shape, early: str) -> bool:
            s = begun.shape
            if s.kind in _NOTHING or s.kind == ANY:
                return not is_left(s.missing)
            if begun is _SEVERAL:
                return True
            if early != "none" and begun.part != 0:  # it is the part's names that are missing
                return False
            return not fields or (s.kind == EXACT and a.kind in (EXACT, LATER) and early == "none")

        once = tabulated(plan, inputs, is_plain)
        left = left_of(rule, sheet)

        def result_of(plain: bool, begun: _Begun, late: bool, result: GeneralDeadline) -> GeneralDeadline:
            if not plain:
                return left
            if begun is _SEVERAL and late and result.outcome != BREACHED:  # another than the one that is shown was not kept
                made = fresh(result)
                made.outcome = BREACHED
                return made
            if begun.shape.kind != ANY or is_left(result.missing):
                return result
            made = fresh(result)
            perhaps(made, Maybe(None, begun.shape.missing, begun.shape.open))
            return made

        kept = tabulated(plan, [once, self.begun, broken, raw], result_of, key=key_for(sheet, rule), place=rank_of, left=left)

        def limit_of(plain: bool, begun: _Begun, shape: Shape) -> Shape:
            return LEFT_SHAPE if not plain else Shape(begun.shape.kind) if begun.shape.kind in _NOTHING else shape

        limits = tabulated(plan, [once, self.begun, due.state(plan)], limit_of, key=lambda shape: shape)
        return kept, choosing.settled(sheet, due.low, due.high, limits, due.day_end, due.last_end)


def _before_the_end(begun: _Begun, until: Shape, before: Any) -> _Begun:
    """What the end leaves of a start; with none left it has ended."""
    if is_left(begun.shape.missing) or until.kind not in (EXACT, LATER):
        return _LEFT
    if begun is _SEVERAL:  # which of them begin before it is asked of each
        return begun
    if until.kind == LATER or begun.shape.kind == ANY:
        return begun
    if begun.part < 0 or before is False:
        return _Begun(Shape(STATED_NONE), -1)
    return begun if before is True else _LEFT


def _of_one_time(result: GeneralDeadline) -> GeneralDeadline:
    """What the rule says where its one time says this, as :func:`~.repeated.combined` has it."""
    details = result.details
    if is_left(details.missing):
        return result
    possible = details.possible if details.possible is not None and len(details.possible) > 1 else None
    if result.outcome != INDETERMINATE:
        possible = details.possible if result.outcome == PENDING else None
    missing = details.missing if result.outcome == INDETERMINATE else ()
    if (missing, possible) == (details.missing, details.possible):
        return result
    made = copied(result)
    own = made._more = copied(details)
    own.missing, own.possible = missing, possible
    return made


def _due_of_one_time(result: GeneralDeadline, due: Shape) -> Shape:
    """Of a limit that may be several, or anything, all is missing that is missing of the time."""
    if due.kind in (EXACT, LATER, STATED_NONE) or (due.kind == SPAN and due.interval):
        return due
    missing = result.details.missing if result.outcome == INDETERMINATE else ()
    return evolve(due, missing=due.missing.union(missing), empty=False)
