"""What a summary counts, straight from columns: sums of codes in one pass, and no table of decisions.

The pass gives codes and spans a batch at a time, and each batch is summed up at once: Polars' streaming engine takes longer for one
query that sums up everything, above all where lists of spans are gathered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import polars as pl
from attrs import define, field, frozen

from complaint_policy.audit.columns import DecisionColumns
from complaint_policy.audit.engine import ROW, Engine
from complaint_policy.audit.partials import PLACES, PartialRows, partial_rows, partials_schema
from complaint_policy.audit.sums import COUNTED, Sums, sums_of
from complaint_policy.audit.tiers import BLANK, Tiers
from complaint_policy.columns.version import Judged

__all__ = ["Counted", "Counting", "Lacking", "count_rows"]

# Columns beside those that are counted.
_HEIGHT: Final = "height"
_LEFT: Final = "left"
_ID: Final = "id"


@define
class Counting:
    """The counts of one version over a table, summed up a batch at a time."""

    judged: Judged
    effective: str
    ids: bool = False  # whether the numbers of the records are wanted
    only: pl.Expr | None = None  # the rows to be counted, of a table with others: it costs less to pass over them than to take them out
    total: int = 0  # rows counted
    left: int = 0  # rows that columns leave, which are not
    numbers: list[pl.Series] = field(factory=list)
    _found: list[Any] = field(factory=list)  # what the sums have come to

    @property
    def sums(self) -> Sums:
        return sums_of(self.judged, self.effective, some=self.only is not None)

    def over(self, table: pl.LazyFrame, *more: str) -> pl.LazyFrame:
        """The columns to be counted, of a table of this version's rows, and more of its columns."""
        named = [expr.alias(str(i)) for i, expr in enumerate(self.sums.columns)]
        if self.ids:
            named.append(self.judged.id.expr.alias(_ID))
        named.append((self.judged.left.expr if self.judged.left is not None else pl.lit(False)).alias(_LEFT))
        if self.only is not None:
            named.append(self.only.alias(COUNTED))
        if not any(expr.meta.root_names() for expr in named):
            # What is the same for all rows takes its height from a column.
            named.append(pl.col(table.collect_schema().names()[0]).is_null().alias(_HEIGHT))
        return self.judged.sheet.plan.applied(table).select(*named, *more)

    def add(self, batch: pl.DataFrame) -> None:
        """Counts a batch of those columns."""
        mine = None if self.only is None else batch[COUNTED]
        flags = batch[_LEFT] if mine is None else batch[_LEFT] & mine
        left = int(flags.sum())
        self.left += left
        if left:
            batch = batch.filter(~flags)
            mine = None if mine is None else batch[COUNTED]
        height = batch.height if mine is None else int(mine.sum())
        if not height:
            return
        self.total += height
        if self.ids:
            self.numbers.append(batch[_ID] if mine is None else batch[_ID].filter(mine))
        found = [cell[0] for cell in batch.select(self.sums.sums).get_columns()]
        self._found = [_both(a, b) for a, b in zip(self._found, found, strict=True)] if self._found else found

    def partials(self) -> PartialRows:
        """The partial counts of all batches."""
        return self.sums.partials(self._found)


def _both(one: Any, other: Any) -> Any:
    """What two batches come to together."""
    if isinstance(one, pl.Series):
        # Of counts by value pairs, of spans numbers.
        return pl.concat([one, other])
    return one + other


# --------------------------------------------------------------------------- whole tables
@frozen
class Lacking:
    """Rows that all lack a receipt and nothing else is wrong with: how many, the first few by their numbers, and their rejects."""

    rows: int
    first: tuple[int, ...]
    frame: Callable[[], pl.DataFrame]


@define
class Counted:
    """What was counted of a table, and the rows that are no record."""

    rows: int = 0
    counts: list[PartialRows] = field(factory=list)
    rejected: list[pl.DataFrame] = field(factory=list)
    lacking: Lacking | None = None  # counted, and not looked at one by one
    numbers: list[pl.Series] = field(factory=list)

    def partials(self, shape: DecisionColumns) -> pl.DataFrame:
        """All partial counts, one under the other."""
        schema = partials_schema(shape)
        return pl.concat([pl.DataFrame(schema=schema), *(rows.frame(schema) for rows in self.counts)])

    def ids(self) -> pl.Series:
        """The numbers of the records decided."""
        return pl.concat([pl.Series("id", [], dtype=pl.String), *self.numbers])


Collect = Callable[[list[pl.LazyFrame]], list[pl.DataFrame]]
Batches = Callable[[pl.LazyFrame], Iterable[pl.DataFrame]]
# Rows that go through the tiers at a time.
_BATCH = 250_000


def at_once(query: pl.LazyFrame) -> Iterable[pl.DataFrame]:
    """All rows of a query, of a table that is itself a batch."""
    yield query.collect()


def count_rows(
    table: pl.LazyFrame,
    tiers: Tiers,
    *,
    ids: bool,
    total: int | None = None,
    collect: Collect = pl.collect_all,
    batches: Batches = at_once,
    bare: pl.LazyFrame | None = None,
) -> Counted:
    """Counts the numbered rows of a table in one pass a version; what columns cannot count goes through the tiers.

    ``total``: how many rows the table has, where that is known; ``batches`` gives the rows of a query a batch at a time, in any order.
    ``bare`` is the same table without numbers, where it may be read again: then rows that plainly lack a receipt need only be counted.
    """
    engine = tiers.engine
    # Asked together with the rows out of the plain, the file would be read for both.
    counted = Counted(total if total is not None else collect([(table if bare is None else bare).select(pl.len())])[0].item())
    schema = list(engine.schema)
    plain = bare is not None and _is_plain(tiers, bare, collect)
    if bare is not None and not plain and (unexpected := engine.unexpected()) is not None and engine.reaches(bare.filter(unexpected), collect):
        plain = _is_plain(tiers, bare, collect)
    plan, _, _ = engine.receipt()
    received, unnumbered = plan.applied(table), plan.applied(table.drop(ROW) if bare is None else bare)
    routes = engine.routes()
    # Where only rows without a receipt are no version's, they are passed over: taking them out costs as much as reading some columns.
    only = ~tiers.absent() if plain and len(routes) == 1 else None
    routed = 0
    present = frozenset(range(len(routes)))
    if bare is not None or total is not None:  # a query that may be costly is not asked once more
        present = tiers.versions_in(received, routes, True, lambda query: collect([query])[0])
    for version, route in enumerate(routes):
        if version not in present:
            continue
        mine = received.filter(route)
        judged = engine.tier(version, hopeful=True)
        if judged is None:
            (rows,) = collect([mine.select(*schema, ROW)])
            routed += rows.height
            _through(tiers, rows, counted, believed=True)
            continue
        theirs = unnumbered.filter(route) if only is None else unnumbered
        routed += _count_version(judged, version, mine, theirs, only, tiers, counted, ids, collect, batches)
    if routed < counted.rows and plain and bare is not None:
        counted.lacking = _lacking(tiers, table, bare, counted.rows - routed, collect)
        return counted
    if routed < counted.rows and tiers.sees_lacking:
        refused = _refused(tiers, table, collect).drop(BLANK)
        counted.rejected.append(refused)
        routed += refused.height
    if routed < counted.rows:
        others = received.filter(~pl.any_horizontal(*routes).fill_null(False))
        if tiers.sees_lacking:
            others = others.filter(~tiers.absent())
        for rows in batches(others.select(*schema, ROW)):
            _through(tiers, rows, counted, believed=False)
    return counted


def _is_plain(tiers: Tiers, bare: pl.LazyFrame, collect: Collect) -> bool:
    """Whether every row with a receipt is a version's and no other is blank, as far as the statistics of a file tell at once."""
    seldom, untaken = tiers.seldom_blank(), tiers.engine.untaken()
    if seldom is None or untaken is None or not tiers.sees_lacking:
        return False
    # Numbers of the rows would be in the way of statistics.
    return not collect([bare.filter(untaken | (tiers.absent() & seldom)).select(tiers.absent().alias(_LEFT))])[0].height


def _refused(tiers: Tiers, table: pl.LazyFrame, collect: Collect) -> pl.DataFrame:
    """The rejects of the rows plainly without a receipt."""
    # Where one full column says that no such row is blank, the others need not be read.
    seldom = tiers.seldom_blank()
    (refused,) = collect([tiers.lacking(table, blank=seldom)])
    if seldom is not None and refused[BLANK].any():
        (refused,) = collect([tiers.lacking(table)])
    return refused


def _lacking(tiers: Tiers, table: pl.LazyFrame, bare: pl.LazyFrame, rows: int, collect: Collect) -> Lacking:
    """So many rows that lack a receipt, in a plain file."""
    first = tiers.engine.look.unreceived[:PLACES]
    if len(first) < min(PLACES, rows):
        first = tuple(collect([bare.select(tiers.absent().arg_true().head(PLACES))])[0].to_series().to_list())
    return Lacking(rows, first, lambda: _refused(tiers, table, collect).drop(BLANK))


def _count_version(
    judged: Judged,
    version: int,
    rows: pl.LazyFrame,
    bare: pl.LazyFrame,
    only: pl.Expr | None,
    tiers: Tiers,
    counted: Counted,
    ids: bool,
    collect: Collect,
    batches: Batches,
) -> int:
    """Counts the rows of one version; how many there were.

    ``bare``: without their numbers, which cost as much as reading a column; where it has others among them, ``only`` are counted.
    """
    engine, portfolio = tiers.engine, tiers.portfolio
    effective = engine.policy.versions[version].model.effective.isoformat()
    numbers = ids and (bool(judged.id.expr.meta.root_names()) or pl.select(judged.id.expr).item() is not None)
    counting = _counted(Counting(judged, effective, numbers, only), bare, batches, engine)
    if counting is None:  # too many rows are other than was believed
        again = engine.tier(version, hopeful=True)
        assert again is not None
        judged = again
        counting = _counted(Counting(judged, effective, numbers, only), bare, batches, engine)
        assert counting is not None
    kept = judged.sheet.plan.applied(rows)
    if counting.left:
        # Some rows are not what was believed: they are counted apart.
        assert judged.left is not None
        left = judged.left.expr
        (rest,) = collect([kept.filter(left).select(*engine.schema, ROW)])
        kept = kept.filter(~left)
        if rest.height != counting.left:
            # Asked a second time, Polars may divide a float differently: both are taken of one answer.
            counting, places = Counting(judged, effective, counting.ids), []
            for batch in batches(counting.over(rows, ROW)):
                counting.add(batch)
                places.append(batch[ROW].filter(batch[_LEFT]))
            apart = pl.col(ROW).is_in(pl.concat(places).implode())
            (rest,) = collect([rows.filter(apart).select(*engine.schema, ROW)])
            kept = judged.sheet.plan.applied(rows.filter(~apart))
        _through(tiers, rest, counted, believed=False)
    if not counting.total:
        return counting.left
    counted.counts.append(counting.partials())
    counted.numbers += counting.numbers
    for portion in judged.portions if portfolio is not None else ():
        policy: Any = engine.policy
        (cells,) = collect([portion.counted(kept)])
        portion.add_to(portfolio, cells, id(policy.compiled(policy.versions[version])))
    return counting.total + counting.left


def _counted(counting: Counting, rows: pl.LazyFrame, batches: Batches, engine: Engine) -> Counting | None:
    """Counts rows; None where it has to be begun anew with fewer beliefs."""
    for batch in batches(counting.over(rows)):
        counting.add(batch)
        if counting.left and engine.doubts(counting.left, counting.left + counting.total):
            return None
    return counting


def _through(tiers: Tiers, rows: pl.DataFrame, counted: Counted, *, believed: bool) -> None:
    """Rows through the tiers, with their decisions counted."""
    rows = rows.sort(ROW)
    for start in range(0, rows.height, _BATCH):
        found = tiers.run(rows.slice(start, _BATCH), believed=believed)
        counted.counts.append(partial_rows(found.decided, tiers.engine.shape))
        counted.rejected.append(found.rejected)
        counted.numbers.append(found.decided["id"])
