"""What a run has met: rule kinds and their outcomes, nodes, units, conventions, zones, physical forms.

Policies are counted from the loaded model, not from how they were drawn, so a thing that is counted was judged.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from complaint_policy import Policy
from complaint_policy.counting import CONVENTIONS, TAKEN_BY
from complaint_policy.expressions import nodes as n
from complaint_policy.lengths import Length
from tests.equality.comparing import Loop
from tests.equality.policies import Drawn
from tests.equality.records import Table

__all__ = ["MET", "count_decisions", "count_policy", "count_table", "table_of"]

Counts = Counter[tuple[str, str]]
# What the run as a whole has met.
MET: Counts = Counter()


def count_policy(counts: Counts, policy: Policy, drawn: Drawn) -> None:
    """What the loaded model holds."""
    counts["zone", policy.zone.name] += 1
    counts["currency", policy.currency or "none"] += 1
    if len(policy.versions) > 1:
        counts["files", "several versions"] += 1
    if any(version.model.extends for version in policy.versions):
        counts["files", "overlay"] += 1
    if any(version.model.transition for version in policy.versions):
        counts["files", "transition"] += 1
    for version in policy.versions[-1:]:
        model = version.model
        for key, section in model.sections.items():
            counts["rule kind", key] += len(_rules_of(section))
        if model.scope is not None:
            counts["rule kind", "scope"] += 1
        counts["levels", str(len(getattr(model.section("severity"), "levels", ())))] += 1
        _count_fields(counts, model)
        for rule in _rules(model):
            _count_rule(counts, rule)
        for expression in _expressions(model):
            for node in n.walk(expression):
                _count_node(counts, node)


def _rules(model: Any) -> Iterator[Any]:
    for section in model.sections.values():
        yield from _rules_of(section)


def _rules_of(section: Any) -> tuple[Any, ...]:
    return tuple(section if isinstance(section, tuple) else getattr(section, "rules", None) or getattr(section, "rows", None) or [])


def _expressions(model: Any) -> Iterator[n.Expression]:
    """Every expression of the model."""
    if model.scope is not None:
        yield model.scope
    for fact in model.facts.values():
        yield fact.expression
    for rule in _rules(model):
        yield from _below(rule)


def _below(thing: Any) -> Iterator[n.Expression]:
    for attribute in getattr(type(thing), "__attrs_attrs__", ()):
        value = getattr(thing, attribute.name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, n.Expression):
                yield item
            elif type(item).__name__ in ("Extension", "Exemption"):
                yield from _below(item)
            elif isinstance(item, tuple):  # what a figure is held against
                yield from (part for part in item if isinstance(part, n.Expression))


def _count_fields(counts: Counts, model: Any) -> None:
    for declared in model.fields.values():
        if not declared.core:
            how = "default" if declared.default is not None else declared.empty
            counts["field", f"{declared.type}, {how}"] += 1


def _count_rule(counts: Counts, rule: Any) -> None:
    for part in ("when", "exempt", "waivable_by"):
        if getattr(rule, part, None):
            counts["frame", part] += 1
    if hasattr(rule, "measure"):
        counts["measure", "rising" if rule.rising else rule.measure] += 1
    if getattr(rule, "duty_of", "company") != "company":
        counts["frame", "duty_of"] += 1
    for part in ("extend", "pauses", "part_of", "range", "charge", "breaches_of", "among", "by"):
        if getattr(rule, part, None):
            counts["part", part] += 1
    if any(step.late_allowed for step in getattr(rule, "extend", [])):
        counts["part", "late: allowed"] += 1
    risk = getattr(rule, "at_risk", None)
    if risk is not None:
        counts["part", "at_risk as a length" if isinstance(risk, Length) else "at_risk as a share"] += 1
    if getattr(rule, "per", None) == "breach":
        counts["part", "per: breach"] += 1
    counting = getattr(rule, "counting", None)
    if counting is not None and getattr(rule, "pauses", None) and any(c.length.unit in TAKEN_BY["pause_on_days"] for c in rule.counted() if c.length is not None):
        counts["convention", f"pause_on_days: {counting.pause_on_days}"] += 1


def _count_node(counts: Counts, node: n.Expression) -> None:
    counts["node", type(node).__name__] += 1
    operation = getattr(node, "operation", None)
    if operation is not None:
        counts["node", f"{type(node).__name__} {operation}"] += 1
    if isinstance(node, n.LengthOf):
        for word in (f"in {node.unit}", f"round {node.round}", f"per {node.per}"):
            counts["node", f"LengthOf {word}"] += 1
    if isinstance(node, n.Counted):
        unit = node.length.unit
        length = node.length if isinstance(node.length, Length) else None
        counts["unit", "same day" if length and length.same_day else "of terms" if length and length.word else unit] += 1
        if node.ahead:
            counts["node", "Counted ahead"] += 1
        for key in CONVENTIONS:
            if unit in TAKEN_BY[key] and key != "pause_on_days":
                counts["convention", f"{key}: {getattr(node.counting, key)}"] += 1
        if node.counting.calendar is not None and node.counting.calendar.announced_until is not None:
            counts["part", "announced_until"] += 1


def count_table(counts: Counts, table: Table) -> None:
    """The physical forms of a table, and how it was handed over."""
    counts["delivery", table.delivery] += 1
    counts["rows", "rows"] += len(table.records)
    counts["waivers", "waivers"] += len(table.waivers)
    if table.frame is not None:
        counts.update(("column", _form(kind)) for kind in table.frame.schema.values())
    else:
        counts.update(("python cell", type(value).__name__) for record in table.records for value in record.values())


def _form(kind: Any) -> str:
    """A Polars type in words: its parameters matter where reading does."""
    name = str(kind)
    if name.startswith(("Enum", "Categorical")):
        return name.split("(")[0]
    if name.startswith("Datetime"):
        zone = getattr(kind, "time_zone", None)
        return f"Datetime {kind.time_unit} {'naive' if zone is None else 'UTC' if zone == 'UTC' else 'of a zone'}"
    return name.replace("time_unit=", "").replace("time_zone=None", "naive")


def count_decisions(counts: Counts, found: Loop) -> None:
    """The outcomes of each rule kind, and what was rejected."""
    counts["records", "decided"] += len(found.decisions)
    for cells in found.rejected:
        counts["records", f"rejected: {cells['reason'].split(':')[0].split(' on ')[0]}"] += 1
    outcomes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for decision in found.decisions:
        counts["status", decision.status] += 1
        severity, owned = decision.severity, decision.responsibility
        if severity.possible:
            counts["severity", "decided" if severity.level else "undecided"] += 1
        if owned.owner or owned.candidates:
            counts["owner", "decided" if owned.owner else "undecided"] += 1
        if owned.escalate_to:
            counts["owner", "escalated"] += 1
        if decision.unusable:
            counts["records", "with an unusable cell"] += 1
        for result in decision.judged():
            kind = type(result).__name__.removesuffix("Result").removeprefix("General").removeprefix("Ordinary").lower()
            outcomes[kind][result.outcome] += 1
        for line in decision.deadlines:
            for part, there in (("provisional", line.provisional), ("paused", line.paused), ("step", line.step), ("due_latest", line.due_latest)):
                if there:
                    counts["deadline", part] += 1
        for penalty in decision.penalties:
            counts["penalty", penalty.state] += 1
            if penalty.clamped:
                counts["penalty", f"clamped to the {penalty.clamped}"] += 1
    for kind, counted in outcomes.items():
        for outcome, times in counted.items():
            counts["outcome", f"{kind} {outcome}"] += times


def table_of(counts: Counts) -> str:
    """The counts as a table, three things a line."""
    lines = []
    for group in dict.fromkeys(group for group, _ in sorted(counts)):
        items = [f"{name[:44]:<44}{times:>8,}" for (of, name), times in sorted(counts.items()) if of == group]
        lines += [group, *("    " + "    ".join(items[at : at + 3]) for at in range(0, len(items), 3))]
    return "\n".join(lines)
