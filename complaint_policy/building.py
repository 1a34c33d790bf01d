"""From the located trees of a file and its bases to one checked model.

The files are handed in base first.  Conventions (`counting`, `terms`, `calendars`) are lexical: they
hold for the rules of the file they stand in.  Fields, facts, sources and rules are shared.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from attrs import define, field, frozen

from complaint_policy.contributed import Plugin
from complaint_policy.counting import CalendarSpec, Counting
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.computed import may_be_none
from complaint_policy.expressions.environment import Environment, FactKind, RuleName
from complaint_policy.expressions.parse_conditions import parse_condition
from complaint_policy.expressions.parse_instants import INSTANT_KEYS, parse_instant
from complaint_policy.expressions.parse_values import VALUE_KEYS, parse_value
from complaint_policy.fields import CORE_FIELDS, RESERVED_WORDS, Field
from complaint_policy.frame import COMPANY, Exemption, SourceRef
from complaint_policy.graph import bases_first
from complaint_policy.head import (
    read_accepted,
    read_calendars,
    read_counting_head,
    read_date,
    read_fields,
    read_roles,
    read_sources,
    read_terms,
    read_zone,
    scalar_text,
    text_of,
    words,
)
from complaint_policy.kinds import Piece, RuleKind
from complaint_policy.lengths import Length
from complaint_policy.model import Case, Fact, PolicyModel, Source, as_map
from complaint_policy.overlays import against_bases, read_laxer, read_transition, scope_laxer
from complaint_policy.plugged import Plugged, calendars_of, fields_of, plug_in
from complaint_policy.problems import Place, Problems
from complaint_policy.reader import Mapping, Node, Scalar, Sequence
from complaint_policy.schema_check import check_fact
from complaint_policy.schemas import BASELINE_KEYS
from complaint_policy.texts import Text
from complaint_policy.zones import Zone, zone_named

__all__ = ["Builder", "File", "build"]

_ORDINARY_VALUE_KEYS: Final = frozenset((*VALUE_KEYS, *BASELINE_KEYS)) - {"first_known", "choose"}
_MOST_NESTED_FACTS: Final = 40
_ORDINARY_INSTANT_KEYS: Final = frozenset(INSTANT_KEYS) - {"first_known", "choose"}


@frozen
class File:
    """One policy file, read and found to fit the schema (or with its faults already reported)."""

    name: str
    root: Mapping


@define
class Builder:
    """What is known while a version is built; rooms read their sections through it."""

    problems: Problems
    zone: Zone
    currency: str | None
    kinds: tuple[RuleKind, ...]
    sources: dict[str, Source] = field(factory=dict)
    fields: dict[str, Field] = field(factory=dict)
    rules: dict[str, RuleName] = field(factory=dict)
    levels: tuple[str, ...] = ()
    calendars: dict[str, CalendarSpec] = field(factory=dict)
    terms: dict[str, Length] = field(factory=dict)
    facts: dict[str, Fact] = field(factory=dict)
    fact_nodes: dict[str, tuple[Node, Environment, Place]] = field(factory=dict)
    fact_path: list[str] = field(factory=list)
    fact_titles: dict[str, tuple[Text | None, SourceRef | None]] = field(factory=dict)
    roles: dict[str, Text] = field(factory=dict)
    plugged: Plugged = field(factory=lambda: Plugged((), {}))
    plugin_places: dict[str, Place] = field(factory=dict)
    broken_facts: set[str] = field(factory=set)

    # ---------------------------------------------------------------- facts
    def fact_kind(self, name: str, place: Place) -> FactKind | None:
        """What a fact is, reading it first where it has not been read; a cycle is a problem with its path."""
        if name in self.fact_path:
            circle = self.fact_path[self.fact_path.index(name) :]
            places = [self.fact_nodes[one][2] if one in self.fact_nodes else place for one in circle]
            first = min(range(len(circle)), key=lambda i: places[i])
            path = [*circle[first:], *circle[:first], circle[first]]
            self.problems.add("fact-cycle", places[first], path=" → ".join(path))
            return None
        if name not in self.facts and name not in self.broken_facts:
            if len(self.fact_path) >= _MOST_NESTED_FACTS:  # only a circle can be this deep: facts are read bases first
                path = [*self.fact_path[:3], "…", *self.fact_path[-3:], "…"]
                self.problems.add("fact-cycle", place, path=" → ".join(path))
                return None
            self._read_fact(name)
        fact = self.facts.get(name)
        return FactKind(fact.kind, fact.unit, may_be_none(fact.expression), n.kinds_of(fact.expression)) if fact is not None else None

    def _read_fact(self, name: str) -> None:
        if name not in self.fact_nodes:
            self.plugged.take(name, self)
            return
        (node, env, place), known = self.fact_nodes[name], len(self.problems)
        self.fact_path.append(name)
        try:
            expression, kind = self._fact_expression(node, env)
        finally:
            self.fact_path.pop()
        if len(self.problems) == known:
            check_fact(node, self._shape(node), self.problems, self.plugged.used)
        if expression is None:
            self.broken_facts.add(name)  # its problems are known: read once
        else:
            unit = expression.unit if isinstance(expression, n.NamedValue) else None
            self.facts[name] = Fact(name, kind, expression, unit, *self.fact_titles.get(name, (None, None)), place)

    def _fact_expression(self, node: Node, env: Environment) -> tuple[n.Expression | None, str]:
        shape = self._shape(node)
        if shape == "instant":
            return parse_instant(node, env), "instant"
        if shape == "value":
            if isinstance(node, Scalar) and (node.value in self.fields or node.value in self.fact_nodes):
                self.problems.add("text-for-field", node.place, name=node.value)
            value = parse_value(node, env)
            return value, value.kind if value is not None else ""
        return parse_condition(node, env), "boolean"

    def _shape(self, node: Node | None) -> str:
        """Whether a fact is a condition, a value or an instant: told by its keys."""
        if isinstance(node, Scalar):
            declared = self.fields.get(node.value)
            return "instant" if declared is not None and (declared.is_moment or declared.type == "instants") else "value"
        if not isinstance(node, Mapping) or not node.entries:
            return "condition"
        key, value = node.entries[0].key, node.entries[0].value
        if key in _ORDINARY_VALUE_KEYS or (any(e.key in _ORDINARY_VALUE_KEYS for e in node.entries) and key not in self.fields):
            return "value"
        if key in _ORDINARY_INSTANT_KEYS or any(e.key in ("each", "event", "nth") for e in node.entries):
            return "instant"
        if key in ("first_known", "choose") and isinstance(value, Sequence) and value.items:
            first: Node | None = value.items[0]
            if key == "choose" and isinstance(first, Mapping):
                first = first.get("then") or first.get("otherwise")
            return "value" if self._shape(first) == "value" else "instant" if self._shape(first) == "instant" else "value"
        return "condition"

    # ---------------------------------------------------------------- roles
    def check_roles(self, node: Node | None) -> None:
        """Once the policy declares its roles, every owner and recipient is one of them."""
        items = node.items if isinstance(node, Sequence) else (node,) if node is not None else ()
        for item in items:
            if self.roles and isinstance(item, Scalar) and item.value not in self.roles:
                self.problems.add("unknown-role", item.place, name=item.value, near=(item.value, self.roles))

    # ---------------------------------------------------------------- the rule frame
    def frame(self, node: Mapping, env: Environment) -> dict[str, Any]:
        """The frame's part of a rule, as keyword arguments of its model."""
        identity = node.get("id")
        when = node.get("when")
        duty = node.get("duty_of")
        waivable = node.get("waivable")
        self.check_roles(waivable.get("by") if isinstance(waivable, Mapping) else None)
        return {
            "id": identity.value if isinstance(identity, Scalar) else "?",
            "title": text_of(node.get("title")),
            "source": self.source_ref(node.get("source")),
            "when": parse_condition(when, env) if when is not None else None,
            "exempt": tuple(self._exemptions(node.get("exempt"), env)),
            "duty_of": duty.value if isinstance(duty, Scalar) else COMPANY,
            "waivable_by": words(waivable.get("by")) if isinstance(waivable, Mapping) else (),
            "laxer": read_laxer(node.get("laxer"), self),
            "place": identity.place if identity is not None else node.place,
        }

    def _exemptions(self, node: Node | None, env: Environment) -> Iterator[Exemption]:
        for item in node.items if isinstance(node, Sequence) else ():
            when = item.get("when") if isinstance(item, Mapping) else None
            reason = text_of(item.get("reason")) if isinstance(item, Mapping) else None
            condition = parse_condition(when, env) if when is not None else None
            if condition is not None and reason is not None:
                yield Exemption(condition, reason)

    def source_ref(self, node: Node | None) -> SourceRef | None:
        given = node.get("ref") if isinstance(node, Mapping) else None
        if not isinstance(given, Scalar) or not isinstance(node, Mapping):
            return None
        source = self.sources.get(given.value)
        if source is None:
            self.problems.add("unknown-source", given.place, name=given.value, near=(given.value, self.sources))
            return None
        return SourceRef(given.value, scalar_text(node.get("clause")), source.status, source.title)

    def merged(self, pieces: list[Piece], key: str | None = None) -> list[tuple[Mapping, Environment]]:
        """The rules of a list section over all files: an overlay's rule replaces its base's in place, or follows."""
        found: dict[str, tuple[Mapping, Environment]] = {}
        for piece in pieces:
            node: Node | None = piece.node
            if key is not None:
                node = node.get(key) if isinstance(node, Mapping) else None
            for item in node.items if isinstance(node, Sequence) else ():
                identity = item.get("id") if isinstance(item, Mapping) else None
                if isinstance(item, Mapping) and isinstance(identity, Scalar):
                    found[identity.value] = (item, piece.env)
        return list(found.values())


def build(
    files: tuple[File, ...],
    kinds: tuple[RuleKind, ...],
    problems: Problems,
    until: date | None = None,
    anywhere: str = "UTC",
    plugins: tuple[Plugin, ...] = (),
) -> PolicyModel | None:
    """The model of the last file over its bases; ``None`` where problems forbid one.  ``plugins``: those that files may name.

    ``anywhere`` is the zone of files that leave theirs open.  Problems are collected, never raised.
    """
    top = files[-1].root
    zone = _zone(files, problems) or zone_named(anywhere)
    builder = Builder(problems, zone, _currency(files, problems), kinds)
    plug_in([file.root for file in files], plugins, builder)
    known = {**CORE_FIELDS, **fields_of(builder.plugged.used)}
    for file in files:
        for identity, source in read_sources(file.root.get("sources"), problems).items():
            builder.sources[identity] = source
        builder.fields = read_fields(file.root.get("record"), builder.fields or known, zone, builder.currency, problems)
        for kind in kinds:
            if kind.fields is not None and (section := file.root.get(kind.key)) is not None:
                builder.fields = kind.fields(section, builder.fields, problems)
        builder.roles |= read_roles(file.root.get("roles"))
    _collect_rules(files, builder)
    environments = _environments(files, builder)
    _collect_facts(files, environments, builder)
    for name in bases_first({name: node for name, (node, _, _) in builder.fact_nodes.items()}):
        builder.fact_kind(name, builder.fact_nodes[name][2])
    scope = _scope(files, environments, builder)
    sections = {}
    for kind in kinds:
        pieces = [Piece(node, env) for file, env in zip(files, environments, strict=True) if (node := file.root.get(kind.key)) is not None]
        sections[kind.key] = kind.build(pieces, builder) if pieces else kind.empty
    effective = top.get("effective")
    start = read_date(effective.get("from"), problems) if isinstance(effective, Mapping) else None
    end = read_date(effective.get("until"), problems) if isinstance(effective, Mapping) else None
    if start is not None and end is not None and end <= start and isinstance(effective, Mapping):
        problems.add("upside-down-dates", effective.place, first=start, last=end)
    transition = read_transition(top, environments[-1], builder)
    lookers = builder.plugged.lookers(builder)
    if problems.has_any() or start is None:
        return None
    identity = scalar_text(top.get("policy")) or "?"
    return PolicyModel(
        id=identity,
        effective=start,
        until=until or end,
        title=text_of(top.get("title")) or Text(identity, identity),
        timezone=zone.name,
        currency=builder.currency,
        sources=as_map(builder.sources),
        calendars=as_map(builder.calendars),
        counting=environments[-1].counting,
        terms=as_map(builder.terms),
        fields=as_map(builder.fields),
        roles=as_map(builder.roles),
        facts=as_map({name: builder.facts[name] for name in (*builder.fact_nodes, *builder.plugged.facts) if name in builder.facts}),
        scope=scope,
        sections=as_map(sections),
        extends=words(top.get("extends")),
        reviewed_on=read_date(top.get("reviewed_on"), problems),
        review_by=read_date(top.get("review_by"), problems),
        cases=tuple(_cases(top)),
        files=tuple(f.name for f in files),
        scope_laxer=scope_laxer(top, builder),
        transition=transition,
        accepted=read_accepted(top.get("accepted_remarks")),
        plugins=builder.plugged.used,
        classifiers=as_map(builder.plugged.asked),
        lookers=lookers,
        settings=as_map({key: as_map(values) for key, values in builder.plugged.settings.items()}),
    )


# A base for policies of every zone; judged by itself it is in UTC.
ANYWHERE: Final = "any"


def _zone(files: tuple[File, ...], problems: Problems) -> Zone | None:
    zone: Zone | None = None
    for file in files:
        node = file.root.get("timezone")
        own = read_zone(node, problems) if scalar_text(node) != ANYWHERE else None
        if zone is not None and own is not None and own != zone and node is not None:
            problems.add("timezone-differs", node.place, own=own.name, base=zone.name)
        zone = zone or own
    return zone


def _currency(files: tuple[File, ...], problems: Problems) -> str | None:
    currency: str | None = None
    for file in files:
        node = file.root.get("currency")
        own = scalar_text(node)
        if currency is not None and own is not None and own != currency and node is not None:
            problems.add("currency-differs", node.place, own=own, base=currency)
        currency = currency or own
    return currency


# Decisions have parts of these names, and a summary says of each what is missing for it.
_NO_RULES: Final = frozenset({"severity", "owner"})


def _collect_rules(files: tuple[File, ...], builder: Builder) -> None:
    """Every rule id, so that expressions may name rules further down; ids are unique ignoring case."""
    for file in files:
        own: dict[str, RuleName] = {}
        for kind in builder.kinds:
            node = file.root.get(kind.key)
            for identity, place in kind.ids(node) if node is not None else ():
                earlier = own.get(identity.lower())
                if identity.lower() in _NO_RULES:
                    builder.problems.add("reserved-name", place, name=identity)
                if earlier is not None:
                    for here, there in ((earlier.place, place), (place, earlier.place)):
                        builder.problems.add("rule-twice", here, name=identity, other=str(there))
                own[identity.lower()] = RuleName(identity, kind.kind, place)
        against_bases(file.root, own, builder)
        for rule in own.values():
            builder.rules[rule.id] = rule


def _environments(files: tuple[File, ...], builder: Builder) -> list[Environment]:
    """Each file's own conventions over those of its bases."""
    builder.levels = _levels(files)
    counting = Counting(timezone=builder.zone.name)
    used = builder.plugged.used
    fact_names = _fact_names(files) | builder.plugged.facts.keys()
    made: list[Environment] = []
    place = min(builder.plugin_places.values(), default=files[-1].root.place)
    calendars: dict[str, CalendarSpec] = calendars_of(used, builder.zone, place, builder.problems) if used else {}
    terms: dict[str, Length] = {}
    for file in files:
        calendars = {**calendars, **read_calendars(file.root.get("calendars"), builder.zone, builder.problems)}
        declared = file.root.get("calendars")
        broken = {k for k in declared.keys() if k not in calendars} if isinstance(declared, Mapping) else set()
        own = _without_broken_calendar(file.root.get("counting"), broken)
        counting, unknown = read_counting_head(own, counting, calendars, builder.problems)
        terms = {**terms, **read_terms(file.root.get("terms"), builder.problems)}
        environment = Environment(
            problems=builder.problems,
            fields=builder.fields,
            fact_kind=builder.fact_kind,
            fact_names=fact_names,
            rules=builder.rules,
            levels=builder.levels,
            calendars=calendars,
            counting=counting,
            judged_kinds=tuple(kind.kind for kind in builder.kinds if kind.judged),
            counting_calendar_unknown=unknown or bool(broken),
            terms=terms,
            operators=builder.plugged.operators,
            classified=lambda name, threshold, place: builder.plugged.classified(name, threshold, builder, place),
        )
        made.append(environment)
    builder.calendars, builder.terms = calendars, terms
    return made


def _without_broken_calendar(node: Node | None, broken: set[str]) -> Node | None:
    """A calendar that was refused is not reported again as unknown."""
    if not broken or not isinstance(node, Mapping) or scalar_text(node.get("calendar")) not in broken:
        return node
    return Mapping(tuple(e for e in node.entries if e.key != "calendar"), node.place)


def _levels(files: tuple[File, ...]) -> tuple[str, ...]:
    for file in reversed(files):
        section = file.root.get("severity")
        if isinstance(section, Mapping) and "levels" in section:
            return words(section.get("levels"))
    return ()


def _fact_names(files: tuple[File, ...]) -> frozenset[str]:
    sections = [f.root.get("facts") for f in files]
    return frozenset(k for s in sections if isinstance(s, Mapping) for k in s.keys())


def _collect_facts(files: tuple[File, ...], environments: list[Environment], builder: Builder) -> None:
    for file, env in zip(files, environments, strict=True):
        section = file.root.get("facts")
        for entry in section.entries if isinstance(section, Mapping) else ():
            if entry.key in RESERVED_WORDS or entry.key in ("true", "false"):
                builder.problems.add("reserved-name", entry.place, name=entry.key)
            elif entry.key in builder.fields:
                builder.problems.add("fact-is-field", entry.place, name=entry.key)
            elif entry.key in builder.plugged.facts:
                builder.problems.add("fact-of-plugin", entry.place, name=entry.key, plugin=builder.plugged.facts[entry.key][0].name)
            elif entry.key in builder.fact_nodes:
                builder.problems.add("fact-twice", entry.place, name=entry.key, other=str(builder.fact_nodes[entry.key][2]))
            node, builder.fact_titles[entry.key] = _titled(entry.value, builder)
            builder.fact_nodes[entry.key] = (node, env, entry.place)


def _titled(node: Node, builder: Builder) -> tuple[Node, tuple[Text | None, SourceRef | None]]:
    """A fact without its title and source; a test of fields called so never has the keys of a text or of a citation."""
    if not isinstance(node, Mapping):
        return node, (None, None)
    title, source = node.get("title"), node.get("source")
    has_title = isinstance(title, Mapping) and not set(title.keys()) - {"en", "zh"}
    has_source = isinstance(source, Mapping) and "ref" in source and not set(source.keys()) - {"ref", "clause"}
    left = tuple(e for e in node.entries if not (e.key == "title" and has_title) and not (e.key == "source" and has_source))
    said = (text_of(title) if has_title else None, builder.source_ref(source) if has_source else None)
    return (Mapping(left, node.place) if len(left) < len(node.entries) else node), said


def _scope(files: tuple[File, ...], environments: list[Environment], builder: Builder) -> n.Condition | None:
    """The scope of every file: an overlay narrows its base's, never widens it."""
    parts: list[n.Condition] = []
    for file, env in zip(files, environments, strict=True):
        section = file.root.get("scope")
        when = section.get("when") if isinstance(section, Mapping) else None
        condition = parse_condition(when, env) if when is not None else None
        if condition is not None:
            parts.append(condition)
    return None if not parts else parts[0] if len(parts) == 1 else n.All(tuple(parts))


def _cases(root: Mapping) -> Iterator[Case]:
    section = root.get("tests")
    for item in section.items if isinstance(section, Sequence) else ():
        if isinstance(item, Mapping):
            yield Case(scalar_text(item.get("name")) or "?", item, item.place)
