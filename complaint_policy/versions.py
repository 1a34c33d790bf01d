"""The versions a decision rests on: this library, its holiday data and its time-zone table."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

__all__ = ["engine_versions", "library_version"]

library_version = "0.1.0"


@lru_cache(maxsize=1)
def _installed() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    from complaint_policy.zones import zone_data_version

    found = {"complaint_policy": library_version}
    for name in ("holidays", "google-re2"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    found["tzdata"] = zone_data_version()
    return found


def engine_versions() -> dict[str, Any]:
    """The versions in force, as the decision's `engine`."""
    return dict(_installed())
