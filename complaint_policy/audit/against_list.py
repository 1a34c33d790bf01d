"""The records of a table against a second list: entries that no record stands for, records that the list does not have.

An entry and a record are of one matter where their fields are the same and their receipts lie no further apart than ``within``.  Sorted by
receipt, with how far the windows before have reached, one search a question is enough.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any

from attrs import define, field, frozen

from complaint_policy.audit.across_table import Across, Found
from complaint_policy.audit.history_counts import NO_WINDOW
from complaint_policy.audit.history_records import FIRST, Reader, SourceRecords, Span, span_of
from complaint_policy.audit.records import Counts, Entry, RecordStream
from complaint_policy.coerce import is_empty
from complaint_policy.expressions import nodes as n
from complaint_policy.possible import NONE, NOT_YET, Maybe
from complaint_policy.rules.reconcile.model import Reconciliation
from complaint_policy.texts import Text, joined

__all__ = ["reconcile"]

_Key = tuple[Any, ...]


@frozen
class _Side:
    """A record or an entry: its key (None: a field of it is missing), its values that have to agree, where it was received, how far its window reaches."""

    row: int
    line: int
    id: str | None
    key: _Key | None
    agrees: _Key
    at: Span
    due: Span
    sure: bool  # that the rule is for it


@define
class _Index:
    """One side by key, sorted, for questions from the other."""

    _of: Mapping[_Key, tuple[list[int], list[int], list[int], list[int]]] = field(factory=dict)

    @classmethod
    def of(cls, sides: Iterable[tuple[_Key, _Side]]) -> _Index:
        groups: defaultdict[_Key, list[_Side]] = defaultdict(list)
        for key, side in sides:
            groups[key].append(side)
        return cls({key: _sorted(group) for key, group in groups.items()})

    def matches(self, key: _Key, other: _Side) -> bool | None:
        """Whether one of these is of one matter with the other; ``None``: perhaps."""
        found = self._of.get(key)
        if found is None:
            return False
        highs, sure, lows, perhaps = found
        # Each lies in the window of the other: not after it ends, and with a window that reaches so far.
        at = bisect_right(highs, other.due[0])
        if at and sure[at - 1] >= other.at[1]:
            return True
        at = bisect_right(lows, other.due[1])
        return None if at and perhaps[at - 1] >= other.at[0] else False


def _sorted(group: Sequence[_Side]) -> tuple[list[int], list[int], list[int], list[int]]:
    by_high = sorted(group, key=lambda s: s.at[1])
    by_low = sorted(group, key=lambda s: s.at[0])
    return (
        [s.at[1] for s in by_high],
        list(accumulate((s.due[0] for s in by_high), max)),
        [s.at[0] for s in by_low],
        list(accumulate((s.due[1] for s in by_low), max)),
    )


def reconcile(source: SourceRecords, lists: Mapping[str, RecordStream], as_of: datetime, known: frozenset[str], across: Across) -> None:
    """Findings of the last version's reconciliations; a list that was not handed in is said to be missing."""
    model = source.policy.versions[-1].model
    for rule in model.section("reconcile"):
        found = lists.get(rule.list_name)
        if found is None:
            note = Text("not reconciled: the list '{l}' was not given", "未核对：未提供清单“{l}”").filled(l=rule.list_name)
            across.checked(rule, 0, 0, note=note)
        else:
            _Reconciling(rule, model, source, as_of, across).run(found, known)


@define
class _Reconciling:
    rule: Reconciliation
    model: Any
    source: SourceRecords
    as_of: datetime
    across: Across

    def run(self, listed: RecordStream, known: frozenset[str]) -> None:
        rule = self.rule
        names = [value.name for value in (*rule.same, *rule.agree)]
        reader = Reader.of(self.model, ["id", "received_at", *names], (rule.when,))
        records, unsettled = self._sides((entry for entry, _ in self.source.entries(reader.names)), reader, known, rule.when)
        lacking = frozenset(reader.names) - listed.source_fields - {"id"}
        entries, _ = self._sides(self._of_list(listed), reader, listed.source_fields, None)
        note = None
        if lacking & {*names, *(["received_at"] if rule.within is not None else [])}:
            titles = [self.model.fields[name].title for name in sorted(lacking) if name in names or name == "received_at"]
            note = Text("the list has no {f}", "清单没有{f}").filled(f=joined(titles, ", ", "、"))
        self.across.checked(rule, len(records), unsettled, entries=len(entries), note=note)
        ours, theirs = _Index.of(_keyed(records)), _Index.of(_keyed(entries))
        if rule.expect in ("record", "both"):
            for side in entries:
                self._expected(side, ours, "concealed", listed=True)
            self._agreeing(entries, records, ours)
        if rule.expect in ("entry", "both"):
            for side in (side for side in records if side.sure):
                self._expected(side, theirs, "unlisted", listed=False)

    def _of_list(self, listed: RecordStream) -> Iterator[Entry]:
        """The entries that can be read; the others are said."""
        for entry in listed.entries(Counts()):
            if entry.fault is None:
                yield entry
            else:
                self._say("no_key", None, None, entry.line, None, Text("the entry cannot be read: {r}", "该条目无法读取：{r}").filled(r=entry.fault))

    def _sides(self, entries: Iterable[Entry], reader: Reader, known: frozenset[str], when: n.Condition | None) -> tuple[list[_Side], int]:
        rule, compiler = self.rule, reader.compiler
        key, holds = reader.key([value.name for value in rule.same]), compiler.condition(when)
        due = compiler.instant(rule.within) if rule.within is not None else None
        agrees = [reader.slot(value.name) for value in rule.agree]
        identity, received = reader.slot("id"), reader.slot("received_at")
        found: list[_Side] = []
        unsettled = 0
        for entry in entries:
            state = reader.read(entry.record, self.as_of, known)
            answer = True if holds is None else holds(state)
            blank = is_empty(entry.record.get("received_at"))
            if answer is False or (state[received] is NOT_YET and not blank):
                continue
            unsettled += answer is not True
            at: Span = (FIRST, NO_WINDOW[1])
            ends = NO_WINDOW
            if due is not None:
                at, ends = span_of(state[received]) or at, span_of(due(state)) or ends
            case = state[identity] if isinstance(state[identity], str) else None
            found.append(_Side(entry.position, entry.line, case, key(state), tuple(_known(state[slot]) for slot in agrees), at, ends, answer is True))
        return found, unsettled

    def _expected(self, side: _Side, others: _Index, finding: str, *, listed: bool) -> None:
        """That the other side has it."""
        place: tuple[int | None, str | None, int | None] = (None, None, side.line) if listed else (side.row, side.id, None)
        if side.key is None:
            titles = joined([self.model.fields[value.name].title for value in self.rule.same], ", ", "、")
            self._say("no_key", *place, None, Text("{f}: not all of it is known", "{f}：不全").filled(f=titles))
            return
        answer = others.matches(side.key, side)
        if answer is True:
            return
        if answer is None:
            self._say("undecided", *place, None, Text("whether they are close enough is not settled", "两者时间是否足够接近无法确定"))
        elif listed:
            self._say(finding, *place, None, Text("entry {l} of the list has no record", "清单第 {l} 条没有对应记录").filled(l=side.line))
        else:
            self._say(finding, *place, None, Text("the record is not on the list", "该记录不在清单中"))

    def _agreeing(self, entries: Sequence[_Side], records: Sequence[_Side], ours: _Index) -> None:
        """That of the records of one matter with an entry one says the same in each field that has to agree."""
        for place, value in enumerate(self.rule.agree):
            same = _Index.of(((*key, side.agrees[place]), side) for key, side in _keyed(records))
            title = self.model.fields[value.name].title
            for side in entries:
                if side.key is None or side.agrees[place] is None or ours.matches(side.key, side) is not True:
                    continue
                # A record that lacks the field does not contradict.
                if same.matches((*side.key, side.agrees[place]), side) is False and same.matches((*side.key, None), side) is False:
                    message = Text("entry {l} of the list and its record differ in {f}", "清单第 {l} 条与对应记录的{f}不一致").filled(l=side.line, f=title)
                    self._say("mismatch", None, None, side.line, value.name, message)

    def _say(self, finding: str, row: int | None, case: str | None, line: int | None, value: str | None, message: Text) -> None:
        self.across.add(Found(self.rule.id, finding, row, case, line, value, message))


def _keyed(sides: Iterable[_Side]) -> Iterator[tuple[_Key, _Side]]:
    return ((side.key, side) for side in sides if side.key is not None)


def _known(value: Any) -> Any:
    return None if isinstance(value, Maybe) or value is NONE else value

