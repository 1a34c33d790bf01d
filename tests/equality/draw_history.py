"""History added to drawn policies, and the counts of a drawn table by a loop over all pairs of its records.

Nothing of ``audit/history*.py`` is used: cells are read by the record evaluation's own readers, limits counted by its ``Counter``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from attrs import evolve

from complaint_policy import Policy, RecordError
from complaint_policy.counting import Counter
from complaint_policy.intake import cell_reader
from complaint_policy.possible import MAX_INSTANT, MIN_INSTANT, NONE, NOT_YET, Interval, Maybe
from tests.equality.policies import Drawn

__all__ = ["NAMES", "counts_of", "with_history"]

NAMES: Final = ("earlier_ones", "chained_ones")
_KEYS: Final = ("kind", "band", "flag", "agreed", "word", "category", "pieces")
_WINDOWS: Final = (None, "5 days", "36 hours", "2 months", "1 week", "same day")
_MICROSECOND: Final = timedelta(microseconds=1)
Span = tuple[datetime, datetime]
Holds = Callable[[Mapping[str, Any]], bool | None]


def with_history(drawn: Drawn) -> Drawn:
    """The policy with counts, and a rule that looks at them, in every file that may be in force."""
    random = Random(f"history {drawn.seed}")
    keys = [name for name in _KEYS if name in drawn.fields and drawn.fields[name]["type"] in ("enum", "boolean", "string", "integer")]
    same = random.sample(keys, min(len(keys), random.choice((1, 1, 2)))) or ["channel"]
    events = [name for name in ("done_at", "shipped_at", "notified_at") if drawn.fields.get(name, {}).get("type") == "event"]
    count: dict[str, Any] = {"same": same}
    if events and random.random() < 0.4:
        count["from"] = random.choice(events)
    if (window := random.choice(_WINDOWS)) is not None:
        count["within"] = window
        if window.endswith(("days", "week", "months", "day")):
            count["counting"] = {"calendar": "none", "roll": "none", "ends": random.choice(("end_of_day", "same_time"))}
    if random.random() < 0.4:
        count["where"] = {"injury": "true"}
    history = {NAMES[0]: {"count": count}, NAMES[1]: {"count": {"same": same, "within": "48 hours", "chained": "true"}}}
    rule = {"id": "RQ-history", "require": {"any": [{NAMES[0]: {"at_least": random.choice((1, 2))}}, {NAMES[1]: {"above": 1}}]}, "before": "received_at"}
    versions = [drawn.main] if drawn.main in drawn.files else [name for name in drawn.files if name.startswith(drawn.main)]
    files = {
        name: {**document, "history": history, "requirements": [*document.get("requirements", ()), rule]} if name in versions else document
        for name, document in drawn.files.items()
    }
    return evolve(drawn, files=files)


def counts_of(policy: Policy, records: Sequence[Mapping[str, Any]], columns: Sequence[str], as_of: Any, holds: Mapping[str, Holds] | None = None) -> list[dict[str, int]]:
    """What the records of a table are told of the others; a count that is not known is not there.

    ``holds``: by count whether a record is one that counts; drawn policies ask for injuries.
    """
    instant = policy.instant(as_of)
    models = [_model_of(policy, record, columns, as_of) for record in records]
    found: list[dict[str, int]] = [{} for _ in records]
    for row, model in enumerate(models):
        for rule in model.section("history").counts if model is not None else ():
            seen = [_seen(policy, model, rule, record, columns, instant, (holds or {}).get(rule.id)) for record in records]
            count = _chain(seen, row) if rule.chained else _count(seen, row)
            if count is not None:
                found[row][rule.id] = count
    return found


def _model_of(policy: Policy, record: Mapping[str, Any], columns: Sequence[str], as_of: Any) -> Any:
    """The version that judges a record; ``None`` where none does, or nobody can tell its receipt."""
    try:
        return policy.evaluate(record, as_of=as_of, source_fields=frozenset(columns))._compiled.model
    except RecordError:
        return None


def _seen(policy: Policy, model: Any, rule: Any, record: Mapping[str, Any], columns: Sequence[str], instant: datetime, holds: Holds | None) -> Any:
    """A record as a rule sees it: key, since, due, before, counts; ``None`` where it has no usable receipt."""

    def value(name: str) -> Any:
        field = model.fields[name]
        if name not in columns:
            return Maybe(None, frozenset({name}))
        try:
            return cell_reader(field, policy.zone, model.currency)(record.get(name), instant)
        except Exception:  # noqa: BLE001  a cell that cannot be read
            return Maybe(None, frozenset({name}))

    received = record.get("received_at") if "received_at" in columns else None
    read = value("received_at")
    if received is None or isinstance(read, Maybe) or (isinstance(received, str) and not received.strip()) or received != received:
        return None
    keys = tuple(value(name) for name in rule.same)
    if any(isinstance(key, Maybe) or key is NONE for key in keys):
        return (None, None, None, None, None)
    since, before = _span(value(rule.since.name)), _span(value(rule.before.name))
    if since is not None:
        since = None if since[0] > instant else (since[0], min(since[1], instant))
    if rule.since == rule.before and since is not None:
        before = since
    elif value(rule.before.name) is NOT_YET:
        before = (instant + _MICROSECOND, MAX_INSTANT)
    counts: Any = True
    if rule.where is not None:
        counts = value("injury") if holds is None else holds(record)
    due = (MAX_INSTANT, MAX_INSTANT)
    if rule.window is not None and since is not None:
        counter = Counter(rule.window.length, rule.window.counting)
        due = (MIN_INSTANT, MAX_INSTANT) if since[0] == MIN_INSTANT else (counter.due(since[0]), counter.due(since[1]))
    return keys, since, due, before, counts


def _span(value: Any) -> Span | None:
    if isinstance(value, datetime):
        return value, value
    if isinstance(value, Interval):
        return value.low, value.high
    return None if value is NOT_YET or value is NONE else (MIN_INSTANT, MAX_INSTANT)


def _count(seen: Sequence[Any], row: int) -> int | None:
    if seen[row] is None or seen[row][0] is None:
        return None
    key, _, _, before, _ = seen[row]
    if before is None:
        return 0
    count, settled = 0, True
    for other, it in enumerate(seen):
        if it is None or other == row or it[0] != key or it[1] is None or it[4] is False:
            continue
        since, due = it[1], it[2]
        tie = since == before
        if tie and other > row:
            continue
        earlier = since[1] < before[0] or (tie and other < row)
        if (not earlier and not tie and since[0] <= before[1]) or (due[0] < before[1]) != (due[1] < before[0]):
            settled = False
        elif earlier and not due[1] < before[0]:
            settled, count = settled and it[4] is True, count + 1
    return count if settled else None


def _chain(seen: Sequence[Any], row: int) -> int | None:
    """How far back the chain goes from a record: as long as some record before lies close enough."""
    if seen[row] is None or seen[row][0] is None:
        return None
    of_key = sorted(((it[1], other, it[2]) for other, it in enumerate(seen) if it is not None and it[0] == seen[row][0] and it[1] is not None), key=lambda x: x[:2])
    if all(other != row for _, other, _ in of_key):
        return None
    own = seen[row][1]
    if any(other != row and since != own and since[0] <= own[1] and since[1] >= own[0] for since, other, _ in of_key):
        return None
    depth: int | None = 0
    reach: list[Span] = []
    for since, other, due in of_key:
        if not reach or since[0] > max(high for _, high in reach):
            depth, reach = 0, []
        else:
            depth = None if depth is None or since[1] > max(low for low, _ in reach) else depth + 1
        reach.append(due)
        if other == row:
            return depth
    raise AssertionError("the record is among those of its key")
