"""What a summary counts, straight from columns: sums of codes in one pass, and no table of decisions."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import polars as pl
from attrs import define, field

from complaint_policy.audit.columns import DecisionColumns
from complaint_policy.audit.engine import ROW
from complaint_policy.audit.partials import LATE, PartialRows, partials, partials_schema
from complaint_policy.audit.tiers import BLANK, Tiers
from complaint_policy.columns.values import Coded
from complaint_policy.columns.version import Judged
from complaint_policy.outcomes import INDETERMINATE, STATUS_ORDER
from complaint_policy.possible import Maybe

__all__ = ["Counted", "Counting", "count_rows"]

# So many comparisons are cheaper than grouping.
_FEW = 40


@define
class Counting:
    """The counts of one version over a table: expressions that each give one row, and what their values mean."""

    judged: Judged
    shape: DecisionColumns
    effective: str
    _exprs: list[pl.Expr] = field(factory=list)
    _meanings: list[Callable[[Any, PartialRows], None]] = field(factory=list)

    def expressions(self) -> list[pl.Expr]:
        """The reductions, named by their number."""
        if not self._exprs:
            self._gather()
        return [e.alias(str(i)) for i, e in enumerate(self._exprs)]

    def partials(self, row: dict[str, Any]) -> pl.DataFrame:
        """The partial counts of what the expressions gave: values, or for spans a Series."""
        rows = PartialRows()
        for index, meaning in enumerate(self._meanings):
            meaning(row[str(index)], rows)
        return rows.frame(partials_schema(self.shape))

    def _times(self, test: pl.Expr, meaning: Callable[[int, PartialRows], None]) -> None:
        """On how many rows a test holds; of a test that is the same for all rows, all or none."""
        count = test.sum() if test.meta.root_names() else pl.len() * test.cast(pl.UInt32).fill_null(0).first()
        self._want(count, lambda n, rows: meaning(n, rows) if n else None)

    def _want(self, expr: pl.Expr, meaning: Callable[[Any, PartialRows], None]) -> None:
        self._exprs.append(expr)
        self._meanings.append(meaning)

    # ---------------------------------------------------------------- what is counted
    def _gather(self) -> None:
        judged = self.judged
        self._want(pl.len(), self._decided)
        self._times(judged.id.expr.is_null(), partial(_add, "id.missing", None, None))
        status = judged.status.expr
        for code, outcome in enumerate(STATUS_ORDER):
            self._times(status == code, partial(_add, "status", None, outcome))
        scoped = judged.scope.value.expr.fill_null(True) if judged.sheet.model.scope is not None and judged.scope.value is not None else None
        if judged.severity is not None:
            self._codes(judged.severity, self._severity, scoped)
        if judged.owned is not None:
            self._codes(judged.owned, self._owner, scoped)
        for name, bad in judged.sheet.bad.items():
            if name in judged.sheet.used:
                self._times(bad.expr, partial(_add, "unusable", None, name))
        for number in judged.sheet.waivers.records:
            named = judged.sheet.named_by(number).value
            if named is not None:
                self._times(named.expr.fill_null(False), partial(_add, "waiver", None, str(number)))
        for rule in judged.rules:
            if rule.kind == "penalty":
                self._codes(rule.coded, partial(_penalty, rule.id), None)
                continue
            self._codes(rule.coded, partial(_outcome, rule.id), None)
            if rule.kind == "deadline":
                _, opened, spans = judged.lateness(rule)
                self._times(opened.expr, partial(_add, "open", rule.id, None))
                if spans.expr.meta.root_names():
                    self._want(spans.expr.drop_nulls().implode(), partial(_spans, rule.id))

    def _decided(self, count: int, rows: PartialRows) -> None:
        rows.add("decided", None, None, count)
        rows.add("version", None, self.effective, count)

    def _severity(self, value: Any, count: int, rows: PartialRows) -> None:
        if isinstance(value, Maybe):
            rows.add("severity", None, None, count)
            for name in value.missing:
                rows.add("missing", "severity", name, count)
        else:
            rows.add("severity", None, self.judged.severity_names(value)[0], count)

    def _owner(self, owned: Any, count: int, rows: PartialRows) -> None:
        result = owned.result
        if result.owner or result.candidates:
            rows.add("owner", None, result.owner, count)
        if not result.owner:
            for name in result.missing:
                rows.add("missing", "owner", name, count)

    def _codes(self, coded: Coded, meaning: Callable[[Any, int, PartialRows], None], where: pl.Expr | None) -> None:
        """How often each code stands."""
        if coded.width == 1:
            self._times(pl.lit(True) if where is None else where, partial(meaning, coded.domain[0]))
            return
        code = coded.code.expr
        if coded.width <= _FEW or not code.meta.root_names():
            for number, value in enumerate(coded.domain):
                test = code == number if where is None else (code == number) & where
                self._times(test, partial(meaning, value))
            return
        code = code if where is None else code.filter(where)

        def grouped(pairs: Any, rows: PartialRows) -> None:
            for pair in pairs:
                meaning(coded.domain[pair["code"]], pair["count"], rows)

        self._want(code.alias("code").value_counts(name="count").implode(), grouped)


def _add(part: str, rule: str | None, key: str | None, count: int, rows: PartialRows) -> None:
    rows.add(part, rule, key, count)


def _outcome(rule: str, result: Any, count: int, rows: PartialRows) -> None:
    rows.add("outcome", rule, result.outcome, count)
    if result.without_waiver is not None:
        rows.add("waiver", None, f"{rule}={result.without_waiver}", count)
    if result.outcome == INDETERMINATE:
        for name in result.missing:
            rows.add("missing", rule, name, count)


def _penalty(rule: str, proposal: Any, count: int, rows: PartialRows) -> None:
    if proposal is None:
        return
    amounts = [proposal.amount, proposal.min, proposal.max]
    total, least, most = (Decimal(0) if a is None else a * count for a in amounts)
    rows.add("penalty", rule, proposal.state, count, (total, least, most, count * (proposal.min is None), count * (proposal.max is None)))


def _spans(rule: str, spans: Any, rows: PartialRows) -> None:
    rows.add(LATE, rule, None, int(spans.list.len()[0] or 0), values=spans)


def read_row(frame: pl.DataFrame) -> dict[str, Any]:
    """The values of a frame of one row; lists of numbers stay columns, as they may hold one for every record."""
    return {name: frame[name] if frame[name].dtype == pl.List(pl.Int64) else frame[name][0] for name in frame.columns}


# --------------------------------------------------------------------------- whole tables
@define
class Counted:
    """What was counted of a table, and the rows that are no record."""

    rows: int = 0
    counts: list[pl.DataFrame] = field(factory=list)
    rejected: list[pl.DataFrame] = field(factory=list)
    numbers: list[pl.Series] = field(factory=list)

    def partials(self, shape: DecisionColumns) -> pl.DataFrame:
        """All partial counts, one under the other."""
        return pl.concat([pl.DataFrame(schema=partials_schema(shape)), *self.counts])

    def ids(self) -> pl.Series:
        """The numbers of the records decided."""
        return pl.concat([pl.Series("id", [], dtype=pl.String), *self.numbers])


Collect = Callable[[list[pl.LazyFrame]], list[pl.DataFrame]]
# Rows that go through the tiers at a time.
_BATCH = 250_000


def count_rows(table: pl.LazyFrame, tiers: Tiers, *, ids: bool, total: int | None = None, collect: Collect = pl.collect_all) -> Counted:
    """Counts the numbered rows of a table in one pass a version; what columns cannot count goes through the tiers.

    ``total``: how many rows the table has, where that is known.
    """
    engine = tiers.engine
    counted = Counted(total if total is not None else collect([table.select(pl.len())])[0].item())
    schema = list(engine.schema)
    plan, _, _ = engine.receipt()
    received, bare = plan.applied(table), plan.applied(table.drop(ROW))
    routes = engine.routes()
    routed = 0
    for version, route in enumerate(routes):
        mine = received.filter(route)
        judged = engine.tier(version, hopeful=True)
        if judged is None:
            (rows,) = collect([mine.select(*schema, ROW)])
            routed += rows.height
            _through(tiers, rows, counted, believed=True)
            continue
        routed += _count_version(judged, version, mine, bare.filter(route), tiers, counted, ids, collect)
    if routed < counted.rows:
        lacking = tiers.lacking(table)
        if lacking is not None:
            # Where one full column says that no such row is blank, the others need not be read.
            seldom = tiers.seldom_blank()
            simpler = lacking if seldom is None else tiers.lacking(table, blank=seldom)
            assert simpler is not None
            (refused,) = collect([simpler])
            if seldom is not None and refused[BLANK].any():
                (refused,) = collect([lacking])
            refused = refused.drop(BLANK)
            counted.rejected.append(refused)
            routed += refused.height
    if routed < counted.rows:
        others = received.filter(~pl.any_horizontal(*routes).fill_null(False))
        if lacking is not None:
            others = others.filter(~tiers.absent())
        (rows,) = collect([others.select(*schema, ROW)])
        _through(tiers, rows, counted, believed=False)
    return counted


def _count_version(
    judged: Judged, version: int, rows: pl.LazyFrame, bare: pl.LazyFrame, tiers: Tiers, counted: Counted, ids: bool, collect: Collect
) -> int:
    """Counts the rows of one version (``bare``: without their numbers, which cost as much as reading a column); how many there were."""
    engine, portfolio = tiers.engine, tiers.portfolio
    counting = Counting(judged, engine.shape, engine.policy.versions[version].model.effective.isoformat())
    wanted = counting.expressions()
    if ids and judged.id.expr.meta.root_names():
        wanted.append(judged.id.expr.implode().alias("ids"))
    mine = judged.sheet.plan.applied(rows)
    left = judged.left.expr if judged.left is not None else pl.lit(False)
    hopefully, kept = [*wanted, left.sum().alias("left")], mine
    (found,) = collect([judged.sheet.plan.applied(bare).select(hopefully)])
    total = int(found["0"][0])
    # Left can also be one answer for all rows.
    lacking = int(found["left"][0]) * (1 if left.meta.root_names() else total)
    if lacking:
        # Some rows are not what was believed: they are counted apart.
        kept = mine.filter(~left)
        found, rest = collect([kept.select(wanted), mine.filter(left).select(*engine.schema, ROW)])
        _through(tiers, rest, counted, believed=False)
    if not total - lacking:
        return total
    row = read_row(found.drop("ids", "left", strict=False))
    counted.counts.append(counting.partials(row))
    if "ids" in found.columns:
        counted.numbers.append(found["ids"].explode())
    for portion in judged.portions if portfolio is not None else ():
        policy: Any = engine.policy
        (cells,) = collect([portion.counted(kept)])
        portion.add_to(portfolio, cells, id(policy.compiled(policy.versions[version])))
    return total


def _through(tiers: Tiers, rows: pl.DataFrame, counted: Counted, *, believed: bool) -> None:
    """Rows through the tiers, with their decisions counted."""
    rows = rows.sort(ROW)
    for start in range(0, rows.height, _BATCH):
        found = tiers.run(rows.slice(start, _BATCH), believed=believed)
        counted.counts.append(partials(found.decided, tiers.engine.shape))
        counted.rejected.append(found.rejected)
        counted.numbers.append(found.decided["id"])
