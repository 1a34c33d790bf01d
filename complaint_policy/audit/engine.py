"""A policy over the columns of a table: what can be decided on columns is, the rest by the record evaluation.

Rows go through up to three tiers.  The first believes what a look at the table suggests (no empty cells where there were none, no act
before its start) and leaves a row that is otherwise; the second believes nothing; what even it leaves (a clock that stands still, an
amount counted from days late) is judged record by record.  All three give the same decisions; they differ in speed alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Final

import polars as pl
from attrs import define, evolve, field

from complaint_policy.audit.columns import DecisionColumns, frame_zone
from complaint_policy.audit.enumerations import level_type, owner_type
from complaint_policy.audit.interfaces import AnyPolicy
from complaint_policy.audit.look import Look, days_between
from complaint_policy.audit.moving import Moving, moving_of
from complaint_policy.audit.portions import portions
from complaint_policy.audit.typed import TypedTable
from complaint_policy.columns.cells import read_cells
from complaint_policy.columns.clock import Clock
from complaint_policy.columns.plan import Ex, Plan, on
from complaint_policy.columns.sheet import Hints, Waiving
from complaint_policy.columns.tabulating import among, worded
from complaint_policy.columns.values import Coded
from complaint_policy.columns.version import OUTCOME, Judged, RuleColumns, Unsupported, judged_version
from complaint_policy.expressions.nodes import fields_in
from complaint_policy.possible import Maybe
from complaint_policy.silences import silences
from complaint_policy.texts import Text
from complaint_policy.waivers import IN_FORCE, WaiverSet

__all__ = ["ROW", "Engine", "remarks"]

ROW: Final = "\x1frow"  # the row's number in the source, beside its columns
LEFT: Final = "\x1fleft"
_DOUBT: Final = 10  # of so many rows one may be other than believed
_BESIDE: Final = timedelta(days=2)
_OLDEST: Final = 75  # years that a complaint may lie back
_KEPT: Final = 8  # compiled tables of one version that are remembered


def remarks(engines: Iterable[Engine]) -> tuple[Text, ...]:
    """What a reader should know of the work: how many records columns could not judge, and what they could not say."""
    listed = list(engines)
    by_record = sum(engine.by_record for engine in listed)
    if not by_record:
        return ()
    words = ", ".join(dict.fromkeys(word for engine in listed for word in engine.notes))
    records = "1 record was judged by itself" if by_record == 1 else f"{by_record:,} records were judged one by one"
    text = Text(f"{records}, hundreds of times more slowly", f"{by_record:,}条记录为逐条判定，速度慢数百倍")
    return (text + Text(f"; no columns for: {words}", f"；以下内容没有列式算法：{words}") if words else text,)


def _beside(day: date, days: timedelta) -> date:
    """A day so many days off, no further than there are days."""
    return date.fromordinal(min(max(day.toordinal() + days.days, 1), date.max.toordinal()))


@define
class _Tier:
    """One version over the table under some beliefs; None where its rules have no columns."""

    judged: Judged | None


@define(eq=False)
class Engine:
    """One policy over tables of one kind; ``as_of`` is naive UTC."""

    policy: AnyPolicy
    table: TypedTable
    shape: DecisionColumns
    as_of: datetime
    waivers: WaiverSet
    look: Look
    schema: Mapping[str, Any]
    closer: Callable[[], Look] | None = None  # a look at all of the table, which is worth it where one at some rows misleads
    notes: dict[str, None] = field(factory=dict)  # what the columns cannot say, in a word
    singly: list[int] = field(factory=lambda: [0])  # records judged one by one, each time the table was gone through
    _tiers: dict[tuple[int, bool], _Tier] = field(factory=dict)
    past: bool = field(init=False)  # whether that is still believed: see Look
    _receipt: Any = None
    _moving: Moving | None = None

    def __attrs_post_init__(self) -> None:
        self.past = self.look.past

    @property
    def by_record(self) -> int:
        """How many records were judged one by one."""
        return max(self.singly)

    def doubts(self, left: int, rows: int) -> bool:
        """Whether so many of the rows were left that it no longer believes that events have happened and floats are numbers; it doubts once."""
        if not self.past or left * _DOUBT < rows:
            return False
        self.past = False
        if self.closer is None:
            self._tiers = {key: tier for key, tier in self._tiers.items() if not key[1]}
        else:
            # Receipts stay as they are read: rows have been told by versions already, and ticks of another clock would be other numbers.
            self.look = self.closer()
            self._tiers.clear()
        return True

    def looks_back(self) -> bool:
        """Whether no time that was seen lies after the moment of judgement."""
        return self._before(self.look.seen).issuperset(name for name, (_, last) in self.look.seen.items() if isinstance(last, datetime))

    @property
    def days(self) -> tuple[date, date]:
        """The days times are expected on."""
        year = self.as_of.year
        if self.look.days is None:
            return date(year - 25, 1, 1), date(year + 5, 12, 31)
        first, last = self.look.days
        # A table of which only some rows are known usually goes on until then.
        return first, max(last, date(year + 1, 12, 31)) if self.look.past and year - first.year < _OLDEST else last

    # ---------------------------------------------------------------- which version
    def receipt(self) -> tuple[Plan, Ex, Ex | None]:
        """The plan that reads ``received_at``, its ticks, and the rows whose receipt columns cannot read."""
        if self._receipt is None:
            source = self.table.sources.get("received_at")
            plan = Plan(prefix="\x1er")
            last = self.policy.versions[-1].model
            clock = Clock(self.policy.zone, *self.days)
            if source is None:
                self._receipt = plan, Ex(pl.lit(None, dtype=pl.Int64)), None, clock
            else:
                cells = read_cells(source, last.fields["received_at"], clock, plan, last.currency, self.as_of, Hints(), "received_at")
                odd = None if "received_at" in self.look.inside else cells.odd
                value = cells.value if cells.value is not None else Ex(pl.lit(None, dtype=pl.Int64))
                self._receipt = plan, value, odd, clock
            if self._moved():
                self._moving = moving_of(self.policy, self.table.sources, self._receipt[3], plan, self.as_of)
                if self._moving is None:
                    self.notes["transition"] = None
        plan, value, odd, _ = self._receipt
        return plan, value, odd

    def routes(self) -> list[pl.Expr]:
        """For each version the rows it judges (of those whose receipt columns can read)."""
        _, received, odd = self.receipt()
        clock: Clock = self._receipt[3]
        found: list[pl.Expr] = []
        moved = self._moved() if self._moving is None else ()
        for index, version in enumerate(self.policy.versions):
            if index in moved:  # left to the record evaluation, which asks each record
                found.append(pl.lit(False))
                continue
            test = received.expr.is_not_null()
            for day, begins in ((version.start, True), (version.until, False)):
                if day is None or (begins and self._begins_after(day)):
                    continue
                ticks = clock.of_utc(self.policy.zone.beginning(day))
                test = test & (received.expr >= ticks if begins else received.expr < ticks)
            if odd is not None:
                test = test & ~odd.expr.fill_null(False)
            if self.table.keeps is not None:
                test = test & self.table.keeps
            found.append(test)
        return found if self._moving is None else self._moving.routes(found)

    def untaken(self) -> pl.Expr | None:
        """Rows with a receipt that no version takes, by the ends of the versions' time; None where a column cannot be asked for that."""
        versions = self.policy.versions
        if self.table.keeps is not None or self._moved():
            return None
        self.receipt()
        clock: Clock = self._receipt[3]
        beginning, first, until = self.policy.zone.beginning, versions[0].start, versions[-1].until
        low = max(clock.lowest, clock.of_utc(beginning(first)))
        high = clock.highest if until is None else min(clock.highest, clock.of_utc(beginning(until)) - 1)
        return self._beyond(clock, low, high)

    def unexpected(self) -> pl.Expr | None:
        """Rows with a receipt on none of the days times are expected on; None where a column cannot be asked for that."""
        self.receipt()
        clock: Clock = self._receipt[3]
        return self._beyond(clock, clock.lowest, clock.highest)

    def silent(self) -> tuple[pl.Expr, pl.Expr] | None:
        """Of rows as :meth:`receipt` reads them the reasons why no version takes them, in English and Chinese; null for any other."""
        _, received, _ = self.receipt()
        clock: Clock = self._receipt[3]
        if self.table.sources.get("received_at") is None:
            return None

        def ticks(day: date) -> int:
            return clock.of_utc(self.policy.zone.beginning(day))

        # Other years are for the record evaluation to read, and so are the days beside a version's where the clock may have been another.
        plain = received.expr.is_between(ticks(date(1900, 1, 1)), ticks(date(2200, 1, 1)), closed="left")
        sure = received.expr.is_between(clock.lowest, clock.highest)
        if self.table.keeps is not None:
            plain = plain & self.table.keeps
        reasons: list[Any] = [pl, pl]
        for silence in silences(self.policy.versions):
            test = plain
            if silence.first is not None:
                test = test & ((sure & (received.expr >= ticks(silence.first))) | (received.expr >= ticks(_beside(silence.first, _BESIDE))))
            if silence.until is not None:
                test = test & ((sure & (received.expr < ticks(silence.until))) | (received.expr < ticks(_beside(silence.until, -_BESIDE))))
            words = silence.reason.en, silence.reason.zh
            reasons = [reason.when(test).then(pl.lit(word)) for reason, word in zip(reasons, words, strict=True)]
        return reasons[0], reasons[1]

    def _beyond(self, clock: Clock, low: int, high: int) -> pl.Expr | None:
        """Receipts before or after two moments, as a test of the source's own column: a file's statistics can tell that there is none."""
        source = self.table.sources.get("received_at")
        if source is None or source.meaning is not None or not source.expr.meta.is_column() or source.kind.base_type() != pl.Datetime:
            return None
        if not clock.steady or source.kind.time_unit == "ns":
            return None
        zoned = source.kind.time_zone is not None
        ends = (clock.to_utc(end) if zoned else clock.to_utc(end + clock.offset) for end in (low, high))
        kind = pl.Datetime("us", source.kind.time_zone)
        below, above = (pl.lit(end.replace(tzinfo=UTC) if zoned else end).cast(kind) for end in ends)
        return (source.expr < below) | (source.expr > above)

    def reaches(self, rows: pl.LazyFrame, collect: Callable[[list[pl.LazyFrame]], list[pl.DataFrame]], *, worth: int = 0) -> bool:
        """Expects times on more days, where more than ``worth`` of some rows are received on others that a version speaks of; whether it does."""
        source, versions = self.table.sources.get("received_at"), self.policy.versions
        if source is None or source.meaning is not None or source.kind.base_type() not in (pl.Datetime, pl.Date):
            return False
        first, last = self.days
        # Years that only a typing error can mean are no reason.
        oldest = max(self.as_of.year - _OLDEST, versions[0].start.year)
        year = source.expr.dt.year()
        apart = year.is_between(oldest, self.as_of.year + 5) & ~year.is_between(first.year, last.year)
        (found,) = collect([rows.filter(apart).select(year.min().alias("first"), year.max().alias("last"), pl.len().alias("rows"))])
        low, high, often = found.row(0)
        days = days_between(min(first, date(low, 1, 1)), max(last, date(high, 1, 1))) if often > worth else None
        if days is None:
            return False
        self.look = evolve(self.look, days=(min(days[0], first), max(days[1], last)))
        self._tiers.clear()
        self._receipt = self._moving = None
        return True

    def _moved(self) -> frozenset[int]:
        """The versions whose complaints a transition may give to another."""
        policy: Any = self.policy
        transitions = getattr(policy, "transitions", None)
        if transitions is None:
            return frozenset()
        return frozenset(index for index in range(len(policy.versions)) if transitions.moves(index, self.as_of))

    def _begins_after(self, day: date) -> bool:
        """Whether every receipt is known to lie after a day."""
        first = self.look.bounds.get("received_at", (None, None))[0]
        return isinstance(first, date) and (first.date() if isinstance(first, datetime) else first) > _beside(day, _BESIDE)

    # ---------------------------------------------------------------- tiers
    def tier(self, version: int, *, hopeful: bool) -> Judged | None:
        """The version over the table; None where it has to be judged record by record."""
        key = (version, hopeful)
        if key not in self._tiers:
            self._tiers[key] = _Tier(self._made(version, hopeful))
        return self._tiers[key].judged

    def is_ready(self, version: int, *, hopeful: bool) -> bool:
        """Whether :meth:`tier` has been asked for it."""
        return (version, hopeful) in self._tiers

    def _made(self, index: int, hopeful: bool) -> Judged | None:
        policy: Any = self.policy
        version = policy.versions[index]
        compiled = policy.compiled(version)
        full = self.look.full if hopeful else frozenset()
        past = hopeful and self.past
        look, numbers = self.look, self.look.numbers if past else frozenset()
        hints = Hints(hopeful, full=full, given=look.given, happened=self._happened(), past=past, numbers=numbers, inside=look.inside, routed=True)
        plain = all(s.meaning is None for s in self.table.sources.values())
        sources = tuple((n, str(s.expr), str(s.kind), s.blank) for n, s in self.table.sources.items())
        plain = plain and not self.waivers and not version.model.plugins
        key = ("judged", sources, self.as_of, self.days, hints, tuple(r.id for r in self.shape.rules)) if plain else None
        kept: dict[Any, Any] = compiled.kept
        if key is not None and key in kept:
            known: tuple[Judged | None, dict[str, None]] = kept[key]
            self.notes.update(known[1])
            return known[0]
        told: dict[str, None] = {}
        try:
            judged: Judged | None = judged_version(
                compiled, self.table.sources, self.as_of, self.days, hints, self.shape.rules, self.shape.minor_digits, self._waived(version.model), portions
            )
            assert judged is not None
            told.update(dict.fromkeys(judged.sheet.reasons))
            if judged.portions is None:  # a portfolio rule without columns: its version is judged record by record
                told["portfolio"] = None
                judged = None
        except Unsupported as error:
            told[str(error)] = None
            judged = None
        self.notes.update(told)
        if key is not None:
            for old in [k for k in kept if isinstance(k, tuple) and k[0] == "judged"][: -_KEPT or None]:
                kept.pop(old, None)
            kept[key] = judged, told
        return judged

    def _happened(self) -> frozenset[str]:
        """The fields whose last time is known to be no later than the moment of judgement."""
        return self._before(self.look.bounds)

    def _before(self, bounds: Mapping[str, tuple[Any, Any]]) -> frozenset[str]:
        zone = self.policy.zone
        found: set[str] = set()
        for name, (_, last) in bounds.items():
            if isinstance(last, datetime):
                last = zone.to_utc(last) if last.tzinfo is None else last.astimezone(UTC).replace(tzinfo=None)
                if last <= self.as_of:
                    found.add(name)
        return frozenset(found)

    def _waived(self, model: Any) -> Waiving:
        """The waivers in force that a version allows, by their numbers."""
        records: dict[int, Any] = {}
        of_rule: dict[str, tuple[int, ...]] = {}
        policy: Any = self.policy
        latest = policy.versions[-1].model.fields
        for number, waiver in enumerate(self.waivers.waivers):
            if waiver.state_at(self.as_of) == IN_FORCE and waiver.allowed_by(model):
                # A condition is read by the latest version's fields.
                apart = waiver.condition is not None and any(model.fields.get(name) != latest[name] for name in fields_in(waiver.condition))
                records[number] = None if apart else waiver.condition if waiver.condition is not None else waiver.ids
                of_rule[waiver.rule] = (*of_rule.get(waiver.rule, ()), number)
        return Waiving(records, of_rule)

    # ---------------------------------------------------------------- columns
    def wanted(self, judged: Judged, version: int, *, inner: bool, extra: Sequence[str]) -> list[pl.Expr]:
        """The columns of the decisions table (``inner``: with those only the summary reads), instants in naive UTC."""
        policy = self.policy
        zone = None if inner else frame_zone(self.shape.zone)
        out: dict[str, pl.Expr] = {"row": pl.col(ROW), "id": judged.id.expr, "status": worded(judged.status, judged.statuses, OUTCOME).expr}
        out["severity"] = judged.severity_level(level_type(policy)).expr
        if inner or "severity.possible" in extra:
            out["severity.possible"] = _possible(judged)
        out["owner"] = judged.owner(owner_type(policy)).expr
        if inner:
            out |= self._undecided(judged, version)
        for rule in self.shape.rules:
            column = judged.rule(rule.id)
            asked = {"missing": inner or "missing" in extra, "without": "without_waiver" in extra}
            out |= _of_rule(judged, rule, column, inner=inner, **asked, zone=zone, digits=self.shape.minor_digits)
        return [expr.alias(name) for name, expr in out.items()]

    def _undecided(self, judged: Judged, version: int) -> dict[str, pl.Expr]:
        out: dict[str, pl.Expr] = {}
        nothing = pl.lit(None, dtype=_NAMES)
        severity, owned = judged.severity, judged.owned
        out["severity.missing"] = nothing
        if severity is not None:
            names = judged.missing(severity, lambda v: tuple(sorted(v.missing)) if isinstance(v, Maybe) else ())
            out["severity.missing"] = judged._in_scope(names).expr
        out["owned"] = pl.lit(False)
        out["owner.missing"] = nothing
        if owned is not None:
            out["owned"] = judged._in_scope(among(owned, lambda o: bool(o.result.owner or o.result.candidates))).expr.fill_null(False)
            out["owner.missing"] = judged._in_scope(judged.missing(owned, lambda o: () if o.result.owner else o.result.missing)).expr
        out["version"] = pl.lit(self.policy.versions[version].model.effective.isoformat())
        marks = [mark.expr for mark in judged.waiver_marks()]
        out["waivers"] = nothing
        if marks:
            listed = pl.concat_list(marks).list.drop_nulls()
            out["waivers"] = pl.when(listed.list.len() > 0).then(listed)
        bad = [pl.when(b.expr).then(pl.lit(n)) for n, b in judged.sheet.bad.items() if n in judged.sheet.used]
        if bad:
            listed = pl.concat_list(bad).list.drop_nulls()
            out["unusable"] = pl.when(listed.list.len() > 0).then(listed)
        else:
            out["unusable"] = nothing
        return out


_NAMES: Final = pl.List(pl.String)


def _possible(judged: Judged) -> pl.Expr:
    if judged.severity is None:
        return pl.lit(None, dtype=_NAMES)
    return judged._in_scope(judged.missing(judged.severity, judged.severity_names)).expr


def _of_rule(
    judged: Judged, rule: Any, column: RuleColumns | None, *, inner: bool, missing: bool, without: bool, zone: str | None, digits: int
) -> dict[str, pl.Expr]:
    out: dict[str, pl.Expr] = {}

    def put(name: str, kind: Any, make: Callable[[RuleColumns], Ex]) -> None:
        out[f"{rule.id}.{name}"] = pl.lit(None, dtype=kind) if column is None else make(column).expr

    if rule.judged:
        put("outcome", OUTCOME, judged.outcome)
        if missing:
            put("missing", _NAMES, lambda c: judged.missing(c.coded, lambda r: r.missing))
        if rule.waivable and (inner or without):
            put("without_waiver", OUTCOME, judged.without_waiver)
    if rule.kind == "deadline":
        put("due_at", pl.Datetime("us", zone), lambda c: judged.due_at(c, zone))
        if inner:
            late = judged.lateness(column) if column is not None else None
            put("over_by", pl.Duration("us"), lambda c: on(lambda o: o.cast(pl.Duration("us")), late[0] if late else Ex(pl.lit(None))))
            put("open", pl.Boolean, lambda c: late[1] if late else Ex(pl.lit(False)))
            if column is None:
                out[f"{rule.id}.open"] = pl.lit(False)
    if rule.repeated:
        put("breaches", pl.Int64, judged.breaches)
    if rule.kind == "penalty":
        put("amount", pl.Decimal(38, digits), lambda c: judged.amount(c))
        if inner:
            for part in ("min", "max"):
                put(part, pl.Decimal(38, digits), partial(judged.amount, part=part))
            put("state", pl.String, lambda c: on(lambda e: e, _states(c.coded)))
    return out


def _states(coded: Coded) -> Ex:
    from complaint_policy.columns.tabulating import lookup

    return lookup(coded, [None if p is None else p.state for p in coded.domain], pl.String)
