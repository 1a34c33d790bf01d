"""Cells worth trying for a field: ordinary ones, borders, empty ones, and such as no reader can take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import islice
from random import Random
from types import MappingProxyType
from typing import Any, Final

from complaint_policy.fields import Field, LogField

__all__ = ["borders_of", "cells_of", "records_of"]

# As a file has them: texts.  The first is an ordinary one.
_CELLS: Final[Mapping[str, tuple[str, ...]]] = {
    "boolean": ("true", "false", "perhaps"),
    "integer": ("7", "0", "1", "-1", "1000000", "1.5", "many"),
    "number": ("12.5", "0", "0.01", "-3", "1000000", "many"),
    "money": ("1200.50", "0", "0.01", "0.10", "-5", "9999.99", "10000", "123456789.12", "many"),
    "string": ("A-1", "a", "a b; c, d", "浙A12345", "13800138000", "{name} %s", "'\"<&>", "x" * 200),
    "date": ("2026-03-02", "2024-02-29", "2026-12-31", "2026-02-30", "soon"),
    "datetime": ("2026-03-02T09:30", "2026-03-02T00:00", "2026-03-02T23:59:59", "2026-03-02", "2024-02-29T12:00+09:00", "soon"),
    "event": ("2026-03-04T09:30", "2026-03-04T00:00", "2026-03-04T23:59:59", "2026-03-04", "2026-03-31T12:00+09:00", "2027-01-01T00:00", "soon"),
    "intervals": ("2026-03-02/2026-03-04", "2026-03-02/2026-03-05; 2026-03-04/2026-03-09", "2026-03-02T09:00/2026-03-02T17:30", "2026-03-02/", "soon"),
    "instants": ("2026-03-02; 2026-03-05", "2026-03-02T09:30", "soon"),
    "list": ("a; b", "a"),
}
_FIRST: Final = {"id": "C-1", "received_at": "2026-03-02T09:00"}
_MIXED: Final = 40
_MOST: Final = 300
_MOST_BORDERS: Final = 8


def cells_of(declared: Field) -> tuple[str | None, ...]:
    """Cells to try for a field, the first an ordinary one; ``None`` is an empty cell, some are unusable."""
    if declared.type == "enum":
        return (*declared.values, "no_such_value", None)
    return (*_CELLS.get(declared.type, _CELLS["string"]), None)


def logs_of(declared: LogField) -> Iterator[list[dict[str, Any]] | None]:
    """Logs to try: one with two entries of each kind, then the same with another cell in one of them, and empty ones."""
    attributes = {kind.name: {one.name: one for one in kind.attributes} for kind in declared.kinds}

    def entry(kind: str, day: int) -> dict[str, Any]:
        cells = {name: cells_of(one)[0] for name, one in attributes[kind].items()}
        return {"at": f"2026-03-{day:02}T09:30", "kind": kind, "by": "A", "to": "B", **cells}

    plain = [entry(kind, day) for kind in attributes for day in (2, 3)]
    yield plain
    yield []
    yield None
    for place, one in enumerate(plain):
        changes: list[tuple[str, Any]] = [("at", cell) for cell in (None, "2026-03-04", "2027-01-01T00:00", "soon")]
        changes += [(name, cell) for name, attribute in attributes[one["kind"]].items() for cell in cells_of(attribute)[1:]]
        for name, cell in changes if place % 2 else changes[:0]:
            yield [*plain[:place], one | {name: cell}, *plain[place + 1 :]]


def borders_of(declared: Field, constants: Iterable[Any]) -> tuple[str, ...]:
    """Cells at, just below and just above the numbers, and the texts, that stand in a function or its settings."""
    known = list(constants)
    numbers = sorted({Decimal(str(c)) for c in known if isinstance(c, (int, float, Decimal)) and not isinstance(c, bool) and abs(Decimal(str(c))) < 10**9})
    if declared.type in ("integer", "number", "money"):
        step = Decimal(1) if declared.type == "integer" else Decimal("0.01")
        whole = [n for n in numbers if n == n.to_integral_value() or step < 1][:_MOST_BORDERS]
        return tuple(format(cell, "f") for n in whole for cell in (n - step, n, n + step))
    texts = dict.fromkeys(c for c in known if isinstance(c, str) and 0 < len(c) <= 40 and "\n" not in c)
    return tuple(texts)[:_MOST_BORDERS] if declared.type == "string" else ()


def records_of(
    fields: Iterable[Field], given: Iterable[Mapping[str, Any]] = (), *, more: Mapping[str, Iterable[str]] = MappingProxyType({}), seed: int = 1
) -> list[dict[str, Any]]:
    """Records for these fields: those given, then one cell at a time, then mixtures; the same for the same ``seed``.

    ``more``: further cells of some fields.
    """
    declared = {one.name: one for one in fields if one.name not in _FIRST and (one.type != "log" or isinstance(one, LogField))}
    made = list(islice(_made(declared, [dict(record) for record in given], more, Random(seed)), _MOST))  # noqa: S311  to be repeated, not to be secret
    names = dict.fromkeys(name for record in made for name in record)
    return [{name: record.get(name) for name in names} | {"id": f"C-{number}"} for number, record in enumerate(made, 1)]


def _made(declared: Mapping[str, Field], given: list[dict[str, Any]], more: Mapping[str, Iterable[str]], random: Random) -> Iterator[dict[str, Any]]:
    cells: dict[str, tuple[Any, ...]] = {}
    for name, one in declared.items():
        cells[name] = tuple(logs_of(one)) if isinstance(one, LogField) else tuple(dict.fromkeys((*cells_of(one), *more.get(name, ()))))
    plain: dict[str, Any] = _FIRST | {name: found[0] for name, found in cells.items()}
    yield from given
    yield plain
    for base in (plain, *given[:3]):
        for name, found in cells.items():
            for cell in found:
                yield base | {name: cell}
    for _ in range(_MIXED):
        yield _FIRST | {name: random.choice(found) for name, found in cells.items()}
