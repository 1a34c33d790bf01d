"""Schema problems at the offending key's own place, with hints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from complaint_policy.contributed import Plugin, Settings
from complaint_policy.expressions.environment import spelled_here
from complaint_policy.expressions.hints import (
    bad_hours,
    branch_hint,
    branch_word,
    foreign_hint,
    list_hint,
    misplaced_hint,
    not_a_condition,
    text_hint,
    whole_hint,
)
from complaint_policy.kinds import RuleKind
from complaint_policy.lengths import MONTH_DAY_FORM
from complaint_policy.problems import Place, Problems
from complaint_policy.reader import Mapping, Node, Scalar, Sequence, plain
from complaint_policy.schemas import BASELINE_KEYS, FORMS, HOURS_FORM, assemble
from complaint_policy.texts import Text

__all__ = ["check_fact", "check_schema", "policy_schema"]


def policy_schema(kinds: tuple[RuleKind, ...], plugins: tuple[Plugin, ...] = ()) -> dict[str, Any]:
    """The whole JSON Schema (2020-12) of a policy file with those rule kinds, and the kinds and settings of plugins."""
    kinds = (*kinds, *(kind for plugin in plugins for kind in plugin.kinds))
    words = {operator.name: _OPERANDS[operator.operand] for plugin in plugins for operator in plugin.operators}
    sections = {settings.key: settings_schema(settings) for plugin in plugins for settings in plugin.settings}
    schema = assemble({kind.key: kind.schema for kind in kinds} | sections)
    if words:
        test = schema["$defs"]["test"]
        schema["$defs"] = {**schema["$defs"], "test": {**test, "properties": {**test["properties"], **words}}}
    return schema


@lru_cache(maxsize=8)
def _validator(kinds: tuple[RuleKind, ...]) -> Any:
    return _validator_of(policy_schema(kinds))


def _validator_of(schema: dict[str, Any]) -> Any:
    from jsonschema import Draft202012Validator, validators

    extend: Any = validators.extend
    return extend(Draft202012Validator, {"pattern": _pattern})(schema)


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
    """The keyword as JSON Schema means it: Python's ``$`` would also match before a line break at the end."""
    from jsonschema import ValidationError

    if isinstance(instance, str) and (re.search(pattern, instance) is None or (pattern.endswith("$") and instance.endswith("\n"))):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def settings_schema(settings: Settings) -> dict[str, Any]:
    """A plugin's section: one scalar a setting, or a list of words."""
    one, several = {"type": ["string", "number", "boolean"]}, {"type": ["string", "array"], "items": {"type": "string"}}
    properties = {f.name: {**(several if f.type == "list" else one), "description": f.title.en} for f in settings.fields}
    return {"type": "object", "properties": properties, "additionalProperties": False, "description": settings.title.en}


def check_schema(root: Node, kinds: tuple[RuleKind, ...], problems: Problems, plugins: tuple[Plugin, ...] = ()) -> None:
    """Adds a problem for everything in the tree that does not fit the schema; ``plugins`` are those the file names."""
    validator = _validator_of(policy_schema(kinds, plugins)) if plugins else _validator(kinds)
    for error in validator.iter_errors(plain(root)):
        if problems.is_full():
            return
        _problem(error, root, problems)
    _subjects(root, problems)


_SCALAR: Final = {"type": ["string", "number", "boolean"]}
_OPERANDS: Final[dict[str, Any]] = {"string": _SCALAR, "number": _SCALAR, "boolean": _SCALAR, "list": {"type": ["string", "array"], "items": _SCALAR}}


def check_fact(node: Node, shape: str, problems: Problems, plugins: tuple[Plugin, ...] = ()) -> None:
    """The same for one fact: its shape is known only once the fields are, so the schema of the file leaves it open."""
    defs = policy_schema((), plugins)["$defs"]
    for error in _validator(()).evolve(schema={"$ref": f"#/$defs/{shape}", "$defs": defs}).iter_errors(plain(node)):
        _problem(error, node, problems)


# What a test beside the rules judges: one of these.
_SUBJECTS: Final = ("record", "records", "register")


def _subjects(root: Node, problems: Problems) -> None:
    """A test hands in a record, a table of them, or the register that schedules are judged by."""
    tests = root.get("tests") if isinstance(root, Mapping) else None
    for test in tests.items if isinstance(tests, Sequence) else ():
        given = [key for key in _SUBJECTS if key in test] if isinstance(test, Mapping) else []
        if isinstance(test, Mapping) and not given:
            problems.add("missing-key", test.place, name=_SUBJECTS[0])
        elif isinstance(test, Mapping) and len(given) > 1:
            problems.add("one-key-only", test.key_place(given[1]), key=given[1], first=given[0])
        elif given == ["records"]:
            _known_records(test, problems)


def _known_records(test: Any, problems: Problems) -> None:
    """What a test says of a record it does not hold would quietly say nothing."""
    records, expect = test.get("records"), test.get("expect")
    ids: dict[str, Place] = {}
    for record in records.items if isinstance(records, Sequence) else ():
        name = record.get("id") if isinstance(record, Mapping) else None
        if isinstance(name, Scalar):
            other = ids.setdefault(name.value, name.place)
            if other != name.place:
                problems.add("record-twice", name.place, name=name.value, other=str(other))
    for key in ("records", "merged") if isinstance(expect, Mapping) else ():
        told = expect.get(key)
        for entry in told.entries if isinstance(told, Mapping) else ():
            into = [(entry.value.value, entry.value.place)] if key == "merged" and isinstance(entry.value, Scalar) else []
            for written, place in [(entry.key, entry.place), *into]:
                if written not in ids:
                    problems.add("unknown-record", place, name=written, near=(written, tuple(ids)))


def _at(root: Node, path: Any) -> tuple[Node, Place]:
    """The node at a path, and the place of the key (or item) that leads to it."""
    node, place = root, root.place
    for part in path:
        if isinstance(node, Mapping):
            place = node.key_place(part)
            node = node.get(part) or node
        elif isinstance(node, Sequence):
            node = node.items[part]
            place = node.place
    return node, place


def _problem(error: Any, root: Node, problems: Problems) -> None:
    node, key_place = _at(root, error.absolute_path)
    keyword = error.validator
    place = node.place if isinstance(node, Scalar) else key_place
    if "propertyNames" in error.absolute_schema_path and isinstance(node, Mapping):
        place = node.key_place(str(error.instance))
    if keyword in ("additionalProperties", "unevaluatedProperties"):
        _unknown_keys(error, node, problems)
    elif keyword == "required":
        for key in error.validator_value:
            if isinstance(node, Mapping) and key not in node:
                _missing(key, node, key_place, problems)
    elif keyword == "dependentRequired":
        for key, others in error.validator_value.items():
            for other in others:
                if isinstance(node, Mapping) and key in node and other not in node:
                    _missing(other, node, key_place, problems)
    elif keyword == "type":
        if isinstance(node, Sequence) and "first_of" in error.schema.get("properties", ()):
            return  # a list of instants: the reader of instants says what to write
        known = error.schema.get("properties", ())
        if "in_order" in known:
            not_a_condition(node, problems)  # in the words of the reader of conditions, so that it is said once
            return
        hint = text_hint(node.value) if isinstance(node, Scalar) and set(known) == {"en", "zh"} else whole_hint(node, known)
        if error.validator_value == "array" and error.absolute_path and isinstance(error.absolute_path[-1], str):
            hint = list_hint(error.absolute_path[-1])
        elif "at_most" in known and isinstance(node, Scalar):
            hint = Text(f"write {{at_least: {node.value[:20]}}}, or at_most", f"请写 {{at_least: {node.value[:20]}}} 或 at_most")
        problems.add("wrong-shape", place, wanted=_shape(error.validator_value), hint=hint)
    elif keyword == "enum":
        word = node.value if isinstance(node, Scalar) else "{...}"
        allowed = [v for v in error.validator_value if isinstance(v, str)]
        problems.add("unknown-word", place, name=word, near=(word, allowed))
    elif keyword == "pattern" and error.validator_value == HOURS_FORM and isinstance(node, Scalar):
        bad_hours(node, problems)  # as the reader of calendars says it
    elif keyword == "pattern":
        # A day of every month is written out, each month with its own.
        monthly = error.validator_value == MONTH_DAY_FORM and re.fullmatch("[0-9]{1,2}", str(error.instance)) is not None
        hint = None
        if monthly:
            each = ", ".join(f"{month:02}-{int(error.instance):02}" for month in (1, 2, 3))
            hint = Text(f"write [{each}, ...]: a day of each month", f"请写 [{each}, ...]：逐月写明")
        problems.add("bad-form", place, hint=hint, value=str(error.instance), form=FORMS.get(error.validator_value, str(error.validator_value)))
    elif keyword in ("minItems", "minProperties", "minLength"):
        problems.add("empty-mapping" if error.validator_value == 1 else "too-few", place, what=Text("a value", "内容"), least=error.validator_value)
    elif keyword in ("maxItems", "maxProperties", "maxLength"):
        problems.add("too-many", place, most=error.validator_value)
    elif keyword == "propertyNames":
        return
    else:
        problems.add("schema", place, detail=keyword)


def _missing(key: str, node: Mapping, place: Place, problems: Problems) -> None:
    """Nothing is said where the key stands under another language's name: that is said already."""
    words = {word for entry in node.entries for word in (spelled_here(entry.key), branch_word(entry.key) if key in ("when", "then") else None)}
    if key not in words:
        problems.add("missing-key", place, name=key)


def _unknown_keys(error: Any, node: Node, problems: Problems) -> None:
    known = error.schema.get("properties", {})
    if not isinstance(node, Mapping):
        return
    for entry in node.entries:
        if entry.key in known:
            continue
        ours = spelled_here(entry.key)
        branch = branch_word(entry.key) if known.keys() == {"when", "then", "otherwise"} else None
        if branch is not None:
            problems.add("foreign-spelling", entry.place, word=entry.key, hint=branch_hint(branch))
        elif f"{entry.key}_of" in known and entry.key in ("max", "min"):
            problems.add("foreign-spelling", entry.place, word=entry.key, hint=Text(f"write {entry.key}_of", f"请写 {entry.key}_of"))
        elif entry.key in BASELINE_KEYS:
            problems.add("portfolio-only", entry.place, name=entry.key)
        elif entry.key == "each":
            problems.add("each-outside-from", entry.place)
        elif (ours is not None and ours.split()[0].rstrip(",:") in (*known, "a", "the", "not", "present,", "missing,", "at_least", "nothing")) or (
            ours is not None and not known
        ):
            problems.add("foreign-spelling", entry.place, word=entry.key, hint=foreign_hint(entry.key))
        else:
            hint = misplaced_hint(entry.key, known, node)
            problems.add("unknown-key", entry.place, name=entry.key, near=(entry.key, known), hint=hint)


_SHAPES = {
    "object": Text("a mapping", "键值结构"),
    "array": Text("a list", "列表"),
    "string": Text("a text", "文本"),
    "number": Text("a number", "数字"),
    "integer": Text("a whole number", "整数"),
    "boolean": Text("true or false", "true 或 false"),
}


def _shape(types: Any) -> Text:
    names = [types] if isinstance(types, str) else list(types)
    shown = [_SHAPES.get(t, Text(t, t)) for t in names if not (t in ("number", "boolean") and "string" in names)]
    return Text(" or ".join(s.en for s in shown), "或".join(s.zh for s in shown))
