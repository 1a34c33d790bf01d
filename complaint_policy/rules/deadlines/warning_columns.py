"""Whether an open duty is past its warning point, on columns."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

import polars as pl
from attrs import evolve

from complaint_policy.columns import choosing, lengths
from complaint_policy.columns.asking import asked
from complaint_policy.columns.plan import Ex, on
from complaint_policy.columns.sheet import Sheet
from complaint_policy.columns.tabulating import among
from complaint_policy.columns.values import NO_START, SPAN, Coded, Instants
from complaint_policy.counting import Counter
from complaint_policy.lengths import Length
from complaint_policy.possible import MICROSECOND
from complaint_policy.rules.deadlines.model import Deadline
from complaint_policy.rules.deadlines.paused_columns import Pauses
from complaint_policy.rules.deadlines.record import General, warning_of

__all__ = ["past_warning"]

_MILLION: Final = 1_000_000


def past_warning(rule: Deadline, sheet: Sheet, start: Instants, due: Instants, done: Instants, pauses: Pauses | None) -> Coded | None:
    """By row whether the warning point lies before the moment of judgement; None where the rule has none, or nothing it is counted from."""
    risk, plan, now = rule.at_risk, sheet.plan, sheet.now
    if risk is None or due.low is None or start.low is None:
        return None
    still_open = _still_open(sheet, start, due, done)
    if isinstance(risk, Length):
        at = _length_before(sheet, rule, risk, due, still_open)
    else:
        at = _share(sheet, rule, int(Decimal(risk) * _MILLION), start, due, still_open)
        if pauses is not None:
            at = pauses.warned(at, due, still_open, warning_of(rule, sheet.setting))
    past = on(lambda a, o: o & (a < now), at, still_open)
    if pauses is not None:
        # While it stands still nothing comes closer.
        past = past & ~pauses.running
    return Coded(None, (False, True), plan.keep(on(lambda p: p.fill_null(False), past)))


def _still_open(sheet: Sheet, start: Instants, due: Instants, done: Instants) -> Ex:
    """Of which rows anything is asked: those that may be pending.  Where an end lies nowhere there is no warning."""
    plan, now = sheet.plan, sheet.now
    assert start.low is not None and due.low is not None
    waits = due.low >= now if done.low is None else on(lambda d, a: (d >= now) & a.is_null(), due.low, done.low)
    for one in (start, due, done):
        if not one.exact:
            # Of several possibilities one may be that it is still to be done.
            waits = waits | among(one.state(plan), lambda shape: shape.kind == SPAN)
    return plan.keep(on(lambda w, s, d: (w & (s > NO_START) & (d > NO_START)).fill_null(False), waits, start.low, due.low))


def _boundary(due: Instants) -> Ex:
    """Time counts up to the boundary that a day's end stands for."""
    assert due.low is not None
    if isinstance(due.day_end, bool):
        return due.low + pl.lit(1, pl.Int64) if due.day_end else due.low
    return on(lambda d, e: d + e.cast(pl.Int64), due.low, due.day_end)


def _length_before(sheet: Sheet, rule: Deadline, risk: Length, due: Instants, still_open: Ex) -> Ex:
    """So much time before the due instant."""
    if risk.is_exact:
        return _boundary(due) - pl.lit(risk.exactly() // MICROSECOND, pl.Int64)
    plan = sheet.plan
    assert due.low is not None
    asked = plan.keep(on(lambda o, d: pl.when(o).then(d), still_open, due.low))

    def counted(ended: bool) -> Ex:
        # Counted back from the due instant itself: neither rolled nor moved to another time of day.
        counting = evolve(rule.counting, roll="none", first_day="excluded", ends="end_of_day" if ended else "same_time")
        back = plan.keep(lengths.due_of(sheet, asked, Counter(risk, counting, ahead=True), ended and not risk.counts_days))
        sheet.leave(on(lambda d, b: d.is_not_null() & b.is_null(), asked, back))
        return back + pl.lit(1 if ended and risk.counts_days else 0, pl.Int64)

    if isinstance(due.day_end, bool):
        return counted(due.day_end)
    return on(lambda e, a, b: pl.when(e).then(a).otherwise(b), choosing.end_flag(due), counted(True), counted(False))


def _share(sheet: Sheet, rule: Deadline, part: int, start: Instants, due: Instants, still_open: Ex) -> Ex:
    """So many millionths of the limit's own kind of time after the start."""
    counter = General(rule, sheet.setting).risk_counter
    assert start.low is not None
    boundary = _boundary(due)

    def of_net(net: pl.Expr) -> pl.Expr:
        return (net // _MILLION) * part + (net % _MILLION) * part // _MILLION

    if counter is None or not counter.length.is_working:
        return on(lambda s, d: s + of_net(d - s), start.low, boundary)
    plan = sheet.plan
    begin, end = (plan.keep(on(lambda o, v: pl.when(o).then(v), still_open, one)) for one in (start.low, boundary))
    found = lengths.after_share(sheet, begin, end, counter, of_net)
    if found is None:
        clock, warning = sheet.clock, warning_of(rule, sheet.setting)
        found = asked(lambda start, limit: clock.of_utc(_there(warning(clock.to_utc(start), clock.to_utc(limit)))), begin, end)
    found = plan.keep(found)
    sheet.leave(on(lambda b, f: b.is_not_null() & f.is_null(), begin, found))
    return found


def _there(found: datetime | None) -> datetime:
    assert found is not None  # of a share there always is one
    return found
