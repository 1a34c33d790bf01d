"""Plugins that read the event log: kinds of entries they bring, what is handed over, what is refused."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from complaint_policy import PolicyError, load_policy_text
from complaint_policy.plugins import DerivedFact, EntryKind, Field, Manager, Text, hookimpl, make_manager

AS_OF = "2026-05-01T00:00"
SEEN: list[Any] = []
TITLE = Text("Visit", "来访")


def visits_seen(visits: Any) -> int:
    """How many visits there are; what they are is kept for the test."""
    SEEN.append(visits)
    return len(visits)


def spoils(visits: Any) -> int:
    """What no plugin may do."""
    visits[0]["fee"] = 0
    return 0


def plugin(*attributes: Field, reads: tuple[str, ...] = ("event:look_in",), kind: str = "look_in", function: Any = visits_seen) -> Any:
    class Shop:
        @hookimpl
        def complaint_policy_record_fields(self) -> list[Field | EntryKind]:
            return [EntryKind(kind, TITLE, attributes)]

        @hookimpl
        def complaint_policy_facts(self) -> list[DerivedFact]:
            return [DerivedFact(name="seen", kind="integer", title=TITLE, reads=reads, function=function)]

    return Shop()


FEE = Field("fee", "money", Text("Fee", "费用"))


def policy(manager: Manager, record: str = "") -> Any:
    return load_policy_text(
        f"format: 1\npolicy: test/shop\neffective: {{from: 2026-01-01}}\ntimezone: Asia/Shanghai\ncurrency: CNY\nplugins: [shop]\n{record}\nrequirements: [{{id: RQ-1, require: {{seen: {{at_least: 1}}}}}}]\n",
        plugins=manager,
    )


def judged(held: Any, *log: Any) -> Any:
    SEEN.clear()
    return held.evaluate({"id": "A", "received_at": "2026-04-01T10:00", "closed_at": "2026-04-02T10:00", "events": list(log)}, as_of=AS_OF)


def test_entries_are_handed_over_typed_in_order_and_read_only() -> None:
    held = policy(make_manager({"shop": plugin(FEE)}, strict=True), "record: {events: {look_in: {day: date, back_at: event}}}")
    late = {"at": "2026-03-03T08:00", "kind": "look_in", "fee": "¥12.50", "day": "2026-03-04", "back_at": "2026-06-01T10:00"}
    first = {"at": "2026-03-02T10:00+08:00", "kind": "look_in", "by": "Li"}
    assert judged(held, late, first, {"at": "2026-03-01T10:00", "kind": "call"}, {**first, "at": "2026-05-02T10:00"}).fact("seen") == 2
    (visits,) = SEEN
    assert [v["at"] for v in visits] == [datetime.fromisoformat("2026-03-02T10:00+08:00"), datetime.fromisoformat("2026-03-03T08:00+08:00")]
    assert dict(visits[0]) == {"at": visits[0]["at"], "by": "Li", "to": None, "fee": None, "day": None, "back_at": None}
    # What is dated after as_of has not happened yet.
    assert (visits[1]["fee"], visits[1]["day"], visits[1]["back_at"]) == (Decimal("12.5"), date(2026, 3, 4), None)
    with pytest.raises(TypeError):
        visits[0]["fee"] = 1


def test_what_spoils_its_entries_fails_and_is_named() -> None:
    decision = judged(policy(make_manager({"shop": plugin(FEE, function=spoils)})), {"at": "2026-03-03T08:00", "kind": "look_in"})
    assert decision.result("RQ-1").outcome == "indeterminate"
    assert [f.message.en for f in decision.findings if f.outcome == "plugin-failed"] == ["plugin 'shop', complaint_policy_facts (seen): it raised TypeError"]


def test_a_table_without_the_log_does_not_know_it() -> None:
    held = policy(make_manager({"shop": plugin(FEE)}, strict=True))
    record = {"id": "A", "received_at": "2026-04-01T10:00", "closed_at": "2026-04-02T10:00"}
    assert held.audit([record], as_of=AS_OF).decisions["RQ-1.outcome"].to_list() == ["indeterminate"]
    # A record without a log has an empty one.
    assert held.evaluate(record, as_of=AS_OF).result("RQ-1").outcome == "breached"


@pytest.mark.parametrize(
    "attribute", [Field("waiting", "intervals", TITLE), Field("at", "event", TITLE), Field("no name", "string", TITLE), Field("odd", "log", TITLE)], ids=lambda f: f.type
)
def test_an_attribute_is_a_field_of_one_value(attribute: Field) -> None:
    manager = make_manager({"shop": plugin(attribute)})
    assert "shop" not in manager.names
    assert "attribute" in manager.faults[0].message.en


def test_one_kind_is_one_plugins() -> None:
    manager = make_manager({"shop": plugin(FEE), "other": plugin(FEE)})
    assert [f.plugin for f in manager.faults] == ["other"]
    assert "claimed by the plugin 'shop'" in manager.faults[0].message.en


def test_an_industrys_name_is_free_where_the_policy_does_not_use_it() -> None:
    class Own:
        @hookimpl
        def complaint_policy_record_fields(self) -> list[Field | EntryKind]:
            return [EntryKind("visit", TITLE, (FEE,)), Field("handed_over_at", "date", TITLE)]

    manager = make_manager({"shop": Own()}, strict=True)
    text = "format: 1\npolicy: test/shop\neffective: {from: 2026-01-01}\ntimezone: Asia/Shanghai\ncurrency: CNY\nplugins: [NAMES]\n"
    fields = load_policy_text(text.replace("NAMES", "shop"), plugins=manager).versions[0].model.fields
    assert fields["handed_over_at"].type == "date"
    assert load_policy_text(text.replace("NAMES", "auto_repair"), plugins=manager).versions[0].model.fields["handed_over_at"].type == "event"
    with pytest.raises(PolicyError, match="plugins-claim 'event:visit' is claimed by two plugins of this policy, 'auto_repair' and 'shop'"):
        load_policy_text(text.replace("NAMES", "shop, auto_repair"), plugins=manager)


def test_a_policy_changes_no_type_of_the_plugins() -> None:
    with pytest.raises(PolicyError, match="field-not-narrowed"):
        policy(make_manager({"shop": plugin(FEE)}), "record: {events: {look_in: {fee: string}}}")


def test_a_kind_nobody_declares_is_a_problem() -> None:
    with pytest.raises(PolicyError, match="plugin-reads"):
        policy(make_manager({"shop": plugin(FEE, kind="call")}))
    # The policy may declare it.
    assert judged(policy(make_manager({"shop": plugin(FEE, kind="call")}), "record: {events: {look_in: {}}}")).fact("seen") == 0
