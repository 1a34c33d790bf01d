"""The arithmetic against a reference that walks from day to day and from span to span."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from complaint_policy.calendars import Calendar
from complaint_policy.calendars.conventions import ALLOWED
from complaint_policy.zones import Zone, zone_named

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Clocks change by an hour, by half an hour, at midnight, a minute after it, by a whole day.
ZONES = (
    "America/New_York",
    "Europe/Berlin",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "America/Havana",
    "America/St_Johns",
    "Pacific/Apia",
    "Asia/Shanghai",
)
FIRST, LAST = date(2011, 9, 1), date(2012, 4, 30)
ONE_DAY = timedelta(days=1)

Spans = list[tuple[str, str]]


def _text(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


@st.composite
def spans(draw: st.DrawFn) -> Spans:
    found: Spans = []
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, 95)) * 15
        length = draw(st.integers(1, 95)) * 15
        end = start + length
        found.append((_text(start), _text(end if end <= 1440 else end - 1440)))
    return found


DAYS = st.dates(FIRST, LAST)


@st.composite
def arguments(draw: st.DrawFn) -> dict[str, Any]:
    whole = draw(st.booleans())
    hours = None if whole else {name: draw(spans()) for name in WEEKDAYS}
    if hours is not None and not any(hours.values()):
        hours["wed"] = [("09:00", "17:00")]
    return {
        "timezone": draw(st.sampled_from((None, *ZONES))),
        "hours": hours,
        "weekdays": draw(st.sampled_from(("mon-fri", "sun-thu", "wed", "mon-sun"))) if whole else None,
        "holidays": draw(st.lists(DAYS, max_size=8)),
        "extra_working_days": draw(st.lists(DAYS, max_size=4)),
        "dates": draw(st.dictionaries(DAYS, spans(), max_size=4)),
    }


class Walker:
    """The same calendar, one day at a time."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given
        self.zone: Zone | None = zone_named(given["timezone"]) if given["timezone"] else None
        week: dict[int, Spans] = {}
        if given["hours"] is None:
            chosen = Calendar(timezone=None, weekdays=given["weekdays"])
            for n in range(7):
                if chosen.is_working_day(date(2024, 1, 1 + n)):
                    week[n] = [("00:00", "24:00")]
        else:
            week = {n: given["hours"][name] for n, name in enumerate(WEEKDAYS) if given["hours"][name]}
        self.week = week

    def spans(self, day: date) -> Spans:
        if day in self.given["dates"]:
            found: Spans = self.given["dates"][day]
            return found
        if day in self.given["extra_working_days"]:
            if self.given["hours"] is None:
                return [("00:00", "24:00")]
            return self.week.get(day.weekday()) or self.week[min(self.week)]
        return [] if day in self.given["holidays"] else self.week.get(day.weekday(), [])

    def _instant(self, day: date, text: str, later: bool) -> datetime:
        hour, minute = map(int, text.split(":"))
        if later:
            day += ONE_DAY
        if hour == 24:
            hour, day = 0, day + ONE_DAY
        wall = datetime(day.year, day.month, day.day, hour, minute)
        if self.zone is None:
            return wall
        return self.zone.day_start(day.toordinal()) if hour == minute == 0 else self.zone.to_utc(wall)

    def open(self, first: date, last: date) -> list[tuple[datetime, datetime]]:
        """All open spans that start on these days, as instants; those that meet become one."""
        union: list[tuple[datetime, datetime]] = []
        found = []
        day = first
        while day <= last:
            left_out = self.zone is not None and self.zone.day_start(day.toordinal()) == self.zone.day_start(day.toordinal() + 1)
            for start, end in () if left_out else self.spans(day):
                late = end <= start and end != "24:00"
                found.append((self._instant(day, start, False), self._instant(day, end, late)))
            day += ONE_DAY
        for low, high in sorted(found):
            if union and low <= union[-1][1]:
                union[-1] = (union[-1][0], max(high, union[-1][1]))
            elif low < high:
                union.append((low, high))
        return union


def without(
    spans: list[tuple[datetime, datetime]], pauses: list[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    for low, high in pauses:
        kept = []
        for start, end in spans:
            kept += [(start, min(end, low)), (max(start, high), end)]
        spans = [(start, end) for start, end in kept if start < end]
    return spans


def forward(spans: list[tuple[datetime, datetime]], start: datetime, amount: timedelta) -> datetime | None:
    for low, high in spans:
        low = max(low, start)
        if high > low:
            if amount <= high - low:
                return low + amount
            amount -= high - low
    return None


def backward(spans: list[tuple[datetime, datetime]], start: datetime, amount: timedelta) -> datetime | None:
    for low, high in reversed(spans):
        high = min(high, start)
        if high > low:
            if amount <= high - low:
                return high - amount
            amount -= high - low
    return None


MINUTES = st.integers(0, int((LAST - FIRST) / timedelta(minutes=1)))
START = datetime(2011, 9, 1)


def to_instant(walker: Walker, given: datetime) -> datetime:
    return walker.zone.to_utc(given) if walker.zone else given


def from_answer(answer: datetime) -> datetime:
    return (answer - (answer.utcoffset() or timedelta(0))).replace(tzinfo=None, fold=0)


def as_given(walker: Walker, instant: datetime) -> datetime:
    return walker.zone.to_aware(instant) if walker.zone else instant


@given(arguments(), MINUTES, st.integers(1, 12_000), st.lists(st.tuples(MINUTES, st.integers(1, 9_000)), max_size=3))
def test_working_time(given_: dict[str, Any], minute: int, amount: int, pauses: list[tuple[int, int]]) -> None:
    calendar, walker = Calendar(**given_), Walker(given_)
    start = START + timedelta(minutes=minute)
    duration = timedelta(minutes=amount)
    all_open = walker.open(date(2010, 1, 1), date(2013, 12, 31))
    begin = as_given(walker, start)

    gone = [(START + timedelta(minutes=low), START + timedelta(minutes=low + size)) for low, size in pauses]
    stopped = [(as_given(walker, low), as_given(walker, high)) for low, high in gone]
    running = without(all_open, gone)

    due = forward(all_open, start, duration)
    if due is not None:
        found = calendar.add_working_time(begin, duration)
        assert from_answer(found) == due
        assert calendar.working_time_between(begin, found) == duration
        assert calendar.working_time_between(found, begin) == -duration
        rolled = forward(all_open, due, timedelta(microseconds=1))
        if rolled is not None:
            answer = calendar.add_working_time(begin, duration, at_closing="roll")
            assert from_answer(answer) == rolled - timedelta(microseconds=1)
    due = forward(running, start, duration)
    if due is not None:
        found = calendar.add_working_time(begin, duration, pauses=stopped)
        assert from_answer(found) == due
        assert calendar.working_time_between(begin, found, pauses=stopped) == duration
    due = backward(all_open, start, duration)
    if due is not None:
        found = calendar.add_working_time(begin, -duration)
        assert from_answer(found) == due
        assert calendar.working_time_between(found, begin) == duration
        rolled = backward(all_open, due, timedelta(microseconds=1))
        if rolled is not None:
            answer = calendar.add_working_time(begin, -duration, at_closing="roll")
            assert from_answer(answer) == rolled + timedelta(microseconds=1)
    due = backward(running, start, duration)
    if due is not None:
        assert from_answer(calendar.add_working_time(begin, -duration, pauses=stopped)) == due


SAO_PAULO_QUARTER: dict[str, Any] = {
    "timezone": "America/Sao_Paulo",
    "hours": {name: [] for name in WEEKDAYS} | {"sat": [("01:15", "01:00")], "sun": [("00:00", "00:15")]},
    "weekdays": None,
    "holidays": [],
    "extra_working_days": [],
    "dates": {},
}


@given(arguments(), MINUTES, MINUTES)
@example(SAO_PAULO_QUARTER, 45 * 1440 + 180, 46 * 1440)
def test_between(given_: dict[str, Any], a: int, b: int) -> None:
    calendar, walker = Calendar(**given_), Walker(given_)
    first, last = sorted((START + timedelta(minutes=a), START + timedelta(minutes=b)))
    all_open = walker.open(date(2011, 8, 1), date(2012, 6, 30))
    expected = sum((max(min(high, last) - max(low, first), timedelta(0)) for low, high in all_open), timedelta(0))
    low, high = as_given(walker, first), as_given(walker, last)
    assert calendar.working_time_between(low, high) == expected
    assert calendar.working_time_between(high, low, if_reversed="absolute") == expected
    assert calendar.is_working_time(low) == any(start <= first < end for start, end in all_open)
    following = [max(start, first) for start, end in all_open if end > first]
    if following:
        assert from_answer(calendar.next_opening(low)) == following[0]
    before = [min(end, first) for start, end in all_open if start < first]
    if before:
        assert from_answer(calendar.previous_closing(low)) == before[-1]


@given(arguments(), DAYS, DAYS, st.integers(1, 60))
def test_working_days(given_: dict[str, Any], a: date, b: date, n: int) -> None:
    calendar, walker = Calendar(**given_), Walker(given_)

    def worked(day: date) -> bool:
        return bool(walker.spans(day))

    for sign in (1, -1):
        day, left = a, n
        while left:
            day += sign * ONE_DAY
            left -= worked(day)
        assert calendar.add_working_days(a, sign * n) == day
        zero = a
        while not worked(zero):
            zero += sign * ONE_DAY
        day, left = zero, n
        while left:
            day += sign * ONE_DAY
            left -= worked(day)
        assert calendar.add_working_days(a, sign * n, from_closed_day="next_working_day_is_zero") == day
        assert calendar.roll(a, "next_working_day" if sign > 0 else "previous_working_day") == zero
        assert calendar.is_working_day(a) == worked(a)
    low, high = min(a, b), max(a, b)
    inside = [low + k * ONE_DAY for k in range((high - low).days + 1)]
    assert calendar.working_days_between(low, high, count="both_in") == sum(map(worked, inside))
    assert calendar.working_days_between(low, high) == sum(map(worked, inside[1:]))
    assert calendar.working_days_between(low, high, count="start_in_end_out") == sum(map(worked, inside[:-1]))
    assert calendar.working_days_between(low, high, count="both_out") == sum(map(worked, inside[1:-1]))


NIGHTS: dict[str, Any] = {
    "timezone": "Asia/Shanghai",
    "hours": {name: [("22:00", "06:00")] if name not in ("sat", "sun") else [] for name in WEEKDAYS},
    "weekdays": None,
    "holidays": [],
    "extra_working_days": [],
    "dates": {},
}
# Saturday 3 September 2011, 03:00 in Shanghai, as minutes of UTC.
IN_FRIDAYS_SHIFT = 1440 + 19 * 60

CONVENTIONS = st.fixed_dictionaries(
    {name: st.sampled_from(ALLOWED[name]) for name in ("first_day", "from_closed_day", "after_hours", "ends", "zero")}
)


@given(arguments(), MINUTES, st.integers(-20, 20), CONVENTIONS)
@example(
    NIGHTS,
    IN_FRIDAYS_SHIFT,
    1,
    {
        "first_day": "included",
        "from_closed_day": "next_day_is_one",
        "after_hours": "next_opening",
        "ends": "end_of_day",
        "zero": "stay",
    },
)
def test_every_convention_gives_a_fitting_answer(
    given_: dict[str, Any], minute: int, n: int, conventions: dict[str, Any]
) -> None:
    calendar, walker = Calendar(**given_), Walker(given_)
    if not calendar.has_hours:
        conventions = {**conventions, "after_hours": "as_received"}
        conventions["ends"] = conventions["ends"].replace("close_of_business", "end_of_day")
    start = as_given(walker, START + timedelta(minutes=minute))
    due = calendar.add_working_days(start, n, **conventions)
    same = calendar.add_working_days(start, n, **{**conventions, "ends": "same_time"})
    if n < 0:
        assert same <= start
    elif n or conventions["zero"] != "previous_closing":
        assert same >= start
        assert due >= start
    if n and conventions["after_hours"] != "as_received":
        # Inside hours, or at one end of a span.
        assert same in (calendar.next_opening(same), calendar.previous_closing(same))
    if conventions["ends"] == "end_of_day":
        assert (due.hour, due.minute, due.second) == (23, 59, 59)
        if n > 0:
            more = calendar.add_working_days(start, n + 1, **conventions)
            # In a night shift of the day before, day one ends with the day of the start.
            assert more > due or more.date() == due.date() == start.date()
            assert calendar.is_working_day(due) or due.date() == start.date()


@given(
    arguments(),
    MINUTES,
    st.integers(0, 40),
    st.sampled_from(("add_days", "add_months", "add_years")),
    st.fixed_dictionaries({name: st.sampled_from(ALLOWED[name]) for name in ("first_day", "ends", "roll")}),
)
def test_nothing_ends_before_its_start(
    given_: dict[str, Any], minute: int, n: int, unit: str, conventions: dict[str, Any]
) -> None:
    calendar, walker = Calendar(**given_), Walker(given_)
    if not calendar.has_hours:
        conventions["ends"] = conventions["ends"].replace("close_of_business", "end_of_day")
    start = as_given(walker, START + timedelta(minutes=minute))
    assert getattr(calendar, unit)(start, n, **conventions) >= start
    assert getattr(calendar, unit)(start.date(), n, **conventions) >= start.date()
