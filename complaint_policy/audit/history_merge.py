"""Records of one matter become one case: which they are, and what the case takes from each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from attrs import frozen

from complaint_policy.audit.history_counts import MOST_ALIKE, Alike, Seen
from complaint_policy.audit.history_records import Span, span_of
from complaint_policy.coerce import is_empty
from complaint_policy.fields import Field
from complaint_policy.intake import Cell, Spoilt, cell_reader
from complaint_policy.possible import NONE, Interval, Maybe
from complaint_policy.zones import Zone

__all__ = ["Taking", "cases_of"]

# Later than any event a record may hold: whether it has happened by `as_of` is for the judgement to say.
_FAR: Final = datetime(9000, 1, 1)
_ORDERED: Final = {"earliest": min, "latest": max, "lowest": min, "highest": max}


def cases_of(group: Sequence[Seen], alike: Alike | None) -> list[list[int]]:
    """The rows of the records of one key, case by case, each in order of receipt.

    A case is open from its first record to the end of that record's window; a later one does not lengthen it.  A record that only
    may lie in the window begins a case of its own.
    """
    ordered = sorted((s for s in group if s.since is not None), key=lambda s: (s.since, s.row))
    if alike is not None and len(ordered) > MOST_ALIKE:
        return [[one.row] for one in ordered]
    cases: list[tuple[Seen, list[int]]] = []
    for one in ordered:
        assert one.since is not None
        found = _open_case(one, one.since, cases if alike is not None else cases[-1:], alike)
        if found is None:
            cases.append((one, [one.row]))
        else:
            found.append(one.row)
    return [rows for _, rows in cases]


def _open_case(one: Seen, since: Span, cases: list[tuple[Seen, list[int]]], alike: Alike | None) -> list[int] | None:
    for first, rows in cases:
        if since[1] <= first.due[0] and (alike is None or alike(first.text, one.text) is True):
            return rows
    return None


@frozen
class Taking:
    """How the fields of a case are taken from its records: cells as they stand, in order of receipt."""

    how: Mapping[str, str]
    others: str
    cells: Mapping[str, Cell]
    types: Mapping[str, str]
    zone: Zone

    @classmethod
    def of(cls, take: Mapping[str, str], others: str, fields: Mapping[str, Field], zone: Zone, currency: str | None) -> Taking:
        cells = {name: cell_reader(fields[name], zone, currency) for name in take}
        return cls({"id": "first", **take, "received_at": "first"}, others, cells, {name: fields[name].type for name in take}, zone)

    def record(self, records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The record of a case; a blank cell says nothing, where another record of the case has one."""
        names = dict.fromkeys(name for record in records for name in record)
        found: dict[str, Any] = {}
        for name in names:
            cells = [cell for record in records if not is_empty(cell := record.get(name)) and not _unsaid(cell)]
            if cells:
                found[name] = self._taken(name, self.how.get(name, self.others), cells)
        return found

    def _taken(self, name: str, how: str, cells: list[Any]) -> Any:
        if how == "first" or len(cells) == 1:
            return cells[0]
        if how == "last":
            return cells[-1]
        if how == "together" and self.types[name] == "log":
            # Entries are put in order where they are read.
            lists = [cell for cell in cells if isinstance(cell, (list, tuple))]
            return [entry for cell in lists for entry in cell] if len(lists) == len(cells) else next(cell for cell in cells if cell not in lists)
        read: list[tuple[Any, Any]] = []
        unusable: list[Any] = []
        for cell in cells:
            try:
                value = self.cells[name](cell, _FAR)
                if not isinstance(value, Maybe) and value is not NONE:  # a list of blanks says nothing either
                    read.append((cell, value))
            except Exception:  # noqa: BLE001  an unusable cell: the policy says so of the case
                unusable.append(cell)
        if how in ("any", "all"):
            settles = how == "any"
            found = [cell for cell, value in read if value is settles]
            return (found or unusable or cells)[0]
        if unusable or not read:
            return (unusable or cells)[0]
        cells, values = [cell for cell, _ in read], [value for _, value in read]
        if how == "sum":
            return sum(values[1:], start=values[0])
        if how == "together":
            return self._together(name, values)
        keys = [span_of(value) for value in values] if how in ("earliest", "latest") else values
        chosen = _ORDERED[how](keys)
        return cells[keys.index(chosen)]

    def _together(self, name: str, values: list[Any]) -> Any:
        if self.types[name] == "string":
            return "\n".join(dict.fromkeys(values))
        members = [member for value in values for member in value]
        if self.types[name] == "list":
            return list(dict.fromkeys(members))
        # Instants go back into a record with their offset, days as days.
        if self.types[name] == "instants":
            return [self.zone.to_wall(m.low).date() if isinstance(m, Interval) else self.zone.to_aware(m) for m in members]
        return [[self.zone.to_aware(low), None if high is None else self.zone.to_aware(high)] for low, high in dict.fromkeys(members)]


def _unsaid(cell: Any) -> bool:
    """A field that the source does not have and no plugin wrote."""
    return isinstance(cell, Spoilt) and cell.failed is None
