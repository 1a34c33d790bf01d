"""Batches of a table through the tiers of an engine: decisions with their rows, and the rows that are no record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import polars as pl
from attrs import define, field

from complaint_policy.audit.columns import REJECTED_SCHEMA, DecisionRows
from complaint_policy.audit.engine import LEFT, ROW, Engine, level_type, owner_type
from complaint_policy.audit.interfaces import AnyDecision
from complaint_policy.audit.portfolio import Portfolio
from complaint_policy.audit.records import Entry
from complaint_policy.errors import ComplaintPolicyError, RecordError
from complaint_policy.texts import Text

__all__ = ["Judgement", "Tiers", "inner_types"]

_CHUNK: Final = 5_000
# From here on the streaming engine is faster than the other.
_STREAMED: Final = 150_000


def inner_types(engine: Engine) -> dict[str, Any]:
    """The types of every inner column, levels and owners as enumerations."""
    return engine.shape.inner_schema() | {"severity": level_type(engine.policy), "owner": owner_type(engine.policy)}


@define
class Judgement:
    """What became of the rows of a batch."""

    decided: pl.DataFrame
    rejected: pl.DataFrame
    by_record: int = 0  # how many of the decided went record by record


@define
class Tiers:
    """``entries`` gives the records of some rows of a table, ``judge`` the full decision of one."""

    engine: Engine
    entries: Callable[[pl.DataFrame], Iterable[Entry]]
    judge: Callable[[Entry], AnyDecision]
    inner: bool
    extra: Sequence[str] = ()
    portfolio: Portfolio | None = None
    plain_rejects: bool = True  # a row's number in the source is its place there
    by_record: int = field(default=0, init=False)

    def names(self) -> list[str]:
        """The columns of the decisions, in order."""
        if self.inner:
            return list(inner_types(self.engine))
        return [expr.meta.output_name() for expr in self.engine.shape.public(self.extra)]

    # ---------------------------------------------------------------- one batch
    def run(self, frame: pl.DataFrame, *, believed: bool = True) -> Judgement:
        """Judges the rows of a frame that has a column ``ROW``; not ``believed``: none of them is what a look at the table suggests."""
        engine = self.engine
        parts: list[pl.DataFrame] = []
        kept = frame.lazy()
        plan, _, _ = engine.receipt()
        received = plan.applied(kept)
        routed = 0
        leftover: list[pl.DataFrame] = []
        for version, route in enumerate(engine.routes()):
            mine = received.filter(route)
            first = engine.tier(version, hopeful=believed)
            if first is None:
                rows = _collected(mine.select(frame.columns), frame.height)
                routed += rows.height
                leftover.append(rows)
                continue
            self._portions(first, version, mine)
            found, left = self._through(first, version, mine, frame)
            routed += found.height + (left.height if left is not None else 0)
            parts.append(found)
            if left is not None and left.height:
                second = engine.tier(version, hopeful=False) if believed else None
                if second is not None:
                    self._portions(second, version, left.lazy())
                    found, left = self._through(second, version, left.lazy(), left)
                    parts.append(found)
                if left is not None and left.height:
                    leftover.append(left)
        rejected = pl.DataFrame(schema=REJECTED_SCHEMA)
        if routed < frame.height:
            others, rejected = self._others(received, frame)
            leftover.append(others)
        by_record = 0
        for rows in leftover:
            if rows.height:
                found, refused = self._records(rows)
                by_record += found.height
                parts.append(found)
                rejected = pl.concat([rejected, refused])
        self.by_record += by_record
        return Judgement(self._joined(parts), rejected.sort("row") if rejected.height else rejected, by_record)

    def _portions(self, judged: Any, version: int, rows: pl.LazyFrame) -> None:
        """What the portfolio rules count of the rows a tier decides."""
        if self.portfolio is None or self.portfolio.empty:
            return
        policy: Any = self.engine.policy
        decided = judged.sheet.plan.applied(rows)
        if judged.left is not None:
            decided = decided.filter(~judged.left.expr)
        for portion in judged.portions:
            portion.add_to(self.portfolio, portion.counted(decided).collect(), id(policy.compiled(policy.versions[version])))

    def _joined(self, parts: list[pl.DataFrame]) -> pl.DataFrame:
        types = inner_types(self.engine)
        filled = [p for p in parts if p.height]
        if not filled:
            return pl.DataFrame(schema={name: types[name] for name in self.names()})
        if len(filled) == 1:
            return filled[0]
        return pl.concat(filled).sort("row")

    def _through(self, judged: Any, version: int, rows: pl.LazyFrame, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame | None]:
        """What a tier decides of some rows of a frame, and the rows it leaves (None: it can leave none)."""
        wanted = self.engine.wanted(judged, version, inner=self.inner, extra=self.extra)
        types = inner_types(self.engine)
        wanted = [e.cast(types[name]) if name not in _READY else e for e, name in zip(wanted, (e.meta.output_name() for e in wanted), strict=True)]
        if judged.left is not None:
            wanted.append(judged.left.expr.alias(LEFT))
        found = _collected(judged.sheet.plan.applied(rows).select(wanted), frame.height)
        if judged.left is None:
            return found.select(self.names()), None
        flags = found[LEFT]
        found = found.select(self.names())
        if not flags.any():
            return found, None
        places = found["row"].filter(flags)
        return found.filter(~flags), frame.filter(pl.col(ROW).is_in(places.implode()))

    # ---------------------------------------------------------------- rows out of the ordinary
    def _others(self, received: pl.LazyFrame, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Rows that no version takes by their columns: those for the record evaluation to refuse or judge, and those plainly without a receipt."""
        engine = self.engine
        routes = engine.routes()
        _, value, odd = engine.receipt()
        source = engine.table.sources.get("received_at")
        absent = value.expr.is_null() if odd is None else value.expr.is_null() & ~odd.expr.fill_null(False)
        plain = source is None or (source.meaning is None and source.kind.base_type() in (pl.Datetime, pl.Date, pl.Null))
        if source is not None:
            absent = absent & source.expr.is_null()
        identity = _plain_id(engine)
        if not self.plain_rejects or not plain or engine.table.keeps is not None or identity is None:
            absent = pl.lit(False)
        query = received.filter(~pl.any_horizontal(*routes).fill_null(False)).select(*frame.columns, absent.alias(LEFT), engine.table.blank.alias(_BLANK))
        rest = _collected(query, frame.height)
        lacking = rest.filter(pl.col(LEFT))
        others = rest.filter(~pl.col(LEFT)).select(frame.columns)
        if not lacking.height:
            return others, pl.DataFrame(schema=REJECTED_SCHEMA)
        assert identity is not None
        blank, missing = BLANK_ROW, NO_RECEIPT
        refused = lacking.select(
            row=pl.col(ROW).cast(pl.Int64),
            source_row=pl.col(ROW).cast(pl.Int64) + 1,
            id=identity,
            reason=pl.when(_BLANK).then(pl.lit(blank.en)).otherwise(pl.lit(missing.en)),
            reason_zh=pl.when(_BLANK).then(pl.lit(blank.zh)).otherwise(pl.lit(missing.zh)),
            field=pl.when(~pl.col(_BLANK)).then(pl.lit("received_at")),
        )
        return others, refused

    def _records(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        return self.records_of(self.entries(rows))

    def records_of(self, entries: Iterable[Entry]) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Records through the record evaluation: those decided, and those rejected."""
        shape, engine = self.engine.shape, self.engine
        gathered = DecisionRows(shape, engine.as_of)
        frames: list[pl.DataFrame] = []
        rejected: list[tuple[Any, ...]] = []
        for entry in entries:
            position, line = entry.position, entry.line
            try:
                if entry.fault is not None:
                    raise RecordError(entry.fault)
                decision = self.judge(entry)
                gathered.add(position, decision)
                if self.portfolio is not None:
                    self.portfolio.add(decision)
            except RecordError as error:
                rejected.append((position, line, entry.id, error.reason.en, error.reason.zh, error.field))
            except ComplaintPolicyError:
                raise
            except Exception as error:  # noqa: BLE001 (one record never stops an audit)
                name = type(error).__name__
                rejected.append((position, line, entry.id, f"judging the record failed ({name})", f"判定该记录时出错（{name}）", None))
            if len(gathered) >= _CHUNK:
                frames.append(gathered.frame())
        frames.append(gathered.frame())
        types = inner_types(self.engine)
        names = self.names()
        decided = pl.concat(frames).select(pl.col(name).cast(types[name]) for name in names)
        return decided, pl.DataFrame(rejected, schema=REJECTED_SCHEMA, orient="row")


_BLANK: Final = "\x1fblank"
BLANK_ROW: Final = Text("a blank row", "空白行")
NO_RECEIPT: Final = Text("received_at is missing: no version can be chosen", "缺少受理时间（received_at），无法确定适用版本")
# Columns whose expressions have their type already.
_READY: Final = frozenset({"id", "status", "severity", "owner"})


def _plain_id(engine: Engine) -> pl.Expr | None:
    """The record's number as its source shows it, where an expression can say it."""
    source = engine.table.sources.get("id")
    if source is None:
        return pl.lit(None, dtype=pl.String)
    if source.meaning is None and source.kind == pl.String:
        text = source.expr.str.strip_chars(_white())
        return pl.when(text != "").then(text)
    return source.expr.cast(pl.String) if source.meaning is None and source.kind.is_integer() else None


def _white() -> str:
    from complaint_policy.columns.cells import WHITE

    return WHITE


def _collected(query: pl.LazyFrame, height: int) -> pl.DataFrame:
    return query.collect(engine="streaming" if height >= _STREAMED else "in-memory")


def numbered(frame: pl.DataFrame, first: int = 0) -> pl.DataFrame:
    """The frame with the number of each row."""
    return frame.with_columns(pl.int_range(first, first + frame.height, dtype=pl.Int64).alias(ROW))


def batches(frame: pl.DataFrame, size: int) -> Iterator[pl.DataFrame]:
    for start in range(0, frame.height, size):
        yield frame.slice(start, size)
