"""Conditions and tests, from the located tree."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any, Final

from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.environment import Environment, spelled_here
from complaint_policy.expressions.hints import foreign_hint, hours_hint, not_a_condition, outcome_hint
from complaint_policy.expressions.literals import BAD, read_literal
from complaint_policy.expressions.parse_instants import parse_instant, rule_known
from complaint_policy.expressions.parse_values import VALUE_KEYS, named_value, parse_value
from complaint_policy.outcomes import STATUS_ORDER
from complaint_policy.problems import Place
from complaint_policy.reader import Entry, Mapping, Node, Scalar, Sequence
from complaint_policy.texts import Text

__all__ = ["TEST_KEYS", "parse_condition"]

_COMPARISONS: Final = ("at_least", "at_most", "above", "below")
_MOMENTS: Final = ("by", "before", "after", "not_before")
TEST_KEYS: Final = ("not", *_COMPARISONS, *_MOMENTS, "contains", "matches", "during", "counting", *VALUE_KEYS)
# What somebody who thinks of the log may write in a condition.
_OF_SEVERAL: Final = frozenset({"event", "nth", "count", "last", "length"})
_COUNT_THEM: Final = Text("count them: {count: {event: ...}} as a fact, and then {at_least: 1}", "请先定义事实 {count: {event: ...}}，再测试 {at_least: 1}")
_BEHIND_A_NAME: Final = Text("a test stands behind a name: {amount_claimed: {at_least: 3}}", "测试写在名称之后：{amount_claimed: {at_least: 3}}")
_NUMERIC: Final = frozenset({"integer", "number", "money"})


def parse_condition(node: Node, env: Environment) -> n.Condition | None:
    """A condition, or ``None`` after a problem.  All entries of a mapping must hold."""
    if not isinstance(node, Mapping):
        not_a_condition(node, env.problems)
        return None
    if not node.entries:
        env.problems.add("empty-mapping", node.place, what=Text("a condition", "条件"))
        return None
    parts = [_entry(entry, env) for entry in node.entries]
    good = tuple(p for p in parts if p is not None)
    if len(good) < len(parts):
        return None
    return good[0] if len(good) == 1 else n.All(good, place=node.place)


def _entry(entry: Entry, env: Environment) -> n.Condition | None:
    key, value = entry.key, entry.value
    if key in ("all", "any"):
        if not isinstance(value, Sequence):
            env.problems.add("wrong-shape", value.place, wanted=Text("a list of conditions", "条件列表"))
            return None
        parts = [parse_condition(item, env) for item in value.items]
        good = tuple(p for p in parts if p is not None)
        if len(good) < len(parts) or not good:
            return None
        return n.All(good, place=entry.place) if key == "all" else n.Any_(good, place=entry.place)
    if key == "not":
        part = parse_condition(value, env)
        return n.Not(part, place=entry.place) if part is not None else None
    if key == "outcome":
        return _outcomes(value, entry.place, env)
    if key in ("present", "missing"):
        return _present(value, entry, env, key == "present")
    if key == "in_order":
        return _in_order(value, entry.place, env)
    return _named(entry, env)


def _named(entry: Entry, env: Environment) -> n.Condition | None:
    known = entry.key in (env.entry if env.entry is not None else (*env.fields, *env.fact_names, "severity", "owner", *(env.figures or ())))
    if entry.key == "as_of":
        return _moment_tests(n.AsOf(place=entry.place), entry.value, entry.key, entry.place, env)
    if not known and spelled_here(entry.key):
        env.problems.add("foreign-spelling", entry.place, word=entry.key, hint=foreign_hint(entry.key))
        return None
    if not known and entry.key in (*_COMPARISONS, *_MOMENTS, "contains", "matches", "during"):
        env.problems.add("unknown-field", entry.place, name=entry.key, hint=_BEHIND_A_NAME)
        return None
    if not known and entry.key in _OF_SEVERAL:
        env.problems.add("value-as-condition", entry.place, name=entry.key)
        return None
    name = named_value(entry.key, entry.place, env)
    return _test(entry.value, name, entry.place, env) if name is not None else None


def _moment_tests(left: n.Instant, node: Node, name: str, place: Place, env: Environment) -> n.Condition | None:
    """The tests of an instant that has no name in the record."""
    if not isinstance(node, Mapping):
        env.problems.add("instant-literal", node.place, name=name)
        return None
    return _all_tests(node, place, env, lambda entries, inner: [_moment_test(left, e, name, inner) for e in entries])


def _all_tests(
    node: Mapping, place: Place, env: Environment, read: Callable[[list[Entry], Environment], list[n.Condition | None]]
) -> n.Condition | None:
    """Every test of a mapping holds; a `counting` among them is for their lengths."""
    own = node.get("counting")
    with env.counted(own if isinstance(own, Mapping) else None) as inner:
        entries = [e for e in node.entries if e.key != "counting"]
        if not entries:
            env.problems.add("empty-mapping", node.place, what=Text("a test", "测试"))
            return None
        parts = read(entries, inner)
    good = tuple(p for p in parts if p is not None)
    if len(good) < len(parts):
        return None
    return good[0] if len(good) == 1 else n.All(good, place=place)


def _moment_test(left: n.Instant, entry: Entry, name: str, env: Environment) -> n.Condition | None:
    if entry.key == "not":
        part = _moment_tests(left, entry.value, name, entry.place, env)
        return n.Not(part, place=entry.place) if part is not None else None
    if entry.key == "during":
        return _during(left, entry, env)
    if entry.key in _MOMENTS:
        return _moment(left, entry, env)
    _unknown_test(entry, env, ("not", *_MOMENTS, "during", "counting"))
    return None


def _test(node: Node, left: n.NamedValue, place: Place, env: Environment) -> n.Condition | None:
    if isinstance(node, Scalar):
        if node.value in ("present", "missing"):
            return _presence(left, place, env, node.value == "present")
        return _equals_literal(node, left, place, env)
    if isinstance(node, Sequence):
        return _one_of(node, left, place, env)

    def read(entries: list[Entry], inner: Environment) -> list[n.Condition | None]:
        if any(e.key in VALUE_KEYS for e in entries):
            rest = Mapping(tuple(entries), node.place)
            right = parse_value(rest, inner, left.kind, env.declared(left), left.name)
            return [_equals(left, right, place, env) if right is not None else None]
        return [_one_test(e, left, place, inner) for e in entries]

    return _all_tests(node, place, env, read)


def _one_test(entry: Entry, left: n.NamedValue, place: Place, env: Environment) -> n.Condition | None:
    key, value = entry.key, entry.value
    if key == "not":
        part = _test(value, left, place, env)
        return n.Not(part, place=entry.place) if part is not None else None
    if key in _COMPARISONS:
        return _compare(entry, left, place, env)
    if key in _MOMENTS or key == "during":
        instant = _as_instant(left, entry, env)
        if instant is None:
            return None
        return _during(instant, entry, env) if key == "during" else _moment(instant, entry, env)
    if key == "contains":
        return _contains(value, left, place, env)
    if key == "matches":
        return _matches(value, left, place, env)
    operator = env.operators.get(key)
    if operator is not None:
        return operator(value, left, place, env)
    _unknown_test(entry, env)
    return None


def _unknown_test(entry: Entry, env: Environment, tests: tuple[str, ...] = TEST_KEYS) -> None:
    ours = spelled_here(entry.key)
    if ours is not None:
        env.problems.add("foreign-spelling", entry.place, word=entry.key, hint=foreign_hint(entry.key))
    else:
        env.problems.add("unknown-test", entry.place, name=entry.key, near=(entry.key, (*tests, *(env.operators if tests is TEST_KEYS else ()))))


def _presence(left: n.NamedValue, place: Place, env: Environment, present: bool) -> n.Condition | None:
    if left.source == "entry":
        has = n.EntryHas(left.name, place=place)
        return has if present else n.Not(has, place=place)
    if left.source != "field":
        kind = env.fact_kind(left.name, place) if left.source == "fact" else None
        env.problems.add("present-of-fact", place, name=left.name, hint=_COUNT_THEM if kind is not None and kind.entries else None)
        return None
    test: n.Condition = n.Present(left.name, place=place)
    if env.by_previous and env.fields[left.name].type == "event":
        test = n.PresentBy(left.name, place=place)
    return test if present else n.Not(test, place=place)


def _present(value: Node, entry: Entry, env: Environment, present: bool) -> n.Condition | None:
    names = value.items if isinstance(value, Sequence) else (value,)
    parts: list[n.Condition] = []
    good = True
    for item in names:
        left = named_value(item.value, item.place, env) if isinstance(item, Scalar) else None
        test = _presence(left, item.place, env, present) if left is not None else None
        good = good and test is not None
        if test is not None:
            parts.append(test)
    if not good or not parts:
        return None
    return parts[0] if len(parts) == 1 else n.All(tuple(parts), place=entry.place)


def _equals_literal(node: Scalar, left: n.NamedValue, place: Place, env: Environment) -> n.Condition | None:
    if left.kind == "list":
        return n.HasAny(left, (_normal(node.value),), place=place)
    if left.kind in ("intervals", "instants", "log"):
        env.problems.add("test-not-possible", place, name=left.name, kind=left.kind, test=node.value)
        return None
    value = read_literal(node, left.kind, env, env.declared(left), left.name)
    if value is BAD:
        return None
    if left.kind == "boolean" and not _may_be_none(left, place, env):
        holds = n.FactHolds(left.name, left.source, place=place)
        return holds if value else n.Not(holds, place=place)
    return n.Equals(left, n.Literal(value, left.kind, place=node.place), place=place)


def _may_be_none(left: n.NamedValue, place: Place, env: Environment) -> bool:
    """Whether the value may be stated to be none: it is then neither true nor false."""
    declared = env.declared(left)
    if declared is not None:
        return declared.empty == "none" and declared.default is None
    kind = env.fact_kind(left.name, place) if left.source == "fact" else None
    return kind is not None and kind.is_value


def _one_of(node: Sequence, left: n.NamedValue, place: Place, env: Environment) -> n.Condition | None:
    values: list[Any] = []
    good = True
    for item in node.items:
        if not isinstance(item, Scalar):
            env.problems.add("wrong-shape", item.place, wanted=Text("a plain value", "单个值"))
            good = False
            continue
        value = _normal(item.value) if left.kind == "list" else read_literal(item, left.kind, env, env.declared(left), left.name)
        good = good and value is not BAD
        values.append(value)
    if not good:
        return None
    if not values:
        env.problems.add("empty-list", node.place)
        return None
    if left.kind == "list":
        return n.HasAny(left, tuple(values), place=place)
    return n.OneOf(left, tuple(values), place=place)


def _equals(left: n.NamedValue, right: n.Value, place: Place, env: Environment) -> n.Condition | None:
    if left.kind == "instant":
        env.problems.add("compare-instant", place, name=left.name, test="=")
        return None
    if not _alike(left, right, place, env):
        return None
    return n.Equals(left, right, place=place)


def _compare(entry: Entry, left: n.NamedValue, place: Place, env: Environment) -> n.Condition | None:
    if left.kind not in _NUMERIC and left.kind != "level":
        if left.kind == "instant":
            kind = env.fact_kind(left.name, place) if left.source == "fact" else None
            env.problems.add("compare-instant", entry.place, name=left.name, test=entry.key, hint=_COUNT_THEM if kind is not None and kind.entries else None)
        else:
            env.problems.add("test-not-possible", entry.place, name=left.name, kind=left.kind, test=entry.key)
        return None
    right = parse_value(entry.value, env, left.kind, env.declared(left), left.name)
    if right is None or not _alike(left, right, entry.place, env):
        return None
    return n.Compare(left, entry.key, right, place=place)


def _alike(left: n.NamedValue, right: n.Value, place: Place, env: Environment) -> bool:
    """Types and units of both sides of a comparison agree."""
    a, b = left.kind, right.kind
    texts = {"string", "enum"}
    literal = isinstance(right, n.Literal)
    if not (a == b or {a, b} <= texts or ({a, b} <= _NUMERIC and (literal or "money" not in (a, b)))):
        computed = isinstance(right, n.Arithmetic) and {a, b} <= _NUMERIC
        if not computed:
            env.problems.add("kind-mismatch", place, name=left.name, left=a, right=b)
            return False
    unit = right.unit if isinstance(right, n.NamedValue) else None
    if left.unit and unit and left.unit != unit:
        env.problems.add("unit-mismatch", place, left=left.unit, right=unit)
        return False
    return True


def _as_instant(left: n.NamedValue, entry: Entry, env: Environment) -> n.Instant | None:
    if left.kind != "instant":
        env.problems.add("test-not-possible", entry.place, name=left.name, kind=left.kind, test=entry.key)
        return None
    return n.NamedInstant(left.name, left.source, place=left.place)


def _moment(left: n.Instant, entry: Entry, env: Environment) -> n.Condition | None:
    right = parse_instant(entry.value, env.with_start(None))
    return n.Moment(left, entry.key, right, place=entry.place) if right is not None else None


def _during(left: n.Instant, entry: Entry, env: Environment) -> n.Condition | None:
    if not isinstance(entry.value, Scalar):
        return None
    name = entry.value.value
    spec = env.calendars.get(name)
    if spec is None:
        env.problems.add("unknown-calendar", entry.value.place, name=name, near=(name, env.calendars), hint=hours_hint(name))
        return None
    return n.During(left, spec, name, place=entry.place)


def _contains(value: Node, left: n.NamedValue, place: Place, env: Environment) -> n.Condition | None:
    if left.kind not in ("string", "enum", "list"):
        env.problems.add("test-not-possible", place, name=left.name, kind=left.kind, test="contains")
        return None
    items = value.items if isinstance(value, Sequence) else (value,)
    texts = [i.value for i in items if isinstance(i, Scalar)]
    if len(texts) < len(items):
        return None
    if not texts or any(not t for t in texts):
        env.problems.add("empty-text", value.place)
        return None
    return n.HasAny(left, tuple(map(_normal, texts)), place=place)


def _normal(text: str) -> str:
    """Texts are compared after NFC, those of the record and those of the policy."""
    return unicodedata.normalize("NFC", text)


def _matches(value: Node, left: n.NamedValue, place: Place, env: Environment) -> n.Condition | None:
    if left.kind not in ("string", "enum"):
        env.problems.add("test-not-possible", place, name=left.name, kind=left.kind, test="matches")
        return None
    if not isinstance(value, Scalar):
        return None
    from complaint_policy.patterns import PatternError, compiled

    pattern = _normal(value.value)
    try:
        compiled(pattern)
    except PatternError as error:
        env.problems.add("bad-pattern", value.place, detail=str(error))
        return None
    return n.Matches(left, pattern, place=place)


def _outcomes(value: Node, place: Place, env: Environment) -> n.Condition | None:
    if not isinstance(value, Mapping):
        env.problems.add("wrong-shape", value.place, wanted=Text("{rule id: outcome}", "{规则编号: 结果}"))
        return None
    parts: list[n.Condition] = []
    good = bool(value.entries)
    for entry in value.entries:
        rule = Scalar(entry.key, entry.place)
        items = entry.value.items if isinstance(entry.value, Sequence) else (entry.value,)
        words = [i for i in items if isinstance(i, Scalar)]
        for word in words:
            if word.value not in STATUS_ORDER:
                env.problems.add("unknown-outcome", word.place, name=word.value, hint=outcome_hint(word.value))
                good = False
        if not rule_known(rule, env, env.judged_kinds) or len(words) < len(items) or not words:
            good = False
            continue
        parts.append(n.OutcomeIs(entry.key, tuple(w.value for w in words), place=entry.place))
    if not good:
        return None
    return parts[0] if len(parts) == 1 else n.All(tuple(parts), place=place)


def _in_order(value: Node, place: Place, env: Environment) -> n.Condition | None:
    if not isinstance(value, Sequence):
        return None
    instants = [parse_instant(item, env.with_start(None)) for item in value.items]
    good = tuple(i for i in instants if i is not None)
    if len(good) < len(instants):
        return None
    if len(good) < 2:
        env.problems.add("order-of-one", place)
        return None
    return n.InOrder(good, place=place)
