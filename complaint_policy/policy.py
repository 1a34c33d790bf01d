"""A policy: its versions in order of date, and the judging of records by the one in force."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve, frozen

from complaint_policy.coerce import Unusable, is_empty, local_day, read_moment
from complaint_policy.compiled import CompiledVersion
from complaint_policy.decision import Decision, Origin, judged_decision
from complaint_policy.errors import RecordError, UsageError
from complaint_policy.event_log import Log
from complaint_policy.exactness import exactly
from complaint_policy.fields import Field
from complaint_policy.findings import Finding
from complaint_policy.frame import Transition
from complaint_policy.intake import Spoilt, getter_of, snapshot
from complaint_policy.kinds import RuleKind
from complaint_policy.model import PolicyModel, fields_below
from complaint_policy.normalising import Normalised, normalisers_of
from complaint_policy.possible import MICROSECOND, Interval
from complaint_policy.problems import Problem
from complaint_policy.registry import BUILTIN_KINDS
from complaint_policy.silences import silences
from complaint_policy.texts import Text
from complaint_policy.transitions import Transitions, has_transitions
from complaint_policy.typed import Typed
from complaint_policy.waivers import WaiverSet, chosen
from complaint_policy.zones import Zone, zone_named

if TYPE_CHECKING:
    from complaint_policy.rules.schedules.looked_at import Schedules
    from complaint_policy.rules.schedules.result import ScheduleResult

__all__ = ["Policy", "PolicyVersion"]

# At so many later instants a decision is looked at for a change.
_MOST_CANDIDATES: Final = 128
# Later than any event a record may hold.
_FAR = datetime(9000, 1, 1)


@frozen
class PolicyVersion:
    """One stretch of time in which the policy and all its bases stand still.

    ``effective`` is the day the policy's own file took effect, ``start`` and ``until`` (exclusive)
    bound the days of receipt this version judges.
    """

    model: PolicyModel
    start: date
    until: date | None

    @property
    def effective(self) -> date:
        return self.model.effective


class Policy:
    """An immutable policy; safe to share between threads, and picklable."""

    def __init__(self, versions: tuple[PolicyVersion, ...], kinds: tuple[RuleKind, ...] = BUILTIN_KINDS) -> None:
        self._versions = versions
        self._kinds = kinds
        self._compiled: dict[int, CompiledVersion] = {}
        self._starts = [v.start.toordinal() for v in versions]
        last = versions[-1].model
        self._zone = zone_named(last.timezone)
        self._ordinary: Callable[[dict[str, Any], Any], Decision | None] = self._first
        self._typed: Typed | None = None
        # Of the plugins the newest version names; what they change is no record that the straight line has seen.
        self.normalisers = normalisers_of(last)
        if self.normalisers is not None:
            self._ordinary = _never
        self._transitions = Transitions(versions, self._zone) if has_transitions(versions) else None

    def __reduce__(self) -> tuple[Any, ...]:
        if self._kinds == BUILTIN_KINDS:
            return (Policy, (self._versions,))
        return (Policy, (self._versions, self._kinds))

    def __repr__(self) -> str:
        return f"Policy({self.id!r}, {[v.start.isoformat() for v in self._versions]})"

    # ---------------------------------------------------------------- what it is
    @property
    def id(self) -> str:
        return self._versions[-1].model.id

    @property
    def title(self) -> Text:
        return self._versions[-1].model.title

    @property
    def versions(self) -> tuple[PolicyVersion, ...]:
        return self._versions

    @property
    def zone(self) -> Zone:
        """The time zone naive times are read in and results are given in."""
        return self._zone

    @property
    def currency(self) -> str | None:
        return self._versions[-1].model.currency

    @property
    def kinds(self) -> tuple[RuleKind, ...]:
        return self._kinds

    @property
    def fields(self) -> tuple[Field, ...]:
        """The declared and core fields of the latest version, for building forms."""
        return tuple(self._versions[-1].model.fields.values())

    @property
    def digest(self) -> str:
        """A digest over the meaning of the latest version, its bases, calendars and time zones: not over its layout."""
        return self.compiled(self._versions[-1]).digest

    def requires(self, event: str) -> tuple[str, ...]:
        """The fields that the latest version's requirements before an event look at, in order."""
        model = self._versions[-1].model
        self._event(event)
        found: dict[str, None] = {}
        for rule in model.section("requirements"):
            if rule.event == event:
                for part in (rule.when, rule.require):
                    found.update(dict.fromkeys(fields_below(part, model)))
        return tuple(found)

    def _event(self, event: str) -> None:
        declared = self._versions[-1].model.fields.get(event)
        if declared is None or declared.type != "event":
            raise UsageError(Text(f"'{event}' is not an event of the policy", f"“{event}”不是该制度的事件"))

    def version_on(self, day: date) -> PolicyVersion | None:
        """The version in force on a day of receipt; ``None`` before the first and after the last."""
        index = bisect_right(self._starts, day.toordinal()) - 1
        if index < 0:
            return None
        version = self._versions[index]
        return version if version.until is None or day < version.until else None

    def compiled(self, version: PolicyVersion) -> CompiledVersion:
        """The version, ready to judge; compiled once."""
        key = id(version)
        made = self._compiled.get(key)
        if made is None:
            made = self._compiled.setdefault(key, exactly(CompiledVersion)(version.model, self._kinds))
        return made

    # ---------------------------------------------------------------- judging
    def instant(self, as_of: datetime | str) -> datetime:
        """``as_of`` as a naive UTC instant; a naive time is in the policy's zone, a bare date is refused."""
        try:
            read = read_moment(as_of, self._zone)
        except Unusable as error:
            raise UsageError(Text("as_of: ", "as_of：") + error.reason) from None
        if not isinstance(read, datetime):
            raise UsageError(Text("as_of is a bare date: say the time as well", "as_of 只有日期：请同时写明时间"))
        return read

    def evaluate(
        self,
        record: Any,
        *,
        as_of: datetime | str,
        source_fields: Collection[str] | None = None,
        waivers: WaiverSet | Iterable[Any] = (),
    ) -> Decision:
        """What the policy says of a record at an instant.

        ``record`` is a mapping, or an object with the fields as attributes; it is only read.
        ``as_of`` is required; a naive time is in the policy's zone.
        ``source_fields`` names the fields the record's source knows: any other is unknown.
        ``waivers`` is a list of ``{rule, records, reason, by, at, until}`` or what ``read_waivers`` gave.

        Raises :class:`RecordError` where the record cannot be judged at all (no usable
        ``received_at``, no version in force that day), :class:`UsageError` for a wrong call.
        """
        if record.__class__ is dict and source_fields is None and not waivers:
            judge = self._ordinary  # read first: Python 3.11 looks longer for an attribute it calls
            decision = judge(record, as_of)
            if decision is not None:
                return decision
        instant = self.instant(as_of)
        _check_call(source_fields, waivers)
        if self.normalisers is not None:
            record = record if record.__class__ is Normalised else self.normalisers(record)
            source_fields = None if source_fields is None else frozenset(source_fields) | record.known
        if not waivers:
            decision = self._typed_first(record, as_of, instant, source_fields)
            if decision is not None:
                return decision
        version, transition = self._version_for(record, instant, source_fields)
        compiled = self.compiled(version)
        origin = Origin(self, compiled, source_fields, waivers if isinstance(waivers, WaiverSet) else tuple(waivers), transition=transition)
        held = record if self.normalisers is not None else snapshot(record, compiled.model.fields)
        return judged_decision(origin, held, instant)

    @exactly
    def _first(self, record: dict[str, Any], as_of: Any) -> Decision | None:
        """Makes the straight line of the latest version, then uses it."""
        version = self._versions[-1]
        if self._transitions is not None and self._transitions.moves(len(self._versions) - 1):
            self._ordinary = _never
            return None
        compiled = self.compiled(version)
        maker = Decision, Origin(self, compiled, ordinary=True)
        self._ordinary, self._typed = compiled.straight(version.start, version.until, maker) or (_never, None)
        return self._ordinary(record, as_of)

    def _typed_first(self, record: Any, as_of: Any, instant: datetime, source_fields: Collection[str] | None) -> Decision | None:
        """The decision on a record that is ordinary once its cells, or ``as_of``, are typed."""
        if self._ordinary == self._first:
            self._first({}, instant)
        if self._typed is None or (source_fields is not None and not self._typed.known_to(source_fields)):
            return None
        wall = self._zone.to_wall(instant)
        if source_fields is None and record.__class__ is dict and (as_of.__class__ is not datetime or as_of.tzinfo is not None):
            decision = self._ordinary(record, wall)
            if decision is not None:
                return decision
        typed = self._typed.record(getter_of(record))
        decision = self._ordinary(typed, wall) if typed is not None else None
        if decision is not None:
            decision._record = snapshot(record, self._versions[-1].model.fields)
            if source_fields is not None:
                decision._origin = evolve(decision._origin, source_fields=source_fields)
        return decision

    @exactly
    def judge(self, decision: Decision, trace: list[datetime] | None = None) -> tuple[list[Any], dict[str, Text], list[Finding]]:
        """The general evaluation of a decision: the state, what is unusable, and findings about waivers."""
        origin, compiled, record, instant = decision._origin, decision._compiled, decision._record, decision._as_of
        notes: list[Finding] = []
        held = chosen(self, compiled.model, origin.waivers, record, instant, origin.source_fields, notes) if origin.waivers else None
        unusable: dict[str, Text] = {}
        return compiled.judge(record, instant, origin.source_fields, held, unusable, trace), unusable, notes

    def next_change(self, decision: Decision) -> datetime | None:
        """The earliest later instant (naive UTC) with another decision on the same record, or ``None``.

        Only instants that an open question waits for, events dated in the future and the ends of
        waivers can be one.  Where the decision stays the same at one of them, it may by then wait for others.
        """
        trace: list[datetime] = []
        self.judge(decision, trace)
        before = decision.signature()
        waiting = {*_candidates([*trace, *_future_events(decision)]), *self._waiver_ends(decision)}
        if self._transitions is not None:
            waiting.update(self._transitions.begins_after(decision._as_of))
        now, looked = decision._as_of, 0
        while (instant := min((t for t in waiting if t > now), default=None)) is not None:
            try:
                origin = self._origin_at(decision, instant)
            except RecordError:
                return instant  # from then on nobody can tell which version judges it
            later = judged_decision(origin, decision._record, instant)
            if later.signature() != before:
                return instant
            waiting, now = {t for t in waiting if t > instant}, instant
            # What grows without end by itself, and changes nothing, is not followed for ever.
            if looked < _MOST_CANDIDATES:
                looked, trace = looked + 1, []
                self.judge(later, trace)
                waiting.update(_candidates(trace))
        return None

    def _origin_at(self, decision: Decision, instant: datetime) -> Origin:
        """What a decision was asked with, under the version that judges its record at another instant."""
        if self._transitions is None:
            return decision._origin
        version, transition = self._version_for(decision._record, instant, decision._origin.source_fields)
        return evolve(decision._origin, compiled=self.compiled(version), transition=transition)

    def _waiver_ends(self, decision: Decision) -> Iterable[datetime]:
        waivers = decision._origin.waivers
        if not waivers:
            return
        for waiver in (waivers if isinstance(waivers, WaiverSet) else self.read_waivers(list(waivers))).waivers:
            yield from (end for end in (waiver.at, waiver.until) if end is not None)

    @property
    def transitions(self) -> Transitions | None:
        """What moves complaints from one version to another, where anything does."""
        return self._transitions

    def _version_for(self, record: Any, instant: datetime, source_fields: Collection[str] | None) -> tuple[PolicyVersion, Transition | None]:
        version = self._received_under(record, source_fields)
        if self._transitions is None:
            return version, None
        index, transition = self._transitions.applied(self._versions.index(version), record, instant, source_fields)
        return self._versions[index], transition

    def _received_under(self, record: Any, source_fields: Collection[str] | None) -> PolicyVersion:
        try:
            value = getter_of(record)("received_at")
        except Exception:  # noqa: BLE001  a stranger's object may raise anything
            raise RecordError(Text("the record cannot be read", "无法读取该记录")) from None
        if source_fields is not None and "received_at" not in source_fields:
            value = None
        if value.__class__ is Spoilt and value.failed is not None:
            raise RecordError(value.failed.fault.message, "received_at")
        if is_empty(value) or value.__class__ is Spoilt:
            raise RecordError(Text("received_at is missing: no version can be chosen", "缺少收到投诉时间（received_at），无法确定适用版本"), "received_at")
        declared = self._versions[-1].model.fields["received_at"]
        try:
            day = local_day(value, self._zone, declared.formats)
        except Unusable as error:
            raise RecordError(Text("received_at is unusable: ", "收到投诉时间（received_at）无法使用：") + error.reason, "received_at") from None
        version = self.version_on(day)
        if version is None:
            raise RecordError(next(silence.reason for silence in silences(self._versions) if silence.includes(day)), "received_at")
        return version

    @exactly
    def remarks(self, on: date | None = None) -> tuple[Problem, ...]:
        """Warnings and notes about the policy, by place; ``on`` is the day that what is to be reviewed is held against."""
        from complaint_policy.remarks import remarks_of

        return remarks_of(self, on)

    @exactly
    def read_waivers(self, data: Any, file: str = "<waivers>") -> WaiverSet:
        """Waivers from plain data or YAML text, checked against the policy; raises :class:`WaiverError`."""
        from complaint_policy.waivers import read_waivers

        return read_waivers(self, data, file)

    # ---------------------------------------------------------------- duties that come back
    @exactly
    def schedules(
        self,
        register: Iterable[Any] | None,
        *,
        as_of: datetime | str,
        since: date | str,
        audit: Any = None,
        waivers: WaiverSet | Iterable[Any] = (),
    ) -> Schedules:
        """What the policy's schedules give for every period with a day from ``since`` to ``as_of``.

        ``register``: the rows ``{schedule, period, at}`` of what was done; ``None`` where there is no register, so that
        nobody knows.  ``audit``: what measured the figures that schedules look at (``Policy.audit``); without it they are
        unknown.  ``waivers`` name periods where others name records.

        Raises :class:`UsageError` for a wrong call, :class:`InputError` for a register that is no list of rows.
        """
        from complaint_policy.rules.schedules.looked_at import judged_schedules

        _check_call(None, waivers)
        return judged_schedules(self, register, self.instant(as_of), since, audit, waivers)

    @exactly
    def next_due(self, register: Iterable[Any] | None = None, *, as_of: datetime | str, audit: Any = None) -> tuple[ScheduleResult, ...]:
        """Of each schedule the next period that is due at ``as_of`` or later and, by the register, not done: soonest first."""
        instant = self.instant(as_of)
        return self.schedules(register, as_of=as_of, since=self._zone.to_wall(instant).date(), audit=audit).next_due

    def audit(self, table: Any, *, as_of: datetime | str, **options: Any) -> Any:
        """Judges every record of a table; see :func:`complaint_policy.audit.run_audit`."""
        from complaint_policy.audit import run_audit

        return run_audit(self, table, as_of=as_of, **options)


def _check_call(source_fields: Any, waivers: Any) -> None:
    """A text in place of a list of names would be taken letter by letter."""
    if source_fields is not None and (isinstance(source_fields, (str, bytes)) or not isinstance(source_fields, Collection)):
        raise UsageError(Text("source_fields is a collection of field names", "source_fields 应为字段名的集合"))
    if isinstance(waivers, (str, bytes)) or not isinstance(waivers, (WaiverSet, Iterable)):
        raise UsageError(Text("waivers is a list, or what load_waivers or read_waivers gave", "waivers 应为列表，或 load_waivers、read_waivers 的结果"))


def _never(record: dict[str, Any], as_of: Any) -> None:
    """The policy has no straight line."""


def _candidates(trace: list[datetime]) -> Iterable[datetime]:
    for instant in trace:
        plain = datetime(*instant.timetuple()[:6], instant.microsecond)
        yield plain
        yield plain + MICROSECOND


def _future_events(decision: Decision) -> Iterable[datetime]:
    """Events dated from ``as_of`` on: they will have happened then."""
    compiled, now = decision._compiled, decision._as_of
    state = [None] * len(compiled.slots)
    compiled.intake.read(decision._record, state, _FAR, decision._origin.source_fields, {})
    for slot, name, _, _, _ in compiled.intake.fields:
        value: Any = state[slot]
        found = value.instants() if isinstance(value, Log) else (value,) if compiled.model.fields[name].type == "event" else ()
        for moment in found:
            ends = (moment,) if isinstance(moment, datetime) else (moment.low, moment.high) if isinstance(moment, Interval) else ()
            yield from (end for end in ends if end >= now)
