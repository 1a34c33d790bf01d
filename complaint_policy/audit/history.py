"""History: before the records of a table are judged, each is told what the others say of it.

Three passes at most: records of one matter are found and made one case (only where the policy has ``merge``), the earlier ones of each
are counted, and the counts stand beside the table as columns, or in its records, under the names of the policy.  The judgement then
takes them as fields like any other.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import polars as pl
from attrs import define, evolve, field, frozen

from complaint_policy.audit.history_counts import NO_WINDOW, Alike, Seen, alike, count_alike, count_chains, count_earlier, count_plainly, earlier
from complaint_policy.audit.history_merge import Taking, cases_of
from complaint_policy.audit.history_notes import CountNote, HistoryNotes
from complaint_policy.audit.history_records import Reader, SourceRecords, Span, micros, span_of
from complaint_policy.audit.history_tables import MergedStream
from complaint_policy.audit.interfaces import AnyPolicy
from complaint_policy.audit.mapping import ColumnMapping
from complaint_policy.audit.records import Counts, Entry, RecordStream
from complaint_policy.audit.sources import SourceTable
from complaint_policy.errors import InputError, UsageError
from complaint_policy.findings import Finding
from complaint_policy.model import fields_below
from complaint_policy.outcomes import NOT_APPLICABLE
from complaint_policy.possible import NOT_YET
from complaint_policy.rules.history.model import MERGE, HistoryCount, HistorySection, LikenessBy, Merge
from complaint_policy.texts import Text, joined

__all__ = ["COUNTED", "GIVEN", "MERGED_SCHEMA", "History", "history_of", "looks_back"]

COUNTED: Final = "counted"
GIVEN: Final = "given"
_NEVER: Final = -(2**63)
_NOWHERE: Final = (_NEVER, _NEVER)
_SHOWN: Final = 20
MERGED_SCHEMA: Final = pl.Schema(
    {
        "row": pl.Int64, "source_row": pl.Int64, "id": pl.String, "into_row": pl.Int64, "into_id": pl.String,
        "status": pl.String, "reason": pl.String, "reason_zh": pl.String,
    }
)  # fmt: skip
_Rule = HistoryCount | Merge


@frozen
class Definition:
    """One rule of history as some versions have it: its records are read as they read them."""

    rule: _Rule
    reader: Reader
    versions: frozenset[int]
    alike: Alike | None

    def names(self) -> set[str]:
        return _names(self.rule, self.reader.model)


def _names(rule: _Rule, model: Any) -> set[str]:
    found = {*rule.same, "received_at"} | ({rule.like.field} if rule.like is not None else set())
    if isinstance(rule, HistoryCount):
        found |= {rule.since.name, rule.before.name, *fields_below(rule.where, model)}
    return found


def _definitions(policy: AnyPolicy, rules_of: Callable[[HistorySection], Iterable[_Rule]]) -> list[Definition]:
    """Every rule of every version; one that means the same in several versions stands once."""
    found: dict[int, tuple[Any, Definition]] = {}
    for number, version in enumerate(policy.versions):
        model = version.model
        for rule in rules_of(model.section("history")):
            names = _names(rule, model)
            where = rule.where if isinstance(rule, HistoryCount) else None
            means = (rule, [model.fields[name] for name in sorted(names)], dict(model.facts) if where is not None else None)
            known = next((key for key, (other, _) in found.items() if other == means), None)
            if known is not None:
                other, definition = found[known]
                found[known] = other, evolve(definition, versions=definition.versions | {number})
                continue
            reader = Reader.of(model, names, (where,))
            likeness = alike(rule.like) if rule.like is not None else None
            found[len(found)] = means, Definition(rule, reader, frozenset({number}), likeness)
    return [definition for _, definition in found.values()]


def looks_back(policy: AnyPolicy, how: str) -> bool:
    """Whether records have to be counted or merged before they are judged; raises :class:`UsageError` for an unknown ``how``."""
    if how not in (COUNTED, GIVEN):
        raise UsageError(Text(f"history is 'counted' or 'given', not '{how}'", f"history 应为 counted 或 given，而不是“{how}”"))
    return how == COUNTED and any(getattr(getattr(v, "model", None), "sections", {}).get("history") for v in policy.versions)


def history_of(policy: AnyPolicy, table: SourceTable, mapping: ColumnMapping, instant: datetime, how: str) -> History | None:
    """The history of a table; ``None`` where the policy has none, or the table brings it (``given``)."""
    if not looks_back(policy, how):
        return None
    names = {count.id for version in policy.versions for count in version.model.section("history").counts}
    taken = sorted(name for name in names if mapping.field(name) is not None)
    if taken:
        listed = ", ".join(f"'{name}'" for name in taken)
        message = Text(f"{listed}: the table brings what the policy counts itself", f"{listed}：制度会自行计数，而表中已有该列")
        hint = Text("leave the column out, or take it as it stands: history='given' (--history given)",
                    "请去掉该列，或以 history='given'（--history given）采用表中的值")  # fmt: skip
        raise InputError(message + Text("; ", "；") + hint)
    return History(policy, table, mapping, instant)


@define
class _Gathered:
    """What a definition sees of every record, in columns; an instant that there is none of is ``_NEVER``."""

    rows: array[int] = field(factory=lambda: array("q"))
    keys: array[int] = field(factory=lambda: array("q"))
    since: tuple[array[int], array[int]] = field(factory=lambda: (array("q"), array("q")))
    due: tuple[array[int], array[int]] = field(factory=lambda: (array("q"), array("q")))
    before: tuple[array[int], array[int]] = field(factory=lambda: (array("q"), array("q")))
    counts: array[int] = field(factory=lambda: array("b"))  # 1, 0, or -1: not known
    wanted: array[int] = field(factory=lambda: array("b"))
    texts: dict[int, str] = field(factory=dict)
    known: dict[tuple[Any, ...], int] = field(factory=dict)
    without_key: array[int] = field(factory=lambda: array("q"))

    def add(self, row: int, key: tuple[Any, ...], spans: tuple[Span | None, Span, Span | None], counts: int, wanted: bool, text: str | None) -> None:
        self.rows.append(row)
        self.keys.append(self.known.setdefault(key, len(self.known)))
        since, due, before = spans
        for (lows, highs), span in ((self.since, since), (self.due, due), (self.before, before)):
            low, high = span or _NOWHERE
            lows.append(low)
            highs.append(high)
        self.counts.append(counts)
        self.wanted.append(wanted)
        if text is not None:
            self.texts[row] = text

    def frame(self) -> pl.DataFrame:
        """The same as a table."""
        data: dict[str, Any] = {"row": self.rows, "key": self.keys}
        for name in ("since", "due", "before"):
            data[name], data[f"{name}_high"] = getattr(self, name)
        columns = {name: pl.Series(name, values, dtype=pl.Int64) for name, values in data.items()}
        flags = {name: pl.Series(name, list(getattr(self, name)), dtype=pl.Int8) for name in ("counts", "wanted")}
        return pl.DataFrame(columns | flags)

    def seen(self, frame: pl.DataFrame) -> Iterator[tuple[Seen, bool]]:
        """The records of some rows of the table, and whether their counts are wanted."""
        for row, key, since, since_high, due, due_high, before, before_high, counts, wanted in frame.iter_rows():
            yield (
                Seen(
                    row,
                    key,
                    None if since == _NEVER else (since, since_high),
                    (due, due_high),
                    None if before == _NEVER else (before, before_high),
                    None if counts < 0 else bool(counts),
                    self.texts.get(row),
                ),
                bool(wanted),
            )


class History:
    """What the records of one table say of each other."""

    def __init__(self, policy: AnyPolicy, table: SourceTable, mapping: ColumnMapping, instant: datetime) -> None:
        self._policy, self._table, self._mapping, self._instant = policy, table, mapping, instant
        self._as_of = micros(instant)
        self._counting = _definitions(policy, lambda section: section.counts)
        self._merging = _definitions(policy, lambda section: () if section.merge is None else (section.merge,))
        self.stream = RecordStream(table, mapping, policy.zone, getattr(policy, "normalisers", None))
        self._source = SourceRecords(policy, table, mapping, instant)
        self.into: dict[int, int] = {}  # by row the case it was merged into
        self.cases: dict[int, list[int]] = {}
        self.merged: dict[int, dict[str, Any]] = {}  # by row the record of a case of several
        self._members: dict[int, Entry] = {}
        self._unknown: dict[str, int] = {}
        self._merge()
        self.columns = self._count()

    def merged_stream(self) -> RecordStream:
        """The records with those of one matter as one case."""
        return MergedStream(self._table, self._mapping, self._policy.zone, self.stream.normalisers, into=self.into, merged=self.merged, columns=self.columns)

    # ---------------------------------------------------------------- reading
    def _entries(self, names: Iterable[str]) -> Iterator[tuple[Entry, int | None]]:
        """The records, as far as those fields go, those of one matter as one."""
        for entry, version in self._source.entries(names):
            if entry.position not in self.into:
                record = self.merged.get(entry.position)
                yield (entry if record is None else evolve(entry, record=record)), version

    def _gather(self, definition: Definition) -> _Gathered:
        rule, reader = definition.rule, definition.reader
        gathered, source_fields = _Gathered(), self.stream.source_fields
        key, compiler = reader.key(rule.same), reader.compiler
        text = reader.slot(rule.like.field) if rule.like is not None else None
        since, before = compiler.instant(rule.since), compiler.instant(rule.before)
        due = compiler.instant(rule.window) if rule.window is not None else None
        where, same = compiler.condition(rule.where), rule.since == rule.before
        for entry, version in self._entries(definition.names()):
            state = reader.read(entry.record, self._instant, source_fields)
            found = key(state)
            wanted = version in definition.versions
            words = state[text] if text is not None else None
            if found is None or (text is not None and not isinstance(words, str)):
                if wanted:
                    gathered.without_key.append(entry.position)
                continue
            if isinstance(rule, Merge) and not wanted:
                continue  # what one version takes for one matter, another may not
            begins = self._happened(span_of(since(state)))
            ends = NO_WINDOW if due is None or begins is None else span_of(due(state)) or NO_WINDOW
            holds = True if where is None else where(state)
            counts = int(holds) if isinstance(holds, bool) else -1
            asked = begins if begins is not None and same else self._asked(before(state))
            gathered.add(entry.position, found, (begins, ends, asked), counts, wanted, words)
        return gathered

    def _happened(self, span: Span | None) -> Span | None:
        """An instant up to the moment of judgement; what lies after it has not happened."""
        return None if span is None or span[0] > self._as_of else (span[0], min(span[1], self._as_of))

    def _asked(self, value: Any) -> Span | None:
        """The instant a record is counted at; one that has not happened comes after all that has."""
        return (self._as_of + 1, NO_WINDOW[1]) if value is NOT_YET else span_of(value)

    # ---------------------------------------------------------------- one matter
    def _merge(self) -> None:
        found: dict[int, list[int]] = {}
        by_head: dict[int, Definition] = {}
        for definition in self._merging:
            gathered = self._gather(definition)
            for group in _groups(gathered, gathered.frame().filter(pl.len().over("key") > 1)):
                for rows in cases_of([seen for seen, _ in group], definition.alike):
                    if len(rows) > 1:
                        found[rows[0]] = rows
                        by_head[rows[0]] = definition
        if not found:
            return
        members = {row for rows in found.values() for row in rows}
        records = {e.position: e for e in self.stream.entries(Counts()) if e.position in members}
        takings = {id(d): self._taking(d) for d in self._merging}
        for head, rows in found.items():
            # What is no record after all (a filter, a blank row) is no part of a case.
            whole = [row for row in rows if row in records and records[row].fault is None]
            if len(whole) > 1:
                self.cases[whole[0]] = whole
                self.merged[whole[0]] = takings[id(by_head[head])].record([records[row].record for row in whole])
                self.into.update(dict.fromkeys(whole[1:], whole[0]))
                self._members |= {row: evolve(records[row], record={"id": records[row].id}) for row in whole}

    def _taking(self, definition: Definition) -> Taking:
        rule, model = definition.rule, definition.reader.model
        assert isinstance(rule, Merge)
        return Taking.of(dict(rule.take), rule.others, model.fields, self._policy.zone, model.currency)

    # ---------------------------------------------------------------- counting
    def _count(self) -> dict[str, pl.Series]:
        """By name the counts of all rows; null where a row has none, or it is not known."""
        found: dict[str, dict[int, int | None]] = {}
        for definition in self._counting:
            found.setdefault(definition.rule.id, {}).update(self._counts(definition))
        columns: dict[str, pl.Series] = {}
        for name, counts in found.items():
            self._unknown[name] = sum(count is None for count in counts.values())
            values: list[int | None] = [None] * self._source.rows
            for row, count in counts.items():
                values[row] = count
            columns[name] = pl.Series(name, values, dtype=pl.Int64)
        return columns

    def _counts(self, definition: Definition) -> dict[int, int | None]:
        gathered = self._gather(definition)
        frame, rule = gathered.frame(), definition.rule
        assert isinstance(rule, HistoryCount)
        found: dict[int, int | None] = dict.fromkeys(gathered.without_key)
        if rule.like is None and not rule.chained:
            plain = _plain(frame)
            wanted = frame["wanted"].cast(pl.Boolean)
            rows = frame.filter(plain & wanted)["row"]
            times = count_plainly(_without_never(frame.filter(plain)))
            found |= dict(times.filter(pl.col("row").is_in(rows.implode())).iter_rows())
            frame = frame.filter(~plain)
        for group in _groups(gathered, frame):
            seen, asked = [one for one, _ in group], [one for one, wanted in group if wanted]
            if rule.chained:
                counts = count_chains(seen)
                found |= {one.row: counts.get(one.row) for one in asked}
            elif definition.alike is not None:
                found |= count_alike(seen, asked, definition.alike)
            else:
                found |= count_earlier(seen, asked)
        return found


    # ---------------------------------------------------------------- what is told
    def notes(self) -> HistoryNotes:
        """What a summary says of it."""
        titles = {d.rule.id: d.rule.name for d in self._counting}
        found = []
        for name, column in self.columns.items():
            highest: Any = column.max()
            found.append(CountNote(name, titles[name], int((column >= 1).sum()), highest or 0, self._unknown[name]))
        return HistoryNotes(tuple(found), self._source.unusable, len(self.cases), len(self.into))

    def counted(self) -> pl.DataFrame:
        """Every count of every row; null where it is not known, or the row is no case of its own."""
        return pl.DataFrame([pl.int_range(self._source.rows, dtype=pl.Int64, eager=True).alias("row"), *self.columns.values()])

    def merged_rows(self) -> pl.DataFrame:
        """One row a record that became a part of another's case."""
        rows = []
        for row, head in sorted(self.into.items()):
            one, case = self._members[row], self._members[head]
            number = Text(f"row {head}", f"第 {head} 行") if case.id is None else Text(case.id, case.id)
            reason = Text("merged into {c}", "已并入{c}").filled(c=number)
            rows.append((row, one.line, one.id, head, case.id, NOT_APPLICABLE, reason.en, reason.zh))
        return pl.DataFrame(rows, schema=MERGED_SCHEMA, orient="row")

    def remarks(self, row: int) -> tuple[Finding, ...]:
        """What a reader of one decision should know: which records its counts are made of, and which were merged into it."""
        found: list[Finding] = []
        if row in self.cases:
            others = self._named([(at, self._members[at].id) for at in self.cases[row][1:]])
            message = Text("One case with records received later: {o}.", "与其后收到的记录合为一案：{o}。").filled(o=others)
            found.append(Finding(MERGE, "merged", message))
        for definition in self._counting:
            seen = self._seen_for(definition, row)
            if seen is not None:
                found.append(Finding(definition.rule.id, "counted", self._told(definition, *seen)))
        return tuple(found)

    def _seen_for(self, definition: Definition, row: int) -> tuple[list[int], int | None] | None:
        """The rows counted for a row, and the count; ``None`` where the definition is not of its version."""
        gathered = self._gather(definition)
        if row in gathered.without_key:
            return [], None
        frame = gathered.frame()
        own = frame.filter((pl.col("row") == row) & (pl.col("wanted") == 1))
        if not own.height:
            return None
        group = [seen for seen, _ in gathered.seen(frame.filter(pl.col("key") == own["key"][0]))]
        count = self.columns[definition.rule.id][row]
        (one,) = (seen for seen in group if seen.row == row)
        if isinstance(definition.rule, HistoryCount) and definition.rule.chained:
            before = sorted((s for s in group if s.since is not None), key=lambda s: (s.since, s.row))
            at = before.index(one) if one in before else 0
            return [s.row for s in before[at - (count or 0) : at]], count
        return [s.row for s in earlier(one, group, definition.alike)[0]], count

    def _told(self, definition: Definition, rows: Sequence[int], count: int | None) -> Text:
        name = definition.rule.name
        if count is None:
            keys = [*definition.rule.same, *([definition.rule.like.field] if definition.rule.like is not None else [])]
            fields = joined([definition.reader.model.fields[key].title for key in keys], ", ", "、")
            more = Text("", "")
            if isinstance(definition.rule.like, LikenessBy):
                more = Text(", or the plugin '{p}' failed to compare", "，或插件“{p}”未能比较").filled(p=definition.rule.like.plugin)
            return Text(
                "{n}: not known; a field it needs ({f}) is missing, or whether some record came before is not settled{m}.",
                "{n}：未知；所需字段（{f}）缺失，或某些记录的先后无法确定{m}。",
            ).filled(n=name, f=fields, m=more)
        if not rows:
            return Text("{n}: {c}.", "{n}：{c}。").filled(n=name, c=count)
        wanted = set(rows)
        ids = {entry.position: entry.id for entry, _ in self._entries({"id", "received_at"}) if entry.position in wanted}
        return Text("{n}: {c}, counted: {r}.", "{n}：{c}，计入：{r}。").filled(n=name, c=count, r=self._named([(row, ids.get(row)) for row in rows]))

    @staticmethod
    def _named(records: Sequence[tuple[int, str | None]]) -> Text:
        """Records by their ids, else by their rows; of many the first."""
        shown = [Text(f"row {row}", f"第 {row} 行") if number is None else Text(number, number) for row, number in records[:_SHOWN]]
        more = len(records) - len(shown)
        return joined(shown, ", ", "、") + (Text(f" and {more} more", f"等另 {more} 条") if more else Text("", ""))


def _plain(frame: pl.DataFrame) -> pl.Series:
    """The records of keys of which every instant, and whether it counts, is known."""
    known = (pl.col("counts") >= 0) & pl.all_horizontal(pl.col(name) == pl.col(f"{name}_high") for name in ("since", "due", "before"))
    return frame.select(known.all().over("key").alias("plain"))["plain"]


def _without_never(frame: pl.DataFrame) -> pl.DataFrame:
    instants = [pl.when(pl.col(name) != _NEVER).then(pl.col(name)).alias(name) for name in ("since", "due", "before")]
    return frame.select("row", "key", *instants, pl.col("counts").cast(pl.Boolean))


def _groups(gathered: _Gathered, frame: pl.DataFrame) -> Iterator[list[tuple[Seen, bool]]]:
    """The records of each key."""
    groups: defaultdict[int, list[tuple[Seen, bool]]] = defaultdict(list)
    for seen, wanted in gathered.seen(frame):
        assert seen.key is not None
        groups[seen.key].append((seen, wanted))
    yield from groups.values()
