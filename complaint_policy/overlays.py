"""What an overlay says of itself: that a rule is laxer than its base's on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from complaint_policy.frame import Laxer
from complaint_policy.head import text_of
from complaint_policy.reader import Mapping, Node

if TYPE_CHECKING:
    from complaint_policy.building import Builder

__all__ = ["read_laxer"]


def read_laxer(node: Node | None, builder: Builder) -> Laxer | None:
    """``laxer: {reason, source}`` of a rule or a scope."""
    reason = text_of(node.get("reason")) if isinstance(node, Mapping) else None
    if reason is None or not isinstance(node, Mapping):
        return None
    return Laxer(reason, builder.source_ref(node.get("source")))
