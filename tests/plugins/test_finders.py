"""Finders: notes after a decision, in the plugin's words; they change nothing, and a bad one costs nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from complaint_policy import Decision, PluginError, PolicyError, load_policy_text
from complaint_policy.plugins import DerivedFact, Finder, Note, Text, hookimpl, make_manager

POLICY = """
format: 1
policy: test/noted
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
currency: CNY
plugins: [notes, others]
severity: {levels: [general, major], rules: [{id: SEV-major, level: major, when: {price: {at_least: 100}}}], otherwise: general}
deadlines:
  - {id: DL-answer, from: received_at, to: responded_at, within: 2 days}
"""
RECORD = {"id": "1", "received_at": "2026-03-01T10:00", "price": "120.50", "complainant_phone": "138 0000 0000"}
# Due on 3 March at the end of the day: on the 5th it is breached.
AS_OF = "2026-03-05T00:00"
Notes = list[Note]


class Plugin:
    version = "1"

    def __init__(self, function: Callable[..., Any], reads: tuple[str, ...] = ("price",), name: str = "looks") -> None:
        self.function, self.reads, self.name = function, reads, name

    @hookimpl
    def complaint_policy_facts(self) -> list[DerivedFact]:
        return [DerivedFact(name=f"half_{self.name}", kind="money", title=Text("Half", "一半"), reads=("price",), function=lambda price: price / 2)]

    @hookimpl
    def complaint_policy_finders(self) -> list[Finder]:
        return [Finder(name=self.name, title=Text("Looks", "查看"), reads=self.reads, function=self.function)]

    @hookimpl
    def complaint_policy_messages(self) -> dict[str, Text]:
        return {"dear": Text("The price of {price} is high.", "价格{price}偏高。"), "late": Text("Late again.", "再次逾期。"), "same-phone": Text("Phone {phone}.", "电话{phone}。")}


def late(price: Any, *, decided: Any) -> Notes:
    return [Note("late", rule="DL-answer")] if decided["outcomes"]["DL-answer"] == "breached" else []


def decided(function: Callable[..., Any], reads: tuple[str, ...] = ("price",), *, strict: bool = False, record: dict[str, Any] = RECORD) -> Decision:
    manager = make_manager({"notes": Plugin(function, reads), "others": Plugin(late, name="other")}, strict=strict)
    return load_policy_text(POLICY, plugins=manager).evaluate(record, as_of=AS_OF)


def notes(decision: Decision) -> list[tuple[str, str, str]]:
    return [(f.rule, f.outcome, f.message.en) for f in decision.findings if f.outcome in ("note", "plugin-failed")]


OTHERS = ("DL-answer", "note", "Late again.")


def test_notes_come_after_the_findings_in_the_order_of_the_plugins() -> None:
    decision = decided(lambda price, decided: [Note("dear", {"price": price}, "SEV-major")])
    assert notes(decision) == [("SEV-major", "note", "The price of 120.5 is high."), OTHERS]
    assert [f.outcome for f in decision.findings] == ["breached", "note", "note"]
    assert "价格120.5偏高。" in decision.explain("zh")
    assert decision.to_dict()["findings"][1]["message"] == {"en": "The price of 120.5 is high.", "zh": "价格120.5偏高。"}


def test_what_it_is_handed() -> None:
    seen: list[Any] = []

    def look(*values: Any, decided: Any) -> Notes:
        seen.extend([*values, dict(decided)])
        with pytest.raises(TypeError):
            decided["outcomes"]["DL-answer"] = "met"
        return []

    found = decided(look, ("price", "half_looks", "responded_at", "upheld", "received_at"))
    assert notes(found) == [OTHERS]
    price, half, responded, upheld, received, told = seen
    assert (price, half, responded, upheld) == (Decimal("120.5"), Decimal("60.25"), None, None)
    assert received.isoformat() == "2026-03-01T10:00:00+08:00"
    assert told == {"status": "breached", "severity": "major", "owner": None, "outcomes": {"DL-answer": "breached"}}


def test_it_is_asked_once_and_only_when_somebody_looks() -> None:
    asked: list[int] = []

    def look(price: Any, *, decided: Any) -> Notes:
        asked.append(1)
        return []

    decision = decided(look)
    assert (decision.outcomes, asked) == ({"DL-answer": "breached"}, [])
    for _ in range(2):
        assert notes(decision) == [OTHERS]
        decision.explain("en")
    assert asked == [1]


def test_what_is_sensitive_is_filled_in_only_when_asked_for() -> None:
    decision = decided(lambda phone, decided: [Note("same-phone", {"phone": phone})], ("complainant_phone",))
    assert notes(decision)[0] == ("plugin:notes", "note", "Phone (withheld).")
    assert "138" not in decision.explain("en") + str(decision.to_dict())
    assert "Phone 138 0000 0000." in decision.explain("en", reveal=True)
    assert decision.to_dict(reveal=True)["findings"][1]["message"]["en"] == "Phone 138 0000 0000."


def test_the_log_and_the_moment_of_judgement_may_be_read() -> None:
    """A log names people: what is filled in from it is withheld."""
    text = POLICY + "record: {events: {visit: {}}}\n"
    looks = Plugin(lambda visits, now, decided: [Note("same-phone", {"phone": f"{visits[0]['by']} {now:%d}"})], ("event:visit", "as_of"))
    manager = make_manager({"notes": looks, "others": Plugin(late, name="other")})
    events = [{"at": "2026-03-02T10:00", "kind": "visit", "by": "Li"}]
    decision = load_policy_text(text, plugins=manager).evaluate(RECORD | {"events": events}, as_of=AS_OF)
    assert notes(decision)[0][2] == "Phone (withheld)."
    assert "Phone Li 05." in decision.explain("en", reveal=True)


def test_texts_are_kept_short_and_on_one_line() -> None:
    # 200 characters at most: 199 and the mark that there was more.
    decision = decided(lambda price, decided: [Note("dear", {"price": "x\ny " + "z" * 300})])
    assert notes(decision)[0][2] == f"The price of x y {'z' * 195}… is high."


def _raises(price: Any, *, decided: Any) -> Notes:
    raise ZeroDivisionError


def _changes(price: Any, *, decided: Any) -> Notes:
    decided["status"] = "met"
    return []


WRONG = {
    "it raises": (_raises, "it raised ZeroDivisionError"),
    "it changes the decision": (_changes, "it raised TypeError"),
    "no list": (lambda price, decided: "late", "it gave str where a list of notes is expected"),
    "no notes": (lambda price, decided: ["late"], "str is no Note"),
    "an unknown code": (lambda price, decided: [Note("early")], "its code is none of the plugin's messages"),
    "an unknown rule": (lambda price, decided: [Note("late", rule="DL-other")], "'late' is about a rule that the policy does not have"),
    "a name without value": (lambda price, decided: [Note("dear")], "'dear' lacks a value for 'price'"),
    "a value that is a list": (lambda price, decided: [Note("dear", {"price": [1]})], "'dear' has a value that is neither text nor number"),
    "too many": (lambda price, decided: iter(lambda: Note("late"), None), "it gave more than 50 notes"),
}


@pytest.mark.parametrize(("function", "reason"), WRONG.values(), ids=WRONG)
def test_a_bad_finder_costs_its_own_notes(function: Callable[..., Any], reason: str) -> None:
    decision = decided(function)
    assert decision.status == "breached"
    assert notes(decision) == [OTHERS, ("plugin:notes", "plugin-failed", f"plugin 'notes', complaint_policy_finders (looks): {reason}")]
    with pytest.raises(PluginError) as caught:
        notes(decided(function, strict=True))
    assert caught.value.plugin == "notes"


def test_it_reads_what_the_policy_has() -> None:
    with pytest.raises(PolicyError, match="plugin-reads"):
        decided(late, ("shelf_number",))


def test_values_are_never_templates() -> None:
    decision = decided(lambda price, decided: [Note("dear", {"price": "{price.__class__} {0}"})])
    assert notes(decision)[0][2] == "The price of {price.__class__} {0} is high."
