"""Telecom: outages by month, signal samples, the steps of a number's porting, a bill worked out again.

What YAML cannot say: divide time by the months it falls in, compare the numbers of a list, pair each question of a porting with its answer, add up a
tariff whose steps stand in the record.  A policy that says ``plugins: [telecom]`` has the fields and the entries ``porting_step`` of the event log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any, Final

from complaint_policy.contributed import DerivedFact, Settings
from complaint_policy.fields import EntryKind, Field
from complaint_policy.plugins.hookspecs import hookimpl
from complaint_policy.plugins.industries.stretches import Stretch, amount_of, length, to_the_cent, together, without
from complaint_policy.texts import Text
from complaint_policy.versions import library_version

__all__ = ["complaint_policy_facts", "complaint_policy_record_fields", "complaint_policy_settings"]

version: Final = library_version
Entries = Sequence[Mapping[str, Any]]
Intervals = tuple[tuple[datetime, datetime | None], ...] | None
_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
# Longer than any service lasts: an outage of more months is a mistake in the record.
_MOST_MONTHS: Final = 600


# --------------------------------------------------------------------------- outages
def _by_month(
    outages: Intervals, planned: Intervals, active: datetime | None, ended: datetime | None, as_of: datetime
) -> list[tuple[Stretch, list[Stretch]]] | None:
    """Each calendar month of the policy's time zone with the outages in it: within the service, planned work taken out, overlaps once."""
    zone = as_of.tzinfo
    found = together((low, high or as_of) for low, high in outages or ())
    found = without(found, together((low, high or as_of) for low, high in planned or ()))
    outside = [] if active is None else [(datetime.min.replace(tzinfo=UTC), active.astimezone(UTC))]
    end = min(as_of, ended) if ended is not None else as_of
    found = without(without(found, outside), [(end.astimezone(UTC), datetime.max.replace(tzinfo=UTC))])
    months: list[tuple[Stretch, list[Stretch]]] = []
    while found:
        local = found[0][0].astimezone(zone)
        first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
        following = (first.replace(day=28) + 4 * _DAY).replace(day=1)
        month = (first.astimezone(UTC), following.astimezone(UTC))
        later = without(found, [month])
        months.append((month, without(found, later)))
        found = later
        if len(months) > _MOST_MONTHS:
            return None
    return months


def worst_month_outage_minutes(
    outages: Intervals, planned: Intervals, active: datetime | None, ended: datetime | None, as_of: datetime
) -> int | None:
    """Minutes without service in the month that has the most of them, a minute begun counting."""
    months = _by_month(outages, planned, active, ended, as_of)
    return None if months is None else max((-(-length(inside) // _MINUTE) for _, inside in months), default=0)


def outage_refund(
    outages: Intervals,
    planned: Intervals,
    active: datetime | None,
    ended: datetime | None,
    as_of: datetime,
    rent: Decimal,
    *,
    settings: Mapping[str, Any],
) -> Decimal | None:
    """The month's rent for the time without service: of each month the share of its own real days (``refund_by: day_begun``) or time (``minute``)."""
    months = _by_month(outages, planned, active, ended, as_of)
    if months is None or settings["refund_by"] is None:
        return None
    share = _share_of_days if settings["refund_by"] == "day_begun" else _share_of_time
    return to_the_cent(Fraction(rent) * sum((share(month, inside, as_of) for month, inside in months), Fraction(0)))


def _share_of_days(month: Stretch, inside: list[Stretch], as_of: datetime) -> Fraction:
    zone = as_of.tzinfo
    days = {
        low.astimezone(zone).toordinal() + i
        for low, high in inside
        for i in range((high - timedelta.resolution).astimezone(zone).toordinal() - low.astimezone(zone).toordinal() + 1)
    }
    return Fraction(len(days), month[1].astimezone(zone).toordinal() - month[0].astimezone(zone).toordinal())


def _share_of_time(month: Stretch, inside: list[Stretch], as_of: datetime) -> Fraction:
    return Fraction(length(inside) // timedelta.resolution, (month[1] - month[0]) // timedelta.resolution)


# --------------------------------------------------------------------------- signal
def _levels(samples: tuple[str, ...]) -> list[Decimal] | None:
    """The samples in dBm; ``None`` where one is no number: it is not known how weak it was."""
    found = [amount_of(sample.strip().removesuffix("dBm")) for sample in samples]
    known = [level for level in found if level is not None]
    return sorted(known) if len(known) == len(found) else None


def samples_taken(samples: tuple[str, ...]) -> int | None:
    """How many samples there are."""
    levels = _levels(samples)
    return None if levels is None else len(levels)


def weak_samples(samples: tuple[str, ...], *, settings: Mapping[str, Any]) -> int | None:
    """How many are below the setting ``weak_below_dbm``; at it is not below."""
    levels, limit = _levels(samples), settings["weak_below_dbm"]
    return None if levels is None or limit is None else sum(level < limit for level in levels)


def signal_at_percentile(samples: tuple[str, ...], *, settings: Mapping[str, Any]) -> Decimal | None:
    """The least level that at least ``signal_percentile`` per cent of the samples do not exceed: one that was measured (nearest rank)."""
    levels, percent = _levels(samples), settings["signal_percentile"]
    if not levels or percent is None or not 0 < percent <= 100:
        return None
    rank: int = -(-percent * len(levels) // 100)
    return levels[rank - 1]


# --------------------------------------------------------------------------- number portability
_QUESTIONS: Final = {"eligibility_asked": "losing_operator", "code_asked": "losing_operator", "port_applied": "gaining_operator"}
_ANSWERS: Final = {"eligibility_answered": "eligibility_asked", "code_issued": "code_asked", "ported": "port_applied"}
_STEPS: Final = (*_QUESTIONS, *_ANSWERS, "refused", "withdrawn")


def _questions(steps: Entries) -> list[tuple[str, datetime, datetime | None]] | None:
    """Each question with whoever has to answer it, when it was asked, and when answered; a refusal answers all, a withdrawal ends all."""
    found: list[tuple[str, datetime, datetime | None]] = []
    asked: dict[str, datetime] = {}
    for entry in steps:
        step = entry["step"]
        if step is None:
            return None
        if step in _QUESTIONS:
            asked.setdefault(step, entry["at"])
            continue
        for question in [_ANSWERS[step]] if step in _ANSWERS else list(asked):
            if question in asked:
                found.append((_QUESTIONS[question], asked.pop(question), entry["at"]))
    return [*found, *((_QUESTIONS[question], at, None) for question, at in asked.items())]


def porting_holder(steps: Entries) -> str | None:
    """Who has to act next: the operator with a question that is not answered, else the user; nobody once it is done or withdrawn, or never begun."""
    questions = _questions(steps)
    if questions is None:
        return None
    waiting = {holder for holder, _, answered in questions if answered is None}
    for holder in ("losing_operator", "gaining_operator"):
        if holder in waiting:
            return holder
    return "nobody" if not steps or steps[-1]["step"] in ("ported", "withdrawn") else "user"


def losing_operator_minutes(steps: Entries, as_of: datetime) -> int | None:
    """Minutes in which a question to the losing operator was open, all of them together, a minute begun counting; what is open runs on."""
    questions = _questions(steps)
    if questions is None:
        return None
    return -(-length(together((at, answered or as_of) for holder, at, answered in questions if holder == "losing_operator")) // _MINUTE)


def longest_porting_minutes(steps: Entries, as_of: datetime) -> int | None:
    """Minutes that the question which waited longest, of either operator, waited for its answer."""
    questions = _questions(steps)
    if questions is None:
        return None
    return max((-(-((answered or as_of) - at) // _MINUTE) for _, at, answered in questions), default=0)


# --------------------------------------------------------------------------- bills
def recomputed_bill(usage: Decimal, steps: tuple[str, ...], rent: Decimal | None) -> Decimal | None:
    """What the tariff makes of the usage: the rent, and each unit at the price of its step.

    Steps are written ``100@0.15``: up to and including the hundredth unit 0.15 each; ``*@0.10`` for all that is above.
    """
    total, low = Fraction(rent or 0), Fraction(0)
    for step in steps:
        bound, _, price = step.partition("@")
        above, each = amount_of(bound), amount_of(price)
        if each is None or (above is None and bound.strip() != "*"):
            return None
        high = max(low, Fraction(usage)) if above is None else Fraction(above)
        if high < low or each < 0:
            return None
        total += Fraction(each) * max(Fraction(0), min(high, Fraction(usage)) - low)
        low = high
    return to_the_cent(total) if usage >= 0 and Fraction(usage) <= low else None


def overcharged(bill: Decimal, recomputed: Decimal) -> Decimal:
    """How much the bill is above the tariff, to the cent; below zero where it is less."""
    return (bill - recomputed).quantize(Decimal("0.01"), ROUND_HALF_UP)


# --------------------------------------------------------------------------- hooks
@hookimpl
def complaint_policy_record_fields() -> list[Field | EntryKind]:
    return [
        Field("outages", "intervals", Text("Outages of this customer", "该用户断网时段"), empty="none"),
        Field("planned_maintenance", "intervals", Text("Planned maintenance", "计划内维护时段"), empty="none"),
        Field("activated_at", "event", Text("Service began", "开通时间"), empty="not_yet"),
        Field("terminated_at", "event", Text("Service ended", "销户时间"), empty="not_yet"),
        Field("monthly_rent", "money", Text("Monthly rent", "月租费")),
        Field("signal_samples", "list", Text("Signal levels measured, in dBm", "信号强度采样（dBm）")),
        Field("usage", "number", Text("Units used", "使用量")),
        Field("tariff_steps", "list", Text("Steps of the tariff, as 100@0.15", "阶梯资费（如100@0.15）")),
        Field("bill_amount", "money", Text("Disputed bill", "争议电信费用")),
        EntryKind("porting_step", Text("Step of porting", "携号转网步骤"), (Field("step", "enum", Text("Step", "步骤"), values=_STEPS),)),
    ]


@hookimpl
def complaint_policy_settings() -> list[Settings]:
    fields = (
        Field("weak_below_dbm", "number", Text("A sample below this is weak", "低于该值为弱信号"), empty="none"),
        Field("signal_percentile", "integer", Text("Percentile of the samples", "采样百分位"), empty="none"),
        Field("refund_by", "enum", Text("Rent is given back by", "月租费退还单位"), values=("day_begun", "minute"), empty="none"),
    )
    return [Settings(key="telecom", title=Text("Telecom", "电信"), fields=fields)]


@hookimpl
def complaint_policy_facts() -> list[DerivedFact]:
    service = ("outages", "planned_maintenance", "activated_at", "terminated_at", "as_of")
    maybe = ("outages", "planned_maintenance", "activated_at", "terminated_at")
    steps = ("event:porting_step",)
    return [
        DerivedFact(
            name="worst_month_outage_minutes",
            kind="integer",
            unit="minutes",
            title=Text("Minutes without service in the worst month", "断网最久月份的断网分钟数"),
            reads=service,
            optional=maybe,
            function=worst_month_outage_minutes,
        ),
        DerivedFact(
            name="outage_refund",
            kind="money",
            title=Text("Rent of the time without service", "断网期间月租费"),
            reads=(*service, "monthly_rent"),
            optional=maybe,
            settings="telecom",
            function=outage_refund,
        ),
        DerivedFact(name="samples_taken", kind="integer", title=Text("Samples", "采样数"), reads=("signal_samples",), function=samples_taken),
        DerivedFact(
            name="weak_samples",
            kind="integer",
            title=Text("Weak samples", "弱信号采样数"),
            reads=("signal_samples",),
            settings="telecom",
            function=weak_samples,
        ),
        DerivedFact(
            name="signal_at_percentile",
            kind="number",
            unit="dBm",
            title=Text("Level at the percentile", "百分位信号强度"),
            reads=("signal_samples",),
            settings="telecom",
            function=signal_at_percentile,
        ),
        DerivedFact(
            name="porting_holder",
            kind="enum",
            values=("user", "losing_operator", "gaining_operator", "nobody"),
            title=Text("Who has to act on the porting", "携号转网当前责任方"),
            reads=steps,
            function=porting_holder,
        ),
        DerivedFact(
            name="losing_operator_minutes",
            kind="integer",
            unit="minutes",
            title=Text("Minutes the losing operator took", "携出方用时（分钟）"),
            reads=(*steps, "as_of"),
            function=losing_operator_minutes,
        ),
        DerivedFact(
            name="longest_porting_minutes",
            kind="integer",
            unit="minutes",
            title=Text("Longest wait for an answer, in minutes", "单步最长等待（分钟）"),
            reads=(*steps, "as_of"),
            function=longest_porting_minutes,
        ),
        DerivedFact(
            name="recomputed_bill",
            kind="money",
            title=Text("Bill by the tariff", "按资费重算的费用"),
            reads=("usage", "tariff_steps", "monthly_rent"),
            optional=("monthly_rent",),
            function=recomputed_bill,
        ),
        DerivedFact(
            name="overcharged", kind="money", title=Text("Charged above the tariff", "多收费用"), reads=("bill_amount", "recomputed_bill"), function=overcharged
        ),
    ]
