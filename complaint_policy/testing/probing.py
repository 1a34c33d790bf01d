"""A policy made for the trial: it uses all that a plugin brings, so that all of it is called."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from complaint_policy.contributed import DerivedFact, Operator, Plugin
from complaint_policy.fields import CORE_FIELDS, EntryKind, Field, LogField
from complaint_policy.texts import Text

__all__ = ["POLICY_NAME", "probe", "undeclared"]

POLICY_NAME: Final = "conformance/probe"
_MOST_VALUES: Final = 8
_SETTINGS: Final[Mapping[str, Any]] = {
    "boolean": True,
    "integer": 3,
    "number": 2.5,
    "money": "100.00",
    "string": "A",
    "date": "2026-01-01",
    "list": ["a", "b"],
}
_OPERANDS: Final[Mapping[str, Any]] = {"string": "a", "number": 2, "boolean": True, "list": ["a", "浙A"]}


def undeclared(plugin: Plugin, known: Mapping[str, Field]) -> tuple[tuple[str, str], ...]:
    """What functions read that neither the library, nor the plugin, nor a policy handed in declares: contribution and field."""
    declared = [*plugin.fields, *(kind for one in known.values() if isinstance(one, LogField) for kind in one.kinds)]
    entries = {f"event:{one.name}" for one in declared if isinstance(one, EntryKind)}
    names = {"events", "as_of", *entries, *CORE_FIELDS, *known, *(one.name for one in plugin.fields), *(one.name for one in plugin.facts)}
    readers = [(one.name, one.reads) for one in plugin.facts] + [(one.name, one.reads) for one in plugin.classifiers]
    return tuple((contribution, name) for contribution, reads in readers for name in reads if name not in names)


def probe(plugin: Plugin, known: Mapping[str, Field], seen: Mapping[str, Iterable[Any]]) -> str:
    """The text of the policy.  ``known``: fields that policies declare; ``seen``: values of facts, each to be asked for."""
    own = {one.name for one in plugin.fields} | set(CORE_FIELDS)
    fields = {name: _declared(one) for name, one in known.items() if name not in own and one.type != "log"}
    rules = [_rule(f"P-{index}", condition) for index, condition in enumerate(_conditions(plugin, seen))]
    deadlines = [_deadline(f"D-{index}", fact.name) for index, fact in enumerate(f for f in plugin.facts if f.kind == "instant")]
    policy: dict[str, Any] = {
        "format": 1,
        "policy": POLICY_NAME,
        "effective": {"from": "2020-01-01"},
        "timezone": "Asia/Shanghai",
        "currency": "CNY",
        "plugins": [plugin.name],
    }
    for settings in plugin.settings:
        policy[settings.key] = {one.name: one.values[0] if one.type == "enum" else _SETTINGS[one.type] for one in settings.fields if one.default is None}
    if fields:
        policy["record"] = {"fields": fields}
    labels = {one.name: one.labels for one in plugin.classifiers}
    if labels:
        policy["facts"] = {f"probe_{name}": {"classified_by": name, "at_least": 0.5} for name in labels}
        rules += [_rule(f"C-{index}", {f"probe_{name}": found[0]}) for index, (name, found) in enumerate(labels.items())]
    if rules:
        policy["requirements"] = rules
    if deadlines:
        policy["deadlines"] = deadlines
    return json.dumps(policy, ensure_ascii=False)  # JSON is YAML


def _declared(one: Field) -> dict[str, Any]:
    found: dict[str, Any] = {"type": one.type}
    if one.values:
        found["values"] = list(one.values)
    if one.unit is not None:
        found["unit"] = one.unit
    return found


def _title(text: Text) -> dict[str, str]:
    return {"en": text.en, "zh": text.zh}


def _rule(identity: str, condition: Any) -> dict[str, Any]:
    return {"id": identity, "title": _title(Text(identity, identity)), "require": condition, "before": "closed_at"}


def _deadline(identity: str, start: str) -> dict[str, Any]:
    return {"id": identity, "title": _title(Text(identity, identity)), "from": start, "to": "closed_at", "within": "1 hours"}


def _conditions(plugin: Plugin, seen: Mapping[str, Iterable[Any]]) -> Iterator[Any]:
    for fact in plugin.facts:
        if fact.kind != "instant":
            for value in _asked(fact, seen.get(fact.name, ())):
                yield {fact.name: value}
    fields: list[Field] = [*CORE_FIELDS.values(), *(one for one in plugin.fields if isinstance(one, Field))]
    for operator in plugin.operators:
        yield from _tests(operator, fields)


def _asked(fact: DerivedFact, seen: Iterable[Any]) -> Iterator[Any]:
    """Values to hold the fact against: those that it had, so that a table has to find the very same."""
    if fact.kind == "boolean":
        yield True
        return
    if fact.kind == "enum":
        yield from fact.values[:_MOST_VALUES]
        return
    values = [value for value in dict.fromkeys(seen) if value is not None]
    if fact.kind == "string":
        usable = [value for value in values if value.strip() and len(value) < 200 and value not in ("present", "missing")]
        yield from usable[:_MOST_VALUES] or ["a"]
        return
    usable = [value for value in values if abs(value) < 10**12]
    for value in usable[:_MOST_VALUES]:
        yield _plain(value)
    yield {"at_least": _plain(sorted(usable)[len(usable) // 2]) if usable else 1}


def _plain(value: Any) -> Any:
    return format(value, "f") if isinstance(value, Decimal) else value


def _tests(operator: Operator, fields: Iterable[Field]) -> Iterator[Any]:
    """The word on the first field of each kind that it takes."""
    for kind in operator.kinds:
        found = next((one for one in fields if one.kind == kind), None)
        if found is not None:
            yield {found.name: {operator.name: _OPERANDS[operator.operand]}}
