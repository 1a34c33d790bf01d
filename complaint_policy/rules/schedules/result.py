"""What a schedule gave for one period, and in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from complaint_policy.instants import highest
from complaint_policy.outcomes import AT_RISK, BREACHED, EXEMPT, INDETERMINATE, MET, NOT_APPLICABLE, PENDING, WAIVED
from complaint_policy.possible import NOT_YET, DayEnd
from complaint_policy.results import GeneralDeadline
from complaint_policy.rules.schedules.model import Schedule
from complaint_policy.texts import Text
from complaint_policy.wording import day_text, duration_iso, duration_text, field_list, moment_text, period_text
from complaint_policy.zones import Zone

__all__ = ["ScheduleResult"]

# What of a register may be missing.
_REGISTER: Final = {
    "register": Text("the register of what was done", "办理登记"),
    "register.schedule": Text("the schedule in a row of the register", "登记表中某行的义务编号"),
    "register.period": Text("the period in a row of the register", "登记表中某行的期间"),
    "register.at": Text("the time in a row of the register", "登记表中某行的完成时间"),
}


class ScheduleResult(GeneralDeadline):
    """One schedule and period: ``outcome``, ``due_at``, ``done_at``, ``over_by``, ``missing``, ``message``."""

    __slots__ = ("_as_of", "_titles", "period")

    model: Schedule

    def __init__(
        self, model: Schedule, period: str, outcome: str, begun: Any, due: Any, done: Any, zone: Zone, as_of: datetime, titles: Mapping[str, Text]
    ) -> None:
        super().__init__(model, outcome, begun, due, done, zone)
        self.period = period
        self._as_of = as_of  # naive UTC
        self._titles = titles

    def __repr__(self) -> str:
        return f"ScheduleResult({self.rule!r}, {self.period!r}, {self.outcome!r})"

    @property
    def source(self) -> dict[str, str | None] | None:
        """The clause the schedule rests on, with its status."""
        return self.model.source.to_dict() if self.model.source is not None else None

    @property
    def open_for(self) -> timedelta | None:
        """How long what was not done has been late at ``as_of``; ``None`` for what is done or not late."""
        due = highest(self.due)
        if self.outcome != BREACHED or self.done is not NOT_YET or due is None:
            return None
        return self._as_of - (due.boundary if isinstance(due, DayEnd) else due)

    @property
    def message(self) -> Text:
        """One sentence: the duty and its period, when it was due, and what became of it."""
        head = Text("{t}, {p}", "{t}（{p}）").filled(t=self.model.name, p=period_text(self.period))
        return head + self._ending()

    def _ending(self) -> Text:
        due = moment_text(self.due_at) if self.due_at is not None else None
        done = moment_text(self.done_at) if self.done_at is not None else day_text(self.done_on) if self.done_on is not None else None
        if self.outcome == INDETERMINATE:
            return Text(": cannot be decided without {m}.", "：缺少{m}，无法判定。").filled(m=self._lacking(self.missing))
        if self.outcome in (EXEMPT, WAIVED, NOT_APPLICABLE) or due is None:
            return self._set_aside()
        if self.outcome == MET:
            return Text(": due {d}, done {x}.", "：应于{d}前完成，已于{x}完成。").filled(d=due, x=done or Text("in time", "期限内"))
        if self.outcome == PENDING or self.outcome == AT_RISK:
            return Text(": due {d}.", "：应于{d}前完成。").filled(d=due)
        if self.done is NOT_YET:
            gone = self.open_for or timedelta(0)
            return Text(": due {d}, not done, late by {o} so far.", "：应于{d}前完成，至判定时刻已逾期{o}，仍未完成。").filled(d=due, o=duration_text(gone))
        if done is None or not self.over_by:
            return Text(": due {d}, done late.", "：应于{d}前完成，已逾期。").filled(d=due)
        return Text(": due {d}, done {x}, late by {o}.", "：应于{d}前完成，实际{x}完成，逾期{o}。").filled(d=due, x=done, o=duration_text(self.over_by))

    def _set_aside(self) -> Text:
        why = Text(" ({r})", "（{r}）").filled(r=self.reason) if self.reason is not None else Text("", "")
        said = {EXEMPT: Text(": exempt", "：豁免"), WAIVED: Text(": waived", "：经批准豁免")}.get(self.outcome, Text(": does not apply", "：不适用"))
        return said + why + Text(".", "。")

    def _lacking(self, names: Iterable[str]) -> Text:
        return field_list(names, {**_REGISTER, **self._titles})

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON: times ISO 8601 with offset, spans as ISO 8601 durations."""
        shown: dict[str, Any] = {
            "rule": self.rule,
            "title": self.model.name.to_dict(),
            "period": self.period,
            "outcome": self.outcome,
            "due_at": _iso(self.due_at),
            "due_on": _iso(self.due_on),
            "done_at": _iso(self.done_at or self.done_on),
            "over_by": duration_iso(self.over_by) if self.over_by is not None else None,
            "provisional": self.provisional,
            "missing": list(self.missing),
            "message": self.message.to_dict(),
            "source": self.source,
        }
        extra = {
            "due_latest": _iso(self.due_latest),
            "would_be": self.would_be,
            "without_waiver": self.without_waiver,
            "reason": self.reason.to_dict() if self.reason is not None else None,
            "duty_of": None if self.model.is_companys else self.model.duty_of,
        }
        return {**shown, **{key: value for key, value in extra.items() if value is not None}}


def _iso(moment: date | None) -> str | None:
    return moment.isoformat() if moment is not None else None
