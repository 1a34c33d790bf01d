"""From a cell to its figure: the least and the largest it can be, over every possibility of the records that are undecided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import product
from typing import Any, Final

from attrs import frozen

from complaint_policy.rules.portfolio.cell import Cell, Ends

__all__ = ["NO_FIGURE", "Figure", "figure_of"]

_Counted = list[tuple[Any, int]]


@frozen
class Figure:
    """An interval; ``None`` is an end without a bound.  ``there``: whether there is a figure at all; None: that is undecided."""

    low: Fraction | None
    high: Fraction | None
    there: bool | None = True


NO_FIGURE: Final = Figure(None, None, False)


def figure_of(measure: str, at: Any, cell: Cell) -> Figure:
    """The figure of a cell; of a rate its numerator."""
    if measure in ("count", "sum", "rate"):
        return Figure(_reached(_exact(cell.low), cell.perhaps, 0, min), _reached(_exact(cell.high), cell.perhaps, 1, max))
    if not cell.members and not cell.perhaps:
        return NO_FIGURE
    low, high = _OTHERS[measure](cell, at)
    return Figure(_exact(low), _exact(high), True if cell.members else None)


def _exact(number: Any) -> Fraction | None:
    return None if number is None else Fraction(number)


def _reached(total: Fraction | None, perhaps: Counter[Ends], end: int, better: Callable[..., Fraction]) -> Fraction | None:
    """A sum with those of the undecided records that move it furthest."""
    for ends, times in perhaps.items():
        if total is None or ends[end] is None:
            return None
        total += times * better(Fraction(ends[end]), Fraction(0))
    return total


# --------------------------------------------------------------------------- means
def _mean(cell: Cell, at: Any) -> tuple[Fraction | None, Fraction | None]:
    least = _least_mean(_exact(cell.low), cell.members, [(_exact(e[0]), n) for e, n in cell.perhaps.items()])
    largest = _least_mean(_minus(_exact(cell.high)), cell.members, [(_minus(_exact(e[1])), n) for e, n in cell.perhaps.items()])
    return least, _minus(largest)


def _minus(number: Fraction | None) -> Fraction | None:
    return None if number is None else -number


def _least_mean(total: Fraction | None, count: int, perhaps: _Counted) -> Fraction | None:
    """The undecided records that lie below the mean pull it down, the lowest first."""
    if total is None or any(value is None for value, _ in perhaps):
        return None
    for value, times in sorted(perhaps):
        if count and value * count >= total:
            break
        total += value * times
        count += times
    return total / count


# --------------------------------------------------------------------------- places among values
def _quantile(cell: Cell, at: Any) -> tuple[Any, Any]:
    """The least value that at least that share of the values do not exceed (the nearest rank: always a recorded value)."""
    share = Fraction(at)
    certain = cell.members
    # A value is reached from below with every undecided record up to it taken in, from above with every one from it on.
    below, taken = 0, 0
    lows = _by_value(cell, 0)
    least = None
    for value in sorted(lows, key=lambda v: (v is not None, v or 0)):
        mine, perhaps = lows[value]
        below, taken = below + mine + perhaps, taken + perhaps
        if certain + taken and below >= share * (certain + taken):
            least = value
            break
    highs = _by_value(cell, 1)
    under, taken = certain, 0
    largest = None
    for value in sorted(highs, key=lambda v: (v is None, v or 0), reverse=True):
        mine, perhaps = highs[value]
        under, taken = under - mine, taken + perhaps
        if certain + taken and under < share * (certain + taken):
            largest = value
            break
    return least, largest


def _by_value(cell: Cell, end: int) -> dict[Any, tuple[int, int]]:
    """How many members, and how many records that may be, have each value at one end."""
    found: dict[Any, tuple[int, int]] = {}
    for place, counter in enumerate((cell.values, cell.perhaps)):
        for ends, times in counter.items():
            mine, perhaps = found.get(ends[end], (0, 0))
            found[ends[end]] = (mine, perhaps + times) if place else (mine + times, perhaps)
    return found


def _largest(cell: Cell, at: Any) -> tuple[Any, Any]:
    if cell.members:
        low = max((e[0] for e in cell.values if e[0] is not None), default=None)
    else:
        low = None if any(e[0] is None for e in cell.perhaps) else min(e[0] for e in cell.perhaps)
    highs = [e[1] for e in (*cell.values, *cell.perhaps)]
    return low, None if None in highs else max(highs)


def _spread(cell: Cell, at: Any) -> tuple[Fraction | None, Fraction | None]:
    """The largest value less the smallest."""
    lows = [Fraction(e[0]) for e in cell.values if e[0] is not None]
    highs = [Fraction(e[1]) for e in cell.values if e[1] is not None]
    low = max(Fraction(0), max(lows) - min(highs)) if lows and highs else Fraction(0)
    return low, _widest([*cell.values.items(), *cell.perhaps.items()])


def _widest(values: list[tuple[Ends, int]]) -> Fraction | None:
    """The largest difference of two different records."""
    if sum(times for _, times in values) < 2:
        return Fraction(0)
    if any(None in ends for ends, _ in values):
        return None
    # The two that reach highest and the two that reach lowest, each by its place.
    records = [(ends, place, copy) for place, (ends, times) in enumerate(values) for copy in range(min(times, 2))]
    high = sorted(records, key=lambda r: r[0][1], reverse=True)[:2]
    low = sorted(records, key=lambda r: r[0][0])[:2]
    apart = [Fraction(a[0][1]) - Fraction(b[0][0]) for a, b in product(high, low) if a[1:] != b[1:]]
    return max([Fraction(0), *apart])


# --------------------------------------------------------------------------- values told apart
def _different(cell: Cell, at: Any) -> tuple[Fraction, Fraction]:
    """How many values differ.  Of records that may have one of several, at least what is certain, at most as many as can be new."""
    known = {ends[0] for ends in cell.values if len(ends) == 1}
    apart = any(ends and not known & set(ends) for ends in cell.values)
    # An unknown value is one at least, and each unknown value may be one more.
    low = len(known) + (apart or (bool(cell.values) and not known))
    unsure = [(e, n) for e, n in cell.values.items() if len(e) != 1] + list(cell.perhaps.items())
    new = set(_labels(e for e, _ in unsure)) - known
    high = len(known) + min(len(new), sum(n for e, n in unsure if e and set(e) - known)) + sum(n for e, n in unsure if not e)
    return Fraction(low if cell.members else 1), Fraction(high)


def _labels(found: Iterable[Ends]) -> Iterable[str]:
    for ends in found:
        yield from ends


_OTHERS: Final[dict[str, Callable[[Cell, Any], tuple[Any, Any]]]] = {
    "share": _mean,
    "mean": _mean,
    "quantile": _quantile,
    "largest": _largest,
    "spread": _spread,
    "different": _different,
}
