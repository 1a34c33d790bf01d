"""A rule in words: its frame, then every part of its model, whatever its kind."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from decimal import Decimal
from typing import Any, Final

from attrs import fields

from complaint_policy import PolicyVersion
from complaint_policy.cli.views.tables import source_status
from complaint_policy.counting import TAKEN_BY, Counting
from complaint_policy.explaining import laxer_text
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.describe import Describer
from complaint_policy.frame import Rule, SourceRef
from complaint_policy.lengths import Length, MonthDays
from complaint_policy.rules.deadlines.model import Deadline
from complaint_policy.rules.deadlines.stages import time_to_spare
from complaint_policy.rules.penalties.model import Cap
from complaint_policy.texts import Text, joined
from complaint_policy.wording import CONVENTION_TEXTS, PER_TEXTS, PERIOD_TEXTS, cited, currency_text, role_text

__all__ = ["RuleWords"]

# Where a part has no label here (a kind of a plugin), its own name stands.
_LABELS: Final = {
    "level": Text("level", "等级"),
    "roles": Text("roles", "职责"),
    "owner": Text("owner", "责任方"),
    "accountable": Text("accountable", "负责"),
    "consulted": Text("consulted", "协助"),
    "informed": Text("informed", "知会"),
    "to": Text("to", "上报至"),
    "require": Text("requires", "要求"),
    "refusal": Text("if refused", "不予受理的理由"),
    "before": Text("before", "最迟于"),
    "start": Text("from", "起算"),
    "act": Text("until", "完成"),
    "within": Text("within", "期限"),
    "extend": Text("extension", "延长"),
    "pauses": Text("clock stops", "暂停计时"),
    "at_risk": Text("at risk", "预警"),
    "part_of": Text("part of", "属于"),
    "period": Text("every", "频次"),
    "counting": Text("counting", "计算方法"),
    "keep_until": Text("keep until", "至少保存至"),
    "deleted": Text("deleted", "销毁"),
    "breaches_of": Text("for breaches of", "针对违反"),
    "per": Text("per", "计算单位"),
    "amount": Text("amount", "金额"),
    "range": Text("range", "范围"),
    "payable_to": Text("payable to", "收款方"),
    "charge": Text("charged to", "承担者"),
    "legal_basis": Text("legal basis", "适用条款"),
    "divided_by": Text("divided by", "除以"),
    "approver": Text("approved by", "批准者"),
    "recovers_from": Text("recovered from", "追偿对象"),
    "cap": Text("cap", "上限"),
}
_ROLES: Final = frozenset(("owner", "accountable", "consulted", "informed", "to", "payable_to", "charge", "recovers_from", "approver"))
_FRAME: Final = frozenset(("id", "title", "source", "when", "exempt", "duty_of", "waivable_by", "laxer", "place"))
_UNMOVED: Final = Text("a last day off does not move", "末日不顺延")
_SAME_DAY: Final = "same day"
_ELAPSED: Final = Text("elapsed time, nights and days off included", "连续计算，夜间和休息日计入")


class RuleWords:
    """The rules of one policy version in words."""

    def __init__(self, version: PolicyVersion) -> None:
        self.model = version.model
        severity = self.model.section("severity")
        levels = {rank: severity.title_of(level) for rank, level in enumerate(getattr(severity, "levels", ()))}
        rules = {rule.id: rule.name for rule in self.model.all_rules()}
        words = Describer(self.model.titles(), levels, rules, self.model.value_titles(), yes_or_no=self.model.yes_or_no())
        self.words = words.counted_by(self.model.counting)

    def parts(self, rule: Rule) -> Iterator[tuple[Text, Text]]:
        """Labels and words: when it applies, what it asks, who owes it."""
        units = _units(rule)
        own = getattr(rule, "counting", None)
        if isinstance(own, Counting):
            # What is said of the whole rule is not said again of each length.
            words = copy(self)
            words.words = self.words.counted_by(own)
            yield from words._all_parts(rule, units)
        else:
            yield from self._all_parts(rule, units)

    def _all_parts(self, rule: Rule, units: frozenset[str]) -> Iterator[tuple[Text, Text]]:
        if rule.when is not None:
            yield Text("applies when", "适用条件"), self.words.condition(rule.when)
        told = getattr(rule, "in_words", None)
        if told is not None:
            yield from told(self.words)
        for attribute in fields(type(rule)) if told is None else ():
            if attribute.name not in _FRAME:
                value = getattr(rule, attribute.name)
                yield from self._parts(attribute.name, value, units)
        if isinstance(rule, Deadline):
            for spare in time_to_spare(rule, self.model.section("deadlines"), self.model):
                yield Text("its stages", "各环节"), spare
        for exemption in rule.exempt:
            text = Text("{c} ({r})", "{c}（{r}）").filled(c=self.words.condition(exemption.when), r=exemption.reason)
            yield Text("exempt when", "豁免条件"), text
        if not rule.is_companys:
            yield Text("duty of", "义务人"), self.role(rule.duty_of)
        if rule.waivable_by:
            yield Text("waivable by", "可批准豁免"), self._value(rule.waivable_by, role=True)
        if rule.laxer is not None:
            yield Text("laxer than its base", "宽于基础制度"), laxer_text(rule.laxer)

    def _parts(self, name: str, value: Any, units: frozenset[str] = frozenset()) -> Iterator[tuple[Text, Text]]:
        label = _LABELS.get(name) or Text(name.replace("_", " "), name)
        if value is None or value == () or value == "":
            return
        if name == "amount" and self.model.currency is not None:
            label += Text(" ({c})", "（{c}）").filled(c=currency_text(self.model.currency))
        if name == "roles":
            for attribute in fields(type(value)):
                yield from self._parts(attribute.name, getattr(value, attribute.name))
        elif name == "extend":
            for step in value:
                yield label, self._extension(step)
        elif isinstance(value, Counting):
            text = self._counting(value, units)
            if text is not None:
                yield label, text
        elif name == "period":
            yield label, PERIOD_TEXTS.get(value) or self._value(value)
        elif name == "per":
            yield label, PER_TEXTS.get(value) or self._value(value)
        elif name == "breaches_of":
            yield label, joined([self._named(r) for r in value], ", ", "、")
        elif name == "part_of":
            yield label, self._named(value)
        else:
            yield label, self._value(value, role=name in _ROLES)

    def _named(self, rule: str) -> Text:
        """A rule by its title and id."""
        title = self.words.rule(rule)
        return title if title == Text(rule, rule) else Text(f"{title.en} ({rule})", f"{title.zh}（{rule}）")

    def source(self, rule: Rule) -> Text:
        """The clause a rule rests on, and how far its text was seen; empty where it has none."""
        return self.clause(rule.source)

    def clause(self, reference: SourceRef | None) -> Text:
        """A citation in words."""
        if reference is None:
            return Text("", "")
        known = self.model.sources.get(reference.ref)
        title = known.title if known is not None else Text(reference.ref, reference.ref)
        status = reference.status or (known.status if known is not None else None)
        return cited(title, reference.clause) + (Text(" [{s}]", "［{s}］").filled(s=source_status(status)) if status else Text("", ""))

    def convention(self, key: str, word: str) -> Text | None:
        """A counting convention in words; None for one that is as everybody expects."""
        return CONVENTION_TEXTS.get((key, word))

    def expression(self, node: n.Expression) -> Text:
        """What a fact is, in words; a text that names a role is that role's title."""
        return self._value(node, role=isinstance(node, n.Value) and not isinstance(node, n.Literal))

    def role(self, name: str) -> Text:
        """A department or role by its title and name."""
        title = role_text(name, self.model.roles)
        if title == Text(name, name):
            return title
        # Where the title is the word itself, it is not said twice.
        return Text(name if title.en == name else f"{title.en} ({name})", name if title.zh == name else f"{title.zh}（{name}）")

    def _value(self, value: Any, *, role: bool = False) -> Text:
        match value:
            case str() if role:
                return self.role(value)
            case n.Literal(value=str(name)) if role:
                return self.role(name)
            case Text():
                return value
            case n.Condition():
                return self.words.condition(value)
            case n.Instant():
                return self.words.instant(value)
            case n.Span():
                return self.words.span(value)
            case n.Value():
                return (self.words.naming(self.model.roles) if role else self.words).value(value)
            case n.Range(low=n.Literal(value=low), high=high) if low == 0:
                return Text("up to {b}", "不超过{b}").filled(b=self._sum(high))
            case n.Range(low=low, high=high):
                return Text("{a} to {b}", "{a}至{b}").filled(a=self._sum(low), b=self._sum(high))
            case n.ChooseRange(branches=branches):
                return joined([self._branch(b.when, self._value(b.then)) for b in branches])
            case MonthDays():
                return value.named
            case Cap(text=text):
                return text
            case Length():
                return Text("{l} before it is due", "到期前{l}").filled(l=value.text)
            case Decimal():
                return Text(f"{value:.0%} of the time gone", f"已用时限的{value:.0%}")
            case tuple():
                return joined([self._value(v, role=role) for v in value], ", ", "、")
        return Text(str(value), str(value))

    def _sum(self, value: n.Value) -> Text:
        """An end of a range: a written one with its currency."""
        if isinstance(value, n.Literal):
            shown, currency = f"{value.value:,}", currency_text(self.model.currency)
            return Text(f"{shown} {currency.en}", f"{shown}{currency.zh}")
        return self.words.value(value)

    def _branch(self, when: n.Condition | None, then: Text) -> Text:
        if when is None:
            return Text("otherwise {t}", "否则{t}").filled(t=then)
        return Text("{t} if {c}", "{c}时，{t}").filled(t=then, c=self.words.condition(when))

    def _extension(self, step: Any) -> Text:
        text = Text("to {w} ({i})", "至{w}（{i}）").filled(i=step.id, w=self.words.instant(step.within))
        if step.when is not None:
            text += Text(", when {c}", "，情形：{c}").filled(c=self.words.condition(step.when))
        if step.needs is not None:
            text += Text("; needs {c}", "；条件：{c}").filled(c=self.words.condition(step.needs))
        return text

    def _counting(self, counting: Counting, units: frozenset[str]) -> Text | None:
        """The conventions that the units of the rule take, and the calendar where they use one."""
        parts = [text for (key, word), text in CONVENTION_TEXTS.items() if getattr(counting, key) == word and units & TAKEN_BY[key]]
        if units == {_SAME_DAY}:
            # The day of the start itself: no first day is left out.
            parts = [text for (key, word), text in CONVENTION_TEXTS.items() if key in ("ends", "roll") and getattr(counting, key) == word]
        if counting.roll == "none" and self.model.counting.roll != "none" and units & (TAKEN_BY["roll"] | {_SAME_DAY}):
            parts.append(_UNMOVED)
        if units and units <= {"minutes", "hours"}:
            parts.append(_ELAPSED)
        uses_calendar = any(unit.startswith("working") for unit in units) or (counting.roll != "none" and units & (TAKEN_BY["roll"] | {_SAME_DAY}))
        if counting.calendar is not None and uses_calendar:
            parts.append(Text("calendar '{n}'", "日历“{n}”").filled(n=counting.calendar.called))
        return joined(parts) if parts else None


def _units(rule: Rule) -> frozenset[str]:
    """The units of the lengths a rule counts."""
    found: set[str] = set()
    for attribute in fields(type(rule)):
        value = getattr(rule, attribute.name)
        steps = [step.within for step in value] if attribute.name == "extend" else [value]
        for part in steps:
            if isinstance(part, n.Expression):
                found |= {_unit(node.length) for node in n.walk(part) if isinstance(node, n.Counted)}
    return frozenset(found)


def _unit(length: Length | n.LengthValue) -> str:
    return _SAME_DAY if isinstance(length, Length) and length.same_day else length.unit
