"""What a policy takes from the plugins it names: fields, calendars, settings, facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from complaint_policy.coerce import Unusable, coercer
from complaint_policy.contributed import Calendar, Classifier, DerivedFact, Finder, Operator, Plugin, Settings, Similarity
from complaint_policy.counting import CalendarSpec
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.computed import ENTRIES, Call, Computed, ComputedInstant, ComputedTest, Read, WithOperand, accepting
from complaint_policy.expressions.environment import Environment
from complaint_policy.expressions.evidence import Asked, Classified, EvidenceOf, evidence_name
from complaint_policy.expressions.literals import BAD, read_literal
from complaint_policy.fields import ENTRY_FIELDS, LOG, EntryKind, Field, LogField
from complaint_policy.guarded import Guarded
from complaint_policy.head import read_calendars, scalar_text, words
from complaint_policy.model import Fact
from complaint_policy.noting import Looker, NotesOf
from complaint_policy.possible import Interval
from complaint_policy.problems import Place, Problems
from complaint_policy.reader import Entry, Mapping, Node, Scalar
from complaint_policy.reader import Sequence as Listed
from complaint_policy.texts import Text
from complaint_policy.zones import Zone

if TYPE_CHECKING:
    from complaint_policy.building import Builder

__all__ = ["Plugged", "calendars_of", "fields_of", "named_in", "plug_in", "read_settings"]


def named_in(root: Node | None) -> tuple[Scalar, ...]:
    """The plugins a policy file names."""
    node = root.get("plugins") if isinstance(root, Mapping) else None
    return tuple(item for item in node.items if isinstance(item, Scalar)) if isinstance(node, Listed) else ()


def used_by(roots: Iterable[Mapping], available: Sequence[Plugin]) -> tuple[Plugin, ...]:
    """The plugins that files name, in the order of their manager."""
    wanted = {item.value for root in roots for item in named_in(root)}
    return tuple(plugin for plugin in available if plugin.name in wanted)


def fields_of(used: Iterable[Plugin]) -> dict[str, Field]:
    declared = [one for plugin in used for one in plugin.fields]
    found = {one.name: one for one in declared if isinstance(one, Field)}
    kinds = tuple(one for one in declared if isinstance(one, EntryKind))
    if kinds:
        found["events"] = LogField("events", LOG, Text("Event log", "事件记录"), empty="not_yet", sensitive=True, kinds=kinds)
    return found


def calendars_of(used: Iterable[Plugin], zone: Zone, place: Place, problems: Problems) -> dict[str, CalendarSpec]:
    """The plugins' calendars, read like those of a file."""
    entries = tuple(Entry(one.name, _as_node(_body(one), place), place) for plugin in used for one in plugin.calendars)
    return read_calendars(Mapping(entries, place), zone, problems) if entries else {}


def _body(calendar: Calendar) -> dict[str, Any]:
    given = {
        "country": calendar.country,
        "subdivision": calendar.subdivision,
        "weekdays": list(calendar.weekdays) if calendar.weekdays is not None else None,
        "announced_until": calendar.announced_until,
        "hours": {days: list(spans) for days, spans in calendar.hours.items()} if calendar.hours is not None else None,
        "holidays": list(calendar.holidays) or None,
        "extra_working_days": list(calendar.extra_working_days) or None,
    }
    return {key: value for key, value in given.items() if value is not None}


def _as_node(value: Any, place: Place) -> Node:
    if isinstance(value, dict):
        return Mapping(tuple(Entry(key, _as_node(inner, place), place) for key, inner in value.items()), place)
    if isinstance(value, list):
        return Listed(tuple(_as_node(item, place) for item in value), place)
    return Scalar(str(value), place)


def plug_in(roots: list[Mapping], available: Sequence[Plugin], builder: Builder) -> None:
    """Makes the plugins that files name known to what builds their policy."""
    used = used_by(roots, available)
    for root in roots:
        for item in named_in(root):
            builder.plugin_places.setdefault(item.value, item.place)
    _check_names(used, builder)
    if used:
        builder.plugged = Plugged(used, read_settings(roots, used, builder.zone, builder.currency, builder.problems))


def _check_names(used: Iterable[Plugin], builder: Builder) -> None:
    """A host's plugin may have a name that an industry of the library has; one policy cannot use both."""
    owners: dict[str, str] = {}
    for plugin in used:
        for one in (*plugin.fields, *plugin.facts):
            name = f"event:{one.name}" if isinstance(one, EntryKind) else one.name
            other = owners.setdefault(name, plugin.name)
            if other != plugin.name:
                builder.problems.add("plugins-claim", builder.plugin_places[plugin.name], name=name, plugin=plugin.name, other=other)


# --------------------------------------------------------------------------- settings
def read_settings(roots: Sequence[Mapping], used: Iterable[Plugin], zone: Zone, currency: str | None, problems: Problems) -> dict[str, dict[str, Any]]:
    """Each section's values, typed: what a file writes over what its bases write, over the defaults."""
    found: dict[str, dict[str, Any]] = {}
    for plugin in used:
        for settings in plugin.settings:
            found[settings.key] = _section(settings, roots, zone, currency, problems)
    return found


def _section(settings: Settings, roots: Sequence[Mapping], zone: Zone, currency: str | None, problems: Problems) -> dict[str, Any]:
    values = {f.name: f.default for f in settings.fields}
    written: set[str] = set()
    for root in roots:
        section = root.get(settings.key)
        for declared in settings.fields if isinstance(section, Mapping) else ():
            node = section.get(declared.name) if isinstance(section, Mapping) else None
            if node is None:
                continue
            written.add(declared.name)
            given: Any = words(node) if declared.type == "list" else scalar_text(node)
            try:
                value = coercer(declared, zone, currency)(given)
            except Unusable as error:
                problems.add("bad-setting", node.place, name=declared.name, reason=error.reason)
                continue
            values[declared.name] = zone.to_wall(value.low).date() if isinstance(value, Interval) else value
    top = roots[-1]
    for declared in settings.fields:
        if declared.default is None and declared.empty != "none" and declared.name not in written:
            problems.add("setting-missing", top.key_place(settings.key) if settings.key in top else top.place, name=declared.name, section=settings.key)
    return values


# --------------------------------------------------------------------------- operators
@frozen
class PluginOperator:
    """One plugin's word for conditions, read where a condition uses it."""

    plugin: Plugin
    operator: Operator

    def __call__(self, value: Node, left: n.NamedValue, place: Place, env: Environment) -> n.Condition | None:
        operator, plugin = self.operator, self.plugin
        if left.kind not in operator.kinds:
            kinds = ", ".join(operator.kinds)
            env.problems.add("operator-kind", place, name=operator.name, kind=left.kind, field=left.name, kinds=kinds)
            return None
        operand = _operand(value, operator, env)
        if operand is BAD:
            return None
        function = WithOperand(operator.function, operand)
        column = WithOperand(operator.column, operand) if operator.column is not None else None
        guarded = Guarded(plugin.name, "complaint_policy_operators", operator.name, function, accepting("boolean"), plugin.strict)
        call = Call(plugin.name, plugin.version, left.name, "boolean", (Read(left.name, left.kind),), None, guarded, column)
        return ComputedTest(call, (left,), operator.name, operand, operator.title, place=place)


def _operand(node: Node, operator: Operator, env: Environment) -> Any:
    """What stands on the right, as the operator wants it; ``BAD`` after a problem."""
    if operator.operand == "list":
        if isinstance(node, (Scalar, Listed)) and words(node):
            return words(node)
        env.problems.add("wrong-shape", node.place, wanted=Text("a list of texts", "文本列表"))
        return BAD
    if not isinstance(node, Scalar):
        env.problems.add("wrong-shape", node.place, wanted=Text("a single value", "单个值"))
        return BAD
    return read_literal(node, operator.operand, env, None, operator.name)


# --------------------------------------------------------------------------- facts
class Plugged:
    """The facts and classifiers of the plugins a policy names, made into expressions when they are first asked for."""

    def __init__(self, used: Sequence[Plugin], settings: dict[str, dict[str, Any]]) -> None:
        self.used, self.settings = tuple(used), settings
        self.facts: dict[str, tuple[Plugin, DerivedFact]] = {fact.name: (plugin, fact) for plugin in used for fact in plugin.facts}
        self.classifiers: dict[str, tuple[Plugin, Classifier]] = {one.name: (plugin, one) for plugin in used for one in plugin.classifiers}

        self.similarities: dict[str, tuple[Plugin, Similarity]] = {one.name: (plugin, one) for plugin in used for one in plugin.similarities}
        self.asked: dict[str, Asked] = {}  # the classifiers that expressions ask

    def take(self, name: str, builder: Builder) -> None:
        """Makes a plugin's fact known, at the place where the policy names the plugin."""
        builder.fact_path.append(name)
        try:
            fact = self.fact(name, builder, builder.plugin_places[self.facts[name][0].name])
        finally:
            builder.fact_path.pop()
        if fact is None:
            builder.broken_facts.add(name)
        else:
            builder.facts[name] = fact

    def fact(self, name: str, builder: Builder, place: Place) -> Fact | None:
        """A plugin's fact; a problem where it reads what the policy does not have."""
        plugin, fact = self.facts[name]
        read = self.parts(plugin.name, fact, builder, place)
        if read is None:
            return None
        reads, parts = read
        guarded = Guarded(plugin.name, "complaint_policy_facts", name, fact.function, accepting(fact.kind, fact.values), plugin.strict)
        call = Call(plugin.name, plugin.version, name, fact.kind, reads, self.handed_settings(fact.settings), guarded, fact.column, fact.values)
        if fact.kind == "instant":
            return Fact(name, "instant", ComputedInstant(call, parts, place=place), title=fact.title, place=place)
        return Fact(name, fact.kind, Computed(call, parts, fact.kind, fact.unit, place=place), fact.unit, fact.title, place=place)

    @property
    def operators(self) -> dict[str, PluginOperator]:
        """The words of plugins for conditions."""
        return {one.name: PluginOperator(plugin, one) for plugin in self.used for one in plugin.operators}

    def classified(self, name: str, threshold: Decimal, builder: Builder, place: Place) -> Classified | None:
        """The label of a classifier; a problem where no plugin of the policy has one of that name."""
        known = self.classifiers.get(name)
        if known is None:
            builder.problems.add("unknown-classifier", place, name=name, near=(name, self.classifiers))
            return None
        plugin, classifier = known
        if name not in self.asked:
            read = self.parts(plugin.name, classifier, builder, place)
            if read is None:
                return None
            accept = EvidenceOf(frozenset(classifier.labels))
            guarded = Guarded(plugin.name, "complaint_policy_classifiers", name, classifier.function, accept, plugin.strict, costly=True)
            evidence = Call(plugin.name, plugin.version, name, "evidence", read[0], self.handed_settings(classifier.settings), guarded)
            self.asked[name] = Asked(Computed(evidence, read[1], "evidence", place=place), classifier.title)
        asked = self.asked[name]
        parts = asked.node.parts
        call = evolve(asked.node.call, kind="enum", values=classifier.labels, threshold=threshold)
        held = n.NamedValue(name, "evidence", evidence_name(name), place=place)
        use = Classified(call, parts, held, title=classifier.title, titles=classifier.titles, place=place)
        if use not in asked.uses:
            self.asked[name] = evolve(asked, uses=(*asked.uses, use))
        return use

    def lookers(self, builder: Builder) -> tuple[Looker, ...]:
        """The finders; a problem where one, or a normaliser, asks for what the policy does not have."""
        found: list[Looker] = []
        for plugin in self.used:
            for one in plugin.normalisers:
                for name in dict.fromkeys((*one.reads, *one.writes)):
                    if name not in builder.fields:
                        place = builder.plugin_places[plugin.name]
                        builder.problems.add("plugin-reads", place, plugin=plugin.name, name=one.name, field=name, near=(name, builder.fields))
            for finder in plugin.finders:
                read = self.parts(plugin.name, finder, builder, builder.plugin_places[plugin.name])
                if read is None:
                    continue
                reads, parts = read
                read_fields = [builder.fields[name] for name in self._fields_of(plugin.name, finder.reads)]
                quotes = any(one.sensitive or one.type == LOG for one in read_fields)  # a log names people
                accept = NotesOf(plugin.name, plugin.messages, frozenset(builder.rules), quotes)
                guarded = Guarded(plugin.name, "complaint_policy_finders", finder.name, finder.function, accept, plugin.strict)
                found.append(Looker(Call(plugin.name, plugin.version, finder.name, "notes", reads, self.handed_settings(finder.settings), guarded), parts))
        return tuple(found)

    def _fields_of(self, plugin: str, reads: Iterable[str]) -> Iterator[str]:
        """The fields that reads rest on, through facts of the plugin."""
        for name in reads:
            own = self.facts.get(name)
            if own is not None and own[0].name == plugin:
                yield from self._fields_of(plugin, own[1].reads)
            elif name != "as_of":
                yield "events" if name.startswith("event:") else name

    def handed_settings(self, key: str | None) -> tuple[tuple[str, Any], ...] | None:
        return None if key is None else tuple(self.settings[key].items())

    def parts(
        self, plugin: str, wanted: DerivedFact | Classifier | Finder, builder: Builder, place: Place
    ) -> tuple[tuple[Read, ...], tuple[n.Expression, ...]] | None:
        """The values a function reads, by the types of what they are here."""
        reads: list[Read] = []
        parts: list[n.Expression] = []
        for name in wanted.reads:
            before = len(builder.problems)
            found = self._part(name, plugin, wanted, builder, place)
            if found is None:
                if len(builder.problems) == before:
                    builder.problems.add("plugin-reads", place, plugin=plugin, name=wanted.name, field=name, near=(name, builder.fields))
                return None
            reads.append(found[0])
            parts.append(found[1])
        return tuple(reads), tuple(parts)

    def _part(self, name: str, plugin: str, wanted: DerivedFact | Classifier | Finder, builder: Builder, place: Place) -> tuple[Read, n.Expression] | None:
        declared = builder.fields.get(name)
        optional = name in getattr(wanted, "optional", ())
        if name == "as_of":
            return Read(name, "datetime"), n.AsOf(place=place)
        if name.startswith("event:"):
            attributes = self._attributes(name.removeprefix("event:"), builder, place)
            return None if attributes is None else (Read(name, ENTRIES, attributes=attributes), n.NamedValue("events", LOG, "field", place=place))
        if declared is not None and declared.type != LOG:
            moment = declared.is_moment
            part = n.NamedInstant(name, place=place) if moment else n.NamedValue(name, declared.kind, "field", declared.unit, place=place)
            return Read(name, declared.type, optional), part
        if name in self.facts and self.facts[name][0].name == plugin:
            known = builder.fact_kind(name, place)
            if known is None:
                return None
            moment = known.kind == "instant"
            return Read(name, known.kind, optional), n.NamedInstant(name, "fact", place=place) if moment else n.NamedValue(
                name, known.kind, "fact", known.unit, place=place
            )
        return None

    def _attributes(self, kind: str, builder: Builder, place: Place) -> tuple[tuple[str, str], ...] | None:
        """The attributes of a kind of entries with their types; a policy may add some, and change the type of none of the plugin's."""
        log = builder.fields.get("events")
        found = log.kind_named(kind) if isinstance(log, LogField) else None
        if found is None:
            return None
        types = {"by": ENTRY_FIELDS["by"].type, "to": ENTRY_FIELDS["to"].type} | {a.name: a.type for a in found.attributes}
        for ours in (k for p in self.used for k in p.fields if isinstance(k, EntryKind) and k.name == kind):
            for attribute in ours.attributes:
                if types[attribute.name] != attribute.type:
                    builder.problems.add("field-not-narrowed", place, name=attribute.name, wanted=attribute.type, given=types[attribute.name])
                    return None
        return tuple(types.items())
