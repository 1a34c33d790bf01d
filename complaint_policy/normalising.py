"""Cells of a record changed by plugins before anything is read of it.

The normalisers are those of the plugins that the newest version names: a record is normalised before a version is chosen for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from attrs import field, frozen

from complaint_policy.contributed import Plugin
from complaint_policy.guarded import WATCH, Failed, Fault, Guarded, Refused, read_only, watched_call
from complaint_policy.intake import Spoilt, snapshot
from complaint_policy.model import PolicyModel
from complaint_policy.texts import Text

__all__ = ["Change", "Normalised", "Normalisers", "normalisers_of"]

_CELLS: Final = frozenset({type(None), bool, int, float, Decimal, str, date, datetime})
_LONGEST: Final = 100_000
_MOST_ITEMS: Final = 1000
# So many different answers of one table are remembered.
_REMEMBERED: Final = 50_000
Memory = dict[Any, Any]


@frozen
class Change:
    """A cell that a plugin changed."""

    plugin: str
    field: str
    before: Any
    after: Any


class Normalised(dict[str, Any]):
    """The cells of a record once they are normalised: they are not normalised again."""

    __slots__ = ("changes", "doubtful", "faults")

    def __init__(self, cells: Mapping[str, Any], changes: tuple[Change, ...], faults: tuple[Fault, ...], doubtful: frozenset[str]) -> None:
        super().__init__(cells)
        self.changes, self.faults = changes, faults
        # Fields that its source does not have: they are known only where a normaliser wrote them.
        self.doubtful = doubtful
        for name in doubtful - cells.keys():
            self[name] = Spoilt(None)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Normalised, (dict(self), self.changes, self.faults, self.doubtful))

    @property
    def known(self) -> frozenset[str]:
        """The fields that normalisers wrote, or failed to write."""
        broken = {name for name, cell in self.items() if isinstance(cell, Spoilt) and cell.failed is not None}
        return frozenset(change.field for change in self.changes) | broken

    def with_cells(self, cells: Mapping[str, Any]) -> Normalised:
        """Other cells that are normalised already: of several records that became one."""
        return Normalised(cells, self.changes, self.faults, self.doubtful)


@frozen
class _One:
    """One normaliser, ready to be called."""

    guarded: Guarded
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    settings: Mapping[str, Any] | None

    def answers(self, records: Sequence[Mapping[str, Any]], memory: Memory | None) -> list[Any]:
        """For each record its changes, or a :class:`Failed`; of equal texts a table asks once."""
        handed = [{name: read_only(cells.get(name)) for name in self.reads} for cells in records]
        keys = [self._key(cells, number, memory) for number, cells in enumerate(handed)]
        known: Memory = {} if memory is None else memory
        new = {key: cells for key, cells in zip(keys, handed, strict=True) if key not in known}
        named = {} if self.settings is None else {"settings": MappingProxyType(dict(self.settings))}
        given = watched_call(WATCH.get(), self.guarded, [(MappingProxyType(cells),) for cells in new.values()], named) if new else []
        found = dict(zip(new, given, strict=True))
        results = [found[key] if key in found else known[key] for key in keys]
        if memory is not None and len(memory) < _REMEMBERED:
            memory.update((key, one) for key, one in found.items() if not isinstance(key, int))
        return results

    def _key(self, cells: Mapping[str, Any], number: int, memory: Memory | None) -> Any:
        """What the answer is remembered by: texts; of anything else the place in its batch, which is its own."""
        plain = memory is not None and all(value is None or value.__class__ is str for value in cells.values())
        return (self.guarded.plugin, self.guarded.what, *cells.values()) if plain else number


@frozen
class Normalisers:
    """The normalisers of a policy, in the order of their plugins."""

    ones: tuple[_One, ...] = field(repr=False)
    plugins: tuple[Plugin, ...]
    fields: tuple[str, ...]  # of an object, which has no keys to ask for

    @property
    def writes(self) -> frozenset[str]:
        return frozenset(name for one in self.ones for name in one.writes)

    def __call__(self, record: Any) -> Normalised:
        """A record of a caller: a field that is written is known."""
        return self._changed([snapshot(record, self.fields)], frozenset(), None)[0]

    def of_source(self, known: Collection[str]) -> Callable[[list[dict[str, Any]]], list[Normalised]]:
        """For the records of a table that has the fields ``known``, a batch at a time."""
        memory: Memory = {}
        doubtful = self.writes - frozenset(known)
        return lambda records: self._changed(records, doubtful, memory)

    def _changed(self, records: list[dict[str, Any]], doubtful: frozenset[str], memory: Memory | None) -> list[Normalised]:
        changes: list[list[Change]] = [[] for _ in records]
        faults: list[list[Fault]] = [[] for _ in records]
        for one in self.ones:
            # What rests on a cell that an earlier one failed to write is as unknown.
            found: list[Any] = [next((cell for name in one.reads if isinstance(cell := cells.get(name), Spoilt)), None) for cells in records]
            asked = [number for number, spoilt in enumerate(found) if spoilt is None]
            for number, answer in zip(asked, one.answers([records[number] for number in asked], memory), strict=True):
                found[number] = answer
            for cells, answer, changed, failed in zip(records, found, changes, faults, strict=True):
                self._take(one, cells, answer, changed, failed)
        together = zip(records, changes, faults, strict=True)
        return [Normalised(cells, tuple(changed), tuple(failed), doubtful) for cells, changed, failed in together]

    @staticmethod
    def _take(one: _One, cells: dict[str, Any], answer: Any, changes: list[Change], faults: list[Fault]) -> None:
        if isinstance(answer, Failed):
            faults.append(answer.fault)
            answer = Spoilt(answer)
        if isinstance(answer, Spoilt):
            cells.update(dict.fromkeys(one.writes, answer))
            return
        for name, after in answer.items():
            before = cells.get(name)
            if _differ(before, after):
                changes.append(Change(one.guarded.plugin, name, before, after))
                cells[name] = after


def normalisers_of(model: PolicyModel) -> Normalisers | None:
    """Those of the plugins that a version names; ``None`` where there are none."""
    ones: list[_One] = []
    for plugin in model.plugins:
        for one in plugin.normalisers:
            guarded = Guarded(plugin.name, "complaint_policy_normalisers", one.name, one.function, _Changes(frozenset(one.writes)), plugin.strict)
            ones.append(_One(guarded, one.reads, one.writes, None if one.settings is None else model.settings[one.settings]))
    return Normalisers(tuple(ones), tuple(p for p in model.plugins if p.normalisers), tuple(model.fields)) if ones else None


def _differ(before: Any, after: Any) -> bool:
    try:
        return type(before) is not type(after) or bool(before != after)
    except Exception:  # noqa: BLE001  a stranger's object may raise anything
        return True


@frozen
class _Changes:
    """Takes the changes of declared fields, to plain cells."""

    writes: frozenset[str]

    def __call__(self, given: Any) -> dict[str, Any]:
        if not isinstance(given, Mapping):
            raise Refused(Text(f"it gave {type(given).__name__} where a mapping of changes is expected", f"返回了{type(given).__name__}，应为改动的映射"))
        found = dict(given)
        for name, cell in found.items():
            if name not in self.writes:
                raise Refused(Text("it changed a field that it does not declare in writes", "改动了未在writes中声明的字段"))
            found[name] = _cell(cell)
        return found


def _cell(cell: Any) -> Any:
    items = cell if type(cell) in (list, tuple) else (cell,)
    if len(items) > _MOST_ITEMS or any(type(item) not in _CELLS for item in items):
        raise Refused(Text("it gave a cell that is no text, number, yes or no, time, or list of these", "单元格须为文本、数字、布尔值、时间或其列表"))
    if any(type(item) is str and len(item) > _LONGEST for item in items):
        raise Refused(Text(f"it gave a text of more than {_LONGEST} characters", f"返回的文本超过{_LONGEST}个字符"))
    return list(cell) if type(cell) in (list, tuple) else cell
