"""One policy version over a table: the sheet, and the columns of its decisions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from attrs import define, evolve, field, frozen

from complaint_policy.columns.amounts import Proposals
from complaint_policy.columns.clock import Clock
from complaint_policy.columns.lengths import shown
from complaint_policy.columns.plan import ABOVE, Ex, constant, looked_up, on
from complaint_policy.columns.settling import leave_undecided
from complaint_policy.columns.sheet import Hints, Sheet, Source, Verdicts, Waiving
from complaint_policy.columns.tabulating import TooWide, among, lookup, worded
from complaint_policy.columns.values import EXACT, LATER, NO_END, Coded, Column, is_left
from complaint_policy.expressions import nodes as n
from complaint_policy.frame import COMPANY
from complaint_policy.outcomes import BREACHED, INDETERMINATE, NOT_APPLICABLE, RANK, STATUS_ORDER
from complaint_policy.possible import Maybe

if TYPE_CHECKING:
    from complaint_policy.compiled import CompiledVersion

__all__ = ["OUTCOME", "Judged", "Late", "Unsupported", "judged_version"]

OUTCOME: Final = pl.Enum(list(STATUS_ORDER))
# Kinds whose rules put nothing into the table of decisions.
_ELSEWHERE: Final = frozenset({"escalation", "portfolio"})


class Unsupported(Exception):
    """A kind of rule that has no columns: its version is judged record by record."""


@define
class RuleColumns:
    """What the table says of one rule."""

    id: str
    kind: str
    coded: Coded
    verdicts: Verdicts | None = None


@frozen
class Late:
    """How late the acts of a rule are: of the ``breached`` rows ``span + beyond`` microseconds (null where nobody knows)."""

    breached: Ex
    span: Ex  # of other rows it may be anything
    beyond: int
    opened: Ex  # breached, and still to be done


@define
class Judged:
    """A version over a table: ``left`` says which rows are left to the record evaluation (None: none can be)."""

    sheet: Sheet
    rules: tuple[RuleColumns, ...]
    severity: Coded | None
    owned: Coded | None
    scope: Column
    status: Ex
    statuses: tuple[int, ...]  # the ranks that the status of a row can have
    id: Ex
    left: Ex | None
    minor_digits: int
    portions: Any = None  # what the caller wanted of the sheet beside
    asked: dict[Any, Any] = field(factory=dict, eq=False)  # what callers have made of it, by keys of theirs

    def rule(self, identity: str) -> RuleColumns | None:
        return next((r for r in self.rules if r.id == identity), None)

    # ---------------------------------------------------------------- columns of the table
    def severity_level(self, kind: Any) -> Ex:
        """The level by name as an enumeration ``kind``, null where it is undecided or the policy has none."""
        levels = self.sheet.model.section("severity")
        names: tuple[str, ...] = getattr(levels, "levels", ())
        if self.severity is None or not names:
            return constant(None, kind)
        in_order = kind.categories.head(len(names)).to_list() == list(names)
        if in_order and len(self.severity.domain) == len(names) and all(type(v) is int and v == i for i, v in enumerate(self.severity.domain)):
            return self._in_scope(worded(self.severity.code, range(len(names)), kind))
        return self._in_scope(lookup(self.severity, [names[v] if isinstance(v, int) else None for v in self.severity.domain], kind))

    def _in_scope(self, value: Ex) -> Ex:
        if self.sheet.model.scope is None or self.scope.value is None:
            return value
        return on(lambda v, s: pl.when(s.fill_null(True)).then(v), value, self.scope.value)

    def owner(self, kind: Any) -> Ex:
        """The owner as an enumeration ``kind``, null where there may be several."""
        if self.owned is None:
            return constant(None, kind)
        return self._in_scope(lookup(self.owned, [o.result.owner for o in self.owned.domain], kind))

    def outcome(self, rule: RuleColumns) -> Ex:
        if rule.coded.placed:
            return worded(rule.coded.code, _ranks_of(rule.coded), OUTCOME)
        return lookup(rule.coded, [r.outcome for r in rule.coded.domain], OUTCOME)

    def breaches(self, rule: RuleColumns) -> Ex:
        """How often a rule was not kept."""
        breached = among(rule.coded, lambda r: r.outcome == BREACHED)
        repeats = None if rule.verdicts is None else rule.verdicts.repeats
        if repeats is None:
            return breached.cast(pl.Int64)
        return on(lambda b, times: pl.when(b).then(times.fill_null(1)).otherwise(0).cast(pl.Int64), breached, repeats.broken)

    def without_waiver(self, rule: RuleColumns) -> Ex:
        """What a waived outcome would be."""
        found = [getattr(r, "without_waiver", None) for r in rule.coded.domain]
        return constant(None, OUTCOME) if all(outcome is None for outcome in found) else lookup(rule.coded, found, OUTCOME)

    def due_at(self, rule: RuleColumns, zone: str | None) -> Ex:
        """Due instants in a time zone of Polars'; without one in naive UTC."""
        due = rule.verdicts.due if rule.verdicts is not None else None
        ticks = shown(self.sheet, due) if due is not None else None
        kind = pl.Datetime("us", zone)
        return constant(None, kind) if ticks is None else on(lambda t: t.cast(kind), ticks)

    def amount(self, rule: RuleColumns, part: str = "amount") -> Ex:
        values = [None if p is None else getattr(p, part) for p in rule.coded.domain]
        kind, digits = pl.Decimal(38, self.minor_digits), self.minor_digits
        minor = rule.coded.minor(part, digits) if isinstance(rule.coded, Proposals) else None
        if minor is not None:
            unit = pl.lit(Decimal(1).scaleb(-digits), pl.Decimal(38, digits))
            of_row = on(lambda m: (m.cast(pl.Decimal(38, 0)) * unit).cast(kind), minor)
            return of_row if all(v is None for v in values) else on(lambda a, b: pl.coalesce(a, b), of_row, lookup(rule.coded, values, kind))
        if all(v is None for v in values):
            return constant(None, kind)
        return lookup(rule.coded, values, kind)

    def missing(self, coded: Coded, names: Callable[[Any], tuple[str, ...]]) -> Ex:
        lists = [list(names(v)) or None for v in coded.domain]
        table = pl.lit(pl.Series(lists, dtype=pl.List(pl.String)))
        return looked_up(table, coded.code)

    def severity_names(self, value: Any) -> tuple[str, ...]:
        """The levels a severity's value may be."""
        names = self.sheet.model.section("severity").levels
        return tuple(names[v] for v in value.options or ()) if isinstance(value, Maybe) else (names[value],)

    # ---------------------------------------------------------------- what the summary reads
    def waiver_marks(self) -> list[Ex]:
        """The marks of :attr:`Decision.waiver_marks`, null where a row does not have them."""
        found: list[Ex] = []
        for number in self.sheet.waivers.records:
            named = self.sheet.named_by(number).value
            if named is not None:
                found.append(on(lambda v, mark=str(number): pl.when(v.fill_null(False)).then(pl.lit(mark)), named))
        for rule in self.rules:
            marks = [f"{rule.id}={w}" if (w := getattr(r, "without_waiver", None)) is not None else None for r in rule.coded.domain]
            if any(mark is not None for mark in marks):
                found.append(lookup(rule.coded, marks, pl.String))
        return found

    def lateness(self, rule: RuleColumns) -> tuple[Ex, Ex]:
        """By how much each breached act is late (microseconds, null where nobody knows), and whether it is still open."""
        late = self.late(rule)
        return on(lambda b, s: pl.when(b).then(s + late.beyond if late.beyond else s), late.breached, late.span), late.opened

    def late(self, rule: RuleColumns) -> Late:
        """The same in the parts it is made of: of many rows few are breached, and only those have to be looked at."""
        breached = among(rule.coded, lambda r: r.outcome == BREACHED)
        verdicts = rule.verdicts
        late = self._late(verdicts, breached)
        repeats = None if verdicts is None else verdicts.repeats
        if repeats is None:
            return late
        # Of several times the latest is not always the one that is shown.
        span = on(lambda own, several: pl.coalesce(several - late.beyond, own), late.span, repeats.late)
        opened = on(lambda own, b, span, d: pl.when(span.is_not_null()).then(b & d.is_null()).otherwise(own), late.opened, breached, repeats.late, repeats.done)
        return evolve(late, span=span, opened=opened)

    def _late(self, verdicts: Verdicts | None, breached: Ex) -> Late:
        if verdicts is None or verdicts.due is None or verdicts.due.low is None or verdicts.done is None:
            return Late(breached, constant(None, pl.Int64), 0, constant(False, pl.Boolean))
        due, done, sheet = verdicts.due, verdicts.done, self.sheet
        now = sheet.now
        opened = breached & among(done.state(sheet.plan), lambda shape: shape.kind == LATER)
        latest = due.high or due.low
        end: Any = latest
        beyond = 0
        if due.ends is True:
            beyond = -1
        elif due.ends is not False:
            end = on(lambda t, e: pl.when(e).then(t + 1).otherwise(t), latest, due.ends)
        if due.exact and done.exact and all(shape.kind in (EXACT, LATER) for shape in done.shapes):
            return Late(breached, sheet.ended(done) - end, beyond, opened)
        act = constant(None, pl.Int64) if done.low is None else done.low

        def over(o: pl.Expr, a: pl.Expr, last: pl.Expr, e: pl.Expr) -> pl.Expr:
            there = last < NO_END
            return pl.when(o & there).then(now - e).when(there & ABOVE(a, last)).then(a - e)

        return Late(breached, on(over, opened, act, latest, end), beyond, opened)


def _ranks_of(coded: Coded) -> list[int]:
    """The ranks of the outcomes that rows have; where they are the codes, one that no row has stands for any outcome."""
    return sorted({rank for code, verdict in enumerate(coded.domain) if (rank := RANK[verdict.outcome]) == code or not coded.placed})


def judged_version(
    compiled: CompiledVersion,
    sources: Mapping[str, Source],
    as_of: datetime,
    days: tuple[date, date],
    hints: Hints,
    rules: tuple[Any, ...],
    minor_digits: int,
    waivers: Waiving,
    beside: Callable[[Sheet], Any] | None = None,
) -> Judged:
    """The version over a table with those columns.

    ``sources`` says where the table has each field it knows; ``days`` the first and last day that times are
    expected on; ``hints`` what is known or believed of it; ``rules`` the ids and kinds of the columns wanted, ``beside``
    what else is wanted of the sheet.  Raises :class:`Unsupported`.
    """
    model = compiled.model
    clock = Clock(compiled.zone, *days)
    rooms: dict[str, Callable[[Sheet], Any]] = {}
    for kind in compiled.kinds:
        section = model.section(kind.key)
        if kind.columns is not None:
            rooms |= dict(import_module(kind.columns).columns(section))
        elif kind.key not in _ELSEWHERE and any(True for _ in kind.steps(section)):
            raise Unsupported(kind.key)
    # Of the rules a penalty is for only breaches matter; what its conditions and amounts ask is asked in full.
    penalties = {f"rule:{rule.id}" for rule in model.section("penalties")}
    used = tuple(name for _, name, *_ in compiled.intake.fields)
    needs = {need for name, rests_on in compiled.needs.items() if name not in penalties for need in rests_on}
    needs |= {name for rule in model.section("penalties") for part in n.children(rule) for name in n.names_in(part)}
    for figure in model.sections.get("portfolio", ()):
        needs |= {*n.names_in(figure.of), *n.names_in(figure.among)}
    named = {need.removeprefix("rule:") for need in needs}
    tables = compiled.kept.setdefault(("tables", days), {})
    sheet = Sheet(model, compiled.setting, clock, as_of, sources, frozenset(used), rooms, frozenset(named), hints, waivers, tables)
    asked = ["record"]
    try:
        return _judged(sheet, used, rules, minor_digits, beside, asked)
    except (TooWide, RecursionError):  # too many combinations, or a longer chain of facts than Python can go down
        raise Unsupported(asked[-1]) from None


def _judged(
    sheet: Sheet, used: tuple[str, ...], rules: tuple[Any, ...], minor_digits: int, beside: Callable[[Sheet], Any] | None, asked: list[str]
) -> Judged:
    """``asked`` is told what is being made, so that what has no columns can be named."""
    model, plan = sheet.model, sheet.plan
    for name in used:
        sheet.cells(name)  # a cell that cannot be used is counted, whether or not it was looked at
    for waiver in sheet.waivers.records:
        sheet.named_by(waiver)  # counted, whatever it turns
    asked.append("severity")
    severity = sheet.severity() if getattr(model.section("severity"), "levels", ()) else None
    asked.append("responsibility")
    matrix = model.section("responsibility")
    owned: Coded | None = sheet.made("owned") if getattr(matrix, "by", ()) or getattr(matrix, "otherwise", None) else None
    found: list[RuleColumns] = []
    ranks: list[Ex] = []
    possible: set[int] = set()
    for wanted in rules:
        rule = model.rule(wanted.id)
        if rule is None:
            continue
        asked.append(rule.id)
        if not wanted.judged:
            coded: Coded = sheet.made(f"rule:{rule.id}")
            leave_undecided(sheet, coded)
            found.append(RuleColumns(rule.id, wanted.kind, coded))
            continue
        verdicts = sheet.verdicts(rule.id)
        leave_undecided(sheet, verdicts.coded)
        if verdicts.due is not None and any(is_left(s.missing) for s in verdicts.due.shapes):
            sheet.leave(among(verdicts.due.state(plan), lambda s: is_left(s.missing)))  # its due instant is shown, whatever its outcome
        column = RuleColumns(rule.id, wanted.kind, verdicts.coded, verdicts)
        found.append(column)
        if rule.duty_of == COMPANY:
            placed = verdicts.coded.placed
            possible.update(_ranks_of(verdicts.coded))
            ranks.append(
                verdicts.coded.code.cast(pl.UInt8) if placed else lookup(verdicts.coded, [RANK[r.outcome] for r in verdicts.coded.domain], pl.UInt8)
            )
    if severity is not None and any(isinstance(v, Maybe) and is_left(v.missing) for v in severity.domain):
        sheet.leave(among(severity, lambda v: isinstance(v, Maybe) and is_left(v.missing)))
    if owned is not None and any(is_left(o.result.missing) for o in owned.domain):
        sheet.leave(among(owned, lambda o: is_left(o.result.missing)))
    scope = sheet.scope()
    if any(isinstance(s, Maybe) and is_left(s.missing) for s in scope.specials):
        coded_scope = scope.coded(plan)
        sheet.leave(among(coded_scope, lambda v: isinstance(v, Maybe) and is_left(v.missing)))
    status = on(lambda *parts: pl.min_horizontal(*parts) if len(parts) > 1 else parts[0], *ranks) if ranks else None
    if model.scope is not None:
        outside, unknown = RANK[NOT_APPLICABLE], RANK[INDETERMINATE]
        possible |= {outside, unknown}
        held = scope.value if scope.value is not None else constant(None, pl.Boolean)
        if status is None:
            status = on(lambda s: pl.when(s.is_null()).then(unknown).otherwise(outside).cast(pl.UInt8), held)
        else:
            status = on(lambda r, s: pl.when(s.fill_null(True)).then(r).otherwise(outside).cast(pl.UInt8), status, held)
    elif status is None:
        status = constant(RANK[NOT_APPLICABLE], pl.UInt8)
    identity = sheet.field_column("id")
    number = identity.value if isinstance(identity, Column) and identity.kind == "string" else None
    asked.append("portfolio")
    portions = beside(sheet) if beside is not None else None
    shown = number or constant(None, pl.String)
    return Judged(sheet, tuple(found), severity, owned, scope, plan.keep(status), tuple(sorted(possible)), shown, sheet.left(), minor_digits, portions)
