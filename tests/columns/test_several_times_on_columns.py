"""Deadlines that have begun several times, or with entries that say until when: all of their times are looked at together, on columns."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from complaint_policy import Policy, load_policy, load_policy_text
from tests.equality.comparing import audited, differences, entries_of, loop

AS_OF = "2026-03-20T12:00"
HEAD = """format: 1
policy: test/several
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
currency: CNY
calendars: {w: {country: CN}}
record:
  fields: {kept: {type: boolean}, big: {type: boolean}, again_at: {type: event}, answered_at: {type: event}}
  events: {unhappy: {level: integer, kept_at: event, by: datetime}, task: {kept_at: event, by: datetime}, answer: {}, over: {}}
facts:
  worse: {event: unhappy, where: {level: {at_least: 2}}}
  broken: {outcome: {DL: breached}}
  first: {last_of: [received_at, {event: unhappy}]}
"""
BESIDE = """requirements:
  - {id: RQ, require: {broken: false}, before: closed_at}
  - {id: RD, require: {answered_at: {by: {due: DL}}}, before: closed_at}
penalties:
  - {id: PC, for: [DL], payable_to: company, amount: 10}
  - {id: PB, for: [DL, RQ], per: breach, payable_to: company, amount: 10}
  - {id: PR, for: [DL], per: breach, payable_to: company, range: [100, 200]}
"""
LATE = "  - {id: PL, for: [DL], payable_to: company, amount: {times: [10, {length: {late: DL}, in: days, round: up}]}}\n"
UPDATES = "{each: [received_at, {event: answer}], until: closed_at}"
STARTS = [
    "{each: [worse]}",
    "{each: [received_at, {event: unhappy}], until: closed_at}",
    UPDATES,
    "{each: [received_at, again_at, {event: answer}]}",
    "{each: [again_at, closed_at]}",
    "{each: [first, {event: answer}], until: closed_at}",
    "{each: [{first_of: [again_at, {event: unhappy}]}, {event: answer}]}",
]
ACTS = ["{event: answer}", "answered_at", "{first_of: [{event: answer}, closed_at]}", "{first_of: [{event: unhappy}, {event: answer}]}"]
LIMITS = ["5 days", "3 working days\n    counting: {calendar: w}", "5 days\n    counting: {ends: end_of_day}"]
TASKS = ["{each: [{event: task}]}", "{each: [{event: task}], until: {event: over}}", "{each: [{event: unhappy}, {event: task}]}", "{each: [worse]}"]
ENDS = ["kept_at", "{first_of: [kept_at, closed_at]}", "{event: answer}", "{first_of: [{event: task}, {event: answer}]}"]
BY = ["by", "{from: by, within: 2 days}", "{first_of: [by, {from: kept_at, within: 5 days}]}"]
MORE = ["", "when: {kept: true}", "at_risk: 80%", "exempt: [{reason: {en: big, zh: 大}, when: {big: true}}]", "waivable: {by: [boss]}"]


def rule(start: str, act: str, within: str, more: str = "", beside: str = BESIDE) -> Policy:
    return load_policy_text(f"{HEAD}{beside}deadlines:\n  - id: DL\n    from: {start}\n    to: {act}\n    within: {within}\n    {more}\n")


def chains(seed: int, count: int = 40) -> list[dict[str, Any]]:
    """Records whose entries follow one another in a few days; some bare days, times before their starts, and cells nobody can read."""
    random = Random(seed)
    odd = seed % 2 == 1

    def attribute(at: datetime) -> str | None:
        if random.random() < 0.2:
            return None
        found = (at + timedelta(hours=random.choice((0, 24, 48, 72, 120, 300)) - 30 * (odd and random.random() < 0.05))).isoformat()
        return random.choice((found[:10], "soon")) if odd and random.random() < 0.08 else found

    records = []
    for number in range(count):
        at, entries = datetime(2026, 3, 2, 10) + timedelta(hours=random.randrange(100)), []
        record: dict[str, Any] = {"id": str(number), "received_at": at.isoformat(), "kept": random.choice((True, True, False, None)), "big": random.random() < 0.2}
        for _ in range(random.choice((0, 1, 2, 3, 4, 6))):
            at += timedelta(hours=random.choice((0, 24, 48, 96, 120, 130, 200, random.randrange(1, 60))))
            kind = random.choice(("answer", "answer", "unhappy", "task", "task", "over"))
            own = kind in ("unhappy", "task")
            entries.append({"kind": kind, "at": at.isoformat(), "level": random.choice((1, 2, None)) if kind == "unhappy" else None, **{name: attribute(at) if own else None for name in ("kept_at", "by")}})  # fmt: skip
        for name, share in (("again_at", 0.3), ("answered_at", 0.5), ("closed_at", 0.5)):
            record[name] = (at + timedelta(hours=random.choice((0, -24, 24, 48)))).isoformat() if random.random() < share else None
        random.shuffle(entries)
        records.append(record | {"events": "lost" if odd and random.random() < 0.03 else entries})
    return records


def apart(of: Policy, records: list[dict[str, Any]], as_of: str = AS_OF, waivers: Any = ()) -> list[str]:
    """Where an audit says something else than the loop: decisions, lateness, penalties, every figure of the summary."""
    return differences(loop(of, entries_of(of, records), records[0].keys(), as_of, waivers), audited(of, records, as_of, waivers))


@pytest.mark.parametrize("more", MORE)
@pytest.mark.parametrize("start", STARTS)
def test_times_as_evaluate(start: str, more: str) -> None:
    waivers = [{"rule": "DL", "by": "boss", "reason": "agreed", "records": ["0", "3", "6"]}] if "waivable" in more else ()
    for number, act in enumerate(ACTS):
        of = rule(start, act, LIMITS[number % len(LIMITS)], more, BESIDE + LATE * (number % 2))
        assert apart(of, chains(len(start) + len(more) + number), waivers=waivers) == []


@pytest.mark.parametrize("within", BY)
@pytest.mark.parametrize("start", TASKS)
def test_tasks_with_times_of_their_own_as_evaluate(start: str, within: str) -> None:
    for number, act in enumerate(ENDS):
        of = rule(start, act, within, MORE[(number + len(start)) % len(MORE)], BESIDE + LATE * (number % 2))
        for seed in (0, 1):
            assert apart(of, chains(len(start) * 10 + number * 2 + seed)) == []


# --------------------------------------------------------------------------- not kept
FIRST = datetime(2026, 3, 2, 10)


def updated(*days: int, closed: int | None = None) -> dict[str, Any]:
    """A record received on day 0 with updates after so many days."""
    entries = [{"kind": "answer", "at": (FIRST + timedelta(days=day)).isoformat()} for day in days]
    return {"id": "-".join(map(str, days)), "received_at": FIRST.isoformat(), "closed_at": closed and (FIRST + timedelta(days=closed)).isoformat(), "events": entries}


def test_one_time_that_was_not_kept_beside_one_that_waits(one_by_one: list[int]) -> None:
    """The duty is broken, and what is due is what waits: five days after the last update."""
    records = [updated(8, 12, 17), updated(7, 13, 18), updated(4, 8, closed=9), updated(1, 10, closed=20)]
    audit = rule(UPDATES, "{first_of: [{event: answer}, closed_at]}", "5 days").audit(records, as_of=AS_OF)

    shown = audit.decisions.select("DL.outcome", "DL.breaches", "PB.amount", "PC.amount").rows()
    # From an update on the eighth day, five after the fifth; by two, and by one; never; nine days after the first, and not again.
    assert shown[0] == ("breached", 1, Decimal(10), Decimal(10))
    assert [row[:2] for row in shown] == [("breached", 1), ("breached", 2), ("met", 0), ("breached", 2)]
    assert [due.date().isoformat() for due in audit.decisions["DL.due_at"]] == ["2026-03-24", "2026-03-25", "2026-03-15", "2026-03-17"]
    late = audit.summary().late["DL"]
    assert (late.breached, late.open, late.longest) == (3, 0, timedelta(days=3, hours=10))  # five days end with the fifth: at 10:00 of the fourth day after it
    assert one_by_one == []


def test_the_latest_of_those_that_are_still_open_is_late_by_now(one_by_one: list[int]) -> None:
    """Of what was due by the end of the 7th, of the 13th and of the 18th, the first was done ten hours late, the last is open for a day and ten hours."""
    audit = rule(UPDATES, "{event: answer}", "5 days").audit([updated(6, 11)], as_of="2026-03-20T10:00")

    late = audit.summary().late["DL"]
    assert (late.breached, late.open, late.longest) == (1, 1, timedelta(days=1, hours=10))
    assert audit.decisions["DL.breaches"].to_list() == [2]
    assert one_by_one == []


def test_how_late_the_one_time_was_that_was_not_kept(one_by_one: list[int]) -> None:
    """Two days and ten hours late, ten a day that has begun; while another time waits the amount may grow."""
    of = rule(UPDATES, "{first_of: [{event: answer}, closed_at]}", "5 days", beside=BESIDE + LATE)
    audit = of.audit([updated(8, 12, closed=13), updated(8, 12)], as_of="2026-03-16T10:00")

    assert audit.decisions["PL.amount"].to_list() == [30, 30]
    assert {one["state"] for one in audit.summary().to_dict()["penalties"] if one["rule"] == "PL"} == {"proposed", "accruing"}
    assert one_by_one == []


def test_more_breaches_than_are_counted_are_the_record_evaluations(one_by_one: list[int]) -> None:
    of = rule(UPDATES, "{event: answer}", "1 hour")
    records = [updated(*range(1, 1 + count)) for count in (3, 20, 30)]
    audit = of.audit(records, as_of="2026-04-20T12:00")

    assert audit.decisions["DL.breaches"].to_list() == [4, 21, 31]
    assert one_by_one == [1, 2]


# --------------------------------------------------------------------------- what an entry says
def tasks(*pairs: tuple[int, int | None, int | None]) -> dict[str, Any]:
    """A record with tasks given on a day, to be done by another, and done on a third."""

    def day(number: int | None) -> str | None:
        return None if number is None else (FIRST + timedelta(days=number)).isoformat()

    return {"id": "1", "received_at": FIRST.isoformat(), "closed_at": None, "events": [{"kind": "task", "at": day(at), "by": day(by), "kept_at": day(done)} for at, by, done in pairs]}  # fmt: skip


def test_tasks_with_times_of_their_own(one_by_one: list[int]) -> None:
    records = [
        tasks((0, 4, 3), (1, 6, 6)), tasks((0, 4, 5), (1, 30, None)), tasks((0, 40, None), (0, 30, None)), tasks((0, 4, None)), tasks(), tasks((0, None, 3)),
    ]  # fmt: skip
    audit = rule("{each: [{event: task}]}", "kept_at", "by").audit(records, as_of=AS_OF, columns=("missing",))

    assert audit.decisions["DL.outcome"].to_list() == ["met", "breached", "pending", "breached", "pending", "indeterminate"]
    # Of two given at one instant the one that is due first is shown.
    assert [due and due.date().isoformat() for due in audit.decisions["DL.due_at"]] == ["2026-03-08", "2026-04-01", "2026-04-01", "2026-03-06", None, None]
    assert audit.decisions["DL.missing"].to_list() == [None] * 5 + [["events"]]
    assert audit.decisions["DL.breaches"].to_list() == [0, 1, 0, 1, 0, 0]
    assert one_by_one == []


def test_what_began_at_one_instant_may_end_one_another(one_by_one: list[int]) -> None:
    """Found by drawing: each of two entries at one instant is an act of the other, and no act of itself."""
    of = rule("{each: [{event: task}]}", "{event: task}", "by")
    assert apart(of, [tasks((0, 4, None), (0, 6, None)), tasks((0, 4, None), (3, 6, None))]) == []

    audit = of.audit([tasks((0, 4, None), (0, 6, None)), tasks((0, 4, None), (3, 6, None))], as_of=AS_OF)
    assert audit.decisions["DL.outcome"].to_list() == ["met", "breached"]


def test_what_would_have_begun_after_the_end_never_begins(one_by_one: list[int]) -> None:
    of = rule("{each: [{event: task}], until: closed_at}", "kept_at", "by")
    audit = of.audit([tasks((3, 8, None)) | {"closed_at": (FIRST + timedelta(days=day)).isoformat()} for day in (2, 4)], as_of=AS_OF)

    assert audit.decisions["DL.outcome"].to_list() == ["not_applicable", "breached"]


# --------------------------------------------------------------------------- shipped
def test_shipped_duties_that_begin_anew_go_by_columns(one_by_one: list[int]) -> None:
    """Tasks with times of their own, promises, tracking from the raising of a level on, progress told every three days."""

    def at(day: int) -> str:
        return (FIRST + timedelta(days=day)).isoformat()

    events = [{"kind": "raised", "at": at(1), "level": "critical"}, {"kind": "tracking", "at": at(2)}, {"kind": "tracking", "at": at(4)},
              {"kind": "progress", "at": at(3)}, {"kind": "promise", "at": at(2), "promised_for": at(5), "kept_at": at(6)}]  # fmt: skip
    names = {name: None for entry in events for name in entry}
    levels = [{"id": "1", "received_at": at(0), "level_at_receipt": "major", "closed_at": at(7), "events": [names | entry for entry in events]}]
    given = [{"id": "1", "ticket_at": at(0), "ticket_closed_at": at(1), "received_at": at(0), "events": [{"kind": "task", "at": at(0), "due_at": at(2), "done_at": at(done)} for done in (1, 3)]}]
    for policy, records in (("cn/service_levels", levels), ("cn/optimisation", given)):
        assert apart(load_policy(policy), records) == []

    assert one_by_one == []
