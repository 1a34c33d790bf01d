"""A policy version as data: checked, immutable, and complete (its bases are folded in)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from attrs import field, frozen

from complaint_policy.contributed import Plugin
from complaint_policy.counting import CalendarSpec, Counting
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.evidence import Asked, Classified
from complaint_policy.fields import Field, LogField, titles_of
from complaint_policy.frame import Laxer, Rule, SourceRef, Transition
from complaint_policy.lengths import Length
from complaint_policy.noting import Looker
from complaint_policy.problems import NOWHERE, Place, Problem
from complaint_policy.texts import Text

__all__ = ["Accepted", "Case", "Fact", "PolicyModel", "Source", "as_map", "fields_below", "levels_below", "names_below"]


def as_map(items: Mapping[str, Any]) -> Mapping[str, Any]:
    """A read-only view that pickles."""
    return FrozenMap(items)


class FrozenMap(dict[str, Any]):
    """A dict that refuses to change."""

    def _refuse(self, *_: object, **__: object) -> Any:
        raise TypeError("a policy is immutable")

    __setitem__ = __delitem__ = update = pop = popitem = clear = setdefault = __ior__ = _refuse

    __hash__ = None  # a model is compared, never hashed

    def __reduce__(self) -> tuple[Any, ...]:
        return (FrozenMap, (dict(self),))


@frozen
class Source:
    """A rule's origin: verified, second-hand (read in somebody else's account), or the company's own."""

    id: str
    title: Text
    status: str | None = None
    issuer: str | None = None
    number: str | None = None
    url: str | None = None
    in_force: tuple[date | None, date | None] = (None, None)
    reviewed_on: date | None = None
    review_by: date | None = None
    note: Text | None = None
    place: Place = field(default=NOWHERE, eq=False, repr=False)


@frozen
class Fact:
    """A derived value, used like a field.  ``kind`` is boolean, a value's kind, or instant."""

    name: str
    kind: str
    expression: n.Expression
    unit: str | None = None
    title: Text | None = None
    source: SourceRef | None = None
    place: Place = field(default=NOWHERE, eq=False, repr=False)


@frozen
class Case:
    """A test beside the rules, as written; ``testing`` runs it."""

    name: str
    node: Any = field(eq=False, repr=False)
    place: Place = field(default=NOWHERE, eq=False, repr=False)


@frozen
class Accepted:
    """A remark of `check` that its author knows and lets stand: of a rule, or of the policy as a whole."""

    remark: str
    rule: str | None
    reason: Text
    place: Place = field(default=NOWHERE, eq=False, repr=False)


@frozen
class PolicyModel:
    """One version with everything it rests on."""

    id: str
    effective: date
    until: date | None  # exclusive
    title: Text
    timezone: str
    currency: str | None
    sources: Mapping[str, Source]
    calendars: Mapping[str, CalendarSpec]
    counting: Counting
    terms: Mapping[str, Length]
    fields: Mapping[str, Field]
    facts: Mapping[str, Fact]
    roles: Mapping[str, Text]
    scope: n.Condition | None
    sections: Mapping[str, Any]
    extends: tuple[str, ...] = ()
    reviewed_on: date | None = field(default=None, eq=False)
    review_by: date | None = field(default=None, eq=False)
    cases: tuple[Case, ...] = field(default=(), eq=False, repr=False)
    files: tuple[str, ...] = field(default=(), eq=False, repr=False)
    scope_laxer: Laxer | None = None
    transition: tuple[Transition, ...] = ()
    plugins: tuple[Plugin, ...] = ()  # those the policy names, in the order of their manager
    settings: Mapping[str, Mapping[str, Any]] = field(factory=dict)  # of plugins, by section
    classifiers: Mapping[str, Asked] = field(factory=dict, eq=False)  # of plugins, those that an expression asks
    lookers: tuple[Looker, ...] = field(default=(), eq=False, repr=False)  # finders of plugins
    accepted: tuple[Accepted, ...] = field(default=(), eq=False)
    notes: tuple[Problem, ...] = field(default=(), eq=False, repr=False)  # what loading found worth saying

    def section(self, key: str) -> Any:
        """A room's model."""
        return self.sections[key]

    def all_rules(self) -> Iterator[Rule]:
        """Every rule of every room, in the order of the rooms."""
        for section in self.sections.values():
            yield from section if isinstance(section, tuple) else section.rules_of_section()

    def titles(self) -> dict[str, Text]:
        """What fields, facts and calendars (as ``calendar:name``) are called."""
        asked = {name: one.title for name, one in self.classifiers.items()}
        facts = {name: f.title for name, f in self.facts.items() if f.title is not None}
        return asked | titles_of(self.fields.values()) | facts | {f"calendar:{name}": spec.called for name, spec in self.calendars.items()}

    def yes_or_no(self) -> frozenset[str]:
        """The fields that hold nothing but yes or no."""
        return frozenset(name for name, f in self.fields.items() if f.type == "boolean")

    def value_titles(self) -> dict[str, dict[str, Text]]:
        """What the values of enums are called, by field; the labels of classifiers by fact."""
        found = {name: dict(f.titles) for name, f in self.fields.items() if f.titles}
        for log in self.fields.values():
            for kind in log.kinds if isinstance(log, LogField) else ():
                found |= {f"entry:{kind.name}:{a.name}": dict(a.titles) for a in kind.attributes if a.titles}
        for fact in self.facts.values():
            # A fact that takes one of them over has their values; a text that it makes may name a role.
            nodes = tuple(n.walk(fact.expression))
            taken = {k: v for node in nodes for k, v in found.get(_taken(node), {}).items()}
            taken |= {label: text for node in nodes if isinstance(node, Classified) for label, text in node.titles.items()}
            if isinstance(fact.expression, n.Value) and (taken or self.roles):
                found[fact.name] = {**self.roles, **taken}
        return found

    def rule(self, identity: str) -> Rule | None:
        return next((r for r in self.all_rules() if r.id == identity), None)


def _taken(node: n.Expression) -> str:
    """Whose value a part of a fact is, as titles of values are kept."""
    match node:
        case n.NamedValue(name=name, source="field" | "fact"):
            return name
        case n.LastOfEntries(entries=entries, attribute=attribute):
            return f"entry:{n.kinds_of(entries)[0]}:{attribute}" if n.kinds_of(entries) else ""
    return ""


def levels_below(node: n.Expression | None, model: PolicyModel) -> set[str]:
    """``severity`` and ``owner``, where an expression rests on them, through facts."""
    found: set[str] = set()
    for name in n.names_in(node):
        kind, _, rest = name.partition(":")
        if kind == "fact":
            found |= levels_below(model.facts[rest].expression, model)
        elif not rest:
            found.add(name)
    return found


def fields_below(node: n.Expression | None, model: PolicyModel) -> Iterable[str]:
    """The fields an expression rests on, through facts."""
    for name in n.names_in(node):
        kind, _, rest = name.partition(":")
        if kind == "field":
            yield rest
        elif kind == "fact":
            yield from fields_below(model.facts[rest].expression, model)


def names_below(node: n.Expression | None, model: PolicyModel) -> Iterable[str]:
    """Every name of the graph an expression rests on but facts, through which it looks: ``field:x``, ``rule:x``, ``severity``, …"""
    for name in n.names_in(node):
        kind, _, rest = name.partition(":")
        if kind == "fact":
            yield from names_below(model.facts[rest].expression, model)
        else:
            yield name
