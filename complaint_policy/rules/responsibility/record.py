"""The owner of one record, or the candidates."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any, Final

from complaint_policy.expressions import nodes as n
from complaint_policy.kinds import Setting, Step
from complaint_policy.possible import NOWHERE_MISSING, Maybe, options_of
from complaint_policy.results import ResponsibilityResult
from complaint_policy.rules.responsibility.index import OTHER_TEXT, Index
from complaint_policy.rules.responsibility.model import Matrix, Roles

State = list[Any]

MOST_KEYS: Final = 20_000


def steps(section: Matrix) -> Iterable[Step]:
    names: dict[str, None] = dict.fromkeys(section.names)  # an axis that no row tests is read all the same
    for row in section.rows:
        names.update(n.names_in(row.when))
    yield Step("owner", tuple(names), lambda setting: compile_matrix(section, setting), section.place)


def _result(roles: Roles, rule: str | None) -> ResponsibilityResult:
    return ResponsibilityResult(roles.owner, (roles.owner,), roles.accountable, roles.consulted, roles.informed, rule)


def results_of(section: Matrix) -> tuple[list[ResponsibilityResult], ResponsibilityResult | None]:
    """The result of each row, and that of the rest."""
    return [_result(row.roles, row.id) for row in section.rows], _result(section.otherwise, None) if section.otherwise is not None else None


def compile_matrix(section: Matrix, setting: Setting, given: frozenset[n.Condition] = frozenset()) -> Callable[[State], Any]:
    """The function gives the owner and leaves the :class:`ResponsibilityResult` beside it; ``given`` as of :class:`Index`."""
    index = Index(section, setting, given)
    results, rest = results_of(section)
    show = setting.slots["responsibility_result"]

    def by_rows(state: State) -> Any:
        """Row by row: the one that holds, or those that may."""
        unknown: list[ResponsibilityResult] = []
        missing, open_ = NOWHERE_MISSING, False
        asked = index.asked(state)
        for row in index.candidates(state):
            holds = asked(row)
            if holds is True:
                state[show] = results[row]
                return results[row].owner
            if holds is not False:
                unknown.append(results[row])
                missing, open_ = missing | holds.missing, open_ or holds.open
        if not unknown:
            return settled(state, [rest], missing, open_)
        return settled(state, [*unknown, rest], missing, open_)

    def settled(state: State, candidates: list[ResponsibilityResult | None], missing: frozenset[str], open_: bool) -> Any:
        found = [c for c in candidates if c is not None]
        owners = tuple(dict.fromkeys(c.owner for c in found if c.owner is not None))
        if len(found) == 1 and len(candidates) == 1:
            state[show] = found[0]
            return found[0].owner
        if len(owners) == 1 and None not in candidates:
            rules = {c.rule for c in found}
            first = found[0]
            alike = all((c.accountable, c.consulted, c.informed) == (first.accountable, first.consulted, first.informed) for c in found)
            state[show] = ResponsibilityResult(
                owners[0],
                owners,
                first.accountable if alike else None,
                first.consulted if alike else (),
                first.informed if alike else (),
                rules.pop() if len(rules) == 1 else None,
                () if alike else tuple(sorted(missing)),
            )
            return owners[0]
        state[show] = ResponsibilityResult(None, owners, None, (), (), None, tuple(sorted(missing)))
        return Maybe(owners, missing, open_) if owners else Maybe(None, missing, open_)

    if not index.decides:
        return by_rows
    known: dict[tuple[Any, ...], ResponsibilityResult] = {}
    axes = index.axes
    slots = [axis.slot for axis in axes]

    def told(key: tuple[Any, ...]) -> ResponsibilityResult | None:
        """What the axes' values tell; ``None`` where they are none of the matrix, or nobody is named."""
        result = known.get(key)
        if result is None:
            values = [axis.value_of(value) for axis, value in zip(axes, key, strict=True)]
            row = None if None in values else index.first(values)
            result = results[row] if row is not None else None if None in values else rest
            if result is not None and OTHER_TEXT not in values and len(known) < MOST_KEYS:  # other texts are many, and may be long
                known[key] = result
        return result

    def by_values(state: State) -> Any:
        key = tuple([state[slot] for slot in slots])
        try:
            result = told(key)
        except TypeError:  # a value that may be several: it has no hash
            result = None
        if result is None:
            return undecided(state, key)
        state[show] = result
        return result.owner

    def undecided(state: State, key: tuple[Any, ...]) -> Any:
        choices: list[tuple[Any, ...]] = []
        missing, open_ = NOWHERE_MISSING, False
        size = 1
        for axis, value in zip(axes, key, strict=True):
            options = options_of(value)
            if isinstance(value, Maybe):
                missing, open_ = missing | value.missing, open_ or value.open
            # What is not listed may be anything.
            choices.append(options if options is not None else axis.listed or ())
            size *= len(choices[-1])
        if not 0 < size <= MOST_KEYS:
            return by_rows(state)
        candidates: dict[int, ResponsibilityResult | None] = {}
        for combination in product(*choices):
            found = told(combination)
            if found is None:
                return by_rows(state)
            candidates[id(found)] = found
        # A row for a missing value takes a value that is missing.
        asked = index.asked(state)
        for row in index.of_missing:
            if asked(row) is True:
                return settled(state, [results[row]], missing, open_)
        return settled(state, list(candidates.values()), missing, open_)

    return by_values


def matrix_table(section: Matrix, setting: Setting) -> dict[tuple[Any, ...], ResponsibilityResult] | None:
    """The whole matrix by its axes' values, where these can be listed and the rows test nothing else."""
    index = Index(section, setting)
    size = 1
    for axis in index.axes:
        size *= len(axis.listed) if axis.listed is not None else MOST_KEYS + 1
    if size > MOST_KEYS or not index.decides:
        return None
    results, rest = results_of(section)
    table: dict[tuple[Any, ...], ResponsibilityResult] = {}
    for key in product(*(axis.listed or () for axis in index.axes)):
        row = index.first(key)
        found = rest if row is None else results[row]
        if found is not None:
            table[key] = found
    return table
