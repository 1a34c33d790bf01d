"""Deadlines that begin anew with entries of the log: none, one or several of them, without a log, and beside events of the record."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import polars as pl
import pytest

from complaint_policy import Policy, load_policy, load_policy_text

AS_OF = "2026-03-20T12:00"
HEAD = """format: 1
policy: test/again
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
currency: CNY
record:
  fields: {kept: {type: boolean}, again_at: {type: event}, answered_at: {type: event}}
  events: {unhappy: {level: integer, kept_at: event}, answer: {}, over: {}}
facts:
  worse: {event: unhappy, where: {level: {at_least: 2}}}
  broken: {outcome: {DL: breached}}
requirements:
  - {id: RQ, require: {broken: false}, before: closed_at}
"""
# What asks how late it was is the record evaluation's where it still is.
BESIDE = """  - {id: RD, require: {answered_at: {by: {due: DL}}}, before: closed_at}
penalties:
  - {id: PN, for: [DL], payable_to: company, amount: {times: [10, {length: {late: DL}, in: days, round: up}]}}
  - {id: PX, when: {outcome: {DL: [pending, not_applicable]}}, payable_to: company, amount: 7}
"""
STARTS = {
    "entries": "{each: [{event: unhappy}]}",
    "a fact": "{each: [worse]}",
    "until an event": "{each: [{event: unhappy}], until: closed_at}",
    "until an entry": "{each: [{event: unhappy}], until: {event: over}}",
    "an event and entries": "{each: [received_at, {event: unhappy}], until: closed_at}",
    "entries and an event": "{each: [worse, again_at]}",
    "entries of two kinds": "{each: [{event: unhappy}, {event: over}]}",
    "the closing": "{each: [again_at, closed_at]}",
    "what ends it, too": "{each: [received_at, {event: answer}], until: closed_at}",
    "events that end it": "{each: [answered_at, closed_at]}",
    "entries of two kinds and an event": "{each: [{event: unhappy}, again_at, worse], until: answered_at}",
}
ACTS = ["{event: answer}", "answered_at", "{first_of: [{event: answer}, closed_at]}", "{first_of: [answered_at, again_at]}", "{event: unhappy, where: {level: 1}}"]
MORE = ["", "when: {kept: true}", "at_risk: 80%\n    extend: [{id: x, within: 9 days, when: {kept: true}}]", "pauses: [{between: [again_at, answered_at]}]"]


def drawn(seed: int, *, log: bool, count: int = 80) -> list[dict[str, Any]]:
    random = Random(seed)

    def at() -> str:
        return f"2026-03-{random.randint(2, 26):02d}T{random.choice((0, 9, 10, 23)):02d}:00"

    def entries() -> Any:
        if random.random() < 0.04:
            return "lost"
        found = [{"kind": kind, "at": at(), "level": random.choice((1, 2, 3, None)) if kind == "unhappy" else None} for kind in random.choices(("unhappy", "answer", "over"), (5, 4, 1), k=random.choice((0, 0, 1, 1, 2, 3)))]
        if found and random.random() < 0.2:  # at one instant
            found.append(dict(found[0]))
        if found and random.random() < 0.05:
            found[0] |= random.choice(({"at": "2026-03-09"}, {"at": "soon"}, {"kind": None}))
        return found

    def cell(share: float) -> str | None:
        return None if random.random() >= share else f"2026-03-{random.randint(1, 26):02d}" if random.random() < 0.1 else "soon" if random.random() < 0.03 else at()

    records = [{"id": str(n), "received_at": f"2026-03-{random.choice((2, 9, 18)):02d}T10:00", "kept": random.choice((True, True, False, None)),
                "again_at": cell(0.2), "answered_at": cell(0.5), "closed_at": cell(0.4), "events": entries()} for n in range(count)]  # fmt: skip
    return records if log else [{name: value for name, value in record.items() if name != "events"} for record in records]


def chains(seed: int, count: int = 80) -> list[dict[str, Any]]:
    """Records whose entries follow one another in a few days, many of them each in time for the one before."""
    random = Random(seed)
    records = []
    for number in range(count):
        at, entries = datetime(2026, 3, 2, 10) + timedelta(hours=random.randrange(100)), []
        record: dict[str, Any] = {"id": str(number), "received_at": at.isoformat(), "kept": True}
        for _ in range(random.randrange(5)):
            at += timedelta(hours=random.choice((0, 24, 48, 72, 96, 120, 130, random.randrange(1, 60))))
            kind = random.choice(("answer", "answer", "unhappy", "over"))
            entries.append({"kind": kind, "at": at.isoformat(), "level": random.choice((1, 2, None)) if kind == "unhappy" else None})
        for name, share in (("again_at", 0.3), ("answered_at", 0.5), ("closed_at", 0.5)):
            record[name] = (at + timedelta(hours=random.choice((0, -24, 24, 48)))).isoformat() if random.random() < share else None
        random.shuffle(entries)
        records.append(record | {"events": entries})
    return records


def same(of: Policy, records: list[dict[str, Any]]) -> int:
    """Every record as `evaluate` judges it; how many of them went by columns is told."""
    audit = of.audit(records, as_of=AS_OF, columns=("missing",))
    for record, found in zip(records, audit.decisions.iter_rows(named=True), strict=True):
        decision = of.evaluate(record, as_of=AS_OF, source_fields=records[0].keys())
        result = decision.deadline("DL")
        assert (found["DL.outcome"], found["DL.missing"] or []) == (result.outcome, list(result.missing)), record
        assert found["DL.due_at"] == result.due_at, record
        assert found["DL.breaches"] == sum(one.outcome == "breached" for one in getattr(result, "instances", ())), record
        assert {name: found[f"{name}.outcome"] for name in decision.outcomes} == decision.outcomes, record
        assert found["status"] == decision.status, record
        assert [found[f"{penalty.rule}.amount"] for penalty in decision.penalties] == [penalty.amount for penalty in decision.penalties], record
    return next((int(note.en.split()[0]) for note in audit.notes), 0)


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("start", STARTS)
def test_as_evaluate(start: str, act: str, log: bool) -> None:
    for number, more in enumerate(MORE):
        of = load_policy_text(f"{HEAD}{BESIDE}deadlines:\n  - id: DL\n    from: {STARTS[start]}\n    to: {act}\n    within: 5 days\n    {more}\n")
        same(of, drawn(len(start) * 100 + len(act) + number, log=log))


UPDATES = "{each: [received_at, {event: answer}], until: closed_at}"
LIMITS = ["5 days", "120 hours", "3 working days\n    counting: {calendar: w}"]


@pytest.mark.parametrize("act", [*ACTS, "closed_at", "{first_of: [{event: answer}, again_at]}", "{first_of: [{event: unhappy}, {event: answer}]}"])
@pytest.mark.parametrize("start", [*STARTS, UPDATES])
def test_several_times_as_evaluate(start: str, act: str) -> None:
    head = HEAD.replace("record:", "calendars:\n  w: {country: CN}\nrecord:")
    for number, limit in enumerate(LIMITS):
        of = load_policy_text(f"{head}{BESIDE}deadlines:\n  - id: DL\n    from: {STARTS.get(start, start)}\n    to: {act}\n    within: {limit}\n")
        same(of, chains(len(start) * 100 + len(act) + number, 60))


@pytest.mark.parametrize("act", ["{first_of: [{event: answer}, closed_at]}", "{event: answer}"])
def test_updates_that_are_all_in_time_go_by_columns(one_by_one: list[int], act: str) -> None:
    """The usual duty to say how it stands: every update ends one time and begins the next."""
    first = datetime(2026, 3, 2, 10)
    records = [
        {"id": str(n), "received_at": first.isoformat(), "closed_at": "2026-03-19T10:00" if n % 2 else None,
         "events": [{"kind": "answer", "at": (first + timedelta(days=3 * k + 3)).isoformat()} for k in range(5)]} for n in range(30)
    ]  # fmt: skip
    same(of_rule(UPDATES, act), records)

    assert one_by_one == []


def test_a_thousand_times_are_the_record_evaluations(one_by_one: list[int]) -> None:
    first = datetime(2026, 3, 18, 10)
    logs = [[{"kind": "answer", "at": (first + timedelta(minutes=k + 1)).isoformat()} for k in range(count)] for count in (999, 1000)]
    same(of_rule(UPDATES, "{event: answer}"), [{"id": str(n), "received_at": first.isoformat(), "closed_at": None, "events": log} for n, log in enumerate(logs)])

    assert one_by_one == [1]


def of_rule(start: str, act: str) -> Policy:
    return load_policy_text(f"{HEAD}deadlines: [{{id: DL, from: {start}, to: {act}, within: 5 days}}]\n")


ONCE = [{"kind": "unhappy", "at": "2026-03-03T10:00", "level": 2}]
LOGS: list[list[dict[str, Any]]] = [[], [{"kind": "answer", "at": "2026-03-03T10:00"}], ONCE, [*ONCE, {"kind": "answer", "at": "2026-03-04T10:00"}], [*ONCE, *ONCE], [{"kind": "unhappy", "at": "2026-03-25T10:00", "level": 2}]]  # fmt: skip


@pytest.mark.parametrize("start", ["entries", "a fact", "until an event", "until an entry"])
@pytest.mark.parametrize("act", ACTS[:3])
def test_what_began_once_or_never_goes_by_columns(one_by_one: list[int], start: str, act: str) -> None:
    records = [{"id": str(n), "received_at": "2026-03-02T10:00", "answered_at": "2026-03-05T10:00" if n % 2 else None, "closed_at": "2026-03-06T10:00" if n % 3 else None, "events": LOGS[n % len(LOGS)]} for n in range(60)]  # fmt: skip
    same(of_rule(STARTS[start], act), records)

    assert one_by_one == []


WITHOUT_LOG = [
    ("{each: [{event: unhappy}], until: closed_at}", "{event: answer}", "5 days"),
    ("{each: [{event: unhappy}], until: closed_at}", "answered_at", "5 days"),
    ("{each: [received_at, {event: unhappy}], until: closed_at}", "{first_of: [{event: answer}, closed_at]}", "20 days"),
    ("{each: [worse, {event: unhappy}]}", "{first_of: [kept_at, closed_at]}", "{from: kept_at, within: 2 days}"),
    ("{each: [{event: unhappy}]}", "kept_at", "kept_at"),
]


@pytest.mark.parametrize(("start", "act", "limit"), WITHOUT_LOG)
def test_a_table_without_a_log_goes_by_columns(one_by_one: list[int], start: str, act: str, limit: str) -> None:
    records = [{"id": str(n), "received_at": "2026-03-02T10:00", "answered_at": "2026-03-05T10:00" if n % 2 else None, "closed_at": "2026-03-06T10:00" if n % 3 else None} for n in range(20)]  # fmt: skip
    same(load_policy_text(f"{HEAD}deadlines: [{{id: DL, from: {start}, to: {act}, within: {limit}}}]\n"), records)

    assert one_by_one == []


def test_a_shipped_policy_over_a_table_without_a_log(one_by_one: list[int]) -> None:
    """Nobody keeps a log: a table of dates alone is none the slower for the duties that begin with entries."""
    table = pl.DataFrame({"id": [str(n) for n in range(50)], "received_at": ["2026-03-02 10:00:00"] * 50, "responded_at": ["2026-03-05 10:00:00", None] * 25})
    audit = load_policy("cn/manufacturing").audit(table, as_of=AS_OF)

    assert audit.decisions["DL-again.outcome"].unique().to_list() == ["indeterminate"]
    assert one_by_one == []


def test_what_never_began_is_waived_with_what_is_missing_of_its_condition() -> None:
    """Found by drawing: of times that are put together a waived one misses nothing; where there is none the rule's own result stands."""
    of = load_policy_text(f"{HEAD}deadlines: [{{id: DL, from: {{each: [{{event: unhappy}}]}}, to: {{event: answer}}, within: 5 days, when: {{kept: true}}, waivable: {{by: [boss]}}}}]\n")
    records = [{"id": str(n), "received_at": "2026-03-02T10:00", "kept": None, "closed_at": None, "events": log} for n, log in enumerate(([], ONCE))]
    waivers = [{"rule": "DL", "by": "boss", "reason": "agreed", "records": ["0", "1"]}]
    audit = of.audit(records, as_of=AS_OF, waivers=waivers, columns=("missing",))

    expected = [of.evaluate(record, as_of=AS_OF, source_fields=records[0].keys(), waivers=waivers).deadline("DL") for record in records]
    assert audit.decisions["DL.outcome"].to_list() == [result.outcome for result in expected] == ["waived", "waived"]
    assert [names or [] for names in audit.decisions["DL.missing"].to_list()] == [list(result.missing) for result in expected] == [["kept"], []]


def test_a_batch_of_no_rows_has_no_times() -> None:
    """Found by drawing: no receipt lies in the version, and its constants still have a length."""
    of = load_policy_text("format: 1\npolicy: test/none\neffective: {from: 2010-01-01, until: 2026-05-08}\ntimezone: Europe/Berlin\ndeadlines:\n  - {id: DL, from: {each: [closed_at]}, to: responded_at, within: 2 months}\n")
    table = pl.DataFrame({"closed_at": [datetime(2026, 4, 13, 12)], "received_at": [None]}, schema={"closed_at": pl.Datetime("us"), "received_at": pl.Datetime("us", "Europe/Berlin")})
    audit = of.audit(table, as_of="2026-04-13T12:30")

    assert (audit.decisions.height, audit.rejected.height) == (0, 1)
