"""Tests beside the rules over many records: a case that holds a small table, audited whole, every difference at its own place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Final

from attrs import evolve

from complaint_policy.cases import Difference, _compare, _text, _unknown_fields
from complaint_policy.errors import ComplaintPolicyError, MissingExtra
from complaint_policy.expressions.literals import read_number
from complaint_policy.head import scalar_text, words
from complaint_policy.model import Case
from complaint_policy.policy import Policy
from complaint_policy.problems import Place, nearest
from complaint_policy.reader import Mapping, Node, Scalar, Sequence, plain
from complaint_policy.texts import Text

__all__ = ["table_differences"]

_NOTHING: Final = Text("nothing", "无")


def table_differences(policy: Policy, case: Case) -> Iterator[Difference]:
    """The records of the case as one table; all that an audit says of it and the case says otherwise."""
    node: Mapping = case.node
    expect, records = node.get("expect"), node.get("records")
    if not isinstance(expect, Mapping) or not isinstance(records, Sequence):
        return
    lists, exposures, waivers = node.get("lists"), node.get("exposures"), node.get("waivers")
    for one in [*records.items, *(item for e in _entries(lists) for item in (e.value.items if isinstance(e.value, Sequence) else ()))]:
        yield from _unknown_fields(policy, one)
    table: list[dict[str, Any]] = [plain(item) for item in records.items]
    table[0] = _columns(policy, node.get("source_fields")) | table[0]
    wanted = scalar_text(expect.get("error"))
    try:
        audit = policy.audit(
            table,
            as_of=scalar_text(node.get("as_of")) or "",
            waivers=plain(waivers) if waivers is not None else (),
            lists=plain(lists) if lists is not None else None,
            exposures=plain(exposures) if exposures is not None else None,
        )
        found = list(_held(audit, table, expect, policy, [item.place for item in records.items]))
    except MissingExtra as error:
        yield _said(case, Text("not run: ", "未运行：") + error.reason)
        return
    except ComplaintPolicyError as error:
        if wanted is None or wanted not in error.render("en") + error.render("zh"):
            yield _said(case, Text(f"the records cannot be judged: {error.render('en')}", f"无法判定这些记录：{error.render('zh')}"))
        return
    if wanted is not None:
        yield _differs(expect.get("error") or expect, "error", wanted, Text("the records can be judged", "这些记录可以判定"))
    yield from found


def _columns(policy: Policy, given: Node | None) -> dict[str, Any]:
    """What the table has columns for, as in a single record: all that the policy reads, or ``source_fields``; what is counted is in none."""
    if given is not None:
        return dict.fromkeys(words(given))
    fields = {name for version in policy.versions for name in version.model.fields}
    counted = {count.id for version in policy.versions if version.model.sections.get("history") for count in version.model.section("history").counts}
    return dict.fromkeys(sorted(fields - counted))


def _held(audit: Any, table: list[dict[str, Any]], expect: Mapping, policy: Policy, places: list[Place]) -> Iterator[Difference]:
    yield from _records(audit, table, expect, policy, places)
    for entry in expect.entries:
        if entry.key in ("outcomes", "figures"):
            known = _ids(policy, "portfolio")
            for rule in _of_rules(entry.value, known):
                yield from _figures(entry.key, rule.key, rule.value, audit.portfolio.get(rule.key, ()))
            yield from _strangers(entry.value, known, Text("a portfolio rule", "portfolio 规则"))
        elif entry.key == "merged":
            yield from _merged(entry.value, audit)
        elif entry.key == "findings":
            known = _ids(policy, "numbering", "reconcile")
            for rule in _of_rules(entry.value, known):
                yield from _findings(rule.key, rule.value, audit)
            yield from _strangers(entry.value, known, Text("a rule of numbering or reconcile", "numbering 或 reconcile 规则"))
        elif entry.key == "caps":
            known = {rule.id for version in policy.versions for rule in version.model.section("penalties") if getattr(rule, "cap", None) is not None}
            for rule in _of_rules(entry.value, known):
                yield from _caps(rule.key, rule.value, audit.caps.get(rule.key, ()))
            yield from _strangers(entry.value, known, Text("a penalty with a cap", "设有 cap 的罚则"))
        elif entry.key not in ("records", "error"):
            text = Text(
                f"'{entry.key}' is said of one record: write records: {{ID: {{{entry.key}: ...}}}}",
                f"“{entry.key}”是对单条记录而言的：请写成 records: {{编号: {{{entry.key}: ...}}}}",
            )
            yield Difference(entry.place, entry.key, "records", entry.key, text)


def _ids(policy: Policy, *sections: str) -> set[str]:
    return {rule.id for version in policy.versions for section in sections for rule in version.model.sections.get(section, ())}


def _of_rules(node: Node, known: set[str]) -> Iterator[Any]:
    return (entry for entry in _entries(node) if entry.key in known)


def _strangers(node: Node, known: set[str], what: Text) -> Iterator[Difference]:
    for entry in _entries(node):
        if entry.key not in known:
            hint = nearest(entry.key, sorted(known))
            text = Text(f"the policy has no such rule '{entry.key}': {what.en} is meant here", f"制度中没有“{entry.key}”：此处应为{what.zh}")
            yield Difference(entry.place, entry.key, what.en, entry.key, text if hint is None else text + Text(f" ({hint.en})", f"（{hint.zh}）"))


# --------------------------------------------------------------------------- record by record
def _records(audit: Any, table: list[dict[str, Any]], expect: Mapping, policy: Policy, places: list[Place]) -> Iterator[Difference]:
    refused = {row["row"]: row for row in audit.rejected.iter_rows(named=True)}
    expected = {entry.key: entry for entry in _entries(expect.get("records"))}
    for row, record in enumerate(table):
        entry = expected.get(str(record.get("id")))
        wanted = scalar_text(entry.value.get("error")) if entry is not None and isinstance(entry.value, Mapping) else None
        if row in refused:
            reason = Text(refused[row]["reason"], refused[row]["reason_zh"])
            if wanted is None or wanted not in reason.en + reason.zh:
                place = entry.place if entry is not None else places[row]
                text = Text(f"{record.get('id')} was rejected: {reason.en}", f"{record.get('id')}未被采用：{reason.zh}")
                yield Difference(place, str(record.get("id")), wanted or "a decision", reason.en, text)
        elif wanted is not None and entry is not None:
            yield _differs(entry.value.get("error"), f"{entry.key} error", wanted, Text("a decision", "已判定"))
    counts = {row["row"]: row for row in audit.history.iter_rows(named=True)}
    merged = {row["row"]: row["into_row"] for row in audit.merged.iter_rows(named=True)}
    rows = {str(record.get("id")): row for row, record in enumerate(table)}
    for entry in expected.values():
        row = rows.get(entry.key, -1)
        if row in refused or row < 0 or not isinstance(entry.value, Mapping):
            continue
        decision = audit.decision(row)
        for one in entry.value.entries:
            if one.key == "history":
                for count in _entries(one.value):
                    yield from _count(count, entry.key, counts.get(merged.get(row, row), {}))
            elif one.key != "error":
                yield from (_of_record(entry.key, d) for d in _compare(one.key, one.value, decision, policy))


def _of_record(record: str, one: Difference) -> Difference:
    said = None if one.said is None else Text(f"{record} ", f"{record} ") + one.said
    return evolve(one, what=f"{record} {one.what}", said=said)


def _count(entry: Any, record: str, counts: dict[str, Any]) -> Iterator[Difference]:
    if entry.key not in counts or entry.key == "row":
        names = sorted(name for name in counts if name != "row")
        hint = nearest(entry.key, names)
        text = Text(f"the policy counts no '{entry.key}'", f"制度的 history 中没有“{entry.key}”")
        yield Difference(entry.place, entry.key, "a count of history", entry.key, text if hint is None else text + Text(f" ({hint.en})", f"（{hint.zh}）"))
        return
    found = counts[entry.key]
    yield from _text(entry.value, f"{record} {entry.key}", None if found is None else str(found))


def _merged(node: Node, audit: Any) -> Iterator[Difference]:
    """Every record that went into another's case, and no other."""
    found = {str(row["id"]): str(row["into_id"]) for row in audit.merged.iter_rows(named=True)}
    wanted = {entry.key: scalar_text(entry.value) for entry in _entries(node)}
    if wanted != found:
        yield _differs(node, "merged", ", ".join(f"{a}: {b}" for a, b in wanted.items()), ", ".join(f"{a}: {b}" for a, b in found.items()))


# --------------------------------------------------------------------------- over all of them
def _figures(key: str, rule: str, node: Node, results: Iterable[Any]) -> Iterator[Difference]:
    """By period, and by group where the rule has ``by``."""
    found = {(one.period, " / ".join(one.group)): one for one in results}
    for period in _entries(node):
        one = period.value
        groups = [(e.key, e.value, e.place) for e in one.entries] if isinstance(one, Mapping) else [("", one, period.place)]
        for group, value, place in groups:
            what = f"{rule} {period.key} {group}".rstrip()
            result = found.get((period.key, group))
            if result is None:
                there = ", ".join(f"{p} {g}".rstrip() for p, g in found) or "-"
                yield Difference(place, what, "a figure", there, Text(f"there is no figure {what}; there are: {there}", f"没有{what}这一数值；已有：{there}"))
            elif key == "outcomes":
                yield from _text(value, what, result.outcome)
            elif _ends(value) != (result.low, result.high):
                wanted = [item.value for item in value.items if isinstance(item, Scalar)] if isinstance(value, Sequence) else []
                yield _differs(value, what, f"[{', '.join(wanted)}]" if wanted else scalar_text(value) or "", _shown(result.low, result.high))


def _shown(low: Fraction | None, high: Fraction | None) -> str:
    return _end(low) if low == high else f"[{_end(low)}, {_end(high)}]"


def _end(end: Fraction | None) -> str:
    return "null" if end is None else str(end)


def _ends(node: Node) -> tuple[Fraction | None, Fraction | None]:
    """A number, a share as ``1/3`` or ``40%``, ``[low, high]``; ``null`` is no number, or an end that nothing bounds."""
    ends = [_number(item) for item in node.items] if isinstance(node, Sequence) else [_number(node)] * 2
    return (ends[0], ends[1]) if len(ends) == 2 else (None, None)


def _number(node: Node) -> Fraction | None:
    text = node.value if isinstance(node, Scalar) else ""
    above, _, below = text.partition("/")
    numbers = [read_number(above), read_number(below or "1")]
    return Fraction(numbers[0]) / Fraction(numbers[1]) if numbers[0] is not None and numbers[1] else None


def _findings(rule: str, node: Node, audit: Any) -> Iterator[Difference]:
    """By finding the records it is about, else the row of the list, else what is missing; all of the rule's findings and no other."""
    found: dict[str, list[str]] = {}
    for row in audit.findings.iter_rows(named=True):
        if row["rule"] == rule:
            about = next((row[name] for name in ("id", "list_row", "value") if row[name] is not None), "")
            found.setdefault(row["finding"], []).append(str(about))
    wanted = {entry.key: words(entry.value) for entry in _entries(node)}
    for entry in _entries(node):
        if sorted(wanted[entry.key]) != sorted(found.get(entry.key, ())):
            yield _differs(entry.value, f"{rule} {entry.key}", ", ".join(wanted[entry.key]), ", ".join(found.get(entry.key, ())))
    for finding in found.keys() - wanted.keys():
        yield _differs(node, f"{rule} {finding}", "", ", ".join(found[finding]))


_AMOUNTS: Final[dict[str, Callable[[Any], Decimal]]] = {"proposed": lambda one: one.proposed, "allowed": lambda one: one.allowed}


def _caps(rule: str, node: Node, results: Iterable[Any]) -> Iterator[Difference]:
    """By period and by who is charged what is ``proposed`` and what the cap leaves, ``allowed``."""
    found = {(one.period, one.charge.name): one for one in results}
    for period in _entries(node):
        for bearer in _entries(period.value):
            result = found.get((period.key, bearer.key))
            for one in _entries(bearer.value):
                amount = None if result is None else _AMOUNTS[one.key](result)
                if amount is None or amount != _decimal(one.value):
                    what, shown = f"{rule} {period.key} {bearer.key} {one.key}", "" if amount is None else f"{amount:f}"
                    yield _differs(one.value, what, scalar_text(one.value) or "", shown)


def _decimal(node: Node) -> Decimal | None:
    try:
        return Decimal(scalar_text(node) or "")
    except InvalidOperation:
        return None


# --------------------------------------------------------------------------- words
def _entries(node: Node | None) -> tuple[Any, ...]:
    return tuple(node.entries) if isinstance(node, Mapping) else ()


def _differs(node: Any, what: str, expected: str, found: str | Text) -> Difference:
    shown, is_ = Text(expected, expected) if expected else _NOTHING, found if isinstance(found, Text) else Text(found, found) if found else _NOTHING
    text = Text(f"{what}: expected {shown.en}, found {is_.en}", f"{what}：应为{shown.zh}，实为{is_.zh}")
    return Difference(node.place, what, shown.en, is_.en, text)


def _said(case: Case, text: Text) -> Difference:
    return Difference(case.place, "records", "an audit", text.en, text)
