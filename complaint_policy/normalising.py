"""Cells of a record changed by plugins before anything is read of it.

The normalisers are those of the plugins that the newest version names: a record is normalised before a version is chosen for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from copy import deepcopy
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from attrs import field, frozen

from complaint_policy.contributed import Plugin
from complaint_policy.guarded import Failed, Fault, Guarded, Refused
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

    def answer(self, cells: Mapping[str, Any], memory: Memory | None) -> Any:
        """Changes, or a :class:`Failed`; of equal texts a table asks once."""
        handed = {name: _read_only(cells.get(name)) for name in self.reads}
        plain = memory is not None and all(value is None or value.__class__ is str for value in handed.values())
        key = (self.guarded.plugin, self.guarded.what, *handed.values()) if plain else None
        if memory is not None and key in memory:
            return memory[key]
        named = {} if self.settings is None else {"settings": MappingProxyType(dict(self.settings))}
        found = self.guarded(MappingProxyType(handed), **named)
        if memory is not None and key is not None and len(memory) < _REMEMBERED:
            memory[key] = found
        return found


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
        return self._changed(snapshot(record, self.fields), frozenset(), None)

    def of_source(self, known: Collection[str]) -> Callable[[dict[str, Any]], Normalised]:
        """For the records of a table that has the fields ``known``."""
        memory: Memory = {}
        doubtful = self.writes - frozenset(known)
        return lambda record: self._changed(record, doubtful, memory)

    def _changed(self, cells: dict[str, Any], doubtful: frozenset[str], memory: Memory | None) -> Normalised:
        changes: list[Change] = []
        faults: list[Fault] = []
        for one in self.ones:
            # What rests on a cell that an earlier one failed to write is as unknown.
            spoilt: Any = next((cell for name in one.reads if isinstance(cell := cells.get(name), Spoilt)), None)
            found = one.answer(cells, memory) if spoilt is None else spoilt
            if isinstance(found, Failed):
                faults.append(found.fault)
                found = Spoilt(found)
            if isinstance(found, Spoilt):
                cells.update(dict.fromkeys(one.writes, found))
                continue
            for name, after in found.items():
                before = cells.get(name)
                if _differ(before, after):
                    changes.append(Change(one.guarded.plugin, name, before, after))
                    cells[name] = after
        return Normalised(cells, tuple(changes), tuple(faults), doubtful)


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


def _read_only(cell: Any) -> Any:
    """A cell that nobody can change through what is handed over."""
    if isinstance(cell, tuple(_CELLS)):
        return cell
    if isinstance(cell, (list, tuple)):
        return tuple(_read_only(item) for item in cell)
    if isinstance(cell, Mapping):
        return MappingProxyType({key: _read_only(item) for key, item in cell.items()})
    try:
        return deepcopy(cell)
    except Exception:  # noqa: BLE001  a stranger's object may raise anything
        return None


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
