"""Auto repair: kilometres from odometer readings, repairs of one fault, days in the shop.

What YAML cannot say of a car's history: compare one visit with the next, put codes that were typed differently together, count overlapping jobs once and
round each stay by itself.  A policy that says ``plugins: [auto_repair]`` keeps the visits in the event log::

    events: [{at: 2026-03-02T09:00, kind: visit, out_at: 2026-03-04T17:00, odometer: 41200, fault_code: P0301, part: ignition coil}]

Nothing is guessed: a visit that cannot be read, readings that fall, a fault that cannot be compared leave what rests on them unknown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import Any, Final

from complaint_policy.contributed import DerivedFact, Settings
from complaint_policy.fields import EntryKind, Field
from complaint_policy.plugins.hookspecs import hookimpl
from complaint_policy.plugins.industries.stretches import Stretch, length, normalised, together, without
from complaint_policy.texts import Text
from complaint_policy.versions import library_version

__all__ = ["complaint_policy_facts", "complaint_policy_record_fields", "complaint_policy_settings"]

version: Final = library_version
Entries = Sequence[Mapping[str, Any]]
_DAY: Final = timedelta(days=1)
_LONGEST: Final = 100_000  # days of a warranty: more is a slip of the keyboard


# --------------------------------------------------------------------------- kilometres
def _readings(visits: Entries, readings: Entries) -> list[tuple[datetime, int]]:
    """When the odometer was read, and what it showed, in order of time."""
    return sorted((entry["at"], entry["odometer"]) for entry in (*visits, *readings) if entry["odometer"] is not None)


def odometer_rolled_back(visits: Entries, readings: Entries) -> bool:
    """Whether a later reading is below an earlier one."""
    found = _readings(visits, readings)
    return any(later < earlier for (_, earlier), (_, later) in pairwise(found))


def _around(found: list[tuple[datetime, int]], at: datetime) -> tuple[tuple[datetime, int] | None, tuple[datetime, int] | None]:
    """The last reading up to a moment, and the first from it on."""
    before = [reading for reading in found if reading[0] <= at]
    after = [reading for reading in found if reading[0] >= at]
    return (before[-1] if before else None), (after[0] if after else None)


def _rising(visits: Entries, readings: Entries) -> list[tuple[datetime, int]]:
    """No readings where they fall: none of them can be believed."""
    return [] if odometer_rolled_back(visits, readings) else _readings(visits, readings)


def km_at_least(visits: Entries, readings: Entries, since: datetime, at: datetime) -> int | None:
    """Kilometres that were certainly driven from the hand-over to the complaint."""
    found = _rising(visits, readings)
    first, last = _around(found, since)[1], _around(found, at)[0]
    return None if first is None or last is None else max(0, last[1] - first[1])


def km_at_most(visits: Entries, readings: Entries, since: datetime, at: datetime) -> int | None:
    """Kilometres that cannot have been exceeded from the hand-over to the complaint."""
    found = _rising(visits, readings)
    first, last = _around(found, since)[0], _around(found, at)[1]
    return None if first is None or last is None else max(0, last[1] - first[1])


def km_estimated(visits: Entries, readings: Entries, since: datetime, at: datetime) -> int | None:
    """Kilometres from the hand-over to the complaint, each read off the straight line between the readings around it, to the whole kilometre (half up)."""
    found = _rising(visits, readings)
    ends = [_between(*_around(found, moment), moment) for moment in (since, at)]
    if ends[0] is None or ends[1] is None:
        return None
    return max(0, floor(ends[1] - ends[0] + Fraction(1, 2)))


def _between(before: tuple[datetime, int] | None, after: tuple[datetime, int] | None, at: datetime) -> Fraction | None:
    if before is None or after is None:
        return None
    if before[0] == after[0]:
        return Fraction(before[1])
    share = Fraction((at - before[0]) // timedelta.resolution, (after[0] - before[0]) // timedelta.resolution)
    return before[1] + share * (after[1] - before[1])


# --------------------------------------------------------------------------- one fault, several repairs
def _same(visit: Mapping[str, Any], code: str | None, part: str | None) -> bool | None:
    """Whether a visit was for that fault or item; ``None`` where one states only a code and the other only a part."""
    own = normalised(visit["fault_code"]), normalised(visit["part"])
    if own == (None, None):
        return False  # a visit for no fault: maintenance
    pairs = [(a, b) for a, b in zip(own, (code, part), strict=True) if a is not None and b is not None]
    return any(a == b for a, b in pairs) if pairs else None


def _of_the_fault(visits: Entries, fault_code: str | None, fault_part: str | None, until: datetime) -> list[Mapping[str, Any]] | None:
    """The repairs of the fault complained of that were done by then, the last first; ``None`` where that cannot be told."""
    code, part = normalised(fault_code), normalised(fault_part)
    if code is None and part is None:
        return None
    done = [visit for visit in visits if visit["out_at"] is not None and visit["out_at"] <= until]
    same = [_same(visit, code, part) for visit in done]
    if None in same:
        return None
    return sorted((visit for visit, is_same in zip(done, same, strict=True) if is_same), key=lambda visit: visit["out_at"], reverse=True)


def repeated_repairs(
    visits: Entries, received: datetime, fault_code: str | None, fault_part: str | None, odometer_now: int | None, *, settings: Mapping[str, Any]
) -> int | None:
    """How many repairs of the fault there were, each within the warranty of the one before, and the complaint within that of the last."""
    repairs = _of_the_fault(visits, fault_code, fault_part, received)
    if repairs is None:
        return None
    count, again, odometer = 0, received, odometer_now
    for visit in repairs:
        covered = _covered(visit, again, odometer, settings)
        if covered is None:
            return None
        if not covered:
            break
        count, again, odometer = count + 1, visit["at"], visit["odometer"]
    return count


def _covered(visit: Mapping[str, Any], again: datetime, odometer: int | None, settings: Mapping[str, Any]) -> bool | None:
    """Whether what came back at ``again`` came back within the warranty of that visit: by its last day, and its last kilometre."""
    days = max(settings["least_warranty_days"] or 0, visit["warranty_days"] or 0)
    kilometres = max(settings["least_warranty_km"] or 0, visit["warranty_km"] or 0)
    if not 0 < days <= _LONGEST or kilometres <= 0:
        return None  # nobody says what was given
    if again.date() > (visit["out_at"] + days * _DAY).date():
        return False
    if odometer is None or visit["odometer"] is None or odometer < visit["odometer"]:
        return None
    return bool(odometer - visit["odometer"] <= kilometres)


def item_warranty_from(visits: Entries, received: datetime, fault_code: str | None, fault_part: str | None, handed_over: datetime) -> datetime | None:
    """When the warranty of the item complained of began: the return from its last repair, else the hand-over."""
    repairs = _of_the_fault(visits, fault_code, fault_part, received)
    if repairs is None:
        return None
    return max(handed_over, repairs[0]["out_at"]) if repairs else handed_over


def most_repairs_of_one_fault(visits: Entries) -> int:
    """The largest number of visits for one fault code."""
    return _most(visit["fault_code"] for visit in visits)


def most_changes_of_one_assembly(visits: Entries) -> int:
    """The largest number of times one assembly was changed."""
    return _most(visit["assembly_changed"] for visit in visits)


def _most(texts: Iterable[Any]) -> int:
    counted = Counter(name for text in texts if (name := normalised(text)) is not None)
    return max(counted.values(), default=0)


# --------------------------------------------------------------------------- days in the shop
def days_in_shop(visits: Entries, transport: tuple[tuple[datetime, datetime | None], ...] | None, as_of: datetime) -> int | None:
    """Days in repair: overlapping visits are one stay, transport is taken out, then each stay in days of 24 hours, a part of one being a whole."""
    if any(visit["out_at"] is not None and visit["out_at"] < visit["at"] for visit in visits):
        return None
    stays = together((visit["at"], visit["out_at"] or as_of) for visit in visits)
    taken = together((low, high or as_of) for low, high in transport or ())
    return sum(_whole_days(stay, taken) for stay in stays)


def _whole_days(stay: Stretch, taken: list[Stretch]) -> int:
    return -(-length(without([stay], taken)) // _DAY)


# --------------------------------------------------------------------------- hooks
_VISIT: Final = EntryKind(
    "visit",
    Text("Visit to the shop", "进厂维修"),
    (
        Field("out_at", "event", Text("Given back", "交付时间"), empty="not_yet"),
        Field("odometer", "integer", Text("Odometer", "里程表读数"), unit="km"),
        Field("fault_code", "string", Text("Fault code", "故障码")),
        Field("part", "string", Text("Item or part repaired", "维修项目或零件")),
        Field("assembly_changed", "string", Text("Assembly changed", "更换的总成")),
        Field("warranty_days", "integer", Text("Days of warranty given", "承诺的质量保证天数"), unit="days"),
        Field("warranty_km", "integer", Text("Kilometres of warranty given", "承诺的质量保证里程"), unit="km"),
    ),
)
_READING: Final = EntryKind(
    "odometer_reading", Text("Odometer read", "里程表读数记录"), (Field("odometer", "integer", Text("Odometer", "里程表读数"), unit="km"),)
)
_LOG: Final = ("event:visit", "event:odometer_reading")


@hookimpl
def complaint_policy_record_fields() -> list[Field | EntryKind]:
    return [
        _VISIT,
        _READING,
        Field("handed_over_at", "event", Text("Handed over after completion", "竣工出厂时间"), empty="not_yet"),
        Field("fault_code", "string", Text("Fault code complained of", "投诉的故障码"), empty="none"),
        Field("fault_part", "string", Text("Item or part complained of", "投诉的维修项目或零件"), empty="none"),
        Field("odometer_now", "integer", Text("Odometer at the complaint", "投诉时里程表读数"), unit="km"),
        Field("parts_transport", "intervals", Text("Transport and rescue travel, not counted", "不计入的运输及路途时间"), empty="none"),
    ]


@hookimpl
def complaint_policy_settings() -> list[Settings]:
    return [
        Settings(
            key="auto_repair",
            title=Text("Warranty of a repair", "维修质量保证"),
            fields=(
                Field("least_warranty_days", "integer", Text("Days of warranty at least", "质量保证最少天数"), unit="days", empty="none"),
                Field("least_warranty_km", "integer", Text("Kilometres of warranty at least", "质量保证最少里程"), unit="km", empty="none"),
            ),
        )
    ]


@hookimpl
def complaint_policy_facts() -> list[DerivedFact]:
    driven = (*_LOG, "handed_over_at", "received_at")
    fault = ("fault_code", "fault_part")
    return [
        DerivedFact(
            name="odometer_rolled_back", kind="boolean", title=Text("Odometer rolled back", "里程表读数回退"), reads=_LOG, function=odometer_rolled_back
        ),
        DerivedFact(
            name="km_at_least", kind="integer", unit="km", title=Text("Kilometres at least", "行驶里程下限"), reads=driven, function=km_at_least
        ),
        DerivedFact(name="km_at_most", kind="integer", unit="km", title=Text("Kilometres at most", "行驶里程上限"), reads=driven, function=km_at_most),
        DerivedFact(
            name="km_estimated",
            kind="integer",
            unit="km",
            title=Text("Kilometres, estimated between readings", "按读数插值估算的行驶里程"),
            reads=driven,
            function=km_estimated,
        ),
        DerivedFact(
            name="repeated_repairs",
            kind="integer",
            unit="times",
            title=Text("Repairs of the fault, each within the warranty of the one before", "保证期内同一故障的维修次数"),
            reads=("event:visit", "received_at", *fault, "odometer_now"),
            optional=(*fault, "odometer_now"),
            settings="auto_repair",
            function=repeated_repairs,
        ),
        DerivedFact(
            name="item_warranty_from",
            kind="instant",
            title=Text("Start of the item's warranty", "该维修项目质量保证期起算时间"),
            reads=("event:visit", "received_at", *fault, "handed_over_at"),
            optional=fault,
            function=item_warranty_from,
        ),
        DerivedFact(
            name="most_repairs_of_one_fault",
            kind="integer",
            unit="times",
            title=Text("Most repairs of one fault", "同一故障的最多修理次数"),
            reads=("event:visit",),
            function=most_repairs_of_one_fault,
        ),
        DerivedFact(
            name="most_changes_of_one_assembly",
            kind="integer",
            unit="times",
            title=Text("Most changes of one assembly", "同一总成的最多更换次数"),
            reads=("event:visit",),
            function=most_changes_of_one_assembly,
        ),
        DerivedFact(
            name="days_in_shop",
            kind="integer",
            unit="days",
            title=Text("Days in the shop", "累计修理天数"),
            reads=("event:visit", "parts_transport", "as_of"),
            optional=("parts_transport",),
            function=days_in_shop,
        ),
    ]
