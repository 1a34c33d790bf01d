"""Schema, building and checks of schedules."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from complaint_policy.building import Builder
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.environment import PERIOD_WORDS, Environment
from complaint_policy.expressions.parse_instants import parse_instant, parse_month_days
from complaint_policy.head import scalar_text
from complaint_policy.kinds import Piece
from complaint_policy.lengths import MONTH_DAY, MonthDays
from complaint_policy.model import PolicyModel
from complaint_policy.periods import PERIODS, first_day, next_start, period_of
from complaint_policy.problems import Problems
from complaint_policy.reader import Mapping, Node, Scalar
from complaint_policy.rules.schedules.model import Schedule
from complaint_policy.schemas import MONTH_DAYS, ref, rules

_FROM = f"^({'|'.join(PERIOD_WORDS)})$"

SCHEMA: dict[str, Any] = rules(
    {
        "period": {"enum": [p for p in PERIODS if p != "all"]},
        "from": {"type": ["string", "object"], "pattern": _FROM, "properties": {MONTH_DAY: MONTH_DAYS}, "additionalProperties": False, "minProperties": 1},
        "within": ref("instant"),
        "counting": ref("counting"),
        "done": {"enum": ["register"]},
    },
    ("period", "from", "within", "done"),
)


def build(pieces: list[Piece], builder: Builder) -> tuple[Schedule, ...]:
    figures = frozenset(rule.id for rule in builder.rules.values() if rule.kind == "portfolio")
    made = [_schedule(node, _without_record(env, figures), builder) for node, env in builder.merged(pieces)]
    return tuple(s for s in made if s is not None)


def _without_record(env: Environment, figures: frozenset[str]) -> Environment:
    """What a schedule can speak of: the period and figures over many records, nothing of a single one."""
    return evolve(env, fields={}, fact_names=frozenset(), rules={}, levels=(), figures=figures)


def _schedule(node: Mapping, env: Environment, builder: Builder) -> Schedule | None:
    frame = builder.frame(node, env)
    start = _start(node.get("from"), env)
    own, limit = node.get("counting"), node.get("within")
    with env.counted(own if isinstance(own, Mapping) else None) as inner:
        within = parse_instant(limit, inner.with_start(n.NamedInstant("from", "period"))) if limit is not None else None
        counting = inner.counting
    period = scalar_text(node.get("period"))
    if start is None or within is None or period not in PERIODS:
        return None
    return Schedule(**frame, period=period, start=start, within=within, counting=counting)


def _start(node: Node | None, env: Environment) -> n.NamedInstant | MonthDays | None:
    if isinstance(node, Scalar):
        return n.NamedInstant(node.value, "period", place=node.place) if node.value in PERIOD_WORDS else None
    days = node.get(MONTH_DAY) if isinstance(node, Mapping) else None
    # It is a day of the period itself: no convention moves it, and its units ask for no calendar.
    return parse_month_days(days, env, counted=False) if days is not None else None


def check(section: tuple[Schedule, ...], model: PolicyModel, problems: Problems) -> None:
    """Every period has one of the days it starts on; figures are of the schedule's own period, for all records together."""
    measured = {rule.id: rule for rule in model.sections.get("portfolio", ())}
    for rule in section:
        if isinstance(rule.start, MonthDays):
            _one_day_each(rule, rule.start, problems)
        for name, node in rule.figures().items():
            figure: Any = measured.get(name)
            if figure is not None and figure.per != rule.period:
                problems.add("figure-of-another-period", node.place, name=name, per=figure.per, period=rule.period)
            elif figure is not None and figure.by:
                problems.add("figure-by-groups", node.place, name=name)


def _one_day_each(rule: Schedule, days: MonthDays, problems: Problems) -> None:
    for year in (2024, 2025):  # one with 29 February, one without
        found = days.in_year(year)
        name = period_of(first_day(str(year)), rule.period)
        while name.startswith(str(year)):
            inside = [day for day in found if first_day(name) <= day < next_start(name)]
            if len(inside) != 1:
                problems.add("day-not-in-period", rule.place, rule=rule.id, days=days.named, count=len(inside), period=name)
                return
            name = period_of(next_start(name), rule.period)
