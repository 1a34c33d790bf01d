"""Schema and building of portfolio rules."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from complaint_policy.building import Builder
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.environment import Environment
from complaint_policy.expressions.literals import read_number
from complaint_policy.expressions.parse_conditions import parse_condition
from complaint_policy.expressions.parse_values import NO_LEVELS, parse_value
from complaint_policy.head import scalar_text
from complaint_policy.kinds import Piece
from complaint_policy.periods import PERIODS
from complaint_policy.problems import Problems
from complaint_policy.reader import Entry, Mapping, Node, Scalar, Sequence
from complaint_policy.rules.portfolio.model import CONDITIONS, MEASURES, NUMBERS, PortfolioRule
from complaint_policy.schemas import BASELINE_KEYS, closed, ref, rules
from complaint_policy.texts import Text

__all__ = ["SCHEMA", "build"]

_LIMITS: Final = {k: ref("limit") for k in ("at_least", "at_most", "above", "below")}
_WHOLE: Final = {"type": ["string", "integer"], "pattern": "^[0-9]+$"}
# The keys that belong to one measure only.
_OWNERS: Final = {"at": "quantile", "exposure": "rate", "per": "rate"}
_MEASURE: Final[dict[str, Any]] = {
    **dict.fromkeys(CONDITIONS, ref("condition")),
    **dict.fromkeys((*NUMBERS, "different"), ref("value")),
    "at": {"type": ["string", "number"]},
    "rate": {"enum": ["complaints"]},
    "exposure": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_-]*$"},
    "per": _WHOLE,
}

SCHEMA: dict[str, Any] = rules(
    {
        "measure": closed({**_MEASURE, "periods_rising": closed(_MEASURE, minProperties=1), "among": ref("condition")}, minProperties=1),
        "per": {"enum": list(PERIODS)},
        "by": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "expect": closed(_LIMITS, minProperties=1),
        "min_count": _WHOLE,
    },
    ("measure",),
    without=("exempt", "waivable", "when", "duty_of"),
)
_NUMERIC: Final = ("integer", "number", "money")
_APART: Final = (*_NUMERIC, "string", "enum", "boolean", "level")
# A figure looks at no more earlier periods than this.
_MOST_PERIODS: Final = 520
_ARITHMETIC: Final = ("plus", "minus", "times", "max_of", "min_of")


def build(pieces: list[Piece], builder: Builder) -> tuple[PortfolioRule, ...]:
    made = [_rule(node, env, builder) for node, env in builder.merged(pieces)]
    return tuple(r for r in made if r is not None)


def _rule(node: Mapping, env: Environment, builder: Builder) -> PortfolioRule | None:
    frame = builder.frame(node, env)
    measure = node.get("measure")
    if not isinstance(measure, Mapping):
        return None
    measured = _measured(measure, env)
    among_node = measure.get("among")
    among = parse_condition(among_node, env) if among_node is not None else None
    by = tuple(_axes(node.get("by"), env))
    expect = tuple(_expected(node.get("expect"), builder.problems))
    if measured is None or (among_node is not None and among is None):
        return None
    rule = PortfolioRule(
        **frame,
        **measured,
        among=among,
        per=scalar_text(node.get("per")) or "all",
        by=by,
        expect=expect,
        min_count=_whole(scalar_text(node.get("min_count"))),
    )
    _check_periods(rule, measure, builder.problems)
    _check_share(rule, builder.problems)
    return rule


def _check_periods(rule: PortfolioRule, measure: Mapping, problems: Problems) -> None:
    """Earlier periods need periods, and those of earlier years one within the year."""
    if rule.per == "all" and rule.rising:
        problems.add("trend-without-period", measure.place, name="periods_rising")
    for baseline in rule.baselines():
        if rule.per == "all":
            problems.add("trend-without-period", baseline.place, name=BASELINE_KEYS[baseline.same])
        elif rule.per == "year" and baseline.same:
            problems.add("same-period-of-years", baseline.place)


# --------------------------------------------------------------------------- the measure
def _measured(node: Mapping, env: Environment) -> dict[str, Any] | None:
    """What is measured, as the attributes of a rule."""
    found = [e for e in node.entries if e.key in MEASURES or e.key == "periods_rising"]
    if len(found) != 1:
        env.problems.add("measure-not-one", node.place, measures=", ".join((*MEASURES, "periods_rising")))
        return None
    if found[0].key == "periods_rising":
        for entry in node.entries:
            if entry.key in _OWNERS:
                env.problems.add("measure-key", entry.place, key=entry.key, owner=_OWNERS[entry.key])
        inner = _measured(found[0].value, env) if isinstance(found[0].value, Mapping) else None
        return None if inner is None else {**inner, "rising": True}
    kind = found[0].key
    made: dict[str, Any] = {"measure": kind, "of": None}
    for entry in node.entries:
        if _OWNERS.get(entry.key, kind) != kind:
            env.problems.add("measure-key", entry.place, key=entry.key, owner=_OWNERS[entry.key])
    if kind == "rate":
        made["exposure"] = scalar_text(node.get("exposure"))
        per = scalar_text(node.get("per"))
        made["each"] = _whole(per) or 1
        if made["exposure"] is None:
            env.problems.add("missing-key", node.place, name="exposure")
        if per is not None and per.isdecimal() and not _whole(per):
            env.problems.add("literal-type", node.place, name="per", value=per, kind=Text("a number above zero", "大于零的数字"))
        return made
    if kind == "quantile":
        made["at"] = _share(node.get("at"), node, env)
    made["of"] = parse_condition(found[0].value, env) if kind in CONDITIONS else _value(found[0], kind, env)
    return made if made["of"] is not None else None


def _value(entry: Entry, kind: str, env: Environment) -> n.Value | None:
    value = parse_value(entry.value, env)
    if value is None:
        return None
    if kind in NUMBERS and value.kind not in _NUMERIC:
        env.problems.add("not-a-number", value.place, kind=value.kind)
        return None
    if kind == "different" and value.kind not in _APART:
        env.problems.add("different-kind", value.place, kind=value.kind)
        return None
    return value


def _share(node: Node | None, measure: Mapping, env: Environment) -> Decimal | None:
    """Where a quantile lies: above 0 and below 1, for which there is ``largest``."""
    if node is None:
        env.problems.add("missing-key", measure.place, name="at")
        return None
    text = node.value if isinstance(node, Scalar) else ""
    number = read_number(text)
    if number is None or not 0 < number < 1:
        env.problems.add("quantile-at", node.place, value=text)
        return None
    return Decimal(number)


def _check_share(rule: PortfolioRule, problems: Problems) -> None:
    """A share is held against a share: 95 is most likely 95%."""
    for _, limit in rule.expect if rule.measure == "share" and not rule.rising else ():
        if isinstance(limit, n.Literal) and not 0 <= limit.value <= 1:
            value = format(limit.value, "f") if isinstance(limit.value, Decimal) else str(limit.value)
            hint = Text(f"write {value}%", f"请写 {value}%") if 1 < limit.value <= 100 else None
            problems.add("share-beyond-all", limit.place, value=value, hint=hint)


# --------------------------------------------------------------------------- groups and expectations
def _axes(node: Node | None, env: Environment) -> list[str]:
    found: list[str] = []
    for item in node.items if isinstance(node, Sequence) else ():
        if not isinstance(item, Scalar):
            continue
        name = item.value
        if name == "owner" or (name == "severity" and env.levels):
            found.append(name)
            continue
        declared = env.fields.get(name)
        fact = env.fact_kind(name, item.place) if declared is None and name in env.fact_names else None
        if declared is None and name not in env.fact_names:
            env.problems.add("unknown-field", item.place, name=name, near=(name, env.known_names()), hint=NO_LEVELS if name == "severity" else None)
        kind = declared.kind if declared is not None else fact.kind if fact is not None else None
        if kind is not None and kind not in _APART:
            env.problems.add("different-kind", item.place, kind=kind)
        elif name in found:
            env.problems.add("axis-twice", item.place, name=name)
        elif kind is not None:
            found.append(name)
    return found


def _expected(node: Node | None, problems: Problems) -> list[tuple[str, n.Value]]:
    found: list[tuple[str, n.Value]] = []
    for entry in node.entries if isinstance(node, Mapping) else ():
        limit = _limit(entry.value, entry.key, problems)
        if limit is not None:
            found.append((entry.key, limit))
    return found


def _limit(node: Node, name: str, problems: Problems) -> n.Value | None:
    """A number, a figure of earlier periods, or arithmetic over these."""
    if isinstance(node, Scalar):
        number = read_number(node.value)
        if number is None:
            problems.add("literal-type", node.place, name=name, value=node.value, kind=Text("a number", "数字"))
            return None
        return n.Literal(number, "integer" if isinstance(number, int) else "number", place=node.place)
    entry = node.entries[0] if isinstance(node, Mapping) and len(node.entries) == 1 else None
    if entry is None:
        problems.add("literal-type", node.place, name=name, value="{...}", kind=Text("a number", "数字"))
        return None
    if entry.key in BASELINE_KEYS:
        given = scalar_text(entry.value) or ""
        count = _whole(given)
        if not 1 <= count <= _MOST_PERIODS:
            problems.add("baseline-count", entry.value.place, name=entry.key, most=_MOST_PERIODS)
            return None
        return n.Baseline(count, entry.key == BASELINE_KEYS[1], place=node.place)
    if entry.key in _ARITHMETIC and isinstance(entry.value, Sequence):
        parts = [_limit(item, entry.key, problems) for item in entry.value.items]
        known = tuple(p for p in parts if p is not None)
        return n.Arithmetic(entry.key, known, "number", place=node.place) if len(known) == len(parts) else None
    return None


def _whole(text: str | None) -> int:
    """A whole number; 0 for what the schema has refused."""
    return int(text) if text is not None and text.isdecimal() and len(text) < 10 else 0
