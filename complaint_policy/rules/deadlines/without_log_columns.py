"""Deadlines that begin anew over the rows of a table without a log: what begins with its entries may have begun, nobody knows how often."""

from __future__ import annotations

from typing import Any

import polars as pl
from attrs import evolve

from complaint_policy.columns import choosing
from complaint_policy.columns.instants import compared
from complaint_policy.columns.plan import constant
from complaint_policy.columns.settling import applies_to, fresh, key_for, rank_of, settled_results
from complaint_policy.columns.sheet import Sheet, Verdicts
from complaint_policy.columns.tabulating import tabulated
from complaint_policy.columns.values import ANY, EXACT, LATER, SPAN, STATED_NONE, Coded, Instants, Shape, is_left
from complaint_policy.event_log import EVENTS, UNKNOWN_LOG
from complaint_policy.expressions import nodes as n
from complaint_policy.frame import perhaps
from complaint_policy.lengths import Length
from complaint_policy.outcomes import INDETERMINATE, NOT_APPLICABLE, PENDING
from complaint_policy.possible import NONE, NOT_YET, Maybe, all_of_conditions
from complaint_policy.results import Details, GeneralDeadline, copied
from complaint_policy.rules.deadlines.model import Deadline
from complaint_policy.rules.deadlines.outcome_columns import Judged, left_of
from complaint_policy.rules.deadlines.record import General
from complaint_policy.rules.deadlines.repeated import worst
from complaint_policy.rules.deadlines.times_columns import UNKNOWN, acts_of, attribute_of, entries_of, happens_once, is_event

__all__ = ["WithoutLog", "knows_without_log"]


def knows_without_log(rule: Deadline, each: n.Each, sheet: Sheet) -> bool:
    """Whether there is no log at all, and what a duty of which entries may be starts can be is plain for all that."""
    waived = rule.waivable_by and sheet.waived(rule.id) is not None
    if sheet.cells("events") is not None or waived or rule.extend or rule.pauses or rule.exempt:
        return False
    fields = [part for part in each.parts if happens_once(sheet, part)]
    starts = len(fields) <= 1 and len(fields) < len(each.parts) and all(part in fields or entries_of(sheet, part) is not None for part in each.parts)
    until = each.until is None or is_event(sheet, each.until)
    acts = all(is_event(sheet, act) or entries_of(sheet, act) is not None or attribute_of(act) is not None for act in acts_of(rule))
    if not starts or not until or not acts or any(part in acts_of(rule) for part in fields):  # what began it never ends it
        return False
    limit = rule.within
    if not fields and attribute_of(limit) is not None:
        return True
    # What is counted from an entry, or done at one of its instants, is not told of a start that is known.
    counted = isinstance(limit, n.Counted) and isinstance(limit.length, Length)
    from_start = counted and isinstance(limit, n.Counted) and isinstance(limit.base, n.RuleStart)
    from_entry = counted and isinstance(limit, n.Counted) and attribute_of(limit.base) is not None
    return from_start and not any(attribute_of(act) is not None for act in acts_of(rule)) if fields else from_start or from_entry


def _last_of_entries(sheet: Sheet, part: n.Instant) -> bool:
    """Whether an instant is the last of entries and others."""
    if isinstance(part, n.NamedInstant) and part.kind == "fact":
        expression = sheet.model.facts[part.name].expression
        return isinstance(expression, n.Instant) and _last_of_entries(sheet, expression)
    return isinstance(part, (n.LastOf, n.AllOf)) and any(entries_of(sheet, one) is not None for one in part.parts)


class WithoutLog(Judged):
    """A duty that may have begun with an entry of a log that is not there, beside one that began with an event of the record, if it has."""

    def __init__(self, rule: Deadline, each: n.Each, sheet: Sheet) -> None:
        self.each, self.first = each, next((part for part in each.parts if happens_once(sheet, part)), None)
        # The last of an event and of entries nobody knows lies anywhere from the event on.
        self.endless = self.first is not None and _last_of_entries(sheet, self.first)
        if self.first is not None:
            super().__init__(evolve(rule, start=self.first), sheet)
            return
        # Nothing of it lies anywhere: what is an attribute of an entry is no field of the record.
        self.rule, self.sheet, self.plan, self.general = rule, sheet, sheet.plan, General(rule, sheet.setting)

    @property
    def by_entry(self) -> bool:
        """Whether entries end it, which are missing with the log."""
        return any(not is_event(self.sheet, act) for act in acts_of(self.rule))

    def _done(self) -> Instants:
        done = super()._done()
        if not (self.endless and self.by_entry):
            return done
        # Whether an event beside the entries comes after such a start is as little known as they are.
        shapes = tuple(evolve(UNKNOWN, missing=shape.missing | EVENTS) if shape.bounded else shape for shape in done.shapes)
        return Instants(None, None, shapes, lambda: done.state(self.plan).code)

    def verdicts(self) -> Verdicts:
        rule, sheet, plan, first = self.rule, self.sheet, self.plan, self.first
        left, nothing = left_of(rule, sheet), Coded(constant(0, pl.UInt8), (None,))
        acts = [sheet.instant(act) for act in acts_of(rule) if is_event(sheet, act)]
        until = None if self.each.until is None else sheet.instant(self.each.until)
        by_entry = self.by_entry
        applies = applies_to(sheet, rule)
        known = nothing if first is None else self._outcomes(self._due(), None)
        inputs = [nothing if applies is None else applies().coded(plan), known]
        inputs += [nothing if first is None else self.start.state(plan), nothing if until is None else until.state(plan)]
        inputs.append(nothing if until is None or first is None else compared(sheet, "before", self.start, until).coded(plan))
        for act in acts:
            inputs += [act.state(plan), nothing if first is None else compared(sheet, "before", act, self.start).coded(plan)]

        def result_of(holds: Any, one: GeneralDeadline | None, s: Shape | None, u: Shape | None, before: Any, *of_acts: Any) -> GeneralDeadline:
            done, early = of_acts[::2], of_acts[1::2]
            # It has begun, perhaps, and waits for what is not known.
            waits = by_entry or all(act.kind in (LATER, ANY) for act in done)
            loose = self.endless and s is not None and s.kind == SPAN and s.interval and waits
            if any(shape is not None and shape.kind not in (EXACT, LATER, ANY) and not (loose and shape is s) for shape in (s, u, *done)):
                return left
            end = None if u is None or u.kind != ANY else Maybe(None, u.missing, u.open)
            lacking = [act for act in done if act.kind == ANY]
            times = [self._perhaps_begun(UNKNOWN_LOG, end, lacking)]
            if s is not None and s.kind == ANY:
                times.insert(0, self._perhaps_begun(Maybe(None, s.missing, s.open), end, lacking))
            elif s is not None and s.kind in (EXACT, SPAN) and (u is None or u.kind != EXACT or before is not False):
                # An act before the start ends nothing.
                plain = loose or all(test is False or shape.kind == ANY for shape, test in zip(done, early, strict=True))
                if one is None or is_left(one.missing) or not plain or (u is not None and u.kind == EXACT and before is not True and not loose):
                    return left
                times.insert(0, fresh(one))
                for doubt in (Maybe(None, s.missing) if loose else None, end):
                    if doubt is not None:
                        perhaps(times[0], doubt)
            if isinstance(holds, Maybe):  # each of its times may apply
                for time in times:
                    perhaps(time, holds)
            return times[0] if len(times) == 1 else self._together(times, left)

        raw = tabulated(plan, inputs, result_of, key=key_for(sheet, rule), place=rank_of, left=left)
        coded = settled_results(sheet, rule, raw, GeneralDeadline(rule, NOT_APPLICABLE, NONE, NONE, NONE, sheet.zone))

        def limit_of(result: GeneralDeadline) -> Shape:
            return Shape(STATED_NONE) if result.outcome == NOT_APPLICABLE else evolve(UNKNOWN, missing=EVENTS.union(result.missing))

        shapes = tabulated(plan, [coded], limit_of, key=lambda shape: shape)
        due = choosing.settled(sheet, None, None, shapes, False)
        return Verdicts(coded, due, due, due, None)

    def _perhaps_begun(self, start: Maybe, until: Maybe | None, acts: list[Shape]) -> GeneralDeadline:
        """One time that nobody knows of, by what is missing of its start, of the end, and of the acts it may have ended with."""
        missing = frozenset[str]().union(EVENTS if self.by_entry else (), *(act.missing for act in acts))
        done = Maybe(None, missing, any(act.open for act in acts)) if missing else NOT_YET
        result = GeneralDeadline(self.rule, PENDING, start, start, done, self.sheet.zone)
        self.general._decide(result, [None] * len(self.sheet.setting.slots), start, start, done)
        perhaps(result, start if until is None else all_of_conditions(start, until))
        return result

    def _together(self, times: list[GeneralDeadline], left: GeneralDeadline) -> GeneralDeadline:
        """The rule's result of two times, as :func:`~.repeated.combined` has it; how late one was that was not kept is in no column."""
        outcome, possible, free = worst(times)
        if outcome != INDETERMINATE:
            return left
        made = copied(times[0])
        made.begun, made.outcome, made._more = UNKNOWN_LOG, outcome, Details()
        details = made.own_details()
        details.missing = tuple(sorted({name for one in times if one.outcome == INDETERMINATE for name in one.missing}))
        details.possible = None if free else possible
        return made
