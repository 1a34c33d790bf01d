"""Every form of test, on values that are there, empty, unusable, in no column, and not yet (principles 1 to 3)."""

from __future__ import annotations

from typing import Any

import pytest

from complaint_policy import PolicyError
from tests.meaning.logic_support import condition, policy

LATER = "2026-04-01T10:00"  # after the moment of judgement, 10 March 12:00

Case = tuple[str, dict[str, Any], str]

BOOLEANS: list[Case] = [
    ("{flag: true}", {"flag": True}, "true"),
    ("{flag: true}", {"flag": False}, "false"),
    ("{flag: false}", {"flag": False}, "true"),
    ("{flag: true}", {}, "? flag"),
    ("{flag: false}", {}, "? flag"),  # unknown is not false
    ("{flag: {not: true}}", {}, "? flag"),
    ("{flag: true}", {"flag": "perhaps"}, "? flag"),
    ("{preset: true}", {}, "false"),  # a default fills an empty cell
    ("{preset: true}", {"preset": "  "}, "false"),
    ("{preset: true}", {"preset": None}, "false"),
    ("{preset: true}", {"preset": "perhaps"}, "? preset"),  # and no unusable one
    ("{flag: {field: other}}", {"flag": True, "other": True}, "true"),
    ("{flag: {field: other}}", {"flag": True, "other": False}, "false"),
    ("{flag: {field: other}}", {"flag": True}, "? other"),
]

PRESENT: list[Case] = [
    ("{flag: present}", {}, "false"),
    ("{flag: present}", {"flag": False}, "true"),  # a false is there
    ("{flag: missing}", {}, "true"),
    ("{flag: present}", {"flag": "perhaps"}, "? flag"),  # something is there, but what
    ("{preset: present}", {}, "false"),  # the record as given, not the default
    ("{preset: missing}", {}, "true"),
    ("{preset: present}", {"preset": "no"}, "true"),
    ("{preset: present}", {"preset": "perhaps"}, "? preset"),
    ("{word: present}", {"word": " \t　 "}, "false"),
    ("{word: present}", {"word": ""}, "false"),
    ("{word: present}", {"word": "x"}, "true"),
    ("{tags: present}", {"tags": []}, "false"),
    ("{tags: present}", {"tags": ["a"]}, "true"),
    ("{tags: present}", {"tags": ["", " ", None]}, "false"),  # nothing but blanks
    ("{tags: present}", {"tags": " ; "}, "false"),
    ("{tags: [a]}", {"tags": ["", "a"]}, "true"),
    ("{pause: present}", {"pause": " ; "}, "false"),
    ("{word: 'present'}", {"word": "x"}, "true"),  # as a scalar always the test, quoted or not
    ("{word: [present]}", {"word": "x"}, "false"),
    ("{word: [present]}", {"word": "present"}, "true"),
    ("{pieces: present}", {"pieces": 0}, "true"),
    ("{pieces: present}", {"pieces": float("nan")}, "false"),
    ("{happened_at: present}", {}, "false"),
    ("{happened_at: present}", {"happened_at": "2026-03-03T10:00"}, "true"),
    ("{happened_at: present}", {"happened_at": LATER}, "false"),  # an event of the future has not happened
    ("{promised: present}", {}, "false"),
    ("{promised: present}", {"promised": LATER}, "true"),  # a promise lies in the future by right
    ("{at: present}", {"at": LATER}, "true"),
    ("{present: [flag, word]}", {"flag": False, "word": "x"}, "true"),
    ("{present: [flag, word]}", {"flag": False}, "false"),
    ("{missing: [flag, word]}", {"flag": False}, "false"),
    ("{missing: [flag, word]}", {}, "true"),
    ("{flag: {not: present}}", {}, "true"),
    ("{not: {flag: present}}", {}, "true"),
]

NUMBERS: list[Case] = [
    ("{pieces: 3}", {"pieces": 3}, "true"),
    ("{pieces: 3}", {"pieces": "3"}, "true"),
    ("{pieces: 3}", {"pieces": 3.0}, "true"),
    ("{pieces: 3}", {"pieces": 3.5}, "? pieces"),  # no whole number
    ("{pieces: [1, 3]}", {"pieces": 3}, "true"),
    ("{pieces: [1, 3]}", {"pieces": 2}, "false"),
    ("{pieces: [1, 3]}", {}, "? pieces"),
    ("{pieces: {not: [1, 3]}}", {"pieces": 2}, "true"),
    ("{pieces: {not: 3}}", {"pieces": 3}, "false"),
    ("{pieces: {at_least: 3}}", {"pieces": 3}, "true"),
    ("{pieces: {above: 3}}", {"pieces": 3}, "false"),
    ("{pieces: {at_most: 3}}", {"pieces": 3}, "true"),
    ("{pieces: {below: 3}}", {"pieces": 3}, "false"),
    ("{pieces: {above: 1, below: 3}}", {"pieces": 2}, "true"),  # all of a test's entries hold
    ("{pieces: {above: 1, below: 3}}", {"pieces": 3}, "false"),
    ("{pieces: {above: {field: tally}}}", {"pieces": 3, "tally": 2}, "true"),
    ("{pieces: {above: {field: tally}}}", {"pieces": 3}, "? tally"),
    ("{pieces: {above: {field: tally}}}", {}, "? pieces tally"),
    ("{size: 0.1}", {"size": 0.1}, "true"),  # floats enter by their shortest text
    ("{size: 0.3}", {"size": 0.1 + 0.2}, "false"),  # 0.30000000000000004
    ("{size: {at_least: 0.10}}", {"size": "0.1"}, "true"),
    ("{size: {above: {times: [2, {field: size}]}}}", {"size": 1}, "false"),
    ("{sum: {at_least: {field: limit}}}", {"sum": "¥1,000.00", "limit": 1000}, "true"),
    ("{sum: {above: {times: [0.5, {field: limit}]}}}", {"sum": "500.01", "limit": 1000}, "true"),
    ("{sum: {above: {times: [0.5, {field: limit}]}}}", {"sum": 500, "limit": 1000}, "false"),
    ("{agreed: {at_least: 1}}", {}, "false"),  # none was agreed: nothing is at least anything
    ("{agreed: {at_most: 9}}", {}, "false"),
    ("{agreed: 3}", {}, "false"),
]

TEXTS: list[Case] = [
    ("{kind: network}", {"kind": "network"}, "true"),
    ("{kind: [network, tariff]}", {"kind": "service"}, "false"),
    ("{kind: {not: network}}", {"kind": "service"}, "true"),
    ("{kind: network}", {"kind": "netwrok"}, "? kind"),  # must not slide into "not network"
    ("{kind: {not: network}}", {"kind": "netwrok"}, "? kind"),
    ("{kind: network}", {"kind": " network "}, "true"),
    ("{kind: network}", {"kind": "Network"}, "? kind"),  # case as written
    ("{word: network}", {"word": "Network"}, "false"),
    ("{word: 'NO'}", {"word": "NO"}, "true"),
    ("{word: NO}", {"word": "NO"}, "true"),  # no Norway problem
    ("{word: 010}", {"word": "010"}, "true"),
    ("{word: 010}", {"word": "10"}, "false"),
    ("{word: {field: second}}", {"word": "断网", "second": "断网"}, "true"),
    ("{word: {not: {field: second}}}", {"word": "甲", "second": "乙"}, "true"),
    ("{word: {not: {field: second}}}", {"word": "甲"}, "? second"),
    ("{word: {contains: 断网}}", {"word": "昨晚断网三小时"}, "true"),
    ("{word: {contains: [断网, 诈骗]}}", {"word": "疑似诈骗电话"}, "true"),
    ("{word: {contains: [断网, 诈骗]}}", {"word": "网断了"}, "false"),
    ("{word: {contains: [断网, 诈骗]}}", {}, "? word"),
    ("{word: {contains: abc}}", {"word": "xABCx"}, "false"),
    ("{word: {contains: café}}", {"word": "le cafe\u0301 noir"}, "true"),  # decomposed in the record
    ('{word: {contains: "cafe\\u0301"}}', {"word": "le café noir"}, "true"),  # decomposed in the policy
    ('{word: "cafe\\u0301"}', {"word": "café"}, "true"),
    ("{word: {contains: 5}}", {"word": 15}, "true"),  # a number in a text field is its text
    ("{word: {not: {contains: 断网}}}", {"word": "正常"}, "true"),
    ("{word: {matches: '.*断网.*'}}", {"word": "昨晚断网三小时"}, "true"),
    ("{word: {matches: '[0-9]{4}-[0-9]+'}}", {"word": "2026-17"}, "true"),
    ("{word: {matches: '投诉[一-龥]{2}'}}", {"word": "投诉处理"}, "true"),
    ("{word: {matches: '投诉.'}}", {"word": "投诉😀"}, "true"),  # one character, not two halves
    ("{word: {matches: '(?i)abc'}}", {"word": "ABC"}, "true"),
    ("{word: {matches: 'abc'}}", {}, "? word"),
    ('{word: {matches: "caf\\u00e9"}}', {"word": "cafe\u0301"}, "true"),
    ('{word: {matches: "cafe\\u0301"}}', {"word": "café"}, "true"),  # the pattern after NFC too
    ("{tags: a}", {"tags": ["a", "b"]}, "true"),
    ("{tags: [a, c]}", {"tags": ["b", "c"]}, "true"),  # shares at least one
    ("{tags: [a, c]}", {"tags": ["b"]}, "false"),
    ("{tags: {contains: net}}", {"tags": ["network"]}, "false"),  # has it, not the substring
    ("{tags: {contains: [x, network]}}", {"tags": ["network"]}, "true"),
    ("{tags: {not: a}}", {"tags": ["b"]}, "true"),
    ("{tags: a}", {}, "? tags"),
    ("{tags: a}", {"tags": "b; a"}, "true"),
    ("{tags: a}", {"tags": 5}, "? tags"),
    ('{tags: "cafe\\u0301"}', {"tags": ["café"]}, "true"),
    ('{tags: [x, "cafe\\u0301"]}', {"tags": ["café"]}, "true"),
]

INSTANTS: list[Case] = [
    ("{happened_at: {by: later_at}}", {"happened_at": "2026-03-03T10:00", "later_at": "2026-03-03T10:00"}, "true"),
    ("{happened_at: {before: later_at}}", {"happened_at": "2026-03-03T10:00", "later_at": "2026-03-03T10:00"}, "false"),
    ("{happened_at: {after: later_at}}", {"happened_at": "2026-03-03T10:00", "later_at": "2026-03-03T10:00"}, "false"),
    ("{happened_at: {not_before: later_at}}", {"happened_at": "2026-03-03T10:00", "later_at": "2026-03-03T10:00"}, "true"),
    ("{happened_at: {by: later_at}}", {}, "open"),  # neither has happened
    ("{happened_at: {by: later_at}}", {"happened_at": "2026-03-03T10:00"}, "true"),  # whenever the other comes
    ("{happened_at: {by: later_at}}", {"later_at": "2026-03-03T10:00"}, "false"),  # too late now
    ("{happened_at: {after: later_at}}", {"later_at": "2026-03-03T10:00"}, "true"),  # it can only come after
    ("{happened_at: {after: later_at}}", {"happened_at": "2026-03-03T10:00"}, "false"),
    ("{happened_at: {by: at}}", {"at": "2026-03-09T10:00"}, "false"),
    ("{happened_at: {by: at}}", {"at": LATER}, "open"),
    ("{happened_at: {after: at}}", {"at": LATER}, "open"),
    ("{happened_at: {by: at}}", {}, "? at"),
    ("{happened_at: {by: at}}", {"happened_at": "never", "at": LATER}, "? happened_at"),
    ("{at: {by: happened_at}}", {"at": LATER}, "open"),
    ("{happened_at: {by: {from: received_at, within: 3 days}}}", {}, "false"),  # 5 March is over
    ("{happened_at: {by: {from: received_at, within: 8 days}}}", {}, "open"),  # until the end of 10 March
    ("{happened_at: {by: {from: received_at, within: 3 days}}}", {"happened_at": "2026-03-05T23:59"}, "true"),
    ("{happened_at: {by: {from: received_at, within: 3 days}}}", {"happened_at": "2026-03-06T00:00"}, "false"),
    ("{as_of: {after: received_at}}", {}, "true"),
    ("{as_of: {by: {from: received_at, within: 8 days}}}", {}, "true"),
    ("{as_of: {by: {from: received_at, within: 3 days}}}", {}, "false"),
    ("{as_of: {not: {after: received_at}}}", {}, "false"),
    ("{as_of: {not: {by: at}}}", {}, "? at"),
    ("{as_of: {after: received_at, before: {from: received_at, within: 3 days}}}", {}, "false"),
    ("{day: {before: at}}", {"day": "2026-03-03", "at": "2026-03-04T00:00"}, "true"),  # the whole day lies before
    ("{day: {before: at}}", {"day": "2026-03-03", "at": "2026-03-03T12:00"}, "? day"),  # somewhere in that day
    ("{day: {by: at}}", {"day": "2026-03-03", "at": "2026-03-03T00:00"}, "? day"),  # its first instant would do
    ("{day: {after: at}}", {"day": "2026-03-03", "at": "2026-03-02T23:59"}, "true"),
    ("{happened_at: {by: at}}", {"happened_at": "2026-03-03", "at": "2026-03-03T23:59:59.999999"}, "true"),
    ("{happened_at: {by: at}}", {"happened_at": "2026-03-03", "at": "2026-03-03T23:59"}, "? happened_at"),
    ("{in_order: [received_at, happened_at, later_at]}", {"happened_at": "2026-03-03T10:00", "later_at": "2026-03-04T10:00"}, "true"),
    ("{in_order: [received_at, happened_at, later_at]}", {"happened_at": "2026-03-05T10:00", "later_at": "2026-03-04T10:00"}, "false"),
    ("{in_order: [received_at, happened_at, later_at]}", {"later_at": "2026-03-04T10:00"}, "false"),  # the first is left out
    ("{in_order: [happened_at, later_at]}", {"happened_at": "2026-03-04T10:00", "later_at": "soon"}, "? later_at"),
    ("{in_order: [happened_at, later_at]}", {"later_at": "soon"}, "? later_at"),  # if it has not happened, nothing is out of order
    ("{in_order: [happened_at, later_at]}", {"happened_at": "soon"}, "true"),  # the later one has not happened
]

COMBINED: list[Case] = [
    ("{all: [{flag: true}, {other: true}]}", {"flag": False}, "false"),  # whatever the other is
    ("{all: [{flag: true}, {other: true}]}", {"flag": True}, "? other"),
    ("{all: [{flag: true}, {other: true}]}", {}, "? flag other"),
    ("{flag: true, other: true}", {"flag": True, "other": True}, "true"),
    ("{flag: true, other: true}", {"other": False}, "false"),
    ("{any: [{flag: true}, {other: true}]}", {"flag": True}, "true"),
    ("{any: [{flag: true}, {other: true}]}", {"flag": False}, "? other"),
    ("{any: [{flag: true}, {other: true}]}", {"flag": False, "other": False}, "false"),
    ("{not: {all: [{flag: true}, {other: true}]}}", {"flag": False}, "true"),
    ("{not: {any: [{flag: true}, {other: true}]}}", {}, "? flag other"),
    ("{not: {flag: true, other: true}}", {"flag": True, "other": False}, "true"),
    ("{all: [{flag: true}, {happened_at: {by: at}}]}", {"flag": True, "at": LATER}, "open"),
    ("{all: [{flag: true}, {happened_at: {by: at}}]}", {"flag": False, "at": LATER}, "false"),
    ("{any: [{flag: true}, {happened_at: {by: at}}]}", {"flag": True, "at": LATER}, "true"),
    ("{all: [{flag: true}, {happened_at: {by: at}}]}", {"at": LATER}, "? flag"),  # time alone does not settle it
    ("{any: [{flag: true}, {flag: false}]}", {}, "? flag"),  # each test by itself: no algebra
]

VALUES: list[Case] = [
    ("{pieces: {at_least: {plus: [1, {field: tally}]}}}", {"pieces": 3, "tally": 2}, "true"),
    ("{pieces: {at_least: {plus: [1, {field: tally}]}}}", {"pieces": 3}, "? tally"),
    ("{pieces: {at_least: {minus: [{field: tally}, 1, 1]}}}", {"pieces": 3, "tally": 5}, "true"),  # 5 - 1 - 1
    ("{pieces: {at_least: {max_of: [1, {field: tally}]}}}", {"pieces": 0}, "? tally"),  # unknown, never skipped
    ("{pieces: {at_most: {min_of: [1, {field: tally}]}}}", {"pieces": 1, "tally": 4}, "true"),
    ("{pieces: {at_least: {first_known: [{field: tally}, 2]}}}", {"pieces": 2}, "true"),  # passes over the empty
    ("{pieces: {at_least: {first_known: [{field: tally}, 2]}}}", {"pieces": 2, "tally": 3}, "false"),
    ("{pieces: {at_least: {first_known: [{field: tally}, 2]}}}", {"pieces": 2, "tally": "many"}, "? tally"),  # stops at the unusable
    ("{pieces: {at_least: {first_known: [{field: agreed}, 2]}}}", {"pieces": 2}, "true"),  # stated to be none: empty too
    ("{tally: {at_least: {first_known: [{field: pieces}, {field: agreed}]}}}", {"tally": 1, "agreed": 1}, "true"),
    ("{pieces: {choose: [{when: {flag: true}, then: 1}, {otherwise: 2}]}}", {"pieces": 2, "flag": False}, "true"),
    ("{pieces: {at_least: {choose: [{when: {flag: true}, then: 1}, {otherwise: 2}]}}}", {"pieces": 5}, "true"),  # 1 or 2: it agrees
    ("{pieces: {at_least: {choose: [{when: {flag: true}, then: 1}, {otherwise: 2}]}}}", {"pieces": 1}, "? flag"),
    ("{pieces: {at_least: {choose: [{when: {flag: true}, then: 1}, {otherwise: 2}]}}}", {"pieces": 0}, "false"),
    ("{pieces: {at_least: {choose: [{when: {flag: true}, then: 1}]}}}", {"pieces": 5, "flag": False}, "? flag"),  # no branch: missing
    ("{pieces: {at_least: {choose: [{when: {flag: true}, then: 1}, {when: {other: true}, then: 9}, {otherwise: 2}]}}}", {"pieces": 3, "other": False}, "true"),
    ("{pieces: {at_least: {choose: [{when: {flag: true}, then: 1}, {when: {other: true}, then: 2}, {otherwise: 9}]}}}", {"pieces": 3, "other": True}, "true"),
    ("{kind: {choose: [{when: {flag: true}, then: network}, {otherwise: tariff}]}}", {"kind": "service"}, "false"),  # neither of both
    ("{kind: {choose: [{when: {flag: true}, then: network}, {otherwise: tariff}]}}", {"kind": "tariff"}, "? flag"),
    ("{size: {at_least: {times: [{field: size}, {field: size}]}}}", {"size": "0." + "3" * 30}, "true"),
    ("{size: {at_least: {times: [{field: size}, {field: size}, {field: size}]}}}", {"size": "0." + "3" * 30}, "? size"),  # 90 digits: unusable
    ("{size: {at_least: {times: [0, {field: size}]}}}", {}, "? size"),
]


@pytest.mark.parametrize(("test", "record", "expected"), BOOLEANS + PRESENT + NUMBERS + TEXTS + INSTANTS + COMBINED + VALUES)
def test_a_condition(test: str, record: dict[str, Any], expected: str) -> None:
    assert condition(test, record) == expected


OPENING: list[Case] = [
    ("{as_of: {during: office}}", {}, "true"),  # Tuesday noon
    ("{as_of: {not: {during: office}}}", {}, "false"),
    ("{as_of: {by: {from: received_at, within: 6 working days}, counting: {calendar: office}}}", {}, "true"),  # until the end of Tuesday
    ("{as_of: {by: {from: received_at, within: 5 working days}, counting: {calendar: office}}}", {}, "false"),
]


@pytest.mark.parametrize(("test", "record", "expected"), OPENING)
def test_a_condition_by_a_calendar(test: str, record: dict[str, Any], expected: str) -> None:
    office = 'calendars: {office: {weekdays: mon-fri, hours: {mon-fri: ["09:00-18:00"]}}}'
    assert condition(test, record, facts=office) == expected


# A field the source has no column for is unknown, whatever its empty cell would mean.
NO_COLUMN: list[tuple[str, str, str]] = [
    ("{preset: true}", "false", "? preset"),
    ("{preset: present}", "false", "? preset"),
    ("{flag: present}", "false", "? flag"),
    ("{happened_at: present}", "false", "? happened_at"),
    ("{happened_at: {by: {from: received_at, within: 3 days}}}", "false", "? happened_at"),
    ("{promised: present}", "false", "? promised"),
    ("{agreed: {at_least: 1}}", "false", "? agreed"),
    ("{tally: {at_least: {first_known: [{field: agreed}, 2]}}}", "true", "? agreed"),  # not known to be empty
]


@pytest.mark.parametrize(("test", "empty", "unknown"), NO_COLUMN)
def test_an_absent_column_is_no_empty_cell(test: str, empty: str, unknown: str) -> None:
    names = {"id", "received_at", "flag", "preset", "happened_at", "promised", "agreed", "tally"}
    asked = unknown.removeprefix("? ")
    assert condition(test, {"tally": 2}, source_fields=names) == empty
    assert condition(test, {"tally": 2}, source_fields=names - {asked}) == unknown
    assert condition(test, {"tally": 2, asked: "x"}, source_fields=names - {asked}) == unknown  # its cell is not looked at


REFUSED = [
    ("{size: {above: {field: width}}}", "unit"),  # kilometres against millimetres
    ("{sum: {above: {field: pieces}}}", ""),  # money against a number
    ("{pieces: network}", "number"),
    ("{kind: netwrok}", "network"),  # with the near name
    ("{word: {matches: '(a)\\1'}}", ""),  # no back references
    ("{word: {matches: 'a(?=b)'}}", ""),  # no look-ahead
    ("{word: {matches: '('}}", ""),
    ("{happened_at: '2026-01-01'}", ""),
    ("{flag: {at_least: true}}", ""),
    ("{word: {contains: ''}}", ""),
    ("{pieces: {gte: 3}}", "at_least"),
    ("{pieces: '>= 3'}", ""),
    ("{pieces: {above: 1, unknown: 2}}", "unknown"),
    ("{peices: 3}", "pieces"),
    ("{flag: sometimes}", "true or false"),
    ("{kind: []}", ""),
    ("{}", ""),
    ("{sum: {above: {times: [{field: limit}, {field: sum}]}}}", ""),  # money times money
]


@pytest.mark.parametrize(("test", "names"), REFUSED)
def test_a_condition_without_meaning_is_refused(test: str, names: str) -> None:
    with pytest.raises(PolicyError) as refused:
        policy(f"requirements: [{{id: RQ, require: {test}, before: closed_at}}]")
    assert any(names in f"{p} {p.hint}" for p in refused.value.problems)


def test_reserved_words_are_no_enum_values() -> None:
    with pytest.raises(PolicyError):
        policy("requirements: [{id: RQ, require: {x: present}, before: closed_at}]", fields="record: {fields: {x: {type: enum, values: [present, absent]}}}")
