"""What the words of an expression can refer to while a file is read, and where problems go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Mapping as Names
from contextlib import contextmanager
from decimal import Decimal
from typing import Final, Protocol

from attrs import define, evolve, field, frozen

from complaint_policy.counting import CONVENTIONS, TAKEN_BY, CalendarSpec, Counting
from complaint_policy.expressions.nodes import Condition, Instant, NamedValue, Value
from complaint_policy.fields import Field
from complaint_policy.lengths import Length
from complaint_policy.problems import Place, Problems
from complaint_policy.reader import Mapping, Node, Scalar
from complaint_policy.texts import Text

__all__ = ["FOREIGN", "PERIOD_WORDS", "CountingScope", "Environment", "FactKind", "RuleName", "spelled_here"]

# The instants of a period that is judged, where there is no record.
PERIOD_WORDS: Final = ("period_end", "period_start")

# Spellings of other languages and the word of ours that says the same.
FOREIGN: Final[dict[str, str]] = {
    "gte": "at_least",
    "ge": "at_least",
    ">=": "at_least",
    "min": "at_least",
    "minimum": "at_least",
    "from_value": "at_least",
    "lte": "at_most",
    "le": "at_most",
    "<=": "at_most",
    "max": "at_most",
    "maximum": "at_most",
    "gt": "above",
    ">": "above",
    "more_than": "above",
    "greater_than": "above",
    "lt": "below",
    "<": "below",
    "less_than": "below",
    "eq": "the value itself, as in {category: network}",
    "==": "the value itself, as in {category: network}",
    "equals": "the value itself, as in {category: network}",
    "ne": "not, as in {category: {not: network}}",
    "!=": "not, as in {category: {not: network}}",
    "not_equals": "not, as in {category: {not: network}}",
    "in": "a list, as in {category: [network, tariff]}",
    "one_of": "a list, as in {category: [network, tariff]}",
    "any_of": "a list, as in {category: [network, tariff]}",
    "not_in": "not with a list, as in {category: {not: [network, tariff]}}",
    "between": "at_least and at_most together, as in {amount_claimed: {at_least: 1, at_most: 9}}; of times not_before and by",
    "contains_any": "contains, which takes a list",
    "regex": "matches",
    "pattern": "matches",
    "like": "contains or matches",
    "exists": "present, as in {closed_at: present}",
    "is_null": "missing, as in {closed_at: missing}",
    "null": "missing, as in {closed_at: missing}",
    "and": "all",
    "or": "any",
    "earliest": "first_of",
    "latest": "last_of",
    "coalesce": "first_known",
    "due_of": "due",
    "add": "plus",
    "subtract": "minus",
    "multiply": "times",
    "sum": "plus",
    "if": "choose, as in {choose: [{when: {...}, then: ...}, {otherwise: ...}]}",
    "case": "choose",
    "else": "otherwise",
    "default_value": "otherwise",
    "sla": "deadlines",
    "every": "from: {each: [...]}",
    "usage": "a condition on the metered field",
    "gate": "exempt",
    "hit": "nothing: severity takes the first level that holds, matrix rows never overlap",
    "authority": "requirements",
    "recusal": "requirements, as in {handler: {not: {field: responsible_person}}}",
    "exception_to": "laxer, as in laxer: {reason: {en: ...}, source: {ref: ...}}",
    "stricter_only": "tighten_only",
    "start": "from",
    "end": "to",
    "stop": "to",
    "limit": "within",
    "duration": "within",
    "deadline": "within",
    "condition": "when",
    "conditions": "when",
    "if_true": "then",
    "name": "title",
    "label": "title",
    "assignee": "owner",
    "level_rules": "rules",
    "pause": "pauses",
    "warn_at": "at_risk",
    "warning": "at_risk",
}


def spelled_here(word: str) -> str | None:
    """Our spelling of a foreign one, or None."""
    return FOREIGN.get(word.strip())


@frozen
class RuleName:
    """A rule id that expressions may refer to."""

    id: str
    kind: str  # the room: deadline, requirement, penalty, ...
    place: Place = field(eq=False)


@frozen
class FactKind:
    """What a fact is: ``boolean``, a value's kind, or ``instant``; ``is_value`` where it is a value that may be stated to be none.

    ``entries`` are the kinds of entries of the log it is a name for.
    """

    kind: str
    unit: str | None = None
    is_value: bool = False
    entries: tuple[str, ...] = ()


@define
class CountingScope:
    """Which conventions were written here, and which units the lengths under them have."""

    written: dict[str, Place] = field(factory=dict)
    units: set[str] = field(factory=set)


class AnyOperator(Protocol):
    """A plugin's word for conditions, made into a condition."""

    def __call__(self, value: Node, left: NamedValue, place: Place, env: Environment) -> Condition | None: ...


@define
class Environment:
    problems: Problems
    fields: dict[str, Field]
    fact_kind: Callable[[str, Place], FactKind | None]
    fact_names: frozenset[str]
    rules: dict[str, RuleName]
    levels: tuple[str, ...]
    calendars: dict[str, CalendarSpec]
    counting: Counting
    judged_kinds: tuple[str, ...] = ()  # the kinds whose rules have an outcome
    counting_calendar_unknown: bool = False
    terms: dict[str, Length] = field(factory=dict)
    operators: Names[str, AnyOperator] = field(factory=dict)  # words of plugins for conditions
    start: Instant | None = None  # what a bare length counts from
    previous: bool = False  # inside a ladder: {due: previous} is known
    by_previous: bool = False  # inside `needs`: events must have happened by the previous due
    scope: CountingScope = field(factory=CountingScope)
    figures: frozenset[str] | None = None  # in a schedule: the figures over many records, which stand in place of a record
    entry: Names[str, Field] | None = None  # inside the `where` of entries: their attributes
    classified: Callable[[str, Decimal, Place], Value | None] | None = None  # the label of a plugin's classifier; a problem where there is none
    begun: Names[str, Field] | None = None  # in the limit and act of a duty that begins with entries: the attributes of the one it began with

    def of_entry(self, attributes: Names[str, Field]) -> Environment:
        """Inside the `where` of entries: names on the left are theirs."""
        return evolve(self, entry=attributes, begun=None, start=None, by_previous=False)

    def begun_by(self, attributes: Names[str, Field] | None) -> Environment:
        """Where bare instants may be attributes of the entry that a duty began with."""
        return evolve(self, begun=attributes) if attributes is not None else self

    def of_record(self) -> Environment:
        """What `{field: x}` names there: the record's."""
        return evolve(self, entry=None)

    def declared(self, named: NamedValue) -> Field | None:
        """The field, or the attribute of an entry, that a value names."""
        if named.source == "entry":
            return (self.entry or {}).get(named.name)
        return self.fields.get(named.name) if named.source == "field" else None

    def known_names(self) -> Iterator[str]:
        if self.figures is not None:
            yield from sorted(self.figures)
            return
        yield from self.fields
        yield from self.fact_names
        yield from ("severity", "owner", "as_of") if self.levels else ("owner", "as_of")

    def with_start(self, start: Instant | None) -> Environment:
        return evolve(self, start=start)

    def in_ladder(self) -> Environment:
        return evolve(self, previous=True)

    def in_needs(self, late_allowed: bool) -> Environment:
        return evolve(self, previous=True, by_previous=not late_allowed, start=None)

    # ---------------------------------------------------------------- counting
    def with_counting(self, node: Mapping | None) -> Environment:
        """The environment under a `counting` written here (or the same one)."""
        if node is None:
            return self
        counting, written, unknown = read_counting(node, self.counting, self.calendars, self.problems)
        return evolve(self, counting=counting, scope=CountingScope(written), counting_calendar_unknown=unknown)

    @contextmanager
    def counted(self, node: Mapping | None) -> Iterator[Environment]:
        """Like :meth:`with_counting`; on leaving, conventions that no length here takes are problems."""
        inner = self.with_counting(node)
        yield inner
        if inner is self:
            return
        self.scope.units |= inner.scope.units
        for key, place in inner.scope.written.items():
            if key == "calendar" or not inner.scope.units:
                continue
            if not inner.scope.units & TAKEN_BY[key]:
                units = ", ".join(sorted(inner.scope.units))
                self.problems.add("convention-not-taken", place, key=key, units=units, takers=", ".join(sorted(TAKEN_BY[key])))

    def check_length(self, length: Length, place: Place) -> None:
        """A length needs what its unit and conventions count with."""
        self.scope.units.add(length.unit)
        counting = self.counting
        if self.counting_calendar_unknown:
            return
        hours = counting.calendar is not None and (counting.calendar.hours is not None)
        if counting.calendar is not None and counting.calendar.never_opens and (length.is_working or (length.counts_days and counting.roll != "none")):
            self.problems.add("calendar-never-opens", place, name=counting.calendar.name, length=length.text)
            return
        if length.is_working and counting.calendar is None:
            names = sorted(self.calendars)[:5]
            hint = Text(f"write counting: {{calendar: {' or '.join(names)}}}", f"请写 counting: {{calendar: {' 或 '.join(names)}}}") if names else None
            self.problems.add("working-unit-without-calendar", place, length=length.text, hint=hint)
        elif length.counts_days and length.unit != "working days" and counting.roll != "none" and counting.calendar is None:
            self.problems.add("roll-without-calendar", place, length=length.text)
        elif length.counts_days and counting.ends == "close_of_business" and not hours:
            self.problems.add("closing-without-hours", place, length=length.text)
        elif length.is_working and counting.after_hours != "as_received" and not hours:
            self.problems.add("after-hours-without-hours", place, length=length.text)


def read_counting(node: Mapping, base: Counting, calendars: dict[str, CalendarSpec], problems: Problems) -> tuple[Counting, dict[str, Place], bool]:
    """A `counting` mapping over the conventions around it; the conventions written; whether its calendar is unknown."""
    changes: dict[str, object] = {}
    written: dict[str, Place] = {}
    unknown = False
    for entry in node.entries:
        if not isinstance(entry.value, Scalar):
            continue
        word = entry.value.value
        if entry.key == "calendar":
            written[entry.key] = entry.place
            if word == "none":
                changes["calendar"] = None
            elif word in calendars:
                changes["calendar"] = calendars[word]
            else:
                unknown = True
                problems.add("unknown-calendar", entry.value.place, name=word, near=(word, calendars))
        elif entry.key in CONVENTIONS:
            written[entry.key] = entry.place
            if word in CONVENTIONS[entry.key]:
                changes[entry.key] = word
    return evolve(base, **changes), written, unknown  # type: ignore[arg-type]
