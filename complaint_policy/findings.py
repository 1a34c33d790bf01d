"""What a decision says to people: findings, and what stands in the way of an event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from complaint_policy.texts import Text

__all__ = ["Block", "Finding"]


@frozen
class Finding:
    """Something a person should see: the rule, its outcome, a sentence, and the clause it rests on."""

    rule: str
    outcome: str
    message: Text
    source: Mapping[str, str | None] | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "outcome": self.outcome,
            "message": self.message.to_dict(),
            "source": dict(self.source) if self.source is not None else None,
        }


@frozen
class Block:
    """What still stands in the way of an event: the rule, the fields it waits for, and who owes them."""

    rule: str
    outcome: str
    fields: tuple[str, ...]
    by: str | None
    message: Text
