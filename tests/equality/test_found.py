"""Cases in which the audit once differed from a loop over ``evaluate``, each as small as it could be made.

Every case is audited as a table in memory, as a query read two rows at a time, and as records; what its column should hold is
written down beside it, so that a case still is what its name says.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from attrs import field, frozen

from complaint_policy import Policy, load_policy_text
from tests.equality.comparing import audited, differences, entries_of, loop
from tests.equality.small import asked, small_pieces

HEAD = """
format: 1
policy: test/found
effective: {from: 2020-01-01}
timezone: Asia/Shanghai
currency: CNY
calendars:
  office: {weekdays: mon-fri, hours: {mon-fri: ["09:00-17:00"]}}
"""
MONDAY = datetime(2026, 3, 2, 10)


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute)


@frozen
class Case:
    """A policy, columns, and what one column of the decisions holds: ``None`` where the row is rejected."""

    name: str
    policy: str
    columns: Mapping[str, Any]
    shown: str
    holds: list[Any]
    as_of: str = "2026-03-20T12:00"
    schema: Mapping[str, Any] = field(factory=dict)
    unusable: Mapping[str, int] = field(factory=dict)
    waivers: tuple[Mapping[str, Any], ...] = ()

    def load(self) -> Policy:
        return load_policy_text(HEAD + self.policy, name=f"{self.name}.yaml")

    @property
    def frame(self) -> pl.DataFrame:
        return pl.DataFrame(self.columns, schema_overrides=dict(self.schema))


CASES = (
    Case(
        "two deadlines with one limit from different starts",
        """
deadlines:
  - {id: D1, from: received_at, to: acknowledged_at, within: 24 hours}
  - {id: D2, from: acknowledged_at, to: responded_at, within: 24 hours}
""",
        {
            "received_at": [MONDAY] * 4,
            "acknowledged_at": [at(2, 12), at(3, 9), at(4, 9), None],
            "responded_at": [at(3, 11), at(4, 9), at(5, 10), None],
        },
        "D2.outcome",
        ["met", "met", "breached", "indeterminate"],
    ),
    Case(
        "a ladder whose steps have one limit from different starts",
        """
deadlines:
  - id: D1
    from: received_at
    to: responded_at
    within: 24 hours
    extend: [{id: more, within: {last_of: [{from: {due: previous}, within: 24 hours}]}, needs: {acknowledged_at: {by: {due: previous}}}}]
""",
        {
            "received_at": [MONDAY] * 3,
            "acknowledged_at": [at(2, 12), at(3, 11), None],
            "responded_at": [at(4, 9), at(4, 9), at(4, 9)],
        },
        "D1.outcome",
        ["met", "breached", "breached"],
    ),
    Case(
        "an exemption that compares money with a multiple of a field",
        """
deadlines:
  - id: D1
    from: received_at
    to: responded_at
    within: 24 hours
    exempt: [{when: {amount_claimed: {above: {times: [5, {field: price}]}}}, reason: {en: Too much, zh: 过高}}]
""",
        {
            "received_at": [MONDAY] * 5,
            "responded_at": [at(9), at(9), at(9), None, None],
            "amount_claimed": [50.05, 50.0, None, 50.05, 1.0],
            "price": [10.0, 10.0, 10.0, 10.0, None],
        },
        "D1.outcome",
        ["exempt", "breached", "indeterminate", "exempt", "indeterminate"],
    ),
    Case(
        "an exemption by arithmetic of something that is still pending",
        """
deadlines:
  - id: D1
    from: received_at
    to: responded_at
    within: 30 days
    exempt: [{when: {amount_claimed: {at_least: {times: [5, {field: price}]}}}, reason: {en: Too much, zh: 过高}}]
""",
        {"received_at": [MONDAY] * 3, "responded_at": [None] * 3, "amount_claimed": ["50", "50.00", "49.99"], "price": ["10", "10.001", "x"]},
        "D1.outcome",
        ["exempt", "pending", "pending"],
        unusable={"price": 1},
    ),
    Case(
        "a full column of texts with an amount in another currency",
        """
record: {fields: {fee: {type: money}}}
requirements: [{id: R1, require: {fee: {at_least: 5}}, before: received_at}]
""",
        {"received_at": [MONDAY] * 4, "fee": ["5", "EUR 5", "CNY 5", "4"]},
        "R1.outcome",
        ["met", "indeterminate", "met", "breached"],
        unusable={"fee": 1},
    ),
    Case(
        "a full column with an unusable cell in it that no rule looks at but by its presence",
        """
record: {fields: {fee: {type: money}}}
requirements: [{id: R1, require: {present: [fee]}, before: received_at}]
""",
        {"received_at": [MONDAY] * 3, "fee": ["5", "EUR 5", "EUR 6"]},
        "R1.outcome",
        ["met", "indeterminate", "indeterminate"],
        unusable={"fee": 2},
    ),
    Case(
        "constant conditions over several rows",
        """
record: {fields: {flag: {type: boolean, default: true}, other: {type: boolean}}}
severity: {levels: [low, high], rules: [{id: S1, level: high, when: {flag: true}}], otherwise: low}
requirements:
  - {id: R1, require: {flag: true}, before: received_at}
  - {id: R2, require: {any: [{flag: false}, {other: true}]}, before: received_at}
""",
        {"received_at": [MONDAY] * 3, "flag": [None] * 3, "other": [True, False, None]},
        "R2.outcome",
        ["met", "breached", "indeterminate"],
        schema={"flag": pl.Null},
    ),
    Case(
        "absent columns over several rows",
        """
record: {fields: {flag: {type: boolean, default: false}, kind: {type: enum, values: [a, b]}, fee: {type: money}}}
severity: {levels: [low, high], rules: [{id: S1, level: high, when: {kind: a}}], otherwise: low}
responsibility:
  by: [kind]
  rows: [{id: O1, when: {kind: a}, owner: desk}]
  otherwise: {owner: desk}
deadlines:
  - {id: D1, from: received_at, to: responded_at, within: 24 hours, when: {flag: false}, exempt: [{when: {fee: {above: 5}}, reason: {en: Much, zh: 多}}]}
""",
        {"received_at": [MONDAY, MONDAY, None, at(19, 20)]},
        "D1.outcome",
        ["indeterminate", "indeterminate", None, "indeterminate"],
        schema={"received_at": pl.Datetime("us")},
    ),
    Case(
        "exempt, with a limit that can be counted",
        """
deadlines:
  - id: D1
    from: received_at
    to: responded_at
    within: 4 working hours
    counting: {calendar: office}
    exempt: [{when: {upheld: true}, reason: {en: Settled, zh: 已解决}}]
""",
        {"received_at": [MONDAY] * 3, "responded_at": [None] * 3, "upheld": [True, False, None]},
        "D1.outcome",
        ["exempt", "breached", "indeterminate"],
    ),
    Case(
        "receipts by day that are still to come, with a portfolio",
        """
deadlines: [{id: D1, from: received_at, to: responded_at, within: 1 days}]
portfolio:
  - {id: P1, measure: {share: {outcome: {D1: met}}}, per: month, expect: {at_least: 50%}}
  - {id: P2, measure: {count: {responded_at: present}}, per: all}
""",
        {
            "received_at": [date(2026, 3, 2), date(2026, 3, 20), date(2026, 3, 21), date(2026, 4, 2)],
            "responded_at": [at(3), None, None, at(18)],
        },
        "D1.outcome",
        ["met", "pending", "indeterminate", "indeterminate"],
    ),
    Case(
        "a list without a column, asked what it contains",
        """
record: {fields: {tags: {type: list}, none_tags: {type: list, empty: none}}}
requirements:
  - {id: R1, require: {tags: {contains: [a]}}, before: received_at}
  - {id: R2, require: {not: {none_tags: {contains: [a]}}}, before: received_at}
""",
        {"received_at": [MONDAY] * 2},
        "R1.outcome",
        ["indeterminate", "indeterminate"],
    ),
    Case(
        "a list whose column has nothing in it, asked what it contains",
        """
record: {fields: {tags: {type: list}, none_tags: {type: list, empty: none}}}
requirements:
  - {id: R1, require: {tags: {contains: [a]}}, before: received_at}
  - {id: R2, require: {not: {none_tags: {contains: [a]}}}, before: received_at}
""",
        {"received_at": [MONDAY] * 2, "tags": [None, None], "none_tags": [None, None]},
        "R2.outcome",
        ["met", "met"],
    ),
    Case(
        "an axis of numbers that is null on a row, after rows that are full",
        """
responsibility:
  by: [affected_customers]
  rows:
    - {id: O1, when: {affected_customers: {below: 5}}, owner: desk}
    - {id: O2, when: {affected_customers: {at_least: 5, below: 10}}, owner: ops}
  otherwise: {owner: boss}
""",
        {"received_at": [MONDAY] * 6, "affected_customers": [4, 5, 9, 10, None, 5]},
        "owner",
        ["desk", "ops", "ops", "boss", None, "ops"],
    ),
    Case(
        "an axis of amounts that is no number on a row",
        """
responsibility:
  by: [amount_claimed]
  rows:
    - {id: O1, when: {amount_claimed: {below: 99.95}}, owner: desk}
    - {id: O2, when: {amount_claimed: {at_least: 99.95, below: 100}}, owner: ops}
  otherwise: {owner: boss}
""",
        {"received_at": [MONDAY] * 6, "amount_claimed": [99.94, 99.95, 99.99, 100.0, float("nan"), 1.0]},
        "owner",
        ["desk", "ops", "ops", "boss", None, "desk"],
    ),
    Case(
        "a number that is none among reasonable ones",
        """
record: {fields: {fee: {type: number}}}
requirements: [{id: R1, require: {fee: {at_least: 5}}, before: received_at}]
""",
        {"received_at": [MONDAY] * 2, "fee": [1.0, float("nan")]},
        "R1.outcome",
        ["breached", "indeterminate"],
    ),
    Case(
        "the last of instants one of which has no column",
        """
deadlines:
  - {id: D1, from: {last_of: [received_at, acknowledged_at]}, to: responded_at, within: 24 hours, at_risk: 50%}
  - {id: D2, from: received_at, to: responded_at, within: {last_of: [{from: received_at, within: 24 hours}, {from: acknowledged_at, within: 2 hours}]}, at_risk: 2 hours}
""",
        {"received_at": [MONDAY, MONDAY, at(20, 11), at(19, 13)], "responded_at": [at(3, 9), at(4), None, None]},
        "D1.outcome",
        ["met", "indeterminate", "pending", "at_risk"],
    ),
    Case(
        "the first of instants one of which has no column, with a length counted from it",
        """
facts:
  began: {first_of: [received_at, acknowledged_at]}
  ended: {last_of: [received_at, acknowledged_at]}
deadlines:
  - {id: D1, from: received_at, to: responded_at, within: {first_of: [{from: began, within: 2 days}, {from: ended, within: 1 days}]}, at_risk: 80%}
  - {id: D2, from: received_at, to: responded_at, within: {from: ended, within: 2 days}, at_risk: 80%}
""",
        {"received_at": [MONDAY, MONDAY, at(20, 11), at(18, 13)], "responded_at": [at(3, 9), at(9), None, None]},
        "D2.outcome",
        ["met", "indeterminate", "pending", "pending"],
    ),
    Case(
        "a limit of so many days as a field says",
        """
record: {fields: {agreed: {type: number}, rest: {type: integer, empty: none}}}
deadlines:
  - {id: D1, from: received_at, to: responded_at, within: {days: {field: agreed}}, at_risk: 50%}
  - {id: D2, from: received_at, to: responded_at, within: {working_days: {field: rest}}, counting: {calendar: office}}
""",
        {
            "received_at": [MONDAY] * 8,
            "responded_at": [at(4), at(4), at(4), at(4), at(4), at(4), None, at(2, 11)],
            "agreed": [2.0, 1.0, -1.0, 1.5, 1e9, None, 30.0, 0.0],
            "rest": [2, 1, -1, 0, 10**9, None, 30, 200_000],
        },
        "D1.outcome",
        ["met", "breached", "indeterminate", "indeterminate", "indeterminate", "indeterminate", "at_risk", "met"],
    ),
    Case(
        "a choice nobody can make, of an instant without a column",
        """
retention: [{id: R1, keep_until: {choose: [{when: {satisfied: false}, then: closed_at}]}, deleted: followed_up_at}]
""",
        {"received_at": [MONDAY] * 2, "followed_up_at": [at(3), None]},
        "R1.missing",
        [["closed_at", "satisfied"], None],
    ),
    Case(
        "a limit that is a choice nobody can make",
        """
record: {fields: {size: {type: number}}}
deadlines:
  - id: D1
    from: received_at
    to: responded_at
    within: {choose: [{when: {handler: slow}, then: {choose: [{when: {size: {at_least: 5}}, then: reported_at}]}}]}
""",
        {"received_at": [MONDAY] * 2},
        "D1.missing",
        [["handler", "reported_at", "responded_at", "size"]] * 2,
    ),
    Case(
        "an enum with a default whose column holds numbers",
        """
record: {fields: {kind: {type: enum, values: [tariff], default: tariff}}}
severity: {levels: [low, high], rules: [{id: S1, level: high, when: {kind: tariff}}], otherwise: low}
""",
        {"received_at": [MONDAY] * 3, "kind": [1, None, 2]},
        "severity",
        [None, "high", None],
        unusable={"kind": 2},
    ),
    Case(
        "the mean of a choice nobody can make, of numbers that agree",
        """
portfolio:
  - id: P1
    measure: {mean: {choose: [{when: {description: [fraud]}, then: {field: affected_customers}}, {otherwise: 1}]}}
    per: all
""",
        {"received_at": [MONDAY] * 3, "description": ["  ", "fraud", "slow"], "affected_customers": [1, 4, 9]},
        "status",
        ["not_applicable"] * 3,
    ),
    Case(
        "a penalty for a breach that is possible, of an act that cannot be read and may be exempt",
        """
record: {fields: {agreed: {type: boolean}}}
deadlines:
  - {id: D1, from: responded_at, to: responded_at, within: 0 days, exempt: [{when: {agreed: false}, reason: {en: Settled, zh: 已解决}}]}
penalties: [{id: P1, for: [D1], range: [1, 300]}]
""",
        {"received_at": [MONDAY] * 3, "responded_at": ["9999-12-31", "soon", "2026-03-03"]},
        "D1.missing",
        [["agreed", "responded_at"]] * 2 + [None],
        unusable={"responded_at": 2},
    ),
    Case(
        "so many days as a field without a column says, from what has not happened",
        """
record: {fields: {agreed: {type: number}}}
deadlines: [{id: D1, from: acknowledged_at, to: responded_at, within: {weeks: {field: agreed}}}]
""",
        {"received_at": [MONDAY] * 3, "acknowledged_at": [at(25), None, at(3)]},
        "D1.missing",
        [["closed_at", "responded_at"], ["closed_at", "responded_at"], ["agreed", "responded_at"]],
    ),
    Case(
        "so many days as the default says, of a column with nothing in it",
        """
record: {fields: {agreed: {type: integer, default: 3}}}
deadlines: [{id: D1, from: received_at, to: responded_at, within: {days: {field: agreed}}}]
""",
        {"received_at": [MONDAY] * 3, "responded_at": [at(5), at(6), None], "agreed": [None] * 3},
        "D1.outcome",
        ["met", "breached", "breached"],
    ),
    Case(
        "a limit of so many hours as a text says, from a day",
        """
record: {fields: {agreed: {type: integer}, reported_at: {type: date}}}
deadlines: [{id: D1, from: reported_at, to: responded_at, within: {hours: {field: agreed}}}]
""",
        {
            "received_at": [MONDAY] * 5,
            "reported_at": [date(2026, 3, 2)] * 4 + [None],
            "responded_at": [at(3), at(3), at(3), at(5), at(3)],
            "agreed": ["1", "48", "1.5", " ２４", "48"],
        },
        "D1.outcome",
        ["indeterminate", "met", "indeterminate", "breached", "indeterminate"],
        unusable={"agreed": 1},
    ),
    Case(
        "starts that all lie in the future, and a limit that is the first of one",
        """
deadlines: [{id: D1, from: reopened_at, to: responded_at, within: {first_of: ["3 years"]}}]
""",
        {"received_at": [MONDAY] * 2, "reopened_at": [at(30), None], "closed_at": [None] * 2},
        "D1.outcome",
        ["pending", "pending"],
    ),
    Case(
        "an order of two that have not happened",
        """
counting: {calendar: office}
deadlines:
  - {id: D1, from: received_at, to: responded_at, within: 3 years, when: {in_order: [received_at, {from: reopened_at, ahead: 20 working hours}]}}
""",
        {"received_at": ["2026-03-02"], "reopened_at": [None], "closed_at": [None]},
        "D1.outcome",
        ["pending"],
        as_of="2026-03-01T12:00",
    ),
    Case(
        "a penalty that asks for a breach of what may not apply, and may still be broken",
        """
record: {fields: {asked_at: {}, answered_at: {}, post: {type: boolean}}}
deadlines:
  - {id: D1, from: asked_at, to: answered_at, within: 30 days, when: {post: true}}
penalties:
  - {id: P1, when: {outcome: {D1: breached}}, amount: 20}
""",
        # Met if it applies; and due on 1 April, so that it may still be broken.
        {"received_at": [MONDAY] * 2, "asked_at": [MONDAY] * 2, "answered_at": [at(3), None], "post": [None] * 2},
        "D1.outcome",
        ["indeterminate", "indeterminate"],
    ),
    Case(
        "a pause nobody knows of a limit that may lie anywhere before an instant",
        """
record: {fields: {pause: {type: intervals}, done_at: {}, promised_at: {type: datetime}}}
deadlines:
  - {id: D1, from: done_at, to: responded_at, within: {first_of: [2 weeks, promised_at]}, pauses: [pause]}
""",
        {"received_at": [MONDAY] * 2, "done_at": [date(2026, 3, 3), None], "responded_at": [None, None]},
        "D1.missing",
        [["done_at", "promised_at"], ["closed_at"]],
        as_of="2026-03-10T12:00",
    ),
    Case(
        "two steps of a ladder nobody knows that give one limit",
        """
record: {fields: {band: {type: boolean}, other: {type: boolean}}}
deadlines:
  - id: D1
    from: received_at
    to: responded_at
    within: 5 days
    extend: [{id: a, within: 30 days, when: {band: true}}, {id: b, within: {last_of: [{from: {due: previous}, within: 0 days}]}, when: {other: true}}]
""",
        {"received_at": [MONDAY] * 3, "responded_at": [at(10), at(5), None], "band": [None] * 3, "other": [None] * 3},
        "D1.missing",
        [["band"], None, ["band"]],
    ),
    Case(
        "what is missing of a later step of a ladder whose start is missing",
        """
record: {fields: {day: {type: date}, band: {type: boolean}}}
deadlines:
  - id: D1
    from: day
    to: closed_at
    within: 30 days
    extend: [{id: a, within: 38 days, when: {band: true}}, {id: b, within: 50 days, needs: {present: [responded_at]}}]
""",
        {"received_at": [MONDAY] * 2, "closed_at": [at(3), None]},
        "D1.missing",
        [["band", "day", "responded_at"]] * 2,
    ),
    Case(
        "a promise that has passed, and a start nobody knows",
        """
record: {fields: {asked_at: {type: event}, promised_at: {type: datetime, empty: none}}}
deadlines: [{id: D1, from: asked_at, to: responded_at, within: promised_at}]
""",
        {
            "received_at": [MONDAY] * 5,
            "asked_at": ["soon", "soon", "soon", "2026-03-03T10:00", ""],
            "promised_at": [at(9, 10), at(9, 10), None, at(9, 10), at(9, 10)],
            "responded_at": [None, at(5), None, None, None],
            "closed_at": [None] * 5,
        },
        "D1.outcome",
        # nobody knows whether, or when, it was asked; without a promise nothing binds; asked on the 3rd, it is late
        ["indeterminate", "indeterminate", "not_applicable", "breached", "pending"],
        unusable={"asked_at": 3},
    ),
    Case(
        "a number of years that leads past the end of time",
        """
record: {fields: {term: {type: integer, unit: years}}}
deadlines: [{id: D1, from: received_at, to: responded_at, within: {years: {field: term}}}]
""",
        {"received_at": [MONDAY] * 3, "responded_at": [at(10), at(10), None], "term": [9000, 1, 100_000]},
        "D1.outcome",
        ["indeterminate", "met", "indeterminate"],
    ),
    Case(
        "late for certain, and nobody knows for how long",
        """
record: {fields: {promised_at: {type: datetime, empty: none}}}
deadlines: [{id: D1, from: received_at, to: responded_at, within: {first_of: [5 days, promised_at]}}]
penalties: [{id: PN, for: [D1], amount: {times: [10, {length: {late: D1}}]}}]
""",
        # due on the 7th, late from the 8th: 2 days and a half to the 10th at noon, from the 6th at noon 4 days
        {"received_at": [MONDAY] * 3, "responded_at": [at(10, 12)] * 3, "promised_at": ["", "soon", "2026-03-06T12:00"]},
        "PN.amount",
        [Decimal("30.00"), None, Decimal("40.00")],
        unusable={"promised_at": 1},
    ),
    Case(
        "whether the calendar is open at a moment that nothing bounds from below",
        """
facts: {answered: {first_of: [responded_at, closed_at]}}
requirements: [{id: RQ, require: {answered: {during: office}}}]
""",
        {"received_at": [MONDAY, MONDAY], "responded_at": ["some day", "2026-03-03T10:00"], "closed_at": [at(4, 10), at(4, 10)]},
        "RQ.outcome",
        ["indeterminate", "met"],  # the answer came by the 4th, nobody knows when; Tuesday at 10 is open
        unusable={"responded_at": 1},
    ),
    Case(
        "a pause that has not begun, whatever its end",
        """
record: {fields: {shipped_at: {type: event}}}
deadlines: [{id: D1, from: received_at, to: closed_at, within: 5 days, pauses: [{between: [shipped_at, assigned_at]}]}]
""",
        {"received_at": [MONDAY] * 3, "shipped_at": [None, None, at(3)], "assigned_at": ["some day", "", "some day"], "closed_at": [None] * 3},
        "D1.outcome",
        ["breached", "breached", "indeterminate"],
        unusable={"assigned_at": 2},
    ),
    Case(
        "an instant chosen of two that nobody knows",
        """
record: {fields: {first_at: {type: event}, other_at: {type: event}}}
facts: {f1: {choose: [{when: {upheld: true}, then: first_at}, {when: {injury: true}, then: other_at}, {otherwise: responded_at}]}}
requirements: [{id: RQ, require: {f1: {during: office}}}]
""",
        # with injury the others are never asked; without it the answer's column settles the second
        {"received_at": [MONDAY] * 2, "injury": [True, False], "responded_at": [at(3)] * 2, "closed_at": [at(4)] * 2},
        "RQ.missing",
        [["first_at", "other_at", "upheld"], ["first_at", "upheld"]],
    ),
    Case(
        "one span of lateness for all that are late",
        """
deadlines: [{id: D1, from: received_at, to: closed_at, within: {from: as_of, ahead: 5 days}, exempt: [{when: {injury: true}, reason: {en: x, zh: x}}]}]
""",
        {"received_at": [MONDAY] * 3, "injury": [True, False, False], "closed_at": [None] * 3},
        "D1.outcome",
        ["exempt", "breached", "breached"],
        schema={"closed_at": pl.Null},
    ),
    Case(
        "one span of lateness, and nothing else",
        "deadlines: [{id: D1, from: received_at, to: closed_at, within: {from: as_of, ahead: 5 days}}]",
        {"received_at": [MONDAY] * 2, "closed_at": [None] * 2},
        "D1.outcome",
        ["breached", "breached"],
        schema={"closed_at": pl.Null},
    ),
    Case(
        "a waived penalty of which columns cannot tell whether it has a case",
        """
record: {fields: {cap: {type: money}}}
facts: {both: {plus: [{field: amount_claimed}, {field: cap}]}}
penalties: [{id: PN, when: {both: [10]}, range: [1, 50], waivable: {by: [boss]}}]
""",
        {"id": ["a", "b"], "received_at": [MONDAY] * 2, "amount_claimed": [Decimal("2.9900"), Decimal("9.0000")], "cap": [Decimal("1.0000")] * 2},
        "PN.amount",
        [None, None],
        schema={"amount_claimed": pl.Decimal(20, 4), "cap": pl.Decimal(20, 4)},
        waivers=({"rule": "PN", "records": ["a", "b"], "by": "boss", "reason": "agreed"},),
    ),
    Case(
        "the first of instants, one of them anything, where the others have their first end in common",
        """
record: {fields: {sure_at: {type: event}, day_at: {type: event}, unread_at: {type: event}}}
facts: {f1: {first_of: [sure_at, day_at, unread_at]}}
requirements: [{id: RQ, require: {f1: {by: received_at}}}]
""",
        {
            "received_at": [MONDAY] * 4,
            "sure_at": [None, at(4), None, at(6)],
            "day_at": ["2026-03-20", "2026-03-06", "2026-03-06", "2026-03-06"],  # the first has only just begun
            "unread_at": ["soon"] * 4,
            "closed_at": [at(7)] * 4,
        },
        "RQ.missing",
        [["unread_at"], ["unread_at"], ["day_at", "unread_at"], ["unread_at"]],
        as_of="2026-03-20T00:00",
        unusable={"unread_at": 4},
    ),
    Case(
        "an act before its start in one of its possibilities",
        """
record: {fields: {begun_at: {type: event}, one_at: {type: event}, other_at: {type: event}}}
deadlines:
  - {id: D1, from: begun_at, to: {choose: [{when: {upheld: true}, then: one_at}, {otherwise: other_at}]}, within: 48 hours}
""",
        {
            "received_at": [MONDAY] * 4,
            "begun_at": [at(5)] * 4,
            "one_at": [at(6), at(6), at(4), at(9)],
            "other_at": [at(4), at(5), at(3), at(4)],
            "upheld": ["perhaps"] * 4,
        },
        "D1.outcome",
        ["indeterminate", "met", "indeterminate", "indeterminate"],
        unusable={"upheld": 4},
    ),
    Case(
        "the first of a day and of what is one of two instants",
        """
record: {fields: {day_at: {type: event}, one_at: {type: event}, other_at: {type: event}}}
facts: {f1: {choose: [{when: {upheld: true}, then: one_at}, {otherwise: other_at}]}, f2: {first_of: [f1, day_at]}}
requirements: [{id: RQ, require: {closed_at: {not_before: f2}}}]
""",
        {
            "received_at": [MONDAY] * 3,
            "day_at": ["2026-03-05"] * 3,
            "one_at": [at(9), at(3), at(5, 12)],
            "other_at": [at(8), at(4, 1), at(12)],
            "closed_at": [at(5, 8), at(3, 12), at(5, 8)],
            "upheld": ["perhaps"] * 3,
        },
        "RQ.missing",
        [["day_at"], ["upheld"], ["day_at", "upheld"]],
        unusable={"upheld": 3},
    ),
    Case(
        "a day against what is one of two instants",
        """
record: {fields: {day_at: {type: event}, one_at: {type: event}, other_at: {type: event}}}
requirements: [{id: RQ, require: {day_at: {before: {choose: [{when: {upheld: true}, then: one_at}, {otherwise: other_at}]}}}}]
""",
        {
            "received_at": [MONDAY] * 2,
            "day_at": ["2026-03-05"] * 2,
            "one_at": [at(9), at(9)],
            "other_at": [at(3), at(5, 8)],
            "closed_at": [at(12)] * 2,
            "upheld": ["perhaps"] * 2,
        },
        "RQ.missing",
        [["upheld"], ["day_at", "upheld"]],
        unusable={"upheld": 2},
    ),
    Case(
        "a start that nobody knows, a day as the limit that has only just begun, and a case that is closed",
        """
record: {fields: {begun_at: {type: datetime}, day_at: {type: event}, done_at: {type: event}}}
deadlines: [{id: D1, from: begun_at, to: done_at, within: day_at}]
""",
        {"received_at": [MONDAY] * 2, "begun_at": ["soon"] * 2, "day_at": ["2026-03-20"] * 2, "done_at": [None] * 2, "closed_at": [at(7), None]},
        "D1.outcome",
        ["indeterminate", "pending"],
        as_of="2026-03-20T00:00",
        schema={"done_at": pl.String},
        unusable={"begun_at": 2},
    ),
    Case(
        "a limit whose first end alone nobody knows is put off by a pause",
        """
record: {fields: {promised_at: {type: event}, asked_at: {type: event}, answered_at: {type: event}}}
deadlines:
  - {id: D1, from: received_at, to: closed_at, within: {first_of: [promised_at, 72 hours]}, pauses: [{between: [asked_at, answered_at]}]}
""",
        {
            "received_at": [MONDAY] * 2,
            "promised_at": ["soon"] * 2,
            "asked_at": [at(3), None],
            "answered_at": [at(6), None],
            "closed_at": [at(7)] * 2,
        },
        "D1.outcome",
        ["indeterminate", "breached"],
        unusable={"promised_at": 2},
    ),
    Case(
        "a deadline that has no start, and perhaps does not apply",
        """
record: {fields: {begun_at: {type: event, empty: none}, limit_at: {type: event}, day_at: {type: event, empty: none}, other_at: {type: event}}}
deadlines:
  - {id: D1, from: begun_at, to: closed_at, within: {first_of: [limit_at, 3 days]}, when: {day_at: {by: {choose: [{when: {upheld: true}, then: begun_at}, {otherwise: other_at}]}}}}
""",
        {"received_at": [MONDAY] * 2, "begun_at": [None] * 2, "limit_at": [at(5)] * 2, "day_at": [at(4)] * 2, "other_at": [at(3), at(6)], "closed_at": [at(6)] * 2, "upheld": ["perhaps"] * 2},
        "D1.due_at",
        [None, datetime(2026, 3, 4, 16)],  # in UTC
        schema={"begun_at": pl.Datetime("us")},
        unusable={"upheld": 2},
    ),
    Case(
        "an act chosen of what is chosen, that columns cannot tell, and nothing due yet",
        """
record: {fields: {one_at: {type: event}, day_at: {type: event}, other_at: {type: event}, limit_at: {type: event}}}
facts: {f1: {choose: [{when: {injury: true}, then: day_at}, {otherwise: other_at}]}}
deadlines:
  - {id: D1, from: received_at, to: {choose: [{when: {upheld: true}, then: one_at}, {otherwise: f1}]}, within: limit_at}
""",
        {
            "received_at": [MONDAY] * 2,
            "one_at": [at(4), None],
            "day_at": ["2026-03-05"] * 2,
            "other_at": [None] * 2,
            "limit_at": [None] * 2,
            "upheld": ["perhaps"] * 2,
            "injury": ["perhaps"] * 2,
        },
        "D1.outcome",
        ["indeterminate", "indeterminate"],
        schema={"other_at": pl.Datetime("us"), "limit_at": pl.Datetime("us")},
        unusable={"upheld": 2, "injury": 2},
    ),
    Case(
        "an owner by what a text holds",
        """
record: {fields: {kind: {type: enum, values: [u, v]}}}
responsibility:
  by: [description, kind]
  rows:
    - {id: RS0, when: {description: {contains: 断网}, kind: u}, owner: network}
    - {id: RS1, when: {description: {matches: ".*断网.?", not: {contains: 宽带}}, kind: v}, owner: mobile}
  otherwise: {owner: desk}
""",
        {"received_at": [MONDAY] * 6, "description": ["家里断网", "资费", "断网", "宽带断网", None, "断网"], "kind": ["u", "u", "v", "v", "u", "w"]},
        "owner",
        ["network", "desk", "mobile", "desk", None, None],
        unusable={"kind": 1},
    ),
    Case(
        "an owner by what a text or a list holds",
        """
record: {fields: {tags: {type: list}, kind: {type: enum, values: [u, v]}}}
responsibility:
  by: [description, tags, kind]
  rows:
    - {id: RS0, when: {description: {contains: 断网}, kind: u}, owner: network}
    - {id: RS1, when: {description: {not: {contains: 断网}}, tags: {contains: 急}}, owner: night}
    - {id: RS2, when: {description: {matches: ".*断网.?", not: {contains: 宽带}}, tags: {not: {contains: 急}}, kind: v}, owner: mobile}
  otherwise: {owner: desk}
""",
        {
            "received_at": [MONDAY] * 8,
            "description": ["家里断网", "资费", "断网", "宽带断网", "资费", None, None, "断网"],
            "tags": ["急", "急;贵", "贵", None, None, "贵", "急", "急"],
            "kind": ["u", "u", "v", "v", "u", "v", "w", None],
        },
        "owner",
        ["network", "night", "mobile", "desk", None, None, None, None],
        unusable={"kind": 1},
    ),
    Case(
        "a text that is perhaps none is asked what it holds",
        """
record: {fields: {word: {type: string, empty: none}}}
facts: {said: {choose: [{when: {upheld: true}, then: abc}, {otherwise: {field: word}}]}}
requirements:
  - {id: RQ1, require: {said: {matches: a.*}}, before: received_at}
  - {id: RQ2, require: {said: {contains: z}}, before: received_at}
""",
        {"received_at": [MONDAY] * 3, "word": [None, "azz", None], "upheld": [None, None, True]},
        "RQ1.outcome",
        ["indeterminate", "met", "met"],
        schema={"word": pl.String},
    ),
    Case(
        "a duty that began once and is waived misses nothing",
        """
record: {fields: {begun_at: {type: event}, done_at: {type: event}}}
deadlines:
  - {id: D1, from: {each: [begun_at]}, to: done_at, within: 3 days, waivable: {by: [boss]}}
""",
        {"id": ["A", "B"], "received_at": [MONDAY] * 2, "begun_at": [at(3)] * 2, "done_at": ["soon"] * 2},
        "D1.missing",
        [None, ["done_at"]],
        waivers=({"rule": "D1", "records": "A", "by": "boss", "reason": "x"},),
        unusable={"done_at": 2},
    ),
    Case(
        "what is missing of a duty that began once is missing of its limit",
        """
record: {fields: {begun_at: {type: event}, done_at: {type: event}, one_at: {type: event}, other_at: {type: event}}}
deadlines:
  - {id: D1, from: {each: [begun_at]}, to: done_at, within: {choose: [{when: {upheld: true}, then: one_at}, {otherwise: other_at}]}}
requirements:
  - {id: RQ1, require: {closed_at: {by: {due: D1}}}}
""",
        {"received_at": [MONDAY] * 2, "begun_at": [at(3)] * 2, "done_at": ["soon", "2026-03-05"], "one_at": [at(6)] * 2, "other_at": [at(8)] * 2, "closed_at": [at(7)] * 2, "upheld": ["perhaps"] * 2},
        "RQ1.missing",
        [["done_at", "upheld"], ["upheld"]],
        unusable={"done_at": 1, "upheld": 2},
    ),
    Case(
        "so many days of the record from a day are one day",
        """
record: {fields: {begun_at: {type: event}, one_at: {type: event, empty: unknown}, days: {type: integer}}}
deadlines:
  - {id: D1, from: begun_at, to: closed_at, within: {days: {field: days}}}
retention:
  - {id: RT1, keep_until: {due: D1}, deleted: one_at}
""",
        {"received_at": [MONDAY] * 2, "begun_at": ["2026-03-03", "2026-03-03"], "one_at": [None, "soon"], "days": [1, 2]},
        "RT1.missing",
        [["one_at"], ["one_at"]],
        unusable={"one_at": 1},
    ),
    Case(
        "late after the first of an instant and the end of a day that nobody knows",
        """
record: {fields: {begun_at: {type: event}, promised_at: {type: datetime}}}
deadlines:
  - {id: D1, from: {first_of: [begun_at, received_at]}, to: closed_at, within: {first_of: [promised_at, 9 days]}}
""",
        {"received_at": [MONDAY] * 2, "begun_at": ["soon", None], "promised_at": [at(5)] * 2, "closed_at": [at(8)] * 2},
        "D1.outcome",
        # By how much each is late is asked of the summary: three days, and not a microsecond less.
        ["breached", "breached"],
        unusable={"begun_at": 1},
    ),
    Case(
        "the moment of judgement during a calendar, and not after a limit",
        """
record: {fields: {begun_at: {type: event}}}
facts: {open: {later: {during: office}}, later: {from: as_of, within: 72 hours}}
deadlines:
  - {id: D1, from: received_at, to: closed_at, within: 1 day, when: {open: true, as_of: {during: office, not: {after: {from: begun_at, within: 2 working days}}, counting: {calendar: office}}}}
  - {id: D2, from: received_at, to: closed_at, within: 1 day, when: {open: false, as_of: {during: office, not: {after: {from: begun_at, within: 2 working days}}, counting: {calendar: office}}}}
""",
        {"received_at": [MONDAY] * 4, "begun_at": ["2026-03-18T10:00", "2026-03-17T10:00", None, "soon"], "closed_at": [None] * 4},
        "D2.outcome",
        # Friday the 20th at noon: in three days it is Monday, and open; so no D2.
        ["not_applicable"] * 4,
        unusable={"begun_at": 1},
    ),
    Case(
        "the moment of judgement, not after a limit",
        """
record: {fields: {begun_at: {type: event}}}
deadlines:
  - {id: D1, from: received_at, to: closed_at, within: 1 day, when: {as_of: {during: office, not: {after: {from: begun_at, within: 2 working days}}, counting: {calendar: office}}}}
""",
        {"received_at": [MONDAY] * 4, "begun_at": ["2026-03-18T10:00", "2026-03-17T10:00", None, "soon"], "closed_at": [at(4)] * 4},
        "D1.outcome",
        # Two working days from Wednesday the 18th end with today, from Tuesday with yesterday.
        ["breached", "not_applicable", "breached", "indeterminate"],
        unusable={"begun_at": 1},
    ),
)


def sources(frame: pl.DataFrame) -> dict[str, Any]:
    return {"memory": frame, "query": frame.lazy(), "records": frame.to_dicts()}


@pytest.mark.parametrize("form", ["memory", "query", "records"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_found(case: Case, form: str) -> None:
    policy, frame = case.load(), case.frame
    expected = loop(policy, entries_of(policy, frame.to_dicts()), frame.columns, case.as_of, case.waivers)
    by_row = {cells["row"]: cells[case.shown] for cells in expected.rows}
    assert [by_row.get(row) for row in range(frame.height)] == case.holds
    assert expected.figures["unusable"] == case.unusable
    with small_pieces(2):
        audit = asked(audited(policy, sources(frame)[form], case.as_of, case.waivers))
    assert not differences(expected, audit)
