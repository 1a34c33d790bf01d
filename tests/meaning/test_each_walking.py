"""Deadlines that begin anew, held against walks through the log written down independently, and against every log an unknown one may be."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.meaning.time_support import judged, policy

DAY = timedelta(days=1)
RECEIVED = datetime(2026, 3, 2, 10)
LIMIT = 2 * DAY

OF = policy(
    """
deadlines:
  - {id: DL-update, from: {each: [received_at, {event: a}], until: closed_at}, to: {first_of: [{event: a}, closed_at]}, within: 48 hours}
  - {id: DL-cycle, from: {each: [received_at, {event: b}]}, to: {event: a}, within: 48 hours}
""",
    fields="  events:\n    a: {}\n    b: {}\n",
)

hours = st.integers(0, 240)  # ten days from the receipt on
logs = st.lists(st.tuples(st.sampled_from("ab"), hours), max_size=6)


def at(hour: int) -> datetime:
    return RECEIVED + timedelta(hours=hour)


def entries(log: list[tuple[str, int]]) -> list[dict[str, Any]]:
    return [{"kind": kind, "at": at(hour).isoformat()} for kind, hour in log]


def walk(starts: list[datetime], acts: list[datetime], now: datetime, *, strictly: bool) -> list[str]:
    """The outcomes of the starts, by the first act after each (or at it)."""
    found = []
    for start in sorted(set(starts)):
        later = [act for act in acts if (act > start if strictly else act >= start)]
        if later:
            found.append("met" if min(later) <= start + LIMIT else "breached")
        else:
            found.append("pending" if now <= start + LIMIT else "breached")
    return found


def expected(log: list[tuple[str, int]], closed: int | None, now: datetime) -> dict[str, list[str]]:
    a = [at(hour) for kind, hour in log if kind == "a" and at(hour) <= now]
    b = [at(hour) for kind, hour in log if kind == "b" and at(hour) <= now]
    end = at(closed) if closed is not None and at(closed) <= now else None
    starts = [s for s in [RECEIVED, *a] if end is None or s < end]
    acts = [*a, *([end] if end is not None else [])]
    return {"DL-update": walk(starts, acts, now, strictly=True), "DL-cycle": walk([RECEIVED, *b], a, now, strictly=False)}


ORDER = ["breached", "indeterminate", "at_risk", "pending", "waived", "met", "exempt", "not_applicable"]


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(log=logs, closed=st.none() | hours, now=hours)
def test_as_a_walk_through_the_log(log: list[tuple[str, int]], closed: int | None, now: int) -> None:
    record = {"received_at": RECEIVED, "events": entries(log), "closed_at": at(closed) if closed is not None else None}
    decision = judged(OF, at(now), **record)
    for rule, outcomes in expected(log, closed, at(now)).items():
        result = decision.deadline(rule)
        if rule == "DL-update" and closed == 0:
            assert (result.outcome, result.instances) == ("not_applicable", ())  # closed at its receipt
            continue
        # At the instant of the receipt an entry is a start of its own only by name: it is the same start.
        assert [one.outcome for one in result.instances] == outcomes
        assert result.outcome == min(outcomes, key=ORDER.index)
        assert result.outcome == "breached" or result.over_by is None


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(log=logs, now=st.integers(0, 200))
def test_the_next_change_is_the_next(log: list[tuple[str, int]], now: int) -> None:
    record = {"received_at": RECEIVED, "events": entries(log)}
    change = judged(OF, at(now), **record).next_change_at
    before = judged(OF, at(now), **record).signature()
    micro = timedelta(microseconds=1)
    if change is not None:
        assert judged(OF, change, **record).signature() != before
        assert judged(OF, change - micro, **record).signature() == before
    looked = [at(hour) for hour in range(now, 300, 7) if change is None or at(hour) < change.replace(tzinfo=None)]
    assert all(judged(OF, moment, **record).signature() == before for moment in looked)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(log=logs, kind=st.sampled_from("ab"), closed=st.none() | hours, now=st.integers(1, 240))
def test_what_is_decided_holds_for_every_log_it_may_be(log: list[tuple[str, int]], kind: str, closed: int | None, now: int) -> None:
    """One entry without its time: no time it may have had gives another outcome than what is decided."""
    record = {"received_at": RECEIVED, "closed_at": at(closed) if closed is not None else None}
    decision = judged(OF, at(now), events=[*entries(log), {"kind": kind, "at": "?"}], **record)
    for hour in (*range(0, now + 1, 5), now + 1):
        known = judged(OF, at(now), events=entries([*log, (kind, hour)]), **record)
        for rule in ("DL-update", "DL-cycle"):
            result = decision.deadline(rule)
            if result.outcome == "indeterminate":
                assert result.missing == ("events",)
                assert result.possible is None or known.outcomes[rule] in result.possible, (rule, hour)
            else:
                assert known.outcomes[rule] == result.outcome, (rule, hour)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(log=st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 9), st.integers(0, 23)), max_size=4), now=st.integers(24, 240))
def test_days_stand_for_every_hour_of_theirs(log: list[tuple[str, int, int]], now: int) -> None:
    """Entries known by their day only: the hours they really had give no other outcome than what is decided."""
    begun = datetime(2026, 3, 2)
    told = [{"kind": kind, "at": (begun + day * DAY).date().isoformat()} for kind, day, _ in log]
    real = [{"kind": kind, "at": (begun + day * DAY + timedelta(hours=hour)).isoformat()} for kind, day, hour in log]
    moment = begun + timedelta(hours=now)
    decision, known = (judged(OF, moment, received_at=begun, events=events) for events in (told, real))
    if any(begun + day * DAY + timedelta(hours=hour) > moment for _, day, hour in log):
        return  # of a day that is not over, its hour may not have come yet
    for rule in ("DL-update", "DL-cycle"):
        result = decision.deadline(rule)
        if result.outcome != "indeterminate":
            assert known.outcomes[rule] == result.outcome, rule
