"""What is counted of the rows of one version: columns of codes and spans, how a batch of them is summed up, and what the sums mean."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any, Final

import polars as pl
from attrs import define, field

from complaint_policy.audit.partials import LATE, PartialRows
from complaint_policy.columns.amounts import MeasuredProposal, Proposals
from complaint_policy.columns.values import Coded
from complaint_policy.columns.version import Judged, RuleColumns
from complaint_policy.outcomes import BREACHED, INDETERMINATE, STATUS_ORDER
from complaint_policy.possible import Maybe

__all__ = ["COUNTED", "Sums", "sums_of"]

# So many comparisons are cheaper than grouping.
_FEW: Final = 40
COUNTED: Final = "counted"  # beside the columns: the rows that are counted, where others are among them


def sums_of(judged: Judged, effective: str, *, some: bool) -> Sums:
    """The sums of a version that began on a day ``effective``, put together once; ``some``: only the rows of ``COUNTED`` are counted."""
    key = ("sums", some)
    if key not in judged.asked:
        judged.asked[key] = Sums(judged, effective, some)
    made: Sums = judged.asked[key]
    return made


@define
class Sums:
    """``columns`` of each row, called by their places; ``sums`` of a batch of them, each one number or a list, and their ``meanings``."""

    judged: Judged
    effective: str
    some: bool
    columns: list[pl.Expr] = field(factory=list, init=False)
    sums: list[pl.Expr] = field(factory=list, init=False)
    meanings: list[Callable[[Any, PartialRows], None]] = field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        self._gather()

    def partials(self, found: list[Any]) -> PartialRows:
        """The partial counts that sums come to."""
        rows = PartialRows()
        for one, meaning in zip(found, self.meanings, strict=True):
            meaning(one, rows)
        return rows

    def _column(self, expr: pl.Expr) -> pl.Expr:
        """A column to be counted."""
        self.columns.append(expr)
        return pl.col(str(len(self.columns) - 1))

    def _times(self, test: pl.Expr | None, meaning: Callable[[int, PartialRows], None]) -> None:
        """On how many rows a test holds, or how many there are."""
        counted = self._where(test)
        self._want(pl.len() if counted is None else counted.sum(), lambda n, rows: meaning(n, rows) if n else None)

    def _where(self, test: pl.Expr | None) -> pl.Expr | None:
        """A test of the rows that are to be counted (None: all are)."""
        if not self.some:
            return test
        return pl.col(COUNTED) if test is None else test & pl.col(COUNTED)

    def _want(self, expr: pl.Expr, meaning: Callable[[Any, PartialRows], None]) -> None:
        self.sums.append(expr.alias(str(len(self.sums))))
        self.meanings.append(meaning)

    def _gather(self) -> None:
        judged = self.judged
        self._times(None, self._decided)
        self._times(self._column(judged.id.expr.is_null()), partial(_add, "id.missing", None, None))
        status = self._column(judged.status.expr)
        for code, outcome in enumerate(STATUS_ORDER):
            self._times(status == code, partial(_add, "status", None, outcome))
        scoped = None
        if judged.sheet.model.scope is not None and judged.scope.value is not None:
            scoped = self._column(judged.scope.value.expr.fill_null(True))
        if judged.severity is not None:
            self._codes(judged.severity, self._severity, scoped)
        if judged.owned is not None:
            self._codes(judged.owned, self._owner, scoped)
        for name, bad in judged.sheet.bad.items():
            if name in judged.sheet.used:
                self._times(self._column(bad.expr), partial(_add, "unusable", None, name))
        for number in judged.sheet.waivers.records:
            named = judged.sheet.named_by(number).value
            if named is not None:
                self._times(self._column(named.expr.fill_null(False)), partial(_add, "waiver", None, str(number)))
        for rule in judged.rules:
            if rule.kind == "penalty":
                numbers = self._codes(rule.coded, partial(_penalty, rule.id), None)
                if isinstance(rule.coded, Proposals):
                    self._amounts(rule.id, rule.coded, numbers)
                continue
            codes = self._codes(rule.coded, partial(_outcome, rule.id), None)
            if rule.kind == "deadline":
                self._lateness(rule, codes)

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

    def _lateness(self, rule: RuleColumns, code: pl.Expr) -> None:
        """How many breached acts are still open, and the spans of all that are known."""
        late = self.judged.late(rule)
        self._times(self._column(late.opened.expr), partial(_add, "open", rule.id, None))
        broken = [code == number for number, result in enumerate(rule.coded.domain) if result.outcome == BREACHED]
        where = self._where(pl.any_horizontal(broken)) if broken else None
        if where is not None:
            spans = self._column(late.span.expr).filter(where).drop_nulls()
            self._want((spans + late.beyond if late.beyond else spans).implode(), partial(_spans, rule.id))

    def _amounts(self, rule: str, coded: Proposals, code: pl.Expr) -> None:
        """What the proposals whose amounts are those of their rows come to, by their states."""
        digits = self.judged.minor_digits
        states = {p.state for p in coded.domain if isinstance(p, MeasuredProposal)}
        for place, part in enumerate(("amount", "min", "max")):
            minor = coded.minor(part, digits)
            if minor is None:
                continue
            amounts = self._column(minor.expr)
            for state in sorted(states):
                chosen = pl.any_horizontal(code == number for number, p in enumerate(coded.domain) if isinstance(p, MeasuredProposal) and p.state == state)
                self._want(amounts.filter(chosen & pl.col(COUNTED) if self.some else chosen).sum(), partial(_sum_of, rule, state, place, digits))

    def _codes(self, coded: Coded, meaning: Callable[[Any, int, PartialRows], None], where: pl.Expr | None) -> pl.Expr:
        """How often each code stands; the codes."""
        if coded.width == 1:
            self._times(where, partial(meaning, coded.domain[0]))
            return pl.lit(0, dtype=pl.UInt8)
        code = self._column(coded.code.expr)
        if coded.width <= _FEW:
            for number, value in enumerate(coded.domain):
                test = code == number
                self._times(test if where is None else test & where, partial(meaning, value))
            return code
        counted = self._where(where)

        def grouped(pairs: Any, rows: PartialRows) -> None:
            for pair in pairs:
                meaning(coded.domain[pair["code"]], pair["count"], rows)

        self._want((code if counted is None else code.filter(counted)).alias("code").value_counts(name="count").implode(), grouped)
        return code


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
    least_open, most_open = proposal.min is None, proposal.max is None
    if isinstance(proposal, MeasuredProposal):
        least_open, most_open = proposal.parts["min"] is None, proposal.parts["max"] is None
    rows.add("penalty", rule, proposal.state, count, (total, least, most, count * least_open, count * most_open))


def _sum_of(rule: str, state: str, place: int, digits: int, minor: int | None, rows: PartialRows) -> None:
    money: list[Any] = [Decimal(0), Decimal(0), Decimal(0), 0, 0]
    money[place] = Decimal(f"{minor or 0}E-{digits}")
    rows.add("penalty", rule, state, 0, tuple(money))


def _spans(rule: str, spans: pl.Series, rows: PartialRows) -> None:
    rows.add(LATE, rule, None, len(spans), values=spans)
