"""The facts.  Each is a function of its arguments and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

__all__ = ["claim_number_is_right", "claim_number_is_right_column", "payout", "under_cover"]

_LENGTH = 12


def claim_number_is_right(claim_number: str) -> bool:
    """Whether a claim number has twelve digits whose Luhn sum can be divided by ten."""
    if re.fullmatch(r"[0-9]{12}", claim_number) is None:
        return False
    total = 0
    for place, digit in enumerate(claim_number):
        # Counted from the right, every second digit is doubled: of twelve, those at the even places from the left.
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def claim_number_is_right_column(claim_number: pl.Expr) -> pl.Expr:
    """The same for a column."""
    import polars as pl  # needed in audits only

    total = pl.lit(0, dtype=pl.Int64)
    for place in range(_LENGTH):
        value = claim_number.str.slice(place, 1).cast(pl.Int64, strict=False) * (2 if place % 2 == 0 else 1)
        total = total + pl.when(value > 9).then(value - 9).otherwise(value)
    # What is no number has no sum: it is wrong, while an empty cell stays null.
    return claim_number.str.contains(r"^[0-9]{12}$") & (total % 10 == 0).fill_null(False)


def under_cover(incident_at: datetime, cover: tuple[tuple[datetime, datetime | None], ...] | None) -> bool:
    """Whether the incident lies in a period of cover: its beginning counts, its end does not."""
    return any(start <= incident_at and (end is None or incident_at < end) for start, end in cover or ())


def payout(loss: Decimal, bought_at: date, incident_at: datetime, *, settings: Mapping[str, Any]) -> Decimal | None:
    """The loss less depreciation for each begun year since the purchase, compounded, less the excess; never below zero.

    To the cent, half up.  ``None`` where the thing was bought after the incident.
    """
    happened = incident_at.date()
    if bought_at > happened:
        return None
    # A year is begun on the day of the purchase and on each anniversary.
    years = happened.year - bought_at.year + (1 if (happened.month, happened.day) >= (bought_at.month, bought_at.day) else 0)
    worth: Decimal = loss * (1 - settings["yearly_depreciation"]) ** years
    due = Decimal(worth - settings["excess"]).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return max(due, Decimal(0))
