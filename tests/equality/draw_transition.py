"""Transitions between the versions of a policy that was drawn, from a random source of their own: what else was drawn stays as it is."""

from __future__ import annotations

import json
from random import Random
from typing import Any, Final

__all__ = ["with_transitions"]

Document = dict[str, Any]

_SHARE: Final = 0.7
# Mostly known on every record; the change is `as_of`.
_CONDITIONS: Final[tuple[Document, ...]] = (
    {"closed_at": "missing"},
    {"closed_at": "present"},
    {"responded_at": {"before": "as_of"}},
    {"any": [{"responded_at": "missing"}, {"closed_at": "missing"}]},
    {"not": {"acknowledged_at": {"by": "as_of"}}},
    {"all": [{"closed_at": "missing"}, {"id": "present"}]},
    {"in_order": ["received_at", "responded_at"]},
    {"injury": "true"},
)


def with_transitions(files: dict[str, Document], seed: int) -> dict[str, Document]:
    """The same files; most later versions take complaints of the one before, or leave some to it."""
    random = Random(seed * 1_000_003 + 29)
    dated = sorted(name for name in files if name.startswith("v/"))[1:]
    if 7000 <= seed < 8000 or not dated or random.random() >= _SHARE:
        return files
    for name in dated:
        known = json.dumps(files[name]["record"]["fields"])
        usable = [c for c in _CONDITIONS if "injury" not in json.dumps(c) or "injury" not in known]
        entries = [{"when": random.choice(usable), "use": random.choice(("this", "this", "previous")), "reason": {"en": "Drawn"}} for _ in range(random.randint(1, 2))]
        files[name]["transition"] = entries
    return files
