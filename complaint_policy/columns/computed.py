"""What a plugin computes, on columns: its own column function where it has one, else its function once for each different set of values.

A column function that fails, or gives what it must not, costs nothing but time: its rows are computed by the function.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from attrs import frozen

from complaint_policy.columns.clock import FIRST_TICK, LAST_TICK, Clock
from complaint_policy.columns.entries import readable
from complaint_policy.columns.plan import Ex, constant, looked_up, on
from complaint_policy.columns.python_cells import python_rows
from complaint_policy.columns.tabulating import tabulated
from complaint_policy.columns.values import EXACT, KNOWN, LEFT_OVER, SPAN, Coded, Column, Instants, Shape, code_type, left_column
from complaint_policy.event_log import UNKNOWN_LOG
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.computed import ENTRIES, Call, Computed, ComputedInstant, ComputedTest, Read, handed, over_possibilities, plain_number
from complaint_policy.expressions.evidence import Classified, counted
from complaint_policy.guarded import WATCH, Failed, Guarded, Refused, Watch, here, watched_call
from complaint_policy.intake import cell_reader
from complaint_policy.possible import Interval, Maybe
from complaint_policy.texts import Text

if TYPE_CHECKING:
    from complaint_policy.columns.sheet import Sheet

__all__ = ["computed_instants", "computed_value"]

# Of larger numbers the record evaluation speaks, as elsewhere on columns.
_LARGEST: Final = 10**15
_GIVEN, _UNTOLD, _LEFT = 0, 1, 2
# How Polars writes expressions that call a function of Python.
_OF_PYTHON: Final = (".python_udf(", ".rolling_map(")
_PHYSICAL: Final[dict[str, Any]] = {
    "boolean": pl.Boolean,
    "integer": pl.Int64,
    "number": pl.Float64,
    "money": pl.Float64,
    "string": pl.String,
    "enum": pl.String,
    "instant": pl.Int64,
}
_MOMENTS: Final = frozenset({"date", "datetime", "event", "instant"})
# Types whose cells no column holds.
_SEVERAL: Final = frozenset({"list", "intervals", "instants"})


@frozen
class _Asked:
    """On such a row the function is called; ``empty`` says which of its arguments are None."""

    empty: tuple[bool, ...]


@frozen
class _Argument:
    """One value the function reads: what it is on each row, and its known values as a column."""

    state: Coded
    known: Ex
    read: Callable[[Any], Any]  # from a cell of the column to what the function is given
    shown: Callable[[pl.Expr], pl.Expr]  # the column as column functions get it
    alike: bool = True  # whether equal cells are found by Polars


def computed_value(sheet: Sheet, node: Computed | ComputedTest | Classified) -> Column | Coded:
    kind = {"integer": "number", "money": "number", "enum": "string"}.get(node.kind, node.kind)
    made = _computed(sheet, node.call, node.parts)
    if made is None:
        return left_column(kind)
    value, specials, code = made
    return Column(kind, value, specials, code, whole=node.kind == "integer")


def computed_instants(sheet: Sheet, node: ComputedInstant) -> Instants:
    made = _computed(sheet, node.call, node.parts)
    if made is None:
        return Instants(None, None, (Shape.of(LEFT_OVER),))
    value, specials, code = made
    if value is None or code is None:
        return Instants(None, None, tuple(dict.fromkeys(Shape.of(special) for special in specials)))
    shapes = list(dict.fromkeys((Shape(EXACT), *(Shape.of(special) for special in specials))))
    where = [shapes.index(Shape.of(special)) for special in specials]

    def state() -> Ex:
        codes = code_type(len(shapes))
        table = pl.lit(pl.Series(where, dtype=codes))
        return on(lambda v, c: pl.when(v.is_not_null()).then(0).otherwise(table.gather(c.cast(pl.UInt32))).cast(codes), value, code())

    return Instants(value, None, tuple(shapes), state)


def _computed(sheet: Sheet, call: Call, parts: tuple[n.Expression, ...]) -> tuple[Ex | None, tuple[Any, ...], Callable[[], Ex] | None] | None:
    """The values, what the other rows are, and which of these; ``None`` where columns cannot say."""
    plan = sheet.plan
    arguments: list[_Argument] = []
    for read, part in zip(call.reads, parts, strict=True):
        if read.type == ENTRIES:
            argument: _Argument | None = _log(sheet, read)
        elif read.type in _SEVERAL:
            argument = _several(sheet, read, part)
        else:
            argument = _moment(sheet, read, part) if isinstance(part, n.Instant) else _value(sheet, read, part) if isinstance(part, n.Value) else None
        if argument is None:
            return None
        arguments.append(argument)
    hands = [handed(read, sheet.zone) for read in call.reads]

    def answer(*states: Any) -> Any:
        values = [KNOWN if state is KNOWN else hand(state) for hand, state in zip(hands, states, strict=True)]
        if any(isinstance(v, Maybe) for v in values):
            if any(isinstance(v, Maybe) and v.options is not None for v in values):
                return LEFT_OVER
            return over_possibilities(call, values, {})
        return _Asked(tuple(v is None for v in values))

    pattern = tabulated(plan, [argument.state for argument in arguments], answer, key=lambda found: found if isinstance(found, _Asked) else _same(found))
    asked = [found for found in pattern.domain if isinstance(found, _Asked)]
    others = tuple(found for found in pattern.domain if not isinstance(found, _Asked))
    if not asked:
        index = pattern.code
        return None if not others else (None, others, (lambda: index) if len(others) > 1 else None)
    untold = Maybe(None, frozenset({call.name}))
    specials = (untold, LEFT_OVER, *others)
    run = _Run(call, sheet.clock, WATCH.get(), arguments, pattern.domain)
    shape = pl.Struct({"value": _PHYSICAL[call.kind], "state": pl.UInt8})
    columns = [pattern.code, *(argument.known for argument in arguments)]
    kept = plan.keep(on(lambda *exprs: pl.map_batches(list(exprs), run, return_dtype=shape, is_elementwise=True), *columns))
    value = plan.keep(on(lambda k: k.struct.field("value"), kept))
    state = plan.keep(on(lambda k: k.struct.field("state"), kept))
    counted = iter(range(2, 2 + len(others)))
    places = [0 if isinstance(found, _Asked) else next(counted) for found in pattern.domain]
    elsewhere = constant(places[0], pl.UInt8) if len(places) == 1 else looked_up(pl.lit(pl.Series(places, dtype=pl.UInt8)), pattern.code)

    def code() -> Ex:
        return plan.keep(on(lambda s, e: pl.when(s == _UNTOLD).then(0).when(s == _LEFT).then(1).otherwise(e).cast(pl.UInt8), state, elsewhere))

    return value, specials, code


def _same(found: Any) -> Any:
    return (found.missing, found.open, found is LEFT_OVER)


# --------------------------------------------------------------------------- arguments
def _value(sheet: Sheet, read: Read, part: n.Value) -> _Argument | None:
    found = sheet.value(part)
    plan = sheet.plan
    if isinstance(found, Coded):
        known = [None if isinstance(v, Maybe) or not isinstance(v, (bool, int, str, Decimal)) else v for v in found.domain]
        state = tabulated(plan, [found], lambda v: KNOWN if isinstance(v, (bool, int, str, Decimal)) else v)
        kind = _PHYSICAL.get(read.type, pl.String)
        if kind not in (pl.String, pl.Boolean):
            return None
        table = pl.lit(pl.Series(known, dtype=kind))
        value = constant(known[0], kind) if len(known) == 1 else looked_up(table, found.code)
        return _Argument(state, plan.keep(value), lambda cell: cell, lambda e: e)
    if found.kind not in ("boolean", "number", "string") or found.scale is not None:
        return None
    kind = _PHYSICAL.get(read.type, pl.String)
    if found.value is None:
        return _Argument(found.state(plan), constant(None, kind), lambda cell: cell, lambda e: e)
    numeric = read.type in ("number", "money")
    cell: Callable[[Any], Any] = (
        (lambda c: plain_number(Decimal(repr(c)) if isinstance(c, float) else c)) if numeric else int if read.type == "integer" else _itself
    )
    return _Argument(found.state(plan), plan.keep(found.value), cell, lambda e: e.cast(kind) if numeric else e)


def _itself(cell: Any) -> Any:
    return cell


def _several(sheet: Sheet, read: Read, part: n.Expression) -> _Argument | None:
    """What a cell holds several of, by the record evaluation's own reader; columns have nothing but whether it is there."""
    if not isinstance(part, n.NamedValue) or part.source != "field":
        return None
    found, source, declared = sheet.value(part), sheet.sources.get(part.name), sheet.declared(part.name)
    if not isinstance(found, Column) or (found.value is not None and read.type != "list"):
        return None
    if source is not None and source.kind == pl.Object:
        return None
    if found.value is None or source is None:
        return _Argument(found.state(sheet.plan), constant(None, pl.Boolean), _itself, _itself)
    hand, reader, as_of, meaning = handed(read, sheet.zone), cell_reader(declared, sheet.zone, sheet.model.currency), sheet.as_of, source.meaning or _itself
    wrapped = sheet.plan.keep(on(lambda e: pl.struct(e.alias("cell")), Ex(source.expr)))
    return _Argument(found.state(sheet.plan), wrapped, lambda cell: hand(reader(meaning(cell["cell"]), as_of)), _itself, alike=False)


def _log(sheet: Sheet, read: Read) -> _Argument:
    """The entries of a kind, by the record evaluation's own reader of each log."""
    source, cells, declared = sheet.sources.get("events"), sheet.cells("events"), sheet.declared("events")
    hand, as_of = handed(read, sheet.zone), sheet.as_of
    if source is None or cells is None:
        return _Argument(Coded(constant(0, pl.UInt8), (UNKNOWN_LOG,)), constant(None, pl.Boolean), _itself, _itself)
    reader = cell_reader(declared, sheet.zone, sheet.model.currency)
    if cells.value is None or not readable(source):
        # A log with entries is left; what is no log at all is known to be none.
        nothing = hand(reader(None, as_of))
        state = Coded(constant(0, pl.UInt8), (KNOWN,)) if cells.bad is None else Coded(None, (KNOWN, UNKNOWN_LOG), sheet.plan.keep(cells.bad.fill_null(False)))
        return _Argument(state, constant(True, pl.Boolean), lambda cell: nothing, _itself)
    # Within a structure a log that is absent is there like any other.
    wrapped = sheet.plan.keep(on(lambda e: pl.struct(e.alias("log")), Ex(source.expr)))
    return _Argument(Coded(constant(0, pl.UInt8), (KNOWN,)), wrapped, lambda cell: hand(reader(cell["log"], as_of)), _itself, alike=False)


def _moment(sheet: Sheet, read: Read, part: n.Instant) -> _Argument | None:
    found = sheet.instant(part)
    plan, clock, zone = sheet.plan, sheet.clock, sheet.zone
    day = read.type == "date"
    anything = Interval(sheet.as_of, sheet.as_of, frozenset({read.name}))

    def stands(shape: Shape) -> Any:
        if shape.kind == EXACT or (shape.kind == SPAN and day and shape.interval):
            return KNOWN
        if shape.kind == SPAN:
            return anything if shape.interval else LEFT_OVER
        return shape.value(None, None)

    state = tabulated(plan, [found.state(plan)], stands)
    name = zone.name

    def moment(ticks: Any) -> Any:
        return zone.to_aware(clock.to_utc(ticks))

    def shown(e: pl.Expr) -> pl.Expr:
        utc = clock.to_utc_column(Ex(e)).expr
        local = utc.cast(pl.Datetime("us")).dt.replace_time_zone("UTC").dt.convert_time_zone(name)
        return local.dt.date() if day else local

    # A time that Python has none for is not there: its row is left to the record evaluation.
    known = constant(None, pl.Int64) if found.low is None else plan.keep(on(lambda v: pl.when(v.is_between(FIRST_TICK, LAST_TICK)).then(v), found.low))
    return _Argument(state, known, (lambda ticks: moment(ticks).date()) if day else moment, shown)


# --------------------------------------------------------------------------- running
class _Run:
    """Computes a batch: codes of the pattern and known values in, values and states out."""

    def __init__(self, call: Call, clock: Clock, watch: Watch | None, arguments: list[_Argument], domain: tuple[Any, ...]) -> None:
        self.call, self.clock, self.watch = call, clock, watch
        self.readers = [argument.read for argument in arguments]
        self.shown = [argument.shown for argument in arguments]
        self.alike = all(argument.alike for argument in arguments)
        self.asked = pl.Series([isinstance(found, _Asked) for found in domain], dtype=pl.Boolean)
        self.domain = domain
        self.take = _taking(call.kind, clock) if call.threshold is None else _counting(call)
        self.expression = self._made()

    def __call__(self, parts: Any) -> pl.Series:
        # What is one value for all rows comes as one cell, also where there is no row.
        height = next((len(part) for part in parts if len(part) != 1), 1)
        series = [part if len(part) == height else part.head(0) if not height else part.new_from_index(0, height) for part in parts]
        frame = pl.DataFrame([part.alias(f"a{i}") for i, part in enumerate(series)])
        wanted = frame.select(self.asked.gather(pl.Series(frame["a0"]).cast(pl.UInt32)).alias("w") if height else pl.lit(None, pl.Boolean).alias("w"))["w"]
        # A sheet that believes what was seen of a table may meet a cell that is none: its row goes on to the next.
        whole = wanted & self._whole(frame) if height else wanted
        rows = frame.filter(whole) if height else frame
        done = self._by_column(rows) if self.expression is not None and rows.height else None
        answered = done if done is not None else self._by_function(rows)
        if rows.height == height:
            return answered.to_struct("computed")
        places = whole.arg_true()
        value = pl.Series("value", [None], dtype=_PHYSICAL[self.call.kind]).new_from_index(0, height).scatter(places, answered["value"])
        state = (wanted & ~whole).cast(pl.UInt8).alias("state") * _LEFT
        return pl.DataFrame([value, state.scatter(places, answered["state"])]).to_struct("computed")

    def _whole(self, frame: pl.DataFrame) -> pl.Series:
        """The rows where every value is there that the pattern says is."""
        found = pl.lit(True)
        for place in range(len(self.readers)):
            empty = pl.Series([isinstance(one, _Asked) and one.empty[place] for one in self.domain], dtype=pl.Boolean)
            found = found & (pl.col(f"a{place + 1}").is_not_null() | pl.lit(empty).gather(pl.col("a0").cast(pl.UInt32)))
        return frame.select(found.alias("whole"))["whole"]

    # ---------------------------------------------------------------- by the function
    def _by_function(self, rows: pl.DataFrame) -> pl.DataFrame:
        different = rows.unique(maintain_order=True) if self.alike else rows
        empties = [found.empty if isinstance(found, _Asked) else () for found in self.domain]
        calls = [
            tuple(None if empty else read(cell) for read, cell, empty in zip(self.readers, cells, empties[code], strict=True))
            for code, *cells in (different.iter_rows() if self.alike else python_rows(different))
        ]
        # An entry that is known by its day alone is no argument.
        told = calls if self.alike else [call for call in calls if not any(isinstance(value, Maybe) for value in call)]
        results = watched_call(self.watch, self.call.guarded, told, self.call.named)
        answers = [(None, _LEFT) if found.__class__ is Failed else (None, _UNTOLD) if found is None else self.take(found) for found in results]
        if len(told) < len(calls):
            given = iter(answers)
            answers = [(None, _LEFT) if any(isinstance(value, Maybe) for value in call) else next(given) for call in calls]
        schema = {"value": _PHYSICAL[self.call.kind], "state": pl.UInt8}
        found = pl.DataFrame(answers, schema=schema, orient="row")
        if different.height == rows.height:
            return found
        numbered = different.with_row_index("\x1fat")
        at = rows.join(numbered, on=rows.columns, how="left", nulls_equal=True, maintain_order="left")["\x1fat"]
        return found[at]

    # ---------------------------------------------------------------- by its columns
    def _by_column(self, rows: pl.DataFrame) -> pl.DataFrame | None:
        """What the column function gives; ``None`` where it fails, so that the function is asked."""
        found = here(self.watch, self._guarded(self._columns, _itself), (rows,))
        return None if isinstance(found, Failed) else found

    def _guarded(self, function: Callable[..., Any], accept: Callable[[Any], Any]) -> Guarded:
        call = self.call
        return Guarded(call.plugin, call.guarded.hook, f"{call.guarded.what}, column", function, accept, call.guarded.strict)

    def _made(self) -> pl.Expr | None:
        """The expression the column function gives, made once; ``None`` where there is none."""
        if self.call.column is None or not self.alike:
            return None
        columns = [pl.col(f"a{i}") for i in range(1, len(self.shown) + 1)]
        found = watched_call(self.watch, self._guarded(self.call.column, _expression), [columns], self.call.named)[0]
        return None if isinstance(found, Failed) else found

    def _columns(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Run in the thread that Polars runs it in: another would wait for threads that wait for it."""
        assert self.expression is not None
        given = rows.select(show(pl.col(f"a{i}")).alias(f"a{i}") for i, show in enumerate(self.shown, 1))
        value = given.select(self.expression.alias("value"))["value"]
        if len(value) != rows.height:
            raise ValueError("a column function gives one value a row")
        return _typed(value, self.call, self.clock)


def _expression(given: Any) -> pl.Expr:
    if not isinstance(given, pl.Expr):
        raise Refused(Text(f"it gave {type(given).__name__} where an expression is expected", f"返回了{type(given).__name__}，应为表达式"))
    if any(word in str(given) for word in _OF_PYTHON):
        # No limit of time holds inside of Polars.
        raise Refused(Text("its expression calls Python", "其表达式调用了Python函数"))
    return given


def _counting(call: Call) -> Callable[[Any], tuple[Any, int]]:
    """Of evidence the label, where it counts."""

    def label(found: Any) -> tuple[Any, int]:
        said = counted(call, found)
        return (None, _UNTOLD) if isinstance(said, Maybe) else (said, _GIVEN)

    return label


def _taking(kind: str, clock: Clock) -> Callable[[Any], tuple[Any, int]]:
    """From an accepted answer to a cell and its state."""
    if kind in ("number", "money"):

        def number(found: Any) -> tuple[Any, int]:
            if abs(found) >= _LARGEST:
                return None, _LEFT
            near = float(found)
            return (near, _GIVEN) if Decimal(repr(near)) == found else (None, _LEFT)

        return number
    if kind == "integer":
        return lambda found: (found, _GIVEN) if abs(found) < _LARGEST else (None, _LEFT)
    if kind == "instant":

        def moment(found: Any) -> tuple[Any, int]:
            ticks = clock.of_utc(found)
            return (ticks, _GIVEN) if clock.lowest <= ticks <= clock.highest else (None, _LEFT)

        return moment
    return lambda found: (found, _GIVEN)


def _typed(value: pl.Series, call: Call, clock: Clock) -> pl.DataFrame:
    """A column function's answer as cells and states; raises where it is of another type."""
    kind, given = call.kind, value.dtype
    fits = {
        "boolean": given == pl.Boolean,
        "integer": given.is_integer(),
        "number": given.is_numeric(),
        "money": given.is_integer() or given.is_float(),
        "string": given == pl.String,
        "enum": given in (pl.String, pl.Categorical) or isinstance(given, pl.Enum),
        "instant": isinstance(given, pl.Datetime) and given.time_zone is not None,
    }
    if not fits[kind] and given != pl.Null:
        raise TypeError(f"a column of {given} is no {kind}")
    if kind == "instant":
        utc = value.cast(pl.Datetime("us", getattr(given, "time_zone", None) or "UTC")).dt.convert_time_zone("UTC").to_physical()
        ticks = utc + clock.offset if clock.steady else utc
        odd = ~ticks.is_between(clock.lowest, clock.highest).fill_null(True)
        value = ticks
    else:
        value = value.cast(_PHYSICAL[kind])
        if kind in ("integer", "number", "money"):
            odd = ((value.abs() >= _LARGEST) | (value.is_nan() if value.dtype.is_float() else False)).fill_null(False)
        elif kind == "enum":
            odd = ~value.is_in(list(call.values)).fill_null(True)
        else:
            odd = pl.Series([False], dtype=pl.Boolean).new_from_index(0, len(value))
    state = pl.DataFrame([value.is_null().alias("n"), odd.alias("o")]).select(
        pl.when("o").then(_LEFT).when("n").then(_UNTOLD).otherwise(_GIVEN).cast(pl.UInt8).alias("state")
    )["state"]
    return pl.DataFrame([value.set(odd, None).alias("value"), state])
