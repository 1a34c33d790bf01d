"""A record becomes the first part of a state: every field the policy uses, coerced once.

One reader a field; an ordinary typed value passes in one comparison.  The caller's record is only
read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from complaint_policy.coerce import Unusable, coercer, is_empty, iso_text
from complaint_policy.event_log import Log, log_reader
from complaint_policy.fields import Field, LogField
from complaint_policy.guarded import Failed
from complaint_policy.possible import NONE, NOT_YET, Empty, Interval, Maybe
from complaint_policy.texts import Text
from complaint_policy.zones import Zone

__all__ = ["Cell", "Intake", "Spoilt", "Unreadable", "cell_reader", "empty_value", "fetched", "getter_of", "snapshot"]

Cell = Callable[[Any, datetime], Any]
Reasons = dict[str, Text]


def getter_of(record: Any) -> Callable[[str], Any]:
    """How a record gives its fields: a mapping by key; an attrs, dataclass or pydantic object by attribute."""
    if isinstance(record, Mapping):
        return record.get
    return lambda name: getattr(record, name, None)


def snapshot(record: Any, names: Collection[str]) -> dict[str, Any]:
    """A record's values, so that a later change of the record changes no decision."""
    if isinstance(record, Mapping):
        try:
            return {name: _held(value, 4) for name, value in record.items()}
        except Exception:  # noqa: BLE001  a stranger's mapping may raise anything
            return _guarded(record, names)
    return _guarded(record, names)


def _guarded(record: Any, names: Collection[str]) -> dict[str, Any]:
    get = getter_of(record)
    return fetched(lambda name: _held(get(name), 4), names)


def fetched(get: Callable[[str], Any], names: Iterable[str]) -> dict[str, Any]:
    """The values of some names; one that cannot be fetched is :class:`Unreadable`."""
    found: dict[str, Any] = {}
    for name in names:
        try:
            found[name] = get(name)
        except Exception:  # noqa: BLE001  a stranger's object may raise anything
            found[name] = Unreadable()
    return found


class Unreadable:
    """Stands for a value that could not even be fetched."""


class Spoilt:
    """In the place of a cell that nobody knows: a plugin ``failed`` to write it, or wrote nothing where the source has no such field (``None``)."""

    __slots__ = ("failed",)

    def __init__(self, failed: Failed | None) -> None:
        self.failed = failed


def _held(value: Any, depth: int) -> Any:
    """Lists and mappings are copied, as deep as intervals and tags go."""
    if depth and isinstance(value, (list, tuple)):
        return [_held(item, depth - 1) for item in value]
    if depth and isinstance(value, dict):
        return {key: _held(item, depth - 1) for key, item in value.items()}
    return value


_UNREADABLE: Final = Text("unreadable", "无法读取")


class Intake:
    """Reads the fields of one policy version."""

    def __init__(self, fields: list[tuple[int, Field, int | None]], zone: Zone, currency: str | None) -> None:
        """``fields``: slot, field, and the slot for whether it was given (or None)."""
        self.fields = [(slot, field.name, cell_reader(field, zone, currency), Maybe(None, frozenset({field.name})), given) for slot, field, given in fields]

    def read(self, record: Any, state: list[Any], as_of: datetime, source_fields: Collection[str] | None, unusable: Reasons) -> None:
        """Fills the state; a cell that cannot be read is unknown, with its reason in ``unusable``."""
        get = record.get if record.__class__ is dict else getter_of(record)
        for slot, name, reader, unknown, given in self.fields:
            if source_fields is not None and name not in source_fields:
                state[slot] = unknown
                if given is not None:
                    state[given] = unknown
                continue
            value = None
            try:
                value = get(name)
                read = state[slot] = reader(value, as_of)
                if read.__class__ is Log and read.fault is not None:
                    unusable[name] = read.fault
                if given is not None:
                    state[given] = not is_empty(value)
            except Exception as error:  # noqa: BLE001  a stranger's object may raise anything
                if value.__class__ is Spoilt:
                    state[slot] = unknown if value.failed is None else value.failed.named()
                    if given is not None:
                        state[given] = state[slot]
                    continue
                unusable[name] = error.reason if isinstance(error, Unusable) else _UNREADABLE
                state[slot] = unknown
                if given is not None:
                    state[given] = unknown


def empty_value(field: Field) -> Any:
    if field.default is not None:
        return field.default
    if field.empty == "not_yet":
        return NOT_YET
    return NONE if field.empty == "none" else Empty(None, frozenset({field.name}))


# Beyond it lie typing errors, and numbers too long to print.
_LARGEST: Final = 10**60
# A value of exactly this class is already what the field holds.
_READY: Final[dict[str, Any]] = {"boolean": bool, "integer": int, "number": int, "money": int}


def cell_reader(field: Field, zone: Zone, currency: str | None) -> Cell:
    if isinstance(field, LogField):
        return log_reader(field, lambda attribute: cell_reader(attribute, zone, currency))
    empty = empty_value(field)
    coerce = coercer(field, zone, currency)
    if field.type in ("event", "datetime"):
        return _moments(field.type == "event", empty, coerce, zone, usual=not field.formats)
    if field.type == "enum":
        allowed = frozenset(field.values)

        def enum(value: Any, as_of: datetime) -> Any:
            if value.__class__ is str and value in allowed:
                return value
            return empty if is_empty(value) else coerce(value)

        return enum
    if field.type in _READY:
        ready, exact = _READY[field.type], Decimal

        most = 2 if ready is bool else _LARGEST

        def typed(value: Any, as_of: datetime) -> Any:
            if value.__class__ is ready and -most < value < most:
                return value
            if value is None:
                return empty
            if value.__class__ is float and ready is int and value == value:
                return exact(repr(value)) if -1e15 < value < 1e15 and field.type != "integer" else coerce(value)
            return empty if is_empty(value) else coerce(value)

        return typed
    if field.type in ("list", "intervals", "instants"):
        return lambda value, as_of: empty if value is None or is_empty(value) else coerce(value) or empty  # nothing but blanks is empty too
    return lambda value, as_of: empty if value is None or is_empty(value) else coerce(value)


def _moments(event: bool, empty: Any, coerce: Callable[[Any], Any], zone: Zone, *, usual: bool) -> Cell:
    steady, offset, exact = zone.steady_from, zone.steady_offset, datetime

    def moment(value: Any, as_of: datetime) -> Any:
        if value is None:
            return empty
        if usual and value.__class__ is str and (read := iso_text(value)) is not None:
            value = read
        if value.__class__ is exact and value.tzinfo is None and value >= steady and value.year < 2400:
            instant = value - offset
        elif is_empty(value):
            return empty
        else:
            instant = coerce(value)
            if instant.__class__ is Interval:
                return _day(instant, as_of) if event else instant
        # An event dated after as_of has not happened yet.
        return NOT_YET if event and instant > as_of else instant

    return moment


def _day(day: Interval, as_of: datetime) -> Any:
    if day.low > as_of:
        return NOT_YET
    return Interval(day.low, as_of, day.missing) if day.high > as_of else day
