"""What a column holds: known values, and for the other rows which of a few special values of the record evaluation.

A *special* is the very object that the record evaluation has in that place: ``NOT_YET``, ``NONE``, or a ``Maybe`` that names what is
missing.  ``LEFT`` is the name that is "missing" where a row is left to the record evaluation: whatever rests on it carries it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import polars as pl
from attrs import define, frozen

from complaint_policy.columns.plan import Ex, Plan, constant, on
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
    "Open",
    "Shape",
    "code_type",
    "identity",
    "is_left",
    "left_column",
]

LEFT: Final = "\x1fleft"
LEFT_OVER: Final = Maybe(None, frozenset({LEFT}))


def is_left(missing: Iterable[str]) -> bool:
    return LEFT in missing


@frozen
class Open:
    """What stands for so many possible values, told by the least and the most of them: no more than ``options``.

    ``rising``: which way they still move, as of :class:`~.possible.Growing`; None where they stand still.  ``missing`` and ``open``: what would settle them.
    """

    options: int
    rising: int | None = None
    missing: frozenset[str] = frozenset()
    open: bool = False

    @property
    def growing(self) -> bool:
        return self.rising is not None


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
    ``tests``: for each code whether a row has it, where that is known without the codes (None: such rows are left).  ``made``: the columns it
    was tabulated from, and the code of each of their combinations.
    """

    def __init__(
        self,
        code: Ex | None,
        domain: tuple[Any, ...],
        test: Ex | None = None,
        *,
        placed: bool = False,
        tests: tuple[Ex | None, ...] | None = None,
        made: tuple[Sequence[Coded], Sequence[int]] | None = None,
    ) -> None:
        self._code, self.domain = code, domain
        self.placed = placed  # every answer has the code it was to have
        self.test = test if len(domain) == 2 else None
        self.tests, self.made = tests, made

    def meaning(self, domain: tuple[Any, ...]) -> Coded:
        """The same codes for other values."""
        return Coded(self._code, domain, self.test, tests=self.tests, made=self.made)

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
        codes = code_type(len(domain))
        chosen = on(lambda v, i: pl.when(v.is_null()).then(i.cast(codes) + 1).otherwise(0).cast(codes), self.value, index)
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
        codes = code_type(len(domain))
        return Coded(plan.keep(on(lambda v, i: v.cast(codes).fill_null(i.cast(codes) + 2), self.value, index)), domain)


def code_type(width: int) -> Any:
    """The type of so many codes."""
    return pl.UInt8 if width <= 256 else pl.UInt16


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

    ``high`` is ``low`` where no row is a span.  ``day_end``: whether the instants are ends of days, or which are; ``last_end``: the
    same of the last possible instants, where it may be another answer.
    """

    low: Ex | None
    high: Ex | None
    shapes: tuple[Shape, ...]
    _state: Callable[[], Ex] | None = None
    day_end: bool | Ex = False
    looked_up: tuple[Ex, list[int | None]] | None = None  # the days of a start, and the table that gives the due ticks of each
    last_end: bool | Ex | None = None
    moved_from: tuple[Instants, Coded] | None = None  # what these were counted from, and where their ends have become one: all their shapes depend on

    @property
    def exact(self) -> bool:
        """Whether no row is a span."""
        return all(s.kind != SPAN for s in self.shapes)

    @property
    def simple(self) -> bool:
        """Whether every row is exactly known."""
        return len(self.shapes) == 1 and self.shapes[0].kind == EXACT

    @property
    def ends(self) -> bool | Ex:
        """Whether the last possible instants are ends of days."""
        return self.day_end if self.last_end is None else self.last_end

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
