"""Entries of the log and what is asked of several instants, from the located tree."""

from __future__ import annotations

from typing import Final

from complaint_policy.event_log import MOST_ENTRIES
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.environment import Environment
from complaint_policy.expressions.hints import misplaced_hint
from complaint_policy.expressions.literals import read_number
from complaint_policy.fields import ENTRY_FIELDS, Field, LogField
from complaint_policy.reader import Mapping, Node, Scalar, Sequence
from complaint_policy.texts import Text

__all__ = ["ENTRY_KEYS", "LAST_KEYS", "NTH_KEYS", "parse_count", "parse_entries", "parse_last", "parse_nth"]

ENTRY_KEYS: Final = ("event", "where")
NTH_KEYS: Final = ("nth", "of", "after")
LAST_KEYS: Final = ("last", "take")


def parse_entries(node: Mapping, env: Environment) -> n.Entries | None:
    """``{event: kind or [kinds], where: COND}``."""
    from complaint_policy.expressions.parse_conditions import parse_condition

    if not _keys(node, ENTRY_KEYS, env):
        return None
    given = node.get("event")
    items = given.items if isinstance(given, Sequence) else (given,) if given is not None else ()
    log = env.fields.get("events")
    kinds = tuple(item.value for item in items if isinstance(item, Scalar) and _known(item, log, env))
    if not kinds or len(kinds) < len(items):
        return None
    if len(set(kinds)) < len(kinds):
        env.problems.add("value-twice", node.key_place("event"), name=next(k for k in kinds if kinds.count(k) > 1))
        return None
    where = node.get("where")
    if where is None:
        return n.Entries(kinds, place=node.place)
    condition = parse_condition(where, env.of_entry(attributes_of(kinds, log)))
    return n.Entries(kinds, condition, place=node.place) if condition is not None else None


def _known(item: Scalar, log: Field | None, env: Environment) -> bool:
    kinds = [kind.name for kind in log.kinds] if isinstance(log, LogField) else []
    if item.value in kinds:
        return True
    env.problems.add("unknown-kind", item.place, name=item.value, near=(item.value, kinds))
    return False


def attributes_of(kinds: tuple[str, ...], log: Field | None) -> dict[str, Field]:
    """The attributes that entries of all these kinds have."""
    found: dict[str, Field] = dict(ENTRY_FIELDS)
    if not isinstance(log, LogField):
        return found
    declared = [{**ENTRY_FIELDS, **{a.name: a for a in kind.attributes}} for name in kinds if (kind := log.kind_named(name)) is not None]
    for attributes in declared:
        found |= attributes
    return {name: field for name, field in found.items() if all(a.get(name) is not None and a[name].type == field.type for a in declared)}


def _keys(node: Mapping, keys: tuple[str, ...], env: Environment) -> bool:
    strange = [entry for entry in node.entries if entry.key not in keys]
    for entry in strange:
        env.problems.add("unknown-key", entry.place, name=entry.key, near=(entry.key, keys), hint=misplaced_hint(entry.key, (), node))
    return not strange


def parse_nth(node: Mapping, env: Environment) -> n.Nth | None:
    """``{nth: 3, of: INSTANT, after: INSTANT}``."""
    from complaint_policy.expressions.parse_instants import parse_instant

    if not _keys(node, NTH_KEYS, env):
        return None
    given, of_node, after_node = node.get("nth"), node.get("of"), node.get("after")
    number = read_number(given.value) if isinstance(given, Scalar) else None
    if not isinstance(number, int) or not 1 <= number <= MOST_ENTRIES:
        env.problems.add("bad-nth", node.key_place("nth"), most=MOST_ENTRIES)
        return None
    if of_node is None:
        env.problems.add("missing-key", node.place, name="of")
        return None
    of = parse_instant(of_node, env.with_start(None))
    after = parse_instant(after_node, env.with_start(None)) if after_node is not None else None
    if of is None or (after_node is not None and after is None):
        return None
    return n.Nth(number, of, after, place=node.place)


def parse_count(node: Node, env: Environment) -> n.CountOf | None:
    """What stands at ``count``."""
    from complaint_policy.expressions.parse_instants import parse_instant

    of = parse_instant(node, env.with_start(None))
    return n.CountOf(of, place=node.place) if of is not None else None


def parse_last(node: Mapping, env: Environment) -> n.LastOfEntries | None:
    """``{last: {event: …}, take: attribute}``."""
    from complaint_policy.expressions.parse_instants import parse_instant

    if not _keys(node, LAST_KEYS, env):
        return None
    given, take = node.get("last"), node.get("take")
    for key, there in (("last", given), ("take", take)):
        if there is None:
            env.problems.add("missing-key", node.place, name=key)
    if given is None or not isinstance(take, Scalar):
        return None
    entries = parse_instant(given, env.with_start(None))
    if entries is None:
        return None
    if isinstance(entries, n.Entries):
        kinds = entries.kinds
    elif isinstance(entries, n.NamedInstants) and entries.kind == "fact":
        fact = env.fact_kind(entries.name, given.place)
        kinds = fact.entries if fact is not None else ()
    else:
        env.problems.add("not-entries", given.place)
        return None
    attributes = {name: a for name, a in attributes_of(kinds, env.fields.get("events")).items() if name != "at"}
    attribute = attributes.get(take.value)
    if attribute is None:
        hint = Text("write {last_of: [{event: ...}]}", "请写 {last_of: [{event: ...}]}") if take.value == "at" else None
        env.problems.add("unknown-attribute", take.place, name=take.value, kind=", ".join(kinds), near=(take.value, attributes), hint=hint)
        return None
    return n.LastOfEntries(entries, take.value, attribute.kind, place=node.place)
