"""A cell of a record becomes a typed value, or is *unusable* with its reason.

The caller's record is never changed.  Text, numbers, ``Decimal``, ``date`` and ``datetime`` are
read by the field's type; a naive time is in the policy's zone; an instant is naive UTC inside.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from complaint_policy.dates import date_format
from complaint_policy.exactness import MOST_DIGITS, MOST_NUMERALS
from complaint_policy.fields import Field
from complaint_policy.possible import MICROSECOND, Interval
from complaint_policy.texts import Text
from complaint_policy.zones import Zone

__all__ = ["Unusable", "as_text", "coercer", "is_empty", "iso_text", "local_day", "parse_boolean", "parse_decimal", "read_moment"]

_TRUE: Final = frozenset({"true", "yes", "y", "t", "1", "是", "对", "有", "真"})
_FALSE: Final = frozenset({"false", "no", "n", "f", "0", "否", "不是", "无", "假"})
_NUMBER = re.compile(rf"[+-]?(?:[0-9]{{1,3}}(?:[,，][0-9]{{3}})+|[0-9]{{1,{MOST_DIGITS}}})(?:\.[0-9]{{1,{MOST_DIGITS}}})?")
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ISO_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:[.,]([0-9]{1,12}))?\s?(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?")
# ISO 8601's sign for years of more than four digits and for those before the year 0, which Python has no dates for.
_FAR_DAY = re.compile(r"[+-][0-9]{4,6}-[0-9]{2}-[0-9]{2}(?![0-9])")
_SIGNS: Final = {"¥": "CNY", "￥": "CNY", "元": "CNY", "人民币": "CNY", "RMB": "CNY", "$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "HK$": "HKD"}
# Signs that several currencies share stand for the policy's own.
_SHARED_SIGNS: Final = {"$": frozenset({"USD", "AUD", "CAD", "HKD", "SGD", "NZD"}), "¥": frozenset({"CNY", "JPY"}), "￥": frozenset({"CNY", "JPY"})}
_MONEY = re.compile(
    rf"(?P<sign>[+-])?\s?(?P<before>[A-Z]{{3}}|[A-Z]{{0,2}}[¥￥$€£]|人民币)?\s?(?P<minus>-)?(?P<number>[0-9.,，]{{1,{MOST_NUMERALS}}})\s?(?P<after>[A-Z]{{3}}|元|[¥￥$€£])?"
)
_MAX_TEXT: Final = 1_000_000
_MOST_BITS: Final = 200  # some sixty digits, as many as exact arithmetic carries
# Beyond these years lie typing errors, and the edges of what datetimes can count.
_FIRST_YEAR, _LAST_YEAR = 1850, 2400
_MOST_INSTANTS: Final = 10_000


class Unusable(Exception):
    """The cell cannot be read as its field's type."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


def _shown(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _no(value: object, en: str, zh: str) -> Unusable:
    del value  # the cell itself may be personal: the reason says what was expected
    return Unusable(Text(f"not {en}", f"不是{zh}"))


def _no_year(value: object) -> Unusable:
    return _no(value, f"a year from {_FIRST_YEAR} to {_LAST_YEAR}", f"{_FIRST_YEAR}至{_LAST_YEAR}年间的时间")


def is_empty(value: object) -> bool:
    """None, blank text, NaN and empty collections are empty cells; what cannot even be asked is not empty."""
    if value is None:
        return True
    try:
        return _is_blank(value)
    except Exception:  # noqa: BLE001  a stranger's class may raise anything: its cell is then unusable, not empty
        return False


def _is_blank(value: object) -> bool:
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, float):
        return value != value
    if isinstance(value, Decimal):
        return value.is_nan()
    if isinstance(value, (list, tuple, set, frozenset)):
        return not value
    # pandas' NaT is a datetime that equals nothing, not even itself; numpy's NaN of 32 bits is no float
    return (isinstance(value, datetime) or _is_numpys(value)) and bool(value != value)


def _is_numpys(value: object) -> bool:
    return type(value).__module__ == "numpy"


def _of_numpy(value: Any) -> object:
    """A cell of numpy's as Python's own object; any other is given back."""
    if not _is_numpys(value):
        return value
    try:
        return value.astype("datetime64[us]").tolist() if value.dtype.kind == "M" else value.tolist()
    except Exception:  # noqa: BLE001  a stranger's class may call itself numpy's
        return value


def parse_boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float, Decimal)) and value in (0, 1):
        return bool(value)
    if isinstance(value, str):
        word = value.strip().casefold()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
    raise _no(value, "a boolean (true/false, yes/no, Y/N)", "布尔值（是/否、true/false、Y/N）")


def parse_decimal(text: str) -> Decimal | None:
    """``1,234.50`` or ``-3``; ``None`` for anything else, NaN and infinities included."""
    if _NUMBER.fullmatch(text) is None:
        return None
    return Decimal(text.replace(",", "").replace("，", ""))


def _number(value: object) -> int | Decimal:
    if isinstance(value, bool):
        raise _no(value, "a number", "数字")
    if isinstance(value, int):
        if value.__class__ is not int:
            value = int.__add__(value, 0)  # a subclass may compare as it likes
        if value.bit_length() > _MOST_BITS:
            raise _no(value, "a number of reasonable size", "合理大小的数字")
        return value
    if isinstance(value, float):
        value = Decimal(float.__repr__(value))  # floats enter by their shortest text
    if isinstance(value, Decimal):
        if value.__class__ is not Decimal:
            value = Decimal(value)
        if not value.is_finite() or not -60 <= value.adjusted() <= 60 or int(value.as_tuple().exponent) < -60:
            raise _no(value, "a finite number of reasonable size", "合理大小的有限数")
        return value
    if isinstance(value, str):
        number = parse_decimal(unicodedata.normalize("NFKC", value.strip()))
        if number is not None:
            return number
    raise _no(value, "a number", "数字")


def _integer(value: object) -> int:
    number = _number(value)
    if number != int(number):
        raise _no(value, "a whole number", "整数")
    return int(number)


def _money(value: object, currency: str | None) -> int | Decimal:
    if not isinstance(value, str):
        return _number(value)
    found = _MONEY.fullmatch(unicodedata.normalize("NFKC", value.strip()))
    number = parse_decimal(found["number"]) if found else None
    if found is None or number is None or (found["sign"] and found["minus"]):
        raise _no(value, "an amount of money", "金额")
    for sign in (found["before"], found["after"]):
        if sign and currency and sign != currency and _SIGNS.get(sign, sign) != currency and currency not in _SHARED_SIGNS.get(sign, ()):
            raise Unusable(Text(f"another currency than {currency}", f"币种不是{currency}"))
    return -number if (found["sign"] == "-") != (found["minus"] == "-") else number


def as_text(value: object) -> str:
    if isinstance(value, str):
        if len(value) > _MAX_TEXT:
            raise _no(value, "a text of reasonable length", "合理长度的文本")
        text = unicodedata.normalize("NFC", value).strip()
        if not text.isascii():
            text.encode("utf-8")  # half of a surrogate pair is no text: refused here, not where it is written out
        return text
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, Decimal)):
        return str(_number(value))
    if isinstance(value, float) and value == value:
        return repr(int(value)) if value == int(value) else repr(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    raise _no(value, "a text", "文本")


def iso_text(value: str) -> datetime | None:
    """The time of a text in the most usual forms, ``2026-03-01T10:00`` and ``2026-03-01 10:00:00``; ``None`` for any other."""
    length = len(value)
    if (length == 16 or (length == 19 and value[16] == ":")) and value[4] == value[7] == "-" and value[10] in "T " and value[13] == ":" and value.isascii():
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return None
    return None


def read_moment(value: object, zone: Zone, formats: tuple[str, ...] = ()) -> datetime | date:
    """A cell as an instant (naive UTC), or as a ``date`` where it names only a day.

    Raises :class:`Unusable`.
    """
    if value.__class__ is str and not formats and (usual := iso_text(value)) is not None:
        return _instant(usual, zone)
    try:
        if isinstance(value, datetime):
            return _instant(value, zone)
        if isinstance(value, date):
            return value
        if not isinstance(value, str):
            raise _no(value, "a time", "时间")
        text = str.strip(value)
    except Unusable:
        raise
    except Exception:  # noqa: BLE001  a stranger's class may raise anything
        raise _no(value, "a time", "时间") from None
    try:
        for form in formats:
            declared = date_format(form)
            parsed = declared.read(text)
            if parsed is not None:
                return _instant(parsed, zone) if declared.has_time else parsed.date()
        if _ISO_DAY.fullmatch(text):
            return date.fromisoformat(text)
        found = _ISO_TIME.fullmatch(text)
        if found is not None:
            day, clock, fraction, offset = found.groups()
            if clock[:5] == "24:00":
                return _instant(datetime.fromisoformat(f"{day}T00:00:00{_offset(offset)}") + timedelta(days=1), zone)
            micro = f".{(fraction + '00000')[:6]}" if fraction else ""  # cut, not rounded, to microseconds
            return _instant(datetime.fromisoformat(f"{day}T{clock if len(clock) > 5 else clock + ':00'}{micro}{_offset(offset)}"), zone)
    except (ValueError, OverflowError):
        pass
    if _FAR_DAY.match(text):
        raise _no_year(value)
    raise _no(value, "a time (ISO 8601 or a declared format)", "时间（ISO 8601或已声明的格式）")


def local_day(value: object, zone: Zone, formats: tuple[str, ...] = ()) -> date:
    """The local day of a cell: that of its instant, or the one it names.

    Raises :class:`Unusable`, also for a day of a year nobody means.
    """
    read = read_moment(value, zone, formats)
    if isinstance(read, datetime):
        return zone.to_wall(read).date()
    if not _FIRST_YEAR <= read.year <= _LAST_YEAR:
        raise _no_year(read)
    return read


def _offset(text: str | None) -> str:
    if text is None or text == "Z":
        return "+00:00" if text else ""
    digits = text[1:].replace(":", "")
    return f"{text[0]}{digits[:2]}:{digits[2:] or '00'}"


def _instant(value: datetime, zone: Zone) -> datetime:
    if value.tzinfo is not None and _FIRST_YEAR - 1 <= value.year <= _LAST_YEAR + 1:
        # An instant is of the same year however it is written: that of the policy's zone.
        instant = _naive(value, zone)
        if not _FIRST_YEAR < value.year < _LAST_YEAR and not _FIRST_YEAR <= zone.to_wall(instant).year <= _LAST_YEAR:
            raise _no_year(value)
        return instant
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise _no_year(value)
    return _naive(value, zone)


def _naive(value: datetime, zone: Zone) -> datetime:
    """The instant in naive UTC."""
    try:
        if value.tzinfo is None:
            if value.__class__ is not datetime:  # pandas' Timestamp and its kind
                value = datetime(value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond, fold=value.fold)
            return zone.to_utc(value)
        offset = value.utcoffset() or timedelta(0)
        return datetime(value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond) - offset
    except Exception:  # noqa: BLE001  a stranger's tzinfo may raise anything
        raise _no(value, "a time this library can count with", "可计算的时间") from None


def day_interval(day: date, zone: Zone, name: str) -> Interval:
    """A bare date as the span of that local day."""
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise _no_year(day)
    try:
        ordinal = day.toordinal()
        return Interval(zone.day_start(ordinal), zone.day_start(ordinal + 1) - MICROSECOND, frozenset({name}))
    except (OverflowError, ValueError):
        raise _no(day, "a day this library can count with", "可计算的日期") from None


def _spans(value: object, zone: Zone, name: str) -> tuple[tuple[datetime, datetime | None], ...]:
    """Intervals as ``[{from, to}]``, pairs, or ``2026-03-01/2026-03-04; 2026-03-09/``."""
    parts: list[tuple[object, object]] = []
    if isinstance(value, str):
        for piece in re.split(r"[;；]", value):
            if piece.strip():
                start, slash, end = piece.partition("/")
                if not slash:
                    raise _no(value, "a list of intervals (from/to; from/)", "时间段列表（起/止; 起/）")
                parts.append((start, end))
    elif isinstance(value, (list, tuple)):
        for item in value:
            if isinstance(item, Mapping):
                parts.append((item.get("from"), item.get("to")))
            elif isinstance(item, (list, tuple)) and len(item) == 2:
                parts.append((item[0], item[1]))
            else:
                raise _no(value, "a list of intervals", "时间段列表")
    else:
        raise _no(value, "a list of intervals", "时间段列表")
    spans: list[tuple[datetime, datetime | None]] = []
    for start, end in parts:
        if is_empty(start):
            raise Unusable(Text("an interval without a start", "时间段缺少开始时间"))
        low = _edge(start, zone, name, last=False)
        high = None if is_empty(end) else _edge(end, zone, name, last=True)
        if high is not None and high < low:
            raise Unusable(Text("an interval that ends before it starts", "时间段的结束早于开始"))
        spans.append((low, high))
    return tuple(sorted(spans, key=lambda s: s[0]))


def _instants(value: object, zone: Zone, name: str, formats: tuple[str, ...]) -> tuple[datetime | Interval, ...]:
    """Several times or days in a list, or ``2026-03-31; 2026-04-30``, in order of time."""
    pieces = [piece for piece in re.split(r"[;；]", value) if piece.strip()] if isinstance(value, str) else value
    if not isinstance(pieces, (list, tuple)):
        raise _no(value, "a list of times", "时间列表")
    if len(pieces) > _MOST_INSTANTS:
        raise Unusable(Text(f"more than {_MOST_INSTANTS} times", f"超过{_MOST_INSTANTS}个时间"))
    read = [read_moment(piece, zone, formats) for piece in pieces if not is_empty(piece)]
    found = [moment if isinstance(moment, datetime) else day_interval(moment, zone, name) for moment in read]
    return tuple(sorted(found, key=lambda moment: moment.low if isinstance(moment, Interval) else moment))


def _no_log(value: object) -> object:
    raise _no(value, "a list of entries", "事件列表")


def _edge(value: object, zone: Zone, name: str, *, last: bool) -> datetime:
    """A bare date as an edge: the day's first instant as a start, the next day's first as an end."""
    moment = read_moment(value, zone)
    if isinstance(moment, datetime):
        return moment
    day = day_interval(moment, zone, name)
    return day.high + MICROSECOND if last else day.low


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        pieces: list[object] = [p for p in re.split(r"[;；,，|]", value) if p.strip()]
    elif isinstance(value, (list, tuple, set, frozenset)):
        pieces = sorted(value, key=str) if isinstance(value, (set, frozenset)) else list(value)
    else:
        raise _no(value, "a list", "列表")
    return tuple(as_text(p) for p in pieces if not is_empty(p))


def coercer(declared: Field, zone: Zone, currency: str | None) -> Callable[[Any], Any]:
    """The function that reads a non-empty cell of that field, or raises :class:`Unusable`.

    Moments give a naive UTC ``datetime`` or, for a bare date, an :class:`Interval`.
    """
    name = declared.name

    def moment(value: object) -> datetime | Interval:
        read = read_moment(value, zone, declared.formats)
        return read if isinstance(read, datetime) else day_interval(read, zone, name)

    def whole_day(value: object) -> Interval:
        return day_interval(local_day(value, zone, declared.formats), zone, name)

    allowed = frozenset(declared.values)

    def enum(value: object) -> str:
        text = as_text(value)
        if text not in allowed:
            raise Unusable(Text("not one of the declared values", "不在已声明的取值中"))
        return text

    readers: dict[str, Callable[[Any], Any]] = {
        "boolean": parse_boolean,
        "integer": _integer,
        "number": _number,
        "money": lambda value: _money(value, currency),
        "string": as_text,
        "enum": enum,
        "date": whole_day,
        "datetime": moment,
        "event": moment,
        "intervals": lambda value: _spans(value, zone, name),
        "list": _texts,
        "log": _no_log,  # it is read by what its kinds declare (event_log.py), never from one text
        "instants": lambda value: _instants(value, zone, name, declared.formats),
    }
    read = readers[declared.type]

    def guarded(value: Any) -> Any:
        try:
            return read(value)
        except Unusable:
            plain = _of_numpy(value)
            if plain is value or _is_numpys(plain):
                raise
            return guarded(plain)
        except Exception:  # noqa: BLE001  one bad cell, of whatever class, costs its own field only
            raise _no(value, f"a usable {declared.type}", f"可用的{declared.type}") from None

    return guarded
