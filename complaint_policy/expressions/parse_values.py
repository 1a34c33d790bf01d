"""Values, from the located tree."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.environment import Environment, spelled_here
from complaint_policy.expressions.hints import foreign_hint, misplaced_hint
from complaint_policy.expressions.literals import BAD, guess_literal, read_literal, read_number
from complaint_policy.expressions.parse_instants import INSTANT_KEYS, parse_span, read_branches
from complaint_policy.expressions.parse_log import LAST_KEYS, parse_count, parse_last
from complaint_policy.fields import Field
from complaint_policy.reader import Mapping, Node, Scalar, Sequence
from complaint_policy.schemas import BASELINE_KEYS
from complaint_policy.texts import Text

__all__ = ["CLASSIFIED_BY", "NO_LEVELS", "VALUE_KEYS", "named_value", "parse_range", "parse_value"]

CLASSIFIED_BY: Final = "classified_by"
NO_LEVELS: Final = Text("the policy has no levels: write severity: {levels: [...]}", "制度没有等级：请写 severity: {levels: [...]}")
VALUE_KEYS: Final = ("field", "plus", "minus", "times", "max_of", "min_of", "first_known", "choose", "length", "count", "last", CLASSIFIED_BY)
_ARITHMETIC: Final = frozenset({"plus", "minus", "times", "max_of", "min_of"})
_NUMERIC: Final = frozenset({"integer", "number", "money"})


def named_value(name: str, place: Any, env: Environment) -> n.NamedValue | None:
    """The field, fact, ``severity`` or ``owner`` of that name, inside ``where`` the entry's attribute; a problem where there is none."""
    if env.entry is not None:
        attribute = env.entry.get(name)
        if attribute is None:
            env.problems.add("unknown-attribute", place, name=name, kind="", near=(name, env.entry))
            return None
        return n.NamedValue(name, attribute.kind, "entry", attribute.unit, place=place)
    if env.figures is not None:
        if name in env.figures:
            return n.NamedValue(name, "number", "figure", place=place)
        env.problems.add("unknown-figure", place, name=name, near=(name, env.figures))
        return None
    if name == "severity" and env.levels:
        return n.NamedValue("severity", "level", "severity", place=place)
    if name == "owner":
        return n.NamedValue("owner", "string", "owner", place=place)
    declared = env.fields.get(name)
    if declared is not None:
        return n.NamedValue(name, declared.kind, "field", declared.unit, place=place)
    if name in env.fact_names:
        kind = env.fact_kind(name, place)
        return n.NamedValue(name, kind.kind, "fact", kind.unit, place=place) if kind is not None else None
    hint = NO_LEVELS if name == "severity" else None
    if name in env.rules:
        hint = Text(f"write {{outcome: {{{name}: ...}}}}", f"请写 {{outcome: {{{name}: ...}}}}")
    env.problems.add("unknown-field", place, name=name, near=(name, env.known_names()), hint=hint)
    return None


def parse_value(node: Node, env: Environment, kind: str | None = None, declared: Field | None = None, name: str = "") -> n.Value | None:
    """A value, or ``None`` after a problem.  ``kind`` is what the place expects of a literal."""
    if isinstance(node, Scalar):
        if kind is None:
            value, guessed = guess_literal(node)
            return n.Literal(value, guessed, place=node.place)
        value = read_literal(node, kind, env, declared, name)
        return None if value is BAD else n.Literal(value, kind, place=node.place)
    if isinstance(node, Sequence):
        env.problems.add("wrong-shape", node.place, wanted=Text("a single value", "单个值"))
        return None
    if len(node.entries) > 1 and node.entries[0].key in ("length", "in", "round", "per"):
        return _length(node, env)
    if any(entry.key in LAST_KEYS for entry in node.entries):
        return parse_last(node, env)
    if CLASSIFIED_BY in node:
        return _classified(node, env)
    if len(node.entries) != 1:
        if len(node.entries) > 1:
            extra = node.entries[1]
            env.problems.add("one-key-only", extra.place, key=extra.key, first=node.entries[0].key, hint=misplaced_hint(extra.key, (), node))
        else:
            env.problems.add("empty-mapping", node.place, what=Text("a value", "值"))
        return None
    entry = node.entries[0]
    key, value_node = entry.key, entry.value
    if key == "field":
        outside = env if env.entry is None else env.of_record()
        return named_value(value_node.value, value_node.place, outside) if isinstance(value_node, Scalar) else None
    if key in _ARITHMETIC:
        return _arithmetic(key, value_node, node, env, kind)
    if key == "first_known":
        parts = _parts(value_node, env, kind, declared, name)
        return n.FirstKnown(parts, _common(parts, node, env), place=node.place) if parts else None
    if key == "choose":
        return _choose(value_node, env, kind, declared, name)
    if key == "length":
        return _length(node, env)
    if key == "count":
        return parse_count(value_node, env)
    if key in BASELINE_KEYS:
        env.problems.add("portfolio-only", entry.place, name=key)
    elif key == "each":
        env.problems.add("each-outside-from", entry.place)
    elif f"{key}_of" in _ARITHMETIC:  # elsewhere these are words for tests
        env.problems.add("foreign-spelling", entry.place, word=key, hint=Text(f"write {key}_of", f"请写 {key}_of"))
    elif spelled_here(key):
        env.problems.add("foreign-spelling", entry.place, word=key, hint=foreign_hint(key))
    elif key in INSTANT_KEYS:
        env.problems.add("instant-as-value", entry.place, name=key)
    else:
        env.problems.add("unknown-key", entry.place, name=key, near=(key, VALUE_KEYS))
    return None


def _classified(node: Mapping, env: Environment) -> n.Value | None:
    """The label a classifier gives, where it is as sure as the policy asks."""
    named, least = node.get(CLASSIFIED_BY), node.get("at_least")
    other = next((e for e in node.entries if e.key not in (CLASSIFIED_BY, "at_least")), None)
    if other is not None:
        env.problems.add("one-key-only", other.place, key=other.key, first=CLASSIFIED_BY)
        return None
    if not isinstance(named, Scalar):
        return None
    if least is None:
        env.problems.add("classified-without-share", node.place, name=named.value)
        return None
    share = read_number(least.value) if isinstance(least, Scalar) else None
    if share is None or not 0 <= share <= 1:
        env.problems.add("bad-share", least.place, value=least.value if isinstance(least, Scalar) else "{...}")
        return None
    if env.classified is None or env.figures is not None:
        env.problems.add("classified-elsewhere", node.place, name=named.value)
        return None
    return env.classified(named.value, Decimal(share), named.place)


def _parts(node: Node, env: Environment, kind: str | None, declared: Field | None = None, name: str = "") -> tuple[n.Value, ...]:
    if not isinstance(node, Sequence):
        return ()
    parts = [parse_value(item, env, kind, declared, name) for item in node.items]
    good = tuple(p for p in parts if p is not None)
    return good if len(good) == len(parts) else ()


def _arithmetic(key: str, value: Node, node: Mapping, env: Environment, kind: str | None) -> n.Value | None:
    expected = kind if kind in _NUMERIC else None
    parts = _parts(value, env, "number" if expected is None or key == "times" else expected, name=key)
    if not parts:
        return None
    for part in parts:
        if part.kind not in _NUMERIC:
            env.problems.add("not-a-number", part.place, kind=part.kind)
            return None
    money = [p for p in parts if p.kind == "money"]
    if key == "times" and len(money) > 1:
        env.problems.add("money-times-money", node.place)
        return None
    units = {p.unit for p in parts if isinstance(p, n.NamedValue) and p.unit}
    if key != "times" and len(units) > 1:
        env.problems.add("unit-mismatch", node.place, left=sorted(units)[0], right=sorted(units)[1])
        return None
    if key != "times" and money:
        for part in parts:
            if part.kind != "money" and isinstance(part, n.NamedValue):
                env.problems.add("kind-mismatch", part.place, name=part.name, left="money", right=part.kind)
                return None
    whole = all(p.kind == "integer" or (isinstance(p, n.Literal) and isinstance(p.value, int)) for p in parts)
    result = "money" if money else "integer" if whole else "number"
    return n.Arithmetic(key, parts, result, place=node.place)


def _choose(value: Node, env: Environment, kind: str | None, declared: Field | None, name: str) -> n.Value | None:
    branches: list[n.ValueBranch] = []
    good = True
    for when, then, place in read_branches(value, env):
        result = parse_value(then, env, kind, declared, name) if then is not None else None
        good = good and result is not None
        if result is not None:
            branches.append(n.ValueBranch(when, result, place=place))
    if not good or not branches:
        return None
    return n.Choose(tuple(branches), _common(tuple(b.then for b in branches), value, env), place=value.place)


def _common(parts: tuple[n.Value, ...], node: Node, env: Environment) -> str:
    """The one kind of several values; numbers widen, anything else must agree."""
    kinds = {p.kind for p in parts}
    if len(kinds) == 1:
        return next(iter(kinds))
    if kinds <= _NUMERIC:
        return "money" if "money" in kinds else "number"
    if kinds <= {"string", "enum"}:
        return "string"
    ordered = sorted(kinds)
    for part in parts:
        if isinstance(part, n.Literal) and part.kind == "string" and (part.value in env.fields or part.value in env.fact_names):
            env.problems.add("text-for-field", part.place, name=part.value)
            return parts[0].kind
    env.problems.add("kinds-differ", node.place, left=ordered[0], right=ordered[1])
    return parts[0].kind


def _length(node: Mapping, env: Environment) -> n.Value | None:
    values = {e.key: e.value for e in node.entries}
    for entry in node.entries:
        if entry.key not in ("length", "in", "round", "per"):
            env.problems.add("unknown-key", entry.place, name=entry.key, near=(entry.key, ("length", "in", "round", "per")))
            return None
    if "length" not in values:
        env.problems.add("missing-key", node.place, name="length")
        return None
    span = parse_span(values["length"], env)

    def word(key: str, allowed: tuple[str, ...], default: str) -> str | None:
        given = values.get(key)
        if given is None:
            return default
        if isinstance(given, Scalar) and given.value in allowed:
            return given.value
        text = given.value if isinstance(given, Scalar) else "{...}"
        env.problems.add("unknown-word", given.place, name=text, near=(text, allowed))
        return None

    unit = word("in", ("minutes", "hours", "days", "weeks"), "days")
    rounding = word("round", ("up", "down", "half_up"), "up")
    per = word("per", ("total", "span"), "total")
    if span is None or unit is None or rounding is None or per is None:
        return None
    return n.LengthOf(span, unit, rounding, per, place=node.place)


def parse_range(node: Node, env: Environment) -> n.Range | n.ChooseRange | None:
    """``[low, high]`` or a `choose` of such pairs; upside-down literal ends are a problem."""
    if isinstance(node, Sequence):
        ends = [parse_value(item, env, "money", name="range") for item in node.items]
        if len(ends) != 2 or ends[0] is None or ends[1] is None:
            return None
        low, high = ends[0], ends[1]
        if isinstance(low, n.Literal) and isinstance(high, n.Literal) and low.value > high.value:
            env.problems.add("upside-down-range", node.place, low=n.shown_number(low.value), high=n.shown_number(high.value))
            return None
        for end in (low, high):
            if end.kind not in _NUMERIC:
                env.problems.add("not-a-number", end.place, kind=end.kind)
                return None
        return n.Range(low, high, place=node.place)
    if isinstance(node, Mapping) and node.keys() == ("choose",):
        branches: list[n.RangeBranch] = []
        for when, then, place in read_branches(node.entries[0].value, env):
            inner = parse_range(then, env) if then is not None else None
            if isinstance(inner, n.Range):
                branches.append(n.RangeBranch(when, inner, place=place))
        return n.ChooseRange(tuple(branches), place=node.place) if branches else None
    env.problems.add("wrong-shape", node.place, wanted=Text("a range [low, high]", "范围 [下限, 上限]"))
    return None
