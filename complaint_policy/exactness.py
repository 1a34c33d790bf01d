"""Decimals work out the same whatever decimal context the caller has set: the library's doors set their own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import ROUND_HALF_EVEN, Context, Decimal, DecimalException, DivisionByZero, Inexact, InvalidOperation, Overflow, localcontext
from functools import wraps
from typing import Final, ParamSpec, TypeVar

__all__ = ["MOST_DIGITS", "MOST_NUMERALS", "as_numeral", "decimal_of", "exact_context", "exactly", "own_context", "wide_context"]

P = ParamSpec("P")
T = TypeVar("T")


def wide_context(rounding: str = ROUND_HALF_EVEN, digits: int = 80) -> Context:
    """So many digits; what has more is rounded."""
    return _named(digits, rounding, ())


def exact_context(digits: int) -> Context:
    """So many digits; what has more raises ``decimal.Inexact``."""
    return _named(digits, ROUND_HALF_EVEN, (Inexact,))


def _named(digits: int, rounding: str, traps: tuple[type[DecimalException], ...]) -> Context:
    """Every part is named: what is not would be taken of ``decimal.DefaultContext``, which anyone may change."""
    all_traps: list[type[DecimalException]] = [InvalidOperation, DivisionByZero, Overflow, *traps]
    return Context(prec=digits, rounding=rounding, Emin=-999_999, Emax=999_999, capitals=1, clamp=0, flags=[], traps=all_traps)


_OWN: Final = wide_context()


def own_context() -> AbstractContextManager[Context]:
    """Within it decimals are worked out to eighty digits."""
    return localcontext(_OWN)


def decimal_of(text: str) -> Decimal | str:
    """The number that a JSON file writes; the text itself where its exponent is beyond any decimal: a field that cannot be read."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        return text
    return text if found.is_nan() else found


def as_numeral(number: int | float | Decimal) -> str | None:
    """A number written out digit by digit, with its sign and a point; ``None`` where no text of a record is read as so long a number.

    ``1E+999999999`` is ten letters, and would fill the memory.
    """
    if isinstance(number, int):
        # Beyond 4,300 digits Python itself refuses.
        return str(number) if number.bit_length() <= _BITS and abs(number) < _TOO_LARGE else None
    exact = Decimal(repr(number)) if isinstance(number, float) else number
    if not exact.is_finite() or abs(exact.adjusted()) >= MOST_DIGITS or int(exact.as_tuple().exponent) < -MOST_DIGITS:
        return None
    text = format(exact, "f")
    return text if len(text.lstrip("-")) <= MOST_NUMERALS else None


# Before the point and after it, and of an amount in all: see coerce.
MOST_DIGITS: Final = 30
MOST_NUMERALS: Final = 60
_TOO_LARGE: Final = 10**MOST_DIGITS
_BITS: Final = 100


def exactly(function: Callable[P, T]) -> Callable[P, T]:
    """The function within that context; not for generators, whose caller would be within it as well."""

    @wraps(function)
    def within(*arguments: P.args, **options: P.kwargs) -> T:
        with own_context():
            return function(*arguments, **options)

    return within
