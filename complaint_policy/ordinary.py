"""What the straight line (straight.py) looks things up in and asks: days, the moment of judgement, values it does not know."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from operator import ge, gt, le, lt
from typing import Any, Final

from complaint_policy.coerce import Unusable, as_text
from complaint_policy.counting import Counter
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.computed import Call, Read, plain_number
from complaint_policy.expressions.operators import outcome_is
from complaint_policy.guarded import Failed
from complaint_policy.instants import local
from complaint_policy.lengths import Length
from complaint_policy.possible import MAX_INSTANT, DayEnd
from complaint_policy.zones import Zone

__all__ = [
    "EPOCH",
    "MOST_DAYS",
    "TOO_LATE",
    "UNKNOWN",
    "Asked",
    "Asking",
    "Changes",
    "DayTable",
    "Days",
    "Texts",
    "against",
    "as_told",
    "compare",
    "first_of",
    "has_text",
    "in_order",
    "plain_counter",
    "within",
]

EPOCH: Final = datetime(1970, 1, 1)
# From here on times are unusable (coerce.py says so), also where they have not come yet.
TOO_LATE: Final = datetime(2401, 1, 1)
# So many texts are kept, and none that is longer.
_MOST_TEXTS: Final = 20_000
_LONG: Final = 100
# So many days are kept at a time.
MOST_DAYS: Final = 16_384


class _Unknown:
    """Stands for a value that is not there: who looks at it makes the record one that is not ordinary."""

    def _looked_at(self, other: Any = None) -> Any:
        raise LookupError("unknown")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __hash__ = _looked_at


UNKNOWN: Final = _Unknown()

_COMPARED: Final[dict[str, tuple[Callable[[Any, Any], bool], bool]]] = {"by": (le, True), "before": (lt, True), "after": (gt, False), "not_before": (ge, False)}


def compare(operation: str) -> Callable[[datetime | None, datetime | None], bool]:
    """How two events lie to each other; None for one that has not happened, and ``LookupError`` where neither has."""
    operate, forward = _COMPARED[operation]

    def compared(left: datetime | None, right: datetime | None) -> bool:
        if left is None:
            if right is None:
                raise LookupError("open")
            return not forward
        return forward if right is None else operate(left, right)

    return compared


def in_order(*events: datetime | None) -> bool:
    """Whether each event that has happened is no earlier than those before it, all of which have happened."""
    last: datetime | None = events[0]
    for index, event in enumerate(events[1:], 1):
        if event is not None:
            if last is None or event < last or None in events[:index]:
                return False
            last = event
    return True


def against(operation: str) -> Callable[[datetime | None, datetime, datetime], bool]:
    """How an event lies to an instant that is known; ``LookupError`` where it has not happened and still may."""
    operate, forward = _COMPARED[operation]

    def compared(left: datetime | None, right: datetime, as_of: datetime) -> bool:
        if left is not None:
            return operate(left, right)
        if right > as_of:
            raise LookupError("open")
        return not forward

    return compared


def within(operation: str, table: DayTable) -> Callable[[datetime | None, datetime | None, datetime], bool]:
    """How an event lies to the end of a length from another one."""
    compared, forward = against(operation), _COMPARED[operation][1]

    def compare_with(left: datetime | None, base: datetime | None, as_of: datetime) -> bool:
        if base is not None:
            return compared(left, table[base.toordinal()][0], as_of)
        if left is None:
            raise LookupError("open")
        return forward

    return compare_with


def first_of(*events: datetime | None) -> datetime | None:
    """The first that has happened."""
    return min((event for event in events if event is not None), default=None)


def as_told(result: Any, outcomes: frozenset[str]) -> bool:
    """Whether a rule's outcome is one of those; ``LookupError`` where time has yet to tell."""
    told = outcome_is(result, outcomes)
    if told is not True and told is not False:
        raise LookupError("open")
    return told


def has_text(value: Any) -> bool:
    """Whether a cell has a text; raises ``TypeError`` for one that is no ordinary text."""
    if value is None:
        return False
    if value.__class__ is not str:
        raise TypeError("no text")
    try:
        return as_text(value) != ""
    except (Unusable, ValueError):
        raise TypeError("unusable") from None


class Texts(dict[str, Any]):
    """Texts as they are read; an empty one is what stands for none."""

    def __init__(self, empty: Any) -> None:
        super().__init__()
        self._empty = empty

    def __missing__(self, given: str) -> Any:
        """Raises ``Unusable``, or ``ValueError``, for one that is no text."""
        read = as_text(given) or self._empty
        if len(given) <= _LONG and len(self) < _MOST_TEXTS:
            self[given] = read
        return read


class Changes(dict[int, bool]):
    """Whether a zone's offset changes on a day."""

    def __init__(self, zone: Zone) -> None:
        super().__init__()
        self._zone = zone

    def __missing__(self, day: int) -> bool:
        try:
            made = self[day] = self._zone.changes_on(day)
        except (OverflowError, ValueError):
            return True  # at the ends of time nothing is ordinary
        return made


class Days:
    """What several tables have for a day, with its midnight in front."""

    def __init__(self, first: datetime, until: datetime | None, zone: Zone) -> None:
        self.known: dict[int, tuple[Any, ...]] = {}
        self.tables: list[tuple[Any, int]] = []
        self._first = first
        self._until = until or TOO_LATE
        self._changes = Changes(zone)

    def find(self, day: int) -> tuple[Any, ...]:
        """Raises ``KeyError`` for a day on which no receipt is ordinary; None is for what one table has nothing for."""
        midnight = datetime.fromordinal(day)
        if not self._first <= midnight < self._until or self._changes[day]:
            raise KeyError(day)
        found: list[Any] = [midnight]
        for table, size in self.tables:
            try:
                found += table[day]
            except KeyError:
                found += [None] * size
        if len(self.known) >= MOST_DAYS:
            self.known.clear()
        made = self.known[day] = tuple(found)
        return made


class Asked:
    """The moment of judgement that was found ordinary last: mostly the next one is the same."""

    __slots__ = ("_zone", "last")

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self.last: datetime | None = None

    def check(self, as_of: Any) -> None:
        """Raises ``LookupError`` for one that is not a plain wall time."""
        if as_of.__class__ is not datetime or as_of.tzinfo is not None or not EPOCH < as_of < TOO_LATE:
            raise LookupError(as_of)
        if as_of < self._zone.steady_from and self._zone.changes_on(as_of.toordinal()):
            raise LookupError(as_of)
        self.last = as_of


def plain_counter(node: n.Counted, zone: Zone) -> Counter | None:
    """The counter of a length that depends on the day it starts, or on nothing; ``None`` for any other."""
    if not isinstance(node.length, Length) or node.ahead:
        return None
    counter = Counter(node.length, node.counting)
    if not (counter.length.is_exact or (counter.by_day and node.counting.ends == "end_of_day")) or counter.zone != zone:
        return None
    rolled_back = node.counting.roll == "previous_working_day" and counter.uses_calendar
    return None if rolled_back else counter


class DayTable(dict[int, tuple[datetime, datetime]]):
    """For every day of start that has come up, the last microsecond of its due day in wall time, and the time that is shown."""

    def __init__(self, counter: Counter, provisional: datetime | None) -> None:
        super().__init__()
        self._counter = counter
        self._provisional = provisional or MAX_INSTANT

    def __missing__(self, day: int) -> tuple[datetime, datetime]:
        """Raises ``KeyError`` for a due day past the calendar's last announced day: not ordinary."""
        zone = self._counter.zone
        due = self._counter.due(zone.day_start(day))
        shown = local(due, zone)
        if due >= self._provisional or not isinstance(due, DayEnd) or shown is None:
            raise KeyError(day)
        if len(self) >= MOST_DAYS:
            self.clear()
        wall = zone.to_wall(due)
        if zone.to_utc(wall.replace(fold=0)) != due:  # the day ends twice
            raise KeyError(day)
        made = self[day] = datetime(wall.year, wall.month, wall.day, wall.hour, wall.minute, wall.second, wall.microsecond), shown
        return made


class Asking:
    """A plugin's function of ordinary values.  It gives up where one of them is unknown, or the function cannot tell or fails."""

    def __init__(self, call: Call, zone: Zone, values: list[tuple[str, ...]]) -> None:
        """``values``: of each field that is read, where it is an enum."""
        self.call, self.named = call, call.named
        self.readers = [self._reader(read, zone, frozenset(allowed)) for read, allowed in zip(call.reads, values, strict=True)]

    def __call__(self, *values: Any) -> Any:
        found = self.call.guarded(*[read(value) for read, value in zip(self.readers, values, strict=True)], **self.named)
        if found is None or found.__class__ is Failed:
            raise LookupError
        return found

    @staticmethod
    def _reader(read: Read, zone: Zone, allowed: frozenset[str]) -> Callable[[Any], Any]:
        optional = read.optional
        number = read.type in ("number", "money")

        def value(given: Any) -> Any:
            if given is None or given is UNKNOWN:
                if optional:
                    return None
                raise LookupError
            if allowed and given not in allowed:
                raise LookupError
            return plain_number(Decimal(repr(given)) if given.__class__ is float else given) if number else given

        def moment(given: Any) -> Any:
            if given is None:
                if optional:
                    return None
                raise LookupError
            return given.replace(tzinfo=zone)

        return moment if read.type in ("event", "datetime") else value
