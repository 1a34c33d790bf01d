"""Holding what a plugin gives against what its hooks promise, before anything of it is used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

from complaint_policy.contributed import (
    FACT_KINDS,
    Calendar,
    Classifier,
    DerivedFact,
    Finder,
    Normaliser,
    Operator,
    Plugin,
    ReportSection,
    Settings,
    Similarity,
)
from complaint_policy.fields import CORE_FIELDS, FIELD_TYPES, NOT_OF_ENTRIES, RESERVED_VALUES, RESERVED_WORDS, EntryKind, Field
from complaint_policy.guarded import Refused
from complaint_policy.kinds import RuleKind
from complaint_policy.plugins.shapes import check_functions, check_tuples
from complaint_policy.schemas import HEAD
from complaint_policy.texts import Text

__all__ = ["HOOKS", "Listed", "claims", "gathered"]

# More of one kind is no plugin but a fault, or an endless generator.
_MOST: Final = 1000
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
# What each hook gives, and where a plugin keeps it.
HOOKS: Final[Mapping[str, tuple[type, str]]] = {
    "complaint_policy_policy_folders": (Path, "folders"),
    "complaint_policy_record_fields": (Field, "fields"),
    "complaint_policy_settings": (Settings, "settings"),
    "complaint_policy_facts": (DerivedFact, "facts"),
    "complaint_policy_operators": (Operator, "operators"),
    "complaint_policy_calendars": (Calendar, "calendars"),
    "complaint_policy_rule_kinds": (RuleKind, "kinds"),
    "complaint_policy_normalisers": (Normaliser, "normalisers"),
    "complaint_policy_finders": (Finder, "finders"),
    "complaint_policy_classifiers": (Classifier, "classifiers"),
    "complaint_policy_similarities": (Similarity, "similarities"),
    "complaint_policy_report_sections": (ReportSection, "report_sections"),
    "complaint_policy_messages": (Text, "messages"),
}
_FUNCTIONS: Final = (DerivedFact, Classifier, Operator, Normaliser, Finder, Similarity, ReportSection)
_SETTINGS: Final = ("boolean", "integer", "number", "money", "string", "enum", "date", "list")
_OPERANDS: Final = ("string", "number", "boolean", "list")


def _no(en: str, zh: str) -> Refused:
    return Refused(Text(en, zh))


class Listed:
    """Takes what a hook gives: so many things of one class at most, with names that can be used, each once."""

    def __init__(self, hook: str) -> None:
        self.kind, self.place = HOOKS[hook]

    def __call__(self, given: Any) -> Any:
        if self.place == "messages":
            return self._messages(given)
        if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
            raise _no(f"it gave {type(given).__name__} where a list is expected", f"返回了{type(given).__name__}，应为列表")
        items = list(islice(iter(given), _MOST + 1))
        if len(items) > _MOST:
            raise _no(f"it gave more than {_MOST} things", f"返回的内容超过{_MOST}项")
        for item in items:
            if not isinstance(item, self.kind) and not (self.place == "fields" and isinstance(item, EntryKind)):
                kind, wanted = type(item).__name__, self.kind.__name__
                if kind == wanted:  # of calendars there are two classes
                    kind, wanted = f"{type(item).__module__}.{kind}", f"complaint_policy.plugins.{wanted}"
                raise _no(f"{kind} is no {wanted}", f"{kind}不是{wanted}")
            _check(item)
        names = [name for item in items for name in _names_of(item)]
        for name in names:
            if names.count(name) > 1:
                raise _no(f"it gave '{name}' twice", f"“{name}”重复")
        return tuple(items)

    @staticmethod
    def _messages(given: Any) -> Any:
        if not isinstance(given, Mapping) or len(given) > _MOST:
            raise _no("messages are a mapping of codes to texts", "消息应为代码到文本的映射")
        found: dict[str, Text] = {}
        for code, text in given.items():
            if not isinstance(code, str) or re.fullmatch(r"[a-z][a-z0-9-]{0,63}", code) is None or not isinstance(text, Text):
                raise _no("a message is a code of small letters, digits and - with a Text", "消息应为小写字母、数字和-组成的代码及Text")
            _template(text)
            found[code] = text
        return found


def _template(text: Text) -> None:
    """A template fills plain names only: nothing is looked up in what fills it."""
    for sentence in (text.en, text.zh):
        if not sentence or re.sub(r"\{[a-z_][a-z0-9_]*\}", "", sentence).strip("{}").count("{") or "{" in re.sub(r"\{[a-z_][a-z0-9_]*\}", "", sentence):
            raise _no("a message has words in English and Chinese, with {names} of small letters", "消息须有中英文，占位符仅用小写字母的{names}")


def _check(item: Any) -> None:
    name = getattr(item, "name", None) or getattr(item, "key", None)
    if not isinstance(item, (Path, RuleKind)):
        if not isinstance(name, str) or _NAME.fullmatch(name) is None:
            shown = name[:64] if isinstance(name, str) else type(name).__name__
            raise _no(f"'{shown}' is no name: a letter, then letters, digits and _", f"“{shown}”不能作为名称：须以字母开头，由字母、数字和_组成")
        if name in RESERVED_WORDS:
            raise _no(f"'{name}' is a word of the policy language: take another name", f"“{name}”是制度语言的保留词，请换一个名称")
        if not isinstance(item.title, Text) or not (item.title.en and item.title.zh):
            raise _no(f"'{name}' has no title in English and Chinese", f"“{name}”缺少中英文标题")
    if isinstance(item, _FUNCTIONS) and not callable(item.function):
        raise _no(f"'{name}' has no function", f"“{name}”没有函数")
    for check in (check_tuples, _check_fact, _check_field, _check_entry_kind, _check_settings, _check_others, check_functions):
        check(item, name or "")


def _check_fact(item: Any, name: str) -> None:
    if isinstance(item, DerivedFact):
        if item.kind not in FACT_KINDS:
            raise _no(f"'{name}' is of no kind known: {', '.join(FACT_KINDS)}", f"“{name}”的类型应为：{'、'.join(FACT_KINDS)}")
        if (item.kind == "enum") != bool(item.values) or set(item.values) & RESERVED_VALUES:
            raise _no(f"'{name}': an enum has values, and nothing else has", f"“{name}”：枚举须有取值，其他类型不得有")
        if item.column is not None and not callable(item.column):
            raise _no(f"'{name}' has a column that is no function", f"“{name}”的column不是函数")
    if isinstance(item, (DerivedFact, Classifier)) and (not item.reads or set(item.optional) - set(item.reads) or len(set(item.reads)) < len(item.reads)):
        raise _no(f"'{name}' reads each of its fields once, the optional ones among them", f"“{name}”的reads须不为空、不重复，并包含optional")
    if isinstance(item, Classifier) and not item.labels:
        raise _no(f"'{name}' has no labels", f"“{name}”没有标签")


def _check_field(item: Any, name: str) -> None:
    if isinstance(item, Field):
        if name in CORE_FIELDS:
            raise _no(f"'{name}' is a core field, which every policy has already", f"“{name}”是核心字段，所有制度均已具备")
        if item.type not in FIELD_TYPES:
            raise _no(f"'{name}' is of no type known: {', '.join(FIELD_TYPES)}", f"“{name}”的类型应为：{'、'.join(FIELD_TYPES)}")
        if (item.type == "enum") != bool(item.values):
            raise _no(f"'{name}': an enum has values, and nothing else has", f"“{name}”：枚举须有取值，其他类型不得有")
        if item.empty not in ("unknown", "none", *(("not_yet",) if item.type == "event" else ())):
            raise _no(f"'{name}': an empty cell means unknown or none, of an event not_yet", f"“{name}”：空值只能表示unknown、none，事件可为not_yet")


def _check_entry_kind(item: Any, name: str) -> None:
    for given in item.attributes if isinstance(item, EntryKind) else ():
        attribute: Any = given
        fits = isinstance(attribute, Field) and _NAME.fullmatch(attribute.name) is not None and attribute.type in FIELD_TYPES
        if not fits or attribute.type in NOT_OF_ENTRIES or attribute.name in ("at", "kind"):
            raise _no(f"'{name}' has an attribute that is no field of one value", f"“{name}”的属性须为单值字段")


def _check_settings(item: Any, name: str) -> None:
    if isinstance(item, Settings):
        if name in HEAD:
            raise _no(f"'{name}' is a key of the policy file", f"“{name}”是制度文件已有的键")
        for setting in item.fields:
            given: Any = setting
            if not isinstance(given, Field) or _NAME.fullmatch(given.name) is None or given.type not in _SETTINGS:
                raise _no(f"'{name}' has a setting that is no field of one value", f"“{name}”的设置项须为单值字段")


def _check_others(item: Any, name: str) -> None:
    if isinstance(item, Operator):
        if item.operand not in _OPERANDS or not item.kinds:
            raise _no(f"'{name}' has kinds, and an operand that is one of: {', '.join(_OPERANDS)}", f"“{name}”须有kinds，operand应为：{'、'.join(_OPERANDS)}")
        for sentence in (item.title.en, item.title.zh):
            if re.sub(r"\{(value|operand)\}", "", sentence).count("{"):
                raise _no(f"'{name}': its title has no names but {{value}} and {{operand}}", f"“{name}”的标题只能含{{value}}和{{operand}}")
    if isinstance(item, Normaliser) and (not item.writes or not item.reads):
        raise _no(f"'{name}' reads and writes nothing", f"“{name}”没有声明reads或writes")
    if isinstance(item, Normaliser) and "events" in item.writes:
        raise _no(f"'{name}' writes the log of events, which nobody may", f"“{name}”不得改写事件日志")


def _names_of(item: Any) -> tuple[str, ...]:
    if isinstance(item, RuleKind):
        return (item.key, item.kind) if item.key != item.kind else (item.key,)
    if isinstance(item, Normaliser):
        return (item.name, *(f"writes {name}" for name in item.writes))
    if isinstance(item, EntryKind):
        return (f"event:{item.name}",)
    return (str(getattr(item, "name", None) or getattr(item, "key", None) or item),)


# The names that must be one plugin's only: fields and facts are told apart nowhere, nor are sections.
_CLAIMS: Final = {"fields": "name", "facts": "name", "kinds": "section", "settings": "section"}


def claims(plugin: Plugin) -> Iterator[tuple[str, str]]:
    """What no other plugin may claim: the sort of thing, and its name."""
    for _, place in HOOKS.values():
        for item in getattr(plugin, place) if place not in ("messages", "folders", "finders") else ():
            for name in _names_of(item):
                yield _CLAIMS.get(place, place), name


def gathered(found: Mapping[str, Any]) -> dict[str, Any]:
    """What the hooks gave, as the parts of a plugin; checks that need several of them."""
    parts = {place: found[hook] for hook, (_, place) in HOOKS.items() if hook in found}
    sections = {settings.key for settings in parts.get("settings", ())}
    for place in ("facts", "classifiers", "normalisers", "finders"):
        for item in parts.get(place, ()):
            if item.settings is not None and item.settings not in sections:
                raise _no(
                    f"'{item.name}' asks for settings '{item.settings}', which the plugin does not have", f"“{item.name}”引用了不存在的设置“{item.settings}”"
                )
    names = {f.name for f in parts.get("fields", ()) if isinstance(f, Field)}
    for fact in parts.get("facts", ()):
        if fact.name in names or fact.name in CORE_FIELDS:
            raise _no(f"'{fact.name}' is a field already", f"“{fact.name}”已是字段")
    return parts
