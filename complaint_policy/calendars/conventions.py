"""The named conventions of working-time arithmetic: one table, the first value of each is the default.

The same table stands in docs/calendars.md, and for policies in docs/language.md.
"""

from __future__ import annotations

from typing import Final, Literal

__all__ = [
    "ALLOWED",
    "AfterHours",
    "AtClosing",
    "Count",
    "DayKind",
    "Ends",
    "FirstDay",
    "FromClosedDay",
    "IfReversed",
    "PauseOnDays",
    "Roll",
    "Zero",
    "check_conventions",
]

FirstDay = Literal["excluded", "included"]
Ends = Literal["same_time", "end_of_day", "close_of_business"]
Roll = Literal["none", "next_working_day", "previous_working_day"]
AfterHours = Literal["as_received", "next_opening", "deemed_next_opening"]
FromClosedDay = Literal["next_day_is_one", "next_working_day_is_zero"]
AtClosing = Literal["stay", "roll"]
PauseOnDays = Literal["working_time", "elapsed", "whole_days"]
Zero = Literal["stay", "next_opening", "previous_closing"]
Count = Literal["start_out_end_in", "start_in_end_out", "both_in", "both_out"]
IfReversed = Literal["negative", "absolute", "zero"]
DayKind = Literal["working", "weekend", "holiday", "make_up", "closed", "unannounced"]

ALLOWED: Final[dict[str, tuple[str, ...]]] = {
    "first_day": ("excluded", "included"),
    "ends": ("same_time", "end_of_day", "close_of_business"),
    "roll": ("none", "next_working_day", "previous_working_day"),
    "after_hours": ("as_received", "next_opening", "deemed_next_opening"),
    "from_closed_day": ("next_day_is_one", "next_working_day_is_zero"),
    "at_closing": ("stay", "roll"),
    "pause_on_days": ("working_time", "elapsed", "whole_days"),
    "zero": ("stay", "next_opening", "previous_closing"),
    "count": ("start_out_end_in", "start_in_end_out", "both_in", "both_out"),
    "if_reversed": ("negative", "absolute", "zero"),
}


def check_conventions(**given: str) -> None:
    """Refuse an unknown value: ``ValueError`` naming the allowed ones (``TypeError`` if not text)."""
    for name, value in given.items():
        if not isinstance(value, str):
            raise TypeError(f"{name} must be text, not {type(value).__name__}")
        if value not in ALLOWED[name]:
            raise ValueError(f"{name} is {value!r}; allowed: {', '.join(ALLOWED[name])}")
