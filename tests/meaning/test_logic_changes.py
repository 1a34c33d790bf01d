"""The next change: the earliest later instant with another decision on the same record, and nothing changes before it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.meaning.logic_support import NOW, decide

MICRO = timedelta(microseconds=1)

# body, record, as_of, the next change (the end of a day is the next day's first instant; "no later than" holds at the instant itself)
CHANGES: list[tuple[str, dict[str, Any], str | None]] = [
    ("deadlines: [{id: DL, from: received_at, to: responded_at, within: 20 days}]", {}, "2026-03-23T00:00"),
    ("deadlines: [{id: DL, from: received_at, to: responded_at, within: 20 days}]", {"responded_at": "2026-03-03"}, None),
    ("deadlines: [{id: DL, from: received_at, to: responded_at, within: 200 hours}]", {}, "2026-03-10T18:00:00.000001"),
    ("deadlines: [{id: DL, from: received_at, to: responded_at, within: 20 days, at_risk: 5 days}]", {}, "2026-03-18T00:00:00.000001"),
    ("deadlines: [{id: DL, from: received_at, to: responded_at, within: 2 days}]", {}, None),  # breached for good
    ("requirements: [{id: R, require: {flag: true}, before: {from: received_at, within: 20 days}}]", {"flag": False}, "2026-03-23T00:00"),
    ("requirements: [{id: R, require: {flag: true}, before: {from: received_at, within: 20 days}}]", {}, "2026-03-23T00:00"),
    ("requirements: [{id: R, require: {flag: true}, before: {from: received_at, within: 20 days}}]", {"flag": True}, None),
    ("requirements: [{id: R, require: {flag: true}, before: {from: received_at, within: 200 hours}}]", {"flag": False}, "2026-03-10T18:00"),
    ("requirements: [{id: R, require: {happened_at: present}}]", {"happened_at": "2026-03-20T10:00"}, "2026-03-20T10:00"),
    ("requirements: [{id: R, require: {as_of: {by: at}}, before: received_at}]", {"at": "2026-03-20T10:00"}, "2026-03-20T10:00:00.000001"),
    ("requirements: [{id: R, require: {as_of: {before: at}}, before: received_at}]", {"at": "2026-03-20T10:00"}, "2026-03-20T10:00"),
    # The first instant alone changes nothing; the second does.
    ("requirements: [{id: R, require: {all: [{as_of: {not_before: at}}, {as_of: {not_before: promised}}]}, before: received_at}]", {"at": "2026-03-15T10:00", "promised": "2026-03-20T10:00"}, "2026-03-20T10:00"),
    ("requirements: [{id: R, require: {happened_at: {by: {from: received_at, within: 200 hours}}}, before: received_at}]", {}, "2026-03-10T18:00"),
    ("retention: [{id: RT, keep_until: {from: received_at, within: 1 year}, deleted: later_at}]", {}, None),
    # A pause that is to come moves the due day from the 22nd to the 23rd.
    ("deadlines: [{id: DL, from: received_at, to: responded_at, within: 20 days, pauses: [pause]}]", {"pause": "2026-03-18T10:00/2026-03-19T10:00"}, "2026-03-24T00:00"),
    # Some time on the 10th, and two hours more: as long as the day runs, it may just have begun.
    ("deadlines: [{id: DL, from: happened_at, to: responded_at, within: 2 hours}]", {"happened_at": "2026-03-10"}, "2026-03-11T02:00"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "record", "expected"), CHANGES)
def test_the_next_change(body: str, record: dict[str, Any], expected: str | None) -> None:
    decision = decide(body, record)
    change = decision.next_change_at
    if expected is None:
        assert change is None
        for later in ("2026-03-11T00:00", "2026-04-30T00:00", "2027-06-01T00:00"):
            assert decide(body, record, later).signature() == decision.signature()
        return
    assert change is not None
    assert change.replace(tzinfo=None).isoformat() in (expected, f"{expected}:00")
    assert decide(body, record, (change - MICRO).isoformat()).signature() == decision.signature()
    assert decide(body, record, change.isoformat()).signature() != decision.signature()


@pytest.mark.parametrize(("keys", "expected"), [
    ({"until": "2026-03-20"}, "2026-03-21T00:00:00"), ({"until": "2026-03-20T10:00"}, "2026-03-20T10:00:00"), ({"at": "2026-03-15"}, "2026-03-15T00:00:00"), ({}, None),
])  # fmt: skip
def test_a_waiver_begins_and_ends(keys: dict[str, str], expected: str | None) -> None:
    body = "deadlines: [{id: DL, from: received_at, to: responded_at, within: 2 days, waivable: {by: [head]}}]"
    change = decide(body, {}, NOW, waivers=[{"rule": "DL", "records": "L-1", "by": "head", "reason": "x", **keys}]).next_change_at
    assert (change.replace(tzinfo=None).isoformat() if change else None) == expected


def test_a_requirement_before_the_end_of_a_day() -> None:
    body = "requirements: [{id: R, require: {flag: true}, before: {from: received_at, within: 2 days}}]"
    assert decide(body, {"flag": False}, "2026-03-04T23:59:59.999999").outcomes == {"R": "pending"}
    assert decide(body, {"flag": False}, "2026-03-05T00:00").outcomes == {"R": "breached"}


def test_work_that_stands_still_may_go_on() -> None:
    facts = "facts: {d: {length: {except: [{between: [received_at, responded_at]}, pause]}, in: days, round: down}}\nrequirements: [{id: R, require: {d: {at_most: 3}}, before: received_at}]"
    standing = {"pause": [{"from": "2026-03-05T10:00", "to": None}]}  # three days of work, then a pause that still runs
    assert decide(facts, standing).outcomes == {"R": "pending"}
    assert decide(facts, {**standing, "responded_at": "2026-03-09T10:00"}).outcomes == {"R": "met"}


def test_names_are_the_same_after_nfc() -> None:
    fields = 'record: {fields: {k: {type: enum, values: ["cafe\\u0301", x]}}}'
    assert decide('requirements: [{id: R, require: {k: "caf\\u00e9"}, before: received_at}]', {"k": "café"}, fields=fields).outcomes == {"R": "met"}
    assert decide('requirements: [{id: R, require: {k: "cafe\\u0301"}, before: received_at}]', {"k": "cafe\u0301"}, fields=fields).outcomes == {"R": "met"}


@pytest.mark.parametrize("recorded", ["major", "Major", "重大"])
def test_a_level_on_record_by_its_id_or_title(recorded: str) -> None:
    body = "severity: {levels: [minor, major], titles: {minor: {en: Minor, zh: 一般}, major: {en: Major, zh: 重大}}, rules: [{id: S, level: major, when: {flag: true}}], otherwise: minor}"
    assert list(decide(body, {"flag": True, "recorded_severity": recorded}).findings) == []
    assert [f.outcome for f in decide(body, {"flag": False, "recorded_severity": recorded}).findings] == ["differs"]
