"""Tables: what a function gives for every combination of codes, asked beforehand and looked up row by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import prod
from typing import Any, Final

import polars as pl

from complaint_policy.columns.plan import Ex, Plan, constant, looked_up, on
from complaint_policy.columns.values import LEFT_OVER, Coded, Column, identity
from complaint_policy.possible import Maybe

__all__ = ["TooWide", "among", "boolean_of", "lookup", "missing_in", "tabulated", "unknown_of", "worded"]

# A table has at most so many rows; what would need more is left to the record evaluation.
MOST_ROWS: Final = 60_000
MOST_VALUES: Final = 4_000
# One that has to be cut is cut to a part: a larger one takes longer to make, and leaves rows all the same.
_CUT_TO: Final = 4
# A table of no more rows than this is put together with one that looks its answers up.
MOST_REMADE: Final = 1_024
# With more different answers than this, those that miss the most are left to the record evaluation.
_MOST_ANSWERS: Final = 2_000
_MOST_WORDS: Final = 5


class TooWide(Exception):
    """A table would have more rows than are worth making."""


def _index(inputs: Sequence[Coded]) -> Ex:
    """One number for every combination of codes."""
    strides = _strides(inputs)
    size = strides[0] * inputs[0].width
    kind = pl.UInt8 if size <= 256 else pl.UInt16 if size <= 65_536 else pl.UInt32
    total: Ex | None = None
    for one, stride in zip(inputs, strides, strict=True):
        term = one.code.cast(kind)
        if stride != 1:
            term = term * pl.lit(stride, kind)
        total = term if total is None else total + term
    assert total is not None
    return total


def tabulated(
    plan: Plan,
    inputs: Sequence[Coded],
    answer: Callable[..., Any],
    key: Callable[[Any], Any] = identity,
    place: Callable[[Any], int] | None = None,
    left: Any = None,
) -> Coded:
    """What ``answer`` gives for each combination of the inputs' values, as a column of codes.

    ``place``: the code an answer shall have, where all different answers have different places.  ``left``: the answer that leaves a
    row to the record evaluation; with it, of too many answers those that miss the most become it.
    """
    if prod(one.width for one in inputs) > MOST_ROWS:
        inputs = _fewer(plan, inputs)
    wide = [one for one in inputs if one.width > 1]
    size = prod(one.width for one in wide)
    domain: list[Any] = []
    seen: dict[Any, int] = {}
    answers: list[int] = []
    for values in product(*(one.domain if one.width > 1 else one.domain[:1] for one in inputs)):
        found = answer(*values)
        where = seen.setdefault(key(found), len(domain))
        if where == len(domain):
            domain.append(found)
        answers.append(where)
    if left is not None and len(domain) > _MOST_ANSWERS:
        domain, answers = _narrowed(domain, answers, left)
    if len(domain) > MOST_VALUES:
        raise TooWide
    placed = False
    if place is not None:
        placed, domain, answers = _placed(domain, answers, place)
    if len(domain) == 1:
        return Coded(constant(0, pl.UInt8), tuple(domain))
    if not wide:
        return Coded(constant(answers[0], pl.UInt8), tuple(domain), placed=placed)
    if size == 2 and len(domain) == 2 and wide[0].test is not None:
        test = wide[0].test
        return Coded(None, tuple(domain), test if answers == [0, 1] else ~test)
    kind = pl.UInt8 if len(domain) <= 256 else pl.UInt16
    made = (wide, answers) if size <= MOST_REMADE and len(wide) <= 3 else None
    return Coded(plan.keep(_decided(wide, answers, kind)), tuple(domain), placed=placed, made=made)


def _fewer(plan: Plan, inputs: Sequence[Coded]) -> Sequence[Coded]:
    """Inputs with so few values that a table can be made of them: of what is unknown that which misses the most names is left."""
    found = list(inputs)
    while (size := prod(one.width for one in found)) > MOST_ROWS // _CUT_TO:
        unknown = [[v for v in one.domain if type(v) is Maybe and v.options is None] for one in found]
        place = max(range(len(found)), key=lambda i: len(unknown[i]))
        kept = len(unknown[place]) // 2
        if kept < 2:
            if size <= MOST_ROWS:
                break
            raise TooWide
        fewest = {id(v) for v in sorted(unknown[place], key=lambda v: len(v.missing))[:kept]}
        rest = {id(v) for v in unknown[place]} - fewest
        found[place] = tabulated(plan, [found[place]], lambda v, rest=rest: LEFT_OVER if id(v) in rest else v, key=lambda v: -1 if v is LEFT_OVER else id(v))
    return found


def _decided(inputs: Sequence[Coded], answers: Sequence[Any], kind: Any) -> Ex:
    """The answers by tests where these are few, else by a table."""
    if len(set(answers)) == 1:
        return constant(answers[0], kind)
    if len(inputs) == 1 and inputs[0].test is None:
        if answers == list(range(len(answers))):
            return inputs[0].code.cast(kind)
        if inputs[0].made is not None:
            # What was looked up in one table and is looked up in another is looked up once.
            inside, codes = inputs[0].made
            return _decided(inside, [answers[code] for code in codes], kind)
    tests = [i for i, one in enumerate(inputs) if one.test is not None]
    for place in tests:
        sides = _sides(inputs, answers, place)
        if any(len(set(side)) == 1 for side in sides):  # one side of the test is settled by it
            return _split(inputs, answers, place, kind)
    if len(tests) == len(inputs) and len(inputs) <= 3:
        return _split(inputs, answers, 0, kind)
    index = _index(inputs)
    if answers == list(range(len(answers))):
        return index.cast(kind)
    table = pl.lit(pl.Series(answers, dtype=kind))
    return looked_up(table, index)


def _sides(inputs: Sequence[Coded], answers: Sequence[Any], place: int) -> tuple[list[Any], list[Any]]:
    """The answers where a test fails and where it holds."""
    stride = _strides(inputs)[place]

    def answers_of(side: int) -> list[Any]:
        return [a for i, a in enumerate(answers) if (i // stride) % 2 == side]

    return answers_of(0), answers_of(1)


def _split(inputs: Sequence[Coded], answers: Sequence[Any], place: int, kind: Any) -> Ex:
    fails, holds = _sides(inputs, answers, place)
    rest = [one for i, one in enumerate(inputs) if i != place]
    if fails == holds:
        return _decided(rest, fails, kind)
    parts = [constant(side[0], kind) if len(set(side)) == 1 else _decided(rest, side, kind) for side in (fails, holds)]
    test = inputs[place].test
    return on(lambda t, a, b: pl.when(t).then(b).otherwise(a), test, *parts)


def missing_in(value: Any) -> frozenset[str]:
    """The names an answer says are missing."""
    if isinstance(value, tuple):
        return frozenset().union(*(missing_in(v) for v in value))
    if isinstance(value, frozenset):
        return frozenset(v for v in value if isinstance(v, str))
    return frozenset(getattr(value, "missing", ()))


def _narrowed(domain: list[Any], answers: list[int], left: Any) -> tuple[list[Any], list[int]]:
    """The answers that miss the fewest names; the others are left to the record evaluation."""
    order = sorted(range(len(domain)), key=lambda i: (len(missing_in(domain[i])), i))
    kept = sorted(order[:_MOST_ANSWERS])
    # What misses nothing is an answer like any other.
    kept = sorted({*kept, *(i for i in order if not missing_in(domain[i]))})
    where = {old: new for new, old in enumerate(kept)}
    return [*(domain[i] for i in kept), left], [where.get(a, len(kept)) for a in answers]


def _strides(inputs: Sequence[Coded]) -> list[int]:
    strides: list[int] = []
    size = 1
    for one in reversed(inputs):
        strides.insert(0, size)
        size *= one.width
    return strides


def _placed(domain: list[Any], answers: list[int], place: Callable[[Any], int]) -> tuple[bool, list[Any], list[int]]:
    """The answers at the codes they shall have, or as they are where two of them shall have one."""
    places = [place(value) for value in domain]
    if len(set(places)) < len(places):
        return False, domain, answers
    # A code that no row has stands for any answer.
    spread = [domain[0]] * (max(places) + 1)
    for value, where in zip(domain, places, strict=True):
        spread[where] = value
    return True, spread, [places[a] for a in answers]


def among(coded: Coded, wanted: Callable[[Any], Any]) -> Ex:
    """Whether each row's value is one of those wanted: by comparing codes where these are few, else by a table."""
    codes = [code for code, value in enumerate(coded.domain) if wanted(value)]
    if not codes or len(codes) == coded.width:
        return constant(bool(codes), pl.Boolean)
    others = [code for code in range(coded.width) if code not in set(codes)]
    few = codes if len(codes) <= len(others) else others
    if coded.test is not None:
        return coded.test if codes == [1] else ~coded.test
    if coded.tests is not None:
        return _any_of(coded.tests, codes, others)
    if len(few) > 4:
        return lookup(coded, [code in codes for code in range(coded.width)], pl.Boolean)

    def chain(code: pl.Expr) -> pl.Expr:
        test = code == few[0]
        for one in few[1:]:
            test = test | (code == one)
        return test if few is codes else ~test

    return on(chain, coded.code)


def _any_of(tests: Sequence[Ex | None], codes: Sequence[int], others: Sequence[int]) -> Ex:
    """Whether a row has one of the codes, by the tests of these or of the others, whichever are fewer."""
    wanted, rest = ([test for code in some if (test := tests[code]) is not None] for some in (codes, others))
    if not wanted or not rest:
        return constant(bool(wanted), pl.Boolean)
    found, *more = wanted if len(wanted) <= len(rest) else rest
    for test in more:
        found = found | test
    return found if len(wanted) <= len(rest) else ~found


def lookup(coded: Coded, values: Sequence[Any], kind: Any) -> Ex:
    """For each row the value that stands at its code."""
    if coded.width == 1:
        return Ex(pl.lit(values[0], dtype=kind), coded.code.stage)
    if coded.made is not None:
        inside, codes = coded.made
        return _decided(inside, [values[code] for code in codes], kind)
    if coded.test is not None:
        return _split([coded], values, 0, kind)
    table = pl.lit(pl.Series(list(values), dtype=kind))
    return looked_up(table, coded.code)


def worded(code: Ex, codes: Sequence[int], kind: Any) -> Ex:
    """Codes as an enumeration's values in its order; ``codes``: those that rows which are not left can have.

    Few of them are told apart: Polars looks at each code of a column before it takes it for an enumeration's, which takes four times as long.
    """
    if len(codes) > _MOST_WORDS or not code.expr.meta.root_names():
        return on(lambda c: c.cat.to(kind), code)
    words = [pl.lit(kind.categories[one], dtype=kind) for one in codes]

    def told(c: pl.Expr) -> pl.Expr:
        found: Any = pl
        for one, word in zip(codes[:-1], words[:-1], strict=True):
            found = found.when(c == one).then(word)
        return words[-1] if found is pl else found.otherwise(words[-1])

    return on(told, code)


def unknown_of(coded: Coded) -> tuple[tuple[Maybe, ...], Callable[[], Ex] | None]:
    """The unknown values of a column of codes, and which of them each row has where there are several: what a :class:`Column` is told."""
    unknown = tuple(v for v in coded.domain if isinstance(v, Maybe))
    where = {id(v): i for i, v in enumerate(unknown)}
    places = [where.get(id(v), 0) for v in coded.domain]
    return unknown, (lambda: lookup(coded, places, pl.UInt16)) if len(unknown) > 1 else None


def boolean_of(plan: Plan, coded: Coded) -> Column:
    """Codes of True, False and unknown conditions as a boolean column."""
    specials = tuple(v for v in coded.domain if v is not True and v is not False)
    if coded.width == 1:
        only = coded.domain[0]
        if isinstance(only, bool):
            return Column("boolean", constant(only, pl.Boolean))
        return Column("boolean", None, specials)
    if not specials:
        return Column("boolean", among(coded, lambda v: v is True))
    known = [None if v is not True and v is not False else v for v in coded.domain]
    value = plan.keep(lookup(coded, known, pl.Boolean)) if any(k is not None for k in known) else None
    where = {id(s): i for i, s in enumerate(specials)}
    return Column("boolean", value, specials, lambda: lookup(coded, [where.get(id(v), 0) for v in coded.domain], pl.UInt16))
