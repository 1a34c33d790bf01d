"""A scalar of the file, typed by the place it stands in."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from typing import Any

from complaint_policy.coerce import parse_decimal
from complaint_policy.expressions.environment import Environment, spelled_here
from complaint_policy.expressions.hints import amount_hint, field_hint
from complaint_policy.fields import Field
from complaint_policy.reader import Scalar
from complaint_policy.texts import Text

__all__ = ["BAD", "guess_literal", "read_literal", "read_number"]

BAD = object()  # a problem has been reported


def read_number(text: str) -> int | Decimal | None:
    """``50000``, ``0.05`` or ``12.5%``; whole numbers as ``int``."""
    share = text.endswith("%")
    number = parse_decimal(text[:-1] if share else text)
    if number is None or "," in text:
        return None
    if share:
        number = number / 100
    return int(number) if number == number.to_integral_value() else number


def _comparison_inside(text: str) -> str | None:
    """``>= 500`` written as a text: our word for it."""
    for sign in (">=", "<=", "!=", "==", ">", "<"):
        if text.startswith(sign):
            return spelled_here(sign)
    return None


def read_literal(node: Scalar, kind: str, env: Environment, declared: Field | None = None, name: str = "") -> Any:
    """The literal as that kind, or ``BAD`` after a problem."""
    text = node.value
    if node.plain or kind in ("integer", "number", "money"):
        ours = _comparison_inside(text)
        if ours is not None:
            env.problems.add("foreign-spelling", node.place, word=text, hint=Text(f"write {ours}", f"请写 {ours}"))
            return BAD
    if kind == "boolean":
        if text in ("true", "false"):
            return text == "true"
        env.problems.add("literal-type", node.place, name=name, value=text, kind=Text("true or false", "true 或 false"))
        return BAD
    if kind in ("integer", "number", "money"):
        number = read_number(text)
        if number is None:
            hint = field_hint(text, env) or (amount_hint(text) if kind == "money" or name in ("plus", "minus", "times") else None)
            env.problems.add("literal-type", node.place, name=name, value=text, kind=Text("a number", "数字"), hint=hint)
            return BAD
        return number
    if kind == "level":
        if text not in env.levels:
            env.problems.add("unknown-level", node.place, name=text, near=(text, env.levels))
            return BAD
        return env.levels.index(text)
    if kind == "instant":
        env.problems.add("instant-literal", node.place, name=name)
        return BAD
    value = unicodedata.normalize("NFC", text)
    if kind == "enum" and declared is not None and value not in declared.values:
        env.problems.add("unknown-value", node.place, name=value, field=name, near=(value, declared.values))
        return BAD
    return value


def guess_literal(node: Scalar) -> tuple[Any, str]:
    """A literal where nothing else says its kind: a number, true or false, or a text."""
    if node.plain:
        number = read_number(node.value)
        if number is not None:
            return number, "integer" if isinstance(number, int) else "number"
        if node.value in ("true", "false"):
            return node.value == "true", "boolean"
    return unicodedata.normalize("NFC", node.value), "string"
