"""Reading dates by the formats that a policy or a mapping declares, the same on every machine.

The directives are those of ``strptime`` that carry digits or English names; the machine's locale is never
asked (``%b`` is ``Jan`` or ``January``, ``%p`` is ``AM``, ``PM``, ``上午`` or ``下午``).  A number may lack its
leading zero, a space stands for any run of blanks, ``%y`` is 1969 to 2068.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

from attrs import frozen

from complaint_policy.texts import Text

__all__ = ["DateFormat", "FormatError", "date_format"]

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DIRECTIVES: Final = {
    "Y": r"(?P<Y>[0-9]{4})",
    "y": r"(?P<y>[0-9]{2})",
    "m": r"(?P<m>1[0-2]|0?[1-9])",
    "d": r"(?P<d>3[01]|[12][0-9]|0?[1-9]| [1-9])",
    "H": r"(?P<H>2[0-3]|[01]?[0-9])",
    "I": r"(?P<I>1[0-2]|0?[1-9])",
    "M": r"(?P<M>[0-5]?[0-9])",
    "S": r"(?P<S>[0-5]?[0-9])",
    "f": r"(?P<f>[0-9]{1,6})[0-9]*",
    "b": r"(?P<b>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?",
    "p": r"(?P<p>[ap]\.?m\.?|上午|下午)",
    "z": r"(?P<z>Z|[+-][0-9]{2}:?[0-9]{2})",
    "a": r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?",
    "%": "%",
}
_ALIASES: Final = {"B": "b", "h": "b", "A": "a"}
_SHORTHANDS: Final = {"%T": "%H:%M:%S", "%F": "%Y-%m-%d", "%R": "%H:%M", "%D": "%m/%d/%y"}
_NEEDED: Final = (("Yy", "%Y"), ("mb", "%m"), ("d", "%d"))
# Fewer dates than rows: an export repeats its days.
_CACHED: Final = 1 << 16
# No date is longer; what is longer is neither matched nor remembered.
_LONGEST: Final = 100


class FormatError(ValueError):
    """A format that cannot tell a date; ``reason`` says why in English and Chinese."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


@frozen
class DateFormat:
    """One declared format."""

    text: str
    read: Callable[[str], datetime | None]
    """The naive (with ``%z`` aware) datetime of a text, or ``None`` where the text has another shape."""

    has_time: bool

    def __reduce__(self) -> tuple[object, ...]:
        return date_format, (self.text,)


@lru_cache(maxsize=256)
def date_format(text: str) -> DateFormat:
    """The compiled format.

    Raises :class:`FormatError` for an unknown directive, one given twice, or a format without year, month and day.
    """
    for short, full in _SHORTHANDS.items():
        text = text.replace(short, full)
    parts: list[str] = []
    seen: set[str] = set()
    position = 0
    while position < len(text):
        character = text[position]
        if character == "%":
            letter = text[position + 1 : position + 2]
            letter = _ALIASES.get(letter, letter)
            if letter not in _DIRECTIVES:
                raise FormatError(
                    Text(
                        f"'%{letter}' is not a directive; known: " + " ".join("%" + d for d in _DIRECTIVES),
                        f"“%{letter}”不是可用的日期格式符；可用：" + " ".join("%" + d for d in _DIRECTIVES),
                    )
                )
            if letter in seen and letter not in "%a":
                raise FormatError(Text(f"'%{letter}' stands twice", f"“%{letter}”出现两次"))
            seen.add(letter)
            parts.append(_DIRECTIVES[letter])
            position += 2
        elif character.isspace():
            parts.append(r"\s+")
            position += 1
            while position < len(text) and text[position].isspace():
                position += 1
        else:
            parts.append(re.escape(character))
            position += 1
    _complete(seen)
    pattern = re.compile("".join(parts), re.IGNORECASE)

    @lru_cache(maxsize=_CACHED)
    def matched(cell: str) -> datetime | None:
        found = pattern.fullmatch(cell)
        return None if found is None else _built(found.groupdict())

    def read(cell: str) -> datetime | None:
        return matched(cell) if len(cell) <= _LONGEST else None

    return DateFormat(text, read, bool(seen & set("HI")))


def _complete(seen: set[str]) -> None:
    for letters, example in _NEEDED:
        if not seen & set(letters):
            raise FormatError(
                Text(f"the format tells no whole date: '{example}' is missing", f"格式不足以确定日期：缺少“{example}”")
            )
    if ("I" in seen) != ("p" in seen):
        raise FormatError(Text("'%I' and '%p' belong together", "“%I”与“%p”须同时使用"))
    if {"H", "I"} <= seen:
        raise FormatError(Text("'%H' and '%I' exclude each other", "“%H”与“%I”不能同时使用"))


def _built(found: dict[str, str | None]) -> datetime | None:
    def number(letter: str) -> int:
        return int(found.get(letter) or 0)

    year = number("Y") or number("y") + (2000 if number("y") <= 68 else 1900)
    month = _MONTHS.index(name[:3].lower()) + 1 if (name := found.get("b")) else number("m")
    hour = number("H")
    if half := found.get("p"):
        hour = number("I") % 12 + (12 if half[0] in "pP下" else 0)
    try:
        return datetime(
            year, month, number("d"), hour, number("M"), number("S"), int((found.get("f") or "0").ljust(6, "0")),
            tzinfo=_offset(found.get("z")),
        )  # fmt: skip
    except ValueError:
        # 31 February has the shape of a date and is none.
        return None


def _offset(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text in "Zz":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    if minutes >= 24 * 60:
        raise ValueError(text)
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))
