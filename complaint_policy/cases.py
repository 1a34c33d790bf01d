"""The tests beside the rules: each case judged, every difference named at its own place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from attrs import frozen

from complaint_policy.coerce import Unusable, read_moment
from complaint_policy.decision import Decision
from complaint_policy.errors import RecordError, UsageError
from complaint_policy.head import scalar_text, words
from complaint_policy.model import Case
from complaint_policy.policy import Policy
from complaint_policy.problems import Place, nearest
from complaint_policy.reader import Mapping, Node, Scalar, Sequence, plain
from complaint_policy.texts import Text

__all__ = ["CaseResult", "Difference", "covered", "run_cases"]


@frozen
class Difference:
    """One expectation that did not come true."""

    place: Place
    what: str
    expected: str
    found: str
    said: Text | None = None  # where more is to be said than what was expected and found

    @property
    def message(self) -> Text:
        return self.said or Text(f"{self.what}: expected {self.expected}, found {self.found}", f"{self.what}：应为{self.expected}，实为{self.found}")


@frozen
class CaseResult:
    name: str
    place: Place
    differences: tuple[Difference, ...]

    @property
    def passed(self) -> bool:
        return not self.differences


def run_cases(policy: Policy) -> tuple[CaseResult, ...]:
    """Every test of every version, in order of date and place; a file's tests run once."""
    seen: set[tuple[str, int]] = set()
    results: list[CaseResult] = []
    for version in policy.versions:
        for case in version.model.cases:
            key = (case.place.file, case.place.line)
            if key not in seen:
                seen.add(key)
                results.append(CaseResult(case.name, case.place, tuple(_differences(policy, case))))
    return tuple(results)


def covered(policy: Policy) -> dict[str, set[str]]:
    """Which ways (hit, near_miss, border, missing) each rule is covered in, as the tests' `covers` say."""
    found: dict[str, set[str]] = {rule.id: set() for version in policy.versions for rule in version.model.all_rules()}
    for version in policy.versions:
        for case in version.model.cases:
            covers = case.node.get("covers")
            for entry in covers.entries if isinstance(covers, Mapping) else ():
                found.setdefault(entry.key, set()).update(words(entry.value))
    return found


def _differences(policy: Policy, case: Case) -> Iterator[Difference]:
    node: Mapping = case.node
    expect = node.get("expect")
    if not isinstance(expect, Mapping):
        return
    if "records" in node:
        from complaint_policy.table_cases import table_differences

        yield from table_differences(policy, case)
        return
    if "record" not in node:
        from complaint_policy.register_cases import register_differences

        yield from register_differences(policy, case)
        return
    record_node = node.get("record")
    yield from _unknown_fields(policy, record_node)
    record = plain(record_node) if record_node is not None else {}
    waivers = node.get("waivers")
    fields = node.get("source_fields")
    wanted_error = scalar_text(expect.get("error"))
    try:
        decision = policy.evaluate(
            record,
            as_of=scalar_text(node.get("as_of")) or "",
            source_fields=frozenset(words(fields)) if fields is not None else None,
            waivers=plain(waivers) if waivers is not None else (),
        )
    except (RecordError, UsageError) as error:
        if wanted_error is None or wanted_error not in error.reason.en + error.reason.zh:
            yield Difference(case.place, "record", wanted_error or "a decision", error.reason.en)
        return
    if wanted_error is not None:
        yield Difference(expect.key_place("error"), "error", wanted_error, decision.status)
    for entry in expect.entries:
        yield from _compare(entry.key, entry.value, decision, policy)


def _unknown_fields(policy: Policy, record: Node | None) -> Iterator[Difference]:
    """A misspelt field of a test record would quietly test nothing."""
    known = {name for version in policy.versions for name in version.model.fields}
    for entry in record.entries if isinstance(record, Mapping) else ():
        if entry.key not in known:
            hint = nearest(entry.key, known)
            yield Difference(entry.place, "record", f"a field ({hint.en})" if hint else "a field of the policy", entry.key)


def _compare(key: str, node: Node, decision: Decision, policy: Policy) -> Iterator[Difference]:
    if key == "status":
        yield from _text(node, "status", decision.status)
    elif key == "severity":
        yield from _text(node, "severity", decision.severity.level)
    elif key == "owner":
        yield from _text(node, "owner", decision.responsibility.owner)
    elif key in ("possible", "candidates", "escalate_to"):
        found = decision.severity.possible if key == "possible" else getattr(decision.responsibility, key)
        if set(words(node)) != set(found):
            yield Difference(node.place, key, ", ".join(words(node)) or "none", ", ".join(found) or "none")
    elif key == "next_change_at":
        yield from _moment(node, key, decision.next_change_at, policy)
    elif key in ("outcomes", "due", "missing", "penalties", "facts") and isinstance(node, Mapping):
        for entry in node.entries:
            yield from _of_rule(key, entry.key, entry.value, decision, policy)


def _of_rule(key: str, name: str, node: Node, decision: Decision, policy: Policy) -> Iterator[Difference]:
    try:
        if key == "facts":
            yield from _text(node, name, _shown(decision.fact(name)))
            return
        result = decision.result(name)
    except UsageError as error:
        yield Difference(node.place, name, "a rule or fact of the policy", error.reason.en, Text(f"{name}: ", f"{name}：") + error.reason)
        return
    if key == "outcomes":
        yield from _text(node, name, getattr(result, "outcome", None))
    elif key == "due":
        yield from _moment(node, name, getattr(result, "due_at", None), policy)
    elif key == "missing":
        found = tuple(getattr(result, "missing", ()) or ())
        if set(words(node)) != set(found):
            yield Difference(node.place, f"{name}.missing", ", ".join(words(node)) or "none", ", ".join(found) or "none")
    else:
        yield from _penalty(node, name, result)


def _penalty(node: Node, name: str, result: Any) -> Iterator[Difference]:
    """``null``: not triggered; a word: its state; a number: its amount; ``[low, high]``: its bounds."""
    if isinstance(node, Sequence):
        bounds = [_decimal(i.value) if isinstance(i, Scalar) else None for i in node.items]
        found = None if result is None else [result.min, result.max]
        if bounds != found:
            yield Difference(node.place, name, str([str(b) for b in bounds]), "not triggered" if found is None else str([str(f) for f in found]))
        return
    text = node.value if isinstance(node, Scalar) else ""
    amount = _decimal(text)
    found_text = "null" if result is None else result.state if amount is None else str(result.amount)
    same = (result is not None and amount == result.amount) if amount is not None else text == found_text
    if not same:
        shown = "not triggered" if result is None else f"{result.state} {result.amount} [{result.min}, {result.max}]"
        yield Difference(node.place, name, text, shown)


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _text(node: Node, what: str, found: str | None) -> Iterator[Difference]:
    wanted = node.value if isinstance(node, Scalar) else str(plain(node))
    if wanted != (found if found is not None else "null"):
        yield Difference(node.place, what, wanted, found if found is not None else "null")


def _moment(node: Node, what: str, found: datetime | None, policy: Policy) -> Iterator[Difference]:
    wanted = node.value if isinstance(node, Scalar) else ""
    if wanted == "null":
        if found is not None:
            yield Difference(node.place, what, "null", found.isoformat())
        return
    try:
        read = read_moment(wanted, policy.zone)
    except Unusable as error:
        yield Difference(node.place, what, error.reason.en, wanted)
        return
    if isinstance(read, datetime):
        same = found is not None and policy.zone.to_aware(read) == found.replace(microsecond=read.microsecond)
    else:
        same = found is not None and found.date() == read
    if not same:
        yield Difference(node.place, what, wanted, found.isoformat() if found is not None else "null")


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value)
