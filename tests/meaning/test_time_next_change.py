"""`next_change_at`: nothing changes before it, something does at it.

Policies are made of ordinary parts with every way in which time alone changes a decision: due
instants, warnings, open tests, extensions, running pauses and spans, events dated ahead.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from complaint_policy import Decision, PolicyError
from complaint_policy.policy import Policy
from tests.meaning.time_support import MICRO, judged, policy, shown

START = datetime(2026, 3, 2, 10)

DEADLINES = (
    "from: received_at, to: responded_at, within: 3 days",
    "from: received_at, to: responded_at, within: 48 hours, at_risk: 50%",
    "from: received_at, to: responded_at, within: 5 days, at_risk: 1 day",
    "from: received_at, to: responded_at, within: 5 days, counting: {calendar: days, roll: next_working_day}, at_risk: 80%",
    "from: received_at, to: closed_at, within: 3 working days, counting: {calendar: office, ends: close_of_business}, at_risk: 1 working day",
    "from: received_at, to: closed_at, within: 10 working hours, counting: {calendar: office}, at_risk: 75%",
    "from: received_at, to: closed_at, within: 3 days, counting: {ends: same_time}, pauses: [waiting], at_risk: 50%",
    "from: received_at, to: closed_at, within: 2 working days, counting: {calendar: office}, pauses: [waiting]",
    "from: received_at, to: closed_at, within: 4 days, counting: {pause_on_days: whole_days}, pauses: [{between: [shipped_at, agreed_at]}]",
    "from: closed_at, to: followed_up_at, within: same day",
    "from: noted_at, to: responded_at, within: 2 days",
    "from: received_at, to: responded_at, within: {first_of: [promised_at, 4 days]}",
    "from: received_at, to: responded_at, within: {last_of: [promised_at, 2 days]}, at_risk: 12 hours",
    "from: received_at, to: responded_at, within: {choose: [{when: {complex: true}, then: 5 days}, {otherwise: 2 days}]}, at_risk: 50%",
    "from: received_at, to: responded_at, within: 2 days, extend: [{id: more, within: 6 days, needs: {extension_notified_at: {by: {due: previous}}}}], at_risk: 50%",
    "from: received_at, to: responded_at, within: 2 days, extend: [{id: late, within: 6 days, late: allowed, needs: {present: [extension_approved_at]}}]",
    "from: received_at, to: responded_at, within: 2 days, extend: [{id: a, within: 4 days, when: {complex: true}}, {id: b, within: 6 days, needs: {noted_at: {by: {due: previous}}}}]",
    "from: received_at, to: responded_at, within: 2 days, when: {complex: true}",
    "from: received_at, to: responded_at, within: 2 days, when: {noted_at: {by: {from: received_at, within: 3 days}}}",
    "from: received_at, to: responded_at, within: 2 days, exempt: [{when: {noted_at: {by: {from: received_at, within: 4 days}}}, reason: {en: r, zh: r}}]",
    "from: received_at, to: responded_at, within: {choose: [{when: {noted_at: {by: {from: received_at, within: 3 days}}}, then: 5 days}, {otherwise: 2 days}]}",
    "from: received_at, to: responded_at, within: {days: {field: amount}}",
    "from: received_at, to: noted_at, within: 2 days, duty_of: complainant",
)

OTHERS = (
    "facts: {soon: {noted_at: {by: {from: received_at, within: 2 days}}}}",
    "facts: {old: {as_of: {after: {from: received_at, within: 3 days}}}}",
    "facts: {old: {as_of: {not_before: {from: received_at, within: 30 hours}}}}",
    "facts: {young: {as_of: {before: {from: received_at, within: 30 hours}}}}",
    "facts: {told: {noted_at: {after: {from: as_of, ahead: 2 days}}}}",
    "facts: {soon: {promised_at: {by: {from: as_of, within: 2 working days, counting: {calendar: office, after_hours: next_opening}}}}}",
    "facts: {soon: {promised_at: {before: {first_of: [{from: as_of, within: 30 hours}, agreed_at]}}}}",
    "facts: {soon: {promised_at: {before: {from: {from: as_of, within: 1 day}, within: 20 hours}}}}",
    "facts: {open: {as_of: {during: office}}}",
    "facts: {held: {length: {between: [received_at, responded_at]}, in: days, round: down}}",
    "facts: {held: {length: {between: [received_at, responded_at]}, in: hours, round: up}}",
    "facts: {held: {length: waiting, in: days, round: half_up, per: span}}",
    "facts: {age: {length: {between: [received_at, as_of]}, in: days, round: down}}",
    "facts: {age: {length: {between: [received_at, {first_of: [responded_at, as_of]}]}, in: hours, round: up}, old: {age: {at_least: 30}}}",
    "facts: {promised: {promised_at: {after: noted_at}}}",
    "facts: {order: {in_order: [received_at, noted_at, agreed_at]}}",
    "requirements: [{id: RQ, require: {present: [root_cause]}, before: {from: received_at, within: 3 days}}]",
    "requirements: [{id: RQ, require: {noted_at: {by: {from: received_at, within: 2 days}}}}]",
    "requirements: [{id: RQ, require: {amount: {at_least: 3}}, before: agreed_at}]",
    "retention: [{id: RT, keep_until: {from: closed_at, within: 2 days}, deleted: shipped_at}]",
    "severity: {levels: [low, high], rules: [{id: SEV, level: high, when: {noted_at: {after: {from: received_at, within: 2 days}}}}], otherwise: low}",
    "escalation: [{id: ESC, when: {outcome: {DL-0: breached}}, to: boss}]",
    "escalation: [{id: ESC, when: {outcome: {DL-0: at_risk}}, to: boss}]",
    "penalties: [{id: PN, for: [DL-0], payable_to: company, amount: 200}]",
    "penalties: [{id: PN, for: [DL-0], payable_to: company, amount: {times: [10, {length: {late: DL-0}, in: days, round: up}]}}]",
    "penalties: [{id: PN, for: [DL-0], payable_to: company, range: [0, 35], amount: {times: [10, {length: {late: DL-0}, in: hours, round: down}]}}]",
)


@st.composite
def _bodies(draw: st.DrawFn) -> str:
    rules = draw(st.lists(st.sampled_from(DEADLINES), min_size=1, max_size=3, unique=True))
    body = "deadlines:\n" + "".join(f"  - {{id: DL-{i}, {rule}}}\n" for i, rule in enumerate(rules))
    keys: set[str] = set()
    for other in draw(st.lists(st.sampled_from(OTHERS), max_size=3)):
        key = other.partition(":")[0]
        if key not in keys:
            keys.add(key)
            body += other + "\n"
    return body


_MOMENTS = st.builds(
    lambda days, clock: datetime(2026, 3, 2) + timedelta(days=days) + clock,
    st.integers(-1, 9),
    st.sampled_from([timedelta(0), timedelta(hours=10), timedelta(hours=12), timedelta(hours=17, minutes=30), timedelta(days=1) - MICRO]),
)
_DAYS = st.integers(1, 9).map(lambda d: f"2026-03-{d + 1:02d}")
_CELLS: dict[str, st.SearchStrategy[Any]] = {
    **{name: st.none() | st.none() | _MOMENTS | _DAYS for name in ("responded_at", "closed_at", "followed_up_at", "noted_at", "agreed_at", "shipped_at")},
    **{name: st.none() | _MOMENTS | _DAYS | st.just("soon") for name in ("promised_at", "extension_notified_at", "extension_approved_at")},
    "waiting": st.none() | st.lists(st.tuples(_MOMENTS, _MOMENTS).map(sorted), max_size=2) | _MOMENTS.map(lambda m: [{"from": m, "to": None}]),
    "complex": st.sampled_from([True, False, None, "x"]),
    "amount": st.sampled_from([None, 2, 3, "x"]),
    "root_cause": st.sampled_from([None, "worn"]),
}


@lru_cache(maxsize=512)
def _load(body: str) -> Policy:
    return policy(body)


def signature(decision: Decision) -> tuple[Any, ...]:
    """What makes it another decision, worked out anew: levels, owner, outcomes, amounts, facts."""
    return (
        decision.status,
        decision.severity.possible,
        decision.responsibility.candidates,
        decision.responsibility.escalate_to,
        tuple(decision.outcomes.items()),
        tuple((p.rule, p.state, p.amount, p.min, p.max) for p in decision.penalties),
        tuple(decision.fact(name) for name in sorted(decision._compiled.model.facts)),
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much])
@given(
    body=_bodies(),
    record=st.fixed_dictionaries(_CELLS),
    received=st.just(START) | _MOMENTS | _DAYS,
    as_of=_MOMENTS,
    samples=st.lists(st.floats(0, 1), min_size=8, max_size=8),
)
def test_nothing_changes_before_and_something_at_it(body: str, record: dict[str, Any], received: Any, as_of: datetime, samples: list[float]) -> None:
    try:
        of = _load(body)
    except PolicyError as error:
        assume({p.code for p in error.problems} - {"shadowed-rule", "fact-cycle", "name-cycle", "cycle"})
        raise
    whole = {"received_at": received, **record}
    now = of.evaluate(whole, as_of=as_of)
    change = now.next_change_at
    before = signature(now)

    def at(moment: datetime) -> tuple[Any, ...] | None:
        found = of.evaluate(whole, as_of=moment)
        # Running pauses contribute nothing: while one runs the due instant goes along.
        return None if any(line.paused for line in found.deadlines) else signature(found)

    if change is None:
        end = as_of + timedelta(days=60)
    else:
        end = change.replace(tzinfo=None)
        assert end > as_of
        assert at(end) != before, "nothing changes at it"
        assert at(end - MICRO) in (before, None), "it changed before it"
    span = end - as_of - MICRO
    # Sampled, and at every hour and day's end on the way.
    moments = [as_of + span * share for share in samples]
    day = as_of.replace(hour=0, minute=0, second=0, microsecond=0)
    moments += [
        day + timedelta(days=d) + delay
        for d in range(12)
        for delay in (timedelta(0), MICRO, -MICRO, timedelta(hours=10), timedelta(hours=10) + MICRO, timedelta(hours=18) + MICRO)
    ]
    for moment in moments:
        if as_of < moment < end:
            assert at(moment) in (before, None), f"it changed at {moment}, before {change}"


# body, record, as_of, the next change (worked by hand)
CHANGES: list[tuple[str, dict[str, Any], str, str | None]] = [
    # due at the end of the 5th: breached from the first instant of the 6th
    ("deadlines: [{id: DL, from: received_at, to: responded_at, within: 3 days}]", {}, "2026-03-03T00:00", "2026-03-06T00:00:00"),
    ("deadlines: [{id: DL, from: received_at, to: responded_at, within: 3 days}]", {}, "2026-03-06T00:00", None),
    # in time at the due instant itself
    ("deadlines: [{id: DL, from: received_at, to: responded_at, within: 48 hours}]", {}, "2026-03-03T00:00", "2026-03-04T10:00:00.000001"),
    # past its warning point: 24 hours
    ("deadlines: [{id: DL, from: received_at, to: responded_at, within: 48 hours, at_risk: 50%}]", {}, "2026-03-03T00:00", "2026-03-03T10:00:00.000001"),
    # answered on the 4th, which is still to come
    (
        "deadlines: [{id: DL, from: received_at, to: responded_at, within: 3 days}]",
        {"responded_at": "2026-03-04T09:00"},
        "2026-03-03T00:00",
        "2026-03-04T09:00:00",
    ),
    ("deadlines: [{id: DL, from: received_at, to: responded_at, within: 3 days}]", {"responded_at": "2026-03-04T09:00"}, "2026-03-04T09:00", None),
    # a promise for the 4th lies before what has not happened by its end
    (
        "facts: {kept: {promised_at: {after: noted_at}}}\ndeadlines: [{id: DL, from: received_at, to: responded_at, within: 9 days}]",
        {"promised_at": "2026-03-04T09:00"},
        "2026-03-03T00:00",
        "2026-03-04T09:00:00",
    ),
    # a pause that ends on the 4th at 10:00: 2 of 48 hours are used, the others end on the 6th at 08:00
    (
        "deadlines: [{id: DL, from: received_at, to: responded_at, within: 48 hours, pauses: [waiting]}]",
        {"waiting": "2026-03-02T12:00/2026-03-04T10:00"},
        "2026-03-03T00:00",
        "2026-03-06T08:00:00.000001",
    ),
    # a running pause contributes nothing
    (
        "deadlines: [{id: DL, from: received_at, to: responded_at, within: 48 hours, pauses: [waiting]}]",
        {"waiting": "2026-03-02T12:00/"},
        "2026-03-03T00:00",
        None,
    ),
    # late by a day more at every whole day after the boundary, 4 March 00:00
    (
        "deadlines: [{id: DL, from: received_at, to: responded_at, within: 1 day}]\npenalties: [{id: PN, for: [DL], payable_to: company, amount: {times: [10, {length: {late: DL}, in: days, round: up}]}}]",
        {},
        "2026-03-04T12:00",
        "2026-03-05T00:00:00.000001",
    ),
    # received less than two days ago: the days counted back from the 5th begin with the 3rd
    (
        "facts: {new: {received_at: {after: {from: as_of, ahead: 2 days}}}}\ndeadlines: [{id: DL, from: received_at, to: responded_at, within: 9 days}]",
        {},
        "2026-03-03T00:00",
        "2026-03-04T00:00:00",
    ),
    # counted in hours, to the microsecond: 10:00 on the 2nd is 30 hours back at 16:00 on the 3rd
    (
        "facts: {new: {received_at: {after: {from: as_of, ahead: 30 hours}}}}\ndeadlines: [{id: DL, from: received_at, to: responded_at, within: 9 days}]",
        {},
        "2026-03-03T00:00",
        "2026-03-03T16:00:00",
    ),
    # the office opens at 9
    ("facts: {open: {as_of: {during: office}}}", {}, "2026-03-03T00:00", "2026-03-03T09:00:00"),
    # it has closed 36 hours later, at 18:00 on the 4th, and opens at 9:00 on the 5th
    ("facts: {later: {from: as_of, within: 36 hours}, open: {later: {during: office}}}", {}, "2026-03-03T06:00", "2026-03-03T21:00:00"),
    # two possible limits: pending until the first is over, undecided until the second
    (
        "deadlines: [{id: DL, from: received_at, to: responded_at, within: {choose: [{when: {complex: true}, then: 5 days}, {otherwise: 2 days}]}}]",
        {},
        "2026-03-03T00:00",
        "2026-03-05T00:00:00",
    ),
    (
        "deadlines: [{id: DL, from: received_at, to: responded_at, within: {choose: [{when: {complex: true}, then: 5 days}, {otherwise: 2 days}]}}]",
        {},
        "2026-03-05T00:00",
        "2026-03-08T00:00:00",
    ),
    # an open test: noted by the end of the 4th, or not; what has not happened by its last moment lies after it
    (
        "facts: {soon: {noted_at: {by: {from: received_at, within: 2 days}}}}\ndeadlines: [{id: DL, from: received_at, to: responded_at, within: 9 days}]",
        {},
        "2026-03-03T00:00",
        "2026-03-04T23:59:59.999999",
    ),
]


@pytest.mark.parametrize(("body", "record", "as_of", "change"), CHANGES, ids=lambda v: str(v)[:60])
def test_next_change(body: str, record: dict[str, Any], as_of: str, change: str | None) -> None:
    of = policy(body)
    assert shown(judged(of, as_of, received_at=START, **record).next_change_at) == change
