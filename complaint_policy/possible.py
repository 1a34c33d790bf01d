"""What a value can be: known, not yet, none, or one of several possibilities.

Known values are plain Python values.  The others are told apart from them by their class:

``NOT_YET``    an event that has not happened by ``as_of``: it lies somewhere after it
``NONE``       stated to be none: no promise was made, no shelf life is given
``Maybe``      unknown: one of ``options``, or anything where ``options`` is None
``Growing``    a number that time still moves, such as the length of a running span
``Interval``   an instant somewhere in a closed interval, such as a bare date
``DayEnd``     an instant that is the end of a day: the last microsecond before the boundary

A condition is ``True``, ``False`` or a ``Maybe`` without options.  ``missing`` names the fields
that would settle a ``Maybe``; ``open`` says that time alone will.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any, Final

__all__ = [
    "ANYTIME",
    "MAX_INSTANT",
    "MICROSECOND",
    "MIN_INSTANT",
    "NONE",
    "NOT_YET",
    "NOWHERE_MISSING",
    "DayEnd",
    "Empty",
    "Growing",
    "Interval",
    "Maybe",
    "all_of_conditions",
    "any_of_conditions",
    "as_things_stand",
    "day_end",
    "each_possibility",
    "negation",
    "options_of",
    "possibilities",
]

MICROSECOND: Final = timedelta(microseconds=1)
MIN_INSTANT: Final = datetime.min
MAX_INSTANT: Final = datetime.max
NOWHERE_MISSING: Final[frozenset[str]] = frozenset()

# More combinations than this are not looked at one by one: the value is then simply unknown.
MAX_COMBINATIONS: Final = 256
_NUMBERS: Final = (int, Decimal)


class _Special:
    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> str:
        return self.name

    # No stated value is at least, at most, above, below or equal to anything.
    def __lt__(self, other: object) -> bool:
        return False

    __le__ = __gt__ = __ge__ = __lt__


NOT_YET: Final = _Special("NOT_YET")
NONE: Final = _Special("NONE")


class DayEnd(datetime):
    """The last microsecond of a day; an act is in time up to and including it."""

    __slots__ = ()

    @property
    def boundary(self) -> datetime:
        """The next day's first instant."""
        return _plain(self) + MICROSECOND


def _plain(moment: datetime) -> datetime:
    return datetime(moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second, moment.microsecond)


def day_end(boundary: datetime) -> DayEnd:
    """The end of the day before ``boundary``, a day's first instant (naive UTC)."""
    last = boundary - MICROSECOND
    return DayEnd(last.year, last.month, last.day, last.hour, last.minute, last.second, last.microsecond)


class Interval:
    """An instant known to lie in ``[low, high]``, both ends included."""

    __slots__ = ("high", "low", "missing")

    def __init__(self, low: datetime, high: datetime, missing: frozenset[str]) -> None:
        self.low = low
        self.high = high
        self.missing = missing

    def __repr__(self) -> str:
        return f"Interval({self.low!r}, {self.high!r}, {set(self.missing)!r})"


class Maybe:
    """An unknown value; comparing it compares every possibility."""

    __slots__ = ("missing", "open", "options")
    __hash__ = None  # type: ignore[assignment]  # equality gives a condition, not a bool

    def __init__(self, options: tuple[Any, ...] | None, missing: frozenset[str], open: bool = False) -> None:
        self.options = options
        self.missing = missing
        self.open = open

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.options!r}, {set(self.missing)!r}, open={self.open})"

    def __bool__(self) -> bool:
        raise TypeError("an unknown value is neither true nor false")

    def _each(self, test: Callable[[Any], Any], other: object = None) -> Any:
        if self.options is None:
            if isinstance(other, Maybe):
                return _both(self, other)
            return Maybe(None, self.missing, self.open)
        results = [test(option) for option in self.options]
        first = results[0]
        if type(first) is bool and all(r is first for r in results):
            return first
        missing, open_ = self.missing, self.open
        for result in results:
            if isinstance(result, Maybe):
                missing, open_ = missing | result.missing, open_ or result.open
        return Maybe(None, missing, open_)

    def __eq__(self, other: object) -> Any:
        return self._each(lambda o: o == other, other)

    def __ne__(self, other: object) -> Any:
        return self._each(lambda o: o != other, other)

    def __lt__(self, other: Any) -> Any:
        return self._each(lambda o: o < other, other)

    def __le__(self, other: Any) -> Any:
        return self._each(lambda o: o <= other, other)

    def __gt__(self, other: Any) -> Any:
        return self._each(lambda o: o > other, other)

    def __ge__(self, other: Any) -> Any:
        return self._each(lambda o: o >= other, other)

    def is_in(self, values: frozenset[Any]) -> Any:
        return self._each(lambda o: o in values)

    def named(self) -> Maybe:
        """The same uncertainty, as a condition."""
        return Maybe(None, self.missing, self.open)


class Empty(Maybe):
    """An empty cell: unknown, but known to be empty (``first_known`` passes over it)."""

    __slots__ = ()


class Growing(Maybe):
    """A number that time still moves: ``options`` as things stand, from there only up, only down or either way.

    ``rising`` is 1, -1 or 0 for these three.
    """

    __slots__ = ("rising",)
    __hash__ = None

    def __init__(self, options: tuple[Any, ...], missing: frozenset[str], rising: int) -> None:
        super().__init__(options, missing, True)
        self.rising = rising

    def _bound(self, test: Callable[[Any], Any], stays: bool, rising: int) -> Any:
        """A comparison that is ``stays`` now remains so where the number moves that way; else time will tell."""

        def settled(option: Any) -> Any:
            now = test(option)
            if now is stays and self.rising == rising:
                return now
            return Maybe(None, now.missing if isinstance(now, Maybe) else NOWHERE_MISSING, True)

        return self._each(settled)

    def _up(self, test: Callable[[Any], Any]) -> Any:
        """A lower bound: once reached by a rising number it holds for good; a falling one that lacks it never has it."""
        return self._bound(test, True, 1) if self.rising > 0 else self._bound(test, False, -1)

    def _down(self, test: Callable[[Any], Any]) -> Any:
        """An upper bound, the other way round."""
        return self._bound(test, False, 1) if self.rising > 0 else self._bound(test, True, -1)

    def __lt__(self, other: Any) -> Any:
        return self._down(lambda o: o < other)

    def __le__(self, other: Any) -> Any:
        return self._down(lambda o: o <= other)

    def __gt__(self, other: Any) -> Any:
        return self._up(lambda o: o > other)

    def __ge__(self, other: Any) -> Any:
        return self._up(lambda o: o >= other)

    def __eq__(self, other: object) -> Any:
        """Never certain to be equal; certainly different once it has passed by."""
        passed = self > other if self.rising > 0 else self < other
        return False if passed is True else Maybe(None, self.missing, True)

    def __ne__(self, other: object) -> Any:
        return negation(self == other)

    def is_in(self, values: frozenset[Any]) -> Any:
        return any_of_conditions(*(self == value for value in values))


ANYTIME: Final = Maybe(None, NOWHERE_MISSING)


def possibilities(values: Iterable[Any], missing: frozenset[str], open: bool = False) -> Any:
    """One value if all agree, else a :class:`Maybe` of the different ones, in the order given."""
    different: list[Any] = []
    moving: set[int] = set()
    anything = False
    for value in values:
        if isinstance(value, Maybe):
            if isinstance(value, Growing):
                moving.add(value.rising)
            missing |= value.missing
            open = open or value.open
            if value.options is None:
                anything = True  # what is missing of the others would settle it too
                continue
            candidates: tuple[Any, ...] = value.options
        else:
            candidates = (value,)
        for candidate in candidates:
            if not any(_same(candidate, d) for d in different):
                different.append(candidate)
    if anything:
        return Maybe(None, missing, open)
    if moving and 0 < len(different) <= MAX_COMBINATIONS:
        return Growing(tuple(different), missing, moving.pop() if len(moving) == 1 else 0)
    if len(different) == 1:
        return different[0]
    if not different or len(different) > MAX_COMBINATIONS:
        return Maybe(None, missing, open)
    return Maybe(tuple(different), missing, open)


def as_things_stand(value: Any) -> Any:
    """A growing number as it is at ``as_of``; any other value as it is."""
    return possibilities(value.options or (), value.missing) if value.__class__ is Growing else value


def _same(a: Any, b: Any) -> bool:
    if a.__class__ is Interval or b.__class__ is Interval:
        return a.__class__ is b.__class__ and a.low == b.low and a.high == b.high
    if a is b:
        return True
    # 10 and 10.0 are one number; True is none.
    alike = a.__class__ is b.__class__ or (a.__class__ in _NUMBERS and b.__class__ in _NUMBERS) or (isinstance(a, datetime) and isinstance(b, datetime))
    return alike and bool(a == b)


def options_of(value: Any) -> tuple[Any, ...] | None:
    """Every possibility of a value; ``None`` where it could be anything."""
    if isinstance(value, Maybe):
        return value.options
    return (value,)


def each_possibility(function: Callable[..., Any], *arguments: Any) -> Any:
    """``function`` of every combination of possibilities of the arguments."""
    missing = NOWHERE_MISSING
    open_ = False
    choices: list[tuple[Any, ...]] = []
    count = 1
    unknown = False
    for argument in arguments:
        if isinstance(argument, Maybe):
            missing |= argument.missing
            open_ = open_ or argument.open
            if argument.options is None:
                unknown = True
                continue
            choices.append(argument.options)
            count *= len(argument.options)
        else:
            choices.append((argument,))
    if unknown or count > MAX_COMBINATIONS:
        return Maybe(None, missing, open_)
    return possibilities((function(*combination) for combination in product(*choices)), missing, open_)


def negation(condition: Any) -> Any:
    if condition is True:
        return False
    if condition is False:
        return True
    return condition


def all_of_conditions(*conditions: Any) -> Any:
    """Three-valued *and*."""
    unknown: Maybe | None = None
    for condition in conditions:
        if condition is False:
            return False
        if condition is not True:
            unknown = condition if unknown is None else _both(unknown, condition)
    return True if unknown is None else unknown


def any_of_conditions(*conditions: Any) -> Any:
    """Three-valued *or*."""
    unknown: Maybe | None = None
    for condition in conditions:
        if condition is True:
            return True
        if condition is not False:
            unknown = condition if unknown is None else _both(unknown, condition)
    return False if unknown is None else unknown


def _both(a: Maybe, b: Maybe) -> Maybe:
    return Maybe(None, a.missing | b.missing, a.open or b.open)
