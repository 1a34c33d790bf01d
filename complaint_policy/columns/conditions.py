"""Conditions as boolean columns: null where unknown, with what is missing."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from attrs import evolve

from complaint_policy.columns import arithmetic, instants
from complaint_policy.columns.computed import computed_value
from complaint_policy.columns.measures import is_several
from complaint_policy.columns.number_tests import SIGNS, number_test, several_tested, written_as
from complaint_policy.columns.plan import SAME, Ex, constant, on
from complaint_policy.columns.tabulating import among, boolean_of, lookup, tabulated
from complaint_policy.columns.values import KNOWN, LEFT_OVER, Coded, Column, identity, left_column
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.computed import ComputedTest
from complaint_policy.expressions.operators import has_any, is_in, outcome_is
from complaint_policy.patterns import compiled
from complaint_policy.possible import NONE, Maybe, all_of_conditions, any_of_conditions

if TYPE_CHECKING:
    from complaint_policy.columns.sheet import Sheet

__all__ = ["as_column", "condition", "conjunction", "tested"]

_LARGEST: Final = 10**15
_DEEP: Final = 16
_MANY: Final = 64  # so many texts are looked up; few are compared one by one, which is faster


def condition(sheet: Sheet, node: n.Condition, around: instants.Around | None) -> Column:
    match node:
        case n.Always(value=value):
            return Column("boolean", Ex(pl.lit(value)))
        case n.All(parts=parts):
            return conjunction(sheet, [sheet.condition(p, around) for p in parts])
        case n.Any_(parts=parts):
            return conjunction(sheet, [sheet.condition(p, around) for p in parts], either=True)
        case n.Not(part=part):
            inner = sheet.condition(part, around)
            return Column("boolean", None if inner.value is None else ~inner.value, inner.specials, inner.code)
        case n.FactHolds(name=name, kind=kind):
            return named(sheet, name, kind)
        case n.Equals(left=left, right=right):
            return _compared(sheet, left, "equals", right)
        case n.Compare(left=left, operation=operation, right=right):
            return _compared(sheet, left, operation, right)
        case n.OneOf(left=left, values=values):
            return _one_of(sheet, left, frozenset(values))
        case n.Moment(left=a, operation=operation, right=b):
            return instants.tested(sheet, operation, a, b, around)
        case n.Present(name=name) | n.EntryHas(name=name):
            return sheet.given(name)
        case n.PresentBy(name=name):
            assert around is not None and around.previous is not None
            return instants.compared(sheet, "by", sheet.moment(name), around.previous)
        case n.HasAny(left=left, texts=texts):
            return _has_any(sheet, left, texts)
        case n.Matches(left=left, pattern=pattern):
            return _matches(sheet, left, pattern)
        case n.OutcomeIs(rule=rule, outcomes=outcomes):
            wanted = frozenset(outcomes)
            return answered(sheet, sheet.verdicts(rule).coded, lambda result: outcome_is(result, wanted))
        case n.InOrder(instants=parts):
            return instants.in_order(sheet, [sheet.instant(p, around) for p in parts])
        case n.During(left=left, calendar=calendar):
            return instants.during(sheet, sheet.instant(left, around), calendar)
        case ComputedTest():
            return as_boolean(sheet, computed_value(sheet, node))
    return left_column("boolean")


def named(sheet: Sheet, name: str, kind: str) -> Column:
    """A fact that is a condition, a boolean field, or the scope."""
    if kind == "scope":
        return sheet.scope()
    if kind == "fact":
        expression = sheet.model.facts[name].expression
        if isinstance(expression, n.Condition):
            return as_boolean(sheet, sheet.fact(name, lambda: sheet.condition(expression)))
        if isinstance(expression, n.Value):
            return as_boolean(sheet, sheet.fact(name, lambda: sheet.value(expression)))
        return left_column("boolean")
    return as_boolean(sheet, sheet.field_column(name))


def as_boolean(sheet: Sheet, found: Column | Coded) -> Column:
    """A value used as a condition: what is neither true nor false is unknown."""
    if isinstance(found, Coded):
        return boolean_of(sheet.plan, tabulated(sheet.plan, [found], lambda v: v if isinstance(v, bool) else v.named() if isinstance(v, Maybe) else LEFT_OVER))
    if found.kind != "boolean":
        return left_column("boolean")
    if any(not isinstance(s, Maybe) for s in found.specials):
        return tested(sheet, found, lambda v: v, lambda s: s if isinstance(s, Maybe) else LEFT_OVER)
    return found


def answered(sheet: Sheet, coded: Coded, test: Callable[[Any], Any]) -> Column:
    """A test of codes."""
    answers = [_plain(test(v)) for v in coded.domain]
    if all(isinstance(a, bool) for a in answers):
        return Column("boolean", among(coded.meaning(tuple(answers)), lambda a: a))
    return boolean_of(sheet.plan, tabulated(sheet.plan, [coded.meaning(tuple(answers))], lambda a: a))


def _plain(answer: Any) -> Any:
    """A condition's answer without the options it was made of."""
    return Maybe(None, answer.missing, answer.open) if isinstance(answer, Maybe) else bool(answer)


# --------------------------------------------------------------------------- all and any
def conjunction(sheet: Sheet, parts: list[Column], *, either: bool = False) -> Column:
    """Three-valued *and* (or *or*) of boolean columns."""
    if not parts:
        return Column("boolean", Ex(pl.lit(not either)))
    if len(parts) > _DEEP:
        # Polars takes time with the square of how deep an expression is nested, and memory with how many stages there are.
        blocks = [conjunction(sheet, parts[first : first + _DEEP], either=either) for first in range(0, len(parts), _DEEP)]
        kept = [b if b.value is None else evolve(b, value=sheet.plan.keep(b.value)) for b in blocks]
        return conjunction(sheet, kept, either=either)
    result = parts[0]
    for part in parts[1:]:
        result = _both(sheet, result, part, either)
    return result


def _both(sheet: Sheet, a: Column, b: Column, either: bool) -> Column:
    left = a.value if a.value is not None else Ex(pl.lit(None, dtype=pl.Boolean))
    right = b.value if b.value is not None else Ex(pl.lit(None, dtype=pl.Boolean))
    value = left | right if either else left & right
    specials = {identity(s): s for s in (*a.specials, *b.specials)}
    if not specials:
        return Column("boolean", value)
    if a.value is None and b.value is None and len(specials) == 1:
        return Column("boolean", None, tuple(specials.values()))
    if len(specials) == 1:
        return Column("boolean", value, tuple(specials.values()))
    answer = any_of_conditions if either else all_of_conditions
    full = boolean_of(sheet.plan, tabulated(sheet.plan, [a.coded(sheet.plan), b.coded(sheet.plan)], lambda x, y: answer(x, y), left=LEFT_OVER))
    return Column("boolean", value, full.specials, full.code) if full.value is not None else full


# --------------------------------------------------------------------------- comparisons
def tested(sheet: Sheet, column: Column, known: Callable[[Ex], Ex], special: Callable[[Any], Any]) -> Column:
    """A test of a column: ``known`` on its known values, ``special`` on the others."""
    answers = [_plain(special(s)) for s in column.specials]
    plan = sheet.plan
    if column.value is None:
        if len(answers) == 1:
            return Column("boolean", Ex(pl.lit(answers[0]))) if isinstance(answers[0], bool) else Column("boolean", None, (answers[0],))
        return boolean_of(plan, tabulated(plan, [column.state(plan)], lambda s: False if s is KNOWN else _plain(special(s))))
    value = known(column.value)
    if not answers:
        return Column("boolean", value)
    if all(isinstance(a, Maybe) for a in answers):
        different = {identity(a): a for a in answers}
        if len(different) == 1:
            return Column("boolean", value, tuple(different.values()))
        return Column("boolean", value, tuple(answers), column.code)
    if len(answers) == 1:
        return Column("boolean", value.fill_null(answers[0]))
    raw = Column("boolean", value, (None,)).coded(plan)
    return boolean_of(plan, tabulated(plan, [column.state(plan), raw], lambda s, v: (v if v is not None else LEFT_OVER) if s is KNOWN else _plain(special(s))))


def as_column(sheet: Sheet, coded: Coded, kind: str) -> Column:
    """Codes of values as a column of these values."""
    plan = sheet.plan
    fits: Any = {"string": str, "number": (int, Decimal), "boolean": bool}[kind]
    plain = [v if isinstance(v, fits) and (kind == "boolean" or not isinstance(v, bool)) else None for v in coded.domain]
    specials = tuple(v for v, p in zip(coded.domain, plain, strict=True) if p is None)
    whole = kind == "number" and all(p is None or isinstance(p, int) for p in plain)
    if kind == "number" and not whole:
        if any(p is not None and (abs(p) >= _LARGEST or Decimal(repr(float(p))) != p) for p in plain):
            return left_column(kind)
        plain = [None if p is None else float(p) for p in plain]
    if whole and any(p is not None and abs(p) >= 2**62 for p in plain):
        return left_column(kind)
    physical: Any = {"string": pl.String, "boolean": pl.Boolean, "number": pl.Int64 if whole else pl.Float64}[kind]
    value = plan.keep(lookup(coded, plain, physical)) if any(p is not None for p in plain) else None
    where = {id(s): i for i, s in enumerate(specials)}
    return Column(kind, value, specials, lambda: lookup(coded, [where.get(id(v), 0) for v in coded.domain], pl.UInt16), whole)


def _compared(sheet: Sheet, left: n.NamedValue, operation: str, right: n.Value) -> Column:
    a, b = sheet.value(left), sheet.value(right)
    sign = SIGNS[operation]
    plan = sheet.plan
    if isinstance(a, Coded) and isinstance(b, Coded) and b.width == 1:
        return answered(sheet, a, lambda x: _sign(sign, x, b.domain[0]))
    if isinstance(a, Coded) and isinstance(b, Coded):
        return boolean_of(plan, tabulated(plan, [a, b], lambda x, y: _plain(_sign(sign, x, y))))
    if isinstance(b, Coded) and b.width == 1 and isinstance(a, Column):
        literal = b.domain[0]
        if a.kind == "boolean" and isinstance(literal, bool) and operation == "equals":
            return tested(sheet, a, (lambda v: v) if literal else (lambda v: ~v), lambda s: _sign(sign, s, literal))
        if a.kind == "string" and isinstance(literal, str):
            return tested(sheet, a, lambda v: on(lambda e: sign(e, literal), v), lambda s: _sign(sign, s, literal))
        if a.kind == "number" and isinstance(literal, (int, Decimal)) and not isinstance(literal, bool) and not is_several(sheet, left, a):
            return tested(sheet, a, lambda v: number_test(v, operation, literal, whole=a.whole, scale=a.scale), lambda s: _sign(sign, s, literal))
    kind = a.kind if isinstance(a, Column) else b.kind if isinstance(b, Column) else "string"
    if kind not in ("boolean", "string", "number"):
        return left_column("boolean")
    if kind == "number" and (is_several(sheet, left, a) or is_several(sheet, right, b)):
        found = several_tested(sheet, left, operation, right)
        if found is not None:
            return found
    one = a if isinstance(a, Column) else as_column(sheet, a, kind)
    two = b if isinstance(b, Column) else as_column(sheet, b, kind)
    if one.kind != two.kind:
        return left_column("boolean")
    return _side_by_side(sheet, one, two, sign)


def _sign(sign: Callable[[Any, Any], Any], x: Any, y: Any) -> Any:
    answer = sign(x, y)
    # A number that still grows answers for itself; what is not stated equals nothing.
    return answer if isinstance(answer, (bool, Maybe)) else bool(answer)


def _side_by_side(sheet: Sheet, one: Column, two: Column, sign: Callable[[Any, Any], Any]) -> Column:
    plan = sheet.plan
    if one.value is None or two.value is None:
        known: Ex | None = None
    else:
        a, b = one.value, two.value
        if one.scale is not None or two.scale is not None:
            together = arithmetic.side_by_side(sheet, one, two)
            if together is None:
                return left_column("boolean")
            a, b = together
        elif one.kind == "number" and one.whole != two.whole:
            for column, value in ((one, a), (two, b)):
                if column.whole:
                    sheet.leave(on(lambda v: v.abs() >= _LARGEST, value))
            a, b = a.cast(pl.Float64), b.cast(pl.Float64)
        known = on(lambda x, y: sign(x, y), a, b)
    if one.certain and two.certain and known is not None:
        return Column("boolean", known)

    among_them = _among_options(sheet, one, two) if sign is SAME and one.kind == "string" else None

    def answer(s: Any, t: Any, v: Any, hit: Any) -> Any:
        if s is KNOWN and t is KNOWN:
            return v if v is not None else LEFT_OVER
        special = t if s is KNOWN else s
        if (s is KNOWN or t is KNOWN) and isinstance(special, Maybe) and special.options is not None:
            if among_them is None or len(set(special.options)) < 2:
                return LEFT_OVER  # what it may be has to be held against each value
            return Maybe(None, special.missing, special.open) if hit else False
        if s is KNOWN:
            return _plain(_sign(sign, _Some(), t))
        return _plain(_sign(sign, s, _Some() if t is KNOWN else t))

    raw = Column("boolean", known, (None,)).coded(plan) if known is not None else Coded(Ex(pl.lit(0, dtype=pl.UInt8), 0, True), (None,))
    return boolean_of(plan, tabulated(plan, [one.state(plan), two.state(plan), raw, among_them or Coded(constant(0, pl.UInt8), (False,))], answer))


def _among_options(sheet: Sheet, one: Column, two: Column) -> Coded | None:
    """Rows on which the text of one column is among those that the other may be; None where no text is several."""
    tests: list[Ex] = []
    for known, other in ((one, two), (two, one)):
        if known.value is None:
            continue
        place = other.special(sheet.plan)
        for index, special in enumerate(other.specials):
            if not isinstance(special, Maybe) or special.options is None:
                continue
            texts = sorted({option for option in special.options if isinstance(option, str)})
            rows = on(lambda v, texts=texts: v.is_in(texts), known.value)
            tests.append(rows if place is None else rows & on(lambda p, index=index: p == index, place))
    if not tests:
        return None
    return Coded(None, (False, True), sheet.plan.keep(on(lambda *t: pl.any_horizontal(*(test.fill_null(False) for test in t)), *tests)))


class _Some:
    """Stands for any known value in a comparison with one that is not known."""

    __hash__ = None  # type: ignore[assignment]

    def _against(self, other: Any) -> Any:
        return other.named() if isinstance(other, Maybe) else False

    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = _against


def _one_of(sheet: Sheet, left: n.NamedValue, values: frozenset[Any]) -> Column:
    found = sheet.value(left)
    if isinstance(found, Coded):
        return answered(sheet, found, lambda v: is_in(v, values))
    if found.kind not in ("string", "number", "boolean"):
        return left_column("boolean")

    def chain(value: Ex) -> Ex:
        if found.kind == "string" and len(values) > _MANY:
            texts = sorted(v for v in values if isinstance(v, str))
            return on(lambda e: e.is_in(texts), value)
        if found.kind == "number" and len(values) > _MANY:
            numbers = [v for v in values if isinstance(v, (int, Decimal)) and not isinstance(v, bool)]
            written = sorted(w for v in numbers if (w := written_as(v, whole=found.whole, scale=found.scale)) is not None)
            among = pl.Series(written, dtype=pl.Int64 if found.whole else pl.Float64)
            return on(lambda e: e.is_in(among.implode()), value)
        total: Ex | None = None
        for literal in sorted(values, key=str):
            if found.kind == "number":
                if isinstance(literal, bool) or not isinstance(literal, (int, Decimal)):
                    continue
                test = number_test(value, "equals", literal, whole=found.whole, scale=found.scale)
            else:
                test = value.equals(literal)
            total = test if total is None else total | test
        return total if total is not None else on(lambda e: pl.when(e.is_not_null()).then(False), value)

    return tested(sheet, found, chain, lambda s: is_in(s, values))


# --------------------------------------------------------------------------- texts
def _has_any(sheet: Sheet, left: n.NamedValue, texts: tuple[str, ...]) -> Column:
    found = sheet.value(left)
    if isinstance(found, Coded):
        return boolean_of(sheet.plan, tabulated(sheet.plan, [found], lambda v: _plain(has_any(v, texts))))
    if found.kind == "list" and left.source in ("field", "entry") and found.value is not None:
        return _by_cell(sheet, left.name, lambda value: _plain(has_any(value, texts)))
    if found.kind == "list" and found.value is None:
        return tested(sheet, found, lambda v: v, lambda s: has_any(s, texts))
    if found.kind != "string":
        return left_column("boolean")

    def chain(value: Ex) -> Ex:
        if len(texts) == 1:
            return on(lambda e: e.str.contains(texts[0], literal=True), value)
        return on(lambda e: e.str.contains_any(list(texts)), value)

    return tested(sheet, found, chain, lambda s: has_any(s, texts))


def _matches(sheet: Sheet, left: n.NamedValue, pattern: str) -> Column:
    found = sheet.value(left)
    fits = compiled(pattern).fullmatch
    if isinstance(found, Coded):
        return answered(sheet, found, lambda v: fits(v) is not None if isinstance(v, str) else False if v is NONE else _all_fit(v, fits))
    if found.kind != "string":
        return left_column("boolean")

    def run(cells: pl.Series) -> pl.Series:
        """RE2 over the different texts."""
        different = cells.drop_nulls().unique()
        if not different.len():
            return pl.Series(cells.name, [None], dtype=pl.Boolean).new_from_index(0, cells.len())
        answers = pl.Series([fits(text) is not None for text in different.to_list()], dtype=pl.Boolean)
        return cells.replace_strict(different, answers, default=None, return_dtype=pl.Boolean)

    def known(value: Ex) -> Ex:
        return sheet.plan.keep(on(lambda e: e.map_batches(run, return_dtype=pl.Boolean, is_elementwise=True), value))

    return tested(sheet, found, known, lambda s: False if s is NONE else s)


def _all_fit(value: Any, fits: Any) -> Any:
    if isinstance(value, Maybe) and value.options is not None:
        answers = {fits(o) is not None for o in value.options}
        return answers.pop() if len(answers) == 1 else value
    return value


def _by_cell(sheet: Sheet, name: str, test: Callable[[Any], Any]) -> Column:
    """A test of a list, cell by cell through the record evaluation's reader."""
    from complaint_policy.columns.cells import cell_by_cell

    code, answers = cell_by_cell(sheet.sources[name], sheet.declared(name), sheet.clock, sheet.plan, sheet.model.currency, test, sheet.as_of)
    return boolean_of(sheet.plan, tabulated(sheet.plan, [Coded(code, answers)], lambda a: a))
