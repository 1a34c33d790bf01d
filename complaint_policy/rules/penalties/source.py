"""Penalties with literal amounts in the straight line: every proposal there can be is made beforehand."""

from __future__ import annotations

from typing import Any, Final

from complaint_policy.expressions import nodes as n
from complaint_policy.results import PenaltyResult
from complaint_policy.rules.penalties.model import Penalty
from complaint_policy.rules.penalties.record import settled_proposal
from complaint_policy.straight import Straight, Unsupported

_MOST: Final = 65_536


def emit(section: tuple[Penalty, ...], source: Straight) -> dict[str, str]:
    """The penalties triggered: for each rule a tuple of one or none."""
    return {"penalties": " + ".join(_penalty(rule, source) for rule in section) or "()"}


def _penalty(rule: Penalty, source: Straight) -> str:
    deadlines = [d.id for d in source.model.section("deadlines")]
    if any(part is not None for part in (rule.divided_by, rule.approver, rule.recovers_from)):
        raise Unsupported(rule.id)
    if rule.when is not None or rule.charge is not None or rule.amount is None or not rule.breaches_of:
        raise Unsupported(rule.id)
    if rule.range is not None and not _literal_range(rule.range):
        raise Unsupported(rule.id)
    if any(identity not in deadlines for identity in rule.breaches_of):
        raise Unsupported(rule.id)
    chooses = [part for part in n.walk(rule.amount) if isinstance(part, n.Choose)]
    if any(not isinstance(part, (n.Literal, n.Arithmetic, n.Choose)) for part in _values(rule.amount)):
        raise Unsupported(rule.id)
    size = 1 << len(deadlines)
    for choose in chooses:
        size *= len(choose.branches)
        if choose.branches[-1].when is not None:
            raise Unsupported(rule.id)
    if size > _MOST:
        raise Unsupported(rule.id)
    mask = sum(1 << deadlines.index(identity) for identity in rule.breaches_of)
    trigger = "broken" if mask == (1 << len(deadlines)) - 1 else f"(broken & {mask:d})"
    picks = [_pick(choose, source) for choose in chooses]
    proposals = _Proposals(rule, chooses, deadlines, source)
    known = source.constant(proposals.known) + "".join(f"[{pick}]" for pick in picks) + f"[{trigger}]"
    return f"(({known} or {source.call(proposals.propose, ', '.join([trigger, *picks]))}) if {trigger} else ())"


def _pick(choose: n.Choose, source: Straight) -> str:
    """The number of the branch that holds."""
    if all(branch.when is None or _on_severity(branch.when) for branch in choose.branches):
        return f"{source.constant(_by_rank(choose, source))}[rank]"
    text = ""
    for number, branch in enumerate(choose.branches):
        text += f"{number}" if branch.when is None else f"{number} if {source.condition(branch.when)} else "
    return f"({text})"


def _on_severity(condition: n.Condition) -> bool:
    """Whether a condition looks at the severity and nothing else."""
    allowed = (n.All, n.Any_, n.Not, n.Equals, n.OneOf, n.Compare, n.Literal)
    return all(isinstance(part, allowed) or (isinstance(part, n.NamedValue) and part.source == "severity") for part in n.walk(condition))


def _by_rank(choose: n.Choose, source: Straight) -> tuple[int, ...]:
    setting = source.setting
    tests = [setting.compiler.condition(branch.when) for branch in choose.branches]
    state: list[Any] = [None] * len(setting.slots)
    picks = []
    for state[setting.slots["severity"]] in range(len(source.model.section("severity").levels)):
        picks.append(next(number for number, test in enumerate(tests) if test is None or test(state) is True))
    return tuple(picks)


def _literal_range(node: n.Range | n.ChooseRange) -> bool:
    return isinstance(node, n.Range) and isinstance(node.low, n.Literal) and isinstance(node.high, n.Literal)


def _values(node: n.Value) -> list[n.Value]:
    """The values an amount is made of, without the conditions of its choices."""
    found: list[n.Value] = [node]
    if isinstance(node, n.Arithmetic):
        for part in node.parts:
            found += _values(part)
    elif isinstance(node, n.Choose):
        for branch in node.branches:
            found += _values(branch.then)
    elif not isinstance(node, n.Literal):
        raise Unsupported(type(node).__name__)
    return found


class _Proposals:
    """Proposals by what is broken and which branches hold."""

    def __init__(self, rule: Penalty, chooses: list[n.Choose], deadlines: list[str], source: Straight) -> None:
        self._deadlines = deadlines
        self._rule = rule
        self._chooses = chooses
        self._setting = source.setting
        self.known = _nested([*(len(choose.branches) for choose in chooses), 1 << len(deadlines)])

    def propose(self, broken: int, *picks: int) -> tuple[PenaltyResult, ...]:
        rule = self._rule
        certain = [identity for identity in rule.breaches_of if broken >> self._deadlines.index(identity) & 1]
        branches = {id(choose): number for choose, number in zip(self._chooses, picks, strict=True)}
        known = self.known
        for number in picks:
            known = known[number]
        made: tuple[PenaltyResult, ...] = (settled_proposal(rule, self._setting, _chosen(rule.amount, branches), certain),)
        known[broken] = made
        return made


def _nested(sizes: list[int]) -> list[Any]:
    """Lists in lists, None in the innermost."""
    return [_nested(sizes[1:]) if sizes[1:] else None for _ in range(sizes[0])]


def _chosen(node: n.Value | None, branches: dict[int, int]) -> n.Value:
    """The amount with every choice made."""
    if isinstance(node, n.Choose):
        return _chosen(node.branches[branches[id(node)]].then, branches)
    if isinstance(node, n.Arithmetic):
        return n.Arithmetic(node.operation, tuple(_chosen(p, branches) for p in node.parts), node.kind, place=node.place)
    if node is None:
        raise Unsupported("amount")
    return node
