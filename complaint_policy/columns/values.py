"""What a column holds: known values, and for the other rows which of a few special values of the record evaluation.

A *special* is the very object that the record evaluation has in that place: ``NOT_YET``, ``NONE``, or a ``Maybe`` that names what is
missing.  ``LEFT`` is the name that is "missing" where a row is left to the record evaluation: whatever rests on it carries it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import polars as pl
from attrs import define, frozen

from complaint_policy.columns.plan import Ex, Plan, constant, looked_up, on
from complaint_policy.possible import NONE, NOT_YET, Empty, Growing, Interval, Maybe

__all__ = [
    "ANY",
    "EXACT",
    "KNOWN",
    "LATER",
    "LEFT",
    "LEFT_OVER",
    "LEFT_SHAPE",
    "NO_END",
    "NO_START",
    "SPAN",
    "STATED_NONE",
    "Coded",
    "Column",
    "Instants",
    "Shape",
    "TooWide",
    "among",
    "boolean_of",
    "identity",
    "is_left",
    "left_column",
    "lookup",
    "tabulated",
]

LEFT: Final = "\x1fleft"
LEFT_OVER: Final = Maybe(None, frozenset({LEFT}))
# A table has at most so many rows; what would need more is left to the record evaluation.
MOST_ROWS: Final = 60_000
MOST_VALUES: Final = 4_000
# With more different answers than this, those that miss the most are left to the record evaluation.
_MOST_ANSWERS: Final = 120


def is_left(missing: Iterable[str]) -> bool:
    return LEFT in missing


def identity(value: Any) -> Any:
    """A key that is equal for values that mean the same."""
    if isinstance(value, Maybe):
        options = None if value.options is None else tuple(identity(o) for o in value.options)
        rising = value.rising if isinstance(value, Growing) else None
        return (type(value).__name__, options, value.missing, value.open, rising)
    if isinstance(value, Interval):
        return ("Interval", value.low, value.high, value.missing)
    if isinstance(value, tuple):
        return ("tuple", *(identity(v) for v in value))
    return (type(value).__name__, value)


class Coded:
    """A column of codes: row by row the index of its value in ``domain``.

    Codes are UInt8 to UInt32, null only on rows that are left.  Of two values the column may be given as a ``test``: code 1 where it holds.
    """

    def __init__(self, code: Ex | None, domain: tuple[Any, ...], test: Ex | None = None, *, placed: bool = False) -> None:
        self._code, self.domain = code, domain
        self.placed = placed  # every answer has the code it was to have
        self.test = test if len(domain) == 2 else None

    @property
    def code(self) -> Ex:
        if self._code is None:
            assert self.test is not None
            self._code = self.test.cast(pl.UInt8)
        return self._code

    @property
    def width(self) -> int:
        return len(self.domain)


@define
class Column:
    """Known values, null elsewhere; ``specials`` are what the null rows can be, ``code`` says which (where several can)."""

    kind: str  # boolean, number, string or list
    value: Ex | None  # None: null everywhere
    specials: tuple[Any, ...] = ()
    code: Callable[[], Ex] | None = None  # index into specials; of any value on known rows
    whole: bool = False  # numbers as Int64; else as Float64
    scale: int | None = None  # numbers as Int128 of this many decimal places
    bound: int = 0  # then none is larger

    @property
    def certain(self) -> bool:
        """Whether every row is known."""
        return not self.specials

    def state(self, plan: Plan) -> Coded:
        """0 where the value is known, else 1 and the index of the special; the domain's first entry stands for any known value."""
        if self.value is None:
            return self._unknown(plan)
        domain = (KNOWN, *self.specials)
        if not self.specials:
            return Coded(constant(0, pl.UInt8), domain)
        index = self.special(plan)
        if index is None:
            return Coded(None, domain, plan.null(self.value))
        chosen = on(lambda v, i: pl.when(v.is_null()).then(i + 1).otherwise(0).cast(pl.UInt8), self.value, index)
        return Coded(plan.keep(chosen), domain)

    def _unknown(self, plan: Plan) -> Coded:
        """A column without a known value."""
        index = self.special(plan)
        return Coded(constant(0, pl.UInt8), self.specials[:1]) if index is None else Coded(index, self.specials)

    def special(self, plan: Plan) -> Ex | None:
        """The index of the special, or None where there is only one."""
        if len(self.specials) <= 1 or self.code is None:
            return None
        return self.code()

    def coded(self, plan: Plan) -> Coded:
        """A boolean column as codes: false, true, then the specials."""
        assert self.kind == "boolean"
        if self.value is None:
            return self._unknown(plan)
        domain = (False, True, *self.specials)
        index = self.special(plan)
        if index is None:
            if not self.specials:
                return Coded(None, domain, plan.keep(self.value))
            return Coded(plan.keep(self.value.cast(pl.UInt8).fill_null(2)), domain)
        return Coded(plan.keep(on(lambda v, i: v.cast(pl.UInt8).fill_null(i + 2).cast(pl.UInt8), self.value, index)), domain)


class _Known:
    def __repr__(self) -> str:
        return "KNOWN"


KNOWN: Final = _Known()

EXACT, SPAN, LATER, STATED_NONE, ANY = "exact", "span", "later", "none", "any"
# Ticks before and after all others: the ends of spans that have none.
NO_START: Final = -(2**62)
NO_END: Final = 2**62


@frozen
class Shape:
    """What an instant is on some rows: exactly known, somewhere in a span, not yet, stated to be none, or anything."""

    kind: str
    missing: frozenset[str] = frozenset()
    open: bool = False
    empty: bool = False
    interval: bool = True  # a span known as such, as a day is; else one of several instants

    @property
    def bounded(self) -> bool:
        return self.kind in (EXACT, SPAN)

    def value(self, low: Any, high: Any) -> Any:
        """A value of the record evaluation of this shape, between two instants where it has them."""
        if self.kind == EXACT:
            return low
        if self.kind == SPAN:
            return Interval(low, high, self.missing) if self.interval else Maybe((low, high), self.missing, self.open)
        if self.kind == LATER:
            return NOT_YET
        if self.kind == STATED_NONE:
            return NONE
        return Empty(None, self.missing) if self.empty else Maybe(None, self.missing, self.open)

    @classmethod
    def of(cls, special: Any) -> Shape:
        """The shape of a special."""
        if special is NOT_YET:
            return cls(LATER)
        if special is NONE:
            return cls(STATED_NONE)
        if isinstance(special, Maybe) and special.options is None:
            return cls(ANY, special.missing, special.open, isinstance(special, Empty))
        return cls(ANY, frozenset({LEFT}))


LEFT_SHAPE: Final = Shape(ANY, frozenset({LEFT}))


@define
class Instants:
    """Instants as ticks of the sheet's clock: between ``low`` and ``high`` where they are bounded, null elsewhere.

    ``high`` is ``low`` where no row is a span.  ``day_end``: whether the instants are ends of days, or which are.
    """

    low: Ex | None
    high: Ex | None
    shapes: tuple[Shape, ...]
    _state: Callable[[], Ex] | None = None
    day_end: bool | Ex = False
    looked_up: tuple[Ex, list[int | None]] | None = None  # the days of a start, and the table that gives the due ticks of each

    @property
    def exact(self) -> bool:
        """Whether no row is a span."""
        return all(s.kind != SPAN for s in self.shapes)

    @property
    def simple(self) -> bool:
        """Whether every row is exactly known."""
        return len(self.shapes) == 1 and self.shapes[0].kind == EXACT

    def state(self, plan: Plan) -> Coded:
        """Row by row the index of the shape."""
        if len(self.shapes) == 1:
            return Coded(constant(0, pl.UInt8), self.shapes)
        if self._state is not None:
            return Coded(plan.keep(self._state()), self.shapes)
        assert self.low is not None and len(self.shapes) == 2
        return Coded(None, self.shapes, plan.null(self.low))


def left_column(kind: str) -> Column:
    """A column that is left to the record evaluation on every row."""
    return Column(_KINDS.get(kind, kind), None, (LEFT_OVER,))


_KINDS: Final = {"integer": "number", "money": "number", "enum": "string"}


# --------------------------------------------------------------------------- tables
class TooWide(Exception):
    """A table would have more rows than are worth making."""


def _index(inputs: Sequence[Coded]) -> tuple[Ex, list[int]]:
    """One number for every combination of codes, and how far each code counts."""
    strides: list[int] = []
    size = 1
    for one in reversed(inputs):
        strides.insert(0, size)
        size *= one.width
    kind = pl.UInt8 if size <= 256 else pl.UInt16 if size <= 65_536 else pl.UInt32
    total: Ex | None = None
    for one, stride in zip(inputs, strides, strict=True):
        term = one.code.cast(kind)
        if stride != 1:
            term = term * pl.lit(stride, kind)
        total = term if total is None else total + term
    assert total is not None
    return total, strides


def tabulated(
    plan: Plan,
    inputs: Sequence[Coded],
    answer: Callable[..., Any],
    key: Callable[[Any], Any] = identity,
    place: Callable[[Any], int] | None = None,
    left: Any = None,
) -> Coded:
    """What ``answer`` gives for each combination of the inputs' values, as a column of codes.

    ``place``: the code an answer shall have, where all different answers have different places.  ``left``: the answer that leaves a
    row to the record evaluation; with it, of too many answers those that miss the most become it.
    """
    wide = [one for one in inputs if one.width > 1]
    size = 1
    for one in wide:
        size *= one.width
    if size > MOST_ROWS:
        raise TooWide
    domain: list[Any] = []
    seen: dict[Any, int] = {}
    answers: list[int] = []
    strides = _strides(wide)
    for position in range(size):
        digits = iter([(position // stride) % one.width for one, stride in zip(wide, strides, strict=True)])
        found = answer(*[one.domain[next(digits)] if one.width > 1 else one.domain[0] for one in inputs])
        where = seen.setdefault(key(found), len(domain))
        if where == len(domain):
            domain.append(found)
        answers.append(where)
    if left is not None and len(domain) > _MOST_ANSWERS:
        domain, answers = _narrowed(domain, answers, left)
    if len(domain) > MOST_VALUES:
        raise TooWide
    placed = False
    if place is not None:
        placed, domain, answers = _placed(domain, answers, place)
    if len(domain) == 1:
        return Coded(constant(0, pl.UInt8), tuple(domain))
    if not wide:
        return Coded(constant(answers[0], pl.UInt8), tuple(domain), placed=placed)
    if size == 2 and len(domain) == 2 and wide[0].test is not None:
        test = wide[0].test
        return Coded(None, tuple(domain), test if answers == [0, 1] else ~test)
    kind = pl.UInt8 if len(domain) <= 256 else pl.UInt16
    return Coded(plan.keep(_decided(wide, answers, kind)), tuple(domain), placed=placed)


def _decided(inputs: Sequence[Coded], answers: list[int], kind: Any) -> Ex:
    """The answers by tests where these are few, else by a table."""
    if len(set(answers)) == 1:
        return constant(answers[0], kind)
    if len(inputs) == 1 and inputs[0].test is None and answers == list(range(len(answers))):
        return inputs[0].code.cast(kind)
    tests = [i for i, one in enumerate(inputs) if one.test is not None]
    if len(tests) == len(inputs) and len(inputs) <= 3:
        return _split(inputs, answers, 0, kind)
    for place in tests:
        sides = _sides(inputs, answers, place)
        if any(len(set(side)) == 1 for side in sides):  # one side of the test is settled by it
            return _split(inputs, answers, place, kind)
    index, _ = _index(inputs)
    if answers == list(range(len(answers))):
        return index.cast(kind)
    table = pl.lit(pl.Series(answers, dtype=kind))
    return looked_up(table, index)


def _sides(inputs: Sequence[Coded], answers: list[int], place: int) -> tuple[list[int], list[int]]:
    """The answers where a test fails and where it holds."""
    stride = _strides(inputs)[place]
    return tuple([a for i, a in enumerate(answers) if (i // stride) % 2 == side] for side in (0, 1))  # type: ignore[return-value]


def _split(inputs: Sequence[Coded], answers: list[int], place: int, kind: Any) -> Ex:
    fails, holds = _sides(inputs, answers, place)
    rest = [one for i, one in enumerate(inputs) if i != place]
    if fails == holds:
        return _decided(rest, fails, kind)
    parts = [constant(side[0], kind) if len(set(side)) == 1 else _decided(rest, side, kind) for side in (fails, holds)]
    test = inputs[place].test
    return on(lambda t, a, b: pl.when(t).then(b).otherwise(a), test, *parts)


def missing_in(value: Any) -> frozenset[str]:
    """The names an answer says are missing."""
    if isinstance(value, tuple):
        return frozenset().union(*(missing_in(v) for v in value))
    if isinstance(value, frozenset):
        return frozenset(v for v in value if isinstance(v, str))
    return frozenset(getattr(value, "missing", ()))


def _narrowed(domain: list[Any], answers: list[int], left: Any) -> tuple[list[Any], list[int]]:
    """The answers that miss the fewest names; the others are left to the record evaluation."""
    order = sorted(range(len(domain)), key=lambda i: (len(missing_in(domain[i])), i))
    kept = sorted(order[:_MOST_ANSWERS])
    # What misses nothing is an answer like any other.
    kept = sorted({*kept, *(i for i in order if not missing_in(domain[i]))})
    where = {old: new for new, old in enumerate(kept)}
    return [*(domain[i] for i in kept), left], [where.get(a, len(kept)) for a in answers]


def _strides(inputs: Sequence[Coded]) -> list[int]:
    strides: list[int] = []
    size = 1
    for one in reversed(inputs):
        strides.insert(0, size)
        size *= one.width
    return strides


def _placed(domain: list[Any], answers: list[int], place: Callable[[Any], int]) -> tuple[bool, list[Any], list[int]]:
    """The answers at the codes they shall have, or as they are where two of them shall have one."""
    places = [place(value) for value in domain]
    if len(set(places)) < len(places):
        return False, domain, answers
    # A code that no row has stands for any answer.
    spread = [domain[0]] * (max(places) + 1)
    for value, where in zip(domain, places, strict=True):
        spread[where] = value
    return True, spread, [places[a] for a in answers]


def among(coded: Coded, wanted: Callable[[Any], Any]) -> Ex:
    """Whether each row's value is one of those wanted: by comparing codes where these are few, else by a table."""
    codes = [code for code, value in enumerate(coded.domain) if wanted(value)]
    if not codes or len(codes) == coded.width:
        return constant(bool(codes), pl.Boolean)
    others = [code for code in range(coded.width) if code not in set(codes)]
    few = codes if len(codes) <= len(others) else others
    if coded.test is not None:
        return coded.test if codes == [1] else ~coded.test
    if len(few) > 4:
        return lookup(coded, [code in codes for code in range(coded.width)], pl.Boolean)

    def chain(code: pl.Expr) -> pl.Expr:
        test = code == few[0]
        for one in few[1:]:
            test = test | (code == one)
        return test if few is codes else ~test

    return on(chain, coded.code)


def lookup(coded: Coded, values: Sequence[Any], kind: Any) -> Ex:
    """For each row the value that stands at its code."""
    if coded.width == 1:
        return Ex(pl.lit(values[0], dtype=kind), coded.code.stage)
    table = pl.lit(pl.Series(list(values), dtype=kind))
    return looked_up(table, coded.code)


def boolean_of(plan: Plan, coded: Coded) -> Column:
    """Codes of True, False and unknown conditions as a boolean column."""
    specials = tuple(v for v in coded.domain if v is not True and v is not False)
    if coded.width == 1:
        only = coded.domain[0]
        if isinstance(only, bool):
            return Column("boolean", constant(only, pl.Boolean))
        return Column("boolean", None, specials)
    if not specials:
        return Column("boolean", among(coded, lambda v: v is True))
    known = [None if v is not True and v is not False else v for v in coded.domain]
    value = plan.keep(lookup(coded, known, pl.Boolean)) if any(k is not None for k in known) else None
    where = {id(s): i for i, s in enumerate(specials)}
    return Column("boolean", value, specials, lambda: lookup(coded, [where.get(id(v), 0) for v in coded.domain], pl.UInt16))
