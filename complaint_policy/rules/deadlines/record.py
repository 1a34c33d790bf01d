"""The outcome of a deadline for one record: where due dates are computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from functools import partial
from itertools import product
from typing import Any, Final, TypeVar

from attrs import evolve

from complaint_policy.counting import Counter, Pause
from complaint_policy.expressions import moments
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.moments import AS_OF, PAUSES, PREVIOUS, START, TRACE
from complaint_policy.frame import settler
from complaint_policy.instants import highest, lowest, missing_of
from complaint_policy.kinds import Setting, Step
from complaint_policy.lengths import Length
from complaint_policy.model import PolicyModel
from complaint_policy.outcomes import AT_RISK, BREACHED, INDETERMINATE, MET, NOT_APPLICABLE, PENDING
from complaint_policy.possible import (
    MAX_INSTANT,
    MICROSECOND,
    NONE,
    NOT_YET,
    NOWHERE_MISSING,
    DayEnd,
    Interval,
    Maybe,
    all_of_conditions,
    options_of,
    possibilities,
)
from complaint_policy.results import GeneralDeadline, Settled
from complaint_policy.rules.deadlines.model import Deadline

State = list[Any]
Result = TypeVar("Result", bound=GeneralDeadline)

_ANY_OUTCOME: Final = frozenset({MET, BREACHED, PENDING})


def steps(section: tuple[Deadline, ...]) -> Iterable[Step]:
    for rule in section:
        yield Step(f"rule:{rule.id}", names_used(rule), partial(compile_deadline, rule), rule.place)


def names_used(rule: Deadline) -> tuple[str, ...]:
    found: dict[str, None] = {"field:closed_at": None}
    parts: list[n.Expression | None] = [rule.when, rule.start, rule.act, rule.within, *rule.pauses]
    parts += [e for step in rule.extend for e in (step.within, step.when, step.needs)]
    parts += [e.when for e in rule.exempt]
    for part in parts:
        found.update(n.names_in(part))
    return tuple(found)


def compile_deadline(rule: Deadline, setting: Setting) -> Callable[[State], Settled]:
    if isinstance(rule.start, n.Each):
        from complaint_policy.rules.deadlines.each import compile_each

        return compile_each(rule, rule.start, setting)
    apart = GeneralDeadline(rule, NOT_APPLICABLE, NONE, NONE, NONE, setting.zone)
    return settler(rule, setting.compiler, setting.scope, _judge(rule, setting), setting.waivers, apart)


def _judge(rule: Deadline, setting: Setting) -> Callable[[State], GeneralDeadline]:
    """The outcome if the rule applies."""
    general = General(rule, setting).judge
    limit = rule.within
    plain = (
        not rule.extend
        and not rule.pauses
        and rule.at_risk is None
        and isinstance(rule.start, n.NamedInstant)
        and isinstance(rule.act, n.NamedInstant)
        and isinstance(limit, n.Counted)
        and isinstance(limit.base, n.RuleStart)
        and isinstance(limit.length, Length)
        and not limit.ahead
        and limit.counting.roll != "previous_working_day"
    )
    if not plain or not isinstance(limit, n.Counted) or not isinstance(limit.length, Length):
        return general
    return _plain(rule, setting, Counter(limit.length, limit.counting, ahead=limit.ahead), general)


def _plain(rule: Deadline, setting: Setting, counter: Counter, general: Callable[[State], GeneralDeadline]) -> Callable[[State], GeneralDeadline]:
    """The ordinary deadline on an ordinary record, in few steps; everything else goes to ``general``."""
    begin, act = (setting.slots[f"{i.kind}:{i.name}"] for i in (rule.start, rule.act) if isinstance(i, n.NamedInstant))
    due_from, zone = counter.due, setting.zone
    provisional = counter.provisional_from() or MAX_INSTANT
    exact = datetime

    def judge(state: State) -> GeneralDeadline:
        start, done = state[begin], state[act]
        if start.__class__ is exact:
            due = due_from(start)
            if done.__class__ is exact:
                if start <= done <= due:
                    return GeneralDeadline(rule, MET, start, due, done, zone) if due < provisional else general(state)
                if done > due < provisional:
                    return GeneralDeadline(rule, BREACHED, start, due, done, zone)
            elif done is NOT_YET and due < provisional and state[TRACE] is None:
                return GeneralDeadline(rule, PENDING if state[AS_OF] <= due else BREACHED, start, due, done, zone)
        return general(state)

    return judge


def warning_of(rule: Deadline, setting: Setting) -> Callable[..., datetime | None]:
    """The function gives, for a start, a due instant and the pauses between them (none), when the deadline becomes at risk."""
    general = General(rule, setting)
    state: State = [None] * len(setting.slots)

    def warning(begin: datetime, end: datetime, pauses: tuple[Pause, ...] = ()) -> datetime | None:
        state[PAUSES] = pauses
        return general._warning(state, begin, end)

    return warning


class General:
    """Any deadline on any record, with everything that values may be."""

    def __init__(self, rule: Deadline, setting: Setting) -> None:
        self.rule = rule
        self.zone = setting.zone
        compiler = setting.paused_compiler if rule.pauses else setting.compiler
        each = isinstance(rule.start, n.Each)
        self.start = compiler.instant(n.RuleStart() if each else rule.start)  # of a repeated duty whichever is looked at
        self.act = compiler.acts().instant(rule.act)
        self.act_by_start = any(isinstance(part, n.Instants) for part in n.walk(rule.act))
        self.within = compiler.instant(rule.within)
        self.extend = [(step, compiler.condition(step.when), compiler.condition(step.needs), compiler.instant(step.within)) for step in rule.extend]
        self.pauses = [compiler.span(p) for p in rule.pauses]
        self.closed = setting.slots["field:closed_at"]
        begins = rule.start.parts if isinstance(rule.start, n.Each) else (rule.start,)
        self.names = (frozenset(name for part in begins for name in n.fields_in(part)), frozenset(n.fields_in(rule.act)))
        self.recorded = _recorded(begins, setting)
        counters = [Counter(c.length, c.counting, ahead=c.ahead) for c in rule.counted() if isinstance(c.length, Length)]
        self.own_counters = [
            Counter(c.length, c.counting, ahead=c.ahead) for c in rule.counted() if isinstance(c.length, Length) and isinstance(c.base, n.RuleStart)
        ]
        limits = [(limit, counter.counting.calendar) for counter in counters if (limit := counter.provisional_from()) is not None]
        self.provisional_from = min((limit for limit, _ in limits), default=None)
        self.calendar_name = next((spec.name for limit, spec in limits if limit == self.provisional_from and spec is not None), "calendar")
        own = [c for c in rule.counted() if isinstance(c.base, n.RuleStart)]
        self.risk_counter = _length_counter(own)

    # ---------------------------------------------------------------- the limit
    def judge(self, state: State) -> GeneralDeadline:
        start = state[START] = self.start(state)
        return self.judged(GeneralDeadline(self.rule, PENDING, start, NOT_YET, self.act(state), self.zone), state)

    def judged(self, result: Result, state: State, names: frozenset[str] | None = None) -> Result:
        """A result of which start and act are known: its limit and outcome; ``names`` are the fields of its start."""
        start, done = result.begun, result.done
        state[START] = start
        running, unknown_pauses = self._pause(state, start, done)
        due, step = self._climb(state, 0, self.within(state), None)
        if unknown_pauses is not None:
            due = moments.moved(due, lambda moment: moment)
            low = lowest(due)
            due = Interval(low, MAX_INSTANT, unknown_pauses | missing_of(due)) if low is not None else due
        if start is NOT_YET:  # nothing is due of what has not begun, whatever the limit refers to
            due, step = NOT_YET, None
        result.due = due
        self._decide(result, state, start, due, done, names)
        if running and due is not NONE:
            result.own_details().paused = True
        if step is not None:
            result.own_details().step = step
        if self.provisional_from is not None:
            self._provisional(result, due)
        if self.rule.at_risk is not None and result.outcome == PENDING:
            self._risk(result, state, start, due, running)
        # An act "today" is known up to as_of: with a due instant today its outcome may still change.
        today = done.__class__ is Interval and done.high is state[AS_OF]
        if state[TRACE] is not None and (today or result.outcome in (PENDING, AT_RISK, INDETERMINATE)):
            for end in (lowest(due), highest(due)):
                if end is not None and not running:
                    state[TRACE].append(end + MICROSECOND)
        state[PAUSES] = ()
        return result

    def _climb(self, state: State, index: int, due: Any, step: str | None) -> tuple[Any, str | None]:
        """Up the ladder in order: a step that does not hold ends it, an unknown one gives two possible dues."""
        while index < len(self.extend):
            extension, when, needs, within = self.extend[index]
            state[PREVIOUS] = due
            holds = all_of_conditions(*(c(state) for c in (when, needs) if c is not None))
            if holds is False:
                break
            further = within(state)
            if holds is True:
                due, step = further, extension.id
                index += 1
                continue
            beyond, _ = self._climb(state, index + 1, further, extension.id)
            return possibilities((due, beyond), holds.missing, holds.open), step
        return due, step

    def _pause(self, state: State, start: Any, done: Any) -> tuple[bool, frozenset[str] | None]:
        """Leaves the pauses of this record in the state; whether one runs, and what is missing of unknown ones."""
        state[PAUSES] = ()
        if not self.pauses:
            return False, None
        unknown: frozenset[str] | None = None
        found: list[moments.Stretch] = []
        for span in self.pauses:
            value = span(state)
            if isinstance(value, Maybe):
                unknown = (unknown or NOWHERE_MISSING) | value.missing
            else:
                found += value
        begin = lowest(start)
        end = state[AS_OF] if done is NOT_YET else highest(done) or state[AS_OF]
        clipped = [
            (max(low, begin), min(high, end), runs) for low, high, runs in moments.union(tuple(found)) if begin is not None and high > begin and low < end
        ]
        state[PAUSES] = tuple((low, high) for low, high, _ in clipped if high > low)
        return done is NOT_YET and any(runs for _, _, runs in clipped), unknown

    # ---------------------------------------------------------------- the outcome
    def _decide(self, result: GeneralDeadline, state: State, start: Any, due: Any, done: Any, names: frozenset[str] | None = None) -> None:
        possible: set[str] = set()
        missing: set[str] = set()
        open_ = False
        values: list[tuple[Any, ...]] = []
        for value in (start, due, done):
            if isinstance(value, Maybe):
                missing |= value.missing
                open_ = open_ or value.open
                values.append(value.options if value.options is not None else (None,))
            else:
                values.append((value,))
        for combination in self._combinations(state, values) if self.act_by_start and names is None else product(*values):
            possible |= self._outcomes(state, *combination, missing=missing, names=names)
        if len(possible) == 1 and INDETERMINATE not in possible:
            result.outcome = possible.pop()
            return
        for value in (start, due, done):
            missing |= missing_of(value)
        possible.discard(INDETERMINATE)
        result.outcome = INDETERMINATE if missing or not open_ else PENDING
        details = result.own_details()
        details.missing = tuple(sorted(missing)) if result.outcome == INDETERMINATE else ()
        details.possible = frozenset(possible) if possible else None

    def _combinations(self, state: State, values: list[tuple[Any, ...]]) -> Iterable[tuple[Any, ...]]:
        """Start, due and act as they may lie together: which entry of the log is the act depends on the start."""
        starts, dues, acts = values
        if len(starts) == 1:
            yield from product(starts, dues, acts)
            return
        start = state[START]
        for state[START] in starts:
            done = self.act(state)
            options = options_of(done)
            yield from product((state[START],), dues, (None,) if options is None else options)
        state[START] = start

    def _outcomes(self, state: State, start: Any, due: Any, done: Any, *, missing: set[str], names: frozenset[str] | None = None) -> set[str]:
        """What one combination of possibilities can give; ``None`` stands for any instant at all."""
        if start is NONE or due is NONE:
            return {NOT_APPLICABLE}
        if start is NOT_YET:
            return self._not_started(state, missing)
        if start is None and due is None:
            return set(_ANY_OUTCOME)
        if start is None:  # a limit that is known all the same binds only what has begun
            return self._ended(state[AS_OF], due, done) | self._not_started(state, missing)
        acted = done is not NOT_YET and done is not NONE and done is not None
        if acted and due is not NOT_YET and _ends(done)[1] < _ends(start)[0] and self._is_recorded(state, start):
            missing |= (self.names[0] if names is None else names) | self.names[1]
            return {INDETERMINATE}
        return self._ended(state[AS_OF], due, done)

    @staticmethod
    def _ended(as_of: datetime, due: Any, done: Any) -> set[str]:
        """What a due instant and an act can give of a duty that has begun."""
        if due is NOT_YET:
            return {MET} if done is not NOT_YET and done is not None else {PENDING}
        due_low, due_high = _ends(due)
        if done is NOT_YET or done is NONE:
            return ({PENDING} if as_of <= due_high else set()) | ({BREACHED} if as_of > due_low else set())
        if done is None:
            return {MET, *({PENDING} if as_of <= due_high else ()), *({BREACHED} if as_of > due_low else ())}
        done_low, done_high = _ends(done)
        return ({MET} if done_low <= due_high else set()) | ({BREACHED} if done_high > due_low else set())

    def _is_recorded(self, state: State, start: Any) -> bool:
        """Whether a start was written down: an act before one that was computed is no slip of the keyboard."""
        return self.recorded is None or any(start is option or start == option for slot in self.recorded for option in options_of(state[slot]) or ())

    def _not_started(self, state: State, missing: set[str]) -> set[str]:
        """Waiting for its start; once the case is closed, the start never happened."""
        closed = state[self.closed]
        if closed is NOT_YET or closed is NONE or "closed_at" in self.names[0]:
            return {PENDING}
        if isinstance(closed, Maybe):
            missing |= closed.missing
            return {PENDING, NOT_APPLICABLE}
        return {NOT_APPLICABLE}

    # ---------------------------------------------------------------- calendar and warning
    def _provisional(self, result: GeneralDeadline, due: Any) -> None:
        """Past the last announced day the due instant may still change: nothing is breached by it."""
        latest, begun = highest(due), highest(result.begun)
        if latest is None or self.provisional_from is None:
            return
        # Rolled back, or counted back, a due instant may rest on days that lie after it.
        own = [] if begun is None else [bounds for c in self.own_counters if c.due(begun) == latest and (bounds := c.unannounced(begun, latest)) is not None]
        if latest < self.provisional_from and not own:
            return
        year = self.zone.to_wall(max(latest, self.provisional_from)).year
        details = result.own_details()
        details.provisional = True
        details.unannounced = own[0] if own else Interval(self.provisional_from, MAX_INSTANT, frozenset({f"{self.calendar_name} {year}"}))
        if result.outcome == BREACHED:
            result.outcome = INDETERMINATE
            details.possible = frozenset({MET, BREACHED} if result.done is not NOT_YET else {PENDING, BREACHED})
            details.missing = (f"{self.calendar_name} {year}",)

    def _risk(self, result: GeneralDeadline, state: State, start: Any, due: Any, running: bool) -> None:
        begin, end = lowest(start), lowest(due)
        if begin is None or end is None:
            return
        at = self._warning(state, begin, end)
        if at is None:
            return
        result.own_details().at_risk_at = at
        if state[AS_OF] > at and not running:
            result.outcome = AT_RISK
        elif state[TRACE] is not None and not running:
            state[TRACE].append(at + MICROSECOND)

    def _warning(self, state: State, begin: datetime, end: datetime) -> datetime | None:
        """The instant past which an open duty is at risk."""
        risk = self.rule.at_risk
        counter = self.risk_counter
        boundary = end.boundary if isinstance(end, DayEnd) else end
        if isinstance(risk, Length):
            if risk.is_exact:
                return boundary - risk.exactly()
            # Counted back from the due instant itself: neither rolled nor moved to another time of day.
            counting = evolve(self.rule.counting, roll="none", first_day="excluded", ends="end_of_day" if isinstance(end, DayEnd) else "same_time")
            return _plain_instant(Counter(risk, counting, ahead=True).due(end))
        if not isinstance(risk, Decimal):
            return None
        pauses: tuple[tuple[datetime, datetime], ...] = state[PAUSES]
        if counter is None:
            net = boundary - begin - sum((high - low for low, high in pauses), boundary - boundary)
            counter = Counter(Length(1, "hours"), self.rule.counting)
        else:
            net = counter.net_between(begin, boundary)
            for low, high in pauses:
                net -= counter.net_between(low, min(high, boundary))
        # In whole microseconds: a share of many years is more than a span of time can hold.
        part = MICROSECOND * (net // MICROSECOND * int(risk * 1_000_000) // 1_000_000)
        return _plain_instant(counter.after_net(begin, part, pauses))


def _recorded(begins: Iterable[n.Instant], setting: Setting) -> tuple[int, ...] | None:
    """The slots of the fields a start may be, where it may be a computed instant instead; else None."""
    seen: set[str] = set()
    parts = [part for begin in begins for part in _through_facts(begin, setting.model, seen)]
    if not any(isinstance(part, (n.DueOf, n.Counted)) for part in parts):
        return None
    return tuple(setting.slots[f"field:{part.name}"] for part in parts if isinstance(part, n.NamedInstant) and part.kind == "field")


def _through_facts(node: n.Expression, model: PolicyModel, seen: set[str]) -> Iterable[n.Expression]:
    """The parts of an instant and of the facts it rests on, each fact once."""
    for part in n.walk(node):
        yield part
        if isinstance(part, n.NamedInstant) and part.kind == "fact" and part.name not in seen:
            seen.add(part.name)
            yield from _through_facts(model.facts[part.name].expression, model, seen)


def _plain_instant(value: datetime) -> datetime:
    return value.boundary if isinstance(value, DayEnd) else value


def _ends(value: Any) -> tuple[datetime, datetime]:
    if value is None:
        return datetime.min, datetime.max
    if value.__class__ is Interval:
        return value.low, value.high
    return value, value


def _length_counter(own: list[n.Counted]) -> Counter | None:
    """The counter whose kind of time the deadline runs in, where all its limits share one kind."""
    fixed = [c for c in own if isinstance(c.length, Length)]
    if not fixed or len({c.length.is_working for c in fixed if isinstance(c.length, Length)}) > 1:
        return None
    first = fixed[0]
    return Counter(first.length, first.counting) if isinstance(first.length, Length) else None
