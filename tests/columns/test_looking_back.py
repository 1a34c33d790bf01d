"""What is believed of a table that is not looked at whole (its times have gone by; rows without a receipt are not blank), where it is not so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import workload

from complaint_policy import Policy, load_policy_text
from complaint_policy.audit import Audit, block_audit, frames, tiers
from complaint_policy.audit.engine import Engine
from complaint_policy.audit.look import Look, looked_at
from complaint_policy.errors import InputError, RecordError

LAST = datetime(2025, 6, 30)
FORMATS: dict[str, Callable[[pl.DataFrame, Path], Any]] = {
    "frame": lambda frame, path: frame,
    "query": lambda frame, path: frame.lazy(),
    "parquet": lambda frame, path: _written(frame, path),
}


def _written(frame: pl.DataFrame, path: Path) -> Path:
    frame.write_parquet(path / "w.parquet", row_group_size=500)
    return path / "w.parquet"


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy_text(workload.policy_text())


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return pl.DataFrame(workload.records(2_000), infer_schema_length=None)


def outcomes(policy: Policy, frame: pl.DataFrame, as_of: datetime) -> list[tuple[Any, ...]]:
    """By the record evaluation: severity, and each deadline's outcome and limit."""
    found = []
    for row in frame.iter_rows(named=True):
        decision = policy.evaluate(row, as_of=as_of)
        found.append((decision.severity.level, *(part for d in decision.deadlines for part in (d.outcome, d.due_at))))
    return found


def as_decided(audit: Audit, policy: Policy) -> list[tuple[Any, ...]]:
    names = [f"{d.id}.{part}" for d in policy.versions[0].model.section("deadlines") for part in ("outcome", "due_at")]
    return audit.decisions.select("severity", *names).with_columns(pl.col(pl.Enum).cast(pl.String)).rows()


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("days", [0, 30, 600])
def test_as_of_the_past_is_as_evaluate(policy: Policy, frame: pl.DataFrame, kind: str, days: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of an earlier day some rows, or most, have times that are still to come."""
    doubted: list[bool] = []
    doubts = Engine.doubts

    def seen(self: Engine, left: int, rows: int) -> bool:
        doubted.append(doubts(self, left, rows))
        return doubted[-1]

    monkeypatch.setattr(Engine, "doubts", seen)
    as_of = LAST - timedelta(days=days)
    audit = policy.audit(FORMATS[kind](frame, tmp_path), as_of=as_of)
    wanted = outcomes(policy, frame, as_of)
    assert as_decided(audit, policy) == wanted
    told = {r["rule"]: r["outcomes"] for r in audit.summary().to_dict()["rules"]}
    for place, rule in enumerate(d.id for d in policy.versions[0].model.section("deadlines")):
        found = [row[1 + 2 * place] for row in wanted]
        assert told[rule] == {outcome: found.count(outcome) for outcome in told[rule]} and sum(told[rule].values()) == len(found)
    assert audit.notes == ()  # nothing was judged record by record
    assert any(doubted) == (days == 600 and kind != "frame")


@pytest.mark.parametrize(("days", "misled"), [(30, False), (600, True)])
def test_some_rows_of_a_frame_may_mislead(policy: Policy, frame: pl.DataFrame, days: int, misled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those glanced at have gone by; where most others have not, the whole frame is looked at."""
    closer: list[bool] = []

    def seen(*arguments: Any, whole: bool) -> Look:
        closer.append(whole)
        return looked_at(*arguments, whole=whole)

    monkeypatch.setattr("complaint_policy.audit.frames.looked_at", seen)
    monkeypatch.setattr(frames, "_LOOKED_AT", 8)
    as_of = LAST - timedelta(days=days)
    past = pl.all_horizontal((pl.col(pl.Datetime) <= as_of).fill_null(True))
    ordinary, glanced = frame.filter(past), [0, 1, 666, 667, 1332, 1333, 1998, 1999]
    others = [row for row in range(frame.height) if row not in glanced]
    rows = [(place, row) for place, row in zip(glanced, ordinary.head(len(glanced)).rows(), strict=True)]
    rows += zip(others, frame.tail(len(others)).rows(), strict=True)
    worn = pl.DataFrame([row for _, row in sorted(rows)], schema=frame.schema, orient="row")
    audit = policy.audit(worn, as_of=as_of)
    wanted = outcomes(policy, worn, as_of)
    assert as_decided(audit, policy) == wanted
    assert closer == [True] * misled
    assert audit.notes == ()
    closer.clear()
    summary = policy.audit(worn, as_of=as_of).summary().to_dict()
    assert sum(summary["rules"][0]["outcomes"].values()) == worn.height
    assert closer == [True] * misled
    assert summary["rules"] == audit.summary().to_dict()["rules"]


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "Europe/Moscow"])
@pytest.mark.parametrize("old", [1, 40, 300])
def test_a_frame_that_misleads_about_its_years_too(zone: str, old: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of years in which clocks were changed otherwise (as in Shanghai until 1991), and most acts are still to come."""
    monkeypatch.setattr(frames, "_LOOKED_AT", 8)
    monkeypatch.setattr(tiers, "_WORTH", 100)
    head = f"format: 1\npolicy: test/years\neffective: {{from: 1987-06-01}}\ntimezone: {zone}\n"
    policy = load_policy_text(f"{head}deadlines:\n  - {{id: DL, from: received_at, to: closed_at, within: 30 hours}}\n  - {{id: DL-2, from: received_at, to: closed_at, within: 2 days}}\n")
    as_of = datetime(2026, 3, 1)
    rows = [(datetime(2026, 2, 1) + timedelta(hours=i % 9), datetime(2026, 2, 3) + timedelta(days=40 * (0 < i % 400 < 380))) for i in range(1_200)]
    for place in range(old):
        received = datetime(1987, 5, 20) + timedelta(days=(1 + place) * 1_500 // old, hours=23)
        rows[5 + 3 * place] = received, received + timedelta(hours=29 + place % 4)
    glanced = [0, 1, 399, 400, 799, 800, 1198, 1199]
    for place in glanced:
        rows[place] = datetime(2026, 2, 1), datetime(2026, 2, 3)
    table = pl.DataFrame(rows, schema={"received_at": pl.Datetime("us"), "closed_at": pl.Datetime("us")}, orient="row")
    wanted, refused = [], []
    for number, record in enumerate(table.iter_rows(named=True)):
        try:
            wanted.append((number, *(part for line in policy.evaluate(record, as_of=as_of).deadlines for part in (line.outcome, line.due_at))))
        except RecordError:
            refused.append(number)
    for first in ("decisions", "summary"):
        audit = policy.audit(table, as_of=as_of)
        told = audit.summary().to_dict()["rules"] if first == "summary" else None
        columns = [pl.col(name).cast(pl.String) if name.endswith("outcome") else name for rule in ("DL", "DL-2") for name in (f"{rule}.outcome", f"{rule}.due_at")]
        assert audit.decisions.select("row", *columns).rows() == wanted
        assert audit.rejected["row"].to_list() == refused
        told = told or audit.summary().to_dict()["rules"]
        assert told[0]["outcomes"] == {outcome: sum(1 for _, found, *_ in wanted if found == outcome) for outcome in told[0]["outcomes"]}


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(("every", "value"), [(97, "nan"), (2, "nan"), (97, "inf"), (97, "1e15"), (97, "-1e16")])
def test_odd_numbers_after_ordinary_ones(
    policy: Policy, frame: pl.DataFrame, kind: str, every: int, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "_LOOKED_AT", 50)
    row = pl.int_range(pl.len())
    worn = frame.with_columns(amount_claimed=pl.when((row > 90) & (row % every == 0)).then(float(value)).otherwise("amount_claimed"))
    audit = policy.audit(FORMATS[kind](worn, tmp_path), as_of=LAST)
    assert as_decided(audit, policy) == outcomes(policy, worn, LAST)


# --------------------------------------------------------------------------- rows without a receipt
def rejects(source: Any, policy: Policy) -> tuple[list[Any], pl.DataFrame]:
    audit = policy.audit(source, as_of=LAST)
    summary = audit.summary()
    reasons = [(r.reason.en, r.rows, r.first) for r in summary.rejects]
    assert summary.identity.holds and summary.identity.rejected == sum(rows for _, rows, _ in reasons) == audit.rejected.height
    return reasons, audit.rejected


LACKING = "received_at is missing: no version can be chosen"


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    ("blanked", "blank", "wanted"),
    [
        ([], [], []),
        ([3, 700, 701], [], [(LACKING, 3, (4, 701, 702))]),
        ([1, 2, 3, 4, 5, 6, 1999], [], [(LACKING, 7, (2, 3, 4, 5, 6))]),
        ([3, 700], [701], [(LACKING, 2, (4, 701)), ("nothing in the columns read", 1, (702,))]),
        ([], [0, 1], [("nothing in the columns read", 2, (1, 2))]),
    ],
)
def test_rows_without_a_receipt(
    policy: Policy,
    frame: pl.DataFrame,
    kind: str,
    blanked: list[int],
    blank: list[int],
    wanted: list[Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(frames, "_LOOKED_AT", 500)
    row = pl.int_range(pl.len())
    worn = frame.with_columns(received_at=pl.when(~row.is_in([*blanked, *blank])).then("received_at"))
    worn = worn.with_columns(pl.when(~row.is_in(blank)).then(pl.all()).name.keep())
    reasons, rejected = rejects(FORMATS[kind](worn, tmp_path), policy)
    assert reasons == wanted
    assert rejected["row"].to_list() == sorted([*blanked, *blank])
    assert rejected["id"].to_list() == [worn["id"][place] for place in sorted([*blanked, *blank])]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Shanghai"])
@pytest.mark.parametrize("refused", ["a", "c", "d", "ad", "cd", "acd"])
def test_receipts_before_the_policy_are_told_from_missing_ones(kind: str, zone: str | None, refused: str, tmp_path: Path) -> None:
    """The last moment before the policy (a), its first, a time in no calendar (c), and none (d)."""
    head = "format: 1\npolicy: test/back\neffective: {from: 2024-05-01}\ntimezone: Asia/Shanghai\n"
    policy = load_policy_text(f"{head}deadlines:\n  - {{id: DL, from: received_at, to: closed_at, within: 3 days}}\n")
    times = [datetime(2024, 4, 30, 23, 59, 59, 999_999), datetime(2024, 5, 1), datetime(1700, 1, 1), None, datetime(2024, 6, 3)]
    column = pl.Series("received_at", times, dtype=pl.Datetime("us"))
    if zone is not None:
        column = column.dt.replace_time_zone("Asia/Shanghai").dt.convert_time_zone(zone)
    table = pl.DataFrame([pl.Series("id", list("abcde")), column, pl.Series("closed_at", [None] * 5, dtype=pl.Datetime("us"))])
    table = table.filter(pl.col("id").is_in([*refused, "b", "e"]))
    table = pl.concat([table, *[table.filter(pl.col("id").is_in(["b", "e"])).with_columns(id=pl.lit(f"n{i}")) for i in range(40)]])
    reasons, rejected = rejects(FORMATS[kind](table, tmp_path), policy)
    assert rejected["id"].to_list() == [*refused]
    assert sum(rows for text, rows, _ in reasons if text == LACKING) == refused.count("d")
    again = [id_ for id_, received in table.select("id", "received_at").iter_rows() if not _decides(policy, id_, received)]
    assert again == [*refused]


def _decides(policy: Policy, number: str, received: datetime | None) -> bool:
    try:
        policy.evaluate({"id": number, "received_at": received}, as_of=LAST)
    except RecordError:
        return False
    return True


def test_a_file_changed_since_it_was_counted_is_not_asked_again(policy: Policy, frame: pl.DataFrame, tmp_path: Path) -> None:
    worn = frame.with_columns(received_at=pl.when(pl.int_range(pl.len()) != 5).then("received_at"))
    path = _written(worn, tmp_path)
    audit = policy.audit(path, as_of=LAST)
    assert [r.rows for r in audit.summary().rejects] == [1]
    worn.head(100).write_parquet(path)
    with pytest.raises(InputError, match="changed"):
        _ = audit.rejected


# --------------------------------------------------------------------------- many years
@pytest.mark.parametrize("kind", [*FORMATS, "csv"])
@pytest.mark.parametrize("order", ["oldest first", "newest first", "in any order"])
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin"])
def test_registers_of_many_years_go_by_columns(kind: str, order: str, zone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is seen first, by which tables of days are made, is of one year; a few years are typing errors."""
    monkeypatch.setattr(frames, "_LOOKED_AT", 20)
    monkeypatch.setattr(tiers, "_WORTH", 100)
    for module in (frames, block_audit):
        monkeypatch.setattr(module, "_BATCH" if module is frames else "BLOCK", 400 if module is frames else 16_000)
    head = f"format: 1\npolicy: test/years\neffective: {{from: 2009-06-01}}\ntimezone: {zone}\ncalendars:\n  w: {{country: DE}}\n"
    policy = load_policy_text(f"{head}deadlines:\n  - {{id: DL, from: received_at, to: closed_at, within: 5 working days, counting: {{calendar: w}}}}\n")
    count = 2_000
    received = [datetime(2009, 1, 1, 9) + timedelta(days=3 * i) for i in range(count)]
    received[700], received[1_500] = datetime(1905, 5, 5), datetime(2199, 1, 1)
    if order != "oldest first":
        received = received[::-1] if order == "newest first" else [received[i * 7 % count] for i in range(count)]
    rows = {"id": [str(i) for i in range(count)], "received_at": received, "closed_at": [r + timedelta(days=i % 12) for i, r in enumerate(received)]}
    table = pl.DataFrame(rows)
    if kind == "csv":
        table.with_columns(pl.col(pl.Datetime).dt.to_string("%Y-%m-%d %H:%M:%S")).write_csv(tmp_path / "t.csv")
    audit = policy.audit(tmp_path / "t.csv" if kind == "csv" else FORMATS[kind](table, tmp_path), as_of=LAST)
    wanted, refused = [], []
    for number, record in enumerate(table.iter_rows(named=True)):
        try:
            deadline = policy.evaluate(record, as_of=LAST).deadlines[0]
            wanted.append((number, deadline.outcome, deadline.due_at))
        except RecordError as error:
            refused.append((number, error.reason.en))
    assert audit.decisions.select("row", pl.col("DL.outcome").cast(pl.String), "DL.due_at").rows() == wanted
    assert audit.rejected.select("row", "reason").rows() == refused and len(refused) == 52
    told = audit.summary().to_dict()["rules"][0]["outcomes"]
    assert told == {outcome: sum(1 for _, found, _ in wanted if found == outcome) for outcome in told}
    # Received in 2199, for which no tables are made.
    assert [note.en.split(",")[0] for note in audit.notes] == ["1 record was judged by itself"]


@pytest.mark.parametrize(
    ("zone", "effective", "received"),
    [
        ("Europe/Moscow", "{from: 2010-01-01, until: 2012-01-15}", datetime(2012, 1, 14, 23, 30)),
        ("Europe/Istanbul", "{from: 2015-01-15, until: 2025-01-01}", datetime(2015, 1, 15, 0, 30)),
        ("Asia/Tehran", "{from: 2019-06-01}", datetime(2019, 5, 31, 23, 30)),
        ("America/Sao_Paulo", "{from: 2018-12-01}", datetime(2018, 12, 1, 0, 30)),
    ],
)
@pytest.mark.parametrize("kind", FORMATS)
def test_a_version_begins_and_ends_by_the_clock_of_its_day(
    zone: str, effective: str, received: datetime, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the first rows are of years in which the zone stands still at another offset."""
    monkeypatch.setattr(frames, "_LOOKED_AT", 5)
    head = f"format: 1\npolicy: test/borders\neffective: {effective}\ntimezone: {zone}\n"
    policy = load_policy_text(f"{head}deadlines:\n  - {{id: DL, from: received_at, to: closed_at, within: 3 days}}\n")
    days = [datetime(2024, 5, 1, 9)] * 30 if "2012" not in effective else [datetime(2011, 5, 1, 9)] * 30
    table = pl.DataFrame({"id": [str(i) for i in range(31)], "received_at": [*days, received]})
    audit = policy.audit(FORMATS[kind](table, tmp_path), as_of=datetime(2025, 9, 1))
    wanted = [number for number, moment in table.iter_rows() if _decides(policy, number, moment)]
    assert audit.decisions["id"].to_list() == wanted
    assert audit.summary().identity.decided == len(wanted)
