"""Where the policies that come with the library lie, and what they are called."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Final

__all__ = ["shipped_names", "shipped_policies", "shipped_root", "shipped_templates"]

_DATED: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TEMPLATES: Final = "templates/"


def shipped_root() -> Path:
    """The folder of the policies that come with the library."""
    here = Path(__file__).resolve().parent
    inside = here / "policies"
    return inside if inside.is_dir() else here.parent / "policies"


def shipped_policies() -> tuple[str, ...]:
    """The names of the shipped policies, in order: laws, standards and companies' systems."""
    return tuple(name for name in shipped_names() if not name.startswith(_TEMPLATES))


def shipped_templates() -> tuple[str, ...]:
    """The names of the overlays a company starts from, in order."""
    return tuple(name for name in shipped_names() if name.startswith(_TEMPLATES))


@lru_cache(maxsize=1)
def shipped_names() -> tuple[str, ...]:
    """Every name that can be loaded without a path."""
    root = shipped_root()
    found = {p.parent.relative_to(root).as_posix() for p in root.glob("*/*/*.yaml") if _DATED.fullmatch(p.stem)}
    return tuple(sorted(found))
