"""The cells of a table as typed columns: what is known, what is empty, what cannot be used.

A typed column is read by expressions.  Text, and anything else a field may be given as, is read by the record evaluation's own reader, once
for each different cell; text that is plainly an ISO time or a number is read by Polars.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from attrs import define

from complaint_policy.coerce import Unusable, is_empty
from complaint_policy.columns.clock import Clock
from complaint_policy.columns.plan import Ex, Plan, constant, on
from complaint_policy.columns.python_cells import python_cells
from complaint_policy.fields import LOG, Field
from complaint_policy.intake import cell_reader, empty_value
from complaint_policy.possible import NONE, NOT_YET, Interval, Maybe

if TYPE_CHECKING:
    from complaint_policy.columns.sheet import Hints, Source

__all__ = ["PLAIN_NUMBER", "PLAIN_WHOLE", "Cells", "read_cells"]

KNOWN, EMPTY, BAD, ODD = 0, 1, 2, 3
# Up to here floats, which enter by their shortest text, and whole numbers compare exactly.
_LARGEST: Final = 10**15
# More values of an enum are told apart by a cast, which is then faster than comparing their numbers.
_FEW_VALUES: Final = 15
# From so many values on numbers made of the texts are compared: making one costs as much as comparing one text, comparing it a tenth.
_HASHED: Final = 3
# Python's own secret of the process makes it another in each, so that nobody can write a text whose number is a value's: see decision 038.
_SEED: Final = hash("texts of an enumeration") & (2**63 - 1)
_MOST_MILLIS: Final = 2**63 // 1000 - 1
# What Python's strip() takes away.
WHITE: Final = "".join(c for c in map(chr, range(0x3001)) if c.isspace())
# Texts that every reader takes for the same number, and that are exact as floats' shortest texts.
PLAIN_NUMBER: Final = r"^-?[0-9]{1,12}(?:\.[0-9]{1,3})?$"
PLAIN_WHOLE: Final = r"^-?[0-9]{1,12}$"
_BLANKS: Final = "".join(c for c in WHITE if c.isascii())


@define
class Cells:
    """One field's cells.  ``value`` is null where there is none; ``bad``: the cell is there and cannot be read.

    ``odd``: the cell is left to the record evaluation.  ``high`` is the end of instants known by their day.
    """

    value: Ex | None
    bad: Ex | None = None
    odd: Ex | None = None
    high: Ex | None = None
    codes: tuple[str, ...] | None = None  # of an enum read by comparison: value is the index into these, 255 where it is bad
    tests: tuple[Ex, ...] | None = None  # of an enum whose cells are believed to be its values: whether a cell is each of these


def _typed_moments(raw: Ex, kind: Any, declared: Field, clock: Clock, plan: Plan) -> Cells | None:
    base = kind.base_type() if hasattr(kind, "base_type") else kind
    if base == pl.Date:
        starts = pl.lit(pl.Series(clock.day_starts(), dtype=pl.Int64))
        index = plan.keep(on(lambda d: (d.to_physical().cast(pl.Int64) - clock.base).cast(pl.UInt32, strict=False), raw))
        low = plan.keep(on(lambda i: starts.gather(i, null_on_oob=True), index))
        high = plan.keep(on(lambda i: starts.gather(i + 1, null_on_oob=True) - 1, index))
        return Cells(low, None, on(lambda r, h: r.is_not_null() & h.is_null(), raw, high), high)
    if base != pl.Datetime:
        return None
    unit = kind.time_unit
    physical = on(lambda d: _micros(d.to_physical(), unit), raw)
    if kind.time_zone is not None:
        ticks = clock.from_utc(physical)
    else:
        ticks = clock.from_wall(physical)
    ticks = plan.keep(ticks)
    outside = (ticks < clock.lowest) | (ticks > clock.highest)
    odd = outside if clock.steady else on(lambda r, t, o: o | (r.is_not_null() & t.is_null()), raw, ticks, outside)
    if declared.type == "date":
        day = plan.keep(clock.day(ticks))
        starts = pl.lit(pl.Series(clock.day_starts(), dtype=pl.Int64))
        first = plan.keep(on(lambda i: starts.gather(i, null_on_oob=True), day))
        return Cells(first, None, odd, plan.keep(on(lambda i: starts.gather(i + 1, null_on_oob=True) - 1, day)))
    return Cells(ticks, None, odd)


def read_cells(source: Source, declared: Field, clock: Clock, plan: Plan, currency: str | None, as_of: datetime, hints: Hints, name: str) -> Cells:
    """The cells of a table's column as those of a field."""
    raw, kind = Ex(source.expr), source.kind
    if kind == pl.Null:
        return Cells(None)
    if source.expr.meta.is_literal():
        return _same_for_all(source, declared, clock, currency)
    if source.meaning is not None:
        return _by_reader(raw, kind, declared, clock, plan, currency, source.meaning)
    found: Cells | None = None
    base = kind.base_type()
    if declared.type in _MOMENTS:
        found = _typed_moments(raw, kind, declared, clock, plan)
    elif declared.type == "boolean":
        if base == pl.Boolean:
            found = Cells(raw)
    elif declared.type in ("integer", "number", "money"):
        if kind.is_integer() and base not in (pl.UInt64, pl.Int128, pl.UInt128):
            found = Cells(raw.cast(pl.Int64))
        elif kind.is_float():
            found = _floats(raw, declared, plan, name in hints.inside | hints.numbers)
    elif declared.type == "enum" and (base in (pl.String, pl.Enum, pl.Categorical)):
        found = _enum(raw.cast(pl.String) if base != pl.String else raw, declared, clock, plan, currency, as_of, name in hints.full, name in hints.given)
    elif declared.type == "string" and base in (pl.String, pl.Enum, pl.Categorical):
        found = _string(raw.cast(pl.String) if base != pl.String else raw, plan)
    return found or _by_reader(raw, kind, declared, clock, plan, currency)


def _micros(ticks: pl.Expr, unit: str) -> pl.Expr:
    if unit == "ns":
        return ticks // 1000
    # Milliseconds reach further than microseconds do; what lies so far is odd either way.
    return ticks.clip(-_MOST_MILLIS, _MOST_MILLIS) * 1000 if unit == "ms" else ticks


def _floats(raw: Ex, declared: Field, plan: Plan, numbers: bool) -> Cells:
    # NaN is no value; where none is expected it is odd, being larger than any number.
    value = raw.cast(pl.Float64) if numbers else plan.keep(on(lambda x: x.cast(pl.Float64).fill_nan(None), raw))
    odd = on(lambda x: x.abs() >= float(_LARGEST), value)
    if declared.type == "integer":
        bad = plan.keep(on(lambda x: x != x.floor(), value))
        return Cells(plan.keep(on(lambda x, b: pl.when(~b).then(x).cast(pl.Int64, strict=False), value, bad)), bad, odd)
    return Cells(value, None, odd)


def _string(raw: Ex, plan: Plan) -> Cells:
    def read(s: pl.Series) -> pl.Series:
        if not _plain(s):
            if s.str.len_bytes().sum() != s.str.len_chars().sum():
                s = s.str.normalize("NFC")
            s = s.str.strip_chars(WHITE)
        return s.set(s == "", None) if (s == "").any() else s

    value = plan.keep(on(lambda r: r.map_batches(read, return_dtype=pl.String, is_elementwise=True), raw))
    return Cells(value, None, on(lambda v: v.str.len_bytes() > 900_000, value))


def _plain(cells: pl.Series) -> bool:
    """Whether no cell has to be looked at by itself, as where all are numbers of cases: nothing but ASCII, and no blank anywhere."""
    for some in (cells.head(50), cells):  # of sentences the first few tell
        text: str = some.str.join("").item() if len(some) else ""
        if not text.isascii() or any(blank in text for blank in _BLANKS):
            return False
    return True


def _enum(raw: Ex, declared: Field, clock: Clock, plan: Plan, currency: str | None, as_of: datetime, full: bool, given: bool) -> Cells:
    """Codes of an enum: a chain of comparisons, or of many values a cast; cells that are none of its values as they stand go to the reader."""
    values = declared.values
    if not 0 < len(values) <= 64:
        return _by_reader(raw, pl.String(), declared, clock, plan, currency)

    few = len(values) <= _FEW_VALUES

    def chain(r: pl.Expr, *tests: pl.Expr) -> pl.Expr:
        if not few:
            number = r.cast(pl.Enum(values), strict=False).to_physical().cast(pl.UInt8) + 1
            return number.fill_null(0) if given else pl.when(r.is_not_null()).then(number.fill_null(0))
        found: Any = pl
        for index, test in enumerate(tests, 1):
            found = found.when(test).then(pl.lit(index, pl.UInt8))
        none = pl.lit(0, pl.UInt8)
        result: pl.Expr = found.otherwise(none if given else pl.when(r.is_not_null()).then(none))
        return result

    if full and few:
        # Where a rule asks for some values only, their tests are all that is looked at.
        tests = tuple(plan.keep(test) for test in _told_apart(raw, values, plan))
        return Cells(plan.keep(on(chain, raw, *tests)), None, None, None, values, tests)

    reader = cell_reader(declared, clock.zone, currency)
    where = {text: index for index, text in enumerate(values, 1)}

    def settle(parts: Any) -> pl.Series:
        code: pl.Series = parts[0]
        cells: pl.Series = parts[1]
        strange = code == 0
        if not strange.any():
            return code
        different = cells.filter(strange).unique()
        meant: list[int | None] = []
        for cell in different:
            try:
                found = reader(cell, as_of)
                meant.append(where[found] if isinstance(found, str) and not is_empty(cell) else None)
            except Unusable:
                meant.append(255)
        mapped = cells.filter(strange).replace_strict(different, pl.Series(meant, dtype=pl.UInt8), return_dtype=pl.UInt8)
        return code.scatter(strange.arg_true(), mapped)

    kept = plan.keep(on(chain, raw, *(_told_apart(raw, values, plan) if few else ())))
    if full:
        return Cells(kept, None, None, None, values)
    code = plan.keep(on(lambda c, r: pl.map_batches([c, r], settle, return_dtype=pl.UInt8, is_elementwise=True), kept, raw))
    bad = on(lambda c: c == 255, code)
    return Cells(code, bad, None, None, values)


def _told_apart(raw: Ex, values: Sequence[str], plan: Plan) -> list[Ex]:
    """For each of some texts whether a cell is that text; of a cell that is null False or null."""
    if len(values) < _HASHED:
        return [raw.equals(pl.lit(text)) for text in values]
    number = plan.keep(on(lambda r: r.hash(_SEED), raw))
    return [number.equals(pl.lit(known, pl.UInt64)) for known in pl.Series(values, dtype=pl.String).hash(_SEED)]


# --------------------------------------------------------------------------- by the record's own reader
_MOMENTS: Final = frozenset(("event", "datetime", "date"))
# What a column of a field holds; of a moment its ticks, of an enum the number of its value.
_PHYSICAL: Final[dict[str, Any]] = {
    **dict.fromkeys((*sorted(_MOMENTS), "enum", "integer"), pl.Int64),
    "boolean": pl.Boolean,
    "number": pl.Float64,
    "money": pl.Float64,
    "string": pl.String,
    "instants": pl.List(pl.Int64),
}
# No leap seconds: Polars would read the next minute.
_ISO: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-5][0-9]$"


def _by_reader(raw: Ex, kind: Any, declared: Field, clock: Clock, plan: Plan, currency: str | None, meaning: Callable[[Any], Any] | None = None) -> Cells:
    """Each different cell through the record evaluation's reader, after what the mapping makes of it."""
    moments, physical = declared.type in _MOMENTS, _PHYSICAL.get(declared.type, pl.UInt8)
    shape = pl.Struct({"value": physical, "high": pl.Int64, "state": pl.UInt8})
    one = _reading(declared, clock, currency, meaning)
    fast = _fast(declared, clock) if kind == pl.String and meaning is None else None

    def read(cells: pl.Series) -> pl.Series:
        done = fast(cells) if fast is not None else None
        rest = cells if done is None else cells.filter(done["state"] == ODD)
        if done is not None and not rest.len():
            return done.to_struct(cells.name)
        nested = cells.dtype.is_nested() or cells.dtype == pl.Object  # such cells cannot be told apart cheaply
        different = rest if nested else rest.unique(maintain_order=True)
        answers = [one(cell) for cell in python_cells(different)]
        frame = pl.DataFrame(answers, schema={"value": physical, "high": pl.Int64, "state": pl.UInt8}, orient="row")
        if not nested:
            numbers = different.to_frame("cell").with_row_index("at")
            frame = frame[rest.to_frame("cell").join(numbers, on="cell", how="left", nulls_equal=True, maintain_order="left")["at"]]
        if done is None:
            return frame.to_struct(cells.name)
        where = (done["state"] == ODD).arg_true()
        merged = [done[name].scatter(where, frame[name]) for name in ("value", "high", "state")]
        return pl.DataFrame(merged).to_struct(cells.name)

    kept = plan.keep(on(lambda r: r.map_batches(read, return_dtype=shape, is_elementwise=True), raw))
    state = plan.keep(on(lambda k: k.struct.field("state"), kept))
    value = plan.keep(on(lambda k: k.struct.field("value"), kept))
    high = plan.keep(on(lambda k: k.struct.field("high"), kept)) if moments else None
    return Cells(value, on(lambda s: s == BAD, state), on(lambda s: s == ODD, state), high)


def _same_for_all(source: Source, declared: Field, clock: Clock, currency: str | None) -> Cells:
    """What a mapping says of every record."""
    value, high, state = _reading(declared, clock, currency, source.meaning)(pl.select(source.expr).item())
    ends = constant(high, pl.Int64) if declared.type in _MOMENTS else None
    return Cells(constant(value, _PHYSICAL.get(declared.type, pl.UInt8)), constant(state == BAD, pl.Boolean), constant(state == ODD, pl.Boolean), ends)


def _reading(declared: Field, clock: Clock, currency: str | None, meaning: Callable[[Any], Any] | None) -> Callable[[Any], tuple[Any, Any, int]]:
    """From a cell, after what the mapping makes of it, to what the column holds, its end and its state."""
    reader, known = cell_reader(declared, clock.zone, currency), _known(declared, clock)
    # An event after as_of has not happened; that is settled on the column, so that cells are read as they stand.
    far = datetime(9000, 1, 1)

    def one(cell: Any) -> tuple[Any, Any, int]:
        if meaning is not None:
            cell = meaning(cell)
        if is_empty(cell):
            return None, None, EMPTY
        try:
            found = reader(cell, far)
        except Unusable:
            return None, None, BAD
        except Exception:  # noqa: BLE001  one bad cell costs its own field only
            return None, None, BAD
        if isinstance(found, Maybe) or found is NOT_YET or found is NONE:
            return None, None, EMPTY
        return known(found)

    return one


def _known(declared: Field, clock: Clock) -> Callable[[Any], tuple[Any, Any, int]]:
    """A value the reader gave, as what the column holds; state ODD where it cannot."""
    if declared.type in _MOMENTS:

        def moment(found: Any) -> tuple[Any, Any, int]:
            ends = (found.low, found.high) if isinstance(found, Interval) else (found, found)
            low, high = (clock.of_utc(end) for end in ends)
            return (low, high, KNOWN) if clock.lowest <= low and high <= clock.highest else (None, None, ODD)

        return moment
    if declared.type == "enum":
        where = {text: index for index, text in enumerate(declared.values, 1)}
        return lambda found: (where[found], None, KNOWN)
    if declared.type in ("number", "money"):
        return _number
    if declared.type == "integer":
        return lambda found: (int(found), None, KNOWN) if abs(found) < _LARGEST else (None, None, ODD)
    if declared.type == "list":
        return lambda found: (1, None, KNOWN)
    if declared.type == "instants":

        def moments(found: Any) -> tuple[Any, Any, int]:
            ticks = [clock.of_utc(one) for one in found if isinstance(one, datetime)]
            plain = len(ticks) == len(found) and all(clock.lowest <= one <= clock.highest for one in ticks)
            return (ticks, None, KNOWN) if plain else (None, None, ODD)

        return moments
    if declared.type == "intervals":
        return lambda found: (1, None, KNOWN)  # what they are is asked cell by cell
    if declared.type == LOG:
        return lambda found: (1, None, ODD)  # several at once: the record evaluation looks at them
    return lambda found: (found, None, KNOWN)


def _number(found: Any) -> tuple[Any, Any, int]:
    if abs(found) >= _LARGEST:
        return None, None, ODD
    near = float(found)
    return (near, None, KNOWN) if Decimal(repr(near)) == found else (None, None, ODD)


def _fast(declared: Field, clock: Clock) -> Callable[[pl.Series], pl.DataFrame] | None:
    """What Polars reads by itself of a text column; state ODD marks what it leaves."""
    if declared.type in ("event", "datetime") and not declared.formats and clock.steady:

        def times(cells: pl.Series) -> pl.DataFrame:
            plain = cells.str.contains(_ISO)
            read = cells.set(~plain, None).str.replace("T", " ", literal=True).str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us")
            ticks = read.to_physical()
            inside = ticks.is_between(clock.lowest, clock.highest).fill_null(False)
            state = pl.DataFrame({"n": cells.is_null(), "i": inside}).select(pl.when("n").then(EMPTY).when("i").then(KNOWN).otherwise(ODD).cast(pl.UInt8))
            ticks = ticks.set(~inside, None)
            return pl.DataFrame({"value": ticks, "high": ticks, "state": state.to_series()})

        return times
    if declared.type in ("number", "money", "integer"):
        whole = declared.type == "integer"

        def numbers(cells: pl.Series) -> pl.DataFrame:
            plain = cells.str.contains(PLAIN_WHOLE if whole else PLAIN_NUMBER).fill_null(False)
            value = cells.set(~plain, None).cast(pl.Int64 if whole else pl.Float64, strict=False)
            state = pl.DataFrame({"n": cells.is_null(), "i": plain}).select(pl.when("n").then(EMPTY).when("i").then(KNOWN).otherwise(ODD).cast(pl.UInt8))
            return pl.DataFrame({"value": value, "high": pl.Series([None], dtype=pl.Int64).new_from_index(0, cells.len()), "state": state.to_series()})

        return numbers
    return None


def cell_by_cell(
    source: Source, declared: Field, clock: Clock, plan: Plan, currency: str | None, test: Callable[[Any], Any], as_of: datetime
) -> tuple[Ex, tuple[Any, ...]]:
    """A test of what the record evaluation's reader makes of each cell: codes, and the answers they stand for."""
    reader = cell_reader(declared, clock.zone, currency)
    empty, unknown = empty_value(declared), Maybe(None, frozenset({declared.name}))
    answers = (False, True, test(empty), test(unknown))

    def read(cells: pl.Series) -> pl.Series:
        codes: list[int] = []
        for cell in python_cells(cells):
            value = cell if source.meaning is None else source.meaning(cell)
            if is_empty(value):
                codes.append(2)
                continue
            try:
                found = reader(value, as_of)
            except Exception:  # noqa: BLE001  one bad cell costs its own field only
                codes.append(3)
                continue
            codes.append(2 if isinstance(found, Maybe) or found is NONE else int(test(found)))
        return pl.Series(cells.name, codes, dtype=pl.UInt8)

    return plan.keep(on(lambda r: r.map_batches(read, return_dtype=pl.UInt8, is_elementwise=True), Ex(source.expr))), answers
