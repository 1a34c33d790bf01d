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

from collections.abc import Callable, Collection
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from complaint_policy.emitted import constant_named, function_of
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.computed import Computed, ComputedTest
from complaint_policy.fields import Field
from complaint_policy.ordinary import (
    EPOCH,
    TOO_LATE,
    UNKNOWN,
    Asked,
    Asking,
    Changes,
    Days,
    DayTable,
    Texts,
    against,
    as_told,
    compare,
    has_text,
    in_order,
    plain_counter,
    within,
)
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
# So deep and so many: a fact that mentions another twice doubles what is emitted.
_DEEPEST: Final = 40
_MOST_CONDITIONS: Final = 20_000
# Python compares whole numbers up to here fastest.
_SMALL: Final = 2**30 - 1
# Values of a strange type, unknown values, days without a table, times past the end of time; a stranger's object raises anything.
_NOT_ORDINARY: Final = Exception


class Unsupported(Exception):
    """The policy uses something that is left to the general evaluation."""


class NotYet(Unsupported):
    """The policy asks for the outcome of a rule that no emitter has come to."""


class Straight:
    """The function under construction."""

    def __init__(self, model: PolicyModel, setting: Setting, zone: Zone) -> None:
        self.model = model
        self.setting = setting
        self.zone = zone
        self.steady = zone.steady_from != datetime.max
        self.constants: list[Any] = []
        self.called: dict[str, Any] = {}
        self.changes = self.constant(Changes(zone))
        self.names: list[str] = []  # of the fields read, in the order of their variables
        self.intake: list[str] = []
        self.body: list[str] = []
        self._fields: dict[str, str] = {}
        self._days: Days | None = None
        self._found = ["day"]  # what is looked up for the day of the receipt
        self._depth = 0
        self._conditions = 0  # emitted: a fact is, wherever it is mentioned
        self._compared = {"v0"}  # with the receipt, which is read first
        self.texts = False  # whether texts are read
        self.results: dict[str, str] = {}  # the expressions of results by the ids of their rules

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
        self._days = Days(first, until, self.zone)

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
                f"        if {v} >= {self.constant(TOO_LATE)}: return None",
                f"        {v} = None; values = values | {{{self.constant(declared.name)}: None}}",
                f"elif {v} is not None: return None" if declared.empty == "not_yet" else "else: return None",
            ]
        default = _as_float(declared.default) if declared.type in ("number", "money") else declared.default
        absent = f"{v} = {self.constant(UNKNOWN if default is None else default)}"
        missing = [f"    if {v} is not None: return None", f"    {absent}"]
        elsewhere = [f"elif {v} is None: {absent}", f"elif {v}.__class__ is not INT or not -{_LARGEST} < {v} < {_LARGEST}: return None"]
        match declared.type:
            case "string":
                self.texts = True
                texts = self.constant(Texts(UNKNOWN if default is None else default))
                return [f"if {v}.__class__ is STR: {v} = {texts}[{v}]", f"elif {v} is None: {absent}", "else: return None"]
            case "boolean":
                return [f"if {v} is not False and {v} is not True:", *missing]
            case "enum":  # every use looks it up among its values, so that one that is none is found where it matters
                return [] if default is None else [f"if {v} is None: {absent}"]
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
        self._conditions += 1
        if self._depth > _DEEPEST or self._conditions > _MOST_CONDITIONS:
            raise Unsupported("size")
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
                if isinstance(expression, Computed) and expression.call.threshold is None:
                    return self.asked(expression)
            case ComputedTest():
                return self.asked(node)
            case n.Present(name=name):
                return self.present(name)
            case n.Moment(left=n.NamedInstant(), operation=operation, right=n.NamedInstant()):
                return self.call(compare(operation), f"{self.event(node.left)}, {self.event(node.right)}")
            case n.Moment(left=left, operation=operation, right=n.Counted(base=n.NamedInstant() as base) as counted):
                counter = plain_counter(counted, self.zone)
                if counter is None or counter.length.is_exact:
                    raise Unsupported("length")
                table = DayTable(counter, counter.provisional_from())
                return self.call(within(operation, table), f"{self.event(left)}, {self.event(base)}, as_of")
            case n.Moment(left=left, operation=operation, right=n.PreviousDue()):
                return self.call(against(operation), f"{self.event(left)}, last, as_of")
            case n.InOrder(instants=instants):
                return self.call(in_order, ", ".join(self.event(instant) for instant in instants))
            case n.OutcomeIs(rule=rule, outcomes=outcomes):
                if rule not in self.results:
                    raise NotYet(rule)
                return self.call(as_told, f"{self.results[rule]}, {self.constant(frozenset(outcomes))}")
            case n.Equals(left=left, right=n.Literal(value=value)) if left.kind == "enum":
                return self._among(left, (value,))
            case n.OneOf(left=left, values=values) if left.kind == "enum":
                return self._among(left, values)
            case n.Equals(left=left, right=n.Literal(value=value)):
                return f"({self.named(left)} == {self.literal(value, left.kind)})"
            case n.OneOf(left=left, values=values) if left.kind in ("level", "string"):
                return f"({self.named(left)} in {self.constant(frozenset(values))})"
            case n.Compare(left=left, operation=operation, right=n.Literal(value=value)):
                return f"({self.named(left)} {_SIGNS[operation]} {self.literal(value, left.kind)})"
        raise Unsupported(type(node).__name__)

    def _among(self, node: n.NamedValue, values: Collection[Any]) -> str:
        """Whether an enum field has one of the values; raises ``KeyError`` for one that it cannot have."""
        if node.source != "field":  # a plugin's: it gives none but its values
            return f"({self.named(node)} in {self.constant(frozenset(values))})"
        return f"{self.constant({value: value in values for value in self.model.fields[node.name].values})}[{self.field(node.name)}]"

    def present(self, name: str) -> str:
        """Whether the record has a value, as it was given."""
        declared = self.model.fields[name]
        if declared.type == "event":
            return f"({self.event(n.NamedInstant(name))} is not None)"
        if declared.type != "string":
            raise Unsupported(declared.type)
        # A text is read for this question apart: it may be one that no other question is asked of.
        known = self._fields.get(f"present:{name}")
        if known is None:
            known = self._fields[f"present:{name}"] = f"v{len(self._fields)}"
            self.names.append(name)
            self.intake.append(f"{known} = {self.call(has_text, known)}")
        return known

    def event(self, node: n.Instant) -> str:
        """An event that a condition looks at; a time that nobody has compared with the receipt may be unusable: not ordinary."""
        if not isinstance(node, n.NamedInstant) or node.kind != "field" or self.model.fields[node.name].type != "event":
            raise Unsupported("instant")
        event, received = self.field(node.name), self.field("received_at")
        if event not in self._compared:
            self._compared.add(event)
            self.intake.append(f"if {event} is not None and {event} < {received}: return None")
        return event

    def named(self, node: n.NamedValue) -> str:
        """A field or the severity's rank."""
        if node.source == "severity":
            return "rank"
        if node.source == "field":
            return self.field(node.name)
        expression = self.model.facts[node.name].expression if node.source == "fact" else None
        if isinstance(expression, Computed) and expression.call.threshold is None:
            return self.asked(expression)
        raise Unsupported(node.source)

    def asked(self, node: Computed | ComputedTest) -> str:
        """What a plugin computes from fields."""
        read: list[str] = []
        for part in node.parts:
            if isinstance(part, n.NamedInstant):
                read.append(self.event(part))
            elif isinstance(part, n.NamedValue) and part.source == "field":
                read.append(self.field(part.name))
            else:
                raise Unsupported(type(part).__name__)
        fields = self.model.fields
        return self.call(Asking(node.call, self.zone, [fields[one.name].values for one in node.call.reads]), ", ".join(read))

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


def _as_float(value: Any) -> Any:
    """A default as the float that it equals: floats compare with each other fastest."""
    if value is None:
        return None
    exact = Decimal(value)
    return float(exact) if abs(exact) < _LARGEST and Decimal(repr(float(exact))) == exact else value


def straight_function(
    model: PolicyModel, setting: Setting, emitters: list[tuple[Any, Any]], start: datetime, until: datetime | None, maker: Maker
) -> tuple[Ordinary, tuple[str, ...]] | None:
    """The straight-line function of a version for records received in ``[start, until)`` wall time, or ``None``.

    With it come the names of the fields it looks at.  ``emitters``: for every rule kind, its section's model and its ``emit``.
    ``as_of`` is in wall time.
    """
    source = Straight(model, setting, setting.zone)
    try:
        first = max(start, setting.zone.steady_from if source.steady else EPOCH)
        source.receipt(first, until)
        results = {"_told": "None", "_lines": "()", "requirements": "()", "penalties": "()"}
        waiting = [(section, emit) for section, emit in emitters if emit is not None or section]
        while waiting:
            later = []
            for section, emit in waiting:
                before = len(source.body)
                if emit is None:
                    return None
                try:
                    results |= emit(section, source)
                except NotYet:  # once the others have emitted theirs
                    later.append((section, emit))
                    del source.body[before:]
            if len(later) == len(waiting):
                return None
            waiting = later
        if model.scope is not None:
            source.line(f"if not {source.condition(model.scope)}: return None")
        return _made(source, results, maker), tuple(source.names)
    except (Unsupported, RecursionError, MemoryError):  # the last two: too long for Python's compiler
        return None


def _made(source: Straight, results: dict[str, str], maker: Maker) -> Ordinary:
    """The function of what was emitted."""
    kind, origin = maker
    filled = {"_origin": source.constant(origin), "_record": "held", "_asked": "as_of", "_kept": "None"} | results
    asked = source.constant(Asked(source.zone))
    # What is called or compared by identity stands in local variables: Python warns of a constant there.
    lines = [f"DT = {source.constant(datetime)}; INT = {source.constant(int)}; FLOAT = {source.constant(float)}"]
    lines += [f"STR = {source.constant(str)}"] if source.texts else []
    lines += [f"if as_of is not {asked}.last: {asked}.check(as_of)", *_reading(source), *source.intake, *source.lookups(), *source.body]
    lines += [f"kind = {source.constant(kind)}; made = kind()", *(f"made.{slot} = {value}" for slot, value in filled.items()), "return made"]
    body = ["try:", *("    " + line for line in lines), f"except {source.constant(_NOT_ORDINARY)}: return None"]
    made: Ordinary = function_of("ordinary(record, as_of)", body, source.constants, source.called)
    return made


def _reading(source: Straight) -> list[str]:
    """The lines that read a record: of the copy that the decision keeps, and whose events its deadlines refer to."""
    read = [f"v{i} = held[{source.constant(name)}]" for i, name in enumerate(source.names)]
    lines = ["values = held = record.copy()", "try:", *("    " + line for line in read)]
    # A record that lacks a field gets it, empty.
    return [*lines, "except KeyError:", f"    values = held = {source.constant(dict.fromkeys(source.names))} | held", *("    " + line for line in read)]
