"""Stretches of time and texts that mean the same: what the industries share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any, Final

__all__ = ["amount_of", "length", "normalised", "to_the_cent", "together", "without"]

Stretch = tuple[datetime, datetime]


def together(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Their union, in order, in UTC so that lengths are elapsed time; what touches is one stretch, what has no length is none."""
    found: list[Stretch] = []
    for low, high in sorted((low.astimezone(UTC), high.astimezone(UTC)) for low, high in stretches):
        if high <= low:
            continue
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return found


def without(stretches: list[Stretch], taken: list[Stretch]) -> list[Stretch]:
    """The first without the second; both as :func:`together` gives them, so that each is gone through once."""
    found: list[Stretch] = []
    at = 0
    for low, high in stretches:
        while at < len(taken) and taken[at][1] <= low:
            at += 1
        following = at
        while following < len(taken) and taken[following][0] < high:
            begin, end = taken[following]
            if begin > low:
                found.append((low, begin))
            low = max(low, end)
            following += 1
        if low < high:
            found.append((low, high))
    return found


def length(stretches: Iterable[Stretch]) -> timedelta:
    """How long they are together."""
    return sum((high - low for low, high in stretches), timedelta())


def normalised(text: Any) -> str | None:
    """A code as one and the same text however it was typed: full width, small letters, blanks and dashes; ``None`` where nothing is left."""
    if text is None:
        return None
    found = "".join(c for c in unicodedata.normalize("NFKC", text).upper() if c.isalnum())
    return found or None


# As many digits as any amount or level has: an exponent would let a few letters stand for a number that no machine can hold.
_PLAIN: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")


def amount_of(text: str) -> Decimal | None:
    """A number written in plain digits; ``None`` for anything else."""
    return Decimal(text.strip()) if _PLAIN.fullmatch(text.strip()) else None


def to_the_cent(amount: Fraction) -> Decimal:
    """An exact amount, rounded once at the end, half up."""
    return Decimal(floor(amount * 100 + Fraction(1, 2))) / 100
