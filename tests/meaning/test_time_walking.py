"""Limits in days against a reference that walks day by day, with its own idea of every convention."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.meaning.time_support import deadline, judged, shown

DAY = timedelta(days=1)


def worked(day: date) -> bool:
    return day == date(2026, 3, 21) or (day.weekday() < 5 and day != date(2026, 3, 18))


def roll(day: date, how: str) -> date:
    step = {"none": None, "next_working_day": DAY, "previous_working_day": -DAY}[how]
    while step is not None and not worked(day):
        day += step
    return day


def months_on(day: date, months: int) -> date:
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    number = day.day
    while True:
        try:
            return date(year, month, number)
        except ValueError:
            number -= 1


def last_day(day: date, amount: int, unit: str, included: bool) -> date:
    if unit == "days":
        end = day + DAY * amount
    elif unit == "weeks":
        end = day + 7 * DAY * amount
    else:
        end = months_on(day, amount * (12 if unit == "years" else 1))
    return end - DAY if included else end


def last_working_day(day: date, amount: int, included: bool, monday_is_zero: bool) -> date:
    if worked(day):
        left = amount - 1 if included else amount
    else:
        left = amount
        if monday_is_zero and not included:  # the next working day is day zero
            left += 1
    while left:
        day += DAY
        left -= worked(day)
    return day


@settings(max_examples=300, deadline=None)
@given(
    received=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),
    amount=st.integers(1, 30),
    unit=st.sampled_from(["days", "weeks", "months", "years"]),
    included=st.booleans(),
    how=st.sampled_from(["none", "next_working_day", "previous_working_day"]),
    same_time=st.booleans(),
)
def test_days_weeks_months_years(received: datetime, amount: int, unit: str, included: bool, how: str, same_time: bool) -> None:
    counting = f"calendar: days, roll: {how}, first_day: {'included' if included else 'excluded'}, ends: {'same_time' if same_time else 'end_of_day'}"
    end = roll(last_day(received.date(), amount, unit, included), how)
    expected = datetime.combine(end, received.time()) if same_time else datetime.combine(end, datetime.min.time()) + timedelta(seconds=86399)
    line = judged(deadline(f"{amount} {unit}", counting), received, received_at=received).deadline("DL")
    assert shown(line.due_at) == expected.isoformat()


@settings(max_examples=200, deadline=None)
@given(
    received=st.datetimes(datetime(2026, 2, 20), datetime(2026, 4, 10)),
    amount=st.integers(1, 20),
    included=st.booleans(),
    zero=st.booleans(),
)
def test_working_days(received: datetime, amount: int, included: bool, zero: bool) -> None:
    counting = f"calendar: days, first_day: {'included' if included else 'excluded'}, "
    counting += f"from_closed_day: {'next_working_day_is_zero' if zero else 'next_day_is_one'}"
    end = last_working_day(received.date(), amount, included, zero)
    line = judged(deadline(f"{amount} working days", counting), received, received_at=received).deadline("DL")
    assert str(line.due_on) == end.isoformat()


def is_open(moment: datetime) -> bool:
    if not worked(moment.date()):
        return False
    minute = moment.hour * 60 + moment.minute
    if moment.date() == date(2026, 3, 21):
        return 540 <= minute < 720  # a made-up Saturday has the Saturday's hours
    return 540 <= minute < 720 or 810 <= minute < 1080


@settings(max_examples=60, deadline=None)
@given(start=st.integers(0, 30 * 1440), hours=st.integers(1, 40), pause=st.tuples(st.integers(0, 10_000), st.integers(0, 3_000)) | st.none())
def test_working_hours_minute_by_minute(start: int, hours: int, pause: tuple[int, int] | None) -> None:
    received = datetime(2026, 3, 1) + timedelta(minutes=start)
    stopped = (received + timedelta(minutes=pause[0]), received + timedelta(minutes=sum(pause))) if pause else (received, received)
    moment, left = received, hours * 60
    while left:
        left -= is_open(moment) and not stopped[0] <= moment < stopped[1]
        moment += timedelta(minutes=1)
    of = deadline(f"{hours} working hours", "calendar: office", "pauses: [waiting]")
    line = judged(of, datetime(2026, 7, 1), received_at=received, waiting=[list(stopped)] if pause else None).deadline("DL")
    assert shown(line.due_at) == moment.isoformat()
