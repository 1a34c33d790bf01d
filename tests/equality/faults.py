"""Faults put into one side of the comparison, to see that it finds each within a bounded number of drawn cases.

A fault is a name, the features of the policies it is looked for in, and what it changes while one side runs and not while
the other does: the record evaluation while the loop runs (:data:`LOOP`), the column evaluation while the audit does
(:data:`AUDIT`, see :mod:`tests.equality.column_faults`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from operator import lt
from types import CodeType, FunctionType
from typing import Any, Final
from unittest.mock import patch

from attrs import evolve, frozen

from complaint_policy import Policy, PolicyError, coerce, frame, intake
from complaint_policy import counting as counting_module
from complaint_policy.columns.clock import changes
from complaint_policy.counting import CONVENTIONS, Counter, calendar_of
from complaint_policy.expressions import compile as compiling
from complaint_policy.expressions import moments
from complaint_policy.expressions import source as sources
from complaint_policy.expressions.operators import present
from complaint_policy.money import minor_digits, rounded
from complaint_policy.outcomes import BREACHED, MET
from complaint_policy.patterns import compiled
from complaint_policy.possible import NONE, NOT_YET, Empty, Interval, Maybe, all_of_conditions, as_things_stand, each_possibility
from complaint_policy.rules.deadlines import record as deadlines
from complaint_policy.rules.penalties import record as penalties
from complaint_policy.rules.responsibility import record as responsibility
from complaint_policy.texts import Text
from complaint_policy.waivers import Waiver
from complaint_policy.zones import Zone
from tests.equality.comparing import audited, differences, entries_of, loop
from tests.equality.policies import draw_policy
from tests.equality.records import Table, draw_table
from tests.equality.small import asked, few_days

__all__ = ["AUDIT", "FAULTS", "LOOP", "ROWS", "Fault", "examples_until_found", "told"]

LOOP, AUDIT = "loop", "audit"
# Of each drawn table: a fault shows on few rows, and rows cost little.
ROWS: Final = 120
Change = tuple[Any, str, Any]  # whose attribute, which, and what is put there


@frozen
class Fault:
    """What is changed where: ``changes`` gives the attributes to replace while the faulty side runs."""

    name: str
    features: tuple[str, ...]
    changes: Callable[[], Sequence[Change]]
    side: str = LOOP
    first: int = 7_000  # the seed it is looked for from, so that it is found soon
    rows: int = ROWS  # of each table

    @contextmanager
    def at_work(self) -> Iterator[None]:
        _forget()  # what a calendar remembers must not outlive the fault
        try:
            with ExitStack() as stack:
                for owner, attribute, replacement in self.changes():
                    stack.enter_context(_code(owner, replacement) if attribute == "__code__" else patch.object(owner, attribute, replacement))
                yield
        finally:
            _forget()


def _forget() -> None:
    for remembers in (calendar_of, changes):
        remembers.cache_clear()


@contextmanager
def _code(function: FunctionType, code: CodeType) -> Iterator[None]:
    """A function with other code, wherever it was imported to."""
    sound = function.__code__
    function.__code__ = code
    try:
        yield
    finally:
        function.__code__ = sound


def examples_until_found(fault: Fault, most: int) -> int | None:
    """How many drawn tables it takes until the two sides differ; ``None`` if so many do not tell."""
    for number in range(most):
        seed = fault.first + number
        drawn = draw_policy(seed, fault.features)
        try:
            policy = drawn.load()
        except PolicyError:
            continue
        table = draw_table(drawn, policy, seed, rows=fault.rows)
        if told(fault, policy, table):
            return number + 1
    return None


def told(fault: Fault, policy: Policy, table: Table) -> list[str]:
    """The differences between a sound side and the one with the fault."""
    entries = entries_of(policy, table.records)
    # Compiled anew, so that what is replaced is what gets compiled in, and no table made without the fault is at hand.
    faulty = Policy(policy.versions, policy.kinds)
    expected = loop(policy, entries, table.columns, table.as_of, table.waivers)
    with few_days():
        if fault.side == AUDIT:
            with fault.at_work():
                try:
                    audit = asked(audited(faulty, table.source, table.as_of, table.waivers))
                except Exception as error:  # noqa: BLE001  an audit never raises on records
                    return [f"raised: {type(error).__name__}: {error}"]
            return differences(expected, audit)
        with fault.at_work():
            other = loop(faulty, entries, table.columns, table.as_of, table.waivers)
        if (other.rows, other.rejected, other.figures) == (expected.rows, expected.rejected, expected.figures):
            return []  # nothing shows of the fault; that sound sides agree is not this test's matter
        return differences(other, asked(audited(policy, table.source, table.as_of, table.waivers)))


# --------------------------------------------------------------------------- counting
def _convention(key: str, value: str, instead: str) -> Fault:
    """A convention read as another of its key."""
    before: Any = Counter.__init__

    def init(self: Counter, length: Any, counting: Any, *, ahead: bool = False) -> None:
        before(self, length, evolve(counting, **{key: instead}) if getattr(counting, key) == value else counting, ahead=ahead)

    return Fault(f"{key}: {value} counts as {instead}", (f"convention={key}={value}",), lambda: [(Counter, "__init__", init)])


def _months(day: date, months: int) -> date:
    return day + timedelta(days=30 * months)


def _due(self: Counter, start: Any, before: Any = Counter.due) -> Any:
    due = before(self, start)
    return due - timedelta(days=7) if self.length.unit == "weeks" and self.length.amount else due


def _on_the_due_instant(self: Any, state: Any, start: Any, due: Any, done: Any, *, missing: Any, before: Any = deadlines.General._outcomes) -> Any:
    """The act at the due instant counts as late."""
    found = before(self, state, start, due, done, missing=missing)
    return {BREACHED} if found == {MET} and done == due else found


def _warned_late(self: Any, state: Any, begin: Any, end: Any, before: Any = deadlines.General._warning) -> Any:
    at = before(self, state, begin, end)
    return None if at is None else at + timedelta(minutes=30)


# --------------------------------------------------------------------------- frame
def _exempt(result: Any, exemptions: Any, state: Any, before: Any = frame._exempt) -> None:
    """An exemption that is not known is none."""
    before(result, [(lambda s, when=when: when(s) is True, reason) for when, reason in exemptions], state)


def _perhaps(result: Any, holds: Any, before: Any = frame.perhaps) -> None:
    """What would settle the rule itself is left out where it may not apply at all."""
    before(result, holds)
    if holds.missing and result.outcome == "indeterminate":
        result.own_details().missing = tuple(sorted(holds.missing))


# --------------------------------------------------------------------------- money
def _half_even(value: Any, currency: str | None, times: int = 1) -> Decimal:
    return (Decimal(value) * times).quantize(Decimal(1).scaleb(-minor_digits(currency)), rounding=ROUND_HALF_EVEN)


def _always_cents(value: Any, currency: str | None, times: int = 1, before: Any = rounded) -> Any:
    return before(value, "CNY", times)


def _rounded_twice(value: Any, currency: str | None, times: int = 1, before: Any = rounded) -> Any:
    return before(before(value, currency), currency, times)


def _only_lifted(low: Any, high: Any, one: Any, before: Any = penalties._held) -> Any:
    found = before(low, high, one)
    return (low, high, one, None) if found[3] == "max" else found


# --------------------------------------------------------------------------- what is unknown
def _first_option(self: Maybe, test: Any, other: object = None, before: Any = Maybe._each) -> Any:
    return test(self.options[0]) if self.options else before(self, test, other)


def _waits_for_all(values: Any, choose: Any, before: Any = moments._extreme) -> Any:
    return NOT_YET if any(v is NOT_YET for v in values) else before(values, choose)


def _passes_over_unusable(values: list[Any], before: Any = moments.first_known) -> Any:
    return before([Empty(None, v.missing) if v.__class__ is Maybe and v.options is None else v for v in values])


def _settled_by_outcome(result: Any, outcomes: frozenset[str]) -> bool:
    return result.outcome in outcomes


def _in_order(self: Any, node: Any) -> Any:
    """An act before one that has not happened passes."""
    instants = [self.instant(i) for i in node.instants]

    def ordered(state: Any) -> Any:
        values = [v for v in (f(state) for f in instants) if v is not NOT_YET and v is not NONE]
        return all_of_conditions(*(moments.compare("by", a, b, state) for i, b in enumerate(values) for a in values[:i]))

    return ordered


# --------------------------------------------------------------------------- cells
def _not_normal(value: object, before: Any = coerce.as_text) -> str:
    return value.strip() if isinstance(value, str) else str(before(value))


def _half_width_only(value: object, before: Any = coerce._number) -> Any:
    if isinstance(value, str) and not value.isascii():
        raise coerce.Unusable(Text("full width", "全角"))
    return before(value)


def _cut(value: object) -> int:
    return int(coerce._number(value))


def _midnight(day: date, zone: Zone, name: str, before: Any = coerce.day_interval) -> Interval:
    found = before(day, zone, name)
    return Interval(found.low, found.low, found.missing)


def _all_happened(event: bool, empty: Any, read: Any, zone: Zone, before: Any = intake._moments, **more: Any) -> Any:
    del event
    return before(False, empty, read, zone, **more)


def _default_for_unusable(self: Any, record: Any, state: Any, as_of: Any, source_fields: Any, unusable: Any, before: Any = intake.Intake.read) -> None:
    before(self, record, state, as_of, source_fields, unusable)
    for slot, name, reader, _, _ in self.fields:
        if name in unusable:
            state[slot] = reader(None, as_of)


def _all_columns_known(self: Any, record: Any, state: Any, as_of: Any, source_fields: Collection[str] | None, unusable: Any, before: Any = intake.Intake.read) -> None:
    before(self, record, state, as_of, None, unusable)


def _later_reading(self: Zone, wall: Any, before: Any = Zone.to_utc) -> Any:
    return before(self, wall.replace(fold=1))


# --------------------------------------------------------------------------- conditions and values
def _after_default(self: Any, name: str) -> Any:
    index = self.slots[f"field:{name}"]
    return lambda state: present(state[index])


def _any_case(value: Any, texts: tuple[str, ...]) -> Any:
    if value is NONE:
        return False
    return each_possibility(lambda v: any(t.casefold() in (v.casefold() if isinstance(v, str) else v) for t in texts), value)


def _somewhere(value: Any, pattern: str) -> Any:
    return False if value is NONE else each_possibility(lambda v: compiled(pattern).search(v) is not None, value)


def _up(length: timedelta, size: timedelta, rounding: str) -> int:
    return -(-length // size)


def _in_all(span: Any, unit: str, rounding: str, per: str, state: Any, before: Any = moments.measure) -> Any:
    del per
    return before(span, unit, rounding, "total", state)


def _still(span: Any, unit: str, rounding: str, per: str, state: Any, before: Any = moments.measure) -> Any:
    return as_things_stand(before(span, unit, rounding, per, state))


def _day_before(self: Policy, day: date, before: Any = Policy.version_on) -> Any:
    return before(self, day - timedelta(days=1)) or before(self, day)


def _fault(name: str, features: str, owner: Any, attribute: str, replacement: Any) -> Fault:
    return Fault(name, tuple(features.split(";")), lambda: [(owner, attribute, replacement)])


FAULTS: Final[tuple[Fault, ...]] = (
    *(_convention(key, value, CONVENTIONS[key][0]) for key in CONVENTIONS for value in CONVENTIONS[key][1:]),
    _fault("a month is thirty days", "unit=months", counting_module, "_months_on", _months),
    _fault("weeks are one short", "unit=weeks", Counter, "due", _due),
    Fault("an act at the due instant is late", ("unit=hours",), lambda: [(deadlines.General, "_outcomes", _on_the_due_instant), (deadlines, "_plain", lambda rule, setting, counter, general: general)]),
    _fault("warned half an hour late", "deadline=at_risk_share", deadlines.General, "_warning", _warned_late),
    _fault("pauses do not lengthen", "deadline=pauses", Counter, "due_with_pauses", lambda self, start, pauses: self.due(start)),
    _fault("overlapping pauses count twice", "deadline=pauses", moments, "union", lambda parts: tuple(sorted(parts))),
    _fault("an unannounced day is certain", "deadline=provisional", Counter, "provisional_from", lambda self: None),
    _fault("an unannounced day is a fixed one in a test", "deadline=provisional;condition=as_of", Counter, "unannounced", lambda self, start, due: None),
    _fault("needs met late are met", "deadline=ladder", compiling.Compiler, "present_by", compiling.Compiler.present),
    _fault("an unknown exemption is none", "frame=exempt", frame, "_exempt", _exempt),
    _fault("an unknown when holds", "frame=when", frame, "perhaps", lambda result, holds: None),
    _fault("missing of the rule itself forgotten", "frame=when", frame, "perhaps", _perhaps),
    _fault("a waiver never ends", "frame=waivable", Waiver, "holds_at", lambda self, instant: True),
    _fault("what is kept is waived", "frame=waivable", frame, "_WAIVABLE", frame._WAIVABLE | {MET}),
    _fault("amounts rounded before they are multiplied", "penalty=per_breach;currency=JPY", penalties, "rounded", _rounded_twice),
    _fault("halves go to the even digit", "penalty=per_breach;currency=CNY", penalties, "rounded", _half_even),
    _fault("every currency has cents", "currency=JPY;value=times", penalties, "rounded", _always_cents),
    _fault("the upper bound does not cut", "penalty=range", penalties, "_held", _only_lifted),
    _fault("the lowest level for an undecided one", "section=severity;section=escalation", Maybe, "_each", _first_option),
    _fault("owner of the first possible cell", "section=responsibility", responsibility, "options_of", lambda value: (value.options or (None,))[:1] if isinstance(value, Maybe) else (value,)),
    _fault("the earliest waits for all", "instant=first_of", moments, "_extreme", _waits_for_all),
    _fault("all_of is last_of", "instant=all_of", moments, "all_happened", moments.latest),
    _fault("first_known passes over an unusable cell", "instant=first_known;value=first_known", moments, "first_known", _passes_over_unusable),
    _fault("pending is no open question", "condition=outcome", sources, "outcome_is", _settled_by_outcome),
    _fault("the order forgets what has not happened", "condition=in_order", compiling.Compiler, "in_order", _in_order),
    _fault("up to and including excludes", "condition=as_of;instant=choose", moments, "_OPERATIONS", {**moments._OPERATIONS, "by": lt}),
    _fault("texts are compared as they are written", "condition=one_of", coerce, "as_text", _not_normal),
    _fault("full-width digits are no digits", "condition=order", coerce, "_number", _half_width_only),
    _fault("a whole number is cut", "condition=order;instant=value", coerce, "_integer", _cut),
    _fault("any currency is the policy's", "currency=KWD", coerce, "_money", lambda value, currency, before=coerce._money: before(value, None)),
    _fault("a day is its midnight", "unit=days", coerce, "day_interval", _midnight),
    _fault("today is not over", "unit=hours", intake, "_day", lambda day, as_of: day),
    _fault("what lies after as_of has happened", "unit=days", intake, "_moments", _all_happened),
    _fault("a default fills an unusable cell", "section=severity", intake.Intake, "read", _default_for_unusable),
    _fault("a column that is absent is empty", "section=admission", intake.Intake, "read", _all_columns_known),
    _fault("the later reading of a repeated hour", "zone=Australia/Lord_Howe", Zone, "to_utc", _later_reading),
    _fault("presence is asked after the default", "condition=present;condition=missing", compiling.Compiler, "present", _after_default),
    _fault("contains in any case", "condition=contains", sources, "has_any", _any_case),
    _fault("a pattern fits a part", "condition=matches", sources, "fits", _somewhere),
    _fault("lengths are always rounded up", "value=length", moments, "_rounded", _up),
    _fault("stretches are never rounded one by one", "value=length;span=named;currency=JPY", moments, "measure", _in_all),
    _fault("a running length stands still", "penalty=accruing", moments, "measure", _still),
    _fault("a version takes effect a day late", "files=versions", Policy, "version_on", _day_before),
)
