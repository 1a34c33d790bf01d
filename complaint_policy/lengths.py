"""Lengths of time as policies write them: ``15 days``, ``8 working hours``, ``same day``."""

from __future__ import annotations

import calendar as month_lengths
import re
from datetime import date, timedelta
from typing import Final

from attrs import frozen

from complaint_policy.texts import Text, joined

__all__ = ["MONTH_DAY", "MONTH_DAY_FORM", "UNITS", "UNIT_KEYS", "Length", "MonthDays", "month_day_form", "parse_length", "parse_month_day"]

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


MONTH_DAY: Final = "month_day"
MONTH_DAY_FORM: Final = "^[0-9]{2}-[0-9]{2}$"
_MONTHS: Final = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
_LONGEST_MONTH: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _of_a_month(days: tuple[int, ...]) -> Text:
    """The same day of every month, or the last of each."""
    if days == _LONGEST_MONTH:
        return Text("last day", "最后一日")
    day = days[0]
    ending = "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return Text(f"{day}{ending}", f"{day}日")


@frozen
class MonthDays(Length):
    """To the next of some days of the year, each ``(month, day)``, in order: it ends on a day, as a count of days does.

    29 February is the last day of February in every year.
    """

    days: tuple[tuple[int, int], ...] = ()

    @property
    def counts_days(self) -> bool:
        return True

    def next(self, day: date, *, included: bool) -> date:
        """The next such day after ``day``, or from it on."""
        first = day if included else day + timedelta(days=1)
        return min(found for year in (first.year, first.year + 1) for found in self.in_year(year) if found >= first)

    def in_year(self, year: int) -> tuple[date, ...]:
        """Such days of a year, in order."""
        return tuple(date(year, month, min(day, month_lengths.monthrange(year, month)[1])) for month, day in self.days)

    @property
    def named(self) -> Text:
        """The days alone; those of every month are said once."""
        monthly = [[day for month, day in self.days if month == wanted] for wanted in range(1, 13)]
        if len({len(days) for days in monthly}) == 1:
            columns = list(zip(*monthly, strict=True))
            if all(len(set(column)) == 1 or column == _LONGEST_MONTH for column in columns):
                return Text("{d} of a month", "{d}（每月）").filled(d=joined([_of_a_month(column) for column in columns], " or ", "或"))
        return joined([Text(f"{day} {_MONTHS[month - 1]}", f"{month}月{day}日") for month, day in self.days], " or ", "或")

    @property
    def text(self) -> Text:
        return Text("the next {d}", "下一个{d}").filled(d=self.named)


def month_day_form(text: str) -> bool:
    """Whether a text is written as month and day."""
    return re.fullmatch("[0-9]{2}-[0-9]{2}", text) is not None


def parse_month_day(text: str) -> tuple[int, int] | None:
    """``08-31`` as month and day; ``None`` for anything else, and for a day no year has."""
    if not month_day_form(text):
        return None
    month, day = int(text[:2]), int(text[3:])
    return (month, day) if 1 <= month <= 12 and 1 <= day <= _LONGEST_MONTH[month - 1] else None


def parse_length(text: str) -> Length | None:
    """``15 days``, ``1 working day``, ``same day``; ``None`` for anything else (a bare number has no unit)."""
    if text == "same day":
        return Length(0, "days", same_day=True)
    found = _LENGTH.fullmatch(text)
    if found is None:
        return None
    return Length(int(found[1]), re.sub(" +", " ", found[2]) + "s")
