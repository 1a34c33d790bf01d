"""What an audit gives: decisions, rejects, a summary, and any decision again in full."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from operator import index
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any, SupportsIndex

import polars as pl
from attrs import evolve

from complaint_policy.audit.across_table import FINDINGS_SCHEMA, Across
from complaint_policy.audit.caps import CapResult, totals
from complaint_policy.audit.history import MERGED_SCHEMA, History
from complaint_policy.audit.interfaces import AnyDecision
from complaint_policy.audit.plugin_sections import plugin_sections
from complaint_policy.audit.records import Entry
from complaint_policy.audit.summary import Summary
from complaint_policy.audit.writing import write_frames
from complaint_policy.errors import InputError, UsageError
from complaint_policy.exactness import exactly
from complaint_policy.guarded import WATCH
from complaint_policy.rules.portfolio.series import PARTS, PortfolioResult
from complaint_policy.rules.schedules.looked_at import Schedules
from complaint_policy.texts import Text

__all__ = ["Audit"]

_SLICE = 50_000


class Audit:
    """The result of :func:`complaint_policy.audit.run_audit`."""

    def __init__(
        self,
        *,
        decisions: Callable[[], pl.DataFrame] | None,
        rejected: Callable[[], pl.DataFrame],
        summary: Callable[[], Summary],
        find: Callable[[int], AnyDecision | None],
        entries: Callable[[], Iterator[Entry]],
        unchanged: Callable[[], bool],
        notes: Callable[[], tuple[Text, ...]] = tuple,
        schedules: Callable[[Audit], Schedules] | None = None,
        past: History | None = None,
        caps: Callable[[Audit], Mapping[str, tuple[CapResult, ...]]] | None = None,
        opened: Callable[..., pl.DataFrame],
        across: Callable[[], Across] | None = None,
    ) -> None:
        watch = WATCH.get()
        if watch is not None:
            decisions = watch.around(decisions) if decisions is not None else None
            rejected, summary, find, opened = watch.around(rejected), watch.around(summary), watch.around(find), watch.around(opened)
            schedules = watch.around(schedules) if schedules is not None else None
            caps = watch.around(caps) if caps is not None else None
            across = watch.around(across) if across is not None else None
        self._watch = watch
        decisions = exactly(decisions) if decisions is not None else None
        schedules = exactly(schedules) if schedules is not None else None
        caps = exactly(caps) if caps is not None else None
        across = exactly(across) if across is not None else None
        rejected, summary, find, opened, notes = exactly(rejected), exactly(summary), exactly(find), exactly(opened), exactly(notes)
        self._give, self._rejects, self._summarise = decisions, rejected, summary
        self._find, self._entries, self._unchanged, self._notes = find, entries, unchanged, notes
        self._judge_schedules, self._past, self._look_across = schedules, past, across
        self._hold_to_caps = caps
        self._opened = opened

    @cached_property
    def rejected(self) -> pl.DataFrame:
        """One row a rejected source row: ``row, source_row, id, reason, reason_zh, field``."""
        return self._rejects()

    @cached_property
    def _decisions(self) -> pl.DataFrame | None:
        return None if self._give is None else self._give()

    @cached_property
    def _measured(self) -> Summary:
        return self._summarise()

    @cached_property
    @exactly
    def _summary(self) -> Summary:
        across = () if self._across is None else self._across.notes()
        summary = evolve(self._measured, schedules=self.schedules, caps=totals(self.caps), across=across)
        if self._watch is None:
            return summary
        return evolve(summary, plugin_sections=self._watch.around(plugin_sections)(self._watch, summary.to_dict()))

    @cached_property
    def _across(self) -> Across | None:
        return None if self._look_across is None else self._look_across()

    @cached_property
    def findings(self) -> pl.DataFrame:
        """What was found about the table as a whole: ``rule, finding, row, id, list_row, value, message, message_zh``."""
        return pl.DataFrame(schema=FINDINGS_SCHEMA) if self._across is None else self._across.frame()

    @property
    def as_of(self) -> datetime:
        """The instant of judgement, in the policy's zone."""
        return self._measured.source.as_of

    @cached_property
    def schedules(self) -> Schedules | None:
        """The policy's schedules by the register and the figures of this audit; ``None`` where the audit was not asked for them."""
        return None if self._judge_schedules is None else self._judge_schedules(self)

    @cached_property
    def history(self) -> pl.DataFrame:
        """``row``, and for each name of the policy's ``history`` the count of that row; null where it is not known."""
        return pl.DataFrame(schema={"row": pl.Int64}) if self._past is None else self._past.counted()

    @cached_property
    def merged(self) -> pl.DataFrame:
        """One row a record that is one matter with an earlier one: ``row, source_row, id, into_row, into_id, status, reason, reason_zh``."""
        return pl.DataFrame(schema=MERGED_SCHEMA) if self._past is None else self._past.merged_rows()

    def __repr__(self) -> str:
        counts = self._summary.identity
        return f"Audit({counts.decided} decided, {counts.rejected} rejected)"

    @property
    def decisions(self) -> pl.DataFrame:
        """One row a decided record, in the order of the source.

        ``row`` is the record's position in the source, from 0; due dates are aware datetimes in the policy's
        zone, amounts are decimals.  Raises :class:`UsageError` after ``keep=False``.
        """
        if self._decisions is None:
            raise UsageError(Text("the decisions were not kept (keep=False)", "未保留判定结果（keep=False）"))
        return self._decisions

    @property
    def notes(self) -> tuple[Text, ...]:
        """What the audit cost beyond columns: how many records were judged one by one, and why; empty where none was."""
        if "_decisions" not in self.__dict__:
            self.summary()
        return (*self._notes(), *(self._watch.notes() if self._watch is not None else ()))

    @cached_property
    def portfolio(self) -> Mapping[str, tuple[PortfolioResult, ...]]:
        """The figures of the rules over many records, by rule, period and group; empty where the policy has none.

        ``figure.ids("numerator")`` and ``figure.records(…)`` open a figure to its records.
        """
        figures = self._measured.portfolio.items()
        return MappingProxyType({rule: tuple(evolve(figure, open=self._open_figure) for figure in found) for rule, found in figures})

    def figure(self, rule: str, period: str = "all") -> PortfolioResult | None:
        """The figure of one period over all groups; also a quarter of a rule by month.  ``None`` where the table does not speak of it."""
        return self._measured.figure(rule, period)

    def figure_records(self, rule: str, parts: Iterable[str] = PARTS) -> pl.DataFrame:
        """The records behind every figure of a rule, by ``period``, ``group`` and ``part``, with ``row``, ``id`` and ``value``.

        The source is read again, record by record.  ``parts``: ``numerator``, ``rest`` (of those looked at, not in the numerator),
        ``among``, ``undecided``, ``excluded``.  Raises :class:`UsageError` for a rule or part there is not, :class:`InputError` where the
        file has changed since the audit.
        """
        return self._reread(rule, parts=tuple(parts))

    def _open_figure(self, figure: PortfolioResult, part: str) -> pl.DataFrame:
        return self._reread(figure.rule.id, parts=(part,), where=(figure.period, figure.group)).select("row", "id", "value")

    def _reread(self, rule: str, **options: Any) -> pl.DataFrame:
        if not self._unchanged():
            raise InputError(Text("the file has changed since the audit", "审计之后文件已被更改"))
        return self._opened(rule, **options)

    @cached_property
    def caps(self) -> Mapping[str, tuple[CapResult, ...]]:
        """Of penalties with a cap what each bearer is charged in each period, and what the cap leaves of it; empty where there is none."""
        return {} if self._hold_to_caps is None else self._hold_to_caps(self)

    def summary(self) -> Summary:
        """Counts, shares and sums."""
        return self._summary

    def write_decisions(self, path: str | PathLike[str]) -> None:
        """Write the decisions to a CSV, JSON Lines, Parquet or XLSX file, whole or not at all."""
        write_frames(Path(path), self.decisions.schema, self.decisions.iter_slices(_SLICE))

    def write_findings(self, path: str | PathLike[str]) -> None:
        """Write the findings about the table likewise."""
        write_frames(Path(path), self.findings.schema, self.findings.iter_slices(_SLICE))

    def write_rejected(self, path: str | PathLike[str]) -> None:
        """Write the rejects likewise."""
        write_frames(Path(path), self.rejected.schema, self.rejected.iter_slices(_SLICE))

    def decision(self, which: str | SupportsIndex) -> AnyDecision:
        """The full decision of one record, made again: a text is its ``id``, a number its ``row``.

        Raises :class:`UsageError` where no record, or more than one, is meant, or where it was rejected;
        :class:`InputError` where the file has changed since the audit.
        """
        if not self._unchanged():
            raise InputError(Text("the file has changed since the audit", "审计之后文件已被更改"))
        row = self._row_of(which) if isinstance(which, str) else _row_number(which)
        if self._past is not None:
            row = self._past.into.get(row, row)  # of a record that was merged, its case
        refused = self.rejected.filter(pl.col("row") == row)
        if refused.height:
            raise _was_rejected(f"row {row}", f"第 {row} 行", refused)
        found = self._find(row) if row >= 0 else None
        if found is not None:
            return found if self._past is None else found.noted(self._past.remarks(row))
        raise UsageError(Text(f"row {row} is no record that was decided", f"第 {row} 行不是已判定的记录"))

    def _row_of(self, case_id: str) -> int:
        rows: list[int]
        if self._decisions is not None:
            rows = self._decisions.filter(pl.col("id") == case_id)["row"].to_list()
        else:
            refused_rows = set(self.rejected["row"])
            rows = [e.position for e in self._entries() if e.id == case_id and e.position not in refused_rows]
        rows += self.merged.filter(pl.col("id") == case_id)["row"].to_list()
        if len(rows) == 1:
            return rows[0]
        if rows:
            shown = ", ".join(map(str, rows[:10]))
            raise UsageError(
                Text(
                    f"{len(rows)} records have the id '{case_id}'; ask by row: {shown}",
                    f"编号“{case_id}”对应 {len(rows)} 条记录；请按行号查询：{shown}",
                )
            )
        refused = self.rejected.filter(pl.col("id") == case_id)
        if refused.height:
            raise _was_rejected(f"'{case_id}'", f"“{case_id}”", refused)
        raise UsageError(Text(f"no record has the id '{case_id}'", f"没有编号为“{case_id}”的记录"))


def _row_number(which: object) -> int:
    """A whole number of any library."""
    if not isinstance(which, SupportsIndex):
        raise UsageError(Text("a record is asked for by its id (a text) or its row (a whole number)", "请用编号（文本）或行号（整数）指明记录"))
    return index(which)


def _was_rejected(en: str, zh: str, refused: pl.DataFrame) -> UsageError:
    return UsageError(Text(f"{en} was rejected: {refused['reason'][0]}", f"{zh}未被采用：{refused['reason_zh'][0]}"))
