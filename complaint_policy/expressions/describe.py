"""Expressions in words, in English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import copy
from typing import Any, Final

from complaint_policy.counting import TAKEN_BY, Counting
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.computed import Call, Computed, ComputedInstant, ComputedTest
from complaint_policy.expressions.evidence import Classified
from complaint_policy.lengths import Length, MonthDays
from complaint_policy.outcomes import BREACHED, MET, OUTCOME_TEXTS
from complaint_policy.texts import Text, joined
from complaint_policy.wording import CONVENTION_TEXTS, unit_text

__all__ = ["Describer"]

_SIGNS: Final = {
    "at_least": Text("at least", "不少于"),
    "at_most": Text("at most", "不超过"),
    "above": Text("above", "大于"),
    "below": Text("below", "小于"),
}
_MOMENTS: Final = {
    "by": Text("no later than", "不晚于"),
    "before": Text("before", "早于"),
    "after": Text("after", "晚于"),
    "not_before": Text("no earlier than", "不早于"),
}
_JOINS: Final = {
    "first_of": Text("the first of", "以下最早者："),
    "last_of": Text("the last of", "以下最晚者："),
    "all_of": Text("all of", "以下全部发生："),
    "first_known": Text("the first known of", "以下首个已知者："),
}
_PERIOD: Final = {
    "period_start": Text("the start of the period", "期间开始"),
    "period_end": Text("the end of the period", "期间结束"),
    "from": Text("the start", "起算时刻"),
}
_ARITHMETIC: Final = {"plus": " + ", "minus": " - ", "times": " × "}
_EXTREMES: Final = {
    ("max_of", True): Text("the larger of {p}", "{p}中的较大者"),
    ("max_of", False): Text("the largest of {p}", "{p}中的最大者"),
    ("min_of", True): Text("the smaller of {p}", "{p}中的较小者"),
    ("min_of", False): Text("the smallest of {p}", "{p}中的最小者"),
}
_BASELINES: Final = {
    (False, True): Text("the figure of the period before", "前一期的数值"),
    (False, False): Text("the mean of the {n} periods before", "前{n}期的平均值"),
    (True, True): Text("the figure of the same period a year before", "上年同期的数值"),
    (True, False): Text("the mean of the same period of the {n} years before", "前{n}年同期的平均值"),
}
_ROUNDS: Final = {
    "up": Text("each begun one counted whole", "不足一{u}按一{u}计"),
    "down": Text("only whole ones counted", "不足一{u}不计"),
    "half_up": Text("rounded half up", "四舍五入"),
}
_RANKS: Final = {
    "at_least": Text("at least", "不低于"),
    "at_most": Text("at most", "不高于"),
    "above": Text("above", "高于"),
    "below": Text("below", "低于"),
}
# Conventions that only their being otherwise than in the whole policy makes worth a word.
_UNMOVED: Final = Text("a last day off does not move", "末日不顺延")
# Titles that would run into the words around them.
_JOINED_EN: Final = re.compile(r"\b(?:or|and)\b|[,;:]")
_JOINED_ZH: Final = re.compile("[或且和及、，；：]")


def _quoted(texts: tuple[str, ...]) -> Text:
    return joined([Text(f"'{t}'", f"“{t}”") for t in texts], " or ", "或")


def _outcomes(outcomes: tuple[str, ...]) -> Text:
    return joined([OUTCOME_TEXTS[o] for o in outcomes], " or ", "或")


def _apart(title: Text) -> Text:
    """A title in quotation marks where it has an "or", an "and" or a comma of its own."""
    return Text(f"'{title.en}'" if _JOINED_EN.search(title.en) else title.en, f"“{title.zh}”" if _JOINED_ZH.search(title.zh) else title.zh)


class Describer:
    """Words for the expressions of one policy version: fields by their titles."""

    def __init__(
        self,
        titles: Mapping[str, Text],
        levels: Mapping[int, Text],
        rules: Mapping[str, Text],
        values: Mapping[str, Mapping[str, Text]] | None = None,
        kind: str = "",
        yes_or_no: frozenset[str] = frozenset(),
    ) -> None:
        self.titles = titles
        self.values = values or {}  # of enums, by field
        self.levels = levels
        self.rules = rules
        self.yes_or_no = yes_or_no  # fields that hold nothing else
        self.kind = kind  # inside `where`: of the entries
        self.counting: Counting | None = None  # what a reader was told already
        self.role_names: Mapping[str, Text] = {}  # where a written text names one

    def counted_by(self, counting: Counting) -> Describer:
        """For a place whose reader knows these conventions: lengths say only what is otherwise."""
        found = copy(self)
        found.counting = counting
        return found

    def naming(self, roles: Mapping[str, Text]) -> Describer:
        """For a place where a written text is a department or role."""
        found = copy(self)
        found.role_names = roles
        return found

    def attribute(self, name: str) -> Text:
        """An attribute of the entries looked at; outside `where`, of the entry that a duty began with."""
        found = self.titles.get(f"entry:{self.kind}:{name}")
        if found is None and not self.kind:
            # Kinds that call it differently leave it its own name.
            titles = {title for key, title in self.titles.items() if key.startswith("entry:") and key.endswith(f":{name}")} - {Text(name, name)}
            found = titles.pop() if len(titles) == 1 else None
        return found or self.name(name)

    def name(self, name: str) -> Text:
        return self.titles.get(name) or Text(name.replace("_", " "), name)

    def rule(self, identity: str) -> Text:
        return self.rules.get(identity) or Text(identity, identity)

    # ---------------------------------------------------------------- conditions
    def condition(self, node: n.Condition) -> Text:
        match node:
            case n.Not(part=n.EntryHas(name=name)):
                return Text("{n} is missing", "缺少{n}").filled(n=self.attribute(name))
            case n.EntryHas(name=name):
                return Text("{n} is recorded", "已记录{n}").filled(n=self.attribute(name))
            case n.Not(part=n.FactHolds(name=name, kind="entry")):
                return Text("{n}: no", "{n}为否").filled(n=_apart(self.attribute(name)))
            case n.FactHolds(name=name, kind="entry"):
                return _apart(self.attribute(name))
            case n.Always():
                return Text("always", "总是")
            case n.All(parts=parts) if len(parts) > 2 and all(isinstance(p, n.Present) for p in parts):
                names = joined([_apart(self.name(p.name)) for p in parts if isinstance(p, n.Present)], ", ", "、")
                return Text("all of these are recorded: {n}", "以下各项均已记录：{n}").filled(n=names)
            case n.All(parts=parts):
                return joined([self._nested(p) for p in parts], " and ", "且")
            case n.Any_(parts=parts):
                return joined([self._nested(p) for p in parts], " or ", "或")
            case n.Not(part=n.Present(name=name)) if name in self.yes_or_no:
                return Text("whether '{n}' is missing", "缺少“{n}”与否").filled(n=self.name(name))
            case n.Present(name=name) if name in self.yes_or_no:
                return Text("whether '{n}' is recorded", "已记录“{n}”与否").filled(n=self.name(name))
            case n.Not(part=n.Present(name=name)) | n.Not(part=n.PresentBy(name=name)):
                return Text("{n} is missing", "缺少{n}").filled(n=_apart(self.name(name)))
            case n.Not(part=n.FactHolds(name=name, kind="field")):
                return Text("{n}: no", "{n}为否").filled(n=_apart(self.name(name)))
            case n.Not(part=n.FactHolds(name=name)):
                return Text("not '{n}'", "“{n}”不成立").filled(n=self.name(name))
            case n.Not(part=n.Equals(left=left, right=n.NamedValue() as right)):
                return Text("{a} is not the same as {b}", "{a}与{b}不同").filled(a=self.value(left), b=_apart(self.value(right)))
            case n.Equals(left=left, right=n.NamedValue() as right):
                return Text("{a} is the same as {b}", "{a}与{b}相同").filled(a=self.value(left), b=_apart(self.value(right)))
            case n.Not(part=n.Equals(left=left, right=right)):
                return Text("{a} is not {b}", "{a}不为{b}").filled(a=self.value(left), b=self._right(left, right))
            case n.Not(part=n.OneOf(left=left, values=values)):
                return Text("{a} is not {b}", "{a}不为{b}").filled(a=self.value(left), b=self._either(left, values))
            case n.Not(part=n.HasAny(left=left, texts=texts)):
                return Text("{a} does not have {t}", "{a}不含{t}").filled(a=self.value(left), t=_quoted(texts))
            case n.Not(part=n.OutcomeIs(rule=rule, outcomes=outcomes)):
                return Text("'{r}' is not {o}", "“{r}”的判定不是{o}").filled(r=self.rule(rule), o=_outcomes(outcomes))
            case n.Not(part=part):
                return Text("not ({c})", "并非（{c}）").filled(c=self.condition(part))
            case n.FactHolds(name=name):
                return _apart(self.name(name))
            case n.Equals(left=left, right=right):
                return Text("{a} is {b}", "{a}为{b}").filled(a=self.value(left), b=self._right(left, right))
            case n.OneOf(left=left, values=values):
                return Text("{a} is {b}", "{a}为{b}").filled(a=self.value(left), b=self._either(left, values))
            case n.Compare(left=left, operation=operation, right=right):
                signs = _RANKS if left.kind == "level" else _SIGNS
                return Text("{a} is {o} {b}", "{a}{o}{b}").filled(a=self.value(left), o=signs[operation], b=self._right(left, right))
            case n.Moment(left=left, operation=operation, right=right):
                return Text("{a} {o} {b}", "{a}{o}{b}").filled(a=self._whole(left), o=_MOMENTS[operation], b=self._whole(right))
            case n.Present(name=name) | n.PresentBy(name=name):
                return Text("{n} is recorded", "已记录{n}").filled(n=_apart(self.name(name)))
            case n.HasAny(left=left, texts=texts):
                return Text("{a} has {t}", "{a}含有{t}").filled(a=self.value(left), t=_quoted(texts))
            case n.Matches(left=left, pattern=pattern):
                return Text("{a} fits /{p}/", "{a}符合 /{p}/").filled(a=self.value(left), p=pattern)
            case ComputedTest(title=title, parts=(n.Value() as left,), operand=operand):
                shown = _quoted(operand) if isinstance(operand, tuple) else n.literal_text(operand)
                return title.filled(value=self.value(left), operand=shown)
            case n.During(left=left, calendar_name=name):
                called = self.titles.get(f"calendar:{name}", Text(name, name))
                within = Text("{a} lies within {c}", "{a}在{c}时间内" if called.zh == name else "{a}在{c}内")
                return within.filled(a=self.instant(left), c=called)
            case n.OutcomeIs(rule=rule, outcomes=(outcome,)) if outcome in (MET, BREACHED):
                return Text("'{r}' is {o}", "{o}“{r}”").filled(r=self.rule(rule), o=OUTCOME_TEXTS[outcome])
            case n.OutcomeIs(rule=rule, outcomes=outcomes):
                return Text("'{r}' is {o}", "“{r}”的判定为{o}").filled(r=self.rule(rule), o=_outcomes(outcomes))
            case n.InOrder(instants=instants):
                return Text("in this order: {i}", "依次为：{i}").filled(i=joined([self.instant(i) for i in instants], ", ", "、"))
        raise TypeError(type(node).__name__)

    def _nested(self, node: n.Condition) -> Text:
        text = self.condition(node)
        return Text("({t})", "（{t}）").filled(t=text) if isinstance(node, (n.All, n.Any_)) else text

    def _either(self, left: n.NamedValue, values: tuple[Any, ...]) -> Text:
        return joined([self._literal(v, left) for v in values], " or ", "或")

    def _right(self, left: n.NamedValue, right: n.Value) -> Text:
        if not isinstance(right, n.Literal):
            return self._part(right)
        said = self._literal(right.value, left)
        return said if left.unit is None or isinstance(right.value, str) else Text("{v} {u}", "{v}{u}").filled(v=said, u=unit_text(left.unit))

    def _literal(self, value: Any, left: n.NamedValue | n.Literal) -> Text:
        """A written value, by its title where its level or field gives one."""
        if left.kind == "level":
            return self.levels.get(value, n.literal_text(value))
        if not isinstance(left, n.NamedValue) or left.source not in ("field", "entry", "fact"):
            return n.literal_text(value)
        titles = self.values.get(left.name if left.source != "entry" else f"entry:{self.kind}:{left.name}")
        found = (titles or {}).get(value)
        return _apart(found) if found is not None else n.literal_text(value)

    # ---------------------------------------------------------------- values
    def value(self, node: n.Value) -> Text:
        match node:
            case n.Literal(value=str(value)) if value in self.role_names:
                return self.role_names[value]
            case n.Literal(value=value):
                return self._literal(value, node)
            case n.NamedValue(name=name, source="entry"):
                return self.attribute(name)
            case n.CountOf(of=of):
                return Text("the number of {i}", "{i}的次数").filled(i=self.instant(of))
            case n.LastOfEntries(entries=entries, attribute=name):
                inner = self._inside(n.kinds_of(entries))
                return Text("{a} of the last {i}", "最近一次{i}的{a}").filled(a=inner.attribute(name), i=self.instant(entries))
            case n.NamedValue(name="severity", source="severity"):
                return Text("severity", "等级")
            case n.NamedValue(name="owner", source="owner"):
                return Text("owner", "责任方")
            case n.NamedValue(name=name, source="figure"):
                return self.rule(name)
            case n.NamedValue(name=name):
                return self.name(name)
            case n.Arithmetic(operation=operation, parts=parts):
                shown = [self._part(p) for p in parts]
                if operation in _ARITHMETIC:
                    return joined(shown, _ARITHMETIC[operation], _ARITHMETIC[operation])
                return _EXTREMES[operation, len(shown) == 2].filled(p=joined(shown, ", ", "、") if len(shown) != 2 else joined(shown, " and ", "与"))
            case n.FirstKnown(parts=parts):
                return Text("the first known of {p}", "{p}中首个已知者").filled(p=joined([self._part(p) for p in parts], ", ", "、"))
            case n.Choose(branches=branches):
                return self._branches([(b.when, self.value(b.then)) for b in branches])
            case n.LengthOf(span=span, unit=unit, round=rounds, per=per):
                measure = unit_text(unit)
                each = Text(" each by itself", "逐段计算，") if per == "span" else Text("", "")
                said = Text("{s} in {u}{e} ({r})", "{s}的{u}数（{e}{r}）")
                return said.filled(s=self.span(span), u=measure, e=each, r=_ROUNDS[rounds].filled(u=measure))
            case Computed(call=call, parts=parts):
                return self._computed(call, parts)
            case Classified(title=title, threshold=threshold):
                said = Text("{t} (by a classifier at least {p} sure)", "{t}（由分类器给出，置信度不低于{p}）")
                return said.filled(t=title, p=n.shown_number(threshold))
            case n.Baseline(periods=periods, same=same):
                return _BASELINES[same, periods == 1].filled(n=periods)
        raise TypeError(type(node).__name__)

    def _computed(self, call: Call, parts: tuple[n.Expression, ...]) -> Text:
        """What a plugin computes, and from what."""
        read = joined([self.instant(p) if isinstance(p, n.Instant) else self.value(p) for p in parts if isinstance(p, (n.Instant, n.Value))], ", ", "、")
        return Text("computed by the plugin '{p}' from {r}", "由插件“{p}”根据{r}计算").filled(p=call.plugin, r=read)

    def _part(self, node: n.Value) -> Text:
        text = self.value(node)
        if isinstance(node, n.NamedValue):
            return _apart(text)
        return Text("({t})", "（{t}）").filled(t=text) if isinstance(node, (n.Arithmetic, n.Choose)) else text

    def _branches(self, branches: list[tuple[n.Condition | None, Text]]) -> Text:
        parts = [
            Text("otherwise {t}", "否则{t}").filled(t=then) if when is None else Text("{t} if {c}", "{c}时，{t}").filled(t=then, c=self.condition(when))
            for when, then in branches
        ]
        return joined(parts)

    # ---------------------------------------------------------------- instants and spans
    def instant(self, node: n.Instant) -> Text:
        match node:
            case ComputedInstant(call=call, parts=parts):
                return self._computed(call, parts)
            case n.NamedInstant(name=name, kind="entry"):
                return self.attribute(name)
            case n.NamedInstant(name=name, kind="period"):
                return _PERIOD[name]
            case n.NamedInstant(name=name) | n.NamedInstants(name=name):
                return self.name(name)
            case n.Entries(kinds=kinds, where=where):
                named = joined([self.titles.get(f"event:{kind}") or Text(kind, kind) for kind in kinds], " or ", "或")
                return named if where is None else Text("{k} ({c})", "{k}（{c}）").filled(k=named, c=self._inside(kinds).condition(where))
            case n.Nth(number=number, of=of, after=after):
                template = Text("no. {n} of {i}", "第{n}次{i}") if after is None else Text("no. {n} of {i} after {a}", "{a}之后第{n}次{i}")
                return template.filled(n=number, i=self.instant(of), a=self.instant(after) if after is not None else "")
            case n.AsOf():
                return Text("the moment of judgement", "判定时刻")
            case n.RuleStart():
                return Text("the start", "起算时刻")
            case n.PreviousDue():
                return Text("the limit before", "前一期限届满")
            case n.DueOf(rule=rule):
                return Text("the due time of '{r}'", "“{r}”的到期时刻").filled(r=self.rule(rule))
            case n.Counted(base=n.RuleStart() | n.NamedInstant(name="from", kind="period"), length=length):
                return self._length(length) + self._otherwise(node)
            case n.Counted(base=base, length=Length(same_day=True)):
                return Text("the day of {b}", "{b}当日").filled(b=self._whole(base)) + self._otherwise(node)
            case n.Counted(base=base, length=MonthDays() as days):
                return Text("{d} after {b}", "{b}之后{d}").filled(d=days.text, b=self._whole(base)) + self._otherwise(node)
            case n.Counted(base=base, length=length, ahead=ahead):
                template = Text("{l} ahead of {b}", "{b}前{l}") if ahead else Text("{l} from {b}", "{b}起{l}")
                return template.filled(l=self._length(length), b=self._whole(base)) + self._otherwise(node)
            case n.FirstOf(parts=parts):
                return self._joined("first_of", parts)
            case n.LastOf(parts=parts):
                return self._joined("last_of", parts)
            case n.AllOf(parts=parts):
                return self._joined("all_of", parts)
            case n.FirstKnownInstant(parts=parts):
                return self._joined("first_known", parts)
            case n.ChooseInstant(branches=branches):
                return self._branches([(b.when, self.instant(b.then)) for b in branches])
            case n.Each(parts=parts, until=until):
                each = Text("every time of {p}", "每次{p}" if len(parts) == 1 else "以下各次：{p}")
                text = each.filled(p=joined([self._whole(p) for p in parts], ", ", "、"))
                return text if until is None else text + Text(", before {u}", "，限{u}之前的").filled(u=self.instant(until))
        raise TypeError(type(node).__name__)

    def _inside(self, kinds: tuple[str, ...]) -> Describer:
        """For what is said of entries of these kinds."""
        found = copy(self)
        found.kind = kinds[0] if kinds else ""
        return found

    def _whole(self, node: n.Instant) -> Text:
        """An instant among other words: what has several parts stands in brackets."""
        text = self.instant(node)
        return Text("({t})", "（{t}）").filled(t=text) if isinstance(node, (n.ChooseInstant, n.FirstOf, n.LastOf, n.AllOf, n.FirstKnownInstant)) else text

    def _otherwise(self, node: n.Counted) -> Text:
        """The conventions of one length that are not those its reader was told."""
        told, own = self.counting, node.counting
        parts = [] if told is None else [
            CONVENTION_TEXTS.get((key, getattr(own, key))) or (_UNMOVED if key == "roll" else None)
            for key, units in TAKEN_BY.items()
            if node.length.unit in units and getattr(own, key) != getattr(told, key)
        ]
        said = [part for part in parts if part is not None]
        return Text(" ({c})", "（{c}）").filled(c=joined(said)) if said else Text("", "")

    def _length(self, length: Length | n.LengthValue) -> Text:
        if isinstance(length, Length):
            return length.text
        unit = Length(1, length.unit).text
        shown = Text("{v} {u}", "{v}{z}") if isinstance(length.amount, (n.Arithmetic, n.Choose)) else Text("{v} ({u})", "{v}（{z}）")
        return shown.filled(v=self._part(length.amount), u=length.unit, z=unit.zh.lstrip("1"))

    def _joined(self, word: str, parts: tuple[n.Instant, ...]) -> Text:
        shown = [_apart(self.instant(p)) if isinstance(p, n.NamedInstant) else self.instant(p) for p in parts]
        return Text("{w} {p}", "{w}{p}").filled(w=_JOINS[word], p=joined(shown, ", ", "、"))

    def span(self, node: n.Span) -> Text:
        match node:
            case n.NamedSpan(name=name):
                return self.name(name)
            case n.Between(start=start, end=end):
                return Text("from {a} to {b}", "{a}至{b}").filled(a=self.instant(start), b=self.instant(end))
            case n.Late(rule=rule):
                return Text("the delay of '{r}'", "“{r}”的逾期时间").filled(r=self.rule(rule))
            case n.Together(parts=parts):
                return joined([self.span(p) for p in parts], " and ", "及")
            case n.Except(base=base, removed=removed):
                return Text("{a} without {b}", "{a}扣除{b}").filled(a=self.span(base), b=self.span(removed))
        raise TypeError(type(node).__name__)
