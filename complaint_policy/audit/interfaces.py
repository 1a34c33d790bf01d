"""What the audit needs of a policy and of its decisions, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Protocol

from complaint_policy.texts import Text
from complaint_policy.zones import Zone

__all__ = ["AnyDecision", "AnyPolicy", "has_columns"]

# A decision is used by its attributes (columns.py); its type is the core's affair.
AnyDecision = Any


class AnyPolicy(Protocol):
    """One policy, with all its versions."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> Text: ...
    @property
    def zone(self) -> Zone: ...
    @property
    def currency(self) -> str | None: ...
    @property
    def versions(self) -> tuple[Any, ...]: ...
    @property
    def kinds(self) -> tuple[Any, ...]: ...

    def instant(self, as_of: datetime | str) -> datetime: ...

    def read_waivers(self, data: Any) -> Any: ...

    def evaluate(
        self,
        record: Mapping[str, Any],
        *,
        as_of: datetime,
        source_fields: AbstractSet[str] | None = None,
        waivers: Any = (),
    ) -> AnyDecision: ...


def has_columns(policy: AnyPolicy) -> bool:
    """Whether the policy is one of this library's; a stranger's is asked record by record."""
    return hasattr(policy, "compiled")
