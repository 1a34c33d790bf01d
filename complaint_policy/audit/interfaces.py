"""What the audit needs of a policy and of its decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Protocol

from complaint_policy.fields import Field
from complaint_policy.texts import Text
from complaint_policy.zones import Zone

__all__ = ["AnyDecision", "AnyPolicy"]


class AnyDecision(Protocol):
    """One decision, as ``Policy.evaluate`` gives it."""

    complaint_id: Any
    as_of: Any
    status: Any
    severity: Any
    responsibility: Any
    deadlines: Any
    requirements: Any
    retention: Any
    penalties: Any
    outcomes: Any
    unusable: Any
    policy_version: Any


class AnyPolicy(Protocol):
    """One policy, with all its versions."""

    id: Any
    title: Text
    zone: Zone
    currency: str | None
    fields: tuple[Field, ...]
    versions: tuple[Any, ...]

    def evaluate(
        self,
        record: Mapping[str, Any],
        *,
        as_of: datetime,
        source_fields: AbstractSet[str] | None = None,
        waivers: Sequence[Any] = (),
    ) -> Any: ...
