"""What a summary says, as partial counts: small tables that any engine can add up.

:func:`partials` counts one batch of decisions.  Its rows say what they count (``part``, ``rule``, ``key``); two tables of
partials are added by putting one under the other and summing by those three, where ``values`` are joined.
:func:`tally_of` fills the :class:`Tally` that ``summarise`` reads.  Portfolio cells and rejects travel in the same table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, cast

import polars as pl
from attrs import Factory, define

from complaint_policy.audit.columns import DecisionColumns
from complaint_policy.audit.portfolio import Portfolio
from complaint_policy.audit.summary import RejectReason
from complaint_policy.audit.tally import Lateness, PenaltySum, Tally
from complaint_policy.outcomes import BREACHED, INDETERMINATE, STATUS_ORDER
from complaint_policy.texts import Text

__all__ = [
    "LATE",
    "PLACES",
    "PartialRows",
    "add_portfolio",
    "count_ids",
    "late_in_buckets",
    "merged",
    "middles",
    "partial_rows",
    "partials",
    "partials_schema",
    "portfolio_partials",
    "reasons_of",
    "reject_partials",
    "span",
    "straddled",
    "tally_of",
    "tally_of_rows",
]

KEYS: Final = ("part", "rule", "key")
SUMS: Final = ("records", "total", "least", "most", "least_open", "most_open")
LATE, REJECT, PORTFOLIO = "late", "reject", "portfolio"
PLACES: Final = 5
_BREACHED: Final = STATUS_ORDER.index(BREACHED)
_MICROSECOND: Final = timedelta(microseconds=1)
# Lateness is parted by its square root, in steps of 2**14: short spans, of which there are many, finely, long ones coarsely, and
# some hundred parts for three years.  A square root is rounded the same everywhere, so order is kept.
_STEP: Final = 1 << 14
_NO_MONEY: Final = (None, None, None, 0, 0)
# Up to here the half of two spans' sum is exact as a float.
_EXACT: Final = 1 << 52
_FITS: Final = 10**38
# Half of the digits a column of money holds: sums of either half are far from its end.
_HALF: Final = 10**18
# So many comparisons are cheaper than grouping.
_FEW: Final = 64


def partials_schema(columns: DecisionColumns) -> pl.Schema:
    """The columns of partial counts.

    ``records`` is a count; ``total``, ``least`` and ``most`` are sums of money, ``least_open`` and ``most_open`` the
    cases whose amount has no such bound; ``values`` are single numbers: spans in microseconds, or places of rejects.
    """
    money = pl.Decimal(38, columns.minor_digits)
    kinds: dict[str, Any] = {"part": pl.String, "rule": pl.String, "key": pl.String, "records": pl.Int64, "total": money, "least": money, "most": money}
    return pl.Schema(kinds | {"least_open": pl.Int64, "most_open": pl.Int64, "values": pl.List(pl.Int64)})


def partials(inner: pl.DataFrame, columns: DecisionColumns) -> pl.DataFrame:
    """The counts of one batch of decisions (all its inner columns)."""
    return partial_rows(inner, columns).frame(partials_schema(columns))


def partial_rows(inner: pl.DataFrame, columns: DecisionColumns) -> PartialRows:
    """The same before they are a table."""
    judged = [r.id for r in columns.rules if r.judged]
    deadlines = [r.id for r in columns.rules if r.kind == "deadline"]
    # One pass: outcomes are compared by their numbers, which costs a tenth of grouping.
    found = inner.select(*_codes("status"), *(e for r in judged for e in _codes(f"{r}.outcome")), *_late(deadlines))
    spans: dict[str, pl.Series] = {rule: found[f"{rule}/spans"][0] for rule in deadlines}
    counted = found.drop(f"{rule}/spans" for rule in deadlines).row(0, named=True)
    rows = PartialRows()
    rows.add("decided", None, None, inner.height)
    rows.add("id.missing", None, None, inner["id"].null_count())
    for outcome in STATUS_ORDER:
        rows.add("status", None, outcome, counted[f"status/{outcome}"])
    # A record outside the policy, and a policy without levels or owners, leave nothing undecided.
    possible = inner["severity.possible"]
    rows.count("severity", None, inner["severity"] if not possible.null_count() else inner["severity"].filter(possible.is_not_null()))
    owned = inner["owned"]
    rows.count("owner", None, inner["owner"] if owned.all() else inner["owner"].filter(owned))
    rows.count("version", None, inner["version"])
    rows.count("unusable", None, _names(inner["unusable"]))
    rows.count("waiver", None, _names(inner["waivers"]))
    rows.count("missing", "severity", _names(inner["severity.missing"]))
    rows.count("missing", "owner", _names(inner["owner.missing"]))
    for rule in judged:
        for outcome in STATUS_ORDER:
            rows.add("outcome", rule, outcome, counted[f"{rule}.outcome/{outcome}"])
        lacking = inner[f"{rule}.missing"]
        if lacking.null_count() < inner.height:
            rows.count("missing", rule, _names(lacking.filter(inner[f"{rule}.outcome"] == INDETERMINATE)))
    for rule in deadlines:
        rows.add("open", rule, None, counted[f"{rule}/open"])
        rows.add(LATE, rule, None, counted[f"{rule}/known"], values=spans[rule])
    for rule in (r.id for r in columns.rules if r.kind == "penalty"):
        rows.penalties(rule, inner)
    return rows


def reject_partials(rejected: pl.DataFrame, columns: DecisionColumns) -> pl.DataFrame:
    """The counts of one batch of rejects: by reason, each with the first places."""
    grouped = rejected.group_by("reason", "reason_zh").agg(pl.len(), pl.col("source_row").drop_nulls().sort().head(PLACES))
    rows = PartialRows()
    for reason, reason_zh, times, places in grouped.iter_rows():
        rows.add(REJECT, reason, reason_zh, times, values=pl.Series(places, dtype=pl.Int64))
    return rows.frame(partials_schema(columns))


def portfolio_partials(gathered: Portfolio, columns: DecisionColumns) -> pl.DataFrame:
    """What the portfolio rules gathered: each cell as a text, counted by how often it came up."""
    rows = PartialRows()
    for rule, text in gathered.parts():
        rows.add(PORTFOLIO, rule, text, 1)
    return rows.frame(partials_schema(columns))


def add_portfolio(counts: pl.DataFrame, gathered: Portfolio) -> None:
    """Put the cells among partials back into a portfolio."""
    for rule, text, times in counts.filter(pl.col("part") == PORTFOLIO).select("rule", "key", "records").iter_rows():
        gathered.add_part(rule, text, times)


def reasons_of(counts: pl.DataFrame) -> tuple[RejectReason, ...]:
    """The reasons among partials, the most frequent first, each with the first places."""
    rejects = merged(counts.filter(pl.col("part") == REJECT)).sort(["records", "rule"], descending=[True, False])
    places = rejects["values"].list.sort().list.head(PLACES)
    counted = zip(rejects["rule"], rejects["key"], rejects["records"], places, strict=True)
    return tuple(RejectReason(Text(en, zh), times, tuple(first)) for en, zh, times, first in counted)


def merged(counts: pl.DataFrame) -> pl.DataFrame:
    """Partials put under one another, added up."""
    return counts.group_by(KEYS).agg(pl.col(SUMS).sum(), pl.col("values").explode().drop_nulls())


def late_in_buckets(counts: pl.DataFrame) -> pl.DataFrame:
    """The same partials with lateness parted by its length, for an engine that does not want all of it in one place."""
    late = counts.filter(pl.col("part") == LATE)
    parted = [counts.filter(pl.col("part") != LATE)]
    bucket = (pl.col("values").clip(0).cast(pl.Float64).sqrt() / _STEP).cast(pl.Int64).alias("key")
    for (rule,), rows in late.group_by("rule"):
        spans = pl.concat([*rows["values"]]).to_frame("values")
        grouped = spans.group_by(bucket).agg(pl.len().cast(pl.Int64).alias("records"), "values")
        unbounded = pl.lit(0, pl.Int64)
        parted.append(grouped.with_columns(pl.col("key").cast(pl.String), part=pl.lit(LATE), rule=pl.lit(rule), least_open=unbounded, most_open=unbounded))
    return pl.concat(parted, how="diagonal")


def count_ids(ids: pl.Series) -> tuple[int, int]:
    """How many ids stand on more than one record, and on how many records they do."""
    known = ids.drop_nulls()
    hashes = known.hash()  # ids of which none has another's hash are all different, which is seen in half the time
    if hashes.n_unique() == len(known):
        return 0, 0
    times = known.filter(hashes.is_duplicated()).value_counts()["count"]
    often = times.filter(times > 1)
    return len(often), int(often.sum())


def middles(columns: Mapping[str, pl.Series]) -> dict[str, tuple[timedelta, timedelta]]:
    """Of columns of spans in microseconds the median, cut to whole ones as ``Tally`` does, and the longest; none may be empty."""
    pieces = {name: spans.rechunk() for name, spans in columns.items()}  # a median of several pieces takes ten times as long
    asked = [made.alias(f"{i}{k}") for i, one in enumerate(pieces.values()) for k, made in enumerate((pl.lit(one).median(), pl.lit(one).max()))]
    row = pl.select(asked).row(0) if asked else ()  # each on a core of its own
    return {name: (_exactly(pieces[name], middle, longest), span(longest)) for name, middle, longest in zip(pieces, row[::2], row[1::2], strict=True)}


def _exactly(spans: pl.Series, middle: float, longest: int) -> timedelta:
    if longest < _EXACT:
        return span(middle)
    return span(straddled(spans.sort(), ((len(spans) - 1) // 2, len(spans) // 2)))


def straddled(ordered: pl.Series, places: tuple[int, int]) -> int:
    """What lies halfway between the values at two places."""
    return _halfway(int(ordered[places[0]]), int(ordered[places[1]]))


def _halfway(low: int, high: int) -> int:
    return low if low == high else int((low + high) / 2)


def span(microseconds: Any) -> timedelta:
    """So many microseconds."""
    return int(microseconds) * _MICROSECOND


def tally_of(counts: pl.DataFrame, columns: DecisionColumns, *, ids: tuple[int, int] = (0, 0), late: dict[str, Lateness] | None = None) -> Tally:
    """The tally of all partials put together; ``ids`` as :func:`count_ids` gives them.

    ``late`` hands in how late each deadline is, where an engine has found it without collecting every span.
    """
    tally = _Filled(columns, known_late=late, id_counts=ids)
    late_rows = counts.filter(pl.col("part") == LATE)
    for rule, spans in zip(late_rows["rule"], late_rows["values"], strict=True):
        tally.spans.setdefault(rule, []).append(spans)
    _fill(tally, merged(counts.filter(pl.col("part") != LATE)).drop("values").iter_rows())
    return tally


def tally_of_rows(parts: Iterable[PartialRows], columns: DecisionColumns, *, ids: tuple[int, int] = (0, 0)) -> Tally:
    """The same of counts that are still in memory, which takes a tenth of the time where they are few."""
    tally = _Filled(columns, id_counts=ids)
    cents = Decimal(1).scaleb(-columns.minor_digits)
    rows: list[tuple[Any, ...]] = []
    for part in parts:
        for rule, spans in part.spans():
            tally.spans.setdefault(rule, []).append(spans)
        for name, rule, key, records, total, least, most, *unbounded in part.rows:
            sums = (None if amount is None else amount.quantize(cents) for amount in (total, least, most))
            rows.append((name, rule, key, records, *sums, *unbounded))
    _fill(tally, rows)
    return tally


def _fill(tally: _Filled, rows: Iterable[tuple[Any, ...]]) -> None:
    tally.penalties = {rule.id: {} for rule in tally.columns.rules if rule.kind == "penalty"}
    counters: dict[str, Any] = {
        "status": tally.status, "severity": tally.severity, "owner": tally.owner, "version": tally.versions, "unusable": tally.unusable,
        "waiver": tally.waivers,
    }  # fmt: skip
    for part, rule, key, records, total, least, most, least_open, most_open in rows:
        if part in counters:
            counters[part][key] += records
        elif part == "decided":
            tally.decided += records
        elif part == "outcome":
            tally.outcomes[rule][key] += records
        elif part == "missing":
            tally.missing[rule, key] += records
        elif part == "open":
            tally.open_now[rule] = tally.open_now.get(rule, 0) + records
        elif part == "id.missing":
            tally.missing_ids += records
        elif part == "penalty":
            tally.penalties[rule].setdefault(key, PenaltySum()).add(records, total, None if least_open else least, None if most_open else most)
    for rule in tally.penalties:
        tally.penalties[rule] = dict(sorted(tally.penalties[rule].items()))


@define
class _Filled(Tally):
    """A tally filled from partials."""

    open_now: dict[str, int] = Factory(dict)
    spans: dict[str, list[pl.Series]] = Factory(dict)
    known_late: dict[str, Lateness] | None = None
    id_counts: tuple[int, int] = (0, 0)
    _middles: dict[str, tuple[timedelta, timedelta]] = Factory(dict)

    def lateness(self, rule: str) -> Lateness:
        breached, still_open = self.outcomes[rule][BREACHED], self.open_now.get(rule, 0)
        if self.known_late is not None and rule in self.known_late:
            return self.known_late[rule]
        if rule not in self.spans:
            return Lateness(breached, still_open, 0, None, None)
        if rule not in self._middles:
            self._middles = middles({name: pl.concat(parts) for name, parts in self.spans.items()})
        return Lateness(breached, still_open, sum(map(len, self.spans[rule])), *self._middles[rule])

    @property
    def repeated_ids(self) -> int:
        return self.id_counts[0]

    @property
    def records_with_repeated_ids(self) -> int:
        return self.id_counts[1]


class PartialRows:
    """Rows of partials being gathered; what counts nothing is left out."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []
        self.values: dict[int, pl.Series] = {}

    def add(self, part: str, rule: str | None, key: str | None, records: int, money: tuple[Any, ...] = _NO_MONEY, values: pl.Series | None = None) -> None:
        if records or any(money):
            if values is not None:
                self.values[len(self.rows)] = values
            self.rows.append((part, rule, key, records, *money))

    def spans(self) -> Iterator[tuple[str, pl.Series]]:
        """Of each deadline by how much cases are late, a series of numbers."""
        for place, values in self.values.items():
            if self.rows[place][0] == LATE:
                yield self.rows[place][1], values

    def count(self, part: str, rule: str | None, names: pl.Series) -> None:
        for name, records in _counted(names):
            self.add(part, rule, name, records)

    def penalties(self, rule: str, inner: pl.DataFrame) -> None:
        states = inner[f"{rule}.state"]
        if states.null_count() == inner.height:
            return
        parts = {name: f"{rule}.{name}" for name in ("amount", "min", "max")}
        for state, cases in _counted(states.drop_nulls()):
            chosen = inner.select(parts.values()) if cases == inner.height else inner.select(pl.col(list(parts.values())).filter(states == state))
            amount, least, most = (chosen[name] for name in parts.values())
            self.add("penalty", rule, state, cases, (_sum(amount), _sum(least), _sum(most), least.null_count(), most.null_count()))

    def frame(self, schema: pl.Schema) -> pl.DataFrame:
        names = [name for name in schema if name != "values"]
        table = pl.DataFrame(self.rows, schema={name: schema[name] for name in names}, orient="row")
        # Lists are never taken through Python: they may hold a number for every record.
        none = pl.Series([None], dtype=schema["values"])
        lists = {place: values.rename("").implode() for place, values in self.values.items()}
        values = pl.concat([lists.get(i, none) for i in range(len(self.rows))] or [none.clear()])
        return table.with_columns(values.alias("values"))


def _codes(column: str) -> Iterator[pl.Expr]:
    for code, outcome in enumerate(STATUS_ORDER):
        yield (pl.col(column).to_physical() == code).sum().alias(f"{column}/{outcome}")


def _late(deadlines: list[str]) -> Iterator[pl.Expr]:
    for rule in deadlines:
        breached = pl.col(f"{rule}.outcome").to_physical() == _BREACHED
        spans = pl.col(f"{rule}.over_by").to_physical().filter(breached).drop_nulls()
        yield spans.implode().alias(f"{rule}/spans")
        yield spans.len().alias(f"{rule}/known")
        yield (breached & pl.col(f"{rule}.open")).sum().alias(f"{rule}/open")


def _sum(amounts: pl.Series) -> Decimal:
    """The sum of a column of money; by its whole numbers, ten times as fast, where they cannot overflow."""
    if amounts.null_count() == len(amounts):
        return Decimal(0)
    whole, scale = amounts.to_physical(), cast(Any, amounts.dtype)
    ends: Any = (whole.min(), whole.max())
    if max(map(abs, ends)) * len(whole) >= _FITS:
        half = pl.Series([_HALF], dtype=pl.Int128)
        upper, lower = (whole // half).sum(), (whole % half).sum()
        return Decimal(f"{int(upper) * _HALF + int(lower)}E-{scale.scale}")
    return Decimal(f"{whole.sum()}E-{scale.scale}")


def _names(lists: pl.Series) -> pl.Series:
    return lists.drop_nulls().explode().drop_nulls()


def _counted(names: pl.Series) -> list[tuple[Any, int]]:
    """Each value with its number of times."""
    if names.is_empty():
        return []
    if isinstance(names.dtype, pl.Enum) and 0 < len(names.dtype.categories) <= _FEW:
        return _of_enumeration(names, names.dtype.categories.to_list())
    first = names[0]
    if first is not None and not names.null_count() and bool((names == first).all()):
        return [(str(first), len(names))]  # one comparison is cheaper than grouping
    grouped = names.to_frame("name").lazy().group_by("name").len().collect()
    return [(None if name is None else str(name), times) for name, times in grouped.iter_rows()]


def _of_enumeration(names: pl.Series, categories: list[str]) -> list[tuple[Any, int]]:
    codes = names.to_physical().to_frame("code")
    times = codes.select((pl.col("code") == number).sum().alias(str(number)) for number in range(len(categories))).row(0)
    counted: list[tuple[Any, int]] = [(name, n) for name, n in zip(categories, times, strict=True) if n]
    return [*counted, (None, names.null_count())] if names.null_count() else counted
