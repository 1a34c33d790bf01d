"""Money: exact until the end, then rounded once, half up, to the currency's minor unit."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from complaint_policy.exactness import wide_context

__all__ = ["is_amount", "minor_digits", "parted", "rounded"]

# ISO 4217: currencies whose minor unit is not a hundredth.
_MINOR: Final = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_WIDE: Final = wide_context(ROUND_HALF_UP)
# What is so many times a part, divided to eighty digits: a sixth of 0.05 three times is 0.025, not a little less.
_NEAR: Final = wide_context(ROUND_HALF_UP, 70)
# Nobody owes as much, and what many of less come to a column can hold.
_LIMIT: Final = 10**30


def minor_digits(currency: str | None) -> int:
    """How many decimal places the currency has; 2 where it is not known otherwise."""
    return _MINOR.get(currency or "", 2)


def rounded(value: Decimal | int, currency: str | None, times: int = 1) -> Decimal:
    """``value`` so many times, rounded half up to the minor unit."""
    unit = Decimal((0, (1,), -minor_digits(currency)))
    exact = Decimal(value) if times == 1 else _NEAR.multiply(Decimal(value), Decimal(times))
    return exact.quantize(unit, rounding=ROUND_HALF_UP, context=_WIDE)


def is_amount(value: Decimal | int) -> bool:
    """Whether a sum of money can be meant: less than a one with thirty noughts, either way."""
    return -_LIMIT < value < _LIMIT


def parted(value: Decimal | int, by: Decimal | int) -> Decimal:
    """``value`` divided, to eighty digits: no half of a minor unit is lost or found by it."""
    return _WIDE.divide(Decimal(value), Decimal(by))
