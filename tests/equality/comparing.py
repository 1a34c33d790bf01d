"""The audit of a table held against a loop over ``policy.evaluate``: every cell, every reject, every figure.

The loop reads the attributes of a :class:`Decision` and counts for itself; nothing of ``audit/columns.py`` or
``audit/summary.py`` is used.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from os import PathLike
from pathlib import Path
from statistics import median
from typing import Any, Final

import polars as pl
from attrs import frozen

from complaint_policy import Policy, RecordError
from complaint_policy.audit import Audit
from complaint_policy.audit.mapping import ColumnMapping
from complaint_policy.audit.portfolio import Portfolio
from complaint_policy.audit.records import Counts, RecordStream
from complaint_policy.audit.sources import open_source
from complaint_policy.audit.tables import memory_table
from complaint_policy.coerce import is_empty
from complaint_policy.decision import Decision
from complaint_policy.errors import ComplaintPolicyError
from complaint_policy.expressions.nodes import Each
from complaint_policy.instants import highest
from complaint_policy.possible import NOT_YET, DayEnd
from complaint_policy.texts import Text
from complaint_policy.wording import duration_iso

__all__ = ["EXTRA", "Entry", "Loop", "audited", "compare", "compare_file", "differences", "entries_of", "loop", "penalties_apart", "same_whatever_the_order"]

EXTRA: Final = ("severity.possible", "missing", "without_waiver")
_MOST_SHOWN: Final = 40
_Cells = dict[str, Any]


@frozen
class Entry:
    """A row of the table: its position, the number a person finds it by, the record, and why it is none."""

    row: int
    line: int
    record: Mapping[str, Any]
    fault: tuple[str, str] | None = None


@frozen
class Loop:
    """What the loop gave: the rows of the decisions and of the rejects, the summary's figures, the decisions."""

    rows: list[_Cells]
    rejected: list[_Cells]
    figures: dict[str, Any]
    decisions: list[Decision]


# --------------------------------------------------------------------------- the loop
def entries_of(policy: Policy, records: Iterable[Mapping[str, Any]]) -> list[Entry]:
    """The rows of a table whose columns are named like fields; a row with nothing in any of them is no record."""
    known = {name for version in policy.versions for name in version.model.fields}
    found = []
    for row, record in enumerate(records):
        cells = [value for name, value in record.items() if name in known]
        blank = all(is_empty(value) for value in cells)
        found.append(Entry(row, row + 1, record, ("nothing in the columns read", "所读取的列均为空白") if blank else None))
    return found


def loop(policy: Policy, entries: Sequence[Entry], source_fields: Iterable[str], as_of: Any, waivers: Any = ()) -> Loop:
    """Every record judged by ``evaluate``, one after the other."""
    fields = frozenset(source_fields)
    decisions, rows, rejected = [], [], []
    portfolio = Portfolio(policy)
    for entry in entries:
        reason: tuple[str, str, str | None]
        if entry.fault is not None:
            reason = (*entry.fault, None)
        else:
            try:
                decision = policy.evaluate(entry.record, as_of=as_of, source_fields=fields, waivers=waivers)
                cells = _cells(policy, entry.row, decision)
                portfolio.add(decision)
            except RecordError as error:
                reason = (error.reason.en, error.reason.zh, error.field)
            except ComplaintPolicyError:
                raise
            except Exception as error:  # noqa: BLE001  what fails on one record is that record's reject
                name = type(error).__name__
                reason = (f"judging the record failed ({name})", f"判定该记录时出错（{name}）", None)
            else:
                decisions.append(decision)
                rows.append(cells)
                continue
        shown = dict(zip(("reason", "reason_zh", "field"), reason, strict=True))
        rejected.append({"row": entry.row, "source_row": entry.line, "id": _shown_id(entry.record.get("id")), **shown})
    figures = _figures(policy, decisions, rejected, len(entries), portfolio, policy.zone.to_aware(policy.instant(as_of)).date())
    return Loop(rows, rejected, figures, decisions)


def _rules(policy: Policy) -> dict[str, tuple[str, bool]]:
    """Every rule with columns, in order: its kind, and whether it can be kept or broken."""
    found: dict[str, tuple[str, bool]] = {}
    for kind in policy.kinds:
        if kind.judged or kind.kind == "penalty":
            for version in policy.versions:
                for rule in version.model.section(kind.key):
                    found[rule.id] = (kind.kind, kind.judged)
    return found


def _cells(policy: Policy, row: int, decision: Decision) -> _Cells:
    cells: _Cells = {"row": row, "id": decision.complaint_id, "status": decision.status, "severity": decision.severity.level}
    cells["severity.possible"] = list(decision.severity.possible) or None
    cells["owner"] = decision.responsibility.owner
    judged = {result.rule: result for result in decision.judged()}
    amounts = {penalty.rule: penalty.amount for penalty in decision.penalties}
    repeated = {d.id for version in policy.versions for d in version.model.section("deadlines") if isinstance(d.start, Each)}
    waivable = {rule.id for version in policy.versions for rule in version.model.all_rules() if rule.waivable_by}
    for rule, (kind, has_outcome) in _rules(policy).items():
        result = judged.get(rule)
        if has_outcome:
            cells[f"{rule}.outcome"] = None if result is None else result.outcome
            if rule in waivable:
                cells[f"{rule}.without_waiver"] = None if result is None else result.without_waiver
        if kind == "deadline":
            due = None if result is None else decision.deadline(rule).due_at
            cells[f"{rule}.due_at"] = None if due is None else due.astimezone(UTC).replace(tzinfo=None, fold=0)
            if rule in repeated:
                times = () if result is None else decision.deadline(rule).instances or (decision.deadline(rule),)
                cells[f"{rule}.breaches"] = None if result is None else [time.outcome for time in times].count("breached")
        if kind == "penalty":
            cells[f"{rule}.amount"] = amounts.get(rule)
        if has_outcome:
            cells[f"{rule}.missing"] = None if result is None else list(result.missing) or None
    return cells


def _shown_id(value: Any) -> str | None:
    """An id as the source shows it; a blank one is none."""
    if is_empty(value):
        return None
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


# --------------------------------------------------------------------------- what the loop counts
def _figures(policy: Policy, decisions: Sequence[Decision], rejected: Sequence[_Cells], rows: int, portfolio: Portfolio, today: date) -> dict[str, Any]:
    owned = [d.responsibility for d in decisions if d.responsibility.owner or d.responsibility.candidates]
    ids = [d.complaint_id for d in decisions]
    repeated = {number: times for number, times in Counter(n for n in ids if n is not None).items() if times > 1}
    judged = [{result.rule: result for result in d.judged()} for d in decisions]
    rules = _rules(policy)
    return {
        "identity": {"rows": rows, "decided": len(decisions), "rejected": len(rejected), "folded": 0, "merged": 0, "holds": True},
        "status": dict(Counter(d.status for d in decisions)),
        "severity": dict(Counter(d.severity.level for d in decisions if d.severity.possible)),
        "owner": dict(Counter(o.owner for o in owned)),
        "outcomes": {rule: dict(Counter(j[rule].outcome for j in judged if rule in j)) for rule, (_, has_outcome) in rules.items() if has_outcome},
        "late": _late(decisions, [rule for rule, (kind, _) in rules.items() if kind == "deadline"]),
        "penalties": _penalties(decisions),
        "unusable": dict(Counter(name for d in decisions for name in d.unusable)),
        "missing": _missing(decisions, judged),
        "ids": {"missing": ids.count(None), "repeated": len(repeated), "records_with_repeated": sum(repeated.values())},
        "versions": dict(Counter(d.policy_version for d in decisions)),
        "waivers": dict(Counter(mark for d in decisions for mark in d.waiver_marks if "=" not in mark)),
        "waived": _waived(judged),
        "rejected": _reasons(rejected),
        "portfolio": {
            (rule, r.period, tuple(r.group)): (r.outcome, _text(r.low), _text(r.high), r.members, r.undecided, r.excluded, r.unstated, r.reason)
            for rule, results in portfolio.results(today).items()
            for r in results
        },
    }


def _waived(judged: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for results in judged:
        for rule, result in results.items():
            if result.without_waiver is not None:
                found[rule][result.without_waiver] += 1
    return {rule: dict(counts) for rule, counts in found.items()}


def _late(decisions: Sequence[Decision], rules: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for rule in rules:
        results = [d for d in decisions if any(line.rule == rule for line in d.deadlines)]
        breached = [d for d in results if d.deadline(rule).outcome == "breached"]
        if not breached:
            continue
        still_open = 0
        spans: list[int] = []
        for decision in breached:
            line = decision.deadline(rule)
            # Of one that begins anew the time that is the latest, of equally late ones the first.
            late = [_delay(time, decision) for time in line.instances or (line,) if time.outcome == "breached"]
            span, running = max(late, key=lambda found: found[0] or timedelta(0))
            still_open += running
            if span is not None:
                spans.append(span // timedelta(microseconds=1))
        middle = duration_iso(timedelta(microseconds=int(median(spans)))) if spans else None
        longest = duration_iso(timedelta(microseconds=max(spans))) if spans else None
        found[rule] = (len(breached), still_open, len(spans), middle, longest)
    return found


def _delay(line: Any, decision: Decision) -> tuple[timedelta | None, bool]:
    """By how much an act was late, or is so far, and whether it is still to come."""
    if line.done is not NOT_YET:
        return line.over_by, False
    due = highest(line.due)
    return None if due is None else decision._as_of - (due.boundary if isinstance(due, DayEnd) else due), True


def _penalties(decisions: Sequence[Decision]) -> dict[Any, Any]:
    grouped: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for decision in decisions:
        for penalty in decision.penalties:
            grouped[penalty.rule, penalty.state].append(penalty)

    def total(amounts: list[Decimal | None]) -> Decimal | None:
        return None if None in amounts else sum((a for a in amounts if a is not None), Decimal(0))

    return {
        key: (len(found), sum((p.amount for p in found if p.amount is not None), Decimal(0)), total([p.min for p in found]), total([p.max for p in found]))
        for key, found in grouped.items()
    }


def penalties_apart(policy: Policy, frame: pl.DataFrame, expected: Loop, as_of: Any, waivers: Any, *, most: int = 2) -> list[str]:
    """The least and the most of penalties where no other row hides them: over the rows that have both ends, and over some of the others alone."""
    decided = [(cells["row"], decision) for cells, decision in zip(expected.rows, expected.decisions, strict=True) if decision.penalties]
    whole = [entry for entry in decided if not any(p.min is None or p.max is None for p in entry[1].penalties)]
    open_ = [entry for entry in decided if any(p.min is None or p.max is None for p in entry[1].penalties)]
    told = []
    for chosen in (whole, *([entry] for entry in open_[:: max(1, len(open_) // most)][:most])):
        if chosen:
            wanted = _penalties([decision for _, decision in chosen])
            found = figures_of(audited(policy, frame[[row for row, _ in chosen]], as_of, waivers))["penalties"]
            told += [f"penalties of rows {[row for row, _ in chosen][:5]}: {key}: {wanted.get(key)} != {found.get(key)}" for key in wanted if wanted[key] != found.get(key)]
    return told


def _missing(decisions: Sequence[Decision], judged: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], int]:
    counted: Counter[tuple[str, str]] = Counter()
    for decision, results in zip(decisions, judged, strict=True):
        if decision.severity.level is None:
            counted.update(("severity", name) for name in decision.severity.missing)
        if decision.responsibility.owner is None:
            counted.update(("owner", name) for name in decision.responsibility.missing)
        for rule, result in results.items():
            if result.outcome == "indeterminate":
                counted.update((rule, name) for name in result.missing)
    return dict(counted)


def _reasons(rejected: Sequence[_Cells]) -> dict[tuple[str, str], tuple[int, list[int]]]:
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for cells in rejected:
        found[cells["reason"], cells["reason_zh"]].append(cells["source_row"])
    return {reason: (len(lines), sorted(lines)[:5]) for reason, lines in found.items()}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _worded(told: dict[str, str] | None) -> Text | None:
    return None if told is None else Text(told["en"], told["zh"])


def figures_of(audit: Audit) -> dict[str, Any]:
    """The same figures out of an audit's summary."""
    told = audit.summary().to_dict()
    return {
        "identity": told["identity"],
        "status": told["status"],
        "severity": {item["level"]: item["records"] for item in told["severity"]},
        "owner": {item["owner"]: item["records"] for item in told["owner"]},
        "outcomes": {item["rule"]: item["outcomes"] for item in told["rules"]},
        "late": {item["rule"]: (item["breached"], item["open"], item["known"], item["median"], item["longest"]) for item in told["late"]},
        "penalties": {
            (item["rule"], item["state"]): (item["cases"], Decimal(item["sum"]), *(None if item[k] is None else Decimal(item[k]) for k in ("min", "max")))
            for item in told["penalties"]
        },
        "unusable": {item["field"]: item["records"] for item in told["unusable"]},
        "missing": {(item["rule"], item["field"]): item["records"] for item in told["missing"]},
        "ids": told["ids"],
        "versions": {item["version"]: item["records"] for item in told["versions"]},
        "waivers": {str(number): item["records"] for number, item in enumerate(told["waivers"]) if item["records"]},
        "waived": {item["rule"]: item["without_waiver"] for item in told["waived"]},
        "rejected": {(item["reason"]["en"], item["reason"]["zh"]): (item["rows"], item["first"]) for item in told["rejected"]},
        "portfolio": {
            (item["rule"], item["period"], tuple(item["group"])): tuple(
                _worded(item[k]) if k == "reason" else item[k]
                for k in ("outcome", "low", "high", "members", "undecided", "excluded", "unstated", "reason")
            )
            for item in told["portfolio"]
        },
    }


# --------------------------------------------------------------------------- the comparison
def audited(policy: Policy, source: Any, as_of: Any, waivers: Any = (), **options: Any) -> Audit:
    """The audit with every column there is; what a policy counts over records is taken from the table, as the loop takes it."""
    if any(version.model.section("history").counts for version in policy.versions):
        options.setdefault("history", "given")
    made: Audit = policy.audit(source, as_of=as_of, waivers=waivers, columns=EXTRA, **options)
    return made


def compare(policy: Policy, frame: Any, as_of: datetime | str, waivers: Any = (), *, records: Sequence[Mapping[str, Any]] | None = None) -> list[str]:
    """Every difference between the audit of a table and the loop over its records, in words.

    ``frame``: a Polars frame (lazy or not), an Arrow table, or a list of mappings; ``records``: its rows as mappings,
    where they are known already.
    """
    if records is None:
        records = list(frame) if isinstance(frame, (list, tuple)) else _rows_of(frame)
    columns = dict.fromkeys(name for record in records for name in record) if isinstance(frame, (list, tuple)) else _columns_of(frame)
    expected = loop(policy, entries_of(policy, records), columns, as_of, waivers)
    return differences(expected, audited(policy, frame, as_of, waivers))


def compare_file(
    policy: Policy, source: Any, mapping: ColumnMapping, as_of: datetime | str, waivers: Any = (), *, asked: Callable[[Audit], Audit] = lambda audit: audit
) -> list[str]:
    """The same for a file, or a table in memory, read through a mapping: the loop judges the records the mapping gives."""
    table = open_source(Path(source), mapping.input) if isinstance(source, (str, PathLike)) else memory_table(source)
    stream = RecordStream(table, mapping, policy.zone)
    entries = [Entry(e.position, e.line, e.record, None if e.fault is None else (e.fault.en, e.fault.zh)) for e in stream.entries(Counts())]
    expected = loop(policy, entries, stream.source_fields, as_of, waivers)
    audit = asked(audited(policy, source, as_of, waivers, mapping=mapping))
    folded = audit.summary().identity.folded
    expected.figures["identity"] |= {"rows": len(entries) + folded, "folded": folded}
    return differences(expected, audit)


def _rows_of(frame: Any) -> list[dict[str, Any]]:
    if isinstance(frame, pl.LazyFrame):
        frame = frame.collect()
    return (frame if isinstance(frame, pl.DataFrame) else pl.DataFrame(frame)).to_dicts()


def _columns_of(frame: Any) -> list[str]:
    if isinstance(frame, pl.LazyFrame):
        return frame.collect_schema().names()
    return frame.columns if isinstance(frame, pl.DataFrame) else pl.DataFrame(frame).columns


def differences(expected: Loop, audit: Audit, decisions: pl.DataFrame | None = None) -> list[str]:
    """Where an audit departs from the loop: row, column, what `evaluate` says, what the audit says.

    ``decisions``: those of an audit that has not kept them.
    """
    found: list[str] = []
    decisions = audit.decisions if decisions is None else decisions
    wanted = sorted(expected.rows, key=lambda cells: cells["row"])
    if wanted and list(wanted[0]) != decisions.columns:
        found.append(f"columns: evaluate {list(wanted[0])}, audit {decisions.columns}")
    for number, zone in ((name, kind.time_zone) for name, kind in decisions.schema.items() if isinstance(kind, pl.Datetime)):
        if zone is None:
            found.append(f"column {number}: the audit's due dates have no zone")
    given = decisions.with_columns(pl.col(pl.Datetime).dt.convert_time_zone("UTC").dt.replace_time_zone(None)).to_dicts()
    found += _against("decisions", wanted, given)
    found += _against("rejected", sorted(expected.rejected, key=lambda cells: cells["row"]), audit.rejected.to_dicts())
    told = figures_of(audit)
    for name, figures in expected.figures.items():
        if told[name] != figures:
            found += [f"summary {name}: {line}" for line in _apart(figures, told[name])]
    return found[:_MOST_SHOWN] + ([f"… and {len(found) - _MOST_SHOWN} more"] if len(found) > _MOST_SHOWN else [])


def _against(what: str, wanted: list[_Cells], given: list[_Cells]) -> list[str]:
    rows, others = {c["row"]: c for c in wanted}, {c["row"]: c for c in given}
    found = [f"{what}: row {row} only by {'evaluate' if row in rows else 'audit'}" for row in sorted(rows.keys() ^ others.keys())]
    if [c["row"] for c in wanted] != [c["row"] for c in given] and not found:
        found.append(f"{what}: the rows stand in another order: {[c['row'] for c in given]}")
    for row in sorted(rows.keys() & others.keys()):
        for name, value in rows[row].items():
            other = others[row].get(name, "no such column")
            if value != other or type(value) is not type(other):
                found.append(f"{what}: row {row}, {name}: evaluate {value!r}, audit {other!r}")
    return found


def _apart(wanted: Any, given: Any) -> list[str]:
    if isinstance(wanted, dict) and isinstance(given, dict):
        keys = [*wanted, *(k for k in given if k not in wanted)]
        return [f"{key}: evaluate {wanted.get(key)!r}, audit {given.get(key)!r}" for key in keys if wanted.get(key) != given.get(key)]
    return [f"evaluate {wanted!r}, audit {given!r}"]


def same_whatever_the_order(first: Audit, second: Audit, order: Sequence[int]) -> list[str]:
    """Where two audits of the same rows differ; row ``i`` of the second is row ``order[i]`` of the first."""
    found: list[str] = []
    for what in ("decisions", "rejected"):
        one = getattr(first, what).to_dicts()
        other = [{**cells, "row": order[cells["row"]]} for cells in getattr(second, what).to_dicts()]
        if what == "rejected":
            one, other = ([{k: v for k, v in cells.items() if k != "source_row"} for cells in rows] for rows in (one, other))
        found += _against(what, one, sorted(other, key=lambda cells: cells["row"]))
    told = [_without_places(audit.summary().to_dict()) for audit in (first, second)]
    for key in told[0]:
        if told[0][key] != told[1][key]:
            found.append(f"summary {key}: {told[0][key]!r}, in another order {told[1][key]!r}")
    return found


def _without_places(told: dict[str, Any]) -> dict[str, Any]:
    """A summary without what depends on where a row stands, or on which state of a penalty was met first."""
    rejected = [{k: v for k, v in item.items() if k != "first"} for item in told["rejected"]]
    penalties = sorted(told["penalties"], key=lambda item: (item["rule"], item["state"]))
    return {**{k: v for k, v in told.items() if k != "source"}, "rejected": rejected, "penalties": penalties}
