"""Tests beside schedules: a case with a register of what was done, and the figures an audit would have measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from fractions import Fraction
from typing import Any

from attrs import frozen

from complaint_policy.cases import Difference, _moment, _text
from complaint_policy.errors import ComplaintPolicyError
from complaint_policy.expressions.literals import read_number
from complaint_policy.head import scalar_text, words
from complaint_policy.model import Case
from complaint_policy.policy import Policy
from complaint_policy.reader import Mapping, Node, Scalar, Sequence, plain

__all__ = ["register_differences"]


@frozen
class _Figure:
    period: str
    low: Fraction | None
    high: Fraction | None
    group: tuple[str, ...] = ()


@frozen
class _Measured:
    """Stands for an audit: every figure of the case, and no other."""

    portfolio: dict[str, tuple[_Figure, ...]]


def register_differences(policy: Policy, case: Case) -> Iterator[Difference]:
    """The case judged, every difference at its own place."""
    node: Mapping = case.node
    expect = node.get("expect")
    if not isinstance(expect, Mapping):
        return
    register, waivers = node.get("register"), node.get("waivers")
    try:
        found = policy.schedules(
            plain(register) if register is not None else None,
            as_of=scalar_text(node.get("as_of")) or "",
            since=scalar_text(node.get("since")) or "",
            audit=_measured(node.get("figures")),
            waivers=plain(waivers) if waivers is not None else (),
        )
    except ComplaintPolicyError as error:
        wanted = scalar_text(expect.get("error"))
        if wanted is None or wanted not in error.render("en") + error.render("zh"):
            yield Difference(case.place, "register", wanted or "results", error.render("en"))
        return
    for entry in expect.entries:
        if entry.key == "status":
            yield from _text(entry.value, "status", found.status)
        elif entry.key == "set_aside":
            aside = {str(f.row) for f in found.findings if f.row is not None}
            if set(words(entry.value)) != aside:
                yield Difference(entry.value.place, "set_aside", ", ".join(words(entry.value)) or "none", ", ".join(sorted(aside)) or "none")
        elif entry.key == "next_due" and isinstance(entry.value, Mapping):
            ahead = {result.rule: result.due_at for result in found.next_due}
            for one in entry.value.entries:
                yield from _moment(one.value, f"next_due {one.key}", ahead.get(one.key), policy)
        elif entry.key in _COMPARED and isinstance(entry.value, Mapping):
            for rule in entry.value.entries:
                yield from _of_periods(entry.key, rule.key, rule.value, found, policy)
        else:
            yield Difference(entry.place, entry.key, "what a register gives", entry.key)


def _of_periods(key: str, rule: str, node: Node, found: Any, policy: Policy) -> Iterator[Difference]:
    if not isinstance(node, Mapping):
        yield Difference(node.place, rule, "periods, as {2026-Q1: met}", scalar_text(node) or "[...]")
        return
    for entry in node.entries:
        try:
            result = found.result(rule, entry.key)
        except ComplaintPolicyError as error:
            yield Difference(entry.place, rule, "a period that is looked at", error.render("en"))
            continue
        yield from _COMPARED[key](entry.value, f"{rule} {entry.key}", result, policy)


def _missing(node: Node, what: str, result: Any, policy: Policy) -> Iterator[Difference]:
    if set(words(node)) != set(result.missing):
        yield Difference(node.place, f"{what} missing", ", ".join(words(node)) or "none", ", ".join(result.missing) or "none")


def _due(node: Node, what: str, result: Any, policy: Policy) -> Iterator[Difference]:
    due: datetime | None = result.due_at
    yield from _moment(node, what, due, policy)


def _outcome(node: Node, what: str, result: Any, policy: Policy) -> Iterator[Difference]:
    yield from _text(node, what, result.outcome)


_COMPARED: dict[str, Callable[[Node, str, Any, Policy], Iterator[Difference]]] = {"outcomes": _outcome, "due": _due, "missing": _missing}


def _measured(node: Node | None) -> _Measured | None:
    """``{PF-received: {2026-H1: 499}}``, or ``[low, high]`` where records left it open; ``unknown`` where nothing bounds it."""
    if not isinstance(node, Mapping):
        return None
    found: dict[str, tuple[_Figure, ...]] = {}
    for figure in node.entries:
        periods = figure.value.entries if isinstance(figure.value, Mapping) else ()
        found[figure.key] = tuple(_Figure(one.key, *_ends(one.value)) for one in periods)
    return _Measured(found)


def _ends(node: Node) -> tuple[Fraction | None, Fraction | None]:
    ends = [_number(item) for item in node.items] if isinstance(node, Sequence) else [_number(node)] * 2
    return (ends[0], ends[1]) if len(ends) == 2 else (None, None)


def _number(node: Node) -> Fraction | None:
    number = read_number(node.value) if isinstance(node, Scalar) else None
    return None if number is None else Fraction(number)
