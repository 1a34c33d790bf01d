"""Whatever a policy file or a record holds, only the library's own errors come out.

Shipped policies are changed at random places: they load, or are refused with a `PolicyError`.  Records
hold hostile values in any field: a decision comes out, or a `RecordError`; the record stays as it was,
and a value that cannot be read makes its own field unusable and no other.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from complaint_policy import ComplaintPolicyError, Policy, PolicyError, RecordError, load_policy
from complaint_policy.errors import UsageError
from complaint_policy.loader import load_policy_text
from tests.work import Bounded

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("cn/auto_repair", "cn/banking", "cn/base", "cn/enterprise", "cn/telecom")
AS_OF = "2026-03-20T10:00"
SETTINGS = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

# One rule and one fact of each shape, so that every kind of expression meets every kind of value.
SHAPES = """
format: 1
policy: test/shapes
effective: {from: 1800-01-01}
timezone: America/New_York
currency: USD
calendars: {office: {weekdays: mon-fri, hours: {mon-fri: ["09:00-17:00"]}}}
counting: {calendar: office, roll: next_working_day}
record:
  fields:
    tags: {type: list}
    day: {type: date, empty: none}
    factor: {type: number, empty: none}
    moment: {type: datetime}
    number_of: {type: integer, default: 3}
    allowed: {type: integer, unit: days}
    kind: {type: enum, values: [a, b], default: a}
facts:
  tagged: {tags: [x, y]}
  pattern: {description: {matches: "(a|b)*c"}}
  words: {description: {contains: [断网]}}
  sum: {plus: [{field: factor}, {field: number_of}]}
  multiplied: {times: [0.01, {field: amount_claimed}, {length: {between: [received_at, closed_at]}}]}
  months: {from: day, within: 3 months}
  hours: {from: moment, within: 5 working hours}
  greater_than: {factor: {above: {field: number_of}}}
  highest: {max_of: [{field: factor}, {field: number_of}]}
  dear: {price: {at_least: 10}}
  open: {responded_at: {during: office}}
  ordered: {in_order: [received_at, responded_at, closed_at]}
  owned: {owner: {contains: x}}
  same: {description: {field: product}}
  in_time: {responded_at: {by: {from: received_at, within: {days: {field: allowed}}}}}
severity: {levels: [low, high], rules: [{id: S1, level: high, when: {amount_claimed: {at_least: 100}}}], otherwise: low}
responsibility:
  by: [severity, kind, category]
  rows: [{id: R1, when: {severity: high, kind: a}, owner: boss, informed: [desk]}]
  otherwise: {owner: desk}
escalation: [{id: E1, when: {satisfied: false}, to: {field: handler}}]
deadlines:
  - {id: D1, from: received_at, to: responded_at, within: 15 days, pauses: [waiting_on_customer], at_risk: 80%}
  - {id: D2, from: received_at, to: closed_at, within: 3 working days, at_risk: 1 days}
  - {id: D3, from: {last_of: [received_at, moment]}, to: closed_at, within: {choose: [{when: {severity: high}, then: 4 working hours}, {otherwise: 200 years}]}}
  - {id: D4, from: received_at, to: closed_at, within: {days: {field: number_of}}}
  - {id: D5, from: received_at, to: closed_at, within: {first_of: [day, 15 days]}, counting: {ends: same_time}}
requirements: [{id: Q1, require: {present: [root_cause, moment]}, when: {upheld: true}}]
penalties:
  - {id: P1, for: [D1, D2], payable_to: company, amount: {times: [{field: amount_claimed}, 0.333]}, range: [1, 1000], charge: {first_known: [{field: responsible_person}, {field: handler}]}}
  - {id: P2, when: {upheld: true}, payable_to: company, amount: {plus: [{field: price}, 5]}}
  - {id: P3, for: [D1], per: breach, payable_to: complainant, amount: {times: [{length: {late: D1}}, {field: price}]}}
"""


@cache
def policies() -> tuple[Policy, ...]:
    return (load_policy_text(SHAPES), *(load_policy(name) for name in SHIPPED))


@cache
def documents() -> tuple[Any, ...]:
    files = [*sorted((ROOT / "policies").glob("*/*/*.yaml")), *sorted((ROOT / "examples" / "real").glob("*/policy.yaml"))]
    read = [yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader) for file in files]
    for document in read:
        document["tests"] = document.get("tests", [])[:1]
    return (yaml.load(SHAPES, yaml.BaseLoader), *read)


# --------------------------------------------------------------------------- policy files
WORDS = [
    *("", "x", "present", "missing", "true", "null", "0", "-1", "1e9", "15 days", "7 working days", "same day", "999999 days", "80%"),
    *("received_at", "closed_at", "severity", "owner", "as_of", "previous", "DL-respond", "workdays", "none", "[", "{", "中文", "\x1b[31m"),
    *("2026-03-01", "0001-01-01", "24:00", "(a*)*", "urgent", "waiting_on_customer", "each", "1" * 400, "+5", "٣", "\n"),
]
KEYS = [
    "when",
    "all",
    "any",
    "not",
    "outcome",
    "field",
    "choose",
    "from",
    "within",
    "ahead",
    "due",
    "first_of",
    "days",
    "working_days",
    "counting",
    "calendar",
    "between",
    "late",
    "length",
    "present",
    "contains",
    "matches",
    "during",
    "by",
    "at_least",
    "gte",
    "otherwise",
    "then",
    "extend",
    "needs",
    "pauses",
    "at_risk",
    "part_of",
    "x",
    "id",
    "in_order",
    "plus",
    "times",
    "max_of",
    "first_known",
    "event",
    "replaces",
    "exempt",
    "waivable",
    "duty_of",
    "together",
    "except",
    "in",
    "per",
    "round",
    "severity",
    "owner",
]


def _paths(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield from _paths(value, (*path, key))


def _at(node: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        node = node[part]
    return node


def _random_node(random: Random, depth: int = 0) -> Any:
    draw = random.random()
    if draw < 0.55 or depth > 3:
        return random.choice(WORDS)
    if draw < 0.75:
        return [_random_node(random, depth + 1) for _ in range(random.randint(0, 3))]
    return {random.choice(KEYS): _random_node(random, depth + 1) for _ in range(random.randint(0, 2))}


def _change(document: Any, random: Random) -> None:
    paths = list(_paths(document))
    path = random.choice(paths)
    parent, key, draw = _at(document, path[:-1]), path[-1], random.random()
    if draw < 0.15:
        del parent[key]
    elif draw < 0.45:
        parent[key] = _random_node(random)
    elif draw < 0.65:
        parent[key] = copy.deepcopy(_at(document, random.choice(paths)))
    elif draw < 0.75 and isinstance(parent, dict):
        parent[random.choice([*KEYS, *WORDS])] = parent.pop(key)
    elif draw < 0.85 and isinstance(parent, dict):
        parent[random.choice(KEYS)] = _random_node(random)
    elif isinstance(parent, list):
        parent.insert(random.randint(0, len(parent)), copy.deepcopy(parent[key]))
    elif isinstance(parent[key], str):
        parent[key] = parent[key][: random.randint(0, len(parent[key]))] + random.choice(WORDS)
    else:
        parent[key] = [parent[key]]


@settings(SETTINGS, max_examples=200)
@given(st.randoms(use_true_random=False), st.integers(1, 5))
def test_changed_policies(random: Random, changes: int) -> None:
    document = copy.deepcopy(random.choice(documents()))
    for _ in range(changes):
        _change(document, random)
    with Bounded(10_000_000):
        try:
            policy = load_policy_text(json.dumps(document, ensure_ascii=False))
        except PolicyError as error:
            assert error.problems
            assert error.render("zh") and error.render("en")
        else:
            record = {"received_at": "2026-03-01T10:00", "responded_at": "2026-03-10", "closed_at": "2026-03-12T00:00", "satisfied": "否", "upheld": "y"}
            decide(policy, record)


def test_a_rule_is_read_or_the_file_is_refused() -> None:
    """Every list and mapping is emptied in turn: no rule and no fact falls away in silence."""
    document = yaml.load(SHAPES, yaml.BaseLoader)
    for path in [path for path in _paths(document) if path[0] not in ("tests", "calendars") and isinstance(_at(document, path), (list, dict))]:
        changed = copy.deepcopy(document)
        _at(changed, path[:-1])[path[-1]] = type(_at(document, path))()
        try:
            model = load_policy_text(json.dumps(changed)).versions[0].model
        except PolicyError:
            continue
        assert set(changed.get("facts", {})) == set(model.facts), path
        for section in ("deadlines", "requirements", "penalties", "retention", "admission"):
            assert [rule["id"] for rule in changed.get(section, ())] == [rule.id for rule in model.section(section)], path


@settings(SETTINGS, max_examples=200)
@given(st.randoms(use_true_random=False))
def test_changed_text(random: Random) -> None:
    """Characters dropped, doubled and put in anywhere: syntax, places and messages hold."""
    text = random.choice([json.dumps(documents()[0]), SHAPES])
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(text))
        text = (
            text[:at]
            + random.choice(
                [
                    "",
                    "\n",
                    "\t",
                    ":",
                    "- ",
                    "{",
                    "]",
                    "&a ",
                    "*a",
                    "!!int ",
                    "<<: ",
                    "---\n",
                    "\x00",
                    "\ud800",
                    "#",
                    '"',
                    "'",
                    "|",
                    ">",
                    "%",
                    "@",
                    text[at : at + 9],
                ]
            )
            + text[at + random.randint(0, 3) :]
        )
    try:
        load_policy_text(text)
    except PolicyError as error:
        assert error.render("zh") and error.render("en")
        assert all(p.place.line >= 1 for p in error.problems if p.code != "too-many-problems")


# --------------------------------------------------------------------------- records
class HostileText(str):
    def strip(self, *_: Any) -> str:
        raise RuntimeError("strip")

    def __str__(self) -> str:
        raise RuntimeError("str")


class Raising:
    """An object of which nothing can be asked."""

    __hash__ = None  # type: ignore[assignment]

    def _raise(self, *_: Any) -> Any:
        raise RuntimeError("asked")

    __getattr__ = __str__ = __repr__ = __eq__ = __bool__ = __len__ = __iter__ = _raise


class Unhashable:
    def __hash__(self) -> int:
        raise RuntimeError("hash")


class HostileNumber(int):
    def _raise(self, *_: Any) -> Any:
        raise RuntimeError("compared")

    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = _raise
    __hash__ = int.__hash__


class HostileFloat(float):
    def __ne__(self, other: object) -> bool:
        raise RuntimeError("ne")


class HostileTime(datetime):
    def __ne__(self, other: object) -> bool:
        raise RuntimeError("ne")


class RaisingZone(tzinfo):
    def utcoffset(self, when: datetime | None) -> timedelta | None:
        raise RuntimeError("zone")

    def dst(self, when: datetime | None) -> timedelta | None:
        raise RuntimeError("zone")

    def tzname(self, when: datetime | None) -> str | None:
        raise RuntimeError("zone")


class NoZone(tzinfo):
    def utcoffset(self, when: datetime | None) -> timedelta | None:
        return None

    def dst(self, when: datetime | None) -> timedelta | None:
        return None

    def tzname(self, when: datetime | None) -> str | None:
        return None


def _endless() -> list[Any]:
    made: list[Any] = []
    made.append(made)
    return made


def _endless_mapping() -> dict[str, Any]:
    made: dict[str, Any] = {}
    made["from"] = made
    return made


HOSTILE: list[Any] = [
    *(None, True, False, 0, 1, -1, 10**30, 1.5, -0.0, 1e308, float("inf"), float("-inf"), float("nan")),
    *(Decimal(text) for text in ("1e999999", "-1e-999999", "NaN", "sNaN", "Infinity", "1E+60", "0E+999999", "0E-999999")),
    *("", " ", "x", "true", "是", "1,234.50", "¥-5", "1e5", "1" * 31, "-", "\ud800", "a\udfffb", "\x00", "\x1b[31m", "x" * 1_000_001),
    *("2026-03-01", "2026-02-30", "2026-03-01T25:00", "0001-01-01", "9999-12-31T23:59:59", "2026-03-01T10:00+99:99", "2026-03-01T24:00"),
    *("2026-03-01/", "2026-03-04/2026-03-01", "/;/;", "0001-01-01/9999-12-31", b"bytes", bytearray(b"x"), {1, 2}, frozenset(), {"a": 1}),
    *([], [1, 2], [[[]]], _endless(), _endless_mapping(), [_endless_mapping()], (1, 2), [("2026-03-01", "2026-03-02")], [{"from": Raising(), "to": None}]),
    *(range(5), object(), Raising(), Unhashable(), HostileText("abc"), HostileNumber(5), HostileFloat(2.0), HostileTime(2026, 3, 1)),
    *(datetime.max, datetime.min, datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-23)))),
    *(datetime(2026, 3, 1, tzinfo=RaisingZone()), datetime(2026, 3, 1, tzinfo=NoZone()), datetime(2400, 12, 31, 23, 59), datetime(1850, 1, 1)),
    *(date.min, date.max, date(2026, 3, 1), timedelta(1), datetime(2026, 3, 1, 10), len, Exception, complex(1, 2), type),
]
# Values of which nothing at all can be read, whatever the field's type.
UNREADABLE = [Raising(), Unhashable(), object(), len, complex(1, 2), b"bytes", {1: 2}]
INSTANTS: list[Any] = [
    *(AS_OF, datetime.max, datetime.min, datetime(1850, 1, 1), datetime(2400, 12, 31), "0001-01-01T00:00", "2026-03-01", None, 5, b"x", Raising()),
    *(datetime(9999, 12, 31, tzinfo=timezone(timedelta(hours=-5))), datetime(2026, 3, 1, tzinfo=RaisingZone()), HostileText("2026-03-01T00:00")),
]


def decide(policy: Policy, record: Any, as_of: Any = AS_OF, *, ahead: bool = True, **options: Any) -> dict[str, Any] | None:
    """The whole decision, looked at from every side; ``None`` for an error of the library's own."""
    try:
        decision = policy.evaluate(record, as_of=as_of, **options)
        if ahead:  # judges the record again at every instant that may change it
            repr(decision.next_change_at)
        for part in (decision.status, decision.next_deadline, decision.findings, decision.blocks("closed_at"), decision.penalties):
            repr(part)
        decision.explain("en")
        decision.explain("zh", reveal=True)
        shown = decision.to_dict(reveal=True)
        json.dumps(shown, ensure_ascii=False).encode("utf-8")
    except ComplaintPolicyError as error:
        assert isinstance(error, (RecordError, UsageError)) or options
        assert error.render("zh") and error.render("en")
        return None
    return {**shown, "unusable": sorted(decision.unusable)}


# One field of each type, as every reader of cells is met there; the others come up at random below.
TYPICAL = (
    "id",
    "received_at",
    "responded_at",
    "injury",
    "price",
    "affected_customers",
    "description",
    "waiting_on_customer",
    "tags",
    "day",
    "factor",
    "moment",
    "kind",
)


@pytest.mark.parametrize("name", TYPICAL)
def test_each_value_in_each_kind_of_field(name: str) -> None:
    for value in HOSTILE:
        record = {"received_at": "2026-03-01T10:00", name: value}
        before = list(record.items())
        decided = decide(policies()[0], record, ahead=False)
        assert decided is not None or name == "received_at", type(value)
        assert all(a[0] == b[0] and a[1] is b[1] for a, b in zip(before, record.items(), strict=True))
        if decided is not None:
            assert set(decided["unusable"]) <= {name}


@settings(SETTINGS, max_examples=100)
@given(st.randoms(use_true_random=False))
def test_hostile_records(random: Random) -> None:
    policy = random.choice(policies())
    record = {"received_at": "2026-03-01T10:00", "responded_at": "2026-03-10T00:00", "closed_at": "2026-03-12", "satisfied": "否", "amount_claimed": "500"}
    for field in random.sample(policy.fields, random.randint(1, 12)):
        record[field.name] = random.choice(HOSTILE)
    decide(policy, record, random.choice(INSTANTS))


@settings(SETTINGS, max_examples=60)
@given(st.randoms(use_true_random=False))
def test_a_bad_cell_costs_its_field_only(random: Random) -> None:
    """With an unreadable value a record is decided as if its source did not know that field."""
    policy = random.choice(policies())
    names = [field.name for field in policy.fields if field.name != "received_at"]
    record = {
        "received_at": "2026-03-01T10:00",
        "responded_at": "2026-03-10T00:00",
        "closed_at": "2026-03-12T09:00",
        "satisfied": "否",
        "amount_claimed": "500",
    }
    bad = random.choice(names)
    broken = decide(policy, {**record, bad: random.choice(UNREADABLE)})
    unknown = decide(policy, record, source_fields={*names, "received_at"} - {bad})
    assert broken is not None and unknown is not None
    assert broken.pop("unusable") in ([], [bad])
    unknown.pop("unusable")
    assert {k: v for k, v in broken.items() if k != "findings"} == {k: v for k, v in unknown.items() if k != "findings"}


RECORDS = [None, 5, "x", [], object(), len, _endless(), _endless_mapping(), {}, {"received_at": Raising()}, {1: 2}, {"received_at": {}}]


@pytest.mark.parametrize("index", range(len(RECORDS)))
def test_what_is_no_record(index: int) -> None:
    assert decide(policies()[0], RECORDS[index]) is None


CALLS: list[dict[str, Any]] = [
    *({"source_fields": 5}, {"source_fields": "received_at"}, {"waivers": 5}, {"waivers": "x"}, {"waivers": [5]}, {"waivers": [{"rule": []}]}),
    *({"waivers": [Raising()]}, {"waivers": _endless()}, {"waivers": [{"rule": "D1", "records": {"x": 1}, "by": "z"}]}),
]


@pytest.mark.parametrize("index", range(len(CALLS)))
def test_wrong_calls(index: int) -> None:
    decide(policies()[0], {"received_at": "2026-03-01T10:00", "id": Raising()}, **CALLS[index])


def test_an_axis_no_row_tests() -> None:
    text = SHAPES.replace("by: [severity, kind, category]", "by: [severity, kind, category, region, tags]")
    decision = load_policy_text(text).evaluate({"received_at": "2026-03-01T10:00", "amount_claimed": 500}, as_of=AS_OF)
    assert decision.responsibility.owner == "boss"
