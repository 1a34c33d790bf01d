"""Promises made to the customer: each entry of the log is due when it says itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from complaint_policy import Decision, PolicyError, load_policy_text

POLICY = """\
format: 1
policy: test/promises
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
currency: CNY
record:
  fields: {visited_at: {type: event}}
  events:
    promise: {title: {en: Promise, zh: 承诺}, promised_for: {type: datetime, empty: none, title: {en: promised for, zh: 承诺的时间}}, kept_at: event}
    visit: {promised_for: datetime}
facts: {promises: {event: promise}}
deadlines:
  - {id: DL-promise, from: {each: [promises]}, to: kept_at, within: promised_for, at_risk: 1 day}
  - {id: DL-bound, from: {each: [{event: promise}], until: closed_at}, to: {first_of: [kept_at, visited_at]}, within: {first_of: [promised_for, 10 days]}}
portfolio: [{id: PF-kept, measure: {share: {outcome: {DL-promise: met}}}, expect: {at_least: 90%}}]
"""
AS_OF = "2026-03-20T10:00"
Entry = dict[str, Any]


def promise(at: str, due: str | None = None, kept: str | None = None, **more: Any) -> Entry:
    return {"at": f"2026-{at}", "kind": "promise", **({"promised_for": f"2026-{due}"} if due else {}), **({"kept_at": f"2026-{kept}"} if kept else {}), **more}


def judged(*events: Entry, **more: Any) -> Decision:
    return load_policy_text(POLICY).evaluate({"id": "A", "received_at": "2026-03-01T10:00", "events": list(events), **more}, as_of=AS_OF)


def outcomes(decision: Decision, rule: str = "DL-promise") -> list[str]:
    return [one.outcome for one in decision.deadline(rule).instances]


def test_each_is_due_when_it_says() -> None:
    decision = judged(
        promise("03-02T10:00", "03-05T12:00", "03-05T12:00"),
        promise("03-02T11:00", "03-06T12:00", "03-06T12:00:01"),
        promise("03-19T10:00", "03-25T12:00"),
        promise("03-10T10:00", "03-21T09:00"),
    )
    # In order of time the fourth promise is the third: it is due within a day.
    assert outcomes(decision) == ["met", "breached", "at_risk", "pending"]
    assert decision.deadline("DL-promise#2").over_by == timedelta(seconds=1)
    assert [str(one.due_at)[:16] for one in decision.deadline("DL-promise").instances] == [
        "2026-03-05 12:00",
        "2026-03-06 12:00",
        "2026-03-21 09:00",
        "2026-03-25 12:00",
    ]
    following = decision.next_deadline
    # The other rule bounds the promise of the 10th: ten days end with the 20th.
    assert following is not None
    assert str(following.due_at)[:16] == "2026-03-20 23:59"


def test_two_promises_in_one_minute_are_two() -> None:
    decision = judged(promise("03-02T10:00", "03-05T12:00", "03-04T12:00"), promise("03-02T10:00", "03-03T12:00"))
    assert sorted(outcomes(decision)) == ["breached", "met"]


def test_no_day_was_promised() -> None:
    """There is nothing to keep; a bound of the policy holds all the same: ten days from the 3rd, the 13th."""
    decision = judged(promise("03-03T10:00"))
    assert outcomes(decision) == ["not_applicable"]
    assert outcomes(decision, "DL-bound") == ["breached"]
    assert str(decision.deadline("DL-bound#1").due_on) == "2026-03-13"


def test_a_day_that_cannot_be_read() -> None:
    decision = judged(promise("03-03T10:00", kept="03-04T10:00", promised_for="soon"), promise("03-03T11:00", "03-04T10:00", "03-04T10:00"))
    assert outcomes(decision) == ["indeterminate", "met"]
    assert decision.deadline("DL-promise#1").missing == ("events",)


def test_kept_before_it_was_made() -> None:
    assert outcomes(judged(promise("03-03T10:00", "03-05T10:00", "03-02T10:00"))) == ["indeterminate"]


def test_what_is_the_records_stays_the_records() -> None:
    """`visited_at` is no attribute of the entry."""
    decision = judged(promise("03-03T10:00", "03-05T10:00"), visited_at="2026-03-05T09:00")
    assert (outcomes(decision), outcomes(decision, "DL-bound")) == (["breached"], ["met"])


def test_no_log_at_all() -> None:
    policy = load_policy_text(POLICY)
    for record in ({"id": "A", "received_at": "2026-03-01T10:00", "events": "what"},):
        decision = policy.evaluate(record, as_of=AS_OF)
        assert decision.deadline("DL-promise").outcome == "indeterminate"
        assert decision.deadline("DL-promise").missing == ("events",)
    assert policy.evaluate({"id": "A", "received_at": "2026-03-01T10:00"}, as_of=AS_OF).deadline("DL-promise").outcome == "pending"


def test_the_next_change_is_when_the_earliest_falls_due() -> None:
    decision = judged(promise("03-19T10:00", "03-25T12:00"))
    # At risk a day before; the instant itself is not yet past it.
    assert str(decision.next_change_at)[:26] == "2026-03-24 12:00:00.000001"


def test_a_table_has_the_same() -> None:
    policy = load_policy_text(POLICY)
    records = [
        {"id": "A", "received_at": "2026-03-01T10:00", "closed_at": None},
        {"id": "B", "received_at": "2026-03-01T10:00", "closed_at": None},
        {"id": "C", "received_at": "2026-03-01T10:00", "closed_at": None},
    ]
    logs = {"A": [promise("03-02T10:00", "03-05T12:00", "03-05T12:00")], "B": [promise("03-02T10:00", "03-05T12:00")], "C": []}
    events = pl.DataFrame([{"id": one, "promised_for": None, "kept_at": None, **entry} for one, log in logs.items() for entry in log])
    table = policy.audit(pl.DataFrame(records, schema_overrides={"closed_at": pl.String}), events=events, as_of=AS_OF).decisions
    alone = [policy.evaluate({**record, "events": logs[str(record["id"])]}, as_of=AS_OF).deadline("DL-promise").outcome for record in records]
    assert table["DL-promise.outcome"].to_list() == alone == ["met", "breached", "pending"]


def test_in_words() -> None:
    decision = judged(promise("03-02T10:00", "03-05T12:00"))
    assert "承诺的时间" in decision.explain("zh")
    assert "promised for" in decision.explain("en")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("from: {each: [promises]}, to: kept_at, within: promised_fo", "unknown-instant"),
        # Where it may begin with something else than an entry, there is no entry to look at.
        ("from: {each: [promises, received_at]}, to: kept_at, within: promised_for", "unknown-instant"),
        ("from: promises, to: kept_at, within: promised_for", "unknown-instant"),
    ],
)
def test_only_where_it_begins_with_entries(text: str, code: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy_text(POLICY.replace("from: {each: [promises]}, to: kept_at, within: promised_for", text))
    assert code in {problem.code for problem in caught.value.problems}
