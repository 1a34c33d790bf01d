"""Whether a penalty is no laxer than the one it replaces: triggered no less, never lower, inside the base's range."""

from __future__ import annotations

from collections.abc import Iterator

from complaint_policy.comparing import Comparison, Objection
from complaint_policy.comparing.amounts import outside, smaller
from complaint_policy.rules.penalties.model import Penalty
from complaint_policy.texts import Text


def compare(base: tuple[Penalty, ...], own: tuple[Penalty, ...], comparison: Comparison) -> None:
    for earlier, rule in comparison.replaced(base, own):
        comparison.of_rule(rule, *_objections(earlier, rule, comparison))


def _objections(base: Penalty, own: Penalty, comparison: Comparison) -> Iterator[Objection | None]:
    yield from comparison.frame(base, own)
    yield from comparison.rest_equal(base, own, "breaches_of", "per", "amount", "range", "charge", "legal_basis")
    fewer = next((rule for rule in base.breaches_of if rule not in own.breaches_of), None)
    if base.breaches_of and own.breaches_of and fewer is not None:
        yield Objection(Text(f"a breach of '{fewer}' no longer triggers it", f"违反“{fewer}”不再触发"), certain=True)
    elif own.breaches_of and not base.breaches_of:
        yield Objection(Text("it needs a breach, the base's does not", "它须以违反规则为前提，基础制度则否"), certain=True)
    if base.per == "breach" and own.per == "case":
        yield Objection(Text("it is per case instead of per breach", "由按次改为按案计罚"), certain=True)
    yield from _amounts(base, own, comparison)


def _amounts(base: Penalty, own: Penalty, comparison: Comparison) -> Iterator[Objection | None]:
    if own.divided_by is not None and (own.amount, own.range) != (base.amount, base.range):
        yield Objection(Text("amounts that are divided are not compared", "经除法计算的金额无法比较"))
        return
    if base.range is not None:  # what the law allows, and no more
        given = [part for part in (own.range, own.amount if own.range is None else None) if part is not None]
        for part in given:
            yield outside(part, base.range, comparison)
    if base.amount is not None:
        if own.amount is not None:
            yield smaller(own.amount, base.amount, comparison)
        else:
            yield Objection(Text("it proposes no amount, the base's does", "它不建议金额，基础制度则有"), certain=True)
