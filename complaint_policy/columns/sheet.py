"""The sheet of one policy version over one kind of table: every name of the policy as a column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from attrs import define, evolve, field, frozen

from complaint_policy.columns import conditions, entries, instants, numbers
from complaint_policy.columns.cells import Cells, read_cells
from complaint_policy.columns.clock import Clock
from complaint_policy.columns.plan import Ex, Plan, constant, on
from complaint_policy.columns.tabulating import TooWide, among, boolean_of, tabulated
from complaint_policy.columns.values import LEFT, LEFT_OVER, LEFT_SHAPE, Coded, Column, Instants, left_column
from complaint_policy.expressions import nodes as n
from complaint_policy.fields import LOG, Field, LogField
from complaint_policy.intake import empty_value
from complaint_policy.possible import Maybe
from complaint_policy.zones import Zone

if TYPE_CHECKING:
    from complaint_policy.kinds import Setting
    from complaint_policy.model import PolicyModel

__all__ = ["Hints", "Sheet", "Source", "Verdicts"]


@frozen(eq=False)
class Source:
    """Where a table has a field: an expression, its Polars type, and what a cell of it is to the record (None: itself)."""

    expr: pl.Expr
    kind: Any
    meaning: Callable[[Any], Any] | None = None
    blank: frozenset[str] = frozenset()  # the texts that ``expr`` takes for nothing, which its own text need not show


@frozen
class Hints:
    """What is known or believed of a table beforehand; a belief that a row does not fulfil leaves the row."""

    hopeful: bool = False  # rows out of the ordinary, such as acts before their start, are left to a sheet that is not
    full: frozenset[str] = frozenset()  # believed: given and usable on every row
    given: frozenset[str] = frozenset()  # known: no cell is null
    happened: frozenset[str] = frozenset()  # known: no time lies after the moment of judgement
    past: bool = False  # believed: no event lies after the moment of judgement
    numbers: frozenset[str] = frozenset()  # believed: every float is a number
    routed: bool = False  # known: only rows with a receipt within the clock's days are judged
    inside: frozenset[str] = frozenset()  # known: every time is within the clock's days, every number of reasonable size


@frozen
class Repeats:
    """Of a duty that has begun several times, those that were not kept; null where it is to be told by the one time that is shown."""

    broken: Ex  # how many there are
    late: Ex  # by how many microseconds the latest of them
    done: Ex  # when that one was done, null where it is not


@define
class Verdicts:
    """The results of one rule: codes of settled results, and what its instants are."""

    coded: Coded  # domain: results of the record evaluation, or what stands for them
    begun: Instants | None = None
    due: Instants | None = None
    done: Instants | None = None
    provisional: Ex | None = None  # rows whose due instant rests on days not announced yet
    repeats: Repeats | None = None


@frozen
class Waiving:
    """The waivers in force that a version allows."""

    records: Mapping[int, Any] = field(factory=dict)  # by number: ids or a condition; None: only the record evaluation can tell
    of_rule: Mapping[str, tuple[int, ...]] = field(factory=dict)


@define
class Sheet:
    """``sources``: where the table has each field it knows."""

    model: PolicyModel
    setting: Setting
    clock: Clock
    as_of: datetime  # naive UTC
    sources: Mapping[str, Source]
    used: frozenset[str]  # the fields a record of this version is read for
    rooms: dict[str, Callable[[Sheet], Any]]  # by step name: severity, owner, rule:<id>
    named: frozenset[str]  # the rules whose results other rules and facts look at
    hints: Hints
    waivers: Waiving
    tables: dict[Any, Any]  # tables of this clock, kept from audit to audit
    plan: Plan = field(factory=Plan)
    bad: dict[str, Ex] = field(factory=dict)  # unusable cells, by field
    reasons: list[str] = field(factory=list)  # what was left to the record evaluation, and why
    _left: list[Ex] = field(factory=list)
    _inside: set[str] = field(factory=set)  # columns of ticks that are all within the clock's days
    _made: dict[Any, Any] = field(factory=dict)
    _cells: dict[str, Cells | None] = field(factory=dict)

    @property
    def zone(self) -> Zone:
        return self.clock.zone

    @property
    def now(self) -> int:
        """The moment of judgement in ticks."""
        return self.clock.of_utc(self.as_of)

    # ---------------------------------------------------------------- rows left to the record evaluation
    def leave(self, rows: Ex) -> None:
        """Rows for which columns cannot speak (null: they can)."""
        self._left.append(rows)

    def leave_once(self, key: Any, rows: Callable[[], Ex]) -> None:
        """As :meth:`leave`, where the same may be asked for several times."""
        if ("leave", key) not in self._made:
            self._made["leave", key] = True
            self.leave(rows())

    def left(self) -> Ex | None:
        """Whether a row is left to the record evaluation, or None where none can be."""
        if not self._left:
            return None
        return on(lambda *parts: pl.any_horizontal(*parts).fill_null(False) if len(parts) > 1 else parts[0].fill_null(False), *self._left)

    # ---------------------------------------------------------------- fields
    def declared(self, name: str) -> Field:
        return self.model.fields[name]

    def cells(self, name: str) -> Cells | None:
        """The cells of a field; None where the table has no column for it."""
        if name not in self._cells:
            known = self.sources.get(name)
            cells = None
            if known is not None:
                cells = self._read(known, name)
                inside = name in self.hints.inside or (name == "received_at" and self.hints.routed)
                if inside and cells.value is not None:
                    self._inside.add(str(cells.value.expr))
                if cells.odd is not None and not inside:
                    self.leave(self._ahead(cells.value, cells.odd) if self.expected(name) and cells.value is not None else cells.odd)
                if name in self.hints.full and cells.value is not None and self.declared(name).type not in _SEVERAL:
                    cells = self._believed(name, cells)
                if cells.bad is not None:
                    cells.bad = self.plan.keep(cells.bad)
                    self.bad[name] = cells.bad
            self._cells[name] = cells
        return self._cells[name]

    def _read(self, known: Source, name: str) -> Cells:
        declared = self.declared(name)
        if isinstance(declared, LogField) and entries.readable(known):
            return entries.log_cells(self, known, declared)
        return read_cells(known, declared, self.clock, self.plan, self.model.currency, self.as_of, self.hints, name)

    def expected(self, name: str) -> bool:
        """Whether a time is believed to have happened; where it has not, its row is left."""
        known = self.sources[name]
        typed = known.meaning is None and known.kind.base_type() == pl.Datetime
        return self.hints.past and typed and self.declared(name).type == "event" and name not in self.hints.happened | {"received_at"}

    def _ahead(self, ticks: Ex, odd: Ex) -> Ex:
        """Times that have not happened, or that the clock does not know."""
        if not self.clock.steady:
            return odd | (ticks > self.now)
        return (ticks < self.clock.lowest) | (ticks > min(self.now, self.clock.highest))

    def _believed(self, name: str, cells: Cells) -> Cells:
        """Cells taken to be known; where one is not, its row is left."""
        value = cells.value
        assert value is not None
        if cells.tests is not None:
            self.leave(on(lambda *tests: ~pl.any_horizontal(*tests).fill_null(False), *cells.tests))
        elif cells.codes is not None and cells.high is None:
            self.leave(on(lambda c: c == 0, value) if name in self.hints.given else on(lambda c: c.is_null() | (c == 0), value))
        elif name not in self.hints.given:
            self.leave(value.is_null())
        if cells.bad is not None:
            self.leave(cells.bad)
        return Cells(value, None, None, cells.high, cells.codes, cells.tests)

    def _specials(self, name: str, cells: Cells) -> tuple[tuple[Any, ...], Callable[[], Ex] | None]:
        """What the null rows of a field are: an empty cell, or one that cannot be used."""
        if name in self.hints.full:
            return (), None
        empty = empty_value(self.declared(name))
        unknown = Maybe(None, frozenset({name}))
        if cells.bad is None:
            return (empty,), None
        bad = cells.bad
        return (empty, unknown), lambda: bad.cast(pl.UInt8).fill_null(0)

    def field_column(self, name: str) -> Column | Coded:
        key = ("field", name)
        if key not in self._made:
            self._made[key] = self._field(name)
        made: Column | Coded = self._made[key]
        return made

    def _field(self, name: str) -> Column | Coded:
        declared, cells = self.declared(name), self.cells(name)
        kind = "number" if declared.is_numeric else declared.type
        unknown = Maybe(None, frozenset({name}))
        if cells is None:
            return Coded(_zero(), (unknown,)) if kind == "enum" else Column(kind, None, (unknown,))
        if kind == "enum":
            return self._enum(declared, cells, unknown)
        whole = declared.is_numeric and cells.value is not None and (declared.type == "integer" or self._is_whole(name))
        if kind == "list":
            # What a list holds is asked cell by cell; beside that it is given or not.
            return Column(kind, cells.value, *self._specials(name, cells)) if cells.value is not None else Column(kind, None, (empty_value(declared),))
        if declared.default is None:
            specials, code = self._specials(name, cells)
            return Column(kind, cells.value, specials, code, whole)
        default = declared.default
        if kind == "number" and not whole:
            default = float(default)
        elif whole and int(default) != default:
            return left_column(kind)
        if cells.value is None:
            return Column(kind, Ex(pl.lit(default)), (), None, whole)
        if cells.bad is None:
            return Column(kind, self.plan.keep(cells.value.fill_null(default)), (), None, whole)
        value = self.plan.keep(on(lambda v, b: pl.when(~b.fill_null(False)).then(v.fill_null(default)), cells.value, cells.bad))
        return Column(kind, value, (unknown,), None, whole)

    def _is_whole(self, name: str) -> bool:
        kind = self.sources[name].kind
        return self.sources[name].meaning is None and bool(kind.is_integer()) and kind.base_type() not in (pl.UInt64, pl.Int128, pl.UInt128)

    def _enum(self, declared: Field, cells: Cells, unknown: Maybe) -> Coded:
        empty = empty_value(declared)
        if cells.value is None:
            return Coded(_zero(), (empty,))
        size = len(declared.values)
        if declared.name in self.hints.full and cells.codes is not None and size <= 64:
            # A row whose code is 0 is left: it may look up anything.
            code = cells.value if declared.name in self.hints.given else cells.value.fill_null(0)
            tests = None if cells.tests is None else (None, *cells.tests)
            return Coded(self.plan.keep(code), (declared.values[0], *declared.values), tests=tests)
        domain = (empty, *declared.values, unknown) if cells.bad is not None else (empty, *declared.values)

        def settle(code: pl.Expr) -> pl.Expr:
            return pl.when(code == 255).then(size + 1).otherwise(code).fill_null(0).cast(pl.UInt8 if size < 254 else pl.UInt16)

        if cells.codes is not None and cells.high is None and size <= 64:
            code = self.plan.keep(on(settle, cells.value))
            return Coded(code, domain)
        if cells.bad is None:
            return Coded(self.plan.keep(cells.value.fill_null(0).cast(pl.UInt16)), domain)
        code = on(lambda v, b: pl.when(b.fill_null(False)).then(size + 1).otherwise(v.fill_null(0)).cast(pl.UInt16), cells.value, cells.bad)
        return Coded(self.plan.keep(code), domain)

    def given(self, name: str) -> Column:
        """Whether the record, as it was given, has the value."""
        cells, declared = self.cells(name), self.declared(name)
        unknown = Maybe(None, frozenset({name}))
        if cells is None:
            return Column("boolean", None, (unknown,))
        if cells.value is None:
            return Column("boolean", Ex(pl.lit(False)))
        if declared.type == "event" and declared.default is None:
            # An event dated after as_of has not happened: it is not there yet.
            return instants.happened(self, n.NamedInstant(name))
        there = cells.value.is_not_null()
        if cells.codes is not None:
            there = on(lambda v: v.is_not_null() & (v != 255), cells.value) if cells.high is None else there
        if cells.bad is None:
            return Column("boolean", self.plan.keep(there))
        value = on(lambda t, b: pl.when(~b.fill_null(False)).then(t), there, cells.bad)
        return Column("boolean", self.plan.keep(value), (unknown,))

    def moment(self, name: str) -> Instants:
        """A field that is an instant."""
        key = ("moment", name)
        if key not in self._made:
            self._made[key] = instants.of_field(self, name)
        made: Instants = self._made[key]
        return made

    def ended(self, done: Instants) -> Ex:
        """When an act was done, by its first possible instant; of one that is not done, the moment of judgement."""
        return constant(self.now, pl.Int64) if done.low is None else done.low.fill_null(self.now)

    # ---------------------------------------------------------------- names
    def made(self, name: str) -> Any:
        """What a room gives for a step: ``severity``, ``owner``, ``rule:<id>``."""
        key = ("step", name)
        if key not in self._made:
            self._made[key] = self.rooms[name](self)
        return self._made[key]

    def severity(self) -> Coded:
        made: Coded = self.made("severity")
        return made

    def owner(self) -> Coded:
        made: Coded = self.made("owner")
        return made

    def verdicts(self, rule: str) -> Verdicts:
        made: Verdicts = self.made(f"rule:{rule}")
        return made

    def scope(self) -> Column:
        """Whether the policy speaks of the record."""
        if self.model.scope is None:
            return Column("boolean", Ex(pl.lit(True)))
        return self.condition(self.model.scope)

    def waived(self, rule: str) -> Column | None:
        """The records a waiver of the rule names, or None where there is none."""
        from complaint_policy.columns.conditions import conjunction

        parts = [self.named_by(number) for number in self.waivers.of_rule.get(rule, ())]
        return conjunction(self, parts, either=True) if parts else None

    def named_by(self, number: int) -> Column:
        """The records that a waiver names for certain."""
        from complaint_policy.columns.conditions import tested

        made = self._made.get(("waiver", number))
        if made is None:
            records = self.waivers.records[number]
            named = left_column("boolean")
            if isinstance(records, n.Condition):
                named = self.condition(records)
            elif records is not None:
                column = self.field_column("id")
                ids = sorted(one for one in records if one.encode("utf-8", "ignore").decode() == one)  # no table holds half of a surrogate pair
                if isinstance(column, Column) and column.kind == "string":
                    named = tested(self, column, lambda v: on(lambda e: e.is_in(ids), v), lambda s: False)
            certain = tabulated(self.plan, [named.coded(self.plan)], lambda v: v if isinstance(v, bool) else LEFT_OVER if LEFT in v.missing else False)
            if any(v is LEFT_OVER for v in certain.domain):
                self.leave(among(certain, lambda v: v is LEFT_OVER))
            made = self._made["waiver", number] = boolean_of(self.plan, certain)
        column_: Column = made
        return column_

    # ---------------------------------------------------------------- expressions
    def condition(self, node: n.Condition | None, around: instants.Around | None = None) -> Column:
        """A condition as a boolean column."""
        if node is None:
            return Column("boolean", Ex(pl.lit(True)))
        made: Column = self._remembered(node, around, lambda: conditions.condition(self, node, around), left_column("boolean"))
        return made

    def value(self, node: n.Value) -> Column | Coded:
        made: Column | Coded = self._remembered(node, None, lambda: numbers.value(self, node), left_column("number"))
        return made

    def instant(self, node: n.Instant, around: instants.Around | None = None) -> Instants:
        made: Instants = self._remembered(node, around, lambda: instants.instant(self, node, around), Instants(None, None, (LEFT_SHAPE,)))
        return made

    def fact(self, name: str, make: Callable[[], Column | Coded]) -> Column | Coded:
        """What a fact gives.  Of one that mentions other facts it is a column: an expression would double with every two mentions."""

        def made() -> Column | Coded:
            found = make()
            rests_on = n.names_in(self.model.facts[name].expression)
            if isinstance(found, Column) and found.value is not None and any(mentioned.startswith("fact:") for mentioned in rests_on):
                return evolve(found, value=self.plan.keep(found.value))
            return found

        given: Column | Coded = self.remembered(("fact", name), made)
        return given

    def remembered(self, key: Any, make: Callable[[], Any]) -> Any:
        """What is made once for a key."""
        if ("made", key) not in self._made:
            self._made["made", key] = make()
        return self._made["made", key]

    def _remembered(self, node: Any, around: Any, make: Callable[[], Any], otherwise: Any) -> Any:
        """Made once for equal expressions; what would need too large a table is left to the record evaluation."""
        key = ("node", type(node).__name__, node, around if around is not None and around.matters(node) else None)
        if key not in self._made:
            try:
                self._made[key] = make()
            except TooWide:
                self.reasons.append("table too wide")
                self._made[key] = otherwise
        return self._made[key]

    # ---------------------------------------------------------------- helpers
    def day_index(self, ticks: Ex) -> Ex:
        """The local day of instants, counted from the clock's first day; computed once for each column of instants."""
        ticks = self.plan.keep(ticks)  # a column by its name: the texts of two expressions may be alike where their tables are not
        key = ("day", str(ticks.expr), ticks.stage)
        if key not in self._made:
            self._made[key] = self.plan.keep(self.clock.day(ticks, inside=str(ticks.expr) in self._inside))
        made: Ex = self._made[key]
        return made


# Types whose cells hold several things; an empty list is there, and says nothing.
_SEVERAL: Final = frozenset({LOG, "instants"})


def _zero() -> Ex:
    return Ex(pl.lit(0, dtype=pl.UInt8), 0, True)
