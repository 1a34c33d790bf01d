"""Entries of the event log and lists of instants on columns, as `evaluate` has them; an ordinary log sends no row record by record."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from complaint_policy import Policy, load_policy, load_policy_text
from tests.equality.comparing import compare

AS_OF = datetime(2026, 4, 1, 9)
POLICY = """\
format: 1
policy: test/log
effective: {from: "2020-01-01"}
timezone: %s
sources: {rule: {title: {en: House rule, zh: 内部规定}, status: company}}
record:
  fields: {asked_at: {type: event}, visits: {type: instants, empty: %s}, limit: {type: integer}}
  events:
    step: {level: integer, to: {type: enum, values: [ops, desk]}, done_at: event, sure: boolean, note: string, cost: number}
    call: {level: {type: integer, default: 1}, due_on: date}
facts:
%s
"""
FACTS = {
    "steps": "{count: {event: step}}",
    "both": "{count: {event: [step, call], where: {level: {at_least: 2}}}}",
    "late_steps": "{count: {event: step, where: {done_at: {after: {from: at, within: 48 hours}}}}}",
    "open_steps": "{count: {event: step, where: {done_at: missing}}}",
    "own_steps": "{count: {event: step, where: {by: {field: handler}}}}",
    "after_asking": "{count: {event: step, where: {at: {after: asked_at}}}}",
    "above_limit": "{count: {event: step, where: {level: {above: {field: limit}}}}}",
    "before_first_call": "{count: {event: step, where: {at: {before: {event: call}}}}}",
    "noted": "{count: {event: step, where: {note: {contains: late}, sure: true}}}",
    "dear": "{count: {event: step, where: {cost: {above: 10.5}}}}",
    "ops": "{event: step, where: {to: ops}}",
    "ops_count": "{count: ops}",
    "last_level": "{last: {event: step}, take: level}",
    "last_of_both": "{last: {event: [step, call]}, take: level}",
    "last_to": "{last: ops, take: by}",
    "last_place": "{last: {event: step}, take: to}",
    "last_sure": "{last: {event: step}, take: sure}",
    "visited": "{count: visits}",
    "answers": "{count: responded_at}",
}
RULES = """\
deadlines:
  - {id: DL-from-step, from: {event: step}, to: closed_at, within: 5 days}
  - {id: DL-to-step, from: received_at, to: {event: step}, within: 3 days}
  - {id: DL-to-last, from: received_at, to: {last_of: [{event: step}, closed_at]}, within: 9 days}
  - {id: DL-all, from: received_at, to: {all_of: [{event: call}, ops]}, within: 9 days}
  - {id: DL-either, from: asked_at, to: {first_of: [ops, closed_at]}, within: 48 hours}
  - {id: DL-second, from: asked_at, to: {nth: 2, of: {event: [step, call]}}, within: 5 days}
  - {id: DL-third, from: {nth: 3, of: {event: step}}, to: closed_at, within: 5 days}
  - {id: DL-next, from: {last_of: [received_at, {event: call}]}, to: {nth: 1, of: {event: step}, after: {nth: 1, of: {event: call}}}, within: 4 days}
  - {id: DL-cycle, from: received_at, to: closed_at, within: {first_of: [{nth: 2, of: visits, after: received_at}, 20 days]}}
  - {id: DL-visit, from: {nth: 1, of: visits}, to: closed_at, within: 10 days}
  - {id: DL-to-visit, from: asked_at, to: visits, within: 4 days}
  - {id: DL-to-second, from: asked_at, to: {nth: 2, of: visits}, within: 4 days}
  - {id: DL-to-next, from: asked_at, to: {nth: 1, of: visits, after: received_at}, within: 90 days}
requirements:
  - {id: RQ-steps, require: {steps: {at_most: 3}}}
  - {id: RQ-both, require: {both: {at_least: 1}}}
  - {id: RQ-late, require: {late_steps: 0}}
  - {id: RQ-open, require: {open_steps: {below: 2}}}
  - {id: RQ-own, require: {own_steps: {at_least: 1}}}
  - {id: RQ-asked, require: {after_asking: {at_least: 1}}}
  - {id: RQ-limit, require: {above_limit: 0}}
  - {id: RQ-call, require: {before_first_call: {at_least: 1}}}
  - {id: RQ-noted, require: {noted: 0}}
  - {id: RQ-dear, require: {dear: 0}}
  - {id: RQ-ops, require: {ops: {by: {from: received_at, within: 4 days}}, ops_count: {at_least: 1}}}
  - {id: RQ-level, require: {last_level: {at_least: 2}}}
  - {id: RQ-last, require: {last_of_both: {at_least: 2}}}
  - {id: RQ-to, require: {last_to: [Li, Wu]}}
  - {id: RQ-place, require: {last_place: desk}}
  - {id: RQ-sure, require: {last_sure: true}}
  - {id: RQ-order, require: {in_order: [received_at, {event: step}, {event: call}]}}
  - {id: RQ-visited, require: {visited: {at_least: 2}}}
  - {id: RQ-answers, require: {answers: 1}}
"""


def policy_of(zone: str = "Asia/Shanghai", empty: str = "unknown") -> Policy:
    facts = "\n".join(f"  {name}: {what}" for name, what in FACTS.items())
    # Every rule stands for a clause of the house rule.
    rules = RULES.replace("}\n", ", source: {ref: rule}}\n")
    return load_policy_text(POLICY % (zone, empty, facts) + rules)


def entries(random: Random, received: datetime, *, kinds: tuple[str, ...] = ("step", "step", "call", "note")) -> list[dict[str, Any]]:
    """A plain log: every entry has its time and kind; some lie at one instant, some after the moment of judgement."""
    found = []
    for _ in range(random.choice((0, 1, 1, 2, 3, 6))):
        at = received + timedelta(hours=random.choice((-30, 0, 5, 48, 60, 60, 200, 900)), microseconds=random.choice((0, 0, 1)))
        kind = random.choice(kinds)
        entry: dict[str, Any] = {"at": at, "kind": kind, "by": random.choice((None, "Li", " Li ", "Wu", "")), "level": random.choice((None, 1, 2, 3))}
        if kind == "step":
            entry |= {"to": random.choice(("ops", "desk")), "sure": random.choice((True, False)), "note": random.choice(("too late", "x")), "cost": random.choice((3, 11.5))}
            entry["done_at"] = random.choice((None, at + timedelta(hours=48), at + timedelta(hours=48, microseconds=1), datetime(2026, 6, 1)))
        if kind == "call":
            entry["due_on"] = random.choice((None, at.date()))
        found.append(entry)
    return found


TYPES: dict[str, Any] = {
    "at": pl.Datetime("us"), "kind": pl.String, "by": pl.String, "to": pl.String, "level": pl.Int64, "done_at": pl.Datetime("us"), "sure": pl.Boolean,
    "note": pl.String, "cost": pl.Float64, "due_on": pl.Date,
}  # fmt: skip


def records(count: int = 160, seed: int = 1) -> list[dict[str, Any]]:
    random = Random(seed)
    found = []
    for number in range(count):
        received = datetime(2026, 3, 1) + timedelta(hours=random.randrange(24 * 25))
        later = [None, *(received + timedelta(hours=h) for h in (0, 48, 100, 500))]
        visits = [received + timedelta(days=random.choice((-2, 1, 5, 5, 40))) for _ in range(random.randrange(4))]
        found.append(
            {
                "id": f"C{number}", "received_at": received, "asked_at": random.choice(later), "closed_at": random.choice(later), "responded_at": random.choice(later),
                "handler": random.choice((None, "Li")), "limit": random.choice((None, 1, 2)), "visits": visits, "events": entries(random, received),
            }
        )  # fmt: skip
    return found


def frame_of(rows: list[dict[str, Any]], *, types: dict[str, Any] = TYPES) -> pl.DataFrame:
    listed = {"events": pl.List(pl.Struct(types)), "visits": pl.List(pl.Datetime("us"))}
    return pl.DataFrame(
        [pl.Series(name, [row.get(name) for row in rows], dtype=listed.get(name), strict=name not in listed) for name in rows[0]]
    )


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin"])
@pytest.mark.parametrize("empty", ["unknown", "none"])
def test_a_plain_log_is_judged_on_columns(zone: str, empty: str, one_by_one: list[int]) -> None:
    rows = records()
    frame = frame_of(rows)
    policy = policy_of(zone, empty)
    decisions = policy.audit(frame, as_of=AS_OF).decisions
    # What an unknown attribute leaves open is the record evaluation's.
    assert len(set(one_by_one)) < 0.75 * len(rows)
    told = {name: set(decisions[name].drop_nulls()) for name in decisions.columns if name.endswith(".outcome")}
    assert all(len(outcomes) > 1 for outcomes in told.values()), told
    assert compare(policy, frame, AS_OF) == []


def test_without_unknown_attributes_no_row_is_left(one_by_one: list[int]) -> None:
    rows = records(seed=2)
    for row in rows:
        row["handler"], row["limit"], row["asked_at"] = "Li", 2, row["received_at"]
        for entry in row["events"]:
            entry["by"], entry["level"] = entry["by"] if entry["by"] in ("Li", "Wu") else "Li", entry["level"] or 2
    frame = frame_of(rows)
    policy = policy_of()
    late = datetime(2026, 5, 15)  # when every limit of an entry's has passed
    audit = policy.audit(frame, as_of=late)
    assert audit.decisions.height == len(rows)
    assert one_by_one == []
    assert audit.notes == ()
    assert compare(policy, frame, late) == []


@pytest.mark.parametrize("form", ["no column", "null", "empty lists", "no entry anywhere", "text", "numbers"])
def test_tables_without_a_log(form: str, one_by_one: list[int]) -> None:
    rows = records(60)
    for row in rows:  # a visit to come may be the act of what has not begun
        row["asked_at"] = row["asked_at"] or row["received_at"]
    frame = frame_of(rows).drop("events")
    if form == "null":
        frame = frame.with_columns(events=pl.lit(None))
    elif form in ("empty lists", "no entry anywhere"):
        nothing: Any = [[] if form == "empty lists" else None] * len(rows)
        frame = frame.with_columns(pl.Series("events", nothing, dtype=pl.List(pl.Struct(TYPES))))
    elif form == "text":
        frame = frame.with_columns(events=pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("[]")))
    elif form == "numbers":
        frame = frame.with_columns(events=pl.int_range(pl.len()))
    policy = policy_of()
    assert policy.audit(frame, as_of=AS_OF).decisions.height == len(rows)
    assert one_by_one == []
    assert compare(policy, frame, AS_OF) == []


ODD: dict[str, dict[str, Any]] = {
    "no kind": {"kind": None}, "a blank kind": {"kind": "  "}, "no time": {"at": None}, "an unusable attribute": {"to": "nobody"}, "a far time": {"at": datetime(2700, 1, 1)},
    "white space about the kind": {"kind": " step "}, "an unknown attribute": {"to": None},
}  # fmt: skip


@pytest.mark.parametrize("fault", ODD)
def test_an_odd_entry_costs_its_own_row_at_most(fault: str, one_by_one: list[int]) -> None:
    rows = records(80, seed=3)
    for number, row in enumerate(rows):
        if number % 4 == 0:
            row["events"].append({"at": row["received_at"], "kind": "step", "to": "ops", "level": 2, "by": "Li"} | ODD[fault])
    frame = frame_of(rows)
    policy = policy_of()
    assert compare(policy, frame, AS_OF) == []
    plain = frame.filter(pl.int_range(pl.len()) % 4 > 0)
    one_by_one.clear()
    assert policy.audit(plain, as_of=AS_OF).decisions.height == plain.height
    before = len(set(one_by_one))
    one_by_one.clear()
    assert policy.audit(frame, as_of=AS_OF).decisions.height == frame.height
    assert len(set(one_by_one)) <= before + 20


@pytest.mark.parametrize("fault", ODD)
def test_an_odd_entry_of_another_kind_or_yet_to_come_is_passed_over(fault: str) -> None:
    rows = records(60, seed=4)
    for row in rows:
        base = {"at": row["received_at"], "kind": "note", "to": "ops"} if "kind" in ODD[fault] or "at" in ODD[fault] else {"at": datetime(2026, 5, 1), "kind": "step"}
        row["events"].append(base | ODD[fault])
    assert compare(policy_of(), frame_of(rows), AS_OF) == []


@pytest.mark.parametrize("kind", [pl.String, pl.Date, pl.Datetime("ms"), pl.Datetime("us", "America/New_York")])
def test_times_of_every_type(kind: Any) -> None:
    rows = records(120, seed=5)
    for row in rows:
        for entry in row["events"]:
            if kind == pl.String:
                entry["at"] = entry["at"].isoformat(" ")
            elif kind == pl.Date:
                entry["at"] = entry["at"].date()
    assert compare(policy_of(), frame_of(rows, types=TYPES | {"at": kind}), AS_OF) == []


def texts_of(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(json.dumps(rows, default=lambda value: value.isoformat()))
    return found


@pytest.mark.parametrize("form", ["list", "lines", "array", "events beside"])
def test_logs_of_records_that_come_one_by_one(form: str, tmp_path: Path, one_by_one: list[int]) -> None:
    rows = texts_of(records(120, seed=6))
    for row in rows:
        row["visits"] = "; ".join(row["visits"])
    policy = policy_of()
    wanted = [policy.evaluate(row, as_of=AS_OF, source_fields=set(rows[0])) for row in rows]
    more: dict[str, Any] = {}
    source: Any = rows
    if form == "lines":
        source = tmp_path / "records.jsonl"
        source.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    elif form == "array":
        source = tmp_path / "records.json"
        source.write_text(json.dumps(rows), encoding="utf-8")
    elif form == "events beside":
        more["events"] = [{"id": row["id"], **entry} for row in rows for entry in row["events"]]
        source = [{name: value for name, value in row.items() if name != "events"} for row in rows]
    decisions = policy.audit(source, as_of=AS_OF, **more).decisions
    assert len(set(one_by_one)) < 0.75 * len(rows)
    for name in (column.removesuffix(".outcome") for column in decisions.columns if column.endswith(".outcome")):
        assert decisions[f"{name}.outcome"].to_list() == [one.outcomes[name] for one in wanted], name


def test_values_of_several_classes_in_one_log(tmp_path: Path) -> None:
    rows = texts_of(records(90, seed=7))
    strange: list[Any] = [
        "a text", 5, [None], ["step"], [[{"at": "2026-03-02"}]], [{"kind": 5, "at": "2026-03-02T10:00:00"}], [{"kind": "step", "at": 20260302}],
        [{"kind": "step", "at": "2026-03-02T10:00:00", "level": "2"}], [{"kind": "step", "at": "2026-03-02T10:00:00", "level": 2.5}],
        [{"kind": "step", "at": "2026-03-02T10:00:00", "cost": 10**30}], [{"kind": "step", "at": "2026-03-02T10:00:00", "note": "\ud800"}],
        [{"kind": "step", "at": "2026-03-02T10:00:00", "cost": True}], [{"kind": "step", "at": "2026-03-02T10:00:00", "cost": "12.75"}], [],
    ]  # fmt: skip
    for number, log in enumerate(strange):
        rows[number * 5]["events"] = log
    for row in rows:
        row["visits"] = "; ".join(row["visits"])
    policy = policy_of()
    assert compare(policy, rows, AS_OF) == []
    source = tmp_path / "records.jsonl"
    source.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    decisions = policy.audit(source, as_of=AS_OF).decisions
    wanted = [policy.evaluate(row, as_of=AS_OF, source_fields=set(rows[0])) for row in rows]
    for name in (column.removesuffix(".outcome") for column in decisions.columns if column.endswith(".outcome")):
        assert decisions[f"{name}.outcome"].to_list() == [one.outcomes[name] for one in wanted], name


def test_versions_that_declare_other_attributes(tmp_path: Path) -> None:
    """The records of one batch are judged by several versions, each of which reads its own attributes."""
    text = (
        "format: 1\npolicy: test/log\neffective: {%s}\ntimezone: Asia/Shanghai\n"
        "sources: {rule: {title: {en: House rule, zh: 内部规定}, status: company}}\nrecord: {events: {step: {%s}}}\n"
        "requirements:\n  - {id: RQ-a, require: {n: 1}, source: {ref: rule}}\nfacts: {n: {count: {event: step, where: {%s}}}}\n"
    )
    (tmp_path / "2020.yaml").write_text(text % ("from: 2020-01-01, until: 2026-03-10", "level: integer", "level: 2"), encoding="utf-8")
    (tmp_path / "2026.yaml").write_text(text % ("from: 2026-03-10", "place: string", "place: ops"), encoding="utf-8")
    policy = load_policy(tmp_path)
    rows = []
    for number in range(40):
        received = datetime(2026, 3, 1 + number // 2, 10)
        entry = {"at": received.isoformat(), "kind": "step", "level": 2 + number % 2, "place": "ops" if number % 3 else "desk"}
        rows.append({"id": f"C{number}", "received_at": received.isoformat(), "events": [entry]})
    assert compare(policy, rows, AS_OF) == []


def test_listed_times_as_texts_and_as_days() -> None:
    rows = records(60, seed=8)
    policy = policy_of()
    for form in ("text", "days"):
        cells = ["; ".join(at.isoformat() for at in row["visits"]) if form == "text" else [at.date() for at in row["visits"]] for row in rows]
        frame = frame_of(rows).with_columns(pl.Series("visits", cells, dtype=pl.String if form == "text" else pl.List(pl.Date)))
        assert compare(policy, frame, AS_OF) == []


def test_a_table_without_rows() -> None:
    """What reads the log is one value for all rows, or a column of none."""
    received = datetime(2026, 3, 2, 10)
    frame = frame_of([{"id": "A", "received_at": received, "closed_at": received, "events": [{"at": received, "kind": "transfer"}]}])
    policy = load_policy("cn/banking_casework")
    assert policy.audit(frame.head(0), as_of=AS_OF).decisions.height == 0
    # None of the rows was received within the days of the version.
    early = frame.with_columns(received_at=datetime(1990, 1, 1))
    audit = policy.audit(pl.concat([early] * 3), as_of=AS_OF)
    assert audit.decisions.height + audit.rejected.height == 3


@pytest.mark.parametrize("name", ["cn/it_service", "cn/banking_casework"])
@pytest.mark.parametrize("form", ["frame", "parquet"])
def test_a_time_that_python_has_none_for_costs_its_own_log(name: str, form: str, tmp_path: Path) -> None:
    kind = pl.Datetime("us")
    at = pl.when(pl.col("id") == "A").then(pl.lit(2**58).cast(kind)).otherwise(datetime(2026, 3, 3))
    entry = pl.struct(at.alias("at"), pl.lit("stage" if name == "cn/it_service" else "transfer").alias("kind"), pl.lit("received").alias("name"))
    frame = pl.DataFrame({"id": ["A", "B"], "received_at": [datetime(2026, 3, 2, 10)] * 2}).with_columns(events=pl.concat_list(entry))
    source: Any = frame
    if form == "parquet":
        source = tmp_path / "far.parquet"
        frame.write_parquet(source)
    audit = load_policy(name).audit(source, as_of=AS_OF)
    assert audit.decisions["id"].to_list() == ["A", "B"]
    first, second = audit.decision(0), audit.decision(1)
    assert first is not None
    assert second is not None
    assert "events" in first.unusable
    assert "events" not in second.unusable
