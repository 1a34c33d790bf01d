"""Schema, building and check of reconciliations."""

from __future__ import annotations

from typing import Any

from complaint_policy.building import Builder
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.environment import Environment
from complaint_policy.expressions.parse_instants import parse_instant
from complaint_policy.head import scalar_text
from complaint_policy.kinds import Piece
from complaint_policy.lengths import Length
from complaint_policy.model import PolicyModel, names_below
from complaint_policy.problems import Problems
from complaint_policy.reader import Mapping, Node, Scalar, Sequence
from complaint_policy.rules.reconcile.model import EXPECTED, Reconciliation
from complaint_policy.schemas import ref, rules
from complaint_policy.texts import Text

__all__ = ["SCHEMA", "build", "check"]

_NAMES: dict[str, Any] = {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}}

SCHEMA: dict[str, Any] = rules(
    {
        "with": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,63}$"},
        "same": _NAMES,
        "within": {"type": "string"},
        "counting": ref("counting"),
        "expect": {"enum": list(EXPECTED)},
        "agree": _NAMES,
    },
    ("with", "same"),
    without=("exempt", "waivable", "duty_of", "laxer"),
)


def build(pieces: list[Piece], builder: Builder) -> tuple[Reconciliation, ...]:
    made = [_rule(node, env, builder) for node, env in builder.merged(pieces)]
    return tuple(rule for rule in made if rule is not None)


def _rule(node: Mapping, env: Environment, builder: Builder) -> Reconciliation | None:
    frame = builder.frame(node, env)
    same, agree = _fields(node.get("same"), builder), _fields(node.get("agree"), builder)
    within = _within(node, env)
    if same is None or agree is None or (within is None and "within" in node):
        return None
    expect = scalar_text(node.get("expect")) or "record"
    return Reconciliation(**frame, list_name=scalar_text(node.get("with")) or "?", same=same, within=within, expect=expect, agree=agree)


def _fields(node: Node | None, builder: Builder) -> tuple[n.NamedValue, ...] | None:
    found: dict[str, n.NamedValue] = {}
    good = True
    for item in node.items if isinstance(node, Sequence) else ():
        declared = builder.fields.get(item.value) if isinstance(item, Scalar) else None
        if not isinstance(item, Scalar):
            good = False
        elif declared is None:
            builder.problems.add("unknown-field", item.place, name=item.value, near=(item.value, builder.fields))
            good = False
        elif declared.is_moment or declared.type in ("intervals", "list", "instants", "log"):
            builder.problems.add("history-key", item.place, name=item.value, kind=declared.type)
            good = False
        else:
            found[item.value] = n.NamedValue(item.value, declared.kind, "field", declared.unit)
    return tuple(found.values()) if good else None


def _within(node: Mapping, env: Environment) -> n.Counted | None:
    within, counting = node.get("within"), node.get("counting")
    if within is None:
        return None
    with env.counted(counting if isinstance(counting, Mapping) else None) as inner:
        limit = parse_instant(within, inner.with_start(n.NamedInstant("received_at", place=within.place)))
    if limit is None or (isinstance(limit, n.Counted) and isinstance(limit.length, Length)):
        return limit
    env.problems.add("wrong-shape", within.place, wanted=Text("a length, such as 2 days", "时长，例如 2 days"))
    return None


def check(section: tuple[Reconciliation, ...], model: PolicyModel, problems: Problems) -> None:
    """Which records are held against a list is told by their fields."""
    for rule in section:
        for name in names_below(rule.when, model):
            if not name.startswith("field:"):
                problems.add("history-looks-at-result", rule.place, name=rule.id, of=name.removeprefix("rule:"))
