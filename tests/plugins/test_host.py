"""Rule kinds through hooks: the built-in ones and a stranger's go the same way."""

from __future__ import annotations

from typing import Any

import pytest

from complaint_policy import PluginError, PolicyError, load_policy_text
from complaint_policy.kinds import RuleKind, ids_of_list
from complaint_policy.plugins import hookimpl, rule_kinds
from complaint_policy.registry import BUILTIN_KINDS
from complaint_policy.schemas import rules
from complaint_policy.texts import Text

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
notes: [{id: N-1, text: read me}]
"""


class Notes:
    @hookimpl
    def complaint_policy_rule_kinds(self) -> list[RuleKind]:
        return [NOTES]


def test_built_in_kinds_come_through_the_same_hook() -> None:
    assert rule_kinds({}) == BUILTIN_KINDS


def test_a_strangers_kind_is_read_and_disappears_without_it() -> None:
    policy = load_policy_text(POLICY, kinds=rule_kinds({"notes": Notes()}))
    assert policy.id == "test/notes"
    with pytest.raises(PolicyError, match="unknown-key"):
        load_policy_text(POLICY)


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


@pytest.mark.parametrize("plugin", [Raises(), Nonsense(), Claims(), Empty(), WrongSignature(), Misspelt()], ids=lambda p: type(p).__name__)
def test_a_fault_names_its_plugin(plugin: object) -> None:
    with pytest.raises(PluginError) as caught:
        rule_kinds({"good": Notes(), "bad": plugin})
    assert caught.value.plugin == "bad"
    assert "bad" in caught.value.render("zh")
