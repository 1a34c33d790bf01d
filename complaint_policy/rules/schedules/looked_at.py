"""A policy's schedules over a register: which periods are looked at, which rows stand for them, and what is due next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from attrs import frozen

from complaint_policy.errors import UsageError
from complaint_policy.expressions import moments
from complaint_policy.frame import Waived
from complaint_policy.instants import highest, lowest
from complaint_policy.outcomes import INDETERMINATE, NOT_APPLICABLE, PENDING, STATUS_ORDER
from complaint_policy.periods import first_day, kind_of, next_start, period_of
from complaint_policy.possible import NOT_YET, DayEnd, Interval, Maybe
from complaint_policy.problems import nearest
from complaint_policy.rules.schedules.figures import figure_value
from complaint_policy.rules.schedules.judge import Judge, begins
from complaint_policy.rules.schedules.model import Schedule
from complaint_policy.rules.schedules.register import Filing, RegisterFinding, read_register
from complaint_policy.rules.schedules.result import ScheduleResult
from complaint_policy.texts import Text
from complaint_policy.wording import period_text
from complaint_policy.zones import Zone

__all__ = ["Schedules", "judged_schedules"]

# What was done in other periods is looked at so far back for what is still due.
_FARTHEST: Final = 60
_YEARS: Final = (1850, 2400)
# How the name of a period is written.
_WRITTEN: Final = {"week": "2026-W09", "month": "2026-03", "quarter": "2026-Q1", "half_year": "2026-H1", "year": "2026"}
NO_REGISTER: Final = Maybe(None, frozenset({"register"}))


@frozen
class Schedules:
    """What the schedules of a policy gave for every period looked at.

    ``rows`` says what became of the register's rows: ``counted`` (the act of a period looked at), ``not_yet`` (dated after
    ``as_of``, or without a date), ``elsewhere`` (a period outside ``since`` and ``as_of``), ``set_aside`` (with a finding).
    """

    results: tuple[ScheduleResult, ...]
    next_due: tuple[ScheduleResult, ...]
    findings: tuple[RegisterFinding, ...]
    rows: Mapping[str, int]
    since: date
    as_of: datetime

    def result(self, rule: str, period: str) -> ScheduleResult:
        """One of them; raises :class:`UsageError` where that period was not looked at."""
        for found in self.results:
            if (found.rule, found.period) == (rule, period):
                return found
        raise UsageError(Text(f"no period '{period}' of '{rule}' was looked at", f"未查看“{rule}”的期间“{period}”"))

    @property
    def status(self) -> str:
        """The worst outcome among the company's duties."""
        found = {r.outcome for r in self.results if r.model.is_companys}
        return next((word for word in STATUS_ORDER if word in found), NOT_APPLICABLE)

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "since": self.since.isoformat(),
            "as_of": self.as_of.isoformat(),
            "status": self.status,
            "results": [result.to_dict() for result in self.results],
            "next_due": [
                {"rule": r.rule, "period": r.period, "due_at": r.due_at.isoformat() if r.due_at is not None else None, "title": r.model.name.to_dict()}
                for r in self.next_due
            ],
            "register": {"rows": dict(self.rows), "findings": [finding.to_dict() for finding in self.findings]},
        }


def judged_schedules(policy: Any, register: Iterable[Any] | None, as_of: datetime, since: date | str, audit: Any, waivers: Any) -> Schedules:
    """Every period with a day from ``since`` to the day of ``as_of`` (naive UTC), under the version in force at its end."""
    zone: Zone = policy.zone
    today = zone.to_wall(as_of).date()
    first = _day(since)
    if first > today:
        raise UsageError(Text("since is after as_of", "since 晚于 as_of"))
    work = _Work(policy, as_of, audit, waivers)
    if register is not None:
        work.take(read_register(register, zone, as_of), first, today)
    else:
        work.filed = None
    results = tuple(work.result(judge, period) for judge, period in work.periods(first, today))
    found = sorted(work.findings, key=lambda f: (f.row is None, f.row or 0))
    return Schedules(results, tuple(work.next_due(today)), tuple(found), dict(work.rows), first, zone.to_aware(as_of))


def _day(since: date | str) -> date:
    try:
        day = date.fromisoformat(since) if isinstance(since, str) else since.date() if isinstance(since, datetime) else since
        if _YEARS[0] <= day.year <= _YEARS[1]:
            return day
    except (ValueError, TypeError, AttributeError):
        pass
    raise UsageError(Text("since is a day, as 2026-01-01", "since 应为日期，例如 2026-01-01"))


class _Work:
    """One call: the judges by version, the filings by schedule and period."""

    def __init__(self, policy: Any, as_of: datetime, audit: Any, waivers: Any) -> None:
        self.policy, self.zone, self.as_of, self.audit = policy, policy.zone, as_of, audit
        self.findings: list[RegisterFinding] = []
        self.rows: Counter[str] = Counter()
        self.filed: dict[tuple[str, str], Any] | None = {}  # None: there is no register
        self.doubtful: list[Filing] = []
        self._versions: list[tuple[Any, Judge]] = []
        self._measures: dict[str, str] = {}
        for version in policy.versions:
            figures = version.model.sections.get("portfolio", ())
            titles = {rule.id: rule.name for rule in figures}
            self._measures |= {rule.id: rule.measure for rule in figures}
            self._versions += [(version, Judge(rule, self.zone, titles)) for rule in version.model.sections.get("schedules", ())]
        self.ids = list(dict.fromkeys(judge.rule.id for _, judge in self._versions))
        self._waivers = self._usable_waivers(waivers)

    # ---------------------------------------------------------------- periods
    def periods(self, first: date, last: date) -> Iterator[tuple[Judge, str]]:
        """Every schedule's periods with a day from ``first`` to ``last``, each under the version in force at its end."""
        for identity in self.ids:
            found = [(judge, name) for version, judge in self._versions if judge.rule.id == identity for name in _of(version, judge.rule, first, last)]
            yield from sorted(found, key=lambda one: next_start(one[1]))

    def _judge_of(self, identity: str, period: str) -> Judge | None:
        """The schedule as the version in force at the period's end has it."""
        return next((judge for version, judge in self._versions if judge.rule.id == identity and _in_force(version, judge.rule, period)), None)

    # ---------------------------------------------------------------- the register
    def take(self, filings: list[Filing], first: date, last: date) -> None:
        """Every row finds its period, or is told why it finds none."""
        for filing in filings:
            place = self._place(filing)
            if place is None:
                self.rows["set_aside"] += 1
            elif filing.at is NOT_YET:
                self.rows["not_yet"] += 1
            else:
                self._file(filing, *place, first, last)

    def _place(self, filing: Filing) -> tuple[Judge, str] | None:
        """The schedule and period a row stands for; None, with a finding, where it stands for none or that cannot be told."""
        schedule, period = filing.schedule, filing.period
        if filing.blank:
            self._say(filing, "blank", Text("the row is blank", "该行为空"))
        elif schedule is not None and schedule not in self.ids:
            hint = nearest(schedule, self.ids)
            more = Text(" ({h})", "（{h}）").filled(h=hint) if hint is not None else Text("", "")
            self._say(filing, "unknown_schedule", Text(f"the policy has no schedule '{schedule}'", f"制度没有定期义务“{schedule}”") + more)
        elif schedule is None or period is None:
            self._doubt(filing, Text("which schedule or period it is for cannot be read", "无法读取其所属的义务或期间"))
        elif (judge := self._judge_of(schedule, period)) is None:
            self._no_such_period(filing, schedule, period)
        elif filing.at is None:
            self._doubt(filing, Text("when it was done cannot be read", "无法读取完成时间"))
        else:
            return judge, period
        return None

    def _no_such_period(self, filing: Filing, schedule: str, period: str) -> None:
        kinds = {judge.rule.period for _, judge in self._versions if judge.rule.id == schedule}
        if kind_of(period) in kinds:
            self._say(filing, "not_in_force", Text(f"'{schedule}' is not in force at the end of {period}", f"“{schedule}”在{period}期末未施行"))
            return
        written = ", ".join(_WRITTEN[kind] for kind in sorted(kinds))
        why = Text(f"'{schedule}' has no period '{period}' (write it as {written})", f"“{schedule}”没有期间“{period}”（请写作 {written}）")
        # It stands for one of its periods, though nobody knows which.
        self._doubt(Filing(filing.row, schedule, None, filing.at), why)

    def _doubt(self, filing: Filing, why: Text) -> None:
        """A row that may stand for something: where it would make a difference, the outcome is not decided."""
        self.doubtful.append(filing)
        self._say(filing, "unusable", why)

    def _say(self, filing: Filing, code: str, message: Text) -> None:
        self.findings.append(RegisterFinding(filing.row, code, message))

    def _file(self, filing: Filing, judge: Judge, period: str, first: date, last: date) -> None:
        rule, key = judge.rule, (judge.rule.id, period)
        assert self.filed is not None
        if _too_early(filing.at, begins(rule, period, self.zone)):
            self.rows["set_aside"] += 1
            said = Text("{r}, {p}: done before its time began, so it does not count", "{r}（{p}）：完成于起算之前，不予计入")
            self._say(filing, "before_its_time", said.filled(r=rule.id, p=period_text(period)))
            return
        earlier = self.filed.get(key)
        looked_at = first_day(period) <= last and next_start(period) > first
        if earlier is not None:
            self.rows["set_aside"] += 1
            said = Text("{r}, {p}: done more than once; the earliest counts", "{r}（{p}）：重复登记，以最早一次为准")
            self._say(filing, "twice", said.filled(r=rule.id, p=period_text(period)))
        else:
            self.rows["counted" if looked_at else "elsewhere"] += 1
        self.filed[key] = filing.at if earlier is None else moments.earliest([earlier, filing.at])

    def _done(self, rule: Schedule, period: str) -> Any:
        """When a period's duty was done, with all it may be where rows cannot be read."""
        if self.filed is None:
            return NO_REGISTER
        known = self.filed.get((rule.id, period), NOT_YET)
        perhaps = [f for f in self.doubtful if f.schedule in (None, rule.id) and f.period in (None, period) and f.at is not NOT_YET]
        start = begins(rule, period, self.zone) if perhaps else self.as_of
        perhaps = [f for f in perhaps if (start < self.as_of if f.at is None else not _too_early(f.at, start))]
        if not perhaps:
            return known
        known = _nameless(known)
        missing = frozenset[str]().union(*(f.unread for f in perhaps))
        if any(f.at is None for f in perhaps):
            return moments.earliest([known, Maybe(None, missing)]) if known is not NOT_YET else Maybe(None, missing)
        # Of all it may be, only the earliest and the latest make a difference.
        ends = sorted((_nameless(f.at) for f in perhaps), key=lambda at: at.low if at.__class__ is Interval else at)
        return moments.earliest([known, Maybe((NOT_YET, ends[0], ends[-1]), missing)])

    # ---------------------------------------------------------------- results
    def result(self, judge: Judge, period: str) -> ScheduleResult:
        rule = judge.rule
        figures = {name: figure_value(self.audit, name, self._measures.get(name, ""), period, self.as_of, self.zone) for name in rule.figures()}
        waivers = {rule.id: held} if (held := self._waivers.get((rule.id, period))) is not None else {}
        return judge.result(period, self._done(rule, period), figures, self.as_of, waivers)

    def next_due(self, today: date) -> Iterator[ScheduleResult]:
        """Of each schedule the first period that is still to be done in time, soonest first."""
        found: list[tuple[datetime, ScheduleResult]] = []
        for identity in self.ids:
            ahead = [one for one in map(self._open, self._around(identity, today)) if one is not None]
            if ahead:
                found.append(min(ahead, key=lambda one: one[0]))
        yield from (result for _, result in sorted(found, key=lambda one: one[0]))

    def _around(self, identity: str, today: date) -> Iterator[ScheduleResult]:
        """The periods from the last one whose time is over to the one after the running one."""
        for version, judge in self._versions:
            if judge.rule.id != identity:
                continue
            name = period_of(next_start(period_of(today, judge.rule.period)), judge.rule.period)
            for _ in range(_FARTHEST):
                if _in_force(version, judge.rule, name):
                    result = self.result(judge, name)
                    yield result
                    due = highest(result.due)
                    if due is not None and due < self.as_of:
                        break
                if first_day(name) < version.start:
                    break
                name = period_of(first_day(name) - timedelta(days=1), judge.rule.period)

    def _open(self, result: ScheduleResult) -> tuple[datetime, ScheduleResult] | None:
        due = lowest(result.due)
        undecided = result.outcome == INDETERMINATE and (result.possible is None or PENDING in result.possible or result.would_be == PENDING)
        if due is None or due < self.as_of or not (result.outcome == PENDING or undecided):
            return None
        return due, result

    # ---------------------------------------------------------------- waivers
    def _usable_waivers(self, waivers: Any) -> dict[tuple[str, str], Waived]:
        """Waivers that name a schedule and periods in place of records."""
        given = waivers if hasattr(waivers, "waivers") else self.policy.read_waivers(list(waivers)) if waivers else None
        held: dict[tuple[str, str], Waived] = {}
        for waiver in given.waivers if given is not None else ():
            if waiver.rule not in self.ids:
                continue
            why = waiver.fault
            if why is None and waiver.test is not None:
                why = Text("a schedule is waived for periods, by their names", "定期义务的豁免须写明期间")
            if why is None and not waiver.holds_at(self.as_of):
                why = Text("not in force at this moment", "该时刻未生效或已过期")
            if why is not None:
                said = Text("waiver of {r} ignored: {w}", "{r}的豁免未被采用：{w}").filled(r=waiver.rule, w=why)
                self.findings.append(RegisterFinding(None, "waiver_ignored", said))
                continue
            held |= {(waiver.rule, period): Waived(waiver.rule, waiver.by, waiver.reason) for period in waiver.ids}
        return held


def _of(version: Any, rule: Schedule, first: date, last: date) -> Iterator[str]:
    # A period that began under the version before may end under this one.
    day = max(first, first_day(period_of(version.start, rule.period)))
    while day <= last and (version.until is None or day < version.until):
        name = period_of(day, rule.period)
        if _in_force(version, rule, name):
            yield name
        day = next_start(name)


def _in_force(version: Any, rule: Schedule, period: str) -> bool:
    """Whether a version is in force on the last day of a period of a schedule's own kind."""
    if kind_of(period) != rule.period:
        return False
    end = next_start(period) - timedelta(days=1)
    return bool(version.start <= end and (version.until is None or end < version.until))


def _nameless(at: Any) -> Any:
    """What is missing of a row in doubt is what cannot be read of it, not the hour of a day that can."""
    return Interval(at.low, at.high, frozenset()) if at.__class__ is Interval else at


def _too_early(at: Any, start: datetime) -> bool:
    """Whether something was surely done before its time began; the end of a day is still that day."""
    latest = at.high if at.__class__ is Interval else at
    return bool(latest <= start if isinstance(start, DayEnd) else latest < start)
