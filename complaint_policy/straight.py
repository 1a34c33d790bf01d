"""The ordinary record in one straight line.

Most records are ordinary: every value the policy looks at is there, typed, and of the policy's own
zone.  For those a policy version is compiled to a single function without possibilities, made of
slot names and pooled constants only: no text of a policy ever becomes code.  The function gives
``None`` for any other record, and the general evaluation takes over.  A version that uses more than
the rooms' ``source`` modules can emit has no such function.  A test holds both evaluations equal.

Inside, times are wall times of the policy's zone.  Where the zone still changes its offset, a record with a time on a day of
change is not ordinary: any two other times follow each other on the wall as they do in truth.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from complaint_policy.coerce import Unusable, as_text
from complaint_policy.emitted import constant_named, function_of
from complaint_policy.expressions import nodes as n
from complaint_policy.fields import Field
from complaint_policy.zones import Zone

if TYPE_CHECKING:
    from complaint_policy.kinds import Setting
    from complaint_policy.model import PolicyModel

__all__ = ["Straight", "Unsupported", "straight_function"]

# record, as_of → the decision, or None.
Ordinary = Callable[[dict[str, Any], Any], Any]
# The class of decisions, and their origin.
Maker = tuple[type, Any]

_SIGNS: Final = {"at_least": ">=", "at_most": "<=", "above": ">", "below": "<"}
# Up to here floats, which enter by their shortest text, compare with whole numbers exactly.
_LARGEST: Final = 10**15
_FLOAT: Final = f"{float(_LARGEST)!r}"
# Python compares whole numbers up to here fastest.
_SMALL: Final = 2**30 - 1
_EPOCH: Final = datetime(1970, 1, 1)
# From here on times are unusable (coerce.py says so), also where they have not come yet.
_TOO_LATE: Final = datetime(2401, 1, 1)
# Values of a strange type, unknown values, days without a table, times past the end of time; a stranger's object raises anything.
_NOT_ORDINARY: Final = Exception
# So many days are kept at a time.
_MOST_DAYS: Final = 16_384


class Unsupported(Exception):
    """The policy uses something that is left to the general evaluation."""


class Straight:
    """The function under construction."""

    def __init__(self, model: PolicyModel, setting: Setting, zone: Zone) -> None:
        self.model = model
        self.setting = setting
        self.zone = zone
        self.steady = zone.steady_from != datetime.max
        self.constants: list[Any] = []
        self.called: dict[str, Any] = {}
        self.changes = self.constant(_Changes(zone))
        self.names: list[str] = []  # of the fields read, in the order of their variables
        self.intake: list[str] = []
        self.body: list[str] = []
        self._fields: dict[str, str] = {}
        self._days: _Days | None = None
        self._found = ["day"]  # what is looked up for the day of the receipt
        self._depth = 0

    def constant(self, value: Any) -> str:
        self.constants.append(value)
        return constant_named(len(self.constants) - 1)

    def call(self, function: Any, arguments: str) -> str:
        name = f"f{len(self.called)}"
        self.called[name] = function
        return f"{name}({arguments})"

    def line(self, text: str) -> None:
        self.body.append(text)

    # ---------------------------------------------------------------- fields
    def field(self, name: str) -> str:
        """The local variable of a field, read once; the function gives up where the value is not ordinary."""
        known = self._fields.get(name)
        if known is not None:
            return known
        declared = self.model.fields[name]
        variable = self._fields[name] = f"v{len(self._fields)}"
        self.names.append(name)
        self.intake += self._read(declared, variable)
        return variable

    def receipt(self, first: datetime, until: datetime | None) -> None:
        """Reads the receipt: a record received after as_of, or under another version, is not ordinary."""
        v = self._fields["received_at"] = f"v{len(self._fields)}"
        self.names.append("received_at")
        # The day of the receipt says whether it lies in the version, and on no day of change.
        self.intake.append(f"if {v}.__class__ is not DT or {v} > as_of: return None")
        self._days = _Days(first, until, self.zone)

    def position(self, variable: str) -> str:
        """The name of the field of a variable."""
        return self.names[int(variable.removeprefix("v"))]

    def _read(self, declared: Field, v: str) -> list[str]:
        if declared.type == "event":
            return [
                f"if {v}.__class__ is DT:",
                *([] if self.steady else [f"    if {self.changes}[{v}.toordinal()]: return None"]),
                # Comparing an aware time with a naive one raises TypeError: not ordinary.
                f"    if {v} > as_of:",
                f"        if {v} >= {self.constant(_TOO_LATE)}: return None",
                f"        {v} = None; values = values | {{{self.constant(declared.name)}: None}}",
                f"elif {v} is not None: return None" if declared.empty == "not_yet" else "else: return None",
            ]
        if declared.default is None and declared.empty != "unknown":
            raise Unsupported(declared.type)
        default = _as_float(declared.default) if declared.type in ("number", "money") else declared.default
        absent = "return None" if default is None else f"{v} = {self.constant(default)}"
        missing = ["    return None"] if default is None else [f"    if {v} is not None: return None", f"    {absent}"]
        elsewhere = [*([f"elif {v} is None: {absent}"] if default is not None else []), f"elif {v}.__class__ is not INT or not -{_LARGEST} < {v} < {_LARGEST}: return None"]
        match declared.type:
            case "boolean":
                return [f"if {v} is not False and {v} is not True:", *missing]
            case "enum":
                return [f"if {v} not in {self.constant(frozenset(declared.values))}:", *missing]
            # Two comparisons are faster than one chain, and no NaN passes.
            case "integer":
                return [f"if {v}.__class__ is INT and {v} < {_SMALL} and {v} > -{_SMALL}: pass", *elsewhere]
            case "number" | "money":
                return [f"if {v}.__class__ is FLOAT and {v} < {_FLOAT} and {v} > -{_FLOAT}: pass", *elsewhere]
        raise Unsupported(declared.type)

    def on_day(self, table: Any, size: int) -> list[str]:
        """The variables of what ``table`` has for the day of the receipt, ``size`` things; all tables are asked at once."""
        if self._days is None:
            raise Unsupported("receipt")
        names = [f"day{len(self._found) + i}" for i in range(size)]
        self._days.tables.append((table, size))
        self._found += names
        return names

    def lookups(self) -> list[str]:
        """The lines that look up the day of the receipt; what is not there is None, which nothing can be compared with."""
        if self._days is None:
            return []
        found, ordinal = "".join(f"{name}, " for name in self._found), f"{self._fields['received_at']}.toordinal()"
        return [f"try: {found} = {self.constant(self._days.known)}[{ordinal}]", f"except KeyError: {found} = {self.call(self._days.find, ordinal)}"]

    # ---------------------------------------------------------------- conditions
    def condition(self, node: n.Condition) -> str:
        self._depth += 1
        if self._depth > 40:
            raise Unsupported("depth")
        try:
            return self._condition(node)
        finally:
            self._depth -= 1

    def _condition(self, node: n.Condition) -> str:
        match node:
            case n.Always(value=value):
                return str(value)
            case n.All(parts=parts):
                return "(" + " and ".join(self.condition(p) for p in parts) + ")"
            case n.Any_(parts=parts):
                return "(" + " or ".join(self.condition(p) for p in parts) + ")"
            case n.Not(part=part):
                return f"(not {self.condition(part)})"
            case n.FactHolds(name=name, kind="field"):
                return self.field(name)
            case n.FactHolds(name=name, kind="fact"):
                expression = self.model.facts[name].expression
                if isinstance(expression, n.Condition):
                    return self.condition(expression)
            case n.Present(name=name):
                return self.present(name)
            case n.Equals(left=left, right=n.Literal(value=value)):
                return f"({self.named(left)} == {self.literal(value, left.kind)})"
            case n.OneOf(left=left, values=values) if left.kind in ("enum", "level"):
                return f"({self.named(left)} in {self.constant(frozenset(values))})"
            case n.Compare(left=left, operation=operation, right=n.Literal(value=value)):
                return f"({self.named(left)} {_SIGNS[operation]} {self.literal(value, left.kind)})"
        raise Unsupported(type(node).__name__)

    def present(self, name: str) -> str:
        """Whether the record has a value, as it was given."""
        declared = self.model.fields[name]
        if declared.type == "event":
            if name != "received_at":  # which nobody may have compared with the receipt
                event = self.field(name)
                self.intake.append(f"if {event} is not None and {event} < {self.field('received_at')}: return None")
            return f"({self.field(name)} is not None)"
        if declared.type != "string":
            raise Unsupported(declared.type)
        # A text is read for this question alone.
        known = self._fields.get(name)
        if known is None:
            known = self._fields[name] = f"v{len(self._fields)}"
            self.names.append(name)
            self.intake.append(f"{known} = {self.call(_has_text, known)}")
        return known

    def named(self, node: n.NamedValue) -> str:
        """A field or the severity's rank."""
        if node.source == "severity":
            return "rank"
        if node.source == "field" and node.kind != "string":
            return self.field(node.name)
        raise Unsupported(node.source)

    def literal(self, value: Any, kind: str) -> str:
        """A literal that floats, which enter by their shortest text, compare with exactly."""
        if isinstance(value, Decimal):
            near = float(value)
            if Decimal(repr(near)) != value:
                raise Unsupported("decimal")
            return self.constant(near)
        if isinstance(value, int) and not isinstance(value, bool):
            if abs(value) > _LARGEST:
                raise Unsupported("large")
            # Amounts are mostly floats, and those compare with floats fastest.
            return f"({value:d}.0)" if kind in ("number", "money") else f"({value:d})"
        return self.constant(value)


def _has_text(value: Any) -> bool:
    """Whether a cell has a text; raises ``TypeError`` for one that is no ordinary text."""
    if value is None:
        return False
    if value.__class__ is not str:
        raise TypeError("no text")
    try:
        return as_text(value) != ""
    except (Unusable, ValueError):
        raise TypeError("unusable") from None


class _Changes(dict[int, bool]):
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


class _Days:
    """What several tables have for a day, with its midnight in front."""

    def __init__(self, first: datetime, until: datetime | None, zone: Zone) -> None:
        self.known: dict[int, tuple[Any, ...]] = {}
        self.tables: list[tuple[Any, int]] = []
        self._first = first
        self._until = until or _TOO_LATE
        self._changes = _Changes(zone)

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
        if len(self.known) >= _MOST_DAYS:
            self.known.clear()
        made = self.known[day] = tuple(found)
        return made


class _Asked:
    """The moment of judgement that was found ordinary last: mostly the next one is the same."""

    __slots__ = ("_zone", "last")

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self.last: datetime | None = None

    def check(self, as_of: Any) -> None:
        """Raises ``LookupError`` for one that is not a plain wall time."""
        if as_of.__class__ is not datetime or as_of.tzinfo is not None or not _EPOCH < as_of < _TOO_LATE:
            raise LookupError(as_of)
        if as_of < self._zone.steady_from and self._zone.changes_on(as_of.toordinal()):
            raise LookupError(as_of)
        self.last = as_of


def _as_float(value: Any) -> Any:
    """A default as the float that it equals: floats compare with each other fastest."""
    near = float(value) if value.__class__ in (int, Decimal) and abs(value) < _LARGEST else None
    return value if near is None or Decimal(repr(near)) != value else near


def straight_function(
    model: PolicyModel, setting: Setting, emitters: list[tuple[Any, Any]], start: datetime, until: datetime | None, maker: Maker
) -> tuple[Ordinary, tuple[str, ...]] | None:
    """The straight-line function of a version for records received in ``[start, until)`` wall time, or ``None``.

    With it come the names of the fields it looks at.  ``emitters``: for every rule kind, its section's model and its ``emit``.
    ``as_of`` is in wall time.
    """
    source = Straight(model, setting, setting.zone)
    try:
        first = max(start, setting.zone.steady_from if source.steady else _EPOCH)
        source.receipt(first, until)
        results = {"deadlines": "()", "requirements": "()", "penalties": "()"}
        for section, emit in emitters:
            if emit is not None:
                results |= emit(section, source)
            elif section:
                return None
        if model.scope is not None:
            source.line(f"if not {source.condition(model.scope)}: return None")
    except (Unsupported, RecursionError):
        return None
    kind, origin = maker
    filled = {"_origin": source.constant(origin), "_record": "held", "_asked": "as_of"} | results
    asked = source.constant(_Asked(setting.zone))
    # What is called or compared by identity stands in local variables: Python warns of a constant there.
    lines = [f"DT = {source.constant(datetime)}; INT = {source.constant(int)}; FLOAT = {source.constant(float)}"]
    lines += [f"if as_of is not {asked}.last: {asked}.check(as_of)", *_reading(source), *source.intake, *source.lookups(), *source.body]
    lines += [f"kind = {source.constant(kind)}; made = kind()", *(f"made.{slot} = {value}" for slot, value in filled.items()), "return made"]
    body = ["try:", *("    " + line for line in lines), f"except {source.constant(_NOT_ORDINARY)}: return None"]
    made: Ordinary = function_of("ordinary(record, as_of)", body, source.constants, source.called)
    return made, tuple(source.names)


def _reading(source: Straight) -> list[str]:
    """The lines that read a record: of the copy that the decision keeps, and whose events its deadlines refer to."""
    read = [f"v{i} = held[{source.constant(name)}]" for i, name in enumerate(source.names)]
    lines = ["values = held = record.copy()", "try:", *("    " + line for line in read)]
    # A record that lacks a field gets it, empty.
    return [*lines, "except KeyError:", f"    values = held = {source.constant(dict.fromkeys(source.names))} | held", *("    " + line for line in read)]
