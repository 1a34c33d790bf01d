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
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from complaint_policy.coerce import Unusable, as_text
from complaint_policy.expressions import nodes as n
from complaint_policy.fields import Field
from complaint_policy.zones import Zone

if TYPE_CHECKING:
    from complaint_policy.kinds import Setting
    from complaint_policy.model import PolicyModel

__all__ = ["Straight", "Unsupported", "straight_function"]

# record, as_of → the decision, or None.
Ordinary = Callable[[dict[str, Any], Any], Any]
# The class of decisions, and what makes their origin.
Maker = tuple[type, Callable[[tuple[str, ...]], Any]]

_SIGNS: Final = {"at_least": ">=", "at_most": "<=", "above": ">", "below": "<"}
# Up to here floats, which enter by their shortest text, compare with whole numbers exactly.
_LARGEST: Final = 10**15
_FLOAT: Final = f"{float(_LARGEST)!r}"
_EPOCH: Final = datetime(1970, 1, 1)
# From here on times are unusable (coerce.py says so), also where they have not come yet.
_TOO_LATE: Final = datetime(2401, 1, 1)
# Values of a strange type, unknown values, days without a table, times past the end of time.
_NOT_ORDINARY: Final = (TypeError, LookupError, AttributeError, OverflowError)
# So many days are kept at a time.
_MOST_DAYS: Final = 16_384
# More fields than that which nobody looks at are not taken along one by one.
_MOST_OTHERS: Final = 32


class Unsupported(Exception):
    """The policy uses something that is left to the general evaluation."""


class Straight:
    """The function under construction."""

    def __init__(self, model: PolicyModel, setting: Setting, zone: Zone) -> None:
        self.model = model
        self.setting = setting
        self.zone = zone
        self.steady = zone.steady_from != datetime.max
        self.constants: dict[str, Any] = {"DT": datetime, "CHANGES": _Changes(zone)}
        self.names: list[str] = []  # of the fields read, in the order of their variables
        self.intake: list[str] = []
        self.body: list[str] = []
        self._fields: dict[str, str] = {}
        self._since: dict[str, str] = {}
        self._tables: dict[str, list[Any]] = {}
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

    def receipt(self, first: datetime, until: datetime | None) -> None:
        """Reads the receipt: a record received after as_of, or under another version, is not ordinary."""
        v = self._fields["received_at"] = f"v{len(self._fields)}"
        self.names.append("received_at")
        self.intake.append(f"if {v}.__class__ is not DT or not {self.constant(first)} <= {v} <= as_of < {self.constant(_TOO_LATE)}: return None")
        if until is not None:
            self.intake.append(f"if {v} >= {self.constant(until)}: return None")
        if not self.steady:
            self.intake.append(f"if CHANGES[{v}.toordinal()] or CHANGES[as_of.toordinal()]: return None")

    def position(self, variable: str) -> int:
        """Where a field's value stands among the record's ``values``."""
        return int(variable.removeprefix("v"))

    def _read(self, declared: Field, v: str) -> list[str]:
        if declared.type == "event":
            return [
                f"if {v}.__class__ is DT:",
                *([] if self.steady else [f"    if CHANGES[{v}.toordinal()]: return None"]),
                # Comparing an aware time with a naive one raises TypeError: not ordinary.
                f"    if {v} > as_of:",
                f"        if {v} >= {self.constant(_TOO_LATE)}: return None",
                f"        {v} = None; values = {self.constant(_not_yet)}(values, {self.position(v)})",
                f"elif {v} is not None: return None" if declared.empty == "not_yet" else "else: return None",
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
            test = f"if {v}.__class__ is not {real} or not -{_FLOAT} < {v} < {_FLOAT}:"
            lines = [f"if {v} is None: {absent}", f"elif {v}.__class__ is not {whole} or not -{_LARGEST} < {v} < {_LARGEST}: return None"]
        elif declared.type == "enum":
            test, lines = f"if {v} not in {self.constant(frozenset(declared.values))}:", [otherwise, absent]
        else:
            raise Unsupported(declared.type)
        return [test, *("    " + line for line in dict.fromkeys(lines))]

    def since(self, moment: str, indent: str) -> str:
        """How long after the epoch a moment is; computed once where the moment has surely happened."""
        text = f"({moment} - {self.constant(_EPOCH)})"
        if indent:
            return text
        if moment not in self._since:
            self._since[moment] = f"since{len(self._since)}"
            self.line(f"{self._since[moment]} = {text}")
        return self._since[moment]

    def by_day(self, moment: str, table: Any) -> str:
        """What ``table`` has for the local day of a moment that has surely happened; all tables of one moment are asked at once."""
        tables = self._tables.setdefault(moment, [])
        tables.append(table)
        return f"{moment}_days[{len(tables) - 1}]"

    def lookups(self) -> list[str]:
        """The lines that look up the days."""
        return [f"{moment}_days = {self.constant(_Days(tables))}[{moment}.toordinal()]" for moment, tables in self._tables.items()]

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
            self.intake.append(f"{known} = {self.constant(_has_text)}({known})")
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


class _Days(dict[int, tuple[Any, ...]]):
    """What several tables have for a day; None where one has nothing (which then has no attributes: not ordinary)."""

    def __init__(self, tables: list[Any]) -> None:
        super().__init__()
        self._tables = tables

    def __missing__(self, day: int) -> tuple[Any, ...]:
        if len(self) >= _MOST_DAYS:
            self.clear()
        made = self[day] = tuple([_or_none(table, day) for table in self._tables])
        return made


def _or_none(table: Any, day: int) -> Any:
    try:
        return table[day]
    except KeyError:
        return None


def _not_yet(values: tuple[Any, ...], position: int) -> tuple[Any, ...]:
    """The values without one that lies in the future."""
    return (*values[:position], None, *values[position + 1 :])


def _picker(names: list[str]) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    """All fields of a record at once; raises ``KeyError`` where one is absent."""
    return itemgetter(*names) if len(names) > 1 else lambda record: (record[names[0]],)


def _reading(source: Straight, sample: dict[str, Any]) -> tuple[list[str], tuple[str, ...]]:
    """The lines that read a record, and the names of its ``values``.

    All values of a record with the keys of ``sample`` are taken in one step: they are the copy that the decision keeps.
    Any other record is copied first, with the keys it lacks.
    """
    others = [name for name in sample if name not in source.names]
    names = source.names + (others if len(others) <= _MOST_OTHERS else [])
    pick, blank = source.constant(_picker(names)), source.constant(dict.fromkeys(names))
    copied = f"held = {blank} | record; values = {pick}(held)"
    lines = [
        f"if LEN(record) == {len(names):d}:",
        f"    try: values = held = {pick}(record)",
        f"    except KeyError: {copied}",
        f"else: {copied}",
        "".join(f"v{i}, " for i in range(len(source.names))) + "_, " * (len(names) - len(source.names)) + "= values",
    ]
    return lines, tuple(names)


def straight_function(
    model: PolicyModel, setting: Setting, emitters: list[tuple[Any, Any]], start: datetime, until: datetime | None, maker: Maker, sample: dict[str, Any]
) -> tuple[Ordinary, tuple[str, ...]] | None:
    """The straight-line function of a version for records received in ``[start, until)`` wall time, or ``None``.

    With it come the names of the fields it looks at.  ``emitters``: for every rule kind, its section's model and its ``emit``.
    ``as_of`` is in wall time.  ``maker`` gives the class of decisions and, for the names of the values they keep, their origin.
    ``sample`` is a record like those to come.
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
    reading, names = _reading(source, sample)
    decision, origin = maker
    filled = {"_origin": source.constant(origin(names)), "_held": "held", "_asked": "as_of", "_ordinary": "True", "_kept": "None"} | results
    body = [*reading, *source.intake, *source.lookups(), *source.body, f"made = {source.constant(decision)}()"]
    body += [*(f"made.{slot} = {value}" for slot, value in filled.items()), "return made"]
    lines = ["def ordinary(record, as_of):", "    if as_of.__class__ is not DT: return None", "    try:"]
    lines += [*("        " + line for line in body), "    except NOT_ORDINARY:", "        return None"]
    spaces: dict[str, Any] = {"__builtins__": {"KeyError": KeyError}, "NOT_ORDINARY": _NOT_ORDINARY, "LEN": len, **source.constants}
    exec(compile("\n".join(lines), "<complaint_policy straight line>", "exec"), spaces)  # noqa: S102  names and constants only
    made: Ordinary = spaces["ordinary"]
    return made, tuple(source.names)
