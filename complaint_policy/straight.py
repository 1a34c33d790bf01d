"""The ordinary record in one straight line.

Most records are ordinary: every value the policy looks at is there, typed, and of the policy's own
zone.  For those a policy version is compiled to a single function without possibilities, made of
slot names and pooled constants only: no text of a policy ever becomes code.  The function gives
``None`` for any other record, and the general evaluation takes over.  A version that uses more than
the rooms' ``source`` modules can emit has no such function.  A test holds both evaluations equal.

Inside, times are wall times of the policy's zone, which must have stopped changing its offset.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from complaint_policy.expressions import nodes as n
from complaint_policy.fields import Field
from complaint_policy.zones import Zone

if TYPE_CHECKING:
    from complaint_policy.kinds import Setting
    from complaint_policy.model import PolicyModel

__all__ = ["Straight", "Unsupported", "straight_function"]

# record, as_of → whatever `finish` makes of the record, as_of and the results, or None.  The results:
# severity, responsibility, deadlines, penalties (None where not triggered), those triggered, where each deadline stands.
Ordinary = Callable[[dict[str, Any], Any], Any]

_SIGNS: Final = {"at_least": ">=", "at_most": "<=", "above": ">", "below": "<"}
# Up to here floats, which enter by their shortest text, compare with whole numbers exactly.
_LARGEST: Final = 10**15
# From here on times are unusable (coerce.py says so), also where they have not come yet.
_TOO_LATE: Final = datetime(2401, 1, 1)


class Unsupported(Exception):
    """The policy uses something that is left to the general evaluation."""


class Straight:
    """The function under construction."""

    def __init__(self, model: PolicyModel, setting: Setting, zone: Zone) -> None:
        self.model = model
        self.setting = setting
        self.zone = zone
        self.constants: dict[str, Any] = {"DT": datetime, "NEW": tuple.__new__, "MAP": map, "TUPLE": tuple}
        self.names: list[str] = []  # of the fields read, in the order of their variables
        self.intake: list[str] = []
        self.body: list[str] = []
        self._fields: dict[str, str] = {}
        self._days: dict[str, str] = {}
        self._depth = 0

    def constant(self, value: Any) -> str:
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

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

    def _read(self, declared: Field, v: str) -> list[str]:
        if declared.type == "event":
            return [
                f"if {v} is not None:",
                f"    if {v}.__class__ is not DT: return None",
                # Comparing an aware time with a naive one raises TypeError: not ordinary.
                f"    if {v} > as_of:",
                f"        if {v} >= {self.constant(_TOO_LATE)}: return None",
                f"        {v} = None",
            ]
        if declared.default is None and declared.empty != "unknown":
            raise Unsupported(declared.type)
        absent = "return None" if declared.default is None else f"{v} = {self.constant(declared.default)}"
        otherwise = "return None" if declared.default is None else f"if {v} is not None: return None"
        if declared.type == "boolean":
            test, lines = f"if {v}.__class__ is not {self.constant(bool)}:", [otherwise, absent]
        elif declared.type == "integer":
            test = f"if {v}.__class__ is not {self.constant(int)} or not -{_LARGEST} < {v} < {_LARGEST}:"
            lines = [otherwise, absent]
        elif declared.type in ("number", "money"):
            whole, real = self.constant(int), self.constant(float)
            test = f"if {v}.__class__ is not {whole} or not -{_LARGEST} < {v} < {_LARGEST}:"
            lines = [f"if {v} is None: {absent}", f"elif {v}.__class__ is not {real} or not -{_LARGEST} < {v} < {_LARGEST}: return None"]
        elif declared.type == "enum":
            test, lines = f"if {v} not in {self.constant(frozenset(declared.values))}:", [otherwise, absent]
        else:
            raise Unsupported(declared.type)
        return [test, *("    " + line for line in dict.fromkeys(lines))]

    def day(self, moment: str, indent: str) -> str:
        """The variable with the local day of a moment, computed once for the record's receipt."""
        if moment not in self._days:
            name = self._days[moment] = f"day{len(self._days)}"
            self.line(f"{indent}{name} = {moment}.toordinal()")
            if indent:  # only there where the moment has happened: computed anew elsewhere
                return self._days.pop(moment)
        return self._days[moment]

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
            case n.Equals(left=left, right=n.Literal(value=value)):
                return f"({self.named(left)} == {self.literal(value)})"
            case n.OneOf(left=left, values=values) if left.kind in ("enum", "level"):
                return f"({self.named(left)} in {self.constant(frozenset(values))})"
            case n.Compare(left=left, operation=operation, right=n.Literal(value=value)):
                return f"({self.named(left)} {_SIGNS[operation]} {self.literal(value)})"
        raise Unsupported(type(node).__name__)

    def named(self, node: n.NamedValue) -> str:
        """A field or the severity's rank."""
        if node.source == "severity":
            return "rank"
        if node.source == "field" and node.kind != "string":
            return self.field(node.name)
        raise Unsupported(node.source)

    def literal(self, value: Any) -> str:
        """A literal that floats, which enter by their shortest text, compare with exactly."""
        if isinstance(value, Decimal):
            near = float(value)
            if Decimal(repr(near)) != value:
                raise Unsupported("decimal")
            return self.constant(near)
        if isinstance(value, int) and not isinstance(value, bool):
            if abs(value) > _LARGEST:
                raise Unsupported("large")
            return f"({value:d})"
        return self.constant(value)


def _picker(names: list[str]) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    """All fields of a record at once; raises ``KeyError`` where one is absent."""
    return itemgetter(*names) if len(names) > 1 else lambda record: (record[names[0]],)


def straight_function(
    model: PolicyModel, setting: Setting, zone: Zone, emitters: list[tuple[Any, Any]], start: datetime, until: datetime | None, finish: Callable[..., Any]
) -> tuple[Ordinary, frozenset[str]] | None:
    """The straight-line function of a version for records received in ``[start, until)`` wall time, or ``None``.

    With it come the fields it looks at: the cells of any other may be unusable.

    ``emitters``: for every rule kind, its section's model and its ``emit``.  ``as_of`` is in wall time.
    """
    if model.scope is not None or zone.steady_from == datetime.max:
        return None
    source = Straight(model, setting, zone)
    try:
        received = source.field("received_at")
        # A record received after as_of, or under another version, is not ordinary.
        source.intake.append(f"if {received} is None or {received} < {source.constant(max(start, zone.steady_from))}: return None")
        source.intake.append(f"if as_of >= {source.constant(_TOO_LATE)}: return None")
        if until is not None:
            source.intake.append(f"if {received} >= {source.constant(until)}: return None")
        parts = []
        for section, emit in emitters:
            if emit is None:
                if section:
                    return None
                continue
            parts.append(emit(section, source))
    except (Unsupported, RecursionError):
        return None
    results = {key: variable for part in parts for key, variable in part.items()}
    returned = ", ".join(results.get(key, "()") for key in ("severity", "responsibility", "deadlines", "penalties", "triggered", "index"))
    source.constants["FINISH"] = finish
    # A record with every key is read in one step, any other key by key.
    variables = "".join(f"v{i}, " for i in range(len(source.names)))
    one_by_one = "".join(f"get({source.constant(name)}), " for name in source.names)
    lines = ["def ordinary(record, as_of):", "    if as_of.__class__ is not DT: return None"]
    lines += [f"    try: {variables}= {source.constant(_picker(source.names))}(record)"]
    lines += [f"    except KeyError: get = record.get; {variables}= {one_by_one}", "    try:"]
    lines += [f"        {text}" for text in (*source.intake, *source.body)]
    lines += [f"        return FINISH(record.copy(), as_of, ({returned}))", "    except (TypeError, KeyError, OverflowError):", "        return None"]
    names: dict[str, Any] = {"__builtins__": {"TypeError": TypeError, "KeyError": KeyError, "OverflowError": OverflowError}, **source.constants}
    exec(compile("\n".join(lines), "<complaint_policy straight line>", "exec"), names)  # noqa: S102  names and constants only
    made: Ordinary = names["ordinary"]
    return made, frozenset(source.names)
