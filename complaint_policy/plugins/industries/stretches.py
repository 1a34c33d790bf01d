"""Stretches of time and texts that mean the same: what the industries share."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

__all__ = ["length", "normalised", "to_the_cent", "together", "without"]

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
    """The first without the second; both as :func:`together` gives them."""
    found: list[Stretch] = []
    for low, high in stretches:
        for begin, end in taken:
            if begin < high and end > low:
                if begin > low:
                    found.append((low, begin))
                low = max(low, end)
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


def to_the_cent(amount: Fraction) -> Decimal:
    """An exact amount, rounded once at the end, half up."""
    return Decimal(floor(amount * 100 + Fraction(1, 2))) / 100
