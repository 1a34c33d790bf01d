"""Stages of a deadline (`part_of`): whether they fit into the whole, and how much time is to spare.

Stages follow one another, each taking all the time it may; those that begin at the same instant run side by side.
Lengths of one unit are added up.  Others are held against each other from every day that the calendars know.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice, product
from typing import Final

from attrs import evolve, frozen

from complaint_policy.cells import Cell, Cells, shown
from complaint_policy.counting import Counter, Counting
from complaint_policy.expressions import nodes as n
from complaint_policy.lengths import Length, MonthDays
from complaint_policy.model import PolicyModel
from complaint_policy.possible import DayEnd
from complaint_policy.problems import Problems
from complaint_policy.rules.deadlines.model import Deadline
from complaint_policy.texts import Text, joined
from complaint_policy.wording import day_text, duration_text, moment_text

__all__ = ["check_stages", "remark_stages", "time_to_spare"]

# More ways through the stages, or more start days, are not looked at: nothing is then claimed.
_MOST_CHAINS: Final = 64
_MOST_CELLS: Final = 512
_MOST_STARTS: Final = 1_500
_YEAR: Final = 366

Limit = tuple[n.Counted, ...]  # the earliest of these counts from the start


@frozen
class Budget:
    """One way through the stages of a deadline, for one kind of complaint: what each allows, and the whole."""

    whole: Deadline
    chain: tuple[Deadline, ...]
    limits: tuple[Limit, ...]
    limit: Limit
    case: str  # which complaints, where the limits are not the same for all

    @property
    def stages(self) -> Text:
        parts = [Text("{i} {l}", "{i} {l}").filled(i=rule.id, l=_text(limit)) for rule, limit in zip(self.chain, self.limits, strict=True)]
        said = joined(parts, " + ", " + ")
        return said if not self.case else said + Text(f" ({self.case})", f"（{self.case}）")

    # ---------------------------------------------------------------- one unit
    def slack(self) -> Length | None:
        """What is left of the whole where all are counted alike; negative where they take more."""
        limits = (*self.limits, self.limit)
        if any(len(limit) > 1 for limit in limits) or not _alike([limit[0] for limit in limits]):
            return None
        lengths = [limit[0].length for limit in limits]
        assert all(isinstance(length, Length) for length in lengths)
        *own, whole = (length for length in lengths if isinstance(length, Length))
        return Length(whole.amount - sum(length.amount for length in own), whole.unit)

    # ---------------------------------------------------------------- from every day
    def ends(self, since: date) -> Iterator[tuple[datetime, datetime, datetime]]:
        """For every start: when the last stage ends at the latest, and when the whole does; on days that are announced."""
        chain = [[_counter(one) for one in limit] for limit in self.limits]
        whole = [_counter(one) for one in self.limit]
        used = [counter for counters in (*chain, whole) for counter in counters]
        for start in _starts(used, since):
            try:
                end, known = start, True
                for counters in chain:
                    end, announced = _ending(counters, end)
                    known = known and announced
                last, announced = _ending(whole, start)
            except (OverflowError, ValueError):  # past the end of time
                continue
            if known and announced:
                yield start, end, last


def _ending(counters: list[Counter], start: datetime) -> tuple[datetime, bool]:
    ends = [counter.due(start) for counter in counters]
    return min(ends), all(counter.unannounced(start, end) is None for counter, end in zip(counters, ends, strict=True))


def _counter(node: n.Counted) -> Counter:
    assert isinstance(node.length, Length)
    return Counter(node.length, node.counting)


def _text(limit: Limit) -> Text:
    return joined([one.length.text for one in limit if isinstance(one.length, Length)], " or ", "或")


def _alike(counted: list[n.Counted]) -> bool:
    """Whether the numbers alone decide, as far as no last day moves: every length of one unit, counted in one way that adds up."""
    unit, counting = counted[0].length.unit, _counts_as(counted[0].counting)
    same = all(one.length.unit == unit and _counts_as(one.counting) == counting and not isinstance(one.length, MonthDays) for one in counted)
    return same and _adds_up(unit, counting)


def _adds_up(unit: str, counting: Counting) -> bool:
    """Whether one length counted from the end of another ends where both together do."""
    if unit in ("minutes", "hours"):
        return True
    if unit == "working hours":
        return counting.after_hours == "as_received" and counting.at_closing == "stay"
    if counting.first_day != "excluded" or counting.ends != "end_of_day":
        return False
    return unit != "working days" or (counting.after_hours == "as_received" and counting.from_closed_day == "next_day_is_one")


def _counts_as(counting: Counting) -> Counting:
    return evolve(counting, roll="none", pause_on_days="working_time")


def _starts(counters: list[Counter], since: date) -> Iterator[datetime]:
    """Days of the version that every calendar knows, at the times of day that may matter."""
    zone = counters[0].zone
    times = [time(12)] if all(counter.by_day for counter in counters) else _times(counters)
    known = [spec.announced_until for c in counters if c.uses_calendar and (spec := c.counting.calendar) is not None and spec.announced_until is not None]
    days = max(_MOST_STARTS // len(times), _YEAR)
    end = min(known) if known else since + timedelta(days=days)
    # A version that begins after its calendar ends is looked at over the last year that is announced.
    begin = max(since, end - timedelta(days=days)) if since < end else end - timedelta(days=_YEAR)
    for ordinal in range(begin.toordinal(), end.toordinal() + 1):
        for clock in times:
            yield zone.to_utc(datetime.combine(date.fromordinal(ordinal), clock))


def _times(counters: list[Counter]) -> list[time]:
    """The times of day at which something opens or closes, noon, and both ends of the day."""
    found = {time(0), time(12), time.max}
    for counter in counters:
        spec = counter.counting.calendar
        for span in [span for _, day in (spec.hours or ()) for span in day] if spec is not None else []:
            found.update(time(int(clock[:2]) % 24, int(clock[3:])) for clock in span)
    return sorted(found)


# --------------------------------------------------------------------------- the ways through the stages
def budgets(section: tuple[Deadline, ...], model: PolicyModel, *, alone: bool) -> Iterator[Budget]:
    """Every way through the stages of every deadline that has some; with ``alone`` every stage by itself, too."""
    parts_of: dict[str, list[Deadline]] = {}
    for rule in section:
        if rule.part_of is not None and rule.part_of != rule.id:
            parts_of.setdefault(rule.part_of, []).append(rule)
    for whole in section:
        parts = tuple(parts_of.get(whole.id, ()))
        singles: list[tuple[Deadline, ...]] = [(part,) for part in parts] if alone else []
        for chain in islice(dict.fromkeys((*singles, *_chains(parts))), _MOST_CHAINS + len(singles)) if parts else ():
            yield from _by_case(whole, chain, model)


def _chains(parts: tuple[Deadline, ...]) -> Iterator[tuple[Deadline, ...]]:
    """One after the other: a stage that begins with another's act follows it, and so do stages that begin with something else.

    Of stages that begin at the same instant each chain has one.
    """
    begun: dict[n.Instant, list[Deadline]] = {}
    acts = {part.act for part in parts}
    for part in parts:
        if part.start not in acts or part.start == part.act:
            begun.setdefault(part.start, []).append(part)
    if not begun:
        return  # in a circle: none is the first
    ways = [[way for root in roots for way in _onward(root, parts, ())] for roots in begun.values()]
    for chosen in islice(product(*ways), _MOST_CHAINS):
        yield tuple(part for way in chosen for part in way)


def _onward(part: Deadline, parts: tuple[Deadline, ...], before: tuple[Deadline, ...]) -> Iterator[tuple[Deadline, ...]]:
    path = (*before, part)
    following = [other for other in parts if other.start == part.act and other not in path]
    if not following or len(path) > _MOST_CHAINS:
        yield path
    for other in following:
        yield from _onward(other, parts, path)


def _by_case(whole: Deadline, chain: tuple[Deadline, ...], model: PolicyModel) -> Iterator[Budget]:
    """The limits for every kind of complaint that their choices tell apart."""
    rules = (*chain, whole)
    branches = [b for rule in rules for node in n.walk(rule.within) if isinstance(node, n.ChooseInstant) for b in node.branches]
    conditions = [branch.when for branch in branches if branch.when is not None]
    if not conditions:
        yield from _budget(whole, chain, [_resolved(rule.within, None, None) for rule in rules], "")
        return
    cells = Cells(model, conditions)
    if not cells.complete:
        return
    seen: set[tuple[Limit | None, ...]] = set()
    for cell in islice(cells, _MOST_CELLS):
        limits = [_resolved(rule.within, cell, cells) for rule in rules]
        if tuple(limits) not in seen:
            seen.add(tuple(limits))
            yield from _budget(whole, chain, limits, shown(cell, cells))


def _budget(whole: Deadline, chain: tuple[Deadline, ...], limits: list[Limit | None], case: str) -> Iterable[Budget]:
    found = tuple(limit for limit in limits if limit is not None)
    if len(found) == len(limits):
        yield Budget(whole, chain, found[:-1], found[-1], case)


def _resolved(node: n.Instant, cell: Cell | None, cells: Cells | None) -> Limit | None:
    """The lengths from the start of which a limit is the earliest; ``None`` where it is something else, or is not certain."""
    match node:
        case n.Counted(base=n.RuleStart(), length=Length(), ahead=False):
            return (node,)
        case n.FirstOf(parts=parts):
            # A promise beside a length only shortens the limit.
            found = tuple(one for part in parts for one in _resolved(part, cell, cells) or ())
            return found or None
        case n.ChooseInstant(branches=branches):
            for branch in branches:
                holds = True if branch.when is None else cells.holds(branch.when, cell) if cells is not None and cell is not None else None
                if holds is None:
                    return None
                if holds:
                    return _resolved(branch.then, cell, cells)
    return None


# --------------------------------------------------------------------------- what is said of them
def check_stages(section: tuple[Deadline, ...], model: PolicyModel, problems: Problems) -> None:
    """Stages that end after the whole from wherever they begin."""
    said: set[tuple[str, ...]] = set()
    for budget in budgets(section, model, alone=True):
        ids = (budget.whole.id, *(rule.id for rule in budget.chain))
        if ids in said or any(set(other) < set(ids) for other in said) or not _never_fits(budget, model):
            continue
        said.add(ids)
        (first, *more), whole = budget.chain, budget.whole
        if more:
            problems.add("parts-too-long", whole.place, name=whole.id, total=budget.stages, limit=_text(budget.limit))
        else:
            length = _text(budget.limits[0]) + (Text(f" ({budget.case})", f"（{budget.case}）") if budget.case else Text("", ""))
            problems.add("part-too-long", first.place, name=first.id, length=length, whole=whole.id, limit=_text(budget.limit))


def _never_fits(budget: Budget, model: PolicyModel) -> bool:
    slack = budget.slack()
    if slack is not None:
        return slack.amount < 0
    looked = False
    for _, end, last in budget.ends(model.effective):
        if end <= last:
            return False
        looked = True
    return looked


def remark_stages(section: tuple[Deadline, ...], model: PolicyModel, own: str, found: Problems) -> None:
    """From which day the stages may end after the whole."""
    warned: set[str] = set()
    for budget in budgets(section, model, alone=False):
        whole = budget.whole
        worst = _worst(budget, model) if whole.id not in warned and own in (whole.place.file, *(rule.place.file for rule in budget.chain)) else None
        if worst is not None and _spare(worst) < timedelta(0):
            warned.add(whole.id)
            zone = _counter(budget.limit[0]).zone
            begun, late, due = (_moment(zone.to_wall(moment), moment) for moment in worst)
            found.add("stages-may-be-late", whole.place, name=whole.id, stages=budget.stages, limit=_text(budget.limit), begun=begun, end=late, due=due)


def time_to_spare(rule: Deadline, section: tuple[Deadline, ...], model: PolicyModel) -> Iterator[Text]:
    """What the stages of a deadline, one after the other, leave of it; nothing where they may end after it."""
    for budget in budgets(section, model, alone=False):
        if budget.whole is not rule:
            continue
        slack, worst = budget.slack(), _worst(budget, model)
        if worst is not None and _spare(worst) < timedelta(0):
            return
        if slack is not None or worst is not None:
            left = slack.text if slack is not None else duration_text(_spare(worst)) if worst is not None and _spare(worst) else Text("nothing", "0")
            words = Text("{stages} leave {slack} of {limit}", "{stages}，在{limit}中余{slack}")
            yield words.filled(stages=_in_words(budget, model), limit=_text(budget.limit), slack=left)


def _in_words(budget: Budget, model: PolicyModel) -> Text:
    """The stages by their titles, and which complaints they are for."""
    parts = []
    for rule, limit in zip(budget.chain, budget.limits, strict=True):
        words = Text("{r} {l}", "{r} {l}") if rule.title is None else Text("'{r}' ({l})", "“{r}”（{l}）")
        parts.append(words.filled(r=rule.name, l=_text(limit)))
    said = joined(parts, " + ", " + ")
    if not budget.case:
        return said
    titles, values, cells = model.titles(), model.value_titles(), []
    for cell in budget.case.split(", "):
        name, _, value = cell.partition(": ")
        shown = values.get(name, {}).get(value) or Text(value, value)
        cells.append(Text("{n}: {v}", "{n}：{v}").filled(n=titles.get(name) or Text(name, name), v=shown))
    return said + Text(" ({c})", "（{c}）").filled(c=joined(cells, ", ", "、"))


def _worst(budget: Budget, model: PolicyModel) -> tuple[datetime, datetime, datetime] | None:
    """The tightest start, where the numbers alone do not tell."""
    return _tightest(budget, model.effective) if budget.slack() is None or _rolls(budget) else None


def _tightest(budget: Budget, since: date) -> tuple[datetime, datetime, datetime] | None:
    """The start that leaves the least of the whole, or exceeds it most, with both ends."""
    return min(budget.ends(since), key=_spare, default=None)


def _spare(ends: tuple[datetime, datetime, datetime]) -> timedelta:
    return _boundary(ends[2]) - _boundary(ends[1])


def _rolls(budget: Budget) -> bool:
    counted = [one for limit in (*budget.limits, budget.limit) for one in limit]
    return any(one.counting.roll != "none" and one.length.unit in ("days", "weeks", "months", "years") for one in counted)


def _boundary(moment: datetime) -> datetime:
    return moment.boundary if isinstance(moment, DayEnd) else moment


def _moment(wall: datetime, moment: datetime) -> Text:
    return day_text(wall.date()) if isinstance(moment, DayEnd) or wall.time() == time(12) else moment_text(wall)
