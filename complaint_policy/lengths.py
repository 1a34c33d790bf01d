"""Lengths of time as policies write them: ``15 days``, ``8 working hours``, ``same day``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from attrs import frozen

from complaint_policy.texts import Text

__all__ = ["UNITS", "UNIT_KEYS", "Length", "parse_length"]

# Units in the order of the language page; the plural is the spelling.
UNITS: Final = ("minutes", "hours", "working hours", "days", "working days", "weeks", "months", "years")
UNIT_KEYS: Final = {u.replace(" ", "_"): u for u in UNITS}

_LENGTH = re.compile(r"([0-9]{1,6}) +((?:working +)?(?:minute|hour|day|week|month|year))s?")
_ZH: Final = {
    "minutes": "分钟",
    "hours": "小时",
    "working hours": "个工作小时",
    "days": "日",
    "working days": "个工作日",
    "weeks": "周",
    "months": "个月",
    "years": "年",
}


@frozen
class Length:
    """So many of a unit.  ``same_day`` is the day of the start itself; ``house`` marks a number the
    company gave to a vague word of the rule."""

    amount: int
    unit: str
    same_day: bool = False
    word: str | None = None
    house: bool = False
    title: Text | None = None  # of the word

    @property
    def is_working(self) -> bool:
        return self.unit.startswith("working")

    @property
    def is_exact(self) -> bool:
        """Minutes and hours: elapsed time, no calendar."""
        return self.unit in ("minutes", "hours")

    @property
    def counts_days(self) -> bool:
        """Days and longer units, working days included: the unit ends on a day."""
        return self.unit in ("days", "weeks", "months", "years", "working days")

    def exactly(self) -> timedelta:
        """The elapsed time of an exact length or of working hours."""
        return timedelta(minutes=self.amount) if self.unit == "minutes" else timedelta(hours=self.amount)

    @property
    def text(self) -> Text:
        if self.same_day:
            return Text("same day", "当日")
        unit = self.unit[:-1] if self.amount == 1 else self.unit
        shown = Text(f"{self.amount} {unit}", f"{self.amount}{_ZH[self.unit]}")
        if self.word is None:
            return shown
        word = self.title or Text(self.word.replace("_", " "), self.word)
        if self.house:
            return Text("{w} ({l}, a house number)", "{w}（{l}，内部自定）").filled(w=word, l=shown)
        return Text("{w} ({l})", "{w}（{l}）").filled(w=word, l=shown)

    def __str__(self) -> str:
        return self.text.en


def parse_length(text: str) -> Length | None:
    """``15 days``, ``1 working day``, ``same day``; ``None`` for anything else (a bare number has no unit)."""
    if text == "same day":
        return Length(0, "days", same_day=True)
    found = _LENGTH.fullmatch(text)
    if found is None:
        return None
    return Length(int(found[1]), re.sub(" +", " ", found[2]) + "s")
