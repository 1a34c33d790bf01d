"""Schema, building and checks of the severity section."""

from __future__ import annotations

from typing import Any

from complaint_policy.building import Builder
from complaint_policy.cells import Cells
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.environment import Environment
from complaint_policy.head import scalar_text, text_of, words
from complaint_policy.kinds import Piece
from complaint_policy.model import PolicyModel
from complaint_policy.problems import Problems
from complaint_policy.reader import Mapping, Scalar
from complaint_policy.rules.severity.model import LevelRule, Severity
from complaint_policy.schemas import closed, ref, rules
from complaint_policy.sifted import Sifted, sifted

_MOST_ABOVE = 40
# A policy with hundreds of rules over many fields is looked at in part: what is claimed is true, not all is found.
_MOST_LOOKED_AT = 60_000
_COST_OF_A_PAIR = 20

SCHEMA: dict[str, Any] = closed(
    {
        "levels": {
            "type": "array",
            "items": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_-]*$"},
            "minItems": 1,
            "description": "From the lowest to the highest.",
        },
        "titles": {"type": "object", "additionalProperties": ref("text")},
        "rules": rules({"level": {"type": "string"}}, ("level", "when"), without=("exempt", "duty_of", "waivable")),
        "otherwise": {"type": "string", "description": "The level of a complaint for which no rule holds."},
    }
)


def build(pieces: list[Piece], builder: Builder) -> Severity:
    """An overlay's rules are tried before its base's; one that replaces a rule keeps its place."""
    problems = builder.problems
    levels = builder.levels
    seen: set[str] = set()
    for piece in pieces:
        node = piece.node.get("levels") if isinstance(piece.node, Mapping) else None
        given = words(node)
        if node is not None and given != levels:
            problems.add("levels-differ", node.place)
        for level in given:
            if given.count(level) > 1 and level not in seen and node is not None:
                seen.add(level)
                problems.add("value-twice", node.place, name=level)
    if not levels:
        problems.add("missing-key", pieces[-1].node.place, name="levels")
    made = [_rule(node, env, builder) for node, env in _in_order(pieces, builder)]
    otherwise: str | None = None
    titles: dict[str, Any] = {}
    for piece in pieces:
        if not isinstance(piece.node, Mapping):
            continue
        own = piece.node.get("otherwise")
        if isinstance(own, Scalar):
            otherwise = own.value
            if levels and own.value not in levels:
                problems.add("unknown-level", own.place, name=own.value, near=(own.value, levels))
        labels = piece.node.get("titles")
        for entry in labels.entries if isinstance(labels, Mapping) else ():
            if entry.key not in levels:
                problems.add("unknown-level", entry.place, name=entry.key, near=(entry.key, levels))
            titles[entry.key] = text_of(entry.value)
    if otherwise is None:
        problems.add("missing-key", pieces[-1].node.place, name="otherwise")
    return Severity(levels, tuple(r for r in made if r is not None), otherwise, tuple((k, v) for k, v in titles.items() if v), pieces[-1].node.place)


def _in_order(pieces: list[Piece], builder: Builder) -> list[tuple[Mapping, Environment]]:
    """The rules from the top: each file's own before its bases', a replaced one where its base has it."""
    latest = {scalar_text(node.get("id")): (node, env) for node, env in builder.merged(pieces, "rules")}
    order: dict[str | None, int] = {}
    for depth, piece in enumerate(pieces):
        for node, _ in builder.merged([piece], "rules"):
            order.setdefault(scalar_text(node.get("id")), depth)
    return [latest[identity] for identity in sorted(order, key=lambda i: -order[i])]


def _rule(node: Mapping, env: Any, builder: Builder) -> LevelRule | None:
    level = node.get("level")
    frame = builder.frame(node, env)
    if isinstance(level, Scalar) and builder.levels and level.value not in builder.levels:
        builder.problems.add("unknown-level", level.place, name=level.value, near=(level.value, builder.levels))
        return None
    if frame["when"] is None:
        return None
    return LevelRule(**frame, level=scalar_text(level) or "")


def check(section: Severity, model: PolicyModel, problems: Problems) -> None:
    """A rule that can never fire: its condition cannot hold, or the rules above always take the case."""
    conditions = [rule.when for rule in section.rules]
    cells = Cells(model, conditions)
    holding = sifted(cells, conditions)
    if holding is not None:
        dead = _dead(len(conditions), cells, holding)
    else:  # too many complaints to look at all: each rule alone, and against each rule above it
        dead = _dead_beside(conditions, model)
    for rule, code in zip(section.rules, dead, strict=True):
        if code is not None:
            problems.add(code, rule.place, name=rule.id)


def _dead(rules: int, cells: Cells, holding: Sifted) -> list[str | None]:
    fires = decides = 0
    for cell in cells:
        bits = holding.holding(cell)
        fires |= bits
        decides |= bits & -bits  # the first that holds
    return [None if decides >> i & 1 else "shadowed-rule" if fires >> i & 1 else "never-fires" for i in range(rules)]


def _dead_beside(conditions: list[n.Condition], model: PolicyModel) -> list[str | None]:
    """Each rule alone, and against each of the nearest above it that speaks of the same names, within bounds."""
    found: list[str | None] = []
    names = [frozenset(n.names_in(condition)) for condition in conditions]
    looked_at = 0
    for index, own in enumerate(conditions):
        above = [a for a in range(max(0, index - _MOST_ABOVE), index) if names[a] & names[index]]
        code: str | None = None
        for other in (None, *above):
            if looked_at > _MOST_LOOKED_AT:
                break
            cells = Cells(model, [own] if other is None else [own, conditions[other]])
            if not cells.complete:
                continue
            fires = [cell for cell in cells if cells.holds(own, cell) is True]
            looked_at += cells.size + _COST_OF_A_PAIR
            if other is None and not fires:
                code = "never-fires"
                break
            if other is not None and all(cells.holds(conditions[other], cell) is True for cell in fires):
                code = "shadowed-rule"
                break
        found.append(code)
    return found


def names_used(section: Severity) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for rule in section.rules:
        found.update(n.names_in(rule.when))
    return tuple(found)


__all__ = ["SCHEMA", "build", "check", "names_used"]
