"""Ordinary deadlines in the straight line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from attrs import frozen

from complaint_policy.counting import Counter
from complaint_policy.emitted import function_of
from complaint_policy.expressions import nodes as n
from complaint_policy.ordinary import MOST_DAYS, DayTable, first_of, plain_counter
from complaint_policy.outcomes import BREACHED, EXEMPT, MET, NOT_APPLICABLE, PENDING
from complaint_policy.possible import NONE
from complaint_policy.results import DeadlineResult, GeneralDeadline
from complaint_policy.rules.deadlines.model import Deadline
from complaint_policy.rules.deadlines.ordinary import Ordinary, OrdinaryDeadline, Warner, line_of
from complaint_policy.rules.deadlines.record import warning_of
from complaint_policy.straight import Straight, Unsupported
from complaint_policy.zones import Zone

_LONGEST: Final = timedelta(days=60)  # over which days are looked at one by one
_STEPS: Final = 50  # Python indents no deeper than a hundred


@frozen
class _Told:
    """What is told of a deadline, as expressions: an ``Ordinary`` for its result, or the result where it does not apply, and the due time that is shown."""

    common: str
    due_at: str
    names: tuple[str, ...]  # the variables that these need


def emit(section: tuple[Deadline, ...], source: Straight) -> dict[str, str]:
    """Outcome ``o<i>`` for every deadline, and ``broken``: bit ``i`` set for a breach.

    The results are made when they are looked at, of the outcomes and what else they need.
    """
    source.line("broken = 0")
    deadlines = []
    for index, rule in enumerate(section):
        deadlines.append(told := _deadline(index, rule, source))
        source.results[rule.id] = source.call(line_of, f"{told.common}, values, o{index}, {told.due_at}")
    names = dict.fromkeys([*(f"o{index}" for index in range(len(section))), *(name for told in deadlines for name in told.names)])
    listed = "".join(f"{name}, " for name in names)
    return {"_told": f"({source.constant(_maker(section, deadlines, listed, source))}, values, {listed})", "_lines": "None"}


def _maker(section: tuple[Deadline, ...], deadlines: list[_Told], listed: str, source: Straight) -> Callable[[tuple[Any, ...]], tuple[DeadlineResult, ...]]:
    """What makes the results, one after the other: twice as fast as a loop."""
    body = [f"_, values, {listed} = told; line = {source.constant(OrdinaryDeadline)}; ORDINARY = {source.constant(Ordinary)}"]
    for index, (rule, told) in enumerate(zip(section, deadlines, strict=True)):
        d = f"d{index}"
        made = f"{d} = line(); {d}._of = {told.common}; {d}._values = values; {d}.outcome = o{index}; {d}.due_at = {told.due_at}"
        body += [made] if rule.when is None else [f"if {told.common}.__class__ is ORDINARY: {made}", f"else: {d} = {told.common}"]
    body.append(f"return ({''.join(f'd{index}, ' for index in range(len(section)))})")
    return function_of("lines(told)", body, source.constants, {})


def _deadline(index: int, rule: Deadline, source: Straight) -> _Told:
    """Emits a deadline."""
    # `waivable_by` says nothing here: a call with waivers takes the general evaluation.
    if rule.pauses or not isinstance(rule.start, n.NamedInstant):
        raise Unsupported(rule.id)
    start, acts = _event(rule.start, source), [_event(part, source) for part in (rule.act.parts if isinstance(rule.act, n.FirstOf) else (rule.act,))]
    closed, received = source.field("closed_at"), source.field("received_at")
    limits = _Limits(rule, source)
    of = Ordinary(rule, source.zone, source.position(start), tuple(source.position(act) for act in acts), not limits.exact)
    steps = [of.but(step=step.id) for step in rule.extend]
    common, outcome, due_at, act = source.constant(of), f"o{index}", f"t{index}", acts[0]
    if len(acts) > 1:
        act = f"act{index}"
        source.line(f"{act} = {source.call(first_of, ', '.join(acts))}")
    outer = ""
    differs = f"m{index}"
    if rule.when is not None:
        apart = source.constant(GeneralDeadline(rule, NOT_APPLICABLE, NONE, NONE, NONE, source.zone))
        source.line(f"if not {source.condition(rule.when)}: {differs} = {apart}; {outcome} = {NOT_APPLICABLE!r}{'' if limits.exact else f'; {due_at} = None'}")
        source.line("else:")
        outer = "    "
    if rule.when is not None or rule.extend or rule.at_risk is not None or rule.exempt:
        source.line(f"{outer}{differs} = {common}")
        common = differs
    indent = outer
    if start != received:  # a record without its receipt is not ordinary
        source.line(f"{outer}if {start} is None:")
        # A time that nobody has compared with the receipt may be unusable: not ordinary.
        source.line(f"{outer}    if {act} is not None and {act} < {received}: return None")
        if start != closed:
            source.line(f"{outer}    if {closed} is not None and {closed} < {received}: return None")
        # Not started: pending, or not applicable once the case is closed.
        source.line(f"{outer}    {outcome} = {_waiting(start, closed)}{'' if limits.exact else f'; {due_at} = None'}")
        source.line(f"{outer}else:")
        indent += "    "
        source.line(f"{indent}if {start} < {received}: return None")
    last, shown = limits.due(rule.within, start, indent)
    if rule.extend:
        source.line(f"{indent}last = {last}; shown = {shown}")
        last, shown = "last", "shown"
        _ladder(rule, limits, start, [f"{common} = {source.constant(step)}" for step in steps], indent, source)
    # `broken` has a bit for every breach; Python adds faster than it sets bits.
    source.line(f"{indent}if {act} is None:")
    source.line(f"{indent}    if as_of <= {last}: {outcome} = {PENDING!r}")
    source.line(f"{indent}    else: {outcome} = {BREACHED!r}; broken += {1 << index:d}")
    source.line(f"{indent}elif {act} <= {last}:")
    source.line(f"{indent}    if {act} < {start}: return None")
    source.line(f"{indent}    {outcome} = {MET!r}")
    source.line(f"{indent}else: {outcome} = {BREACHED!r}; broken += {1 << index:d}")
    if limits.exact:  # shown only where it is looked at
        due_at, names = shown if start == received else f"(None if {start} is None else {shown})", limits.names
    else:
        source.line(f"{indent}{due_at} = {shown}")
        names = (due_at,)
    if rule.at_risk is not None:
        warned = source.call(Warner(warning_of(rule, source.setting)), f"{common}, values, {due_at}, as_of")
        source.line(f"{indent}if {outcome} == {PENDING!r}: {common}, {outcome} = {warned}")
    word = "if"
    for exemption in rule.exempt:
        if rule.at_risk is None:  # there are few, made beforehand
            exempt = f"{source.constant({one: one.but(reason=exemption.reason) for one in (of, *steps)})}[{common}]"
        else:
            exempt = source.call(partial(Ordinary.but, reason=exemption.reason), common)
        source.line(f"{outer}{word} {source.condition(exemption.when)}: {common} = {exempt}; {outcome} = {EXEMPT!r}; broken &= ~{1 << index:d}")
        word = "elif"
    return _Told(common, due_at, (*names, *([common] if common == differs else [])))


def _waiting(start: str, closed: str) -> str:
    return repr(PENDING) if start == closed else f"{PENDING!r} if {closed} is None else {NOT_APPLICABLE!r}"


def _event(node: n.Instant, source: Straight) -> str:
    if not isinstance(node, n.NamedInstant) or node.kind != "field" or source.model.fields[node.name].type != "event":
        raise Unsupported("instant")
    return source.field(node.name)


def _ladder(rule: Deadline, limits: _Limits, start: str, taken: list[str], indent: str, source: Straight) -> None:
    """Up the ladder in order, each step inside the one before: one that does not hold ends it; ``taken``: a statement for each."""
    if len(taken) > _STEPS:
        raise Unsupported(rule.id)
    for step, statement in zip(rule.extend, taken, strict=True):
        conditions = [source.condition(part) for part in (step.when, step.needs) if part is not None]
        source.line(f"{indent}if {' and '.join(conditions) or 'True'}:")
        indent += "    "
        last, shown = limits.due(step.within, start, indent)
        source.line(f"{indent}last = {last}; shown = {shown}; {statement}")


class _Limits:
    """The limits of one deadline: all exact, or all by day."""

    def __init__(self, rule: Deadline, source: Straight) -> None:
        self._source = source
        self.names: tuple[str, ...] = ()  # the variables of which an exact due time is made
        self._counters = [(node, _counter(node, source.zone)) for node in rule.counted()]
        self.exact = any(counter.length.is_exact for _, counter in self._counters)
        if self.exact and len(self._counters) > 1:
            raise Unsupported(rule.id)
        # Where one limit rests on days not announced yet, none is told for sure.
        self._provisional = min((limit for _, counter in self._counters if (limit := counter.provisional_from()) is not None), default=None)

    def due(self, within: n.Instant, start: str, indent: str) -> tuple[str, str]:
        """Emits the due instant; gives the expressions of its last instant in wall time, and of the time that is shown."""
        source = self._source
        if isinstance(within, n.Counted):
            counter = next(counter for node, counter in self._counters if node is within)
            if counter.length.is_exact:
                length = counter.length.exactly()
                if not source.steady:
                    source.line(f"{indent}if {_on_day(_Quiet(source.zone, length), 1, start, source)[0]} is None: return None")
                source.line(f"{indent}due = {start} + {source.constant(length)}")
                # Shown: the same length on from the start, counted from a midnight near by that has the zone.
                near = source.on_day(_Shown(source.zone, length), 1)[0]
                self.names = near, start, "day"
                return "due", f"{near} + ({start} - day)"
            last, shown = _on_day(DayTable(counter, self._provisional), 2, start, source, indent)
            return last, shown
        if not isinstance(within, n.ChooseInstant) or within.branches[-1].when is not None:
            raise Unsupported(type(within).__name__)
        if len(within.branches) == 1:
            return self.due(within.branches[0].then, start, indent)
        word = "if"
        for branch in within.branches:
            if not isinstance(branch.then, n.Counted):
                raise Unsupported("choose")
            source.line(f"{indent}else:" if branch.when is None else f"{indent}{word} {source.condition(branch.when)}:")
            last, shown = self.due(branch.then, start, f"{indent}    ")
            source.line(f"{indent}    last = {last}; shown = {shown}")
            word = "elif"
        return "last", "shown"


def _on_day(table: Any, size: int, start: str, source: Straight, indent: str = "") -> list[str]:
    """What a table has for the day of the start: from the receipt all tables are asked together, from elsewhere each in its branch."""
    if start == source.field("received_at"):
        return source.on_day(table, size)
    names = ["last", "shown"][:size]
    if size == 1:
        return [f"{source.constant(table)}[{start}.toordinal()][0]"]
    source.line(f"{indent}{', '.join(names)} = {source.constant(table)}[{start}.toordinal()]")
    return names


def _counter(node: n.Counted, zone: Zone) -> Counter:
    if not isinstance(node.base, n.RuleStart):
        raise Unsupported("length")
    counter = plain_counter(node, zone)
    if counter is None:
        raise Unsupported("length")
    return counter


class _Shown:
    """For every day the wall time a length after its midnight, with the zone."""

    def __init__(self, zone: Zone, length: timedelta) -> None:
        self._zone = zone
        self._length = length

    def __getitem__(self, day: int) -> tuple[datetime]:
        return (datetime.fromordinal(day).replace(tzinfo=self._zone) + self._length,)


class _Quiet(dict[int, tuple[bool]]):
    """Days of start after which no change of the zone's offset moves the end of an exact length on the wall."""

    def __init__(self, zone: Zone, length: timedelta) -> None:
        super().__init__()
        if length > _LONGEST:
            raise Unsupported("long")
        self._zone = zone
        self._days = length.days + 2

    def __missing__(self, day: int) -> tuple[bool]:
        if any(self._zone.changes_on(d) for d in range(day, day + self._days)):
            raise KeyError(day)
        if len(self) >= MOST_DAYS:
            self.clear()
        self[day] = (True,)
        return (True,)
