"""Transitions: complaints on the other side of a version's first day that it, or the one before, judges all the same.

A transition's condition is asked as of the version's first instant.  Events after it have not happened then, so nothing that
happens to a complaint later moves it from one version to the other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from complaint_policy.errors import RecordError
from complaint_policy.expressions.nodes import fields_in
from complaint_policy.field_tests import FieldTest
from complaint_policy.frame import Transition
from complaint_policy.texts import Text
from complaint_policy.wording import name_list
from complaint_policy.zones import Zone

if TYPE_CHECKING:
    from complaint_policy.policy import PolicyVersion

__all__ = ["Transitions", "has_transitions"]


@frozen
class _Edition:
    """One file of the policy: its stretches of time, and its entries each way."""

    first: int
    last: int
    begins: datetime  # naive UTC
    back: tuple[tuple[Transition, FieldTest], ...]
    forth: tuple[tuple[Transition, FieldTest], ...]


def has_transitions(versions: Iterable[PolicyVersion]) -> bool:
    return any(version.model.transition for version in versions)


class Transitions:
    """The transitions of a policy."""

    def __init__(self, versions: tuple[PolicyVersion, ...], zone: Zone) -> None:
        self._editions: list[_Edition] = []
        starts: dict[date, list[int]] = {}
        for index, version in enumerate(versions):
            starts.setdefault(version.effective, []).append(index)
        for indexes in starts.values():
            model = versions[indexes[0]].model
            tests = [(entry, FieldTest(entry.when, model, zone)) for entry in model.transition]
            self._editions.append(
                _Edition(
                    indexes[0],
                    indexes[-1],
                    zone.beginning(model.effective),
                    tuple(t for t in tests if t[0].use == "previous"),
                    tuple(t for t in tests if t[0].use == "this"),
                )
            )

    @property
    def editions(self) -> tuple[_Edition, ...]:
        """The files of the policy, in order of date."""
        return tuple(self._editions)

    @property
    def names(self) -> frozenset[str]:
        """The fields they ask of."""
        return frozenset(name for e in self._editions for entry, _ in (*e.back, *e.forth) for name in fields_in(entry.when))

    def moves(self, index: int, as_of: datetime | None = None) -> bool:
        """Whether complaints received under a version may be judged by another one (at ``as_of``, or ever)."""
        own = next(i for i, edition in enumerate(self._editions) if edition.first <= index <= edition.last)
        later = (e for e in self._editions[own + 1 :] if as_of is None or e.begins <= as_of)
        return bool(self._editions[own].back) or any(e.forth for e in later)

    def begins_after(self, instant: datetime) -> Iterable[datetime]:
        """The later instants from which a version takes complaints received before it."""
        return (e.begins for e in self._editions if e.forth and e.begins > instant)

    def applied(self, index: int, record: Any, as_of: datetime, source_fields: Collection[str] | None) -> tuple[int, Transition | None]:
        """The version that judges a record received under version ``index``, and the entry that says so.

        Raises :class:`RecordError` where nobody knows whether one applies.
        """
        place = own = next(i for i, edition in enumerate(self._editions) if edition.first <= index <= edition.last)
        why: Transition | None = None
        while place and (entry := _first(self._editions[place].back, self._editions[place].begins, record, source_fields)) is not None:
            why, place = entry, place - 1
        if place != own:
            return self._editions[place].last, why
        for later in range(own + 1, len(self._editions)):
            edition = self._editions[later]
            if edition.begins > as_of:
                break
            entry = _first(edition.forth, edition.begins, record, source_fields)
            if entry is not None:
                why, place = entry, later
        return (index, None) if place == own else (self._editions[place].first, why)


def _first(
    entries: tuple[tuple[Transition, FieldTest], ...], begins: datetime, record: Any, source_fields: Collection[str] | None
) -> Transition | None:
    """The first entry that holds."""
    unknown: Any = None
    for entry, test in entries:
        holds = test(record, begins, source_fields)
        if holds is True:
            return entry
        if holds is not False and unknown is None:
            unknown = holds
    if unknown is not None:
        missing = sorted(unknown.missing)
        raise RecordError(_UNKNOWN.filled(f=name_list(missing)), missing[0] if missing else None)
    return None


_UNKNOWN: Final = Text(
    "whether a transition applies cannot be told without {f}: no version can be chosen", "缺少{f}，无法判断过渡条款是否适用，无法确定适用版本"
)
