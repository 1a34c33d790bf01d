"""The cells of one column of records, of whatever classes they are, as a column of one type.

A cell of another class than most is written as one of theirs wherever the field's own reader makes the same of both: 5 beside
``"5"`` in a field of numbers, ``["a", "b"]`` as ``"a;b"`` in a field of texts, a time at an offset as that instant in UTC.  What
fits in no such way is told: its record is judged by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from math import isinf
from typing import Any, Final

import polars as pl
from attrs import field, frozen

from complaint_policy.audit.logs import attributes_of, log_column
from complaint_policy.audit.mapping import ColumnMapping
from complaint_policy.coerce import is_empty
from complaint_policy.exactness import as_numeral
from complaint_policy.fields import LOG, MOMENTS, NUMERIC, Field, LogField

__all__ = ["Reading", "TypedCells", "reading_of"]


class Reading(Enum):
    """How the cells of a column are read later, as far as that allows to write them otherwise."""

    AS_IT_IS = "as it is"
    TEXT = "text"
    NUMBER = "number"
    MOMENT = "moment"
    TEXTS = "texts"
    INTERVALS = "intervals"
    INSTANTS = "instants"
    LOG = "log"


_OF_TYPE: Final[dict[str, Reading]] = {
    "string": Reading.TEXT,
    "enum": Reading.TEXT,
    "list": Reading.TEXTS,
    "intervals": Reading.INTERVALS,
    "instants": Reading.INSTANTS,
    LOG: Reading.LOG,
    **dict.fromkeys(NUMERIC, Reading.NUMBER),
    **dict.fromkeys(MOMENTS, Reading.MOMENT),
}
# Of an entry; a list in one has no column.
_OF_ENTRIES: Final = frozenset({Reading.TEXT, Reading.NUMBER, Reading.MOMENT})
_TYPES: Final[dict[type, Any]] = {str: pl.String, bool: pl.Boolean, int: pl.Int64, float: pl.Float64, date: pl.Date, datetime: pl.Datetime("us")}
_WHOLE: Final = 2**62
_TEXT_BREAKS: Final = re.compile("[;；,，|]")
_SHOWN: Final = re.compile(r"[;；,，|\[\](){}]|nan|inf|true|false", re.IGNORECASE)
_BREAKS: Final = re.compile("[;；]")
_EDGE_BREAKS: Final = re.compile("[;；/]")
_MINUTE: Final = timedelta(minutes=1)


def reading_of(declared: Iterable[Field]) -> Reading:
    """How a field is read, by what each version of a policy declares it to be."""
    fields = list(declared)
    found = {_OF_TYPE.get(one.type, Reading.AS_IT_IS) for one in fields}
    if len(found) != 1:
        return Reading.AS_IT_IS
    (reading,) = found
    # A format may read an ISO date as another day.
    return Reading.AS_IT_IS if reading is Reading.INSTANTS and any(one.formats for one in fields) else reading


def _readings_of(mapping: ColumnMapping, versions: Sequence[Mapping[str, Field]]) -> dict[str, Reading]:
    """How the columns of a table are read; those not named are read as they are.  ``versions``: the fields of each version.

    A word that says nothing may be how a number or a time is shown, or may be written here: then each cell is read as it is.
    """
    fields: dict[str, list[Any]] = {}
    for one in mapping.fields:
        for column in one.columns:
            fields.setdefault(column, []).append(one)
    found: dict[str, Reading] = {}
    for column, read in fields.items():
        plain = all(len(f.columns) == 1 and f.values is None and not f.formats and not f.as_date for f in read)
        if not plain or any(test.column == column for test in mapping.where):
            continue
        reading = reading_of(f[one.name] for one in read for f in versions if one.name in f)
        blank = _blank_words(mapping, column)
        if reading is Reading.AS_IT_IS or (blank and reading is not Reading.TEXT and any(map(_may_be_written, blank))):
            continue
        found[column] = reading
    return found


def _blank_words(mapping: ColumnMapping, column: str) -> frozenset[str]:
    """The words that say nothing in a column: of the mapping, by which a row is blank, and of each field that it fills."""
    return mapping.blank.union(*(one.blank for one in mapping.fields if column in one.columns and one.blank is not None))


def _may_be_written(word: str) -> bool:
    """Whether a word may be how a number, a time or a list is shown, or is written here."""
    return any(c.isdigit() for c in word) or _SHOWN.search(word) is not None


@frozen
class TypedCells:
    """Makes columns of cells; ``logs`` are the event logs that the versions of a policy declare, ``blank`` the words of each column that say nothing."""

    readings: Mapping[str, Reading]
    logs: Sequence[LogField] = ()
    blank: Mapping[str, frozenset[str]] = field(factory=dict)

    @classmethod
    def of(cls, mapping: ColumnMapping, versions: Sequence[Mapping[str, Field]], logs: Sequence[LogField]) -> TypedCells:
        """For the cells of a table under a mapping."""
        readings = _readings_of(mapping, versions)
        return cls(readings, logs, {column: _blank_words(mapping, column) for column in readings})

    def column(self, name: str, values: Sequence[Any], odd: set[int]) -> pl.Series:
        """One column; the places of cells that do not fit are added to ``odd``, and are null."""
        reading = self.readings.get(name, Reading.AS_IT_IS)
        if reading is Reading.LOG and self.logs:
            attributes = attributes_of(self.logs)
            entries = TypedCells({one: reading for one, fields in attributes.items() if (reading := reading_of(fields)) in _OF_ENTRIES})
            return log_column(name, [None if is_empty(value) else value for value in values], list(attributes), entries.column, odd)
        kinds = _kinds(values)
        written = _writer(reading, kinds) if kinds - {str} else None
        if written is not None:
            values = _rewritten(values, written, odd, self.blank.get(name, frozenset()))
            kinds = _kinds(values)
        if not kinds:
            return pl.Series(name, [None], dtype=pl.Null).new_from_index(0, len(values))
        if len(kinds) == 1:
            made = _of_one_kind(name, values, *kinds)
            if made is not None:
                return made
        return _of_most(name, values, kinds, odd)


def _kinds(values: Sequence[Any]) -> set[type]:
    return set(map(type, values)) - {type(None)}


# ---------------------------------------------------------------- cells written otherwise
_Writer = Callable[[Any], Any]  # the cell as it may be written; raises ValueError where it may not


def _writer(reading: Reading, kinds: set[type]) -> _Writer | None:
    if reading is Reading.NUMBER and (Decimal in kinds or len(kinds) > 1) and kinds <= {int, float, Decimal, str}:
        return _numeral
    if reading is Reading.TEXT and kinds <= {int, str} and len(kinds) > 1:
        return _numeral
    if reading is Reading.MOMENT and any(issubclass(kind, datetime) for kind in kinds):
        return _moments
    if list in kinds or tuple in kinds:
        return {Reading.TEXTS: _texts, Reading.INTERVALS: _intervals, Reading.INSTANTS: _instants}.get(reading)
    return None


def _rewritten(values: Sequence[Any], written: _Writer, odd: set[int], blank: frozenset[str]) -> list[Any]:
    found: list[Any] = []
    for place, value in enumerate(values):
        try:
            one = None if value is None else written(value)
            if blank and value.__class__ is not str and one.__class__ is str and one.strip() in blank:
                raise ValueError  # a list of one such word is a list
            found.append(one)
        except Exception:  # noqa: BLE001  a stranger's class may raise anything
            odd.add(place)
            found.append(None)
    return found


def _numeral(value: Any) -> str | None:
    if value.__class__ is str:
        return str(value)
    if is_empty(value):
        return None
    text = as_numeral(value)
    if text is None:
        raise ValueError
    return text


def _moments(value: Any) -> Any:
    """A time of whatever class as the instant or the wall time it tells."""
    if not isinstance(value, datetime):
        return value
    if is_empty(value):
        return None
    plain = datetime(value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond, fold=value.fold)
    if value.tzinfo is None:
        return plain
    offset = value.utcoffset()
    if offset is None:
        raise ValueError
    return plain.replace(fold=0, tzinfo=UTC) - offset


def _joined(items: Sequence[Any], part: Callable[[Any], Any]) -> str | None:
    if not items:
        return None
    parts: list[str] = [part(item) for item in items]
    if not any(map(str.strip, parts)):
        raise ValueError  # a list of nothing is a list
    return ";".join(parts)


def _texts(value: Any) -> str | None:
    if value.__class__ is str:
        return str(value)
    return _joined(_listed(value), lambda item: _numeral(item) if item.__class__ is int else _part(item, _TEXT_BREAKS))


def _instants(value: Any) -> str | None:
    return str(value) if value.__class__ is str else _joined(_listed(value), lambda item: _time(item, _BREAKS))


def _intervals(value: Any) -> str | None:
    return str(value) if value.__class__ is str else _joined(_listed(value), _interval)


def _interval(item: Any) -> str:
    if item.__class__ is dict:
        ends = item.get("from"), item.get("to")
    else:
        ends = tuple(_listed(item))
    begin, end = ends
    return f"{_time(begin, _EDGE_BREAKS)}/{_time(end, _EDGE_BREAKS)}"


def _listed(value: Any) -> Sequence[Any]:
    if value.__class__ is not list and value.__class__ is not tuple:
        raise ValueError
    return list(value)


def _part(item: Any, breaks: re.Pattern[str]) -> str:
    if item is None:
        return ""
    if item.__class__ is not str or breaks.search(item):
        raise ValueError
    return str(item)


def _time(item: Any, breaks: re.Pattern[str]) -> str:
    if item.__class__ is date:
        return str(item.isoformat())
    if item.__class__ is datetime:
        offset = item.utcoffset()
        if item.fold or (item.tzinfo is not None and (offset is None or offset % _MINUTE)):
            raise ValueError
        return str(item.isoformat())
    return _part(item, breaks)


# ---------------------------------------------------------------- one type
def _of_one_kind(name: str, values: Sequence[Any], kind: type) -> pl.Series | None:
    """A column of cells of one class that are all plain; None where they need a look at each."""
    if kind is str:
        try:
            return pl.Series(name, values, dtype=pl.String, strict=True)
        except UnicodeEncodeError:  # half of a surrogate pair, which no column of text can hold
            return None
    if kind is bool or kind is date:
        return pl.Series(name, values, dtype=_TYPES[kind], strict=True)
    if kind is int and all(-_WHOLE < value < _WHOLE for value in values if value is not None):
        return pl.Series(name, values, dtype=pl.Int64, strict=True)
    if kind is float and not any(isinf(value) for value in values if value is not None):
        return pl.Series(name, values, dtype=pl.Float64, strict=True)
    return None


def _of_most(name: str, values: Sequence[Any], kinds: set[type], odd: set[int]) -> pl.Series:
    """A column of the class that most cells have."""
    zoned = datetime in kinds and sum(type(v) is datetime and v.tzinfo is UTC for v in values) * 2 > sum(type(v) is datetime for v in values)
    chosen = max(kinds, key=lambda kind: (sum(type(v) is kind for v in values), kind.__name__))
    fits = _FITS.get(chosen)
    found: list[Any] = []
    for place, value in enumerate(values):
        if value is not None and (fits is None or type(value) is not chosen or not fits(value, zoned)):
            odd.add(place)
            value = None
        found.append(value)
    kind = pl.Datetime("us", "UTC") if zoned and chosen is datetime else _TYPES.get(chosen, pl.Null)
    return pl.Series(name, found, dtype=kind, strict=True)


_FITS: Final[dict[type, Callable[[Any, bool], bool]]] = {
    str: lambda value, zoned: not _torn(value),
    bool: lambda value, zoned: True,
    int: lambda value, zoned: -_WHOLE < value < _WHOLE,
    float: lambda value, zoned: not isinf(value),
    date: lambda value, zoned: True,
    datetime: lambda value, zoned: value.tzinfo is UTC if zoned else value.tzinfo is None and not value.fold,
}


def _torn(text: str) -> bool:
    """Whether a text has half of a surrogate pair."""
    return any("\ud800" <= c <= "\udfff" for c in text)
