"""Batches of a table through the tiers of an engine: decisions with their rows, and the rows that are no record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import polars as pl
from attrs import define, field

from complaint_policy.audit.columns import REJECTED_SCHEMA, DecisionRows, frame_zone
from complaint_policy.audit.engine import LEFT, ROW, Engine
from complaint_policy.audit.enumerations import level_type, owner_type
from complaint_policy.audit.interfaces import AnyDecision
from complaint_policy.audit.portfolio import Portfolio
from complaint_policy.audit.records import Entry
from complaint_policy.errors import ComplaintPolicyError, RecordError
from complaint_policy.texts import Text

__all__ = ["Judgement", "Tiers", "inner_types"]

_CHUNK: Final = 5_000
# For so many rows tables of more days are worth making.
_WORTH: Final = 2_000
# From here on the streaming engine is faster than the other.
_STREAMED: Final = 150_000


def inner_types(engine: Engine, *, inner: bool = True) -> dict[str, Any]:
    """The types of every column, levels and owners as enumerations; due instants in naive UTC, or (not ``inner``) as they are shown."""
    types = engine.shape.inner_schema() | {"severity": level_type(engine.policy), "owner": owner_type(engine.policy)}
    if not inner:
        types |= {f"{r.id}.due_at": pl.Datetime("us", frame_zone(engine.shape.zone)) for r in engine.shape.rules if r.kind == "deadline"}
    return types


@define
class Judgement:
    """What became of the rows of a batch."""

    decided: pl.DataFrame
    refused: list[Callable[[], pl.DataFrame]]
    by_record: int = 0  # how many of the decided went record by record

    @property
    def rejected(self) -> pl.DataFrame:
        """The rows that are no record; put together when it is asked for."""
        return pl.concat([pl.DataFrame(schema=REJECTED_SCHEMA), *(make() for make in self.refused)]).sort("row")


@define
class Tiers:
    """``entries`` gives the records of some rows of a table, ``judge`` the full decision of one."""

    engine: Engine
    entries: Callable[[pl.DataFrame], Iterable[Entry]]
    judge: Callable[[Entry], AnyDecision]
    inner: bool
    extra: Sequence[str] = ()
    portfolio: Portfolio | None = None
    plain_rejects: bool = True  # whether a row without a receipt is told by its columns
    lines: pl.Expr | None = field(factory=lambda: pl.col(ROW) + 1)  # where a row stands in the source; None: only its entry says
    by_record: int = field(default=0, init=False)

    def names(self) -> list[str]:
        """The columns of the decisions, in order."""
        if self.inner:
            return list(inner_types(self.engine))
        return [expr.meta.output_name() for expr in self.engine.shape.public(self.extra)]

    # ---------------------------------------------------------------- one batch
    def run(self, frame: pl.DataFrame, *, believed: bool = True) -> Judgement:
        """Judges the rows of a frame, numbered by its column ``ROW`` or, where it has none, from 0 on.

        Not ``believed``: none of them is what a look at the table suggests.
        """
        engine = self.engine
        parts: list[pl.DataFrame] = []
        plan, _, _ = engine.receipt()
        received = plan.applied(_numbers(frame))
        routed = by_record = before = 0
        leftover: list[pl.DataFrame] = []
        routes = engine.routes()
        present = self.versions_in(received, routes, believed, lambda query: _collected(query, frame.height))
        for version, route in enumerate(routes):
            if version not in present:
                continue
            mine = received.filter(route)
            first = engine.tier(version, hopeful=believed)
            if first is None:
                rows = _collected(mine.select(_numbers(frame).collect_schema().names()), frame.height)
                routed += rows.height
                leftover.append(rows)
                continue
            found, left = self._through(first, version, mine, frame)
            if left is not None and engine.doubts(left.height, found.height + left.height):
                first = engine.tier(version, hopeful=believed)
                found, left = self._through(first, version, mine, frame)
            self._portions(first, version, mine, left)
            routed += found.height + (left.height if left is not None else 0)
            parts.append(found)
            if left is not None and left.height:
                second = engine.tier(version, hopeful=False) if believed else None
                if second is not None:
                    rows = left
                    found, left = self._through(second, version, rows.lazy(), rows)
                    self._portions(second, version, rows.lazy(), left)
                    parts.append(found)
                if left is not None and left.height:
                    leftover.append(left)
        refused: list[Callable[[], pl.DataFrame]] = []
        if routed < frame.height:
            if routed + self._without_receipt(frame) < frame.height:
                others, lacking = self._others(received, frame)
                assert routed + others.height + lacking.height == frame.height  # no row is lost
                silent, others = self._silent(others)
                refused += [lambda: lacking, lambda: silent]
                if others.height > _WORTH and engine.reaches(others.lazy(), pl.collect_all, worth=_WORTH):
                    again = self.run(others, believed=believed)
                    parts.append(again.decided)
                    refused += again.refused
                    before += again.by_record  # which it has counted itself
                else:
                    leftover.append(others)
            else:
                refused.append(lambda: self._lacking(frame))
        for rows in leftover:
            if rows.height:
                found, unread = self._records(rows)
                by_record += found.height
                parts.append(found)
                refused.append(lambda unread=unread: unread)  # type: ignore[misc]
        self.by_record += by_record
        return Judgement(self._joined(parts), refused, by_record + before)

    def versions_in(self, received: pl.LazyFrame, routes: Sequence[pl.Expr], believed: bool, collect: Callable[[pl.LazyFrame], pl.DataFrame]) -> frozenset[int]:
        """The versions that judge some row; of one that is made ready already it is not asked."""
        unready = [version for version in range(len(routes)) if not self.engine.is_ready(version, hopeful=believed)]
        everything = frozenset(range(len(routes)))
        if len(routes) < 2 or not unready:
            return everything
        found = collect(received.select(routes[version].fill_null(False).any().alias(str(version)) for version in unready)).row(0)
        return everything - {version for version, there in zip(unready, found, strict=True) if not there}

    def _without_receipt(self, frame: pl.DataFrame) -> int:
        """How many rows have plainly no receipt, where that can be told at once."""
        engine = self.engine
        source = engine.table.sources.get("received_at")
        if source is None or not self.sees_lacking or not source.expr.meta.is_column():
            return 0
        return frame.get_column(source.expr.meta.output_name()).null_count()

    @property
    def sees_lacking(self) -> bool:
        """Whether columns can say of a row that it has no receipt, and everything a reject tells."""
        engine = self.engine
        source = engine.table.sources.get("received_at")
        plain = source is None or (source.meaning is None and source.kind.base_type() in (pl.Datetime, pl.Date, pl.Null))
        return self.plain_rejects and plain and engine.table.keeps is None and _plain_id(engine) is not None

    def _portions(self, judged: Any, version: int, rows: pl.LazyFrame, left: pl.DataFrame | None) -> None:
        """What the portfolio rules count of the rows a tier decides: all but those it left."""
        if self.portfolio is None or self.portfolio.empty:
            return
        policy: Any = self.engine.policy
        if left is not None and left.height:
            # By their numbers: asked a second time, Polars' engines may divide a float differently and leave other rows.
            rows = rows.filter(~pl.col(ROW).is_in(left[ROW].implode()))
        decided = judged.sheet.plan.applied(rows)
        for portion in judged.portions:
            portion.add_to(self.portfolio, portion.counted(decided).collect(), id(policy.compiled(policy.versions[version])))

    def _joined(self, parts: list[pl.DataFrame]) -> pl.DataFrame:
        types = inner_types(self.engine, inner=self.inner)
        filled = [p for p in parts if p.height]
        if not filled:
            return pl.DataFrame(schema={name: types[name] for name in self.names()})
        if len(filled) == 1:
            return filled[0]
        return pl.concat(filled).sort("row")

    def _through(self, judged: Any, version: int, rows: pl.LazyFrame, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame | None]:
        """What a tier decides of some rows of a frame, and the rows it leaves (None: it can leave none)."""
        key = ("decisions", self.inner, *self.extra)
        if key not in judged.asked:
            judged.asked[key] = self._columns_of(judged, version)
        found = _collected(judged.sheet.plan.applied(rows).select(judged.asked[key]), frame.height)
        columns = {column.name: column for column in found.get_columns()}
        # Put together anew: choosing columns would copy them.
        found = pl.DataFrame([columns[name] for name in self.names()])
        if judged.left is None:
            return found, None
        flags = columns[LEFT]
        if not flags.any():
            return found, None
        places = found["row"].filter(flags)
        return found.filter(~flags), _collected(_numbers(frame).filter(pl.col(ROW).cast(pl.Int64).is_in(places.implode())), frame.height)

    def _columns_of(self, judged: Any, version: int) -> list[pl.Expr]:
        """The columns of the decisions in their types, and which rows are left."""
        types = inner_types(self.engine, inner=self.inner)
        wanted: list[pl.Expr] = []
        for column in self.engine.wanted(judged, version, inner=self.inner, extra=self.extra):
            name = column.meta.output_name()
            wanted.append(column if name in _READY or name.endswith(_TYPED) else column.cast(types[name]))
        return wanted if judged.left is None else [*wanted, judged.left.expr.alias(LEFT)]

    # ---------------------------------------------------------------- rows out of the ordinary
    def absent(self) -> pl.Expr:
        """Rows whose cell of the receipt is null."""
        source = self.engine.table.sources.get("received_at")
        return pl.lit(True) if source is None else source.expr.is_null()

    def lacking(self, table: pl.LazyFrame, *, blank: pl.Expr | None = None) -> pl.LazyFrame:
        """The rejects of rows plainly without a receipt, where columns see them (:attr:`sees_lacking`).

        ``blank``: which of them have nothing in any column, where that is known to be simpler than looking at every column.
        """
        identity = _plain_id(self.engine)
        assert identity is not None
        # The filter stands first, so that of a file only such rows are read.
        rows = table.filter(self.absent()).with_columns((self.engine.table.blank if blank is None else blank).alias(BLANK))
        nothing, missing = BLANK_ROW, NO_RECEIPT
        en, zh = (pl.when(BLANK).then(pl.lit(one)).otherwise(pl.lit(other)) for one, other in ((nothing.en, missing.en), (nothing.zh, missing.zh)))
        return rows.select(BLANK, *_reject(pl.col(ROW) + 1, identity, en, zh, pl.when(~pl.col(BLANK)).then(pl.lit("received_at"))))

    def seldom_blank(self) -> pl.Expr | None:
        """Rows that may have nothing in any column, by one column that is believed to be full."""
        table = self.engine.table
        # Texts last: of them alone statistics cannot tell.
        for _, name in sorted((table.sources[n].kind == pl.String, n) for n in self.engine.look.full):
            source = table.sources[name]
            if source.expr.meta.is_column() and (column := source.expr.meta.output_name()) in table.kinds:
                return table.blank_in(column)
        return None

    def _others(self, received: pl.LazyFrame, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Rows that no version takes by their columns: those for the record evaluation to refuse or judge, and those plainly without a receipt."""
        others = received.filter(~pl.any_horizontal(*self.engine.routes()).fill_null(False))
        names = _numbers(frame).collect_schema().names()
        if not self.sees_lacking:
            return _collected(others.select(names), frame.height), pl.DataFrame(schema=REJECTED_SCHEMA)
        return _collected(others.filter(~self.absent()).select(names), frame.height), self._lacking(frame)

    def _silent(self, others: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rejects of rows received when no version was in force, and the other rows."""
        engine = self.engine
        reasons, identity = engine.silent() if self.lines is not None else None, _plain_id(engine)
        if reasons is None or identity is None or self.lines is None or not others.height:
            return pl.DataFrame(schema=REJECTED_SCHEMA), others
        plan, _, _ = engine.receipt()
        shown = plan.applied(others.lazy()).select(_reject(self.lines, identity, *reasons, pl.lit("received_at")))
        told = _collected(shown, others.height)
        known = told["reason"].is_not_null()
        return told.filter(known), others.filter(~known)

    def _lacking(self, frame: pl.DataFrame) -> pl.DataFrame:
        if not self.sees_lacking:
            return pl.DataFrame(schema=REJECTED_SCHEMA)
        return _collected(self.lacking(_numbers(frame)), frame.height).drop(BLANK)

    def _records(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        return self.records_of(self.entries(rows))

    def records_of(self, entries: Iterable[Entry], *, told: bool = True) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Records through the record evaluation: those decided, and those rejected; not ``told``: as they are few, though columns could judge them."""
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
        types = inner_types(self.engine, inner=self.inner)
        names = self.names()
        decided = pl.concat(frames)
        self.engine.singly[-1] += decided.height if told else 0
        if not self.inner:
            shape, zone = self.engine.shape, frame_zone(self.engine.shape.zone)
            dues = [f"{r.id}.due_at" for r in shape.rules if r.kind == "deadline"]
            decided = decided.with_columns(pl.col(dues).dt.replace_time_zone("UTC").dt.convert_time_zone(zone)) if dues else decided
        decided = decided.select(pl.col(name).cast(types[name]) for name in names)
        return decided, pl.DataFrame(rejected, schema=REJECTED_SCHEMA, orient="row")


BLANK: Final = "\x1fblank"
BLANK_ROW: Final = Text("nothing in the columns read", "所读取的列均为空白")
NO_RECEIPT: Final = Text("received_at is missing: no version can be chosen", "缺少收到投诉时间（received_at），无法确定适用版本")
# Columns whose expressions have their type already.
_TYPED: Final = (".outcome", ".due_at", ".amount", ".missing", ".min", ".max", ".state", ".open", ".breaches")
_READY: Final = frozenset({"id", "status", "severity", "owner"})


def _reject(line: pl.Expr, identity: pl.Expr, en: pl.Expr, zh: pl.Expr, cell: pl.Expr) -> list[pl.Expr]:
    """The columns of rejects (``REJECTED_SCHEMA``), of rows numbered by ``ROW``."""
    columns = pl.col(ROW).cast(pl.Int64), line.cast(pl.Int64), identity, en, zh, cell
    return [column.alias(name) for column, name in zip(columns, REJECTED_SCHEMA, strict=True)]


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


def _numbers(frame: pl.DataFrame) -> pl.LazyFrame:
    """The rows of a frame with their numbers; where it has none they are counted as the rows go by, which spares a column in memory."""
    return frame.lazy() if ROW in frame.columns else frame.lazy().with_row_index(ROW)


def numbered(frame: pl.DataFrame, first: int = 0) -> pl.DataFrame:
    """The frame with the number of each row."""
    return frame.with_columns(pl.int_range(first, first + frame.height, dtype=pl.Int64).alias(ROW))


def batches(frame: pl.DataFrame, size: int) -> Iterator[pl.DataFrame]:
    for start in range(0, frame.height, size):
        yield frame.slice(start, size)
