"""A policy made ready for tables of one schema: whoever holds many batches judges them one by one.

Spark's workers and the streaming audit use it.  A :class:`BatchJudge` is picklable and holds nothing of the batches
it has seen, so every worker may make one and judge with it as long as it lives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any, Final

import polars as pl

from complaint_policy.audit.columns import REJECTED_SCHEMA, DecisionColumns, DecisionRows
from complaint_policy.audit.interfaces import AnyDecision, AnyPolicy
from complaint_policy.audit.judging import columns_of_policy, fields_of_policy
from complaint_policy.audit.mapping import ColumnMapping, by_name, check_against_columns, check_against_policy, load_mapping
from complaint_policy.audit.portfolio import Portfolio
from complaint_policy.audit.records import Counts, Entry, RecordStream
from complaint_policy.audit.tables import FrameTable
from complaint_policy.errors import ComplaintPolicyError, InputError, MappingError, RecordError, UsageError
from complaint_policy.problems import nearest
from complaint_policy.texts import Text
from complaint_policy.waivers import WaiverSet

__all__ = ["BatchJudge", "mapping_for"]

_CHUNK: Final = 5_000


class BatchJudge:
    """Judges batches of one ``schema`` by one policy as of one instant.

    ``shape`` describes the columns of the decisions, ``wanted`` names the columns a batch must have, ``source_fields`` the
    fields they fill.  ``columns`` asks for more in :meth:`public`, as in ``Policy.audit``.
    """

    def __init__(
        self,
        policy: AnyPolicy,
        *,
        schema: pl.Schema,
        as_of: datetime | str,
        mapping: ColumnMapping | str | PathLike[str] | None = None,
        waivers: Any = (),
        columns: Sequence[str] = (),
    ) -> None:
        self.policy, self.schema = policy, schema
        self.instant = policy.instant(as_of)
        self.mapping = mapping_for(policy, schema.names(), mapping)
        if self.mapping.events is not None:
            raise UsageError(
                Text("an event log is folded over the whole table, not batch by batch", "事件日志须对整表合并，不能分批判定")
            )
        self.extra = tuple(columns)
        held = waivers if isinstance(waivers, (WaiverSet, str, bytes)) else list(waivers)
        self._waivers = held if isinstance(held, WaiverSet) else policy.read_waivers(held)
        self.shape: DecisionColumns = columns_of_policy(policy)
        self._public = self.shape.public(self.extra)
        stream = RecordStream(FrameTable(pl.LazyFrame(schema=schema), "table", "polars"), self.mapping, policy.zone)
        self.wanted, self.source_fields, self.unused_columns = stream.wanted, stream.source_fields, stream.unused_columns
        self.as_of = policy.zone.to_aware(self.instant)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.policy, self.schema, self.as_of, self.mapping, self._waivers, self.extra)

    def judge(self, frame: pl.DataFrame, first_row: int = 0, portfolio: Portfolio | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The decisions of a batch, with every inner column, and the rows rejected; ``row`` counts from ``first_row``.

        ``portfolio`` gathers what the rules over many records need.
        """
        rows = DecisionRows(self.shape, self.instant)
        decided = [pl.DataFrame(schema=self.shape.inner_schema())]
        rejected: list[tuple[Any, ...]] = []
        for entry in self.entries(frame):
            position = first_row + entry.position
            try:
                if entry.fault is not None:
                    raise RecordError(entry.fault)
                decision = self.evaluate(entry)
                rows.add(position, decision)
                if portfolio is not None:
                    portfolio.add(decision)
            except RecordError as error:
                rejected.append((position, position + 1, entry.id, error.reason.en, error.reason.zh, error.field))
            except ComplaintPolicyError:
                raise
            except Exception as error:  # noqa: BLE001 (one record never stops an audit)
                name = type(error).__name__
                rejected.append((position, position + 1, entry.id, f"judging the record failed ({name})", f"判定该记录时出错（{name}）", None))
            if len(rows) >= _CHUNK:
                decided.append(rows.frame())
        if len(rows):
            decided.append(rows.frame())
        return pl.concat(decided), pl.DataFrame(rejected, schema=REJECTED_SCHEMA, orient="row")

    def public(self, inner: pl.DataFrame) -> pl.DataFrame:
        """The columns of ``Audit.decisions``."""
        return inner.select(self._public)

    def entries(self, frame: pl.DataFrame) -> Iterator[Entry]:
        """The records of a batch."""
        return RecordStream(FrameTable(frame.lazy(), "table", "polars"), self.mapping, self.policy.zone).entries(Counts())

    def evaluate(self, entry: Entry) -> AnyDecision:
        """The full decision of one record."""
        return self.policy.evaluate(entry.record, as_of=self.as_of, source_fields=self.source_fields, waivers=self._waivers)


def _again(policy: AnyPolicy, schema: pl.Schema, as_of: datetime, mapping: ColumnMapping, waivers: Any, extra: tuple[str, ...]) -> BatchJudge:
    return BatchJudge(policy, schema=schema, as_of=as_of, mapping=mapping, waivers=waivers, columns=extra)


def mapping_for(policy: AnyPolicy, columns: Sequence[str], mapping: ColumnMapping | str | PathLike[str] | None) -> ColumnMapping:
    """The mapping of a table with these columns, checked against it and against the policy.

    Raises :class:`MappingError` with every problem, :class:`InputError` where without a mapping no column is ``received_at``.
    """
    fields = fields_of_policy(policy)
    if mapping is None:
        named = by_name((c.strip() for c in columns), fields)
        if named.field("received_at") is None:
            raise InputError(_no_receipt(columns))
        return named
    if isinstance(mapping, (str, PathLike)):
        mapping = load_mapping(Path(mapping))
    problems = check_against_policy(mapping, fields, policy.zone, policy.currency)
    problems = problems or check_against_columns(mapping, [c.strip() for c in columns])
    if problems:
        raise MappingError(problems)
    return mapping


def _no_receipt(columns: Sequence[str]) -> Text:
    message = Text(
        "the table has no column 'received_at': without it no record can be judged; say with a mapping file which column it is",
        "表中没有“received_at”列，无法判定任何记录；请用映射文件指明对应的列",
    )
    hint = nearest("received_at", [c for c in columns if c])
    return message if hint is None else message + Text(f" ({hint.en})", f"（{hint.zh}）")
