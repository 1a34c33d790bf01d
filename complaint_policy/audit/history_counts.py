"""Counting earlier records: for each record the others with the same key that came before it, in a window.

Exact, and honest about what is not known: where it is not settled that one of the others came before, or lies in the window, the count
is unknown.  Of records at the same instant (or on the same bare day) the earlier row comes first.  Sorted instants are searched, so a
group of any size costs its sorting; texts that have to be alike are compared pair by pair, within bounds.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Final

import polars as pl
from attrs import define, field, frozen

from complaint_policy.audit.history_records import LAST, Span
from complaint_policy.guarded import Failed, Guarded
from complaint_policy.rules.history.model import Likeness, LikenessBy

__all__ = ["MOST_ALIKE", "NO_WINDOW", "Alike", "Past", "Seen", "alike", "count_alike", "count_chains", "count_earlier", "count_plainly", "earlier"]

# More records of one key are not compared text by text: their counts are unknown.
MOST_ALIKE: Final = 200
_LONGEST: Final = 400  # letters of a text that are compared


@define
class Seen:
    """One record as a count sees it.

    ``key`` is None where a field of it is not known.  ``since``: where the start of its window lies, None where there is none;
    ``due``: where its window ends; ``before``: the instant it is itself counted at.  ``counts``: whether others count it (None: not known).
    """

    row: int
    key: int | None
    since: Span | None
    due: Span
    before: Span | None
    counts: bool | None = True
    text: str | None = None


NO_WINDOW: Final[Span] = (LAST, LAST)
Alike = Callable[[str | None, str | None], bool | None]


@frozen
class Past:
    """The records of one key that may be counted, their instants sorted."""

    seen: Sequence[Seen]
    lows: list[int]
    highs: list[int]
    due_lows: list[int]
    due_highs: list[int]
    rows: dict[Span, list[int]]
    ends: dict[Span, int | None]  # by start the earliest end of the window; None where they differ

    @classmethod
    def of(cls, seen: Iterable[Seen]) -> Past:
        kept = [s for s in seen if s.since is not None]
        rows: defaultdict[Span, list[int]] = defaultdict(list)
        ends: dict[Span, int | None] = {}
        for one in kept:
            assert one.since is not None
            rows[one.since].append(one.row)
            if ends.setdefault(one.since, one.due[0]) != one.due[0]:
                ends[one.since] = None
        return cls(
            kept,
            sorted(s.since[0] for s in kept if s.since is not None),
            sorted(s.since[1] for s in kept if s.since is not None),
            sorted(s.due[0] for s in kept),
            sorted(s.due[1] for s in kept),
            {span: sorted(found) for span, found in rows.items()},
            ends,
        )

    def before(self, one: Seen, *, itself: bool) -> int | None:
        """How many of them came before a record, in their windows; ``itself``: whether it is one of them."""
        assert one.before is not None
        low, high = one.before
        equal = self.rows.get(one.before, ())
        certain, possible = bisect_left(self.highs, low), bisect_right(self.lows, high) - len(equal)
        out, perhaps_out = bisect_left(self.due_highs, low), bisect_left(self.due_lows, high)
        if itself and one.since is not None:
            # It is never before itself; where its own window starts elsewhere it was found among the others.
            if one.since != one.before:
                certain -= one.since[1] < low
                possible -= one.since[0] <= high
            out -= one.due[1] < low
            perhaps_out -= one.due[0] < high
        end = self.ends.get(one.before)
        if end is not None and end < high:
            # Those of later rows are not earlier, whether or not they lie in the window.
            perhaps_out -= len(equal) - bisect_right(equal, one.row)
        if possible != certain or perhaps_out != out:
            return None
        return certain + bisect_left(equal, one.row) - out


def count_earlier(group: Sequence[Seen], wanted: Iterable[Seen]) -> dict[int, int | None]:
    """By row the counts of some records of a key."""
    sure = Past.of(s for s in group if s.counts is True)
    maybe = Past.of(s for s in group if s.counts is not False) if any(s.counts is None for s in group) else None
    found: dict[int, int | None] = {}
    for one in wanted:
        if one.before is None:
            found[one.row] = 0
            continue
        count = sure.before(one, itself=one.counts is True)
        if maybe is not None and count != maybe.before(one, itself=one.counts is not False):
            count = None
        found[one.row] = count
    return found


def count_plainly(frame: pl.DataFrame) -> pl.DataFrame:
    """The same for records of which every instant is known, all keys at once: ``row, key, since, due, before, counts`` to ``row, count``.

    Sorted together, the records that went before a question are those above it; of them those are taken away whose window had ended.
    """
    counted = frame.filter(pl.col("counts") & pl.col("since").is_not_null())
    asked = frame.filter(pl.col("before").is_not_null())
    began, ended = _above(asked, counted, "since", by_row=True), _above(asked, counted, "due", by_row=False)
    # A record is never before itself, though the event its window counts from may be.
    itself = pl.col("counts") & pl.col("since").is_not_null()
    own = (itself & (pl.col("since") < pl.col("before"))).cast(pl.Int64) - (itself & (pl.col("due") < pl.col("before"))).cast(pl.Int64)
    found = asked.join(began, on="row").join(ended, on="row").select("row", count=pl.col("since_above") - pl.col("due_above") - own)
    nothing = frame.filter(pl.col("before").is_null()).select("row", count=pl.lit(0, pl.Int64))
    return pl.concat([found, nothing])


def _above(asked: pl.DataFrame, counted: pl.DataFrame, name: str, *, by_row: bool) -> pl.DataFrame:
    """How many of the counted lie before each question; at the same instant those of earlier rows (``by_row``), or none."""
    place = pl.col("row") if by_row else pl.lit(0, pl.Int64)
    questions = asked.select("row", "key", at="before", place=place, one=pl.lit(0, pl.Int64))
    answers = counted.select("row", "key", at=name, place=place, one=pl.lit(1, pl.Int64))
    together = pl.concat([questions, answers]).sort("key", "at", "place", "one")
    summed = together.with_columns(pl.col("one").cum_sum().over("key").alias(f"{name}_above"))
    return summed.filter(pl.col("one") == 0).select("row", f"{name}_above")


def count_alike(group: Sequence[Seen], wanted: Iterable[Seen], like: Alike) -> dict[int, int | None]:
    """The same among those whose text is alike; of too many records nothing is known."""
    found: dict[int, int | None] = {}
    for one in wanted:
        if one.text is None or len(group) > MOST_ALIKE:
            found[one.row] = None
            continue
        counted, settled = earlier(one, group, like)
        found[one.row] = len(counted) if settled else None
    return found


def count_chains(group: Iterable[Seen]) -> dict[int, int | None]:
    """By row how many records of its chain came before each: a chain goes on while a record lies in the window of one of them."""
    ordered = sorted((s for s in group if s.since is not None), key=lambda s: (s.since, s.row))
    past = Past.of(ordered)
    found: dict[int, int | None] = {}
    depth: int | None = None
    reach: Span | None = None  # how far the windows of the chain reach
    for one in ordered:
        assert one.since is not None
        low, high = one.since
        if reach is None or low > reach[1]:
            depth, reach = 0, one.due
        else:
            depth = None if high > reach[0] or depth is None else depth + 1
            reach = max(reach[0], one.due[0]), max(reach[1], one.due[1])
        unsettled = bisect_right(past.lows, high) - bisect_left(past.highs, low) != len(past.rows[one.since])
        found[one.row] = None if unsettled else depth
    return found


def earlier(one: Seen, group: Iterable[Seen], like: Alike | None = None) -> tuple[list[Seen], bool]:
    """The records counted for one, found one by one, and whether all of it is settled; texts are compared last."""
    found: list[Seen] = []
    settled = True
    if one.before is None:
        return found, settled
    low, high = one.before
    for other in group:
        if other.row == one.row or other.since is None or other.counts is False:
            continue
        same = other.since == one.before
        if same and other.row > one.row:
            continue  # of a tie the later row is not earlier
        before = other.since[1] < low or (same and other.row < one.row)
        possible = same or other.since[0] <= high
        inside, perhaps = not other.due[1] < low, not other.due[0] < high
        unsettled = (possible and not before and not same) or inside != perhaps
        if not (unsettled or (before and inside)):
            continue
        alike = True if like is None else like(other.text, one.text)
        if alike is False:
            continue
        if unsettled or other.counts is None or alike is None:  # None: it cannot be told
            settled = False
        else:
            found.append(other)
    return found, settled


@define
class _Alike:
    """How much two texts are alike; a text is prepared once."""

    at_least: float
    _known: dict[tuple[str, str], bool] = field(factory=dict)

    def __call__(self, first: str | None, second: str | None) -> bool | None:
        if first is None or second is None:
            return None
        if first == second:
            return True
        pair = (first, second)
        if pair not in self._known:
            matcher = SequenceMatcher(None, first[:_LONGEST], second[:_LONGEST], autojunk=False)
            # The two quick ratios are never below the real one.
            self._known[pair] = all(ratio() >= self.at_least for ratio in (matcher.real_quick_ratio, matcher.quick_ratio, matcher.ratio))
        return self._known[pair]


@define
class _AlikeBy:
    """The same by a plugin's measure: each pair is asked once, in one order, and a text is always like itself."""

    guarded: Guarded
    at_least: Decimal
    _known: dict[tuple[str, str], bool | None] = field(factory=dict)

    def __call__(self, first: str | None, second: str | None) -> bool | None:
        if first is None or second is None:
            return None
        if first == second:
            return True
        pair = (first, second) if first < second else (second, first)
        if pair not in self._known:
            found = self.guarded(*(text[:_LONGEST] for text in pair))
            self._known[pair] = None if isinstance(found, Failed) else bool(found >= self.at_least)
        return self._known[pair]


def alike(like: Likeness) -> Alike:
    """Whether an earlier and a later text are alike by at least so much; ``None`` where that cannot be told."""
    return _AlikeBy(like.guarded, like.at_least) if isinstance(like, LikenessBy) else _Alike(float(like.at_least))
