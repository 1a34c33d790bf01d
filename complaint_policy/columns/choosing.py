"""Instants chosen among others: the first or last of several, the first known, one by conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from complaint_policy.columns.branches import may_hold
from complaint_policy.columns.plan import SAME, Ex, constant, looked_up, on
from complaint_policy.columns.tabulating import among, lookup, tabulated
from complaint_policy.columns.values import ANY, EXACT, LATER, LEFT, LEFT_SHAPE, NO_END, NO_START, SPAN, STATED_NONE, Coded, Instants, Shape
from complaint_policy.possible import NOWHERE_MISSING

if TYPE_CHECKING:
    from complaint_policy.columns.sheet import Sheet

__all__ = ["end_flag", "extreme", "first_known", "picked", "settled"]


def _shape_of_extreme(shapes: tuple[Shape, ...], all_of: bool, agreed: Any) -> Shape:
    """What the first or last of instants is, spans taken as such; ``agreed``: the ends of the known ones are one instant."""
    stated = [s for s in shapes if s.bounded]
    unknown = [s for s in shapes if s.kind == ANY]
    spans = [s for s in stated if s.kind == SPAN]
    apart = [s for s in spans if not s.interval]
    if unknown and all_of:
        unknown += apart
        return Shape(ANY, frozenset().union(*(s.missing for s in unknown)), any(s.open for s in unknown))
    if apart and len(apart) < len(spans) and not agreed and not (all_of and any(s.kind == LATER for s in shapes)):
        return LEFT_SHAPE  # one of several possibilities, of which some are spans and others are not
    if unknown:
        missing = frozenset[str]().union(*(s.missing for s in unknown))
        if LEFT in missing:
            return LEFT_SHAPE
        if not stated or (apart and not agreed):
            return Shape(ANY, missing, any(s.open for s in unknown))
        # The known ones still bound the result from one side.
        return Shape(SPAN, missing if agreed else missing.union(*(s.missing for s in stated)))
    if all_of and any(s.kind == LATER for s in shapes):
        return Shape(LATER)
    if not stated:
        return Shape(LATER) if any(s.kind == LATER for s in shapes) else Shape(STATED_NONE)
    if not spans or agreed:
        return Shape(EXACT)
    return Shape(SPAN, frozenset().union(*(s.missing for s in spans)), any(s.open for s in spans), interval=not apart)


def extreme(sheet: Sheet, parts: list[Instants], *, first: bool, all_of: bool = False) -> Instants:
    """The first or the last of those that have happened or are stated."""
    plan = sheet.plan
    best = pl.min_horizontal if first else pl.max_horizontal
    lows = [p.low for p in parts if p.low is not None]
    low = plan.keep(on(lambda *x: best(*x), *lows)) if lows else None
    exact = all(p.exact for p in parts)
    high = None if exact or low is None else plan.keep(on(lambda *x: best(*x), *(p.high or p.low for p in parts if p.low is not None)))
    met = Coded(constant(0, pl.UInt8), (None,))
    lowest = highest = None
    if low is not None and not all_of and any(s.kind == ANY for p in parts for s in p.shapes):
        # A member that may be anything may lie before the first of the others, or after the last.
        loose = [p for p in parts if any(s.kind == ANY for s in p.shapes)]
        anything = tabulated(plan, [p.state(plan) for p in loose], lambda *shapes: any(s.kind == ANY for s in shapes))
        free = among(anything, lambda held: held)
        lowest, highest = low, high or low
        if first:
            lowest = plan.keep(on(lambda f, v: pl.when(f & v.is_not_null()).then(NO_START).otherwise(v), free, low))
        else:
            highest = plan.keep(on(lambda f, v: pl.when(f & v.is_not_null()).then(NO_END).otherwise(v), free, high or low))
    if high is not None:
        met = Coded(None, (False, True), plan.keep(on(lambda a, b: SAME(a, b).fill_null(False), low, high)))

    def answer(agreed: Any, *shapes: Shape) -> Shape:
        return _shape_of_extreme(shapes, all_of, agreed)

    coded = tabulated(plan, [met, *(p.state(plan) for p in parts)], answer, key=lambda s: s, left=LEFT_SHAPE)
    ends = _end_of_extreme(sheet, low, [(p.low, p.day_end) for p in parts])
    # What may lie between an instant and the end of a day has one of the two ends from each.
    last = None if high is None or isinstance(ends, bool) else _end_of_extreme(sheet, high, [(p.high or p.low, p.ends) for p in parts])
    if last is not None and met.test is not None:  # of ends that are one instant the first counts
        last = plan.keep(on(lambda m, f, e: pl.when(m).then(f).otherwise(e), met.test, flag_of(ends), flag_of(last)))
    return settled(sheet, low, high, coded, ends, last) if lowest is None else settled(sheet, lowest, highest, coded, ends, last)


def _end_of_extreme(sheet: Sheet, chosen: Ex | None, parts: list[tuple[Ex | None, bool | Ex]]) -> bool | Ex:
    """Whether the chosen instant is the end of a day: what is said of the first of the instants given that it is."""
    there = [(value, ends) for value, ends in parts if value is not None]
    flags = {ends for _, ends in there if isinstance(ends, bool)}
    if chosen is None or (len(flags) == 1 and all(isinstance(ends, bool) for _, ends in there)):
        return flags.pop() if flags else False

    def build(chosen: pl.Expr, *columns: pl.Expr) -> pl.Expr:
        chain: Any = pl
        for value, end in zip(columns[::2], columns[1::2], strict=True):
            chain = chain.when(value == chosen).then(end)
        result: pl.Expr = chain.otherwise(False)
        return result

    return sheet.plan.keep(on(build, chosen, *(x for value, ends in there for x in (value, flag_of(ends)))))


def flag_of(ends: bool | Ex) -> Ex:
    """Whether each instant is the end of a day, as a column."""
    return constant(ends, pl.Boolean) if isinstance(ends, bool) else ends


def end_flag(one: Instants) -> Ex:
    """Whether each instant is the end of a day."""
    return flag_of(one.day_end)


def settled(sheet: Sheet, low: Ex | None, high: Ex | None, coded: Coded, day_end: bool | Ex, last_end: bool | Ex | None = None) -> Instants:
    """Instants by their shapes: unbounded rows have no ends."""
    shapes: tuple[Shape, ...] = coded.domain
    plan = sheet.plan
    if low is None or not any(s.bounded for s in shapes):
        return Instants(None, None, shapes, lambda: coded.code, day_end)
    if all(s.bounded for s in shapes):
        return Instants(low, high, shapes, lambda: coded.code, day_end, last_end=last_end)
    keep = _flag(coded, [s.bounded for s in shapes])
    low = plan.keep(on(lambda k, v: pl.when(k).then(v), keep, low))
    high = None if high is None or not any(s.kind == SPAN for s in shapes) else plan.keep(on(lambda k, v: pl.when(k).then(v), keep, high))
    return Instants(low, high, shapes, lambda: coded.code, day_end, last_end=last_end)


def _flag(coded: Coded, wanted: list[bool]) -> Ex:
    table = pl.lit(pl.Series(wanted, dtype=pl.Boolean))
    return looked_up(table, coded.code)


def first_known(sheet: Sheet, parts: list[Instants]) -> Instants:
    """The first that is not an empty cell; an unusable one stops the search."""
    plan = sheet.plan

    def answer(*shapes: Shape) -> Any:
        missing = NOWHERE_MISSING
        last = Shape(STATED_NONE)
        for index, shape in enumerate(shapes):
            if shape.kind in (LATER, STATED_NONE):
                last = shape if last.kind == STATED_NONE else last
                continue
            if shape.kind == ANY and shape.empty:
                missing |= shape.missing
                continue
            return index, shape
        return None, Shape(ANY, missing, empty=True) if missing else last

    coded = tabulated(plan, [p.state(plan) for p in parts], answer, key=lambda v: v, left=(None, LEFT_SHAPE))
    return _by_index(sheet, coded.meaning(tuple(({i}, s) if i is not None else (set(), s) for i, s in coded.domain)), parts)


def picked(sheet: Sheet, chosen: Coded, parts: list[Instants]) -> Instants:
    """One of several instants by codes of branches, or what all possible branches may be.

    The domain of ``chosen``: a branch's number, or a ``Maybe`` of such numbers (without options: anything).
    """
    plan = sheet.plan

    def answer(choice: Any, *shapes: Shape) -> Any:
        if isinstance(choice, int):
            shape = shapes[choice]
            return frozenset({choice}) if shape.bounded else frozenset(), shape
        if choice.options is None:
            # What a branch that may hold lacks is missing too; nothing is of days, which are known as such.
            branches, plain = may_hold(choice)
            lacking = [s for s in (shapes[i] for i in branches) if s.kind == ANY or (s.kind == SPAN and not s.interval)]
            return frozenset(), Shape(ANY, plain.missing.union(*(s.missing for s in lacking)), plain.open or any(s.open for s in lacking))
        possible = [shapes[i] for i in choice.options]
        missing = choice.missing.union(*(s.missing for s in possible))
        open_ = choice.open or any(s.open for s in possible)
        if any(s.kind == ANY for s in possible):
            # What is missing of the others would settle it, too; nothing is of days, which are known as such.
            told = [s for s in possible if s.kind == ANY or (s.kind == SPAN and not s.interval)]
            return frozenset(), Shape(ANY, choice.missing.union(*(s.missing for s in told)), choice.open or any(s.open for s in told))
        if len({s.kind for s in possible}) == 1 and possible[0].kind in (LATER, STATED_NONE):
            return frozenset(), possible[0]
        if not all(s.bounded for s in possible) or any(s.kind == SPAN and s.interval for s in possible):
            return frozenset(), LEFT_SHAPE
        return frozenset(choice.options), Shape(SPAN, missing, open_, interval=False)

    coded = tabulated(plan, [chosen, *(p.state(plan) for p in parts)], answer, key=lambda v: v, left=(frozenset(), LEFT_SHAPE))
    return _by_index(sheet, coded, parts)


def _by_index(sheet: Sheet, coded: Coded, parts: list[Instants]) -> Instants:
    """Instants by codes of (the parts they may be, shape)."""
    plan = sheet.plan
    used = sorted({i for indices, _ in coded.domain for i in indices if parts[i].low is not None})
    together = _looked_up(sheet, coded, parts)
    if together is not None:
        return together
    if not used:
        return Instants(None, None, tuple(s for _, s in coded.domain), lambda: coded.code, False)
    several = sorted({tuple(sorted(indices)) for indices, _ in coded.domain if len(indices) > 1})
    spans = bool(several) or any(s.kind == SPAN for _, s in coded.domain)

    def side(high: bool) -> Ex:
        values = [parts[i].high or parts[i].low if high else parts[i].low for i in used]
        place = {i: k for k, i in enumerate(used)}
        ways = [tuple(sorted(which)) for which, _ in coded.domain]
        groups = [(indices, [p for p, way in enumerate(ways) if way == indices]) for indices in (*((i,) for i in used), *several)]
        groups = [(indices, codes) for indices, codes in groups if codes]
        covered = sum(len(codes) for _, codes in groups) == coded.width
        whole = len(groups) == 1 and len(groups[0][1]) == coded.width

        def build(code: pl.Expr, *columns: pl.Expr) -> Any:
            chain: Any = None
            for indices, codes in groups:
                values = [columns[place[i]] for i in indices]
                value = values[0] if len(values) == 1 else (pl.max_horizontal if high else pl.min_horizontal)(*values)
                if whole:
                    return value
                test = pl.any_horizontal(*(code == c for c in codes)) if len(codes) > 1 else code == codes[0]
                if chain is not None and covered and indices == groups[-1][0]:
                    return chain.otherwise(value)
                chain = (pl if chain is None else chain).when(test).then(value)
            return chain

        return plan.keep(on(build, coded.code, *values))

    low = side(False)
    high = side(True) if spans else None
    first_ends, last_ends = _ends_by_index(sheet, coded, parts)
    shapes = tuple(s for _, s in coded.domain)
    if high is not None and any(s.kind == SPAN and not s.interval for s in shapes):
        # Possibilities that agree are one.
        met = Coded(None, (False, True), plan.keep(on(lambda a, b: SAME(a, b).fill_null(False), low, high)))
        again = tabulated(plan, [coded.meaning(shapes), met], lambda s, m: Shape(EXACT) if m and s.kind == SPAN and not s.interval else s, key=lambda s: s)
        return Instants(low, high, again.domain, lambda: again.code, first_ends, last_end=last_ends)
    merged = tabulated(plan, [coded.meaning(tuple(enumerate(shapes)))], lambda pair: pair[1], key=lambda s: s)
    return Instants(low, high, merged.domain, lambda: merged.code, first_ends, last_end=last_ends)


def _looked_up(sheet: Sheet, coded: Coded, parts: list[Instants]) -> Instants | None:
    """Limits by days from one start, chosen row by row: one table of them all, looked up once."""
    indices = [next(iter(which)) if len(which) == 1 else None for which, _ in coded.domain]
    tables = [parts[i].looked_up if i is not None else None for i in indices]
    first = tables[0]
    if first is None or any(t is None or t[0] is not first[0] for t in tables) or any(s.kind != EXACT for _, s in coded.domain):
        return None
    if len({parts[i].day_end for i in indices if i is not None}) > 1:
        return None
    whole = [ticks for t in tables if t is not None for ticks in t[1]]
    size, day = len(first[1]), first[0]
    table = pl.lit(pl.Series(whole, dtype=pl.Int64))
    begins = lookup(coded, [i * size for i in range(coded.width)], pl.UInt32)
    low = sheet.plan.keep(on(lambda d, b: table.gather(d + b), day, begins))
    return Instants(low, None, (Shape(EXACT),), None, parts[next(i for i in indices if i is not None)].day_end)


def _ends_by_index(sheet: Sheet, coded: Coded, parts: list[Instants]) -> tuple[bool | Ex, bool | Ex | None]:
    """Whether the first possible instants are ends of days, and the last ones, where the parts they come from differ in that."""
    used = sorted({i for indices, _ in coded.domain for i in indices})
    flags = {flag for i in used for flag in (parts[i].day_end, parts[i].ends)}
    if len(flags) <= 1 and all(isinstance(flag, bool) for flag in flags):
        return flags.pop() if flags else False, None
    plan = sheet.plan
    several = any(len(indices) > 1 for indices, _ in coded.domain)

    def side(last: bool) -> Ex:
        best = pl.max_horizontal if last else pl.min_horizontal
        ends = [flag_of(parts[i].ends if last else parts[i].day_end) for i in used]
        values = [(parts[i].high or parts[i].low) if last else parts[i].low for i in used]
        place = {i: k for k, i in enumerate(used)}

        def at_best(columns: tuple[pl.Expr, ...], indices: frozenset[int]) -> tuple[pl.Expr, pl.Expr]:
            """Whether one of the possibilities that lie there is the end of a day, and whether one is not."""
            mine = [(columns[place[i]], columns[len(used) + place[i]]) for i in sorted(indices)]
            extreme = best(*(value for _, value in mine))
            there = [(SAME(value, extreme), end) for end, value in mine]
            return pl.any_horizontal(*(at & end for at, end in there)), pl.any_horizontal(*(at & ~end for at, end in there))

        def build(code: pl.Expr, *columns: pl.Expr) -> pl.Expr:
            chain: Any = pl
            for number, (indices, _) in enumerate(coded.domain):
                if indices:
                    chain = chain.when(code == number).then(columns[place[min(indices)]] if len(indices) == 1 else at_best(columns, indices)[0])
            return chain.otherwise(False) if chain is not pl else pl.lit(False)

        def both(code: pl.Expr, *columns: pl.Expr) -> pl.Expr:
            ways = [(number, at_best(columns, indices)) for number, (indices, _) in enumerate(coded.domain) if len(indices) > 1]
            return pl.any_horizontal(*((code == number) & an_end & a_moment for number, (an_end, a_moment) in ways))

        inputs = [*ends, *(constant(None, pl.Int64) if value is None else value for value in values)]
        if several:
            # Of two possibilities at one instant one is the end of a day.
            sheet.leave(on(both, coded.code, *inputs))
        return plan.keep(on(build, coded.code, *inputs))

    return side(False), side(True) if several or any(parts[i].last_end is not None for i in used) else None
