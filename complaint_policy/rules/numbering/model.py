"""A rule for case numbers: the form of a number in parts, and the period in which the running number counts from 1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrs import frozen

from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.describe import Describer
from complaint_policy.frame import Rule
from complaint_policy.texts import Text

__all__ = ["DATES", "PER", "SERIAL", "Numbering", "Part"]

SERIAL: Final = "serial"
# The parts of a date and how many digits each has.
DATES: Final = {"year": 4, "yy": 2, "month": 2, "day": 2}
PER: Final = {
    "day": Text("each day", "每日"),
    "month": Text("each month", "每月"),
    "year": Text("each year", "每年"),
    "all": Text("once and for all", "始终连续"),
}

_ZH: Final = {"year": "四位年份", "yy": "两位年份", "month": "两位月份", "day": "两位日期"}


@frozen
class Part:
    """A piece of a number: ``name`` is empty (the text itself), a part of a date, ``serial``, or a field; ``digits`` of a serial, or 0 for any."""

    text: str
    name: str = ""
    digits: int = 0


@frozen(kw_only=True)
class Numbering(Rule):
    of: n.NamedValue
    form: str
    parts: tuple[Part, ...]
    per: str
    fields: tuple[n.NamedValue, ...]  # those whose values stand in the number: each runs on its own

    def in_words(self, words: Describer) -> Iterator[tuple[Text, Text]]:
        yield Text("numbers", "编号字段"), words.value(self.of)
        yield Text("form", "格式"), Text(self.form, "".join(_part_zh(part) for part in self.parts))
        yield Text("runs from 1", "从1编起"), PER[self.per]


def _part_zh(part: Part) -> str:
    if part.name == SERIAL:
        return f"〔{part.digits}位流水号〕" if part.digits else "〔流水号〕"
    return f"〔{_ZH.get(part.name, part.name)}〕" if part.name else part.text
