"""Ordinary deadlines in the straight line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import repeat
from typing import Any, Final

from complaint_policy.counting import Counter
from complaint_policy.expressions import nodes as n
from complaint_policy.instants import local
from complaint_policy.lengths import Length
from complaint_policy.outcomes import BREACHED, MET, NOT_APPLICABLE, PENDING
from complaint_policy.possible import MAX_INSTANT, DayEnd
from complaint_policy.results import DayDue, OrdinaryDeadline
from complaint_policy.rules.deadlines.model import Deadline
from complaint_policy.straight import Straight, Unsupported
from complaint_policy.zones import Zone

_MOST_DAYS: Final = 16_384
_EPOCH: Final = datetime(1970, 1, 1)


def emit(section: tuple[Deadline, ...], source: Straight) -> dict[str, str]:
    """Outcome ``o<i>`` and result ``d<i>`` for every deadline, and ``broken``: bit ``i`` set for a breach."""
    source.line("broken = 0")
    for index, rule in enumerate(section):
        _deadline(index, rule, source)
    parts = "".join(f"d{i}, " for i in range(len(section)))
    source.line(f"deadlines = TUPLE(MAP(NEW, {source.constant(repeat(OrdinaryDeadline))}, ({parts})))")
    return {"deadlines": "deadlines", "index": source.constant({rule.id: index for index, rule in enumerate(section)})}


def _deadline(index: int, rule: Deadline, source: Straight) -> None:
    special = rule.extend or rule.pauses or rule.exempt or rule.waivable_by or rule.when is not None or rule.at_risk is not None
    if special or not isinstance(rule.start, n.NamedInstant) or not isinstance(rule.act, n.NamedInstant):
        raise Unsupported(rule.id)
    start, act = _event(rule.start, source), _event(rule.act, source)
    closed = source.field("closed_at")
    met, breached, pending, apart = (source.constant(o) for o in (MET, BREACHED, PENDING, NOT_APPLICABLE))
    model, zone = source.constant(rule), source.constant(source.zone)
    o, d = f"o{index}", f"d{index}"

    # Not started: pending, or not applicable once the case is closed.
    waiting = pending if start == closed else f"({pending} if {closed} is None else {apart})"
    indent = ""
    if start != source.field("received_at"):  # a record without its receipt is not ordinary
        received = source.field("received_at")
        source.line(f"if {start} is None:")
        # A time that nobody has compared with the receipt may be unusable: not ordinary.
        source.line(f"    if {act} is not None and {act} < {received}: return None")
        if start != closed:
            source.line(f"    if {closed} is not None and {closed} < {received}: return None")
        source.line(f"    {o} = {waiting}; {d} = ({model}, {o}, None, None, None, {act}, {zone})")
        source.line("else:")
        indent = "    "
        source.line(f"    if {start} < {received}: return None")
    last, shown = _due(rule.within, start, source, indent)
    # `broken` has a bit for every breach.
    source.line(f"{indent}if {act} is None:")
    source.line(f"{indent}    if as_of <= {last}: {o} = {pending}")
    source.line(f"{indent}    else: {o} = {breached}; broken |= {1 << index:d}")
    source.line(f"{indent}elif {act} <= {last}:")
    source.line(f"{indent}    {o} = {met}")
    source.line(f"{indent}    if {act} < {start}: return None")
    source.line(f"{indent}else:")
    source.line(f"{indent}    {o} = {breached}; broken |= {1 << index:d}")
    source.line(f"{indent}{d} = ({model}, {o}, {shown}, {start}, due, {act}, {zone})")


def _event(node: n.NamedInstant, source: Straight) -> str:
    if node.kind != "field" or source.model.fields[node.name].type != "event":
        raise Unsupported(node.kind)
    return source.field(node.name)


def _due(within: n.Instant, start: str, source: Straight, indent: str) -> tuple[str, str]:
    """Emits ``due``; gives the expressions of its last instant in wall time, and of the time that is shown."""
    epoch, aware = source.constant(_EPOCH), source.constant(_EPOCH.replace(tzinfo=source.zone))
    if isinstance(within, n.Counted):
        counter = _counter(within, source.zone)
        if counter.length.is_exact:
            source.line(f"{indent}due = {start} + {source.constant(counter.length.exactly())}")
            return "due", f"{aware} + (due - {epoch})"
        source.line(f"{indent}due = {source.constant(_DayTable(counter))}[{source.day(start, indent)}]")
        return "due.last", "due.shown"
    if isinstance(within, n.ChooseInstant):
        tables: list[str] = []
        for branch in within.branches:
            if not isinstance(branch.then, n.Counted):
                raise Unsupported("choose")
            counter = _counter(branch.then, source.zone)
            if counter.length.is_exact:
                raise Unsupported("choose")
            table = source.constant(_DayTable(counter))
            tables.append(table if branch.when is None else f"{table} if {source.condition(branch.when)} else ")
        if within.branches[-1].when is not None:
            raise Unsupported("choose")
        source.line(f"{indent}due = ({''.join(tables)})[{source.day(start, indent)}]")
        return "due.last", "due.shown"
    raise Unsupported(type(within).__name__)


def _counter(node: n.Counted, zone: Zone) -> Counter:
    if not isinstance(node.base, n.RuleStart) or not isinstance(node.length, Length) or node.ahead:
        raise Unsupported("length")
    counter = Counter(node.length, node.counting)
    if not (counter.length.is_exact or (counter.by_day and node.counting.ends == "end_of_day")) or counter.zone != zone:
        raise Unsupported("length")
    if node.counting.roll == "previous_working_day" and counter.uses_calendar:
        raise Unsupported("rolled back")
    return counter


class _DayTable(dict[int, DayDue]):
    """The due day for every day of start that has come up."""

    def __init__(self, counter: Counter) -> None:
        super().__init__()
        self._counter = counter
        self._provisional = counter.provisional_from() or MAX_INSTANT

    def __missing__(self, day: int) -> DayDue:
        """Raises ``KeyError`` for a due day past the calendar's last announced day: not ordinary."""
        zone = self._counter.zone
        due = self._counter.due(zone.day_start(day))
        shown = local(due, zone)
        if due >= self._provisional or not isinstance(due, DayEnd) or shown is None:
            raise KeyError(day)
        if len(self) >= _MOST_DAYS:
            self.clear()
        made = self[day] = DayDue(_wall(zone.to_wall, due), due, shown)
        return made


def _wall(to_wall: Callable[[datetime], datetime], due: DayEnd) -> datetime:
    wall: Any = to_wall(due)
    return datetime(wall.year, wall.month, wall.day, wall.hour, wall.minute, wall.second, wall.microsecond)
