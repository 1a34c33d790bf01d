"""Instants and spans, from the located tree."""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.environment import PERIOD_WORDS, Environment, spelled_here
from complaint_policy.expressions.exhaustive import exhausted
from complaint_policy.expressions.hints import foreign_hint, instant_hint, misplaced_hint
from complaint_policy.expressions.parse_log import parse_entries, parse_nth
from complaint_policy.lengths import MONTH_DAY, UNIT_KEYS, Length, MonthDays, month_day_form, parse_length, parse_month_day
from complaint_policy.reader import Entry, Mapping, Node, Scalar, Sequence
from complaint_policy.schemas import BASELINE_KEYS
from complaint_policy.texts import Text

__all__ = ["INSTANT_KEYS", "SPAN_KEYS", "parse_instant", "parse_length_node", "parse_span"]

INSTANT_KEYS: Final = ("from", "due", "event", "nth", "first_of", "last_of", "all_of", "first_known", "choose", MONTH_DAY, *UNIT_KEYS)
SPAN_KEYS: Final = ("between", "late", "together", "except")

_ISO_DURATION: Final = re.compile(r"P(?:T?[0-9])")
# Two hundred years: longer lengths are typing errors.
_LONGEST: Final = {
    "minutes": 105_120_000,
    "hours": 1_752_000,
    "working hours": 400_000,
    "days": 73_000,
    "working days": 50_000,
    "weeks": 10_400,
    "months": 2_400,
    "years": 200,
}


def parse_length_node(node: Scalar, env: Environment) -> Length | None:
    """A length or a word of `terms`; ``None``, with no problem added, for anything else."""
    length = parse_length(node.value) or env.terms.get(node.value)
    if length is None:
        return None
    if length.amount > _LONGEST[length.unit]:
        env.problems.add("length-too-long", node.place, length=length.text)
        return None
    env.check_length(length, node.place)
    return length


def parse_instant(node: Node, env: Environment) -> n.Instant | None:
    """An instant, or ``None`` after a problem.

    Where ``env.start`` is set a bare length counts from it.
    """
    if isinstance(node, Scalar):
        return _scalar(node, env)
    if isinstance(node, Sequence):
        env.problems.add("list-of-instants", node.place)
        return None
    keys = node.keys()
    known = [k for k in keys if k in INSTANT_KEYS]
    if not known:
        _wrong_key(node, env, (*INSTANT_KEYS,), Text("an instant", "时刻"))
        return None
    if "from" in keys:
        return _counted(node, env)
    if "event" in keys:
        return parse_entries(node, env)
    if "nth" in keys:
        return parse_nth(node, env)
    entry = next(e for e in node.entries if e.key == known[0])
    if len(keys) > 1:
        other = next(e for e in node.entries if e is not entry)
        env.problems.add("one-key-only", other.place, key=other.key, first=entry.key)
        return None
    return _single(entry, node, env)


def _single(entry: Entry, node: Mapping, env: Environment) -> n.Instant | None:
    key, value = entry.key, entry.value
    if key in UNIT_KEYS:
        return _length_value(entry, node, env)
    if key == MONTH_DAY:
        days = parse_month_days(value, env)
        if days is not None and env.start is None:
            env.problems.add("month-day-without-anchor", entry.place, days=days.named)
        return n.Counted(env.start, days, env.counting, place=node.place) if days is not None and env.start is not None else None
    if key == "due":
        if not isinstance(value, Scalar):
            return None
        if value.value == "previous":
            if not env.previous:
                env.problems.add("previous-outside-ladder", value.place)
                return None
            return n.PreviousDue(place=node.place)
        return n.DueOf(value.value, place=value.place) if rule_known(value, env, ("deadline",)) else None
    if key == "choose":
        return _choose(value, env)
    parts = [parse_instant(item, env) for item in value.items] if isinstance(value, Sequence) else []
    good = tuple(p for p in parts if p is not None)
    if not good or len(good) < len(parts):
        return None
    kinds: dict[str, type[n.FirstOf | n.LastOf | n.AllOf | n.FirstKnownInstant]] = {
        "first_of": n.FirstOf, "last_of": n.LastOf, "all_of": n.AllOf, "first_known": n.FirstKnownInstant
    }  # fmt: skip
    return kinds[key](good, place=node.place)


def _scalar(node: Scalar, env: Environment) -> n.Instant | None:
    word = node.value
    length = parse_length_node(node, env)
    if length is not None:
        if env.start is None:
            env.problems.add("length-without-anchor", node.place, length=length.text)
            return None
        return n.Counted(env.start, length, env.counting, place=node.place)
    if parse_length(word) is not None or word in env.terms:
        return None  # too long: already reported
    if word == "as_of":
        return n.AsOf(place=node.place)
    if env.figures is not None and word in PERIOD_WORDS:
        return n.NamedInstant(word, "period", place=node.place)
    of_entry = env.entry if env.entry is not None else env.begun
    attribute = of_entry.get(word) if of_entry is not None else None
    declared = attribute or env.fields.get(word)
    if declared is not None:
        if declared.type == "instants":
            return n.NamedInstants(word, place=node.place)
        if not declared.is_moment:
            env.problems.add("not-an-instant", node.place, name=word, kind=declared.type)
            return None
        return n.NamedInstant(word, "entry" if attribute is not None else "field", place=node.place)
    if word in env.fact_names:
        kind = env.fact_kind(word, node.place)
        if kind is not None and kind.kind != "instant":
            env.problems.add("not-an-instant", node.place, name=word, kind=kind.kind)
            return None
        if kind is not None and kind.entries:
            return n.NamedInstants(word, "fact", place=node.place)
        return n.NamedInstant(word, "fact", place=node.place) if kind is not None else None
    digits = word.lstrip("+-").replace(".", "", 1)
    if digits.isdigit():
        env.problems.add("number-without-unit", node.place, value=word)
    elif digits[:1].isdigit() or _ISO_DURATION.match(word):
        env.problems.add("bad-length", node.place, value=word, hint=instant_hint(word, env))
    else:
        near = [f for f, d in (env.fields | dict(env.entry or env.begun or {})).items() if d.is_moment] + sorted(env.fact_names)
        near += PERIOD_WORDS if env.figures is not None else ()
        env.problems.add("unknown-instant", node.place, name=word, near=(word, [*near, *env.terms, "same day"]), hint=instant_hint(word, env))
    return None


def _counted(node: Mapping, env: Environment) -> n.Instant | None:
    ahead = "ahead" in node
    limit = node.get("ahead") if ahead else node.get("within")
    base_node = node.get("from")
    if limit is None or base_node is None:
        env.problems.add("from-without-within", node.place)
        return None
    for entry in node.entries:
        if entry.key not in ("from", "within", "ahead", "counting"):
            hint = misplaced_hint(entry.key, (), node)
            env.problems.add("unknown-key", entry.place, name=entry.key, near=(entry.key, ("from", "within", "ahead", "counting")), hint=hint)
    base = parse_instant(base_node, env)
    own = node.get("counting")
    with env.counted(own if isinstance(own, Mapping) else None) as inner:
        if ahead:
            length = parse_length_node(limit, inner) if isinstance(limit, Scalar) else None
            if length is None:
                env.problems.add("bad-length", limit.place, value=limit.value if isinstance(limit, Scalar) else "{...}")
                return None
            return n.Counted(base, length, inner.counting, True, place=node.place) if base is not None else None
        placeholder = base if base is not None else n.AsOf(place=node.place)
        counted = parse_instant(limit, inner.with_start(placeholder))
    if base is None or counted is None:
        return None
    # Each branch counts from the start, and a start that is a choice itself has branches again: they multiply.
    if _longer(base, _MANY_PARTS) and _longer(counted, _MOST_PARTS):
        env.problems.add("too-many-ways", base_node.place, limit=_MOST_PARTS)
        return None
    return counted


_MANY_PARTS: Final = 64
_MOST_PARTS: Final = 10_000


def _longer(node: n.Instant, parts: int) -> bool:
    return next(islice(n.walk(node), parts, None), None) is not None


def parse_month_days(node: Node, env: Environment, *, counted: bool = True) -> MonthDays | None:
    """Days of the year, ``08-31`` or a list of such, each once and in order."""
    found: set[tuple[int, int]] = set()
    items = node.items if isinstance(node, Sequence) else (node,)
    for item in items:
        text = item.value if isinstance(item, Scalar) else "{...}"
        day = parse_month_day(text)
        if day is None:
            if month_day_form(text):  # any other form is the schema's to refuse
                env.problems.add("bad-month-day", item.place, value=text)
        elif day in found:
            env.problems.add("value-twice", item.place, name=text)
        else:
            found.add(day)
    days = MonthDays(1, MONTH_DAY, days=tuple(sorted(found)))
    if len(found) < len(items) or not found:
        return None
    if counted:
        env.check_length(days, node.place)
    return days


def _length_value(entry: Entry, node: Mapping, env: Environment) -> n.Instant | None:
    from complaint_policy.expressions.parse_values import parse_value

    unit = UNIT_KEYS[entry.key]
    env.check_length(Length(1, unit), entry.place)
    value = parse_value(entry.value, env, "integer", name=entry.key)
    if env.start is None:
        env.problems.add("length-without-anchor", entry.place, length=Text(unit, unit))
        return None
    if value is None:
        return None
    if value.kind not in ("integer", "number"):
        env.problems.add("not-a-number", entry.value.place, kind=value.kind)
        return None
    return n.Counted(env.start, n.LengthValue(value, unit, place=node.place), env.counting, place=node.place)


def _choose(value: Node, env: Environment) -> n.Instant | None:
    branches: list[n.InstantBranch] = []
    good = True
    for when, then, place in read_branches(value, env):
        instant = parse_instant(then, env) if then is not None else None
        good = good and instant is not None
        if instant is not None:
            branches.append(n.InstantBranch(when, instant, place=place))
    return n.ChooseInstant(tuple(branches), place=value.place) if good and branches else None


def read_branches(value: Node, env: Environment):  # type: ignore[no-untyped-def]
    """The branches of a `choose`: (condition or None for otherwise, node, place), in order."""
    from complaint_policy.expressions.parse_conditions import parse_condition

    if not isinstance(value, Sequence):
        return
    conditions: list[n.Condition] = []
    for index, item in enumerate(value.items):
        if not isinstance(item, Mapping):
            continue
        if "otherwise" in item:
            if index != len(value.items) - 1:
                env.problems.add("otherwise-not-last", item.key_place("otherwise"))
            yield None, item.get("otherwise"), item.place
        else:
            when = item.get("when")
            condition = parse_condition(when, env) if when is not None else None
            conditions.append(condition if condition is not None else n.Always(place=item.place))
            # Of a field with so many values, the last of them is left: whichever it is, one branch holds.
            last = index == len(value.items) - 1 and len(conditions) > 1 and exhausted(conditions, env.fields)
            yield (None if last else conditions[-1]), item.get("then"), item.place


def rule_known(node: Scalar, env: Environment, kinds: tuple[str, ...]) -> bool:
    """Whether the text names a rule of those kinds; a problem otherwise."""
    rule = env.rules.get(node.value)
    if rule is None:
        env.problems.add("unknown-rule", node.place, name=node.value, near=(node.value, [r for r, k in env.rules.items() if k.kind in kinds]))
        return False
    if rule.kind not in kinds:
        env.problems.add("wrong-rule-kind", node.place, name=node.value, kind=rule.kind, wanted=", ".join(kinds))
        return False
    return True


def _wrong_key(node: Mapping, env: Environment, keys: tuple[str, ...], what: Text) -> None:
    if not node.entries:
        env.problems.add("empty-mapping", node.place, what=what)
        return
    entry = node.entries[0]
    if entry.key == "each":
        env.problems.add("each-outside-from", entry.place)
        return
    if entry.key in BASELINE_KEYS:
        env.problems.add("portfolio-only", entry.place, name=entry.key)
        return
    ours = spelled_here(entry.key)
    if ours is not None:
        env.problems.add("foreign-spelling", entry.place, word=entry.key, hint=foreign_hint(entry.key))
        return
    hint = misplaced_hint("then" if entry.key == "when" else entry.key, (), ())
    env.problems.add("unknown-key", entry.place, name=entry.key, near=(entry.key, keys), hint=hint)


def parse_span(node: Node, env: Environment) -> n.Span | None:
    """A span, or ``None`` after a problem."""
    if isinstance(node, Scalar):
        declared = env.fields.get(node.value)
        if declared is None:
            intervals = [f for f, d in env.fields.items() if d.type == "intervals"]
            env.problems.add("unknown-field", node.place, name=node.value, near=(node.value, intervals))
            return None
        if declared.type != "intervals":
            env.problems.add("not-a-span", node.place, name=node.value, kind=declared.type)
            return None
        return n.NamedSpan(node.value, place=node.place)
    if isinstance(node, Sequence):
        env.problems.add("wrong-shape", node.place, wanted=Text("a span", "时间段"))
        return None
    if len(node.entries) != 1 or node.entries[0].key not in SPAN_KEYS:
        _wrong_key(node, env, SPAN_KEYS, Text("a span", "时间段"))
        return None
    key, value = node.entries[0].key, node.entries[0].value
    if key == "late":
        if isinstance(value, Scalar) and rule_known(value, env, ("deadline",)):
            return n.Late(value.value, place=value.place)
        return None
    if not isinstance(value, Sequence):
        return None
    if key == "between":
        ends = [parse_instant(item, env.with_start(None)) for item in value.items]
        if len(ends) != 2 or ends[0] is None or ends[1] is None:
            return None
        return n.Between(ends[0], ends[1], place=node.place)
    spans = [parse_span(item, env) for item in value.items]
    good = tuple(s for s in spans if s is not None)
    if len(good) < len(spans) or not good:
        return None
    if key == "together":
        return n.Together(good, place=node.place)
    return n.Except(good[0], good[1], place=node.place) if len(good) == 2 else None
