"""The event log of one record: its entries by kind, in order of time, each attribute typed once.

An entry dated after ``as_of`` has not happened and is left out.  A bad entry costs what depends on it: without a
usable ``at`` it may have happened at any time or not yet, without a usable ``kind`` it may be of any kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from attrs import evolve

from complaint_policy.coerce import Unusable, as_text, is_empty
from complaint_policy.fields import ENTRY_FIELDS, EntryKind, Field, LogField
from complaint_policy.possible import MIN_INSTANT, NOT_YET, Interval, Maybe
from complaint_policy.texts import Text

__all__ = ["EVENTS", "MOST_ENTRIES", "UNKNOWN_LOG", "Entry", "Log", "NoLog", "log_reader", "low_end"]

Cell = Callable[[Any, datetime], Any]

EVENTS: Final = frozenset({"events"})
UNKNOWN_LOG: Final = Maybe(None, EVENTS)
# More entries of one record are no case's log but a mistake, or an attack.
MOST_ENTRIES: Final = 10_000


class NoLog:
    """In the place of a record's events: why nobody can tell them."""

    __slots__ = ("reason",)

    def __init__(self, reason: Text) -> None:
        self.reason = reason


class Entry:
    """One entry: when it happened, its place in the log, whether it certainly is one of its kind and has happened, its attributes."""

    __slots__ = ("at", "given", "place", "sure", "values")

    def __init__(self, at: Any, place: int, sure: bool, values: dict[str, Any], given: frozenset[str]) -> None:
        self.at = at
        self.place = place
        self.sure = sure
        self.values = values
        self.given = given

    def __repr__(self) -> str:
        return f"Entry({self.values!r}, sure={self.sure})"


class Log:
    """The entries by kind; ``fault`` tells of the first value of an entry that cannot be used."""

    __slots__ = ("by_kind", "fault", "found")

    def __init__(self, by_kind: dict[str, tuple[Entry, ...]], fault: Text | None = None) -> None:
        self.by_kind = by_kind
        self.fault = fault
        self.found: dict[tuple[str, ...], Any] = {}  # all entries of some kinds, put together once

    @property
    def size(self) -> int:
        """How many entries have happened or may have, of the kinds the policy asks for."""
        return len({entry.place for entries in self.by_kind.values() for entry in entries})

    def instants(self) -> Iterator[Any]:
        """When its entries happened, and what their attributes of type event say."""
        for entries in self.by_kind.values():
            for entry in entries:
                if low_end(entry.at) > MIN_INSTANT:
                    yield entry.at
                yield from (value for name, value in entry.values.items() if name != "at" and isinstance(value, (datetime, Interval)))


def low_end(at: Any) -> datetime:
    """The earliest an entry may have happened."""
    if at.__class__ is Interval:
        return at.low
    return at if isinstance(at, datetime) else MIN_INSTANT


class _Kind:
    """How the attributes of one kind of entries are read."""

    def __init__(self, kind: EntryKind, reader_of: Callable[[Field], Cell]) -> None:
        declared = {name: field for name, field in ENTRY_FIELDS.items() if name in ("by", "to")} | {a.name: a for a in kind.attributes}
        # Whatever of an entry is unknown, the record's log is what has to be mended.
        self.readers = [(name, reader_of(evolve(field, name="events"))) for name, field in declared.items()]

    def read(self, get: Callable[[str], Any], as_of: datetime, fault: Callable[[str, Text], None]) -> tuple[dict[str, Any], set[str]]:
        values: dict[str, Any] = {}
        given: set[str] = set()
        for name, reader in self.readers:
            try:
                cell = get(name)
                values[name] = reader(cell, as_of)
                if not is_empty(cell):
                    given.add(name)
            except Exception as error:  # noqa: BLE001  one bad cell, of whatever class, costs its own attribute only
                fault(name, error.reason if isinstance(error, Unusable) else _UNREADABLE)
                values[name] = UNKNOWN_LOG
                given.add(name)
        return values, given

    def unknown(self) -> dict[str, Any]:
        return {name: UNKNOWN_LOG for name, _ in self.readers}


_UNREADABLE: Final = Text("unreadable", "无法读取")
_NO_MAPPING: Final = Text("not an entry with at and kind", "不是含 at 和 kind 的记录")


def log_reader(field: LogField, reader_of: Callable[[Field], Cell]) -> Cell:
    """The function that reads the cell ``events`` as a :class:`Log`, or raises :class:`Unusable`; an empty cell is an empty log."""
    kinds = {kind.name: _Kind(kind, reader_of) for kind in field.kinds}
    moment = reader_of(evolve(ENTRY_FIELDS["at"], name="events", empty="unknown"))
    nothing = Log(dict.fromkeys(kinds, ()))

    def read(value: Any, as_of: datetime) -> Log:
        if value is None or is_empty(value):
            return nothing
        if isinstance(value, NoLog):
            raise Unusable(value.reason)
        if not isinstance(value, (list, tuple)):
            raise Unusable(Text("not a list of entries", "不是事件列表"))
        if len(value) > MOST_ENTRIES:
            raise Unusable(Text(f"more than {MOST_ENTRIES} entries", f"超过{MOST_ENTRIES}条事件"))
        faults: list[Text] = []
        found: dict[str, list[Entry]] = {name: [] for name in kinds}
        for place, item in enumerate(value, 1):
            _entry(item, place, as_of, kinds, moment, found, faults)
        log = {name: tuple(sorted(entries, key=lambda entry: low_end(entry.at))) for name, entries in found.items()}
        return Log(log, _told(faults))

    return read


def _entry(
    item: Any, place: int, as_of: datetime, kinds: dict[str, _Kind], moment: Cell, found: dict[str, list[Entry]], faults: list[Text]
) -> None:
    """Adds one entry to the kinds it is, or may be, of."""

    def fault(name: str, reason: Text) -> None:
        faults.append(Text("entry {i}, {n}: ", "第{i}条事件的 {n}：").filled(i=place, n=name) + reason)

    usable = item.__class__ is dict or isinstance(item, Mapping)
    if not usable:
        faults.append(Text("entry {i}: ", "第{i}条事件：").filled(i=place) + _NO_MAPPING)
    kind = _kind(item, kinds, fault) if usable else None
    if kind is not None and kind not in kinds:
        return  # a log holds more than a policy asks for
    at: Any = None
    try:
        at = moment(item.get("at"), as_of) if usable else None
        if isinstance(at, Maybe):
            fault("at", Text("missing", "缺失"))
    except Exception as error:  # noqa: BLE001  as above
        fault("at", error.reason if isinstance(error, Unusable) else _UNREADABLE)
    if at is NOT_YET:
        return
    dated = isinstance(at, (datetime, Interval))
    if not dated:
        at = Interval(MIN_INSTANT, as_of, EVENTS)  # if it has happened at all
    sure = kind is not None and dated
    for name in kinds if kind is None else (kind,):
        values, given = kinds[name].read(item.get, as_of, fault) if usable else (kinds[name].unknown(), set())
        values["at"], values["kind"] = at, name
        found[name].append(Entry(at, place, sure, values, frozenset({*given, "at", "kind"})))


def _kind(item: Mapping[str, Any], kinds: dict[str, _Kind], fault: Callable[[str, Text], None]) -> str | None:
    try:
        cell = item.get("kind")
        if cell.__class__ is str and cell in kinds:
            return cell
        if not is_empty(cell):
            return as_text(cell)
        fault("kind", Text("missing", "缺失"))
    except Exception as error:  # noqa: BLE001  as above
        fault("kind", error.reason if isinstance(error, Unusable) else _UNREADABLE)
    return None


def _told(faults: list[Text]) -> Text | None:
    """The first fault, and how many there are."""
    if not faults:
        return None
    if len(faults) == 1:
        return faults[0]
    return faults[0] + Text(" (and {n} more)", "（另有{n}处）").filled(n=len(faults) - 1)
