"""What a file says of others: of its bases' rules (replaced, laxer on purpose), of the version before it (transitions)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from complaint_policy.expressions.nodes import names_in
from complaint_policy.expressions.parse_conditions import parse_condition
from complaint_policy.frame import Laxer, Transition
from complaint_policy.head import scalar_text, text_of
from complaint_policy.reader import Mapping, Node, Sequence

if TYPE_CHECKING:
    from complaint_policy.building import Builder
    from complaint_policy.expressions.environment import Environment, RuleName

__all__ = ["against_bases", "read_laxer", "read_transition", "scope_laxer"]


def read_laxer(node: Node | None, builder: Builder) -> Laxer | None:
    """``laxer: {reason, source}`` of a rule or a scope."""
    reason = text_of(node.get("reason")) if isinstance(node, Mapping) else None
    if reason is None or not isinstance(node, Mapping):
        return None
    return Laxer(reason, builder.source_ref(node.get("source")))


def scope_laxer(top: Mapping, builder: Builder) -> Laxer | None:
    """That the scope is narrower on purpose."""
    section = top.get("scope")
    return read_laxer(section.get("laxer"), builder) if isinstance(section, Mapping) else None


def read_transition(top: Mapping, env: Environment, builder: Builder) -> tuple[Transition, ...]:
    """``transition`` of a version: conditions over fields of the record alone, which are known before any version is chosen."""
    found: list[Transition] = []
    section = top.get("transition")
    for item in section.items if isinstance(section, Sequence) else ():
        when = item.get("when") if isinstance(item, Mapping) else None
        reason = text_of(item.get("reason")) if isinstance(item, Mapping) else None
        condition = parse_condition(when, env) if when is not None else None
        if condition is None or reason is None or when is None or not isinstance(item, Mapping):
            continue
        beyond = next((name for name in names_in(condition) if not name.startswith("field:")), None)
        if beyond is not None:
            builder.problems.add("transition-beyond-fields", when.place, name=beyond.rpartition(":")[2])
            continue
        found.append(Transition(condition, scalar_text(item.get("use")) or "this", reason, builder.source_ref(item.get("source")), item.place))
    return tuple(found)


def against_bases(root: Mapping, own: dict[str, RuleName], builder: Builder) -> None:
    """A rule of a base's id needs `replaces: true`, and the other way round."""
    bases = {identity.lower(): rule for identity, rule in builder.rules.items()}
    replacing = _replacing(root)
    for lowered, rule in own.items():
        base = bases.get(lowered)
        if base is not None and rule.id not in replacing:
            builder.problems.add("rule-of-base", rule.place, name=rule.id, other=str(base.place))
        elif base is not None and (base.kind != rule.kind or base.id != rule.id):
            builder.problems.add("replaces-other-kind", rule.place, name=rule.id, kind=base.kind)
        elif base is None and rule.id in replacing:
            builder.problems.add("replaces-nothing", rule.place, name=rule.id, near=(rule.id, builder.rules))


def _replacing(node: Node) -> set[str]:
    found: set[str] = set()
    for section in (e.value for e in node.entries) if isinstance(node, Mapping) else ():
        lists = [section] if isinstance(section, Sequence) else [e.value for e in section.entries] if isinstance(section, Mapping) else []
        # A rule under a name of its own, as in `history`.
        named = section.entries if isinstance(section, Mapping) else ()
        found |= {e.key for e in named if isinstance(e.value, Mapping) and scalar_text(e.value.get("replaces")) == "true"}
        for items in lists:
            for item in items.items if isinstance(items, Sequence) else ():
                if isinstance(item, Mapping) and scalar_text(item.get("replaces")) == "true":
                    found.add(scalar_text(item.get("id")) or "")
    return found
