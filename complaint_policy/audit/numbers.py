"""Case numbers over a whole table: their form, their period, gaps, numbers that stand twice, numbers out of the order of receipt."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final

from attrs import define, field

from complaint_policy.audit.across_table import Across, Found
from complaint_policy.audit.history_records import Reader, SourceRecords, micros
from complaint_policy.patterns import compiled
from complaint_policy.periods import period_of
from complaint_policy.possible import NOT_YET, Interval, Maybe
from complaint_policy.rules.numbering.model import DATES, SERIAL, Numbering
from complaint_policy.texts import Text

__all__ = ["check_numbers"]

_Group = tuple[Any, ...]


def check_numbers(source: SourceRecords, as_of: datetime, known: frozenset[str], across: Across) -> None:
    """Findings about the numbers of every record, each by the rule of its version."""
    rules: dict[str, list[tuple[Numbering, frozenset[int], Reader]]] = defaultdict(list)
    for number, version in enumerate(source.policy.versions):
        for rule in version.model.section("numbering"):
            same = next((i for i, (other, _, _) in enumerate(rules[rule.id]) if other == rule), None)
            if same is None:
                names = [rule.of.name, "received_at", "id", *(value.name for value in rule.fields)]
                rules[rule.id].append((rule, frozenset({number}), Reader.of(version.model, names, (rule.when,))))
            else:
                other, versions, reader = rules[rule.id][same]
                rules[rule.id][same] = other, versions | {number}, reader
    for forms in rules.values():
        # A version that words the rule anew goes on with the numbers of the one before.
        ones: list[tuple[int, str | None, tuple[str, str]]] = []
        series: dict[tuple[str, str, str], _Numbers] = {}
        for rule, versions, reader in forms:
            numbers = _Numbers(rule, reader, source, across, ones)
            before = series.setdefault((rule.form, rule.of.name, rule.per), numbers)
            numbers.groups = before.groups
            numbers.run(versions, as_of, known)
        _twice(forms[-1][0].id, ones, across)
        for numbers in series.values():
            numbers.conclude()


@define
class _One:
    """A record with its number in parts."""

    row: int
    id: str | None
    number: str
    serial: int
    low: int  # between what two instants it was received
    high: int
    day: date


@define
class _Numbers:
    rule: Numbering
    reader: Reader
    source: SourceRecords
    across: Across
    ones: list[tuple[int, str | None, tuple[str, str]]]  # every row with its id and what stands in which field
    groups: dict[_Group, list[_One]] = field(factory=lambda: defaultdict(list))

    def run(self, versions: frozenset[int], as_of: datetime, known: frozenset[str]) -> None:
        rule, reader = self.rule, self.reader
        pattern, names = _pattern(rule), [part.name for part in rule.parts if part.name]
        when = reader.compiler.condition(rule.when)
        slots = {name: reader.slot(name) for name in {rule.of.name, "received_at", "id", *(v.name for v in rule.fields)}}
        checked = unsettled = 0
        for entry, version in self.source.entries(reader.names):
            if version not in versions:
                continue
            state = reader.read(entry.record, as_of, known)
            holds = True if when is None else when(state)
            received = state[slots["received_at"]]
            if holds is False or received is NOT_YET:
                continue
            if holds is not True:
                unsettled += 1
                continue
            checked += 1
            identity, number = state[slots["id"]], state[slots[rule.of.name]]
            case = identity if isinstance(identity, str) else None
            if isinstance(number, Maybe) or not isinstance(number, (str, int)):
                self._say("no_number", entry.position, case, None, Text("the record has no number", "记录没有编号"))
                continue
            shown = str(number)
            self.ones.append((entry.position, case, (rule.of.name, shown)))
            found = pattern.fullmatch(shown)
            if found is None:
                message = Text("{n} does not have the form {f}", "{n}不符合格式{f}").filled(n=shown, f=rule.form)
                self._say("form", entry.position, case, shown, message)
                continue
            parts = {name: found.group(place) for place, name in enumerate(names, 1)}
            self._fits(parts, state, slots, entry.position, case, shown, received)
        self.across.checked(rule, checked, unsettled)

    def conclude(self) -> None:
        """What only all the records of a form show."""
        for group, records in sorted(self.groups.items(), key=lambda item: tuple(map(str, item[0]))):
            self._gaps(group, records)
            self._order(records)

    def _say(self, finding: str, row: int | None, case: str | None, value: str | None, message: Text) -> None:
        self.across.add(Found(self.rule.id, finding, row, case, None, value, message))

    def _fits(self, parts: dict[str, str], state: list[Any], slots: dict[str, int], row: int, case: str | None, number: str, received: Any) -> None:
        """Whether the parts of a number are those of its record, and the numbers it stands among."""
        zone = self.source.policy.zone
        low, high = (received.low, received.high) if isinstance(received, Interval) else (received, received)
        day = zone.to_wall(low).date()
        wrong = [name for name, text in parts.items() if name in DATES and int(text) != _of_day(day, name)]
        if wrong:
            words = Text("{n} is of another {w} than its receipt on {d}", "{n}的{w}与收到日期{d}不一致")
            listed = Text(", ".join(_DATE_TEXTS[w].en for w in wrong), "、".join(_DATE_TEXTS[w].zh for w in wrong))
            self._say("period", row, case, number, words.filled(n=number, w=listed, d=day.isoformat()))
        for value in self.rule.fields:
            own = state[slots[value.name]]
            if isinstance(own, str) and own != parts[value.name]:
                title = self.reader.model.fields[value.name].title
                self._say("field", row, case, number, Text("{n} does not have the {f} of its record", "{n}与记录的{f}不一致").filled(n=number, f=title))
        meant = _meant(day, parts)
        if meant is None:
            return  # a thirteenth month: said already
        period = period_of(meant, self.rule.per) if self.rule.per != "day" else meant.isoformat()
        group = (period, *(parts[value.name] for value in self.rule.fields))
        self.groups[group].append(_One(row, case, number, int(parts[SERIAL]), micros(low), micros(high), day))

    def _gaps(self, group: _Group, records: Sequence[_One]) -> None:
        """Running numbers that nobody has, from 1 to the highest."""
        after = 0
        where = " ".join(group)
        for serial in sorted({one.serial for one in records}):
            if serial > after + 1:
                missing = f"{after + 1}" if serial == after + 2 else f"{after + 1}–{serial - 1}"
                self._say("gap", None, None, missing, Text("{p}: missing: {m}", "{p}：缺少{m}").filled(p=where, m=missing))
            after = serial

    def _order(self, records: Sequence[_One]) -> None:
        """The fewest records whose numbers and receipts are not in one order."""
        bare = any(one.low != one.high for one in records)
        firsts: dict[int, _One] = {}
        for one in records:
            other = firsts.get(one.serial)
            if other is None or (one.low, one.row) < (other.low, other.row):
                firsts[one.serial] = one
        ordered = [firsts[serial] for serial in sorted(firsts)]
        # A bare day says nothing of the hour: then all are compared by their days.
        keys = [one.day.toordinal() if bare else one.low for one in ordered]
        kept = _longest_rise(keys)
        for place, one in enumerate(ordered):
            if place not in kept:
                message = Text("{n} was received on {d}, out of the order of the numbers", "{n}受理于{d}，与编号顺序不符")
                self._say("order", one.row, one.id, one.number, message.filled(n=one.number, d=one.day.isoformat()))


def _twice(rule: str, ones: Iterable[tuple[int, str | None, tuple[str, str]]], across: Across) -> None:
    """Numbers that stand on an earlier row, whatever version judges it."""
    first: dict[tuple[str, str], int] = {}
    for row, case, key in sorted(ones, key=lambda one: one[0]):
        if first.setdefault(key, row) != row:
            message = Text("{n} stands on row {r} already", "{n}在第 {r} 行已出现").filled(n=key[1], r=first[key])
            across.add(Found(rule, "duplicate", row, case, None, key[1], message))


_DATE_TEXTS: Final = {"year": Text("year", "年份"), "yy": Text("year", "年份"), "month": Text("month", "月份"), "day": Text("day", "日")}


def _of_day(day: date, name: str) -> int:
    return {"year": day.year, "yy": day.year % 100, "month": day.month, "day": day.day}[name]


def _pattern(rule: Numbering) -> Any:
    """The form as a pattern with a group for each part."""
    pieces: Iterator[str] = (_piece(part.name, part.text, part.digits) for part in rule.parts)
    return compiled("".join(pieces))


def _piece(name: str, text: str, digits: int) -> str:
    if name == SERIAL:
        return f"([0-9]{{{digits}}})" if digits else "([0-9]{1,18})"
    if name in DATES:
        return f"([0-9]{{{digits}}})"
    if name:
        return "(.+?)"
    return "".join(letter if letter.isalnum() else f"\\x{{{ord(letter):x}}}" for letter in text)


def _meant(day: date, parts: dict[str, str]) -> date | None:
    """The day in whose period a number stands: what it says itself; a year it leaves out is the one nearest to the receipt."""
    month = int(parts.get("month", day.month))
    if not 1 <= month <= 12:
        return None
    if "year" in parts:
        year = int(parts["year"])
    elif "yy" in parts:
        year = min((century + int(parts["yy"]) for century in (day.year // 100 * 100 + c for c in (-100, 0, 100))), key=lambda y: abs(y - day.year))
    else:
        year = min((day.year - 1, day.year, day.year + 1), key=lambda y: (abs((y - day.year) * 12 + month - day.month), y))
    try:
        return date(year, month, int(parts.get("day", 1 if "month" in parts or "year" in parts or "yy" in parts else day.day)))
    except ValueError:
        return None


def _longest_rise(keys: Iterable[int]) -> set[int]:
    """The places of a longest run of keys that never falls; of several the one whose keys are lowest."""
    ends: list[int] = []
    places: list[int] = []
    before: list[int | None] = []
    for place, key in enumerate(keys):
        at = bisect_right(ends, key)
        before.append(places[at - 1] if at else None)
        if at == len(ends):
            ends.append(key)
            places.append(place)
        else:
            ends[at], places[at] = key, place
    kept: set[int] = set()
    last = places[-1] if places else None
    while last is not None:
        kept.add(last)
        last = before[last]
    return kept
