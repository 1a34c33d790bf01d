"""The owner of one record, or the candidates."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any, Final

from complaint_policy.expressions import nodes as n
from complaint_policy.kinds import Setting, Step
from complaint_policy.possible import NOWHERE_MISSING, Maybe, options_of
from complaint_policy.results import ResponsibilityResult
from complaint_policy.rules.responsibility.model import Matrix, Roles, Row

State = list[Any]

_MOST_KEYS: Final = 20_000


def steps(section: Matrix) -> Iterable[Step]:
    names: dict[str, None] = dict.fromkeys(section.names)  # an axis that no row tests is read all the same
    for row in section.rows:
        names.update(n.names_in(row.when))
    yield Step("owner", tuple(names), lambda setting: compile_matrix(section, setting), section.place)


def _result(roles: Roles, rule: str | None) -> ResponsibilityResult:
    return ResponsibilityResult(roles.owner, (roles.owner,), roles.accountable, roles.consulted, roles.informed, rule)


def compile_matrix(section: Matrix, setting: Setting) -> Callable[[State], Any]:
    """The function gives the owner and leaves the :class:`ResponsibilityResult` beside it."""
    tests = [setting.compiler.condition(row.when) for row in section.rows]
    results = [_result(row.roles, row.id) for row in section.rows]
    rest = _result(section.otherwise, None) if section.otherwise is not None else None
    show = setting.slots["responsibility_result"]
    axes = [setting.slots[_slot_name(axis, setting)] for axis in section.by]
    values = [_values(axis, setting) for axis in section.by]

    def by_rows(state: State) -> Any:
        """Row by row: the one that holds, or those that may."""
        unknown: list[ResponsibilityResult] = []
        missing, open_ = NOWHERE_MISSING, False
        for test, result in zip(tests, results, strict=True):
            holds = test(state)  # type: ignore[misc]  # a row always has a condition
            if holds is True:
                state[show] = result
                return result.owner
            if holds is not False:
                unknown.append(result)
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

    table = matrix_table(section, setting)
    if table is None:
        return by_rows

    def by_table(state: State) -> Any:
        key = tuple([state[axis] for axis in axes])
        try:
            result = table[key]
        except (KeyError, TypeError):  # a value that may be several: it has no hash
            return undecided(state, key)
        state[show] = result
        return result.owner

    def undecided(state: State, key: tuple[Any, ...]) -> Any:
        choices: list[tuple[Any, ...]] = []
        missing, open_ = NOWHERE_MISSING, False
        for value, known in zip(key, values, strict=True):
            options = options_of(value)
            if isinstance(value, Maybe):
                missing, open_ = missing | value.missing, open_ or value.open
            choices.append(options if options is not None else tuple(known or ()))
        candidates: dict[int, ResponsibilityResult | None] = {}
        for combination in product(*choices):
            if combination not in table:
                return by_rows(state)
            found = table[combination]
            candidates[id(found)] = found
        # A row for a missing value takes a value that is missing.
        for test, result in zip(tests, results, strict=True):
            if test(state) is True:  # type: ignore[misc]
                return settled(state, [result], missing, open_)
        return settled(state, list(candidates.values()), missing, open_)

    return by_table


def _slot_name(axis: str, setting: Setting) -> str:
    return axis if axis == "severity" else f"fact:{axis}" if f"fact:{axis}" in setting.slots else f"field:{axis}"


def _values(axis: str, setting: Setting) -> tuple[Any, ...] | None:
    """Every value an axis can take; ``None`` where they cannot be listed."""
    if axis == "severity":
        return tuple(range(len(setting.model.section("severity").levels)))
    declared = setting.model.fields.get(axis)
    kind = declared.kind if declared is not None else setting.model.facts[axis].kind
    if kind == "boolean":
        return (True, False)
    return declared.values if declared is not None and kind == "enum" else None


def matrix_table(section: Matrix, setting: Setting) -> dict[tuple[Any, ...], ResponsibilityResult] | None:
    """The whole matrix by its axes' values, where these can be listed and the rows test nothing else."""
    tests = [setting.compiler.condition(row.when) for row in section.rows]
    results = [_result(row.roles, row.id) for row in section.rows]
    rest = _result(section.otherwise, None) if section.otherwise is not None else None
    axes = [setting.slots[_slot_name(axis, setting)] for axis in section.by]
    values = [_values(axis, setting) for axis in section.by]
    size = 1
    for known in values:
        size *= len(known) if known is not None else _MOST_KEYS + 1
    if size > _MOST_KEYS or not all(_plain(row) for row in section.rows):
        return None
    table: dict[tuple[Any, ...], ResponsibilityResult] = {}
    state: State = [None] * (max(setting.slots.values()) + 1)
    for key in product(*(known or () for known in values)):
        for axis, value in zip(axes, key, strict=True):
            state[axis] = value
        found = next((result for test, result in zip(tests, results, strict=True) if test is not None and test(state) is True), rest)
        if found is not None:
            table[key] = found
    return table


def _plain(row: Row) -> bool:
    """Whether a row tests its axes against literals only."""
    allowed = (n.All, n.Any_, n.Not, n.Equals, n.OneOf, n.Compare, n.FactHolds, n.Literal, n.NamedValue, n.Present)
    return all(isinstance(part, allowed) for part in n.walk(row.when))
