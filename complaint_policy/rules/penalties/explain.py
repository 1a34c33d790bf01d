"""A penalty in words."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from complaint_policy.expressions import nodes as n
from complaint_policy.money import rounded
from complaint_policy.results import Charge, PenaltyResult
from complaint_policy.texts import Text
from complaint_policy.wording import name_list

if TYPE_CHECKING:
    from complaint_policy.explaining import Words

__all__ = ["arithmetic", "message", "to_dict"]


def to_dict(result: PenaltyResult) -> dict[str, Any]:
    charge = result.charge
    shown: dict[str, Any] = {
        "rule": result.rule,
        "state": result.state,
        "for": list(result.breaches),
        "payable_to": result.payable_to,
        "min": _money(result.min),
        "max": _money(result.max),
        "amount": _money(result.amount),
        "currency": result.currency,
        # A person's name stays out unless it is asked for.
        "charge": None if charge is None else {"field": charge.field, "name": None if charge.sensitive else charge.name},
    }
    for name in ("approver", "recovers_from"):
        other = getattr(result, name)
        if other is not None:
            shown[name] = {"field": other.field, "name": None if other.sensitive else other.name}
    cap = getattr(result.model, "cap", None)
    if cap is not None:
        # One record knows nothing of the others: an audit holds it to the cap.
        shown["cap"] = {"per": "charge", "in": cap.period, "amount": _money(rounded(cap.amount, result.currency)), "applied": False}
    if result.clamped is not None:
        shown["clamped"] = result.clamped
    if result.missing:
        shown["missing"] = list(result.missing)
    return shown


def _money(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def message(result: PenaltyResult, words: Words) -> Text:
    title, currency = result.model.name, result.currency or ""
    if result.state == "waived":
        return Text("{t}: waived.", "{t}：经批准豁免。").filled(t=title)
    if result.state == "indeterminate":
        span = Text("", "")
        if result.min is not None and result.max is not None:
            between = Text(" Between {a} and {b} {c}.", "金额在{a}至{b} {c}之间。")
            if result.min == result.max:
                between = Text(" The amount is {a} {c}.", "金额为{a} {c}。")
            span = between.filled(a=result.min, b=result.max, c=currency)
        if not result.missing:
            return Text("{t}: not settled.", "{t}：尚不能确定。").filled(t=title) + span
        return Text("{t}: cannot be settled without {m}.", "{t}：缺少{m}，不能确定。").filled(t=title, m=words.fields(result.missing)) + span
    breaches = Text(" for {r}", "（{r}）").filled(r=name_list(result.breaches)) if result.breaches else Text("", "")
    if result.amount is None:
        text = Text("{t}{f}: between {a} and {b} {c}, proposed.", "{t}{f}：建议在{a}至{b} {c}之间。").filled(
            t=title, f=breaches, a=result.min, b=result.max, c=currency
        )
    elif result.state == "accruing":
        text = Text("{t}{f}: {a} {c} so far, still growing.", "{t}{f}：截至目前{a} {c}，仍在累计。").filled(t=title, f=breaches, a=result.amount, c=currency)
    else:
        text = Text("{t}{f}: {a} {c} proposed.", "{t}{f}：建议{a} {c}。").filled(t=title, f=breaches, a=result.amount, c=currency)
    if result.clamped is not None:
        bound = Text("lower", "下限") if result.clamped == "min" else Text("upper", "上限")
        text += Text(" Set to the {b} bound of the range.", "已按范围{b}取值。").filled(b=bound)
    if result.charge is not None and result.charge.field is not None:
        text += Text(" Charged to: {f}.", "承担者：{f}。").filled(f=words.field(result.charge.field))
    if result.recovers_from is not None:
        text += Text(" To be recovered from: {f}.", "可向{f}追偿。").filled(f=_other(result.recovers_from, words))
    if result.approver is not None:
        text += Text(" To be approved by: {f}.", "须经{f}批准。").filled(f=_other(result.approver, words))
    return text


def _other(charge: Charge, words: Words) -> Text:
    """A department or role by its name, somebody named by the record as the field."""
    return words.field(charge.field) if charge.field is not None else words.roles((charge.name,))


def arithmetic(result: PenaltyResult, words: Words) -> list[Text]:
    rule: Any = result.model
    lines: list[Text] = []
    if rule.amount is not None:
        lines.append(Text("amount: {a}", "金额：{a}").filled(a=words.value(rule.amount)))
    if rule.divided_by is not None:
        lines.append(Text("divided by: {a}", "除以：{a}").filled(a=words.value(rule.divided_by)))
    if isinstance(rule.range, n.Range):
        lines.append(
            Text("range: {a} to {b} {c}", "范围：{a}至{b} {c}").filled(a=words.value(rule.range.low), b=words.value(rule.range.high), c=result.currency or "")
        )
    if rule.cap is not None:
        apart = Text("not held to the cap, which is a matter of many records: {c}", "上限须在审计中按多条记录合计，此处未适用：{c}")
        lines.append(apart.filled(c=rule.cap.text))
    if rule.legal_basis is not None:
        lines.append(Text("legal basis: {b}", "适用条款：{b}").filled(b=rule.legal_basis))
    return lines
