"""Small policies about time, written from docs/language.md alone, and how their tests look at them.

2026-03-02 is a Monday.  The office is open 09:00 to 12:00 and 13:30 to 18:00, seven and a half hours
a day; Wednesday 18 March is a holiday, Saturday 21 March is made up.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from complaint_policy import Decision, load_policy_text
from complaint_policy.policy import Policy

MICRO = timedelta(microseconds=1)
SHANGHAI = "Asia/Shanghai"


@lru_cache(maxsize=1024)
def policy(body: str, zone: str = SHANGHAI, since: str = "1900-01-01", fields: str = "") -> Policy:
    """A policy with the office, a calendar without hours (`days`), and what `body` adds."""
    return load_policy_text(
        f"""
format: 1
policy: test/time
effective: {{from: {since}}}
timezone: {zone}
currency: CNY
calendars:
  office:
    weekdays: mon-fri
    hours: {{mon-fri: ["09:00-12:00", "13:30-18:00"], sat: ["09:00-12:00"]}}
    holidays: [2026-03-18]
    extra_working_days: [2026-03-21]
  days: {{weekdays: mon-fri, holidays: [2026-03-18], extra_working_days: [2026-03-21]}}
  night: {{hours: {{mon-sun: ["22:00-06:00"]}}}}
  cn: {{country: CN, announced_until: 2026-12-31}}
record:
  fields:
    promised_at: {{type: datetime, empty: none}}
    noted_at: {{type: event}}
    agreed_at: {{type: event}}
    shipped_at: {{type: event}}
    stated_at: {{type: datetime}}
    complex: {{type: boolean}}
    hard: {{type: boolean, default: false}}
    amount: {{type: integer}}
    agreed: {{type: integer, empty: none}}
    waiting: {{type: intervals, empty: none}}
    holding: {{type: intervals, empty: none}}
    doubtful: {{type: intervals}}
{fields}
{body}
""",
        name="time.yaml",
    )


def deadline(within: str, counting: str = "", more: str = "", zone: str = SHANGHAI) -> Policy:
    """One deadline DL from `received_at` to `responded_at`."""
    own = f"\n    counting: {{{counting}}}" if counting else ""
    rest = "".join(f"\n    {line}" for line in more.splitlines())
    return policy(f"deadlines:\n  - id: DL\n    from: received_at\n    to: responded_at\n    within: {within}{own}{rest}", zone)


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def judged(of: Policy, as_of: Any, **record: Any) -> Decision:
    return of.evaluate({"id": "T", **record}, as_of=as_of)


def outcome(of: Policy, as_of: Any, rule: str = "DL", **record: Any) -> str:
    return judged(of, as_of, **record).deadline(rule).outcome


def shown(moment: datetime | None) -> str | None:
    """A result's time as local text without offset."""
    return None if moment is None else moment.replace(tzinfo=None).isoformat()


def assert_border(of: Policy, boundary: datetime, *, ends_day: bool, rule: str = "DL", act: str = "responded_at", **record: Any) -> None:
    """Around `boundary` (naive local): the last instant in time, the first late one, open and done.

    `ends_day`: the boundary is a day's first instant and already late, and the due time is shown as
    23:59:59 of the day before; else the boundary itself is in time.
    """
    last = boundary - MICRO if ends_day else boundary
    first = last + MICRO
    later = boundary + timedelta(days=40)
    open_ = judged(of, last, **record).deadline(rule)
    assert open_.outcome in ("pending", "at_risk"), (open_.outcome, open_.due_at, last)
    due = boundary - timedelta(seconds=1) if ends_day else boundary
    assert shown(open_.due_at) == due.isoformat()
    assert open_.due_on == due.date()
    assert open_.over_by is None
    late = judged(of, first, **record).deadline(rule)
    assert late.outcome == "breached"
    for as_of in (last, later):
        done = judged(of, as_of, **{act: last}, **record).deadline(rule)
        assert (done.outcome, done.over_by) == ("met", None), (as_of, done.due_at)
    for delay in (first - boundary, timedelta(hours=8)):
        done = judged(of, later, **{act: boundary + delay}, **record).deadline(rule)
        assert (done.outcome, done.over_by) == ("breached", delay), (delay, done.due_at)
