"""Schema, fields, building and checks of the history section."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from complaint_policy.building import Builder
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.environment import Environment
from complaint_policy.expressions.literals import read_number
from complaint_policy.expressions.parse_conditions import parse_condition
from complaint_policy.expressions.parse_instants import parse_instant
from complaint_policy.fields import RESERVED_WORDS, Field
from complaint_policy.guarded import Guarded
from complaint_policy.head import scalar_text, text_of
from complaint_policy.kinds import Piece
from complaint_policy.lengths import Length
from complaint_policy.model import PolicyModel, names_below
from complaint_policy.problems import Place, Problems
from complaint_policy.reader import Mapping, Node, Scalar, Sequence
from complaint_policy.rules.history.model import AGGREGATES, MERGE, NO_HISTORY, HistoryCount, HistorySection, Likeness, LikenessBy, Merge, Share
from complaint_policy.schemas import closed, ref
from complaint_policy.texts import Text

__all__ = ["SCHEMA", "build", "check", "fields", "ids"]

_FIELD: Final = {"type": "string", "minLength": 1}
_SAME: Final = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": ["string", "object"],
        "minLength": 1,
        "properties": {"like": _FIELD, "at_least": {"type": ["string", "number"]}, "by": _FIELD},
        "required": ["like", "at_least"],
        "additionalProperties": False,
    },
}
_FRAME: Final[dict[str, Any]] = {"title": ref("text"), "source": ref("source_ref"), "replaces": ref("boolean")}

SCHEMA: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]{0,63}$"},
    "properties": {
        MERGE: closed(
            {
                **_FRAME,
                "same": _SAME,
                "within": {"type": "string"},
                "counting": ref("counting"),
                "take": {"type": "object", "minProperties": 1, "additionalProperties": {"enum": list(AGGREGATES)}},
            },
            ("same", "within"),
        )
    },
    "additionalProperties": closed(
        {
            **_FRAME,
            "count": closed(
                {
                    "same": _SAME,
                    "from": _FIELD,
                    "within": {"type": "string"},
                    "counting": ref("counting"),
                    "before": _FIELD,
                    "where": ref("condition"),
                    "chained": ref("boolean"),
                },
                ("same",),
            ),
        },
        ("count",),
    ),
}


def ids(node: Node) -> Iterable[tuple[str, Place]]:
    """The names of the section are its ids."""
    for entry in node.entries if isinstance(node, Mapping) else ():
        yield entry.key, entry.place


def fields(node: Node, known: dict[str, Field], problems: Problems) -> dict[str, Field]:
    """Every count is a field of that name: a whole number."""
    found = dict(known)
    for entry in node.entries if isinstance(node, Mapping) else ():
        declared = found.get(entry.key)
        if entry.key == MERGE:
            continue
        if entry.key in RESERVED_WORDS or entry.key in ("true", "false"):
            problems.add("reserved-name", entry.place, name=entry.key)
        elif declared is None:
            title = text_of(entry.value.get("title")) if isinstance(entry.value, Mapping) else None
            found[entry.key] = Field(entry.key, "integer", title or Text(entry.key, entry.key), core=False, place=entry.place)
        elif declared.type != "integer":
            problems.add("history-not-a-number", entry.place, name=entry.key, kind=declared.type)
    return found


def build(pieces: list[Piece], builder: Builder) -> HistorySection:
    found: dict[str, tuple[Mapping, Environment, Place]] = {}
    for piece in pieces:
        for entry in piece.node.entries if isinstance(piece.node, Mapping) else ():
            if isinstance(entry.value, Mapping):
                found[entry.key] = entry.value, piece.env, entry.place
    if not found:
        return NO_HISTORY
    merge = found.pop(MERGE, None)
    counts = [_count(name, node, env, place, builder) for name, (node, env, place) in found.items()]
    merged = _merge(*merge, builder) if merge is not None else None
    return HistorySection(tuple(c for c in counts if c is not None), merged, pieces[-1].node.place)


def _frame(name: str, node: Mapping, place: Place, builder: Builder) -> dict[str, Any]:
    declared = builder.fields.get(name)
    title = text_of(node.get("title")) or (declared.title if declared is not None else None)
    return {"id": name, "title": title, "source": builder.source_ref(node.get("source")), "place": place}


def _count(name: str, node: Mapping, env: Environment, place: Place, builder: Builder) -> HistoryCount | None:
    body = node.get("count")
    if not isinstance(body, Mapping):
        return None
    frame = _frame(name, node, place, builder)
    keys = _same(body.get("same"), builder)
    since, before = _event(body.get("from"), env), _event(body.get("before"), env)
    where_node = body.get("where")
    where = parse_condition(where_node, env) if where_node is not None else None
    window = _window(body, since, env) if since is not None else None
    chained = scalar_text(body.get("chained")) == "true"
    for key in ("from", "before", "where") if chained else ():
        if key in body:
            builder.problems.add("one-key-only", body.key_place(key), key=key, first="chained")
    if chained and keys is not None and keys[1] is not None:
        builder.problems.add("one-key-only", body.key_place("chained"), key="chained", first="like")
    if chained and "within" not in body:
        builder.problems.add("missing-key", body.key_place("chained"), name="within")
    lost = ("within" in body and window is None) or (where_node is not None and where is None)
    if keys is None or since is None or before is None or lost or (chained and window is None):
        return None
    same, like = keys
    return HistoryCount(**frame, same_values=same, like=like, since=since, window=window, before=before, where=where, chained=chained)


def _merge(node: Mapping, env: Environment, place: Place, builder: Builder) -> Merge | None:
    frame = _frame(MERGE, node, place, builder) | {"title": text_of(node.get("title")) or Text("One matter", "同一事项合并")}
    keys = _same(node.get("same"), builder)
    start = n.NamedInstant("received_at", place=node.place)
    window = _window(node, start, env)
    take = dict(_taken(node.get("take"), builder))
    if keys is None or window is None:
        return None
    same, like = keys
    others = take.pop("others", "first")
    return Merge(**frame, same_values=same, like=like, window=window, take=tuple(take.items()), others=others)


def _same(node: Node | None, builder: Builder) -> tuple[tuple[n.NamedValue, ...], Likeness | None] | None:
    """The fields that have to be equal, and the text that has to be alike."""
    same: list[str] = []
    like: Likeness | None = None
    if not isinstance(node, Sequence):
        return None
    good = True
    for item in node.items:
        if isinstance(item, Scalar):
            good = _known(item, builder) and good
            same.append(item.value)
        elif isinstance(item, Mapping):
            text, share = item.get("like"), _share(item.get("at_least"), builder)
            if not isinstance(text, Scalar) or share is None or not _known(text, builder):
                good = False
            elif builder.fields[text.value].type != "string":
                builder.problems.add("history-key", text.place, name=text.value, kind=builder.fields[text.value].type)
                good = False
            elif like is not None:
                builder.problems.add("one-key-only", item.place, key="like", first="like")
                good = False
            else:
                like = _likeness(_value(text.value, builder), share, item.get("by"), builder)
                good = good and like is not None
    if good and not same:
        # Without a field that is equal every text would be compared with every other.
        builder.problems.add("history-without-key", node.place)
        good = False
    return (tuple(_value(name, builder) for name in dict.fromkeys(same)), like) if good else None


def _likeness(text: n.NamedValue, share: Decimal, by: Node | None, builder: Builder) -> Likeness | None:
    """By the library's own measure, or by that of a plugin."""
    if not isinstance(by, Scalar):
        return Likeness(text, share)
    known = builder.plugged.similarities
    if by.value not in known:
        builder.problems.add("unknown-similarity", by.place, name=by.value, near=(by.value, known))
        return None
    plugin, one = known[by.value]
    guarded = Guarded(plugin.name, "complaint_policy_similarities", one.name, one.function, Share(), plugin.strict)
    return LikenessBy(text, share, by=one.name, plugin=plugin.name, version=plugin.version, title=one.title, guarded=guarded)


def _value(name: str, builder: Builder) -> n.NamedValue:
    declared = builder.fields[name]
    return n.NamedValue(name, declared.kind, "field", declared.unit)


def _known(item: Scalar, builder: Builder) -> bool:
    declared = builder.fields.get(item.value)
    if declared is None:
        builder.problems.add("unknown-field", item.place, name=item.value, near=(item.value, builder.fields))
    elif declared.is_moment or declared.type in ("intervals", "list", "instants", "log"):
        builder.problems.add("history-key", item.place, name=item.value, kind=declared.type)
        return False
    return declared is not None


def _share(node: Node | None, builder: Builder) -> Decimal | None:
    number = read_number(node.value) if isinstance(node, Scalar) else None
    if isinstance(node, Scalar) and (number is None or not 0 < number <= 1):
        builder.problems.add("bad-share", node.place, value=node.value)
        return None
    return Decimal(number) if number is not None else None


def _event(node: Node | None, env: Environment) -> n.NamedInstant | None:
    """An event of the record; the receipt unless written."""
    if node is None:
        return n.NamedInstant("received_at")
    instant = parse_instant(node, env.with_start(None))
    if instant is None or (isinstance(instant, n.NamedInstant) and instant.kind == "field"):
        return instant
    env.problems.add("wrong-shape", node.place, wanted=Text("the name of an event", "事件名称"))
    return None


def _window(node: Mapping, since: n.NamedInstant, env: Environment) -> n.Counted | None:
    within, counting = node.get("within"), node.get("counting")
    if within is None:
        return None
    with env.counted(counting if isinstance(counting, Mapping) else None) as inner:
        limit = parse_instant(within, inner.with_start(since))
    if limit is None or (isinstance(limit, n.Counted) and isinstance(limit.length, Length)):
        return limit
    env.problems.add("wrong-shape", within.place, wanted=Text("a length, such as 30 days", "时长，例如 30 days"))
    return None


def _taken(node: Node | None, builder: Builder) -> Iterable[tuple[str, str]]:
    for entry in node.entries if isinstance(node, Mapping) else ():
        how = scalar_text(entry.value) or ""
        if entry.key == "others":
            if AGGREGATES.get(how) is not None:
                builder.problems.add("merge-aggregate", entry.value.place, name=entry.key, how=how, kind=Text("any field", "任何字段"))
            yield entry.key, how
            continue
        declared = builder.fields.get(entry.key)
        allowed = AGGREGATES.get(how)
        if declared is None:
            builder.problems.add("unknown-field", entry.place, name=entry.key, near=(entry.key, builder.fields))
        elif entry.key == "received_at" and how not in ("earliest", "first"):
            builder.problems.add("merge-clock", entry.value.place, how=how)
        elif allowed is not None and declared.type not in allowed:
            builder.problems.add("merge-aggregate", entry.value.place, name=entry.key, how=how, kind=declared.type)
        else:
            yield entry.key, how


def check(section: HistorySection, model: PolicyModel, problems: Problems) -> None:
    """A key and a `where` look at what a record itself says: counts come before every rule."""
    computed = {count.id for count in section.counts}
    for count in section.counts:
        looked_at = {*names_below(count.where, model), *(f"field:{name}" for name in (*count.same, count.since.name, count.before.name))}
        for name in sorted(looked_at):
            kind, _, rest = name.partition(":")
            if kind != "field" or rest in computed:
                problems.add("history-looks-at-result", count.place, name=count.id, of=rest or kind)
    for name in section.merge.same if section.merge is not None else ():
        if name in computed:
            problems.add("history-looks-at-result", section.place, name=MERGE, of=name)
