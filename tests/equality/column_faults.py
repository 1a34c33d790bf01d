"""Faults put into the column evaluation, the other side of :mod:`tests.equality.faults`: each a line with one mistake in it.

A function is compiled anew with a piece of its text replaced.  Where the text is no longer there (once), the fault says so: it has
to be put into what has taken its place.
"""

from __future__ import annotations
import __future__

import inspect
import textwrap
from types import CodeType, FunctionType
from typing import Any, Final

from complaint_policy.audit import portions, sums, tiers
from complaint_policy.columns import (
    branches,
    cells,
    choosing,
    clock,
    conditions,
    instants,
    lengths,
    measures,
    number_tests,
    promised,
    settling,
    sheet,
    stretches,
    version,
)
from complaint_policy.rules.deadlines import outcome_columns, times_columns, warning_columns
from complaint_policy.rules.penalties import columns as penalties
from complaint_policy.rules.requirements import columns as requirements
from complaint_policy.rules.responsibility import columns as responsibility
from complaint_policy.rules.retention import columns as retention
from complaint_policy.rules.severity import columns as severity
from tests.equality.faults import AUDIT, ROWS, Change, Fault

__all__ = ["COLUMN_FAULTS", "changed"]


def changed(function: Any, written: str, instead: str) -> CodeType:
    """The code of a function with one piece of its text, which stands there once, replaced."""
    assert isinstance(function, FunctionType)
    source = textwrap.dedent(inspect.getsource(function))
    if source.count(written) != 1:
        raise AssertionError(f"{function.__module__}.{function.__qualname__} has changed: {written!r} stands there {source.count(written)} times")
    module = compile(source.replace(written, instead), inspect.getfile(function), "exec", __future__.annotations.compiler_flag, dont_inherit=True)
    return next(c for c in module.co_consts if isinstance(c, CodeType) and c.co_name == function.__name__)


def _line(name: str, features: str, function: Any, written: str, instead: str, first: int = 7_000, rows: int = ROWS) -> Fault:
    def changes() -> list[Change]:
        return [(function, "__code__", changed(function, written, instead))]

    return Fault(name, tuple(filter(None, features.split(";"))), changes, AUDIT, first, rows)


def _read_as(name: str, features: str, module: Any, table: str, key: str, other: str, first: int = 7_000) -> Fault:
    """An entry of a table of functions is another of its entries."""
    signs = getattr(module, table)
    return Fault(name, tuple(features.split(";")), lambda: [(module, table, {**signs, key: signs[other]})], AUDIT, first)


COLUMN_FAULTS: Final[tuple[Fault, ...]] = (
    # instants
    _read_as("columns: up to and including excludes", "condition=as_of;instant=choose", instants, "_SIGNS", "by", "before", first=7012),
    _read_as("columns: not before an instant excludes it", "condition=as_of;condition=order", instants, "_SIGNS", "not_before", "after", first=7068),
    _line("columns: an event at the moment of judgement has not happened", "unit=hours", instants.of_field, "pl.when(v <= now).then(v)", "pl.when(v < now).then(v)", first=7003),
    _line("columns: a span is settled by its better end", "condition=order;unit=days", instants._relation, "on(sign, a_high, b.low) if forward", "on(sign, a.low, b_high) if forward", first=7009),
    _line("columns: the order forgets what has not happened", "condition=in_order", instants.in_order, "if s.kind == LATER:\n                    return False", "if s.kind == LATER:\n                    return True", first=7003),
    _line("columns: the first of several is the last", "instant=first_of", choosing.extreme, "pl.min_horizontal if first else", "pl.max_horizontal if first else"),
    _line("columns: an unknown member of a first_of bounds nothing", "instant=first_of", choosing.extreme, "then(NO_START)", "then(v)"),
    _line("columns: an unusable cell is passed over", "instant=first_known", choosing.first_known, "if shape.kind == ANY and shape.empty:", "if shape.kind == ANY:", first=7036),
    # clock and lengths
    _line("columns: the later reading of a repeated hour", "zone=America/New_York;unit=hours", clock.Clock.from_wall, "max(before, after)", "min(before, after)", first=7001),
    _line("columns: the offset of a zone has the wrong sign", "zone=Asia/Kolkata", clock.Clock.to_utc_column, "ticks - pl.lit", "ticks + pl.lit"),
    _line("columns: times of a zone are shifted the wrong way", "zone=Asia/Shanghai", clock.Clock.from_utc, "physical + pl.lit", "physical - pl.lit"),
    _line("columns: the table of days is shifted by one", "unit=working days", lengths._day_table, "_noon(sheet, first + index)", "_noon(sheet, first + index + 1)"),
    _line("columns: plain days end a day early", "unit=days", lengths._day_table, "(clock.base + i + days + 1) * DAY - 1", "(clock.base + i + days) * DAY - 1", first=7005),
    _line("columns: a day ends with the next one", "unit=working days", lengths.plain, "moment.boundary - _MICRO", "moment.boundary"),
    _line("columns: a date lasts into the next day", "unit=days", cells._typed_moments, "null_on_oob=True) - 1, index", "null_on_oob=True), index", first=7016),
    _line("columns: worked up to the closing is the next opening", "unit=working hours;convention=at_closing=stay", lengths._placed, "worked <= done + (high - low)", "worked < done + (high - low)", first=7025),
    # conditions and values
    _read_as("columns: at least is above", "condition=field;section=penalties", number_tests, "SIGNS", "at_least", "above"),
    _line("columns: a bound keeps one decimal", "condition=field;section=severity", number_tests.number_test, "near = float(literal)", "near = float(round(literal, 1))", first=7032),
    _line("columns: a bound between whole numbers is rounded the other way", "condition=field;section=severity", number_tests.number_test, "in (\"at_least\", \"below\") else floor", "not in (\"at_least\", \"below\") else floor", first=7054),
    _line("columns: a bound has its decimal point one place off", "value=times;value=plus;section=severity", number_tests.number_test, "scaleb(scale)", "scaleb(scale - 1)", first=7002),
    # numbers that may be several, or still grow
    _line("columns: touching is apart", "value=choose;condition=field", number_tests._lying, "above, below = least >= other_most, most <= other_least", "above, below = least > other_most, most < other_least", first=7018),
    _line("columns: one of several is the first of them", "value=choose;condition=field", number_tests._standing, "value.options > 1 else", "value.options > 99 else", first=7007),
    _line("columns: what branches that may hold lack is not missing", "value=choose", branches.unknown_of_choice, "(values[i] for i in branches)", "(values[i] for i in branches[:0])", first=7068),
    _line("columns: one stretch without another is the other without it", "value=length;span=named", stretches._together, "_together(span.base, told), _together(span.removed, told)", "_together(span.removed, told), _together(span.base, told)", first=7059),
    _line("columns: several stretches of which one runs have ended", "value=length;span=named", stretches.lengths, "if grows and value is KNOWN", "if not grows and value is KNOWN"),
    _line("columns: a number of days that is none has a limit", "instant=value;value=choose", promised.promised, "if not fits:", "if fits:", first=7087),
    _line("columns: several numbers that are one are several", "value=choose;value=length", measures.settled, "if not value.growing:", "if value.growing:"),
    _line("columns: what lies below the range grows no more", "penalty=accruing", penalties._held_at, "(a > b)", "(a < b)", first=7057),
    _line("columns: codes of an enum are off by one", "condition=one_of", cells._enum, "pl.lit(index, pl.UInt8)", "pl.lit(index % len(values) + 1, pl.UInt8)"),
    _line("columns: what the second part misses is forgotten", "section=severity", conditions._both, "(*a.specials, *b.specials)", "(*a.specials,)", first=7008),
    # cells
    _line("columns: an unusable cell of an enum is not counted", "condition=one_of", cells._enum, "lambda c: c == 255, code", "lambda c: c == 254, code", first=7008),
    _line("columns: an unusable cell is an empty one", "unit=hours", cells._reading, "except Unusable:\n            return None, None, BAD", "except Unusable:\n            return None, None, EMPTY", first=7003),
    _line("columns: a default fills an unusable cell", "section=severity;condition=field", sheet.Sheet._field, "pl.when(~b.fill_null(False)).then(v.fill_null(default))", "v.fill_null(default)", first=7050),
    _line("columns: what is believed to be full is not looked at", "condition=contains;condition=one_of", sheet.Sheet._believed, "self.leave(value.is_null())", "pass", first=7057, rows=5),
    _line("columns: a blank text is a text", "condition=contains", cells._string, "return s.set(s == \"\", None) if (s == \"\").any() else s", "return s"),
    # severity and owner
    _line("columns: the last level whose condition holds", "section=severity;levels=5", severity._known, "zip(holds, ranks, strict=True)", "reversed(list(zip(holds, ranks, strict=True)))", first=7024),
    _line("columns: a level that is unknown is dropped", "section=severity", severity._open, "return (*ranks, rank) if rank not in ranks else ranks, missing | holds.missing", "return ranks, missing | holds.missing"),
    _line("columns: a number at a bound is below it", "section=responsibility", responsibility._numbers, '("at_least", "above")', '("above", "above")', first=7008),
    _line("columns: the first text of the matrix is any other", "section=responsibility", responsibility._texts, "(number + 1).fill_null(0)", "number.fill_null(0)", first=7032),
    _line("columns: the first candidate is the owner", "section=responsibility", version.Judged.owner, "o.result.owner for o", "o.result.owner or next(iter(o.result.candidates), None) for o", first=7008),
    # frame
    _line("columns: exemptions are ignored", "frame=exempt", settling.settled_results, "exempt=tuple(exempt)", "exempt=()"),
    _line("columns: waivers are ignored", "frame=waivable", settling.settled_results, "state[slot] = waiver if state[slot] else None", "state[slot] = None", first=7003),
    _line("columns: results that differ in what they miss are one", "frame=when", settling.key_for, "result.outcome,\n        result.missing,\n", "result.outcome,\n", first=7001),
    # rules
    _line("columns: a ladder is climbed by one step only", "deadline=ladder", outcome_columns.Judged._due, "possibilities((step, climb(step + 1, holds))", "possibilities((step, step + 1)", first=7007),
    _line("columns: a step that does not hold is passed over", "deadline=ladder", outcome_columns.Judged._due, "if held is False:\n                return step", "if held is False:\n                step += 1\n                continue"),
    _line("columns: at risk when so much of the time is left", "deadline=at_risk_share", warning_columns.past_warning, "int(Decimal(risk) * _MILLION)", "int((1 - Decimal(risk)) * _MILLION)", first=7015),
    _line("columns: pauses nobody knows are none", "deadline=pauses", outcome_columns.Judged.verdicts, "if self.pauses is not None and", "if False and", first=7012),
    _line("columns: an unannounced day is certain", "deadline=provisional", outcome_columns.Judged._outcomes, "if year is not None:", "if False:", first=7020),
    _line("columns: an act at the due instant is late", "unit=hours", outcome_columns.Judged._against, "ABOVE(a, d).fill_null(o)", "(a >= d).fill_null(o)", first=7046),
    _line("columns: a requirement's moment has not come when it comes", "section=requirements", requirements._judged, "compared(sheet, \"by\", ", "compared(sheet, \"before\", ", first=7009),
    _line("columns: deleted at the end of the period is long enough", "section=retention", retention._against, "(gone.low <= until.low)", "(gone.low < until.low)", first=7146),
    _line("columns: a day of deletion is late if its end is", "section=retention", retention._against, "pl.when(ABOVE(first, high)).then(0)", "pl.when(last > high).then(0)", first=7051),
    _line("columns: breaches are counted once", "penalty=per_breach", penalties._breaches, "rule.per != \"breach\"", "True"),
    _line("columns: a possible breach costs nothing", "penalty=per_breach", penalties._class_of, "(result.possible is None or BREACHED in result.possible)", "result.possible is None"),
    _line("columns: an amount that grows is final", "penalty=accruing", penalties._standing, "if value.growing else", "if not value.growing else"),
    _line("columns: of several times none was broken", "unit=days", times_columns._Gather._told, "pl.col(\"late\").count()", "pl.lit(0)"),
    _line("columns: amounts have one digit too few", "penalty=per_breach;currency=KWD", version.Judged.amount, "pl.Decimal(38, self.minor_digits)", "pl.Decimal(38, self.minor_digits - 1)", first=7017),
    # the decision and the summary
    _line("columns: the best outcome is the status", "", version._judged, "pl.min_horizontal(*parts)", "pl.max_horizontal(*parts)"),
    _line("columns: an open breach is late by nothing", "unit=hours", version.Judged._late, "sheet.ended(done) - end", "(done.low or sheet.ended(done)) - end", first=7010),
    _line("columns: lateness counts from the last instant of a day", "unit=days", version.Judged._late, "beyond = -1", "beyond = 0", first=7016),
    _line("columns: records with a number are those without", "unit=days", sums.Sums._gather, "judged.id.expr.is_null()", "judged.id.expr.is_not_null()", first=7008),
    _line("columns: candidates are no owner", "section=responsibility", sums.Sums._owner, "if result.owner or result.candidates:", "if result.owner:", first=7008),
    _line("columns: missing names of an undecided outcome are counted once", "unit=days", sums._outcome, "rows.add(\"missing\", rule, name, count)", "rows.add(\"missing\", rule, name, 1)", first=7008),
    _line("columns: a penalty is summed up once", "penalty=per_breach", sums._penalty, "a * count", "a * 1"),
    _line("columns: the period of the day after", "section=portfolio", portions._periods, "timedelta(days=index), per)", "timedelta(days=index + 1), per)"),
    _line("columns: a portfolio counts what is out of scope", "section=portfolio;section=scope", portions.Portion.add_to, "if scope is False or", "if"),
    _line("columns: a row without a receipt is a blank one", "unit=days", tiers.Tiers.lacking, "(nothing.en, missing.en)", "(nothing.en, nothing.en)", first=7001),
)  # fmt: skip
