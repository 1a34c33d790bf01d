"""Schema, building and checks of deadlines."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from complaint_policy.building import Builder
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.environment import Environment
from complaint_policy.expressions.literals import read_number
from complaint_policy.expressions.parse_conditions import parse_condition
from complaint_policy.expressions.parse_instants import parse_instant, parse_span
from complaint_policy.expressions.parse_log import attributes_of
from complaint_policy.fields import Field
from complaint_policy.head import scalar_text
from complaint_policy.kinds import Piece
from complaint_policy.lengths import Length, MonthDays, parse_length
from complaint_policy.model import PolicyModel
from complaint_policy.problems import Problems
from complaint_policy.reader import Mapping, Node, Scalar, Sequence
from complaint_policy.rules.deadlines.model import Deadline, Extension
from complaint_policy.rules.deadlines.stages import check_stages
from complaint_policy.schemas import ID, closed, listed, ref, rules

SCHEMA: dict[str, Any] = rules(
    {
        "from": ref("start"),
        "to": ref("instant"),
        "within": ref("instant"),
        "extend": listed(
            closed(
                {
                    "id": {"type": "string", "pattern": ID},
                    "within": ref("instant"),
                    "when": ref("condition"),
                    "needs": ref("condition"),
                    "late": {"enum": ["allowed"]},
                },
                ("id", "within"),
            ),
            minItems=1,
        ),
        "pauses": listed(ref("span"), minItems=1),
        "at_risk": {"type": "string", "minLength": 1},
        "part_of": {"type": "string"},
        "counting": ref("counting"),
    },
    ("from", "to", "within"),
)


def build(pieces: list[Piece], builder: Builder) -> tuple[Deadline, ...]:
    made = [_deadline(node, env, builder) for node, env in builder.merged(pieces)]
    return tuple(d for d in made if d is not None)


def _deadline(node: Mapping, env: Environment, builder: Builder) -> Deadline | None:
    frame = builder.frame(node, env)
    start = _start(node.get("from"), env)
    # A duty that begins with entries of the log may end, or be due, at an instant of the entry: a promise, for one.
    begun = _attributes(start, builder)
    act = _instant(node.get("to"), env.begun_by(begun))
    own = node.get("counting")
    with env.counted(own if isinstance(own, Mapping) else None) as inner:
        counting = inner.counting
        anchored = inner.begun_by(begun).with_start(n.RuleStart())
        within = _instant(node.get("within"), anchored)
        steps = [_extension(item, anchored, builder) for item in _items(node.get("extend")) if isinstance(item, Mapping)]
        at_risk = _at_risk(node.get("at_risk"), inner)
    pauses = [parse_span(item, env) for item in _items(node.get("pauses"))]
    _unique_steps(node.get("extend"), builder.problems)
    if start is None or act is None or within is None or None in steps or None in pauses:
        return None
    part_of = node.get("part_of")
    if isinstance(part_of, Scalar):
        other = builder.rules.get(part_of.value)
        if other is None or other.kind != "deadline" or other.id == frame["id"]:
            known = [r for r, k in builder.rules.items() if k.kind == "deadline" and r != frame["id"]]
            builder.problems.add("unknown-rule", part_of.place, name=part_of.value, near=(part_of.value, known))
    return Deadline(
        **frame,
        start=start,
        act=act,
        within=within,
        extend=tuple(s for s in steps if s is not None),
        pauses=tuple(p for p in pauses if p is not None),
        at_risk=at_risk,
        part_of=scalar_text(part_of),
        counting=counting,
    )


def _attributes(start: n.Instant | None, builder: Builder) -> dict[str, Field] | None:
    """What the entries have that a repeated duty begins with, where it begins with nothing else."""
    if not isinstance(start, n.Each):
        return None
    kinds: list[str] = []
    for part in start.parts:
        fact = builder.facts.get(part.name) if isinstance(part, n.NamedInstants) and part.kind == "fact" else None
        entries = fact.expression if fact is not None else part
        if not isinstance(entries, n.Entries):
            return None
        kinds += entries.kinds
    return attributes_of(tuple(kinds), builder.fields.get("events"))


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.items if isinstance(node, Sequence) else ()


def _start(node: Node | None, env: Environment) -> n.Instant | None:
    """An instant, or `each` of several, `until` another."""
    if not isinstance(node, Mapping) or "each" not in node:
        return _instant(node, env)
    other = next((entry for entry in node.entries if entry.key not in ("each", "until")), None)
    if other is not None:
        env.problems.add("one-key-only", other.place, key=other.key, first="each")
        return None
    items = _items(node.get("each"))
    parts = [parse_instant(item, env) for item in items]
    last = node.get("until")
    until = parse_instant(last, env) if last is not None else None
    good = tuple(part for part in parts if part is not None)
    if not good or len(good) < len(items) or (last is not None and until is None):
        return None
    return n.Each(good, until, place=node.place)


def _instant(node: Node | None, env: Environment) -> n.Instant | None:
    return parse_instant(node, env) if node is not None else None


def _extension(node: Mapping, env: Environment, builder: Builder) -> Extension | None:
    late = scalar_text(node.get("late")) == "allowed"
    within = _instant(node.get("within"), env.in_ladder())
    when, needs = node.get("when"), node.get("needs")
    condition = parse_condition(when, env.with_start(None)) if when is not None else None
    needed = parse_condition(needs, env.in_needs(late)) if needs is not None else None
    if condition is None and needed is None:
        if when is None and needs is None:
            builder.problems.add("extension-without-condition", node.place, name=scalar_text(node.get("id")) or "?")
        return None
    if within is None or (when is not None and condition is None) or (needs is not None and needed is None):
        return None
    return Extension(scalar_text(node.get("id")) or "?", within, condition, needed, late)


def _unique_steps(node: Node | None, problems: Problems) -> None:
    seen: set[str] = set()
    for item in _items(node):
        identity = item.get("id") if isinstance(item, Mapping) else None
        if isinstance(identity, Scalar):
            if identity.value in seen:
                problems.add("value-twice", identity.place, name=identity.value)
            seen.add(identity.value)


def _at_risk(node: Node | None, env: Environment) -> Decimal | Length | None:
    """``80%`` of the net time, or a length before the due instant."""
    if not isinstance(node, Scalar):
        return None
    if node.value.endswith("%"):
        share = read_number(node.value)
        if share is not None and 0 < share < 1:
            return Decimal(share)
        env.problems.add("bad-share", node.place, value=node.value)
        return None
    length = parse_length(node.value)
    if length is None or length.same_day:
        env.problems.add("bad-at-risk", node.place, value=node.value)
        return None
    if length.is_working:
        env.check_length(length, node.place)
    return length


# --------------------------------------------------------------------------- checks
def check(section: tuple[Deadline, ...], model: PolicyModel, problems: Problems) -> None:
    """Ladders climb, and stages fit into what they are part of."""
    by_id = {rule.id: rule for rule in section}
    for rule in section:
        _ladder(rule, problems)
    check_stages(section, model, problems)
    _part_cycles(by_id, problems)


def _part_cycles(by_id: dict[str, Deadline], problems: Problems) -> None:
    """Each circle of `part_of` once, at the first of its deadlines."""
    done: set[str] = set()
    for rule in by_id.values():
        path: dict[str, None] = {}
        following: str | None = rule.id
        while following in by_id and following not in done:
            if following in path:
                circle = [*path][[*path].index(following) :]
                problems.add("part-cycle", by_id[following].place, path=" → ".join([*circle, following]))
                break
            path[following] = None
            following = by_id[following].part_of
        done.update(path)


def _ladder(rule: Deadline, problems: Problems) -> None:
    """A step that is no longer than the one before extends nothing."""
    before = rule.within
    for step in rule.extend:
        # Counted from the limit before, a shorter length extends all the same.
        if isinstance(before, n.Counted) and isinstance(step.within, n.Counted) and before.base == step.within.base:
            a, b = before.length, step.within.length
            if isinstance(a, Length) and isinstance(b, Length) and a.unit == b.unit and b.amount <= a.amount and not isinstance(a, MonthDays):
                problems.add("extension-not-longer", rule.place, name=step.id, length=b.text, before=a.text)
        before = step.within
