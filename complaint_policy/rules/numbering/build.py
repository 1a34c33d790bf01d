"""Schema, building and check of numbering rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from complaint_policy.building import Builder
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.environment import Environment
from complaint_policy.head import scalar_text
from complaint_policy.kinds import Piece
from complaint_policy.model import PolicyModel, names_below
from complaint_policy.problems import Problems
from complaint_policy.reader import Mapping, Scalar
from complaint_policy.rules.numbering.model import DATES, PER, SERIAL, Numbering, Part
from complaint_policy.schemas import rules

__all__ = ["SCHEMA", "build", "check"]

SCHEMA: dict[str, Any] = rules(
    {
        "of": {"type": "string", "minLength": 1},
        "form": {"type": "string", "minLength": 1, "maxLength": 200},
        "per": {"enum": list(PER)},
    },
    ("form",),
    without=("exempt", "waivable", "duty_of", "laxer"),
)
_PART: Final = re.compile(r"\{([^{}]*)\}|([{}])")
_SERIAL: Final = re.compile(r"serial(?::([1-9][0-9]?))?")


def build(pieces: list[Piece], builder: Builder) -> tuple[Numbering, ...]:
    made = [_rule(node, env, builder) for node, env in builder.merged(pieces)]
    return tuple(rule for rule in made if rule is not None)


def _rule(node: Mapping, env: Environment, builder: Builder) -> Numbering | None:
    frame = builder.frame(node, env)
    form, of = node.get("form"), node.get("of")
    name = scalar_text(of) or "id"
    if of is not None and name not in builder.fields:
        builder.problems.add("unknown-field", of.place, name=name, near=(name, builder.fields))
        return None
    if not isinstance(form, Scalar):
        return None
    parts = list(_parts(form, builder))
    if None in parts:
        return None
    names = [part.name for part in parts if part.name]
    if names.count(SERIAL) != 1 or len(set(names)) < len(names):
        builder.problems.add("number-without-serial", form.place)
        return None
    declared = builder.fields[name]
    fields = tuple(_value(part.name, builder) for part in parts if part.name and part.name not in (*DATES, SERIAL))
    derived = next((per for per, words in (("day", {"day"}), ("month", {"month"}), ("year", {"year", "yy"})) if words & set(names)), "all")
    value = n.NamedValue(name, declared.kind, "field", declared.unit)
    return Numbering(**frame, of=value, form=form.value, parts=tuple(parts), per=scalar_text(node.get("per")) or derived, fields=fields)


def _value(name: str, builder: Builder) -> n.NamedValue:
    return n.NamedValue(name, builder.fields[name].kind, "field", builder.fields[name].unit)


def _parts(form: Scalar, builder: Builder) -> Iterator[Any]:
    """The pieces of a form in order; ``None`` after a problem."""
    at = 0
    for found in _PART.finditer(form.value):
        if found.start() > at:
            yield Part(form.value[at : found.start()])
        at = found.end()
        word = found[1]
        serial = _SERIAL.fullmatch(word or "")
        if serial is not None:
            yield Part(word, SERIAL, int(serial[1] or 0))
        elif word in DATES:
            yield Part(word, word, DATES[word])
        elif word is not None and word in builder.fields and builder.fields[word].type in ("string", "enum"):
            yield Part(word, word)
        else:
            known = [*DATES, SERIAL, "serial:4", *(name for name, field in builder.fields.items() if field.type in ("string", "enum"))]
            builder.problems.add("number-part", form.place, name=word or found[0], near=(word or "", known))
            yield None
    if at < len(form.value):
        yield Part(form.value[at:])


def check(section: tuple[Numbering, ...], model: PolicyModel, problems: Problems) -> None:
    """Which records are numbered so is told by their fields: no rule has been judged yet."""
    for rule in section:
        for name in names_below(rule.when, model):
            if not name.startswith("field:"):
                problems.add("history-looks-at-result", rule.place, name=rule.id, of=name.removeprefix("rule:"))
