"""The records of one period and group, gathered so that two cells add up to the cell of both: exact, whatever the order."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any, Final

from attrs import define, field

from complaint_policy.exactness import exact_context
from complaint_policy.possible import NONE, NOT_YET, options_of
from complaint_policy.rules.portfolio.model import CONDITIONS

__all__ = ["Cell", "Ends", "label_of", "read_value"]

# What a value can be: the least and the largest number (None: without a bound), or the labels of values that are told apart (none: any).
Ends = tuple[Any, ...]
_YES: Final[Ends] = (1, 1)
_NO: Final[Ends] = (0, 0)
_EITHER: Final[Ends] = (0, 1)
_ANY: Final[Ends] = (None, None)
# Sums are exact: a number has at most sixty digits on either side of its point.
_EXACT: Final = exact_context(400)
_ZERO: Final = Decimal(0)
# Measures that need every value; of the others sums are enough.
_EVERY: Final = ("quantile", "largest", "spread", "different")


def label_of(value: Any, levels: tuple[str, ...] | None = None) -> str | None:
    """A value as a group is named by it; ``None`` where it is not known.  ``levels`` where the value is one of severity."""
    if levels is not None:
        return levels[value] if type(value) is int and value < len(levels) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        return _plain(value)
    return value if isinstance(value, str) else None


def _plain(number: int | Decimal) -> str:
    """A number without needless zeros: 5, 5.0 and 5.00 are one value."""
    text = format(number, "f") if isinstance(number, Decimal) else str(number)
    return text.rstrip("0").rstrip(".") if "." in text else text


def read_value(measure: str, value: Any, levels: tuple[str, ...] | None = None) -> tuple[Ends, bool] | None:
    """What a record's value can be, and whether it certainly has one; ``None`` where nothing was stated."""
    if measure == "rate":
        return _YES, True
    if measure in CONDITIONS:
        return _YES if value is True else _NO if value is False else _EITHER, True
    options = options_of(value)
    if options is None:
        return () if measure == "different" else _ANY, True
    stated = [o for o in options if o is not NONE and o is not NOT_YET]
    if not stated:
        return None
    certain = len(stated) == len(options)
    if measure == "different":
        labels = {label_of(o, levels) for o in stated}
        return () if None in labels else tuple(sorted(str(label) for label in labels)), certain
    numbers = [o for o in stated if isinstance(o, (int, Decimal)) and not isinstance(o, bool)]
    return (min(numbers), max(numbers)) if len(numbers) == len(stated) else _ANY, certain


@define
class Cell:
    """Records in for certain and perhaps in; ``low`` and ``high`` are the sums of the least and largest values of those in for certain."""

    members: int = 0
    unsure: int = 0  # members whose value is not certain
    low: Decimal | None = _ZERO
    high: Decimal | None = _ZERO
    excluded: int = 0  # not among those looked at
    unstated: int = 0  # members without a value
    values: Counter[Ends] = field(factory=Counter)  # of the members, where a measure needs each
    perhaps: Counter[Ends] = field(factory=Counter)  # of records that may be none

    def add(self, measure: str, member: Any, found: tuple[Ends, bool] | None, times: int) -> None:
        """So many records; ``member``: whether they are among those looked at, as the condition says."""
        if member is False:
            self.excluded += times
        elif found is None:
            self.unstated += times * (member is True)
        elif member is not True or not found[1]:
            self.perhaps[found[0]] += times
        else:
            self._add(measure, found[0], times)

    def _add(self, measure: str, ends: Ends, times: int) -> None:
        self.members += times
        if measure in _EVERY:
            self.values[ends] += times
        if measure == "different":
            self.unsure += times * (len(ends) != 1)
            return
        low, high = ends
        self.unsure += times * (low is None or low != high)
        if measure not in _EVERY:
            self.low = _summed(self.low, low, times)
            self.high = self.low if low is high and self.high is self.low else _summed(self.high, high, times)

    def merge(self, more: Cell, times: int = 1) -> None:
        """Add another cell so many times."""
        self.members += times * more.members
        self.unsure += times * more.unsure
        self.excluded += times * more.excluded
        self.unstated += times * more.unstated
        self.low, self.high = _summed(self.low, more.low, times), _summed(self.high, more.high, times)
        for mine, theirs in ((self.values, more.values), (self.perhaps, more.perhaps)):
            for ends, count in theirs.items():
                mine[ends] += times * count

    @property
    def possible(self) -> int:
        """Records that may be members beside those that are."""
        return self.perhaps.total()

    @property
    def undecided(self) -> int:
        """Records of which it is open whether they are among those looked at, or what their value is: those that ``undecided`` opens."""
        return self.unsure + self.possible

    def parts(self) -> list[Any]:
        """The cell as plain data, for :meth:`of`."""
        return [self.members, self.unsure, _text(self.low), _text(self.high), self.excluded, self.unstated, _listed(self.values), _listed(self.perhaps)]

    @classmethod
    def of(cls, parts: list[Any], measure: str) -> Cell:
        members, unsure, low, high, excluded, unstated, values, perhaps = parts
        texts = measure == "different"
        read = [Counter({tuple(e if texts else _number(e) for e in ends): count for ends, count in listed}) for listed in (values, perhaps)]
        return cls(members, unsure, _number(low), _number(high), excluded, unstated, *read)


def _summed(total: Decimal | None, more: int | Decimal | None, times: int) -> Decimal | None:
    """A sum with a number added so many times; ``None`` is without a bound."""
    if total is None or more is None:
        return None
    return _EXACT.add(total, more if times == 1 else _EXACT.multiply(more, times))


def _text(number: Any) -> str | None:
    return None if number is None else str(number)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _listed(counter: Counter[Ends]) -> list[Any]:
    # In order, so that equal cells are equal texts.
    plain = [[[_text(e) for e in ends], count] for ends, count in counter.items()]
    return sorted(plain, key=lambda item: [(e is not None, e or "") for e in item[0]])
