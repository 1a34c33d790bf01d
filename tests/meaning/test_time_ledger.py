"""The ledger of a clock: its stretches tile the time from the start to the due instant, and what they count is the limit."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from complaint_policy.counting import CONVENTIONS, TAKEN_BY, CalendarSpec, Counter, Counting
from complaint_policy.lengths import UNITS, Length
from complaint_policy.possible import DayEnd, day_end
from complaint_policy.rules.deadlines.ledger import KINDS, Ledger, Stretch, tiled
from complaint_policy.zones import zone_named
from tests.meaning.time_support import deadline, judged

ZONES = ("Asia/Shanghai", "Europe/London", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe")


def spec(zone: str, *, hours: tuple[tuple[str, str], ...] | None) -> CalendarSpec:
    return CalendarSpec(
        name="office",
        timezone=zone,
        weekdays=("mon-fri",),
        hours=None if hours is None else (("mon-fri", hours),),
        holidays=(date(2018, 3, 27), date(2018, 10, 31), date(2018, 11, 5), date(2018, 11, 6)),
        extra_working_days=(date(2018, 11, 3),),
    )


@st.composite
def counters(draw: st.DrawFn) -> Counter:
    zone = draw(st.sampled_from(ZONES))
    unit = draw(st.sampled_from(UNITS))
    most = {"minutes": 5000, "hours": 200, "working hours": 60, "months": 14, "years": 3}.get(unit, 25)
    length = Length(draw(st.integers(0, most)), unit)
    hours = draw(st.sampled_from((None, (("09:00", "12:00"), ("13:30", "18:00")), (("22:00", "06:00"),))))
    chosen: dict[str, str] = {}
    for key, values in CONVENTIONS.items():
        if unit in TAKEN_BY[key]:
            needs_hours = {"ends": "close_of_business", "after_hours": None}.get(key, "")
            allowed = [v for v in values if hours is not None or (v != needs_hours and not (key == "after_hours" and v != "as_received"))]
            chosen[key] = draw(st.sampled_from(allowed))
    return Counter(length, Counting(calendar=spec(zone, hours=hours), timezone=zone, **chosen))


@st.composite
def clocks(draw: st.DrawFn) -> tuple[Counter, datetime, tuple[tuple[datetime, datetime], ...]]:
    """A count, its start, and the pauses after it."""
    counter = draw(counters())
    start = datetime(2018, 10, 1) + timedelta(minutes=draw(st.integers(0, 60 * 24 * 60)) * draw(st.sampled_from((1, 30, 60))))
    if draw(st.booleans()):
        # Just on a local midnight, or on the end of a day.
        start = counter.zone.day_start(start.toordinal())
    elif draw(st.booleans()):
        start = day_end(counter.zone.day_start(start.toordinal()))
    pauses = []
    at = plain(start)
    for _ in range(draw(st.integers(0, 3))):
        low = at + timedelta(hours=draw(st.integers(0, 100)), minutes=draw(st.sampled_from((0, 30))))
        high = low + timedelta(hours=draw(st.integers(1, 90)))
        pauses.append((low, high))
        at = high + timedelta(minutes=30)
    return counter, start, tuple(pauses)


def days_of(counter: Counter, start: datetime) -> int:
    """How many days a length of days or longer has, counted on the calendar by hand."""
    length = counter.length
    if length.unit in ("days", "working days"):
        return length.amount
    if length.unit == "weeks":
        return 7 * length.amount
    day = counter.zone.to_wall(start).date()
    months = length.amount * (12 if length.unit == "years" else 1)
    year, month = day.year + (day.month - 1 + months) // 12, (day.month - 1 + months) % 12 + 1
    for last in (day.day, 30, 29, 28):
        try:
            return (date(year, month, min(last, day.day)) - day).days
        except ValueError:
            continue
    raise AssertionError


def plain(moment: datetime) -> datetime:
    return moment.boundary if isinstance(moment, DayEnd) else moment


def assert_adds_up(counter: Counter, start: datetime, pauses: tuple[tuple[datetime, datetime], ...], found: tuple[Any, list[Stretch]]) -> None:
    limit, stretches = found
    length = counter.length
    due = plain(counter.due_with_pauses(start, pauses))
    utc = [(s.start.astimezone(UTC).replace(tzinfo=None), s.end.astimezone(UTC).replace(tzinfo=None), s) for s in stretches]
    begin = plain(start)
    if due > begin:
        assert utc[0][0] == begin
        assert utc[-1][1] == due
    assert all(a[1] == b[0] for a, b in pairwise(utc)), "a gap or an overlap"
    assert all(low < high or s.kind == "left_off" for low, high, s in utc)
    assert sum((s.counted for s in stretches), limit * 0) == limit
    if length.unit in ("minutes", "hours", "working hours"):
        assert limit == length.exactly()
        assert all(s.counted == (high - low if s.kind == "counted" else timedelta(0)) for low, high, s in utc)
    elif not pauses:
        # With pauses months begin on a later day and may have another number of days.
        assert limit == days_of(counter, start)
    else:
        assert length.unit in ("months", "years") or limit == days_of(counter, start)
    for low, high, s in utc:
        assert s.kind in KINDS
        assert s.kind in ("counted", "make_up", "left_off") or not s.counted, s
        if s.kind == "paused":
            assert any(a <= low and high <= b for a, b in pauses)
        elif length.unit in ("minutes", "hours", "working hours"):
            assert not any(low < b and a < high for a, b in pauses)


@given(clocks())
def test_the_stretches_tile_the_clock_and_add_up(clock: tuple[Counter, datetime, tuple[tuple[datetime, datetime], ...]]) -> None:
    counter, start, pauses = clock
    note(f"{counter.length} {counter.counting}")
    found = tiled(counter, start, pauses)
    assert found is not None
    assert_adds_up(counter, start, pauses, found)


# --------------------------------------------------------------------------- by hand
def shown(of: Any, as_of: str = "2026-06-20T09:00", **record: Any) -> tuple[Ledger, list[str]]:
    """The ledger of DL, one text a stretch."""
    found = judged(of, as_of, **record).ledger("DL")
    assert found is not None
    assert found.total == found.limit
    lines = [f"{s.start:%m-%d %H:%M} {s.end:%m-%d %H:%M} {s.kind} {s.counted}{' ' + s.name.en if s.name else ''}{' +' + s.step if s.step else ''}" for s in found.stretches]
    return found, lines


def test_working_days_over_spring_festival() -> None:
    # Thursday 12 February 2026.  Worked: Fri 13, Sat 14 (made up), Tue 24, Wed 25, Thu 26; off: 15 to 23.
    found, lines = shown(deadline("5 working days", "calendar: cn"), received_at="2026-02-12T16:00")
    assert found.limit == 5
    assert [line for line in lines if " holiday " not in line] == [
        "02-12 16:00 02-13 00:00 first_day 0",
        "02-13 00:00 02-14 00:00 counted 1",
        "02-14 00:00 02-15 00:00 make_up 1",
        "02-15 00:00 02-16 00:00 weekend 0",
        "02-21 00:00 02-23 00:00 weekend 0",
        "02-24 00:00 02-27 00:00 counted 3",
    ]
    names = {s.name.zh for s in found.stretches if s.kind == "holiday" and s.name is not None}
    assert {"农历除夕", "春节"} <= names


def test_working_hours_with_a_pause_and_a_roll() -> None:
    # Friday 17:00: 1 h that day; Monday 9:00 to 10:00, then paused to 15:00, then 3 h to 18:00: 5 hours, used up at closing; the next opening is Tuesday 9:00.
    of = deadline("5 working hours", "calendar: office, at_closing: roll", "pauses: [waiting]")
    found, lines = shown(of, received_at="2026-03-13T17:00", waiting=[["2026-03-16T10:00", "2026-03-16T15:00"]])
    assert found.limit == timedelta(hours=5)
    assert lines == [
        "03-13 17:00 03-13 18:00 counted 1:00:00",
        "03-13 18:00 03-14 00:00 outside_hours 0:00:00",
        "03-14 00:00 03-16 00:00 weekend 0:00:00",
        "03-16 00:00 03-16 09:00 outside_hours 0:00:00",
        "03-16 09:00 03-16 10:00 counted 1:00:00",
        "03-16 10:00 03-16 15:00 paused 0:00:00",
        "03-16 15:00 03-16 18:00 counted 3:00:00",
        "03-16 18:00 03-17 09:00 roll 0:00:00",
    ]


def test_the_end_is_moved_on_or_back() -> None:
    # 5 days from Monday 2 March end on Saturday the 7th: on to Monday the 9th, or back to Friday the 6th, which leaves the 7th off.
    _, lines = shown(deadline("5 days", "calendar: days, roll: next_working_day"), received_at="2026-03-02T10:00")
    assert lines == ["03-02 10:00 03-03 00:00 first_day 0", "03-03 00:00 03-08 00:00 counted 5", "03-08 00:00 03-10 00:00 roll 0"]
    _, lines = shown(deadline("5 days", "calendar: days, roll: previous_working_day"), received_at="2026-03-02T10:00")
    assert lines == ["03-02 10:00 03-03 00:00 first_day 0", "03-03 00:00 03-07 00:00 counted 4", "03-07 00:00 03-07 00:00 left_off 1"]


def test_received_after_hours_counts_from_the_next_opening() -> None:
    # Friday 19:00 counts as Monday, day zero; one working day is Tuesday, until the close at 18:00.
    _, lines = shown(deadline("1 working day", "calendar: office, after_hours: next_opening, ends: close_of_business"), received_at="2026-03-06T19:00")
    assert lines == [
        "03-06 19:00 03-07 00:00 outside_hours 0",
        "03-07 00:00 03-09 00:00 weekend 0",
        "03-09 00:00 03-10 00:00 first_day 0",
        "03-10 00:00 03-10 18:00 counted 1",
    ]


def test_an_extension_is_told_apart() -> None:
    # 15 days from 2 March end on the 17th; 30 on 1 April: 14 days of March (18 to 31) and the first of April are the extension.
    of = deadline("15 days", more="extend: [{id: complex, within: 30 days, when: {complex: true}}]")
    _, lines = shown(of, received_at="2026-03-02T10:00", complex=True)
    assert lines == ["03-02 10:00 03-03 00:00 first_day 0", "03-03 00:00 03-18 00:00 counted 15", "03-18 00:00 04-02 00:00 counted 15 +complex"]


def test_months_are_so_many_days() -> None:
    # From 31 January 2026: 28 February, 28 days.
    found, lines = shown(deadline("1 month"), received_at="2026-01-31T10:00")
    assert found.limit == 28
    assert lines == ["01-31 10:00 02-01 00:00 first_day 0", "02-01 00:00 03-01 00:00 counted 28"]


def test_a_night_of_the_clocks() -> None:
    # London, 29 March 2026: 01:00 becomes 02:00, so 24 hours from Saturday noon end at 13:00.
    found, lines = shown(deadline("24 hours", zone="Europe/London"), received_at="2026-03-28T12:00")
    assert lines == ["03-28 12:00 03-29 13:00 counted 1 day, 0:00:00"]
    assert found.limit == timedelta(hours=24)


def test_days_that_stand_still_as_a_whole() -> None:
    # Of Saturday 10:00 to Monday 15:00 only Sunday is whole: 5 days are Sat, Mon, Tue, Wed, Thu.
    of = deadline("5 days", "pause_on_days: whole_days", "pauses: [waiting]")
    _, lines = shown(of, received_at="2026-03-06T19:00", waiting=[["2026-03-07T10:00", "2026-03-09T15:00"]])
    assert lines == [
        "03-06 19:00 03-07 00:00 first_day 0",
        "03-07 00:00 03-08 00:00 counted 1",
        "03-08 00:00 03-09 00:00 paused 0",
        "03-09 00:00 03-13 00:00 counted 4",
    ]


def test_counted_from_elsewhere_back_and_by_the_record() -> None:
    # 3 working days ahead of Monday 9 March: the end of Wednesday 4 March, counted as one stretch.
    found, lines = shown(deadline("{from: promised_at, ahead: 3 working days}", "calendar: days"), received_at="2026-03-02T10:00", promised_at="2026-03-09T12:00")
    assert (found.limit, lines) == (3, ["03-05 00:00 03-09 12:00 counted 3"])
    found, lines = shown(deadline("{days: {field: agreed}}"), received_at="2026-03-02T10:00", agreed=2)
    assert (found.limit, lines[-1]) == (2, "03-03 00:00 03-05 00:00 counted 2")


def test_a_day_of_the_year_is_so_many_days() -> None:
    # From 2 March to 31 March: 29 days, whatever pauses there are.
    of = deadline("{month_day: [03-31]}", more="pauses: [waiting]")
    found, lines = shown(of, received_at="2026-03-02T10:00", waiting=[["2026-03-05T10:00", "2026-03-09T10:00"]])
    assert (found.limit, lines) == (29, ["03-02 10:00 03-03 00:00 first_day 0", "03-03 00:00 04-01 00:00 counted 29"])
    assert "in all" not in judged(of, "2026-06-20T09:00", received_at="2026-03-02T10:00").explain("en")


def test_no_ledger_of_what_was_not_counted() -> None:
    of = deadline("{first_of: [promised_at, 15 days]}")
    assert judged(of, "2026-03-20T09:00", received_at="2026-03-02T10:00", promised_at="2026-03-05T10:00").ledger("DL") is None
    assert judged(of, "2026-03-20T09:00", received_at="2026-03-02T10:00").ledger("DL") is not None
    assert judged(deadline("15 days"), "2026-03-01T09:00", received_at="2026-03-02T10:00").ledger("DL") is None  # not yet received
    # Forty years of working days are told by their length alone.
    assert judged(deadline("9999 working days", "calendar: days"), "2026-03-20T09:00", received_at="2026-03-02T10:00").ledger("DL") is None


def test_the_words_of_a_ledger() -> None:
    of = deadline("7 working days", "calendar: cn", "pauses: [waiting]")
    decision = judged(of, "2026-03-20T09:00", received_at="2026-02-12T16:00", waiting=[["2026-02-25T10:00", "2026-02-26T15:00"]])
    english, chinese = decision.explain("en"), decision.explain("zh")
    # 29 hours from Thursday 12 February 16:00, in days of 24 worked hours, are Friday 21:00: day one is the 14th, day seven Monday 2 March.
    for line in (
        "2026-02-12 (Thu) 16:00 to 24:00: the first day, not counted",
        "2026-02-15 (Sun) to 02-23 (Mon): holiday and weekend, 9 days not counted (Chinese New Year's Eve,",
        "2026-02-25 (Wed) 10:00 to 02-26 (Thu) 15:00: clock stopped, waiting: 29 h",
        "2026-03-01 (Sun): weekend, not counted",
        "2026-03-02 (Mon): 1 working day",
        "in all: 7 working days",
    ):
        assert f"        {line}" in english
    for line in ("2026年2月25日（周三） 10:00至2月26日（周四） 15:00：暂停计时，waiting：29小时", "2026年3月2日（周一）：1个工作日", "合计：7个工作日"):
        assert f"        {line}" in chinese


def test_long_ledgers_are_folded() -> None:
    # 60 working days from Monday 5 January, no holidays but Wednesday 18 March and Saturday 21 March made up.
    # To Tuesday 17 March: 4 + 5 x 9 + 2 = 51; Thu 19, Fri 20, Sat 21: 54; 23 to 27: 59; Monday 30: 60.
    text = judged(deadline("60 working days", "calendar: days"), "2026-04-20T09:00", received_at="2026-01-05T10:00").explain("en")
    assert "2026-01-06 (Tue) to 03-17 (Tue): 51 working days; 20 days of weekend between, not counted" in text
    assert "2026-03-23 (Mon) to 03-30 (Mon): 6 working days; 2 days of weekend between, not counted" in text
    assert "in all: 60 working days" in text
    # 40 working hours from Friday 17:00: 1, five days of seven and a half, and one and a half.
    text = judged(deadline("40 working hours", "calendar: office"), "2026-04-20T09:00", received_at="2026-03-06T17:00").explain("en")
    assert "2026-03-09 (Mon) 09:00 to 03-13 (Fri) 18:00: 37 h 30 min (5 days of 7 h 30 min)" in text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_kind_has_words(language: str) -> None:
    """A year of every kind of day is told without a failure and in lines that are bounded."""
    of = deadline("900 working hours", "calendar: office", "pauses: [waiting]")
    days = [[f"2026-{month:02}-{day:02}T10:00", f"2026-{month:02}-{day:02}T11:00"] for month in range(3, 9) for day in range(1, 28, 2)]
    text = judged(of, "2027-03-20T09:00", received_at="2026-03-02T10:00", waiting=days).explain(language)
    assert 35 < len(text.splitlines()) < 60


def test_the_ledger_as_data() -> None:
    decision = judged(deadline("1 working day", "calendar: days"), "2026-03-20T09:00", received_at="2026-03-06T19:00")
    found = decision.ledger("DL")
    assert found is not None
    # Friday's evening does not count, the weekend does not, Monday is the day.
    assert found.to_dict() == {
        "rule": "DL",
        "length": "1 working day",
        "limit": 1,
        "stretches": [
            {"start": "2026-03-06T19:00:00+08:00", "end": "2026-03-07T00:00:00+08:00", "kind": "first_day", "counted": 0, "name": None, "extension": None},
            {"start": "2026-03-07T00:00:00+08:00", "end": "2026-03-09T00:00:00+08:00", "kind": "weekend", "counted": 0, "name": None, "extension": None},
            {"start": "2026-03-09T00:00:00+08:00", "end": "2026-03-10T00:00:00+08:00", "kind": "counted", "counted": 1, "name": None, "extension": None},
        ],
    }


# --------------------------------------------------------------------------- through policies
LADDERS = (
    ("15 days", "30 days", "calendar: cn"),
    ("7 working days", "20 working days", "calendar: cn, after_hours: as_received"),
    ("8 working hours", "40 working hours", "calendar: office"),
    ("48 hours", "90 hours", ""),
    ("10 working days", "45 days", "calendar: cn, pause_on_days: elapsed"),
    ("same day", "1 month", "calendar: cn, roll: next_working_day, pause_on_days: whole_days"),
    ("3 working days", "5 working days", "calendar: office, ends: close_of_business, after_hours: deemed_next_opening"),
)


@given(st.sampled_from(LADDERS), st.booleans(), st.integers(0, 40 * 96), st.lists(st.integers(1, 500), max_size=4))
def test_decisions_have_ledgers_that_add_up(ladder: tuple[str, str, str], extended: bool, begun: int, gaps: list[int]) -> None:
    first, second, counting = ladder
    of = deadline(first, counting, f"extend: [{{id: more, within: {second}, when: {{hard: true}}}}]\npauses: [waiting]")
    start = datetime(2026, 2, 1) + timedelta(minutes=15 * begun)
    waiting, at = [], start
    for gap in gaps:
        waiting.append([at + timedelta(hours=gap), at + timedelta(hours=gap + 7)])
        at += timedelta(hours=gap + 8)
    decision = judged(of, "2026-12-20T09:00", received_at=start, hard=extended, waiting=waiting)
    result, found = decision.deadline("DL"), decision.ledger("DL")
    assert found is not None
    assert found.total == found.limit
    assert found.length.text.en == (second if extended else first)
    begin, due = zone_named("Asia/Shanghai").to_aware(result.begun), zone_named("Asia/Shanghai").to_aware(plain(result.due))
    edges = [begin, *(edge for s in found.stretches for edge in (s.start, s.end)), due]
    assert [a == b for a, b in zip(edges[::2], edges[1::2], strict=True)] == [True] * (len(edges) // 2)
    assert all(s.step is None for s in found.stretches) or extended
