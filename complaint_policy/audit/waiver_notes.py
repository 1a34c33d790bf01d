"""What became of the waivers handed to an audit: used, unused, expired or unusable; and what was waived would be without them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from complaint_policy.audit.sections import Cell, Section
from complaint_policy.outcomes import OUTCOME_TEXTS, STATUS_ORDER
from complaint_policy.problems import Place
from complaint_policy.texts import Text
from complaint_policy.waivers import EXPIRED, IN_FORCE, NOT_YET, UNUSABLE, WaiverSet

if TYPE_CHECKING:
    from complaint_policy.audit.summary import Summary

__all__ = ["WaiverUse", "uses_of", "waived_of", "waiver_sections"]

USED: Final = "used"
UNUSED: Final = "unused"
_MOMENT: Final = timedelta(microseconds=1)
_STATES: Final = {
    USED: Text("used", "已采用"),
    UNUSED: Text("unused: it names no record", "未采用：未涉及任何记录"),
    EXPIRED: Text("expired", "已过期"),
    NOT_YET: Text("not yet in force", "尚未生效"),
    UNUSABLE: Text("unusable", "不可用"),
}


@frozen
class WaiverUse:
    """One waiver: ``records`` are those it names, of ``ids`` written (None: a condition); ``state`` says what became of it."""

    rule: str
    by: str
    reason: Text
    at: datetime | None
    until: datetime | None
    ids: int | None
    state: str
    records: int
    fault: Text | None
    place: Place

    def to_dict(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "by": self.by,
            "reason": self.reason.to_dict(),
            "at": self.at.isoformat() if self.at is not None else None,
            "until": self.until.isoformat() if self.until is not None else None,
            "ids": self.ids,
            "state": self.state,
            "records": self.records,
            "fault": self.fault.to_dict() if self.fault is not None else None,
            "place": str(self.place),
        }


def uses_of(waivers: WaiverSet, marks: Mapping[str, int], zone: Any, instant: datetime) -> tuple[WaiverUse, ...]:
    """The waivers in their order, with what was counted of them; ``instant`` is naive UTC."""
    found: list[WaiverUse] = []
    for number, waiver in enumerate(waivers.waivers):
        records, state = marks.get(str(number), 0), waiver.state_at(instant)
        if state == IN_FORCE:
            state = USED if records else UNUSED
        at, until = (zone.to_aware(moment) if moment is not None else None for moment in (waiver.at, waiver.until))
        ids = len(waiver.ids) if waiver.condition is None else None
        found.append(WaiverUse(waiver.rule, waiver.by, waiver.reason, at, until, ids, state, records, waiver.fault, waiver.place))
    return tuple(found)


def waived_of(marks: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """By rule what its waived outcomes would be without the waiver."""
    found: dict[str, dict[str, int]] = {}
    for mark in sorted(marks):
        rule, sign, outcome = mark.partition("=")
        if sign and marks[mark]:
            found.setdefault(rule, {})[outcome] = marks[mark]
    return {rule: {o: counts[o] for o in STATUS_ORDER if o in counts} for rule, counts in found.items()}


# --------------------------------------------------------------------------- sections
def waiver_sections(summary: Summary) -> tuple[Section, ...]:
    """The waivers, and what they turned."""
    rows = tuple((use.rule, use.by, _day(use.until), _records(use), _state(use)) for use in summary.waivers)
    columns = (Text("rule", "规则"), Text("approved by", "批准人"), Text("until", "有效至"), Text("records", "记录数"), Text("state", "状态"))
    listed = Section("waivers", Text("Waivers", "豁免"), columns, rows)
    outcomes = [o for o in STATUS_ORDER if any(o in counts for counts in summary.waived.values())]
    turned: list[tuple[Cell, ...]] = [(rule, *[counts.get(o, 0) for o in outcomes]) for rule, counts in summary.waived.items()]
    heads = (Text("rule", "规则"), *(OUTCOME_TEXTS[o] for o in outcomes))
    without = Section("waived", Text("Waived; without the waiver", "已豁免；若无豁免"), heads, tuple(turned))
    return listed, without


def _day(until: datetime | None) -> str | None:
    """A waiver that ends with a day shows that day."""
    if until is None:
        return None
    last = until - _MOMENT
    return last.date().isoformat() if until.hour == until.minute == until.second == 0 else until.isoformat(sep=" ", timespec="minutes")[:16]


def _records(use: WaiverUse) -> Text:
    """How many of the records written are there; one that is not in force is not looked up."""
    found = f"{use.records:,}" if use.state in (USED, UNUSED) else "–"
    return Text(found, found) if use.ids is None else Text(f"{found} of {use.ids:,}", f"{found}/{use.ids:,}")


def _state(use: WaiverUse) -> Text:
    state = _STATES[use.state]
    return state if use.fault is None else state + Text(": ", "：") + use.fault
