"""Schema and building of escalations."""

from __future__ import annotations

from typing import Any

from complaint_policy.building import Builder
from complaint_policy.expressions.parse_values import parse_value
from complaint_policy.kinds import Piece
from complaint_policy.reader import Scalar
from complaint_policy.rules.escalation.model import Escalation
from complaint_policy.schemas import ref, rules

SCHEMA: dict[str, Any] = rules({"to": ref("value")}, ("when", "to"), without=("exempt", "duty_of", "waivable"))


def build(pieces: list[Piece], builder: Builder) -> tuple[Escalation, ...]:
    made: list[Escalation] = []
    for node, env in builder.merged(pieces):
        frame = builder.frame(node, env)
        given = node.get("to")
        to = parse_value(given, env, "string") if given is not None else None
        builder.check_roles(given if isinstance(given, Scalar) else None)
        if frame["when"] is not None and to is not None:
            made.append(Escalation(**frame, to=to))
    return tuple(made)
