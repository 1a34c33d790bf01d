"""Schema and building of portfolio rules."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from complaint_policy.building import Builder
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.environment import Environment
from complaint_policy.expressions.literals import read_number
from complaint_policy.expressions.parse_conditions import parse_condition
from complaint_policy.expressions.parse_values import parse_value
from complaint_policy.head import scalar_text
from complaint_policy.kinds import Piece
from complaint_policy.reader import Mapping, Node, Scalar, Sequence
from complaint_policy.rules.portfolio.model import PERIODS, PortfolioRule
from complaint_policy.schemas import closed, ref, rules
from complaint_policy.texts import Text

_LIMITS = {k: {"type": ["string", "number"]} for k in ("at_least", "at_most", "above", "below")}

SCHEMA: dict[str, Any] = rules(
    {
        "measure": closed(
            {"share": ref("condition"), "count": ref("condition"), "sum": ref("value"), "mean": ref("value"), "among": ref("condition")}, minProperties=1
        ),
        "per": {"enum": list(PERIODS)},
        "by": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "expect": closed(_LIMITS, minProperties=1),
        "min_count": {"type": ["string", "integer"], "pattern": "^[0-9]+$"},
    },
    ("measure",),
    without=("exempt", "waivable", "when", "duty_of"),
)


def build(pieces: list[Piece], builder: Builder) -> tuple[PortfolioRule, ...]:
    made = [_rule(node, env, builder) for node, env in builder.merged(pieces)]
    return tuple(r for r in made if r is not None)


def _rule(node: Mapping, env: Environment, builder: Builder) -> PortfolioRule | None:
    frame = builder.frame(node, env)
    measure = node.get("measure")
    if not isinstance(measure, Mapping):
        return None
    kinds = [e for e in measure.entries if e.key in ("share", "count", "sum", "mean")]
    if len(kinds) != 1:
        builder.problems.add("measure-not-one", measure.place)
        return None
    kind, body = kinds[0].key, kinds[0].value
    of: n.Expression | None = parse_condition(body, env) if kind in ("share", "count") else parse_value(body, env)
    among_node = measure.get("among")
    among = parse_condition(among_node, env) if among_node is not None else None
    if of is None or (among_node is not None and among is None):
        return None
    return PortfolioRule(
        **frame,
        measure=kind,
        of=of,
        among=among,
        per=scalar_text(node.get("per")) or "all",
        by=tuple(_axes(node.get("by"), builder)),
        expect=tuple(_expected(node.get("expect"), builder)),
        min_count=int(scalar_text(node.get("min_count")) or 0),
    )


def _axes(node: Node | None, builder: Builder) -> list[str]:
    found: list[str] = []
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Scalar):
            if item.value not in builder.fields and item.value not in ("severity", "owner"):
                builder.problems.add("unknown-field", item.place, name=item.value, near=(item.value, [*builder.fields, "severity", "owner"]))
            found.append(item.value)
    return found


def _expected(node: Node | None, builder: Builder) -> list[tuple[str, int | Decimal]]:
    found: list[tuple[str, int | Decimal]] = []
    for entry in node.entries if isinstance(node, Mapping) else ():
        number = read_number(entry.value.value) if isinstance(entry.value, Scalar) else None
        if number is None:
            builder.problems.add("literal-type", entry.value.place, name=entry.key, value=getattr(entry.value, "value", "{...}"), kind=Text("a number", "数字"))
        else:
            found.append((entry.key, number))
    return found
