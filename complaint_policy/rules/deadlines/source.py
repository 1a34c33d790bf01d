"""Ordinary deadlines in the straight line."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from complaint_policy.counting import Counter
from complaint_policy.expressions import nodes as n
from complaint_policy.instants import local
from complaint_policy.lengths import Length
from complaint_policy.outcomes import BREACHED, MET, NOT_APPLICABLE, PENDING
from complaint_policy.possible import MAX_INSTANT, NONE, DayEnd
from complaint_policy.results import GeneralDeadline
from complaint_policy.rules.deadlines.model import Deadline
from complaint_policy.rules.deadlines.ordinary import Exempting, Ordinary, OrdinaryDeadline, Warner
from complaint_policy.rules.deadlines.record import warning_of
from complaint_policy.straight import Straight, Unsupported
from complaint_policy.zones import Zone

_MOST_DAYS: Final = 16_384
_LONGEST: Final = timedelta(days=60)  # over which days are looked at one by one


def emit(section: tuple[Deadline, ...], source: Straight) -> dict[str, str]:
    """Result ``d<i>`` for every deadline, and ``broken``: bit ``i`` set for a breach."""
    source.line(f"broken = 0; line = {source.constant(OrdinaryDeadline)}")
    for index, rule in enumerate(section):
        _deadline(index, rule, source)
        source.results[rule.id] = f"d{index}"
    return {"deadlines": "(" + "".join(f"d{i}, " for i in range(len(section))) + ")"}


def _deadline(index: int, rule: Deadline, source: Straight) -> None:
    # `waivable_by` says nothing here: a call with waivers takes the general evaluation.
    if rule.extend or rule.pauses or not isinstance(rule.start, n.NamedInstant) or not isinstance(rule.act, n.NamedInstant):
        raise Unsupported(rule.id)
    start, act = _event(rule.start, source), _event(rule.act, source)
    closed, received = source.field("closed_at"), source.field("received_at")
    whole_days = not (isinstance(rule.within, n.Counted) and isinstance(rule.within.length, Length) and rule.within.length.is_exact)
    of = source.constant(Ordinary(rule, source.zone, source.position(start), source.position(act), whole_days))
    d = f"d{index}"
    outer = ""
    if rule.when is not None:
        apart = source.constant(GeneralDeadline(rule, NOT_APPLICABLE, NONE, NONE, NONE, source.zone))
        source.line(f"if not {source.condition(rule.when)}: {d} = {apart}")
        source.line("else:")
        outer = "    "
    source.line(f"{outer}{d} = line(); {d}._of = {of}; {d}._values = values")
    indent = outer
    if start != received:  # a record without its receipt is not ordinary
        source.line(f"{outer}if {start} is None:")
        # A time that nobody has compared with the receipt may be unusable: not ordinary.
        source.line(f"{outer}    if {act} is not None and {act} < {received}: return None")
        if start != closed:
            source.line(f"{outer}    if {closed} is not None and {closed} < {received}: return None")
        # Not started: pending, or not applicable once the case is closed.
        source.line(f"{outer}    {d}.due_at = None; {d}.outcome = {_waiting(start, closed)}")
        source.line(f"{outer}else:")
        indent += "    "
        source.line(f"{indent}if {start} < {received}: return None")
    last, shown = _due(rule.within, start, source, indent)
    # `broken` has a bit for every breach.
    source.line(f"{indent}if {act} is None:")
    source.line(f"{indent}    if as_of <= {last}: {d}.outcome = {PENDING!r}")
    source.line(f"{indent}    else: {d}.outcome = {BREACHED!r}; broken |= {1 << index:d}")
    source.line(f"{indent}elif {act} <= {last}:")
    source.line(f"{indent}    if {act} < {start}: return None")
    source.line(f"{indent}    {d}.outcome = {MET!r}")
    source.line(f"{indent}else: {d}.outcome = {BREACHED!r}; broken |= {1 << index:d}")
    source.line(f"{indent}{d}.due_at = {shown}")
    if rule.at_risk is not None:
        warned = source.call(Warner(warning_of(rule, source.setting)), f"{d}, as_of")
        source.line(f"{indent}if {d}.outcome == {PENDING!r}: {d} = {warned}")
    word = "if"
    for exemption in rule.exempt:
        source.line(f"{outer}{word} {source.condition(exemption.when)}: {d} = {source.call(Exempting(exemption.reason), d)}; broken &= ~{1 << index:d}")
        word = "elif"


def _waiting(start: str, closed: str) -> str:
    return repr(PENDING) if start == closed else f"{PENDING!r} if {closed} is None else {NOT_APPLICABLE!r}"


def _event(node: n.NamedInstant, source: Straight) -> str:
    if node.kind != "field" or source.model.fields[node.name].type != "event":
        raise Unsupported(node.kind)
    return source.field(node.name)


def _due(within: n.Instant, start: str, source: Straight, indent: str) -> tuple[str, str]:
    """Emits the due instant; gives the expressions of its last instant in wall time, and of the time that is shown."""
    if isinstance(within, n.Counted):
        counter = _counter(within, source.zone)
        if counter.length.is_exact:
            length = counter.length.exactly()
            if not source.steady:
                source.line(f"{indent}if {_on_day(_Quiet(source.zone, length), 1, start, source)[0]} is None: return None")
            source.line(f"{indent}due = {start} + {source.constant(length)}")
            # Shown: the same length on from the start, counted from a midnight near by that has the zone.
            return "due", f"{source.on_day(_Shown(source.zone, length), 1)[0]} + ({start} - day)"
        last, shown = _on_day(_DayTable(counter), 2, start, source, indent)
        return last, shown
    if isinstance(within, n.ChooseInstant):
        word = "if"
        for branch in within.branches:
            if not isinstance(branch.then, n.Counted):
                raise Unsupported("choose")
            counter = _counter(branch.then, source.zone)
            if counter.length.is_exact:
                raise Unsupported("choose")
            source.line(f"{indent}else:" if branch.when is None else f"{indent}{word} {source.condition(branch.when)}:")
            last, shown = _on_day(_DayTable(counter), 2, start, source, f"{indent}    ")
            if (last, shown) != ("last", "shown"):
                source.line(f"{indent}    last = {last}; shown = {shown}")
            word = "elif"
        if within.branches[-1].when is not None:
            raise Unsupported("choose")
        return "last", "shown"
    raise Unsupported(type(within).__name__)


def _on_day(table: dict[int, Any], size: int, start: str, source: Straight, indent: str = "") -> list[str]:
    """What a table has for the day of the start: from the receipt all tables are asked together, from elsewhere each in its branch."""
    if start == source.field("received_at"):
        return source.on_day(table, size)
    names = ["last", "shown"][:size]
    if size == 1:
        return [f"{source.constant(table)}[{start}.toordinal()][0]"]
    source.line(f"{indent}{', '.join(names)} = {source.constant(table)}[{start}.toordinal()]")
    return names


def _counter(node: n.Counted, zone: Zone) -> Counter:
    if not isinstance(node.base, n.RuleStart) or not isinstance(node.length, Length) or node.ahead:
        raise Unsupported("length")
    counter = Counter(node.length, node.counting)
    if not (counter.length.is_exact or (counter.by_day and node.counting.ends == "end_of_day")) or counter.zone != zone:
        raise Unsupported("length")
    if node.counting.roll == "previous_working_day" and counter.uses_calendar:
        raise Unsupported("rolled back")
    return counter


class _DayTable(dict[int, tuple[datetime, datetime]]):
    """For every day of start that has come up, the last microsecond of its due day in wall time, and the time that is shown."""

    def __init__(self, counter: Counter) -> None:
        super().__init__()
        self._counter = counter
        self._provisional = counter.provisional_from() or MAX_INSTANT

    def __missing__(self, day: int) -> tuple[datetime, datetime]:
        """Raises ``KeyError`` for a due day past the calendar's last announced day: not ordinary."""
        zone = self._counter.zone
        due = self._counter.due(zone.day_start(day))
        shown = local(due, zone)
        if due >= self._provisional or not isinstance(due, DayEnd) or shown is None:
            raise KeyError(day)
        if len(self) >= _MOST_DAYS:
            self.clear()
        wall = zone.to_wall(due)
        if zone.to_utc(wall.replace(fold=0)) != due:  # the day ends twice
            raise KeyError(day)
        made = self[day] = datetime(wall.year, wall.month, wall.day, wall.hour, wall.minute, wall.second, wall.microsecond), shown
        return made


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
        if len(self) >= _MOST_DAYS:
            self.clear()
        self[day] = (True,)
        return (True,)
