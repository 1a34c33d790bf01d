"""What a plugin computes: nodes of an expression that call a function, and how a record's values are handed to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from complaint_policy.event_log import UNKNOWN_LOG, Log
from complaint_policy.expressions import nodes as n
from complaint_policy.guarded import Failed, Guarded, Refused
from complaint_policy.possible import MAX_COMBINATIONS, NONE, NOT_YET, NOWHERE_MISSING, Empty, Interval, Maybe, possibilities
from complaint_policy.texts import Text
from complaint_policy.zones import Zone

if TYPE_CHECKING:
    from complaint_policy.expressions.compile import Compiler, Function, State

__all__ = [
    "ENTRIES",
    "Call",
    "Computed",
    "ComputedInstant",
    "ComputedTest",
    "Read",
    "WithOperand",
    "accepting",
    "called",
    "computed",
    "handed",
    "may_be_none",
    "plain_number",
]

ENTRIES: Final = "entries"  # the type of what is read as `event:KIND`
# A text a plugin gives is no longer than a person would read.
_LONGEST: Final = 10_000
_LARGEST: Final = 10**60


@frozen
class Read:
    """One value a function reads: its name, its field's type, and whether an empty one is handed over as ``None``."""

    name: str
    type: str
    optional: bool = False
    attributes: tuple[tuple[str, str], ...] = ()  # of entries of the log: their names and types


@frozen
class Call:
    """A function of a plugin with what it reads.  Its plugin and version stand for what it does."""

    plugin: str
    version: str
    name: str
    kind: str
    reads: tuple[Read, ...]
    settings: tuple[tuple[str, Any], ...] | None
    guarded: Guarded = field(eq=False, repr=False)
    column: Callable[..., Any] | None = field(default=None, eq=False, repr=False)
    values: tuple[str, ...] = ()  # of an enum
    threshold: Decimal | None = None  # of a classifier: the confidence from which on its label counts

    @property
    def named(self) -> dict[str, Any]:
        """The keyword arguments: the settings, read-only."""
        return {} if self.settings is None else {"settings": MappingProxyType(dict(self.settings))}


@frozen
class Computed(n.Value):
    """A value that a plugin computes from what stands in ``parts``."""

    call: Call
    parts: tuple[n.Expression, ...]
    kind: str
    unit: str | None = None


@frozen
class ComputedInstant(n.Instant):
    """An instant that a plugin computes."""

    call: Call
    parts: tuple[n.Expression, ...]


@frozen
class ComputedTest(n.Condition):
    """A word of a plugin's for conditions: what it says of a value and an operand."""

    call: Call
    parts: tuple[n.Expression, ...]
    operator: str
    operand: Any
    title: Text = field(eq=False)
    kind: str = "boolean"


@frozen
class WithOperand:
    """A plugin's function of a value and an operand, as a function of the value."""

    function: Callable[..., Any]
    operand: Any

    def __call__(self, value: Any) -> Any:
        return self.function(value, self.operand)


def may_be_none(node: n.Expression) -> bool:
    """Whether a fact may be stated to be none; what a plugin computes is a value or unknown."""
    return isinstance(node, n.Value) and not isinstance(node, Computed)


# --------------------------------------------------------------------------- what is handed over
def plain_number(value: Any) -> Decimal:
    """A number as one and the same ``Decimal`` whichever way the record wrote it."""
    number = value if isinstance(value, Decimal) else Decimal(value)
    if number == number.to_integral_value():
        return number.quantize(Decimal(1)) if abs(number) < Decimal(10) ** 27 else number
    return number.normalize()


def handed(read: Read, zone: Zone) -> Callable[[Any], Any]:
    """From a value of the state to what the function is given, or a :class:`Maybe`."""
    if read.type == ENTRIES:
        return _entries(read, zone)
    unknown = Maybe(None, frozenset({read.name}))
    waiting = Maybe(None, NOWHERE_MISSING, True)
    known = _known(read.type, zone, unknown)

    def hand(value: Any) -> Any:
        if isinstance(value, Maybe):
            if value.__class__ is Empty and read.optional:
                return None
            if value.options is None:
                return value
            return Maybe(tuple(known(option) for option in value.options), value.missing, value.open)
        if value is NOT_YET:
            return None if read.optional else waiting
        if value is NONE:
            return None if read.optional else unknown
        return known(value)

    return hand


def _entries(read: Read, zone: Zone) -> Callable[[Any], Any]:
    """From a log to its entries of one kind, read-only; unknown where one of them cannot be read or placed in time."""
    kind = read.name.removeprefix("event:")
    known = {name: _known(type_, zone, UNKNOWN_LOG) for name, type_ in (("at", "datetime"), *read.attributes)}

    def entry(values: Mapping[str, Any]) -> Any:
        found: dict[str, Any] = {}
        for name, take in known.items():
            value = values.get(name)
            if value is None or value is NOT_YET or value is NONE or value.__class__ is Empty:
                found[name] = None
            else:
                found[name] = value if isinstance(value, Maybe) else take(value)
                if isinstance(found[name], Maybe):
                    return UNKNOWN_LOG
        return MappingProxyType(found)

    def hand(value: Any) -> Any:
        if not isinstance(value, Log):
            return value if isinstance(value, Maybe) else UNKNOWN_LOG
        entries = value.by_kind[kind]
        found = tuple(entry(one.values) for one in entries) if all(one.sure for one in entries) else (UNKNOWN_LOG,)
        return UNKNOWN_LOG if any(one is UNKNOWN_LOG for one in found) else found

    return hand


def _known(kind: str, zone: Zone, unknown: Maybe) -> Callable[[Any], Any]:
    def moment(value: Any) -> Any:
        # A bare day is no moment of time: which one of the day it was stays open.
        return unknown if isinstance(value, Interval) else zone.to_aware(_plain(value))

    def day(value: Any) -> Any:
        return zone.to_wall(value.low if isinstance(value, Interval) else value).date()

    def several(value: Any) -> Any:
        found = tuple(moment(one) for one in value)
        return unknown if any(one is unknown for one in found) else found

    def spans(value: Any) -> Any:
        return tuple((zone.to_aware(low), None if high is None else zone.to_aware(high)) for low, high in value)

    readers: dict[str, Callable[[Any], Any]] = {
        "date": day,
        "datetime": moment,
        "event": moment,
        "instant": moment,
        "number": plain_number,
        "money": plain_number,
        "integer": int,
        "instants": several,
        "intervals": spans,
        "list": tuple,
    }
    return readers.get(kind, lambda value: value)


def _plain(moment: datetime) -> datetime:
    """Of the end of a day an ordinary datetime."""
    return moment if moment.__class__ is datetime else datetime(*moment.timetuple()[:6], moment.microsecond)


# --------------------------------------------------------------------------- what is taken back
def _wrong(given: Any, en: str, zh: str) -> Refused:
    return Refused(Text(f"it gave {type(given).__name__} where {en} is expected", f"返回了{type(given).__name__}，应为{zh}"))


def _boolean(given: Any) -> Any:
    if given is True or given is False:
        return given
    raise _wrong(given, "a bool", "布尔值")


def _integer(given: Any) -> Any:
    if isinstance(given, int) and not isinstance(given, bool) and -_LARGEST < given < _LARGEST:
        return int.__int__(given)
    raise _wrong(given, "an int", "整数")


def _number(given: Any) -> Any:
    if isinstance(given, float) and given == given and abs(given) < _LARGEST:
        given = Decimal(repr(float(given)))
    if isinstance(given, bool) or not isinstance(given, (int, Decimal)) or not Decimal(given).is_finite() or not -_LARGEST < given < _LARGEST:
        raise _wrong(given, "a finite number", "有限的数字")
    return Decimal(given) if isinstance(given, Decimal) else int.__int__(given)


def _money(given: Any) -> Any:
    if isinstance(given, float):
        raise _wrong(given, "a Decimal or int (money is exact)", "Decimal或int（金额须精确）")
    return _number(given)


def _text(given: Any) -> Any:
    if not isinstance(given, str):
        raise _wrong(given, "a str", "文本")
    if len(given) > _LONGEST:
        raise Refused(Text(f"it gave a text of more than {_LONGEST} characters", f"返回的文本超过{_LONGEST}个字符"))
    given.encode("utf-8")
    return str.__str__(given)  # a class of the plugin's own would go on with us


def _instant(given: Any) -> Any:
    if not isinstance(given, datetime) or given.tzinfo is None:
        raise _wrong(given, "an aware datetime", "带时区的时间")
    found = given.astimezone(UTC).replace(tzinfo=None, fold=0)
    return datetime(*found.timetuple()[:6], found.microsecond)


_ACCEPT: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {"boolean": _boolean, "integer": _integer, "number": _number, "money": _money, "string": _text, "instant": _instant}
)


@frozen
class _OneOf:
    """One of the declared values."""

    values: frozenset[str]

    def __call__(self, given: Any) -> Any:
        if given is None:
            return None
        if not isinstance(given, str) or given not in self.values:
            raise Refused(Text("it gave none of the declared values", "返回值不在已声明的取值中"))
        return str(given)


@frozen
class _Maybe:
    """A value of that kind, or None where it cannot be told."""

    kind: str

    def __call__(self, given: Any) -> Any:
        return None if given is None else _ACCEPT[self.kind](given)


def accepting(kind: str, values: tuple[str, ...] = ()) -> Callable[[Any], Any]:
    """What takes a fact's value from a plugin, refusing anything else; ``None`` stays ``None``."""
    return _OneOf(frozenset(values)) if kind == "enum" else _Maybe(kind)


# --------------------------------------------------------------------------- for a record
def called(call: Call, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    """What the function gives for known values: a value, unknown where it cannot tell, or :class:`Failed`."""
    found = call.guarded(*arguments, **named)
    return Maybe(None, frozenset({call.name})) if found is None else found


def computed(node: Computed | ComputedInstant | ComputedTest, compiler: Compiler) -> Function:
    """The function of a state that computes the node, for every combination of possible values."""
    call = node.call
    getters = [compiler.instant(part) if isinstance(part, n.Instant) else compiler.value(part) for part in node.parts if isinstance(part, (n.Instant, n.Value))]
    hands = [handed(read, compiler.zone) for read in call.reads]
    named = call.named

    def calculated(state: State) -> Any:
        values = [hand(get(state)) for hand, get in zip(hands, getters, strict=True)]
        if not any(isinstance(value, Maybe) for value in values):
            return called(call, tuple(values), named)
        return over_possibilities(call, values, named)

    return calculated


def over_possibilities(call: Call, values: list[Any], named: Mapping[str, Any]) -> Any:
    missing, open_, count, unknown = NOWHERE_MISSING, False, 1, False
    choices: list[tuple[Any, ...]] = []
    for value in values:
        if value.__class__ is Failed:
            return value
        if not isinstance(value, Maybe):
            choices.append((value,))
            continue
        missing, open_ = missing | value.missing, open_ or value.open
        options = value.options
        unknown = unknown or options is None or any(isinstance(option, Maybe) for option in options)
        choices.append(options or ())
        count *= len(options or ())
    if unknown or count > MAX_COMBINATIONS:
        return Maybe(None, missing, open_)
    results = [called(call, combination, named) for combination in product(*choices)]
    return next((result for result in results if result.__class__ is Failed), None) or possibilities(results, missing, open_)
