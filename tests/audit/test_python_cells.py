"""Times that Python has no object for, and cells of objects, cost their own record a field and never the audit."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from complaint_policy import RecordError, load_policy_text
from complaint_policy.audit import Audit, read_mapping, run, run_audit
from complaint_policy.columns.python_cells import python_cells, python_rows, python_time

AS_OF = datetime(2024, 6, 1)
POLICY = """\
format: 1
policy: test/far
effective: {from: 2020-01-01}
timezone: %s
calendars: {office: {weekdays: mon-fri}}
counting: {calendar: office, first_day: excluded, ends: end_of_day, roll: none}
title: {en: Far times, zh: 极远的时间}
sources: {rule: {title: {en: House rule, zh: 内部规定}, status: company}}
record:
  fields:
    told_on: {type: date}
    bought_at: {type: datetime}
    note: {type: string}
severity:
  levels: [low, high]
  rules:
    - {id: SEV-high, level: high, when: {bought_at: {before: received_at}}, title: {en: H, zh: 高}, source: {ref: rule}}
  otherwise: low
deadlines:
  - {id: DL-close, title: {en: Close, zh: 办结}, from: received_at, to: closed_at, within: 10 working days, source: {ref: rule}}
  - {id: DL-tell, title: {en: Tell, zh: 告知}, from: closed_at, to: told_on, within: 3 days, source: {ref: rule}}
"""
YEAR = 366 * 86_400_000_000
# Microseconds since 1970: Python's last time and the one after it, its first and the one before, years with five digits, and what no calendar names.
LAST, FIRST = 253_402_300_799_999_999, -62_135_596_800_000_000
FAR = [LAST, LAST + 1, FIRST, FIRST - 1, 10_200 * YEAR, -2_500 * YEAR, 2**63 - 1, -(2**63) + 1, LAST - 3_600_000_000, FIRST + 3_600_000_000]
NEAR = datetime(2024, 3, 1, 9, 30)
NEAR_TICKS = (NEAR - datetime(1970, 1, 1)) // timedelta(microseconds=1)


def column(name: str, kind: Any, ticks: list[int]) -> pl.Series:
    if kind == pl.Date:
        return pl.Series(name, [min(max(t // 86_400_000_000, -(2**31)), 2**31 - 1) for t in ticks], dtype=pl.Int32).cast(kind)
    per = {"ms": 1000, "us": 1}[kind.time_unit]
    return pl.Series(name, [t // per for t in ticks], dtype=pl.Int64).cast(kind)


def test_every_duration_has_a_cell() -> None:
    """Of durations in milliseconds Python has the shorter ones: up to 999,999,999 days."""
    longest = 999_999_999 * 86_400_000
    cells = pl.Series("a", [5, longest, -longest, longest + 1, -longest - 1, 2**63 - 1, None], dtype=pl.Int64).cast(pl.Duration("ms"))
    days = timedelta(days=999_999_999)
    told = [timedelta(milliseconds=5), days, -days, f"{longest + 1} ms", f"{-longest - 1} ms", "9223372036854775807 ms", None]
    assert python_cells(cells) == told
    assert python_cells(cells.reshape((-1, 1)).arr.to_list()) == [[one] for one in told]
    assert list(python_rows(cells.to_frame())) == [(one,) for one in told]


KINDS = [pl.Date(), pl.Datetime("us"), pl.Datetime("ms"), pl.Datetime("us", "UTC"), pl.Datetime("ms", "Asia/Shanghai")]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_every_time_has_a_cell(kind: Any) -> None:
    cells = python_cells(column("a", kind, [NEAR_TICKS, *FAR]).extend(pl.Series([None], dtype=kind)))

    if kind == pl.Date:
        near: Any = NEAR.date()
    else:
        near = NEAR if kind.time_zone is None else NEAR.replace(tzinfo=UTC)
    assert cells[0] == near
    assert cells[-1] is None
    last, after, first, before, later, earlier, *_ = cells[1:]
    assert isinstance(after, str)
    assert isinstance(before, str)
    assert after.startswith("+10000-01-01")
    assert later.startswith("+121")
    assert earlier.startswith("-05")
    if kind == pl.Date:
        assert (last, first) == (date.max, date.min)
    elif kind.time_zone is None:
        assert last == datetime.max.replace(microsecond=999_999 if kind.time_unit == "us" else 999_000)
        assert first == datetime.min
    else:  # so near to the end that another zone has no such time
        assert isinstance(last, str)
        assert isinstance(first, str)


def test_what_no_calendar_names_is_told_by_its_number() -> None:
    assert python_cells(pl.Series([2**63 - 1], dtype=pl.Int64).cast(pl.Datetime("us"))) == ["9223372036854775807 us since 1970"]
    assert python_cells(pl.Series([2**31 - 1], dtype=pl.Int32).cast(pl.Date)) == ["2147483647 days since 1970"]


def test_rows_of_cells() -> None:
    frame = pl.DataFrame([pl.Series("n", [1, 2]), column("at", pl.Datetime("us"), [NEAR_TICKS, 10_200 * YEAR])])

    assert [*python_rows(frame.head(1))] == [(1, NEAR)]
    assert [(n, type(at)) for n, at in python_rows(frame)] == [(1, datetime), (2, str)]


def test_the_nearest_time() -> None:
    assert python_time(None, pl.Date()) is None
    assert python_time(19_783, pl.Date()) == date(2024, 3, 1)
    assert python_time(NEAR_TICKS, pl.Datetime("us")) == NEAR
    assert python_time(NEAR_TICKS * 1000 + 999, pl.Datetime("ns")) == NEAR
    assert python_time(NEAR_TICKS // 1000, pl.Datetime("ms", "Asia/Shanghai")) == NEAR.replace(tzinfo=UTC)
    # Any zone has them.
    for kind in (pl.Date(), pl.Datetime("us"), pl.Datetime("us", "UTC")):
        for ticks, year in ((2**63 - 1, 9999), (-(2**63), 1)):
            found = python_time(ticks, kind)
            assert found is not None
            assert found.year == year
            if isinstance(found, datetime):
                assert found.replace(tzinfo=UTC).astimezone(timezone(timedelta(hours=14))).year == year
                assert found.replace(tzinfo=UTC).astimezone(timezone(timedelta(hours=-14))).year == year


# --------------------------------------------------------------------------- audits
def both(monkeypatch: pytest.MonkeyPatch, zone: str, source: Any, **more: Any) -> Audit:
    """An audit by columns, held equal to the one record by record."""
    policy = load_policy_text(POLICY % zone)
    found = run_audit(policy, source, as_of=AS_OF, **more)
    with monkeypatch.context() as patched:
        patched.setattr(run, "has_columns", lambda _: False)
        expected = run_audit(policy, source, as_of=AS_OF, **more)
    for name in ("decisions", "rejected"):
        mine, theirs = (getattr(a, name).with_columns(pl.col(pl.Enum).cast(pl.String)) for a in (found, expected))
        assert mine.rows() == theirs.rows(), name
    assert found.summary().to_dict() == expected.summary().to_dict()
    # Asked for alone, a summary is counted without decisions.
    assert run_audit(policy, source, as_of=AS_OF, **more).summary().to_dict() == expected.summary().to_dict()
    for row in found.decisions["row"].to_list():
        assert found.decision(row).to_dict() == expected.decision(row).to_dict()
    return found


def table(name: str, kind: Any) -> pl.DataFrame:
    size = len(FAR) + 2
    plain = {
        "id": [f"C{i}" for i in range(size)],
        "received_at": [datetime(2024, 2, 28, 10)] * size,
        "bought_at": [datetime(2023, 1, 1)] * size,
        "closed_at": [NEAR] * size,
        "told_on": [date(2024, 3, 2)] * size,
    }
    return pl.DataFrame(plain).with_columns(column(name, kind, [NEAR_TICKS, *FAR, NEAR_TICKS]))


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("name", ["received_at", "closed_at", "told_on", "bought_at"])
@pytest.mark.parametrize(("where", "zone"), [("memory", "Asia/Shanghai"), ("memory", "Europe/London"), ("file", "Asia/Shanghai")])
def test_far_times_cost_their_own_record_a_field(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, name: str, kind: Any, zone: str) -> None:
    frame: Any = table(name, kind)
    if where == "file":
        frame.write_parquet(tmp_path / "a.parquet")
        frame = tmp_path / "a.parquet"

    found = both(monkeypatch, zone, frame)

    assert found.summary().identity.rows == len(FAR) + 2
    if name == "received_at":
        assert found.decisions["id"].to_list() == ["C0", f"C{len(FAR) + 1}"]
        assert set(found.rejected["reason"]) == {
            "received_at is unusable: not a year from 1850 to 2400",
            "received_at is unusable: not a time (ISO 8601 or a declared format)",
        }
    else:
        assert found.decisions.height == len(FAR) + 2
        assert not found.rejected.height
        for row in range(1, len(FAR) + 1):
            assert set(found.decision(row).unusable) == {name}, row
        assert found.decision(0).unusable == {}


# What asks a calendar, or counts a length kept in the record, calls Python for each different time.
ASKING = """\
    term: {type: integer}
requirements:
  - {id: RQ-open, title: {en: Open, zh: 营业}, require: {closed_at: {during: office}}, source: {ref: rule}}
  - {id: RQ-bought, title: {en: Open, zh: 营业}, require: {bought_at: {during: office}}, source: {ref: rule}}
"""
PROMISED = "  - {id: DL-call, title: {en: Call, zh: 致电}, from: closed_at, to: told_on, within: {%s: {field: term}}, source: {ref: rule}}\n"


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("name", ["closed_at", "bought_at"])
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Africa/Cairo"])
def test_far_times_where_a_calendar_is_asked(monkeypatch: pytest.MonkeyPatch, zone: str, name: str, kind: Any) -> None:
    text = POLICY.replace("    note: {type: string}\n", "    note: {type: string}\n" + ASKING.partition("requirements")[0])
    text += "".join(PROMISED.replace("DL-call", f"DL-{unit}") % unit for unit in ("hours", "days", "months")) + "requirements" + ASKING.partition("requirements")[2]
    monkeypatch.setattr(sys.modules[__name__], "POLICY", text)

    found = both(monkeypatch, zone, table(name, kind).with_columns(term=pl.lit(3)))

    asked = "RQ-open" if name == "closed_at" else "RQ-bought"
    outcomes = found.decisions[f"{asked}.outcome"].to_list()
    # 9:30 in the time of the zone or UTC is a working time everywhere; a bare day tells none.
    assert outcomes[0] == outcomes[-1] != "violated"
    assert outcomes[1:-1] == ["indeterminate"] * len(FAR)


def test_far_times_among_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = pl.concat([table("closed_at", pl.Datetime("us"))] * 20)

    assert both(monkeypatch, "Asia/Shanghai", rows).decisions.height == rows.height


@pytest.mark.parametrize("value", ["+11983-08-23 09:46:40", "-0249-10-15", "+10000-01-01T00:00:00+08:00"])
def test_a_year_of_more_than_four_digits_is_told_as_such(value: str) -> None:
    policy = load_policy_text(POLICY % "Asia/Shanghai")

    with pytest.raises(RecordError, match="not a year from 1850 to 2400"):
        policy.evaluate({"received_at": value}, as_of=AS_OF)
    assert policy.evaluate({"received_at": NEAR, "closed_at": value}, as_of=AS_OF).unusable["closed_at"].zh == "不是1850至2400年间的时间"


@pytest.mark.parametrize("value", [date(9999, 12, 31), "9999-12-31", date(1, 1, 1), "1849-12-31", datetime(2401, 1, 1), "2401-01-01"])
def test_a_receipt_in_a_year_nobody_means_is_unusable(value: Any) -> None:
    """A bare date is refused as a time is; a version without an end would have taken it."""
    with pytest.raises(RecordError, match="received_at is unusable: not a year from 1850 to 2400"):
        load_policy_text(POLICY % "Asia/Shanghai").evaluate({"received_at": value}, as_of=AS_OF)


@pytest.mark.parametrize(
    ("written", "usable"),
    [
        # Shanghai is eight hours ahead of UTC; in 1850 five minutes and 43 seconds more.
        (("2400-12-31T23:59:59+08:00", "2400-12-31T15:59:59Z", "2401-01-01T01:59:59+10:00"), True),
        (("2401-01-01T00:00:00+08:00", "2400-12-31T16:00:00Z", "2400-12-31T11:00:00-05:00"), False),
        (("1849-12-31T15:54:17Z", "1850-01-01T00:54:17+09:00"), True),
        (("1849-12-31T15:54:16Z", "1850-01-01T00:54:16+09:00"), False),
    ],
)
def test_the_year_of_an_instant_does_not_depend_on_how_it_is_written(monkeypatch: pytest.MonkeyPatch, written: tuple[str, ...], usable: bool) -> None:
    policy = load_policy_text(POLICY % "Asia/Shanghai")
    cells = [cell for text in written for cell in (text, datetime.fromisoformat(text))]
    for cell in cells:
        assert ("bought_at" not in policy.evaluate({"received_at": NEAR, "bought_at": cell}, as_of=AS_OF).unusable) == usable, cell
    times = [datetime.fromisoformat(text).astimezone(UTC) for text in written]
    for zone in ("UTC", "America/New_York"):
        table = pl.DataFrame({"received_at": [NEAR] * len(times), "bought_at": pl.Series(times).dt.convert_time_zone(zone)})
        assert both(monkeypatch, "Asia/Shanghai", table).summary().unusable == ({} if usable else {"bought_at": len(times)})


def test_far_times_in_filters_and_as_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {"received_at": {"column": "received_at"}, "id": {"column": "id"}, "note": {"column": "closed_at"}, "closed_at": {"column": "closed_at"}}
    rows = {"where": {"closed_at": ["2024-03-01 09:30:00", "+10000-01-01 00:00:00.000000"]}}
    mapping = read_mapping(yaml.safe_dump({"format": 1, "mapping": "far", "fields": fields, "rows": rows}))

    found = both(monkeypatch, "Asia/Shanghai", table("closed_at", pl.Datetime("us")), mapping=mapping)

    assert found.decisions["id"].to_list() == ["C0", "C2", f"C{len(FAR) + 1}"]


@pytest.mark.parametrize("name", ["note", "closed_at", "id"])
def test_long_durations_cost_their_own_record_a_field(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    plain = {"id": ["C0", "C1", "C2"], "received_at": [datetime(2024, 2, 28, 10)] * 3, "closed_at": [NEAR] * 3, "note": ["x"] * 3}
    cells = pl.Series(name, [5, 2**63 - 1, None], dtype=pl.Int64).cast(pl.Duration("ms"))

    found = both(monkeypatch, "Asia/Shanghai", pl.DataFrame(plain).with_columns(cells))

    assert found.decisions.height == 3
    if name == "closed_at":
        assert [set(found.decision(row).unusable) for row in range(3)] == [{name}, {name}, set()]


# --------------------------------------------------------------------------- objects
@pytest.mark.parametrize("name", ["id", "received_at", "closed_at", "told_on", "note"])
def test_cells_that_are_objects_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    cells = [NEAR, date(2024, 3, 1), "2024-03-01 08:00", None, 7, {"a": 1}, object, NEAR]
    size = len(cells)
    plain = {"id": [f"C{i}" for i in range(size)], "received_at": [datetime(2024, 2, 28, 10)] * size, "closed_at": [NEAR] * size}
    frame = pl.DataFrame(plain | {"note": ["x"] * size, "told_on": [date(2024, 3, 2)] * size})

    found = both(monkeypatch, "Asia/Shanghai", frame.with_columns(pl.Series(name, cells, dtype=pl.Object)))

    if name == "received_at":
        assert found.decisions["row"].to_list() == [0, 1, 2, 7]
    elif name in ("closed_at", "told_on"):
        assert [set(found.decision(row).unusable) for row in range(size)] == [set(), set(), set(), set(), {name}, {name}, {name}, set()]
    else:
        assert found.decisions.height == size


class Strange:
    """An object of somebody's class that cannot be shown."""

    def __str__(self) -> str:
        raise RuntimeError

    __repr__ = __str__


@pytest.mark.parametrize("name", ["id", "received_at", "note"])
def test_an_object_that_cannot_be_shown_ends_no_audit(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    plain: dict[str, list[Any]] = {"id": ["C0", "C1"], "received_at": [datetime(2024, 2, 28, 10)] * 2, "note": ["x", "y"]}
    frame = pl.DataFrame(plain).with_columns(pl.Series(name, [plain[name][0], Strange()], dtype=pl.Object))

    found = both(monkeypatch, "Asia/Shanghai", frame)

    assert found.decisions.height == (1 if name == "received_at" else 2)
