"""A policy version as a document for people: headings, sentences, lists and tables, in English and Chinese.

What it says comes from the checked model alone, so it cannot differ from what is judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from attrs import evolve, frozen

from complaint_policy import Policy, PolicyVersion
from complaint_policy.cli.views.fields import empty_text, fields_of
from complaint_policy.cli.views.rules import RuleWords
from complaint_policy.cli.views.tables import source_status
from complaint_policy.counting import CONVENTIONS, CalendarSpec
from complaint_policy.explaining import laxer_text
from complaint_policy.fields import ENTRY_FIELDS, LOG, Field, LogField
from complaint_policy.frame import Rule, Transition
from complaint_policy.lengths import Length
from complaint_policy.model import Source
from complaint_policy.texts import Text, joined
from complaint_policy.wording import day_text, place_text, role_text, unit_text

__all__ = ["Block", "Grid", "Heading", "Pairs", "Paragraph", "document"]


@frozen
class Heading:
    level: int
    text: Text
    anchor: str = ""  # the id of a rule


@frozen
class Paragraph:
    text: Text


@frozen
class Pairs:
    """Labels and what stands under them."""

    rows: tuple[tuple[Text, Text], ...]


@frozen
class Grid:
    columns: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]


Block = Heading | Paragraph | Pairs | Grid

_NO_ADVICE = Text(
    "This document is made from the policy file that the library judges by. It is no legal advice.", "本文由判定所用的制度文件生成，不构成法律意见。"
)
_TYPES = {
    "boolean": Text("yes or no", "是/否"),
    "integer": Text("whole number", "整数"),
    "number": Text("number", "数值"),
    "money": Text("money", "金额"),
    "string": Text("text", "文字"),
    "enum": Text("one of", "取值"),
    "date": Text("day", "日期"),
    "datetime": Text("time", "时间"),
    "event": Text("time of an event", "事件时间"),
    "intervals": Text("stretches of time", "时间段"),
    "list": Text("list", "列表"),
    "instants": Text("several times", "多个时间"),
    LOG: Text("list of events", "事件列表"),
}
# Where weekends are worked for holidays, or may be: everywhere but in the countries named here.
_NOT_MAKING_UP = frozenset(("AU", "BE", "BH", "CA", "GB", "IE", "US", "ZA"))
_DAYS = {"mon": "周一", "tue": "周二", "wed": "周三", "thu": "周四", "fri": "周五", "sat": "周六", "sun": "周日"}


def document(policy: Policy, version: PolicyVersion) -> list[Block]:
    """The whole version, in the order in which a person reads a rule book."""
    return list(_Document(policy, version).blocks())


def _same(text: object) -> Text:
    return Text(str(text), str(text))


class _Document:
    def __init__(self, policy: Policy, version: PolicyVersion) -> None:
        self.policy = policy
        self.version = version
        self.model = version.model
        self.rules = RuleWords(version)
        self.words = self.rules.words

    def blocks(self) -> Iterator[Block]:
        yield Heading(1, self.model.title)
        yield from self._front()
        yield from self._sources()
        yield from self._accepted()
        yield from self._scope()
        yield from self._counting()
        yield from self._words()
        for kind in self.policy.kinds:
            section = self.model.section(kind.key)
            if kind.key == "severity":
                yield from self._severity(kind.title, section)
            elif kind.key == "responsibility":
                yield from self._responsibility(kind.title, section)
            elif section:
                yield Heading(2, kind.title)
                for rule in section if isinstance(section, tuple) else section.rules_of_section():
                    yield from self._rule(rule)
        yield from self._fields()

    # ---------------------------------------------------------------- what it is
    def _front(self) -> Iterator[Block]:
        model = self.model
        until = self.version.until
        ends = Text(", before {d}", "、{d}前").filled(d=day_text(until)) if until is not None else Text("", "")
        rows = [
            (Text("policy", "制度编号"), _same(model.id)),
            (Text("judges complaints received", "适用的投诉"), Text("from {d}{e}", "{d}起{e}收到的").filled(d=day_text(self.version.start), e=ends)),
            (Text("time zone", "时区"), _same(model.timezone)),
        ]
        if model.currency is not None:
            rows.append((Text("currency", "币种"), _same(model.currency)))
        if model.extends:
            rows.append((Text("builds on", "依托制度"), _same(", ".join(model.extends))))
        rows += [(Text("transition", "过渡条款"), self._transition(entry)) for entry in model.transition]
        if len(self.policy.versions) > 1:
            rows.append((Text("versions from", "各版本起始日"), joined([_version(v) for v in self.policy.versions], ", ", "、")))
        for label, day in ((Text("reviewed on", "复核日期"), model.reviewed_on), (Text("review by", "应于此前复核"), model.review_by)):
            if day is not None:
                rows.append((label, day_text(day)))
        yield Pairs(tuple(rows))
        yield Paragraph(_NO_ADVICE)

    def _transition(self, entry: Transition) -> Text:
        """Which complaints cross the first day of the version, and why."""
        said = Text("complaints received before it are judged by it if, as of its first day, {c} ({r})", "此前收到、截至施行首日{c}的投诉适用本版本（{r}）")
        if entry.use == "previous":
            said = Text(
                "complaints received under it stay with the version before if, as of its first day, {c} ({r})",
                "施行后收到、截至施行首日{c}的投诉仍适用前一版本（{r}）",
            )
        return said.filled(c=self.words.condition(entry.when), r=laxer_text(entry))

    def _sources(self) -> Iterator[Block]:
        if not self.model.sources:
            return
        yield Heading(2, Text("Sources", "依据"))
        columns = (Text("source", "名称"), Text("issuer", "发布机关"), Text("number", "文号"), Text("text seen", "核实情况"), Text("notes", "备注"))
        yield Grid(columns, tuple(self._source_row(source) for source in self.model.sources.values()))

    def _source_row(self, source: Source) -> tuple[Text, ...]:
        start, end = source.in_force
        notes = [source.note] if source.note is not None else []
        if start is not None:
            notes.append(Text("in force from {d}", "{d}起施行").filled(d=day_text(start)))
        if end is not None:
            notes.append(Text("until {d}", "{d}起失效").filled(d=day_text(end)))
        if source.reviewed_on is not None:
            notes.append(Text("reviewed on {d}", "{d}复核").filled(d=source.reviewed_on))
        if source.review_by is not None:
            notes.append(Text("review by {d}", "应于{d}前复核").filled(d=source.review_by))
        return source.title, _same(source.issuer or "–"), _same(source.number or "–"), source_status(source.status or ""), joined(notes)

    def _accepted(self) -> Iterator[Block]:
        """What `check` would remark, and its author lets stand."""
        if not self.model.accepted:
            return
        yield Heading(2, Text("What is known of it", "已知事项"))
        rows = []
        for entry in self.model.accepted:
            about = self.words.rule(entry.rule) if entry.rule is not None else Text("the whole policy", "制度整体")
            rows.append((about, entry.reason, _same(entry.remark)))
        yield Grid((Text("about", "对象"), Text("why it stands", "保留理由"), Text("remark of check", "检查代码")), tuple(rows))

    def _scope(self) -> Iterator[Block]:
        if not any(True for _ in self.model.all_rules()):
            return
        yield Heading(2, Text("Scope", "适用范围"))
        if self.model.scope is None:
            yield Paragraph(Text("It applies to every complaint.", "适用于全部投诉。"))
            return
        yield Paragraph(Text("It applies where {c}.", "适用于：{c}。").filled(c=self.words.condition(self.model.scope)))
        if self.model.scope_laxer is not None:
            yield Paragraph(Text("Narrower than the policy it extends: {r}.", "窄于所扩展的制度：{r}。").filled(r=laxer_text(self.model.scope_laxer)))

    # ---------------------------------------------------------------- counting and words
    def _counting(self) -> Iterator[Block]:
        model = self.model
        yield Heading(2, Text("How time is counted", "期限的计算"))
        conventions = [text for key in CONVENTIONS if (text := self.rules.convention(key, getattr(model.counting, key))) is not None]
        if model.counting.calendar is not None:
            conventions.append(Text("calendar '{n}'", "工作日按日历“{n}”").filled(n=model.counting.calendar.called))
        yield Paragraph(Text("Unless a rule says otherwise: {c}.", "规则未另作规定的：{c}。").filled(c=joined(conventions)))
        if model.calendars:
            rows = tuple((spec.called, _calendar(spec)) for spec in model.calendars.values())
            yield Grid((Text("calendar", "日历"), Text("working time", "工作时间")), rows)
        if model.terms:
            rows = tuple((length.title or _same(word.replace("_", " ")), _meaning(length)) for word, length in model.terms.items())
            yield Grid((Text("word", "用语"), Text("means", "含义")), rows)

    def _words(self) -> Iterator[Block]:
        """Facts are what the rules call by a name of their own."""
        if not self.model.facts:
            return
        yield Heading(2, Text("What the rules call by name", "名词含义"))
        rows: list[tuple[Text, ...]] = []
        for fact in self.model.facts.values():
            title = self.words.name(fact.name)
            shown = title if _same(fact.name) == title else title + Text(" ({n})", "（{n}）").filled(n=fact.name)
            rows.append((shown, self.rules.expression(fact.expression), self.rules.clause(fact.source)))
        yield _without_empty((Text("name", "名称"), Text("meaning", "含义"), Text("source", "依据")), rows)

    # ---------------------------------------------------------------- rules
    def _severity(self, title: Text, section: Any) -> Iterator[Block]:
        if not section.levels:
            return
        yield Heading(2, title)
        levels = [section.title_of(level) for level in section.levels]
        yield Paragraph(Text("From the lowest to the highest: {l}.", "由低到高：{l}。").filled(l=joined(levels, ", ", "、")))
        yield Paragraph(Text("The first row that holds decides.", "自上而下，以首个成立者为准。"))
        rows = [(section.title_of(rule.level), self.words.condition(rule.when), self._name(rule), self.rules.source(rule)) for rule in section.rules]
        if section.otherwise is not None:
            rows.append((section.title_of(section.otherwise), Text("otherwise", "其他情形"), _same(""), _same("")))
        yield Grid((Text("level", "等级"), Text("where", "情形"), Text("rule", "规则"), Text("source", "依据")), tuple(rows))

    def _responsibility(self, title: Text, section: Any) -> Iterator[Block]:
        if not section.rows and section.otherwise is None:
            return
        yield Heading(2, title)
        labels = (Text("where", "情形"), Text("owner", "责任方"), Text("accountable", "负责"), Text("consulted", "协助"), Text("informed", "知会"))
        rows = [(self.words.condition(row.when), *self._roles(row.roles), self._name(row), self.rules.source(row)) for row in section.rows]
        if section.otherwise is not None:
            where = Text("otherwise", "其他情形") if section.rows else Text("always", "所有投诉")
            rows.append((where, *self._roles(section.otherwise), _same(""), _same("")))
        yield _without_empty((*labels, Text("rule", "规则"), Text("source", "依据")), rows)

    def _roles(self, roles: Any) -> tuple[Text, ...]:
        people = ((roles.owner,), (roles.accountable,) if roles.accountable else (), roles.consulted, roles.informed)
        return tuple(joined([role_text(name, self.model.roles) for name in names], ", ", "、") for names in people)

    def _name(self, rule: Rule) -> Text:
        return _same(rule.id) if rule.title is None else rule.title + Text(" ({i})", "（{i}）").filled(i=rule.id)

    def _rule(self, rule: Rule) -> Iterator[Block]:
        yield Heading(3, self._name(rule), rule.id)
        rows = list(self.rules.parts(rule))
        if rule.source is not None:
            rows.append((Text("source", "依据"), self.rules.source(rule)))
        yield Pairs(tuple(rows))

    # ---------------------------------------------------------------- fields
    def _fields(self) -> Iterator[Block]:
        yield Heading(2, Text("What is recorded", "记录字段"))
        columns = (Text("name", "名称"), Text("field", "字段"), Text("what it holds", "内容"), Text("if empty", "空值含义"))
        used = fields_of(self.model)
        yield Grid(columns, tuple(self._field_row(f) for f in used))
        for log in used:
            if isinstance(log, LogField):
                yield Paragraph(Text("Events of a complaint that are asked for:", "涉及的投诉事件："))
                rows = [(kind.title, _same(kind.name), *self._field_row(a)[:3]) for kind in log.kinds for a in (ENTRY_FIELDS["at"], *kind.attributes)]
                yield Grid((Text("event", "事件"), Text("kind", "类型"), *columns[:3]), tuple(rows))

    def _field_row(self, declared: Field) -> tuple[Text, ...]:
        holds = _TYPES[declared.type]
        if declared.values:
            titles = dict(declared.titles)
            values = joined([titles[v] + Text(" ({v})", "（{v}）").filled(v=v) if v in titles else _same(v) for v in declared.values], ", ", "、")
            holds += Text(" ", "：") + values
        unit = declared.unit or (self.model.currency if declared.type == "money" else None)
        if unit is not None:
            holds += Text(" ({u})", "（{u}）").filled(u=unit_text(unit))
        if declared.sensitive:
            holds += Text("; withheld in reports", "；报告中不显示")
        return declared.title, _same(declared.name), holds, empty_text(declared)


def _without_empty(columns: Iterable[Text], rows: list[tuple[Text, ...]]) -> Grid:
    """A table without the columns that have nothing in them."""
    listed = list(columns)
    kept = [i for i in range(len(listed)) if any(row[i].en for row in rows)]
    return Grid(tuple(listed[i] for i in kept), tuple(tuple(row[i] for i in kept) for row in rows))


def _calendar(spec: CalendarSpec) -> Text:
    parts: list[Text] = []
    if spec.country is not None:
        place = place_text(f"{spec.country}-{spec.subdivision}" if spec.subdivision else spec.country)
        parts.append(Text("without weekends and the public holidays of {c}", "周末和{c}法定节假日除外").filled(c=place))
        if spec.country not in _NOT_MAKING_UP:
            parts.append(Text("weekends worked instead are working days", "调休上班的周末计入"))
    if spec.weekdays is not None:
        parts.append(Text(", ".join(spec.weekdays), "、".join(_DAYS.get(day, day) for day in spec.weekdays)))
    for first, last, spans in _runs(spec.hours or ()):
        shown = ", ".join(f"{a}–{b}" for a, b in spans)
        days = Text(first, _DAYS.get(first, first)) if first == last else Text(f"{first} to {last}", f"{_DAYS.get(first, first)}至{_DAYS.get(last, last)}")
        parts.append(days + Text(f" {shown}", f" {shown}"))
    if spec.holidays:
        parts.append(Text("also closed: ", "另休：") + _days(spec.holidays))
    if spec.extra_working_days:
        parts.append(Text("also worked: ", "另上班：") + _days(spec.extra_working_days))
    for when, spans in spec.dates:
        shown = ", ".join(f"{a}–{b}" for a, b in spans)
        parts.append(day_text(when) + (Text(f" {shown}", f" {shown}") if spans else Text(" closed", "休息")))
    if spec.announced_until is not None:
        parts.append(Text("announced until {d}", "已公布至{d}").filled(d=day_text(spec.announced_until)))
    return joined(parts)


def _runs(hours: Iterable[tuple[str, Any]]) -> list[tuple[str, str, Any]]:
    """Days that follow one another with the same hours, from the first to the last."""
    found: list[tuple[str, str, Any]] = []
    order = list(_DAYS)
    for day, spans in hours:
        follows = found and found[-1][2] == spans and order.index(day) == order.index(found[-1][1]) + 1
        found[-1:] = [(found[-1][0], day, spans)] if follows else [*found[-1:], (day, day, spans)]
    return found


def _meaning(length: Length) -> Text:
    """The length of a word, without saying the word again."""
    plain = evolve(length, word=None).text
    return plain + Text(" (a house number)", "（内部自定）") if length.house else plain


def _version(version: PolicyVersion) -> Text:
    """The first day of a version; one that a base's new version began says so."""
    day = Text(str(version.start), str(version.start))
    return day if version.start == version.effective else day + Text(" (of its base)", "（所依托制度改版）")


def _days(days: Iterable[Any]) -> Text:
    listed = [str(day) for day in days]
    return Text(", ".join(listed), "、".join(listed))
