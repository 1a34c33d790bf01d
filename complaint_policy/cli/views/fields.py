"""The fields of a record that a policy's rules use: what a mapping has to fill."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final

from attrs import fields, frozen, has
from rich.text import Text as Line

from complaint_policy import Policy
from complaint_policy.cli.terminal import Terminal, visible
from complaint_policy.cli.views.tables import table
from complaint_policy.expressions import nodes as n
from complaint_policy.fields import Field
from complaint_policy.model import PolicyModel, fields_below
from complaint_policy.texts import Text, joined

__all__ = ["FieldUse", "empty_text", "fields_of", "fields_used", "print_fields"]

# What every decision looks at, whatever the rules use.
_ALWAYS: Final = {
    "id": Text("names the record", "记录的编号"),
    "received_at": Text("needed: says which version holds", "必填：决定适用哪个版本"),
    "recorded_owner": Text("held against the owner found", "与判定的责任方核对"),
    "recorded_severity": Text("held against the level found", "与判定的等级核对"),
}
_EMPTY: Final = {"not_yet": Text("not yet", "尚未发生"), "unknown": Text("unknown", "未知"), "none": Text("there is none", "没有")}


@frozen
class FieldUse:
    """One field, the ids of the rules that look at it, and whether the scope of the policy does."""

    field: Field
    rules: tuple[str, ...]
    in_scope: bool

    def to_dict(self) -> dict[str, Any]:
        f = self.field
        default = format(f.default, "f") if isinstance(f.default, Decimal) else list(f.default) if isinstance(f.default, tuple) else f.default
        return {
            "name": f.name,
            "type": f.type,
            "title": f.title.to_dict(),
            "values": list(f.values),
            "unit": f.unit,
            "empty": f.empty,
            "default": default,
            "sensitive": f.sensitive,
            "scope": self.in_scope,
            "rules": list(self.rules),
        }


def fields_used(policy: Policy) -> list[FieldUse]:
    """Every field that is looked at, over all versions and as the latest one declares it: first what every decision needs."""
    used: dict[str, dict[str, None]] = {name: {} for name in _ALWAYS}
    scoped: set[str] = set()
    declared: dict[str, Field] = {}
    for version in policy.versions:
        model = version.model
        declared |= model.fields
        scoped |= set(fields_below(model.scope, model))
        for rule in model.all_rules():
            for name in _below(rule, model):
                used.setdefault(name, {})[rule.id] = None
    for name in sorted(scoped):
        used.setdefault(name, {})
    return [FieldUse(declared[name], tuple(rules), name in scoped) for name, rules in used.items()]


def fields_of(model: PolicyModel) -> list[Field]:
    """The fields one version looks at, as it declares them: first what every decision needs."""
    used = dict.fromkeys(_ALWAYS)
    used.update(dict.fromkeys(fields_below(model.scope, model)))
    for rule in model.all_rules():
        used.update(dict.fromkeys(_below(rule, model)))
    return [model.fields[name] for name in used]


def _below(value: Any, model: PolicyModel) -> Iterator[str]:
    """The fields anywhere in a rule or a part of one, through facts."""
    if isinstance(value, n.Expression):
        yield from fields_below(value, model)
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _below(part, model)
    elif has(type(value)):
        for attribute in fields(type(value)):
            if attribute.name == "by":
                # What a portfolio rule groups by is named plainly: fields and facts.
                for name in getattr(value, attribute.name):
                    yield from (name,) if name in model.fields else fields_below(model.facts[name].expression, model) if name in model.facts else ()
            else:
                yield from _below(getattr(value, attribute.name), model)


def print_fields(used: Iterable[FieldUse], policy: Policy, terminal: Terminal) -> None:
    """A table: the field, its type with values or unit, its title, what an empty cell means, the rules."""
    t = terminal.t
    title = t("Fields of a record that are used", "用到的记录字段")
    shown = table(t("field", "字段"), t("type", "类型"), t("name", "名称"), t("if empty", "空值含义"), t("used by", "用于"), title=title)
    for use in used:
        f = use.field
        shown.add_row(
            Line(visible(f.name), style="bold"),
            visible(_type(f, policy.currency)),
            terminal.say(f.title),
            visible(terminal.say(empty_text(f))),
            visible(terminal.say(_used_by(use))),
        )
    terminal.print(shown)


def _type(f: Field, currency: str | None) -> str:
    unit = f.unit or (currency if f.type == "money" else None)
    kind = f"{f.type}: {', '.join(f.values)}" if f.values else f.type
    return f"{kind} ({unit})" if unit else kind


def empty_text(f: Field) -> Text:
    """What an empty cell of the field means."""
    if f.name == "received_at":
        return Text("cannot be judged", "无法判定")
    if f.default is None:
        return _EMPTY[f.empty]
    if isinstance(f.default, str) and f.default in dict(f.titles):
        return dict(f.titles)[f.default]
    if isinstance(f.default, (bool, int, Decimal, str)):
        return n.literal_text(f.default)
    given = ", ".join(map(str, f.default)) if isinstance(f.default, (tuple, list)) else str(f.default)
    return Text(given, given)


def _used_by(use: FieldUse) -> Text:
    parts = [_ALWAYS[use.field.name]] if use.field.name in _ALWAYS else []
    if use.in_scope:
        parts.append(Text("scope", "适用范围"))
    if use.rules:
        listed = ", ".join(use.rules)
        parts.append(Text(listed, listed.replace(", ", "、")))
    return joined(parts)
