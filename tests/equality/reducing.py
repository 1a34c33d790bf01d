"""A policy and a table that show a difference, cut down to what still shows one.

Everything is tried that leaves a valid policy: rows, columns, waivers, rules, facts, fields, branches.  The work is
bounded; what is left is printed whole, so that it can be read and pinned as a case of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

import polars as pl
from attrs import evolve

from complaint_policy import Policy
from complaint_policy.errors import ComplaintPolicyError
from tests.equality.policies import Document, Drawn
from tests.equality.records import Table

__all__ = ["reduced", "shown"]

Differ = Callable[[Policy, Table], list[str]]
MOST_TRIES: Final = 400
_HEAD: Final = ("format", "policy", "effective", "timezone", "extends")


def reduced(drawn: Drawn, table: Table, differ: Differ, tries: int = MOST_TRIES) -> tuple[Drawn, Table]:
    """The smallest policy and table found; ``differ`` tells the differences of a table under a policy."""
    tried = 0

    def still(drawn: Drawn, table: Table) -> bool:
        nonlocal tried
        tried += 1
        try:
            return bool(differ(drawn.load(), table))
        except (ComplaintPolicyError, pl.exceptions.PolarsError):
            return False

    table = _fewer(table, lambda smaller: still(drawn, smaller))
    cut = True
    while cut:  # what could not go before may go once something else has gone
        cut, refused = False, set[str]()
        while (found := next(((path, smaller) for path, smaller in _smaller(drawn) if path not in refused), None)) is not None:
            path, smaller = found
            if still(smaller, table):
                drawn, cut = smaller, True
            elif tried < tries:
                refused.add(path)
            else:
                cut = False
                break
    return drawn, _narrower(table, lambda smaller: still(drawn, smaller))


def shown(drawn: Drawn, table: Table, told: list[str]) -> str:
    """All of it, to read and to paste."""
    lines = [str(drawn), f"as_of = {table.as_of!r}", f"waivers = {list(table.waivers)!r}", f"delivery = {table.delivery}"]
    if table.frame is not None:
        lines.append(f"schema = {dict(table.frame.schema)!r}")
    lines += [f"row {number}: {record!r}" for number, record in enumerate(table.records)]
    return "\n".join([*lines, *(f"--> {line}" for line in told[:8])])


def _fewer(table: Table, still: Callable[[Table], bool]) -> Table:
    """One row where one is enough, else halves."""
    for row in range(len(table.records)):
        if still(one := table.taken([row])):
            return one
    rows = list(range(len(table.records)))
    step = len(rows) // 2
    while step:
        for start in range(0, len(rows), step):
            kept = rows[:start] + rows[start + step :]
            if kept and still(table.taken(kept)):
                rows = kept
                break
        else:
            step //= 2
    return table.taken(rows)


def _narrower(table: Table, still: Callable[[Table], bool]) -> Table:
    if table.waivers and still(smaller := evolve(table, waivers=())):
        table = smaller
    for name in table.columns:
        frame = None if table.frame is None else table.frame.drop(name)
        records = [{k: v for k, v in record.items() if k != name} for record in table.records]
        smaller = evolve(table, frame=frame, records=records, columns=tuple(c for c in table.columns if c != name))
        if name != "received_at" and still(smaller):
            table = smaller
    return table


def _smaller(drawn: Drawn) -> Iterator[tuple[str, Drawn]]:
    """The policy with one thing left out, and what that is: the largest first, then a part in the place of what holds it."""
    for name, document in drawn.files.items():
        for path, changed in _without_one(document):
            yield f"{name} {path}", evolve(drawn, files={**drawn.files, name: changed})


def _without_one(document: Document) -> Iterator[tuple[str, Document]]:
    paths = [path for path in sorted(_paths(document), key=lambda path: (len(path), -_size(document, path))) if path[0] not in _HEAD]
    for path in paths:
        changed = json.loads(json.dumps(document))
        del _at(changed, path[:-1])[path[-1]]
        yield str(path), changed
    for path in paths:
        value = _at(document, path)
        inner = next((value[key] for key in ("not", "last_of", "first_of", "any", "all") if isinstance(value, dict) and key in value), None)
        for index, item in enumerate(inner if isinstance(inner, list) else [inner] if inner is not None else []):
            changed = json.loads(json.dumps(document))
            _at(changed, path[:-1])[path[-1]] = item
            yield f"{path} {index}", changed


def _at(node: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        node = node[key]
    return node


def _size(document: Document, path: tuple[Any, ...]) -> int:
    return len(json.dumps(_at(document, path)))


def _paths(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from _paths(value, (*path, key))
