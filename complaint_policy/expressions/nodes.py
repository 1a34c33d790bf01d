"""Expressions as data: immutable, typed and checked.  Nothing here computes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import frozen

from complaint_policy.counting import Counting
from complaint_policy.expressions.tree import Expression as Expression
from complaint_policy.expressions.tree import children as children
from complaint_policy.expressions.tree import walk as walk
from complaint_policy.lengths import Length
from complaint_policy.texts import literal_text as literal_text
from complaint_policy.texts import shown_number as shown_number


# --------------------------------------------------------------------------- instants
@frozen
class Instant(Expression):
    """A moment."""


@frozen
class NamedInstant(Instant):
    """An event, a date, or a fact that is an instant; ``kind`` is ``field``, ``fact``, ``entry`` or ``period`` (of a schedule)."""

    name: str
    kind: str = "field"


@frozen
class AsOf(Instant):
    """The moment the record is judged at."""


@frozen
class RuleStart(Instant):
    """The start of the rule the expression stands in."""


@frozen
class PreviousDue(Instant):
    """Inside a ladder: the due instant of the step before."""


@frozen
class DueOf(Instant):
    """The due instant of a deadline."""

    rule: str


@frozen
class LengthValue(Expression):
    """A length whose number is a value of the record."""

    amount: Value
    unit: str


@frozen
class Counted(Instant):
    """``within`` a length from an instant, or ``ahead`` of it, by the counting conventions in force."""

    base: Instant
    length: Length | LengthValue
    counting: Counting
    ahead: bool = False


@frozen
class Instants(Instant):
    """Several instants; where one is needed, the first."""


@frozen
class Entries(Instants):
    """The entries of the log of these kinds for which ``where`` holds."""

    kinds: tuple[str, ...]
    where: Condition | None = None


@frozen
class NamedInstants(Instants):
    """A field of type ``instants``, or a fact that is entries; ``kind`` is ``field`` or ``fact``."""

    name: str
    kind: str = "field"


@frozen
class Nth(Instant):
    """The n-th of several instants, counted from those strictly after an instant where one is given."""

    number: int
    of: Instant
    after: Instant | None = None


@frozen
class FirstOf(Instant):
    parts: tuple[Instant, ...]


@frozen
class LastOf(Instant):
    parts: tuple[Instant, ...]


@frozen
class AllOf(Instant):
    parts: tuple[Instant, ...]


@frozen
class FirstKnownInstant(Instant):
    parts: tuple[Instant, ...]


@frozen
class Each(Instant):
    """What begins a duty anew, every time, `until` an instant: a deadline's ``from``."""

    parts: tuple[Instant, ...]
    until: Instant | None = None


@frozen
class InstantBranch(Expression):
    when: Condition | None  # None: otherwise
    then: Instant


@frozen
class ChooseInstant(Instant):
    branches: tuple[InstantBranch, ...]


# --------------------------------------------------------------------------- spans
@frozen
class Span(Expression):
    """Stretches of time."""


@frozen
class NamedSpan(Span):
    name: str


@frozen
class Between(Span):
    start: Instant
    end: Instant


@frozen
class Late(Span):
    """From the due instant of a deadline to the act, or to ``as_of`` while it is open."""

    rule: str


@frozen
class Together(Span):
    parts: tuple[Span, ...]


@frozen
class Except(Span):
    base: Span
    removed: Span


# --------------------------------------------------------------------------- values
@frozen
class Value(Expression):
    """A value; ``kind`` is boolean, integer, number, money, string, enum, list, level or instant."""

    @property
    def kind(self) -> str:
        """Every value says its own."""
        return "value"


@frozen
class Literal(Value):
    value: Any
    kind: str


@frozen
class NamedValue(Value):
    """A field, a fact, an entry's attribute, a schedule's figure, ``severity`` or ``owner``."""

    name: str
    kind: str
    source: str = "field"  # field, fact, entry, figure, severity, owner
    unit: str | None = None


@frozen
class Arithmetic(Value):
    """``plus``, ``minus``, ``times``, ``max_of`` or ``min_of``."""

    operation: str
    parts: tuple[Value, ...]
    kind: str


@frozen
class FirstKnown(Value):
    parts: tuple[Value, ...]
    kind: str


@frozen
class ValueBranch(Expression):
    when: Condition | None
    then: Value


@frozen
class Choose(Value):
    branches: tuple[ValueBranch, ...]
    kind: str


@frozen
class LengthOf(Value):
    """How long a span is, in whole units: rounded ``up``, ``down`` or ``half_up``, each stretch or in all."""

    span: Span
    unit: str
    round: str
    per: str
    kind: str = "integer"


@frozen
class CountOf(Value):
    """How many of several instants have happened."""

    of: Instant
    kind: str = "integer"


@frozen
class LastOfEntries(Value):
    """An attribute of the latest entry; of entries at one instant, the last in the log."""

    entries: Instants
    attribute: str
    kind: str


@frozen
class Baseline(Value):
    """The mean of a figure over earlier periods: those just before, or the ``same`` ones of earlier years.  Only a portfolio rule has it."""

    periods: int
    same: bool = False
    kind: str = "number"


@frozen
class Range(Expression):
    """The two ends of a range of money."""

    low: Value
    high: Value


@frozen
class RangeBranch(Expression):
    when: Condition | None
    then: Range


@frozen
class ChooseRange(Expression):
    branches: tuple[RangeBranch, ...]


# --------------------------------------------------------------------------- conditions
@frozen
class Condition(Expression):
    """True, false, or unknown."""


@frozen
class Always(Condition):
    value: bool = True


@frozen
class All(Condition):
    parts: tuple[Condition, ...]


@frozen
class Any_(Condition):
    parts: tuple[Condition, ...]


@frozen
class Not(Condition):
    part: Condition


@frozen
class FactHolds(Condition):
    """A fact that is a condition, or a boolean field."""

    name: str
    kind: str = "fact"


@frozen
class Equals(Condition):
    left: NamedValue
    right: Value


@frozen
class OneOf(Condition):
    left: NamedValue
    values: tuple[Any, ...]


@frozen
class Compare(Condition):
    """``at_least``, ``at_most``, ``above`` or ``below``."""

    left: NamedValue
    operation: str
    right: Value


@frozen
class Moment(Condition):
    """``by``, ``before``, ``after`` or ``not_before``."""

    left: Instant
    operation: str
    right: Instant


@frozen
class Present(Condition):
    """Whether the record, as it was given, has the value.  ``name`` is a field."""

    name: str


@frozen
class EntryHas(Condition):
    """Inside ``where``: whether the entry has a value for the attribute."""

    name: str


@frozen
class PresentBy(Condition):
    """Inside ``needs``: whether an event had happened by the previous due instant."""

    name: str


@frozen
class HasAny(Condition):
    """``contains``: a list has one of the texts, a text has one of them within it."""

    left: NamedValue
    texts: tuple[str, ...]


@frozen
class Matches(Condition):
    """``matches``: the whole text fits an RE2 pattern."""

    left: NamedValue
    pattern: str


@frozen
class During(Condition):
    """Whether an instant lies in a calendar's working time."""

    left: Instant
    calendar: Any
    calendar_name: str


@frozen
class OutcomeIs(Condition):
    rule: str
    outcomes: tuple[str, ...]


@frozen
class InOrder(Condition):
    """Each instant that has happened is no earlier than those before it."""

    instants: tuple[Instant, ...]


# --------------------------------------------------------------------------- walking
def conjuncts(condition: Condition) -> Iterator[Condition]:
    """The parts that must all hold."""
    if isinstance(condition, All):
        for part in condition.parts:
            yield from conjuncts(part)
    else:
        yield condition


def names_in(node: Expression | None) -> dict[str, None]:
    """Every name an expression rests on, in order: ``field:x``, ``fact:x``, ``rule:x``, ``severity``, ``owner``."""
    found: dict[str, None] = {}
    if node is None:
        return found
    for part in walk(node):
        match part:
            case NamedInstant(kind="entry") | FactHolds(kind="entry") | NamedValue(source="entry"):
                continue  # of the entry, not of the record
            case NamedInstant(name=name, kind=kind) | NamedInstants(name=name, kind=kind) | FactHolds(name=name, kind=kind):
                found[f"{kind}:{name}"] = None
            case Entries():
                found["field:events"] = None
            case NamedValue(name=name, source=source):
                found[f"{source}:{name}" if source in ("field", "fact", "figure") else source] = None
            case NamedSpan(name=name) | Present(name=name) | PresentBy(name=name):
                found[f"field:{name}"] = None
            case DueOf(rule=rule) | Late(rule=rule) | OutcomeIs(rule=rule):
                found[f"rule:{rule}"] = None
    return found


def fields_in(node: Expression | None) -> tuple[str, ...]:
    """The record fields an expression reads directly."""
    return tuple(n.removeprefix("field:") for n in names_in(node) if n.startswith("field:"))


def kinds_of(node: Expression) -> tuple[str, ...]:
    """The kinds of entries an expression is a choice of."""
    return node.kinds if isinstance(node, Entries) else ()
