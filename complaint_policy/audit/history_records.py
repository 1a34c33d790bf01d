"""What a rule over many records looks at in one of them: its keys, its instants, its conditions, typed as the policy types them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from attrs import define, evolve, frozen

from complaint_policy.audit.interfaces import AnyPolicy
from complaint_policy.audit.mapping import ColumnMapping
from complaint_policy.audit.records import Counts, Entry, RecordStream
from complaint_policy.audit.sources import SourceTable
from complaint_policy.coerce import Unusable, is_empty, local_day
from complaint_policy.compiled import layout, steps_of
from complaint_policy.errors import RecordError
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.compile import Compiler
from complaint_policy.expressions.moments import AS_OF, PAUSES
from complaint_policy.graph import ordered
from complaint_policy.intake import Intake
from complaint_policy.model import PolicyModel, fields_below
from complaint_policy.possible import MAX_INSTANT, MIN_INSTANT, NONE, NOT_YET, Interval, Maybe, options_of
from complaint_policy.problems import Problems
from complaint_policy.zones import zone_named

__all__ = ["FIRST", "LAST", "Reader", "SourceRecords", "Span", "micros", "span_of"]

State = list[Any]
_EPOCH: Final = datetime(1970, 1, 1)
_LAST_YEAR: Final = 2400  # later times are typing errors, and unusable
_MICRO: Final = timedelta(microseconds=1)
# Between what two instants, in microseconds, something lies: equal where it is known.
Span = tuple[int, int]


def micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICRO


FIRST: Final = micros(MIN_INSTANT)
LAST: Final = micros(MAX_INSTANT)


def span_of(value: Any) -> Span | None:
    """Where an instant lies; ``None`` where there is none (not yet, or stated to be none)."""
    if isinstance(value, datetime):
        at = micros(value)
        return at, at
    if isinstance(value, Interval):
        return micros(value.low), micros(value.high)
    if value is NOT_YET or value is NONE:
        return None
    options = [span_of(option) for option in options_of(value) or ()] if isinstance(value, Maybe) else []
    known = [span for span in options if span is not None]
    if not known or len(known) < len(options):
        return FIRST, LAST
    return min(low for low, _ in known), max(high for _, high in known)


@frozen
class Reader:
    """Reads some fields of records, and answers conditions and instants over them.

    No rule is judged: what is read rests on the record's own fields, which ``check`` has made sure of.
    """

    model: PolicyModel
    slots: Mapping[str, int]
    compiler: Compiler
    intake: Intake
    steps: Sequence[tuple[int, Callable[[State], Any]]]

    @classmethod
    def of(cls, model: PolicyModel, names: Iterable[str], expressions: Iterable[n.Expression | None] = ()) -> Reader:
        used = dict.fromkeys(names)
        facts: set[str] = set()
        waiting = [e for e in expressions if e is not None]
        for expression in list(waiting):
            used.update(dict.fromkeys(fields_below(expression, model)))
        while waiting:
            for name in n.names_in(waiting.pop()):
                kind, _, rest = name.partition(":")
                if kind == "fact" and rest not in facts:
                    facts.add(rest)
                    waiting.append(model.facts[rest].expression)
        steps = [step for step in ordered(steps_of(model, ()), Problems()) if step.name.removeprefix("fact:") in facts]
        slots = layout(model, list(used), steps)
        compiler = Compiler(slots, zone_named(model.timezone))
        setting: Any = _Setting(compiler)
        fields = [(slots[f"field:{name}"], model.fields[name], slots.get(f"given:{name}")) for name in used]
        return cls(model, slots, compiler, Intake(fields, compiler.zone, model.currency), [(slots[s.name], s.make(setting)) for s in steps])

    def read(self, record: Mapping[str, Any], as_of: datetime, source_fields: Collection[str] | None) -> State:
        """The state of a record as far as it is looked at."""
        state: State = [None] * len(self.slots)
        state[AS_OF], state[PAUSES] = as_of, ()
        self.intake.read(record, state, as_of, source_fields, {})
        for slot, step in self.steps:
            state[slot] = step(state)
        return state

    @property
    def names(self) -> set[str]:
        """The fields that are read."""
        return {name for _, name, *_ in self.intake.fields}

    def slot(self, name: str) -> int:
        return self.slots[f"field:{name}"]

    def key(self, names: Sequence[str]) -> Callable[[State], tuple[Any, ...] | None]:
        """The values of some fields together; ``None`` where one is not known."""
        slots = [self.slot(name) for name in names]

        def key(state: State) -> tuple[Any, ...] | None:
            values = tuple([state[slot] for slot in slots])
            return None if any(isinstance(value, Maybe) or value is NONE for value in values) else values

        return key


@define
class SourceRecords:
    """The records of a table, read again for some of their fields, with the version that judges each."""

    policy: AnyPolicy
    table: SourceTable
    mapping: ColumnMapping
    instant: datetime
    rows: int = 0  # of the source, once it has been read
    unusable: int = 0  # those that are no record with a usable receipt

    def entries(self, names: Iterable[str]) -> Iterator[tuple[Entry, int | None]]:
        """Every record whose receipt is known, and the number of its version; ``None`` where no version judges it."""
        transitions = getattr(self.policy, "transitions", None)
        wanted = {*names, "received_at", *(transitions.names if transitions is not None else ())}
        normalisers = getattr(self.policy, "normalisers", None)
        # What a normaliser writes may rest on any field.
        fields = tuple(f for f in self.mapping.fields if normalisers is not None or f.name in wanted)
        # Fewer columns make no row blank.
        stream = RecordStream(self.table, evolve(self.mapping, fields=fields, skip_blank=False), self.policy.zone, normalisers)
        counts = Counts()
        self.unusable = 0
        for entry in stream.entries(counts):
            day = None if entry.fault is not None else self.day(entry.record.get("received_at"))
            if day is None:
                self.unusable += 1
            else:
                version = self._version(day)
                yield entry, version if version is None or transitions is None else self._moved(transitions, version, entry.record)
        self.rows = counts.rows

    def day(self, received: Any) -> date | None:
        """The local day of a receipt, or ``None``."""
        if received.__class__ is datetime and received.tzinfo is None and received >= self.policy.zone.steady_from and received.year < _LAST_YEAR:
            return received.date()  # a wall time where no clock is ever changed
        if is_empty(received):
            return None
        zone, declared = self.policy.zone, self.policy.versions[-1].model.fields["received_at"]
        try:
            return local_day(received, zone, declared.formats)
        except Unusable:
            return None

    def _moved(self, transitions: Any, version: int, record: Any) -> int | None:
        """The version that a transition gives a record to; ``None`` where nobody can tell."""
        try:
            moved: int = transitions.applied(version, record, self.instant, frozenset(f.name for f in self.mapping.fields))[0]
        except RecordError:
            return None
        return moved

    def _version(self, day: date) -> int | None:
        for number, version in enumerate(self.policy.versions):
            if version.start <= day and (version.until is None or day < version.until):
                return number
        return None


@frozen
class _Setting:
    """All that the step of a fact compiles against."""

    compiler: Compiler
