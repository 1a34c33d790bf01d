"""The event log of a record, from docs/language.md alone; each expected value is worked by hand.

Every record is received on Monday 2 March 2026, 10:00, in Shanghai.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from complaint_policy import Decision, Policy, load_policy_text
from complaint_policy.possible import Maybe

HEAD = """
format: 1
policy: test/log
effective: {from: 2020-01-01}
timezone: Asia/Shanghai
currency: CNY
record:
  fields:
    fault: {type: string}
    notice_at: {}
    team_at: {}
    cycle_ends: {type: instants}
    visits: {type: instants, empty: none}
  events:
    handover: {title: {en: Hand-over, zh: 移交}, accepted_at: event, summary: string, team_at: datetime}
    response: {title: {en: Answer, zh: 答复}}
    dissatisfied: {title: {en: Not satisfied, zh: 不满意}}
    repair: {title: {en: Repair, zh: 维修}, fault: string, cost: {type: number, default: 0}, urgent: {type: boolean}}
"""


@lru_cache(maxsize=512)
def policy(body: str) -> Policy:
    return load_policy_text(HEAD + body, name="log.yaml")


def decide(body: str, events: Any = (), as_of: str = "2026-04-01T00:00", **record: Any) -> Decision:
    options = {key: record.pop(key) for key in ("source_fields",) if key in record}
    held = {"id": "L-1", "received_at": "2026-03-02T10:00", "events": list(events) if isinstance(events, tuple) else events, **record}
    return policy(body).evaluate(held, as_of=as_of, **options)


def fact(text: str, events: Any = (), as_of: str = "2026-04-01T00:00", **record: Any) -> Any:
    """The value of a fact; of one that is not known the possible values (``None``: any)."""
    rule = "requirements: [{id: RQ, require: {known: true}, before: received_at}]"
    found = decide(f"facts: {{f: {text}, known: {{received_at: {{by: f}}}}}}\n{rule}" if _is_instant(text) else f"facts: {{f: {text}}}\n{_asks(text)}", events, as_of, **record)
    value = found._state[found._compiled.slots["fact:f"]]
    return list(value.options) if isinstance(value, Maybe) and value.options is not None else None if isinstance(value, Maybe) else value


def _is_instant(text: str) -> bool:
    return text.startswith(("{event", "{nth", "{last_of", "{first_of", "{all_of", "{first_known: [visits", "{choose: [{when: {closed_at: missing}, then: visits"))


def _asks(text: str) -> str:
    test = "{f: {at_least: 0}}" if text.startswith("{count") or "take: cost" in text else "{f: true}" if "urgent" in text else "{f: x}"
    return f"requirements: [{{id: RQ, require: {test}, before: received_at}}]"


def at(day: int, hour: int = 9, kind: str = "dissatisfied", **more: Any) -> dict[str, Any]:
    """An entry of March 2026."""
    return {"at": f"2026-03-{day:02}T{hour:02}:00", "kind": kind, **more}


def utc(day: int, hour: int = 9, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour) - timedelta(hours=8)


# --------------------------------------------------------------------------- counting
def test_what_has_happened_is_counted() -> None:
    events = (at(3), at(5), at(9), at(4, kind="response"))
    assert fact("{count: {event: dissatisfied}}", events) == 3
    assert fact("{count: {event: [dissatisfied, response]}}", events) == 4
    assert fact("{count: {event: repair}}", events) == 0
    assert fact("{count: {event: [dissatisfied, response]}}", (*events, {"at": "2026-03-03T09:00"})) == [4, 5]  # of no known kind: of one of them, or another


def test_an_entry_after_the_moment_of_judgement_has_not_happened() -> None:
    events = (at(3, 9), at(5, 9))
    assert fact("{count: {event: dissatisfied}}", events, "2026-03-05T08:59") == 1
    assert fact("{count: {event: dissatisfied}}", events, "2026-03-05T09:00") == 2


def test_no_entries_no_key_and_no_column() -> None:
    body = "facts: {n: {count: {event: response}}}\nrequirements: [{id: RQ, require: {n: 0}, before: received_at}]"
    assert decide(body, []).result("RQ").outcome == "met"
    assert decide(body, None).result("RQ").outcome == "met"
    unknown = decide(body, [at(3, kind="response")], source_fields=["id", "received_at"]).result("RQ")
    assert (unknown.outcome, unknown.missing) == ("indeterminate", ("events",))


def test_one_instant_of_the_record_counts_once_it_has_happened() -> None:
    assert fact("{count: closed_at}", closed_at="2026-03-05T10:00") == 1
    assert fact("{count: closed_at}") == 0


def test_the_record_on_the_right_the_entry_on_the_left() -> None:
    events = (at(3, kind="repair", fault="brake"), at(4, kind="repair", fault="motor"), at(5, kind="repair", fault="brake"))
    assert fact("{count: {event: repair, where: {fault: {field: fault}}}}", events, fault="brake") == 2
    # The record's fault is not known: each of the three may be the same.
    assert fact("{count: {event: repair, where: {fault: {field: fault}}}}", events) == [0, 1, 2, 3]


def test_a_bare_instant_on_the_right_is_the_entrys_or_else_the_records() -> None:
    events = (at(3, 9, "handover", accepted_at="2026-03-03T11:00", team_at="2026-03-03T10:00"), at(4, 9, "handover", accepted_at="2026-03-04T09:30"))
    quick = "{count: {event: handover, where: {accepted_at: {by: {from: at, within: 1 hours}}}}}"
    assert fact(quick, events) == 1  # 11:00 is two hours after 09:00, 09:30 half an hour
    # `team_at` is an attribute: the first entry's is 10:00, the second has none; the record's is not looked at.
    assert fact("{count: {event: handover, where: {accepted_at: {after: team_at}}}}", events, team_at="2026-01-01T00:00") == [1, 2]
    # `notice_at` is none: it is the record's.
    assert fact("{count: {event: handover, where: {at: {after: notice_at}}}}", events, notice_at="2026-03-03T09:00") == 1


def test_defaults_and_presence_of_attributes() -> None:
    events = (at(3, kind="repair", cost=5), at(4, kind="repair"), at(5, kind="repair", cost="many"))
    assert fact("{count: {event: repair, where: {cost: present}}}", events) == [1, 2]  # nobody knows of the third what it says
    assert fact("{count: {event: repair, where: {cost: 0}}}", events) == [1, 2]  # the second by its default, the third perhaps
    assert fact("{count: {event: repair, where: {cost: {above: 4}}}}", events[:2]) == 1


# --------------------------------------------------------------------------- the last one
def test_the_last_entry_says_it() -> None:
    events = (at(9, kind="handover", to="sales"), at(3, kind="handover", to="plant"))
    assert fact("{last: {event: handover}, take: to}", events) == "sales"
    assert fact("{last: {event: handover, where: {to: plant}}, take: to}", events) == "plant"


def test_of_two_at_one_instant_the_later_in_the_log() -> None:
    events = (at(9, kind="handover", to="sales"), at(9, kind="handover", to="plant"))
    assert fact("{last: {event: handover}, take: to}", events) == "plant"


def test_no_entry_is_none_and_passed_over() -> None:
    body = "facts: {who: {first_known: [{last: {event: handover}, take: to}, {field: handler}]}}\nrequirements: [{id: RQ, require: {who: Li}, before: received_at}]"
    assert decide(body, [], handler="Li").result("RQ").outcome == "met"
    assert decide(body, [at(3, kind="handover", to="Wu")], handler="Li").result("RQ").outcome == "breached"
    # The latest names nobody: the handler stands.
    assert decide(body, [at(3, kind="handover", to="Wu"), at(4, kind="handover")], handler="Li").result("RQ").outcome == "met"
    alone = "facts: {who: {last: {event: handover}, take: to}}\nrequirements: [{id: RQ, require: {who: {not: Li}}, before: received_at}]"
    assert decide(alone).result("RQ").outcome == "met"  # nobody is not Li


def test_which_entry_is_the_last_may_be_unknown() -> None:
    events = (at(3, kind="handover", to="plant"), at(4, kind="handover", to="sales"), {"kind": "handover", "to": "legal"})
    # The third may have happened last, or before, or not yet.
    assert sorted(fact("{last: {event: handover}, take: to}", events)) == ["legal", "sales"]
    # On the same day, one with its hour: either may be the later.
    day = ({"at": "2026-03-04", "kind": "handover", "to": "plant"}, at(4, 12, "handover", to="sales"), at(3, kind="handover", to="legal"))
    assert sorted(fact("{last: {event: handover}, take: to}", day)) == ["plant", "sales"]


# --------------------------------------------------------------------------- instants
def test_alone_they_are_the_first_in_last_of_the_last() -> None:
    events = (at(9), at(3), at(5))
    assert fact("{event: dissatisfied}", events) == utc(3)
    assert fact("{first_of: [closed_at, {event: dissatisfied}]}", events, closed_at="2026-03-04T09:00") == utc(3)
    assert fact("{last_of: [received_at, {event: dissatisfied}]}", events) == utc(9)
    assert fact("{all_of: [closed_at, {event: dissatisfied}]}", events, closed_at="2026-03-04T09:00") == utc(9)


def test_a_list_first_in_a_fact_makes_an_instant() -> None:
    after = "{nth: 1, of: visits, after: closed_at}"
    assert fact(f"{{first_known: [visits, {after}]}}", visits="2026-03-05T09:00; 2026-03-03T09:00") == utc(3)
    assert fact(f"{{choose: [{{when: {{closed_at: missing}}, then: visits}}, {{otherwise: {after}}}]}}", visits="2026-03-03T09:00; 2026-03-09T09:00", closed_at="2026-03-04T09:00") == utc(9)


def test_all_of_waits_for_an_entry() -> None:
    body = "deadlines: [{id: DL, from: {all_of: [received_at, {event: response}]}, to: closed_at, within: 2 days}]"
    assert decide(body).deadline("DL").due_at is None
    assert str(decide(body, [at(5, kind="response")]).deadline("DL").due_at)[:10] == "2026-03-07"


def test_the_nth_and_strictly_after() -> None:
    events = (at(3), at(5), at(9))
    assert fact("{nth: 2, of: {event: dissatisfied}}", events) == utc(5)
    assert fact("{nth: 1, of: {event: dissatisfied}, after: notice_at}", events, notice_at="2026-03-05T09:00") == utc(9)
    assert fact("{nth: 1, of: {event: dissatisfied}, after: notice_at}", events, notice_at="2026-03-05T08:59") == utc(5)
    assert repr(fact("{nth: 4, of: {event: dissatisfied}}", events)) == "NOT_YET"


def test_a_fact_is_a_name_for_entries() -> None:
    body = """
facts:
  large: {event: repair, where: {cost: {above: 100}}}
  often: {count: large}
  second: {nth: 2, of: large}
  tardy: {large: {after: notice_at}}
deadlines: [{id: DL, from: notice_at, to: large, within: 3 days}]
requirements: [{id: RQ, require: {often: 2, second: {by: closed_at}, tardy: false}, before: received_at}]
"""
    events = [at(3, kind="repair", cost=200), at(4, kind="repair", cost=50), at(6, kind="repair", cost=300)]
    found = decide(body, events, notice_at="2026-03-05T09:00", closed_at="2026-03-09T09:00")
    assert found.result("RQ").outcome == "met"
    assert found.deadline("DL").outcome == "met"  # the repair of 3 March lies before the notice; that of 6 March counts
    assert str(found.deadline("DL").done_at)[:10] == "2026-03-06"


def test_entries_that_rest_on_other_entries() -> None:
    """A response after the first dissatisfaction; dissatisfactions that nobody answered within a day."""
    events = (at(3, 9), at(3, 12, "response"), at(5, 9), at(7, 9, "response"))
    assert fact("{count: {event: response, where: {at: {after: {event: dissatisfied}}}}}", events) == 2
    # 3 March was answered after 3 hours; 5 March on the 7th, after 48.
    unanswered = "{count: {event: dissatisfied, where: {not: {at: {not_before: {from: {nth: 1, of: {event: response}, after: at}, ahead: 24 hours}}}}}}"
    assert fact(unanswered, events) == 1


# --------------------------------------------------------------------------- the act of a deadline
DUE = "deadlines: [{id: DL, from: {last_of: [received_at, {event: dissatisfied}]}, to: {event: response}, within: 48 hours}]"


@pytest.mark.parametrize(
    ("hour", "outcome"),
    [(8, "breached"), (9, "met"), (10, "met")],  # before the start, at it, after it; judged long after the 48 hours
)
def test_an_entry_before_the_start_is_ignored(hour: int, outcome: str) -> None:
    assert decide(DUE, [at(5, 9), at(5, hour, "response")]).deadline("DL").outcome == outcome


def test_the_next_one_counts() -> None:
    found = decide(DUE, [at(5, 9), at(4, 9, "response"), at(7, 9, "response"), at(6, 9, "response")]).deadline("DL")
    assert (found.outcome, found.done_at is not None and found.done_at.day) == ("met", 6)


def test_nobody_has_answered_yet() -> None:
    assert decide(DUE, [at(5, 9), at(4, 9, "response")], "2026-03-07T09:00").deadline("DL").outcome == "pending"  # 48 hours end just now
    assert decide(DUE, [at(5, 9), at(4, 9, "response")], "2026-03-07T09:01").deadline("DL").outcome == "breached"


def test_the_start_may_be_unknown() -> None:
    """Received on 2 March; a dissatisfaction whose time nobody knows; an answer on 3 March: in time, whatever it was."""
    events = [{"kind": "dissatisfied"}, at(3, 9, "response")]
    found = decide(DUE, events, "2026-03-04T00:00").deadline("DL")
    # Before the answer: met. After it: 48 hours from then run until 5 March at the earliest.
    assert (found.outcome, sorted(found.possible or ())) == ("indeterminate", ["met", "pending"])
    assert found.missing == ("events",)


# --------------------------------------------------------------------------- days and what is unknown
def test_a_bare_day_may_lie_before_the_start_of_that_day() -> None:
    found = decide(DUE, [at(5, 9), {"at": "2026-03-05", "kind": "response"}]).deadline("DL")
    assert (found.outcome, found.missing) == ("indeterminate", ("events",))
    assert decide(DUE, [at(5, 9), {"at": "2026-03-06", "kind": "response"}]).deadline("DL").outcome == "met"
    assert decide(DUE, [at(5, 9), {"at": "2026-03-04", "kind": "response"}]).deadline("DL").outcome == "breached"


def test_a_bare_day_in_an_order() -> None:
    body = "requirements: [{id: RQ, require: {in_order: [{event: response}, {event: dissatisfied}]}, before: received_at}]"
    assert decide(body, [at(5, 9, "response"), {"at": "2026-03-06", "kind": "dissatisfied"}]).result("RQ").outcome == "met"
    assert decide(body, [at(5, 9, "response"), {"at": "2026-03-05", "kind": "dissatisfied"}]).result("RQ").outcome == "indeterminate"
    assert decide(body, [at(5, 9, "response"), {"at": "2026-03-04", "kind": "dissatisfied"}]).result("RQ").outcome == "breached"


def test_a_bad_entry_costs_what_depends_on_it() -> None:
    body = """
facts: {a: {count: {event: response}}, b: {count: {event: dissatisfied}}}
requirements:
  - {id: RQ-a, require: {a: {below: 3}}, before: received_at}
  - {id: RQ-b, require: {b: 0}, before: received_at}
  - {id: RQ-few, require: {a: {at_most: 1}}, before: received_at}
"""
    found = decide(body, [at(3, kind="response"), {"at": "soon", "kind": "response"}])
    assert {r.rule: r.outcome for r in found.judged()} == {"RQ-a": "met", "RQ-b": "met", "RQ-few": "indeterminate"}
    assert found.result("RQ-few").missing == ("events",)
    assert found.unusable["events"].en == "entry 2, at: not a time (ISO 8601 or a declared format)"
    # Of no kind: it may be one of either.
    found = decide(body, [{"at": "2026-03-03T09:00"}])
    assert {r.rule: r.outcome for r in found.judged()} == {"RQ-a": "met", "RQ-b": "indeterminate", "RQ-few": "met"}
    assert found.unusable["events"].zh == "第1条事件的 kind：缺失"
    # No entry at all.
    found = decide(body, ["response", {}, 7])
    assert {r.rule: r.outcome for r in found.judged()} == {"RQ-a": "indeterminate", "RQ-b": "indeterminate", "RQ-few": "indeterminate"}
    assert found.unusable["events"].en.endswith("(and 3 more)")


def test_entries_of_other_kinds_are_passed_over() -> None:
    found = decide("facts: {a: {count: {event: response}}}\nrequirements: [{id: RQ, require: {a: 0}, before: received_at}]", [{"kind": "note", "at": "?"}])
    assert found.result("RQ").outcome == "met"
    assert not found.unusable


@pytest.mark.parametrize("log", ["response", {"at": "2026-03-03T09:00", "kind": "response"}, 5, [{"at": "2026-03-03T09:00", "kind": "response"}] * 10_001])
def test_what_is_no_log_is_unknown(log: Any) -> None:
    found = decide("facts: {a: {count: {event: response}}}\nrequirements: [{id: RQ, require: {a: 0}, before: received_at}]", log)
    assert (found.result("RQ").outcome, found.result("RQ").missing) == ("indeterminate", ("events",))
    assert "events" in found.unusable


def test_ten_thousand_entries_are_read() -> None:
    assert fact("{count: {event: response}}", [at(3, kind="response")] * 10_000) == 10_000


def test_a_long_log_that_looks_at_itself_ends() -> None:
    events = [{"at": f"2026-03-{1 + i % 28:02}", "kind": "response"} for i in range(3_000)]
    text = "{count: {event: response, where: {at: {before: {nth: 1, of: {event: response}, after: at}}}}}"
    assert fact(text, events) is None  # too many that may lie after each: not looked through, and said to be unknown


def test_so_many_that_may_have_happened_are_not_told_one_by_one() -> None:
    """With 255 of them 256 counts are possible; with one more the count is simply unknown."""
    assert fact("{count: {event: response}}", [{"kind": "response"}] * 255) == list(range(256))
    assert fact("{count: {event: response}}", [{"kind": "response"}] * 256) is None


def test_who_was_the_last_of_very_many() -> None:
    """Nobody knows when they happened, but all name the same, if any has; three hundred different names are anybody's guess."""
    take = "{last: {event: handover}, take: to}"
    assert [str(v) for v in fact(take, [{"kind": "handover", "to": "ops"}] * 2_000)] == ["ops", "NONE"]
    assert fact(take, [{"kind": "handover", "to": f"team {i}"} for i in range(300)]) is None


def test_the_callers_record_stays_as_it_was() -> None:
    events = [at(3, kind="response")]
    record = {"id": "A", "received_at": "2026-03-02T10:00", "events": events}
    decision = policy(DUE).evaluate(record, as_of="2026-04-01T00:00")
    before = decision.to_dict()
    assert events == [at(3, kind="response")]
    events.clear()
    assert decision.to_dict() == before


# --------------------------------------------------------------------------- times written down in advance
LIMIT = "deadlines: [{id: DL, from: notice_at, to: closed_at, within: {first_of: [{nth: 3, of: cycle_ends, after: notice_at}, 90 days]}}]"


def test_the_third_end_of_a_cycle() -> None:
    """The end at the very notice is not after it: 10 March, 10 April, 10 May."""
    ends = ["2026-05-10T09:00", "2026-04-10T09:00", "2026-03-10T09:00", "2026-02-10T09:00"]
    found = decide(LIMIT, notice_at="2026-02-10T09:00", cycle_ends=ends).deadline("DL")
    assert (found.outcome, str(found.due_at)) == ("pending", "2026-05-10 09:00:00+08:00")
    # 90 days from 10 February: 18 + 31 + 30 + 11, the end of 11 May.
    assert str(decide(LIMIT, notice_at="2026-02-10T08:00", cycle_ends=ends).deadline("DL").due_at) == "2026-04-10 09:00:00+08:00"


def test_an_end_that_is_not_written_down_lies_after_the_last() -> None:
    ends = "2026-03-10T09:00; 2026-04-10T09:00"
    assert decide(LIMIT, notice_at="2026-02-10T09:00", cycle_ends=ends, closed_at="2026-03-30T10:00").deadline("DL").outcome == "met"
    found = decide(LIMIT, as_of="2026-04-20T00:00", notice_at="2026-02-10T09:00", cycle_ends=ends).deadline("DL")
    assert (found.outcome, found.missing) == ("indeterminate", ("cycle_ends",))  # due between 10 April and 11 May
    assert decide(LIMIT, as_of="2026-05-12T00:00", notice_at="2026-02-10T09:00", cycle_ends=ends).deadline("DL").outcome == "breached"


def test_times_that_lie_ahead_are_not_counted_yet() -> None:
    assert fact("{count: cycle_ends}", as_of="2026-04-01T00:00", cycle_ends=["2026-03-10", "2026-03-20T10:00", "2026-04-10"]) == 2
    assert fact("{count: visits}") == 0  # none were agreed
    assert fact("{count: cycle_ends}") is None


# --------------------------------------------------------------------------- what changes by time
def test_the_next_change() -> None:
    events = [at(3), at(12), at(20, kind="response")]
    body = "facts: {n: {count: {event: dissatisfied}}}\nrequirements: [{id: RQ, require: {n: {below: 2}}, before: received_at}]"
    found = decide(body, events, "2026-03-10T00:00")
    assert (found.result("RQ").outcome, str(found.next_change_at)) == ("met", "2026-03-12 09:00:00+08:00")
    assert decide(body, events, "2026-03-12T09:00").result("RQ").outcome == "breached"
    assert decide(body, events, "2026-03-12T09:00").next_change_at is None


def test_the_next_change_by_a_time_written_down() -> None:
    body = "facts: {n: {count: cycle_ends}}\nrequirements: [{id: RQ, require: {n: {below: 2}}, before: received_at}]"
    found = decide(body, (), "2026-03-10T00:00", cycle_ends=["2026-03-05T09:00", "2026-03-12T09:00"])
    assert (found.result("RQ").outcome, str(found.next_change_at)) == ("met", "2026-03-12 09:00:00+08:00")


# --------------------------------------------------------------------------- whatever the unknown parts are
KINDS = ("response", "dissatisfied")
PROPERTY = """
facts:
  n: {count: {event: response}}
  m: {count: {event: dissatisfied, where: {by: Li}}}
  who: {first_known: [{last: {event: [response, dissatisfied]}, take: by}, nobody]}
deadlines:
  - {id: DL-first, from: {event: dissatisfied}, to: {event: response}, within: 48 hours}
  - {id: DL-last, from: {last_of: [received_at, {event: dissatisfied}]}, to: {first_of: [{event: response}, closed_at]}, within: 3 days}
  - {id: DL-nth, from: received_at, to: {nth: 2, of: {event: response}}, within: 5 days}
requirements:
  - {id: RQ-n, require: {n: {at_least: 2}}, before: received_at}
  - {id: RQ-m, require: {m: {below: 2}}, before: received_at}
  - {id: RQ-who, require: {who: Li}, before: received_at}
  - {id: RQ-order, require: {in_order: [{event: dissatisfied}, {event: response}]}, before: received_at}
"""
_times = st.builds(lambda h: (datetime(2026, 3, 2) + timedelta(hours=h)).isoformat()[:16], st.integers(0, 12 * 24))
_days = st.builds(lambda d: f"2026-03-{d:02}", st.integers(2, 13))


@st.composite
def _logs(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A log some of whose values are missing or only a day, and one of the logs it may be."""
    told: list[dict[str, Any]] = []
    true: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(0, 5))):
        entry: dict[str, Any] = {"at": draw(_times), "kind": draw(st.sampled_from(KINDS)), "by": draw(st.sampled_from(["Li", "Wu"]))}
        shown = dict(entry)
        for name in draw(st.sets(st.sampled_from(["at", "at", "kind", "by", "day"]), max_size=1 if draw(st.booleans()) else 0)):
            if name == "day":
                shown["at"] = entry["at"][:10]
            elif name == "by":
                shown["by"] = 1j  # unusable: it may be anything
            else:
                del shown[name]
        told.append(shown)
        true.append(entry)
    return told, true


@settings(max_examples=250, deadline=None)
@given(_logs(), st.integers(0, 14 * 24))
def test_a_decided_outcome_holds_whatever_the_unknown_parts_are(logs: tuple[list[dict[str, Any]], list[dict[str, Any]]], hours: int) -> None:
    told, true = logs
    as_of = (datetime(2026, 3, 2, 10) + timedelta(hours=hours)).isoformat()[:16]
    # What is dated today is dated before now: it has happened.
    assume(not any(shown.get("at") == as_of[:10] and entry["at"] > as_of for shown, entry in zip(told, true, strict=True)))
    known, whole = decide(PROPERTY, told, as_of), decide(PROPERTY, true, as_of)
    for result, truth in zip(known.judged(), whole.judged(), strict=True):
        if result.outcome == "indeterminate":
            assert result.missing == ("events",)
            assert result.possible is None or truth.outcome in result.possible, (result.rule, told, true)
        else:
            assert result.outcome == truth.outcome, (result.rule, told, true)


@settings(max_examples=150, deadline=None)
@given(_logs(), st.integers(0, 14 * 24))
def test_a_log_that_is_known_leaves_nothing_undecided(logs: tuple[list[dict[str, Any]], list[dict[str, Any]]], hours: int) -> None:
    as_of = datetime(2026, 3, 2, 10) + timedelta(hours=hours)
    happened = sorted((e for e in logs[1] if datetime.fromisoformat(e["at"]) <= as_of), key=lambda e: e["at"])
    found = decide(PROPERTY, logs[1], as_of.isoformat()[:16])
    answers = [e for e in happened if e["kind"] == "response"]
    assert (found.result("RQ-n").outcome == "met") == (len(answers) >= 2)
    assert (found.result("RQ-m").outcome == "met") == (sum(e["kind"] == "dissatisfied" and e["by"] == "Li" for e in happened) < 2)
    assert (found.result("RQ-who").outcome == "met") == (bool(happened) and happened[-1]["by"] == "Li")
    starts = [e["at"] for e in happened if e["kind"] == "dissatisfied"]
    if starts:
        acts = [e["at"] for e in answers if e["at"] >= starts[0]]
        due = datetime.fromisoformat(starts[0]) + timedelta(hours=48)
        late = (datetime.fromisoformat(acts[0]) if acts else as_of) > due
        assert found.deadline("DL-first").outcome == ("breached" if late else "met" if acts else "pending")


# --------------------------------------------------------------------------- words
def test_in_words() -> None:
    from complaint_policy.cli.views.rules import RuleWords

    body = """
facts: {n: {count: {event: handover, where: {accepted_at: missing, to: {not: plant}}}}}
deadlines:
  - {id: DL, from: {event: [dissatisfied, repair]}, to: {nth: 2, of: {event: response}, after: {last_of: [{event: handover}]}}, within: 15 days}
penalties: [{id: PN, for: [DL], amount: {times: [2, {last: {event: repair}, take: cost}, {count: {event: response}}]}, payable_to: complainant}]
"""
    version = policy(body).versions[-1]
    words = RuleWords(version)
    parts = {label.en: text for rule in version.model.all_rules() for label, text in words.parts(rule)}
    shown = [(text.en, text.zh) for text in parts.values()]
    assert ("Not satisfied or Repair", "不满意或维修") in shown
    assert ("no. 2 of Answer after the last of Hand-over", "以下最晚者：移交之后第2次答复") in shown
    assert ("2 × cost of the last Repair × the number of Answer", "2 × 最近一次维修的cost × 答复的次数") in shown
    counted = words.words.value(version.model.facts["n"].expression)  # type: ignore[arg-type]
    assert (counted.en, counted.zh) == ("the number of Hand-over (accepted_at is missing and To is not plant)", "移交（缺少accepted_at且接收方不为plant）的次数")


# --------------------------------------------------------------------------- who is named
@pytest.mark.parametrize(("attribute", "shown"), [("to", None), ("summary", "plant")])
def test_whom_an_entry_names_stays_out_of_reports(attribute: str, shown: str | None) -> None:
    body = f"""
facts: {{who: {{last: {{event: handover}}, take: {attribute}}}}}
deadlines: [{{id: DL, from: received_at, to: closed_at, within: 2 days}}]
penalties: [{{id: PN, for: [DL], amount: 200, payable_to: company, charge: {{first_known: [{{field: who}}, {{field: responsible_team}}]}}}}]
"""
    named = at(3, kind="handover") | {attribute: "plant"}
    found = decide(body, [named], responsible_team="B")
    assert found.to_dict()["penalties"][0]["charge"] == {"field": None, "name": shown}
    # The latest hand-over names nobody: it is passed over.
    found = decide(body, [named, at(4, kind="handover")], responsible_team="B")
    assert found.to_dict()["penalties"][0]["charge"] == {"field": "responsible_team", "name": "B"}


# --------------------------------------------------------------------------- the next change
@settings(max_examples=60, deadline=None)
@given(_logs(), st.integers(0, 10 * 24))
def test_nothing_changes_before_the_next_change(logs: tuple[list[dict[str, Any]], list[dict[str, Any]]], hours: int) -> None:
    as_of = datetime(2026, 3, 2, 10) + timedelta(hours=hours)

    def asked(moment: datetime) -> Any:
        return decide(PROPERTY, logs[1], moment.isoformat())

    now = asked(as_of)
    change = now.next_change_at
    end = change.replace(tzinfo=None) if change is not None else as_of + timedelta(days=20)
    for step in range(1, 20):
        moment = as_of + (end - as_of) * step / 20
        assert asked(moment).signature() == now.signature()
    if change is not None:
        assert asked(end).signature() != now.signature()
