"""Plugins that do everything wrong: the host survives each, says whose fault it is, and nothing wrong passes."""

from __future__ import annotations

import gc
import json
import sys
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from complaint_policy import PluginError, PolicyError, load_policy_text
from complaint_policy.plugins import DerivedFact, Field, Manager, Settings, Text, hookimpl, make_manager
from complaint_policy.plugins.contributions import HOOKS

AS_OF = "2026-06-01T00:00"
LIMIT = 0.25


def _hook(name: str, function: Callable[..., Any], **options: Any) -> Any:
    """A plugin with one hook."""
    function.__name__ = name
    marked = hookimpl(**options)(function) if options else hookimpl(function)
    return SimpleNamespace(**{name: marked})


def _raising() -> Any:
    raise ZeroDivisionError("with something private in it")


def _leaving() -> Any:
    sys.exit(3)


def _nonsense() -> Any:
    return [object()]


def _number() -> Any:
    return 7


def _nothing() -> Any:
    return None


def _endless() -> Iterable[Any]:
    while True:
        yield Field("again", "string", Text("again", "又"))


def _spinning() -> Any:
    while True:
        pass


def _sleeping() -> Any:
    time.sleep(30)


def _taking(more: str) -> Any:
    return []


def _one_bad(manager: Manager) -> Any:
    (fault,) = manager.faults
    assert fault.plugin == "bad"
    assert manager.plugin("bad") is None
    assert "private" not in fault.message.en
    assert fault.message.zh != fault.message.en
    return fault


# --------------------------------------------------------------------------- registering
@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("wrong", [_raising, _nonsense, _number, _leaving, _nothing, _taking], ids=lambda f: f.__name__.strip("_"))
def test_each_hook_done_wrong(hook: str, wrong: Callable[..., Any]) -> None:
    def done(*given: Any) -> Any:
        return wrong(*given)

    plugin = _hook(hook, _taking if wrong is _taking else lambda: wrong())
    fault = _one_bad(make_manager({"good": _hook("complaint_policy_record_fields", lambda: [_field("shelf")]), "bad": plugin}))
    assert hook in fault.hook or fault.hook == "registration"


@pytest.mark.parametrize("wrong", [_endless, _spinning, _sleeping], ids=lambda f: f.__name__.strip("_"))
def test_a_hook_without_end(wrong: Callable[..., Any]) -> None:
    fault = _one_bad(make_manager({"bad": _hook("complaint_policy_record_fields", lambda: wrong())}, time_limit=LIMIT))
    assert "more than 1000" in fault.reason.en or "took longer than 0.25 s" in fault.reason.en


def _field(name: str, **more: Any) -> Field:
    return Field(name, more.pop("type", "string"), Text(name, name), **more)


def _fact(name: str = "odd", **more: Any) -> DerivedFact:
    return DerivedFact(**{"name": name, "kind": "boolean", "title": Text("Odd", "奇数"), "reads": ("legs",), "function": lambda legs: True, **more})


@pytest.mark.parametrize(
    ("hook", "given", "why"),
    [
        ("complaint_policy_record_fields", _field("received_at"), "core field"),
        ("complaint_policy_record_fields", _field("severity"), "a word of the policy language"),
        ("complaint_policy_record_fields", _field("shelf; drop"), "letters"),
        ("complaint_policy_record_fields", _field("shelf", type="colour"), "no type known"),
        ("complaint_policy_record_fields", Field("shelf", "string", Text("", "")), "no title"),
        ("complaint_policy_facts", _fact("upheld"), "is a field already"),
        ("complaint_policy_facts", _fact(kind="maybe"), "no kind known"),
        ("complaint_policy_facts", _fact(reads=()), "reads each of its fields once"),
        ("complaint_policy_facts", _fact(optional=("arms",)), "reads each of its fields once"),
        ("complaint_policy_facts", _fact(function=None), "has no function"),
        ("complaint_policy_facts", _fact(settings="cars", function=lambda legs, *, settings: True), "which the plugin does not have"),
        ("complaint_policy_facts", _fact(kind="enum"), "an enum has values"),
        ("complaint_policy_settings", Settings(key="deadlines", title=Text("D", "时"), fields=()), "deadlines"),
        ("complaint_policy_settings", Settings(key="policy", title=Text("P", "策"), fields=()), "key of the policy file"),
    ],
)
def test_what_cannot_be_taken(hook: str, given: Any, why: str) -> None:
    fault = _one_bad(make_manager({"bad": _hook(hook, lambda: [given])}))
    assert why in fault.message.en


def test_a_wrapper_around_hooks_reaches_nobody_else() -> None:
    """pluggy lets a plugin wrap a hook; here it wraps nothing but its own."""

    def wraps() -> Any:
        answers = yield
        return [*answers, [_field("smuggled")]]

    good = _hook("complaint_policy_record_fields", lambda: [_field("shelf")])
    manager = make_manager({"bad": _hook("complaint_policy_record_fields", wraps, wrapper=True), "good": good})
    plugin = manager.plugin("good")
    assert plugin is not None and [f.name for f in plugin.fields] == ["shelf"]


def test_an_entry_point_that_cannot_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    point = SimpleNamespace(name="broken", value="x:y", dist=None, load=_raising)
    monkeypatch.setattr("complaint_policy.plugins.host.entry_points", lambda group: [point])
    manager = make_manager(entry_points=True)
    (fault,) = manager.faults
    assert (fault.plugin, fault.hook) == ("broken", "entry point")
    with pytest.raises(PluginError, match="broken"):
        make_manager(entry_points=True, strict=True)


# --------------------------------------------------------------------------- judging
POLICY = """
format: 1
policy: test/legs
effective: {from: 2020-01-01}
timezone: Asia/Shanghai
currency: CNY
plugins: [good, bad]
record: {fields: {legs: {type: integer}, tags: {type: list}}}
bad: {most: 4}
requirements:
  - {id: RQ-bad, before: closed_at, require: {WHAT}}
  - {id: RQ-good, before: closed_at, require: {even: true}}
"""


class _Lying(str):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


def _mutates(tags: Any) -> bool:
    tags.append("x")
    return True


def _mutates_settings(legs: int, *, settings: Any) -> bool:
    settings["most"] = 100
    return True


FACTS: list[tuple[str, DerivedFact, str]] = [
    ("raises", _fact(function=lambda legs: 1 / 0), "ZeroDivisionError"),
    ("leaves", _fact(function=lambda legs: sys.exit()), "SystemExit"),
    ("recurses", _fact(function=lambda legs: (lambda f: f(f))(lambda f: f(f))), "RecursionError"),
    ("text for a truth", _fact(function=lambda legs: "yes"), "it gave str where a bool is expected"),
    ("one for a truth", _fact(function=lambda legs: 1), "it gave int where a bool is expected"),
    ("a truth for a number", _fact(kind="integer", function=lambda legs: True), "it gave bool"),
    ("no number", _fact(kind="number", function=lambda legs: float("nan")), "it gave float where a finite number"),
    ("inexact money", _fact(kind="money", function=lambda legs: 0.1), "money is exact"),
    ("endless text", _fact(kind="string", function=lambda legs: "x" * 20_000), "more than 10000 characters"),
    ("half a character", _fact(kind="string", function=lambda legs: "\ud800"), "UnicodeEncodeError"),
    ("a stranger's value", _fact(kind="enum", values=("a", "b"), function=lambda legs: "c"), "none of the declared values"),
    ("a naive time", _fact(kind="instant", function=lambda legs: datetime(2026, 1, 1)), "an aware datetime is expected"),
    ("changes a list", _fact(reads=("tags",), function=_mutates), "AttributeError"),
    ("changes settings", _fact(settings="bad", function=_mutates_settings), "TypeError"),
]
TESTS = {"boolean": "odd: true", "integer": "odd: {at_least: 0}", "number": "odd: {at_least: 0}", "money": "odd: {at_least: 0}"}
TESTS |= {"string": "odd: x", "enum": "odd: a", "instant": "odd: {by: closed_at}"}


def _policy(fact: DerivedFact, *, strict: bool = False, limit: float = 10.0) -> Any:
    settings = Settings(key="bad", title=Text("Bad", "坏"), fields=(_field("most", type="integer"),))

    class Bad:
        version = "0.1"

        @hookimpl
        def complaint_policy_settings(self) -> list[Settings]:
            return [settings]

        @hookimpl
        def complaint_policy_facts(self) -> list[DerivedFact]:
            return [fact]

    good = _hook("complaint_policy_facts", lambda: [_fact("even", function=lambda legs: legs % 2 == 0)])
    manager = make_manager({"good": good, "bad": Bad()}, strict=strict, time_limit=limit)
    assert manager.faults == ()
    return load_policy_text(POLICY.replace("WHAT", TESTS[fact.kind]), plugins=manager)


RECORD = {"id": "1", "received_at": "2026-05-01T10:00", "closed_at": "2026-05-02T10:00", "legs": 4, "tags": ["a"]}


@pytest.mark.parametrize(("fact", "why"), [pytest.param(fact, why, id=name) for name, fact, why in FACTS])
def test_a_fact_done_wrong_passes_nothing(fact: DerivedFact, why: str) -> None:
    policy = _policy(fact)
    decision = policy.evaluate(RECORD, as_of=AS_OF)
    assert decision.outcomes == {"RQ-bad": "indeterminate", "RQ-good": "met"}
    assert decision.requirements[0].missing == ("plugin:bad",)
    (finding,) = (f for f in decision.findings if f.outcome == "plugin-failed")
    assert finding.rule == "plugin:bad"
    assert "complaint_policy_facts (odd)" in finding.message.en and why in finding.message.en
    assert "插件“bad”" in decision.explain("zh")

    audit = policy.audit(pl.DataFrame([RECORD, {**RECORD, "id": "2", "legs": 3}]), as_of=AS_OF)
    assert audit.decisions["RQ-bad.outcome"].to_list() == ["indeterminate", "indeterminate"]
    assert audit.decisions["RQ-good.outcome"].to_list() == ["met", "breached"]
    assert any(why in note.en for note in audit.notes)
    assert audit.summary().sections()[-1].id == "plugin-failures"

    strict = _policy(fact, strict=True)
    with pytest.raises(PluginError, match="'bad'"):
        strict.evaluate(RECORD, as_of=AS_OF)
    with pytest.raises(PluginError, match="'bad'"):
        strict.audit([RECORD], as_of=AS_OF).summary()


def test_a_lying_text_is_only_a_text() -> None:
    policy = _policy(_fact(kind="string", function=lambda legs: _Lying("y")))
    assert policy.evaluate(RECORD, as_of=AS_OF).outcomes["RQ-bad"] == "breached"  # "y" is not "x", whatever its class says


@pytest.mark.parametrize("wrong", [_spinning, _sleeping], ids=["spins", "sleeps"])
def test_a_fact_without_end_stops_no_audit(wrong: Callable[[], Any]) -> None:
    """One record in six makes it hang: the others are decided, and after three the audit asks no more."""

    def slow(legs: int) -> bool:
        return bool(wrong()) if legs >= 100 else True

    table = pl.DataFrame([{**RECORD, "id": str(i), "legs": 100 + i if i % 6 == 0 else i} for i in range(30)])
    audit = _policy(_fact(function=slow), limit=LIMIT).audit(table, as_of=AS_OF)
    outcomes = audit.decisions["RQ-bad.outcome"].to_list()
    assert [i for i, o in enumerate(outcomes) if o == "met" and i % 6 == 0] == []
    assert set(outcomes) <= {"met", "indeterminate"}
    assert audit.decisions["RQ-good.outcome"].to_list() == ["met" if i % 2 == 0 else "breached" for i in range(30)]
    assert any("took longer than 0.25 s" in note.en for note in audit.notes)


def test_no_thread_is_left_behind() -> None:
    before = threading.active_count()
    for _ in range(3):
        audit = _policy(_fact(function=lambda legs: True)).audit([RECORD], as_of=AS_OF)
        assert audit.decisions["RQ-bad.outcome"].to_list() == ["met"]
        del audit
    gc.collect()
    for _ in range(50):
        if threading.active_count() <= before:
            break
        time.sleep(0.02)
    assert threading.active_count() <= before


# --------------------------------------------------------------------------- columns
@pytest.mark.parametrize(
    "column",
    [
        lambda legs: 1 / 0,
        lambda legs: "not an expression",
        lambda legs: pl.col("no such column"),
        lambda legs: legs.cast(pl.String),
        lambda legs: legs.filter(legs > 4),
        lambda legs: legs.cast(pl.String).str.to_datetime(),
    ],
)
def test_a_bad_column_function_is_replaced_by_the_function(column: Any) -> None:
    policy = _policy(_fact(function=lambda legs: legs < 5, column=column))
    table = pl.DataFrame([{**RECORD, "id": str(i), "legs": i} for i in range(10)])
    audit = policy.audit(table, as_of=AS_OF)
    assert audit.decisions["RQ-bad.outcome"].to_list() == ["met"] * 5 + ["breached"] * 5
    assert any("odd, column" in note.en for note in audit.notes)


# --------------------------------------------------------------------------- the same again
def test_same_plugins_same_bytes() -> None:
    one, two = (_policy(_fact(kind="number", function=lambda legs: Decimal(legs) / 3)) for _ in range(2))
    assert one.digest == two.digest
    texts = {json.dumps(p.evaluate(RECORD, as_of=AS_OF).to_dict(), ensure_ascii=False) for p in (one, two)}
    assert len(texts) == 1
    assert '"plugins": [{"name": "good", "version": "unversioned"}, {"name": "bad", "version": "0.1"}]' in texts.pop()


def test_a_fact_that_reads_what_is_not_there() -> None:
    with pytest.raises(PolicyError, match="plugin-reads 'odd' of the plugin 'bad' reads 'arms'"):
        _policy(_fact(reads=("arms",)))


def test_facts_in_a_circle() -> None:
    facts = [_fact("odd", reads=("other",)), _fact("other", reads=("odd",))]
    manager = make_manager({"bad": _hook("complaint_policy_facts", lambda: facts)})
    text = POLICY.replace("[good, bad]", "[bad]").replace("bad: {most: 4}\n", "").replace("WHAT", "odd: true").replace("even: true", "legs: 4")
    with pytest.raises(PolicyError, match="fact-cycle"):
        load_policy_text(text, plugins=manager)
