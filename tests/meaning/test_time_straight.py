"""The fast path for ordinary records decides what the general evaluation decides.

A ``dict`` takes the fast path, the same record as any other mapping once its cells are typed; a policy whose fast path is
taken out gives the general evaluation of both.  Policies
are like the measured workload: levels, a matrix, deadlines of every ordinary form, a penalty.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from itertools import product
from types import MappingProxyType
from typing import Any

import pytest
import workload
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from complaint_policy import Decision, PolicyError, UsageError, load_policy, load_policy_text
from complaint_policy.errors import ComplaintPolicyError
from complaint_policy.fields import Field
from complaint_policy.policy import Policy

FIRST, LAST = datetime(2026, 1, 1), datetime(2026, 6, 30)
EVENTS = ("received_at", "acknowledged_at", "investigated_at", "responded_at", "closed_at", "followed_up_at", "noted_at")

LENGTHS = ("90 minutes", "24 hours", "1 day", "5 days", "same day", "2 weeks", "1 month", "1 year", "1 working day", "7 working days", "8 working hours")
CONVENTIONS = {
    "days": ("", "first_day: included", "roll: next_working_day", "roll: previous_working_day", "ends: same_time", "ends: close_of_business"),
    "working days": ("", "first_day: included", "from_closed_day: next_working_day_is_zero", "after_hours: next_opening", "ends: same_time"),
    "": ("",),
}
CONDITIONS = (
    "{injury: true}",
    "{amount_claimed: {at_least: 1000}}",
    "{amount_claimed: {above: 0.3, at_most: 99.95}}",
    "{affected_customers: {below: 10}}",
    "{repeat_count: 3}",
    "{channel: [regulator, media]}",
    "{channel: web}",
    "{not: {injury: true}}",
    "{any: [{injury: true}, {score: {at_least: 0.7}}]}",
    "{all: [{injury: false}, {repeat_count: {at_least: 1}}]}",
    "{product: phone}",
    "{product: [phone, 宽带]}",
    "{not: {product: line}}",
    "{large: true}",
    "{large: true, injury: false}",
)
# Axes of the matrix, with what one of its rows asks of them.
AXES = {
    "channel": ("web", "media"),
    "large": ("true", "false"),
    "injury": ("true", "false"),
    "product": ("phone", "[line, 宽带]", "{not: [phone, line, 宽带]}"),
    "affected_customers": ("{at_most: 1}", "2", "{above: 2, below: 10}"),
    "amount_claimed": ("{below: 0.3}", "{at_least: 0.3, below: 99.95}", "99.95"),
}


REQUIRED = (
    "{root_cause: present}",
    "{present: [root_cause, followed_up_at]}",
    "{noted_at: present, injury: false}",
    "{any: [{large: true}, {root_cause: present}]}",
    "{amount_claimed: {below: 1000}}",
    "{product: present}",
    "{product: missing}",
    "{acknowledged_at: {by: responded_at}}",
    "{any: [{closed_at: {after: noted_at}}, {responded_at: {not_before: received_at}}]}",
    "{in_order: [received_at, acknowledged_at, responded_at, closed_at]}",
    "{not: {responded_at: {before: closed_at}}}",
    "{responded_at: {by: {from: acknowledged_at, within: 5 days}}}",
    "{closed_at: {after: {from: received_at, within: 2 working days}}}",
)


def _limit(length: str, condition: str | None, other: str) -> str:
    return length if condition is None else f"{{choose: [{{when: {condition}, then: {length}}}, {{otherwise: {other}}}]}}"


@st.composite
def _policies(draw: st.DrawFn) -> str:
    plain = draw(st.integers(0, 3)) > 0  # only what the fast path takes
    levels = ["low", "high", "top"][: draw(st.integers(2, 3))]
    conditions = draw(st.lists(st.sampled_from(CONDITIONS[:-2]), min_size=len(levels) - 1, max_size=len(levels) - 1, unique=True))
    severity = "".join(f"    - {{id: SEV-{i}, level: {level}, when: {c}}}\n" for i, (level, c) in enumerate(zip(reversed(levels[1:]), conditions, strict=True)))
    rules, names = "", []
    for index in range(draw(st.integers(1, 4))):
        unit = draw(st.sampled_from(LENGTHS[:-1] if plain else LENGTHS))
        kind = "working days" if "working day" in unit else "" if "hour" in unit or "minute" in unit else "days"
        counting = draw(st.sampled_from([c for c in CONVENTIONS[kind] if not plain or not c.startswith(("ends", "after"))]))
        other = draw(
            st.sampled_from([x for x in LENGTHS if ("working day" in x) == (kind == "working days") and ("hour" in x or "minute" in x) == (kind == "")])
        )
        condition = None if plain and kind == "" else draw(st.none() | st.sampled_from((*CONDITIONS, "{severity: high}", "{severity: {at_least: high}}")))
        start, act = draw(
            st.sampled_from([("received_at", "responded_at"), ("received_at", "closed_at"), ("closed_at", "followed_up_at"), ("acknowledged_at", "noted_at")])
        )
        own = f", counting: {{{counting}}}" if counting else ""
        own += draw(st.sampled_from(["", "", ", waivable: {by: [boss]}"])) + draw(st.sampled_from(["", "", f", when: {draw(st.sampled_from(CONDITIONS))}"]))
        own += draw(st.sampled_from(["", "", "", ", at_risk: 80%", ", at_risk: 1 day", ", at_risk: 2 hours"]))
        own += draw(st.sampled_from(["", "", "", f", exempt: [{{when: {draw(st.sampled_from(CONDITIONS))}, reason: {{en: so, zh: 是}}}}]"]))
        if kind and draw(st.integers(0, 2)) == 0:
            longer = ("20 working days", "40 working days") if kind == "working days" else ("400 days", "3 years")
            reason, event = draw(st.sampled_from(CONDITIONS)), draw(st.sampled_from(["noted_at", "acknowledged_at", "closed_at"]))
            needs = draw(st.sampled_from([f", needs: {{{event}: {{by: {{due: previous}}}}}}", f", needs: {{{event}: {{after: {{due: previous}}}}}}", ""]))
            second = draw(st.sampled_from(["", f", {{id: further, within: {longer[1]}, when: {draw(st.sampled_from(CONDITIONS))}}}"]))
            own += f", extend: [{{id: longer, within: {longer[0]}, when: {reason}{needs}}}{second}]"
        if draw(st.integers(0, 3)) == 0:
            act = f"{{first_of: [{act}, noted_at]}}"
        names.append(f"DL-{index}")
        rules += f"  - {{id: DL-{index}, from: {start}, to: {act}, within: {_limit(unit, condition, other)}{own}{draw(st.sampled_from(['', ', duty_of: complainant']))}}}\n"
    amount = draw(
        st.sampled_from(
            [
                "200",
                "33.335",
                "{times: [0.5, {choose: [{when: {severity: low}, then: 99.99}, {otherwise: 1000}]}]}",
                "{min_of: [500, {plus: [200, {choose: [{when: {injury: true}, then: 400}, {otherwise: 0}]}]}]}",
            ]
        )
    )
    bounds = draw(st.sampled_from(["", ", range: [100, 300]"])) if amount != "33.335" else ""
    penalty = f"penalties:\n  - {{id: PN, for: [{', '.join(names[: draw(st.integers(1, 4))])}], payable_to: company, per: {draw(st.sampled_from(['case', 'breach']))}, amount: {amount}{bounds}}}\n"
    requirements = "requirements:\n" if draw(st.booleans()) else ""
    for index in range(draw(st.integers(1, 2)) if requirements else 0):
        require, when, exempt = draw(st.sampled_from(REQUIRED)), draw(st.none() | st.sampled_from(CONDITIONS)), draw(st.none() | st.sampled_from(CONDITIONS))
        extra = f", when: {when}" if when else ""
        extra += f", exempt: [{{when: {exempt}, reason: {{en: so, zh: 是}}}}]" if exempt else ""
        requirements += f"  - {{id: RQ-{index}, require: {require}, before: {draw(st.sampled_from(['closed_at', 'responded_at']))}{extra}}}\n"
    told = draw(st.lists(st.sampled_from([*CONDITIONS, *REQUIRED, "{outcome: {DL-0: breached}}", "{outcome: {DL-0: [pending, at_risk, met]}}"]), max_size=3))
    if told:
        requirements += "escalation:\n"
        requirements += "".join(f"  - {{id: ESC-{i}, when: {when}, to: {'boss' if i else 'desk'}}}\n" for i, when in enumerate(told))
    admitted = draw(st.lists(st.sampled_from([*CONDITIONS, *REQUIRED]), max_size=2))
    if admitted:
        requirements += "admission:\n"
    for index, require in enumerate(admitted):
        extra = draw(st.sampled_from(["", "", ", when: {repeat_count: {at_least: 1}}", ", exempt: [{when: {injury: true}, reason: {en: so, zh: 是}}]"]))
        extra += draw(st.sampled_from(["", ", reason: {en: no, zh: 否}", ", duty_of: company"]))
        requirements += f"  - {{id: AD-{index}, require: {require}{extra}}}\n"
    axes = draw(st.sampled_from([["channel"], ["channel"], ["large"], ["injury"], ["product"], ["affected_customers"], ["amount_claimed", "product"]]))
    rows = ""
    for number, asked in enumerate(product(*(AXES[axis] for axis in axes), levels[: draw(st.integers(1, 3))])):
        when = ", ".join(f"{axis}: {one}" for axis, one in zip((*axes, "severity"), asked, strict=True))
        rows += f"    - {{id: RS-{number}, when: {{{when}}}, owner: team_{number}}}\n"
    scope = draw(st.sampled_from(["", "", "", "scope: {when: {injury: false}}\n", "scope: {when: {channel: [web, media]}}\n"]))
    announced = draw(st.sampled_from(["", ", announced_until: 2026-03-31"]))
    return f"""
format: 1
policy: test/straight
effective: {{from: 2026-01-01{draw(st.sampled_from(["", ", until: 2026-05-01"]))}}}
timezone: {draw(st.sampled_from(["Asia/Shanghai", "Asia/Kolkata", "UTC", "America/New_York", "Europe/Berlin", "Africa/Cairo"]))}
currency: CNY
calendars:
  office: {{weekdays: mon-fri, hours: {{mon-fri: ["09:00-12:00", "13:30-18:00"]}}, holidays: [2026-02-17, 2026-02-18], dates: {{2026-02-14: ["09:00-12:00"]}}{announced}}}
counting: {{calendar: office}}
record:
  fields:
    channel: {{type: enum, values: [web, regulator, media]}}
    injury: {{type: boolean, default: false}}
    amount_claimed: {{default: 0}}
    score: {{type: number, default: 0.5}}
    noted_at: {{type: event{draw(st.sampled_from(['', '', ', empty: unknown', ', empty: none']))}}}
facts: {{large: {{amount_claimed: {{at_least: 50}}, affected_customers: {{at_least: 2}}}}}}
severity:
  levels: [{", ".join(levels)}]
  rules:
{severity}  otherwise: low
responsibility:
  by: [{', '.join(axes)}, severity]
  rows:
{rows}  otherwise: {{owner: desk}}
{scope}deadlines:
{rules}{requirements}{penalty if draw(st.booleans()) else ""}"""


@lru_cache(maxsize=512)
def _load(text: str) -> Policy:
    return load_policy_text(text)


class _Word(str):
    """A text that is none of the built-in ones."""

    __slots__ = ()


# Moments that lie close together and at the ends of days, so that borders are met.
_MOMENTS = st.builds(
    lambda day, clock: datetime(2026, 1, 1) + timedelta(days=day) + clock,
    st.integers(-2, 130),
    st.sampled_from([timedelta(0), timedelta(hours=9), timedelta(hours=12), timedelta(hours=18), timedelta(days=1) - timedelta(microseconds=1)])
    | st.timedeltas(timedelta(0), timedelta(days=1)),
)
_ODD_MOMENTS = st.sampled_from(
    [
        None,
        None,
        None,
        "",
        "soon",
        date(2026, 2, 3),
        "2026-02-03T10:00",
        datetime(2026, 2, 3, 2, tzinfo=UTC),
        datetime(1800, 1, 1),
        datetime(1985, 6, 1),
        datetime(2401, 1, 1),
        datetime(9999, 12, 31),
        7,
    ]
)
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "channel": st.sampled_from(["web", "regulator", "media", "web", " web ", "fax", None, "", 3, ["web"]]),
    "injury": st.sampled_from([True, False, None, "yes", 1, 0, "maybe", ""]),
    "amount_claimed": st.sampled_from(
        [None, 0, 50, 49.999, 1000, 999.99, 0.3, 0.1 + 0.2, 99.95, Decimal("99.95"), "1,000", "¥60", -5, float("nan"), float("inf"), 1e16, True, 10**30]
    ),
    "affected_customers": st.sampled_from([None, 0, 1, 2, 10, 9, 2.0, 2.5, "10", True]),
    "repeat_count": st.sampled_from([0, 1, 3, None, "3", 3.0, True]),
    "score": st.sampled_from([None, 0.7, 0.69999, 1, Decimal("0.7"), "70%", "x"]),
    "recorded_owner": st.sampled_from([None, "desk", "web_low"]),
    "product": st.sampled_from(["phone", " phone ", "line", "宽带", "other", "", "  ", "\ud800", "e\u0301", 7, True, ["phone"], None, _Word("phone")]),
}


_ORDINARY: dict[str, list[Any]] = {
    "channel": ["web", "regulator", "media", "web", "media", None],
    "injury": [False, True, None],
    "amount_claimed": [60, 0, 50, 49.999, 1000, 999.99, 0.3, 0.1 + 0.2, 99.95, None],
    "affected_customers": [2, 1, 9, 10, 2, None],
    "repeat_count": [1, 0, 3, None],
    "score": [0.7, 0.69999, 1, None],
    "recorded_owner": [None, "desk", "web_low"],
    "product": ["phone", "line", "宽带", "other", " phone", None],
    "root_cause": [None, "线路故障", "fault"],
}
_CLOCKS = [timedelta(0), timedelta(hours=10), timedelta(days=1) - timedelta(microseconds=1), timedelta(days=1)]


@st.composite
def _records(draw: st.DrawFn) -> tuple[dict[str, Any], datetime]:
    """Mostly ordinary records; now and then a cell that is not."""
    odd = draw(st.sampled_from([False, False, False, True]))
    received = draw(_MOMENTS)
    midnight = datetime.combine(received.date(), datetime.min.time())
    record: dict[str, Any] = {"id": draw(st.sampled_from(["A", None, 5])), "received_at": received}
    near = st.builds(lambda days, clock: midnight + timedelta(days=days) + clock, st.sampled_from([1, 0, 2, 5, 6, 9, 14, 31]), st.sampled_from(_CLOCKS))
    for name in EVENTS[1:]:
        record[name] = draw(near | st.none() | (_ODD_MOMENTS | _MOMENTS if odd else near))
    for name, values in _VALUES.items():
        record[name] = draw(values if odd else st.sampled_from(_ORDINARY[name]))
    if odd:
        record[draw(st.sampled_from(EVENTS))] = draw(_ODD_MOMENTS)
        for name in draw(st.lists(st.sampled_from(sorted(record)), max_size=2)):
            record.pop(name, None)
    return record, draw(near.map(lambda moment: moment + timedelta(days=2)) | st.just(datetime(2026, 12, 31)) | (_MOMENTS if odd else near))


def seen(decision: Decision) -> dict[str, Any]:
    """Everything a user can see of a decision."""
    parts: dict[str, Any] = {
        "dict": decision.to_dict(reveal=True),
        "en": decision.explain("en"),
        "zh": decision.explain("zh"),
        "id": decision.complaint_id,
        "as_of": decision.as_of,
        "status": decision.status,
        "outcomes": decision.outcomes,
        "breaches": [b.rule for b in decision.breaches],
        "findings": decision.findings,
        "unusable": dict(decision.unusable),
        "in_scope": decision.in_scope,
        "version": decision.policy_version,
        "next": decision.next_deadline.rule if decision.next_deadline else None,
        "next_change": decision.next_change_at,
        "blocks": decision.blocks("closed_at"),
        "admission": [(r.rule, r.outcome, r.admitted, r.reason, r.missing, r.possible) for r in decision.admission],
        "judged": [(r.rule, r.outcome) for r in decision.judged()],
        "signature": decision.signature(),
        "facts": [(name, decision.fact(name)) for name in decision._compiled.model.facts],
        "penalties": [
            (p.rule, p.state, p.breaches, p.amount, p.min, p.max, p.clamped, p.currency, p.charge, p.missing, p.payable_to) for p in decision.penalties
        ],
    }
    severity, owner = decision.severity, decision.responsibility
    parts["severity"] = (severity.level, severity.rank, severity.rule, severity.possible, severity.at_least, severity.missing)
    parts["owner"] = (owner.owner, owner.candidates, owner.accountable, owner.consulted, owner.informed, owner.rule, owner.missing, owner.escalate_to)
    for line in decision.deadlines:
        assert decision.deadline(line.rule).outcome == decision.result(line.rule).outcome == line.outcome
        parts[line.rule] = (
            *(line.outcome, line.start, line.due_at, line.due_latest, line.due_on, line.done_at, line.started_on, line.done_on, line.over_by, line.provisional),
            *(line.paused, line.step, line.at_risk_at, line.missing, line.possible, line.would_be, line.without_waiver, line.reason),
        )
    return parts


def both(policy: Policy, record: dict[str, Any], as_of: Any) -> tuple[Any, Any]:
    """What the fast path and the general one give: what is seen, or the error."""
    found: list[Any] = []
    for judge, given_record in ((policy, record), (policy, MappingProxyType(record)), (_general(policy), record)):
        try:
            decision = judge.evaluate(given_record, as_of=as_of)
        except ComplaintPolicyError as error:
            found.append((type(error), str(error)))
        else:
            assert not (judge is not policy and decision._ordinary)
            found.append(seen(decision))
    assert found[0] == found[1]
    return found[0], found[2]


_GENERAL: dict[int, tuple[Policy, Policy]] = {}


def _general(policy: Policy) -> Policy:
    """The same policy without a fast path."""
    if id(policy) not in _GENERAL:
        made = Policy(policy.versions, policy.kinds)
        made._ordinary, made._typed = (lambda record, as_of: None), None
        _GENERAL[id(policy)] = policy, made  # the policy is kept, so that its id stays its own
    return _GENERAL[id(policy)][1]


def dressed(value: Any, how: str, policy: Policy) -> Any:
    """A value as another source would give it: as text, or as an aware time and a ``Decimal``."""
    if how == "typed" or value is None or isinstance(value, str):
        return value
    if how == "text":
        return value.isoformat() if isinstance(value, date) else str(value)
    if value.__class__ is datetime and value.tzinfo is None and 1900 < value.year < 2500:
        return policy.zone.to_utc(value).replace(tzinfo=UTC)
    return Decimal(repr(value)) if value.__class__ in (int, float) else value


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(text=_policies(), records=st.lists(_records(), min_size=1, max_size=4), dress=st.sampled_from(["typed", "typed", "text", "aware"]))
def test_both_paths_decide_alike(text: str, records: list[tuple[dict[str, Any], datetime]], dress: str) -> None:
    try:
        policy = _load(text)
    except PolicyError as error:
        # Drawn conditions may forestall each other; that is no business of this test.
        assume({p.code for p in error.problems} - {"shadowed-rule", "dead-rule", "impossible-condition"})
        raise
    for given_record, given_as_of in records:
        record = {name: dressed(value, dress, policy) for name, value in given_record.items()}
        as_of = dressed(given_as_of, dress, policy)
        before = dict(record)
        fast, general = both(policy, record, as_of)
        assert fast == general
        assert repr(record) == repr(before)


@lru_cache(maxsize=1)
def _workload() -> Policy:
    return load_policy_text(
        workload.policy_text().replace("amount_claimed: {default: 0}", "amount_claimed: {default: 0}\nfacts: {large: {amount_claimed: {at_least: 50}}}")
    )


def test_the_workload_takes_the_fast_path_and_decides_alike() -> None:
    policy = _workload()
    fast = 0
    for record in workload.records(300, seed=7):
        decision = policy.evaluate(record, as_of=workload.AS_OF)
        fast += decision._ordinary
        one, other = both(policy, record, workload.AS_OF)
        assert one == other
    assert fast == 300


@settings(max_examples=100, deadline=None)
@given(index=st.integers(0, 199), cell=st.sampled_from(EVENTS[:-1]), value=_ODD_MOMENTS | _MOMENTS, as_of=_MOMENTS)
@example(index=0, cell="responded_at", value=datetime(2401, 1, 1), as_of=datetime(2025, 6, 30))
@example(index=0, cell="responded_at", value=datetime(1985, 6, 1), as_of=datetime(2025, 6, 30))
@example(index=0, cell="responded_at", value=datetime(9999, 12, 31, 23, 59, 59), as_of=datetime(2025, 6, 30))
@example(index=0, cell="received_at", value=datetime(2400, 12, 31), as_of=datetime(2401, 6, 30))
def test_one_odd_cell_in_the_workload(index: int, cell: str, value: Any, as_of: datetime) -> None:
    record = {**_rows()[index], cell: value}
    one, other = both(_workload(), record, as_of)
    assert one == other


@lru_cache(maxsize=1)
def _rows() -> list[dict[str, Any]]:
    return workload.records(200, seed=11)


def test_a_moment_of_judgement_too_far_away_is_refused_by_both() -> None:
    for as_of in (datetime(2401, 1, 1), datetime(9999, 12, 31, 23)):
        one, other = both(_workload(), _rows()[0], as_of)
        assert one == other
        assert one[0] is UsageError


def _cell(draw: st.DrawFn, field: Field, near: datetime) -> Any:
    if field.type == "event":
        return draw(st.none() | st.builds(lambda days, clock: near + timedelta(days=days) + clock, st.integers(0, 70), st.sampled_from(_CLOCKS)))
    if field.type == "enum":
        return draw(st.none() | st.sampled_from(field.values))
    values: dict[str, list[Any]] = {"boolean": [True, False, None], "integer": [0, 1, 3, 7, None], "number": [0, 0.5, 12, None], "money": [0, 99.5, 1000, None], "string": [None, "x", ""]}
    return draw(st.sampled_from(values.get(field.type, [None])))


@st.composite
def _shipped_records(draw: st.DrawFn) -> tuple[dict[str, Any], datetime]:
    policy = _shipped()
    received = datetime(2024, 1, 1) + timedelta(days=draw(st.integers(0, 500)), hours=draw(st.integers(0, 23)))
    record = {field.name: _cell(draw, field, received) for field in policy.fields if field.type != "intervals"}
    record |= {"id": "A", "received_at": received}
    return record, received + timedelta(days=draw(st.integers(0, 90)))


@lru_cache(maxsize=1)
def _shipped() -> Policy:
    return load_policy("cn/banking")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(drawn=_shipped_records())
def test_a_shipped_policy_decides_alike(drawn: tuple[dict[str, Any], datetime]) -> None:
    one, other = both(_shipped(), *drawn)
    assert one == other


def test_a_shipped_policy_takes_the_fast_path() -> None:
    received = datetime(2025, 3, 3, 10)
    known: dict[str, Any] = {"boolean": False, "integer": 1}
    record = {field.name: known.get(field.type) for field in _shipped().fields}
    decision = _shipped().evaluate(record | {"received_at": received, "responded_at": received + timedelta(days=20), "complex": True}, as_of=received.replace(month=6))
    assert decision._ordinary
    assert decision.deadline("DL-decide").step == "complex"


def test_results_are_made_once_and_of_the_record_as_it_was() -> None:
    record = dict(_rows()[0])
    early, late = (_workload().evaluate(record, as_of=workload.AS_OF) for _ in range(2))
    wanted = seen(early)
    record.update(dict.fromkeys(EVENTS[1:]), injury=True, category=None)
    assert late._ordinary
    assert (late.status, late.outcomes) == (wanted["status"], wanted["outcomes"])
    assert seen(late) == wanted
    assert late.deadlines is late.deadlines
    assert late.deadline("DL-close") is late.deadlines[3]


_HEAD = "format: 1\npolicy: test/straight\neffective: {from: 2020-01-01}\ntimezone: Asia/Shanghai\ncurrency: CNY\n"
_ASKING = f"""{_HEAD}
deadlines:
  - {{id: DL-1, from: received_at, to: acknowledged_at, within: 24 hours}}
  - {{id: DL-2, when: {{outcome: {{DL-1: breached}}}}, from: received_at, to: closed_at, within: 15 days, duty_of: OWNER}}
  - {{id: DL-3, exempt: [{{when: {{outcome: {{DL-2: not_applicable}}}}, reason: {{en: late, zh: 迟}}}}], from: acknowledged_at, to: closed_at, within: 48 hours}}
"""


@pytest.mark.parametrize("owner", ["company", "regulator"])
@pytest.mark.parametrize(
    ("acknowledged", "outcomes", "status"),
    [
        (3, ["met", "not_applicable", "exempt"], "met"),
        (30, ["breached", "met", "breached"], "breached"),
        (None, ["breached", "met", "not_applicable"], "breached"),
    ],
)
def test_deadlines_that_ask_for_earlier_ones(owner: str, acknowledged: int | None, outcomes: list[str], status: str) -> None:
    received = datetime(2025, 3, 3, 10)
    acted = None if acknowledged is None else received + timedelta(hours=acknowledged)
    record = {"received_at": received, "acknowledged_at": acted, "closed_at": received + timedelta(days=5)}
    policy = load_policy_text(_ASKING.replace("OWNER", owner))
    decision = policy.evaluate(record, as_of=datetime(2025, 6, 1))
    assert decision._ordinary
    assert [*decision.outcomes.values()] == outcomes
    assert decision.status == status
    one, other = both(policy, record, datetime(2025, 6, 1))
    assert one == other


class _RaisingZone(tzinfo):
    def utcoffset(self, when: datetime | None) -> timedelta | None:
        raise RuntimeError("zone")

    dst = utcoffset

    def tzname(self, when: datetime | None) -> str | None:
        raise RuntimeError("zone")


def test_what_a_stranger_raises_is_no_error_of_the_fast_path() -> None:
    for name in ("received_at", "closed_at"):
        record = _rows()[0] | {name: datetime(2025, 1, 1, tzinfo=_RaisingZone())}
        one, other = both(_workload(), record, workload.AS_OF)
        assert one == other


_ONE_BRANCH = f"""{_HEAD}
deadlines:
  - {{id: DL-1, from: received_at, to: closed_at, within: {{choose: [{{otherwise: 24 hours}}]}}}}
  - {{id: DL-2, from: received_at, to: closed_at, within: {{choose: [{{otherwise: 5 days}}]}}}}
"""


def test_a_choice_of_one() -> None:
    record = {"received_at": datetime(2025, 3, 3, 10), "closed_at": datetime(2025, 3, 4, 9)}
    policy = load_policy_text(_ONE_BRANCH)
    decision = policy.evaluate(record, as_of=datetime(2025, 6, 1))
    assert decision._ordinary
    assert [line.due_at.isoformat() for line in decision.deadlines if line.due_at] == ["2025-03-04T10:00:00+08:00", "2025-03-08T23:59:59+08:00"]
    one, other = both(policy, record, datetime(2025, 6, 1))
    assert one == other


def test_what_is_too_long_for_the_compiler_is_judged_by_the_general_evaluation() -> None:
    """Python indents no deeper than a hundred, and takes no sum of thousands."""
    head = _HEAD + "record: {fields: {steps: {type: integer}}}\n"
    steps = ", ".join(f"{{id: s{i}, when: {{steps: {{above: {i}}}}}, within: {i + 2} days}}" for i in range(101))
    ladder = f"deadlines: [{{id: DL-1, from: received_at, to: closed_at, within: 1 day, extend: [{steps}]}}]"
    many = "deadlines: [{id: DL-1, from: received_at, to: closed_at, within: 1 day}]\npenalties:\n" + "".join(
        f"  - {{id: PN-{i}, for: [DL-1], payable_to: company, amount: {i + 1}}}\n" for i in range(3000)
    )
    record = {"received_at": datetime(2025, 3, 3, 10), "steps": 60}
    climbed = load_policy_text(head + ladder).evaluate(record, as_of=datetime(2025, 6, 1))
    assert climbed.deadline("DL-1").step == "s59"
    assert str(climbed.deadline("DL-1").due_at) == "2025-05-03 23:59:59+08:00"
    punished = load_policy_text(head + many).evaluate(record, as_of=datetime(2025, 6, 1))
    assert sum(p.amount or 0 for p in punished.penalties) == 3000 * 3001 / 2
