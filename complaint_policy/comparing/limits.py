"""Whether an instant of an overlay is never later than its base's, on any start day the calendars know."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from typing import Final

from complaint_policy.cells import Cell, Cells
from complaint_policy.comparing.comparison import Comparison, Objection, case_of
from complaint_policy.comparing.starts import longer
from complaint_policy.expressions import nodes as n
from complaint_policy.lengths import Length
from complaint_policy.texts import Text

__all__ = ["never_earlier", "never_later"]

_MOST_FORMS: Final = 64
_NOTHING: Final = n.AllOf(())  # what a choice gives where no branch holds
_MAYBE_NONE: Final = Objection(Text("it may have no due instant where the base's has one", "基础制度有到期时刻时，它可能没有"))


def never_later(own: n.Instant, base: n.Instant, comparison: Comparison) -> Objection | None:
    """The first reason why ``own`` may be later than ``base``, or may be none where ``base`` is one."""
    return _compared(own, base, comparison, earlier=False)


def never_earlier(own: n.Instant, base: n.Instant, comparison: Comparison) -> Objection | None:
    """The first reason why ``own`` may be earlier than ``base``, or may be none where ``base`` is one."""
    return _compared(own, base, comparison, earlier=True)


def _compared(own: n.Instant, base: n.Instant, comparison: Comparison, *, earlier: bool) -> Objection | None:
    if own == base:
        return None
    conditions = [b.when for part in (own, base) for node in n.walk(part) if isinstance(node, n.ChooseInstant) for b in node.branches if b.when is not None]
    if not conditions:
        return _forms((own,), (base,), comparison, None, earlier)
    cells = Cells(comparison.own, conditions)
    if not cells.complete:
        return Objection(Text("its choices are too many to compare", "选择分支过多，无法比较"))
    known: dict[tuple[tuple[n.Instant, ...], tuple[n.Instant, ...]], Objection | None] = {}
    found: Objection | None = None
    for cell in cells:
        pair = tuple(islice(_resolved(own, cell, cells), _MOST_FORMS)), tuple(islice(_resolved(base, cell, cells), _MOST_FORMS))
        if pair not in known:
            known[pair] = _forms(*pair, comparison, case_of(cell, cells), earlier)
        objection = known[pair]
        if objection is not None and (found is None or objection.certain):
            found = objection
            if found.certain:
                break
    return found


def _forms(own: tuple[n.Instant, ...], base: tuple[n.Instant, ...], comparison: Comparison, case: Text | None, earlier: bool) -> Objection | None:
    """Every form the overlay's instant may have, against those the base's may have."""
    for form in own:
        refused = [_whole(form, other, comparison, earlier) for other in base]
        if all(refused):
            found = min((o for o in refused if o is not None), key=lambda o: not o.certain)
            certain = found.certain and len(base) == 1
            return Objection(found.why if case is None else found.why + Text(" ({c})", "（{c}）").filled(c=case), certain)
    return None


def _whole(own: n.Instant, base: n.Instant, comparison: Comparison, earlier: bool) -> Objection | None:
    if own == base:
        return None
    if not begins_whenever(base, own):
        return _MAYBE_NONE
    return _plain(base, own, comparison, earlier) if earlier else _plain(own, base, comparison, earlier)


def _resolved(node: n.Instant, cell: Cell, cells: Cells) -> Iterator[n.Instant]:
    """The forms without choices that an instant may have in a cell."""
    match node:
        case n.ChooseInstant(branches=branches):
            for branch in branches:
                holds = True if branch.when is None else cells.holds(branch.when, cell)
                if holds is not False:
                    yield from _resolved(branch.then, cell, cells)
                if holds is True:
                    return
            yield _NOTHING
        case n.FirstOf(parts=parts) | n.LastOf(parts=parts) | n.AllOf(parts=parts) | n.FirstKnownInstant(parts=parts):
            for chosen in product(*(tuple(islice(_resolved(part, cell, cells), _MOST_FORMS)) for part in parts)):
                yield type(node)(tuple(chosen))
        case n.Counted(base=base):
            for start in _resolved(base, cell, cells):
                yield n.Counted(start, node.length, node.counting, node.ahead)
        case _:
            yield node


def _plain(low: n.Instant, high: n.Instant, comparison: Comparison, earlier: bool) -> Objection | None:
    """Why ``low`` may lie after ``high``, both without choices.  What is none is left out of `first_of` and `last_of`.

    ``earlier``: ``low`` is the base's.
    """
    if low == high:
        return None
    if isinstance(high, n.FirstOf):
        return _first(_plain(low, part, comparison, earlier) for part in high.parts)
    if isinstance(low, n.LastOf | n.AllOf) and low.parts:
        return _first(_plain(part, high, comparison, earlier) for part in low.parts)
    if isinstance(low, n.FirstOf):
        # A part that may be none leaves the others to decide.
        return _any([_plain(part, high, comparison, earlier) if begins_whenever(high, part) else _MAYBE_NONE for part in low.parts], every=False)
    if isinstance(high, n.LastOf | n.AllOf) and high.parts:
        return _any([_plain(low, part, comparison, earlier) if begins_whenever(low, part) else _MAYBE_NONE for part in high.parts], every=True)
    if isinstance(low, n.FirstKnownInstant) and isinstance(high, n.FirstKnownInstant) and _known_together(low, high):
        return _first(_plain(one, other, comparison, earlier) for one, other in zip(low.parts, high.parts, strict=True))
    if isinstance(low, n.Counted) and isinstance(high, n.Counted) and low.ahead == high.ahead:
        return _plain(low.base, high.base, comparison, earlier) or _counted(low, high, comparison, earlier)
    words = comparison.words
    own, base = (high, low) if earlier else (low, high)
    told = Text("{a} may be earlier than {b}", "{a}可能早于{b}") if earlier else Text("{a} may be later than {b}", "{a}可能晚于{b}")
    return Objection(told.filled(a=words.instant(own), b=words.instant(base)))


def _known_together(low: n.FirstKnownInstant, high: n.FirstKnownInstant) -> bool:
    """Whether both always come down to the same one of their parts: each counts from the same instant, a length that is always there."""
    if len(low.parts) != len(high.parts):
        return False
    pairs = zip(low.parts, high.parts, strict=True)
    return all(one == other or (_begins(one) is not None and _begins(one) == _begins(other)) for one, other in pairs)


def _begins(part: n.Instant) -> n.Instant | None:
    return part.base if isinstance(part, n.Counted) and isinstance(part.length, Length) else None


def _counted(low: n.Counted, high: n.Counted, comparison: Comparison, earlier: bool) -> Objection | None:
    if isinstance(low.length, Length) and isinstance(high.length, Length):
        return longer(low, high, comparison, swapped=earlier)
    if low.length == high.length and low.counting == high.counting:
        return None
    return Objection(Text("its length is a value of the record", "期限长度取自记录"))


def _first(objections: Iterator[Objection | None]) -> Objection | None:
    """All have to be free of objections."""
    found: Objection | None = None
    for objection in objections:
        if objection is not None and (found is None or objection.certain):
            found = objection
            if found.certain:
                break
    return found


def _any(objections: list[Objection | None], *, every: bool) -> Objection | None:
    """One free of objections is enough; else they all stand, certain if one (``every``: each) of them is."""
    refused = [o for o in objections if o is not None]
    if len(refused) < len(objections):
        return None
    shown = min(refused, key=lambda o: not o.certain)
    certain = all(o.certain for o in refused) if every else shown.certain
    return Objection(shown.why, certain)


# --------------------------------------------------------------------------- whether there is one at all
_Clauses = frozenset[frozenset[n.Expression]]


def begins_whenever(base: n.Instant, own: n.Instant) -> bool:
    """Whether there is an ``own`` wherever there is a ``base``."""
    mine, theirs = _exists(own), _exists(base)
    if mine is None or theirs is None:
        return False
    return all(any(clause <= needed for clause in mine) for needed in theirs)


def _exists(node: n.Instant) -> _Clauses | None:
    """What has to have happened or be stated, as alternatives; ``None`` where they are too many."""
    match node:
        case n.RuleStart() | n.AsOf() | n.PreviousDue():
            return frozenset((frozenset(),))
        case n.Counted(base=base):
            below = _exists(base)
            own = frozenset() if isinstance(node.length, Length) else frozenset((node.length,))
            return None if below is None else frozenset(clause | own for clause in below)
        case n.FirstOf(parts=parts) | n.LastOf(parts=parts) | n.FirstKnownInstant(parts=parts):
            found = [_exists(part) for part in parts]
            return None if any(f is None for f in found) else frozenset().union(*(f for f in found if f is not None))
        case n.AllOf(parts=parts):
            found = [_exists(part) for part in parts]
            combined = frozenset((frozenset[n.Expression](),)) if parts else frozenset()
            for one in found:
                if one is None or len(combined) * len(one) > _MOST_FORMS:
                    return None
                combined = frozenset(a | b for a in combined for b in one)
            return combined
        case _:
            return frozenset((frozenset((node,)),))
