"""Schema, building and checks of penalties."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from complaint_policy.building import Builder
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.environment import Environment
from complaint_policy.expressions.literals import BAD, read_literal
from complaint_policy.expressions.parse_instants import rule_known
from complaint_policy.expressions.parse_values import parse_range, parse_value
from complaint_policy.head import scalar_text, text_of
from complaint_policy.kinds import Piece
from complaint_policy.model import PolicyModel
from complaint_policy.problems import Problems
from complaint_policy.reader import Mapping, Node, Scalar, Sequence
from complaint_policy.rules.penalties.model import Cap, Penalty
from complaint_policy.schemas import closed, ref, rules, text_list

SCHEMA: dict[str, Any] = rules(
    {
        "for": text_list(),
        "per": {"enum": ["case", "breach"]},
        "amount": ref("value"),
        "range": ref("range"),
        "payable_to": {"type": "string", "minLength": 1},
        "charge": ref("value"),
        "legal_basis": ref("text"),
        "divided_by": ref("value"),
        "approver": ref("value"),
        "recovers_from": ref("value"),
        "cap": closed(
            {"per": {"enum": ["charge"]}, "in": {"enum": ["week", "month", "quarter", "half_year", "year"]}, "amount": {"type": ["string", "number"]}},
            ("per", "in", "amount"),
        ),
    },
    without=("exempt", "duty_of"),
)


def build(pieces: list[Piece], builder: Builder) -> tuple[Penalty, ...]:
    made: list[Penalty] = []
    for node, env in builder.merged(pieces):
        frame = builder.frame(node, env)
        before = len(builder.problems)
        rules_for = [s for s in _scalars(node.get("for")) if rule_known(s, env, env.judged_kinds)]
        names = [s.value for s in rules_for]
        for index, again in enumerate(rules_for):
            if again.value in names[:index]:
                builder.problems.add("value-twice", again.place, name=again.value)
        amount_node, range_node, charge_node = node.get("amount"), node.get("range"), node.get("charge")
        amount = parse_value(amount_node, env, "money", name="amount") if amount_node is not None else None
        span = parse_range(range_node, env) if range_node is not None else None
        charge = parse_value(charge_node, env, "string", name="charge") if charge_node is not None else None
        if amount_node is None and range_node is None:
            builder.problems.add("penalty-without-amount", node.place, name=frame["id"])
        if amount is not None and amount.kind not in ("money", "integer", "number"):
            builder.problems.add("not-a-number", amount.place, kind=amount.kind)
        by = _part(node, "divided_by", env, "number")
        if by is not None and by.kind not in ("integer", "number"):
            builder.problems.add("not-a-number", by.place, kind=by.kind)
        if by is not None and amount_node is None:
            builder.problems.add("missing-key", node.key_place("divided_by"), name="amount")
        if isinstance(by, n.Literal) and by.value <= 0:
            builder.problems.add("not-positive", by.place, name="divided_by")
        approver, recovers = _part(node, "approver", env, "string"), _part(node, "recovers_from", env, "string")
        cap = _cap(node, env, builder)
        if "for" not in node and "when" not in node:
            builder.problems.add("penalty-without-trigger", node.place, name=frame["id"])
        if builder.currency is None:
            builder.problems.add("penalty-without-currency", node.place, name=frame["id"])
        if len(builder.problems) == before:
            made.append(
                Penalty(
                    **frame,
                    breaches_of=tuple(names),
                    per=scalar_text(node.get("per")) or "case",
                    amount=amount,
                    range=span,
                    payable_to=scalar_text(node.get("payable_to")) or "company",
                    charge=charge,
                    legal_basis=text_of(node.get("legal_basis")),
                    divided_by=by,
                    approver=approver,
                    recovers_from=recovers,
                    cap=cap,
                )
            )
    return tuple(made)


def _part(node: Mapping, key: str, env: Environment, kind: str) -> n.Value | None:
    given = node.get(key)
    return parse_value(given, env, kind, name=key) if given is not None else None


def _cap(node: Mapping, env: Environment, builder: Builder) -> Cap | None:
    """`{per: charge, in: month, amount: 3000}`."""
    given = node.get("cap")
    if not isinstance(given, Mapping):
        return None
    if "charge" not in node:
        builder.problems.add("cap-without-charge", node.key_place("cap"))
    amount_node, period = given.get("amount"), scalar_text(given.get("in"))
    if not isinstance(amount_node, Scalar) or period is None:
        return None
    amount = read_literal(amount_node, "money", env, name="cap")
    if amount is BAD:
        return None
    if amount <= 0:
        builder.problems.add("not-positive", amount_node.place, name="cap")
        return None
    return Cap(period, Decimal(amount))


def _scalars(node: Node | None) -> list[Scalar]:
    items = node.items if isinstance(node, Sequence) else (node,) if node is not None else ()
    return [i for i in items if isinstance(i, Scalar)]


def check(section: tuple[Penalty, ...], model: PolicyModel, problems: Problems) -> None:
    """A fixed amount outside its own fixed range would always be clamped."""
    del model
    for rule in section:
        if rule.divided_by is None and isinstance(rule.amount, n.Literal) and isinstance(rule.range, n.Range):
            low, high = rule.range.low, rule.range.high
            if isinstance(low, n.Literal) and isinstance(high, n.Literal) and not low.value <= Decimal(rule.amount.value) <= high.value:
                shown = n.shown_number
                problems.add("amount-outside-range", rule.amount.place, amount=shown(rule.amount.value), low=shown(low.value), high=shown(high.value))
