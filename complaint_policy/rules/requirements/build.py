"""Schema and building of requirements."""

from __future__ import annotations

from typing import Any

from complaint_policy.building import Builder
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.parse_conditions import parse_condition
from complaint_policy.expressions.parse_instants import parse_instant
from complaint_policy.kinds import Piece
from complaint_policy.rules.requirements.model import Requirement
from complaint_policy.schemas import ref, rules

SCHEMA: dict[str, Any] = rules({"require": ref("condition"), "before": ref("instant")}, ("require",))


def build(pieces: list[Piece], builder: Builder) -> tuple[Requirement, ...]:
    made: list[Requirement] = []
    for node, env in builder.merged(pieces):
        frame = builder.frame(node, env)
        given, moment = node.get("require"), node.get("before")
        require = parse_condition(given, env) if given is not None else None
        # Without a moment of its own a requirement gates the closing of the case.
        before = parse_instant(moment, env) if moment is not None else n.NamedInstant("closed_at")
        if require is not None and before is not None:
            made.append(Requirement(**frame, require=require, before=before))
    return tuple(made)
