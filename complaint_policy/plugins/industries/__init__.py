"""Industries that come with the library, as plugins: each a module with hooks, used by the policies that name it."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Final

from complaint_policy.plugins.industries import auto_repair, banking, telecom

__all__ = ["INDUSTRIES"]

# In this order, after the rule kinds and before a host's own plugins.
INDUSTRIES: Final[Mapping[str, ModuleType]] = {"telecom": telecom, "banking": banking, "auto_repair": auto_repair}
