"""The slips of somebody's first plugin: each is said when the manager is made, in words that tell what to write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from complaint_policy import PluginError, PolicyError, UsageError, load_policy_text
from complaint_policy.calendars import Calendar as TimeCalendar
from complaint_policy.fields import RESERVED_WORDS
from complaint_policy.plugins import Calendar, Classifier, DerivedFact, Evidence, Field, Finder, Normaliser, Operator, Text, hookimpl, make_manager

TITLE = Text("Late", "迟到")
WEEKDAYS: Any = "mon-fri"
ONE_SPAN: Any = {"mon": "08:00-18:00"}
ONLY_DAYS: Any = ["mon"]


def _fact(**given: Any) -> DerivedFact:
    return DerivedFact(**{"name": "tardy", "kind": "boolean", "title": TITLE, "reads": ("parcels",), "function": lambda parcels: True, **given})


def _fault(plugin: Any) -> str:
    manager = make_manager({"post": plugin})
    (fault,) = manager.faults
    assert manager.plugin("post") is None and fault.plugin == "post"
    assert fault.reason.zh != fault.reason.en
    with pytest.raises(PluginError) as raised:
        make_manager({"post": plugin}, strict=True)
    assert fault.reason.en in str(raised.value)
    return fault.reason.en


def _with(hook: str, *items: Any) -> Any:
    def give(self: Any) -> list[Any]:
        return list(items)

    return type("Post", (), {f"complaint_policy_{hook}": hookimpl(give)})()


class _Post:
    @hookimpl
    def complaint_policy_facts(self) -> list[DerivedFact]:
        return [_fact()]


class _Forgotten(_Post):
    def complaint_policy_calendars(self) -> list[Calendar]:
        return []


class _Misspelt(_Post):
    @hookimpl
    def complaint_policy_calendar(self) -> list[Calendar]:
        return []


class _Taking:
    @hookimpl
    def complaint_policy_facts(self, policy: Any) -> list[DerivedFact]:
        return [_fact()]


class _Untitled:
    @hookimpl
    def complaint_policy_record_fields(self) -> list[Any]:
        one_language: Callable[..., Text] = Text
        return [Field("parcels", "integer", one_language("Parcels"))]


class _Elsewhere:
    @hookimpl
    def complaint_policy_record_fields(self) -> list[Any]:
        from complaint_policy import parcels

        return [parcels]


@pytest.mark.parametrize(
    ("plugin", "said"),
    [
        (_Post, "it is a class: hand over an object, _Post()"),
        (_Forgotten(), "'complaint_policy_calendars' is not marked with @hookimpl"),
        (_Misspelt(), "there is no hook 'complaint_policy_calendar' (did you mean 'complaint_policy_calendars'?)"),
        (_Taking(), "Argument(s) {'policy'} are declared in the hookimpl but can not be found in the hookspec"),
        (_Untitled(), "it raised TypeError: Text.__init__() missing 1 required positional argument: 'zh'"),
        (_Elsewhere(), "it raised ImportError: cannot import name 'parcels'"),
        (_with("record_fields", Field("length", "number", TITLE)), "'length' is a word of the policy language: take another name"),
        (_with("record_fields", Field("price", "money", TITLE)), "'price' is a core field"),
        (_with("record_fields", Field("size", "enum", TITLE)), "'size': an enum has values"),
        (_with("record_fields", Field("size", "enum", TITLE, values="S")), """'size': values is a text where a tuple of texts is expected: ("S",)"""),  # type: ignore[arg-type]  # the slip
    ],
)
def test_a_slip_says_what_to_write(plugin: Any, said: str) -> None:
    assert said in _fault(plugin)


@pytest.mark.parametrize(
    ("hook", "given", "said"),
    [
        ("facts", _fact(reads="parcels"), """'tardy': reads is a text where a tuple of texts is expected: ("parcels",)"""),
        ("facts", _fact(reads=(1,)), "'tardy': reads has int where a text is expected"),
        ("facts", _fact(function=lambda: True), "'tardy': its function is called with 1 value and takes ()"),
        ("facts", _fact(reads=("a", "b")), "'tardy': its function is called with 2 values and takes (parcels)"),
        ("facts", _fact(column=lambda a, b: a), "'tardy': its column is called with 1 value and takes (a, b)"),
        (
            "classifiers",
            Classifier(name="topic", title=TITLE, labels="late", reads=("description",), function=lambda text: None),  # type: ignore[arg-type]  # the slip
            """'topic': labels is a text where a tuple of texts is expected: ("late",)""",
        ),
        (
            "operators",
            Operator(name="is_like", title=TITLE, kinds=("string",), operand="string", function=lambda value: True),
            "'is_like': its function is called with 2 values and takes (value)",
        ),
        (
            "operators",
            Operator(name="is_like", title=TITLE, kinds=("string",), operand="string", function=lambda a, b: True, column=lambda a: a),
            "'is_like': its column is called with 2 values and takes (a)",
        ),
        (
            "finders",
            Finder(name="find", title=TITLE, reads=("price",), function=lambda price: []),
            "'find': its function is called with 1 value, decided= and takes (price)",
        ),
        (
            "normalisers",
            Normaliser(name="tidy", title=TITLE, reads=("price",), writes=("price",), function=lambda a, b: {}),
            "'tidy': its function is called with 1 value and takes (a, b)",
        ),
        (
            "calendars",
            Calendar(name="depot", title=TITLE, weekdays=WEEKDAYS),
            """'depot': weekdays is a text where a tuple of texts is expected: ("mon-fri",)""",
        ),
        ("calendars", Calendar(name="depot", title=TITLE, hours=ONE_SPAN), """'depot': hours of mon is a text"""),
        ("calendars", Calendar(name="depot", title=TITLE, hours=ONLY_DAYS), "'depot': hours are a mapping of days to tuples"),
    ],
)
def test_a_slip_in_a_contribution(hook: str, given: Any, said: str) -> None:
    assert said in _fault(_with(hook, given))


def test_what_is_called_in_another_way_and_fits() -> None:
    """Defaults, stars and days as dates are no slips; of a function of C nobody knows what it takes."""

    def most(*parcels: int, **more: Any) -> bool:
        return max(parcels) > 1

    facts = _with("facts", _fact(function=most), _fact(name="often", function=lambda parcels, least=2: parcels >= least), _fact(name="some", function=bool))
    days = _with("calendars", Calendar(name="depot", title=TITLE, weekdays=("mon-fri",), holidays=(date(2026, 5, 1),)))  # type: ignore[arg-type]  # the slip
    assert make_manager({"post": facts, "depot": days}, strict=True).names[-2:] == ("post", "depot")


def test_of_two_classes_of_one_name_the_message_tells_which() -> None:
    counting = TimeCalendar(timezone="Europe/Berlin", weekdays="mon-fri")
    assert "Calendar is no complaint_policy.plugins.Calendar" in _fault(_with("calendars", counting))


def test_every_reserved_word_is_on_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "hooks" / "record_fields.md").read_text("utf-8")
    listed = page.partition("for conditions use them: `")[2].partition("`")[0].split()
    assert listed == sorted(RESERVED_WORDS)


def test_settings_are_a_keyword_of_the_function() -> None:
    class Post:
        @hookimpl
        def complaint_policy_settings(self) -> list[Any]:
            from complaint_policy.plugins import Settings

            return [Settings(key="post", title=TITLE, fields=(Field("most", "integer", TITLE, default=1),))]

        @hookimpl
        def complaint_policy_facts(self) -> list[DerivedFact]:
            return [_fact(settings="post")]

    assert "'tardy': its function is called with 1 value, settings= and takes (parcels)" in _fault(Post())


def test_plugins_have_names() -> None:
    unnamed: Any = [_Post()]
    with pytest.raises(UsageError, match="a mapping of names to modules or objects"):
        make_manager(unnamed)


def test_an_entry_point_that_leads_nowhere_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    def load() -> Any:
        raise ModuleNotFoundError("No module named 'complaint_policy_posts'")

    monkeypatch.setattr("complaint_policy.plugins.host.entry_points", lambda group: [SimpleNamespace(name="post", value="x", dist=None, load=load)])
    (fault,) = make_manager(entry_points=True).faults
    assert fault.message.en == "plugin 'post', entry point: it raised ModuleNotFoundError: No module named 'complaint_policy_posts'"


# --------------------------------------------------------------------------- between a policy and its plugins
POLICY = """
format: 1
policy: test/post
effective: {from: 2020-01-01}
timezone: Europe/Berlin
PLUGINS
requirements:
  - {id: RQ-tardy, require: {tardy: false}, before: closed_at}
  - {id: RQ-number, require: {stamps: {has_check_digit: s10}}, when: {WHEN}, before: closed_at}
"""


class _Whole:
    @hookimpl
    def complaint_policy_record_fields(self) -> list[Any]:
        return [Field("parcels", "integer", TITLE), Field("stamps", "string", TITLE)]

    @hookimpl
    def complaint_policy_facts(self) -> list[DerivedFact]:
        return [_fact()]

    @hookimpl
    def complaint_policy_operators(self) -> list[Operator]:
        return [Operator(name="has_check_digit", title=TITLE, kinds=("string",), operand="string", function=lambda value, operand: True)]

    @hookimpl
    def complaint_policy_classifiers(self) -> list[Classifier]:
        return [Classifier(name="topic", title=TITLE, labels=("lost", "torn"), reads=("description",), function=lambda text: Evidence("lost", 0.5, "a word"))]


def _problems(text: str, **options: Any) -> list[tuple[str, str]]:
    with pytest.raises(PolicyError) as refused:
        load_policy_text(text, plugins=make_manager({"post": _Whole()}, **options))
    return [(p.code, p.hint.en if p.hint is not None else "") for p in refused.value.problems]


def test_a_plugin_the_policy_forgot_to_name() -> None:
    has_it = "the plugin 'post' has it: plugins: [post]"
    assert _problems(POLICY.replace("PLUGINS", "").replace("WHEN", "upheld: true")) == [
        ("unknown-field", has_it),  # the fact
        ("unknown-field", has_it),  # the field
        ("unknown-key", has_it),  # the word
    ]


def test_a_plugin_that_is_not_there_is_the_only_problem() -> None:
    text = POLICY.replace("PLUGINS", "plugins: [pots]").replace("WHEN", "upheld: true")
    assert _problems(text) == [("unknown-plugin", "did you mean 'post'?")]
    ((code, hint),) = _problems(text.replace("pots", "railway"))
    assert code == "unknown-plugin" and "--plugins on the command line" in hint
    assert [code for code, _ in _problems(text.replace("pots", "post"), disable=["post"])] == ["plugin-disabled"]


def test_other_problems_are_said_beside_a_plugin_that_is_not_there() -> None:
    text = POLICY.replace("PLUGINS", "plugins: [railway]").replace("WHEN", "upheld: true").replace("Europe/Berlin", "Europe/Berlan")
    assert [code for code, _ in _problems(text)] == ["unknown-timezone", "unknown-plugin"]


def test_a_classifier_is_no_field() -> None:
    text = POLICY.replace("PLUGINS", "plugins: [post]").replace("WHEN", "topic: lost")
    assert _problems(text) == [("unknown-field", "it is a classifier: write {classified_by: topic, at_least: 0.8}")]


def test_a_classifier_is_called_by_its_title_in_the_summary() -> None:
    """The report says what is missing in the words people have for it."""
    text = POLICY.replace("PLUGINS", "plugins: [post]\nfacts: {about: {classified_by: topic, at_least: 0.8}}").replace("WHEN", "about: lost")
    record = {"id": "1", "received_at": "2026-03-02T09:00", "closed_at": "2026-03-03T09:00", "parcels": 1, "stamps": "x", "description": "lost"}
    summary = load_policy_text(text, plugins=make_manager({"post": _Whole()})).audit([record], as_of="2026-03-05T09:00").summary()
    (section,) = (s for s in summary.sections() if s.id == "missing")
    assert section.rows == (("topic", TITLE, "RQ-number", 1),)


def test_one_call_is_one_call() -> None:
    text = POLICY.replace("PLUGINS", "plugins: [post]").replace("WHEN", "upheld: true")
    policy = load_policy_text(text, plugins=make_manager({"post": _Whole()}))
    audit = policy.audit([{"id": "1", "received_at": "2026-03-02T09:00", "parcels": 1}], as_of="2026-03-05T09:00")
    assert "plugin 'post', tardy: 1 call in Python" in [note.en for note in audit.notes]
