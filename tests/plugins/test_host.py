"""The manager: what is gathered, in which order, and what a faulty plugin costs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from complaint_policy import PluginError, PolicyError, UsageError, load_policy_text
from complaint_policy.kinds import RuleKind, ids_of_list
from complaint_policy.plugins import DerivedFact, Field, Manager, Text, hookimpl, make_manager
from complaint_policy.plugins.builtin import BUILTIN
from complaint_policy.registry import BUILTIN_KINDS
from complaint_policy.schemas import rules

NOTES = RuleKind(
    key="notes",
    kind="note",
    title=Text("Notes", "备注"),
    schema=rules({"text": {"type": "string"}}, ("text",)),
    ids=ids_of_list,
    build=lambda pieces, builder: (),
    steps=lambda section: (),
)

POLICY = """
format: 1
policy: test/notes
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
plugins: [notes]
notes: [{id: N-1, text: read me}]
"""


class Notes:
    version = "2.1"

    @hookimpl
    def complaint_policy_rule_kinds(self) -> list[RuleKind]:
        return [NOTES]


def test_built_in_kinds_come_through_the_same_hook() -> None:
    manager = make_manager(strict=True)
    assert manager.plugin(BUILTIN) is not None
    assert manager.kinds[: len(BUILTIN_KINDS)] == BUILTIN_KINDS
    assert manager.faults == ()


def test_a_strangers_kind_is_read_and_disappears_when_disabled() -> None:
    manager = make_manager({"notes": Notes()})
    policy = load_policy_text(POLICY, plugins=manager)
    assert policy.id == "test/notes"
    assert [k.key for k in policy.kinds][-1] == "notes"
    with pytest.raises(PolicyError, match="plugin-disabled"):
        load_policy_text(POLICY, plugins=make_manager({"notes": Notes()}, disable=["notes"]))
    with pytest.raises(PolicyError, match="unknown-plugin"):
        load_policy_text(POLICY)


def test_order_is_that_of_the_call() -> None:
    manager = make_manager({"notes": Notes(), "other": _with_field("shelf")})
    assert manager.names[-2:] == ("notes", "other")
    assert [p.version for p in manager.plugins[-2:]] == ["2.1", "unversioned"]


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UsageError, match="no plugin 'nots'"):
        make_manager({"notes": Notes()}, disable=["nots"])
    with pytest.raises(UsageError, match="cannot be disabled"):
        make_manager(disable=[BUILTIN])
    with pytest.raises(UsageError, match="no name for a plugin"):
        make_manager({"No Tes": Notes()})
    with pytest.raises(PluginError, match="already"):
        make_manager({BUILTIN: Notes()})


def _with_field(name: str) -> Any:
    class Fields:
        @hookimpl
        def complaint_policy_record_fields(self) -> list[Field]:
            return [Field(name, "string", Text(name, name))]

    return Fields()


class Raises:
    @hookimpl
    def complaint_policy_rule_kinds(self) -> list[RuleKind]:
        raise ZeroDivisionError


class Nonsense:
    @hookimpl
    def complaint_policy_rule_kinds(self) -> list[Any]:
        return ["severity"]


class Claims:
    @hookimpl
    def complaint_policy_rule_kinds(self) -> list[RuleKind]:
        return [BUILTIN_KINDS[0]]


class Empty:
    pass


class WrongSignature:
    @hookimpl
    def complaint_policy_rule_kinds(self, more: str) -> list[RuleKind]:
        return []


class Misspelt:
    @hookimpl
    def complaint_policy_rule_kind(self) -> list[RuleKind]:
        return [NOTES]


class Half:
    """One hook in order and one not: nothing of it is taken."""

    @hookimpl
    def complaint_policy_record_fields(self) -> list[Field]:
        return [Field("half_done", "string", Text("Half", "半"))]

    @hookimpl
    def complaint_policy_facts(self) -> Iterable[DerivedFact]:
        raise ZeroDivisionError


BAD = [Raises(), Nonsense(), Claims(), Empty(), WrongSignature(), Misspelt(), Half()]


@pytest.mark.parametrize("plugin", BAD, ids=lambda p: type(p).__name__)
def test_a_fault_names_its_plugin_and_costs_only_it(plugin: object) -> None:
    manager: Manager = make_manager({"good": Notes(), "bad": plugin})
    assert manager.names[-1] == "good"
    assert [fault.plugin for fault in manager.faults] == ["bad"]
    assert "bad" in manager.faults[0].message.zh
    assert not any(f.name == "half_done" for p in manager.plugins for f in p.fields)
    with pytest.raises(PolicyError, match="plugin-failed the plugin 'bad' is left out"):
        load_policy_text(POLICY.replace("[notes]", "[good, bad]"), plugins=manager)
    with pytest.raises(PluginError) as caught:
        make_manager({"good": Notes(), "bad": plugin}, strict=True)
    assert caught.value.plugin == "bad"


def test_two_that_claim_one_name_are_both_named() -> None:
    manager = make_manager({"one": _with_field("shelf"), "two": _with_field("shelf")})
    assert manager.names[-1] == "one"
    assert manager.faults[0].message.en == "plugin 'two', registration: 'shelf' (name) is claimed by the plugin 'one' too"
