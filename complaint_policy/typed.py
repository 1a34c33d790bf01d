"""An ordinary record of one that is merely not typed: texts, aware times, ``Decimal``, objects.

The straight line (straight.py) takes typed values and wall times only.  Where every cell it looks at reads as
one plain value, those values go through it; the decision keeps the record as it was given.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from complaint_policy.intake import Intake
from complaint_policy.possible import NOT_YET, Empty
from complaint_policy.zones import Zone

__all__ = ["Typed"]

# Later than any event a record may hold: whether one has happened yet is for the straight line to say.
_FAR: Final = datetime(9000, 1, 1)


class Typed:
    """Types the fields that a straight line looks at."""

    def __init__(self, intake: Intake, names: Iterable[str], zone: Zone) -> None:
        readers = {name: reader for _, name, reader, _, _ in intake.fields}
        self._readers = [(name, readers[name]) for name in names]
        self._to_wall = zone.to_wall

    def known_to(self, source_fields: Collection[str]) -> bool:
        """Whether a source knows every field that is looked at."""
        return all(name in source_fields for name, _ in self._readers)

    def record(self, get: Callable[[str], Any]) -> dict[str, Any] | None:
        """The typed record, or ``None`` where a cell is unusable or leaves more than one possibility."""
        found: dict[str, Any] = {}
        try:
            for name, reader in self._readers:
                value = get(name)
                if value is None:
                    found[name] = None
                    continue
                read = reader(value, _FAR)
                kind = read.__class__
                if kind is datetime:
                    found[name] = self._to_wall(read)
                elif kind is str or kind is bool or kind is int:
                    found[name] = read
                elif kind is Decimal:
                    # As a float that enters by just this number.
                    near = float(read)
                    if Decimal(repr(near)) != read:
                        return None
                    found[name] = near
                elif read is NOT_YET or kind is Empty:
                    found[name] = None
                else:
                    return None
        except Exception:  # noqa: BLE001  unusable, or a stranger's object that raises anything: the general evaluation says so
            return None
        return found
